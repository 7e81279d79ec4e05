/* join_spill.c: joins whose sides do not fit the memory budget. Both sides are cut into parts by
 * the hash of their equal keys and put on disk with the numbers of their rows; parts are joined one
 * after another in memory, and the results come back in the order of the left rows' numbers.
 * (Grace hash join: Kitsuregawa, Tanaka, Moto-oka 1983.) */
#include "runtime/exec/threads/join_int.h"
#include "runtime/exec/threads/runs.h"

#include "runtime/base/hash.h"
#include "runtime/io/io.h"

#define MAX_PARTS 256
#define ROW_NAME  "\x01row"

struct part { /* of one side */
    struct spill_block *blocks;
    int64_t n, cap;
};
struct side {
    struct run *run;
    const struct plan *node;
    bool is_left;
    int n_parts, n_on;
    struct schema *schema; /* the side's columns, the row's number, the keys that are no columns */
    int row_at, *on_at;    /* where the keys of `on` stand */
    bool *flat;            /* texts whose dictionary each piece has */
    struct spill *file;
    struct part *parts; /* [n_parts] */
    int64_t rows;
};

/* ---- when ---- */
static bool is_big(const struct pipe *p)
{
    return runs_may_help(p) && p->n_parts > 1;
}

static bool can_cut(const struct pipe *p)
{
    for (int i = 0; i < p->schema->n; i++)
        if (p->loose[i] || (p->schema->fields[i].type.kind == KIND_CAT && !p->dicts[i]))
            return false;
    return true;
}

bool join_may_spill(const struct plan *node, const struct pipe *left, const struct pipe *right)
{
    bool any_equal = false;
    if (left->run->cx->memory_budget <= 0 || node->u.join.kind == JOIN_ASOF) return false;
    for (int k = 0; k < node->u.join.n_on; k++)
        any_equal =
            any_equal || node->u.join.on[k].op == CMP_EQ || node->u.join.on[k].op == CMP_SAME;
    return any_equal && can_cut(left) && can_cut(right) && (is_big(left) || is_big(right));
}

/* Parts of which each, with its partner, takes a part of the budget only. */
static int parts_for(const struct pipe *left, const struct pipe *right)
{
    const struct pipe *both[2] = {left, right};
    int64_t sum = 0, budget = left->run->cx->memory_budget;
    for (int i = 0; i < 2; i++) {
        const struct pipe *p = both[i];
        int64_t bytes = 48 * p->rows_max;
        if (p->source == SOURCE_TABLE) bytes += table_bytes(p->table);
        if (p->source == SOURCE_SCAN && io_head(p->scan)->n_bytes > 0)
            bytes = 6 * io_head(p->scan)->n_bytes;
        sum += bytes;
    }
    int64_t n = sum / (budget / 8 + 1) + 2;
    return n > MAX_PARTS ? MAX_PARTS : n < 8 ? 8 : (int)n;
}

/* ---- a side ---- */
static const struct expr *on_expr(const struct side *s, int k)
{
    const struct join_on *on = &s->node->u.join.on[k];
    return s->is_left ? on->left : on->right;
}

static rc side_init(struct side *s, const struct pipe *p)
{
    struct arena *a = s->run->arena;
    int n = p->schema->n, at = n + 1;
    struct field *fields = ARENA_ARRAY(a, struct field, n + 1 + s->n_on);
    s->on_at = ARENA_ARRAY(a, int, s->n_on);
    s->flat = ARENA_ARRAY(a, bool, n + 1 + s->n_on);
    s->row_at = n;
    for (int i = 0; i < n; i++) {
        fields[i] = p->schema->fields[i];
        s->flat[i] = fields[i].type.kind == KIND_STR && !p->dicts[i];
    }
    fields[n] = (struct field){ROW_NAME, DTYPE(KIND_INT)};
    for (int k = 0; k < s->n_on; k++) {
        const struct expr *e = on_expr(s, k);
        s->on_at[k] = e->op == EXPR_COLUMN ? schema_find(p->schema, str_of(e->name)) : at;
        if (e->op == EXPR_COLUMN) continue;
        s->flat[at] = e->type.kind == KIND_STR;
        fields[at] = (struct field){arena_printf(a, "\x01%d", at), e->type};
        at++;
    }
    s->file = spill_new();
    s->parts = mem_zero(sizeof *s->parts * (size_t)s->n_parts);
    return schema_new(s->run->cx, fields, at, s->node->span, &s->schema);
}

static void side_free(struct side *s)
{
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
static rc widen(struct side *s, struct table *t, struct table **out)
{
    struct run *r = s->run;
    int n = t->schema->n, m = 0;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(s->schema->n + 1));
    const struct expr **made = ARENA_ARRAY(r->arena, const struct expr *, s->n_on + 1);
    for (int k = 0; k < s->n_on; k++)
        if (s->on_at[k] > n) made[m++] = on_expr(s, k);
    enum rc_t res = table_eval(r, t, made, m, s->node, cols + n + 1);
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

struct cut {
    struct side *s;
    struct table *t;
    uint8_t *part_of; /* [n_rows] */
    int64_t *rows;    /* part by part, rising within */
    int64_t *start;   /* [n_parts + 1] */
};

static enum rc_t hash_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct cut *c = arg;
    const struct side *s = c->s;
    int64_t from = task * MORSEL_ROWS, to = from + MORSEL_ROWS;
    (void)worker;
    if (to > c->t->n_rows) to = c->t->n_rows;
    for (int64_t i = from; i < to; i++) {
        uint64_t h = 0;
        for (int k = 0; k < s->n_on; k++) {
            enum cmp_op op = s->node->u.join.on[k].op;
            if (op == CMP_EQ || op == CMP_SAME)
                h = hash_mix(h, cell_hash(c->t->cols[s->on_at[k]], i));
        }
        c->part_of[i] = (uint8_t)((h >> 32) % (uint64_t)s->n_parts);
    }
    return check_cancel(cx);
}

