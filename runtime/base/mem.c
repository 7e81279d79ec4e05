/* mem.c: see mem.h for why small and large memory fail differently. */
#include "runtime/base/mem.h"

#include "runtime/base/pages.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From this size on memory is whole pages of 2 MB of its own (pages.h): random reads and writes
 * over it then miss the translation cache far less often. Not where every block is watched. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define HUGE_FROM SIZE_MAX
#else
#define HUGE_FROM ((size_t)8 << 20)
#endif

/* Steps of a pipeline ask for the same few megabytes again and again; given back to the system each
 * time, they cost a fault a page when they are next touched, up to half of a join's time. Freed
 * memory below KEPT is kept, and blocks below MAPPED_FROM (the most that glibc allows) share it. */
#define KEPT        (256 << 20)
#define MAPPED_FROM (32 << 20)

void mem_setup(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT);
#endif
}

void mem_keep_within(int64_t budget)
{
    int64_t kept = budget / 16 < KEPT ? budget / 16 : KEPT;
    int64_t mapped = budget / 64 < MAPPED_FROM ? budget / 64 : MAPPED_FROM;
    if (mapped < (int64_t)MEM_FILE_FROM) mapped = MEM_FILE_FROM;
    pages_keep_most((size_t)(budget / 16));
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, (int)mapped);
    (void)mallopt(M_TRIM_THRESHOLD, (int)(kept > mapped ? kept : mapped));
    (void)malloc_trim(0);
#else
    (void)kept;
#endif
}

static atomic_long fail_countdown; /* test hook: 0 = off */

void mem_fail_at(long n)
{
    atomic_store(&fail_countdown, n);
}

static bool fails_now(void)
{
    long left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    while (left > 0)
        if (atomic_compare_exchange_weak(&fail_countdown, &left, left - 1)) return left == 1;
    return false;
}

static rc out_of_memory(struct ctx *cx, size_t n)
{
    fail(cx, E902, NO_SPAN, "out of memory: %.1f MB more are needed", (double)n / 1e6);
    return err_note(cx, "take fewer rows or columns first, e.g. `|> select` or `|> take`");
}

/* Whether n bytes more are over the budget. */
static bool is_full(const struct mem_room *room, size_t n)
{
    return room && room->budget > 0 &&
           atomic_load_explicit((atomic_llong *)(uintptr_t)room->bytes, memory_order_relaxed) >
               room->budget - (int64_t)n;
}

rc mem_big(struct ctx *cx, size_t n, void **out)
{
    size_t size = (n + 63) / 64 * 64;
    if (size < n || n == SIZE_MAX || fails_now()) return out_of_memory(cx, n);
    if (size >= MEM_FILE_FROM && is_full(cx->room, size)) return mem_file(cx, size, out);
    void *p = NULL;
    if (size >= HUGE_FROM)
        p = pages_get(size);
    else if (posix_memalign(&p, 64, size ? size : 64) != 0)
        p = NULL;
    if (!p) return out_of_memory(cx, n);
    *out = p;
    return RC_OK;
}

rc mem_big_zero(struct ctx *cx, size_t n, void **out)
{
    TRY(mem_big(cx, n, out));
    memset(*out, 0, n);
    return RC_OK;
}

rc mem_big_grow(struct ctx *cx, void **p, size_t n_old, size_t n_new)
{
    void *q = NULL;
    TRY(mem_big(cx, n_new, &q));
    if (*p && n_old) memcpy(q, *p, n_old < n_new ? n_old : n_new);
    mem_big_free(*p);
    *p = q;
    return RC_OK;
}

void mem_big_free(void *p)
{
    if (!p || mem_file_free(p) || pages_put(p)) return;
    free(p);
}

static void *need(void *p, size_t n)
{
    static const char text[] = "mlnb: out of memory\n";
    if (p || n == 0) return p;
    if (write(2, text, sizeof text - 1) < 0) _exit(70);
    _exit(70);
}

void *mem_alloc(size_t n)
{
    return need(malloc(n ? n : 1), n ? n : 1);
}
void *mem_zero(size_t n)
{
    return need(calloc(1, n ? n : 1), n ? n : 1);
}
void *mem_realloc(void *p, size_t n)
{
    return need(realloc(p, n ? n : 1), n ? n : 1);
}
void mem_free(void *p)
{
    free(p);
}

char *mem_strndup(const char *p, size_t n)
{
    char *out = mem_alloc(n + 1);
    if (n) memcpy(out, p, n);
    out[n] = 0;
    return out;
}

size_t mem_mul(size_t a, size_t b)
{
    size_t out;
    return __builtin_mul_overflow(a, b, &out) ? SIZE_MAX : out;
}
