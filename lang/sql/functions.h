/* functions.h: what a function call, an operator and a cast of SQL become. The names are rows of
 * functions.def and types.def; the functions behind them are hidden ones of runtime/fn/sql where
 * PostgreSQL's rules differ from the DSL's. Texts in quotes that stand beside a value of another
 * kind take that kind, as PostgreSQL's "unknown" literals do. */
#ifndef MLNB_LANG_SQL_FUNCTIONS_H
#define MLNB_LANG_SQL_FUNCTIONS_H

#include "runtime/plan/plan.h"

enum sql_fn_kind {
    SQL_SCALAR,
    SQL_AGG,
    SQL_WITHIN, /* aggregate with WITHIN GROUP: `ours` takes the ordered value, then the direct
                   arguments; the result for ORDER BY .. DESC is that of `ours` + "_desc" */
    SQL_CLOCK, /* the statement's time, as the kind that `ours` names; CURRENT_DATE and its like are
                  nodes of their own in the tree */
    SQL_RANDOM, /* `ours` is a window function of hidden seeds: a number for each row */
    SQL_WINDOW, /* window function that is no aggregate */
};
enum sql_fn_flags {
    SQL_TEXT_ARGS = 1, /* arguments of other kinds become text (concat, ||) */
    SQL_FOLD = 4,      /* of constants it is a constant (patterns must be) */
    SQL_LIST_ARGS = 8, /* the argument that is no list becomes a list of one */
    SQL_NO_ORDER = 2,  /* aggregate whose result does not depend on DISTINCT (min, bool_and) */
};
struct sql_fn {
    const char *name; /* small letters, as the parser gives it */
    enum sql_fn_kind kind;
    const char *ours;       /* name in runtime/fn's registries */
    int min_args, max_args; /* -1: any number */
    unsigned flags;
};
/* Row for a name and a number of arguments; NULL when there is none. Linear in the table. */
const struct sql_fn *sql_fn_find(struct str name, int n_args);
/* All rows. */
const struct sql_fn *sql_fn_all(int *n);
/* Whether any row has that name. */
bool sql_fn_known(struct str name);

/* A scalar call. E204 with the nearest name, E208 for a wrong number of arguments, E207 for kinds.
 */
rc sql_call(struct ctx *cx, struct arena *a, struct str name, const struct expr *const *args, int n,
            struct span span, const struct expr **out);
/* An aggregate: `distinct` as in sum(DISTINCT x), `where` of FILTER (or NULL), frame FRAME_ALL for
 * groups. For SQL_WITHIN args are the ordered value and then the direct arguments. count(*) has no
 * arguments. */
rc sql_agg(struct ctx *cx, struct arena *a, const struct sql_fn *fn, const struct expr *const *args,
           int n, bool distinct, bool descending, const struct expr *where, struct win_frame frame,
           struct span span, const struct expr **out);
/* An operator as the parser names it: + - * / % ^ || = <> < <= > >= ~~ ~~* !~~ !~~* ~ ~* !~ !~*,
 * "and" "or" "not", unary "-" and "+" (n 1). Dates and intervals follow PostgreSQL (date + int,
 * date - date = int, months of interval literals). */
rc sql_operator(struct ctx *cx, struct arena *a, struct str op, const struct expr *const *args,
                int n, struct span span, const struct expr **out);
/* Brings values that must be of one type together (CASE, COALESCE, VALUES, IN, UNION): quoted texts
 * take the kind of the others, int beside num becomes num, date beside timestamp timestamp. args is
 * written. */
rc sql_unify(struct ctx *cx, struct arena *a, const struct expr **args, int n, struct span span);

/* A type name ("int4", "numeric", "varchar" .., without schema) as ours; E207 that lists ours when
 * there is none. */
rc sql_type(struct ctx *cx, struct str name, struct span span, struct dtype *out);
/* CAST(e AS name(mods)). Literals are cast at once, so errors come before anything runs. */
rc sql_cast(struct ctx *cx, struct arena *a, const struct expr *e, struct str name,
            const int64_t *mods, int n_mods, struct span span, const struct expr **out);
/* CAST(e AS name(mods)[]): of a text `{1,2}` or of an array. */
rc sql_cast_array(struct ctx *cx, struct arena *a, const struct expr *e, struct str name,
                  const int64_t *mods, int n_mods, struct span span, const struct expr **out);
/* e as a time with a zone (UTC unless it has one). */
rc sql_as_instant(struct ctx *cx, struct arena *a, const struct expr *e, const struct expr **out);
/* t AT TIME ZONE zone. */
rc sql_at_zone(struct ctx *cx, struct arena *a, const struct expr *zone, const struct expr *t,
               struct span span, const struct expr **out);
/* INTERVAL 'text' [unit]: a literal with months. unit may be empty. */
rc sql_interval_literal(struct ctx *cx, struct arena *a, struct str text, struct str unit,
                        struct span span, const struct expr **out);

#endif
