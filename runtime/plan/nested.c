/* nested.c: makers of expressions on lists and structs. An element of a list inside `map` is read
 * as a column whose name starts with a mark that no column's can: readers that look for the columns
 * of an expression pass over it. */
#include "runtime/plan/plan_int.h"

#define PARAM_MARK '\x1f'

const char *expr_param_name(struct arena *a, struct str name, int depth)
{
    if (depth == 0) return arena_printf(a, "%c%.*s", PARAM_MARK, STR_FMT(name));
    return arena_printf(a, "%c%.*s_%d", PARAM_MARK, STR_FMT(name), depth + 1);
}

bool expr_is_param(const struct expr *e)
{
    return e->op == EXPR_COLUMN && e->name[0] == PARAM_MARK;
}

/* ---- casts that reach into lists and structs ---- */
static rc literal_list(struct ctx *cx, struct arena *a, const struct expr *const *args, int n,
                       struct dtype item, struct span span, const struct expr **out)
{
    struct builder b;
    struct column *c = NULL;
    enum rc_t res = RC_OK;
    builder_init(&b, item, kind_phys(item.kind));
    for (int i = 0; i < n && res == RC_OK; i++)
        res = builder_scalar(cx, &b, &args[i]->value);
    if (res == RC_OK) res = builder_finish(cx, &b, &c);
    builder_release(&b);
    TRY(res);
    struct scalar s = {.type = dtype_list(item), .u.list = c};
    *out = expr_literal(a, &s, span);
    column_unref(c);
    return RC_OK;
}

/* A literal list with its elements in another type. */
static rc literal_as(struct ctx *cx, struct arena *a, const struct expr *e, struct dtype item,
                     const struct expr **out)
{
    const struct column *list = e->value.u.list;
    const struct expr **args = ARENA_ARRAY(cx->arena, const struct expr *, list->n + 1);
    for (int64_t i = 0; i < list->n; i++) {
        struct scalar s = column_scalar(list, i);
        const struct expr *x = expr_literal(a, &s, e->span);
        scalar_release(&s);
        TRY(expr_as_type(cx, a, x, item, &args[i]));
        if (args[i]->op != EXPR_LITERAL)
            return fail(cx, E207, e->span, "a value of the list is not %s", kind_name(item.kind));
    }
    return literal_list(cx, a, args, (int)list->n, item, e->span, out);
}

static rc list_as(struct ctx *cx, struct arena *a, const struct expr *e, struct dtype to,
                  const struct expr **out)
{
    if (e->op == EXPR_LITERAL && e->value.is_null) {
        struct scalar none = {.type = to, .is_null = true};
        *out = expr_literal(a, &none, e->span);
        return RC_OK;
    }
    if (e->op == EXPR_LITERAL && e->value.u.list->n <= 10000)
        return literal_as(cx, a, e, *to.elem, out);
    const char *param = expr_param_name(a, STR("x"), 0);
    const struct expr *x = expr_column(a, param, *e->type.elem, e->span), *body;
    TRY(expr_as_type(cx, a, x, *to.elem, &body));
    TRY(expr_map_list(cx, a, param, e, body, e->span, out));
    ((struct expr *)(uintptr_t)*out)->is_implicit = true; /* just made, not shared yet */
    return RC_OK;
}

static rc struct_as(struct ctx *cx, struct arena *a, const struct expr *e, struct dtype to,
                    const struct expr **out)
{
    char text[96], want[96];
    int n = to.fields->n;
    const struct expr **args = ARENA_ARRAY(cx->arena, const struct expr *, n + 1);
    const char **names = ARENA_ARRAY(cx->arena, const char *, n + 1);
    for (int i = 0; i < n; i++) {
        const struct field *f = &to.fields->fields[i];
        const struct expr *x;
        names[i] = f->name;
        if (e->type.fields->n != n || schema_find(e->type.fields, str_of(f->name)) < 0)
            return fail(cx, E207, e->span, "%s cannot become %s",
                        dtype_text(e->type, text, sizeof text), dtype_text(to, want, sizeof want));
        TRY(expr_field(cx, a, e, str_of(f->name), e->span, &x));
        TRY(expr_as_type(cx, a, x, f->type, &args[i]));
    }
    return expr_struct(cx, a, names, args, n, e->span, out);
}

