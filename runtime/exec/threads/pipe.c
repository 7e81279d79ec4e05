/* pipe.c: sources, and the loop that drives batches of a partition through the operators into a
 * sink. One worker runs a partition from end to end, so operators keep plain per-worker state. */
#include "runtime/exec/threads/threads_int.h"

#include "runtime/io/io.h"

/* ---- making ---- */
static struct pipe *pipe_new(struct run *r, enum pipe_source source, const struct plan *node,
                             const struct schema *schema)
{
    struct pipe *p = mem_zero(sizeof *p);
    size_t n = (size_t)schema->n + 1;
    p->run = r;
    p->source = source;
    p->node = node;
    p->schema = schema_ref(schema);
    p->limit = -1;
    p->origin = mem_zero(sizeof *p->origin * n);
    p->dicts = mem_zero(sizeof *p->dicts * n);
    p->loose = mem_zero(n);
    for (int i = 0; i < schema->n; i++)
        p->origin[i] = -1;
    return p;
}

rc pipe_table(struct run *r, struct table *t, const struct plan *node, struct pipe **out)
{
    struct pipe *p = pipe_new(r, SOURCE_TABLE, node, t->schema);
    p->table = table_ref(t);
    p->n_parts = (t->n_rows + MORSEL_ROWS - 1) / MORSEL_ROWS;
    p->rows_max = t->n_rows;
    p->positional = true;
    for (int i = 0; i < t->schema->n; i++) {
        p->origin[i] = i;
        if (t->cols[i]->phys == PHYS_DICT) p->dicts[i] = t->cols[i]->dict;
    }
    *out = p;
    return RC_OK;
}

struct pipe *pipe_lazy(struct run *r, struct lazy *take_lazy, const struct schema *schema,
                       int64_t n_parts, int64_t rows, const struct plan *node)
{
    struct pipe *p = pipe_new(r, SOURCE_SPILL, node, schema);
    p->lazy = take_lazy;
    p->width = schema->n;
    p->n_parts = n_parts;
    p->rows_max = rows;
    return p;
}

static rc pipe_scan(struct run *r, const struct plan *node, struct pipe **out)
{
    struct io_scan_head *h = io_head(node->u.scan.scan);
    struct pipe *p = pipe_new(r, SOURCE_SCAN, node, node->schema);
    p->scan = io_ref(node->u.scan.scan);
    p->n_columns = node->schema->n;
    p->columns = mem_zero(sizeof *p->columns * (size_t)(p->n_columns + 1));
    for (int i = 0; i < p->n_columns; i++)
        p->columns[i] = schema_find(h->schema, str_of(node->schema->fields[i].name));
    p->limit = node->u.scan.limit;
    p->n_parts = h->n_partitions;
    p->rows_max = h->n_rows >= 0 ? h->n_rows : h->n_bytes > 0 ? h->n_bytes / 16 : 1 << 20;
    p->part_rows = mem_zero(sizeof *p->part_rows * (size_t)(p->n_parts + 1));
    *out = p;
    if (!node->u.scan.filter) return RC_OK;
    p->n_ranges = scan_ranges(r->arena, h->schema, node->u.scan.filter, &p->ranges);
    if (op_filter(p, node, node->u.scan.filter) == RC_OK) return RC_OK;
    pipe_free(p);
    return RC_ERR;
}

static rc pipe_union(struct run *r, const struct plan *node, struct pipe **out)
{
    struct pipe *a = NULL, *b = NULL;
    TRY(pipe_open(r, node->inputs[0], &a));
    if (pipe_open(r, node->inputs[1], &b) != RC_OK) {
        pipe_free(a);
        return RC_ERR;
    }
    struct pipe *p = pipe_new(r, SOURCE_UNION, node, node->schema);
    p->a = a;
    p->b = b;
    p->n_parts = a->n_parts + b->n_parts;
    p->sees_all = a->sees_all || b->sees_all;
    p->rows_max = a->rows_max + b->rows_max;
    for (int i = 0; i < p->schema->n; i++)
        if (a->dicts[i] == b->dicts[i]) p->dicts[i] = a->dicts[i];
    for (int i = 0; i < p->schema->n; i++)
        p->loose[i] = a->loose[i] || b->loose[i];
    *out = p;
    return RC_OK;
}

