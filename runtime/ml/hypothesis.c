/* hypothesis.c: distribution of the Kolmogorov-Smirnov statistic, and the tails of chi-square, F
 * and t under names that steps use. */
#include "runtime/ml/hypothesis.h"

#include "runtime/base/cancel.h"
#include "runtime/base/mem.h"
#include "runtime/ml/special_int.h"

#include <math.h>
#include <string.h>

#define PI2       9.869604401089358618834491
#define SQRT_2PI  2.506628274631000502415765
#define SMALL_N   140
#define MAX_EXACT 10000

double hypothesis_chi2(double x, double df)
{
    return special_chi2_upper(x, df);
}

double hypothesis_f(double f, double d1, double d2)
{
    return special_f_upper(f, d1, d2);
}

double hypothesis_t(double t, double df)
{
    return special_t_two_sided(t, df);
}

/* ---- one sample ---- */
/* P(D+ >= d): d sum C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j). */
static double one_sided(double d, int64_t n)
{
    double sum = 0.0, all = special_lgamma((double)n + 1);
    for (int64_t j = 0; j <= n; j++) {
        double up = d + (double)j / (double)n, down = 1 - up;
        if (down < 0) break;
        double ways = all - special_lgamma((double)j + 1) - special_lgamma((double)(n - j) + 1);
        double log_down = n == j ? 0.0 : (double)(n - j) * log(down);
        sum += exp(ways + (double)(j - 1) * log(up) + log_down);
    }
    return d * sum;
}

struct square { /* m x m, kept near 1 by a power of ten apart */
    double *v;
    int exponent;
};

static void multiply(const struct square *a, const struct square *b, int m, struct square *out)
{
    memset(out->v, 0, sizeof *out->v * (size_t)m * (size_t)m);
    for (int i = 0; i < m; i++)
        for (int k = 0; k < m; k++) {
            double x = a->v[i * m + k];
            for (int j = 0; j < m; j++)
                out->v[i * m + j] += x * b->v[k * m + j];
        }
    out->exponent = a->exponent + b->exponent;
    if (out->v[(m / 2) * m + m / 2] < 1e140) return;
    for (int i = 0; i < m * m; i++)
        out->v[i] *= 1e-140;
    out->exponent += 140;
}

/* The matrix H of the paper: 1 on and below the first upper diagonal, its border by powers of h,
 * all over factorials. */
static void fill_h(double *v, int m, double h)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++)
            v[i * m + j] = i - j + 1 < 0 ? 0 : 1;
    for (int i = 0; i < m; i++) {
        v[i * m] -= pow(h, i + 1);
        v[(m - 1) * m + i] -= pow(h, m - i);
    }
    v[(m - 1) * m] += 2 * h - 1 > 0 ? pow(2 * h - 1, m) : 0;
    for (int i = 0; i < m; i++)
        for (int j = 0; j <= i; j++)
            for (int g = 2; g <= i - j + 1; g++)
                v[i * m + j] /= g;
}

static double matrix_cdf(double d, int64_t n)
{
    int k = (int)((double)n * d) + 1, m = 2 * k - 1;
    double h = k - (double)n * d;
    size_t size = (size_t)m * (size_t)m;
    double *room = mem_alloc(sizeof(double) * size * 4);
    struct square base = {room, 0}, power = {room + size, 0}, spare = {room + 2 * size, 0};
    bool is_first = true;
    fill_h(base.v, m, h);
    for (int64_t left = n; left > 0; left /= 2) {
        struct square t = spare;
        if (left % 2 && is_first) {
            memcpy(power.v, base.v, sizeof(double) * size);
            power.exponent = base.exponent;
            is_first = false;
        } else if (left % 2) {
            multiply(&power, &base, m, &t);
            spare = power;
            power = t;
        }
        if (left == 1) break;
        t = spare;
        multiply(&base, &base, m, &t);
        spare = base;
        base = t;
    }
    double s = power.v[(k - 1) * m + k - 1];
    int exponent = power.exponent;
    for (int64_t i = 1; i <= n; i++) { /* times n! / n^n */
        s = s * (double)i / (double)n;
        if (s < 1e-140) {
            s *= 1e140;
            exponent -= 140;
        }
    }
    mem_free(room);
    return s * pow(10.0, exponent);
}

