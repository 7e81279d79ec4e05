/* types.c: PostgreSQL's type names, casts, and values that must be of one type. */
#include "lang/sql/functions_int.h"

#include "lang/sql/query.h"
#include "runtime/fn/sql/array_text.h"
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
    if (row->kind == KIND_DATETIME && str_eq_nocase(name, STR("timestamptz")))
        return sql_as_instant(cx, a, e, out);
    if (row->kind == KIND_STR && e->type.kind == KIND_LIST)
        return sql_ours(cx, a, "sql_array_text", args, 1, span, out);
    bool is_numeric = e->op == EXPR_LITERAL && e->type.kind == KIND_NUM && row->kind == KIND_INT;
    if (is_numeric) { /* half away from zero */
        args[1] = sql_int_literal(a, 0, span);
        TRY(sql_ours(cx, a, "sql_round", args, 2, span, &args[0]));
        TRY(sql_fold(cx, a, &args[0]));
    }
    if (row->bits) args[n++] = sql_int_literal(a, row->bits, span);
    if (row->kind == KIND_DATETIME && e->type.kind == KIND_DATETIME && e->type.zone) {
        struct scalar utc = {.type = DTYPE(KIND_STR), .u.s = STR("UTC")};
        return sql_at_zone(cx, a, expr_literal(a, &utc, span), e, span, out);
    }
    TRY(sql_ours(cx, a, row->cast, args, n, span, out));
    TRY(sql_fold(cx, a, out));
    bool is_double = str_starts(name, STR("float")) || str_eqz(name, "real");
    if (is_double && (*out)->op == EXPR_LITERAL) /* a call, so that nobody takes it for numeric */
        return sql_ours(cx, a, row->cast, out, 1, span, out);
    return cast_mods(cx, a, row, name, mods, n_mods, span, out);
}

/* ---- arrays ---- */
/* Values of an array written here, each cast. */
static rc cast_items(struct ctx *cx, struct arena *a, const struct expr **items, int n,
                     struct str name, const int64_t *mods, int n_mods, struct span span,
                     const struct expr **out)
{
    struct builder b;
    struct column *c = NULL;
    struct dtype elem;
    TRY(sql_type(cx, name, span, &elem));
    for (int i = 0; i < n; i++) {
        TRY(sql_cast(cx, a, items[i], name, mods, n_mods, span, &items[i]));
        TRY(sql_fold(cx, a, &items[i]));
        if (items[i]->type.kind == KIND_DATETIME) elem = items[i]->type;
    }
    for (int i = 0; i < n; i++)
        if (items[i]->op != EXPR_LITERAL) return expr_list(cx, a, items, n, span, out);
    builder_init(&b, elem, kind_phys(elem.kind));
    enum rc_t res = RC_OK;
    for (int i = 0; i < n && res == RC_OK; i++)
        res = items[i]->value.is_null ? builder_null(cx, &b)
                                      : builder_scalar(cx, &b, &items[i]->value);
    if (res == RC_OK) res = builder_finish(cx, &b, &c);
    builder_release(&b);
    TRY(res);
    struct scalar v = {.type = dtype_list(elem), .u.list = c};
    *out = expr_literal(a, &v, span);
    column_unref(c);
    return RC_OK;
}
static const struct expr *item_literal(struct arena *a, struct str text, bool is_null,
                                       struct span span)
{
    struct scalar v = {.type = DTYPE(KIND_STR), .is_null = is_null};
    v.u.s = arena_str(a, text);
    return expr_literal(a, &v, span);
}
/* '{1,2}'::int[] */
static rc cast_written(struct ctx *cx, struct arena *a, const struct expr *e, struct str name,
                       const int64_t *mods, int n_mods, struct span span, const struct expr **out)
{
    struct str s = e->value.u.s;
    struct strbuf b = {0};
    int n = 0, cap = 0;
    const struct expr **items = NULL;
    size_t at = 0;
    bool is_null, is_bad;
    while (sql_array_next(s, &at, &b, &is_null, &is_bad)) {
        sql_grow(a, (void **)&items, n, &cap, sizeof *items);
        items[n++] = item_literal(a, strbuf_view(&b), is_null, e->span);
    }
    strbuf_release(&b);
    if (!is_bad) return cast_items(cx, a, items, n, name, mods, n_mods, span, out);
    (void)fail(cx, E317, e->span, "this is no array of plain values");
    return err_hint(cx, "'{1,2,3}'::int[]");
}
rc sql_cast_array(struct ctx *cx, struct arena *a, const struct expr *e, struct str name,
                  const int64_t *mods, int n_mods, struct span span, const struct expr **out)
{
    char text[96];
    const struct expr *body;
    struct dtype elem;
    TRY(sql_type(cx, name, span, &elem));
    if (sql_is_quoted(e)) return cast_written(cx, a, e, name, mods, n_mods, span, out);
    bool is_null = e->op == EXPR_LITERAL && e->value.is_null;
    struct scalar none = {.type = dtype_list(elem), .is_null = true};
    *out = expr_literal(a, &none, span);
    if (is_null) return RC_OK;
    if (e->type.kind == KIND_STR || e->type.kind == KIND_CAT) {
        TRY(sql_cast_kind(cx, a, e, KIND_STR, &e));
        TRY(sql_ours(cx, a, "sql_array_read", &e, 1, span, &e));
    }
    if (e->type.kind != KIND_LIST)
        return fail(cx, E207, e->span, "%s cannot become an array",
                    dtype_text(e->type, text, sizeof text));
    enum kind k = e->type.elem->kind;
    if (e->op == EXPR_LITERAL && e->value.u.list->n <= 10000 && k != KIND_LIST &&
        k != KIND_STRUCT) {
        int n = (int)e->value.u.list->n;
        const struct expr **items = ARENA_ARRAY(a, const struct expr *, n + 1);
        for (int i = 0; i < n; i++) {
            struct scalar v = column_scalar(e->value.u.list, i);
            items[i] = expr_literal(a, &v, e->span);
            scalar_release(&v);
        }
        return cast_items(cx, a, items, n, name, mods, n_mods, span, out);
    }
    const char *param = expr_param_name(a, STR("x"), 0);
    TRY(sql_cast(cx, a, expr_column(a, param, *e->type.elem, span), name, mods, n_mods, span,
                 &body));
    return expr_map_list(cx, a, param, e, body, span, out);
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
    return kind == KIND_DATETIME ? sql_zones_meet(cx, a, args, n) : RC_OK;
}
