/* threads.c: the executor of this machine: every node, all cores. `threads:8` opens a pool of its
 * own with that many threads; `threads` works on the session's. */
#include "runtime/exec/threads/threads_int.h"

#include "runtime/base/num.h"

extern const struct executor_class executor_threads; /* executors.def */

struct threads {
    struct executor head;
    struct pool *pool;       /* own, or NULL */
    pthread_mutex_t lock;    /* guards `now`, which other threads look at */
    struct run *now;         /* the run at work, or NULL */
    struct node_stat *stats; /* of the last analyzed run */
    int n_stats, n_threads;
};

static enum rc_t threads_open(struct ctx *cx, const char *url, struct executor **out)
{
    int64_t n = 0;
    const char *colon = strchr(url, ':');
    if (colon && (!int_parse(colon + 1, strlen(colon + 1), &n) || n < 1 || n > 1024)) {
        fail(cx, E209, NO_SPAN, "threads: takes a number of threads from 1 to 1024, not \"%s\"",
             colon + 1);
        return err_hint(cx, "use pool(threads: 4)");
    }
    struct threads *x = mem_zero(sizeof *x);
    x->head.cls = &executor_threads;
    x->pool = n > 0 ? pool_new((int)n) : NULL;
    pthread_mutex_init(&x->lock, NULL);
    *out = &x->head;
    return RC_OK;
}

static void threads_close(struct executor *x)
{
    struct threads *t = (struct threads *)x;
    pool_free(t->pool);
    pthread_mutex_destroy(&t->lock);
    mem_free(t->stats);
    mem_free(t);
}

static bool threads_supports(const struct executor *x, const struct plan *node, const char **why)
{
    (void)x, (void)node, (void)why;
    return true;
}

static int count_nodes(const struct plan *p)
{
    int n = 1;
    for (int i = 0; i < 2; i++)
        if (p->inputs[i]) n += count_nodes(p->inputs[i]);
    return n;
}

static void list_stats(struct run *r, const struct plan *p)
{
    r->stats[r->n_stats++].node = p;
    for (int i = 0; i < 2; i++)
        if (p->inputs[i]) list_stats(r, p->inputs[i]);
}

static void set_now(struct threads *x, struct run *r)
{
    pthread_mutex_lock(&x->lock);
    x->now = r;
    pthread_mutex_unlock(&x->lock);
}

static rc begin(struct ctx *cx, struct threads *x, const struct plan *p, struct ctx *own,
                struct run **out)
{
    *own = *cx;
    if (x->pool) own->pool = x->pool;
    TRY(run_new(own, out));
    if (x->head.analyze) {
        (*out)->stats = mem_zero(sizeof(struct node_stat) * (size_t)count_nodes(p));
        list_stats(*out, p);
    }
    set_now(x, *out);
    return RC_OK;
}

static void end(struct threads *x, struct run *r)
{
    set_now(x, NULL);
    if (r->stats) {
        mem_free(x->stats);
        x->stats = r->stats;
        x->n_stats = r->n_stats;
        x->n_threads = r->n_workers;
        r->stats = NULL;
    }
    run_free(r);
}

static enum rc_t threads_table(struct ctx *cx, struct executor *self, const struct plan *p,
                               struct table **out)
{
    struct threads *x = (struct threads *)self;
    struct ctx own;
    struct run *r;
    TRY(begin(cx, x, p, &own, &r));
    enum rc_t res = plan_to_table(r, p, out);
    end(x, r);
    return res;
}

/* ---- streaming ---- */
static enum rc_t threads_parts(struct ctx *cx, struct executor *self, const struct plan *p,
                               exec_take take, void *arg)
{
    struct threads *x = (struct threads *)self;
    struct ctx own;
    struct run *r;
    struct pipe *pipe;
    TRY(begin(cx, x, p, &own, &r));
    enum rc_t res = pipe_open(r, p, &pipe);
    if (res == RC_OK) res = pipe_waves(pipe, take, arg);
    end(x, r);
    return res;
}

static enum rc_t push_batch(void *self, struct worker *w, struct ctx *cx, int64_t task,
                            int64_t part, const struct batch *b)
{
    const struct batch_sink *s = self;
    (void)w, (void)task;
    return s->push(cx, s->self, part, b);
}

