/* bins.c: values to bins. A number's edges are quantiles at equal weight: each stretch of rows is
 * sorted and thinned to a summary, the summaries of a column are put together and cut. With few
 * distinct values nothing is thinned and every value has its bin. */
#include "runtime/ml/tree/tree.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

#include <math.h>

#define SUMMARY_ROWS (1 << 16)
#define SUMMARY_MAX  2048

struct point { /* a value and the weight of rows that have it (or lie in (prev, value]) */
    double value, weight;
};
struct points {
    struct point *p;
    int64_t n;
    bool is_thin; /* values lie between the points */
};

static int point_cmp(const void *l, const void *r)
{
    double a = ((const struct point *)l)->value, b = ((const struct point *)r)->value;
    return a < b ? -1 : a > b;
}

/* ---- sorting by radix: doubles as order-keeping whole numbers ---- */
static inline uint64_t key_of(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u >> 63 ? ~u : u | (uint64_t)1 << 63;
}
static inline double value_of(uint64_t k)
{
    uint64_t u = k >> 63 ? k & ~((uint64_t)1 << 63) : ~k;
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

struct keyed {
    uint64_t key;
    double weight;
};

/* Sorts a [n] (b: scratch) by key; bytes that all share are skipped. The sorted one is given. */
static struct keyed *radix_sort(struct keyed *a, struct keyed *b, int64_t n)
{
    uint32_t count[8][256];
    memset(count, 0, sizeof count);
    for (int64_t i = 0; i < n; i++)
        for (int d = 0; d < 8; d++)
            count[d][a[i].key >> (8 * d) & 255]++;
    for (int d = 0; d < 8; d++) {
        uint32_t at = 0, *c = count[d];
        if (n > 0 && c[a[0].key >> (8 * d) & 255] == (uint32_t)n) continue;
        for (int k = 0; k < 256; k++) {
            uint32_t m = c[k];
            c[k] = at;
            at += m;
        }
        for (int64_t i = 0; i < n; i++)
            b[c[a[i].key >> (8 * d) & 255]++] = a[i];
        struct keyed *t = a;
        a = b;
        b = t;
    }
    return a;
}

/* Points of a sorted stretch, equal values put together. */
static int64_t distinct(const struct keyed *a, int64_t n, struct point *out)
{
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++)
        if (k > 0 && i > 0 && a[i].key == a[i - 1].key)
            out[k - 1].weight += a[i].weight;
        else
            out[k++] = (struct point){value_of(a[i].key), a[i].weight};
    return k;
}

/* At most `max` points of about equal weight, each the largest value of what it stands for. */
static int64_t thin(struct point *p, int64_t n, int64_t max)
{
    double total = 0, done = 0;
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++)
        total += p[i].weight;
    double step = total / (double)(max / 2), sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double w = p[i].weight;
        bool next_heavy = i + 1 < n && p[i + 1].weight >= step;
        sum += w;
        done += w;
        if (sum < step && !next_heavy && i + 1 < n && i > 0) continue;
        p[k++] = (struct point){p[i].value, sum};
        sum = 0;
    }
    (void)done;
    return k;
}

/* ---- edges ---- */
double tree_between(double lo, double hi)
{
    double mid = lo / 2 + hi / 2;
    if (!(mid >= lo && mid < hi)) mid = lo;
    if (fabs(mid) > 3e38) return mid;
    double f = (double)(float)mid;
    return f >= lo && f < hi ? f : mid;
}

double tree_cut(const struct tree_column *c, int b, int next)
{
    double lo = c->hi[b], hi = c->lo[next];
    return hi > lo ? tree_between(lo, hi) : lo;
}

static void exact_bins(struct arena *a, const struct points *s, struct tree_column *c)
{
    c->n_bins = (int)s->n;
    c->edge = ARENA_ARRAY(a, double, s->n + 1);
    c->lo = ARENA_ARRAY(a, double, s->n + 1);
    c->hi = ARENA_ARRAY(a, double, s->n + 1);
    for (int64_t i = 0; i < s->n; i++) {
        c->lo[i] = c->hi[i] = s->p[i].value;
        if (i + 1 < s->n) c->edge[i] = tree_between(s->p[i].value, s->p[i + 1].value);
    }
}

/* Greedy: a bin is closed when it has its share of what is left; a value of a whole share's weight
 * has a bin of its own. */
