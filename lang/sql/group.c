/* group.c: GROUP BY with sets of groups, and the nodes of window functions. */
#include "lang/sql/query.h"

enum { MAX_SETS = 256, MAX_KEYS = 64 };
struct sets { /* each set is a bit mask of keys */
    uint64_t all[MAX_SETS];
    int n;
};
struct grouper {
    struct query *q;
    const json_t *select;
    struct sql_chosen *targets;
    int n_targets;
    const struct expr *keys[MAX_KEYS];
    const char *ids[MAX_KEYS];
    int n_keys;
    struct sets sets;
    const struct expr *bad; /* a column that is neither key nor aggregated */
    struct plan *in;
};

/* ---- keys ---- */
static rc add_key(struct grouper *g, const struct expr *e, int *out)
{
    struct sql *s = g->q->s;
    if (e->type.kind == KIND_NULL) TRY(expr_cast(s->cx, s->arena, e, KIND_STR, &e));
    for (*out = 0; *out < g->n_keys; (*out)++)
        if (expr_equal(g->keys[*out], e)) return RC_OK;
    if (g->n_keys == MAX_KEYS)
        return fail(s->cx, E904, e->span, "a query groups by at most %d expressions", MAX_KEYS);
    g->ids[g->n_keys] =
        e->op == EXPR_COLUMN ? e->name : arena_printf(s->arena, ".key%d", g->n_keys + 1);
    g->keys[g->n_keys++] = e;
    return RC_OK;
}
static bool is_input_column(struct query *q, const char *name, bool is_quoted)
{
    int n;
    return sql_find_col(&q->cols, NULL, name, is_quoted, &n) != NULL;
}
static rc target_key(struct grouper *g, int at, struct span span, int *out)
{
    const struct sql_chosen *t = &g->targets[at];
    if (t->node && sql_has_aggregate(t->node))
        return fail(g->q->s->cx, E210, span, "an item with an aggregate cannot make groups");
    return add_key(g, t->expr, out);
}
/* A number is an item; a bare name is a column before it is an item. */
static rc bind_key(struct grouper *g, const json_t *node, int *out)
{
    struct query *q = g->q;
    const json_t *ref;
    const char *names[4];
    bool quoted[4], star;
    int at;
    const struct expr *e;
    TRY(sql_ordinal(q, node, g->n_targets, &at));
    if (at >= 0) return target_key(g, at, sql_node_span(q->s, node), out);
    bool is_name = sql_is(node, "ColumnRef", &ref) &&
                   sql_fields(q, ref, names, quoted, 4, &star) == 1 &&
                   !is_input_column(q, names[0], quoted[0]);
    for (int i = 0; i < g->n_targets && is_name; i++)
        if (str_eq_nocase(str_of(g->targets[i].name), str_of(names[0])))
            return target_key(g, i, sql_node_span(q->s, node), out);
    q->where_text = "GROUP BY";
    enum rc_t res = sql_expr(q, node, &e);
    q->where_text = NULL;
    TRY(res);
    return add_key(g, e, out);
}
static bool is_group_all(const json_t *node)
{
    const json_t *ref, *fields;
    if (!sql_is(node, "ColumnRef", &ref)) return false;
    fields = sql_get(ref, "fields");
    return sql_len(fields) == 1 &&
           strcmp(sql_string(json_array_get(fields, 0)), SQL_GROUP_ALL) == 0;
}
static rc group_all(struct grouper *g, uint64_t *set)
{
    int k;
    for (int i = 0; i < g->n_targets; i++) {
        if (g->targets[i].node && sql_has_aggregate(g->targets[i].node)) continue;
        TRY(add_key(g, g->targets[i].expr, &k));
        *set |= UINT64_C(1) << k;
    }
    return RC_OK;
}

/* ---- sets ---- */
static rc node_sets(struct grouper *g, const json_t *node, struct sets *out, int depth);

