/* expr.h: expressions of plans. Plain data, immutable once made, in the arena of whoever made them;
 * columns are referred to by name. */
#ifndef MLNB_PLAN_EXPR_H
#define MLNB_PLAN_EXPR_H

#include "runtime/base/arena.h"
#include "runtime/col/column.h"
#include "runtime/fn/fn.h"

enum expr_op {
    EXPR_COLUMN,   /* name */
    EXPR_LITERAL,  /* value */
    EXPR_CALL,     /* fn with args; args are cast already to the overload's kinds */
    EXPR_CASE,     /* args: cond1, value1, cond2, value2, .. [, else]; only the rows of a branch are
                      evaluated for it */
    EXPR_AGG,      /* aggregate: only in an AGGREGATE's or WINDOW's items, never nested */
    EXPR_WINDOW,   /* window function: only in a WINDOW's items */
    EXPR_LIST,     /* [args]: a list of the args of a row, all of the element's type */
    EXPR_STRUCT,   /* {fields of type: args} */
    EXPR_FIELD,    /* args[0].name; null where the struct is */
    EXPR_MAP,      /* args[0] is a list, args[1] the value of each element, which reads the element
                      as a column `name` (expr_param_name) beside the row's own columns */
    EXPR_LIST_AGG, /* agg over the elements of a row: args are lists (walked side by side, as far as
                      the first goes) or literals */
};
enum frame_unit {
    FRAME_ALL,
    FRAME_RUNNING,
    FRAME_ROWS,
    FRAME_TIME,
    FRAME_GROUPS, /* whole groups of peers: SQL's GROUPS, and RANGE without distances */
    FRAME_RANGE   /* rows whose only sort key lies within a distance of the row's own */
};
enum frame_exclude { EXCLUDE_NONE, EXCLUDE_CURRENT_ROW, EXCLUDE_GROUP, EXCLUDE_TIES }; /* SQL's */
#define FRAME_OPEN_FROM INT64_MIN /* unbounded preceding */
#define FRAME_OPEN_TO   INT64_MAX /* unbounded following */
struct win_frame { /* of an EXPR_AGG (or first, last, nth) in a WINDOW: whole group unless asked */
    enum frame_unit unit;
    int64_t from, to; /* FRAME_ROWS, FRAME_GROUPS: offsets, inclusive (last: 7 = -6..0); FRAME_TIME:
                         (t - from, t], microseconds; FRAME_RANGE: distances, inclusive, in the
                         key's unit (int; days of a date; microseconds), in window order */
    double num_from, num_to; /* FRAME_RANGE over a num key: the distances (from, to say only whether
                                an end is open) */
    enum frame_exclude exclude;
    int64_t min_rows; /* fewer non-null values give null (0 = no minimum) */
};
struct expr {
    enum expr_op op;
    struct dtype type;
    struct span span;
    const char *name;         /* EXPR_COLUMN, EXPR_FIELD, EXPR_MAP */
    struct scalar value;      /* EXPR_LITERAL; text and lists live as long as the node */
    const struct fn_desc *fn; /* EXPR_CALL */
    const struct fn_overload *overload;
    const struct agg_desc *agg; /* EXPR_AGG, EXPR_LIST_AGG */
    const struct agg_overload *agg_overload;
    const struct expr *where; /* EXPR_AGG: `where:` filter, or NULL */
    struct win_frame frame;
    const struct win_desc *win; /* EXPR_WINDOW */
    const struct expr **args;   /* [n_args] */
    int n_args;
    /* Put in by a maker, so that expr_text leaves it out: a cast call, or a literal that stood
     * there as another kind (3 beside a num). */
    bool is_implicit;
};

/* Makers allocate in `a` and fill in type and casts; errors carry `span`. */
const struct expr *expr_column(struct arena *a, const char *name, struct dtype type,
                               struct span span);
const struct expr *expr_literal(struct arena *a, const struct scalar *value, struct span span);
rc expr_call(struct ctx *cx, struct arena *a, const struct fn_desc *fn,
             const struct expr *const *args, int n, struct span span, const struct expr **out);
rc expr_case(struct ctx *cx, struct arena *a, const struct expr *const *args, int n,
             struct span span, const struct expr **out);
rc expr_agg(struct ctx *cx, struct arena *a, const struct agg_desc *agg,
            const struct expr *const *args, int n, const struct expr *where, struct win_frame frame,
            struct span span, const struct expr **out);
/* Whether agg works on whole lists and structs (first, mode, n_distinct, list ...). The expression
 * then has the value's type; plan_aggregate and plan_window settle how it is carried. */
bool expr_agg_takes_nested(const struct agg_desc *agg);
rc expr_window(struct ctx *cx, struct arena *a, const struct win_desc *win,
               const struct expr *const *args, int n, struct span span, const struct expr **out);
/* Casts e to a kind (nothing to do: e itself). `strict` false: what cannot be cast is null and
 * counted. */
rc expr_cast(struct ctx *cx, struct arena *a, const struct expr *e, enum kind to,
             const struct expr **out);
/* A list of values of one type (int and num mix); literals alone make a literal. E207 when mixed.
 */
rc expr_list(struct ctx *cx, struct arena *a, const struct expr *const *args, int n,
             struct span span, const struct expr **out);
rc expr_struct(struct ctx *cx, struct arena *a, const char *const *names,
               const struct expr *const *args, int n, struct span span, const struct expr **out);
/* E207 when x is no struct, E201 when it has no such field. */
rc expr_field(struct ctx *cx, struct arena *a, const struct expr *x, struct str name,
              struct span span, const struct expr **out);
/* Name of an element in EXPR_MAP's args[1]: never a column's. `depth` keeps nested ones apart. */
const char *expr_param_name(struct arena *a, struct str name, int depth);
bool expr_is_param(const struct expr *e); /* an EXPR_COLUMN that reads such an element */
rc expr_map_list(struct ctx *cx, struct arena *a, const char *param, const struct expr *list,
                 const struct expr *body, struct span span, const struct expr **out);
/* args[0] is a list; others are lists or literals. Elements are cast to what agg takes. */
rc expr_list_agg(struct ctx *cx, struct arena *a, const struct agg_desc *agg,
                 const struct expr *const *args, int n, struct span span, const struct expr **out);
/* e in exactly this type: as expr_cast, and elements of lists and fields of structs too. */
rc expr_as_type(struct ctx *cx, struct arena *a, const struct expr *e, struct dtype to,
                const struct expr **out);
/* x ?? y; of lists and structs by a case. */
rc expr_or(struct ctx *cx, struct arena *a, const struct expr *x, const struct expr *y,
           struct span span, const struct expr **out);
/* The type that takes values of both (int in num, null in all, element by element in lists). */
bool type_unify(struct dtype a, struct dtype b, struct dtype *out);
/* Deep copy into another arena (literal text and lists too). */
const struct expr *expr_copy(struct arena *a, const struct expr *e);
bool expr_equal(const struct expr *a, const struct expr *b);
/* Calls see(arg, column name) for every column read (elements of EXPR_MAP are none). */
void expr_columns(const struct expr *e, void (*see)(void *arg, const char *name), void *arg);
/* Prints in the language's own spelling: `fare > 3 and hour(t) in 7..10`. Fully bracketed where
 * needed. */
void expr_text(struct strbuf *out, const struct expr *e);

#endif
