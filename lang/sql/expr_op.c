/* expr_op.c: operators in all the forms of SQL's grammar, and conditions in the plain form that
 * the optimizer and the joins know. */
#include "lang/sql/query.h"

#include "runtime/base/num.h"

static const char *op_name(const json_t *e)
{
    const json_t *names = sql_get(e, "name");
    return sql_len(names) ? sql_string(json_array_get(names, sql_len(names) - 1)) : "";
}
static struct span op_span(struct query *q, const json_t *e)
{
    return sql_span(q->s, (int)sql_int_of(e, "location"));
}

/* ---- (a, b) < (c, d) ---- */
static rc compare_rows(struct query *q, const char *op, const struct expr *const *x,
                       const struct expr *const *y, int n, struct span span,
                       const struct expr **out)
{
    struct sql *s = q->s;
    bool is_eq = strcmp(op, "=") == 0, is_ne = strcmp(op, "<>") == 0;
    const struct expr *e, *rest = NULL;
    for (int i = n - 1; i >= 0; i--) {
        char strict[2] = {op[0], '\0'};
        bool is_last = i == n - 1;
        TRY(sql_op2(s, is_eq || is_ne || is_last ? op : strict, x[i], y[i], span, &e));
        if (rest && (is_eq || is_ne)) {
            TRY(sql_op2(s, is_eq ? "and" : "or", e, rest, span, &e));
        } else if (rest) { /* a < c or (a = c and the rest) */
            const struct expr *same;
            TRY(sql_op2(s, "=", x[i], y[i], span, &same));
            TRY(sql_op2(s, "and", same, rest, span, &same));
            TRY(sql_op2(s, "or", e, same, span, &e));
        }
        rest = e;
    }
    *out = rest;
    return RC_OK;
}
static rc bind_list(struct query *q, const json_t *list, const struct expr ***out, int *n)
{
    *n = (int)sql_len(list);
    *out = ARENA_ARRAY(q->s->arena, const struct expr *, *n + 1);
    for (int i = 0; i < *n; i++)
        TRY(sql_expr(q, json_array_get(list, (size_t)i), &(*out)[i]));
    return RC_OK;
}
static rc bind_rows(struct query *q, const char *op, const json_t *l, const json_t *r,
                    struct span span, const struct expr **out)
{
    const struct expr **x, **y;
    int n, m;
    if (!strstr("= <> < <= > >=", op))
        return fail(q->s->cx, E217, span, "rows are compared with = <> < <= > >=");
    TRY(bind_list(q, sql_get(l, "args"), &x, &n));
    TRY(bind_list(q, sql_get(r, "args"), &y, &m));
    if (n != m || n == 0) return fail(q->s->cx, E208, span, "the rows have %d and %d values", n, m);
    return compare_rows(q, op, x, y, n, span, out);
}

