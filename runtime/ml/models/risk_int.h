/* risk_int.h: what nearly all linear models minimise: the weighted mean over the rows of a loss of
 * the linear predictor, plus l2 penalties, as a function of coefficients of scaled columns. Value,
 * gradient and Hessian are row sums; which solver asks for them is no business of this file. */
#ifndef MLNB_ML_MODELS_RISK_INT_H
#define MLNB_ML_MODELS_RISK_INT_H

#include "runtime/ml/models/linear_int.h"
#include "runtime/ml/models/newton_int.h"

/* A stretch of at most RISK_ROWS rows of one shard. A loss fills slope and curve with the first and
 * second derivative by eta, times the row's weight, and adds to value the weighted loss (infinity:
 * eta is not allowed, nothing else need be filled) and to count what it likes to count. */
#define RISK_ROWS 1024
struct loss_rows {
    int n;
    const double *eta, *y, *w; /* w NULL: 1 */
    double *slope, *curve;     /* curve NULL: not wanted */
    double value, count;
    double scale;  /* of a loss with a scale: the scale */
    double *cross; /* its derivative by eta and scale, times the weight; NULL as curve */
    double by_scale, by_scale2; /* sums of the first and second derivative by the scale */
};
typedef void (*loss_fn)(const void *self, struct loss_rows *b);

struct risk {
    const struct rows *rows;
    const struct linear_plan *plan;
    const double *y; /* [rows->n] */
    loss_fn loss;
    const void *self;
    bool has_scale;        /* the loss has a scale, the last variable */
    int n;                 /* variables: k coefficients, then the intercept when there is one */
    const double *x;       /* where; set by risk_eval */
    bool wants_hess;       /* set by risk_eval */
    double *beta, *offset; /* raw scale, set by risk_eval for sparse passes */
    double value, count;   /* of the last evaluation: with penalty; sum of the losses' counts */
};
void risk_init(struct risk *f, const struct rows *r, const struct linear_plan *p, const double *y,
               loss_fn loss, const void *self);
/* objective.eval: mean loss + sum penalty_j / 2 x_j^2, its gradient and, when hess is not NULL, its
 * Hessian. One pass over the rows. Designs of more than ENC_MAX_COLS columns, and sparse ones when
 * no Hessian is wanted, are summed cell by cell and never made dense. */
rc risk_eval(struct ctx *cx, void *risk, const double *x, double *value, double *grad,
             double *hess);
/* Losses of y in {0, 1}; of a number. count: rows on the wrong side. */
void loss_logistic(const void *self, struct loss_rows *b);
void loss_squared(const void *self, struct loss_rows *b);
/* A start for Newton's method: the minimiser over every 16th row, when there are rows enough for it
 * to be near; x is left as it is else. */
rc risk_warm_start(struct ctx *cx, const struct risk *f, const double *l1, double *x);

#endif
