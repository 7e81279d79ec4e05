/* tiny.c: a pool outside the program, as a shared object: it can do tables and filters of one
 * column against a constant, by itself, and refuses the rest. */
#include "runtime/exec/executor.h"

#include <stdlib.h>

struct tiny {
    struct executor head;
};

static enum rc_t tiny_open(struct ctx *cx, const char *url, struct executor **out);

static void tiny_close(struct executor *x)
{
    free(x);
}

static bool tiny_supports(const struct executor *x, const struct plan *node, const char **why)
{
    (void)x;
    if (node->op == PLAN_TABLE || node->op == PLAN_FILTER) return true;
    if (why) *why = node->op == PLAN_SORT ? "no sorts here" : "unknown";
    return false;
}

/* Rows of ints, a partition each, where `v` is above 1. */
static enum rc_t tiny_run(struct ctx *cx, struct executor *x, const struct plan *p,
                          const struct batch_sink *sink)
{
    const struct plan *t = p->op == PLAN_FILTER ? p->inputs[0] : p;
    const struct table *in = t->u.table.table;
    struct vec cols[2];
    (void)x;
    for (int64_t i = in->n_rows; i-- > 0;) { /* any order: who reads puts partitions in order */
        const int64_t *v = in->cols[1]->data;
        if (p->op == PLAN_FILTER && v[i] <= 1) continue;
        for (int c = 0; c < 2; c++)
            cols[c] =
                (struct vec){.phys = PHYS_I64, .data = (const int64_t *)in->cols[c]->data + i};
        struct batch b = {1, 2, cols, 0};
        if (sink->push(cx, sink->self, i, &b) != RC_OK) return RC_ERR;
    }
    return RC_OK;
}

extern const struct executor_class mlnb_executor;
const struct executor_class mlnb_executor = {.version = EXECUTOR_VERSION,
                                             .name = "tiny",
                                             .scheme = "tiny",
                                             .doc = "a pool for tests",
                                             .open = tiny_open,
                                             .close = tiny_close,
                                             .supports = tiny_supports,
                                             .run = tiny_run};

static enum rc_t tiny_open(struct ctx *cx, const char *url, struct executor **out)
{
    struct tiny *t = calloc(1, sizeof *t);
    (void)cx, (void)url;
    if (!t) return RC_ERR;
    t->head.cls = &mlnb_executor;
    *out = &t->head;
    return RC_OK;
}
