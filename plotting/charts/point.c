/* point.c: a point a row; beyond 5,000 rows a seeded sample that depends on row numbers only. */
#include "plotting/stat/stat.h"

#include <math.h>

enum { COLORS_FULL = 8, SHAPES_MOST = 6 };

struct points {
    struct chart_build *b;
    struct stat_sample s;
    struct stat_levels levels[CHART_CHANNELS];
    const struct chart_input *panel;
    int panel_at;
};

static const char *in_title(const struct chart_build *b, enum chart_channel ch)
{
    return b->in[ch].title && b->in[ch].title[0] ? b->in[ch].title : NULL;
}

/* Opacity by number: single points solid, thousands light. */
static double default_alpha(int64_t n)
{
    if (n <= 100) return 0.85;
    return fmax(0.25, 0.85 - 0.2 * (log10((double)n) - 2) * 1.2);
}

static rc read_levels(struct points *w)
{
    for (int c = 0; c < CHART_CHANNELS; c++) {
        if (!w->s.text[c]) continue;
        bool is_ordered = w->b->in[c].type.ordered;
        TRY(stat_levels_placed(w->b, w->s.text[c], is_ordered ? w->s.num[c] : NULL, &w->levels[c]));
    }
    return RC_OK;
}

static int add_channel(struct points *w, struct chart_layer *l, enum chart_channel in,
                       enum mark_channel out)
{
    struct chart_build *b = w->b;
    if (!b->in[in].column) return -1;
    int k =
        b->in[in].cls == CLASS_LEVEL
            ? layer_column(l, in_title(b, in) ? in_title(b, in) : "series", VALUE_LEVEL,
                           w->levels[in].at, w->levels[in].levels)
            : layer_column(l, in_title(b, in), stat_value_kind(b->in[in].type), w->s.num[in], NULL);
    if (in != CHART_COLOR && l->col[k].kind == VALUE_COUNT) l->col[k].kind = VALUE_NUMBER;
    l->ch[out] = k;
    return k;
}

static void set_color(struct points *w)
{
    struct chart_build *b = w->b;
    const struct chart_input *in = &b->in[CHART_COLOR];
    int folded;
    if (!in->column) return;
    if (in->cls != CLASS_LEVEL) {
        b->c->color = (struct chart_color){.kind = COLOR_RAMP,
                                           .title = in_title(b, CHART_COLOR),
                                           .value_kind = stat_value_kind(in->type)};
        return;
    }
    int n_grey = w->levels[CHART_COLOR].levels->n > COLORS_FULL;
    if (n_grey) stat_levels_fold(b, &w->levels[CHART_COLOR], w->s.n, COLORS_FULL - 1, &folded);
    build_color(b, &w->levels[CHART_COLOR], n_grey);
}

static rc set_shape(struct points *w)
{
    struct chart_build *b = w->b;
    const struct chart_input *in = &b->in[CHART_SHAPE];
    int folded;
    if (!in->column) return RC_OK;
    TRY(build_needs(b, CHART_SHAPE, CLASS_LEVEL, "point"));
    stat_levels_fold(b, &w->levels[CHART_SHAPE], w->s.n, SHAPES_MOST - 1, &folded);
    b->c->shapes = (struct chart_shapes){.title = in_title(b, CHART_SHAPE),
                                         .levels = w->levels[CHART_SHAPE].levels};
    return RC_OK;
}

static rc set_size(struct points *w, struct chart_layer *l)
{
    struct chart_build *b = w->b;
    const char *fixed = b->spec->enc[CHART_SIZE].constant;
    if (fixed) {
        double r = strtod(fixed, NULL);
        if (!(r > 0 && r <= 100)) {
            fail(b->cx, E501, b->in[CHART_SIZE].span, "size: takes a radius in pixels or a column");
            return err_hint(b->cx, "size: 3");
        }
        l->size = r;
    }
    if (!b->in[CHART_SIZE].column) return RC_OK;
    TRY(build_needs(b, CHART_SIZE, CLASS_NUMBER, "point"));
    b->c->size = (struct chart_size){.is_used = true,
                                     .title = in_title(b, CHART_SIZE),
                                     .most = w->s.n <= 200    ? 14
                                             : w->s.n <= 1000 ? 10
                                                              : 7};
    return RC_OK;
}

