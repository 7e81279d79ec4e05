/* session.c: between the language and whoever drives it. What the language shows becomes mime
 * bundles here, once, so that Jupyter, console and scripts give the same text. */
#include "kernel/session/session.h"

#include <pthread.h>

struct session {
    struct session_opts opts;
    struct lang_host host;
    struct lang *lang;
    struct cancel cancel;
    atomic_bool is_running;
    pthread_mutex_t lock; /* guards snapshot */
    struct lang_snapshot *snapshot;
    int n_progress; /* display ids given out */
    bool progress_open;
};

static void emit(struct session *s, const struct output *o)
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
    emit(self, &o);
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
    emit(self, &o);
    json_decref(data);
    json_decref(metadata);
}

static bool on_input(void *self, const char *prompt, bool secret, struct strbuf *answer)
{
    struct session *s = self;
    return s->opts.host.input && s->opts.host.input(s->opts.host.self, prompt, secret, answer);
}

static bool on_command(void *self, struct str line)
{
    struct session *s = self;
    return s->opts.host.command && s->opts.host.command(s->opts.host.self, line);
}

static void progress_texts(const char *what, int64_t done, int64_t total, struct strbuf *plain,
                           struct strbuf *html)
{
    if (total > 0) {
        int percent = (int)(100.0 * (double)(done < total ? done : total) / (double)total);
        strbuf_printf(plain, "%s %d%%", what, percent);
        strbuf_printf(html, "<progress max=\"100\" value=\"%d\"></progress> ", percent);
    } else {
        strbuf_printf(plain, "%s %lld", what, (long long)done);
    }
    strbuf_add_html(html, strbuf_view(plain));
}

/* One display a statement, updated in place; done == total ends it. */
static void on_progress(void *self, const char *what, int64_t done, int64_t total)
{
    struct session *s = self;
    struct strbuf plain = {0}, html = {0};
    char id[32];
    progress_texts(what, done, total, &plain, &html);
    if (!s->progress_open) s->n_progress++;
    snprintf(id, sizeof id, "mlnb-progress-%d", s->n_progress);
    json_t *data = json_pack("{s:s, s:s}", "text/html", html.p ? html.p : "", "text/plain",
                             plain.p ? plain.p : "");
    json_t *metadata = json_object();
    struct output o = {.kind = OUTPUT_PROGRESS,
                       .text = strbuf_view(&plain),
                       .data = data,
                       .metadata = metadata,
                       .display_id = id,
                       .is_update = s->progress_open};
    s->progress_open = true;
    emit(s, &o);
    json_decref(data);
    json_decref(metadata);
    strbuf_release(&plain);
    strbuf_release(&html);
}

static void on_statement(void *self)
{
    struct session *s = self;
    s->progress_open = false;
    publish_snapshot(s);
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
                                 .statement = on_statement};
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
    emit(s, &o);
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

enum rc_t session_run(struct session *s, const char *source, size_t n, const char *label,
                      int first_line, bool *cancelled)
{
    struct error err;
    err_clear(&err);
    cancel_reset(&s->cancel);
    atomic_store(&s->is_running, true);
    s->progress_open = false;
    enum rc_t res = lang_run(s->lang, source, n, label, first_line, &err);
    atomic_store(&s->is_running, false);
    if (cancelled) *cancelled = res != RC_OK && err_class_of(err.code) == ERR_CLASS_CANCEL;
    if (res != RC_OK) session_emit_error(s, &err);
    publish_snapshot(s);
    return res;
}
