/* gram_int.h: everything that squared loss needs of the rows, in one pass: means, spreads and ends
 * of the columns, and the centred cross products of columns and response. */
#ifndef MLNB_ML_MODELS_GRAM_INT_H
#define MLNB_ML_MODELS_GRAM_INT_H

#include "runtime/ml/ml_int.h"

struct gram {
    int p;                  /* columns; the response is one more, the last */
    struct col_stats stats; /* of the columns */
    double response_mean;
    double *cross; /* [p + 1, p + 1] column-major, upper: sum w (x_i - m_i)(x_j - m_j), m the means,
                      or 0 when not centred */
};
/* response [n] or NULL = 0. Columns are taken off a near value first (the mean of the first rows),
 * so that large means cost no digits. O(n p^2) products, by blocks over the pool; memory two
 * [p + 1, p + 1] a shard at work. */
rc gram_of(struct ctx *cx, struct arena *a, const struct rows *r, const double *response,
           bool is_centred, struct gram *out);

/* ---- coordinate descent on the Gram matrix ---- */
struct descent { /* minimises 1/2 b'Ab - c'b + sum l1_j |b_j| */
    int n;
    const double *a;  /* [n, n] symmetric, upper triangle column-major is read */
    const double *c;  /* [n] */
    const double *l1; /* [n], 0 = not penalised */
};
/* From b [n], which is replaced by the minimiser. Sweeps over the coordinates that are not zero,
 * then over all; when their signs settle the system of the active ones is solved exactly, so the
 * result has the digits of a direct solution. *sweeps: over all. Ends after max_sweeps (false in
 * *converged). Source: Friedman, Hastie, Tibshirani, J. Stat. Softw. 33 (2010), covariance
 * updates. O(n) a coordinate that moves. */
rc descent_run(struct ctx *cx, const struct descent *d, int max_sweeps, double *b, int *sweeps,
               bool *converged);

#endif
