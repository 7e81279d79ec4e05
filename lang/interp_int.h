/* interp_int.h: what the files of the interpreter and of the binder share among themselves. */
#ifndef MLNB_LANG_INTERP_INT_H
#define MLNB_LANG_INTERP_INT_H

#include "lang/lang_int.h"
#include "runtime/base/cancel.h"
#include "runtime/base/civil.h"
#include "runtime/base/mem.h"

/* Fns and blocks inside each other; and expressions over all of them, for the C stack: E904. */
#define MAX_DEPTH      200
#define MAX_DRY_ROUNDS 64 /* of all loops together while a person waits for a completion */
#define MAX_EXPR_DEPTH 2000

/* Functions that syntax stands for. */
#define FN_NEGATE "neg"
#define FN_FORMAT "format"
#define FN_CONCAT "concat"
#define FN_AT     "at"
#define FN_SLICE  "slice"

/* ---- values ---- */
bool value_is_null(const struct value *v);
/* The type with its article: "an int", "a list[str]"; buf is returned. */
const char *value_phrase(const struct value *v, char *buf, size_t n);
struct value *value_fn(const struct ast *fn, struct program *program, struct scope *closure);
struct value *value_expr(const struct ast *e, struct program *program, struct scope *closure);
/* The type that holds both (int with num: num; date with datetime: datetime; null fits all). */
bool dtype_common(struct dtype a, struct dtype b, struct dtype *out);
struct scalar scalar_widen(struct scalar s, struct dtype to); /* where dtype_common gave `to` */
/* Column c with its values widened to `to`, which dtype_common gave. */
rc column_widen(struct ctx *cx, const struct column *c, struct dtype to, struct column **out);
/* Whether a name may stand without backticks; and the name as source text. */
bool name_is_bare(struct str name);
void name_text(struct strbuf *out, struct str name);
void scope_clear(struct scope *s);
const struct value *scope_peek_fn(const struct scope *s, struct str name); /* no use; fns only */
/* Notes from now on which names of this very scope are used (before they are set) and which are
 * set; NULL ends it. */
struct name_log {
    struct arena *arena;
    struct str *used, *set;
    int n_used, n_set;
};
void scope_log(struct scope *s, struct name_log *log);
void scope_drop(struct scope *s, struct str name); /* forgets it where it is set nearest */
struct scope *scope_capture(struct scope *s, struct scope *globals);

/* ---- expressions outside steps (interp_expr.c and kin) ---- */
/* A value as an argument of a function: scalars, 1 x 1 frames, lists as list scalars. Text and
 * lists live as long as `a`. */
rc value_to_arg(struct lang *lg, const struct value *v, struct span span, struct arena *a,
                struct scalar *out);
/* Calls a scalar function on values. */
rc apply_fn(struct lang *lg, const struct fn_desc *fn, struct value *const *args, int n,
            struct span span, struct value **out);
/* true / false of a condition; null counts as false; E207 for what is no bool. */
rc value_truth(struct lang *lg, const struct value *v, struct span span, bool *out);
/* A whole number; what: "an index". */
rc value_whole(struct lang *lg, const struct value *v, struct span span, const char *what,
               int64_t *out);
