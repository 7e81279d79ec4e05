/* io.c: the registry of formats, the choice among them, and checks of options. */
#include "runtime/io/set_int.h"

#include "runtime/base/pool.h"

#include <fcntl.h>
#include <unistd.h>

#define FORMAT(name) extern const struct io_format io_##name;
#include "runtime/io/formats.def"
#undef FORMAT

static const struct io_format *const formats[] = {
#define FORMAT(name) &io_##name,
#include "runtime/io/formats.def"
#undef FORMAT
};
#define N_FORMATS ((int)(sizeof formats / sizeof *formats))

const struct io_format *const *io_format_all(int *n)
{
    *n = N_FORMATS;
    return formats;
}

const struct io_format *io_format_find(struct str name)
{
    for (int i = 0; i < N_FORMATS; i++)
        if (str_eq_nocase(name, str_of(formats[i]->name))) return formats[i];
    return NULL;
}

/* ---- options ---- */
int io_option_find(const struct io_option *opts, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(opts[i].name, name) == 0) return i;
    return -1;
}

const struct io_option *io_option_get(const struct io_option *opts, int n, const char *name)
{
    int i = io_option_find(opts, n, name);
    return i < 0 ? NULL : &opts[i];
}

const char *io_option_text(struct arena *a, const struct io_option *opts, int n, const char *name)
{
    const struct io_option *o = io_option_get(opts, n, name);
    return o ? arena_strndup(a, o->value.u.s.p, o->value.u.s.n) : NULL;
}

/* What pandas, polars, readr and DuckDB call our options. */
static const struct {
    const char *theirs, *ours;
} foreign[] = {
    {"sep", "delim"},
    {"separator", "delim"},
    {"delimiter", "delim"},
    {"na_values", "na"},
    {"null_values", "na"},
    {"nullstr", "na"},
    {"dtype", "types"},
    {"dtypes", "types"},
    {"col_types", "types"},
    {"schema_overrides", "types"},
    {"skiprows", "skip"},
    {"skip_rows", "skip"},
    {"quotechar", "quote"},
    {"quote_char", "quote"},
    {"col_names", "names"},
    {"new_columns", "names"},
    {"has_header", "header"},
    {"skipinitialspace", "trim"},
    {"trim_ws", "trim"},
    {"comment_prefix", "comment"},
    {"escapechar", "escape"},
    {"decimal_mark", "decimal"},
    {"dateformat", "date_format"},
};

static const char *our_word(const struct io_option_desc *known, const char *name)
{
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (strcmp(foreign[i].theirs, name) == 0)
            for (; known->name; known++)
                if (strcmp(known->name, foreign[i].ours) == 0) return known->name;
    return NULL;
}

static rc unknown_option(struct ctx *cx, const struct io_format *f,
                         const struct io_option_desc *known, const char *verb,
                         const struct io_option *o)
{
    const char *near = NULL;
    int best = 3;
    struct strbuf all = {0};
    const char *ours = our_word(known, o->name);
    for (; known->name; known++) {
        strbuf_printf(&all, "%s%s", all.n ? ", " : "", known->name);
        int d = str_distance(str_of(o->name), str_of(known->name), best);
        if (d >= best) continue;
        best = d;
        near = known->name;
    }
    if (ours)
        fail(cx, E206, o->span, "`%s` is called `%s` here", o->name, ours);
    else if (near)
        fail(cx, E206, o->span, "%s of %s has no option `%s`; the nearest is `%s`", verb, f->name,
             o->name, near);
    else
        fail(cx, E206, o->span, "%s of %s has no option `%s`", verb, f->name, o->name);
    err_note(cx, "it takes %s", all.p);
    strbuf_release(&all);
    return RC_ERR;
}

static rc check_option(struct ctx *cx, const struct io_format *f,
                       const struct io_option_desc *known, const char *verb,
                       const struct io_option *o)
{
    if (strcmp(o->name, "format") == 0) return RC_OK;
    for (const struct io_option_desc *k = known; k->name; k++) {
        if (strcmp(k->name, o->name) != 0) continue;
        if (k->kind == KIND_NULL) return RC_OK;
        if (!o->value.is_null && o->value.type.kind == k->kind) return RC_OK;
        return fail(cx, E209, o->span, "%s: takes %s (%s)", o->name,
                    k->kind == KIND_BOOL     ? "true or false"
                    : k->kind == KIND_STRUCT ? "names and values in braces"
                    : k->kind == KIND_LIST   ? "a list"
                    : k->kind == KIND_INT    ? "a whole number"
                                             : "text",
                    k->doc);
    }
    return unknown_option(cx, f, known, verb, o);
}

rc io_options_check(struct ctx *cx, const struct io_format *f, const struct io_option_desc *known,
                    const char *verb, const struct io_option *opts, int n)
{
    for (int i = 0; i < n; i++)
        TRY(check_option(cx, f, known, verb, &opts[i]));
    return RC_OK;
}

/* ---- which format ---- */
static bool has_word(const char *words, struct str word)
{
    while (*words) {
        size_t n = strcspn(words, " ");
        if (str_eq_nocase((struct str){words, n}, word)) return true;
        words += n;
        words += *words == ' ';
    }
    return false;
}

bool io_is_url(const char *path)
{
    return strncmp(path, "postgres://", 11) == 0 || strncmp(path, "postgresql://", 13) == 0;
}

