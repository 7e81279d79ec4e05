/* box.c: quartiles, whiskers to the furthest value within 1.5 interquartile ranges, and the values
 * beyond as points (at most 100 a box). */
#include "plotting/stat/stat.h"

#include <math.h>

enum { CATS_MOST = 30, CATS_SHOWN = 20, COLORS_MOST = 6 };

struct boxes {
    struct chart_build *b;
    const struct chart_input *cat, *value, *color, *panel; /* cat NULL: one box */
    bool is_flipped;
    struct stat_levels cats, colors, panels;
    int n_cat, n_color, n_panel;
    struct stat_box *box;
    int64_t n_boxes, n_outliers, n_shown;
};

static rc key_levels(struct boxes *w, const struct chart_input *in, int most, const char *what,
                     struct stat_levels *out)
{
    struct chart_build *b = w->b;
    const struct stat_item items[] = {{"count", w->value->column, NAN}};
    struct table *t;
    TRY(stat_groups(b, &in, 1, items, 1, &t));
    double *n = stat_numbers(b->a, t->cols[1]);
    bool is_named = in->type.kind == KIND_STR || in->type.kind == KIND_CAT;
    bool is_long = is_named && t->n_rows > most;
    enum rc_t res =
        stat_levels_of(b, t->cols[0], n, is_long ? ORDER_BY_WEIGHT : ORDER_NATURAL, true, out);
    table_unref(t);
    if (res != RC_OK || out->levels->n <= most) return res;
    if (!is_named) {
        fail(b->cx, E501, in->span, "`%s` has %d values, too many %s for one chart", in->title,
             out->levels->n, what);
        return err_hint(b->cx,
                        in->type.kind == KIND_DATE || in->type.kind == KIND_DATETIME
                            ? "bin(%s, 1w)"
                            : "bin(%s, 10)",
                        in->column);
    }
    int shown = most == CATS_MOST ? CATS_SHOWN : most;
    stat_remark(b, "the %d most frequent of %s %s", shown, stat_count_text(b, out->levels->n),
                in->title);
    out->levels->n = shown;
    return RC_OK;
}

static rc read_keys(struct boxes *w)
{
    w->n_cat = w->n_color = w->n_panel = 1;
    if (w->cat) {
        TRY(key_levels(w, w->cat, CATS_MOST, "boxes", &w->cats));
        w->n_cat = w->cats.levels->n;
    } else {
        struct chart_levels *one = ARENA_NEW(w->b->a, struct chart_levels);
        one->n = 1;
        one->text = ARENA_ARRAY(w->b->a, const char *, 1);
        one->text[0] = w->value->title;
        w->cats.levels = one;
    }
    if (w->color) {
        TRY(key_levels(w, w->color, COLORS_MOST, "colours", &w->colors));
        w->n_color = w->colors.levels->n;
    }
    if (w->panel) {
        TRY(stat_key_levels(w->b, w->panel, w->value->column, &w->panels));
        w->n_panel = w->panels.levels->n;
    }
    return RC_OK;
}

/* ---- layers ---- */
struct place { /* of a box */
    int cat, color, panel;
};
static struct place place_of(const struct boxes *w, int64_t g)
{
    return (struct place){.cat = (int)(g % w->n_cat),
                          .color = (int)(g / w->n_cat % w->n_color),
                          .panel = (int)(g / w->n_cat / w->n_color)};
}

/* Columns that every layer has: category, colour, panel of its rows. */
static void key_columns(const struct boxes *w, struct chart_layer *l, const int64_t *group,
                        int64_t n)
{
    double *cat = build_fill(w->b, n, 0), *color = build_fill(w->b, n, 0),
           *panel = build_fill(w->b, n, 0);
    for (int64_t i = 0; i < n; i++) {
        struct place p = place_of(w, group[i]);
        cat[i] = p.cat;
        color[i] = p.color;
        panel[i] = p.panel;
    }
    l->ch[w->is_flipped ? CH_Y : CH_X] = layer_column(
        l, w->cat && w->cat->title[0] ? w->cat->title : NULL, VALUE_LEVEL, cat, w->cats.levels);
    if (w->color)
        l->ch[CH_COLOR] = l->ch[CH_OFFSET] =
            layer_column(l, w->color->title[0] ? w->color->title : "series", VALUE_LEVEL, color,
                         w->colors.levels);
    if (w->panel)
        l->ch[CH_PANEL] =
            layer_column(l, w->panel->title, VALUE_LEVEL, panel, w->b->c->panels.levels);
    l->color = build_ink(w->b);
}

