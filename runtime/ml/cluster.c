/* cluster.c: evaluate of models that make clusters. Metrics are scikit-learn's; silhouette_squared
 * is Spark's, whose sums by cluster need no pairs of rows (Spark's ClusteringEvaluator). */
#include "runtime/ml/cluster_int.h"

#include "runtime/base/pool.h"
#include "runtime/base/rng.h"
#include "runtime/ml/models/kmeans_int.h"
#include "runtime/ml/models/sheet_int.h"

#include <math.h>
#include <stdlib.h>

#define SAMPLE_ROWS  10000
#define SAMPLE_CELLS 20000000
#define SCORE_ROWS   2048
#define NOISE        (-1)

static const char *const metric_names[] = {"silhouette", "silhouette_squared", "davies_bouldin",
                                           "calinski_harabasz", "inertia"};
enum { N_METRICS = sizeof metric_names / sizeof *metric_names };

struct judged_clusters {
    const struct model *m;
    const struct rows *r;
    const struct centers *centers; /* of k-means, or NULL: about the means of the clusters */
    const int *feature;
    double *origin; /* [d]; NULL under cosine: rows of unit length */
    size_t d;
    int k;
    int32_t *cluster;           /* [n] from 0, NOISE */
    double *count, *mean;       /* [k]; [k, d] less the origin */
    double *square;             /* [k] sum of squared lengths */
    double *about;              /* [k, d] what inertia is about, less the origin */
    double *far;                /* [k] summed distances to the mean */
    double within, within_mean; /* squared distances to `about`, to the means */
    double simple;              /* sum of Spark's silhouettes */
};

static void load_rows(const struct judged_clusters *j, struct tiles *t, int64_t at, int n)
{
    double length[TILE];
    tiles_load(t, at, n);
    if (!j->origin) tiles_unit(t, length);
}

/* ---- labels ---- */
static enum rc_t label_rows(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    struct judged_clusters *j = arg;
    size_t width = (size_t)model_width(j->m);
    int64_t at = task * SCORE_ROWS, left = j->r->n - at;
    int n = left < SCORE_ROWS ? (int)left : SCORE_ROWS;
    double *out = mem_alloc(sizeof(double) * width * SCORE_ROWS);
    j->m->family->cls->score(j->m, &j->r->in, at, n, out);
    for (int i = 0; i < n; i++) {
        double c = out[(size_t)i * width];
        j->cluster[at + i] = c >= 1 && c < INT32_MAX ? (int32_t)c - 1 : NOISE;
    }
    mem_free(out);
    return RC_OK;
}

static enum rc_t take_labels(struct ctx *cx, struct judged_clusters *j, struct span span)
{
    void *p = NULL;
    int64_t n_noise = 0, n = j->r->n;
    TRY(mem_big(cx, sizeof(int32_t) * (size_t)n + 1, &p));
    j->cluster = p;
    TRY(pool_run(cx, (n + SCORE_ROWS - 1) / SCORE_ROWS, label_rows, j));
    for (int64_t i = 0; i < n; i++) {
        n_noise += j->cluster[i] == NOISE;
        if (j->cluster[i] >= j->k) j->k = j->cluster[i] + 1;
    }
    if (n_noise > 0)
        warn(cx, W304, span, "evaluate: %lld of %lld rows left out: they are in no cluster",
             (long long)n_noise, (long long)n);
    if (n_noise == n) return fail(cx, E404, span, "no row is in a cluster");
    return RC_OK;
}

/* ---- sums by cluster ---- */
/* acc: a cluster: rows, squared lengths, sum [d]. */
static enum rc_t mean_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                           double *acc)
{
    (void)cx;
    const struct judged_clusters *j = self;
    struct tiles t;
    tiles_open(&t, r->enc, &r->in, j->feature, j->origin, TILE);
    for (int i = 0; i < b->n; i += TILE) {
        int n = b->n - i < TILE ? b->n - i : TILE;
        load_rows(j, &t, b->at + i, n);
        for (int row = 0; row < n; row++) {
            int32_t c = j->cluster[b->at + i + row];
            double *to = acc + (size_t)(c < 0 ? 0 : c) * (j->d + 2);
            for (size_t col = 0; c >= 0 && col < j->d; col++) {
                double x = t.x[col * TILE + (size_t)row];
                to[2 + col] += x;
                to[1] += x * x;
            }
            to[0] += c >= 0;
        }
    }
    tiles_close(&t);
    return RC_OK;
}

