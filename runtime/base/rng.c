/* rng.c: Philox 4x32-10: the key is the seed, the counter is (counter, stream). */
#include "runtime/base/rng.h"

#include "runtime/base/hash.h"

#include <math.h>

#define ROUNDS 10

static void philox(uint32_t c[4], uint32_t k0, uint32_t k1)
{
    for (int r = 0; r < ROUNDS; r++) {
        uint64_t p0 = (uint64_t)c[0] * UINT32_C(0xD2511F53);
        uint64_t p1 = (uint64_t)c[2] * UINT32_C(0xCD9E8D57);
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c[1] ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
        c[1] = (uint32_t)p1;
        c[3] = (uint32_t)p0;
        c[0] = n0;
        c[2] = n2;
        k0 += UINT32_C(0x9E3779B9);
        k1 += UINT32_C(0xBB67AE85);
    }
}

void rng_pair(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t out[2])
{
    uint32_t c[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), (uint32_t)stream,
                     (uint32_t)(stream >> 32)};
    philox(c, (uint32_t)seed, (uint32_t)(seed >> 32));
    out[0] = c[0] | (uint64_t)c[1] << 32;
    out[1] = c[2] | (uint64_t)c[3] << 32;
}

uint64_t rng_u64(uint64_t seed, uint64_t stream, uint64_t counter)
{
    uint64_t out[2];
    rng_pair(seed, stream, counter, out);
    return out[0];
}

static double unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

double rng_unit(uint64_t seed, uint64_t stream, uint64_t counter)
{
    return unit(rng_u64(seed, stream, counter));
}

double rng_normal(uint64_t seed, uint64_t stream, uint64_t counter)
{
    uint64_t out[2];
    rng_pair(seed, stream, counter, out);
    double u = 1.0 - unit(out[0]), v = unit(out[1]); /* u in (0, 1] */
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

uint64_t rng_below(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t n)
{
    /* Lemire's multiply-shift; the second word breaks the (n / 2^64) bias down to 2^-128 * n. */
    uint64_t out[2];
    rng_pair(seed, stream, counter, out);
    uint128 low = (uint128)out[1] * n >> 64;
    return (uint64_t)(((uint128)out[0] * n + low) >> 64);
}
