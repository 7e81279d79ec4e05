/* cut.c: see cut.h. */
#include "runtime/exec/threads/cut.h"

#include "runtime/exec/threads/encode.h"

#include "runtime/base/hash.h"
#include "runtime/io/io.h"

/* ---- when ---- */
bool cut_can(const struct pipe *p)
{
    for (int i = 0; i < p->schema->n; i++)
        if (p->loose[i] || (p->schema->fields[i].type.kind == KIND_CAT && !p->dicts[i]))
            return false;
    return p->run->cx->memory_budget > 0;
}

bool cut_wanted(const struct pipe *p)
{
    return runs_may_help(p) && p->n_parts > 1;
}

static int64_t pipe_bytes(const struct pipe *p)
{
    int64_t bytes = 48 * p->rows_max;
    if (p->source == SOURCE_TABLE) return bytes + table_bytes(p->table);
    if (p->source == SOURCE_SCAN && io_head(p->scan)->n_bytes > 0)
        return 6 * io_head(p->scan)->n_bytes;
    return bytes;
}

int cut_parts(const struct pipe *p, const struct pipe *other)
{
    int64_t sum = pipe_bytes(p) + (other ? pipe_bytes(other) : 0);
    int64_t n = sum / (p->run->cx->memory_budget / 8 + 1) + 2;
    return n > CUT_MAX_PARTS ? CUT_MAX_PARTS : n < 8 ? 8 : (int)n;
}

/* ---- rows that go in ---- */
static rc cut_init(struct cut *s, const struct pipe *p)
{
    struct arena *a = s->run->arena;
    int n = p->schema->n, at = n + 1;
    struct field *fields = ARENA_ARRAY(a, struct field, n + 1 + s->n_keys);
    s->key_at = ARENA_ARRAY(a, int, s->n_keys);
    s->flat = ARENA_ARRAY(a, bool, n + 1 + s->n_keys);
    s->row_at = n;
    for (int i = 0; i < n; i++) {
        fields[i] = p->schema->fields[i];
        s->flat[i] = fields[i].type.kind == KIND_STR && !p->dicts[i];
    }
    fields[n] = (struct field){CUT_ROW, DTYPE(KIND_INT)};
    for (int k = 0; k < s->n_keys; k++) {
        const struct expr *e = s->keys[k];
        s->key_at[k] = e->op == EXPR_COLUMN ? schema_find(p->schema, str_of(e->name)) : at;
        if (e->op == EXPR_COLUMN) continue;
        s->flat[at] = e->type.kind == KIND_STR;
        fields[at] = (struct field){arena_printf(a, "\x01%d", at), e->type};
        at++;
    }
    s->file = spill_new();
    s->parts = mem_zero(sizeof *s->parts * (size_t)s->n_parts);
    return schema_new(s->run->cx, fields, at, s->node->span, &s->schema);
}

void cut_free(struct cut *s)
{
    atomic_fetch_add(&s->run->disk, spill_bytes(s->file));
    for (int i = 0; s->parts && i < s->n_parts; i++)
        mem_free(s->parts[i].blocks);
    mem_free(s->parts);
    spill_free(s->file);
    schema_unref(s->schema);
}

static rc row_numbers(struct ctx *cx, int64_t from, int64_t n, struct column **out)
{
    TRY(column_make(cx, DTYPE(KIND_INT), PHYS_I64, n, false, out));
    int64_t *v = column_room(*out);
    for (int64_t i = 0; i < n; i++)
        v[i] = from + i;
    return RC_OK;
}

/* A piece with its row numbers and computed keys. */
static rc widen(struct cut *s, struct table *t, struct table **out)
{
    struct run *r = s->run;
    int n = t->schema->n, m = 0;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(s->schema->n + 1));
    const struct expr **made = ARENA_ARRAY(r->arena, const struct expr *, s->n_keys + 1);
    for (int k = 0; k < s->n_keys; k++)
        if (s->key_at[k] > n) made[m++] = s->keys[k];
    enum rc_t res = held_eval(&s->held, r, t, made, m, s->node, cols + n + 1);
    for (int i = 0; i < n; i++)
        cols[i] = column_ref(t->cols[i]);
    if (res == RC_OK) res = row_numbers(r->cx, s->rows, t->n_rows, &cols[n]);
    for (int i = 0; i < s->schema->n && res == RC_OK; i++) {
        struct column *c = cols[i];
        if (!s->flat[i]) continue;
        res = column_canonical(r->cx, c, &cols[i]);
        if (res == RC_OK) column_unref(c);
    }
    if (res == RC_OK)
        res = table_new(r->cx, s->schema, cols, t->n_rows, out);
    else
        for (int i = 0; i < s->schema->n; i++)
            column_unref(cols[i]);
    mem_free(cols);
    return res;
}

