/* bitmap.h: bit per row, little-endian in 64-bit words as Arrow's validity. Bits past n are
 * unspecified. */
#ifndef MLNB_BASE_BITMAP_H
#define MLNB_BASE_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITMAP_WORDS(n) (((size_t)(n) + 63) / 64)
static inline bool bit_get(const uint64_t *b, int64_t i)
{
    return (b[i >> 6] >> (i & 63)) & 1;
}
static inline void bit_set(uint64_t *b, int64_t i)
{
    b[i >> 6] |= UINT64_C(1) << (i & 63);
}
static inline void bit_clear(uint64_t *b, int64_t i)
{
    b[i >> 6] &= ~(UINT64_C(1) << (i & 63));
}
static inline void bit_put(uint64_t *b, int64_t i, bool v)
{
    b[i >> 6] = (b[i >> 6] & ~(UINT64_C(1) << (i & 63))) | ((uint64_t)v << (i & 63));
}
/* NULL stands for all set, everywhere. */
static inline bool bit_valid(const uint64_t *b, int64_t i)
{
    return !b || bit_get(b, i);
}
int64_t bitmap_count(const uint64_t *b, int64_t n); /* set bits of the first n; b NULL gives n */
void bitmap_fill(uint64_t *b, int64_t n, bool v);   /* whole words are written */
void bitmap_and(uint64_t *out, const uint64_t *a, const uint64_t *b,
                int64_t n); /* a, b may be NULL; out not */
/* Copies n bits from bit src_at of src (NULL = all set) to bit dst_at of dst. */
void bitmap_copy(uint64_t *dst, int64_t dst_at, const uint64_t *src, int64_t src_at, int64_t n);

#endif