void pipe_free(struct pipe *p)
{
    if (!p) return;
    for (int i = 0; i < p->n_ops; i++)
        p->ops[i]->cls->free(p->ops[i]);
    pipe_free(p->a);
    pipe_free(p->b);
    table_unref(p->table);
    if (p->lazy) p->lazy->free(p->lazy);
    if (p->scan) io_unref(p->scan);
    schema_unref(p->schema);
    mem_free(p->columns);
    mem_free(p->part_rows);
    mem_free(p->ops);
    mem_free(p->origin);
    mem_free(p->dicts);
    mem_free(p->loose);
    mem_free(p);
}

void pipe_add(struct pipe *p, struct op *take_op)
{
    if (p->n_ops == p->cap_ops) {
        p->cap_ops = p->cap_ops ? p->cap_ops * 2 : 4;
        p->ops = mem_realloc(p->ops, sizeof *p->ops * (size_t)p->cap_ops);
    }
    p->ops[p->n_ops++] = take_op;
    p->positional = p->positional && take_op->keeps_rows;
    if (take_op->schema != p->schema) {
        schema_unref(p->schema);
        p->schema = schema_ref(take_op->schema);
    }
}

void op_init(struct op *op, const struct op_class *cls, struct pipe *p, const struct plan *node,
             int n_cols)
{
    op->cls = cls;
    op->run = p->run;
    op->node = node;
    op->schema = node->schema;
    op->stat = run_stat(p->run, node);
    op->positional = p->positional;
    op->local = mem_zero(sizeof *op->local * (size_t)p->run->n_workers);
    for (int i = 0; i < p->run->n_workers; i++) {
        struct arena *a = p->run->workers[i].hold;
        op->local[i].cols = ARENA_ARRAY(a, struct vec, n_cols > 0 ? n_cols : 1);
        op->local[i].scratch = ARENA_ARRAY(a, struct scratch, n_cols > 0 ? n_cols : 1);
    }
}

void op_release(struct op *op)
{
    mem_free(op->local);
    mem_free(op);
}

/* ---- running ---- */
struct drive { /* one partition on one worker */
    struct pipe *pipe;
    struct worker *w;
    struct ctx cx; /* arena: the worker's batch scratch */
    int64_t part;
    enum rc_t (*out)(void *arg, struct drive *d, const struct batch *b);
    void *arg;
    struct node_stat *stat;
    int64_t above_us; /* of what came after the source; when analyzing */
};

static rc through_op(struct drive *d, struct op *op, const struct batch *in, struct batch *out)
{
    struct op_local *l = &op->local[d->w - d->w->run->workers];
    int64_t began = op->stat ? now_us() : 0;
    *out = (struct batch){.n_cols = op->schema->n, .cols = l->cols};
    struct batch numbered = *in;
    numbered.first_row = l->rows;
    if (op->positional) numbered.first_row = in->first_row;
    TRY(op->cls->batch(op, d->w, &d->cx, d->part, &numbered, out));
    if (op->positional && op->keeps_rows) out->first_row = in->first_row;
    l->rows += in->n_rows;
    if (op->stat) {
        atomic_fetch_add(&op->stat->us, now_us() - began);
        atomic_fetch_add(&op->stat->rows, out->n_rows);
    }
    return RC_OK;
}

static rc from_op(struct drive *d, int i, const struct batch *b);

/* The other batches that an operator makes of `in`, `first` being the first of them. */
static rc through_more(struct drive *d, int i, const struct batch *in, const struct batch *first)
{
    struct op *op = d->pipe->ops[i];
    struct batch next = *first;
    while (next.n_rows > 0) {
        TRY(from_op(d, i + 1, &next));
        int64_t began = op->stat ? now_us() : 0;
        next = (struct batch){.n_cols = op->schema->n,
                              .cols = op->local[d->w - d->w->run->workers].cols};
        TRY(op->cls->more(op, d->w, &d->cx, in, &next));
        if (!op->stat) continue;
        atomic_fetch_add(&op->stat->us, now_us() - began);
        atomic_fetch_add(&op->stat->rows, next.n_rows);
    }
    return RC_OK;
}

/* A batch through operators i and later, to the end of the pipe. */
static rc from_op(struct drive *d, int i, const struct batch *b)
{
    struct batch now = *b, next;
    for (; i < d->pipe->n_ops && now.n_rows > 0; i++) {
        TRY(through_op(d, d->pipe->ops[i], &now, &next));
        if (d->pipe->ops[i]->cls->more) return through_more(d, i, &now, &next);
        now = next;
    }
    if (now.n_rows > 0) TRY(d->out(d->arg, d, &now));
    return RC_OK;
}