/* ---- cutting ---- */
static uint64_t cell_hash(const struct column *c, int64_t i)
{
    if (!bit_valid(c->valid, i)) return 7;
    switch (c->phys) {
    case PHYS_BOOL: return bit_get(c->data, i);
    case PHYS_F64: return f64_word(((const double *)c->data)[i]);
    case PHYS_F32: return f64_word((double)((const float *)c->data)[i]);
    case PHYS_STR: {
        struct str s = text_str((const struct text *)c->data + i);
        return hash_bytes(s.p, s.n);
    }
    case PHYS_DICT: {
        int32_t code = ((const int32_t *)c->data)[i];
        struct str s = text_str((const struct text *)c->dict->data + code);
        return hash_bytes(s.p, s.n);
    }
    default: break;
    }
    return phys_width(c->phys) == 4 ? (uint64_t)(int64_t)((const int32_t *)c->data)[i]
                                    : (uint64_t)((const int64_t *)c->data)[i];
}

struct cutting {
    struct cut *s;
    struct table *t;
    uint8_t *part_of; /* [n_rows] */
    int64_t *rows;    /* part by part, rising within */
    int64_t *start;   /* [n_parts + 1] */
};

static enum rc_t hash_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct cutting *c = arg;
    const struct cut *s = c->s;
    int64_t from = task * MORSEL_ROWS, to = from + MORSEL_ROWS;
    (void)worker;
    if (to > c->t->n_rows) to = c->t->n_rows;
    for (int64_t i = from; i < to; i++) {
        uint64_t h = 0;
        for (int k = 0; k < s->n_keys; k++) {
            if (s->is_hashed[k]) h = hash_mix(h, cell_hash(c->t->cols[s->key_at[k]], i));
        }
        c->part_of[i] = (uint8_t)((h >> 32) % (uint64_t)s->n_parts);
    }
    return check_cancel(cx);
}

static enum rc_t store_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct cutting *c = arg;
    struct cut_part *p = &c->s->parts[task];
    int64_t n = c->start[task + 1] - c->start[task];
    struct table *t;
    (void)worker;
    if (n == 0) return RC_OK;
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 8;
        p->blocks = mem_realloc(p->blocks, sizeof *p->blocks * (size_t)p->cap);
    }
    TRY(table_gather(cx, c->t, c->rows + c->start[task], n, &t));
    enum rc_t res = spill_write(c->s->file, cx, t, 0, n, &p->blocks[p->n++]);
    table_unref(t);
    return res == RC_OK ? run_tick(c->s->run, cx, n) : res;
}

static rc cut_piece(struct cut *s, struct table *t)
{
    struct ctx *cx = s->run->cx;
    struct cutting c = {
        .s = s, .t = t, .start = arena_alloc(s->run->arena, 8 * (CUT_MAX_PARTS + 2))};
    int64_t at[CUT_MAX_PARTS + 1] = {0}, sum = 0;
    enum rc_t res = RC_ERR;
    TRY_OUT(mem_big(cx, (size_t)t->n_rows + 1, (void **)&c.part_of));
    TRY_OUT(mem_big(cx, mem_mul(8, (size_t)t->n_rows + 1), (void **)&c.rows));
    TRY_OUT(pool_run(cx, (t->n_rows + MORSEL_ROWS - 1) / MORSEL_ROWS, hash_task, &c));
    for (int64_t i = 0; i < t->n_rows; i++)
        at[c.part_of[i]]++;
    for (int p = 0; p < s->n_parts; p++) {
        c.start[p] = sum;
        sum += at[p];
        at[p] = c.start[p];
    }
    c.start[s->n_parts] = sum;
    for (int64_t i = 0; i < t->n_rows; i++)
        c.rows[at[c.part_of[i]]++] = i;
    res = pool_run(cx, s->n_parts, store_task, &c);
out:
    mem_big_free(c.part_of);
    mem_big_free(c.rows);
    return res;
}

rc cut_pipe(struct cut *s, struct pipe *p)
{
    struct run *r = s->run;
    int64_t at = 0, per_part = 0, before = atomic_load(&r->bytes);
    TRY(cut_init(s, p));
    pipe_start(p);
    while (at < p->n_parts) {
        struct table *t, *wide = NULL;
        TRY(pipe_next_piece(p, &at, &per_part, &t));
        enum rc_t res = widen(s, t, &wide);
        if (res == RC_OK) res = cut_piece(s, wide);
        s->rows += t->n_rows;
        table_unref(t);
        table_unref(wide);
        atomic_store(&r->bytes, before);
        TRY(res);
    }
    held_tell(&s->held, r);
    return pipe_finish(p, p->n_parts);
}

