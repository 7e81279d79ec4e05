/* commands.c: one function a command; rows in commands.def. */
#include "kernel/session/commands.h"

#include "runtime/base/num.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

struct call {
    struct session *session;
    struct lang *lang;
    struct str rest;           /* what stands behind the name */
    struct strbuf plain, html; /* what is shown */
};
typedef void (*command_run)(struct call *c);

/* ---- variables ---- */
static void do_vars(struct call *c)
{
    session_vars(c->session, &c->plain, &c->html);
}

static void do_schema(struct call *c)
{
    struct lang_snapshot *snap = session_snapshot(c->session);
    if (!c->rest.n)
        strbuf_addz(&c->plain, "a name is missing: .schema trips");
    else if (!lang_inspect(snap, c->rest.p, c->rest.n, c->rest.n, &c->plain, &c->html))
        strbuf_printf(&c->plain, "there is no variable `%.*s` (.vars lists them)",
                      STR_FMT(c->rest));
    lang_snapshot_unref(snap);
}

static void do_reset(struct call *c)
{
    lang_reset(c->lang);
}

/* ---- what runs ---- */
static void do_jobs(struct call *c)
{
    session_jobs(c->session, &c->plain);
}

static void do_cancel(struct call *c)
{
    int64_t number = 0;
    if (c->rest.n && (!int_parse(c->rest.p, c->rest.n, &number) || number < 1))
        strbuf_addz(&c->plain, ".cancel takes the number of a job (.jobs), or nothing: this cell");
    else if (!session_cancel(c->session, number))
        strbuf_printf(&c->plain, "there is no job %lld that runs (.jobs lists them)",
                      (long long)number);
}

/* ---- how frames are shown ---- */
static bool rest_number(const struct call *c, int64_t least, int64_t most, int64_t *out)
{
    return int_parse(c->rest.p, c->rest.n, out) && *out >= least && *out <= most;
}

static void do_rows(struct call *c)
{
    int64_t n = 0;
    if (str_eqz(c->rest, "all"))
        n = INT64_MAX;
    else if (!str_eqz(c->rest, "auto") && !rest_number(c, 1, INT64_MAX, &n)) {
        strbuf_addz(&c->plain, ".rows takes a number of rows, `all` or `auto`: .rows 50");
        return;
    }
    lang_set_rows(c->lang, n);
}

static void do_digits(struct call *c)
{
    int64_t n;
    if (rest_number(c, 1, 17, &n))
        lang_set_digits(c->lang, (int)n);
    else
        strbuf_addz(&c->plain, ".digits takes a number from 1 to 17: .digits 4");
}

/* ---- folder ---- */
static void do_cd(struct call *c)
{
    char *path = mem_strndup(c->rest.p, c->rest.n), *real = NULL;
    size_t n = strlen(path);
    if (n > 1 && path[0] == '"' && path[n - 1] == '"') {
        memmove(path, path + 1, n - 2);
        path[n - 2] = 0;
    }
    if (n == 0) {
        real = getcwd(NULL, 0);
    } else if (chdir(path) == 0) {
        real = getcwd(NULL, 0);
        lang_set_folder(c->lang, real);
    } else {
        strbuf_printf(&c->plain, "cannot go to `%s`: %s", path, strerror(errno));
    }
    if (real) strbuf_addz(&c->plain, real);
    free(real); /* libc's own */
    mem_free(path);
}

/* ---- help ---- */
static void do_help(struct call *c);
static const struct {
    const char *name, *args, *doc;
    command_run run;
} commands[] = {
#define COMMAND(name, args, run, doc) {name, args, doc, run},
#include "kernel/session/commands.def"
#undef COMMAND
};

void command_list_row(struct strbuf *out, const char *name, const char *args, const char *doc)
{
    size_t from = out->n;
    strbuf_printf(out, "%s %s", name, args);
    while (out->n < from + 24)
        strbuf_addc(out, ' ');
    strbuf_printf(out, " %s\n", doc);
}

static void do_help(struct call *c)
{
    if (c->rest.n) {
        lang_help(c->rest, &c->plain, &c->html);
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        command_list_row(&c->plain, commands[i].name, commands[i].args, commands[i].doc);
    command_list_row(&c->plain, "?name", "", "help for a verb or function, with examples");
    command_list_row(&c->plain, "??word", "", "searches the help");
    command_list_row(&c->plain, "!command", "", "runs a shell command");
}

void command_split(struct str line, struct str *name, struct str *rest)
{
    line = str_trim(line);
    size_t n = 0;
    while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
        n++;
    *name = (struct str){line.p, n};
    *rest = str_trim((struct str){line.p + n, line.n - n});
}

bool session_command(struct session *s, struct str line, command_show show)
{
    struct call c = {.session = s, .lang = session_lang(s)};
    struct str name;
    command_split(line, &name, &c.rest);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (!str_eqz(name, commands[i].name)) continue;
        commands[i].run(&c);
        while (c.plain.n && c.plain.p[c.plain.n - 1] == '\n')
            c.plain.p[--c.plain.n] = 0;
        if (c.plain.n) show(s, strbuf_view(&c.plain), strbuf_view(&c.html));
        strbuf_release(&c.plain);
        strbuf_release(&c.html);
        return true;
    }
    return false;
}
