/* build.c: from the spec to a chart: which columns stand where, which kind, then that kind's own
 * build, then axes and layout. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"

#include <math.h>

#define CHART_KIND(name) extern const struct chart_kind_desc chart_kind_##name;
#include "plotting/charts.def"
#undef CHART_KIND
static const struct chart_kind_desc *const kinds[] = {
#define CHART_KIND(name) &chart_kind_##name,
#include "plotting/charts.def"
#undef CHART_KIND
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

const struct chart_kind_desc *const *chart_kinds(int *n)
{
    *n = KINDS;
    return kinds;
}

/* ---- the kind ---- */
static const struct chart_kind_desc *kind_named(const char *name)
{
    for (int i = 0; i < KINDS; i++)
        if (!strcmp(kinds[i]->name, name)) return kinds[i];
    return NULL;
}

/* Names of other libraries, and kinds that the language knows but nobody has built. */
static const struct {
    const char *name, *ours;
} other_names[] = {{"scatter", "point"},     {"points", "point"},
                   {"histogram", "hist"},    {"histplot", "hist"},
                   {"column", "bar"},        {"col", "bar"},
                   {"barh", "bar"},          {"columns", "bar"},
                   {"boxplot", "box"},       {"lines", "line"},
                   {"timeseries", "line"},   {"bubble", "point"},
                   {"heatmap", "heat"},      {"crosstab", "heat"},
                   {"tile", "heat"},         {"hexbin", "hex"},
                   {"bin2d", "hist2d"},      {"kde", "density"},
                   {"violinplot", "violin"}, {"letter", "boxen"},
                   {"lm", "regression"},     {"regplot", "regression"},
                   {"loess", "smooth"},      {"lowess", "smooth"},
                   {"jitter", "strip"},      {"beeswarm", "swarm"},
                   {"errorbar", "interval"}, {"pointrange", "interval"},
                   {"doughnut", "donut"},    {"qqplot", "qq"},
                   {"stairs", "step"},       {"stack", "area"}};

static const char *nearest_kind(const char *name)
{
    const char *best = NULL;
    int least = 3;
    for (size_t i = 0; i < sizeof other_names / sizeof other_names[0]; i++)
        if (!strcmp(other_names[i].name, name)) return other_names[i].ours;
    for (int i = 0; i < KINDS; i++) {
        int d = str_distance(str_of(name), str_of(kinds[i]->name), 2);
        if (d < least) {
            least = d;
            best = kinds[i]->name;
        }
    }
    return best;
}

static rc unknown_kind(struct ctx *cx, const struct chart_spec *spec)
{
    struct strbuf list = {0};
    const char *near = nearest_kind(spec->kind);
    for (int i = 0; i < KINDS; i++)
        strbuf_printf(&list, "%s%s", i == 0 ? "" : i == KINDS - 1 ? " and " : ", ", kinds[i]->name);
    fail(cx, E502, spec->span, "there is no chart kind `%s` here; the kinds are %s", spec->kind,
         list.p);
    strbuf_release(&list);
    if (near) return err_hint(cx, "kind: %s", near);
    return RC_ERR;
}

static const char *kind_for(const struct chart_build *b)
{
    enum channel_class x = b->in[CHART_X].cls, y = b->in[CHART_Y].cls;
    if (y == CLASS_NONE) return x == CLASS_LEVEL ? "bar" : "hist";
    if (x == CLASS_NONE) return y == CLASS_LEVEL ? "bar" : "hist";
    if (x == CLASS_LEVEL && y == CLASS_LEVEL) return "heat";
    if (x == CLASS_TIME && y == CLASS_NUMBER) return "line";
    if (x == CLASS_LEVEL || y == CLASS_LEVEL) {
        const struct chart_input *value = &b->in[x == CLASS_LEVEL ? CHART_Y : CHART_X];
        return value->cls == CLASS_TIME ? "point" : value->is_aggregate ? "bar" : "box";
    }
    return "point";
}

