/* join.c: conditions as join keys, and the order of inner joins. A condition that no key can
 * express is tested on the pairs: of outer, semi and anti joins by numbering the left rows. */
#include "lang/sql/query.h"

struct pairs {
    struct sql *s;
    struct join_on *on;
    int n;
    const struct expr **rest; /* conditions that are left */
    int n_rest;
};
bool sql_reads_only(const struct expr *e, const struct plan *p)
{
    if (e->op == EXPR_COLUMN) return schema_find(p->schema, str_of(e->name)) >= 0;
    if (e->where && !sql_reads_only(e->where, p)) return false;
    for (int i = 0; i < e->n_args; i++)
        if (!sql_reads_only(e->args[i], p)) return false;
    return true;
}
static bool reads_nothing(const struct expr *e)
{
    if (e->op == EXPR_COLUMN) return false;
    for (int i = 0; i < e->n_args; i++)
        if (!reads_nothing(e->args[i])) return false;
    return true;
}
static bool comparison(const struct expr *e, enum cmp_op *op, enum cmp_op *turned)
{
    static const struct {
        const char *fn;
        enum cmp_op op, turned;
    } ops[] = {
        {"sql_eq", CMP_EQ, CMP_EQ}, {"==", CMP_SAME, CMP_SAME}, {"sql_lt", CMP_LT, CMP_GT},
        {"<", CMP_LT, CMP_GT},      {"sql_le", CMP_LE, CMP_GE}, {"sql_gt", CMP_GT, CMP_LT},
        {">", CMP_GT, CMP_LT},      {"sql_ge", CMP_GE, CMP_LE}, {"sql_ne", CMP_NE, CMP_NE},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (sql_calls(e, ops[i].fn)) {
            *op = ops[i].op;
            *turned = ops[i].turned;
            return true;
        }
    return false;
}
/* `left == right` of the DSL (IS NOT DISTINCT FROM) matches nulls, `left = right` does not. */
static bool as_pair(const struct sql_join *j, const struct expr *e, struct join_on *out)
{
    enum cmp_op op, turned;
    if (!comparison(e, &op, &turned)) return false;
    const struct expr *a = e->args[0], *b = e->args[1];
    if (reads_nothing(a) || reads_nothing(b)) return false;
    bool is_straight = sql_reads_only(a, j->left) && sql_reads_only(b, j->right);
    bool is_turned = sql_reads_only(a, j->right) && sql_reads_only(b, j->left);
    if (is_straight) *out = (struct join_on){a, b, op};
    if (!is_straight && is_turned) *out = (struct join_on){b, a, turned};
    return is_straight || is_turned;
}
static void add_rest(struct pairs *ps, const struct expr *e)
{
    ps->rest[ps->n_rest++] = e;
}
/* Conditions on one side filter it where that is the same, else they are a key beside `true`. */
static rc sort_condition(struct sql_join *j, struct pairs *ps, const struct expr *e)
{
    struct sql *s = ps->s;
    bool keeps_left = j->kind == JOIN_LEFT || j->kind == JOIN_FULL || j->kind == JOIN_ANTI;
    bool keeps_right = j->kind == JOIN_FULL;
    if (as_pair(j, e, &ps->on[ps->n])) {
        ps->n++;
        return RC_OK;
    }
    bool on_right = sql_reads_only(e, j->right), on_left = sql_reads_only(e, j->left);
    if (on_right && !on_left && !keeps_right) return sql_where(s, j->right, e, &j->right);
    if (on_left && !keeps_left) return sql_where(s, j->left, e, &j->left);
    if (on_left || on_right) {
        const struct expr *yes = sql_bool_literal(s, true, e->span);
        ps->on[ps->n++] =
            on_left ? (struct join_on){e, yes, CMP_EQ} : (struct join_on){yes, e, CMP_EQ};
        return RC_OK;
    }
    add_rest(ps, e);
    return RC_OK;
}

/* The plan with a copy of a key column that the join may drop. */
static rc copy_key(struct sql *s, struct plan **p, const struct expr **key)
{
    struct sql_items items = {0};
    const struct expr *e = *key;
    while (e->op == EXPR_CALL && e->is_implicit && e->n_args == 1)
        e = e->args[0];
    if (e->op != EXPR_COLUMN) return RC_OK;
    const char *id = sql_fresh(s, "key");
    sql_add_all(s, &items, *p);
    sql_add_item(s, &items, id, e);
    TRY(sql_project(s, *p, &items, p));
    *key = expr_column(s->arena, id, e->type, e->span);
    return RC_OK;
}
static rc plain_join(struct sql *s, enum join_kind kind, struct plan *left, struct plan *right,
                     const struct join_on *pairs, int n, struct span span, struct plan **out)
{
    struct join_on *on = ARENA_ARRAY(s->arena, struct join_on, n + 2);
    struct join_spec spec = {.kind = kind, .on = on, .n_on = n, .is_silent = true};
    struct plan *p;
    for (int i = 0; i < n; i++)
        on[i] = pairs[i];
    if (n == 0 && kind == JOIN_INNER) spec.kind = JOIN_CROSS;
    if (n == 0 && kind != JOIN_INNER && kind != JOIN_CROSS) {
        on[0] = (struct join_on){sql_bool_literal(s, true, span), sql_bool_literal(s, true, span),
                                 CMP_EQ};
        spec.n_on = 1;
    }
    bool drops_key = kind == JOIN_INNER || kind == JOIN_LEFT || kind == JOIN_FULL;
    for (int i = 0; i < n && drops_key; i++) {
        if (!plan_join_is_merged(&on[i], NULL, NULL)) continue;
        TRY(copy_key(s, &right, &on[i].right));
        if (kind == JOIN_FULL) TRY(copy_key(s, &left, &on[i].left));
    }
    TRY(plan_join(s->cx, left, right, &spec, span, &p));
    *out = sql_own(s, p);
    return RC_OK;
}

/* ---- conditions on pairs ---- */
static rc number_rows(struct sql *s, struct plan **p, const char **id)
{
    struct plan *w;
    struct named_expr item = {sql_fresh(s, "row"), NULL};
    TRY(expr_window(s->cx, s->arena, win_find(STR("row_number")), NULL, 0, (*p)->span, &item.expr));
    TRY(plan_window(s->cx, *p, NULL, 0, NULL, 0, &item, 1, (*p)->span, &w));
    *p = sql_own(s, w);
    *id = item.name;
    return RC_OK;
}
/* `rows` whose number is (semi) or is not (anti) among the pairs. */
static rc by_number(struct sql *s, enum join_kind kind, struct plan *rows, struct plan *found,
                    const char *id, struct plan **out)
{
    struct sql_items items = {0};
    struct plan *ids;
    const char *other = sql_fresh(s, "row");
    sql_add_item(s, &items, other, sql_plan_col(s, found, id));
    TRY(sql_project(s, found, &items, &ids));
    struct join_on on = {sql_plan_col(s, rows, id), sql_plan_col(s, ids, other), CMP_EQ};
    return plain_join(s, kind, rows, ids, &on, 1, rows->span, out);
}
/* Columns of `like`, nulls where `in` does not have them. */
static rc pad_nulls(struct sql *s, struct plan *in, const struct plan *like, struct plan **out)
{
    struct sql_items items = {0};
    for (int i = 0; i < like->schema->n; i++) {
        const struct field *f = &like->schema->fields[i];
        struct scalar null = {.type = f->type, .is_null = true};
        const struct expr *e = sql_plan_col(s, in, f->name);
        sql_add_item(s, &items, f->name, e ? e : expr_literal(s->arena, &null, in->span));
    }
    return sql_project(s, in, &items, out);
}
static rc add_unmatched(struct sql *s, struct plan *rows, struct plan *found, const char *id,
                        struct plan *all, struct plan **out)
{
    struct plan *missing, *sum;
    TRY(by_number(s, JOIN_ANTI, rows, found, id, &missing));
    TRY(pad_nulls(s, missing, found, &missing));
    TRY(plan_union(s->cx, all, missing, rows->span, &sum));
    *out = sql_own(s, sum);
    return RC_OK;
}
static rc join_pairs(const struct sql_join *j, const struct pairs *ps, struct plan **out)
{
    struct sql *s = ps->s;
    struct plan *left = j->left, *right = j->right, *found, *all;
    const char *left_id, *right_id = NULL;
    TRY(number_rows(s, &left, &left_id));
    if (j->kind == JOIN_FULL) TRY(number_rows(s, &right, &right_id));
    TRY(plain_join(s, JOIN_INNER, left, right, ps->on, ps->n, j->span, &found));
    for (int i = 0; i < ps->n_rest; i++)
        TRY(sql_where(s, found, ps->rest[i], &found));
    if (j->kind == JOIN_SEMI || j->kind == JOIN_ANTI)
        return by_number(s, j->kind, left, found, left_id, out);
    TRY(add_unmatched(s, left, found, left_id, found, &all));
    if (right_id) TRY(add_unmatched(s, right, found, right_id, all, &all));
    *out = all;
    return RC_OK;
}
rc sql_join(struct sql *s, const struct sql_join *join, struct plan **out)
{
    struct sql_join j = *join;
    struct pairs ps = {.s = s,
                       .on = ARENA_ARRAY(s->arena, struct join_on, j.n_on + j.n_same + 1),
                       .rest = ARENA_ARRAY(s->arena, const struct expr *, j.n_on + 1)};
    bool is_sunk;
    TRY(sql_sink(s, &j, out, &is_sunk));
    if (is_sunk) return RC_OK;
    if (j.kind == JOIN_RIGHT) {
        struct plan *p = j.left;
        j.left = j.right;
        j.right = p;
        j.kind = JOIN_LEFT;
    }
    for (int i = 0; i < j.n_same; i++)
        ps.on[ps.n++] = (struct join_on){j.same_left[i], j.same_right[i], CMP_SAME};
    for (int i = 0; i < j.n_on; i++)
        TRY(sort_condition(&j, &ps, j.on[i]));
    if (ps.n_rest && j.kind != JOIN_INNER) return join_pairs(&j, &ps, out);
    TRY(plain_join(s, j.kind, j.left, j.right, ps.on, ps.n, j.span, out));
    for (int i = 0; i < ps.n_rest; i++)
        TRY(sql_where(s, *out, ps.rest[i], out));
    return RC_OK;
}

/* ---- conditions of WHERE and of inner joins ---- */
static bool reads_outer(const struct query *q, const struct expr *e)
{
    for (int i = 0; i < q->outer.n; i++)
        if (sql_reads(e, q->outer.all[i].id)) return true;
    return false;
}
static void push_conj(struct query *q, struct sql_conjs *c, const struct expr *e)
{
    SQL_GROW(q, c->all, c->n, c->cap);
    c->all[c->n++] = (struct sql_conj){e, false};
}
/* Parts of a chain of `fn` ("and", "or") into out. */
static int split(const struct expr *e, const char *fn, const struct expr **out, int max)
{
    if (!sql_calls(e, fn)) {
        if (max > 0) out[0] = e;
        return max > 0 ? 1 : 0;
    }
    int n = split(e->args[0], fn, out, max);
    return n + split(e->args[1], fn, out + n, max - n);
}
static int count(const struct expr *e, const char *fn)
{
    return sql_calls(e, fn) ? count(e->args[0], fn) + count(e->args[1], fn) : 1;
}
static bool is_among(const struct expr *e, const struct expr *const *all, int n)
{
    for (int i = 0; i < n; i++)
        if (expr_equal(e, all[i])) return true;
    return false;
}
/* (a and b) or (a and c): a holds in any case, and may be a join's key. */
static void add_common(struct query *q, const struct expr *e)
{
    enum { MOST = 32 };
    const struct expr *arms[MOST], *parts[MOST], *others[MOST];
    int n_arms = count(e, "or");
    if (n_arms < 2 || n_arms > MOST) return;
    n_arms = split(e, "or", arms, MOST);
    if (count(arms[0], "and") > MOST) return;
    int n = split(arms[0], "and", parts, MOST);
    for (int i = 0; i < n; i++) {
        bool is_common = true;
        for (int k = 1; k < n_arms && is_common; k++) {
            int m = split(arms[k], "and", others, MOST);
            is_common = is_among(parts[i], others, m);
        }
        if (is_common) push_conj(q, &q->conjs, parts[i]);
    }
}
void sql_add_conj(struct query *q, const struct expr *e)
{
    int n = count(e, "and");
    const struct expr **parts = ARENA_ARRAY(q->s->arena, const struct expr *, n);
    n = split(e, "and", parts, n);
    for (int i = 0; i < n; i++) {
        if (q->mode == SQL_CONDITIONS && reads_outer(q, parts[i])) {
            push_conj(q, &q->links, parts[i]);
            continue;
        }
        push_conj(q, &q->conjs, parts[i]);
        add_common(q, parts[i]);
    }
}

/* ---- the order of joins ---- */
static uint64_t bases_of(const struct query *q, const struct expr *e)
{
    uint64_t set = 0;
    if (e->op == EXPR_COLUMN)
        for (int i = 0; i < q->n_bases; i++)
            if (schema_find(q->bases[i].plan->schema, str_of(e->name)) >= 0)
                return UINT64_C(1) << i;
    for (int i = 0; i < e->n_args; i++)
        set |= bases_of(q, e->args[i]);
    return set;
}
/* What an `or` over several tables says about one of them: the rows that no arm wants can go. */
static rc implied(struct query *q, const struct expr *e, uint64_t one, const struct expr **out)
{
    enum { MOST = 32 };
    const struct expr *arms[MOST], *parts[MOST], *all = NULL;
    *out = NULL;
    int n = count(e, "or");
    if (n < 2 || n > MOST) return RC_OK;
    n = split(e, "or", arms, MOST);
    for (int i = 0; i < n; i++) {
        const struct expr *arm = NULL;
        if (count(arms[i], "and") > MOST) return RC_OK;
        int m = split(arms[i], "and", parts, MOST);
        for (int k = 0; k < m; k++) {
            if (bases_of(q, parts[k]) != one) continue;
            if (arm)
                TRY(sql_fn2(q->s, "and", arm, parts[k], &arm));
            else
                arm = parts[k];
        }
        if (!arm) return RC_OK;
        if (all)
            TRY(sql_fn2(q->s, "or", all, arm, &all));
        else
            all = arm;
    }
    *out = all;
    return RC_OK;
}
static rc filter_bases(struct query *q)
{
    struct sql *s = q->s;
    for (int i = 0; i < q->conjs.n; i++) {
        struct sql_conj *c = &q->conjs.all[i];
        uint64_t set = bases_of(q, c->e);
        for (int b = 0; b < q->n_bases && !c->is_done; b++) {
            const struct expr *e = c->e;
            uint64_t one = UINT64_C(1) << b;
            if (set == 0 && b > 0) break;
            if (!(set & one) && set) continue;
            if (set != one && set) TRY(implied(q, c->e, one, &e));
            if (!e) continue;
            TRY(sql_where(s, q->bases[b].plan, e, &q->bases[b].plan));
            c->is_done = set == one || set == 0;
        }
    }
    return RC_OK;
}
/* Tables joined already, or one that is not. */
struct joined {
    struct plan *plan;
    uint64_t set;
    double rows;
};
struct order {
    struct query *q;
    struct joined *all;
    int n;
    uint64_t *sets; /* the bases that each condition reads */
};
static bool is_equality(const struct expr *e)
{
    return sql_calls(e, "sql_eq") || sql_calls(e, "==");
}
/* The share of pairs that the conditions between a and b leave; 1 and *links false: there are
 * none that a hash join could take. */
static double pair_share(const struct order *o, const struct joined *a, const struct joined *b,
                         bool *links)
{
    double share = 1;
    *links = false;
    for (int i = 0; i < o->q->conjs.n; i++) {
        const struct expr *e = o->q->conjs.all[i].e;
        uint64_t set = o->sets[i];
        if (o->q->conjs.all[i].is_done || !(set & a->set) || !(set & b->set) ||
            (set & ~(a->set | b->set)))
            continue;
        if (!is_equality(e)) {
            share *= 0.3;
            continue;
        }
        bool is_turned = bases_of(o->q, e->args[0]) & b->set;
        double one = sql_guess_match(a->plan, e->args[is_turned], b->plan, e->args[!is_turned]);
        share *= *links ? 0.2 : one; /* keys of one join hang together */
        *links = true;
    }
    return share;
}
/* The two whose join costs least; those that no equality links come last. */
static void next_pair(const struct order *o, int *x, int *y)
{
    double least = 0;
    bool best_links = false;
    *x = -1;
    for (int i = 0; i < o->n; i++)
        for (int k = i + 1; k < o->n; k++) {
            bool links;
            double rows = pair_share(o, &o->all[i], &o->all[k], &links);
            double l = o->all[i].rows, r = o->all[k].rows;
            rows = rows * l * r + (l < r ? l : r); /* and those of the table that is built */
            bool better = *x < 0 || (links && !best_links) || (links == best_links && rows < least);
            if (!better) continue;
            *x = i;
            *y = k;
            least = rows;
            best_links = links;
        }
}
/* The larger side is looked up in a table of the smaller one, the right one. */
static rc join_two(struct order *o, int x, int y)
{
    struct query *q = o->q;
    struct sql *s = q->s;
    bool links, is_turned = o->all[x].rows < o->all[y].rows;
    struct joined *l = &o->all[is_turned ? y : x], *r = &o->all[is_turned ? x : y];
    struct joined both = {.set = l->set | r->set};
    struct sql_join j = {.kind = JOIN_INNER,
                         .left = l->plan,
                         .right = r->plan,
                         .on = ARENA_ARRAY(s->arena, const struct expr *, q->conjs.n + 1),
                         .span = l->plan->span};
    both.rows = l->rows * r->rows * pair_share(o, l, r, &links);
    for (int i = 0; i < q->conjs.n; i++) {
        struct sql_conj *c = &q->conjs.all[i];
        if (c->is_done || (o->sets[i] & ~both.set)) continue;
        j.on[j.n_on++] = c->e;
        c->is_done = true;
    }
    TRY(sql_join(s, &j, &both.plan));
    o->all[x] = both;
    o->all[y] = o->all[--o->n];
    return RC_OK;
}
/* Greedy operator ordering (L. Fegaras, "A New Heuristic for Optimizing Large Queries", DEXA 1998):
 * small tables are joined with each other before they meet the large one. */
rc sql_join_all(struct query *q)
{
    struct arena *a = q->s->arena;
    TRY(filter_bases(q));
    struct order o = {q, ARENA_ARRAY(a, struct joined, q->n_bases), q->n_bases,
                      ARENA_ARRAY(a, uint64_t, q->conjs.n + 1)};
    for (int b = 0; b < o.n; b++) {
        struct plan *p = q->bases[b].plan;
        o.all[b] = (struct joined){p, UINT64_C(1) << b, o.n > 1 ? sql_guess_rows(p) : 0};
    }
    for (int i = 0; i < q->conjs.n; i++)
        o.sets[i] = bases_of(q, q->conjs.all[i].e);
    while (o.n > 1) {
        int x = 0, y = 1;
        next_pair(&o, &x, &y);
        TRY(join_two(&o, x, y));
    }
    q->plan = o.all[0].plan;
    q->bases[0] = (struct sql_base){q->plan};
    q->n_bases = 1;
    q->conjs.n = 0;
    return RC_OK;
}
