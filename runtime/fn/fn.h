/* fn.h: descriptors of scalar functions, aggregates and window functions, and what their kernels
 * receive. Operators are functions too: "+", "==", "and", "in", "??", "is_null" (names in ops
 * below). Nobody outside fn/ names a function except by its descriptor found through fn_find; plan
 * and executors read descriptors only. */
#ifndef MLNB_FN_FN_H
#define MLNB_FN_FN_H

#include "runtime/base/arena.h"
#include "runtime/col/column.h"

/* ---- what happened to rows, counted by kernels, reported once a step (W311, W312) ---- */
struct fn_note {
    int64_t n;         /* values concerned */
    int64_t rows[3];   /* first three: row numbers counted from 0 in the step's input */
    char texts[3][24]; /* and what stood there */
};

/* One evaluation of one call on one batch. */
struct fn_eval {
    struct ctx *cx; /* errors (E312 ...); cx->arena: scratch until the batch is done */
    const struct scalar
        *consts;          /* [n_args]; .type.kind != KIND_NULL or is_null only where is_const[i] */
    const bool *is_const; /* [n_args] */
    int n_args;
    struct dtype type; /* result type */
    const struct dtype *arg_types;
    void *prepared;       /* what fn_desc.prepare made, or NULL */
    struct fn_note *note; /* count of bad values; never NULL */
    int64_t first_row;    /* number of the batch's first row, for the note */
    struct span span;
};

/* out->data (and out->valid when the kernel is FN_OWN_NULLS) point to memory the caller made: n
 * values of the result's canonical type, valid all set. Text results point into e->cx->arena or
 * into an argument's heap (then set out->heap). Arguments: canonical types; constants have is_const
 * (kernels must handle them: kern/ templates do); a constant list has no data, the kernel reads
 * e->consts or what it prepared. Under FN_ANY_NULL the caller has intersected validity (into
 * out->valid when FN_ADDS_NULLS is set), no argument is a null constant, and data under nulls is
 * unspecified but readable; args[].valid stays each argument's own, so that a kernel can leave null
 * rows out of its counts and overflow errors. */
typedef enum rc_t (*fn_kernel)(struct fn_eval *e, int64_t n, const struct vec *args,
                               struct vec *out);

enum fn_nulls {
    FN_ANY_NULL,  /* any null argument gives null; the kernel never sees validity (it may add nulls:
                     out->valid) */
    FN_OWN_NULLS, /* the kernel reads and writes validity itself (comparison, and, if, ??) */
};
enum fn_flags {
    FN_PURE =
        1, /* same arguments, same value: may be folded, pushed down, run once per distinct value */
    FN_ADDS_NULLS =
        2, /* FN_ANY_NULL, but the kernel may clear bits of out->valid (log(-1), failed casts) */
    FN_HIDDEN = 4,    /* not in help or completion (operators, internal casts) */
    FN_CAST = 8,      /* its note is W312 (could not be cast), not W311 (0/0 and the like) */
    FN_CALENDAR = 32, /* reads the calendar: datetimes with a zone other than UTC come to its kernel
                         as clock times, and a datetime it makes of them goes back to the zone */
};

#define FN_MAX_ARGS 8
struct fn_overload {
    int n_args; /* -1: any number >= 1, all of args[0] */
    enum kind args[FN_MAX_ARGS];
    enum kind ret;
    fn_kernel kernel;
};
/* Foreign spellings for push-down; NULL = cannot be pushed there. %1 %2 are the arguments. */
struct fn_foreign {
    const char *sql; /* PostgreSQL */
    const char *spark;
};

struct fn_desc {
    const char *name;
    const char *sig;     /* "clip(x: num, lo: num, hi: num) -> num" */
    const char *doc;     /* one or two sentences */
    const char *example; /* "clip(12, 0, 10)  #> 10", run as a test */
    enum fn_nulls nulls;
    unsigned flags;
    const struct fn_overload *
        overloads; /* first that fits after int -> num, cat -> str, null -> any, date -> datetime */
    int n_overloads;
    /* Result type when it is more than a kind (zone, list element, level order): NULL = DTYPE(ret).
     */
    enum rc_t (*type)(struct ctx *cx, const struct dtype *args, int n, struct span span,
                      struct dtype *out);
    /* Last word on the result type where it depends on a constant (tz). NULL = nothing. */
    enum rc_t (*retype)(struct ctx *cx, const struct scalar *consts, const bool *is_const, int n,
                        struct span span, struct dtype *type);
    /* Compiles constants (patterns, formats, bin widths) once; freed with the arena. NULL = nothing
     * to prepare. */
    enum rc_t (*prepare)(struct fn_eval *e, struct arena *arena, void **out);
    struct fn_foreign foreign;
};

/* ---- aggregates: one definition serves groups, threads, windows and remote partials ---- */
/* Room that aggregates over the same values share: what one has made of them (a histogram) serves
 * the next. owner: whose it is (an address of the maker's), NULL = nothing yet. */
