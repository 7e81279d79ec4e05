/* collect.c: the rows of a pipe as a table. Columns that pass through from a table are shared, not
 * copied; those that lose rows to a filter are copied once (pick.c); computed ones of fixed width
 * whose rows have their final numbers are written straight to their place; all others are built a
 * partition at a time and put together in order. */
#include "runtime/exec/threads/pack.h"
#include "runtime/exec/threads/pick.h"

#include "runtime/base/log.h"
#include "runtime/io/io.h"

/* One column of one partition: usually one piece; a new one when the batches' physical type
 * changes. */
struct piece_list {
    struct column **done;
    int n_done;
    struct builder b;
    bool open;
};
struct collect {
    struct run *run;
    struct pipe *pipe;
    int n_cols;
    int64_t first, n_parts; /* partitions [first, first + n_parts) */
    bool is_range;          /* not all of the pipe's */
    int64_t limit;          /* -1: all */
    enum { FATE_SHARED, FATE_DIRECT, FATE_PICKED, FATE_BUILT } * fate;
    struct picked *picked;    /* [n_parts] rows that came through, or NULL: no column is picked */
    struct column **direct;   /* [n_cols] */
    struct piece_list *built; /* [n_parts][n_cols] */
    int64_t *rows;            /* [n_parts] */
    bool *done;               /* [n_parts], under lock */
    pthread_mutex_t lock;     /* done, rows of finished partitions */
};

/* ---- columns in place ---- */
rc column_make(struct ctx *cx, struct dtype type, enum phys phys, int64_t n, bool has_valid,
               struct column **out)
{
    struct buf *data = NULL, *valid = NULL;
    size_t width = phys == PHYS_STR ? 16 : phys_width(phys);
    size_t bytes = phys == PHYS_BOOL ? BITMAP_WORDS(n) * 8 : mem_mul(width, (size_t)n);
    TRY(buf_new(cx, bytes + 64, &data));
    if (has_valid && buf_new(cx, BITMAP_WORDS(n) * 8 + 8, &valid) != RC_OK) {
        buf_unref(data);
        return RC_ERR;
    }
    struct column *c = mem_zero(sizeof *c);
    atomic_init(&c->refs, 1);
    c->type = type;
    if (type.kind == KIND_STRUCT) schema_ref(type.fields);
    c->phys = phys;
    c->n = n;
    c->data = data->p;
    c->bufs = mem_zero(sizeof *c->bufs * 2);
    c->bufs[c->n_bufs++] = data;
    if (valid) {
        bitmap_fill(valid->p, n, true);
        c->valid = valid->p;
        c->bufs[c->n_bufs++] = valid;
    }
    *out = c;
    return RC_OK;
}

void column_done(struct column *c)
{
    c->n_null = c->valid ? c->n - bitmap_count(c->valid, c->n) : 0;
    if (c->n_null == 0) {
        c->valid = NULL;
        return;
    }
    if (c->phys == PHYS_BOOL) {
        uint64_t *bits = column_room(c);
        for (size_t w = 0; w < BITMAP_WORDS(c->n); w++)
            bits[w] &= c->valid[w];
        return;
    }
    size_t width = c->phys == PHYS_STR ? 16 : phys_width(c->phys);
    char *data = column_room(c);
    for (int64_t i = 0; i < c->n; i++) {
        if (i % 64 == 0 && c->valid[i / 64] == ~UINT64_C(0)) {
            i += 63;
            continue;
        }
        if (!bit_get(c->valid, i)) memset(data + (size_t)i * width, 0, width);
    }
}

void column_keeps(struct column *c, const struct column *from)
{
    int n = c->n_bufs + from->n_bufs;
    c->bufs = mem_realloc(c->bufs, sizeof *c->bufs * (size_t)(n + 1));
    for (int i = 0; i < from->n_bufs; i++)
        c->bufs[c->n_bufs++] = buf_ref(from->bufs[i]);
    if (from->dict) column_keeps(c, from->dict);
}

