/* The contract around functions: registry, resolution, casts on constants, messages. */
#include "tests/unit/fn_kit.h"

TEST(registry_is_complete)
{
    int n;
    const struct fn_desc *const *fns = fn_all(&n);
    for (int i = 0; i < n; i++) {
        assert_non_null(fns[i]->name);
        assert_non_null(fns[i]->sig);
        assert_non_null(fns[i]->doc);
        assert_non_null(fns[i]->example);
        assert_non_null(strstr(fns[i]->example, "#>"));
        assert_true(fns[i]->n_overloads > 0);
        assert_ptr_equal(fn_find(str_of(fns[i]->name)), fns[i]); /* names are unique */
    }
    const struct agg_desc *const *aggs = agg_all(&n);
    for (int i = 0; i < n; i++) {
        assert_non_null(strstr(aggs[i]->example, "#>"));
        assert_ptr_equal(agg_find(str_of(aggs[i]->name)), aggs[i]);
        for (int k = 0; k < aggs[i]->n_overloads; k++) {
            const struct agg_overload *o = &aggs[i]->overloads[k];
            assert_int_equal(o->state_size % 8, 0);
            assert_true(o->whole ? o->state_size == 0 : o->update && o->combine && o->final);
        }
    }
    const struct win_desc *const *wins = win_all(&n);
    for (int i = 0; i < n; i++) {
        assert_non_null(wins[i]->type);
        assert_non_null(wins[i]->run);
        assert_ptr_equal(win_find(str_of(wins[i]->name)), wins[i]);
    }
    assert_null(fn_find(STR("no_such_function")));
}

TEST(arithmetic_on_constants)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    assert_string_equal(SHOW(cx, "+", VAL_INT(2), VAL_INT(3)), "5");
    assert_string_equal(SHOW(cx, "+", VAL_INT(2), VAL_NUM(0.5)), "2.5");
    assert_string_equal(SHOW(cx, "/", VAL_INT(7), VAL_INT(2)), "3.5");
    assert_string_equal(SHOW(cx, "/", VAL_INT(6), VAL_INT(2)), "3.0");
    assert_string_equal(SHOW(cx, "/", VAL_INT(1), VAL_INT(0)), "inf");
    assert_string_equal(SHOW(cx, "/", VAL_INT(0), VAL_INT(0)), "null");
    assert_string_equal(SHOW(cx, "//", VAL_INT(-7), VAL_INT(2)), "-4");
    assert_string_equal(SHOW(cx, "//", VAL_INT(7), VAL_INT(0)), "null");
    assert_string_equal(SHOW(cx, "%", VAL_INT(-7), VAL_INT(3)), "2");
    assert_string_equal(SHOW(cx, "%", VAL_INT(7), VAL_INT(-3)), "-2");
    assert_string_equal(SHOW(cx, "%", VAL_NUM(-7.5), VAL_NUM(2)), "0.5");
    assert_string_equal(SHOW(cx, "//", VAL_NUM(-7.5), VAL_NUM(2)), "-4.0");
    assert_string_equal(SHOW(cx, "^", VAL_INT(2), VAL_INT(10)), "1024.0");
    assert_string_equal(SHOW(cx, "^", VAL_INT(-8), VAL_NUM(0.5)), "null");
    assert_string_equal(SHOW(cx, "neg", VAL_INT(5)), "-5");
    assert_string_equal(SHOW(cx, "+", VAL_INT(2), VAL_NULL), "null");
    assert_string_equal(SHOW(cx, "-", VAL_NUM(INFINITY), VAL_NUM(INFINITY)), "null");
    unit_end(&u);
}

TEST(overflow_is_an_error)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar s;
    assert_err(cx, E312, CALL(cx, &s, "+", VAL_INT(INT64_MAX), VAL_INT(1)));
    assert_int_equal(CALL(cx, &s, "*", VAL_INT(INT64_MAX), VAL_INT(2)), RC_ERR);
    assert_string_equal(cx->err->message, "9223372036854775807 * 2 does not fit int");
    err_clear(cx->err);
    assert_err(cx, E312, CALL(cx, &s, "-", VAL_INT(INT64_MIN), VAL_INT(1)));
    assert_err(cx, E312, CALL(cx, &s, "neg", VAL_INT(INT64_MIN)));
    assert_err(cx, E312, CALL(cx, &s, "abs", VAL_INT(INT64_MIN)));
    assert_err(cx, E312, CALL(cx, &s, "//", VAL_INT(INT64_MIN), VAL_INT(-1)));
    assert_string_equal(SHOW(cx, "%", VAL_INT(INT64_MIN), VAL_INT(-1)), "0");
    assert_string_equal(SHOW(cx, "*", VAL_INT(INT64_C(3037000499)), VAL_INT(3037000499)),
                        "9223372030926249001");
    unit_end(&u);
}

