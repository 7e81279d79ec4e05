/* json.c: the formats json and jsonl: opening, and what the format registry asks for. */
#include "runtime/io/json/json_int.h"

#include "runtime/base/pool.h"

static struct json_scan *scan_of(const struct io_scan *s)
{
    return (struct json_scan *)(uintptr_t)s;
}

/* ---- opening ---- */
static void release_schema(void *schema)
{
    schema_unref(schema);
}

/* types: {zip: str} */
static rc force_types(struct ctx *cx, struct json_scan *s, const struct io_option *o,
                      struct field *fields, int n)
{
    static const enum kind kinds[] = {KIND_INT,  KIND_NUM,  KIND_STR,
                                      KIND_BOOL, KIND_DATE, KIND_DATETIME};
    const struct table *t = o && !o->value.is_null ? o->value.u.row : NULL;
    for (int i = 0; t && i < t->schema->n; i++) {
        int at = 0;
        bool is_known = false;
        while (at < n && strcmp(fields[at].name, t->schema->fields[i].name) != 0)
            at++;
        if (at == n)
            return fail(cx, E201, o->span, "types: names `%s`, which is no column of `%s`",
                        t->schema->fields[i].name, s->head.label);
        struct scalar v = column_scalar(t->cols[i], 0);
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            if (!v.is_null && v.type.kind == KIND_STR && str_eqz(v.u.s, kind_name(kinds[k]))) {
                fields[at].type = DTYPE(kinds[k]);
                is_known = true;
            }
        if (!is_known)
            return fail(cx, E209, o->span, "types: knows int, num, str, bool, date and datetime");
        s->is_forced[at] = true;
    }
    return RC_OK;
}

static rc make_schema(struct ctx *cx, struct json_scan *s, const struct io_option *types)
{
    const struct json_type *root = s->root;
    uint32_t has = root->has & ~(uint32_t)JSON_HAS_NULL;
    s->is_wrapped = !(has == JSON_HAS_OBJECT || has == 0) || (has == 0 && root->has);
    int n = s->is_wrapped ? 1 : root->n_fields;
    struct field *fields = ARENA_ARRAY(s->arena, struct field, n + 1);
    s->is_forced = ARENA_ARRAY(s->arena, bool, n + 1);
    if (s->is_wrapped) {
        fields[0].name = "value";
        TRY(json_dtype(cx, root, s->span, &fields[0].type));
    }
    for (int i = 0; i < n && !s->is_wrapped; i++) {
        struct str name = root->fields[i].name;
        fields[i].name = arena_strndup(s->arena, name.p, name.n);
        TRY(json_dtype(cx, root->fields[i].type, s->span, &fields[i].type));
    }
    TRY(force_types(cx, s, types, fields, n));
    if (n == 0) return fail(cx, E308, s->span, "`%s` holds no records with names", s->head.label);
    TRY(schema_new(cx, fields, n, s->span, &s->head.schema));
    arena_on_free(s->arena, release_schema, s->head.schema);
    return RC_OK;
}

static rc open_scan(struct ctx *cx, struct json_scan *s, const struct io_option *opts, int n_opts)
{
    const struct io_option *path = io_option_get(opts, n_opts, "path");
    TRY(io_source_open(cx, s->head.label, s->span, &s->src));
    s->head.n_bytes = io_source_size(s->src);
    TRY(json_infer(cx, s, path ? path->value.u.s : (struct str){0}));
    TRY(make_schema(cx, s, io_option_get(opts, n_opts, "types")));
    if (s->n_blocks > INT32_MAX) return fail(cx, E309, s->span, "`%s` is too large", s->head.label);
    s->head.n_partitions = (int)s->n_blocks;
    return RC_OK;
}

static void json_close(struct io_scan *scan)
{
    struct json_scan *s = scan_of(scan);
    io_source_close(s->src);
    arena_free(s->arena);
    mem_free(s);
}

extern const struct io_format io_json, io_jsonl;
static rc open_as(struct ctx *cx, const struct io_format *f, const char *path,
                  const struct io_option *opts, int n_opts, struct span span, struct io_scan **out)
{
    struct json_scan *s = mem_zero(sizeof *s);
    s->arena = arena_new();
    s->span = span;
    s->head.format = f;
    s->head.label = arena_strndup(s->arena, path, strlen(path));
    atomic_init(&s->head.refs, 1);
    if (open_scan(cx, s, opts, n_opts) != RC_OK) {
        json_close((struct io_scan *)s);
        return RC_ERR;
    }
    *out = (struct io_scan *)s;
    return RC_OK;
}
static enum rc_t json_open(struct ctx *cx, const char *path, const struct io_option *opts,
                           int n_opts, struct span span, struct io_scan **out)
{
    return open_as(cx, &io_json, path, opts, n_opts, span, out);
}
static enum rc_t jsonl_open(struct ctx *cx, const char *path, const struct io_option *opts,
                            int n_opts, struct span span, struct io_scan **out)
{
    return open_as(cx, &io_jsonl, path, opts, n_opts, span, out);
}

