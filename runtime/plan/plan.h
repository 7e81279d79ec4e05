/* plan.h: logical plan nodes and expressions. Plain data: DSL steps and SQL build the same nodes;
 * executors and optimizer passes read them. Columns are referred to by name (names are unique in
 * every schema). Nodes are immutable once made and counted; a node owns its expressions (own arena)
 * and references its inputs. */
#ifndef MLNB_PLAN_PLAN_H
#define MLNB_PLAN_PLAN_H

#include "runtime/plan/expr.h"

/* ---- nodes ---- */
enum plan_op {
#define NODE(op, name, doc) op,
#include "runtime/plan/nodes.def"
#undef NODE
    PLAN_OP_COUNT
};
struct named_expr {
    const char *name;
    const struct expr *expr;
};
struct sort_key {
    const struct expr *expr;
    bool descending;
    bool nulls_first; /* null is last both ways unless asked */
};
enum join_kind {
    JOIN_INNER,
    JOIN_LEFT,
    JOIN_RIGHT,
    JOIN_FULL,
    JOIN_SEMI,
    JOIN_ANTI,
    JOIN_CROSS,
    JOIN_ASOF
};
enum cmp_op {
    CMP_EQ, /* null keys match nothing */
    CMP_LT,
    CMP_LE,
    CMP_GT,
    CMP_GE,
    CMP_NE,
    CMP_SAME /* equal, and null is the same as null (SQL's IS NOT DISTINCT FROM) */
};
enum asof_direction { ASOF_BACKWARD, ASOF_FORWARD, ASOF_NEAREST };
struct join_on {
    const struct expr *left, *right;
    enum cmp_op op;
};

struct io_scan; /* runtime/io/io.h: a file or set of files, opened enough to know its schema */
struct row_map; /* below */

struct plan {
    atomic_int refs;
    enum plan_op op;
    struct span span;      /* of the step, for errors and explain */
    struct schema *schema; /* of the result */
    struct plan *inputs[2];
    struct arena *arena; /* owns what follows */
    union {
        struct {
            struct table *table;
            const char *label;
        } table; /* PLAN_TABLE */
        struct { /* PLAN_SCAN */
            struct io_scan *scan;
            const char **columns;
            int n_columns;             /* NULL = all */
            const struct expr *filter; /* pushed down, or NULL */
            int64_t limit;             /* rows that are enough, -1 = all */
        } scan;
        struct {
            const struct expr *predicate;
        } filter; /* null counts as false */
        struct {
            struct named_expr *items;
            int n;
        } project; /* all result columns, in order */
        struct {   /* result: keys then items, by key order */
            struct named_expr *keys;
            int n_keys;
            struct named_expr *items;
            int n;         /* each an EXPR_AGG */
            bool unsorted; /* order of groups does not matter */
        } aggregate;
        struct { /* input columns, then items */
            const struct expr **by;
            int n_by;
            struct sort_key *sort;
            int n_sort;
            struct named_expr *items;
            int n; /* each EXPR_AGG or EXPR_WINDOW */
        } window;
        struct {
            struct sort_key *keys;
            int n;
            int64_t limit;
        } sort;                /* limit: first rows wanted, -1 = all */
        struct {               /* rows [offset, offset + n) a group */
            int64_t offset, n; /* n -1 = all the rest */
            bool from_end;     /* counted from the end, order kept */
            const struct expr **by;
            int n_by; /* then rows come out by `by`, then sort */
            struct sort_key *sort;
            int n_sort;
        } limit;
        struct { /* a row for each element of list columns, which become plain; several go side */
            const char **columns; /* by side, shorter ones filled with null; other columns repeat */
            int n;
            bool keep_empty;        /* a row whose lists are null or empty stays, with nulls */
            const char *index_name; /* adds the element's number from 1, or NULL */
        } unnest;
        struct { /* first row of each, in sort order; the */
            const struct expr **by;
            int n_by; /* kept rows stay in input order */
            struct sort_key *sort;
            int n_sort;
        } distinct;
        struct { /* schema names the right columns already */
            enum join_kind kind;
            struct join_on *on;
            int n_on;
            const char **right_columns;           /* names in inputs[1] of the kept ones, in */
            int n_right;                          /* order, after all the left columns */
            const char *expect;                   /* "many-to-one" ..., or NULL */
            const char *left_label, *right_label; /* names for the report, or NULL */
            bool is_silent;                 /* no report: a verb's own join (sample, where), SQL */
            enum asof_direction direction;  /* JOIN_ASOF: on[n_on - 1] is the ordered pair, the */
            const struct scalar *tolerance; /* others are equal; NULL = any distance */
        } join;
        struct {
            bool by_position;
        } set; /* PLAN_UNION: inputs have equal schemas */
        struct {
            struct row_map *map;
        } map; /* PLAN_MAP: row-wise, e.g. a model scores */
        struct {
            const struct expr *predicate;
            const char *message;
            bool warn_only;
        } check; /* PLAN_ASSERT */
    } u;
    /* Result kept by the session once computed (language.md 3.8). Guarded by the session's thread:
     * the executor replaces a node that has one by a table scan. NULL = not kept. */
    struct table *kept;
    int64_t kept_at; /* use counter for least-recently-used dropping */
    /* A name: where a plan reads this node several times, it is computed once a run
     * (exec/share.h). NULL: each reader runs it. */
    const char *once;
};

