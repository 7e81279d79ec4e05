/* chart_int.h: the chart model that the kinds build and the writers draw. A chart is a list of
 * layers; a layer is one kind of mark over a small table of doubles (rows are already statistics,
 * never the frame) with columns bound to channels. Axes, legends and layout are computed from the
 * layers by chart_finish, once; a finished chart is immutable. Only for plotting. */
#ifndef MLNB_PLOTTING_CHART_INT_H
#define MLNB_PLOTTING_CHART_INT_H

#include "plotting/chart.h"

#include <stdatomic.h>

/* ---- data of the marks ---- */
struct chart_levels { /* categories in drawing order */
    int n;
    const char **text;
};
enum value_kind {
    VALUE_NUMBER,
    VALUE_COUNT, /* whole numbers */
    VALUE_SHARE, /* 0..1, read as per cent */
    VALUE_DATE,  /* milliseconds since 1970, UTC */
    VALUE_TIME,
    VALUE_LEVEL, /* index into levels */
};
struct chart_column {
    const char *title; /* in the reader's words; NULL = not for tooltips */
    enum value_kind kind;
    const double *v; /* [rows]; NAN = null */
    const struct chart_levels *levels;
};
enum chart_mark {
    MARK_POINT,
    MARK_LINE,
    MARK_BAR,
    MARK_RULE,
    MARK_TICK,
    MARK_AREA, /* between Y and Y2 along X, or between X and X2 along Y when Y2 is not used */
    MARK_TEXT, /* the column of CH_TEXT at X, Y */
    MARK_ARC   /* slices of one circle: X to X2 in radians from the top, clockwise */
};
enum mark_channel {
    CH_X,
    CH_X2,
    CH_Y,
    CH_Y2,
    CH_COLOR,
    CH_SIZE,
    CH_SHAPE,
    CH_OFFSET, /* place beside each other within a band: a VALUE_LEVEL column */
    CH_SERIES, /* lines: rows of one line, when color does not say it */
    CH_PANEL,
    CH_TEXT, /* MARK_TEXT: VALUE_LEVEL column of what is written */
    CH_COUNT
};
enum text_anchor { TEXT_MIDDLE, TEXT_START, TEXT_END };
enum { LAYER_COLUMNS = 16 };
struct chart_layer {
    enum chart_mark mark;
    int64_t n;
    struct chart_column col[LAYER_COLUMNS];
    int n_cols;
    int ch[CH_COUNT];  /* column of each channel, -1 = none */
    const char *color; /* constant ink; NULL = the default when there is no color channel */
    const char *shape; /* NULL = circle; "hexagon" beside the names of scene_shape_name */
    double alpha;      /* opacity of the mark; bars of a box: of its fill */
    double size;      /* radius of points, width of lines, share of the band of bars; 0 = default */
    bool is_outlined; /* bars: stroke in the mark's colour, fill by alpha */
    bool is_dashed;
    bool has_dots;           /* lines: a dot on every point */
    bool is_step;            /* lines, areas: each value holds until the next x */
    bool is_path;            /* lines: rows are joined in their order, not along x */
    bool is_tight;           /* bars between two places: no hair between neighbours */
    enum text_anchor anchor; /* MARK_TEXT */
    double dx, dy;           /* MARK_TEXT: pixels */
    double hole;             /* MARK_ARC: inner radius as a share of the outer */
    bool has_edge;           /* points: thin edge in the page's colour */
    bool is_quiet;           /* helper mark: no part in tooltips and counts */
    bool is_beside;          /* no part in the axes' domains (reference lines) */
};

/* ---- axes ---- */
/* SCALE_PLACES: numbers along an axis whose labels are names: level i stands at places[i] (NULL: at
 * i); the domain is -0.5 .. n - 0.5 unless asked otherwise; on y it runs downwards as bands do. */