rc expr_as_type(struct ctx *cx, struct arena *a, const struct expr *e, struct dtype to,
                const struct expr **out)
{
    if (dtype_eq(e->type, to)) {
        *out = e;
        return RC_OK;
    }
    bool is_nested = to.kind == KIND_LIST || to.kind == KIND_STRUCT;
    if (is_nested && (e->type.kind == KIND_NULL ||
                      (e->op == EXPR_LITERAL && e->value.is_null && e->type.kind == to.kind))) {
        struct scalar none = {.type = to, .is_null = true};
        *out = expr_literal(a, &none, e->span);
        return RC_OK;
    }
    if (to.kind == KIND_LIST && e->type.kind == KIND_LIST) return list_as(cx, a, e, to, out);
    if (to.kind == KIND_STRUCT && e->type.kind == KIND_STRUCT) return struct_as(cx, a, e, to, out);
    return expr_cast(cx, a, e, to.kind, out);
}

/* ---- lists ---- */
static rc list_type(struct ctx *cx, const struct expr *const *args, int n, struct dtype *out)
{
    char left[96], right[96];
    *out = DTYPE(KIND_NULL);
    for (int i = 0; i < n; i++) {
        struct dtype before = *out;
        if (type_unify(before, args[i]->type, out)) continue;
        return fail(cx, E207, args[i]->span, "a list holds values of one type, not %s and %s",
                    dtype_text(before, left, sizeof left),
                    dtype_text(args[i]->type, right, sizeof right));
    }
    if (out->kind == KIND_CAT) *out = DTYPE(KIND_STR); /* levels may differ */
    return RC_OK;
}

rc expr_list(struct ctx *cx, struct arena *a, const struct expr *const *args, int n,
             struct span span, const struct expr **out)
{
    struct dtype item;
    bool all_literal = true;
    TRY(list_type(cx, args, n, &item));
    const struct expr **cast = ARENA_ARRAY(a, const struct expr *, n + 1);
    for (int i = 0; i < n; i++) {
        TRY(expr_as_type(cx, a, args[i], item, &cast[i]));
        all_literal = all_literal && cast[i]->op == EXPR_LITERAL && cast[i]->value.months == 0;
    }
    if (all_literal) return literal_list(cx, a, cast, n, item, span, out);
    struct expr *e = expr_new(a, EXPR_LIST, dtype_list(item), span);
    e->args = cast;
    e->n_args = n;
    *out = e;
    return RC_OK;
}

/* ---- structs ---- */
rc expr_struct(struct ctx *cx, struct arena *a, const char *const *names,
               const struct expr *const *args, int n, struct span span, const struct expr **out)
{
    struct schema *s;
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n + 1);
    for (int i = 0; i < n; i++)
        fields[i] = (struct field){names[i], args[i]->type};
    TRY(schema_new(cx, fields, n, span, &s));
    struct dtype type = {.kind = KIND_STRUCT, .fields = s};
    struct expr *e = expr_new(a, EXPR_STRUCT, type, span);
    schema_unref(s);
    e->args = ARENA_ARRAY(a, const struct expr *, n + 1);
    for (int i = 0; i < n; i++)
        e->args[i] = args[i];
    e->n_args = n;
    *out = e;
    return RC_OK;
}

static rc no_field(struct ctx *cx, const struct expr *x, struct str name, struct span span)
{
    const struct schema *s = x->type.fields;
    struct strbuf all = {0};
    const char *near = NULL;
    int least = 3;
    for (int i = 0; i < s->n; i++) {
        strbuf_printf(&all, "%s%s", i ? ", " : "", s->fields[i].name);
        int d = str_distance(name, str_of(s->fields[i].name), least);
        if (d >= least) continue;
        least = d;
        near = s->fields[i].name;
    }
    (void)fail(cx, E201, span, "the struct has no field `%.*s`", STR_FMT(name));
    (void)err_note(cx, "its fields: %s", all.n ? all.p : "none");
    strbuf_release(&all);
    return near ? err_note(cx, "closest: %s", near) : RC_ERR;
}

rc expr_field(struct ctx *cx, struct arena *a, const struct expr *x, struct str name,
              struct span span, const struct expr **out)
{
    char text[96];
    if (x->type.kind != KIND_STRUCT)
        return fail(cx, E207, span, "only structs have fields, this is %s",
                    dtype_text(x->type, text, sizeof text));
    int at = schema_find(x->type.fields, name);
    if (at < 0) return no_field(cx, x, name, span);
    if (x->op == EXPR_STRUCT) { /* what was put in */
        *out = x->args[at];
        return RC_OK;
    }
    struct dtype type = x->type.fields->fields[at].type;
    if (x->op == EXPR_LITERAL) {
        struct scalar s = {.type = type, .is_null = true};
        if (!x->value.is_null) s = column_scalar(x->value.u.row->cols[at], 0);
        s.type = type;
        *out = expr_literal(a, &s, span);
        scalar_release(&s);
        return RC_OK;
    }
    struct expr *e = expr_new(a, EXPR_FIELD, type, span);
    e->name = arena_strndup(a, name.p, name.n);
    e->args = ARENA_ARRAY(a, const struct expr *, 1);
    e->args[0] = x;
    e->n_args = 1;
    *out = e;
    return RC_OK;
}

