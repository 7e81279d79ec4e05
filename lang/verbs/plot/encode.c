/* encode.c: encodings of plot and layer, lowered to a plan whose columns they are. Expressions
 * are computed row by row, or, when one holds an aggregate, once for each combination of the
 * others. */
#include "lang/verbs/plot/plot.h"

static const struct channel {
    const char *name, *column;
    bool takes_constant;
} channels[CHART_CHANNELS] = {
    [CHART_X] = {"x", ".x", false},
    [CHART_Y] = {"y", ".y", false},
    [CHART_COLOR] = {"color", ".color", true},
    [CHART_SIZE] = {"size", ".size", true},
    [CHART_SHAPE] = {"shape", ".shape", true},
    [CHART_FACET_COLUMN] = {NULL, ".facet", false},
    [CHART_FACET_ROW] = {NULL, ".facet_row", false},
};

/* ---- reading ---- */

/* A framed aggregate (mean(x, last: 7)) moves along the rows: it is no aggregate of groups. */
static bool is_framed(const struct ast *call)
{
    for (int i = 0; i < call->n_names; i++)
        if (str_eqz(call->names[i], "last") || str_eqz(call->names[i], "rows")) return true;
    return false;
}

static bool holds_aggregate(const struct ast *e)
{
    if (e->op == AST_CALL && agg_find(e->text) && !is_framed(e)) return true;
    for (int i = 0; i < e->n_kids; i++)
        if (e->kids[i] && holds_aggregate(e->kids[i])) return true;
    return false;
}

static const char *title_of(struct verb_call *vc, const struct ast *e)
{
    struct ast_item item = {.kind = ITEM_PLAIN, .span = e->span, .expr = e};
    if (e->op == AST_NAME) return arena_strndup(vc->arena, e->text.p, e->text.n);
    return item_name(vc->lg, vc->arena, &item);
}

/* A text (or for size a number) that stands for itself. */
static rc read_constant(struct verb_call *vc, const struct ast *e, const char **out)
{
    struct scalar s;
    *out = NULL;
    if (e->op == AST_VAR) {
        const struct value *v = scope_get(vc->scope, e->text);
        if (!v || v->kind != VALUE_SCALAR) return RC_OK;
    } else if (e->op != AST_STR && e->op != AST_INT && e->op != AST_NUM) {
        return RC_OK;
    }
    TRY(verb_value(vc, e, "a constant", &s));
    struct strbuf text = {0};
    scalar_text(&text, &s, false);
    *out = arena_strndup(vc->arena, strbuf_view(&text).p, text.n);
    strbuf_release(&text);
    return RC_OK;
}

static rc read_encoding(struct plotting *p, const struct ast *e, bool takes_constant,
                        struct encoding *out)
{
    *out = (struct encoding){.expr = e, .title = title_of(p->vc, e)};
    if (takes_constant) TRY(read_constant(p->vc, e, &out->constant));
    out->how = out->constant ? ENC_CONSTANT : holds_aggregate(e) ? ENC_AGG : ENC_ROW;
    p->has_agg |= out->how == ENC_AGG;
    return RC_OK;
}

rc plot_read_channel(struct plotting *p, enum chart_channel c, const struct ast *e)
{
    p->spec.enc_span[c] = e->span;
    bool is_list = e->op == AST_LIST && (c == CHART_Y || (c == CHART_X && p->is_wide));
    if (is_list && p->is_wide) p->spec.enc_span[CHART_Y] = e->span;
    if (!is_list) return read_encoding(p, e, channels[c].takes_constant, &p->enc[c]);
    if (e->n_kids < 1 || e->n_kids > PLOT_MAX_SERIES)
        return fail(p->vc->cx, E501, e->span, "y takes from 1 to %d series", PLOT_MAX_SERIES);
    if (e->n_kids == 1 && !p->is_wide) return read_encoding(p, e->kids[0], false, &p->enc[c]);
    for (int i = 0; i < e->n_kids; i++)
        TRY(read_encoding(p, e->kids[i], false, &p->series[i]));
    p->n_series = e->n_kids;
    for (int i = 1; i < e->n_kids; i++)
        if (p->series[i].how != p->series[0].how)
            return fail(p->vc->cx, E501, e->kids[i]->span,
                        "the series of y must all be aggregates, or none");
    return RC_OK;
}

static rc read_facet(struct plotting *p)
{
    const struct ast_item *it = verb_option(p->vc, "facet");
    if (!it) return RC_OK;
    const struct ast *e = it->expr;
    if (e->op != AST_LIST) return plot_read_channel(p, CHART_FACET_COLUMN, e);
    if (e->n_kids != 2) {
        fail(p->vc->cx, E501, e->span, "facet: takes one column, or two as [rows, columns]");
        return hint_replace(p->vc->lg, e->span, "[row, column]");
    }
    TRY(plot_read_channel(p, CHART_FACET_ROW, e->kids[0]));
    return plot_read_channel(p, CHART_FACET_COLUMN, e->kids[1]);
}

