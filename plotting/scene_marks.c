/* scene_marks.c: the marks of the layers. Rows keep their order; what a whole layer shares stands
 * once on its group. Tooltips are left out beyond a thousand marks, for the size of the picture. */
#include "plotting/scene.h"

#include <math.h>

enum { TIP_ROWS = 1000 };

bool scene_has_row(const struct scene *s, const struct chart_layer *l, int64_t row)
{
    const double *p = layer_channel(l, CH_PANEL);
    return !p || !s->c->panels.levels || (int)p[row] == s->panel;
}

double scene_x(const struct scene *s, double v)
{
    return s->px + scale_unit(s->axis[0], v) * s->pw;
}
double scene_y(const struct scene *s, double v)
{
    return s->py + scale_down(s->axis[1], v) * s->ph;
}

void scene_band(const struct scene *s, const struct chart_layer *l, int64_t row, bool is_x,
                double share, double *at, double *size)
{
    const struct chart_axis *a = s->axis[is_x ? 0 : 1];
    double step = (is_x ? s->pw : s->ph) / fmax(a->levels->n, 1);
    double v = layer_channel(l, is_x ? CH_X : CH_Y)[row];
    double from = v * step + step * BAND_PADDING / 2, room = step * (1 - BAND_PADDING);
    const double *offset = layer_channel(l, CH_OFFSET);
    if (offset) {
        double part = room / fmax(l->col[l->ch[CH_OFFSET]].levels->n, 1);
        from += part * (offset[row] + 0.05);
        room = part * 0.9;
    }
    *size = room * share;
    *at = (is_x ? s->px : s->py) + from + (room - *size) / 2;
}

double scene_center(const struct scene *s, const struct chart_layer *l, int64_t row, bool is_x)
{
    if (s->axis[is_x ? 0 : 1]->scale == SCALE_BAND) {
        double at, size;
        scene_band(s, l, row, is_x, 1, &at, &size);
        return at + size / 2;
    }
    double v = layer_channel(l, is_x ? CH_X : CH_Y)[row];
    return is_x ? scene_x(s, v) : scene_y(s, v);
}

const char *scene_row_ink(const struct scene *s, const struct chart_layer *l, int64_t row)
{
    const double *k = layer_channel(l, CH_COLOR);
    char hex[8];
    if (!k) return NULL;
    if (isnan(k[row])) return INK_REST;
    if (s->c->color.kind == COLOR_LEVELS) return chart_level_ink(s->c, (int)k[row]);
    palette_ramp_ink(&s->c->color, k[row], hex);
    return arena_strndup(s->d->arena, hex, 7);
}

const char *scene_layer_ink(const struct chart_layer *l)
{
    return l->color ? l->color : palette_ink(0);
}

const char *scene_tip(const struct scene *s, const struct chart_layer *l, int64_t row)
{
    if (l->is_quiet || l->n > TIP_ROWS || s->c->has_no_tips) return NULL;
    struct strbuf b = {0};
    for (int i = 0; i < l->n_cols; i++) {
        const struct chart_column *c = &l->col[i];
        if (!c->title) continue;
        if (b.n) strbuf_addc(&b, '\n');
        strbuf_printf(&b, "%s: ", c->title);
        chart_value_label(&b, c, c->v[row]);
    }
    const char *out = b.n ? arena_strndup(s->d->arena, b.p, b.n) : NULL;
    strbuf_release(&b);
    return out;
}

/* ---- points ---- */
const char *scene_shape_name(int level)
{
    static const char *const names[] = {"circle",  "square",        "triangle-up",
                                        "diamond", "triangle-down", "cross"};
    return names[((level % 6) + 6) % 6];
}

static struct draw_item *poly(struct draw *d, double x, double y, double r, const double *v, int n)
{
    struct draw_item *it = draw_path(d);
    for (int i = 0; i < n; i++) {
        if (i)
            draw_to(d, x + v[2 * i] * r, y + v[2 * i + 1] * r);
        else
            draw_move(d, x + v[0] * r, y + v[1] * r);
    }
    draw_shut(d);
    return it;
}

