/* math.c: numbers. Roots and logarithms that do not exist are errors (E318), as in PostgreSQL. */
#include "runtime/base/hash.h"
#include "runtime/base/num.h"
#include "runtime/fn/sql/sql.h"

#include <inttypes.h>
#include <math.h>

static enum rc_t no_value(struct fn_eval *e, int64_t i, const char *what, double x)
{
    char buf[NUM_TEXT_MAX];
    num_format(x, buf);
    return fail(e->cx, E318, e->span, "there is no %s of %s (row %" PRId64 ")", what, buf,
                e->first_row + i + 1);
}

/* The C library's may be a step off (27 gives 3.0000000000000004): one step of Newton's. */
static double cube_root(double x)
{
    double y = cbrt(x);
    return y == 0 || !isfinite(y) ? y : y - (y * y * y - x) / (3 * y * y);
}

/* num -> num where `ok` says that there is a value. */
#define REAL(id, what, expr, ok, example_text)                                                     \
    static enum rc_t id##_rows(struct fn_eval *e, int64_t n, const struct vec *args,               \
                               struct vec *out)                                                    \
    {                                                                                              \
        double *r = (double *)out->data;                                                           \
        for (int64_t i = 0; i < n; i++) {                                                          \
            double x = vec_f64(&args[0], i);                                                       \
            r[i] = 0;                                                                              \
            if (ok)                                                                                \
                r[i] = (expr);                                                                     \
            else if (row_valid(e, args, i))                                                        \
                return no_value(e, i, what, x);                                                    \
        }                                                                                          \
        return RC_OK;                                                                              \
    }                                                                                              \
    static const struct fn_overload sql_##id##_overloads[] = {                                     \
        OV1(KIND_NUM, KIND_NUM, id##_rows),                                                        \
    };                                                                                             \
    SQL_FN(sql_##id, "sql_" #id "(x: num) -> num", "SQL's " #id ".", example_text, 0,              \
           .nulls = FN_ANY_NULL)

REAL(sqrt, "square root", sqrt(x), x >= 0, "sql_sqrt(9)  #> 3.0");
REAL(cbrt, "cube root", cube_root(x), true, "sql_cbrt(27)  #> 3.0");
REAL(ln, "logarithm", log(x), x > 0, "sql_ln(1)  #> 0.0");
REAL(log10, "logarithm", log10(x), x > 0, "sql_log10(1000)  #> 3.0");
REAL(degrees, "angle", x *(180.0 / M_PI), true, "sql_degrees(0)  #> 0.0");
REAL(radians, "angle", x *(M_PI / 180.0), true, "sql_radians(0)  #> 0.0");
REAL(asinh, "area sine", asinh(x), true, "sql_asinh(0)  #> 0.0");
REAL(acosh, "area cosine", acosh(x), x >= 1, "sql_acosh(1)  #> 0.0");
REAL(atanh, "area tangent", atanh(x), x >= -1 && x <= 1, "sql_atanh(0)  #> 0.0");
REAL(asin, "arc sine", asin(x), x >= -1 && x <= 1, "sql_asin(0)  #> 0.0");
REAL(acos, "arc cosine", acos(x), x >= -1 && x <= 1, "sql_acos(1)  #> 0.0");
REAL(cot, "cotangent", 1 / tan(x), isfinite(x), "sql_cot(0)  #> inf");

