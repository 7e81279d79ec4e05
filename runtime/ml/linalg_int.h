/* linalg_int.h: the few dense factorisations the models need, on OpenBLAS (BLAS, LAPACK) with one
 * thread: blocks of rows run over our pool instead, so results do not depend on its threads.
 * Matrices here are column-major, as LAPACK wants them. */
#ifndef MLNB_ML_LINALG_INT_H
#define MLNB_ML_LINALG_INT_H

#include "runtime/base/rc.h"

/* Loads OpenBLAS, once; E305 when it is not on the machine (blas.c). Before the first use of BLAS.
 */
rc linalg_load(struct ctx *cx, struct span span);
/* OpenBLAS to one thread. Cheap; called at the start of every fit. */
void linalg_setup(void);

/* ---- QR of a tall matrix by blocks of rows ("sequential TSQR", Demmel, Grigori, Hoemmen, Langou,
 * SIAM J. Sci. Comput. 34, 2012): only the triangle is kept. r: [k, k], upper, starts zeroed. ----
 */
/* r := triangle of [r; rows]; rows: [n, k] with leading dimension ld >= n, destroyed. O(n k^2). */
rc qr_absorb(struct ctx *cx, double *r, int k, double *rows, int n, int ld);
/* r := triangle of [r; other], other: [k, k] upper, destroyed. */
rc qr_merge(struct ctx *cx, double *r, double *other, int k);
/* Takes column j out of the triangle r [k, k] (ld k) and makes it triangular again: the result is
 * [k - 1, k - 1] with leading dimension k - 1. O(k^2) by Givens rotations. */
void qr_drop_column(double *r, int k, int j);
/* x := r[0:m, 0:m]^-1 x, r with leading dimension ld. */
void tri_solve(const double *r, int ld, int m, double *x);
/* out [m, m]: r[0:m, 0:m]^-1, upper. */
void tri_inverse(const double *r, int ld, int m, double *out);

/* ---- symmetric positive definite systems ---- */
/* Factors a [n, n] (upper triangle read) after scaling it to a unit diagonal; scale: [n] out. When
 * it is singular to rounding a small multiple of the unit matrix is added; *jitter tells how much
 * (0: none). a is replaced by the factor. O(n^3). */
void spd_factor(int n, double *a, double *scale, double *jitter);
/* x := A^-1 x with the factor and scale above. */
void spd_solve(int n, const double *a, const double *scale, double *x);
/* a := A^-1 in place of the factor, both triangles. */
void spd_inverse(int n, double *a, const double *scale);

/* ---- symmetric matrices ---- */
/* Eigenvalues of a [n, n] (lower triangle of its rows read, destroyed), largest first, all of them
 * into values [n]; vectors of the k largest into vectors [k, n], a row each, of unit length. With
 * k 0 no vectors. O(n^3). */
rc sym_eigen(struct ctx *cx, int n, double *a, int k, double *values, double *vectors);

#endif
