/* divide.c: / and % of SQL. Two ints divide to an int, cut toward zero; the remainder has the
 * dividend's sign; a zero divisor is an error, of num too. */
#include "runtime/base/kernel.h"
#include "runtime/fn/sql/sql.h"

#include <math.h>

rc fail_zero_division(struct fn_eval *e, int64_t i)
{
    (void)fail(e->cx, E316, e->span, "division by zero in row %lld",
               (long long)(e->first_row + i + 1));
    return err_hint(e->cx, "a / nullif(b, 0)");
}

/* Divisors 0 and -1 are taken out of the machine's division: 0 is flagged, -1 could overflow. */
static inline int64_t quotient(int64_t a, int64_t b)
{
    return b == 0 ? 0 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}
static inline int64_t remainder_of(int64_t a, int64_t b)
{
    return b == 0 || b == -1 ? 0 : a % b;
}

static enum rc_t int_rows(struct fn_eval *e, int64_t n, const struct vec *args, bool is_div)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t a = vec_i64(&args[0], i), b = vec_i64(&args[1], i);
        if (b != 0 && b != -1) continue;
        if (!row_valid(e, args, i)) continue;
        if (b == 0) return fail_zero_division(e, i);
        if (is_div && a == INT64_MIN) return fail_overflow(e, i, args, "/");
    }
    return RC_OK;
}
static enum rc_t div_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)out;
    return int_rows(e, n, args, true);
}
static enum rc_t mod_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)out;
    return int_rows(e, n, args, false);
}

static enum rc_t zero_rows(struct fn_eval *e, int64_t n, const struct vec *args, const char *what,
                           struct vec *out)
{
    for (int64_t i = 0; i < n; i++)
        if (vec_f64(&args[1], i) == 0 && row_valid(e, args, i)) return fail_zero_division(e, i);
    return fix_nan(e, n, args, out, what); /* inf / inf */
}
static enum rc_t div_zero(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return zero_rows(e, n, args, "/", out);
}
static enum rc_t mod_zero(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return zero_rows(e, n, args, "%", out);
}

static enum rc_t span_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!row_valid(e, args, i)) continue;
        double b = vec_f64(&args[1], i), x;
        if (b == 0) return fail_zero_division(e, i);
        x = rint((double)vec_i64(&args[0], i) / b);
        if (!(x >= -0x1p63 && x < 0x1p63)) return fail_overflow(e, i, args, "/");
        r[i] = (int64_t)x;
    }
    return RC_OK;
}

#define K_NAME                  div_i64
#define K_A                     int64_t
#define K_B                     int64_t
#define K_R                     int64_t
#define K_OP(x, y)              quotient(x, y)
#define K_FLAG(x, y, r)         ((uint64_t)(y) + 1 <= 1)
#define K_SLOW(e, n, args, out) div_rows(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  mod_i64
#define K_A                     int64_t
#define K_B                     int64_t
#define K_R                     int64_t
#define K_OP(x, y)              remainder_of(x, y)
#define K_FLAG(x, y, r)         ((y) == 0)
#define K_SLOW(e, n, args, out) mod_rows(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  div_f64
#define K_A                     double
#define K_B                     double
#define K_R                     double
#define K_OP(x, y)              ((x) / (y))
#define K_FLAG(x, y, r)         (((r) != (r)) | ((y) == 0))
#define K_SLOW(e, n, args, out) div_zero(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

#define K_NAME                  mod_f64
#define K_A                     double
#define K_B                     double
#define K_R                     double
#define K_OP(x, y)              fmod(x, y)
#define K_FLAG(x, y, r)         (((r) != (r)) | ((y) == 0))
#define K_SLOW(e, n, args, out) mod_zero(e, n, args, out)
#include "runtime/fn/kern/binary.inc.h"

static const struct fn_overload sql_div_overloads[] = {
    OV2(KIND_INT, KIND_INT, KIND_INT, div_i64),
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, div_f64),
    OV2(KIND_DURATION, KIND_NUM, KIND_DURATION, span_rows),
};
SQL_FN(sql_div, "sql_div(a: num, b: num) -> num",
       "SQL's /: of ints an int, cut toward zero; a zero divisor is an error.",
       "sql_div(-7, 2)  #> -3", FN_ADDS_NULLS, .nulls = FN_ANY_NULL,
       .foreign = {"(%1 / %2)", NULL});

static const struct fn_overload sql_mod_overloads[] = {
    OV2(KIND_INT, KIND_INT, KIND_INT, mod_i64),
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, mod_f64),
};
SQL_FN(sql_mod, "sql_mod(a: num, b: num) -> num",
       "SQL's %: the remainder has the dividend's sign; a zero divisor is an error.",
       "sql_mod(-7, 2)  #> -1", FN_ADDS_NULLS, .nulls = FN_ANY_NULL,
       .foreign = {"mod(%1, %2)", NULL});