/* ---- over the elements ---- */
rc expr_map_list(struct ctx *cx, struct arena *a, const char *param, const struct expr *list,
                 const struct expr *body, struct span span, const struct expr **out)
{
    char text[96];
    if (list->type.kind != KIND_LIST)
        return fail(cx, E207, list->span, "map() works on lists, this is %s",
                    dtype_text(list->type, text, sizeof text));
    struct dtype item = body->type.kind == KIND_CAT ? DTYPE(KIND_STR) : body->type;
    TRY(expr_as_type(cx, a, body, item, &body));
    struct expr *e = expr_new(a, EXPR_MAP, dtype_list(item), span);
    e->name = arena_strndup(a, param, strlen(param));
    e->args = ARENA_ARRAY(a, const struct expr *, 2);
    e->args[0] = list;
    e->args[1] = body;
    e->n_args = 2;
    *out = e;
    return RC_OK;
}

/* The argument with its elements (or its value) of the kind that the aggregate takes. */
static rc agg_arg(struct ctx *cx, struct arena *a, const struct expr *arg, enum kind want,
                  const struct expr **out)
{
    struct dtype have = arg->type.kind == KIND_LIST ? *arg->type.elem : arg->type;
    *out = arg;
    if (want == KIND_NULL || have.kind == want) return RC_OK;
    if (arg->type.kind == KIND_LIST) return expr_as_type(cx, a, arg, dtype_list(DTYPE(want)), out);
    return expr_cast(cx, a, arg, want, out);
}

/* sum([a > 1]) counts: bools are 0 and 1 where the aggregate takes only numbers. */
static rc resolve(struct ctx *cx, const struct agg_desc *agg, struct dtype *types, int n,
                  struct span span, const struct agg_overload **over, struct dtype *type)
{
    bool has_bool = false;
    for (int i = 0; i < n; i++)
        has_bool = has_bool || types[i].kind == KIND_BOOL;
    if (!has_bool) return agg_resolve(cx, agg, types, n, span, over, type);
    if (agg_resolve(cx, agg, types, n, span, over, type) == RC_OK) return RC_OK;
    err_clear(cx->err);
    for (int i = 0; i < n; i++)
        if (types[i].kind == KIND_BOOL) types[i] = DTYPE(KIND_INT);
    return agg_resolve(cx, agg, types, n, span, over, type);
}

rc expr_list_agg(struct ctx *cx, struct arena *a, const struct agg_desc *agg,
                 const struct expr *const *args, int n, struct span span, const struct expr **out)
{
    const struct agg_overload *over;
    struct dtype type = {0}, *types = ARENA_ARRAY(cx->arena, struct dtype, n + 1);
    for (int i = 0; i < n; i++) {
        types[i] = args[i]->type.kind == KIND_LIST ? *args[i]->type.elem : args[i]->type;
        if (args[i]->type.kind != KIND_LIST && args[i]->op != EXPR_LITERAL)
            return fail(cx, E207, args[i]->span,
                        "%s() of a list takes lists and fixed values here, not a column",
                        agg->name);
    }
    TRY(resolve(cx, agg, types, n, span, &over, &type));
    struct expr *e = expr_new(a, EXPR_LIST_AGG, type, span);
    e->agg = agg;
    e->agg_overload = over;
    e->args = ARENA_ARRAY(a, const struct expr *, n + 1);
    for (int i = 0; i < n; i++)
        TRY(agg_arg(cx, a, args[i], over->args[i], &e->args[i]));
    e->n_args = n;
    *out = e;
    return RC_OK;
}

/* ---- x ?? y ---- */
static bool is_nested(const struct expr *e)
{
    return e->type.kind == KIND_LIST || e->type.kind == KIND_STRUCT;
}

rc expr_or(struct ctx *cx, struct arena *a, const struct expr *x, const struct expr *y,
           struct span span, const struct expr **out)
{
    bool nested = is_nested(x) || is_nested(y);
    const struct fn_desc *fn = fn_find(nested ? STR("is_null") : STR("\?\?"));
    const struct expr *pair[2] = {x, y}, *is_null;
    if (!fn) return fail(cx, E903, span, "a function of the language is missing");
    if (!nested) return expr_call(cx, a, fn, pair, 2, span, out);
    TRY(expr_call(cx, a, fn, &x, 1, span, &is_null));
    const struct expr *arms[3] = {is_null, y, x};
    return expr_case(cx, a, arms, 3, span, out);
}
