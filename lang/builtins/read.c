/* read.c: read("a.csv", ..) opens a source far enough to know its columns; files("day/x-*.csv").
 * Opened scans are kept by path and options as long as the file is the one that was opened, so that
 * a statement that runs again (and the assist, which binds while the person types) reads nothing
 * twice. */
#include "lang/builtins/builtin_int.h"

#include "runtime/io/io.h"

#include <glob.h>
#include <sys/stat.h>

struct scan_cache {
    struct scan_cache *next;
    char *key; /* path and options as text */
    struct io_scan *scan;
};

void scan_list_free(struct scan_cache *s)
{
    while (s) {
        struct scan_cache *next = s->next;
        io_unref(s->scan);
        mem_free(s->key);
        mem_free(s);
        s = next;
    }
}
struct scan_cache *scan_list_copy(const struct scan_cache *s)
{
    struct scan_cache *first = NULL, **at = &first;
    for (; s; s = s->next) {
        *at = mem_zero(sizeof **at);
        (*at)->key = mem_strndup(s->key, strlen(s->key));
        (*at)->scan = io_ref(s->scan);
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
    return f->is_stale && f->is_stale(s);
}
/* The opened scan of that key, or NULL; one whose file has changed is dropped. */
static struct io_scan *find_scan(struct lang *lg, const char *key, bool *has_changed)
{
    *has_changed = false;
    for (struct scan_cache **at = &lg->scans; *at; at = &(*at)->next) {
        struct scan_cache *s = *at;
        if (strcmp(s->key, key) != 0) continue;
        if (!is_stale(s->scan)) return io_ref(s->scan);
        *has_changed = true;
        *at = s->next;
        io_unref(s->scan);
        mem_free(s->key);
        mem_free(s);
        return NULL;
    }
    return NULL;
}
static void remember(struct lang *lg, const char *key, const struct io_scan *scan)
{
    struct scan_cache *s = mem_zero(sizeof *s);
    s->key = mem_strndup(key, strlen(key));
    s->scan = io_ref(scan);
    s->next = lg->scans;
    lg->scans = s;
}

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
static bool is_small_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= DRY_MAX_BYTES;
}
static rc open_scan(const struct call_view *c, const char *path, const struct io_option *opts,
                    int n_opts, const char *key, struct io_scan **out)
{
    bool has_changed;
    struct lang *lg = c->lg;
    *out = find_scan(lg, key, &has_changed);
    if (*out) return RC_OK;
    if (lg->is_dry && !is_small_file(path))
        return fail(&lg->cx, E217, c->e->span, "files are not read here");
    TRY(io_open(&lg->cx, path, opts, n_opts, plain_span(c, 0), out));
    remember(lg, key, *out);
    return RC_OK;
}
static enum rc_t read_call(struct lang *lg, struct scope *sc, const struct ast *e,
                           struct value **args, struct str *names, int n_args, struct value **out)
{
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    struct str path;
    struct strbuf key = {0};
    struct io_scan *scan;
    struct plan *p;
    int n;
    enum rc_t res = RC_ERR;
    (void)sc;
    TRY(plain_text(&c, 0, "the path", &path));
    struct io_option *opts = ARENA_ARRAY(lg->cx.arena, struct io_option, n_args + 1);
    const char *full = resolve_path(lg, lg->cx.arena, path);
    strbuf_addz(&key, full);
    TRY_OUT(read_options(&c, opts, &n, &key));
    TRY_OUT(open_scan(&c, full, opts, n, key.p, &scan));
    res = plan_scan(&lg->cx, scan, e->span, &p);
    io_unref(scan);
    TRY_OUT(res);
    *out = value_frame(p, NULL);
    plan_unref(p);
out:
    strbuf_release(&key);
    return res;
}
const struct builtin_desc builtin_read = {
    .name = "read",
    .sig = "read(path: str, format: str, header: bool, names: list, na: list, delim: str, ..) -> "
           "frame",
    .doc =
        "A frame from a file: CSV and its kin by extension or content. Column types are what the "
        "whole file needs. Options are the format's.",
    .example = "read(\"trips.csv\", na: [\"?\"])",
    .min_args = 1,
    .max_args = 1,
    .options = "*",
    .call = read_call,
    .words = "names types format select na",
};

/* ---- files ---- */
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
    .doc = "The files that fit a pattern (* ? [..]), by name.",
    .example = "files(\"day/*.csv\")",
    .min_args = 1,
    .max_args = 1,
    .call = files_call,
};
