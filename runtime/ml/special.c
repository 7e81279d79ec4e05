/* special.c: incomplete beta and the tails built on it. Logarithms of gamma functions are never
 * subtracted when large: Stirling's remainder keeps p-values exact to 13 digits at 10^8 rows too.
 */
#include "runtime/ml/special_int.h"

#include <math.h>

#define LOG_SQRT_2PI 0.918938533204672741780329736406
#define SQRT_HALF    0.707106781186547524400844362105
#define BIG_ARGUMENT 10.0

double lgamma_r(double x, int *sign); /* glibc has it; the POSIX headers do not show it */

double special_lgamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* log Gamma(x) - ((x - 1/2) log x - x + log sqrt(2 pi)), x >= 10 (DLMF 5.11.1). */
static double stirling_rest(double x)
{
    double r = 1.0 / (x * x);
    return (1.0 / 12 -
            r * (1.0 / 360 -
                 r * (1.0 / 1260 -
                      r * (1.0 / 1680 - r * (1.0 / 1188 - r * (691.0 / 360360 - r / 156)))))) /
           x;
}

/* log B(a, b) without cancellation between large terms. */
static double log_beta(double a, double b)
{
    double p = fmin(a, b), q = fmax(a, b);
    if (p >= BIG_ARGUMENT) {
        double rest = stirling_rest(p) + stirling_rest(q) - stirling_rest(p + q);
        return -0.5 * log(q) + LOG_SQRT_2PI + rest + (p - 0.5) * log(p / (p + q)) +
               q * log1p(-p / (p + q));
    }
    if (q >= BIG_ARGUMENT) {
        double rest = stirling_rest(q) - stirling_rest(p + q);
        return special_lgamma(p) + rest + p - p * log(p + q) + (q - 0.5) * log1p(-p / (p + q));
    }
    return special_lgamma(p) + special_lgamma(q) - special_lgamma(p + q);
}

/* x^a y^b / (B(a, b) I_x(a, b)) as the continued fraction of DiDonato and Morris (ACM TOMS 18,
 * 1992, section 3), which takes y = 1 - x as it is and so keeps its digits near x = 1. Evaluated by
 * Lentz's method as modified by Thompson and Barnett (J. Comput. Phys. 64, 1986). For x <= a / (a +
 * b). */
static double beta_fraction(double a, double b, double x, double y)
{
    const double tiny = 1e-300;
    double value = a * (a * y - b * x + 1.0) / (a + 1.0);
    value = fabs(value) < tiny ? tiny : value;
    double c = value, d = 0.0;
    for (double m = 1.0; m < 1e6; m += 1.0) {
        double e = a + 2 * m - 1.0;
        double num = (a + m - 1) * (a + b + m - 1) * m * (b - m) * x * x / (e * e);
        double den =
            m + m * (b - m) * x / e + (a + m) * (a * y - b * x + 1 + m * (1 + y)) / (e + 2);
        d = den + num * d;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = den + num / c;
        c = fabs(c) < tiny ? tiny : c;
        value *= c * d;
        if (fabs(c * d - 1.0) < 1e-16) break;
    }
    return value;
}

double special_beta(double a, double b, double x, double y)
{
    if (!(x > 0)) return 0.0;
    if (!(y > 0)) return 1.0;
    double log_x = x > 0.5 ? log1p(-y) : log(x);
    double log_y = y > 0.5 ? log1p(-x) : log(y);
    double front = exp(a * log_x + b * log_y - log_beta(a, b));
    if (b * x <= a * y) return fmin(1.0, front / beta_fraction(a, b, x, y));
    return fmax(0.0, 1.0 - front / beta_fraction(b, a, y, x));
}

double special_t_two_sided(double t, double df)
{
    if (isinf(t)) return 0.0;
    double whole = df + t * t;
    return special_beta(0.5 * df, 0.5, df / whole, t * t / whole);
}

double special_f_upper(double f, double d1, double d2)
{
    if (!(f > 0)) return 1.0;
    if (isinf(f)) return 0.0;
    double whole = d2 + d1 * f;
    return special_beta(0.5 * d2, 0.5 * d1, d2 / whole, d1 * f / whole);
}

double special_normal_two_sided(double z)
{
    return erfc(fabs(z) * SQRT_HALF);
}

double special_chi2_upper(double x, double df)
{
    double a = df / 2.0, h = x / 2.0;
    if (!(x > 0)) return 1.0;
    double front = exp(a * log(h) - h - special_lgamma(a));
    if (h < a + 1.0) { /* lower part by its series */
        double term = 1.0 / a, sum = term;
        for (int k = 1; k < 10000 && term > 1e-17 * sum; k++) {
            term *= h / (a + k);
            sum += term;
        }
        double lower = front * sum;
        return lower < 1.0 ? 1.0 - lower : 0.0;
    }
    double b = h + 1.0 - a, c = 1e300, d = 1.0 / b, f = d; /* Lentz */
    for (int k = 1; k < 10000; k++) {
        double an = -k * (k - a), step;
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        step = c * d;
        f *= step;
        if (fabs(step - 1.0) < 1e-16) break;
    }
    return front * f;
}
