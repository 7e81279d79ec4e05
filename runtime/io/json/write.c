/* write.c: rows to JSON (an array, a record a line) and JSON Lines. Rows are formatted in parallel
 * and written in order; a name ending in .gz packs them. */
#include "runtime/io/json/json_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/base/pool.h"
#include "runtime/base/zone.h"

#include <math.h>

#define CHUNK_ROWS 8192
#define ROUND      16 /* chunks formatted before they are written */

const struct io_option_desc json_write_options[] = {
    {"append", KIND_BOOL, "write the records at the end of the file (jsonl)"},
    {NULL, KIND_NULL, NULL},
};

struct json_writer {
    struct io_writer head;
    struct io_output *file;
    struct span span;
    bool is_array, is_gzip;
    struct strbuf *names; /* [columns] `"name":` */
    int n_cols;
    struct strbuf text[ROUND], packed[ROUND];
    const struct table *rows; /* being appended */
    int64_t first;
};

/* ---- values ---- */
static void put_string(struct strbuf *b, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    size_t from = 0;
    strbuf_addc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char x = (unsigned char)s.p[i];
        if (x >= 0x20 && x != '"' && x != '\\') continue;
        strbuf_add(b, s.p + from, i - from);
        from = i + 1;
        strbuf_addc(b, '\\');
        if (x == '"' || x == '\\')
            strbuf_addc(b, (char)x);
        else if (x == '\n')
            strbuf_addc(b, 'n');
        else if (x == '\t')
            strbuf_addc(b, 't');
        else if (x == '\r')
            strbuf_addc(b, 'r');
        else {
            strbuf_addz(b, "u00");
            strbuf_addc(b, hex[x >> 4]);
            strbuf_addc(b, hex[x & 15]);
        }
    }
    strbuf_add(b, s.p + from, s.n - from);
    strbuf_addc(b, '"');
}

static void put_number(struct strbuf *b, double x)
{
    char text[NUM_TEXT_MAX];
    int n = num_format(x, text);
    if (isinf(x)) {
        put_string(b, (struct str){text, (size_t)n});
        return;
    }
    strbuf_add(b, text, (size_t)n);
}

/* Dates and times as ISO 8601, with the T. */
static void put_time(struct strbuf *b, const struct column *c, int64_t row)
{
    char text[ZONED_TEXT_MAX];
    int n;
    if (c->phys == PHYS_DATE32)
        n = date_format(((const int32_t *)c->data)[row], text);
    else if (c->phys == PHYS_TS64)
        n = zoned_format(((const int64_t *)c->data)[row], c->type.zone, text);
    else
        n = duration_format(((const int64_t *)c->data)[row], text);
    char *blank = c->phys == PHYS_TS64 ? strchr(text, ' ') : NULL;
    if (blank) *blank = 'T';
    put_string(b, (struct str){text, (size_t)n});
}

static void put_value(struct strbuf *b, const struct column *c, int64_t row);

static void put_list(struct strbuf *b, const struct column *c, int64_t row)
{
    const int64_t *at = c->data;
    strbuf_addc(b, '[');
    for (int64_t i = at[row]; i < at[row + 1]; i++) {
        if (i > at[row]) strbuf_addc(b, ',');
        put_value(b, c->child[0], i);
    }
    strbuf_addc(b, ']');
}

static void put_struct(struct strbuf *b, const struct column *c, int64_t row)
{
    strbuf_addc(b, '{');
    for (int i = 0; i < c->n_child; i++) {
        if (i) strbuf_addc(b, ',');
        put_string(b, str_of(c->type.fields->fields[i].name));
        strbuf_addc(b, ':');
        put_value(b, c->child[i], row);
    }
    strbuf_addc(b, '}');
}

static void put_value(struct strbuf *b, const struct column *c, int64_t row)
{
    char text[NUM_TEXT_MAX];
    if (!bit_valid(c->valid, row)) {
        strbuf_addz(b, "null");
        return;
    }
    switch (c->phys) {
    case PHYS_BOOL: strbuf_addz(b, bit_get(c->data, row) ? "true" : "false"); break;
    case PHYS_I32:
        strbuf_add(b, text, (size_t)int_format(((const int32_t *)c->data)[row], text));
        break;
    case PHYS_I64:
        strbuf_add(b, text, (size_t)int_format(((const int64_t *)c->data)[row], text));
        break;
    case PHYS_F32: put_number(b, (double)((const float *)c->data)[row]); break;
    case PHYS_F64: put_number(b, ((const double *)c->data)[row]); break;
    case PHYS_STR: put_string(b, text_str((const struct text *)c->data + row)); break;
    case PHYS_DICT: {
        int32_t code = ((const int32_t *)c->data)[row];
        put_string(b, text_str((const struct text *)c->dict->data + code));
        break;
    }
    case PHYS_LIST: put_list(b, c, row); break;
    case PHYS_STRUCT: put_struct(b, c, row); break;
    default: put_time(b, c, row);
    }
}

/* ---- rows ---- */
static void put_row(const struct json_writer *w, struct strbuf *b, int64_t row)
{
    bool is_first = w->head.n_rows + row == 0;
    if (w->is_array) strbuf_addz(b, is_first ? "\n" : ",\n");
    strbuf_addc(b, '{');
    for (int i = 0; i < w->n_cols; i++) {
        if (i) strbuf_addc(b, ',');
        strbuf_adds(b, strbuf_view(&w->names[i]));
        put_value(b, w->rows->cols[i], row);
    }
    strbuf_addz(b, w->is_array ? "}" : "}\n");
}

