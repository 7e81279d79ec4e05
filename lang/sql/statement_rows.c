/* statement_rows.c: INSERT, UPDATE, DELETE. UPDATE and DELETE number the table's rows, ask a SELECT
 * with the statement's own clauses which rows they mean and what the new values are, and put the
 * table together anew; so expressions are computed for the rows concerned only. */
#include "lang/sql/statement.h"

static json_t *mutable(const json_t *j)
{
    return (json_t *)(uintptr_t)j;
}
/* RETURNING: a SELECT over the rows concerned, which stand under the table's name. Without it *out
 * is the status line. */
rc sql_answer(struct sql *s, const json_t *body, const char *name, const struct table *rows,
              struct value *take_status, struct value **out)
{
    const json_t *list = sql_get(body, "returningList"), *rv = sql_get(body, "relation");
    struct plan *p, *made;
    struct table *t;
    *out = take_status;
    if (sql_len(list) == 0) return RC_OK;
    value_unref(take_status);
    json_t *relation = json_copy(mutable(rv));
    json_t *select =
        json_pack("{s:O,s:[{s:o}],s:s,s:s}", "targetList", mutable(list), "fromClause", "RangeVar",
                  relation, "limitOption", "LIMIT_OPTION_DEFAULT", "op", "SETOP_NONE");
    (void)sql_keep_tree(s, select);
    TRY(plan_table(s->cx, rows, NULL, &p));
    (void)sql_own(s, p);
    struct scope *outer = s->scope;
    s->scope = scope_new(outer);
    scope_set(s->scope, str_of(name), value_frame(p, name));
    enum rc_t res = sql_select(s, select, &made);
    if (res == RC_OK) res = sql_compute(s, made, &t);
    scope_unref(s->scope);
    s->scope = outer;
    TRY(res);
    TRY(plan_table(s->cx, t, NULL, &p));
    *out = value_frame(sql_own(s, p), NULL);
    return RC_OK;
}
/* A WITH before the statement belongs to the query inside. */
static void carry_with(json_t *select, const json_t *body)
{
    const json_t *with = sql_get(body, "withClause");
    if (with && !sql_get(select, "withClause"))
        json_object_set(select, "withClause", mutable(with));
}

/* ---- INSERT ---- */

/* DEFAULT in VALUES is null. */
static json_t *without_defaults(const json_t *lists)
{
    json_t *copy = json_deep_copy(lists), *list, *item;
    size_t i, k;
    json_array_foreach(copy, i, list)
    {
        json_t *items = json_object_get(json_object_get(list, "List"), "items");
        json_array_foreach(items, k, item) if (json_object_get(item, "SetToDefault"))
            json_array_set_new(items, k, json_pack("{s:{s:b}}", "A_Const", "isnull", 1));
    }
    return copy;
}

/* from[i]: which column of the query goes to the table's column i. */
static rc insert_columns(struct sql *s, const struct sql_target *t, const json_t *cols, int n_given,
                         struct span span, int *from)
{
    int n = t->plan->schema->n, n_cols = (int)sql_len(cols);
    for (int i = 0; i < n; i++)
        from[i] = n_cols == 0 && i < n_given ? i : -1;
    int room = n_cols ? n_cols : n;
    if (n_given > room || (n_cols && n_given < n_cols))
        return fail(s->cx, E208, span, "%d value%s a row for %d column%s of `%s`", n_given,
                    n_given == 1 ? "" : "s", room, room == 1 ? "" : "s", t->name);
    for (int k = 0; k < n_cols; k++) {
        const json_t *target;
        int at;
        if (!sql_is(json_array_get(cols, (size_t)k), "ResTarget", &target)) continue;
        int place = (int)sql_int_of(target, "location");
        TRY(sql_column(s, t->plan->schema, sql_text_of(target, "name"), place, t->name, &at));
        if (from[at] >= 0)
            return fail(s->cx, E212, sql_span(s, place), "column `%s` stands twice",
                        t->plan->schema->fields[at].name);
        from[at] = k;
    }
    return RC_OK;
}

