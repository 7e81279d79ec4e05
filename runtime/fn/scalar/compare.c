/* compare.c: == != < <= > >=. Two-valued: null equals null, is below nothing and above nothing.
 * Loops make bytes of 0 and 1 (which vectorise) and pack 64 of them into a word; validity is worked
 * in word by word after. */
#include "runtime/base/kernel.h"
#include "runtime/fn/fn_int.h"

/* Loops for one C type: eq, lt, le, each (vec, vec), (vec, const) and (const, vec). */
#define K_T    int64_t
#define K_NAME i64
#include "runtime/fn/kern/compare.inc.h"

#define K_T    int32_t
#define K_NAME i32
#include "runtime/fn/kern/compare.inc.h"

#define K_T    double
#define K_NAME f64
#include "runtime/fn/kern/compare.inc.h"

static int text_cmp(const struct text *a, const struct text *b)
{
    return str_cmp(text_str(a), text_str(b));
}

/* Text: one test a row, no loop variants. */
static void compare_text(enum cmp op, int64_t n, const struct vec *a, const struct vec *b,
                         uint64_t *out)
{
    for (int64_t w = 0; w * 64 < n; w++) {
        int64_t from = w * 64, to = from + 64 < n ? from + 64 : n;
        uint64_t va = vec_valid_word(a, w) & vec_valid_word(b, w), bits = 0;
        for (int64_t i = from; i < to; i++) {
            if (!(va >> (i - from) & 1)) continue; /* texts under nulls are not looked at */
            const struct text *x = vec_text(a, i), *y = vec_text(b, i);
            bool r = op == CMP_IS_EQ   ? text_eq(x, y)
                     : op == CMP_IS_LT ? text_cmp(x, y) < 0
                                       : text_cmp(x, y) <= 0;
            bits |= (uint64_t)r << (i - from);
        }
        out[w] = bits;
    }
}

static void compare_bool(enum cmp op, int64_t n, const struct vec *a, const struct vec *b,
                         uint64_t *out)
{
    for (int64_t w = 0; w * 64 < n; w++) {
        uint64_t x = vec_bool_word(a, w), y = vec_bool_word(b, w);
        out[w] = op == CMP_IS_EQ ? ~(x ^ y) : op == CMP_IS_LT ? ~x & y : ~x | y;
    }
}

void compare_bits(enum cmp op, int64_t n, const struct vec *a, const struct vec *b, uint64_t *out)
{
    if (n == 0) return;
    switch (a->phys) {
    case PHYS_BOOL: compare_bool(op, n, a, b, out); break;
    case PHYS_DATE32:
    case PHYS_I32: compare_i32(op, n, a, b, out); break;
    case PHYS_F64: compare_f64(op, n, a, b, out); break;
    case PHYS_STR: compare_text(op, n, a, b, out); break;
    default: compare_i64(op, n, a, b, out); break;
    }
}

/* What a null on either side makes of a row, word-wise. */
enum null_rule { NULLS_EQUAL, NULLS_DIFFER, NULLS_FALSE };

static void apply_nulls(enum null_rule rule, int64_t n, const struct vec *a, const struct vec *b,
                        uint64_t *bits)
{
    bool is_plain = !a->valid && !b->valid;
    for (int64_t w = 0; w * 64 < n; w++) {
        uint64_t va = is_plain ? ~UINT64_C(0) : vec_valid_word(a, w);
        uint64_t vb = is_plain ? ~UINT64_C(0) : vec_valid_word(b, w);
        uint64_t r = bits[w] & va & vb;
        if (rule != NULLS_FALSE) r |= ~va & ~vb;
        bits[w] = rule == NULLS_DIFFER ? ~r : r;
    }
}

