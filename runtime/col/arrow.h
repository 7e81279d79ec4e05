/* arrow.h: columns to and from Arrow's memory layout: the types and buffers of the columnar format
 * ("Arrow Columnar Format", "The Arrow C data interface", arrow.apache.org/docs/format), named by
 * the C data interface's format strings. runtime/io/arrow reads and writes files with it; arrow_c.c
 * is the C data interface itself.
 *
 * What becomes what: null -> str (all null), integers -> int, floats and decimals -> num (NaN:
 * null), utf8 and binary -> str (bytes that are no UTF-8 as 0x.. in hexadecimal), dictionaries of
 * text -> cat, date -> date, timestamp
 * -> datetime (microseconds, finer ones are cut towards the past), time of day and duration ->
 * duration, every kind of list -> list, map -> list of struct{key, value}, struct -> struct, runs
 * are spelled out. Unions and intervals of months are refused (E305). */
#ifndef MLNB_COL_ARROW_H
#define MLNB_COL_ARROW_H

#include "runtime/col/column.h"

struct arrow_field {
    const char *name;
    const char *format;             /* of a dictionary-encoded field: of the index */
    bool is_ordered;                /* the dictionary's */
    struct arrow_field *dictionary; /* type of the values, or NULL */
    struct arrow_field *children;
    int n_children;
};
struct arrow_buffer {
    const void *p;
    size_t n;          /* bytes that may be read */
    struct buf *owner; /* keeps p alive; borrowed */
};
struct arrow_data { /* one array: validity first, then what the format lays down */
    int64_t n, offset;
    struct arrow_buffer *buffers;
    int n_buffers;
    struct arrow_data *children;
    int n_children;
    const struct column *dictionary; /* imported already */
};
/* The language's type of a field. Errors: E305 with the column's name when there is none. A
 * struct's fields are counted schemas that live as long as cx->arena. */
rc arrow_dtype(struct ctx *cx, const struct arrow_field *f, struct span span, struct dtype *out);
/* The array as a column of that type. Fixed-width values without nulls, and texts, are shared with
 * the buffers; all lengths and offsets are checked against the buffers' sizes. Errors: E302
 * (damaged), E305, E312 (an unsigned value beyond 64 bits). O(rows). */
rc arrow_import(struct ctx *cx, const struct arrow_field *f, const struct arrow_data *d,
                struct span span, struct column **out);
/* Number of buffers a field's own array has (without its children's; views: the two that are always
 * there), -1 when the format is not known. */
int arrow_buffer_count(const struct arrow_field *f);
/* Format string of a column of ours for writing ("l", "tsu:UTC", "vu", "+s"). */
const char *arrow_format(struct arena *a, const struct column *c);

/* ---- the C data interface: the structs are the specification's own ---- */
struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
/* Takes over a struct array as a table (the caller's structs are marked released, also on failure).
 * Memory is shared where arrow_import shares. */
rc table_import(struct ctx *cx, struct ArrowSchema *schema, struct ArrowArray *array,
                struct table **out);
/* A table as a struct array that keeps a reference; values are shared, texts as utf8 views whose
 * heaps are shared. Release both when done. */
rc table_export(struct ctx *cx, const struct table *t, struct ArrowSchema *schema,
                struct ArrowArray *array);

#endif
