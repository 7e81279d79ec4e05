/* functions.c: looking names up, and making calls of them. */
#include "lang/sql/functions_int.h"

#include "lang/diag.h"

static const struct sql_fn rows[] = {
#define F(name, kind, ours, min, max, flags) {#name, kind, ours, min, max, flags},
#include "lang/sql/functions.def"
#undef F
};

const struct sql_fn *sql_fn_all(int *n)
{
    *n = COUNT_OF(rows);
    return rows;
}

const struct sql_fn *sql_fn_find(struct str name, int n_args)
{
    for (int i = 0; i < COUNT_OF(rows); i++)
        if (str_eqz(name, rows[i].name) && n_args >= rows[i].min_args &&
            (rows[i].max_args < 0 || n_args <= rows[i].max_args))
            return &rows[i];
    return NULL;
}

bool sql_fn_known(struct str name)
{
    for (int i = 0; i < COUNT_OF(rows); i++)
        if (str_eqz(name, rows[i].name)) return true;
    return false;
}

/* E204 with the nearest name of `kind`s that stand here, or E208 when only the number of arguments
 * is wrong. */
static rc fail_name(struct ctx *cx, struct str name, int n, struct span span)
{
    int lo = 99, hi = 0;
    struct str names[COUNT_OF(rows)];
    for (int i = 0; i < COUNT_OF(rows); i++) {
        names[i] = str_of(rows[i].name);
        if (!str_eq(name, names[i])) continue;
        int most = rows[i].max_args < 0 ? 99 : rows[i].max_args;
        lo = rows[i].min_args < lo ? rows[i].min_args : lo;
        hi = most > hi ? most : hi;
    }
    if (lo < 99 && lo == hi)
        return fail(cx, E208, span, "`%.*s` takes %d value%s, not %d", STR_FMT(name), lo,
                    lo == 1 ? "" : "s", n);
    if (lo < 99 && hi == 99)
        return fail(cx, E208, span, "`%.*s` takes %d or more values, not %d", STR_FMT(name), lo, n);
    if (lo < 99)
        return fail(cx, E208, span, "`%.*s` takes %d to %d values, not %d", STR_FMT(name), lo, hi,
                    n);
    (void)fail(cx, E204, span, "unknown function `%.*s`", STR_FMT(name));
    struct str near = nearest(name, names, COUNT_OF(rows));
    return near.n ? err_note(cx, "did you mean `%.*s`?", STR_FMT(near)) : RC_ERR;
}

/* ---- calls ---- */
/* As texts for concat, which writes a bool as t or f. */
static rc text_args(struct ctx *cx, struct arena *a, const struct expr **args, int n)
{
    for (int i = 0; i < n; i++) {
        bool is_bool = args[i]->type.kind == KIND_BOOL;
        TRY(sql_cast_kind(cx, a, args[i], KIND_STR, &args[i]));
        if (!is_bool) continue;
        const struct expr *two[2] = {args[i], sql_int_literal(a, 1, args[i]->span)};
        TRY(sql_ours(cx, a, "left", two, 2, args[i]->span, &args[i]));
    }
    return RC_OK;
}

/* coalesce(a, b, c) is a ?? (b ?? c). */
static rc coalesce(struct ctx *cx, struct arena *a, const struct expr **args, int n,
                   struct span span, const struct expr **out)
{
    *out = args[n - 1];
    for (int i = n - 2; i >= 0; i--) {
        const struct expr *two[2] = {args[i], *out};
        TRY(sql_ours(cx, a, "??", two, 2, span, out));
    }
    return RC_OK;
}

/* Quoted texts become what the first overload of that arity wants, unless it takes text. */
static rc quoted_args(struct ctx *cx, struct arena *a, const struct fn_desc *fn,
                      const struct expr **args, int n)
{
    for (int i = 0; i < n; i++) {
        enum kind want = KIND_NULL;
        bool takes_text = false;
        if (!sql_is_quoted(args[i])) continue;
        for (int k = 0; k < fn->n_overloads; k++) {
            const struct fn_overload *o = &fn->overloads[k];
            if (o->n_args >= 0 && o->n_args != n) continue;
            enum kind kind = o->args[o->n_args < 0 ? 0 : i];
            takes_text = takes_text || kind == KIND_STR || kind == KIND_NULL;
            if (want == KIND_NULL || (want == KIND_INT && kind == KIND_NUM)) want = kind;
        }
        if (!takes_text && want != KIND_NULL) TRY(sql_cast_kind(cx, a, args[i], want, &args[i]));
    }
    return RC_OK;
}

