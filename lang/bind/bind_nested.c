/* bind_nested.c: lists and structs as values of a step, `map` over list columns, and aggregates
 * that work on a list within the row. */
#include "lang/bind_int.h"

/* ---- [a, b], {k: a} ---- */
rc bind_list(struct bind *b, const struct ast *e, const struct expr **out)
{
    struct value *v;
    const struct expr **items;
    int n;
    if (bind_is_value(b, e)) {
        TRY(bind_eval(b, e, &v));
        enum rc_t res = bind_value(b, v, e->span, out);
        value_unref(v);
        return res;
    }
    TRY(bind_row_items(b, e, &items, &n));
    return expr_list(b->cx, b->arena, items, n, e->span, out);
}

rc bind_struct(struct bind *b, const struct ast *e, const struct expr **out)
{
    const char **names = ARENA_ARRAY(b->arena, const char *, e->n_kids + 1);
    const struct expr **args = ARENA_ARRAY(b->arena, const struct expr *, e->n_kids + 1);
    for (int i = 0; i < e->n_kids; i++) {
        names[i] = arena_strndup(b->arena, e->names[i].p, e->names[i].n);
        for (int k = 0; k < i; k++)
            if (strcmp(names[k], names[i]) == 0)
                return fail(b->cx, E212, e->kids[i]->span, "the struct has a field `%s` already",
                            names[i]);
        TRY(bind_expr(b, e->kids[i], &args[i]));
    }
    return expr_struct(b->cx, b->arena, names, args, e->n_kids, e->span, out);
}

rc bind_list_sum(struct bind *b, const struct expr *x, const struct expr *y, struct span span,
                 const struct expr **out)
{
    char left[96], right[96];
    const struct expr *args[2];
    struct dtype type;
    if (!type_unify(x->type, y->type, &type))
        return fail(b->cx, E207, span, "a list holds values of one type: %s and %s do not join",
                    dtype_text(x->type, left, sizeof left),
                    dtype_text(y->type, right, sizeof right));
    TRY(expr_as_type(b->cx, b->arena, x, type, &args[0]));
    TRY(expr_as_type(b->cx, b->arena, y, type, &args[1]));
    return bind_scalar_call(b, "list_concat", args, 2, span, out);
}

/* ---- map(xs, x -> ..) ---- */
static rc map_column(struct bind *b, const struct ast *e, const struct expr *list,
                     const struct expr **out)
{
    struct bind_place at, here = bind_place(b);
    const struct expr *body;
    const struct ast *f = bind_resolve(b, e->kids[1], &at);
    if (f->op != AST_LAMBDA || f->n_names != 1) {
        (void)fail(b->cx, E217, e->kids[1]->span, "map() takes a lambda of one parameter");
        return err_note(b->cx, "map(xs, x -> x * 2)");
    }
    const char *param = expr_param_name(b->arena, f->names[0], b->map_depth);
    struct bind_env env = {.up = at.env,
                           .name = f->names[0],
                           .expr =
                               expr_column(b->arena, param, *list->type.elem, e->kids[0]->span)};
    b->env = &env;
    b->scope = at.scope;
    b->map_depth++;
    enum rc_t res = bind_expr(b, f->kids[0], &body);
    b->map_depth--;
    bind_go(b, here);
    TRY(res);
    return expr_map_list(b->cx, b->arena, param, list, body, e->span, out);
}

rc bind_map(struct bind *b, const struct ast *e, const struct expr **out)
{
    char buf[96];
    const struct expr *list;
    if (e->n_kids != 2) {
        (void)fail(b->cx, E208, e->span, "map() takes a list and a lambda");
        return err_note(b->cx, "map(xs, x -> x * 2)");
    }
    if (bind_is_row_list(b, e->kids[0])) {
        const struct expr **items;
        int n;
        TRY(bind_row_items(b, e, &items, &n));
        return expr_list(b->cx, b->arena, items, n, e->span, out);
    }
    TRY(bind_expr(b, e->kids[0], &list));
    if (list->type.kind != KIND_LIST)
        return fail(b->cx, E207, e->kids[0]->span, "map() works on a list, this is %s",
                    dtype_text(list->type, buf, sizeof buf));
    return map_column(b, e, list, out);
}

