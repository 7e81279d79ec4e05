/* frame.c: frame(x: [1, 2], y: 0) of columns, frame(rows) of a list of structs. */
#include "lang/builtins/builtin_int.h"

/* Columns being put together; owned until the table takes them. */
struct making {
    struct lang *lg;
    struct span span;
    struct field *fields;
    struct column **cols;
    int n, cap;
    int64_t n_rows; /* -1: only single values so far */
};
static void making_release(struct making *m)
{
    for (int i = 0; i < m->n; i++)
        column_unref(m->cols[i]);
    m->n = 0;
}
static void making_add(struct making *m, const char *name, struct column *take_c)
{
    struct arena *a = m->lg->cx.arena;
    if (m->n == m->cap) {
        int cap = m->cap ? m->cap * 2 : 8;
        struct field *fields = ARENA_ARRAY(a, struct field, cap);
        struct column **cols = ARENA_ARRAY(a, struct column *, cap);
        if (m->n) memcpy(fields, m->fields, sizeof *fields * (size_t)m->n);
        if (m->n) memcpy(cols, m->cols, sizeof *cols * (size_t)m->n);
        m->fields = fields;
        m->cols = cols;
        m->cap = cap;
    }
    m->fields[m->n] = (struct field){name, take_c->type};
    m->cols[m->n++] = take_c;
}
static rc finish(struct making *m, struct value **out)
{
    struct ctx *cx = &m->lg->cx;
    struct schema *schema;
    struct table *t;
    struct plan *p;
    TRY(schema_new(cx, m->fields, m->n, m->span, &schema));
    int64_t n_rows = m->n_rows < 0 ? m->n > 0 : m->n_rows;
    enum rc_t res = table_new(cx, schema, m->cols, n_rows, &t);
    m->n = 0; /* taken */
    schema_unref(schema);
    TRY(res);
    res = plan_table(cx, t, NULL, &p);
    table_unref(t);
    TRY(res);
    *out = value_frame(p, NULL);
    plan_unref(p);
    return RC_OK;
}

/* ---- columns by name ---- */
static rc list_column(struct making *m, const char *name, const struct value *v, struct span span)
{
    struct column *c;
    TRY(value_column(&m->lg->cx, v, span, &c));
    if (m->n_rows >= 0 && c->n != m->n_rows) {
        int64_t got = c->n;
        column_unref(c);
        return fail(&m->lg->cx, E207, span, "`%s` has %lld value%s, the columns before it %lld",
                    name, (long long)got, got == 1 ? "" : "s", (long long)m->n_rows);
    }
    making_add(m, name, c);
    return RC_OK;
}
static rc fill_column(struct making *m, const char *name, const struct value *v, struct span span)
{
    struct scalar s;
    struct column *c;
    TRY(value_to_scalar(m->lg, v, span, m->lg->cx.arena, &s));
    if (s.type.kind == KIND_DURATION && s.months)
        return fail(&m->lg->cx, E207, span, "a length of months has no fixed duration");
    TRY(column_fill(&m->lg->cx, &s, m->n_rows < 0 ? 1 : m->n_rows, &c));
    making_add(m, name, c);
    return RC_OK;
}
static const struct value *as_list(const struct value *v, struct value **owned)
{
    *owned = NULL;
    if (v->kind != VALUE_RANGE) return v;
    if (range_list(v, owned)) return *owned;
    return v;
}
/* Rows of the first list; -1 when all are single values. */
static int64_t count_rows(const struct call_view *c)
{
    for (int i = 0; i < c->n; i++) {
        struct value *owned;
        const struct value *v = as_list(c->args[i], &owned);
        int64_t n = v->kind == VALUE_LIST ? value_length(v) : -1;
        value_unref(owned);
        if (n >= 0) return n;
    }
    return -1;
}
static rc columns_by_name(struct making *m, const struct call_view *c)
{
    m->n_rows = count_rows(c);
    for (int i = 0; i < c->n; i++) {
        struct value *owned;
        const struct value *v = as_list(c->args[i], &owned);
        const char *name = arena_strndup(m->lg->cx.arena, c->names[i].p, c->names[i].n);
        struct span span = c->e->kids[i]->span;
        enum rc_t res =
            v->kind == VALUE_LIST ? list_column(m, name, v, span) : fill_column(m, name, v, span);
        value_unref(owned);
        TRY(res);
    }
    return RC_OK;
}

