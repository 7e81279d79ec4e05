/* hash.h: fixed-seed hashes (runs repeat) for joins, groups and names. Not for untrusted-collision
 * defence. */
#ifndef MLNB_BASE_HASH_H
#define MLNB_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 uint128;
__extension__ typedef __int128 int128;

static inline uint64_t hash_u64(uint64_t x) /* splitmix64 finaliser */
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}
static inline uint64_t hash_mix(uint64_t h, uint64_t x)
{
    return hash_u64(h ^ (x + UINT64_C(0x9e3779b97f4a7c15) + (h << 6) + (h >> 2)));
}
uint64_t hash_bytes(const void *p, size_t n);

#endif
