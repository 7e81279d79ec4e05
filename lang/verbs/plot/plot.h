/* plot.h: what a chart remembers of the step that drew it, so that `layer` can draw from the same
 * frame. */
#ifndef MLNB_LANG_VERBS_PLOT_H
#define MLNB_LANG_VERBS_PLOT_H

#include "lang/verbs/verb_int.h"

/* Lives, with all its text, in the arena of the chart's value. */
struct plot_source {
    struct plan *frame; /* the source's columns, then one column for each encoding that is computed
                           row by row (`.x`, `.y` ..), which a layer inherits */
    struct plan *data;  /* what the chart was drawn from: columns of the encodings only */
    struct chart_spec spec;
};

/* One encoding as written. */
struct encoding {
    const struct ast *expr; /* NULL = not given */
    enum { ENC_NONE, ENC_CONSTANT, ENC_ROW, ENC_AGG, ENC_INHERITED } how;
    const char *constant, *title, *column;
};
#define PLOT_MAX_SERIES 40
struct plotting {
    struct verb_call *vc;
    const struct schema *schema; /* what expressions see: the frame's own columns */
    struct encoding enc[CHART_CHANNELS];
    struct encoding series[PLOT_MAX_SERIES]; /* several y */
    int n_series;
    struct chart_spec spec;
    struct pipe frame, data; /* as plot_source */
    bool has_agg;
    bool is_wide; /* the kind takes columns side by side */
};

/* encode.c: reads the encodings of the step (items x, y; options x: .. facet:). */
rc plot_read_encodings(struct plotting *p);
/* Reads one encoding from an expression. */
rc plot_read_channel(struct plotting *p, enum chart_channel c, const struct ast *e);
/* Puts the encodings into p->frame and p->data and names them in p->spec. base may be NULL. */
rc plot_lower(struct plotting *p, const struct plot_source *base);
/* options.c: everything else of the step: kind, titles, ranges, scales, sizes. */
rc plot_read_options(struct plotting *p);
/* plot.c: the chart of p's data as a value; in a dry run one that only knows its columns. Releases
 * p. */
rc plot_draw(struct plotting *p, struct value **out);
rc plot_read_kind(struct verb_call *vc, const char **kind, bool *needs_model);
/* A number given by an option of a rule, or NAN. */
rc plot_number(struct verb_call *vc, const char *name, double *out);
/* order.c: the sort clause: order of the categories of x. */
rc plot_read_order(struct plotting *p);

extern const struct verb_option plot_options[];

#endif
