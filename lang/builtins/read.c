/* read.c: read("a.csv", ..) opens a source far enough to know its columns; files("day/x-*.csv").
 * Opened scans are kept by path and options as long as the file is the one that was opened, so that
 * a statement that runs again (and the assist, which binds while the person types) reads nothing
 * twice. */
#include "lang/builtins/builtin_int.h"

#include "runtime/io/io.h"

#include <glob.h>

struct scan_cache {
    struct scan_cache *next;
    struct arena *arena; /* owns key, path and options */
    const char *key;     /* paths and options as text */
    struct io_paths paths;
    struct io_option *opts;
    int n_opts;
    struct io_scan *scan; /* frames made from it may outlive the file it was opened on */
};

void scan_list_free(struct scan_cache *s)
{
    while (s) {
        struct scan_cache *next = s->next;
        io_unref(s->scan);
        arena_free(s->arena);
        mem_free(s);
        s = next;
    }
}
static struct scalar keep_scalar(struct arena *a, const struct scalar *s)
{
    struct scalar v = *s;
    if (v.is_null) return v;
    if (v.type.kind == KIND_STR || v.type.kind == KIND_CAT) v.u.s = arena_str(a, v.u.s);
    if (v.type.kind == KIND_LIST) arena_column(a, column_ref(v.u.list));
    if (v.type.kind == KIND_STRUCT) arena_table(a, table_ref(v.u.row));
    return v;
}
static struct io_paths keep_paths(struct arena *a, const struct io_paths *paths)
{
    const char **p = ARENA_ARRAY(a, const char *, paths->n + 1);
    for (int i = 0; i < paths->n; i++)
        p[i] = arena_strndup(a, paths->p[i], strlen(paths->p[i]));
    return (struct io_paths){p, paths->n, paths->cut};
}
static struct scan_cache *entry_new(const char *key, const struct io_paths *paths,
                                    const struct io_option *opts, int n_opts,
                                    const struct io_scan *scan)
{
    struct scan_cache *s = mem_zero(sizeof *s);
    struct arena *a = arena_new();
    s->arena = a;
    s->key = arena_strndup(a, key, strlen(key));
    s->paths = keep_paths(a, paths);
    s->opts = ARENA_ARRAY(a, struct io_option, n_opts + 1);
    s->n_opts = n_opts;
    for (int i = 0; i < n_opts; i++)
        s->opts[i] = (struct io_option){arena_strndup(a, opts[i].name, strlen(opts[i].name)),
                                        keep_scalar(a, &opts[i].value), opts[i].span};
    s->scan = io_ref(scan);
    return s;
}
struct scan_cache *scan_list_copy(const struct scan_cache *s)
{
    struct scan_cache *first = NULL, **at = &first;
    for (; s; s = s->next) {
        *at = entry_new(s->key, &s->paths, s->opts, s->n_opts, s->scan);
        at = &(*at)->next;
    }
    return first;
}
void scans_free(struct lang *lg)
{
    scan_list_free(lg->scans);
    lg->scans = NULL;
}
static bool is_stale(const struct io_scan *s)
{
    const struct io_format *f = io_head(s)->format;
    return f && f->is_stale && f->is_stale(s);
}
/* The opened scan of that key whose file is still the same, borrowed, or NULL. */
static struct io_scan *find_fresh(struct lang *lg, const char *key)
{
    for (struct scan_cache *s = lg->scans; s; s = s->next)
        if (strcmp(s->key, key) == 0 && !is_stale(s->scan)) return s->scan;
    return NULL;
}
static void remember(struct lang *lg, const char *key, const struct io_paths *paths,
                     const struct io_option *opts, int n_opts, const struct io_scan *scan)
{
    struct scan_cache *s = entry_new(key, paths, opts, n_opts, scan);
    s->next = lg->scans;
    lg->scans = s;
}

/* ---- files that have changed under a frame ---- */
static bool same_columns(const struct schema *a, const struct schema *b)
{
    if (a->n != b->n) return false;
    for (int i = 0; i < a->n; i++)
        if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
            !dtype_eq(a->fields[i].type, b->fields[i].type))
            return false;
    return true;
}
static rc reopen(struct lang *lg, struct plan *p, const struct scan_cache *old)
{
    struct io_scan *scan = find_fresh(lg, old->key);
    if (scan) {
        scan = io_ref(scan);
    } else {
        TRY(io_open_paths(&lg->cx, &old->paths, old->opts, old->n_opts, p->span, &scan));
        remember(lg, old->key, &old->paths, old->opts, old->n_opts, scan);
    }
    const char *label = io_head(scan)->label;
    if (!same_columns(io_head(scan)->schema, io_head(old->scan)->schema)) {
        (void)fail(&lg->cx, E305, p->span, "`%s` has changed and has other columns or types now",
                   label);
        io_unref(scan);
        return err_note(&lg->cx, "run the statement that reads it again");
    }
    warn(&lg->cx, W305, p->span, "`%s` has changed since it was read, and is read again", label);
    io_unref(p->u.scan.scan);
    p->u.scan.scan = scan; /* on the session's thread, while nothing runs */
    return RC_OK;
}
rc refresh_scans(struct lang *lg, struct plan *p)
{
    if (!p || p->kept || lg->is_dry) return RC_OK;
    for (int i = 0; i < 2; i++)
        TRY(refresh_scans(lg, p->inputs[i]));
    if (p->op != PLAN_SCAN || !is_stale(p->u.scan.scan)) return RC_OK;
    for (const struct scan_cache *s = lg->scans; s; s = s->next)
        if (s->scan == p->u.scan.scan) return reopen(lg, p, s);
    return RC_OK;
}

