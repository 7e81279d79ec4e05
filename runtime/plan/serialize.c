/* serialize.c: see serialize.h. Overloads are not written: a call's arguments carry their casts, so
 * resolving again finds the same kernel, and a file cannot name one that does not fit. */
#include "runtime/plan/serialize.h"

#include <math.h>

#define MAX_DEPTH 200
#define MAX_ARGS  10000
#define MAX_ITEMS 1000000

static enum rc_t damaged(struct ctx *cx, const char *what)
{
    return fail(cx, E407, NO_SPAN, "the file is damaged: %s", what);
}

/* ---- types ---- */
static enum rc_t fields_to_json(struct ctx *cx, const struct schema *s, json_t **out)
{
    json_t *names = json_array(), *types = json_array();
    for (int i = 0; i < s->n; i++) {
        json_t *type;
        if (type_to_json(cx, s->fields[i].type, &type) != RC_OK) {
            json_decref(names);
            json_decref(types);
            return RC_ERR;
        }
        json_array_append_new(names, json_string(s->fields[i].name));
        json_array_append_new(types, type);
    }
    *out = json_pack("{s:s, s:o, s:o}", "kind", "struct", "names", names, "types", types);
    return *out ? RC_OK : fail(cx, E217, NO_SPAN, "a field's name is not valid UTF-8");
}

enum rc_t type_to_json(struct ctx *cx, struct dtype t, json_t **out)
{
    const char *kind = kind_name(t.kind);
    if (t.kind == KIND_STRUCT) return fields_to_json(cx, t.fields, out);
    if (t.kind == KIND_LIST) {
        json_t *elem;
        TRY(type_to_json(cx, *t.elem, &elem));
        *out = json_pack("{s:s, s:o}", "kind", kind, "elem", elem);
    } else if (t.kind == KIND_DATETIME && t.zone) {
        *out = json_pack("{s:s, s:s}", "kind", kind, "zone", t.zone);
    } else if (t.kind == KIND_CAT && t.ordered) {
        *out = json_pack("{s:s, s:b}", "kind", kind, "ordered", 1);
    } else {
        *out = json_string(kind);
    }
    return RC_OK;
}

static bool kind_of_name(const char *name, enum kind *out)
{
    for (int k = 0; k < KIND_COUNT; k++)
        if (name && strcmp(kind_name((enum kind)k), name) == 0) return *out = (enum kind)k, true;
    return false;
}

static enum rc_t read_type(struct ctx *cx, const json_t *j, int depth, struct dtype *out);

static void drop_schema(void *s)
{
    schema_unref(s);
}

/* A struct's schema lives as long as cx->arena; makers take references of their own. */
static enum rc_t read_fields(struct ctx *cx, const json_t *j, int depth, struct dtype *out)
{
    const json_t *names = json_object_get(j, "names"), *types = json_object_get(j, "types");
    size_t n = json_array_size(names);
    struct schema *s;
    if (n != json_array_size(types) || n > 10000) return damaged(cx, "a struct has no fields");
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n + 1);
    for (size_t i = 0; i < n; i++) {
        fields[i].name = json_string_value(json_array_get(names, i));
        if (!fields[i].name) return damaged(cx, "a field has no name");
        TRY(read_type(cx, json_array_get(types, i), depth + 1, &fields[i].type));
    }
    TRY(schema_new(cx, fields, (int)n, NO_SPAN, &s));
    arena_on_free(cx->arena, drop_schema, s);
    *out = (struct dtype){.kind = KIND_STRUCT, .fields = s};
    return RC_OK;
}

static enum rc_t read_type(struct ctx *cx, const json_t *j, int depth, struct dtype *out)
{
    enum kind kind;
    const json_t *name = json_is_object(j) ? json_object_get(j, "kind") : j;
    if (!kind_of_name(json_string_value(name), &kind) || depth > 8)
        return damaged(cx, "a type is not known");
    if (kind == KIND_STRUCT) return read_fields(cx, j, depth, out);
    *out = DTYPE(kind);
    if (kind == KIND_LIST) {
        struct dtype elem;
        TRY(read_type(cx, json_object_get(j, "elem"), depth + 1, &elem));
        *out = dtype_list(elem);
    }
    const char *zone = json_string_value(json_object_get(j, "zone"));
    if (zone && strlen(zone) > 64) return damaged(cx, "a time zone is not known");
    if (kind == KIND_DATETIME && zone) out->zone = dtype_intern(zone);
    if (kind == KIND_CAT) out->ordered = json_is_true(json_object_get(j, "ordered"));
    return RC_OK;
}

