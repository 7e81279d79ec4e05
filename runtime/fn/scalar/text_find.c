/* text_find.c: len, contains, starts, ends, find, like. */
#include "runtime/fn/scalar/list.h"
#include "runtime/fn/scalar/text.h"

/* ---- len ---- */
static enum rc_t len(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++)
        r[i] = bit_valid(live, i) ? text_points(vec_str(&args[0], i)) : 0;
    return RC_OK;
}
static const struct fn_overload len_overloads[] = {
    OV1(KIND_STR, KIND_INT, len),
    OV1(KIND_LIST, KIND_INT, len_list),
};
const struct fn_desc fn_len = {
    .name = "len",
    .sig = "len(x: str) -> int",
    .doc = "Number of characters of a text, or of values of a list.",
    .example = "len(\"na\u00efve\")  #> 5",
    .flags = FN_PURE,
    .overloads = len_overloads,
    .n_overloads = COUNT(len_overloads),
    .foreign = {"char_length(%1)", "char_length(%1)"},
};

/* ---- yes or no about two texts ---- */
static bool has_text(struct str s, struct str part)
{
    return text_search(s, part, 0) >= 0;
}

static enum rc_t test_pair(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                           bool (*test)(struct str, struct str))
{
    uint64_t *r = (uint64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t w = 0; w * 64 < n; w++) {
        int64_t from = w * 64, to = from + 64 < n ? from + 64 : n;
        uint64_t bits = 0, here = live ? live[w] : ~UINT64_C(0);
        for (int64_t i = from; i < to; i++) {
            if (!(here >> (i - from) & 1)) continue;
            bits |= (uint64_t)test(vec_str(&args[0], i), vec_str(&args[1], i)) << (i - from);
        }
        r[w] = bits;
    }
    return RC_OK;
}
static enum rc_t contains(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return test_pair(e, n, args, out, has_text);
}
static enum rc_t starts(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return test_pair(e, n, args, out, str_starts);
}
static enum rc_t ends(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return test_pair(e, n, args, out, str_ends);
}

static enum rc_t like(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return test_pair(e, n, args, out, text_like);
}

#define TEXT_TEST(id, arg, doc_text, example_text, sql_text, spark_text)                           \
    static const struct fn_overload id##_overloads[] = {OV2(KIND_STR, KIND_STR, KIND_BOOL, id)};   \
    const struct fn_desc fn_##id = {.name = #id,                                                   \
                                    .sig = #id "(x: str, " arg ": str) -> bool",                   \
                                    .doc = doc_text,                                               \
                                    .example = example_text,                                       \
                                    .flags = FN_PURE,                                              \
                                    .overloads = id##_overloads,                                   \
                                    .n_overloads = 1,                                              \
                                    .foreign = {sql_text, spark_text}};

TEXT_TEST(starts, "part", "Whether x begins with part.", "starts(\"banana\", \"ba\")  #> true",
          "starts_with(%1, %2)", "startswith(%1, %2)")
TEXT_TEST(ends, "part", "Whether x ends with part.", "ends(\"banana\", \"na\")  #> true", NULL,
          "endswith(%1, %2)")
TEXT_TEST(like, "pattern", "SQL's like: % stands for any characters, _ for one.",
          "like(\"banana\", \"b%n_\")  #> true", "(%1 LIKE %2)", "(%1 LIKE %2)")

/* ---- contains ---- */
static const struct fn_overload contains_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_BOOL, contains),
    OV2(KIND_LIST, KIND_INT, KIND_BOOL, contains_list),
    OV2(KIND_LIST, KIND_NUM, KIND_BOOL, contains_list),
    OV2(KIND_LIST, KIND_STR, KIND_BOOL, contains_list),
    OV2(KIND_LIST, KIND_BOOL, KIND_BOOL, contains_list),
    OV2(KIND_LIST, KIND_DATE, KIND_BOOL, contains_list),
    OV2(KIND_LIST, KIND_DATETIME, KIND_BOOL, contains_list),
    OV2(KIND_LIST, KIND_DURATION, KIND_BOOL, contains_list),
};
const struct fn_desc fn_contains = {
    .name = "contains",
    .sig = "contains(x: str, part: str) -> bool",
    .doc =
        "Whether part stands somewhere in the text x (literally; matches takes a pattern), or is a "
        "value of the list x.",
    .example = "contains(\"banana\", \"nan\")  #> true",
    .flags = FN_PURE,
    .overloads = contains_overloads,
    .n_overloads = COUNT(contains_overloads),
    .type = type_contains,
    .foreign = {"(position(%2 in %1) > 0)", "contains(%1, %2)"},
};

/* ---- find ---- */
static enum rc_t find(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        int64_t at = text_search(s, vec_str(&args[1], i), 0);
        if (at >= 0)
            r[i] = text_points((struct str){s.p, (size_t)at}) + 1;
        else
            out_null(out, i);
    }
    return RC_OK;
}
static const struct fn_overload find_overloads[] = {OV2(KIND_STR, KIND_STR, KIND_INT, find)};
const struct fn_desc fn_find_ = {
    .name = "find",
    .sig = "find(x: str, part: str) -> int",
    .doc = "Where part first stands in x, counted from 1; null when it does not.",
    .example = "find(\"banana\", \"n\")  #> 3",
    .flags = FN_PURE | FN_ADDS_NULLS,
    .overloads = find_overloads,
    .n_overloads = COUNT(find_overloads),
    .foreign = {"nullif(position(%2 in %1), 0)", "nullif(position(%2, %1), 0)"},
};
