/* expr.c: expressions of SQL as plan expressions, three-valued. */
#include "lang/sql/query.h"

#include "runtime/base/num.h"

/* ---- small makers ---- */
rc sql_fn(struct sql *s, const char *fn, const struct expr *const *args, int n, struct span span,
          const struct expr **out)
{
    const struct fn_desc *f = fn_find(str_of(fn));
    if (!f) return fail(s->cx, E903, span, "no function `%s`", fn);
    return expr_call(s->cx, s->arena, f, args, n, span, out);
}
rc sql_fn1(struct sql *s, const char *fn, const struct expr *x, const struct expr **out)
{
    return sql_fn(s, fn, &x, 1, x->span, out);
}
rc sql_fn2(struct sql *s, const char *fn, const struct expr *x, const struct expr *y,
           const struct expr **out)
{
    const struct expr *two[2] = {x, y};
    return sql_fn(s, fn, two, 2, x->span, out);
}
rc sql_op2(struct sql *s, const char *op, const struct expr *x, const struct expr *y,
           struct span span, const struct expr **out)
{
    const struct expr *two[2] = {x, y};
    char a[96], b[96];
    if (sql_operator(s->cx, s->arena, str_of(op), two, 2, span, out) == RC_OK) return RC_OK;
    if (s->cx->err->code != E207 || !strstr(s->cx->err->message, "`sql_")) return RC_ERR;
    bool is_text = x->type.kind == KIND_STR || y->type.kind == KIND_STR;
    bool is_number = dtype_is_number(x->type) || dtype_is_number(y->type);
    (void)fail(s->cx, E207, span, "`%s` cannot stand between %s and %s", op,
               dtype_text(x->type, a, sizeof a), dtype_text(y->type, b, sizeof b));
    if (is_text && is_number) return err_note(s->cx, "cast one side: x::numeric or n::text");
    return RC_ERR;
}
const struct expr *sql_null(struct sql *s, struct span span)
{
    struct scalar v = {.type = DTYPE(KIND_NULL), .is_null = true};
    return expr_literal(s->arena, &v, span);
}
const struct expr *sql_bool_literal(struct sql *s, bool b, struct span span)
{
    struct scalar v = {.type = DTYPE(KIND_BOOL), .u.b = b};
    return expr_literal(s->arena, &v, span);
}
const struct expr *sql_int_value(struct sql *s, int64_t i, struct span span)
{
    struct scalar v = {.type = DTYPE(KIND_INT), .u.i = i};
    return expr_literal(s->arena, &v, span);
}
bool sql_is_literal(const struct expr *e)
{
    return e->op == EXPR_LITERAL && !e->value.is_null;
}
bool sql_calls(const struct expr *e, const char *fn)
{
    return e->op == EXPR_CALL && strcmp(e->fn->name, fn) == 0;
}
const struct expr *sql_map(struct arena *a, const struct expr *e, sql_swap swap, void *arg)
{
    const struct expr *other = swap(arg, e);
    if (other) return other;
    struct expr *c = arena_copy(a, e, sizeof *e);
    if (e->where) c->where = sql_map(a, e->where, swap, arg);
    c->args = ARENA_ARRAY(a, const struct expr *, e->n_args + 1);
    for (int i = 0; i < e->n_args; i++)
        c->args[i] = sql_map(a, e->args[i], swap, arg);
    return c;
}
bool sql_reads(const struct expr *e, const char *id)
{
    if (!e) return false;
    if (e->op == EXPR_COLUMN) return strcmp(e->name, id) == 0;
    for (int i = 0; i < e->n_args; i++)
        if (sql_reads(e->args[i], id)) return true;
    return sql_reads(e->where, id);
}

