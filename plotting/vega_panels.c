/* vega_panels.c: several views in one spec: facets (one table for all, a filter a layer), panels
 * with scales of their own (a concat of views over that table, since a facet has one spec for all),
 * and charts beside each other. */
#include "plotting/vega_int.h"

static json_t *shared_table(const struct chart *c)
{
    json_t *rows = json_array();
    for (int i = 0; i < c->n_data_layers; i++) /* reference lines bring a row of their own */
        vega_rows(rows, &c->layers[i], i);
    return json_pack("{s:o}", "values", rows);
}

static json_t *facet_field(const char *field, const struct chart_levels *levels)
{
    json_t *f = json_pack("{s:s,s:s}", "field", field, "type", "nominal");
    json_object_set_new(f, "title", json_null());
    json_object_set_new(f, "sort", vega_levels(levels));
    return f;
}

static void put_facet(json_t *top, const struct chart *c)
{
    json_object_set_new(top, "facet", facet_field("p", c->panels.levels));
    json_object_set_new(top, "columns", json_integer(c->panels.columns));
    json_object_set_new(top, "spacing", json_integer(18));
    json_object_set_new(top, "spec",
                        json_pack("{s:i,s:i,s:o}", "width", c->width, "height", c->height, "layer",
                                  vega_layers(c, NULL)));
}

static json_t *strip(const char *text)
{
    return json_pack("{s:s,s:s,s:i,s:s,s:i}", "text", text, "anchor", "middle", "fontSize",
                     FONT_LABEL, "fontWeight", "normal", "offset", 4);
}

static bool is_last_row(const struct chart *c, int panel, int row)
{
    const struct chart_panels *p = &c->panels;
    return p->rows ? row == p->rows->n - 1 : panel + p->columns >= p->levels->n;
}

/* One panel as a view of the shared table; panel -1 = an empty place of a grid. */
static json_t *one_panel(const struct chart *c, int panel, int row, int col, const char *title)
{
    struct chart view = *c;
    for (int k = 0; k < 2; k++) {
        view.axis[k] = *chart_axis_of(c, k, panel);
        view.axis[k].is_silent = !chart_panel_has_labels(c, k, panel, row, col);
        bool is_edge = k == 0 ? is_last_row(c, panel, row) : col == 0;
        if (!is_edge) view.axis[k].shown = NULL;
    }
    if (panel < 0 && (c->panels.is_free[0] || c->panels.is_free[1]))
        return json_pack("{s:i,s:i,s:{s:[]},s:s}", "width", c->width, "height", c->height, "data",
                         "values", "mark", "point");
    view.can_zoom = view.has_ruler = false;
    json_t *out = json_pack("{s:i,s:i,s:o}", "width", c->width, "height", c->height, "layer",
                            vega_layers(&view, panel < 0 ? "" : c->panels.levels->text[panel]));
    if (title) json_object_set_new(out, "title", strip(title));
    return out;
}

/* A grid of views: a facet by row and column misplaces panels where combinations are missing. */
static void put_grid(json_t *top, const struct chart *c)
{
    const struct chart_panels *p = &c->panels;
    json_t *rows = json_array();
    for (int row = 0; row < p->rows->n; row++) {
        json_t *views = json_array(), *title = strip(p->rows->text[row]);
        for (int col = 0; col < p->cols->n; col++)
            json_array_append_new(views, one_panel(c, chart_panel_at(c, row, col), row, col,
                                                   row == 0 ? p->cols->text[col] : NULL));
        json_object_set_new(title, "orient", json_string("right"));
        json_array_append_new(
            rows, json_pack("{s:o,s:o,s:i}", "title", title, "hconcat", views, "spacing", 18));
    }
    json_object_set_new(top, "vconcat", rows);
    json_object_set_new(top, "spacing", json_integer(18));
}

static void put_free(json_t *top, const struct chart *c)
{
    const struct chart_panels *p = &c->panels;
    json_t *views = json_array();
    for (int i = 0; i < p->levels->n; i++)
        json_array_append_new(views,
                              one_panel(c, i, i / p->columns, i % p->columns, p->levels->text[i]));
    json_object_set_new(top, "concat", views);
    json_object_set_new(top, "columns", json_integer(p->columns));
    json_object_set_new(top, "spacing", json_integer(18));
}

void vega_panels(json_t *top, const struct chart *c)
{
    json_object_set_new(top, "data", shared_table(c));
    if (c->panels.rows)
        put_grid(top, c);
    else if (c->panels.is_free[0] || c->panels.is_free[1])
        put_free(top, c);
    else
        put_facet(top, c);
}

/* ---- charts beside each other ---- */
static json_t *one_part(const struct chart *c, int i)
{
    struct chart view = *c->parts[i].chart;
    json_t *part = json_object();
    view.view = i + 1;
    vega_body(part, &view);
    return part;
}

/* Flush: the views' plots are aligned, whatever stands beside them. */
static void vega_margins(json_t *top, const struct chart *c)
{
    json_t *row = json_pack("{s:[o,o],s:s,s:i}", "hconcat", one_part(c, 1), one_part(c, 2),
                            "bounds", "flush", "spacing", MARGIN_GAP);
    json_object_set_new(top, "vconcat", json_pack("[o,o]", one_part(c, 0), row));
    json_object_set_new(top, "bounds", json_string("flush"));
    json_object_set_new(top, "spacing", json_integer(MARGIN_GAP));
}

void vega_parts(json_t *top, const struct chart *c)
{
    if (c->has_margins) {
        vega_margins(top, c);
        return;
    }
    json_t *rows = json_array(), *row = NULL;
    for (int i = 0; i < c->n_parts; i++) {
        if (!row || c->parts[i].y != c->parts[i - 1].y) {
            row = json_array();
            json_array_append_new(rows, json_pack("{s:o}", "hconcat", row));
        }
        json_array_append_new(row, one_part(c, i));
    }
    static const char *const own = "independent";
    json_object_set_new(
        top, "resolve",
        json_pack("{s:{s:s,s:s,s:s}}", "scale", "color", own, "size", own, "shape", own));
    if (json_array_size(rows) == 1) {
        json_object_set(top, "hconcat", json_object_get(json_array_get(rows, 0), "hconcat"));
        json_decref(rows);
        return;
    }
    for (size_t i = 0; i < json_array_size(rows); i++)
        json_object_set(json_array_get(rows, i), "resolve", json_object_get(top, "resolve"));
    json_object_set_new(top, "vconcat", rows);
}
