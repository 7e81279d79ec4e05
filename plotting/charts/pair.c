/* pair.c: columns against each other: a grid of all pairs, or two columns with their distributions
 * in the margins. Histograms and correlations are of all rows, points a shared seeded sample. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"

#include <math.h>
#include <stdlib.h>

enum { PAIR_MOST = 6, SAMPLE_MOST = 1000, POINTS_ROOM = 4600, MARGIN = 70 };

struct pairs {
    struct chart_build *b;
    struct stat_wide w;
    struct stat_frame f; /* colours */
    double lo[PAIR_MOST], hi[PAIR_MOST];
    bool *keep;
    int64_t n_kept;
};

/* Finite values, sorted. */
static double *sorted_values(struct chart_build *b, const double *v, int64_t rows, int64_t *n)
{
    double *out = build_fill(b, rows, 0);
    *n = 0;
    for (int64_t i = 0; i < rows; i++)
        if (isfinite(v[i])) out[(*n)++] = v[i];
    if (*n) qsort(out, (size_t)*n, sizeof *out, stat_double_cmp);
    return out;
}

/* Counts in the default bins, at most `most` of them. */
static struct stat_bins count_bins(struct chart_build *b, const double *sorted, int64_t n, int most,
                                   double **count)
{
    struct stat_summary s = {.n = n,
                             .min = n ? sorted[0] : 0,
                             .max = n ? sorted[n - 1] : 1,
                             .q1 = stat_quantile(sorted, n, 0.25),
                             .q3 = stat_quantile(sorted, n, 0.75),
                             .is_whole = true};
    for (int64_t i = 0; i < n; i++)
        s.is_whole &= sorted[i] == floor(sorted[i]);
    struct stat_bins bins = n ? stat_default_bins(b->a, &s) : stat_equal_bins(b->a, 0, 1, 1);
    if (bins.n > most) bins = stat_equal_bins(b->a, s.min, s.max, most);
    *count = build_fill(b, bins.n, 0);
    int k = 0;
    for (int64_t i = 0; i < n; i++) {
        while (k + 1 < bins.n && sorted[i] >= bins.edges[k + 1])
            k++;
        (*count)[k]++;
    }
    return bins;
}

/* ---- pair ---- */
static int panel_of(const struct pairs *p, int row, int col)
{
    return row * p->w.n + col;
}

static void pair_panels(struct pairs *p)
{
    struct chart_build *b = p->b;
    int k = p->w.n;
    struct chart_levels *names = build_names(b, k), *all = build_names(b, k * k);
    int *row = ARENA_ARRAY(b->a, int, k *k), *col = ARENA_ARRAY(b->a, int, k *k);
    for (int i = 0; i < k; i++)
        build_name(b, names, p->w.name[i]);
    for (int i = 0; i < k * k; i++) {
        row[i] = i / k;
        col[i] = i % k;
        build_name(b, all, arena_printf(b->a, "%s, %s", p->w.name[i / k], p->w.name[i % k]));
    }
    b->c->panels = (struct chart_panels){.levels = all,
                                         .columns = k,
                                         .rows = names,
                                         .cols = names,
                                         .row = row,
                                         .col = col,
                                         .is_free = {true, true},
                                         .is_matrix = true};
}

/* Unseen corners give the panels of a row and of a column one scale. */
static void corner_layer(struct pairs *p)
{
    struct build_rows rows = {0};
    for (int i = 0; i < p->w.n; i++)
        for (int k = 0; k < p->w.n; k++) {
            PUSH(p->b, &rows, p->lo[k], p->lo[i], panel_of(p, i, k));
            PUSH(p->b, &rows, p->hi[k], p->hi[i], panel_of(p, i, k));
        }
    struct chart_layer *l = build_layer(p->b, MARK_POINT, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_PANEL, NULL, VALUE_LEVEL, &rows, 2, p->b->c->panels.levels);
    l->is_quiet = true;
    l->alpha = 0;
    l->size = 0.5;
}

