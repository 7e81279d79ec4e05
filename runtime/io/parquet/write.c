/* write.c: tables to Parquet files: rows are gathered into row groups, whose columns are encoded in
 * parallel, several groups at a time when there are, and written in order. */
#include "runtime/io/parquet/pq_int.h"
#include "runtime/io/parquet/pq_write.h"

#include "runtime/base/pool.h"

#define GROUP_ROWS (1 << 18)
#define ROUND      4 /* groups that are encoded at once */

const struct io_option_desc pq_write_options[] = {
    {"compression", KIND_STR,
     "how pages are packed: \"zstd\" (when not said), \"snappy\", \"gzip\", \"lz4\" or \"none\""},
    {"row_group", KIND_INT, "rows a row group (262144 when not said)"},
    {NULL, KIND_NULL, NULL},
};

static struct pq_writer *writer_of(struct io_writer *w)
{
    return (struct pq_writer *)w;
}

/* ---- options ---- */
static rc read_codec(struct ctx *cx, const struct io_option *o, int *out)
{
    static const struct {
        const char *name;
        int codec;
    } codecs[] = {{"snappy", PQ_SNAPPY}, {"zstd", PQ_ZSTD}, {"gzip", PQ_GZIP},
                  {"lz4", PQ_LZ4_RAW},   {"none", PQ_NONE}, {"uncompressed", PQ_NONE}};
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (str_eqz(o->value.u.s, codecs[i].name)) {
            *out = codecs[i].codec;
            return RC_OK;
        }
    fail(cx, E209, o->span, "compression: takes snappy, zstd, gzip, lz4 or none, not `%.*s`",
         STR_FMT(o->value.u.s));
    return err_hint(cx, "compression: \"zstd\"");
}

static rc read_options(struct ctx *cx, const struct io_option *opts, int n, struct pq_writer *w)
{
    const struct io_option *codec = io_option_get(opts, n, "compression");
    const struct io_option *rows = io_option_get(opts, n, "row_group");
    w->codec = PQ_ZSTD;
    w->group_rows = GROUP_ROWS;
    if (codec) TRY(read_codec(cx, codec, &w->codec));
    if (rows && (rows->value.u.i < 1 || rows->value.u.i > INT32_MAX))
        return fail(cx, E209, rows->span, "row_group: counts rows, from 1 to 2147483647");
    if (rows) w->group_rows = rows->value.u.i;
    return RC_OK;
}

/* ---- life ---- */
static void drop_pending(struct pq_writer *w)
{
    for (int i = 0; i < w->n_pending; i++)
        table_unref(w->pending[i]);
    mem_free(w->pending);
    w->pending = NULL;
    w->n_pending = w->cap_pending = 0;
    w->pending_rows = 0;
}

static void writer_free(struct pq_writer *w)
{
    for (int g = 0; g < w->n_groups; g++) {
        mem_free(w->groups[g].at);
        mem_free(w->groups[g].chunks);
    }
    for (int i = 0; w->levels && i < w->schema->n; i++)
        column_unref(w->levels[i]);
    mem_free(w->levels);
    mem_free(w->groups);
    mem_free(w->nodes);
    mem_free(w->leaves);
    drop_pending(w);
    schema_unref(w->schema);
    arena_free(w->arena);
    mem_free(w);
}

void pq_write_abort(struct io_writer *take_w)
{
    struct pq_writer *w = writer_of(take_w);
    io_output_abort(w->file);
    writer_free(w);
}

static rc put(struct ctx *cx, struct pq_writer *w, const char *p, size_t n)
{
    TRY(io_output_write(cx, w->file, p, n));
    w->at += (int64_t)n;
    return RC_OK;
}

enum rc_t pq_write_begin(struct ctx *cx, const struct schema *schema, const char *path,
                         const struct io_option *opts, int n_opts, struct span span,
                         struct io_writer **out)
{
    struct pq_writer *w = mem_zero(sizeof *w);
    w->head.format = &io_parquet;
    w->arena = arena_new();
    w->span = span;
    w->schema = schema_ref(schema);
    w->levels = mem_zero(sizeof *w->levels * (size_t)(schema->n + 1));
    enum rc_t res = read_options(cx, opts, n_opts, w);
    if (res == RC_OK && schema->n == 0)
        res = fail(cx, E306, span, "a frame without columns cannot be saved as Parquet");
    if (res == RC_OK) res = pq_write_schema(cx, w);
    if (res == RC_OK) res = io_output_open(cx, path, false, span, &w->file);
    if (res == RC_OK) res = put(cx, w, "PAR1", 4);
    if (res == RC_OK)
        *out = &w->head;
    else
        pq_write_abort(&w->head);
    return res;
}

