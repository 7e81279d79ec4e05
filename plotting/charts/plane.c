/* plane.c: where rows lie on a plane: contours of a density, ticks along the axes, places on a map.
 * Contours enclose shares of the rows (Hyndman 1996); lines by marching squares. */
#include "plotting/stat/stat.h"
#include "plotting/stat/stat_series.h"

#include "runtime/base/cancel.h"

#include <math.h>

enum { LEVELS = 9, RUG_MOST = 2000, N = STAT_PLANE, CONTOUR_MOST = 4800 };

/* ---- contours ---- */
struct tracing {
    struct chart_build *b;
    const struct stat_plane_kde *k;
    double level, inside;
    bool *seen; /* cells at this level; two segments a cell at a saddle */
    int group, *n_lines;
    struct build_rows *rows;
};

/* Edges of a cell: 0 below, 1 right, 2 above, 3 left. Where the level crosses one of them. */
static bool crossing(const struct tracing *t, int i, int j, int edge, double out[2])
{
    static const int from[4][2] = {{0, 0}, {1, 0}, {0, 1}, {0, 0}};
    static const int to[4][2] = {{1, 0}, {1, 1}, {1, 1}, {0, 1}};
    int a = (j + from[edge][1]) * N + i + from[edge][0],
        c = (j + to[edge][1]) * N + i + to[edge][0];
    double va = t->k->z[a] - t->level, vc = t->k->z[c] - t->level;
    if ((va >= 0) == (vc >= 0)) return false;
    double u = va / (va - vc);
    double x = i + from[edge][0] + u * (to[edge][0] - from[edge][0]);
    double y = j + from[edge][1] + u * (to[edge][1] - from[edge][1]);
    out[0] = t->k->lo[0] + t->k->step[0] * x;
    out[1] = t->k->lo[1] + t->k->step[1] * y;
    return true;
}

/* The other end of the segment that enters a cell at `edge`. At a saddle the high corners stay
 * together when the middle is high. */
static int leaves_at(const struct tracing *t, int i, int j, int edge)
{
    const double *z = t->k->z;
    double p[2];
    int hits[4], n = 0;
    for (int e = 0; e < 4; e++)
        if (crossing(t, i, j, e, p)) hits[n++] = e;
    if (n == 2) return hits[0] == edge ? hits[1] : hits[0];
    double a = z[j * N + i], b = z[j * N + i + 1], c = z[(j + 1) * N + i],
           d = z[(j + 1) * N + i + 1];
    bool is_high = (a + b + c + d) / 4 >= t->level, is_low_left = a >= t->level;
    static const int turn[2][4] = {{3, 2, 1, 0}, {1, 0, 3, 2}};
    return turn[is_high == is_low_left][edge];
}

/* Follows a line from an edge until it leaves the grid or comes back. */
static void follow(struct tracing *t, int i, int j, int edge)
{
    static const int di[] = {0, 1, 0, -1}, dj[] = {-1, 0, 1, 0};
    double p[2];
    int line = (*t->n_lines)++;
    crossing(t, i, j, edge, p);
    PUSH(t->b, t->rows, p[0], p[1], t->inside, line, t->group);
    while (i >= 0 && j >= 0 && i < N - 1 && j < N - 1 && !t->seen[(j * N + i) * 4 + edge]) {
        int out = leaves_at(t, i, j, edge);
        t->seen[(j * N + i) * 4 + edge] = t->seen[(j * N + i) * 4 + out] = true;
        crossing(t, i, j, out, p);
        PUSH(t->b, t->rows, p[0], p[1], t->inside, line, t->group);
        i += di[out];
        j += dj[out];
        edge = (out + 2) % 4;
    }
}

static void trace_level(struct tracing *t)
{
    double p[2];
    memset(t->seen, 0, sizeof(bool) * N * N * 4);
    for (int j = 0; j < N - 1; j++)
        for (int i = 0; i < N - 1; i++)
            for (int e = 0; e < 4; e++)
                if (!t->seen[(j * N + i) * 4 + e] && crossing(t, i, j, e, p)) follow(t, i, j, e);
}

/* Every second point of long lines, until all fit; ends stay. */
static void thin_lines(struct build_rows *r)
{
    while (r->n > CONTOUR_MOST) {
        int64_t n = 0;
        for (int64_t i = 0; i < r->n; i++) {
            bool is_end = i == 0 || i + 1 == r->n || r->v[3][i] != r->v[3][i - 1] ||
                          r->v[3][i] != r->v[3][i + 1];
            if (!is_end && i % 2) continue;
            for (int k = 0; k < r->width; k++)
                r->v[k][n] = r->v[k][i];
            n++;
        }
        if (n == r->n) break;
        r->n = n;
    }
}

/* One ink: the ends of a ramp are lost as thin lines, yellow on white and violet on black. */
static void contour_layer(struct chart_build *b, const struct stat_frame *f,
                          const struct build_rows *rows)
{
    struct chart_layer *l = build_layer(b, MARK_LINE, rows);
    build_col(l, CH_X, b->in[CHART_X].title, VALUE_NUMBER, rows, 0, NULL);
    build_col(l, CH_Y, b->in[CHART_Y].title, VALUE_NUMBER, rows, 1, NULL);
    build_col(l, NO_CHANNEL, "rows inside", VALUE_SHARE, rows, 2, NULL);
    build_col(l, CH_SERIES, NULL, VALUE_COUNT, rows, 3, NULL);
    build_group_cols(b, l, f, rows, 4);
    l->is_path = true;
    l->size = 1.5;
}