static rc add_set(struct grouper *g, struct sets *s, uint64_t set)
{
    if (s->n == MAX_SETS)
        return fail(g->q->s->cx, E904, sql_node_span(g->q->s, g->select),
                    "a query makes at most %d sets of groups", MAX_SETS);
    s->all[s->n++] = set;
    return RC_OK;
}
/* One element of ROLLUP, CUBE: a key, or several in brackets. */
static rc element_set(struct grouper *g, const json_t *node, uint64_t *out)
{
    const json_t *row, *args;
    int k;
    *out = 0;
    if (is_group_all(node)) return group_all(g, out);
    if (sql_is(node, "RowExpr", &row)) {
        args = sql_get(row, "args");
        for (size_t i = 0; i < sql_len(args); i++) {
            TRY(bind_key(g, json_array_get(args, i), &k));
            *out |= UINT64_C(1) << k;
        }
        return RC_OK;
    }
    TRY(bind_key(g, node, &k));
    *out = UINT64_C(1) << k;
    return RC_OK;
}
static rc cube_sets(struct grouper *g, const json_t *content, bool is_cube, struct sets *out)
{
    uint64_t parts[12];
    int n = (int)sql_len(content);
    if (n > 8 && is_cube)
        return fail(g->q->s->cx, E904, sql_node_span(g->q->s, content),
                    "CUBE takes at most 8 expressions");
    if (n > 12)
        return fail(g->q->s->cx, E904, sql_node_span(g->q->s, content),
                    "ROLLUP takes at most 12 expressions");
    for (int i = 0; i < n; i++)
        TRY(element_set(g, json_array_get(content, (size_t)i), &parts[i]));
    if (!is_cube) {
        for (int k = n; k >= 0; k--) {
            uint64_t set = 0;
            for (int i = 0; i < k; i++)
                set |= parts[i];
            TRY(add_set(g, out, set));
        }
        return RC_OK;
    }
    for (int m = (1 << n) - 1; m >= 0; m--) {
        uint64_t set = 0;
        for (int i = 0; i < n; i++)
            if (m >> i & 1) set |= parts[i];
        TRY(add_set(g, out, set));
    }
    return RC_OK;
}
static rc node_sets(struct grouper *g, const json_t *node, struct sets *out, int depth)
{
    const json_t *b;
    uint64_t set;
    if (!sql_is(node, "GroupingSet", &b)) {
        TRY(element_set(g, node, &set));
        return add_set(g, out, set);
    }
    const char *kind = sql_text_of(b, "kind");
    const json_t *content = sql_get(b, "content");
    if (strcmp(kind, "GROUPING_SET_EMPTY") == 0) return add_set(g, out, 0);
    if (strcmp(kind, "GROUPING_SET_ROLLUP") == 0) return cube_sets(g, content, false, out);
    if (strcmp(kind, "GROUPING_SET_CUBE") == 0) return cube_sets(g, content, true, out);
    for (size_t i = 0; i < sql_len(content) && depth < 20; i++)
        TRY(node_sets(g, json_array_get(content, i), out, depth + 1));
    return RC_OK;
}
/* The sets of several elements of GROUP BY are combined each with each. */
static rc all_sets(struct grouper *g)
{
    const json_t *list = sql_get(g->select, "groupClause");
    struct sql *s = g->q->s;
    struct sets *more = ARENA_NEW(s->arena, struct sets), *product;
    g->sets.n = 1;
    for (size_t i = 0; i < sql_len(list); i++) {
        more->n = 0;
        TRY(node_sets(g, json_array_get(list, i), more, 0));
        product = ARENA_NEW(s->arena, struct sets);
        for (int a = 0; a < g->sets.n; a++)
            for (int b = 0; b < more->n; b++)
                TRY(add_set(g, product, g->sets.all[a] | more->all[b]));
        g->sets = *product;
    }
    return RC_OK;
}

/* ---- GROUPING(a, b) ---- */
static rc grouping_value(struct grouper *g, const json_t *call, uint64_t set,
                         const struct expr **out)
{
    const json_t *args = sql_get(call, "args");
    struct span span = sql_span(g->q->s, (int)sql_int_of(call, "location"));
    int64_t bits = 0;
    for (size_t i = 0; i < sql_len(args); i++) {
        int k, n = g->n_keys;
        TRY(bind_key(g, json_array_get(args, i), &k));
        if (g->n_keys > n)
            return fail(g->q->s->cx, E217, span, "GROUPING() takes expressions of GROUP BY");
        bits = bits * 2 + !(set >> k & 1);
    }
    *out = sql_int_value(g->q->s, bits, span);
    return RC_OK;
}

