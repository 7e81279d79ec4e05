/* stat_math.c: quantiles of distributions and smoothing. Normal quantile: Wichura 1988 (AS 241,
 * PPND16); incomplete beta: continued fraction by Lentz's method; loess: Cleveland 1979;
 * bandwidths: Silverman 1986 (nrd0), Scott 1992. */
#include "plotting/stat/stat_math.h"

#include "runtime/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- distributions ---- */
static double ratio(const double *a, const double *b, double r)
{
    double p = a[7], q = b[7];
    for (int i = 6; i >= 0; i--) {
        p = p * r + a[i];
        q = q * r + b[i];
    }
    return p / q;
}

double stat_normal_quantile(double p)
{
    static const double a[] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                               1.9715909503065514427e+3, 1.3731693765509461125e+4,
                               4.5921953931549871457e+4, 6.7265770927008700853e+4,
                               3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[] = {1.0,
                               4.2313330701600911252e+1,
                               6.8718700749205790830e+2,
                               5.3941960214247511077e+3,
                               2.1213794301586595867e+4,
                               3.9307895800092710610e+4,
                               2.8729085735721942674e+4,
                               5.2264952788528545610e+3};
    static const double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                               5.76949722146069140550e0,  3.64784832476320460504e0,
                               1.27045825245236838258e0,  2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1.0,
                               2.05319162663775882187e0,
                               1.67638483018380384940e0,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                               1.78482653991729133580e0,  2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1.0,
                               5.99832206555887937690e-1,
                               1.36929880922735805310e-1,
                               1.48753612908506148525e-2,
                               7.86869131145613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};
    double q = p - 0.5;
    if (fabs(q) <= 0.425) return q * ratio(a, b, 0.180625 - q * q);
    double r = sqrt(-log(q < 0 ? p : 1 - p));
    double v = r <= 5 ? ratio(c, d, r - 1.6) : ratio(e, f, r - 5);
    return q < 0 ? -v : v;
}

/* The continued fraction of the incomplete beta function. */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 - (a + b) * x / (a + 1), h;
    d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
    h = d;
    for (int m = 1; m < 500; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), step = 1;
        const double parts[] = {even, odd};
        for (int k = 0; k < 2; k++) {
            d = 1 + parts[k] * d;
            c = 1 + parts[k] / c;
            d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
            if (fabs(c) < 1e-300) c = 1e-300;
            step = c * d;
            h *= step;
        }
        if (fabs(step - 1) < 1e-16) break;
    }
    return h;
}

