/* runner.c: one session, cells in order, outputs to whoever wants them. */
#include "kernel/cli/runner.h"

#include "kernel/session/terminal.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct session *interruptible; /* read by the signal handler */

static void on_sigint(int sig)
{
    (void)sig;
    if (interruptible) session_interrupt(interruptible);
}

/* ---- --timeout: SIGALRM, again each 100 ms in case it came between two cells ---- */
static volatile sig_atomic_t time_is_over;

static void on_alarm(int sig)
{
    (void)sig;
    time_is_over = 1;
    if (interruptible) session_interrupt(interruptible);
}

void runner_timeout(double seconds)
{
    struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct itimerval t = {.it_interval = {.tv_usec = 100000}};
    t.it_value.tv_sec = (time_t)seconds;
    t.it_value.tv_usec = (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6);
    if (t.it_value.tv_sec == 0 && t.it_value.tv_usec == 0) t.it_value.tv_usec = 1;
    sigemptyset(&sa.sa_mask);
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &t, NULL);
}

bool runner_timed_out(void)
{
    return time_is_over != 0;
}

static void catch_sigint(void)
{
    struct sigaction sa = {.sa_handler = on_sigint}; /* no SA_RESTART: blocking calls return */
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
}

/* ---- outputs as nbformat has them ---- */
static json_t *nb_output(const struct runner *r, const struct output *o)
{
    json_t *data = (json_t *)(uintptr_t)o->data, *metadata = (json_t *)(uintptr_t)o->metadata;
    switch (o->kind) {
    case OUTPUT_STREAM:
        return json_pack("{s:s, s:s, s:s%}", "output_type", "stream", "name",
                         o->fd == 2 ? "stderr" : "stdout", "text", o->text.p, o->text.n);
    case OUTPUT_ERROR:
        return json_pack("{s:s, s:s, s:s, s:o}", "output_type", "error", "ename",
                         err_name(o->error->code), "evalue", o->error->message, "traceback",
                         output_traceback(o));
    case OUTPUT_RESULT:
        return json_pack("{s:s, s:i, s:O, s:O}", "output_type", "execute_result", "execution_count",
                         r->count, "data", data, "metadata", metadata);
    case OUTPUT_DISPLAY:
        return json_pack("{s:s, s:O, s:O}", "output_type", "display_data", "data", data, "metadata",
                         metadata);
    default: return NULL;
    }
}

static void capture_output(struct strbuf *out, const struct output *o)
{
    const json_t *plain = json_object_get(o->data, "text/plain");
    if (o->kind == OUTPUT_PROGRESS) return;
    if (o->kind == OUTPUT_STREAM || o->kind == OUTPUT_ERROR)
        strbuf_adds(out, o->text);
    else
        strbuf_add(out, json_string_value(plain), json_string_length(plain));
    if (o->kind != OUTPUT_STREAM) strbuf_addc(out, '\n');
}

/* {"event": "progress", "cell": 3, "what": "fit", "done": 5, "total": 100}; total is left out when
 * it is not known. */
static void put_progress(const struct runner *r, const struct output *o)
{
    json_t *line = json_pack("{s:s, s:i, s:s, s:I}", "event", "progress", "cell",
                             r->printer ? r->printer->cell : 1, "what", o->what ? o->what : "",
                             "done", (json_int_t)o->done);
    if (o->total > 0) json_object_set_new(line, "total", json_integer((json_int_t)o->total));
    if (o->is_end) json_object_set_new(line, "end", json_true());
    runner_event(line);
}

