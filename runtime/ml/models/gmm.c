/* gmm.c: mixtures of normal distributions by expectation and maximisation (Dempster, Laird, Rubin,
 * J. R. Stat. Soc. B 39, 1977), started from the clusters of k-means. A pass takes the shares of
 * the rows and at once the sums of the next estimate, about the present means: so that nothing
 * cancels and no n x k matrix is kept. */
#include "runtime/ml/models/gmm_int.h"

#include "runtime/base/pool.h"

#include <float.h>
#include <math.h>

#define EM_ROWS    256
#define TINY_SHARE 1e-18 /* below it a row adds nothing to a double's digits */
#define START_ITER 300
#define START_TOL  1e-4

struct em {
    struct gmm *g;
    double *center;       /* [k, d] that sums are taken about: the means less the origin */
    const int32_t *label; /* the first pass: one cluster a row; else NULL */
    size_t cols, n_cov;   /* tile_columns(d); sums of squares a cluster */
    double reg;
    bool measures; /* the log likelihood alone */
};

/* acc: log likelihood; then a cluster: weight, sum [d], squares [n_cov] (tied: in cluster 0). */
static size_t cluster_size(const struct em *e)
{
    return 1 + e->g->d + e->n_cov;
}

static bool is_dense(const struct em *e)
{
    return e->g->shape == GMM_FULL || e->g->shape == GMM_TIED;
}

struct em_room {
    struct tiles tall; /* EM_ROWS rows */
    struct tiles tile;
    double *share;         /* [k, EM_ROWS] times the rows' weights */
    double *part;          /* [k, TILE] */
    double *room, *y, *wy; /* [cols, EM_ROWS] */
};

/* Shares of rows i..i + n of the block, and their log likelihood. */
static double take_shares(const struct em *e, const struct rows *r, struct em_room *m, int64_t at,
                          int n, int i)
{
    const struct gmm *g = e->g;
    double log_sum[TILE], sum = 0;
    tiles_load(&m->tile, at + i, n);
    gmm_densities(g, m->tile.x, m->room, m->part);
    gmm_shares(g, m->part, log_sum);
    for (int k = 0; k < n; k++) {
        double w = r->w ? r->w[at + i + k] : 1.0;
        sum += w * log_sum[k];
        for (int c = 0; c < g->k; c++)
            m->share[(size_t)c * EM_ROWS + (size_t)(i + k)] = w * m->part[c * TILE + k];
    }
    return sum;
}

static void take_labels(const struct em *e, const struct rows *r, struct em_room *m, int64_t at,
                        int n)
{
    memset(m->share, 0, sizeof(double) * (size_t)e->g->k * EM_ROWS);
    for (int i = 0; i < n; i++)
        m->share[(size_t)e->label[at + i] * EM_ROWS + (size_t)i] = r->w ? r->w[at + i] : 1.0;
}

/* Rows that count in cluster c, less its centre, to y; times their share to wy. Rounded up to
 * whole vectors by rows of zeros. */
static size_t pick_rows(const struct em *e, struct em_room *m, size_t c, int n, double *weight)
{
    const double *share = m->share + c * EM_ROWS, *center = e->center + c * e->g->d;
    int row[EM_ROWS];
    size_t k = 0, d = e->g->d;
    for (int i = 0; i < n; i++) {
        if (share[i] > TINY_SHARE) row[k++] = i;
        *weight += share[i];
    }
    size_t up = (k + 7) / 8 * 8;
    for (size_t j = 0; j < d; j++) {
        const double *x = m->tall.x + j * EM_ROWS;
        double *y = m->y + j * EM_ROWS, *wy = m->wy + j * EM_ROWS;
        for (size_t i = 0; i < k; i++) {
            y[i] = x[row[i]] - center[j];
            wy[i] = y[i] * share[row[i]];
        }
        for (size_t i = k; i < up; i++)
            y[i] = wy[i] = 0.0;
    }
    return up;
}

static void add_cluster(const struct em *e, struct em_room *m, size_t c, int n, double *acc)
{
    double *at = acc + 1 + c * cluster_size(e);
    double *square = e->g->shape == GMM_TIED ? acc + 2 + e->g->d : at + 1 + e->g->d;
    size_t rows = pick_rows(e, m, c, n, at);
    for (size_t j = 0; j < e->g->d; j++) {
        const double *y = m->y + j * EM_ROWS, *wy = m->wy + j * EM_ROWS;
        double s = 0, ss = 0;
        for (size_t i = 0; i < rows; i++) {
            s += wy[i];
            ss += wy[i] * y[i];
        }
        at[1 + j] += s;
        if (!is_dense(e)) square[j] += ss;
    }
    if (is_dense(e)) tile_gram(m->wy, m->y, EM_ROWS, rows, e->cols, square);
}

