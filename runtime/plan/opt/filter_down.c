/* filter_down.c: moves the parts of a filter towards the sources, below projections, windows (by
 * their keys), sorts, unions, groupings (by their keys) and into the sides of joins, at last into
 * the scan itself. A part moves only if it is pure and can neither fail nor report (expr_is_safe):
 * below a step it may see rows it was not written for. Nothing moves below a projection that counts
 * failed casts and the like, below assert, or below a model: what they report would change. */
#include "runtime/plan/plan_int.h"

struct parts {
    const struct expr **e;
    int n;
};

static rc push(struct ctx *cx, struct plan *in, struct parts *parts, struct span span,
               struct plan **out);

static rc join_parts(struct ctx *cx, const struct parts *p, const struct expr **out)
{
    const struct expr *all = NULL;
    for (int i = 0; i < p->n; i++)
        TRY(expr_and(cx, cx->arena, all, p->e[i], &all));
    *out = all;
    return RC_OK;
}

/* `in` under what is left of the filter. */
static rc filter_over(struct ctx *cx, struct plan *in, const struct parts *rest, struct span span,
                      struct plan **out)
{
    const struct expr *all;
    if (rest->n == 0) {
        *out = plan_ref(in);
        return RC_OK;
    }
    TRY(join_parts(cx, rest, &all));
    return plan_filter(cx, in, all, span, out);
}

static struct parts parts_new(struct ctx *cx, int cap)
{
    return (struct parts){ARENA_ARRAY(cx->arena, const struct expr *, cap > 0 ? cap : 1), 0};
}

/* Rebuilds `p` with its first input filtered by `moved`, and puts `rest` above. */
static rc move_below(struct ctx *cx, struct plan *p, struct parts *moved, const struct parts *rest,
                     struct span span, struct plan **out)
{
    struct plan *in = NULL, *node = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(push(cx, p->inputs[0], moved, span, &in));
    TRY_OUT(plan_with_inputs(cx, p, in, p->inputs[1], &node));
    res = filter_over(cx, node, rest, span, out);
out:
    plan_unref(in);
    plan_unref(node);
    return res;
}

/* ---- which parts may go below a node, and how they read there ---- */
static bool is_key(const struct expr *const *by, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (by[i]->op == EXPR_COLUMN && strcmp(by[i]->name, name) == 0) return true;
    return false;
}

struct key_check {
    const struct expr *const *by;
    int n;
    bool all;
};

static void see_key(void *arg, const char *name)
{
    struct key_check *k = arg;
    if (!is_key(k->by, k->n, name)) k->all = false;
}

static bool reads_only_keys(const struct expr *e, const struct expr *const *by, int n)
{
    struct key_check k = {by, n, true};
    expr_columns(e, see_key, &k);
    return k.all;
}

/* Items of a projection that e reads are all plain columns. */
static bool reads_only_columns(const struct expr *e, const struct named_expr *items, int n)
{
    if (e->op == EXPR_COLUMN) {
        for (int i = 0; i < n; i++)
            if (strcmp(items[i].name, e->name) == 0) return items[i].expr->op == EXPR_COLUMN;
        return false;
    }
    for (int i = 0; i < e->n_args; i++)
        if (!reads_only_columns(e->args[i], items, n)) return false;
    return true;
}

static bool reports(const struct named_expr *items, int n)
{
    for (int i = 0; i < n; i++)
        if (expr_may_note(items[i].expr) || !expr_is_pure(items[i].expr)) return true;
    return false;
}

static bool is_unnested(const struct plan *p, const char *name)
{
    for (int i = 0; i < p->u.unnest.n; i++)
        if (strcmp(p->u.unnest.columns[i], name) == 0) return true;
    return p->u.unnest.index_name && strcmp(p->u.unnest.index_name, name) == 0;
}

static bool reads_unnested(const struct expr *e, const struct plan *p)
{
    if (e->op == EXPR_COLUMN && is_unnested(p, e->name)) return true;
    for (int i = 0; i < e->n_args; i++)
        if (reads_unnested(e->args[i], p)) return true;
    return false;
}

