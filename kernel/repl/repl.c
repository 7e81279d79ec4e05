/* repl.c: the console's loop. Text shown is the kernel's text/plain, byte for byte (show.c); dot
 * commands are in commands.c. */
#include "kernel/repl/repl_int.h"

#include "kernel/notebook/notebook.h"
#include "kernel/session/past.h"
#include "kernel/session/terminal.h"

#include <signal.h>
#include <unistd.h>

static struct session *interruptible; /* set while the console lives; read by the signal handler */

/* ---- signals ---- */
#define IMPATIENT_SECONDS 2
static const char still_stopping[] = "\nstill stopping; Ctrl-C once more leaves mlnb and its "
                                     "variables\n";

/* The first Ctrl-C cancels; who presses it three times within two seconds is told that the fourth
 * leaves: work that does not look at the token must not hold a terminal for ever. */
static void on_interrupt(void)
{
    static volatile sig_atomic_t presses;
    static volatile time_t first;
    struct timespec ts;
    if (!interruptible || !session_is_running(interruptible)) return;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    if (ts.tv_sec - first > IMPATIENT_SECONDS) presses = 0;
    if (presses == 0) first = ts.tv_sec;
    presses = presses + 1;
    session_interrupt(interruptible);
    if (presses == 3) {
        ssize_t n = write(STDERR_FILENO, still_stopping, sizeof still_stopping - 1);
        (void)n;
        first = ts.tv_sec; /* two more seconds to decide */
    }
    if (presses > 3) _exit(130);
}

static void on_signal(int sig)
{
    editor_on_signal(sig);
    if (sig == SIGINT) on_interrupt();
}

static void catch_signals(bool has_terminal)
{
    struct sigaction sa = {.sa_handler = on_signal}; /* no SA_RESTART: reads must return */
    sigset_t set;
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGWINCH, &sa, NULL);
    if (has_terminal) sigaction(SIGTSTP, &sa, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static bool on_input(void *self, const char *prompt, bool secret, struct strbuf *answer)
{
    (void)self;
    return terminal_input(prompt, secret, answer);
}

/* ---- the loop ---- */
static double seconds_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void show_time(const struct repl *r, double took)
{
    bool dim = r->opts.color;
    if (!r->timer && (took <= 1 || !dim || r->opts.plain)) return;
    printf("%s%.3g %s%s\n", dim ? "\033[2m" : "", took < 1 ? took * 1000 : took,
           took < 1 ? "ms" : "s", dim ? "\033[0m" : "");
}

static void keep_input(struct repl *r, struct str text)
{
    if (text.n == 0 || text.p[0] == '.' || text.p[0] == '?') return;
    strbuf_adds(&r->inputs, text);
    strbuf_addc(&r->inputs, '\n');
}

static bool run_text(struct repl *r, struct str text)
{
    char label[32];
    snprintf(label, sizeof label, "input %d", ++r->count);
    lang_set_width(session_lang(r->session), r->width ? r->width : terminal_columns());
    double start = seconds_now();
    repl_log_statement(r, text);
    enum rc_t res = session_run(r->session, text.p, text.n, label, 1, NULL);
    repl_clear_progress(r);
    show_time(r, seconds_now() - start);
    if (res == RC_OK) keep_input(r, str_trim(text));
    return res == RC_OK;
}

/* .load: the cells of a notebook, until the first error. */
static void run_file(struct repl *r, const char *path)
{
    struct error err;
    struct notebook *nb = NULL;
    struct ctx cx = {.err = &err, .arena = arena_new()};
    err_clear(&err);
    if (notebook_read_file(&cx, path, &nb) != RC_OK) session_emit_error(r->session, &err);
    for (int i = 0; nb && i < nb->n_cells; i++) {
        const struct cell *c = &nb->cells[i];
        if (c->kind == CELL_MD || c->kind == CELL_RAW || c->kind == CELL_EXPECT) continue;
        struct strbuf code = {0};
        cell_code(&code, c);
        bool ok = run_text(r, strbuf_view(&code));
        strbuf_release(&code);
        if (!ok) break;
    }
    notebook_free(nb);
    arena_free(cx.arena);
}

/* What a dot command left to be done: a file to load, or text to run, which is shown first. */
static void run_pending(struct repl *r)
{
    while (r->load || r->pending.n) {
        char *path = r->load;
        struct strbuf text = r->pending;
        r->load = NULL;
        r->pending = (struct strbuf){0};
        if (path) run_file(r, path);
        if (str_trim(strbuf_view(&text)).n) {
            if (r->is_terminal) printf("%s%s\n", editor_prompt(), text.p);
            editor_remember(r->editor, text.p);
            run_text(r, strbuf_view(&text));
        }
        strbuf_release(&text);
        mem_free(path);
    }
}

static bool is_leave_word(const char *text)
{
    return strcmp(text, "exit") == 0 || strcmp(text, "quit") == 0 || strcmp(text, "exit()") == 0 ||
           strcmp(text, "quit()") == 0;
}

static void read_and_run(struct repl *r)
{
    struct strbuf text = {0};
    while (!r->is_over) {
        enum editor_result res = editor_read(r->editor, &text);
        if (res == EDITOR_END) break;
        if (res == EDITOR_INTERRUPTED || str_trim(strbuf_view(&text)).n == 0) continue;
        editor_remember(r->editor, text.p);
        if (is_leave_word(text.p)) break;
        run_text(r, strbuf_view(&text));
        run_pending(r);
    }
    strbuf_release(&text);
}

static bool wants_plain(const struct repl_opts *opts)
{
    const char *term = getenv("TERM");
    return opts->plain || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term ||
           strcmp(term, "dumb") == 0;
}

static void greet(const struct repl *r)
{
    bool dim = r->opts.color;
    long threads = r->opts.threads ? r->opts.threads : sysconf(_SC_NPROCESSORS_ONLN);
    printf("mlnb %s  %s%ld thread%s  .help  ?verb  Ctrl-D leaves%s\n", MLNB_VERSION,
           dim ? "\033[2m" : "", threads, threads == 1 ? "" : "s", dim ? "\033[0m" : "");
}

static void release(struct repl *r)
{
    if (r->out != stdout) fclose(r->out);
    if (r->log) fclose(r->log);
    editor_free(r->editor);
    interruptible = NULL;
    session_free(r->session);
    strbuf_release(&r->inputs);
    strbuf_release(&r->pending);
    strbuf_release(&r->last_html);
}

int repl_main(const struct repl_opts *opts)
{
    struct repl r = {.opts = *opts, .out = stdout, .pager = true};
    r.is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    r.opts.plain = wants_plain(opts);
    struct session_opts so = {
        .host = {.self = &r, .output = repl_output, .input = on_input, .command = repl_command},
        .threads = opts->threads,
        .safe = opts->safe,
        .console = true,
        .width = terminal_columns(),
        .color = opts->color,
    };
    r.session = interruptible = session_new(&so);
    catch_signals(!r.opts.plain);
    char *path = r.opts.plain ? NULL : past_path();
    struct editor_opts eo = {
        .session = r.session, .plain = r.opts.plain, .color = opts->color, .history_path = path};
    r.editor = editor_new(&eo);
    if (!r.opts.plain) greet(&r);
    read_and_run(&r);
    release(&r);
    mem_free(path);
    return 0;
}
