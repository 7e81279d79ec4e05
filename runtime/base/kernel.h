/* kernel.h: marks the loops worth a wide-vector clone. Not under sanitizers: gcc's start-up
 * resolver of target_clones crashes under ThreadSanitizer, and instrumented speed is not measured.
 * Not under clang 14: it gives the resolvers of static clones external names, which collide. Put on
 * the *inner* loop function, with `restrict` on its parameters (on locals gcc adds an alias check).
 */
#ifndef MLNB_BASE_KERNEL_H
#define MLNB_BASE_KERNEL_H

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || defined(MLNB_SANITIZE) ||     \
    !defined(__x86_64__) || defined(__clang__)
#define KERNEL
#else
#define KERNEL __attribute__((target_clones("avx512f", "avx2", "default")))
#endif

#endif
