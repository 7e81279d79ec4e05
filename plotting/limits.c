/* limits.c: no chart is heavier than a notebook bears: 5,000 marks, 1 MiB of Vega-Lite, 512 KiB of
 * SVG. The kinds aggregate and bin first; what is still too much is thinned here: points and the
 * like to a seeded sample of their row numbers, lines and areas to the first, last, lowest and
 * highest of even stretches. The caption tells; `all: true` lifts the limits. */
#include "plotting/chart_int.h"

#include "runtime/base/num.h"
#include "runtime/base/rng.h"

#include <math.h>
#include <stdlib.h>

enum { SVG_MOST = 512 * 1024, SPEC_MOST = 1024 * 1024, SMALL_LAYER = 60, STREAM_THIN = 0x7468696e };

int64_t chart_marks(const struct chart *c)
{
    int64_t n = 0;
    int layers = c->n_data_layers ? c->n_data_layers : c->n_layers;
    for (int i = 0; i < layers; i++)
        n += c->layers[i].n;
    for (int i = 0; i < c->n_parts; i++)
        n += chart_marks(c->parts[i].chart);
    return n;
}

double chart_excess(const struct chart *c)
{
    struct strbuf svg = {0};
    chart_svg(c, &svg);
    json_t *spec = chart_vega(c);
    double over = (double)json_dumpb(spec, NULL, 0, JSON_COMPACT) / SPEC_MOST;
    over = fmax(over, (double)svg.n / SVG_MOST);
    json_decref(spec);
    strbuf_release(&svg);
    return fmax(over, (double)chart_marks(c) / CHART_MARKS);
}

double chart_share_left(double excess, int attempt)
{
    return pow(0.95 / excess, attempt + 1);
}