/* ---- rows ---- */
static int name_index(const char *const *names, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}
/* All field names in order of first appearance. */
static int row_names(struct arena *a, const struct value *rows, const char ***out)
{
    int n = 0, cap = 0;
    for (int i = 0; i < rows->n_items; i++)
        cap += rows->items[i]->kind == VALUE_STRUCT ? rows->items[i]->n_items : 0;
    const char **names = ARENA_ARRAY(a, const char *, cap + 1);
    for (int i = 0; i < rows->n_items; i++)
        for (int k = 0; rows->items[i]->kind == VALUE_STRUCT && k < rows->items[i]->n_items; k++) {
            const char *name = rows->items[i]->names[k];
            if (name_index(names, n, name) < 0) names[n++] = arena_strndup(a, name, strlen(name));
        }
    *out = names;
    return n;
}
/* A field's value; a frame of 1 x 1 stands for its value. */
static struct value *one_value(struct making *m, const struct value *field, enum rc_t *res)
{
    struct scalar s;
    if (field->kind != VALUE_FRAME || *res != RC_OK) return value_ref(field);
    *res = value_to_scalar(m->lg, field, m->span, m->lg->cx.arena, &s);
    return *res == RC_OK ? value_scalar(&s) : value_null();
}
static rc row_column(struct making *m, const struct value *rows, const char *name)
{
    struct value **items = mem_alloc(sizeof *items * (size_t)(rows->n_items + 1));
    enum rc_t res = RC_OK;
    for (int i = 0; i < rows->n_items; i++) {
        const struct value *row = rows->items[i];
        const struct value *field =
            row->kind == VALUE_STRUCT ? value_field(row, str_of(name)) : NULL;
        items[i] = field ? one_value(m, field, &res) : value_null();
    }
    struct value *list = value_list(items, rows->n_items);
    struct column *c;
    mem_free(items);
    if (res == RC_OK) res = value_column(&m->lg->cx, list, m->span, &c);
    value_unref(list);
    if (res != RC_OK) return err_note(&m->lg->cx, "in the field `%s`", name);
    making_add(m, name, c);
    return RC_OK;
}
static rc columns_of_rows(struct making *m, const struct value *rows)
{
    char buf[96];
    const char **names;
    for (int i = 0; i < rows->n_items; i++)
        if (rows->items[i]->kind != VALUE_STRUCT && !value_is_null(rows->items[i])) {
            (void)fail(&m->lg->cx, E207, m->span,
                       "frame(rows) takes a list of structs, this holds %s",
                       value_type_text(rows->items[i], buf, sizeof buf));
            return err_hint(&m->lg->cx, "frame([{k: 1, auc: 0.9}, {k: 2, auc: 0.8}])");
        }
    int n = row_names(m->lg->cx.arena, rows, &names);
    m->n_rows = rows->n_items;
    for (int i = 0; i < n; i++)
        TRY(row_column(m, rows, names[i]));
    return RC_OK;
}
static rc check_form(const struct call_view *c, int *n_plain)
{
    *n_plain = 0;
    for (int i = 0; i < c->n; i++)
        *n_plain += c->names[i].n == 0;
    bool is_mixed = *n_plain > 0 && *n_plain < c->n;
    const struct value *rows = *n_plain == 1 ? c->args[0] : NULL;
    if (*n_plain == 0 || (!is_mixed && rows && rows->kind == VALUE_LIST && !rows->column) ||
        (rows && rows->kind == VALUE_FRAME && !is_mixed))
        return RC_OK;
    (void)fail(&c->lg->cx, E207, c->e->span,
               "frame() takes columns by name, or one list of structs");
    return err_hint(&c->lg->cx, "frame(x: [1, 2], y: [\"a\", \"b\"])");
}
static enum rc_t frame_call(struct lang *lg, struct scope *sc, const struct ast *e,
                            struct value **args, struct str *names, int n_args, struct value **out)
{
    (void)sc;
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    struct making m = {.lg = lg, .span = e->span, .n_rows = -1};
    int n_plain;
    TRY(check_form(&c, &n_plain));
    if (n_plain && args[0]->kind == VALUE_FRAME) {
        *out = value_ref(args[0]);
        return RC_OK;
    }
    enum rc_t res = n_plain ? columns_of_rows(&m, args[0]) : columns_by_name(&m, &c);
    if (res == RC_OK) res = finish(&m, out);
    making_release(&m);
    return res;
}
const struct builtin_desc builtin_frame = {
    .name = "frame",
    .sig = "frame(name: list, ..) or frame(rows: list of structs) -> frame",
    .doc =
        "A frame of columns given by name (a single value is repeated), or of a list of structs, "
        "one a row; fields that a row lacks are null.",
    .example = "frame(x: [1, 2], y: [\"a\", \"b\"])",
    .min_args = 0,
    .max_args = 1,
    .options = "*",
    .call = frame_call,
};
