/* vega_axis.c: position channels: scale with our domain, axis with our ticks. While a zoomed chart
 * shows another stretch (the selection `zoom` then holds a range), Vega's own ticks take over. */
#include "plotting/vega_int.h"

#include <math.h>

static const char *scale_name(const struct chart_axis *a)
{
    switch (a->scale) {
    case SCALE_LINEAR: return "linear";
    case SCALE_LOG: return "log";
    case SCALE_SYMLOG: return "symlog";
    case SCALE_TIME: return "utc";
    case SCALE_PLACES: return "linear";
    case SCALE_BAND: break;
    }
    return "band";
}

static json_t *place(const struct chart_axis *a, double v)
{
    if (a->scale == SCALE_TIME) return json_integer((json_int_t)floor(v + 0.5));
    return vega_number(
        v, a->scale == SCALE_LINEAR || a->scale == SCALE_PLACES ? (a->max - a->min) / 1000 : 0);
}

static json_t *scale_of(const struct chart_axis *a, bool is_x)
{
    json_t *s = json_pack("{s:s}", "type", scale_name(a));
    if (a->scale == SCALE_BAND) {
        json_object_set_new(s, "domain", vega_levels(a->levels));
        json_object_set_new(s, "paddingInner", json_real(BAND_PADDING));
        json_object_set_new(s, "paddingOuter", json_real(BAND_PADDING / 2));
        return s;
    }
    bool is_down = a->scale == SCALE_PLACES && !is_x && !a->is_upwards;
    json_object_set_new(s, "domain",
                        json_pack("[o,o]", place(a, is_down ? a->max : a->min),
                                  place(a, is_down ? a->min : a->max)));
    json_object_set_new(s, "nice", json_false());
    if (a->scale == SCALE_LINEAR || a->scale == SCALE_PLACES)
        json_object_set_new(s, "zero", json_false());
    if (a->scale == SCALE_SYMLOG)
        json_object_set_new(s, "constant", vega_number(a->linear_below, 0));
    return s;
}

static json_t *tick_values(const struct chart_axis *a)
{
    json_t *list = json_array();
    for (int i = 0; i < a->n_ticks; i++) {
        if (!a->ticks[i].label) continue;
        if (a->scale == SCALE_BAND)
            json_array_append_new(list, json_string(a->levels->text[(int)a->ticks[i].value]));
        else
            json_array_append_new(list, place(a, a->ticks[i].value));
    }
    return list;
}

