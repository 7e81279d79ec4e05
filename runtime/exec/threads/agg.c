/* agg.c: grouping: what is evaluated and how keys are laid out; the ranges' work on each batch; the
 * result. See agg_int.h for the plan of it all. */
#include "runtime/exec/threads/agg_int.h"

/* ---- raw columns: distinct arguments and filters ---- */
static int add_col(struct agg *a, const struct expr *e)
{
    for (int i = 0; i < a->n_cols; i++)
        if (expr_equal(a->cols[i].e, e)) return i;
    a->cols[a->n_cols] = (struct raw_col){.e = e, .type = e->type};
    return a->n_cols++;
}

static rc set_const(struct agg *a, struct agg_item *it, int i, const struct expr *arg)
{
    struct ctx cx = *a->run->cx;
    cx.arena = a->run->arena;
    it->args[i] = -1;
    it->is_const[i] = true;
    it->consts[i] = arg->value;
    it->consts[i].type = arg->type;
    return vec_literal(&cx, &it->consts[i], it->room[i], &it->literals[i]);
}

static rc set_item(struct agg *a, struct agg_item *it, const struct expr *e)
{
    struct arena *arena = a->run->arena;
    int n = e->n_args, room = n > 0 ? n : 1;
    it->e = e;
    it->over = e->agg_overload;
    it->n_args = n;
    it->args = ARENA_ARRAY(arena, int, room);
    it->literals = ARENA_ARRAY(arena, struct vec, room);
    it->room = arena_zero(arena, sizeof *it->room * (size_t)room);
    it->consts = ARENA_ARRAY(arena, struct scalar, room);
    it->is_const = ARENA_ARRAY(arena, bool, room);
    it->arg_types = ARENA_ARRAY(arena, struct dtype, room);
    for (int i = 0; i < n; i++) {
        it->arg_types[i] = e->args[i]->type;
        if (e->args[i]->op == EXPR_LITERAL)
            TRY(set_const(a, it, i, e->args[i]));
        else
            it->args[i] = add_col(a, e->args[i]);
    }
    it->where = e->where ? add_col(a, e->where) : -1;
    it->offset = a->stride;
    a->stride += (it->over->state_size + 7) / 8 * 8;
    a->holistic = a->holistic || it->over->whole != NULL;
    return RC_OK;
}

static rc list_items(struct agg *a)
{
    const struct plan *p = a->node;
    int cap = 0;
    for (int i = 0; i < p->u.aggregate.n; i++)
        cap += p->u.aggregate.items[i].expr->n_args + 1;
    a->n_keys = p->u.aggregate.n_keys;
    a->n_items = p->u.aggregate.n;
    a->items = ARENA_ARRAY(a->run->arena, struct agg_item, a->n_items > 0 ? a->n_items : 1);
    a->cols = ARENA_ARRAY(a->run->arena, struct raw_col, cap > 0 ? cap : 1);
    for (int i = 0; i < a->n_items; i++)
        TRY(set_item(a, &a->items[i], p->u.aggregate.items[i].expr));
    return RC_OK;
}

/* Keys first, then raw columns. */
static rc list_exprs(struct agg *a)
{
    int n = a->n_keys + a->n_cols;
    const struct expr **e = ARENA_ARRAY(a->run->arena, const struct expr *, n > 0 ? n : 1);
    for (int i = 0; i < a->n_keys; i++)
        e[i] = a->node->u.aggregate.keys[i].expr;
    for (int i = 0; i < a->n_cols; i++) {
        a->cols[i].expr = a->n_keys + i;
        e[a->n_keys + i] = a->cols[i].e;
    }
    TRY(exprs_new(a->run, a->pipe->schema, e, n, a->pipe->rows_max, &a->x));
    if (!a->pipe->positional && exprs_need_position(a->x)) return pipe_restart(a->pipe);
    return RC_OK;
}

/* Column of the source table that an expression is, or NULL. */
static const struct column *source_column(const struct pipe *p, const struct expr *e)
{
    int at = e->op == EXPR_COLUMN ? schema_find(p->schema, str_of(e->name)) : -1;
    if (at < 0 || p->source != SOURCE_TABLE || p->origin[at] < 0) return NULL;
    return p->table->cols[p->origin[at]];
}

