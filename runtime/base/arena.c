/* arena.c: blocks double up to 1 MiB; a request larger than a block gets its own. */
#include "runtime/base/arena.h"

#include <stdarg.h>

#define FIRST_BLOCK 4096
#define LAST_BLOCK  ((size_t)1 << 20)

struct block {
    struct block *next;
    size_t size; /* of data */
    size_t used;
    size_t is_big; /* from mem_big */
    char data[];
};
struct cleanup {
    struct cleanup *next;
    void (*fn)(void *arg);
    void *arg;
};
struct arena {
    struct block *head; /* the one in use; older ones behind it */
    struct cleanup *cleanups;
    struct mem_room *room; /* or NULL */
};

/* Large memory by the room; where that fails there is the heap. */
static struct block *block_in(struct mem_room *room, size_t size)
{
    struct error err = {0};
    struct ctx cx = {.err = &err, .room = room};
    void *p;
    if (!room || size < MEM_FILE_FROM || mem_big(&cx, sizeof(struct block) + size, &p) != RC_OK)
        return NULL;
    return p;
}

static struct block *block_new(struct mem_room *room, size_t size, struct block *next)
{
    struct block *b = block_in(room, size);
    size_t is_big = b != NULL;
    if (!b) b = mem_alloc(sizeof *b + size);
    b->is_big = is_big;
    b->next = next;
    b->size = size;
    b->used = 0;
    return b;
}

struct arena *arena_new(void)
{
    struct arena *a = mem_zero(sizeof *a);
    return a;
}

void arena_room(struct arena *a, struct mem_room *room)
{
    a->room = room;
}

static void run_cleanups(struct arena *a)
{
    while (a->cleanups) {
        struct cleanup *c = a->cleanups;
        a->cleanups = c->next;
        c->fn(c->arg);
    }
}

static void free_blocks(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        if (b->is_big)
            mem_big_free(b);
        else
            mem_free(b);
        b = next;
    }
}

void arena_free(struct arena *a)
{
    if (!a) return;
    run_cleanups(a);
    free_blocks(a->head);
    mem_free(a);
}

void arena_reset(struct arena *a)
{
    run_cleanups(a);
    if (!a->head) return;
    free_blocks(a->head->next);
    a->head->next = NULL;
    a->head->used = 0;
}

void *arena_alloc(struct arena *a, size_t n)
{
    size_t need = (n + 15) & ~(size_t)15;
    if (need < n) need = SIZE_MAX - 4096; /* overflow: no allocator grants it */
    if (need == 0) need = 16;
    struct block *b = a->head;
    if (!b || b->size - b->used < need) {
        size_t size = b ? b->size * 2 : FIRST_BLOCK;
        if (size > LAST_BLOCK) size = LAST_BLOCK;
        if (size < need) size = need;
        b = a->head = block_new(a->room, size, b);
    }
    void *p = b->data + b->used;
    b->used += need;
    return p;
}

void *arena_zero(struct arena *a, size_t n)
{
    void *p = arena_alloc(a, n);
    memset(p, 0, n);
    return p;
}

void *arena_copy(struct arena *a, const void *p, size_t n)
{
    void *q = arena_alloc(a, n);
    if (n) memcpy(q, p, n);
    return q;
}

char *arena_strndup(struct arena *a, const char *p, size_t n)
{
    char *q = arena_alloc(a, n + 1);
    if (n) memcpy(q, p, n);
    q[n] = 0;
    return q;
}

struct str arena_str(struct arena *a, struct str s)
{
    return (struct str){arena_strndup(a, s.p, s.n), s.n};
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    char *out = arena_strndup(a, b.p ? b.p : "", b.n);
    strbuf_release(&b);
    return out;
}

void arena_on_free(struct arena *a, void (*fn)(void *arg), void *arg)
{
    struct cleanup *c = arena_alloc(a, sizeof *c);
    *c = (struct cleanup){a->cleanups, fn, arg};
    a->cleanups = c;
}
