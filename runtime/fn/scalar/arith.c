/* arith.c: + - * and unary minus on int, num, durations and times. The loops compute with wrapping
 * unsigned arithmetic and gather one flag; only a flagged batch is looked at row by row, to tell a
 * real overflow from what lay under a null. */
#include "runtime/base/civil.h"
#include "runtime/base/kernel.h"
#include "runtime/fn/fn_int.h"

#include <math.h>

#define WRAP(op, x, y)    ((int64_t)((uint64_t)(x)op(uint64_t)(y)))
#define ADD_FLAG(x, y, r) ((uint64_t)(((x) ^ (r)) & ((y) ^ (r))) >> 63)
#define SUB_FLAG(x, y, r) ((uint64_t)(((x) ^ (y)) & ((x) ^ (r))) >> 63)
/* Product: rows whose factors do not both fit 32 bits are done again exactly. */
#define MUL_FLAG(x, y, r)                                                                          \
    ((((uint64_t)(x) + UINT64_C(0x80000000)) | ((uint64_t)(y) + UINT64_C(0x80000000))) >> 32)
#define NAN_FLAG(x, y, r) ((r) != (r))

/* E312 at the first row with values whose exact result does not fit. */
#define FIRST_OVERFLOW(name, builtin, what)                                                        \
    static enum rc_t name(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)   \
    {                                                                                              \
        (void)out;                                                                                 \
        for (int64_t i = 0; i < n; i++) {                                                          \
            int64_t r;                                                                             \
            if (builtin(vec_i64(&args[0], i), vec_i64(&args[1], i), &r) && row_valid(e, args, i))  \
                return fail_overflow(e, i, args, what);                                            \
        }                                                                                          \
        return RC_OK;                                                                              \
    }
FIRST_OVERFLOW(add_check, __builtin_add_overflow, "+")
FIRST_OVERFLOW(sub_check, __builtin_sub_overflow, "-")
FIRST_OVERFLOW(mul_check, __builtin_mul_overflow, "*")

static enum rc_t add_nan(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return fix_nan(e, n, args, out, "+");
}
static enum rc_t sub_nan(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return fix_nan(e, n, args, out, "-");
}
static enum rc_t mul_nan(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return fix_nan(e, n, args, out, "*");
}

#define K_NAME                  add_i64
#define K_A                     int64_t
#define K_B                     int64_t
#define K_R                     int64_t
#define K_OP(x, y)              WRAP(+, x, y)
#define K_FLAG                  ADD_FLAG
#define K_SLOW(e, n, args, out) add_check(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  sub_i64
#define K_A                     int64_t
#define K_B                     int64_t
#define K_R                     int64_t
#define K_OP(x, y)              WRAP(-, x, y)
#define K_FLAG                  SUB_FLAG
#define K_SLOW(e, n, args, out) sub_check(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  mul_i64
#define K_A                     int64_t
#define K_B                     int64_t
#define K_R                     int64_t
#define K_OP(x, y)              WRAP(*, x, y)
#define K_FLAG                  MUL_FLAG
#define K_SLOW(e, n, args, out) mul_check(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  add_f64
#define K_A                     double
#define K_B                     double
#define K_R                     double
#define K_OP(x, y)              ((x) + (y))
#define K_FLAG                  NAN_FLAG
#define K_SLOW(e, n, args, out) add_nan(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  sub_f64
#define K_A                     double
#define K_B                     double
#define K_R                     double
#define K_OP(x, y)              ((x) - (y))
#define K_FLAG                  NAN_FLAG
#define K_SLOW(e, n, args, out) sub_nan(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  mul_f64
#define K_A                     double
#define K_B                     double
#define K_R                     double
#define K_OP(x, y)              ((x) * (y))
#define K_FLAG                  NAN_FLAG
#define K_SLOW(e, n, args, out) mul_nan(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

/* ---- times ---- */

/* day + duration: whole days only, since the result is a day. sign -1 subtracts. */
static enum rc_t move_date(struct fn_eval *e, int64_t n, const struct vec *days,
                           const struct vec *spans, const struct vec *args, struct vec *out,
                           int sign)
{
    int32_t *r = (int32_t *)out->data;
    for (int64_t i = 0; i < n; i++) {
        int64_t us = vec_i64(spans, i);
        int64_t d = vec_i32(days, i) + sign * (us / US_PER_DAY);
        r[i] = (int32_t)d;
        if (us % US_PER_DAY == 0 && d == (int32_t)d) continue;
        if (!row_valid(e, args, i)) continue;
        if (us % US_PER_DAY == 0) return fail_overflow(e, i, args, sign > 0 ? "+" : "-");
        char text[DATE_TEXT_MAX];
        duration_format(us, text);
        (void)fail(e->cx, E207, e->span, "a date moves by whole days, not by %s", text);
        return err_hint(e->cx, sign > 0 ? "datetime(day) + 2h" : "datetime(day) - 2h");
    }
    return RC_OK;
}

