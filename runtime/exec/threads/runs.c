/* runs.c: see runs.h. The order of all rows is (keys, run, place in the run), and a run's pieces
 * come in input order, so that equal keys keep the order of the input. A splitter is the first row
 * of some block; with its run and place it cuts that order at one point, however many rows are
 * equal to it. Cutting sorted runs by sampled splitters: DeWitt, Naughton, Schneider 1991. */
#include "runtime/exec/threads/runs.h"
#include "runtime/exec/threads/notes.h"

#include "runtime/io/io.h"

#define BLOCK_BYTES 131072 /* wanted size of a block */
#define PAIR_BYTES  48     /* what sorting takes beside a row */

struct sorted_run {
    struct spill_block *blocks;
    int64_t n_blocks, first_head; /* its heads are rows first_head .. of the heads */
};
struct runs {
    struct lazy head;
    struct run *run;
    const struct plan *node;
    const struct sort_key *sort;
    struct schema *out_schema, *schema; /* schema: what is on disk: keys that are no columns, too */
    int n_keys, *key_at;                /* [n_keys] columns of `schema` */
    struct order_key *keys;             /* [n_keys] without columns */
    bool *flat;                         /* [out_schema->n] texts whose dictionary each piece has */

    struct held held; /* what the computed keys warn of */
    struct spill *file;
    struct sorted_run *runs;
    int64_t n_runs, cap_runs, n_rows, block_rows;
    struct table **head_parts; /* [n_runs] first rows of the blocks: key columns only */
    struct column **heads;     /* [n_keys] of all runs */
    int64_t *splits;           /* [n_parts - 1] heads, in order */
    int64_t n_parts, n_heads;
    int64_t *run_of; /* [n_heads] */
};

/* ---- when ---- */
static int64_t room_left(const struct run *r)
{
    int64_t left = r->cx->memory_budget - atomic_load(&((struct run *)(uintptr_t)r)->bytes);
    int64_t least = r->cx->memory_budget / 8;
    return left > least ? left : least;
}

static int64_t source_bytes(const struct pipe *p)
{
    if (p->source == SOURCE_TABLE) return table_bytes(p->table) + PAIR_BYTES * p->rows_max;
    if (p->source == SOURCE_SCAN && io_head(p->scan)->n_bytes > 0)
        return 8 * io_head(p->scan)->n_bytes;
    return INT64_MAX;
}

bool runs_may_help(const struct pipe *p)
{
    if (p->run->cx->memory_budget <= 0) return false;
    for (int i = 0; i < p->schema->n; i++)
        if (p->loose[i] || (p->schema->fields[i].type.kind == KIND_CAT && !p->dicts[i]))
            return false;
    return p->n_parts > 0 && source_bytes(p) > room_left(p->run) / 2;
}

/* ---- a run ---- */
static const struct expr *bare_key(const struct runs *s, int k)
{
    const struct expr *e = s->sort[k].expr;
    return e->op == EXPR_COLUMN ? e : NULL;
}

static enum rc_t runs_part(struct lazy *l, struct ctx *cx, int64_t part, struct table **out);
static void runs_free(struct lazy *l);

rc runs_new(struct run *r, const struct plan *node, const struct runs_spec *spec, struct runs **out)
{
    const struct schema *in = spec->schema;
    int n = in->n, n_keys = spec->n_sort, at = n;
    struct arena *a = r->arena;
    struct field *fields = ARENA_ARRAY(a, struct field, n + n_keys + 1);
    struct runs *s = mem_zero(sizeof *s);
    s->head = (struct lazy){runs_part, runs_free};
    s->run = r;
    s->node = node;
    s->sort = spec->sort;
    s->n_keys = n_keys;
    s->key_at = ARENA_ARRAY(a, int, n_keys + 1);
    s->keys = ARENA_ARRAY(a, struct order_key, n_keys + 1);
    s->heads = ARENA_ARRAY(a, struct column *, n_keys + 1);
    s->out_schema = schema_ref(spec->out);
    s->flat = ARENA_ARRAY(a, bool, n + 1);
    for (int i = 0; i < n; i++) {
        fields[i] = in->fields[i];
        s->flat[i] = spec->dicts && fields[i].type.kind == KIND_STR && !spec->dicts[i];
    }
    for (int k = 0; k < n_keys; k++) {
        const struct sort_key *key = &spec->sort[k];
        const struct expr *column = bare_key(s, k);
        s->keys[k] = (struct order_key){NULL, key->descending, key->nulls_first};
        s->key_at[k] = column ? schema_find(in, str_of(column->name)) : at;
        if (!column) fields[at] = (struct field){arena_printf(a, "\x01%d", at), key->expr->type};
        at += column == NULL;
    }
    s->file = spill_new();
    *out = s;
    return schema_new(r->cx, fields, at, node->span, &s->schema);
}

