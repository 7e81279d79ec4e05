/* vec_int.h: loops over stretches of doubles that the models' time goes to. Sums run in eight lanes
 * that are put together in one order, and products are never fused with sums, so the bits do not
 * depend on the width of the machine's vectors. */
#ifndef MLNB_ML_VEC_INT_H
#define MLNB_ML_VEC_INT_H

/* out += b x */
void vec_axpy(int n, double b, const double *x, double *out);
/* sum a b; a and b may be the same. */
double vec_dot(int n, const double *a, const double *b);
double vec_sum(int n, const double *x);
/* out := (x - shift) factor; out may be x. */
void vec_shift_scale(int n, double shift, double factor, const double *x, double *out);
/* x := x by */
void vec_mul(int n, const double *by, double *x);
void vec_sqrt(int n, const double *x, double *out);
/* Smallest and largest of n >= 1. */
void vec_ends(int n, const double *x, double *lo, double *hi);
/* out := exp(x) to 1 unit in the last place for x in -708..709; smaller ones give 0, larger ones
 * infinity. No NaN. Source: argument reduction by ln 2 in two parts, Taylor to degree 13. */
void vec_exp(int n, const double *x, double *out);
/* Of rows of a logistic model: p := 1 / (1 + exp(-eta)), loss := log(1 + exp(-eta)), the loss of
 * the positive class (that of the other one is loss + eta), curve := p (1 - p); each to a few units
 * in the last place, without overflow or cancellation. None may overlap another. */
void vec_logistic(int n, const double *eta, double *p, double *loss, double *curve);

#endif
