/* agg.c: grouping: updating states, the ranges' work on each batch, the result. See agg_int.h for
 * the plan of it all. */
#include "runtime/exec/threads/agg_int.h"
#include "runtime/exec/threads/runs.h"

/* ---- updating states ---- */
rc agg_args(struct agg *a, struct agg_worker *w, const struct agg_item *it, int64_t n,
            const struct vec *cols, struct vec *out)
{
    for (int i = 0; i < it->n_args; i++) {
        int c = it->args[i];
        if (c < 0) {
            out[i] = it->literals[i];
            continue;
        }
        out[i] = cols[c];
        struct dtype type = a->cols[c].type;
        if (out[i].phys != kind_phys(type.kind) || out[i].is_const) {
            struct arena *hold = a->run->workers[w - a->workers].hold;
            scratch_need(&w->wide[c], hold, BATCH_ROWS);
            if (out[i].phys != kind_phys(type.kind))
                vec_canonical(&w->wide[c], &out[i], type, n, &out[i]);
            if (out[i].is_const) {
                struct scratch s = {0};
                scratch_need(&s, w->evals[0].cx->arena, BATCH_ROWS);
                struct vec one = out[i];
                vec_spread(&s, &one, n, &out[i]);
            }
        }
    }
    return RC_OK;
}

/* Rows of the batch that the item's filter lets through: picked arguments and groups. */
static rc pick_rows(struct agg *a, struct agg_worker *w, struct ctx *cx, const struct agg_item *it,
                    const uint32_t **groups, int64_t *n, const struct vec *cols, struct vec *args)
{
    struct arena *hold = a->run->workers[w - a->workers].hold;
    int64_t m = vec_true_rows(&cols[it->where], *n, w->sel);
    if (m == *n) return RC_OK;
    for (int i = 0; i < it->n_args; i++) {
        if (it->args[i] < 0) continue;
        struct vec all = args[i];
        struct scratch *s = &w->picked[it->args[i]];
        scratch_need(s, hold, BATCH_ROWS);
        TRY(vec_select(cx, s, &all, a->cols[it->args[i]].type, w->sel, m, &args[i]));
    }
    for (int64_t i = 0; *groups && i < m; i++)
        w->some[i] = (*groups)[w->sel[i]];
    if (*groups) *groups = w->some;
    *n = m;
    return RC_OK;
}

rc agg_update(struct agg *a, struct agg_worker *w, struct ctx *cx, char *states,
              const uint32_t *groups, int64_t n, const struct vec *cols)
{
    for (int i = 0; i < a->n_items; i++) {
        const struct agg_item *it = &a->items[i];
        struct vec args[8];
        const uint32_t *of = a->k.form == KEY_NONE ? NULL : groups;
        int64_t rows = n;
        if (it->over->whole || it->shares) continue;
        w->evals[i].cx = cx;
        w->evals[0].cx = cx;
        TRY(agg_args(a, w, it, n, cols, args));
        if (it->where >= 0) TRY(pick_rows(a, w, cx, it, &of, &rows, cols, args));
        if (rows == 0) continue;
        TRY(it->over->update(&w->evals[i], states + it->offset, a->stride, of, rows, args));
    }
    return RC_OK;
}

/* ---- ranges at work ---- */
static rc range_start(struct agg *a, struct ctx *cx, struct range *r)
{
    if (r->started) return RC_OK;
    r->started = true;
    r->arena = arena_new();
    r->texts = arena_new();
    if (!a->file) arena_room(r->texts, &a->run->room);
    r->is_raw = a->holistic;
    if (r->is_raw) {
        r->buckets = mem_zero(sizeof *r->buckets * (size_t)a->k.n_buckets);
        return RC_OK;
    }
    bool direct = a->k.form == KEY_PACKED && a->k.domain <= AGG_DIRECT;
    TRY(table_init(cx, &r->table, &a->k, a->stride, direct, 0, direct ? a->k.domain : 0, r->arena));
    r->table.run = a->run;
    return RC_OK;
}

static rc keep_in_table(struct agg *a, struct agg_worker *w, struct ctx *cx, struct range *r,
                        int64_t n)
{
    TRY(table_groups(cx, &r->table, w->keys, n, w->groups));
    TRY(agg_update(a, w, cx, r->table.states, w->groups, n, w->vecs + a->n_keys));
    bool is_early = a->k.domain - 1 >= a->few && r->rows < AGG_PROBE && r->rows + n >= AGG_PROBE;
    r->rows += n;
    if (r->table.n <= a->few && !(is_early && r->table.n * 10 > r->rows * 9)) return RC_OK;
    r->is_raw = true;
    r->buckets = mem_zero(sizeof *r->buckets * (size_t)a->k.n_buckets);
    return RC_OK;
}

