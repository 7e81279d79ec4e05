/* commands.c: the console's dot commands, one function each; rows in commands.def. They run inside
 * a statement, so what they want run stands in `pending` until it is over. */
#include "kernel/repl/repl_int.h"

#include "kernel/notebook/notebook.h"
#include "kernel/session/commands.h"
#include "runtime/base/num.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void (*command_run)(struct repl *r, struct str rest);

static void say_usage(const char *text)
{
    fprintf(stderr, "%s\n", text);
}

/* on, off; nothing turns it. */
static void set_switch(bool *flag, struct str rest, const char *name)
{
    if (rest.n == 0)
        *flag = !*flag;
    else if (str_eqz(rest, "on") || str_eqz(rest, "off"))
        *flag = str_eqz(rest, "on");
    else
        fprintf(stderr, "%s takes on or off\n", name);
    printf("%s %s\n", name + 1, *flag ? "on" : "off");
}

/* ---- how things are shown ---- */
static void do_mode(struct repl *r, struct str rest)
{
    if (rest.n == 0)
        printf("mode %s\n", table_mode_name(r->mode));
    else if (!table_mode_named(rest, &r->mode))
        fprintf(stderr, "there is no mode `%.*s`: %s\n", STR_FMT(rest), table_mode_list());
}

static void do_width(struct repl *r, struct str rest)
{
    int64_t n = 0;
    if (!str_eqz(rest, "auto") && (!int_parse(rest.p, rest.n, &n) || n < 20 || n > 10000)) {
        say_usage(".width takes a number of 20 or more, or auto: .width 120");
        return;
    }
    r->width = (int)n;
}

static void do_timer(struct repl *r, struct str rest)
{
    set_switch(&r->timer, rest, ".timer");
}

static void do_pager(struct repl *r, struct str rest)
{
    set_switch(&r->pager, rest, ".pager");
}

/* ---- files ---- */
static char *path_text(struct str s)
{
    bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
    return mem_strndup(s.p + quoted, s.n - 2 * (size_t)quoted);
}

static void do_output(struct repl *r, struct str rest)
{
    if (r->out != stdout) fclose(r->out);
    r->out = stdout;
    if (!rest.n) return;
    char *path = path_text(rest);
    FILE *f = fopen(path, "we");
    if (f)
        r->out = f;
    else
        fprintf(stderr, "cannot write `%s`: %s\n", path, strerror(errno));
    mem_free(path);
}

static void put_quoted(struct strbuf *b, const char *path)
{
    strbuf_addc(b, '"');
    for (const char *p = path; *p; p++) {
        if (*p == '"' || *p == '\\') strbuf_addc(b, '\\');
        strbuf_addc(b, *p);
    }
    strbuf_addc(b, '"');
}

static void do_load(struct repl *r, struct str rest)
{
    if (!rest.n) {
        say_usage("a file is missing: .load report.mlnb");
        return;
    }
    mem_free(r->load);
    r->load = path_text(rest);
}

static void do_import(struct repl *r, struct str rest)
{
    size_t at = rest.n;
    while (at > 0 && rest.p[at - 1] != ' ')
        at--;
    if (at == 0) {
        say_usage("a file and a name are wanted: .import trips.csv trips");
        return;
    }
    char *path = path_text(str_trim((struct str){rest.p, at}));
    strbuf_printf(&r->pending, "%.*s = read(", (int)(rest.n - at), rest.p + at);
    put_quoted(&r->pending, path);
    strbuf_addc(&r->pending, ')');
    mem_free(path);
}

static void do_save(struct repl *r, struct str rest)
{
    if (!rest.n) {
        say_usage("a file is missing: .save today.mlnb");
        return;
    }
    char *path = path_text(rest);
    FILE *f = fopen(path, "wxe");
    if (!f) {
        fprintf(stderr, errno == EEXIST ? "`%s` is there already\n" : "cannot write `%s`\n", path);
    } else {
        fwrite(r->inputs.p, 1, r->inputs.n, f);
        printf(fclose(f) == 0 ? "saved %s\n" : "cannot write %s\n", path);
    }
    mem_free(path);
}

