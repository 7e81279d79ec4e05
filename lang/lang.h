/* lang.h: the language as the kernel sees it: one session, fed with cells. Not thread-safe: all
 * calls on one thread, except the snapshot calls, which any thread may make on a snapshot it holds.
 */
#ifndef MLNB_LANG_LANG_H
#define MLNB_LANG_LANG_H

#include "lang/ast.h"
#include "lang/diag.h"
#include "runtime/exec/executor.h"

#include <jansson.h>

struct value;
struct table_view;

/* One thing shown, as a bundle. Borrowed for the call. */
enum display_kind { DISPLAY_VALUE, DISPLAY_FRAME, DISPLAY_CHART, DISPLAY_MODEL, DISPLAY_STATUS };
struct display {
    enum display_kind kind;
    struct str plain; /* text/plain: always; no trailing newline */
    struct str html;  /* text/html: frames, models, help; empty else (never beside a chart) */
    struct str svg;   /* charts */
    const struct chart *chart;     /* charts: for the console, which draws with characters */
    const json_t *vega;            /* charts: application/vnd.vegalite.v5+json */
    struct str markdown;           /* frames: for `run -o x.md` */
    const struct table *table;     /* frames: the rows that were computed */
    const struct table_view *view; /* frames: how many of them, how many digits, how wide */
    bool is_whole;                 /* table holds all rows */
    struct plan *plan; /* frames: to compute the rest (--format csv|json wants all rows) */
    const struct scalar *scalar; /* values */
    bool is_last;                /* shown by the cell's last statement (Jupyter's execute_result) */
};
struct lang_host { /* the kernel's side; called on the session's thread */
    void *self;
    void (*stream)(void *self, int fd, const char *p,
                   size_t n); /* 1: print output, 2: warnings and notes */
    void (*display)(void *self, const struct display *d);
    /* Asks the person; false when there is nobody (E604) or it was interrupted. Answer without the
     * newline. */
    bool (*input)(void *self, const char *prompt, bool secret, struct strbuf *answer);
    void (*progress)(void *self, const char *what, int64_t done, int64_t total);
    /* A dot command (`.help`, `.vars`) that the language does not know itself; false = unknown. */
    bool (*command)(void *self, struct str line);
    /* After each top-level statement that went well (the session publishes a new snapshot). May be
     * NULL. */
    void (*statement)(void *self);
    /* A shell command is over and left something running (`!make &`): its process group. May be
     * NULL. */
    void (*left_running)(void *self, int group, struct str command);
};
struct lang_opts {
    const struct lang_host *host;
    int threads;           /* 0 = all cores */
    bool safe;             /* no shell */
    bool console;          /* `|>` may begin a statement; status lines for assignments */
    const char *folder;    /* relative paths start here; NULL = working folder */
    int width;             /* 80 */
    int64_t rows;          /* most rows of a shown frame; 0 = all up to 20, else 10 + 5 */
    int digits;            /* significant digits of shown numbers; 0 = 6, 17 = exact */
    struct cancel *cancel; /* the session's token */
};
struct lang;
struct lang *lang_new(const struct lang_opts *opts);
void lang_free(struct lang *lg);
void lang_set_folder(struct lang *lg, const char *folder);
void lang_set_width(struct lang *lg, int width);
/* How frames are shown: most rows (0 = all up to 20, else 10 + 5) and significant digits (0 = 6,
 * 17 = exact). */
void lang_set_rows(struct lang *lg, int64_t rows);
void lang_set_digits(struct lang *lg, int digits);
struct sources *lang_sources(struct lang *lg);

/* One cell. Statements run in order until the first error; each is checked before it works.
 * Displays and streams go to the host. A text that begins with `%%sql` is a SQL cell.
 * `label` names the cell in messages, first_line is the number of its first line there. On RC_ERR
 * *err tells (rendered with diag_text by the caller). */
rc lang_run(struct lang *lg, const char *text, size_t n, const char *label, int first_line,
            struct error *err);
/* Names of variables and fns that the last lang_run used before it set them itself, and those it
 * set. Valid until the next lang_run. */
struct lang_names {
    const struct str *used, *set;
    int n_used, n_set;
};
void lang_names(const struct lang *lg, struct lang_names *out);
/* -p name=value: text is read as a literal (bare words as text) when the param statement is
 * reached. */
void lang_set_param(struct lang *lg, const char *name, const char *text);
/* After the last cell: params given but never declared (E215 with the nearest name). */
rc lang_check_params(struct lang *lg, struct error *err);
/* Computes all rows of a shown frame (--format csv). */
rc lang_frame_table(struct lang *lg, struct plan *p, struct table **out, struct error *err);
/* Value of an expression as a bundle, for user_expressions: displays through host. */

/* ---- snapshot: what completion and inspection need, immutable, counted ---- */
struct lang_snapshot;
struct lang_snapshot *lang_snapshot(struct lang *lg); /* current variables; cheap */
struct lang_snapshot *lang_snapshot_ref(struct lang_snapshot *s);
void lang_snapshot_unref(struct lang_snapshot *s);

struct completion {
    struct str text;   /* what is inserted (quoted with backticks where needed) */
    const char *type;  /* "verb" "function" "column" "variable" "option" "keyword" "path" "level" */
    struct str detail; /* signature or column type */
};
struct completions {
    struct completion
        *items; /* [n], best first: columns, variables, options, verbs, functions, keywords */
    int n;
    uint32_t from, to; /* bytes of the text that are replaced */
};
/* At byte `at` of text: columns of the frame at that point of the pipeline, verbs after |>, options
 * of the verb, variables after $, paths inside read("..."). Never runs a plan. */
void lang_complete(struct lang_snapshot *s, struct arena *a, const char *text, size_t n, size_t at,
                   struct completions *out);
/* Help for what stands at byte `at` (verb, function, variable, column, option); false when there is
 * nothing. */
bool lang_inspect(struct lang_snapshot *s, const char *text, size_t n, size_t at,
                  struct strbuf *plain, struct strbuf *html);
/* `?name`: help text with examples; near names when unknown. */
void lang_help(struct str topic, struct strbuf *plain, struct strbuf *html);

/* The reference page: contents and all sections as HTML (the page around it is the caller's). */
void lang_reference(struct strbuf *html);

/* The variables of a snapshot, in the order in which they were first set. */
struct lang_variable {
    const char *name, *type; /* "frame", "list[int]" .. */
    int64_t rows, bytes;     /* -1 = not known without work */
    int columns;             /* frames; else -1 */
    struct str preview;      /* the value in one line, cut */
    /* What is inside: columns of a frame, fields of a struct; NULL = nothing. */
    struct lang_variable *parts;
    int n_parts;
};
int lang_snapshot_variables(const struct lang_snapshot *s, struct arena *a,
                            struct lang_variable **out);

/* Every word with a meaning of its own, for editors: kind is "keyword", "operator" (a keyword that
 * continues a line), "constant", "statement", "verb", "function", "model" or "chart". */
void lang_vocabulary(void (*see)(void *arg, const char *kind, const char *name), void *arg);

enum complete_status { LANG_COMPLETE, LANG_INCOMPLETE, LANG_INVALID };
/* Whether Enter should run the text; *indent: blanks for the next line when incomplete. */
enum complete_status lang_is_complete(const char *text, size_t n, int *indent);
/* Name, type text, rows (-1 unknown) of each variable: `.vars`. */
void lang_vars(struct lang *lg,
               void (*see)(void *arg, const char *name, const char *type, int64_t rows), void *arg);
void lang_reset(struct lang *lg);

#endif
