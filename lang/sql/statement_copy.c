/* statement_copy.c: COPY to and from files, and EXPLAIN. */
#include "lang/sql/statement.h"

#include "runtime/exec/executor.h"
#include "runtime/io/io.h"

/* ---- options ---- */
struct copy_options {
    const char *format; /* "csv", "parquet" ..; NULL: the file's name says it */
    const char *delim, *null, *quote;
    bool has_header, header;
};

static bool option_bool(const json_t *arg)
{
    const json_t *body;
    if (!arg) return true;
    if (sql_is(arg, "Boolean", &body)) return sql_bool_of(body, "boolval");
    if (sql_is(arg, "Integer", &body)) return sql_int_of(body, "ival") != 0;
    const char *t = sql_string(arg);
    return strcmp(t, "false") != 0 && strcmp(t, "off") != 0;
}

static rc read_options(struct sql *s, const json_t *list, struct copy_options *out)
{
    for (size_t i = 0; i < sql_len(list); i++) {
        const json_t *def;
        if (!sql_is(json_array_get(list, i), "DefElem", &def)) continue;
        const char *name = sql_text_of(def, "defname");
        const json_t *arg = sql_get(def, "arg");
        struct span span = sql_span(s, (int)sql_int_of(def, "location"));
        if (strcmp(name, "format") == 0) {
            out->format = sql_string(arg);
        } else if (strcmp(name, "delimiter") == 0) {
            out->delim = sql_string(arg);
        } else if (strcmp(name, "null") == 0) {
            out->null = sql_string(arg);
        } else if (strcmp(name, "quote") == 0) {
            out->quote = sql_string(arg);
        } else if (strcmp(name, "header") == 0) {
            out->has_header = true;
            out->header = option_bool(arg);
        } else if (strcmp(name, "encoding") != 0) {
            (void)fail(s->cx, E206, span, "COPY has no option `%s` here", name);
            return err_note(s->cx, "options are format, header, delimiter, null and quote");
        }
    }
    bool is_text = out->format && strcmp(out->format, "text") == 0;
    if (is_text) { /* PostgreSQL's own text format: tabs, no header */
        out->format = "csv";
        if (!out->delim) out->delim = "\t";
        if (!out->null) out->null = "\\N";
    }
    bool is_csv = out->format && strcmp(out->format, "csv") == 0;
    if (is_csv && !out->has_header) { /* as PostgreSQL: no header unless told */
        out->has_header = true;
        out->header = false;
    }
    return RC_OK;
}

static rc need_file(struct sql *s, const json_t *body, struct span span, const char **out)
{
    *out = sql_text_of(body, "filename");
    if (sql_bool_of(body, "is_program"))
        return fail(s->cx, E217, span, "COPY .. PROGRAM does not run here");
    if (**out) return RC_OK;
    (void)fail(s->cx, E217, span, "COPY needs a file name here, there is no STDIN or STDOUT");
    return err_hint(s->cx, "copy t to 'file.csv' with (format csv, header)");
}

/* ---- COPY .. TO ---- */
static struct io_option text_option(const char *name, const char *text, struct span span)
{
    return (struct io_option){
        .name = name, .value = {.type = DTYPE(KIND_STR), .u.s = str_of(text)}, .span = span};
}
static rc write_file(struct sql *s, const struct table *t, const char *path,
                     const struct copy_options *o, struct span span)
{
    struct io_option opts[4];
    int n = 0;
    if (o->format) opts[n++] = text_option("format", o->format, span);
    if (o->delim) opts[n++] = text_option("delim", o->delim, span);
    if (o->null) opts[n++] = text_option("na", o->null, span);
    if (o->has_header)
        opts[n++] = (struct io_option){
            .name = "header", .value = {.type = DTYPE(KIND_BOOL), .u.b = o->header}, .span = span};
    return io_save(s->cx, t, resolve_path(s->lg, s->arena, str_of(path)), opts, n, span);
}