/* JSON text of v as an expression's literal. */
static void add_json(struct strbuf *b, json_t *take_v)
{
    char *text = json_dumps(take_v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    strbuf_addz(b, text ? text : "null");
    free(text);
    json_decref(take_v);
}

static void add_string(struct strbuf *b, const char *text)
{
    add_json(b, json_string(text));
}

/* Labels of our ticks: one comparison a tick that has two lines, else Vega's format. */
static void add_tick_labels(struct strbuf *b, const struct chart_axis *a)
{
    for (int i = 0; i < a->n_ticks; i++) {
        const struct tick *t = &a->ticks[i];
        if (!t->label) continue;
        strbuf_addz(b, a->scale == SCALE_TIME ? "time(datum.value)==" : "datum.value==");
        add_json(b, place(a, t->value));
        strbuf_addc(b, '?');
        if (t->under) {
            strbuf_addc(b, '[');
            add_string(b, t->label);
            strbuf_addc(b, ',');
            add_string(b, t->under);
            strbuf_addc(b, ']');
        } else {
            add_string(b, t->label);
        }
        strbuf_addc(b, ':');
    }
    strbuf_addz(b, "datum.label");
}

static void add_level_labels(struct strbuf *b, const struct chart_axis *a)
{
    for (int i = 0; i < a->n_ticks; i++) {
        if (!a->ticks[i].under) continue;
        strbuf_addz(b, "datum.value==");
        add_string(b, a->levels->text[i]);
        strbuf_addz(b, "?[");
        add_string(b, a->ticks[i].label);
        strbuf_addc(b, ',');
        add_string(b, a->ticks[i].under);
        strbuf_addz(b, "]:");
    }
    strbuf_addz(b, "datum.label");
}

static void put_label_expr(json_t *axis, const struct chart *c, const struct chart_axis *a,
                           const char *field)
{
    struct strbuf b = {0};
    char zoom[24];
    struct arena *arena = arena_new();
    if (c->can_zoom && a->scale == SCALE_TIME)
        strbuf_printf(&b, "%s.%s?datum.label:", vega_name(c, "zoom", zoom), field);
    else if (c->can_zoom)
        strbuf_printf(&b, "%s.%s?format(datum.value/%.0f,',.6~g'):", vega_name(c, "zoom", zoom),
                      field, a->format.scale > 1 ? a->format.scale : 1.0);
    if (a->scale == SCALE_TIME || a->scale == SCALE_PLACES)
        add_tick_labels(&b, a);
    else if (a->scale == SCALE_BAND && a->fit == LABELS_WRAPPED)
        add_level_labels(&b, a);
    else if (a->scale != SCALE_BAND)
        strbuf_addz(&b, chart_format_expr(arena, a->format));
    if (b.n) json_object_set_new(axis, "labelExpr", json_string(b.p));
    strbuf_release(&b);
    arena_free(arena);
}

static void put_tick_values(json_t *axis, const struct chart *c, const struct chart_axis *a,
                            const char *field)
{
    if (!c->can_zoom) {
        json_object_set_new(axis, "values", tick_values(a));
        return;
    }
    struct strbuf b = {0};
    char zoom[24];
    strbuf_printf(&b, "%s.%s?null:", vega_name(c, "zoom", zoom), field);
    add_json(&b, tick_values(a));
    json_object_set_new(axis, "values", json_pack("{s:s}", "expr", b.p));
    strbuf_release(&b);
}

static json_t *axis_of(const struct chart *c, bool is_x, const char *field)
{
    const struct chart_axis *a = &c->axis[is_x ? 0 : 1], *other = &c->axis[is_x ? 1 : 0];
    json_t *o = json_object();
    json_object_set_new(o, "title", a->shown ? json_string(a->shown) : json_null());
    json_object_set_new(o, "grid", json_boolean(a->has_grid));
    json_object_set_new(o, "ticks", json_boolean(a->has_ticks));
    if (a->has_ticks) json_object_set_new(o, "tickSize", json_integer(4));
    if (other->has_zero && other->min == 0) json_object_set_new(o, "domain", json_true());
    if (a->has_zero && a->has_grid && a->min < 0 && a->max > 0)
        json_object_set_new(o, "gridWidth",
                            json_pack("{s:{s:s,s:f},s:i}", "condition", "test", "datum.value === 0",
                                      "value", 2.5, "value", 1));
    if (a->is_silent) json_object_set_new(o, "labels", json_false());
    put_tick_values(o, c, a, field);
    put_label_expr(o, c, a, field);
    json_object_set_new(o, "labelAngle", json_integer(is_x && a->fit == LABELS_TURNED ? -45 : 0));
    json_object_set_new(o, "labelOverlap",
                        a->scale == SCALE_BAND || a->scale == SCALE_PLACES ? json_false()
                                                                           : json_string("greedy"));
    json_object_set_new(o, "labelLimit", json_integer(180));
    return o;
}

void vega_position(json_t *encoding, const struct chart *c, const struct chart_layer *l, bool is_x,
                   bool is_first)
{
    int k = l->ch[is_x ? CH_X : CH_Y], k2 = l->ch[is_x ? CH_X2 : CH_Y2];
    const struct chart_axis *a = &c->axis[is_x ? 0 : 1];
    if (k < 0) return;
    json_t *f = vega_field(k, a->scale == SCALE_BAND   ? "nominal"
                              : a->scale == SCALE_TIME ? "temporal"
                                                       : "quantitative");
    json_object_set_new(f, "scale", scale_of(a, is_x));
    if (a->scale == SCALE_BAND) json_object_set_new(f, "sort", json_null());
    bool is_bare = c->is_bare || (a->scale == SCALE_PLACES && a->n_ticks == 0 && !a->shown);
    if (is_bare)
        json_object_set_new(f, "axis", json_null());
    else if (is_first)
        json_object_set_new(f, "axis",
                            axis_of(c, is_x, json_string_value(json_object_get(f, "field"))));
    else
        json_object_set_new(f, "title", a->shown ? json_string(a->shown) : json_null());
    if (is_first && l->mark == MARK_BAR && k2 >= 0) json_object_set_new(f, "stack", json_null());
    json_object_set_new(encoding, is_x ? "x" : "y", f);
    if (k2 >= 0) {
        char name[16];
        snprintf(name, sizeof name, "c%d", k2);
        json_object_set_new(encoding, is_x ? "x2" : "y2", json_pack("{s:s}", "field", name));
    }
}
