/* types.c: PostgreSQL's type names, casts, and values that must be of one type. */
#include "lang/sql/functions_int.h"

#include "runtime/fn/sql/interval.h"

struct type_row {
    const char *name;
    enum kind kind;
    const char *cast;
    int bits;
};
static const struct type_row types[] = {
#define TYPE(name, kind, cast, bits) {#name, kind, #cast, bits},
#include "lang/sql/types.def"
#undef TYPE
};

static const struct type_row *type_find(struct str name)
{
    for (int i = 0; i < COUNT_OF(types); i++)
        if (str_eq_nocase(name, str_of(types[i].name))) return &types[i];
    return NULL;
}

static rc type_need(struct ctx *cx, struct str name, struct span span, const struct type_row **out)
{
    *out = type_find(name);
    if (*out) return RC_OK;
    (void)fail(cx, E207, span, "unknown type `%.*s`", STR_FMT(name));
    return err_note(cx, "types are integer, bigint, double precision, numeric, text, varchar, "
                        "boolean, date, timestamp, interval");
}

rc sql_type(struct ctx *cx, struct str name, struct span span, struct dtype *out)
{
    const struct type_row *row;
    TRY(type_need(cx, name, span, &row));
    *out = DTYPE(row->kind);
    return RC_OK;
}

bool sql_is_quoted(const struct expr *e)
{
    return e->op == EXPR_LITERAL && e->type.kind == KIND_STR && !e->value.is_null;
}
bool sql_is_months(const struct expr *e)
{
    return e->op == EXPR_LITERAL && e->type.kind == KIND_DURATION && e->value.months != 0;
}
const struct expr *sql_int_literal(struct arena *a, int64_t x, struct span span)
{
    struct scalar s = {.type = DTYPE(KIND_INT), .u.i = x};
    return expr_literal(a, &s, span);
}

rc sql_ours(struct ctx *cx, struct arena *a, const char *ours, const struct expr *const *args,
            int n, struct span span, const struct expr **out)
{
    const struct fn_desc *fn = fn_find(str_of(ours));
    if (!fn) return fail(cx, E903, span, "no function `%s`", ours);
    return expr_call(cx, a, fn, args, n, span, out);
}

rc sql_fold(struct ctx *cx, struct arena *a, const struct expr **e)
{
    const struct expr *c = *e;
    struct scalar values[FN_MAX_ARGS], value;
    if (c->op != EXPR_CALL || c->n_args > FN_MAX_ARGS || !(c->fn->flags & FN_PURE)) return RC_OK;
    for (int i = 0; i < c->n_args; i++) {
        if (c->args[i]->op != EXPR_LITERAL) return RC_OK;
        values[i] = c->args[i]->value;
    }
    TRY(fn_eval_scalar(cx, a, c->fn, values, c->n_args, c->span, &value));
    value.type = c->type;
    *e = expr_literal(a, &value, c->span);
    return RC_OK;
}

rc sql_interval_literal(struct ctx *cx, struct arena *a, struct str text, struct str unit,
                        struct span span, const struct expr **out)
{
    struct sql_interval t;
    if (!sql_interval_read(text, unit, &t))
        return fail(cx, E317, span, "\"%.*s\" is not an interval", STR_FMT(text));
    if (t.months > INT32_MAX || t.months < -INT32_MAX)
        return fail(cx, E312, span, "the interval is too long");
    struct scalar s = {.type = DTYPE(KIND_DURATION), .months = (int32_t)t.months, .u.i = t.us};
    *out = expr_literal(a, &s, span);
    return RC_OK;
}

rc sql_cast_kind(struct ctx *cx, struct arena *a, const struct expr *e, enum kind to,
                 const struct expr **out)
{
    *out = e;
    if (e->type.kind == to) return RC_OK;
    if (to == KIND_DURATION && sql_is_quoted(e))
        return sql_interval_literal(cx, a, e->value.u.s, STR(""), e->span, out);
    const char *cast = NULL;
    for (int i = 0; i < COUNT_OF(types) && !cast; i++)
        if (types[i].kind == to) cast = types[i].cast;
    if (!cast || e->type.kind == KIND_NULL) return expr_cast(cx, a, e, to, out);
    TRY(sql_ours(cx, a, cast, &e, 1, e->span, out));
    return sql_fold(cx, a, out);
}

