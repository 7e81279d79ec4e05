/* rows.c: passes over the rows being fitted. The design is made a block of rows at a time in
 * scratch memory; only sums are kept. Shards are fixed stretches of rows, worked on in parallel a
 * wave at a time and added in order, so that every thread count gives the same bits. */
#include "runtime/ml/ml_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

#include <math.h>

#define SHARD_ROWS  8192
#define WAVE_SHARDS 16
#define WAVE_BYTES  (256 << 20) /* of accumulators in a wave */
#define BLOCK_BYTES (1 << 20)   /* of dense rows: stays in the cache of a core */

/* Rows of a shard: more where what is summed is large, so that putting sums together stays cheap.
 * Depends on the rows and the sum alone. */
static int64_t shard_rows(const struct rows *r, const struct row_sum *sum)
{
    int64_t n = SHARD_ROWS;
    while (n < (int64_t)(sum->n_acc / 2) && n < r->n / 8)
        n *= 2;
    return n;
}

static int block_rows(int p)
{
    size_t n = BLOCK_BYTES / (sizeof(double) * (size_t)(p > 0 ? p : 1));
    return n > 1024 ? 1024 : n < 64 ? 64 : (int)n;
}

struct wave {
    const struct rows *rows;
    const struct row_sum *sum;
    int64_t first, shard; /* number of the first one, rows of one */
    double *acc;          /* [shards of the wave, n_acc] */
};

static enum rc_t run_shard(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    struct wave *w = arg;
    const struct rows *r = w->rows;
    int64_t from = (w->first + task) * w->shard;
    int64_t to = from + w->shard < r->n ? from + w->shard : r->n;
    int p = r->enc->n_cols, step = w->sum->dense ? block_rows(p) : 1024;
    double *acc = w->acc + (size_t)task * w->sum->n_acc;
    memset(acc, 0, sizeof(double) * w->sum->n_acc);
    void *x = NULL;
    if (w->sum->dense) TRY(mem_big(cx, mem_mul(sizeof(double) * (size_t)step, (size_t)p) + 1, &x));
    enum rc_t res = RC_ERR;
    for (int64_t at = from; at < to; at += step) {
        struct block b = {.at = at, .n = (int)(to - at < step ? to - at : step), .x = x};
        TRY_OUT(check_cancel(cx));
        if (x && w->sum->by_column) enc_columns(r->enc, &r->in, at, b.n, x);
        if (x && !w->sum->by_column) enc_fill(r->enc, &r->in, at, b.n, x);
        TRY_OUT(w->sum->part(cx, w->sum->self, r, &b, acc));
    }
    res = RC_OK;
out:
    if (x) mem_big_free(x);
    return res;
}

enum rc_t rows_sum(struct ctx *cx, const struct rows *r, const struct row_sum *sum, double *acc)
{
    int64_t shard = shard_rows(r, sum), n_shards = (r->n + shard - 1) / shard;
    size_t bytes = mem_mul(sizeof(double), sum->n_acc);
    int64_t wave_n = (int64_t)(WAVE_BYTES / (bytes ? bytes : 1));
    wave_n = wave_n < 1 ? 1 : wave_n > WAVE_SHARDS ? WAVE_SHARDS : wave_n;
    void *parts = NULL;
    TRY(mem_big(cx, mem_mul(bytes, (size_t)wave_n) + 1, &parts));
    enum rc_t res = RC_ERR;
    if (bytes) memset(acc, 0, bytes);
    for (int64_t first = 0; first < n_shards; first += wave_n) {
        struct wave w = {.rows = r, .sum = sum, .first = first, .shard = shard, .acc = parts};
        int64_t n = n_shards - first < wave_n ? n_shards - first : wave_n;
        TRY_OUT(pool_run(cx, n, run_shard, &w));
        for (int64_t k = 0; k < n; k++) {
            double *part = w.acc + (size_t)k * sum->n_acc;
            if (sum->merge) {
                TRY_OUT(sum->merge(cx, sum->self, acc, part));
                continue;
            }
            for (size_t i = 0; i < sum->n_acc; i++)
                acc[i] += part[i];
        }
    }
    res = RC_OK;
out:
    mem_big_free(parts);
    return res;
}