/* The rows to insert, as they come from the query; DEFAULT VALUES is one row of nulls. */
static rc insert_source(struct sql *s, const json_t *body, struct plan **out)
{
    const json_t *query;
    json_t *select;
    if (!sql_is(sql_get(body, "selectStmt"), "SelectStmt", &query)) {
        select = json_pack("{s:[{s:{s:{s:{s:b}}}}],s:s,s:s}", "targetList", "ResTarget", "val",
                           "A_Const", "isnull", 1, "limitOption", "LIMIT_OPTION_DEFAULT", "op",
                           "SETOP_NONE");
    } else {
        select = json_copy(mutable(query));
        const json_t *lists = sql_get(query, "valuesLists");
        if (lists) json_object_set_new(select, "valuesLists", without_defaults(lists));
    }
    carry_with(select, body);
    return sql_select(s, sql_keep_tree(s, select), out);
}

rc sql_insert(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    struct sql_target t;
    struct plan *rows, *all;
    struct table *table, *added;
    const json_t *conflict = sql_get(body, "onConflictClause");
    TRY(sql_target(s, sql_get(body, "relation"), &t));
    if (conflict) TRY(sql_conflict_keys(s, conflict, &t, NULL, NULL));
    TRY(insert_source(s, body, &rows));
    int *from = ARENA_ARRAY(s->arena, int, t.plan->schema->n + 1);
    TRY(insert_columns(s, &t, sql_get(body, "cols"), rows->schema->n, span, from));
    TRY(sql_assign(s, rows, from, t.plan->schema, span, &rows));
    *out = value_nothing(NULL);
    if (s->lg->is_dry) return RC_OK;
    value_unref(*out);
    TRY(sql_compute(s, rows, &added));
    if (conflict) return sql_insert_conflict(s, body, &t, added, out);
    TRY(plan_table(s->cx, added, NULL, &rows));
    (void)sql_own(s, rows);
    TRY(plan_union(s->cx, t.plan, rows, span, &all));
    TRY(sql_compute(s, sql_own(s, all), &table));
    TRY(sql_bind_table(s, t.name, table));
    return sql_answer(s, body, t.name, added,
                      sql_done(s, "inserted %s into %s", sql_rows(s, added->n_rows), t.name), out);
}

/* ---- the rows that an UPDATE or DELETE means ---- */

/* The table with its rows numbered. */
rc sql_number_rows(struct sql *s, struct table *t, struct plan **out)
{
    int n = t->schema->n;
    struct field *fields = ARENA_ARRAY(s->arena, struct field, n + 1);
    struct column **cols = ARENA_ARRAY(s->arena, struct column *, n + 1);
    struct builder b;
    struct schema *schema;
    struct table *numbered;
    struct plan *p;
    builder_init(&b, DTYPE(KIND_INT), PHYS_I64);
    enum rc_t res = builder_reserve(s->cx, &b, t->n_rows);
    for (int64_t i = 0; i < t->n_rows && res == RC_OK; i++)
        res = builder_i64(s->cx, &b, i);
    if (res == RC_OK) res = builder_finish(s->cx, &b, &cols[n]);
    builder_release(&b);
    TRY(res);
    for (int i = 0; i < n; i++) {
        fields[i] = t->schema->fields[i];
        cols[i] = column_ref(t->cols[i]);
    }
    fields[n] = (struct field){SQL_ROW_NUMBER, DTYPE(KIND_INT)};
    if (schema_new(s->cx, fields, n + 1, NO_SPAN, &schema) != RC_OK) {
        for (int i = 0; i <= n; i++)
            column_unref(cols[i]);
        return RC_ERR;
    }
    res = table_new(s->cx, schema, cols, t->n_rows, &numbered);
    schema_unref(schema);
    TRY(res);
    res = plan_table(s->cx, numbered, NULL, &p);
    table_unref(numbered);
    TRY(res);
    *out = sql_own(s, p);
    return RC_OK;
}