/* ---- history and other programs ---- */
static void do_history(struct repl *r, struct str rest)
{
    int64_t n = 20;
    if (rest.n && (!int_parse(rest.p, rest.n, &n) || n < 1)) {
        say_usage(".history takes a number of entries: .history 50");
        return;
    }
    editor_print_history(r->editor, r->out, n < 1000000 ? (int)n : 1000000);
}

/* Runs `program FILE` and waits. */
static bool run_program(const char *program, const char *path, bool waits)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (!waits && (setsid() < 0 || !freopen("/dev/null", "w", stderr))) _exit(127);
        execl("/bin/sh", "sh", "-c", "exec $0 \"$1\"", program, path, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || !waits) return pid > 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A file in a new folder under the temporary one that holds `text`; false with a message. */
static bool temp_file(char *path, size_t n, const char *name, struct str text)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, n, "%s/mlnb-XXXXXX", folder && *folder ? folder : "/tmp");
    bool ok = mkdtemp(path) != NULL;
    size_t at = strlen(path);
    if (ok) snprintf(path + at, n - at, "/%s", name);
    FILE *f = ok ? fopen(path, "we") : NULL;
    ok = f && fwrite(text.p, 1, text.n, f) == text.n;
    if (f && fclose(f) != 0) ok = false;
    if (!ok) fprintf(stderr, "cannot write `%s`: %s\n", path, strerror(errno));
    return ok;
}

static void remove_temp(char *path)
{
    unlink(path);
    *strrchr(path, '/') = 0;
    rmdir(path);
}

static void read_file(struct strbuf *out, const char *path)
{
    char buf[4096];
    size_t n;
    FILE *f = fopen(path, "re");
    while (f && (n = fread(buf, 1, sizeof buf, f)) > 0)
        strbuf_add(out, buf, n);
    if (f) fclose(f);
    while (out->n && out->p[out->n - 1] == '\n')
        out->p[--out->n] = 0;
}

static void do_edit(struct repl *r, struct str rest)
{
    const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");
    struct strbuf text = {0};
    char path[512];
    if (visual && *visual) editor = visual;
    if (r->opts.safe || !r->is_terminal) {
        say_usage(r->opts.safe ? ".edit runs a program, which --safe forbids"
                               : ".edit needs a terminal");
        return;
    }
    if (rest.n)
        strbuf_adds(&text, rest);
    else
        editor_last(r->editor, &text);
    strbuf_addc(&text, '\n');
    if (temp_file(path, sizeof path, "statement.mlnb", strbuf_view(&text))) {
        if (run_program(editor && *editor ? editor : "vi", path, true))
            read_file(&r->pending, path);
        remove_temp(path);
    }
    strbuf_release(&text);
}

static void do_open(struct repl *r, struct str rest)
{
    (void)rest;
    struct strbuf page = {0};
    char path[512];
    if (r->opts.safe || !r->last_html.n) {
        say_usage(r->opts.safe ? ".open runs a program, which --safe forbids"
                               : "nothing was shown yet that a browser could show");
        return;
    }
    notebook_page(&page, "mlnb", strbuf_view(&r->last_html));
    if (temp_file(path, sizeof path, "mlnb.html", strbuf_view(&page))) {
        printf("%s\n", path);
        run_program("xdg-open", path, false);
    }
    strbuf_release(&page);
}

static void do_quit(struct repl *r, struct str rest)
{
    (void)rest;
    r->is_over = true;
}

/* ---- table ---- */
static const struct {
    const char *name, *args, *doc;
    command_run run;
} commands[] = {
#define COMMAND(name, args, run, doc) {name, args, doc, run},
#include "kernel/repl/commands.def"
#undef COMMAND
};

static void list_commands(struct repl *r)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        command_list_row(&b, commands[i].name, commands[i].args, commands[i].doc);
    strbuf_addz(&b, "Tab completes, Right takes the grey suggestion, Up and ^R recall, Alt-Enter "
                    "adds a line,\nCtrl-C stops, Ctrl-Z suspends, Ctrl-D leaves\n");
    fwrite(b.p, 1, b.n, r->out);
    strbuf_release(&b);
}

bool repl_command(void *self, struct str line)
{
    struct str name, rest;
    command_split(line, &name, &rest);
    if (str_eqz(name, ".help") && !rest.n) list_commands(self);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (!str_eqz(name, commands[i].name)) continue;
        commands[i].run(self, rest);
        return true;
    }
    return false;
}
