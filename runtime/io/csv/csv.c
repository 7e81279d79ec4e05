/* csv.c: the formats csv and tsv: opening, and what the format registry asks for. */
#include "runtime/io/csv/csv_int.h"

static struct csv_scan *scan_of(const struct io_scan *s)
{
    return (struct csv_scan *)(uintptr_t)s;
}

/* ---- types ---- */
static rc type_by_name(struct ctx *cx, struct str name, struct span span, struct dtype *out)
{
    static const enum kind kinds[] = {KIND_INT,  KIND_NUM,  KIND_STR,
                                      KIND_BOOL, KIND_DATE, KIND_DATETIME};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eqz(name, kind_name(kinds[i]))) {
            *out = DTYPE(kinds[i]);
            return RC_OK;
        }
    if (str_eqz(name, kind_name(KIND_CAT))) { /* read() makes categories of the text */
        *out = DTYPE(KIND_STR);
        return RC_OK;
    }
    return fail(cx, E209, span,
                "types: knows int, num, str, cat, bool, date and datetime, not `%.*s`",
                STR_FMT(name));
}

static int column_by_name(const struct csv_scan *s, struct str name)
{
    for (int c = 0; c < s->n_cols; c++)
        if (str_eqz(name, s->cols[c].name)) return c;
    return -1;
}

static rc no_such_column(struct ctx *cx, const struct csv_scan *s, struct str name,
                         struct span span)
{
    const char *near = NULL;
    int best = 4;
    for (int c = 0; c < s->n_cols; c++) {
        int d = str_distance(name, str_of(s->cols[c].name), best - 1);
        if (d >= best) continue;
        best = d;
        near = s->cols[c].name;
    }
    fail(cx, E201, span, "types: names `%.*s`, which is no column of `%s`", STR_FMT(name),
         s->head.label);
    return near ? err_note(cx, "the nearest is `%s`", near) : RC_ERR;
}

static rc force_types(struct ctx *cx, struct csv_scan *s, const struct csv_options *o)
{
    const struct table *t = o->types;
    for (int i = 0; t && i < t->schema->n; i++) {
        struct str name = str_of(t->schema->fields[i].name);
        int c = column_by_name(s, name);
        if (c < 0 && o->is_one_of_many) continue;
        if (c < 0) return no_such_column(cx, s, name, o->types_span);
        struct scalar v = column_scalar(t->cols[i], 0);
        if (v.is_null || v.type.kind != KIND_STR)
            return fail(cx, E209, o->types_span,
                        "types: takes the name of a type a column, e.g. "
                        "types: {id: str}");
        TRY(type_by_name(cx, v.u.s, o->types_span, &s->cols[c].type));
        s->cols[c].is_forced = true;
    }
    return RC_OK;
}

static void settle_type(struct csv_column *c)
{
    bool is_zoned = (c->kinds & (CSV_DATE | CSV_TIME | CSV_ZONED)) == CSV_ZONED;
    if (!c->is_forced) {
        c->type = DTYPE(csv_kind_of(c->kinds));
        c->null_words = c->kinds == 0;
    }
    if (c->type.kind == KIND_DATETIME && is_zoned) c->type.zone = dtype_intern("UTC");
}

/* ---- opening ---- */
static rc make_schema(struct ctx *cx, struct csv_scan *s)
{
    struct field *fields = ARENA_ARRAY(s->arena, struct field, s->n_cols);
    for (int c = 0; c < s->n_cols; c++) {
        settle_type(&s->cols[c]);
        fields[c] = (struct field){s->cols[c].name, s->cols[c].type};
    }
    return schema_new(cx, fields, s->n_cols, s->span, &s->head.schema);
}

/* Warnings come once a scan, but only count as given when somebody was there to hear them: the
 * assist opens files in silence. */
static bool may_warn(const struct ctx *cx, atomic_bool *done)
{
    return cx->notify && cx->notify->warn && !atomic_exchange(done, true);
}

