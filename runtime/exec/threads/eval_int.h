/* eval_int.h: inside expression evaluation. An expression tree is compiled once a worker: each node
 * owns the memory of its result for one batch. What is shared between workers (results of functions
 * over a dictionary's levels) stands in struct memo behind its lock. */
#ifndef MLNB_EXEC_EVAL_INT_H
#define MLNB_EXEC_EVAL_INT_H

#include "runtime/exec/threads/threads_int.h"

/* A function's results over the levels of one dictionary; the last entry is its value for null. */
struct memo_entry {
    struct memo_entry *next;
    const struct column *dict; /* owned reference: its address stays taken */
    bool failed;               /* a level no row may hold made it fail: row by row then */
    struct vec out;            /* [dict->n + 1]; bools as bytes in `bytes` */
    uint8_t *bytes;
    bool has_null;
    const struct column *new_dict; /* result is DICT over it */
    const uint64_t *bad;           /* levels that count as failures, or NULL */
};
struct memo { /* of one call, shared by the workers */
    pthread_mutex_t lock;
    struct memo_entry *entries;
    struct arena *arena; /* under the lock */
};

struct node {
    const struct expr *e;
    int column; /* EXPR_COLUMN */
    struct node **args;
    int n_args;
    struct vec literal; /* a constant: literals, and pure calls on constants */
    bool is_literal;
    struct scalar value; /* of a constant */
    uint64_t room[2];    /* its data */
    struct scratch out;
    struct scratch *wide; /* [n_args] canonical or spread-out arguments */
    struct vec *argv;
    struct scalar *consts;
    bool *is_const;
    struct dtype *arg_types;
    void *prepared;
    int site; /* number of the call among all, preorder */
    struct case_rows *branches;
    struct map_rows *map; /* EXPR_MAP */
    uint64_t hash;        /* of the sub-tree (eval_share.c) */
    bool is_pure;         /* no call in it depends on anything but its arguments */
    bool keeps;           /* stands for several equal sub-trees */
    int first_site;       /* of the calls in it */
    uint64_t kept_at;     /* turn of `kept` */
    struct vec kept;
};

struct site {
    const struct expr *call;
    struct memo memo;
};
struct eval_local {          /* one worker's, made at its first batch */
    struct ctx *cx;          /* while compiling */
    const struct schema *in; /* columns in sight while compiling: elements of maps stand last */
    struct arena *arena;
    struct node **roots;
    struct fn_note *notes; /* [n_sites], partition at work */
    struct shares *shares; /* while compiling */
    int inside;            /* while compiling: cases and maps around */
    int *twin;             /* [n_sites] the call that is evaluated for this one; mostly itself */
    uint64_t turn;         /* of the evaluation at work */
};
struct part_notes {
    int64_t rows;
    struct fn_note *notes; /* [n_sites], or NULL when nothing was counted */
};
struct exprs {
    struct run *run;
    const struct schema *in;
    const struct expr **e;
    int n;
    struct site *sites; /* calls in preorder */
    int n_sites;
    struct eval_local *local; /* [n_workers] */
    int64_t rows_hint;
    int64_t n_parts;
    struct part_notes *parts;
    bool positional;
};

/* One evaluation. */
struct eval {
    struct exprs *x;
    struct eval_local *l;
    struct ctx *cx;
    const struct batch *b;
    int64_t n; /* rows of b */
    int64_t first_row;
    const int32_t *map; /* rows of b -> rows of the step's batch, or NULL */
};
rc eval_node(struct eval *ev, struct node *nd, struct vec *out);
/* The node compiled before for an equal sub-tree, or `made`, filed for later ones. Its calls are
 * the sites [from, to). */
struct node *share_find(struct eval_local *l, struct node *made, int from, int to);
/* What shared calls counted goes to their twins, too. */
void share_notes(struct exprs *x, struct eval_local *l);
rc eval_call(struct eval *ev, struct node *nd, struct vec *out);
rc eval_case(struct eval *ev, struct node *nd, struct vec *out);
rc case_compile(struct exprs *x, struct eval_local *l, struct node *nd);
/* Place of a column (the last of the name: an inner map hides an outer one), or -1. */
int find_column(const struct schema *in, const char *name);
/* Lists and structs (eval_nested.c). map_compile: the body's schema, with the element last. */
const struct schema *map_compile(struct eval_local *l, struct node *nd);
rc eval_list(struct eval *ev, struct node *nd, struct vec *out);
rc eval_struct(struct eval *ev, struct node *nd, struct vec *out);
rc eval_field(struct eval *ev, struct node *nd, struct vec *out);
rc eval_map(struct eval *ev, struct node *nd, struct vec *out);
rc eval_list_agg(struct eval *ev, struct node *nd, struct vec *out);
void eval_env(struct eval *ev, struct node *nd, struct ctx *cx, struct fn_note *note,
              struct fn_eval *out);
/* Files what a call counted on this batch. */
void eval_count(struct eval *ev, struct node *nd, const struct fn_note *note);
/* *used false: not this way (rows by rows then). */
rc eval_by_level(struct eval *ev, struct node *nd, struct vec *out, bool *used);
/* The entry of a dictionary, computed when new; NULL when it cannot be. arg: which argument varies.
 */
struct memo_entry *memo_of(struct eval *ev, struct node *nd, int arg, const struct column *dict);
void memo_free(struct memo *m);

#endif
