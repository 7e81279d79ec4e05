/* ml_int.h: what the files of runtime/ml share: the fitted encoder (formula -> columns of the
 * design), the rows being fitted, the fitted model and what a family's class must do. */
#ifndef MLNB_ML_ML_INT_H
#define MLNB_ML_ML_INT_H

#include "runtime/base/arena.h"
#include "runtime/col/column.h"
#include "runtime/ml/ml.h"

#include <jansson.h>

/* ---- encoder: fitted features, and the columns of the design made of them ----
 * A feature is a number or a category. A part is a product of features with a coding for each
 * category; in a row it has at most one non-zero column, so a row is cheap to encode and to score
 * without ever making the dense design. A term has one part, or several when full rank asks for
 * different codings within it (structural redundancy as patsy decides it, coding.c). */
enum enc_kind {
    ENC_NUMBER,
    ENC_CATEGORY,
    ENC_LIST, /* several levels a row, each with a value: words of a text, hashed cells */
};
struct enc_level {
    struct scalar value;
    const char *text;
    int64_t n; /* rows that had it when fitted */
};
struct enc_feature {
    enum enc_kind kind;
    const char *name;         /* "fare", "scale(fare)", "part" */
    const char *detail;       /* "mean 13.0, sd 11.5", or NULL */
    const struct expr *expr;  /* over the columns of the frame to fit or score */
    struct enc_level *levels; /* [n_levels], in the order of their columns */
    int n_levels;
    int *order;                /* [n_levels] levels by rising value, for look-up */
    int ref;                   /* level left out where one is, -1 = never one (onehot) */
    bool has_other;            /* one more column for levels that are not listed: code n_levels */
    bool unseen_error;         /* unseen: error */
    struct text_coding *words; /* ENC_LIST: how a value becomes cells; its levels are the terms */
};
#define CODE_UNSEEN (-1)
#define CODE_NULL   (-2)
struct enc_factor {
    int feature;
    bool full;      /* category: every level has a column */
    int n;          /* columns of this factor; number: 1 */
    int32_t *local; /* category: [n_levels + 1] code -> 0..n-1, or -1 = a row of zeros */
};
struct enc_part {
    int term;
    struct enc_factor *factors; /* first varies fastest */
    int n_factors;
    int first, n;                  /* columns of the design */
    const struct enc_factor *list; /* the one factor that is a list, or NULL */
    int list_stride;               /* columns between two of its own */
};
struct enc_term {
    const char *name; /* "fare", "part", "a:b", "offset(e)" */
    struct span span;
    bool is_offset;
    const struct selector *select; /* while it is fitted: it may go */
    int *features;
    int n_features;
};
struct encoder {
    struct enc_feature *features;
    int n_features;
    struct enc_term *terms; /* in the order of their columns; offsets last */
    int n_terms;
    struct enc_part *parts;
    int n_parts;
    const char **columns; /* [n_cols] "fare", "part[night]", "a:b" */
    int n_cols;
    int max_cols; /* what n_cols may grow to; 0: ENC_MAX_COLS */
    bool intercept;
};
/* Values of the features over some rows: numbers as f64 (NaN = null, only for families that take
 * null), categories as codes, lists as rows of (column of the feature, value). */
struct enc_cells {
    const int64_t *first; /* [n + 1] */
    const int32_t *col;   /* [first[n]] rising within a row, each once */
    const double *value;
};
struct enc_input {
    const double **num;             /* [n_features], NULL where not a number */
    const int32_t **code;           /* [n_features], NULL where not a category */
    const struct enc_cells **cells; /* [n_features], NULL where not a list */
};
/* Codes of n values: >= 0 a level (n_levels = other), CODE_UNSEEN, CODE_NULL. O(n log levels). */
rc enc_codes(struct ctx *cx, const struct enc_feature *f, const struct vec *v, int64_t n,
             int32_t *out);
/* Columns of a list: its terms, or what they are hashed into. */
int enc_list_width(const struct enc_feature *f);
/* Cells of n values of a list feature, in cx->arena; a null has none. O(bytes). */
rc enc_cells(struct ctx *cx, const struct enc_feature *f, const struct vec *v, int64_t n,
             struct enc_cells *out);
/* Dense rows: x [n, n_cols] row-major, of rows at..at + n of `in`. */
void enc_fill(const struct encoder *e, const struct enc_input *in, int64_t at, int n, double *x);
/* The same column-major: x [n_cols, n], column j from j * n on. */
void enc_columns(const struct encoder *e, const struct enc_input *in, int64_t at, int n, double *x);
/* out[i] += row i . beta, beta [n_cols], plus offsets: without the dense design. */
void enc_dot(const struct encoder *e, const struct enc_input *in, int64_t at, int n,
             const double *beta, double *out);
/* The same without the offsets. */
void enc_dot_columns(const struct encoder *e, const struct enc_input *in, int64_t at, int n,
                     const double *beta, double *out);
