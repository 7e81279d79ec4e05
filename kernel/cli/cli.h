/* cli.h: the commands of the `mlnb` program: one row each in commands.def. */
#ifndef MLNB_KERNEL_CLI_CLI_H
#define MLNB_KERNEL_CLI_CLI_H

#include "kernel/session/session.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_PROGRAM = 1,
    EXIT_USAGE = 2,
    EXIT_TIMEOUT = 124,
    EXIT_CANCELLED = 130
};

/* Options of all commands in one place; each command says which it takes. */
struct cli {
    const char *command;
    const char **files;
    int n_files;
    const char **params; /* "name=value" */
    int n_params;
    const char *code; /* -e */
    const char *output, *format, *connection, *prefix;
    const char *to;        /* convert: mlnb, ipynb, html, md */
    double timeout;        /* run: seconds; 0 = none */
    double progress_every; /* run: seconds between lines of progress on stderr; 0 = none */
    int threads;
    bool progress_json; /* run: events instead of lines */
    bool keep_going, bless, safe, plain, user, sys_prefix, check, no_color, html;
};
struct cli_command {
    const char *name, *usage, *doc;
    int (*run)(const struct cli *c);
};
const struct cli_command *cli_commands(int *n);
/* Usage error: prints it with the command's usage line; gives EXIT_USAGE. */
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Whether stderr may carry colour (NO_COLOR, TERM, a terminal, --no-color). */
bool wants_color(const struct cli *c, int fd);

/* ---- printer: what a run shows, on stdout ---- */
enum print_format { PRINT_TEXT, PRINT_CSV, PRINT_JSON };
struct printer {
    enum print_format format;
    struct session *session; /* set after session_new */
    int cell;                /* number for json */
    bool color, only_errors;
    int n_frames; /* frames printed as CSV so far */
    FILE *out, *err;
};
void printer_output(struct printer *p, const struct output *o);

int cmd_run(const struct cli *c);
int cmd_eval(const struct cli *c);
int cmd_kernel(const struct cli *c);
int cmd_install(const struct cli *c);
int cmd_uninstall(const struct cli *c);
int cmd_test(const struct cli *c);
int cmd_fmt(const struct cli *c);
int cmd_convert(const struct cli *c);
int cmd_diff(const struct cli *c);
int cmd_lint(const struct cli *c);
int cmd_help(const struct cli *c);

#endif
