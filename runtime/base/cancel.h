/* cancel.h: the one atomic token. Tested per batch, per solver iteration, per file block. Set from
 * any thread or a signal handler; cleared by the session when a cell starts. */
#ifndef MLNB_BASE_CANCEL_H
#define MLNB_BASE_CANCEL_H

#include "runtime/base/rc.h"

#include <stdatomic.h>

struct cancel {
    atomic_int state; /* 0 running, 1 asked to stop */
};
static inline void cancel_set(struct cancel *c)
{
    atomic_store_explicit(&c->state, 1, memory_order_relaxed);
}
static inline void cancel_reset(struct cancel *c)
{
    atomic_store_explicit(&c->state, 0, memory_order_relaxed);
}
static inline bool cancel_asked(const struct cancel *c)
{
    return c &&
           atomic_load_explicit(&((struct cancel *)(uintptr_t)c)->state, memory_order_relaxed) != 0;
}
/* E901 when the statement was asked to stop. */
rc check_cancel(struct ctx *cx);

#endif
