/* rng.h: counter-based randomness: a number depends on (seed, stream, counter) alone, so threads,
 * partitions and executors cannot change it. Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel
 * random numbers: as easy as 1, 2, 3", SC11). */
#ifndef MLNB_BASE_RNG_H
#define MLNB_BASE_RNG_H

#include <stdint.h>

uint64_t rng_u64(uint64_t seed, uint64_t stream, uint64_t counter);
double rng_unit(uint64_t seed, uint64_t stream, uint64_t counter);   /* [0, 1), 53 bits */
double rng_normal(uint64_t seed, uint64_t stream, uint64_t counter); /* Box-Muller */
/* 128 bits of the same draw. */
void rng_pair(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t out[2]);
/* Uniform in 0..n-1 without bias (n > 0). */
uint64_t rng_below(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t n);

#endif
