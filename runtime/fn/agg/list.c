/* list.c: list(x): the values of a group as one list. */
#include "runtime/fn/agg/agg.h"

static enum rc_t list(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                      int64_t at)
{
    int64_t *offsets = (int64_t *)out->data;
    struct builder b;
    struct column *items = NULL;
    enum rc_t res = RC_OK;
    struct dtype item = *e->type.elem;
    builder_init(&b, item, kind_phys(item.kind));
    for (int64_t i = 0; agg_const(e, 0) && i < n && res == RC_OK; i++)
        if (!e->consts[0].is_null) res = builder_scalar(e->cx, &b, &e->consts[0]);
    if (!agg_const(e, 0)) {
        int32_t sel[1024];
        for (int64_t i = 0; i < n && res == RC_OK;) {
            int64_t m = 0;
            for (; i < n && m < 1024; i++)
                if (vec_valid(&args[0], i)) sel[m++] = (int32_t)i;
            res = builder_append(e->cx, &b, &args[0], sel, m);
        }
    }
    if (res == RC_OK) res = builder_finish(e->cx, &b, &items);
    builder_release(&b);
    TRY(res);
    arena_column(e->cx->arena, items);
    offsets[at] = 0;
    offsets[at + 1] = items->n;
    const struct column **child = ARENA_ARRAY(e->cx->arena, const struct column *, 1);
    child[0] = items;
    out->child = child;
    out->n_child = 1;
    return RC_OK;
}

static enum rc_t type_of_list(struct ctx *cx, const struct dtype *args, int n, struct span span,
                              struct dtype *out)
{
    (void)cx, (void)n, (void)span;
    *out = dtype_list(args[0].kind == KIND_CAT ? DTYPE(KIND_STR) : args[0]);
    return RC_OK;
}

static const struct agg_overload list_overloads[] = {
    AGW(KIND_INT, KIND_LIST, list),      AGW(KIND_NUM, KIND_LIST, list),
    AGW(KIND_STR, KIND_LIST, list),      AGW(KIND_BOOL, KIND_LIST, list),
    AGW(KIND_DATE, KIND_LIST, list),     AGW(KIND_DATETIME, KIND_LIST, list),
    AGW(KIND_DURATION, KIND_LIST, list),
};
const struct agg_desc agg_list = {
    .name = "list",
    .sig = "list(x) -> list",
    .doc = "The values that are not null as a list, in sort order (input order without a sort "
           "clause).",
    .example = "list([3, null, 1])  #> [3, 1]",
    .overloads = list_overloads,
    .n_overloads = COUNT(list_overloads),
    .type = type_of_list,
    .needs_order = true,
    .foreign = {"array_agg(%1) filter (where %1 is not null)", "collect_list(%1)"},
};
