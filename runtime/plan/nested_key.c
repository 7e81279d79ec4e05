/* nested_key.c: lists and structs where plans compare values: keys of groups, sort, joins,
 * distinct, comparisons, and aggregates that choose a value. Each works on the text that nested_key
 * makes, and nested_value turns what comes out back. */
#include "runtime/plan/plan_int.h"

bool dtype_is_nested(struct dtype t)
{
    return t.kind == KIND_LIST || t.kind == KIND_STRUCT;
}

rc expr_key(struct ctx *cx, struct arena *a, const struct expr *e, const struct expr **out)
{
    *out = e;
    if (!dtype_is_nested(e->type)) return RC_OK;
    TRY(expr_call(cx, a, fn_find(STR("nested_key")), &e, 1, e->span, out));
    ((struct expr *)(uintptr_t)*out)->is_implicit = true; /* just made, not shared yet */
    return RC_OK;
}

/* What comes back from a key: levels of categories are texts there. */
static rc value_type(struct ctx *cx, struct dtype t, struct dtype *out)
{
    *out = t.kind == KIND_CAT ? DTYPE(KIND_STR) : t;
    if (t.kind == KIND_LIST) {
        struct dtype elem;
        TRY(value_type(cx, *t.elem, &elem));
        *out = dtype_list(elem);
    }
    if (t.kind != KIND_STRUCT) return RC_OK;
    int n = t.fields->n;
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n + 1);
    for (int i = 0; i < n; i++) {
        fields[i].name = t.fields->fields[i].name;
        TRY(value_type(cx, t.fields->fields[i].type, &fields[i].type));
    }
    return dtype_struct(fields, n, out) ? RC_OK
                                        : fail(cx, E903, NO_SPAN, "a struct has a field twice");
}

rc expr_of_key(struct ctx *cx, struct arena *a, const struct expr *key, struct dtype type,
               const struct expr **out)
{
    struct scalar like = {.type = type, .is_null = true};
    const struct expr *two[2] = {key, expr_literal(a, &like, key->span)};
    return expr_call(cx, a, fn_find(STR("nested_value")), two, 2, key->span, out);
}

