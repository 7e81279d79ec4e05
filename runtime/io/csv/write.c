/* write.c: tables to delimited text: row ranges are formatted in parallel and written in order;
 * while one round is formatted, the round before goes to the file. */
#include "runtime/io/csv/cell.h"
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

#define CHUNK_CELLS 131072
#define CHUNK_ROWS  16384 /* at most */
#define ROUND       32    /* chunks; at most */
#define ROUND_SMALL 8     /* under a memory budget */

enum packing { PACK_NONE, PACK_GZIP, PACK_ZSTD };
struct writing { /* a file being written */
    struct io_writer head;
    struct schema *schema;
    struct io_output *file;
    char delim;
    enum packing packing;
    /* of the rows at hand: */
    const struct table *t;
    const struct cell_writer *cells;
    struct strbuf text[2][ROUND], packed[2][ROUND];
    char *na;      /* owned */
    int64_t first; /* row of the round that is formatted */
    int64_t chunk_rows;
    int round;      /* chunks */
    int side;       /* which half of the buffers it uses */
    int n_previous; /* chunks of the round before that are to be written */
};

const struct io_option_desc csv_write_options[] = {
    {"delim", KIND_STR, "the character between fields"},
    {"header", KIND_BOOL, "whether the first line holds the names (it does when not said)"},
    {"na", KIND_STR, "what stands for null (nothing, when not said)"},
    {"append", KIND_BOOL, "write the rows at the end of the file, whose columns must be the same"},
    {NULL, KIND_NULL, NULL},
};

static rc write_chunk(struct ctx *cx, struct writing *w, const struct strbuf *b)
{
    TRY(check_cancel(cx));
    return io_output_write(cx, w->file, b->p, b->n);
}

static rc pack(struct ctx *cx, const struct writing *w, const struct strbuf *text,
               struct strbuf *out)
{
    return w->packing == PACK_GZIP ? io_gzip_member(cx, text->p, text->n, out)
                                   : io_zstd_frame(cx, text->p, text->n, out);
}

/* Task 0 writes the round before; the others format a chunk each. */
static enum rc_t round_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct writing *w = arg;
    (void)worker;
    if (task == 0) {
        for (int i = 0; i < w->n_previous; i++)
            TRY(write_chunk(cx, w, w->packing ? &w->packed[!w->side][i] : &w->text[!w->side][i]));
        return RC_OK;
    }
    struct strbuf *text = &w->text[w->side][task - 1], *packed = &w->packed[w->side][task - 1];
    int64_t from = w->first + (task - 1) * w->chunk_rows, to = from + w->chunk_rows;
    strbuf_clear(text);
    cell_rows(text, w->cells, w->t->schema->n, w->delim, from,
              to < w->t->n_rows ? to : w->t->n_rows);
    if (!w->packing) return RC_OK;
    strbuf_clear(packed);
    return pack(cx, w, text, packed);
}

static rc write_rows(struct ctx *cx, struct writing *w)
{
    int64_t left = (w->t->n_rows + w->chunk_rows - 1) / w->chunk_rows;
    w->first = w->n_previous = 0;
    while (left > 0 || w->n_previous > 0) {
        int n = left < w->round ? (int)left : w->round;
        TRY(pool_run(cx, n + 1, round_task, w));
        w->n_previous = n;
        w->side = !w->side;
        w->first += (int64_t)n * w->chunk_rows;
        left -= n;
    }
    return RC_OK;
}

static rc write_names(struct ctx *cx, struct writing *w)
{
    struct strbuf b = {0}, packed = {0};
    cell_names(&b, w->schema, w->delim);
    enum rc_t res = RC_OK;
    if (w->packing) res = pack(cx, w, &b, &packed);
    const struct strbuf *out = w->packing ? &packed : &b;
    if (res == RC_OK) res = io_output_write(cx, w->file, out->p, out->n);
    strbuf_release(&b);
    strbuf_release(&packed);
    return res;
}

/* ---- append ---- */
static rc same_names(struct ctx *cx, const struct csv_scan *s, const struct schema *t,
                     struct span span)
{
    bool same = s->n_cols == t->n;
    for (int i = 0; i < s->n_cols && same; i++)
        same = strcmp(s->cols[i].name, t->fields[i].name) == 0;
    if (same) return RC_OK;
    struct strbuf names = {0};
    for (int i = 0; i < s->n_cols && names.n < 300; i++)
        strbuf_printf(&names, "%s%s", i ? ", " : "", s->cols[i].name);
    fail(cx, E306, span, "the columns of `%s` are other ones: %.*s", s->head.label, (int)names.n,
         names.p);
    strbuf_release(&names);
    return err_note(cx, "`select` brings the frame's columns into that order");
}

static rc ends_in_break(struct ctx *cx, const struct csv_file *f, bool *out)
{
    char last = '\n';
    size_t got = 0;
    TRY(io_source_read(cx, f->src, f->size - 1, &last, 1, &got));
    *out = last == '\n' || last == '\r';
    return RC_OK;
}

/* Looks at the file that rows are appended to. */
static rc check_target(struct ctx *cx, const struct schema *t, const char *path, char delim,
                       struct span span, bool *has_rows, bool *needs_break)
{
    struct csv_options o;
    *has_rows = *needs_break = false;
    struct csv_scan *s = csv_scan_new(&io_csv, path, span);
    enum rc_t res = io_source_open(cx, path, span, &s->files[0].src);
    if (res != RC_OK && cx->err->code == E301) { /* a new file */
        err_clear(cx->err);
        res = RC_OK;
    } else if (res == RC_OK && io_source_size(s->files[0].src) > 0) {
        *has_rows = true;
        s->files[0].size = io_source_size(s->files[0].src);
        res = csv_options_read(cx, s->arena, NULL, 0, delim, &o);
        o.has_header = o.header = true;
        if (res == RC_OK) res = csv_head(cx, s, &o);
        if (res == RC_OK) res = same_names(cx, s, t, span);
        bool ends = true;
        if (res == RC_OK) res = ends_in_break(cx, &s->files[0], &ends);
        *needs_break = !ends;
    }
    csv_scan_free(s);
    return res;
}

