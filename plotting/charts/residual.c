/* residual.c: what a prediction got wrong: residuals against fitted values with a smooth line,
 * predicted against actual values, and the confusion of classes. */
#include "plotting/stat/stat.h"

#include <math.h>
#include <stdlib.h>

enum { POINTS_MOST = 5000, SMOOTH_MOST = 1000, GRID = 80, CLASSES_MOST = 30 };

static void dots_layer(struct chart_build *b, const struct stat_frame *f,
                       const struct build_rows *rows, const char *x, const char *y)
{
    struct chart_layer *l = build_layer(b, MARK_POINT, rows);
    build_col(l, CH_X, x, VALUE_NUMBER, rows, 0, NULL);
    build_col(l, CH_Y, y, VALUE_NUMBER, rows, 1, NULL);
    build_group_cols(b, l, f, rows, 2);
    l->size = rows->n > 1000 ? 2 : 2.6;
    if (isnan(b->spec->alpha)) l->alpha = rows->n > 1000 ? 0.3 : 0.55;
}

static void panel_col(struct chart_build *b, struct chart_layer *l, const struct build_rows *rows,
                      int k)
{
    if (b->c->panels.levels)
        build_col(l, CH_PANEL, NULL, VALUE_LEVEL, rows, k, b->c->panels.levels);
}

/* The same line in every panel. */
static void straight(struct chart_build *b, double x1, double y1, double x2, double y2)
{
    struct build_rows rows = {0};
    int panels = b->c->panels.levels ? b->c->panels.levels->n : 1;
    for (int p = 0; p < panels; p++)
        PUSH(b, &rows, x1, y1, x2, y2, p);
    struct chart_layer *l = build_layer(b, MARK_RULE, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_X2, NULL, VALUE_NUMBER, &rows, 2, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &rows, 3, NULL);
    panel_col(b, l, &rows, 4);
    l->is_dashed = l->is_quiet = true;
    l->color = "#8c8c8c";
}

struct pair {
    double x, y;
};
static int pair_cmp(const void *pa, const void *pb)
{
    const struct pair *a = pa, *b = pb;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return (a->y > b->y) - (a->y < b->y);
}

/* Loess through at most 1,000 of the points of one panel. */
static void smooth_panel(struct chart_build *b, const struct stat_frame *f, const double *y,
                         int panel, struct build_rows *rows)
{
    int64_t from = f->start[panel * f->n_color], n = f->start[(panel + 1) * f->n_color] - from;
    bool *keep = ARENA_ARRAY(b->a, bool, n + 1);
    int64_t m = 0, kept = stat_pick_rows(b, n, SMOOTH_MOST, keep);
    struct pair *p = ARENA_ARRAY(b->a, struct pair, kept + 1);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = f->order[from + i];
        if (keep[i]) p[m++] = (struct pair){f->num[CHART_X][row], y[row]};
    }
    if (m < 5) return;
    qsort(p, (size_t)m, sizeof *p, pair_cmp);
    if (!(p[m - 1].x > p[0].x)) return;
    double *px = build_fill(b, m, 0), *py = build_fill(b, m, 0), grid[GRID], fit[GRID], half[GRID];
    for (int64_t i = 0; i < m; i++) {
        px[i] = p[i].x;
        py[i] = p[i].y;
    }
    for (int i = 0; i < GRID; i++)
        grid[i] = px[0] + (px[m - 1] - px[0]) * i / (GRID - 1);
    stat_loess(px, py, m, 0.75, 1, grid, GRID, fit, half);
    for (int i = 0; i < GRID; i++)
        PUSH(b, rows, grid[i], fit[i], panel);
}

static void smooth_layer(struct chart_build *b, const struct stat_frame *f, const double *y)
{
    struct build_rows rows = {0};
    for (int p = 0; p < f->n_panel; p++)
        smooth_panel(b, f, y, p, &rows);
    if (rows.n == 0) return;
    struct chart_layer *l = build_layer(b, MARK_LINE, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 1, NULL);
    panel_col(b, l, &rows, 2);
    l->color = palette_ink(3);
    l->is_quiet = true;
}

