/* threads_int.h: inside the threads executor. A plan becomes pipes: a source whose partitions are
 * fixed by the data (64k-row morsels of a table, blocks of a file), then operators that turn one
 * batch into at most one batch, then a sink. Nodes that need all their input (aggregate, sort,
 * join, window ..) run their pipe at once and stand as a table at the head of the next one.
 * Whatever depends on several partitions is put together in the order of partitions. */
#ifndef MLNB_EXEC_THREADS_INT_H
#define MLNB_EXEC_THREADS_INT_H

#include "runtime/exec/executor.h"
#include "runtime/exec/threads/columns.h"

#include "runtime/base/cancel.h"
#include "runtime/base/mem.h"
#include "runtime/base/pool.h"

#include <pthread.h>

/* ---- one run of a plan ---- */
struct run;
struct worker {
    struct run *run;
    bool stop_part;      /* a sink has enough of this partition: it set this and returned RC_ERR */
    struct arena *batch; /* reset after every batch */
    struct arena *hold;  /* lives to the end of the run */
    /* Rows of the batch at work, numbered within their partition, for operators that note which
     * came through (pick.c): all from pick_from on while picked is NULL. */
    int64_t pick_from;
    const uint16_t *picked;
    uint16_t *pick_room; /* [BATCH_ROWS] */
};
struct node_stat { /* explain analyze */
    const struct plan *node;
    bool is_whole; /* ran at once (a breaker): us is wall time with its inputs; else of all threads
                    */
    atomic_llong rows, us;
    atomic_llong read, parts,
        skipped;              /* scans: rows that the filter saw, partitions, those left out */
    atomic_llong bytes, disk; /* working set at its largest, with its inputs'; put on disk */
};
struct run {
    struct ctx *cx;
    struct worker *workers;
    int n_workers;
    pthread_t thread;            /* the statement's: the only one that may notify */
    atomic_llong bytes;          /* working set, against cx->memory_budget */
    atomic_llong peak, disk;     /* explain analyze; disk: spilled, beside room.on_disk */
    struct mem_room room;        /* cx->room: beyond the budget, large memory lies in files */
    atomic_llong done, total;    /* progress of the pipe at work: rows; total 0: not known */
    atomic_llong parts, n_parts; /* the same in partitions */
    _Atomic(const char *) what;  /* doing.what, for other threads */
    struct doing doing;          /* cx->doing */
    struct held *held;           /* counts of the piece at work go here, or NULL (notes.h) */
    struct node_stat *stats;     /* NULL unless analyzing */
    int n_stats;
    struct arena *arena; /* of the statement's thread, to the end of the run */
};
int64_t now_us(void); /* monotonic */
rc run_new(struct ctx *cx, struct run **out);
void run_free(struct run *r);
/* Counts bytes of the working set that mem_big is about to give (or has given), which puts them
 * into files while the sum is over the budget. Negative gives back. Never fails by itself. */
rc run_claim(struct run *r, struct ctx *cx, int64_t bytes);
int64_t run_disk(const struct run *r); /* bytes put on disk so far */
/* Progress counts anew, up to so many rows (run_tick). Statement's thread. */
void run_begin(struct run *r, int64_t rows);
/* After each batch: cancel, progress. */
rc run_tick(struct run *r, struct ctx *cx, int64_t rows);
/* Names the work that reports speak of; gives the name before. Statement's thread. */
const char *run_says(struct run *r, const char *what);
void run_tell(struct run *r);
struct node_stat *run_stat(struct run *r, const struct plan *node); /* NULL unless analyzing */

/* ---- vectors ---- */
/* Memory for the values of one vector of a batch. */
struct scratch {
    void *data;
    uint64_t *valid;
};
void scratch_need(struct scratch *s, struct arena *a, int64_t rows); /* 16 bytes a row, once */
/* Rows sel[0..n) of v. Lists and structs are built in cx->arena. */
rc vec_select(struct ctx *cx, struct scratch *s, const struct vec *v, struct dtype type,
              const int32_t *sel, int64_t n, struct vec *out);
/* v in the canonical physical type of its kind. */
void vec_canonical(struct scratch *s, const struct vec *v, struct dtype type, int64_t n,
                   struct vec *out);
