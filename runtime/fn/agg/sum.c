/* sum.c: sum and mean. num: eight running sums a batch, batches added with their rounding errors
 * kept (two_sum), so the result hardly depends on how rows were split. int: 128 bits, so that only
 * the result can overflow, never the way to it. A bool counts as 0 or 1. */
#include "runtime/fn/agg/agg.h"

#include "runtime/base/kernel.h"

#include <math.h>

/* ---- num ---- */
static inline void num_add(struct num_sum *s, double x)
{
    s->s = two_sum(s->s, x, &s->error);
    s->n++;
}
static void num_dense(struct num_sum *s, const double *a, int64_t n)
{
    for (int64_t at = 0; at < n; at += BATCH_ROWS) {
        int64_t m = n - at < BATCH_ROWS ? n - at : BATCH_ROWS;
        s->s = two_sum(s->s, dense_sum(a + at, m), &s->error);
    }
    s->n += n;
}

#define K_NAME           num_update
#define K_T              double
#define K_STATE          struct num_sum
#define K_ADD(s, x)      num_add(s, x)
#define K_DENSE(s, a, n) num_dense(s, a, n)
#define K_CONST(v)       (v).u.f
#include "runtime/fn/kern/agg.inc.h"

static enum rc_t num_combine(struct agg_eval *e, char *dst, const char *src)
{
    struct num_sum *d = (struct num_sum *)(void *)dst;
    const struct num_sum *s = (const struct num_sum *)(const void *)src;
    (void)e;
    d->s = two_sum(d->s, s->s, &d->error);
    d->error += s->error;
    d->n += s->n;
    return RC_OK;
}

/* Infinities make the kept error NaN; then the plain sum is right. */
static double num_value(const struct num_sum *s)
{
    return isfinite(s->s) ? s->s + s->error : s->s;
}

static enum rc_t num_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                           struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        put_f64(out, i,
                num_value((const struct num_sum *)(const void *)(base + (size_t)i * stride)));
    return RC_OK;
}

static enum rc_t num_mean(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                          struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        const struct num_sum *s = (const void *)(base + (size_t)i * stride);
        put_f64(out, i, s->n ? num_value(s) / (double)s->n : NAN);
    }
    return RC_OK;
}

/* ---- int, duration ---- */
static inline void int_add(struct int_sum *s, int64_t x)
{
    s->lo += (uint64_t)x;
    s->hi += (x >> 63) + (s->lo < (uint64_t)x);
    s->n++;
}

/* Wrapping sum, and the bits of all magnitudes or-ed: small values cannot have wrapped. */
KERNEL static uint64_t int_lanes(int64_t n, const int64_t *restrict a, uint64_t *restrict bits)
{
    uint64_t sum = 0, seen = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += (uint64_t)a[i];
        seen |= (uint64_t)(a[i] ^ (a[i] >> 63));
    }
    *bits = seen;
    return sum;
}

static void int_dense(struct int_sum *s, const int64_t *a, int64_t n)
{
    for (int64_t at = 0; at < n; at += BATCH_ROWS) {
        int64_t m = n - at < BATCH_ROWS ? n - at : BATCH_ROWS;
        uint64_t bits;
        int64_t sum = (int64_t)int_lanes(m, a + at, &bits);
        if (bits >> 51) { /* 2,048 of them could leave 63 bits */
            for (int64_t i = 0; i < m; i++)
                int_add(s, a[at + i]);
            continue;
        }
        int_add(s, sum);
        s->n += m - 1;
    }
}

#define K_NAME           int_update
#define K_T              int64_t
#define K_STATE          struct int_sum
#define K_ADD(s, x)      int_add(s, x)
#define K_DENSE(s, a, n) int_dense(s, a, n)
#define K_CONST(v)       (v).u.i
#include "runtime/fn/kern/agg.inc.h"

static enum rc_t int_combine(struct agg_eval *e, char *dst, const char *src)
{
    struct int_sum *d = (struct int_sum *)(void *)dst;
    const struct int_sum *s = (const struct int_sum *)(const void *)src;
    (void)e;
    d->lo += s->lo;
    d->hi += s->hi + (d->lo < s->lo);
    d->n += s->n;
    return RC_OK;
}

static enum rc_t int_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                           struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    for (int64_t i = 0; i < n; i++) {
        const struct int_sum *s = (const void *)(base + (size_t)i * stride);
        r[i] = (int64_t)s->lo;
        if (s->hi == r[i] >> 63) continue;
        (void)fail(e->cx, E312, e->span, "the sum does not fit %s", kind_name(e->type.kind));
        return e->type.kind == KIND_INT ? err_hint(e->cx, "sum(num(x))") : RC_ERR;
    }
    return RC_OK;
}