static void report_names(struct ctx *cx, struct csv_scan *s)
{
    if (s->made_up_names && may_warn(cx, &s->names_reported))
        warn(cx, W303, s->span,
             "the first line of `%s` holds only numbers or dates, so it was read as a row and the "
             "columns are called column_1 ..; header: true takes it as names",
             s->head.label);
}

static void report_code(struct ctx *cx, struct csv_scan *s)
{
    if (s->recoded_at < 0 || !may_warn(cx, &s->code_reported)) return;
    warn(cx, W308, s->span,
         "`%s` is not UTF-8 text, so it was read as windows-1252; encoding: \"windows-1252\" says "
         "so, "
         "or another one",
         s->head.label);
}

/* ---- encodings ---- */
#define SNIFF_BYTES ((size_t)4096)
#define AROUND      ((size_t)1 << 20) /* bytes that are looked at before a byte that is no UTF-8 */

static rc recode(struct ctx *cx, struct csv_scan *s, const struct csv_options *o)
{
    struct csv_file *f = &s->files[0];
    char head[SNIFF_BYTES];
    size_t n = 0;
    TRY(io_source_read_raw(cx, f->src, 0, head, sizeof head, &n));
    enum io_encoding wide = io_sniff_wide(head, n), e = o->has_encoding ? o->encoding : wide;
    if (e == IO_UTF16LE && wide == IO_UTF16BE) e = wide; /* utf-16: either */
    TRY(io_source_recode(cx, f->src, e));
    f->size = io_source_size(f->src);
    s->head.n_bytes = f->size;
    return RC_OK;
}

static rc open_text(struct ctx *cx, struct csv_scan *s, const struct csv_options *o)
{
    s->n_blocks = s->head.n_rows = 0;
    s->files[0].bad_at = -1;
    TRY(csv_head(cx, s, o));
    TRY(force_types(cx, s, o));
    return csv_infer(cx, s);
}

/* After an error: whether it was a byte that windows-1252 has a letter for. */
static rc looks_like_1252(struct ctx *cx, const struct csv_scan *s, bool *out)
{
    const struct csv_file *f = &s->files[0];
    void *text;
    size_t n = 0;
    *out = false;
    if (cx->err->code != E303 || f->bad_at < 0) return RC_OK;
    int64_t from = f->bad_at > (int64_t)AROUND ? f->bad_at - (int64_t)AROUND : 0;
    struct error kept = *cx->err;
    TRY(mem_big(cx, 2 * AROUND, &text));
    if (io_source_read(cx, f->src, from, text, 2 * AROUND, &n) == RC_OK)
        *out = io_sniff_1252(text, n);
    mem_big_free(text);
    *cx->err = kept;
    return RC_OK;
}

static rc open_any_text(struct ctx *cx, struct csv_scan *s, const struct csv_options *o)
{
    struct csv_file *f = &s->files[0];
    bool is_1252;
    if (open_text(cx, s, o) == RC_OK) return RC_OK;
    if (o->has_encoding) return RC_ERR;
    TRY(looks_like_1252(cx, s, &is_1252));
    if (!is_1252) return RC_ERR;
    err_clear(cx->err);
    s->recoded_at = f->bad_at;
    TRY(io_source_recode(cx, f->src, IO_CP1252));
    f->size = io_source_size(f->src);
    s->head.n_bytes = f->size;
    return open_text(cx, s, o);
}

static rc open_scan(struct ctx *cx, struct csv_scan *s, const struct csv_options *o)
{
    s->recoded_at = -1;
    TRY(io_source_open(cx, s->head.label, s->span, &s->files[0].src));
    TRY(recode(cx, s, o));
    TRY(open_any_text(cx, s, o));
    TRY(make_schema(cx, s));
    if (s->n_blocks > INT32_MAX) return fail(cx, E309, s->span, "`%s` is too large", s->head.label);
    s->head.n_partitions = (int)s->n_blocks;
    report_names(cx, s);
    report_code(cx, s);
    return RC_OK;
}

