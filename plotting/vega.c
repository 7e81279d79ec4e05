/* vega.c: a chart as Vega-Lite 5 (schema 5.6.1, the one JupyterLab draws). Rows are inline under
 * neutral field names (c0, c1 ..; titles carry the real ones), domains and ticks are ours, so the
 * live chart says what the SVG says until the reader zooms. Colours of ink and page are left to
 * the viewer's theme. */
#include "plotting/vega_int.h"

#include <math.h>

#define FONTS "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

static const struct chart_layer *main_layer(const struct chart *c)
{
    for (int i = 0; i < c->n_layers; i++)
        if (!c->layers[i].is_quiet) return &c->layers[i];
    return c->layers;
}

/* ---- data ---- */
static json_t *number_of(double v, double range, int digits)
{
    if (!isfinite(v)) return json_null();
    if (v != 0 && range > 0) { /* positions far from zero keep their place within the range */
        double more = floor(log10(fabs(v))) - floor(log10(range));
        if (more > 0) digits += (int)fmin(more, 9);
    }
    double r = chart_round_digits(v, digits);
    if (r == floor(r) && fabs(r) < 9e15) return json_integer((json_int_t)r);
    return json_real(r);
}

json_t *vega_number(double v, double range)
{
    return number_of(v, range, 6);
}

/* Statistics are few and written so that they can be checked; points are many. */
static json_t *cell(const struct chart_column *c, double v, double range, int64_t rows)
{
    enum { STATISTICS = 1000 };
    if (isnan(v)) return json_null();
    if (c->kind == VALUE_LEVEL) return json_string(c->levels->text[(int)v]);
    if (c->kind == VALUE_DATE || c->kind == VALUE_TIME)
        return json_integer((json_int_t)floor(v + 0.5));
    return number_of(v, range, c->kind == VALUE_COUNT ? 15 : rows <= STATISTICS ? 9 : 7);
}

static double column_range(const struct chart_column *c, int64_t n)
{
    double lo = INFINITY, hi = -INFINITY;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(c->v[i])) {
            lo = fmin(lo, c->v[i]);
            hi = fmax(hi, c->v[i]);
        }
    return hi > lo ? hi - lo : 0;
}

static void tag_row(json_t *row, const struct chart_layer *l, int64_t r, int tag)
{
    const struct chart_column *panel = &l->col[l->ch[CH_PANEL]];
    json_object_set_new(row, "k", json_integer(tag));
    json_object_set_new(row, "p", cell(panel, panel->v[r], 0, l->n));
}

void vega_rows(json_t *rows, const struct chart_layer *l, int tag)
{
    double range[LAYER_COLUMNS] = {0};
    char name[LAYER_COLUMNS][16];
    for (int k = 0; k < l->n_cols; k++) {
        if (l->col[k].kind != VALUE_LEVEL) range[k] = column_range(&l->col[k], l->n);
        snprintf(name[k], sizeof name[k], "c%d", k);
    }
    for (int64_t r = 0; r < l->n; r++) {
        json_t *row = json_object();
        for (int k = 0; k < l->n_cols; k++)
            json_object_set_new(row, name[k], cell(&l->col[k], l->col[k].v[r], range[k], l->n));
        if (l->is_path) json_object_set_new(row, "i", json_integer((json_int_t)r));
        if (tag >= 0) tag_row(row, l, r, tag);
        json_array_append_new(rows, row);
    }
}

static json_t *layer_data(const struct chart_layer *l)
{
    json_t *rows = json_array();
    vega_rows(rows, l, -1);
    return json_pack("{s:o}", "values", rows);
}

/* ---- marks ---- */
static const char *mark_type(const struct chart_layer *l)
{
    switch (l->mark) {
    case MARK_POINT: return "point";
    case MARK_LINE: return "line";
    case MARK_BAR: return l->ch[CH_X2] >= 0 && l->ch[CH_Y2] >= 0 ? "rect" : "bar";
    case MARK_RULE: return "rule";
    case MARK_AREA: return "area";
    case MARK_TEXT: return "text";
    case MARK_ARC: return "arc";
    case MARK_TICK: break;
    }
    return "tick";
}

