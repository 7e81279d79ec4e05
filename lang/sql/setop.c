/* setop.c: UNION, INTERSECT, EXCEPT, VALUES, and queries with names (WITH), which may be recursive.
 */
#include "lang/sql/query.h"

#include "runtime/base/pool.h"

/* ---- both sides under one set of ids ---- */
struct arm {
    struct query *q;
    struct sql_result r;
};
/* A query that sees what q sees. */
static struct query *twin(struct query *q)
{
    struct query *c = sql_query_new(q->s, q->up);
    c->outer = q->outer; /* the same columns: what is used is marked in one place */
    c->mode = q->mode == SQL_NO_OUTER ? SQL_NO_OUTER : SQL_CARRY;
    c->is_probe = q->is_probe;
    c->domain = q->domain;
    c->carry = q->carry;
    return c;
}
static rc bind_arm(struct query *q, const json_t *select, struct arm *out)
{
    out->q = twin(q);
    if (q->s->depth > SQL_MAX_DEPTH)
        return fail(q->s->cx, E109, sql_node_span(q->s, select), "the query is nested too deep");
    q->s->depth++;
    enum rc_t res = sql_query(out->q, select, &out->r);
    q->s->depth--;
    q->used_elsewhere = q->used_elsewhere || out->q->used_elsewhere;
    return res;
}
static const char *arm_id(struct sql *s, const json_t *select, int i)
{
    return arena_printf(s->arena, "%s.%d", sql_prefix(s, select, "set"), i + 1);
}
static rc shape_arms(struct query *q, const json_t *select, struct arm *arms, struct span span)
{
    struct sql *s = q->s;
    struct sql_items items[2] = {{0}, {0}};
    const struct sql_cols *a = &arms[0].r.cols, *b = &arms[1].r.cols;
    if (a->n != b->n)
        return fail(s->cx, E208, span, "the two queries give %d and %d columns", a->n, b->n);
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < q->carry.n; i++)
            sql_add_item(s, &items[k], q->carry.all[i].name,
                         sql_plan_col(s, arms[k].r.plan, q->carry.all[i].name));
    for (int i = 0; i < a->n; i++) {
        const struct expr *two[2] = {sql_plan_col(s, arms[0].r.plan, a->all[i].id),
                                     sql_plan_col(s, arms[1].r.plan, b->all[i].id)};
        two[0] = expr_column(s->arena, two[0]->name, two[0]->type, span);
        two[1] = expr_column(s->arena, two[1]->name, two[1]->type, span);
        if (a->all[i].literal) two[0] = a->all[i].literal;
        if (b->all[i].literal) two[1] = b->all[i].literal;
        TRY(sql_unify(s->cx, s->arena, two, 2, span));
        for (int k = 0; k < 2; k++) {
            if (two[k]->type.kind == KIND_CAT || two[k]->type.kind == KIND_NULL)
                TRY(expr_cast(s->cx, s->arena, two[k], KIND_STR, &two[k]));
            sql_add_item(s, &items[k], arm_id(s, select, i), two[k]);
        }
    }
    for (int k = 0; k < 2; k++)
        TRY(sql_project(s, arms[k].r.plan, &items[k], &arms[k].r.plan));
    return RC_OK;
}
static rc distinct_rows(struct sql *s, struct plan *in, struct plan **out)
{
    struct plan *p;
    TRY(plan_distinct(s->cx, in, NULL, 0, NULL, 0, in->span, &p));
    *out = sql_own(s, p);
    return RC_OK;
}
/* Numbers equal rows, so that the nth of one side meets the nth of the other. */
static rc number_equal(struct sql *s, struct plan *in, const char *id, struct plan **out)
{
    struct plan *p;
    struct named_expr item = {id, NULL};
    int n = in->schema->n;
    const struct expr **by = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    for (int i = 0; i < n; i++)
        by[i] = sql_plan_col(s, in, in->schema->fields[i].name);
    TRY(expr_window(s->cx, s->arena, win_find(STR("row_number")), NULL, 0, in->span, &item.expr));
    TRY(plan_window(s->cx, in, by, n, NULL, 0, &item, 1, in->span, &p));
    *out = sql_own(s, p);
    return RC_OK;
}
static rc combine(struct sql *s, struct plan *a, struct plan *b, const char *op, bool is_all,
                  struct span span, struct plan **out)
{
    struct plan *p;
    if (strcmp(op, "SETOP_UNION") == 0) {
        TRY(plan_union(s->cx, a, b, span, &p));
        *out = sql_own(s, p);
        return is_all ? RC_OK : distinct_rows(s, *out, out);
    }
    int n = a->schema->n;
    if (is_all) {
        TRY(number_equal(s, a, ".nth", &a));
        TRY(number_equal(s, b, ".nth", &b));
        n++;
    } else {
        TRY(distinct_rows(s, a, &a));
    }
    const struct expr **l = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    const struct expr **r = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    for (int i = 0; i < n; i++) {
        l[i] = sql_plan_col(s, a, a->schema->fields[i].name);
        r[i] = sql_plan_col(s, b, b->schema->fields[i].name);
    }
    struct sql_join j = {.kind = strcmp(op, "SETOP_EXCEPT") == 0 ? JOIN_ANTI : JOIN_SEMI,
                         .left = a,
                         .right = b,
                         .same_left = l,
                         .same_right = r,
                         .n_same = n,
                         .span = span};
    TRY(sql_join(s, &j, out));
    if (!is_all) return RC_OK;
    struct sql_items items = {0};
    for (int i = 0; i + 1 < n; i++)
        sql_add_item(s, &items, l[i]->name, l[i]);
    return sql_project(s, *out, &items, out);
}

