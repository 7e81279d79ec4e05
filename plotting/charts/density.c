/* density.c: how values are spread: kernel density, cumulative shares, quantiles against the
 * normal. Bandwidth: Silverman 1986 as R's nrd0; grid of 200 points, three bandwidths beyond the
 * ends. */
#include "plotting/stat/stat.h"

#include <math.h>

enum { GRID = 200, STEPS_MOST = 512 };

static rc value_channel(struct chart_build *b, const char *kind, enum chart_channel *ch)
{
    *ch = b->in[CHART_X].column ? CHART_X : CHART_Y;
    TRY(build_needs(b, *ch, CLASS_NUMBER, kind));
    if (*ch == CHART_X && b->in[CHART_Y].column) {
        fail(b->cx, E501, b->in[CHART_Y].span, "%s takes one column of numbers; groups are colours",
             kind);
        return err_hint(b->cx, "plot %s, color: %s, kind: %s", b->in[CHART_X].title,
                        b->in[CHART_Y].title, kind);
    }
    return RC_OK;
}

static rc one_value(struct chart_build *b, const char *kind, enum chart_channel *ch,
                    struct stat_frame *f)
{
    TRY(value_channel(b, kind, ch));
    return stat_frame_of(b, USE(*ch), 0, f);
}

static void value_axes(struct chart_build *b, enum chart_channel ch, const char *ytitle)
{
    struct chart_axis *x = build_axis(b, true, &b->in[ch], true);
    struct chart_axis *y = build_axis(b, false, NULL, false);
    x->has_ticks = y->has_grid = true;
    x->is_integer = false;
    x->pad_low = x->pad_high = 0.02;
    if (!y->title) y->title = ytitle;
}

/* ---- density ---- */
static void density_group(struct chart_build *b, const struct stat_frame *f, enum chart_channel ch,
                          int g, struct build_rows *rows)
{
    int64_t n;
    double *v = stat_frame_values(b, f, ch, g, true, &n), grid[GRID], y[GRID];
    if (n == 0) return;
    double h = stat_nrd0(v, n), lo = v[0] - 3 * h, hi = v[n - 1] + 3 * h;
    for (int i = 0; i < GRID; i++)
        grid[i] = lo + (hi - lo) * i / (GRID - 1);
    stat_kde(v, n, h, grid, GRID, y);
    for (int i = 0; i < GRID; i++)
        PUSH(b, rows, grid[i], y[i], 0, g, (double)n, h);
}

static void density_layers(struct chart_build *b, const struct stat_frame *f, const char *title,
                           const struct build_rows *rows)
{
    for (int k = 0; k < 2; k++) {
        struct chart_layer *l = build_layer(b, k ? MARK_LINE : MARK_AREA, rows);
        build_col(l, CH_X, title, VALUE_NUMBER, rows, 0, NULL);
        build_col(l, CH_Y, "density", VALUE_NUMBER, rows, 1, NULL);
        if (!k) build_col(l, CH_Y2, NULL, VALUE_NUMBER, rows, 2, NULL);
        if (k) build_col(l, NO_CHANNEL, "rows", VALUE_COUNT, rows, 4, NULL);
        if (k) build_col(l, NO_CHANNEL, "bandwidth", VALUE_NUMBER, rows, 5, NULL);
        build_group_cols(b, l, f, rows, 3);
        l->alpha = k ? 1 : isnan(b->spec->alpha) ? 0.2 : b->spec->alpha;
        l->is_quiet = !k;
    }
}