/* Column `name` of a RangeVar, qualified as its clauses would. */
json_t *sql_tree_column(const json_t *rv, const char *name)
{
    const json_t *alias = sql_get(rv, "alias");
    const char *table = alias ? sql_text_of(alias, "aliasname") : sql_text_of(rv, "relname");
    return json_pack("{s:{s:[{s:{s:s}},{s:{s:s}}],s:i}}", "ColumnRef", "fields", "String", "sval",
                     table, "String", "sval", name, "location", -1);
}
static json_t *named(json_t *take_value, const char *name)
{
    return json_pack("{s:{s:s,s:o,s:i}}", "ResTarget", "name", name, "val", take_value, "location",
                     -1);
}

/* Runs SELECT <targets> FROM <relation>, <more> WHERE <where> with the relation's name standing for
 * the numbered table. */
static rc ask_rows(struct sql *s, const json_t *body, struct plan *numbered, const char *name,
                   json_t *take_targets, const char *more, struct plan **out)
{
    const json_t *rv = sql_get(body, "relation"), *where = sql_get(body, "whereClause");
    json_t *from = json_array(), *relation = json_copy(mutable(rv));
    json_object_del(relation, "location");
    json_object_set_new(relation, "location", json_integer(sql_int_of(rv, "location")));
    json_array_append_new(from, json_pack("{s:o}", "RangeVar", relation));
    const json_t *others = sql_get(body, more);
    for (size_t i = 0; i < sql_len(others); i++)
        json_array_append(from, json_array_get(others, i));
    json_t *select = json_pack("{s:o,s:o,s:s,s:s}", "targetList", take_targets, "fromClause", from,
                               "limitOption", "LIMIT_OPTION_DEFAULT", "op", "SETOP_NONE");
    if (where) json_object_set(select, "whereClause", mutable(where));
    carry_with(select, body);
    (void)sql_keep_tree(s, select);
    struct scope *outer = s->scope;
    s->scope = scope_new(outer);
    scope_set(s->scope, str_of(name), value_frame(numbered, name));
    enum rc_t res = sql_select(s, select, out);
    scope_unref(s->scope);
    s->scope = outer;
    return res;
}

static int64_t row_at(const struct table *found, int64_t i)
{
    return ((const int64_t *)found->cols[0]->data)[i];
}

/* ---- DELETE ---- */
static rc split_rows(struct sql *s, const struct table *t, const uint64_t *keep,
                     struct table **left, struct table **gone)
{
    int64_t n[2] = {0, 0}, *rows[2];
    for (int k = 0; k < 2; k++)
        rows[k] = ARENA_ARRAY(s->arena, int64_t, t->n_rows + 1);
    for (int64_t i = 0; i < t->n_rows; i++) {
        bool k = bit_get(keep, i);
        rows[k][n[k]++] = i;
    }
    TRY(table_gather(s->cx, t, rows[1], n[1], left));
    if (table_gather(s->cx, t, rows[0], n[0], gone) == RC_OK) return RC_OK;
    table_unref(*left);
    return RC_ERR;
}
rc sql_delete(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    struct sql_target t;
    struct table *table, *found, *left, *gone;
    struct plan *numbered, *rows;
    const json_t *rv = sql_get(body, "relation");
    (void)span;
    TRY(sql_target(s, rv, &t));
    TRY(s->lg->is_dry ? RC_OK : sql_compute(s, t.plan, &table));
    if (s->lg->is_dry) {
        *out = value_nothing(NULL);
        return RC_OK;
    }
    TRY(sql_number_rows(s, table, &numbered));
    json_t *targets = json_pack("[o]", named(sql_tree_column(rv, SQL_ROW_NUMBER), SQL_ROW_NUMBER));
    TRY(ask_rows(s, body, numbered, t.name, targets, "usingClause", &rows));
    TRY(sql_compute(s, rows, &found));
    uint64_t *keep = ARENA_ARRAY(s->arena, uint64_t, BITMAP_WORDS(table->n_rows) + 1);
    bitmap_fill(keep, table->n_rows, true);
    for (int64_t i = 0; i < found->n_rows; i++)
        bit_clear(keep, row_at(found, i));
    TRY(split_rows(s, table, keep, &left, &gone));
    enum rc_t res = sql_bind_table(s, t.name, left);
    struct value *status =
        sql_done(s, "deleted %s from %s", sql_rows(s, table->n_rows - left->n_rows), t.name);
    if (res == RC_OK)
        res = sql_answer(s, body, t.name, gone, status, out);
    else
        value_unref(status);
    table_unref(left);
    table_unref(gone);
    return res;
}

