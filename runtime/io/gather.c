/* gather.c: a whole scan as one table: each partition into builders of its own, put together in
 * order. */
#include "runtime/io/io_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

struct part {
    struct builder *b; /* [n_cols]; NULL: no rows came */
    int64_t n_rows;
};
struct gather {
    struct io_scan *scan;
    const int *columns;
    int n_cols;
    int64_t limit;
    struct part *parts; /* [n_partitions] */
};

static enum rc_t take(struct ctx *cx, void *self, int64_t partition, const struct batch *b)
{
    struct gather *g = self;
    struct part *p = &g->parts[partition];
    const struct schema *s = io_head(g->scan)->schema;
    if (!p->b) {
        p->b = mem_zero(sizeof *p->b * (size_t)(g->n_cols + 1));
        for (int i = 0; i < g->n_cols; i++)
            builder_init(&p->b[i], s->fields[g->columns[i]].type, b->cols[i].phys);
    }
    for (int i = 0; i < g->n_cols; i++)
        TRY(builder_append(cx, &p->b[i], &b->cols[i], NULL, b->n_rows));
    p->n_rows += b->n_rows;
    return RC_OK;
}

static enum rc_t read_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct gather *g = arg;
    (void)worker;
    return io_head(g->scan)->format->read(cx, g->scan, g->columns, g->n_cols, task, g->limit, take,
                                          g);
}

/* Column i of all partitions. */
static rc join(struct ctx *cx, struct gather *g, int i, struct column **out)
{
    int n_parts = io_head(g->scan)->n_partitions, n = 0;
    const struct column **cols = mem_zero(sizeof *cols * (size_t)(n_parts + 1));
    enum rc_t res = RC_OK;
    for (int p = 0; p < n_parts && res == RC_OK; p++) {
        if (!g->parts[p].b) continue;
        struct column *c;
        res = builder_finish(cx, &g->parts[p].b[i], &c);
        if (res == RC_OK) cols[n++] = c;
    }
    struct dtype type = io_head(g->scan)->schema->fields[g->columns[i]].type;
    if (res == RC_OK && n == 0) res = column_nulls(cx, type, 0, out);
    if (res == RC_OK && n > 0) res = column_concat(cx, cols, n, out);
    for (int k = 0; k < n; k++)
        column_unref(cols[k]);
    mem_free(cols);
    return res;
}

static rc gather_columns(struct ctx *cx, struct io_scan *s, const int *columns, int n_columns,
                         int64_t limit, struct column **out, int64_t *n_rows)
{
    int n_parts = io_head(s)->n_partitions, n = 0;
    struct gather g = {.scan = s, .columns = columns, .n_cols = n_columns, .limit = limit};
    g.parts = mem_zero(sizeof *g.parts * (size_t)(n_parts + 1));
    enum rc_t res = pool_run(cx, n_parts, read_task, &g);
    *n_rows = 0;
    for (int p = 0; p < n_parts; p++)
        *n_rows += g.parts[p].n_rows;
    for (; n < n_columns && res == RC_OK; n += res == RC_OK)
        res = join(cx, &g, n, &out[n]);
    for (int i = 0; i < n && res != RC_OK; i++)
        column_unref(out[i]);
    for (int p = 0; p < n_parts; p++) {
        for (int i = 0; g.parts[p].b && i < n_columns; i++)
            builder_release(&g.parts[p].b[i]);
        mem_free(g.parts[p].b);
    }
    mem_free(g.parts);
    return res;
}

static rc make_table(struct ctx *cx, const struct io_scan *s, const int *columns, int n_columns,
                     struct column **take_cols, int64_t n_rows, struct table **out)
{
    const struct schema *all = io_head(s)->schema;
    struct field *fields = mem_zero(sizeof *fields * (size_t)(n_columns + 1));
    struct schema *own = NULL;
    for (int i = 0; i < n_columns; i++)
        fields[i] = all->fields[columns[i]];
    enum rc_t res = schema_new(cx, fields, n_columns, NO_SPAN, &own);
    if (res == RC_OK) {
        res = table_new(cx, own, take_cols, n_rows, out);
        schema_unref(own);
    } else {
        for (int i = 0; i < n_columns; i++)
            column_unref(take_cols[i]);
    }
    mem_free(fields);
    return res;
}

rc io_read_table(struct ctx *cx, struct io_scan *s, const int *columns, int n_columns,
                 int64_t limit, struct table **out)
{
    const struct io_format *f = io_head(s)->format;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n_columns + 1));
    int64_t n_rows = 0;
    enum rc_t res;
    if (f->read_whole && n_columns) {
        res = f->read_whole(cx, s, columns, n_columns, limit, cols);
        if (res == RC_OK) n_rows = cols[0]->n;
    } else {
        res = gather_columns(cx, s, columns, n_columns, limit, cols, &n_rows);
    }
    if (res == RC_OK) res = make_table(cx, s, columns, n_columns, cols, n_rows, out);
    mem_free(cols);
    bool is_full = limit < 0 || (io_head(s)->n_rows >= 0 && limit >= io_head(s)->n_rows);
    if (res == RC_OK && f->done && is_full) res = f->done(cx, s);
    return res;
}

rc io_push_columns(struct ctx *cx, struct column *const *cols, int n_cols, int64_t part,
                   int64_t n_rows, io_push push, void *self)
{
    struct vec *v = mem_zero(sizeof *v * (size_t)(n_cols + 1));
    enum rc_t res = RC_OK;
    for (int64_t at = 0; at < n_rows && res == RC_OK; at += BATCH_ROWS) {
        struct batch b = {.n_cols = n_cols, .cols = v, .first_row = at};
        b.n_rows = (int)(n_rows - at < BATCH_ROWS ? n_rows - at : BATCH_ROWS);
        for (int i = 0; i < n_cols; i++)
            v[i] = column_view(cols[i], at, b.n_rows);
        res = check_cancel(cx);
        if (res == RC_OK) res = push(cx, self, part, &b);
    }
    mem_free(v);
    return res;
}
