/* statement_conflict.c: INSERT .. ON CONFLICT (columns). A frame keeps no keys, so the columns that
 * the clause names are the key for the statement: a row conflicts when the table has one whose key
 * is equal (null is nothing's equal). DO UPDATE is an UPDATE from the rows, called excluded. */
#include "lang/sql/query.h"
#include "lang/sql/statement.h"

static rc refuse(struct sql *s, const json_t *conflict, const char *why)
{
    (void)fail(s->cx, E217, sql_span(s, (int)sql_int_of(conflict, "location")), "%s", why);
    return err_hint(s->cx, "on conflict (id) do nothing");
}
/* The tree has no places of these names. */
static rc key_column(struct sql *s, const json_t *conflict, const struct sql_target *t,
                     const char *name, int *out)
{
    const struct schema *schema = t->plan->schema;
    *out = schema_find(schema, str_of(name));
    for (int i = 0; i < schema->n && *out < 0; i++)
        if (str_eq_nocase(str_of(schema->fields[i].name), str_of(name))) *out = i;
    if (*out >= 0) return RC_OK;
    return fail(s->cx, E201, sql_span(s, (int)sql_int_of(conflict, "location")),
                "`%s` has no column `%s`", t->name, name);
}
rc sql_conflict_keys(struct sql *s, const json_t *conflict, const struct sql_target *t, int **keys,
                     int *n)
{
    const json_t *infer = sql_get(conflict, "infer"), *body, *elems;
    if (json_is_object(infer) && sql_is(infer, "InferClause", &body)) infer = body;
    elems = sql_get(infer, "indexElems");
    int m = (int)sql_len(elems), *all = ARENA_ARRAY(s->arena, int, m + 1);
    if (m == 0)
        return refuse(s, conflict,
                      "ON CONFLICT needs the columns of the key here: a frame keeps no keys");
    if (sql_get(infer, "whereClause"))
        return refuse(s, conflict, "ON CONFLICT takes columns, without a condition on them");
    for (int i = 0; i < m; i++) {
        const json_t *e;
        bool is_elem = sql_is(json_array_get(elems, (size_t)i), "IndexElem", &e);
        if (!is_elem || !*sql_text_of(e, "name"))
            return refuse(s, conflict, "ON CONFLICT takes columns, not expressions");
        TRY(key_column(s, conflict, t, sql_text_of(e, "name"), &all[i]));
    }
    if (keys) *keys = all;
    if (n) *n = m;
    return RC_OK;
}