/* ---- degrees: exact at the angles that people know ---- */
static double sine_of(double deg)
{
    double x = fmod(deg, 360.0), sign = x < 0 ? -1 : 1;
    x = fabs(x);
    if (x >= 180) {
        x -= 180;
        sign = -sign;
    }
    if (x > 90) x = 180 - x;
    if (x == 0) return sign * 0.0;
    if (x == 30) return sign * 0.5;
    return x == 90 ? sign : sign * sin(x * (M_PI / 180.0));
}
static double cosine_of(double deg)
{
    double x = fmod(fabs(deg), 360.0);
    if (x > 180) x = 360 - x;
    if (x == 60) return 0.5;
    if (x == 120) return -0.5;
    if (x == 90) return 0;
    return x == 0 ? 1 : x == 180 ? -1 : cos(x * (M_PI / 180.0));
}
static double tangent_of(double deg)
{
    double x = fmod(deg, 180.0);
    if (x == 45 || x == -135) return 1;
    if (x == -45 || x == 135) return -1;
    if (x == 0) return 0;
    if (fabs(x) == 90)
        return fmod(deg, 360.0) == 90 || fmod(deg, 360.0) == -270 ? INFINITY : -INFINITY;
    return tan(x * (M_PI / 180.0));
}
static double in_degrees(double rad)
{
    double x = rad * (180.0 / M_PI), whole = rint(x);
    return fabs(x - whole) < 1e-13 * fabs(x) ? whole : x;
}
#define IS_SINE (x >= -1 && x <= 1)
REAL(sind, "sine", sine_of(x), isfinite(x), "sql_sind(30)  #> 0.5");
REAL(cosd, "cosine", cosine_of(x), isfinite(x), "sql_cosd(60)  #> 0.5");
REAL(tand, "tangent", tangent_of(x), isfinite(x), "sql_tand(45)  #> 1.0");
REAL(cotd, "cotangent", fmod(x, 180.0) == 90 || fmod(x, 180.0) == -90 ? 0 : 1 / tangent_of(x),
     isfinite(x), "sql_cotd(45)  #> 1.0");
REAL(asind, "arc sine", in_degrees(asin(x)), IS_SINE, "sql_asind(0.5)  #> 30.0");
REAL(acosd, "arc cosine", in_degrees(acos(x)), IS_SINE, "sql_acosd(0.5)  #> 60.0");
REAL(atand, "arc tangent", in_degrees(atan(x)), true, "sql_atand(1)  #> 45.0");

typedef enum rc_t (*pair_row)(struct fn_eval *e, int64_t i, double x, double y, double *r);
static enum rc_t pair_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                           pair_row f)
{
    double *r = (double *)out->data;
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (row_valid(e, args, i)) TRY(f(e, i, vec_f64(&args[0], i), vec_f64(&args[1], i), &r[i]));
    }
    return RC_OK;
}

static enum rc_t power_row(struct fn_eval *e, int64_t i, double x, double y, double *r)
{
    if (x == 0 && y < 0)
        return fail(e->cx, E318, e->span, "zero to a power below 0 has no value (row %" PRId64 ")",
                    e->first_row + i + 1);
    *r = pow(x, y);
    return isnan(*r) ? no_value(e, i, "power with a broken exponent", x) : RC_OK;
}
static enum rc_t power(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return pair_rows(e, n, args, out, power_row);
}
static const struct fn_overload sql_power_overloads[] = {
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, power),
};
SQL_FN(sql_power, "sql_power(x: num, y: num) -> num", "SQL's power and ^.",
       "sql_power(2, 10)  #> 1024.0", 0, .nulls = FN_ANY_NULL,
       .foreign = {"power(%1, %2)", "power(%1, %2)"});

static enum rc_t atan2d_row(struct fn_eval *e, int64_t i, double y, double x, double *r)
{
    (void)e, (void)i;
    *r = in_degrees(atan2(y, x));
    return RC_OK;
}
static enum rc_t atan2d(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return pair_rows(e, n, args, out, atan2d_row);
}
static const struct fn_overload sql_atan2d_overloads[] = {
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, atan2d),
};
SQL_FN(sql_atan2d, "sql_atan2d(y: num, x: num) -> num", "SQL's atan2d.",
       "sql_atan2d(1, 1)  #> 45.0", 0, .nulls = FN_ANY_NULL);