/* A pointed-top hexagon as a path of Vega, whose symbols reach from -1 to 1. */
static const char *shape_path(const char *shape)
{
    if (!strcmp(shape, "tick")) return "M-.1,-1L.1,-1L.1,1L-.1,1Z";
    if (!strcmp(shape, "dash")) return "M-1,-.1L1,-.1L1,.1L-1,.1Z";
    if (strcmp(shape, "hexagon") != 0) return shape;
    return "M0,-1L0.866,-0.5L0.866,0.5L0,1L-0.866,0.5L-0.866,-0.5Z";
}

static void mark_point(json_t *m, const struct chart_layer *l)
{
    double r = l->size > 0 ? l->size : 3;
    json_object_set_new(m, "filled", json_true());
    if (l->ch[CH_SIZE] < 0) json_object_set_new(m, "size", vega_number(4 * r * r, 0));
    if (l->ch[CH_SHAPE] < 0)
        json_object_set_new(m, "shape", json_string(shape_path(l->shape ? l->shape : "circle")));
    if (l->has_edge) {
        json_object_set_new(m, "stroke", json_string("white"));
        json_object_set_new(m, "strokeWidth", json_real(0.5));
    }
}

static void mark_line(json_t *m, const struct chart_layer *l)
{
    json_object_set_new(m, "strokeWidth", vega_number(l->size > 0 ? l->size : 2, 0));
    json_object_set_new(m, "strokeJoin", json_string("round"));
    json_object_set_new(m, "strokeCap", json_string("round"));
    if (l->is_step) json_object_set_new(m, "interpolate", json_string("step-after"));
    if (!l->has_dots) return;
    json_t *dot = json_pack("{s:i,s:b}", "size", 32, "filled", 1);
    if (l->ch[CH_COLOR] < 0)
        json_object_set_new(dot, "color",
                            json_string(palette_middle_ink(l->color ? l->color : palette_ink(0))));
    json_object_set_new(m, "point", dot);
}

static void mark_bar(json_t *m, const struct chart *c, const struct chart_layer *l)
{
    bool is_binned = l->ch[CH_X2] >= 0 && l->ch[CH_Y2] >= 0;
    if (is_binned && !l->is_tight) {
        bool is_x = !c->axis[0].has_zero;
        json_object_set_new(m, is_x ? "xOffset" : "yOffset", json_real(0.5));
        json_object_set_new(m, is_x ? "x2Offset" : "y2Offset", json_real(-0.5));
    } else if (!is_binned && l->size > 0 && l->size < 1) {
        json_object_set_new(m, c->axis[0].scale == SCALE_BAND ? "width" : "height",
                            json_pack("{s:o}", "band", vega_number(l->size, 0)));
    }
    if (l->is_outlined) {
        json_object_set_new(m, "strokeWidth", json_real(1.2));
        json_object_set_new(m, "fillOpacity", vega_number(l->alpha, 0));
    }
}

static void mark_area(json_t *m, const struct chart_layer *l)
{
    if (l->ch[CH_Y2] < 0) json_object_set_new(m, "orient", json_string("horizontal"));
    if (l->is_step) json_object_set_new(m, "interpolate", json_string("step-after"));
    if (!l->is_outlined) return;
    json_object_set_new(m, "fillOpacity", vega_number(l->alpha, 0));
    json_object_set_new(m, "strokeWidth", json_real(1.2));
}

static void mark_text(json_t *m, const struct chart_layer *l)
{
    static const char *const aligns[] = {"center", "left", "right"};
    json_object_set_new(m, "align", json_string(aligns[l->anchor]));
    json_object_set_new(m, "baseline", json_string("middle"));
    json_object_set_new(m, "fontSize", vega_number(l->size > 0 ? l->size : FONT_LABEL, 0));
    if (l->dx != 0) json_object_set_new(m, "dx", vega_number(l->dx, 0));
    if (l->dy != 0) json_object_set_new(m, "dy", vega_number(l->dy, 0));
    if (l->ch[CH_COLOR] >= 0 || l->color) return;
    /* The ink of the page's theme, as ticks have it. Vega-Lite makes text black, also on dark
     * pages, unless that black is the colour of a stroke that is not drawn. */
    json_object_set_new(m, "style", json_string("guide-label"));
    json_object_set_new(m, "filled", json_false());
    json_object_set_new(m, "strokeWidth", json_integer(0));
}

