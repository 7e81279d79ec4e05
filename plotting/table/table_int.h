/* table_int.h: what the three writers of frames share: which rows and columns are shown and how a
 * cell reads. Only for plotting/table. */
#ifndef MLNB_PLOTTING_TABLE_INT_H
#define MLNB_PLOTTING_TABLE_INT_H

#include "plotting/table/table_view.h"

/* The rows that are shown: the first `head`, a gap, the last `tail`. */
struct shown_rows {
    int64_t n, head, tail; /* n = head + tail */
    bool has_gap;
};
/* cap: most rows shown whatever the view asks (INT64_MAX = none). */
struct shown_rows table_shown_rows(const struct table *t, const struct table_view *view,
                                   int64_t cap);
/* Row of the table behind the ith shown one. */
static inline int64_t shown_row(const struct shown_rows *s, const struct table *t, int64_t i)
{
    return i < s->head ? i : t->n_rows - s->n + i;
}

/* How the cells of one column read; the same for all of them. */
struct cell_format {
    const struct column *column;
    bool is_right;      /* numbers and durations */
    bool is_scientific; /* num: 1.5e+20 */
    bool is_exact;      /* num: shortest text that reads back the same, points lined up by blanks */
    int decimals;       /* num: digits after the point; exact: room kept after the integer part */
};
/* Looks at the shown cells only. */
struct cell_format table_cell_format(const struct column *c, const struct shown_rows *s,
                                     const struct table *t, int digits);
/* Appends the cell's text without cutting it; control characters stand as escapes. False for null
 * (whose text is "null"). */
bool table_cell_text(struct strbuf *out, const struct cell_format *f, int64_t row);
/* Appends text with control, bidi and zero-width characters as \n, \t or \u{..}. */
void table_cell_escape(struct strbuf *out, struct str s);
/* Appends s cut to `cells` columns of a terminal, with an ellipsis as the last of them. */
void table_cell_cut(struct strbuf *out, struct str s, int64_t cells);

/* "1,000 rows x 6 columns, 15 shown". */
void table_dims(struct strbuf *out, const struct table *t, const struct table_view *view,
                const struct shown_rows *s);

/* Limits of the two document writers. */
enum { TABLE_DOC_ROWS = 50, TABLE_DOC_COLUMNS = 30 };
/* Columns kept of n when at most TABLE_DOC_COLUMNS may stand: the first *left and the last *right.
 */
void table_doc_columns(int n, int *left, int *right);

#endif
