/* hist.c: how often which values occur. Bins by the finer of Sturges' and Freedman-Diaconis' rule
 * with edges at nice numbers; `bins: n` gives n equal bins from the least to the greatest value, as
 * numpy.histogram does. */
#include "plotting/stat/stat.h"

#include <float.h>
#include <math.h>

enum { COLORS_MOST = 8 };

struct hist {
    struct chart_build *b;
    const struct chart_input *value, *color, *panel;
    bool is_flipped, is_log;
    struct stat_summary s;
    struct stat_bins bins;
    struct stat_levels colors, panels;
    int n_color, n_panel;
    int64_t *counts, shown;
};

/* Durations get bins that are nice in minutes, hours or days. */
static struct stat_bins default_bins(struct hist *h)
{
    double range = h->s.max - h->s.min, unit = 1;
    if (h->value->type.kind == KIND_DURATION && range > 120)
        unit = range > 2 * 86400.0 ? 86400 : range > 2 * 3600.0 ? 3600 : 60;
    struct stat_summary s = h->s;
    double *const times[] = {&s.min, &s.max, &s.q1, &s.q3};
    for (int i = 0; i < 4; i++)
        *times[i] /= unit;
    if (unit > 1) s.is_whole = false;
    struct stat_bins bins = stat_default_bins(h->b->a, &s);
    for (int i = 0; i <= bins.n; i++)
        bins.edges[i] *= unit;
    return bins;
}

static rc choose_bins(struct hist *h)
{
    struct chart_build *b = h->b;
    const struct chart_spec *s = b->spec;
    bool wish_x = h->value == &b->in[CHART_X];
    double lo = wish_x ? s->xmin : s->ymin, hi = wish_x ? s->xmax : s->ymax;
    enum { MOST = 1000 };
    if (s->bins < 0 || s->bins > MOST) {
        fail(b->cx, E209, s->span, "bins: takes 1 to %d", MOST);
        return err_hint(b->cx, "bins: 40");
    }
    h->is_log = (wish_x ? s->xlog : s->ylog) && h->value->cls == CLASS_NUMBER;
    if (h->is_log && !(lo > 0)) lo = DBL_MIN; /* a log axis has no room for zero */
    TRY(stat_summary_of(b, h->value, lo, hi, &h->s));
    if (h->s.n == 0) {
        h->bins = stat_equal_bins(b->a, 0, 1, 1);
        h->bins.n = 0;
    } else if (h->is_log) {
        h->bins = stat_log_bins(b->a, &h->s, s->bins);
    } else if (s->bins > 0) {
        h->bins =
            stat_equal_bins(b->a, isnan(lo) ? h->s.min : lo, isnan(hi) ? h->s.max : hi, s->bins);
    } else if (h->value->cls == CLASS_TIME) {
        h->bins = stat_time_bins(b->a, &h->s);
    } else {
        h->bins = default_bins(h);
    }
    return RC_OK;
}

static void remarks(struct hist *h)
{
    struct chart_build *b = h->b;
    if (h->s.n_null)
        stat_remark(b, "%s rows without %s left out", stat_count_text(b, h->s.n_null),
                    h->value->title);
    if (h->s.n_infinite)
        stat_remark(b, "%s infinite values left out", stat_count_text(b, h->s.n_infinite));
    if (h->s.n_outside)
        stat_remark(b, "%s rows outside the range%s", stat_count_text(b, h->s.n_outside),
                    h->is_log ? " of the log axis" : "");
}

static int64_t row_count(const struct hist *h)
{
    return (int64_t)h->n_panel * h->n_color * h->bins.n;
}

/* Bins in order, colours stacked within each. Empty parts of a stack are left out. */
static int64_t hist_rows(const struct hist *h, double *col[7])
{
    int64_t n = 0;
    for (int p = 0; p < h->n_panel; p++)
        for (int i = 0; i < h->bins.n; i++) {
            double base = 0;
            for (int k = 0; k < h->n_color; k++) {
                double c = (double)h->counts[((int64_t)p * h->n_color + k) * h->bins.n + i];
                if (c == 0 && (h->n_color > 1 || h->n_panel > 1)) continue;
                const double row[] = {
                    h->bins.edges[i], h->bins.edges[i + 1], c, base, base + c, k, p};
                for (int q = 0; q < 7; q++)
                    col[q][n] = row[q];
                base += c;
                n++;
            }
        }
    return n;
}

