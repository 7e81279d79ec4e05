/* choose.c: if(c, a, b), a ?? b and null_if(x, y): one of two values by a mask of bits. They work
 * on widths, not on types, so that one loop serves int, num, datetime and duration. */
#include "runtime/base/kernel.h"
#include "runtime/fn/fn_int.h"

#define K_T    uint32_t
#define K_NAME select_4
#include "runtime/fn/kern/select.inc.h"

#define K_T    uint64_t
#define K_NAME select_8
#include "runtime/fn/kern/select.inc.h"

#define K_T    struct text
#define K_NAME select_16
#include "runtime/fn/kern/select.inc.h"

static void select_bits(int64_t n, const uint64_t *mask, const struct vec *a, const struct vec *b,
                        struct vec *out)
{
    uint64_t *r = (uint64_t *)out->data;
    for (int64_t w = 0; w * 64 < n; w++)
        r[w] = (mask[w] & vec_bool_word(a, w)) | (~mask[w] & vec_bool_word(b, w));
}

/* Long texts of both sides must be kept alive by one column, or be copied (heap NULL). */
static const struct column *common_heap(const struct vec *a, const struct vec *b)
{
    return a->heap == b->heap && !a->is_const && !b->is_const ? a->heap : NULL;
}

/* A null constant has no data to read: any zeroed value will do under a cleared bit. */
static struct vec readable(const struct vec *v)
{
    static const struct text nothing[1];
    struct vec r = *v;
    if (!r.is_const || (r.data && bit_valid(r.valid, 0))) return r;
    r.data = nothing;
    return r;
}

static void select_values(int64_t n, const uint64_t *mask, const struct vec *av,
                          const struct vec *bv, struct vec *out)
{
    struct vec a = readable(av), b = readable(bv);
    uint64_t *valid = out_valid(out);
    for (int64_t w = 0; w * 64 < n; w++)
        valid[w] = (mask[w] & vec_valid_word(&a, w)) | (~mask[w] & vec_valid_word(&b, w));
    switch (out->phys) {
    case PHYS_BOOL: select_bits(n, mask, &a, &b, out); break;
    case PHYS_DATE32:
    case PHYS_I32: select_4(n, mask, &a, &b, out); break;
    case PHYS_STR:
        out->heap = common_heap(av, bv);
        select_16(n, mask, &a, &b, out);
        break;
    default: select_8(n, mask, &a, &b, out); break;
    }
}

static uint64_t *mask_new(struct fn_eval *e, int64_t n)
{
    return arena_alloc(e->cx->arena, BITMAP_WORDS(n) * 8 + 8);
}

static enum rc_t if_(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *mask = mask_new(e, n);
    for (int64_t w = 0; w * 64 < n; w++)
        mask[w] = vec_bool_word(&args[0], w);
    select_values(n, mask, &args[1], &args[2], out);
    return RC_OK;
}

static enum rc_t coalesce(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *mask = mask_new(e, n);
    for (int64_t w = 0; w * 64 < n; w++)
        mask[w] = vec_valid_word(&args[0], w);
    select_values(n, mask, &args[0], &args[1], out);
    return RC_OK;
}

static enum rc_t null_if(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *mask = mask_new(e, n);
    for (int64_t w = 0; w * 64 < n; w++)
        mask[w] = ~UINT64_C(0);
    select_values(n, mask, &args[0], &args[0], out);
    compare_bits(CMP_IS_EQ, n, &args[0], &args[1], mask);
    uint64_t *valid = out_valid(out);
    for (int64_t w = 0; w * 64 < n; w++)
        valid[w] &= ~(mask[w] & vec_valid_word(&args[1], w));
    return RC_OK;
}

static const struct fn_overload if_overloads[] = {
    OV3(KIND_BOOL, KIND_INT, KIND_INT, KIND_INT, if_),
    OV3(KIND_BOOL, KIND_NUM, KIND_NUM, KIND_NUM, if_),
    OV3(KIND_BOOL, KIND_STR, KIND_STR, KIND_STR, if_),
    OV3(KIND_BOOL, KIND_BOOL, KIND_BOOL, KIND_BOOL, if_),
    OV3(KIND_BOOL, KIND_DATE, KIND_DATE, KIND_DATE, if_),
    OV3(KIND_BOOL, KIND_DATETIME, KIND_DATETIME, KIND_DATETIME, if_),
    OV3(KIND_BOOL, KIND_DURATION, KIND_DURATION, KIND_DURATION, if_),
};
const struct fn_desc fn_if = {
    .name = "if",
    .sig = "if(c: bool, a, b)",
    .doc = "a where c is true, else b (also where c is null).",
    .example = "if(2 > 1, \"yes\", \"no\")  #> \"yes\"",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE,
    .overloads = if_overloads,
    .n_overloads = COUNT(if_overloads),
    .type = type_zone,
    .foreign = {"(CASE WHEN %1 THEN %2 ELSE %3 END)", "(CASE WHEN %1 THEN %2 ELSE %3 END)"},
};

#define SAME_PAIRS(k)                                                                              \
    OV2(KIND_INT, KIND_INT, KIND_INT, k), OV2(KIND_NUM, KIND_NUM, KIND_NUM, k),                    \
        OV2(KIND_STR, KIND_STR, KIND_STR, k), OV2(KIND_BOOL, KIND_BOOL, KIND_BOOL, k),             \
        OV2(KIND_DATE, KIND_DATE, KIND_DATE, k),                                                   \
        OV2(KIND_DATETIME, KIND_DATETIME, KIND_DATETIME, k),                                       \
        OV2(KIND_DURATION, KIND_DURATION, KIND_DURATION, k)

static const struct fn_overload coalesce_overloads[] = {SAME_PAIRS(coalesce)};
const struct fn_desc fn_coalesce = {
    .name = "??",
    .sig = "a ?? b",
    .doc = "a, or b where a is null.",
    .example = "null ?? 3  #> 3",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = coalesce_overloads,
    .n_overloads = COUNT(coalesce_overloads),
    .type = type_zone,
    .foreign = {"coalesce(%1, %2)", "coalesce(%1, %2)"},
};

static const struct fn_overload null_if_overloads[] = {SAME_PAIRS(null_if)};
const struct fn_desc fn_null_if = {
    .name = "null_if",
    .sig = "null_if(x, y)",
    .doc = "x, or null where x equals y.",
    .example = "null_if(\"?\", \"?\")  #> null",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE,
    .overloads = null_if_overloads,
    .n_overloads = COUNT(null_if_overloads),
    .type = type_zone,
    .foreign = {"nullif(%1, %2)", "nullif(%1, %2)"},
};
