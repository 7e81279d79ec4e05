/* interp_expr.c: expressions outside steps. Plain names are variables; scalars go through the very
 * kernels that columns do, so that `x + 1` means one thing everywhere. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"

/* ---- names ---- */
static rc unknown_variable(struct lang *lg, struct scope *sc, struct str name, struct span span)
{
    struct ctx *cx = &lg->cx;
    (void)fail(cx, E202, span, "unknown variable `%.*s`", STR_FMT(name));
    if (scope_fn(sc, name) || builtin_find(name) || fn_find(name) || agg_find(name))
        return err_note(cx, "%.*s(..) is a function: call it with brackets", STR_FMT(name));
    struct str *names;
    int n = scope_names(sc, cx->arena, &names);
    struct str near = nearest(name, names, n);
    if (near.n) return hint_replace(lg, span, "%.*s", STR_FMT(near));
    if (verb_find(name))
        return err_note(cx, "`%.*s` is a verb: it follows a frame and |>", STR_FMT(name));
    return RC_ERR;
}
rc variable(struct lang *lg, struct scope *sc, struct str name, struct span span,
            const struct value **out)
{
    const struct value *v = scope_get(sc, name);
    if (!v && str_eqz(name, "_")) {
        if (!lg->last) return fail(&lg->cx, E202, span, "`_` is the last shown value: none yet");
        v = lg->last;
    }
    if (!v) return unknown_variable(lg, sc, name, span);
    *out = v;
    return RC_OK;
}
static rc eval_name(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    const struct value *v;
    TRY(variable(lg, sc, e->text, e->span, &v));
    if (v->kind == VALUE_EXPR) {
        (void)fail(&lg->cx, E217, e->span,
                   "`%.*s` is a column expression that the caller passed; it stands in steps only",
                   STR_FMT(e->text));
        return err_hint(&lg->cx, "t |> where $%.*s > 0", STR_FMT(e->text));
    }
    *out = value_ref(v);
    return RC_OK;
}

