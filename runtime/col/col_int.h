/* col_int.h: shared inside runtime/col only. */
#ifndef MLNB_COL_COL_INT_H
#define MLNB_COL_COL_INT_H

#include "runtime/col/column.h"

#define COPY_BLOCK                                                                                 \
    65536 /* rows a parallel task; a multiple of 64 so that tasks never share a bitmap word */

/* Empty column of n rows with data memory (not cleared); valid memory when has_valid (not set). */
rc column_alloc(struct ctx *cx, struct dtype type, enum phys phys, int64_t n, bool has_valid,
                struct column **out);
/* Bytes of n values' data of a physical type. */
size_t phys_bytes(enum phys p, int64_t n);
void column_add_buf(struct column *c, struct buf *b); /* takes its own reference */
/* The heaps of `from` (all its buffers, and its dictionary's) are kept alive by c. */
void column_share(struct column *c, const struct column *from);
/* n_null from valid; zeroes data under nulls of fixed-width types when `zero`. Drops valid when
 * nothing is null. */
void column_settle(struct column *c, bool zero);
static inline uint64_t *column_valid_mut(struct column *c)
{
    return (uint64_t *)(uintptr_t)c->valid;
}
static inline void *column_data_mut(struct column *c)
{
    return (void *)(uintptr_t)c->data;
}
/* Zeroes n values of a phys at data[at..) whose validity bit is 0. */
void zero_nulls(enum phys p, void *data, const uint64_t *valid, int64_t at, int64_t n);

/* Lists and structs (nested.c): what column_gather, builder_append and column_concat do with them.
 */
rc nested_gather(struct ctx *cx, const struct column *c, const int64_t *rows, int64_t n,
                 struct column **out);
/* Data only: the caller sets validity and b->n. */
rc nested_append(struct ctx *cx, struct builder *b, const struct vec *v, const int32_t *sel,
                 int64_t n);
rc nested_concat(struct ctx *cx, const struct column *const *parts, int n_parts,
                 struct column **out);
const struct table *struct_row(const struct column *c, int64_t i); /* a new reference */
rc struct_append(struct ctx *cx, struct builder *b, const struct table *row);
int nested_cmp(const struct scalar *a, const struct scalar *b); /* neither null */

/* Set of texts: code of a text, adding it when new. Texts are borrowed. */
struct text_map {
    struct text *keys; /* [n] in order of first appearance */
    uint64_t *slots;   /* high half of the hash, then code + 1; 0 = free */
    uint64_t *hashes;  /* [n] */
    int32_t n, cap;
    uint32_t mask;
};
void text_map_init(struct text_map *m);
void text_map_release(struct text_map *m);
int32_t text_map_add(struct text_map *m, const struct text *t);
void text_map_add_all(struct text_map *m, const struct text *t, int64_t n, int32_t *codes);

#endif
