/* grow_int.h: what grow.c (which nodes to split, in which order), part.c (rows to two sides) and
 * look.c (histograms and best cuts of a node) share. */
#ifndef MLNB_ML_TREE_GROW_INT_H
#define MLNB_ML_TREE_GROW_INT_H

#include "runtime/ml/tree/tree.h"

#define BIG_ROWS 32768 /* nodes above are worked on by all threads */

struct scratch {      /* one thread's own */
    int64_t *packed;  /* [n_cells], zero between uses */
    int64_t *wide;    /* [2 n_cells], zero between uses; NULL = not made yet */
    int64_t *column;  /* [4 TREE_CELLS], zero between uses */
    int64_t *classes; /* [TREE_CELLS, n_classes] */
    int64_t *gh;      /* gathered for a node; NULL = not made yet */
    int64_t cap_gh;
    double *sums; /* [3, n_classes] */
    int n_classes;
    int *order; /* [n_cols] columns to look at */
    struct tree_cells cells;
    void **spare; /* histograms to use again */
    int n_spare, cap_spare;
};
struct grower {
    const struct tree_bins *bins;
    const struct tree_target *y;
    const struct tree_rules *rules;
    uint32_t *rows[2];
    struct scratch *scratch; /* [n_scratch] */
    int n_scratch;
    bool is_stored; /* histograms are kept and siblings come by difference */
    bool is_parallel;
    int *cols; /* [n_cols] of this tree */
    int n_cols;
    int level_cols, node_cols;
};
struct open_node { /* a leaf that may still be split */
    int node;
    int depth;
    uint64_t path;
    struct tree_hist hist; /* cell NULL: none */
    struct tree_sums sums;
    struct tree_split split;
    struct tree_bounds bounds;
};

/* look.c */
rc look_scratch(struct ctx *cx, const struct grower *g, struct scratch *s);
void look_release(struct scratch *s);
/* Histogram of a node's rows into o->hist. */
rc look_hist(struct ctx *cx, struct grower *g, struct scratch *s, const struct tree_node *node,
             struct open_node *o, bool parallel);
/* Best split into o->split. */
rc look_split(struct ctx *cx, struct grower *g, struct scratch *s, const struct tree_node *node,
              struct open_node *o, bool parallel);
rc look_take_hist(struct ctx *cx, const struct grower *g, struct scratch *s, int64_t **out);
void look_give_hist(struct scratch *s, struct tree_hist *h);
int look_pick(const struct tree_rules *r, uint64_t key, int *order, int n, int k);

/* part.c */
/* Rows of `node` to two stretches, left first; gives the rows left and the side they stand on. */
rc part_rows(struct ctx *cx, struct grower *g, const struct tree_node *node, int col,
             const uint8_t goes[256], bool parallel, int64_t *n_left, uint8_t *side);

#endif
