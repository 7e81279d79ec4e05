/* layer.c: more marks on the same axes: lines across the panel, and one chart over another. The
 * result is a new chart that shares the rows of those it was made from. */
#include "plotting/chart_int.h"

#include <math.h>

/* A copy whose layers and axes may be changed; what they point to stays with the original. */
static struct chart *copy_of(const struct chart *base)
{
    struct chart *c = chart_alloc();
    struct arena *own = c->arena;
    *c = *base;
    atomic_init(&c->refs, 1);
    c->arena = own;
    c->parent = chart_ref(base);
    c->parent2 = NULL;
    c->n_layers = base->n_data_layers;
    c->layers = ARENA_ARRAY(own, struct chart_layer, c->n_layers + 1);
    memcpy(c->layers, base->layers, sizeof *c->layers * (size_t)c->n_layers);
    c->layout = (struct chart_layout){0};
    return c;
}

/* ---- rules ---- */
static double *fill(struct chart *c, int n, double v)
{
    double *out = ARENA_ARRAY(c->arena, double, n + 1);
    for (int i = 0; i < n; i++)
        out[i] = v;
    return out;
}

static struct chart_layer *rule_layer(struct chart *c, const struct chart_rule *r, int *n)
{
    *n = c->panels.levels ? c->panels.levels->n : 1;
    struct chart_layer *l = chart_add_layer(c, MARK_RULE, *n);
    l->is_quiet = l->is_beside = true;
    l->is_dashed = r->dashed;
    l->color = r->color ? r->color : "#777777";
    l->size = 1.5;
    if (c->panels.levels) {
        double *panel = fill(c, *n, 0);
        for (int i = 0; i < *n; i++)
            panel[i] = i;
        l->ch[CH_PANEL] = layer_column(l, NULL, VALUE_LEVEL, panel, c->panels.levels);
    }
    return l;
}

/* The part of y = intercept + slope x inside the domains of linear axes; false: nothing of it. */
static bool clip_line(const struct chart *c, const struct chart_rule *r, double x[2], double y[2])
{
    const struct chart_axis *ax = &c->axis[0], *ay = &c->axis[1];
    double a = isnan(r->intercept) ? 0 : r->intercept, b = r->slope;
    double lo = ax->min, hi = ax->max;
    if (b != 0) {
        double p = (ay->min - a) / b, q = (ay->max - a) / b;
        lo = fmax(lo, fmin(p, q));
        hi = fmin(hi, fmax(p, q));
    } else if (a < ay->min || a > ay->max) {
        return false;
    }
    x[0] = lo;
    x[1] = hi;
    y[0] = a + b * lo;
    y[1] = a + b * hi;
    return lo < hi;
}

static void place_rule(struct chart *c, const struct chart_rule *r)
{
    int n;
    const double at[] = {c->is_flipped ? r->y : r->x, c->is_flipped ? r->x : r->y};
    for (int k = 0; k < 2; k++) {
        if (isnan(at[k]) || c->axis[k].scale == SCALE_BAND || c->axis[k].scale == SCALE_PLACES)
            continue;
        if (at[k] < c->axis[k].min || at[k] > c->axis[k].max) continue;
        struct chart_layer *l = rule_layer(c, r, &n);
        l->ch[k == 0 ? CH_X : CH_Y] =
            layer_column(l, NULL, c->axis[k].scale == SCALE_TIME ? VALUE_TIME : VALUE_NUMBER,
                         fill(c, n, at[k]), NULL);
    }
    double x[2], y[2];
    if (isnan(r->slope) || !clip_line(c, r, x, y)) return;
    struct chart_layer *l = rule_layer(c, r, &n);
    l->ch[CH_X] = layer_column(l, NULL, VALUE_NUMBER, fill(c, n, x[0]), NULL);
    l->ch[CH_Y] = layer_column(l, NULL, VALUE_NUMBER, fill(c, n, y[0]), NULL);
    l->ch[CH_X2] = layer_column(l, NULL, VALUE_NUMBER, fill(c, n, x[1]), NULL);
    l->ch[CH_Y2] = layer_column(l, NULL, VALUE_NUMBER, fill(c, n, y[1]), NULL);
}

void chart_place_rules(struct chart *c)
{
    for (int i = 0; i < c->n_rules; i++)
        place_rule(c, &c->rules[i]);
}

