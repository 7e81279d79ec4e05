/* stat.h: the data side of a chart: what the spec's columns are, and statistics over all rows by
 * running plans. Small frames are computed once and kept as a table; larger ones are streamed, one
 * run a pass, into states that are merged by counts and comparisons only, so that neither threads
 * nor timing show. Only for plotting. */
#ifndef MLNB_PLOTTING_STAT_H
#define MLNB_PLOTTING_STAT_H

#include "plotting/chart_int.h"
#include "plotting/stat/stat_math.h"

enum channel_class { CLASS_NONE, CLASS_NUMBER, CLASS_TIME, CLASS_LEVEL };
struct chart_input {
    const char *column; /* NULL = not used */
    struct dtype type;
    enum channel_class cls;
    const char *title;
    bool is_aggregate;
    bool is_additive; /* an aggregate whose groups may be added up: count, sum */
    struct span span;
};
struct chart_build {
    struct ctx *cx;
    struct executor *x;
    const struct chart_spec *spec;
    struct plan *data;  /* owned; columns are the encodings */
    struct table *head; /* owned: the first rows of data too long to keep; NULL when all is kept */
    struct chart *c;    /* being made; everything kept is allocated in c->arena */
    struct arena *a;    /* c->arena */
    struct chart_input in[CHART_CHANNELS];
    /* Facets by two columns: in[CHART_FACET_COLUMN] is then both in one, and these are the two. */
    struct chart_input facet_row, facet_column;
    struct strbuf caption;
};
/* Adds a remark to the caption. */
void stat_remark(struct chart_build *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "12,345" in the chart's arena. */
const char *stat_count_text(struct chart_build *b, int64_t n);

/* ---- stat_plan.c: plans over the data ---- */
enum { STAT_KEEP_ROWS = 1000000 };
/* Prunes the data to the used columns and, when it is at most STAT_KEEP_ROWS rows, keeps it as a
 * table, so that several passes cost one run. */
rc stat_keep_small(struct chart_build *b);
struct stat_item {
    const char *agg;    /* "count", "sum" ... */
    const char *column; /* NULL: count() */
    double arg;         /* quantile(x, arg); NAN = no second argument */
};
/* One row a group: keys k0.. then items a0... Order of rows: by keys. */
rc stat_groups(struct chart_build *b, const struct chart_input *const *keys, int n_keys,
               const struct stat_item *items, int n_items, struct table **out);
/* The whole data as a table. */
rc stat_table(struct chart_build *b, struct table **out);

/* ---- stat_read.c: columns as doubles and levels ---- */
/* Numbers of n rows of a vector: dates and times as milliseconds, durations as seconds, bools as 0
 * and 1; null as NAN. */
void stat_vec_numbers(const struct vec *v, struct dtype type, int64_t n, double *out);
double *stat_numbers(struct arena *a, const struct column *c);
enum value_kind stat_value_kind(struct dtype type);

/* A set of texts with numbers 0.. in order of first sight. */
struct stat_set {
    struct arena *a;
    int n, cap;
    const char **text; /* [n]; the null is NULL */
    uint32_t *slots;
    int n_slots;
    int null_at; /* number of the null, -1 = not seen */
};
void stat_set_init(struct stat_set *s, struct arena *a);
int stat_set_add(struct stat_set *s, struct str text, bool is_null);
int stat_set_find(const struct stat_set *s, struct str text, bool is_null); /* -1 */
/* Numbers of the rows of a vector in the set, -1 where a value is not in it. */
struct stat_finder { /* remembers a dictionary between batches */
    const struct column *dict;
    int32_t *codes;
    int64_t cap;
};
void stat_find_rows(const struct stat_set *s, struct stat_finder *f, const struct vec *v,
                    struct dtype type, int64_t n, int32_t *out);
void stat_finder_release(struct stat_finder *f);

/* The levels of a column, ordered for drawing, and each row's level. */
struct stat_levels {
    struct chart_levels *levels;
    double *at;          /* [rows] level of each row */
    double *weight;      /* [levels->n], in drawing order */
    struct stat_set set; /* text -> number of first sight */
    int *rank;           /* number of first sight -> level */
    bool is_by_value;    /* sorted by weight */
};
enum level_order { ORDER_NATURAL, ORDER_BY_WEIGHT };
/* weight: of each row (NULL = 1 each). Order: the levels' own (ordered cat, numbers, times, bool),
 * the user's, else as asked. */
rc stat_levels_of(struct chart_build *b, const struct column *c, const double *weight,
                  enum level_order order, bool has_user_order, struct stat_levels *out);
/* Levels of a column over all rows where `value` is not null, in their own order. */
rc stat_key_levels(struct chart_build *b, const struct chart_input *in, const char *value,
                   struct stat_levels *out);
/* As above, by nature; place: of each row among ordered values (NULL = by the column's own order).
 */
rc stat_levels_placed(struct chart_build *b, const struct column *c, const double *place,
                      struct stat_levels *out);
/* Keeps the first `most` levels and folds the rest into "other (n)"; *n_folded of them. The rows'
 * levels are renumbered. */
void stat_levels_fold(struct chart_build *b, struct stat_levels *l, int64_t rows, int most,
                      int *n_folded);

/* ---- stat_stream.c: states for streaming ---- */
enum { STAT_SLOTS = 64 };
struct stat_slots {
    atomic_flag busy[STAT_SLOTS];
    void *state[STAT_SLOTS]; /* made at first use, zeroed */
    size_t size;
};
void stat_slots_init(struct stat_slots *s, size_t size);
/* A state that nobody else holds; give it back after the batch. */
int stat_slot_take(struct stat_slots *s, int64_t partition);
void stat_slot_give(struct stat_slots *s, int i);
void stat_slots_release(struct stat_slots *s, void (*each)(void *state));
/* Working memory of a state for one batch (the arena of a push lives as long as the run). */
enum { STAT_SCRATCH_LEVELS = 3 };
struct stat_scratch {
    double *numbers;
    int32_t *levels[STAT_SCRATCH_LEVELS];
    int64_t n_numbers, n_levels[STAT_SCRATCH_LEVELS];
};
double *stat_scratch_numbers(struct stat_scratch *s, int64_t n);
int32_t *stat_scratch_levels(struct stat_scratch *s, int which, int64_t n);
void stat_scratch_release(struct stat_scratch *s);
/* Streams the data to push(self). */
rc stat_stream(struct chart_build *b, void *self,
               enum rc_t (*push)(struct ctx *cx, void *self, int64_t partition,
                                 const struct batch *batch));
int stat_column_at(const struct chart_build *b, const char *name);

/* One number column: what the default bins need. */
struct stat_summary {
    int64_t n, n_null, n_infinite, n_outside;
    double min, max, q1, q3;
    bool is_whole; /* every value is a whole number */
};
/* Rows outside [lo, hi] (NAN = open) are counted apart. Quartiles are type 7 up to 4 million
 * values, beyond that read off 65,536 classes. */
rc stat_summary_of(struct chart_build *b, const struct chart_input *in, double lo, double hi,
                   struct stat_summary *out);

/* ---- stat_bins.c ---- */
struct stat_bins {
    int n;
    double *edges; /* [n + 1] */
    bool is_nice;  /* the default rule's; else n equal bins, numpy's */
    bool is_log;   /* equal widths on a log axis */
};
/* Counts per bin, level of colour and panel: counts[(panel * n_colors + color) * bins->n + bin];
 * the last bin is closed. color, panel: NULL = none. */
rc stat_bin_counts(struct chart_build *b, const struct chart_input *in,
                   const struct stat_bins *bins, const struct stat_levels *color,
                   const struct stat_levels *panel, int64_t **counts);
/* numpy.histogram's edges: n equal bins of [lo, hi]. */
struct stat_bins stat_equal_bins(struct arena *a, double lo, double hi, int n);
/* The default: max(Sturges, Freedman-Diaconis) bins, at most 100, edges at nice numbers; whole
 * numbers get bins of a whole width. */
struct stat_bins stat_default_bins(struct arena *a, const struct stat_summary *s);
/* Bins of equal width in log10; n 0 = the default rule. All of s is above zero. */
struct stat_bins stat_log_bins(struct arena *a, const struct stat_summary *s, int n);
struct stat_bins stat_time_bins(struct arena *a, const struct stat_summary *s);

/* ---- stat_sample.c ---- */
struct stat_sample {
    int64_t n, n_total, n_null;          /* rows kept; rows with x and y; left out for a null */
    double *num[CHART_CHANNELS];         /* number and time channels; places of ordered levels */
    struct column *text[CHART_CHANNELS]; /* level channels: a column of n rows, or NULL */
};
/* Rows for points: all of them, or a seeded sample of `most` that depends on row numbers only. */
rc stat_sample_of(struct chart_build *b, int64_t most, struct stat_sample *out);
void stat_sample_release(struct stat_sample *s);

/* ---- stat_box.c ---- */
struct stat_box { /* one group */
    double q1, median, q3, min, max;
    double low, high; /* whiskers: furthest values within 1.5 IQR (Tukey) */
    int64_t n, n_outliers;
    double *outliers; /* at most BOX_OUTLIERS, chosen by row number, extremes always in */
    int n_kept;
};
enum { BOX_OUTLIERS = 100 };
/* Boxes of the value column by level of category, colour and panel (each may be NULL):
 * out[(panel * n_color + color) * n_cat + cat]; n 0 = an empty group. */
struct stat_box_keys {
    const struct chart_input *in[3]; /* category, colour, panel; NULL = none */
    struct stat_levels *levels[3];
};
rc stat_boxes(struct chart_build *b, const struct chart_input *value,
              const struct stat_box_keys *keys, struct stat_box **out);

/* ---- stat_m4.c ---- */
struct stat_m4 { /* inputs and levels; levels->n may be cut to leave lines out */
    const struct chart_input *x, *y, *color_in, *panel_in;
    const struct stat_levels *color, *panel; /* NULL = none */
    double lo, hi;                           /* of x */
    int width;                               /* pixel columns a line */
};
struct stat_m4_rows {
    int64_t n, n_points; /* rows kept; points seen */
    double *x, *y, *series, *panel;
};
rc stat_m4_of(struct chart_build *b, const struct stat_m4 *job, struct stat_m4_rows *out);

/* ---- stat_frame.c: all rows of a chart in memory, and rows of marks ---- */
enum { WIDE_MOST = 64 };
struct stat_frame {
    int64_t n, n_total;
    double *num[CHART_CHANNELS];               /* number and time channels */
    struct stat_levels levels[CHART_CHANNELS]; /* channels read as categories; .at has n rows */
    double *group;                             /* [n] panel * n_color + color */
    int n_color, n_panel;
    int64_t *order, *start; /* rows by group: order[start[g] .. start[g + 1]) */
};
#define USE(ch) (1u << (ch))
/* Reads the channels; rows in which a channel of `need` is null or not finite are left out and the
 * caption says how many. Channels of `levels` are read as categories whatever their type. Colour
 * and panel are always categories; more than 8 colours are folded into "other". Sets the chart's
 * colour and panels. */
rc stat_frame_of(struct chart_build *b, unsigned need, unsigned levels, struct stat_frame *out);
/* Groups of f->n rows from the levels of colour and panel; sets the chart's colour and panels. */
rc stat_frame_keys(struct chart_build *b, struct stat_frame *f);
void stat_say_left_out(struct chart_build *b, unsigned need, int64_t n);
/* Values of a channel of one group, copied; sorted if asked. */
double *stat_frame_values(struct chart_build *b, const struct stat_frame *f, enum chart_channel ch,
                          int group, bool is_sorted, int64_t *n);
int stat_double_cmp(const void *a, const void *b);
/* Type 7 quantile of sorted values. */
double stat_quantile(const double *sorted, int64_t n, double q);

/* ---- stat_wide.c: columns of numbers side by side ---- */
enum { STAT_WIDE_MOST = 40 };
struct stat_wide {
    int n;
    const char *name[STAT_WIDE_MOST];
    double *v[STAT_WIDE_MOST]; /* [rows]; null as NAN */
    int64_t rows;
};
/* The columns that the list of y names; without one the numbers of the frame, at most `most`. E501
 * for columns of other types, and for fewer than `least` or more than `most`. */
rc stat_wide_of(struct chart_build *b, int least, int most, struct stat_wide *out);

struct build_rows; /* build.h */
/* stat_density.c: curves of all groups of data that was too long to keep, as rows of x, density, 0,
 * group, rows, bandwidth (R's nrd0). is_done false: read them all (few rows, infinite values, many
 * groups); f is not set then. */
struct stat_curves {
    int points; /* a curve */
    double cut; /* bandwidths beyond the ends */
    struct build_rows *rows;
};
rc stat_density_of(struct chart_build *b, enum chart_channel ch, const struct stat_curves *job,
                   struct stat_frame *f, bool *is_done);

#include "plotting/stat/build.h"

#endif
