/* show.c: what the session shows. The text is the kernel's text/plain, byte for byte; colour, other
 * modes and the pager are the terminal's own. */
#include "kernel/repl/repl_int.h"

#include "kernel/session/terminal.h"

#include <signal.h>
#include <unistd.h>

void repl_clear_progress(struct repl *r)
{
    if (r->progress_shown) fprintf(stderr, "\r\033[K");
    r->progress_shown = false;
}

static void show_error(const struct repl *r, const struct output *o)
{
    fflush(r->out);
    struct str s = r->opts.color ? o->text_color : o->text;
    fprintf(stderr, "%.*s\n", STR_FMT(s));
}

/* ---- pager ---- */
static int count_lines(struct str s)
{
    int n = 1;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

static const char *pager_command(void)
{
    const char *own = getenv("MLNB_PAGER"), *common = getenv("PAGER");
    if (own) return own;
    return common && *common ? common : "less -RSFX";
}

/* False when there is no pager to be had. */
static bool page(struct str s)
{
    const char *command = pager_command();
    if (!*command || strcmp(command, "cat") == 0) return false;
    struct sigaction old_int, old_pipe, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &ignore, &old_int); /* Ctrl-C is the pager's while it runs */
    sigaction(SIGPIPE, &ignore, &old_pipe);
    FILE *f = popen(command, "w");
    size_t put = f ? fwrite(s.p, 1, s.n, f) : 0;
    if (f) fputc('\n', f);
    int code = f ? pclose(f) : -1;
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGPIPE, &old_pipe, NULL);
    /* 127: the shell did not find it */
    return f && (put < s.n || code == 0 || !WIFEXITED(code) || WEXITSTATUS(code) != 127);
}

static void put_text(struct repl *r, struct str s)
{
    bool wants_pager = r->pager && r->is_terminal && !r->opts.plain && !r->opts.safe &&
                       r->out == stdout && count_lines(s) >= terminal_rows();
    fflush(r->out);
    if (wants_pager && page(s)) return;
    fwrite(s.p, 1, s.n, r->out);
    fputc('\n', r->out);
}

/* ---- frames ---- */
/* All rows for programs, the shown ones for people. New reference, or NULL after an error. */
static struct table *table_of(struct repl *r, const struct display *d)
{
    struct table *t = NULL;
    struct error err;
    err_clear(&err);
    if (!table_mode_is_data(r->mode) || d->is_whole || !d->plan) return table_ref(d->table);
    if (lang_frame_table(session_lang(r->session), d->plan, &t, &err) == RC_OK) return t;
    session_emit_error(r->session, &err);
    return NULL;
}

static void show_frame(struct repl *r, const struct display *d)
{
    struct strbuf text = {0};
    struct table_view view = *d->view;
    struct table *t = table_of(r, d);
    if (!t) return;
    view.color = r->opts.color && r->out == stdout;
    table_mode_text(&text, r->mode, t, &view);
    put_text(r, strbuf_view(&text));
    if (r->log && view.color) {
        strbuf_clear(&text);
        view.color = false;
        table_mode_text(&text, r->mode, t, &view);
    }
    repl_log_line(r, strbuf_view(&text));
    strbuf_release(&text);
    table_unref(t);
}

/* ---- everything else ---- */
static void keep_html(struct repl *r, const struct output *o)
{
    const json_t *svg = json_object_get(o->data, "image/svg+xml");
    const json_t *html = svg ? svg : json_object_get(o->data, "text/html");
    if (!html) return;
    strbuf_clear(&r->last_html);
    strbuf_add(&r->last_html, json_string_value(html), json_string_length(html));
}

static void show_bundle(struct repl *r, const struct output *o)
{
    const struct display *d = o->shown;
    const json_t *plain = json_object_get(o->data, "text/plain");
    struct str text = {json_string_value(plain), json_string_length(plain)};
    bool dim = r->opts.color && d && d->kind == DISPLAY_STATUS;
    keep_html(r, o);
    if (d && d->chart && r->is_terminal && !r->opts.plain && r->out == stdout)
        repl_draw_chart(r, d->chart);
    bool is_frame = d && d->kind == DISPLAY_FRAME && d->view;
    if (!is_frame) repl_log_line(r, text);
    if (is_frame) {
        show_frame(r, d);
    } else if (dim) {
        fprintf(r->out, "\033[2m%.*s\033[0m\n", STR_FMT(text));
    } else {
        put_text(r, text);
    }
}

static void show_progress(struct repl *r, const struct output *o)
{
    if (!isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r\033[K%.*s", STR_FMT(o->text));
    r->progress_shown = true;
}

void repl_output(void *self, const struct output *o)
{
    struct repl *r = self;
    if (o->kind != OUTPUT_PROGRESS) repl_clear_progress(r);
    switch (o->kind) {
    case OUTPUT_STREAM:
        if (o->fd == 2) fflush(r->out);
        fwrite(o->text.p, 1, o->text.n, o->fd == 2 ? stderr : r->out);
        repl_log_text(r, o->text);
        break;
    case OUTPUT_ERROR:
        show_error(r, o);
        repl_log_line(r, o->text);
        break;
    case OUTPUT_PROGRESS: show_progress(r, o); break;
    default: show_bundle(r, o);
    }
    fflush(r->out);
}