static enum rc_t agg_batch(void *self, struct worker *worker, struct ctx *cx, int64_t task,
                           int64_t part, const struct batch *b)
{
    struct agg *a = self;
    struct agg_worker *w = &a->workers[worker - worker->run->workers];
    struct range *r = &a->ranges[task];
    int64_t first = a->pipe->positional ? b->first_row : w->rows;
    (void)part;
    agg_worker_need(a, w);
    TRY(range_start(a, cx, r));
    TRY(exprs_eval(a->x, worker, cx, b, first, w->vecs));
    if (a->k.form == KEY_PACKED)
        for (int i = 0; i < a->n_keys; i++) { /* encoders read every row */
            struct scratch s = {0};
            struct vec v = w->vecs[i];
            if (!v.is_const) continue;
            scratch_need(&s, cx->arena, BATCH_ROWS);
            vec_spread(&s, &v, b->n_rows, &w->vecs[i]);
        }
    keys_encode(&a->k, w->vecs, b->n_rows, w->keys);
    w->rows += b->n_rows;
    if (r->is_raw) {
        TRY(raw_put(a, w, cx, r, w->vecs, w->vecs + a->n_keys, b->n_rows));
        bool is_full = r->bytes + r->text_bytes > a->range_room || r->n_heaps > 64;
        return a->file && is_full ? raw_spill(a, cx, r) : RC_OK;
    }
    return keep_in_table(a, w, cx, r, b->n_rows);
}

static enum rc_t agg_part_end(void *self, struct worker *worker, struct ctx *cx, int64_t task,
                              int64_t part)
{
    struct agg *a = self;
    struct agg_worker *w = &a->workers[worker - worker->run->workers];
    (void)cx, (void)task;
    exprs_part_end(a->x, worker, part, w->rows);
    w->rows = 0;
    return RC_OK;
}

/* Ranges that are done leave the budget to those at work. */
static enum rc_t agg_task_end(void *self, struct worker *worker, struct ctx *cx, int64_t task)
{
    struct agg *a = self;
    struct range *r = &a->ranges[task];
    int64_t used = atomic_load(&a->run->bytes), budget = a->run->cx->memory_budget;
    (void)worker;
    return a->file && r->is_raw && used > budget / 2 ? raw_spill(a, cx, r) : RC_OK;
}

/* ---- the result ---- */
static rc join_results(struct agg *a, int64_t *n_rows, struct column **out)
{
    const struct column **parts = mem_alloc(sizeof *parts * (size_t)(a->n_results + 1));
    enum rc_t res = RC_OK;
    *n_rows = 0;
    for (int i = 0; i < a->n_results; i++)
        *n_rows += a->results[i].n_groups;
    for (int c = a->late ? a->n_keys : 0; c < a->n_keys + a->n_items && res == RC_OK; c++) {
        int n = 0;
        for (int i = 0; i < a->n_results; i++)
            if (a->results[i].n_groups > 0) parts[n++] = a->results[i].cols[c];
        if (n == 0)
            res = column_nulls(a->run->cx, a->node->schema->fields[c].type, 0, &out[c]);
        else
            res = column_concat(a->run->cx, parts, n, &out[c]);
        for (int i = 0; i < a->n_results; i++) { /* or all would lie there twice */
            column_unref(a->results[i].cols[c]);
            a->results[i].cols[c] = NULL;
        }
    }
    mem_free(parts);
    return res;
}

static bool is_identity(const int64_t *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (rows[i] != i) return false;
    return true;
}

/* Sorted by the keys, null last. */
static rc sort_result(struct agg *a, struct table *t, struct table **out)
{
    struct order_key *keys = ARENA_ARRAY(a->run->arena, struct order_key, a->n_keys + 1);
    int64_t *rows, n;
    if (a->n_keys == 0 || a->node->u.aggregate.unsorted) {
        *out = table_ref(t);
        return RC_OK;
    }
    for (int i = 0; i < a->n_keys; i++)
        keys[i].column = t->cols[i];
    TRY(order_rows(a->run, keys, a->n_keys, t->n_rows, -1, &rows, &n));
    enum rc_t res = RC_OK;
    if (is_identity(rows, n))
        *out = table_ref(t);
    else
        res = table_gather(a->run->cx, t, rows, n, out);
    mem_big_free(rows);
    return res;
}

/* Late keys: the key columns come in order, the items' follow. */
static rc order_late(struct agg *a, int64_t n_rows, struct column **cols)
{
    int64_t *rows = NULL;
    enum rc_t res = late_keys_columns(a, n_rows, &rows, cols);
    for (int c = a->n_keys; c < a->n_keys + a->n_items && res == RC_OK; c++) {
        struct column *in_order = NULL;
        res = column_gather(a->run->cx, cols[c], rows, n_rows, &in_order);
        if (res != RC_OK) break;
        column_unref(cols[c]);
        cols[c] = in_order;
    }
    mem_big_free(rows);
    return res;
}

