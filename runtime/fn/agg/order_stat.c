/* order_stat.c: values of given rank of a long column without sorting it. Values become words that
 * rise with them; a histogram over the range of the words (65,536 buckets) tells in which bucket a
 * rank lies, and only that bucket's values are gathered and searched. Two passes for the histogram,
 * which items over the same values share, and one for each rank; passes run over blocks in
 * parallel. */
#include "runtime/fn/agg/agg.h"

#include "runtime/base/pool.h"

#include <math.h>

#define BUCKET_BITS 16
#define BUCKETS     (1 << BUCKET_BITS)
#define MOST_BLOCKS 16

struct spread {
    const struct vec *v;
    int64_t n, block; /* rows, and of a block */
    int n_blocks;
    uint64_t lo[MOST_BLOCKS], hi[MOST_BLOCKS]; /* of a block's words; lo > hi: no values */
    uint64_t least;
    int shift;
    int64_t n_values;
    uint32_t *counts; /* [n_blocks][BUCKETS] */
    /* the bucket being gathered */
    uint64_t bucket;
    int64_t at[MOST_BLOCKS];
    double *out;
};
static const char spread_tag; /* says whose a shared thing is */

static inline uint64_t f64_word(double x)
{
    uint64_t u;
    x = x == 0 ? 0 : x; /* -0 is 0 */
    memcpy(&u, &x, 8);
    return u >> 63 ? ~u : u | UINT64_C(1) << 63;
}
static inline uint64_t i64_word(int64_t x)
{
    return (uint64_t)x ^ UINT64_C(1) << 63;
}

static void block_rows(const struct spread *s, int64_t task, int64_t *from, int64_t *to)
{
    *from = task * s->block;
    *to = *from + s->block < s->n ? *from + s->block : s->n;
}

#define EACH_VALUE(body)                                                                           \
    do {                                                                                           \
        const uint64_t *valid_ = s->v->valid;                                                      \
        if (s->v->phys == PHYS_F64) {                                                              \
            const double *a_ = s->v->data;                                                         \
            for (int64_t i = from; i < to; i++) {                                                  \
                if (valid_ && !bit_get(valid_, i)) continue;                                       \
                uint64_t word = f64_word(a_[i]);                                                   \
                double value = a_[i];                                                              \
                (void)value;                                                                       \
                body                                                                               \
            }                                                                                      \
        } else {                                                                                   \
            const int64_t *a_ = s->v->data;                                                        \
            for (int64_t i = from; i < to; i++) {                                                  \
                if (valid_ && !bit_get(valid_, i)) continue;                                       \
                uint64_t word = i64_word(a_[i]);                                                   \
                double value = (double)a_[i];                                                      \
                (void)value;                                                                       \
                body                                                                               \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static enum rc_t range_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct spread *s = arg;
    int64_t from, to;
    uint64_t lo = UINT64_MAX, hi = 0;
    (void)cx, (void)worker;
    block_rows(s, task, &from, &to);
    EACH_VALUE({
        lo = word < lo ? word : lo;
        hi = word > hi ? word : hi;
    });
    s->lo[task] = lo;
    s->hi[task] = hi;
    return RC_OK;
}

static enum rc_t count_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct spread *s = arg;
    int64_t from, to;
    uint32_t *counts = s->counts + task * BUCKETS;
    (void)cx, (void)worker;
    block_rows(s, task, &from, &to);
    EACH_VALUE({ counts[(word - s->least) >> s->shift]++; });
    return RC_OK;
}

static enum rc_t gather_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct spread *s = arg;
    int64_t from, to, at = s->at[task];
    double *out = s->out;
    (void)cx, (void)worker;
    block_rows(s, task, &from, &to);
    EACH_VALUE({
        if ((word - s->least) >> s->shift == s->bucket) out[at++] = value;
    });
    return RC_OK;
}

