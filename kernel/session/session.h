/* session.h: the one facade that kernel, console and scripts drive: runs cells, turns what the
 * language shows into outputs (mime bundles), keeps execution counts, owns the cancel token. */
#ifndef MLNB_KERNEL_SESSION_H
#define MLNB_KERNEL_SESSION_H

#include "lang/lang.h"
#include "runtime/base/cancel.h"

#include <jansson.h>

enum output_kind { OUTPUT_STREAM, OUTPUT_DISPLAY, OUTPUT_RESULT, OUTPUT_ERROR, OUTPUT_PROGRESS };
struct output { /* borrowed for the call */
    enum output_kind kind;
    int fd;                      /* STREAM: 1 or 2 */
    struct str text;             /* STREAM: the bytes; ERROR: the rendered error without colour */
    const json_t *data;          /* DISPLAY, RESULT: {mime: value}; text/plain always there */
    const json_t *metadata;      /* {} */
    const struct display *shown; /* DISPLAY, RESULT: what stands behind it (tables for --format) */
    const struct error *error;   /* ERROR */
    struct str text_color;       /* ERROR: the same with ANSI colours (Jupyter's traceback) */
    const char
        *display_id; /* PROGRESS: id of the display to update, data as DISPLAY; first = new */
    bool is_update;
    /* PROGRESS: what is done and how far; is_end: the last one of this display. */
    const char *what;
    int64_t done, total;
    bool is_end;
};
struct session_host {
    void *self;
    void (*output)(void *self, const struct output *o);
    bool (*input)(void *self, const char *prompt, bool secret, struct strbuf *answer);
    /* Dot commands of the host beside those of every session (commands.def), which it hears too;
     * false = not its own. NULL = none. */
    bool (*command)(void *self, struct str line);
};
struct session_opts {
    struct session_host host;
    int threads;
    bool safe, console;
    const char *folder;
    int width;
    bool color;       /* frames and values on a terminal */
    bool error_place; /* errors name file:line:column (scripts) */
    bool all_rows;    /* --format csv|json: shown frames are computed whole */
};
struct session;
struct session *session_new(const struct session_opts *opts);
void session_free(struct session *s);
struct lang *session_lang(struct session *s);

/* Runs one cell. The last value shown comes as OUTPUT_RESULT when the cell's last statement showed
 * it, others as OUTPUT_DISPLAY. RC_ERR after an OUTPUT_ERROR; *cancelled tells whether it was an
 * interrupt. `source` may begin with a %%sql line. */
enum rc_t session_run(struct session *s, const char *source, size_t n, const char *label,
                      int first_line, bool *cancelled);
/* The same for a cell of a notebook. With an identity (metadata.cellId, and deletedCells, as
 * JupyterLab sends them) it is noted which cells made what from what: a cell that uses what rests
 * on an older version of a cell is told so on stderr. */
struct session_cell {
    const char *label;
    int first_line;
    const json_t *metadata; /* of the request, or NULL */
    int count;              /* execution count, named in notes */
};
enum rc_t session_run_cell(struct session *s, const char *source, size_t n,
                           const struct session_cell *cell);
/* Bracket what one interrupt may stop: several session_run count as one cell, and an interrupt
 * before the first statement is not lost. Without them each session_run is one. */
void session_begin(struct session *s);
void session_end(struct session *s);
/* The variables as a table (name, type, size, rows), as text and HTML. */
void session_vars(struct session *s, struct strbuf *plain, struct strbuf *html);
/* The commands that run on behind the session (`!make &`), as text. */
void session_jobs(struct session *s, struct strbuf *plain);
/* Ends job `number`; 0 stops the running cell. False: there is no such job, or it is over. */
bool session_cancel(struct session *s, int64_t number);
/* Ends all jobs, as session_free does: any thread. */
void session_end_jobs(struct session *s);
/* Any thread or signal handler: stops the running cell; nothing happens when none runs. */
void session_interrupt(struct session *s);
bool session_is_running(const struct session *s);
/* Renders an error that did not come from a cell (a missing parameter) as OUTPUT_ERROR. */
void session_emit_error(struct session *s, const struct error *e);
/* The lines of an OUTPUT_ERROR with colours, as Jupyter and nbformat keep a traceback; new
 * reference. */
json_t *output_traceback(const struct output *o);
/* Latest snapshot for completion and inspection: any thread; unref after use. Published after every
 * statement. */
struct lang_snapshot *session_snapshot(struct session *s);

#endif
