/* line.c: y along x, a line a colour. Rows with the same x are averaged; a null y breaks the line.
 * When there are more than two points a pixel, each pixel column keeps its first, last, lowest and
 * highest point (M4: Jugel, Jerzak, Hackenbroich, Markl, "M4: a visualization-oriented time series
 * data aggregation", VLDB 2014), which draws the same picture. */
#include "plotting/stat/stat.h"

#include <math.h>
#include <stdlib.h>

enum { COLORS_FULL = 8, LINES_MOST = 50, DOTS_MOST = 40 };

struct lines {
    struct chart_build *b;
    const struct chart_input *x, *y, *color, *panel;
    struct stat_levels cats, colors, panels;
    int64_t n, n_no_x;
    double *xv, *yv;
    double *series; /* before rare colours are folded */
    int n_series;
    const char *y_title;
};

static const struct column *named(const struct table *t, const char *name)
{
    return t->cols[schema_find(t->schema, str_of(name))];
}

static rc read_columns(struct lines *w, const struct column *x, const struct column *color,
                       const struct column *panel)
{
    struct chart_build *b = w->b;
    w->n = x->n;
    if (w->x->cls == CLASS_LEVEL) {
        TRY(stat_levels_of(b, x, NULL, ORDER_NATURAL, true, &w->cats));
        w->xv = w->cats.at;
    } else {
        w->xv = stat_numbers(b->a, x);
    }
    if (color) TRY(stat_levels_of(b, color, NULL, ORDER_NATURAL, true, &w->colors));
    if (panel) TRY(stat_levels_of(b, panel, NULL, ORDER_NATURAL, false, &w->panels));
    return RC_OK;
}

static rc read_given(struct lines *w)
{
    struct table *t;
    TRY(stat_table(w->b, &t));
    w->yv = stat_numbers(w->b->a, named(t, w->y->column));
    enum rc_t res =
        read_columns(w, named(t, w->x->column), w->color ? named(t, w->color->column) : NULL,
                     w->panel ? named(t, w->panel->column) : NULL);
    table_unref(t);
    return res;
}

static rc read_grouped(struct lines *w)
{
    struct chart_build *b = w->b;
    const struct chart_input *keys[3];
    const struct stat_item items[] = {{"mean", w->y->column, NAN}, {"count", w->y->column, NAN}};
    struct table *t;
    int n = 0; /* x last: groups come out sorted by keys, so line after line */
    if (w->panel) keys[n++] = w->panel;
    if (w->color) keys[n++] = w->color;
    keys[n++] = w->x;
    TRY(stat_groups(b, keys, n, items, 2, &t));
    w->yv = stat_numbers(b->a, t->cols[n]);
    double *count = stat_numbers(b->a, t->cols[n + 1]);
    for (int64_t i = 0; i < t->n_rows; i++)
        if (count[i] > 1) {
            w->y_title = arena_printf(b->a, "mean(%s)", w->y->title);
            break;
        }
    const struct column *panel = w->panel ? t->cols[0] : NULL;
    const struct column *color = w->color ? t->cols[w->panel ? 1 : 0] : NULL;
    enum rc_t res = read_columns(w, t->cols[n - 1], color, panel);
    table_unref(t);
    return res;
}

/* ---- limits ---- */
/* Pixel columns a line may use: the budget of marks is shared. */
static int columns_of(const struct lines *w, int64_t lines)
{
    enum { MARKS = 5000, LEAST = 20 };
    int width = w->b->c->width ? w->b->c->width : w->panel ? 200 : 480;
    int64_t room = MARKS / (lines * 4);
    return room >= width ? width : room < LEAST ? LEAST : (int)room;
}

static void remark_columns(struct lines *w, int64_t n)
{
    stat_remark(w->b, "first, last, lowest and highest of each pixel column of %s points",
                stat_count_text(w->b, n));
}

/* At most LINES_MOST lines; rows of others are told by their level. */
static void limit_levels(struct lines *w)
{
    int n = w->colors.levels->n;
    if (n > LINES_MOST) {
        stat_remark(w->b, "the first %d of %s %s", LINES_MOST, stat_count_text(w->b, n),
                    w->color->title);
        w->colors.levels->n = LINES_MOST;
    }
    w->n_series = w->colors.levels->n;
}

/* ---- long data: pixel columns while streaming ---- */
struct pair {
    double x, series;
};
static int pair_cmp(const void *pa, const void *pb)
{
    const struct pair *a = pa, *b = pb;
    if (a->series != b->series) return a->series < b->series ? -1 : 1;
    return (a->x > b->x) - (a->x < b->x);
}