/* ---- patterns ---- */
/* The pattern of LIKE .. ESCAPE with the default escape, a backslash. */
static const char *plain_escape(struct sql *s, struct str p, struct str esc)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < p.n; i++) {
        if (esc.n == 1 && p.p[i] == esc.p[0] && i + 1 < p.n) {
            strbuf_addc(&b, '\\');
            strbuf_addc(&b, p.p[++i]);
        } else if (p.p[i] == '\\') {
            strbuf_addz(&b, "\\\\");
        } else {
            strbuf_addc(&b, p.p[i]);
        }
    }
    const char *out = arena_strndup(s->arena, b.p ? b.p : "", b.n);
    strbuf_release(&b);
    return out;
}
/* SIMILAR TO as a regular expression: % and _ as in LIKE, the rest as it is. */
static const char *similar_regex(struct sql *s, struct str p, char esc)
{
    struct strbuf b = {0};
    bool in_class = false;
    strbuf_addz(&b, "^(?:");
    for (size_t i = 0; i < p.n; i++) {
        char c = p.p[i];
        if (c == esc && i + 1 < p.n) {
            strbuf_addc(&b, '\\');
            strbuf_addc(&b, p.p[++i]);
        } else if (in_class) {
            in_class = c != ']';
            strbuf_addc(&b, c);
        } else if (c == '[') {
            in_class = true;
            strbuf_addc(&b, c);
        } else if (c == '%') {
            strbuf_addz(&b, "(?s:.*)");
        } else if (c == '_') {
            strbuf_addz(&b, "(?s:.)");
        } else {
            if (strchr(".^$\\", c)) strbuf_addc(&b, '\\');
            strbuf_addc(&b, c);
        }
    }
    strbuf_addz(&b, ")$");
    const char *out = arena_strndup(s->arena, b.p, b.n);
    strbuf_release(&b);
    return out;
}
static rc pattern_of(struct query *q, const json_t *node, bool is_similar, const struct expr **out)
{
    struct sql *s = q->s;
    const json_t *call, *args;
    const struct expr *p, *esc = NULL;
    if (!sql_is(node, "FuncCall", &call)) return sql_expr(q, node, out);
    const json_t *names = sql_get(call, "funcname");
    const char *name = sql_string(json_array_get(names, sql_len(names) - 1));
    args = sql_get(call, "args");
    if (strcmp(name, "like_escape") != 0 && strcmp(name, "similar_to_escape") != 0)
        return sql_expr(q, node, out);
    TRY(sql_expr(q, json_array_get(args, 0), &p));
    if (sql_len(args) > 1) TRY(sql_expr(q, json_array_get(args, 1), &esc));
    bool is_text = sql_is_literal(p) && p->type.kind == KIND_STR;
    bool has_escape = esc && sql_is_literal(esc) && esc->type.kind == KIND_STR;
    if (p->op == EXPR_LITERAL && p->value.is_null) {
        *out = p;
        return RC_OK;
    }
    if (!is_text || (esc && !has_escape) || (esc && esc->value.u.s.n > 1))
        return fail(s->cx, E214, p->span,
                    "the pattern must be a text written here, the escape one "
                    "character");
    struct str e = esc ? esc->value.u.s : STR("\\");
    const char *t = is_similar ? similar_regex(s, p->value.u.s, e.n ? e.p[0] : '\0')
                               : plain_escape(s, p->value.u.s, e);
    struct scalar v = {.type = DTYPE(KIND_STR), .u.s = str_of(t)};
    *out = expr_literal(s->arena, &v, p->span);
    return RC_OK;
}
static rc bind_like(struct query *q, const json_t *e, bool is_similar, const struct expr **out)
{
    const struct expr *x, *p;
    TRY(sql_expr(q, sql_get(e, "lexpr"), &x));
    TRY(pattern_of(q, sql_get(e, "rexpr"), is_similar, &p));
    return sql_op2(q->s, op_name(e), x, p, op_span(q, e), out);
}

