/* verb_int.h: what the verbs share. A verb lowers its step to plan nodes with a `pipe`, which owns
 * the plan made so far, and `stage`, which computes items left to right, each visible to the next.
 */
#ifndef MLNB_LANG_VERB_INT_H
#define MLNB_LANG_VERB_INT_H

#include "lang/interp_int.h"
#include "lang/verbs/verbs.h"

/* ---- pipe: the plan made so far; every call puts one node on top or leaves the plan as it was
 * ----
 */
struct pipe {
    struct ctx *cx;
    struct arena *arena;
    struct span span;
    struct plan *plan; /* owned */
};
void verb_pipe_begin(struct pipe *p,
                     const struct verb_call *vc); /* starts at the verb's input frame */
void verb_pipe_from(struct pipe *p, const struct verb_call *vc, struct plan *from);
void verb_pipe_release(struct pipe *p);
rc verb_pipe_filter(struct pipe *p, const struct expr *predicate);
rc verb_pipe_project(struct pipe *p, const struct named_expr *items, int n);
rc verb_pipe_keep(struct pipe *p, const struct schema *columns); /* project to these columns */
rc verb_pipe_add(struct pipe *p, const struct named_expr *items,
                 int n); /* project: all, then items */
rc verb_pipe_aggregate(struct pipe *p, const struct named_expr *keys, int n_keys,
                       const struct named_expr *items, int n);
rc verb_pipe_window(struct pipe *p, const struct expr *const *by, int n_by,
                    const struct sort_key *sort, int n_sort, const struct named_expr *items, int n);
/* WINDOW nodes for all that a BIND_WINDOW binder found. */
rc verb_pipe_found(struct pipe *p, struct bind *b, const struct expr *const *by, int n_by,
                   const struct sort_key *sort, int n_sort);
rc verb_pipe_assert(struct pipe *p, const struct expr *predicate, const char *message,
                    bool warn_only, struct span span);
rc verb_pipe_join(struct pipe *p, struct plan *right, const struct join_spec *spec);
rc verb_pipe_sort(struct pipe *p, const struct sort_key *keys, int n);
rc verb_pipe_unnest(struct pipe *p, const char *const *lists, int n, bool keep_empty,
                    const char *index_name);
/* The result as a frame; releases the pipe. */
rc verb_pipe_value(struct pipe *p, const char *label, struct value **out);
rc verb_pipe_list(struct pipe *parts, int n,
                  struct value **out); /* the same, as a list of frames */

/* ---- expressions ---- */
/* A call of the function (operators too) of that name, e.g. "and", "??". */
rc make_call(struct ctx *cx, struct arena *a, const char *fn, const struct expr *const *args, int n,
             struct span span, const struct expr **out);
rc make_call1(struct ctx *cx, struct arena *a, const char *fn, const struct expr *x,
              const struct expr **out);
rc make_call2(struct ctx *cx, struct arena *a, const char *fn, const struct expr *x,
              const struct expr *y, const struct expr **out);
/* An aggregate over the whole group; x NULL for count(). */
rc make_agg(struct ctx *cx, struct arena *a, const char *agg, const struct expr *x,
            struct span span, const struct expr **out);
rc make_window(struct ctx *cx, struct arena *a, const char *win, const struct expr *x,
               struct span span, const struct expr **out);
const struct expr *make_int(struct arena *a, int64_t i);
const struct expr *make_num(struct arena *a, double f);
const struct expr *make_str(struct arena *a, const char *s);
const struct expr *field_expr(struct arena *a, const struct schema *s, int i, struct span span);
/* The column of that name, which must be there. */
const struct expr *name_expr(struct arena *a, const struct schema *s, const char *name,
                             struct span span);
bool expr_uses(const struct expr *e, const char *name); /* reads the column */

/* ---- items ---- */
/* Appends to an arena array of named expressions. */
struct named_list {
    struct named_expr *items;
    struct span *spans;
    int n, cap;
};
void named_add(struct arena *a, struct named_list *l, const char *name, const struct expr *e,
               struct span span);
/* Binds one item of derive, select or summarize: `name = expr`, `expr` (called by its text), or
 * across(..), which gives one expression a column. Options are the caller's. */
