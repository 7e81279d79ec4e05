/* open.c: what read() is given: one file, or several as one. */
#include "runtime/io/set_int.h"

#include "runtime/base/pool.h"

#include <errno.h>
#include <sys/stat.h>

/* ---- one file ---- */
static rc check_path(struct ctx *cx, const char *path, struct span span)
{
    struct stat st;
    if (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return io_missing(cx, path, span);
    return RC_OK;
}

static rc readable(struct ctx *cx, const struct io_format *f, const struct io_option *opts,
                   int n_opts, struct span span)
{
    if (!f->read_options) return fail(cx, E305, span, "%s files can be written, not read", f->name);
    return io_options_check(cx, f, f->read_options, "read()", opts, n_opts);
}

static rc open_one(struct ctx *cx, const char *path, const struct io_option *opts, int n_opts,
                   struct span span, struct io_scan **out)
{
    const struct io_format *f;
    if (!io_is_url(path)) TRY(check_path(cx, path, span));
    TRY(io_choose(cx, path, opts, n_opts, span, true, &f));
    TRY(readable(cx, f, opts, n_opts, span));
    return f->open(cx, path, opts, n_opts, span, out);
}

/* ---- several ---- */
static rc nothing_fits(struct ctx *cx, const char *path, struct span span)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return io_is_folder(cx, path, span);
    size_t n = strcspn(path, "*?[{");
    while (n > 0 && path[n - 1] != '/')
        n--;
    char *folder = mem_strndup(path, n);
    bool is_there = n == 0 || (stat(folder, &st) == 0 && S_ISDIR(st.st_mode));
    if (is_there)
        fail(cx, E301, span, "no file fits `%s`", path);
    else
        fail(cx, E301, span, "no file fits `%s`: there is no folder `%s`", path, folder);
    if (is_there) err_hint(cx, "files(\"%s*\")", folder);
    mem_free(folder);
    return RC_ERR;
}

static rc mixed(struct ctx *cx, const struct io_set_spec *s, int i, const struct io_format *other)
{
    fail(cx, E305, s->span, "`%s` stands for files of several formats: `%s` is %s, `%s` is %s",
         s->label, s->files.paths[0], s->format->name, s->files.paths[i], other->name);
    return err_note(cx, "a pattern such as *.%s takes those of one; format: reads all as one",
                    s->format->name);
}

/* One format for all, and the sizes of the files. */
static rc look_at_files(struct ctx *cx, struct io_set_spec *s, int64_t *sizes)
{
    for (int i = 0; i < s->files.n; i++) {
        const struct io_format *f;
        struct stat st;
        const char *path = s->files.paths[i];
        TRY(check_path(cx, path, s->span));
        TRY(io_choose(cx, path, s->opts, s->n_opts, s->span, true, &f));
        if (i == 0) s->format = f;
        if (f != s->format) return mixed(cx, s, i, f);
        sizes[i] = stat(path, &st) == 0 ? st.st_size : 0;
    }
    return RC_OK;
}

static rc open_files(struct ctx *cx, struct io_set_spec *take_spec, struct io_scan **out)
{
    struct io_set_spec *s = take_spec;
    int64_t *sizes = mem_alloc(sizeof *sizes * (size_t)(s->files.n + 1));
    enum rc_t res = RC_ERR;
    TRY_OUT(look_at_files(cx, s, sizes));
    TRY_OUT(readable(cx, s->format, s->opts, s->n_opts - 1, s->span));
    res = io_set_open(cx, s, sizes, out);
out:
    mem_free(sizes);
    io_files_release(&s->files);
    return res;
}

/* Options for the format: all but source:, and a mark that the file is one of several. */
static rc take_options(struct ctx *cx, const struct io_option *opts, int n_opts,
                       struct io_set_spec *s)
{
    struct io_option *own = ARENA_ARRAY(cx->arena, struct io_option, n_opts + 2);
    int n = 0;
    for (int i = 0; i < n_opts; i++) {
        const struct scalar *v = &opts[i].value;
        if (strcmp(opts[i].name, "source") != 0) {
            own[n++] = opts[i];
            continue;
        }
        if (v->is_null || v->type.kind != KIND_STR || v->u.s.n == 0)
            return fail(cx, E209, opts[i].span,
                        "source: takes the name of the column that says which file a row is from");
        s->source_name = arena_strndup(cx->arena, v->u.s.p, v->u.s.n);
    }
    own[n++] = (struct io_option){IO_OPT_SET, {.type = DTYPE(KIND_BOOL), .u.b = true}, s->span};
    s->opts = own;
    s->n_opts = n;
    return RC_OK;
}

static const char *label_of(struct arena *a, const struct io_paths *paths)
{
    const char *first = paths->p[0] + (strlen(paths->p[0]) > paths->cut ? paths->cut : 0);
    if (paths->n == 1) return first;
    return arena_printf(a, "%s and %d more", first, paths->n - 1);
}

static bool is_one_file(const struct io_paths *paths)
{
    struct stat st;
    if (paths->n != 1) return false;
    if (io_is_url(paths->p[0])) return true;
    if (stat(paths->p[0], &st) == 0) return !S_ISDIR(st.st_mode);
    return !io_has_wildcard(paths->p[0]);
}

static rc open_paths(struct ctx *cx, const struct io_paths *paths, const struct io_option *opts,
                     int n_opts, struct span span, struct io_scan **out)
{
    struct io_set_spec s = {.span = span, .asked = paths->p, .n_asked = paths->n};
    if (paths->n == 0) return fail(cx, E301, span, "the list of files is empty");
    s.any_format = io_option_find(opts, n_opts, "format") >= 0;
    s.label = label_of(cx->arena, paths);
    s.cut = paths->cut;
    TRY(take_options(cx, opts, n_opts, &s));
    if (is_one_file(paths) && !s.source_name)
        return open_one(cx, paths->p[0], opts, n_opts, span, out);
    for (int i = 0; i < paths->n; i++) {
        int before = s.files.n;
        enum rc_t res = io_expand(cx, paths->p[i], s.any_format, span, &s.files);
        if (res == RC_OK && s.files.n == before) res = nothing_fits(cx, paths->p[i], span);
        if (res == RC_OK) continue;
        io_files_release(&s.files);
        return res;
    }
    io_files_drop_empty(&s.files);
    return open_files(cx, &s, out);
}

rc io_open_paths(struct ctx *cx, const struct io_paths *paths, const struct io_option *opts,
                 int n_opts, struct span span, struct io_scan **out)
{
    struct doing doing = pool_doing("read");
    struct ctx told = *cx;
    told.doing = &doing;
    return open_paths(&told, paths, opts, n_opts, span, out);
}

rc io_open(struct ctx *cx, const char *path, const struct io_option *opts, int n_opts,
           struct span span, struct io_scan **out)
{
    struct io_paths one = {&path, 1, 0};
    return io_open_paths(cx, &one, opts, n_opts, span, out);
}

int64_t io_paths_bytes(const struct io_paths *paths, int *n_files)
{
    struct error err = {0};
    struct ctx quiet = {.err = &err};
    struct io_files f = {0};
    int64_t sum = 0;
    for (int i = 0; i < paths->n; i++)
        if (io_expand(&quiet, paths->p[i], true, NO_SPAN, &f) != RC_OK) break;
    for (int i = 0; i < f.n; i++) {
        struct stat st;
        if (stat(f.paths[i], &st) == 0) sum += st.st_size;
    }
    *n_files = f.n;
    io_files_release(&f);
    return sum;
}