static void mark_arc(json_t *m, const struct chart *c, const struct chart_layer *l)
{
    double r = chart_arc_radius(c);
    json_object_set_new(m, "outerRadius", vega_number(r, 0));
    json_object_set_new(m, "innerRadius", vega_number(r * l->hole, 0));
    json_object_set_new(m, "stroke", json_string("white"));
    json_object_set_new(m, "strokeWidth", json_integer(1));
}

/* Pixels of a median line: Vega's tick takes no share of the band. */
static double tick_pixels(const struct chart *c, const struct chart_layer *l)
{
    bool is_x = c->axis[0].scale == SCALE_BAND;
    const struct chart_axis *a = &c->axis[is_x ? 0 : 1];
    double room =
        (is_x ? c->layout.plot_w : c->layout.plot_h) / fmax(a->levels->n, 1) * (1 - BAND_PADDING);
    if (l->ch[CH_OFFSET] >= 0) room = room / fmax(l->col[l->ch[CH_OFFSET]].levels->n, 1) * 0.9;
    return room * (l->size > 0 ? l->size : 1);
}

static json_t *mark_of(const struct chart *c, const struct chart_layer *l)
{
    json_t *m = json_pack("{s:s}", "type", mark_type(l));
    const char *ink = palette_middle_ink(l->color ? l->color : palette_ink(0));
    if (l->mark == MARK_POINT) mark_point(m, l);
    if (l->mark == MARK_LINE) mark_line(m, l);
    if (l->mark == MARK_BAR) mark_bar(m, c, l);
    if (l->mark == MARK_AREA) mark_area(m, l);
    if (l->mark == MARK_TEXT) mark_text(m, l);
    if (l->mark == MARK_ARC) mark_arc(m, c, l);
    if (l->mark == MARK_RULE)
        json_object_set_new(m, "strokeWidth", vega_number(l->size > 0 ? l->size : 1.2, 0));
    if (l->mark == MARK_TICK) {
        json_object_set_new(m, "size", vega_number(tick_pixels(c, l), 0));
        json_object_set_new(m, "thickness", json_real(2.4));
        json_object_set_new(
            m, "orient", json_string(c->axis[0].scale == SCALE_BAND ? "horizontal" : "vertical"));
    }
    if (l->ch[CH_COLOR] < 0 && (l->mark != MARK_TEXT || l->color)) {
        json_object_set_new(m, "color", json_string(ink));
        if (l->is_outlined) json_object_set_new(m, "stroke", json_string(ink));
    }
    if (l->mark == MARK_POINT && l->alpha >= 1) /* Vega-Lite's own is 0.7 */
        json_object_set_new(m, "opacity", json_integer(1));
    if (l->alpha < 1 && !l->is_outlined)
        json_object_set_new(m, "opacity", vega_number(l->alpha, 0));
    if (l->is_dashed) json_object_set_new(m, "strokeDash", json_pack("[i,i]", 6, 4));
    if (c->can_zoom || c->axis[0].is_cut || c->axis[1].is_cut)
        json_object_set_new(m, "clip", json_true());
    if (l->is_quiet) json_object_set_new(m, "tooltip", json_null());
    return m;
}

/* ---- channels of marks ---- */
json_t *vega_field(int k, const char *type)
{
    char name[16];
    snprintf(name, sizeof name, "c%d", k);
    return json_pack("{s:s,s:s}", "field", name, "type", type);
}

json_t *vega_levels(const struct chart_levels *l)
{
    json_t *a = json_array();
    for (int i = 0; i < l->n; i++)
        json_array_append_new(a, json_string(l->text[i]));
    return a;
}