/* e as it reads below p, or NULL when it must stay above. */
static const struct expr *below(struct ctx *cx, const struct plan *p, const struct expr *e)
{
    switch (p->op) {
    case PLAN_PROJECT:
        if (reports(p->u.project.items, p->u.project.n)) return NULL;
        if (!reads_only_columns(e, p->u.project.items, p->u.project.n)) return NULL;
        return expr_substitute(cx->arena, e, p->u.project.items, p->u.project.n);
    case PLAN_AGGREGATE:
        if (p->u.aggregate.n_keys == 0) return NULL;
        if (!reads_only_columns(e, p->u.aggregate.keys, p->u.aggregate.n_keys)) return NULL;
        return expr_substitute(cx->arena, e, p->u.aggregate.keys, p->u.aggregate.n_keys);
    case PLAN_WINDOW: return reads_only_keys(e, p->u.window.by, p->u.window.n_by) ? e : NULL;
    case PLAN_DISTINCT:
        if (p->u.distinct.n_by == 0) return e;
        return reads_only_keys(e, p->u.distinct.by, p->u.distinct.n_by) ? e : NULL;
    case PLAN_SORT: return p->u.sort.limit < 0 ? e : NULL;
    case PLAN_UNNEST: return reads_unnested(e, p) ? NULL : e;
    case PLAN_UNION: return e;
    default: return NULL;
    }
}

static rc push_one_input(struct ctx *cx, struct plan *p, const struct parts *parts,
                         struct span span, struct plan **out)
{
    struct parts moved = parts_new(cx, parts->n), rest = parts_new(cx, parts->n);
    for (int i = 0; i < parts->n; i++) {
        const struct expr *e = expr_is_safe(parts->e[i]) && expr_is_pure(parts->e[i])
                                   ? below(cx, p, parts->e[i])
                                   : NULL;
        if (e)
            moved.e[moved.n++] = e;
        else
            rest.e[rest.n++] = parts->e[i];
    }
    if (moved.n == 0) return filter_over(cx, p, parts, span, out);
    return move_below(cx, p, &moved, &rest, span, out);
}

static rc push_union(struct ctx *cx, struct plan *p, struct parts *parts, struct span span,
                     struct plan **out)
{
    struct plan *a = NULL, *b = NULL, *node = NULL;
    struct parts moved = parts_new(cx, parts->n), rest = parts_new(cx, parts->n);
    enum rc_t res = RC_ERR;
    for (int i = 0; i < parts->n; i++) {
        bool moves = expr_is_safe(parts->e[i]) && expr_is_pure(parts->e[i]);
        struct parts *to = moves ? &moved : &rest;
        to->e[to->n++] = parts->e[i];
    }
    TRY_OUT(push(cx, p->inputs[0], &moved, span, &a));
    TRY_OUT(push(cx, p->inputs[1], &moved, span, &b));
    TRY_OUT(plan_with_inputs(cx, p, a, b, &node));
    res = filter_over(cx, node, &rest, span, out);
out:
    plan_unref(a);
    plan_unref(b);
    plan_unref(node);
    return res;
}

/* ---- joins ---- */
/* e in the right input's names, or NULL when it reads something else. */
static const struct expr *on_right(struct ctx *cx, const struct plan *p, const struct expr *e)
{
    int n = p->u.join.n_right, n_left = p->schema->n - n;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, n > 0 ? n : 1);
    for (int i = 0; i < n; i++) {
        const struct field *f = &p->schema->fields[n_left + i];
        items[i].name = f->name;
        items[i].expr = expr_column(cx->arena, p->u.join.right_columns[i], f->type, e->span);
    }
    if (!reads_only_columns(e, items, n)) return NULL;
    return expr_substitute(cx->arena, e, items, n);
}

static bool reads_nothing(const struct expr *e)
{
    struct key_check k = {NULL, 0, true};
    expr_columns(e, see_key, &k);
    return k.all;
}

/* The right side is left alone unless nobody is told about unmatched rows: its filter would make
 * more of them. */
static const struct expr *join_side(struct ctx *cx, const struct plan *p, const struct expr *e,
                                    int *side)
{
    enum join_kind kind = p->u.join.kind;
    bool left_stays = kind == JOIN_INNER || kind == JOIN_LEFT || kind == JOIN_SEMI ||
                      kind == JOIN_ANTI || kind == JOIN_CROSS || kind == JOIN_ASOF;
    if (p->u.join.expect || reads_nothing(e) || !expr_is_safe(e) || !expr_is_pure(e)) return NULL;
    if (left_stays && expr_reads_only(e, p->inputs[0]->schema)) {
        *side = 0;
        return e;
    }
    bool right_stays = kind == JOIN_CROSS || (kind == JOIN_INNER && p->u.join.is_silent);
    *side = 1;
    return right_stays ? on_right(cx, p, e) : NULL;
}

