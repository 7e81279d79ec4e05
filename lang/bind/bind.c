/* bind.c: step expressions to plan expressions. Plain names are columns, `$x` is a variable's value
 * as a literal, and there is no fallback from one to the other. Types are settled by the makers of
 * runtime/plan; what is refused here is refused before any work. */
#include "lang/bind_int.h"

void bind_init(struct bind *b, struct lang *lg, struct scope *sc, const struct schema *schema,
               const char *frame_label, enum bind_mode mode)
{
    *b = (struct bind){.lg = lg,
                       .scope = sc,
                       .cx = &lg->cx,
                       .arena = lg->cx.arena,
                       .schema = schema,
                       .frame_label = frame_label,
                       .mode = mode};
}

/* ---- places and names ---- */
struct bind_place bind_place(const struct bind *b)
{
    return (struct bind_place){b->env, b->scope, b->schema, b->mode, b->in_agg};
}
void bind_go(struct bind *b, struct bind_place at)
{
    b->env = at.env;
    b->scope = at.scope;
    b->schema = at.schema;
    b->mode = at.mode;
    b->in_agg = at.in_agg;
}
const struct bind_env *bind_lookup(const struct bind *b, struct str name, bool *is_walled)
{
    *is_walled = false;
    for (const struct bind_env *at = b->env; at; at = at->up) {
        if (at->is_wall) {
            *is_walled = true;
            return NULL;
        }
        if (str_eq(at->name, name)) return at;
    }
    return NULL;
}
/* Columns that are written where `from` says, seen from here. */
static struct bind_place place_of(struct bind *b, const struct bind_env *env, struct scope *scope)
{
    struct bind_place at = bind_place(b);
    at.env = env;
    at.scope = scope;
    return at;
}
static const struct value *expr_variable(const struct bind *b, const struct ast *e)
{
    if (e->op != AST_VAR && e->op != AST_NAME) return NULL;
    const struct value *v = scope_get(b->scope, e->text);
    return v && v->kind == VALUE_EXPR ? v : NULL;
}
const struct ast *bind_resolve(struct bind *b, const struct ast *e, struct bind_place *at)
{
    struct bind_place here = bind_place(b);
    for (int i = 0; i < MAX_DEPTH; i++) {
        bool is_walled;
        const struct bind_env *entry =
            e->op == AST_NAME || e->op == AST_VAR ? bind_lookup(b, e->text, &is_walled) : NULL;
        const struct value *v = entry || e->op != AST_VAR ? NULL : expr_variable(b, e);
        if (entry && entry->ast) {
            bind_go(b, place_of(b, entry->ast_env, entry->ast_scope));
            e = entry->ast;
        } else if (v) {
            bind_go(b, place_of(b, NULL, v->closure));
            e = v->fn;
        } else {
            break;
        }
    }
    *at = bind_place(b);
    bind_go(b, here);
    return e;
}

bool bind_is_value(struct bind *b, const struct ast *e)
{
    bool is_walled = false;
    if (!e) return true;
    if (e->op == AST_NAME) {
        if (bind_lookup(b, e->text, &is_walled)) return false;
        return is_walled && !expr_variable(b, e);
    }
    if (e->op == AST_VAR) return !bind_lookup(b, e->text, &is_walled) && !expr_variable(b, e);
    if (e->op == AST_PIPELINE) return true;
    if (e->op == AST_DOT || e->op == AST_FORMULA || e->op == AST_LAMBDA) return false;
    if (e->op == AST_CALL &&
        (win_find(e->text) || is_selector_call(e) || (agg_find(e->text) && e->n_kids == 0)))
        return false;
    for (int i = 0; i < e->n_kids; i++)
        if (!bind_is_value(b, e->kids[i])) return false;
    return true;
}
rc bind_eval(struct bind *b, const struct ast *e, struct value **out)
{
    return interp_pipeline(b->lg, b->scope, e, out);
}