static void put_names(struct json_writer *w, const struct schema *schema)
{
    w->n_cols = schema->n;
    w->names = mem_zero(sizeof *w->names * (size_t)(schema->n + 1));
    for (int i = 0; i < schema->n; i++) {
        put_string(&w->names[i], str_of(schema->fields[i].name));
        strbuf_addc(&w->names[i], ':');
    }
}

void io_json_text(struct strbuf *out, const struct table *t, bool is_array)
{
    struct json_writer w = {.is_array = is_array, .rows = t};
    put_names(&w, t->schema);
    if (is_array) strbuf_addc(out, '[');
    for (int64_t row = 0; row < t->n_rows; row++)
        put_row(&w, out, row);
    if (is_array) strbuf_addz(out, t->n_rows ? "\n]\n" : "]\n");
    for (int i = 0; i < w.n_cols; i++)
        strbuf_release(&w.names[i]);
    mem_free(w.names);
}

static enum rc_t chunk_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct json_writer *w = arg;
    struct strbuf *b = &w->text[task];
    int64_t from = w->first + task * CHUNK_ROWS, to = from + CHUNK_ROWS;
    (void)worker;
    if (to > w->rows->n_rows) to = w->rows->n_rows;
    strbuf_clear(b);
    strbuf_clear(&w->packed[task]);
    for (int64_t row = from; row < to; row++)
        put_row(w, b, row);
    if (w->is_gzip) TRY(io_gzip_member(cx, b->p, b->n, &w->packed[task]));
    return check_cancel(cx);
}

enum rc_t json_append(struct ctx *cx, struct io_writer *writer, const struct table *rows)
{
    struct json_writer *w = (struct json_writer *)(void *)writer;
    w->rows = rows;
    for (w->first = 0; w->first < rows->n_rows; w->first += (int64_t)ROUND * CHUNK_ROWS) {
        int64_t left = (rows->n_rows - w->first + CHUNK_ROWS - 1) / CHUNK_ROWS;
        int64_t n = left < ROUND ? left : ROUND;
        TRY(pool_run(cx, n, chunk_task, w));
        for (int64_t i = 0; i < n; i++) {
            const struct strbuf *b = w->is_gzip ? &w->packed[i] : &w->text[i];
            TRY(io_output_write(cx, w->file, b->p, b->n));
        }
    }
    w->head.n_rows += rows->n_rows;
    return RC_OK;
}

/* ---- beginning and end ---- */
static rc put_plain(struct ctx *cx, struct json_writer *w, const char *text)
{
    struct strbuf packed = {0};
    size_t n = strlen(text);
    if (!w->is_gzip) return io_output_write(cx, w->file, text, n);
    enum rc_t res = io_gzip_member(cx, text, n, &packed);
    if (res == RC_OK) res = io_output_write(cx, w->file, packed.p, packed.n);
    strbuf_release(&packed);
    return res;
}

static void release(struct json_writer *w)
{
    for (int i = 0; i < w->n_cols; i++)
        strbuf_release(&w->names[i]);
    for (int i = 0; i < ROUND; i++) {
        strbuf_release(&w->text[i]);
        strbuf_release(&w->packed[i]);
    }
    mem_free(w->names);
    mem_free(w);
}

void json_abort(struct io_writer *writer)
{
    struct json_writer *w = (struct json_writer *)(void *)writer;
    if (!w) return;
    io_output_abort(w->file);
    release(w);
}

enum rc_t json_finish(struct ctx *cx, struct io_writer *writer)
{
    struct json_writer *w = (struct json_writer *)(void *)writer;
    if (w->is_array) TRY(put_plain(cx, w, w->head.n_rows ? "\n]\n" : "]\n"));
    struct io_output *file = w->file;
    w->file = NULL;
    TRY(io_output_commit(cx, file));
    release(w);
    return RC_OK;
}

static rc begin_as(struct ctx *cx, const struct io_format *f, bool is_array,
                   const struct schema *schema, const char *path, const struct io_option *opts,
                   int n_opts, struct span span, struct io_writer **out)
{
    const struct io_option *append = io_option_get(opts, n_opts, "append");
    bool is_append = append && append->value.u.b;
    if (is_append && is_array) {
        fail(cx, E209, append->span, "records cannot be appended to a JSON array");
        return err_hint(cx, "save \"name.jsonl\", append: true");
    }
    struct json_writer *w = mem_zero(sizeof *w);
    w->head.format = f;
    w->span = span;
    w->is_array = is_array;
    w->is_gzip = str_ends(str_of(path), STR(".gz"));
    put_names(w, schema);
    enum rc_t res = io_output_open(cx, path, is_append, span, &w->file);
    if (res == RC_OK && is_array) res = put_plain(cx, w, "[");
    if (res != RC_OK) {
        json_abort(&w->head);
        return res;
    }
    *out = &w->head;
    return RC_OK;
}

extern const struct io_format io_json, io_jsonl;
enum rc_t json_begin(struct ctx *cx, const struct schema *schema, const char *path,
                     const struct io_option *opts, int n_opts, struct span span,
                     struct io_writer **out)
{
    return begin_as(cx, &io_json, true, schema, path, opts, n_opts, span, out);
}
enum rc_t jsonl_begin(struct ctx *cx, const struct schema *schema, const char *path,
                      const struct io_option *opts, int n_opts, struct span span,
                      struct io_writer **out)
{
    return begin_as(cx, &io_jsonl, false, schema, path, opts, n_opts, span, out);
}
