/* text.h: what the text functions share. Positions count code points from 1; texts are valid UTF-8.
 */
#ifndef MLNB_FN_SCALAR_TEXT_H
#define MLNB_FN_SCALAR_TEXT_H

#include "runtime/fn/fn_int.h"

/* Code points of s: bytes that do not continue one. */
static inline int64_t text_points(struct str s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}
/* Byte offset of the code point with index k (from 0), s.n when there are not so many. */
size_t text_offset(struct str s, int64_t k);
/* Code points [from, to) of s, clamped. */
struct str text_part(struct str s, int64_t from, int64_t to);
/* First place of needle at or after `at`, -1 when none. An empty needle is at `at`. */
int64_t text_search(struct str s, struct str needle, size_t at);
/* SQL's like: % stands for any run, _ for one character, backslash takes the next as it is. */
bool text_like(struct str s, struct str pattern);
/* White space of any script. */
bool is_blank(uint32_t cp);

#endif
