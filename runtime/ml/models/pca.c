/* pca.c: principal components: eigenvectors of the covariance of the columns, summed in one pass
 * over rows less a nearby origin. With fewer rows than columns the same from the products of the
 * rows. Of the two directions of a component the one whose largest loading is positive is taken,
 * as scikit-learn (1.5 on) does. */
#include "runtime/ml/json_int.h"
#include "runtime/ml/linalg_int.h"
#include "runtime/ml/models/kmeans_int.h"
#include "runtime/ml/models/sheet_int.h"

#include <cblas.h>
#include <math.h>

#define GRAM_ROWS  256
#define NO_SPREAD  1e-20 /* of the columns' mean square: rounding, not variance */
#define NO_MEAN    1e-14 /* of a column's spread: a column that was centred before */
#define SHARE_ROOM 1e-12

struct pca {
    int k, n_values; /* components kept; variances known */
    size_t d;
    bool whitens;
    double *mean;      /* [d] */
    double *component; /* [k, d] of unit length */
    double *variance;  /* [n_values] largest first */
    double total;      /* of all columns */
    /* made by pca_ready */
    const int *feature;
    double *packed;
};

static struct pca *pca_new(struct arena *a, int k, size_t d, int n_values)
{
    struct pca *p = ARENA_NEW(a, struct pca);
    p->k = k;
    p->d = d;
    p->n_values = n_values;
    p->mean = ARENA_ARRAY(a, double, d + 1);
    p->component = ARENA_ARRAY(a, double, mem_mul((size_t)k, d) + 1);
    p->variance = ARENA_ARRAY(a, double, n_values + 1);
    return p;
}

static void pca_ready(struct arena *a, const struct encoder *e, struct pca *p)
{
    size_t d = p->d;
    double *scaled = ARENA_ARRAY(a, double, (size_t)p->k *d + 1);
    for (size_t c = 0; c < (size_t)p->k; c++) {
        double sd = p->whitens && p->variance[c] > 0 ? sqrt(p->variance[c]) : 1.0;
        for (size_t j = 0; j < d; j++)
            scaled[c * d + j] = p->component[c * d + j] / sd;
    }
    p->feature = tile_features(a, e);
    p->packed = ARENA_ARRAY(a, double, tile_packed(p->k, d) + 1);
    tile_pack(scaled, p->k, d, p->packed);
}

/* ---- covariance ---- */
struct gram {
    const int *feature;
    const double *origin;
    size_t d, cols; /* columns; rounded up as tile_gram wants them */
};

/* acc: Gram matrix [cols, cols] of the rows less the origin, then their sum [cols]. */
static enum rc_t gram_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                           double *acc)
{
    (void)cx;
    const struct gram *g = self;
    struct tiles t;
    double *sum = acc + g->cols * g->cols;
    double *weighted = r->w ? mem_alloc(sizeof(double) * g->cols * GRAM_ROWS) : NULL;
    tiles_open(&t, r->enc, &r->in, g->feature, g->origin, GRAM_ROWS);
    for (int i = 0; i < b->n; i += GRAM_ROWS) {
        int n = b->n - i < GRAM_ROWS ? b->n - i : GRAM_ROWS;
        tiles_load(&t, b->at + i, n);
        const double *y = t.x;
        if (weighted) {
            tile_weigh(t.x, g->cols, GRAM_ROWS, r->w + b->at + i, n, weighted);
            y = weighted;
        }
        tile_gram(y, t.x, GRAM_ROWS, GRAM_ROWS, g->cols, acc);
        tile_sums(y, GRAM_ROWS, g->d, sum);
    }
    tiles_close(&t);
    mem_free(weighted);
    return RC_OK;
}

/* Mean of the first rows: near enough to take the large part off. */
static double *near_origin(struct ctx *cx, const struct rows *r)
{
    size_t d = (size_t)r->enc->n_cols;
    int n = r->n < 64 ? (int)r->n : 64;
    double *x = ARENA_ARRAY(cx->arena, double, (size_t)n *d + 1);
    double *out = ARENA_ARRAY(cx->arena, double, d + 1);
    enc_fill(r->enc, &r->in, 0, n, x);
    for (size_t i = 0; i < (size_t)n * d; i++)
        out[i % d] += x[i] / n;
    return out;
}

/* Mean into `mean`, lower triangle of the covariance into cov [d, d]. Weighted sums are taken as
 * of n rows: sum w (x - m)(x - m)' / sum w * n / (n - 1). */
