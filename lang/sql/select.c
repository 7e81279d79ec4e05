/* select.c: one SELECT: FROM, WHERE, groups, windows, items, DISTINCT, ORDER BY, LIMIT. */
#include "lang/sql/query.h"

struct query *sql_query_new(struct sql *s, struct query *up)
{
    struct query *q = ARENA_NEW(s->arena, struct query);
    q->s = s;
    q->up = up;
    return q;
}

struct body {
    struct query *q;
    const json_t *select;
    struct sql_chosen *targets;
    int n, cap;
    /* expressions that are computed with the items: targets first, then those of ORDER BY and
     * DISTINCT ON */
    const struct expr **exprs;
    int n_exprs, cap_exprs;
    struct sort_key *sort; /* expr NULL: exprs[sort_at[i]] */
    int *sort_at;
    int n_sort;
    int *on_at; /* DISTINCT ON */
    int n_on;
    const struct expr *having;
};

/* ---- WHERE ---- */
static rc where_part(struct query *q, const json_t *node)
{
    const struct expr *e;
    q->in_condition = true;
    enum rc_t res = sql_condition(q, node, &e);
    q->in_condition = false;
    TRY(res);
    TRY(sql_filter(q->s, e, &e));
    sql_add_conj(q, e);
    return RC_OK;
}
/* Conjuncts with sub-queries wait until the tables are joined. */
static rc where_parts(struct query *q, const json_t *node, bool links, int depth)
{
    const json_t *b, *args;
    if (sql_is(node, "BoolExpr", &b) && strcmp(sql_text_of(b, "boolop"), "AND_EXPR") == 0) {
        args = sql_get(b, "args");
        for (size_t i = 0; i < sql_len(args) && depth < 500; i++)
            TRY(where_parts(q, json_array_get(args, i), links, depth + 1));
        return RC_OK;
    }
    if ((sql_has_sublink(node) || sql_has_random(node)) != links) return RC_OK;
    if (!links) return where_part(q, node);
    bool done;
    const struct expr *e;
    TRY(sql_sublink_filter(q, node, &done));
    if (done) return RC_OK;
    TRY(sql_condition(q, node, &e));
    TRY(sql_filter(q->s, e, &e));
    if (q->is_probe) return RC_OK;
    return sql_where(q->s, q->plan, e, &q->plan);
}
static rc bind_where(struct query *q, const json_t *where)
{
    q->where_text = "WHERE";
    if (where) TRY(where_parts(q, where, false, 0));
    TRY(sql_join_all(q));
    if (q->mode == SQL_CONDITIONS) TRY(sql_take_links(q));
    if (where) TRY(where_parts(q, where, true, 0));
    q->where_text = NULL;
    return RC_OK;
}

