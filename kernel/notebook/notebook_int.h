/* notebook_int.h: shared by the readers and writers of notebooks. */
#ifndef MLNB_KERNEL_NOTEBOOK_INT_H
#define MLNB_KERNEL_NOTEBOOK_INT_H

#include "kernel/notebook/notebook.h"

#include "runtime/base/arena.h"

/* Cuts a buffer to n bytes. */
static inline void buf_cut(struct strbuf *b, size_t n)
{
    if (b->p) b->p[n] = '\0';
    b->n = n;
}

/* ---- notebook.c ---- */
void cell_set_option(struct cell *c, struct str name, struct str text);
/* *to = a copy of s; the old text is freed. */
void text_set(char **to, struct str s);
/* Takes the tag away; true when it was there. */
bool cell_take_tag(struct cell *c, const char *tag);
/* A cell as Jupyter has it (kind by type) as the kind that its tags and its %%sql line tell
 * (read_ipynb.c). */
void cell_settle_kind(struct cell *c);
/* The object *to, made when there is none. */
json_t *object_of(json_t **to);

/* ---- marker.c: the lines that begin a cell ---- */
/* "%%" and what follows it, as .mlnb files write it: `%%sql as: x, tags: [a]`. */
void marker_text(struct strbuf *out, const struct cell *c);
/* Only what a SQL cell says in Jupyter: no name, id, tags and metadata. */
void marker_sql(struct strbuf *out, const struct cell *c);
/* Reads the kind and options behind "%%". False and a message in *why with *at = the byte of the
 * line where it stands. */
bool marker_read(struct str line, struct cell *c, char why[200], size_t *at);
/* Letters, digits, - and _, at most 64: what nbformat takes as an id. */
bool cell_is_id(struct str s);
/* Whether a line of a .mlnb file begins a cell, or is text that looks like it: \%%. */
bool is_marker_line(struct str line);
bool is_escaped_marker(struct str line);

/* ---- json.c ---- */
/* As Python's json.dumps(indent=1, sort_keys=True, ensure_ascii=False) with nbformat's separators;
 * indent < 0: on one line. */
void json_put(struct strbuf *out, const json_t *v, int indent);
/* Text as the list of its lines, cut where Python's splitlines cuts. */
json_t *lines_of_text(struct str text);
/* A string or a list of strings as one text; false for anything else. */
bool text_of_lines(const json_t *v, struct strbuf *out);
struct str json_view(const json_t *string); /* "" unless it is a string */
bool is_json_mime(const char *mime);
bool is_split_mime(const char *mime); /* stands as a list of lines in files */

/* ---- cell ids (cell_id.c) ---- */
/* Whether the id could have been made by a program: not worth keeping in a text. */
bool is_made_id(const char *id);
/* Ids of all cells, each unique; in the arena or the cell: the one it has, else from place and
 * content. */
const char **notebook_ids(const struct notebook *nb, struct arena *a);

/* ---- report parts (html_*.c) ---- */
/* Source as HTML with spans of class k s n c o v f for keyword, string, number ... */
void highlight_html(struct strbuf *out, struct str code, bool is_sql);
/* Foreign HTML and SVG without scripts, handlers and outside links; ids and links to them get
 * `prefix` in front. */
void clean_html(struct strbuf *out, struct str html, const char *prefix);
/* Terminal text with colour codes as HTML spans. */
void ansi_html(struct strbuf *out, struct str text);
void ansi_strip(struct strbuf *out, struct str text);
void output_html(struct strbuf *out, const json_t *output, const char *prefix);
void output_md(struct strbuf *out, const json_t *output);
extern const char report_style[], report_style_more[];
/* A fenced block with enough backticks. */
void fence_md(struct strbuf *out, const char *language, struct str text);

/* A heading of a text: for tables of contents. */
struct heading {
    int level;
    struct str text; /* source of the line, without its marks; in the text given */
    char *id;        /* arena */
};
/* Markdown with ids on its headings, which are collected. */
void markdown_report(struct strbuf *out, struct str text, const char *id_prefix, struct arena *a,
                     struct heading **headings, int *n_headings);
/* Marks inside a line: emphasis, code, links. */
void markdown_inline(struct strbuf *out, struct str text, int depth);

#endif