/* ---- BETWEEN, IN, ANY, ALL ---- */
static rc between(struct query *q, const struct expr *x, const struct expr *lo,
                  const struct expr *hi, struct span span, const struct expr **out)
{
    const struct expr *a, *b;
    TRY(sql_op2(q->s, ">=", x, lo, span, &a));
    TRY(sql_op2(q->s, "<=", x, hi, span, &b));
    return sql_op2(q->s, "and", a, b, span, out);
}
static rc bind_between(struct query *q, const json_t *e, const char *kind, const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr *x, **ends, *other;
    struct span span = op_span(q, e);
    int n;
    const json_t *list;
    TRY(sql_expr(q, sql_get(e, "lexpr"), &x));
    if (!sql_is(sql_get(e, "rexpr"), "List", &list))
        return fail(s->cx, E101, span, "BETWEEN a AND b");
    TRY(bind_list(q, sql_get(list, "items"), &ends, &n));
    if (n != 2) return fail(s->cx, E101, span, "BETWEEN a AND b");
    TRY(between(q, x, ends[0], ends[1], span, out));
    if (strstr(kind, "SYM")) {
        TRY(between(q, x, ends[1], ends[0], span, &other));
        TRY(sql_op2(s, "or", *out, other, span, out));
    }
    if (!strstr(kind, "NOT")) return RC_OK;
    return sql_operator(s->cx, s->arena, STR("not"), out, 1, span, out);
}
static rc in_rows(struct query *q, const json_t *row, const json_t *items, bool negate,
                  struct span span, const struct expr **out)
{
    struct sql *s = q->s;
    const json_t *other;
    const struct expr *all = NULL, *e;
    for (size_t i = 0; i < sql_len(items); i++) {
        if (!sql_is(json_array_get(items, i), "RowExpr", &other))
            return fail(s->cx, E217, span, "a row is looked for among rows: (a, b) in ((1, 2))");
        TRY(bind_rows(q, "=", row, other, span, &e));
        if (all) TRY(sql_op2(s, "or", all, e, span, &e));
        all = e;
    }
    *out = all;
    return negate ? sql_operator(s->cx, s->arena, STR("not"), out, 1, span, out) : RC_OK;
}
static rc bind_in(struct query *q, const json_t *e, const struct expr **out)
{
    const json_t *list, *row;
    const struct expr *x, **values;
    struct span span = op_span(q, e);
    bool negate = strcmp(op_name(e), "<>") == 0;
    int n;
    if (!sql_is(sql_get(e, "rexpr"), "List", &list)) return fail(q->s->cx, E101, span, "IN (..)");
    if (sql_is(sql_get(e, "lexpr"), "RowExpr", &row))
        return in_rows(q, row, sql_get(list, "items"), negate, span, out);
    TRY(sql_expr(q, sql_get(e, "lexpr"), &x));
    TRY(bind_list(q, sql_get(list, "items"), &values, &n));
    if (n == 1 && sql_is_literal(values[0]) && values[0]->type.kind == KIND_LIST &&
        x->type.kind != KIND_LIST) { /* x in ($list) */
        TRY(sql_fn2(q->s, "sql_in", x, values[0], out));
        if (!negate) return RC_OK;
        return sql_operator(q->s->cx, q->s->arena, STR("not"), out, 1, span, out);
    }
    return sql_in_list(q->s, x, values, n, negate, span, out);
}
/* Elements of a list literal as literals. */
static int elements(struct sql *s, const struct expr *list, const struct expr ***out)
{
    const struct column *c = list->value.u.list;
    int n = (int)c->n;
    *out = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    for (int i = 0; i < n; i++) {
        struct scalar v = column_scalar(c, i);
        (*out)[i] = expr_literal(s->arena, &v, list->span);
        scalar_release(&v);
    }
    return n;
}
static rc bind_any(struct query *q, const json_t *e, bool is_any, const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr *x, *list, **values, *one, *all = NULL;
    const char *op = op_name(e);
    struct span span = op_span(q, e);
    TRY(sql_expr(q, sql_get(e, "lexpr"), &x));
    TRY(sql_expr(q, sql_get(e, "rexpr"), &list));
    if (list->type.kind != KIND_LIST)
        return fail(s->cx, E207, list->span, "ANY and ALL need a list or a sub-query");
    if (!sql_is_literal(list)) {
        if (!is_any || strcmp(op, "=") != 0)
            return fail(s->cx, E214, span, "with a list column only `x = any(list)` runs here");
        return sql_fn2(s, "contains", list, x, out);
    }
    int n = elements(s, list, &values);
    if (is_any && strcmp(op, "=") == 0) return sql_in_list(s, x, values, n, false, span, out);
    if (!is_any && strcmp(op, "<>") == 0) return sql_in_list(s, x, values, n, true, span, out);
    for (int i = 0; i < n; i++) {
        TRY(sql_op2(s, op, x, values[i], span, &one));
        if (all) TRY(sql_op2(s, is_any ? "or" : "and", all, one, span, &one));
        all = one;
    }
    *out = all ? all : sql_bool_literal(s, !is_any, span);
    return RC_OK;
}
static rc bind_distinct(struct query *q, const json_t *e, bool negate, const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr *two[2];
    TRY(sql_expr(q, sql_get(e, "lexpr"), &two[0]));
    TRY(sql_expr(q, sql_get(e, "rexpr"), &two[1]));
    TRY(sql_unify(s->cx, s->arena, two, 2, op_span(q, e)));
    if (two[0]->type.kind == KIND_NULL) TRY(expr_cast(s->cx, s->arena, two[0], KIND_INT, &two[0]));
    if (two[1]->type.kind == KIND_NULL)
        TRY(expr_cast(s->cx, s->arena, two[1], two[0]->type.kind, &two[1]));
    return sql_fn(s, negate ? "==" : "!=", two, 2, op_span(q, e), out);
}
/* 0.06 + 0.01 of literals is exact, as numeric is: the digits after the point are known. */
static int digits_after_point(const struct expr *e)
{
    char buf[NUM_TEXT_MAX];
    if (!sql_is_literal(e) || !dtype_is_number(e->type)) return -1;
    if (e->type.kind == KIND_INT) return 0;
    (void)num_format(e->value.u.f, buf);
    const char *point = strchr(buf, '.');
    if (strpbrk(buf, "eni")) return -1;
    return point ? (int)strlen(point + 1) : 0;
}
static void fold_decimals(struct sql *s, const char *op, const struct expr *const *two,
                          const struct expr **out)
{
    char buf[64];
    double x[2], r;
    int a = digits_after_point(two[0]), b = digits_after_point(two[1]);
    bool is_num = two[0]->type.kind == KIND_NUM || two[1]->type.kind == KIND_NUM;
    if (a < 0 || b < 0 || !is_num || (*out)->op != EXPR_CALL || strlen(op) != 1) return;
    for (int i = 0; i < 2; i++)
        x[i] = two[i]->type.kind == KIND_INT ? (double)two[i]->value.u.i : two[i]->value.u.f;
    int digits = op[0] == '*' ? a + b : a > b ? a : b;
    if (op[0] == '+')
        r = x[0] + x[1];
    else if (op[0] == '-')
        r = x[0] - x[1];
    else if (op[0] == '*')
        r = x[0] * x[1];
    else
        return;
    if (!(r < 1e12 && r > -1e12) || digits > 15) return;
    int n = snprintf(buf, sizeof buf, "%.*f", digits, r);
    struct scalar v = {.type = DTYPE(KIND_NUM)};
    if (num_parse(buf, (size_t)n, &v.u.f)) *out = expr_literal(s->arena, &v, (*out)->span);
}
static rc bind_op(struct query *q, const json_t *e, const struct expr **out)
{
    struct sql *s = q->s;
    const json_t *l = sql_get(e, "lexpr"), *r = sql_get(e, "rexpr"), *row, *other;
    const struct expr *two[2];
    const char *op = op_name(e);
    struct span span = op_span(q, e);
    if (strcmp(op, "==") == 0) {
        (void)fail(s->cx, E106, span, "SQL compares with one `=`");
        return err_hint(s->cx, "where a = 1");
    }
    if (l && sql_is(l, "RowExpr", &row) && sql_is(r, "RowExpr", &other))
        return bind_rows(q, op, row, other, span, out);
    int n = 0;
    if (l) TRY(sql_expr(q, l, &two[n++]));
    TRY(sql_expr(q, r, &two[n++]));
    if (n == 1) return sql_operator(s->cx, s->arena, str_of(op), two, 1, span, out);
    bool is_list = two[0]->type.kind == KIND_LIST || two[1]->type.kind == KIND_LIST;
    if (strcmp(op, "&&") == 0 && !is_list) {
        (void)fail(s->cx, E106, span, "`&&` is AND in SQL");
        return err_hint(s->cx, "where a = 1 and b = 2");
    }
    TRY(sql_op2(s, op, two[0], two[1], span, out));
    fold_decimals(s, op, two, out);
    return RC_OK;
}
rc sql_a_expr(struct query *q, const json_t *e, const struct expr **out)
{
    const char *kind = sql_text_of(e, "kind");
    if (strcmp(kind, "AEXPR_OP") == 0) return bind_op(q, e, out);
    if (strcmp(kind, "AEXPR_IN") == 0) return bind_in(q, e, out);
    if (strcmp(kind, "AEXPR_OP_ANY") == 0) return bind_any(q, e, true, out);
    if (strcmp(kind, "AEXPR_OP_ALL") == 0) return bind_any(q, e, false, out);
    if (strcmp(kind, "AEXPR_LIKE") == 0 || strcmp(kind, "AEXPR_ILIKE") == 0)
        return bind_like(q, e, false, out);
    if (strcmp(kind, "AEXPR_SIMILAR") == 0) return bind_like(q, e, true, out);
    if (strcmp(kind, "AEXPR_DISTINCT") == 0) return bind_distinct(q, e, false, out);
    if (strcmp(kind, "AEXPR_NOT_DISTINCT") == 0) return bind_distinct(q, e, true, out);
    if (strstr(kind, "BETWEEN")) return bind_between(q, e, kind, out);
    if (strcmp(kind, "AEXPR_NULLIF") == 0) {
        const struct expr *two[2];
        TRY(sql_expr(q, sql_get(e, "lexpr"), &two[0]));
        TRY(sql_expr(q, sql_get(e, "rexpr"), &two[1]));
        return sql_call(q->s->cx, q->s->arena, STR("nullif"), two, 2, op_span(q, e), out);
    }
    return fail(q->s->cx, E214, op_span(q, e), "this operator does not run here");
}

