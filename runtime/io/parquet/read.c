/* read.c: the rows of a partition, a window of all its columns at a time, pushed in batches. */
#include "runtime/io/parquet/pq_int.h"

#include "runtime/base/cancel.h"

struct column_job { /* one column of the partition */
    const struct pq_field *f;
    bool is_flat;
    struct pq_reader *readers; /* [f->n_leaves] */
    int n_open;
    struct pq_out out;   /* flat */
    struct column *heap; /* flat text: of the window at work */
    struct column *rows; /* nested: the window at work */
};
struct job {
    struct pq_scan *s;
    int n;
    struct column_job *cols;
    struct vec *vecs;
};

int64_t pq_rows_wanted(const struct pq_part *p, int64_t limit)
{
    int64_t n = p->n;
    if (limit >= 0 && limit - p->rows_before < n) n = limit - p->rows_before;
    return n < 0 ? 0 : n;
}

static rc skip_rows(struct ctx *cx, struct pq_scan *s, const struct pq_field *f,
                    struct pq_reader *readers, int64_t n)
{
    if (pq_is_flat(s, f)) return pq_skip_flat(cx, readers, n);
    while (n > 0) {
        int64_t k = n < PQ_WINDOW ? n : PQ_WINDOW;
        TRY(check_cancel(cx));
        TRY(pq_read_nested(cx, s, readers, f, k, NULL));
        n -= k;
    }
    return RC_OK;
}

rc pq_field_open(struct ctx *cx, struct pq_scan *s, const struct pq_field *f,
                 const struct pq_part *part, bool wants_dict, struct pq_reader *out)
{
    const struct pq_group *g = &s->groups[part->group];
    for (int i = 0; i < f->n_leaves; i++) {
        const struct pq_chunk *c = &g->chunks[f->leaf + i];
        TRY(pq_reader_open(cx, s, &s->leaves[f->leaf + i], c, &out[i]));
        out[i].wants_dict = wants_dict && pq_is_flat(s, f);
        if (s->leaves[f->leaf + i].max_rep == 0 && c->n_values != g->n_rows)
            return pq_broken(cx, s, &s->leaves[f->leaf + i], "it has other rows than its group");
    }
    if (part->from > 0) TRY(skip_rows(cx, s, f, out, part->from));
    return RC_OK;
}

/* ---- windows ---- */
static rc column_open(struct ctx *cx, struct job *j, struct column_job *c,
                      const struct pq_part *part)
{
    c->readers = mem_zero(sizeof *c->readers * (size_t)c->f->n_leaves);
    c->n_open = c->f->n_leaves;
    c->is_flat = pq_is_flat(j->s, c->f);
    TRY(pq_field_open(cx, j->s, c->f, part, true, c->readers));
    if (!c->is_flat) return RC_OK;
    int64_t n = part->n < PQ_WINDOW ? part->n : PQ_WINDOW;
    TRY(pq_out_room(cx, c->readers->leaf, n, &c->out));
    c->out.wants_dict = true;
    return RC_OK;
}

static void column_close(struct column_job *c)
{
    for (int i = 0; i < c->n_open; i++)
        pq_reader_close(&c->readers[i]);
    mem_free(c->readers);
    pq_out_release(&c->out);
    column_unref(c->heap);
    column_unref(c->rows);
}

static rc window_read(struct ctx *cx, struct job *j, struct column_job *c, int64_t n)
{
    if (!c->is_flat) return RC_OK;
    column_unref(c->heap);
    c->heap = NULL;
    pq_out_reset(&c->out);
    if (c->out.phys == PHYS_DICT) c->out.phys = PHYS_STR;
    TRY(pq_read_flat(cx, c->readers, n, &c->out));
    const struct pq_leaf *l = c->readers->leaf;
    if (l->levels) TRY(pq_to_levels(cx, j->s, l, &c->out));
    if (c->out.phys == PHYS_BOOL) pq_pack_bools(c->out.data, n, c->out.data);
    c->heap = pq_out_heap(&c->out);
    return RC_OK;
}

/* Nested columns are read a batch at a time: children of a struct do not move with a view. */
static rc batch_view(struct ctx *cx, struct job *j, struct column_job *c, int64_t at, int64_t n,
                     struct vec *out)
{
    if (c->is_flat) {
        *out = pq_out_view(&c->out, c->heap, at);
        return RC_OK;
    }
    column_unref(c->rows);
    c->rows = NULL;
    TRY(pq_read_nested(cx, j->s, c->readers, c->f, n, &c->rows));
    *out = column_view(c->rows, 0, n);
    return RC_OK;
}

static rc push_batch(struct ctx *cx, struct job *j, int64_t part, int64_t row, int64_t at,
                     int64_t n, io_push push, void *self)
{
    struct batch b = {(int)n, j->n, j->vecs, row};
    TRY(check_cancel(cx));
    for (int i = 0; i < j->n; i++)
        TRY(batch_view(cx, j, &j->cols[i], at, n, &j->vecs[i]));
    return push(cx, self, part, &b);
}

static rc run_job(struct ctx *cx, struct job *j, const struct pq_part *p, int64_t part, int64_t n,
                  io_push push, void *self)
{
    for (int i = 0; i < j->n; i++)
        TRY(column_open(cx, j, &j->cols[i], p));
    for (int64_t row = 0; row < n; row += PQ_WINDOW) {
        int64_t k = n - row < PQ_WINDOW ? n - row : PQ_WINDOW;
        for (int i = 0; i < j->n; i++)
            TRY(window_read(cx, j, &j->cols[i], k));
        for (int64_t at = 0; at < k; at += BATCH_ROWS)
            TRY(push_batch(cx, j, part, row + at, at, k - at < BATCH_ROWS ? k - at : BATCH_ROWS,
                           push, self));
    }
    return RC_OK;
}

enum rc_t pq_read(struct ctx *cx, struct io_scan *scan, const int *columns, int n_columns,
                  int64_t part, int64_t limit, io_push push, void *self)
{
    struct pq_scan *s = pq_scan_of(scan);
    const struct pq_part *p = &s->parts[part];
    struct job j = {.s = s, .n = n_columns};
    int64_t n = pq_rows_wanted(p, limit);
    if (n == 0) return RC_OK;
    j.cols = mem_zero(sizeof *j.cols * (size_t)(n_columns + 1));
    j.vecs = mem_zero(sizeof *j.vecs * (size_t)(n_columns + 1));
    for (int i = 0; i < n_columns; i++)
        j.cols[i].f = &s->fields[columns[i]];
    enum rc_t res = run_job(cx, &j, p, part, n, push, self);
    for (int i = 0; i < n_columns; i++)
        column_close(&j.cols[i]);
    mem_free(j.cols);
    mem_free(j.vecs);
    return res;
}