static rc put_layer(struct points *w)
{
    struct chart_build *b = w->b;
    struct chart_layer *l = chart_add_layer(b->c, MARK_POINT, w->s.n);
    add_channel(w, l, CHART_X, CH_X);
    add_channel(w, l, CHART_Y, CH_Y);
    add_channel(w, l, CHART_COLOR, CH_COLOR);
    add_channel(w, l, CHART_SIZE, CH_SIZE);
    add_channel(w, l, CHART_SHAPE, CH_SHAPE);
    if (w->panel) {
        l->ch[CH_PANEL] = layer_column(l, w->panel->title, VALUE_LEVEL, w->levels[w->panel_at].at,
                                       b->c->panels.levels);
    }
    l->alpha = isnan(b->spec->alpha) ? default_alpha(w->s.n) : b->spec->alpha;
    l->has_edge = w->s.n > 30 && w->s.n <= 1000 && l->alpha > 0.5;
    if (w->s.n > 1500) l->size = 2.4;
    l->color = build_ink(b);
    return set_size(w, l);
}

static void set_axes(struct points *w)
{
    struct chart_build *b = w->b;
    for (int k = 0; k < 2; k++) {
        const struct chart_input *in = &b->in[k == 0 ? CHART_X : CHART_Y];
        struct chart_axis *a = build_axis(b, k == 0, in, k == 0);
        if (a->scale == SCALE_BAND) a->levels = w->levels[k == 0 ? CHART_X : CHART_Y].levels;
        a->has_grid = true;
    }
    b->c->can_zoom = b->c->axis[0].scale != SCALE_BAND && b->c->axis[1].scale != SCALE_BAND;
}

static void describe(struct points *w)
{
    struct chart_build *b = w->b;
    const char *n = stat_count_text(b, w->s.n);
    const char *x = b->in[CHART_X].title, *y = b->in[CHART_Y].title;
    b->c->text = arena_printf(b->a, "scatter chart: %s point%s, %s against %s", n,
                              w->s.n == 1 ? "" : "s", y, x);
    b->c->finding = arena_printf(b->a, "Scatter chart of %s against %s: %s of %s rows.", y, x, n,
                                 stat_count_text(b, w->s.n_total));
    if (w->s.n < w->s.n_total) b->c->sample_of = w->s.n_total;
    if (w->s.n_null)
        stat_remark(b, "%s rows without %s or %s left out", stat_count_text(b, w->s.n_null), x, y);
    b->c->title = build_title(b, "%s against %s", y, x);
}

static rc build_parts(struct points *w)
{
    struct chart_build *b = w->b;
    TRY(read_levels(w));
    TRY(set_shape(w));
    set_color(w);
    if (w->panel) TRY(build_panels(b, &w->levels[w->panel_at]));
    TRY(put_layer(w));
    set_axes(w);
    describe(w);
    return RC_OK;
}

static enum rc_t build_point(struct chart_build *b)
{
    struct points w = {.b = b};
    w.panel = build_panel_input(b);
    w.panel_at = b->in[CHART_FACET_COLUMN].column ? CHART_FACET_COLUMN : CHART_FACET_ROW;
    for (int ch = CHART_X; ch <= CHART_Y; ch++)
        if (!b->in[ch].column) TRY(build_needs(b, (enum chart_channel)ch, CLASS_NUMBER, "point"));
    TRY(stat_sample_of(b, b->spec->all ? CHART_MARKS_ALL : CHART_MARKS, &w.s));
    enum rc_t res = build_parts(&w);
    stat_sample_release(&w.s);
    return res;
}

const struct chart_kind_desc chart_kind_point = {
    .name = "point",
    .sig = "plot x, y, kind: point, color: c, size: s, shape: c, alpha: 0.5",
    .doc = "A point a row; beyond 5,000 rows a seeded sample, and the caption says so.",
    .example = "trips |> plot distance, fare, color: payment",
    .build = build_point,
};
