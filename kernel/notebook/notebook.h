/* notebook.h: notebooks as cells, read from and written to .mlnb (language.md 6) and .ipynb, and
 * written as HTML and Markdown reports. Nothing here runs a cell: whoever runs them appends to a
 * cell's outputs. Not thread-safe. */
#ifndef MLNB_KERNEL_NOTEBOOK_H
#define MLNB_KERNEL_NOTEBOOK_H

#include "runtime/base/rc.h"
#include "runtime/base/str.h"

#include <jansson.h>

enum cell_kind {
    CELL_CODE,
    CELL_MD,
    CELL_SQL,
    CELL_PARAMS, /* %%params: declares parameters */
    CELL_RAW,
    CELL_EXPECT /* %%expect: what the cell above prints */
};
/* An option of a marker line that has no field of its own: `as: by_hour`. */
struct cell_option {
    char *name;
    char *text; /* the value as source: "x", [a, b], 3 */
};
/* Text is owned by the cell, NUL-terminated UTF-8. */
struct cell {
    enum cell_kind kind;
    char *source; /* without the marker line, without line ends at its end */
    size_t n_source;
    int first_line;  /* line of the file on which source begins, for messages; 1 in .ipynb */
    char *name;      /* name: "load", or NULL */
    char *id;        /* id: as asked for in the text, else NULL; .ipynb ids are kept here */
    bool has_own_id; /* id was written by a person (an `id:` option) */
    char **tags;
    int n_tags;
    struct cell_option *options;
    int n_options;
    json_t *metadata;    /* object: unknown metadata of .ipynb, `meta:`; NULL when there is none */
    json_t *attachments; /* object: pictures pasted into a markdown cell, or NULL */
    json_t *outputs;     /* array of nbformat outputs; NULL when there is none */
    int64_t execution_count; /* 0 = not run */
};
struct notebook_field {
    char *key, *value;
};
struct notebook {
    char *shebang; /* the #! line, or NULL */
    struct notebook_field *header;
    int n_header;     /* mlnb, title, kernel, pool, requires, then others by name */
    bool has_markers; /* false: a script, one cell without a marker line */
    struct cell *cells;
    int n_cells;
    json_t *metadata; /* object: unknown notebook metadata of .ipynb, or NULL */
};

/* ---- making ---- */
struct notebook *notebook_new(void);
void notebook_free(struct notebook *nb); /* NULL is fine */
struct cell *notebook_add(struct notebook *nb, enum cell_kind kind, struct str source);
void cell_set_source(struct cell *c, struct str source);
/* Value of a header field, or NULL. */
const char *notebook_header(const struct notebook *nb, const char *key);
void notebook_set_header(struct notebook *nb, const char *key, struct str value);
bool cell_has_tag(const struct cell *c, const char *tag);
void cell_add_tag(struct cell *c, const char *tag);
/* By tags: hide_cell, hide-input, remove_output .. */
bool cell_is_hidden(const struct cell *c);
bool cell_hides_input(const struct cell *c);
bool cell_hides_output(const struct cell *c);
/* An option's value as it is written, or NULL: cell_option(c, "as") -> by_hour. */
const char *cell_option(const struct cell *c, const char *name);
/* What lang_run is given: the source, for SQL cells with its %%sql line in front (then the text's
 * first line is first_line - 1). Appends to out. */
void cell_code(struct strbuf *out, const struct cell *c);
/* An nbformat output object; borrowed, a reference is kept. Streams of one name that follow each
 * other become one. A member `transient` {"text/markdown": ..} serves the Markdown writer and is
 * not written to .ipynb. */
void cell_add_output(struct cell *c, json_t *output);
void cell_clear_outputs(struct cell *c);

/* ---- reading: E601 with the place when the file is broken, E301/E302 when it cannot be read ----
 */
/* By the ending: .ipynb is JSON, .md Markdown, everything else is text; a text that begins with `{`
 * and holds "cells" is read as .ipynb too. Borrowed path. Caller frees *out. */
rc notebook_read_file(struct ctx *cx, const char *path, struct notebook **out);
rc notebook_read_mlnb(struct ctx *cx, const char *text, size_t n, uint32_t source,
                      struct notebook **out);
rc notebook_read_ipynb(struct ctx *cx, const char *text, size_t n, struct notebook **out);

/* Markdown: fences of mlnb (also MyST's {code-cell} and R Markdown's) and sql as cells, the rest as
 * prose. E601 when it is no text. */
rc notebook_read_md(struct ctx *cx, const char *text, size_t n, struct notebook **out);

/* What `mlnb fmt` does to sources before they are written: no blanks at line ends (but in strings
 * of code), no blank lines around. */
void notebook_canonical(struct notebook *nb);

/* ---- writing: each appends to out ---- */
/* The text with sources as they are: reading it gives the same cells, and writing those the same
 * bytes. */
void notebook_write_mlnb(struct strbuf *out, const struct notebook *nb);
/* nbformat 4.5 as nbformat writes it: indent 1, sorted keys, final newline. */
void notebook_write_ipynb(struct strbuf *out, const struct notebook *nb);
/* A page of its own: no links to elsewhere but those of the text. */
void notebook_write_html(struct strbuf *out, const struct notebook *nb);
/* A page of the same look around any body. */
void notebook_page(struct strbuf *out, const char *title, struct str body);
void notebook_write_md(struct strbuf *out, const struct notebook *nb);
/* By the ending of path: .mlnb .ipynb .html .md (E305 for others); E306 when it cannot be written;
 * the file is replaced at once or not at all. */
rc notebook_write_file(struct ctx *cx, const struct notebook *nb, const char *path);

/* The words of SQL that are coloured, as lang_vocabulary gives those of the language; kind "sql".
 */
void notebook_sql_words(void (*see)(void *arg, const char *kind, const char *name), void *arg);

/* ---- comparing (diff.c) ---- */
/* What turns a into b, cell by cell, outputs left out: a summary line, then each cell that changed
 * with its lines. Appends to out; nothing and 0 when they are alike, else the number of changes. */
int notebook_diff(struct strbuf *out, const struct notebook *a, const struct notebook *b,
                  bool color);

/* A safe subset of Markdown as HTML: everything that is not known markup is escaped. */
void markdown_html(struct strbuf *out, struct str text);

#endif