/* ---- what becomes of each column ---- */
static bool is_flat(enum phys p)
{
    return p != PHYS_STR && p != PHYS_DICT && p != PHYS_LIST && p != PHYS_STRUCT;
}

static bool can_pick(const struct collect *c, int col)
{
    const struct pipe *p = c->pipe;
    if (c->limit >= 0 || p->origin[col] < 0 || !pipe_can_pick(p)) return false;
    enum phys phys = p->table->cols[p->origin[col]]->phys;
    return phys != PHYS_LIST && phys != PHYS_STRUCT;
}

/* Columns that filters only drop rows of are copied at the end, once. */
static void plan_picks(struct collect *c)
{
    bool *reads = mem_alloc((size_t)c->n_cols + 1);
    bool any = false;
    for (int i = 0; i < c->n_cols; i++) {
        bool pick = c->fate[i] == FATE_BUILT && can_pick(c, i);
        if (pick) c->fate[i] = FATE_PICKED;
        reads[i] = !pick;
        any = any || pick;
    }
    if (any) {
        c->picked = mem_zero(sizeof *c->picked * (size_t)(c->n_parts + 1));
        pipe_pick(c->pipe);
        pipe_needs(c->pipe, reads);
    }
    mem_free(reads);
}

static rc plan_columns(struct collect *c)
{
    struct pipe *p = c->pipe;
    bool in_place = p->source == SOURCE_TABLE && p->positional && c->limit < 0;
    for (int i = 0; i < c->n_cols; i++) {
        struct dtype type = p->schema->fields[i].type;
        c->fate[i] = FATE_BUILT;
        if (!in_place) continue;
        if (p->origin[i] >= 0) {
            c->fate[i] = FATE_SHARED;
            continue;
        }
        enum phys phys = p->dicts[i] ? PHYS_DICT : kind_phys(type.kind);
        if (!is_flat(phys) && !p->dicts[i]) continue;
        c->fate[i] = FATE_DIRECT;
        TRY(column_make(p->run->cx, type, phys, p->table->n_rows, true, &c->direct[i]));
        if (p->dicts[i]) c->direct[i]->dict = column_ref(p->dicts[i]);
        TRY(run_claim(p->run, p->run->cx, p->table->n_rows * 8));
    }
    plan_picks(c);
    return RC_OK;
}

/* ---- taking batches ---- */
/* Writes v over rows [at, at + n) of c; at is a multiple of 64. */
static rc put_direct(struct ctx *cx, struct worker *w, struct column *c, int64_t at,
                     const struct vec *v, int64_t n)
{
    struct vec one = *v;
    struct scratch s = {0};
    (void)w;
    if (one.phys != c->phys || one.is_const) scratch_need(&s, cx->arena, BATCH_ROWS);
    if (one.phys != c->phys) vec_canonical(&s, v, c->type, n, &one);
    if (one.is_const) {
        struct scratch t = {0};
        struct vec value = one;
        scratch_need(&t, cx->arena, BATCH_ROWS);
        vec_spread(&t, &value, n, &one);
    }
    if (one.phys != c->phys || (c->phys == PHYS_DICT && one.dict != c->dict))
        return fail(cx, E903, NO_SPAN, "a column changed its dictionary while it was computed");
    if (c->phys == PHYS_BOOL)
        bitmap_copy(column_room(c), at, one.data, 0, n);
    else
        memcpy((char *)column_room(c) + (size_t)at * phys_width(c->phys), one.data,
               (size_t)n * phys_width(c->phys));
    if (one.valid) bitmap_copy(column_bits(c), at, one.valid, 0, n);
    return RC_OK;
}

static rc close_piece(struct ctx *cx, struct piece_list *l)
{
    struct column *c;
    if (!l->open) return RC_OK;
    l->open = false;
    enum rc_t res = builder_finish(cx, &l->b, &c);
    builder_release(&l->b);
    if (res != RC_OK) return res;
    l->done = mem_realloc(l->done, sizeof *l->done * (size_t)(l->n_done + 1));
    l->done[l->n_done++] = c;
    return RC_OK;
}

