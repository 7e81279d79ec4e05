/* chart.h: one chart model (statistics over all rows, scales, layout) and its writers. The verbs
 * lower what the user wrote to a plan whose columns are the encodings; here statistics are computed
 * by running plans, never by moving the frame. Both writers draw from the same built chart, so they
 * agree on domains, ticks and marks. */
#ifndef MLNB_PLOTTING_CHART_H
#define MLNB_PLOTTING_CHART_H

#include "runtime/exec/executor.h"

#include <jansson.h>

enum chart_channel {
    CHART_X,
    CHART_Y,
    CHART_COLOR,
    CHART_SIZE,
    CHART_SHAPE,
    CHART_FACET_COLUMN,
    CHART_FACET_ROW,
    CHART_CHANNELS
};
struct chart_encoding {
    const char *column;   /* column of the plan; NULL = channel not used (or constant) */
    const char *title;    /* axis or legend title: the text of the expression as written */
    const char *constant; /* "steelblue", "2.5": a fixed value instead of a column */
    bool is_aggregate;    /* the column is an aggregate already grouped by the other encodings */
};
struct chart_spec {   /* all text borrowed for the call of chart_new */
    const char *kind; /* "point" ...; NULL = chosen by types (language.md section 5) */
    struct chart_encoding enc[CHART_CHANNELS];
    const char **y_series; /* several y columns make series */
    const char **y_titles;
    int n_y_series;
    const char *title, *subtitle, *xtitle, *ytitle;
    double xmin, xmax, ymin, ymax; /* NAN = from the data */
    bool xlog, ylog;
    bool xsymlog, ysymlog; /* symmetric log: linear near zero */
    bool free_x, free_y;   /* each facet has its own scale */
    const char *scheme;    /* colours by name: "viridis", "tableau10"; NULL = default */
    struct span scheme_span;
    int bins;           /* 0 = default rule */
    int window, period; /* rows of a moving mean, of a season; 0 = default rule */
    double alpha;       /* NAN = default */
    int outliers;       /* -1 default, 0 hide, 1 show */
    const char *stack;  /* NULL default, "zero", "share", "none" */
    int width, height;  /* 0 = default 480 x 300 */
    bool all;           /* lift the 5,000 marks limit */
    bool is_layer;      /* drawn over another chart of the same rows */
    const char **order; /* order of categories, or NULL */
    int n_order;
    struct span span; /* of the step */
    struct span enc_span[CHART_CHANNELS];
};
struct chart; /* built; immutable; counted */
struct chart *chart_ref(const struct chart *c);
void chart_unref(const struct chart *c);

/* Computes statistics with `x` over `data` and lays the chart out. Errors E501 E502 with a way out.
 */
rc chart_new(struct ctx *cx, struct executor *x, const struct chart_spec *spec, struct plan *data,
             struct chart **out);
/* `layer`: a new chart with more marks on the same axes; kind "rule" takes slope/intercept or x/y
 * constants. */
struct chart_rule {
    double x, y, slope, intercept; /* NAN = not given; a date or time in milliseconds since 1970 */
    const char *color;
    bool dashed;
    struct span span; /* of the step, for errors */
};
rc chart_layer_rule(struct ctx *cx, const struct chart *base, const struct chart_rule *rule,
                    struct chart **out);
rc chart_layer(struct ctx *cx, const struct chart *base, const struct chart *top,
               struct chart **out);

/* `side`: charts beside one another, wrapped to a page's width, under a common title (NULL = none).
 * E501 when one of them is itself of several charts. */
rc chart_side(struct ctx *cx, const struct chart *const *parts, int n, const char *title,
              struct span span, struct chart **out);

void chart_svg(const struct chart *c, struct strbuf *out); /* deterministic bytes */
struct chart_term {
    int width; /* of the terminal, cells; a chart takes 40 to 80 of them, 20 lines */
    bool color;
    int depth;  /* colours that it has: 16, 256; 0 = all */
    bool ascii; /* no UTF-8 */
};
/* With characters, for the console only (text/plain is chart_text). Ends with a newline. */
void chart_terminal(const struct chart *c, const struct chart_term *opts, struct strbuf *out);
/* As a picture in a terminal's own protocol, through cairo (E305 without it): the PNG for kitty and
 * iTerm2, up to 256 colours for sixel. No newline at its end. */
enum chart_picture { CHART_KITTY, CHART_ITERM, CHART_SIXEL };
struct chart_picture_opts {
    enum chart_picture how;
    int width;       /* most pixels of a line */
    int line_height; /* pixels; 0 = not known */
    bool is_dark;    /* the terminal's background */
};
rc chart_terminal_picture(struct ctx *cx, const struct chart *c,
                          const struct chart_picture_opts *opts, struct strbuf *out);
/* Through cairo; E305 with the way to get it when it is not on the machine. scale: pixels a pixel
 * of the SVG. Bytes depend on the machine's fonts. */
rc chart_png(struct ctx *cx, const struct chart *c, double scale, bool is_dark, struct span span,
             struct strbuf *out);
rc chart_pdf(struct ctx *cx, const struct chart *c, struct span span, struct strbuf *out);
json_t *chart_vega(const struct chart *c); /* Vega-Lite v5; new reference */
void chart_text(const struct chart *c,
                struct strbuf *out); /* one line: "bar chart: 6 bars, tip by borough" */
const char *chart_title(const struct chart *c);

struct chart_build;
struct chart_kind_desc { /* plotting/charts/C.c, one row in charts.def */
    const char *name, *sig, *doc, *example;
    bool needs_model;  /* only drawn of a model */
    bool takes_scores; /* of a model, or of a frame of scores (x) and labels (y) */
    bool is_wide;      /* y: several columns side by side; none = all that fit */
    enum rc_t (*build)(struct chart_build *b); /* statistics, then layers and axes; plotting only */
};
const struct chart_kind_desc *const *chart_kinds(int *n);

#endif
