/* fold.c: pure calls on constants become their value. What would be reported at run time (a failed
 * cast, x / 0, an overflow) is left to the run, which knows whether any row gets there. */
#include "runtime/plan/plan_int.h"

#include <math.h>

struct fold {
    struct ctx *cx;
    struct arena *arena;
    int n_folded;
};

static bool all_literals(const struct expr *e)
{
    for (int i = 0; i < e->n_args; i++)
        if (e->args[i]->op != EXPR_LITERAL) return false;
    return true;
}

static bool is_flat(enum kind k)
{
    return k != KIND_LIST && k != KIND_STRUCT && k != KIND_CAT && k != KIND_NULL;
}

static bool may_stand(const struct expr *e, const struct scalar *s)
{
    if (!(e->fn->flags & FN_ADDS_NULLS)) return true;
    return !s->is_null && !(s->type.kind == KIND_NUM && !isfinite(s->u.f));
}

/* NULL when e stays. */
static const struct expr *fold_call(struct fold *f, const struct expr *e)
{
    struct scalar args[FN_MAX_ARGS], value = {0};
    if (e->n_args > FN_MAX_ARGS || !(e->fn->flags & FN_PURE) || !is_flat(e->type.kind)) return NULL;
    for (int i = 0; i < e->n_args; i++)
        args[i] = e->args[i]->value;
    struct error err = {0};
    struct ctx quiet = *f->cx;
    quiet.err = &err; /* an error is the run's to report, if a row gets there */
    quiet.notify = NULL;
    if (fn_eval_scalar(&quiet, f->cx->arena, e->fn, args, e->n_args, e->span, &value) != RC_OK)
        return NULL;
    if (!may_stand(e, &value)) return NULL;
    value.type = e->type;
    struct expr *lit = (struct expr *)(uintptr_t)expr_literal(f->arena, &value, e->span);
    lit->is_implicit = e->is_implicit;
    return lit;
}

static const struct expr *fold_expr(struct fold *f, const struct expr *e)
{
    for (int i = 0; i < e->n_args; i++)
        e->args[i] = fold_expr(f, e->args[i]);
    if (e->where) ((struct expr *)(uintptr_t)e)->where = fold_expr(f, e->where);
    if (e->op != EXPR_CALL || e->n_args == 0 || !all_literals(e)) return e;
    const struct expr *value = fold_call(f, e);
    f->n_folded += value != NULL;
    return value ? value : e;
}

static void fold_slot(void *arg, const struct expr **slot)
{
    *slot = fold_expr(arg, *slot);
}

static void find_slot(void *arg, const struct expr **slot)
{
    const struct expr *e = *slot;
    bool *found = arg;
    if (e->op == EXPR_CALL && e->n_args > 0 && all_literals(e)) *found = true;
    if (e->where) find_slot(arg, &((struct expr *)(uintptr_t)e)->where);
    for (int i = 0; i < e->n_args && !*found; i++)
        find_slot(arg, &e->args[i]);
}

static enum rc_t fold_node(struct ctx *cx, void *arg, struct plan *p, struct plan **out)
{
    (void)arg;
    bool found = false;
    if (p->op == PLAN_TABLE || p->op == PLAN_SCAN) return RC_OK;
    plan_each_expr(p, find_slot, &found);
    if (!found) return RC_OK;
    struct plan *q; /* a copy of our own: its expressions may be changed in place */
    TRY(plan_with_inputs(cx, p, p->inputs[0], p->inputs[1], &q));
    struct fold f = {cx, q->arena, 0};
    plan_each_expr(q, fold_slot, &f);
    *out = q;
    return RC_OK;
}

static enum rc_t run(struct ctx *cx, struct plan *p, struct plan **out)
{
    return plan_rewrite_up(cx, p, fold_node, NULL, out);
}

const struct pass_desc pass_fold = {
    .name = "fold",
    .doc = "pure calls on constants become their value",
    .run = run,
};