static rc put_built(struct ctx *cx, struct piece_list *l, struct dtype type, const struct vec *v,
                    int64_t n)
{
    bool is_text = kind_phys(type.kind) == PHYS_STR || kind_phys(type.kind) == PHYS_DICT;
    if (l->open && l->b.phys != v->phys && !is_text) TRY(close_piece(cx, l));
    if (!l->open) {
        builder_init(&l->b, type, v->phys);
        l->open = true;
    }
    return builder_append(cx, &l->b, v, NULL, n);
}

static enum rc_t collect_batch(void *self, struct worker *w, struct ctx *cx, int64_t task,
                               int64_t part, const struct batch *b)
{
    struct collect *c = self;
    int64_t n = b->n_rows;
    (void)task;
    part -= c->first;
    if (c->limit >= 0 && c->rows[part] + n > c->limit) n = c->limit - c->rows[part];
    if (c->picked) picked_add(&c->picked[part], w, n);
    for (int i = 0; i < c->n_cols && n > 0; i++) {
        struct dtype type = c->pipe->schema->fields[i].type;
        if (c->fate[i] == FATE_DIRECT)
            TRY(put_direct(cx, w, c->direct[i], b->first_row, &b->cols[i], n));
        else if (c->fate[i] == FATE_BUILT)
            TRY(put_built(cx, &c->built[part * c->n_cols + i], type, &b->cols[i], n));
    }
    c->rows[part] += n;
    if (c->limit >= 0 && c->rows[part] >= c->limit && !c->pipe->sees_all) {
        w->stop_part = true;
        return RC_ERR;
    }
    return RC_OK;
}

/* What the column itself holds: heaps and dictionaries that it shares were counted where made. */
static int64_t own_bytes(const struct column *c)
{
    int64_t sum = c->n * (int64_t)phys_width(c->phys) + (c->valid ? c->n / 8 : 0);
    for (int i = 0; i < c->n_bufs; i++)
        if (c->bufs[i]->p != c->data && c->bufs[i]->p != c->valid &&
            atomic_load(&c->bufs[i]->refs) == 1)
            sum += (int64_t)c->bufs[i]->n;
    for (int i = 0; i < c->n_child; i++)
        sum += own_bytes(c->child[i]);
    return sum;
}

static enum rc_t collect_part_end(void *self, struct worker *w, struct ctx *cx, int64_t task,
                                  int64_t part)
{
    struct collect *c = self;
    int64_t bytes = 0;
    (void)task;
    part -= c->first;
    for (int i = 0; i < c->n_cols; i++) {
        struct piece_list *l = &c->built[part * c->n_cols + i];
        TRY(close_piece(cx, l));
        for (int k = 0; k < l->n_done; k++)
            bytes += own_bytes(l->done[k]);
    }
    if (c->picked) {
        picked_done(&c->picked[part]);
        bytes += c->picked[part].n * (int64_t)sizeof *c->picked[part].rows;
    }
    if (!c->is_range) TRY(run_claim(w->run, cx, bytes)); /* else the caller counts */
    pthread_mutex_lock(&c->lock);
    c->done[part] = true;
    pthread_mutex_unlock(&c->lock);
    return RC_OK;
}

/* Partitions 0..k that together hold the rows wanted; n_parts when all are needed. */
static int64_t wanted_parts(struct collect *c)
{
    int64_t sum = 0;
    if (c->limit < 0) return c->n_parts;
    for (int64_t p = 0; p < c->n_parts; p++) {
        if (sum >= c->limit) return p;
        if (!c->done[p]) return c->n_parts;
        sum += c->rows[p];
    }
    return c->n_parts;
}

static bool collect_enough(void *self, int64_t part)
{
    struct collect *c = self;
    pthread_mutex_lock(&c->lock);
    int64_t wanted = wanted_parts(c);
    pthread_mutex_unlock(&c->lock);
    return part >= wanted;
}

