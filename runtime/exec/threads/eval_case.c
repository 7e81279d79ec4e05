/* eval_case.c: case { .. }: a branch is evaluated for its own rows only, so that `b != 0 => a // b`
 * neither fails nor counts what it guards against. */
#include "runtime/exec/threads/eval_int.h"

/* A batch of some rows, with the columns that one branch reads. */
struct subset {
    struct batch b;
    struct scratch *scratch; /* a column */
    int32_t *map;            /* its rows -> rows of the step's batch */
};
struct case_rows {
    const struct schema *in;
    bool **reads;            /* [n_args][columns] */
    struct subset left, hit; /* rows still without a branch; rows of the branch at work */
    int32_t *left_rows, *hit_rows, *next_rows;
    int32_t *which; /* [rows] nested results: branch and row in it */
    struct vec *values;
    int32_t *at;
};

int find_column(const struct schema *in, const char *name)
{
    for (int i = in->n; i-- > 0;)
        if (strcmp(in->fields[i].name, name) == 0) return i;
    return -1;
}

void mark_reads(const struct schema *in, const struct expr *e, bool *has)
{
    int at = e->op == EXPR_COLUMN ? find_column(in, e->name) : -1;
    if (at >= 0) has[at] = true;
    for (int i = 0; i < e->n_args; i++)
        mark_reads(in, e->args[i], has);
}

static void subset_init(struct subset *s, struct arena *a, int n_cols)
{
    int room = n_cols > 0 ? n_cols : 1;
    s->b.n_cols = n_cols;
    s->b.cols = ARENA_ARRAY(a, struct vec, room);
    s->scratch = ARENA_ARRAY(a, struct scratch, room);
    s->map = ARENA_ARRAY(a, int32_t, BATCH_ROWS);
}

rc case_compile(struct exprs *x, struct eval_local *l, struct node *nd)
{
    struct case_rows *c = ARENA_NEW(l->arena, struct case_rows);
    int n_cols = l->in->n, room = n_cols > 0 ? n_cols : 1;
    (void)x;
    nd->branches = c;
    c->in = l->in;
    c->reads = ARENA_ARRAY(l->arena, bool *, nd->n_args);
    for (int i = 0; i < nd->n_args; i++) {
        c->reads[i] = ARENA_ARRAY(l->arena, bool, room);
        mark_reads(l->in, nd->e->args[i], c->reads[i]);
    }
    subset_init(&c->left, l->arena, n_cols);
    subset_init(&c->hit, l->arena, n_cols);
    int32_t **lists[] = {&c->left_rows, &c->hit_rows, &c->next_rows, &c->which, &c->at};
    for (int i = 0; i < 5; i++)
        *lists[i] = ARENA_ARRAY(l->arena, int32_t, BATCH_ROWS);
    c->values = ARENA_ARRAY(l->arena, struct vec, nd->n_args);
    return RC_OK;
}

/* ev on rows[0..n) only. */
static rc narrow(struct eval *ev, struct subset *s, const struct schema *in, const bool *reads,
                 const int32_t *rows, int64_t n, struct eval *out)
{
    *out = *ev;
    if (n == ev->n) return RC_OK; /* all of them, in order */
    for (int i = 0; i < ev->b->n_cols; i++) {
        if (!reads[i]) continue;
        scratch_need(&s->scratch[i], ev->l->arena, BATCH_ROWS);
        TRY(vec_select(ev->cx, &s->scratch[i], &ev->b->cols[i], in->fields[i].type, rows, n,
                       &s->b.cols[i]));
    }
    for (int64_t i = 0; i < n; i++)
        s->map[i] = ev->map ? ev->map[rows[i]] : rows[i];
    s->b.n_rows = (int)n;
    out->b = &s->b;
    out->n = n;
    out->map = s->map;
    return RC_OK;
}

/* Writes a's n values (one, when is_const) to rows[..] of out. */
#define SCATTER(name, T)                                                                           \
    static void scatter_##name(T *restrict out, const T *restrict a, bool is_const,                \
                               const int32_t *restrict rows, int64_t n)                            \
    {                                                                                              \
        if (is_const) {                                                                            \
            T x = a[0];                                                                            \
            for (int64_t i = 0; i < n; i++)                                                        \
                out[rows[i]] = x;                                                                  \
            return;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < n; i++)                                                            \
            out[rows[i]] = a[i];                                                                   \
    }
SCATTER(4, uint32_t)
SCATTER(8, uint64_t)
SCATTER(text, struct text)

static void scatter_bits(uint64_t *out, const struct vec *v, const int32_t *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t at = v->is_const ? 0 : i;
        bit_put(out, rows[i], bit_valid(v->valid, at) && bit_get(v->data, at));
    }
}

/* Writes v's n values to rows[..] of out, whose rows are all valid so far. */
static void scatter(struct scratch *out, const struct vec *v, const int32_t *rows, int64_t n)
{
    size_t width = v->phys == PHYS_STR ? 16 : phys_width(v->phys);
    for (int64_t i = 0; v->valid && i < n; i++)
        if (!bit_get(v->valid, v->is_const ? 0 : i)) bit_clear(out->valid, rows[i]);
    if (v->phys == PHYS_BOOL)
        scatter_bits(out->data, v, rows, n);
    else if (width == 16)
        scatter_text(out->data, v->data, v->is_const, rows, n);
    else if (width == 8)
        scatter_8(out->data, v->data, v->is_const, rows, n);
    else
        scatter_4(out->data, v->data, v->is_const, rows, n);
}

