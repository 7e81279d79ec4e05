/* read.c: one block's rows, parsed column by column and pushed in batches. Row counts are known
 * since opening, so every array has its size at once. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/cancel.h"

static size_t round64(size_t n)
{
    return (n + 63) / 64 * 64;
}

/* Rows of a block that a limit on the whole file leaves. */
int64_t csv_rows_wanted(const struct csv_block *b, int64_t limit)
{
    int64_t n = b->n_rows;
    if (limit >= 0 && limit - b->rows_before < n) n = limit - b->rows_before;
    return n < 0 ? 0 : n;
}

rc csv_job_room(struct ctx *cx, struct csv_job *j, const int *columns)
{
    size_t heads = round64(sizeof *j->outs * (size_t)j->n_cols) +
                   round64(sizeof *j->levels * (size_t)j->n_cols) +
                   round64(sizeof *j->vecs * (size_t)j->n_cols);
    size_t bits = round64(BITMAP_WORDS(j->n_rows) * 8), need = heads;
    for (int i = 0; i < j->n_cols; i++) {
        enum kind kind = j->s->cols[columns[i]].type.kind;
        need += csv_out_bytes(kind, j->n_rows) + bits +
                (kind == KIND_STR ? csv_dict_bytes(j->n_rows) : 0);
    }
    struct csv_work *w = j->w;
    if (w->cap_values < need) {
        mem_big_free(w->values);
        w->values = NULL;
        w->cap_values = 0;
        TRY(mem_big(cx, need, &w->values));
        w->cap_values = need;
    }
    char *p = w->values;
    memset(p, 0, heads);
    j->outs = (void *)p;
    p += round64(sizeof *j->outs * (size_t)j->n_cols);
    j->levels = (void *)p;
    p += round64(sizeof *j->levels * (size_t)j->n_cols);
    j->vecs = (void *)p;
    p += round64(sizeof *j->vecs * (size_t)j->n_cols);
    for (int i = 0; i < j->n_cols; i++) {
        struct csv_out *o = &j->outs[i];
        o->col = columns[i];
        o->kind = j->s->cols[columns[i]].type.kind;
        o->cap = j->n_rows;
        o->data = p;
        p += csv_out_bytes(o->kind, j->n_rows);
        o->valid = (void *)p;
        p += bits;
        if (o->kind != KIND_STR) continue;
        o->dict = (void *)p;
        p += csv_dict_bytes(j->n_rows);
    }
    return RC_OK;
}

static rc changed(struct ctx *cx, const struct csv_scan *s)
{
    fail(cx, E302, s->span, "`%s` has changed while it was read", s->head.label);
    return err_note(cx, "run the statement that reads it again");
}

rc csv_job_parse(struct ctx *cx, struct csv_job *j)
{
    const struct csv_block *b = j->block;
    int64_t rows = 0;
    bool more = true;
    csv_walk_open(j->w, j->s, &j->s->files[b->file], b->first);
    TRY(csv_walk_load(cx, j->w, (b->last > b->to ? b->last : b->to) + 1));
    const char *buf = j->w->mem; /* views point into it: it must not move */
    TRY(csv_walk_rows(cx, j->w, b->first, b->to, false));
    while (more && rows < j->n_rows) {
        TRY(csv_walk_next(cx, j->w, &more));
        if (!more) break;
        for (int i = 0; i < j->n_cols; i++)
            csv_parse_strip(j->s, &j->w->walk.strip, &j->outs[i], j->w->side);
        rows += j->w->walk.strip.n_rows;
    }
    bool is_other = rows < j->n_rows || j->w->walk.fault.kind || buf != j->w->mem;
    if (is_other) return changed(cx, j->s);
    for (int i = 0; i < j->n_cols; i++)
        if (j->outs[i].n_misfit && !j->s->cols[j->outs[i].col].is_forced) return changed(cx, j->s);
    return RC_OK;
}

static enum phys phys_of(const struct csv_out *o, const struct column *levels)
{
    return levels ? PHYS_DICT : kind_phys(o->kind);
}

/* Rows [at, at + n) of a parsed column; at is a multiple of 64. */
static struct vec view_rows(const struct csv_out *o, const struct column *levels, int64_t at)
{
    struct vec v = {.phys = phys_of(o, levels), .dict = levels};
    v.valid = o->n_null ? o->valid + at / 64 : NULL;
    if (v.phys == PHYS_BOOL)
        v.data = (const uint64_t *)o->data + at / 64;
    else
        v.data = (const char *)o->data + (size_t)at * phys_width(v.phys);
    return v;
}

static rc push_batches(struct ctx *cx, struct csv_job *j, int64_t part, io_push push, void *self)
{
    for (int64_t at = 0; at < j->n_rows; at += BATCH_ROWS) {
        int64_t left = j->n_rows - at;
        struct batch b = {.n_rows = (int)(left < BATCH_ROWS ? left : BATCH_ROWS),
                          .n_cols = j->n_cols,
                          .cols = j->vecs,
                          .first_row = at};
        for (int i = 0; i < j->n_cols; i++)
            j->vecs[i] = view_rows(&j->outs[i], j->levels[i], at);
        TRY(check_cancel(cx));
        TRY(push(cx, self, part, &b));
    }
    return RC_OK;
}

static rc run_job(struct ctx *cx, struct csv_job *j, const int *columns, int64_t part, io_push push,
                  void *self)
{
    TRY(csv_job_room(cx, j, columns));
    if (j->n_cols) TRY(csv_job_parse(cx, j)); /* a count needs no values */
    enum rc_t res = RC_ERR;
    for (int i = 0; i < j->n_cols; i++)
        if (j->outs[i].kind == KIND_STR) TRY_OUT(csv_finish_texts(cx, &j->outs[i], &j->levels[i]));
    res = push_batches(cx, j, part, push, self);
out:
    for (int i = 0; i < j->n_cols; i++)
        column_unref(j->levels[i]);
    return res;
}

rc csv_read(struct ctx *cx, struct csv_scan *s, const int *columns, int n_columns, int64_t part,
            int64_t limit, io_push push, void *self)
{
    struct csv_job j = {.s = s, .block = &s->blocks[part], .n_cols = n_columns};
    j.n_rows = csv_rows_wanted(j.block, limit);
    if (j.n_rows == 0) return RC_OK;
    TRY(csv_work_get(cx, s, &j.w));
    enum rc_t res = run_job(cx, &j, columns, part, push, self);
    csv_work_put(s, j.w);
    return res;
}
