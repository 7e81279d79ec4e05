/* statement_table.c: CREATE, ALTER, DROP, TRUNCATE: statements about whole tables. */
#include "lang/sql/statement.h"

/* ---- making ---- */
static rc fail_exists(struct sql *s, const char *name, struct span span)
{
    (void)fail(s->cx, E212, span, "there is a frame `%s` already", name);
    return err_hint(s->cx, "drop table if exists %s", name);
}

/* Refuses what would change later rows; keys and NOT NULL are only not kept. */
static rc check_constraints(struct sql *s, const json_t *list, bool *has_some)
{
    for (size_t i = 0; i < sql_len(list); i++) {
        const json_t *c;
        if (!sql_is(json_array_get(list, i), "Constraint", &c)) continue;
        const char *type = sql_text_of(c, "contype");
        struct span span = sql_span(s, (int)sql_int_of(c, "location"));
        if (strcmp(type, "CONSTR_NULL") == 0) continue;
        if (strcmp(type, "CONSTR_DEFAULT") == 0 || strcmp(type, "CONSTR_GENERATED") == 0 ||
            strcmp(type, "CONSTR_IDENTITY") == 0)
            return fail(s->cx, E217, span,
                        "frames keep no DEFAULT: give the value in INSERT, what is left out is "
                        "null");
        *has_some = true;
    }
    return RC_OK;
}

/* Fields of the column definitions. */
static rc read_fields(struct sql *s, const json_t *elements, struct field *fields, int *n,
                      bool *has_constraints)
{
    *n = 0;
    for (size_t i = 0; i < sql_len(elements); i++) {
        const json_t *node = json_array_get(elements, i), *def;
        bool is_quoted;
        if (sql_is(node, "Constraint", NULL)) {
            *has_constraints = true;
            continue;
        }
        if (!sql_is(node, "ColumnDef", &def))
            return fail(s->cx, E217, sql_node_span(s, node), "a table is made of columns here");
        int at = (int)sql_int_of(def, "location");
        const char *name = sql_spelling(s, at, sql_text_of(def, "colname"), &is_quoted);
        for (int k = 0; k < *n; k++)
            if (strcmp(fields[k].name, name) == 0)
                return fail(s->cx, E212, sql_span(s, at), "two columns are called `%s`", name);
        fields[*n].name = name;
        TRY(sql_column_type(s, def, &fields[*n].type));
        TRY(check_constraints(s, sql_get(def, "constraints"), has_constraints));
        (*n)++;
    }
    return RC_OK;
}

static rc empty_table(struct sql *s, const struct field *fields, int n, struct table **out)
{
    struct schema *schema;
    TRY(schema_new(s->cx, fields, n, NO_SPAN, &schema));
    struct column **cols = ARENA_ARRAY(s->arena, struct column *, n + 1);
    int made = 0;
    enum rc_t res = RC_OK;
    for (; made < n && res == RC_OK; made += res == RC_OK)
        res = column_nulls(s->cx, fields[made].type, 0, &cols[made]);
    if (res == RC_OK) {
        res = table_new(s->cx, schema, cols, 0, out);
    } else {
        for (int i = 0; i < made; i++)
            column_unref(cols[i]);
    }
    schema_unref(schema);
    return res;
}

rc sql_create_table(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    const char *name;
    bool exists, has_constraints = false;
    const json_t *elements = sql_get(body, "tableElts");
    struct field *fields = ARENA_ARRAY(s->arena, struct field, sql_len(elements) + 1);
    struct table *t;
    int n;
    TRY(sql_new_name(s, sql_get(body, "relation"), &name, &exists));
    TRY(read_fields(s, elements, fields, &n, &has_constraints));
    if (exists && !sql_bool_of(body, "if_not_exists")) return fail_exists(s, name, span);
    if (exists) {
        *out = sql_done(s, "%s is there already", name);
        return RC_OK;
    }
    TRY(empty_table(s, fields, n, &t));
    enum rc_t res = sql_bind_table(s, name, t);
    table_unref(t);
    TRY(res);
    *out = sql_done(s, "created %s: %d column%s%s", name, n, n == 1 ? "" : "s",
                    has_constraints ? "; its constraints are not kept" : "");
    return RC_OK;
}