/* K0 + K1 / sqrt(n) + K2 / n + K3 / n^1.5 at z = d sqrt(n), in theta functions. */
static double pelz_good(double d, int64_t n)
{
    double z = d * sqrt((double)n), z2 = z * z, z4 = z2 * z2, z6 = z4 * z2, z8 = z4 * z4;
    double q = exp(-PI2 / 8 / z2), k[4] = {0};
    int most = (int)ceil(16 * z / sqrt(PI2));
    for (int i = most; i > 0; i--) {
        double u = (2.0 * i - 1) * (2.0 * i - 1), u2 = u * u, u3 = u2 * u;
        double c[4] = {1, -z2 + PI2 / 4 * u,
                       6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * PI2 / 4 * u +
                           PI2 * PI2 * (1 - 2 * z2) / 16 * u2,
                       -30 * z6 - 90 * z8 + PI2 * (135 * z4 - 96 * z6) / 4 * u +
                           PI2 * PI2 * (-60 * z2 + 212 * z4) / 16 * u2 +
                           PI2 * PI2 * PI2 * (5 - 30 * z2) / 64 * u3};
        double power = exp(-PI2 / z2 * i);
        for (int t = 0; t < 4; t++)
            k[t] = k[t] * power + c[t];
    }
    double below[4] = {z, 6 * z4, 72 * z6 * z, 6480 * z8 * z2};
    for (int t = 0; t < 4; t++)
        k[t] *= q * SQRT_2PI / below[t];
    double even2 = 0, even3 = 0;
    for (int i = most; i > 0; i--) {
        double i2 = (double)i * i, power = exp(-PI2 / 2 / z2 * i2);
        even2 += i2 * power;
        even3 += (3 * z2 - PI2 * i2) * i2 * power;
    }
    k[2] -= even2 * PI2 * SQRT_2PI / (36 * z2 * z);
    k[3] += even3 * PI2 * SQRT_2PI / (216 * z6);
    double root = sqrt((double)n);
    return k[0] + k[1] / root + k[2] / (double)n + k[3] / ((double)n * root);
}

static double clamp01(double p)
{
    return p < 0 ? 0 : p > 1 ? 1 : p;
}

double hypothesis_ks(double d, int64_t n)
{
    double nd2 = (double)n * d * d;
    if (n < 1 || !(d >= 0)) return NAN;
    if (d >= 1) return 0;
    if ((double)n * d <= 0.5) return 1;
    if (nd2 >= 370) return 0;
    if (nd2 >= (n > SMALL_N ? 2.2 : 4.0) || d >= 0.5) return clamp01(2 * one_sided(d, n));
    if (n <= SMALL_N || (n <= 100000 && (double)n * pow(d, 1.5) <= 1.4))
        return clamp01(1 - matrix_cdf(d, n));
    return clamp01(1 - pelz_good(d, n));
}

/* ---- two samples ---- */
/* Of all ways to mix i and j draws, the share whose distributions are somewhere at least d apart:
 * one more draw at a time, all terms positive. */
static enum rc_t paths(struct ctx *cx, double d, int64_t m, int64_t n, double *share, double *out)
{
    double most = d * (double)m * (double)n;
    double limit = floor(most + 0.5) - 0.5; /* |i n - j m| from here on */
    for (int64_t i = 0; i <= m; i++) {
        if (i % 64 == 0) TRY(check_cancel(cx));
        for (int64_t j = 0; j <= n; j++) {
            double both = (double)(i + j);
            if (fabs((double)(i * n) - (double)(j * m)) >= limit)
                share[j] = 1;
            else if (i == 0 && j == 0)
                share[j] = 0;
            else
                share[j] = (i > 0 ? (double)i / both * share[j] : 0) +
                           (j > 0 ? (double)j / both * share[j - 1] : 0);
        }
    }
    *out = share[n];
    return RC_OK;
}

enum rc_t hypothesis_ks_two(struct ctx *cx, double d, int64_t m, int64_t n, double *out)
{
    void *share = NULL;
    if (m < 1 || n < 1 || !(d >= 0)) return *out = NAN, RC_OK;
    if (m > MAX_EXACT || n > MAX_EXACT) {
        double both = (double)m * (double)n / (double)(m + n);
        return *out = hypothesis_ks(d, (int64_t)nearbyint(both)), RC_OK;
    }
    TRY(mem_big(cx, sizeof(double) * ((size_t)n + 1), &share));
    enum rc_t res = paths(cx, d, m, n, share, out);
    mem_big_free(share);
    return res;
}
