/* statement.c: which statement is which, and what they share. */
#include "lang/sql/statement.h"

#include "runtime/base/num.h"

/* ---- trees, values ---- */
static void drop_tree(void *arg)
{
    json_decref(arg);
}
const json_t *sql_keep_tree(struct sql *s, json_t *take_tree)
{
    arena_on_free(s->arena, drop_tree, take_tree);
    return take_tree;
}
rc sql_compute(struct sql *s, struct plan *p, struct table **out)
{
    TRY(frame_table(s->lg, p, out));
    arena_table(s->arena, *out);
    return RC_OK;
}
struct value *sql_done(struct sql *s, const char *fmt, ...)
{
    char buf[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    return value_nothing(arena_strndup(s->arena, buf, strlen(buf)));
}
const char *sql_rows(struct sql *s, int64_t n)
{
    char buf[NUM_TEXT_MAX];
    int_format_thousands(n, buf);
    return arena_printf(s->arena, "%s row%s", buf, n == 1 ? "" : "s");
}

/* ---- frames ---- */
rc sql_target(struct sql *s, const json_t *rv, struct sql_target *out)
{
    out->span = sql_span(s, (int)sql_int_of(rv, "location"));
    TRY(sql_table(s, rv, &out->plan, &out->name));
    if (!out->name) {
        (void)fail(s->cx, E217, out->span, "a file is not written to by this statement");
        return err_hint(s->cx, "create table t as select * from 'file.csv'");
    }
    return RC_OK;
}
rc sql_new_name(struct sql *s, const json_t *rv, const char **name, bool *exists)
{
    bool is_quoted;
    int at = (int)sql_int_of(rv, "location");
    const char *folded = sql_text_of(rv, "relname"), *own;
    if (*sql_text_of(rv, "schemaname"))
        return fail(s->cx, E217, sql_span(s, at), "frames have no schema: write the name alone");
    *name = sql_spelling(s, at, folded, &is_quoted);
    const struct value *v = sql_find_frame(s, *name, is_quoted, &own);
    *exists = v != NULL;
    if (v) *name = own;
    return RC_OK;
}
void sql_bind_plan(struct sql *s, const char *name, struct plan *p)
{
    scope_set(s->scope, str_of(name), value_frame(p, name));
}
rc sql_bind_table(struct sql *s, const char *name, const struct table *t)
{
    struct plan *p;
    TRY(plan_table(s->cx, t, name, &p));
    sql_bind_plan(s, name, sql_own(s, p));
    return RC_OK;
}

/* ---- columns ---- */
rc sql_column(struct sql *s, const struct schema *schema, const char *name, int location,
              const char *label, int *out)
{
    bool is_quoted;
    int fits = -1, n_fits = 0;
    struct str *names = ARENA_ARRAY(s->arena, struct str, schema->n + 1);
    name = sql_spelling(s, location, name, &is_quoted);
    for (int i = 0; i < schema->n; i++) {
        names[i] = str_of(schema->fields[i].name);
        if (strcmp(schema->fields[i].name, name) == 0) {
            *out = i;
            return RC_OK;
        }
        if (is_quoted || !str_eq_nocase(names[i], str_of(name))) continue;
        fits = i;
        n_fits++;
    }
    if (n_fits == 1) {
        *out = fits;
        return RC_OK;
    }
    struct span span = sql_span(s, location);
    (void)fail(s->cx, E201, span, "`%s` has no column `%s`", label, name);
    struct str near = nearest(str_of(name), names, schema->n);
    return near.n ? hint_replace(s->lg, span, "%.*s", STR_FMT(near)) : RC_ERR;
}

rc sql_column_type(struct sql *s, const json_t *def, struct dtype *out)
{
    const json_t *type = sql_get(def, "typeName"), *names = sql_get(type, "names");
    size_t n = sql_len(names);
    const char *name = n ? sql_string(json_array_get(names, n - 1)) : "";
    TRY(sql_type(s->cx, str_of(name), sql_span(s, (int)sql_int_of(type, "location")), out));
    for (size_t i = 0; i < sql_len(sql_get(type, "arrayBounds")); i++)
        *out = dtype_list(*out);
    return RC_OK;
}

/* One value for a column of type `to`, as an assignment casts. */
static rc assign_one(struct sql *s, const struct expr *e, struct dtype to, const char *column,
                     struct span span, const struct expr **out)
{
    char from_text[96], to_text[96];
    *out = e;
    if (to.kind == KIND_NULL || dtype_eq(e->type, to)) return RC_OK;
    if (to.kind == KIND_CAT) return expr_cast(s->cx, s->arena, e, to.kind, out);
    bool is_nested = to.kind == KIND_LIST || to.kind == KIND_STRUCT;
    if (e->type.kind == KIND_NULL && is_nested) {
        struct scalar none = {.type = to, .is_null = true};
        *out = expr_literal(s->arena, &none, span);
        return RC_OK;
    }
    if (is_nested || e->type.kind == KIND_LIST || e->type.kind == KIND_STRUCT)
        return fail(s->cx, E207, span, "column `%s` is %s, the value is %s", column,
                    dtype_text(to, to_text, sizeof to_text),
                    dtype_text(e->type, from_text, sizeof from_text));
    return sql_cast_kind(s->cx, s->arena, e, to.kind, out);
}

rc sql_assign(struct sql *s, struct plan *p, const int *from, const struct schema *to,
              struct span span, struct plan **out)
{
    struct named_expr *items = ARENA_ARRAY(s->arena, struct named_expr, to->n + 1);
    for (int i = 0; i < to->n; i++) {
        const struct field *f = &to->fields[i];
        struct scalar none = {.type = DTYPE(KIND_NULL), .is_null = true};
        const struct expr *e = expr_literal(s->arena, &none, span);
        if (from[i] >= 0) {
            const struct field *g = &p->schema->fields[from[i]];
            e = expr_column(s->arena, g->name, g->type, span);
        }
        items[i].name = f->name;
        TRY(assign_one(s, e, f->type, f->name, span, &items[i].expr));
    }
    struct plan *made;
    TRY(plan_project(s->cx, p, items, to->n, span, &made));
    *out = sql_own(s, made);
    return RC_OK;
}

/* ---- which is which ---- */
typedef enum rc_t (*statement_fn)(struct sql *s, const json_t *body, struct span span,
                                  struct value **out);
static const struct {
    const char *kind;
    statement_fn run;
} statements[] = {
    {"CreateStmt", sql_create_table}, {"CreateTableAsStmt", sql_create_as},
    {"SelectStmt", sql_select_into},  {"ViewStmt", sql_view},
    {"DropStmt", sql_drop},           {"TruncateStmt", sql_truncate},
    {"AlterTableStmt", sql_alter},    {"RenameStmt", sql_rename},
    {"InsertStmt", sql_insert},       {"UpdateStmt", sql_update},
    {"DeleteStmt", sql_delete},       {"CopyStmt", sql_copy},
    {"ExplainStmt", sql_explain},
};
static const struct {
    const char *kind, *says;
} others[] = {
    {"IndexStmt", "frames have no indexes: queries run without them"},
    {"TransactionStmt", "there are no transactions: every statement is whole by itself"},
    {"GrantStmt", "frames have no owners and no rights"},
    {"GrantRoleStmt", "frames have no owners and no rights"},
    {"CreateRoleStmt", "there are no users and roles"},
    {"CreateSchemaStmt", "there are no schemas: frames are the session's variables"},
    {"CreatedbStmt", "there are no databases: frames are the session's variables"},
    {"CreateFunctionStmt", "functions are written in code: fn name(x) { .. }"},
    {"CreateSeqStmt", "there are no sequences: row_number() over () counts rows"},
    {"CreateTrigStmt", "there are no triggers"},
    {"CreateEnumStmt", "there are no types to make: cat() holds levels"},
    {"CompositeTypeStmt", "there are no types to make"},
    {"VacuumStmt", "frames need no VACUUM and no ANALYZE"},
    {"VariableSetStmt", "there are no settings to SET: `use pool(threads: 8)` stands in code"},
    {"VariableShowStmt", "there are no settings to SHOW"},
    {"MergeStmt", "MERGE does not run: write an UPDATE .. FROM and an INSERT .. WHERE NOT EXISTS"},
    {"PrepareStmt", "there is no PREPARE: write $name for a variable of the session"},
    {"ExecuteStmt", "there is no EXECUTE: write $name for a variable of the session"},
    {"RefreshMatViewStmt", "views are never stale: a frame is what it was computed from"},
    {"DoStmt", "there are no procedures: code cells have if, for and fn"},
    {"CallStmt", "there are no procedures: code cells have if, for and fn"},
    {"LockStmt", "frames need no locks"},
    {"CommentStmt", "frames have no comments: a markdown cell says it"},
    {"DeclareCursorStmt", "there are no cursors"},
};

rc sql_statement(struct sql *s, const char *kind, const json_t *body, struct span span,
                 struct value **out)
{
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        if (strcmp(statements[i].kind, kind) == 0) return statements[i].run(s, body, span, out);
    const char *says = "this statement of SQL does not run here";
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i].kind, kind) == 0) says = others[i].says;
    (void)fail(s->cx, E217, span, "%s", says);
    return err_note(s->cx, "statements are SELECT, INSERT, UPDATE, DELETE, TRUNCATE, CREATE TABLE, "
                           "CREATE VIEW, ALTER TABLE, DROP, COPY and EXPLAIN");
}