static rc agg_result(struct agg *a, struct table **out)
{
    int n_cols = a->n_keys + a->n_items;
    int64_t n_rows;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n_cols + 1));
    struct table *t = NULL;
    enum rc_t res = join_results(a, &n_rows, cols);
    if (res == RC_OK && a->late) res = order_late(a, n_rows, cols);
    if (res == RC_OK) {
        res = table_new(a->run->cx, a->node->schema, cols, n_rows, &t);
    } else {
        for (int i = 0; i < n_cols; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    if (res == RC_OK && a->late)
        *out = table_ref(t);
    else if (res == RC_OK)
        res = sort_result(a, t, out);
    table_unref(t);
    return res;
}

/* ---- more groups than the budget takes: buckets as sorted runs on disk ---- */
static rc runs_of_keys(struct agg *a, struct runs **out)
{
    const struct schema *schema = a->node->schema;
    struct sort_key *sort = ARENA_ARRAY(a->run->arena, struct sort_key, a->n_keys + 1);
    struct runs_spec spec = {.schema = schema, .out = schema, .sort = sort, .n_sort = a->n_keys};
    if (a->node->u.aggregate.unsorted) spec.n_sort = 0; /* buckets one after another, as ever */
    for (int i = 0; i < a->n_keys; i++)
        sort[i].expr = expr_column(a->run->arena, schema->fields[i].name, schema->fields[i].type,
                                   a->node->span);
    return runs_new(a->run, a->node, &spec, out);
}

struct pending { /* buckets' results on their way to a run: few large runs read back best */
    struct table **t;
    int n;
    int64_t bytes;
};

static void drop_pending(struct pending *p)
{
    for (int i = 0; i < p->n; i++)
        table_unref(p->t[i]);
    p->n = 0;
    p->bytes = 0;
}

static rc flush_pending(struct agg *a, struct pending *p, struct runs *runs)
{
    struct table *all;
    if (p->n == 0) return RC_OK;
    TRY(table_concat(a->run->cx, (const struct table *const *)p->t, p->n, &all));
    drop_pending(p);
    enum rc_t res = runs_add(runs, all);
    table_unref(all);
    return res;
}

static rc add_bucket(struct agg *a, struct bucket_result *b, struct pending *p)
{
    struct column **cols = b->cols;
    b->cols = NULL;
    enum rc_t res = table_new(a->run->cx, a->node->schema, cols, b->n_groups, &p->t[p->n]);
    mem_free(cols);
    TRY(res);
    p->bytes += table_bytes(p->t[p->n++]);
    return RC_OK;
}

static rc agg_spilled(struct agg *a, struct pipe **out)
{
    struct runs *runs = NULL;
    struct pending p = {.t = ARENA_ARRAY(a->run->arena, struct table *, a->n_results + 1)};
    int step = 2 * a->run->n_workers;
    enum rc_t res = runs_of_keys(a, &runs);
    for (; a->first_result < a->n_results && res == RC_OK; a->first_result += step) {
        int left = a->n_results - a->first_result, n = left < step ? left : step;
        res = pool_run(a->run->cx, n, merge_task, a);
        for (int i = 0; i < n && res == RC_OK; i++)
            res = add_bucket(a, &a->results[a->first_result + i], &p);
        if (res == RC_OK && p.bytes > a->run->cx->memory_budget / 8)
            res = flush_pending(a, &p, runs);
    }
    if (res == RC_OK) res = flush_pending(a, &p, runs);
    drop_pending(&p);
    atomic_fetch_add(&a->run->disk, spill_bytes(a->file));
    if (res == RC_OK) return runs_pipe(runs, out);
    runs_drop(runs);
    return res;
}

static rc agg_run(struct agg *a, struct table **out, struct pipe **out_pipe)
{
    struct sink sink = {
        .self = a, .batch = agg_batch, .part_end = agg_part_end, .task_end = agg_task_end};
    TRY(agg_open(a));
    if (a->n_ranges > 0) TRY(agg_fill(a, &sink));
    exprs_report(a->x, a->pipe->n_parts);
    a->n_results = merge_buckets(a);
    a->late = late_keys_wanted(a);
    a->results = mem_zero(sizeof *a->results * (size_t)(a->n_results + 1));
    if (atomic_load(&a->spilled)) return agg_spilled(a, out_pipe);
    TRY(pool_run(a->run->cx, a->n_results, merge_task, a));
    if (a->n_keys == 0) TRY(whole_direct(a, a->run->cx, a->results[0].cols));
    return agg_result(a, out);
}

rc run_aggregate(struct run *r, const struct plan *p, struct table **out, struct pipe **out_pipe)
{
    struct agg a = {.run = r, .node = p};
    enum rc_t res = agg_run(&a, out, out_pipe);
    agg_close(&a);
    return res;
}