enum rc_t type_from_json(struct ctx *cx, const json_t *j, struct dtype *out)
{
    return read_type(cx, j, 0, out);
}

/* ---- values ---- */
static enum rc_t list_to_json(struct ctx *cx, const struct column *list, json_t **out)
{
    json_t *a = json_array();
    for (int64_t i = 0; i < list->n; i++) {
        struct scalar s = column_scalar(list, i);
        json_t *e = NULL;
        enum rc_t res = scalar_to_json(cx, &s, &e);
        scalar_release(&s);
        if (res != RC_OK) {
            json_decref(a);
            return RC_ERR;
        }
        json_array_append_new(a, e);
    }
    *out = a;
    return RC_OK;
}

/* A struct's values in the order of its fields. */
static enum rc_t row_to_json(struct ctx *cx, const struct table *row, json_t **out)
{
    json_t *a = json_array();
    for (int i = 0; i < row->schema->n; i++) {
        struct scalar s = column_scalar(row->cols[i], 0);
        json_t *e = NULL;
        enum rc_t res = scalar_to_json(cx, &s, &e);
        scalar_release(&s);
        if (res != RC_OK) {
            json_decref(a);
            return RC_ERR;
        }
        json_array_append_new(a, e);
    }
    *out = a;
    return RC_OK;
}

enum rc_t scalar_to_json(struct ctx *cx, const struct scalar *s, json_t **out)
{
    if (s->is_null || s->type.kind == KIND_NULL) return *out = json_null(), RC_OK;
    switch (s->type.kind) {
    case KIND_BOOL: *out = json_boolean(s->u.b); break;
    case KIND_NUM:
        *out = isfinite(s->u.f) ? json_real(s->u.f) : json_string(s->u.f > 0 ? "inf" : "-inf");
        break;
    case KIND_STR:
    case KIND_CAT: *out = json_stringn(s->u.s.p ? s->u.s.p : "", s->u.s.n); break;
    case KIND_LIST: return list_to_json(cx, s->u.list, out);
    case KIND_STRUCT: return row_to_json(cx, s->u.row, out);
    default: *out = json_integer(s->u.i); break;
    }
    if (!*out) return fail(cx, E217, NO_SPAN, "a text of the formula is not valid UTF-8");
    return RC_OK;
}

static enum rc_t list_from_json(struct ctx *cx, struct arena *a, const json_t *j, struct dtype type,
                                struct scalar *out)
{
    struct builder b;
    struct column *list = NULL;
    enum rc_t res = RC_OK;
    size_t n = json_array_size(j);
    if (!json_is_array(j) || n > MAX_ITEMS) return damaged(cx, "a list is not one");
    builder_init(&b, *type.elem, kind_phys(type.elem->kind));
    for (size_t i = 0; res == RC_OK && i < n; i++) {
        struct scalar s;
        res = scalar_from_json(cx, a, json_array_get(j, i), *type.elem, &s);
        if (res == RC_OK) res = builder_scalar(cx, &b, &s);
    }
    if (res == RC_OK) res = builder_finish(cx, &b, &list);
    builder_release(&b);
    if (res != RC_OK) return res;
    arena_column(a, list);
    *out = (struct scalar){.type = type, .u.list = list};
    return RC_OK;
}

static enum rc_t row_from_json(struct ctx *cx, struct arena *a, const json_t *j, struct dtype type,
                               struct scalar *out)
{
    int n = type.fields->n, done = 0;
    struct table *row = NULL;
    enum rc_t res = RC_OK;
    if (!json_is_array(j) || json_array_size(j) != (size_t)n) return damaged(cx, "a struct");
    struct column **cols = ARENA_ARRAY(cx->arena, struct column *, n + 1);
    for (; done < n && res == RC_OK; done++) {
        struct scalar s;
        res = scalar_from_json(cx, a, json_array_get(j, (size_t)done),
                               type.fields->fields[done].type, &s);
        if (res == RC_OK) res = column_fill(cx, &s, 1, &cols[done]);
        if (res != RC_OK) break;
    }
    if (res == RC_OK) {
        res = table_new(cx, type.fields, cols, 1, &row);
    } else {
        for (int i = 0; i < done; i++)
            column_unref(cols[i]);
    }
    if (res != RC_OK) return res;
    arena_table(a, row);
    *out = (struct scalar){.type = type, .u.row = row};
    return RC_OK;
}

