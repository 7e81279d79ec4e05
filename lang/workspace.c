/* workspace.c: `use workspace("DIR")`: the frames of the session kept in a folder, over sessions.
 *
 * The folder holds a Parquet file a table and workspace.json, which says which file is which table.
 * A table that changes is written to a new file; then the manifest is replaced: a crash at any
 * point leaves the old table or the new one. Files that no table needs any more stay until the
 * session ends (frames made from them may still read them) and are swept when the workspace is
 * opened again. */
#include "lang/workspace.h"

#include "lang/interp_int.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/io/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST     "workspace.json"
#define MANIFEST_MAX (64 << 20)

struct kept_table {
    char *name, *file;
    int64_t n_rows, n_columns;
    const struct plan *plan; /* the variable's, while it stands for this file; owned reference */
};
struct workspace {
    char *folder;
    int lock;
    struct kept_table *tables;
    int n, cap;
    char **old; /* files to sweep */
    int n_old;
};

static const char *path_of(const struct workspace *w, struct arena *a, const char *file)
{
    return arena_printf(a, "%s/%s", w->folder, file);
}

/* ---- the manifest ---- */
static rc manifest_write(struct lang *lg, const struct workspace *w, struct span span)
{
    json_t *root = json_object(), *tables = json_object(), *old = json_array();
    for (int i = 0; i < w->n; i++) {
        const struct kept_table *t = &w->tables[i];
        json_object_set_new(tables, t->name,
                            json_pack("{s:s, s:I, s:I}", "file", t->file, "rows",
                                      (json_int_t)t->n_rows, "columns", (json_int_t)t->n_columns));
    }
    for (int i = 0; i < w->n_old; i++)
        json_array_append_new(old, json_string(w->old[i]));
    json_object_set_new(root, "mlnb_workspace", json_integer(1));
    json_object_set_new(root, "tables", tables);
    json_object_set_new(root, "sweep", old);
    char *text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    struct str bytes = str_of(text ? text : "{}");
    enum rc_t res = file_replace(&lg->cx, path_of(w, lg->cx.arena, MANIFEST), bytes, span);
    free(text); /* jansson's own allocation */
    return res;
}

/* A file of the workspace's own folder: nothing that leads elsewhere. */
static bool is_plain_file(const char *file)
{
    return file && *file && *file != '.' && !strchr(file, '/') && strlen(file) < 256;
}

static void add_old(struct workspace *w, const char *file)
{
    w->old = mem_realloc(w->old, sizeof *w->old * (size_t)(w->n_old + 1));
    w->old[w->n_old++] = mem_strndup(file, strlen(file));
}

static void forget_old(struct workspace *w, const char *file)
{
    for (int i = w->n_old - 1; i >= 0; i--) {
        if (strcmp(w->old[i], file) != 0) continue;
        mem_free(w->old[i]);
        w->old[i] = w->old[--w->n_old];
    }
}

static struct kept_table *add_table(struct workspace *w, const char *name, const char *file)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 16;
        w->tables = mem_realloc(w->tables, sizeof *w->tables * (size_t)w->cap);
    }
    struct kept_table *t = &w->tables[w->n++];
    *t = (struct kept_table){.name = mem_strndup(name, strlen(name)),
                             .file = mem_strndup(file, strlen(file))};
    return t;
}

static rc bad_manifest(struct lang *lg, const struct workspace *w, struct span span)
{
    fail(&lg->cx, E305, span, "`%s/" MANIFEST "` is not a workspace's list of tables", w->folder);
    return err_note(&lg->cx, "the tables themselves are Parquet files: read(\"%s/NAME.parquet\")",
                    w->folder);
}

static rc manifest_take(struct lang *lg, struct workspace *w, const json_t *root, struct span span)
{
    const json_t *tables = json_object_get(root, "tables"), *old = json_object_get(root, "sweep");
    const char *name;
    json_t *t;
    if (!json_is_integer(json_object_get(root, "mlnb_workspace")) || !json_is_object(tables))
        return bad_manifest(lg, w, span);
    if (json_integer_value(json_object_get(root, "mlnb_workspace")) != 1)
        return fail(&lg->cx, E305, span, "`%s` is a workspace of a newer version", w->folder);
    json_object_foreach((json_t *)(uintptr_t)tables, name, t)
    {
        const char *file = json_string_value(json_object_get(t, "file"));
        if (!is_plain_file(file) || !*name) return bad_manifest(lg, w, span);
        struct kept_table *k = add_table(w, name, file);
        k->n_rows = json_integer_value(json_object_get(t, "rows"));
        k->n_columns = json_integer_value(json_object_get(t, "columns"));
    }
    for (size_t i = 0; i < json_array_size(old); i++) {
        const char *file = json_string_value(json_array_get(old, i));
        if (is_plain_file(file)) add_old(w, file);
    }
    return RC_OK;
}

