/* cell.h: values as delimited text. */
#ifndef MLNB_IO_CSV_CELL_H
#define MLNB_IO_CSV_CELL_H

#include "runtime/col/column.h"

struct cell_writer;
typedef void (*cell_put)(struct strbuf *out, const struct cell_writer *w, int64_t row);
struct cell_writer { /* one column */
    cell_put put;
    const struct column *c;
    const bool *special;      /* [256] bytes that call for quotes */
    const struct str *levels; /* PHYS_DICT: each level as it is written */
    const char *packed; /* levels of at most 15 bytes: 16 bytes each, the last one is the length */
    bool is_zoned;
    struct str na; /* what stands for null; empty: nothing */
};
/* Writers of all columns of a table; levels and tables live in `a`. */
struct cell_writer *cell_writers(struct arena *a, const struct table *t, char delim);
/* Text in quotes if it needs them (an empty one does). */
void csv_cell_text(struct strbuf *out, const bool *special, struct str s);
/* Rows [from, to), each ended by LF. */
void cell_rows(struct strbuf *out, const struct cell_writer *w, int n_cols, char delim,
               int64_t from, int64_t to);
void cell_names(struct strbuf *out, const struct schema *s, char delim);

#endif