/* ---- putting together ---- */
static void drop_pieces(struct collect *c, int col)
{
    for (int64_t p = 0; p < c->n_parts; p++) {
        struct piece_list *l = &c->built[p * c->n_cols + col];
        for (int k = 0; k < l->n_done; k++)
            column_unref(l->done[k]);
        l->n_done = 0;
    }
}

static rc join_pieces(struct collect *c, int col, int64_t n_parts, struct column **out)
{
    struct ctx *cx = c->run->cx;
    int n = 0;
    for (int64_t p = 0; p < n_parts; p++)
        n += c->built[p * c->n_cols + col].n_done;
    if (n == 0) return column_nulls(cx, c->pipe->schema->fields[col].type, 0, out);
    const struct column **parts = mem_alloc(sizeof *parts * (size_t)n);
    n = 0;
    for (int64_t p = 0; p < n_parts; p++)
        for (int k = 0; k < c->built[p * c->n_cols + col].n_done; k++)
            parts[n++] = c->built[p * c->n_cols + col].done[k];
    *out = NULL;
    enum rc_t res = texts_pack(c->run, parts, n, out);
    if (res == RC_OK && !*out) res = column_concat(cx, parts, n, out);
    mem_free(parts);
    drop_pieces(c, col); /* or all columns would lie there twice */
    return res;
}

/* Levels sorted by value, whichever came first (language.md 4: else sorted by value). */
static rc sort_levels(struct ctx *cx, struct column **c)
{
    struct column *sorted;
    TRY(column_encode(cx, *c, true, &sorted));
    column_unref(*c);
    *c = sorted;
    return RC_OK;
}

/* Plain texts that were copied may repeat. */
static rc pack_picked(struct collect *c, struct column **cols)
{
    for (int i = 0; i < c->n_cols; i++) {
        struct column *packed = NULL;
        if (c->fate[i] != FATE_PICKED || cols[i]->phys != PHYS_STR) continue;
        if (cols[i] == c->pipe->table->cols[c->pipe->origin[i]]) continue; /* all rows: shared */
        TRY(column_pack(c->run, cols[i], &packed));
        if (!packed) continue;
        column_unref(cols[i]);
        cols[i] = packed;
    }
    return RC_OK;
}

static rc make_picked(struct collect *c, struct column **cols)
{
    if (!c->picked) return RC_OK;
    int *origin = mem_alloc(sizeof *origin * (size_t)(c->n_cols + 1));
    for (int i = 0; i < c->n_cols; i++)
        origin[i] = c->fate[i] == FATE_PICKED ? c->pipe->origin[i] : -1;
    enum rc_t res =
        picked_columns(c->run, c->pipe->table, c->picked, c->n_parts, origin, c->n_cols, cols);
    mem_free(origin);
    return res == RC_OK ? pack_picked(c, cols) : res;
}

static rc make_table(struct collect *c, int64_t n_parts, struct table **out)
{
    struct ctx *cx = c->run->cx;
    int64_t n_rows = 0;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(c->n_cols + 1));
    enum rc_t res = make_picked(c, cols);
    for (int64_t p = 0; p < n_parts; p++)
        n_rows += c->rows[p];
    if (c->limit >= 0 && n_rows > c->limit) n_rows = c->limit;
    for (int i = 0; i < c->n_cols && res == RC_OK; i++) {
        if (c->fate[i] == FATE_SHARED) {
            cols[i] = column_ref(c->pipe->table->cols[c->pipe->origin[i]]);
        } else if (c->fate[i] == FATE_DIRECT) {
            cols[i] = c->direct[i];
            c->direct[i] = NULL;
            column_done(cols[i]);
        } else if (c->fate[i] == FATE_BUILT) {
            struct column *all = NULL;
            res = join_pieces(c, i, n_parts, &all);
            if (res == RC_OK && c->pipe->loose[i]) res = sort_levels(cx, &all);
            if (res == RC_OK) res = column_slice(cx, all, 0, n_rows, &cols[i]);
            column_unref(all);
        }
    }
    if (res == RC_OK) {
        res = table_new(cx, c->pipe->schema, cols, n_rows, out);
    } else {
        for (int i = 0; i < c->n_cols; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    return res;
}

/* Nothing to compute: a table whose columns are only chosen from. */
static bool only_choice(const struct pipe *p)
{
    for (int i = 0; i < p->schema->n; i++)
        if (p->origin[i] < 0) return false;
    for (int i = 0; i < p->n_ops; i++)
        if (p->ops[i]->node->op != PLAN_PROJECT) return false;
    return p->source == SOURCE_TABLE && p->positional;
}

static rc share_table(struct collect *c, struct table **out)
{
    const struct table *in = c->pipe->table;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(c->n_cols + 1));
    struct table *t;
    for (int i = 0; i < c->n_cols; i++)
        cols[i] = column_ref(in->cols[c->pipe->origin[i]]);
    enum rc_t res = table_new(c->run->cx, c->pipe->schema, cols, in->n_rows, &t);
    mem_free(cols);
    if (res != RC_OK) return res;
    int64_t n = c->limit >= 0 && c->limit < t->n_rows ? c->limit : t->n_rows;
    res = table_slice(c->run->cx, t, 0, n, out);
    table_unref(t);
    return res;
}