static rc build_errors(struct chart_build *b, const char *kind, bool is_residual)
{
    struct stat_frame f;
    struct build_rows rows = {0};
    if (!b->in[CHART_X].column || !b->in[CHART_Y].column) {
        fail(
            b->cx, E501, b->spec->span,
            "a chart of kind %s is drawn of a model, or of predictions as x and actual values as y",
            kind);
        return err_hint(b->cx, "plot prediction, actual, kind: %s", kind);
    }
    for (int c = CHART_X; c <= CHART_Y; c++)
        TRY(build_needs(b, (enum chart_channel)c, CLASS_NUMBER, kind));
    TRY(stat_frame_of(b, USE(CHART_X) | USE(CHART_Y), 0, &f));
    double *y = build_fill(b, f.n, 0), lo = INFINITY, hi = -INFINITY, square = 0;
    bool *keep = ARENA_ARRAY(b->a, bool, f.n + 1);
    int64_t n = stat_pick_rows(b, f.n, POINTS_MOST, keep);
    for (int64_t i = 0; i < f.n; i++) {
        double x = f.num[CHART_X][i], r = f.num[CHART_Y][i] - x;
        y[i] = is_residual ? r : f.num[CHART_Y][i];
        square += r * r;
        lo = fmin(lo, x);
        hi = fmax(hi, x);
        if (keep[i]) PUSH(b, &rows, x, y[i], f.group[i]);
    }
    dots_layer(b, &f, &rows, b->in[CHART_X].title, is_residual ? "residual" : b->in[CHART_Y].title);
    if (f.n) straight(b, lo, is_residual ? 0 : lo, hi, is_residual ? 0 : hi);
    if (is_residual) smooth_layer(b, &f, y);
    if (n < f.n)
        stat_remark(b, "%s of %s points shown", stat_count_text(b, n), stat_count_text(b, f.n));
    if (f.n)
        stat_remark(
            b, "rmse %s",
            build_number(b, VALUE_NUMBER, chart_round_digits(sqrt(square / (double)f.n), 4)));
    for (int k = 0; k < 2; k++) {
        struct chart_axis *a = build_axis(b, k == 0, &b->in[k], k == 0);
        a->has_grid = true;
        a->is_integer = false;
    }
    if (is_residual && !b->spec->ytitle) b->c->axis[1].title = "residual";
    b->c->can_zoom = true;
    b->c->title = is_residual
                      ? build_title(b, "Residuals of %s", b->in[CHART_X].title)
                      : build_title(b, "%s against %s", b->in[CHART_Y].title, b->in[CHART_X].title);
    build_words(b, arena_printf(b->a, "%s chart: %s rows", kind, stat_count_text(b, f.n)), NULL);
    return RC_OK;
}

static enum rc_t build_residuals(struct chart_build *b)
{
    return build_errors(b, "residuals", true);
}
static enum rc_t build_predicted(struct chart_build *b)
{
    return build_errors(b, "predicted", false);
}

const struct chart_kind_desc chart_kind_residuals = {
    .name = "residuals",
    .sig = "plot prediction, actual, kind: residuals | m |> plot kind: residuals, data: frame",
    .doc = "Actual less predicted values against the predicted ones, with a smooth line; at most "
           "5,000 points.",
    .example = "scored |> plot prediction, tip, kind: residuals",
    .takes_scores = true,
    .build = build_residuals,
};
const struct chart_kind_desc chart_kind_predicted = {
    .name = "predicted",
    .sig = "plot prediction, actual, kind: predicted | m |> plot kind: predicted, data: frame",
    .doc = "Actual against predicted values with the line of equality.",
    .example = "scored |> plot prediction, tip, kind: predicted",
    .takes_scores = true,
    .build = build_predicted,
};

/* ---- confusion ---- */
static rc class_order(struct chart_build *b, const struct stat_frame *f, struct chart_levels **all,
                      int *map[2])
{
    *all = build_names(b, 2 * CLASSES_MOST + 2);
    for (int k = 0; k < 2; k++) {
        const struct chart_levels *l = f->levels[k == 0 ? CHART_Y : CHART_X].levels;
        map[k == 0] = ARENA_ARRAY(b->a, int, l->n + 1);
        if (l->n > CLASSES_MOST)
            return fail(b->cx, E501, b->in[k == 0 ? CHART_Y : CHART_X].span,
                        "`%s` has %d classes, too many for a confusion matrix (%d)",
                        b->in[k == 0 ? CHART_Y : CHART_X].title, l->n, CLASSES_MOST);
        for (int i = 0; i < l->n; i++) {
            int at = 0;
            while (at < (*all)->n && strcmp((*all)->text[at], l->text[i]) != 0)
                at++;
            if (at == (*all)->n) build_name(b, *all, l->text[i]);
            map[k == 0][i] = at;
        }
    }
    return RC_OK;
}