static enum rc_t take_means(struct ctx *cx, struct judged_clusters *j)
{
    size_t k = (size_t)j->k, d = j->d;
    double *acc = ARENA_ARRAY(cx->arena, double, k *(d + 2));
    struct row_sum sum = {.self = j, .n_acc = k * (d + 2), .part = mean_part};
    TRY(rows_sum(cx, j->r, &sum, acc));
    j->count = ARENA_ARRAY(cx->arena, double, 3 * k);
    j->square = j->count + k;
    j->far = j->square + k;
    j->mean = ARENA_ARRAY(cx->arena, double, 2 * k * d + 1);
    j->about = j->mean + k * d;
    for (size_t c = 0; c < k; c++) {
        const double *at = acc + c * (d + 2);
        j->count[c] = at[0];
        j->square[c] = at[1];
        for (size_t i = 0; i < d; i++) {
            j->mean[c * d + i] = at[0] > 0 ? at[2 + i] / at[0] : 0.0;
            double own = j->centers ? j->centers->center[c * d + i] : 0.0;
            j->about[c * d + i] =
                j->centers ? own - (j->origin ? j->origin[i] : 0.0) : j->mean[c * d + i];
        }
    }
    return RC_OK;
}

/* Spark's silhouette of a row: mean squared distances by |x|^2 + S/N - 2 x.m of each cluster. */
static double simple_silhouette(const struct judged_clusters *j, const double *x, int own)
{
    double length = 0, a = 0, b = INFINITY;
    if (j->count[own] < 2) return 0.0;
    for (size_t i = 0; i < j->d; i++)
        length += x[i * TILE] * x[i * TILE];
    for (int c = 0; c < j->k; c++) {
        double dot = 0, n = j->count[c];
        if (!(n > 0)) continue;
        for (size_t i = 0; i < j->d; i++)
            dot += x[i * TILE] * j->mean[(size_t)c * j->d + i];
        double far = fmax(length + j->square[c] / n - 2 * dot, 0.0);
        if (c == own)
            a = far * n / (n - 1);
        else
            b = fmin(b, far);
    }
    double top = fmax(a, b);
    return top > 0 && isfinite(top) ? (b - a) / top : 0.0;
}

static double distance2(const struct judged_clusters *j, const double *x, const double *from)
{
    double sum = 0;
    for (size_t i = 0; i < j->d; i++)
        sum += (x[i * TILE] - from[i]) * (x[i * TILE] - from[i]);
    return sum;
}

/* acc: within about the centres, within about the means, Spark's silhouettes; distance [k]. */
static enum rc_t spread_part(struct ctx *cx, void *self, const struct rows *r,
                             const struct block *b, double *acc)
{
    (void)cx;
    const struct judged_clusters *j = self;
    struct tiles t;
    tiles_open(&t, r->enc, &r->in, j->feature, j->origin, TILE);
    for (int i = 0; i < b->n; i += TILE) {
        int n = b->n - i < TILE ? b->n - i : TILE;
        load_rows(j, &t, b->at + i, n);
        for (int row = 0; row < n; row++) {
            int32_t c = j->cluster[b->at + i + row];
            if (c < 0) continue;
            double d2 = distance2(j, t.x + row, j->mean + (size_t)c * j->d);
            acc[0] += distance2(j, t.x + row, j->about + (size_t)c * j->d);
            acc[1] += d2;
            acc[2] += simple_silhouette(j, t.x + row, c);
            acc[3 + c] += sqrt(d2);
        }
    }
    tiles_close(&t);
    return RC_OK;
}

static enum rc_t take_spread(struct ctx *cx, struct judged_clusters *j)
{
    double *acc = ARENA_ARRAY(cx->arena, double, 3 + j->k);
    struct row_sum sum = {.self = j, .n_acc = 3 + (size_t)j->k, .part = spread_part};
    TRY(rows_sum(cx, j->r, &sum, acc));
    j->within = j->origin ? acc[0] : acc[0] / 2; /* unit vectors: 1 - cosine */
    j->within_mean = acc[1];
    j->simple = acc[2];
    memcpy(j->far, acc + 3, sizeof(double) * (size_t)j->k);
    return RC_OK;
}

/* ---- metrics ---- */
static int filled(const struct judged_clusters *j, double *n)
{
    int k = 0;
    *n = 0;
    for (int c = 0; c < j->k; c++) {
        k += j->count[c] > 0;
        *n += j->count[c];
    }
    return k;
}