static void runs_free(struct lazy *l)
{
    struct runs *s = (struct runs *)l;
    for (int64_t i = 0; i < s->n_runs; i++) {
        mem_free(s->runs[i].blocks);
        table_unref(s->head_parts[i]);
    }
    for (int k = 0; k < s->n_keys; k++)
        column_unref(s->heads[k]);
    spill_free(s->file);
    schema_unref(s->schema);
    schema_unref(s->out_schema);
    mem_free(s->runs);
    mem_free(s->head_parts);
    mem_free(s->splits);
    mem_free(s->run_of);
    mem_free(s);
}

/* t with the computed keys, all keys in their canonical type, as runs differ in others. */
static rc with_keys(struct runs *s, struct table *t, struct table **out)
{
    struct run *r = s->run;
    int n = s->schema->n, m = 0;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n + 1));
    const struct expr **made = ARENA_ARRAY(r->arena, const struct expr *, s->n_keys + 1);
    for (int k = 0; k < s->n_keys; k++)
        if (!bare_key(s, k)) made[m++] = s->sort[k].expr;
    enum rc_t res = held_eval(&s->held, r, t, made, m, s->node, cols + t->schema->n);
    for (int i = 0; i < t->schema->n && res == RC_OK; i++)
        if (s->flat[i])
            res = column_canonical(r->cx, t->cols[i], &cols[i]);
        else
            cols[i] = column_ref(t->cols[i]);
    for (int k = 0; k < s->n_keys && res == RC_OK; k++) {
        struct column *flat = NULL;
        res = column_canonical(r->cx, cols[s->key_at[k]], &flat);
        if (res != RC_OK) break;
        column_unref(cols[s->key_at[k]]);
        cols[s->key_at[k]] = flat;
    }
    if (res == RC_OK)
        res = table_new(r->cx, s->schema, cols, t->n_rows, out);
    else
        for (int i = 0; i < n; i++)
            column_unref(cols[i]);
    mem_free(cols);
    return res;
}

static void keys_of(const struct runs *s, const struct table *t, struct order_key *keys)
{
    for (int k = 0; k < s->n_keys; k++) {
        keys[k] = s->keys[k];
        keys[k].column = t->cols[s->key_at[k]];
    }
}

struct put { /* blocks of one run at work */
    struct runs *s;
    struct table *t;
    const int64_t *rows;
    struct sorted_run *run;
};

static enum rc_t put_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct put *p = arg;
    int64_t from = task * p->s->block_rows, n = p->t->n_rows - from;
    struct table *block;
    (void)worker;
    if (n > p->s->block_rows) n = p->s->block_rows;
    TRY(table_gather(cx, p->t, p->rows + from, n, &block));
    enum rc_t res = spill_write(p->s->file, cx, block, 0, n, &p->run->blocks[task]);
    table_unref(block);
    return res == RC_OK ? run_tick(p->s->run, cx, n) : res;
}