/* ---- which rows stay ---- */
struct keyed {
    uint64_t key;
    int64_t at;
};
static int keyed_cmp(const void *pa, const void *pb)
{
    const struct keyed *a = pa, *b = pb;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* `most` of n by the smallest keys of their numbers. */
static void pick_some(struct chart *c, int64_t n, int64_t most, bool *keep)
{
    struct keyed *k = ARENA_ARRAY(c->arena, struct keyed, n + 1);
    for (int64_t i = 0; i < n; i++)
        k[i] = (struct keyed){rng_u64(c->seed, STREAM_THIN, (uint64_t)i), i};
    qsort(k, (size_t)n, sizeof *k, keyed_cmp);
    for (int64_t i = 0; i < n && i < most; i++)
        keep[k[i].at] = true;
}

/* First, last, lowest and highest of rows [from, to), and one gap if there is any. */
static void pick_stretch(const double *y, int64_t from, int64_t to, bool *keep)
{
    int64_t low = from, high = from;
    bool has_gap = false;
    for (int64_t i = from; i < to; i++) {
        if (isnan(y[i]) && !has_gap) has_gap = keep[i] = true;
        if (y[i] < y[low] || isnan(y[low])) low = i;
        if (y[i] > y[high] || isnan(y[high])) high = i;
    }
    keep[from] = keep[to - 1] = keep[low] = keep[high] = true;
}

static void pick_run(const struct chart_layer *l, int64_t from, int64_t to, int64_t most,
                     bool *keep)
{
    enum { A_STRETCH = 5 };
    int64_t n = to - from, parts = most / A_STRETCH;
    if (n <= most || parts < 1) {
        for (int64_t i = from; i < to; i++)
            keep[i] = n <= most || i == from || i + 1 == to;
        return;
    }
    for (int64_t p = 0; p < parts; p++)
        pick_stretch(layer_channel(l, CH_Y), from + n * p / parts, from + n * (p + 1) / parts,
                     keep);
}

/* Starts of the lines of a layer; returns how many, start[n] is the end. */
static int64_t runs_of(struct chart *c, const struct chart_layer *l, int64_t **start)
{
    const double *name = layer_channel(l, l->ch[CH_SERIES] >= 0 ? CH_SERIES : CH_COLOR);
    const double *panel = layer_channel(l, CH_PANEL);
    int64_t n = 0;
    *start = ARENA_ARRAY(c->arena, int64_t, l->n + 2);
    for (int64_t i = 0; i < l->n; i++)
        if (i == 0 || (name && name[i] != name[i - 1]) || (panel && panel[i] != panel[i - 1]))
            (*start)[n++] = i;
    (*start)[n] = l->n;
    return n;
}

/* Shorter lines; where even their ends are too many, some of the lines. */
static void pick_lines(struct chart *c, const struct chart_layer *l, int64_t most, bool *keep)
{
    int64_t *start, n = runs_of(c, l, &start), lines = most / 2 < 1 ? 1 : most / 2;
    bool *has = ARENA_ARRAY(c->arena, bool, n + 1);
    pick_some(c, n, lines, has);
    int64_t rows = 0;
    for (int64_t r = 0; r < n; r++)
        rows += has[r] ? start[r + 1] - start[r] : 0;
    for (int64_t r = 0; r < n; r++) {
        double share = (double)(start[r + 1] - start[r]) / (double)rows;
        int64_t room = (int64_t)floor((double)most * share);
        if (has[r]) pick_run(l, start[r], start[r + 1], room < 2 ? 2 : room, keep);
    }
}

static void take_rows(struct chart *c, struct chart_layer *l, const bool *keep)
{
    int64_t n = 0;
    for (int64_t i = 0; i < l->n; i++)
        n += keep[i];
    for (int k = 0; k < l->n_cols; k++) {
        double *v = ARENA_ARRAY(c->arena, double, n + 1);
        int64_t at = 0;
        for (int64_t i = 0; i < l->n; i++)
            if (keep[i]) v[at++] = l->col[k].v[i];
        l->col[k].v = v;
    }
    l->n = n;
}

static void thin_layer(struct chart *c, struct chart_layer *l, int64_t most)
{
    bool *keep = ARENA_ARRAY(c->arena, bool, l->n + 1);
    if (l->mark == MARK_LINE || l->mark == MARK_AREA)
        pick_lines(c, l, most, keep);
    else
        pick_some(c, l->n, most, keep);
    take_rows(c, l, keep);
}

/* ---- categories that no mark is left of ---- */
static void mark_used(const struct chart *c, const struct chart_levels *levels, bool *used)
{
    for (int i = 0; i < c->n_layers; i++)
        for (int k = 0; k < c->layers[i].n_cols; k++) {
            const struct chart_column *col = &c->layers[i].col[k];
            for (int64_t r = 0; col->levels == levels && r < c->layers[i].n; r++)
                if (!isnan(col->v[r])) used[(int)col->v[r]] = true;
        }
}

static void renumber(struct chart *c, struct chart_layer *l, const struct chart_levels *from,
                     const struct chart_levels *to, const int *map)
{
    for (int k = 0; k < l->n_cols; k++) {
        if (l->col[k].levels != from) continue;
        double *v = ARENA_ARRAY(c->arena, double, l->n + 1);
        for (int64_t r = 0; r < l->n; r++)
            v[r] = isnan(l->col[k].v[r]) ? (double)NAN : (double)map[(int)l->col[k].v[r]];
        l->col[k].v = v;
        l->col[k].levels = to;
    }
}

/* Thousands of names on an axis are most of the bytes: those without a mark go. */
static void drop_levels(struct chart *c, struct chart_axis *axis)
{
    enum { MANY = 200 };
    const struct chart_levels *all = axis->levels;
    if (axis->scale != SCALE_BAND || !all || all->n <= MANY) return;
    bool *used = ARENA_ARRAY(c->arena, bool, all->n + 1);
    int *map = ARENA_ARRAY(c->arena, int, all->n + 1);
    struct chart_levels *kept = ARENA_NEW(c->arena, struct chart_levels);
    kept->text = ARENA_ARRAY(c->arena, const char *, all->n + 1);
    mark_used(c, all, used);
    for (int i = 0; i < all->n; i++) {
        map[i] = kept->n;
        if (used[i]) kept->text[kept->n++] = all->text[i];
    }
    for (int i = 0; i < c->n_layers; i++)
        renumber(c, &c->layers[i], all, kept, map);
    axis->levels = kept;
}

void chart_thin(struct chart *c, int64_t most)
{
    int64_t small = 0, all = 0;
    for (int i = 0; i < c->n_layers; i++) {
        all += c->layers[i].n;
        if (c->layers[i].n <= SMALL_LAYER) small += c->layers[i].n;
    }
    bool keeps_small = small * 2 < most && small < all; /* boxes, reference marks: whole */
    if (!keeps_small) small = 0;
    double share = all > 0 ? fmax((double)(most - small), 1) / (double)(all - small) : 1;
    for (int i = 0; share < 1 && i < c->n_layers; i++) {
        struct chart_layer *l = &c->layers[i];
        int64_t room = (int64_t)floor((double)l->n * share);
        if (l->n > (keeps_small ? SMALL_LAYER : 1)) thin_layer(c, l, room < 1 ? 1 : room);
    }
    for (int k = 0; k < 2; k++)
        drop_levels(c, &c->axis[k]);
}

/* ---- telling ---- */
static bool has_lines_only(const struct chart *c)
{
    for (int i = 0; i < c->n_layers; i++)
        if (c->layers[i].n > SMALL_LAYER && c->layers[i].mark != MARK_LINE &&
            c->layers[i].mark != MARK_AREA)
            return false;
    return true;
}

void chart_say_sample(struct chart *c, const char *before, int64_t whole)
{
    char shown[NUM_TEXT_MAX], all[NUM_TEXT_MAX];
    int64_t n = chart_marks(c);
    if (n >= whole && !c->sample_of) {
        c->caption = before;
        return;
    }
    bool is_line = has_lines_only(c), is_rows = c->sample_of && c->n_data_layers == 1;
    shown[int_format_thousands(n, shown)] = 0;
    all[int_format_thousands(is_rows ? c->sample_of : whole, all)] = 0;
    struct strbuf b = {0};
    if (is_line)
        strbuf_printf(&b, "first, last, lowest and highest: %s of %s points", shown, all);
    else
        strbuf_printf(&b, "sample of %s of %s %s (seed %llu)", shown, all,
                      is_rows ? "rows" : "marks", (unsigned long long)c->seed);
    if (before) strbuf_printf(&b, "; %s", before);
    c->caption = arena_strndup(c->arena, b.p, b.n);
    strbuf_release(&b);
}