static void diagonal_layer(struct pairs *p)
{
    struct chart_build *b = p->b;
    struct build_rows rows = {0};
    for (int i = 0; i < p->w.n; i++) {
        int64_t n;
        double *count, most = 0, *v = sorted_values(b, p->w.v[i], p->w.rows, &n);
        struct stat_bins bins = count_bins(b, v, n, 30, &count);
        for (int k = 0; k < bins.n; k++)
            most = fmax(most, count[k]);
        for (int k = 0; k < bins.n; k++)
            if (count[k] > 0)
                PUSH(b, &rows, bins.edges[k], bins.edges[k + 1], p->lo[i],
                     p->lo[i] + (p->hi[i] - p->lo[i]) * count[k] / most, count[k],
                     panel_of(p, i, i));
    }
    struct chart_layer *l = build_layer(b, MARK_BAR, &rows);
    build_col(l, CH_X, "from", VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_X2, "to", VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 2, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &rows, 3, NULL);
    build_col(l, NO_CHANNEL, "rows", VALUE_COUNT, &rows, 4, NULL);
    build_col(l, CH_PANEL, NULL, VALUE_LEVEL, &rows, 5, b->c->panels.levels);
    if (b->c->color.kind == COLOR_LEVELS) l->color = "#9a9a9a";
    l->alpha = 0.8;
}

static void points_layer(struct pairs *p)
{
    struct chart_build *b = p->b;
    struct build_rows rows = {0};
    for (int i = 1; i < p->w.n; i++)
        for (int k = 0; k < i; k++)
            for (int64_t r = 0; r < p->w.rows; r++)
                if (p->keep[r] && isfinite(p->w.v[i][r]) && isfinite(p->w.v[k][r]))
                    PUSH(b, &rows, p->w.v[k][r], p->w.v[i][r], p->f.group[r], panel_of(p, i, k));
    struct chart_layer *l = build_layer(b, MARK_POINT, &rows);
    build_col(l, CH_X, "across", VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, "up", VALUE_NUMBER, &rows, 1, NULL);
    if (b->c->color.kind == COLOR_LEVELS) {
        const char *title = build_in_title(b, CHART_COLOR);
        build_col(l, CH_COLOR, title ? title : "series", VALUE_LEVEL, &rows, 2,
                  p->f.levels[CHART_COLOR].levels);
        l->color = NULL;
    }
    build_col(l, CH_PANEL, NULL, VALUE_LEVEL, &rows, 3, b->c->panels.levels);
    l->size = p->n_kept > 300 ? 1.6 : 2.2;
    if (isnan(b->spec->alpha)) l->alpha = p->n_kept > 300 ? 0.4 : 0.65;
}

/* Correlations of all complete rows stand above the diagonal. */
static void words_layer(struct pairs *p)
{
    struct chart_build *b = p->b;
    struct build_rows rows = {0};
    struct chart_levels *words = build_names(b, p->w.n * p->w.n);
    double *x = build_fill(b, p->w.rows, 0), *y = build_fill(b, p->w.rows, 0);
    for (int i = 0; i < p->w.n; i++)
        for (int k = i + 1; k < p->w.n; k++) {
            int64_t n = 0;
            for (int64_t r = 0; r < p->w.rows; r++)
                if (isfinite(p->w.v[i][r]) && isfinite(p->w.v[k][r])) {
                    x[n] = p->w.v[i][r];
                    y[n++] = p->w.v[k][r];
                }
            double corr = n > 1 ? stat_pearson(x, y, n) : NAN;
            if (isnan(corr)) continue;
            PUSH(b, &rows, (p->lo[k] + p->hi[k]) / 2, (p->lo[i] + p->hi[i]) / 2,
                 build_name(b, words, arena_printf(b->a, "r = %.2f", corr)), panel_of(p, i, k));
        }
    if (rows.n == 0) return;
    struct chart_layer *l = build_layer(b, MARK_TEXT, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_TEXT, NULL, VALUE_LEVEL, &rows, 2, words);
    build_col(l, CH_PANEL, NULL, VALUE_LEVEL, &rows, 3, b->c->panels.levels);
    l->color = NULL;
    l->size = 13;
    l->is_quiet = true;
}

static void pair_ranges(struct pairs *p)
{
    for (int i = 0; i < p->w.n; i++) {
        p->lo[i] = INFINITY;
        p->hi[i] = -INFINITY;
        for (int64_t r = 0; r < p->w.rows; r++) {
            if (!isfinite(p->w.v[i][r])) continue;
            p->lo[i] = fmin(p->lo[i], p->w.v[i][r]);
            p->hi[i] = fmax(p->hi[i], p->w.v[i][r]);
        }
        if (!(p->lo[i] <= p->hi[i])) p->lo[i] = p->hi[i] = 0;
        if (p->lo[i] == p->hi[i]) p->hi[i] = p->lo[i] + 1;
    }
}