static enum rc_t number_from_json(struct ctx *cx, const json_t *j, double *out)
{
    const char *text = json_string_value(j);
    if (json_is_number(j))
        *out = json_number_value(j);
    else if (text && strcmp(text, "inf") == 0)
        *out = INFINITY;
    else if (text && strcmp(text, "-inf") == 0)
        *out = -INFINITY;
    else
        return damaged(cx, "a number is not one");
    return RC_OK;
}

enum rc_t scalar_from_json(struct ctx *cx, struct arena *a, const json_t *j, struct dtype type,
                           struct scalar *out)
{
    *out = (struct scalar){.type = type, .is_null = json_is_null(j)};
    if (!j) return damaged(cx, "a value is missing");
    if (out->is_null) return RC_OK;
    switch (type.kind) {
    case KIND_BOOL:
        if (!json_is_boolean(j)) return damaged(cx, "a bool is not one");
        out->u.b = json_is_true(j);
        return RC_OK;
    case KIND_NUM: return number_from_json(cx, j, &out->u.f);
    case KIND_STR:
    case KIND_CAT:
        if (!json_is_string(j)) return damaged(cx, "a text is not one");
        out->u.s = arena_str(a, (struct str){json_string_value(j), json_string_length(j)});
        return RC_OK;
    case KIND_LIST: return list_from_json(cx, a, j, type, out);
    case KIND_STRUCT: return row_from_json(cx, a, j, type, out);
    case KIND_INT:
    case KIND_DATE:
    case KIND_DATETIME:
    case KIND_DURATION:
        if (!json_is_integer(j)) return damaged(cx, "a whole number is not one");
        out->u.i = json_integer_value(j);
        if (type.kind == KIND_DATE && (out->u.i > INT32_MAX || out->u.i < INT32_MIN))
            return damaged(cx, "a date is out of range");
        return RC_OK;
    default: return damaged(cx, "a value has no type");
    }
}

/* ---- expressions ---- */
static enum rc_t args_to_json(struct ctx *cx, const struct expr *e, json_t **out)
{
    json_t *a = json_array();
    for (int i = 0; i < e->n_args; i++) {
        json_t *arg = NULL;
        if (expr_to_json(cx, e->args[i], &arg) != RC_OK) {
            json_decref(a);
            return RC_ERR;
        }
        json_array_append_new(a, arg);
    }
    *out = a;
    return RC_OK;
}

static enum rc_t literal_to_json(struct ctx *cx, const struct expr *e, json_t **out)
{
    json_t *value, *type;
    TRY(scalar_to_json(cx, &e->value, &value));
    if (type_to_json(cx, e->type, &type) != RC_OK) {
        json_decref(value);
        return RC_ERR;
    }
    *out = json_pack("{s:o, s:o}", "literal", value, "type", type);
    if (e->value.months) json_object_set_new(*out, "months", json_integer(e->value.months));
    return RC_OK;
}

/* Lists and structs: {"list": args}, {"struct": args, "names": ..}, {"field": name, "args": [x]},
 * {"map": parameter, "args": [list, body]}, {"within": aggregate, "args": ..}. */