struct csv_scan *csv_scan_new(const struct io_format *f, const char *path, struct span span)
{
    struct csv_scan *s = mem_zero(sizeof *s);
    s->arena = arena_new();
    s->span = span;
    s->head.format = f;
    s->head.label = arena_strndup(s->arena, path, strlen(path));
    s->n_files = 1; /* a list of files comes to more of these; the rest of the folder is ready */
    s->files = ARENA_ARRAY(s->arena, struct csv_file, s->n_files);
    atomic_init(&s->head.refs, 1);
    return s;
}

void csv_scan_free(struct csv_scan *s)
{
    for (int i = 0; i < s->n_files; i++)
        io_source_close(s->files[i].src);
    for (int i = 0; i < CSV_SPARE; i++)
        csv_work_free(atomic_load(&s->spare[i]));
    if (s->head.schema) schema_unref(s->head.schema);
    arena_free(s->arena);
    mem_free(s);
}

static void csv_close(struct io_scan *s)
{
    csv_scan_free(scan_of(s));
}

static rc open_as(struct ctx *cx, const struct io_format *format, const char *path,
                  const struct io_option *opts, int n_opts, struct span span, char delim,
                  struct io_scan **out)
{
    struct csv_scan *s = csv_scan_new(format, path, span);
    struct csv_options o;
    enum rc_t res = csv_options_read(cx, s->arena, opts, n_opts, delim, &o);
    o.is_fixed = format == &io_fixed;
    if (res == RC_OK) res = open_scan(cx, s, &o);
    if (res == RC_OK)
        *out = (struct io_scan *)s;
    else
        csv_scan_free(s);
    return res;
}

static enum rc_t csv_open(struct ctx *cx, const char *path, const struct io_option *opts,
                          int n_opts, struct span span, struct io_scan **out)
{
    return open_as(cx, &io_csv, path, opts, n_opts, span, 0, out);
}

static enum rc_t tsv_open(struct ctx *cx, const char *path, const struct io_option *opts,
                          int n_opts, struct span span, struct io_scan **out)
{
    return open_as(cx, &io_tsv, path, opts, n_opts, span, '\t', out);
}

static enum rc_t fixed_open(struct ctx *cx, const char *path, const struct io_option *opts,
                            int n_opts, struct span span, struct io_scan **out)
{
    return open_as(cx, &io_fixed, path, opts, n_opts, span, 0, out);
}

/* ---- the rest of the contract ---- */
static enum rc_t csv_read_part(struct ctx *cx, struct io_scan *s, const int *columns, int n_columns,
                               int64_t part, int64_t limit, io_push push, void *self)
{
    return csv_read(cx, scan_of(s), columns, n_columns, part, limit, push, self);
}

/* "lines 4, 9, 12" */
static const char *places(struct ctx *cx, const struct csv_scan *s, const struct csv_oddity *o)
{
    struct strbuf b = {0};
    for (int i = 0; i < CSV_NOTED && i < o->n; i++)
        strbuf_printf(&b, "%s%lld",
                      i          ? ", "
                      : o->n > 1 ? "lines "
                                 : "line ",
                      (long long)csv_line_at(cx, &s->files[0], o->at[i]));
    if (o->n > CSV_NOTED) strbuf_addz(&b, " ..");
    const char *out = arena_strndup(cx->arena, b.p, b.n);
    strbuf_release(&b);
    return out;
}

static void report_rows(struct ctx *cx, const struct csv_scan *s)
{
    long long few = s->shorter.n, many = s->longer.n;
    if (few)
        warn(cx, W306, s->span, "%lld row%s of `%s` %s fewer than %d fields (%s); the rest is null",
             few, few == 1 ? "" : "s", s->head.label, few == 1 ? "has" : "have", s->n_cols,
             places(cx, s, &s->shorter));
    if (many)
        warn(cx, W306, s->span, "%lld row%s of `%s` %s more than %d fields (%s); the rest was cut",
             many, many == 1 ? "" : "s", s->head.label, many == 1 ? "has" : "have", s->n_cols,
             places(cx, s, &s->longer));
}

