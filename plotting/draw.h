/* draw.h: the display list: what a picture is made of, in pixels, before it is SVG, PNG, PDF or
 * characters. A scene (scene.h) walks a chart and adds items; back ends walk the items. Groups
 * carry what their items share; items carry their own ink and tooltip. Only for plotting. */
#ifndef MLNB_PLOTTING_DRAW_H
#define MLNB_PLOTTING_DRAW_H

#include "runtime/base/arena.h"
#include "runtime/base/rc.h"
#include "runtime/base/str.h"

enum draw_op {
    DRAW_OPEN, /* a group, until its DRAW_CLOSE */
    DRAW_CLOSE,
    DRAW_RECT,   /* v: x y width height */
    DRAW_CIRCLE, /* v: x y radius */
    DRAW_LINE,   /* v: x1 y1 x2 y2 */
    DRAW_PATH,   /* steps [from, from + n) of the list */
    DRAW_TEXT,   /* v: x, baseline y, angle in degrees clockwise */
    DRAW_RAMP,   /* v: x y width height, filled with `stops` from the bottom to the top */
};
/* What turns with the theme of the page: light inks are given beside it. */
enum draw_theme { THEME_NONE, THEME_INK, THEME_SOFT, THEME_GRID, THEME_ZERO, THEME_EDGE, THEMES };
enum draw_anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };
enum { RAMP_STOPS = 9 };

struct draw_style { /* of a group; zero and NULL = as the group around it */
    enum draw_theme theme;
    const char *fill, *stroke; /* "none", "#1f1f1f", "steelblue" */
    double fill_clear;         /* 0 opaque .. 1 not seen */
    double stroke_clear;
    double width;  /* of strokes */
    double dash;   /* pixels on; off is 2/3 of it; 0 = solid */
    bool is_round; /* joins and ends of strokes */
    double font;   /* pixels */
    bool is_bold;
    enum draw_anchor anchor;
    bool is_clipped; /* to `clip`: x y width height */
    double clip[4];
    double dx, dy;          /* moves everything inside */
    const char *part_title; /* a chart in the picture: its title; NULL = none */
};
struct draw_item {
    enum draw_op op;
    int from, n; /* DRAW_PATH: steps */
    double v[4];
    const char *fill, *stroke;      /* own ink; NULL = the group's */
    const char *text;               /* DRAW_TEXT */
    const char *tip;                /* tooltip, or the whole of a cut text; NULL = none */
    const struct draw_style *style; /* DRAW_OPEN */
    const char *const *stops;       /* DRAW_RAMP: RAMP_STOPS inks */
};
struct draw_step {
    char op; /* 'M' move, 'L' line, 'C' curve (this and the next two steps), 'Z' close */
    double x, y;
};
struct draw_turn { /* an ink of series that a dark page shows brighter */
    const char *light, *dark;
};
enum { DRAW_TURNS = 16 };
struct draw {
    struct draw_turn turn[DRAW_TURNS];
    int n_turns;
    struct arena *arena; /* owns texts and styles of the list */
    double width, height;
    struct draw_item *items;
    int n, cap;
    struct draw_step *steps;
    int n_steps, cap_steps;
};

/* From now on `ink` is drawn as `dark` on dark pages. */
void draw_turn_ink(struct draw *d, const char *ink, const char *dark);
void draw_begin(struct draw *d);
void draw_release(struct draw *d);
void draw_open(struct draw *d, struct draw_style style);
void draw_close(struct draw *d);
/* Each returns the new item, for its ink and tip; valid until the next one. Texts must live as long
 * as the list. */
struct draw_item *draw_rect(struct draw *d, double x, double y, double w, double h);
struct draw_item *draw_circle(struct draw *d, double x, double y, double r);
struct draw_item *draw_line(struct draw *d, double x1, double y1, double x2, double y2);
struct draw_item *draw_text(struct draw *d, double x, double y, const char *text);
struct draw_item *draw_ramp(struct draw *d, double x, double y, double w, double h,
                            const char *const *stops);
/* A path; its steps follow before any other item. */
struct draw_item *draw_path(struct draw *d);
void draw_move(struct draw *d, double x, double y);
void draw_to(struct draw *d, double x, double y);
void draw_curve(struct draw *d, double x1, double y1, double x2, double y2, double x, double y);
void draw_shut(struct draw *d);
/* Continues the path along a circle from angle a to b (radians, clockwise from the top; a line
 * leads to its beginning, or a move when the path is empty): for slices of a pie. */
void draw_arc(struct draw *d, double x, double y, double r, double a, double b);

/* ---- back ends ---- */
struct draw_ink { /* 0..1 */
    double r, g, b;
};
/* "none" and what is no colour: false. */
bool draw_ink_of(const char *name, struct draw_ink *out);
void draw_svg(const struct draw *d, const char *id, const char *title, const char *desc,
              struct strbuf *out);
/* draw_cairo.c. Only when draw_has_pictures(). E306 when cairo fails. */
bool draw_has_pictures(void);
rc draw_need_pictures(struct ctx *cx, struct span span); /* E305 with the way to get them */
rc draw_png(struct ctx *cx, const struct draw *d, double scale, bool is_dark, struct span span,
            struct strbuf *out);
struct draw_image {
    uint32_t *pixels; /* [height][width] 0x??RRGGBB; mem_free */
    int width, height;
};
rc draw_pixels(struct ctx *cx, const struct draw *d, double scale, bool is_dark, struct span span,
               struct draw_image *out);
rc draw_pdf(struct ctx *cx, const struct draw *d, const char *title, struct span span,
            struct strbuf *out);

#endif
