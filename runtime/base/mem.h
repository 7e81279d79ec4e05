/* mem.h: all allocation goes through here. Two kinds: small things in arenas (arena.h; running out
 * there ends the process with a message, as a few kilobytes missing cannot be recovered from), and
 * large buffers, which fail with E902 so that the session survives a frame that does not fit. Tests
 * make the nth large allocation fail. */
#ifndef MLNB_BASE_MEM_H
#define MLNB_BASE_MEM_H

#include "runtime/base/rc.h"

/* Large, 64-byte aligned, not cleared. n 0 is allowed (a unique pointer comes back). Fails E902. */
rc mem_big(struct ctx *cx, size_t n, void **out);
/* As mem_big, zeroed. */
rc mem_big_zero(struct ctx *cx, size_t n, void **out);
/* Grows (or makes, p NULL) a large buffer keeping the first n_old bytes; on failure *p is
 * untouched. Fails E902. */
rc mem_big_grow(struct ctx *cx, void **p, size_t n_old, size_t n_new);
void mem_big_free(void *p);

/* Small heap memory: never NULL (ends the process with a message when the system has none). */
void *mem_alloc(size_t n);
void *mem_zero(size_t n);
void *mem_realloc(void *p, size_t n);
void mem_free(void *p);
char *mem_strndup(const char *p, size_t n);

/* Called once, first in main(): tells the allocator to keep what is freed for the next step. */
void mem_setup(void);

/* a * b, or SIZE_MAX when it overflows (which no allocator grants). */
size_t mem_mul(size_t a, size_t b);

/* Test hook: the nth mem_big from now fails (0 = never). */
void mem_fail_at(long n);

#endif
