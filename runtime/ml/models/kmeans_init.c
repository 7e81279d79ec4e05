/* kmeans_init.c: where k-means starts. k-means++: Arthur and Vassilvitskii (SODA 2007), each centre
 * the best of 2 + ln k draws as scikit-learn does. k-means||: Bahmani, Moseley, Vattani, Kumar,
 * Vassilvitskii (VLDB 2012): a few rounds that each draw about 2 k rows at once, then k-means++ and
 * a short k-means over those, weighted by the rows nearest to them. */
#include "runtime/ml/models/kmeans_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/rng.h"

#include <math.h>

#define STRIDE     1024 /* rows a partial sum of costs covers; divides every shard */
#define LOCAL_ITER 30   /* iterations over the drawn rows */

struct start {
    struct kmeans *km;
    uint64_t seed, stream, counter;
    double *cost;     /* [n] squared distance to the nearest centre so far */
    int32_t *nearest; /* [n] which, or NULL */
    double *partial;  /* [n / STRIDE + 1] weighted costs */
    double total;
    const double *points; /* the centres looked at in a pass, [m, d] */
    int m, first;         /* number of the first of them */
};

static double weight_of(const struct rows *r, int64_t row)
{
    return r->w ? r->w[row] : 1.0;
}

static double draw(struct start *s)
{
    return rng_unit(s->seed, s->stream, s->counter++);
}

/* ---- passes ---- */
/* Lowers the costs by the new centres. */
static enum rc_t cost_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                           double *acc)
{
    (void)cx;
    (void)acc;
    struct start *s = self;
    const struct kmeans *km = s->km;
    struct tiles t;
    double near[TILE];
    tiles_open(&t, r->enc, &r->in, km->feature, km->origin, TILE);
    for (int i = 0; i < b->n; i += TILE) {
        int n = b->n - i < TILE ? b->n - i : TILE;
        int64_t at = b->at + i;
        kmeans_load(km, &t, at, n);
        for (int p = 0; p < s->m; p++) {
            tile_distance2(t.x, s->points + (size_t)p * km->d, km->d, near);
            for (int k = 0; k < n; k++)
                if (near[k] < s->cost[at + k]) {
                    s->cost[at + k] = near[k];
                    if (s->nearest) s->nearest[at + k] = s->first + p;
                }
        }
        for (int k = 0; k < n; k++)
            s->partial[(at + k) / STRIDE] += weight_of(r, at + k) * s->cost[at + k];
    }
    tiles_close(&t);
    return RC_OK;
}

static enum rc_t lower_costs(struct ctx *cx, struct start *s, const double *points, int m,
                             int first)
{
    int64_t n_partial = s->km->r->n / STRIDE + 1;
    struct row_sum sum = {.self = s, .part = cost_part};
    double none = 0;
    s->points = points;
    s->m = m;
    s->first = first;
    memset(s->partial, 0, sizeof(double) * (size_t)n_partial);
    TRY(rows_sum(cx, s->km->r, &sum, &none));
    s->total = 0;
    for (int64_t i = 0; i < n_partial; i++)
        s->total += s->partial[i];
    return RC_OK;
}

/* acc [m]: what the costs would sum to with each of the points. */
static enum rc_t trial_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                            double *acc)
{
    (void)cx;
    const struct start *s = self;
    const struct kmeans *km = s->km;
    struct tiles t;
    double near[TILE];
    tiles_open(&t, r->enc, &r->in, km->feature, km->origin, TILE);
    for (int i = 0; i < b->n; i += TILE) {
        int n = b->n - i < TILE ? b->n - i : TILE;
        int64_t at = b->at + i;
        kmeans_load(km, &t, at, n);
        for (int p = 0; p < s->m; p++) {
            tile_distance2(t.x, s->points + (size_t)p * km->d, km->d, near);
            for (int k = 0; k < n; k++)
                acc[p] += weight_of(r, at + k) * fmin(near[k], s->cost[at + k]);
        }
    }
    tiles_close(&t);
    return RC_OK;
}

/* ---- drawing rows ---- */
/* The row at which the running sum of weighted costs passes u of it. */
static int64_t row_by_cost(const struct start *s, double u)
{
    const struct rows *r = s->km->r;
    double left = u * s->total;
    int64_t at = 0, last = 0;
    while ((at + 1) * STRIDE < r->n && left >= s->partial[at])
        left -= s->partial[at++];
    for (int64_t i = at * STRIDE; i < r->n; i++) {
        double w = weight_of(r, i) * s->cost[i];
        if (w > 0) last = i;
        if (left < w) return i;
        left -= w;
    }
    return last;
}

static void copy_row(const struct kmeans *km, int64_t row, double *out)
{
    struct tiles t;
    tiles_open(&t, km->r->enc, &km->r->in, km->feature, km->origin, TILE);
    kmeans_load(km, &t, row, 1);
    for (size_t j = 0; j < km->d; j++)
        out[j] = t.x[j * TILE];
    tiles_close(&t);
}