/* ---- UPDATE ---- */

/* The value of one assignment; DEFAULT is null, (a, b) = (x, y) is taken apart. */
static rc set_value(struct sql *s, const json_t *val, struct span span, json_t **out)
{
    const json_t *multi, *row;
    if (sql_is(val, "SetToDefault", NULL)) {
        *out = json_pack("{s:{s:b}}", "A_Const", "isnull", 1);
        return RC_OK;
    }
    if (!sql_is(val, "MultiAssignRef", &multi)) {
        *out = json_incref(mutable(val));
        return RC_OK;
    }
    if (!sql_is(sql_get(multi, "source"), "RowExpr", &row))
        return fail(s->cx, E217, span,
                    "several columns are set from a list of values, (a, b) = (1, 2), or each from "
                    "a query of its own");
    const json_t *args = sql_get(row, "args");
    int64_t k = sql_int_of(multi, "colno");
    if (sql_int_of(multi, "ncolumns") != (int64_t)sql_len(args) || k < 1)
        return fail(s->cx, E208, span, "%d columns are set to %d values",
                    (int)sql_int_of(multi, "ncolumns"), (int)sql_len(args));
    *out = json_incref(json_array_get(args, (size_t)k - 1));
    return RC_OK;
}

/* Targets of the query: the row number, then a value an assignment. column[k]: of the table. */
static rc set_targets(struct sql *s, const json_t *body, const struct sql_target *t, int *column,
                      json_t **out)
{
    const json_t *list = sql_get(body, "targetList"), *target;
    json_t *made = json_array(), *value = NULL;
    json_array_append_new(
        made, named(sql_tree_column(sql_get(body, "relation"), SQL_ROW_NUMBER), SQL_ROW_NUMBER));
    enum rc_t res = RC_OK;
    for (size_t i = 0; i < sql_len(list) && res == RC_OK; i++) {
        if (!sql_is(json_array_get(list, i), "ResTarget", &target)) continue;
        int place = (int)sql_int_of(target, "location");
        res =
            sql_column(s, t->plan->schema, sql_text_of(target, "name"), place, t->name, &column[i]);
        for (size_t k = 0; k < i && res == RC_OK; k++)
            if (column[k] == column[i])
                res = fail(s->cx, E212, sql_span(s, place), "column `%s` is set twice",
                           t->plan->schema->fields[column[i]].name);
        if (res == RC_OK) res = set_value(s, sql_get(target, "val"), sql_span(s, place), &value);
        if (res != RC_OK) break;
        json_array_append_new(made, named(value, arena_printf(s->arena, "?set %d", (int)i)));
    }
    if (res == RC_OK)
        *out = made;
    else
        json_decref(made);
    return res;
}

/* found's values cast to the columns they are put into; the row number stays first. */
static rc cast_found(struct sql *s, struct plan *p, const struct schema *to, const int *column,
                     struct span span, struct plan **out)
{
    int n = p->schema->n;
    struct field *fields = ARENA_ARRAY(s->arena, struct field, n + 1);
    int *from = ARENA_ARRAY(s->arena, int, n + 1);
    struct schema *schema;
    for (int k = 0; k < n; k++) {
        fields[k] = p->schema->fields[k];
        if (k > 0) fields[k].type = to->fields[column[k - 1]].type;
        from[k] = k;
    }
    TRY(schema_new(s->cx, fields, n, NO_SPAN, &schema));
    enum rc_t res = sql_assign(s, p, from, schema, span, out);
    schema_unref(schema);
    return res;
}

/* Column `old` with found's column k where a row was found: *pick[i] is the row in both one behind
 * the other. */