/* ---- inputs ---- */
static enum channel_class class_of(struct dtype t)
{
    switch (t.kind) {
    case KIND_INT:
    case KIND_NUM:
    case KIND_DURATION: return CLASS_NUMBER;
    case KIND_DATE:
    case KIND_DATETIME: return CLASS_TIME;
    case KIND_STR:
    case KIND_CAT:
    case KIND_BOOL: return CLASS_LEVEL;
    default: return CLASS_NONE;
    }
}

/* Whether the groups of an aggregated column may be added up, read off the plan. */
static bool is_additive(const struct plan *p, const char *name)
{
    while (p && p->op == PLAN_PROJECT) {
        const char *next = NULL;
        for (int i = 0; i < p->u.project.n; i++)
            if (!strcmp(p->u.project.items[i].name, name) &&
                p->u.project.items[i].expr->op == EXPR_COLUMN)
                next = p->u.project.items[i].expr->name;
        if (!next) return false;
        name = next;
        p = p->inputs[0];
    }
    if (!p || p->op != PLAN_AGGREGATE) return false;
    for (int i = 0; i < p->u.aggregate.n; i++) {
        const struct expr *e = p->u.aggregate.items[i].expr;
        if (!strcmp(p->u.aggregate.items[i].name, name) && e->op == EXPR_AGG)
            return !strcmp(e->agg->name, "count") || !strcmp(e->agg->name, "sum");
    }
    return false;
}

static rc set_input(struct chart_build *b, enum chart_channel ch)
{
    const struct chart_encoding *e = &b->spec->enc[ch];
    struct chart_input *in = &b->in[ch];
    in->span = b->spec->enc_span[ch].source ? b->spec->enc_span[ch] : b->spec->span;
    if (!e->column) return RC_OK;
    int at = schema_find(b->data->schema, str_of(e->column));
    if (at < 0) return fail(b->cx, E201, in->span, "unknown column `%s`", e->column);
    in->column = arena_strndup(b->a, e->column, strlen(e->column));
    const char *title = e->title ? e->title : e->column;
    in->title = arena_strndup(b->a, title, strlen(title));
    in->type = b->data->schema->fields[at].type;
    in->cls = class_of(in->type);
    bool is_facet = ch == CHART_FACET_COLUMN || ch == CHART_FACET_ROW;
    if (is_facet && in->cls != CLASS_NONE) in->cls = CLASS_LEVEL;
    in->is_aggregate = e->is_aggregate;
    in->is_additive = e->is_aggregate && is_additive(b->data, e->column);
    if (in->cls != CLASS_NONE) return RC_OK;
    char type[80];
    fail(b->cx, E501, in->span, "`%s` is %s and cannot stand in a chart", in->title,
         dtype_text(in->type, type, sizeof type));
    return err_hint(b->cx,
                    in->type.kind == KIND_LIST ? "unnest it first, or take len(%s)"
                                               : "give it a type with num(%s) or str(..)",
                    e->column);
}

static rc check_constant(struct chart_build *b)
{
    const char *ink = b->spec->enc[CHART_COLOR].constant, *near;
    if (!ink || palette_named(ink, &near)) return RC_OK;
    struct span at = b->in[CHART_COLOR].span;
    fail(b->cx, E501, at, "`%s` is not a colour; a column name stands without quotes", ink);
    return near ? err_hint(b->cx, "color: \"%s\"", near)
                : err_hint(b->cx, "color: \"steelblue\" or \"#4682b4\"");
}

/* Only the x channel given as y (`plot y: tip`) and the like: x first. */
static rc check_inputs(struct chart_build *b)
{
    if (!b->in[CHART_X].column && !b->in[CHART_Y].column) {
        fail(b->cx, E501, b->spec->span, "a chart needs at least one column");
        return err_hint(b->cx, "plot x, y");
    }
    return check_constant(b);
}

const char *build_ink(const struct chart_build *b)
{
    const char *ink = b->spec->enc[CHART_COLOR].constant;
    return ink ? arena_strndup(b->a, ink, strlen(ink)) : NULL;
}