static enum rc_t nested_to_json(struct ctx *cx, const struct expr *e, json_t **out)
{
    json_t *args, *names;
    if (e->op == EXPR_AGG || e->op == EXPR_WINDOW)
        return fail(cx, E217, e->span, "an aggregate or window function cannot stand here");
    TRY(args_to_json(cx, e, &args));
    *out = json_object();
    switch (e->op) {
    case EXPR_LIST: json_object_set_new(*out, "list", args); return RC_OK;
    case EXPR_STRUCT:
        names = json_array();
        for (int i = 0; i < e->n_args; i++)
            json_array_append_new(names, json_string(e->type.fields->fields[i].name));
        json_object_set_new(*out, "struct", args);
        json_object_set_new(*out, "names", names);
        return RC_OK;
    case EXPR_FIELD: json_object_set_new(*out, "field", json_string(e->name)); break;
    case EXPR_MAP: json_object_set_new(*out, "map", json_string(e->name)); break;
    default: json_object_set_new(*out, "within", json_string(e->agg->name));
    }
    json_object_set_new(*out, "args", args);
    return RC_OK;
}

enum rc_t expr_to_json(struct ctx *cx, const struct expr *e, json_t **out)
{
    json_t *part;
    switch (e->op) {
    case EXPR_COLUMN:
        TRY(type_to_json(cx, e->type, &part));
        *out = json_pack("{s:o}", "type", part);
        json_object_set_new(*out, "column", json_stringn(e->name, strlen(e->name)));
        break;
    case EXPR_LITERAL: TRY(literal_to_json(cx, e, out)); break;
    case EXPR_CALL:
        TRY(args_to_json(cx, e, &part));
        *out = json_pack("{s:s, s:o}", "call", e->fn->name, "args", part);
        break;
    case EXPR_CASE:
        TRY(args_to_json(cx, e, &part));
        *out = json_pack("{s:o}", "case", part);
        break;
    default: TRY(nested_to_json(cx, e, out));
    }
    if (e->is_implicit) json_object_set_new(*out, "implicit", json_true());
    return RC_OK;
}

static enum rc_t read_expr(struct ctx *cx, struct arena *a, const json_t *j, int depth,
                           const struct expr **out);

static enum rc_t read_args(struct ctx *cx, struct arena *a, const json_t *list, int depth,
                           const struct expr ***out, int *n)
{
    if (!json_is_array(list) || json_array_size(list) > MAX_ARGS)
        return damaged(cx, "a call has no list of arguments");
    *n = (int)json_array_size(list);
    *out = ARENA_ARRAY(a, const struct expr *, *n + 1);
    for (int i = 0; i < *n; i++)
        TRY(read_expr(cx, a, json_array_get(list, (size_t)i), depth + 1, &(*out)[i]));
    return RC_OK;
}

static enum rc_t read_column(struct ctx *cx, struct arena *a, const json_t *j,
                             const struct expr **out)
{
    struct dtype type;
    const json_t *name = json_object_get(j, "column");
    const char *text = json_string_value(name);
    if (!text || strlen(text) != json_string_length(name))
        return damaged(cx, "a column has no name");
    TRY(type_from_json(cx, json_object_get(j, "type"), &type));
    *out = expr_column(a, text, type, NO_SPAN);
    return RC_OK;
}

static enum rc_t read_literal(struct ctx *cx, struct arena *a, const json_t *j,
                              const struct expr **out)
{
    struct dtype type;
    struct scalar s;
    TRY(type_from_json(cx, json_object_get(j, "type"), &type));
    TRY(scalar_from_json(cx, a, json_object_get(j, "literal"), type, &s));
    json_int_t months = json_integer_value(json_object_get(j, "months"));
    if (months > INT32_MAX || months < INT32_MIN) return damaged(cx, "a duration is out of range");
    s.months = (int32_t)months;
    *out = expr_literal(a, &s, NO_SPAN);
    return RC_OK;
}

/* Errors of the makers (arity, types) are the file's fault here. */
static enum rc_t read_call(struct ctx *cx, struct arena *a, const json_t *j, int depth,
                           const struct expr **out)
{
    const char *name = json_string_value(json_object_get(j, "call"));
    const struct fn_desc *fn = name ? fn_find(str_of(name)) : NULL;
    const struct expr **args;
    int n;
    if (!fn)
        return fail(cx, E407, NO_SPAN, "the file uses a function `%.60s` that this version lacks",
                    name ? name : "");
    TRY(read_args(cx, a, json_object_get(j, "args"), depth, &args, &n));
    if (expr_call(cx, a, fn, args, n, NO_SPAN, out) == RC_OK) return RC_OK;
    err_clear(cx->err);
    return fail(cx, E407, NO_SPAN, "the file is damaged: the arguments of `%s` do not fit", name);
}