/* One batch (at most BATCH_ROWS rows) from the source to the end of the pipe. */
static rc through_ops(struct drive *d, const struct batch *b)
{
    if (!d->stat) return from_op(d, 0, b);
    int64_t began = now_us();
    bool is_filtered = d->pipe->source == SOURCE_SCAN && d->pipe->node->u.scan.filter;
    atomic_fetch_add(is_filtered ? &d->stat->read : &d->stat->rows, b->n_rows);
    enum rc_t res = from_op(d, 0, b);
    d->above_us += now_us() - began;
    return res;
}

static rc run_part(struct pipe *p, struct worker *w, struct ctx *cx, int64_t part,
                   enum rc_t (*out)(void *arg, struct drive *d, const struct batch *b), void *arg);

/* A struct's children do not move with a view: such columns are cut out. */
static rc view_rows(struct ctx *cx, const struct column *c, int64_t at, int64_t n, struct vec *out)
{
    struct column *cut;
    *out = column_view(c, at, n);
    if (c->phys != PHYS_STRUCT || at == 0) return RC_OK;
    TRY(column_slice(cx, c, at, n, &cut));
    *out = column_view(cut, 0, n);
    arena_column(cx->arena, cut);
    return RC_OK;
}

static rc drive_rows(struct drive *d, const struct table *t, int64_t from, int64_t to,
                     struct vec *cols)
{
    for (int64_t at = from; at < to; at += BATCH_ROWS) {
        int64_t n = to - at < BATCH_ROWS ? to - at : BATCH_ROWS;
        struct batch b = {(int)n, t->schema->n, cols, at};
        for (int i = 0; i < b.n_cols; i++)
            TRY(view_rows(&d->cx, t->cols[i], at, n, &cols[i]));
        d->w->pick_from = at - from;
        d->w->picked = NULL;
        TRY(through_ops(d, &b));
        TRY(run_tick(d->w->run, &d->cx, n));
        arena_reset(d->w->batch);
    }
    return RC_OK;
}

static rc drive_table(struct drive *d, struct vec *cols)
{
    const struct table *t = d->pipe->table;
    int64_t from = d->part * MORSEL_ROWS, to = from + MORSEL_ROWS;
    return drive_rows(d, t, from, to < t->n_rows ? to : t->n_rows, cols);
}

static rc drive_lazy(struct drive *d, struct ctx *cx, struct vec *cols)
{
    struct table *t;
    struct node_stat *stat = run_stat(d->w->run, d->pipe->node); /* whose rows come back here */
    int64_t began = stat ? now_us() : 0;
    TRY(d->pipe->lazy->part(d->pipe->lazy, cx, d->part, &t));
    if (stat) atomic_fetch_add(&stat->us, (now_us() - began) / d->w->run->n_workers);
    enum rc_t res = drive_rows(d, t, 0, t->n_rows, cols);
    table_unref(t);
    return res;
}

/* Receives what a format pushes; batches above BATCH_ROWS are cut. */
struct from_file {
    struct drive *drive;
    struct vec *cols;
    int64_t rows;
};