static enum rc_t start_open(struct ctx *cx, struct start *s, bool wants_nearest)
{
    size_t n = (size_t)s->km->r->n;
    void *p = NULL;
    TRY(mem_big(cx, sizeof(double) * (n + n / STRIDE + 1) + 1, &p));
    s->cost = p;
    s->partial = s->cost + n;
    for (size_t i = 0; i < n; i++)
        s->cost[i] = INFINITY;
    if (!wants_nearest) return RC_OK;
    TRY(mem_big_zero(cx, sizeof(int32_t) * n + 1, &p));
    s->nearest = p;
    return RC_OK;
}

static void start_close(struct start *s)
{
    if (s->cost) mem_big_free(s->cost);
    if (s->nearest) mem_big_free(s->nearest);
}

/* A row by weight alone. */
static enum rc_t first_row(struct start *s, int64_t *out)
{
    const struct rows *r = s->km->r;
    double left = draw(s) * r->w_sum;
    int64_t i = r->w ? 0 : (int64_t)left;
    for (; r->w && i + 1 < r->n && left >= r->w[i]; i++)
        left -= r->w[i];
    *out = i < r->n ? i : r->n - 1;
    return RC_OK;
}

/* ---- k-means++ ---- */
/* The best of a few draws becomes centre c. */
static enum rc_t next_center(struct ctx *cx, struct start *s, int c, int n_trials, double *trial,
                             double *acc)
{
    struct kmeans *km = s->km;
    int best = 0;
    for (int i = 0; i < n_trials; i++)
        copy_row(km, row_by_cost(s, draw(s)), trial + (size_t)i * km->d);
    if (n_trials > 1 && s->total > 0) {
        struct row_sum sum = {.self = s, .n_acc = (size_t)n_trials, .part = trial_part};
        s->points = trial;
        s->m = n_trials;
        TRY(rows_sum(cx, km->r, &sum, acc));
        for (int i = 1; i < n_trials; i++)
            if (acc[i] < acc[best]) best = i;
    }
    memcpy(km->center + (size_t)c * km->d, trial + (size_t)best * km->d, sizeof(double) * km->d);
    return RC_OK;
}

static enum rc_t plus_plus(struct ctx *cx, struct start *s)
{
    struct kmeans *km = s->km;
    int n_trials = 2 + (int)log((double)km->k);
    double *trial = ARENA_ARRAY(cx->arena, double, (size_t)n_trials * km->d + 1);
    double *acc = ARENA_ARRAY(cx->arena, double, n_trials);
    int64_t row;
    TRY(start_open(cx, s, false));
    TRY(first_row(s, &row));
    copy_row(km, row, km->center);
    for (int c = 1; c < km->k; c++) {
        TRY(lower_costs(cx, s, km->center + (size_t)(c - 1) * km->d, 1, c - 1));
        TRY(next_center(cx, s, c, n_trials, trial, acc));
    }
    return RC_OK;
}

/* ---- k-means|| ---- */
struct drawn { /* rows drawn so far, [n, d], grown by hand */
    double *point;
    int n, cap;
};

static enum rc_t drawn_add(struct ctx *cx, struct drawn *p, const struct kmeans *km, int64_t row)
{
    if (p->n == p->cap) {
        int cap = p->cap ? 2 * p->cap : 64;
        void *grown = p->point;
        TRY(mem_big_grow(cx, &grown, sizeof(double) * (size_t)p->n * km->d,
                         mem_mul(sizeof(double) * (size_t)cap, km->d) + 1));
        p->point = grown;
        p->cap = cap;
    }
    copy_row(km, row, p->point + (size_t)p->n++ * km->d);
    return RC_OK;
}

/* Each row on its own, with a chance of 2 k times its share of the costs. */
static enum rc_t draw_round(struct ctx *cx, struct start *s, int round, struct drawn *p)
{
    const struct rows *r = s->km->r;
    double each = 2.0 * s->km->k / s->total;
    uint64_t stream = s->stream + 1 + (uint64_t)round;
    for (int64_t i = 0; i < r->n; i++) {
        if ((i & 0xffff) == 0) TRY(check_cancel(cx));
        double chance = each * weight_of(r, i) * s->cost[i];
        if (chance > 0 && rng_unit(s->seed, stream, (uint64_t)i) < chance)
            TRY(drawn_add(cx, p, s->km, i));
    }
    return RC_OK;
}

