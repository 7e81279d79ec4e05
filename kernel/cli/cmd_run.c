/* cmd_run.c: `mlnb run` and `mlnb -e`. */
#include "kernel/cli/runner.h"

#include <unistd.h>

static bool read_format(const struct cli *c, enum print_format *out)
{
    const char *f = c->format ? c->format : "text";
    *out = strcmp(f, "csv") == 0 ? PRINT_CSV : strcmp(f, "json") == 0 ? PRINT_JSON : PRINT_TEXT;
    return *out != PRINT_TEXT || strcmp(f, "text") == 0;
}

static bool set_params(struct runner *r, const struct cli *c)
{
    for (int i = 0; i < c->n_params; i++) {
        const char *eq = strchr(c->params[i], '=');
        if (!eq || eq == c->params[i]) return false;
        char *name = mem_strndup(c->params[i], (size_t)(eq - c->params[i]));
        lang_set_param(session_lang(r->session), name, eq + 1);
        mem_free(name);
    }
    return true;
}

static bool runs(const struct cell *cell)
{
    return (cell->kind == CELL_CODE || cell->kind == CELL_SQL || cell->kind == CELL_PARAMS) &&
           !cell_has_tag(cell, "skip");
}

/* Runs the cells; gives the exit code. A cell tagged raises-exception may fail. */
static int run_cells(struct runner *r, const struct cli *c, struct notebook *nb)
{
    int code = EXIT_OK;
    for (int i = 0; i < nb->n_cells; i++) {
        struct cell *cell = &nb->cells[i];
        bool cancelled = false;
        if (!runs(cell)) continue;
        r->keep = cell;
        if (r->printer) r->printer->cell = i + 1;
        if (runner_cell(r, cell, &cancelled) == RC_OK || cell_has_tag(cell, "raises-exception"))
            continue;
        if (cancelled) return EXIT_CANCELLED;
        code = EXIT_PROGRAM;
        if (!c->keep_going) break;
    }
    r->keep = NULL;
    struct error err;
    err_clear(&err);
    if (code == EXIT_OK && lang_check_params(session_lang(r->session), &err) != RC_OK) {
        session_emit_error(r->session, &err);
        code = EXIT_PROGRAM;
    }
    return code;
}

static int write_output(const struct notebook *nb, const char *path)
{
    struct error err;
    struct ctx cx = {.err = &err, .arena = arena_new()};
    err_clear(&err);
    enum rc_t res = notebook_write_file(&cx, nb, path);
    if (res != RC_OK) print_plain_error(&err);
    arena_free(cx.arena);
    return res == RC_OK ? EXIT_OK : EXIT_PROGRAM;
}

static bool known_output(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcmp(dot, ".ipynb") == 0 || strcmp(dot, ".html") == 0 ||
                   strcmp(dot, ".md") == 0 || strcmp(dot, ".mlnb") == 0);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int run_notebook(const struct cli *c, struct notebook *nb, enum print_format format)
{
    struct printer printer = {
        .format = format, .color = wants_color(c, STDERR_FILENO), .out = stdout, .err = stderr};
    struct runner r = {.label = strcmp(c->files[0], "-") == 0 ? "standard input"
                                                              : base_name(c->files[0]),
                       .printer = &printer};
    char *folder = folder_of(c->files[0]);
    runner_open(&r, c, folder, true);
    int code = set_params(&r, c) ? run_cells(&r, c, nb) : usage_error("-p takes name=value");
    if (c->output && code != EXIT_USAGE && write_output(nb, c->output) != EXIT_OK)
        code = EXIT_PROGRAM;
    runner_close(&r);
    mem_free(folder);
    return code;
}

int cmd_run(const struct cli *c)
{
    enum print_format format;
    if (c->n_files != 1) return usage_error("run takes one file, or - for standard input");
    if (!read_format(c, &format)) return usage_error("--format is text, csv or json");
    if (c->output && !known_output(c->output)) return usage_error("-o writes .ipynb, .html or .md");
    struct notebook *nb = open_notebook(c->files[0]);
    if (!nb) return EXIT_PROGRAM;
    int code = run_notebook(c, nb, format);
    notebook_free(nb);
    return code;
}

int cmd_eval(const struct cli *c)
{
    struct printer printer = {
        .color = wants_color(c, STDERR_FILENO), .out = stdout, .err = stderr, .cell = 1};
    bool cancelled = false;
    if (!read_format(c, &printer.format)) return usage_error("--format is text, csv or json");
    struct runner r = {.label = "-e", .printer = &printer};
    runner_open(&r, c, NULL, false);
    int code = set_params(&r, c) ? EXIT_OK : usage_error("-p takes name=value");
    if (code == EXIT_OK && runner_text(&r, c->code, strlen(c->code), 1, &cancelled) != RC_OK)
        code = cancelled ? EXIT_CANCELLED : EXIT_PROGRAM;
    runner_close(&r);
    return code;
}
