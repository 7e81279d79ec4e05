/* tree.h: the histogram learner that all tree families share. Values become bins (bins.c), rows
 * have a pair of whole numbers (gradient, weight) of a common unit, histograms are sums of those
 * (hist.c): whole numbers, so no order of adding and no number of threads changes a bit and a
 * sibling is an exact difference. split.c looks for the best cut of a histogram, grow.c grows one
 * tree, boost.c and forest.c many, walk.c scores values. */
#ifndef MLNB_ML_TREE_TREE_H
#define MLNB_ML_TREE_TREE_H

#include "runtime/ml/ml_int.h"

/* ---- bins ---- */
#define TREE_MAX_BINS 255 /* of values; one more stands for null */
#define TREE_CELLS    (TREE_MAX_BINS + 1)

struct tree_column {
    int feature; /* of the encoder */
    bool is_cat;
    bool has_missing; /* some row to fit has null */
    int n_bins;       /* bins of values; n_bins itself = null, unseen level */
    int first;        /* its cells in a histogram: n_bins + 1 */
    double *edge;     /* number: [n_bins - 1]; bin b holds edge[b - 1] < value <= edge[b] */
    double *lo, *hi;  /* number: [n_bins] known ends of the values in a bin: a cut may stand
                         anywhere in hi[b] .. lo[c] when no row lies between bins b and c */
    uint8_t *bin_of;  /* category: [n_levels + 1] */
    int n_levels;     /* category: levels and the column of others */
};
struct tree_bins {
    struct tree_column *cols;
    int n_cols, n_cells;
    int64_t n;
    uint8_t *by_row; /* [n, n_cols], or NULL */
    uint8_t *by_col; /* [n_cols, n] */
};
/* Bins of the columns that terms use; memory is the caller's to free (tree_bins_release) also on
 * failure. At most `max_bins` bins a number, at equal weight; exact (a bin a value) up to there.
 * O(n log n) a column, columns in parallel. */
rc tree_bins_make(struct ctx *cx, struct arena *a, const struct rows *r, int max_bins,
                  bool want_rows, struct tree_bins *out);
void tree_bins_release(struct tree_bins *b);
/* Where to cut between bins b and c > b, when nothing lies between. */
double tree_cut(const struct tree_column *c, int b, int next);
/* x / 2 + y / 2 for lo <= cut < hi, as a float's value where one fits. */
double tree_between(double lo, double hi);

/* ---- one tree ---- */
struct tree_node {
    double cut;         /* number: value <= cut goes left */
    double value;       /* of boosting: the leaf's step; forests: mean */
    double gain, cover; /* gain of the split, sum of weights (Hessians) */
    int64_t n;          /* rows */
    int64_t at;         /* growing: its stretch of the row lists */
    int32_t left;       /* right = left + 1; -1 = leaf */
    int32_t feature;    /* of the encoder */
    int32_t set;        /* category: first word in sets; -1 = number */
    int16_t depth;
    uint8_t col_side; /* growing: which row list */
    bool missing_left;
};
struct tree {
    struct tree_node *nodes; /* [n_nodes], root first, level by level */
    int n_nodes, cap;
    uint64_t *sets; /* bits of levels that go left, words a category: tree_set_words */
    int n_sets, cap_sets;
    double *shares; /* [n_nodes, n_classes] of more than two classes; else NULL */
};
static inline int tree_set_words(int n_levels)
{
    return (n_levels + 63) / 64;
}
void tree_release(struct tree *t);                              /* of a tree on the heap */
void tree_keep(struct arena *a, struct tree *t, int n_classes); /* heap to arena */
int tree_depth(const struct tree *t);
int tree_leaves(const struct tree *t);

/* ---- what is summed ---- */
struct tree_target {
    int64_t *gh;           /* [n] gradient * 2^32 + weight, whole; of classes: weight */
    const uint16_t *cls;   /* [n] or NULL: of more than two classes */
    int n_classes;         /* with cls */
    double g_unit, h_unit; /* powers of two */
    int64_t narrow;        /* so many rows fit a packed sum */
};