static enum rc_t log_row(struct fn_eval *e, int64_t i, double base, double x, double *r)
{
    if (!(x > 0)) return no_value(e, i, "logarithm", x);
    if (!(base > 0)) return no_value(e, i, "logarithm to the base", base);
    if (base == 1) return fail_zero_division(e, i);
    *r = base == 10 ? log10(x) : base == 2 ? log2(x) : log(x) / log(base);
    return RC_OK;
}
static enum rc_t log_base(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return pair_rows(e, n, args, out, log_row);
}
static const struct fn_overload sql_log_overloads[] = {
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, log_base),
};
SQL_FN(sql_log, "sql_log(base: num, x: num) -> num", "SQL's log(b, x).", "sql_log(2, 8)  #> 3.0", 0,
       .nulls = FN_ANY_NULL);

static enum rc_t div_row(struct fn_eval *e, int64_t i, double x, double y, double *r)
{
    if (y == 0) return fail_zero_division(e, i);
    *r = trunc(x / y);
    return RC_OK;
}
static enum rc_t div_whole(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return pair_rows(e, n, args, out, div_row);
}
static const struct fn_overload sql_div_whole_overloads[] = {
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, div_whole),
};
SQL_FN(sql_div_whole, "sql_div_whole(x: num, y: num) -> num", "SQL's div: the whole quotient.",
       "sql_div_whole(9.5, 4)  #> 2.0", 0, .nulls = FN_ANY_NULL);

/* ---- rounding to decimal places, half away from zero, as numeric does ---- */

/* x at 10^digits: one step of precision is added, so that 1.005 counts as the decimal that it was
 * typed as. */
static double scaled(double x, double scale)
{
    double y = x * scale;
    return nextafter(y, y < 0 ? -INFINITY : INFINITY);
}
static double round_away(double x, int64_t digits)
{
    if (digits > 300 || !isfinite(x)) return x;
    if (digits < -300) return 0;
    double scale = pow(10, (double)(digits < 0 ? -digits : digits));
    double r = digits < 0 ? round(x / scale) * scale : round(scaled(x, scale)) / scale;
    return isfinite(r) ? r : x;
}
static double trunc_at(double x, int64_t digits)
{
    if (digits > 300 || !isfinite(x)) return x;
    if (digits < -300) return 0;
    double scale = pow(10, (double)(digits < 0 ? -digits : digits));
    double r = digits < 0 ? trunc(x / scale) * scale : trunc(scaled(x, scale)) / scale;
    return isfinite(r) ? r : x;
}
static enum rc_t digit_rows(int64_t n, const struct vec *args, struct vec *out,
                            double (*f)(double, int64_t))
{
    for (int64_t i = 0; i < n; i++)
        ((double *)out->data)[i] = f(vec_f64(&args[0], i), vec_i64(&args[1], i));
    return RC_OK;
}
static enum rc_t round_num(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    return digit_rows(n, args, out, round_away);
}
static enum rc_t trunc_num(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    return digit_rows(n, args, out, trunc_at);
}
static const struct fn_overload sql_round_overloads[] = {
    OV2(KIND_NUM, KIND_INT, KIND_NUM, round_num),
};
SQL_FN(sql_round, "sql_round(x: num, digits: int) -> num",
       "SQL's round of numeric: half away from zero.", "sql_round(2.5, 0)  #> 3.0", 0,
       .nulls = FN_ANY_NULL);
static const struct fn_overload sql_trunc_overloads[] = {
    OV2(KIND_NUM, KIND_INT, KIND_NUM, trunc_num),
};
SQL_FN(sql_trunc, "sql_trunc(x: num, digits: int) -> num", "SQL's trunc to decimal places.",
       "sql_trunc(2.579, 2)  #> 2.57", 0, .nulls = FN_ANY_NULL);

