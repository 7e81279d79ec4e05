/* compare.c: = <> < <= > >= of SQL: null when a side is null (the caller has seen to that). */
#include "runtime/fn/sql/sql.h"

static void flip(int64_t n, uint64_t *bits)
{
    for (int64_t w = 0; w * 64 < n; w++)
        bits[w] = ~bits[w];
}

static enum rc_t eq(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_EQ, n, &args[0], &args[1], (uint64_t *)out->data);
    return RC_OK;
}
static enum rc_t ne(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_EQ, n, &args[0], &args[1], (uint64_t *)out->data);
    flip(n, (uint64_t *)out->data);
    return RC_OK;
}
static enum rc_t lt(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_LT, n, &args[0], &args[1], (uint64_t *)out->data);
    return RC_OK;
}
static enum rc_t le(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_LE, n, &args[0], &args[1], (uint64_t *)out->data);
    return RC_OK;
}
static enum rc_t gt(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_LT, n, &args[1], &args[0], (uint64_t *)out->data);
    return RC_OK;
}
static enum rc_t ge(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    compare_bits(CMP_IS_LE, n, &args[1], &args[0], (uint64_t *)out->data);
    return RC_OK;
}

/* Kinds that have no order of their own or are not known: nothing but null compares with null. */
static enum rc_t unknown(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    (void)args;
    if (n == 0) return RC_OK;
    memset((void *)(uintptr_t)out->data, 0, BITMAP_WORDS(n) * 8);
    bitmap_fill(out_valid(out), n, false);
    return RC_OK;
}

#define COMPARISONS(k)                                                                             \
    {                                                                                              \
        OV2(KIND_INT, KIND_INT, KIND_BOOL, k), OV2(KIND_NUM, KIND_NUM, KIND_BOOL, k),              \
            OV2(KIND_STR, KIND_STR, KIND_BOOL, k), OV2(KIND_DATE, KIND_DATE, KIND_BOOL, k),        \
            OV2(KIND_DATETIME, KIND_DATETIME, KIND_BOOL, k),                                       \
            OV2(KIND_DURATION, KIND_DURATION, KIND_BOOL, k),                                       \
            OV2(KIND_BOOL, KIND_BOOL, KIND_BOOL, k),                                               \
            OV2(KIND_NULL, KIND_NULL, KIND_BOOL, unknown),                                         \
    }
#define COMPARISON(id, k, text, example_text, op)                                                  \
    static const struct fn_overload id##_overloads[] = COMPARISONS(k);                             \
    SQL_FN(id, #id "(a, b) -> bool", text, example_text, FN_ADDS_NULLS, .nulls = FN_ANY_NULL,      \
           .type = type_zone, .foreign = {"(%1 " op " %2)", "(%1 " op " %2)"})

COMPARISON(sql_eq, eq, "SQL's =: null when a side is null.", "sql_eq(1, null)  #> null", "=");
COMPARISON(sql_ne, ne, "SQL's <>: null when a side is null.", "sql_ne(1, 2)  #> true", "<>");
COMPARISON(sql_lt, lt, "SQL's <: null when a side is null.", "sql_lt(1, 2)  #> true", "<");
COMPARISON(sql_le, le, "SQL's <=: null when a side is null.", "sql_le(\"b\", \"a\")  #> false",
           "<=");
COMPARISON(sql_gt, gt, "SQL's >: null when a side is null.", "sql_gt(null, 2)  #> null", ">");
COMPARISON(sql_ge, ge, "SQL's >=: null when a side is null.", "sql_ge(2, 2)  #> true", ">=");
