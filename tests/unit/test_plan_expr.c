/* Expressions: types, implicit casts, spelling, comparison, substitution. */
#include "runtime/plan/plan_int.h"
#include "tests/unit/unit.h"

struct world {
    struct unit u;
    struct ctx *cx;
    struct arena *a;
};

static void begin(struct world *w)
{
    w->cx = unit_begin(&w->u, 1);
    w->a = w->cx->arena;
}
static void end(struct world *w)
{
    unit_end(&w->u);
}

static const struct expr *col(struct world *w, const char *name, enum kind k)
{
    return expr_column(w->a, name, DTYPE(k), NO_SPAN);
}
static const struct expr *lit(struct world *w, enum kind k, int64_t v)
{
    struct scalar s = {.type = DTYPE(k), .u.i = v};
    if (k == KIND_NUM) s.u.f = (double)v;
    if (k == KIND_BOOL) s.u.b = v != 0;
    return expr_literal(w->a, &s, NO_SPAN);
}
static const struct expr *text(struct world *w, const char *v)
{
    return expr_literal(w->a, &(struct scalar){.type = DTYPE(KIND_STR), .u.s = str_of(v)}, NO_SPAN);
}
static const struct expr *call(struct world *w, const char *fn, const struct expr *a,
                               const struct expr *b)
{
    const struct expr *args[2] = {a, b}, *e = NULL;
    assert_ok(w->cx, expr_call(w->cx, w->a, fn_find(str_of(fn)), args, b ? 2 : 1, NO_SPAN, &e));
    return e;
}

#define assert_text(e, want)                                                                       \
    do {                                                                                           \
        struct strbuf b_ = {0};                                                                    \
        expr_text(&b_, e);                                                                         \
        assert_string_equal(b_.p, want);                                                           \
        strbuf_release(&b_);                                                                       \
    } while (0)

TEST(implicit_casts_are_hidden)
{
    struct world w;
    begin(&w);
    const struct expr *e = call(&w, ">", col(&w, "fare", KIND_NUM), lit(&w, KIND_INT, 3));
    assert_int_equal(e->args[1]->type.kind, KIND_NUM);
    assert_int_equal(e->type.kind, KIND_BOOL);
    assert_text(e, "fare > 3");
    e = call(&w, "+", col(&w, "fare", KIND_NUM), col(&w, "n", KIND_INT));
    assert_int_equal(e->args[1]->op, EXPR_CALL);
    assert_text(e, "fare + n");
    assert_text(call(&w, "num", col(&w, "s", KIND_STR), NULL), "num(s)");
    end(&w);
}

TEST(brackets_where_needed)
{
    struct world w;
    begin(&w);
    const struct expr *a = col(&w, "a", KIND_INT), *b = col(&w, "b", KIND_INT),
                      *c = col(&w, "c", KIND_INT);
    assert_text(call(&w, "*", call(&w, "+", a, b), c), "(a + b) * c");
    assert_text(call(&w, "+", call(&w, "*", a, b), c), "a * b + c");
    assert_text(call(&w, "-", a, call(&w, "-", b, c)), "a - (b - c)");
    assert_text(call(&w, "-", call(&w, "-", a, b), c), "a - b - c");
    assert_text(call(&w, "^", call(&w, "neg", a, NULL), b), "(-a) ^ b");
    assert_text(call(&w, "neg", call(&w, "^", a, b), NULL), "-a ^ b");
    const struct expr *p = call(&w, "==", a, b), *q = call(&w, "<", b, c);
    assert_text(call(&w, "and", call(&w, "or", p, q), p), "(a == b or b < c) and a == b");
    assert_text(call(&w, "not", call(&w, "and", p, q), NULL), "not (a == b and b < c)");
    assert_text(call(&w, "and", call(&w, "not", p, NULL), q), "not a == b and b < c");
    assert_text(call(&w, "==", p, q), "(a == b) == (b < c)");
    assert_text(call(&w, "is_null", call(&w, "+", a, b), NULL), "a + b is null");
    end(&w);
}

TEST(literals_and_names)
{
    struct world w;
    begin(&w);
    assert_text(col(&w, "Cost Total $", KIND_NUM), "`Cost Total $`");
    assert_text(col(&w, "a`b", KIND_NUM), "`a``b`");
    assert_text(col(&w, "and", KIND_NUM), "`and`");
    assert_text(col(&w, "größe", KIND_NUM), "größe");
    assert_text(text(&w, "a\"b"), "\"a\\\"b\"");
    assert_text(lit(&w, KIND_DATE, 17897), "@2019-01-01");
    assert_text(lit(&w, KIND_DATETIME, INT64_C(17897) * 86400000000), "@2019-01-01T00:00:00");
    assert_text(lit(&w, KIND_DURATION, INT64_C(5400000000)), "90min");
    assert_text(lit(&w, KIND_DURATION, INT64_C(7) * 86400000000), "1w");
    assert_text(lit(&w, KIND_DURATION, 1500), "0.0015s");
    assert_text(lit(&w, KIND_NUM, 3), "3.0");
    end(&w);
}