/* ---- ORDER BY of the whole ---- */
static rc order_rows(struct query *q, const json_t *select, const struct sql_cols *cols,
                     struct plan **p)
{
    struct sql *s = q->s;
    const json_t *order = sql_get(select, "sortClause"), *sb;
    struct query *o = sql_query_new(s, NULL);
    int n = (int)sql_len(order);
    struct sort_key *keys = ARENA_ARRAY(s->arena, struct sort_key, n + 1);
    struct plan *sorted;
    if (n == 0) return RC_OK;
    o->cols = *cols;
    o->where_text = "ORDER BY";
    for (int i = 0; i < n; i++) {
        int at;
        const struct expr *e;
        if (!sql_is(json_array_get(order, (size_t)i), "SortBy", &sb)) continue;
        TRY(sql_ordinal(o, sql_get(sb, "node"), cols->n, &at));
        if (at >= 0)
            e = sql_col_expr(o, &cols->all[at], sql_node_span(s, sb));
        else
            TRY(sql_expr(o, sql_get(sb, "node"), &e));
        TRY(sql_sort_key(o, sb, e, &keys[i]));
    }
    TRY(plan_sort(s->cx, *p, keys, n, (*p)->span, &sorted));
    *p = sql_own(s, sorted);
    return RC_OK;
}
rc sql_set(struct query *q, const json_t *select, struct sql_result *out)
{
    struct sql *s = q->s;
    struct arm arms[2];
    struct span span = sql_node_span(s, sql_get(select, "rarg"));
    TRY(bind_arm(q, sql_get(select, "larg"), &arms[0]));
    TRY(bind_arm(q, sql_get(select, "rarg"), &arms[1]));
    TRY(shape_arms(q, select, arms, span));
    TRY(combine(s, arms[0].r.plan, arms[1].r.plan, sql_text_of(select, "op"),
                sql_bool_of(select, "all"), span, &q->plan));
    for (int i = 0; i < arms[0].r.cols.n; i++) {
        const char *id = arm_id(s, select, i);
        (void)sql_add_col(q, &out->cols, NULL, arms[0].r.cols.all[i].name, id,
                          sql_plan_col(s, q->plan, id)->type);
    }
    TRY(order_rows(q, select, &out->cols, &q->plan));
    TRY(sql_limit(q, select, &q->plan));
    out->plan = q->plan;
    return RC_OK;
}