static double box_part(const struct stat_box *b, int part)
{
    const double v[] = {
        b->low, b->q1, b->median, b->q3, b->high, (double)b->n, (double)b->n_outliers};
    return v[part];
}
static const char *const part_names[] = {"lower whisker",  "first quartile", "median",
                                         "third quartile", "upper whisker",  "rows",
                                         "outliers"};

static double *part_values(const struct boxes *w, const int64_t *group, int64_t n, int part)
{
    double *v = build_fill(w->b, n, 0);
    for (int64_t i = 0; i < n; i++)
        v[i] = box_part(&w->box[group[i]], part);
    return v;
}

static void rule_layer(const struct boxes *w, const int64_t *group, int from, int to)
{
    struct chart_layer *l = chart_add_layer(w->b->c, MARK_RULE, w->n_boxes);
    key_columns(w, l, group, w->n_boxes);
    bool f = w->is_flipped;
    l->ch[f ? CH_X : CH_Y] =
        layer_column(l, NULL, VALUE_NUMBER, part_values(w, group, w->n_boxes, from), NULL);
    l->ch[f ? CH_X2 : CH_Y2] =
        layer_column(l, NULL, VALUE_NUMBER, part_values(w, group, w->n_boxes, to), NULL);
    l->is_quiet = true;
}

static double box_share(const struct boxes *w)
{
    return w->color ? 1 : w->n_cat == 1 ? 0.4 : 0.75;
}

static void box_layer(const struct boxes *w, const int64_t *group)
{
    struct chart_layer *l = chart_add_layer(w->b->c, MARK_BAR, w->n_boxes);
    key_columns(w, l, group, w->n_boxes);
    bool f = w->is_flipped;
    for (int part = 0; part < 7; part++) {
        int k = layer_column(l, part_names[part], part < 5 ? VALUE_NUMBER : VALUE_COUNT,
                             part_values(w, group, w->n_boxes, part), NULL);
        if (part == 1) l->ch[f ? CH_X : CH_Y] = k;
        if (part == 3) l->ch[f ? CH_X2 : CH_Y2] = k;
    }
    l->is_outlined = true;
    l->alpha = isnan(w->b->spec->alpha) ? 0.3 : w->b->spec->alpha;
    l->size = box_share(w);
}

static void median_layer(const struct boxes *w, const int64_t *group)
{
    struct chart_layer *l = chart_add_layer(w->b->c, MARK_TICK, w->n_boxes);
    key_columns(w, l, group, w->n_boxes);
    l->ch[w->is_flipped ? CH_X : CH_Y] =
        layer_column(l, NULL, VALUE_NUMBER, part_values(w, group, w->n_boxes, 2), NULL);
    l->is_quiet = true;
    l->size = box_share(w);
}

static void outlier_layer(struct boxes *w)
{
    int64_t n = 0, at = 0;
    int64_t all = (int64_t)w->n_cat * w->n_color * w->n_panel;
    for (int64_t g = 0; g < all; g++)
        n += w->box[g].n ? w->box[g].n_kept : 0;
    if (n == 0) return;
    int64_t *group = ARENA_ARRAY(w->b->a, int64_t, n);
    double *v = build_fill(w->b, n, 0);
    for (int64_t g = 0; g < all; g++)
        for (int i = 0; w->box[g].n && i < w->box[g].n_kept; i++) {
            group[at] = g;
            v[at++] = w->box[g].outliers[i];
        }
    struct chart_layer *l = chart_add_layer(w->b->c, MARK_POINT, n);
    key_columns(w, l, group, n);
    l->ch[w->is_flipped ? CH_X : CH_Y] = layer_column(l, w->value->title, VALUE_NUMBER, v, NULL);
    l->size = 2;
    l->alpha = 0.45;
    w->n_shown = n;
}

static void put_layers(struct boxes *w)
{
    int64_t all = (int64_t)w->n_cat * w->n_color * w->n_panel;
    int64_t *group = ARENA_ARRAY(w->b->a, int64_t, all + 1);
    for (int64_t g = 0; g < all; g++) {
        if (w->box[g].n == 0) continue;
        group[w->n_boxes++] = g;
        w->n_outliers += w->box[g].n_outliers;
    }
    rule_layer(w, group, 0, 1);
    rule_layer(w, group, 3, 4);
    box_layer(w, group);
    median_layer(w, group);
    bool is_hidden = w->b->spec->outliers == 0;
    if (!is_hidden) outlier_layer(w);
    if (w->n_outliers > w->n_shown)
        stat_remark(w->b, "%s of %s outliers shown",
                    is_hidden ? "none" : stat_count_text(w->b, w->n_shown),
                    stat_count_text(w->b, w->n_outliers));
}