static double beta_share(double a, double b, double x)
{
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double stat_t_below(double t, double df)
{
    double tail = 0.5 * beta_share(df / 2, 0.5, df / (df + t * t));
    return t > 0 ? 1 - tail : tail;
}

double stat_t_quantile(double p, double df)
{
    double lo = -1e3, hi = 1e3;
    if (!(df > 0)) return NAN;
    if (p == 0.5) return 0;
    while (stat_t_below(lo, df) > p && lo > -1e12)
        lo *= 10;
    while (stat_t_below(hi, df) < p && hi < 1e12)
        hi *= 10;
    for (int i = 0; i < 200 && hi - lo > 1e-13 * fmax(1, fabs(lo)); i++) {
        double mid = (lo + hi) / 2;
        if (stat_t_below(mid, df) < p)
            lo = mid;
        else
            hi = mid;
    }
    return (lo + hi) / 2;
}

/* ---- moments ---- */
double stat_mean(const double *v, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += v[i];
    double m = s / (double)n, rest = 0;
    for (int64_t i = 0; i < n; i++)
        rest += v[i] - m;
    return m + rest / (double)n;
}

double stat_sd(const double *v, int64_t n)
{
    double m = stat_mean(v, n), s = 0;
    for (int64_t i = 0; i < n; i++)
        s += (v[i] - m) * (v[i] - m);
    return n > 1 ? sqrt(s / (double)(n - 1)) : 0;
}

double stat_pearson(const double *x, const double *y, int64_t n)
{
    double mx = stat_mean(x, n), my = stat_mean(y, n), xx = 0, yy = 0, xy = 0;
    for (int64_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return xx > 0 && yy > 0 ? fmax(-1, fmin(1, xy / sqrt(xx * yy))) : NAN;
}

/* ---- density ---- */
static double sorted_quantile(const double *v, int64_t n, double q)
{
    double at = q * (double)(n - 1);
    int64_t i = (int64_t)floor(at);
    return i + 1 >= n ? v[n - 1] : v[i] + (at - (double)i) * (v[i + 1] - v[i]);
}

double stat_nrd0(const double *sorted, int64_t n)
{
    double sd = stat_sd(sorted, n);
    double iqr = sorted_quantile(sorted, n, 0.75) - sorted_quantile(sorted, n, 0.25);
    return stat_silverman(sd, iqr, sorted[0], (double)n);
}

double stat_silverman(double sd, double iqr, double first, double n)
{
    double low = fmin(sd, iqr / 1.34);
    if (!(low > 0)) low = sd > 0 ? sd : fabs(first) > 0 ? fabs(first) : 1;
    return 0.9 * low * pow(n, -0.2);
}

double stat_scott(const double *v, int64_t n)
{
    double sd = stat_sd(v, n);
    return (sd > 0 ? sd : 1) * pow((double)n, -0.2);
}

#define KERNEL_REACH 9 /* bandwidths; beyond it less than 3e-18 of the peak */
static void kde_sum(const double *v, int64_t n, double h, const double *grid, int m, double *out)
{
    for (int k = 0; k < m; k++) {
        double s = 0;
        for (int64_t i = 0; i < n; i++) {
            double u = (grid[k] - v[i]) / h;
            if (fabs(u) < KERNEL_REACH) s += exp(-0.5 * u * u);
        }
        out[k] = s / ((double)n * h * sqrt(2 * M_PI));
    }
}

struct stat_cells stat_cells_of(double lo, double hi, double h)
{
    enum { A_WIDTH = 16, MOST = 1 << 17 };
    double wanted = ceil((hi - lo) / h * A_WIDTH);
    int n = wanted < 1 ? 1 : wanted > MOST ? MOST : (int)wanted;
    double step = hi > lo ? (hi - lo) / n : h / A_WIDTH;
    return (struct stat_cells){.lo = lo - step, .step = step, .n = n + 4};
}

int stat_cell_share(const struct stat_cells *c, double v, double w[4])
{
    double u = (v - c->lo) / c->step;
    int k = u < 1 ? 1 : u >= c->n - 2 ? c->n - 3 : (int)u;
    double s = u - k;
    w[0] = -s * (s - 1) * (s - 2) / 6;
    w[1] = (s + 1) * (s - 1) * (s - 2) / 2;
    w[2] = -(s + 1) * s * (s - 2) / 2;
    w[3] = (s + 1) * s * (s - 1) / 6;
    return k - 1;
}

void stat_cells_kde(const struct stat_cells *c, const double *weight, double total, double h,
                    const double *grid, int m, double *out)
{
    for (int k = 0; k < m; k++) {
        double at = (grid[k] - c->lo) / c->step, reach = KERNEL_REACH * h / c->step, s = 0;
        int from = at - reach < 0 ? 0 : (int)fmin(ceil(at - reach), c->n);
        int to = at + reach < 0 ? 0 : (int)fmin(floor(at + reach) + 1, c->n);
        for (int i = from; i < to; i++) {
            double u = (i - at) * c->step / h;
            s += weight[i] * exp(-0.5 * u * u);
        }
        out[k] = fmax(s, 0) / (total * h * sqrt(2 * M_PI));
    }
}

void stat_kde(const double *sorted, int64_t n, double h, const double *grid, int m, double *out)
{
    enum { EXACT = 10000 };
    if (n <= EXACT || !(sorted[n - 1] > sorted[0])) {
        kde_sum(sorted, n, h, grid, m, out);
        return;
    }
    struct stat_cells c = stat_cells_of(sorted[0], sorted[n - 1], h);
    double *weight = mem_zero(sizeof *weight * (size_t)c.n), w[4];
    for (int64_t i = 0; i < n; i++) {
        int at = stat_cell_share(&c, sorted[i], w);
        for (int k = 0; k < 4; k++)
            weight[at + k] += w[k];
    }
    stat_cells_kde(&c, weight, (double)n, h, grid, m, out);
    mem_free(weight);
}

/* ---- lines through points ---- */
void stat_line(const double *x, const double *y, int64_t n, struct stat_fit *f)
{
    double mx = stat_mean(x, n), my = stat_mean(y, n), xx = 0, xy = 0, yy = 0;
    for (int64_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        xy += (x[i] - mx) * (y[i] - my);
        yy += (y[i] - my) * (y[i] - my);
    }
    *f = (struct stat_fit){.n = n, .mean_x = mx, .mean_y = my, .sxx = xx};
    f->slope = xx > 0 ? xy / xx : 0;
    double rss = 0;
    for (int64_t i = 0; i < n; i++) {
        double r = y[i] - my - f->slope * (x[i] - mx);
        rss += r * r;
    }
    f->sigma = n > 2 ? sqrt(rss / (double)(n - 2)) : NAN;
    f->r2 = yy > 0 ? 1 - rss / yy : NAN;
}

double stat_line_at(const struct stat_fit *f, double x)
{
    return f->mean_y + f->slope * (x - f->mean_x);
}

double stat_line_half_band(const struct stat_fit *f, double x)
{
    double d = x - f->mean_x;
    if (f->n < 3 || !(f->sxx > 0)) return NAN;
    return stat_t_quantile(0.975, (double)f->n - 2) * f->sigma *
           sqrt(1 / (double)f->n + d * d / f->sxx);
}

/* Solves the symmetric 3 x 3 system by elimination with pivots; false when it has no answer. */
static bool solve3(double a[3][4], int k)
{
    for (int i = 0; i < k; i++) {
        int p = i;
        for (int r = i + 1; r < k; r++)
            if (fabs(a[r][i]) > fabs(a[p][i])) p = r;
        if (fabs(a[p][i]) < 1e-12) return false;
        for (int c = 0; c < 4; c++) {
            double swap = a[i][c];
            a[i][c] = a[p][c];
            a[p][c] = swap;
        }
        for (int r = 0; r < k; r++) {
            if (r == i) continue;
            double f = a[r][i] / a[i][i];
            for (int c = i; c < 4; c++)
                a[r][c] -= f * a[i][c];
        }
    }
    for (int i = 0; i < k; i++)
        a[i][3] /= a[i][i];
    return true;
}

/* Row of the smoother: fit(at) = sum of row[i] * y[i]. x is sorted; u = (x - at) / reach. */
static void loess_row(const double *x, int64_t n, double span, int degree, double at, double *row)
{
    int64_t q = (int64_t)floor((double)n * span + 1e-5);
    int64_t lo = 0, hi;
    q = q < degree + 1 ? degree + 1 : q > n ? n : q;
    while (lo + q < n && x[lo + q] - at < at - x[lo])
        lo++;
    hi = lo + q;
    double reach = fmax(at - x[lo], x[hi - 1] - at);
    if (span > 1) reach *= span;
    memset(row, 0, sizeof *row * (size_t)n);
    double m[5] = {0};
    if (!(reach > 0)) reach = 1;
    for (int64_t i = lo; i < hi; i++) {
        double u = (x[i] - at) / reach, a = fabs(u), t = 1 - a * a * a, w = a < 1 ? t * t * t : 0;
        double p = w;
        row[i] = w;
        for (int k = 0; k < 5; k++, p *= u)
            m[k] += p;
    }
    for (int k = degree + 1; k > 0; k--) { /* fewer terms where x has too few values */
        double a[3][4] = {{m[0], m[1], m[2], 1}, {m[1], m[2], m[3], 0}, {m[2], m[3], m[4], 0}};
        if (!solve3(a, k)) continue;
        for (int64_t i = lo; i < hi; i++) {
            double u = (x[i] - at) / reach;
            row[i] *= a[0][3] + (k > 1 ? a[1][3] * u : 0) + (k > 2 ? a[2][3] * u * u : 0);
        }
        return;
    }
}

static double dot(const double *a, const double *b, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += a[i] * b[i];
    return s;
}

void stat_loess(const double *x, const double *y, int64_t n, double span, int degree,
                const double *grid, int m, double *fit, double *half)
{
    double *row = mem_alloc(sizeof *row * (size_t)(n + 1)), rss = 0, delta = 0;
    for (int64_t i = 0; i < n; i++) {
        loess_row(x, n, span, degree, x[i], row);
        double r = y[i] - dot(row, y, n);
        rss += r * r;
        row[i] -= 1;
        delta += dot(row, row, n);
    }
    double sigma = delta > 0 ? sqrt(rss / delta) : NAN, t = stat_t_quantile(0.975, delta);
    for (int k = 0; k < m; k++) {
        loess_row(x, n, span, degree, grid[k], row);
        fit[k] = dot(row, y, n);
        half[k] = t * sigma * sqrt(dot(row, row, n));
    }
    mem_free(row);
}
