/* math.c: the unary functions of math.def from one loop, and atan2, pi, abs, sign, is_finite, near.
 */
#include "runtime/base/kernel.h"
#include "runtime/fn/fn_int.h"

#include <math.h>

#define MATH(id, expr, sql_text, spark_text, doc_text, example_text)                               \
    KERNEL static uint64_t id##_loop(int64_t n, const double *restrict a, double *restrict out)    \
    {                                                                                              \
        uint64_t flag = 0;                                                                         \
        for (int64_t i = 0; i < n; i++) {                                                          \
            double x = a[i], r = expr;                                                             \
            out[i] = r;                                                                            \
            flag |= (uint64_t) !(fabs(r) <= 1.7976931348623157e308);                               \
        }                                                                                          \
        return flag;                                                                               \
    }                                                                                              \
    static enum rc_t id##_f64(struct fn_eval *e, int64_t n, const struct vec *args,                \
                              struct vec *out)                                                     \
    {                                                                                              \
        return run_math(e, n, args, out, id##_loop, #id);                                          \
    }                                                                                              \
    static const struct fn_overload id##_overloads[] = {OV1(KIND_NUM, KIND_NUM, id##_f64)};        \
    const struct fn_desc fn_##id = {                                                               \
        .name = #id,                                                                               \
        .sig = #id "(x: num) -> num",                                                              \
        .doc = doc_text,                                                                           \
        .example = example_text,                                                                   \
        .flags = FN_PURE | FN_ADDS_NULLS,                                                          \
        .overloads = id##_overloads,                                                               \
        .n_overloads = 1,                                                                          \
        .foreign = {sql_text, spark_text},                                                         \
    };

static enum rc_t run_math(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                          uint64_t (*loop)(int64_t, const double *, double *), const char *name)
{
    double *r = (double *)out->data;
    if (n == 0) return RC_OK;
    int64_t m = args[0].is_const ? 1 : n;
    uint64_t flag = loop(m, args[0].data, r);
    for (int64_t i = m; i < n; i++)
        r[i] = r[0];
    if (!flag) return RC_OK;
    bool has_pole = strncmp(name, "log", 3) == 0;
    return has_pole ? fix_nan_pole(e, n, args, out, name) : fix_nan(e, n, args, out, name);
}

#include "runtime/fn/math.def"

/* ---- abs, sign ---- */
static enum rc_t abs_check(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)out;
    for (int64_t i = 0; i < n; i++)
        if (vec_i64(&args[0], i) == INT64_MIN && row_valid(e, args, i))
            return fail_overflow(e, i, args, "abs");
    return RC_OK;
}

#define K_NAME                  abs_i64
#define K_A                     int64_t
#define K_R                     int64_t
#define K_OP(x)                 ((int64_t)((x) < 0 ? 0 - (uint64_t)(x) : (uint64_t)(x)))
#define K_FLAG(x, r)            ((x) == INT64_MIN)
#define K_SLOW(e, n, args, out) abs_check(e, n, args, out)
#include "runtime/fn/kern/unary.inc.h"

#define K_NAME  abs_f64
#define K_A     double
#define K_R     double
#define K_OP(x) fabs(x)
#include "runtime/fn/kern/unary.inc.h"

#define K_NAME  sign_i64
#define K_A     int64_t
#define K_R     int64_t
#define K_OP(x) (((x) > 0) - ((x) < 0))
#include "runtime/fn/kern/unary.inc.h"

#define K_NAME  sign_f64
#define K_A     double
#define K_R     double
#define K_OP(x) (((x) > 0) - ((x) < 0))
#include "runtime/fn/kern/unary.inc.h"

static const struct fn_overload abs_overloads[] = {
    OV1(KIND_INT, KIND_INT, abs_i64),
    OV1(KIND_NUM, KIND_NUM, abs_f64),
    OV1(KIND_DURATION, KIND_DURATION, abs_i64),
};
const struct fn_desc fn_abs = {
    .name = "abs",
    .sig = "abs(x: num) -> num",
    .doc = "x without its sign; also of an int or a duration.",
    .example = "abs(-3)  #> 3",
    .flags = FN_PURE,
    .overloads = abs_overloads,
    .n_overloads = COUNT(abs_overloads),
    .foreign = {"abs(%1)", "abs(%1)"},
};