enum tree_measure {
    TREE_GAIN,    /* G^2 / (H + lambda), with alpha: boosting; variance and, of classes, Gini */
    TREE_ENTROPY, /* of two or more classes */
};
struct tree_rules {
    enum tree_measure measure;
    int depth, leaves; /* 0 = no limit */
    double l2, l1, min_gain, min_weight, max_step;
    double gain_unit; /* forests: gain_unit * gain is weight times decrease of impurity */
    int64_t min_rows;
    bool has_min_gain_share;              /* min_gain is of the mean impurity of a row */
    bool random_cut;                      /* extra trees */
    bool is_forest;                       /* gain, cover in rows; no step limits */
    double col_tree, col_level, col_node; /* shares of the columns, at least one */
    const int8_t *monotone;               /* [n_cols] -1, 0, 1, or NULL */
    uint64_t seed, stream;
    int onehot_levels; /* categories of up to so many levels: one against the rest */
};

/* ---- split.c ---- */
struct tree_sums { /* over rows */
    double g, h;
};
struct tree_split {
    double gain;   /* <= 0: none */
    int col;       /* -1 = none */
    int bin, next; /* number: bins <= bin go left; next has the next row */
    double cut;    /* number */
    bool missing_left;
    bool is_cat;
    uint64_t set[4]; /* category: bins that go left (without the missing one) */
    struct tree_sums left, right;
};
struct tree_cells { /* the cells of one column that hold rows, in order of bins; the last may be
                       null */
    int n;
    bool has_missing; /* entry n: the null bin */
    uint16_t bin[TREE_CELLS + 1];
    double g[TREE_CELLS + 1], h[TREE_CELLS + 1];
    /* scratch of the search */
    double score[TREE_CELLS + 1], gl[TREE_CELLS + 1], hl[TREE_CELLS + 1];
};
struct tree_bounds { /* of leaf values, for monotone columns */
    double lo, hi;
};
/* Betters *best by the best cut of column `col` in a node of these sums. `draw` in [0, 1): where a
 * random cut stands. */
void tree_best_cut(const struct tree_rules *r, const struct tree_column *c, int col,
                   struct tree_cells *cells, struct tree_sums total, struct tree_bounds bounds,
                   double draw, struct tree_split *best);
/* The same of more than two classes: cells [n_bins + 1, k] weights; total [k]. */
struct tree_class_cells {
    const int64_t *cell;
    int k;
    double unit;
    const double *total; /* [k] */
    double *left, *rest; /* [k] scratch */
};
void tree_best_class_cut(const struct tree_rules *r, const struct tree_column *c, int col,
                         const struct tree_class_cells *cells, double draw,
                         struct tree_split *best);
double tree_leaf_value(const struct tree_rules *r, struct tree_sums s, struct tree_bounds b);
/* What a node is worth: larger is better; a split gains score(left) + score(right) - score. */
double tree_score(const struct tree_rules *r, struct tree_sums s);

/* ---- hist.c ---- */
/* A histogram is packed (one whole number a cell: g * 2^32 + h) while its rows are at most
 * y->narrow, else wide (g, h). */
struct tree_hist {
    int64_t *cell; /* [n_cells] packed, [2 n_cells] wide */
    bool is_wide;
};
/* Adds rows [n] into packed cells: n <= y->narrow in all since they were zero. */
void hist_add_rows(const struct tree_bins *b, const struct tree_target *y, const uint32_t *rows,
                   int64_t n, int64_t *cell);
/* wide += packed, packed = 0. */
void hist_flush(int64_t *packed, int64_t *wide, int64_t n);
/* big -= small, in place; both as wide as big was: gives big's new width (narrow when n fits). */
void hist_subtract(struct tree_hist *big, const struct tree_hist *small, int64_t n_cells,
                   bool to_narrow);
/* One column's cells of a histogram. */
void hist_cells(const struct tree_hist *h, const struct tree_column *c, const struct tree_target *y,
                struct tree_cells *out);
/* One column over rows, their gh gathered: straight into cells. scratch: [4 * TREE_CELLS], zero
 * before and after. */
void hist_column(const struct tree_column *c, const uint8_t *bins, const struct tree_target *y,
                 const uint32_t *rows, const int64_t *gh, int64_t n, int64_t *scratch,
                 struct tree_cells *out);