static rc check_rule(struct ctx *cx, const struct chart *base, const struct chart_rule *r)
{
    if (base->n_parts)
        return fail(cx, E501, r->span, "charts beside each other take no layers; layer each");
    const struct chart_axis *x = &base->axis[base->is_flipped], *y = &base->axis[!base->is_flipped];
    const char *near;
    if (isnan(r->x) && isnan(r->y) && isnan(r->slope)) {
        fail(cx, E501, r->span, "a rule needs x, y or slope");
        return err_hint(cx, "layer kind: rule, y: 0");
    }
    if ((!isnan(r->x) && x->scale == SCALE_BAND) || (!isnan(r->y) && y->scale == SCALE_BAND))
        return fail(cx, E501, r->span, "the axis holds categories; a rule stands on the other one");
    if (!isnan(r->slope) && (x->scale != SCALE_LINEAR || y->scale != SCALE_LINEAR))
        return fail(cx, E501, r->span, "a rule with a slope needs two number axes without log");
    if (r->color && !palette_named(r->color, &near)) {
        fail(cx, E501, r->span, "`%s` is not a colour", r->color);
        return err_hint(cx, "color: \"%s\"", near ? near : "grey");
    }
    return RC_OK;
}

rc chart_layer_rule(struct ctx *cx, const struct chart *base, const struct chart_rule *rule,
                    struct chart **out)
{
    TRY(check_rule(cx, base, rule));
    struct chart *c = copy_of(base);
    struct chart_rule *rules = ARENA_ARRAY(c->arena, struct chart_rule, c->n_rules + 1);
    if (c->n_rules) memcpy(rules, base->rules, sizeof *rules * (size_t)c->n_rules);
    rules[c->n_rules] = *rule;
    if (rule->color)
        rules[c->n_rules].color = arena_strndup(c->arena, rule->color, strlen(rule->color));
    c->rules = rules;
    c->n_rules++;
    chart_finish(c);
    *out = c;
    return RC_OK;
}

/* ---- one chart over another ---- */
static int level_find(const struct chart_levels *l, const char *text)
{
    for (int i = 0; l && i < l->n; i++)
        if (!strcmp(l->text[i], text)) return i;
    return -1;
}

/* Levels of a, then those of b that are new; map[i] = place of b's level i. */
static struct chart_levels *join_levels(struct chart *c, const struct chart_levels *a,
                                        const struct chart_levels *b, int **map)
{
    int na = a ? a->n : 0, nb = b ? b->n : 0;
    struct chart_levels *all = ARENA_NEW(c->arena, struct chart_levels);
    all->text = ARENA_ARRAY(c->arena, const char *, na + nb + 1);
    *map = ARENA_ARRAY(c->arena, int, nb + 1);
    for (int i = 0; i < na; i++)
        all->text[all->n++] = a->text[i];
    for (int i = 0; i < nb; i++) {
        int at = level_find(all, b->text[i]);
        if (at < 0) {
            at = all->n;
            all->text[all->n++] = b->text[i];
        }
        (*map)[i] = at;
    }
    return all;
}

static void remap(struct chart *c, struct chart_layer *l, enum mark_channel ch,
                  const struct chart_levels *levels, const int *map)
{
    if (l->ch[ch] < 0 || l->col[l->ch[ch]].kind != VALUE_LEVEL) return;
    struct chart_column *col = &l->col[l->ch[ch]];
    double *v = ARENA_ARRAY(c->arena, double, l->n + 1);
    for (int64_t i = 0; i < l->n; i++)
        v[i] = map && !isnan(col->v[i]) ? (double)map[(int)col->v[i]] : col->v[i];
    col->v = v;
    col->levels = levels;
}

/* Layers of one side, [from, to): their level columns now refer to the joined levels. */
static void remap_layers(struct chart *c, int from, int to, enum mark_channel ch,
                         const struct chart_levels *levels, const int *map)
{
    for (int i = from; i < to; i++)
        remap(c, &c->layers[i], ch, levels, map);
}

/* Colour as a constant level for layers that have none, so that the legend names them. */
static void name_layers(struct chart *c, int from, int to, int level,
                        const struct chart_levels *levels)
{
    for (int i = from; i < to; i++) {
        struct chart_layer *l = &c->layers[i];
        if (l->ch[CH_COLOR] >= 0 || l->color || l->n_cols == LAYER_COLUMNS) continue;
        double *v = ARENA_ARRAY(c->arena, double, l->n + 1);
        for (int64_t k = 0; k < l->n; k++)
            v[k] = level;
        l->ch[CH_COLOR] = layer_column(l, NULL, VALUE_LEVEL, v, levels);
    }
}

static const struct chart_levels *one_level(struct chart *c, const char *name)
{
    struct chart_levels *l = ARENA_NEW(c->arena, struct chart_levels);
    l->n = 1;
    l->text = ARENA_ARRAY(c->arena, const char *, 1);
    l->text[0] = name ? name : "value";
    return l;
}

