/* newton_int.h: Newton's method with a backtracking line search, apart from what it minimises. An
 * objective gives value, gradient and Hessian (sums over rows, whoever adds them up). With an L1
 * penalty each step minimises the quadratic model and the penalty together (proximal Newton). */
#ifndef MLNB_ML_MODELS_NEWTON_INT_H
#define MLNB_ML_MODELS_NEWTON_INT_H

#include "runtime/base/rc.h"

struct objective {
    int n; /* variables */
    void *self;
    /* value, grad [n], hess [n, n] (upper triangle column-major; NULL: not wanted) at x [n]. A
     * value of infinity says that x is not allowed. */
    enum rc_t (*eval)(struct ctx *cx, void *self, const double *x, double *value, double *grad,
                      double *hess);
    /* Optional: true = stop here (*x is final), e.g. when no minimum exists. Called after each
     * iteration. */
    bool (*stop)(void *self, const double *x);
    const double *l1;  /* [n] or NULL: sum l1_j |x_j| is added to the value */
    double size, unit; /* what is large for a value and for a step; 0: 1 */
};
enum newton_end {
    NEWTON_CONVERGED, /* largest gradient component <= tol size / unit and the next step is small */
    NEWTON_MAX_ITER,
    NEWTON_STOPPED,  /* objective->stop said so */
    NEWTON_DIVERGES, /* the gradient vanishes but steps do not: no finite minimum along `worst` */
};
struct newton_report {
    int iterations;
    double value, gradient; /* at the end; largest component */
    double last_step;       /* largest component of the Newton step at the end */
    int worst;              /* its index */
    enum newton_end end;
};
/* Minimises from x [n], which is replaced by the result; hess [n, n] is left at the result. Convex
 * objectives. Cancel per iteration. Source: Boyd and Vandenberghe, Convex Optimization, 9.5.2
 * (damped Newton), backtracking 9.2 with alpha 1e-4, beta 1/2; Lee, Sun, Saunders, SIAM J. Optim.
 * 24 (2014) (proximal Newton). */
rc newton_minimize(struct ctx *cx, const struct objective *f, double tol, int max_iter, double *x,
                   double *hess, struct newton_report *out);
/* What a solver makes zero: a component of the gradient, with an L1 penalty (l1 0: none) the
 * subgradient nearest to 0. */
double newton_slope(double x, double grad, double l1);
/* Tells the person of iterations done, when it has gone for a while. */
void newton_tell(struct ctx *cx, struct doing *doing, int done, int total);

#endif
