/* set_read.c: one partition of a set: batches of a file with the set's columns: its own in their
 * places and of the set's types, nulls for those it lacks, and constants for keys and origin. */
#include "runtime/io/set_int.h"

struct constant {    /* a key or the origin of the file at hand */
    void *data;      /* [cap] equal values */
    uint64_t *nulls; /* [cap] zero bits, or NULL: a value */
    const struct column *dict;
    enum phys phys;
};
struct reader {
    const struct io_set *set;
    const int *columns;
    int n_columns;
    int64_t part, rows; /* pushed so far */
    io_push push;
    void *self;
    int file;
    const int *sub;              /* [n_columns] place in the file's batch, -1: not of the file */
    int cap;                     /* rows that constants hold */
    struct constant *consts;     /* [n_columns] */
    const struct column **nulls; /* [n_columns] of what the file lacks */
    void **room;                 /* [n_columns] values made wider */
    struct vec *vecs;
    struct arena *arena;
};

/* ---- constants ---- */
static void fill_constant(struct reader *r, struct constant *c, const struct scalar *v,
                          int32_t code)
{
    size_t width = phys_width(c->phys);
    c->data = arena_zero(r->arena, width * (size_t)r->cap);
    if (v->is_null) {
        c->nulls = arena_zero(r->arena, BITMAP_WORDS(r->cap) * 8);
        return;
    }
    for (int i = 0; i < r->cap; i++) {
        if (c->phys == PHYS_DICT)
            ((int32_t *)c->data)[i] = code;
        else if (c->phys == PHYS_DATE32)
            ((int32_t *)c->data)[i] = (int32_t)v->u.i;
        else
            ((int64_t *)c->data)[i] = v->u.i;
    }
}

static void make_constant(struct reader *r, int i)
{
    const struct io_set *s = r->set;
    int key = r->columns[i] - s->n_file_cols;
    struct constant *c = &r->consts[i];
    *c = (struct constant){0};
    if (key >= s->keys.n) { /* the origin */
        struct scalar path = {.type = DTYPE(KIND_STR)};
        c->phys = PHYS_DICT;
        c->dict = s->origins;
        fill_constant(r, c, &path, r->file);
        return;
    }
    int cell = r->file * s->keys.n + key;
    c->dict = s->keys.levels[key];
    c->phys = c->dict ? PHYS_DICT : kind_phys(s->keys.types[key].kind);
    fill_constant(r, c, &s->keys.values[cell], s->keys.codes[cell]);
}

/* Nulls of a column that the file lacks. */
static rc make_nulls(struct ctx *cx, struct reader *r, int i)
{
    const struct column *c = r->set->absent[r->columns[i]];
    struct column *more;
    r->nulls[i] = c;
    if (c->n >= r->cap) return RC_OK;
    TRY(column_nulls(cx, c->type, r->cap, &more));
    arena_column(r->arena, more);
    r->nulls[i] = more;
    return RC_OK;
}

/* Room for a batch of n rows. */
static rc need_rows(struct ctx *cx, struct reader *r, int n)
{
    if (n <= r->cap) return RC_OK;
    r->cap = n < BATCH_ROWS ? BATCH_ROWS : n;
    for (int i = 0; i < r->n_columns; i++) {
        if (r->columns[i] >= r->set->n_file_cols)
            make_constant(r, i);
        else if (r->sub[i] < 0)
            TRY(make_nulls(cx, r, i));
        else
            r->room[i] = arena_alloc(r->arena, 8 * (size_t)r->cap);
    }
    return RC_OK;
}

/* ---- values made wider ---- */
static void ints_to_nums(const struct vec *in, double *out, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = in->phys == PHYS_I32 ? (double)((const int32_t *)in->data)[i]
                                      : (double)((const int64_t *)in->data)[i];
}

static void days_to_times(const struct vec *in, int64_t *out, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = (int64_t)((const int32_t *)in->data)[i] * INT64_C(86400000000);
}

static struct vec widened(struct reader *r, int i, const struct vec *in, int n)
{
    struct dtype want = r->set->head.schema->fields[r->columns[i]].type;
    struct vec v = *in;
    int rows = in->is_const ? 1 : n;
    if (want.kind == KIND_NUM && (in->phys == PHYS_I64 || in->phys == PHYS_I32)) {
        ints_to_nums(in, r->room[i], rows);
        v.phys = PHYS_F64;
        v.data = r->room[i];
    } else if (want.kind == KIND_DATETIME && in->phys == PHYS_DATE32) {
        days_to_times(in, r->room[i], rows);
        v.phys = PHYS_TS64;
        v.data = r->room[i];
    }
    return v;
}

/* ---- batches ---- */
static enum rc_t take(struct ctx *cx, void *self, int64_t partition, const struct batch *b)
{
    struct reader *r = self;
    struct batch out = {b->n_rows, r->n_columns, r->vecs, r->rows};
    (void)partition;
    TRY(need_rows(cx, r, b->n_rows));
    for (int i = 0; i < r->n_columns; i++) {
        const struct constant *c = &r->consts[i];
        if (r->sub[i] >= 0)
            r->vecs[i] = widened(r, i, &b->cols[r->sub[i]], b->n_rows);
        else if (r->columns[i] < r->set->n_file_cols)
            r->vecs[i] = column_view(r->nulls[i], 0, b->n_rows);
        else
            r->vecs[i] =
                (struct vec){.phys = c->phys, .data = c->data, .valid = c->nulls, .dict = c->dict};
    }
    r->rows += b->n_rows;
    return r->push(cx, r->self, r->part, &out);
}