const char *vega_name(const struct chart *c, const char *name, char buf[24])
{
    if (c->view)
        snprintf(buf, 24, "%s%d", name, c->view);
    else
        snprintf(buf, 24, "%s", name);
    return buf;
}

static json_t *title_or_null(const char *title)
{
    return title ? json_string(title) : json_null();
}

static json_t *color_levels(const struct chart *c, json_t *f)
{
    json_t *range = json_array();
    for (int i = 0; i < c->color.levels->n; i++)
        json_array_append_new(range, json_string(palette_middle_ink(chart_level_ink(c, i))));
    json_object_set_new(f, "sort", json_null());
    json_object_set_new(
        f, "scale", json_pack("{s:o,s:o}", "domain", vega_levels(c->color.levels), "range", range));
    if (c->n_ends) {
        json_object_set_new(f, "legend", json_null());
        return f;
    }
    enum chart_mark mark = main_layer(c)->mark;
    const char *symbol = mark == MARK_LINE ? "stroke" : mark == MARK_POINT ? "circle" : "square";
    json_object_set_new(f, "legend",
                        json_pack("{s:o,s:s,s:i,s:f,s:i}", "title", title_or_null(c->color.title),
                                  "symbolType", symbol, "labelLimit", 180, "symbolOpacity", 1.0,
                                  "titleLimit", 180));
    return f;
}

static json_t *color_ramp(const struct chart *c, json_t *f)
{
    const struct chart_color *k = &c->color;
    json_t *values = json_array();
    for (int i = 0; i < k->n_ticks; i++)
        json_array_append_new(values, vega_number(k->ticks[i].value, k->max - k->min));
    json_object_set_new(f, "scale",
                        json_pack("{s:s,s:[o,o]}", "scheme", palette_name(k->scheme), "domain",
                                  vega_number(k->min, k->max - k->min),
                                  vega_number(k->max, k->max - k->min)));
    if (k->is_log) json_object_set_new(json_object_get(f, "scale"), "type", json_string("log"));
    json_t *legend = json_pack("{s:o,s:o,s:i,s:f}", "title", title_or_null(k->title), "values",
                               values, "gradientLength", LEGEND_RAMP, "gradientOpacity", 1.0);
    if (k->format.style == TICK_TIME)
        json_object_set_new(legend, "labelExpr", json_string("utcFormat(datum.value, '%Y-%m-%d')"));
    else {
        struct arena *a = arena_new();
        json_object_set_new(legend, "format", json_string(chart_format_d3(a, k->format)));
        arena_free(a);
    }
    json_object_set_new(f, "legend", legend);
    return f;
}

static void put_color(json_t *e, const struct chart *c, const struct chart_layer *l)
{
    int k = l->ch[CH_COLOR];
    if (k < 0) return;
    if (c->color.kind == COLOR_RAMP) {
        json_object_set_new(e, "color", color_ramp(c, vega_field(k, "quantitative")));
        return;
    }
    json_object_set_new(e, "color", color_levels(c, vega_field(k, "nominal")));
    if (!l->is_outlined) return;
    json_t *stroke = color_levels(c, vega_field(k, "nominal"));
    json_object_set_new(stroke, "legend", json_null());
    json_object_set_new(e, "stroke", stroke);
}

static void put_size(json_t *e, const struct chart *c, const struct chart_layer *l)
{
    if (l->ch[CH_SIZE] < 0) return;
    json_t *f = vega_field(l->ch[CH_SIZE], "quantitative"), *values = json_array();
    for (int i = 0; i < c->size.n_ticks; i++)
        json_array_append_new(values, vega_number(c->size.ticks[i].value, 0));
    double low = scale_radius(&c->size, 0), high = scale_radius(&c->size, c->size.max);
    json_object_set_new(f, "scale",
                        json_pack("{s:[i,o],s:[o,o]}", "domain", 0, vega_number(c->size.max, 0),
                                  "range", vega_number(4 * low * low, 0),
                                  vega_number(4 * high * high, 0)));
    json_object_set_new(
        f, "legend",
        json_pack("{s:o,s:o}", "title", title_or_null(c->size.title), "values", values));
    json_object_set_new(e, "size", f);
}

