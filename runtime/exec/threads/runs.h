/* runs.h: rows in order that are more than the memory budget takes. Rows come in pieces, each is
 * sorted and put on disk as a run; the runs are then cut along common splitters into partitions
 * small enough to be put in order in memory, one a task, which is how the next pipe reads them. */
#ifndef MLNB_EXEC_RUNS_H
#define MLNB_EXEC_RUNS_H

#include "runtime/exec/threads/spill.h"

struct runs;
struct runs_spec {
    const struct schema *schema, *out; /* of the rows that go in; out: its first columns */
    const struct sort_key *sort;       /* lives as long as the run */
    int n_sort;
    /* [schema->n] dictionaries that all pieces share, or NULL; without: texts go in as they are */
    const struct column *const *dicts;
};
rc runs_new(struct run *r, const struct plan *node, const struct runs_spec *spec,
            struct runs **out);
/* Sorts t and puts it on disk; earlier ones come first among equal keys. */
rc runs_add(struct runs *s, struct table *t);
rc runs_pipe(struct runs *take_s, struct pipe **out);
void runs_drop(struct runs *s); /* NULL is fine */

/* The next partitions of a started pipe, as many as a third of the budget's room takes: *at goes
 * on, *per_part (0 at first) learns how large one is. */
rc pipe_next_piece(struct pipe *p, int64_t *at, int64_t *per_part, struct table **out);
/* Whether the pipe's rows may be too many to be sorted in memory; false when nobody set a budget,
 * or the result would depend on the pieces (categories whose levels are made batch by batch). */
bool runs_may_help(const struct pipe *p);
/* Reads the pipe: gives all its rows as a table when they fit after all, else the node's sorted
 * rows as a pipe. Frees the pipe. */
rc runs_sort(struct pipe *take_p, const struct plan *node, struct table **out_table,
             struct pipe **out_pipe);

#endif