/* ---- literals ---- */
static rc bind_const(struct query *q, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    struct span span = sql_span(s, (int)sql_int_of(b, "location"));
    const json_t *v;
    struct scalar c = {0};
    if (sql_bool_of(b, "isnull")) {
        *out = sql_null(s, span);
        return RC_OK;
    }
    if (sql_get(b, "ival")) {
        *out = sql_int_value(s, sql_const_int(s, b), span);
        return RC_OK;
    }
    if ((v = sql_get(b, "boolval"))) {
        *out = sql_bool_literal(s, sql_bool_of(v, "boolval"), span);
        return RC_OK;
    }
    if ((v = sql_get(b, "sval"))) {
        c = (struct scalar){.type = DTYPE(KIND_STR), .u.s = str_of(sql_text_of(v, "sval"))};
    } else if ((v = sql_get(b, "fval"))) {
        const char *t = sql_text_of(v, "fval");
        size_t n = strlen(t);
        c.type = DTYPE(KIND_INT);
        if (strspn(t, "0123456789") != n || !int_parse(t, n, &c.u.i)) {
            c.type = DTYPE(KIND_NUM);
            if (!num_parse(t, n, &c.u.f)) return fail(s->cx, E103, span, "`%s` is no number", t);
        }
    } else {
        return fail(s->cx, E214, span, "bit strings do not exist here");
    }
    *out = expr_literal(s->arena, &c, span);
    return RC_OK;
}
static rc unknown_variable(struct sql *s, struct str name, struct span span)
{
    struct str *names;
    int n = scope_names(s->scope, s->arena, &names);
    struct str near = nearest(name, names, n);
    (void)fail(s->cx, E202, span, "unknown variable `%.*s`", STR_FMT(name));
    return near.n ? hint_replace(s->lg, span, "$%.*s", STR_FMT(near)) : RC_ERR;
}
/* $x: the variable's value as a literal. */
static rc bind_param(struct query *q, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    int64_t k = sql_int_of(b, "number");
    struct span span = sql_span(s, (int)sql_int_of(b, "location"));
    if (k < 1 || k > s->text.n_params) return fail(s->cx, E202, span, "there is no such parameter");
    const struct value *v;
    struct scalar value;
    struct str name = s->text.params[k - 1].name;
    if (!scope_get(s->scope, name)) return unknown_variable(s, name, span);
    TRY(variable(s->lg, s->scope, name, span, &v));
    TRY(value_to_arg(s->lg, v, span, s->arena, &value));
    *out = expr_literal(s->arena, &value, span);
    return RC_OK;
}
static rc bind_value_function(struct query *q, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    const char *op = sql_text_of(b, "op");
    struct span span = sql_span(s, (int)sql_int_of(b, "location"));
    int64_t now = statement_now(s->lg);
    struct scalar v = {.type = DTYPE(KIND_DATETIME), .u.i = now};
    if (strcmp(op, "SVFOP_CURRENT_DATE") == 0)
        v = (struct scalar){.type = DTYPE(KIND_DATE), .u.i = civil_day_of_us(now)};
    else if (!strstr(op, "TIMESTAMP"))
        return fail(s->cx, E214, span, "this value of the session does not exist here");
    *out = expr_literal(s->arena, &v, span);
    return RC_OK;
}

/* ---- casts ---- */
/* The unit that INTERVAL '3' MONTH names, from PostgreSQL's mask. */
static const char *interval_unit(const json_t *type)
{
    static const struct {
        int64_t mask;
        const char *unit;
    } units[] = {{4, "year"},    {2, "month"},     {8, "day"},
                 {1024, "hour"}, {2048, "minute"}, {4096, "second"}};
    const json_t *c, *mod = json_array_get(sql_get(type, "typmods"), 0);
    if (!sql_is(mod, "A_Const", &c)) return "";
    int64_t mask = sql_int_of(sql_get(c, "ival"), "ival");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (units[i].mask == mask) return units[i].unit;
    return "";
}
static const char *type_name(const json_t *type)
{
    const json_t *names = sql_get(type, "names");
    return sql_len(names) ? sql_string(json_array_get(names, sql_len(names) - 1)) : "";
}
static rc bind_cast(struct query *q, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    const json_t *type = sql_get(b, "typeName"), *mods = sql_get(type, "typmods"), *c;
    struct str name = str_of(type_name(type));
    struct span span = sql_span(s, (int)sql_int_of(type, "location"));
    int64_t values[4];
    int n = 0;
    const struct expr *e;
    TRY(sql_expr(q, sql_get(b, "arg"), &e));
    bool is_text = sql_is_literal(e) && e->type.kind == KIND_STR;
    bool is_array = sql_len(sql_get(type, "arrayBounds")) > 0;
    if (str_eqz(name, "interval") && is_text && !is_array)
        return sql_interval_literal(s->cx, s->arena, e->value.u.s, str_of(interval_unit(type)),
                                    e->span, out);
    for (size_t i = 0; i < sql_len(mods) && n < 4; i++)
        if (sql_is(json_array_get(mods, i), "A_Const", &c)) values[n++] = sql_const_int(s, c);
    if (is_array) return sql_cast_array(s->cx, s->arena, e, name, values, n, span, out);
    return sql_cast(s->cx, s->arena, e, name, values, n, span, out);
}