static rc cut_vec(struct ctx *cx, const struct vec *v, const struct pipe *p, int column, int64_t at,
                  int64_t n, struct vec *out)
{
    struct scratch none = {0};
    if (v->phys != PHYS_STRUCT || at == 0 || v->is_const) {
        *out = vec_slice(v, at);
        return RC_OK;
    }
    int32_t *sel = arena_alloc(cx->arena, sizeof *sel * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        sel[i] = (int32_t)(at + i);
    struct dtype type = io_head(p->scan)->schema->fields[p->columns[column]].type;
    return vec_select(cx, &none, v, type, sel, n, out);
}

static enum rc_t take_file_batch(struct ctx *cx, void *self, int64_t partition,
                                 const struct batch *b)
{
    (void)cx, (void)partition;
    struct from_file *f = self;
    struct drive *d = f->drive;
    for (int64_t at = 0; at < b->n_rows; at += BATCH_ROWS) {
        int64_t n = b->n_rows - at < BATCH_ROWS ? b->n_rows - at : BATCH_ROWS;
        struct batch cut = {(int)n, b->n_cols, f->cols, f->rows};
        for (int i = 0; i < b->n_cols; i++)
            TRY(cut_vec(&d->cx, &b->cols[i], d->pipe, i, at, n, &f->cols[i]));
        TRY(through_ops(d, &cut));
        TRY(run_tick(d->w->run, &d->cx, n));
        arena_reset(d->w->batch);
        f->rows += n;
    }
    return RC_OK;
}

static rc drive_scan(struct drive *d, struct vec *cols, struct ctx *cx)
{
    struct pipe *p = d->pipe;
    struct from_file f = {d, cols, 0};
    const struct io_format *format = io_head(p->scan)->format;
    if (d->stat) atomic_fetch_add(&d->stat->parts, 1);
    if (p->n_ranges && format->skip && format->skip(p->scan, d->part, p->ranges, p->n_ranges)) {
        if (d->stat) atomic_fetch_add(&d->stat->skipped, 1);
        return RC_OK;
    }
    TRY(format->read(cx, p->scan, p->columns, p->n_columns, d->part, p->limit, take_file_batch,
                     &f));
    p->part_rows[d->part] = f.rows;
    return RC_OK;
}

struct union_out { /* the rest of a pipe above a union */
    struct drive *drive;
};

static enum rc_t from_union(void *arg, struct drive *below, const struct batch *b)
{
    struct union_out *u = arg;
    (void)below;
    return through_ops(u->drive, b);
}

static rc drive_union(struct drive *d, struct ctx *cx)
{
    struct union_out u = {d};
    struct pipe *p = d->pipe;
    if (d->part < p->a->n_parts) return run_part(p->a, d->w, cx, d->part, from_union, &u);
    return run_part(p->b, d->w, cx, d->part - p->a->n_parts, from_union, &u);
}

static void ops_part_end(struct pipe *p, struct worker *w, int64_t part)
{
    for (int i = 0; i < p->n_ops; i++) {
        struct op *op = p->ops[i];
        if (op->cls->part_end) op->cls->part_end(op, w, part);
        op->local[w - w->run->workers].rows = 0;
    }
}

static rc run_part(struct pipe *p, struct worker *w, struct ctx *cx, int64_t part,
                   enum rc_t (*out)(void *arg, struct drive *d, const struct batch *b), void *arg)
{
    struct drive d = {.pipe = p, .w = w, .cx = *cx, .part = part, .out = out, .arg = arg};
    int n = p->source == SOURCE_TABLE ? p->table->schema->n : p->n_columns;
    if (p->source == SOURCE_SPILL) n = p->width;
    struct vec *cols = mem_zero(sizeof *cols * (size_t)(n + 1));
    enum rc_t res;
    d.cx.arena = w->batch;
    d.stat = p->source == SOURCE_UNION || p->counted ? NULL : run_stat(w->run, p->node);
    w->stop_part = false;
    int64_t began = d.stat ? now_us() : 0;
    for (int i = 0; i < p->n_ops; i++)
        p->ops[i]->local[w - w->run->workers].rows = 0;
    if (p->source == SOURCE_TABLE)
        res = drive_table(&d, cols);
    else if (p->source == SOURCE_SPILL)
        res = drive_lazy(&d, cx, cols);
    else if (p->source == SOURCE_SCAN)
        res = drive_scan(&d, cols, cx);
    else
        res = drive_union(&d, cx);
    mem_free(cols);
    if (d.stat) atomic_fetch_add(&d.stat->us, now_us() - began - d.above_us);
    if (w->stop_part) res = RC_OK;
    if (res == RC_OK) ops_part_end(p, w, part);
    return res;
}

struct job {
    struct pipe *pipe;
    const struct sink *sink;
    int64_t n_tasks, n_parts, first;
    int64_t skip; /* tasks before the first that is run */
};
struct job_part {
    struct job *job;
    int64_t task, part;
};

static enum rc_t into_sink(void *arg, struct drive *d, const struct batch *b)
{
    struct job_part *jp = arg;
    const struct sink *s = jp->job->sink;
    return s->batch(s->self, d->w, &d->cx, jp->task, jp->part, b);
}

static enum rc_t pipe_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct job *job = arg;
    const struct sink *s = job->sink;
    struct worker *w = &job->pipe->run->workers[worker];
    task += job->skip;
    int64_t from = job->first + task * job->n_parts / job->n_tasks;
    int64_t to = job->first + (task + 1) * job->n_parts / job->n_tasks;
    for (int64_t part = from; part < to; part++) {
        if (s->enough && s->enough(s->self, part)) break;
        struct job_part jp = {job, task, part};
        TRY(run_part(job->pipe, w, cx, part, into_sink, &jp));
        if (s->part_end) TRY(s->part_end(s->self, w, cx, task, part));
        atomic_fetch_add_explicit(&w->run->parts, 1, memory_order_relaxed);
        arena_reset(w->batch);
    }
    return s->task_end ? s->task_end(s->self, w, cx, task) : RC_OK;
}