static void put_shape(json_t *e, const struct chart *c, const struct chart_layer *l)
{
    if (l->ch[CH_SHAPE] < 0) return;
    json_t *f = vega_field(l->ch[CH_SHAPE], "nominal"), *range = json_array();
    for (int i = 0; i < c->shapes.levels->n; i++)
        json_array_append_new(range, json_string(scene_shape_name(i)));
    json_object_set_new(
        f, "scale",
        json_pack("{s:o,s:o}", "domain", vega_levels(c->shapes.levels), "range", range));
    json_object_set_new(f, "title", title_or_null(c->shapes.title));
    json_object_set_new(e, "shape", f);
}

static void put_offset(json_t *e, const struct chart *c, const struct chart_layer *l)
{
    int k = l->ch[CH_OFFSET];
    if (k < 0) return;
    json_t *f = vega_field(k, "nominal");
    json_object_set_new(f, "sort", json_null());
    json_object_set_new(f, "scale",
                        json_pack("{s:o,s:f,s:f}", "domain", vega_levels(l->col[k].levels),
                                  "paddingInner", 0.1, "paddingOuter", 0.05));
    json_object_set_new(e, c->axis[0].scale == SCALE_BAND ? "xOffset" : "yOffset", f);
}

/* Vega-Lite 5 writes tooltip titles into an expression without escaping quotes and backslashes. */
static json_t *tip_title(const char *title)
{
    struct strbuf b = {0};
    for (; *title; title++) {
        if (*title == '"')
            strbuf_addz(&b, "”");
        else if (*title == '\\')
            strbuf_addz(&b, "∖");
        else
            strbuf_addc(&b, *title < ' ' && *title >= 0 ? ' ' : *title);
    }
    json_t *out = json_string(b.p ? b.p : "");
    strbuf_release(&b);
    return out;
}

static json_t *tooltips(const struct chart_layer *l)
{
    json_t *list = json_array();
    for (int k = 0; k < l->n_cols; k++) {
        const struct chart_column *c = &l->col[k];
        if (!c->title) continue;
        bool is_time = c->kind == VALUE_DATE || c->kind == VALUE_TIME;
        json_t *f = vega_field(k, c->kind == VALUE_LEVEL ? "nominal" : "quantitative");
        json_object_set_new(f, "title", tip_title(c->title));
        if (is_time) { /* the format of a temporal tooltip is local time unless the unit says utc */
            json_object_set_new(f, "type", json_string("temporal"));
            json_object_set_new(f, "timeUnit",
                                json_string(c->kind == VALUE_DATE ? "utcyearmonthdate"
                                                                  : "utcyearmonthdatehoursminutes"
                                                                    "seconds"));
            json_object_set_new(
                f, "format", json_string(c->kind == VALUE_DATE ? "%Y-%m-%d" : "%Y-%m-%d %H:%M:%S"));
        } else if (c->kind != VALUE_LEVEL) {
            json_object_set_new(f, "format",
                                json_string(c->kind == VALUE_COUNT   ? ",d"
                                            : c->kind == VALUE_SHARE ? ".1%"
                                                                     : ",.6~g"));
        }
        json_array_append_new(list, f);
    }
    return list;
}

static void put_pick(json_t *e, const struct chart *c, const struct chart_layer *l)
{
    char pick[24];
    if (l->ch[CH_COLOR] < 0 || l->is_quiet) return;
    json_object_set_new(e, "opacity",
                        json_pack("{s:{s:s,s:o},s:f}", "condition", "param",
                                  vega_name(c, "pick", pick), "value",
                                  vega_number(l->is_outlined ? 1 : l->alpha, 0), "value", 0.08));
}

