/* special_int.h: tail probabilities of the t, F and normal distributions, for coefficient tables.
 * Own code: regularised incomplete beta by its continued fraction. */
#ifndef MLNB_ML_SPECIAL_INT_H
#define MLNB_ML_SPECIAL_INT_H

/* log |Gamma(x)|; lgamma of math.h keeps the sign in a global that threads would share. */
double special_lgamma(double x);
/* Regularised incomplete beta I_x(a, b), a, b > 0, with y = 1 - x given apart so that neither end
 * loses digits. Relative error about 1e-13. O(sqrt(max(a, b))). Source: NIST DLMF 8.17.22
 * (continued fraction), 8.17.4 (symmetry). */
double special_beta(double a, double b, double x, double y);
/* P(|T| >= |t|) for Student's t with df > 0 degrees of freedom. */
double special_t_two_sided(double t, double df);
/* P(F >= f) for Fisher's F with d1, d2 > 0 degrees of freedom; f < 0 gives 1. */
double special_f_upper(double f, double d1, double d2);
/* P(X >= x) for chi-square with df > 0 degrees of freedom: the regularised incomplete gamma
 * function by series or continued fraction (NIST DLMF 8.11.4, 8.9.2). */
double special_chi2_upper(double x, double df);
/* P(|Z| >= |z|), standard normal. */
double special_normal_two_sided(double z);

#endif
