/* stat_series.h: numbers of rows in an order, of trees of rows, and of planes. All values are
 * finite. Only for plotting. */
#ifndef MLNB_PLOTTING_STAT_SERIES_H
#define MLNB_PLOTTING_STAT_SERIES_H

#include <stdbool.h>
#include <stdint.h>

/* Autocorrelations of lags 0 .. m, sums over n (statsmodels' acf, R's acf). out[m + 1]. */
void stat_acf(const double *v, int64_t n, int m, double *out);
/* Partial autocorrelations from those: Durbin and Levinson (statsmodels' "ywm"). out[m + 1]. */
void stat_pacf(const double *acf, int m, double *out);
/* The mean of the last `window` values; NAN before there are as many. */
void stat_moving_mean(const double *v, int64_t n, int64_t window, double *out);
/* Additive decomposition by moving means (statsmodels' seasonal_decompose): trend centred over a
 * period, NAN at both ends; season: means by phase, centred; the rest. n >= 2 periods. */
void stat_decompose(const double *v, int64_t n, int64_t period, double *trend, double *season,
                    double *rest);
/* Average linkage of n points by their Euclidean distances d[i * n + k], which are overwritten.
 * merges[n - 1] as scipy: a < b, clusters n .. are those of the merges before. O(n^3) at worst. */
struct stat_merge {
    int a, b;
    double height;
    int n; /* points below */
};
void stat_linkage(double *d, int n, struct stat_merge *merges);
/* The leaves from left to right (scipy's dendrogram with count_sort=False). */
void stat_leaves(const struct stat_merge *merges, int n, int *order);
/* Gaussian kernel density on a grid of m x m (x fastest) with Scott's factor on the covariance
 * (scipy's gaussian_kde). Beyond 2,000 points they are binned first (cubic shares, error under
 * 1e-6). false: no spread. */
enum { STAT_PLANE = 100 };
struct stat_plane_kde {
    double lo[2], step[2];
    double *z; /* [STAT_PLANE * STAT_PLANE], the caller's */
};
bool stat_kde2(const double *x, const double *y, int64_t n, struct stat_plane_kde *out);
/* The density above which `inside` of the mass lies (seaborn's levels). */
double stat_mass_level(const double *z, int64_t n, double inside);

#endif