struct draw_item *scene_symbol(struct draw *d, const char *shape, double x, double y, double r)
{
    static const double square[] = {-.89, -.89, .89, -.89, .89, .89, -.89, .89};
    static const double up[] = {0, -1.2, 1.1, .8, -1.1, .8};
    static const double down[] = {0, 1.2, 1.1, -.8, -1.1, -.8};
    static const double diamond[] = {0, -1.3, 1.1, 0, 0, 1.3, -1.1, 0};
    static const double hexagon[] = {0, -1, .866, -.5, .866, .5, 0, 1, -.866, .5, -.866, -.5};
    static const double cross[] = {-.4, -1.2, .4,  -1.2, .4,  -.4, 1.2,  -.4, 1.2,  .4,  .4,  .4,
                                   .4,  1.2,  -.4, 1.2,  -.4, .4,  -1.2, .4,  -1.2, -.4, -.4, -.4};
    static const double tick[] = {-.1, -1, .1, -1, .1, 1, -.1, 1};
    static const double dash[] = {-1, -.1, 1, -.1, 1, .1, -1, .1};
    if (!strcmp(shape, "tick")) return poly(d, x, y, r, tick, 4);
    if (!strcmp(shape, "dash")) return poly(d, x, y, r, dash, 4);
    if (!strcmp(shape, "square")) return poly(d, x, y, r, square, 4);
    if (!strcmp(shape, "triangle-up")) return poly(d, x, y, r, up, 3);
    if (!strcmp(shape, "triangle-down")) return poly(d, x, y, r, down, 3);
    if (!strcmp(shape, "diamond")) return poly(d, x, y, r, diamond, 4);
    if (!strcmp(shape, "cross")) return poly(d, x, y, r, cross, 12);
    if (!strcmp(shape, "hexagon")) return poly(d, x, y, r, hexagon, 6);
    return draw_circle(d, x, y, r);
}

static double point_radius(const struct scene *s, const struct chart_layer *l, int64_t r)
{
    const double *size = layer_channel(l, CH_SIZE);
    if (size) return scale_radius(&s->c->size, size[r]);
    return l->size > 0 ? l->size : 3;
}

/* A thin edge in the page's colour tells points apart. */
static void open_points(struct scene *s, const struct chart_layer *l)
{
    struct draw_style t = {.fill = scene_layer_ink(l), .fill_clear = 1 - l->alpha};
    if (l->has_edge) {
        t.stroke = "#fff";
        t.width = 0.5;
        t.theme = THEME_EDGE;
    }
    draw_open(s->d, t);
}

static void put_points(struct scene *s, const struct chart_layer *l)
{
    const double *shape = layer_channel(l, CH_SHAPE);
    open_points(s, l);
    for (int64_t r = 0; r < l->n; r++) {
        if (!scene_has_row(s, l, r)) continue;
        double x = scene_center(s, l, r, true), y = scene_center(s, l, r, false);
        if (!isfinite(x) || !isfinite(y)) continue;
        const char *form = shape ? scene_shape_name((int)shape[r]) : l->shape ? l->shape : "circle";
        struct draw_item *it = scene_symbol(s->d, form, x, y, point_radius(s, l, r));
        it->fill = scene_row_ink(s, l, r);
        it->tip = scene_tip(s, l, r);
    }
    draw_close(s->d);
}

/* ---- bars ---- */
/* Extent along one axis: a band, or from X to X2. */
static void extent(const struct scene *s, const struct chart_layer *l, int64_t r, bool is_x,
                   double *at, double *size)
{
    if (s->axis[is_x ? 0 : 1]->scale == SCALE_BAND) {
        scene_band(s, l, r, is_x, l->size > 0 ? l->size : 1, at, size);
        return;
    }
    double a = layer_channel(l, is_x ? CH_X : CH_Y)[r];
    double b = layer_channel(l, is_x ? CH_X2 : CH_Y2)[r];
    double pa = is_x ? scene_x(s, a) : scene_y(s, a), pb = is_x ? scene_x(s, b) : scene_y(s, b);
    *at = fmin(pa, pb);
    *size = fabs(pa - pb);
}

