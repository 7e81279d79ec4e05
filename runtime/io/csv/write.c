/* write.c: tables to delimited text: row ranges are formatted in parallel and written in order;
 * while one round is formatted, the round before goes to the file. */
#include "runtime/io/csv/cell.h"
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

#define CHUNK_ROWS 16384
#define ROUND      32 /* chunks */

struct writing {
    const struct table *t;
    const struct cell_writer *cells;
    struct io_output *file;
    char delim;
    bool is_gzip;
    struct strbuf text[2][ROUND], packed[2][ROUND];
    int64_t first;  /* row of the round that is formatted */
    int side;       /* which half of the buffers it uses */
    int n_previous; /* chunks of the round before that are to be written */
};

const struct io_option_desc csv_write_options[] = {
    {"delim", KIND_STR, "the character between fields"},
    {"header", KIND_BOOL, "whether the first line holds the names (it does when not said)"},
    {"append", KIND_BOOL, "write the rows at the end of the file, whose columns must be the same"},
    {NULL, KIND_NULL, NULL},
};

static rc write_chunk(struct ctx *cx, struct writing *w, const struct strbuf *b)
{
    TRY(check_cancel(cx));
    return io_output_write(cx, w->file, b->p, b->n);
}

/* Task 0 writes the round before; the others format a chunk each. */
static enum rc_t round_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct writing *w = arg;
    (void)worker;
    if (task == 0) {
        for (int i = 0; i < w->n_previous; i++)
            TRY(write_chunk(cx, w, w->is_gzip ? &w->packed[!w->side][i] : &w->text[!w->side][i]));
        return RC_OK;
    }
    struct strbuf *text = &w->text[w->side][task - 1], *packed = &w->packed[w->side][task - 1];
    int64_t from = w->first + (task - 1) * CHUNK_ROWS, to = from + CHUNK_ROWS;
    strbuf_clear(text);
    cell_rows(text, w->cells, w->t->schema->n, w->delim, from,
              to < w->t->n_rows ? to : w->t->n_rows);
    if (!w->is_gzip) return RC_OK;
    strbuf_clear(packed);
    return io_gzip_member(cx, text->p, text->n, packed);
}

static rc write_rows(struct ctx *cx, struct writing *w)
{
    int64_t left = (w->t->n_rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    while (left > 0 || w->n_previous > 0) {
        int n = left < ROUND ? (int)left : ROUND;
        TRY(pool_run(cx, n + 1, round_task, w));
        w->n_previous = n;
        w->side = !w->side;
        w->first += (int64_t)n * CHUNK_ROWS;
        left -= n;
    }
    return RC_OK;
}

static rc write_names(struct ctx *cx, struct writing *w)
{
    struct strbuf b = {0}, packed = {0};
    cell_names(&b, w->cells, w->t->schema, w->delim);
    enum rc_t res = RC_OK;
    if (w->is_gzip) res = io_gzip_member(cx, b.p, b.n, &packed);
    const struct strbuf *out = w->is_gzip ? &packed : &b;
    if (res == RC_OK) res = io_output_write(cx, w->file, out->p, out->n);
    strbuf_release(&b);
    strbuf_release(&packed);
    return res;
}

/* ---- append ---- */
static rc same_names(struct ctx *cx, const struct csv_scan *s, const struct table *t,
                     struct span span)
{
    bool same = s->n_cols == t->schema->n;
    for (int i = 0; i < s->n_cols && same; i++)
        same = strcmp(s->cols[i].name, t->schema->fields[i].name) == 0;
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
static rc check_target(struct ctx *cx, const struct table *t, const char *path, char delim,
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

static rc run_writing(struct ctx *cx, struct writing *w, bool names, bool line_break)
{
    if (line_break) TRY(io_output_write(cx, w->file, "\n", 1));
    if (names) TRY(write_names(cx, w));
    return write_rows(cx, w);
}

static rc write_as(struct ctx *cx, const struct table *t, const char *path,
                   const struct io_option *opts, int n_opts, struct span span, char delim)
{
    bool has_rows = false, needs_break = false, append = flag(opts, n_opts, "append", false);
    TRY(read_delim(cx, opts, n_opts, &delim));
    if (t->schema->n == 0)
        return fail(cx, E306, span, "a frame without columns cannot be saved as text");
    if (append) TRY(check_target(cx, t, path, delim, span, &has_rows, &needs_break));
    struct writing *w = mem_zero(sizeof *w);
    struct arena *a = arena_new();
    w->t = t;
    w->delim = delim;
    w->is_gzip = str_ends(str_of(path), STR(".gz"));
    w->cells = cell_writers(a, t, delim);
    enum rc_t res = io_output_open(cx, path, append, span, &w->file);
    if (res == RC_OK) {
        bool names = flag(opts, n_opts, "header", true) && !has_rows;
        res = run_writing(cx, w, names, needs_break && !w->is_gzip);
        if (res == RC_OK)
            res = io_output_commit(cx, w->file);
        else
            io_output_abort(w->file);
    }
    for (int i = 0; i < 2 * ROUND; i++) {
        strbuf_release(&w->text[i / ROUND][i % ROUND]);
        strbuf_release(&w->packed[i / ROUND][i % ROUND]);
    }
    arena_free(a);
    mem_free(w);
    return res;
}

enum rc_t csv_write(struct ctx *cx, const struct table *t, const char *path,
                    const struct io_option *opts, int n_opts, struct span span)
{
    return write_as(cx, t, path, opts, n_opts, span, ',');
}

enum rc_t tsv_write(struct ctx *cx, const struct table *t, const char *path,
                    const struct io_option *opts, int n_opts, struct span span)
{
    return write_as(cx, t, path, opts, n_opts, span, '\t');
}

void io_csv_text(struct strbuf *out, const struct table *t, char delim)
{
    struct arena *a = arena_new();
    const struct cell_writer *w = cell_writers(a, t, delim);
    cell_names(out, w, t->schema, delim);
    cell_rows(out, w, t->schema->n, delim, 0, t->n_rows);
    strbuf_add(out, "", 0); /* ends in NUL as every strbuf does */
    arena_free(a);
}
