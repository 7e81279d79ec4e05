/* repl.c: the console's loop and its dot commands. Text shown is the kernel's text/plain, byte for
 * byte. */
#include "kernel/repl/repl.h"

#include "kernel/repl/editor.h"
#include "kernel/session/terminal.h"
#include "runtime/base/num.h"

#include <signal.h>
#include <unistd.h>

struct repl {
    struct repl_opts opts;
    struct session *session;
    struct editor *editor;
    bool is_over, timer;
    int count;
    bool progress_shown;
};

static struct session *interruptible; /* set while the console lives; read by the signal handler */

static void on_signal(int sig)
{
    editor_on_signal(sig);
    if (sig == SIGINT && interruptible) session_interrupt(interruptible);
}

static void clear_progress(struct repl *r)
{
    if (r->progress_shown) fprintf(stderr, "\r\033[K");
    r->progress_shown = false;
}

static void show_error(const struct repl *r, const struct output *o)
{
    fflush(stdout);
    struct str s = r->opts.color ? o->text_color : o->text;
    fprintf(stderr, "%.*s\n", STR_FMT(s));
}

static void show_bundle(const struct repl *r, const struct output *o)
{
    const json_t *plain = json_object_get(o->data, "text/plain");
    bool dim = r->opts.color && o->shown && o->shown->kind == DISPLAY_STATUS;
    if (dim) fputs("\033[2m", stdout);
    fwrite(json_string_value(plain), 1, json_string_length(plain), stdout);
    fputs(dim ? "\033[0m\n" : "\n", stdout);
}

static void show_progress(struct repl *r, const struct output *o)
{
    if (!isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r\033[K%.*s", STR_FMT(o->text));
    r->progress_shown = true;
}

static void on_output(void *self, const struct output *o)
{
    struct repl *r = self;
    if (o->kind != OUTPUT_PROGRESS) clear_progress(r);
    switch (o->kind) {
    case OUTPUT_STREAM:
        if (o->fd == 2) fflush(stdout);
        fwrite(o->text.p, 1, o->text.n, o->fd == 2 ? stderr : stdout);
        break;
    case OUTPUT_ERROR: show_error(r, o); break;
    case OUTPUT_PROGRESS: show_progress(r, o); break;
    default: show_bundle(r, o);
    }
    fflush(stdout);
}

static bool on_input(void *self, const char *prompt, bool secret, struct strbuf *answer)
{
    (void)self;
    return terminal_input(prompt, secret, answer);
}

/* ---- dot commands: one row each in commands.def ---- */
typedef void (*dot_command)(struct repl *r, struct str rest);

static void see_variable(void *arg, const char *name, const char *type, int64_t rows)
{
    char text[NUM_TEXT_MAX] = "";
    int *n = arg;
    (*n)++;
    if (rows >= 0) int_format_thousands(rows, text);
    printf("%-20s %-12s %s%s\n", name, type, text, rows >= 0 ? " rows" : "");
}

static void do_vars(struct repl *r, struct str rest)
{
    (void)rest;
    int n = 0;
    lang_vars(session_lang(r->session), see_variable, &n);
    if (!n) puts("no variables");
}

static void do_reset(struct repl *r, struct str rest)
{
    (void)rest;
    lang_reset(session_lang(r->session));
}

static void do_timer(struct repl *r, struct str rest)
{
    r->timer = !str_eqz(rest, "off");
    printf("timer %s\n", r->timer ? "on" : "off");
}

static void do_quit(struct repl *r, struct str rest)
{
    (void)rest;
    r->is_over = true;
}

static void do_help(struct repl *r, struct str rest);

static const struct {
    const char *name, *doc;
    dot_command run;
} commands[] = {
#define COMMAND(name, run, doc) {name, doc, run},
#include "kernel/repl/commands.def"
#undef COMMAND
};

static void do_help(struct repl *r, struct str rest)
{
    (void)r;
    if (rest.n) {
        struct strbuf plain = {0}, html = {0};
        lang_help(rest, &plain, &html);
        printf("%s\n", plain.p ? plain.p : "");
        strbuf_release(&plain);
        strbuf_release(&html);
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        printf("%-12s %s\n", commands[i].name, commands[i].doc);
    puts("?name        help for a verb or function, with examples; ??word searches\n"
         "!command     runs a shell command\n"
         "Tab completes, Up recalls, ^R searches, Alt-Enter adds a line, Ctrl-C stops, Ctrl-D "
         "leaves");
}

static bool on_command(void *self, struct str line)
{
    line = str_trim(line);
    size_t n = 0;
    while (n < line.n && line.p[n] != ' ')
        n++;
    struct str name = {line.p, n}, rest = str_trim((struct str){line.p + n, line.n - n});
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (!str_eqz(name, commands[i].name)) continue;
        commands[i].run(self, rest);
        return true;
    }
    return false;
}

/* ---- the loop ---- */
static double seconds_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void run_text(struct repl *r, const char *text)
{
    char label[32];
    snprintf(label, sizeof label, "input %d", ++r->count);
    double start = seconds_now();
    (void)session_run(r->session, text, strlen(text), label, 1, NULL);
    clear_progress(r);
    double took = seconds_now() - start;
    if (r->timer || (took > 1 && r->opts.color && !r->opts.plain))
        printf("%s%.3g s%s\n", r->opts.color ? "\033[2m" : "", took,
               r->opts.color ? "\033[0m" : "");
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
        run_text(r, text.p);
    }
    strbuf_release(&text);
}

/* XDG state folder; NULL when there is no home. */
static char *history_path(void)
{
    struct strbuf b = {0};
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state)
        strbuf_printf(&b, "%s/mlnb/history", state);
    else if (home && *home)
        strbuf_printf(&b, "%s/.local/state/mlnb/history", home);
    return b.n ? strbuf_take(&b) : NULL;
}

static void catch_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal}; /* no SA_RESTART: reads must return */
    sigset_t set;
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGWINCH, &sa, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static bool wants_plain(const struct repl_opts *opts)
{
    const char *term = getenv("TERM");
    return opts->plain || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term ||
           strcmp(term, "dumb") == 0;
}

int repl_main(const struct repl_opts *opts)
{
    struct repl r = {.opts = *opts};
    r.opts.plain = wants_plain(opts);
    struct session_opts so = {
        .host = {.self = &r, .output = on_output, .input = on_input, .command = on_command},
        .threads = opts->threads,
        .safe = opts->safe,
        .console = true,
        .width = terminal_columns(),
        .color = opts->color,
    };
    r.session = interruptible = session_new(&so);
    catch_signals();
    char *path = r.opts.plain ? NULL : history_path();
    struct editor_opts eo = {
        .session = r.session, .plain = r.opts.plain, .color = opts->color, .history_path = path};
    r.editor = editor_new(&eo);
    if (!r.opts.plain)
        printf("mlnb %s  .help for commands, ?verb for help, Ctrl-D to leave\n", MLNB_VERSION);
    read_and_run(&r);
    editor_free(r.editor);
    interruptible = NULL;
    session_free(r.session);
    mem_free(path);
    return 0;
}
