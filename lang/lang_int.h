/* lang_int.h: inside the language: values, scopes, binding of step expressions, the verb contract.
 */
#ifndef MLNB_LANG_LANG_INT_H
#define MLNB_LANG_LANG_INT_H

#include "lang/ast.h"
#include "lang/lang.h"
#include "plotting/chart.h"
#include "runtime/ml/ml.h"
#include "runtime/plan/plan.h"

/* ---- values: immutable, counted (atomically: snapshots are read on another thread) ---- */
enum value_kind {
    VALUE_SCALAR,
    VALUE_LIST,
    VALUE_STRUCT,
    VALUE_RANGE,
    VALUE_FRAME,
    VALUE_MODEL,
    VALUE_CHART,
    VALUE_FN,
    VALUE_FAMILY,
    VALUE_NOTHING,
    VALUE_RECIPE, /* recipe(step, ..): fn is the call, closure what it captured */
    VALUE_EXPR /* a column expression that a fn's caller passed: `$p` in its steps stands for it */
};
struct value {
    atomic_int refs;
    enum value_kind kind;
    struct arena *arena;  /* owns text and arrays below; may be NULL */
    struct scalar scalar; /* SCALAR */
    struct value **items;
    int n_items; /* LIST; STRUCT; RANGE: [2], NULL = open */
    const struct column
        *column;        /* LIST taken from a frame: the elements, items is NULL then (value_item) */
    const char **names; /* STRUCT: [n_items] */
    bool is_half_open;  /* RANGE */
    struct plan *plan;  /* FRAME; owned reference */
    const char *label;  /* FRAME: variable name for messages, or NULL */
    const struct model *model;
    const struct chart *chart;
    const struct plot_source
        *plot;            /* CHART: what `layer` needs of `plot` (verbs/plot.h); lives in `arena` */
    const struct ast *fn; /* FN: AST_FN or AST_LAMBDA; EXPR: the expression; with its program */
    struct program *program;
    struct scope *closure;          /* FN, EXPR: the scope it was written in */
    const struct ml_family *family; /* FAMILY: logistic(l2: 0.1) */
    struct ml_arg *args;
    int n_args;
    /* The one status line of a pipeline that ends here, or NULL. NOTHING after save ..; also on a
     * FRAME after cache and assert: shown alone, its plan is run and this line stands in place of
     * the rows; a later step starts from the frame as ever. */
    const char *status;
};
struct value *value_ref(const struct value *v);
void value_unref(const struct value *v);
struct value *value_scalar(const struct scalar *s); /* copies text and lists */
struct value *value_bool(bool b);
struct value *value_int(int64_t i);
struct value *value_num(double f);
struct value *value_str(struct str s);
struct value *value_null(void);
struct value *value_nothing(const char *status); /* status may be NULL */
struct value *value_list(struct value **take_items,
                         int n);                     /* takes the references, copies the array */
struct value *value_list_of(const struct column *c); /* takes own reference */
struct value *value_struct(struct value **take_items, const char *const *names,
                           int n); /* copies both arrays and the names */
struct value *value_range(struct value *take_from, struct value *take_to,
                          bool is_half_open);                 /* NULL = open */
struct value *value_frame(struct plan *p, const char *label); /* takes own reference */
struct value *value_frame_status(struct plan *p, const char *label, const char *status);
struct value *value_model(const struct model *m);
struct value *value_chart(const struct chart *c);
/* Elements of a list or struct, however it is stored. i from 0; a new reference. */
int64_t value_length(const struct value *v);
struct value *value_item(const struct value *v, int64_t i);
/* Field of a struct, borrowed, or NULL. */
const struct value *value_field(const struct value *v, struct str name);
const char *value_type_text(const struct value *v, char *buf,
                            size_t n); /* "int", "frame", "list[str]" .. */
/* The text of a value as shown alone, or bare as print writes it. */
void value_text(struct strbuf *out, const struct value *v, bool quote);
/* List of scalars as one column (int with num widen, null fits all); E207 when mixed. */
rc value_column(struct ctx *cx, const struct value *v, struct span span, struct column **out);

