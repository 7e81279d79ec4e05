/* expr_walk.c: looking at expressions and copying them with changes. */
#include "runtime/plan/plan_int.h"

const struct expr *expr_map(struct arena *a, const struct expr *e, expr_swap swap, void *arg)
{
    const struct expr *other = swap ? swap(arg, e) : NULL;
    if (other) return other;
    struct expr *c = expr_new(a, e->op, e->type, e->span);
    *c = *e;
    if (e->name) c->name = arena_strndup(a, e->name, strlen(e->name));
    if (e->op == EXPR_LITERAL) {
        const struct expr *lit = expr_literal(a, &e->value, e->span);
        c->value = lit->value;
    }
    if (e->where) c->where = expr_map(a, e->where, swap, arg);
    c->args = ARENA_ARRAY(a, const struct expr *, e->n_args > 0 ? e->n_args : 1);
    for (int i = 0; i < e->n_args; i++)
        c->args[i] = expr_map(a, e->args[i], swap, arg);
    return c;
}

const struct expr *expr_copy(struct arena *a, const struct expr *e)
{
    return expr_map(a, e, NULL, NULL);
}

struct substitution {
    struct arena *arena;
    const struct named_expr *items;
    int n;
};

static const struct expr *swap_column(void *arg, const struct expr *e)
{
    const struct substitution *s = arg;
    if (e->op != EXPR_COLUMN) return NULL;
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->items[i].name, e->name) == 0) return expr_copy(s->arena, s->items[i].expr);
    return NULL;
}

const struct expr *expr_substitute(struct arena *a, const struct expr *e,
                                   const struct named_expr *items, int n)
{
    struct substitution s = {a, items, n};
    return expr_map(a, e, swap_column, &s);
}

static bool column_same(const struct column *x, const struct column *y);

static bool scalar_same(const struct scalar *a, const struct scalar *b)
{
    if (!dtype_eq(a->type, b->type) || a->is_null != b->is_null) return false;
    if (a->is_null) return true;
    switch (a->type.kind) {
    case KIND_BOOL: return a->u.b == b->u.b;
    case KIND_NUM: return memcmp(&a->u.f, &b->u.f, sizeof a->u.f) == 0;
    case KIND_STR:
    case KIND_CAT: return str_eq(a->u.s, b->u.s);
    case KIND_STRUCT:
        for (int i = 0; a->u.row != b->u.row && i < a->type.fields->n; i++)
            if (!column_same(a->u.row->cols[i], b->u.row->cols[i])) return false;
        return true;
    case KIND_LIST: return column_same(a->u.list, b->u.list);
    default: return a->u.i == b->u.i && a->months == b->months;
    }
}

static bool column_same(const struct column *x, const struct column *y)
{
    if (x == y) return true;
    if (x->n != y->n) return false;
    for (int64_t i = 0; i < x->n; i++) {
        struct scalar p = column_scalar(x, i), q = column_scalar(y, i);
        bool same = scalar_same(&p, &q);
        scalar_release(&p);
        scalar_release(&q);
        if (!same) return false;
    }
    return true;
}

static bool head_equal(const struct expr *a, const struct expr *b)
{
    if (a->op != b->op || a->n_args != b->n_args || !dtype_eq(a->type, b->type)) return false;
    if (a->fn != b->fn || a->overload != b->overload || a->agg != b->agg ||
        a->agg_overload != b->agg_overload || a->win != b->win)
        return false;
    if (a->name && strcmp(a->name, b->name) != 0) return false;
    if (a->op == EXPR_COLUMN) return true;
    if (a->op == EXPR_LITERAL) return scalar_same(&a->value, &b->value);
    return a->frame.unit == b->frame.unit && a->frame.from == b->frame.from &&
           a->frame.to == b->frame.to && a->frame.num_from == b->frame.num_from &&
           a->frame.num_to == b->frame.num_to && a->frame.exclude == b->frame.exclude &&
           a->frame.min_rows == b->frame.min_rows;
}

bool expr_equal(const struct expr *a, const struct expr *b)
{
    if (a == b) return true;
    if (!a || !b || !head_equal(a, b) || !expr_equal(a->where, b->where)) return false;
    for (int i = 0; i < a->n_args; i++)
        if (!expr_equal(a->args[i], b->args[i])) return false;
    return true;
}

