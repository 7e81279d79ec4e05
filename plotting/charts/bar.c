/* bar.c: one bar a category: rows counted, values summed, or aggregates as they come. Sorted by
 * value unless the categories have an order of their own; the biggest 20 and the rest as one;
 * colours stack when the parts add up, else they stand beside each other. */
#include "plotting/stat/stat.h"

#include <math.h>

enum { BARS_MOST = 20, ORDERED_MOST = 60, COLORS_MOST = 8 };
enum stack_mode { STACK_NONE, STACK_ZERO, STACK_SHARE };

struct bars {
    struct chart_build *b;
    const struct chart_input *cat, *value; /* value NULL: rows are counted */
    const struct chart_input *color, *panel;
    const char *value_title;
    enum value_kind value_kind;
    bool is_additive, is_flipped; /* flipped: categories on y */
    bool has_rest;                /* the last category is "other" */
    int64_t rows;
    double *v;
    struct stat_levels cats, colors, panels;
    enum stack_mode stack;
    double *cell; /* [panel][cat][color]; NAN = no such bar */
};

/* ---- values ---- */
static int bar_keys(const struct bars *w, const struct chart_input **keys)
{
    int n = 0;
    keys[n++] = w->cat;
    if (w->color) keys[n++] = w->color;
    if (w->panel && w->panel != w->cat) keys[n++] = w->panel;
    return n;
}

static const struct column *named(const struct table *t, const char *name)
{
    return t->cols[schema_find(t->schema, str_of(name))];
}

static rc read_levels(struct bars *w, const struct column *cat, const struct column *color,
                      const struct column *panel)
{
    struct chart_build *b = w->b;
    double *size = ARENA_ARRAY(b->a, double, w->rows + 1);
    for (int64_t i = 0; i < w->rows; i++)
        size[i] = w->v[i];
    TRY(stat_levels_of(b, cat, size, ORDER_BY_WEIGHT, true, &w->cats));
    if (color) TRY(stat_levels_of(b, color, size, ORDER_NATURAL, true, &w->colors));
    if (panel) TRY(stat_levels_of(b, panel, NULL, ORDER_NATURAL, false, &w->panels));
    return RC_OK;
}

/* One row a bar already: an aggregate of the step itself. */
static rc values_given(struct bars *w)
{
    struct table *t;
    TRY(stat_table(w->b, &t));
    w->rows = t->n_rows;
    w->v = stat_numbers(w->b->a, named(t, w->value->column));
    enum rc_t res =
        read_levels(w, named(t, w->cat->column), w->color ? named(t, w->color->column) : NULL,
                    w->panel ? named(t, w->panel->column) : NULL);
    table_unref(t);
    return res;
}

/* Rows of the frame: counted, or summed when a category has several. */
static rc values_grouped(struct bars *w)
{
    struct chart_build *b = w->b;
    const struct chart_input *keys[3];
    struct stat_item items[] = {{"count", NULL, NAN},
                                {"sum", w->value ? w->value->column : NULL, NAN}};
    struct table *t;
    int n = bar_keys(w, keys);
    TRY(stat_groups(b, keys, n, items, w->value ? 2 : 1, &t));
    w->rows = t->n_rows;
    double *count = stat_numbers(b->a, t->cols[n]);
    w->v = w->value ? stat_numbers(b->a, t->cols[n + 1]) : count;
    bool is_summed = false;
    for (int64_t i = 0; i < w->rows; i++)
        is_summed |= count[i] > 1;
    if (w->value && is_summed) w->value_title = arena_printf(b->a, "sum(%s)", w->value->title);
    w->is_additive = !w->value || is_summed;
    int at = 1;
    const struct column *color = w->color ? t->cols[at++] : NULL;
    const struct column *panel = w->panel ? t->cols[at] : NULL;
    enum rc_t res = read_levels(w, t->cols[0], color, panel);
    table_unref(t);
    return res;
}

/* ---- few enough bars ---- */
static void drop_rows(struct bars *w, const struct stat_levels *l, int most)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < w->rows; i++) {
        if (l->at[i] >= most) continue;
        w->v[kept] = w->v[i];
        w->cats.at[kept] = w->cats.at[i];
        if (w->color) w->colors.at[kept] = w->colors.at[i];
        if (w->panel) w->panels.at[kept] = w->panels.at[i];
        kept++;
    }
    w->rows = kept;
}