static const struct fn_overload sign_overloads[] = {
    OV1(KIND_INT, KIND_INT, sign_i64),
    OV1(KIND_NUM, KIND_NUM, sign_f64),
};
const struct fn_desc fn_sign = {
    .name = "sign",
    .sig = "sign(x: num) -> num",
    .doc = "-1, 0 or 1.",
    .example = "sign(-2)  #> -1",
    .flags = FN_PURE,
    .overloads = sign_overloads,
    .n_overloads = COUNT(sign_overloads),
    .foreign = {"sign(%1)", "sign(%1)"},
};

/* ---- atan2, pi ---- */
#define K_NAME     atan2_f64
#define K_A        double
#define K_B        double
#define K_R        double
#define K_OP(y, x) atan2(y, x)
#include "runtime/fn/kern/binary.inc.h"

static const struct fn_overload atan2_overloads[] = {
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, atan2_f64),
};
const struct fn_desc fn_atan2 = {
    .name = "atan2",
    .sig = "atan2(y: num, x: num) -> num",
    .doc = "Angle of the point (x, y), in radians, -pi to pi.",
    .example = "atan2(0, 1)  #> 0.0",
    .flags = FN_PURE,
    .overloads = atan2_overloads,
    .n_overloads = COUNT(atan2_overloads),
    .foreign = {"atan2(%1, %2)", "atan2(%1, %2)"},
};

static enum rc_t pi_f64(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    (void)args;
    for (int64_t i = 0; i < n; i++)
        ((double *)out->data)[i] = 3.14159265358979323846;
    return RC_OK;
}
static const struct fn_overload pi_overloads[] = {OV0(KIND_NUM, pi_f64)};
const struct fn_desc fn_pi = {
    .name = "pi",
    .sig = "pi() -> num",
    .doc = "The ratio of a circle's circumference to its diameter.",
    .example = "round(pi(), 4)  #> 3.1416",
    .flags = FN_PURE,
    .overloads = pi_overloads,
    .n_overloads = COUNT(pi_overloads),
    .foreign = {"pi()", "pi()"},
};

/* ---- is_finite, near ---- */
static enum rc_t is_finite_f64(struct fn_eval *e, int64_t n, const struct vec *args,
                               struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        bit_put((uint64_t *)out->data, i, isfinite(vec_f64(&args[0], i)));
    return RC_OK;
}
static const struct fn_overload is_finite_overloads[] = {
    OV1(KIND_NUM, KIND_BOOL, is_finite_f64),
};
const struct fn_desc fn_is_finite = {
    .name = "is_finite",
    .sig = "is_finite(x: num) -> bool",
    .doc = "False for the infinities.",
    .example = "is_finite(1.5)  #> true",
    .flags = FN_PURE,
    .overloads = is_finite_overloads,
    .n_overloads = COUNT(is_finite_overloads),
};

static bool is_near(double x, double y, double tol)
{
    if (x == y) return true; /* equal infinities too */
    if (!isfinite(x) || !isfinite(y)) return false;
    return fabs(x - y) <= tol * fmax(1, fmax(fabs(x), fabs(y)));
}

/* As ==: two nulls are near, a null and a value are not. */
static enum rc_t near_f64(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    for (int64_t i = 0; i < n; i++) {
        bool vx = vec_valid(&args[0], i), vy = vec_valid(&args[1], i);
        double tol = e->n_args > 2 && vec_valid(&args[2], i) ? vec_f64(&args[2], i) : 1e-9;
        bool r = vx && vy ? is_near(vec_f64(&args[0], i), vec_f64(&args[1], i), tol) : vx == vy;
        bit_put((uint64_t *)out->data, i, r);
    }
    return RC_OK;
}
static const struct fn_overload near_overloads[] = {
    OV2(KIND_NUM, KIND_NUM, KIND_BOOL, near_f64),
    OV3(KIND_NUM, KIND_NUM, KIND_NUM, KIND_BOOL, near_f64),
};
const struct fn_desc fn_near = {
    .name = "near",
    .sig = "near(x: num, y: num, tol: num = 1e-9) -> bool",
    .doc =
        "Whether x and y differ by at most tol, relative to the larger of them (absolute below 1). "
        "As with ==, null is near null alone.",
    .example = "near(0.1 + 0.2, 0.3)  #> true",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE,
    .overloads = near_overloads,
    .n_overloads = COUNT(near_overloads),
};
