/* hypothesis.h: p-values of tests of hypotheses, for the steps that show them. */
#ifndef MLNB_ML_HYPOTHESIS_H
#define MLNB_ML_HYPOTHESIS_H

#include "runtime/base/rc.h"

#include <stdint.h>

/* P(X >= x), chi-square with df > 0; P(F >= f), Fisher's F with d1, d2 > 0. */
double hypothesis_chi2(double x, double df);
double hypothesis_f(double f, double d1, double d2);
/* P(|T| >= |t|), Student's t with df > 0. */
double hypothesis_t(double t, double df);
/* P(D >= d) of n draws against a continuous distribution. Up to 140 draws the matrix power of
 * Marsaglia, Tsang and Wang (J. Stat. Softw. 8, 2003); beyond, twice the one-sided tail (Smirnov;
 * Simard and L'Ecuyer, J. Stat. Softw. 39, 2011) from n d^2 = 2.2 on, and the expansion of Pelz and
 * Good (J. R. Stat. Soc. B 38, 1976) below. */
double hypothesis_ks(double d, int64_t n);
/* P(D >= d) of m and n draws of one distribution: exactly by the share of lattice paths (Hodges,
 * Ark. Mat. 3, 1958) up to 10,000 draws on either side, else hypothesis_ks of round(mn / (m + n)).
 * d is rounded to a multiple of 1 / lcm(m, n). O(mn), cancelled by E901. */
rc hypothesis_ks_two(struct ctx *cx, double d, int64_t m, int64_t n, double *out);

#endif
