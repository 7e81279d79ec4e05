/* kmeans_lloyd.c: Lloyd's iterations (IEEE Trans. Inform. Theory 28, 1982). A pass assigns the rows
 * and adds up only those that moved: after the first few passes few do. */
#include "runtime/ml/models/kmeans_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

#include <math.h>

#define FRESH_EVERY 32        /* passes after which the sums are made anew */
#define FRESH_LOSS  (1 / 64.) /* or when a cluster has lost so much of its weight */

/* ---- a run's room ---- */
/* acc: sum and sum of squares a column, less the origin; then rows of length 0. */
static enum rc_t spread_part(struct ctx *cx, void *self, const struct rows *r,
                             const struct block *b, double *acc)
{
    (void)cx;
    const struct kmeans *km = self;
    struct tiles t;
    double length[TILE];
    tiles_open(&t, r->enc, &r->in, km->feature, km->origin, TILE);
    for (int i = 0; i < b->n; i += TILE) {
        int n = b->n - i < TILE ? b->n - i : TILE;
        tiles_load(&t, b->at + i, n);
        if (!km->is_cosine) {
            tile_moments(t.x, km->d, acc);
            continue;
        }
        tiles_unit(&t, length);
        for (int k = 0; k < n; k++)
            acc[2 * km->d] += !(length[k] > 0);
    }
    tiles_close(&t);
    return RC_OK;
}

static enum rc_t refuse_zeros(struct ctx *cx, int64_t n, struct span span)
{
    fail(cx, E209, span, "distance: cosine: %s only zeros, which point nowhere",
         ml_rows_have(cx->arena, n));
    return err_note(cx, "leave such rows out, or take distance: euclidean");
}

enum rc_t kmeans_open(struct ctx *cx, struct arena *a, const struct rows *r, int k, bool is_cosine,
                      struct span span, struct kmeans *out)
{
    size_t d = (size_t)r->enc->n_cols;
    void *label = NULL;
    double *acc = ARENA_ARRAY(cx->arena, double, 2 * d + 1), n = (double)r->n;
    *out = (struct kmeans){.r = r, .k = k, .d = d, .is_cosine = is_cosine};
    out->feature = tile_features(a, r->enc);
    out->center = ARENA_ARRAY(a, double, mem_mul((size_t)k, d) + 1);
    out->size = ARENA_ARRAY(a, double, 3 * (size_t)k);
    out->n = out->size + k;
    out->within = out->n + k;
    if (!is_cosine) {
        out->origin = ARENA_ARRAY(a, double, d + 1);
        enc_fill(r->enc, &r->in, 0, 1, out->origin);
    }
    struct row_sum sum = {.self = out, .n_acc = 2 * d + 1, .part = spread_part};
    TRY(rows_sum(cx, r, &sum, acc));
    if (acc[2 * d] > 0) return refuse_zeros(cx, (int64_t)acc[2 * d], span);
    for (size_t j = 0; j < d && !is_cosine; j++) {
        double mean = acc[2 * j] / n;
        out->origin[j] += mean;
        out->variance += fmax(acc[2 * j + 1] / n - mean * mean, 0.0) / (double)d;
    }
    if (is_cosine) out->variance = 1.0;
    TRY(mem_big(cx, sizeof(int32_t) * (size_t)r->n + 1, &label));
    out->label = label;
    return RC_OK;
}

void kmeans_close(struct kmeans *km)
{
    if (km->label) mem_big_free(km->label);
    km->label = NULL;
}

void kmeans_given(struct kmeans *km, const double *center)
{
    for (size_t c = 0; c < (size_t)km->k; c++)
        for (size_t j = 0; j < km->d; j++)
            km->center[c * km->d + j] = center[c * km->d + j] - (km->origin ? km->origin[j] : 0.0);
    if (km->is_cosine) kmeans_unit(km->center, km->k, km->d);
}

