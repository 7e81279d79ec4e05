/* stat_math.h: numbers of small samples in memory: quantiles of distributions, densities, lines.
 * All values are finite. Only for plotting. */
#ifndef MLNB_PLOTTING_STAT_MATH_H
#define MLNB_PLOTTING_STAT_MATH_H

#include <stdbool.h>
#include <stdint.h>

#ifndef M_PI
#define M_PI 3.14159265358979323846
#endif

double stat_normal_quantile(double p);       /* of the standard normal; 0 < p < 1 */
double stat_t_below(double t, double df);    /* Student's distribution function */
double stat_t_quantile(double p, double df); /* NAN for df <= 0 */
double stat_mean(const double *v, int64_t n);
double stat_sd(const double *v, int64_t n); /* n - 1 */
double stat_pearson(const double *x, const double *y, int64_t n);
/* Bandwidths: R's nrd0 of sorted values; Scott's, as scipy's gaussian_kde. */
double stat_nrd0(const double *sorted, int64_t n);
double stat_silverman(double sd, double iqr, double first, double n); /* the same of its parts */
double stat_scott(const double *v, int64_t n);
/* Many values as weights of few cells of a sixteenth of a bandwidth (131,072 at most): each value
 * is shared by the four cells around it so that cubic polynomials are kept (Lagrange), which leaves
 * an error of about (step / h)^4 / 65 of the density's fourth difference: under 1e-6 of the peak.
 */
struct stat_cells {
    double lo, step;
    int n;
};
struct stat_cells stat_cells_of(double lo, double hi, double h);
/* The first of the four cells of a value, and their shares, which add up to one. */
int stat_cell_share(const struct stat_cells *c, double v, double share[4]);
/* Gaussian kernel density of weighted cells at m grid points. */
void stat_cells_kde(const struct stat_cells *c, const double *weight, double total, double h,
                    const double *grid, int m, double *out);
/* Gaussian kernel density at m grid points; over cells beyond 10,000 values. */
void stat_kde(const double *sorted, int64_t n, double h, const double *grid, int m, double *out);

struct stat_fit { /* a straight line by least squares */
    int64_t n;
    double mean_x, mean_y, sxx, slope, sigma, r2;
};
void stat_line(const double *x, const double *y, int64_t n, struct stat_fit *f);
double stat_line_at(const struct stat_fit *f, double x);
/* Half the width of the 95 % band of the mean (t); NAN under 3 points. */
double stat_line_half_band(const struct stat_fit *f, double x);
/* Local polynomials of degree 1 or 2 over the nearest n * span points, tricube weights (Cleveland
 * 1979); x sorted. half: of the 95 % band, with the residual variance over tr((I-L)(I-L)') degrees
 * of freedom. O(n^2). */
void stat_loess(const double *x, const double *y, int64_t n, double span, int degree,
                const double *grid, int m, double *fit, double *half);

#endif
