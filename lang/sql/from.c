/* from.c: FROM: tables, files, sub-queries, functions that give rows, and joins. Inner joins are
 * collected as bases and conditions (join.c orders them); an outer join is a base of its own. */
#include "lang/sql/query.h"

static rc from_item(struct query *q, const json_t *node);

void sql_add_base(struct query *q, struct plan *p)
{
    SQL_GROW(q, q->bases, q->n_bases, q->cap_bases);
    q->bases[q->n_bases++] = (struct sql_base){p};
}
static rc check_bases(struct query *q, struct span span)
{
    if (q->n_bases < 60) return RC_OK;
    return fail(q->s->cx, E904, span, "a query joins at most 60 tables");
}

/* ---- tables ---- */
/* Names of `alias (a, b)`. */
static rc alias_names(struct query *q, const json_t *alias, const char **names, int n,
                      struct span span)
{
    const json_t *given = sql_get(alias, "colnames");
    if ((int)sql_len(given) > n)
        return fail(q->s->cx, E208, span, "%d names are given to %d columns", (int)sql_len(given),
                    n);
    for (size_t i = 0; i < sql_len(given); i++)
        names[i] = sql_string(json_array_get(given, i));
    return RC_OK;
}
static rc check_alias(struct query *q, const char *alias, struct span span)
{
    for (int i = 0; i < q->cols.n && alias; i++)
        if (q->cols.all[i].table && strcmp(q->cols.all[i].table, alias) == 0) {
            (void)fail(q->s->cx, E212, span, "the table name `%s` stands twice", alias);
            return err_note(q->s->cx, "give one of them another name: %s as b", alias);
        }
    return RC_OK;
}
/* Brings a plan in under an alias: its columns get ids. */
static rc enter(struct query *q, const json_t *node, struct plan *p, const char *alias,
                const char *const *names, struct span span)
{
    struct sql *s = q->s;
    struct sql_items items = {0};
    const char *prefix = sql_prefix(s, node, alias);
    TRY(check_bases(q, span));
    TRY(check_alias(q, alias, span));
    for (int i = 0; i < p->schema->n; i++) {
        const struct field *f = &p->schema->fields[i];
        const char *name = names ? names[i] : arena_strndup(s->arena, f->name, strlen(f->name));
        const char *id = arena_printf(s->arena, "%s.%s", prefix, f->name);
        (void)sql_add_col(q, &q->cols, alias, name, id, f->type);
        sql_add_item(s, &items, id, expr_column(s->arena, f->name, f->type, span));
    }
    TRY(sql_project(s, p, &items, &p));
    sql_add_base(q, p);
    return RC_OK;
}
static const struct sql_cte *find_cte(struct query *q, const json_t *rv)
{
    const char *name = sql_text_of(rv, "relname");
    for (const struct sql_cte *c = q->s->ctes; c; c = c->next)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}
static const char *file_stem(struct sql *s, const char *name)
{
    int k = 0;
    for (const char *c = name + strlen(SQL_FILE_NAME); *c >= '0' && *c <= '9' && k < 1 << 20; c++)
        k = k * 10 + (*c - '0');
    if (k >= s->text.n_files) return "file";
    struct str path = s->text.files[k].path;
    size_t from = path.n, n = 0;
    while (from > 0 && path.p[from - 1] != '/')
        from--;
    while (from + n < path.n && path.p[from + n] != '.')
        n++;
    return n ? arena_strndup(s->arena, path.p + from, n) : "file";
}
static rc from_table(struct query *q, const json_t *rv)
{
    struct sql *s = q->s;
    const json_t *alias = sql_get(rv, "alias");
    struct span span = sql_span(s, (int)sql_int_of(rv, "location"));
    const char *own = sql_text_of(rv, "relname"), *label = NULL;
    const struct sql_cte *cte = *sql_text_of(rv, "schemaname") ? NULL : find_cte(q, rv);
    struct plan *p = cte ? cte->plan : NULL;
    if (cte && !p)
        return fail(s->cx, E217, span, "`%s` is used before it is made: WITH RECURSIVE does that",
                    own);
    if (!cte) TRY(sql_table(s, rv, &p, &label));
    if (label) own = label;
    if (strncmp(own, SQL_FILE_NAME, strlen(SQL_FILE_NAME)) == 0) own = file_stem(s, own);
    int n = p->schema->n;
    const char **names = ARENA_ARRAY(s->arena, const char *, n + 1);
    for (int i = 0; i < n; i++)
        names[i] =
            arena_strndup(s->arena, p->schema->fields[i].name, strlen(p->schema->fields[i].name));
    TRY(alias_names(q, alias, names, n, span));
    return enter(q, rv, p, alias ? sql_text_of(alias, "aliasname") : own, names, span);
}

