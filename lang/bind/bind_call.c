/* bind_call.c: calls in steps: fns of the user (their bodies take the call's place), scalar
 * functions, and the few calls that no descriptor runs (now, rand, col, if). */
#include "lang/bind_int.h"

/* ---- inlining ---- */
static struct bind_env *env_add(struct bind *b, const struct bind_env *up, struct str name,
                                const struct ast *ast, const struct bind_env *ast_env,
                                struct scope *ast_scope)
{
    struct bind_env *env = ARENA_NEW(b->arena, struct bind_env);
    *env = (struct bind_env){
        .up = up, .name = name, .ast = ast, .ast_env = ast_env, .ast_scope = ast_scope};
    return env;
}
static rc arity_error(struct bind *b, const struct value *fn, const struct ast *e, int n)
{
    struct strbuf sig = {0};
    value_text(&sig, fn, false);
    (void)fail(b->cx, E208, e->span, "%s takes %d value%s, not %d",
               fn->fn->op == AST_FN ? "the fn" : "the lambda", fn->fn->n_names,
               fn->fn->n_names == 1 ? "" : "s", n);
    (void)err_note(b->cx, "%s", sig.p);
    strbuf_release(&sig);
    return RC_ERR;
}
static rc param_place(struct bind *b, const struct value *fn, const struct ast *e, int kid, int at,
                      int *out)
{
    struct str name = kid < e->n_names ? e->names[kid] : (struct str){0};
    *out = at;
    if (name.n == 0) return at < fn->fn->n_names ? RC_OK : arity_error(b, fn, e, at + 1);
    *out = fn_param_index(fn->fn, name);
    if (*out >= 0) return RC_OK;
    struct str near = nearest(name, fn->fn->names, fn->fn->n_names);
    (void)fail(b->cx, E206, e->kids[kid]->span, "the fn has no parameter `%.*s`", STR_FMT(name));
    if (near.n) return err_note(b->cx, "did you mean `%.*s`?", STR_FMT(near));
    return RC_ERR;
}
/* The environment of a body: its parameters over a wall, or over the step's own names for a lambda
 * written in the step. */
static rc make_env(struct bind *b, const struct value *fn, const struct ast *e, int from,
                   const struct bind_env *base, struct scope *fn_scope, const struct bind_env **out)
{
    const struct ast *f = fn->fn;
    const struct bind_env *env = base;
    bool *given = ARENA_ARRAY(b->arena, bool, f->n_names + 1);
    for (int i = from, at = 0; i < e->n_kids; i++) {
        int p;
        TRY(param_place(b, fn, e, i, at, &p));
        if (i >= e->n_names || e->names[i].n == 0) at++;
        if (given[p])
            return fail(b->cx, E208, e->kids[i]->span, "`%.*s` is given twice",
                        STR_FMT(f->names[p]));
        given[p] = true;
        env = env_add(b, env, f->names[p], e->kids[i], b->env, b->scope);
    }
    for (int i = 0; i < f->n_names; i++) {
        if (given[i]) continue;
        if (!f->defaults || !f->defaults[i]) return arity_error(b, fn, e, e->n_kids - from);
        env = env_add(b, env, f->names[i], f->defaults[i], env, fn_scope);
    }
    *out = env;
    return RC_OK;
}
/* A fn made of steps has a value only when nothing it is given is a column. */
static rc inline_steps(struct bind *b, const struct value *fn, const struct ast *e, int from,
                       const struct expr **out)
{
    struct value *v;
    for (int i = from; i < e->n_kids; i++) {
        if (bind_is_value(b, e->kids[i])) continue;
        struct str name = fn->fn->op == AST_FN ? fn->fn->text : STR("it");
        (void)fail(b->cx, E217, e->span,
                   "`%.*s` is made of statements or steps, so it cannot compute a column",
                   STR_FMT(name));
        return err_note(b->cx, "it can be a step: t |> %.*s", STR_FMT(name));
    }
    TRY(bind_eval(b, e, &v));
    enum rc_t res = bind_value(b, v, e->span, out);
    value_unref(v);
    return res;
}
static rc bind_body(struct bind *b, const struct value *fn, const struct bind_env *env,
                    struct scope *scope, struct span span, const struct expr **out)
{
    struct bind_place here = bind_place(b);
    struct program *outer = b->lg->program;
    TRY(depth_enter(b->lg, span));
    b->env = env;
    b->scope = scope;
    b->lg->program = fn->program;
    enum rc_t res = bind_expr(b, fn->fn->kids[0], out);
    b->lg->program = outer;
    b->lg->depth--;
    bind_go(b, here);
    return res;
}
rc bind_inline(struct bind *b, const struct value *fn, const struct ast *e, int from,
               const struct expr **out)
{
    const struct ast *body = fn->fn->kids[0];
    struct scope *scope = fn->closure ? fn->closure : b->lg->globals;
    if (body->op == AST_BLOCK || body->op == AST_PIPELINE) return inline_steps(b, fn, e, from, out);
    struct bind_env *wall = env_add(b, NULL, (struct str){0}, NULL, NULL, NULL);
    const struct bind_env *env;
    wall->is_wall = true;
    TRY(make_env(b, fn, e, from, wall, scope, &env));
    return bind_body(b, fn, env, scope, e->span, out);
}
/* A lambda that stands in the step itself: the step's columns stay in sight. */
static rc inline_lambda(struct bind *b, const struct ast *lambda, struct bind_place at,
                        const struct ast *e, int from, const struct expr **out)
{
    struct value fn = {.kind = VALUE_FN, .fn = lambda, .program = b->lg->program};
    const struct bind_env *env;
    TRY(make_env(b, &fn, e, from, at.env, at.scope, &env));
    return bind_body(b, &fn, env, at.scope, e->span, out);
}
rc bind_call_value(struct bind *b, const struct ast *e, const struct expr **out)
{
    struct bind_place at;
    const struct ast *callee = bind_resolve(b, e->kids[0], &at);
    if (callee->op == AST_LAMBDA) return inline_lambda(b, callee, at, e, 1, out);
    const struct value *v = NULL;
    if (callee->op == AST_VAR || callee->op == AST_NAME) v = scope_get(at.scope, callee->text);
    if (v && v->kind == VALUE_FN) return bind_inline(b, v, e, 1, out);
    return fail(b->cx, E207, e->kids[0]->span, "only a function can be called");
}

