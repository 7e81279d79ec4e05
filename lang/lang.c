/* lang.c: the session as the kernel holds it: made, fed with cells, asked for its variables, freed.
 */
#include "lang/lang_int.h"

#include "lang/interp_int.h"
#include "lang/sql/sql.h"
#include "lang/workspace.h"
#include "runtime/base/hash.h"
#include "runtime/base/log.h"
#include "runtime/base/pool.h"

#include <unistd.h>

/* ---- what reaches the person ---- */
/* Warnings come with a step's first run: the same one of the same place is not told twice. */
static bool was_told(struct lang *lg, const struct error *w)
{
    uint64_t h = hash_mix(hash_bytes(w->message, strlen(w->message)),
                          ((uint64_t)w->span.source << 32) | w->span.from);
    h = hash_mix(h, (uint64_t)w->code);
    for (int i = 0; i < lg->n_told; i++)
        if (lg->told[i] == h) return true;
    if (lg->n_told == lg->cap_told) {
        lg->cap_told = lg->cap_told ? lg->cap_told * 2 : 16;
        lg->told = mem_realloc(lg->told, sizeof *lg->told * (size_t)lg->cap_told);
    }
    lg->told[lg->n_told++] = h;
    return false;
}
/* Paths in messages stand as the user wrote them: the folder that resolve_path put before them is
 * taken out (the rooms below know the whole path only). */
static void cut_folder(const char *folder, char *text)
{
    size_t n = strlen(folder);
    for (char *p = text; n && (p = strstr(p, folder)) != NULL;) {
        bool is_start = p == text || p[-1] == '`' || p[-1] == '"' || p[-1] == ' ';
        if (!is_start || p[n] != '/')
            p++;
        else
            memmove(p, p + n + 1, strlen(p + n + 1) + 1);
    }
}
static void paths_as_written(const struct lang *lg, struct error *e)
{
    if (!lg->folder) return;
    cut_folder(lg->folder, e->message);
    cut_folder(lg->folder, e->hint);
    for (int i = 0; i < e->n_notes; i++)
        cut_folder(lg->folder, e->notes[i]);
}

static void on_warning(void *self, const struct error *w)
{
    struct lang *lg = self;
    const struct lang_host *host = lg->opts.host;
    if (!host || !host->stream || lg->is_dry || was_told(lg, w)) return;
    struct strbuf text = {0};
    struct diag_opts opts = {.width = lg->opts.width};
    struct error shown = *w;
    paths_as_written(lg, &shown);
    diag_text(&text, lg->sources, &shown, &opts);
    if (text.n == 0 || text.p[text.n - 1] != '\n') strbuf_addc(&text, '\n');
    host->stream(host->self, 2, text.p, text.n);
    strbuf_release(&text);
}
static void on_progress(void *self, const char *what, int64_t done, int64_t total)
{
    struct lang *lg = self;
    const struct lang_host *host = lg->opts.host;
    if (host && host->progress && !lg->is_dry) host->progress(host->self, what, done, total);
}