/* ---- read ---- */
static rc read_options(const struct call_view *c, struct io_option *opts, int *n,
                       struct strbuf *key)
{
    *n = 0;
    for (int i = 0; i < c->n; i++) {
        if (c->names[i].n == 0) continue;
        struct io_option *o = &opts[(*n)++];
        o->name = arena_strndup(c->lg->cx.arena, c->names[i].p, c->names[i].n);
        o->span = c->e->kids[i]->span;
        TRY(value_to_arg(c->lg, c->args[i], o->span, c->lg->cx.arena, &o->value));
        strbuf_printf(key, "\n%s: ", o->name);
        value_text(key, c->args[i], true);
    }
    return RC_OK;
}
/* The assist opens what takes no time to look through. */
#define DRY_MAX_BYTES (2 << 20)
#define DRY_MAX_FILES 100
static bool is_small(const struct io_paths *paths)
{
    int n;
    for (int i = 0; i < paths->n; i++)
        if (io_is_url(paths->p[i])) return false;
    return io_paths_bytes(paths, &n) <= DRY_MAX_BYTES && n <= DRY_MAX_FILES;
}
static rc open_scan(const struct call_view *c, const struct io_paths *paths,
                    const struct io_option *opts, int n_opts, const char *key, struct io_scan **out)
{
    struct lang *lg = c->lg;
    struct io_scan *fresh = find_fresh(lg, key);
    if (fresh) {
        *out = io_ref(fresh);
        return RC_OK;
    }
    if (lg->is_dry && !is_small(paths))
        return fail(&lg->cx, E217, c->e->span, "files are not read here");
    TRY(io_open_paths(&lg->cx, paths, opts, n_opts, plain_span(c, 0), out));
    remember(lg, key, paths, opts, n_opts, *out);
    return RC_OK;
}
static void add_path(const struct call_view *c, struct io_paths *paths, const char **p,
                     struct str text)
{
    struct arena *a = c->lg->cx.arena;
    const char *full = arena_strndup(a, text.p, text.n);
    if (!io_is_url(full)) full = resolve_path(c->lg, a, text);
    size_t cut = strlen(full) - text.n;
    if (paths->n == 0 || cut < paths->cut) paths->cut = cut; /* absolute ones stand as they are */
    p[paths->n++] = full;
}
/* One path, or a list of them. */
static rc read_paths(const struct call_view *c, struct io_paths *out)
{
    struct lang *lg = c->lg;
    struct scalar s;
    struct str path;
    *out = (struct io_paths){0};
    if (plain_value(c, 0)->kind != VALUE_LIST) {
        TRY(plain_text(c, 0, "the path", &path));
        const char **one = ARENA_ARRAY(lg->cx.arena, const char *, 1);
        add_path(c, out, one, path);
        out->p = one;
        return RC_OK;
    }
    TRY(value_to_arg(lg, plain_value(c, 0), plain_span(c, 0), lg->cx.arena, &s));
    const struct column *list = s.u.list;
    const char **p = ARENA_ARRAY(lg->cx.arena, const char *, list->n + 1);
    if (list->n > 0 && (list->type.kind != KIND_STR || list->n_null > 0))
        return fail(&lg->cx, E207, plain_span(c, 0), "read takes a path or a list of paths");
    for (int64_t i = 0; i < list->n; i++)
        add_path(c, out, p, column_scalar(list, i).u.s);
    out->p = p;
    return RC_OK;
}
/* ---- types: {x: cat}: the text of a file as categories ---- */
static bool is_cat(const struct table *types, const char *name)
{
    for (int i = 0; types && i < types->schema->n; i++) {
        if (strcmp(types->schema->fields[i].name, name) != 0) continue;
        struct scalar v = column_scalar(types->cols[i], 0);
        return !v.is_null && v.type.kind == KIND_STR && str_eqz(v.u.s, kind_name(KIND_CAT));
    }
    return false;
}