/* A chart of columns side by side that names none: those that can stand in it. */
static rc all_columns(struct plotting *p)
{
    const struct verb_call *vc = p->vc;
    for (int c = 0; c < CHART_CHANNELS; c++)
        if (p->enc[c].expr) {
            fail(vc->cx, E501, p->enc[c].expr->span, "a chart of kind %s takes a list of columns",
                 p->spec.kind);
            return hint_replace(vc->lg, p->enc[c].expr->span, "[%s, ..]",
                                source_text(p->vc, p->enc[c].expr->span));
        }
    for (int i = 0; i < p->schema->n && p->n_series < PLOT_MAX_SERIES; i++) {
        enum kind k = p->schema->fields[i].type.kind;
        bool fits = k == KIND_INT || k == KIND_NUM || strcmp(p->spec.kind, "missing") == 0;
        if (!fits || k == KIND_LIST || k == KIND_STRUCT) continue;
        struct ast *name = ARENA_NEW(vc->arena, struct ast);
        name->op = AST_NAME;
        name->text = str_of(p->schema->fields[i].name);
        name->span = vc->step->span;
        TRY(read_encoding(p, name, false, &p->series[p->n_series++]));
    }
    return RC_OK;
}

rc plot_read_encodings(struct plotting *p)
{
    static const enum chart_channel places[] = {CHART_X, CHART_Y};
    int at = 0, n = 0;
    TRY(no_makes(p->vc, false));
    for (const struct ast_item *it; (it = next_item(p->vc->step, &at)); n++) {
        if (n == 2)
            return fail(p->vc->cx, E208, it->span, "plot takes x and y; others by name: color: %s",
                        source_text(p->vc, it->span));
        TRY(plot_read_channel(p, places[n], it->expr));
    }
    for (int c = 0; c < CHART_CHANNELS; c++) {
        const struct ast_item *it = channels[c].name ? verb_option(p->vc, channels[c].name) : NULL;
        if (!it) continue;
        if (p->enc[c].expr || (c == CHART_Y && p->n_series))
            return fail(p->vc->cx, E206, it->span, "%s is given twice", channels[c].name);
        TRY(plot_read_channel(p, (enum chart_channel)c, it->expr));
    }
    if (p->is_wide && p->n_series == 0) TRY(all_columns(p));
    return read_facet(p);
}

/* ---- lowering ---- */

struct lowering {
    struct plotting *p;
    struct bind row, agg;
    struct named_list rows, keys, aggs;
    struct schema *none; /* what aggregates see outside themselves: nothing; owned */
};

static rc lower_one(struct lowering *l, struct encoding *e, const char *column)
{
    struct arena *a = l->p->vc->arena;
    const struct expr *x;
    e->column = column;
    if (e->how == ENC_ROW) {
        TRY(bind_expr(&l->row, e->expr, &x));
        named_add(a, &l->rows, column, x, e->expr->span);
        named_add(a, &l->keys, column, expr_column(a, column, x->type, e->expr->span),
                  e->expr->span);
    } else if (e->how == ENC_AGG) {
        TRY(bind_expr(&l->agg, e->expr, &x));
        named_add(a, &l->aggs, column, x, e->expr->span);
    }
    return RC_OK;
}

static rc inherit(struct lowering *l, const struct plot_source *base, int c)
{
    struct plotting *p = l->p;
    const struct chart_encoding *from = &base->spec.enc[c];
    struct encoding *e = &p->enc[c];
    if (e->expr || (c == CHART_Y && p->n_series)) return RC_OK;
    if (c == CHART_Y && base->spec.n_y_series)
        return fail(p->vc->cx, E501, p->vc->step->span, "the layer must say which y it draws");
    if (from->constant) {
        *e = (struct encoding){.how = ENC_CONSTANT, .constant = from->constant};
        return RC_OK;
    }
    if (!from->column) return RC_OK;
    const struct expr *x =
        name_expr(p->vc->arena, base->frame->schema, channels[c].column, p->vc->step->span);
    if (!x)
        return fail(p->vc->cx, E501, p->vc->step->span,
                    "the layer must say its %s: the chart's own is an aggregate",
                    channels[c].name ? channels[c].name : "facet");
    *e =
        (struct encoding){.how = ENC_INHERITED, .title = from->title, .column = channels[c].column};
    named_add(p->vc->arena, &l->keys, channels[c].column, x, p->vc->step->span);
    return RC_OK;
}

