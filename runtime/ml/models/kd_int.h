/* kd_int.h: k-d tree (Bentley, Commun. ACM 18, 1975) with boxes, for all points within a radius. */
#ifndef MLNB_ML_MODELS_KD_INT_H
#define MLNB_ML_MODELS_KD_INT_H

#include "runtime/base/rc.h"

struct kd_node {
    int64_t from, to; /* points */
    int32_t right;    /* the left one follows its parent; 0 = leaf */
    int64_t tag;      /* smallest of its points' tags */
};
struct kd {
    int64_t n;
    size_t d;
    double *x;    /* [n, d] by leaf */
    int64_t *id;  /* [n] which point it was */
    int64_t *tag; /* [n] or NULL: the caller's, by leaf; kd_tags fills the nodes */
    struct kd_node *node;
    int n_nodes;
    double *box; /* [n_nodes, 2, d] lowest, highest */
};
/* x [n, d] is copied. O(n log n d). Released by kd_free, also after a failure. */
rc kd_build(struct ctx *cx, const double *x, int64_t n, size_t d, struct kd *out);
void kd_free(struct kd *t);
/* tag [n] by the points' first numbers. */
rc kd_tags(struct ctx *cx, struct kd *t, const int64_t *tag);
/* Calls visit for each point with |x - p|^2 <= r2, by its place in t->x; true ends the walk. Nodes
 * without a tag below `below` are left out when the tree has tags. */
void kd_within(const struct kd *t, const double *p, double r2, const int64_t *below,
               bool (*visit)(void *self, int64_t place), void *self);

#endif