static bool is_nested(struct dtype t)
{
    return t.kind == KIND_LIST || t.kind == KIND_STRUCT;
}

/* Evaluates value `arg` for rows[0..n) and files the result. */
static rc take_value(struct eval *ev, struct node *nd, int arg, const int32_t *rows, int64_t n)
{
    struct case_rows *c = nd->branches;
    struct eval sub;
    struct vec v;
    if (n == 0) return RC_OK;
    TRY(narrow(ev, &c->hit, c->in, c->reads[arg], rows, n, &sub));
    TRY(eval_node(&sub, nd->args[arg], &v));
    if (is_nested(nd->e->type)) {
        c->values[arg] = v;
        for (int64_t i = 0; i < n; i++) {
            c->which[rows[i]] = arg;
            c->at[rows[i]] = (int32_t)i;
        }
        return RC_OK;
    }
    if (!nd->args[arg]->is_literal) {
        if (v.phys != kind_phys(nd->e->type.kind))
            scratch_need(&nd->wide[arg], ev->l->arena, BATCH_ROWS);
        vec_canonical(&nd->wide[arg], &v, nd->e->type, n, &v);
    }
    scatter(&nd->out, &v, rows, n);
    return RC_OK;
}

/* Parts rows[0..n) by a condition's truth; no branch, since conditions are as good as random. */
static int64_t part_rows(const struct vec *v, const int32_t *rows, int64_t n, int32_t *hit,
                         int32_t *rest)
{
    int64_t h = 0, r = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = v->is_const ? 0 : i;
        int64_t is_true = bit_get(v->data, at) && (!v->valid || bit_get(v->valid, at));
        hit[h] = rest[r] = rows[i];
        h += is_true;
        r += 1 - is_true;
    }
    return h;
}

/* Condition `arg` on the rows that are left: they go to hit_rows or stay. Returns how many hit. */
static rc test_rows(struct eval *ev, struct node *nd, int arg, int64_t *n_left, int64_t *n_hit)
{
    struct case_rows *c = nd->branches;
    struct eval sub;
    struct vec v;
    TRY(narrow(ev, &c->left, c->in, c->reads[arg], c->left_rows, *n_left, &sub));
    TRY(eval_node(&sub, nd->args[arg], &v));
    int64_t h = part_rows(&v, c->left_rows, *n_left, c->hit_rows, c->next_rows);
    int32_t *swap = c->left_rows;
    c->left_rows = c->next_rows;
    c->next_rows = swap;
    *n_left -= h;
    *n_hit = h;
    return RC_OK;
}

static rc build_nested(struct eval *ev, struct node *nd, struct vec *out)
{
    struct case_rows *c = nd->branches;
    struct builder b;
    struct column *col;
    enum rc_t res = RC_OK;
    builder_init(&b, nd->e->type, kind_phys(nd->e->type.kind));
    for (int64_t i = 0; i < ev->n && res == RC_OK; i++) {
        int arg = c->which[i];
        if (arg < 0)
            res = builder_null(ev->cx, &b);
        else if (nd->args[arg]->is_literal)
            res = builder_scalar(ev->cx, &b, &nd->args[arg]->value);
        else
            res = builder_append(ev->cx, &b, &c->values[arg], &c->at[i], 1);
    }
    if (res == RC_OK) res = builder_finish(ev->cx, &b, &col);
    builder_release(&b);
    if (res != RC_OK) return res;
    arena_column(ev->cx->arena, col);
    *out = column_view(col, 0, ev->n);
    return RC_OK;
}

rc eval_case(struct eval *ev, struct node *nd, struct vec *out)
{
    struct case_rows *c = nd->branches;
    int64_t n_left = ev->n, n_hit = 0;
    bool has_else = nd->n_args % 2 != 0;
    for (int64_t i = 0; i < ev->n; i++) {
        c->left_rows[i] = (int32_t)i;
        c->which[i] = -1;
    }
    bitmap_fill(nd->out.valid, ev->n, true);
    if (!is_nested(nd->e->type)) memset(nd->out.data, 0, 16 * (size_t)ev->n);
    for (int i = 0; i < nd->n_args && n_left > 0; i += 2) {
        if (i + 1 == nd->n_args) { /* else */
            TRY(take_value(ev, nd, i, c->left_rows, n_left));
            break;
        }
        TRY(test_rows(ev, nd, i, &n_left, &n_hit));
        TRY(take_value(ev, nd, i + 1, c->hit_rows, n_hit));
    }
    for (int64_t i = 0; !has_else && i < n_left; i++)
        bit_clear(nd->out.valid, c->left_rows[i]);
    if (is_nested(nd->e->type)) return build_nested(ev, nd, out);
    *out = (struct vec){.phys = kind_phys(nd->e->type.kind),
                        .data = nd->out.data,
                        .valid = words_all_set(nd->out.valid, ev->n) ? NULL : nd->out.valid};
    return RC_OK;
}
