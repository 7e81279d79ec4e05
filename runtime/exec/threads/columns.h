/* columns.h: columns that a step fills in place. */
#ifndef MLNB_EXEC_COLUMNS_H
#define MLNB_EXEC_COLUMNS_H

#include "runtime/col/column.h"

/* Column of n rows with data (not cleared) and, when asked, validity (all set); the caller fills
 * them and calls column_done, which counts and clears nulls. */
rc column_make(struct ctx *cx, struct dtype type, enum phys phys, int64_t n, bool has_valid,
               struct column **out);
void column_done(struct column *c);
static inline void *column_room(struct column *c)
{
    return (void *)(uintptr_t)c->data;
}
static inline uint64_t *column_bits(struct column *c)
{
    return (uint64_t *)(uintptr_t)c->valid;
}
/* c's texts point into from's memory: keep that alive. */
void column_keeps(struct column *c, const struct column *from);

#endif
