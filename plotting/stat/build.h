/* build.h: what kinds of charts make their layers and axes with. Included by stat.h; only for
 * plotting. */
#ifndef MLNB_PLOTTING_STAT_BUILD_H
#define MLNB_PLOTTING_STAT_BUILD_H

#include "plotting/stat/stat.h"

struct build_rows { /* rows of marks in the making */
    int64_t n, cap;
    int width;
    double *v[12];
};
void build_push(struct chart_build *b, struct build_rows *r, const double *v, int n);
#define PUSH(b, r, ...)                                                                            \
    build_push((b), (r), (const double[]){__VA_ARGS__},                                            \
               (int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)))
struct chart_layer *build_layer(struct chart_build *b, enum chart_mark mark,
                                const struct build_rows *r);
void build_col(struct chart_layer *l, int ch, const char *title, enum value_kind kind,
               const struct build_rows *r, int k, const struct chart_levels *levels);
enum { NO_CHANNEL = -1 };
/* Colour and panel of a layer from the group number in column k. */
void build_group_cols(struct chart_build *b, struct chart_layer *l, const struct stat_frame *f,
                      const struct build_rows *r, int k);
/* Names in the making, for texts and places. Returns the new one's number. */
struct chart_levels *build_names(struct chart_build *b, int cap);
int build_name(struct chart_build *b, struct chart_levels *l, const char *text);
/* "1,234.5" as tooltips write it, in the chart's arena. */
const char *build_number(struct chart_build *b, enum value_kind kind, double v);
/* An axis of names in places. */
struct chart_axis *build_places(struct chart_build *b, bool is_x, const struct chart_levels *levels,
                                const char *title);
void build_words(struct chart_build *b, const char *text, const char *finding);
const char *build_in_title(const struct chart_build *b, enum chart_channel ch);
/* Category and value of a chart of groups: x and y in either order; one number alone makes a single
 * group (cat NULL). is_flipped: the values run along x. */
struct build_roles {
    struct chart_input *cat, *value;
    enum chart_channel cat_ch, value_ch;
    bool is_flipped;
    int n_cat;
};
rc build_roles_of(struct chart_build *b, const char *kind, struct build_roles *out);
/* Where a group stands on the axis of places, and half the room it has. */
double build_place(const struct build_roles *r, const struct stat_frame *f, double cat, int color,
                   double *half);
/* Axes of places and values; after stat_frame_of. */
void build_role_axes(struct chart_build *b, struct build_roles *r, const struct stat_frame *f);
static inline int build_turn(bool is_flipped, enum mark_channel ch)
{
    static const enum mark_channel turned[] = {CH_Y, CH_Y2, CH_X, CH_X2};
    return (int)(is_flipped && ch <= CH_Y2 ? turned[ch] : ch);
}
/* charts/heat.c: numbers in cells, dark on light ink and light on dark; after the colour is set.
 * text NULL = none; panel: of each cell, NULL = one panel. */
void build_cell_words(struct chart_build *b, const double *x, const double *y, const double *v,
                      const double *panel, const char *const *text, int64_t n);
/* Marks `keep` of n rows: all, or `most` of them by seeded keys of row numbers; returns how many.
 */
int64_t stat_pick_rows(struct chart_build *b, int64_t n, int64_t most, bool *keep);

/* ---- build.c: shared by the kinds ---- */
/* Title, scale, range of an axis from an input; `wish` says which of the user's options apply
 * (xrange, xlog or yrange, ylog), as a horizontal chart shows y below. */
struct chart_axis *build_axis(struct chart_build *b, bool is_x, const struct chart_input *in,
                              bool wish_x);
const char *build_title(struct chart_build *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void build_color(struct chart_build *b, const struct stat_levels *l, int n_grey);
/* facets.c: the one column that tells panels apart (two are joined before the kind is built), and
 * the panels of its levels. E501 over 50. */
const struct chart_input *build_panel_input(const struct chart_build *b);
rc build_panels(struct chart_build *b, const struct stat_levels *l);
rc build_join_facets(struct chart_build *b);
/* The constant ink of color: "steelblue"; NULL when none was given. */
const char *build_ink(const struct chart_build *b);
rc build_needs(struct chart_build *b, enum chart_channel ch, enum channel_class cls,
               const char *kind);
double *build_fill(struct chart_build *b, int64_t n, double v);

#endif
