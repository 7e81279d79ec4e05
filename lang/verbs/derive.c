/* derive.c: adds or replaces columns, left to right. */
#include "lang/verbs/verb_int.h"

static enum rc_t derive_bind(struct verb_call *vc, struct value **out)
{
    struct stage s;
    TRY(need_items(vc, "something to compute", "derive total = fare + tip"));
    TRY(stage_begin(&s, vc));
    enum rc_t res = RC_ERR;
    int at = 0;
    for (const struct ast_item *it; (it = next_item(vc->step, &at));)
        TRY_OUT(stage_item(&s, it, NULL, NULL));
    TRY_OUT(stage_flush(&s));
    res = verb_pipe_value(&s.pipe, input_label(vc), out);
out:
    stage_release(&s);
    return res;
}

static const struct verb_option derive_options[] = {
    {"nulls", OPT_WORD, "last first", "where null stands in the step's sort"},
    {0},
};
const struct verb_desc verb_derive = {
    .name = "derive",
    .sig = "derive name = expression, .. [by groups] [sort keys]",
    .doc = "Adds columns, or replaces those of the same name (which keep their place), left to "
           "right: each sees the ones before it. Aggregates and window functions are computed over "
           "the rows of each group, in the order of the sort clause; rolling ones say how far they "
           "look back: mean(x, last: 7), last: 7d, rows: -3..3.",
    .examples = {"trips |> derive total = fare + tip, share = tip / total",
                 "trips |> derive rank = rank(-fare), mean = mean(fare) by zone"},
    .options = derive_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .takes_sort = true,
    .bind = derive_bind,
};