enum scale_kind { SCALE_LINEAR, SCALE_LOG, SCALE_SYMLOG, SCALE_TIME, SCALE_BAND, SCALE_PLACES };
enum tick_style {
    TICK_FIXED,
    TICK_SI,
    TICK_EXP,
    TICK_PERCENT,
    TICK_PLAIN, /* each its own decimals, SI from 100,000 on: log axes */
    TICK_TIME,
    TICK_LEVEL
};
enum time_unit { UNIT_MS, UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_MONTH, UNIT_YEAR };
struct tick_format {
    enum tick_style style;
    int decimals;
    enum time_unit unit; /* TICK_TIME */
    int64_t step;        /* TICK_TIME: in the unit */
    double scale;        /* durations: values are labelled in hours, .. (3600); 0 = 1 */
};
struct tick {
    double value;
    const char *label; /* NULL = tick without label */
    const char *under; /* second line: the month under days ..., or NULL */
    bool is_minor;     /* between the labels of a log axis: a short outward tick, no grid */
};
enum label_fit { LABELS_FLAT, LABELS_WRAPPED, LABELS_TURNED };
struct chart_axis {
    /* asked by the kind and the user */
    enum scale_kind scale;
    const char *title;
    const struct chart_levels *levels; /* SCALE_BAND, SCALE_PLACES */
    const double *places;              /* SCALE_PLACES: NULL = 0, 1, 2 .. */
    bool is_upwards;                   /* SCALE_PLACES on y: the first at the bottom */
    bool is_integer, has_zero, has_grid, has_ticks, is_share;
    int wanted_ticks;          /* 0 = by length */
    double pad_low, pad_high;  /* shares of the range added at the ends */
    double want_min, want_max; /* NAN = from the data */
    bool is_cut;               /* the user set the range: marks are clipped */
    bool is_duration;          /* seconds; labelled in the unit that suits the range */
    bool is_silent;            /* in a copy made for writing: labels stand at another panel */
    bool is_said;              /* the caption tells of the symmetric log scale */
    double overhang;           /* pixels that labels may stand out beside a panel; 0 = any */
    /* computed */
    const char *shown; /* the title with its unit, cut to fit; NULL = none */
    const char *unit;  /* "h"; NULL = none */
    double data_min, data_max, min, max;
    double linear_below; /* SCALE_SYMLOG */
    struct tick *ticks;
    int n_ticks;
    struct tick_format format;
    enum label_fit fit;
    double label_room; /* pixels that the labels need across the axis */
    double label_lead; /* pixels by which the first label stands out before the axis */
    double label_tail; /* and the last one after it */
};

enum color_kind { COLOR_NONE, COLOR_LEVELS, COLOR_RAMP };
struct chart_color {
    enum color_kind kind;
    const char *title;
    const struct chart_levels *levels;
    int n_grey;                   /* the last n_grey levels are "the rest" */
    const char *const *chosen;    /* COLOR_LEVELS: inks by level, NULL = the palette */
    enum value_kind value_kind;   /* COLOR_RAMP */
    const struct palette *scheme; /* NULL = the default of the kind of colours */
    bool is_centered;             /* COLOR_RAMP: its middle stands at zero */
    bool is_log;                  /* COLOR_RAMP: by the logarithm, for counts */
    double min, max;              /* COLOR_RAMP, computed */
    struct tick *ticks;
    int n_ticks;
    struct tick_format format;
};
struct chart_size {
    bool is_used;
    const char *title;
    double most; /* radius of the greatest value, pixels */
    double min, max;
    struct tick *ticks;
    int n_ticks;
    struct tick_format format;
};
struct chart_shapes {
    const char *title;
    const struct chart_levels *levels; /* NULL = not used */
};
struct chart_panels {
    const struct chart_levels *levels; /* "column = value"; NULL = one panel */
    int columns;                       /* across, when one column was given and they wrap */
    /* two columns: the strips of the grid and each panel's place in it; rows NULL = wrapped */
    const struct chart_levels *rows, *cols;
    const int *row, *col;      /* [levels->n] */
    bool is_free[2];           /* x, y: each panel has its own domain */
    bool is_matrix;            /* own scales agree along rows and columns: labels at the outside */
    struct chart_axis *own[2]; /* [levels->n], computed when free */
};

/* ---- layout in pixels ---- */
struct text_lines {
    const char **line;
    int n;
};
struct chart_layout {
    double width, height;  /* whole picture */
    double plot_w, plot_h; /* one panel */
    double plot_x, plot_y; /* left upper corner of the first */
    double gap_x, gap_y;   /* between panels' origins */
    int across, down;
    struct text_lines title, subtitle;
    double legend_x, legend_y, legend_w;
    double xtitle_y, ytitle_x; /* baseline of the x title, centre of the turned y title */
};

struct chart_part { /* a chart beside others, and where it stands */
    const struct chart *chart;
    double x, y;
};

struct chart_end { /* the name of a line at its end, in pixels of the panel */
    double x, y, label_y;
    int level;   /* of the colour */
    int64_t row; /* of the layer of lines */
};

