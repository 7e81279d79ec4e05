/* num.c: numbers to text and back. Almost all real data takes the exact fast paths: a double that
 * is an integer of at most 15 digits over a power of ten is both found (format) and read (parse) by
 * one correctly rounded division (Clinger, "How to read floating point numbers accurately", PLDI
 * 1990). The rest goes through the C library. */
#include "runtime/base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double pow10_exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static int put_digits(uint64_t v, char *out)
{
    char rev[24];
    int n = 0;
    do {
        rev[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    for (int i = 0; i < n; i++)
        out[i] = rev[n - 1 - i];
    return n;
}

int int_format(int64_t x, char buf[NUM_TEXT_MAX])
{
    int n = 0;
    uint64_t v = (uint64_t)x;
    if (x < 0) {
        buf[n++] = '-';
        v = 0 - v;
    }
    n += put_digits(v, buf + n);
    buf[n] = 0;
    return n;
}

int int_format_thousands(int64_t x, char buf[NUM_TEXT_MAX])
{
    char plain[NUM_TEXT_MAX];
    int n = int_format(x, plain), sign = plain[0] == '-', at = 0;
    for (int i = 0; i < n; i++) {
        if (i > sign && (n - i) % 3 == 0) buf[at++] = ',';
        buf[at++] = plain[i];
    }
    buf[at] = 0;
    return at;
}

static int special_format(double x, char buf[NUM_TEXT_MAX])
{
    const char *z = isnan(x) ? "nan" : x < 0 ? "-inf" : "inf";
    size_t n = strlen(z);
    memcpy(buf, z, n + 1);
    return (int)n;
}

/* digits * 10^-scale as plain decimal text. */
static int decimal_format(bool negative, uint64_t digits, int scale, char *buf)
{
    char d[24];
    int nd = put_digits(digits, d), n = 0;
    if (negative) buf[n++] = '-';
    int whole = nd - scale; /* digits before the point */
    if (whole <= 0) {
        buf[n++] = '0';
        buf[n++] = '.';
        for (int i = whole; i < 0; i++)
            buf[n++] = '0';
        memcpy(buf + n, d, (size_t)nd);
        n += nd;
    } else {
        memcpy(buf + n, d, (size_t)whole);
        n += whole;
        buf[n++] = '.';
        memcpy(buf + n, d + whole, (size_t)scale);
        n += scale;
        if (scale == 0) buf[n++] = '0';
    }
    buf[n] = 0;
    return n;
}

/* Significant digits d[0..nd) times 10^(exp - nd + 1), in plain notation: -4 <= exp < 16. */
static int plain_layout(const char *d, int nd, int exp, char *buf)
{
    int n = 0;
    if (exp < 0) {
        n += snprintf(buf, NUM_TEXT_MAX, "0.%.*s", -exp - 1, "0000");
        memcpy(buf + n, d, (size_t)nd);
        n += nd;
    } else {
        for (int i = 0; i <= exp || i < nd || i == exp + 1; i++) {
            if (i == exp + 1) buf[n++] = '.';
            buf[n++] = i < nd ? d[i] : '0';
        }
    }
    buf[n] = 0;
    return n;
}

/* Lays out the digits of "%.{p}e" text as the language prints numbers. */
static int general_format(const char *e_text, char *buf)
{
    char d[24];
    int nd = 0, n = 0;
    const char *p = e_text;
    if (*p == '-') buf[n++] = *p++;
    for (; *p && *p != 'e'; p++)
        if (*p != '.') d[nd++] = *p;
    int exp = (int)strtol(p + 1, NULL, 10);
    while (nd > 1 && d[nd - 1] == '0')
        nd--;
    if (exp >= -4 && exp < 16) return n + plain_layout(d, nd, exp, buf + n);
    buf[n++] = d[0];
    if (nd > 1) {
        buf[n++] = '.';
        memcpy(buf + n, d + 1, (size_t)nd - 1);
        n += nd - 1;
    }
    return n +
           snprintf(buf + n, (size_t)(NUM_TEXT_MAX - n), "e%c%02d", exp < 0 ? '-' : '+', abs(exp));
}

int num_format(double x, char buf[NUM_TEXT_MAX])
{
    if (!isfinite(x)) return special_format(x, buf);
    double a = fabs(x);
    if (a == 0) return decimal_format(signbit(x), 0, 0, buf);
    if (a < 1e15 && a >= 1e-4)
        for (int k = 0; k <= 18; k++) {
            double v = a * pow10_exact[k];
            if (v >= 1e15) break;
            double r = rint(v);
            if (r / pow10_exact[k] == a) return decimal_format(x < 0, (uint64_t)r, k, buf);
        }
    char text[40];
    for (int p = a < 0x1p-1022 ? 0 : 14; p <= 16; p++) { /* subnormals have fewer digits */
        snprintf(text, sizeof text, "%.*e", p, x);
        if (p == 16 || strtod(text, NULL) == x) break;
    }
    return general_format(text, buf);
}

bool int_parse(const char *p, size_t n, int64_t *out)
{
    bool negative = n && p[0] == '-';
    size_t i = n && (p[0] == '-' || p[0] == '+');
    if (i == n || n - i > 40) return false;
    uint64_t v = 0;
    for (; i < n; i++) {
        unsigned d = (unsigned)(p[i] - '0');
        if (d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v))
            return false;
    }
    if (v > (uint64_t)INT64_MAX + negative) return false;
    *out = (int64_t)(negative ? 0 - v : v);
    return true;
}

struct decimal {
    uint64_t digits;
    int64_t exp10;
    int n_digits; /* significant ones read into digits; more were dropped when > 19 */
    bool negative;
};

/* Exponent part at p[i..n): adds to d->exp10. */
static bool parse_exponent(const char *p, size_t n, size_t i, struct decimal *d)
{
    bool negative = i < n && p[i] == '-';
    i += i < n && (p[i] == '-' || p[i] == '+');
    if (i == n) return false;
    int64_t e = 0;
    for (; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') return false;
        if (e < 100000) e = e * 10 + (p[i] - '0');
    }
    d->exp10 += negative ? -e : e;
    return true;
}

static bool parse_decimal(const char *p, size_t n, struct decimal *d)
{
    size_t i = 0, seen = 0;
    bool point = false;
    d->negative = n && p[0] == '-';
    i += n && (p[0] == '-' || p[0] == '+');
    for (; i < n; i++) {
        unsigned c = (unsigned)(p[i] - '0');
        if (c > 9) {
            if (p[i] != '.' || point) break;
            point = true;
            continue;
        }
        seen++;
        if (d->n_digits < 19) {
            d->digits = d->digits * 10 + c;
            d->n_digits += d->digits > 0;
            d->exp10 -= point;
        } else {
            d->n_digits++; /* too many: the slow path reads the text itself */
            d->exp10 += !point;
        }
    }
    if (!seen) return false;
    if (i == n) return true;
    return (p[i] == 'e' || p[i] == 'E') && parse_exponent(p, n, i + 1, d);
}

static bool parse_special(const char *p, size_t n, double *out)
{
    struct str s = {p, n};
    double sign = 1;
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
        sign = s.p[0] == '-' ? -1 : 1;
        s = (struct str){s.p + 1, s.n - 1};
    }
    bool inf = str_eq_nocase(s, STR("inf")) || str_eq_nocase(s, STR("infinity"));
    if (!inf && !str_eq_nocase(s, STR("nan"))) return false;
    *out = inf ? sign * HUGE_VAL : NAN;
    return true;
}

static double slow_parse(const char *p, size_t n)
{
    char small[128], *buf = small;
    if (n >= sizeof small) buf = malloc(n + 1);
    if (!buf) return NAN;
    memcpy(buf, p, n);
    buf[n] = 0;
    double v = strtod(buf, NULL);
    if (buf != small) free(buf);
    return v;
}

bool num_parse(const char *p, size_t n, double *out)
{
    struct decimal d = {0};
    if (!parse_decimal(p, n, &d)) return parse_special(p, n, out);
    double v;
    if (d.n_digits <= 19 && d.digits < (UINT64_C(1) << 53) && d.exp10 >= -22 && d.exp10 <= 22) {
        v = (double)d.digits;
        v = d.exp10 < 0 ? v / pow10_exact[-d.exp10] : v * pow10_exact[d.exp10];
        *out = d.negative ? -v : v;
        return true;
    }
    *out = slow_parse(p, n);
    return true;
}
