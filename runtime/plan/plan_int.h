/* plan_int.h: inside the plan room and its optimizer passes. */
#ifndef MLNB_PLAN_PLAN_INT_H
#define MLNB_PLAN_PLAN_INT_H

#include "runtime/plan/plan.h"

/* A new node with its own arena; takes new references to the inputs (either may be NULL). */
struct plan *plan_new(enum plan_op op, struct span span, const struct plan *in0,
                      const struct plan *in1);
/* Copies of arrays into the node's arena, expressions included. */
struct named_expr *plan_copy_items(struct arena *a, const struct named_expr *items, int n);
struct sort_key *plan_copy_keys(struct arena *a, const struct sort_key *keys, int n);
const struct expr **plan_copy_exprs(struct arena *a, const struct expr *const *e, int n);
/* E201 / E207 unless every column that e reads stands in the schema with the same type. */
rc plan_check_expr(struct ctx *cx, const struct schema *s, const struct expr *e);
/* A join with the kept right columns (right_columns[i] of the right input comes out as
 * right_fields[i]) said outright; the pairs' sides have one type already. */
rc plan_join_raw(struct ctx *cx, struct plan *left, struct plan *right,
                 const struct join_spec *spec, const struct field *right_fields,
                 const char *const *right_columns, int n_right, struct span span,
                 struct plan **out);
/* A scan node that reads other columns (indices into the node's schema order are kept), filter or
 * limit than p. columns NULL = all. */
rc plan_rescan(struct ctx *cx, const struct plan *p, const char *const *columns, int n,
               const struct expr *filter, int64_t limit, struct plan **out);

/* The join's spec as its node holds it (no suffix). */
struct join_spec plan_join_spec(const struct plan *p);
/* Calls visit with the place of each expression of a node, which must be unshared when visit writes
 * there. */
void plan_each_expr(struct plan *p, void (*visit)(void *arg, const struct expr **slot), void *arg);

/* ---- looking at expressions ---- */
typedef const struct expr *(*expr_swap)(void *arg, const struct expr *e);
/* Copy of e into `a` with `swap` asked at every node first: a result that is not NULL stands in its
 * place (not looked into further). */
const struct expr *expr_map(struct arena *a, const struct expr *e, expr_swap swap, void *arg);
/* e with column names replaced by the items' expressions of that name (others stay). */
const struct expr *expr_substitute(struct arena *a, const struct expr *e,
                                   const struct named_expr *items, int n);
/* No call in it that depends on anything but its arguments. */
bool expr_is_pure(const struct expr *e);
/* May send a counted warning (failed casts, 0/0): then it must see the rows it was written for. */
bool expr_may_note(const struct expr *e);
/* Can neither fail on a row (int overflow) nor send a counted warning: may then see rows that it
 * was not written for. */
bool expr_is_safe(const struct expr *e);
/* Every column read by e stands in s. */
bool expr_reads_only(const struct expr *e, const struct schema *s);
/* Parts joined by `and`, in order, appended to out (cap must do: expr_count_and). */
int expr_count_and(const struct expr *e);
int expr_split_and(const struct expr *e, const struct expr **out);
/* a and b (either may be NULL). */
rc expr_and(struct ctx *cx, struct arena *a, const struct expr *left, const struct expr *right,
            const struct expr **out);
/* A new expression of the arena; types of structs are kept alive by it. */
struct expr *expr_new(struct arena *a, enum expr_op op, struct dtype type, struct span span);

/* ---- lists and structs as keys (nested_key.c) ---- */
bool dtype_is_nested(struct dtype t);
/* e as a text that compares as it does; e itself when it is no list or struct. */
rc expr_key(struct ctx *cx, struct arena *a, const struct expr *e, const struct expr **out);
/* The value of that type (no cats in it) that key was made of. */
rc expr_of_key(struct ctx *cx, struct arena *a, const struct expr *key, struct dtype type,
               const struct expr **out);
/* A comparison or ?? of lists or structs in terms of what they are made of; *out NULL when it is
 * another call. */
rc expr_call_nested(struct ctx *cx, struct arena *a, const struct fn_desc *fn,
                    const struct expr *const *args, int n, struct span span,
                    const struct expr **out);
/* Arguments of an aggregate with keys for the nested ones. value: the type of the result where the
 * aggregate gives keys back, else KIND_NULL. */
rc expr_agg_keys(struct ctx *cx, struct arena *a, const struct agg_desc *agg,
                 const struct expr *const *args, int n, const struct expr *const **out,
                 struct dtype *value);
/* Makes items and keys (the caller's copies) hold keys; *any is set when one does. */
rc plan_items_held(struct ctx *cx, struct named_expr *items, int n, bool *any);
rc plan_keys_held(struct ctx *cx, struct named_expr *keys, int n, bool *any);
/* p, whose columns hold keys of values of these types, with the values in their place. */
rc plan_give_back(struct ctx *cx, struct plan *take_p, const struct dtype *types,
                  struct plan **out);

/* ---- optimizer ---- */
struct pass_desc {
    const char *name; /* as MLNB_OPT_OFF lists it */
    const char *doc;
    /* Rewrites the whole tree; *out is a new reference (p itself when nothing fits). */
    enum rc_t (*run)(struct ctx *cx, struct plan *p, struct plan **out);
};
const struct pass_desc *const *pass_all(int *n);
/* Visits bottom up: inputs first, then `node` on the rebuilt node; node returns RC_OK and leaves
 * *out NULL to keep it. */
typedef enum rc_t (*plan_rewrite)(struct ctx *cx, void *arg, struct plan *p, struct plan **out);
rc plan_rewrite_up(struct ctx *cx, struct plan *p, plan_rewrite node, void *arg, struct plan **out);

#endif