static void confusion_layers(struct chart_build *b, const struct chart_levels *all,
                             const double *count, double total)
{
    int n = all->n;
    struct build_rows rows = {0};
    const char **text = ARENA_ARRAY(b->a, const char *, n *n + 1);
    double *x = build_fill(b, n * n, 0), *y = build_fill(b, n * n, 0), *v = build_fill(b, n * n, 0);
    double right = 0;
    for (int i = 0; i < n; i++) {
        double row = 0;
        for (int k = 0; k < n; k++)
            row += count[i * n + k];
        right += count[i * n + i];
        for (int k = 0; k < n; k++) {
            int at = i * n + k;
            x[at] = k;
            y[at] = i;
            v[at] = row > 0 ? count[at] / row : 0;
            text[at] = n > 8 ? build_number(b, VALUE_COUNT, count[at])
                             : arena_printf(b->a, "%s (%.0f%%)",
                                            build_number(b, VALUE_COUNT, count[at]), 100 * v[at]);
            PUSH(b, &rows, k - 0.5, k + 0.5, i - 0.5, i + 0.5, v[at], k, i, count[at]);
        }
    }
    const char *near;
    b->c->color = (struct chart_color){.kind = COLOR_RAMP,
                                       .title = "share of actual",
                                       .value_kind = VALUE_SHARE,
                                       .scheme = palette_find("blues", &near)};
    struct chart_layer *l = build_layer(b, MARK_BAR, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_X2, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 2, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &rows, 3, NULL);
    build_col(l, NO_CHANNEL, "actual", VALUE_LEVEL, &rows, 6, all);
    build_col(l, NO_CHANNEL, "predicted", VALUE_LEVEL, &rows, 5, all);
    build_col(l, NO_CHANNEL, "rows", VALUE_COUNT, &rows, 7, NULL);
    build_col(l, CH_COLOR, "share of actual", VALUE_SHARE, &rows, 4, NULL);
    l->is_tight = true;
    l->color = NULL;
    if (n <= 12) build_cell_words(b, x, y, v, NULL, text, n * n);
    if (total > 0) stat_remark(b, "accuracy %.3f", right / total);
}

static enum rc_t build_confusion(struct chart_build *b)
{
    struct stat_frame f;
    struct chart_levels *all;
    int *map[2];
    if (!b->in[CHART_X].column || !b->in[CHART_Y].column) {
        fail(b->cx, E501, b->spec->span,
             "a chart of kind confusion is drawn of a model, or of predicted classes as x and "
             "actual "
             "ones as y");
        return err_hint(b->cx, "plot prediction, actual, kind: confusion");
    }
    if (b->in[CHART_COLOR].column)
        return fail(b->cx, E501, b->in[CHART_COLOR].span,
                    "the colour of a confusion matrix is the share of the actual class");
    TRY(stat_frame_of(b, USE(CHART_X) | USE(CHART_Y), USE(CHART_X) | USE(CHART_Y), &f));
    TRY(class_order(b, &f, &all, map));
    double *count = build_fill(b, all->n * all->n, 0), total = 0;
    const double *weight = f.num[CHART_SIZE];
    for (int64_t i = 0; i < f.n; i++) {
        int x = map[0][(int)f.levels[CHART_X].at[i]], y = map[1][(int)f.levels[CHART_Y].at[i]];
        double w = weight && isfinite(weight[i]) ? weight[i] : weight ? 0 : 1;
        count[y * all->n + x] += w;
        total += w;
    }
    confusion_layers(b, all, count, total);
    build_places(b, true, all, "predicted");
    build_places(b, false, all, "actual");
    int side = all->n * 60;
    if (!b->c->width) b->c->width = side < 240 ? 240 : side > 600 ? 600 : side;
    if (!b->c->height) b->c->height = b->c->width * 2 / 3;
    b->c->title = build_title(b, "Confusion of %s", b->in[CHART_Y].title);
    build_words(b,
                arena_printf(b->a, "confusion matrix: %d classes, %s rows", all->n,
                             build_number(b, VALUE_COUNT, total)),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_confusion = {
    .name = "confusion",
    .sig = "plot predicted, actual, kind: confusion | m |> plot kind: confusion, data: frame",
    .doc = "Rows by predicted and actual class, coloured by the share of the actual class; size: "
           "gives the number of rows when they are counted already.",
    .example = "scored |> plot prediction, tipped, kind: confusion",
    .takes_scores = true,
    .build = build_confusion,
};