static void collect_release(struct collect *c)
{
    for (int i = 0; i < c->n_cols; i++)
        column_unref(c->direct[i]);
    for (int64_t i = 0; i < c->n_parts * c->n_cols; i++) {
        struct piece_list *l = &c->built[i];
        if (l->open) builder_release(&l->b);
        for (int k = 0; k < l->n_done; k++)
            column_unref(l->done[k]);
        mem_free(l->done);
    }
    for (int64_t p = 0; c->picked && p < c->n_parts; p++)
        mem_free(c->picked[p].rows);
    mem_free(c->picked);
    pthread_mutex_destroy(&c->lock);
    mem_free(c->fate);
    mem_free(c->direct);
    mem_free(c->built);
    mem_free(c->rows);
    mem_free(c->done);
}

static rc collect_run(struct collect *c, struct table **out)
{
    struct sink sink = {.self = c,
                        .batch = collect_batch,
                        .part_end = collect_part_end,
                        .enough = c->limit >= 0 && !c->pipe->sees_all ? collect_enough : NULL};
    int64_t n_done = c->n_parts;
    if (only_choice(c->pipe)) return share_table(c, out);
    TRY(plan_columns(c));
    TRY(pipe_run_parts(c->pipe, &sink));
    n_done = wanted_parts(c);
    TRY(pipe_finish(c->pipe, c->pipe->sees_all ? c->n_parts : n_done));
    return make_table(c, n_done, out);
}

static rc collect_some(struct collect *c, struct table **out)
{
    struct sink sink = {.self = c, .batch = collect_batch, .part_end = collect_part_end};
    for (int i = 0; i < c->n_cols; i++)
        c->fate[i] = FATE_BUILT;
    TRY(pipe_run_range(c->pipe, c->first, c->n_parts, &sink));
    return make_table(c, c->n_parts, out);
}

/* parts: how many from `first` on; -1: all, and the pipe is started and finished here. */
static rc collect(struct pipe *p, int64_t limit, int64_t first, int64_t parts, struct table **out)
{
    size_t n_cols = (size_t)p->schema->n, n_parts = (size_t)(parts < 0 ? p->n_parts : parts);
    struct collect c = {.run = p->run,
                        .pipe = p,
                        .n_cols = p->schema->n,
                        .first = first,
                        .is_range = parts >= 0,
                        .n_parts = (int64_t)n_parts,
                        .limit = limit,
                        .fate = mem_zero(sizeof *c.fate * (n_cols + 1)),
                        .direct = mem_zero(sizeof *c.direct * (n_cols + 1)),
                        .built = mem_zero(sizeof *c.built * (n_cols * n_parts + 1)),
                        .rows = mem_zero(sizeof *c.rows * (n_parts + 1)),
                        .done = mem_zero(sizeof *c.done * (n_parts + 1))};
    pthread_mutex_init(&c.lock, NULL);
    enum rc_t res = parts < 0 ? collect_run(&c, out) : collect_some(&c, out);
    collect_release(&c);
    return res;
}