/* ---- life ---- */
static int core_count(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 && n < 1024 ? (int)n : 1;
}
static int64_t default_budget(void)
{
    int64_t pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    int64_t ram = pages > 0 && size > 0 ? pages * size : INT64_C(4) << 30;
    return ram / 10 * 6;
}
rc open_pool(struct lang *lg, const char *url, int threads, struct span span)
{
    struct executor *x;
    struct pool *pool = NULL, *old_pool = lg->pool;
    if (threads > 0) pool = pool_new(threads);
    if (pool) lg->cx.pool = pool;
    if (executor_open(&lg->cx, url, span, &x) != RC_OK) {
        lg->cx.pool = old_pool;
        if (pool) pool_free(pool);
        return RC_ERR;
    }
    if (lg->executor) executor_close(lg->executor);
    if (pool && old_pool) pool_free(old_pool);
    if (pool) lg->pool = pool;
    lg->executor = x;
    return RC_OK;
}
struct lang *lang_new(const struct lang_opts *opts)
{
    struct lang *lg = mem_zero(sizeof *lg);
    lg->opts = *opts;
    if (lg->opts.width <= 0) lg->opts.width = 80;
    if (lg->opts.threads <= 0) lg->opts.threads = core_count();
    lg->folder = opts->folder ? mem_strndup(opts->folder, strlen(opts->folder)) : NULL;
    lg->opts.folder = lg->folder;
    lg->notify = (struct notify){.self = lg, .warn = on_warning, .progress = on_progress};
    lg->cx = (struct ctx){.err = &lg->err,
                          .arena = arena_new(),
                          .cancel = opts->cancel,
                          .notify = &lg->notify,
                          .memory_budget = default_budget()};
    lg->sources = sources_new();
    lg->globals = scope_new(NULL);
    lg->names = mem_zero(sizeof *lg->names);
    lg->names->arena = arena_new();
    lg->now_us = INT64_MIN;
    char url[32];
    snprintf(url, sizeof url, "threads:%d", lg->opts.threads);
    if (open_pool(lg, url, lg->opts.threads, NO_SPAN) != RC_OK)
        BUG("the threads executor does not open: %s", lg->err.message);
    err_clear(&lg->err);
    return lg;
}
void lang_reset(struct lang *lg)
{
    value_unref(lg->last);
    value_unref(lg->recent);
    lg->last = lg->recent = NULL;
    workspace_close(lg);
    scope_clear(lg->globals);
    params_free(lg);
    includes_free(lg);
    scans_free(lg);
    kept_free(lg);
    mem_free(lg->told);
    lg->told = NULL;
    lg->n_told = lg->cap_told = 0;
    lg->seed = lg->cx.seed = 0;
}
void lang_free(struct lang *lg)
{
    if (!lg) return;
    lang_reset(lg);
    overrides_free(lg);
    scope_unref(lg->globals);
    if (lg->executor) executor_close(lg->executor);
    if (lg->pool) pool_free(lg->pool);
    sources_free(lg->sources);
    arena_free(lg->cx.arena);
    arena_free(lg->names->arena);
    mem_free(lg->names);
    mem_free(lg->folder);
    mem_free(lg);
}
void lang_set_folder(struct lang *lg, const char *folder)
{
    char *copy = folder ? mem_strndup(folder, strlen(folder)) : NULL;
    mem_free(lg->folder);
    lg->folder = copy;
    lg->opts.folder = copy;
}
void lang_set_width(struct lang *lg, int width)
{
    lg->opts.width = width > 0 ? width : 80;
}
void lang_set_rows(struct lang *lg, int64_t rows)
{
    lg->opts.rows = rows;
}
void lang_set_digits(struct lang *lg, int digits)
{
    lg->opts.digits = digits;
}
struct sources *lang_sources(struct lang *lg)
{
    return lg->sources;
}
const char *resolve_path(struct lang *lg, struct arena *a, struct str path)
{
    const char *folder = lg->program && lg->program->folder ? lg->program->folder : lg->folder;
    if ((path.n && path.p[0] == '/') || !folder) return arena_strndup(a, path.p, path.n);
    size_t n = strlen(folder);
    bool has_slash = n > 0 && folder[n - 1] == '/';
    return arena_printf(a, "%s%s%.*s", folder, has_slash ? "" : "/", STR_FMT(path));
}

/* ---- cells ---- */
static rc run_cell(struct lang *lg, const char *text, size_t n, const char *label, int first_line)
{
    if (str_starts((struct str){text, n}, STR("%%sql")))
        return sql_cell(lg, text, n, label, first_line);
    return run_program(lg, text, n, label, first_line, NULL, lg->opts.console);
}
static void names_begin(struct lang *lg)
{
    struct arena *a = lg->names->arena;
    arena_reset(a);
    *lg->names = (struct name_log){.arena = a};
    scope_log(lg->globals, lg->names);
}
void lang_names(const struct lang *lg, struct lang_names *out)
{
    const struct name_log *l = lg->names;
    *out = (struct lang_names){l->used, l->set, l->n_used, l->n_set};
}
rc lang_run(struct lang *lg, const char *text, size_t n, const char *label, int first_line,
            struct error *err)
{
    err_clear(&lg->err);
    lg->depth = lg->expr_depth = lg->fn_depth = 0;
    names_begin(lg);
    enum rc_t res = run_cell(lg, text, n, label, first_line);
    scope_log(lg->globals, NULL);
    if (res != RC_OK) paths_as_written(lg, &lg->err);
    if (res != RC_OK) *err = lg->err;
    arena_reset(lg->cx.arena);
    return res;
}
rc lang_frame_table(struct lang *lg, struct plan *p, struct table **out, struct error *err)
{
    struct arena *outer = lg->cx.arena; /* the host may ask while a statement shows something */
    err_clear(&lg->err);
    lg->cx.arena = arena_new();
    enum rc_t res = frame_table(lg, p, out);
    if (res != RC_OK) *err = lg->err;
    arena_free(lg->cx.arena);
    lg->cx.arena = outer;
    return res;
}

/* ---- variables ---- */
static int64_t rows_known(const struct value *v)
{
    if (v->kind == VALUE_LIST) return value_length(v);
    if (v->kind != VALUE_FRAME) return -1;
    if (v->plan->kept) return v->plan->kept->n_rows;
    return v->plan->op == PLAN_TABLE ? v->plan->u.table.table->n_rows : -1;
}
void lang_vars(struct lang *lg,
               void (*see)(void *arg, const char *name, const char *type, int64_t rows), void *arg)
{
    struct str *names;
    char type[128];
    struct arena *a = arena_new(); /* `.vars` asks while its statement runs */
    int n = scope_names(lg->globals, a, &names);
    for (int i = 0; i < n; i++) {
        const struct value *v = scope_peek(lg->globals, names[i]);
        char *name = arena_strndup(a, names[i].p, names[i].n);
        see(arg, name, value_type_text(v, type, sizeof type), rows_known(v));
    }
    arena_free(a);
}
