/* strip.c: every value as a point in its category: jittered, or packed side by side (swarm). */
#include "plotting/stat/stat.h"

#include "runtime/base/rng.h"

#include <math.h>
#include <stdlib.h>

enum { STRIP_MOST = 2000, STREAM_JITTER = 0x6a697474 };

struct strip {
    struct chart_build *b;
    struct build_roles r;
    struct stat_frame f;
    double lo, hi, length, band; /* of the values; pixels of the value axis and of a category */
    int64_t n_squeezed;
};
struct dot {
    double v, at;
    int64_t row;
};

static int dot_cmp(const void *pa, const void *pb)
{
    const struct dot *a = pa, *b = pb;
    if (a->v != b->v) return a->v < b->v ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* Whether a dot at offset `at` touches one of those before it; v in pixels. */
static bool touches(const struct dot *d, int64_t i, double at, double gap)
{
    for (int64_t k = i - 1; k >= 0 && d[i].v - d[k].v < gap; k--) {
        double dx = at - d[k].at, dy = d[i].v - d[k].v;
        if (dx * dx + dy * dy < gap * gap * 0.999) return true;
    }
    return false;
}

/* Greedy packing: each dot, from low to high, as near to the middle as it fits. */
static void pack(struct strip *w, struct dot *d, int64_t n, double half, double radius)
{
    double gap = 2 * radius + 0.4;
    qsort(d, (size_t)n, sizeof *d, dot_cmp);
    for (int64_t i = 0; i < n; i++) {
        double best = INFINITY;
        if (!touches(d, i, 0, gap)) best = 0;
        for (int64_t k = i - 1; best != 0 && k >= 0 && d[i].v - d[k].v < gap; k--) {
            double dy = d[i].v - d[k].v, side = sqrt(gap * gap - dy * dy);
            for (int s = -1; s <= 1; s += 2) {
                double at = d[k].at + s * side;
                if (fabs(at) < fabs(best) && !touches(d, i, at, gap)) best = at;
            }
        }
        d[i].at = best;
        if (fabs(best) > half) {
            double u = rng_unit(w->b->cx->seed, STREAM_JITTER, (uint64_t)d[i].row);
            d[i].at = (2 * u - 1) * half;
            w->n_squeezed++;
        }
    }
}

static double dot_radius(int64_t n)
{
    return n > 1000 ? 1.8 : n > 300 ? 2.3 : 3;
}

/* Dots of one category and group. */
static void put_group(struct strip *w, int cat, int g, const bool *keep, bool is_swarm,
                      int64_t n_all, struct build_rows *rows)
{
    struct chart_build *b = w->b;
    const struct stat_frame *f = &w->f;
    double half, place = build_place(&w->r, f, cat, g % f->n_color, &half);
    int64_t n = 0;
    struct dot *d = ARENA_ARRAY(b->a, struct dot, f->start[g + 1] - f->start[g] + 1);
    for (int64_t i = f->start[g]; i < f->start[g + 1]; i++) {
        int64_t row = f->order[i];
        if (!keep[row] || (w->r.cat && (int)f->levels[w->r.cat_ch].at[row] != cat)) continue;
        double v = (f->num[w->r.value_ch][row] - w->lo) / (w->hi - w->lo) * w->length;
        double jitter = 2 * rng_unit(b->cx->seed, STREAM_JITTER, (uint64_t)row) - 1;
        d[n++] = (struct dot){v, jitter * half * w->band * 0.7, row};
    }
    if (is_swarm) pack(w, d, n, half * w->band * 1.1, dot_radius(n_all));
    for (int64_t i = 0; i < n; i++)
        PUSH(b, rows, place + d[i].at / w->band, f->num[w->r.value_ch][d[i].row], g, cat);
}

static void measure(struct strip *w)
{
    struct chart *c = w->b->c;
    const double *v = w->f.num[w->r.value_ch];
    int width = c->width ? c->width : c->panels.levels ? 200 : 480;
    int height = c->height ? c->height : c->panels.levels ? 150 : 300;
    w->length = w->r.is_flipped ? width : height;
    w->band = (w->r.is_flipped ? height : width) / fmax(w->r.n_cat, 1);
    w->lo = INFINITY;
    w->hi = -INFINITY;
    for (int64_t i = 0; i < w->f.n; i++) {
        w->lo = fmin(w->lo, v[i]);
        w->hi = fmax(w->hi, v[i]);
    }
    double pad = 0.05 * (w->hi - w->lo);
    w->lo -= pad > 0 ? pad : 0.5;
    w->hi += pad > 0 ? pad : 0.5;
}

static rc build_dots(struct chart_build *b, const char *kind, bool is_swarm)
{
    struct strip w = {.b = b};
    struct build_rows rows = {0};
    TRY(build_roles_of(b, kind, &w.r));
    unsigned levels = w.r.cat ? USE(w.r.cat_ch) : 0;
    TRY(stat_frame_of(b, USE(w.r.value_ch), levels, &w.f));
    build_role_axes(b, &w.r, &w.f);
    measure(&w);
    bool *keep = ARENA_ARRAY(b->a, bool, w.f.n + 1);
    int64_t n = stat_pick_rows(b, w.f.n, b->spec->all ? CHART_MARKS_ALL : STRIP_MOST, keep);
    for (int g = 0; g < w.f.n_color * w.f.n_panel; g++)
        for (int cat = 0; cat < w.r.n_cat; cat++)
            put_group(&w, cat, g, keep, is_swarm, n, &rows);
    struct chart_layer *l = build_layer(b, MARK_POINT, &rows);
    bool f = w.r.is_flipped;
    build_col(l, build_turn(f, CH_X), NULL, VALUE_NUMBER, &rows, 0, NULL);
    if (w.r.cat)
        build_col(l, NO_CHANNEL, w.r.cat->title, VALUE_LEVEL, &rows, 3,
                  w.f.levels[w.r.cat_ch].levels);
    build_col(l, build_turn(f, CH_Y), w.r.value->title, VALUE_NUMBER, &rows, 1, NULL);
    build_group_cols(b, l, &w.f, &rows, 2);
    l->size = dot_radius(n);
    if (isnan(b->spec->alpha)) l->alpha = is_swarm ? 0.9 : n > 300 ? 0.55 : 0.75;
    if (n < w.f.n)
        stat_remark(b, "sample of %s of %s rows (seed %llu)", stat_count_text(b, n),
                    stat_count_text(b, w.f.n), (unsigned long long)b->cx->seed);
    if (w.n_squeezed)
        stat_remark(b, "%s points had no room and are jittered", stat_count_text(b, w.n_squeezed));
    b->c->title = build_title(b, w.r.cat ? "%s by %s" : "%s%s", w.r.value->title,
                              w.r.cat ? w.r.cat->title : "");
    build_words(b,
                arena_printf(b->a, "%s chart: %s points, %s%s%s", kind, stat_count_text(b, n),
                             w.r.value->title, w.r.cat ? " by " : "",
                             w.r.cat ? w.r.cat->title : ""),
                NULL);
    return RC_OK;
}

static enum rc_t build_strip(struct chart_build *b)
{
    return build_dots(b, "strip", false);
}
static enum rc_t build_swarm(struct chart_build *b)
{
    return build_dots(b, "swarm", true);
}

const struct chart_kind_desc chart_kind_strip = {
    .name = "strip",
    .sig = "plot category, value, kind: strip, color: c",
    .doc = "Every value as a point in its category, moved sideways by seeded chance; beyond 2,000 "
           "rows a sample.",
    .example = "trips |> plot payment, tip, kind: strip",
    .build = build_strip,
};
const struct chart_kind_desc chart_kind_swarm = {
    .name = "swarm",
    .sig = "plot category, value, kind: swarm, color: c",
    .doc = "Every value as a point in its category, packed so that none covers another; what finds "
           "no room is jittered.",
    .example = "trips |> plot payment, tip, kind: swarm",
    .build = build_swarm,
};
