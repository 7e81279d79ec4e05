/* rows.h: a small table put together row by row. */
#ifndef MLNB_LANG_VERBS_ROWS_H
#define MLNB_LANG_VERBS_ROWS_H

#include "lang/verbs/verb_int.h"

struct rows {
    struct ctx *cx;
    const struct field *fields; /* borrowed; their names live until rows_finish */
    struct builder *b;          /* [n]: append one value to each, row by row */
    int n;
};
rc rows_begin(struct rows *r, struct ctx *cx, struct arena *a, const struct field *fields, int n);
void rows_release(struct rows *r);
rc rows_text(struct rows *r, int column, const char *text);      /* NULL: null */
rc rows_num(struct rows *r, int column, const struct scalar *s); /* any number or bool as num */
rc rows_finish(struct rows *r, struct arena *a, struct span span, struct table **out);
rc rows_value(struct rows *r, struct arena *a, struct span span, struct value **out); /* a frame */

#endif