void kmeans_unit(double *center, int k, size_t d)
{
    for (double *c = center; k-- > 0; c += d) {
        double sum = 0;
        for (size_t j = 0; j < d; j++)
            sum += c[j] * c[j];
        for (size_t j = 0; j < d && sum > 0; j++)
            c[j] /= sqrt(sum);
    }
}

void kmeans_load(const struct kmeans *km, struct tiles *t, int64_t at, int n)
{
    double length[TILE];
    tiles_load(t, at, n);
    if (km->is_cosine) tiles_unit(t, length);
}

/* ---- a pass ---- */
/* acc of a pass, one after the other */
struct sums {
    double *sum;        /* [k, d] of the rows that moved, less the origin */
    double *weight, *n; /* [k] */
    double *within;     /* [k] */
    double *moved;      /* rows */
};
static size_t sums_size(const struct kmeans *km)
{
    return (size_t)km->k * (km->d + 3) + 1;
}
static struct sums sums_at(const struct kmeans *km, double *acc)
{
    size_t k = (size_t)km->k;
    double *w = acc + k * km->d;
    return (struct sums){acc, w, w + k, w + 2 * k, w + 3 * k};
}

struct pass {
    struct kmeans *km;
    double *packed, *half;
    bool is_fresh; /* every row counts, not only those that moved */
    bool keeps;    /* labels stay */
    bool measures; /* within */
};

static void add_row(const struct kmeans *km, const struct sums *s, const double *x, int32_t c,
                    double w, double n)
{
    double *sum = s->sum + (size_t)c * km->d;
    for (size_t j = 0; j < km->d; j++)
        sum[j] += w * x[j * TILE];
    s->weight[c] += w;
    s->n[c] += n;
}

/* Of one row: moves it from one sum to another. x: its column of the tile. */
static void take_row(const struct pass *p, const struct sums *s, const double *x, int64_t row,
                     int32_t to)
{
    const struct kmeans *km = p->km;
    int32_t from = km->label[row];
    double w = km->r->w ? km->r->w[row] : 1.0;
    if (from != to) *s->moved += 1;
    if (p->is_fresh || from != to) add_row(km, s, x, to, w, 1.0);
    if (!p->is_fresh && from != to && from >= 0) add_row(km, s, x, from, -w, -1.0);
    km->label[row] = to;
}

static double distance2_to(const struct kmeans *km, const double *x, int32_t c)
{
    const double *center = km->center + (size_t)c * km->d;
    double sum = 0;
    for (size_t j = 0; j < km->d; j++) {
        double diff = x[j * TILE] - center[j];
        sum += diff * diff;
    }
    return km->is_cosine ? sum / 2 : sum; /* unit vectors: |x - c|^2 = 2 - 2 x.c */
}

static enum rc_t pass_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                           double *acc)
{
    (void)cx;
    const struct pass *p = self;
    const struct kmeans *km = p->km;
    struct sums s = sums_at(km, acc);
    struct tiles t;
    struct tile_best best;
    double *dots = mem_alloc(sizeof(double) * tile_packed(km->k, TILE));
    tiles_open(&t, r->enc, &r->in, km->feature, km->origin, TILE);
    for (int i = 0; i < b->n; i += TILE) {
        int n = b->n - i < TILE ? b->n - i : TILE;
        int64_t at = b->at + i;
        kmeans_load(km, &t, at, n);
        if (!p->keeps) {
            tile_dots(t.x, p->packed, km->d, km->k, dots);
            tile_nearest(dots, p->half, km->k, &best);
        }
        for (int k = 0; k < n; k++) {
            int32_t to = p->keeps ? km->label[at + k] : (int32_t)best.at[k];
            take_row(p, &s, t.x + k, at + k, to);
            if (p->measures)
                s.within[to] += (r->w ? r->w[at + k] : 1.0) * distance2_to(km, t.x + k, to);
        }
    }
    tiles_close(&t);
    mem_free(dots);
    return RC_OK;
}

