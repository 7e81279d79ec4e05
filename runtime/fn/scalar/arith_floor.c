/* arith_floor.c: // % ^. Floor division and remainder follow Python: the remainder has the
 * divisor's sign, a == b * (a // b) + a % b. Zero as divisor gives null for int; for num an
 * infinity
 * (//) or null (%); all counted. */
#include "runtime/base/kernel.h"
#include "runtime/fn/fn_int.h"

#include <inttypes.h>
#include <math.h>

/* Divisors 0 and -1 are taken out of the machine's division: 0 is flagged, -1 could overflow. */
static inline int64_t floor_div_int(int64_t a, int64_t b)
{
    if (b == 0) return 0;
    if (b == -1) return (int64_t)(0 - (uint64_t)a);
    int64_t q = a / b;
    return q - ((a % b != 0) & ((a < 0) != (b < 0)));
}

static inline int64_t floor_mod_int(int64_t a, int64_t b)
{
    if (b == 0 || b == -1) return 0;
    int64_t r = a % b;
    return r + (r != 0 && (r < 0) != (b < 0) ? b : 0);
}

static inline double floor_mod_num(double a, double b)
{
    double r = fmod(a, b);
    if (r == 0) return copysign(0.0, b);
    return (r < 0) != (b < 0) ? r + b : r;
}

/* As numpy's floor_divide: the quotient of what the remainder leaves, rounded to a whole number. */
static inline double floor_div_num(double a, double b)
{
    if (b == 0) return a / b;
    double r = fmod(a, b);
    double q = (a - r) / b;
    if (r != 0 && (r < 0) != (b < 0)) q -= 1;
    if (q == 0) return copysign(0.0, a / b);
    double f = floor(q);
    return q - f > 0.5 ? f + 1 : f;
}

/* int: null where the divisor is zero, E312 for the one quotient that does not fit. */
static enum rc_t int_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                          const char *what, bool can_overflow)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t a = vec_i64(&args[0], i), b = vec_i64(&args[1], i);
        bool is_zero = b == 0, is_over = can_overflow && b == -1 && a == INT64_MIN;
        if ((!is_zero && !is_over) || !row_valid(e, args, i)) continue;
        if (is_over) return fail_overflow(e, i, args, what);
        out_null(out, i);
        char x[40];
        arg_text(e, &args[0], 0, i, x, sizeof x);
        note_row(e, i, "%s %s 0", x, what);
    }
    return RC_OK;
}
static enum rc_t floor_div_rows(struct fn_eval *e, int64_t n, const struct vec *args,
                                struct vec *out)
{
    return int_rows(e, n, args, out, "//", true);
}
static enum rc_t floor_mod_rows(struct fn_eval *e, int64_t n, const struct vec *args,
                                struct vec *out)
{
    return int_rows(e, n, args, out, "%", false);
}
static enum rc_t floor_div_nan(struct fn_eval *e, int64_t n, const struct vec *args,
                               struct vec *out)
{
    return fix_nan_pole(e, n, args, out, "//");
}
static enum rc_t floor_mod_nan(struct fn_eval *e, int64_t n, const struct vec *args,
                               struct vec *out)
{
    return fix_nan(e, n, args, out, "%");
}

#define K_NAME                  floor_div_i64
#define K_A                     int64_t
#define K_B                     int64_t
#define K_R                     int64_t
#define K_OP(x, y)              floor_div_int(x, y)
#define K_FLAG(x, y, r)         (((y) == 0) | (((y) == -1) & ((x) == INT64_MIN)))
#define K_SLOW(e, n, args, out) floor_div_rows(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  floor_mod_i64
#define K_A                     int64_t
#define K_B                     int64_t
#define K_R                     int64_t
#define K_OP(x, y)              floor_mod_int(x, y)
#define K_FLAG(x, y, r)         ((y) == 0)
#define K_SLOW(e, n, args, out) floor_mod_rows(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  floor_div_f64
#define K_A                     double
#define K_B                     double
#define K_R                     double
#define K_OP(x, y)              floor_div_num(x, y)
#define K_FLAG(x, y, r)         (((r) != (r)) | ((y) == 0))
#define K_SLOW(e, n, args, out) floor_div_nan(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  floor_mod_f64
#define K_A                     double
#define K_B                     double
#define K_R                     double
#define K_OP(x, y)              floor_mod_num(x, y)
#define K_FLAG(x, y, r)         ((r) != (r))
#define K_SLOW(e, n, args, out) floor_mod_nan(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

static const struct fn_overload floor_div_overloads[] = {
    OV2(KIND_INT, KIND_INT, KIND_INT, floor_div_i64),
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, floor_div_f64),
    OV2(KIND_DURATION, KIND_DURATION, KIND_INT, floor_div_i64),
};
const struct fn_desc fn_floor_div = {
    .name = "//",
    .sig = "a // b",
    .doc = "Quotient rounded down. int // 0 is null, counted in a warning.",
    .example = "-7 // 2  #> -4",
    .flags = FN_PURE | FN_HIDDEN | FN_ADDS_NULLS,
    .overloads = floor_div_overloads,
    .n_overloads = COUNT(floor_div_overloads),
};

static const struct fn_overload floor_mod_overloads[] = {
    OV2(KIND_INT, KIND_INT, KIND_INT, floor_mod_i64),
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, floor_mod_f64),
    OV2(KIND_DURATION, KIND_DURATION, KIND_DURATION, floor_mod_i64),
};
const struct fn_desc fn_mod = {
    .name = "%",
    .sig = "a % b",
    .doc = "Remainder with the divisor's sign. The remainder by 0 is null, counted in a warning.",
    .example = "-7 % 3  #> 2",
    .flags = FN_PURE | FN_HIDDEN | FN_ADDS_NULLS,
    .overloads = floor_mod_overloads,
    .n_overloads = COUNT(floor_mod_overloads),
};

/* ---- power ---- */
static enum rc_t power_check(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return fix_nan_pole(e, n, args, out, "^");
}

/* Infinite results are looked at too: 0 ^ -1 is a pole, 1e200 ^ 2 only large. */
#define K_NAME                  power_f64
#define K_A                     double
#define K_B                     double
#define K_R                     double
#define K_OP(x, y)              pow(x, y)
#define K_FLAG(x, y, r)         (((r) != (r)) | (((x) == 0) & ((y) < 0)))
#define K_SLOW(e, n, args, out) power_check(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME  square_f64
#define K_A     double
#define K_R     double
#define K_OP(x) ((x) * (x))
#include "runtime/fn/kern/unary.inc.h"

static enum rc_t power(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    if (args[1].is_const && *(const double *)args[1].data == 2.0)
        return square_f64(e, n, args, out);
    return power_f64(e, n, args, out);
}

static const struct fn_overload power_overloads[] = {
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, power),
};
const struct fn_desc fn_power = {
    .name = "^",
    .sig = "a ^ b",
    .doc =
        "Power, always a num. A negative number to a broken power is null, counted in a warning.",
    .example = "2 ^ 10  #> 1024.0",
    .flags = FN_PURE | FN_HIDDEN | FN_ADDS_NULLS,
    .overloads = power_overloads,
    .n_overloads = COUNT(power_overloads),
    .foreign = {NULL, "power(%1, %2)"},
};
