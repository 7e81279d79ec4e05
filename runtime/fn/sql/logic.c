/* logic.c: AND, OR, NOT and IS [NOT] TRUE/FALSE/UNKNOWN with three values (Kleene), 64 rows at a
 * time: a word of "is true" and a word of "is false" say it all. */
#include "runtime/fn/sql/sql.h"

static inline uint64_t is_true_word(const struct vec *v, int64_t w)
{
    return vec_bool_word(v, w);
}
static inline uint64_t is_false_word(const struct vec *v, int64_t w)
{
    return vec_valid_word(v, w) & ~vec_bool_word(v, w);
}
static inline void put_word(struct vec *out, int64_t w, uint64_t t, uint64_t f)
{
    ((uint64_t *)out->data)[w] = t;
    out_valid(out)[w] = t | f;
}

static enum rc_t and_(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t w = 0; w * 64 < n; w++)
        put_word(out, w, is_true_word(&args[0], w) & is_true_word(&args[1], w),
                 is_false_word(&args[0], w) | is_false_word(&args[1], w));
    return RC_OK;
}
static enum rc_t or_(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t w = 0; w * 64 < n; w++)
        put_word(out, w, is_true_word(&args[0], w) | is_true_word(&args[1], w),
                 is_false_word(&args[0], w) & is_false_word(&args[1], w));
    return RC_OK;
}
static enum rc_t not_(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t w = 0; w * 64 < n; w++)
        put_word(out, w, is_false_word(&args[0], w), is_true_word(&args[0], w));
    return RC_OK;
}
static enum rc_t is_true(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t w = 0; w * 64 < n; w++)
        ((uint64_t *)out->data)[w] = is_true_word(&args[0], w);
    return RC_OK;
}
static enum rc_t is_false(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t w = 0; w * 64 < n; w++)
        ((uint64_t *)out->data)[w] = is_false_word(&args[0], w);
    return RC_OK;
}
static enum rc_t is_unknown(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t w = 0; w * 64 < n; w++)
        ((uint64_t *)out->data)[w] = ~vec_valid_word(&args[0], w);
    return RC_OK;
}

static const struct fn_overload sql_and_overloads[] = {
    OV2(KIND_BOOL, KIND_BOOL, KIND_BOOL, and_),
};
SQL_FN(sql_and, "sql_and(a: bool, b: bool) -> bool",
       "SQL's AND: false when a side is false, else null when a side is null.",
       "sql_and(false, null)  #> false", FN_ADDS_NULLS, .nulls = FN_OWN_NULLS,
       .foreign = {"(%1 AND %2)", "(%1 AND %2)"});

static const struct fn_overload sql_or_overloads[] = {
    OV2(KIND_BOOL, KIND_BOOL, KIND_BOOL, or_),
};
SQL_FN(sql_or, "sql_or(a: bool, b: bool) -> bool",
       "SQL's OR: true when a side is true, else null when a side is null.",
       "sql_or(false, null)  #> null", FN_ADDS_NULLS, .nulls = FN_OWN_NULLS,
       .foreign = {"(%1 OR %2)", "(%1 OR %2)"});

static const struct fn_overload sql_not_overloads[] = {OV1(KIND_BOOL, KIND_BOOL, not_)};
SQL_FN(sql_not, "sql_not(a: bool) -> bool", "SQL's NOT: null stays null.", "sql_not(null)  #> null",
       FN_ADDS_NULLS, .nulls = FN_OWN_NULLS, .foreign = {"(NOT %1)", "(NOT %1)"});

static const struct fn_overload sql_is_true_overloads[] = {OV1(KIND_BOOL, KIND_BOOL, is_true)};
SQL_FN(sql_is_true, "sql_is_true(a: bool) -> bool", "SQL's IS TRUE: never null.",
       "sql_is_true(null)  #> false", 0, .nulls = FN_OWN_NULLS,
       .foreign = {"(%1 IS TRUE)", "coalesce(%1, false)"});

static const struct fn_overload sql_is_false_overloads[] = {OV1(KIND_BOOL, KIND_BOOL, is_false)};
SQL_FN(sql_is_false, "sql_is_false(a: bool) -> bool", "SQL's IS FALSE: never null.",
       "sql_is_false(false)  #> true", 0, .nulls = FN_OWN_NULLS,
       .foreign = {"(%1 IS FALSE)", "(NOT coalesce(%1, true))"});

static const struct fn_overload sql_is_unknown_overloads[] = {
    OV1(KIND_BOOL, KIND_BOOL, is_unknown),
};
SQL_FN(sql_is_unknown, "sql_is_unknown(a: bool) -> bool", "SQL's IS UNKNOWN: true for null.",
       "sql_is_unknown(null)  #> true", 0, .nulls = FN_OWN_NULLS,
       .foreign = {"(%1 IS UNKNOWN)", "(%1 IS NULL)"});