static void lay_columns(struct agg *a)
{
    size_t at = (size_t)CHUNK_ROWS * 8 * (size_t)a->k.words;
    for (int i = 0; i < a->n_cols; i++) {
        struct raw_col *c = &a->cols[i];
        const struct column *src = source_column(a->pipe, c->e);
        c->dict = exprs_dict(a->x, c->expr, a->pipe->dicts);
        c->phys = c->dict ? PHYS_DICT : src ? src->phys : kind_phys(c->type.kind);
        c->width = c->phys == PHYS_STR ? 16 : c->phys == PHYS_BOOL ? 1 : phys_width(c->phys);
        c->at = at;
        at += (CHUNK_ROWS * c->width + 15) / 16 * 16;
        c->valid_at = at;
        at += CHUNK_ROWS / 8;
    }
    a->chunk_bytes = at;
}

/* ---- keys ---- */
/* Facts of key i as far as the source tells; *known false: nothing bounds its values. */
static rc key_facts_of(struct agg *a, int i, struct key_facts *f, bool *known)
{
    const struct expr *e = a->node->u.aggregate.keys[i].expr;
    const struct column *src = source_column(a->pipe, e);
    const struct column *dict = exprs_dict(a->x, i, a->pipe->dicts);
    *known = true;
    if (src) return column_facts(a->run, src, false, f);
    *f = (struct key_facts){
        .phys = dict ? PHYS_DICT : kind_phys(e->type.kind),
        .kind = e->type.kind,
        .has_null = true,
        .dict = dict,
    };
    *known = dict || f->phys == PHYS_BOOL;
    if (f->phys == PHYS_DICT && !dict) f->phys = PHYS_STR;
    return RC_OK;
}

static int ceil_log2(uint64_t x)
{
    int bits = 0;
    while (bits < 63 && (UINT64_C(1) << bits) < x)
        bits++;
    return bits;
}

static void choose_buckets(struct agg *a)
{
    struct key_layout *k = &a->k;
    int bits = a->pipe->rows_max > 4000000 ? 8 : a->pipe->rows_max > 100000 ? 6 : 3;
    k->shift = -1;
    k->bucket_bits = bits;
    k->n_buckets = k->form == KEY_NONE ? 1 : 1 << bits;
    if (k->form != KEY_PACKED || k->domain > UINT64_C(1) << 24) return;
    int all = ceil_log2(k->domain);
    int used = all - 14 > 6 ? 8 : 6;
    k->shift = all > used ? all - used : 0;
    k->n_buckets = (int)((k->domain - 1) >> k->shift) + 1;
}

static rc lay_keys(struct agg *a)
{
    bool all_known = true;
    struct key_facts *facts =
        ARENA_ARRAY(a->run->arena, struct key_facts, a->n_keys > 0 ? a->n_keys : 1);
    for (int i = 0; i < a->n_keys; i++) {
        bool known;
        TRY(key_facts_of(a, i, &facts[i], &known));
        all_known = all_known && known;
    }
    return layout_make(a->run, facts, a->n_keys, all_known, a->node->span, &a->k);
}

/* ---- setting up ---- */
void agg_worker_need(struct agg *a, struct agg_worker *w)
{
    int n = a->n_keys + a->n_cols + 1;
    struct arena *hold = a->run->workers[w - a->workers].hold;
    if (w->arena) return;
    w->arena = arena_new();
    w->vecs = ARENA_ARRAY(hold, struct vec, n);
    w->wide = ARENA_ARRAY(hold, struct scratch, n);
    w->picked = ARENA_ARRAY(hold, struct scratch, n);
    w->keys = ARENA_ARRAY(hold, uint64_t, (int64_t)BATCH_ROWS * a->k.words + 1);
    w->groups = ARENA_ARRAY(hold, uint32_t, BATCH_ROWS);
    w->some = ARENA_ARRAY(hold, uint32_t, BATCH_ROWS);
    w->sel = ARENA_ARRAY(hold, int32_t, BATCH_ROWS);
    w->to = ARENA_ARRAY(hold, struct chunk *, BATCH_ROWS);
    w->pos = ARENA_ARRAY(hold, uint16_t, BATCH_ROWS);
    w->evals = ARENA_ARRAY(hold, struct agg_eval, a->n_items > 0 ? a->n_items : 1);
    for (int i = 0; i < a->n_items; i++) {
        const struct agg_item *it = &a->items[i];
        w->evals[i] = (struct agg_eval){.arena = w->arena,
                                        .n_args = it->n_args,
                                        .type = it->e->type,
                                        .arg_types = it->arg_types,
                                        .consts = it->consts,
                                        .is_const = it->is_const,
                                        .span = it->e->span};
    }
}

