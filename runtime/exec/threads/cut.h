/* cut.h: rows that are more than the memory budget takes, cut into parts by the hash of keys (equal
 * keys, null among them, fall in one part) and put on disk with the numbers of their rows. */
#ifndef MLNB_EXEC_CUT_H
#define MLNB_EXEC_CUT_H

#include "runtime/exec/threads/notes.h"
#include "runtime/exec/threads/runs.h"

#define CUT_MAX_PARTS 256
#define CUT_ROW       "\x01row"

struct cut_part {
    struct spill_block *blocks;
    int64_t n, cap;
};
struct cut {
    struct run *run;
    const struct plan *node;
    int n_parts, n_keys;
    const struct expr *const *keys; /* [n_keys] evaluated with the rows */
    const bool *is_hashed;          /* [n_keys] parts are cut by them */
    struct schema *schema; /* the input's columns, the row's number, the keys that are no columns */
    int row_at, *key_at;   /* where the keys stand */
    bool *flat;            /* texts whose dictionary each piece has */
    struct spill *file;
    struct cut_part *parts; /* [n_parts] */
    int64_t rows;
    struct held held; /* what the computed keys warn of */
};

/* Whether the pipe's rows can be cut without the pieces showing in the result. */
bool cut_can(const struct pipe *p);
/* Whether they may be too many to be held. */
bool cut_wanted(const struct pipe *p);
/* Parts of which each (with its partner's, if any) takes a part of the budget only. */
int cut_parts(const struct pipe *p, const struct pipe *other);
/* Reads the pipe and cuts its rows; c: run, node, keys and parts are set. */
rc cut_pipe(struct cut *c, struct pipe *p);
/* One part, rows in input order. */
rc cut_load(struct cut *c, int part, struct table **out);
void cut_free(struct cut *c);

/* A step that works on groups of rows apart: cut by `by`, each part worked on, results put in the
 * order of the input's rows. The worker gets a table of the input's columns, then the row numbers,
 * and gives the step's rows with these numbers as their last column. Frees the pipe. */
typedef enum rc_t (*cut_worker)(struct run *r, const struct plan *node, struct table *t,
                                const struct schema *out_schema, struct table **out);
rc cut_step(const struct plan *node, struct pipe *take_p, const struct expr *const *by, int n_by,
            cut_worker work, struct pipe **out);

#endif