/* ---- logic ---- */
rc sql_condition(struct query *q, const json_t *node, const struct expr **out)
{
    char text[96];
    struct sql *s = q->s;
    const struct expr *e;
    TRY(sql_expr(q, node, &e));
    if (sql_is_literal(e) && e->type.kind == KIND_STR)
        TRY(sql_cast(s->cx, s->arena, e, STR("bool"), NULL, 0, e->span, &e));
    if (e->type.kind != KIND_BOOL && e->type.kind != KIND_NULL)
        return fail(s->cx, E207, e->span, "a condition is needed here, this is %s",
                    dtype_text(e->type, text, sizeof text));
    return expr_cast(s->cx, s->arena, e, KIND_BOOL, out);
}
static rc bind_bool(struct query *q, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    const char *op = sql_text_of(b, "boolop");
    const json_t *args = sql_get(b, "args");
    struct span span = sql_span(s, (int)sql_int_of(b, "location"));
    const struct expr *e, *all = NULL;
    for (size_t i = 0; i < sql_len(args); i++) {
        TRY(sql_condition(q, json_array_get(args, i), &e));
        if (strcmp(op, "NOT_EXPR") == 0)
            TRY(sql_operator(s->cx, s->arena, STR("not"), &e, 1, span, &all));
        else if (all)
            TRY(sql_op2(s, strcmp(op, "AND_EXPR") == 0 ? "and" : "or", all, e, span, &all));
        else
            all = e;
    }
    *out = all;
    return RC_OK;
}
static rc bind_null_test(struct query *q, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr *e;
    TRY(sql_expr(q, sql_get(b, "arg"), &e));
    TRY(sql_fn1(s, "is_null", e, out));
    if (strcmp(sql_text_of(b, "nulltesttype"), "IS_NOT_NULL") != 0) return RC_OK;
    return sql_fn1(s, "not", *out, out);
}
static rc bind_bool_test(struct query *q, const json_t *b, const struct expr **out)
{
    static const struct {
        const char *type, *fn;
        bool negate;
    } tests[] = {
        {"IS_TRUE", "sql_is_true", false},       {"IS_NOT_TRUE", "sql_is_true", true},
        {"IS_FALSE", "sql_is_false", false},     {"IS_NOT_FALSE", "sql_is_false", true},
        {"IS_UNKNOWN", "sql_is_unknown", false}, {"IS_NOT_UNKNOWN", "sql_is_unknown", true},
    };
    struct sql *s = q->s;
    const struct expr *e;
    TRY(sql_condition(q, sql_get(b, "arg"), &e));
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (strcmp(tests[i].type, sql_text_of(b, "booltesttype")) != 0) continue;
        TRY(sql_fn1(s, tests[i].fn, e, out));
        return tests[i].negate ? sql_fn1(s, "not", *out, out) : RC_OK;
    }
    return fail(s->cx, E214, e->span, "this test does not exist here");
}

/* ---- choice ---- */
static rc case_arm(struct query *q, const struct expr *subject, const json_t *when,
                   const struct expr **cond, const struct expr **value)
{
    struct sql *s = q->s;
    const struct expr *e;
    if (subject) {
        TRY(sql_expr(q, sql_get(when, "expr"), &e));
        TRY(sql_op2(s, "=", subject, e, e->span, &e));
    } else {
        TRY(sql_condition(q, sql_get(when, "expr"), &e));
    }
    TRY(sql_filter(s, e, cond));
    return sql_expr(q, sql_get(when, "result"), value);
}
static rc bind_case(struct query *q, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    const json_t *arms = sql_get(b, "args"), *when, *other = sql_get(b, "defresult");
    int n = (int)sql_len(arms);
    struct span span = sql_span(s, (int)sql_int_of(b, "location"));
    const struct expr *subject = NULL;
    const struct expr **args = ARENA_ARRAY(s->arena, const struct expr *, 2 * n + 2);
    const struct expr **values = ARENA_ARRAY(s->arena, const struct expr *, n + 2);
    if (sql_get(b, "arg")) TRY(sql_expr(q, sql_get(b, "arg"), &subject));
    for (int i = 0; i < n; i++) {
        if (!sql_is(json_array_get(arms, (size_t)i), "CaseWhen", &when))
            return fail(s->cx, E101, span, "this CASE cannot be read");
        TRY(case_arm(q, subject, when, &args[2 * i], &values[i]));
    }
    values[n] = sql_null(s, span);
    if (other) TRY(sql_expr(q, other, &values[n]));
    TRY(sql_unify(s->cx, s->arena, values, n + 1, span));
    for (int i = 0; i < n; i++)
        args[2 * i + 1] = values[i];
    args[2 * n] = values[n];
    return expr_case(s->cx, s->arena, args, 2 * n + 1, span, out);
}
static rc bind_args(struct query *q, const char *fn, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    const json_t *args = sql_get(b, "args");
    int n = (int)sql_len(args);
    const struct expr **e = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    for (int i = 0; i < n; i++)
        TRY(sql_expr(q, json_array_get(args, (size_t)i), &e[i]));
    return sql_call(s->cx, s->arena, str_of(fn), e, n, sql_span(s, (int)sql_int_of(b, "location")),
                    out);
}

