/* interp_fn.c: calling fns and lambdas. A call has a scope of its own above what the fn captured
 * and the session's variables, which it may read and never set. As a step a fn gets the frame as
 * its first value; items that talk of columns are handed over as expressions, and `$p` in the fn's
 * steps stands for them. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"

rc depth_enter(struct lang *lg, struct span span)
{
    if (lg->depth >= MAX_DEPTH)
        return fail(&lg->cx, E904, span, "functions or blocks are nested deeper than %d levels",
                    MAX_DEPTH);
    lg->depth++;
    return RC_OK;
}

int fn_param_index(const struct ast *fn, struct str name)
{
    for (int i = 0; i < fn->n_names; i++)
        if (str_eq(fn->names[i], name)) return i;
    return -1;
}
/* What a fn is called in messages. */
static struct str fn_label(const struct ast *fn)
{
    return fn->op == AST_FN ? fn->text : STR("the lambda");
}
static void signature(struct strbuf *out, const struct value *fn)
{
    value_text(out, fn, false);
}
static rc arity_error(struct lang *lg, const struct value *fn, int n, struct span span)
{
    struct strbuf sig = {0};
    struct str label = fn_label(fn->fn);
    signature(&sig, fn);
    (void)fail(&lg->cx, E208, span, "%.*s takes %d value%s, not %d", STR_FMT(label),
               fn->fn->n_names, fn->fn->n_names == 1 ? "" : "s", n);
    (void)err_note(&lg->cx, "%s", sig.p);
    strbuf_release(&sig);
    return RC_ERR;
}
static rc param_of(struct lang *lg, const struct value *fn, struct str name, struct span span,
                   int *out)
{
    struct str label = fn_label(fn->fn);
    *out = fn_param_index(fn->fn, name);
    if (*out >= 0) return RC_OK;
    struct str near = nearest(name, fn->fn->names, fn->fn->n_names);
    (void)fail(&lg->cx, E206, span, "%.*s has no parameter `%.*s`", STR_FMT(label), STR_FMT(name));
    if (near.n) return err_note(&lg->cx, "did you mean `%.*s`?", STR_FMT(near));
    return RC_ERR;
}
/* Sets the parameters that were given. */
static rc set_given(struct lang *lg, const struct value *fn, struct scope *sc,
                    const struct call_args *args, struct span span, bool *given)
{
    const struct ast *f = fn->fn;
    int at = 0;
    for (int i = 0; i < args->n; i++) {
        int p = at;
        if (args->names[i].n) {
            struct span at_name = args->name_spans ? args->name_spans[i] : args->spans[i];
            TRY(param_of(lg, fn, args->names[i], at_name, &p));
        } else if (at++ >= f->n_names) {
            return arity_error(lg, fn, args->n, span);
        }
        if (given[p])
            return fail(&lg->cx, E208, args->spans[i], "`%.*s` is given twice",
                        STR_FMT(f->names[p]));
        given[p] = true;
        scope_set(sc, f->names[p], value_ref(args->values[i]));
    }
    return RC_OK;
}
static rc set_defaults(struct lang *lg, const struct value *fn, struct scope *sc, struct span span,
                       const bool *given)
{
    const struct ast *f = fn->fn;
    for (int i = 0; i < f->n_names; i++) {
        if (given[i]) continue;
        if (!f->defaults || !f->defaults[i]) {
            struct strbuf sig = {0};
            struct str label = fn_label(f);
            signature(&sig, fn);
            (void)fail(&lg->cx, E208, span, "%.*s needs a value for `%.*s`", STR_FMT(label),
                       STR_FMT(f->names[i]));
            (void)err_note(&lg->cx, "%s", sig.p);
            strbuf_release(&sig);
            return RC_ERR;
        }
        struct value *v;
        TRY(interp_pipeline(lg, sc, f->defaults[i], &v));
        scope_set(sc, f->names[i], v);
    }
    return RC_OK;
}
static rc run_body(struct lang *lg, const struct ast *body, struct scope *sc, struct value **out)
{
    if (body->op == AST_BLOCK) {
        lg->fn_depth++;
        enum rc_t res = interp_block(lg, sc, body, out);
        lg->fn_depth--;
        return res;
    }
    return interp_pipeline(lg, sc, body, out);
}
rc call_fn(struct lang *lg, const struct value *fn, const struct call_args *args, struct span span,
           struct value **out)
{
    const struct ast *f = fn->fn;
    struct program *outer = lg->program;
    struct scope *sc = scope_new(fn->closure ? fn->closure : lg->globals);
    bool *given = ARENA_ARRAY(lg->cx.arena, bool, f->n_names + 1);
    enum rc_t res = RC_ERR;
    TRY_OUT(check_cancel(&lg->cx));
    TRY_OUT(depth_enter(lg, span));
    if (f->op == AST_FN) scope_set_fn(sc, f->text, value_ref(fn));
    res = set_given(lg, fn, sc, args, span, given);
    lg->program = fn->program;
    if (res == RC_OK) res = set_defaults(lg, fn, sc, span, given);
    if (res == RC_OK) res = run_body(lg, f->kids[0], sc, out);
    lg->program = outer;
    lg->depth--;
out:
    scope_unref(sc);
    return res;
}