static enum rc_t build_pair(struct chart_build *b)
{
    struct pairs p = {.b = b};
    const struct chart_input *part = build_panel_input(b);
    if (part) {
        fail(b->cx, E501, part->span, "a pair plot is a grid of panels already and has no facets");
        return err_hint(b->cx, "color: %s", part->column);
    }
    TRY(stat_wide_of(b, 2, PAIR_MOST, &p.w));
    TRY(stat_frame_of(b, 0, 0, &p.f));
    p.keep = ARENA_ARRAY(b->a, bool, p.w.rows + 1);
    int pairs = p.w.n * (p.w.n - 1) / 2, room = POINTS_ROOM / pairs;
    p.n_kept = stat_pick_rows(b, p.w.rows, room < SAMPLE_MOST ? room : SAMPLE_MOST, p.keep);
    pair_ranges(&p);
    pair_panels(&p);
    corner_layer(&p);
    diagonal_layer(&p);
    points_layer(&p);
    words_layer(&p);
    for (int k = 0; k < 2; k++) {
        struct chart_axis *a = build_axis(b, k == 0, NULL, k == 0);
        a->has_grid = true;
        a->wanted_ticks = 3;
        a->pad_low = a->pad_high = 0.04;
    }
    if (!b->c->width) b->c->width = p.w.n <= 3 ? 170 : p.w.n == 4 ? 140 : 110;
    if (!b->c->height) b->c->height = b->c->width * 3 / 4;
    if (p.n_kept < p.w.rows)
        stat_remark(b, "points: %s of %s rows (seed %llu)", stat_count_text(b, p.n_kept),
                    stat_count_text(b, p.w.rows), (unsigned long long)b->cx->seed);
    stat_remark(b, "histograms and r: all rows");
    b->c->title = build_title(b, "Pairs of columns");
    build_words(
        b,
        arena_printf(b->a, "pair plot: %d columns, %s rows", p.w.n, stat_count_text(b, p.w.rows)),
        NULL);
    return check_cancel(b->cx);
}

const struct chart_kind_desc chart_kind_pair = {
    .name = "pair",
    .sig = "plot [a, b, ..], kind: pair, color: c",
    .doc = "Up to six columns against each other: points of a shared sample below the diagonal, "
           "histograms of all rows on it, correlations above.",
    .example = "trips |> plot [fare, tip, distance], kind: pair",
    .is_wide = true,
    .build = build_pair,
};

/* ---- joint ---- */
struct margins {
    struct chart_build *b;
    struct stat_frame f;
};

/* A chart beside the middle one; its axis along the shared one ends where that ends. */
static struct chart *margin(struct margins *w, const struct chart *middle, bool is_top)
{
    struct chart_build sub = *w->b;
    sub.c = chart_alloc();
    sub.a = sub.c->arena;
    sub.c->kind = w->b->c->kind;
    sub.c->span = w->b->c->span;
    enum chart_channel ch = is_top ? CHART_X : CHART_Y;
    struct build_rows rows = {0};
    int64_t n;
    double *count, *v = sorted_values(&sub, w->f.num[ch], w->f.n, &n);
    struct stat_bins bins = count_bins(&sub, v, n, 40, &count);
    for (int k = 0; k < bins.n && n; k++)
        if (count[k] > 0) PUSH(&sub, &rows, bins.edges[k], bins.edges[k + 1], count[k], 0);
    struct chart_layer *l = build_layer(&sub, MARK_BAR, &rows);
    build_col(l, build_turn(!is_top, CH_X), "from", VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, build_turn(!is_top, CH_X2), "to", VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, build_turn(!is_top, CH_Y), "rows", VALUE_COUNT, &rows, 2, NULL);
    build_col(l, build_turn(!is_top, CH_Y2), NULL, VALUE_COUNT, &rows, 3, NULL);
    l->alpha = 0.75;
    struct chart_axis *along = &sub.c->axis[is_top ? 0 : 1], *up = &sub.c->axis[is_top ? 1 : 0];
    const struct chart_axis *shared = &middle->axis[is_top ? 0 : 1];
    *up = (struct chart_axis){.want_min = NAN,
                              .want_max = NAN,
                              .has_zero = true,
                              .is_integer = true,
                              .wanted_ticks = 2,
                              .has_grid = true};
    *along = (struct chart_axis){.scale = SCALE_PLACES,
                                 .levels = build_names(&sub, 0),
                                 .want_min = shared->min,
                                 .want_max = shared->max,
                                 .is_upwards = true};
    sub.c->width = is_top ? middle->width : MARGIN;
    sub.c->height = is_top ? MARGIN : middle->height;
    sub.c->text = sub.c->finding = arena_printf(sub.a, "rows by %s", w->b->in[ch].title);
    chart_finish(sub.c);
    return sub.c;
}