/* ---- VALUES ---- */
static rc values_row(struct query *q, const json_t *list, int n, const struct expr **out)
{
    const json_t *items, *b;
    if (!sql_is(list, "List", &b))
        return fail(q->s->cx, E101, sql_node_span(q->s, list), "VALUES (..)");
    items = sql_get(b, "items");
    if ((int)sql_len(items) != n)
        return fail(q->s->cx, E208, sql_node_span(q->s, list),
                    "the rows of VALUES have %d and %d values", n, (int)sql_len(items));
    for (int i = 0; i < n; i++) {
        const json_t *node = json_array_get(items, (size_t)i);
        if (sql_is(node, "SetToDefault", NULL))
            return fail(q->s->cx, E214, sql_node_span(q->s, node), "columns have no DEFAULT here");
        TRY(sql_expr(q, node, &out[i]));
    }
    return RC_OK;
}
static bool are_literals(const struct expr *const *cells, int n)
{
    for (int i = 0; i < n; i++)
        if (cells[i]->op != EXPR_LITERAL || cells[i]->value.months ||
            cells[i]->type.kind == KIND_LIST || cells[i]->type.kind == KIND_STRUCT)
            return false;
    return true;
}
static rc literal_column(struct sql *s, const struct expr *const *cells, int n_rows, int n_cols,
                         int at, struct column **out)
{
    struct builder b;
    enum rc_t res = RC_OK;
    struct dtype type = cells[at]->type;
    builder_init(&b, type, kind_phys(type.kind));
    for (int r = 0; r < n_rows && res == RC_OK; r++) {
        const struct scalar *v = &cells[r * n_cols + at]->value;
        res = v->is_null ? builder_null(s->cx, &b) : builder_scalar(s->cx, &b, v);
    }
    if (res == RC_OK) res = builder_finish(s->cx, &b, out);
    builder_release(&b);
    return res;
}
static rc literal_table(struct sql *s, const struct expr *const *cells, int n_rows,
                        const struct field *fields, int n, struct plan **out)
{
    struct column **cols = ARENA_ARRAY(s->arena, struct column *, n + 1);
    struct schema *schema;
    struct table *t;
    struct plan *p;
    for (int i = 0; i < n; i++)
        if (literal_column(s, cells, n_rows, n, i, &cols[i]) != RC_OK) {
            while (i-- > 0)
                column_unref(cols[i]);
            return RC_ERR;
        }
    TRY(schema_new(s->cx, fields, n, NO_SPAN, &schema));
    enum rc_t res = table_new(s->cx, schema, cols, n_rows, &t);
    schema_unref(schema);
    TRY(res);
    res = plan_table(s->cx, t, NULL, &p);
    table_unref(t);
    TRY(res);
    *out = sql_own(s, p);
    return RC_OK;
}
/* Rows that compute something: a projection each. */
static rc computed_rows(struct query *q, const struct expr *const *cells, int n_rows,
                        const struct field *fields, int n, struct plan **out)
{
    struct sql *s = q->s;
    struct plan *all = NULL, *p, *sum;
    for (int r = 0; r < n_rows; r++) {
        struct sql_items items = {0};
        for (int i = 0; i < q->carry.n; i++)
            sql_add_item(s, &items, q->carry.all[i].name,
                         sql_plan_col(s, q->plan, q->carry.all[i].name));
        for (int i = 0; i < n; i++)
            sql_add_item(s, &items, fields[i].name, cells[r * n + i]);
        TRY(sql_project(s, q->plan, &items, &p));
        if (all) {
            TRY(plan_union(s->cx, all, p, p->span, &sum));
            p = sql_own(s, sum);
        }
        all = p;
    }
    *out = all;
    return RC_OK;
}
static rc unify_columns(struct sql *s, const struct expr **cells, int n_rows, int n,
                        struct span span)
{
    const struct expr **col = ARENA_ARRAY(s->arena, const struct expr *, n_rows + 1);
    for (int i = 0; i < n; i++) {
        for (int r = 0; r < n_rows; r++)
            col[r] = cells[r * n + i];
        TRY(sql_unify(s->cx, s->arena, col, n_rows, span));
        for (int r = 0; r < n_rows; r++) {
            if (col[r]->type.kind == KIND_NULL || col[r]->type.kind == KIND_CAT)
                TRY(expr_cast(s->cx, s->arena, col[r], KIND_STR, &col[r]));
            cells[r * n + i] = col[r];
        }
    }
    return RC_OK;
}
rc sql_values(struct query *q, const json_t *select, struct sql_result *out)
{
    struct sql *s = q->s;
    const json_t *lists = sql_get(select, "valuesLists"), *first;
    int n_rows = (int)sql_len(lists);
    if (!sql_is(json_array_get(lists, 0), "List", &first))
        return fail(s->cx, E101, sql_node_span(s, select), "VALUES (..)");
    int n = (int)sql_len(sql_get(first, "items"));
    const struct expr **cells = ARENA_ARRAY(s->arena, const struct expr *, (int64_t)n_rows *n + 1);
    struct field *fields = ARENA_ARRAY(s->arena, struct field, n + 1);
    TRY(sql_from(q, NULL));
    TRY(sql_join_all(q));
    q->where_text = "VALUES";
    for (int r = 0; r < n_rows; r++)
        TRY(values_row(q, json_array_get(lists, (size_t)r), n, cells + (size_t)r * (size_t)n));
    TRY(unify_columns(s, cells, n_rows, n, sql_node_span(s, select)));
    for (int i = 0; i < n; i++) {
        const char *id = arm_id(s, select, i);
        fields[i] = (struct field){id, cells[i]->type};
        (void)sql_add_col(q, &out->cols, NULL, arena_printf(s->arena, "column%d", i + 1), id,
                          cells[i]->type);
    }
    if (q->carry.n == 0 && are_literals(cells, n_rows * n))
        TRY(literal_table(s, cells, n_rows, fields, n, &q->plan));
    else
        TRY(computed_rows(q, cells, n_rows, fields, n, &q->plan));
    TRY(order_rows(q, select, &out->cols, &q->plan));
    TRY(sql_limit(q, select, &q->plan));
    out->plan = q->plan;
    return RC_OK;
}