static const char *value_title(const struct chart *c)
{
    const char *t = c->axis[c->is_flipped ? 0 : 1].title;
    return t ? t : "value";
}

static bool has_constant_ink(const struct chart *c)
{
    for (int i = 0; i < c->n_data_layers; i++)
        if (!c->layers[i].is_quiet && c->layers[i].color) return true;
    return false;
}

static void join_colors(struct chart *c, const struct chart *base, const struct chart *top,
                        int n_base)
{
    if (base->color.kind == COLOR_RAMP || top->color.kind == COLOR_RAMP) {
        if (base->color.kind != COLOR_RAMP) c->color = top->color;
        return;
    }
    bool is_plain = base->color.kind == COLOR_NONE && top->color.kind == COLOR_NONE;
    if (is_plain && (has_constant_ink(top) || !strcmp(value_title(base), value_title(top)))) {
        for (int i = n_base; i < c->n_layers; i++)
            if (!c->layers[i].color) c->layers[i].color = palette_ink(3);
        return;
    }
    const struct chart_levels *a =
        base->color.kind == COLOR_LEVELS ? base->color.levels : one_level(c, value_title(base));
    const struct chart_levels *b =
        top->color.kind == COLOR_LEVELS ? top->color.levels : one_level(c, value_title(top));
    int *map;
    struct chart_levels *all = join_levels(c, a, b, &map);
    const char **inks = ARENA_ARRAY(c->arena, const char *, all->n);
    for (int i = 0; i < all->n; i++)
        inks[i] = i < a->n && base->color.kind == COLOR_LEVELS ? chart_level_ink(base, i)
                                                               : palette_ink(i);
    remap_layers(c, 0, n_base, CH_COLOR, all, NULL);
    remap_layers(c, n_base, c->n_layers, CH_COLOR, all, map);
    name_layers(c, 0, n_base, 0, all);
    name_layers(c, n_base, c->n_layers, map[0], all);
    const char *title = base->color.kind == COLOR_LEVELS ? base->color.title : top->color.title;
    c->color =
        (struct chart_color){.kind = COLOR_LEVELS, .title = title, .levels = all, .chosen = inks};
}

static rc check_axes(struct ctx *cx, const struct chart *base, const struct chart *top)
{
    static const char *const holds[] = {"numbers", "numbers",    "numbers",
                                        "times",   "categories", "names in places"};
    for (int k = 0; k < 2; k++) {
        const char *a = holds[base->axis[k].scale], *b = holds[top->axis[k].scale];
        if (strcmp(a, b) == 0) continue;
        return fail(cx, E501, top->span, "the %s axis of the chart below holds %s, the layer's %s",
                    k == 0 ? "x" : "y", a, b);
    }
    if (!base->panels.levels != !top->panels.levels || !base->panels.rows != !top->panels.rows)
        return fail(cx, E501, top->span, "both layers need the same facet:");
    if (base->n_parts || top->n_parts)
        return fail(cx, E501, top->span, "charts beside each other take no layers; layer each");
    return RC_OK;
}

static void join_axes(struct chart *c, const struct chart *base, const struct chart *top,
                      int n_base)
{
    for (int k = 0; k < 2; k++) {
        struct chart_axis *a = &c->axis[k];
        const struct chart_axis *t = &top->axis[k];
        a->has_zero |= t->has_zero;
        a->has_grid |= t->has_grid;
        a->has_ticks |= t->has_ticks;
        a->is_integer &= t->is_integer;
        if (isnan(a->want_min)) a->want_min = t->want_min;
        if (isnan(a->want_max)) a->want_max = t->want_max;
        a->is_cut |= t->is_cut;
        if (a->scale != SCALE_BAND) continue;
        int *map;
        a->levels = join_levels(c, base->axis[k].levels, t->levels, &map);
        remap_layers(c, 0, n_base, k == 0 ? CH_X : CH_Y, a->levels, NULL);
        remap_layers(c, n_base, c->n_layers, k == 0 ? CH_X : CH_Y, a->levels, map);
    }
}

