/* spill.h: rows that do not fit the memory budget, on disk for the length of a run. One temporary
 * file (in $TMPDIR, else /tmp) that is unlinked as soon as it is open, so that nothing is left
 * however the process ends. Tables go in as blocks and come back bit by bit; blocks may be written
 * and read by several threads at once, in any order, any number of times. */
#ifndef MLNB_EXEC_SPILL_H
#define MLNB_EXEC_SPILL_H

#include "runtime/exec/threads/threads_int.h"

struct spill;
struct spill_block { /* one table on disk */
    int64_t at, bytes;
    int64_t n_rows;
};
/* The file is made at the first write. */
struct spill *spill_new(void);
void spill_free(struct spill *s); /* NULL is fine */
int64_t spill_bytes(const struct spill *s);
/* Rows [from, from + n) of t. E306 when the disk is full or cannot be written. Memory: a copy of
 * these rows while it works. */
rc spill_write(struct spill *s, struct ctx *cx, const struct table *t, int64_t from, int64_t n,
               struct spill_block *out);
/* The block as a table of the schema it was written with. Dictionaries are the very ones that were
 * written (they stay in memory). */
rc spill_read(struct spill *s, struct ctx *cx, const struct schema *schema,
              const struct spill_block *b, struct table **out);

/* Plain bytes, for owners of other forms than tables. */
rc spill_put(struct spill *s, struct ctx *cx, const void *p, int64_t n, int64_t *at);
rc spill_get(struct spill *s, struct ctx *cx, void *p, int64_t n, int64_t at);

#endif
