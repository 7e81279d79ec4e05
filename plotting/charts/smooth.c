/* smooth.c: a line through points with the 95 % band of its mean: straight (least squares, t), or
 * local (loess, Cleveland 1979: span 0.75, degree 2) up to 1,000 points and means of equal counts
 * beyond. The points are drawn too when the chart stands alone. */
#include "plotting/stat/stat.h"

#include <math.h>
#include <stdlib.h>

enum { GRID = 80, LOESS_MOST = 1000, POINTS_MOST = 1000, BINS = 40 };

struct pair {
    double x, y;
};
static int pair_cmp(const void *pa, const void *pb)
{
    const struct pair *a = pa, *b = pb;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return (a->y > b->y) - (a->y < b->y);
}

/* Points of one group, by x if asked. */
static int64_t group_pairs(struct chart_build *b, const struct stat_frame *f, int g, bool is_sorted,
                           double **x, double **y)
{
    int64_t n = f->start[g + 1] - f->start[g];
    struct pair *p = ARENA_ARRAY(b->a, struct pair, n + 1);
    *x = build_fill(b, n, 0);
    *y = build_fill(b, n, 0);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = f->order[f->start[g] + i];
        p[i] = (struct pair){f->num[CHART_X][row], f->num[CHART_Y][row]};
    }
    if (n && is_sorted) qsort(p, (size_t)n, sizeof *p, pair_cmp);
    for (int64_t i = 0; i < n; i++) {
        (*x)[i] = p[i].x;
        (*y)[i] = p[i].y;
    }
    return n;
}

static void line_group(struct chart_build *b, const double *x, const double *y, int64_t n, int g,
                       struct build_rows *rows)
{
    struct stat_fit fit;
    double lo = x[0], hi = x[0];
    stat_line(x, y, n, &fit);
    for (int64_t i = 1; i < n; i++) {
        lo = fmin(lo, x[i]);
        hi = fmax(hi, x[i]);
    }
    if (!(hi > lo)) return;
    for (int i = 0; i < GRID; i++) {
        double at = lo + (hi - lo) * i / (GRID - 1), v = stat_line_at(&fit, at);
        double half = stat_line_half_band(&fit, at);
        PUSH(b, rows, at, v, v - half, v + half, g);
    }
    if (b->c->color.kind == COLOR_NONE && !b->c->panels.levels)
        stat_remark(b, "slope %s, intercept %s, R² %.3f",
                    build_number(b, VALUE_NUMBER, chart_round_digits(fit.slope, 4)),
                    build_number(b, VALUE_NUMBER, chart_round_digits(stat_line_at(&fit, 0), 4)),
                    fit.r2);
}

static void loess_group(struct chart_build *b, const double *x, const double *y, int64_t n, int g,
                        struct build_rows *rows)
{
    double grid[GRID], fit[GRID], half[GRID];
    for (int i = 0; i < GRID; i++)
        grid[i] = x[0] + (x[n - 1] - x[0]) * i / (GRID - 1);
    stat_loess(x, y, n, 0.75, 2, grid, GRID, fit, half);
    for (int i = 0; i < GRID; i++)
        PUSH(b, rows, grid[i], fit[i], fit[i] - half[i], fit[i] + half[i], g);
}

/* Means of bins with the same number of points; equal x are never parted. */
static void bins_group(struct chart_build *b, const double *x, const double *y, int64_t n, int g,
                       struct build_rows *rows)
{
    for (int64_t from = 0, k = 1; from < n; k++) {
        int64_t to = n * k / BINS;
        if (to <= from) to = from + 1;
        while (to < n && x[to] == x[to - 1])
            to++;
        int64_t m = to - from;
        double mean = stat_mean(y + from, m), half = 0;
        if (m > 1) half = 1.959963984540054 * stat_sd(y + from, m) / sqrt((double)m);
        PUSH(b, rows, stat_mean(x + from, m), mean, mean - half, mean + half, g);
        from = to;
    }
}

