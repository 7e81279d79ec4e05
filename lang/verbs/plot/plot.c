/* plot.c: charts in the pipe: plot (of a frame or a model) and layer. */
#include "lang/verbs/plot/plot.h"

#include <math.h>

static void plotting_release(struct plotting *p)
{
    verb_pipe_release(&p->frame);
    verb_pipe_release(&p->data);
}

/* ---- what the chart remembers ---- */

static const char *copy_text(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

static const char **copy_texts(struct arena *a, const char **texts, int n)
{
    const char **copy = ARENA_ARRAY(a, const char *, n + 1);
    for (int i = 0; i < n; i++)
        copy[i] = copy_text(a, texts[i]);
    return copy;
}

static void copy_spec(struct arena *a, const struct chart_spec *from, struct chart_spec *to)
{
    *to = *from;
    to->kind = copy_text(a, from->kind);
    for (int c = 0; c < CHART_CHANNELS; c++) {
        to->enc[c].column = copy_text(a, from->enc[c].column);
        to->enc[c].title = copy_text(a, from->enc[c].title);
        to->enc[c].constant = copy_text(a, from->enc[c].constant);
    }
    to->y_series = copy_texts(a, from->y_series, from->n_y_series);
    to->y_titles = copy_texts(a, from->y_titles, from->n_y_series);
    to->order = copy_texts(a, from->order, from->n_order);
    to->title = copy_text(a, from->title);
    to->subtitle = copy_text(a, from->subtitle);
    to->xtitle = copy_text(a, from->xtitle);
    to->ytitle = copy_text(a, from->ytitle);
    to->stack = copy_text(a, from->stack);
    to->scheme = copy_text(a, from->scheme);
}

static void release_plan(void *arg)
{
    plan_unref(arg);
}

/* A chart value that keeps what it was drawn from. c is NULL in a dry run, for the steps after. */
static struct value *chart_value(const struct chart *c, const struct chart_spec *spec,
                                 struct plan *frame, struct plan *data)
{
    struct value *v = c ? value_chart(c) : value_nothing(NULL);
    v->kind = VALUE_CHART;
    if (!v->arena) v->arena = arena_new();
    struct plot_source *source = ARENA_NEW(v->arena, struct plot_source);
    copy_spec(v->arena, spec, &source->spec);
    source->frame = plan_ref(frame);
    source->data = plan_ref(data);
    arena_on_free(v->arena, release_plan, source->frame);
    arena_on_free(v->arena, release_plan, source->data);
    v->plot = source;
    return v;
}

static rc draw(struct plotting *p, struct value **out)
{
    struct chart *c;
    TRY(chart_new(p->vc->cx, p->vc->lg->executor, &p->spec, p->data.plan, &c));
    *out = chart_value(c, &p->spec, p->frame.plan, p->data.plan);
    chart_unref(c);
    return RC_OK;
}

rc plot_draw(struct plotting *p, struct value **out)
{
    enum rc_t res = RC_ERR;
    verb_pipe_begin(&p->frame, p->vc);
    TRY_OUT(plot_lower(p, NULL));
    if (p->vc->lg->is_dry) {
        *out = chart_value(NULL, &p->spec, p->frame.plan, p->data.plan);
        res = RC_OK;
        goto out;
    }
    TRY_OUT(plot_read_order(p));
    res = draw(p, out);
out:
    plotting_release(p);
    return res;
}

/* ---- plot of a frame ---- */

static bool is_wide(const char *kind)
{
    int n;
    const struct chart_kind_desc *const *all = chart_kinds(&n);
    for (int i = 0; i < n; i++)
        if (strcmp(all[i]->name, kind) == 0) return all[i]->is_wide;
    return false;
}

static rc plot_frame(struct verb_call *vc, struct value **out)
{
    struct plotting p = {.vc = vc, .schema = vc->input->plan->schema};
    bool needs_model;
    TRY(plot_read_kind(vc, &p.spec.kind, &needs_model));
    if (needs_model) {
        fail(vc->cx, E501, verb_option(vc, "kind")->span, "a chart of kind %s is drawn of a model",
             p.spec.kind);
        return err_hint(vc->cx, "m |> plot kind: %s, data: %s", p.spec.kind,
                        input_label(vc) ? input_label(vc) : "t");
    }
    p.is_wide = p.spec.kind && is_wide(p.spec.kind);
    TRY(plot_read_encodings(&p));
    TRY(plot_read_options(&p));
    return plot_draw(&p, out);
}

/* ---- plot of a model ---- */

static const struct model_plot { /* columns of ml_evaluate's tables; the kinds write the titles */
    const char *kind, *x, *y, *size;
} model_plots[] = {
    {"roc", "fpr", "tpr", NULL},
    {"confusion", "predicted", "actual", "n"},
};
static const struct model_plot scores_plot = {NULL, "score", "actual", NULL};

static rc data_option(struct verb_call *vc, struct value **out)
{
    const struct ast_item *it = verb_option(vc, "data");
    if (it) return verb_frame_item(vc, it->expr, out);
    fail(vc->cx, E501, vc->step->span, "the chart of a model needs rows: data:");
    return hint_after(vc, vc->step->span, ", data: test");
}

static rc draw_model(struct plotting *p, const struct model_plot *mp, const struct value *data,
                     struct value **out)
{
    struct table *t;
    struct plan *curve;
    struct verb_call *vc = p->vc;
    if (mp->kind)
        TRY(ml_evaluate(vc->cx, vc->lg->executor, vc->input->model, data->plan, NULL, 0, mp->kind,
                        vc->step->span, &t));
    else
        TRY(ml_scores(vc->cx, vc->lg->executor, vc->input->model, data->plan, vc->step->span, &t));
    enum rc_t res = plan_table(vc->cx, t, NULL, &curve);
    table_unref(t);
    TRY(res);
    verb_pipe_from(&p->frame, vc, curve);
    verb_pipe_from(&p->data, vc, curve);
    plan_unref(curve);
    p->spec.enc[CHART_X] =
        (struct chart_encoding){.column = mp->x, .title = mp->kind ? mp->x : "prediction"};
    p->spec.enc[CHART_Y] = (struct chart_encoding){.column = mp->y, .title = mp->y};
    if (mp->size)
        p->spec.enc[CHART_SIZE] = (struct chart_encoding){.column = mp->size, .title = mp->size};
    return draw(p, out);
}

static bool takes_scores(const char *kind)
{
    int n;
    const struct chart_kind_desc *const *all = chart_kinds(&n);
    for (int i = 0; i < n; i++)
        if (strcmp(all[i]->name, kind) == 0) return all[i]->takes_scores;
    return false;
}

static rc plot_model(struct verb_call *vc, struct value **out)
{
    struct plotting p = {.vc = vc};
    const struct model_plot *mp = NULL;
    struct value *data;
    bool needs_model;
    TRY(plot_read_kind(vc, &p.spec.kind, &needs_model));
    for (size_t i = 0; p.spec.kind && i < sizeof model_plots / sizeof model_plots[0]; i++)
        if (strcmp(model_plots[i].kind, p.spec.kind) == 0) mp = &model_plots[i];
    if (!mp && p.spec.kind && takes_scores(p.spec.kind)) mp = &scores_plot;
    if (!mp) {
        fail(vc->cx, E501, vc->step->span, "the chart of a model needs its kind");
        return hint_step(vc, "plot kind: roc, data: test");
    }
    TRY(plot_read_options(&p));
    TRY(data_option(vc, &data));
    enum rc_t res = RC_OK;
    if (vc->lg->is_dry)
        *out = value_nothing(NULL);
    else
        res = draw_model(&p, mp, data, out);
    value_unref(data);
    plotting_release(&p);
    return res;
}

static enum rc_t plot_bind(struct verb_call *vc, struct value **out)
{
    return vc->input->kind == VALUE_MODEL ? plot_model(vc, out) : plot_frame(vc, out);
}

const struct verb_desc verb_plot = {
    .name = "plot",
    .sig = "plot x, y [color: c, facet: f, kind: bar, ..] [sort keys]",
    .doc = "Draws a chart. Encodings are columns or expressions; an aggregate groups by the other "
           "encodings. Without kind: a number alone gives a histogram, a category bars of counts, "
           "two numbers points, a time and a number a line, a category and a number boxes, two "
           "categories a heat map. The sort clause orders the categories of x.",
    .examples = {"trips |> plot fare, tip, color: zone",
                 "trips |> plot zone, mean(tip), kind: bar, title: \"Tips\" sort -mean(tip)"},
    .options = plot_options,
    .input = TAKES_FRAME | TAKES_MODEL,
    .takes_sort = true,
    .bind = plot_bind,
};

/* ---- layer ---- */

static rc layer_rule(struct verb_call *vc, struct value **out)
{
    struct chart_rule rule = {.span = vc->step->span};
    struct chart *c;
    TRY(plot_number(vc, "x", &rule.x));
    TRY(plot_number(vc, "y", &rule.y));
    TRY(plot_number(vc, "slope", &rule.slope));
    TRY(plot_number(vc, "intercept", &rule.intercept));
    TRY(verb_option_str(vc, "color", NULL, &rule.color));
    TRY(verb_option_bool(vc, "dashed", false, &rule.dashed));
    if (isnan(rule.x) && isnan(rule.y) && isnan(rule.slope)) {
        fail(vc->cx, E501, vc->step->span, "a rule needs x:, y: or slope:");
        return hint_step(vc, "layer kind: rule, slope: 1");
    }
    if (vc->lg->is_dry) {
        *out = value_ref(vc->input);
        return RC_OK;
    }
    TRY(chart_layer_rule(vc->cx, vc->input->chart, &rule, &c));
    const struct plot_source *base = vc->input->plot;
    *out = base ? chart_value(c, &base->spec, base->frame, base->data) : value_chart(c);
    chart_unref(c);
    return RC_OK;
}

static bool has_encodings(const struct plotting *p)
{
    for (int c = 0; c < CHART_CHANNELS; c++)
        if (p->enc[c].expr) return true;
    return p->n_series > 0;
}

/* Colours and sizes given as constants do not ask for another plan. */
static bool only_constants(const struct plotting *p)
{
    for (int c = 0; c < CHART_CHANNELS; c++)
        if (p->enc[c].expr && p->enc[c].how != ENC_CONSTANT) return false;
    return p->n_series == 0;
}

/* The same encodings and rows as the chart below, drawn as another kind. */
static void same_data(struct plotting *p, const struct plot_source *base)
{
    verb_pipe_from(&p->data, p->vc, base->data);
    memcpy(p->spec.enc, base->spec.enc, sizeof p->spec.enc);
    for (int c = 0; c < CHART_CHANNELS; c++)
        if (p->enc[c].how == ENC_CONSTANT)
            p->spec.enc[c] = (struct chart_encoding){.constant = p->enc[c].constant};
    p->spec.y_series = base->spec.y_series;
    p->spec.y_titles = base->spec.y_titles;
    p->spec.n_y_series = base->spec.n_y_series;
    p->spec.order = base->spec.order;
    p->spec.n_order = base->spec.n_order;
}

static rc layer_on(struct plotting *p, struct value **out)
{
    struct chart *top, *both;
    struct verb_call *vc = p->vc;
    TRY(chart_new(vc->cx, vc->lg->executor, &p->spec, p->data.plan, &top));
    enum rc_t res = chart_layer(vc->cx, vc->input->chart, top, &both);
    chart_unref(top);
    TRY(res);
    const struct plot_source *base = vc->input->plot;
    *out = chart_value(both, &base->spec, base->frame, base->data);
    chart_unref(both);
    return RC_OK;
}

static rc layer_marks(struct verb_call *vc, const char *kind, struct value **out)
{
    const struct plot_source *base = vc->input->plot;
    struct plotting p = {.vc = vc};
    if (!base) return fail(vc->cx, E501, vc->step->span, "this chart takes only rules as layers");
    p.schema = base->frame->schema;
    p.spec.kind = kind;
    p.spec.is_layer = true;
    TRY(plot_read_encodings(&p));
    TRY(plot_read_options(&p));
    verb_pipe_from(&p.frame, vc, base->frame);
    enum rc_t res = RC_ERR;
    if (!has_encodings(&p) || only_constants(&p))
        same_data(&p, base);
    else
        TRY_OUT(plot_lower(&p, base));
    res = RC_OK;
    if (vc->lg->is_dry)
        *out = value_ref(vc->input);
    else
        res = layer_on(&p, out);
out:
    plotting_release(&p);
    return res;
}

static enum rc_t layer_bind(struct verb_call *vc, struct value **out)
{
    const struct ast_item *it = verb_option(vc, "kind");
    const char *kind;
    bool needs_model;
    if (it && it->expr->op == AST_NAME && str_eqz(it->expr->text, "rule"))
        return layer_rule(vc, out);
    TRY(plot_read_kind(vc, &kind, &needs_model));
    return layer_marks(vc, kind, out);
}

const struct verb_desc verb_layer = {
    .name = "layer",
    .sig = "layer [x, y, kind: line, ..] | layer kind: rule, slope: 1 | x: 0 | y: 0",
    .doc = "Draws more marks on the chart before it, from the same frame; encodings that are not "
           "given are those of the chart. A rule is a straight line.",
    .examples = {"trips |> plot fare, tip |> layer kind: line",
                 "trips |> plot fare, tip |> layer kind: rule, slope: 0.2, dashed: true"},
    .options = plot_options,
    .input = TAKES_CHART,
    .bind = layer_bind,
};
