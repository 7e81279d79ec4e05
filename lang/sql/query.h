/* query.h: one SELECT being bound. Columns inside a plan have made-up names (`alias.column`), which
 * are unique in the text: names as the user sees them live in sql_col and come back in the last
 * projection. */
#ifndef MLNB_LANG_SQL_QUERY_H
#define MLNB_LANG_SQL_QUERY_H

#include "lang/sql/functions.h"
#include "lang/sql/sql_int.h"

struct sql_col {
    const char *table; /* alias it belongs to, or NULL */
    const char *name;  /* own spelling */
    const char *id;    /* in the plan */
    struct dtype type;
    int level;                  /* 0: of this query; n: of the nth one around it */
    bool is_hidden;             /* merged away by USING: only `t.name` sees it */
    bool is_used;               /* outer columns */
    const char *outer;          /* outer columns: the id in the plan of the query around */
    const struct expr *literal; /* of a result: the item is this literal (its type may give way) */
};
struct sql_cols {
    struct sql_col *all;
    int n, cap;
};
/* A condition that must be true, over ids. */
struct sql_conj {
    const struct expr *e;
    bool is_done;
};
struct sql_conjs {
    struct sql_conj *all;
    int n, cap;
};
struct sql_base { /* one input of the inner joins of a FROM */
    struct plan *plan;
};
struct sql_items {
    struct named_expr *all;
    int n, cap;
};
/* A window function found in an expression, known as column `name` from then on. */
struct sql_window {
    const char *name;
    const struct expr *call;
    const struct expr **by;
    int n_by;
    struct sort_key *sort;
    int n_sort;
};
/* A sub-query used as a value whose join waits until the groups are made. */
struct sql_waiting {
    const char *name;
    const json_t *link; /* body of the SubLink */
    const struct expr *test;
    struct dtype type;
};
/* A key of GROUP BY that holds a sub-query: computed before the groups are made, and known by its
 * tree wherever it stands again. */
struct sql_early {
    const json_t *node;
    const struct expr *column;
};
enum sql_outer {
    SQL_NO_OUTER,  /* outer columns cannot be seen */
    SQL_CARRY,     /* they are columns of the plan, carried through every node */
    SQL_CONDITIONS /* they stand in conditions of WHERE only, which are handed to the caller */
};
struct query {
    struct sql *s;
    struct query *up;
    struct plan *plan; /* rows so far */
    struct sql_cols cols;
    struct sql_cols outer; /* columns of the queries around */
    enum sql_outer mode;
    struct plan *domain;    /* SQL_CARRY: the distinct rows of outer columns */
    struct sql_items carry; /* columns of every plan here that the caller joins by: id in the plan,
                               and its partner around */
    bool is_probe; /* bound only to learn types and outer columns: sub-queries are not joined */
    bool used_elsewhere; /* an outer column was read outside the conditions of WHERE */
    bool in_condition;   /* binding such a condition now */
    struct sql_conjs conjs;
    struct sql_conjs links; /* SQL_CONDITIONS: those that read outer columns */
    struct sql_base *bases;
    int n_bases, cap_bases;
    /* what an expression may hold at this place */
    const char *where_text; /* "WHERE": aggregates cannot stand there; NULL: they can */
    bool can_window;
    bool in_agg;
    bool can_rows; /* functions that give rows may stand here */
    bool is_grouped;
    const json_t *windows;          /* WINDOW clause */
    const struct sql_chosen *items; /* HAVING: a name that is no column is one of the select list */
    int n_items;
    struct sql_items aggs;
    struct sort_key *agg_sort; /* order inside aggregates */
    int n_agg_sort;
    struct sql_window *wins;
    int n_wins, cap_wins;
    struct sql_items rows; /* lists of functions in the select list that give rows */
    struct sql_early *early;
    int n_early, cap_early;
    struct sql_waiting *waiting;
    int n_waiting, cap_waiting;
    const json_t **grouping; /* GROUPING(..) calls found */
    int n_grouping, cap_grouping;
};

#define SQL_GROW(q, arr, n, cap)                                                                   \
    sql_grow((q)->s->arena, (void **)&(arr), (n), &(cap), sizeof *(arr))
void sql_grow(struct arena *a, void **arr, int n, int *cap, size_t size);

/* ---- names (names.c) ---- */
struct sql_col *sql_add_col(struct query *q, struct sql_cols *cols, const char *table,
                            const char *name, const char *id, struct dtype type);
/* A prefix for the ids that a node of the tree makes: the same whenever the node is bound. */
const char *sql_prefix(struct sql *s, const json_t *node, const char *alias);
const char *sql_fresh(struct sql *s, const char *stem);
rc sql_column_ref(struct query *q, const json_t *ref, const struct expr **out);
/* The column of that name, or NULL; *n counts those that fit. */
struct sql_col *sql_find_col(struct sql_cols *cols, const char *table, const char *name,
                             bool is_quoted, int *n);