const struct io_format *io_format_of_name(const char *path)
{
    if (io_is_url(path)) return io_format_find(STR("postgres"));
    struct str ext = io_extension(path);
    for (int i = 0; i < N_FORMATS && ext.n; i++)
        if (has_word(formats[i]->extensions, ext)) return formats[i];
    return NULL;
}

static const struct io_format *by_content(const char *path)
{
    char head[4096];
    const struct io_format *best = NULL;
    int sure = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return NULL;
    ssize_t n = read(fd, head, sizeof head);
    close(fd);
    for (int i = 0; i < N_FORMATS && n > 0; i++) {
        int s = formats[i]->probe ? formats[i]->probe(head, (size_t)n) : 0;
        if (s <= sure) continue;
        sure = s;
        best = formats[i];
    }
    return best;
}

static rc unknown_format(struct ctx *cx, const char *path, struct str name, struct span span)
{
    struct strbuf all = {0};
    for (int i = 0; i < N_FORMATS; i++)
        strbuf_printf(&all, "%s\"%s\"", i ? ", " : "", formats[i]->name);
    if (name.n)
        fail(cx, E305, span, "no format is called `%.*s`", STR_FMT(name));
    else
        fail(cx, E305, span, "`%s` does not say by its name or content which format it is", path);
    err_note(cx, "format: takes %s", all.p);
    strbuf_release(&all);
    return RC_ERR;
}

rc io_choose(struct ctx *cx, const char *path, const struct io_option *opts, int n_opts,
             struct span span, bool is_read, const struct io_format **out)
{
    const struct io_option *o = io_option_get(opts, n_opts, "format");
    const struct io_format *f = NULL;
    struct str name = {0};
    if (o) {
        if (o->value.is_null || o->value.type.kind != KIND_STR)
            return fail(cx, E209, o->span, "format: takes text, e.g. format: \"csv\"");
        name = o->value.u.s;
        span = o->span;
        f = io_format_find(name);
    } else {
        f = io_format_of_name(path);
        if (!f && is_read) f = by_content(path);
    }
    if (!f) return unknown_format(cx, path, name, span);
    *out = f;
    return RC_OK;
}

rc io_write_table(struct ctx *cx, const struct io_format *f, const struct table *t,
                  const char *path, const struct io_option *opts, int n_opts, struct span span)
{
    struct io_writer *w = NULL;
    if (f->write) return f->write(cx, t, path, opts, n_opts, span);
    TRY(f->begin(cx, t->schema, path, opts, n_opts, span, &w));
    if (f->append(cx, w, t) == RC_OK && f->finish(cx, w) == RC_OK) return RC_OK;
    f->abort(w);
    return RC_ERR;
}

/* Folders of files are Parquet unless format: says otherwise. */
static rc save_folders(struct ctx *cx, const struct table *t, const char *path,
                       const struct io_option *opts, int n_opts, struct span span)
{
    const struct io_format *f = io_format_find(STR("parquet"));
    bool is_said = io_option_find(opts, n_opts, "format") >= 0;
    if (is_said || !f || !f->write_options)
        TRY(io_choose(cx, is_said ? path : "part.csv", opts, n_opts, span, false, &f));
    if (!f->write_options)
        return fail(cx, E305, span, "%s files can be read, not written", f->name);
    return io_save_folders(cx, t, path, f, opts, n_opts, span);
}

static rc save(struct ctx *cx, const struct table *t, const char *path,
               const struct io_option *opts, int n_opts, struct span span)
{
    const struct io_format *f;
    if (io_option_find(opts, n_opts, "partition") >= 0)
        return save_folders(cx, t, path, opts, n_opts, span);
    TRY(io_choose(cx, path, opts, n_opts, span, false, &f));
    if (!f->write_options)
        return fail(cx, E305, span, "%s files can be read, not written", f->name);
    TRY(io_options_check(cx, f, f->write_options, "save", opts, n_opts));
    return io_write_table(cx, f, t, path, opts, n_opts, span);
}

rc io_save(struct ctx *cx, const struct table *t, const char *path, const struct io_option *opts,
           int n_opts, struct span span)
{
    struct doing doing = pool_doing("save");
    struct ctx told = *cx;
    told.doing = &doing;
    return save(&told, t, path, opts, n_opts, span);
}

rc io_begin(struct ctx *cx, const struct schema *schema, const char *path,
            const struct io_option *opts, int n_opts, struct span span, struct io_writer **out)
{
    const struct io_format *f;
    TRY(io_choose(cx, path, opts, n_opts, span, false, &f));
    if (!f->begin) return fail(cx, E305, span, "%s files are not written part by part", f->name);
    TRY(io_options_check(cx, f, f->write_options, "save", opts, n_opts));
    return f->begin(cx, schema, path, opts, n_opts, span, out);
}

bool io_can_append(const char *path, const struct io_option *opts, int n_opts)
{
    const struct io_option *o = io_option_get(opts, n_opts, "format");
    bool is_named = o && !o->value.is_null && o->value.type.kind == KIND_STR;
    const struct io_format *f = is_named ? io_format_find(o->value.u.s) : io_format_of_name(path);
    return f && f->begin;
}

struct io_scan *io_ref(const struct io_scan *s)
{
    atomic_fetch_add(&io_head(s)->refs, 1);
    return (struct io_scan *)(uintptr_t)s;
}

void io_unref(const struct io_scan *s)
{
    if (!s) return;
    struct io_scan_head *h = io_head(s);
    if (atomic_fetch_sub(&h->refs, 1) == 1) h->format->close((struct io_scan *)(uintptr_t)s);
}
