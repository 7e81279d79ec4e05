/* scene.h: walks a chart and puts what is seen of it into a display list. scene.c draws the frame
 * (titles, grid, axes, legends), scene_marks.c the marks of the layers. Only for plotting. */
#ifndef MLNB_PLOTTING_SCENE_H
#define MLNB_PLOTTING_SCENE_H

#include "plotting/chart_int.h"
#include "plotting/draw.h"

#define SCENE_INK  "#1f1f1f"
#define SCENE_SOFT "#555"
#define SCENE_GRID "#e4e4e4"
#define SCENE_ZERO "#8c8c8c"

struct scene {
    struct draw *d;
    const struct chart *c;
    int panel;                        /* being drawn */
    double px, py, pw, ph;            /* its place and size */
    const struct chart_axis *axis[2]; /* its axes: the chart's, or its own with free scales */
};
/* The whole picture. */
void scene_chart(struct draw *d, const struct chart *c);

/* ---- for marks ---- */
void scene_marks(struct scene *s); /* all layers of the panel */
double scene_x(const struct scene *s, double v);
double scene_y(const struct scene *s, double v);
/* Room of a row's mark along a band axis: from *at, *size pixels; `share` of the band. */
void scene_band(const struct scene *s, const struct chart_layer *l, int64_t row, bool is_x,
                double share, double *at, double *size);
/* Centre of a row's mark on an axis. */
double scene_center(const struct scene *s, const struct chart_layer *l, int64_t row, bool is_x);
bool scene_has_row(const struct scene *s, const struct chart_layer *l, int64_t row);
/* The row's own ink (NULL = the layer's) and the layer's. */
const char *scene_row_ink(const struct scene *s, const struct chart_layer *l, int64_t row);
const char *scene_layer_ink(const struct chart_layer *l);
/* "column: value" lines of a row; NULL = none. */
const char *scene_tip(const struct scene *s, const struct chart_layer *l, int64_t row);
/* A symbol of radius r. */
struct draw_item *scene_symbol(struct draw *d, const char *shape, double x, double y, double r);
const char *scene_shape_name(int level);

#endif