/* ---- row groups ---- */
struct round {
    struct pq_writer *w;
    const struct table *t;
    int64_t from, to; /* rows */
    int n_groups;
    struct pq_wchunk *chunks; /* [n_groups][n_leaves] */
    struct table **parts;     /* [n_groups] */
};

static enum rc_t chunk_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct round *r = arg;
    const struct pq_wleaf *l = &r->w->leaves[task % r->w->n_leaves];
    const struct table *t = r->parts[task / r->w->n_leaves];
    (void)worker;
    return pq_chunk_write(cx, l, t->cols[l->column], r->w->codec, &r->chunks[task]);
}

static rc put_group(struct ctx *cx, struct pq_writer *w, const struct table *t,
                    struct pq_wchunk *chunks)
{
    if (w->n_groups == w->cap_groups) {
        w->cap_groups = w->cap_groups ? w->cap_groups * 2 : 16;
        w->groups = mem_realloc(w->groups, sizeof *w->groups * (size_t)w->cap_groups);
    }
    struct pq_wgroup *g = &w->groups[w->n_groups++];
    *g = (struct pq_wgroup){.n_rows = t->n_rows};
    g->at = mem_zero(sizeof *g->at * (size_t)(w->n_leaves + 1));
    g->chunks = mem_zero(sizeof *g->chunks * (size_t)(w->n_leaves + 1));
    int64_t began = w->at;
    for (int i = 0; i < w->n_leaves; i++) {
        g->at[i] = w->at;
        TRY(put(cx, w, chunks[i].bytes.p, chunks[i].bytes.n));
        g->chunks[i] = chunks[i];
        g->chunks[i].bytes = (struct strbuf){0};
    }
    g->n_bytes = w->at - began;
    w->head.n_rows += t->n_rows;
    return RC_OK;
}

static rc run_round(struct ctx *cx, struct round *r)
{
    struct pq_writer *w = r->w;
    for (int g = 0; g < r->n_groups; g++) {
        int64_t from = r->from + g * w->group_rows, to = from + w->group_rows;
        TRY(table_slice(cx, r->t, from, (to < r->to ? to : r->to) - from, &r->parts[g]));
    }
    TRY(pool_run(cx, (int64_t)r->n_groups * w->n_leaves, chunk_task, r));
    for (int g = 0; g < r->n_groups; g++)
        TRY(put_group(cx, w, r->parts[g], r->chunks + (size_t)g * (size_t)w->n_leaves));
    return RC_OK;
}

/* Rows [from, to) as row groups. */
static rc write_rows(struct ctx *cx, struct pq_writer *w, const struct table *t, int64_t from,
                     int64_t to)
{
    enum rc_t res = RC_OK;
    while (from < to && res == RC_OK) {
        int64_t groups = (to - from + w->group_rows - 1) / w->group_rows;
        int n = groups < ROUND ? (int)groups : ROUND;
        int64_t end = groups <= ROUND ? to : from + ROUND * w->group_rows;
        struct round r = {.w = w, .t = t, .from = from, .to = end, .n_groups = n};
        r.chunks = mem_zero(sizeof *r.chunks * (size_t)n * (size_t)w->n_leaves);
        r.parts = mem_zero(sizeof(struct table *) * (size_t)n);
        res = run_round(cx, &r);
        for (int i = 0; i < n * w->n_leaves; i++)
            strbuf_release(&r.chunks[i].bytes);
        for (int i = 0; i < n; i++)
            if (r.parts[i]) table_unref(r.parts[i]);
        mem_free(r.chunks);
        mem_free(r.parts);
        from = end;
    }
    return res;
}

/* Levels of categories: those of all parts, in order of first appearance. */
static rc see_levels(struct ctx *cx, struct pq_writer *w, const struct table *t)
{
    for (int i = 0; i < t->schema->n; i++) {
        const struct column *dict = t->cols[i]->dict;
        if (w->schema->fields[i].type.kind != KIND_CAT || !dict || dict == w->levels[i]) continue;
        if (!w->levels[i]) {
            w->levels[i] = column_ref(dict);
            continue;
        }
        const struct column *both[2] = {w->levels[i], dict};
        struct column *all, *coded;
        TRY(column_concat(cx, both, 2, &all));
        enum rc_t res = column_encode(cx, all, false, &coded);
        column_unref(all);
        TRY(res);
        column_unref(w->levels[i]);
        w->levels[i] = column_ref(coded->dict);
        column_unref(coded);
    }
    return RC_OK;
}