/* Places in the grid of joined panels: those of the base, then the top's new ones. */
static void join_places(struct chart *c, const struct chart_panels *a, const struct chart_panels *b,
                        const int *map)
{
    struct chart_panels *p = &c->panels;
    int *to_row, *to_col, n = p->levels->n;
    int *row = ARENA_ARRAY(c->arena, int, n), *col = ARENA_ARRAY(c->arena, int, n);
    p->rows = join_levels(c, a->rows, b->rows, &to_row);
    p->cols = join_levels(c, a->cols, b->cols, &to_col);
    p->columns = p->cols->n;
    for (int i = 0; i < a->levels->n; i++) {
        row[i] = a->row[i];
        col[i] = a->col[i];
    }
    for (int i = 0; i < b->levels->n; i++) {
        row[map[i]] = to_row[b->row[i]];
        col[map[i]] = to_col[b->col[i]];
    }
    p->row = row;
    p->col = col;
}

static void join_panels(struct chart *c, const struct chart *base, const struct chart *top,
                        int n_base)
{
    int *map;
    c->panels.levels = join_levels(c, base->panels.levels, top->panels.levels, &map);
    remap_layers(c, 0, n_base, CH_PANEL, c->panels.levels, NULL);
    remap_layers(c, n_base, c->n_layers, CH_PANEL, c->panels.levels, map);
    if (base->panels.rows) join_places(c, &base->panels, &top->panels, map);
}

static const char *join_text(struct chart *c, const char *a, const char *b, const char *between)
{
    if (!a || !b) return a ? a : b;
    return strcmp(a, b) ? arena_printf(c->arena, "%s%s%s", a, between, b) : a;
}

rc chart_layer(struct ctx *cx, const struct chart *base, const struct chart *top,
               struct chart **out)
{
    TRY(check_axes(cx, base, top));
    struct chart *c = copy_of(base);
    c->parent2 = chart_ref(top);
    int n_base = c->n_layers, n_top = top->n_data_layers;
    struct chart_layer *all = ARENA_ARRAY(c->arena, struct chart_layer, n_base + n_top + 1);
    memcpy(all, c->layers, sizeof *all * (size_t)n_base);
    memcpy(all + n_base, top->layers, sizeof *all * (size_t)n_top);
    c->layers = all;
    c->n_layers = n_base + n_top;
    join_axes(c, base, top, n_base);
    if (base->panels.levels) join_panels(c, base, top, n_base);
    join_colors(c, base, top, n_base);
    if (!c->size.is_used) c->size = top->size;
    if (!c->shapes.levels) c->shapes = top->shapes;
    c->can_zoom = base->can_zoom && top->can_zoom;
    c->is_all = base->is_all || top->is_all;
    c->caption = join_text(c, base->caption, top->caption, "; ");
    c->text = join_text(c, base->text, top->text, " + ");
    c->finding = join_text(c, base->finding, top->finding, " ");
    chart_finish(c);
    *out = c;
    return RC_OK;
}

/* ---- charts beside each other ---- */
static struct chart *thinner(const struct chart *part, double share)
{
    struct chart *c = copy_of(part);
    int64_t whole = chart_marks(part);
    const char *said = c->caption;
    chart_thin(c, (int64_t)((double)whole * share));
    c->n_data_layers = c->n_layers;
    chart_say_sample(c, said, whole);
    chart_finish(c);
    return c;
}

/* The limits hold for all of them together. */
static void keep_limits(struct chart *c)
{
    enum { TRIES = 10 };
    for (int t = 0; t < TRIES; t++) {
        chart_finish_id(c); /* it stands at every group */
        double over = chart_excess(c);
        if (!(over > 1)) return;
        for (int i = 0; i < c->n_parts; i++) {
            const struct chart *part = c->parts[i].chart;
            if (part->is_all) continue;
            c->parts[i].chart = thinner(part, chart_share_left(over, t));
            chart_unref(part);
        }
        c->layout = (struct chart_layout){0};
        chart_layout_of(c);
    }
}

rc chart_side(struct ctx *cx, const struct chart *const *parts, int n, const char *title,
              struct span span, struct chart **out)
{
    struct strbuf text = {0};
    for (int i = 0; i < n; i++)
        if (parts[i]->n_parts)
            return fail(cx, E501, span, "one of these is charts beside each other already");
    struct chart *c = chart_alloc();
    c->span = span;
    c->parts = ARENA_ARRAY(c->arena, struct chart_part, n);
    for (int i = 0; i < n; i++) {
        c->parts[c->n_parts++].chart = chart_ref(parts[i]);
        if (i) strbuf_addz(&text, " | ");
        chart_text(parts[i], &text);
    }
    c->title = title ? arena_strndup(c->arena, title, strlen(title)) : NULL;
    c->text = arena_strndup(c->arena, text.p, text.n);
    strbuf_release(&text);
    chart_layout_of(c);
    keep_limits(c);
    chart_finish_id(c);
    *out = c;
    return RC_OK;
}