static rc read_file(struct ctx *cx, struct reader *r, int file, int sub_part, int64_t limit)
{
    const struct io_set_file *f = &r->set->files[file];
    const struct io_format *format = r->set->spec.format;
    int n = 0;
    int *of_file = arena_alloc(r->arena, sizeof *of_file * (size_t)(r->n_columns + 1));
    int *sub = arena_alloc(r->arena, sizeof *sub * (size_t)(r->n_columns + 1));
    for (int i = 0; i < r->n_columns; i++) {
        int col = r->columns[i], at = col < r->set->n_file_cols ? f->at[col] : -1;
        sub[i] = at < 0 ? -1 : n;
        if (at >= 0) of_file[n++] = at;
    }
    r->file = file;
    r->sub = sub;
    r->cap = 0; /* new constants */
    if (limit >= 0 && f->rows_before > 0) {
        limit -= f->rows_before;
        if (limit <= 0) return RC_OK;
    }
    return format->read(cx, f->scan, of_file, n, sub_part, limit, take, r);
}

enum rc_t io_set_read(struct ctx *cx, struct io_scan *scan, const int *columns, int n_columns,
                      int64_t part, int64_t limit, io_push push, void *self)
{
    const struct io_set *s = (const struct io_set *)scan;
    const struct io_set_part *p = &s->parts[part];
    const struct io_format *format = s->spec.format;
    struct reader r = {.set = s,
                       .columns = columns,
                       .n_columns = n_columns,
                       .part = part,
                       .push = push,
                       .self = self};
    enum rc_t res = RC_OK;
    for (int i = 0; i < p->n_files && res == RC_OK; i++) {
        r.arena = arena_new();
        r.consts = ARENA_ARRAY(r.arena, struct constant, n_columns + 1);
        r.nulls = ARENA_ARRAY(r.arena, const struct column *, n_columns + 1);
        r.room = ARENA_ARRAY(r.arena, void *, n_columns + 1);
        r.vecs = ARENA_ARRAY(r.arena, struct vec, n_columns + 1);
        res = read_file(cx, &r, p->file + i, p->n_files > 1 ? 0 : p->sub, limit);
        arena_free(r.arena);
        if (format->rest && s->spec.files.n >= IO_SET_REST)
            format->rest(s->files[p->file + i].scan);
    }
    return res;
}

/* ---- skipping ---- */
static bool key_is_out(const struct scalar *v, const struct io_range *r)
{
    if (v->is_null) return !r->nulls;
    int lo = r->has_lo ? scalar_cmp(v, &r->lo) : 1, hi = r->has_hi ? scalar_cmp(v, &r->hi) : -1;
    return lo < 0 || hi > 0 || (lo == 0 && r->lo_open) || (hi == 0 && r->hi_open);
}

/* Whether a range says that no row of a file's partition is wanted; those that only the file
 * itself can judge go to `own`. */
static bool range_skips(const struct io_set *s, int file, const struct io_range *r,
                        struct io_range *own, int *n_own)
{
    int key = r->column - s->n_file_cols;
    if (key >= s->keys.n) return false;
    if (key >= 0) {
        const struct scalar *v = &s->keys.values[file * s->keys.n + key];
        bool same = (!r->has_lo || r->lo.type.kind == v->type.kind) &&
                    (!r->has_hi || r->hi.type.kind == v->type.kind);
        return same && key_is_out(v, r);
    }
    int at = s->files[file].at[r->column];
    if (at < 0) return !r->nulls;
    const struct io_scan_head *h = io_head(s->files[file].scan);
    if (!dtype_eq(h->schema->fields[at].type, s->head.schema->fields[r->column].type)) return false;
    own[*n_own] = *r;
    own[(*n_own)++].column = at;
    return false;
}

static bool file_skips(const struct io_set *s, int file, int sub, const struct io_range *ranges,
                       int n)
{
    struct io_range *own = mem_alloc(sizeof *own * (size_t)(n + 1));
    const struct io_format *f = s->spec.format;
    bool skips = false;
    int n_own = 0;
    for (int i = 0; i < n && !skips; i++)
        skips = range_skips(s, file, &ranges[i], own, &n_own);
    if (!skips && n_own && f->skip) skips = f->skip(s->files[file].scan, sub, own, n_own);
    mem_free(own);
    return skips;
}

bool io_set_skip(const struct io_scan *scan, int64_t part, const struct io_range *ranges, int n)
{
    const struct io_set *s = (const struct io_set *)(uintptr_t)scan;
    const struct io_set_part *p = &s->parts[part];
    for (int i = 0; i < p->n_files; i++)
        if (!file_skips(s, p->file + i, p->n_files > 1 ? 0 : p->sub, ranges, n)) return false;
    return true;
}
