/* nested.c: lists and structs moved as columns of their parts: gathered, appended and concatenated
 * by moving the children once, not value by value. */
#include "runtime/col/col_int.h"

/* ---- rows of children ---- */
/* Child rows of the lists rows[0..n) (negative or null: none), and their offsets at[n + 1]. */
static rc list_rows(struct ctx *cx, const int64_t *offsets, const uint64_t *valid,
                    const int64_t *rows, int64_t n, int64_t *at, int64_t **out)
{
    int64_t sum = 0, m = 0;
    for (int64_t i = 0; i < n; i++) {
        bool is_there = rows[i] >= 0 && bit_valid(valid, rows[i]);
        at[i] = sum;
        if (is_there) sum += offsets[rows[i] + 1] - offsets[rows[i]];
    }
    at[n] = sum;
    TRY(mem_big(cx, mem_mul(8, (size_t)sum + 1), (void **)out));
    for (int64_t i = 0; i < n; i++) {
        if (at[i + 1] == at[i]) continue;
        for (int64_t k = offsets[rows[i]]; k < offsets[rows[i] + 1]; k++)
            (*out)[m++] = k;
    }
    return RC_OK;
}

static void gather_valid(struct column *out, const uint64_t *valid, const int64_t *rows, int64_t n)
{
    uint64_t *bits = column_valid_mut(out);
    for (int64_t i = 0; bits && i < n; i++)
        bit_put(bits, i, rows[i] >= 0 && bit_valid(valid, rows[i]));
}

static void add_child(struct column *c, const struct column *take)
{
    c->child = mem_realloc(c->child, sizeof *c->child * (size_t)(c->n_child + 1));
    c->child[c->n_child++] = take;
}

/* ---- gather ---- */
static rc gather_list(struct ctx *cx, const struct column *c, const int64_t *rows, int64_t n,
                      struct column *out)
{
    int64_t *inner = NULL, *at = column_data_mut(out);
    struct column *child;
    TRY(list_rows(cx, c->data, c->valid, rows, n, at, &inner));
    enum rc_t res = column_gather(cx, c->child[0], inner, at[n], &child);
    mem_big_free(inner);
    TRY(res);
    add_child(out, child);
    return RC_OK;
}

static rc gather_struct(struct ctx *cx, const struct column *c, const int64_t *rows, int64_t n,
                        struct column *out)
{
    for (int i = 0; i < c->n_child; i++) {
        struct column *child;
        TRY(column_gather(cx, c->child[i], rows, n, &child));
        add_child(out, child);
    }
    return RC_OK;
}

rc nested_gather(struct ctx *cx, const struct column *c, const int64_t *rows, int64_t n,
                 struct column **out)
{
    bool has_null = c->valid != NULL;
    for (int64_t i = 0; i < n && !has_null; i++)
        has_null = rows[i] < 0;
    TRY(column_alloc(cx, c->type, c->phys, n, has_null, out));
    gather_valid(*out, c->valid, rows, n);
    enum rc_t res = c->phys == PHYS_LIST ? gather_list(cx, c, rows, n, *out)
                                         : gather_struct(cx, c, rows, n, *out);
    if (res != RC_OK) {
        column_unref(*out);
        return res;
    }
    column_settle(*out, false);
    return RC_OK;
}

/* ---- append ---- */
static rc append_rows(struct ctx *cx, struct builder *b, const struct column *from,
                      const int64_t *rows, int64_t n)
{
    struct column *part;
    TRY(column_gather(cx, from, rows, n, &part));
    struct vec v = column_view(part, 0, n);
    enum rc_t res = builder_append(cx, b, &v, NULL, n);
    column_unref(part);
    return res;
}

static rc append_range(struct ctx *cx, struct builder *b, const struct column *from, int64_t at,
                       int64_t n)
{
    struct column *part;
    TRY(column_slice(cx, from, at, n, &part));
    struct vec v = column_view(part, 0, n);
    enum rc_t res = builder_append(cx, b, &v, NULL, n);
    column_unref(part);
    return res;
}