/* Angles in radians, as they are. */
static void put_turns(json_t *e, const struct chart_layer *l)
{
    char name[16];
    json_t *f = vega_field(l->ch[CH_X], "quantitative");
    json_object_set_new(f, "scale", json_null());
    json_object_set_new(f, "stack", json_null());
    json_object_set_new(e, "theta", f);
    snprintf(name, sizeof name, "c%d", l->ch[CH_X2]);
    json_object_set_new(e, "theta2", json_pack("{s:s}", "field", name));
}

static json_t *encoding(const struct chart *c, const struct chart_layer *l, bool is_first,
                        bool has_pick)
{
    json_t *e = json_object();
    if (l->mark == MARK_ARC) {
        put_turns(e, l);
    } else {
        vega_position(e, c, l, true, is_first);
        vega_position(e, c, l, false, is_first);
    }
    if (l->is_path)
        json_object_set_new(e, "order",
                            json_pack("{s:s,s:s}", "field", "i", "type", "quantitative"));
    if (l->ch[CH_TEXT] >= 0) json_object_set_new(e, "text", vega_field(l->ch[CH_TEXT], "nominal"));
    put_color(e, c, l);
    put_size(e, c, l);
    put_shape(e, c, l);
    put_offset(e, c, l);
    if (l->ch[CH_SERIES] >= 0)
        json_object_set_new(e, "detail", vega_field(l->ch[CH_SERIES], "nominal"));
    if (has_pick) put_pick(e, c, l);
    if (!l->is_quiet) json_object_set_new(e, "tooltip", tooltips(l));
    return e;
}

/* ---- interaction ---- */
static json_t *params_of(const struct chart *c, const struct chart_layer *l, bool has_pick)
{
    json_t *list = json_array();
    char name[24];
    if (c->can_zoom)
        json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "name", vega_name(c, "zoom", name),
                                              "select", "interval", "bind", "scales"));
    if (has_pick) {
        char field[16];
        snprintf(field, sizeof field, "c%d", l->ch[CH_COLOR]);
        json_array_append_new(list, json_pack("{s:s,s:{s:s,s:[s]},s:s}", "name",
                                              vega_name(c, "pick", name), "select", "type", "point",
                                              "fields", field, "bind", "legend"));
    }
    return list;
}

/* A thin vertical line on the nearest x, with the values of that row. */
static json_t *ruler(const struct chart *c, const struct chart_layer *l)
{
    char field[16], hover[24];
    snprintf(field, sizeof field, "c%d", l->ch[CH_X]);
    vega_name(c, "hover", hover);
    json_t *e = json_object();
    vega_position(e, c, l, true, false);
    json_object_set_new(e, "opacity",
                        json_pack("{s:{s:s,s:b,s:f},s:i}", "condition", "param", hover, "empty", 0,
                                  "value", 0.4, "value", 0));
    json_object_set_new(e, "tooltip", tooltips(l));
    json_t *select = json_pack("{s:s,s:[s],s:b,s:s,s:s}", "type", "point", "fields", field,
                               "nearest", 1, "on", "mouseover", "clear", "mouseout");
    return json_pack("{s:{s:s,s:f,s:s},s:[{s:s,s:o}],s:o}", "mark", "type", "rule", "strokeWidth",
                     1.0, "color", "#888888", "params", "name", hover, "select", select, "encoding",
                     e);
}

/* Names are not cut at the panel's edge, so they vanish with ends that were zoomed out of it. */
static json_t *name_opacity(const struct chart *c, const struct chart_layer *l)
{
    char zoom[24], pick[24], away[160];
    json_t *list = json_array();
    vega_name(c, "zoom", zoom);
    for (int k = 0; k < 2 && c->can_zoom; k++) {
        int at = l->ch[k == 0 ? CH_X : CH_Y];
        snprintf(away, sizeof away, "%s.c%d && !inrange(datum.c%d, %s.c%d)", zoom, at, at, zoom,
                 at);
        json_array_append_new(list, json_pack("{s:s,s:i}", "test", away, "value", 0));
    }
    json_array_append_new(list,
                          json_pack("{s:s,s:i}", "param", vega_name(c, "pick", pick), "value", 1));
    return json_pack("{s:o,s:f}", "condition", list, "value", 0.25);
}