/* grad[col] += coef[i] * value over the cells of row at + i: the transpose of enc_dot (offsets
 * apart). With enc_dot it makes every linear objective one of sparse rows. */
void enc_add(const struct encoder *e, const struct enc_input *in, int64_t at, int n,
             const double *coef, double *grad);
/* sum[col] += c v, squares[col] += c v^2 over the cells of row at + i, v their value less
 * shift[col], c = coef[i] (NULL: 1). Cells that are 0 are passed over: shift is for columns that
 * have one in every row, 0 for others. */
void enc_add_squares(const struct encoder *e, const struct enc_input *in, int64_t at, int n,
                     const double *coef, const double *shift, double *sum, double *squares);
bool enc_has_offset(const struct encoder *e);
/* Builds levels' look-up order. */
void enc_index_levels(struct arena *a, struct enc_feature *f);
/* Parts and column names from features and terms (full rank unless all_levels); E902 beyond
 * e->max_cols. */
rc enc_code_terms(struct ctx *cx, struct arena *a, struct encoder *e, bool all_levels,
                  struct span span);
#define ENC_MAX_COLS   5000
#define ENC_MAX_SPARSE (1 << 24)

/* ---- target ---- */
struct target {
    const char *text; /* "tipped"; NULL: the model has none */
    const struct expr *expr;
    struct dtype type;
    struct enc_feature classes; /* a category: levels = the classes; n_levels 0: a number */
    int positive;               /* index of the positive class */
};

/* ---- rows being fitted: compact (numbers and codes); the dense design is made block by block */
struct rows {
    const struct encoder *enc;
    struct enc_input in;
    int64_t n;
    const double *y;      /* [n]: the number; of two classes 1 for the positive one, 0 else; of more
                             the index of the class; NULL without a target */
    int n_classes;        /* 0: a number, or no target */
    const double *w;      /* [n] or NULL = 1 */
    const double *offset; /* [n] or NULL = 0 */
    double w_sum;
    const struct rows *valid; /* rows of valid:, coded alike, or NULL */
    struct arena *arena;      /* owns what the pointers above need */
};
struct block { /* rows at..at + n of the dense design */
    int64_t at;
    int n;
    double *x; /* [n, p] row-major, p = enc->n_cols (or as row_sum.by_column says); the receiver
                  may change it */
};
/* One pass over the rows: blocks of a shard (a fixed stretch of rows) go in order to `part`, which
 * adds to acc [n_acc] (zeroed a shard); shards are put together in order by `merge` (NULL = add).
 * Shards run over the pool; results do not depend on its threads. Cancel per block. */
struct row_sum {
    void *self;
    size_t n_acc;
    bool dense;     /* part wants block.x */
    bool by_column; /* with dense: block.x is column-major, [p, n], column j from j * n on */
    enum rc_t (*part)(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                      double *acc);
    enum rc_t (*merge)(struct ctx *cx, void *self, double *acc, double *other);
};
rc rows_sum(struct ctx *cx, const struct rows *r, const struct row_sum *sum, double *acc);

/* Which columns a fit works on, centred and scaled: z = (x[col] - mean) / scale. */
struct design {
    int k;                /* columns kept */
    int *col;             /* [k] rising, into the encoder's columns */
    double *mean, *scale; /* [k]; mean 0 without an intercept */
    bool intercept;
};
/* Means and sample standard deviations of all columns (weighted: mean weight 1), constants found
 * exactly (smallest = largest value). */
struct col_stats {
    double *mean, *sd, *min, *max; /* [n_cols] */
};
rc rows_stats(struct ctx *cx, struct arena *a, const struct rows *r, struct col_stats *out);
/* Block to z in place: [n, k] row-major. */
void design_block(const struct design *d, const struct block *b, int p);

/* ---- model ---- */
struct model_stat { /* a number of the fit: r2, sigma, log_loss .. */
    const char *name;
    double value;
    bool is_null;
};
struct model_report {
    int64_t n;
    int64_t n_dropped; /* rows left out for a null */
    int iterations;
    double loss; /* what was minimised: mean loss + penalty */
    bool converged;
    double seconds;
    struct model_stat *stats;
    int n_stats;
};
struct model {
    atomic_int refs;
    struct arena *arena;
    const struct ml_family *family;
    struct scalar *params; /* [family's parameters] */
    const char *formula;
    const char *weights; /* as text, or NULL */
    struct encoder enc;
    struct target target;
    double threshold;
    uint64_t seed;
    struct model_report report;
    struct table *leaderboard; /* of tune, owned by arena; NULL: it was not searched for */
    void *body;                /* the family's own, in arena */
};
struct model *model_new(const struct ml_family *family);
double model_param(const struct model *m, const char *name);
/* KIND_LIST: its numbers, *n of them (0 = not given). KIND_STR: whether it is that word. */
const double *model_param_list(const struct model *m, const char *name, int *n);
bool model_param_is(const struct model *m, const char *name, const char *word);
void model_add_stat(struct model *m, const char *name, double value, bool is_null);
bool model_is_class(const struct model *m);

