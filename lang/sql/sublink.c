/* sublink.c: sub-queries in expressions, made into joins (T. Neumann, A. Kemper, "Unnesting
 * Arbitrary Queries", BTW 2015). A sub-query that reads columns of the query around is bound once
 * as a probe, which tells the columns it reads. If they stand in conditions of its WHERE only, the
 * conditions become the join's; else the distinct values of those columns (the domain) enter its
 * FROM and are carried through every node, and the result is joined by them. */
#include "lang/sql/query.h"

struct sql_memo { /* what a probe found, by node */
    struct sql_memo *next;
    const json_t *node;
    const char **used; /* ids around that are read */
    int n_used;
    bool may_link; /* they stand in conditions of WHERE only */
    struct dtype type;
    int n_cols;
    struct sql_cols cols;
};

bool sql_has_sublink(const json_t *node)
{
    const char *key;
    json_t *kid, *n = (json_t *)(uintptr_t)node;
    size_t i;
    if (sql_is(node, "SubLink", NULL)) return true;
    if (json_is_array(node)) json_array_foreach(n, i, kid) if (sql_has_sublink(kid)) return true;
    if (json_is_object(node))
        json_object_foreach(n, key, kid) if (sql_has_sublink(kid)) return true;
    return false;
}

/* ---- what a sub-query sees ---- */
static void add_visible(struct query *child, struct sql_cols *from, int levels)
{
    for (int i = 0; i < from->n; i++) {
        struct sql_col c = from->all[i], *d;
        const char *id = arena_printf(child->s->arena, "^%s", c.id);
        d = sql_add_col(child, &child->outer, c.table, c.name, id, c.type);
        d->level = c.level + levels;
        d->is_hidden = c.is_hidden;
        d->outer = c.id;
    }
}
static struct query *child_of(struct query *q, enum sql_outer mode)
{
    struct query *c = sql_query_new(q->s, q);
    c->is_probe = q->is_probe;
    c->mode = mode;
    add_visible(c, &q->cols, 1);
    if (q->mode != SQL_NO_OUTER) add_visible(c, &q->outer, 1);
    return c;
}
static rc empty_table(struct sql *s, const struct field *fields, int n, struct plan **out)
{
    struct schema *schema;
    struct table *t;
    struct plan *p;
    struct column **cols = ARENA_ARRAY(s->arena, struct column *, n + 1);
    for (int i = 0; i < n; i++)
        TRY(column_nulls(s->cx, fields[i].type, 0, &cols[i]));
    TRY(schema_new(s->cx, fields, n, NO_SPAN, &schema));
    enum rc_t res = table_new(s->cx, schema, cols, 0, &t);
    schema_unref(schema);
    TRY(res);
    res = plan_table(s->cx, t, NULL, &p);
    table_unref(t);
    TRY(res);
    *out = sql_own(s, p);
    return RC_OK;
}
static rc probe_domain(struct query *c)
{
    struct field *fields = ARENA_ARRAY(c->s->arena, struct field, c->outer.n + 1);
    int n = 0;
    for (int i = 0; i < c->outer.n; i++) {
        bool twice = false;
        for (int k = 0; k < n && !twice; k++)
            twice = strcmp(fields[k].name, c->outer.all[i].id) == 0;
        if (!twice) fields[n++] = (struct field){c->outer.all[i].id, c->outer.all[i].type};
    }
    if (n == 0) return RC_OK;
    TRY(empty_table(c->s, fields, n, &c->domain));
    for (int i = 0; i < n; i++)
        sql_add_item(c->s, &c->carry, fields[i].name,
                     expr_column(c->s->arena, fields[i].name, fields[i].type, NO_SPAN));
    return RC_OK;
}

/* ---- the probe ---- */
static struct sql_memo *memo_of(struct sql *s, const json_t *node)
{
    struct sql_memo *m = s->memo;
    while (m && m->node != node)
        m = m->next;
    return m;
}
static rc probe(struct query *q, const json_t *select, struct sql_memo **out)
{
    struct sql *s = q->s;
    struct sql_result r;
    if ((*out = memo_of(s, select))) return RC_OK;
    struct query *c = child_of(q, SQL_CARRY);
    c->is_probe = true;
    TRY(probe_domain(c));
    TRY(sql_query(c, select, &r));
    struct sql_memo *m = ARENA_NEW(s->arena, struct sql_memo);
    m->used = ARENA_ARRAY(s->arena, const char *, c->outer.n + 1);
    for (int i = 0; i < c->outer.n; i++)
        if (c->outer.all[i].is_used) m->used[m->n_used++] = c->outer.all[i].outer;
    m->may_link = !c->used_elsewhere;
    m->cols = r.cols;
    m->node = select;
    m->next = s->memo;
    s->memo = m;
    *out = m;
    return RC_OK;
}
/* Tells the queries further out which of their columns are read here. */
static void mark_used(struct query *q, const struct sql_memo *m)
{
    for (int k = 0; k < m->n_used; k++)
        for (int i = 0; i < q->outer.n; i++)
            if (strcmp(q->outer.all[i].id, m->used[k]) == 0) {
                q->outer.all[i].is_used = true;
                q->used_elsewhere = true;
            }
}

