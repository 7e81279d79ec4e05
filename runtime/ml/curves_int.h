/* curves_int.h: ROC and precision-recall curves as tables. */
#ifndef MLNB_ML_CURVES_INT_H
#define MLNB_ML_CURVES_INT_H

#include "runtime/fn/metric/metric.h"

/* Points of the ROC and precision-recall curves, thinned to what a picture shows. */
struct curve {
    int64_t n;
    double *x, *y, *threshold; /* roc: fpr, tpr; pr: recall, precision; threshold of the last pr
                                  point is not there (NaN) */
};
rc curve_roc(struct ctx *cx, struct scored *s, struct curve *out); /* arrays in cx->arena */
rc curve_pr(struct ctx *cx, struct scored *s, struct curve *out);

#endif