/* ---- WITH ---- */
/* The result as a frame with the user's names, given in brackets or not. */
static rc named_plan(struct query *q, const struct sql_result *r, const json_t *names,
                     struct span span, struct plan **out)
{
    struct sql *s = q->s;
    struct sql_items items = {0};
    if ((int)sql_len(names) > r->cols.n)
        return fail(s->cx, E208, span, "%d names are given to %d columns", (int)sql_len(names),
                    r->cols.n);
    for (int i = 0; i < r->cols.n; i++) {
        const char *name = i < (int)sql_len(names) ? sql_string(json_array_get(names, (size_t)i))
                                                   : r->cols.all[i].name;
        const char *as = name;
        for (int k = 2, clash = 1; clash; k++) {
            clash = 0;
            for (int m = 0; m < items.n && !clash; m++)
                clash = strcmp(items.all[m].name, as) == 0;
            if (clash) as = arena_printf(s->arena, "%s_%d", name, k);
        }
        sql_add_item(s, &items, as, sql_plan_col(s, r->plan, r->cols.all[i].id));
    }
    return sql_project(s, r->plan, &items, out);
}
/* What is named once and read several times is computed once, but for NOT MATERIALIZED. */
static void share_cte(const json_t *cte, struct plan *p)
{
    if (strcmp(sql_text_of(cte, "ctematerialized"), "CTEMaterializeNever") != 0)
        plan_share(p, sql_text_of(cte, "ctename"));
}
static struct sql_cte *add_cte(struct sql *s, const json_t *cte)
{
    struct sql_cte *c = ARENA_NEW(s->arena, struct sql_cte);
    c->name = sql_text_of(cte, "ctename");
    c->next = s->ctes;
    return c;
}
static bool mentions(const json_t *node, const char *name)
{
    const json_t *b;
    const char *key;
    json_t *kid, *n = (json_t *)(uintptr_t)node;
    size_t i;
    if (sql_is(node, "RangeVar", &b)) return strcmp(sql_text_of(b, "relname"), name) == 0;
    if (json_is_array(node)) json_array_foreach(n, i, kid) if (mentions(kid, name)) return true;
    if (json_is_object(node)) json_object_foreach(n, key, kid) if (mentions(kid, name)) return true;
    return false;
}
static rc bind_cte(struct query *q, const json_t *cte, const json_t *select, struct plan **out)
{
    struct sql_result r;
    struct query *c = sql_query_new(q->s, NULL);
    c->is_probe = q->is_probe;
    TRY(sql_query(c, select, &r));
    return named_plan(q, &r, sql_get(cte, "aliascolnames"),
                      sql_span(q->s, (int)sql_int_of(cte, "location")), out);
}