/* ---- binding for good ---- */
static bool is_used(const struct sql_memo *m, const char *id)
{
    for (int i = 0; i < m->n_used; i++)
        if (strcmp(m->used[i], id) == 0) return true;
    return false;
}
/* Distinct values of the columns around that are read. */
static rc make_domain(struct query *q, struct query *c, const struct sql_memo *m)
{
    struct sql *s = q->s;
    struct sql_items items = {0};
    struct plan *p, *d;
    for (int i = 0; i < c->outer.n; i++) {
        const struct sql_col *o = &c->outer.all[i];
        bool twice = false;
        for (int k = 0; k < items.n && !twice; k++)
            twice = strcmp(items.all[k].name, o->id) == 0;
        if (twice || !is_used(m, o->outer)) continue;
        const struct expr *e = expr_column(s->arena, o->outer, o->type, NO_SPAN);
        sql_add_item(s, &items, o->id, e);
        sql_add_item(s, &c->carry, o->id, e);
    }
    plan_share(q->plan, "rows around"); /* read here, and again where the sub-query is joined */
    TRY(sql_project(s, q->plan, &items, &p));
    TRY(plan_distinct(s->cx, p, NULL, 0, NULL, 0, p->span, &d));
    c->domain = sql_own(s, d);
    return RC_OK;
}
static bool reads_any(const struct expr *e, const struct sql_cols *cols)
{
    for (int i = 0; i < cols->n; i++)
        if (sql_reads(e, cols->all[i].id)) return true;
    return false;
}
static const struct expr *swap_outer(void *arg, const struct expr *e)
{
    const struct query *c = arg;
    for (int i = 0; i < c->outer.n && e->op == EXPR_COLUMN; i++)
        if (strcmp(c->outer.all[i].id, e->name) == 0)
            return expr_column(c->s->arena, c->outer.all[i].outer, e->type, e->span);
    return NULL;
}
static bool reads_columns(const struct expr *e)
{
    if (e->op == EXPR_COLUMN) return true;
    for (int i = 0; i < e->n_args; i++)
        if (reads_columns(e->args[i])) return true;
    return false;
}
/* `inner = outer` of a link: the inner side becomes a column that is carried, the outer one its
 * partner. False when the link is something else. */
static bool link_sides(struct query *c, const struct expr *e, const struct expr **inner,
                       const struct expr **outer)
{
    if (!sql_calls(e, "sql_eq") && !sql_calls(e, "==")) return false;
    for (int i = 0; i < 2; i++) {
        const struct expr *in = e->args[i], *out = e->args[1 - i];
        if (reads_any(in, &c->outer) || !reads_columns(in) || !reads_columns(out)) continue;
        const struct expr *rest = sql_map(c->s->arena, out, swap_outer, c);
        bool is_pure = true; /* nothing of the sub-query on the outer side */
        for (int k = 0; k < c->plan->schema->n && is_pure; k++)
            is_pure = !sql_reads(out, c->plan->schema->fields[k].name);
        if (!is_pure) continue;
        *inner = in;
        *outer = rest;
        return true;
    }
    return false;
}
/* IS NOT DISTINCT FROM as two equalities: both or none is null, and what stands for it is equal. */
static rc carry_same(struct query *c, const struct expr *inner, const struct expr *outer)
{
    struct sql *s = c->s;
    const struct expr *sides[2] = {inner, outer}, *is_null[2], *values[2], *col;
    struct scalar zero = {.type = DTYPE(inner->type.kind)};
    if (inner->type.kind == KIND_STR) zero.u.s = STR("");
    if (inner->type.kind == KIND_NUM) zero.u.f = 0;
    for (int i = 0; i < 2; i++) {
        const struct expr *two[2] = {sides[i], expr_literal(s->arena, &zero, sides[i]->span)};
        TRY(sql_fn(s, "is_null", &sides[i], 1, sides[i]->span, &is_null[i]));
        TRY(sql_fn(s, "??", two, 2, sides[i]->span, &values[i]));
    }
    TRY(sql_add_column(s, &c->plan, is_null[0], "key", &col));
    sql_add_item(s, &c->carry, col->name, is_null[1]);
    TRY(sql_add_column(s, &c->plan, values[0], "key", &col));
    sql_add_item(s, &c->carry, col->name, values[1]);
    return RC_OK;
}
/* The pairs that are carried, as columns of the plan around and of the sub-query; none when
 * one is read further out. */