/* Classes: cell [(n_bins + 1) * k], zeroed here. */
void hist_classes(const struct tree_column *c, const uint8_t *bins, const struct tree_target *y,
                  const uint32_t *rows, int64_t n, int64_t *cell);
/* Exact sums of rows. */
struct tree_sums hist_total(const struct tree_target *y, const uint32_t *rows, int64_t n);

/* ---- grow.c ---- */
struct grower;
/* Scratch for growing trees on these bins: `parallel`: one tree on all threads (from the
 * statement's thread only), else one on this thread. max_rows: rows of a tree at most. */
rc grower_new(struct ctx *cx, const struct tree_bins *b, int64_t max_rows, bool parallel,
              struct grower **out);
void grower_free(struct grower *g);
/* The row list to fill before growing: [max_rows]. */
uint32_t *grower_rows(struct grower *g);
/* Grows a tree on rows 0..n of the list; *t on the heap (tree_release). y->gh is summed; rules hold
 * the draw's seed and stream. */
rc grower_grow(struct ctx *cx, struct grower *g, const struct tree_target *y,
               const struct tree_rules *rules, int64_t n, struct tree *t);
/* Rows of a node after growing (leaves and inner nodes' own stretch). */
const uint32_t *grower_node_rows(const struct grower *g, const struct tree_node *node);

/* ---- walk.c ---- */
/* The leaf of a row of values. */
int tree_leaf_of(const struct tree *t, const struct enc_input *in, int64_t row);

/* ---- the fitted model: model.c ---- */
enum tree_link { TREE_IDENTITY, TREE_LOGISTIC, TREE_SOFTMAX, TREE_EXP, TREE_SHARES };
struct tree_round {      /* a line of m.learning */
    double train, valid; /* NaN = none */
};
struct tree_flat;
struct tree_model {
    struct tree *trees; /* [n_trees]; of several outputs: round by round, an output after another */
    int n_trees;
    int n_out; /* outputs: 1, or the classes of softmax and shares */
    enum tree_link link;
    double *base;   /* [n_out] where the sums start */
    bool averages;  /* forests: sums are divided by the trees */
    bool is_float;  /* values are rounded to float first (XGBoost's own models) */
    int best_round; /* trees used = best_round * trees a round */
    int n_rounds;
    struct tree_round *rounds; /* [n_rounds] */
    const char *loss;          /* what train and valid are */
    struct tree_flat *flat;    /* for scoring: tree_flatten */
};
/* Makes the layout that scoring reads. */
void tree_flatten(struct model *m);
void tree_score_rows(const struct model *m, const struct enc_input *in, int64_t at, int n,
                     double *out);
/* A row's sums [n_out] to scores. */
void tree_link_row(const struct tree_model *t, double *sum);
void tree_save(const struct model *m, struct json_out *o);
enum rc_t tree_load(struct ctx *cx, const json_t *j, struct model *m);
/* ---- parts.c ---- */
int tree_bars(const struct model *m, struct arena *a, struct card_bar **out, const char **title);
extern const struct model_part tree_parts[], boosted_parts[];

/* E207 for features that trees do not take (lists), E401 for an offset when `offset` is false. */
rc tree_check(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
              const struct model *m, bool offset);
/* Statistics of the report from the training rows' sums [n, n_out], which become scores; NULL: the
 * rows are scored. */
rc tree_training_stats(struct ctx *cx, const struct rows *r, struct model *m, double *sums);

/* ---- boost.c ---- */
enum tree_loss {
    LOSS_SQUARED,
    LOSS_ABSOLUTE,
    LOSS_HUBER,
    LOSS_LOGISTIC,
    LOSS_SOFTMAX,
    LOSS_POISSON,
};
struct boost_plan {
    enum tree_loss loss;
    int rounds, max_bins, patience;
    double rate, subsample, huber;
    double base;            /* NaN: learnt */
    double positive_weight; /* times the weight of the positive class; 0 = 1 */
    struct tree_rules rules;
};
rc boost_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
             const struct boost_plan *plan, struct model *m);

/* ---- forest.c ---- */
struct forest_plan {
    int trees, max_bins;
    bool bootstrap;
    double sample; /* of the rows, a tree */
    struct tree_rules rules;
};
rc forest_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
              const struct forest_plan *plan, struct model *m);

#endif