/* ---- lists ---- */
static rc list_literal(struct sql *s, const struct expr *const *values, int n, struct dtype elem,
                       struct span span, const struct expr **out)
{
    struct builder b;
    struct column *c = NULL;
    enum rc_t res = RC_OK;
    builder_init(&b, elem, kind_phys(elem.kind));
    for (int i = 0; i < n && res == RC_OK; i++)
        res = values[i]->value.is_null ? builder_null(s->cx, &b)
                                       : builder_scalar(s->cx, &b, &values[i]->value);
    if (res == RC_OK) res = builder_finish(s->cx, &b, &c);
    builder_release(&b);
    TRY(res);
    struct scalar v = {.type = dtype_list(elem), .u.list = c};
    *out = expr_literal(s->arena, &v, span);
    column_unref(c);
    return RC_OK;
}
static bool all_literals(const struct expr *const *e, int n)
{
    for (int i = 0; i < n; i++)
        if (e[i]->op != EXPR_LITERAL || e[i]->value.months) return false;
    return true;
}
rc sql_in_list(struct sql *s, const struct expr *x, const struct expr **values, int n, bool negate,
               struct span span, const struct expr **out)
{
    const struct expr **all = ARENA_ARRAY(s->arena, const struct expr *, n + 1), *e, *list;
    all[0] = x;
    for (int i = 0; i < n; i++)
        all[i + 1] = values[i];
    TRY(sql_unify(s->cx, s->arena, all, n + 1, span));
    bool is_flat = all[0]->type.kind != KIND_NULL && all[0]->type.kind != KIND_LIST &&
                   all[0]->type.kind != KIND_CAT;
    if (n > 1 && is_flat && all_literals(all + 1, n)) {
        TRY(list_literal(s, all + 1, n, DTYPE(all[0]->type.kind), span, &list));
        TRY(sql_fn2(s, "sql_in", all[0], list, out));
    } else {
        *out = NULL;
        for (int i = 0; i < n; i++) {
            TRY(sql_op2(s, "=", all[0], all[i + 1], span, &e));
            if (*out) TRY(sql_op2(s, "or", *out, e, span, &e));
            *out = e;
        }
        if (!*out) *out = sql_bool_literal(s, false, span);
    }
    return negate ? sql_operator(s->cx, s->arena, STR("not"), out, 1, span, out) : RC_OK;
}
static rc bind_array(struct query *q, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    const json_t *items = sql_get(b, "elements");
    int n = (int)sql_len(items);
    struct span span = sql_span(s, (int)sql_int_of(b, "location"));
    const struct expr **e = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    for (int i = 0; i < n; i++)
        TRY(sql_expr(q, json_array_get(items, (size_t)i), &e[i]));
    TRY(sql_unify(s->cx, s->arena, e, n, span));
    if (!all_literals(e, n)) return expr_list(s->cx, s->arena, e, n, span, out);
    struct dtype elem = n ? e[0]->type : DTYPE(KIND_STR);
    return list_literal(s, e, n, elem.kind == KIND_NULL ? DTYPE(KIND_STR) : elem, span, out);
}
/* list[from:to] */
static rc array_part(struct query *q, const json_t *idx, const struct expr *list,
                     const struct expr **out)
{
    const struct expr *all[3] = {list, sql_null(q->s, list->span), sql_null(q->s, list->span)};
    static const char *const ends[] = {"lidx", "uidx"};
    for (int i = 0; i < 2; i++)
        if (sql_get(idx, ends[i])) TRY(sql_expr(q, sql_get(idx, ends[i]), &all[1 + i]));
    return sql_fn(q->s, "sql_array_part", all, 3, list->span, out);
}
/* list[i], text of a struct's field. */
static rc bind_indirection(struct query *q, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    const json_t *parts = sql_get(b, "indirection"), *idx;
    const struct expr *e, *i;
    TRY(sql_expr(q, sql_get(b, "arg"), &e));
    for (size_t k = 0; k < sql_len(parts); k++) {
        const json_t *part = json_array_get(parts, k);
        if (!sql_is(part, "A_Indices", &idx)) {
            struct scalar name = {.type = DTYPE(KIND_STR), .u.s = str_of(sql_string(part))};
            TRY(sql_fn2(s, "field", e, expr_literal(s->arena, &name, e->span), &e));
            continue;
        }
        if (sql_bool_of(idx, "is_slice")) {
            TRY(array_part(q, idx, e, &e));
            continue;
        }
        TRY(sql_expr(q, sql_get(idx, "uidx"), &i));
        TRY(sql_fn2(s, FN_AT, e, i, &e));
    }
    *out = e;
    return RC_OK;
}
static rc bind_grouping(struct query *q, const json_t *b, const struct expr **out)
{
    struct sql *s = q->s;
    struct span span = sql_span(s, (int)sql_int_of(b, "location"));
    if (!q->is_grouped || q->where_text || q->in_agg)
        return fail(s->cx, E210, span, "GROUPING() stands in a query that groups");
    SQL_GROW(q, q->grouping, q->n_grouping, q->cap_grouping);
    q->grouping[q->n_grouping] = b;
    const char *id = arena_printf(s->arena, ".grouping%d", q->n_grouping++);
    *out = expr_column(s->arena, id, DTYPE(KIND_INT), span);
    return RC_OK;
}