static enum rc_t covariance(struct ctx *cx, const struct rows *r, const int *feature, double *mean,
                            double *cov)
{
    size_t d = (size_t)r->enc->n_cols, cols = tile_columns(d);
    struct gram g = {.feature = feature, .origin = near_origin(cx, r), .d = d, .cols = cols};
    struct row_sum sum = {.self = &g, .n_acc = cols * cols + cols, .part = gram_part};
    double n = (double)r->n, scale = n / (n - 1.0) / r->w_sum;
    void *acc_p = NULL;
    TRY(mem_big(cx, mem_mul(sizeof(double), sum.n_acc) + 1, &acc_p));
    double *acc = acc_p, *total = acc + cols * cols;
    enum rc_t res = rows_sum(cx, r, &sum, acc);
    for (size_t i = 0; res == RC_OK && i < d; i++) {
        mean[i] = g.origin[i] + total[i] / r->w_sum;
        for (size_t j = 0; j <= i; j++)
            cov[i * d + j] = (acc[i * cols + j] - total[i] * (total[j] / r->w_sum)) * scale;
        double size = g.origin[i] * g.origin[i] + acc[i * cols + i] / r->w_sum;
        if (cov[i * d + i] <= NO_SPREAD * size) cov[i * d + i] = 0;
        if (fabs(mean[i]) <= NO_MEAN * sqrt(cov[i * d + i])) mean[i] = 0;
    }
    mem_big_free(acc_p);
    return res;
}

static enum rc_t by_columns(struct ctx *cx, const struct rows *r, struct pca *p, const int *feature,
                            double *vectors)
{
    size_t d = p->d;
    void *cov = NULL;
    TRY(mem_big_zero(cx, mem_mul(sizeof(double) * d, d) + 1, &cov));
    enum rc_t res = covariance(cx, r, feature, p->mean, cov);
    for (size_t j = 0; res == RC_OK && j < d; j++)
        p->total += ((double *)cov)[j * d + j];
    if (res == RC_OK) res = sym_eigen(cx, (int)d, cov, p->n_values, p->variance, vectors);
    mem_big_free(cov);
    return res;
}

/* ---- fewer rows than columns ---- */
/* Rows less their mean, times sqrt(w), so scaled that z' z is the covariance. */
static void centre_rows(const struct rows *r, double *mean, double *z)
{
    size_t n = (size_t)r->n, d = (size_t)r->enc->n_cols;
    for (size_t i = 0; i < n * d; i++)
        mean[i % d] += z[i] * (r->w ? r->w[i / d] : 1.0) / r->w_sum;
    double scale = (double)n / ((double)n - 1.0) / r->w_sum;
    for (size_t i = 0; i < n * d; i++)
        z[i] = (z[i] - mean[i % d]) * sqrt((r->w ? r->w[i / d] : 1.0) * scale);
}

static enum rc_t by_rows(struct ctx *cx, const struct rows *r, struct pca *p, double *vectors)
{
    size_t n = (size_t)r->n, d = p->d, k = (size_t)p->n_values;
    void *room = NULL;
    TRY(mem_big_zero(cx, sizeof(double) * (n * d + 2 * n * n) + 1, &room));
    double *z = room, *gram = z + n * d, *u = gram + n * n;
    double *values = ARENA_ARRAY(cx->arena, double, n);
    enc_fill(r->enc, &r->in, 0, (int)n, z);
    centre_rows(r, p->mean, z);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)n, (int)d, 1.0, z, (int)d, 0.0, gram,
                (int)n);
    for (size_t i = 0; i < n; i++)
        p->total += gram[i * n + i];
    enum rc_t res = sym_eigen(cx, (int)n, gram, (int)k, values, u);
    for (size_t c = 0; res == RC_OK && c < k; c++) {
        double *v = vectors + c * d;
        p->variance[c] = values[c];
        memset(v, 0, sizeof(double) * d);
        for (size_t i = 0; i < n * d; i++)
            v[i % d] += u[c * n + i / d] * z[i];
        kmeans_unit(v, 1, d);
    }
    mem_big_free(room);
    return res;
}

/* ---- fit ---- */
static void fix_signs(double *vectors, int k, size_t d)
{
    for (double *v = vectors; k-- > 0; v += d) {
        size_t top = 0;
        for (size_t j = 1; j < d; j++)
            if (fabs(v[j]) > fabs(v[top])) top = j;
        bool turns = v[top] < 0;
        for (size_t j = 0; turns && j < d; j++)
            v[j] = -v[j];
    }
}

