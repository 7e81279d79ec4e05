/* expand.c: a path, a pattern or a folder as the files it stands for, in order of their paths.
 *
 * `*` `?` `[a-z]` fit within a name, `**` any number of folders, `{a,b}` either; a folder stands
 * for all readable files in and below it. Names that begin with a dot or an underscore (Spark's
 * _SUCCESS) are not among them unless the pattern writes that first character. */
#include "runtime/io/set_int.h"

#include "runtime/base/cancel.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>

#define DEPTH_MAX   64      /* folders */
#define FILES_MAX   1000000 /* of one set */
#define CHOICES_MAX 64      /* {a,b} of one pattern */

struct expand {
    struct ctx *cx;
    struct io_files *out;
    struct span span;
    bool any_format; /* of a folder: files of every extension */
};

void io_files_add(struct io_files *f, const char *path, size_t n)
{
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 16;
        f->paths = mem_realloc(f->paths, sizeof *f->paths * (size_t)f->cap);
        f->roots = mem_realloc(f->roots, sizeof *f->roots * (size_t)f->cap);
    }
    f->roots[f->n] = f->root;
    f->paths[f->n++] = mem_strndup(path, n);
}

void io_files_release(struct io_files *f)
{
    for (int i = 0; i < f->n; i++)
        mem_free(f->paths[i]);
    mem_free(f->paths);
    mem_free(f->roots);
    *f = (struct io_files){0};
}

bool io_has_wildcard(const char *path)
{
    return strpbrk(path, "*?[{") != NULL;
}

/* ---- folders ---- */
struct entry {
    char *name;
    bool is_folder, is_link;
};
struct listing {
    struct entry *e;
    size_t n, cap;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static void listing_free(struct listing *l)
{
    for (size_t i = 0; i < l->n; i++)
        mem_free(l->e[i].name);
    mem_free(l->e);
}

static bool entry_kind(const char *folder, const char *name, struct entry *e)
{
    struct stat st;
    struct strbuf path = {0};
    strbuf_printf(&path, "%s%s", folder, name);
    bool ok = lstat(path.p, &st) == 0;
    e->is_link = ok && S_ISLNK(st.st_mode);
    if (e->is_link) ok = stat(path.p, &st) == 0;
    e->is_folder = ok && S_ISDIR(st.st_mode);
    ok = ok && (e->is_folder || S_ISREG(st.st_mode));
    strbuf_release(&path);
    return ok;
}

/* Files and folders of a folder ("" or ending in a slash) by name; what cannot be listed is empty.
 */
static void list(const char *folder, struct listing *out)
{
    *out = (struct listing){0};
    DIR *dir = opendir(*folder ? folder : ".");
    if (!dir) return;
    for (struct dirent *d; (d = readdir(dir));) {
        struct entry e = {0};
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) continue;
        if (!entry_kind(folder, d->d_name, &e)) continue;
        if (out->n == out->cap) {
            out->cap = out->cap ? out->cap * 2 : 32;
            out->e = mem_realloc(out->e, sizeof *out->e * out->cap);
        }
        e.name = mem_strndup(d->d_name, strlen(d->d_name));
        out->e[out->n++] = e;
    }
    closedir(dir);
    if (out->n) qsort(out->e, out->n, sizeof *out->e, by_name);
}

static bool is_hidden(const char *name)
{
    return name[0] == '.' || name[0] == '_';
}

static rc add_file(struct expand *x, const char *path)
{
    if (x->out->n >= FILES_MAX)
        return fail(x->cx, E309, x->span, "the pattern fits more than %d files", FILES_MAX);
    io_files_add(x->out, path, strlen(path));
    return RC_OK;
}