/* ---- the nodes ---- */
static const char *grouping_id(struct grouper *g, int i)
{
    return arena_printf(g->q->s->arena, ".grouping%d", i);
}
/* Rows of the domain that have no rows at all still give one row of an aggregate without groups. */
static rc keep_domain(struct grouper *g, struct plan **p)
{
    struct query *q = g->q;
    struct sql *s = q->s;
    struct sql_items items = {0};
    int n = q->carry.n;
    const struct expr **l = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    const struct expr **r = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    struct sql_join j = {
        .kind = JOIN_LEFT, .left = q->domain, .same_left = l, .same_right = r, .n_same = n};
    for (int i = 0; i < (*p)->schema->n; i++) {
        const struct field *f = &(*p)->schema->fields[i];
        const char *id = f->name;
        for (int k = 0; k < n; k++)
            if (strcmp(f->name, q->carry.all[k].name) == 0) {
                id = sql_fresh(s, "domain");
                l[k] = sql_plan_col(s, q->domain, f->name);
                r[k] = expr_column(s->arena, id, f->type, NO_SPAN);
            }
        sql_add_item(s, &items, id, sql_plan_col(s, *p, f->name));
    }
    TRY(sql_project(s, *p, &items, &j.right));
    TRY(sql_join(s, &j, p));
    items = (struct sql_items){0};
    for (int i = 0; i < n; i++)
        sql_add_item(s, &items, q->carry.all[i].name, sql_plan_col(s, *p, q->carry.all[i].name));
    for (int i = 0; i < q->aggs.n; i++) {
        const struct expr *e = sql_plan_col(s, *p, q->aggs.all[i].name);
        const char *agg = q->aggs.all[i].expr->agg->name;
        bool is_count = strcmp(agg, "count") == 0 || strstr(agg, "distinct") != NULL;
        if (is_count && e->type.kind == KIND_INT)
            TRY(sql_fn2(s, "??", e, sql_int_value(s, 0, e->span), &e));
        sql_add_item(s, &items, q->aggs.all[i].name, e);
    }
    return sql_project(s, *p, &items, p);
}
static bool is_carried(const struct query *q, const char *id)
{
    for (int i = 0; i < q->carry.n; i++)
        if (strcmp(q->carry.all[i].name, id) == 0) return true;
    return false;
}
/* One set of groups, with all key columns (null where the set lacks them). */
static rc set_node(struct grouper *g, uint64_t set, struct plan **out)
{
    struct query *q = g->q;
    struct sql *s = q->s;
    struct sql_items keys = {0}, aggs = q->aggs, items = {0};
    struct plan *p;
    const struct expr *e;
    for (int i = 0; i < q->carry.n; i++)
        sql_add_item(s, &keys, q->carry.all[i].name, sql_plan_col(s, g->in, q->carry.all[i].name));
    for (int i = 0; i < g->n_keys; i++)
        if (set >> i & 1 && !is_carried(q, g->ids[i]))
            sql_add_item(s, &keys, g->ids[i], g->keys[i]);
    if (aggs.n == 0 && keys.n == 0) {
        TRY(expr_agg(s->cx, s->arena, agg_find(STR("count")), NULL, 0, NULL,
                     (struct win_frame){.unit = FRAME_ALL}, g->in->span, &e));
        aggs = (struct sql_items){0};
        sql_add_item(s, &aggs, ".rows", e);
    }
    TRY(plan_aggregate(s->cx, g->in, keys.all, keys.n, aggs.all, aggs.n, true, g->in->span, &p));
    p = sql_own(s, p);
    if (set == 0 && q->domain && q->aggs.n) TRY(keep_domain(g, &p));
    if (g->sets.n == 1 && q->n_grouping == 0) {
        *out = p;
        return RC_OK;
    }
    for (int i = 0; i < q->carry.n; i++)
        sql_add_item(s, &items, q->carry.all[i].name, sql_plan_col(s, p, q->carry.all[i].name));
    for (int i = 0; i < g->n_keys; i++) {
        struct scalar null = {.type = g->keys[i]->type, .is_null = true};
        if (is_carried(q, g->ids[i])) continue;
        e = set >> i & 1 ? sql_plan_col(s, p, g->ids[i]) : expr_literal(s->arena, &null, p->span);
        sql_add_item(s, &items, g->ids[i], e);
    }
    for (int i = 0; i < q->aggs.n; i++)
        sql_add_item(s, &items, q->aggs.all[i].name, sql_plan_col(s, p, q->aggs.all[i].name));
    for (int i = 0; i < q->n_grouping; i++) {
        TRY(grouping_value(g, q->grouping[i], set, &e));
        sql_add_item(s, &items, grouping_id(g, i), e);
    }
    return sql_project(s, p, &items, out);
}
static rc group_nodes(struct grouper *g)
{
    struct query *q = g->q;
    struct sql *s = q->s;
    struct plan *all = NULL, *one, *sum;
    g->in = q->plan;
    if (q->n_agg_sort) {
        TRY(plan_sort(s->cx, q->plan, q->agg_sort, q->n_agg_sort, q->plan->span, &one));
        g->in = sql_own(s, one);
    }
    for (int i = 0; i < g->sets.n; i++) {
        TRY(set_node(g, g->sets.all[i], &one));
        if (all) {
            TRY(plan_union(s->cx, all, one, q->plan->span, &sum));
            one = sql_own(s, sum);
        }
        all = one;
    }
    q->plan = all;
    return RC_OK;
}