/* Components for `k` as written: a number of them, or the share of the variance to reach. */
static int chosen(const struct pca *p, double k)
{
    double sum = 0;
    int n = 0;
    if (k >= 1) return (int)k;
    while (n < p->n_values && (n == 0 || sum < (k - SHARE_ROOM) * p->total))
        sum += p->variance[n++];
    return n;
}

static enum rc_t check_k(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                         double k)
{
    int64_t d = r->enc->n_cols, most = r->n < d ? r->n : d;
    TRY(cluster_check(cx, spec, r, 1));
    if (r->n < 2) return fail(cx, E404, spec->span, "pca needs two rows at least");
    if (k < 1 ? k > 0 : k <= (double)most && k == floor(k)) return RC_OK;
    fail(cx, E209, cluster_span(spec, "k"),
         "k: takes 1 to %lld components here, or a share of the variance such as 0.9",
         (long long)most);
    return RC_ERR;
}

static void report(struct model *m, const struct pca *p)
{
    double kept = 0;
    for (int c = 0; c < p->k; c++)
        kept += p->variance[c];
    m->report.iterations = 1;
    m->report.converged = true;
    m->report.loss = fmax(p->total - kept, 0.0);
    model_add_stat(m, "components", p->k, false);
    model_add_stat(m, "variance", kept, false);
    model_add_stat(m, "share", kept / p->total, false);
}

static enum rc_t pca_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                         struct model *m)
{
    double k = model_param(m, "k");
    size_t d = (size_t)r->enc->n_cols;
    TRY(check_k(cx, spec, r, k));
    int most = r->n < (int64_t)d ? (int)r->n : (int)d;
    struct pca *p = pca_new(m->arena, 0, d, most);
    const int *feature = tile_features(m->arena, r->enc);
    void *vectors = NULL;
    TRY(mem_big(cx, mem_mul(sizeof(double) * d, (size_t)most) + 1, &vectors));
    enum rc_t res = RC_ERR;
    if (r->n < (int64_t)d)
        TRY_OUT(by_rows(cx, r, p, vectors));
    else
        TRY_OUT(by_columns(cx, r, p, feature, vectors));
    if (!(p->total > 0)) {
        fail(cx, E405, spec->formula->span, "every column is the same in all rows");
        goto out;
    }
    for (int c = 0; c < most; c++)
        p->variance[c] = fmax(p->variance[c], 0.0);
    p->k = chosen(p, k);
    p->whitens = model_param(m, "whiten") > 0;
    fix_signs(vectors, p->k, d);
    p->component = arena_copy(m->arena, vectors, sizeof(double) * (size_t)p->k * d);
    pca_ready(m->arena, &m->enc, p);
    m->body = p;
    report(m, p);
    res = RC_OK;
out:
    mem_big_free(vectors);
    return res;
}

/* ---- score ---- */
static int pca_width(const struct model *m)
{
    return ((const struct pca *)m->body)->k;
}

static const char *pca_column(const struct model *m, struct arena *a, int i)
{
    (void)m;
    return arena_printf(a, "pc%d", i + 1);
}

static void pca_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                      double *out)
{
    const struct pca *p = m->body;
    struct tiles t;
    size_t k = (size_t)p->k, room = tile_packed(p->k, TILE);
    double own[32 * TILE], *dots = room <= 32 * TILE ? own : mem_alloc(sizeof(double) * room);
    tiles_open(&t, &m->enc, in, p->feature, p->mean, TILE);
    for (int i = 0; i < n; i += TILE) {
        int rows = n - i < TILE ? n - i : TILE;
        tiles_load(&t, at + i, rows);
        tile_dots(t.x, p->packed, p->d, p->k, dots);
        for (size_t r = 0; r < (size_t)rows; r++)
            for (size_t c = 0; c < k; c++)
                out[((size_t)i + r) * k + c] = dots[c * TILE + r];
    }
    tiles_close(&t);
    if (dots != own) mem_free(dots);
}

/* ---- m.components, m.variance ---- */
static enum rc_t components_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct pca *p = m->body;
    struct sheet s = sheet_new(cx, p->k + 2);
    sheet_column(&s, "term", KIND_STR);
    sheet_column(&s, "mean", KIND_NUM);
    for (int c = 0; c < p->k; c++)
        sheet_column(&s, pca_column(m, cx->arena, c), KIND_NUM);
    for (size_t j = 0; j < p->d; j++) {
        sheet_text(&s, 0, m->enc.columns[j]);
        sheet_num(&s, 1, p->mean[j]);
        for (int c = 0; c < p->k; c++)
            sheet_num(&s, c + 2, p->component[(size_t)c * p->d + j]);
    }
    return sheet_end(&s, out);
}