rc build_needs(struct chart_build *b, enum chart_channel ch, enum channel_class cls,
               const char *kind)
{
    static const char *const names[] = {"x", "y", "color", "size", "shape", "facet", "facet"};
    static const char *const what[] = {"", "numbers", "dates or times", "categories"};
    const struct chart_input *in = &b->in[ch];
    char type[80];
    if (in->cls == cls) return RC_OK;
    if (!in->column) {
        fail(b->cx, E501, b->spec->span, "%s needs %s as %s", kind, what[cls], names[ch]);
        return err_hint(b->cx, "plot x, y, kind: %s", kind);
    }
    fail(b->cx, E501, in->span, "%s needs %s as %s, and `%s` is %s", kind, what[cls], names[ch],
         in->title, dtype_text(in->type, type, sizeof type));
    if (cls != CLASS_NUMBER || in->cls != CLASS_LEVEL) return RC_ERR;
    return ch == CHART_X ? err_hint(b->cx, "kind: bar") : err_hint(b->cx, "num(%s)", in->column);
}

double *build_fill(struct chart_build *b, int64_t n, double v)
{
    double *out = ARENA_ARRAY(b->a, double, n + 1);
    for (int64_t i = 0; i < n; i++)
        out[i] = v;
    return out;
}

/* ---- axes, colour, panels ---- */
struct chart_axis *build_axis(struct chart_build *b, bool is_x, const struct chart_input *in,
                              bool wish_x)
{
    const struct chart_spec *s = b->spec;
    struct chart_axis *a = &b->c->axis[is_x ? 0 : 1];
    const char *wish = wish_x ? s->xtitle : s->ytitle;
    const char *title = wish ? wish : in ? in->title : NULL;
    a->title = title ? arena_strndup(b->a, title, strlen(title)) : NULL;
    a->is_integer = in && in->type.kind == KIND_INT;
    a->is_duration = in && in->type.kind == KIND_DURATION;
    a->scale = in && in->cls == CLASS_TIME ? SCALE_TIME : SCALE_LINEAR;
    if (in && in->cls == CLASS_LEVEL) {
        a->scale = SCALE_BAND;
        return a;
    }
    if (a->scale == SCALE_LINEAR && (wish_x ? s->xlog : s->ylog)) a->scale = SCALE_LOG;
    if (a->scale == SCALE_LINEAR && (wish_x ? s->xsymlog : s->ysymlog)) a->scale = SCALE_SYMLOG;
    a->want_min = wish_x ? s->xmin : s->ymin;
    a->want_max = wish_x ? s->xmax : s->ymax;
    a->is_cut = !isnan(a->want_min) || !isnan(a->want_max);
    return a;
}

const char *build_title(struct chart_build *b, const char *fmt, ...)
{
    struct strbuf t = {0};
    va_list ap;
    if (b->spec->title) return arena_strndup(b->a, b->spec->title, strlen(b->spec->title));
    va_start(ap, fmt);
    strbuf_vprintf(&t, fmt, ap);
    va_end(ap);
    const char *out = arena_strndup(b->a, t.p, t.n);
    strbuf_release(&t);
    return out;
}

void build_color(struct chart_build *b, const struct stat_levels *l, int n_grey)
{
    b->c->color = (struct chart_color){
        .kind = COLOR_LEVELS,
        .title = b->in[CHART_COLOR].title && b->in[CHART_COLOR].title[0] ? b->in[CHART_COLOR].title
                                                                         : NULL,
        .levels = l->levels,
        .n_grey = n_grey};
}

/* ---- several y columns become rows of (x, series, y) ---- */
static rc melt_part(struct chart_build *b, int i, bool has_x, enum kind y_kind, struct plan **out)
{
    struct arena *a = b->cx->arena;
    const struct chart_spec *s = b->spec;
    struct named_expr items[CHART_CHANNELS + 2];
    int n = 0, at = schema_find(b->data->schema, str_of(s->y_series[i]));
    const struct expr *y;
    struct span span = s->enc_span[CHART_Y].source ? s->enc_span[CHART_Y] : s->span;
    if (at < 0) return fail(b->cx, E201, span, "unknown column `%s`", s->y_series[i]);
    struct dtype type = b->data->schema->fields[at].type;
    if (class_of(type) != CLASS_NUMBER)
        return fail(b->cx, E501, span, "several y columns must be numbers, and `%s` is %s",
                    s->y_series[i], kind_name(type.kind));
    if (has_x) {
        int x = schema_find(b->data->schema, str_of(s->enc[CHART_X].column));
        if (x < 0) return fail(b->cx, E201, s->span, "unknown column `%s`", s->enc[CHART_X].column);
        items[n++] = (struct named_expr){
            "x", expr_column(a, s->enc[CHART_X].column, b->data->schema->fields[x].type, span)};
    }
    const char *name = s->y_titles && s->y_titles[i] ? s->y_titles[i] : s->y_series[i];
    struct scalar text = {.type = DTYPE(KIND_STR), .u.s = str_of(name)};
    items[n++] = (struct named_expr){"series", expr_literal(a, &text, span)};
    y = expr_column(a, s->y_series[i], type, span);
    TRY(expr_cast(b->cx, a, y, y_kind, &y));
    items[n++] = (struct named_expr){"value", y};
    return plan_project(b->cx, b->data, items, n, span, out);
}

