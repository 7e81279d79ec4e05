/* gen_wide.h: random plans over the whole breadth of the language: dates, durations, text
 * functions, casts, all joins, window frames, odd column names. No naive twin knows all of that:
 * such plans are held against SQL engines, other numbers of threads and the unoptimised plan. */
#ifndef MLNB_TESTS_EXEC_GEN_WIDE_H
#define MLNB_TESTS_EXEC_GEN_WIDE_H

#include "tests/exec/gen.h"

/* A table with columns of every plain kind; odd: their names are hard to write. */
struct table *gen_wide_table(struct gen *g, int64_t n_rows, bool odd);
struct plan *gen_wide_plan(struct gen *g, int depth);

#endif