static enum rc_t store_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct cut *c = arg;
    struct part *p = &c->s->parts[task];
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

static rc cut_piece(struct side *s, struct table *t)
{
    struct ctx *cx = s->run->cx;
    struct cut c = {.s = s, .t = t, .start = arena_alloc(s->run->arena, 8 * (MAX_PARTS + 2))};
    int64_t at[MAX_PARTS + 1] = {0}, sum = 0;
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

static rc cut_side(struct side *s, struct pipe *p)
{
    struct run *r = s->run;
    int64_t at = 0, per_part = 0, before = atomic_load(&r->bytes);
    TRY(side_init(s, p));
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
    return pipe_finish(p, p->n_parts);
}

/* ---- joining a part ---- */
static rc load_part(struct side *s, int part, struct table **out)
{
    struct ctx *cx = s->run->cx;
    const struct part *p = &s->parts[part];
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

/* The result with the left row's number (unmatched right rows after all left ones). */
static rc number_rows(const struct join *j, int64_t n_left, const struct schema *schema,
                      struct table *t, struct table **out)
{
    int n = t->schema->n;
    struct column **cols = ARENA_ARRAY(j->run->arena, struct column *, n + 1);
    const int64_t *left = j->left_number->data, *right = j->right_number->data;
    TRY(column_make(j->run->cx, DTYPE(KIND_INT), PHYS_I64, t->n_rows, false, &cols[n]));
    int64_t *v = column_room(cols[n]);
    for (int64_t i = 0; i < t->n_rows; i++) {
        int64_t l = j->rows_left ? j->rows_left[i] : i;
        v[i] = l >= 0 ? left[l] : n_left + right[j->rows_right[i]];
    }
    for (int i = 0; i < n; i++)
        cols[i] = column_ref(t->cols[i]);
    return table_new(j->run->cx, schema, cols, t->n_rows, out);
}

static rc join_part(struct side *left, struct side *right, int part, struct join_notes *notes,
                    const struct schema *schema, struct runs *runs)
{
    struct join j = {.run = left->run, .node = left->node, .notes = notes};
    struct table *t = NULL, *numbered = NULL;
    enum rc_t res = RC_ERR;
    join_alloc(&j);
    TRY_OUT(load_part(left, part, &j.left));
    TRY_OUT(load_part(right, part, &j.right));
    j.left_number = j.left->cols[left->row_at];
    j.right_number = j.right->cols[right->row_at];
    for (int k = 0; k < j.n_on; k++) {
        j.left_on[k] = column_ref(j.left->cols[left->on_at[k]]);
        j.right_on[k] = column_ref(j.right->cols[right->on_at[k]]);
    }
    TRY_OUT(join_split_on(&j));
    TRY_OUT(join_tables(&j, &t));
    TRY_OUT(number_rows(&j, left->rows, schema, t, &numbered));
    res = runs_add(runs, numbered);
out:
    table_unref(t);
    table_unref(numbered);
    join_free(&j);
    return res;
}

static rc join_parts(struct side *left, struct side *right, struct join_notes *notes,
                     struct pipe **out)
{
    struct run *r = left->run;
    const struct schema *result = left->node->schema;
    int n = result->n;
    struct field *fields = ARENA_ARRAY(r->arena, struct field, n + 1);
    struct sort_key *key = ARENA_NEW(r->arena, struct sort_key);
    struct schema *schema;
    struct runs *runs = NULL;
    int64_t before = atomic_load(&r->bytes);
    for (int i = 0; i < n; i++)
        fields[i] = result->fields[i];
    fields[n] = (struct field){ROW_NAME, DTYPE(KIND_INT)};
    *key = (struct sort_key){
        .expr = expr_column(r->arena, ROW_NAME, DTYPE(KIND_INT), left->node->span)};
    TRY(schema_new(r->cx, fields, n + 1, left->node->span, &schema));
    struct runs_spec spec = {schema, result, key, 1, NULL};
    enum rc_t res = runs_new(r, left->node, &spec, &runs);
    for (int p = 0; p < left->n_parts && res == RC_OK; p++) {
        res = join_part(left, right, p, notes, schema, runs);
        atomic_store(&r->bytes, before);
    }
    schema_unref(schema);
    if (res == RC_OK) res = join_check(r, left->node, notes);
    if (res == RC_OK) return runs_pipe(runs, out);
    runs_drop(runs);
    return res;
}

rc join_spilled(const struct plan *node, struct pipe *take_left, struct pipe *take_right,
                struct join_notes *notes, struct pipe **out)
{
    struct run *r = take_left->run;
    int n_parts = parts_for(take_left, take_right), n_on = node->u.join.n_on;
    struct side left = {.run = r, .node = node, .is_left = true, .n_parts = n_parts, .n_on = n_on};
    struct side right = {.run = r, .node = node, .n_parts = n_parts, .n_on = n_on};
    enum rc_t res = RC_ERR;
    TRY_OUT(cut_side(&left, take_left));
    TRY_OUT(cut_side(&right, take_right));
    res = join_parts(&left, &right, notes, out);
out:
    pipe_free(take_left);
    pipe_free(take_right);
    side_free(&left);
    side_free(&right);
    return res;
}
