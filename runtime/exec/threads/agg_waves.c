/* agg_waves.c: filing and putting together in turns. Rows that are filed take as much memory as the
 * columns they come from, and writing and reading all of it costs more than the grouping. So when
 * they are many, the ranges run some at a time, and what they have filed goes into tables of the
 * buckets, which stand until the end: as long as groups are few beside rows. In each bucket the
 * ranges meet in their order all the same, so the result is the same to the bit. */
#include "runtime/exec/threads/agg_int.h"

#define WAVE_RANGES 4                   /* at least, and one a thread */
#define WAVES_FROM  (INT64_C(48) << 20) /* bytes of rows that may be filed */
#define PROBES      4                   /* buckets that tell whether groups are few */
#define ROWS_EACH   4                   /* filed rows a group, at least */

static bool wants_waves(const struct agg *a)
{
    int64_t row = (int64_t)a->chunk_bytes / a->chunk_rows;
    if (a->holistic || a->k.form == KEY_NONE || a->n_ranges <= WAVE_RANGES) return false;
    return a->pipe->rows_max > WAVES_FROM / row;
}

struct stand {
    struct agg *a;
    int step; /* buckets from one task's to the next one's */
};

static enum rc_t stand_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct stand *st = arg;
    struct agg *a = st->a;
    struct worker *w = &a->run->workers[worker];
    struct ctx own = *cx;
    int bucket = (int)task * st->step;
    own.arena = w->batch;
    agg_worker_need(a, &a->workers[worker]);
    enum rc_t res = bucket_add(a, &a->workers[worker], &own, bucket, &a->standing[bucket], NULL);
    raw_drop(a, bucket);
    arena_reset(w->batch);
    return res;
}

static rc stand(struct agg *a, int n, int step)
{
    struct stand st = {a, step};
    struct ctx own = *a->run->cx;
    own.doing = NULL;
    return pool_run(&own, n, stand_task, &st);
}

/* Some buckets first: where nearly every row is a group of its own, tables would only be there
 * earlier, and all at once. */
static rc try_some(struct agg *a)
{
    int n = a->k.n_buckets < PROBES ? a->k.n_buckets : PROBES, step = a->k.n_buckets / n;
    int64_t groups = 0, rows = 0;
    TRY(stand(a, n, step));
    for (int i = 0; i < n; i++) {
        groups += a->standing[i * step].table.n;
        rows += a->standing[i * step].rows;
    }
    a->stands = rows > 0 && groups <= rows / ROWS_EACH;
    return RC_OK;
}

static void forget_ranges(struct agg *a)
{
    for (int64_t i = 0; i < a->filed; i++) {
        struct range *r = &a->ranges[i];
        if (!r->started) continue;
        r->started = false;
        raw_forget(a, r);
        table_release(&r->table);
        arena_reset(r->arena);
        r->table.n = 0;
    }
}

static rc stand_up(struct agg *a)
{
    bool any_raw = false;
    for (int64_t i = 0; i < a->filed; i++)
        any_raw = any_raw || a->ranges[i].is_raw;
    if (!any_raw || atomic_load(&a->spilled)) return RC_OK;
    if (!a->standing) a->standing = mem_zero(sizeof *a->standing * (size_t)a->k.n_buckets);
    a->split = true;
    if (!a->stands) TRY(try_some(a));
    if (!a->stands) return RC_OK;
    TRY(stand(a, a->k.n_buckets, 1));
    forget_ranges(a);
    return RC_OK;
}

static rc fill_in_waves(struct agg *a, const struct sink *sink)
{
    int64_t step = a->run->n_workers > WAVE_RANGES ? a->run->n_workers : WAVE_RANGES;
    pipe_start(a->pipe);
    while (a->filed < a->n_ranges) {
        int64_t to = a->filed + step < a->n_ranges ? a->filed + step : a->n_ranges;
        TRY(pipe_run_tasks(a->pipe, a->filed, to, a->n_ranges, sink));
        a->filed = to;
        if (to < a->n_ranges) TRY(stand_up(a));
    }
    return pipe_finish(a->pipe, a->pipe->n_parts);
}

rc agg_fill(struct agg *a, const struct sink *sink)
{
    if (!wants_waves(a)) {
        TRY(pipe_run(a->pipe, a->n_ranges, sink));
        a->filed = a->n_ranges;
        return RC_OK;
    }
    const char *before = a->run->doing.what;
    enum rc_t res = fill_in_waves(a, sink);
    run_says(a->run, before);
    return res;
}

void agg_waves_free(struct agg *a)
{
    for (int b = 0; a->standing && b < a->k.n_buckets; b++)
        bucket_close(&a->standing[b]);
    mem_free(a->standing);
}
