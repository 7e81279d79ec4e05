/* expr.c: makers of expressions. A maker settles the type and puts the implicit casts in, so that
 * whoever evaluates sees arguments of exactly the overload's kinds. Errors are rare here: the
 * binder has looked before, and asks again through fn_resolve. */
#include "runtime/plan/plan_int.h"

static void drop_schema(void *s)
{
    schema_unref(s);
}

struct expr *expr_new(struct arena *a, enum expr_op op, struct dtype type, struct span span)
{
    struct expr *e = ARENA_NEW(a, struct expr);
    if (type.kind == KIND_STRUCT && type.fields)
        arena_on_free(a, drop_schema, schema_ref(type.fields));
    e->op = op;
    e->type = type;
    e->span = span;
    return e;
}

const struct expr *expr_column(struct arena *a, const char *name, struct dtype type,
                               struct span span)
{
    struct expr *e = expr_new(a, EXPR_COLUMN, type, span);
    e->name = arena_strndup(a, name, strlen(name));
    return e;
}

/* Text is copied, lists and rows are referenced for the arena's life. */
static struct scalar keep_scalar(struct arena *a, const struct scalar *s)
{
    struct scalar v = *s;
    if (v.is_null) return v;
    if (v.type.kind == KIND_STR || v.type.kind == KIND_CAT) v.u.s = arena_str(a, v.u.s);
    if (v.type.kind == KIND_LIST && v.u.list) arena_column(a, column_ref(v.u.list));
    if (v.type.kind == KIND_STRUCT && v.u.row) arena_table(a, table_ref(v.u.row));
    return v;
}

const struct expr *expr_literal(struct arena *a, const struct scalar *value, struct span span)
{
    struct expr *e = expr_new(a, EXPR_LITERAL, value->type, span);
    e->value = keep_scalar(a, value);
    return e;
}

static const struct expr *null_literal(struct arena *a, enum kind kind, struct span span)
{
    struct scalar s = {.type = DTYPE(kind), .is_null = true};
    struct expr *e = expr_new(a, EXPR_LITERAL, s.type, span);
    e->value = s;
    return e;
}

/* Literals change kind at once: `fare > 3` holds 3.0 but still prints as 3. */
static const struct expr *cast_literal(struct arena *a, const struct expr *e, enum kind to)
{
    if (e->value.is_null) return null_literal(a, to, e->span);
    if (e->type.kind == KIND_INT && to == KIND_NUM) {
        struct expr *n = expr_new(a, EXPR_LITERAL, DTYPE(KIND_NUM), e->span);
        n->value = (struct scalar){.type = DTYPE(KIND_NUM), .u.f = (double)e->value.u.i};
        n->is_implicit = true;
        return n;
    }
    return NULL;
}

rc expr_cast(struct ctx *cx, struct arena *a, const struct expr *e, enum kind to,
             const struct expr **out)
{
    char text[96];
    const struct expr *lit = NULL;
    if (e->type.kind == to) {
        *out = e;
        return RC_OK;
    }
    if (e->type.kind == KIND_NULL)
        lit = null_literal(a, to, e->span);
    else if (e->op == EXPR_LITERAL)
        lit = cast_literal(a, e, to);
    if (lit) {
        *out = lit;
        return RC_OK;
    }
    const struct fn_desc *fn = fn_cast(to);
    if (!fn)
        return fail(cx, E207, e->span, "%s cannot become %s",
                    dtype_text(e->type, text, sizeof text), kind_name(to));
    const struct expr *call;
    TRY(expr_call(cx, a, fn, &e, 1, e->span, &call));
    ((struct expr *)(uintptr_t)call)->is_implicit = true; /* just made, not shared yet */
    *out = call;
    return RC_OK;
}

/* Array of the argument types, in cx's scratch. */
static struct dtype *types_of(struct ctx *cx, const struct expr *const *args, int n)
{
    struct dtype *t = ARENA_ARRAY(cx->arena, struct dtype, n > 0 ? n : 1);
    for (int i = 0; i < n; i++)
        t[i] = args[i]->type;
    return t;
}