/* ---- scalar functions ---- */
static rc bind_function(struct bind *b, const struct fn_desc *fn, const struct ast *e,
                        const struct expr **out)
{
    const struct expr **args;
    int n;
    const struct str *names = e->n_names == e->n_kids ? e->names : NULL;
    TRY(bind_args(b, fn->name, fn->sig, e->kids, names, e->n_kids, e->span, &args, &n));
    return expr_call(b->cx, b->arena, fn, args, n, e->span, out);
}
static rc bind_if(struct bind *b, const struct ast *e, const struct expr **out)
{
    const struct expr *args[3];
    if (e->n_kids != 3) {
        (void)fail(b->cx, E208, e->span, "if() takes a condition and two values");
        return err_hint(b->cx, "if(x > 0, x, 0)");
    }
    for (int i = 0; i < 3; i++)
        TRY(bind_expr(b, e->kids[i], &args[i]));
    return expr_case(b->cx, b->arena, args, 3, e->span, out);
}

/* ---- calls that stand for something else ---- */
bool is_selector_call(const struct ast *e)
{
    static const char *const words[] = {"all", "type", "starts", "ends", "contains", "matches"};
    if (e->op != AST_CALL || e->n_kids > 1) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eqz(e->text, words[i])) {
            bool has_arg = e->n_kids == 1, is_all = i == 0;
            return has_arg != is_all;
        }
    return str_eqz(e->text, "type");
}
static rc bind_clock(struct bind *b, const struct ast *e, const struct expr **out)
{
    struct scalar s = {.type = DTYPE(KIND_DATETIME)};
    int64_t now = statement_now(b->lg);
    s.u.i = now;
    if (str_eqz(e->text, "today")) {
        s.type = DTYPE(KIND_DATE);
        s.u.i = civil_day_of_us(now);
    }
    if (e->n_kids) return fail(b->cx, E208, e->span, "%.*s() takes nothing", STR_FMT(e->text));
    return bind_literal(b, &s, e->span, out);
}
/* rand(): numbers depend on the seed, the place of the call in the statement and the row. */
static rc bind_random(struct bind *b, const struct win_desc *win, const struct ast *e,
                      const struct expr **out)
{
    if (b->mode != BIND_WINDOW) {
        (void)fail(b->cx, E217, e->span,
                   "%s() gives a number for each row: make a column of it first", win->name);
        return err_hint(b->cx, "t |> derive r = %s()", win->name);
    }
    struct scalar seed = {.type = DTYPE(KIND_INT), .u.i = (int64_t)b->lg->seed};
    struct scalar place = {.type = DTYPE(KIND_INT), .u.i = b->lg->call_place++};
    const struct expr *args[2] = {expr_literal(b->arena, &seed, e->span),
                                  expr_literal(b->arena, &place, e->span)};
    const struct expr *call;
    TRY(expr_window(b->cx, b->arena, win, args, 2, e->span, &call));
    return bind_found(b, call, out);
}
static rc bind_col(struct bind *b, const struct ast *e, const struct expr **out)
{
    const char **names;
    int n;
    bool is_selector;
    TRY(bind_columns(b, e, &names, &n, &is_selector));
    if (n != 1)
        return fail(b->cx, E218, e->span, "col() stands for %d columns here; one is needed", n);
    struct ast name = {.op = AST_NAME, .span = e->span, .text = str_of(names[0])};
    return bind_expr(b, &name, out);
}
rc bind_special(struct bind *b, const struct ast *e, const struct expr **out, bool *done)
{
    *done = true;
    const struct win_desc *win;
    if (str_eqz(e->text, "if")) return bind_if(b, e, out);
    if (str_eqz(e->text, "now") || str_eqz(e->text, "today")) return bind_clock(b, e, out);
    bool is_random =
        str_eqz(e->text, "rand") || str_eqz(e->text, "randn") || str_eqz(e->text, "uuid");
    if (is_random && e->n_kids == 0 && (win = win_find(e->text)) != NULL)
        return bind_random(b, win, e, out);
    if (str_eqz(e->text, "col")) return bind_col(b, e, out);
    if (str_eqz(e->text, "map") && !bind_is_value(b, e)) return bind_map(b, e, out);
    if (str_eqz(e->text, "across")) {
        (void)fail(b->cx, E217, e->span,
                   "across(..) is an item of its own, not part of an expression");
        return err_hint(b->cx, "t |> derive across(type(num), x -> x / 2)");
    }
    if (is_selector_call(e)) {
        (void)fail(b->cx, E217, e->span,
                   "a selector names columns; it cannot stand in an expression");
        return err_note(b->cx, "sum([%.*s(..)]) adds them up in each row", STR_FMT(e->text));
    }
    *done = false;
    return RC_OK;
}

