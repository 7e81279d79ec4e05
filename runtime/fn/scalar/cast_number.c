/* cast_number.c: int(), num() and bool(). */
#include "runtime/base/kernel.h"
#include "runtime/base/num.h"
#include "runtime/fn/scalar/cast.h"

#include <math.h>

/* ---- int ---- */
static enum rc_t int_range(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    for (int64_t i = 0; i < n; i++) {
        double x = vec_f64(&args[0], i);
        if ((x >= -0x1p63 && x < 0x1p63) || !row_valid(e, args, i)) continue;
        char buf[NUM_TEXT_MAX];
        int len = num_format(x, buf);
        TRY(cast_refuse(e, out, i, (struct str){buf, (size_t)len}, "an int"));
    }
    return RC_OK;
}

#define FITS_INT(x)             ((x) >= -0x1p63 && (x) < 0x1p63)

#define K_NAME                  int_num
#define K_A                     double
#define K_R                     int64_t
#define K_OP(x)                 (FITS_INT(x) ? (x) : 0)
#define K_FLAG(x, r)            (!FITS_INT(x))
#define K_SLOW(e, n, args, out) int_range(e, n, args, out)
#include "runtime/fn/kern/unary.inc.h"

static bool int_of_text(struct str s, int64_t *out)
{
    double x;
    if (int_parse(s.p, s.n, out)) return true;
    if (!num_parse(s.p, s.n, &x) || !FITS_INT(x)) return false;
    *out = (int64_t)x;
    return true;
}

static enum rc_t int_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        if (!int_of_text(str_trim(s), &r[i])) TRY(cast_refuse(e, out, i, s, "an int"));
    }
    return RC_OK;
}

static enum rc_t int_bool(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    (void)e;
    for (int64_t i = 0; i < n; i++)
        r[i] = vec_bool(&args[0], i);
    return RC_OK;
}

static const struct fn_overload int_overloads[] = {
    CAST(KIND_INT, KIND_INT, cast_same),  CAST(KIND_NUM, KIND_INT, int_num),
    CAST(KIND_STR, KIND_INT, int_str),    CAST(KIND_BOOL, KIND_INT, int_bool),
    CAST(KIND_NULL, KIND_INT, cast_null),
};
const struct fn_desc fn_int = {
    .name = "int",
    .sig = "int(x, strict: bool = false) -> int",
    .doc =
        "x as a whole number, cut toward zero. What is no number becomes null and is counted; with "
        "strict: true it is an error.",
    .example = "int(\"12\") + int(-2.7)  #> 10",
    .flags = FN_PURE | FN_ADDS_NULLS | FN_CAST,
    .overloads = int_overloads,
    .n_overloads = COUNT(int_overloads),
    .prepare = prepare_cast,
};

/* ---- num ---- */
#define K_NAME  num_int
#define K_A     int64_t
#define K_R     double
#define K_OP(x) ((double)(x))
#include "runtime/fn/kern/unary.inc.h"

static enum rc_t num_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    double *r = (double *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str raw = vec_str(&args[0], i), s = str_trim(raw);
        if (!num_parse(s.p, s.n, &r[i])) TRY(cast_refuse(e, out, i, raw, "a number"));
        if (!isnan(r[i])) continue;
        r[i] = 0; /* "nan" says itself that there is no number: null, not counted */
        out_null(out, i);
    }
    return RC_OK;
}

static enum rc_t num_bool(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    double *r = (double *)out->data;
    (void)e;
    for (int64_t i = 0; i < n; i++)
        r[i] = vec_bool(&args[0], i) ? 1 : 0;
    return RC_OK;
}

static const struct fn_overload num_overloads[] = {
    CAST(KIND_NUM, KIND_NUM, cast_same),  CAST(KIND_INT, KIND_NUM, num_int),
    CAST(KIND_STR, KIND_NUM, num_str),    CAST(KIND_BOOL, KIND_NUM, num_bool),
    CAST(KIND_NULL, KIND_NUM, cast_null),
};
const struct fn_desc fn_num = {
    .name = "num",
    .sig = "num(x, strict: bool = false) -> num",
    .doc = "x as a number with a point. Text that is no number becomes null and is counted; with "
           "strict: true it is an error.",
    .example = "num(\"2.5\")  #> 2.5",
    .flags = FN_PURE | FN_ADDS_NULLS | FN_CAST,
    .overloads = num_overloads,
    .n_overloads = COUNT(num_overloads),
    .prepare = prepare_cast,
};

/* ---- bool ---- */
static bool bool_of_text(struct str s, bool *out)
{
    static const char *const yes[] = {"true", "t", "yes", "y", "1"};
    static const char *const no[] = {"false", "f", "no", "n", "0"};
    for (int i = 0; i < COUNT(yes); i++) {
        *out = true;
        if (str_eq_nocase(s, str_of(yes[i]))) return true;
        *out = false;
        if (str_eq_nocase(s, str_of(no[i]))) return true;
    }
    return false;
}

static enum rc_t bool_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *r = (uint64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        bool b = false;
        if (bit_valid(live, i)) {
            struct str s = vec_str(&args[0], i);
            if (!bool_of_text(str_trim(s), &b)) TRY(cast_refuse(e, out, i, s, "true or false"));
        }
        bit_put(r, i, b);
    }
    return RC_OK;
}

static enum rc_t bool_int(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        bit_put((uint64_t *)out->data, i, vec_i64(&args[0], i) != 0);
    return RC_OK;
}

static enum rc_t bool_num(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        bit_put((uint64_t *)out->data, i, vec_f64(&args[0], i) != 0);
    return RC_OK;
}

static const struct fn_overload bool_overloads[] = {
    CAST(KIND_BOOL, KIND_BOOL, cast_same), CAST(KIND_INT, KIND_BOOL, bool_int),
    CAST(KIND_NUM, KIND_BOOL, bool_num),   CAST(KIND_STR, KIND_BOOL, bool_str),
    CAST(KIND_NULL, KIND_BOOL, cast_null),
};
const struct fn_desc fn_bool = {
    .name = "bool",
    .sig = "bool(x, strict: bool = false) -> bool",
    .doc = "A number is true unless it is 0; of text, true yes t y 1 are true, false no f n 0 are "
           "false (any case), the rest null and counted.",
    .example = "bool(\"yes\")  #> true",
    .flags = FN_PURE | FN_ADDS_NULLS | FN_CAST,
    .overloads = bool_overloads,
    .n_overloads = COUNT(bool_overloads),
    .prepare = prepare_cast,
};