/* Neighbouring bins are set apart by a hair, so that bars can be told from each other. */
static void part_bins(const struct scene *s, const struct chart_layer *l, bool is_x, double *at,
                      double *size)
{
    if (s->axis[is_x ? 0 : 1]->scale == SCALE_BAND ||
        layer_channel(l, is_x ? CH_X2 : CH_Y2) == NULL)
        return;
    if (*size > 3) {
        *at += 0.5;
        *size -= 1;
    }
}

static void put_bars(struct scene *s, const struct chart_layer *l)
{
    bool is_binned = !l->is_tight && layer_channel(l, CH_X2) && layer_channel(l, CH_Y2);
    bool is_x = !s->c->axis[0].has_zero; /* the bins lie along the axis that has no base line */
    struct draw_style t = {.fill = scene_layer_ink(l), .fill_clear = 1 - l->alpha};
    if (l->is_outlined) {
        t.stroke = t.fill;
        t.width = 1.2;
    }
    draw_open(s->d, t);
    for (int64_t r = 0; r < l->n; r++) {
        double x, y, w, h;
        if (!scene_has_row(s, l, r)) continue;
        extent(s, l, r, true, &x, &w);
        extent(s, l, r, false, &y, &h);
        if (is_binned) part_bins(s, l, is_x, is_x ? &x : &y, is_x ? &w : &h);
        if (!isfinite(x + y + w + h)) continue;
        struct draw_item *it = draw_rect(s->d, x, y, w, h);
        it->fill = scene_row_ink(s, l, r);
        if (l->is_outlined) it->stroke = it->fill;
        it->tip = scene_tip(s, l, r);
    }
    draw_close(s->d);
}

/* ---- rules and ticks ---- */
static void open_strokes(struct scene *s, const struct chart_layer *l, double width)
{
    draw_open(s->d, (struct draw_style){.fill = "none",
                                        .stroke = scene_layer_ink(l),
                                        .width = width,
                                        .stroke_clear = 1 - l->alpha,
                                        .dash = l->is_dashed ? 6 : 0});
}

/* Ends of a rule along one axis: a place, a stretch, or the whole panel. */
static void rule_ends(const struct scene *s, const struct chart_layer *l, int64_t r, bool is_x,
                      double *from, double *to)
{
    const double *end = layer_channel(l, is_x ? CH_X2 : CH_Y2);
    if (l->ch[is_x ? CH_X : CH_Y] < 0) {
        *from = is_x ? s->px : s->py;
        *to = *from + (is_x ? s->pw : s->ph);
        return;
    }
    *from = *to = scene_center(s, l, r, is_x);
    if (end) *to = is_x ? scene_x(s, end[r]) : scene_y(s, end[r]);
}

static void put_segment(struct scene *s, const struct chart_layer *l, int64_t r, const double v[4])
{
    struct draw_item *it = draw_line(s->d, v[0], v[1], v[2], v[3]);
    it->stroke = scene_row_ink(s, l, r);
    it->tip = scene_tip(s, l, r);
}

static void put_rules(struct scene *s, const struct chart_layer *l)
{
    open_strokes(s, l, l->size > 0 ? l->size : 1.2);
    for (int64_t r = 0; r < l->n; r++) {
        double v[4];
        if (!scene_has_row(s, l, r)) continue;
        rule_ends(s, l, r, true, &v[0], &v[2]);
        rule_ends(s, l, r, false, &v[1], &v[3]);
        if (isfinite(v[0] + v[1] + v[2] + v[3])) put_segment(s, l, r, v);
    }
    draw_close(s->d);
}

/* A line across the band: the median of a box. */
static void put_ticks(struct scene *s, const struct chart_layer *l)
{
    bool is_x = s->axis[0]->scale == SCALE_BAND;
    open_strokes(s, l, 2.4);
    for (int64_t r = 0; r < l->n; r++) {
        double at, size;
        if (!scene_has_row(s, l, r)) continue;
        scene_band(s, l, r, is_x, l->size > 0 ? l->size : 1, &at, &size);
        double v = scene_center(s, l, r, !is_x);
        if (!isfinite(v)) continue;
        const double across[] = {at, v, at + size, v}, down[] = {v, at, v, at + size};
        put_segment(s, l, r, is_x ? across : down);
    }
    draw_close(s->d);
}