/* A constant as a vector; room holds its value, cx->arena what else it needs. */
rc vec_literal(struct ctx *cx, const struct scalar *s, uint64_t room[2], struct vec *out);
/* A constant spelled out n times. */
void vec_spread(struct scratch *s, const struct vec *v, int64_t n, struct vec *out);
/* View of rows [at, at + n) of v; at a multiple of 64. */
struct vec vec_slice(const struct vec *v, int64_t at);
/* Row numbers where a bool vector is true (null is false). */
int64_t vec_true_rows(const struct vec *v, int64_t n, int32_t *sel);
bool words_all_set(const uint64_t *b, int64_t n);

/* ---- expressions ---- */
/* Marks the columns of the schema that e reads, elements of maps too. */
void mark_reads(const struct schema *in, const struct expr *e, bool *has);
struct exprs; /* a list of expressions over one schema; compiled once a worker */
/* dicts: stable dictionaries of the columns (struct pipe), or NULL. rows_hint: about how many rows
 * will be seen (a function is run once a level of a dictionary when there are fewer levels). */
rc exprs_new(struct run *r, const struct schema *in, const struct expr *const *e, int n,
             int64_t rows_hint, struct exprs **out);
void exprs_free(struct exprs *x);
/* Calls depend on the row's own number (rand): the batches' numbers must be final. */
bool exprs_need_position(const struct exprs *x);
void exprs_start(struct exprs *x, int64_t n_parts, bool positional);
/* Results in their natural physical type (a column passes through as it is); they live until the
 * worker's next batch. first_row: number of the batch's first row in the partition's input to this
 * step, or in the whole when positional. */
rc exprs_eval(struct exprs *x, struct worker *w, struct ctx *cx, const struct batch *b,
              int64_t first_row, struct vec *out);
rc exprs_eval_one(struct exprs *x, struct worker *w, struct ctx *cx, const struct batch *b,
                  int64_t first_row, int i, struct vec *out);
/* Files the partition's counts (rows: rows of the step's input in it). */
void exprs_part_end(struct exprs *x, struct worker *w, int64_t part, int64_t rows);
/* One warning for each call that counted something; n_parts may cut (limit). */
void exprs_report(struct exprs *x, int64_t n_parts);
/* The one dictionary that result i will always refer to, when columns have these, or NULL. */
const struct column *exprs_dict(struct exprs *x, int i, const struct column *const *dicts);

/* ---- pipes ---- */
struct op;
struct op_class {
    const char *name;
    bool keeps_rows;                               /* every input row comes out, in place */
    void (*start)(struct op *op, int64_t n_parts); /* optional */
    /* One batch to at most one (out->n_rows 0: nothing). `out` is the worker's; in lives as long.
     */
    enum rc_t (*batch)(struct op *op, struct worker *w, struct ctx *cx, int64_t part,
                       const struct batch *in, struct batch *out);
    /* Optional, for operators that make many rows of one: called with the same batch until it gives
     * nothing (out->n_rows 0). What it gave before is done with by then. */
    enum rc_t (*more)(struct op *op, struct worker *w, struct ctx *cx, const struct batch *in,
                      struct batch *out);
    void (*part_end)(struct op *op, struct worker *w, int64_t part); /* optional */
    /* On the statement's thread, when all partitions are through: reports, errors. */
    enum rc_t (*done)(struct op *op, struct ctx *cx, int64_t n_parts);
    void (*free)(struct op *op);
    /* Optional (else it reads all): which input columns it needs when only out[] of its own are
     * read by what follows; what is not needed then holds nothing. in is cleared. */
    void (*needs)(struct op *op, const bool *out, bool *in);
    bool picks; /* drops rows, and says which (pick_note) when op.picks */
};
struct op_local { /* of one worker */
    struct vec *cols;
    struct scratch *scratch; /* a column */
    int32_t *sel;
    int64_t rows; /* of the partition at work, seen so far */
};
struct op { /* embedded first */
    const struct op_class *cls;
    struct run *run;
    const struct plan *node;
    struct schema *schema;  /* of the result; borrowed from the node */
    struct op_local *local; /* [n_workers] */
    struct node_stat *stat;
    bool positional; /* first_row of its batches is final */
    bool keeps_rows; /* every input row comes out, in place */
    bool picks;      /* note the rows that come through */
};