static rc merge_column(struct sql *s, const struct column *old, const struct column *fresh,
                       const int64_t *pick, int64_t n, struct column **out)
{
    struct column *both, *a = NULL, *b = NULL;
    enum rc_t res = column_canonical(s->cx, old, &a);
    if (res == RC_OK) res = column_canonical(s->cx, fresh, &b);
    const struct column *parts[2] = {a, b};
    if (res == RC_OK && a->type.kind == KIND_NULL) { /* had no type before */
        column_unref(a);
        res = column_nulls(s->cx, b->type, n, &a);
        parts[0] = a;
    }
    if (res == RC_OK) res = column_concat(s->cx, parts, 2, &both);
    column_unref(a);
    column_unref(b);
    TRY(res);
    res = column_gather(s->cx, both, pick, n, out);
    column_unref(both);
    return res;
}

static rc merge_table(struct sql *s, const struct table *t, const struct table *found,
                      const int *column, const int64_t *pick, struct table **out)
{
    int n = t->schema->n, k;
    struct field *fields = ARENA_ARRAY(s->arena, struct field, n + 1);
    struct column **cols = ARENA_ARRAY(s->arena, struct column *, n + 1);
    struct schema *schema;
    for (int i = 0; i < n; i++) {
        fields[i] = t->schema->fields[i];
        for (k = 1; k < found->schema->n && column[k - 1] != i; k++) {}
        enum rc_t res = RC_OK;
        if (k == found->schema->n)
            cols[i] = column_ref(t->cols[i]);
        else
            res = merge_column(s, t->cols[i], found->cols[k], pick, t->n_rows, &cols[i]);
        if (res == RC_OK) {
            fields[i].type = cols[i]->type;
            continue;
        }
        while (i-- > 0)
            column_unref(cols[i]);
        return RC_ERR;
    }
    if (schema_new(s->cx, fields, n, NO_SPAN, &schema) != RC_OK) {
        for (int i = 0; i < n; i++)
            column_unref(cols[i]);
        return RC_ERR;
    }
    enum rc_t res = table_new(s->cx, schema, cols, t->n_rows, out);
    schema_unref(schema);
    return res;
}

rc sql_update_rows(struct sql *s, const json_t *body, const struct sql_target *t,
                   struct table **out)
{
    struct table *table, *found, *made;
    struct plan *numbered, *rows;
    json_t *targets = NULL;
    int *column = ARENA_ARRAY(s->arena, int, sql_len(sql_get(body, "targetList")) + 1);
    TRY(sql_compute(s, t->plan, &table));
    TRY(sql_number_rows(s, table, &numbered));
    TRY(set_targets(s, body, t, column, &targets));
    TRY(ask_rows(s, body, numbered, t->name, targets, "fromClause", &rows));
    TRY(cast_found(s, rows, t->plan->schema, column, t->span, &rows));
    TRY(sql_compute(s, rows, &found));
    int64_t *pick = ARENA_ARRAY(s->arena, int64_t, table->n_rows + 1);
    for (int64_t i = 0; i < table->n_rows; i++)
        pick[i] = i;
    for (int64_t i = 0; i < found->n_rows; i++) {
        int64_t row = row_at(found, i);
        if (pick[row] == row) /* several rows of FROM: the first counts */
            pick[row] = table->n_rows + i;
    }
    TRY(merge_table(s, table, found, column, pick, &made));
    enum rc_t res = sql_bind_table(s, t->name, made);
    int64_t n = 0;
    for (int64_t i = 0; i < table->n_rows; i++)
        if (pick[i] != i) pick[n++] = i;
    if (res == RC_OK) res = table_gather(s->cx, made, pick, n, out);
    table_unref(made);
    return res;
}
rc sql_update(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    struct sql_target t;
    struct table *changed;
    (void)span;
    TRY(sql_target(s, sql_get(body, "relation"), &t));
    if (s->lg->is_dry) {
        *out = value_nothing(NULL);
        return RC_OK;
    }
    TRY(sql_update_rows(s, body, &t, &changed));
    enum rc_t res =
        sql_answer(s, body, t.name, changed,
                   sql_done(s, "updated %s of %s", sql_rows(s, changed->n_rows), t.name), out);
    table_unref(changed);
    return res;
}
