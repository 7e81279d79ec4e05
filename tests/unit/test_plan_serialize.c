/* Expressions as JSON: what is written reads back equal; what does not fit is refused. */
#include "tests/unit/unit.h"

#include "runtime/plan/serialize.h"

static const struct expr *literal(struct ctx *cx, enum kind kind, double v)
{
    struct scalar s = {.type = DTYPE(kind)};
    if (kind == KIND_NUM)
        s.u.f = v;
    else if (kind == KIND_BOOL)
        s.u.b = v != 0;
    else
        s.u.i = (int64_t)v;
    return expr_literal(cx->arena, &s, NO_SPAN);
}

static const struct expr *text_literal(struct ctx *cx, const char *text)
{
    struct scalar s = {.type = DTYPE(KIND_STR), .u.s = str_of(text)};
    return expr_literal(cx->arena, &s, NO_SPAN);
}

static const struct expr *column(struct ctx *cx, const char *name, enum kind kind)
{
    return expr_column(cx->arena, name, DTYPE(kind), NO_SPAN);
}

static const struct expr *call(struct ctx *cx, const char *fn, const struct expr *a,
                               const struct expr *b)
{
    const struct expr *args[2] = {a, b}, *out;
    const struct fn_desc *d = fn_find(str_of(fn));
    if (!d) fail_msg("no function %s", fn);
    assert_ok(cx, expr_call(cx, cx->arena, d, args, b ? 2 : 1, NO_SPAN, &out));
    return out;
}

static const struct expr *list_of_ints(struct ctx *cx)
{
    struct builder b;
    struct column *c;
    builder_init(&b, DTYPE(KIND_INT), PHYS_I64);
    assert_ok(cx, builder_i64(cx, &b, INT64_MAX));
    assert_ok(cx, builder_null(cx, &b));
    assert_ok(cx, builder_finish(cx, &b, &c));
    builder_release(&b);
    struct scalar s = {.type = dtype_list(DTYPE(KIND_INT)), .u.list = c};
    const struct expr *e = expr_literal(cx->arena, &s, NO_SPAN);
    column_unref(c);
    return e;
}

static void round_trip(struct ctx *cx, const struct expr *e)
{
    json_t *j, *again;
    const struct expr *back;
    assert_ok(cx, expr_to_json(cx, e, &j));
    char *text = json_dumps(j, 0);
    json_t *read = json_loads(text, JSON_ALLOW_NUL, NULL);
    assert_non_null(read);
    assert_ok(cx, expr_from_json(cx, cx->arena, read, &back));
    assert_true(dtype_eq(e->type, back->type));
    assert_true(e->op == EXPR_LITERAL && e->type.kind == KIND_LIST ? true : expr_equal(e, back));
    assert_ok(cx, expr_to_json(cx, back, &again));
    assert_true(json_equal(j, again));
    struct strbuf a = {0}, b = {0};
    expr_text(&a, e);
    expr_text(&b, back);
    assert_string_equal(a.p, b.p);
    strbuf_release(&a);
    strbuf_release(&b);
    json_decref(j);
    json_decref(read);
    json_decref(again);
    free(text);
}

TEST(expressions_read_back_equal)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    const struct expr *fare = column(cx, "fare amount \"x\"", KIND_NUM);
    round_trip(cx, fare);
    round_trip(cx, literal(cx, KIND_NUM, 0.1));
    round_trip(cx, literal(cx, KIND_NUM, INFINITY));
    round_trip(cx, literal(cx, KIND_NUM, -0.0));
    round_trip(cx, literal(cx, KIND_BOOL, 1));
    round_trip(cx, literal(cx, KIND_DATE, 17000));
    round_trip(cx, text_literal(cx, "n\xc3\xa4"
                                    "cht\n\"\\"));
    round_trip(cx, list_of_ints(cx));
    const struct expr *sum = call(cx, "+", fare, literal(cx, KIND_INT, 3));
    round_trip(cx, sum);
    const struct expr *more = call(cx, ">", sum, literal(cx, KIND_NUM, 1e-300));
    const struct expr *arms[3] = {more, text_literal(cx, "a"), text_literal(cx, "b")}, *choice;
    assert_ok(cx, expr_case(cx, cx->arena, arms, 3, NO_SPAN, &choice));
    round_trip(cx, choice);
    struct scalar nothing = {.type = DTYPE(KIND_NUM), .is_null = true};
    round_trip(cx, expr_literal(cx->arena, &nothing, NO_SPAN));
    struct dtype zoned = DTYPE(KIND_DATETIME);
    zoned.zone = dtype_intern("UTC");
    round_trip(cx, expr_column(cx->arena, "t", zoned, NO_SPAN));
    unit_end(&u);
}

TEST(what_does_not_fit_is_refused)
{
    static const char *const bad[] = {
        "1",
        "[]",
        "{}",
        "null",
        "{\"column\": 3, \"type\": \"num\"}",
        "{\"column\": \"x\"}",
        "{\"column\": \"x\", \"type\": \"tree\"}",
        "{\"column\": \"a\\u0000b\", \"type\": \"num\"}",
        "{\"literal\": \"x\", \"type\": \"int\"}",
        "{\"literal\": 1.5, \"type\": \"int\"}",
        "{\"literal\": [1], \"type\": \"list\"}",
        "{\"literal\": 99999999999, \"type\": \"date\"}",
        "{\"call\": \"no_such\", \"args\": []}",
        "{\"call\": \"+\", \"args\": []}",
        "{\"call\": \"+\"}",
        "{\"call\": \"+\", \"args\": [1, 2]}",
        "{\"case\": []}",
        "{\"call\": \"+\", \"args\": [{\"literal\": \"a\", \"type\": \"str\"}]}"};
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    const struct expr *e;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *j = json_loads(bad[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(j);
        if (expr_from_json(cx, cx->arena, j, &e) == RC_OK) fail_msg("taken: %s", bad[i]);
        assert_int_equal(cx->err->code, E407);
        err_clear(cx->err);
        json_decref(j);
    }
    json_t *deep = json_pack("{s:s, s:s}", "column", "x", "type", "num");
    for (int i = 0; i < 500; i++)
        deep = json_pack("{s:s, s:[o]}", "call", "abs", "args", deep);
    assert_err(cx, E407, expr_from_json(cx, cx->arena, deep, &e));
    json_decref(deep);
    unit_end(&u);
}