/* Casts args to kinds; KIND_NULL in an overload takes a value of any type as it is. */
static rc cast_args(struct ctx *cx, struct arena *a, const struct expr *const *args, int n,
                    const enum kind *kinds, bool is_variadic, const struct expr ***out)
{
    const struct expr **cast = ARENA_ARRAY(a, const struct expr *, n > 0 ? n : 1);
    for (int i = 0; i < n; i++) {
        enum kind want = kinds[is_variadic ? 0 : i];
        cast[i] = args[i];
        if (want != KIND_NULL && args[i]->type.kind != want)
            TRY(expr_cast(cx, a, args[i], want, &cast[i]));
    }
    *out = cast;
    return RC_OK;
}

/* The result type's last word, where it depends on a constant. */
static rc retype(struct ctx *cx, const struct fn_desc *fn, const struct expr *const *args, int n,
                 struct span span, struct dtype *type)
{
    struct scalar *consts = ARENA_ARRAY(cx->arena, struct scalar, n + 1);
    bool *is_const = ARENA_ARRAY(cx->arena, bool, n + 1);
    if (!fn->retype) return RC_OK;
    for (int i = 0; i < n; i++) {
        is_const[i] = args[i]->op == EXPR_LITERAL;
        if (is_const[i]) consts[i] = args[i]->value;
    }
    return fn->retype(cx, consts, is_const, n, span, type);
}

/* The first zone whose clocks are not UTC's among datetimes, or NULL. */
static const char *clock_zone(const struct expr *const *args, int n)
{
    for (int i = 0; i < n; i++)
        if (args[i]->type.kind == KIND_DATETIME && args[i]->type.zone &&
            strcmp(args[i]->type.zone, "UTC") != 0)
            return args[i]->type.zone;
    return NULL;
}

/* A function of the calendar over a zone's clocks: fn(local_time(t)), and back by tz() where the
 * result is an instant. */
static rc clock_call(struct ctx *cx, struct arena *a, const struct fn_desc *fn,
                     const struct expr *const *args, int n, const char *zone, struct span span,
                     const struct expr **out)
{
    const struct expr **local = ARENA_ARRAY(a, const struct expr *, n);
    const struct expr *back[2];
    for (int i = 0; i < n; i++) {
        local[i] = args[i];
        if (args[i]->type.kind != KIND_DATETIME || !args[i]->type.zone) continue;
        TRY(expr_call(cx, a, fn_find(STR("local_time")), &args[i], 1, span, &local[i]));
        ((struct expr *)(uintptr_t)local[i])->is_implicit = true;
    }
    TRY(expr_call(cx, a, fn, local, n, span, out));
    if ((*out)->type.kind != KIND_DATETIME) return RC_OK;
    const struct scalar name = {.type = DTYPE(KIND_STR), .u.s = str_of(zone)};
    back[0] = *out;
    back[1] = expr_literal(a, &name, span);
    TRY(expr_call(cx, a, fn_find(STR("tz")), back, 2, span, out));
    ((struct expr *)(uintptr_t)*out)->is_implicit = true;
    return RC_OK;
}

rc expr_call(struct ctx *cx, struct arena *a, const struct fn_desc *fn,
             const struct expr *const *args, int n, struct span span, const struct expr **out)
{
    const struct fn_overload *over;
    struct dtype type = {0};
    const struct expr **cast;
    const char *zone = fn->flags & FN_CALENDAR ? clock_zone(args, n) : NULL;
    const struct expr *by_keys; /* out may be one of args */
    TRY(expr_call_nested(cx, a, fn, args, n, span, &by_keys));
    if (by_keys) {
        *out = by_keys;
        return RC_OK;
    }
    TRY(fn_resolve(cx, fn, types_of(cx, args, n), n, span, &over, &type));
    if (zone) return clock_call(cx, a, fn, args, n, zone, span, out);
    TRY(retype(cx, fn, args, n, span, &type));
    TRY(cast_args(cx, a, args, n, over->args, over->n_args < 0, &cast));
    struct expr *e = expr_new(a, EXPR_CALL, type, span);
    e->fn = fn;
    e->overload = over;
    e->args = cast;
    e->n_args = n;
    *out = e;
    return RC_OK;
}