/* ---- items ---- */
static void add_target(struct body *b, const char *name, const json_t *node, const struct expr *e)
{
    SQL_GROW(b->q, b->targets, b->n, b->cap);
    b->targets[b->n++] = (struct sql_chosen){name, node, e};
}
static rc add_star(struct body *b, const json_t *ref)
{
    struct query *q = b->q;
    const char *names[4] = {0};
    bool quoted[4], is_star;
    int n = sql_fields(q, ref, names, quoted, 4, &is_star), before = b->n;
    const char *table = n > 0 ? names[n - 1] : NULL;
    struct span span = sql_span(q->s, (int)sql_int_of(ref, "location"));
    for (int i = 0; i < q->cols.n; i++) {
        const struct sql_col *c = &q->cols.all[i];
        bool fits =
            table ? c->table && str_eq_nocase(str_of(c->table), str_of(table)) : !c->is_hidden;
        if (fits) add_target(b, c->name, NULL, sql_col_expr(q, c, span));
    }
    if (b->n > before) return RC_OK;
    if (table) return fail(q->s->cx, E202, span, "there is no table `%s` in this query", table);
    if (q->cols.n) return RC_OK;
    return fail(q->s->cx, E211, span, "`*` needs FROM");
}
static bool is_star(const json_t *node, const json_t **ref)
{
    if (!sql_is(node, "ColumnRef", ref)) return false;
    const json_t *fields = sql_get(*ref, "fields");
    return sql_is(json_array_get(fields, sql_len(fields) - 1), "A_Star", NULL);
}
static rc list_targets(struct body *b)
{
    const json_t *list = sql_get(b->select, "targetList"), *item, *ref;
    for (size_t i = 0; i < sql_len(list); i++) {
        if (!sql_is(json_array_get(list, i), "ResTarget", &item)) continue;
        const json_t *node = sql_get(item, "val");
        const char *name = sql_text_of(item, "name");
        if (is_star(node, &ref))
            TRY(add_star(b, ref));
        else
            add_target(b, *name ? name : sql_item_name(b->q, node), node, NULL);
    }
    if (b->n == 0)
        return fail(b->q->s->cx, E208, sql_node_span(b->q->s, b->select),
                    "SELECT needs something to select");
    return RC_OK;
}
static int add_expr(struct body *b, const struct expr *e)
{
    SQL_GROW(b->q, b->exprs, b->n_exprs, b->cap_exprs);
    b->exprs[b->n_exprs] = e;
    return b->n_exprs++;
}
static rc bind_targets(struct body *b)
{
    struct query *q = b->q;
    q->can_window = true;
    for (int i = 0; i < b->n; i++) {
        const json_t *node = b->targets[i].node;
        q->can_rows = node != NULL;
        enum rc_t res = node ? sql_expr(q, node, &b->targets[i].expr) : RC_OK;
        q->can_rows = false;
        TRY(res);
        (void)add_expr(b, b->targets[i].expr);
    }
    return RC_OK;
}

/* ---- ORDER BY, DISTINCT ON ---- */
rc sql_ordinal(struct query *q, const json_t *node, int n, int *out)
{
    const json_t *c;
    *out = -1;
    if (!sql_is(node, "A_Const", &c) || !sql_get(c, "ival")) return RC_OK;
    int64_t k = sql_int_of(sql_get(c, "ival"), "ival");
    if (k < 1 || k > n)
        return fail(q->s->cx, E209, sql_node_span(q->s, node),
                    "there is no item %lld: the select list has %d", (long long)k, n);
    *out = (int)k - 1;
    return RC_OK;
}
/* A bare name is an item's name before it is a column. */
static int named_target(struct body *b, const json_t *node)
{
    const json_t *ref;
    const char *names[4];
    bool quoted[4], star;
    if (!sql_is(node, "ColumnRef", &ref)) return -1;
    if (sql_fields(b->q, ref, names, quoted, 4, &star) != 1) return -1;
    for (int exact = 1; exact >= (quoted[0] ? 1 : 0); exact--)
        for (int i = 0; i < b->n; i++)
            if (exact ? strcmp(b->targets[i].name, names[0]) == 0
                      : str_eq_nocase(str_of(b->targets[i].name), str_of(names[0])))
                return i;
    return -1;
}
static rc order_expr(struct body *b, const json_t *node, int *out)
{
    const struct expr *e;
    TRY(sql_ordinal(b->q, node, b->n, out));
    if (*out >= 0) return RC_OK;
    *out = named_target(b, node);
    if (*out >= 0) return RC_OK;
    TRY(sql_expr(b->q, node, &e));
    for (int i = 0; i < b->n_exprs; i++)
        if (expr_equal(b->exprs[i], e)) {
            *out = i;
            return RC_OK;
        }
    *out = add_expr(b, e);
    return RC_OK;
}
static rc bind_order(struct body *b)
{
    struct query *q = b->q;
    struct arena *a = q->s->arena;
    const json_t *order = sql_get(b->select, "sortClause"), *on, *sb;
    b->sort = ARENA_ARRAY(a, struct sort_key, sql_len(order) + 1);
    b->sort_at = ARENA_ARRAY(a, int, sql_len(order) + 1);
    for (size_t i = 0; i < sql_len(order); i++) {
        int at;
        if (!sql_is(json_array_get(order, i), "SortBy", &sb)) continue;
        TRY(order_expr(b, sql_get(sb, "node"), &at));
        TRY(sql_sort_key(q, sb, b->exprs[at], &b->sort[b->n_sort]));
        b->sort_at[b->n_sort++] = at;
    }
    on = sql_get(b->select, "distinctClause");
    b->on_at = ARENA_ARRAY(a, int, sql_len(on) + 1);
    for (size_t i = 0; i < sql_len(on); i++)
        if (*sql_kind(json_array_get(on, i), NULL)) /* plain DISTINCT is a list of nothing */
            TRY(order_expr(b, json_array_get(on, i), &b->on_at[b->n_on++]));
    return RC_OK;
}
static bool groups(const json_t *select)
{
    return sql_get(select, "groupClause") || sql_get(select, "havingClause") ||
           sql_has_aggregate(sql_get(select, "targetList")) ||
           sql_has_aggregate(sql_get(select, "sortClause"));
}
static rc bind_having(struct body *b)
{
    struct query *q = b->q;
    const json_t *having = sql_get(b->select, "havingClause");
    if (!having) return RC_OK;
    q->can_window = false;
    q->items = b->targets;
    q->n_items = b->n;
    TRY(sql_condition(q, having, &b->having));
    q->items = NULL;
    TRY(sql_filter(q->s, b->having, &b->having));
    q->can_window = true;
    (void)add_expr(b, b->having);
    return RC_OK;
}