static enum rc_t run_pass(struct ctx *cx, struct pass *p, double *acc)
{
    struct kmeans *km = p->km;
    tile_pack(km->center, km->k, km->d, p->packed);
    for (size_t c = 0; c < (size_t)km->k; c++) {
        const double *v = km->center + c * km->d;
        double sum = 0;
        for (size_t j = 0; j < km->d; j++)
            sum += v[j] * v[j];
        p->half[c] = km->is_cosine ? 0.0 : sum / 2;
    }
    struct row_sum sum = {.self = p, .n_acc = sums_size(km), .part = pass_part};
    return rows_sum(cx, km->r, &sum, acc);
}

/* ---- clusters without rows ---- */
struct far { /* the rows farthest from their centre, farthest first */
    const struct kmeans *km;
    int n;
    double *distance;
    int64_t *row;
};

static void far_add(struct far *f, double distance, int64_t row)
{
    int at = f->n;
    while (at > 0 && distance > f->distance[at - 1])
        at--;
    if (at == f->n) return;
    for (int i = f->n - 1; i > at; i--) {
        f->distance[i] = f->distance[i - 1];
        f->row[i] = f->row[i - 1];
    }
    f->distance[at] = distance;
    f->row[at] = row;
}

/* Serial: seldom, and the order of rows decides ties. */
static enum rc_t find_far(struct ctx *cx, struct far *f)
{
    const struct kmeans *km = f->km;
    const struct rows *r = km->r;
    struct tiles t;
    enum rc_t res = RC_OK;
    tiles_open(&t, r->enc, &r->in, km->feature, km->origin, TILE);
    for (int64_t at = 0; res == RC_OK && at < r->n; at += TILE) {
        int n = r->n - at < TILE ? (int)(r->n - at) : TILE;
        kmeans_load(km, &t, at, n);
        for (int k = 0; k < n; k++)
            if (!r->w || r->w[at + k] > 0)
                far_add(f, distance2_to(km, t.x + k, km->label[at + k]), at + k);
        if (at % (1 << 16) == 0) res = check_cancel(cx);
    }
    tiles_close(&t);
    return res;
}

/* Each cluster without rows takes the row that is farthest from its own centre, out of the sums of
 * the cluster that it leaves (the labels follow in the next pass). */
static enum rc_t refill_empty(struct ctx *cx, const struct kmeans *km, struct sums *s)
{
    int n_empty = 0;
    int32_t *empty = ARENA_ARRAY(cx->arena, int32_t, km->k);
    for (int c = 0; c < km->k; c++)
        if (!(s->n[c] > 0)) empty[n_empty++] = c;
    if (n_empty == 0) return RC_OK;
    struct far f = {.km = km, .n = n_empty};
    f.distance = ARENA_ARRAY(cx->arena, double, n_empty);
    f.row = ARENA_ARRAY(cx->arena, int64_t, n_empty);
    TRY(find_far(cx, &f));
    struct tiles t;
    tiles_open(&t, km->r->enc, &km->r->in, km->feature, km->origin, TILE);
    for (int i = 0; i < n_empty && f.distance[i] > 0; i++) {
        double w = km->r->w ? km->r->w[f.row[i]] : 1.0;
        kmeans_load(km, &t, f.row[i], 1);
        add_row(km, s, t.x, empty[i], w, 1.0);
        add_row(km, s, t.x, km->label[f.row[i]], -w, -1.0);
    }
    tiles_close(&t);
    return RC_OK;
}

/* ---- the iterations ---- */
/* Centres from the sums; the sum of their squared shifts. A cluster of no weight stays. */
static double move_centers(struct kmeans *km, const struct sums *s)
{
    double shift = 0;
    double *next = mem_alloc(sizeof(double) * km->d + 1);
    for (size_t c = 0; c < (size_t)km->k; c++) {
        double *center = km->center + c * km->d;
        if (!(s->weight[c] > 0)) continue;
        for (size_t j = 0; j < km->d; j++)
            next[j] = s->sum[c * km->d + j] / s->weight[c];
        if (km->is_cosine) kmeans_unit(next, 1, km->d);
        for (size_t j = 0; j < km->d; j++) {
            shift += (next[j] - center[j]) * (next[j] - center[j]);
            center[j] = next[j];
        }
    }
    mem_free(next);
    return shift;
}

