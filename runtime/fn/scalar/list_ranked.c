/* list_ranked.c: lists beside lists: what two have in common, and how well an ordered list of
 * proposals finds what a second one holds. */
#include "runtime/fn/scalar/list.h"

#include "runtime/fn/metric/ranked.h"

#include <math.h>

static bool same_element(const struct column *a, int64_t i, const struct column *b, int64_t k)
{
    struct scalar x = column_scalar(a, i), y = column_scalar(b, k);
    bool same;
    if (x.is_null || y.is_null)
        same = x.is_null && y.is_null;
    else if (x.type.kind == KIND_INT && y.type.kind == KIND_NUM)
        same = (double)x.u.i == y.u.f;
    else if (x.type.kind == KIND_NUM && y.type.kind == KIND_INT)
        same = x.u.f == (double)y.u.i;
    else
        same = scalar_cmp(&x, &y) == 0;
    scalar_release(&x);
    scalar_release(&y);
    return same;
}

static bool stands_in(const struct column *items, int64_t i, const struct list_row *r)
{
    for (int64_t k = r->from; k < r->to; k++)
        if (same_element(items, i, r->items, k)) return true;
    return false;
}

/* Values before i in its own list that are the same: such a one counts once. */
static bool stood_before(const struct list_row *r, int64_t i)
{
    struct list_row before = {r->items, r->from, i};
    return stands_in(r->items, i, &before);
}

static int64_t n_different(const struct list_row *r)
{
    int64_t n = 0;
    for (int64_t i = r->from; i < r->to; i++)
        n += !stood_before(r, i);
    return n;
}

/* Lists of one kind of value; numbers of both kinds go together. */
static rc type_alike(struct ctx *cx, const struct dtype *args, int n, struct span span,
                     struct dtype *out)
{
    char a[64], b[64];
    (void)n, (void)out;
    if (args[0].kind != KIND_LIST || args[1].kind != KIND_LIST) return RC_OK;
    struct dtype x = args[0].elem ? *args[0].elem : DTYPE(KIND_NULL);
    struct dtype y = args[1].elem ? *args[1].elem : DTYPE(KIND_NULL);
    bool is_text =
        (x.kind == KIND_STR || x.kind == KIND_CAT) && (y.kind == KIND_STR || y.kind == KIND_CAT);
    if (x.kind == y.kind || is_text || x.kind == KIND_NULL || y.kind == KIND_NULL) return RC_OK;
    if (dtype_is_number(x) && dtype_is_number(y)) return RC_OK;
    return fail(cx, E207, span, "a list of %s has nothing in common with a list of %s",
                dtype_text(x, a, sizeof a), dtype_text(y, b, sizeof b));
}

static rc n_common(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        int64_t count = 0;
        if (bit_valid(live, i)) {
            struct list_row a = list_at(e, args, 0, i), b = list_at(e, args, 1, i);
            for (int64_t k = a.from; k < a.to; k++)
                count += stands_in(a.items, k, &b) && !stood_before(&a, k);
        }
        ((int64_t *)out->data)[i] = count;
    }
    return RC_OK;
}

static const struct fn_overload n_common_overloads[] = {
    {2, {KIND_LIST, KIND_LIST}, KIND_INT, n_common}};
const struct fn_desc fn_n_common = {
    .name = "n_common",
    .sig = "n_common(xs: list, ys: list) -> int",
    .doc =
        "How many different values stand in both lists. Metrics of several labels a row are made "
        "of it: precision `n_common(said, was) / len(said)`, recall `.. / len(was)`.",
    .example = "n_common([1, 2, 2, 3], [2, 3, 4])  #> 2",
    .flags = FN_PURE,
    .overloads = n_common_overloads,
    .n_overloads = COUNT(n_common_overloads),
    .type = type_alike,
};

/* One row: proposals of argument 0, what is relevant in argument 1. */
static double row_value(struct fn_eval *e, const struct vec *args, int64_t i,
                        enum ranked_metric what)
{
    struct list_row said = list_at(e, args, 0, i), was = list_at(e, args, 1, i);
    int64_t k = vec_i64(&args[2], i), n = said.to - said.from;
    if (n > k) n = k > 0 ? k : 0;
    bool *hit = ARENA_ARRAY(e->cx->arena, bool, n + 1);
    for (int64_t j = 0; j < n; j++)
        hit[j] = stands_in(said.items, said.from + j, &was) && !stood_before(&said, said.from + j);
    return ranked_value(what, hit, n, n_different(&was), k);
}

static rc over_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                    enum ranked_metric what)
{
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        double v = bit_valid(live, i) ? row_value(e, args, i, what) : NAN;
        ((double *)out->data)[i] = isnan(v) ? 0 : v;
        if (isnan(v) && bit_valid(live, i)) out_null(out, i);
    }
    return RC_OK;
}

#define RANKED(symbol, what, text, shown)                                                          \
    static rc symbol(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)        \
    {                                                                                              \
        return over_rows(e, n, args, out, what);                                                   \
    }                                                                                              \
    static const struct fn_overload symbol##_overloads[] = {                                       \
        {3, {KIND_LIST, KIND_LIST, KIND_INT}, KIND_NUM, symbol}};                                  \
    const struct fn_desc fn_##symbol = {                                                           \
        .name = #symbol,                                                                           \
        .sig = #symbol "(proposed: list, relevant: list, k: int) -> num",                          \
        .doc = text,                                                                               \
        .example = #symbol shown,                                                                  \
        .flags = FN_PURE,                                                                          \
        .overloads = symbol##_overloads,                                                           \
        .n_overloads = COUNT(symbol##_overloads),                                                  \
        .type = type_alike,                                                                        \
    };

RANKED(precision_at_k, RANKED_PRECISION,
       "Share of the first k places that hold something relevant. Null when nothing is relevant.",
       "([4, 1, 2], [2, 4], 2)  #> 0.5")
RANKED(recall_at_k, RANKED_RECALL, "Share of what is relevant that stands in the first k places.",
       "([4, 1, 2], [2, 4], 2)  #> 0.5")
RANKED(ndcg_at_k, RANKED_NDCG,
       "Discounted gain of the first k places over that of the best order: 1 / log2(1 + place) for "
       "each relevant one.",
       "([4, 1, 2], [2, 4], 2)  #> 0.6131471927654584")
RANKED(map_at_k, RANKED_MAP,
       "Average precision of the first k places: the mean precision at each relevant one; its mean "
       "over rows is MAP.",
       "([4, 1, 2], [2, 4], 3)  #> 0.8333333333333333")
RANKED(reciprocal_rank, RANKED_MRR,
       "1 over the place of the first relevant one among the first k, 0 without one; its mean over "
       "rows is MRR.",
       "([4, 1, 2], [1], 3)  #> 0.5")