/* ---- as a step ---- */
/* Names bound by lambdas around an expression. */
struct bound {
    const struct ast *lambda;
    const struct bound *up;
};
static bool is_bound(const struct bound *b, struct str name)
{
    for (; b; b = b->up)
        if (fn_param_index(b->lambda, name) >= 0) return true;
    return false;
}
static bool is_selector_word(struct str name)
{
    static const char *const words[] = {"all",      "type",    "starts", "ends",
                                        "contains", "matches", "col",    "across"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eqz(name, words[i])) return true;
    return false;
}
static bool holds_columns(const struct scope *sc, const struct ast *e, const struct bound *bound)
{
    struct bound inner = {e, bound};
    if (!e || e->op == AST_PIPELINE) return false; /* a pipeline in brackets is a frame */
    if (e->op == AST_NAME) return !is_bound(bound, e->text);
    if (e->op == AST_DOT || e->op == AST_FORMULA) return true;
    if (e->op == AST_VAR) {
        const struct value *v = scope_get(sc, e->text);
        return v && v->kind == VALUE_EXPR;
    }
    if (e->op == AST_CALL) {
        bool is_agg = agg_find(e->text) && e->n_kids == 0;
        if (is_agg || win_find(e->text)) return true;
        if (e->n_kids <= 1 && is_selector_word(e->text)) return true;
    }
    for (int i = 0; i < e->n_kids; i++)
        if (holds_columns(sc, e->kids[i], e->op == AST_LAMBDA ? &inner : bound)) return true;
    return false;
}
bool ast_has_columns(const struct scope *sc, const struct ast *e)
{
    return holds_columns(sc, e, NULL);
}

static rc item_value(struct lang *lg, struct scope *sc, const struct ast *e, bool has_input,
                     struct value **out)
{
    if (!has_input || !ast_has_columns(sc, e)) return interp_pipeline(lg, sc, e, out);
    const struct value *same = e->op == AST_VAR ? scope_get(sc, e->text) : NULL;
    *out = same ? value_ref(same) : value_expr(e, lg->program, sc);
    return RC_OK;
}
static rc check_clauses(struct lang *lg, const struct ast_step *step)
{
    if (!step->has_by && !step->has_sort && !step->has_on) return RC_OK;
    return fail(&lg->cx, E217, step->span,
                "`%.*s` is a fn: `by`, `sort` and `on` stand in the steps inside it",
                STR_FMT(step->verb));
}
rc step_fn(struct lang *lg, struct scope *sc, const struct value *fn, const struct ast_step *step,
           const struct value *input, struct value **out)
{
    struct arena *a = lg->cx.arena;
    int n = step->n_items + 1;
    struct call_args args = {.values = ARENA_ARRAY(a, struct value *, n),
                             .names = ARENA_ARRAY(a, struct str, n),
                             .spans = ARENA_ARRAY(a, struct span, n),
                             .name_spans = ARENA_ARRAY(a, struct span, n)};
    struct value *own = value_ref(fn); /* the body may bind the name anew */
    enum rc_t res = RC_ERR;
    TRY_OUT(check_clauses(lg, step));
    if (input) {
        args.spans[0] = step->verb_span;
        args.values[args.n++] = value_ref(input);
    }
    for (int i = 0; i < step->n_items; i++) {
        const struct ast_item *item = &step->items[i];
        if (item->kind == ITEM_MAKE) {
            (void)fail(&lg->cx, E217, item->name_span,
                       "`%.*s` is a fn: its values are set with `:`, not `=`", STR_FMT(step->verb));
            (void)err_note(&lg->cx, "%.*s: ..", STR_FMT(item->name));
            goto out;
        }
        TRY_OUT(item_value(lg, sc, item->expr, input != NULL, &args.values[args.n]));
        if (item->kind == ITEM_OPTION) args.names[args.n] = item->name;
        args.name_spans[args.n] = item->name_span;
        args.spans[args.n++] = item->expr->span;
    }
    res = call_fn(lg, own, &args, step->span, out);
out:
    args_release(&args);
    value_unref(own);
    return res;
}
rc interp_step(struct lang *lg, struct scope *sc, const struct ast_step *step,
               const struct value *input, struct value **out)
{
    struct scope *outer = lg->scope;
    const struct value *fn = scope_fn(sc, step->verb);
    if (input && input->kind == VALUE_FRAME) TRY(refresh_scans(lg, input->plan));
    lg->scope = sc;
    enum rc_t res =
        fn ? step_fn(lg, sc, fn, step, input, out) : verb_apply(lg, sc, step, input, out);
    lg->scope = outer;
    return res;
}
