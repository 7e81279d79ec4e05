/* gen.h: seeded random tables and plans: nulls, infinities, -0, empty tables, one row, long and
 * short UTF-8, dictionaries. The same seed gives the same plan; MLNB_SEED runs one again. */
#ifndef MLNB_TESTS_EXEC_GEN_H
#define MLNB_TESTS_EXEC_GEN_H

#include "tests/exec/fixture.h"

struct gen {
    struct fx *f;
    uint64_t seed, at;
    int64_t max_rows;
};
uint64_t gen_below(struct gen *g, uint64_t n);
struct table *gen_table(struct gen *g, int64_t n_rows);
/* A plan of `depth` random steps over a random table. */
struct plan *gen_plan(struct gen *g, int depth);

#endif