/* The plan with its columns called anew (AS t(x, y)); fewer names leave the rest. */
static rc rename_columns(struct sql *s, struct plan *p, const json_t *names, struct span span,
                         struct plan **out)
{
    int n = p->schema->n;
    struct named_expr *items = ARENA_ARRAY(s->arena, struct named_expr, n + 1);
    struct plan *made;
    *out = p;
    if (sql_len(names) == 0) return RC_OK;
    if (sql_len(names) > (size_t)n)
        return fail(s->cx, E208, span, "%d names are given for %d column%s", (int)sql_len(names), n,
                    n == 1 ? "" : "s");
    for (int i = 0; i < n; i++) {
        const struct field *f = &p->schema->fields[i];
        items[i].name = f->name;
        if ((size_t)i < sql_len(names))
            items[i].name = sql_string(json_array_get(names, (size_t)i));
        items[i].expr = expr_column(s->arena, f->name, f->type, span);
    }
    TRY(plan_project(s->cx, p, items, n, span, &made));
    *out = sql_own(s, made);
    return RC_OK;
}

static rc create_from(struct sql *s, const json_t *rv, const json_t *select, const json_t *names,
                      bool no_data, bool if_not_exists, struct span span, struct value **out)
{
    const char *name;
    bool exists;
    struct plan *p;
    struct table *t;
    TRY(sql_new_name(s, rv, &name, &exists));
    if (exists && !if_not_exists) return fail_exists(s, name, span);
    if (exists) {
        *out = sql_done(s, "%s is there already", name);
        return RC_OK;
    }
    TRY(sql_select(s, select, &p));
    TRY(rename_columns(s, p, names, span, &p));
    if (s->lg->is_dry) { /* later statements see its columns */
        sql_bind_plan(s, name, p);
        *out = value_nothing(NULL);
        return RC_OK;
    }
    TRY(sql_compute(s, p, &t));
    if (no_data) {
        struct table *none;
        TRY(table_slice(s->cx, t, 0, 0, &none));
        enum rc_t res = sql_bind_table(s, name, none);
        table_unref(none);
        TRY(res);
    } else {
        TRY(sql_bind_table(s, name, t));
    }
    *out = sql_done(s, "created %s: %s, %d column%s", name, sql_rows(s, no_data ? 0 : t->n_rows),
                    t->schema->n, t->schema->n == 1 ? "" : "s");
    return RC_OK;
}
rc sql_create_as(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    const json_t *into = sql_get(body, "into"), *select;
    if (!sql_is(sql_get(body, "query"), "SelectStmt", &select))
        return fail(s->cx, E217, span, "CREATE TABLE .. AS takes a SELECT");
    return create_from(s, sql_get(into, "rel"), select, sql_get(into, "colNames"),
                       sql_bool_of(into, "skipData"), sql_bool_of(body, "if_not_exists"), span,
                       out);
}
rc sql_select_into(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    json_t *select = json_copy((json_t *)(uintptr_t)body);
    const json_t *into = sql_get(body, "intoClause");
    json_object_del(select, "intoClause");
    (void)sql_keep_tree(s, select);
    return create_from(s, sql_get(into, "rel"), select, NULL, false, false, span, out);
}

/* A view is a frame that is not computed yet: it shows what its tables hold now, since frames are
 * values. */
rc sql_view(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    const char *name;
    bool exists;
    const json_t *select;
    struct plan *p;
    TRY(sql_new_name(s, sql_get(body, "view"), &name, &exists));
    if (exists && !sql_bool_of(body, "replace")) {
        (void)fail(s->cx, E212, span, "there is a frame `%s` already", name);
        return err_note(s->cx, "to change it: create or replace view %s as select ..", name);
    }
    if (!sql_is(sql_get(body, "query"), "SelectStmt", &select))
        return fail(s->cx, E217, span, "CREATE VIEW .. AS takes a SELECT");
    TRY(sql_select(s, select, &p));
    TRY(rename_columns(s, p, sql_get(body, "aliases"), span, &p));
    sql_bind_plan(s, name, p);
    *out = sql_done(s, "created view %s: %d column%s", name, p->schema->n,
                    p->schema->n == 1 ? "" : "s");
    return RC_OK;
}