/* ---- WITH RECURSIVE: rounds until nothing new comes ---- */
struct rounds {
    struct query *q;
    const json_t *cte, *select;
    struct sql_cte *self;
    bool is_all;
    struct table **parts; /* owned by mem; one a round */
    int n, cap;
    int64_t bytes;
    struct doing doing; /* rounds: how many there will be nobody knows */
    struct plan *work;  /* the rows of the last round, which the next one reads */
};
static rc run_plan(struct sql *s, struct plan *p, struct table **out)
{
    return exec_table(s->cx, s->lg->executor, p, out);
}
static rc keep_part(struct rounds *r, struct table *take_t)
{
    struct sql *s = r->q->s;
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->parts = mem_realloc(r->parts, sizeof(struct table *) * (size_t)r->cap);
    }
    r->parts[r->n++] = take_t;
    r->bytes += table_bytes(take_t);
    if (s->cx->memory_budget <= 0 || r->bytes < s->cx->memory_budget) return RC_OK;
    (void)fail(s->cx, E902, sql_span(s, (int)sql_int_of(r->cte, "location")),
               "WITH RECURSIVE does not end: it filled the memory budget after %d rounds", r->n);
    return err_note(s->cx, "a condition in the recursive part must stop it, or UNION without ALL");
}
static rc all_parts(struct rounds *r, struct plan **out)
{
    struct sql *s = r->q->s;
    struct table *t;
    struct plan *p;
    TRY(table_concat(s->cx, (const struct table *const *)r->parts, r->n, &t));
    enum rc_t res = plan_table(s->cx, t, NULL, &p);
    table_unref(t);
    TRY(res);
    *out = sql_own(s, p);
    return RC_OK;
}
/* The rows of p in the types and under the names of the first part. */
static rc like_first(struct sql *s, const struct plan *first, struct plan *p, struct span span,
                     struct plan **out)
{
    struct sql_items items = {0};
    if (p->schema->n != first->schema->n)
        return fail(s->cx, E208, span, "the two parts of WITH RECURSIVE give %d and %d columns",
                    first->schema->n, p->schema->n);
    for (int i = 0; i < p->schema->n; i++) {
        const struct field *f = &first->schema->fields[i];
        const struct expr *e = sql_plan_col(s, p, p->schema->fields[i].name);
        char have[96], want[96];
        bool fits = e->type.kind == f->type.kind || e->type.kind == KIND_NULL ||
                    (e->type.kind == KIND_INT && f->type.kind == KIND_NUM) ||
                    (e->type.kind == KIND_STR && f->type.kind == KIND_CAT);
        if (!fits)
            return fail(s->cx, E207, span,
                        "column `%s` is %s in the first part and %s in the recursive one", f->name,
                        dtype_text(f->type, want, sizeof want),
                        dtype_text(e->type, have, sizeof have));
        TRY(expr_cast(s->cx, s->arena, e, f->type.kind, &e));
        sql_add_item(s, &items, f->name, e);
    }
    return sql_project(s, p, &items, out);
}
/* The queries named before that every round would run again. */
static rc run_before(struct rounds *r)
{
    struct sql *s = r->q->s;
    if (s->lg->is_dry || r->q->is_probe) return RC_OK;
    for (struct sql_cte *c = s->ctes; c; c = c->next) {
        struct table *t;
        struct plan *p;
        if (!c->plan || c->plan->op == PLAN_TABLE || !c->plan->once ||
            !mentions(sql_get(r->select, "rarg"), c->name))
            continue;
        TRY(run_plan(s, c->plan, &t));
        enum rc_t res = plan_table(s->cx, t, c->name, &p);
        table_unref(t);
        TRY(res);
        c->plan = sql_own(s, p);
    }
    return RC_OK;
}
/* Rows of a round that no earlier one gave. */
static rc only_new(struct rounds *r, struct plan *p, struct plan **out)
{
    struct sql *s = r->q->s;
    struct plan *seen;
    if (r->is_all) {
        *out = p;
        return RC_OK;
    }
    TRY(distinct_rows(s, p, &p));
    if (r->n == 0) {
        *out = p;
        return RC_OK;
    }
    TRY(all_parts(r, &seen));
    return combine(s, p, seen, "SETOP_EXCEPT", false, p->span, out);
}
/* The rows that the next round reads; takes t. */
static rc set_work(struct rounds *r, struct table *t)
{
    struct sql *s = r->q->s;
    struct plan *work;
    TRY(keep_part(r, t));
    TRY(plan_table(s->cx, t, NULL, &work));
    plan_unref(r->work);
    r->self->plan = r->work = work;
    return RC_OK;
}
/* One round in the arenas as they are. */
static rc bind_round(struct rounds *r, const struct plan *first, struct table **out)
{
    struct query *q = r->q;
    struct sql *s = q->s;
    struct plan *p;
    struct sql_result res;
    struct query *c = sql_query_new(s, NULL);
    struct span span = sql_node_span(s, sql_get(r->select, "rarg"));
    TRY(check_cancel(s->cx));
    struct ctx told = *s->cx;
    told.doing = &r->doing;
    pool_tell(&told, r->n, 0);
    s->memo = NULL;
    TRY(sql_query(c, sql_get(r->select, "rarg"), &res));
    TRY(named_plan(q, &res, sql_get(r->cte, "aliascolnames"), span, &p));
    TRY(like_first(s, first, p, span, &p));
    *out = NULL;
    if (s->lg->is_dry || q->is_probe) return RC_OK;
    TRY(only_new(r, p, &p));
    return run_plan(s, p, out);
}
static void free_arena(void *arg)
{
    arena_free(arg);
}
/* What a round makes (trees, plans, names) goes when its rows are there. */
static rc one_round(struct rounds *r, const struct plan *first, bool *is_done)
{
    struct sql *s = r->q->s;
    struct sql before = *s;
    struct arena *temps = s->cx->arena, *mine = arena_new();
    struct table *t = NULL;
    s->arena = s->cx->arena = mine;
    enum rc_t res = bind_round(r, first, &t);
    s->arena = before.arena;
    s->cx->arena = temps;
    s->prefixes = before.prefixes;
    s->n_prefix = before.n_prefix;
    s->cap_prefix = before.cap_prefix;
    s->memo = NULL;
    if (res == RC_OK)
        arena_free(mine);
    else /* the error may speak of what lies there */
        arena_on_free(s->arena, free_arena, mine);
    TRY(res);
    *is_done = !t || t->n_rows == 0;
    return t ? set_work(r, t) : RC_OK;
}
static rc first_round(struct rounds *r, struct plan **first)
{
    struct query *q = r->q;
    struct sql *s = q->s;
    struct table *t;
    struct plan *work;
    TRY(bind_cte(q, r->cte, sql_get(r->select, "larg"), first));
    r->self->plan = *first;
    if (s->lg->is_dry || q->is_probe) return RC_OK;
    TRY(only_new(r, *first, &work));
    TRY(run_plan(s, work, &t));
    return set_work(r, t);
}
static rc recursive_cte(struct query *q, const json_t *cte, const json_t *select,
                        struct sql_cte *self)
{
    struct sql *s = q->s;
    struct rounds r = {
        .q = q, .cte = cte, .select = select, .self = self, .doing = pool_doing("recursive query")};
    struct plan *first;
    bool is_done = false;
    enum rc_t res = RC_ERR;
    r.is_all = sql_bool_of(select, "all");
    TRY_OUT(run_before(&r));
    TRY_OUT(first_round(&r, &first));
    s->ctes = self; /* the second part sees the name */
    while (!is_done)
        TRY_OUT(one_round(&r, first, &is_done));
    if (r.n == 0)
        self->plan = first;
    else
        TRY_OUT(all_parts(&r, &self->plan));
    res = RC_OK;
out:
    plan_unref(r.work);
    for (int i = 0; i < r.n; i++)
        table_unref(r.parts[i]);
    mem_free(r.parts);
    return res;
}
rc sql_with(struct query *q, const json_t *with)
{
    struct sql *s = q->s;
    const json_t *list = sql_get(with, "ctes"), *cte, *select;
    bool is_recursive = sql_bool_of(with, "recursive");
    for (size_t i = 0; i < sql_len(list); i++) {
        if (!sql_is(json_array_get(list, i), "CommonTableExpr", &cte)) continue;
        struct span span = sql_span(s, (int)sql_int_of(cte, "location"));
        if (!sql_is(sql_get(cte, "ctequery"), "SelectStmt", &select))
            return fail(s->cx, E214, span, "WITH holds queries only");
        struct sql_cte *c = add_cte(s, cte);
        if (is_recursive && mentions(select, c->name)) {
            if (strcmp(sql_text_of(select, "op"), "SETOP_UNION") != 0 ||
                mentions(sql_get(select, "larg"), c->name))
                return fail(s->cx, E217, span,
                            "a recursive query is a first part UNION [ALL] one that reads `%s`",
                            c->name);
            TRY(recursive_cte(q, cte, select, c));
        } else {
            TRY(bind_cte(q, cte, select, &c->plan));
            share_cte(cte, c->plan);
        }
        s->ctes = c;
    }
    return RC_OK;
}
