/* twin.h: the naive twin of an executor: rows as arrays of values, one loop in another, no batches,
 * no hashing, no threads. Slow, and easy to see right. It uses the functions' own one-value
 * evaluation, so it tests the engine, not the kernels. */
#ifndef MLNB_TESTS_EXEC_TWIN_H
#define MLNB_TESTS_EXEC_TWIN_H

#include "tests/exec/fixture.h"

/* Runs p (not optimised). RC_ERR with the error in f->err. */
rc twin_run(struct fx *f, const struct plan *p, struct table **out);

#endif