enum score_kind {
    SCORE_NUMBER,  /* one number a row */
    SCORE_CLASS,   /* two classes: P(positive); more: a probability each */
    SCORE_TARGET,  /* as the target is: a number or classes (families of task ML_EITHER) */
    SCORE_CLUSTER, /* the cluster from 1, 0 = none; then any number of memberships */
    SCORE_COLUMNS, /* columns of the family's own: cls->width, cls->column_name */
    SCORE_NONE,    /* does not score rows (fpgrowth) */
    SCORE_GROUPS,  /* as its members do (grouped) */
};
/* A table of its own that a model has beside coef, terms, report: m.centers, m.importance. */
struct model_part {
    const char *name, *doc;
    enum rc_t (*table)(struct ctx *cx, const struct model *m, struct table **out);
};
/* What the card shows as bars below the facts: the largest first. */
struct card_bar {
    const char *name;
    double value;
};
struct json_out; /* json_int.h */
struct model_class {
    bool takes_null;  /* features only: a number is NaN, a code CODE_NULL */
    bool all_levels;  /* trees: no level is left out */
    bool no_design;   /* reads numbers, codes and cells, never columns of the design: no limit on
                         their number, enc.n_cols is 0 */
    bool is_sparse;   /* works by enc_dot and enc_add: up to ENC_MAX_SPARSE columns */
    bool takes_many;  /* more than two classes */
    bool takes_lists; /* a list of texts is a feature: each text once (ENC_LIST) */
    bool takes_ids;   /* every feature is a category, numbers too; an unseen one scores null */
    enum score_kind scores;
    /* Fills m->body and m->report from the rows. */
    enum rc_t (*fit)(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                     struct model *m);
    /* Rows at..at + n of `in`: out [n, width] row-major; NaN = null. Scoring runs in batches of at
     * most 2,048 rows on several threads at once. */
    int (*width)(const struct model *m); /* NULL: 1, or the number of classes above two */
    const char *(*column_name)(const struct model *m, struct arena *a, int i); /* SCORE_COLUMNS */
    void (*score)(const struct model *m, const struct enc_input *in, int64_t at, int n,
                  double *out);
    void (*save)(const struct model *m, struct json_out *out);
    enum rc_t (*load)(struct ctx *cx, const json_t *j, struct model *m);
    /* Table of coefficients (m.coef); NULL: the family has none. */
    enum rc_t (*coef)(struct ctx *cx, const struct model *m, struct table **out);
    const struct model_part *parts; /* ends with a NULL name; NULL: none */
    /* Rows that score null are left out of predict; NULL: they stay. */
    bool (*drops_null)(const struct model *m);
    /* The n best of the other side for each of one side's (ml_recommend); NULL: it cannot. */
    enum rc_t (*recommend)(struct ctx *cx, const struct model *m, const struct recommend_spec *spec,
                           struct table **out);
    /* Bars of the card, in `a`, and their title, the name of the part that has all; NULL: none. */
    int (*bars)(const struct model *m, struct arena *a, struct card_bar **out, const char **title);
};
int model_width(const struct model *m);
enum score_kind model_scores(const struct model *m); /* never SCORE_TARGET, SCORE_GROUPS */
int model_n_classes(const struct model *m);          /* 0: not a classifier */

/* Checked parameters of a call, defaults filled in: [family's parameters] in `a`. */
rc ml_params(struct ctx *cx, struct arena *a, const struct ml_family *family,
             const struct ml_arg *args, int n_args, struct span span, struct scalar **out);

/* Rows, encoder and target of a fit (prepare.c): runs the data once, then plans over that table. */
rc ml_prepare(struct ctx *cx, struct executor *x, const struct ml_fit_spec *spec, struct plan *data,
              struct model *m, struct rows *out);

/* Features' values, target and weights from columns of a table: the features' first in their order,
 * target and weights by number (-1: none). r->arena is set; the table outlives r. */
rc rows_fill(struct ctx *cx, const struct model *m, const struct table *t, int target, int weights,
             struct rows *r);
/* into->valid: rows of another frame, coded by the fitted encoder; without those that lack a target
 * or hold a null that the family cannot take; every row weighs 1. E406, E404. */
rc rows_coded(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
              struct span span, struct rows *into);

/* Builders (finished, also on failure they stay the caller's to release) as a table. */
rc ml_table(struct ctx *cx, const struct field *fields, struct builder *cols, int n,
            struct table **out);
/* `a, b and c` of names, in backticks, at most five. */
const char *ml_name_list(struct arena *a, const char *const *names, int n);
/* "1 row has", "3 rows have". */
const char *ml_rows_have(struct arena *a, int64_t n);

#endif
