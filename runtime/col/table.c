/* table.c: columns with names. */
#include "runtime/col/col_int.h"

static void unref_all(struct column **cols, int n)
{
    for (int i = 0; i < n; i++)
        column_unref(cols[i]);
}

rc table_new(struct ctx *cx, const struct schema *schema, struct column **take_cols, int64_t n_rows,
             struct table **out)
{
    for (int i = 0; i < schema->n; i++)
        if (take_cols[i]->n != n_rows || take_cols[i]->type.kind != schema->fields[i].type.kind) {
            fail(cx, E903, NO_SPAN,
                 "column `%s` (%s, %lld rows) does not fit its table (%s, %lld rows)",
                 schema->fields[i].name, kind_name(take_cols[i]->type.kind),
                 (long long)take_cols[i]->n, kind_name(schema->fields[i].type.kind),
                 (long long)n_rows);
            unref_all(take_cols, schema->n);
            return RC_ERR;
        }
    struct table *t = mem_zero(sizeof *t);
    atomic_init(&t->refs, 1);
    t->schema = schema_ref(schema);
    t->n_rows = n_rows;
    t->cols = mem_zero(sizeof *t->cols * (size_t)schema->n);
    if (schema->n) memcpy(t->cols, take_cols, sizeof *t->cols * (size_t)schema->n);
    *out = t;
    return RC_OK;
}

struct table *table_ref(const struct table *t)
{
    struct table *m = (struct table *)(uintptr_t)t;
    if (m) atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void table_unref(const struct table *t)
{
    struct table *m = (struct table *)(uintptr_t)t;
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1) return;
    unref_all(m->cols, m->schema->n);
    schema_unref(m->schema);
    mem_free(m->cols);
    mem_free(m);
}

static void drop_table(void *t)
{
    table_unref(t);
}

void arena_table(struct arena *a, const struct table *take_t)
{
    if (take_t) arena_on_free(a, drop_table, (void *)(uintptr_t)take_t);
}

int64_t table_bytes(const struct table *t)
{
    int64_t sum = 0;
    for (int i = 0; i < t->schema->n; i++)
        sum += column_bytes(t->cols[i]);
    return sum;
}

/* Makes a table column by column; each makes column i. */
typedef enum rc_t (*make_column)(struct ctx *cx, void *arg, int i, struct column **out);
static rc make_table(struct ctx *cx, const struct schema *schema, int64_t n_rows, make_column make,
                     void *arg, struct table **out)
{
    struct column **cols = mem_zero(sizeof *cols * (size_t)schema->n);
    enum rc_t res = RC_OK;
    int done = 0;
    while (done < schema->n && (res = make(cx, arg, done, &cols[done])) == RC_OK)
        done++;
    if (res == RC_OK)
        res = table_new(cx, schema, cols, n_rows, out);
    else
        unref_all(cols, done);
    mem_free(cols);
    return res;
}

struct part {
    const struct table *t;
    const int64_t *rows;
    int64_t at, n;
};
static enum rc_t gather_column(struct ctx *cx, void *arg, int i, struct column **out)
{
    struct part *p = arg;
    return column_gather(cx, p->t->cols[i], p->rows, p->n, out);
}
rc table_gather(struct ctx *cx, const struct table *t, const int64_t *rows, int64_t n,
                struct table **out)
{
    struct part p = {.t = t, .rows = rows, .n = n};
    return make_table(cx, t->schema, n, gather_column, &p, out);
}

static enum rc_t slice_column(struct ctx *cx, void *arg, int i, struct column **out)
{
    struct part *p = arg;
    return column_slice(cx, p->t->cols[i], p->at, p->n, out);
}
rc table_slice(struct ctx *cx, const struct table *t, int64_t at, int64_t n, struct table **out)
{
    if (at > t->n_rows) at = t->n_rows;
    if (n > t->n_rows - at) n = t->n_rows - at;
    struct part p = {.t = t, .at = at, .n = n};
    return make_table(cx, t->schema, n, slice_column, &p, out);
}

struct parts {
    const struct table *const *t;
    int n;
    const struct column **cols;
};
static enum rc_t concat_column(struct ctx *cx, void *arg, int i, struct column **out)
{
    struct parts *p = arg;
    for (int k = 0; k < p->n; k++)
        p->cols[k] = p->t[k]->cols[i];
    return column_concat(cx, p->cols, p->n, out);
}
rc table_concat(struct ctx *cx, const struct table *const *tables, int n_parts, struct table **out)
{
    struct parts p = {
        .t = tables, .n = n_parts, .cols = mem_zero(sizeof *p.cols * (size_t)n_parts)};
    int64_t rows = 0;
    for (int i = 0; i < n_parts; i++)
        rows += tables[i]->n_rows;
    enum rc_t res = make_table(cx, tables[0]->schema, rows, concat_column, &p, out);
    mem_free(p.cols);
    return res;
}
