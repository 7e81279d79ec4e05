/* waves.c: a pipe's rows in order, some partitions at a time: what is written away need not fit in
 * memory. Each wave runs on all threads; its rows are one table, which is handed on and freed
 * before the next one begins. How many partitions make a wave follows from the rows of those
 * before. */
#include "runtime/exec/threads/threads_int.h"

#define WAVE_ROWS  (INT64_C(1) << 20)
#define FIRST_WAVE 16
#define LEAST_WAVE 2 /* when memory is short; never by threads: files hold what came in a wave */
#define MOST_WAVE  4096
#define SHORT      (INT64_C(1) << 30) /* a first wave must not surprise such a budget */

struct waves {
    struct pipe *pipe;
    int64_t rows, bytes, most; /* so far; bytes that one wave should have at most */
};

static rc run_wave(struct waves *w, int64_t first, int64_t n, exec_take take, void *self)
{
    struct run *r = w->pipe->run;
    struct table *t;
    int64_t before = atomic_load(&r->bytes);
    struct ctx own = *r->cx;
    own.doing = NULL; /* what counts is how much of the whole is through */
    TRY(pipe_collect_range(w->pipe, first, n, &t));
    enum rc_t res = t->n_rows ? take(&own, self, t) : RC_OK;
    w->rows += t->n_rows;
    w->bytes += table_bytes(t);
    table_unref(t);
    atomic_store(&r->bytes, before); /* the wave is gone */
    run_tell(r);
    return res;
}

/* Partitions of the next wave, after the first `done` ones. Few when memory is short: a wave lies
 * there as rows, and then once more as what is written. */
static int64_t next_wave(const struct waves *w, int64_t done, int64_t n)
{
    if (w->rows == 0) return n * 2 < MOST_WAVE ? n * 2 : MOST_WAVE;
    double by_rows = (double)WAVE_ROWS * (double)done / (double)w->rows;
    double by_bytes = (double)w->most * (double)done / (double)(w->bytes + 1);
    n = (int64_t)(by_rows < FIRST_WAVE ? FIRST_WAVE : by_rows > MOST_WAVE ? MOST_WAVE : by_rows);
    if (by_bytes < (double)n) n = (int64_t)by_bytes;
    return n < LEAST_WAVE ? LEAST_WAVE : n;
}

rc pipe_waves(struct pipe *take_p, exec_take take, void *self)
{
    struct pipe *p = take_p;
    int64_t budget = p->run->cx->memory_budget;
    struct waves w = {.pipe = p, .most = budget > 0 ? budget / 8 : INT64_MAX};
    int64_t first = 0, n = budget > 0 && budget < SHORT ? LEAST_WAVE : FIRST_WAVE;
    enum rc_t res = RC_OK;
    pipe_start(p);
    while (first < p->n_parts && res == RC_OK) {
        if (n > p->n_parts - first) n = p->n_parts - first;
        res = run_wave(&w, first, n, take, self);
        first += n;
        n = next_wave(&w, first, n);
    }
    if (res == RC_OK) res = pipe_finish(p, p->n_parts);
    pipe_free(p);
    return res;
}