TEST(comparisons_are_two_valued)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    assert_string_equal(SHOW(cx, "==", VAL_NULL, VAL_NULL), "true");
    assert_string_equal(SHOW(cx, "==", VAL_INT(1), VAL_NULL), "false");
    assert_string_equal(SHOW(cx, "!=", VAL_INT(1), VAL_NULL), "true");
    assert_string_equal(SHOW(cx, "!=", VAL_NULL, VAL_NULL), "false");
    assert_string_equal(SHOW(cx, "<=", VAL_NULL, VAL_NULL), "true");
    assert_string_equal(SHOW(cx, ">=", VAL_NULL, VAL_NULL), "true");
    assert_string_equal(SHOW(cx, "<", VAL_NULL, VAL_INT(1)), "false");
    assert_string_equal(SHOW(cx, ">", VAL_NULL, VAL_INT(1)), "false");
    assert_string_equal(SHOW(cx, "<", VAL_INT(1), VAL_NUM(1.5)), "true");
    assert_string_equal(SHOW(cx, "<", VAL_STR("B"), VAL_STR("a")), "true");
    assert_string_equal(SHOW(cx, "==", val_date("2019-01-31"), val_time("2019-01-31T00:00:00")),
                        "true");
    assert_string_equal(SHOW(cx, "<", val_date("2019-01-31"), val_time("2019-01-31T00:00:01")),
                        "true");
    assert_string_equal(SHOW(cx, "and", VAL_BOOL(true), VAL_NULL), "false");
    assert_string_equal(SHOW(cx, "or", VAL_NULL, VAL_BOOL(true)), "true");
    assert_string_equal(SHOW(cx, "not", VAL_NULL), "true");
    assert_string_equal(SHOW(cx, "is_null", VAL_NULL), "true");
    assert_string_equal(SHOW(cx, "is_null", VAL_STR("")), "false");
    assert_string_equal(SHOW(cx, "matches", VAL_NULL, VAL_STR("a")), "false");
    unit_end(&u);
}

TEST(types_are_checked)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar s;
    assert_int_equal(CALL(cx, &s, "hour", VAL_STR("x")), RC_ERR);
    assert_int_equal(cx->err->code, E207);
    assert_string_equal(cx->err->message, "`hour` takes datetime, not str");
    assert_string_equal(cx->err->hint, "hour(datetime(t))");
    assert_string_equal(cx->err->notes[0], "hour(t: datetime) -> int");
    err_clear(cx->err);
    assert_int_equal(CALL(cx, &s, "+", VAL_STR("x"), VAL_INT(1)), RC_ERR);
    assert_string_equal(cx->err->message, "`+` cannot stand between str and int");
    assert_string_equal(cx->err->hint, "num(a) + b");
    err_clear(cx->err);
    assert_int_equal(CALL(cx, &s, "+", VAL_STR("x"), VAL_STR("y")), RC_ERR);
    assert_string_equal(cx->err->hint, "f\"{a}{b}\"");
    err_clear(cx->err);
    assert_int_equal(CALL(cx, &s, "clamp", VAL_INT(1), VAL_INT(2)), RC_ERR);
    assert_int_equal(cx->err->code, E208);
    assert_string_equal(cx->err->message, "`clamp` takes 3 values, not 2");
    assert_string_equal(cx->err->hint, "clamp(x, lo, hi)");
    err_clear(cx->err);
    assert_err(cx, E207, CALL(cx, &s, "==", VAL_STR("1"), VAL_INT(1)));
    assert_err(cx, E207, CALL(cx, &s, "-", val_date("2019-01-31"), VAL_INT(1)));
    unit_end(&u);
}

TEST(zones_do_not_mix)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar a = val_time("2019-01-31T08:30:00"), b = a, s;
    b.type.zone = dtype_intern("UTC");
    assert_err(cx, E207, CALL(cx, &s, "<", a, b));
    assert_err(cx, E207, CALL(cx, &s, "-", a, b));
    assert_ok(cx, CALL(cx, &s, "+", b, VAL_DUR(US_PER_HOUR)));
    assert_string_equal(s.type.zone, "UTC");
    unit_end(&u);
}