/* A row-wise batch function supplied from above (runtime/ml's predict): executors run it, remote
 * ones may refuse. */
struct row_map_class {
    const char *name; /* for explain */
    /* in: n_rows and exactly the columns of `needs`, in that order, as they lie in memory (col/
     * canonical types not promised: DICT, I32, F32 come as they are). Fills out->cols[0..n_adds)
     * (the array is the caller's, memory of the values in cx->arena, which lives until the batch is
     * done). */
    enum rc_t (*run)(struct ctx *cx, const struct row_map *m, const struct batch *in,
                     struct batch *out);
    /* Called once per run, after all batches, with nothing running: report what was counted (may
     * warn). */
    enum rc_t (*done)(struct ctx *cx, struct row_map *m);
    void (*ref)(struct row_map *m);
    void (*unref)(struct row_map *m);
};
struct row_map { /* embed first; run() is called from several threads: counts inside must be atomic
                  */
    const struct row_map_class *cls;
    const char **needs; /* columns of the input that are read; others pass through */
    int n_needs;
    struct field *adds; /* result columns, after the input's */
    int n_adds;
};

struct plan *plan_ref(const struct plan *p);
void plan_unref(const struct plan *p);
/* Asks for p to be computed once a run, under this name in explain. */
void plan_share(struct plan *p, const char *name);

/* Makers: check names and types, compute the schema, take their own references to inputs, copy
 * expressions. Arrays are copied. On failure *out is untouched. */
rc plan_table(struct ctx *cx, const struct table *t, const char *label, struct plan **out);
rc plan_scan(struct ctx *cx, struct io_scan *scan, struct span span,
             struct plan **out); /* takes a reference */
rc plan_filter(struct ctx *cx, struct plan *in, const struct expr *predicate, struct span span,
               struct plan **out);
rc plan_project(struct ctx *cx, struct plan *in, const struct named_expr *items, int n,
                struct span span, struct plan **out);
rc plan_aggregate(struct ctx *cx, struct plan *in, const struct named_expr *keys, int n_keys,
                  const struct named_expr *items, int n, bool unsorted, struct span span,
                  struct plan **out);
rc plan_window(struct ctx *cx, struct plan *in, const struct expr *const *by, int n_by,
               const struct sort_key *sort, int n_sort, const struct named_expr *items, int n,
               struct span span, struct plan **out);
rc plan_sort(struct ctx *cx, struct plan *in, const struct sort_key *keys, int n, struct span span,
             struct plan **out);
rc plan_limit(struct ctx *cx, struct plan *in, int64_t offset, int64_t n, bool from_end,
              const struct expr *const *by, int n_by, const struct sort_key *sort, int n_sort,
              struct span span, struct plan **out);
rc plan_distinct(struct ctx *cx, struct plan *in, const struct expr *const *by, int n_by,
                 const struct sort_key *sort, int n_sort, struct span span, struct plan **out);
struct join_spec {
    enum join_kind kind;
    const struct join_on *on;
    int n_on;
    const char *suffix; /* "_right" */
    const char *expect, *left_label, *right_label;
    bool is_silent;
    enum asof_direction direction;
    const struct scalar *tolerance;
};
rc plan_join(struct ctx *cx, struct plan *left, struct plan *right, const struct join_spec *spec,
             struct span span, struct plan **out);
/* Whether the pair is left_column == right_column, whose right key is not kept (casts of the pair
 * aside). */
bool plan_join_is_merged(const struct join_on *on, const char **out_left, const char **out_right);
/* Elements of list columns as rows, in order (language.md 3.6 unnest). E207 when one is no list. */
rc plan_unnest(struct ctx *cx, struct plan *in, const char *const *columns, int n, bool keep_empty,
               const char *index_name, struct span span, struct plan **out);
rc plan_union(struct ctx *cx, struct plan *a, struct plan *b, struct span span, struct plan **out);
rc plan_map(struct ctx *cx, struct plan *in, struct row_map *map, struct span span,
            struct plan **out);
rc plan_assert(struct ctx *cx, struct plan *in, const struct expr *predicate, const char *message,
               bool warn_only, struct span span, struct plan **out);

/* ---- whole plans ---- */
const char *plan_op_name(enum plan_op op); /* as nodes.def names it */
/* Bytes of all sources that are not kept yet; -1 when not known. *is_local false when a remote
 * source is in it. */
int64_t plan_source_bytes(const struct plan *p, bool *is_local);
/* Indented tree, one node a line with its expressions; `note` (may be NULL) appends executor
 * remarks to a node. */
void plan_text(struct strbuf *out, const struct plan *p,
               void (*note)(void *arg, struct strbuf *out, const struct plan *p), void *arg);
/* Same node over other inputs of the same schema (an optimizer pass rebuilt below it). Shares
 * nothing with p but counted things. */
rc plan_with_inputs(struct ctx *cx, const struct plan *p, struct plan *in0, struct plan *in1,
                    struct plan **out);
/* Runs the optimizer's passes; the result computes the same rows in the same order. Caller unrefs
 * *out. */
rc plan_optimize(struct ctx *cx, struct plan *p, struct plan **out);

#endif