/* The table's columns that are listed, or all. */
static rc listed_columns(struct sql *s, const struct sql_target *t, const json_t *list,
                         struct plan **out)
{
    int n = (int)sql_len(list);
    struct named_expr *items = ARENA_ARRAY(s->arena, struct named_expr, n + 1);
    struct plan *made;
    *out = t->plan;
    if (n == 0) return RC_OK;
    for (int i = 0; i < n; i++) {
        int at;
        TRY(sql_column(s, t->plan->schema, sql_string(json_array_get(list, (size_t)i)), -1, t->name,
                       &at));
        const struct field *f = &t->plan->schema->fields[at];
        items[i] = (struct named_expr){f->name, expr_column(s->arena, f->name, f->type, t->span)};
    }
    TRY(plan_project(s->cx, t->plan, items, n, t->span, &made));
    *out = sql_own(s, made);
    return RC_OK;
}

static rc copy_to(struct sql *s, const json_t *body, const char *path, const struct copy_options *o,
                  struct span span, struct value **out)
{
    const json_t *select;
    struct sql_target t;
    struct plan *p;
    struct table *table;
    if (sql_get(body, "relation")) {
        TRY(sql_target(s, sql_get(body, "relation"), &t));
        TRY(listed_columns(s, &t, sql_get(body, "attlist"), &p));
    } else if (sql_is(sql_get(body, "query"), "SelectStmt", &select)) {
        TRY(sql_select(s, select, &p));
    } else {
        return fail(s->cx, E217, span, "COPY (..) takes a SELECT");
    }
    if (s->lg->is_dry) {
        *out = value_nothing(NULL);
        return RC_OK;
    }
    TRY(sql_compute(s, p, &table));
    TRY(write_file(s, table, path, o, span));
    *out = sql_done(s, "copied %s to %s", sql_rows(s, table->n_rows), path);
    return RC_OK;
}

/* ---- COPY .. FROM ---- */

/* Types and names of the table's columns, by place, as read() takes them. */
static void column_options(struct sql *s, const struct plan *p, struct value **names,
                           struct value **types)
{
    int n = p->schema->n;
    struct value **items = ARENA_ARRAY(s->arena, struct value *, n + 1);
    struct value **kinds = ARENA_ARRAY(s->arena, struct value *, n + 1);
    const char **keys = ARENA_ARRAY(s->arena, const char *, n + 1);
    for (int i = 0; i < n; i++) {
        const struct field *f = &p->schema->fields[i];
        items[i] = value_str(str_of(f->name));
        kinds[i] =
            value_str(str_of(kind_name(f->type.kind == KIND_NULL ? KIND_STR : f->type.kind)));
        keys[i] = f->name;
    }
    *names = value_list(items, n);
    *types = value_struct(kinds, keys, n);
}

struct call_args_sql {
    struct value *values[8];
    struct str names[8];
    int n;
};
static void add_arg(struct call_args_sql *a, const char *name, struct value *take_v)
{
    a->values[a->n] = take_v;
    a->names[a->n++] = name ? str_of(name) : (struct str){NULL, 0};
}
static rc read_file(struct sql *s, const char *path, const struct plan *target,
                    const struct copy_options *o, struct span span, struct plan **out)
{
    struct lang *lg = s->lg;
    struct call_args_sql a = {.n = 0};
    struct ast text = {.op = AST_STR, .span = span, .text = str_of(path)};
    const struct ast *kids[8];
    struct value *v, *names, *types;
    add_arg(&a, NULL, value_str(str_of(path)));
    if (o->format) add_arg(&a, "format", value_str(str_of(o->format)));
    if (o->delim) add_arg(&a, "delim", value_str(str_of(o->delim)));
    if (o->null) add_arg(&a, "na", value_str(str_of(o->null)));
    if (o->quote) add_arg(&a, "quote", value_str(str_of(o->quote)));
    if (o->has_header) {
        column_options(s, target, &names, &types);
        add_arg(&a, "header", value_bool(o->header));
        add_arg(&a, "names", names);
        add_arg(&a, "types", types);
    }
    for (int i = 0; i < a.n; i++)
        kids[i] = &text;
    struct ast call = {
        .op = AST_CALL, .span = span, .text = STR("read"), .kids = kids, .n_kids = a.n};
    enum rc_t res =
        builtin_find(STR("read"))->call(lg, s->scope, &call, a.values, a.names, a.n, &v);
    for (int i = 0; i < a.n; i++)
        value_unref(a.values[i]);
    TRY(res);
    *out = sql_own(s, plan_ref(v->plan));
    value_unref(v);
    return RC_OK;
}

