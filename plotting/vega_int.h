/* vega_int.h: what the two halves of the Vega-Lite writer share. */
#ifndef MLNB_PLOTTING_VEGA_INT_H
#define MLNB_PLOTTING_VEGA_INT_H

#include "plotting/scene.h"

/* At least 6 significant digits, and a millionth of the column's range; NaN and inf give null. */
json_t *vega_number(double v, double range);
json_t *vega_field(int k, const char *type);       /* {"field": "ck", "type": type} */
json_t *vega_levels(const struct chart_levels *l); /* their names as an array */
/* Name of a selection: charts in one spec have their own. */
const char *vega_name(const struct chart *c, const char *name, char buf[24]);
/* Appends the layer's rows. `tag`: panels share one table, in which "k" is the number of the layer
 * and "p" the panel; -1 = a table of its own. */
void vega_rows(json_t *rows, const struct chart_layer *l, int tag);
/* The layers of one view. panel: the name of the panel whose rows of the shared table are drawn;
 * NULL = the facet tells. */
json_t *vega_layers(const struct chart *c, const char *panel);
json_t *vega_title(const struct chart *c);
/* One chart without schema and config: a single view, small charts, or one beside others. */
void vega_body(json_t *top, const struct chart *c);
/* vega_panels.c: c->panels, c->parts. */
void vega_panels(json_t *top, const struct chart *c);
void vega_parts(json_t *top, const struct chart *c);
/* x, x2 or y, y2 of a layer; the first layer also carries scale and axis. */
void vega_position(json_t *encoding, const struct chart *c, const struct chart_layer *l, bool is_x,
                   bool is_first);

#endif