static enum rc_t read_case(struct ctx *cx, struct arena *a, const json_t *j, int depth,
                           const struct expr **out)
{
    const struct expr **args;
    int n;
    TRY(read_args(cx, a, json_object_get(j, "case"), depth, &args, &n));
    if (n < 2) return damaged(cx, "a case has no arms");
    if (expr_case(cx, a, args, n, NO_SPAN, out) == RC_OK) return RC_OK;
    err_clear(cx->err);
    return damaged(cx, "the arms of a case do not fit");
}

static enum rc_t read_struct(struct ctx *cx, struct arena *a, const json_t *j,
                             const struct expr *const *args, int n, const struct expr **out)
{
    const json_t *list = json_object_get(j, "names");
    const char **names = ARENA_ARRAY(a, const char *, n + 1);
    if (json_array_size(list) != (size_t)n) return damaged(cx, "a struct has no names");
    for (int i = 0; i < n; i++) {
        names[i] = json_string_value(json_array_get(list, (size_t)i));
        if (!names[i]) return damaged(cx, "a field has no name");
    }
    return expr_struct(cx, a, names, args, n, NO_SPAN, out);
}

/* Makers check what they are given: their errors are the file's fault. */
static enum rc_t make_nested(struct ctx *cx, struct arena *a, const json_t *j,
                             const struct expr *const *args, int n, const struct expr **out)
{
    const char *field = json_string_value(json_object_get(j, "field"));
    const char *map = json_string_value(json_object_get(j, "map"));
    const char *within = json_string_value(json_object_get(j, "within"));
    const struct agg_desc *agg = within ? agg_find(str_of(within)) : NULL;
    if (json_object_get(j, "list")) return expr_list(cx, a, args, n, NO_SPAN, out);
    if (json_object_get(j, "struct")) return read_struct(cx, a, j, args, n, out);
    if (field && n == 1) return expr_field(cx, a, args[0], str_of(field), NO_SPAN, out);
    if (map && n == 2) return expr_map_list(cx, a, map, args[0], args[1], NO_SPAN, out);
    if (agg && n > 0 && args[0]->type.kind == KIND_LIST)
        return expr_list_agg(cx, a, agg, args, n, NO_SPAN, out);
    return damaged(cx, "a list or struct is not one");
}

static enum rc_t read_nested(struct ctx *cx, struct arena *a, const json_t *j, int depth,
                             const struct expr **out)
{
    const json_t *list = json_object_get(j, "list");
    const struct expr **args;
    int n;
    if (!list) list = json_object_get(j, "struct");
    if (!list) list = json_object_get(j, "args");
    TRY(read_args(cx, a, list, depth, &args, &n));
    if (make_nested(cx, a, j, args, n, out) == RC_OK) return RC_OK;
    err_clear(cx->err);
    return damaged(cx, "the parts of a list or struct do not fit");
}

static bool is_nested(const json_t *j)
{
    return json_object_get(j, "list") || json_object_get(j, "struct") ||
           json_object_get(j, "field") || json_object_get(j, "map") || json_object_get(j, "within");
}

static enum rc_t read_expr(struct ctx *cx, struct arena *a, const json_t *j, int depth,
                           const struct expr **out)
{
    if (!json_is_object(j) || depth > MAX_DEPTH) return damaged(cx, "an expression is not one");
    if (json_object_get(j, "column"))
        TRY(read_column(cx, a, j, out));
    else if (json_object_get(j, "call"))
        TRY(read_call(cx, a, j, depth, out));
    else if (json_object_get(j, "case"))
        TRY(read_case(cx, a, j, depth, out));
    else if (is_nested(j))
        TRY(read_nested(cx, a, j, depth, out));
    else
        TRY(read_literal(cx, a, j, out));
    /* just made, not shared yet */
    if (json_is_true(json_object_get(j, "implicit")))
        ((struct expr *)(uintptr_t)*out)->is_implicit = true;
    return RC_OK;
}

enum rc_t expr_from_json(struct ctx *cx, struct arena *a, const json_t *j, const struct expr **out)
{
    return read_expr(cx, a, j, 0, out);
}
