/* table_view.h: frames as people see them: boxed text (ux.md-style rules in plotting/README.md) and
 * HTML. */
#ifndef MLNB_PLOTTING_TABLE_VIEW_H
#define MLNB_PLOTTING_TABLE_VIEW_H

#include "runtime/col/column.h"

struct table_view {
    int width;        /* text: cells of the terminal, 80 by default; 0 = not limited */
    int64_t n_total;  /* rows of the whole frame; -1 = not known (only the head was computed) */
    int64_t max_rows; /* all rows when <= 20 (default 20), else 10 first and 5 last; INT64_MAX =
                         show all */
    int digits;       /* significant digits, 6 by default; 17 = exact */
    bool color;       /* dim types and nulls with ANSI codes */
    bool no_box;      /* text: columns parted by blanks, no lines drawn */
};
/* Fills in the defaults above for a table that is complete. */
struct table_view table_view_default(const struct table *t);
/* `t` holds either all rows or the first ones (view->n_total says). */
void table_text(struct strbuf *out, const struct table *t, const struct table_view *view);
void table_html(struct strbuf *out, const struct table *t, const struct table_view *view);
/* A record a block, a field a line: for rows that are too wide for a table (psql's \\x). */
void table_vertical(struct strbuf *out, const struct table *t, const struct table_view *view);
/* GitHub's pipe table. */
void table_markdown(struct strbuf *out, const struct table *t, const struct table_view *view);

#endif