static rc push_join(struct ctx *cx, struct plan *p, const struct parts *parts, struct span span,
                    struct plan **out)
{
    struct parts side[2] = {parts_new(cx, parts->n), parts_new(cx, parts->n)};
    struct parts rest = parts_new(cx, parts->n);
    struct plan *in[2] = {NULL, NULL}, *node = NULL;
    enum rc_t res = RC_ERR;
    for (int i = 0; i < parts->n; i++) {
        int s;
        const struct expr *e = join_side(cx, p, parts->e[i], &s);
        if (e)
            side[s].e[side[s].n++] = e;
        else
            rest.e[rest.n++] = parts->e[i];
    }
    if (side[0].n + side[1].n == 0) return filter_over(cx, p, parts, span, out);
    for (int s = 0; s < 2; s++)
        TRY_OUT(push(cx, p->inputs[s], &side[s], span, &in[s]));
    TRY_OUT(plan_with_inputs(cx, p, in[0], in[1], &node));
    res = filter_over(cx, node, &rest, span, out);
out:
    plan_unref(in[0]);
    plan_unref(in[1]);
    plan_unref(node);
    return res;
}

static rc push_scan(struct ctx *cx, struct plan *p, const struct parts *parts, struct span span,
                    struct plan **out)
{
    struct parts moved = parts_new(cx, parts->n), rest = parts_new(cx, parts->n);
    const struct expr *all = NULL;
    struct plan *scan = NULL;
    if (p->u.scan.limit >= 0) return filter_over(cx, p, parts, span, out);
    for (int i = 0; i < parts->n; i++) {
        bool moves = expr_is_safe(parts->e[i]) && expr_is_pure(parts->e[i]);
        struct parts *to = moves ? &moved : &rest;
        to->e[to->n++] = parts->e[i];
    }
    if (moved.n == 0) return filter_over(cx, p, parts, span, out);
    TRY(join_parts(cx, &moved, &all));
    TRY(expr_and(cx, cx->arena, p->u.scan.filter, all, &all));
    TRY(plan_rescan(cx, p, p->u.scan.columns, p->u.scan.n_columns, all, -1, &scan));
    enum rc_t res = filter_over(cx, scan, &rest, span, out);
    plan_unref(scan);
    return res;
}

/* The filter `parts` over `in`, as far down as it goes. */
static rc push(struct ctx *cx, struct plan *in, struct parts *parts, struct span span,
               struct plan **out)
{
    if (parts->n == 0) {
        *out = plan_ref(in);
        return RC_OK;
    }
    switch (in->op) {
    case PLAN_JOIN: return push_join(cx, in, parts, span, out);
    case PLAN_UNION: return push_union(cx, in, parts, span, out);
    case PLAN_SCAN: return push_scan(cx, in, parts, span, out);
    case PLAN_PROJECT:
    case PLAN_AGGREGATE:
    case PLAN_WINDOW:
    case PLAN_DISTINCT:
    case PLAN_UNNEST:
    case PLAN_SORT: return push_one_input(cx, in, parts, span, out);
    default: return filter_over(cx, in, parts, span, out);
    }
}

static enum rc_t node(struct ctx *cx, void *arg, struct plan *p, struct plan **out)
{
    (void)arg;
    if (p->op != PLAN_FILTER) return RC_OK;
    struct parts parts = parts_new(cx, expr_count_and(p->u.filter.predicate));
    parts.n = expr_split_and(p->u.filter.predicate, parts.e);
    for (int i = 0; i < parts.n; i++) /* one part that must stay keeps the whole order */
        if (!expr_is_safe(parts.e[i]) || !expr_is_pure(parts.e[i])) return RC_OK;
    return push(cx, p->inputs[0], &parts, p->span, out);
}

static enum rc_t run(struct ctx *cx, struct plan *p, struct plan **out)
{
    return plan_rewrite_up(cx, p, node, NULL, out);
}

const struct pass_desc pass_filter_down = {
    .name = "filter_down",
    .doc = "filters move towards the sources",
    .run = run,
};