static enum rc_t build_contour(struct chart_build *b)
{
    struct stat_frame f;
    struct build_rows rows = {0};
    int n_lines = 0;
    for (int c = CHART_X; c <= CHART_Y; c++)
        TRY(build_needs(b, (enum chart_channel)c, CLASS_NUMBER, "contour"));
    TRY(stat_frame_of(b, USE(CHART_X) | USE(CHART_Y), 0, &f));
    struct stat_plane_kde k = {.z = build_fill(b, N * N, 0)};
    struct tracing t = {.b = b, .k = &k, .rows = &rows, .n_lines = &n_lines};
    t.seen = ARENA_ARRAY(b->a, bool, N *N * 4);
    for (t.group = 0; t.group < f.n_color * f.n_panel; t.group++) {
        int64_t n;
        double *x = stat_frame_values(b, &f, CHART_X, t.group, false, &n);
        double *y = stat_frame_values(b, &f, CHART_Y, t.group, false, &n);
        if (!stat_kde2(x, y, n, &k)) continue;
        for (int i = 0; i < LEVELS; i++) { /* seaborn's ten levels from .05 to 1, less the last */
            t.inside = 1 - (0.05 + 0.95 * i / LEVELS);
            t.level = stat_mass_level(k.z, N * N, t.inside);
            trace_level(&t);
        }
        TRY(check_cancel(b->cx));
    }
    thin_lines(&rows);
    contour_layer(b, &f, &rows);
    for (int c = 0; c < 2; c++) {
        struct chart_axis *a = build_axis(b, c == 0, &b->in[c], c == 0);
        a->has_grid = true;
        a->is_integer = false;
        a->scale = SCALE_LINEAR;
    }
    const char *x = b->in[CHART_X].title, *y = b->in[CHART_Y].title;
    b->c->can_zoom = true;
    b->c->title = build_title(b, "%s against %s", y, x);
    stat_remark(b, "lines enclose 11 %% to 95 %% of the rows");
    build_words(b,
                arena_printf(b->a, "contour chart: %d lines, %s against %s, %s rows", n_lines, y, x,
                             stat_count_text(b, f.n)),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_contour = {
    .name = "contour",
    .sig = "plot x, y, kind: contour, color: c",
    .doc = "Lines of equal density (Gaussian kernel, Scott's rule, all rows) around nine shares of "
           "the rows, from a tenth to 95 %.",
    .example = "trips |> plot distance, fare, kind: contour",
    .build = build_contour,
};

/* ---- rug ---- */
static void rug_layer(struct chart_build *b, const struct stat_frame *f, const bool *keep, int side,
                      double base)
{
    struct build_rows rows = {0};
    enum chart_channel ch = f->num[CHART_X] && side == 0 ? CHART_X : CHART_Y;
    for (int64_t i = 0; i < f->n; i++)
        if (keep[i]) PUSH(b, &rows, f->num[ch][i], base, f->group[i]);
    struct chart_layer *l = build_layer(b, MARK_POINT, &rows);
    bool is_up = ch == CHART_Y;
    build_col(l, is_up ? CH_Y : CH_X, b->in[ch].title, stat_value_kind(b->in[ch].type), &rows, 0,
              NULL);
    build_col(l, is_up ? CH_X : CH_Y, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_group_cols(b, l, f, &rows, 2);
    l->shape = is_up ? "dash" : "tick";
    l->size = 6;
    if (isnan(b->spec->alpha)) l->alpha = rows.n > 300 ? 0.35 : 0.6;
}

/* Where the ticks of the other axis stand: a little below the least value. */
static void low_ends(const struct stat_frame *f, double base[2])
{
    for (int k = 0; k < 2; k++) {
        double lo = INFINITY, hi = -INFINITY;
        for (int64_t i = 0; i < f->n; i++) {
            lo = fmin(lo, f->num[k][i]);
            hi = fmax(hi, f->num[k][i]);
        }
        base[k] = f->n ? lo - 0.05 * (hi - lo) : 0;
    }
}

/* Alone, the ticks of one column stand in a narrow panel; as a layer, at zero. */
static void rug_axis(struct chart_build *b, int k, bool is_used)
{
    struct chart_axis *a = build_axis(b, k == 0, is_used ? &b->in[k] : NULL, k == 0);
    a->has_grid = is_used;
    if (is_used || b->spec->is_layer) return;
    build_places(b, k == 0, build_names(b, 0), NULL);
    a->want_min = -1;
    a->want_max = 1;
    if (k == 1 && !b->c->height) b->c->height = 50;
    if (k == 0 && !b->c->width) b->c->width = 50;
}

static enum rc_t build_rug(struct chart_build *b)
{
    struct stat_frame f;
    unsigned used = 0;
    for (int c = CHART_X; c <= CHART_Y; c++) {
        if (!b->in[c].column) continue;
        if (b->in[c].cls != CLASS_TIME)
            TRY(build_needs(b, (enum chart_channel)c, CLASS_NUMBER, "rug"));
        used |= USE(c);
    }
    TRY(stat_frame_of(b, used, 0, &f));
    bool *keep = ARENA_ARRAY(b->a, bool, f.n + 1), has_both = f.num[0] && f.num[1];
    int64_t n = stat_pick_rows(b, f.n, RUG_MOST, keep);
    double base[2] = {0, 0};
    if (has_both) low_ends(&f, base);
    for (int k = 0; k < 2; k++) {
        if (f.num[k]) rug_layer(b, &f, keep, k, has_both ? base[1 - k] : 0);
        rug_axis(b, k, f.num[k] != NULL);
    }
    if (n < f.n)
        stat_remark(b, "sample of %s of %s rows (seed %llu)", stat_count_text(b, n),
                    stat_count_text(b, f.n), (unsigned long long)b->cx->seed);
    const char *x = f.num[0] ? b->in[CHART_X].title : b->in[CHART_Y].title;
    b->c->title = has_both ? build_title(b, "%s and %s", x, b->in[CHART_Y].title)
                           : build_title(b, "Values of %s", x);
    build_words(b,
                arena_printf(b->a, "rug: %s ticks, %s%s%s", stat_count_text(b, n), x,
                             has_both ? " and " : "", has_both ? b->in[CHART_Y].title : ""),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_rug = {
    .name = "rug",
    .sig = "plot x, [y], kind: rug",
    .doc = "A tick a row along the axis of each column, as a layer under other charts or alone; "
           "beyond 2,000 rows a sample.",
    .example = "trips |> plot distance, fare, kind: point |> layer kind: rug",
    .build = build_rug,
};

/* ---- map ---- */
static rc check_degrees(struct chart_build *b, double lo[2], double hi[2])
{
    static const double most[] = {180, 90};
    static const char *const what[] = {"a longitude (-180 to 180) as x",
                                       "a latitude (-90 to 90) as y"};
    const struct chart_layer *l = &b->c->layers[0];
    for (int k = 0; k < 2; k++) {
        const double *v = layer_channel(l, k == 0 ? CH_X : CH_Y);
        lo[k] = INFINITY;
        hi[k] = -INFINITY;
        for (int64_t i = 0; i < l->n; i++) {
            if (!isfinite(v[i])) continue;
            lo[k] = fmin(lo[k], v[i]);
            hi[k] = fmax(hi[k], v[i]);
            if (fabs(v[i]) <= most[k]) continue;
            fail(b->cx, E501, b->in[k].span, "a map needs %s, and `%s` has %s", what[k],
                 b->in[k].title, build_number(b, VALUE_NUMBER, v[i]));
            return err_hint(b->cx, "where %s in %g..%g", b->in[k].title, -most[k], most[k]);
        }
    }
    return RC_OK;
}

extern const struct chart_kind_desc chart_kind_point;

static enum rc_t build_map(struct chart_build *b)
{
    double lo[2], hi[2];
    for (int c = CHART_X; c <= CHART_Y; c++)
        TRY(build_needs(b, (enum chart_channel)c, CLASS_NUMBER, "map"));
    TRY(chart_kind_point.build(b));
    TRY(check_degrees(b, lo, hi));
    struct chart_layer *l = &b->c->layers[0];
    if (l->ch[CH_SIZE] >= 0 && isnan(b->spec->alpha)) l->alpha = 0.55;
    l->has_edge = l->n <= 1000;
    /* a degree of longitude is as wide as the cosine of the latitude in the middle */
    double wide = (hi[0] - lo[0]) * cos((lo[1] + hi[1]) / 2 * M_PI / 180), high = hi[1] - lo[1];
    double ratio = wide > 0 && high > 0 ? fmax(0.3, fmin(2.5, high / wide)) : 0.6;
    if (!b->c->width) b->c->width = b->c->panels.levels ? 240 : ratio > 1 ? 360 : 520;
    if (!b->c->height) b->c->height = (int)(b->c->width * ratio);
    for (int k = 0; k < 2; k++)
        b->c->axis[k].pad_low = b->c->axis[k].pad_high = 0.05;
    const char *size = b->in[CHART_SIZE].title;
    b->c->title = l->ch[CH_SIZE] >= 0 && size
                      ? build_title(b, "%s by place", size)
                      : build_title(b, "%s places", stat_count_text(b, l->n));
    build_words(b,
                arena_printf(b->a, "map: %s point%s at %s, %s", stat_count_text(b, l->n),
                             l->n == 1 ? "" : "s", b->in[CHART_X].title, b->in[CHART_Y].title),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_map = {
    .name = "map",
    .sig = "plot longitude, latitude, kind: map, size: s, color: c",
    .doc = "Points or bubbles by longitude and latitude in degrees, with true proportions in the "
           "middle of the map; beyond 5,000 rows a sample.",
    .example = "zones |> plot lon, lat, kind: map, size: trips",
    .build = build_map,
};