/* ---- dropping ---- */
rc sql_drop(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    const char *type = sql_text_of(body, "removeType");
    bool is_frame = strcmp(type, "OBJECT_TABLE") == 0 || strcmp(type, "OBJECT_VIEW") == 0 ||
                    strcmp(type, "OBJECT_MATVIEW") == 0;
    const json_t *objects = sql_get(body, "objects"), *list;
    struct strbuf names = {0};
    if (!is_frame) return fail(s->cx, E217, span, "only tables and views can be dropped here");
    for (size_t i = 0; i < sql_len(objects); i++) {
        const char *name = "", *own;
        if (sql_is(json_array_get(objects, i), "List", &list)) {
            const json_t *items = sql_get(list, "items");
            name = sql_string(json_array_get(items, sql_len(items) - 1));
        }
        const struct value *v = sql_find_frame(s, name, false, &own);
        if (!v && !sql_bool_of(body, "missing_ok")) {
            strbuf_release(&names);
            (void)fail(s->cx, E202, span, "there is no frame `%s`", name);
            return err_hint(s->cx, "drop table if exists %s", name);
        }
        if (!v) continue;
        strbuf_printf(&names, "%s%s", names.n ? ", " : "", own);
        scope_drop(s->scope, str_of(own));
    }
    *out = names.n ? sql_done(s, "dropped %s", names.p) : sql_done(s, "nothing to drop");
    strbuf_release(&names);
    return RC_OK;
}

rc sql_truncate(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    const json_t *tables = sql_get(body, "relations"), *rv;
    struct strbuf names = {0};
    enum rc_t res = RC_OK;
    (void)span;
    for (size_t i = 0; i < sql_len(tables) && res == RC_OK; i++) {
        struct sql_target t;
        struct table *none;
        if (!sql_is(json_array_get(tables, i), "RangeVar", &rv)) continue;
        res = sql_target(s, rv, &t);
        if (res != RC_OK || s->lg->is_dry) continue;
        res = empty_table(s, t.plan->schema->fields, t.plan->schema->n, &none);
        if (res != RC_OK) continue;
        res = sql_bind_table(s, t.name, none);
        table_unref(none);
        strbuf_printf(&names, "%s%s", names.n ? ", " : "", t.name);
    }
    if (res == RC_OK) *out = sql_done(s, "emptied %s", names.p ? names.p : "");
    strbuf_release(&names);
    return res;
}

/* ---- altering ---- */

/* The columns of a table as they are to be. */
struct altered {
    struct named_expr *items;
    int n;
};
static int find_item(const struct altered *a, const char *name)
{
    for (int i = 0; i < a->n; i++)
        if (str_eq_nocase(str_of(a->items[i].name), str_of(name))) return i;
    return -1;
}
static rc need_item(struct sql *s, const struct altered *a, const char *name, const char *label,
                    struct span span, int *out)
{
    *out = find_item(a, name);
    if (*out >= 0) return RC_OK;
    struct str *names = ARENA_ARRAY(s->arena, struct str, a->n + 1);
    for (int i = 0; i < a->n; i++)
        names[i] = str_of(a->items[i].name);
    (void)fail(s->cx, E201, span, "`%s` has no column `%s`", label, name);
    struct str near = nearest(str_of(name), names, a->n);
    return near.n ? err_note(s->cx, "did you mean `%.*s`?", STR_FMT(near)) : RC_ERR;
}

