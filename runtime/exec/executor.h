/* executor.h: the contract every executor pool fulfils. Public and versioned: a pool can be loaded
 * from a shared object that exports `const struct executor_class mlnb_executor`. Designed against
 * two very different pools: threads (this machine, vectorised) and Spark Connect (remote: takes SQL
 * text, trains models itself, streams Arrow batches, supports part of a plan, loses workers, needs
 * cancel and progress). Nothing above runtime/exec names a pool. */
#ifndef MLNB_EXEC_EXECUTOR_H
#define MLNB_EXEC_EXECUTOR_H

#include "runtime/plan/plan.h"

#define EXECUTOR_VERSION 1

/* Receives the rows of a run. push may come from several threads at once, but one partition's
 * batches come in order, from one thread at a time; whoever reads restores the order of partitions.
 * Returning RC_ERR stops the run. */
struct batch_sink {
    void *self;
    enum rc_t (*push)(struct ctx *cx, void *self, int64_t partition, const struct batch *b);
    /* Optional: called once before the first push with the number of partitions (-1 = not known).
     */
    enum rc_t (*begin)(struct ctx *cx, void *self, const struct schema *schema,
                       int64_t n_partitions);
};

struct exec_progress {
    int64_t done, total; /* rows, bytes or tasks; total 0 = not known. done may pass total on a
                            remote engine: clamp */
    const char *unit;    /* "rows", "bytes", "tasks" */
    const char *what;    /* name of the node at work */
};

/* A model to train, as plain data (runtime/ml fills it in; an executor that trains itself reads
 * it). Text is JSON of the documented model file (runtime/ml/README.md). */
struct model_spec {
    const char *family;  /* "logistic" */
    const char *params;  /* JSON object of checked parameters */
    const char *formula; /* JSON of the formula */
};

/* Takes some rows of a result, in their order, on the statement's thread. */
typedef enum rc_t (*exec_take)(struct ctx *cx, void *self, const struct table *rows);

struct executor; /* an opened pool; each class embeds this head first */
struct executor_class {
    int version;        /* EXECUTOR_VERSION */
    const char *name;   /* "threads", "spark" */
    const char *scheme; /* URL scheme open() takes: "threads", "sc" */
    const char *doc;
    /* url e.g. "threads:8", "sc://host:15002/;token=..". Secrets in it never reach a log. */
    enum rc_t (*open)(struct ctx *cx, const char *url, struct executor **out);
    void (*close)(struct executor *x);
    /* Whether this node (not its inputs) can run here; *why (static text) when not. The planner
     * cuts at the lowest unsupported node: what is below runs here, the rest on the threads
     * executor. */
    bool (*supports)(const struct executor *x, const struct plan *node, const char **why);
    /* Runs a whole supported plan; blocks until every batch was pushed, an error, or cx->cancel. */
    enum rc_t (*run)(struct ctx *cx, struct executor *x, const struct plan *p,
                     const struct batch_sink *sink);
    /* Optional: trains where the data is; out_model is the serialised model (mem_free it), the same
     * bytes a local fit writes. NULL: runtime/ml drives its row sums over run. */
    enum rc_t (*fit)(struct ctx *cx, struct executor *x, const struct model_spec *spec,
                     const struct plan *data, char **out_model, size_t *out_n);
    /* Optional: scores where the data is. */
    enum rc_t (*score)(struct ctx *cx, struct executor *x, const char *model, size_t n,
                       const struct plan *data, const struct batch_sink *sink);
    /* Any thread. Ends the current run soon (200 ms); the run returns E901. */
    void (*cancel)(struct executor *x);
    /* Any thread. */
    void (*progress)(struct executor *x, struct exec_progress *out);
    /* Optional: per-node rows and times of the last run, for explain analyze: appends to a node's
     * line. */
    void (*explain)(struct executor *x, struct strbuf *out, const struct plan *node);
    /* Optional: the whole result as a table, where memory can be shared with the plan's own tables.
     */
    enum rc_t (*table)(struct ctx *cx, struct executor *x, const struct plan *p,
                       struct table **out);
    /* Optional: the rows in order, a bounded number at a time. */
    enum rc_t (*parts)(struct ctx *cx, struct executor *x, const struct plan *p, exec_take take,
                       void *self);
};
struct executor {
    const struct executor_class *cls;
    bool analyze; /* set around a run whose rows and times explain wants */
};
const struct executor_class *const *executor_all(int *n); /* executors.def */

/* Opens by URL: the class whose scheme fits, or a shared object when the text ends in .so. */
rc executor_open(struct ctx *cx, const char *url, struct span span, struct executor **out);
void executor_close(struct executor *x);

/* Optimises, cuts, runs, puts batches together in partition order: the whole result as a table.
 * Nodes with `kept` are used as tables. Warnings of the run (casts, joins, files) have gone to
 * cx->notify. */
rc exec_table(struct ctx *cx, struct executor *x, struct plan *p, struct table **out);
/* As exec_table, but stops after the first `limit` rows; *complete tells whether that was all. */
rc exec_head(struct ctx *cx, struct executor *x, struct plan *p, int64_t limit, struct table **out,
             bool *complete);
/* Streams batches (optimised and cut) to a sink, without ever holding the whole. */
rc exec_stream(struct ctx *cx, struct executor *x, struct plan *p, const struct batch_sink *sink);
/* The rows in order as tables of about a million rows each, made one after the other: for whoever
 * writes a result that need not fit in memory. take may use the pool. */
rc exec_parts(struct ctx *cx, struct executor *x, struct plan *p, exec_take take, void *self);
/* explain: the optimised plan with where each node runs; analyze also runs it and adds rows and
 * times. */
rc exec_explain(struct ctx *cx, struct executor *x, struct plan *p, bool analyze,
                struct strbuf *out);

#endif