struct chart {
    atomic_int refs;
    struct arena *arena;        /* owns everything below */
    const struct chart *parent; /* layers may point into a chart that this one was made from */
    const struct chart *parent2;
    const struct chart_kind_desc *kind;
    struct chart_axis axis[2]; /* x, y as drawn */
    struct chart_color color;
    struct chart_size size;
    struct chart_shapes shapes;
    struct chart_panels panels;
    struct chart_layer *layers;
    int n_layers;
    const char *title, *subtitle; /* subtitle: the user's */
    const char *caption;          /* what was left out, sampled, summarised; NULL = nothing */
    uint64_t seed;                /* of samples */
    int64_t sample_of;            /* rows that the marks are a sample of; 0 = no sample */
    bool has_no_tips;             /* SVG: no tooltips, for its size */
    bool is_all;                  /* `all: true`: no limits */
    const char *text;             /* one line for text/plain */
    const char *finding;          /* one sentence for <desc> */
    int view;                     /* in a copy made for writing: its number among several */
    int width, height;            /* of one panel */
    bool is_flipped;              /* the user's x stands on the y axis */
    struct chart_rule *rules;     /* lines across the panel, placed when the axes are known */
    int n_rules;
    int n_data_layers;        /* layers before those of the rules; set by chart_finish */
    struct span span;         /* of the step that made it */
    struct chart_part *parts; /* `side`: charts beside one another; then there are no layers */
    int n_parts;
    bool has_margins; /* three parts: above the middle one, the middle, beside it; plots aligned */
    struct chart_end *ends; /* [n_ends] names at line ends, in place of the legend */
    int n_ends;
    bool is_bare; /* no axes, no grid: pies */
    bool can_zoom;
    bool has_ruler; /* lines: vertical ruler under the pointer */
    struct chart_layout layout;
    char id[12]; /* unique prefix of ids and classes, from the content */
};

/* ---- model.c: making charts ---- */
struct chart *chart_alloc(void);
struct chart_layer *chart_add_layer(struct chart *c, enum chart_mark mark, int64_t n);
/* Adds a column of l->n rows; borrowed v must live in c's arena. Returns its index. */
int layer_column(struct chart_layer *l, const char *title, enum value_kind kind, const double *v,
                 const struct chart_levels *levels);
static inline const double *layer_channel(const struct chart_layer *l, enum mark_channel ch)
{
    return l->ch[ch] < 0 ? NULL : l->col[l->ch[ch]].v;
}
/* layer.c: appends the layers of c->rules; the domains are known. */
void chart_place_rules(struct chart *c);
/* Domains, ticks, legends, layout, id; too many marks are thinned. */
void chart_finish(struct chart *c);
void chart_finish_id(struct chart *c);
/* ends.c: looks whether names fit at the line ends; n_ends 0 = they do not. */
void chart_find_ends(struct chart *c);
double chart_ends_width(const struct chart *c); /* pixels that they need beside the panel */
enum { END_GAP = 9 };                           /* from the end of a line to its name */
/* Shape and colour say the same: one legend for both. */
bool chart_shapes_are_colors(const struct chart *c);

/* The panel at a place of a grid of two columns, -1 = there is none. */
int chart_panel_at(const struct chart *c, int row, int col);
/* Whether the labels of the x (k 0) or y axis stand at this panel: scales of its own, or no panel
 * below (left of) it. Panels of a grid stand at row, col; `panel` -1 = an empty place. */
bool chart_panel_has_labels(const struct chart *c, int k, int panel, int row, int col);
/* The axis of a panel: the chart's, or with free scales its own. k: 0 x, 1 y; panel -1 = none. */
static inline const struct chart_axis *chart_axis_of(const struct chart *c, int k, int panel)
{
    return c->panels.is_free[k] && panel >= 0 ? &c->panels.own[k][panel] : &c->axis[k];
}

/* ---- scale.c ---- */
/* Rows of one panel count, or of all (panel -1). */
void scale_domain(struct chart_axis *a, const struct chart *c, bool is_x, int panel);
double scale_unit(const struct chart_axis *a, double v); /* 0..1 along the axis */
/* Of a band: pixels a category and the room a mark takes of it (the same as Vega's band scale with
 * paddingInner p, paddingOuter p / 2). */
#define BAND_PADDING 0.25
/* Share of the panel from its top to v on a y axis: categories run downwards, numbers upwards. */
double scale_down(const struct chart_axis *a, double v);
double scale_radius(const struct chart_size *s, double v); /* of a point, pixels */
double chart_arc_radius(const struct chart *c);            /* of a pie, pixels */

#include "plotting/ink.h"
#include "plotting/limits.h"
#include "plotting/ticks.h"

void chart_layout_of(struct chart *c);
enum { FONT_TITLE = 14, FONT_SUBTITLE = 12, FONT_AXIS = 12, FONT_LABEL = 11 };
enum { MARGIN_GAP = 12 }; /* pixels between the plots of a chart with margins */
enum { LEGEND_ROW = 18, LEGEND_RAMP = 100, LABEL_CELLS = 24 };

#endif
