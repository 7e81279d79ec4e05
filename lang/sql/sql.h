/* sql.h: SQL beside the language: PostgreSQL's own grammar over the session's frames, lowered to
 * the plan nodes that the verbs make (language.md section 4). */
#ifndef MLNB_LANG_SQL_SQL_H
#define MLNB_LANG_SQL_SQL_H

#include "lang/lang_int.h"

/* Runs the statements of `text` one after the other. `where` is the place of the text in its
 * source (a cell, or the string literal of sql("..")): errors point into it. *out is the last
 * statement's value, a new reference: a frame whose plan is not run yet for a SELECT, what
 * sql_statement says for others. Frames are looked up in `sc`. Nothing is run or set when
 * lg->is_dry. Errors: E101.. for the text, E201.. for names and types. */
rc sql_run(struct lang *lg, struct scope *sc, struct str text, struct span where,
           struct value **out);
/* A cell that begins with a line `%%sql [as: name]`: with `as:` the result becomes that variable
 * and nothing is shown, else it is shown. */
rc sql_cell(struct lang *lg, const char *text, size_t n, const char *label, int first_line);
/* The same of an included file: body alone, with the marker's line; paths start at `folder`. */
rc sql_cell_body(struct lang *lg, struct str marker, struct str body, const char *label,
                 int first_line, const char *folder);

#endif