/* k of the drawn points, as k-means of them by the weight of their rows. */
static enum rc_t reduce(struct ctx *cx, struct start *s, const struct drawn *p)
{
    struct kmeans *km = s->km, local;
    struct arena *a = arena_new();
    size_t d = km->d, n = (size_t)p->n;
    double *cells = ARENA_ARRAY(a, double, mem_mul(n, d) + 1), *w = ARENA_ARRAY(a, double, n);
    const double **col = ARENA_ARRAY(a, const double *, d + 1);
    enum rc_t res = RC_ERR;
    local.label = NULL;
    for (size_t j = 0; j < d; j++) {
        col[j] = cells + j * n;
        for (size_t i = 0; i < n; i++)
            cells[j * n + i] = p->point[i * d + j];
    }
    for (int64_t i = 0; i < km->r->n; i++)
        w[s->nearest[i]] += weight_of(km->r, i);
    for (size_t i = 0; i < n; i++)
        w[i] = fmax(w[i], 1e-300); /* a point drawn twice: its rows went to the other */
    const struct rows *rows = plain_rows(a, col, d, p->n, w);
    TRY_OUT(kmeans_open(cx, a, rows, km->k, km->is_cosine, NO_SPAN, &local));
    TRY_OUT(kmeans_start(cx, &local, INIT_PLUSPLUS, 0, s->seed, s->stream + 1000));
    TRY_OUT(kmeans_lloyd(cx, &local, LOCAL_ITER, 0));
    for (size_t i = 0; i < (size_t)km->k * d; i++)
        km->center[i] = local.center[i] + (local.origin ? local.origin[i % d] : 0.0);
    res = RC_OK;
out:
    kmeans_close(&local);
    arena_free(a);
    return res;
}

static enum rc_t parallel(struct ctx *cx, struct start *s, int rounds)
{
    struct kmeans *km = s->km;
    struct drawn p = {0};
    enum rc_t res = RC_ERR;
    int64_t row;
    int from = 0;
    TRY_OUT(start_open(cx, s, true));
    TRY_OUT(first_row(s, &row));
    TRY_OUT(drawn_add(cx, &p, km, row));
    for (int round = 0; round < rounds || (p.n < km->k && round < 50); round++) {
        TRY_OUT(lower_costs(cx, s, p.point + (size_t)from * km->d, p.n - from, from));
        from = p.n;
        if (!(s->total > 0)) break; /* fewer different rows than that */
        TRY_OUT(draw_round(cx, s, round, &p));
    }
    if (from < p.n) TRY_OUT(lower_costs(cx, s, p.point + (size_t)from * km->d, p.n - from, from));
    TRY_OUT(reduce(cx, s, &p));
    res = RC_OK;
out:
    if (p.point) mem_big_free(p.point);
    return res;
}

/* ---- k different rows ---- */
/* Those with the smallest of -ln(u) / w: draws without replacement by weight (Efraimidis and
 * Spirakis, Inf. Process. Lett. 97, 2006). */
static enum rc_t random_rows(struct ctx *cx, struct start *s)
{
    struct kmeans *km = s->km;
    const struct rows *r = km->r;
    double *key = ARENA_ARRAY(cx->arena, double, km->k);
    int64_t *row = ARENA_ARRAY(cx->arena, int64_t, km->k);
    int n = 0;
    for (int64_t i = 0; i < r->n; i++) {
        if ((i & 0xffff) == 0) TRY(check_cancel(cx));
        double w = weight_of(r, i);
        double mine = w > 0 ? -log1p(-rng_unit(s->seed, s->stream, (uint64_t)i)) / w : INFINITY;
        if (n == km->k && !(mine < key[n - 1])) continue;
        int at = n < km->k ? n++ : n - 1;
        for (; at > 0 && mine < key[at - 1]; at--) {
            key[at] = key[at - 1];
            row[at] = row[at - 1];
        }
        key[at] = mine;
        row[at] = i;
    }
    for (int c = 0; c < n; c++)
        copy_row(km, row[c], km->center + (size_t)c * km->d);
    return RC_OK;
}

enum rc_t kmeans_start(struct ctx *cx, struct kmeans *km, enum kmeans_init how, int rounds,
                       uint64_t seed, uint64_t stream)
{
    struct start s = {.km = km, .seed = seed, .stream = stream};
    enum rc_t res = how == INIT_RANDOM     ? random_rows(cx, &s)
                    : how == INIT_PLUSPLUS ? plus_plus(cx, &s)
                                           : parallel(cx, &s, rounds);
    start_close(&s);
    return res;
}

/* ---- rows of plain columns ---- */
struct rows *plain_rows(struct arena *a, const double *const *col, size_t d, int64_t n,
                        const double *w)
{
    struct encoder *e = ARENA_NEW(a, struct encoder);
    struct rows *r = ARENA_NEW(a, struct rows);
    e->features = ARENA_ARRAY(a, struct enc_feature, d + 1);
    e->parts = ARENA_ARRAY(a, struct enc_part, d + 1);
    struct enc_factor *factors = ARENA_ARRAY(a, struct enc_factor, d + 1);
    e->n_features = e->n_parts = e->n_cols = (int)d;
    *r = (struct rows){.enc = e, .n = n, .w = w, .w_sum = (double)n, .arena = a};
    r->in.num = ARENA_ARRAY(a, const double *, d + 1);
    for (size_t j = 0; j < d; j++) {
        factors[j] = (struct enc_factor){.feature = (int)j, .n = 1};
        e->features[j] = (struct enc_feature){.kind = ENC_NUMBER, .ref = -1};
        e->parts[j] = (struct enc_part){
            .term = (int)j, .factors = &factors[j], .n_factors = 1, .first = (int)j, .n = 1};
        r->in.num[j] = col[j];
    }
    for (int64_t i = 0; w && i < n; i++)
        r->w_sum += w[i];
    if (w) r->w_sum -= (double)n;
    return r;
}