static const struct {
    const char *kind;
    enum rc_t (*bind)(struct query *q, const json_t *b, const struct expr **out);
} kinds[] = {
    {"ColumnRef", sql_column_ref},   {"A_Const", bind_const},
    {"A_Expr", sql_a_expr},          {"FuncCall", sql_func},
    {"BoolExpr", bind_bool},         {"TypeCast", bind_cast},
    {"CaseExpr", bind_case},         {"NullTest", bind_null_test},
    {"BooleanTest", bind_bool_test}, {"SubLink", sql_sublink},
    {"ParamRef", bind_param},        {"SQLValueFunction", bind_value_function},
    {"A_ArrayExpr", bind_array},     {"A_Indirection", bind_indirection},
    {"GroupingFunc", bind_grouping},
};
static rc bind_kind(struct query *q, const json_t *node, const struct expr **out)
{
    const json_t *b;
    const char *kind = sql_kind(node, &b);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].kind, kind) == 0) return kinds[i].bind(q, b, out);
    if (strcmp(kind, "CoalesceExpr") == 0) return bind_args(q, "coalesce", b, out);
    if (strcmp(kind, "MinMaxExpr") == 0)
        return bind_args(q, strcmp(sql_text_of(b, "op"), "IS_LEAST") == 0 ? "least" : "greatest", b,
                         out);
    if (strcmp(kind, "CollateClause") == 0) return sql_expr(q, sql_get(b, "arg"), out);
    if (strcmp(kind, "RowExpr") == 0)
        return fail(q->s->cx, E217, sql_node_span(q->s, node),
                    "a row of several values can only be compared with another one");
    return fail(q->s->cx, E214, sql_node_span(q->s, node), "this expression does not run here");
}
rc sql_expr(struct query *q, const json_t *node, const struct expr **out)
{
    struct sql *s = q->s;
    for (int i = 0; i < q->n_early; i++)
        if (sql_same_tree(q->early[i].node, node)) {
            *out = q->early[i].column;
            return RC_OK;
        }
    if (s->depth > 900)
        return fail(s->cx, E109, sql_node_span(s, node), "the expression is nested too deep");
    s->depth++;
    enum rc_t res = bind_kind(q, node, out);
    s->depth--;
    return res;
}