/* A source whose partitions are tables that are made when asked for (from disk): SOURCE_SPILL. */
struct lazy {
    /* Any thread, any number of times; *out is the caller's. */
    enum rc_t (*part)(struct lazy *l, struct ctx *cx, int64_t part, struct table **out);
    void (*free)(struct lazy *l);
};
struct io_range;
enum pipe_source { SOURCE_TABLE, SOURCE_SCAN, SOURCE_UNION, SOURCE_SPILL };
struct pipe {
    struct run *run;
    const struct plan *node; /* the source's */
    bool counted;            /* its rows and time stand in the statistics already */
    bool sees_all;           /* an assert is in it: a limit above must not end it early */
    enum pipe_source source;
    struct table *table;
    struct io_scan *scan;
    struct lazy *lazy;
    int *columns; /* of the scan */
    int n_columns;
    int64_t limit;
    struct pipe *a, *b; /* union */
    int width;          /* columns of a lazy source */
    int64_t n_parts;
    int64_t rows_max;      /* upper bound, or a guess for scans */
    struct schema *schema; /* of the result; counted */
    struct op **ops;
    int n_ops, cap_ops;
    bool positional;             /* rows come out with their final numbers */
    int *origin;                 /* [schema->n] column of `table` that a result column is, or -1 */
    const struct column **dicts; /* [schema->n] stable dictionary of a result column, or NULL */
    bool *loose; /* [schema->n] categories made batch by batch: levels are sorted when all are in */
    int64_t *part_rows;      /* scans: rows read of each partition */
    struct io_range *ranges; /* scans: what the filter asks of columns (arena of the run) */
    int n_ranges;
};
struct sink {
    void *self;
    /* Batches of one partition come in order from one worker. */
    enum rc_t (*batch)(void *self, struct worker *w, struct ctx *cx, int64_t task, int64_t part,
                       const struct batch *b);
    enum rc_t (*part_end)(void *self, struct worker *w, struct ctx *cx, int64_t task, int64_t part);
    /* After the last partition of the task; optional. */
    enum rc_t (*task_end)(void *self, struct worker *w, struct ctx *cx, int64_t task);
    /* Asked before each partition; optional: true leaves it and all later ones out. */
    bool (*enough)(void *self, int64_t part);
};
rc pipe_table(struct run *r, struct table *t, const struct plan *node, struct pipe **out);
/* A source of n_parts lazy tables of one schema, rows in all of them. */
struct pipe *pipe_lazy(struct run *r, struct lazy *take_lazy, const struct schema *schema,
                       int64_t n_parts, int64_t rows, const struct plan *node);
void pipe_free(struct pipe *p);
void pipe_add(struct pipe *p, struct op *take_op);
/* Runs all partitions, in n_tasks tasks of neighbouring ones (0: a task a partition), then
 * pipe_finish for all. */
rc pipe_run(struct pipe *p, int64_t n_tasks, const struct sink *sink);
/* A task a partition, without the finish. */
rc pipe_run_parts(struct pipe *p, const struct sink *sink);
/* The same in steps: start once, then ranges of partitions, rising, then pipe_finish. */
void pipe_start(struct pipe *p);
rc pipe_run_range(struct pipe *p, int64_t first, int64_t n, const struct sink *sink);
/* Or tasks [from, to) of n_tasks (at most the partitions) of neighbouring partitions. */
rc pipe_run_tasks(struct pipe *p, int64_t from, int64_t to, int64_t n_tasks,
                  const struct sink *sink);
/* All rows in tables of about a million, one after the other, to take() on this thread, with no
 * more than one of them in memory. Frees the pipe. */
