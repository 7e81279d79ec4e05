/* bind_int.h: what the files of the binder share. Inlined fns and lambdas put their parameters into
 * an environment: a chain of names, each with the tree it stands for and the place that tree was
 * written at, so that names in it keep their meaning (no capture). */
#ifndef MLNB_LANG_BIND_INT_H
#define MLNB_LANG_BIND_INT_H

#include "lang/interp_int.h"

struct bind_env {
    const struct bind_env *up;
    bool is_wall; /* the body of a fn: beyond it no name and no column is in sight */
    struct str name;
    const struct ast *ast;          /* what the name stands for, or NULL: `expr` */
    const struct bind_env *ast_env; /* where the tree was written */
    struct scope *ast_scope;
    const struct expr *expr;
    const struct ast *fn; /* wall: the fn, to refuse one that calls itself without end */
};

/* Where expressions are bound; saved and restored around what is written elsewhere. */
struct bind_place {
    const struct bind_env *env;
    struct scope *scope;
    const struct schema *schema;
    enum bind_mode mode;
    int in_agg;
};
struct bind_place bind_place(const struct bind *b);
void bind_go(struct bind *b, struct bind_place at);

/* The entry of a plain name, or NULL; *is_walled tells that neither columns are in sight. */
const struct bind_env *bind_lookup(const struct bind *b, struct str name, bool *is_walled);
/* Follows names that stand for other trees (parameters, `$p` of a fn) to what was written; *at is
 * the place it has to be bound at. */
const struct ast *bind_resolve(struct bind *b, const struct ast *e, struct bind_place *at);
/* Whether the tree holds nothing but values of the session (no columns, no aggregates). */
bool bind_is_value(struct bind *b, const struct ast *e);
/* The value of such a tree as a new reference. */
rc bind_eval(struct bind *b, const struct ast *e, struct value **out);
rc bind_literal(struct bind *b, const struct scalar *s, struct span span, const struct expr **out);
rc bind_scalar_call(struct bind *b, const char *fn, const struct expr *const *args, int n,
                    struct span span, const struct expr **out);
/* Comparison or arithmetic by operator, with months in dates. */
rc bind_operator(struct bind *b, struct str op, const struct expr *x, const struct expr *y,
                 struct span span, const struct expr **out);

/* A variable's value in a step: a literal, or the column expression that it stands for. */
rc bind_value(struct bind *b, const struct value *v, struct span span, const struct expr **out);
/* Arguments of a descriptor's call, in the order of its signature; arena. */
rc bind_args(struct bind *b, const char *fn_name, const char *sig, const struct ast *const *kids,
             const struct str *names, int n_kids, struct span span, const struct expr ***out,
             int *n);
rc bind_call(struct bind *b, const struct ast *e, const struct expr **out);
rc bind_call_value(struct bind *b, const struct ast *e, const struct expr **out);
rc bind_aggregate(struct bind *b, const struct agg_desc *agg, const struct ast *e,
                  const struct expr **out);
rc bind_window_call(struct bind *b, const struct win_desc *win, const struct ast *e,
                    const struct expr **out);
rc bind_in(struct bind *b, const struct ast *e, const struct expr **out);
rc bind_fstr(struct bind *b, const struct ast *e, const struct expr **out);
rc bind_index(struct bind *b, const struct ast *e, const struct expr **out);
rc bind_field(struct bind *b, const struct ast *e, const struct expr **out);
/* A fn or lambda called in an expression: its body with the arguments in place of parameters. */
rc bind_inline(struct bind *b, const struct value *fn, const struct ast *e, int from,
               const struct expr **out);
/* Elements of `[a, b, starts("q")]` across a row. */
rc bind_row_items(struct bind *b, const struct ast *list, const struct expr ***out, int *n);
/* Whether the tree is such a list (or stands for one). */
bool bind_is_row_list(struct bind *b, const struct ast *e);
/* An aggregate or list function on the elements of a row. */
rc bind_row_aggregate(struct bind *b, const struct agg_desc *agg, const struct ast *e,
                      const struct expr **out);
/* Puts an aggregate or window call aside; *out reads its column. */
rc bind_found(struct bind *b, const struct expr *call, const struct expr **out);
/* Adds to E201: how many columns there are, the closest ones, a line to paste. */
void note_columns(struct bind *b, struct str name, struct span span, bool in_step);
/* A list function on the elements of a row: len, contains. */
rc bind_row_function(struct bind *b, const struct ast *e, const struct expr **out);
/* Lists and structs (bind_nested.c). */
rc bind_list(struct bind *b, const struct ast *e, const struct expr **out);
rc bind_struct(struct bind *b, const struct ast *e, const struct expr **out);
rc bind_list_sum(struct bind *b, const struct expr *x, const struct expr *y, struct span span,
                 const struct expr **out);
rc bind_map(struct bind *b, const struct ast *e, const struct expr **out);
/* An aggregate whose first argument is a list works within the row. *done false: it is none. */
rc bind_list_aggregate(struct bind *b, const struct agg_desc *agg, const struct ast *e,
                       const struct expr **out, bool *done);
/* The same on the items of `[a, b]`, e's first argument. */
rc bind_items_aggregate(struct bind *b, const struct agg_desc *agg, const struct ast *e,
                        const struct expr *const *items, int n_items, const struct expr **out);
/* E210 when a call over many rows reads the value of a map's lambda. */
rc refuse_elements(struct bind *b, const struct expr *call);
bool is_selector_call(const struct ast *e);
/* now(), today(), rand(), col($c) and other calls that are no descriptor's. *done false: none. */
rc bind_special(struct bind *b, const struct ast *e, const struct expr **out, bool *done);

#endif
