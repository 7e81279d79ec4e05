/* eval_share.c: equal sub-trees of the expressions of one step are compiled to one node, which
 * keeps its result for the batch at work. Nodes are compared once their arguments are, so equal
 * arguments are the same node by then. Only what is evaluated on the step's own rows is shared: the
 * branches of a case and the bodies of maps see others. */
#include "runtime/exec/threads/eval_int.h"

#define N_SHARES 256 /* lists, by the first 8 bits of the hash */

struct share {
    struct share *next;
    struct node *node;
};
struct shares {
    struct share *lists[N_SHARES];
};

static uint64_t mix(uint64_t h, uint64_t x)
{
    return (h ^ x) * UINT64_C(0x9E3779B97F4A7C15);
}

static uint64_t text_hash(struct str s)
{
    uint64_t h = s.n;
    for (size_t i = 0; i < s.n; i++)
        h = mix(h, (unsigned char)s.p[i]);
    return h;
}

static uint64_t value_hash(const struct scalar *s)
{
    if (s->is_null) return 1;
    switch (s->type.kind) {
    case KIND_INT:
    case KIND_NUM: return (uint64_t)s->u.i;
    case KIND_STR: return text_hash(s->u.s);
    default: return 2;
    }
}

/* Hash and purity of a node whose arguments have theirs. */
static void describe(struct node *nd)
{
    const struct expr *e = nd->e;
    uint64_t h = mix((uint64_t)e->op, (uint64_t)(uintptr_t)e->fn);
    if (e->name) h = mix(h, text_hash(str_of(e->name)));
    if (e->op == EXPR_LITERAL) h = mix(h, value_hash(&e->value));
    nd->is_pure = e->op != EXPR_CALL || (e->fn->flags & FN_PURE);
    for (int i = 0; i < nd->n_args; i++) {
        h = mix(h, nd->args[i]->hash);
        nd->is_pure = nd->is_pure && nd->args[i]->is_pure;
    }
    nd->hash = h;
}

static bool has_own_rows(const struct node *nd)
{
    return nd->e->op == EXPR_CASE || nd->e->op == EXPR_MAP;
}

static bool is_same(const struct node *a, const struct node *b)
{
    const struct expr *x = a->e, *y = b->e;
    if (a->hash != b->hash || x->op != y->op || a->n_args != b->n_args) return false;
    if (a->n_args == 0 || has_own_rows(a)) return expr_equal(x, y);
    if (x->fn != y->fn || x->overload != y->overload || x->agg != y->agg ||
        x->agg_overload != y->agg_overload || !dtype_eq(x->type, y->type))
        return false;
    if (x->name && strcmp(x->name, y->name) != 0) return false;
    for (int i = 0; i < a->n_args; i++)
        if (a->args[i] != b->args[i]) return false;
    return true;
}

struct node *share_find(struct eval_local *l, struct node *made, int from, int to)
{
    describe(made);
    if (l->inside > 0 || !made->is_pure) return made;
    if (!l->shares) l->shares = ARENA_NEW(l->arena, struct shares);
    struct share **at = &l->shares->lists[made->hash >> 56];
    for (struct share *s = *at; s; s = s->next) {
        if (!is_same(s->node, made)) continue;
        s->node->keeps = true;
        for (int i = from; i < to; i++) /* calls stand in the same order in both */
            l->twin[i] = l->twin[s->node->first_site + i - from];
        return s->node;
    }
    struct share *s = ARENA_NEW(l->arena, struct share);
    made->first_site = from;
    *s = (struct share){*at, made};
    *at = s;
    return made;
}

void share_notes(struct exprs *x, struct eval_local *l)
{
    for (int i = 0; i < x->n_sites; i++)
        if (l->twin[i] != i) l->notes[i] = l->notes[l->twin[i]];
}