static struct chart *middle_chart(struct margins *w)
{
    struct chart_build sub = *w->b;
    sub.c = chart_alloc();
    sub.a = sub.c->arena;
    sub.c->kind = w->b->c->kind;
    sub.c->span = w->b->c->span;
    sub.c->width = w->b->c->width ? w->b->c->width : 400;
    sub.c->height = w->b->c->height ? w->b->c->height : 280;
    struct build_rows rows = {0};
    bool *keep = ARENA_ARRAY(sub.a, bool, w->f.n + 1);
    int64_t n = stat_pick_rows(&sub, w->f.n, SAMPLE_MOST, keep);
    for (int64_t i = 0; i < w->f.n; i++)
        if (keep[i]) PUSH(&sub, &rows, w->f.num[CHART_X][i], w->f.num[CHART_Y][i]);
    struct chart_layer *l = build_layer(&sub, MARK_POINT, &rows);
    build_col(l, CH_X, sub.in[CHART_X].title, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, sub.in[CHART_Y].title, VALUE_NUMBER, &rows, 1, NULL);
    l->size = n > 300 ? 2.2 : 2.8;
    if (isnan(sub.spec->alpha)) l->alpha = n > 300 ? 0.45 : 0.7;
    for (int k = 0; k < 2; k++) {
        double lo = INFINITY, hi = -INFINITY;
        struct chart_axis *a = build_axis(&sub, k == 0, &sub.in[k], k == 0);
        for (int64_t i = 0; i < w->f.n; i++) {
            lo = fmin(lo, w->f.num[k][i]);
            hi = fmax(hi, w->f.num[k][i]);
        }
        if (a->title) a->title = arena_strndup(sub.a, a->title, strlen(a->title));
        a->has_grid = true;
        a->scale = SCALE_LINEAR;
        double pad = hi > lo ? 0.04 * (hi - lo) : 0.5;
        if (w->f.n && isnan(a->want_min)) a->want_min = lo - pad;
        if (w->f.n && isnan(a->want_max)) a->want_max = hi + pad;
    }
    if (n < w->f.n)
        stat_remark(w->b, "points: %s of %s rows (seed %llu); margins: all rows",
                    stat_count_text(w->b, n), stat_count_text(w->b, w->f.n),
                    (unsigned long long)w->b->cx->seed);
    sub.c->text = sub.c->finding = "points";
    chart_finish(sub.c);
    return sub.c;
}

static enum rc_t build_joint(struct chart_build *b)
{
    struct margins w = {.b = b};
    for (int c = CHART_X; c <= CHART_Y; c++)
        TRY(build_needs(b, (enum chart_channel)c, CLASS_NUMBER, "joint"));
    if (b->in[CHART_COLOR].column) {
        fail(b->cx, E501, b->in[CHART_COLOR].span, "a joint plot takes no colour column");
        return err_hint(b->cx, "kind: pair");
    }
    const struct chart_input *part = build_panel_input(b);
    if (part) {
        fail(b->cx, E501, part->span, "a joint plot has its margins and no facets");
        return err_hint(b->cx, "plot %s, %s, facet: %s, kind: hex", b->in[CHART_X].title,
                        b->in[CHART_Y].title, part->column);
    }
    TRY(stat_frame_of(b, USE(CHART_X) | USE(CHART_Y), 0, &w.f));
    struct chart *middle = middle_chart(&w), *c = b->c;
    c->parts = ARENA_ARRAY(b->a, struct chart_part, 3);
    c->parts[0].chart = margin(&w, middle, true);
    c->parts[1].chart = middle;
    c->parts[2].chart = margin(&w, middle, false);
    c->n_parts = 3;
    c->has_margins = true;
    const char *x = b->in[CHART_X].title, *y = b->in[CHART_Y].title;
    double r = w.f.n > 1 ? stat_pearson(w.f.num[CHART_X], w.f.num[CHART_Y], w.f.n) : NAN;
    if (!isnan(r)) stat_remark(b, "r = %.3f", r);
    b->c->title = build_title(b, "%s against %s", y, x);
    build_words(
        b,
        arena_printf(b->a, "joint plot: %s against %s, %s rows", y, x, stat_count_text(b, w.f.n)),
        NULL);
    return check_cancel(b->cx);
}

const struct chart_kind_desc chart_kind_joint = {
    .name = "joint",
    .sig = "plot x, y, kind: joint",
    .doc = "Points of a sample of 1,000 rows, and both distributions, of all rows, in the margins.",
    .example = "trips |> plot distance, fare, kind: joint",
    .build = build_joint,
};