static enum rc_t variance_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct pca *p = m->body;
    struct sheet s = sheet_new(cx, 5);
    double sum = 0;
    sheet_column(&s, "component", KIND_STR);
    sheet_column(&s, "variance", KIND_NUM);
    sheet_column(&s, "share", KIND_NUM);
    sheet_column(&s, "cumulative", KIND_NUM);
    sheet_column(&s, "kept", KIND_BOOL);
    for (int c = 0; c < p->n_values; c++) {
        sum += p->variance[c];
        sheet_text(&s, 0, pca_column(m, cx->arena, c));
        sheet_num(&s, 1, p->variance[c]);
        sheet_num(&s, 2, p->variance[c] / p->total);
        sheet_num(&s, 3, fmin(sum / p->total, 1.0));
        sheet_bool(&s, 4, c < p->k);
    }
    return sheet_end(&s, out);
}

static const struct model_part pca_parts[] = {
    {"components", "the loadings: a row for each column, pc1 .. of unit length", components_table},
    {"variance", "variance along each component, its share, and whether it was kept",
     variance_table},
    {NULL, NULL, NULL}};

static int pca_bars(const struct model *m, struct arena *a, struct card_bar **out,
                    const char **title)
{
    const struct pca *p = m->body;
    struct card_bar *bars = ARENA_ARRAY(a, struct card_bar, p->n_values);
    for (int c = 0; c < p->n_values; c++)
        bars[c] = (struct card_bar){pca_column(m, a, c), p->variance[c] / p->total};
    *out = bars;
    *title = "variance";
    return p->n_values;
}

/* ---- model file ---- */
static void pca_save(const struct model *m, struct json_out *out)
{
    const struct pca *p = m->body;
    json_out_key(out, "whiten");
    json_out_bool(out, p->whitens);
    json_out_key(out, "components");
    json_out_int(out, p->k);
    json_out_key(out, "total");
    json_out_num(out, p->total);
    json_out_nums(out, "mean", p->mean, p->d);
    json_out_nums(out, "variance", p->variance, (size_t)p->n_values);
    json_out_nums(out, "loadings", p->component, (size_t)p->k * p->d);
}

static enum rc_t pca_load(struct ctx *cx, const json_t *j, struct model *m)
{
    const json_t *variance;
    int64_t k;
    size_t d = (size_t)m->enc.n_cols;
    TRY(json_get_list(cx, j, "variance", d, &variance));
    size_t n = json_array_size(variance);
    TRY(json_get_int(cx, j, "components", 1, (int64_t)n, &k));
    struct pca *p = pca_new(m->arena, (int)k, d, (int)n);
    TRY(json_get_bool(cx, j, "whiten", &p->whitens));
    TRY(json_get_num(cx, j, "total", &p->total));
    TRY(json_get_nums(cx, j, "mean", p->mean, d));
    TRY(json_get_nums(cx, j, "variance", p->variance, n));
    TRY(json_get_nums(cx, j, "loadings", p->component, (size_t)k * d));
    if (!(p->total > 0)) return json_bad(cx, "`total` is no variance");
    pca_ready(m->arena, &m->enc, p);
    m->body = p;
    return RC_OK;
}

static const struct model_class pca_class = {.all_levels = true,
                                             .scores = SCORE_COLUMNS,
                                             .fit = pca_fit,
                                             .width = pca_width,
                                             .column_name = pca_column,
                                             .score = pca_score,
                                             .save = pca_save,
                                             .load = pca_load,
                                             .parts = pca_parts,
                                             .bars = pca_bars};
static const struct ml_param_desc pca_params[] = {
    {.name = "k",
     .kind = KIND_NUM,
     .min = 0,
     .max = ENC_MAX_COLS,
     .def = "2",
     .doc = "components kept; below 1: as many as reach that share of the variance"},
    {.name = "whiten", .kind = KIND_BOOL, .def = "false", .doc = "scores of unit variance"},
    {.name = NULL}};
const struct ml_family ml_pca = {
    .name = "pca",
    .sig = "pca(k: 2, whiten: false)",
    .doc = "Principal components. predict gives the columns pc1, pc2 ..; columns count as they "
           "are: scale(x) gives each the same say. m.components (loadings), m.variance.",
    .example = "fit ~ scale(fare) + scale(distance), pca(k: 2)",
    .params = pca_params,
    .task = ML_NONE,
    .cls = &pca_class};