TEST(case_unifies)
{
    struct world w;
    begin(&w);
    const struct expr *cond = call(&w, ">", col(&w, "a", KIND_INT), lit(&w, KIND_INT, 1)), *e;
    const struct expr *args[3] = {cond, lit(&w, KIND_INT, 1), lit(&w, KIND_NUM, 2)};
    assert_ok(w.cx, expr_case(w.cx, w.a, args, 3, NO_SPAN, &e));
    assert_int_equal(e->type.kind, KIND_NUM);
    assert_text(e, "case { a > 1 => 1, else => 2.0 }");
    args[2] = text(&w, "x");
    assert_err(w.cx, E207, expr_case(w.cx, w.a, args, 3, NO_SPAN, &e));
    args[0] = col(&w, "a", KIND_INT);
    args[2] = args[1];
    assert_err(w.cx, E207, expr_case(w.cx, w.a, args, 3, NO_SPAN, &e));
    args[0] = cond;
    args[1] = args[2] = col(&w, "c", KIND_CAT);
    assert_ok(w.cx, expr_case(w.cx, w.a, args, 3, NO_SPAN, &e));
    assert_int_equal(e->type.kind, KIND_STR);
    end(&w);
}

TEST(types_unify)
{
    struct dtype out, utc = DTYPE(KIND_DATETIME);
    utc.zone = dtype_intern("UTC");
    assert_true(type_unify(DTYPE(KIND_INT), DTYPE(KIND_NUM), &out) && out.kind == KIND_NUM);
    assert_true(type_unify(DTYPE(KIND_NUM), DTYPE(KIND_NULL), &out) && out.kind == KIND_NUM);
    assert_true(type_unify(DTYPE(KIND_NULL), DTYPE(KIND_DATE), &out) && out.kind == KIND_DATE);
    assert_true(type_unify(DTYPE(KIND_DATE), DTYPE(KIND_DATETIME), &out) &&
                out.kind == KIND_DATETIME);
    assert_false(type_unify(DTYPE(KIND_DATE), utc, &out));
    assert_false(type_unify(utc, DTYPE(KIND_DATETIME), &out));
    assert_false(type_unify(DTYPE(KIND_BOOL), DTYPE(KIND_INT), &out));
}

TEST(copies_and_equality)
{
    struct world w;
    begin(&w);
    const struct expr *e = call(&w, "upper", col(&w, "s", KIND_STR), NULL);
    const struct expr *f = call(&w, "==", e, text(&w, "a text that is long enough"));
    struct arena *other = arena_new();
    const struct expr *g = expr_copy(other, f);
    assert_true(expr_equal(f, g));
    assert_ptr_not_equal(f->args[1]->value.u.s.p, g->args[1]->value.u.s.p);
    assert_false(expr_equal(f, call(&w, "==", e, text(&w, "a text that is long enougH"))));
    struct named_expr item = {"s", call(&w, "lower", col(&w, "t", KIND_STR), NULL)};
    assert_text(expr_substitute(other, f, &item, 1),
                "upper(lower(t)) == \"a text that is long enough\"");
    arena_free(other);
    end(&w);
}

TEST(what_may_move)
{
    struct world w;
    begin(&w);
    const struct expr *a = col(&w, "a", KIND_INT), *x = col(&w, "x", KIND_NUM);
    const struct expr *s = col(&w, "s", KIND_STR);
    assert_true(expr_is_safe(call(&w, ">", x, a)));                         /* widening */
    assert_false(expr_is_safe(call(&w, ">", call(&w, "+", a, a), a)));      /* may overflow */
    assert_false(expr_is_safe(call(&w, ">", call(&w, "/", x, x), a)));      /* counts 0/0 */
    assert_false(expr_is_safe(call(&w, ">", call(&w, "int", s, NULL), a))); /* counts casts */
    assert_true(expr_is_safe(call(&w, "==", call(&w, "len", s, NULL), a)));
    assert_true(expr_may_note(call(&w, "int", s, NULL)));
    assert_false(expr_may_note(call(&w, "+", a, a)) && !expr_may_note(call(&w, "/", x, x)));
    end(&w);
}