/* numeric(p, s) rounds to s digits, varchar(n) and char(n) cut to n characters. */
static rc cast_mods(struct ctx *cx, struct arena *a, const struct type_row *row, struct str name,
                    const int64_t *mods, int n_mods, struct span span, const struct expr **e)
{
    const char *fn = NULL;
    int64_t mod = 0;
    if (row->kind == KIND_STR && n_mods > 0) {
        fn = "left";
        mod = mods[0];
    } else if (row->kind == KIND_STR && (str_eqz(name, "bpchar") || str_eqz(name, "char"))) {
        fn = "left"; /* char alone is char(1) */
        mod = 1;
    } else if (row->kind == KIND_NUM && n_mods > 0 &&
               (str_eqz(name, "numeric") || str_eqz(name, "decimal"))) {
        fn = "sql_round";
        mod = n_mods > 1 ? mods[1] : 0;
    }
    if (!fn) return RC_OK;
    const struct expr *args[2] = {*e, sql_int_literal(a, mod, span)};
    TRY(sql_ours(cx, a, fn, args, 2, span, e));
    return sql_fold(cx, a, e);
}

rc sql_cast(struct ctx *cx, struct arena *a, const struct expr *e, struct str name,
            const int64_t *mods, int n_mods, struct span span, const struct expr **out)
{
    const struct type_row *row;
    TRY(type_need(cx, name, span, &row));
    const struct expr *args[2] = {e, NULL};
    int n = 1;
    if (e->type.kind == KIND_NULL) return expr_cast(cx, a, e, row->kind, out);
    if (row->kind == KIND_DURATION && (sql_is_quoted(e) || sql_is_months(e)))
        return sql_cast_kind(cx, a, e, KIND_DURATION, out);
    bool is_numeric = e->op == EXPR_LITERAL && e->type.kind == KIND_NUM && row->kind == KIND_INT;
    if (is_numeric) { /* half away from zero */
        args[1] = sql_int_literal(a, 0, span);
        TRY(sql_ours(cx, a, "sql_round", args, 2, span, &args[0]));
        TRY(sql_fold(cx, a, &args[0]));
    }
    if (row->bits) args[n++] = sql_int_literal(a, row->bits, span);
    TRY(sql_ours(cx, a, row->cast, args, n, span, out));
    TRY(sql_fold(cx, a, out));
    bool is_double = str_starts(name, STR("float")) || str_eqz(name, "real");
    if (is_double && (*out)->op == EXPR_LITERAL) /* a call, so that nobody takes it for numeric */
        return sql_ours(cx, a, row->cast, out, 1, span, out);
    return cast_mods(cx, a, row, name, mods, n_mods, span, out);
}

/* The kind that all values can take; quoted texts and nulls say nothing unless there is nothing
 * else. */
static rc common_kind(struct ctx *cx, const struct expr **args, int n, enum kind *out)
{
    char left[96], right[96];
    struct dtype type = DTYPE(KIND_NULL);
    bool any_text = false;
    for (int i = 0; i < n; i++) {
        struct dtype t = args[i]->type, before = type;
        any_text = any_text || sql_is_quoted(args[i]);
        if (sql_is_quoted(args[i]) || t.kind == KIND_NULL) continue;
        if (t.kind == KIND_CAT) t = DTYPE(KIND_STR);
        bool widens = before.kind == KIND_NULL || (before.kind == KIND_INT && t.kind == KIND_NUM) ||
                      (before.kind == KIND_DATE && t.kind == KIND_DATETIME);
        bool fits = before.kind == t.kind || (t.kind == KIND_INT && before.kind == KIND_NUM) ||
                    (t.kind == KIND_DATE && before.kind == KIND_DATETIME);
        if (!widens && !fits)
            return fail(cx, E207, args[i]->span, "%s and %s cannot stand in one column",
                        dtype_text(before, left, sizeof left), dtype_text(t, right, sizeof right));
        if (widens) type = t;
    }
    *out = type.kind == KIND_NULL && any_text ? KIND_STR : type.kind;
    return RC_OK;
}

rc sql_unify(struct ctx *cx, struct arena *a, const struct expr **args, int n, struct span span)
{
    enum kind kind;
    (void)span;
    TRY(common_kind(cx, args, n, &kind));
    if (kind == KIND_NULL || kind == KIND_LIST || kind == KIND_STRUCT) return RC_OK;
    for (int i = 0; i < n; i++)
        TRY(sql_cast_kind(cx, a, args[i], kind, &args[i]));
    return RC_OK;
}