static enum kind melted_kind(const struct chart_build *b)
{
    for (int i = 0; i < b->spec->n_y_series; i++) {
        int at = schema_find(b->data->schema, str_of(b->spec->y_series[i]));
        if (at >= 0 && b->data->schema->fields[at].type.kind != KIND_INT) return KIND_NUM;
    }
    return KIND_INT;
}

/* "min(tip), max(tip)" while that is short. */
static const char *series_title(struct chart_build *b)
{
    enum { LONG = 36 };
    const struct chart_spec *s = b->spec;
    struct strbuf t = {0};
    for (int i = 0; i < s->n_y_series; i++) {
        if (i) strbuf_addz(&t, ", ");
        strbuf_addz(&t, s->y_titles && s->y_titles[i] ? s->y_titles[i] : s->y_series[i]);
    }
    const char *out = t.n <= LONG ? arena_strndup(b->a, t.p, t.n) : "value";
    strbuf_release(&t);
    return out;
}

static rc melt(struct chart_build *b, struct chart_spec *spec)
{
    bool has_x = spec->enc[CHART_X].column != NULL;
    enum kind kind = melted_kind(b);
    struct plan *all = NULL;
    if (spec->enc[CHART_COLOR].column)
        return fail(
            b->cx, E501, spec->enc_span[CHART_COLOR],
            "several y columns are the colours already; color: cannot be given beside them");
    for (int i = 0; i < spec->n_y_series; i++) {
        struct plan *part, *joined;
        enum rc_t res = melt_part(b, i, has_x, kind, &part);
        if (res == RC_OK && all) {
            res = plan_union(b->cx, all, part, spec->span, &joined);
            plan_unref(part);
            if (res == RC_OK) {
                plan_unref(all);
                part = joined;
            }
        }
        if (res != RC_OK) {
            plan_unref(all);
            return RC_ERR;
        }
        all = part;
    }
    plan_unref(b->data);
    b->data = all;
    if (has_x) {
        if (!spec->enc[CHART_X].title) spec->enc[CHART_X].title = spec->enc[CHART_X].column;
        spec->enc[CHART_X].column = "x";
    } else {
        spec->enc[CHART_X] = (struct chart_encoding){.column = "series", .title = ""};
    }
    spec->enc[CHART_Y].column = "value";
    if (!spec->enc[CHART_Y].title) spec->enc[CHART_Y].title = series_title(b);
    if (has_x) spec->enc[CHART_COLOR] = (struct chart_encoding){.column = "series", .title = ""};
    return RC_OK;
}

/* Series keep the order in which they were written. */
static void order_series(const struct chart_spec *from, struct chart_spec *spec)
{
    if (spec->n_order) return;
    spec->order = from->y_titles ? from->y_titles : from->y_series;
    spec->n_order = from->n_y_series;
}

/* ---- all ---- */
static rc choose_kind(struct chart_build *b)
{
    b->c->kind = b->spec->kind ? kind_named(b->spec->kind) : kind_named(kind_for(b));
    return b->c->kind ? RC_OK : unknown_kind(b->cx, b->spec);
}