/* Fields of a ColumnRef as the user spelt them. */
int sql_fields(struct query *q, const json_t *ref, const char **names, bool *quoted, int max,
               bool *is_star);
/* The name that PostgreSQL gives an unnamed item. */
const char *sql_item_name(struct query *q, const json_t *item);
const struct expr *sql_col_expr(struct query *q, const struct sql_col *c, struct span span);

/* ---- expressions (expr*.c): three-valued, over ids ---- */
rc sql_expr(struct query *q, const json_t *node, const struct expr **out);
/* bool, or null: E207 else. */
rc sql_condition(struct query *q, const json_t *node, const struct expr **out);
/* The same condition where null counts as false: plain comparisons wherever that is the same. */
rc sql_filter(struct sql *s, const struct expr *e, const struct expr **out);
rc sql_fn(struct sql *s, const char *fn, const struct expr *const *args, int n, struct span span,
          const struct expr **out);
rc sql_fn1(struct sql *s, const char *fn, const struct expr *x, const struct expr **out);
rc sql_fn2(struct sql *s, const char *fn, const struct expr *x, const struct expr *y,
           const struct expr **out);
rc sql_op2(struct sql *s, const char *op, const struct expr *x, const struct expr *y,
           struct span span, const struct expr **out);
const struct expr *sql_null(struct sql *s, struct span span);
const struct expr *sql_bool_literal(struct sql *s, bool b, struct span span);
const struct expr *sql_int_value(struct sql *s, int64_t i, struct span span);
bool sql_is_literal(const struct expr *e); /* not null */
bool sql_calls(const struct expr *e, const char *fn);
/* x IN (values) or NOT IN, three-valued. */
rc sql_in_list(struct sql *s, const struct expr *x, const struct expr **values, int n, bool negate,
               struct span span, const struct expr **out);
rc sql_func(struct query *q, const json_t *call, const struct expr **out);
rc sql_special(struct query *q, const char *name, const json_t *call, const struct expr **out,
               bool *done);
rc sql_window_call(struct query *q, const char *name, const json_t *call, const struct expr **out);
rc sql_aggregate(struct query *q, const char *name, const json_t *call, const struct expr **out);
rc sql_a_expr(struct query *q, const json_t *e, const struct expr **out);
/* Whether the tree holds an aggregate of this query (not below sub-queries). */
bool sql_has_aggregate(const json_t *node);
/* Whether it holds random() or its like (not below sub-queries), which need the rows joined. */
bool sql_has_random(const json_t *node);
/* Sort keys of a list of SortBy nodes; numbers and names stand for items when `items` is given. */
rc sql_sort_key(struct query *q, const json_t *sort_by, const struct expr *e, struct sort_key *out);
/* A copy of e with columns swapped. NULL: stays. */
typedef const struct expr *(*sql_swap)(void *arg, const struct expr *e);
const struct expr *sql_map(struct arena *a, const struct expr *e, sql_swap swap, void *arg);
bool sql_reads(const struct expr *e, const char *id);
bool sql_reads_only(const struct expr *e, const struct plan *p); /* columns of p */

/* array_agg, string_agg with ORDER BY or DISTINCT (ordered.c); *done false: the plain aggregate
 * will do, over rows sorted by q->agg_sort. */
rc sql_ordered_aggregate(struct query *q, const struct sql_fn *fn, const json_t *call,
                         const struct expr *const *args, const struct expr *where, struct span span,
                         const struct expr **out, bool *done);
/* The column that an aggregate's result will be. */
rc sql_keep_aggregate(struct query *q, const struct expr *e, struct span span,
                      const struct expr **out);

/* ---- functions that give rows (rows.c) ---- */
bool sql_gives_rows(const json_t *call);
bool sql_has_rows(const json_t *node);
/* The list that such a function gives a row of. */
rc sql_rows_list(struct query *q, const json_t *call, const char **name, const struct expr **out);
/* In the select list: the column that its rows will be. */
rc sql_rows_call(struct query *q, const json_t *call, const struct expr **out);
/* Makes rows of q->rows. */
rc sql_rows_nodes(struct query *q);

/* ---- sub-queries (sublink.c) ---- */
rc sql_sublink(struct query *q, const json_t *link, const struct expr **out);
/* A conjunct of WHERE that is EXISTS or IN: filters q->plan. *done false: it is none. */
rc sql_take_links(struct query *c);
rc sql_sublink_filter(struct query *q, const json_t *node, bool *done);
rc sql_waiting_join(struct query *q, struct sql_waiting *w, const struct expr **out);
enum sql_link {
    SQL_NO_LINK,    /* outer columns become a domain that is carried along */
    SQL_LINK_ANY,   /* conditions on outer columns may be left to the join */
    SQL_LINK_EQUAL, /* the same, but equalities only: the others' sides become columns */
};
struct sub {
    struct plan *plan;
    struct sql_cols cols;     /* the result's columns */
    struct sql_items carry;   /* columns to join by, and their partners in the plan around */
    bool is_domain;           /* null matches null there */
    struct sql_conjs links;   /* conditions over the plan's columns and those around */
    bool is_one_row;          /* exactly one row (of each set of outer columns that has rows) */
    const struct expr *empty; /* value of the only column where there are no rows, or NULL */
};
rc sql_bind_sub(struct query *q, const json_t *select, enum sql_link link, struct sub *out);
/* Joins a sub-query by its keys: inner or left. */
rc sql_join_sub(struct sql *s, struct plan *left, const struct sub *sub, enum join_kind kind,
                const struct expr *const *more, int n_more, struct span span, struct plan **out);
