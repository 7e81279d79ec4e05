/* cmd_run.c: `mlnb run` and `mlnb -e`. */
#include "kernel/cli/lint.h"
#include "kernel/cli/runner.h"

#include <time.h>
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

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* One line a cell: {"event": "cell", "cell": 3, "of": 9, "line": 12, "status": "ok", "seconds":
 * 0.1}
 */
static void put_cell_event(const struct notebook *nb, int i, const char *status, double seconds)
{
    const struct cell *cell = &nb->cells[i];
    json_t *event = json_pack("{s:s, s:i, s:i, s:i, s:s}", "event", "cell", "cell", i + 1, "of",
                              nb->n_cells, "line", cell->first_line, "status", status);
    if (cell->name) json_object_set_new(event, "name", json_string(cell->name));
    if (seconds >= 0) json_object_set_new(event, "seconds", json_real(seconds));
    runner_event(event);
}

/* Runs one cell; a cell tagged raises-exception may fail, one tagged hide_output prints errors
 * only (-o x.ipynb keeps the rest). */
static enum rc_t run_one(struct runner *r, const struct cli *c, struct notebook *nb, int i,
                         bool *cancelled)
{
    struct cell *cell = &nb->cells[i];
    double start = now();
    r->keep = cell;
    if (r->printer) r->printer->cell = i + 1;
    if (c->progress_json) put_cell_event(nb, i, "running", -1);
    if (r->printer) r->printer->only_errors = cell_hides_output(cell);
    enum rc_t res = runner_cell(r, cell, cancelled);
    bool may_fail = res != RC_OK && !*cancelled && cell_has_tag(cell, "raises-exception");
    if (c->progress_json)
        put_cell_event(nb, i,
                       res == RC_OK         ? "ok"
                       : runner_timed_out() ? "timeout"
                       : *cancelled         ? "cancelled"
                       : may_fail           ? "failed as allowed"
                                            : "failed",
                       now() - start);
    return may_fail ? RC_OK : res;
}

static int stop_code(const struct cli *c)
{
    if (!runner_timed_out()) return EXIT_CANCELLED;
    fprintf(stderr, "mlnb: stopped after %g s (--timeout)\n", c->timeout);
    return EXIT_TIMEOUT;
}

/* Runs the cells; gives the exit code. */
static int run_cells(struct runner *r, const struct cli *c, struct notebook *nb)
{
    int code = EXIT_OK;
    for (int i = 0; i < nb->n_cells; i++) {
        bool cancelled = false;
        if (!runs(&nb->cells[i])) continue;
        if (runner_timed_out()) return stop_code(c);
        if (run_one(r, c, nb, i, &cancelled) == RC_OK) continue;
        if (cancelled) return stop_code(c);
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

/* Before anything runs: -p must name a param, when all of them can be seen from here. */
static bool params_exist(const struct cli *c, const struct notebook *nb, const char *folder)
{
    struct lint names = {0};
    bool ok = true;
    lint_params(&names, nb, folder);
    for (int i = 0; ok && i < c->n_params && !names.has_more; i++) {
        struct str name = {c->params[i], strcspn(c->params[i], "=")};
        struct str near = lint_nearest(&names, name, true);
        ok = lint_knows_param(&names, name);
        if (!ok) fprintf(stderr, "E215 no param `%.*s` is declared\n", STR_FMT(name));
        if (!ok && near.n)
            fprintf(stderr, "  did you mean -p %.*s%s?\n", STR_FMT(near), c->params[i] + name.n);
    }
    lint_free(&names);
    return ok;
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
    if (!params_exist(c, nb, folder)) {
        mem_free(folder);
        return EXIT_PROGRAM;
    }
    runner_open(&r, c, folder, true);
    r.progress = c->progress_json;
    r.tell_every = c->progress_every;
    if (c->timeout > 0) runner_timeout(c->timeout);
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
    r.tell_every = c->progress_every;
    int code = set_params(&r, c) ? EXIT_OK : usage_error("-p takes name=value");
    if (code == EXIT_OK && runner_text(&r, c->code, strlen(c->code), 1, &cancelled) != RC_OK)
        code = cancelled ? EXIT_CANCELLED : EXIT_PROGRAM;
    runner_close(&r);
    return code;
}