/* Nothing stands between the file and the table, and the format can put columns in place itself. */
static bool is_bare_scan(const struct pipe *p)
{
    int64_t budget = p->run->cx->memory_budget, used = atomic_load(&p->run->bytes);
    if (p->source == SOURCE_SCAN && budget > 0 && io_head(p->scan)->n_bytes > (budget - used) / 4)
        return false; /* a piece at a time: what is read counts as soon as it is there */
    return p->source == SOURCE_SCAN && p->n_ops == 0 && p->n_columns > 0 &&
           io_head(p->scan)->format->read_whole;
}

static rc collect_scan(struct pipe *p, struct table **out)
{
    struct run *r = p->run;
    struct node_stat *stat = run_stat(r, p->node);
    int64_t began = now_us();
    const char *before = run_says(r, plan_op_name(p->node->op));
    TRY(io_read_table(r->cx, p->scan, p->columns, p->n_columns, p->limit, out));
    TRY(table_pack(r, out));
    run_says(r, before);
    if (stat) {
        atomic_store(&stat->rows, (*out)->n_rows);
        atomic_store(&stat->us, (now_us() - began) * r->n_workers);
    }
    return run_claim(r, r->cx, table_bytes(*out));
}

rc pipe_collect(struct pipe *take_p, struct table **out)
{
    if (is_bare_scan(take_p)) {
        struct table *t = NULL;
        enum rc_t whole = collect_scan(take_p, &t);
        if (whole == RC_OK)
            *out = t;
        else if (t)
            table_unref(t);
        pipe_free(take_p);
        return whole;
    }
    enum rc_t res = collect(take_p, -1, 0, -1, out);
    pipe_free(take_p);
    return res;
}

rc pipe_collect_head(struct pipe *take_p, int64_t limit, struct table **out)
{
    enum rc_t res = collect(take_p, limit, 0, -1, out);
    pipe_free(take_p);
    return res;
}

rc pipe_collect_range(struct pipe *p, int64_t first, int64_t n, struct table **out)
{
    return collect(p, -1, first, n, out);
}

rc plan_to_table(struct run *r, const struct plan *p, struct table **out)
{
    struct pipe *pipe;
    TRY(pipe_open(r, p, &pipe));
    return pipe_collect(pipe, out);
}

/* The pipe so far as a table at the head of the same pipe. */
rc pipe_restart(struct pipe *p)
{
    struct table *t;
    struct pipe *fresh, old;
    TRY(collect(p, -1, 0, -1, &t));
    enum rc_t res = pipe_table(p->run, t, p->node, &fresh);
    table_unref(t);
    if (res != RC_OK) return res;
    fresh->counted = true;
    old = *p;
    *p = *fresh;
    *fresh = old;
    pipe_free(fresh);
    return RC_OK;
}

rc table_eval(struct run *r, struct table *t, const struct expr *const *e, int n,
              const struct plan *node, struct column **out)
{
    struct named_expr *items = ARENA_ARRAY(r->arena, struct named_expr, n > 0 ? n : 1);
    struct plan *in = NULL, *project = NULL;
    struct pipe *pipe = NULL;
    struct table *made = NULL;
    enum rc_t res = RC_ERR;
    for (int i = 0; i < n; i++)
        items[i] = (struct named_expr){arena_printf(r->arena, ".%d", i), e[i]};
    TRY_OUT(plan_table(r->cx, t, NULL, &in));
    TRY_OUT(plan_project(r->cx, in, items, n, node->span, &project));
    TRY_OUT(pipe_table(r, t, node, &pipe));
    pipe->counted = true;
    if (op_project(pipe, project) != RC_OK) {
        pipe_free(pipe);
        goto out;
    }
    TRY_OUT(pipe_collect(pipe, &made));
    for (int i = 0; i < n; i++)
        out[i] = column_ref(made->cols[i]);
    res = RC_OK;
out:
    table_unref(made);
    plan_unref(project);
    plan_unref(in);
    return res;
}