/* ---- x == y, x ?? y ---- */
static bool compares(const char *name)
{
    static const char *const names[] = {"==",     "!=",     "<",      "<=",     ">",      ">=",
                                        "sql_eq", "sql_ne", "sql_lt", "sql_le", "sql_gt", "sql_ge"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

rc expr_call_nested(struct ctx *cx, struct arena *a, const struct fn_desc *fn,
                    const struct expr *const *args, int n, struct span span,
                    const struct expr **out)
{
    struct dtype type;
    const struct expr *keys[2];
    *out = NULL;
    if (n != 2 || (!dtype_is_nested(args[0]->type) && !dtype_is_nested(args[1]->type)))
        return RC_OK;
    if (strcmp(fn->name, "\?\?") == 0) return expr_or(cx, a, args[0], args[1], span, out);
    if (!compares(fn->name)) return RC_OK;
    if (!type_unify(args[0]->type, args[1]->type, &type)) return RC_OK;
    for (int i = 0; i < 2; i++) {
        TRY(expr_as_type(cx, a, args[i], type, &keys[i]));
        TRY(expr_key(cx, a, keys[i], &keys[i]));
    }
    return expr_call(cx, a, fn, keys, 2, span, out);
}

/* ---- aggregates ---- */
enum result { RESULT_NONE, RESULT_PLAIN, RESULT_VALUE, RESULT_LIST };

/* What an aggregate over keys gives: a number as ever, a key, a list of keys. */
static enum result result_of(const struct agg_desc *agg)
{
    static const struct {
        const char *name;
        enum result result;
    } rows[] = {{"n_distinct", RESULT_PLAIN}, {"approx_distinct", RESULT_PLAIN},
                {"mode", RESULT_VALUE},       {"min", RESULT_VALUE},
                {"max", RESULT_VALUE},        {"first", RESULT_VALUE},
                {"last", RESULT_VALUE},       {"nth", RESULT_VALUE},
                {"arg_max", RESULT_VALUE},    {"arg_min", RESULT_VALUE},
                {"list", RESULT_LIST},        {"sql_array_agg", RESULT_LIST}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, agg->name) == 0) return rows[i].result;
    return RESULT_NONE;
}

bool expr_agg_takes_nested(const struct agg_desc *agg)
{
    return result_of(agg) != RESULT_NONE;
}

rc expr_agg_keys(struct ctx *cx, struct arena *a, const struct agg_desc *agg,
                 const struct expr *const *args, int n, const struct expr *const **out,
                 struct dtype *value)
{
    enum result result = result_of(agg);
    const struct expr **keys = ARENA_ARRAY(a, const struct expr *, n + 1);
    *value = DTYPE(KIND_NULL);
    *out = args;
    if (n == 0 || result == RESULT_NONE) return RC_OK;
    for (int i = 0; i < n; i++)
        TRY(expr_key(cx, a, args[i], &keys[i]));
    *out = keys;
    if (!dtype_is_nested(args[0]->type) || result == RESULT_PLAIN) return RC_OK;
    TRY(value_type(cx, args[0]->type, value));
    if (result == RESULT_LIST) *value = dtype_list(*value);
    return RC_OK;
}

/* ---- nodes whose output holds keys ---- */
/* The type that an item has as long as it is made of keys. */
static struct dtype held_type(const struct expr *e)
{
    if (e->op != EXPR_AGG || !dtype_is_nested(e->type)) return e->type;
    switch (result_of(e->agg)) {
    case RESULT_VALUE: return DTYPE(KIND_STR);
    case RESULT_LIST: return dtype_is_nested(*e->type.elem) ? dtype_list(DTYPE(KIND_STR)) : e->type;
    default: return e->type;
    }
}

rc plan_items_held(struct ctx *cx, struct named_expr *items, int n, bool *any)
{
    for (int i = 0; i < n; i++) {
        const struct expr *e = items[i].expr;
        struct dtype held = held_type(e);
        if (dtype_eq(held, e->type)) continue;
        struct expr *raw = expr_new(cx->arena, e->op, held, e->span);
        *raw = *e;
        raw->type = held;
        items[i].expr = raw;
        *any = true;
    }
    return RC_OK;
}

rc plan_keys_held(struct ctx *cx, struct named_expr *keys, int n, bool *any)
{
    for (int i = 0; i < n; i++) {
        *any = *any || dtype_is_nested(keys[i].expr->type);
        TRY(expr_key(cx, cx->arena, keys[i].expr, &keys[i].expr));
    }
    return RC_OK;
}

/* Column `name` of type `held` as the value it stands for. */
static rc given_back(struct ctx *cx, const char *name, struct dtype held, struct dtype type,
                     struct span span, const struct expr **out)
{
    struct arena *a = cx->arena;
    struct dtype plain;
    *out = expr_column(a, name, held, span);
    if (dtype_eq(held, type)) return RC_OK;
    TRY(value_type(cx, type, &plain));
    if (held.kind == KIND_STR) return expr_of_key(cx, a, *out, plain, out);
    const char *param = expr_param_name(a, STR("x"), 0);
    const struct expr *x = expr_column(a, param, *held.elem, span), *body;
    TRY(expr_of_key(cx, a, x, *plain.elem, &body));
    return expr_map_list(cx, a, param, *out, body, span, out);
}

rc plan_give_back(struct ctx *cx, struct plan *take_p, const struct dtype *types, struct plan **out)
{
    const struct schema *s = take_p->schema;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, s->n + 1);
    enum rc_t res = RC_OK;
    for (int i = 0; i < s->n && res == RC_OK; i++) {
        items[i].name = s->fields[i].name;
        res = given_back(cx, s->fields[i].name, s->fields[i].type, types[i], take_p->span,
                         &items[i].expr);
    }
    if (res == RC_OK) res = plan_project(cx, take_p, items, s->n, take_p->span, out);
    plan_unref(take_p);
    return res == RC_OK ? RC_OK : RC_ERR;
}