static enum rc_t em_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                         double *acc)
{
    (void)cx;
    const struct em *e = self;
    const struct gmm *g = e->g;
    size_t k = (size_t)g->k, tall = e->cols * EM_ROWS;
    struct em_room m;
    m.share = mem_zero(sizeof(double) * (k * (EM_ROWS + TILE) + gmm_room(g) + 2 * tall));
    m.part = m.share + k * EM_ROWS;
    m.room = m.part + k * TILE;
    m.y = m.room + gmm_room(g);
    m.wy = m.y + tall;
    tiles_open(&m.tall, r->enc, &r->in, g->feature, g->origin, EM_ROWS);
    tiles_open(&m.tile, r->enc, &r->in, g->feature, g->origin, TILE);
    for (int i = 0; i < b->n; i += EM_ROWS) {
        int n = b->n - i < EM_ROWS ? b->n - i : EM_ROWS;
        tiles_load(&m.tall, b->at + i, n);
        if (e->label) take_labels(e, r, &m, b->at + i, n);
        for (int k0 = 0; !e->label && k0 < n; k0 += TILE)
            acc[0] += take_shares(e, r, &m, b->at + i, n - k0 < TILE ? n - k0 : TILE, k0);
        for (size_t c = 0; c < k && !e->measures; c++)
            add_cluster(e, &m, c, n, acc);
    }
    tiles_close(&m.tile);
    tiles_close(&m.tall);
    mem_free(m.share);
    return RC_OK;
}

/* ---- sums -> estimates ---- */
/* Squares about the centre -> about the mean; NULL: they stand with another cluster (tied). */
static void cluster_cov(const struct em *e, const double *square, const double *shift, double n,
                        double *out)
{
    size_t d = e->g->d;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++) {
            double all = square ? square[i * e->cols + j] : 0.0;
            double v = all - n * shift[i] * shift[j];
            out[i * d + j] += v;
            if (i != j) out[j * d + i] += v;
        }
}

static void plain_cov(const struct em *e, size_t c, const double *square, const double *shift,
                      double n)
{
    struct gmm *g = e->g;
    double sum = 0;
    for (size_t j = 0; j < g->d; j++) {
        double v = fmax(square[j] / n - shift[j] * shift[j], 0.0) + e->reg;
        if (g->shape == GMM_DIAG) g->cov[c * g->d + j] = v;
        sum += v;
    }
    if (g->shape == GMM_SPHERICAL) g->cov[c] = sum / (double)g->d;
}

static void end_dense(const struct em *e, double *cov, double n)
{
    size_t d = e->g->d;
    for (size_t i = 0; i < d * d; i++)
        cov[i] /= n;
    for (size_t i = 0; i < d; i++)
        cov[i * d + i] += e->reg;
}

static void estimate(struct em *e, const double *acc)
{
    struct gmm *g = e->g;
    size_t k = (size_t)g->k, d = g->d;
    double total = 0, *shift = mem_alloc(sizeof(double) * d + 1);
    memset(g->cov, 0, sizeof(double) * gmm_cov_size(g->shape, g->k, d));
    for (size_t c = 0; c < k; c++) {
        const double *at = acc + 1 + c * cluster_size(e);
        double n = at[0] + 10 * DBL_EPSILON;
        for (size_t j = 0; j < d; j++) {
            shift[j] = at[1 + j] / n;
            g->mean[c * d + j] = g->origin[j] + e->center[c * d + j] + shift[j];
        }
        g->weight[c] = n;
        total += n;
        if (!is_dense(e)) {
            plain_cov(e, c, at + 1 + d, shift, n);
        } else if (g->shape == GMM_FULL) {
            cluster_cov(e, at + 1 + d, shift, n, g->cov + c * d * d);
            end_dense(e, g->cov + c * d * d, n);
        } else {
            cluster_cov(e, c == 0 ? at + 1 + d : NULL, shift, n, g->cov);
        }
    }
    if (g->shape == GMM_TIED) end_dense(e, g->cov, total);
    for (size_t c = 0; c < k; c++)
        g->weight[c] /= total;
    mem_free(shift);
}