/* ---- the last projection ---- */
/* Columns that hold the items: id of exprs[i] is prefix.i. */
static const char *expr_id(struct body *b, int i)
{
    struct sql *s = b->q->s;
    return arena_printf(s->arena, "%s.%d", sql_prefix(s, b->select, "select"), i + 1);
}
static rc project_items(struct body *b, int n)
{
    struct query *q = b->q;
    struct sql *s = q->s;
    struct sql_items items = {0};
    for (int i = 0; i < q->carry.n; i++)
        sql_add_item(s, &items, q->carry.all[i].name,
                     sql_plan_col(s, q->plan, q->carry.all[i].name));
    for (int i = 0; i < q->links.n; i++) /* what conditions left to the join read */
        if (!q->links.all[i].is_done) {
            sql_add_all(s, &items, q->plan);
            for (int k = 0; k < q->carry.n; k++) /* they stand there already */
                items.all[k] = items.all[--items.n];
            break;
        }
    for (int i = 0; i < n; i++) {
        const struct expr *e = b->exprs[i];
        if (i < b->n) b->targets[i].expr = e;
        if (e->type.kind == KIND_NULL) TRY(expr_cast(s->cx, s->arena, e, KIND_STR, &e));
        b->exprs[i] = e;
        sql_add_item(s, &items, expr_id(b, i), e);
    }
    return sql_project(s, q->plan, &items, &q->plan);
}
static const struct expr *item_col(struct body *b, int i)
{
    return expr_column(b->q->s->arena, expr_id(b, i), b->exprs[i]->type, b->exprs[i]->span);
}
static const struct expr **carried(struct query *q, int more, int *n)
{
    const struct expr **by = ARENA_ARRAY(q->s->arena, const struct expr *, q->carry.n + more + 1);
    for (*n = 0; *n < q->carry.n; (*n)++)
        by[*n] = sql_plan_col(q->s, q->plan, q->carry.all[*n].name);
    return by;
}
static rc make_distinct(struct body *b)
{
    struct query *q = b->q;
    struct sql *s = q->s;
    struct plan *p;
    int n;
    if (!sql_get(b->select, "distinctClause")) return RC_OK;
    bool is_on = b->n_on > 0;
    for (int i = 0; i < b->n_sort && !is_on; i++)
        if (b->sort_at[i] >= b->n)
            return fail(s->cx, E217, b->exprs[b->sort_at[i]]->span,
                        "with DISTINCT, ORDER BY takes items of the select list only");
    const struct expr **by = carried(q, b->n + b->n_on, &n);
    for (int i = 0; i < (is_on ? b->n_on : b->n); i++)
        by[n++] = item_col(b, is_on ? b->on_at[i] : i);
    for (int i = 0; i < b->n_sort; i++)
        b->sort[i].expr = item_col(b, b->sort_at[i]);
    TRY(plan_distinct(s->cx, q->plan, by, n, b->sort, is_on ? b->n_sort : 0, q->plan->span, &p));
    q->plan = sql_own(s, p);
    return RC_OK;
}
static rc limit_number(struct query *q, const json_t *node, const char *what, int64_t *out)
{
    struct sql *s = q->s;
    const struct expr *e;
    if (!node) return RC_OK;
    struct query *none = sql_query_new(s, NULL);
    none->where_text = what;
    TRY(sql_expr(none, node, &e));
    if (e->op == EXPR_LITERAL && e->value.is_null) return RC_OK;
    if (!sql_is_literal(e) || e->type.kind != KIND_INT || e->value.u.i < 0)
        return fail(s->cx, E207, e->span, "%s takes a whole number, 0 or more", what);
    *out = e->value.u.i;
    return RC_OK;
}
rc sql_limit(struct query *q, const json_t *select, struct plan **p)
{
    struct sql *s = q->s;
    int64_t offset = 0, n = -1;
    struct plan *l;
    int n_by;
    if (strcmp(sql_text_of(select, "limitOption"), "LIMIT_OPTION_WITH_TIES") == 0)
        return fail(s->cx, E214, sql_node_span(s, sql_get(select, "limitCount")),
                    "FETCH FIRST .. WITH TIES does not run here");
    TRY(limit_number(q, sql_get(select, "limitCount"), "LIMIT", &n));
    TRY(limit_number(q, sql_get(select, "limitOffset"), "OFFSET", &offset));
    if (n < 0 && offset == 0) return RC_OK;
    const struct expr **by = carried(q, 0, &n_by);
    TRY(plan_limit(s->cx, *p, offset, n, false, by, n_by, NULL, 0, (*p)->span, &l));
    *p = sql_own(s, l);
    return RC_OK;
}
static rc finish(struct body *b, struct sql_result *out)
{
    struct query *q = b->q;
    struct sql *s = q->s;
    struct plan *p;
    TRY(project_items(b, b->n_exprs - (b->having != NULL)));
    TRY(make_distinct(b));
    for (int i = 0; i < b->n_sort; i++)
        b->sort[i].expr = item_col(b, b->sort_at[i]);
    if (b->n_sort) {
        TRY(plan_sort(s->cx, q->plan, b->sort, b->n_sort, q->plan->span, &p));
        q->plan = sql_own(s, p);
    }
    TRY(sql_limit(q, b->select, &q->plan));
    out->plan = q->plan;
    for (int i = 0; i < b->n; i++) {
        struct sql_col *c =
            sql_add_col(q, &out->cols, NULL, b->targets[i].name, expr_id(b, i), b->exprs[i]->type);
        const struct expr *e = b->targets[i].expr;
        bool gives_way = e->op == EXPR_LITERAL && (e->value.is_null || e->type.kind == KIND_STR);
        if (gives_way) c->literal = e;
    }
    return RC_OK;
}

