/* run.c: what a run of a plan shares: workers' memory, the memory budget, progress, statistics. */
#include "runtime/exec/threads/threads_int.h"

int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

rc run_new(struct ctx *cx, struct run **out)
{
    struct run *r = mem_zero(sizeof *r);
    r->cx = cx;
    r->n_workers = pool_threads(cx);
    r->workers = mem_zero(sizeof *r->workers * (size_t)r->n_workers);
    for (int i = 0; i < r->n_workers; i++) {
        r->workers[i].run = r;
        r->workers[i].batch = arena_new();
        r->workers[i].hold = arena_new();
    }
    r->arena = arena_new();
    r->thread = pthread_self();
    r->doing = pool_doing("run");
    cx->doing = &r->doing;
    r->room = (struct mem_room){.bytes = &r->bytes, .budget = cx->memory_budget};
    cx->room = &r->room;
    atomic_init(&r->what, r->doing.what);
    *out = r;
    return RC_OK;
}

void run_free(struct run *r)
{
    if (!r) return;
    for (int i = 0; i < r->n_workers; i++) {
        arena_free(r->workers[i].batch);
        arena_free(r->workers[i].hold);
    }
    arena_free(r->arena);
    mem_free(r->workers);
    mem_free(r->stats);
    mem_free(r);
}

rc run_claim(struct run *r, struct ctx *cx, int64_t bytes)
{
    (void)cx;
    int64_t sum = atomic_fetch_add_explicit(&r->bytes, bytes, memory_order_relaxed) + bytes;
    if (r->stats && sum > atomic_load_explicit(&r->peak, memory_order_relaxed))
        atomic_store_explicit(&r->peak, sum, memory_order_relaxed); /* about: threads may race */
    return RC_OK;
}

int64_t run_disk(const struct run *r)
{
    struct run *m = (struct run *)(uintptr_t)r;
    return atomic_load(&m->disk) + atomic_load(&m->room.on_disk);
}

const char *run_says(struct run *r, const char *what)
{
    const char *before = r->doing.what;
    r->doing.what = what;
    atomic_store(&r->what, what);
    return before;
}

void run_begin(struct run *r, int64_t rows)
{
    atomic_store(&r->done, 0);
    atomic_store(&r->total, rows);
}

/* Files rarely tell their rows beforehand, but they have a number of partitions. */
void run_tell(struct run *r)
{
    int64_t total = atomic_load(&r->total), n_parts = atomic_load(&r->n_parts);
    if (total > 0)
        pool_tell(r->cx, atomic_load(&r->done), total);
    else if (n_parts > 0)
        pool_tell(r->cx, atomic_load(&r->parts), n_parts);
}

rc run_tick(struct run *r, struct ctx *cx, int64_t rows)
{
    TRY(check_cancel(cx));
    atomic_fetch_add_explicit(&r->done, rows, memory_order_relaxed);
    if (pthread_equal(r->thread, pthread_self())) {
        mem_file_look(&r->room, now_us());
        if (r->cx->notify) run_tell(r);
    }
    return RC_OK;
}

struct node_stat *run_stat(struct run *r, const struct plan *node)
{
    for (int i = 0; i < r->n_stats; i++)
        if (r->stats[i].node == node) return &r->stats[i];
    return NULL;
}