bool sql_has_sublink(const json_t *node);

/* ---- FROM (from.c, join.c) ---- */
rc sql_from(struct query *q, const json_t *from);
void sql_add_base(struct query *q, struct plan *p);
/* Joins the bases by the conditions; q->plan is the result. */
rc sql_join_all(struct query *q);
void sql_add_conj(struct query *q, const struct expr *e);
struct sql_join {
    enum join_kind kind;
    struct plan *left, *right;
    const struct expr **on; /* filters over the ids of both */
    int n_on;
    const struct expr *const *same_left, *const *same_right; /* pairs in which null matches null */
    int n_same;
    struct span span;
};
/* *out is owned by the arena; it has all columns of both sides (of the left one after semi and
 * anti). */
rc sql_join(struct sql *s, const struct sql_join *j, struct plan **out);

/* A semi or anti join done further down, where fewer rows are looked up (sink.c). *done false: it
 * is best where it is. */
rc sql_sink(struct sql *s, const struct sql_join *j, struct plan **out, bool *done);

/* ---- sizes, about (guess.c) ---- */
struct sql_range { /* what is known of a column where it comes from */
    double lo, hi;
    double rows;
    bool is_known; /* lo and hi */
    double values; /* different ones, at most */
};
struct sql_range sql_guess_range(const struct plan *p, const char *name);
double sql_guess_rows(const struct plan *p);
/* The share of p's rows for which e holds. */
double sql_guess_share(const struct plan *p, const struct expr *e);
/* The share of all pairs of rows that x == y leaves. */
double sql_guess_match(const struct plan *a, const struct expr *x, const struct plan *b,
                       const struct expr *y);

/* ---- SELECT (select.c, group.c, setop.c) ---- */
/* Binds a SELECT inside a query; the result's columns are in *out, with ids. */
struct sql_result {
    struct plan *plan;
    struct sql_cols cols;
    bool is_one_row;          /* an aggregate without groups */
    const struct expr *empty; /* of that: its only column where there are no rows */
};
rc sql_query(struct query *q, const json_t *select, struct sql_result *out);
rc sql_plain(struct query *q, const json_t *select, struct sql_result *out);
/* What a SELECT without groups, limits .. gives, but for the projection. */
struct sql_chosen {
    const char *name;   /* as the user sees it */
    const json_t *node; /* NULL: a column of a star */
    const struct expr *expr;
};
rc sql_set(struct query *q, const json_t *select, struct sql_result *out);
rc sql_values(struct query *q, const json_t *select, struct sql_result *out);
rc sql_with(struct query *q, const json_t *with);
rc sql_limit(struct query *q, const json_t *select, struct plan **p);
/* Makes q->plan one row a group; what was bound before is rewritten in place (exprs, windows). */
rc sql_group(struct query *q, const json_t *select, struct sql_chosen *targets, int n_targets,
             const struct expr **exprs, int n_exprs);
rc sql_window_nodes(struct query *q);
/* The target that a number or a name of ORDER BY or GROUP BY means, or -1. */
rc sql_ordinal(struct query *q, const json_t *node, int n, int *out);
struct query *sql_query_new(struct sql *s, struct query *up);
rc sql_recursive(struct query *q, const json_t *cte, struct sql_result *out);
struct sql_cte {
    struct sql_cte *next;
    const char *name;
    const json_t *select;
    struct plan *plan; /* its columns are called as the user sees them */
};

/* Plans: as plan.h's makers, but the arena owns the result. */
rc sql_project(struct sql *s, struct plan *in, const struct sql_items *items, struct plan **out);
rc sql_where(struct sql *s, struct plan *in, const struct expr *e, struct plan **out);
void sql_add_item(struct sql *s, struct sql_items *items, const char *name, const struct expr *e);
/* All columns of a plan as items. */
void sql_add_all(struct sql *s, struct sql_items *items, const struct plan *p);
/* Adds a computed column unless e is a column: *out reads it. */
rc sql_add_column(struct sql *s, struct plan **p, const struct expr *e, const char *stem,
                  const struct expr **out);
const struct expr *sql_plan_col(struct sql *s, const struct plan *p, const char *id);

#endif
