/* svg_int.h: what the two halves of the SVG writer share. */
#ifndef MLNB_PLOTTING_SVG_INT_H
#define MLNB_PLOTTING_SVG_INT_H

#include "plotting/chart_int.h"

struct svg {
    struct strbuf *out;
    const struct chart *c;
    struct arena *arena; /* scratch of the call: a chart may be written from two threads */
    int panel;           /* being drawn */
    double px, py;       /* its left upper corner */
};
/* ` name="12.5"`: two decimals at most, no trailing zeros. */
void svg_num(struct strbuf *out, double v);
void svg_attr(struct svg *s, const char *name, double v);
/* <title> of a mark: "column: value" lines. */
void svg_tip(struct svg *s, const struct chart_layer *l, int64_t row);
void svg_marks(struct svg *s); /* all layers of the panel */
/* Opens the element of a symbol of radius r; returns the element's name. */
const char *svg_symbol(struct svg *s, const char *shape, double x, double y, double r);
const char *svg_shape_name(int level);
/* Room of a row's mark along a band axis: from *at, *size pixels; `share` of the band. */
void svg_band(const struct svg *s, const struct chart_layer *l, int64_t row, bool is_x,
              double share, double *at, double *size);

#endif