static void points_layer(struct chart_build *b, const struct stat_frame *f)
{
    struct build_rows rows = {0};
    bool *keep = ARENA_ARRAY(b->a, bool, f->n + 1);
    int64_t n = stat_pick_rows(b, f->n, POINTS_MOST, keep);
    for (int64_t i = 0; i < f->n; i++)
        if (keep[i]) PUSH(b, &rows, f->num[CHART_X][i], f->num[CHART_Y][i], f->group[i]);
    struct chart_layer *l = build_layer(b, MARK_POINT, &rows);
    build_col(l, CH_X, b->in[CHART_X].title, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, b->in[CHART_Y].title, VALUE_NUMBER, &rows, 1, NULL);
    build_group_cols(b, l, f, &rows, 2);
    l->size = n > 300 ? 2 : 2.6;
    l->alpha = isnan(b->spec->alpha) ? (n > 300 ? 0.3 : 0.5) : b->spec->alpha;
    if (n < f->n)
        stat_remark(b, "%s of %s points shown", stat_count_text(b, n), stat_count_text(b, f->n));
}

static void line_layers(struct chart_build *b, const struct stat_frame *f,
                        const struct build_rows *rows)
{
    for (int k = 0; k < 2; k++) {
        struct chart_layer *l = build_layer(b, k ? MARK_LINE : MARK_AREA, rows);
        build_col(l, CH_X, b->in[CHART_X].title, VALUE_NUMBER, rows, 0, NULL);
        if (k) {
            build_col(l, CH_Y, b->in[CHART_Y].title, VALUE_NUMBER, rows, 1, NULL);
            build_col(l, NO_CHANNEL, "from", VALUE_NUMBER, rows, 2, NULL);
            build_col(l, NO_CHANNEL, "to", VALUE_NUMBER, rows, 3, NULL);
        } else {
            build_col(l, CH_Y, NULL, VALUE_NUMBER, rows, 2, NULL);
            build_col(l, CH_Y2, NULL, VALUE_NUMBER, rows, 3, NULL);
        }
        build_group_cols(b, l, f, rows, 4);
        if (!k) l->alpha = 0.2;
        l->is_quiet = !k;
        l->size = k ? 2.4 : 0;
        if (l->ch[CH_COLOR] < 0 && !l->color) l->color = palette_ink(3);
    }
}

static rc build_fits(struct chart_build *b, const char *kind, bool is_straight)
{
    struct stat_frame f;
    struct build_rows rows = {0};
    bool is_binned = false;
    for (int c = CHART_X; c <= CHART_Y; c++)
        TRY(build_needs(b, (enum chart_channel)c, CLASS_NUMBER, kind));
    TRY(stat_frame_of(b, USE(CHART_X) | USE(CHART_Y), 0, &f));
    for (int g = 0; g < f.n_color * f.n_panel; g++) {
        double *x, *y;
        int64_t n = group_pairs(b, &f, g, !is_straight, &x, &y);
        if (n < 3 || !(is_straight || x[n - 1] > x[0])) continue;
        if (is_straight)
            line_group(b, x, y, n, g, &rows);
        else if (n <= LOESS_MOST)
            loess_group(b, x, y, n, g, &rows);
        else
            bins_group(b, x, y, n, g, &rows);
        is_binned |= !is_straight && n > LOESS_MOST;
    }
    if (!b->spec->is_layer) points_layer(b, &f);
    line_layers(b, &f, &rows);
    if (is_binned) stat_remark(b, "means of %d bins of equal counts", BINS);
    for (int k = 0; k < 2; k++) {
        struct chart_axis *a = build_axis(b, k == 0, &b->in[k], k == 0);
        a->has_grid = true;
        a->is_integer = false;
    }
    const char *x = b->in[CHART_X].title, *y = b->in[CHART_Y].title;
    b->c->can_zoom = true;
    b->c->title = build_title(b, "%s against %s", y, x);
    build_words(
        b,
        arena_printf(b->a, "%s chart: %s against %s, %s rows", kind, y, x, stat_count_text(b, f.n)),
        NULL);
    return RC_OK;
}

static enum rc_t build_smooth(struct chart_build *b)
{
    return build_fits(b, "smooth", false);
}
static enum rc_t build_regression(struct chart_build *b)
{
    return build_fits(b, "regression", true);
}

const struct chart_kind_desc chart_kind_smooth = {
    .name = "smooth",
    .sig = "plot x, y, kind: smooth, color: c",
    .doc =
        "A smooth line with its 95 % band: loess (span 0.75, degree 2) up to 1,000 points, means "
        "of 40 bins of equal counts beyond.",
    .example = "trips |> plot distance, fare, kind: smooth",
    .build = build_smooth,
};
const struct chart_kind_desc chart_kind_regression = {
    .name = "regression",
    .sig = "plot x, y, kind: regression, color: c",
    .doc = "The least-squares line of all rows with the 95 % band of its mean; a line a colour.",
    .example = "trips |> plot distance, fare, kind: regression",
    .build = build_regression,
};