struct conflict {
    struct sql *s;
    const struct sql_target *t;
    int *keys, n_keys;
    struct plan *rows; /* to insert, numbered: keys as new.k, then the number and its place among
                          the rows of its key */
};
static const char *key_id(struct sql *s, const char *side, int i)
{
    return arena_printf(s->arena, "%s.%d", side, i);
}
static rc keys_of(struct conflict *c, struct plan *p, const char *side, struct sql_items *items)
{
    struct sql *s = c->s;
    for (int i = 0; i < c->n_keys; i++) {
        const char *name = c->t->plan->schema->fields[c->keys[i]].name;
        sql_add_item(s, items, key_id(s, side, i), sql_plan_col(s, p, name));
    }
    return RC_OK;
}
static rc number_rows(struct conflict *c, struct table *added)
{
    struct sql *s = c->s;
    struct plan *p;
    struct sql_items items = {0};
    struct named_expr nth = {"?nth", NULL};
    const struct expr **by = ARENA_ARRAY(s->arena, const struct expr *, c->n_keys + 1);
    TRY(sql_number_rows(s, added, &p));
    TRY(keys_of(c, p, "new", &items));
    sql_add_item(s, &items, SQL_ROW_NUMBER, sql_plan_col(s, p, SQL_ROW_NUMBER));
    TRY(sql_project(s, p, &items, &p));
    for (int i = 0; i < c->n_keys; i++)
        by[i] = sql_plan_col(s, p, key_id(s, "new", i));
    TRY(expr_window(s->cx, s->arena, win_find(STR("row_number")), NULL, 0, p->span, &nth.expr));
    TRY(plan_window(s->cx, p, by, c->n_keys, NULL, 0, &nth, 1, p->span, &c->rows));
    (void)sql_own(s, c->rows);
    return RC_OK;
}
/* Clears the bits of the rows whose numbers p gives. */
static rc clear_rows(struct sql *s, struct plan *p, uint64_t *bits, int64_t *n)
{
    struct table *t;
    struct sql_items items = {0};
    sql_add_item(s, &items, SQL_ROW_NUMBER, sql_plan_col(s, p, SQL_ROW_NUMBER));
    TRY(sql_project(s, p, &items, &p));
    TRY(sql_compute(s, p, &t));
    for (int64_t i = 0; i < t->n_rows; i++)
        bit_clear(bits, ((const int64_t *)t->cols[0]->data)[i]);
    *n = t->n_rows;
    return RC_OK;
}
/* Rows whose key the table has. */
static rc matched(struct conflict *c, uint64_t *keep, int64_t *n)
{
    struct sql *s = c->s;
    struct sql_items items = {0};
    struct plan *p;
    const struct expr **on = ARENA_ARRAY(s->arena, const struct expr *, c->n_keys + 1);
    struct sql_join j = {.kind = JOIN_SEMI, .left = c->rows, .on = on, .n_on = c->n_keys};
    TRY(keys_of(c, c->t->plan, "old", &items));
    TRY(sql_project(s, c->t->plan, &items, &j.right));
    for (int i = 0; i < c->n_keys; i++)
        TRY(sql_op2(s, "=", sql_plan_col(s, c->rows, key_id(s, "new", i)),
                    sql_plan_col(s, j.right, key_id(s, "old", i)), c->t->span, &on[i]));
    TRY(sql_join(s, &j, &p));
    return clear_rows(s, p, keep, n);
}
/* Rows whose key another row before them has. */
static rc repeated(struct conflict *c, uint64_t *keep, int64_t *n)
{
    struct sql *s = c->s;
    struct plan *p;
    const struct expr *e, *none;
    TRY(sql_fn2(s, ">", sql_plan_col(s, c->rows, "?nth"), sql_int_value(s, 1, c->t->span), &e));
    for (int i = 0; i < c->n_keys; i++) {
        TRY(sql_fn1(s, "is_null", sql_plan_col(s, c->rows, key_id(s, "new", i)), &none));
        TRY(sql_fn1(s, "not", none, &none));
        TRY(sql_fn2(s, "and", e, none, &e));
    }
    TRY(sql_where(s, c->rows, e, &p));
    return clear_rows(s, p, keep, n);
}

/* ---- DO UPDATE: UPDATE t SET .. FROM excluded WHERE the keys are equal AND .. ---- */
static json_t *update_tree(struct conflict *c, const json_t *body, const json_t *clause)
{
    const json_t *rv = sql_get(body, "relation"), *where = sql_get(clause, "whereClause");
    json_t *excluded = json_pack("{s:s}", "relname", "excluded"), *all = json_array();
    for (int i = 0; i < c->n_keys; i++) {
        const char *name = c->t->plan->schema->fields[c->keys[i]].name;
        json_array_append_new(all, json_pack("{s:{s:s,s:[{s:{s:s}}],s:o,s:o,s:i}}", "A_Expr",
                                             "kind", "AEXPR_OP", "name", "String", "sval", "=",
                                             "lexpr", sql_tree_column(rv, name), "rexpr",
                                             sql_tree_column(excluded, name), "location", -1));
    }
    if (where) json_array_append(all, (json_t *)(uintptr_t)where);
    return json_pack("{s:O,s:O,s:[{s:o}],s:{s:{s:s,s:o,s:i}}}", "relation", rv, "targetList",
                     sql_get(clause, "targetList"), "fromClause", "RangeVar", excluded,
                     "whereClause", "BoolExpr", "boolop", "AND_EXPR", "args", all, "location", -1);
}
static rc update(struct conflict *c, const json_t *body, const json_t *clause, struct table *added,
                 struct table **changed)
{
    struct sql *s = c->s;
    struct plan *p;
    const json_t *tree = sql_keep_tree(s, update_tree(c, body, clause));
    TRY(plan_table(s->cx, added, NULL, &p));
    struct sql_cte excluded = {.next = s->ctes, .name = "excluded", .plan = sql_own(s, p)};
    s->ctes = &excluded;
    enum rc_t res = sql_update_rows(s, tree, c->t, changed);
    s->ctes = excluded.next;
    return res;
}
/* The rows that are left are put behind the table, and *concerned are those and the changed ones.
 */
