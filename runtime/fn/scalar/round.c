/* round.c: round, floor, ceil, trunc. round goes half to even; with digits it is done as numpy
 * does: scale by a power of ten, round, scale back (so round(2.675, 2) is 2.68, the nearest to what
 * was typed, not to the binary value below it). ints stay ints. */
#include "runtime/base/kernel.h"
#include "runtime/fn/fn_int.h"

#include <math.h>

#define K_NAME  round_f64
#define K_A     double
#define K_R     double
#define K_OP(x) rint(x)
#include "runtime/fn/kern/unary.inc.h"
#define K_NAME  floor_f64
#define K_A     double
#define K_R     double
#define K_OP(x) floor(x)
#include "runtime/fn/kern/unary.inc.h"
#define K_NAME  ceil_f64
#define K_A     double
#define K_R     double
#define K_OP(x) ceil(x)
#include "runtime/fn/kern/unary.inc.h"
#define K_NAME  trunc_f64
#define K_A     double
#define K_R     double
#define K_OP(x) trunc(x)
#include "runtime/fn/kern/unary.inc.h"
#define K_NAME  whole_i64
#define K_A     int64_t
#define K_R     int64_t
#define K_OP(x) (x)
#include "runtime/fn/kern/unary.inc.h"

static double round_digits(double x, int64_t digits)
{
    if (digits > 300) return x;
    if (digits < -300) return copysign(0.0, x);
    double scale = pow(10, (double)(digits < 0 ? -digits : digits));
    double r = digits < 0 ? rint(x / scale) * scale : rint(x * scale) / scale;
    return isfinite(r) ? r : x; /* too large to have such digits */
}

static enum rc_t round_num_digits(struct fn_eval *e, int64_t n, const struct vec *args,
                                  struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        ((double *)out->data)[i] = round_digits(vec_f64(&args[0], i), vec_i64(&args[1], i));
    return RC_OK;
}

/* Multiple of 10^-digits nearest to x, half to even; false when it does not fit. */
static bool round_int(int64_t x, int64_t digits, int64_t *out)
{
    int64_t unit = 1;
    *out = digits >= 0 ? x : 0;
    if (digits >= 0 || digits < -18) return true;
    for (int64_t k = digits; k < 0; k++)
        unit *= 10;
    int64_t q = x / unit, rest = x % unit, half = rest < 0 ? -rest : rest;
    bool away = half > unit - half || (half == unit - half && q % 2 != 0);
    return !__builtin_mul_overflow(q + (away ? (x < 0 ? -1 : 1) : 0), unit, out);
}

static enum rc_t round_int_digits(struct fn_eval *e, int64_t n, const struct vec *args,
                                  struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    for (int64_t i = 0; i < n; i++)
        if (!round_int(vec_i64(&args[0], i), vec_i64(&args[1], i), &r[i]) && row_valid(e, args, i))
            return fail_overflow(e, i, args, "round");
    return RC_OK;
}

static const struct fn_overload round_overloads[] = {
    OV1(KIND_INT, KIND_INT, whole_i64),
    OV1(KIND_NUM, KIND_NUM, round_f64),
    OV2(KIND_INT, KIND_INT, KIND_INT, round_int_digits),
    OV2(KIND_NUM, KIND_INT, KIND_NUM, round_num_digits),
};
const struct fn_desc fn_round = {
    .name = "round",
    .sig = "round(x: num, digits: int = 0) -> num",
    .doc = "x to so many digits after the point (negative: before it), half to even.",
    .example = "round(2.5) + round(1.234, 2)  #> 3.23",
    .flags = FN_PURE,
    .overloads = round_overloads,
    .n_overloads = COUNT(round_overloads),
};

#define WHOLE(id, doc_text, example_text)                                                          \
    static const struct fn_overload id##_overloads[] = {                                           \
        OV1(KIND_INT, KIND_INT, whole_i64),                                                        \
        OV1(KIND_NUM, KIND_NUM, id##_f64),                                                         \
    };                                                                                             \
    const struct fn_desc fn_##id = {.name = #id,                                                   \
                                    .sig = #id "(x: num) -> num",                                  \
                                    .doc = doc_text,                                               \
                                    .example = example_text,                                       \
                                    .flags = FN_PURE,                                              \
                                    .overloads = id##_overloads,                                   \
                                    .n_overloads = COUNT(id##_overloads),                          \
                                    .foreign = {#id "(%1)", NULL}};

WHOLE(floor, "The whole number at or below x.", "floor(-2.5)  #> -3.0")
WHOLE(ceil, "The whole number at or above x.", "ceil(2.1)  #> 3.0")
WHOLE(trunc, "x without what is after the point.", "trunc(-2.7)  #> -2.0")