struct lloyd {
    struct pass pass;
    double *state, *acc, *work, *peak; /* sums of the labels; of a pass; refilled; [k] weights */
};

/* Adds a pass to the state; whether the sums have to be made anew next time. */
static bool absorb(struct lloyd *l)
{
    const struct kmeans *km = l->pass.km;
    size_t n = sums_size(km);
    bool is_worn = false;
    for (size_t i = 0; i < n; i++)
        l->state[i] = l->pass.is_fresh ? l->acc[i] : l->state[i] + l->acc[i];
    const struct sums s = sums_at(km, l->state);
    for (int c = 0; c < km->k; c++) {
        if (l->pass.is_fresh || s.weight[c] > l->peak[c]) l->peak[c] = s.weight[c];
        is_worn |= s.weight[c] < FRESH_LOSS * l->peak[c];
    }
    return is_worn;
}

static enum rc_t iterate(struct ctx *cx, struct lloyd *l, int max_iter, double tol, bool *settled)
{
    struct kmeans *km = l->pass.km;
    struct doing doing = pool_doing("k-means");
    struct ctx tells = *cx, quiet = *cx;
    tells.doing = &doing;
    quiet.doing = NULL;
    *settled = km->converged = false;
    l->pass.is_fresh = true;
    for (km->iterations = 0; km->iterations < max_iter && !km->converged;) {
        TRY(run_pass(&quiet, &l->pass, l->acc));
        km->iterations++;
        l->pass.is_fresh = absorb(l) || km->iterations % FRESH_EVERY == 0;
        *settled = *sums_at(km, l->acc).moved <= 0;
        memcpy(l->work, l->state, sizeof(double) * sums_size(km));
        struct sums s = sums_at(km, l->work);
        TRY(refill_empty(cx, km, &s));
        double shift = move_centers(km, &s);
        km->converged = *settled || shift <= tol * km->variance;
        pool_tell(&tells, km->iterations, max_iter);
    }
    return RC_OK;
}

static void keep_summary(struct kmeans *km, const struct sums *s)
{
    km->inertia = 0;
    for (int c = 0; c < km->k; c++) {
        km->size[c] = s->weight[c];
        km->n[c] = s->n[c];
        km->within[c] = s->within[c];
        km->inertia += s->within[c];
    }
}

enum rc_t kmeans_lloyd(struct ctx *cx, struct kmeans *km, int max_iter, double tol)
{
    size_t n = sums_size(km), k = (size_t)km->k;
    size_t packed = tile_packed(km->k, km->d);
    void *room = NULL;
    enum rc_t res = RC_ERR;
    bool settled = false;
    for (int64_t i = 0; i < km->r->n; i++)
        km->label[i] = -1;
    TRY_OUT(mem_big_zero(cx, sizeof(double) * (3 * n + 2 * k + packed) + 1, &room));
    struct lloyd l = {.pass = {.km = km}, .state = room};
    l.acc = l.state + n;
    l.work = l.acc + n;
    l.peak = l.work + n;
    l.pass.half = l.peak + k;
    l.pass.packed = l.pass.half + k;
    TRY_OUT(iterate(cx, &l, max_iter, tol, &settled));
    l.pass.is_fresh = l.pass.measures = true;
    l.pass.keeps = settled; /* labels are those of the centres already */
    TRY_OUT(run_pass(cx, &l.pass, l.acc));
    struct sums s = sums_at(km, l.acc);
    keep_summary(km, &s);
    res = RC_OK;
out:
    if (room) mem_big_free(room);
    return res;
}