/* All readable files below a folder, whose path ends in a slash. */
static rc add_folder(struct expand *x, const char *folder, int depth)
{
    struct listing l;
    TRY(check_cancel(x->cx));
    list(folder, &l);
    enum rc_t res = RC_OK;
    for (size_t i = 0; i < l.n && res == RC_OK; i++) {
        const struct entry *e = &l.e[i];
        struct strbuf path = {0};
        if (is_hidden(e->name) || (e->is_folder && (e->is_link || depth >= DEPTH_MAX))) continue;
        strbuf_printf(&path, "%s%s%s", folder, e->name, e->is_folder ? "/" : "");
        if (e->is_folder)
            res = add_folder(x, path.p, depth + 1);
        else if (x->any_format || io_format_of_name(path.p))
            res = add_file(x, path.p);
        strbuf_release(&path);
    }
    listing_free(&l);
    return res;
}

/* ---- patterns ---- */
/* A name against one part of a pattern. */
static bool fits(const char *pattern, const char *name)
{
    if (is_hidden(name) && pattern[0] != name[0]) return false;
    return fnmatch(pattern, name, FNM_PERIOD) == 0;
}

static rc walk(struct expand *x, const char *folder, const char *pattern, int depth);

/* A part without wildcards: no listing. */
static rc walk_plain(struct expand *x, const char *folder, struct str part, const char *rest,
                     int depth)
{
    struct stat st;
    struct strbuf path = {0};
    enum rc_t res = RC_OK;
    strbuf_printf(&path, "%s%.*s", folder, STR_FMT(part));
    bool is_there = stat(path.p, &st) == 0;
    if (is_there && rest) {
        strbuf_addc(&path, '/');
        res = S_ISDIR(st.st_mode) ? walk(x, path.p, rest, depth) : RC_OK;
    } else if (is_there && S_ISREG(st.st_mode)) {
        res = add_file(x, path.p);
    }
    strbuf_release(&path);
    return res;
}

static rc walk_entry(struct expand *x, const char *folder, const struct entry *e, bool is_deep,
                     const char *part, const char *rest, const char *pattern, int depth)
{
    struct strbuf path = {0};
    enum rc_t res = RC_OK;
    strbuf_printf(&path, "%s%s%s", folder, e->name, e->is_folder ? "/" : "");
    if (is_deep) {
        if (e->is_folder && !e->is_link && !is_hidden(e->name))
            res = walk(x, path.p, pattern, depth + 1);
    } else if (fits(part, e->name)) {
        if (rest && e->is_folder) res = walk(x, path.p, rest, depth + 1);
        if (!rest && !e->is_folder) res = add_file(x, path.p);
        if (!rest && e->is_folder) res = add_folder(x, path.p, depth + 1);
    }
    strbuf_release(&path);
    return res;
}

/* What `pattern` fits below a folder ("" or ending in a slash). */
static rc walk(struct expand *x, const char *folder, const char *pattern, int depth)
{
    size_t n = strcspn(pattern, "/");
    const char *rest = pattern[n] ? pattern + n + strspn(pattern + n, "/") : NULL;
    struct listing l;
    TRY(check_cancel(x->cx));
    if (depth > DEPTH_MAX) return RC_OK;
    if (rest && !*rest) rest = NULL; /* a slash at the end */
    char *part = mem_strndup(pattern, n);
    bool is_deep = strcmp(part, "**") == 0;
    enum rc_t res = RC_OK;
    if (!io_has_wildcard(part)) {
        res = walk_plain(x, folder, (struct str){part, n}, rest, depth);
        mem_free(part);
        return res;
    }
    if (is_deep && !rest) {
        res = add_folder(x, folder, depth);
        mem_free(part);
        return res;
    }
    if (is_deep) res = walk(x, folder, rest, depth); /* no folder between */
    list(folder, &l);
    for (size_t i = 0; i < l.n && res == RC_OK; i++)
        res = walk_entry(x, folder, &l.e[i], is_deep, part, rest, pattern, depth);
    listing_free(&l);
    mem_free(part);
    return res;
}