/* ---- whole numbers ---- */
static uint64_t magnitude(int64_t x)
{
    return x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
}
static uint64_t gcd_of(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}
static enum rc_t gcd_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                         bool *is_null)
{
    (void)is_null;
    uint64_t g = gcd_of(magnitude(vec_i64(&args[0], i)), magnitude(vec_i64(&args[1], i)));
    if (g > INT64_MAX) return fail_overflow(e, i, args, "gcd");
    *r = (int64_t)g;
    return RC_OK;
}
static enum rc_t lcm_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                         bool *is_null)
{
    uint64_t a = magnitude(vec_i64(&args[0], i)), b = magnitude(vec_i64(&args[1], i)), l;
    (void)is_null;
    if (a == 0 || b == 0) return RC_OK;
    if (__builtin_mul_overflow(a / gcd_of(a, b), b, &l) || l > INT64_MAX)
        return fail_overflow(e, i, args, "lcm");
    *r = (int64_t)l;
    return RC_OK;
}
static enum rc_t factorial_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                               bool *is_null)
{
    int64_t x = vec_i64(&args[0], i);
    (void)is_null;
    if (x < 0) return no_value(e, i, "factorial", (double)x);
    if (x > 20)
        return fail(e->cx, E312, e->span, "the factorial of %" PRId64 " does not fit 64 bits", x);
    *r = 1;
    for (int64_t k = 2; k <= x; k++)
        *r *= k;
    return RC_OK;
}
/* width_bucket(x, lo, hi, n): 0 below, n + 1 at and above the end; turned round when lo > hi. */
static enum rc_t bucket_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                            bool *is_null)
{
    double x = vec_f64(&args[0], i), lo = vec_f64(&args[1], i), hi = vec_f64(&args[2], i);
    int64_t n = vec_i64(&args[3], i);
    (void)is_null;
    if (n <= 0 || n == INT64_MAX) return sql_refuse(e, i, "width_bucket needs a count above 0");
    if (lo == hi || !isfinite(lo) || !isfinite(hi))
        return sql_refuse(e, i, "the ends of width_bucket must be two finite numbers");
    double at = (x - lo) / (hi - lo);
    *r = at < 0 ? 0 : at >= 1 ? n + 1 : (int64_t)(at * (double)n) + 1;
    return RC_OK;
}
SQL_INT_KERNEL(gcd, gcd_row)
SQL_INT_KERNEL(lcm, lcm_row)
SQL_INT_KERNEL(factorial, factorial_row)
SQL_INT_KERNEL(bucket, bucket_row)
static const struct fn_overload sql_gcd_overloads[] = {OV2(KIND_INT, KIND_INT, KIND_INT, gcd)};
SQL_FN(sql_gcd, "sql_gcd(a: int, b: int) -> int", "SQL's gcd.", "sql_gcd(12, 18)  #> 6", 0,
       .nulls = FN_ANY_NULL);
static const struct fn_overload sql_lcm_overloads[] = {OV2(KIND_INT, KIND_INT, KIND_INT, lcm)};
SQL_FN(sql_lcm, "sql_lcm(a: int, b: int) -> int", "SQL's lcm.", "sql_lcm(4, 6)  #> 12", 0,
       .nulls = FN_ANY_NULL);
static const struct fn_overload sql_factorial_overloads[] = {OV1(KIND_INT, KIND_INT, factorial)};
SQL_FN(sql_factorial, "sql_factorial(x: int) -> int", "SQL's factorial.",
       "sql_factorial(5)  #> 120", 0, .nulls = FN_ANY_NULL);
static const struct fn_overload sql_width_bucket_overloads[] = {
    OV4(KIND_NUM, KIND_NUM, KIND_NUM, KIND_INT, KIND_INT, bucket),
};
SQL_FN(sql_width_bucket, "sql_width_bucket(x: num, lo: num, hi: num, n: int) -> int",
       "SQL's width_bucket.", "sql_width_bucket(5.35, 0.024, 10.06, 5)  #> 3", 0,
       .nulls = FN_ANY_NULL);