static enum rc_t build_density(struct chart_build *b)
{
    struct stat_frame f;
    struct build_rows rows = {0};
    enum chart_channel ch;
    const struct stat_curves job = {.points = GRID, .cut = 3, .rows = &rows};
    bool is_done;
    TRY(value_channel(b, "density", &ch));
    TRY(stat_density_of(b, ch, &job, &f, &is_done));
    if (!is_done) TRY(stat_frame_of(b, USE(ch), 0, &f));
    for (int g = 0; !is_done && g < f.n_color * f.n_panel; g++)
        density_group(b, &f, ch, g, &rows);
    density_layers(b, &f, b->in[ch].title, &rows);
    value_axes(b, ch, "density");
    b->c->axis[1].has_zero = true;
    b->c->title = build_title(b, "Density of %s", b->in[ch].title);
    build_words(b,
                arena_printf(b->a, "density chart: %d curve%s, %s, %s rows", f.n_color,
                             f.n_color == 1 ? "" : "s", b->in[ch].title, stat_count_text(b, f.n)),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_density = {
    .name = "density",
    .sig = "plot value, kind: density, color: c",
    .doc = "Kernel density, a curve a colour, each with an area of one: Gaussian, bandwidth 0.9 "
           "min(sd, IQR/1.34) n^(-1/5), over all rows.",
    .example = "trips |> plot distance, color: payment, kind: density",
    .build = build_density,
};

/* ---- ecdf ---- */
static void ecdf_group(struct chart_build *b, const struct stat_frame *f, enum chart_channel ch,
                       int g, struct build_rows *rows)
{
    int64_t n, distinct = 0;
    double *v = stat_frame_values(b, f, ch, g, true, &n);
    for (int64_t i = 0; i < n; i++)
        distinct += i == 0 || v[i] != v[i - 1];
    if (n == 0) return;
    PUSH(b, rows, v[0], 0, g);
    if (distinct > STEPS_MOST) {
        for (int i = 0; i < STEPS_MOST; i++) {
            double q = i / (STEPS_MOST - 1.0);
            PUSH(b, rows, stat_quantile(v, n, q), q, g);
        }
        return;
    }
    for (int64_t i = 0; i < n; i++)
        if (i + 1 == n || v[i + 1] != v[i]) PUSH(b, rows, v[i], (double)(i + 1) / (double)n, g);
}

static enum rc_t build_ecdf(struct chart_build *b)
{
    struct stat_frame f;
    struct build_rows rows = {0};
    enum chart_channel ch;
    TRY(one_value(b, "ecdf", &ch, &f));
    for (int g = 0; g < f.n_color * f.n_panel; g++)
        ecdf_group(b, &f, ch, g, &rows);
    struct chart_layer *l = build_layer(b, MARK_LINE, &rows);
    build_col(l, CH_X, b->in[ch].title, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, "share of rows", VALUE_SHARE, &rows, 1, NULL);
    build_group_cols(b, l, &f, &rows, 2);
    l->is_step = true;
    value_axes(b, ch, "share of rows");
    b->c->axis[1].is_share = b->c->axis[1].has_zero = true;
    if (isnan(b->c->axis[1].want_max)) b->c->axis[1].want_max = 1;
    b->c->title = build_title(b, "Cumulative share of %s", b->in[ch].title);
    build_words(b,
                arena_printf(b->a, "ecdf chart: %d curve%s, %s, %s rows", f.n_color,
                             f.n_color == 1 ? "" : "s", b->in[ch].title, stat_count_text(b, f.n)),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_ecdf = {
    .name = "ecdf",
    .sig = "plot value, kind: ecdf, color: c",
    .doc = "The share of rows at or below each value: every step up to 512 distinct values, beyond "
           "that 512 quantiles.",
    .example = "trips |> plot distance, color: payment, kind: ecdf",
    .build = build_ecdf,
};

/* ---- quantiles against the normal ---- */
static void qq_group(struct chart_build *b, const struct stat_frame *f, enum chart_channel ch,
                     int g, struct build_rows *dots, struct build_rows *lines)
{
    int64_t n;
    double *v = stat_frame_values(b, f, ch, g, true, &n);
    if (n < 2) return;
    double a = n <= 10 ? 0.375 : 0.5; /* R's ppoints */
    int64_t most = n > STEPS_MOST ? STEPS_MOST : n;
    for (int64_t k = 0; k < most; k++) {
        int64_t i = most == n ? k : (int64_t)((double)k * (double)(n - 1) / (double)(most - 1));
        double p = ((double)i + 1 - a) / ((double)n + 1 - 2 * a);
        PUSH(b, dots, stat_normal_quantile(p), v[i], g);
    }
    double z = stat_normal_quantile(0.75), q1 = stat_quantile(v, n, 0.25);
    double slope = (stat_quantile(v, n, 0.75) - q1) / (2 * z);
    double lo = stat_normal_quantile((1 - a) / ((double)n + 1 - 2 * a));
    PUSH(b, lines, lo, q1 + slope * (lo + z), -lo, q1 + slope * (-lo + z), g);
}

static enum rc_t build_qq(struct chart_build *b)
{
    struct stat_frame f;
    struct build_rows dots = {0}, lines = {0};
    enum chart_channel ch;
    TRY(one_value(b, "qq", &ch, &f));
    for (int g = 0; g < f.n_color * f.n_panel; g++)
        qq_group(b, &f, ch, g, &dots, &lines);
    struct chart_layer *l = build_layer(b, MARK_POINT, &dots);
    build_col(l, CH_X, "normal quantile", VALUE_NUMBER, &dots, 0, NULL);
    build_col(l, CH_Y, b->in[ch].title, VALUE_NUMBER, &dots, 1, NULL);
    build_group_cols(b, l, &f, &dots, 2);
    l->size = 2.4;
    if (isnan(b->spec->alpha)) l->alpha = 0.7;
    l = build_layer(b, MARK_RULE, &lines);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &lines, 0, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &lines, 1, NULL);
    build_col(l, CH_X2, NULL, VALUE_NUMBER, &lines, 2, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &lines, 3, NULL);
    build_group_cols(b, l, &f, &lines, 4);
    l->is_quiet = l->is_dashed = true;
    if (l->ch[CH_COLOR] < 0) l->color = "#8c8c8c";
    struct chart_axis *x = build_axis(b, true, NULL, true);
    struct chart_axis *y = build_axis(b, false, &b->in[ch], false);
    x->has_grid = y->has_grid = true;
    y->is_integer = false;
    x->title = b->spec->xtitle ? x->title : "normal quantile";
    b->c->can_zoom = true;
    b->c->title = build_title(b, "%s against the normal distribution", b->in[ch].title);
    build_words(b,
                arena_printf(b->a, "qq chart: %s points, %s against the normal",
                             stat_count_text(b, dots.n), b->in[ch].title),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_qq = {
    .name = "qq",
    .sig = "plot value, kind: qq, color: c",
    .doc = "Quantiles of the values against those of a normal distribution, with the line through "
           "the quartiles; beyond 512 rows 512 of the quantiles.",
    .example = "trips |> plot tip, kind: qq",
    .build = build_qq,
};
