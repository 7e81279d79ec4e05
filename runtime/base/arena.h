/* arena.h: bump allocation with one lifetime; freed in bulk, newest clean-up first. Not
 * thread-safe: one per thread. */
#ifndef MLNB_BASE_ARENA_H
#define MLNB_BASE_ARENA_H

#include "runtime/base/str.h"

struct arena;
struct mem_room;
struct arena *arena_new(void);
/* Blocks of many rows come from mem_big with this room (mem.h) from now on. */
void arena_room(struct arena *a, struct mem_room *room);
void arena_free(struct arena *a);  /* runs the clean-ups, then frees all; NULL is fine */
void arena_reset(struct arena *a); /* as free + new, keeping the first block */
/* 16-byte aligned, never NULL. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_zero(struct arena *a, size_t n);
void *arena_copy(struct arena *a, const void *p, size_t n);
/* NUL-terminated copy. */
char *arena_strndup(struct arena *a, const char *p, size_t n);
struct str arena_str(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Calls fn(arg) when the arena is reset or freed. */
void arena_on_free(struct arena *a, void (*fn)(void *arg), void *arg);

#define ARENA_NEW(a, T)      ((T *)arena_zero((a), sizeof(T)))
#define ARENA_ARRAY(a, T, n) ((T *)arena_zero((a), mem_mul(sizeof(T), (size_t)(n))))

#include "runtime/base/mem.h"
#endif
