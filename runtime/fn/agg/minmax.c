/* minmax.c: min and max of numbers, times, text and bools. */
#include "runtime/fn/agg/agg.h"

#include "runtime/base/kernel.h"

#define LANES 8

/* min_X and max_X for one C type: state, dense loop of eight running extremes, update, combine. */
#define EXTREME(id, T, OP)                                                                         \
    KERNEL static void id##_lanes(int64_t n, const T *restrict a, T *restrict acc)                 \
    {                                                                                              \
        for (int64_t i = 0; i < n; i += LANES)                                                     \
            for (int k = 0; k < LANES; k++)                                                        \
                acc[k] = a[i + k] OP acc[k] ? a[i + k] : acc[k];                                   \
    }                                                                                              \
    static inline void id##_add(struct id##_state *s, T x)                                         \
    {                                                                                              \
        if (!s->has || x OP s->v) s->v = x;                                                        \
        s->has = 1;                                                                                \
    }                                                                                              \
    static void id##_dense(struct id##_state *s, const T *a, int64_t n)                            \
    {                                                                                              \
        T acc[LANES];                                                                              \
        int64_t even = n - n % LANES;                                                              \
        for (int k = 0; k < LANES; k++)                                                            \
            acc[k] = a[0];                                                                         \
        id##_lanes(even, a, acc);                                                                  \
        for (int k = 0; k < LANES; k++)                                                            \
            id##_add(s, acc[k]);                                                                   \
        for (int64_t i = even; i < n; i++)                                                         \
            id##_add(s, a[i]);                                                                     \
    }                                                                                              \
    static enum rc_t id##_combine(struct agg_eval *e, char *dst, const char *src)                  \
    {                                                                                              \
        const struct id##_state *s = (const void *)src;                                            \
        (void)e;                                                                                   \
        if (s->has) id##_add((void *)dst, s->v);                                                   \
        return RC_OK;                                                                              \
    }                                                                                              \
    static enum rc_t id##_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,    \
                                struct vec *out)                                                   \
    {                                                                                              \
        (void)e;                                                                                   \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const struct id##_state *s = (const void *)(base + (size_t)i * stride);                \
            ((T *)out->data)[i] = s->v;                                                            \
            if (!s->has) out_null(out, i);                                                         \
        }                                                                                          \
        return RC_OK;                                                                              \
    }
#define STATE(id, T)                                                                               \
    struct id##_state {                                                                            \
        T v;                                                                                       \
        int64_t has;                                                                               \
    };

STATE(min_f64, double)
STATE(max_f64, double)
STATE(min_i64, int64_t)
STATE(max_i64, int64_t)
STATE(min_i32, int32_t)
STATE(max_i32, int32_t)
EXTREME(min_f64, double, <)
EXTREME(max_f64, double, >)
EXTREME(min_i64, int64_t, <)
EXTREME(max_i64, int64_t, >)
EXTREME(min_i32, int32_t, <)
EXTREME(max_i32, int32_t, >)

#define K_NAME           min_f64_update
#define K_T              double
#define K_STATE          struct min_f64_state
#define K_ADD(s, x)      min_f64_add(s, x)
#define K_DENSE(s, a, n) min_f64_dense(s, a, n)
#define K_CONST(v)       (v).u.f
#include "runtime/fn/kern/agg.inc.h"
#define K_NAME           max_f64_update
#define K_T              double
#define K_STATE          struct max_f64_state
#define K_ADD(s, x)      max_f64_add(s, x)
#define K_DENSE(s, a, n) max_f64_dense(s, a, n)
#define K_CONST(v)       (v).u.f
#include "runtime/fn/kern/agg.inc.h"
#define K_NAME           min_i64_update
#define K_T              int64_t
#define K_STATE          struct min_i64_state
#define K_ADD(s, x)      min_i64_add(s, x)
#define K_DENSE(s, a, n) min_i64_dense(s, a, n)
#define K_CONST(v)       (v).u.i
#include "runtime/fn/kern/agg.inc.h"
#define K_NAME           max_i64_update
#define K_T              int64_t
#define K_STATE          struct max_i64_state
#define K_ADD(s, x)      max_i64_add(s, x)
#define K_DENSE(s, a, n) max_i64_dense(s, a, n)
#define K_CONST(v)       (v).u.i
#include "runtime/fn/kern/agg.inc.h"
#define K_NAME           min_i32_update
#define K_T              int32_t
#define K_STATE          struct min_i32_state
#define K_ADD(s, x)      min_i32_add(s, x)
#define K_DENSE(s, a, n) min_i32_dense(s, a, n)
#define K_CONST(v)       (int32_t)(v).u.i
#include "runtime/fn/kern/agg.inc.h"
#define K_NAME           max_i32_update
#define K_T              int32_t
#define K_STATE          struct max_i32_state
#define K_ADD(s, x)      max_i32_add(s, x)
#define K_DENSE(s, a, n) max_i32_dense(s, a, n)
#define K_CONST(v)       (int32_t)(v).u.i
#include "runtime/fn/kern/agg.inc.h"