/* ---- expressions above the groups ---- */
static bool is_made(struct query *q, const char *name)
{
    for (int i = 0; i < q->aggs.n; i++)
        if (strcmp(q->aggs.all[i].name, name) == 0) return true;
    for (int i = 0; i < q->n_wins; i++)
        if (strcmp(q->wins[i].name, name) == 0) return true;
    for (int i = 0; i < q->n_waiting; i++)
        if (strcmp(q->waiting[i].name, name) == 0) return true;
    for (int i = 0; i < q->carry.n; i++)
        if (strcmp(q->carry.all[i].name, name) == 0) return true;
    for (int i = 0; i < q->rows.n; i++)
        if (strcmp(q->rows.all[i].name, name) == 0) return true;
    return strncmp(name, ".grouping", 9) == 0;
}
static const struct expr *swap_key(void *arg, const struct expr *e)
{
    struct grouper *g = arg;
    struct arena *a = g->q->s->arena;
    for (int i = 0; i < g->n_keys; i++)
        if (expr_equal(g->keys[i], e)) return expr_column(a, g->ids[i], g->keys[i]->type, e->span);
    if (e->op != EXPR_COLUMN) return NULL;
    if (!is_made(g->q, e->name) && !g->bad) g->bad = e;
    return e;
}
static rc rewrite(struct grouper *g, const struct expr **e)
{
    struct query *q = g->q;
    struct sql *s = q->s;
    *e = sql_map(s->arena, *e, swap_key, g);
    if (!g->bad) return RC_OK;
    const char *name = g->bad->name;
    for (int i = 0; i < q->cols.n; i++)
        if (strcmp(q->cols.all[i].id, name) == 0) name = q->cols.all[i].name;
    (void)fail(s->cx, E210, g->bad->span,
               "`%s` must stand in GROUP BY or inside an aggregate: a group has many of them",
               name);
    return err_note(s->cx, "GROUP BY ALL groups by every item without an aggregate");
}
static const struct expr *swap_waiting(void *arg, const struct expr *e)
{
    const struct sql_items *joined = arg;
    for (int i = 0; i < joined->n && e->op == EXPR_COLUMN; i++)
        if (strcmp(joined->all[i].name, e->name) == 0) return joined->all[i].expr;
    return NULL;
}
static rc rewrite_windows(struct grouper *g)
{
    struct query *q = g->q;
    for (int i = 0; i < q->n_wins; i++) {
        struct sql_window *w = &q->wins[i];
        TRY(rewrite(g, &w->call));
        for (int k = 0; k < w->n_by; k++)
            TRY(rewrite(g, &w->by[k]));
        for (int k = 0; k < w->n_sort; k++)
            TRY(rewrite(g, &w->sort[k].expr));
    }
    for (int i = 0; i < q->rows.n; i++)
        TRY(rewrite(g, &q->rows.all[i].expr));
    return RC_OK;
}
/* After grouping only the keys are in sight by name. */
static void see_keys(struct grouper *g)
{
    struct query *q = g->q;
    int n = 0;
    for (int i = 0; i < q->cols.n; i++)
        for (int k = 0; k < g->n_keys; k++)
            if (strcmp(q->cols.all[i].id, g->ids[k]) == 0) {
                q->cols.all[n++] = q->cols.all[i];
                break;
            }
    q->cols.n = n;
}
static rc join_waiting(struct grouper *g, const struct expr **exprs, int n_exprs)
{
    struct query *q = g->q;
    struct sql *s = q->s;
    struct sql_items joined = {0};
    const struct expr *e;
    for (int i = 0; i < q->n_waiting; i++)
        if (q->waiting[i].test) TRY(rewrite(g, &q->waiting[i].test));
    see_keys(g);
    q->is_grouped = false; /* from here on rows are groups */
    for (int i = 0; i < q->n_waiting; i++) {
        TRY(sql_waiting_join(q, &q->waiting[i], &e));
        sql_add_item(s, &joined, q->waiting[i].name, e);
    }
    for (int i = 0; i < n_exprs && joined.n; i++)
        exprs[i] = sql_map(s->arena, exprs[i], swap_waiting, &joined);
    for (int i = 0; i < q->n_wins && joined.n; i++)
        q->wins[i].call = sql_map(s->arena, q->wins[i].call, swap_waiting, &joined);
    for (int i = 0; i < q->rows.n && joined.n; i++)
        q->rows.all[i].expr = sql_map(s->arena, q->rows.all[i].expr, swap_waiting, &joined);
    return RC_OK;
}
rc sql_group(struct query *q, const json_t *select, struct sql_chosen *targets, int n_targets,
             const struct expr **exprs, int n_exprs)
{
    struct grouper *g = ARENA_NEW(q->s->arena, struct grouper);
    g->q = q;
    g->select = select;
    g->targets = targets;
    g->n_targets = n_targets;
    TRY(all_sets(g));
    for (int i = 0; i < n_exprs; i++)
        TRY(rewrite(g, &exprs[i]));
    TRY(rewrite_windows(g));
    TRY(group_nodes(g));
    return join_waiting(g, exprs, n_exprs);
}

