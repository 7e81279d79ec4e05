/* session.c: between the language and whoever drives it. What the language shows becomes mime
 * bundles here, once, so that Jupyter, console and scripts give the same text. */
#include "kernel/session/session_int.h"

#include "kernel/session/commands.h"

void session_emit(struct session *s, const struct output *o)
{
    if (s->opts.host.output) s->opts.host.output(s->opts.host.self, o);
}

static void publish_snapshot(struct session *s)
{
    struct lang_snapshot *fresh = lang_snapshot(s->lang);
    pthread_mutex_lock(&s->lock);
    struct lang_snapshot *old = s->snapshot;
    s->snapshot = fresh;
    pthread_mutex_unlock(&s->lock);
    if (old) lang_snapshot_unref(old);
}

struct lang_snapshot *session_snapshot(struct session *s)
{
    pthread_mutex_lock(&s->lock);
    struct lang_snapshot *snap = lang_snapshot_ref(s->snapshot);
    pthread_mutex_unlock(&s->lock);
    return snap;
}

/* ---- what the language calls ---- */
static void on_stream(void *self, int fd, const char *p, size_t n)
{
    struct output o = {.kind = OUTPUT_STREAM, .fd = fd, .text = {p, n}};
    session_emit(self, &o);
}

static void put_text(json_t *data, const char *mime, struct str s)
{
    if (s.n) json_object_set_new(data, mime, json_stringn(s.p, s.n));
}

static json_t *bundle(const struct display *d)
{
    json_t *data = json_object();
    if (d->vega)
        json_object_set(data, "application/vnd.vegalite.v5+json", (json_t *)(uintptr_t)d->vega);
    put_text(data, "image/svg+xml", d->svg);
    if (!d->vega)
        put_text(data, "text/html", d->html); /* html beside a chart would hide it in Lab */
    json_object_set_new(data, "text/plain", json_stringn(d->plain.p ? d->plain.p : "", d->plain.n));
    return data;
}

static void on_display(void *self, const struct display *d)
{
    json_t *data = bundle(d), *metadata = json_object();
    struct output o = {
        .kind = d->is_last ? OUTPUT_RESULT : OUTPUT_DISPLAY,
        .data = data,
        .metadata = metadata,
        .shown = d,
    };
    session_emit(self, &o);
    json_decref(data);
    json_decref(metadata);
}

static bool on_input(void *self, const char *prompt, bool secret, struct strbuf *answer)
{
    struct session *s = self;
    return s->opts.host.input && s->opts.host.input(s->opts.host.self, prompt, secret, answer);
}

static void show_text(struct session *s, struct str plain, struct str html)
{
    on_display(s, &(struct display){.kind = DISPLAY_VALUE, .plain = plain, .html = html});
}

/* The host hears of every command: its own, and `.help`, to which it adds its list. */
static bool on_command(void *self, struct str line)
{
    struct session *s = self;
    struct str name, rest;
    struct strbuf set = {0};
    command_split(line, &name, &rest);
    if (str_eqz(name, ".set") && rest.n) { /* .set rows 50 is .rows 50 */
        strbuf_printf(&set, ".%.*s", STR_FMT(rest));
        line = strbuf_view(&set);
    }
    bool is_own = session_command(s, line, show_text);
    bool is_hosts = s->opts.host.command && s->opts.host.command(s->opts.host.self, line);
    strbuf_release(&set);
    return is_own || is_hosts;
}

static void on_progress(void *self, const char *what, int64_t done, int64_t total)
{
    progress_tell(self, what, done, total);
}

static void on_statement(void *self)
{
    struct session *s = self;
    progress_end(s, PROGRESS_DONE);
    publish_snapshot(s);
}

static void on_left_running(void *self, int group, struct str command)
{
    struct session *s = self;
    jobs_add(s, group, command);
}

