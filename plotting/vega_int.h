/* vega_int.h: what the two halves of the Vega-Lite writer share. */
#ifndef MLNB_PLOTTING_VEGA_INT_H
#define MLNB_PLOTTING_VEGA_INT_H

#include "plotting/scene.h"

/* At least 6 significant digits, and a millionth of the column's range; NaN and inf give null. */
json_t *vega_number(double v, double range);
json_t *vega_field(int k, const char *type); /* {"field": "ck", "type": type} */
/* x, x2 or y, y2 of a layer; the first layer also carries scale and axis. */
void vega_position(json_t *encoding, const struct chart *c, const struct chart_layer *l, bool is_x,
                   bool is_first);

#endif
