/* operators.c: operators of SQL as calls. Arithmetic of dates follows PostgreSQL: a date and an int
 * count days, two dates differ by an int, a date and an interval make a timestamp; months of an
 * interval literal move by the calendar. */
#include "lang/sql/functions_int.h"

#include "runtime/base/civil.h"

struct op {
    const char *sql, *ours;
    bool negate; /* NOT of it */
};
static const struct op binary_ops[] = {
    {"=", "sql_eq", false},
    {"<>", "sql_ne", false},
    {"!=", "sql_ne", false},
    {"<", "sql_lt", false},
    {"<=", "sql_le", false},
    {">", "sql_gt", false},
    {">=", "sql_ge", false},
    {"and", "sql_and", false},
    {"or", "sql_or", false},
    {"+", "+", false},
    {"-", "-", false},
    {"*", "*", false},
    {"/", "sql_div", false},
    {"%", "sql_mod", false},
    {"^", "sql_power", false},
    {"||", "sql_join", false},
    {"~~", "sql_like", false},
    {"!~~", "sql_like", true},
    {"~~*", "sql_ilike", false},
    {"!~~*", "sql_ilike", true},
    {"~", "sql_regex", false},
    {"!~", "sql_regex", true},
    {"~*", "sql_iregex", false},
    {"!~*", "sql_iregex", true},
    {"^@", "starts", false},
    {"@>", "sql_array_contains", false},
    {"&", "sql_bit_and", false},
    {"|", "sql_bit_or", false},
    {"#", "sql_bit_xor", false},
    {"<<", "sql_bit_left", false},
    {">>", "sql_bit_right", false},
    {"&&", "sql_array_overlap", false},
};

static const struct op *op_find(struct str name)
{
    for (int i = 0; i < COUNT_OF(binary_ops); i++)
        if (str_eqz(name, binary_ops[i].sql)) return &binary_ops[i];
    return NULL;
}

static bool is_time(const struct expr *e)
{
    return e->type.kind == KIND_DATE || e->type.kind == KIND_DATETIME;
}
static bool is_text(const struct expr *e)
{
    return e->type.kind == KIND_STR || e->type.kind == KIND_CAT;
}

/* ---- dates ---- */

/* `by` microseconds as an interval, for counts of days. */
static rc days_of(struct ctx *cx, struct arena *a, const struct expr *days, const struct expr **out)
{
    struct scalar day = {.type = DTYPE(KIND_DURATION), .u.i = US_PER_DAY};
    const struct expr *num;
    TRY(expr_cast(cx, a, days, KIND_NUM, &num));
    const struct expr *two[2] = {num, expr_literal(a, &day, days->span)};
    return sql_ours(cx, a, "*", two, 2, days->span, out);
}

/* time + or - an interval literal: months by the calendar, then the rest; PostgreSQL gives a
 * timestamp. */
static rc move_time(struct ctx *cx, struct arena *a, const struct expr *at, const struct expr *by,
                    int sign, struct span span, const struct expr **out)
{
    const struct expr *two[2];
    TRY(expr_cast(cx, a, at, KIND_DATETIME, &at));
    if (sql_is_months(by)) {
        two[0] = at;
        two[1] = sql_int_literal(a, sign * (int64_t)by->value.months, by->span);
        TRY(sql_ours(cx, a, "add_months", two, 2, span, &at));
        TRY(sql_fold(cx, a, &at));
        struct scalar rest = {.type = DTYPE(KIND_DURATION), .u.i = by->value.u.i};
        by = expr_literal(a, &rest, by->span);
        if (rest.u.i == 0) {
            *out = at;
            return RC_OK;
        }
    }
    two[0] = at;
    two[1] = by;
    TRY(sql_ours(cx, a, sign > 0 ? "+" : "-", two, 2, span, out));
    return sql_fold(cx, a, out);
}