struct agg_shared {
    const void *owner;
    void *p; /* in the arena of the states */
};
struct agg_eval {
    struct ctx *cx; /* errors; cx->arena: scratch until the call returns */
    /* Lives as long as the states (one per worker, all until the last final): what min, first ...
     * keep of long texts is copied here. After combine, dst may point into src's arena. */
    struct arena *arena;
    int n_args;
    struct dtype type; /* result */
    const struct dtype *arg_types;
    const struct scalar *consts; /* as fn_eval */
    const bool *is_const;
    struct span span;
    struct agg_shared *shared; /* whole(): of all whose arguments are the same rows, or NULL */
};
struct agg_overload {
    int n_args;
    enum kind args[4];
    enum kind ret;
    size_t state_size; /* bytes, 8-aligned; states start zeroed */
    /* Adds n rows: row i goes to the state at base + groups[i] * stride, or all to base when groups
     * is NULL. Rows that are null in any non-constant argument are not there for count(x), sum ...;
     * the kernel tests args[].valid. Arguments: canonical types; a constant one may be a const
     * vector or be left empty (kernels read e->consts). */
    enum rc_t (*update)(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                        int64_t n, const struct vec *args);
    /* dst += src, in partition order (fixed, so sums do not depend on threads). */
    enum rc_t (*combine)(struct agg_eval *e, char *dst, const char *src);
    /* Writes results of n states into out (canonical result type, valid preset all set). Texts
     * point into the states' arena. */
    enum rc_t (*final)(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                       struct vec *out);
    /* Holistic instead (median, mode, n_distinct, list): state_size 0 and this: args hold all the
     * rows of one group in row order (nulls still in); write the result at row `at` of out. */
    enum rc_t (*whole)(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                       int64_t at);
    bool
        takes_codes; /* whole() also takes texts as codes (PHYS_DICT) where there is a dictionary */
};
struct agg_desc {
    const char *name, *sig, *doc, *example;
    const struct agg_overload *overloads;
    int n_overloads;
    enum rc_t (*type)(struct ctx *cx, const struct dtype *args, int n, struct span span,
                      struct dtype *out);
    bool is_hidden;   /* not in help or completion (SQL's own) */
    bool needs_order; /* first, last without sort keep input order; join_str, list */
    struct fn_foreign foreign;
};

/* ---- window functions that are not aggregates: one sorted group at a time ---- */
struct win_desc {
    const char *name, *sig, *doc, *example;
    int min_args, max_args;
    bool is_hidden;     /* not in help or completion (SQL's own) */
    bool needs_sort;    /* E213 without a sort clause (row_number does not) */
    bool ranks_by_args; /* rank(-fare): ordered by what it is given; rank() by the sort clause */
    enum rc_t (*type)(struct ctx *cx, const struct dtype *args, int n, struct span span,
                      struct dtype *out);
    /* Rows of one group in window order: order[i] is the table row of the ith. args are whole
     * columns (table order) in the canonical type of their kind, not looked at where e->is_const
     * (may be NULL there); of ranks_by_args functions (else NULL) peers[i] != 0 when row i ties
     * with i - 1 in their first argument, or the sort keys when they have none. Writes out at table
     * rows, the group's rows only; bits of validity and of bool results are written without locks,
     * so groups that share a word are run by one thread. Texts share the heaps of the first text
     * argument. */
    enum rc_t (*run)(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                     const struct column *const *args, struct vec *out);
    struct fn_foreign foreign;
};

/* ---- signatures: "round(x: num, digits: int = 0) -> num" ---- */
struct fn_param {
    struct str name, type; /* "digits", "int" */
    struct str def;        /* "0"; .p NULL: must be given */
};
/* Parameters of a sig in order, at most `max` written; returns how many there are. A last parameter
 * that ends in ".." (`least(x, ..)`) is not counted. Binders place named arguments by it and fill
 * gaps before them with the defaults. */
int fn_params(const char *sig, struct fn_param *out, int max);

/* ---- notes ---- */
void fn_note_add(struct fn_note *note, int64_t row, struct str text);
/* dst += src, where src's rows come after dst's. */
void fn_note_merge(struct fn_note *dst, const struct fn_note *src);
/* Sends W311 or W312 when the note counts anything. what: name of the column or text of the
 * expression; total: rows looked at (0 = not known). */
void fn_note_warn(struct ctx *cx, const struct fn_desc *fn, const struct fn_note *note,
                  const char *what, int64_t total, struct span span);

/* Registries: one row each in scalar.def / agg.def / window.def. NULL when there is none. */
const struct fn_desc *fn_find(struct str name);
const struct agg_desc *agg_find(struct str name);
const struct win_desc *win_find(struct str name);
const struct fn_desc *const *fn_all(int *n);
const struct agg_desc *const *agg_all(int *n);
const struct win_desc *const *win_all(int *n);

/* Chooses the overload for argument types: exact first, then with the implicit widenings int ->
 * num, cat -> str, date -> datetime, null -> anything. out_args[i] = the kind that argument i must
 * be cast to before the kernel. Fails E207 / E208 in the user's words, with the signature as hint.
 */
rc fn_resolve(struct ctx *cx, const struct fn_desc *fn, const struct dtype *args, int n,
              struct span span, const struct fn_overload **out, struct dtype *out_type);
rc agg_resolve(struct ctx *cx, const struct agg_desc *agg, const struct dtype *args, int n,
               struct span span, const struct agg_overload **out, struct dtype *out_type);

/* Implicit and explicit casts are functions named "int", "num", "str" ...; fn_cast finds the one
 * for a kind. */
const struct fn_desc *fn_cast(enum kind to);

/* Evaluates a pure call on constants (folding, expressions outside steps). Result text lives in
 * `arena`. */
rc fn_eval_scalar(struct ctx *cx, struct arena *arena, const struct fn_desc *fn,
                  const struct scalar *args, int n, struct span span, struct scalar *out);
/* Aggregates a whole column outside a frame: sum([1, 2]), median(t.fare). */
rc agg_eval_column(struct ctx *cx, struct arena *arena, const struct agg_desc *agg,
                   const struct column *const *args, const struct scalar *consts,
                   const bool *is_const, int n_args, struct span span, struct scalar *out);

#endif
