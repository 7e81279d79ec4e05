/* chart.c: the dialog of Synapse's notebooks as a statement: key, value, series, aggregation. It
 * reads as the same encodings as plot, so it makes the same chart. */
#include "lang/verbs/plot/plot.h"

static const struct {
    const char *theirs, *ours;
} aggregations[] = {{"avg", "mean"}, {"average", "mean"}, {"distinct", "n_distinct"}};

/* aggregation: a word; NULL = none was given. */
static rc read_aggregation(struct verb_call *vc, const char **out)
{
    TRY(verb_option_word(vc, "aggregation", NULL, out));
    for (size_t i = 0; *out && i < sizeof aggregations / sizeof aggregations[0]; i++)
        if (!strcmp(*out, aggregations[i].theirs)) *out = aggregations[i].ours;
    if (!*out || agg_find(str_of(*out)) || !strcmp(*out, "none")) return RC_OK;
    const struct ast_item *it = verb_option(vc, "aggregation");
    fail(vc->cx, E209, it->expr->span, "there is no aggregation `%s`", *out);
    return err_note(vc->cx, "Common ones: sum mean median min max count none");
}

/* `agg(value)` as if it had been written. */
static const struct ast *call_of(struct verb_call *vc, const char *agg, const struct ast *value,
                                 struct span span)
{
    struct ast *call = ARENA_NEW(vc->arena, struct ast);
    call->op = AST_CALL;
    call->text = str_of(agg);
    call->span = span;
    call->kids = ARENA_ARRAY(vc->arena, const struct ast *, 1);
    if (value) call->kids[call->n_kids++] = value;
    return call;
}

static bool is_raw_kind(const char *kind)
{
    static const char *const raw[] = {"hist", "box", "violin", "point", "density", "hex"};
    for (size_t i = 0; kind && i < sizeof raw / sizeof raw[0]; i++)
        if (!strcmp(raw[i], kind)) return true;
    return false;
}

static const char *text_of(struct verb_call *vc, const char *agg, const struct ast *value)
{
    const char *name = value ? source_text(vc, value->span) : "";
    return arena_printf(vc->arena, "%s(%s)", agg, name);
}

/* value: one column or a list; each under the aggregation, else as it is. */
static rc read_values(struct plotting *p, const char *agg)
{
    struct verb_call *vc = p->vc;
    const struct ast_item *it = verb_option(vc, "value");
    struct span span = it ? it->expr->span : vc->step->span;
    if (!agg) return it ? plot_read_channel(p, CHART_Y, it->expr) : RC_OK;
    if (!it || it->expr->op != AST_LIST) {
        TRY(plot_read_channel(p, CHART_Y, call_of(vc, agg, it ? it->expr : NULL, span)));
        p->enc[CHART_Y].title = text_of(vc, agg, it ? it->expr : NULL);
        return RC_OK;
    }
    struct ast *list = ARENA_NEW(vc->arena, struct ast);
    *list = *it->expr;
    list->kids = ARENA_ARRAY(vc->arena, const struct ast *, list->n_kids + 1);
    for (int i = 0; i < list->n_kids; i++)
        list->kids[i] = call_of(vc, agg, it->expr->kids[i], it->expr->kids[i]->span);
    TRY(plot_read_channel(p, CHART_Y, list));
    for (int i = 0; i < list->n_kids; i++) {
        const char *title = text_of(vc, agg, it->expr->kids[i]);
        if (p->n_series)
            p->series[i].title = title;
        else
            p->enc[CHART_Y].title = title;
    }
    return RC_OK;
}

static rc read_stacked(struct verb_call *vc, const char **out)
{
    const struct ast_item *it = verb_option(vc, "stacked");
    bool is_stacked;
    if (!it) return RC_OK;
    if (it->expr->op == AST_NAME && str_eqz(it->expr->text, "share")) {
        *out = "share";
        return RC_OK;
    }
    TRY(verb_option_bool(vc, "stacked", false, &is_stacked));
    *out = is_stacked ? "zero" : "none";
    return RC_OK;
}

