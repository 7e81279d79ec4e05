/* twin.h: the naive twin of an executor: rows as arrays of values, one loop in another, no batches,
 * no hashing, no threads. Slow, and easy to see right. It uses the functions' own one-value
 * evaluation, so it tests the engine, not the kernels. */
#ifndef MLNB_TESTS_EXEC_TWIN_H
#define MLNB_TESTS_EXEC_TWIN_H

#include "tests/exec/fixture.h"

/* Runs p (not optimised). RC_ERR with the error in f->err. */
rc twin_run(struct fx *f, const struct plan *p, struct table **out);

/* The value of e in one row. */
rc twin_eval(struct fx *f, const struct schema *s, const struct scalar *row, const struct expr *e,
             struct scalar *out);
/* Lists and structs (twin_nested.c). */
rc twin_nested(struct fx *f, const struct schema *s, const struct scalar *row, const struct expr *e,
               struct scalar *out);
struct scalar twin_value(struct fx *f, const struct column *c, int64_t i);
int64_t twin_unnest_rows(const struct plan *p, const struct schema *in, const struct scalar *row);
void twin_unnest_row(struct fx *f, const struct plan *p, const struct schema *in,
                     const struct scalar *row, int64_t at, struct scalar *out);

#endif
