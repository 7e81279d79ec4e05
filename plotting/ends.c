/* ends.c: names at the ends of lines instead of a legend, where they fit: a few lines that end
 * apart from each other near the right side. Neighbours are nudged apart by isotonic regression
 * (pool adjacent violators), so that each name moves as little as possible. */
#include "plotting/chart_int.h"

#include <math.h>
#include <stdlib.h>

enum { LINES_MOST = 5, LABEL_MOST = 130, APART = 14, LEAST = 8, NUDGE_MOST = 9 };

/* The one layer of coloured lines; NULL where points, areas or other lines need the legend. */
static const struct chart_layer *line_layer(const struct chart *c)
{
    const struct chart_layer *found = NULL;
    for (int i = 0; i < c->n_data_layers; i++) {
        const struct chart_layer *l = &c->layers[i];
        if (l->ch[CH_COLOR] < 0 || l->is_quiet) continue;
        if (found || l->mark != MARK_LINE || l->is_path || l->ch[CH_SERIES] >= 0) return NULL;
        found = l;
    }
    return found;
}

/* A bare number or truth value says nothing without the title of the legend. */
static bool is_telling(const char *text)
{
    bool has_letter = false;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        has_letter |= *p >= 0x80 || ((unsigned)*p | 32u) - 'a' < 26u;
    return has_letter && strcmp(text, "true") != 0 && strcmp(text, "false") != 0 &&
           strcmp(text, "null") != 0;
}

static bool has_room(const struct chart *c)
{
    const struct chart_levels *l = c->color.levels;
    if (c->color.kind != COLOR_LEVELS || c->panels.levels || c->is_bare || c->n_parts ||
        c->size.is_used || c->shapes.levels || c->axis[0].is_cut || c->axis[1].is_cut)
        return false;
    if (l->n < 2 || l->n > LINES_MOST || c->color.n_grey) return false;
    for (int i = 0; i < l->n; i++)
        if (!is_telling(l->text[i]) || font_width(l->text[i], FONT_LABEL, false) > LABEL_MOST)
            return false;
    return c->axis[0].scale != SCALE_BAND && c->axis[0].scale != SCALE_PLACES;
}

/* The last point of each line; false when one has none. */
static bool find_points(const struct chart *c, const struct chart_layer *l, struct chart_end *ends)
{
    const double *x = layer_channel(l, CH_X), *y = layer_channel(l, CH_Y),
                 *level = layer_channel(l, CH_COLOR);
    int n = c->color.levels->n;
    for (int i = 0; i < n; i++)
        ends[i] = (struct chart_end){.x = -INFINITY, .level = i};
    for (int64_t r = 0; r < l->n; r++) {
        if (!isfinite(x[r]) || !isfinite(y[r]) || isnan(level[r])) continue;
        struct chart_end *e = &ends[(int)level[r]];
        if (x[r] < e->x) continue;
        e->x = x[r];
        e->y = y[r];
        e->row = r;
    }
    for (int i = 0; i < n; i++) {
        if (!isfinite(ends[i].x)) return false;
        ends[i].x = scale_unit(&c->axis[0], ends[i].x) * c->width;
        ends[i].y = scale_down(&c->axis[1], ends[i].y) * c->height;
        if (!(ends[i].x > c->width * 0.9) || !isfinite(ends[i].y)) return false;
    }
    return true;
}

static int by_height(const void *pa, const void *pb)
{
    const struct chart_end *a = pa, *b = pb;
    if (a->y != b->y) return a->y < b->y ? -1 : 1;
    return a->level - b->level;
}

/* Labels at least APART pixels from each other: the offsets y - i * APART must not fall. */
static void nudge(struct chart_end *e, int n)
{
    double sum[LINES_MOST];
    int size[LINES_MOST], blocks = 0;
    for (int i = 0; i < n; i++) {
        sum[blocks] = e[i].y - i * APART;
        size[blocks++] = 1;
        while (blocks > 1 &&
               sum[blocks - 2] / size[blocks - 2] > sum[blocks - 1] / size[blocks - 1]) {
            sum[blocks - 2] += sum[blocks - 1];
            size[blocks - 2] += size[blocks - 1];
            blocks--;
        }
    }
    for (int k = 0, i = 0; k < blocks; k++)
        for (int j = 0; j < size[k]; j++, i++)
            e[i].label_y = sum[k] / size[k] + i * APART;
}

void chart_find_ends(struct chart *c)
{
    c->n_ends = 0;
    const struct chart_layer *l = line_layer(c);
    if (!l || !has_room(c)) return;
    int n = c->color.levels->n;
    c->ends = ARENA_ARRAY(c->arena, struct chart_end, n);
    if (!find_points(c, l, c->ends)) return;
    qsort(c->ends, (size_t)n, sizeof *c->ends, by_height);
    nudge(c->ends, n);
    for (int i = 0; i < n; i++) {
        if (fabs(c->ends[i].label_y - c->ends[i].y) > NUDGE_MOST) return;
        if (i > 0 && c->ends[i].y - c->ends[i - 1].y < LEAST) return;
    }
    c->n_ends = n;
}

double chart_ends_width(const struct chart *c)
{
    double w = 0;
    for (int i = 0; i < c->n_ends; i++)
        w = fmax(w, c->ends[i].x - c->width + END_GAP +
                        font_width(c->color.levels->text[c->ends[i].level], FONT_LABEL, false));
    return w;
}
