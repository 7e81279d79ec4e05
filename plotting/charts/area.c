/* area.c: values along x as areas, one on the other: rows counted or values summed for each x and
 * colour (an aggregate as it comes); the greatest total lies at the bottom. */
#include "plotting/stat/stat.h"

#include <math.h>
#include <stdlib.h>

enum { COLORS_MOST = 8, XS_MOST = 400 };

struct areas {
    struct chart_build *b;
    const struct chart_input *x, *value, *color, *panel;
    const char *title;
    struct stat_levels colors, panels, cats;
    int64_t n;
    double *xv, *v;
    double *xs; /* distinct x, sorted */
    int n_x, n_color, n_panel;
    double *cell; /* [panel][color][x] */
};

static rc area_read(struct areas *w)
{
    struct chart_build *b = w->b;
    const struct chart_input *keys[3] = {w->x};
    struct stat_item items[] = {{"count", NULL, NAN},
                                {"sum", w->value ? w->value->column : NULL, NAN}};
    int n = 1;
    struct table *t;
    if (w->color) keys[n++] = w->color;
    if (w->panel) keys[n++] = w->panel;
    TRY(stat_groups(b, keys, n, items, w->value ? 2 : 1, &t));
    double *count = stat_numbers(b->a, t->cols[n]);
    bool is_summed = false;
    w->n = t->n_rows;
    w->v = w->value ? stat_numbers(b->a, t->cols[n + 1]) : count;
    for (int64_t i = 0; i < w->n; i++)
        is_summed |= count[i] > 1;
    if (w->value && is_summed) w->title = arena_printf(b->a, "sum(%s)", w->value->title);
    enum rc_t res = RC_OK;
    if (w->x->cls == CLASS_LEVEL) {
        res = stat_levels_of(b, t->cols[0], NULL, ORDER_NATURAL, true, &w->cats);
        w->xv = w->cats.at;
    } else {
        w->xv = stat_numbers(b->a, t->cols[0]);
    }
    double *size = build_fill(b, w->n, 0);
    for (int64_t i = 0; i < w->n; i++)
        size[i] = isnan(w->v[i]) ? 0 : fabs(w->v[i]);
    if (res == RC_OK && w->color)
        res = stat_levels_of(b, t->cols[1], size, ORDER_BY_WEIGHT, true, &w->colors);
    if (res == RC_OK && w->panel)
        res = stat_levels_of(b, t->cols[n - 1], NULL, ORDER_NATURAL, false, &w->panels);
    table_unref(t);
    return res;
}

/* Many x are put into bins: calendar steps, or equal widths. */
static void area_bins(struct areas *w)
{
    struct chart_build *b = w->b;
    double lo = INFINITY, hi = -INFINITY;
    for (int64_t i = 0; i < w->n; i++)
        if (isfinite(w->xv[i])) {
            lo = fmin(lo, w->xv[i]);
            hi = fmax(hi, w->xv[i]);
        }
    enum time_unit unit = UNIT_DAY;
    int64_t step = 1;
    double width = (hi - lo) / 100;
    if (w->x->cls == CLASS_TIME) chart_time_step(hi - lo, 100, &unit, &step);
    for (int64_t i = 0; i < w->n; i++) {
        if (!isfinite(w->xv[i])) continue;
        w->xv[i] = w->x->cls == CLASS_TIME ? chart_time_floor(w->xv[i], unit, step)
                                           : lo + floor((w->xv[i] - lo) / width) * width;
    }
    stat_remark(b, "x in steps, each added up");
}

static void area_xs(struct areas *w)
{
    double *xs = build_fill(w->b, w->n, 0);
    for (int pass = 0; pass < 2; pass++) {
        int64_t n = 0;
        for (int64_t i = 0; i < w->n; i++)
            if (isfinite(w->xv[i])) xs[n++] = w->xv[i];
        if (n) qsort(xs, (size_t)n, sizeof *xs, stat_double_cmp);
        w->n_x = 0;
        for (int64_t i = 0; i < n; i++)
            if (i == 0 || xs[i] != xs[i - 1]) xs[w->n_x++] = xs[i];
        if (w->n_x <= XS_MOST || w->x->cls == CLASS_LEVEL || pass) break;
        area_bins(w);
    }
    w->xs = xs;
}

static void area_cells(struct areas *w)
{
    int folded;
    w->n_color = w->n_panel = 1;
    if (w->color) {
        int n_grey = w->colors.levels->n > COLORS_MOST;
        if (n_grey) stat_levels_fold(w->b, &w->colors, w->n, COLORS_MOST - 1, &folded);
        build_color(w->b, &w->colors, n_grey);
        w->n_color = w->colors.levels->n;
    }
    if (w->panel) w->n_panel = w->panels.levels->n;
    w->cell = build_fill(w->b, (int64_t)w->n_x * w->n_color * w->n_panel, 0);
    for (int64_t i = 0; i < w->n; i++) {
        if (!isfinite(w->xv[i]) || isnan(w->v[i])) continue;
        const double *at =
            bsearch(&w->xv[i], w->xs, (size_t)w->n_x, sizeof(double), stat_double_cmp);
        int color = w->color ? (int)w->colors.at[i] : 0,
            panel = w->panel ? (int)w->panels.at[i] : 0;
        w->cell[((int64_t)panel * w->n_color + color) * w->n_x + (at - w->xs)] += w->v[i];
    }
}