/* Mean over clusters of the worst (S_i + S_j) / |m_i - m_j| (Davies, Bouldin, IEEE PAMI 1, 1979).
 */
static double davies_bouldin(const struct judged_clusters *j)
{
    double sum = 0, n;
    int k = filled(j, &n);
    for (int a = 0; a < j->k; a++) {
        double worst = 0;
        for (int b = 0; b < j->k; b++) {
            if (a == b || !(j->count[a] > 0) || !(j->count[b] > 0)) continue;
            double apart = 0, spread = j->far[a] / j->count[a] + j->far[b] / j->count[b];
            for (size_t i = 0; i < j->d; i++) {
                double v = j->mean[(size_t)a * j->d + i] - j->mean[(size_t)b * j->d + i];
                apart += v * v;
            }
            if (apart > 0) worst = fmax(worst, spread / sqrt(apart));
        }
        sum += worst;
    }
    return sum / k;
}

/* Between against within, each by its degrees of freedom (Calinski, Harabasz, 1974). */
static double calinski_harabasz(const struct judged_clusters *j)
{
    double n, between = 0;
    int k = filled(j, &n);
    for (size_t i = 0; i < j->d; i++) {
        double all = 0;
        for (int c = 0; c < j->k; c++)
            all += j->count[c] * j->mean[(size_t)c * j->d + i] / n;
        for (int c = 0; c < j->k; c++) {
            double v = j->mean[(size_t)c * j->d + i] - all;
            between += j->count[c] * v * v;
        }
    }
    return j->within_mean > 0 ? between / (k - 1) / (j->within_mean / (n - k)) : 1.0;
}

/* ---- silhouettes by pairs ---- */
/* Rows of the sample: all of them, or the ones with the smallest draws, in their order. */
static int64_t sample_rows(struct ctx *cx, const struct judged_clusters *j, int64_t n, int64_t most,
                           int64_t **out)
{
    int64_t *row = ARENA_ARRAY(cx->arena, int64_t, most + 1), k = 0, left = n;
    for (int64_t i = 0; i < j->r->n; i++) {
        if (j->cluster[i] < 0) continue;
        double chance = (double)(most - k) / (double)left--;
        if (k < most && rng_unit(j->m->seed, 77, (uint64_t)i) < chance) row[k++] = i;
    }
    *out = row;
    return k;
}

static enum rc_t take_silhouettes(struct ctx *cx, const struct judged_clusters *j, struct span span,
                                  struct silhouettes *out)
{
    double n_all;
    (void)filled(j, &n_all);
    int64_t n = (int64_t)n_all, *row, most = (int64_t)(SAMPLE_CELLS / j->d);
    void *x_p = NULL;
    if (most > SAMPLE_ROWS) most = SAMPLE_ROWS;
    if (most > n) most = n;
    out->n = sample_rows(cx, j, n, most, &row);
    if (most < n)
        warn(cx, W407, span, "evaluate: silhouettes of %lld rows drawn from %lld", (long long)most,
             (long long)n);
    out->cluster = ARENA_ARRAY(cx->arena, int32_t, most + 1);
    out->value = ARENA_ARRAY(cx->arena, double, most + 1);
    TRY(mem_big(cx, sizeof(double) * (size_t)most * j->d + 1, &x_p));
    struct tiles t;
    tiles_open(&t, j->r->enc, &j->r->in, j->feature, j->origin, TILE);
    for (int64_t i = 0; i < out->n; i++) {
        load_rows(j, &t, row[i], 1);
        out->cluster[i] = j->cluster[row[i]];
        for (size_t c = 0; c < j->d; c++)
            ((double *)x_p)[(size_t)i * j->d + c] = t.x[c * TILE];
    }
    tiles_close(&t);
    enum rc_t res =
        silhouette_of(cx, x_p, out->cluster, out->n, j->d, j->k, j->origin == NULL, out->value);
    mem_big_free(x_p);
    return res;
}

static enum rc_t metric_value(struct ctx *cx, const struct judged_clusters *j, int metric,
                              struct span span, double *out)
{
    double n;
    int k = filled(j, &n);
    struct silhouettes s;
    *out = NAN;
    if (metric == 4) return *out = j->within, RC_OK;
    if (k < 2 || k >= (int64_t)n) return RC_OK; /* one cluster, or each row its own */
    switch (metric) {
    case 1: return *out = j->simple / n, RC_OK;
    case 2: return *out = davies_bouldin(j), RC_OK;
    case 3: return *out = calinski_harabasz(j), RC_OK;
    default: break;
    }
    TRY(take_silhouettes(cx, j, span, &s));
    double sum = 0;
    for (int64_t i = 0; i < s.n; i++)
        sum += s.value[i];
    *out = sum / (double)s.n;
    return RC_OK;
}