static rc key_pairs(struct query *c, struct join_on *on, struct sql_items *keys, int *n)
{
    struct sql *s = c->s;
    *n = 0;
    for (int i = 0; i < c->carry.n; i++) {
        const char *id = sql_fresh(s, "around");
        const struct expr *e = c->carry.all[i].expr, *here;
        if (!sql_reads_only(e, c->up->plan)) return RC_OK;
        here = sql_plan_col(s, c->plan, c->carry.all[i].name);
        if (!here || here->type.kind != e->type.kind) return RC_OK;
        sql_add_item(s, keys, id, e);
        on[i] = (struct join_on){here, expr_column(s->arena, id, e->type, e->span), CMP_EQ};
    }
    *n = c->carry.n;
    return RC_OK;
}
/* Few rows around and many here: only those here count that have a partner there (a semi-join
 * reduction: P. Bernstein, D. Chiu, "Using Semi-Joins to Solve Relational Queries", JACM 1981).
 * The rows around are computed once for both. */
static rc reduce(struct query *c)
{
    enum { WORTH = 3 };
    struct sql *s = c->s;
    struct sql_items keys = {0};
    struct join_on *on = ARENA_ARRAY(s->arena, struct join_on, c->carry.n + 1);
    struct plan *around = c->up ? c->up->plan : NULL, *p;
    int n;
    if (!around || c->carry.n == 0 || s->lg->is_dry) return RC_OK;
    if (sql_guess_rows(around) * WORTH > sql_guess_rows(c->plan)) return RC_OK;
    TRY(key_pairs(c, on, &keys, &n));
    if (n == 0) return RC_OK;
    plan_share(around, "rows around");
    TRY(sql_project(s, around, &keys, &around));
    struct join_spec spec = {.kind = JOIN_SEMI, .on = on, .n_on = n, .is_silent = true};
    TRY(plan_join(s->cx, c->plan, around, &spec, c->plan->span, &p));
    c->plan = sql_own(s, p);
    return RC_OK;
}
/* Called by the sub-query's binding once its FROM and WHERE are done. */
rc sql_take_links(struct query *c)
{
    struct sql *s = c->s;
    for (int i = 0; i < c->links.n; i++) {
        const struct expr *inner, *outer, *col;
        struct sql_conj *l = &c->links.all[i];
        if (!link_sides(c, l->e, &inner, &outer)) {
            l->e = sql_map(s->arena, l->e, swap_outer, c);
            continue;
        }
        if (sql_calls(l->e, "=="))
            TRY(carry_same(c, inner, outer));
        else {
            TRY(sql_add_column(s, &c->plan, inner, "key", &col));
            sql_add_item(s, &c->carry, col->name, outer);
        }
        l->is_done = true;
    }
    return reduce(c);
}
static int open_links(const struct query *c)
{
    int n = 0;
    for (int i = 0; i < c->links.n; i++)
        n += !c->links.all[i].is_done;
    return n;
}
static rc bind_linked(struct query *q, const json_t *select, enum sql_link link, struct sub *out,
                      bool *done)
{
    struct sql_result r;
    struct query *c = child_of(q, SQL_CONDITIONS);
    TRY(sql_query(c, select, &r));
    *done = link == SQL_LINK_ANY || open_links(c) == 0;
    *out = (struct sub){.plan = r.plan,
                        .cols = r.cols,
                        .carry = c->carry,
                        .is_one_row = r.is_one_row,
                        .empty = r.empty};
    for (int i = 0; i < c->links.n; i++) {
        if (c->links.all[i].is_done) continue;
        SQL_GROW(q, out->links.all, out->links.n, out->links.cap);
        out->links.all[out->links.n++] = c->links.all[i];
    }
    return RC_OK;
}
/* Grouping, limits and the like change which rows a condition sees: then only equalities, whose
 * inner sides are carried, may be left to the join. */