static void wish_size(struct chart_build *b)
{
    const struct chart_spec *s = b->spec;
    enum { LEAST = 80, MOST = 4000 };
    int w = s->width, h = s->height;
    if (w) b->c->width = w < LEAST ? LEAST : w > MOST ? MOST : w;
    if (h) b->c->height = h < LEAST ? LEAST : h > MOST ? MOST : h;
}

/* The asked colours: of a ramp, of categories, or a ramp's steps for categories. */
static rc wish_scheme(struct chart_build *b)
{
    struct chart_color *k = &b->c->color;
    const char *name = b->spec->scheme, *near;
    if (!name) return RC_OK;
    struct span span = b->spec->scheme_span.source ? b->spec->scheme_span : b->spec->span;
    const struct palette *p = palette_find(name, &near);
    if (!p) {
        struct strbuf list = {0};
        palette_list(&list);
        fail(b->cx, E209, span, "there is no colour scheme `%s`", name);
        err_note(b->cx, "Schemes: %s", list.p);
        strbuf_release(&list);
        return near ? err_hint(b->cx, "scheme: %s", near) : RC_ERR;
    }
    if (k->kind == COLOR_RAMP && !palette_is_ramp(p)) {
        fail(b->cx, E209, span, "`%s` is a scheme for categories, and the colour is a number",
             name);
        return err_hint(b->cx, "scheme: viridis");
    }
    k->scheme = p;
    if (k->kind == COLOR_RAMP) k->is_centered |= palette_is_diverging(p);
    if (k->kind == COLOR_LEVELS && palette_is_ramp(p)) {
        int n = k->levels->n - k->n_grey;
        const char **inks = palette_steps(b->a, p, n);
        const char **all = ARENA_ARRAY(b->a, const char *, k->levels->n + 1);
        memcpy(all, inks, sizeof *all * (size_t)(n > 0 ? n : 0));
        k->chosen = all;
    }
    return RC_OK;
}

static void wish_free(struct chart_build *b)
{
    struct chart_panels *p = &b->c->panels;
    if (!p->levels) return;
    bool is_turned = b->c->is_flipped;
    p->is_free[is_turned] |= b->spec->free_x;
    p->is_free[!is_turned] |= b->spec->free_y;
    if (p->is_free[0] || p->is_free[1]) b->c->can_zoom = b->c->has_ruler = false;
}

static rc run_build(struct chart_build *b, struct chart_spec *spec)
{
    if (spec->kind && !kind_named(spec->kind)) return unknown_kind(b->cx, spec);
    const struct chart_kind_desc *asked = spec->kind ? kind_named(spec->kind) : NULL;
    bool is_wide = asked && asked->is_wide;
    if (spec->n_y_series > 0 && !is_wide) {
        order_series(b->spec, spec);
        TRY(melt(b, spec));
    }
    for (int ch = 0; ch < CHART_CHANNELS; ch++)
        TRY(set_input(b, (enum chart_channel)ch));
    TRY(choose_kind(b));
    if (!b->c->kind->needs_model && !is_wide) TRY(check_inputs(b));
    wish_size(b);
    TRY(build_join_facets(b));
    TRY(stat_keep_small(b));
    TRY(b->c->kind->build(b));
    TRY(wish_scheme(b));
    wish_free(b);
    if (spec->subtitle)
        b->c->subtitle = arena_strndup(b->a, spec->subtitle, strlen(spec->subtitle));
    if (b->caption.n) b->c->caption = arena_strndup(b->a, b->caption.p, b->caption.n);
    chart_finish(b->c);
    return check_cancel(b->cx);
}

rc chart_new(struct ctx *cx, struct executor *x, const struct chart_spec *spec, struct plan *data,
             struct chart **out)
{
    struct chart_spec own = *spec;
    struct chart_build b = {.cx = cx, .x = x, .spec = &own, .data = plan_ref(data)};
    b.c = chart_alloc();
    b.a = b.c->arena;
    b.c->span = spec->span;
    b.c->seed = cx->seed;
    b.c->is_all = spec->all;
    enum rc_t res = run_build(&b, &own);
    strbuf_release(&b.caption);
    plan_unref(b.data);
    table_unref(b.head);
    if (res == RC_OK)
        *out = b.c;
    else
        chart_unref(b.c);
    return res;
}