void runner_event(json_t *event)
{
    char *text = json_dumps(event, 0);
    fprintf(stderr, "%s\n", text ? text : "{}");
    free(text);
    json_decref(event);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* "report.mlnb, cell 3: fit 37%, 0:12 left"; a statement that said something also says its end. */
static void tell_progress(struct runner *r, const struct output *o)
{
    double now = seconds_now();
    bool is_first = !o->is_update;
    if (is_first) r->told_at = now - 0.5; /* there is no news in the first half second */
    if (is_first) r->has_told = false;
    if (o->is_end ? !r->has_told : now - r->told_at < r->tell_every) return;
    r->has_told = true;
    r->told_at = now;
    fprintf(stderr, "%s, cell %d: %.*s\n", r->label, r->printer ? r->printer->cell : 1,
            STR_FMT(o->text));
}

static void on_output(void *self, const struct output *o)
{
    struct runner *r = self;
    if (r->tell_every > 0 && !r->progress && o->kind == OUTPUT_PROGRESS) tell_progress(r, o);
    if (r->progress && o->kind == OUTPUT_PROGRESS) put_progress(r, o);
    if (r->printer) printer_output(r->printer, o);
    if (r->capture) capture_output(r->capture, o);
    json_t *out = r->keep ? nb_output(r, o) : NULL;
    /* for -o x.md; not part of a bundle, nor written to .ipynb */
    if (out && o->shown && o->shown->markdown.n)
        json_object_set_new(
            out, "transient",
            json_pack("{s:s%}", "text/markdown", o->shown->markdown.p, o->shown->markdown.n));
    if (out) cell_add_output(r->keep, out);
    json_decref(out);
}

static bool on_input(void *self, const char *prompt, bool secret, struct strbuf *answer)
{
    (void)self;
    return isatty(STDIN_FILENO) && terminal_input(prompt, secret, answer);
}

void runner_open(struct runner *r, const struct cli *c, const char *folder, bool places)
{
    struct session_opts opts = {
        .host = {.self = r, .output = on_output, .input = on_input},
        .threads = c->threads,
        .safe = c->safe,
        .folder = folder,
        .width = 80,
        .error_place = places,
    };
    r->session = interruptible = session_new(&opts);
    if (r->printer) r->printer->session = r->session;
    catch_sigint();
}

void runner_close(struct runner *r)
{
    interruptible = NULL;
    session_free(r->session);
}

enum rc_t runner_text(struct runner *r, const char *text, size_t n, int first_line, bool *cancelled)
{
    return session_run(r->session, text, n, r->label, first_line, cancelled);
}

enum rc_t runner_cell(struct runner *r, struct cell *cell, bool *cancelled)
{
    struct strbuf code = {0};
    cell_code(&code, cell);
    cell->execution_count = ++r->count;
    cell_clear_outputs(cell);
    int first = cell->first_line - (cell->kind == CELL_SQL);
    enum rc_t res = runner_text(r, code.p ? code.p : "", code.n, first, cancelled);
    strbuf_release(&code);
    return res;
}

void print_plain_error(const struct error *e)
{
    fprintf(stderr, "%s %s\n", err_name(e->code), e->message);
    for (int i = 0; i < e->n_notes; i++)
        fprintf(stderr, "  %s\n", e->notes[i]);
    if (e->hint[0]) fprintf(stderr, "  try: %s\n", e->hint);
}

static rc read_stdin_notebook(struct ctx *cx, struct notebook **out)
{
    struct strbuf b = {0};
    char buf[65536];
    size_t n;
    while ((n = fread(buf, 1, sizeof buf, stdin)) > 0)
        strbuf_add(&b, buf, n);
    enum rc_t res = notebook_read_mlnb(cx, b.p ? b.p : "", b.n, 0, out);
    strbuf_release(&b);
    return res;
}

struct notebook *open_notebook(const char *path)
{
    struct error err;
    struct ctx cx = {.err = &err, .arena = arena_new()};
    struct notebook *nb = NULL;
    err_clear(&err);
    enum rc_t res =
        strcmp(path, "-") == 0 ? read_stdin_notebook(&cx, &nb) : notebook_read_file(&cx, path, &nb);
    if (res != RC_OK) print_plain_error(&err);
    arena_free(cx.arena);
    return res == RC_OK ? nb : NULL;
}

char *folder_of(const char *path)
{
    if (strcmp(path, "-") == 0) return NULL;
    const char *slash = strrchr(path, '/');
    if (!slash) return mem_strndup(".", 1);
    return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}