static void report_values(struct ctx *cx, const struct csv_scan *s, const struct csv_column *c)
{
    struct strbuf rows = {0}, texts = {0};
    for (int i = 0; i < CSV_NOTED && i < c->bad.n; i++) {
        strbuf_printf(&rows, "%s%lld", i ? ", " : "", (long long)c->bad.at[i] + 1);
        strbuf_printf(&texts, "%s\"%.*s\"", i ? ", " : "", STR_FMT(c->bad.text[i]));
    }
    warn(cx, W312, s->span, "%lld of %lld values of `%s` are no %s and became null (row%s %s: %s)",
         (long long)c->bad.n, (long long)s->head.n_rows, c->name, kind_name(c->type.kind),
         c->bad.n > 1 ? "s" : "", rows.p, texts.p);
    strbuf_release(&rows);
    strbuf_release(&texts);
}

static enum rc_t csv_done(struct ctx *cx, struct io_scan *scan)
{
    struct csv_scan *s = scan_of(scan);
    report_names(cx, s);
    report_code(cx, s);
    if (!may_warn(cx, &s->is_reported)) return RC_OK;
    report_rows(cx, s);
    for (int c = 0; c < s->n_cols; c++)
        if (s->cols[c].bad.n) report_values(cx, s, &s->cols[c]);
    return RC_OK;
}

static bool csv_is_stale(const struct io_scan *scan)
{
    const struct csv_scan *s = scan_of(scan);
    for (int i = 0; i < s->n_files; i++)
        if (io_source_is_stale(s->files[i].src)) return true;
    return false;
}

/* ---- one of several files ---- */
/* Called before anything is read: the column's values are parsed as the wider type. */
static void csv_retype(struct io_scan *scan, int col, struct dtype type)
{
    struct csv_scan *s = scan_of(scan);
    struct csv_column *c = &s->cols[col];
    if (c->is_forced) return;
    c->type = type;
    c->null_words = false;
    s->head.schema->fields[col].type = type; /* nobody else has seen it yet */
}

static bool csv_all_null(const struct io_scan *scan, int col)
{
    const struct csv_column *c = &scan_of(scan)->cols[col];
    return !c->is_forced && c->kinds == 0;
}

static void csv_rest(struct io_scan *scan)
{
    struct csv_scan *s = scan_of(scan);
    for (int i = 0; i < CSV_SPARE; i++)
        csv_work_free(atomic_exchange(&s->spare[i], NULL));
}

/* Text without NUL bytes may be delimited text; anything more telling wins. */
static int csv_probe(const char *head, size_t n)
{
    bool is_text = n && (!memchr(head, 0, n) || io_sniff_wide(head, n) != IO_UTF8);
    return is_text ? 10 : 0;
}

