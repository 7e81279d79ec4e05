/* arrow.c: the formats arrow (file) and arrows (stream): opening, and what the format registry asks
 * for. */
#include "runtime/io/arrow/arrow_int.h"

static struct arrow_scan *scan_of(const struct io_scan *s)
{
    return (struct arrow_scan *)(uintptr_t)s;
}

static void let_go(void *schema)
{
    schema_unref(schema);
}

static rc make_schema(struct ctx *cx, struct arrow_scan *s)
{
    struct field *fields = ARENA_ARRAY(s->arena, struct field, s->n_fields + 1);
    for (int i = 0; i < s->n_fields; i++) {
        fields[i].name = s->fields[i].name;
        TRY(arrow_dtype(cx, &s->fields[i], s->span, &fields[i].type));
    }
    TRY(schema_new(cx, fields, s->n_fields, s->span, &s->head.schema));
    arena_on_free(s->arena, let_go, s->head.schema);
    return RC_OK;
}

static void arrow_close(struct io_scan *scan)
{
    struct arrow_scan *s = scan_of(scan);
    for (int i = 0; i < s->n_dicts; i++)
        column_unref(s->dicts[i].values);
    mem_free(s->dicts);
    io_source_close(s->src);
    arena_free(s->arena);
    mem_free(s);
}

static rc open_scan(struct ctx *cx, struct arrow_scan *s)
{
    TRY(io_source_open(cx, s->head.label, s->span, &s->src));
    s->head.n_bytes = io_source_size(s->src);
    TRY(arrow_open_file(cx, s));
    TRY(make_schema(cx, s));
    if (s->n_batches > INT32_MAX) return arrow_damaged(cx, s, "too many batches");
    s->head.n_partitions = (int)s->n_batches;
    return RC_OK;
}

extern const struct io_format io_arrow, io_arrows;
static rc open_as(struct ctx *cx, const struct io_format *f, const char *path, struct span span,
                  struct io_scan **out)
{
    struct arrow_scan *s = mem_zero(sizeof *s);
    s->arena = arena_new();
    s->span = span;
    s->head.format = f;
    s->head.label = arena_strndup(s->arena, path, strlen(path));
    atomic_init(&s->head.refs, 1);
    if (open_scan(cx, s) != RC_OK) {
        arrow_close((struct io_scan *)s);
        return RC_ERR;
    }
    *out = (struct io_scan *)s;
    return RC_OK;
}
static enum rc_t arrow_open(struct ctx *cx, const char *path, const struct io_option *opts,
                            int n_opts, struct span span, struct io_scan **out)
{
    (void)opts;
    (void)n_opts;
    return open_as(cx, &io_arrow, path, span, out);
}
static enum rc_t arrows_open(struct ctx *cx, const char *path, const struct io_option *opts,
                             int n_opts, struct span span, struct io_scan **out)
{
    (void)opts;
    (void)n_opts;
    return open_as(cx, &io_arrows, path, span, out);
}

static enum rc_t arrow_read(struct ctx *cx, struct io_scan *scan, const int *columns, int n_columns,
                            int64_t part, int64_t limit, io_push push, void *self)
{
    struct arrow_scan *s = scan_of(scan);
    const struct arrow_message *m = &s->batches[part];
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n_columns + 1));
    struct fb b;
    char *bytes;
    int64_t want = m->n_rows;
    if (limit >= 0 && limit - m->rows_before < want) want = limit - m->rows_before;
    if (want <= 0) {
        mem_free(cols);
        return RC_OK;
    }
    enum rc_t res = arrow_load(cx, s, m, &bytes, &b);
    if (res == RC_OK) {
        fb_at header = fb_table(&b, fb_root(&b), 2);
        res = arrow_batch(cx, s, m, &b, header, part, s->fields, s->n_fields, columns, n_columns,
                          cols);
        mem_free(bytes);
    }
    if (res == RC_OK) res = io_push_columns(cx, cols, n_columns, part, want, push, self);
    for (int i = 0; i < n_columns; i++)
        column_unref(cols[i]);
    mem_free(cols);
    return res;
}

static bool arrow_is_stale(const struct io_scan *scan)
{
    return io_source_is_stale(scan_of(scan)->src);
}

static int arrow_probe(const char *head, size_t n)
{
    return n >= 8 && memcmp(head, "ARROW1\0\0", 8) == 0 ? 100 : 0;
}
/* A marked message whose metadata is a table not far from its beginning. */
static int arrows_probe(const char *head, size_t n)
{
    static const unsigned char mark[4] = {255, 255, 255, 255};
    return n >= 16 && memcmp(head, mark, 4) == 0 && head[6] == 0 && head[7] == 0 ? 80 : 0;
}

static const struct io_option_desc read_options[] = {{NULL, KIND_NULL, NULL}};

const struct io_format io_arrow = {
    .name = "arrow",
    .extensions = "arrow feather ipc arrow_file",
    .doc = "Arrow IPC files (Feather 2): columns as they lie in memory.",
    .read_options = read_options,
    .write_options = arrow_write_options,
    .probe = arrow_probe,
    .open = arrow_open,
    .close = arrow_close,
    .read = arrow_read,
    .is_stale = arrow_is_stale,
    .begin = arrow_begin,
    .append = arrow_append,
    .finish = arrow_finish,
    .abort = arrow_abort,
};
const struct io_format io_arrows = {
    .name = "arrows",
    .extensions = "arrows stream",
    .doc = "Arrow IPC streams.",
    .read_options = read_options,
    .write_options = arrow_write_options,
    .probe = arrows_probe,
    .open = arrows_open,
    .close = arrow_close,
    .read = arrow_read,
    .is_stale = arrow_is_stale,
    .begin = arrows_begin,
    .append = arrow_append,
    .finish = arrow_finish,
    .abort = arrow_abort,
};
