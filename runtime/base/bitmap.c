/* bitmap.c: word-wise bit operations. */
#include "runtime/base/bitmap.h"

#include <string.h>

int64_t bitmap_count(const uint64_t *b, int64_t n)
{
    if (!b) return n;
    int64_t count = 0;
    for (int64_t w = 0; w < n / 64; w++)
        count += __builtin_popcountll(b[w]);
    if (n % 64) count += __builtin_popcountll(b[n / 64] & ((UINT64_C(1) << (n % 64)) - 1));
    return count;
}

void bitmap_fill(uint64_t *b, int64_t n, bool v)
{
    if (n > 0) memset(b, v ? 0xFF : 0, BITMAP_WORDS(n) * 8);
}

void bitmap_and(uint64_t *out, const uint64_t *a, const uint64_t *b, int64_t n)
{
    size_t words = BITMAP_WORDS(n);
    for (size_t w = 0; w < words; w++)
        out[w] = (a ? a[w] : ~UINT64_C(0)) & (b ? b[w] : ~UINT64_C(0));
}

/* 64 bits of src from bit `at`; reads no word that holds none of the `left` bits asked for. */
static uint64_t bits_at(const uint64_t *src, int64_t at, int64_t left)
{
    if (!src) return ~UINT64_C(0);
    int64_t w = at >> 6;
    int shift = (int)(at & 63);
    uint64_t lo = src[w] >> shift;
    if (shift && left > 64 - shift) lo |= src[w + 1] << (64 - shift);
    return lo;
}

void bitmap_copy(uint64_t *dst, int64_t dst_at, const uint64_t *src, int64_t src_at, int64_t n)
{
    while (n > 0) {
        int shift = (int)(dst_at & 63);
        int64_t take = 64 - shift < n ? 64 - shift : n;
        uint64_t mask = (take == 64 ? ~UINT64_C(0) : (UINT64_C(1) << take) - 1) << shift;
        uint64_t bits = bits_at(src, src_at, take) << shift;
        dst[dst_at >> 6] = (dst[dst_at >> 6] & ~mask) | (bits & mask);
        dst_at += take;
        src_at += take;
        n -= take;
    }
}