static rc manifest_read(struct lang *lg, struct workspace *w, struct span span)
{
    const char *path = path_of(w, lg->cx.arena, MANIFEST);
    char *text;
    size_t n;
    if (access(path, F_OK) != 0 && errno == ENOENT) return RC_OK; /* a new one */
    TRY(file_read(&lg->cx, path, MANIFEST_MAX, span, &text, &n));
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    mem_free(text);
    enum rc_t res = root ? manifest_take(lg, w, root, span) : bad_manifest(lg, w, span);
    json_decref(root);
    return res;
}

/* ---- files ---- */
static bool is_in_use(const struct workspace *w, const char *file)
{
    for (int i = 0; i < w->n; i++)
        if (strcmp(w->tables[i].file, file) == 0) return true;
    return false;
}

/* Removes what no table needs. Nobody reads here now: we hold the lock and no frame is open yet, or
 * the session ends. */
static void sweep(struct workspace *w)
{
    struct arena *a = arena_new();
    for (int i = 0; i < w->n_old; i++) {
        if (!is_in_use(w, w->old[i])) unlink(path_of(w, a, w->old[i]));
        mem_free(w->old[i]);
    }
    w->n_old = 0;
    arena_free(a);
}

/* What killed sessions were writing: NAME.parquet.tmp-PID. */
static void sweep_parts(const struct workspace *w)
{
    struct arena *a = arena_new();
    DIR *d = opendir(w->folder);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (strstr(e->d_name, ".parquet.tmp-") || strstr(e->d_name, MANIFEST ".tmp-"))
            unlink(path_of(w, a, e->d_name));
    if (d) closedir(d);
    arena_free(a);
}

/* A name for a table's next file that nobody has: trips.parquet, trips.2.parquet .. */
static const char *free_file(struct lang *lg, const struct workspace *w, struct str name)
{
    struct arena *a = lg->cx.arena;
    char *base = arena_strndup(a, name.p, name.n < 80 ? name.n : 80);
    for (char *p = base; *p; p++) {
        bool is_word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                       (*p >= '0' && *p <= '9') || *p == '_';
        if (!is_word) *p = '-';
    }
    for (int i = 1;; i++) {
        const char *file = i == 1 ? arena_printf(a, "%s.parquet", base)
                                  : arena_printf(a, "%s.%d.parquet", base, i);
        if (access(path_of(w, a, file), F_OK) != 0) return file;
    }
}

static rc lock_folder(struct lang *lg, struct workspace *w, struct span span)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const char *path = path_of(w, lg->cx.arena, "workspace.lock");
    w->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (w->lock < 0) return file_cannot_write(&lg->cx, path, span, errno);
    if (fcntl(w->lock, F_SETLK, &l) == 0) return RC_OK;
    l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
    long pid = fcntl(w->lock, F_GETLK, &l) == 0 ? (long)l.l_pid : 0;
    return fail(&lg->cx, E302, span, "another session (process %ld) uses the workspace `%s`", pid,
                w->folder);
}

/* ---- tables and variables ---- */
static struct io_option parquet_format(struct span span)
{
    return (struct io_option){
        .name = "format", .value = {.type = DTYPE(KIND_STR), .u.s = STR("parquet")}, .span = span};
}

static rc open_table(struct lang *lg, struct workspace *w, struct kept_table *t, struct span span,
                     struct plan **out)
{
    const struct io_option format = parquet_format(span);
    struct io_scan *scan;
    TRY(io_open(&lg->cx, path_of(w, lg->cx.arena, t->file), &format, 1, span, &scan));
    enum rc_t res = plan_scan(&lg->cx, scan, span, out);
    io_unref(scan);
    return res;
}

/* Binds the variable to the table's file. */
static rc bind_table(struct lang *lg, struct workspace *w, struct kept_table *t, struct span span)
{
    struct plan *p;
    TRY(open_table(lg, w, t, span, &p));
    plan_unref((struct plan *)(uintptr_t)t->plan);
    t->plan = plan_ref(p);
    scope_set(lg->globals, str_of(t->name), value_frame(p, t->name));
    plan_unref(p);
    return RC_OK;
}

static rc write_table(struct lang *lg, struct plan *p, const char *path, struct span span,
                      int64_t *n_rows)
{
    const struct io_option format = parquet_format(span);
    return frame_write(lg, p, path, &format, 1, span, n_rows);
}