/* In the ink of the theme's ticks (see mark_text). */
static json_t *name_mark(void)
{
    return json_pack("{s:s,s:s,s:s,s:i,s:i,s:{s:s},s:s,s:n,s:b,s:s,s:b,s:i}", "type", "text",
                     "align", "left", "baseline", "middle", "fontSize", FONT_LABEL, "dx", END_GAP,
                     "dy", "expr", "datum.dy", "cursor", "pointer", "tooltip", "clip", 0, "style",
                     "guide-label", "filled", 0, "strokeWidth", 0);
}

/* Names at the line ends stand where the lines end, also after a zoom; a click on one leaves the
 * others pale. */
static json_t *line_names(const struct chart *c)
{
    const struct chart_layer *l = main_layer(c);
    json_t *rows = json_array(), *e = json_object();
    char level[16], pick[24];
    snprintf(level, sizeof level, "c%d", l->ch[CH_COLOR]);
    for (int i = 0; i < c->n_ends; i++) {
        const struct chart_end *end = &c->ends[i];
        json_t *row = json_object();
        for (int k = 0; k < l->n_cols; k++) {
            char name[16];
            snprintf(name, sizeof name, "c%d", k);
            json_object_set_new(
                row, name,
                cell(&l->col[k], l->col[k].v[end->row], column_range(&l->col[k], l->n), l->n));
        }
        json_object_set_new(row, "dy", vega_number(end->label_y - end->y, 0));
        json_array_append_new(rows, row);
    }
    vega_position(e, c, l, true, false);
    vega_position(e, c, l, false, false);
    json_t *dot = json_deep_copy(e);
    json_object_set_new(dot, "color", color_levels(c, vega_field(l->ch[CH_COLOR], "nominal")));
    json_object_set_new(dot, "opacity", name_opacity(c, l));
    json_object_set_new(e, "text", vega_field(l->ch[CH_COLOR], "nominal"));
    json_object_set_new(e, "opacity", name_opacity(c, l));
    json_t *point = json_pack("{s:s,s:s,s:i,s:b,s:n,s:b}", "type", "point", "shape", "circle",
                              "size", 36, "filled", 1, "tooltip", "clip", 0);
    return json_pack("{s:{s:o},s:[{s:o,s:o},{s:o,s:[{s:s,s:{s:s,s:[s]}}],s:o}]}", "data", "values",
                     rows, "layer", "mark", point, "encoding", dot, "mark", name_mark(), "params",
                     "name", vega_name(c, "pick", pick), "select", "type", "point", "fields", level,
                     "encoding", e);
}

/* ---- the whole ---- */
/* The rows of the shared table that a layer draws. */
static json_t *shared_rows(int i, const char *panel)
{
    char test[32];
    snprintf(test, sizeof test, "datum.k === %d", i);
    json_t *list = json_pack("[{s:s}]", "filter", test);
    if (panel)
        json_array_append_new(list,
                              json_pack("{s:{s:s,s:s}}", "filter", "field", "p", "equal", panel));
    return list;
}

/* A reference line is the same in all panels: a made-up row outside the data, its places computed,
 * so that it neither counts as a row nor belongs to one panel. */
