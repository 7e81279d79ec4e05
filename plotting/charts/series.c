/* series.c: values in an order: how they go with those before (acf, pacf), their moving mean, and
 * their parts (trend, season, rest). Ordered by x where two columns are given, else as they come.
 */
#include "plotting/stat/stat.h"
#include "plotting/stat/stat_series.h"

#include <math.h>
#include <stdlib.h>

enum { SERIES_MOST = 4800, LAGS_MOST = 500, WINDOW = 7, PERIOD_UNKNOWN = 0 };

struct series {
    struct chart_build *b;
    const struct chart_input *at, *value; /* at NULL: the rows' numbers */
    enum chart_channel value_ch;
    struct stat_frame f;
};
struct step {
    double x, y;
    int64_t row;
};

static int step_cmp(const void *pa, const void *pb)
{
    const struct step *a = pa, *b = pb;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static rc series_of(struct chart_build *b, const char *kind, struct series *s)
{
    struct chart_input *x = &b->in[CHART_X], *y = &b->in[CHART_Y];
    *s = (struct series){.b = b, .at = x, .value = y, .value_ch = CHART_Y};
    if (!x->column) s->at = NULL;
    if (!y->column) *s = (struct series){.b = b, .value = x, .value_ch = CHART_X};
    if (s->at && s->at->cls != CLASS_TIME && s->at->cls != CLASS_NUMBER) {
        fail(b->cx, E501, x->span, "%s needs dates, times or numbers as x, and `%s` is %s", kind,
             x->title, kind_name(x->type.kind));
        return err_hint(b->cx, "plot day, %s, kind: %s", y->title, kind);
    }
    TRY(build_needs(b, s->value_ch, CLASS_NUMBER, kind));
    return stat_frame_of(b, USE(s->value_ch) | (s->at ? USE(CHART_X) : 0), 0, &s->f);
}

/* The values of a group in order; x: where they stand, from 1 without a column for it. */
static int64_t series_group(const struct series *s, int g, double **x, double **y)
{
    const struct stat_frame *f = &s->f;
    int64_t n = f->start[g + 1] - f->start[g];
    struct step *p = ARENA_ARRAY(s->b->a, struct step, n + 1);
    *x = build_fill(s->b, n, 0);
    *y = build_fill(s->b, n, 0);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = f->order[f->start[g] + i];
        p[i] = (struct step){s->at ? f->num[CHART_X][row] : (double)(i + 1),
                             f->num[s->value_ch][row], row};
    }
    if (n && s->at) qsort(p, (size_t)n, sizeof *p, step_cmp);
    for (int64_t i = 0; i < n; i++) {
        (*x)[i] = p[i].x;
        (*y)[i] = p[i].y;
    }
    return n;
}

/* Rows that make the next larger unit of the calendar, by the usual distance of times: hours a day,
 * days a week, months a year .. PERIOD_UNKNOWN for numbers and uneven times. */
static int64_t calendar_period(const struct series *s, const double *x, int64_t n)
{
    static const struct {
        double low, high; /* milliseconds */
        int period;
    } steps[] = {{1e3, 1e3, 60},       {6e4, 6e4, 60},       {36e5, 36e5, 24},
                 {864e5, 864e5, 7},    {6048e5, 6048e5, 52}, {24192e5, 26784e5, 12},
                 {77760e5, 79488e5, 4}};
    if (!s->at || s->at->cls != CLASS_TIME || n < 3) return PERIOD_UNKNOWN;
    double *gap = build_fill(s->b, n - 1, 0);
    for (int64_t i = 1; i < n; i++)
        gap[i - 1] = x[i] - x[i - 1];
    qsort(gap, (size_t)n - 1, sizeof *gap, stat_double_cmp);
    double usual = gap[(n - 1) / 2];
    for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++)
        if (usual >= steps[k].low && usual <= steps[k].high) return steps[k].period;
    return PERIOD_UNKNOWN;
}

/* ---- autocorrelation ---- */
static void lag_layers(struct series *s, const struct build_rows *rows,
                       const struct build_rows *band)
{
    struct chart_build *b = s->b;
    struct chart_layer *l;
    for (int k = 0; k < 2; k++) {
        l = build_layer(b, k ? MARK_POINT : MARK_RULE, rows);
        build_col(l, CH_X, "lag", VALUE_COUNT, rows, 0, NULL);
        build_col(l, CH_Y, k ? "correlation" : NULL, VALUE_NUMBER, rows, k ? 2 : 1, NULL);
        if (!k) build_col(l, CH_Y2, NULL, VALUE_NUMBER, rows, 2, NULL);
        build_group_cols(b, l, &s->f, rows, 3);
        l->size = k ? 3 : 1.6;
        l->is_quiet = !k;
    }
    l = build_layer(b, MARK_RULE, band);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, band, 0, NULL);
    build_group_cols(b, l, &s->f, band, 1);
    l->is_dashed = l->is_quiet = true;
    l->color = "#777777";
}