/* The first rows of the blocks, keys only (as a table of all columns would hold too much). */
static rc take_heads(struct runs *s, const struct table *t, const int64_t *rows,
                     const struct sorted_run *run, struct table **out)
{
    struct ctx *cx = s->run->cx;
    struct field *fields = ARENA_ARRAY(s->run->arena, struct field, s->n_keys + 1);
    struct column **cols = ARENA_ARRAY(s->run->arena, struct column *, s->n_keys + 1);
    int64_t *at = ARENA_ARRAY(s->run->arena, int64_t, run->n_blocks + 1);
    struct schema *schema;
    enum rc_t res = RC_OK;
    for (int64_t b = 0; b < run->n_blocks; b++)
        at[b] = rows[b * s->block_rows];
    for (int k = 0; k < s->n_keys; k++)
        fields[k] = (struct field){arena_printf(s->run->arena, "%d", k),
                                   s->schema->fields[s->key_at[k]].type};
    for (int k = 0; k < s->n_keys && res == RC_OK; k++)
        res = column_gather(cx, t->cols[s->key_at[k]], at, run->n_blocks, &cols[k]);
    if (res == RC_OK) res = schema_new(cx, fields, s->n_keys, NO_SPAN, &schema);
    if (res != RC_OK) {
        for (int k = 0; k < s->n_keys; k++)
            column_unref(cols[k]);
        return res;
    }
    struct table *heads;
    struct spill_block b;
    res = table_new(cx, schema, cols, run->n_blocks, &heads);
    /* through the file: so that the heads hold nothing of the run's memory */
    if (res == RC_OK) res = spill_write(s->file, cx, heads, 0, run->n_blocks, &b);
    if (res == RC_OK) {
        table_unref(heads);
        res = spill_read(s->file, cx, schema, &b, out);
    }
    schema_unref(schema);
    return res;
}

/* Bytes of a row on disk, about: long texts by a sample, as their memory may be shared. */
static int64_t row_bytes(const struct table *t)
{
    int64_t sum = 1, step = t->n_rows / 1000 + 1, seen = (t->n_rows - 1) / step + 1;
    for (int c = 0; c < t->schema->n; c++) {
        const struct column *col = t->cols[c];
        int64_t heap = 0;
        if (col->phys == PHYS_LIST || col->phys == PHYS_STRUCT)
            sum += column_bytes(col) / t->n_rows;
        else
            sum += col->phys == PHYS_STR ? 16 : (int64_t)phys_width(col->phys);
        for (int64_t i = 0; col->phys == PHYS_STR && i < t->n_rows; i += step)
            heap += ((const struct text *)col->data)[i].n > TEXT_INLINE
                        ? ((const struct text *)col->data)[i].n
                        : 0;
        sum += heap / seen;
    }
    return sum;
}

static rc write_run(struct runs *s, struct table *t, const int64_t *rows)
{
    if (s->n_runs == s->cap_runs) {
        s->cap_runs = s->cap_runs ? s->cap_runs * 2 : 16;
        s->runs = mem_realloc(s->runs, sizeof *s->runs * (size_t)s->cap_runs);
        s->head_parts = mem_realloc(s->head_parts, sizeof(struct table *) * (size_t)s->cap_runs);
    }
    if (s->block_rows == 0) {
        s->block_rows = BLOCK_BYTES / row_bytes(t) / 64 * 64;
        if (s->block_rows < 64) s->block_rows = 64;
        if (s->block_rows > MORSEL_ROWS) s->block_rows = MORSEL_ROWS;
    }
    struct sorted_run *run = &s->runs[s->n_runs];
    *run = (struct sorted_run){.n_blocks = (t->n_rows + s->block_rows - 1) / s->block_rows,
                               .first_head = s->n_heads};
    run->blocks = mem_zero(sizeof *run->blocks * (size_t)run->n_blocks);
    s->head_parts[s->n_runs++] = NULL;
    s->n_heads += run->n_blocks;
    s->n_rows += t->n_rows;
    struct put p = {s, t, rows, run};
    TRY(pool_run(s->run->cx, run->n_blocks, put_task, &p));
    return take_heads(s, t, rows, run, &s->head_parts[s->n_runs - 1]);
}

rc runs_add(struct runs *s, struct table *t)
{
    struct table *wide;
    struct order_key *keys = ARENA_ARRAY(s->run->arena, struct order_key, s->n_keys + 1);
    int64_t *rows = NULL, n;
    if (t->n_rows == 0) return RC_OK;
    TRY(with_keys(s, t, &wide));
    keys_of(s, wide, keys);
    enum rc_t res = order_rows(s->run, keys, s->n_keys, wide->n_rows, -1, &rows, &n);
    if (res == RC_OK) res = write_run(s, wide, rows);
    mem_big_free(rows);
    table_unref(wide);
    return res;
}