/* A parsed cell or file, kept while any fn or lambda of it lives. */
struct program {
    atomic_int refs;
    struct arena *arena;
    const struct ast *block;
    const char *folder; /* of an included file: its paths start here; NULL = the session's */
};
struct program *program_ref(struct program *p);
void program_unref(struct program *p);

/* ---- variables ---- */
struct scope; /* chain of name -> value; only fn calls and lambdas make a new one */
struct scope *scope_new(struct scope *parent); /* parent may be NULL; counted */
struct scope *scope_ref(struct scope *s);
void scope_unref(struct scope *s);
/* Looks up the chain; borrowed or NULL. */
const struct value *scope_get(const struct scope *s, struct str name);
const struct value *scope_peek(const struct scope *s, struct str name);    /* no use: for hints */
void scope_set(struct scope *s, struct str name, struct value *take_v);    /* in this scope */
int scope_names(const struct scope *s, struct arena *a, struct str **out); /* whole chain */
/* Functions live apart from variables. scope_fn: the fn of that name, else a variable that holds a
 * lambda; borrowed or NULL. */
const struct value *scope_fn(const struct scope *s, struct str name);
void scope_set_fn(struct scope *s, struct str name, struct value *take_v);
int scope_fn_names(const struct scope *s, struct arena *a, struct str **out);

struct lang {
    struct lang_opts opts;
    struct ctx cx; /* cx.arena is reset after each statement */
    struct error err;
    struct pool *pool;
    struct executor *executor;
    struct scope *globals;
    struct sources *sources;
    const struct value *last;   /* `_` */
    const struct value *recent; /* shown or assigned last: a line of |> goes on from it */
    struct notify notify;
    uint64_t seed;
    int depth;         /* fn and block nesting, E904 past 200 */
    int call_place;    /* counts random calls within a statement (rng stream) */
    bool is_dry;       /* assist: bind only; never run, read whole files, print or set anything */
    int n_rounds;      /* rounds of loops of a dry session so far */
    int64_t use_clock; /* for kept tables */
    struct program *program; /* being run: fns and column expressions keep it */
    struct scope *scope;     /* of the step being bound (item_name reads it) */
    int expr_depth;          /* nesting of expressions over all calls (guards the C stack) */
    int fn_depth;            /* inside fn bodies values are not shown */
    int64_t now_us;          /* now() of this statement; INT64_MIN = not read yet */
    struct param_override *params;
    struct param_decl *param_decls;
    struct include_file *includes;
    struct scan_cache *scans; /* path + options + mtime -> opened scan */
    struct kept_list *kept;   /* plans whose result is kept, for dropping the least recently used */
    struct workspace *workspace; /* `use workspace(..)`, or NULL */
    struct name_log *names;      /* of the last cell (interp_int.h) */
    char *folder;
    int hidden;             /* inside include: displays and prints are not passed on */
    bool is_last_statement; /* the cell's last one is running */
    bool replaces_last;     /* the statement that is running gives `_` another value */
    uint64_t *told;         /* hashes of warnings that were given */
    int n_told, cap_told;
};