static rc copy_from(struct sql *s, const json_t *body, const char *path,
                    const struct copy_options *o, struct span span, struct value **out)
{
    struct sql_target t;
    struct plan *columns, *rows, *all;
    struct table *table, *added;
    TRY(sql_target(s, sql_get(body, "relation"), &t));
    TRY(listed_columns(s, &t, sql_get(body, "attlist"), &columns));
    TRY(read_file(s, path, columns, o, span, &rows));
    int n = t.plan->schema->n, n_listed = columns->schema->n;
    if (rows->schema->n != n_listed)
        return fail(s->cx, E208, span, "`%s` has %d columns, %d are to be filled", path,
                    rows->schema->n, n_listed);
    int *from = ARENA_ARRAY(s->arena, int, n + 1);
    for (int i = 0; i < n; i++)
        from[i] = schema_find(columns->schema, str_of(t.plan->schema->fields[i].name));
    TRY(sql_assign(s, rows, from, t.plan->schema, span, &rows));
    if (s->lg->is_dry) {
        *out = value_nothing(NULL);
        return RC_OK;
    }
    TRY(sql_compute(s, rows, &added));
    TRY(plan_table(s->cx, added, NULL, &rows));
    (void)sql_own(s, rows);
    TRY(plan_union(s->cx, t.plan, rows, span, &all));
    TRY(sql_compute(s, sql_own(s, all), &table));
    TRY(sql_bind_table(s, t.name, table));
    *out = sql_done(s, "copied %s to %s", sql_rows(s, added->n_rows), t.name);
    return RC_OK;
}

rc sql_copy(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    struct copy_options o = {0};
    const char *path;
    TRY(need_file(s, body, span, &path));
    TRY(read_options(s, sql_get(body, "options"), &o));
    return sql_bool_of(body, "is_from") ? copy_from(s, body, path, &o, span, out)
                                        : copy_to(s, body, path, &o, span, out);
}

/* ---- EXPLAIN ---- */
rc sql_explain(struct sql *s, const json_t *body, struct span span, struct value **out)
{
    const json_t *select, *def, *options = sql_get(body, "options");
    struct strbuf text = {0};
    struct plan *p;
    bool analyze = false;
    for (size_t i = 0; i < sql_len(options); i++)
        if (sql_is(json_array_get(options, i), "DefElem", &def) &&
            strcmp(sql_text_of(def, "defname"), "analyze") == 0)
            analyze = option_bool(sql_get(def, "arg"));
    if (!sql_is(sql_get(body, "query"), "SelectStmt", &select))
        return fail(s->cx, E217, span, "EXPLAIN takes a SELECT");
    TRY(sql_select(s, select, &p));
    *out = value_nothing(NULL);
    if (s->lg->is_dry) return RC_OK;
    enum rc_t res = exec_explain(s->cx, s->lg->executor, p, analyze, &text);
    while (text.n && text.p[text.n - 1] == '\n')
        text.n--;
    if (res == RC_OK)
        show_display(s->lg, &(struct display){.kind = DISPLAY_VALUE, .plain = strbuf_view(&text)});
    strbuf_release(&text);
    if (res != RC_OK) value_unref(*out);
    return res;
}