/* Whether most rows of a long frame have an x of their own, judged by its first rows: then there is
 * nothing to average. */
static rc has_own_x(struct lines *w, bool *out)
{
    enum { LOOK = 65536 };
    struct chart_build *b = w->b;
    struct table *t;
    struct stat_levels series;
    *out = false;
    if (!b->head || w->y->is_aggregate || w->x->cls == CLASS_LEVEL) return RC_OK;
    TRY(table_slice(b->cx, b->head, 0, b->head->n_rows < LOOK ? b->head->n_rows : LOOK, &t));
    double *x = stat_numbers(b->a, named(t, w->x->column));
    struct pair *p = ARENA_ARRAY(b->a, struct pair, t->n_rows + 1);
    int64_t n = t->n_rows, own = 0;
    enum rc_t res = RC_OK;
    if (w->color)
        res = stat_levels_of(b, named(t, w->color->column), NULL, ORDER_NATURAL, false, &series);
    for (int64_t i = 0; res == RC_OK && i < n; i++)
        p[i] = (struct pair){isnan(x[i]) ? -INFINITY : x[i], w->color ? series.at[i] : 0};
    qsort(p, (size_t)n, sizeof *p, pair_cmp);
    for (int64_t i = 0; i < n; i++)
        own += i == 0 || pair_cmp(&p[i], &p[i - 1]) != 0;
    table_unref(t);
    *out = own * 2 > n;
    return res;
}

static rc read_streamed(struct lines *w)
{
    struct chart_build *b = w->b;
    const struct stat_item ends[] = {{"min", w->x->column, NAN}, {"max", w->x->column, NAN}};
    struct table *t;
    struct stat_m4_rows rows;
    struct stat_m4 job = {.x = w->x, .y = w->y, .color_in = w->color, .panel_in = w->panel};
    TRY(stat_groups(b, NULL, 0, ends, 2, &t));
    job.lo = stat_numbers(b->a, t->cols[0])[0];
    job.hi = stat_numbers(b->a, t->cols[1])[0];
    table_unref(t);
    if (w->color) {
        TRY(stat_key_levels(b, w->color, w->y->column, &w->colors));
        job.color = &w->colors;
        limit_levels(w);
    }
    if (w->panel) {
        TRY(stat_key_levels(b, w->panel, w->y->column, &w->panels));
        job.panel = &w->panels;
    }
    int64_t lines = (w->color ? w->colors.levels->n : 1) * (w->panel ? w->panels.levels->n : 1);
    job.width = columns_of(w, lines < 1 ? 1 : lines);
    TRY(stat_m4_of(b, &job, &rows));
    w->n = rows.n;
    w->xv = rows.x;
    w->yv = rows.y;
    w->colors.at = rows.series;
    w->panels.at = rows.panel;
    remark_columns(w, rows.n_points);
    return RC_OK;
}