/* A text column with a copy of its texts: rows that wait must not keep alive whatever memory they
 * were cut from, wave after wave. */
static rc own_texts(struct ctx *cx, const struct column *c, struct column **out)
{
    struct builder b;
    struct column *plain;
    TRY(column_canonical(cx, c, &plain));
    struct vec v = column_view(plain, 0, plain->n);
    v.heap = NULL; /* so they are copied */
    builder_init(&b, c->type, PHYS_STR);
    enum rc_t res = builder_append(cx, &b, &v, NULL, plain->n);
    if (res == RC_OK) res = builder_finish(cx, &b, out);
    builder_release(&b);
    column_unref(plain);
    return res;
}

static rc own_rows(struct ctx *cx, const struct table *t, struct table **out)
{
    int n = t->schema->n;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n + 1));
    enum rc_t res = RC_OK;
    for (int i = 0; i < n && res == RC_OK; i++) {
        if (t->cols[i]->type.kind == KIND_STR)
            res = own_texts(cx, t->cols[i], &cols[i]);
        else
            cols[i] = column_ref(t->cols[i]);
    }
    if (res == RC_OK) {
        res = table_new(cx, t->schema, cols, t->n_rows, out);
    } else {
        for (int i = 0; i < n; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    return res;
}

static void add_pending(struct pq_writer *w, const struct table *t)
{
    if (w->n_pending == w->cap_pending) {
        w->cap_pending = w->cap_pending ? w->cap_pending * 2 : 16;
        w->pending = mem_realloc(w->pending, sizeof(struct table *) * (size_t)w->cap_pending);
    }
    w->pending[w->n_pending++] = table_ref(t);
    w->pending_rows += t->n_rows;
}

/* Writes what fills row groups (or all of it); the rest waits. */
static rc flush(struct ctx *cx, struct pq_writer *w, bool all)
{
    struct table *t = NULL, *rest = NULL;
    if (w->n_pending == 0) return RC_OK;
    TRY(table_concat(cx, (const struct table *const *)w->pending, w->n_pending, &t));
    int64_t full = all ? t->n_rows : t->n_rows / w->group_rows * w->group_rows;
    enum rc_t res = write_rows(cx, w, t, 0, full);
    if (res == RC_OK && full < t->n_rows) {
        struct table *cut;
        res = table_slice(cx, t, full, t->n_rows - full, &cut);
        if (res == RC_OK) {
            res = own_rows(cx, cut, &rest);
            table_unref(cut);
        }
    }
    table_unref(t);
    if (res != RC_OK) return res;
    drop_pending(w);
    if (rest) add_pending(w, rest);
    if (rest) table_unref(rest);
    return RC_OK;
}

enum rc_t pq_write_append(struct ctx *cx, struct io_writer *head, const struct table *rows)
{
    struct pq_writer *w = writer_of(head);
    if (rows->n_rows == 0) return see_levels(cx, w, rows);
    TRY(see_levels(cx, w, rows));
    if (w->pending_rows + rows->n_rows < w->group_rows) {
        struct table *own;
        TRY(own_rows(cx, rows, &own));
        add_pending(w, own);
        table_unref(own);
        return RC_OK;
    }
    add_pending(w, rows);
    return w->pending_rows >= w->group_rows ? flush(cx, w, false) : RC_OK;
}

enum rc_t pq_write_finish(struct ctx *cx, struct io_writer *head)
{
    struct pq_writer *w = writer_of(head);
    TRY(flush(cx, w, true));
    struct strbuf footer = {0};
    pq_write_footer(&footer, w);
    uint32_t n = (uint32_t)footer.n;
    bool fits = footer.n <= INT32_MAX;
    strbuf_add(&footer, (const char *)&n, 4);
    strbuf_addz(&footer, "PAR1");
    enum rc_t res = fits ? put(cx, w, footer.p, footer.n)
                         : fail(cx, E306, w->span, "the file's footer is longer than 2 GB");
    strbuf_release(&footer);
    TRY(res);
    struct io_output *file = w->file;
    w->file = NULL;
    TRY(io_output_commit(cx, file));
    writer_free(w);
    return RC_OK;
}