/* ---- an aggregate without groups ---- */
static const struct expr *swap_empty(void *arg, const struct expr *e)
{
    struct query *q = arg;
    struct sql *s = q->s;
    for (int i = 0; i < q->aggs.n && e->op == EXPR_COLUMN; i++) {
        if (strcmp(q->aggs.all[i].name, e->name) != 0) continue;
        const char *agg = q->aggs.all[i].expr->agg->name;
        struct scalar none = {.type = e->type, .is_null = true};
        bool is_count = strcmp(agg, "count") == 0 || strstr(agg, "distinct") != NULL;
        if (is_count && e->type.kind == KIND_INT) none.is_null = false;
        return expr_literal(s->arena, &none, e->span);
    }
    return NULL;
}
static bool reads_column(const struct expr *e)
{
    if (e->op == EXPR_COLUMN) return true;
    for (int i = 0; i < e->n_args; i++)
        if (reads_column(e->args[i])) return true;
    return false;
}

/* Keys with sub-queries or functions that give rows are computed before the groups are made. */
static bool is_early(const json_t *node)
{
    return sql_has_sublink(node) || sql_has_rows(node);
}
static rc early_keys(struct body *b)
{
    struct query *q = b->q;
    const json_t *keys = sql_get(b->select, "groupClause");
    for (size_t i = 0; i < sql_len(keys); i++) {
        const json_t *node = json_array_get(keys, i);
        const struct expr *e;
        int at;
        TRY(sql_ordinal(q, node, b->n, &at));
        if (at < 0) at = named_target(b, node);
        if (at >= 0 && b->targets[at].node && is_early(b->targets[at].node))
            node = b->targets[at].node;
        if (!is_early(node)) continue;
        q->can_rows = true;
        enum rc_t res = sql_expr(q, node, &e);
        q->can_rows = false;
        TRY(res);
        TRY(sql_rows_nodes(q));
        if (e->type.kind == KIND_NULL) TRY(expr_cast(q->s->cx, q->s->arena, e, KIND_STR, &e));
        TRY(sql_add_column(q->s, &q->plan, e, "key", &e));
        SQL_GROW(q, q->early, q->n_early, q->cap_early);
        q->early[q->n_early++] = (struct sql_early){node, e};
    }
    return RC_OK;
}

