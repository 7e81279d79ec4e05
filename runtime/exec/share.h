/* share.h: nodes that a plan reads several times and that ask to be computed once (`once`). Each
 * becomes a table that stands in for it; the tables are made one after the other, those below
 * first, with the columns that are read of them. */
#ifndef MLNB_EXEC_SHARE_H
#define MLNB_EXEC_SHARE_H

#include "runtime/plan/plan.h"

struct share {
    struct plan *node;      /* as it stands in the plan */
    struct plan *body;      /* optimised, over stand-ins; NULL: nobody reads it after all */
    struct table *stand_in; /* no rows, known by its address */
    struct table *rows;     /* once run */
    bool *wanted;           /* [columns] read by somebody */
    int uses;
};
struct shares {
    struct share *all; /* what one reads stands before it */
    int n, cap;
};
/* The optimised plan over stand-ins, and what they stand for. Caller unrefs *out and releases sh
 * (which must be zero). Without such nodes this is plan_optimize. */
rc share_optimize(struct ctx *cx, struct plan *p, struct shares *sh, struct plan **out);
/* p with the rows in place of the stand-ins that have them. Caller unrefs *out. */
rc share_fill(struct ctx *cx, const struct shares *sh, struct plan *p, struct plan **out);
void shares_release(struct shares *sh);

#endif