static rc agg_open(struct agg *a)
{
    TRY(pipe_open(a->run, a->node->inputs[0], &a->pipe));
    TRY(list_items(a));
    TRY(list_exprs(a));
    TRY(lay_keys(a));
    choose_buckets(a);
    lay_columns(a);
    a->n_ranges = a->pipe->n_parts < AGG_RANGES ? a->pipe->n_parts : AGG_RANGES;
    a->ranges = mem_zero(sizeof *a->ranges * (size_t)(a->n_ranges + 1));
    a->workers = mem_zero(sizeof *a->workers * (size_t)a->run->n_workers);

    exprs_start(a->x, a->pipe->n_parts, a->pipe->positional);
    return RC_OK;
}

static void agg_close(struct agg *a)
{
    for (int64_t i = 0; i < a->n_ranges; i++) {
        table_release(&a->ranges[i].table);
        raw_free(a, &a->ranges[i]);
        arena_free(a->ranges[i].arena);
    }
    for (int i = 0; a->workers && i < a->run->n_workers; i++)
        arena_free(a->workers[i].arena);
    for (int i = 0; i < a->n_results; i++) {
        for (int c = 0; a->results[i].cols && c < a->n_keys + a->n_items; c++)
            column_unref(a->results[i].cols[c]);
        mem_free(a->results[i].cols);
    }
    mem_free(a->results);
    mem_free(a->ranges);
    mem_free(a->workers);
    exprs_free(a->x);
    pipe_free(a->pipe);
}

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
        if (it->over->whole) continue;
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
    r->is_raw = a->holistic;
    if (r->is_raw) {
        r->buckets = mem_zero(sizeof *r->buckets * (size_t)a->k.n_buckets);
        return RC_OK;
    }
    bool direct = a->k.form == KEY_PACKED && a->k.domain <= AGG_DIRECT;
    return table_init(cx, &r->table, &a->k, a->stride, direct, 0, direct ? a->k.domain : 0,
                      r->arena);
}

static rc keep_in_table(struct agg *a, struct agg_worker *w, struct ctx *cx, struct range *r,
                        int64_t n)
{
    TRY(table_groups(cx, &r->table, w->keys, n, w->groups));
    TRY(agg_update(a, w, cx, r->table.states, w->groups, n, w->vecs + a->n_keys));
    bool is_early = r->rows < AGG_PROBE && r->rows + n >= AGG_PROBE;
    r->rows += n;
    if (r->table.n <= AGG_FEW && !(is_early && r->table.n * 10 > r->rows * 9)) return RC_OK;
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
    if (r->is_raw) return raw_put(a, w, cx, r, w->vecs, w->vecs + a->n_keys, b->n_rows);
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

/* ---- the result ---- */
static rc join_results(struct agg *a, int64_t *n_rows, struct column **out)
{
    const struct column **parts = mem_alloc(sizeof *parts * (size_t)(a->n_results + 1));
    enum rc_t res = RC_OK;
    *n_rows = 0;
    for (int i = 0; i < a->n_results; i++)
        *n_rows += a->results[i].n_groups;
    for (int c = 0; c < a->n_keys + a->n_items && res == RC_OK; c++) {
        int n = 0;
        for (int i = 0; i < a->n_results; i++)
            if (a->results[i].n_groups > 0) parts[n++] = a->results[i].cols[c];
        if (n == 0)
            res = column_nulls(a->run->cx, a->node->schema->fields[c].type, 0, &out[c]);
        else
            res = column_concat(a->run->cx, parts, n, &out[c]);
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

static rc agg_result(struct agg *a, struct table **out)
{
    int n_cols = a->n_keys + a->n_items;
    int64_t n_rows;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n_cols + 1));
    struct table *t = NULL;
    enum rc_t res = join_results(a, &n_rows, cols);
    if (res == RC_OK) {
        res = table_new(a->run->cx, a->node->schema, cols, n_rows, &t);
    } else {
        for (int i = 0; i < n_cols; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    if (res == RC_OK) res = sort_result(a, t, out);
    table_unref(t);
    return res;
}

static rc agg_run(struct agg *a, struct table **out)
{
    struct sink sink = {.self = a, .batch = agg_batch, .part_end = agg_part_end};
    TRY(agg_open(a));
    if (a->n_ranges > 0) TRY(pipe_run(a->pipe, a->n_ranges, &sink));
    exprs_report(a->x, a->pipe->n_parts);
    a->n_results = merge_buckets(a);
    a->results = mem_zero(sizeof *a->results * (size_t)(a->n_results + 1));
    TRY(pool_run(a->run->cx, a->n_results, merge_task, a));
    return agg_result(a, out);
}

rc run_aggregate(struct run *r, const struct plan *p, struct table **out)
{
    struct agg a = {.run = r, .node = p};
    enum rc_t res = agg_run(&a, out);
    agg_close(&a);
    return res;
}