static enum rc_t add_date_dur(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return move_date(e, n, &args[0], &args[1], args, out, 1);
}
static enum rc_t add_dur_date(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return move_date(e, n, &args[1], &args[0], args, out, 1);
}
static enum rc_t sub_date_dur(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return move_date(e, n, &args[0], &args[1], args, out, -1);
}

#define K_NAME     sub_date_date
#define K_A        int32_t
#define K_B        int32_t
#define K_R        int64_t
#define K_OP(x, y) (((int64_t)(x) - (y)) * US_PER_DAY)
#include "runtime/fn/kern/binary.inc.h"

static enum rc_t round_us(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                          const char *what, double (*f)(double, double), const struct vec *a,
                          const struct vec *b)
{
    int64_t *r = (int64_t *)out->data;
    for (int64_t i = 0; i < n; i++) {
        double x = rint(f((double)vec_i64(a, i), vec_f64(b, i)));
        if (x >= -0x1p63 && x < 0x1p63) {
            r[i] = (int64_t)x;
            continue;
        }
        r[i] = 0;
        if (!row_valid(e, args, i)) continue;
        if (isfinite(vec_f64(b, i)) && isfinite(x)) return fail_overflow(e, i, args, what);
        out_null(out, i); /* times or divided by an infinity, or by zero: no duration */
        char text[DATE_TEXT_MAX];
        duration_format(vec_i64(a, i), text);
        note_row(e, i, "%s %s %g", text, what, vec_f64(b, i));
    }
    return RC_OK;
}
static double times(double a, double b)
{
    return a * b;
}
static double over(double a, double b)
{
    return a / b;
}
static enum rc_t mul_dur_num(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return round_us(e, n, args, out, "*", times, &args[0], &args[1]);
}
static enum rc_t mul_num_dur(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return round_us(e, n, args, out, "*", times, &args[1], &args[0]);
}
static enum rc_t div_dur_num(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return round_us(e, n, args, out, "/", over, &args[0], &args[1]);
}

static enum rc_t div_check(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return fix_nan_pole(e, n, args, out, "/");
}

#define K_NAME                  div_f64
#define K_A                     double
#define K_B                     double
#define K_R                     double
#define K_OP(x, y)              ((x) / (y))
#define K_FLAG(x, y, r)         (((r) != (r)) | ((y) == 0))
#define K_SLOW(e, n, args, out) div_check(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  div_dur_dur
#define K_A                     int64_t
#define K_B                     int64_t
#define K_R                     double
#define K_OP(x, y)              ((double)(x) / (double)(y))
#define K_FLAG(x, y, r)         ((y) == 0)
#define K_SLOW(e, n, args, out) div_check(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

/* ---- minus ---- */
static enum rc_t neg_check(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)out;
    for (int64_t i = 0; i < n; i++)
        if (vec_i64(&args[0], i) == INT64_MIN && row_valid(e, args, i))
            return fail_overflow(e, i, args, "-");
    return RC_OK;
}

#define K_NAME                  neg_i64
#define K_A                     int64_t
#define K_R                     int64_t
#define K_OP(x)                 ((int64_t)(0 - (uint64_t)(x)))
#define K_FLAG(x, r)            ((x) == INT64_MIN)
#define K_SLOW(e, n, args, out) neg_check(e, n, args, out)
#include "runtime/fn/kern/unary.inc.h"

#define K_NAME  neg_f64
#define K_A     double
#define K_R     double
#define K_OP(x) (-(x))
#include "runtime/fn/kern/unary.inc.h"

/* Text and text: `+` is no concatenation here; said with the way out. */
static enum rc_t add_type(struct ctx *cx, const struct dtype *args, int n, struct span span,
                          struct dtype *out)
{
    if (args[0].kind == KIND_STR || args[0].kind == KIND_CAT || args[1].kind == KIND_STR) {
        (void)fail(cx, E207, span, "`+` does not join text");
        return err_hint(cx, "f\"{a}{b}\"");
    }
    return type_zone(cx, args, n, span, out);
}

