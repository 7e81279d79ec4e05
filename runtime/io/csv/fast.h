/* fast.h: the common spellings of values, eight digits at a time; false means "ask csv_classify",
 * never "is not one". Eight decimal digits become a number in three multiplications (Lemire,
 * "Number parsing at a gigabyte per second", 2021, section on SWAR). A field p[0..n) may be read up
 * to 16 bytes past its end and 8 before its start: buffers are padded (CSV_PAD). */
#ifndef MLNB_IO_CSV_FAST_H
#define MLNB_IO_CSV_FAST_H

#include "runtime/base/civil.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t fast_load8(const char *p) /* first byte lowest */
{
    uint64_t x;
    memcpy(&x, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

#define FAST_ZEROS UINT64_C(0x3030303030303030)

/* Whether each byte of x (already xor '0') is 0..9. */
static inline bool fast_digits(uint64_t x)
{
    return (((x + UINT64_C(0x7676767676767676)) | x) & UINT64_C(0x8080808080808080)) == 0;
}

/* Value of eight digits 0..9, the first in the lowest byte. */
static inline uint64_t fast_eight(uint64_t x)
{
    x = x * 10 + (x >> 8);
    return (((x & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064)) +
            (((x >> 16) & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001))) >>
           32;
}

/* The n (1..8) digits at p as eight with zeros before; junk is shifted out. */
static inline uint64_t fast_tail(const char *p, size_t n)
{
    return (fast_load8(p) ^ FAST_ZEROS) << (8 * (8 - n));
}

/* n = 1..16 digits. */
static inline bool fast_uint(const char *p, size_t n, uint64_t *out)
{
    if (n <= 8) {
        uint64_t x = fast_tail(p, n);
        *out = fast_eight(x);
        return fast_digits(x);
    }
    uint64_t hi = fast_tail(p, n - 8), lo = fast_load8(p + n - 8) ^ FAST_ZEROS;
    *out = fast_eight(hi) * 100000000 + fast_eight(lo);
    return fast_digits(hi) && fast_digits(lo);
}

/* -?digits, at most 16, no zero before a digit. */
static inline bool fast_int(const char *p, size_t n, int64_t *out)
{
    size_t sign = p[0] == '-';
    uint64_t v;
    p += sign;
    n -= sign;
    if (n - 1 > 15 || (p[0] == '0' && n > 1)) return false; /* n 0 wraps */
    if (!fast_uint(p, n, &v)) return false;
    *out = sign ? -(int64_t)v : (int64_t)v;
    return true;
}

/* Place of the first '.' among p[0..n), n when there is none. */
static inline size_t fast_point(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t x = fast_load8(p + i) ^ UINT64_C(0x2E2E2E2E2E2E2E2E);
        uint64_t zero = (x - UINT64_C(0x0101010101010101)) & ~x & UINT64_C(0x8080808080808080);
        if (zero) {
            i += (size_t)__builtin_ctzll(zero) / 8;
            return i < n ? i : n;
        }
    }
    return n;
}

/* -?digits[.digits], at most 16 characters after the sign. Exact: the digits without the point are
 * below 2^53 or refused, and the power of ten is at most 10^15 (Clinger 1990). */
static inline bool fast_num(const char *p, size_t n, double *out)
{
    static const double ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    static const uint64_t whole_ten[] = {1,
                                         10,
                                         100,
                                         1000,
                                         10000,
                                         100000,
                                         1000000,
                                         10000000,
                                         100000000,
                                         1000000000,
                                         UINT64_C(10000000000),
                                         UINT64_C(100000000000),
                                         UINT64_C(1000000000000),
                                         UINT64_C(10000000000000),
                                         UINT64_C(100000000000000),
                                         UINT64_C(1000000000000000)};
    size_t sign = p[0] == '-';
    p += sign;
    n -= sign;
    if (n - 1 > 15) return false;
    size_t at = fast_point(p, n), decimals = n - at - (at < n);
    uint64_t whole, part = 0;
    if (at == 0 || (p[0] == '0' && at > 1) || !fast_uint(p, at, &whole)) return false;
    if (decimals && !fast_uint(p + at + 1, decimals, &part)) return false;
    uint64_t digits = whole * whole_ten[decimals] + part;
    if (digits >> 53) return false;
    double v = (double)digits / ten[decimals];
    *out = sign ? -v : v;
    return true;
}

static inline bool fast_bool(const char *p, size_t n, bool *out)
{
    uint64_t x = fast_load8(p) | UINT64_C(0x2020202020202020);
    *out = n == 4;
    if (n == 4) return (uint32_t)x == UINT32_C(0x65757274);                  /* true */
    return n == 5 && (x & UINT64_C(0xFFFFFFFFFF)) == UINT64_C(0x65736C6166); /* false */
}

/* 2019-01-31 */
static inline bool fast_date(const char *p, int64_t *out_days)
{
    uint64_t a = fast_load8(p), b = fast_load8(p + 2); /* yyyy-mm-, yy-mm-dd */
    if ((a >> 32 & 0xFF) != '-' || (a >> 56) != '-') return false;
    uint64_t year = (a & 0xFFFFFFFF) << 32, rest = b >> 24;     /* mm-dd in the low five bytes */
    rest = (rest & 0xFFFF) << 32 | (rest >> 24 & 0xFFFF) << 48; /* mmdd in the high four */
    uint64_t x = (year ^ (FAST_ZEROS << 32)), y = (rest ^ (FAST_ZEROS << 32));
    if (!fast_digits(x) || !fast_digits(y)) return false;
    uint32_t yyyy = (uint32_t)fast_eight(x), mmdd = (uint32_t)fast_eight(y);
    uint32_t m = mmdd / 100, d = mmdd % 100;
    static const uint8_t length[16] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (m > 12 || d - 1 >= length[m]) return false; /* 29 February goes the careful way */
    /* days of the proleptic Gregorian calendar, year 0..9999 (Hinnant, days_from_civil) */
    uint32_t yy = yyyy - (m <= 2) + 400, era = yy / 400, yoe = yy - era * 400;
    uint32_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    uint32_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    *out_days = (int64_t)era * 146097 + doe - 719468 - 146097;
    return true;
}

/* 2019-01-31 08:30:00, a T for the blank */
static inline bool fast_datetime(const char *p, size_t n, int64_t *out_us)
{
    int64_t days;
    if (n != 19 || (p[10] != ' ' && p[10] != 'T') || !fast_date(p, &days)) return false;
    uint64_t t = fast_load8(p + 11); /* hh:mm:ss */
    if ((t >> 16 & 0xFF) != ':' || (t >> 40 & 0xFF) != ':') return false;
    uint64_t x = (t & 0xFFFF) << 16 | (t >> 24 & 0xFFFF) << 32 | (t >> 48) << 48;
    x ^= FAST_ZEROS << 16;
    if (!fast_digits(x)) return false;
    uint32_t v = (uint32_t)fast_eight(x), h = v / 10000, m = v / 100 % 100, s = v % 100;
    if (h > 23 || m > 59 || s > 59) return false;
    *out_us = days * US_PER_DAY + (int64_t)(h * 3600 + m * 60 + s) * US_PER_SECOND;
    return true;
}

#endif
