/* num.h: numbers to text and back, the same everywhere (no locale). */
#ifndef MLNB_BASE_NUM_H
#define MLNB_BASE_NUM_H

#include "runtime/base/str.h"

#define NUM_TEXT_MAX 32
/* Shortest text that reads back the same double; "2.0" when whole, "1e+22" style past 1e16, "inf",
 * "-inf", "nan". Returns the length; buf is NUL-terminated. */
int num_format(double x, char buf[NUM_TEXT_MAX]);
int int_format(int64_t x, char buf[NUM_TEXT_MAX]);
/* Whole of s must be a decimal integer ([+-]digits). False on overflow or anything else. */
bool int_parse(const char *p, size_t n, int64_t *out);
/* Whole of s must be a number: [+-]digits[.digits][e[+-]digits], or inf/infinity/nan in any case.
 * Correctly rounded. */
bool num_parse(const char *p, size_t n, double *out);
/* 12345678 -> "12,345,678" (NUL-terminated); returns the length. */
int int_format_thousands(int64_t x, char buf[NUM_TEXT_MAX]);

#endif