/* ---- splitters ---- */
static rc join_heads(struct runs *s)
{
    struct ctx *cx = s->run->cx;
    const struct column **parts = mem_alloc(sizeof *parts * (size_t)(s->n_runs + 1));
    enum rc_t res = RC_OK;
    for (int k = 0; k < s->n_keys && res == RC_OK; k++) {
        for (int64_t i = 0; i < s->n_runs; i++)
            parts[i] = s->head_parts[i]->cols[k];
        res = column_concat(cx, parts, (int)s->n_runs, &s->heads[k]);
        s->keys[k].column = s->heads[k];
    }
    mem_free(parts);
    s->run_of = mem_alloc(8 * (size_t)(s->n_heads + 1));
    for (int64_t i = 0; i < s->n_runs; i++)
        for (int64_t b = 0; b < s->runs[i].n_blocks; b++)
            s->run_of[s->runs[i].first_head + b] = i;
    return res;
}

/* Every so many heads in order: a partition holds about as many blocks. */
static rc choose_splits(struct runs *s)
{
    int64_t *order, n, budget = s->run->cx->memory_budget;
    int64_t bytes = spill_bytes(s->file) / (s->n_heads > 0 ? s->n_heads : 1) + 1;
    int64_t each = budget / 8 / s->run->n_workers / (bytes + PAIR_BYTES * s->block_rows);
    s->n_parts = 1;
    if (s->n_heads == 0) return RC_OK;
    TRY(join_heads(s));
    if (each < 4) each = 4;
    TRY(order_rows(s->run, s->keys, s->n_keys, s->n_heads, -1, &order, &n));
    s->splits = mem_alloc(8 * (size_t)(n / each + 1));
    for (int64_t i = each; i < n; i += each)
        s->splits[s->n_parts++ - 1] = order[i];
    mem_big_free(order);
    return RC_OK;
}

/* ---- a partition ---- */
/* Whether row i of a block of run `run` comes before the splitter `head`, whose own block starts
 * with it. place: the row's in its run. */
static bool is_left(const struct runs *s, const struct order_key *keys, int64_t i, int64_t run,
                    int64_t place, int64_t head)
{
    int64_t other = s->run_of[head];
    if (run == other) return place < (head - s->runs[run].first_head) * s->block_rows;
    int d = order_compare_across(keys, i, s->keys, head, s->n_keys);
    return d < 0 || (d == 0 && run < other);
}

/* Blocks of the run before the splitter's place begins in: the last block whose head is left. */
static int64_t block_of(const struct runs *s, int64_t run, int64_t head)
{
    const struct sorted_run *r = &s->runs[run];
    int64_t lo = 0, hi = r->n_blocks;
    while (lo < hi) { /* first block whose head is not left */
        int64_t half = lo + (hi - lo) / 2;
        if (is_left(s, s->keys, r->first_head + half, run, half * s->block_rows, head))
            lo = half + 1;
        else
            hi = half;
    }
    return lo > 0 ? lo - 1 : 0;
}

/* Rows of the block that come before the splitter. */
static int64_t rows_left(const struct runs *s, const struct order_key *keys, int64_t n, int64_t run,
                         int64_t block, int64_t head)
{
    int64_t lo = 0, hi = n;
    while (lo < hi) {
        int64_t half = lo + (hi - lo) / 2;
        if (is_left(s, keys, half, run, block * s->block_rows + half, head))
            lo = half + 1;
        else
            hi = half;
    }
    return lo;
}

struct pieces {
    struct table **t;
    int n, cap;
};

/* Rows [from, to) with nothing shared but dictionaries: pieces of many blocks stand at once, and
 * must not hold the blocks. */
static rc copy_rows(struct ctx *cx, const struct table *t, int64_t from, int64_t to,
                    struct table **out)
{
    int n_cols = t->schema->n, done = 0, n = (int)(to - from);
    struct column **cols = arena_alloc(cx->arena, sizeof *cols * (size_t)(n_cols + 1));
    int32_t *sel = arena_alloc(cx->arena, sizeof *sel * (size_t)(n + 1));
    enum rc_t res = RC_OK;
    for (int i = 0; i < n; i++)
        sel[i] = (int32_t)from + i;
    for (; done < n_cols && res == RC_OK; done++) {
        struct vec v = column_view(t->cols[done], 0, t->n_rows);
        struct builder b;
        v.heap = NULL;
        builder_init(&b, t->schema->fields[done].type, v.phys);
        res = builder_append(cx, &b, &v, sel, n);
        if (res == RC_OK) res = builder_finish(cx, &b, &cols[done]);
        builder_release(&b);
    }
    if (res == RC_OK) return table_new(cx, t->schema, cols, n, out);
    for (int i = 0; i < done - 1; i++)
        column_unref(cols[i]);
    return res;
}