static rc append_list(struct ctx *cx, struct builder *b, const struct vec *v, const int64_t *rows,
                      int64_t n)
{
    int64_t *inner = NULL, *at, *out = b->data, base = b->child->n;
    TRY(mem_big(cx, mem_mul(8, (size_t)n + 1), (void **)&at));
    enum rc_t res = list_rows(cx, v->data, v->valid, rows, n, at, &inner);
    if (res == RC_OK) {
        for (int64_t i = 0; i < n; i++)
            out[b->n + i + 1] = base + at[i + 1];
        bool is_run = at[n] > 0 && inner[at[n] - 1] - inner[0] == at[n] - 1;
        for (int64_t i = 1; i < at[n] && is_run; i++)
            is_run = inner[i] == inner[i - 1] + 1;
        if (is_run)
            res = append_range(cx, b->child, v->child[0], inner[0], at[n]);
        else if (at[n] > 0)
            res = append_rows(cx, b->child, v->child[0], inner, at[n]);
    }
    mem_big_free(inner);
    mem_big_free(at);
    return res;
}

rc nested_append(struct ctx *cx, struct builder *b, const struct vec *v, const int32_t *sel,
                 int64_t n)
{
    int64_t *rows;
    enum rc_t res = RC_OK;
    TRY(mem_big(cx, mem_mul(8, (size_t)n + 1), (void **)&rows));
    for (int64_t i = 0; i < n; i++)
        rows[i] = v->is_const ? 0 : sel ? sel[i] : i;
    if (b->phys == PHYS_LIST) res = append_list(cx, b, v, rows, n);
    for (int k = 0; b->phys == PHYS_STRUCT && k < b->n_child && res == RC_OK; k++)
        res = sel || v->is_const ? append_rows(cx, &b->child[k], v->child[k], rows, n)
                                 : append_range(cx, &b->child[k], v->child[k], 0, n);
    mem_big_free(rows);
    return res;
}

/* ---- concat ---- */
rc nested_concat(struct ctx *cx, const struct column *const *parts, int n_parts,
                 struct column **out)
{
    struct builder b;
    enum rc_t res = RC_OK;
    builder_init(&b, parts[0]->type, parts[0]->phys);
    for (int i = 0; i < n_parts && res == RC_OK; i++) {
        struct vec v = column_view(parts[i], 0, parts[i]->n);
        res = builder_append(cx, &b, &v, NULL, parts[i]->n);
    }
    if (res == RC_OK) res = builder_finish(cx, &b, out);
    builder_release(&b);
    return res;
}

/* ---- single structs ---- */
/* Row i of a struct column as a table of one row; NULL without memory. */
const struct table *struct_row(const struct column *c, int64_t i)
{
    struct error err = {0};
    struct ctx cx = {.err = &err};
    int n = c->n_child;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n + 1));
    struct table *t = NULL;
    int done = 0;
    while (done < n && column_gather(&cx, c->child[done], &i, 1, &cols[done]) == RC_OK)
        done++;
    if (done == n) {
        if (table_new(&cx, c->type.fields, cols, 1, &t) != RC_OK) t = NULL;
    } else {
        for (int k = 0; k < done; k++)
            column_unref(cols[k]);
    }
    mem_free(cols);
    return t;
}

rc struct_append(struct ctx *cx, struct builder *b, const struct table *row)
{
    TRY(builder_reserve(cx, b, 1));
    for (int i = 0; i < b->n_child; i++) {
        struct scalar s = column_scalar(row->cols[i], 0);
        enum rc_t res = builder_scalar(cx, &b->child[i], &s);
        scalar_release(&s);
        TRY(res);
    }
    if (b->valid) bit_set(b->valid, b->n);
    b->n++;
    return RC_OK;
}

static int list_cmp(const struct column *a, const struct column *b)
{
    int64_t n = a->n < b->n ? a->n : b->n;
    for (int64_t i = 0; i < n; i++) {
        struct scalar x = column_scalar(a, i), y = column_scalar(b, i);
        int d = scalar_cmp(&x, &y);
        scalar_release(&x);
        scalar_release(&y);
        if (d) return d;
    }
    return (a->n > b->n) - (a->n < b->n);
}

int nested_cmp(const struct scalar *a, const struct scalar *b)
{
    if (a->type.kind == KIND_LIST)
        return a->u.list && b->u.list ? list_cmp(a->u.list, b->u.list) : 0;
    if (!a->u.row || !b->u.row) return 0;
    for (int i = 0; i < a->u.row->schema->n && i < b->u.row->schema->n; i++) {
        int d = list_cmp(a->u.row->cols[i], b->u.row->cols[i]);
        if (d) return d;
    }
    return 0;
}