/* ---- the iterations ---- */
static enum rc_t em_pass(struct ctx *cx, struct em *e, const struct rows *r, double *acc)
{
    const struct gmm *g = e->g;
    size_t n = 1 + (size_t)g->k * cluster_size(e);
    for (size_t i = 0; i < (size_t)g->k * g->d; i++)
        e->center[i] = g->mean[i] - g->origin[i % g->d];
    struct row_sum sum = {.self = e, .n_acc = n, .part = em_part};
    return rows_sum(cx, r, &sum, acc);
}

static enum rc_t use_estimate(struct ctx *cx, const struct ml_fit_spec *spec, struct em *e,
                              const double *acc)
{
    estimate(e, acc);
    int bad = gmm_ready(e->g);
    if (bad < 0) return RC_OK;
    fail(cx, E405, spec->span, "the covariance of cluster %d is singular: its rows lie in a plane",
         bad + 1);
    return err_note(cx, "reg: 0.000001 keeps it regular; or fewer clusters, shape: diag");
}

struct em_end {
    int iterations;
    bool converged;
    double log_likelihood; /* sum */
};

static enum rc_t iterate(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                         const struct model *m, struct em *e, double *acc, struct em_end *end)
{
    int max_iter = (int)model_param(m, "max_iter");
    double tol = model_param(m, "tol"), last = -INFINITY;
    struct doing doing = pool_doing("gmm");
    struct ctx tells = *cx, quiet = *cx;
    tells.doing = &doing;
    quiet.doing = NULL;
    *end = (struct em_end){0};
    TRY(em_pass(&quiet, e, r, acc));
    e->label = NULL;
    TRY(use_estimate(cx, spec, e, acc));
    while (end->iterations < max_iter && !end->converged) {
        TRY(em_pass(&quiet, e, r, acc));
        double mean = acc[0] / r->w_sum;
        TRY(use_estimate(cx, spec, e, acc));
        end->converged = fabs(mean - last) < tol;
        last = mean;
        pool_tell(&tells, ++end->iterations, max_iter);
    }
    e->measures = true;
    TRY(em_pass(&quiet, e, r, acc));
    end->log_likelihood = acc[0];
    return RC_OK;
}

/* The clusters of k-means are the first shares. */
static enum rc_t start(struct ctx *cx, const struct model *m, int run, const double *given,
                       struct kmeans *km)
{
    if (given)
        kmeans_given(km, given);
    else
        TRY(kmeans_start(cx, km, INIT_PARALLEL, 2, m->seed, (uint64_t)run << 32));
    return kmeans_lloyd(cx, km, START_ITER, START_TOL);
}

static void start_means(struct gmm *g, const struct kmeans *km)
{
    for (size_t i = 0; i < (size_t)g->k * g->d; i++)
        g->mean[i] = km->center[i] + km->origin[i % g->d];
    memcpy(g->origin, km->origin, sizeof(double) * g->d);
}

static enum rc_t one_run(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                         struct model *m, const double *given, int run, struct gmm *g,
                         struct em_end *end)
{
    struct kmeans km = {0};
    size_t cols = tile_columns(g->d);
    void *acc = NULL;
    enum rc_t res = RC_ERR;
    struct em e = {.g = g, .reg = model_param(m, "reg"), .cols = cols};
    e.n_cov = is_dense(&e) ? cols * cols : g->d;
    e.center = ARENA_ARRAY(cx->arena, double, (size_t)g->k * g->d + 1);
    TRY_OUT(kmeans_open(cx, cx->arena, r, g->k, false, spec->span, &km));
    TRY_OUT(start(cx, m, run, given, &km));
    start_means(g, &km);
    e.label = km.label;
    TRY_OUT(mem_big(cx, sizeof(double) * (1 + (size_t)g->k * cluster_size(&e)), &acc));
    TRY_OUT(iterate(cx, spec, r, m, &e, acc, end));
    res = RC_OK;
out:
    kmeans_close(&km);
    if (acc) mem_big_free(acc);
    return res;
}

/* ---- the family ---- */
static enum gmm_shape shape_of(const struct model *m)
{
    return model_param_is(m, "shape", "tied")        ? GMM_TIED
           : model_param_is(m, "shape", "diag")      ? GMM_DIAG
           : model_param_is(m, "shape", "spherical") ? GMM_SPHERICAL
                                                     : GMM_FULL;
}

