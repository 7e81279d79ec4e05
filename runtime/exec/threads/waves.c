/* waves.c: a pipe's rows in order, some partitions at a time: what is written away need not fit in
 * memory. Each wave runs on all threads; its rows are one table, which is handed on and freed
 * before the next one begins. How many partitions make a wave follows from the rows of those
 * before. */
#include "runtime/exec/threads/threads_int.h"

#define WAVE_ROWS  (INT64_C(1) << 20)
#define FIRST_WAVE 16
#define MOST_WAVE  4096

static rc run_wave(struct pipe *p, int64_t first, int64_t n, exec_take take, void *self,
                   int64_t *rows)
{
    struct run *r = p->run;
    struct table *t;
    int64_t before = atomic_load(&r->bytes);
    TRY(pipe_collect_range(p, first, n, &t));
    enum rc_t res = t->n_rows ? take(r->cx, self, t) : RC_OK;
    *rows += t->n_rows;
    table_unref(t);
    atomic_store(&r->bytes, before); /* the wave is gone */
    return res;
}

rc pipe_waves(struct pipe *take_p, exec_take take, void *self)
{
    struct pipe *p = take_p;
    int64_t first = 0, n = FIRST_WAVE, rows = 0;
    enum rc_t res = RC_OK;
    pipe_start(p);
    while (first < p->n_parts && res == RC_OK) {
        if (n > p->n_parts - first) n = p->n_parts - first;
        res = run_wave(p, first, n, take, self, &rows);
        first += n;
        n = rows ? (int64_t)((double)WAVE_ROWS * (double)first / (double)rows) : n * 2;
        if (n < FIRST_WAVE) n = FIRST_WAVE;
        if (n > MOST_WAVE) n = MOST_WAVE;
    }
    if (res == RC_OK) res = pipe_finish(p, p->n_parts);
    pipe_free(p);
    return res;
}