/* ---- sub-queries ---- */
/* What a sub-query in FROM sees: the queries around, and with LATERAL the tables before it. */
static struct query *view_of(struct query *q, bool is_lateral)
{
    struct query *v = sql_query_new(q->s, NULL);
    v->is_probe = q->is_probe;
    v->outer = q->outer;
    v->mode = q->mode;
    if (is_lateral) v->cols = q->cols;
    return v;
}
static rc sub_cols(struct query *q, const struct sql_cols *cols, const json_t *alias,
                   struct span span)
{
    const char **names = ARENA_ARRAY(q->s->arena, const char *, cols->n + 1);
    const char *table = alias ? sql_text_of(alias, "aliasname") : NULL;
    for (int i = 0; i < cols->n; i++)
        names[i] = cols->all[i].name;
    TRY(alias_names(q, alias, names, cols->n, span));
    TRY(check_alias(q, table, span));
    for (int i = 0; i < cols->n; i++)
        (void)sql_add_col(q, &q->cols, table, names[i], cols->all[i].id, cols->all[i].type);
    return RC_OK;
}
static rc one_row(struct sql *s, struct plan **out)
{
    struct column *c;
    struct schema *schema;
    struct table *t;
    struct plan *p;
    struct scalar one = {.type = DTYPE(KIND_INT), .u.i = 1};
    struct field f = {".one", DTYPE(KIND_INT)};
    TRY(schema_new(s->cx, &f, 1, NO_SPAN, &schema));
    enum rc_t res = column_fill(s->cx, &one, 1, &c);
    if (res == RC_OK) res = table_new(s->cx, schema, &c, 1, &t);
    schema_unref(schema);
    TRY(res);
    res = plan_table(s->cx, t, NULL, &p);
    table_unref(t);
    TRY(res);
    *out = sql_own(s, p);
    return RC_OK;
}
/* The tables so far as one plan. */
static rc so_far(struct query *q)
{
    if (q->n_bases == 0) {
        TRY(one_row(q->s, &q->plan));
        sql_add_base(q, q->plan);
    }
    return sql_join_all(q);
}
static rc from_subquery(struct query *q, const json_t *b, enum join_kind kind, const json_t *quals)
{
    struct sql *s = q->s;
    const json_t *select, *alias = sql_get(b, "alias");
    struct span span = sql_node_span(s, b);
    struct sub sub;
    bool is_lateral = sql_bool_of(b, "lateral");
    if (!sql_is(sql_get(b, "subquery"), "SelectStmt", &select))
        return fail(s->cx, E217, span, "a query is needed here");
    TRY(check_bases(q, span));
    struct query *v = view_of(q, is_lateral);
    if (is_lateral || q->outer.n) TRY(so_far(q));
    v->plan = q->plan;
    TRY(sql_bind_sub(v, select, SQL_NO_LINK, &sub));
    q->used_elsewhere = q->used_elsewhere || v->used_elsewhere;
    TRY(sub_cols(q, &sub.cols, alias, span));
    const struct expr *on = NULL;
    if (quals) {
        TRY(sql_condition(q, quals, &on));
        TRY(sql_filter(s, on, &on));
    }
    if (sub.carry.n == 0 && kind == JOIN_INNER) {
        sql_add_base(q, sub.plan);
        if (on) sql_add_conj(q, on);
        return RC_OK;
    }
    if (sub.carry.n == 0) TRY(so_far(q));
    TRY(sql_join_sub(s, q->plan, &sub, kind, &on, on != NULL, span, &q->plan));
    q->n_bases = 0;
    sql_add_base(q, q->plan);
    return RC_OK;
}