static void quantile_bins(struct arena *a, const struct points *s, int max_bins,
                          struct tree_column *c)
{
    double rest = 0, sum = 0;
    int n = 0, left = max_bins;
    c->edge = ARENA_ARRAY(a, double, max_bins + 1);
    c->lo = ARENA_ARRAY(a, double, max_bins + 1);
    c->hi = ARENA_ARRAY(a, double, max_bins + 1);
    for (int64_t i = 0; i < s->n; i++)
        rest += s->p[i].weight;
    double share = rest / left;
    for (int64_t i = 0; i + 1 < s->n && left > 1; i++) {
        double w = s->p[i].weight, next = s->p[i + 1].weight;
        sum += w;
        if (sum < share && !(next >= share && sum >= share / 2)) continue;
        c->edge[n++] = s->is_thin ? s->p[i].value : tree_between(s->p[i].value, s->p[i + 1].value);
        rest -= sum;
        sum = 0;
        left--;
        share = rest / left;
    }
    c->n_bins = n + 1;
    c->lo[0] = c->n_bins > 1 ? c->edge[0] : 0;
    for (int i = 0; i < c->n_bins; i++) {
        if (i > 0) c->lo[i] = c->edge[i - 1];
        c->hi[i] = i + 1 < c->n_bins ? c->edge[i] : c->edge[i > 0 ? i - 1 : 0];
    }
}

/* ---- a number's column ---- */
struct bin_job {
    const struct rows *rows;
    struct arena **arenas; /* [n_cols]: tasks do not share one */
    struct tree_bins *bins;
    int max_bins;
};

static enum rc_t summarise(struct ctx *cx, const struct rows *r, const double *v,
                           struct points *out)
{
    void *sort_p = NULL, *points_p = NULL, *made_p = NULL;
    int64_t n_blocks = (r->n + SUMMARY_ROWS - 1) / SUMMARY_ROWS;
    int64_t cap = r->n < SUMMARY_ROWS ? r->n : SUMMARY_ROWS;
    enum rc_t res = RC_ERR;
    out->n = 0;
    TRY_OUT(mem_big(cx, sizeof(struct keyed) * (size_t)(2 * cap + 1), &sort_p));
    TRY_OUT(mem_big(cx, sizeof(struct point) * (size_t)(cap + 1), &made_p));
    TRY_OUT(mem_big(
        cx, sizeof(struct point) * (size_t)(n_blocks > 1 ? n_blocks * (SUMMARY_MAX + 1) : cap + 1),
        &points_p));
    struct keyed *a = sort_p;
    struct point *made = made_p, *p = points_p;
    for (int64_t at = 0; at < r->n; at += SUMMARY_ROWS) {
        int64_t n = 0, to = at + SUMMARY_ROWS < r->n ? at + SUMMARY_ROWS : r->n;
        TRY_OUT(check_cancel(cx));
        for (int64_t i = at; i < to; i++)
            if (!isnan(v[i]))
                a[n++] = (struct keyed){key_of(v[i] == 0 ? 0.0 : v[i]), r->w ? r->w[i] : 1.0};
        int64_t k = distinct(radix_sort(a, a + cap, n), n, made);
        if (n_blocks > 1 && k > SUMMARY_MAX) {
            k = thin(made, k, SUMMARY_MAX);
            out->is_thin = true;
        }
        if (k) memcpy(p + out->n, made, sizeof *p * (size_t)k);
        out->n += k;
    }
    if (n_blocks > 1 && out->n > 1) {
        qsort(p, (size_t)out->n, sizeof *p, point_cmp);
        int64_t k = 1;
        for (int64_t i = 1; i < out->n; i++)
            if (p[i].value == p[k - 1].value)
                p[k - 1].weight += p[i].weight;
            else
                p[k++] = p[i];
        out->n = k;
    }
    out->p = p;
    points_p = NULL;
    res = RC_OK;
out:
    mem_big_free(sort_p);
    mem_big_free(made_p);
    mem_big_free(points_p);
    return res;
}

/* First bin whose edge is not below x: branch-free halving. */
static inline int bin_of_number(const double *edge, int n_edges, double x)
{
    const double *base = edge;
    int n = n_edges;
    while (n > 1) {
        int half = n / 2;
        base += base[half - 1] < x ? half : 0;
        n -= half;
    }
    return (int)(base - edge) + (n == 1 && *base < x);
}

static enum rc_t number_column(struct ctx *cx, const struct bin_job *j, int k)
{
    struct tree_column *c = &j->bins->cols[k];
    const double *v = j->rows->in.num[c->feature];
    uint8_t *out = j->bins->by_col + (size_t)k * (size_t)j->bins->n;
    struct points s = {0};
    TRY(summarise(cx, j->rows, v, &s));
    if (s.n <= j->max_bins && !s.is_thin)
        exact_bins(j->arenas[k], &s, c);
    else
        quantile_bins(j->arenas[k], &s, j->max_bins, c);
    mem_big_free(s.p);
    for (int64_t i = 0; i < j->bins->n; i++) {
        bool is_null = isnan(v[i]);
        out[i] = (uint8_t)(is_null ? c->n_bins : bin_of_number(c->edge, c->n_bins - 1, v[i]));
        c->has_missing |= is_null;
    }
    return RC_OK;
}

/* ---- a category's column ---- */
struct level_count {
    double weight;
    int level;
};
static int count_cmp(const void *l, const void *r)
{
    const struct level_count *a = l, *b = r;
    if (a->weight != b->weight) return a->weight > b->weight ? -1 : 1;
    return a->level - b->level;
}