/* ---- life ---- */
struct session *session_new(const struct session_opts *opts)
{
    struct session *s = mem_zero(sizeof *s);
    s->opts = *opts;
    s->host = (struct lang_host){.self = s,
                                 .stream = on_stream,
                                 .display = on_display,
                                 .input = on_input,
                                 .progress = on_progress,
                                 .command = on_command,
                                 .statement = on_statement,
                                 .left_running = on_left_running};
    pthread_mutex_init(&s->lock, NULL);
    struct lang_opts lo = {.host = &s->host,
                           .threads = opts->threads,
                           .safe = opts->safe,
                           .console = opts->console,
                           .folder = opts->folder,
                           .width = opts->width ? opts->width : 80,
                           .cancel = &s->cancel};
    s->lang = lang_new(&lo);
    publish_snapshot(s);
    return s;
}

void session_free(struct session *s)
{
    if (!s) return;
    if (s->snapshot) lang_snapshot_unref(s->snapshot);
    stale_free(&s->stale);
    progress_free(&s->progress);
    session_end_jobs(s);
    jobs_free(&s->jobs);
    lang_free(s->lang);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

struct lang *session_lang(struct session *s)
{
    return s->lang;
}

void session_interrupt(struct session *s)
{
    if (atomic_load(&s->is_running)) cancel_set(&s->cancel);
}

bool session_is_running(const struct session *s)
{
    return atomic_load(&((struct session *)(uintptr_t)s)->is_running);
}

/* ---- running ---- */
void session_emit_error(struct session *s, const struct error *e)
{
    struct strbuf plain = {0}, color = {0};
    struct diag_opts opts = {.width = s->opts.width, .place = s->opts.error_place};
    diag_text(&plain, lang_sources(s->lang), e, &opts);
    opts.color = true;
    diag_text(&color, lang_sources(s->lang), e, &opts);
    struct output o = {.kind = OUTPUT_ERROR,
                       .text = strbuf_view(&plain),
                       .text_color = strbuf_view(&color),
                       .error = e};
    session_emit(s, &o);
    strbuf_release(&plain);
    strbuf_release(&color);
}

json_t *output_traceback(const struct output *o)
{
    struct str text = o->text_color;
    json_t *lines = json_array();
    while (text.n) {
        const char *nl = memchr(text.p, '\n', text.n);
        size_t n = nl ? (size_t)(nl - text.p) : text.n;
        json_array_append_new(lines, json_stringn(text.p, n));
        size_t skip = nl ? n + 1 : n;
        text = (struct str){text.p + skip, text.n - skip};
    }
    return lines;
}

void session_begin(struct session *s)
{
    cancel_reset(&s->cancel);
    s->is_bracketed = true;
    atomic_store(&s->is_running, true);
}

void session_end(struct session *s)
{
    s->is_bracketed = false;
    atomic_store(&s->is_running, false);
}

enum rc_t session_run(struct session *s, const char *source, size_t n, const char *label,
                      int first_line, bool *cancelled)
{
    struct error err;
    bool own = !s->is_bracketed;
    err_clear(&err);
    if (own) session_begin(s);
    progress_begin(s);
    enum rc_t res = lang_run(s->lang, source, n, label, first_line, &err);
    bool is_cancel = res != RC_OK && err_class_of(err.code) == ERR_CLASS_CANCEL;
    if (own) session_end(s);
    if (cancelled) *cancelled = is_cancel;
    progress_end(s, res == RC_OK ? PROGRESS_DONE
                    : is_cancel  ? PROGRESS_CANCELLED
                                 : PROGRESS_FAILED);
    if (res != RC_OK) session_emit_error(s, &err);
    publish_snapshot(s);
    return res;
}

enum rc_t session_run_cell(struct session *s, const char *source, size_t n,
                           const struct session_cell *cell)
{
    struct lang_names names;
    struct strbuf notes = {0};
    enum rc_t res = session_run(s, source, n, cell->label, cell->first_line, NULL);
    lang_names(s->lang, &names);
    stale_note(&s->stale, cell, (struct str){source, n}, &names, res == RC_OK, &notes);
    if (notes.n) on_stream(s, 2, notes.p, notes.n);
    strbuf_release(&notes);
    return res;
}