/* ---- which function is meant ---- */
static rc bind_builtin(struct bind *b, const struct ast *e, const struct expr **out)
{
    struct value *v;
    for (int i = 0; i < e->n_kids; i++)
        if (!bind_is_value(b, e->kids[i])) {
            (void)fail(b->cx, E217, e->span,
                       "%.*s() cannot stand in a step: it takes values, not columns",
                       STR_FMT(e->text));
            return err_note(b->cx, "a variable is written $name in a step");
        }
    TRY(bind_eval(b, e, &v));
    enum rc_t res = bind_value(b, v, e->span, out);
    value_unref(v);
    return res;
}
static bool is_list_value(struct bind *b, const struct ast *e)
{
    struct bind_place at;
    if (e->n_kids == 0) return false;
    const struct ast *first = bind_resolve(b, e->kids[0], &at);
    if (first->op == AST_LIST) return true;
    if (first->op != AST_VAR) return first->op == AST_FIELD && first->kids[0]->op == AST_VAR;
    const struct value *v = scope_get(at.scope, first->text);
    return v && v->kind == VALUE_LIST;
}
static bool all_values(struct bind *b, const struct ast *e)
{
    for (int i = 0; i < e->n_kids; i++)
        if (!bind_is_value(b, e->kids[i])) return false;
    return true;
}
static rc bind_descriptor(struct bind *b, const struct ast *e, const struct expr **out)
{
    const struct agg_desc *agg = agg_find(e->text);
    const struct fn_desc *fn = fn_find(e->text);
    const struct win_desc *win = win_find(e->text);
    if (e->n_kids && builtin_find(e->text) && all_values(b, e)) return bind_builtin(b, e, out);
    if (agg && is_list_value(b, e) && all_values(b, e)) return bind_builtin(b, e, out);
    if (agg && e->n_kids && bind_is_row_list(b, e->kids[0]))
        return bind_row_aggregate(b, agg, e, out);
    if (agg) return bind_aggregate(b, agg, e, out);
    if (fn && e->n_kids && bind_is_row_list(b, e->kids[0]) &&
        (str_eqz(e->text, "contains") || str_eqz(e->text, "len")))
        return bind_row_function(b, e, out);
    if (fn) return bind_function(b, fn, e, out);
    if (win) return bind_window_call(b, win, e, out);
    if (builtin_find(e->text)) return bind_builtin(b, e, out);
    return unknown_function(b->lg, b->scope, e->text, call_name_span(b->lg, e));
}
rc bind_call(struct bind *b, const struct ast *e, const struct expr **out)
{
    bool done, is_walled;
    const struct bind_env *entry = bind_lookup(b, e->text, &is_walled);
    if (entry && entry->ast) { /* a parameter that was given a lambda */
        struct bind_place at;
        struct ast name = {.op = AST_NAME, .span = e->span, .text = e->text};
        const struct ast *callee = bind_resolve(b, &name, &at);
        if (callee->op == AST_LAMBDA) return inline_lambda(b, callee, at, e, 0, out);
    }
    const struct value *mine = scope_fn(b->scope, e->text);
    if (mine) return bind_inline(b, mine, e, 0, out);
    TRY(bind_special(b, e, out, &done));
    if (done) return RC_OK;
    return bind_descriptor(b, e, out);
}
