/* als_int.h: factors of two sides (users, items) by alternating least squares. */
#ifndef MLNB_ML_MODELS_ALS_INT_H
#define MLNB_ML_MODELS_ALS_INT_H

#include "runtime/ml/ml_int.h"

enum { ALS_USER, ALS_ITEM };
struct als_problem {
    int rank;
    int n[2];               /* users, items */
    const int32_t *code[2]; /* [n_rows] 0..n - 1 each */
    const double *rating;   /* [n_rows] */
    const double *w;        /* [n_rows] or NULL = 1 */
    int64_t n_rows;
    double l2;    /* times the number of ratings of the user or item (weighted lambda, Zhou,
                     Wilkinson, Schreiber, Pan 2008) */
    double alpha; /* implicit: confidence is 1 + alpha |rating| */
    bool implicit, nonnegative;
    int max_iter;
};
struct als_end {
    double loss; /* squared errors (implicit: weighted, of all pairs) and penalty, per rating */
    double rmse; /* of the ratings; implicit: of 1 and 0 */
};
/* Users' factors to start from: normal, of length 1; not negative where the answer may not be. */
void als_start(const struct als_problem *p, uint64_t seed, double *users);
/* Items from users, users from items, max_iter times. factor[ALS_USER]: [n, rank] in and out;
 * factor[ALS_ITEM]: out. Each user and each item is one task that adds its ratings in the order of
 * the rows: threads change no bit. O(iterations * (ratings rank^2 + sides rank^3)). */
rc als_solve(struct ctx *cx, const struct als_problem *p, double *const factor[2],
             struct als_end *end);

#endif