/* A bin a level; of more levels than bins the rarest share one. */
static void level_bins(struct arena *a, const struct rows *r, const int32_t *code,
                       struct tree_column *c)
{
    int n = c->n_levels;
    c->bin_of = ARENA_ARRAY(a, uint8_t, n + 1);
    c->n_bins = n < TREE_MAX_BINS ? n : TREE_MAX_BINS;
    if (n <= TREE_MAX_BINS) {
        for (int i = 0; i < n; i++)
            c->bin_of[i] = (uint8_t)i;
        return;
    }
    struct level_count *count = ARENA_ARRAY(a, struct level_count, n);
    for (int i = 0; i < n; i++)
        count[i].level = i;
    for (int64_t i = 0; i < r->n; i++)
        if (code[i] >= 0) count[code[i]].weight += r->w ? r->w[i] : 1.0;
    qsort(count, (size_t)n, sizeof *count, count_cmp);
    for (int i = 0; i < n; i++)
        c->bin_of[count[i].level] = (uint8_t)(i < TREE_MAX_BINS - 1 ? i : TREE_MAX_BINS - 1);
}

static enum rc_t category_column(struct ctx *cx, const struct bin_job *j, int k)
{
    (void)cx;
    struct tree_column *c = &j->bins->cols[k];
    const int32_t *code = j->rows->in.code[c->feature];
    uint8_t *out = j->bins->by_col + (size_t)k * (size_t)j->bins->n;
    level_bins(j->arenas[k], j->rows, code, c);
    for (int64_t i = 0; i < j->bins->n; i++) {
        bool is_null = code[i] < 0 || code[i] >= c->n_levels;
        out[i] = is_null ? (uint8_t)c->n_bins : c->bin_of[code[i]];
        c->has_missing |= is_null;
    }
    return RC_OK;
}

static enum rc_t bin_column(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    const struct bin_job *j = arg;
    int k = (int)task;
    return j->bins->cols[k].is_cat ? category_column(cx, j, k) : number_column(cx, j, k);
}

/* ---- rows of bins from columns of them ---- */
#define TURN_ROWS 4096

static enum rc_t turn_rows(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    struct tree_bins *b = arg;
    size_t m = (size_t)b->n_cols, n = (size_t)b->n;
    size_t from = (size_t)task * TURN_ROWS, to = from + TURN_ROWS < n ? from + TURN_ROWS : n;
    for (size_t k = 0; k < m; k++) {
        const uint8_t *in = b->by_col + k * n;
        uint8_t *out = b->by_row + k;
        for (size_t i = from; i < to; i++)
            out[i * m] = in[i];
    }
    return RC_OK;
}

static int used_columns(struct arena *a, const struct rows *r, struct tree_bins *out)
{
    const struct encoder *e = r->enc;
    bool *used = ARENA_ARRAY(a, bool, e->n_features + 1);
    for (int i = 0; i < e->n_terms; i++)
        for (int k = 0; k < e->terms[i].n_features && !e->terms[i].is_offset; k++)
            used[e->terms[i].features[k]] = true;
    out->cols = ARENA_ARRAY(a, struct tree_column, e->n_features + 1);
    for (int i = 0; i < e->n_features; i++) {
        const struct enc_feature *f = &e->features[i];
        if (!used[i]) continue;
        out->cols[out->n_cols++] = (struct tree_column){.feature = i,
                                                        .is_cat = f->kind == ENC_CATEGORY,
                                                        .n_levels = f->n_levels + f->has_other};
    }
    return out->n_cols;
}

enum rc_t tree_bins_make(struct ctx *cx, struct arena *a, const struct rows *r, int max_bins,
                         bool want_rows, struct tree_bins *out)
{
    *out = (struct tree_bins){.n = r->n};
    int m = used_columns(a, r, out);
    void *p = NULL;
    TRY(mem_big(cx, mem_mul((size_t)m, (size_t)r->n) + 64, &p));
    out->by_col = p;
    struct bin_job job = {.rows = r, .bins = out, .max_bins = max_bins};
    job.arenas = ARENA_ARRAY(a, struct arena *, m + 1);
    for (int i = 0; i < m; i++) {
        job.arenas[i] = arena_new();
        arena_on_free(a, (void (*)(void *))arena_free, job.arenas[i]);
    }
    TRY(pool_run(cx, m, bin_column, &job));
    for (int i = 0; i < m; i++) {
        out->cols[i].first = out->n_cells;
        out->n_cells += out->cols[i].n_bins + 1;
    }
    if (!want_rows) return RC_OK;
    TRY(mem_big(cx, mem_mul((size_t)m, (size_t)r->n) + 64, &p));
    out->by_row = p;
    return pool_run(cx, (r->n + TURN_ROWS - 1) / TURN_ROWS, turn_rows, out);
}

void tree_bins_release(struct tree_bins *b)
{
    mem_big_free(b->by_col);
    mem_big_free(b->by_row);
    b->by_col = b->by_row = NULL;
}
