/* boost_int.h: losses, and the packing of gradients into whole numbers. */
#ifndef MLNB_ML_TREE_BOOST_INT_H
#define MLNB_ML_TREE_BOOST_INT_H

#include "runtime/ml/tree/tree.h"

struct loss_job { /* derivatives of the loss at the sums so far */
    enum tree_loss loss;
    const double *y, *w;   /* [n], w or NULL */
    const double *sum;     /* [n, k] */
    const double *log_sum; /* [n] softmax */
    int k, out;            /* softmax: outputs, and which */
    double delta;          /* huber */
};
#define LOSS_BLOCK 1024
/* g, h [n <= LOSS_BLOCK] of rows at .. at + n, times w; gives the sum of w * loss. */
double loss_block(const struct loss_job *j, int64_t at, int n, float *g, float *h);
void loss_log_sum(const double *sum, int k, int64_t n, double *out);
const char *loss_name(enum tree_loss l);
double loss_exp(double x);
/* Best constant [k]: where boosting starts. */
rc loss_base(struct ctx *cx, enum tree_loss l, const struct rows *r, int k, double *base);
/* Quantile q of v [n] (put in another order), by weights w or NULL. */
rc loss_quantile(struct ctx *cx, double *v, const double *w, int64_t n, double q, double *out);

/* ---- pack.c ---- */
/* Derivatives of all rows, packed into t->gh [n]; *mean_loss over w_sum. */
rc pack_gradients(struct ctx *cx, const struct loss_job *j, int64_t n, struct tree_target *t,
                  double *sum_loss);
/* g, h given by a function of the row. */
struct pack_source {
    const void *self;
    void (*block)(const void *self, int64_t at, int n, float *g, float *h);
};
rc pack_rows(struct ctx *cx, const struct pack_source *src, int64_t n, struct tree_target *t);

#endif