static rc add_rows(struct conflict *c, struct table *added, const uint64_t *keep,
                   struct table *changed, struct table **fresh, struct table **concerned)
{
    struct sql *s = c->s;
    struct plan *p, *all;
    struct table *table;
    int64_t n = 0, *rows = ARENA_ARRAY(s->arena, int64_t, added->n_rows + 1);
    for (int64_t i = 0; i < added->n_rows; i++)
        if (bit_get(keep, i)) rows[n++] = i;
    TRY(table_gather(s->cx, added, rows, n, fresh));
    TRY(plan_table(s->cx, *fresh, NULL, &p));
    (void)sql_own(s, p);
    const char *own;
    const struct value *v = sql_find_frame(s, c->t->name, true, &own);
    TRY(plan_union(s->cx, v ? v->plan : c->t->plan, p, c->t->span, &all));
    TRY(sql_compute(s, sql_own(s, all), &table));
    TRY(sql_bind_table(s, c->t->name, table));
    *concerned = *fresh;
    if (!changed) return RC_OK;
    TRY(plan_table(s->cx, changed, NULL, &all));
    (void)sql_own(s, all);
    TRY(plan_union(s->cx, all, p, c->t->span, &all));
    return sql_compute(s, sql_own(s, all), concerned);
}

rc sql_insert_conflict(struct sql *s, const json_t *body, const struct sql_target *t,
                       struct table *added, struct value **out)
{
    const json_t *clause = sql_get(body, "onConflictClause");
    struct conflict c = {.s = s, .t = t};
    bool updates = strcmp(sql_text_of(clause, "action"), "ONCONFLICT_UPDATE") == 0;
    uint64_t *keep = ARENA_ARRAY(s->arena, uint64_t, BITMAP_WORDS(added->n_rows) + 1);
    struct table *changed = NULL, *fresh = NULL, *concerned;
    int64_t n_matched, n_repeated;
    bitmap_fill(keep, added->n_rows, true);
    TRY(sql_conflict_keys(s, clause, t, &c.keys, &c.n_keys));
    TRY(number_rows(&c, added));
    TRY(matched(&c, keep, &n_matched));
    TRY(repeated(&c, keep, &n_repeated));
    if (updates && n_repeated) {
        (void)fail(s->cx, E209, sql_span(s, (int)sql_int_of(clause, "location")),
                   "several rows to insert have the same key: DO UPDATE cannot tell which counts");
        return err_note(s->cx, "choose one before: select distinct on (id) * from .. order by id");
    }
    if (updates) TRY(update(&c, body, clause, added, &changed));
    enum rc_t res = add_rows(&c, added, keep, changed, &fresh, &concerned);
    if (res == RC_OK) {
        struct value *status =
            updates ? sql_done(s, "inserted %s into %s, updated %lld", sql_rows(s, fresh->n_rows),
                               t->name, (long long)changed->n_rows)
                    : sql_done(s, "inserted %s into %s", sql_rows(s, fresh->n_rows), t->name);
        res = sql_answer(s, body, t->name, concerned, status, out);
    }
    table_unref(changed);
    table_unref(fresh);
    return res;
}