/* Structs of the same fields, in a's order. */
static bool unify_structs(struct dtype a, struct dtype b, struct dtype *out)
{
    int n = a.fields->n;
    struct field *fields = mem_zero(sizeof *fields * (size_t)(n + 1));
    bool fits = n == b.fields->n;
    for (int i = 0; i < n && fits; i++) {
        int at = schema_find(b.fields, str_of(a.fields->fields[i].name));
        fields[i].name = a.fields->fields[i].name;
        fits = at >= 0 &&
               type_unify(a.fields->fields[i].type, b.fields->fields[at].type, &fields[i].type);
    }
    fits = fits && dtype_struct(fields, n, out);
    mem_free(fields);
    return fits;
}

bool type_unify(struct dtype a, struct dtype b, struct dtype *out)
{
    if (a.kind == KIND_CAT && b.kind == KIND_CAT) { /* the levels may differ */
        *out = DTYPE(KIND_STR);
        return true;
    }
    if (dtype_eq(a, b) || b.kind == KIND_NULL) {
        *out = a;
        return true;
    }
    if (a.kind == KIND_STRUCT && b.kind == KIND_STRUCT) return unify_structs(a, b, out);
    if (a.kind == KIND_LIST && b.kind == KIND_LIST) {
        struct dtype item;
        if (!type_unify(*a.elem, *b.elem, &item)) return false;
        *out = dtype_list(item);
        return true;
    }
    enum kind lo = a.kind, hi = b.kind;
    bool fits = lo == KIND_NULL || (lo == KIND_INT && hi == KIND_NUM) ||
                (lo == KIND_CAT && hi == KIND_STR) ||
                (lo == KIND_DATE && hi == KIND_DATETIME && !b.zone);
    if (fits) {
        *out = b;
        return true;
    }
    fits = (hi == KIND_INT && lo == KIND_NUM) || (hi == KIND_CAT && lo == KIND_STR) ||
           (hi == KIND_DATE && lo == KIND_DATETIME && !a.zone);
    *out = a;
    return fits;
}

static rc bool_wanted(struct ctx *cx, const struct expr *e, const char *what)
{
    char text[96];
    if (e->type.kind == KIND_BOOL || e->type.kind == KIND_NULL) return RC_OK;
    fail(cx, E207, e->span, "%s needs true or false, this is %s", what,
         dtype_text(e->type, text, sizeof text));
    return err_note(cx, "compare it with something, e.g. `.. != 0`");
}

/* Result type of the values of a case. */
static rc case_type(struct ctx *cx, const struct expr *const *args, int n, struct dtype *out)
{
    char left[96], right[96];
    struct dtype type = DTYPE(KIND_NULL);
    bool is_first = true;
    for (int i = 1; i <= n; i += 2) {
        const struct expr *value = i < n ? args[i] : (n % 2) ? args[n - 1] : NULL;
        if (!value) break;
        struct dtype before = type;
        if (is_first)
            type = value->type;
        else if (!type_unify(before, value->type, &type))
            return fail(cx, E207, value->span,
                        "the values of a case must be of one type: %s and %s",
                        dtype_text(before, left, sizeof left),
                        dtype_text(value->type, right, sizeof right));
        is_first = false;
    }
    if (type.kind == KIND_CAT) type = DTYPE(KIND_STR); /* the branches' levels may differ */
    *out = type;
    return RC_OK;
}