/* ---- elements of maps do not leave them ---- */
struct bound {
    const struct bound *up;
    const char *name;
};
static bool has_free_param(const struct expr *e, const struct bound *bound)
{
    if (expr_is_param(e)) {
        for (; bound; bound = bound->up)
            if (strcmp(bound->name, e->name) == 0) return false;
        return true;
    }
    struct bound here = {bound, e->name};
    for (int i = 0; i < e->n_args; i++)
        if (has_free_param(e->args[i], e->op == EXPR_MAP && i == 1 ? &here : bound)) return true;
    return e->where && has_free_param(e->where, bound);
}
rc refuse_elements(struct bind *b, const struct expr *call)
{
    if (!has_free_param(call, NULL)) return RC_OK;
    (void)fail(b->cx, E210, call->span,
               "this works over many rows and cannot read the lambda's own value");
    return err_note(b->cx, "derive it first, or let it work on a list of the row");
}

/* ---- aggregates on lists ---- */
/* What a trial binding may have left behind. */
struct trial {
    int n_found, call_place;
};
static struct trial trial_begin(struct bind *b)
{
    return (struct trial){b->n_found, b->lg->call_place};
}
static void trial_undo(struct bind *b, struct trial t)
{
    b->n_found = t.n_found;
    b->lg->call_place = t.call_place;
}

static bool may_be_list(struct bind *b, const struct ast *e)
{
    struct bind_place at, here = bind_place(b);
    bool is = true, is_walled;
    e = bind_resolve(b, e, &at);
    bind_go(b, at);
    if (e->op == AST_NAME && !bind_lookup(b, e->text, &is_walled) && !is_walled) {
        bool is_outer = b->mode == BIND_AGGREGATE && b->in_agg == 0;
        const struct schema *s = is_outer ? b->outer : b->schema;
        int i = s ? schema_find(s, e->text) : -1;
        is = i >= 0 && s->fields[i].type.kind == KIND_LIST;
    }
    if (e->op == AST_INT || e->op == AST_NUM || e->op == AST_STR) is = false;
    bind_go(b, here);
    return is;
}

rc bind_list_aggregate(struct bind *b, const struct agg_desc *agg, const struct ast *e,
                       const struct expr **out, bool *done)
{
    const struct expr *x, **args;
    int n;
    struct trial trial = trial_begin(b);
    *done = false;
    if (e->n_kids == 0 || (e->n_names > 0 && e->names[0].n > 0)) return RC_OK;
    if (!may_be_list(b, e->kids[0])) return RC_OK;
    if (bind_expr(b, e->kids[0], &x) != RC_OK || x->type.kind != KIND_LIST) {
        err_clear(b->cx->err); /* the usual way says what is wrong */
        trial_undo(b, trial);
        return RC_OK;
    }
    *done = true;
    trial_undo(b, trial);
    for (int i = 1; i < e->n_names; i++)
        if (str_eqz(e->names[i], "where") || str_eqz(e->names[i], "last") ||
            str_eqz(e->names[i], "rows") || str_eqz(e->names[i], "min"))
            return fail(b->cx, E206, e->kids[i]->span,
                        "%s() of a list works within the row: %.*s: is for many rows", agg->name,
                        STR_FMT(e->names[i]));
    const struct str *names = e->n_names == e->n_kids ? e->names : NULL;
    TRY(bind_args(b, agg->name, agg->sig, e->kids, names, e->n_kids, e->span, &args, &n));
    return expr_list_agg(b->cx, b->arena, agg, args, n, e->span, out);
}

rc bind_items_aggregate(struct bind *b, const struct agg_desc *agg, const struct ast *e,
                        const struct expr *const *items, int n_items, const struct expr **out)
{
    const struct expr **args;
    const struct ast **kids = ARENA_ARRAY(b->arena, const struct ast *, e->n_kids + 1);
    int n;
    /* the list stands where its first item would */
    const struct expr *list;
    TRY(expr_list(b->cx, b->arena, items, n_items, e->kids[0]->span, &list));
    struct bind_env env = {.up = b->env,
                           .name = STR("\x1f"
                                       "items"),
                           .expr = list};
    struct ast name = {.op = AST_NAME, .span = e->kids[0]->span, .text = env.name};
    struct bind_place here = bind_place(b);
    for (int i = 0; i < e->n_kids; i++)
        kids[i] = i ? e->kids[i] : &name;
    const struct str *names = e->n_names == e->n_kids ? e->names : NULL;
    b->env = &env;
    enum rc_t res = bind_args(b, agg->name, agg->sig, kids, names, e->n_kids, e->span, &args, &n);
    bind_go(b, here);
    TRY(res);
    return expr_list_agg(b->cx, b->arena, agg, args, n, e->span, out);
}
