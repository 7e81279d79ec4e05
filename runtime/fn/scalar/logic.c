/* logic.c: and, or, not, is_null. A null bool counts as false, so results are never null; all of it
 * is done on words of 64 rows. */
#include "runtime/fn/fn_int.h"

static enum rc_t and_(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *r = (uint64_t *)out->data;
    (void)e;
    for (int64_t w = 0; w * 64 < n; w++)
        r[w] = vec_bool_word(&args[0], w) & vec_bool_word(&args[1], w);
    return RC_OK;
}
static enum rc_t or_(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *r = (uint64_t *)out->data;
    (void)e;
    for (int64_t w = 0; w * 64 < n; w++)
        r[w] = vec_bool_word(&args[0], w) | vec_bool_word(&args[1], w);
    return RC_OK;
}
static enum rc_t not_(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *r = (uint64_t *)out->data;
    (void)e;
    for (int64_t w = 0; w * 64 < n; w++)
        r[w] = ~vec_bool_word(&args[0], w);
    return RC_OK;
}
static enum rc_t is_null(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *r = (uint64_t *)out->data;
    (void)e;
    for (int64_t w = 0; w * 64 < n; w++)
        r[w] = ~vec_valid_word(&args[0], w);
    return RC_OK;
}
/* A column of no type is null throughout. */
static enum rc_t is_null_always(struct fn_eval *e, int64_t n, const struct vec *args,
                                struct vec *out)
{
    (void)e;
    (void)args;
    memset((void *)(uintptr_t)out->data, 0xFF, BITMAP_WORDS(n) * 8);
    return RC_OK;
}

static const struct fn_overload and_overloads[] = {
    OV2(KIND_BOOL, KIND_BOOL, KIND_BOOL, and_),
};
const struct fn_desc fn_and = {
    .name = "and",
    .sig = "a and b",
    .doc = "True when both are true; null counts as false.",
    .example = "true and null  #> false",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = and_overloads,
    .n_overloads = COUNT(and_overloads),
    .foreign = {"(coalesce(%1, false) AND coalesce(%2, false))",
                "(coalesce(%1, false) AND coalesce(%2, false))"},
};

static const struct fn_overload or_overloads[] = {
    OV2(KIND_BOOL, KIND_BOOL, KIND_BOOL, or_),
};
const struct fn_desc fn_or = {
    .name = "or",
    .sig = "a or b",
    .doc = "True when one of them is true; null counts as false.",
    .example = "null or true  #> true",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = or_overloads,
    .n_overloads = COUNT(or_overloads),
    .foreign = {"(coalesce(%1, false) OR coalesce(%2, false))",
                "(coalesce(%1, false) OR coalesce(%2, false))"},
};

static const struct fn_overload not_overloads[] = {
    OV1(KIND_BOOL, KIND_BOOL, not_),
};
const struct fn_desc fn_not = {
    .name = "not",
    .sig = "not a",
    .doc = "True when a is false or null.",
    .example = "not null  #> true",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = not_overloads,
    .n_overloads = COUNT(not_overloads),
    .foreign = {"(NOT coalesce(%1, false))", "(NOT coalesce(%1, false))"},
};

static const struct fn_overload is_null_overloads[] = {
    OV1(KIND_INT, KIND_BOOL, is_null),         OV1(KIND_NUM, KIND_BOOL, is_null),
    OV1(KIND_STR, KIND_BOOL, is_null),         OV1(KIND_CAT, KIND_BOOL, is_null),
    OV1(KIND_BOOL, KIND_BOOL, is_null),        OV1(KIND_DATE, KIND_BOOL, is_null),
    OV1(KIND_DATETIME, KIND_BOOL, is_null),    OV1(KIND_DURATION, KIND_BOOL, is_null),
    OV1(KIND_LIST, KIND_BOOL, is_null),        OV1(KIND_STRUCT, KIND_BOOL, is_null),
    OV1(KIND_NULL, KIND_BOOL, is_null_always),
};
const struct fn_desc fn_is_null = {
    .name = "is_null",
    .sig = "a is null",
    .doc = "True when there is no value.",
    .example = "null is null  #> true",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = is_null_overloads,
    .n_overloads = COUNT(is_null_overloads),
    .foreign = {"(%1 IS NULL)", "(%1 IS NULL)"},
};