static rc make_cats(struct ctx *cx, const struct io_option *opts, int n, struct plan *take_p,
                    struct plan **out)
{
    const struct table *types = NULL;
    const struct schema *s = take_p->schema;
    struct span span = take_p->span;
    enum rc_t res = RC_OK;
    int n_cats = 0;
    for (int i = 0; i < n; i++)
        if (strcmp(opts[i].name, "types") == 0 && opts[i].value.type.kind == KIND_STRUCT)
            types = opts[i].value.u.row;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, s->n + 1);
    const struct fn_desc *cat = fn_find(STR("cat"));
    for (int i = 0; i < s->n && res == RC_OK; i++) {
        const struct field *f = &s->fields[i];
        const struct expr *e = expr_column(cx->arena, f->name, f->type, span);
        items[i] = (struct named_expr){f->name, e};
        if (f->type.kind != KIND_STR || !is_cat(types, f->name)) continue;
        res = expr_call(cx, cx->arena, cat, &e, 1, span, &items[i].expr);
        n_cats++;
    }
    *out = take_p;
    if (res == RC_OK && n_cats == 0) return RC_OK;
    if (res == RC_OK) res = plan_project(cx, take_p, items, s->n, span, out);
    plan_unref(take_p);
    return res;
}

static enum rc_t read_call(struct lang *lg, struct scope *sc, const struct ast *e,
                           struct value **args, struct str *names, int n_args, struct value **out)
{
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    struct io_paths paths;
    struct strbuf key = {0};
    struct io_scan *scan;
    struct plan *p;
    int n;
    enum rc_t res = RC_ERR;
    (void)sc;
    TRY(read_paths(&c, &paths));
    struct io_option *opts = ARENA_ARRAY(lg->cx.arena, struct io_option, n_args + 1);
    for (int i = 0; i < paths.n; i++)
        strbuf_printf(&key, "%s%s", i ? "\n" : "", paths.p[i]);
    TRY_OUT(read_options(&c, opts, &n, &key));
    TRY_OUT(open_scan(&c, &paths, opts, n, key.p, &scan));
    res = plan_scan(&lg->cx, scan, e->span, &p);
    io_unref(scan);
    TRY_OUT(res);
    TRY_OUT(make_cats(&lg->cx, opts, n, p, &p));
    *out = value_frame(p, NULL);
    plan_unref(p);
out:
    strbuf_release(&key);
    return res;
}
const struct builtin_desc builtin_read = {
    .name = "read",
    .sig = "read(path: str | list, format: str, header: bool, names: list, na: list, delim: str, "
           "..) -> "
           "frame",
    .doc =
        "A frame from a file, a pattern (day/*.csv, ** for folders), a folder or a list of paths: "
        "several files are one frame, columns by name, key=value folders as columns; source: names "
        "a column that says which file a row is from. Types are what all of it needs. Other "
        "options are the format's.",
    .example = "read(\"trips.csv\", na: [\"?\"])",
    .min_args = 1,
    .max_args = 1,
    .options = "*",
    .call = read_call,
    .words = "names types format select na",
};

/* ---- files ---- */
/* Folders at any depth, and choices, which glob does not know. */
static rc deep_files(struct call_view *c, const char *full, size_t cut, struct value **out)
{
    const char **paths;
    int n;
    TRY(io_match(&c->lg->cx, full, plain_span(c, 0), &paths, &n));
    struct value **items = ARENA_ARRAY(c->lg->cx.arena, struct value *, n + 1);
    for (int i = 0; i < n; i++)
        items[i] = value_str(str_of(paths[i] + cut));
    *out = value_list(items, n);
    return RC_OK;
}
static enum rc_t files_call(struct lang *lg, struct scope *sc, const struct ast *e,
                            struct value **args, struct str *names, int n_args, struct value **out)
{
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    struct str pattern;
    glob_t found = {0};
    (void)sc;
    TRY(plain_text(&c, 0, "the pattern", &pattern));
    const char *full = resolve_path(lg, lg->cx.arena, pattern);
    size_t cut = strlen(full) - pattern.n; /* results are as the person would write them */
    if (strstr(full, "**") || strchr(full, '{')) return deep_files(&c, full, cut, out);
    int got = glob(full, GLOB_ERR, NULL, &found);
    if (got != 0 && got != GLOB_NOMATCH) {
        globfree(&found);
        return fail(&lg->cx, E302, plain_span(&c, 0), "the folder cannot be listed");
    }
    int n = got == 0 ? (int)found.gl_pathc : 0;
    struct value **items = mem_alloc(sizeof *items * (size_t)(n + 1));
    for (int i = 0; i < n; i++)
        items[i] = value_str(str_of(found.gl_pathv[i] + cut));
    *out = value_list(items, n);
    mem_free(items);
    globfree(&found);
    return RC_OK;
}
const struct builtin_desc builtin_files = {
    .name = "files",
    .sig = "files(pattern: str) -> list[str]",
    .doc = "The files that fit a pattern (* ? [..], ** for folders, {a,b}), by name.",
    .example = "files(\"day/*.csv\")",
    .min_args = 1,
    .max_args = 1,
    .call = files_call,
};