static enum rc_t threads_run(struct ctx *cx, struct executor *self, const struct plan *p,
                             const struct batch_sink *out)
{
    struct threads *x = (struct threads *)self;
    struct batch_sink copy = *out;
    struct sink sink = {.self = &copy, .batch = push_batch};
    struct pipe *pipe;
    struct ctx own;
    struct run *r;
    TRY(begin(cx, x, p, &own, &r));
    enum rc_t res = pipe_open(r, p, &pipe);
    if (res == RC_OK) {
        if (out->begin) res = out->begin(cx, out->self, pipe->schema, pipe->n_parts);
        if (res == RC_OK) res = pipe_run(pipe, 0, &sink);
        pipe_free(pipe);
    }
    end(x, r);
    return res;
}

/* ---- looked at from other threads ---- */
static void threads_cancel(struct executor *self)
{
    struct threads *x = (struct threads *)self;
    pthread_mutex_lock(&x->lock);
    if (x->now && x->now->cx->cancel) cancel_set(x->now->cx->cancel);
    pthread_mutex_unlock(&x->lock);
}

static void threads_progress(struct executor *self, struct exec_progress *out)
{
    struct threads *x = (struct threads *)self;
    *out = (struct exec_progress){.unit = "rows", .what = "idle"};
    pthread_mutex_lock(&x->lock);
    if (x->now) {
        out->done = atomic_load(&x->now->done);
        out->total = atomic_load(&x->now->total);
        out->what = atomic_load(&x->now->what);
    }
    pthread_mutex_unlock(&x->lock);
}

/* ---- explain analyze ---- */
static struct node_stat *stat_of(const struct threads *x, const struct plan *node)
{
    for (int i = 0; i < x->n_stats; i++)
        if (x->stats[i].node == node) return &x->stats[i];
    return NULL;
}

/* Rows that came out of a node. Columns that are only passed on run nothing and count nothing. */
static int64_t rows_of(const struct threads *x, const struct plan *p)
{
    struct node_stat *s = stat_of(x, p);
    int64_t rows = s ? atomic_load(&s->rows) : 0;
    if (rows > 0 || !s) return rows;
    if (p->op == PLAN_UNION) return rows_of(x, p->inputs[0]) + rows_of(x, p->inputs[1]);
    if (p->op == PLAN_PROJECT && atomic_load(&s->us) == 0) return rows_of(x, p->inputs[0]);
    return 0;
}

/* Wall time of a node with its inputs, about: what runs on all threads has an even part of it. */
static int64_t wall_us(const struct threads *x, const struct plan *p)
{
    struct node_stat *s = stat_of(x, p);
    int64_t sum = s ? atomic_load(&s->us) : 0;
    if (s && s->is_whole) return sum;
    sum /= x->n_threads;
    for (int i = 0; i < 2; i++)
        if (p->inputs[i]) sum += wall_us(x, p->inputs[i]);
    return sum;
}

/* The node's own share of the time. */
static int64_t own_us(const struct threads *x, const struct plan *p)
{
    int64_t us = wall_us(x, p);
    for (int i = 0; i < 2; i++)
        if (p->inputs[i]) us -= wall_us(x, p->inputs[i]);
    return us > 0 ? us : 0;
}

static void threads_explain(struct executor *self, struct strbuf *out, const struct plan *node)
{
    const struct threads *x = (const struct threads *)self;
    struct node_stat *s = stat_of(x, node);
    char rows[32];
    if (!s) return;
    int_format_thousands(rows_of(x, node), rows);
    strbuf_printf(out, " (%s", rows);
    if (atomic_load(&s->read) > 0) {
        int_format_thousands(atomic_load(&s->read), rows);
        strbuf_printf(out, " of %s", rows);
    }
    strbuf_addz(out, " rows");
    if (atomic_load(&s->skipped) > 0)
        strbuf_printf(out, ", %lld of %lld parts of the file skipped",
                      (long long)atomic_load(&s->skipped), (long long)atomic_load(&s->parts));
    int64_t us = own_us(x, node);
    if (us > 0) strbuf_printf(out, ", %.1f ms", (double)us / 1000);
    if (atomic_load(&s->bytes) > 0)
        strbuf_printf(out, ", %.1f MB", (double)atomic_load(&s->bytes) / 1e6);
    if (atomic_load(&s->disk) > 0)
        strbuf_printf(out, ", %.1f MB on disk", (double)atomic_load(&s->disk) / 1e6);
    strbuf_addc(out, ')');
}

const struct executor_class executor_threads = {
    .version = EXECUTOR_VERSION,
    .name = "threads",
    .scheme = "threads",
    .doc = "all cores of this machine",
    .open = threads_open,
    .close = threads_close,
    .supports = threads_supports,
    .run = threads_run,
    .cancel = threads_cancel,
    .progress = threads_progress,
    .explain = threads_explain,
    .table = threads_table,
    .parts = threads_parts,
};