static void start_ops(struct pipe *p)
{
    struct run *r = p->run;
    if (p->source == SOURCE_UNION) {
        start_ops(p->a);
        start_ops(p->b);
    }
    for (int i = 0; i < p->n_ops; i++)
        if (p->ops[i]->cls->start) p->ops[i]->cls->start(p->ops[i], p->n_parts);
    bool known = p->source == SOURCE_TABLE || p->source == SOURCE_SPILL ||
                 (p->source == SOURCE_SCAN && io_head(p->scan)->n_rows > 0);
    atomic_store(&r->done, 0);
    atomic_store(&r->total, known ? p->rows_max : 0);
    atomic_store(&r->parts, 0);
    atomic_store(&r->n_parts, p->n_parts);
    run_says(r, plan_op_name(p->node->op));
}

/* Reports in the order of the data's way; n_done cuts to the partitions that were wanted. */
static rc finish_ops(struct pipe *p, struct ctx *cx, int64_t n_done)
{
    if (p->source == SOURCE_UNION) {
        int64_t in_a = n_done < p->a->n_parts ? n_done : p->a->n_parts;
        TRY(finish_ops(p->a, cx, in_a));
        TRY(finish_ops(p->b, cx, n_done - in_a));
    }
    if (p->source == SOURCE_SCAN && n_done == p->n_parts && p->limit < 0) {
        const struct io_format *f = io_head(p->scan)->format;
        if (f->done) TRY(f->done(cx, p->scan));
    }
    for (int i = 0; i < p->n_ops; i++)
        if (p->ops[i]->cls->done) TRY(p->ops[i]->cls->done(p->ops[i], cx, n_done));
    return RC_OK;
}

static rc run_tasks(struct pipe *p, int64_t n_tasks, const struct sink *sink)
{
    if (n_tasks <= 0 || n_tasks > p->n_parts) n_tasks = p->n_parts;
    struct job job = {p, sink, n_tasks, p->n_parts, 0, 0};
    const char *before = p->run->doing.what;
    start_ops(p);
    enum rc_t res = pool_run(p->run->cx, n_tasks, pipe_task, &job);
    run_says(p->run, before); /* the step that wanted the rows goes on */
    return res;
}

void pipe_start(struct pipe *p)
{
    start_ops(p);
}

rc pipe_run_range(struct pipe *p, int64_t first, int64_t n, const struct sink *sink)
{
    struct job job = {p, sink, n, n, first, 0};
    return pool_run(p->run->cx, n, pipe_task, &job);
}

rc pipe_run_tasks(struct pipe *p, int64_t from, int64_t to, int64_t n_tasks,
                  const struct sink *sink)
{
    struct job job = {p, sink, n_tasks, p->n_parts, 0, from};
    struct ctx own = *p->run->cx;
    own.doing = NULL; /* what counts is how much of the whole is through */
    TRY(pool_run(&own, to - from, pipe_task, &job));
    run_tell(p->run);
    return RC_OK;
}

rc pipe_run_parts(struct pipe *p, const struct sink *sink)
{
    return run_tasks(p, 0, sink);
}

rc pipe_finish(struct pipe *p, int64_t n_done)
{
    return finish_ops(p, p->run->cx, n_done);
}

rc pipe_run(struct pipe *p, int64_t n_tasks, const struct sink *sink)
{
    TRY(run_tasks(p, n_tasks, sink));
    return pipe_finish(p, p->n_parts);
}

/* ---- from plans ---- */
static bool is_breaker(enum plan_op op)
{
    return op == PLAN_AGGREGATE || op == PLAN_SORT || op == PLAN_LIMIT || op == PLAN_DISTINCT ||
           op == PLAN_WINDOW || op == PLAN_JOIN;
}