static rc lower_channels(struct lowering *l, const struct plot_source *base)
{
    struct plotting *p = l->p;
    for (int c = 0; c < CHART_CHANNELS; c++) {
        if (base) TRY(inherit(l, base, c));
        if (p->enc[c].expr) TRY(lower_one(l, &p->enc[c], channels[c].column));
        for (int i = 0; c == CHART_Y && i < p->n_series; i++)
            TRY(lower_one(l, &p->series[i], arena_printf(p->vc->arena, ".y%d", i + 1)));
    }
    return RC_OK;
}

/* frame: all columns of the source with the row-wise encodings. */
static rc put_frame(struct lowering *l)
{
    struct plotting *p = l->p;
    const struct schema *s = p->frame.plan->schema;
    struct named_list all = {0};
    TRY(verb_pipe_found(&p->frame, &l->row, NULL, 0, NULL, 0));
    for (int i = 0; i < s->n; i++) {
        bool is_replaced = false;
        for (int k = 0; k < l->rows.n && !is_replaced; k++)
            is_replaced = strcmp(l->rows.items[k].name, s->fields[i].name) == 0;
        if (!is_replaced)
            named_add(p->vc->arena, &all, s->fields[i].name,
                      field_expr(p->vc->arena, s, i, NO_SPAN), NO_SPAN);
    }
    for (int k = 0; k < l->rows.n; k++)
        named_add(p->vc->arena, &all, l->rows.items[k].name, l->rows.items[k].expr,
                  l->rows.spans[k]);
    return verb_pipe_project(&p->frame, all.items, all.n);
}

/* data: the encodings alone, grouped where there are aggregates. */
static rc put_data(struct lowering *l)
{
    struct plotting *p = l->p;
    verb_pipe_from(&p->data, p->vc, p->frame.plan);
    if (!p->has_agg) return verb_pipe_project(&p->data, l->keys.items, l->keys.n);
    TRY(verb_pipe_aggregate(&p->data, l->keys.items, l->keys.n, l->agg.found, l->agg.n_found));
    struct named_list all = {0};
    for (int k = 0; k < l->keys.n; k++)
        named_add(p->vc->arena, &all, l->keys.items[k].name,
                  name_expr(p->vc->arena, p->data.plan->schema, l->keys.items[k].name, NO_SPAN),
                  NO_SPAN);
    for (int k = 0; k < l->aggs.n; k++)
        named_add(p->vc->arena, &all, l->aggs.items[k].name, l->aggs.items[k].expr,
                  l->aggs.spans[k]);
    return verb_pipe_project(&p->data, all.items, all.n);
}

static void name_in_spec(struct plotting *p)
{
    for (int c = 0; c < CHART_CHANNELS; c++) {
        const struct encoding *e = &p->enc[c];
        if (e->how == ENC_NONE) continue;
        p->spec.enc[c] = (struct chart_encoding){.column = e->constant ? NULL : e->column,
                                                 .title = e->title,
                                                 .constant = e->constant,
                                                 .is_aggregate = e->how == ENC_AGG};
    }
    if (!p->n_series) return;
    p->spec.y_series = ARENA_ARRAY(p->vc->arena, const char *, p->n_series);
    p->spec.y_titles = ARENA_ARRAY(p->vc->arena, const char *, p->n_series);
    p->spec.n_y_series = p->n_series;
    p->spec.enc[CHART_Y].is_aggregate = p->series[0].how == ENC_AGG;
    for (int i = 0; i < p->n_series; i++) {
        p->spec.y_series[i] = p->series[i].column;
        p->spec.y_titles[i] = p->series[i].title;
    }
}

rc plot_lower(struct plotting *p, const struct plot_source *base)
{
    struct lowering l = {.p = p};
    struct verb_call *vc = p->vc;
    bind_init(&l.row, vc->lg, vc->scope, p->schema, input_label(vc), BIND_WINDOW);
    bind_init(&l.agg, vc->lg, vc->scope, p->schema, input_label(vc), BIND_AGGREGATE);
    TRY(schema_new(vc->cx, NULL, 0, NO_SPAN, &l.none));
    l.agg.outer = l.none;
    enum rc_t res = RC_ERR;
    TRY_OUT(lower_channels(&l, base));
    if (!l.keys.n && !l.aggs.n) {
        fail(vc->cx, E501, vc->step->span,
             "plot needs something to draw: x, and y if there is one");
        hint_step(vc, "plot %s", p->schema->n ? p->schema->fields[0].name : "x");
        goto out;
    }
    TRY_OUT(put_frame(&l));
    TRY_OUT(put_data(&l));
    name_in_spec(p);
    res = RC_OK;
out:
    schema_unref(l.none);
    return res;
}
