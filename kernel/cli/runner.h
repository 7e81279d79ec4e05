/* runner.h: runs a notebook cell by cell in a session of its own: `run`, `test` and -e share it. */
#ifndef MLNB_KERNEL_CLI_RUNNER_H
#define MLNB_KERNEL_CLI_RUNNER_H

#include "kernel/cli/cli.h"
#include "kernel/notebook/notebook.h"

struct runner {
    struct session *session;
    const char *label;       /* file's name in messages */
    struct printer *printer; /* NULL = not printed */
    struct strbuf *capture;  /* `test`: everything as plain text, in order; NULL = not wanted */
    struct cell *keep;       /* cell whose outputs are kept (-o); NULL = none */
    int count;               /* cells run so far: execution_count */
    bool progress;           /* progress of statements as JSON lines on stderr */
    double tell_every;       /* seconds between lines of progress on stderr; 0 = none */
    double told_at;          /* when the last one came, or the statement's first news */
    bool has_told;           /* of this statement */
};
/* From now on the time runs: when it is over, the running cell is interrupted. Once a process. */
void runner_timeout(double seconds);
bool runner_timed_out(void);
/* A line of --progress json on stderr; takes the reference. */
void runner_event(json_t *event);
/* Opens the session; relative paths start in `folder` (NULL: the working folder). places: errors
 * name file:line:column. */
void runner_open(struct runner *r, const struct cli *c, const char *folder, bool places);
void runner_close(struct runner *r);
/* Runs one cell; *cancelled tells of an interrupt. */
enum rc_t runner_cell(struct runner *r, struct cell *cell, bool *cancelled);
enum rc_t runner_text(struct runner *r, const char *text, size_t n, int first_line,
                      bool *cancelled);
/* Reads a notebook for a command; NULL after printing the error. "-" is standard input. */
struct notebook *open_notebook(const char *path);
/* Folder of a path ("." when it has none), mem_free it; NULL for "-". */
char *folder_of(const char *path);
/* Prints an error that belongs to no session. */
void print_plain_error(const struct error *e);

#endif