static rc build_lags(struct chart_build *b, const char *kind, bool is_partial)
{
    struct series s;
    struct build_rows rows = {0}, band = {0};
    int most = 0;
    int64_t n_all = 0;
    if (b->in[CHART_COLOR].column) {
        fail(b->cx, E501, b->in[CHART_COLOR].span, "%s draws one series a panel", kind);
        return err_hint(b->cx, "facet: %s", b->in[CHART_COLOR].column);
    }
    TRY(series_of(b, kind, &s));
    for (int g = 0; g < s.f.n_panel; g++) {
        double *x, *y, *r, *p;
        int64_t n = series_group(&s, g, &x, &y);
        if (n < 4) continue;
        int64_t m = b->spec->bins > 0 ? b->spec->bins : (int64_t)ceil(10 * log10((double)n));
        if (m > n / 2 - 1) m = n / 2 - 1;
        if (m > LAGS_MOST) m = LAGS_MOST;
        r = build_fill(b, m + 1, 0);
        p = build_fill(b, m + 1, 0);
        stat_acf(y, n, (int)m, r);
        stat_pacf(r, (int)m, p);
        for (int k = is_partial; k <= m; k++)
            PUSH(b, &rows, k, 0, is_partial ? p[k] : r[k], g);
        for (int side = -1; side <= 1; side += 2)
            PUSH(b, &band, side * 1.959963984540054 / sqrt((double)n), g);
        if (m > most) most = (int)m;
        n_all += n;
    }
    lag_layers(&s, &rows, &band);
    struct chart_axis *x = build_axis(b, true, NULL, true), *y = build_axis(b, false, NULL, false);
    if (!x->title) x->title = "lag";
    if (!y->title) y->title = is_partial ? "partial autocorrelation" : "autocorrelation";
    x->is_integer = x->has_ticks = y->has_grid = y->has_zero = true;
    x->pad_low = x->pad_high = 0.03;
    y->pad_low = y->pad_high = 0.04;
    stat_remark(b, "dashed: ±1.96/√n");
    if (!s.at) stat_remark(b, "rows in their order");
    b->c->title = build_title(
        b, "%s of %s", is_partial ? "Partial autocorrelation" : "Autocorrelation", s.value->title);
    build_words(b,
                arena_printf(b->a, "%s chart: %d lags of %s, %s rows", kind, most, s.value->title,
                             stat_count_text(b, n_all)),
                NULL);
    return RC_OK;
}

static enum rc_t build_acf(struct chart_build *b)
{
    return build_lags(b, "acf", false);
}
static enum rc_t build_pacf(struct chart_build *b)
{
    return build_lags(b, "pacf", true);
}

/* ---- moving mean ---- */
/* Every how many rows one is drawn, so that lines stay within the marks of a chart. */
static int64_t stride_of(int64_t n, int lines)
{
    int64_t room = SERIES_MOST / (lines > 0 ? lines : 1);
    return n <= room ? 1 : (n + room - 1) / room;
}

static void line_layer(struct series *s, const struct build_rows *rows, bool is_mean)
{
    struct chart_build *b = s->b;
    struct chart_layer *l = build_layer(b, MARK_LINE, rows);
    enum value_kind kind = s->at ? stat_value_kind(s->at->type) : VALUE_COUNT;
    build_col(l, CH_X, s->at ? s->at->title : "row", kind, rows, 0, NULL);
    build_col(l, CH_Y, is_mean ? "moving mean" : s->value->title, VALUE_NUMBER, rows,
              is_mean ? 2 : 1, NULL);
    build_group_cols(b, l, &s->f, rows, 3);
    l->size = is_mean ? 2.4 : 1;
    l->is_quiet = !is_mean;
    if (!is_mean) l->alpha = 0.4;
    if (is_mean && l->ch[CH_COLOR] < 0 && !l->color) l->color = palette_ink(3);
}

static void series_axes(struct series *s)
{
    struct chart_build *b = s->b;
    struct chart_axis *x = build_axis(b, true, s->at, true);
    struct chart_axis *y = build_axis(b, false, s->value, s->value_ch == CHART_X);
    if (!x->title) x->title = "row";
    x->has_ticks = y->has_grid = true;
    x->pad_low = x->pad_high = 0.01;
    y->is_integer = false;
}

static enum rc_t build_moving(struct chart_build *b)
{
    struct series s;
    struct build_rows rows = {0};
    int64_t window = b->spec->window ? b->spec->window : b->spec->bins, thinned = 1;
    TRY(series_of(b, "moving", &s));
    for (int g = 0; g < s.f.n_color * s.f.n_panel; g++) {
        double *x, *y;
        int64_t n = series_group(&s, g, &x, &y);
        int64_t stride = stride_of(n, 2 * s.f.n_color * s.f.n_panel);
        if (!window) window = calendar_period(&s, x, n);
        if (!window) window = WINDOW;
        double *mean = build_fill(b, n, 0);
        stat_moving_mean(y, n, window, mean);
        if (stride > thinned) thinned = stride;
        for (int64_t i = 0; i < n; i += stride)
            PUSH(b, &rows, x[i], y[i], mean[i], g);
    }
    line_layer(&s, &rows, false);
    line_layer(&s, &rows, true);
    series_axes(&s);
    b->c->can_zoom = true;
    stat_remark(b, "mean of the last %lld rows", (long long)window);
    if (thinned > 1) stat_remark(b, "each %lldth row drawn", (long long)thinned);
    b->c->title = build_title(b, "Moving mean of %s", s.value->title);
    build_words(b,
                arena_printf(b->a, "moving mean: %lld rows of %s, %s rows", (long long)window,
                             s.value->title, stat_count_text(b, s.f.n)),
                NULL);
    return RC_OK;
}