static void limit_cats(struct bars *w)
{
    struct chart_build *b = w->b;
    int all = w->cats.levels->n, folded;
    int most = w->cats.is_by_value ? BARS_MOST : ORDERED_MOST;
    if (all <= most + (w->is_additive && w->cats.is_by_value ? 1 : 0)) return;
    if (w->is_additive && w->cats.is_by_value) {
        stat_levels_fold(b, &w->cats, w->rows, most, &folded);
        w->has_rest = true;
        return;
    }
    drop_rows(w, &w->cats, most);
    w->cats.levels->n = most;
    stat_remark(b, "%s %d of %s %s", w->cats.is_by_value ? "the biggest" : "the first", most,
                stat_count_text(b, all), w->cat->title);
}

static int limit_colors(struct bars *w)
{
    int folded = 0, all;
    if (!w->color || w->colors.levels->n <= COLORS_MOST) return 0;
    all = w->colors.levels->n;
    if (w->is_additive) {
        stat_levels_fold(w->b, &w->colors, w->rows, COLORS_MOST - 1, &folded);
        return 1;
    }
    drop_rows(w, &w->colors, COLORS_MOST);
    w->colors.levels->n = COLORS_MOST;
    stat_remark(w->b, "the first %d of %s %s", COLORS_MOST, stat_count_text(w->b, all),
                w->color->title);
    return 0;
}

/* ---- cells and stacks ---- */
static int colors_of(const struct bars *w)
{
    return w->color ? w->colors.levels->n : 1;
}
static int panels_of(const struct bars *w)
{
    return w->panel ? w->panels.levels->n : 1;
}

static void fill_cells(struct bars *w)
{
    int n_cat = w->cats.levels->n, n_color = colors_of(w);
    int64_t n = (int64_t)panels_of(w) * n_cat * n_color;
    w->cell = build_fill(w->b, n, NAN);
    for (int64_t i = 0; i < w->rows; i++) {
        int panel = w->panel ? (int)w->panels.at[i] : 0,
            color = w->color ? (int)w->colors.at[i] : 0;
        double *c = &w->cell[((int64_t)panel * n_cat + (int)w->cats.at[i]) * n_color + color];
        if (isnan(w->v[i])) continue;
        *c = isnan(*c) ? w->v[i] : *c + w->v[i];
    }
}

static rc choose_stack(struct bars *w)
{
    const char *s = w->b->spec->stack;
    bool has_parts = w->color != NULL;
    w->stack = !has_parts ? STACK_NONE : w->is_additive ? STACK_ZERO : STACK_NONE;
    if (!s || !has_parts) return RC_OK;
    if (!strcmp(s, "share")) w->stack = STACK_SHARE;
    if (!strcmp(s, "zero") || !strcmp(s, "true")) w->stack = STACK_ZERO;
    if (!strcmp(s, "none") || !strcmp(s, "false")) w->stack = STACK_NONE;
    return RC_OK;
}

/* ---- the layer ---- */
static double share_base(const struct bars *w, const double *cells)
{
    double sum = 0;
    for (int k = 0; k < colors_of(w); k++)
        if (!isnan(cells[k])) sum += fabs(cells[k]);
    return sum > 0 ? sum : 1;
}

struct bar_columns {
    double *cat, *color, *panel, *low, *high, *value;
    int64_t n;
};
static void stack_one(const struct bars *w, const double *cells, int panel, int cat,
                      struct bar_columns *out)
{
    double up = 0, down = 0;
    double base = w->stack == STACK_SHARE ? share_base(w, cells) : 1;
    for (int k = 0; k < colors_of(w); k++) {
        if (isnan(cells[k])) continue;
        double v = cells[k] / base, *from = v < 0 ? &down : &up;
        double low = w->stack == STACK_NONE ? 0 : *from;
        int64_t i = out->n++;
        out->cat[i] = cat;
        out->color[i] = k;
        out->panel[i] = panel;
        out->low[i] = low;
        out->high[i] = low + v;
        out->value[i] = cells[k];
        *from += v;
    }
}

static struct bar_columns bar_rows(const struct bars *w)
{
    int n_cat = w->cats.levels->n, n_color = colors_of(w);
    int64_t most = (int64_t)panels_of(w) * n_cat * n_color;
    struct bar_columns r = {0};
    double **const all[] = {&r.cat, &r.color, &r.panel, &r.low, &r.high, &r.value};
    for (int i = 0; i < 6; i++)
        *all[i] = build_fill(w->b, most, 0);
    for (int p = 0; p < panels_of(w); p++)
        for (int c = 0; c < n_cat; c++)
            stack_one(w, &w->cell[((int64_t)p * n_cat + c) * n_color], p, c, &r);
    return r;
}