/* A value beside a list as a list of one. */
rc sql_list_args(struct ctx *cx, struct arena *a, const struct expr **two, struct span span)
{
    for (int i = 0; i < 2; i++) {
        const struct dtype list = two[1 - i]->type;
        if (two[i]->type.kind == KIND_LIST || list.kind != KIND_LIST) continue;
        TRY(sql_cast_kind(cx, a, two[i], list.elem->kind, &two[i]));
        return expr_list(cx, a, &two[i], 1, span, &two[i]);
    }
    return RC_OK;
}

rc sql_call(struct ctx *cx, struct arena *a, struct str name, const struct expr *const *args, int n,
            struct span span, const struct expr **out)
{
    const struct sql_fn *row = sql_fn_find(name, n);
    if (!row) return fail_name(cx, name, n, span);
    if (row->kind == SQL_CLOCK)
        return fail(cx, E217, span, "`%.*s` cannot stand here", STR_FMT(name));
    if (row->kind != SQL_SCALAR)
        return fail(cx, E210, span, "`%.*s` cannot stand here: it needs %s", STR_FMT(name),
                    row->kind == SQL_WINDOW ? "OVER (..)" : "a query that groups");
    const struct expr **mine = ARENA_ARRAY(a, const struct expr *, n + 1);
    if (n) memcpy(mine, args, (size_t)n * sizeof *mine);
    const char *ours = row->ours;
    if (row->flags & SQL_LIST_ARGS) TRY(sql_list_args(cx, a, mine, span));
    if (row->flags & SQL_TEXT_ARGS) TRY(text_args(cx, a, mine, n));
    bool is_choice = strcmp(ours, "??") == 0 || strcmp(ours, "null_if") == 0 ||
                     strcmp(ours, "sql_least") == 0 || strcmp(ours, "sql_greatest") == 0;
    if (is_choice) TRY(sql_unify(cx, a, mine, n, span));
    if (strcmp(ours, "??") == 0) return coalesce(cx, a, mine, n, span, out);
    bool done = false;
    TRY(sql_zones_meet(cx, a, mine, n));
    TRY(sql_special_call(cx, a, row, mine, n, span, out, &done));
    if (done) return RC_OK;
    const struct fn_desc *fn = fn_find(str_of(ours));
    if (!fn) return fail(cx, E214, span, "`%.*s` does not run yet", STR_FMT(name));
    TRY(quoted_args(cx, a, fn, mine, n));
    TRY(expr_call(cx, a, fn, mine, n, span, out));
    return row->flags & SQL_FOLD ? sql_fold(cx, a, out) : RC_OK;
}

/* Our aggregate for DISTINCT values, NULL when there is none. */
static const char *distinct_of(const struct sql_fn *fn)
{
    static const char *const pairs[][2] = {
        {"count", "n_distinct"},
        {"sql_sum", "sql_sum_distinct"},
        {"mean", "sql_avg_distinct"},
        {"join_str", "sql_join_distinct"},
    };
    if (fn->flags & SQL_NO_ORDER) return fn->ours;
    for (int i = 0; i < COUNT_OF(pairs); i++)
        if (strcmp(pairs[i][0], fn->ours) == 0) return pairs[i][1];
    return NULL;
}

rc sql_agg(struct ctx *cx, struct arena *a, const struct sql_fn *fn, const struct expr *const *args,
           int n, bool distinct, bool descending, const struct expr *where, struct win_frame frame,
           struct span span, const struct expr **out)
{
    const char *ours = fn->ours;
    if (distinct && n > 0) ours = distinct_of(fn);
    if (!ours) return fail(cx, E217, span, "DISTINCT cannot stand in `%s`", fn->name);
    if (descending && fn->kind == SQL_WITHIN) ours = arena_printf(a, "%s_desc", ours);
    const struct agg_desc *agg = agg_find(str_of(ours));
    if (!agg) return fail(cx, E214, span, "`%s` cannot stand here yet", fn->name);
    return expr_agg(cx, a, agg, args, n, where, frame, span, out);
}