/* ---- literals and variables ---- */
rc bind_literal(struct bind *b, const struct scalar *s, struct span span, const struct expr **out)
{
    *out = expr_literal(b->arena, s, span);
    return RC_OK;
}
rc bind_value(struct bind *b, const struct value *v, struct span span, const struct expr **out)
{
    char buf[96];
    struct scalar s;
    if (v->kind == VALUE_EXPR) {
        struct bind_place here = bind_place(b);
        bind_go(b, place_of(b, NULL, v->closure));
        enum rc_t res = bind_expr(b, v->fn, out);
        bind_go(b, here);
        return res;
    }
    if (v->kind == VALUE_SCALAR || v->kind == VALUE_LIST || v->kind == VALUE_STRUCT ||
        v->kind == VALUE_FRAME) {
        TRY(value_to_arg(b->lg, v, span, b->arena, &s));
        return bind_literal(b, &s, span, out);
    }
    if (v->kind == VALUE_RANGE)
        return fail(b->cx, E217, span, "a range stands right of `in`, as in `x in $r`");
    return fail(b->cx, E207, span, "%s cannot stand in the expression of a step",
                value_phrase(v, buf, sizeof buf));
}
static rc bind_variable(struct bind *b, const struct ast *e, const struct expr **out)
{
    bool is_walled;
    const struct value *v;
    const struct bind_env *entry = bind_lookup(b, e->text, &is_walled);
    if (entry) { /* `$p` in a step inside a lambda or fn */
        struct ast plain = *e;
        plain.op = AST_NAME;
        return bind_expr(b, &plain, out);
    }
    TRY(variable(b->lg, b->scope, e->text, e->span, &v));
    struct value *own = value_ref(v);
    enum rc_t res = bind_value(b, own, e->span, out);
    value_unref(own);
    return res;
}

/* ---- columns ---- */
static const struct expr *column_of(struct bind *b, const struct schema *s, struct str name,
                                    struct span span)
{
    int i = schema_find(s, name);
    return i < 0 ? NULL : expr_column(b->arena, s->fields[i].name, s->fields[i].type, span);
}
/* Outside aggregates of summarize only groups and earlier results are in sight. */
static rc bind_outer(struct bind *b, const struct ast *e, const struct expr **out)
{
    struct str name = e->text;
    const struct expr *c = b->outer ? column_of(b, b->outer, name, e->span) : NULL;
    if (!c) c = column_of(b, &(struct schema){.n = 0}, name, e->span);
    if (!c && schema_find(b->schema, name) >= 0) {
        struct strbuf text = {0};
        name_text(&text, name);
        (void)fail(
            b->cx, E210, e->span,
            "`%.*s` has many values for each row of the result: aggregate it, or group by it",
            STR_FMT(name));
        (void)hint_replace(b->lg, e->span, "mean(%s)", text.p);
        strbuf_release(&text);
        return RC_ERR;
    }
    if (!c) return unknown_column(b, name, e->span);
    *out = c;
    return RC_OK;
}
static rc bind_entry(struct bind *b, const struct bind_env *entry, const struct expr **out)
{
    if (!entry->ast) {
        *out = entry->expr;
        return RC_OK;
    }
    struct bind_place here = bind_place(b);
    bind_go(b, place_of(b, entry->ast_env, entry->ast_scope));
    enum rc_t res = bind_expr(b, entry->ast, out);
    bind_go(b, here);
    return res;
}
static rc bind_name(struct bind *b, const struct ast *e, const struct expr **out)
{
    bool is_walled;
    const struct value *v;
    const struct bind_env *entry = bind_lookup(b, e->text, &is_walled);
    if (entry) return bind_entry(b, entry, out);
    if (is_walled) { /* in a fn's body: a variable of the session */
        TRY(variable(b->lg, b->scope, e->text, e->span, &v));
        return bind_value(b, v, e->span, out);
    }
    for (int i = b->n_lambda - 1; i >= 0; i--)
        if (str_eqz(e->text, b->lambda_names[i])) {
            *out = b->lambda_values[i];
            return RC_OK;
        }
    if (b->mode == BIND_AGGREGATE && b->in_agg == 0) return bind_outer(b, e, out);
    const struct expr *c = column_of(b, b->schema, e->text, e->span);
    if (!c) return unknown_column(b, e->text, e->span);
    *out = c;
    return RC_OK;
}