/* date - date counts days, an int. */
static rc days_between(struct ctx *cx, struct arena *a, const struct expr *const *args,
                       struct span span, const struct expr **out)
{
    const struct expr *d;
    TRY(sql_ours(cx, a, "-", args, 2, span, &d));
    TRY(sql_ours(cx, a, "days", &d, 1, span, &d));
    TRY(sql_ours(cx, a, "int", &d, 1, span, out));
    return sql_fold(cx, a, out);
}

/* n * interval with months: only of two literals, as months have no length. */
static rc scale_months(struct ctx *cx, struct arena *a, const struct expr *by, const struct expr *n,
                       struct span span, const struct expr **out)
{
    if (n->op != EXPR_LITERAL || n->value.is_null || !dtype_is_number(n->type)) {
        (void)fail(cx, E217, span, "an interval of months can only be multiplied by a number");
        return err_note(cx, "months have no fixed length: a column cannot hold them");
    }
    double k = n->type.kind == KIND_INT ? (double)n->value.u.i : n->value.u.f;
    double months = k * by->value.months, us = k * (double)by->value.u.i;
    int64_t whole = (int64_t)months;
    if (!(months < 1e9 && months > -1e9 && us < 9e18 && us > -9e18))
        return fail(cx, E312, span, "the interval is too long");
    us += (months - (double)whole) * 30 * (double)US_PER_DAY;
    struct scalar s = {.type = DTYPE(KIND_DURATION), .months = (int32_t)whole, .u.i = (int64_t)us};
    *out = expr_literal(a, &s, span);
    return RC_OK;
}

/* Sum or difference of two interval literals keeps months. */
static rc add_literals(struct arena *a, const struct expr *x, const struct expr *y, int sign,
                       struct span span, const struct expr **out)
{
    struct scalar s = {.type = DTYPE(KIND_DURATION)};
    s.months = x->value.months + sign * y->value.months;
    s.u.i = x->value.u.i + sign * y->value.u.i;
    *out = expr_literal(a, &s, span);
    return RC_OK;
}

static bool are_spans(const struct expr *x, const struct expr *y)
{
    return x->op == EXPR_LITERAL && y->op == EXPR_LITERAL && x->type.kind == KIND_DURATION &&
           y->type.kind == KIND_DURATION && !x->value.is_null && !y->value.is_null;
}

/* date + int or date - int: days later or earlier. */
static rc move_days(struct ctx *cx, struct arena *a, const struct expr *at, const struct expr *n,
                    char op, struct span span, const struct expr **out)
{
    const struct expr *two[2] = {at, NULL};
    TRY(days_of(cx, a, n, &two[1]));
    TRY(sql_ours(cx, a, op == '+' ? "+" : "-", two, 2, span, out));
    return sql_fold(cx, a, out);
}

/* Arithmetic that has to do with times; *done tells whether it was. */
static rc time_arith(struct ctx *cx, struct arena *a, char op, const struct expr *const *args,
                     struct span span, const struct expr **out, bool *done)
{
    const struct expr *x = args[0], *y = args[1];
    int sign = op == '+' ? 1 : -1;
    enum kind kx = x->type.kind, ky = y->type.kind;
    *done = true;
    if (op == '*') {
        if (sql_is_months(x)) return scale_months(cx, a, x, y, span, out);
        if (sql_is_months(y)) return scale_months(cx, a, y, x, span, out);
    } else {
        if (are_spans(x, y)) return add_literals(a, x, y, sign, span, out);
        if (is_time(x) && ky == KIND_DURATION) return move_time(cx, a, x, y, sign, span, out);
        if (kx == KIND_DATE && ky == KIND_INT) return move_days(cx, a, x, y, op, span, out);
    }
    if (op == '+') {
        if (is_time(y) && kx == KIND_DURATION) return move_time(cx, a, y, x, 1, span, out);
        if (ky == KIND_DATE && kx == KIND_INT) return move_days(cx, a, y, x, op, span, out);
    }
    if (op == '-' && kx == KIND_DATE && ky == KIND_DATE)
        return days_between(cx, a, args, span, out);
    *done = false;
    return RC_OK;
}

/* ---- the rest ---- */