/* The part of one block that lies in the partition. */
static rc take_block(struct runs *s, struct ctx *cx, int64_t run, int64_t block, int64_t part,
                     struct pieces *p)
{
    struct table *t, *cut = NULL;
    struct order_key *keys = arena_alloc(cx->arena, sizeof *keys * (size_t)(s->n_keys + 1));
    TRY(spill_read(s->file, cx, s->schema, &s->runs[run].blocks[block], &t));
    keys_of(s, t, keys);
    int64_t from = part > 0 ? rows_left(s, keys, t->n_rows, run, block, s->splits[part - 1]) : 0;
    int64_t to = part + 1 < s->n_parts ? rows_left(s, keys, t->n_rows, run, block, s->splits[part])
                                       : t->n_rows;
    enum rc_t res = RC_OK;
    if (from < to && to - from < t->n_rows)
        res = copy_rows(cx, t, from, to, &cut);
    else if (from < to)
        cut = table_ref(t);
    table_unref(t);
    if (!cut) return res;
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 32;
        p->t = mem_realloc(p->t, sizeof(struct table *) * (size_t)p->cap);
    }
    p->t[p->n++] = cut;
    return check_cancel(cx);
}

static rc take_pieces(struct runs *s, struct ctx *cx, int64_t part, struct pieces *p)
{
    for (int64_t run = 0; run < s->n_runs; run++) {
        int64_t from = part > 0 ? block_of(s, run, s->splits[part - 1]) : 0;
        int64_t to = s->runs[run].n_blocks - 1;
        if (part + 1 < s->n_parts) to = block_of(s, run, s->splits[part]);
        for (int64_t b = from; b <= to; b++)
            TRY(take_block(s, cx, run, b, part, p));
    }
    return RC_OK;
}

/* Pieces in order of their runs, put in order: stable, so equal keys stay as they came. */
static rc order_pieces(struct runs *s, struct ctx *cx, const struct pieces *p, struct table **out)
{
    struct ctx own = *cx;
    struct run alone = {.cx = &own, .n_workers = 1, .arena = arena_new()};
    struct order_key *keys = ARENA_ARRAY(alone.arena, struct order_key, s->n_keys + 1);
    struct table *all = NULL, *view = NULL;
    int64_t *rows = NULL, n;
    enum rc_t res = RC_ERR;
    own.memory_budget = 0; /* the size was chosen to fit */
    atomic_init(&alone.bytes, 0);
    TRY_OUT(table_concat(cx, (const struct table *const *)p->t, p->n, &all));
    keys_of(s, all, keys);
    TRY_OUT(order_rows(&alone, keys, s->n_keys, all->n_rows, -1, &rows, &n));
    struct column **cols = ARENA_ARRAY(alone.arena, struct column *, s->out_schema->n + 1);
    for (int i = 0; i < s->out_schema->n; i++)
        cols[i] = column_ref(all->cols[i]);
    TRY_OUT(table_new(cx, s->out_schema, cols, all->n_rows, &view));
    res = table_gather(cx, view, rows, n, out);
out:
    mem_big_free(rows);
    table_unref(all);
    table_unref(view);
    arena_free(alone.arena);
    return res;
}

static rc empty_table(struct ctx *cx, const struct schema *schema, struct table **out)
{
    struct column **cols = arena_alloc(cx->arena, sizeof *cols * (size_t)(schema->n + 1));
    for (int i = 0; i < schema->n; i++)
        TRY(column_nulls(cx, schema->fields[i].type, 0, &cols[i]));
    return table_new(cx, schema, cols, 0, out);
}

static enum rc_t runs_part(struct lazy *l, struct ctx *cx, int64_t part, struct table **out)
{
    struct runs *s = (struct runs *)l;
    struct pieces p = {0};
    enum rc_t res = take_pieces(s, cx, part, &p);
    if (res == RC_OK && p.n > 0) res = order_pieces(s, cx, &p, out);
    if (res == RC_OK && p.n == 0) res = empty_table(cx, s->out_schema, out);
    for (int i = 0; i < p.n; i++)
        table_unref(p.t[i]);
    mem_free(p.t);
    return res;
}