/* Without kind: bars; a line where the key is a time. */
static rc default_kind(struct plotting *p, const struct ast *key)
{
    struct bind b;
    const struct expr *x;
    if (p->spec.kind) return RC_OK;
    bind_init(&b, p->vc->lg, p->vc->scope, p->schema, input_label(p->vc), BIND_ROW);
    TRY(bind_expr(&b, key, &x));
    bool is_time = x->type.kind == KIND_DATE || x->type.kind == KIND_DATETIME;
    p->spec.kind = is_time ? "line" : "bar";
    return RC_OK;
}

static enum rc_t chart_bind(struct verb_call *vc, struct value **out)
{
    struct plotting p = {.vc = vc, .schema = vc->input->plan->schema};
    const struct ast_item *key = verb_option(vc, "key"), *series = verb_option(vc, "series");
    const char *agg;
    bool needs_model;
    int at = 0;
    const struct ast_item *more = next_item(vc->step, &at);
    if (more) {
        fail(vc->cx, E208, more->span, "the parts of chart have names: key:, value:, series:");
        return hint_step(vc, "chart key: %s", source_text(vc, more->span));
    }
    if (!key) {
        fail(vc->cx, E208, vc->step->span, "chart needs a key: what stands along the bottom");
        return hint_step(vc, "chart key: %s", p.schema->n ? p.schema->fields[0].name : "column");
    }
    TRY(plot_read_kind(vc, &p.spec.kind, &needs_model));
    TRY(read_aggregation(vc, &agg));
    TRY(default_kind(&p, key->expr));
    bool is_raw = is_raw_kind(p.spec.kind);
    if (!agg && !is_raw) agg = verb_option(vc, "value") ? "sum" : "count";
    if (agg && !strcmp(agg, "none")) agg = NULL;
    TRY(plot_read_channel(&p, CHART_X, key->expr));
    TRY(read_values(&p, agg));
    if (series) TRY(plot_read_channel(&p, CHART_COLOR, series->expr));
    TRY(plot_read_options(&p));
    TRY(read_stacked(vc, &p.spec.stack));
    return plot_draw(&p, out);
}

static const struct verb_option chart_options[] = {
    {"key", OPT_EXPR, NULL, "along the bottom: a column or expression"},
    {"value", OPT_EXPR, NULL, "what is drawn: a column, or a list of columns"},
    {"series", OPT_EXPR, NULL, "a colour for each of its values"},
    {"aggregation", OPT_WORD, NULL, "sum (the default), mean, median, min, max, count, none .."},
    {"stacked", OPT_ANY, NULL, "true, false or share"},
    {"kind", OPT_WORD, NULL,
     "bar (the default; line over time), line, area, pie, point, hist, box"},
    {"title", OPT_STR, NULL, "above the chart"},
    {"subtitle", OPT_STR, NULL, "below the title"},
    {"xtitle", OPT_STR, NULL, "of the x axis"},
    {"ytitle", OPT_STR, NULL, "of the y axis"},
    {"scheme", OPT_ANY, NULL, "colours by name: viridis tableau10 .."},
    {"bins", OPT_INT, NULL, "number of bins of a histogram"},
    {"width", OPT_INT, NULL, "in pixels"},
    {"height", OPT_INT, NULL, "in pixels"},
    {"all", OPT_BOOL, NULL, "true: draws every row, however many"},
    {0},
};
const struct verb_desc verb_chart = {
    .name = "chart",
    .sig = "chart key: k [value: v] [series: s] [aggregation: sum] [stacked: true] [kind: bar]",
    .doc =
        "Draws a chart from named parts, as the chart settings of Synapse notebooks do, over all "
        "rows: a value of each key (and series), aggregated. It makes the same chart as plot.",
    .examples = {"trips |> chart key: zone, value: tip, aggregation: mean",
                 "chart trips, key: zone, value: [tip, fare], aggregation: mean, kind: bar"},
    .options = chart_options,
    .input = TAKES_FRAME,
    .takes_sort = true,
    .bind = chart_bind,
};