static const struct fn_overload add_overloads[] = {
    OV2(KIND_INT, KIND_INT, KIND_INT, add_i64),
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, add_f64),
    OV2(KIND_DATE, KIND_DURATION, KIND_DATE, add_date_dur),
    OV2(KIND_DURATION, KIND_DATE, KIND_DATE, add_dur_date),
    OV2(KIND_DATETIME, KIND_DURATION, KIND_DATETIME, add_i64),
    OV2(KIND_DURATION, KIND_DATETIME, KIND_DATETIME, add_i64),
    OV2(KIND_DURATION, KIND_DURATION, KIND_DURATION, add_i64),
    OV2(KIND_STR, KIND_STR, KIND_STR, NULL), /* refused by add_type */
};
const struct fn_desc fn_add = {
    .name = "+",
    .sig = "a + b",
    .doc =
        "Sum. int with num gives num; a date or datetime moves by a duration. An int result past "
        "64 bits is an error.",
    .example = "2 + 3  #> 5",
    .flags = FN_PURE | FN_HIDDEN | FN_ADDS_NULLS,
    .overloads = add_overloads,
    .n_overloads = COUNT(add_overloads),
    .type = add_type,
    .foreign = {"(%1 + %2)", "(%1 + %2)"},
};

static const struct fn_overload sub_overloads[] = {
    OV2(KIND_INT, KIND_INT, KIND_INT, sub_i64),
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, sub_f64),
    OV2(KIND_DATE, KIND_DATE, KIND_DURATION, sub_date_date),
    OV2(KIND_DATE, KIND_DURATION, KIND_DATE, sub_date_dur),
    OV2(KIND_DATETIME, KIND_DATETIME, KIND_DURATION, sub_i64),
    OV2(KIND_DATETIME, KIND_DURATION, KIND_DATETIME, sub_i64),
    OV2(KIND_DURATION, KIND_DURATION, KIND_DURATION, sub_i64),
};
const struct fn_desc fn_minus = {
    .name = "-",
    .sig = "a - b",
    .doc = "Difference. The difference of two dates or datetimes is a duration.",
    .example = "@2019-02-01 - @2019-01-31  #> 1d",
    .flags = FN_PURE | FN_HIDDEN | FN_ADDS_NULLS,
    .overloads = sub_overloads,
    .n_overloads = COUNT(sub_overloads),
    .type = type_zone,
    .foreign = {"(%1 - %2)", "(%1 - %2)"},
};

static const struct fn_overload mul_overloads[] = {
    OV2(KIND_INT, KIND_INT, KIND_INT, mul_i64),
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, mul_f64),
    OV2(KIND_DURATION, KIND_INT, KIND_DURATION, mul_i64),
    OV2(KIND_INT, KIND_DURATION, KIND_DURATION, mul_i64),
    OV2(KIND_DURATION, KIND_NUM, KIND_DURATION, mul_dur_num),
    OV2(KIND_NUM, KIND_DURATION, KIND_DURATION, mul_num_dur),
};
const struct fn_desc fn_mul = {
    .name = "*",
    .sig = "a * b",
    .doc = "Product. A duration times a number is a duration.",
    .example = "6 * 7  #> 42",
    .flags = FN_PURE | FN_HIDDEN | FN_ADDS_NULLS,
    .overloads = mul_overloads,
    .n_overloads = COUNT(mul_overloads),
    .foreign = {"(%1 * %2)", "(%1 * %2)"},
};

static const struct fn_overload div_overloads[] = {
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, div_f64),
    OV2(KIND_DURATION, KIND_DURATION, KIND_NUM, div_dur_dur),
    OV2(KIND_DURATION, KIND_NUM, KIND_DURATION, div_dur_num),
};
const struct fn_desc fn_div = {
    .name = "/",
    .sig = "a / b",
    .doc =
        "Quotient, always a num. x / 0 is an infinity and 0 / 0 null, both counted in a warning.",
    .example = "7 / 2  #> 3.5",
    .flags = FN_PURE | FN_HIDDEN | FN_ADDS_NULLS,
    .overloads = div_overloads,
    .n_overloads = COUNT(div_overloads),
};

static const struct fn_overload neg_overloads[] = {
    OV1(KIND_INT, KIND_INT, neg_i64),
    OV1(KIND_NUM, KIND_NUM, neg_f64),
    OV1(KIND_DURATION, KIND_DURATION, neg_i64),
};
const struct fn_desc fn_neg = {
    .name = "neg",
    .sig = "-a",
    .doc = "The number or duration with its sign turned.",
    .example = "-(2 + 3)  #> -5",
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = neg_overloads,
    .n_overloads = COUNT(neg_overloads),
    .foreign = {"(- %1)", "(- %1)"},
};