static bool is_simple(const json_t *select)
{
    static const char *const not_simple[] = {"groupClause", "havingClause", "distinctClause",
                                             "limitCount",  "limitOffset",  "windowClause",
                                             "withClause",  "valuesLists"};
    for (size_t i = 0; i < sizeof not_simple / sizeof not_simple[0]; i++)
        if (sql_get(select, not_simple[i])) return false;
    return strcmp(sql_text_of(select, "op"), "SETOP_NONE") == 0;
}
rc sql_bind_sub(struct query *q, const json_t *select, enum sql_link link, struct sub *out)
{
    struct sql *s = q->s;
    struct sql_memo *m;
    struct sql_result r;
    bool done = false;
    if (s->depth > SQL_MAX_DEPTH)
        return fail(s->cx, E109, sql_node_span(s, select), "sub-queries are nested too deep");
    s->depth++;
    TRY(probe(q, select, &m));
    mark_used(q, m);
    *out = (struct sub){.cols = m->cols};
    if (q->is_probe) {
        struct field *fields = ARENA_ARRAY(s->arena, struct field, m->cols.n + 1);
        for (int i = 0; i < m->cols.n; i++)
            fields[i] = (struct field){m->cols.all[i].id, m->cols.all[i].type};
        s->depth--;
        return empty_table(s, fields, m->cols.n, &out->plan);
    }
    bool may_link = m->n_used && m->may_link && link != SQL_NO_LINK && is_simple(select);
    if (may_link) TRY(bind_linked(q, select, link, out, &done));
    if (!done) {
        struct query *c = child_of(q, m->n_used ? SQL_CARRY : SQL_NO_OUTER);
        if (m->n_used) TRY(make_domain(q, c, m));
        TRY(sql_query(c, select, &r));
        *out = (struct sub){.plan = r.plan,
                            .cols = r.cols,
                            .carry = c->carry,
                            .is_domain = m->n_used > 0,
                            .is_one_row = r.is_one_row};
    }
    s->depth--;
    return RC_OK;
}
rc sql_join_sub(struct sql *s, struct plan *left, const struct sub *sub, enum join_kind kind,
                const struct expr *const *more, int n_more, struct span span, struct plan **out)
{
    int n = sub->carry.n;
    const struct expr **here = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    const struct expr **there = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    const struct expr **on =
        ARENA_ARRAY(s->arena, const struct expr *, n + n_more + sub->links.n + 1);
    struct sql_join j = {.kind = kind, .left = left, .right = sub->plan, .on = on, .span = span};
    for (int i = 0; i < n; i++) {
        const struct expr *col = sql_plan_col(s, sub->plan, sub->carry.all[i].name);
        if (!col) return fail(s->cx, E903, span, "a carried column is lost");
        here[i] = sub->carry.all[i].expr;
        there[i] = col;
        if (!sub->is_domain) TRY(sql_fn2(s, "sql_eq", here[i], col, &on[j.n_on++]));
    }
    for (int i = 0; i < n_more; i++)
        on[j.n_on++] = more[i];
    for (int i = 0; i < sub->links.n; i++)
        on[j.n_on++] = sub->links.all[i].e;
    if (sub->is_domain) {
        j.same_left = here;
        j.same_right = there;
        j.n_same = n;
    }
    return sql_join(s, &j, out);
}

/* ---- aggregates over a sub-query's rows, one row for each set of outer columns ---- */
static rc add_agg(struct sql *s, struct sql_items *items, const char *id, const char *agg,
                  const struct expr *arg)
{
    const struct expr *e;
    const struct agg_desc *d = agg_find(str_of(agg));
    struct span span = arg ? arg->span : NO_SPAN;
    if (!d) return fail(s->cx, E903, span, "no aggregate `%s`", agg);
    TRY(expr_agg(s->cx, s->arena, d, &arg, arg != NULL, NULL, (struct win_frame){.unit = FRAME_ALL},
                 span, &e));
    sql_add_item(s, items, id, e);
    return RC_OK;
}
static rc group_sub(struct sql *s, struct sub *sub, const struct sql_items *aggs)
{
    struct sql_items keys = {0};
    struct plan *p;
    for (int i = 0; i < sub->carry.n; i++)
        sql_add_item(s, &keys, sub->carry.all[i].name,
                     sql_plan_col(s, sub->plan, sub->carry.all[i].name));
    TRY(plan_aggregate(s->cx, sub->plan, keys.all, keys.n, aggs->all, aggs->n, true,
                       sub->plan->span, &p));
    sub->plan = sql_own(s, p);
    return RC_OK;
}
/* Joins a sub-query with one row for each set of outer columns (or one row in all). */
static rc join_one(struct query *q, const struct sub *sub, struct span span)
{
    return sql_join_sub(q->s, q->plan, sub, sub->carry.n ? JOIN_LEFT : JOIN_INNER, NULL, 0, span,
                        &q->plan);
}
/* if(cond, yes, no) */
static rc choose(struct sql *s, const struct expr *cond, const struct expr *yes,
                 const struct expr *no, const struct expr **out)
{
    const struct expr *args[3] = {cond, yes, no};
    return expr_case(s->cx, s->arena, args, 3, yes->span, out);
}
static const struct expr *null_of(struct sql *s, struct dtype type, struct span span)
{
    struct scalar v = {.type = type, .is_null = true};
    return expr_literal(s->arena, &v, span);
}