/* ---- windows ---- */
static bool same_window(const struct sql_window *a, const struct sql_window *b)
{
    if (a->n_by != b->n_by || a->n_sort != b->n_sort) return false;
    for (int i = 0; i < a->n_by; i++)
        if (!expr_equal(a->by[i], b->by[i])) return false;
    for (int i = 0; i < a->n_sort; i++)
        if (!expr_equal(a->sort[i].expr, b->sort[i].expr) ||
            a->sort[i].descending != b->sort[i].descending ||
            a->sort[i].nulls_first != b->sort[i].nulls_first)
            return false;
    return true;
}
rc sql_window_nodes(struct query *q)
{
    struct sql *s = q->s;
    bool *done = ARENA_ARRAY(s->arena, bool, q->n_wins + 1);
    for (int i = 0; i < q->n_wins; i++) {
        struct sql_window *w = &q->wins[i];
        struct sql_items items = {0};
        struct plan *p;
        if (done[i]) continue;
        for (int k = i; k < q->n_wins; k++)
            if (!done[k] && same_window(w, &q->wins[k])) {
                sql_add_item(s, &items, q->wins[k].name, q->wins[k].call);
                done[k] = true;
            }
        const struct expr **by =
            ARENA_ARRAY(s->arena, const struct expr *, w->n_by + q->carry.n + 1);
        int n = 0;
        for (int k = 0; k < q->carry.n; k++)
            by[n++] = sql_plan_col(s, q->plan, q->carry.all[k].name);
        for (int k = 0; k < w->n_by; k++)
            by[n++] = w->by[k];
        TRY(plan_window(s->cx, q->plan, by, n, w->sort, w->n_sort, items.all, items.n,
                        q->plan->span, &p));
        q->plan = sql_own(s, p);
    }
    return RC_OK;
}