static enum rc_t find_metric(struct ctx *cx, const char *name, struct span span, int *out)
{
    struct strbuf b = {0};
    for (int i = 0; i < N_METRICS; i++)
        if (strcmp(name, metric_names[i]) == 0) return *out = i, RC_OK;
    for (int i = 0; i < N_METRICS; i++)
        strbuf_printf(&b, "%s%s", i ? " " : "", metric_names[i]);
    fail(cx, E209, span, "there is no metric `%s` of clusters: %s", name, b.p);
    strbuf_release(&b);
    return RC_ERR;
}

/* ---- tables ---- */
static enum rc_t metrics_table(struct ctx *cx, const struct judged_clusters *j,
                               const char *const *names, int n, struct span span,
                               struct table **out)
{
    struct sheet s = sheet_new(cx, 2);
    sheet_column(&s, "metric", KIND_STR);
    sheet_column(&s, "value", KIND_NUM);
    for (int i = 0; s.res == RC_OK && i < (names ? n : N_METRICS); i++) {
        int metric = i;
        double v = NAN;
        if (names) s.res = find_metric(cx, names[i], span, &metric);
        if (s.res == RC_OK) s.res = metric_value(cx, j, metric, span, &v);
        if (s.res != RC_OK) break;
        sheet_text(&s, 0, metric_names[metric]);
        sheet_num(&s, 1, v);
    }
    return sheet_end(&s, out);
}

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* A row each, by cluster, the largest first. */
static enum rc_t silhouette_table(struct ctx *cx, const struct judged_clusters *j, struct span span,
                                  struct table **out)
{
    struct silhouettes v;
    TRY(take_silhouettes(cx, j, span, &v));
    struct sheet s = sheet_new(cx, 2);
    sheet_column(&s, "cluster", KIND_INT);
    sheet_column(&s, "silhouette", KIND_NUM);
    for (int64_t from = 0, to; from < v.n; from = to) {
        for (to = from; to < v.n && v.cluster[to] == v.cluster[from]; to++) {}
        qsort(v.value + from, (size_t)(to - from), sizeof(double), falling);
        for (int64_t i = from; i < to; i++) {
            sheet_int(&s, 0, v.cluster[i] + 1);
            sheet_num(&s, 1, v.value[i]);
        }
    }
    return sheet_end(&s, out);
}

static enum rc_t judge_clusters(struct ctx *cx, struct judged_clusters *j, struct span span)
{
    const struct model_class *cls = j->m->family->cls;
    j->feature = tile_features(cx->arena, j->r->enc);
    j->d = (size_t)j->r->enc->n_cols;
    j->centers = cls->score == centers_score ? j->m->body : NULL;
    if (!j->centers || !j->centers->is_cosine) {
        j->origin = ARENA_ARRAY(cx->arena, double, j->d + 1);
        enc_fill(j->r->enc, &j->r->in, 0, 1, j->origin);
    }
    if (j->centers) j->k = j->centers->k;
    TRY(take_labels(cx, j, span));
    TRY(take_means(cx, j));
    return take_spread(cx, j);
}

enum rc_t cluster_evaluate(struct ctx *cx, struct executor *x, const struct model *m,
                           struct plan *data, const char *const *metrics, int n_metrics,
                           const char *kind, struct span span, struct table **out)
{
    struct rows holder = {.arena = arena_new()};
    struct judged_clusters j = {.m = m};
    enum rc_t res = RC_ERR;
    if (kind && strcmp(kind, "silhouette") != 0) {
        fail(cx, E209, span, "kind: %s is about classes; of clusters there is kind: silhouette",
             kind);
        goto out;
    }
    TRY_OUT(rows_coded(cx, x, m, data, span, &holder));
    j.r = holder.valid;
    TRY_OUT(judge_clusters(cx, &j, span));
    res = kind ? silhouette_table(cx, &j, span, out)
               : metrics_table(cx, &j, metrics, n_metrics, span, out);
out:
    if (j.cluster) mem_big_free(j.cluster);
    arena_free(holder.arena);
    return res;
}