static void put_layer(struct hist *h)
{
    struct chart_build *b = h->b;
    double *col[7];
    for (int i = 0; i < 7; i++)
        col[i] = build_fill(b, row_count(h), 0);
    int64_t n = hist_rows(h, col);
    struct chart_layer *l = chart_add_layer(b->c, MARK_BAR, n);
    enum value_kind kind = h->value->cls == CLASS_TIME ? VALUE_TIME : VALUE_NUMBER;
    bool f = h->is_flipped;
    l->ch[f ? CH_Y : CH_X] = layer_column(l, "from", kind, col[0], NULL);
    l->ch[f ? CH_Y2 : CH_X2] = layer_column(l, "to", kind, col[1], NULL);
    if (h->color) {
        l->ch[CH_COLOR] = layer_column(l, h->color->title[0] ? h->color->title : "series",
                                       VALUE_LEVEL, col[5], h->colors.levels);
        layer_column(l, "rows", VALUE_COUNT, col[2], NULL);
        l->ch[f ? CH_X2 : CH_Y2] = layer_column(l, NULL, VALUE_COUNT, col[3], NULL);
        l->ch[f ? CH_X : CH_Y] = layer_column(l, NULL, VALUE_COUNT, col[4], NULL);
    } else {
        l->ch[f ? CH_X : CH_Y] = layer_column(l, "rows", VALUE_COUNT, col[2], NULL);
        l->ch[f ? CH_X2 : CH_Y2] = layer_column(l, NULL, VALUE_COUNT, col[3], NULL);
    }
    if (h->panel)
        l->ch[CH_PANEL] =
            layer_column(l, h->panel->title, VALUE_LEVEL, col[6], b->c->panels.levels);
    l->color = build_ink(b);
    if (!isnan(b->spec->alpha)) l->alpha = b->spec->alpha;
}

static void set_axes(struct hist *h)
{
    struct chart_build *b = h->b;
    bool wish_x = h->value == &b->in[CHART_X];
    struct chart_axis *v = build_axis(b, !h->is_flipped, h->value, wish_x);
    struct chart_axis *n = build_axis(b, h->is_flipped, NULL, !wish_x);
    v->has_ticks = true;
    v->is_cut = false;
    v->is_integer = h->s.is_whole && h->value->cls == CLASS_NUMBER;
    v->pad_low = v->pad_high = 0.02;
    n->has_grid = n->has_zero = n->is_integer = true;
    if (!n->title) n->title = "rows";
    if (n->scale == SCALE_LOG) n->scale = SCALE_SYMLOG;
}

static void describe(struct hist *h)
{
    struct chart_build *b = h->b;
    struct strbuf lo = {0}, hi = {0};
    struct chart_column c = {.kind = stat_value_kind(h->value->type)};
    chart_value_label(&lo, &c, h->s.min);
    chart_value_label(&hi, &c, h->s.max);
    const char *n = stat_count_text(b, h->s.n);
    b->c->text = arena_printf(b->a, "histogram: %d bin%s, %s, %s rows", h->bins.n,
                              h->bins.n == 1 ? "" : "s", h->value->title, n);
    b->c->finding = h->s.n
                        ? arena_printf(b->a, "Histogram of %s: %s rows from %s to %s in %d bins.",
                                       h->value->title, n, lo.p, hi.p, h->bins.n)
                        : b->c->text;
    strbuf_release(&lo);
    strbuf_release(&hi);
}

static rc read_keys(struct hist *h, int *n_grey)
{
    int folded;
    *n_grey = 0;
    h->n_color = h->n_panel = 1;
    if (h->color) {
        TRY(stat_key_levels(h->b, h->color, h->value->column, &h->colors));
        if (h->colors.levels->n > COLORS_MOST) {
            stat_levels_fold(h->b, &h->colors, 0, COLORS_MOST - 1, &folded);
            *n_grey = 1;
        }
        h->n_color = h->colors.levels->n;
    }
    if (h->panel) {
        TRY(stat_key_levels(h->b, h->panel, h->value->column, &h->panels));
        h->n_panel = h->panels.levels->n;
    }
    return RC_OK;
}

static enum rc_t build_hist(struct chart_build *b)
{
    struct hist h = {.b = b};
    int n_grey;
    bool only_y = !b->in[CHART_X].column;
    h.value = &b->in[only_y ? CHART_Y : CHART_X];
    h.is_flipped = only_y;
    h.color = b->in[CHART_COLOR].column ? &b->in[CHART_COLOR] : NULL;
    h.panel = build_panel_input(b);
    if (h.value->cls != CLASS_TIME)
        TRY(build_needs(b, only_y ? CHART_Y : CHART_X, CLASS_NUMBER, "hist"));
    if (!only_y && b->in[CHART_Y].column) {
        fail(b->cx, E501, b->in[CHART_Y].span, "hist takes one column; the heights are the counts");
        return err_hint(b->cx, "plot %s, kind: hist", h.value->column);
    }
    TRY(choose_bins(&h));
    TRY(read_keys(&h, &n_grey));
    TRY(stat_bin_counts(b, h.value, &h.bins, h.color ? &h.colors : NULL, h.panel ? &h.panels : NULL,
                        &h.counts));
    remarks(&h);
    if (h.color) build_color(b, &h.colors, n_grey);
    if (h.panel) TRY(build_panels(b, &h.panels));
    set_axes(&h);
    put_layer(&h);
    describe(&h);
    b->c->title = build_title(b, "Distribution of %s", h.value->title);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_hist = {
    .name = "hist",
    .sig = "plot value, kind: hist, bins: n, color: c",
    .doc =
        "How often which values occur: bins by the finer of Sturges' and Freedman-Diaconis' rule "
        "with nice edges; bins: n gives n equal bins as numpy does.",
    .example = "trips |> plot tip, bins: 50",
    .build = build_hist,
};