/* ---- all of it ---- */
/* Memory that a piece takes beside the source, and while it is sorted. */
static int64_t piece_bytes(const struct pipe *p, const struct table *t)
{
    int64_t width = PAIR_BYTES;
    if (p->source != SOURCE_TABLE) return table_bytes(t) + PAIR_BYTES * t->n_rows;
    for (int i = 0; i < t->schema->n; i++) /* long texts are shared with the source's table */
        width += t->cols[i]->phys == PHYS_STR ? 16 : (int64_t)phys_width(t->cols[i]->phys);
    return width * t->n_rows;
}

rc pipe_next_piece(struct pipe *p, int64_t *at, int64_t *per_part, struct table **out)
{
    int64_t room = room_left(p->run) / 3 + 1, n = 1;
    struct table *parts[64];
    int m = 0;
    enum rc_t res = RC_OK;
    for (int64_t have = 0; *at < p->n_parts && m < 64 && have < room && res == RC_OK;
         m += res == RC_OK) {
        if (*per_part > 0) n = (room - have) / *per_part;
        if (n < 1) n = 1;
        if (n > p->n_parts - *at) n = p->n_parts - *at;
        res = pipe_collect_range(p, *at, n, &parts[m]);
        if (res != RC_OK) break;
        int64_t bytes = piece_bytes(p, parts[m]);
        int64_t each = bytes / n + 1;
        *per_part = each > *per_part ? each : *per_part;
        *at += n;
        have += bytes;
    }
    if (res == RC_OK) res = table_concat(p->run->cx, (const struct table *const *)parts, m, out);
    for (int i = 0; i < m; i++)
        table_unref(parts[i]);
    return res;
}

static rc sort_rest(struct pipe *p, struct runs *s, struct table **first, int64_t at,
                    int64_t per_part)
{
    struct run *r = p->run;
    int64_t before = atomic_load(&r->bytes);
    TRY(runs_add(s, *first));
    table_unref(*first);
    *first = NULL;
    while (at < p->n_parts) {
        struct table *t;
        atomic_store(&r->bytes, before);
        TRY(pipe_next_piece(p, &at, &per_part, &t));
        enum rc_t res = runs_add(s, t);
        table_unref(t);
        if (res != RC_OK) return res;
    }
    atomic_store(&r->bytes, before);
    return pipe_finish(p, p->n_parts);
}

rc runs_pipe(struct runs *take_s, struct pipe **out)
{
    atomic_fetch_add(&take_s->run->disk, spill_bytes(take_s->file));
    held_tell(&take_s->held, take_s->run);
    if (choose_splits(take_s) != RC_OK) {
        runs_free(&take_s->head);
        return RC_ERR;
    }
    *out = pipe_lazy(take_s->run, &take_s->head, take_s->out_schema, take_s->n_parts,
                     take_s->n_rows, take_s->node);
    return RC_OK;
}

void runs_drop(struct runs *s)
{
    if (s) runs_free(&s->head);
}

rc runs_sort(struct pipe *take_p, const struct plan *node, struct table **out_table,
             struct pipe **out_pipe)
{
    struct run *r = take_p->run;
    struct runs *s = NULL;
    struct table *first = NULL;
    int64_t at = 0, per_part = 0, before = atomic_load(&r->bytes);
    enum rc_t res = RC_ERR;
    *out_table = NULL;
    pipe_start(take_p);
    TRY_OUT(pipe_next_piece(take_p, &at, &per_part, &first));
    if (at == take_p->n_parts) {
        TRY_OUT(pipe_finish(take_p, at));
        *out_table = first;
        first = NULL;
        res = RC_OK;
        goto out;
    }
    atomic_store(&r->bytes, before);
    struct runs_spec spec = {take_p->schema, node->schema, node->u.sort.keys, node->u.sort.n,
                             take_p->dicts};
    TRY_OUT(runs_new(r, node, &spec, &s));
    TRY_OUT(sort_rest(take_p, s, &first, at, per_part));
    res = runs_pipe(s, out_pipe);
    s = NULL;
out:
    table_unref(first);
    runs_drop(s);
    pipe_free(take_p);
    return res;
}