/* ---- lines ---- */
static double line_of(const struct chart_layer *l, int64_t r)
{
    const double *series = layer_channel(l, CH_SERIES), *color = layer_channel(l, CH_COLOR);
    return series ? series[r] : color ? color[r] : 0;
}

/* Rows of one line stand together; a null breaks it. A point alone between nulls becomes a dot. */
static void put_path(struct scene *s, const struct chart_layer *l, int64_t from, int64_t to)
{
    bool is_open = false;
    draw_path(s->d)->stroke = scene_row_ink(s, l, from);
    for (int64_t r = from; r < to; r++) {
        double x = scene_center(s, l, r, true), y = scene_center(s, l, r, false);
        if (!isfinite(x) || !isfinite(y)) {
            is_open = false;
            continue;
        }
        if (is_open && l->is_step) draw_to(s->d, x, scene_center(s, l, r - 1, false));
        if (is_open)
            draw_to(s->d, x, y);
        else
            draw_move(s->d, x, y);
        if (!is_open && (r + 1 == to || !isfinite(scene_center(s, l, r + 1, false))))
            draw_to(s->d, x + 0.01, y);
        is_open = true;
    }
}

/* Runs of rows that are one line or area. */
static void each_run(struct scene *s, const struct chart_layer *l,
                     void (*put)(struct scene *, const struct chart_layer *, int64_t, int64_t))
{
    const double *panel = layer_channel(l, CH_PANEL);
    for (int64_t from = 0; from < l->n;) {
        int64_t to = from + 1;
        while (to < l->n && line_of(l, to) == line_of(l, from) &&
               (!panel || panel[to] == panel[from]))
            to++;
        if (scene_has_row(s, l, from)) put(s, l, from, to);
        from = to;
    }
}

static void put_dots(struct scene *s, const struct chart_layer *l)
{
    draw_open(s->d, (struct draw_style){.fill = scene_layer_ink(l)});
    for (int64_t r = 0; r < l->n; r++) {
        if (!scene_has_row(s, l, r)) continue;
        double x = scene_center(s, l, r, true), y = scene_center(s, l, r, false);
        if (!isfinite(x) || !isfinite(y)) continue;
        struct draw_item *it = draw_circle(s->d, x, y, 2.8);
        it->fill = scene_row_ink(s, l, r);
        it->tip = scene_tip(s, l, r);
    }
    draw_close(s->d);
}

static void put_lines(struct scene *s, const struct chart_layer *l)
{
    draw_open(s->d, (struct draw_style){.fill = "none",
                                        .stroke = scene_layer_ink(l),
                                        .width = l->size > 0 ? l->size : 2,
                                        .stroke_clear = 1 - l->alpha,
                                        .dash = l->is_dashed ? 6 : 0,
                                        .is_round = true});
    each_run(s, l, put_path);
    draw_close(s->d);
    if (l->has_dots) put_dots(s, l);
}

/* ---- areas ---- */
struct corner {
    double x, y;
};
/* The two edges of a row: (x, y) and (x, y2), or (x, y) and (x2, y). */
static bool edges(const struct scene *s, const struct chart_layer *l, int64_t r, struct corner e[2])
{
    const double *x2 = layer_channel(l, CH_X2), *y2 = layer_channel(l, CH_Y2);
    e[0] = e[1] = (struct corner){scene_center(s, l, r, true), scene_center(s, l, r, false)};
    if (y2)
        e[1].y = scene_y(s, y2[r]);
    else if (x2)
        e[1].x = scene_x(s, x2[r]);
    return isfinite(e[0].x + e[0].y + e[1].x + e[1].y);
}

/* A step holds the value of the row on the left. */
static void put_corner(struct scene *s, const struct chart_layer *l, struct corner p,
                       const struct corner *before)
{
    if (!before) {
        draw_move(s->d, p.x, p.y);
        return;
    }
    if (l->is_step && p.x > before->x) draw_to(s->d, p.x, before->y);
    if (l->is_step && p.x < before->x) draw_to(s->d, before->x, p.y);
    draw_to(s->d, p.x, p.y);
}

