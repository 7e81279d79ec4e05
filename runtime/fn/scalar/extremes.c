/* extremes.c: least, greatest (any number of values) and clamp. Null if any is null. */
#include "runtime/base/kernel.h"
#include "runtime/fn/fn_int.h"

#define LESSER(x, y)  ((y) < (x) ? (y) : (x))
#define GREATER(x, y) ((y) > (x) ? (y) : (x))

#define K_NAME        least_i64
#define K_A           int64_t
#define K_B           int64_t
#define K_R           int64_t
#define K_OP          LESSER
#include "runtime/fn/kern/binary.inc.h"
#define K_NAME greatest_i64
#define K_A    int64_t
#define K_B    int64_t
#define K_R    int64_t
#define K_OP   GREATER
#include "runtime/fn/kern/binary.inc.h"
#define K_NAME least_f64
#define K_A    double
#define K_B    double
#define K_R    double
#define K_OP   LESSER
#include "runtime/fn/kern/binary.inc.h"
#define K_NAME greatest_f64
#define K_A    double
#define K_B    double
#define K_R    double
#define K_OP   GREATER
#include "runtime/fn/kern/binary.inc.h"
#define K_NAME least_i32
#define K_A    int32_t
#define K_B    int32_t
#define K_R    int32_t
#define K_OP   LESSER
#include "runtime/fn/kern/binary.inc.h"
#define K_NAME greatest_i32
#define K_A    int32_t
#define K_B    int32_t
#define K_R    int32_t
#define K_OP   GREATER
#include "runtime/fn/kern/binary.inc.h"

/* Text has no loop: rows under nulls must not be looked at. */
static enum rc_t text_pair(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                           int sign)
{
    struct text *r = (struct text *)out->data;
    for (int64_t i = 0; i < n; i++) {
        r[i] = text_make("", 0);
        if (!vec_valid(&args[0], i) || !vec_valid(&args[1], i)) continue;
        const struct text *x = vec_text(&args[0], i), *y = vec_text(&args[1], i);
        r[i] = sign * str_cmp(text_str(y), text_str(x)) < 0 ? *y : *x;
    }
    (void)e;
    out->heap = NULL;
    return RC_OK;
}
static enum rc_t least_text(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return text_pair(e, n, args, out, 1);
}
static enum rc_t greatest_text(struct fn_eval *e, int64_t n, const struct vec *args,
                               struct vec *out)
{
    return text_pair(e, n, args, out, -1);
}

/* Folds the pair kernel over the arguments, from the left. */
static enum rc_t fold(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                      fn_kernel pair)
{
    struct vec acc = args[0], next = *out;
    for (int k = 1; k < e->n_args || k == 1; k++) {
        struct vec two[2] = {acc, args[k < e->n_args ? k : 0]};
        bool is_last = k + 1 >= e->n_args;
        if (is_last)
            next.data = out->data;
        else
            next.data = arena_alloc(e->cx->arena, (size_t)(n + 1) * phys_width(out->phys));
        TRY(pair(e, n, two, &next));
        acc = next;
        acc.is_const = false;
        acc.valid = out->valid; /* what all have in common; NULL when the caller keeps it */
    }
    out->heap = NULL;
    return RC_OK;
}

#define EXTREME(name, suffix, pair)                                                                \
    static enum rc_t name##suffix(struct fn_eval *e, int64_t n, const struct vec *args,            \
                                  struct vec *out)                                                 \
    {                                                                                              \
        return fold(e, n, args, out, pair);                                                        \
    }
EXTREME(least, _i, least_i64)
EXTREME(least, _f, least_f64)
EXTREME(least, _d, least_i32)
EXTREME(least, _t, least_text)
EXTREME(greatest, _i, greatest_i64)
EXTREME(greatest, _f, greatest_f64)
EXTREME(greatest, _d, greatest_i32)
EXTREME(greatest, _t, greatest_text)

#define EXTREME_OVERLOADS(name)                                                                    \
    {                                                                                              \
        OVN(KIND_INT, KIND_INT, name##_i), OVN(KIND_NUM, KIND_NUM, name##_f),                      \
            OVN(KIND_DATE, KIND_DATE, name##_d), OVN(KIND_DATETIME, KIND_DATETIME, name##_i),      \
            OVN(KIND_DURATION, KIND_DURATION, name##_i), OVN(KIND_STR, KIND_STR, name##_t),        \
    }
static const struct fn_overload least_overloads[] = EXTREME_OVERLOADS(least);
const struct fn_desc fn_least = {
    .name = "least",
    .sig = "least(x, ..)",
    .doc = "The least of the values in a row; null if any is null.",
    .example = "least(3, 1, 2)  #> 1",
    .flags = FN_PURE,
    .overloads = least_overloads,
    .n_overloads = COUNT(least_overloads),
    .type = type_zone,
};
static const struct fn_overload greatest_overloads[] = EXTREME_OVERLOADS(greatest);
const struct fn_desc fn_greatest = {
    .name = "greatest",
    .sig = "greatest(x, ..)",
    .doc = "The greatest of the values in a row; null if any is null.",
    .example = "greatest(3, 1.5, 2)  #> 3.0",
    .flags = FN_PURE,
    .overloads = greatest_overloads,
    .n_overloads = COUNT(greatest_overloads),
    .type = type_zone,
};

/* clamp(x, lo, hi) = least(greatest(x, lo), hi) */
static enum rc_t clamp_by(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                          fn_kernel lower, fn_kernel upper)
{
    struct vec two[2] = {args[0], args[1]}, mid = *out;
    mid.data = arena_alloc(e->cx->arena, (size_t)(n + 1) * phys_width(out->phys));
    TRY(lower(e, n, two, &mid));
    two[0] = mid;
    two[0].is_const = false;
    two[1] = args[2];
    return upper(e, n, two, out);
}
static enum rc_t clamp_i(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return clamp_by(e, n, args, out, greatest_i64, least_i64);
}
static enum rc_t clamp_f(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return clamp_by(e, n, args, out, greatest_f64, least_f64);
}
static enum rc_t clamp_d(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return clamp_by(e, n, args, out, greatest_i32, least_i32);
}
static const struct fn_overload clamp_overloads[] = {
    OV3(KIND_INT, KIND_INT, KIND_INT, KIND_INT, clamp_i),
    OV3(KIND_NUM, KIND_NUM, KIND_NUM, KIND_NUM, clamp_f),
    OV3(KIND_DATE, KIND_DATE, KIND_DATE, KIND_DATE, clamp_d),
    OV3(KIND_DATETIME, KIND_DATETIME, KIND_DATETIME, KIND_DATETIME, clamp_i),
    OV3(KIND_DURATION, KIND_DURATION, KIND_DURATION, KIND_DURATION, clamp_i),
};
const struct fn_desc fn_clamp = {
    .name = "clamp",
    .sig = "clamp(x, lo, hi)",
    .doc = "x limited to [lo, hi]; null if any is null.",
    .example = "clamp(12, 0, 10)  #> 10",
    .flags = FN_PURE,
    .overloads = clamp_overloads,
    .n_overloads = COUNT(clamp_overloads),
    .type = type_zone,
};
