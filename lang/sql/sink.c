/* sink.c: a semi or anti join of rows that are themselves joined may as well be done on the one
 * input that has its keys. It goes where the fewest rows have to be looked up. */
#include "lang/sql/query.h"

enum { MOST_STEPS = 64 };
struct way { /* from the top: which input of each node is taken */
    struct plan *nodes[MOST_STEPS + 1];
    int sides[MOST_STEPS];
    int n;
};

/* Every column of e comes from p or from the other side of the join. */
static bool reads_two(const struct expr *e, const struct plan *p, const struct plan *other)
{
    if (e->op == EXPR_COLUMN)
        return schema_find(p->schema, str_of(e->name)) >= 0 ||
               schema_find(other->schema, str_of(e->name)) >= 0;
    if (e->where) return false;
    for (int i = 0; i < e->n_args; i++)
        if (!reads_two(e->args[i], p, other)) return false;
    return true;
}
static bool fits(const struct sql_join *j, const struct plan *p)
{
    for (int i = 0; i < j->n_on; i++)
        if (!reads_two(j->on[i], p, j->right)) return false;
    for (int i = 0; i < j->n_same; i++)
        if (!reads_two(j->same_left[i], p, j->right)) return false;
    return true;
}
/* Columns that p and its input have under one name are the same column in both. */
static bool keeps_names(const struct plan *p)
{
    const struct plan *in = p->inputs[0];
    for (int i = 0; i < p->u.project.n; i++) {
        const struct named_expr *item = &p->u.project.items[i];
        bool is_same = item->expr->op == EXPR_COLUMN && strcmp(item->expr->name, item->name) == 0;
        if (!is_same && schema_find(in->schema, str_of(item->name)) >= 0) return false;
    }
    return true;
}
static bool right_keeps_names(const struct plan *p)
{
    int n_left = p->schema->n - p->u.join.n_right;
    for (int i = 0; i < p->u.join.n_right; i++)
        if (strcmp(p->schema->fields[n_left + i].name, p->u.join.right_columns[i]) != 0)
            return false;
    return true;
}
/* The input of p that has all keys, or -1. */
static int side_of(const struct sql_join *j, const struct plan *p)
{
    if (p->kept) return -1;
    switch (p->op) {
    case PLAN_FILTER: return fits(j, p->inputs[0]) ? 0 : -1;
    case PLAN_PROJECT: return keeps_names(p) && fits(j, p->inputs[0]) ? 0 : -1;
    case PLAN_JOIN:
        if (fits(j, p->inputs[0]) && (p->u.join.kind == JOIN_INNER || p->u.join.kind == JOIN_LEFT ||
                                      p->u.join.kind == JOIN_SEMI || p->u.join.kind == JOIN_ANTI ||
                                      p->u.join.kind == JOIN_CROSS))
            return 0;
        if ((p->u.join.kind == JOIN_INNER || p->u.join.kind == JOIN_CROSS) &&
            right_keeps_names(p) && fits(j, p->inputs[1]))
            return 1;
        return -1;
    default: return -1;
    }
}
static int best_place(const struct sql_join *j, struct way *w)
{
    double least = sql_guess_rows(j->left);
    int best = 0;
    w->nodes[0] = j->left;
    for (w->n = 0; w->n < MOST_STEPS; w->n++) {
        struct plan *p = w->nodes[w->n];
        int side = side_of(j, p);
        if (side < 0) break;
        w->sides[w->n] = side;
        w->nodes[w->n + 1] = p->inputs[side];
        double rows = sql_guess_rows(p->inputs[side]);
        if (p->op != PLAN_JOIN || rows >= least) continue;
        least = rows;
        best = w->n + 1;
    }
    return best;
}
rc sql_sink(struct sql *s, const struct sql_join *join, struct plan **out, bool *done)
{
    struct way w;
    struct sql_join j = *join;
    struct plan *p;
    *done = false;
    if (j.kind != JOIN_SEMI && j.kind != JOIN_ANTI) return RC_OK;
    int at = best_place(&j, &w);
    if (at == 0) return RC_OK;
    j.left = w.nodes[at];
    TRY(sql_join(s, &j, &p));
    while (at-- > 0) {
        struct plan *node = w.nodes[at], *up;
        struct plan *in[2] = {node->inputs[0], node->inputs[1]};
        in[w.sides[at]] = p;
        TRY(plan_with_inputs(s->cx, node, in[0], in[1], &up));
        p = sql_own(s, up);
    }
    *out = p;
    *done = true;
    return RC_OK;
}
