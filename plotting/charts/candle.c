/* candle.c: open, high, low and close along time: a line from low to high, a body from open to
 * close. Beyond 250 rows, runs of as many rows each become one. */
#include "plotting/stat/stat.h"

#include <math.h>
#include <stdlib.h>

enum { CANDLES_MOST = 250, OPEN = 0, HIGH, LOW, CLOSE };

struct candle {
    double x, v[4];
    int64_t row;
};

static int candle_cmp(const void *pa, const void *pb)
{
    const struct candle *a = pa, *b = pb;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* The rows with all five values, by x. */
static rc candles_of(struct chart_build *b, struct candle **out, int64_t *n)
{
    struct stat_wide w;
    struct table *t;
    TRY(stat_wide_of(b, 4, 4, &w));
    TRY(stat_table(b, &t));
    double *x = stat_numbers(b->a, t->cols[schema_find(t->schema, str_of(b->in[CHART_X].column))]);
    table_unref(t);
    struct candle *c = ARENA_ARRAY(b->a, struct candle, w.rows + 1);
    *n = 0;
    for (int64_t i = 0; i < w.rows; i++) {
        c[*n] = (struct candle){.x = x[i], .row = i};
        bool is_good = isfinite(x[i]);
        for (int k = 0; k < 4; k++) {
            c[*n].v[k] = w.v[k][i];
            is_good &= (bool)isfinite(w.v[k][i]);
        }
        *n += is_good;
    }
    if (*n < w.rows)
        stat_remark(b, "%s rows with missing values left out", stat_count_text(b, w.rows - *n));
    if (*n) qsort(c, (size_t)*n, sizeof *c, candle_cmp);
    *out = c;
    return RC_OK;
}

/* The first open, the highest high, the lowest low, the last close of each run. */
static int64_t join_runs(struct chart_build *b, struct candle *c, int64_t n)
{
    int64_t run = (n + CANDLES_MOST - 1) / CANDLES_MOST, m = 0;
    if (run <= 1) return n;
    for (int64_t i = 0; i < n; i += run) {
        struct candle all = c[i];
        for (int64_t k = i + 1; k < n && k < i + run; k++) {
            all.v[HIGH] = fmax(all.v[HIGH], c[k].v[HIGH]);
            all.v[LOW] = fmin(all.v[LOW], c[k].v[LOW]);
            all.v[CLOSE] = c[k].v[CLOSE];
        }
        c[m++] = all;
    }
    stat_remark(b, "%lld rows a candle", (long long)run);
    return m;
}

static void candle_layers(struct chart_build *b, const struct candle *c, int64_t n)
{
    static const char *const inks[] = {"#009e73", "#d55e00"};
    static const char *const titles[] = {"open", "high", "low", "close"};
    struct build_rows rows = {0};
    struct chart_levels *how = build_names(b, 2);
    build_name(b, how, "rise");
    build_name(b, how, "fall");
    double step = INFINITY;
    for (int64_t i = 1; i < n; i++)
        if (c[i].x > c[i - 1].x) step = fmin(step, c[i].x - c[i - 1].x);
    double half = isfinite(step) ? 0.36 * step : 0.36;
    for (int64_t i = 0; i < n; i++)
        PUSH(b, &rows, c[i].x, c[i].x - half, c[i].x + half, c[i].v[OPEN], c[i].v[HIGH],
             c[i].v[LOW], c[i].v[CLOSE], c[i].v[CLOSE] < c[i].v[OPEN]);
    enum value_kind kind = stat_value_kind(b->in[CHART_X].type);
    b->c->color = (struct chart_color){.kind = COLOR_LEVELS, .levels = how, .chosen = inks};
    struct chart_layer *l = build_layer(b, MARK_RULE, &rows);
    build_col(l, CH_X, NULL, kind, &rows, 0, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 5, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &rows, 4, NULL);
    build_col(l, CH_COLOR, NULL, VALUE_LEVEL, &rows, 7, how);
    l->color = NULL;
    l->is_quiet = true;
    l = build_layer(b, MARK_BAR, &rows);
    build_col(l, NO_CHANNEL, b->in[CHART_X].title, kind, &rows, 0, NULL);
    build_col(l, CH_X, NULL, kind, &rows, 1, NULL);
    build_col(l, CH_X2, NULL, kind, &rows, 2, NULL);
    build_col(l, CH_Y, titles[OPEN], VALUE_NUMBER, &rows, 3, NULL);
    build_col(l, NO_CHANNEL, titles[HIGH], VALUE_NUMBER, &rows, 4, NULL);
    build_col(l, NO_CHANNEL, titles[LOW], VALUE_NUMBER, &rows, 5, NULL);
    build_col(l, CH_Y2, titles[CLOSE], VALUE_NUMBER, &rows, 6, NULL);
    build_col(l, CH_COLOR, NULL, VALUE_LEVEL, &rows, 7, how);
    l->color = NULL;
    l->is_tight = true;
}

static enum rc_t build_candlestick(struct chart_build *b)
{
    struct candle *c;
    int64_t n;
    if (b->in[CHART_X].cls != CLASS_NUMBER) TRY(build_needs(b, CHART_X, CLASS_TIME, "candlestick"));
    if (b->in[CHART_COLOR].column || build_panel_input(b))
        return fail(b->cx, E501, b->spec->span, "a candlestick chart is of one series");
    if (b->spec->n_y_series != 4) {
        fail(b->cx, E501, b->spec->span, "candlestick needs four columns as y");
        return err_hint(b->cx, "plot day, [open, high, low, close], kind: candlestick");
    }
    TRY(candles_of(b, &c, &n));
    int64_t rows = n;
    n = join_runs(b, c, n);
    candle_layers(b, c, n);
    struct chart_axis *x = build_axis(b, true, &b->in[CHART_X], true);
    struct chart_axis *y = build_axis(b, false, NULL, false);
    x->has_ticks = y->has_grid = true;
    x->is_integer = false;
    b->c->can_zoom = true;
    b->c->title = build_title(b, "Open, high, low and close by %s", b->in[CHART_X].title);
    build_words(b,
                arena_printf(b->a, "candlestick chart: %s candles of %s rows, by %s",
                             stat_count_text(b, n), stat_count_text(b, rows), b->in[CHART_X].title),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_candlestick = {
    .name = "candlestick",
    .sig = "plot time, [open, high, low, close], kind: candlestick",
    .doc = "A line from low to high and a body from open to close, rises and falls in two colours; "
           "beyond 250 rows, runs of rows are joined.",
    .example = "prices |> plot day, [open, high, low, close], kind: candlestick",
    .is_wide = true,
    .build = build_candlestick,
};