/* ---- operators ---- */
rc bind_scalar_call(struct bind *b, const char *fn, const struct expr *const *args, int n,
                    struct span span, const struct expr **out)
{
    const struct fn_desc *desc = fn_find(str_of(fn));
    if (!desc) return fail(b->cx, E903, span, "the function table has no `%s`", fn);
    return expr_call(b->cx, b->arena, desc, args, n, span, out);
}
static bool is_months(const struct expr *e)
{
    return e->op == EXPR_LITERAL && e->type.kind == KIND_DURATION && !e->value.is_null &&
           e->value.months != 0;
}
/* date + 1mo3d: the calendar part by add_months, then the rest. */
static rc add_months(struct bind *b, const struct expr *at, const struct expr *by, int sign,
                     struct span span, const struct expr **out)
{
    struct scalar months = {.type = DTYPE(KIND_INT), .u.i = sign * (int64_t)by->value.months};
    const struct expr *args[2] = {at, expr_literal(b->arena, &months, by->span)};
    TRY(bind_scalar_call(b, "add_months", args, 2, span, out));
    if (by->value.u.i == 0) return RC_OK;
    struct scalar rest = {.type = DTYPE(KIND_DURATION), .u.i = by->value.u.i};
    const struct expr *more[2] = {*out, expr_literal(b->arena, &rest, by->span)};
    return bind_scalar_call(b, sign > 0 ? "+" : "-", more, 2, span, out);
}
static bool is_time(const struct expr *e)
{
    return e->type.kind == KIND_DATE || e->type.kind == KIND_DATETIME;
}
static rc operator_months(struct bind *b, struct str op, const struct expr *x, const struct expr *y,
                          struct span span, const struct expr **out)
{
    bool is_plus = str_eqz(op, "+"), is_sum = is_plus || str_eqz(op, "-");
    if (is_sum && is_time(x) && is_months(y))
        return add_months(b, x, y, is_plus ? 1 : -1, span, out);
    if (is_plus && is_time(y) && is_months(x)) return add_months(b, y, x, 1, span, out);
    struct scalar result;
    bool done;
    struct scalar a = x->value, c = y->value;
    if (x->op == EXPR_LITERAL && y->op == EXPR_LITERAL) {
        TRY(months_binary(b->lg, op, &a, &c, span, &result, &done));
        if (done) return bind_literal(b, &result, span, out);
    }
    (void)fail(b->cx, E207, span,
               "`%.*s` cannot be used with months and years, whose length varies", STR_FMT(op));
    return err_note(b->cx, "they can be added to dates: day + 1mo");
}
/* Two lists, or a list and null. */
static bool is_list_sum(const struct expr *x, const struct expr *y)
{
    enum kind a = x->type.kind, c = y->type.kind;
    return (a == KIND_LIST && (c == KIND_LIST || c == KIND_NULL)) ||
           (a == KIND_NULL && c == KIND_LIST);
}
rc bind_operator(struct bind *b, struct str op, const struct expr *x, const struct expr *y,
                 struct span span, const struct expr **out)
{
    if (is_months(x) || is_months(y)) return operator_months(b, op, x, y, span, out);
    if (str_eqz(op, "+") && is_list_sum(x, y)) return bind_list_sum(b, x, y, span, out);
    if (str_eqz(op, "\?\?")) return expr_or(b->cx, b->arena, x, y, span, out);
    const struct fn_desc *fn = fn_find(op);
    if (!fn) return fail(b->cx, E217, span, "`%.*s` cannot stand in a step", STR_FMT(op));
    return expr_call(b->cx, b->arena, fn, (const struct expr *[]){x, y}, 2, span, out);
}
static rc bind_binary(struct bind *b, const struct ast *e, const struct expr **out)
{
    const struct expr *x, *y;
    TRY(bind_expr(b, e->kids[0], &x));
    TRY(bind_expr(b, e->kids[1], &y));
    if (bind_operator(b, e->text, x, y, e->span, out) == RC_OK) return RC_OK;
    return hint_operator(b->lg, e, x->type, y->type);
}
static rc bind_unary(struct bind *b, const struct ast *e, const struct expr **out)
{
    const struct expr *x;
    TRY(bind_expr(b, e->kids[0], &x));
    if (str_eqz(e->text, "not")) return bind_scalar_call(b, "not", &x, 1, e->span, out);
    if (x->op == EXPR_LITERAL && !x->value.is_null) { /* -3, -2mo: a literal again */
        struct value *v;
        TRY(interp_unary_value(b->lg, e, &x->value, &v));
        enum rc_t res = bind_value(b, v, e->span, out);
        value_unref(v);
        return res;
    }
    return bind_scalar_call(b, FN_NEGATE, &x, 1, e->span, out);
}
static rc bind_is_null(struct bind *b, const struct ast *e, const struct expr **out)
{
    const struct expr *x;
    TRY(bind_expr(b, e->kids[0], &x));
    TRY(bind_scalar_call(b, "is_null", &x, 1, e->span, out));
    if (!e->is_negated) return RC_OK;
    x = *out;
    return bind_scalar_call(b, "not", &x, 1, e->span, out);
}
static rc bind_case(struct bind *b, const struct ast *e, const struct expr **out)
{
    const struct expr **args = ARENA_ARRAY(b->arena, const struct expr *, e->n_kids + 1);
    for (int i = 0; i < e->n_kids; i++)
        TRY(bind_expr(b, e->kids[i], &args[i]));
    return expr_case(b->cx, b->arena, args, e->n_kids, e->span, out);
}
static rc refuse(struct bind *b, const struct ast *e)
{
    switch (e->op) {
    case AST_RANGE:
        return fail(b->cx, E217, e->span, "a range stands right of `in`, as in `x in 1..5`");
    case AST_LAMBDA:
        return fail(b->cx, E217, e->span, "a lambda stands inside across(..) or map(..)");
    case AST_FORMULA: return fail(b->cx, E217, e->span, "a formula stands in a step like `fit`");
    default: return fail(b->cx, E217, e->span, "this cannot stand in the expression of a step");
    }
}
static rc bind_pipeline(struct bind *b, const struct ast *e, const struct expr **out)
{
    struct value *v; /* a bracketed pipeline: a frame of one value */
    TRY(bind_eval(b, e, &v));
    enum rc_t res = bind_value(b, v, e->span, out);
    value_unref(v);
    return res;
}
static rc bind_op(struct bind *b, const struct ast *e, const struct expr **out)
{
    switch (e->op) {
    case AST_NAME: return bind_name(b, e, out);
    case AST_VAR: return bind_variable(b, e, out);
    case AST_UNARY: return bind_unary(b, e, out);
    case AST_BINARY: return bind_binary(b, e, out);
    case AST_IN: return bind_in(b, e, out);
    case AST_IS_NULL: return bind_is_null(b, e, out);
    case AST_CALL: return bind_call(b, e, out);
    case AST_CALL_VALUE: return bind_call_value(b, e, out);
    case AST_CASE: return bind_case(b, e, out);
    case AST_FSTR: return bind_fstr(b, e, out);
    case AST_INDEX: return bind_index(b, e, out);
    case AST_FIELD: return bind_field(b, e, out);
    case AST_LIST: return bind_list(b, e, out);
    case AST_STRUCT: return bind_struct(b, e, out);
    case AST_PIPELINE: return bind_pipeline(b, e, out);
    default: return refuse(b, e);
    }
}
rc bind_expr(struct bind *b, const struct ast *e, const struct expr **out)
{
    struct scalar s;
    if (literal_scalar(e, &s)) return bind_literal(b, &s, e->span, out);
    if (b->lg->expr_depth >= MAX_EXPR_DEPTH)
        return fail(b->cx, E904, e->span, "calls and expressions are nested too deep here");
    b->lg->expr_depth++;
    enum rc_t res = bind_op(b, e, out);
    b->lg->expr_depth--;
    return res;
}

static bool kind_fits(enum kind have, enum kind want)
{
    return have == want || have == KIND_NULL || (have == KIND_INT && want == KIND_NUM) ||
           (have == KIND_CAT && want == KIND_STR) || (have == KIND_DATE && want == KIND_DATETIME);
}
rc bind_expr_kind(struct bind *b, const struct ast *e, enum kind to, const char *what,
                  const struct expr **out)
{
    char buf[96];
    const struct expr *x;
    TRY(bind_expr(b, e, &x));
    if (!kind_fits(x->type.kind, to)) {
        const char *wants = to == KIND_BOOL  ? "true or false"
                            : to == KIND_NUM ? "a number"
                            : to == KIND_STR ? "text"
                                             : kind_name(to);
        (void)fail(b->cx, E207, e->span, "%s takes %s, this is %s", what, wants,
                   dtype_text(x->type, buf, sizeof buf));
        if (to == KIND_BOOL) return err_note(b->cx, "compare it with something, e.g. x > 0");
        return RC_ERR;
    }
    return expr_cast(b->cx, b->arena, x, to, out);
}