/* Rows [from, to) without nulls: there along one edge, back along the other. */
static void put_stretch(struct scene *s, const struct chart_layer *l, int64_t from, int64_t to)
{
    struct corner e[2], last = {0};
    for (int64_t r = from; r < to; r++) {
        edges(s, l, r, e);
        put_corner(s, l, e[0], r > from ? &last : NULL);
        last = e[0];
    }
    for (int64_t r = to; r-- > from;) {
        edges(s, l, r, e);
        if (r + 1 == to)
            draw_to(s->d, e[1].x, e[1].y);
        else
            put_corner(s, l, e[1], &last);
        last = e[1];
    }
    draw_shut(s->d);
}

static void put_area(struct scene *s, const struct chart_layer *l, int64_t from, int64_t to)
{
    struct corner e[2];
    struct draw_item *it = draw_path(s->d);
    it->fill = scene_row_ink(s, l, from);
    if (l->is_outlined) it->stroke = it->fill;
    for (int64_t r = from; r < to;) {
        int64_t end = r;
        while (end < to && edges(s, l, end, e))
            end++;
        if (end > r) put_stretch(s, l, r, end);
        r = end > r ? end : r + 1;
    }
}

static void put_areas(struct scene *s, const struct chart_layer *l)
{
    struct draw_style t = {.fill = scene_layer_ink(l), .fill_clear = 1 - l->alpha};
    if (l->is_outlined) {
        t.stroke = t.fill;
        t.width = 1.2;
    }
    draw_open(s->d, t);
    each_run(s, l, put_area);
    draw_close(s->d);
}

/* ---- words in the panel ---- */
static void put_words(struct scene *s, const struct chart_layer *l)
{
    static const enum draw_anchor anchors[] = {ANCHOR_MIDDLE, ANCHOR_START, ANCHOR_END};
    const struct chart_column *words = &l->col[l->ch[CH_TEXT]];
    double size = l->size > 0 ? l->size : FONT_LABEL;
    struct draw_style t = {.fill = l->color ? l->color : SCENE_INK,
                           .theme = l->color ? THEME_NONE : THEME_INK,
                           .font = size,
                           .anchor = anchors[l->anchor]};
    draw_open(s->d, t);
    for (int64_t r = 0; r < l->n; r++) {
        double x = scene_center(s, l, r, true), y = scene_center(s, l, r, false);
        if (!scene_has_row(s, l, r) || !isfinite(x + y) || isnan(words->v[r])) continue;
        draw_text(s->d, x + l->dx, y + l->dy + size * 0.35, words->levels->text[(int)words->v[r]]);
    }
    draw_close(s->d);
}

/* ---- slices ---- */
static void put_arcs(struct scene *s, const struct chart_layer *l)
{
    const double *from = layer_channel(l, CH_X), *to = layer_channel(l, CH_X2);
    double cx = s->px + s->pw / 2, cy = s->py + s->ph / 2;
    double r = chart_arc_radius(s->c), hole = r * l->hole;
    draw_open(s->d, (struct draw_style){.stroke = "#fff", .theme = THEME_EDGE});
    for (int64_t i = 0; i < l->n; i++) {
        if (!scene_has_row(s, l, i) || !(to[i] > from[i])) continue;
        struct draw_item *it = draw_path(s->d);
        it->fill = scene_row_ink(s, l, i);
        it->tip = scene_tip(s, l, i);
        draw_arc(s->d, cx, cy, r, from[i], to[i]);
        if (hole > 0)
            draw_arc(s->d, cx, cy, hole, to[i], from[i]);
        else
            draw_to(s->d, cx, cy);
        draw_shut(s->d);
    }
    draw_close(s->d);
}

void scene_marks(struct scene *s)
{
    for (int i = 0; i < s->c->n_layers; i++) {
        const struct chart_layer *l = &s->c->layers[i];
        switch (l->mark) {
        case MARK_POINT: put_points(s, l); break;
        case MARK_LINE: put_lines(s, l); break;
        case MARK_BAR: put_bars(s, l); break;
        case MARK_RULE: put_rules(s, l); break;
        case MARK_TICK: put_ticks(s, l); break;
        case MARK_AREA: put_areas(s, l); break;
        case MARK_TEXT: put_words(s, l); break;
        case MARK_ARC: put_arcs(s, l); break;
        }
    }
}