/* ---- (select x ..) ---- */
static rc scalar_aggregated(struct query *q, struct sub *sub, struct span span,
                            const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr *value = sql_plan_col(s, sub->plan, sub->cols.all[0].id), *is_none;
    if (!sub->empty) {
        TRY(join_one(q, sub, span));
        *out = value;
        return RC_OK;
    }
    const char *mark = sql_fresh(s, "found");
    struct sql_items items = {0};
    sql_add_all(s, &items, sub->plan);
    sql_add_item(s, &items, mark, sql_bool_literal(s, true, span));
    TRY(sql_project(s, sub->plan, &items, &sub->plan));
    TRY(join_one(q, sub, span));
    TRY(sql_fn1(s, "is_null", sql_plan_col(s, q->plan, mark), &is_none));
    return choose(s, is_none, sub->empty, value, out);
}
static rc scalar_link(struct query *q, const json_t *select, struct span span,
                      const struct expr **out)
{
    struct sql *s = q->s;
    struct sub sub;
    struct sql_items aggs = {0};
    const struct expr *ok;
    TRY(sql_bind_sub(q, select, SQL_LINK_EQUAL, &sub));
    if (sub.cols.n != 1)
        return fail(s->cx, E208, span, "a sub-query used as a value gives one column, this %d",
                    sub.cols.n);
    struct dtype type = sub.cols.all[0].type;
    if (q->is_probe) {
        *out = null_of(s, type, span);
        return RC_OK;
    }
    if (sub.is_one_row) return scalar_aggregated(q, &sub, span, out);
    const char *value = sql_fresh(s, "value"), *n = sql_fresh(s, "rows");
    TRY(add_agg(s, &aggs, value, "first", sql_plan_col(s, sub.plan, sub.cols.all[0].id)));
    TRY(add_agg(s, &aggs, n, "count", NULL));
    TRY(group_sub(s, &sub, &aggs));
    TRY(join_one(q, &sub, span));
    const struct expr *rows = sql_plan_col(s, q->plan, n);
    TRY(sql_fn(s, "sql_one_row", &rows, 1, span, &ok));
    return choose(s, ok, sql_plan_col(s, q->plan, value), null_of(s, type, span), out);
}

/* ---- exists (select ..) ---- */
static rc exists_filter(struct query *q, const json_t *select, bool negate, struct span span)
{
    struct sub sub;
    TRY(sql_bind_sub(q, select, SQL_LINK_ANY, &sub));
    if (q->is_probe) return RC_OK;
    return sql_join_sub(q->s, q->plan, &sub, negate ? JOIN_ANTI : JOIN_SEMI, NULL, 0, span,
                        &q->plan);
}
static rc exists_value(struct query *q, const json_t *select, struct span span,
                       const struct expr **out)
{
    struct sql *s = q->s;
    struct sub sub;
    struct sql_items aggs = {0};
    TRY(sql_bind_sub(q, select, SQL_LINK_EQUAL, &sub));
    if (q->is_probe) {
        *out = sql_bool_literal(s, true, span);
        return RC_OK;
    }
    const char *n = sql_fresh(s, "rows");
    TRY(add_agg(s, &aggs, n, "count", NULL));
    TRY(group_sub(s, &sub, &aggs));
    TRY(join_one(q, &sub, span));
    const struct expr *rows = sql_plan_col(s, q->plan, n), *zero = sql_int_value(s, 0, span);
    return sql_fn2(s, ">", rows, zero, out);
}

/* ---- x in (select ..), x < any (select ..) ---- */
static const char *link_op(const json_t *link)
{
    const json_t *names = sql_get(link, "operName");
    return sql_len(names) ? sql_string(json_array_get(names, sql_len(names) - 1)) : "=";
}
/* The compared values: x, or the values of a row. */
static rc test_values(struct query *q, const json_t *node, const struct expr ***out, int *n)
{
    const json_t *row, *args = NULL;
    if (sql_is(node, "RowExpr", &row)) args = sql_get(row, "args");
    *n = args ? (int)sql_len(args) : 1;
    *out = ARENA_ARRAY(q->s->arena, const struct expr *, *n + 1);
    for (int i = 0; i < *n; i++)
        TRY(sql_expr(q, args ? json_array_get(args, (size_t)i) : node, &(*out)[i]));
    return RC_OK;
}
static rc check_width(struct query *q, const struct sub *sub, int n, struct span span)
{
    if (sub->cols.n == n) return RC_OK;
    return fail(q->s->cx, E208, span, "%d value%s compared with a sub-query of %d column%s", n,
                n == 1 ? " is" : "s are", sub->cols.n, sub->cols.n == 1 ? "" : "s");
}
static rc in_filter(struct query *q, const json_t *link, const json_t *select, struct span span)
{
    struct sql *s = q->s;
    struct sub sub;
    const struct expr **x;
    int n;
    TRY(test_values(q, sql_get(link, "testexpr"), &x, &n));
    TRY(sql_bind_sub(q, select, SQL_LINK_ANY, &sub));
    TRY(check_width(q, &sub, n, span));
    if (q->is_probe) return RC_OK;
    for (int i = 0; i < n; i++) {
        const struct expr *y = sql_plan_col(s, sub.plan, sub.cols.all[i].id);
        TRY(sql_op2(s, "=", x[i], y, span, &x[i]));
    }
    return sql_join_sub(s, q->plan, &sub, JOIN_SEMI, x, n, span, &q->plan);
}
/* Three-valued: true when an equal value is there, else null when x or a value is null and there
 * are rows, else false. */