/* One or two bars do not fill the chart. */
static double bar_share(const struct bars *w)
{
    enum { WIDE = 110 };
    const struct chart *c = w->b->c;
    double length = w->is_flipped ? (c->height ? c->height : 300) : c->width ? c->width : 480;
    double band = length / fmax(w->cats.levels->n, 1) * (1 - BAND_PADDING);
    bool is_dodged = w->color && w->stack == STACK_NONE;
    return is_dodged || band <= WIDE ? 0 : WIDE / band;
}

static void put_layer(struct bars *w, const struct bar_columns *r)
{
    struct chart_build *b = w->b;
    struct chart_layer *l = chart_add_layer(b->c, MARK_BAR, r->n);
    l->size = bar_share(w);
    bool is_share = w->stack == STACK_SHARE;
    enum mark_channel cat = w->is_flipped ? CH_Y : CH_X, low = w->is_flipped ? CH_X2 : CH_Y2,
                      high = w->is_flipped ? CH_X : CH_Y;
    l->ch[cat] = layer_column(l, w->cat->title, VALUE_LEVEL, r->cat, w->cats.levels);
    if (w->color) {
        l->ch[CH_COLOR] = layer_column(l, w->color->title[0] ? w->color->title : "series",
                                       VALUE_LEVEL, r->color, w->colors.levels);
        if (w->stack == STACK_NONE) l->ch[CH_OFFSET] = l->ch[CH_COLOR];
    }
    if (w->stack == STACK_NONE) {
        l->ch[high] = layer_column(l, w->value_title, w->value_kind, r->high, NULL);
    } else {
        layer_column(l, w->value_title, w->value_kind, r->value, NULL);
        l->ch[high] = layer_column(l, NULL, is_share ? VALUE_SHARE : w->value_kind, r->high, NULL);
    }
    l->ch[low] = layer_column(l, NULL, VALUE_NUMBER, r->low, NULL);
    if (w->panel)
        l->ch[CH_PANEL] =
            layer_column(l, w->panel->title, VALUE_LEVEL, r->panel, w->b->c->panels.levels);
    l->color = build_ink(b);
    if (!isnan(b->spec->alpha)) l->alpha = b->spec->alpha;
}

/* The rest as one bar stands apart in grey: it is not one of the categories. */
static void put_rest(struct bars *w, const struct bar_columns *r)
{
    struct bar_columns rest = *r;
    double **const all[] = {&rest.cat, &rest.color, &rest.panel,
                            &rest.low, &rest.high,  &rest.value};
    for (int i = 0; i < 6; i++)
        *all[i] += r->n;
    rest.n = 1;
    put_layer(w, &rest);
    w->b->c->layers[w->b->c->n_layers - 1].color = INK_REST;
}

static void set_axes(struct bars *w)
{
    struct chart_build *b = w->b;
    bool cat_is_x = w->cat == &b->in[CHART_X] || !b->in[CHART_Y].column;
    struct chart_axis *cat = build_axis(b, !w->is_flipped, w->cat, cat_is_x);
    struct chart_axis *value = build_axis(b, w->is_flipped, w->value, !cat_is_x);
    cat->scale = SCALE_BAND;
    cat->is_cut = cat->is_integer = false;
    cat->levels = w->cats.levels;
    value->has_zero = value->has_grid = true;
    if (!value->title || (w->value && value->title[0] && !strcmp(value->title, w->value->title)))
        value->title = w->value_title;
    value->is_integer = w->value_kind == VALUE_COUNT;
    if (w->stack == STACK_SHARE) {
        value->is_share = true;
        value->is_integer = false;
        if (isnan(value->want_max)) value->want_max = 1;
        value->title = arena_printf(b->a, "share of %s", w->value_title);
    }
    if (value->scale == SCALE_LOG) value->scale = SCALE_SYMLOG; /* bars stand on zero */
}