rc pipe_waves(struct pipe *take_p, exec_take take, void *self);
/* Reports what the operators counted in the first n_done partitions; asserts fail here. */
rc pipe_finish(struct pipe *p, int64_t n_done);
/* Builds the pipe of a plan: breakers in it run now. */
rc pipe_open(struct run *r, const struct plan *p, struct pipe **out);
/* The pipe's rows as a table; shares columns that pass through. Frees the pipe. */
rc pipe_collect(struct pipe *take_p, struct table **out);
/* Rows of partitions [first, first + n) of a pipe that was started, copied. */
rc pipe_collect_range(struct pipe *p, int64_t first, int64_t n, struct table **out);
/* As pipe_collect, first `limit` rows only. */
rc pipe_collect_head(struct pipe *take_p, int64_t limit, struct table **out);
/* Runs the pipe so far and puts its table at its head. */
rc pipe_restart(struct pipe *p);
/* pipe_open and pipe_collect. */
rc plan_to_table(struct run *r, const struct plan *p, struct table **out);
/* Columns of expressions over a table (bare columns are shared); node: for reports' step. */
rc table_eval(struct run *r, struct table *t, const struct expr *const *e, int n,
              const struct plan *node, struct column **out);

/* What a scan's filter asks of single columns of the file; *out in a. */
int scan_ranges(struct arena *a, const struct schema *schema, const struct expr *filter,
                struct io_range **out);

/* operators */
rc op_filter(struct pipe *p, const struct plan *node, const struct expr *predicate);
rc op_project(struct pipe *p, const struct plan *node);
rc op_map(struct pipe *p, const struct plan *node);
rc op_assert(struct pipe *p, const struct plan *node);
rc op_unnest(struct pipe *p, const struct plan *node);
/* Room for what is known of columns [n_in, n), of which nothing is. */
void pipe_widen(struct pipe *p, int n_in, int n);
void op_init(struct op *op, const struct op_class *cls, struct pipe *p, const struct plan *node,
             int n_cols);
void op_release(struct op *op);

/* breakers: take nothing, give the node's table */
rc run_aggregate(struct run *r, const struct plan *p, struct table **out, struct pipe **out_pipe);
/* Gives the table, or the pipe that reads the rows from disk in order. */
rc run_sort(struct run *r, const struct plan *p, struct table **out, struct pipe **out_pipe);
rc run_limit(struct run *r, const struct plan *p, struct table **out);
rc run_distinct(struct run *r, const struct plan *p, struct table **out, struct pipe **out_pipe);
rc run_window(struct run *r, const struct plan *p, struct table **out, struct pipe **out_pipe);
rc run_join(struct run *r, const struct plan *p, struct table **out, struct pipe **out_pipe);

/* ---- order ---- */
/* Permutation that sorts n rows by keys, stable; limit: only the first so many are wanted (-1 =
 * all; *out_n). Caller mem_big_frees *out. */
struct order_key {
    const struct column *column;
    bool descending, nulls_first;
};
rc order_rows(struct run *r, const struct order_key *keys, int n_keys, int64_t n, int64_t limit,
              int64_t **out, int64_t *out_n);
/* The same by words alone, which come out sorted. */
rc order_given(struct run *r, uint64_t *words, int64_t n, int64_t **out);
/* Numbers that rise with the keys (equal ones may hide a difference): out[n]. */
rc order_words(struct run *r, const struct order_key *keys, int n_keys, int64_t n, uint64_t *out);
/* -1, 0, 1 by keys alone. */
int order_compare(const struct order_key *keys, int n_keys, int64_t a, int64_t b);
/* The same for rows of two tables whose key columns have the same physical types. */
int order_compare_across(const struct order_key *left, int64_t a, const struct order_key *right,
                         int64_t b, int n_keys);

/* ---- groups of rows ---- */
struct groups {
    int64_t n_rows;
    int64_t n_groups;
    uint32_t *of;   /* [n_rows] group of each row, in order of first appearance */
    int64_t *start; /* [n_groups + 1] into rows */
    int64_t *rows;  /* [n_rows] rows group by group, in input order within */
};
/* Null is a value; -0 is 0. No columns: one group (also of no rows: then none). */
rc groups_make(struct run *r, struct column *const *keys, int n_keys, int64_t n_rows,
               struct groups *out);
/* Only the numbers: start and rows stay NULL. */
rc groups_number(struct run *r, struct column *const *keys, int n_keys, int64_t n_rows,
                 struct groups *out);
void groups_free(struct groups *g);
/* g->rows with each group's rows in order of the keys, stable: out[g->n_rows]. */
rc order_groups(struct run *r, const struct order_key *keys, int n_keys, const struct groups *g,
                int64_t *out);

#endif
