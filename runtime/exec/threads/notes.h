/* notes.h: warnings of expressions that a step evaluates on one piece of its rows after another:
 * what each piece counts is put together and told once. */
#ifndef MLNB_EXEC_NOTES_H
#define MLNB_EXEC_NOTES_H

#include "runtime/exec/threads/threads_int.h"

#include "runtime/fn/fn.h"

struct held_note {
    struct held_note *next;
    const struct expr *call;
    const char *what;
    struct fn_note sum;
};
struct held {
    int64_t rows; /* of the pieces before the one at work */
    struct held_note *first;
};
/* As table_eval, for the next piece of the rows. */
rc held_eval(struct held *h, struct run *r, struct table *t, const struct expr *const *e, int n,
             const struct plan *node, struct column **out);
/* Adds what a call counted in the piece at work. `what` is copied. */
void held_add(struct run *r, const struct expr *call, const char *what, const struct fn_note *note);
/* One warning for each call that counted something. */
void held_tell(struct held *h, struct run *r);

#endif