/* ---- axes and words ---- */
static void set_axes(struct boxes *w)
{
    struct chart_build *b = w->b;
    bool value_is_x = w->value == &b->in[CHART_X];
    struct chart_axis *cat = build_axis(b, !w->is_flipped, w->cat, !value_is_x);
    struct chart_axis *value = build_axis(b, w->is_flipped, w->value, value_is_x);
    cat->scale = SCALE_BAND;
    cat->levels = w->cats.levels;
    cat->is_cut = cat->is_integer = false;
    if (!w->cat || (cat->title && !cat->title[0])) cat->title = NULL;
    value->has_grid = true;
    if (w->value->type.kind == KIND_INT) value->is_integer = false;
}

static void describe(struct boxes *w)
{
    struct chart_build *b = w->b;
    const char *n = stat_count_text(b, w->n_boxes);
    const char *by = w->cat && w->cat->title[0] ? arena_printf(b->a, " by %s", w->cat->title) : "";
    b->c->text = arena_printf(b->a, "box plot: %s box%s, %s%s", n, w->n_boxes == 1 ? "" : "es",
                              w->value->title, by);
    double low = INFINITY, high = -INFINITY;
    for (int64_t g = 0; g < (int64_t)w->n_cat * w->n_color * w->n_panel; g++)
        if (w->box[g].n) {
            low = fmin(low, w->box[g].median);
            high = fmax(high, w->box[g].median);
        }
    struct strbuf range = {0};
    struct chart_column c = {.kind = VALUE_NUMBER};
    if (low <= high) {
        chart_value_label(&range, &c, low);
        strbuf_addz(&range, " to ");
        chart_value_label(&range, &c, high);
    }
    b->c->finding = range.n ? arena_printf(b->a, "Box plot of %s%s: %s boxes, medians from %s.",
                                           w->value->title, by, n, range.p)
                            : b->c->text;
    strbuf_release(&range);
    b->c->title = build_title(b, w->cat && w->cat->title[0] ? "%s by %s" : "%s%s", w->value->title,
                              w->cat && w->cat->title[0] ? w->cat->title : "");
}

static rc find_roles(struct boxes *w)
{
    struct chart_build *b = w->b;
    const struct chart_input *x = &b->in[CHART_X], *y = &b->in[CHART_Y];
    w->color = b->in[CHART_COLOR].column ? &b->in[CHART_COLOR] : NULL;
    w->panel = build_panel_input(b);
    if (!x->column || !y->column) {
        enum chart_channel only = x->column ? CHART_X : CHART_Y;
        TRY(build_needs(b, only, CLASS_NUMBER, "box"));
        w->value = &b->in[only];
        w->is_flipped = x->column != NULL;
        return RC_OK;
    }
    bool is_across = y->cls == CLASS_LEVEL && x->cls != CLASS_LEVEL;
    w->is_flipped = is_across;
    w->cat = is_across ? y : x;
    w->value = is_across ? x : y;
    return build_needs(b, is_across ? CHART_X : CHART_Y, CLASS_NUMBER, "box");
}

/* Names too long for the bands lie along y; the height then grows with them. */
static void choose_side(struct boxes *w)
{
    struct chart *c = w->b->c;
    double width = c->width ? c->width : w->panel ? 200 : 480;
    if (w->cat && !w->is_flipped && w->n_cat > 3 && !ticks_levels_fit(w->cats.levels, width))
        w->is_flipped = true;
    if (!w->is_flipped || c->height) return;
    int height = w->n_cat * (w->color ? 12 + 14 * w->n_color : 30);
    c->height = height < 110 ? 110 : height > 700 ? 700 : height;
}

static enum rc_t build_box(struct chart_build *b)
{
    struct boxes w = {.b = b};
    TRY(find_roles(&w));
    TRY(read_keys(&w));
    struct stat_box_keys keys = {
        .in = {w.cat, w.color, w.panel},
        .levels = {w.cat ? &w.cats : NULL, w.color ? &w.colors : NULL, w.panel ? &w.panels : NULL}};
    TRY(stat_boxes(b, w.value, &keys, &w.box));
    if (w.panel) TRY(build_panels(b, &w.panels));
    if (w.color) build_color(b, &w.colors, 0);
    choose_side(&w);
    b->c->is_flipped = w.is_flipped && w.value == &b->in[CHART_Y];
    put_layers(&w);
    set_axes(&w);
    describe(&w);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_box = {
    .name = "box",
    .sig = "plot category, value, kind: box, color: c, outliers: false",
    .doc = "Quartiles (type 7) as a box with the median, whiskers to the furthest value within 1.5 "
           "interquartile ranges, values beyond as points (at most 100 a box).",
    .example = "trips |> plot passenger_count, tip, kind: box",
    .build = build_box,
};