/* Writes out the first {a,b} and goes on with each. */
static rc expand_braces(struct expand *x, const char *pattern, int *choices)
{
    const char *open = strchr(pattern, '{'), *close = open ? strchr(open, '}') : NULL;
    if (!close) {
        bool is_root = pattern[0] == '/';
        return walk(x, is_root ? "/" : "", pattern + strspn(pattern, "/"), 0);
    }
    for (const char *p = open; p < close;) {
        size_t n = strcspn(++p, ",}");
        struct strbuf one = {0};
        if (++*choices > CHOICES_MAX)
            return fail(x->cx, E309, x->span, "the pattern has more than %d choices in braces",
                        CHOICES_MAX);
        strbuf_printf(&one, "%.*s%.*s%s", (int)(open - pattern), pattern, (int)n, p, close + 1);
        enum rc_t res = expand_braces(x, one.p, choices);
        strbuf_release(&one);
        if (res != RC_OK) return res;
        p += n;
    }
    return RC_OK;
}

/* Bytes of the folders before the first wildcard. */
static size_t fixed_part(const char *pattern)
{
    size_t n = strcspn(pattern, "*?[{");
    while (n > 0 && pattern[n - 1] != '/')
        n--;
    return n;
}

/* ---- order ---- */
struct pair {
    char *path;
    size_t root;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->path, ((const struct pair *)b)->path);
}

/* By path from `from` on, each once. */
static void sort_files(struct io_files *f, int from)
{
    size_t n = (size_t)(f->n - from);
    if (n < 2) return;
    struct pair *all = mem_alloc(sizeof *all * n);
    for (size_t i = 0; i < n; i++)
        all[i] = (struct pair){f->paths[(size_t)from + i], f->roots[(size_t)from + i]};
    qsort(all, n, sizeof *all, by_path);
    f->n = from;
    for (size_t i = 0; i < n; i++) {
        if (f->n > from && strcmp(f->paths[f->n - 1], all[i].path) == 0) {
            mem_free(all[i].path);
            continue;
        }
        f->paths[f->n] = all[i].path;
        f->roots[f->n++] = all[i].root;
    }
    mem_free(all);
}

rc io_expand(struct ctx *cx, const char *path, bool any_format, struct span span,
             struct io_files *out)
{
    struct expand x = {.cx = cx, .out = out, .span = span, .any_format = any_format};
    struct stat st;
    int from = out->n, choices = 0;
    size_t n = strlen(path);
    bool is_there = stat(path, &st) == 0;
    if (is_there && S_ISDIR(st.st_mode)) {
        struct strbuf folder = {0};
        strbuf_printf(&folder, "%s%s", path, n && path[n - 1] == '/' ? "" : "/");
        out->root = folder.n;
        enum rc_t res = add_folder(&x, folder.p, 0);
        strbuf_release(&folder);
        TRY(res);
    } else if (is_there || !io_has_wildcard(path)) {
        const char *slash = strrchr(path, '/');
        out->root = slash ? (size_t)(slash - path) + 1 : 0; /* one file: its folders say nothing */
        io_files_add(out, path, n);
    } else {
        out->root = fixed_part(path);
        TRY(expand_braces(&x, path, &choices));
    }
    sort_files(out, from);
    return RC_OK;
}

static bool is_empty_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

void io_files_drop_empty(struct io_files *f)
{
    int n = 0;
    for (int i = 0; i < f->n && f->n > 1; i++)
        n += !is_empty_file(f->paths[i]);
    if (n == 0) return;
    n = 0;
    for (int i = 0; i < f->n; i++) {
        if (is_empty_file(f->paths[i])) {
            mem_free(f->paths[i]);
            continue;
        }
        f->paths[n] = f->paths[i];
        f->roots[n++] = f->roots[i];
    }
    f->n = n;
}

rc io_match(struct ctx *cx, const char *pattern, struct span span, const char ***out, int *n)
{
    struct io_files f = {0};
    enum rc_t res = io_expand(cx, pattern, true, span, &f);
    *n = res == RC_OK ? f.n : 0;
    *out = ARENA_ARRAY(cx->arena, const char *, *n + 1);
    for (int i = 0; i < *n; i++)
        (*out)[i] = arena_strndup(cx->arena, f.paths[i], strlen(f.paths[i]));
    io_files_release(&f);
    return res;
}
