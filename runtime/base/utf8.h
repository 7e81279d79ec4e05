/* utf8.h: validation, code points, display width. Positions inside mlnb are bytes; clients count
 * code points. */
#ifndef MLNB_BASE_UTF8_H
#define MLNB_BASE_UTF8_H

#include "runtime/base/str.h"

/* Index of the first byte that is not valid UTF-8 (surrogates, overlong forms and > U+10FFFF
 * refused), n if all is. */
size_t utf8_check(const char *p, size_t n);
/* Decodes one code point at p (n > 0 bytes left); returns its bytes (1 on a bad byte, with *out =
 * 0xFFFD). */
int utf8_next(const char *p, size_t n, uint32_t *out);
int utf8_put(uint32_t cp, char out[4]);
int64_t utf8_length(const char *p, size_t n); /* code points */
size_t utf8_offset(const char *p, size_t n,
                   int64_t n_points); /* byte offset of the nth code point, clamped to n */
/* Terminal cells: 0 for combining and zero-width, 2 for wide, 1 else; control characters 0. Own
 * table, no locale. */
int utf8_width_of(uint32_t cp);
int64_t utf8_width(const char *p, size_t n);
/* Longest prefix (bytes) that needs at most `cells` cells. */
size_t utf8_fit(const char *p, size_t n, int64_t cells);
bool utf8_is_letter(uint32_t cp); /* may start a name: letters of any script, '_' */
bool utf8_is_name(uint32_t cp);   /* may continue one: letters, digits, marks, '_' */
/* Appends p[0..n) with broken bytes replaced by U+FFFD. */
void utf8_repair(struct strbuf *b, const char *p, size_t n);

#endif