static void put_everywhere(json_t *o, const struct chart_layer *l)
{
    json_t *places = json_array();
    for (int k = 0; k < l->n_cols; k++) {
        char name[16];
        if (l->col[k].kind == VALUE_LEVEL) continue;
        snprintf(name, sizeof name, "c%d", k);
        json_t *place = cell(&l->col[k], l->col[k].v[0], 0, l->n);
        char *v = json_dumps(place, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        json_decref(place);
        json_array_append_new(places, json_pack("{s:s,s:s}", "calculate", v, "as", name));
        free(v); /* jansson's own allocation */
    }
    json_object_set_new(
        o, "data", json_pack("{s:{s:i,s:i,s:s}}", "sequence", "start", 0, "stop", 1, "as", "i"));
    json_object_set_new(o, "transform", places);
}

static json_t *one_layer(const struct chart *c, const struct chart_layer *l, int i,
                         const char *panel)
{
    const struct chart_layer *main = main_layer(c);
    bool has_pick = c->color.kind == COLOR_LEVELS && main->ch[CH_COLOR] >= 0 && !panel;
    bool is_named = c->n_ends > 0; /* then a click on a name picks the line, not on the legend */
    json_t *o = json_object();
    if (i >= c->n_data_layers && l->n > 0)
        put_everywhere(o, l);
    else if (c->panels.levels)
        json_object_set_new(o, "transform", shared_rows(i, panel));
    else if (i > 0)
        json_object_set_new(o, "data", layer_data(l));
    json_object_set_new(o, "mark", mark_of(c, l));
    if (l == main) {
        json_t *params = params_of(c, l, has_pick && !is_named);
        if (json_array_size(params))
            json_object_set_new(o, "params", params);
        else
            json_decref(params);
    }
    bool is_same_field = l->ch[CH_COLOR] == main->ch[CH_COLOR];
    json_object_set_new(o, "encoding", encoding(c, l, i == 0, has_pick && is_same_field));
    return o;
}

static json_t *lines_or_text(const struct text_lines *l)
{
    if (l->n == 1) return json_string(l->line[0]);
    json_t *a = json_array();
    for (int i = 0; i < l->n; i++)
        json_array_append_new(a, json_string(l->line[i]));
    return a;
}

json_t *vega_title(const struct chart *c)
{
    json_t *t = json_pack("{s:o}", "text", lines_or_text(&c->layout.title));
    if (c->layout.subtitle.n)
        json_object_set_new(t, "subtitle", lines_or_text(&c->layout.subtitle));
    return t;
}

static json_t *config_of(void)
{
    return json_pack(
        "{s:s,s:{s:n},s:{s:s,s:s,s:i,s:i,s:i,s:i},s:{s:b,s:i,s:i,s:s,s:i,s:i,s:f},s:{s:i,s:i}}",
        "font", FONTS, "view", "stroke", "title", "anchor", "start", "frame", "bounds", "fontSize",
        FONT_TITLE, "subtitleFontSize", FONT_SUBTITLE, "subtitlePadding", 5, "offset", 12, "axis",
        "domain", 0, "labelFontSize", FONT_LABEL, "titleFontSize", FONT_AXIS, "titleFontWeight",
        "normal", "labelPadding", 5, "titlePadding", 9, "gridOpacity", 0.7, "legend",
        "titleFontSize", FONT_LABEL, "labelFontSize", FONT_LABEL);
}

json_t *vega_layers(const struct chart *c, const char *panel)
{
    json_t *list = json_array();
    for (int i = 0; i < c->n_layers; i++)
        json_array_append_new(list, one_layer(c, &c->layers[i], i, panel));
    if (c->n_ends) json_array_append_new(list, line_names(c));
    if (c->has_ruler && !c->panels.levels) json_array_append_new(list, ruler(c, main_layer(c)));
    return list;
}

void vega_body(json_t *top, const struct chart *c)
{
    if (c->layout.title.n) json_object_set_new(top, "title", vega_title(c));
    if (c->n_parts) {
        vega_parts(top, c);
    } else if (c->panels.levels) {
        vega_panels(top, c);
    } else {
        json_object_set_new(top, "width", json_integer(c->width));
        json_object_set_new(top, "height", json_integer(c->height));
        json_object_set_new(top, "data", layer_data(&c->layers[0]));
        json_object_set_new(top, "layer", vega_layers(c, NULL));
    }
}

json_t *chart_vega(const struct chart *c)
{
    json_t *top = json_object();
    json_object_set_new(top, "$schema",
                        json_string("https://vega.github.io/schema/vega-lite/v5.json"));
    json_object_set_new(top, "description", json_string(c->finding ? c->finding : c->text));
    vega_body(top, c);
    json_object_set_new(top, "config", config_of());
    return top;
}