rc expr_case(struct ctx *cx, struct arena *a, const struct expr *const *args, int n,
             struct span span, const struct expr **out)
{
    struct dtype type = {0};
    if (n < 2) return fail(cx, E208, span, "a case needs at least one condition => value");
    TRY(case_type(cx, args, n, &type));
    const struct expr **cast = ARENA_ARRAY(a, const struct expr *, n);
    for (int i = 0; i < n; i++) {
        bool is_condition = i % 2 == 0 && i + 1 < n;
        cast[i] = args[i];
        if (is_condition) {
            TRY(bool_wanted(cx, args[i], "a condition of case"));
            TRY(expr_cast(cx, a, args[i], KIND_BOOL, &cast[i]));
        } else {
            TRY(expr_as_type(cx, a, args[i], type, &cast[i]));
        }
    }
    struct expr *e = expr_new(a, EXPR_CASE, type, span);
    e->args = cast;
    e->n_args = n;
    *out = e;
    return RC_OK;
}

/* Only whether a list or struct is there matters to count(x): true, or null. Aggregates never carry
 * nested values around. */
static rc presence(struct ctx *cx, struct arena *a, const struct expr *x, const struct expr **out)
{
    const struct fn_desc *fn = fn_find(STR("is_null"));
    const struct expr *is_null;
    struct scalar yes = {.type = DTYPE(KIND_BOOL), .u.b = true};
    if (!fn) return fail(cx, E903, x->span, "the function is_null is missing");
    TRY(expr_call(cx, a, fn, &x, 1, x->span, &is_null));
    const struct expr *arms[3] = {is_null, null_literal(a, KIND_BOOL, x->span),
                                  expr_literal(a, &yes, x->span)};
    return expr_case(cx, a, arms, 3, x->span, out);
}

rc expr_agg(struct ctx *cx, struct arena *a, const struct agg_desc *agg,
            const struct expr *const *args, int n, const struct expr *where, struct win_frame frame,
            struct span span, const struct expr **out)
{
    const struct expr *there;
    if (n == 1 && dtype_is_nested(args[0]->type) && strcmp(agg->name, "count") == 0) {
        TRY(presence(cx, a, args[0], &there));
        args = &there;
    }
    const struct agg_overload *over;
    struct dtype type = {0}, value;
    const struct expr **cast;
    TRY(expr_agg_keys(cx, a, agg, args, n, &args, &value));
    TRY(agg_resolve(cx, agg, types_of(cx, args, n), n, span, &over, &type));
    TRY(cast_args(cx, a, args, n, over->args, over->n_args < 0, &cast));
    if (where) {
        TRY(bool_wanted(cx, where, "where:"));
        TRY(expr_cast(cx, a, where, KIND_BOOL, &where));
    }
    if (value.kind != KIND_NULL) type = value;
    struct expr *e = expr_new(a, EXPR_AGG, type, span);
    e->agg = agg;
    e->agg_overload = over;
    e->args = cast;
    e->n_args = n;
    e->where = where;
    e->frame = frame;
    *out = e;
    return RC_OK;
}

rc expr_window(struct ctx *cx, struct arena *a, const struct win_desc *win,
               const struct expr *const *args, int n, struct span span, const struct expr **out)
{
    if (n < win->min_args || n > win->max_args) {
        fail(cx, E208, span, "%s() takes %d to %d values, not %d", win->name, win->min_args,
             win->max_args, n);
        return err_hint(cx, "%s", win->sig);
    }
    char text[96];
    for (int i = 0; i < n; i++)
        if (dtype_is_nested(args[i]->type))
            return fail(cx, E207, args[i]->span, "%s() takes single values, this is %s", win->name,
                        dtype_text(args[i]->type, text, sizeof text));
    struct dtype type = n > 0 ? args[0]->type : DTYPE(KIND_INT);
    if (win->type) TRY(win->type(cx, types_of(cx, args, n), n, span, &type));
    struct expr *e = expr_new(a, EXPR_WINDOW, type, span);
    e->win = win;
    e->args = ARENA_ARRAY(a, const struct expr *, n > 0 ? n : 1);
    for (int i = 0; i < n; i++)
        e->args[i] = args[i];
    e->n_args = n;
    *out = e;
    return RC_OK;
}
