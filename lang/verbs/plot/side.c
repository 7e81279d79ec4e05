/* side.c: charts beside each other. */
#include "lang/verbs/plot/plot.h"

enum { MOST = 24 };

static rc gather(struct verb_call *vc, struct value *parts[MOST], int *n)
{
    int at = 0;
    parts[(*n)++] = value_ref(vc->input);
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        if (*n == MOST) return fail(vc->cx, E501, it->span, "side takes at most %d charts", MOST);
        TRY(verb_chart_item(vc, it->expr, &parts[*n]));
        (*n)++;
    }
    if (*n > 1) return RC_OK;
    fail(vc->cx, E208, vc->step->verb_span, "side needs another chart");
    return err_hint(vc->cx, "side a, b");
}

static rc put_together(struct verb_call *vc, struct value *const *parts, int n, struct value **out)
{
    const struct chart *charts[MOST];
    struct chart *c;
    const char *title;
    TRY(verb_option_str(vc, "title", NULL, &title));
    if (vc->lg->is_dry) {
        *out = value_ref(parts[0]);
        return RC_OK;
    }
    for (int i = 0; i < n; i++)
        charts[i] = parts[i]->chart;
    TRY(chart_side(vc->cx, charts, n, title, vc->step->span, &c));
    *out = value_chart(c);
    chart_unref(c);
    return RC_OK;
}

static enum rc_t side_bind(struct verb_call *vc, struct value **out)
{
    struct value *parts[MOST];
    int n = 0;
    enum rc_t res = gather(vc, parts, &n);
    if (res == RC_OK) res = put_together(vc, parts, n, out);
    for (int i = 0; i < n; i++)
        value_unref(parts[i]);
    return res;
}

static const struct verb_option side_options[] = {
    {"title", OPT_STR, NULL, "above all of them"},
    {0},
};
const struct verb_desc verb_side = {
    .name = "side",
    .sig = "side a, b, .. [title: ..]",
    .doc = "Sets charts beside each other, wrapped to the width of a page.",
    .examples = {"trips |> plot tip |> side (trips |> plot fare)",
                 "trips |> plot zone |> side (trips |> plot tip), title: \"Trips\""},
    .options = side_options,
    .input = TAKES_CHART,
    .bind = side_bind,
};
