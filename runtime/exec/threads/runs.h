/* runs.h: rows in order that are more than the memory budget takes. Rows come in pieces, each is
 * sorted and put on disk as a run; the runs are then cut along common splitters into partitions
 * small enough to be put in order in memory, one a task, which is how the next pipe reads them. */
#ifndef MLNB_EXEC_RUNS_H
#define MLNB_EXEC_RUNS_H

#include "runtime/exec/threads/spill.h"

/* Whether the pipe's rows may be too many to be sorted in memory; false when nobody set a budget,
 * or the result would depend on the pieces (categories whose levels are made batch by batch). */
bool runs_may_help(const struct pipe *p);
/* Reads the pipe: gives all its rows as a table when they fit after all, else the node's sorted
 * rows as a pipe. Frees the pipe. */
rc runs_sort(struct pipe *take_p, const struct plan *node, struct table **out_table,
             struct pipe **out_pipe);

#endif