static void area_rows(struct areas *w, bool is_stacked, bool is_share, struct build_rows *rows)
{
    double *up = build_fill(w->b, w->n_x, 0), *down = build_fill(w->b, w->n_x, 0);
    double *base = build_fill(w->b, w->n_x, 1);
    for (int p = 0; p < w->n_panel; p++) {
        const double *cells = w->cell + (int64_t)p * w->n_color * w->n_x;
        for (int i = 0; i < w->n_x; i++) {
            up[i] = down[i] = 0;
            double sum = 0;
            for (int k = 0; k < w->n_color; k++)
                sum += fabs(cells[k * w->n_x + i]);
            if (is_share) base[i] = sum > 0 ? sum : 1;
        }
        for (int k = 0; k < w->n_color; k++)
            for (int i = 0; i < w->n_x; i++) {
                double v = cells[k * w->n_x + i], *from = v < 0 ? &down[i] : &up[i];
                double low = is_stacked ? *from : 0;
                PUSH(w->b, rows, w->xs[i], low, low + v / base[i], v, k, p, v / base[i]);
                *from += v / base[i];
            }
    }
}

static void area_layers(struct areas *w, const struct build_rows *rows, bool is_stacked,
                        bool is_share)
{
    struct chart_build *b = w->b;
    enum value_kind kind = w->value ? stat_value_kind(w->value->type) : VALUE_COUNT;
    enum value_kind x_kind = w->x->cls == CLASS_LEVEL ? VALUE_LEVEL : stat_value_kind(w->x->type);
    if (x_kind == VALUE_COUNT) x_kind = VALUE_NUMBER;
    for (int k = 0; k < 2; k++) {
        struct chart_layer *l = build_layer(b, k ? MARK_LINE : MARK_AREA, rows);
        build_col(l, CH_X, w->x->title, x_kind, rows, 0, w->cats.levels);
        if (!k) build_col(l, CH_Y2, NULL, VALUE_NUMBER, rows, 1, NULL);
        build_col(l, CH_Y, NULL, VALUE_NUMBER, rows, 2, NULL);
        build_col(l, NO_CHANNEL, w->title, kind, rows, 3, NULL);
        if (is_share) build_col(l, NO_CHANNEL, "share", VALUE_SHARE, rows, 6, NULL);
        if (w->color)
            build_col(l, CH_COLOR, w->color->title[0] ? w->color->title : "series", VALUE_LEVEL,
                      rows, 4, w->colors.levels);
        if (w->panel)
            build_col(l, CH_PANEL, w->panel->title, VALUE_LEVEL, rows, 5, b->c->panels.levels);
        l->is_quiet = !k;
        l->size = 1.5;
        double fill = !w->color || !is_stacked ? 0.35 : 0.75;
        l->alpha = k ? 1 : isnan(b->spec->alpha) ? fill : b->spec->alpha;
        if (w->color) l->color = NULL;
    }
}

static void area_axes(struct areas *w, bool is_share)
{
    struct chart_build *b = w->b;
    struct chart_axis *x = build_axis(b, true, w->x, true);
    struct chart_axis *y = build_axis(b, false, w->value, false);
    if (x->scale == SCALE_BAND) x->levels = w->cats.levels;
    x->pad_low = x->pad_high = 0;
    x->has_ticks = x->scale != SCALE_BAND;
    y->has_grid = y->has_zero = true;
    y->is_integer = !w->value;
    if (!b->spec->ytitle)
        y->title = is_share ? arena_printf(b->a, "share of %s", w->title) : w->title;
    if (y->scale == SCALE_LOG) y->scale = SCALE_SYMLOG;
    if (!is_share) return;
    y->is_share = true;
    y->is_integer = false;
    if (isnan(y->want_max)) y->want_max = 1;
}

static enum rc_t build_area(struct chart_build *b)
{
    struct areas w = {.b = b, .x = &b->in[CHART_X], .title = "rows"};
    struct build_rows rows = {0};
    const char *stack = b->spec->stack;
    if (!w.x->column) TRY(build_needs(b, CHART_X, CLASS_NUMBER, "area"));
    if (b->in[CHART_Y].column) {
        TRY(build_needs(b, CHART_Y, CLASS_NUMBER, "area"));
        w.value = &b->in[CHART_Y];
        w.title = w.value->title;
    }
    if (b->in[CHART_COLOR].column) w.color = &b->in[CHART_COLOR];
    w.panel = build_panel_input(b);
    TRY(area_read(&w));
    area_xs(&w);
    area_cells(&w);
    if (w.panel) TRY(build_panels(b, &w.panels));
    bool is_share = stack && !strcmp(stack, "share"), is_stacked = !stack || strcmp(stack, "none");
    area_rows(&w, is_stacked, is_share, &rows);
    area_layers(&w, &rows, is_stacked, is_share);
    area_axes(&w, is_share);
    b->c->title = build_title(b, "%s by %s", w.title, w.x->title);
    build_words(b,
                arena_printf(b->a, "area chart: %d area%s, %s by %s", w.n_color,
                             w.n_color == 1 ? "" : "s", w.title, w.x->title),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_area = {
    .name = "area",
    .sig = "plot x, [y], kind: area, color: c, stack: true | share | false",
    .doc = "Rows counted or values summed along x, a colour on the other; stack: share makes the "
           "parts 100 %, stack: false lays them behind each other.",
    .example = "trips |> plot hour(pickup), kind: area, color: payment",
    .build = build_area,
};