struct mark {
    const struct expr *found, *rows, *values; /* of the joined plan; rows null: no rows */
};
static rc in_result(struct sql *s, const struct expr *const *x, int n, const struct mark *m,
                    struct span span, const struct expr **out)
{
    const struct expr *zero = sql_int_value(s, 0, span), *has_rows, *is_found, *unknown, *e;
    TRY(sql_fn2(s, ">", m->rows, zero, &has_rows));
    TRY(sql_fn1(s, "is_null", m->found, &is_found));
    TRY(sql_fn1(s, "not", is_found, &is_found));
    TRY(sql_fn2(s, "!=", m->rows, m->values, &unknown)); /* nulls among the values */
    for (int i = 0; i < n; i++) {
        TRY(sql_fn1(s, "is_null", x[i], &e));
        TRY(sql_fn2(s, "or", unknown, e, &unknown));
    }
    TRY(sql_fn2(s, "and", unknown, has_rows, &unknown));
    const struct expr *args[5] = {is_found, sql_bool_literal(s, true, span), unknown,
                                  null_of(s, DTYPE(KIND_BOOL), span),
                                  sql_bool_literal(s, false, span)};
    return expr_case(s->cx, s->arena, args, 5, span, out);
}
/* Whether all the sub-query's columns hold a value. */
static rc all_values(struct sql *s, const struct sub *sub, const struct expr **out)
{
    *out = NULL;
    for (int i = 0; i < sub->cols.n; i++) {
        const struct expr *e;
        TRY(sql_fn1(s, "is_null", sql_plan_col(s, sub->plan, sub->cols.all[i].id), &e));
        TRY(sql_fn1(s, "not", e, &e));
        if (*out) TRY(sql_fn2(s, "and", *out, e, &e));
        *out = e;
    }
    return RC_OK;
}
static rc join_counts(struct query *q, const struct sub *sub, struct span span, struct mark *m)
{
    struct sql *s = q->s;
    struct sub counts = *sub;
    struct sql_items aggs = {0};
    const struct expr *has;
    const char *rows = sql_fresh(s, "rows"), *values = sql_fresh(s, "values");
    TRY(all_values(s, sub, &has));
    TRY(add_agg(s, &aggs, rows, "count", NULL));
    TRY(expr_agg(s->cx, s->arena, agg_find(STR("count")), NULL, 0, has,
                 (struct win_frame){.unit = FRAME_ALL}, span, &has));
    sql_add_item(s, &aggs, values, has);
    TRY(group_sub(s, &counts, &aggs));
    /* its own names for the keys: the marks are joined by the same ones */
    struct sql_items items = {0};
    struct sql_items carry = {0};
    for (int i = 0; i < counts.plan->schema->n; i++) {
        const char *id = counts.plan->schema->fields[i].name, *as = id;
        for (int k = 0; k < sub->carry.n; k++)
            if (strcmp(sub->carry.all[k].name, id) == 0) {
                as = sql_fresh(s, "key");
                sql_add_item(s, &carry, as, sub->carry.all[k].expr);
            }
        sql_add_item(s, &items, as, sql_plan_col(s, counts.plan, id));
    }
    TRY(sql_project(s, counts.plan, &items, &counts.plan));
    counts.carry = carry;
    TRY(join_one(q, &counts, span));
    m->rows = sql_plan_col(s, q->plan, rows);
    m->values = sql_plan_col(s, q->plan, values);
    return RC_OK;
}
static rc join_found(struct query *q, const struct sub *sub, const struct expr *const *x, int n,
                     struct span span, struct mark *m)
{
    struct sql *s = q->s;
    struct sub set = *sub;
    struct sql_items items = {0};
    const struct expr **on = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    const char *found = sql_fresh(s, "found");
    struct plan *p;
    for (int i = 0; i < sub->carry.n; i++)
        sql_add_item(s, &items, sub->carry.all[i].name,
                     sql_plan_col(s, sub->plan, sub->carry.all[i].name));
    const char **ids = ARENA_ARRAY(s->arena, const char *, n + 1);
    for (int i = 0; i < n; i++) {
        ids[i] = sql_fresh(s, "in");
        sql_add_item(s, &items, ids[i], sql_plan_col(s, sub->plan, sub->cols.all[i].id));
    }
    TRY(sql_project(s, sub->plan, &items, &set.plan));
    TRY(plan_distinct(s->cx, set.plan, NULL, 0, NULL, 0, span, &p));
    set.plan = sql_own(s, p);
    items = (struct sql_items){0};
    sql_add_all(s, &items, set.plan);
    sql_add_item(s, &items, found, sql_bool_literal(s, true, span));
    TRY(sql_project(s, set.plan, &items, &set.plan));
    for (int i = 0; i < n; i++)
        TRY(sql_op2(s, "=", x[i], sql_plan_col(s, set.plan, ids[i]), span, &on[i]));
    TRY(sql_join_sub(s, q->plan, &set, JOIN_LEFT, on, n, span, &q->plan));
    m->found = sql_plan_col(s, q->plan, found);
    return RC_OK;
}
static rc in_value(struct query *q, const struct expr *const *x, int n, const json_t *select,
                   struct span span, const struct expr **out)
{
    struct sql *s = q->s;
    struct sub sub;
    struct mark m;
    TRY(sql_bind_sub(q, select, SQL_LINK_EQUAL, &sub));
    TRY(check_width(q, &sub, n, span));
    if (q->is_probe) {
        for (int i = 0; i < n; i++) {
            const struct expr *e;
            TRY(sql_op2(s, "=", x[i], sql_plan_col(s, sub.plan, sub.cols.all[i].id), span, &e));
        }
        *out = null_of(s, DTYPE(KIND_BOOL), span);
        return RC_OK;
    }
    TRY(join_counts(q, &sub, span, &m));
    TRY(join_found(q, &sub, x, n, span, &m));
    return in_result(s, x, n, &m, span, out);
}