static enum rc_t int_mean(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                          struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        const struct int_sum *s = (const void *)(base + (size_t)i * stride);
        put_f64(out, i, s->n ? (double)int_total(s) / (double)s->n : NAN);
    }
    return RC_OK;
}

/* Mean duration, rounded to the microsecond (half to even). */
static enum rc_t duration_mean(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                               struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        const struct int_sum *s = (const void *)(base + (size_t)i * stride);
        r[i] = 0;
        if (s->n == 0) {
            out_null(out, i);
            continue;
        }
        int128 total = int_total(s), q = total / s->n, rest = total % s->n;
        int128 twice = rest < 0 ? -2 * rest : 2 * rest;
        bool away = twice > s->n || (twice == s->n && q % 2 != 0);
        r[i] = (int64_t)(q + (away ? (total < 0 ? -1 : 1) : 0));
    }
    return RC_OK;
}

/* ---- bool ---- */
static enum rc_t bool_update(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                             int64_t n, const struct vec *args)
{
    for (int64_t i = 0; i < n; i++) {
        bool is_const = agg_const(e, 0);
        if (is_const ? e->consts[0].is_null : !vec_valid(&args[0], i)) continue;
        struct int_sum *s = (void *)(base + (groups ? groups[i] * stride : 0));
        int_add(s, is_const ? e->consts[0].u.b : vec_bool(&args[0], i));
    }
    return RC_OK;
}

#define FOREIGN_SUM                                                                                \
    {                                                                                              \
        "coalesce(sum(%1), 0)", "coalesce(sum(%1), 0)"                                             \
    }
static const struct agg_overload sum_overloads[] = {
    AG(KIND_INT, KIND_INT, struct int_sum, int_update, int_combine, int_final),
    AG(KIND_NUM, KIND_NUM, struct num_sum, num_update, num_combine, num_final),
    AG(KIND_BOOL, KIND_INT, struct int_sum, bool_update, int_combine, int_final),
    AG(KIND_DURATION, KIND_DURATION, struct int_sum, int_update, int_combine, int_final),
};
const struct agg_desc agg_sum = {
    .name = "sum",
    .sig = "sum(x: num) -> num",
    .doc = "Sum of the values; of none it is 0. A bool counts as 0 or 1, an int sum past 64 bits "
           "is an "
           "error.",
    .example = "sum([1, 2, null])  #> 3",
    .overloads = sum_overloads,
    .n_overloads = COUNT(sum_overloads),
    .foreign = FOREIGN_SUM,
};

static const struct agg_overload mean_overloads[] = {
    AG(KIND_INT, KIND_NUM, struct int_sum, int_update, int_combine, int_mean),
    AG(KIND_NUM, KIND_NUM, struct num_sum, num_update, num_combine, num_mean),
    AG(KIND_BOOL, KIND_NUM, struct int_sum, bool_update, int_combine, int_mean),
    AG(KIND_DURATION, KIND_DURATION, struct int_sum, int_update, int_combine, duration_mean),
};
const struct agg_desc agg_mean = {
    .name = "mean",
    .sig = "mean(x: num) -> num",
    .doc = "Arithmetic mean; null without values. Of bools it is the share that is true.",
    .example = "mean([1, 2, null, 6])  #> 3.0",
    .overloads = mean_overloads,
    .n_overloads = COUNT(mean_overloads),
    .foreign = {"avg(%1)", "avg(%1)"},
};

/* ---- SQL's sum: of no values null ---- */
static enum rc_t int_final_sql(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                               struct vec *out)
{
    TRY(int_final(e, base, stride, n, out));
    for (int64_t i = 0; i < n; i++)
        if (((const struct int_sum *)(const void *)(base + (size_t)i * stride))->n == 0)
            out_null(out, i);
    return RC_OK;
}
static enum rc_t num_final_sql(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                               struct vec *out)
{
    TRY(num_final(e, base, stride, n, out));
    for (int64_t i = 0; i < n; i++)
        if (((const struct num_sum *)(const void *)(base + (size_t)i * stride))->n == 0)
            out_null(out, i);
    return RC_OK;
}
static const struct agg_overload sql_sum_overloads[] = {
    AG(KIND_INT, KIND_INT, struct int_sum, int_update, int_combine, int_final_sql),
    AG(KIND_NUM, KIND_NUM, struct num_sum, num_update, num_combine, num_final_sql),
    AG(KIND_DURATION, KIND_DURATION, struct int_sum, int_update, int_combine, int_final_sql),
};
const struct agg_desc agg_sql_sum = {
    .name = "sql_sum",
    .sig = "sql_sum(x: num) -> num",
    .doc = "SQL's sum: null without values.",
    .example = "sql_sum([1, 2, null])  #> 3",
    .is_hidden = true,
    .overloads = sql_sum_overloads,
    .n_overloads = COUNT(sql_sum_overloads),
    .foreign = {"sum(%1)", "sum(%1)"},
};
