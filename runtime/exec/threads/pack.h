/* pack.h: texts that repeat as codes. */
#ifndef MLNB_EXEC_PACK_H
#define MLNB_EXEC_PACK_H

#include "runtime/exec/threads/threads_int.h"

/* The parts of a text column (views or codes, one after the other) as one column of codes into a
 * sorted dictionary of its own; *out NULL when there are few rows, when they are no texts (cat), or
 * when too many texts differ to make it worth while. Depends on the rows alone, not on how they are
 * cut into parts. Linear in rows, plus sorting of the levels. */
rc texts_pack(struct run *r, const struct column *const *parts, int n_parts, struct column **out);
/* The same for a column that lies there whole. */
rc column_pack(struct run *r, const struct column *c, struct column **out);
/* The same for the text columns of a table that a format read whole: *t is replaced. */
rc table_pack(struct run *r, struct table **t);

#endif
