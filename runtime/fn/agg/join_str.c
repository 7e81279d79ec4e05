/* join_str.c: join_str(x, sep): the texts of a group in a row. */
#include "runtime/fn/agg/agg.h"

static enum rc_t join_str(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                          int64_t at)
{
    struct strbuf b = {0};
    struct str sep = STR(", ");
    bool any = false;
    if (e->n_args > 1) {
        if (!agg_const(e, 1) || e->consts[1].is_null)
            return fail(e->cx, E217, e->span, "the separator of `join_str` must be a constant");
        sep = e->consts[1].u.s;
    }
    for (int64_t i = 0; i < n; i++) {
        struct str s;
        if (!agg_text(e, args, 0, i, &s)) continue;
        if (any) strbuf_adds(&b, sep);
        strbuf_adds(&b, s);
        any = true;
    }
    bool fits = b.n < UINT32_MAX;
    struct str s = fits ? arena_str(e->arena, strbuf_view(&b)) : STR("");
    strbuf_release(&b);
    if (!fits) return fail(e->cx, E902, e->span, "`join_str` would make a text of more than 4 GB");
    ((struct text *)out->data)[at] = text_make(s.p, s.n);
    out->heap = NULL;
    if (!any) out_null(out, at);
    return RC_OK;
}

static const struct agg_overload join_str_overloads[] = {
    AGW(KIND_STR, KIND_STR, join_str),
    AGW2(KIND_STR, KIND_STR, KIND_STR, join_str),
};
const struct agg_desc agg_join_str = {
    .name = "join_str",
    .sig = "join_str(x: str, sep: str = \", \") -> str",
    .doc = "The texts that are not null one after the other, sep between them; null without texts.",
    .example = "join_str([\"a\", \"b\"], \"-\")  #> \"a-b\"",
    .overloads = join_str_overloads,
    .n_overloads = COUNT(join_str_overloads),
    .needs_order = true,
    .foreign = {"string_agg(%1, %2)", NULL},
};