/* Horizontal when asked by the order of x and y, or when the names need the room. */
static void choose_side(struct bars *w)
{
    struct chart_build *b = w->b;
    double width = b->c->width ? b->c->width : w->panel ? 200 : 480;
    bool is_asked = b->in[CHART_Y].column && w->cat == &b->in[CHART_Y];
    w->is_flipped = is_asked || !ticks_levels_fit(w->cats.levels, width);
    if (!w->is_flipped || b->c->height) return;
    int lines = w->cats.levels->n;
    if (w->stack == STACK_NONE && colors_of(w) > 2) lines *= colors_of(w) / 2;
    int height = lines * 22;
    b->c->height = height < 110 ? 110 : height > 700 ? 700 : height;
    if (w->panel) b->c->height = height < 100 ? 100 : height > 400 ? 400 : height;
}

static void describe(struct bars *w, int64_t n)
{
    struct chart_build *b = w->b;
    double most = -INFINITY;
    int at = 0;
    for (int i = 0; i < w->cats.levels->n; i++)
        if (w->cats.weight[i] > most) {
            most = w->cats.weight[i];
            at = i;
        }
    struct strbuf v = {0};
    struct chart_column c = {.kind = w->value_kind};
    if (isfinite(most)) chart_value_label(&v, &c, most);
    b->c->text = arena_printf(b->a, "bar chart: %s bar%s, %s by %s%s%s", stat_count_text(b, n),
                              n == 1 ? "" : "s", w->value_title, w->cat->title,
                              w->color && w->color->title[0] ? " and " : "",
                              w->color ? w->color->title : "");
    b->c->finding =
        v.n && w->cats.levels->n
            ? arena_printf(b->a, "Bar chart of %s by %s: %d categories; the biggest is %s with %s.",
                           w->value_title, w->cat->title, w->cats.levels->n,
                           w->cats.levels->text[at], v.p)
            : b->c->text;
    strbuf_release(&v);
}

static rc find_roles(struct bars *w)
{
    struct chart_build *b = w->b;
    const struct chart_input *x = &b->in[CHART_X], *y = &b->in[CHART_Y];
    w->color = b->in[CHART_COLOR].column ? &b->in[CHART_COLOR] : NULL;
    w->panel = build_panel_input(b);
    bool is_swapped = y->cls == CLASS_LEVEL && x->cls != CLASS_LEVEL;
    w->cat = !x->column || is_swapped ? y : x;
    const struct chart_input *other = w->cat == x ? y : x;
    if (other->column && other->cls == CLASS_LEVEL) { /* both are categories: count, y as colour */
        if (w->color)
            return fail(b->cx, E501, other->span,
                        "bars of two categories and a colour: leave one of the three out");
        w->color = other;
        b->in[CHART_COLOR] = *other;
        w->color = &b->in[CHART_COLOR];
        other = &b->in[CHART_SIZE]; /* no value */
    }
    w->value = other->column && other != &b->in[CHART_SIZE] ? other : NULL;
    if (w->value) TRY(build_needs(b, w->value == x ? CHART_X : CHART_Y, CLASS_NUMBER, "bar"));
    w->value_title = w->value ? w->value->title : "count";
    w->value_kind = w->value ? stat_value_kind(w->value->type) : VALUE_COUNT;
    w->is_additive = !w->value || w->value->is_additive;
    return RC_OK;
}

static enum rc_t build_bar(struct chart_build *b)
{
    struct bars w = {.b = b};
    TRY(find_roles(&w));
    if (w.value && w.value->is_aggregate)
        TRY(values_given(&w));
    else
        TRY(values_grouped(&w));
    limit_cats(&w);
    int n_grey = limit_colors(&w);
    TRY(choose_stack(&w));
    fill_cells(&w);
    if (w.panel) TRY(build_panels(b, &w.panels));
    if (w.color) build_color(b, &w.colors, n_grey);
    choose_side(&w);
    b->c->is_flipped = w.is_flipped != (w.cat == &b->in[CHART_Y]);
    set_axes(&w);
    struct bar_columns rows = bar_rows(&w);
    int64_t n = rows.n;
    if (w.has_rest && !w.color && !w.panel) rows.n--;
    put_layer(&w, &rows);
    if (rows.n < n) put_rest(&w, &rows);
    describe(&w, n);
    b->c->title = build_title(b, "%s by %s", w.value_title, w.cat->title);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_bar = {
    .name = "bar",
    .sig = "plot category, [value], kind: bar, color: c, stack: true | share | false",
    .doc =
        "One bar a category: rows counted, values summed, or an aggregate. Sorted by value unless "
        "the categories have an order; the biggest 20 and the rest as one.",
    .example = "trips |> plot payment_type, mean(tip), kind: bar",
    .build = build_bar,
};