static rc spread_fill(struct agg_eval *e, struct spread *s)
{
    uint64_t lo = UINT64_MAX, hi = 0;
    int bits = 0;
    void *counts;
    TRY(pool_run(e->cx, s->n_blocks, range_task, s));
    for (int b = 0; b < s->n_blocks; b++) {
        lo = s->lo[b] < lo ? s->lo[b] : lo;
        hi = s->hi[b] > hi ? s->hi[b] : hi;
    }
    if (lo > hi) return RC_OK; /* nulls only */
    while (bits < 64 && (hi - lo) >> bits)
        bits++;
    s->least = lo;
    s->shift = bits > BUCKET_BITS ? bits - BUCKET_BITS : 0;
    counts = arena_zero(e->arena, (size_t)s->n_blocks * BUCKETS * sizeof *s->counts);
    s->counts = counts;
    TRY(pool_run(e->cx, s->n_blocks, count_task, s));
    for (int64_t i = 0; i < (int64_t)s->n_blocks * BUCKETS; i++)
        s->n_values += s->counts[i];
    return RC_OK;
}

/* The histogram of e's values, made once for all items over the same ones. */
static rc spread_of(struct agg_eval *e, int64_t n, const struct vec *v, struct spread **out)
{
    struct spread *s;
    if (e->shared && e->shared->owner == &spread_tag) {
        *out = e->shared->p;
        (*out)->v = v;
        return RC_OK;
    }
    s = ARENA_NEW(e->arena, struct spread);
    s->v = v;
    s->n = n;
    s->block = (n + MOST_BLOCKS - 1) / MOST_BLOCKS;
    s->n_blocks = (int)((n + s->block - 1) / s->block);
    TRY(spread_fill(e, s));
    if (e->shared) *e->shared = (struct agg_shared){&spread_tag, s};
    *out = s;
    return RC_OK;
}

/* Bucket that holds the value of rank k; *k becomes the rank in it, *n its size. */
static uint64_t bucket_of(const struct spread *s, int64_t *k, int64_t *n)
{
    for (uint64_t b = 0; b < BUCKETS; b++) {
        *n = 0;
        for (int t = 0; t < s->n_blocks; t++)
            *n += s->counts[(size_t)t * BUCKETS + b];
        if (*k < *n) return b;
        *k -= *n;
    }
    return BUCKETS - 1;
}

static rc gather_bucket(struct agg_eval *e, struct spread *s, uint64_t bucket, int64_t n,
                        double **out)
{
    int64_t at = 0;
    TRY(mem_big(e->cx, mem_mul(8, (size_t)n + 1), (void **)out));
    s->bucket = bucket;
    s->out = *out;
    for (int t = 0; t < s->n_blocks; t++) {
        s->at[t] = at;
        at += s->counts[(size_t)t * BUCKETS + bucket];
    }
    if (pool_run(e->cx, s->n_blocks, gather_task, s) == RC_OK) return RC_OK;
    mem_big_free(*out);
    return RC_ERR;
}

rc order_stats(struct agg_eval *e, int64_t n, const struct vec *v, double p, double out[2],
               double *t)
{
    struct spread *s;
    double *a;
    TRY(spread_of(e, n, v, &s));
    *t = 0;
    out[0] = out[1] = NAN;
    if (s->n_values == 0) return RC_OK;
    double at = (double)(s->n_values - 1) * p;
    int64_t k = (int64_t)floor(at), in, size, next, next_size;
    if (k > s->n_values - 1) k = s->n_values - 1;
    *t = at - (double)k;
    in = k;
    uint64_t b = bucket_of(s, &in, &size);
    TRY(gather_bucket(e, s, b, size, &a));
    select_kth(a, size, in);
    out[0] = out[1] = a[in];
    if (in + 1 < size) out[1] = least_of(a + in + 1, size - in - 1);
    mem_big_free(a);
    if (k + 1 >= s->n_values || in + 1 < size) return RC_OK;
    next = k + 1;
    b = bucket_of(s, &next, &next_size);
    TRY(gather_bucket(e, s, b, next_size, &a));
    out[1] = least_of(a, next_size);
    mem_big_free(a);
    return RC_OK;
}