/* ---- the whole ---- */
static bool flag(const struct io_option *opts, int n, const char *name, bool otherwise)
{
    const struct io_option *o = io_option_get(opts, n, name);
    return o ? o->value.u.b : otherwise;
}

static rc read_delim(struct ctx *cx, const struct io_option *opts, int n, char *delim)
{
    const struct io_option *o = io_option_get(opts, n, "delim");
    if (!o) return RC_OK;
    return csv_one_char(cx, o, delim);
}

static char *na_text(const struct io_option *opts, int n)
{
    const struct io_option *o = io_option_get(opts, n, "na");
    size_t len = o ? o->value.u.s.n : 0;
    char *text = mem_zero(len + 1);
    if (len) memcpy(text, o->value.u.s.p, len);
    return text;
}

static rc start_file(struct ctx *cx, struct writing *w, bool names, bool line_break)
{
    if (line_break && !w->packing) TRY(io_output_write(cx, w->file, "\n", 1));
    return names ? write_names(cx, w) : RC_OK;
}

static enum packing packing_of(const char *path)
{
    struct str p = str_of(path);
    if (str_ends(p, STR(".gz"))) return PACK_GZIP;
    return str_ends(p, STR(".zst")) || str_ends(p, STR(".zstd")) ? PACK_ZSTD : PACK_NONE;
}

void csv_abort(struct io_writer *take_w)
{
    struct writing *w = (struct writing *)take_w;
    io_output_abort(w->file);
    for (int i = 0; i < 2 * ROUND; i++) {
        strbuf_release(&w->text[i / ROUND][i % ROUND]);
        strbuf_release(&w->packed[i / ROUND][i % ROUND]);
    }
    schema_unref(w->schema);
    mem_free(w->na);
    mem_free(w);
}

static rc begin_as(struct ctx *cx, const struct io_format *format, const struct schema *schema,
                   const char *path, const struct io_option *opts, int n_opts, struct span span,
                   struct io_writer **out)
{
    bool has_rows = false, needs_break = false, append = flag(opts, n_opts, "append", false);
    char delim = format == &io_tsv ? '\t' : ',';
    TRY(read_delim(cx, opts, n_opts, &delim));
    if (schema->n == 0)
        return fail(cx, E306, span, "a frame without columns cannot be saved as text");
    if (append) TRY(check_target(cx, schema, path, delim, span, &has_rows, &needs_break));
    struct writing *w = mem_zero(sizeof *w);
    w->head.format = format;
    w->schema = schema_ref(schema);
    w->delim = delim;
    w->chunk_rows = CHUNK_CELLS / schema->n < 256 ? 256 : CHUNK_CELLS / schema->n;
    if (w->chunk_rows > CHUNK_ROWS) w->chunk_rows = CHUNK_ROWS;
    w->round = cx->memory_budget > 0 ? ROUND_SMALL : ROUND;
    w->packing = packing_of(path);
    w->na = na_text(opts, n_opts);
    enum rc_t res = io_output_open(cx, path, append, span, &w->file);
    bool names = flag(opts, n_opts, "header", true) && !has_rows;
    if (res == RC_OK) res = start_file(cx, w, names, needs_break);
    if (res == RC_OK)
        *out = &w->head;
    else
        csv_abort(&w->head);
    return res;
}

enum rc_t csv_begin(struct ctx *cx, const struct schema *schema, const char *path,
                    const struct io_option *opts, int n_opts, struct span span,
                    struct io_writer **out)
{
    return begin_as(cx, &io_csv, schema, path, opts, n_opts, span, out);
}

enum rc_t tsv_begin(struct ctx *cx, const struct schema *schema, const char *path,
                    const struct io_option *opts, int n_opts, struct span span,
                    struct io_writer **out)
{
    return begin_as(cx, &io_tsv, schema, path, opts, n_opts, span, out);
}

enum rc_t csv_append(struct ctx *cx, struct io_writer *writer, const struct table *rows)
{
    struct writing *w = (struct writing *)writer;
    struct arena *a = arena_new();
    w->t = rows;
    struct cell_writer *cells = cell_writers(a, rows, w->delim);
    for (int i = 0; i < rows->schema->n; i++)
        cells[i].na = str_of(w->na);
    w->cells = cells;
    enum rc_t res = write_rows(cx, w);
    w->head.n_rows += rows->n_rows;
    arena_free(a);
    return res;
}

enum rc_t csv_finish(struct ctx *cx, struct io_writer *take_w)
{
    struct writing *w = (struct writing *)take_w;
    struct io_output *file = w->file;
    w->file = NULL; /* freed whatever happens */
    TRY(io_output_commit(cx, file));
    csv_abort(take_w);
    return RC_OK;
}

void io_csv_text(struct strbuf *out, const struct table *t, char delim)
{
    struct arena *a = arena_new();
    const struct cell_writer *w = cell_writers(a, t, delim);
    cell_names(out, t->schema, delim);
    cell_rows(out, w, t->schema->n, delim, 0, t->n_rows);
    strbuf_add(out, "", 0); /* ends in NUL as every strbuf does */
    arena_free(a);
}