/* ---- order of the rows: panel, series, x ---- */
struct line_row {
    double panel, series, x, y;
    int64_t at;
};
static int row_cmp(const void *pa, const void *pb)
{
    const struct line_row *a = pa, *b = pb;
    if (a->panel != b->panel) return a->panel < b->panel ? -1 : 1;
    if (a->series != b->series) return a->series < b->series ? -1 : 1;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static struct line_row *sorted_rows(struct lines *w)
{
    struct line_row *r = ARENA_ARRAY(w->b->a, struct line_row, w->n + 1);
    int64_t n = 0;
    for (int64_t i = 0; i < w->n; i++) {
        if (!isfinite(w->xv[i])) {
            w->n_no_x++;
            continue;
        }
        r[n++] = (struct line_row){.panel = w->panel ? w->panels.at[i] : 0,
                                   .series = w->color ? w->colors.at[i] : 0,
                                   .x = w->xv[i],
                                   .y = isfinite(w->yv[i]) ? w->yv[i] : NAN,
                                   .at = i};
    }
    w->n = n;
    bool is_sorted = true;
    for (int64_t i = 1; i < n && is_sorted; i++)
        is_sorted = row_cmp(&r[i - 1], &r[i]) <= 0;
    if (!is_sorted) qsort(r, (size_t)n, sizeof *r, row_cmp);
    return r;
}

static bool same_line(const struct line_row *a, const struct line_row *b)
{
    return a->panel == b->panel && a->series == b->series;
}

/* First, last, lowest, highest of rows [from, to), in their order; returns how many are kept. */
static int64_t keep_column(struct line_row *r, int64_t from, int64_t to, int64_t out)
{
    int64_t low = from, high = from;
    for (int64_t i = from; i < to; i++) {
        if (r[i].y < r[low].y || isnan(r[low].y)) low = i;
        if (r[i].y > r[high].y || isnan(r[high].y)) high = i;
    }
    int64_t pick[4] = {from, low < high ? low : high, low < high ? high : low, to - 1};
    int64_t kept = 0, was = -1;
    struct line_row copy[4];
    for (int k = 0; k < 4; k++) {
        if (pick[k] == was) continue;
        copy[kept++] = r[pick[k]];
        was = pick[k];
    }
    for (int64_t k = 0; k < kept; k++)
        r[out + k] = copy[k];
    return kept;
}

static int64_t thin_line(struct line_row *r, int64_t from, int64_t to, int64_t out, int width)
{
    double lo = r[from].x, hi = r[to - 1].x;
    double per = hi > lo ? width / (hi - lo) : 0;
    for (int64_t i = from; i < to;) {
        int64_t end = i + 1;
        double column = floor((r[i].x - lo) * per);
        while (end < to && floor((r[end].x - lo) * per) == column)
            end++;
        out += keep_column(r, i, end, out);
        i = end;
    }
    return out;
}

static void thin(struct lines *w, struct line_row *r)
{
    int64_t out = 0, all = w->n, lines = 0;
    bool is_thinned = false;
    if (w->b->spec->all) return;
    for (int64_t i = 0; i < w->n; i++)
        lines += i == 0 || !same_line(&r[i], &r[i - 1]);
    int width = columns_of(w, w->n > 5000 && lines > 0 ? lines : 1);
    for (int64_t i = 0; i < w->n;) {
        int64_t end = i + 1;
        while (end < w->n && same_line(&r[end], &r[i]))
            end++;
        if (end - i > 2 * (int64_t)width) {
            out = thin_line(r, i, end, out, width);
            is_thinned = true;
        } else {
            memmove(&r[out], &r[i], sizeof *r * (size_t)(end - i));
            out += end - i;
        }
        i = end;
    }
    w->n = out;
    if (is_thinned) remark_columns(w, all);
}

/* ---- colours ---- */
static void limit_lines(struct lines *w)
{
    if (!w->color) return;
    limit_levels(w);
    int64_t kept = 0;
    for (int64_t i = 0; i < w->n; i++) {
        if (w->colors.at[i] >= w->n_series) continue;
        w->xv[kept] = w->xv[i];
        w->yv[kept] = w->yv[i];
        if (w->panel) w->panels.at[kept] = w->panels.at[i];
        w->colors.at[kept++] = w->colors.at[i];
    }
    w->n = kept;
}

/* ---- layer ---- */
static void put_layer(struct lines *w, const struct line_row *r, int n_grey)
{
    struct chart_build *b = w->b;
    double *col[5];
    for (int k = 0; k < 5; k++)
        col[k] = build_fill(b, w->n, 0);
    for (int64_t i = 0; i < w->n; i++) {
        col[0][i] = r[i].x;
        col[1][i] = r[i].y;
        col[2][i] = n_grey ? fmin(r[i].series, COLORS_FULL - 1) : r[i].series;
        col[3][i] = r[i].panel;
        col[4][i] = r[i].series;
    }
    struct chart_layer *l = chart_add_layer(b->c, MARK_LINE, w->n);
    l->ch[CH_X] = layer_column(l, w->x->title,
                               w->x->cls == CLASS_LEVEL ? VALUE_LEVEL : stat_value_kind(w->x->type),
                               col[0], w->x->cls == CLASS_LEVEL ? w->cats.levels : NULL);
    if (w->x->type.kind == KIND_INT) l->col[l->ch[CH_X]].kind = VALUE_NUMBER;
    l->ch[CH_Y] = layer_column(l, w->y_title, VALUE_NUMBER, col[1], NULL);
    if (w->color) {
        struct chart_levels *all = ARENA_NEW(b->a, struct chart_levels);
        *all = *w->colors.levels;
        const char *title = w->color->title[0] ? w->color->title : "series";
        if (n_grey) {
            int folded;
            l->ch[CH_SERIES] = layer_column(l, title, VALUE_LEVEL, col[4], all);
            all->text = ARENA_ARRAY(b->a, const char *, all->n);
            memcpy(all->text, w->colors.levels->text, sizeof *all->text * (size_t)all->n);
            stat_levels_fold(b, &w->colors, 0, COLORS_FULL - 1, &folded);
            title = NULL;
        }
        l->ch[CH_COLOR] = layer_column(l, title, VALUE_LEVEL, col[2], w->colors.levels);
    }
    if (w->panel)
        l->ch[CH_PANEL] =
            layer_column(l, w->panel->title, VALUE_LEVEL, col[3], b->c->panels.levels);
    int64_t lines = w->n_series > 0 ? w->n_series : 1;
    l->is_step = !strcmp(b->c->kind->name, "step");
    l->has_dots = !l->is_step && w->n / lines <= DOTS_MOST && w->n <= 400;
    l->color = build_ink(b);
    if (!isnan(b->spec->alpha)) l->alpha = b->spec->alpha;
}

static void set_axes(struct lines *w)
{
    struct chart_build *b = w->b;
    struct chart_axis *x = build_axis(b, true, w->x, true);
    struct chart_axis *y = build_axis(b, false, w->y, false);
    if (x->scale == SCALE_BAND) {
        x->levels = w->cats.levels;
    } else {
        x->has_ticks = true;
        x->pad_low = x->pad_high = 0.02;
    }
    y->has_grid = true;
    y->is_integer = false;
    if (!b->spec->ytitle) y->title = w->y_title;
    bool is_free = x->scale != SCALE_BAND;
    b->c->can_zoom = is_free;
    b->c->has_ruler = is_free && w->n <= 2000;
}

static void describe(struct lines *w)
{
    struct chart_build *b = w->b;
    int lines = w->n_series > 0 ? w->n_series : 1;
    const char *n = stat_count_text(b, w->n);
    b->c->text =
        arena_printf(b->a, "%s chart: %d line%s, %s point%s, %s by %s", b->c->kind->name, lines,
                     lines == 1 ? "" : "s", n, w->n == 1 ? "" : "s", w->y_title, w->x->title);
    double low = INFINITY, high = -INFINITY;
    const double *y = layer_channel(&b->c->layers[0], CH_Y);
    for (int64_t i = 0; i < w->n; i++) {
        if (isnan(y[i])) continue;
        low = fmin(low, y[i]);
        high = fmax(high, y[i]);
    }
    if (!(low <= high)) return;
    struct strbuf range = {0};
    struct chart_column c = {.kind = VALUE_NUMBER};
    chart_value_label(&range, &c, low);
    strbuf_addz(&range, " to ");
    chart_value_label(&range, &c, high);
    b->c->finding = arena_printf(b->a, "Line chart of %s by %s: %s points, from %s.", w->y_title,
                                 w->x->title, n, range.p);
    strbuf_release(&range);
}

static enum rc_t build_line(struct chart_build *b)
{
    struct lines w = {.b = b, .x = &b->in[CHART_X], .y = &b->in[CHART_Y]};
    bool is_long;
    w.color = b->in[CHART_COLOR].column ? &b->in[CHART_COLOR] : NULL;
    w.panel = build_panel_input(b);
    if (!w.x->column) TRY(build_needs(b, CHART_X, CLASS_NUMBER, "line"));
    TRY(build_needs(b, CHART_Y, CLASS_NUMBER, "line"));
    w.y_title = w.y->title;
    TRY(has_own_x(&w, &is_long));
    if (is_long)
        TRY(read_streamed(&w));
    else if (w.y->is_aggregate)
        TRY(read_given(&w));
    else
        TRY(read_grouped(&w));
    if (!is_long) limit_lines(&w);
    int n_grey = w.n_series > COLORS_FULL;
    struct line_row *rows = sorted_rows(&w);
    if (!is_long) thin(&w, rows);
    if (w.n_no_x)
        stat_remark(b, "%s rows without %s left out", stat_count_text(b, w.n_no_x), w.x->title);
    if (w.panel) TRY(build_panels(b, &w.panels));
    put_layer(&w, rows, n_grey);
    if (w.color) build_color(b, &w.colors, n_grey);
    set_axes(&w);
    describe(&w);
    b->c->title = build_title(b, "%s by %s", w.y_title, w.x->title);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_line = {
    .name = "line",
    .sig = "plot x, y, kind: line, color: c",
    .doc = "y along x, a line a colour; rows with the same x are averaged, a null breaks the line.",
    .example = "trips |> plot hour(pickup), mean(tip), kind: line",
    .build = build_line,
};

const struct chart_kind_desc chart_kind_step = {
    .name = "step",
    .sig = "plot x, y, kind: step, color: c",
    .doc = "As line, but each value holds until the next x.",
    .example = "trips |> plot hour(pickup), mean(tip), kind: step",
    .build = build_line,
};