TEST(casts)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar s;
    assert_string_equal(SHOW(cx, "int", VAL_STR(" 12 ")), "12");
    assert_string_equal(SHOW(cx, "int", VAL_STR("12.9")), "12");
    assert_string_equal(SHOW(cx, "int", VAL_STR("9223372036854775807")), "9223372036854775807");
    assert_string_equal(SHOW(cx, "int", VAL_STR("abc")), "null");
    assert_string_equal(SHOW(cx, "int", VAL_NUM(-2.7)), "-2");
    assert_string_equal(SHOW(cx, "int", VAL_NUM(1e30)), "null");
    assert_string_equal(SHOW(cx, "int", VAL_BOOL(true)), "1");
    assert_string_equal(SHOW(cx, "num", VAL_INT(3)), "3.0");
    assert_string_equal(SHOW(cx, "num", VAL_STR("1e3")), "1000.0");
    assert_string_equal(SHOW(cx, "num", VAL_STR("nan")), "null");
    assert_string_equal(SHOW(cx, "str", VAL_NUM(2.50)), "\"2.5\"");
    assert_string_equal(SHOW(cx, "str", VAL_NUM(2)), "\"2.0\"");
    assert_string_equal(SHOW(cx, "str", VAL_BOOL(true)), "\"true\"");
    assert_string_equal(SHOW(cx, "str", val_date("2019-01-31")), "\"2019-01-31\"");
    assert_string_equal(SHOW(cx, "str", VAL_DUR(90 * US_PER_MINUTE)), "\"1h 30min\"");
    assert_string_equal(SHOW(cx, "bool", VAL_STR("Yes")), "true");
    assert_string_equal(SHOW(cx, "bool", VAL_STR("maybe")), "null");
    assert_string_equal(SHOW(cx, "date", VAL_STR("2000-1-5")), "2000-01-05");
    assert_string_equal(SHOW(cx, "date", VAL_STR("2000-02-30")), "null");
    assert_string_equal(SHOW(cx, "date", VAL_STR("2000-01-05 10:30")), "2000-01-05");
    assert_string_equal(SHOW(cx, "date", val_time("1969-12-31T23:59:59")), "1969-12-31");
    assert_string_equal(SHOW(cx, "date", VAL_INT(2019), VAL_INT(2), VAL_INT(28)), "2019-02-28");
    assert_string_equal(SHOW(cx, "datetime", val_date("2019-01-31")), "2019-01-31 00:00:00");
    assert_string_equal(SHOW(cx, "datetime", VAL_STR("2019-1-31 08:30")), "2019-01-31 08:30:00");
    assert_string_equal(SHOW(cx, "datetime", VAL_STR("2019-01-31T08:30+02:00")),
                        "2019-01-31 06:30:00");
    assert_string_equal(SHOW(cx, "cat", VAL_STR("a")), "\"a\"");
    assert_string_equal(SHOW(cx, "cat", VAL_INT(12)), "\"12\"");
    assert_err(cx, E307, CALL(cx, &s, "int", VAL_STR("abc"), VAL_BOOL(true)));
    unit_end(&u);
}

TEST(failed_casts_are_counted)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct column *c = random_column(cx, KIND_STR, 500, true, false, 7), *out;
    struct fn_note note;
    assert_ok(cx, run_fn(cx, "num", (struct arg[]){{.col = c}}, 1, 500, &note, &out));
    int64_t bad = 0, first = -1;
    for (int64_t i = 0; i < 500; i++) {
        struct scalar x = column_scalar(c, i), y = column_scalar(out, i);
        bool is_num = !x.is_null && (str_eqz(x.u.s, "12") || str_eqz(x.u.s, "2.5"));
        assert_int_equal(y.is_null, !is_num);
        if (!x.is_null && !is_num && ++bad == 1) first = i;
    }
    assert_int_equal(note.n, bad);
    assert_int_equal(note.rows[0], first);
    assert_true(strlen(note.texts[2]) < 24);
    column_unref(out);
    column_unref(c);
    unit_end(&u);
}

TEST(notes_merge_in_order)
{
    struct fn_note a = {0}, b = {0};
    fn_note_add(&a, 5, STR("five"));
    fn_note_add(&b, 7, STR("seven"));
    fn_note_add(&b, 9, STR("a text that is longer than its room"));
    fn_note_add(&b, 11, STR("x"));
    fn_note_merge(&a, &b);
    assert_int_equal(a.n, 4);
    assert_int_equal(a.rows[1], 7);
    assert_string_equal(a.texts[2], "a text that is longer t");
}

TEST(signatures_are_read)
{
    struct fn_param p[8];
    assert_int_equal(fn_params("round(x: num, digits: int = 0) -> num", p, 8), 2);
    assert_true(str_eqz(p[1].name, "digits"));
    assert_true(str_eqz(p[1].type, "int"));
    assert_true(str_eqz(p[1].def, "0"));
    assert_null(p[0].def.p);
    assert_int_equal(fn_params("least(x, ..)", p, 8), 1);
    assert_int_equal(fn_params("pi() -> num", p, 8), 0);
    assert_int_equal(fn_params("cut(x: num, breaks: list[num], labels: list = null) -> cat", p, 8),
                     3);
    assert_true(str_eqz(p[2].name, "labels"));
}