/* ---- functions that give rows ---- */
static rc unnest_rows(struct query *q, const struct expr *list, bool is_left, const char *index,
                      struct span span, const char *id)
{
    struct sql *s = q->s;
    struct sql_items items = {0};
    struct plan *p;
    sql_add_all(s, &items, q->plan);
    if (list->type.kind == KIND_LIST) {
        sql_add_item(s, &items, id, list);
        TRY(sql_project(s, q->plan, &items, &q->plan));
        TRY(plan_unnest(s->cx, q->plan, &id, 1, is_left, index, span, &p));
        q->plan = sql_own(s, p);
    } else { /* a plain value is one row */
        sql_add_item(s, &items, id, list);
        if (index) sql_add_item(s, &items, index, sql_int_value(s, 1, span));
        TRY(sql_project(s, q->plan, &items, &q->plan));
    }
    q->n_bases = 0;
    sql_add_base(q, q->plan);
    return RC_OK;
}
static rc from_function(struct query *q, const json_t *b, bool is_left)
{
    struct sql *s = q->s;
    const json_t *fns = sql_get(b, "functions"), *list, *call, *alias = sql_get(b, "alias");
    struct span span = sql_node_span(s, b);
    const char *names[2] = {NULL, "ordinality"}, *fn, *id;
    const struct expr *e;
    if (sql_len(fns) != 1 || !sql_is(json_array_get(fns, 0), "List", &list) ||
        !sql_is(json_array_get(sql_get(list, "items"), 0), "FuncCall", &call))
        return fail(s->cx, E214, span, "ROWS FROM does not run here");
    TRY(so_far(q));
    TRY(sql_rows_list(q, call, &fn, &e));
    id = sql_prefix(s, b, fn);
    const char *index =
        sql_bool_of(b, "ordinality") ? arena_printf(s->arena, "%s.ordinality", id) : NULL;
    TRY(unnest_rows(q, e, is_left, index, span, id));
    const char *table = alias ? sql_text_of(alias, "aliasname") : fn;
    names[0] = table;
    TRY(alias_names(q, alias, names, index ? 2 : 1, span));
    (void)sql_add_col(q, &q->cols, table, names[0], id, sql_plan_col(s, q->plan, id)->type);
    if (index) (void)sql_add_col(q, &q->cols, table, names[1], index, DTYPE(KIND_INT));
    return RC_OK;
}

