/* vec.c: see vec_int.h. */
#include "runtime/ml/vec_int.h"

#include "runtime/base/kernel.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 8

static double lanes_sum(const double *lane)
{
    return ((lane[0] + lane[2]) + (lane[4] + lane[6])) +
           ((lane[1] + lane[3]) + (lane[5] + lane[7]));
}

KERNEL static void axpy(int n, double b, const double *restrict x, double *restrict out)
{
    for (int i = 0; i < n; i++)
        out[i] += b * x[i];
}

void vec_axpy(int n, double b, const double *x, double *out)
{
    axpy(n, b, x, out);
}

KERNEL static void dot_lanes(int n, const double *restrict a, const double *restrict b,
                             double *restrict lane)
{
    for (int i = 0; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] += a[i + k] * b[i + k];
}

double vec_dot(int n, const double *a, const double *b)
{
    double lane[LANES] = {0};
    dot_lanes(n, a, b, lane);
    for (int i = n - n % LANES, k = 0; i < n; i++, k++)
        lane[k] += a[i] * b[i];
    return lanes_sum(lane);
}

KERNEL static void sum_lanes(int n, const double *restrict x, double *restrict lane)
{
    for (int i = 0; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] += x[i + k];
}

double vec_sum(int n, const double *x)
{
    double lane[LANES] = {0};
    sum_lanes(n, x, lane);
    for (int i = n - n % LANES, k = 0; i < n; i++, k++)
        lane[k] += x[i];
    return lanes_sum(lane);
}

KERNEL static void shift_scale(int n, double shift, double factor, const double *x, double *out)
{
    for (int i = 0; i < n; i++)
        out[i] = (x[i] - shift) * factor;
}

void vec_shift_scale(int n, double shift, double factor, const double *x, double *out)
{
    shift_scale(n, shift, factor, x, out);
}

KERNEL static void mul(int n, const double *restrict by, double *restrict x)
{
    for (int i = 0; i < n; i++)
        x[i] *= by[i];
}

void vec_mul(int n, const double *by, double *x)
{
    mul(n, by, x);
}

KERNEL static void roots(int n, const double *restrict x, double *restrict out)
{
    for (int i = 0; i < n; i++)
        out[i] = sqrt(x[i]);
}

void vec_sqrt(int n, const double *x, double *out)
{
    roots(n, x, out);
}

KERNEL static void ends_lanes(int n, const double *restrict x, double *restrict lo,
                              double *restrict hi)
{
    for (int i = 0; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            lo[k] = x[i + k] < lo[k] ? x[i + k] : lo[k];
            hi[k] = x[i + k] > hi[k] ? x[i + k] : hi[k];
        }
}

void vec_ends(int n, const double *x, double *lo, double *hi)
{
    double l[LANES], h[LANES];
    for (int k = 0; k < LANES; k++)
        l[k] = h[k] = x[0];
    ends_lanes(n, x, l, h);
    for (int i = n - n % LANES, k = 0; i < n; i++, k++) {
        l[k] = x[i] < l[k] ? x[i] : l[k];
        h[k] = x[i] > h[k] ? x[i] : h[k];
    }
    *lo = l[0];
    *hi = h[0];
    for (int k = 1; k < LANES; k++) {
        *lo = l[k] < *lo ? l[k] : *lo;
        *hi = h[k] > *hi ? h[k] : *hi;
    }
}

/* ---- exp and what is made of it ---- */
#define LOG2_E  1.4426950408889634074
#define LN2_HI  6.93147180369123816490e-01 /* its last 32 bits are 0: k LN2_HI is exact */
#define LN2_LO  1.90821492927058770002e-10
#define EXP_MIN (-708.0)
#define EXP_MAX 709.0
#define ROUNDER                                                                                    \
    6755399441055744.0 /* 1.5 * 2^52: adding it leaves a whole number in the low bits              \
                        */

static inline double bits_double(uint64_t b)
{
    double x;
    memcpy(&x, &b, sizeof x);
    return x;
}

static inline uint64_t double_bits(double x)
{
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

/* exp(x) for x in EXP_MIN..EXP_MAX. */
static inline double exp_core(double x)
{
    double shifted = x * LOG2_E + ROUNDER, k = shifted - ROUNDER;
    double r = (x - k * LN2_HI) - k * LN2_LO, q = 1.0 / 6227020800.0;
    q = q * r + 1.0 / 479001600.0;
    q = q * r + 1.0 / 39916800.0;
    q = q * r + 1.0 / 3628800.0;
    q = q * r + 1.0 / 362880.0;
    q = q * r + 1.0 / 40320.0;
    q = q * r + 1.0 / 5040.0;
    q = q * r + 1.0 / 720.0;
    q = q * r + 1.0 / 120.0;
    q = q * r + 1.0 / 24.0;
    q = q * r + 1.0 / 6.0;
    q = q * r + 0.5;
    double e = 1.0 + (r + r * r * q);
    return e * bits_double((double_bits(shifted) + 1023) << 52);
}

KERNEL static void exp_loop(int n, const double *x, double *out)
{
    for (int i = 0; i < n; i++) {
        double v = x[i], in = v < EXP_MIN ? EXP_MIN : v > EXP_MAX ? EXP_MAX : v;
        double e = exp_core(in);
        e = v < EXP_MIN ? 0.0 : e;
        out[i] = v > EXP_MAX ? HUGE_VAL : e;
    }
}

void vec_exp(int n, const double *x, double *out)
{
    exp_loop(n, x, out);
}

/* log(1 + e) for e in 0..1: 2 artanh(s), s = e / (2 + e) <= 1/3, by its series. */
static inline double log1p_core(double e)
{
    double s = e / (2.0 + e), t = s * s, q = 1.0 / 31;
    q = q * t + 1.0 / 29;
    q = q * t + 1.0 / 27;
    q = q * t + 1.0 / 25;
    q = q * t + 1.0 / 23;
    q = q * t + 1.0 / 21;
    q = q * t + 1.0 / 19;
    q = q * t + 1.0 / 17;
    q = q * t + 1.0 / 15;
    q = q * t + 1.0 / 13;
    q = q * t + 1.0 / 11;
    q = q * t + 1.0 / 9;
    q = q * t + 1.0 / 7;
    q = q * t + 1.0 / 5;
    q = q * t + 1.0 / 3;
    return 2.0 * (s + s * t * q);
}

KERNEL static void logistic_loop(int n, const double *restrict eta, double *restrict p,
                                 double *restrict loss, double *restrict curve)
{
    for (int i = 0; i < n; i++) {
        double x = eta[i], a = -fabs(x);
        double e = exp_core(a < EXP_MIN ? EXP_MIN : a), d = 1.0 / (1.0 + e), l = log1p_core(e);
        p[i] = x < 0 ? e * d : d;
        loss[i] = x < 0 ? l - x : l;
        curve[i] = e * d * d;
    }
}

void vec_logistic(int n, const double *eta, double *p, double *loss, double *curve)
{
    logistic_loop(n, eta, p, loss, curve);
}