static const struct io_option_desc read_options[] = {
    {"header", KIND_BOOL,
     "whether the first line holds the names; when not said, it does unless every cell of it is a "
     "number or a date"},
    {"names", KIND_LIST, "the names of all columns, instead of the header's or of made-up ones"},
    {"na", KIND_NULL, "more texts that mean null, in every column: na: [\"?\", \"unknown\"]"},
    {"delim", KIND_STR,
     "what stands between fields, one character or a few (\"::\"); when not said, the one of , tab "
     "; "
     "| that fits the first lines"},
    {"decimal", KIND_STR, "\",\" where numbers are written 1,5"},
    {"encoding", KIND_STR,
     "utf-8, utf-16, latin-1 or windows-1252; when not said, seen by the file's first bytes, and "
     "windows-1252 where it is no UTF-8 (with a warning)"},
    {"date_format", KIND_STR,
     "how dates or times are written besides ISO: \"%d/%m/%Y\", \"%m/%d/%y %H:%M\""},
    {"escape", KIND_NULL,
     "a character (often \\) that makes the quote or delimiter after it plain text; null: none; "
     "when "
     "not said, \\ where the first lines hold \\\" inside quotes"},
    {"types", KIND_STRUCT,
     "types of some columns: types: {zip: str, kind: cat}; a value that does not fit becomes null "
     "and is "
     "counted"},
    {"skip", KIND_INT, "lines to leave out at the beginning"},
    {"quote", KIND_NULL,
     "the character around fields that hold delimiters; null: none, a quote is text"},
    {"trim", KIND_BOOL, "cut blanks around fields"},
    {"comment", KIND_STR, "leave out lines that begin with this character"},
    {"ragged", KIND_STR,
     "rows with fewer or more fields than the header: \"fill\" (short ones get null, long ones are "
     "an error), \"cut\" (long ones lose the rest) or \"error\""},
    {NULL, KIND_NULL, NULL},
};

const struct io_format io_csv = {
    .name = "csv",
    .extensions = "csv txt data",
    .doc = "Delimited text: one row a line, fields apart by a comma (or tab, semicolon, bar), RFC "
           "4180 quotes; gzip is seen by itself.",
    .read_options = read_options,
    .write_options = csv_write_options,
    .probe = csv_probe,
    .open = csv_open,
    .close = csv_close,
    .read = csv_read_part,
    .read_whole = csv_read_whole,
    .done = csv_done,
    .is_stale = csv_is_stale,
    .retype = csv_retype,
    .all_null = csv_all_null,
    .rest = csv_rest,
    .begin = csv_begin,
    .append = csv_append,
    .finish = csv_finish,
    .abort = csv_abort,
};

static const struct io_option_desc fixed_options[] = {
    {"widths", KIND_LIST,
     "characters of each column: widths: [8, 3, 12]; when not said, columns are parted where the "
     "first lines have blanks"},
    {"header", KIND_BOOL, "whether the first line holds the names (it does unless it is a row)"},
    {"names", KIND_LIST, "the names of all columns"},
    {"na", KIND_NULL, "more texts that mean null, in every column"},
    {"types", KIND_STRUCT, "types of some columns: types: {zip: str}"},
    {"skip", KIND_INT, "lines to leave out at the beginning"},
    {"comment", KIND_STR, "leave out lines that begin with this character"},
    {"decimal", KIND_STR, "\",\" where numbers are written 1,5"},
    {"encoding", KIND_STR, "utf-8, utf-16, latin-1 or windows-1252"},
    {"date_format", KIND_STR, "how dates or times are written besides ISO"},
    {NULL, KIND_NULL, NULL},
};

const struct io_format io_fixed = {
    .name = "fixed",
    .extensions = "fwf",
    .doc = "Text whose columns stand at fixed places of the line; blanks around values are cut.",
    .read_options = fixed_options,
    .open = fixed_open,
    .close = csv_close,
    .read = csv_read_part,
    .read_whole = csv_read_whole,
    .done = csv_done,
    .is_stale = csv_is_stale,
    .retype = csv_retype,
    .all_null = csv_all_null,
    .rest = csv_rest,
};

const struct io_format io_tsv = {
    .name = "tsv",
    .extensions = "tsv tab",
    .doc = "Delimited text with a tab between fields.",
    .read_options = read_options,
    .write_options = csv_write_options,
    .probe = NULL,
    .open = tsv_open,
    .close = csv_close,
    .read = csv_read_part,
    .read_whole = csv_read_whole,
    .done = csv_done,
    .is_stale = csv_is_stale,
    .retype = csv_retype,
    .all_null = csv_all_null,
    .rest = csv_rest,
    .begin = tsv_begin,
    .append = csv_append,
    .finish = csv_finish,
    .abort = csv_abort,
};