/* x op ANY/ALL by the least and greatest value. */
static rc compare_bounds(struct sql *s, const char *op, bool is_any, const struct expr *x,
                         const struct expr *lo, const struct expr *hi, struct span span,
                         const struct expr **out)
{
    const struct expr *a, *b;
    bool is_less = op[0] == '<' && op[1] != '>', is_more = op[0] == '>';
    if (is_less) return sql_op2(s, op, x, is_any ? hi : lo, span, out);
    if (is_more) return sql_op2(s, op, x, is_any ? lo : hi, span, out);
    TRY(sql_op2(s, op, x, lo, span, &a));
    TRY(sql_op2(s, op, x, hi, span, &b));
    return sql_op2(s, is_any ? "or" : "and", a, b, span, out);
}
static rc quantified(struct query *q, const char *op, bool is_any, const struct expr *x,
                     const json_t *select, struct span span, const struct expr **out)
{
    struct sql *s = q->s;
    struct sub sub;
    struct sql_items aggs = {0};
    const struct expr *e, *unknown, *none, *decided;
    TRY(sql_bind_sub(q, select, SQL_LINK_EQUAL, &sub));
    TRY(check_width(q, &sub, 1, span));
    const struct expr *y = sql_plan_col(s, sub.plan, sub.cols.all[0].id);
    TRY(sql_op2(s, op, x, y, span, &e));
    if (q->is_probe) {
        *out = null_of(s, DTYPE(KIND_BOOL), span);
        return RC_OK;
    }
    const char *ids[4];
    static const char *const fns[4] = {"min", "max", "count", "count"};
    for (int i = 0; i < 4; i++) {
        ids[i] = sql_fresh(s, "any");
        TRY(add_agg(s, &aggs, ids[i], fns[i], i < 3 ? y : NULL));
    }
    TRY(group_sub(s, &sub, &aggs));
    TRY(join_one(q, &sub, span));
    const struct expr *v[4];
    for (int i = 0; i < 4; i++)
        v[i] = sql_plan_col(s, q->plan, ids[i]);
    TRY(compare_bounds(s, op, is_any, x, v[0], v[1], span, &e));
    TRY(sql_fn1(s, is_any ? "sql_is_true" : "sql_is_false", e, &decided));
    TRY(sql_fn1(s, "is_null", x, &unknown));
    TRY(sql_fn2(s, "!=", v[2], v[3], &e));
    TRY(sql_fn2(s, "or", unknown, e, &unknown));
    TRY(sql_fn2(s, ">", v[3], sql_int_value(s, 0, span), &none));
    TRY(sql_fn1(s, "not", none, &none));
    const struct expr *args[7] = {none,
                                  sql_bool_literal(s, !is_any, span),
                                  decided,
                                  sql_bool_literal(s, is_any, span),
                                  unknown,
                                  null_of(s, DTYPE(KIND_BOOL), span),
                                  sql_bool_literal(s, !is_any, span)};
    return expr_case(s->cx, s->arena, args, 7, span, out);
}

