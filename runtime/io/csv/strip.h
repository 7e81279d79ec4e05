/* strip.h: where fields end (index.c), and strips: whole rows of equal width, handled a column at a
 * time. */
#ifndef MLNB_IO_CSV_STRIP_H
#define MLNB_IO_CSV_STRIP_H

#include "runtime/io/csv/value.h"

/* ---- structure: where fields end ---- */
struct csv_index {
    const struct csv_dialect *d;
    const char *buf; /* readable CSV_PAD bytes to both sides */
    size_t at, end; /* bytes [at, end) are still to be indexed; buf[end] is known or zero padding */
    bool in_quote;  /* the byte at `at` lies inside quotes */
    bool after_close; /* the byte before `at` closed a quoted part */
    bool in_comment;
    uint32_t *pos; /* pos[0]: byte before the first row; pos[1..n]: delimiters and row ends */
    uint32_t n, cap;
    uint32_t n_breaks; /* row ends among pos[1..n] */
};
/* Indexes until `end` or until fewer than 64 places are left in pos. */
void csv_index_run(struct csv_index *ix);

/* The ways this machine can do it (without comments), best first; all give the same. For tests. */
#define CSV_INDEX_VARIANTS 3
struct csv_index_variant {
    const char *name;
    void (*run)(struct csv_index *ix);
};
int csv_index_variants(struct csv_index_variant out[CSV_INDEX_VARIANTS]);

/* ---- strips ---- */
struct csv_strip {
    const char *buf;
    const uint32_t *ends; /* field (r, c) is buf(ends[k - 1] + 1 .. ends[k]), k = r * stride + shift
                             + c * step */
    int64_t stride;
    int32_t step, shift;
    int64_t n_rows;
    int n_cols;
};
/* End of a row's last field: the CR of a CRLF is not part of it. */
static inline uint32_t csv_before_cr(const char *buf, uint32_t from, uint32_t to)
{
    return to - (to > from && buf[to] == '\n' && buf[to - 1] == '\r');
}
/* Bits of the kinds that column c of a strip holds, added to `kinds`. */
uint32_t csv_strip_kinds(const struct csv_dialect *d, const struct csv_strip *s, int c,
                         uint32_t kinds);
/* Goes down one column of a strip. */
struct csv_cursor {
    const char *buf;
    const uint32_t *end; /* of the field that comes next; end[-1] is the place before it */
    int64_t stride;
    bool is_last; /* the last column: a CR may stand before the row's end */
};
static inline struct csv_cursor csv_column_from(const struct csv_strip *s, int c, int64_t row)
{
    int64_t k = row * s->stride + s->shift + (int64_t)c * s->step;
    return (struct csv_cursor){s->buf, s->ends + k, s->stride, c == s->n_cols - 1};
}
static inline struct str csv_next(struct csv_cursor *k)
{
    uint32_t from = k->end[-1] + 1, to = k->end[0];
    if (k->is_last) to = csv_before_cr(k->buf, from, to);
    k->end += k->stride;
    return (struct str){k->buf + from, to - from};
}
/* A field without the quotes around it, for loops that take no quote for an answer anyway. `quote`
 * may be a line break where there are no quotes. */
static inline char csv_quote_of(const struct csv_dialect *d)
{
    return d->has_quote ? d->quote : '\n';
}
static inline struct str csv_bare(struct str f, char quote)
{
    if (f.p[0] == quote && f.n >= 2 && f.p[f.n - 1] == quote) {
        f.p++;
        f.n -= 2;
    }
    return f;
}
/* Strip field (r, c) as raw text. */
static inline struct str csv_field(const struct csv_strip *s, int64_t r, int c)
{
    struct csv_cursor k = csv_column_from(s, c, r);
    return csv_next(&k);
}

#endif
