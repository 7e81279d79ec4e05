/* mem.h: all allocation goes through here. Two kinds: small things in arenas (arena.h; running out
 * there ends the process with a message, as a few kilobytes missing cannot be recovered from), and
 * large buffers, which fail with E902 so that the session survives a frame that does not fit. Tests
 * make the nth large allocation fail. */
#ifndef MLNB_BASE_MEM_H
#define MLNB_BASE_MEM_H

#include "runtime/base/rc.h"

#include <stdatomic.h>

/* What a run may hold in memory. While `bytes`, which whoever asks for large memory counts, is
 * above the budget, mem_big gives memory that lies in a file of the temporary folder: it can be
 * read and written as any, only slower. */
struct mem_room {
    const atomic_llong *bytes;
    int64_t budget;       /* 0: all there is */
    atomic_llong on_disk; /* bytes that mem_big put into files, all told */
    int64_t looked_us;    /* mem_file_look: statement's thread */
};
#define MEM_FILE_FROM ((size_t)128 << 10) /* smaller pieces stay in memory */

/* Large, 64-byte aligned, not cleared. n 0 is allowed (a unique pointer comes back). Fails E902, or
 * E306 where it must lie on disk (cx->room) and does not fit there. */
rc mem_big(struct ctx *cx, size_t n, void **out);
/* As mem_big, zeroed. */
rc mem_big_zero(struct ctx *cx, size_t n, void **out);
/* Grows (or makes, p NULL) a large buffer keeping the first n_old bytes; on failure *p is
 * untouched. Fails E902. */
rc mem_big_grow(struct ctx *cx, void **p, size_t n_old, size_t n_new);
void mem_big_free(void *p);

/* Memory in a file, by cx->room (mem_big decides when; mem_big_free frees). */
rc mem_file(struct ctx *cx, size_t n, void **out);
bool mem_file_free(void *p); /* false: p is none */
/* Whether mem_big memory lies in a file. */
bool mem_on_disk(const void *p);
/* Now and then, on the statement's thread: lets pages of files go that are in memory beyond the
 * budget. */
void mem_file_look(struct mem_room *room, int64_t now_us);

/* Small heap memory: never NULL (ends the process with a message when the system has none). */
void *mem_alloc(size_t n);
void *mem_zero(size_t n);
void *mem_realloc(void *p, size_t n);
void mem_free(void *p);
char *mem_strndup(const char *p, size_t n);

/* Called once, first in main(): tells the allocator to keep what is freed for the next step. */
void mem_setup(void);
/* What is kept stays small beside a budget of so many bytes (`use memory`). Any thread. */
void mem_keep_within(int64_t budget);

/* a * b, or SIZE_MAX when it overflows (which no allocator grants). */
size_t mem_mul(size_t a, size_t b);

/* Test hook: the nth mem_big from now fails (0 = never). */
void mem_fail_at(long n);

#endif