/* ---- evaluation outside steps ---- */
/* Runs one statement or expression in a scope. Results are new references. */
rc interp_pipeline(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
rc interp_expr(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out);
rc interp_block(struct lang *lg, struct scope *sc, const struct ast *block, struct value **out);
/* One scalar (a frame of 1 x 1 stands for its value); E218 / E207 else. Text is copied to `a`. */
rc interp_scalar(struct lang *lg, struct scope *sc, const struct ast *e, struct arena *a,
                 struct scalar *out);
/* Applies step to input (NULL = none). */
rc interp_step(struct lang *lg, struct scope *sc, const struct ast_step *step,
               const struct value *input, struct value **out);
/* A value as one scalar (a frame of 1 x 1 is computed); E218 / E207 else. Text is copied to `a`. */
rc value_to_scalar(struct lang *lg, const struct value *v, struct span span, struct arena *a,
                   struct scalar *out);
/* The frame's label in words: "`trips`" or "the frame"; buf is returned. */
const char *label_text(const char *label, char *buf, size_t n);
/* Shows a value through the host. max_rows: 0 = the usual (all up to 20, else 10 + 5), INT64_MAX =
 * all. */
rc show_value(struct lang *lg, const struct value *v, int64_t max_rows, struct span span);
/* Computes a frame (kept in the plan under the memory budget); new reference. */
rc frame_table(struct lang *lg, struct plan *p, struct table **out);
struct io_option;
/* Writes a frame part by part, its rows as they are made (a result that is kept as it stands), so
 * that the whole need not be in memory. For formats that io_can_append says so of. */
rc frame_write(struct lang *lg, struct plan *p, const char *path, const struct io_option *opts,
               int n_opts, struct span span, int64_t *n_rows);
/* Resolves a path against the session's folder (arena). */
const char *resolve_path(struct lang *lg, struct arena *a, struct str path);

/* ---- binding of step expressions ---- */
/* What an expression may hold at a place. */
enum bind_mode {
    BIND_ROW,       /* plain: aggregates are E210 */
    BIND_WINDOW,    /* derive, where: aggregates and window functions over the step's groups */
    BIND_AGGREGATE, /* summarize: aggregates; outside them only keys and earlier results */
};
struct bind {
    struct lang *lg;
    struct scope *scope; /* for $variables */
    struct ctx *cx;
    struct arena *arena;         /* expressions are made here (cx->arena does) */
    const struct schema *schema; /* columns in sight */
    const char *frame_label;     /* for messages, or NULL */
    enum bind_mode mode;
    /* BIND_WINDOW / BIND_AGGREGATE: aggregates and window calls found, with made-up names
     * (`.agg0`); the expression refers to them as columns. The verb puts them into a WINDOW /
     * AGGREGATE node below its PROJECT. */
    struct named_expr *found;
    int n_found, cap_found;
    const struct schema
        *outer; /* BIND_AGGREGATE: keys and earlier results, seen outside aggregates */
    bool has_sort, has_by;
    const char **lambda_names;
    const struct expr **lambda_values;
    int n_lambda;   /* across: x -> column */
    int found_base; /* first number for made-up names */
    /* inside bind*.c */
    const struct bind_env *env; /* parameters of inlined fns and lambdas */
    int in_agg;                 /* inside an aggregate's or window function's arguments */
    int map_depth;              /* inside the lambdas of so many map(..) over list columns */
};
void bind_init(struct bind *b, struct lang *lg, struct scope *sc, const struct schema *schema,
               const char *frame_label, enum bind_mode mode);
rc bind_expr(struct bind *b, const struct ast *e, const struct expr **out);
/* As bind_expr, then E207 unless the kind fits (int does for num). */
rc bind_expr_kind(struct bind *b, const struct ast *e, enum kind to, const char *what,
                  const struct expr **out);
/* Selectors: all() type(num) starts("x") a..b, `- c`, plain names, backticks: names of columns, in
 * order, no repeats. *is_selector false when the item is not a selector (a computed expression). */
rc bind_columns(struct bind *b, const struct ast *e, const char ***out, int *n, bool *is_selector);
/* `-fare, zone`: sort keys with optional nulls: option. */
rc bind_sort(struct bind *b, const struct ast_item *items, int n, struct sort_key **out,
             int *out_n);
rc bind_by(struct bind *b, const struct ast_item *items, int n, struct named_expr **out,
           int *out_n);
/* BIND_WINDOW: adds all that was found to `in` by WINDOW nodes (several where one window function
 * reads another: mean(lag(x), last: 7)); *out is a new reference to `in` when nothing was found. */
rc bind_windows(struct bind *b, struct plan *in, const struct expr *const *by, int n_by,
                const struct sort_key *sort, int n_sort, struct span span, struct plan **out);
/* Name of an unnamed computed column: its source text, blanks folded. */
const char *item_name(struct lang *lg, struct arena *a, const struct ast_item *item);
rc unknown_column(struct bind *b, struct str name, struct span span); /* E201, closest names */

/* ---- verbs: one file each in lang/verbs, one row in verbs.def ---- */
struct verb_option {
    const char *name;
    enum {
        OPT_EXPR,
        OPT_WORD,
        OPT_BOOL,
        OPT_INT,
        OPT_NUM,
        OPT_STR,
        OPT_COLUMN,
        OPT_FRAME,
        OPT_ANY
    } takes;
    const char *
        words; /* OPT_WORD: "inner left right" (plain words after `:` are looked up in this list) */
    const char *doc;
};
struct verb_call {
    struct lang *lg;
    struct ctx *cx;
    struct arena *arena; /* statement arena */
    struct scope *scope;
    const struct ast_step *step;
    const struct value *input; /* NULL when the verb stands without one */
};
struct verb_desc {
    const char *name;
    const char *sig; /* "take n [by groups] [sort keys]" */
    const char *doc;
    const char *examples[2]; /* run as tests on the frames of tests/data (see lang/README.md) */
    const struct verb_option
        *options; /* ends with a NULL name (NULL = none); unknown options fail E206 before bind is
                     called, unless a row is named "*": then bind checks them */
    enum {
        TAKES_FRAME = 1,
        TAKES_MODEL = 2,
        TAKES_CHART = 4,
        TAKES_NOTHING = 8,
        TAKES_VALUE = 16
    } input;
    bool takes_by, takes_sort, takes_on;
    enum rc_t (*bind)(struct verb_call *vc, struct value **out);
};
/* Runs one step with a verb of the language: E205 / E105 when there is none of that name, E214 for
 * one that comes later; checks input, clauses and option names, then calls bind. Without input
 * (NULL), a verb that needs one takes its first plain item (`explain t`). interp_step calls this
 * when no fn of the user has the name. */
rc verb_apply(struct lang *lg, struct scope *sc, const struct ast_step *step,
              const struct value *input, struct value **out);
/* `verb(items)` as an expression, for verbs that also stand without input: union(list). *is_verb
 * false: the name is a function or no such verb, and nothing was done. */
rc verb_apply_call(struct lang *lg, struct scope *sc, const struct ast *call, struct value **out,
                   bool *is_verb);
const struct verb_desc *verb_find(struct str name);
const struct verb_desc *const *verb_all(int *n);
/* The item of an option, or NULL; checked values by takes. */
const struct ast_item *verb_option(const struct verb_call *vc, const char *name);
rc verb_option_word(struct verb_call *vc, const char *name, const char *def, const char **out);
rc verb_option_bool(struct verb_call *vc, const char *name, bool def, bool *out);
rc verb_option_int(struct verb_call *vc, const char *name, int64_t def, int64_t *out);
rc verb_option_num(struct verb_call *vc, const char *name, double def, double *out);
rc verb_option_str(struct verb_call *vc, const char *name, const char *def, const char **out);
/* A frame, model or chart named in a verb's item: plain name, $name, or a bracketed pipeline. */
rc verb_frame_item(struct verb_call *vc, const struct ast *e, struct value **out);
rc verb_model_item(struct verb_call *vc, const struct ast *e, struct value **out);
void verb_bind_init(struct bind *b, struct verb_call *vc, enum bind_mode mode); /* input's schema */

/* Functions that exist outside steps only: lang/builtins.def, descriptors as for verbs. */
struct builtin_desc {
    const char *name, *sig, *doc, *example;
    int min_args, max_args; /* by position; -1 = any */
    const char *options; /* "help secret": names allowed, NULL = none, "*" = checked by the builtin
                            itself */
    enum rc_t (*call)(struct lang *lg, struct scope *sc, const struct ast *e, struct value **args,
                      struct str *names, int n_args, struct value **out);
    const char *words; /* "names types": options in which plain names are texts: [a, b] */
};
const struct builtin_desc *builtin_find(struct str name);
const struct builtin_desc *const *builtin_all(int *n);

/* Formula: `y ~ a + scale(b)` against a schema, to runtime/ml's form (arena-owned). `.` stands for
 * the columns named nowhere else in the formula nor in the options of `step` (NULL: none). prep: a
 * recipe whose steps every column goes through that stands as a term, or NULL. */
rc bind_formula(struct bind *b, const struct ast *e, const struct ast_step *step,
                const struct value *prep, struct formula **out);

#endif
