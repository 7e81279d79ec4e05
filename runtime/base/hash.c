/* hash.c: byte strings, eight bytes a step (multiply-fold in the manner of wyhash's public
 * description). */
#include "runtime/base/hash.h"

#include <string.h>

static uint64_t fold(uint64_t a, uint64_t b)
{
    uint128 p = (uint128)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

uint64_t hash_bytes(const void *p, size_t n)
{
    const unsigned char *c = p;
    uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ n, w;
    for (; n >= 8; c += 8, n -= 8) {
        memcpy(&w, c, 8);
        h = fold(h ^ w, UINT64_C(0xa0761d6478bd642f));
    }
    w = 0;
    if (n) memcpy(&w, c, n);
    return hash_u64(fold(h ^ w, UINT64_C(0xe7037ed1a0b428db)));
}
