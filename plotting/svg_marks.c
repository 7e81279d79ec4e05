/* svg_marks.c: the marks of the layers. Rows keep their order; what a whole layer shares stands
 * once on its group. Tooltips are left out beyond a thousand marks, for the size of the picture. */
#include "plotting/svg_int.h"

#include <math.h>

enum { TIP_ROWS = 1000 };

static bool is_in_panel(const struct svg *s, const struct chart_layer *l, int64_t r)
{
    const double *p = layer_channel(l, CH_PANEL);
    return !p || !s->c->panels.levels || (int)p[r] == s->panel;
}

static double at_x(const struct svg *s, double v)
{
    return s->px + scale_unit(&s->c->axis[0], v) * s->c->layout.plot_w;
}
static double at_y(const struct svg *s, double v)
{
    return s->py + scale_down(&s->c->axis[1], v) * s->c->layout.plot_h;
}

void svg_band(const struct svg *s, const struct chart_layer *l, int64_t row, bool is_x,
              double share, double *at, double *size)
{
    const struct chart_axis *a = &s->c->axis[is_x ? 0 : 1];
    double length = is_x ? s->c->layout.plot_w : s->c->layout.plot_h;
    double step = length / fmax(a->levels->n, 1);
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

/* Centre of a row's mark on an axis. */
static double center(const struct svg *s, const struct chart_layer *l, int64_t r, bool is_x)
{
    if (s->c->axis[is_x ? 0 : 1].scale == SCALE_BAND) {
        double at, size;
        svg_band(s, l, r, is_x, 1, &at, &size);
        return at + size / 2;
    }
    double v = layer_channel(l, is_x ? CH_X : CH_Y)[r];
    return is_x ? at_x(s, v) : at_y(s, v);
}

static const char *row_ink(const struct svg *s, const struct chart_layer *l, int64_t r, char hex[8])
{
    const double *k = layer_channel(l, CH_COLOR);
    if (!k) return NULL;
    if (isnan(k[r])) return INK_REST;
    if (s->c->color.kind == COLOR_LEVELS) return chart_level_ink(s->c, (int)k[r]);
    palette_ramp((k[r] - s->c->color.min) / (s->c->color.max - s->c->color.min), hex);
    return hex;
}
static const char *layer_ink(const struct chart_layer *l)
{
    return l->color ? l->color : palette_ink(0);
}

void svg_tip(struct svg *s, const struct chart_layer *l, int64_t row)
{
    if (l->is_quiet || l->n > TIP_ROWS) return;
    struct strbuf b = {0};
    for (int i = 0; i < l->n_cols; i++) {
        const struct chart_column *c = &l->col[i];
        if (!c->title) continue;
        if (b.n) strbuf_addc(&b, '\n');
        strbuf_printf(&b, "%s: ", c->title);
        chart_value_label(&b, c, c->v[row]);
    }
    if (b.n) {
        strbuf_addz(s->out, "<title>");
        strbuf_add_html(s->out, strbuf_view(&b));
        strbuf_addz(s->out, "</title>");
    }
    strbuf_release(&b);
}

/* Ends an element that may carry a tooltip. */
static void end_mark(struct svg *s, const struct chart_layer *l, int64_t row, const char *name)
{
    size_t before = s->out->n;
    strbuf_addc(s->out, '>');
    size_t open = s->out->n;
    svg_tip(s, l, row);
    if (s->out->n == open) {
        s->out->n = before;
        strbuf_addz(s->out, "/>");
    } else {
        strbuf_printf(s->out, "</%s>", name);
    }
}

static void put_ink(struct svg *s, const char *attribute, const char *ink)
{
    if (ink) strbuf_printf(s->out, " %s=\"%s\"", attribute, ink);
}

/* ---- points ---- */
const char *svg_shape_name(int level)
{
    static const char *const names[] = {"circle",  "square",        "triangle-up",
                                        "diamond", "triangle-down", "cross"};
    return names[((level % 6) + 6) % 6];
}

static const char *poly(struct svg *s, double x, double y, double r, const double *v, int n)
{
    strbuf_addz(s->out, "<path d=\"");
    for (int i = 0; i < n; i++) {
        strbuf_addc(s->out, i ? 'L' : 'M');
        svg_num(s->out, x + v[2 * i] * r);
        strbuf_addc(s->out, ' ');
        svg_num(s->out, y + v[2 * i + 1] * r);
    }
    strbuf_addz(s->out, "Z\"");
    return "path";
}

const char *svg_symbol(struct svg *s, const char *shape, double x, double y, double r)
{
    static const double square[] = {-.89, -.89, .89, -.89, .89, .89, -.89, .89};
    static const double up[] = {0, -1.2, 1.1, .8, -1.1, .8};
    static const double down[] = {0, 1.2, 1.1, -.8, -1.1, -.8};
    static const double diamond[] = {0, -1.3, 1.1, 0, 0, 1.3, -1.1, 0};
    static const double cross[] = {-.4, -1.2, .4,  -1.2, .4,  -.4, 1.2,  -.4, 1.2,  .4,  .4,  .4,
                                   .4,  1.2,  -.4, 1.2,  -.4, .4,  -1.2, .4,  -1.2, -.4, -.4, -.4};
    if (!strcmp(shape, "square")) return poly(s, x, y, r, square, 4);
    if (!strcmp(shape, "triangle-up")) return poly(s, x, y, r, up, 3);
    if (!strcmp(shape, "triangle-down")) return poly(s, x, y, r, down, 3);
    if (!strcmp(shape, "diamond")) return poly(s, x, y, r, diamond, 4);
    if (!strcmp(shape, "cross")) return poly(s, x, y, r, cross, 12);
    strbuf_addz(s->out, "<circle");
    svg_attr(s, "cx", x);
    svg_attr(s, "cy", y);
    svg_attr(s, "r", r);
    return "circle";
}

static double point_radius(const struct svg *s, const struct chart_layer *l, int64_t r)
{
    const double *size = layer_channel(l, CH_SIZE);
    if (size) return scale_radius(&s->c->size, size[r]);
    return l->size > 0 ? l->size : 3;
}

static void put_points(struct svg *s, const struct chart_layer *l)
{
    const double *shape = layer_channel(l, CH_SHAPE);
    strbuf_printf(s->out, "<g fill=\"%s\"", layer_ink(l));
    if (l->alpha < 1) svg_attr(s, "fill-opacity", l->alpha);
    if (l->has_edge)
        strbuf_printf(s->out, " stroke=\"#fff\" stroke-width=\".5\" class=\"%se\"", s->c->id);
    strbuf_addz(s->out, ">\n");
    for (int64_t r = 0; r < l->n; r++) {
        char hex[8];
        if (!is_in_panel(s, l, r)) continue;
        double x = center(s, l, r, true), y = center(s, l, r, false);
        if (!isfinite(x) || !isfinite(y)) continue;
        const char *form = shape ? svg_shape_name((int)shape[r]) : l->shape ? l->shape : "circle";
        const char *element = svg_symbol(s, form, x, y, point_radius(s, l, r));
        put_ink(s, "fill", row_ink(s, l, r, hex));
        end_mark(s, l, r, element);
        strbuf_addc(s->out, '\n');
    }
    strbuf_addz(s->out, "</g>\n");
}

/* ---- bars ---- */
/* Extent along one axis: a band, or from X to X2. */
static void extent(const struct svg *s, const struct chart_layer *l, int64_t r, bool is_x,
                   double *at, double *size)
{
    if (s->c->axis[is_x ? 0 : 1].scale == SCALE_BAND) {
        svg_band(s, l, r, is_x, l->size > 0 ? l->size : 1, at, size);
        return;
    }
    double a = layer_channel(l, is_x ? CH_X : CH_Y)[r];
    double b = layer_channel(l, is_x ? CH_X2 : CH_Y2)[r];
    double pa = is_x ? at_x(s, a) : at_y(s, a), pb = is_x ? at_x(s, b) : at_y(s, b);
    *at = fmin(pa, pb);
    *size = fabs(pa - pb);
}

/* Neighbouring bins are set apart by a hair, so that bars can be told from each other. */
static void part_bins(const struct svg *s, const struct chart_layer *l, bool is_x, double *at,
                      double *size)
{
    if (s->c->axis[is_x ? 0 : 1].scale == SCALE_BAND ||
        layer_channel(l, is_x ? CH_X2 : CH_Y2) == NULL)
        return;
    if (*size > 3) {
        *at += 0.5;
        *size -= 1;
    }
}

static void put_bars(struct svg *s, const struct chart_layer *l, bool is_binned)
{
    const char *ink = layer_ink(l);
    strbuf_printf(s->out, "<g fill=\"%s\"", ink);
    if (l->alpha < 1) svg_attr(s, "fill-opacity", l->alpha);
    if (l->is_outlined) strbuf_printf(s->out, " stroke=\"%s\" stroke-width=\"1.2\"", ink);
    strbuf_addz(s->out, ">\n");
    for (int64_t r = 0; r < l->n; r++) {
        double x, y, w, h;
        char hex[8];
        if (!is_in_panel(s, l, r)) continue;
        extent(s, l, r, true, &x, &w);
        extent(s, l, r, false, &y, &h);
        if (is_binned) part_bins(s, l, s->c->axis[0].scale != SCALE_BAND, &x, &w);
        if (!isfinite(x + y + w + h)) continue;
        strbuf_addz(s->out, "<rect");
        svg_attr(s, "x", x);
        svg_attr(s, "y", y);
        svg_attr(s, "width", w);
        svg_attr(s, "height", h);
        const char *own = row_ink(s, l, r, hex);
        put_ink(s, "fill", own);
        if (l->is_outlined) put_ink(s, "stroke", own);
        end_mark(s, l, r, "rect");
        strbuf_addc(s->out, '\n');
    }
    strbuf_addz(s->out, "</g>\n");
}

/* ---- rules and ticks ---- */
static void put_segment(struct svg *s, double x1, double y1, double x2, double y2)
{
    strbuf_addz(s->out, "<line");
    svg_attr(s, "x1", x1);
    svg_attr(s, "y1", y1);
    svg_attr(s, "x2", x2);
    svg_attr(s, "y2", y2);
}

static void open_strokes(struct svg *s, const struct chart_layer *l, double width)
{
    strbuf_printf(s->out, "<g fill=\"none\" stroke=\"%s\"", layer_ink(l));
    svg_attr(s, "stroke-width", width);
    if (l->alpha < 1) svg_attr(s, "stroke-opacity", l->alpha);
    if (l->is_dashed) strbuf_addz(s->out, " stroke-dasharray=\"5 4\"");
    strbuf_addz(s->out, ">\n");
}

/* Ends of a rule along one axis: a place, a stretch, or the whole panel. */
static void rule_ends(const struct svg *s, const struct chart_layer *l, int64_t r, bool is_x,
                      double *from, double *to)
{
    const double *end = layer_channel(l, is_x ? CH_X2 : CH_Y2);
    if (l->ch[is_x ? CH_X : CH_Y] < 0) {
        *from = is_x ? s->px : s->py;
        *to = *from + (is_x ? s->c->layout.plot_w : s->c->layout.plot_h);
        return;
    }
    *from = *to = center(s, l, r, is_x);
    if (end) *to = is_x ? at_x(s, end[r]) : at_y(s, end[r]);
}

static void put_rules(struct svg *s, const struct chart_layer *l)
{
    open_strokes(s, l, l->size > 0 ? l->size : 1.2);
    for (int64_t r = 0; r < l->n; r++) {
        char hex[8];
        double x, y, xe, ye;
        if (!is_in_panel(s, l, r)) continue;
        rule_ends(s, l, r, true, &x, &xe);
        rule_ends(s, l, r, false, &y, &ye);
        if (!isfinite(x + y + xe + ye)) continue;
        put_segment(s, x, y, xe, ye);
        put_ink(s, "stroke", row_ink(s, l, r, hex));
        end_mark(s, l, r, "line");
        strbuf_addc(s->out, '\n');
    }
    strbuf_addz(s->out, "</g>\n");
}

/* A line across the band: the median of a box. */
static void put_ticks(struct svg *s, const struct chart_layer *l)
{
    bool is_x = s->c->axis[0].scale == SCALE_BAND;
    open_strokes(s, l, 2.4);
    for (int64_t r = 0; r < l->n; r++) {
        double at, size;
        char hex[8];
        if (!is_in_panel(s, l, r)) continue;
        svg_band(s, l, r, is_x, l->size > 0 ? l->size : 1, &at, &size);
        double v = center(s, l, r, !is_x);
        if (!isfinite(v)) continue;
        if (is_x)
            put_segment(s, at, v, at + size, v);
        else
            put_segment(s, v, at, v, at + size);
        put_ink(s, "stroke", row_ink(s, l, r, hex));
        end_mark(s, l, r, "line");
        strbuf_addc(s->out, '\n');
    }
    strbuf_addz(s->out, "</g>\n");
}

/* ---- lines ---- */
static double line_of(const struct chart_layer *l, int64_t r)
{
    const double *series = layer_channel(l, CH_SERIES), *color = layer_channel(l, CH_COLOR);
    return series ? series[r] : color ? color[r] : 0;
}

/* Rows of one line stand together; a null breaks it. A point alone between nulls becomes a dot. */
static void put_path(struct svg *s, const struct chart_layer *l, int64_t from, int64_t to)
{
    char hex[8];
    bool is_open = false;
    strbuf_addz(s->out, "<path d=\"");
    for (int64_t r = from; r < to; r++) {
        double x = center(s, l, r, true), y = center(s, l, r, false);
        if (!isfinite(x) || !isfinite(y)) {
            is_open = false;
            continue;
        }
        strbuf_addc(s->out, is_open ? 'L' : 'M');
        svg_num(s->out, x);
        strbuf_addc(s->out, ' ');
        svg_num(s->out, y);
        if (!is_open && (r + 1 == to || !isfinite(center(s, l, r + 1, false))))
            strbuf_addz(s->out, "h.01");
        is_open = true;
    }
    strbuf_addc(s->out, '"');
    put_ink(s, "stroke", row_ink(s, l, from, hex));
    strbuf_addz(s->out, "/>\n");
}

static void put_dots(struct svg *s, const struct chart_layer *l)
{
    strbuf_printf(s->out, "<g fill=\"%s\">\n", layer_ink(l));
    for (int64_t r = 0; r < l->n; r++) {
        char hex[8];
        if (!is_in_panel(s, l, r)) continue;
        double x = center(s, l, r, true), y = center(s, l, r, false);
        if (!isfinite(x) || !isfinite(y)) continue;
        svg_symbol(s, "circle", x, y, 2.8);
        put_ink(s, "fill", row_ink(s, l, r, hex));
        end_mark(s, l, r, "circle");
        strbuf_addc(s->out, '\n');
    }
    strbuf_addz(s->out, "</g>\n");
}

static void put_lines(struct svg *s, const struct chart_layer *l)
{
    strbuf_printf(s->out,
                  "<g fill=\"none\" stroke=\"%s\" stroke-linejoin=\"round\" "
                  "stroke-linecap=\"round\"",
                  layer_ink(l));
    svg_attr(s, "stroke-width", l->size > 0 ? l->size : 2);
    if (l->alpha < 1) svg_attr(s, "stroke-opacity", l->alpha);
    if (l->is_dashed) strbuf_addz(s->out, " stroke-dasharray=\"6 4\"");
    strbuf_addz(s->out, ">\n");
    for (int64_t from = 0; from < l->n;) {
        int64_t to = from + 1;
        const double *panel = layer_channel(l, CH_PANEL);
        while (to < l->n && line_of(l, to) == line_of(l, from) &&
               (!panel || panel[to] == panel[from]))
            to++;
        if (is_in_panel(s, l, from)) put_path(s, l, from, to);
        from = to;
    }
    strbuf_addz(s->out, "</g>\n");
    if (l->has_dots) put_dots(s, l);
}

void svg_marks(struct svg *s)
{
    for (int i = 0; i < s->c->n_layers; i++) {
        const struct chart_layer *l = &s->c->layers[i];
        switch (l->mark) {
        case MARK_POINT: put_points(s, l); break;
        case MARK_LINE: put_lines(s, l); break;
        case MARK_BAR: put_bars(s, l, layer_channel(l, CH_X2) && layer_channel(l, CH_Y2)); break;
        case MARK_RULE: put_rules(s, l); break;
        case MARK_TICK: put_ticks(s, l); break;
        }
    }
}