/* ---- lists, structs, ranges ---- */
static rc eval_all(struct lang *lg, struct scope *sc, const struct ast *const *kids, int n,
                   struct value ***out)
{
    struct value **items = ARENA_ARRAY(lg->cx.arena, struct value *, n + 1);
    int done = 0;
    for (; done < n; done++)
        if (interp_expr(lg, sc, kids[done], &items[done]) != RC_OK) break;
    if (done == n) {
        *out = items;
        return RC_OK;
    }
    while (done > 0)
        value_unref(items[--done]);
    return RC_ERR;
}
/* Items as values of the list's type: [1, 2.5] holds 1.0. */
static void widen_items(struct value *v, struct dtype type)
{
    for (int i = 0; i < v->n_items; i++) {
        struct value *item = v->items[i];
        if (item->scalar.is_null || dtype_eq(item->scalar.type, type)) continue;
        struct scalar s = scalar_widen(item->scalar, type);
        v->items[i] = value_scalar(&s);
        value_unref(item);
    }
}
/* A list holds one type. */
static rc check_list(struct lang *lg, const struct ast *e, struct value *v)
{
    char a[96], b[96];
    const struct value *first = NULL;
    for (int i = 0; i < v->n_items; i++) {
        const struct value *item = v->items[i];
        if (item->kind == VALUE_NOTHING || item->kind == VALUE_EXPR)
            return fail(&lg->cx, E207, e->kids[i]->span, "this gives no value for a list");
        if (value_is_null(item)) continue;
        if (!first) first = item;
        if (item->kind == first->kind) continue;
        return fail(&lg->cx, E207, e->kids[i]->span,
                    "a list holds one type: this is %s, the first is %s",
                    value_type_text(item, a, sizeof a), value_type_text(first, b, sizeof b));
    }
    struct dtype type = DTYPE(KIND_NULL);
    for (int i = 0; i < v->n_items && first && first->kind == VALUE_SCALAR; i++) {
        const struct scalar *s = &v->items[i]->scalar;
        if (!dtype_common(type, s->type, &type))
            return fail(&lg->cx, E207, e->kids[i]->span,
                        "a list holds one type: this is %s, the ones before are %s",
                        dtype_text(s->type, a, sizeof a), dtype_text(type, b, sizeof b));
    }
    if (first && first->kind == VALUE_SCALAR) widen_items(v, type);
    return RC_OK;
}
static rc eval_list(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct value **items;
    TRY(eval_all(lg, sc, e->kids, e->n_kids, &items));
    struct value *v = value_list(items, e->n_kids);
    if (check_list(lg, e, v) != RC_OK) {
        value_unref(v);
        return RC_ERR;
    }
    *out = v;
    return RC_OK;
}
static rc eval_struct(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct arena *a = lg->cx.arena;
    struct value **items;
    const char **names = ARENA_ARRAY(a, const char *, e->n_kids + 1);
    for (int i = 0; i < e->n_kids; i++) {
        names[i] = arena_strndup(a, e->names[i].p, e->names[i].n);
        for (int j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                return fail(&lg->cx, E212, e->kids[i]->span, "`%s` stands twice in the struct",
                            names[i]);
    }
    TRY(eval_all(lg, sc, e->kids, e->n_kids, &items));
    *out = value_struct(items, names, e->n_kids);
    return RC_OK;
}
static rc eval_end(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    *out = NULL;
    if (!e) return RC_OK;
    struct scalar s;
    struct value *v;
    TRY(interp_expr(lg, sc, e, &v));
    enum rc_t res = value_to_scalar(lg, v, e->span, lg->cx.arena, &s);
    value_unref(v);
    if (res == RC_OK) *out = value_scalar(&s);
    return res;
}
static rc eval_range(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct value *from, *to;
    TRY(eval_end(lg, sc, e->kids[0], &from));
    if (eval_end(lg, sc, e->kids[1], &to) != RC_OK) {
        value_unref(from);
        return RC_ERR;
    }
    struct dtype type;
    if (from && to && !dtype_common(from->scalar.type, to->scalar.type, &type)) {
        char a[96], b[96];
        enum rc_t res = fail(&lg->cx, E207, e->span, "a range from %s to %s has no meaning",
                             value_type_text(from, a, sizeof a), value_type_text(to, b, sizeof b));
        value_unref(from);
        value_unref(to);
        return res;
    }
    *out = value_range(from, to, e->is_half_open);
    return RC_OK;
}

/* ---- choices ---- */
static rc eval_case(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    for (int i = 0; i + 1 < e->n_kids; i += 2) {
        struct value *v;
        bool is_true;
        TRY(interp_expr(lg, sc, e->kids[i], &v));
        enum rc_t res = value_truth(lg, v, e->kids[i]->span, &is_true);
        value_unref(v);
        TRY(res);
        if (is_true) return interp_expr(lg, sc, e->kids[i + 1], out);
    }
    if (e->n_kids % 2 == 1) return interp_expr(lg, sc, e->kids[e->n_kids - 1], out);
    *out = value_null();
    return RC_OK;
}
static rc eval_is_null(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct value *v;
    TRY(interp_expr(lg, sc, e->kids[0], &v));
    struct scalar s = {0};
    enum rc_t res =
        v->kind == VALUE_FRAME ? value_to_scalar(lg, v, e->kids[0]->span, lg->cx.arena, &s) : RC_OK;
    bool is_null = v->kind == VALUE_FRAME ? s.is_null : value_is_null(v);
    value_unref(v);
    if (res == RC_OK) *out = value_bool(is_null != e->is_negated);
    return res;
}

static rc eval_lambda(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct scope *captured = scope_capture(sc, lg->globals);
    *out = value_fn(e, lg->program, captured);
    scope_unref(captured);
    return RC_OK;
}

rc interp_pipeline(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    if (e->op != AST_PIPELINE) return interp_expr(lg, sc, e, out);
    struct value *v;
    TRY(interp_expr(lg, sc, e->kids[0], &v));
    for (int i = 0; i < e->n_steps; i++) {
        struct value *next = NULL;
        enum rc_t res = check_cancel(&lg->cx);
        if (res == RC_OK) res = interp_step(lg, sc, &e->steps[i], v, &next);
        value_unref(v);
        TRY(res);
        v = next;
    }
    *out = v;
    return RC_OK;
}

static rc eval_op(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    switch (e->op) {
    case AST_NAME:
    case AST_VAR: return eval_name(lg, sc, e, out);
    case AST_FSTR: return interp_fstr(lg, sc, e, out);
    case AST_LIST: return eval_list(lg, sc, e, out);
    case AST_STRUCT: return eval_struct(lg, sc, e, out);
    case AST_RANGE: return eval_range(lg, sc, e, out);
    case AST_UNARY: return interp_unary(lg, sc, e, out);
    case AST_BINARY: return interp_binary(lg, sc, e, out);
    case AST_IN: return interp_in(lg, sc, e, out);
    case AST_IS_NULL: return eval_is_null(lg, sc, e, out);
    case AST_CALL: return interp_call(lg, sc, e, out);
    case AST_CALL_VALUE: return interp_call_value(lg, sc, e, out);
    case AST_FIELD: return interp_field(lg, sc, e, out);
    case AST_INDEX: return interp_index(lg, sc, e, out);
    case AST_CASE: return eval_case(lg, sc, e, out);
    case AST_LAMBDA: return eval_lambda(lg, sc, e, out);
    case AST_PIPELINE: return interp_pipeline(lg, sc, e, out);
    case AST_FORMULA:
        (void)fail(&lg->cx, E217, e->span, "a formula stands in a step that fits a model");
        return err_hint(&lg->cx, "m = t |> fit y ~ x, linear()");
    default: return fail(&lg->cx, E217, e->span, "this cannot stand here");
    }
}
rc interp_expr(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct scalar s;
    if (literal_scalar(e, &s)) {
        *out = value_scalar(&s);
        return RC_OK;
    }
    if (lg->expr_depth >= MAX_EXPR_DEPTH)
        return fail(&lg->cx, E904, e->span, "calls and expressions are nested too deep here");
    lg->expr_depth++;
    enum rc_t res = eval_op(lg, sc, e, out);
    lg->expr_depth--;
    return res;
}
rc interp_scalar(struct lang *lg, struct scope *sc, const struct ast *e, struct arena *a,
                 struct scalar *out)
{
    struct value *v;
    TRY(interp_expr(lg, sc, e, &v));
    enum rc_t res = value_to_scalar(lg, v, e->span, a, out);
    value_unref(v);
    return res;
}