static rc add_column(struct sql *s, struct altered *a, const json_t *cmd, struct span span)
{
    const json_t *def;
    struct field f;
    bool has_constraints = false;
    int n, at;
    if (!sql_is(sql_get(cmd, "def"), "ColumnDef", &def))
        return fail(s->cx, E217, span, "ADD takes a column");
    json_t *one = json_pack("[O]", sql_get(cmd, "def"));
    (void)sql_keep_tree(s, one);
    TRY(read_fields(s, one, &f, &n, &has_constraints));
    at = find_item(a, f.name);
    if (at >= 0 && sql_bool_of(cmd, "missing_ok")) return RC_OK;
    if (at >= 0)
        return fail(s->cx, E212, sql_span(s, (int)sql_int_of(def, "location")),
                    "there is a column `%s` already", f.name);
    struct scalar none = {.type = f.type, .is_null = true};
    a->items[a->n++] = (struct named_expr){f.name, expr_literal(s->arena, &none, span)};
    return RC_OK;
}
static rc alter_one(struct sql *s, struct altered *a, const json_t *cmd, const char *label,
                    struct span span)
{
    const char *type = sql_text_of(cmd, "subtype"), *name = sql_text_of(cmd, "name");
    const json_t *def;
    int at;
    if (strcmp(type, "AT_AddColumn") == 0) return add_column(s, a, cmd, span);
    if (strcmp(type, "AT_DropColumn") == 0) {
        if (find_item(a, name) < 0 && sql_bool_of(cmd, "missing_ok")) return RC_OK;
        TRY(need_item(s, a, name, label, span, &at));
        memmove(&a->items[at], &a->items[at + 1], (size_t)(a->n - at - 1) * sizeof *a->items);
        a->n--;
        return RC_OK;
    }
    if (strcmp(type, "AT_AlterColumnType") == 0 && sql_is(sql_get(cmd, "def"), "ColumnDef", &def)) {
        struct dtype to;
        TRY(need_item(s, a, name, label, span, &at));
        TRY(sql_column_type(s, def, &to));
        return sql_cast_kind(s->cx, s->arena, a->items[at].expr, to.kind, &a->items[at].expr);
    }
    (void)fail(s->cx, E217, span, "this change of a table does not run here");
    return err_note(s->cx, "ALTER TABLE has ADD COLUMN, DROP COLUMN, ALTER COLUMN .. TYPE and "
                           "RENAME");
}
static rc bind_altered(struct sql *s, const struct sql_target *t, const struct altered *a,
                       struct span span)
{
    struct plan *made;
    struct table *table;
    if (a->n == 0) return fail(s->cx, E217, span, "a table keeps one column at least");
    TRY(plan_project(s->cx, t->plan, a->items, a->n, span, &made));
    (void)sql_own(s, made);
    if (s->lg->is_dry) return RC_OK;
    TRY(sql_compute(s, made, &table)); /* casts fail now, not later */
    return sql_bind_table(s, t->name, table);
}
static void columns_of(struct sql *s, const struct plan *p, int more, struct span span,
                       struct altered *out)
{
    out->n = p->schema->n;
    out->items = ARENA_ARRAY(s->arena, struct named_expr, out->n + more + 1);
    for (int i = 0; i < out->n; i++) {
        const struct field *f = &p->schema->fields[i];
        out->items[i].name = f->name;
        out->items[i].expr = expr_column(s->arena, f->name, f->type, span);
    }
}
rc sql_alter(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    struct sql_target t;
    struct altered a;
    const json_t *cmds = sql_get(body, "cmds"), *cmd;
    bool exists;
    const char *name;
    TRY(sql_new_name(s, sql_get(body, "relation"), &name, &exists));
    if (!exists && sql_bool_of(body, "missing_ok")) {
        *out = sql_done(s, "nothing to alter");
        return RC_OK;
    }
    TRY(sql_target(s, sql_get(body, "relation"), &t));
    columns_of(s, t.plan, (int)sql_len(cmds), span, &a);
    for (size_t i = 0; i < sql_len(cmds); i++)
        if (sql_is(json_array_get(cmds, i), "AlterTableCmd", &cmd))
            TRY(alter_one(s, &a, cmd, t.name, span));
    TRY(bind_altered(s, &t, &a, span));
    *out = sql_done(s, "altered %s: %d column%s", t.name, a.n, a.n == 1 ? "" : "s");
    return RC_OK;
}
rc sql_rename(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    struct sql_target t;
    const char *type = sql_text_of(body, "renameType"), *to = sql_text_of(body, "newname");
    TRY(sql_target(s, sql_get(body, "relation"), &t));
    if (strcmp(type, "OBJECT_COLUMN") == 0) {
        struct altered a;
        int at;
        columns_of(s, t.plan, 0, span, &a);
        TRY(need_item(s, &a, sql_text_of(body, "subname"), t.name, span, &at));
        if (find_item(&a, to) >= 0 && find_item(&a, to) != at)
            return fail(s->cx, E212, span, "there is a column `%s` already", to);
        a.items[at].name = to;
        TRY(bind_altered(s, &t, &a, span));
        *out = sql_done(s, "renamed %s.%s to %s", t.name, sql_text_of(body, "subname"), to);
        return RC_OK;
    }
    if (strcmp(type, "OBJECT_TABLE") != 0 && strcmp(type, "OBJECT_VIEW") != 0)
        return fail(s->cx, E217, span, "only tables, views and columns are renamed");
    const char *own;
    if (sql_find_frame(s, to, false, &own)) return fail_exists(s, own, span);
    sql_bind_plan(s, to, t.plan);
    scope_drop(s->scope, str_of(t.name));
    *out = sql_done(s, "renamed %s to %s", t.name, to);
    return RC_OK;
}