rc bind_item(struct bind *b, const struct ast_item *it, struct named_list *out);
bool is_across(const struct ast *e);
/* Next item that is not an option, from index *at; NULL at the end. */
const struct ast_item *next_item(const struct ast_step *step, int *at);
int count_items(const struct ast_step *step);
/* E208 unless the step has items. `like` is an example that can be pasted. */
rc need_items(struct verb_call *vc, const char *what, const char *like);
/* Refuses `name = expr` items: E110 with `==` where conditions are meant, else E217. */
rc no_makes(struct verb_call *vc, bool is_condition);
/* Selector items as one list of columns without repeats; no items: all columns when all_if_none. */
rc columns_of_items(struct verb_call *vc, bool all_if_none, const char ***out, int *n);
/* A value (not of columns) in an item or option: `3`, `$n`, `"x" + $s`. Plain names are E203 /
 * E207.
 */
rc verb_value(struct verb_call *vc, const struct ast *e, const char *what, struct scalar *out);
rc verb_value_int(struct verb_call *vc, const struct ast *e, const char *what, int64_t *out);
/* The name of a metric: a plain name or a text; `message` is the E209 of anything else. */
rc verb_metric_name(struct verb_call *vc, const struct ast *e, const char *message,
                    const char **out);
/* by and sort clauses, bound against b->schema; `nulls: first` is obeyed. */
rc bind_clause_by(struct bind *b, struct verb_call *vc, const struct expr ***out, int *n);
rc bind_clause_sort(struct bind *b, struct verb_call *vc, const struct ast_item *items, int n_items,
                    struct sort_key **out, int *n);
/* "name has n columns ..": label for messages kept by verbs that only drop or order rows. */
const char *input_label(const struct verb_call *vc);
/* "1,200 rows, 3 columns"; rows -1: not known. */
const char *size_text(struct arena *a, int64_t rows, int columns);
bool ast_has_agg(const struct ast *e); /* holds a call of an aggregate, at any depth */
rc verb_chart_item(struct verb_call *vc, const struct ast *e, struct value **out);
/* The source text of a node, blanks folded (arena). */
const char *source_text(struct verb_call *vc, struct span span);

#define SHOW_MAX_BYTES                                                                             \
    (INT64_C(256) << 20) /* sources that showing may read whole (language.md 3.8) */

/* ---- hints: all return RC_ERR, to stand after return ---- */
/* The user's line with a text added behind `span`. */
enum rc_t hint_after(struct verb_call *vc, struct span span, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "t |> step" with the frame's own name. */
enum rc_t hint_step(struct verb_call *vc, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One row a group: the step's items as summarize computes them, over p. results (may be NULL): the
 * columns made, whose expressions no longer fit p. */
rc verb_summary(struct verb_call *vc, struct named_expr *keys, int n_keys, struct pipe *p,
                struct named_list *results);
/* Columns of `long` (by .., key, values ..) turned wide: one row for each combination of the by
 * columns, one column for each value of `key` and each of the values (pivot.c). */
struct widen {
    const char **by;
    int n_by;
    const char *key;
    const char **values; /* columns of p */
    int n_values;
    const char *prefix;        /* before the key's text, or NULL */
    const struct scalar *fill; /* where there is no such row or it holds null; NULL = null */
    struct span span;          /* of the key, for errors */
};
rc verb_widen(struct verb_call *vc, struct pipe *p, const struct widen *w);
/* The plan of p as a table; kept so that later nodes over p do not compute it again. */
rc verb_pipe_table(struct verb_call *vc, struct pipe *p, struct table **out);

/* ---- stage: items computed left to right over groups ---- */
struct stage {
    struct verb_call *vc;
    struct pipe pipe;
    struct bind b;
    struct schema *visible; /* columns in sight of the next item; owned */
    struct named_list made; /* computed on pipe.plan, not yet put into a node */
};
rc stage_begin(struct stage *s, struct verb_call *vc);
/* Turns a bound expression into what is kept for the column `name` (fill: `name ?? e`). */
typedef enum rc_t (*stage_wrap)(struct stage *s, const char *name, struct span span,
                                const struct expr **e);
/* Binds the item against all that was made before. wrap and names (which receives what was made)
 * may be NULL. */
rc stage_item(struct stage *s, const struct ast_item *it, stage_wrap wrap,
              struct named_list *names);
rc stage_flush(struct stage *s); /* everything made is now a column of s->pipe.plan */
void stage_release(struct stage *s);

/* A recipe, by its name, `$name` or written out; new reference. */
rc verb_recipe_item(struct verb_call *vc, const struct ast *e, struct value **out);
/* The formula of a recipe alone: all columns that
 * its steps take (formula.c). */
rc bind_recipe(struct bind *b, const struct value *prep, struct span span, struct formula **out);

#endif