/* ---- reading ---- */
static enum rc_t json_read(struct ctx *cx, struct io_scan *scan, const int *columns, int n_columns,
                           int64_t part, int64_t limit, io_push push, void *self)
{
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n_columns + 1));
    int64_t n_rows;
    enum rc_t res =
        json_read_block(cx, scan_of(scan), columns, n_columns, part, limit, cols, &n_rows);
    if (res == RC_OK) {
        res = io_push_columns(cx, cols, n_columns, part, n_rows, push, self);
        for (int i = 0; i < n_columns; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    return res;
}

struct whole {
    struct json_scan *s;
    const int *columns;
    int n_columns;
    int64_t limit;
    struct column **cols; /* [blocks][n_columns] */
};

static enum rc_t whole_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct whole *w = arg;
    int64_t n_rows;
    (void)worker;
    return json_read_block(cx, w->s, w->columns, w->n_columns, task, w->limit,
                           w->cols + task * w->n_columns, &n_rows);
}

static enum rc_t json_read_whole(struct ctx *cx, struct io_scan *scan, const int *columns,
                                 int n_columns, int64_t limit, struct column **out)
{
    struct json_scan *s = scan_of(scan);
    int64_t n = s->n_blocks;
    struct whole w = {.s = s, .columns = columns, .n_columns = n_columns, .limit = limit};
    w.cols = mem_zero(mem_mul(sizeof *w.cols, (size_t)(n * n_columns + 1)));
    const struct column **parts = mem_zero(sizeof *parts * (size_t)(n + 1));
    enum rc_t res = pool_run(cx, n, whole_task, &w);
    int done = 0;
    for (; done < n_columns && res == RC_OK; done += res == RC_OK) {
        for (int64_t b = 0; b < n; b++)
            parts[b] = w.cols[b * n_columns + done];
        res = n ? column_concat(cx, parts, (int)n, &out[done])
                : column_nulls(cx, s->head.schema->fields[columns[done]].type, 0, &out[done]);
    }
    for (int i = 0; i < done && res != RC_OK; i++)
        column_unref(out[i]);
    for (int64_t i = 0; i < n * n_columns; i++)
        column_unref(w.cols[i]);
    mem_free(parts);
    mem_free(w.cols);
    return res;
}

static enum rc_t json_done(struct ctx *cx, struct io_scan *scan)
{
    struct json_scan *s = scan_of(scan);
    if (!cx->notify || !cx->notify->warn || atomic_exchange(&s->is_reported, true)) return RC_OK;
    for (int i = 0; i < s->head.schema->n && i < 1024; i++) {
        const struct field *f = &s->head.schema->fields[i];
        long long bad = atomic_load(&s->n_bad[i]);
        if (bad)
            warn(cx, W312, s->span, "%lld of %lld values of `%s` are no %s and became null", bad,
                 (long long)s->head.n_rows, f->name, kind_name(f->type.kind));
    }
    return RC_OK;
}

static bool json_is_stale(const struct io_scan *scan)
{
    return io_source_is_stale(scan_of(scan)->src);
}

static int json_probe(const char *head, size_t n)
{
    size_t i = n >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (i < n && strchr(" \t\r\n", head[i]) && head[i])
        i++;
    char first = i < n ? head[i++] : 0;
    while (i < n && strchr(" \t\r\n", head[i]) && head[i])
        i++;
    char next = i < n ? head[i] : 0;
    if (first == '{') return next == '"' || next == '}' ? 60 : 0;
    return first == '[' && next && strchr("{[\"]", next) ? 60 : 0;
}

static const struct io_option_desc read_options[] = {
    {"path", KIND_STR,
     "where the records stand inside one object: path: \"features\", or \"a.b\" for b inside a"},
    {"types", KIND_STRUCT,
     "types of some columns: types: {zip: str}; a value that does not fit becomes null and is "
     "counted"},
    {NULL, KIND_NULL, NULL},
};

const struct io_format io_json = {
    .name = "json",
    .extensions = "json geojson",
    .doc = "JSON: an array of records, records one after the other, or one object. Objects inside "
           "become structs, arrays lists; ISO dates and times are read as such; what does not go "
           "together in one column is text.",
    .read_options = read_options,
    .write_options = json_write_options,
    .probe = json_probe,
    .open = json_open,
    .close = json_close,
    .read = json_read,
    .read_whole = json_read_whole,
    .done = json_done,
    .is_stale = json_is_stale,
    .begin = json_begin,
    .append = json_append,
    .finish = json_finish,
    .abort = json_abort,
};
const struct io_format io_jsonl = {
    .name = "jsonl",
    .extensions = "jsonl ndjson",
    .doc = "JSON Lines: a record a line.",
    .read_options = read_options,
    .write_options = json_write_options,
    .open = jsonl_open,
    .close = json_close,
    .read = json_read,
    .read_whole = json_read_whole,
    .done = json_done,
    .is_stale = json_is_stale,
    .begin = jsonl_begin,
    .append = json_append,
    .finish = json_finish,
    .abort = json_abort,
};