/* ---- conditions where null counts as false ---- */
static const struct {
    const char *sql, *plain, *opposite;
    bool needs_value; /* null <= null is true in the plain form: one side must be a value */
} comparisons[] = {
    {"sql_eq", "==", "sql_ne", true}, {"sql_ne", NULL, "sql_eq", true},
    {"sql_lt", "<", "sql_ge", false}, {"sql_le", "<=", "sql_gt", true},
    {"sql_gt", ">", "sql_le", false}, {"sql_ge", ">=", "sql_lt", true},
};
#define N_COMPARISONS ((int)(sizeof comparisons / sizeof comparisons[0]))

/* A day's column beside a midnight: compared as days, so that scans can skip by it. */
static void as_days(struct sql *s, const struct expr **two)
{
    for (int i = 0; i < 2; i++) {
        const struct expr *cast = two[i], *lit = two[1 - i];
        bool fits = cast->op == EXPR_CALL && cast->is_implicit && cast->n_args == 1 &&
                    cast->args[0]->type.kind == KIND_DATE && sql_is_literal(lit) &&
                    lit->type.kind == KIND_DATETIME && !lit->type.zone &&
                    lit->value.u.i % US_PER_DAY == 0;
        if (!fits) continue;
        struct scalar day = {.type = DTYPE(KIND_DATE), .u.i = civil_day_of_us(lit->value.u.i)};
        two[i] = cast->args[0];
        two[1 - i] = expr_literal(s->arena, &day, lit->span);
        return;
    }
}
static rc filter_compare(struct sql *s, const struct expr *e, int k, const struct expr **out)
{
    const struct expr *two[2] = {e->args[0], e->args[1]};
    as_days(s, two);
    bool has_value = sql_is_literal(two[0]) || sql_is_literal(two[1]);
    bool is_plain = comparisons[k].plain && (has_value || !comparisons[k].needs_value);
    const char *fn = is_plain ? comparisons[k].plain : comparisons[k].sql;
    return sql_fn(s, fn, two, 2, e->span, out);
}
static rc filter_not(struct sql *s, const struct expr *e, const struct expr **out)
{
    const struct expr *x = e->args[0], *two[2], *neg;
    for (int k = 0; k < N_COMPARISONS; k++)
        if (sql_calls(x, comparisons[k].sql)) {
            TRY(sql_fn(s, comparisons[k].opposite, x->args, 2, x->span, &neg));
            return sql_filter(s, neg, out);
        }
    if (sql_calls(x, "sql_not")) return sql_filter(s, x->args[0], out);
    bool is_and = sql_calls(x, "sql_and");
    if (!is_and && !sql_calls(x, "sql_or")) {
        *out = e;
        return RC_OK;
    }
    for (int i = 0; i < 2; i++) {
        TRY(sql_fn1(s, "sql_not", x->args[i], &two[i]));
        TRY(sql_filter(s, two[i], &two[i]));
    }
    return sql_fn(s, is_and ? "or" : "and", two, 2, e->span, out);
}
static bool has_null(const struct expr *list)
{
    return !sql_is_literal(list) || list->type.kind != KIND_LIST || list->value.u.list->n_null > 0;
}
rc sql_filter(struct sql *s, const struct expr *e, const struct expr **out)
{
    *out = e;
    if (e->op != EXPR_CALL) return RC_OK;
    bool is_and = sql_calls(e, "sql_and") || sql_calls(e, "and");
    if (is_and || sql_calls(e, "sql_or") || sql_calls(e, "or")) {
        const struct expr *two[2];
        TRY(sql_filter(s, e->args[0], &two[0]));
        TRY(sql_filter(s, e->args[1], &two[1]));
        return sql_fn(s, is_and ? "and" : "or", two, 2, e->span, out);
    }
    if (sql_calls(e, "sql_is_true")) return sql_filter(s, e->args[0], out);
    if (sql_calls(e, "sql_not")) return filter_not(s, e, out);
    if (sql_calls(e, "sql_in") && !has_null(e->args[1]))
        return sql_fn(s, "in", e->args, 2, e->span, out);
    for (int k = 0; k < N_COMPARISONS; k++)
        if (sql_calls(e, comparisons[k].sql)) return filter_compare(s, e, k, out);
    return RC_OK;
}