/* ---- reading a part ---- */
rc cut_load(struct cut *s, int part, struct table **out)
{
    struct ctx *cx = s->run->cx;
    const struct cut_part *p = &s->parts[part];
    struct table **t = mem_zero(sizeof *t * (size_t)(p->n + 1));
    enum rc_t res = RC_OK;
    if (p->n == 0) {
        struct column **cols = ARENA_ARRAY(s->run->arena, struct column *, s->schema->n);
        for (int i = 0; i < s->schema->n && res == RC_OK; i++)
            res = column_nulls(cx, s->schema->fields[i].type, 0, &cols[i]);
        if (res == RC_OK) res = table_new(cx, s->schema, cols, 0, out);
    }
    for (int64_t i = 0; i < p->n && res == RC_OK; i++)
        res = spill_read(s->file, cx, s->schema, &p->blocks[i], &t[i]);
    if (res == RC_OK && p->n > 0)
        res = table_concat(cx, (const struct table *const *)t, (int)p->n, out);
    for (int64_t i = 0; i < p->n; i++)
        table_unref(t[i]);
    mem_free(t);
    return res;
}

/* ---- steps over groups ---- */
/* The part's input columns and row numbers, without computed keys. */
static rc without_keys(struct cut *c, struct table *t, const struct schema *schema,
                       struct table **out)
{
    struct column **cols = ARENA_ARRAY(c->run->arena, struct column *, schema->n);
    for (int i = 0; i < schema->n; i++)
        cols[i] = column_ref(t->cols[i]);
    return table_new(c->run->cx, schema, cols, t->n_rows, out);
}

static rc work_part(struct cut *c, int part, const struct schema *in, const struct schema *out,
                    cut_worker work, struct runs *runs)
{
    struct table *t = NULL, *plain = NULL, *made = NULL;
    enum rc_t res = RC_ERR;
    if (c->parts[part].n == 0) return RC_OK;
    TRY_OUT(cut_load(c, part, &t));
    TRY_OUT(without_keys(c, t, in, &plain));
    TRY_OUT(work(c->run, c->node, plain, out, &made));
    res = runs_add(runs, made);
out:
    table_unref(t);
    table_unref(plain);
    table_unref(made);
    return res;
}

/* Fields of s and the row number. */
static rc numbered_schema(struct run *r, const struct schema *s, struct schema **out)
{
    struct field *fields = ARENA_ARRAY(r->arena, struct field, s->n + 1);
    for (int i = 0; i < s->n; i++)
        fields[i] = s->fields[i];
    fields[s->n] = (struct field){CUT_ROW, DTYPE(KIND_INT)};
    return schema_new(r->cx, fields, s->n + 1, NO_SPAN, out);
}

static rc work_parts(struct cut *c, const struct schema *input, cut_worker work, struct pipe **out)
{
    struct run *r = c->run;
    struct sort_key *key = ARENA_NEW(r->arena, struct sort_key);
    struct schema *in = NULL, *made = NULL;
    struct runs *runs = NULL;
    int64_t before = atomic_load(&r->bytes);
    enum rc_t res = RC_ERR;
    *key = (struct sort_key){.expr = expr_column(r->arena, CUT_ROW, DTYPE(KIND_INT), NO_SPAN)};
    TRY_OUT(numbered_schema(r, input, &in));
    TRY_OUT(numbered_schema(r, c->node->schema, &made));
    struct runs_spec spec = {made, c->node->schema, key, 1, NULL};
    TRY_OUT(runs_new(r, c->node, &spec, &runs));
    for (int p = 0; p < c->n_parts; p++) {
        TRY_OUT(work_part(c, p, in, made, work, runs));
        atomic_store(&r->bytes, before);
    }
    res = runs_pipe(runs, out);
    runs = NULL;
out:
    runs_drop(runs);
    schema_unref(in);
    schema_unref(made);
    return res;
}

rc cut_step(const struct plan *node, struct pipe *take_p, const struct expr *const *by, int n_by,
            cut_worker work, struct pipe **out)
{
    struct run *r = take_p->run;
    bool *is_hashed = ARENA_ARRAY(r->arena, bool, n_by);
    for (int k = 0; k < n_by; k++)
        is_hashed[k] = true;
    struct cut c = {.run = r,
                    .node = node,
                    .n_parts = cut_parts(take_p, NULL),
                    .n_keys = n_by,
                    .keys = by,
                    .is_hashed = is_hashed};
    enum rc_t res = cut_pipe(&c, take_p);
    if (res == RC_OK) res = work_parts(&c, take_p->schema, work, out);
    cut_free(&c);
    pipe_free(take_p);
    return res;
}