void expr_columns(const struct expr *e, void (*see)(void *arg, const char *name), void *arg)
{
    if (!e) return;
    if (e->op == EXPR_COLUMN && !expr_is_param(e)) see(arg, e->name);
    expr_columns(e->where, see, arg);
    for (int i = 0; i < e->n_args; i++)
        expr_columns(e->args[i], see, arg);
}

bool expr_is_pure(const struct expr *e)
{
    if (!e) return true;
    if (e->op == EXPR_CALL && !(e->fn->flags & FN_PURE)) return false;
    if (!expr_is_pure(e->where)) return false;
    for (int i = 0; i < e->n_args; i++)
        if (!expr_is_pure(e->args[i])) return false;
    return true;
}

/* Arithmetic of ints and durations may overflow; what only takes a value apart cannot. */
/* Widening casts never meet a value that they cannot take. */
static bool is_total_cast(const struct expr *e)
{
    if (e->n_args != 1 || fn_cast(e->type.kind) != e->fn) return false;
    enum kind from = e->args[0]->type.kind, to = e->type.kind;
    return to == KIND_STR || (from == KIND_INT && to == KIND_NUM) ||
           (from == KIND_BOOL && (to == KIND_INT || to == KIND_NUM)) ||
           (from == KIND_DATE && to == KIND_DATETIME);
}

static bool call_may_note(const struct expr *e)
{
    return (e->fn->flags & FN_ADDS_NULLS) && !is_total_cast(e);
}

static bool call_is_safe(const struct expr *e)
{
    if (call_may_note(e)) return false;
    enum kind k = e->type.kind;
    if (k == KIND_BOOL || k == KIND_NUM || k == KIND_STR || k == KIND_CAT) return true;
    for (int i = 0; i < e->n_args; i++) {
        enum kind a = e->args[i]->type.kind;
        if (a == KIND_INT || a == KIND_DURATION || a == KIND_LIST) return false;
    }
    return true;
}

bool expr_may_note(const struct expr *e)
{
    if (!e) return false;
    if (e->op == EXPR_CALL && call_may_note(e)) return true;
    if (expr_may_note(e->where)) return true;
    for (int i = 0; i < e->n_args; i++)
        if (expr_may_note(e->args[i])) return true;
    return false;
}

bool expr_is_safe(const struct expr *e)
{
    if (e->op == EXPR_CALL && !call_is_safe(e)) return false;
    if (e->where && !expr_is_safe(e->where)) return false;
    for (int i = 0; i < e->n_args; i++)
        if (!expr_is_safe(e->args[i])) return false;
    return true;
}

struct lookup {
    const struct schema *schema;
    bool all;
};

static void see_known(void *arg, const char *name)
{
    struct lookup *l = arg;
    if (schema_find(l->schema, str_of(name)) < 0) l->all = false;
}

bool expr_reads_only(const struct expr *e, const struct schema *s)
{
    struct lookup l = {s, true};
    expr_columns(e, see_known, &l);
    return l.all;
}

static bool is_and(const struct expr *e)
{
    return e->op == EXPR_CALL && strcmp(e->fn->name, "and") == 0;
}

int expr_count_and(const struct expr *e)
{
    if (!is_and(e)) return 1;
    int n = 0;
    for (int i = 0; i < e->n_args; i++)
        n += expr_count_and(e->args[i]);
    return n;
}

int expr_split_and(const struct expr *e, const struct expr **out)
{
    if (!is_and(e)) {
        out[0] = e;
        return 1;
    }
    int n = 0;
    for (int i = 0; i < e->n_args; i++)
        n += expr_split_and(e->args[i], out + n);
    return n;
}

rc expr_and(struct ctx *cx, struct arena *a, const struct expr *left, const struct expr *right,
            const struct expr **out)
{
    if (!left || !right) {
        *out = left ? left : right;
        return RC_OK;
    }
    const struct fn_desc *fn = fn_find(STR("and"));
    if (!fn) return fail(cx, E903, left->span, "the function `and` is missing");
    const struct expr *args[2] = {left, right};
    return expr_call(cx, a, fn, args, 2, left->span, out);
}