rc sql_plain(struct query *q, const json_t *select, struct sql_result *out)
{
    struct sql *s = q->s;
    struct body b = {.q = q, .select = select};
    *out = (struct sql_result){0};
    q->windows = sql_get(select, "windowClause");
    TRY(sql_from(q, sql_get(select, "fromClause")));
    TRY(bind_where(q, sql_get(select, "whereClause")));
    TRY(list_targets(&b));
    TRY(early_keys(&b));
    q->is_grouped = groups(select);
    TRY(bind_targets(&b));
    TRY(bind_order(&b));
    TRY(bind_having(&b));
    bool is_whole = q->is_grouped && !sql_get(select, "groupClause") && !b.having && q->rows.n == 0;
    if (is_whole && b.n == 1) {
        out->empty = sql_map(s->arena, b.exprs[0], swap_empty, q);
        if (reads_column(out->empty)) out->empty = NULL;
    }
    out->is_one_row = is_whole && !sql_get(select, "limitCount") &&
                      !sql_get(select, "limitOffset") && (b.n != 1 || out->empty);
    if (q->is_grouped) TRY(sql_group(q, select, b.targets, b.n, b.exprs, b.n_exprs));
    if (b.having) {
        TRY(sql_where(s, q->plan, b.exprs[b.n_exprs - 1], &q->plan));
    }
    TRY(sql_window_nodes(q));
    TRY(sql_rows_nodes(q));
    return finish(&b, out);
}

/* ---- any query ---- */
rc sql_query(struct query *q, const json_t *select, struct sql_result *out)
{
    struct sql *s = q->s;
    struct sql_cte *ctes = s->ctes;
    enum rc_t res = RC_OK;
    *out = (struct sql_result){0};
    if (sql_get(select, "lockingClause"))
        return fail(s->cx, E214, sql_node_span(s, select),
                    "FOR UPDATE and FOR SHARE do not exist here");
    if (sql_get(select, "withClause")) res = sql_with(q, sql_get(select, "withClause"));
    if (res == RC_OK) {
        if (sql_get(select, "valuesLists"))
            res = sql_values(q, select, out);
        else if (strcmp(sql_text_of(select, "op"), "SETOP_NONE") != 0)
            res = sql_set(q, select, out);
        else
            res = sql_plain(q, select, out);
    }
    s->ctes = ctes;
    return res;
}
/* The result under the names that the user sees; a repeated one gets _2. */
static const char *free_name(struct sql *s, const struct sql_items *items, const char *name)
{
    const char *as = name;
    for (int k = 2;; k++) {
        bool is_taken = false;
        for (int i = 0; i < items->n && !is_taken; i++)
            is_taken = strcmp(items->all[i].name, as) == 0;
        if (!is_taken) return as;
        as = arena_printf(s->arena, "%s_%d", name, k);
    }
}
rc sql_select(struct sql *s, const json_t *select, struct plan **out)
{
    struct query *q = sql_query_new(s, NULL);
    struct sql_result r;
    struct sql_items items = {0};
    TRY(sql_query(q, select, &r));
    for (int i = 0; i < r.cols.n; i++) {
        const struct sql_col *c = &r.cols.all[i];
        sql_add_item(s, &items, free_name(s, &items, c->name), sql_plan_col(s, r.plan, c->id));
    }
    return sql_project(s, r.plan, &items, out);
}