/* The node's table, or the pipe that reads its rows from disk. */
static rc run_breaker(struct run *r, const struct plan *p, struct table **out,
                      struct pipe **out_pipe)
{
    switch (p->op) {
    case PLAN_AGGREGATE: return run_aggregate(r, p, out, out_pipe);
    case PLAN_SORT: return run_sort(r, p, out, out_pipe);
    case PLAN_LIMIT: return run_limit(r, p, out);
    case PLAN_DISTINCT: return run_distinct(r, p, out, out_pipe);
    case PLAN_WINDOW: return run_window(r, p, out, out_pipe);
    default: return run_join(r, p, out, out_pipe);
    }
}

static int64_t bytes_on_disk(const struct column *c)
{
    int64_t sum = 0;
    for (int i = 0; i < c->n_bufs; i++)
        if (mem_on_disk(c->bufs[i]->p)) sum += (int64_t)c->bufs[i]->n;
    for (int i = 0; i < c->n_child; i++)
        sum += bytes_on_disk(c->child[i]);
    return sum;
}

/* Memory that a step's result has made: shared columns count where they were made. */
static int64_t own_bytes(const struct table *t, int64_t *on_disk)
{
    int64_t sum = 0;
    *on_disk = 0;
    for (int i = 0; i < t->schema->n; i++) {
        if (atomic_load(&t->cols[i]->refs) != 1) continue;
        sum += column_bytes(t->cols[i]);
        *on_disk += bytes_on_disk(t->cols[i]);
    }
    return sum;
}

static rc open_breaker(struct run *r, const struct plan *p, struct pipe **out)
{
    struct table *t = NULL;
    struct node_stat *stat = run_stat(r, p);
    int64_t began = now_us(), before = atomic_load(&r->bytes), peak = atomic_load(&r->peak);
    int64_t disk = run_disk(r), on_disk = 0, made;
    *out = NULL;
    const char *said = run_says(r, plan_op_name(p->op));
    atomic_store(&r->peak, before);
    TRY(run_breaker(r, p, &t, out));
    run_says(r, said);
    made = t ? own_bytes(t, &on_disk) : 0;
    if (stat) {
        stat->is_whole = true;
        atomic_store(&stat->us, now_us() - began);
        atomic_store(&stat->rows, t ? t->n_rows : (*out)->rows_max);
        int64_t most = atomic_load(&r->peak) - before;
        atomic_store(&stat->bytes, most > made ? most : made);
        atomic_store(&stat->disk, run_disk(r) - disk);
    }
    if (atomic_load(&r->peak) < peak) atomic_store(&r->peak, peak);
    enum rc_t res = RC_OK;
    atomic_store(&r->bytes, before + made - on_disk); /* all else of it is free again */
    if (!*out) res = pipe_table(r, t, p, out);
    if (res == RC_OK) (*out)->counted = true;
    table_unref(t);
    return res;
}

static rc add_op(struct pipe *p, const struct plan *node)
{
    switch (node->op) {
    case PLAN_FILTER: return op_filter(p, node, node->u.filter.predicate);
    case PLAN_PROJECT: return op_project(p, node);
    case PLAN_MAP: return op_map(p, node);
    case PLAN_ASSERT: return op_assert(p, node);
    case PLAN_UNNEST: return op_unnest(p, node);
    default:
        return fail(p->run->cx, E903, node->span, "no operator for %s", plan_op_name(node->op));
    }
}

static rc open_op(struct run *r, const struct plan *p, struct pipe **out)
{
    struct pipe *pipe;
    TRY(pipe_open(r, p->inputs[0], &pipe));
    if (add_op(pipe, p) != RC_OK) {
        pipe_free(pipe);
        return RC_ERR;
    }
    *out = pipe;
    return RC_OK;
}

rc pipe_open(struct run *r, const struct plan *p, struct pipe **out)
{
    if (p->op == PLAN_TABLE) return pipe_table(r, p->u.table.table, p, out);
    if (p->op == PLAN_SCAN) return pipe_scan(r, p, out);
    if (p->op == PLAN_UNION) return pipe_union(r, p, out);
    if (is_breaker(p->op)) return open_breaker(r, p, out);
    return open_op(r, p, out);
}