/* ---- means, spreads, ends of the columns ---- */
/* acc: count, then sum, -min, max a column; the count tells an untouched shard. */
static enum rc_t mean_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                           double *acc)
{
    (void)cx;
    (void)self;
    size_t p = (size_t)r->enc->n_cols;
    double *sum = acc + 1, *min = sum + p, *max = min + p;
    for (int i = 0; i < b->n; i++) {
        const double *x = b->x + (size_t)i * p;
        double w = r->w ? r->w[b->at + i] : 1.0;
        bool first = acc[0]++ == 0;
        for (size_t j = 0; j < p; j++) {
            sum[j] += w * x[j];
            if (first || x[j] < min[j]) min[j] = x[j];
            if (first || x[j] > max[j]) max[j] = x[j];
        }
    }
    return RC_OK;
}

static enum rc_t mean_merge(struct ctx *cx, void *self, double *acc, double *other)
{
    (void)cx;
    size_t p = *(size_t *)self;
    for (size_t j = 0; j < p; j++) {
        acc[1 + j] += other[1 + j];
        double lo = other[1 + p + j], hi = other[1 + 2 * p + j];
        if (acc[0] == 0 || lo < acc[1 + p + j]) acc[1 + p + j] = lo;
        if (acc[0] == 0 || hi > acc[1 + 2 * p + j]) acc[1 + 2 * p + j] = hi;
    }
    acc[0] += other[0];
    return RC_OK;
}

static enum rc_t spread_part(struct ctx *cx, void *self, const struct rows *r,
                             const struct block *b, double *acc)
{
    (void)cx;
    const double *mean = self;
    size_t p = (size_t)r->enc->n_cols;
    for (int i = 0; i < b->n; i++) {
        const double *x = b->x + (size_t)i * p;
        double w = r->w ? r->w[b->at + i] : 1.0;
        for (size_t j = 0; j < p; j++)
            acc[j] += w * (x[j] - mean[j]) * (x[j] - mean[j]);
    }
    return RC_OK;
}

enum rc_t rows_stats(struct ctx *cx, struct arena *a, const struct rows *r, struct col_stats *out)
{
    size_t p = (size_t)r->enc->n_cols;
    double *ends = ARENA_ARRAY(a, double, 3 * p + 1), *sd = ARENA_ARRAY(a, double, p + 1);
    struct row_sum means = {
        .self = &p, .n_acc = 3 * p + 1, .dense = true, .part = mean_part, .merge = mean_merge};
    TRY(rows_sum(cx, r, &means, ends));
    double *mean = ends + 1;
    for (size_t j = 0; j < p; j++)
        mean[j] /= r->w_sum;
    struct row_sum spread = {.self = mean, .n_acc = p, .dense = true, .part = spread_part};
    TRY(rows_sum(cx, r, &spread, sd));
    double n = (double)r->n;
    for (size_t j = 0; j < p; j++)
        sd[j] = r->n > 1 ? sqrt(sd[j] / r->w_sum * (n / (n - 1.0))) : 0.0;
    *out = (struct col_stats){.mean = mean, .sd = sd, .min = mean + p, .max = mean + 2 * p};
    return RC_OK;
}

void design_block(const struct design *d, const struct block *b, int p)
{
    for (int i = 0; i < b->n; i++) {
        const double *x = b->x + (size_t)i * (size_t)p;
        double *z = b->x + (size_t)i * (size_t)d->k; /* k <= p: never overtakes what is read */
        for (int j = 0; j < d->k; j++)
            z[j] = (x[d->col[j]] - d->mean[j]) / d->scale[j];
    }
}
