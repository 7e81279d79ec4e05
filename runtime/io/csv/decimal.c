/* decimal.c: numbers of many digits, as programs write them when every digit counts.
 *
 * The digits w (at most 19, so they fit 64 bits) are divided by, or multiplied with, a power of ten
 * up to 10^27: both are exact in the x87's 64-bit significand, so the quotient q is the true value
 * correctly rounded to 64 bits. Rounding q again to 53 bits gives the correctly rounded double
 * unless q lies exactly in the middle of two doubles: rounding is monotonic, so when q is not the
 * middle, the true value lies on the same side of it as q does. The middle shows as low bits 100..0
 * and is left to the careful way, as is everything longer. (Other machines' long double is slow or
 * no wider: there only the exact case of Clinger 1990 is done here.) */
#include "runtime/io/csv/csv_int.h"

#include "runtime/io/csv/fast.h"

#include <float.h>

static const uint64_t whole_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* Adds n digits to *acc; false when one is none. */
static bool add_digits(const char *p, size_t n, uint64_t *acc)
{
    uint64_t x;
    for (; n > 8; n -= 8, p += 8) {
        x = fast_load8(p) ^ FAST_ZEROS;
        if (!fast_digits(x)) return false;
        *acc = *acc * 100000000 + fast_eight(x);
    }
    if (n == 0) return true;
    x = fast_tail(p, n);
    *acc = *acc * whole_ten[n] + fast_eight(x);
    return fast_digits(x);
}

/* Cuts e-12 off the end of p[0..*n): its value, 0 when there is none. */
static int cut_exponent(const char *p, size_t *n)
{
    size_t most = *n < 5 ? *n : 5;
    for (size_t k = 2; k < most; k++) {
        const char *e = p + *n - k;
        if ((*e | 32) != 'e') continue;
        size_t digits = k - 1;
        bool minus = e[1] == '-';
        if (e[1] == '-' || e[1] == '+') digits--;
        uint64_t v = 0;
        if (digits == 0 || !add_digits(p + *n - digits, digits, &v)) return 0;
        *n -= k;
        return minus ? -(int)v : (int)v;
    }
    return 0;
}

/* w * 10^exp10 when that can be done exactly enough. */
static bool scale(uint64_t w, int exp10, double *out)
{
#if LDBL_MANT_DIG == 64
    static const long double ten[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                      1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                      1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
                                      1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
    if (exp10 < -27 || exp10 > 27) return false;
    long double q = exp10 < 0 ? (long double)w / ten[-exp10] : (long double)w * ten[exp10];
    uint64_t significand;
    memcpy(&significand, &q, sizeof significand);
    if ((significand & 0x7FF) == 0x400) return false;
    *out = (double)q;
    return true;
#else
    static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (w >> 53 || exp10 < -22 || exp10 > 22) return false;
    *out = exp10 < 0 ? (double)w / ten[-exp10] : (double)w * ten[exp10];
    return true;
#endif
}

bool csv_decimal(const char *p, size_t n, double *out)
{
    bool minus = n && p[0] == '-';
    p += minus;
    n -= minus;
    int exp10 = cut_exponent(p, &n);
    if (n == 0 || n > 40) return false;
    size_t at = fast_point(p, n), decimals = n - at - (at < n);
    if (at == 0 || (p[0] == '0' && at > 1)) return false;
    const char *part = p + at + 1;
    size_t zeros = 0; /* between the point and the first digit that counts */
    while (p[0] == '0' && zeros < decimals && part[zeros] == '0')
        zeros++;
    size_t digits = p[0] == '0' ? decimals - zeros : at + decimals;
    uint64_t w = 0;
    if (digits > 19 || !add_digits(p, at, &w) || !add_digits(part + zeros, decimals - zeros, &w))
        return false;
    double v = 0;
    if (w && !scale(w, exp10 - (int)decimals, &v)) return false;
    *out = minus ? -v : v;
    return true;
}