/* ---- joins ---- */
struct join_side {
    int from, to; /* its columns in q->cols */
};
/* The columns that both sides have, for NATURAL. */
static int natural_names(struct query *q, struct join_side l, struct join_side r,
                         const char **names)
{
    int n = 0;
    for (int i = l.from; i < l.to; i++)
        for (int k = r.from; k < r.to; k++) {
            const struct sql_col *a = &q->cols.all[i], *b = &q->cols.all[k];
            if (!a->is_hidden && !b->is_hidden && strcmp(a->name, b->name) == 0)
                names[n++] = a->name;
        }
    return n;
}
static struct sql_col *side_col(struct query *q, struct join_side side, const char *name)
{
    int n;
    struct sql_cols part = {q->cols.all + side.from, side.to - side.from, 0};
    struct sql_col *c = sql_find_col(&part, NULL, name, false, &n);
    return n == 1 ? c : NULL;
}
struct merged {
    const struct expr *left, *right;
    const char *name;
};
/* The pairs of USING or NATURAL; the columns they stand for are hidden. */
static rc merged_pairs(struct query *q, const json_t *j, struct join_side l, struct join_side r,
                       struct merged **out, int *n)
{
    struct sql *s = q->s;
    struct span span = sql_node_span(s, sql_get(j, "rarg"));
    const json_t *using = sql_get(j, "usingClause");
    int cap = l.to - l.from + (int)sql_len(using) + 1;
    const char **names = ARENA_ARRAY(s->arena, const char *, cap *(r.to - r.from + 1));
    *out = NULL;
    *n = 0;
    if (sql_bool_of(j, "isNatural")) *n = natural_names(q, l, r, names);
    for (size_t i = 0; i < sql_len(using); i++)
        names[(*n)++] = sql_string(json_array_get(using, i));
    *out = ARENA_ARRAY(s->arena, struct merged, *n + 1);
    for (int i = 0; i < *n; i++) {
        struct sql_col *a = side_col(q, l, names[i]), *b = side_col(q, r, names[i]);
        if (!a || !b)
            return fail(s->cx, E201, span, "USING needs a column `%s` once on %s", names[i],
                        a ? "the right side" : "the left side");
        (*out)[i] = (struct merged){sql_col_expr(q, a, span), sql_col_expr(q, b, span), a->name};
        a->is_hidden = b->is_hidden = true;
    }
    return RC_OK;
}
/* Merged columns stand first. */
static void put_first(struct query *q, int at, const struct sql_col *cols, int n)
{
    for (int i = 0; i < n; i++)
        (void)sql_add_col(q, &q->cols, NULL, cols[i].name, cols[i].id, cols[i].type);
    struct sql_col *all = q->cols.all;
    memmove(all + at + n, all + at, sizeof *all * (size_t)(q->cols.n - n - at));
    for (int i = 0; i < n; i++)
        all[at + i] = cols[i];
}
/* One condition of ON; only the columns from `from` on are in sight. */
static rc bind_part(struct query *q, const json_t *node, int from, const struct expr **out)
{
    const struct expr *e;
    struct sql_cols all = q->cols;
    q->cols.all += from;
    q->cols.n -= from;
    q->where_text = "ON";
    enum rc_t res = sql_condition(q, node, &e);
    q->cols = all;
    return res == RC_OK ? sql_filter(q->s, e, out) : res;
}
/* The conditions that ON joins by AND, with or without sub-queries. */
static int on_parts(const json_t *node, bool with_links, const json_t **out, int n)
{
    const json_t *b;
    if (node && sql_is(node, "BoolExpr", &b) && strcmp(sql_text_of(b, "boolop"), "AND_EXPR") == 0) {
        const json_t *args = sql_get(b, "args");
        for (size_t i = 0; i < sql_len(args); i++)
            n = on_parts(json_array_get(args, i), with_links, out, n);
        return n;
    }
    if (!node || sql_has_sublink(node) != with_links) return n;
    if (out) out[n] = node;
    return n + 1;
}
static rc bind_on(struct query *q, const json_t *j, int from, const struct merged *pairs, int n,
                  const struct expr **on, int *n_on)
{
    struct sql *s = q->s;
    const json_t *quals = sql_get(j, "quals");
    const json_t **parts =
        ARENA_ARRAY(s->arena, const json_t *, on_parts(quals, false, NULL, 0) + 1);
    int n_parts = on_parts(quals, false, parts, 0);
    for (int i = 0; i < n; i++)
        TRY(sql_op2(s, "=", pairs[i].left, pairs[i].right, pairs[i].right->span, &on[i]));
    for (int i = 0; i < n_parts; i++)
        TRY(bind_part(q, parts[i], from, &on[n + i]));
    *n_on = n + n_parts;
    return RC_OK;
}
/* Room for what bind_on makes. */
static const struct expr **on_room(struct query *q, const json_t *j, int n)
{
    int parts = on_parts(sql_get(j, "quals"), false, NULL, 0);
    return ARENA_ARRAY(q->s->arena, const struct expr *, n + parts + 1);
}
/* Keeps of *p the rows for which the conditions with sub-queries hold. */
static rc filter_linked(struct query *q, const json_t *j, int from, struct plan **p)
{
    const json_t *quals = sql_get(j, "quals");
    int n = on_parts(quals, true, NULL, 0);
    const json_t **parts = ARENA_ARRAY(q->s->arena, const json_t *, n + 1);
    (void)on_parts(quals, true, parts, 0);
    q->plan = *p;
    for (int i = 0; i < n; i++) {
        const struct expr *e;
        TRY(bind_part(q, parts[i], from, &e));
        TRY(sql_where(q->s, q->plan, e, &q->plan));
    }
    *p = q->plan;
    return RC_OK;
}
/* p with its rows numbered in a column of that name. */
static rc numbered(struct sql *s, struct plan *p, const char *name, struct plan **out)
{
    struct named_expr number = {name, NULL};
    struct plan *w;
    TRY(expr_window(s->cx, s->arena, win_find(STR("row_number")), NULL, 0, p->span, &number.expr));
    TRY(plan_window(s->cx, p, NULL, 0, NULL, 0, &number, 1, p->span, &w));
    *out = sql_own(s, w);
    return RC_OK;
}
/* The columns of `all` in p, null where p has none. */
static rc padded(struct sql *s, struct plan *p, const struct sql_items *all, struct plan **out)
{
    struct sql_items items = {0};
    for (int i = 0; i < all->n; i++) {
        struct scalar none = {.type = all->all[i].expr->type, .is_null = true};
        const struct expr *e = expr_literal(s->arena, &none, p->span);
        if (schema_find(p->schema, str_of(all->all[i].name)) >= 0)
            e = sql_plan_col(s, p, all->all[i].name);
        sql_add_item(s, &items, all->all[i].name, e);
    }
    return sql_project(s, p, &items, out);
}
/* Rows of p (numbered by `name`) joined with the pairs (that number is `again`) by kind. */
static rc by_number(struct sql *s, enum join_kind kind, struct plan *p, const char *name,
                    struct plan *pairs, const char *again, struct plan **out)
{
    const struct expr *on;
    TRY(sql_op2(s, "=", sql_plan_col(s, p, name), sql_plan_col(s, pairs, again), p->span, &on));
    struct sql_join j = {
        .kind = kind, .left = p, .right = pairs, .on = &on, .n_on = 1, .span = p->span};
    return sql_join(s, &j, out);
}
/* An outer join whose ON has sub-queries: the kept side's rows are numbered, the pairs that hold
 * are found as an inner join's, and joined to the kept side by its numbers. Of a full join the
 * other side's rows that are in no pair come behind. */
