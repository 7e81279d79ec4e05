/* diag.h: errors as people see them. The only place that draws carets and chooses colours. */
#ifndef MLNB_LANG_DIAG_H
#define MLNB_LANG_DIAG_H

#include "runtime/base/rc.h"
#include "runtime/base/str.h"

/* Texts that spans point into. Numbered from 1; the registry keeps copies for the session's life.
 */
struct sources;
struct sources *sources_new(void);
void sources_free(struct sources *s);
/* label e.g. "cell 3" or "tips.mlnb:12" (first line number is first_line). Returns its number. */
uint32_t sources_add(struct sources *s, const char *label, const char *text, size_t n,
                     int first_line);
struct str sources_text(const struct sources *s, uint32_t source);
const char *sources_label(const struct sources *s, uint32_t source);
/* 1-based line and column (code points) of a byte. */
void sources_place(const struct sources *s, struct span span, int *line, int *column);

struct diag_opts {
    bool color;
    int width;  /* 0 = 80 */
    bool place; /* print "label:line:column" after the message (scripts); cells do without */
};
/* language.md 3.10: code and message, the line with a caret line under it, notes, `try:` hint. */
void diag_text(struct strbuf *out, const struct sources *s, const struct error *e,
               const struct diag_opts *opts);

/* Nearest of `names` by spelling and by shared words; "" when none is near. */
struct str nearest(struct str name, const struct str *names, int n);
/* Our word for a verb or function of pandas, dplyr, SQL, Spark (language.md 3.9); NULL when not
 * known. */
const char *foreign_verb(struct str name);
const char *foreign_function(struct str name);

#endif