static enum rc_t eq(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_EQ, n, &args[0], &args[1], (uint64_t *)out->data);
    apply_nulls(NULLS_EQUAL, n, &args[0], &args[1], (uint64_t *)out->data);
    return RC_OK;
}
static enum rc_t ne(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_EQ, n, &args[0], &args[1], (uint64_t *)out->data);
    apply_nulls(NULLS_DIFFER, n, &args[0], &args[1], (uint64_t *)out->data);
    return RC_OK;
}
static enum rc_t lt(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_LT, n, &args[0], &args[1], (uint64_t *)out->data);
    apply_nulls(NULLS_FALSE, n, &args[0], &args[1], (uint64_t *)out->data);
    return RC_OK;
}
static enum rc_t le(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_LE, n, &args[0], &args[1], (uint64_t *)out->data);
    apply_nulls(NULLS_EQUAL, n, &args[0], &args[1], (uint64_t *)out->data);
    return RC_OK;
}
static enum rc_t gt(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_LT, n, &args[1], &args[0], (uint64_t *)out->data);
    apply_nulls(NULLS_FALSE, n, &args[0], &args[1], (uint64_t *)out->data);
    return RC_OK;
}
static enum rc_t ge(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_LE, n, &args[1], &args[0], (uint64_t *)out->data);
    apply_nulls(NULLS_EQUAL, n, &args[0], &args[1], (uint64_t *)out->data);
    return RC_OK;
}

/* Rows of every kind that compares, for one kernel. */
#define COMPARISONS(k)                                                                             \
    {                                                                                              \
        OV2(KIND_INT, KIND_INT, KIND_BOOL, k), OV2(KIND_NUM, KIND_NUM, KIND_BOOL, k),              \
            OV2(KIND_STR, KIND_STR, KIND_BOOL, k), OV2(KIND_DATE, KIND_DATE, KIND_BOOL, k),        \
            OV2(KIND_DATETIME, KIND_DATETIME, KIND_BOOL, k),                                       \
            OV2(KIND_DURATION, KIND_DURATION, KIND_BOOL, k),                                       \
            OV2(KIND_BOOL, KIND_BOOL, KIND_BOOL, k),                                               \
    }
#define COMPARISON(id, op, k, text, ex, foreign_sql, foreign_spark)                                \
    static const struct fn_overload id##_overloads[] = COMPARISONS(k);                             \
    const struct fn_desc fn_##id = {.name = op,                                                    \
                                    .sig = "a " op " b",                                           \
                                    .doc = text,                                                   \
                                    .example = ex,                                                 \
                                    .nulls = FN_OWN_NULLS,                                         \
                                    .flags = FN_PURE | FN_HIDDEN,                                  \
                                    .overloads = id##_overloads,                                   \
                                    .n_overloads = COUNT(id##_overloads),                          \
                                    .type = type_zone,                                             \
                                    .foreign = {foreign_sql, foreign_spark}};

COMPARISON(eq, "==", eq, "Equal; null equals null. Text is compared by code point.",
           "null == null  #> true", "(%1 IS NOT DISTINCT FROM %2)", "(%1 <=> %2)")
COMPARISON(ne, "!=", ne, "Not equal; a value differs from null.", "1 != null  #> true",
           "(%1 IS DISTINCT FROM %2)", "(NOT (%1 <=> %2))")
COMPARISON(lt, "<", lt, "Below; false when either side is null.", "2 < 3  #> true",
           "coalesce(%1 < %2, false)", "coalesce(%1 < %2, false)")
COMPARISON(le, "<=", le, "Below or equal; true when both are null.", "\"b\" <= \"a\"  #> false",
           "(coalesce(%1 <= %2, false) OR (%1 IS NULL AND %2 IS NULL))",
           "(coalesce(%1 <= %2, false) OR (%1 IS NULL AND %2 IS NULL))")
COMPARISON(gt, ">", gt, "Above; false when either side is null.", "2 > null  #> false",
           "coalesce(%1 > %2, false)", "coalesce(%1 > %2, false)")
COMPARISON(ge, ">=", ge, "Above or equal; true when both are null.",
           "@2019-02-01 >= @2019-01-31  #> true",
           "(coalesce(%1 >= %2, false) OR (%1 IS NULL AND %2 IS NULL))",
           "(coalesce(%1 >= %2, false) OR (%1 IS NULL AND %2 IS NULL))")
