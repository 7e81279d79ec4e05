/* fuse.c: neighbouring filters and projections become one. Two filters join only when the second
 * cannot fail or report on rows that the first would have dropped; two projections only when no
 * work would be done twice. */
#include "runtime/plan/plan_int.h"

static rc fuse_filters(struct ctx *cx, struct plan *p, struct plan **out)
{
    struct plan *in = p->inputs[0];
    const struct expr *both;
    if (!expr_is_safe(p->u.filter.predicate)) return RC_OK;
    TRY(expr_and(cx, cx->arena, in->u.filter.predicate, p->u.filter.predicate, &both));
    return plan_filter(cx, in->inputs[0], both, p->span, out);
}

static bool is_cheap(const struct expr *e)
{
    return e->op == EXPR_COLUMN || e->op == EXPR_LITERAL;
}

struct uses {
    const char *name;
    int n;
};

static void count_use(void *arg, const char *name)
{
    struct uses *u = arg;
    if (strcmp(u->name, name) == 0) u->n++;
}

/* How often the outer items read a column; a bare mention counts apart. */
static void count_uses(const struct plan *outer, const char *name, int *bare, int *inside)
{
    struct uses u = {name, 0};
    *bare = 0;
    for (int i = 0; i < outer->u.project.n; i++) {
        const struct expr *e = outer->u.project.items[i].expr;
        if (e->op == EXPR_COLUMN && strcmp(e->name, name) == 0) (*bare)++;
        expr_columns(e, count_use, &u);
    }
    *inside = u.n - *bare;
}

/* A computed inner column may move into the outer projection when it is used once, and as it is or
 * where it cannot be skipped (inside a case) without changing what is reported. */
static bool projects_fit(const struct plan *outer, const struct plan *inner)
{
    for (int i = 0; i < inner->u.project.n; i++) {
        const struct named_expr *item = &inner->u.project.items[i];
        int bare, inside;
        if (is_cheap(item->expr)) continue;
        count_uses(outer, item->name, &bare, &inside);
        if (bare + inside > 1) return false;
        if (inside > 0 && !(expr_is_safe(item->expr) && expr_is_pure(item->expr))) return false;
        if (bare + inside == 0 && !expr_is_pure(item->expr)) return false;
    }
    return true;
}

static rc fuse_projects(struct ctx *cx, struct plan *p, struct plan **out)
{
    struct plan *in = p->inputs[0];
    int n = p->u.project.n;
    if (!projects_fit(p, in)) return RC_OK;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, n > 0 ? n : 1);
    for (int i = 0; i < n; i++) {
        items[i].name = p->u.project.items[i].name;
        items[i].expr = expr_substitute(cx->arena, p->u.project.items[i].expr, in->u.project.items,
                                        in->u.project.n);
    }
    return plan_project(cx, in->inputs[0], items, n, p->span, out);
}

static enum rc_t fuse_node(struct ctx *cx, void *arg, struct plan *p, struct plan **out)
{
    (void)arg;
    const struct plan *in = p->inputs[0];
    if (!in || in->op != p->op) return RC_OK;
    if (p->op == PLAN_FILTER) return fuse_filters(cx, p, out);
    if (p->op == PLAN_PROJECT) return fuse_projects(cx, p, out);
    return RC_OK;
}

static enum rc_t run(struct ctx *cx, struct plan *p, struct plan **out)
{
    return plan_rewrite_up(cx, p, fuse_node, NULL, out);
}

const struct pass_desc pass_fuse = {
    .name = "fuse",
    .doc = "neighbouring filters, and neighbouring projections, become one",
    .run = run,
};
/* Pruning and push-down leave new neighbours behind. */
const struct pass_desc pass_fuse_again = {
    .name = "fuse_again",
    .doc = "fuse, once more after the other passes",
    .run = run,
};