rc interp_call(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
/* recipe(step, ..) as a value; the steps are calls of functions that formulas know. */
rc recipe_value(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
rc interp_call_value(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
rc interp_index(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
rc interp_field(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
rc interp_binary(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
rc interp_unary(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
/* A unary operator on a literal. */
rc interp_unary_value(struct lang *lg, const struct ast *e, const struct scalar *x,
                      struct value **out);
/* `x in where`, where is a list or range. */
rc value_is_in(struct lang *lg, struct value *x, const struct value *where, struct span span,
               bool *out);
rc interp_in(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
rc interp_fstr(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
/* `1..3` as a list of whole numbers or days; false when it cannot be one. */
bool range_list(const struct value *r, struct value **out);
/* The value of a name outside steps; E202 with near names. Borrowed. */
rc variable(struct lang *lg, struct scope *sc, struct str name, struct span span,
            const struct value **out);
/* Reads a literal of the tree (AST_NULL .. AST_DURATION); false when e is none. Text is borrowed.
 */
bool literal_scalar(const struct ast *e, struct scalar *out);
/* x op y on scalars with months: dates move by months; *done false when no months are in sight. */
rc months_binary(struct lang *lg, struct str op, const struct scalar *x, const struct scalar *y,
                 struct span span, struct scalar *out, bool *done);
/* Part of a list or text: [from, to] counted from 1 with negatives from the end, clamped. */
void slice_bounds(int64_t n, int64_t from, int64_t to, int64_t *at, int64_t *len);
rc check_value_kind(struct lang *lg, const struct value *v, enum value_kind kind, struct span span,
                    const char *what);

/* ---- hints (hint.c) ---- */
/* Hint: the line that holds span with span replaced; gives RC_ERR, so that it can stand after
 * return. Does nothing when the source is not at hand. */
enum rc_t hint_replace(struct lang *lg, struct span span, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Hint for `x op y` (e) of types that do not fit: the cast or literal that makes them. */
rc hint_operator(struct lang *lg, const struct ast *e, struct dtype x, struct dtype y);
/* Hint: the line with a clause put at the end of the step that holds span. */
enum rc_t hint_append(struct lang *lg, struct span span, const char *clause);

/* ---- arguments by name (call_args.c) ---- */
/* Where each parameter of a call comes from. */
struct arg_slot {
    int from;          /* argument number, or -1: the default below */
    struct scalar def; /* text is borrowed from the signature */
};
/* Puts arguments given by name (`round(x, digits: 2)`) to their place in the signature and fills
 * the gaps before the last one with defaults. names NULL or names[i].n 0 = by position. E206 with
 * the nearest parameter, E208 when one is missing or given twice. *slots lives in cx->arena. */
rc place_args(struct ctx *cx, const char *fn_name, const char *sig, const struct str *names, int n,
              struct span span, struct arg_slot **slots, int *n_slots);
/* The name of a call, the name after the dot of a field: what errors about them point at. */
struct span call_name_span(struct lang *lg, const struct ast *e);
struct span field_name_span(struct lang *lg, const struct ast *e);
/* E204 with our word for a foreign function, or near names. */
rc unknown_function(struct lang *lg, const struct scope *sc, struct str name, struct span span);

/* ---- fns and lambdas (interp_fn.c) ---- */
/* Values and option names of a call; owned references, released with args_release. */
struct call_args {
    struct value **values;
    struct str *names; /* empty = by position */
    struct span *spans;
    struct span *name_spans; /* of the names, or NULL */
    int n;
};
void args_release(struct call_args *args);
rc call_fn(struct lang *lg, const struct value *fn, const struct call_args *args, struct span span,
           struct value **out);
/* `fn name(..)` of the user as a step. */
rc step_fn(struct lang *lg, struct scope *sc, const struct value *fn, const struct ast_step *step,
           const struct value *input, struct value **out);
/* Whether an expression in a step talks of columns (plain names, selectors, aggregates without a
 * list), rather than being a value of the session. */
bool ast_has_columns(const struct scope *sc, const struct ast *e);
/* Enters a fn, block or lambda: E904 past MAX_DEPTH. */
rc depth_enter(struct lang *lg, struct span span);
/* Index of a parameter, or -1. */
int fn_param_index(const struct ast *fn, struct str name);

/* ---- statements ---- */
rc run_statement(struct lang *lg, struct scope *sc, const struct ast *st, struct value **out);
rc run_program(struct lang *lg, const char *text, size_t n, const char *label, int first_line,
               const char *folder, bool console);
rc run_include(struct lang *lg, const struct ast *st);
rc run_shell(struct lang *lg, const struct ast *st);
rc run_use(struct lang *lg, struct scope *sc, const struct ast *st);
rc run_param(struct lang *lg, struct scope *sc, const struct ast *st);
/* An assignment to the name of a param obeys its type and range. Takes and gives the reference. */
rc check_param_value(struct lang *lg, struct str name, struct span span, struct value **value);
void params_free(struct lang *lg);
void includes_free(struct lang *lg);
void scans_free(struct lang *lg);
/* The opened scans as a list of its own: a snapshot takes them to another thread. */
struct scan_cache *scan_list_copy(const struct scan_cache *s);
void scan_list_free(struct scan_cache *s);
void kept_free(struct lang *lg);
/* Before a plan runs: files that have changed since they were opened are opened again (W305). */
rc refresh_scans(struct lang *lg, struct plan *p);
rc open_pool(struct lang *lg, const char *url, int threads, struct span span);
/* Wall clock of the statement, read once; local time without zone, microseconds. */
int64_t statement_now(struct lang *lg);
/* "4GB" -> bytes. */
bool bytes_parse(struct str s, int64_t *out);
bool plan_holds(const struct plan *p, enum plan_op op);
void overrides_free(struct lang *lg);
void show_display(struct lang *lg, const struct display *d);
void show_status(struct lang *lg, const char *text);
/* Sources near and small enough that a glance computes the whole frame. */
bool frame_is_small(const struct plan *p);
/* A frame as print writes it. */
rc frame_print(struct lang *lg, const struct value *v, struct strbuf *out);
/* Text to stream 1 (print) unless output is hidden. */
void print_text(struct lang *lg, struct str s);

#endif