/* ---- decomposition ---- */
static void part_layers(struct series *s, const double *x, double *const v[4], int64_t n)
{
    static const char *const names[] = {"observed", "trend", "season", "rest"};
    struct chart_build *b = s->b;
    struct build_rows rows = {0};
    struct chart_levels *levels = build_names(b, 4);
    int64_t stride = stride_of(n, 4);
    for (int k = 0; k < 4; k++) {
        build_name(b, levels, names[k]);
        for (int64_t i = 0; i < n; i += stride)
            PUSH(b, &rows, x[i], v[k][i], k);
    }
    b->c->panels = (struct chart_panels){.levels = levels, .columns = 1, .is_free = {false, true}};
    struct chart_layer *l = build_layer(b, MARK_LINE, &rows);
    enum value_kind kind = s->at ? stat_value_kind(s->at->type) : VALUE_COUNT;
    build_col(l, CH_X, s->at ? s->at->title : "row", kind, &rows, 0, NULL);
    build_col(l, CH_Y, s->value->title, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_PANEL, "part", VALUE_LEVEL, &rows, 2, levels);
    l->size = 1.6;
    if (stride > 1) stat_remark(b, "each %lldth row drawn", (long long)stride);
}

static enum rc_t build_decompose(struct chart_build *b)
{
    struct series s;
    double *x, *v[4];
    int64_t period = b->spec->period ? b->spec->period : b->spec->bins;
    if (b->in[CHART_COLOR].column || build_panel_input(b))
        return fail(b->cx, E501, b->spec->span, "a decomposition is of one series");
    TRY(series_of(b, "decompose", &s));
    int64_t n = series_group(&s, 0, &x, &v[0]);
    if (!period) period = calendar_period(&s, x, n);
    if (!period) {
        fail(b->cx, E501, b->spec->span,
             "a decomposition needs to know after how many rows a season begins anew");
        return err_hint(b->cx, "period: %d", WINDOW);
    }
    if (period < 2 || n < 2 * period) {
        fail(b->cx, E501, b->spec->span,
             "a decomposition needs two periods of %lld rows or more, and there are %lld rows",
             (long long)period, (long long)n);
        return n >= 4 ? err_hint(b->cx, "period: %lld", (long long)(n / 2)) : RC_ERR;
    }
    for (int k = 1; k < 4; k++)
        v[k] = build_fill(b, n, 0);
    stat_decompose(v[0], n, period, v[1], v[2], v[3]);
    part_layers(&s, x, v, n);
    series_axes(&s);
    b->c->axis[1].wanted_ticks = 3;
    if (!b->c->width) b->c->width = 480;
    if (!b->c->height) b->c->height = 80;
    stat_remark(b, "additive; a period is %lld rows", (long long)period);
    b->c->title = build_title(b, "Parts of %s", s.value->title);
    build_words(b,
                arena_printf(b->a, "decomposition: %s, %s rows, period %lld", s.value->title,
                             stat_count_text(b, n), (long long)period),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_acf = {
    .name = "acf",
    .sig = "plot [time], value, kind: acf, bins: lags",
    .doc = "How values go with those before: autocorrelations by lag, in the order of x or of the "
           "rows, with the 95 % band of noise (±1.96/√n).",
    .example = "trips |> plot tip, kind: acf",
    .build = build_acf,
};
const struct chart_kind_desc chart_kind_pacf = {
    .name = "pacf",
    .sig = "plot [time], value, kind: pacf, bins: lags",
    .doc = "As acf, of what the lags between do not explain (Durbin and Levinson).",
    .example = "trips |> plot tip, kind: pacf",
    .build = build_pacf,
};
const struct chart_kind_desc chart_kind_moving = {
    .name = "moving",
    .sig = "plot time, value, kind: moving, window: 7, color: c",
    .doc =
        "The values as a thin line and the mean of the last rows on top. Without window: as many "
        "rows as make the next larger unit of time (7 days, 24 hours, 12 months), else 7.",
    .example = "trips |> plot pickup, tip, kind: moving, window: 5",
    .build = build_moving,
};
const struct chart_kind_desc chart_kind_decompose = {
    .name = "decompose",
    .sig = "plot time, value, kind: decompose, period: 7",
    .doc =
        "Trend (centred moving mean over a period), season (means by phase) and the rest, each "
        "in a panel. period: rows of a season; by itself 7 for days, 24 for hours, 12 for months.",
    .example = "sales |> plot month, amount, kind: decompose, period: 2",
    .build = build_decompose,
};