/* ---- bool: as 0 and 1 ---- */
static enum rc_t bool_extreme(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                              int64_t n, const struct vec *args, bool is_max)
{
    for (int64_t i = 0; i < n; i++) {
        bool is_const = agg_const(e, 0);
        if (is_const ? e->consts[0].is_null : !vec_valid(&args[0], i)) continue;
        struct min_i64_state *s = (void *)(base + (groups ? groups[i] * stride : 0));
        int64_t x = is_const ? e->consts[0].u.b : vec_bool(&args[0], i);
        if (!s->has || (is_max ? x > s->v : x < s->v)) s->v = x;
        s->has = 1;
    }
    return RC_OK;
}
static enum rc_t bool_min(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                          int64_t n, const struct vec *args)
{
    return bool_extreme(e, base, stride, groups, n, args, false);
}
static enum rc_t bool_max(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                          int64_t n, const struct vec *args)
{
    return bool_extreme(e, base, stride, groups, n, args, true);
}
static enum rc_t bool_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                            struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        const struct min_i64_state *s = (const void *)(base + (size_t)i * stride);
        bit_put((uint64_t *)out->data, i, s->v != 0);
        if (!s->has) out_null(out, i);
    }
    return RC_OK;
}

/* ---- text ---- */
static enum rc_t text_update(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                             int64_t n, const struct vec *args, int sign)
{
    for (int64_t i = 0; i < n; i++) {
        struct kept_text *s = (void *)(base + (groups ? groups[i] * stride : 0));
        struct str x;
        if (!agg_text(e, args, 0, i, &x)) continue;
        if (s->has && sign * str_cmp(x, text_str(&s->text)) >= 0) continue;
        keep_text(e, s, x);
    }
    return RC_OK;
}
static enum rc_t text_min(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                          int64_t n, const struct vec *args)
{
    return text_update(e, base, stride, groups, n, args, 1);
}
static enum rc_t text_max(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                          int64_t n, const struct vec *args)
{
    return text_update(e, base, stride, groups, n, args, -1);
}
static enum rc_t text_min_combine(struct agg_eval *e, char *dst, const char *src)
{
    struct kept_text *d = (void *)dst;
    const struct kept_text *s = (const void *)src;
    (void)e;
    if (s->has && (!d->has || str_cmp(text_str(&s->text), text_str(&d->text)) < 0))
        share_text(d, s);
    return RC_OK;
}
static enum rc_t text_max_combine(struct agg_eval *e, char *dst, const char *src)
{
    struct kept_text *d = (void *)dst;
    const struct kept_text *s = (const void *)src;
    (void)e;
    if (s->has && (!d->has || str_cmp(text_str(&s->text), text_str(&d->text)) > 0))
        share_text(d, s);
    return RC_OK;
}

#define EXTREME_OVERLOADS(m)                                                                       \
    {                                                                                              \
        AG(KIND_INT, KIND_INT, struct m##_i64_state, m##_i64_update, m##_i64_combine,              \
           m##_i64_final),                                                                         \
            AG(KIND_NUM, KIND_NUM, struct m##_f64_state, m##_f64_update, m##_f64_combine,          \
               m##_f64_final),                                                                     \
            AG(KIND_STR, KIND_STR, struct kept_text, text_##m, text_##m##_combine,                 \
               kept_text_final),                                                                   \
            AG(KIND_BOOL, KIND_BOOL, struct m##_i64_state, bool_##m, m##_i64_combine, bool_final), \
            AG(KIND_DATE, KIND_DATE, struct m##_i32_state, m##_i32_update, m##_i32_combine,        \
               m##_i32_final),                                                                     \
            AG(KIND_DATETIME, KIND_DATETIME, struct m##_i64_state, m##_i64_update,                 \
               m##_i64_combine, m##_i64_final),                                                    \
            AG(KIND_DURATION, KIND_DURATION, struct m##_i64_state, m##_i64_update,                 \
               m##_i64_combine, m##_i64_final),                                                    \
    }
static const struct agg_overload min_overloads[] = EXTREME_OVERLOADS(min);
const struct agg_desc agg_min = {
    .name = "min",
    .sig = "min(x)",
    .doc = "Least value, of text by code point; null without values.",
    .example = "min([3, 1, null])  #> 1",
    .overloads = min_overloads,
    .n_overloads = COUNT(min_overloads),
    .type = type_first,
    .foreign = {"min(%1)", "min(%1)"},
};
static const struct agg_overload max_overloads[] = EXTREME_OVERLOADS(max);
const struct agg_desc agg_max = {
    .name = "max",
    .sig = "max(x)",
    .doc = "Greatest value, of text by code point; null without values.",
    .example = "max([\"a\", \"c\", \"b\"])  #> \"c\"",
    .overloads = max_overloads,
    .n_overloads = COUNT(max_overloads),
    .type = type_first,
    .foreign = {"max(%1)", "max(%1)"},
};