/* ---- the node ---- */
/* ARRAY(select x ..): (select array_agg(x) from (select x ..)), without rows an empty array. */
static rc array_value(struct query *q, const json_t *link, struct span span,
                      const struct expr **out)
{
    struct sql *s = q->s;
    json_t *sub = (json_t *)(uintptr_t)sql_get(link, "subselect");
    json_t *tree =
        json_pack("{s:[{s:{s:{s:{s:[{s:{s:s}}],s:[{s:{s:[{s:{s:s}}],s:i}}],s:i}},s:i}}],"
                  "s:[{s:{s:O,s:{s:s,s:[{s:{s:s}}]}}}],s:s,s:s}",
                  "targetList", "ResTarget", "val", "FuncCall", "funcname", "String", "sval",
                  "array_agg", "args", "ColumnRef", "fields", "String", "sval", "item", "location",
                  -1, "location", -1, "location", -1, "fromClause", "RangeSubselect", "subquery",
                  sub, "alias", "aliasname", "rows", "colnames", "String", "sval", "item",
                  "limitOption", "LIMIT_OPTION_DEFAULT", "op", "SETOP_NONE");
    const struct expr *none;
    TRY(scalar_link(q, sql_keep_tree(s, tree), span, out));
    if ((*out)->type.kind != KIND_LIST) return RC_OK;
    struct column *c;
    TRY(column_nulls(s->cx, *(*out)->type.elem, 0, &c));
    struct scalar v = {.type = (*out)->type, .u.list = c};
    none = expr_literal(s->arena, &v, span);
    column_unref(c);
    return expr_or(s->cx, s->arena, *out, none, span, out);
}
static rc bind_link(struct query *q, const json_t *link, const struct expr *test,
                    const struct expr **out)
{
    struct sql *s = q->s;
    const char *type = sql_text_of(link, "subLinkType"), *op = link_op(link);
    const json_t *select;
    const struct expr **x = &test;
    int n = 1;
    struct span span = sql_span(s, (int)sql_int_of(link, "location"));
    if (!sql_is(sql_get(link, "subselect"), "SelectStmt", &select))
        return fail(s->cx, E217, span, "a query is needed here");
    if (strcmp(type, "EXPR_SUBLINK") == 0) return scalar_link(q, select, span, out);
    if (strcmp(type, "EXISTS_SUBLINK") == 0) return exists_value(q, select, span, out);
    bool is_any = strcmp(type, "ANY_SUBLINK") == 0;
    if (!is_any && strcmp(type, "ALL_SUBLINK") != 0) return array_value(q, link, span, out);
    if (!test) TRY(test_values(q, sql_get(link, "testexpr"), &x, &n));
    if (is_any && strcmp(op, "=") == 0) return in_value(q, x, n, select, span, out);
    if (!is_any && strcmp(op, "<>") == 0) {
        TRY(in_value(q, x, n, select, span, out));
        return sql_operator(s->cx, s->arena, STR("not"), out, 1, span, out);
    }
    if (n != 1) return fail(s->cx, E214, span, "rows are looked for with IN only");
    return quantified(q, op, is_any, x[0], select, span, out);
}
/* In a query that groups, values stand above the groups, so their sub-queries are joined there. */
static rc wait(struct query *q, const json_t *link, const struct expr **out)
{
    struct sql *s = q->s;
    const char *type = sql_text_of(link, "subLinkType");
    const json_t *select;
    struct span span = sql_span(s, (int)sql_int_of(link, "location"));
    struct sql_waiting w = {.name = sql_fresh(s, "sub"), .link = link, .type = DTYPE(KIND_BOOL)};
    struct sql_memo *m;
    if (!sql_is(sql_get(link, "subselect"), "SelectStmt", &select))
        return fail(s->cx, E217, span, "a query is needed here");
    TRY(probe(q, select, &m));
    mark_used(q, m);
    if (strcmp(type, "EXPR_SUBLINK") == 0) {
        if (m->cols.n != 1)
            return fail(s->cx, E208, span, "a sub-query used as a value gives one column, this %d",
                        m->cols.n);
        w.type = m->cols.all[0].type;
    }
    if (sql_get(link, "testexpr")) TRY(sql_expr(q, sql_get(link, "testexpr"), &w.test));
    SQL_GROW(q, q->waiting, q->n_waiting, q->cap_waiting);
    q->waiting[q->n_waiting++] = w;
    *out = expr_column(s->arena, w.name, w.type, span);
    return RC_OK;
}
rc sql_sublink(struct query *q, const json_t *link, const struct expr **out)
{
    if (q->where_text && strcmp(q->where_text, "ON") == 0 && !q->plan)
        return fail(q->s->cx, E214, sql_span(q->s, (int)sql_int_of(link, "location")),
                    "a sub-query cannot stand in ON here: put the condition into WHERE");
    if (q->is_grouped && !q->where_text && !q->in_agg) return wait(q, link, out);
    return bind_link(q, link, NULL, out);
}
rc sql_waiting_join(struct query *q, struct sql_waiting *w, const struct expr **out)
{
    const struct expr *e;
    TRY(bind_link(q, w->link, w->test, &e));
    return sql_add_column(q->s, &q->plan, e, "sub", out);
}
rc sql_sublink_filter(struct query *q, const json_t *node, bool *done)
{
    const json_t *link = NULL, *b, *select;
    bool negate = false;
    *done = true;
    if (sql_is(node, "BoolExpr", &b) && strcmp(sql_text_of(b, "boolop"), "NOT_EXPR") == 0) {
        negate = true;
        node = json_array_get(sql_get(b, "args"), 0);
    }
    if (!sql_is(node, "SubLink", &link) ||
        !sql_is(sql_get(link, "subselect"), "SelectStmt", &select)) {
        *done = false;
        return RC_OK;
    }
    const char *type = sql_text_of(link, "subLinkType");
    struct span span = sql_span(q->s, (int)sql_int_of(link, "location"));
    if (strcmp(type, "EXISTS_SUBLINK") == 0) return exists_filter(q, select, negate, span);
    if (!negate && strcmp(type, "ANY_SUBLINK") == 0 && strcmp(link_op(link), "=") == 0)
        return in_filter(q, link, select, span);
    *done = false;
    return RC_OK;
}