static struct kept_table *find_table(struct workspace *w, struct str name)
{
    for (int i = 0; i < w->n; i++)
        if (str_eqz(name, w->tables[i].name)) return &w->tables[i];
    return NULL;
}

/* Stores a frame under a variable's name and binds the variable to what was stored. The new file is
 * named for sweeping before it is begun, so that a crash leaves nothing behind. */
static rc store(struct lang *lg, struct workspace *w, struct str name, struct plan *p,
                struct span span)
{
    const char *file = free_file(lg, w, name);
    int64_t n_rows = 0;
    add_old(w, file);
    TRY(manifest_write(lg, w, span));
    TRY(write_table(lg, p, path_of(w, lg->cx.arena, file), span, &n_rows));
    struct kept_table *t = find_table(w, name);
    if (t) {
        add_old(w, t->file);
        mem_free(t->file);
        t->file = mem_strndup(file, strlen(file));
    } else {
        t = add_table(w, arena_strndup(lg->cx.arena, name.p, name.n), file);
    }
    t->n_rows = n_rows;
    t->n_columns = p->schema->n;
    forget_old(w, file);
    TRY(manifest_write(lg, w, span));
    return bind_table(lg, w, t, span);
}

static void drop(struct workspace *w, int i)
{
    struct kept_table *t = &w->tables[i];
    add_old(w, t->file);
    mem_free(t->name);
    mem_free(t->file);
    plan_unref((struct plan *)(uintptr_t)t->plan);
    *t = w->tables[--w->n];
}

/* ---- what the session calls ---- */
rc workspace_sync(struct lang *lg, struct span span)
{
    struct workspace *w = lg->workspace;
    struct str *names;
    bool is_less = false;
    if (!w || lg->is_dry) return RC_OK;
    for (int i = w->n - 1; i >= 0; i--) {
        const struct value *v = scope_peek(lg->globals, str_of(w->tables[i].name));
        if (v && v->kind == VALUE_FRAME) continue;
        drop(w, i);
        is_less = true;
    }
    if (is_less) TRY(manifest_write(lg, w, span));
    int n = scope_names(lg->globals, lg->cx.arena, &names);
    for (int i = 0; i < n; i++) {
        const struct value *v = scope_peek(lg->globals, names[i]);
        const struct kept_table *t = find_table(w, names[i]);
        if (v->kind != VALUE_FRAME || (t && t->plan == v->plan)) continue;
        struct plan *p = plan_ref(v->plan);
        enum rc_t res = store(lg, w, names[i], p, span);
        plan_unref(p);
        TRY(res);
    }
    return RC_OK;
}

void workspace_close(struct lang *lg)
{
    struct workspace *w = lg->workspace;
    if (!w) return;
    if (w->lock >= 0) sweep(w); /* the manifest still names them: no harm */
    for (int i = 0; i < w->n; i++) {
        mem_free(w->tables[i].name);
        mem_free(w->tables[i].file);
        plan_unref((struct plan *)(uintptr_t)w->tables[i].plan);
    }
    for (int i = 0; i < w->n_old; i++)
        mem_free(w->old[i]);
    if (w->lock >= 0) close(w->lock);
    mem_free(w->old);
    mem_free(w->tables);
    mem_free(w->folder);
    mem_free(w);
    lg->workspace = NULL;
}

static rc open_all(struct lang *lg, struct workspace *w, struct span span)
{
    TRY(file_make_folders(&lg->cx, w->folder, true, 0777, span));
    TRY(lock_folder(lg, w, span));
    TRY(manifest_read(lg, w, span));
    sweep(w);
    sweep_parts(w);
    for (int i = 0; i < w->n; i++)
        TRY(bind_table(lg, w, &w->tables[i], span));
    return manifest_write(lg, w, span);
}

rc workspace_open(struct lang *lg, struct str folder, struct span span)
{
    if (lg->is_dry) return RC_OK;
    const char *path = resolve_path(lg, lg->cx.arena, folder);
    if (lg->workspace && strcmp(lg->workspace->folder, path) == 0) return RC_OK;
    workspace_close(lg);
    struct workspace *w = lg->workspace = mem_zero(sizeof *w);
    w->folder = mem_strndup(path, strlen(path));
    w->lock = -1;
    if (open_all(lg, w, span) != RC_OK) {
        workspace_close(lg);
        return RC_ERR;
    }
    char line[128];
    snprintf(line, sizeof line, "workspace: %d table%s", w->n, w->n == 1 ? "" : "s");
    show_status(lg, line);
    return workspace_sync(lg, span);
}