/* The body: clusters by falling weight, or in the order given. */
static void keep(struct model *m, const struct gmm *g, bool is_given)
{
    struct gmm *out = gmm_new(m->arena, g->k, g->d, g->shape);
    int *order = mem_alloc(sizeof(int) * (size_t)g->k);
    size_t d = g->d, each = g->shape == GMM_TIED ? 0 : gmm_cov_size(g->shape, 1, d);
    for (int c = 0; c < g->k; c++) {
        int at = c;
        for (; !is_given && at > 0 && g->weight[c] > g->weight[order[at - 1]]; at--)
            order[at] = order[at - 1];
        order[at] = c;
    }
    for (size_t c = 0; c < (size_t)g->k; c++) {
        size_t from = (size_t)order[c];
        out->weight[c] = g->weight[from];
        memcpy(out->mean + c * d, g->mean + from * d, sizeof(double) * d);
        memcpy(out->cov + c * each, g->cov + from * each, sizeof(double) * each);
    }
    if (each == 0) memcpy(out->cov, g->cov, sizeof(double) * d * d);
    mem_free(order);
    out->feature = tile_features(m->arena, &m->enc);
    (void)gmm_ready(out); /* was regular in the other order */
    m->body = out;
}

static void report(struct model *m, const struct gmm *g, const struct em_end *end, double w_sum)
{
    double p = gmm_parameters(g), ll = end->log_likelihood;
    m->report.iterations = end->iterations;
    m->report.converged = end->converged;
    m->report.loss = -ll / w_sum;
    model_add_stat(m, "log_likelihood", ll, false);
    model_add_stat(m, "bic", p * log(w_sum) - 2 * ll, false);
    model_add_stat(m, "aic", 2 * p - 2 * ll, false);
    model_add_stat(m, "k", g->k, false);
}

static enum rc_t gmm_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                         struct model *m)
{
    int k = (int)model_param(m, "k"), n_init = (int)model_param(m, "n_init");
    const double *given;
    struct gmm *best = NULL;
    struct em_end best_end = {0}, end;
    TRY(cluster_given(cx, spec, m, &k, &given));
    TRY(cluster_check(cx, spec, r, k));
    for (int run = 0; run < (given ? 1 : n_init); run++) {
        struct gmm *g = gmm_new(cx->arena, k, (size_t)r->enc->n_cols, shape_of(m));
        g->feature = tile_features(cx->arena, r->enc);
        TRY(one_run(cx, spec, r, m, given, run, g, &end));
        if (best && end.log_likelihood <= best_end.log_likelihood) continue;
        best = g;
        best_end = end;
    }
    keep(m, best, given != NULL);
    report(m, best, &best_end, r->w_sum);
    if (!best_end.converged)
        warn(cx, W403, spec->span,
             "fit: the likelihood still rose after %d iterations; max_iter: allows more",
             best_end.iterations);
    return RC_OK;
}

static const struct model_class gmm_class = {.all_levels = true,
                                             .scores = SCORE_CLUSTER,
                                             .fit = gmm_fit,
                                             .width = gmm_width,
                                             .score = gmm_score,
                                             .save = gmm_save,
                                             .load = gmm_load,
                                             .parts = gmm_parts,
                                             .bars = gmm_bars};
static const struct ml_param_desc gmm_params[] = {
    {.name = "k", .kind = KIND_INT, .min = 1, .max = CLUSTERS_MAX, .def = "2", .doc = "clusters"},
    {.name = "shape",
     .kind = KIND_STR,
     .def = "full",
     .words = "full tied diag spherical",
     .doc = "covariance: each its own, one for all, without correlation, one spread"},
    {.name = "max_iter",
     .kind = KIND_INT,
     .min = 1,
     .max = 1000000,
     .def = "100",
     .unit = "iterations",
     .doc = "when to stop at the latest"},
    {.name = "tol",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1e6,
     .def = "0.001",
     .doc = "stop when the mean log likelihood changes less"},
    {.name = "reg",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1e300,
     .def = "0.000001",
     .doc = "added to the variances"},
    {.name = "n_init",
     .kind = KIND_INT,
     .min = 1,
     .max = 1000,
     .def = "1",
     .doc = "starts; the likeliest is kept"},
    {.name = "centers",
     .kind = KIND_LIST,
     .min = -1e300,
     .max = 1e300,
     .def = "[]",
     .doc = "where the k-means starts that starts it, one centre after the other"},
    {.name = NULL}};
const struct ml_family ml_gmm = {
    .name = "gmm",
    .sig = "gmm(k: 2, shape: full, max_iter: 100, tol: 0.001, reg: 0.000001, n_init: 1)",
    .doc = "Mixture of normal distributions. predict gives the likeliest cluster, its probability, "
           "and all of them as class_probs. m.means, m.weights, m.covariances; m.report has the "
           "log likelihood, BIC and AIC.",
    .example = "fit ~ fare + distance, gmm(k: 3)",
    .params = gmm_params,
    .task = ML_NONE,
    .cls = &gmm_class};
