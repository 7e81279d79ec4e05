/* quasi_int.h: quasi-Newton minimisation for many variables: L-BFGS, and OWL-QN when there is an L1
 * penalty, by liblbfgs; what it minimises is an objective as Newton's (newton_int.h), asked for
 * value and gradient only. */
#ifndef MLNB_ML_MODELS_QUASI_INT_H
#define MLNB_ML_MODELS_QUASI_INT_H

#include "runtime/ml/models/newton_int.h"

/* Minimises from x [n], replaced by the result, until the largest component of the gradient (of the
 * subgradient nearest to 0) is at most tol, or the value stands still. Variables with an L1 penalty
 * come first. Cancel and progress per iteration. Sources: Liu and Nocedal, Math. Programming 45
 * (1989); Andrew and Gao, ICML 2007. */
rc quasi_minimize(struct ctx *cx, const struct objective *f, double tol, int max_iter, double *x,
                  struct newton_report *out);

#endif