/* A quoted text beside another kind: what it means there. */
static rc quoted_pair(struct ctx *cx, struct arena *a, struct str op, const struct expr **args)
{
    for (int i = 0; i < 2; i++) {
        enum kind other = args[1 - i]->type.kind;
        if (!sql_is_quoted(args[i]) || is_text(args[1 - i]) || other == KIND_NULL) continue;
        if (other == KIND_LIST || other == KIND_STRUCT) continue;
        bool is_sum = str_eqz(op, "+") || str_eqz(op, "-");
        /* timestamp + '1 day', but date - '2019-01-01' */
        if (other == KIND_DATETIME && is_sum) {
            struct arena *scratch = cx->arena;
            struct error before = *cx->err;
            const struct expr *span_value;
            if (sql_interval_literal(cx, scratch, args[i]->value.u.s, STR(""), args[i]->span,
                                     &span_value) == RC_OK) {
                args[i] = expr_literal(a, &span_value->value, args[i]->span);
                continue;
            }
            *cx->err = before;
        }
        if (other == KIND_DURATION && (str_eqz(op, "*") || str_eqz(op, "/"))) other = KIND_NUM;
        TRY(sql_cast_kind(cx, a, args[i], other, &args[i]));
    }
    return RC_OK;
}

static rc unary(struct ctx *cx, struct arena *a, struct str op, const struct expr *x,
                struct span span, const struct expr **out)
{
    if (str_eqz(op, "+")) {
        *out = x;
        return RC_OK;
    }
    static const char *const signs[][2] = {
        {"@", "abs"}, {"|/", "sql_sqrt"}, {"||/", "sql_cbrt"}, {"~", "sql_bit_not"}};
    for (int i = 0; i < COUNT_OF(signs); i++)
        if (str_eqz(op, signs[i][0])) return sql_ours(cx, a, signs[i][1], &x, 1, span, out);
    if (str_eqz(op, "not")) return sql_ours(cx, a, "sql_not", &x, 1, span, out);
    if (!str_eqz(op, "-"))
        return fail(cx, E214, span, "the operator `%.*s` is not known here", STR_FMT(op));
    if (sql_is_months(x)) {
        struct scalar s = x->value;
        s.months = -s.months;
        s.u.i = -s.u.i;
        *out = expr_literal(a, &s, span);
        return RC_OK;
    }
    TRY(sql_ours(cx, a, "neg", &x, 1, span, out));
    return sql_fold(cx, a, out);
}

rc sql_operator(struct ctx *cx, struct arena *a, struct str op, const struct expr *const *args,
                int n, struct span span, const struct expr **out)
{
    if (n == 1) return unary(cx, a, op, args[0], span, out);
    bool is_turned = str_eqz(op, "<@");
    const struct op *row = op_find(is_turned ? STR("@>") : op);
    const struct expr *two[2] = {args[is_turned], args[!is_turned]};
    bool done = false;
    if (!row) {
        (void)fail(cx, E214, span, "the operator `%.*s` is not known here", STR_FMT(op));
        return err_note(cx, "operators are + - * / %% ^ || = <> < <= > >= & | # << >> LIKE ILIKE ~ "
                            "~* AND OR NOT");
    }
    bool is_list = two[0]->type.kind == KIND_LIST || two[1]->type.kind == KIND_LIST;
    if (str_eqz(op, "||") && is_list) {
        TRY(sql_list_args(cx, a, two, span));
        return sql_ours(cx, a, "list_concat", two, 2, span, out);
    }
    if (str_eqz(op, "||")) {
        for (int i = 0; i < 2; i++)
            TRY(sql_cast_kind(cx, a, two[i], KIND_STR, &two[i]));
    } else {
        TRY(quoted_pair(cx, a, op, two));
    }
    TRY(sql_zones_meet(cx, a, two, 2));
    if (op.n == 1 && strchr("+-*", op.p[0])) TRY(time_arith(cx, a, op.p[0], two, span, out, &done));
    if (done) return RC_OK;
    TRY(sql_ours(cx, a, row->ours, two, 2, span, out));
    if (row->negate) TRY(sql_ours(cx, a, "sql_not", out, 1, span, out));
    return RC_OK;
}
