/* pick.h: late columns: what passes from a table through filters is copied once, at the end. */
#ifndef MLNB_EXEC_PICK_H
#define MLNB_EXEC_PICK_H

#include "runtime/exec/threads/threads_int.h"

/* reads[] of the pipe's columns are all that its sink looks at: operators
 * leave the others out. Before it runs. */
void pipe_needs(struct pipe *p, const bool *reads);
/* The rows that come through can be told by their numbers in the source table; pipe_pick asks for
 * that. */
bool pipe_can_pick(const struct pipe *p);
void pipe_pick(struct pipe *p);
struct picked { /* of one partition */
    uint16_t *rows;
    int64_t n, cap;
};
/* A filter's rows sel[0..n) of the batch at work come through. */
void pick_note(struct worker *w, const int32_t *sel, int64_t n);
/* The batch that reached the sink, its first n rows; at the partition's end the list is cut to its
 * length. */
void picked_add(struct picked *p, const struct worker *w, int64_t n);
void picked_done(struct picked *p);
/* The rows of flat columns origin[0..n_cols) of t (-1: left alone), copied by all threads, or
 * shared when every row came through. The caller drops *out also on failure. */
rc picked_columns(struct run *r, const struct table *t, const struct picked *parts, int64_t n_parts,
                  const int *origin, int n_cols, struct column **out);

#endif