static rc linked_join(struct query *q, const json_t *j, int from, struct sql_join *join,
                      struct plan **out)
{
    struct sql *s = q->s;
    bool is_full = join->kind == JOIN_FULL, is_right = join->kind == JOIN_RIGHT;
    struct plan *pairs, *other = is_right ? join->left : join->right;
    struct plan *kept = is_right ? join->right : join->left, *rest, *all;
    const char *row = sql_fresh(s, "row"), *again = sql_fresh(s, "row");
    const char *other_row = sql_fresh(s, "row"), *other_again = sql_fresh(s, "row");
    struct sql_items columns = {0}, items = {0};
    sql_add_all(s, &columns, join->left);
    sql_add_all(s, &columns, join->right);
    TRY(numbered(s, kept, row, &kept));
    sql_add_all(s, &items, other);
    if (is_full) TRY(numbered(s, other, other_row, &other));
    struct sql_join inner = *join;
    inner.kind = JOIN_INNER;
    inner.left = kept;
    inner.right = other;
    TRY(sql_join(s, &inner, &pairs));
    TRY(filter_linked(q, j, from, &pairs));
    sql_add_item(s, &items, again, sql_plan_col(s, pairs, row));
    if (is_full) sql_add_item(s, &items, other_again, sql_plan_col(s, pairs, other_row));
    TRY(sql_project(s, pairs, &items, &pairs));
    if (is_full) plan_share(pairs, "pairs");
    TRY(by_number(s, JOIN_LEFT, kept, row, pairs, again, out));
    if (!is_full) return RC_OK;
    TRY(by_number(s, JOIN_ANTI, other, other_row, pairs, other_again, &rest));
    TRY(padded(s, rest, &columns, &rest));
    TRY(padded(s, *out, &columns, out));
    TRY(plan_union(s->cx, *out, rest, join->span, &all));
    *out = sql_own(s, all);
    return RC_OK;
}
static int split_and(const struct expr *e, const struct expr **out)
{
    if (!sql_calls(e, "and")) {
        if (out) *out = e;
        return 1;
    }
    int n = split_and(e->args[0], out);
    return n + split_and(e->args[1], out ? out + n : NULL);
}
static enum join_kind kind_of(const json_t *j)
{
    const char *type = sql_text_of(j, "jointype");
    if (strcmp(type, "JOIN_LEFT") == 0) return JOIN_LEFT;
    if (strcmp(type, "JOIN_RIGHT") == 0) return JOIN_RIGHT;
    if (strcmp(type, "JOIN_FULL") == 0) return JOIN_FULL;
    return JOIN_INNER;
}
/* One side as a plan of its own. */
static rc side_plan(struct query *q, const json_t *node, struct join_side *side, struct plan **out)
{
    struct sql_base *bases = q->bases;
    int n = q->n_bases, cap = q->cap_bases;
    struct sql_conjs conjs = q->conjs;
    q->bases = NULL;
    q->n_bases = q->cap_bases = 0;
    q->conjs = (struct sql_conjs){0};
    side->from = q->cols.n;
    enum rc_t res = from_item(q, node);
    if (res == RC_OK) res = so_far(q);
    side->to = q->cols.n;
    *out = q->plan;
    q->bases = bases;
    q->n_bases = n;
    q->cap_bases = cap;
    q->conjs = conjs;
    return res;
}
static rc add_merged(struct sql *s, struct plan **p, const char *prefix, const char *name,
                     const struct expr **e)
{
    struct sql_items items = {0};
    const char *id = arena_printf(s->arena, "%s.%s", prefix, name);
    sql_add_all(s, &items, *p);
    sql_add_item(s, &items, id, *e);
    TRY(sql_project(s, *p, &items, p));
    *e = expr_column(s->arena, id, (*e)->type, (*e)->span);
    return RC_OK;
}
static rc merged_columns(struct query *q, const json_t *j, enum join_kind kind,
                         const struct merged *pairs, int n, struct plan **p, struct sql_col *cols)
{
    struct sql *s = q->s;
    for (int i = 0; i < n; i++) {
        const struct expr *e = kind == JOIN_RIGHT ? pairs[i].right : pairs[i].left;
        if (kind == JOIN_FULL) {
            const struct expr *two[2] = {pairs[i].left, pairs[i].right};
            TRY(sql_call(s->cx, s->arena, STR("coalesce"), two, 2, e->span, &e));
            TRY(add_merged(s, p, sql_prefix(s, j, "using"), pairs[i].name, &e));
        }
        cols[i] = (struct sql_col){.name = pairs[i].name, .id = e->name, .type = e->type};
    }
    return RC_OK;
}
static bool is_lateral_side(const json_t *node)
{
    const json_t *b;
    if (sql_is(node, "RangeFunction", NULL)) return true;
    return sql_is(node, "RangeSubselect", &b) && sql_bool_of(b, "lateral");
}
static rc outer_join(struct query *q, const json_t *j, enum join_kind kind)
{
    struct sql *s = q->s;
    struct join_side l, r;
    struct sql_join join = {.kind = kind, .span = sql_node_span(s, sql_get(j, "rarg"))};
    struct merged *pairs;
    int n, from = q->cols.n;
    const struct expr **on;
    TRY(side_plan(q, sql_get(j, "larg"), &l, &join.left));
    TRY(side_plan(q, sql_get(j, "rarg"), &r, &join.right));
    TRY(merged_pairs(q, j, l, r, &pairs, &n));
    int n_on, total = 0;
    bool is_linked = on_parts(sql_get(j, "quals"), true, NULL, 0) > 0;
    on = on_room(q, j, n);
    TRY(bind_on(q, j, from, pairs, n, on, &n_on));
    for (int i = 0; i < n_on; i++)
        total += split_and(on[i], NULL);
    join.on = ARENA_ARRAY(s->arena, const struct expr *, total + 1);
    for (int i = 0; i < n_on; i++)
        join.n_on += split_and(on[i], join.on + join.n_on);
    struct plan *p;
    struct sql_col *cols = ARENA_ARRAY(s->arena, struct sql_col, n + 1);
    TRY(is_linked ? linked_join(q, j, from, &join, &p) : sql_join(s, &join, &p));
    TRY(merged_columns(q, j, kind, pairs, n, &p, cols));
    put_first(q, from, cols, n);
    TRY(check_bases(q, join.span));
    sql_add_base(q, p);
    return RC_OK;
}
/* left join lateral (..): the left side is what the sub-query sees. */
static rc lateral_left(struct query *q, const json_t *j)
{
    const json_t *b, *quals = sql_get(j, "quals");
    TRY(from_item(q, sql_get(j, "larg")));
    if (sql_is(sql_get(j, "rarg"), "RangeSubselect", &b))
        return from_subquery(q, b, JOIN_LEFT, quals);
    const json_t *c;
    bool is_true = sql_is(quals, "A_Const", &c) && sql_bool_of(sql_get(c, "boolval"), "boolval");
    if (!is_true || !sql_is(sql_get(j, "rarg"), "RangeFunction", &b))
        return fail(q->s->cx, E214, sql_node_span(q->s, j),
                    "a function on the right of a LEFT JOIN takes ON true only");
    return from_function(q, b, true);
}
static rc inner_join(struct query *q, const json_t *j)
{
    struct sql *s = q->s;
    struct join_side l = {.from = q->cols.n}, r;
    struct merged *pairs;
    int n;
    TRY(from_item(q, sql_get(j, "larg")));
    l.to = r.from = q->cols.n;
    TRY(from_item(q, sql_get(j, "rarg")));
    r.to = q->cols.n;
    TRY(merged_pairs(q, j, l, r, &pairs, &n));
    int n_on;
    const struct expr **on = on_room(q, j, n);
    TRY(bind_on(q, j, l.from, pairs, n, on, &n_on));
    for (int i = 0; i < n_on; i++)
        sql_add_conj(q, on[i]);
    if (on_parts(sql_get(j, "quals"), true, NULL, 0) > 0) { /* they need the rows so far */
        TRY(so_far(q));
        TRY(filter_linked(q, j, l.from, &q->plan));
        q->n_bases = 0;
        sql_add_base(q, q->plan);
    }
    struct sql_col *cols = ARENA_ARRAY(s->arena, struct sql_col, n + 1);
    struct plan *none = NULL;
    TRY(merged_columns(q, j, JOIN_INNER, pairs, n, &none, cols));
    put_first(q, l.from, cols, n);
    return RC_OK;
}
/* `(a join b on ..) as j`: one name for all columns. */
static void rename_side(struct query *q, int from, const char *alias)
{
    for (int i = from; i < q->cols.n; i++)
        q->cols.all[i].table = alias;
}
static rc from_join(struct query *q, const json_t *j)
{
    enum join_kind kind = kind_of(j);
    int from = q->cols.n;
    const json_t *alias = sql_get(j, "alias");
    if (kind == JOIN_INNER)
        TRY(inner_join(q, j));
    else if (kind == JOIN_LEFT && is_lateral_side(sql_get(j, "rarg")))
        TRY(lateral_left(q, j));
    else
        TRY(outer_join(q, j, kind));
    if (alias) rename_side(q, from, sql_text_of(alias, "aliasname"));
    return RC_OK;
}

static rc from_item(struct query *q, const json_t *node)
{
    const json_t *b;
    if (sql_is(node, "RangeVar", &b)) return from_table(q, b);
    if (sql_is(node, "JoinExpr", &b)) return from_join(q, b);
    if (sql_is(node, "RangeSubselect", &b)) return from_subquery(q, b, JOIN_INNER, NULL);
    if (sql_is(node, "RangeFunction", &b)) return from_function(q, b, false);
    if (sql_is(node, "RangeTableSample", &b)) {
        (void)fail(q->s->cx, E217, sql_node_span(q->s, node),
                   "TABLESAMPLE does not run here: sample in a step");
        return err_hint(q->s->cx, "t |> sample 0.1");
    }
    return fail(q->s->cx, E214, sql_node_span(q->s, node), "this cannot stand in FROM");
}
rc sql_from(struct query *q, const json_t *from)
{
    if (q->domain) sql_add_base(q, q->domain);
    for (size_t i = 0; i < sql_len(from); i++)
        TRY(from_item(q, json_array_get(from, i)));
    if (q->n_bases) return RC_OK;
    struct plan *p;
    TRY(one_row(q->s, &p));
    sql_add_base(q, p);
    return RC_OK;
}
