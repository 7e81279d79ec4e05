/* Text functions, f-string formats and time functions; expected values from Python
 * (tests/oracle/fn_text.py) or written by hand. */
#include "tests/unit/fn_oracle.h"

TEST(formats_as_python)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct oracle o;
    oracle_open(&o, "fn_format.tsv");
    while (oracle_next(&o)) {
        struct scalar s, x = val_str(o.field[1]);
        if (str_eqz(o.field[0], "int")) x = VAL_INT(field_int(o.field[1]));
        if (str_eqz(o.field[0], "num")) x = VAL_NUM(field_num(o.field[1]));
        assert_ok(cx, CALL(cx, &s, "format", x, val_str(o.field[2])));
        if (!str_eq(s.u.s, o.field[3]))
            fail_msg("format(%.*s, \"%.*s\") is \"%.*s\", Python writes \"%.*s\"",
                     STR_FMT(o.field[1]), STR_FMT(o.field[2]), STR_FMT(s.u.s), STR_FMT(o.field[3]));
    }
    unit_end(&u);
}

TEST(formats_of_other_kinds)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar s;
    struct scalar t = val_time("2019-01-31T08:30:05");
    assert_string_equal(SHOW(cx, "format", t, VAL_STR("%d.%m.%Y %H:%M")), "\"31.01.2019 08:30\"");
    assert_string_equal(SHOW(cx, "format", val_date("2019-01-31"), VAL_STR("%A")), "\"Thursday\"");
    assert_string_equal(SHOW(cx, "format", val_date("2019-01-31"), VAL_STR(">12")),
                        "\"  2019-01-31\"");
    assert_string_equal(SHOW(cx, "format", VAL_BOOL(true), VAL_STR("")), "\"true\"");
    assert_string_equal(SHOW(cx, "format", VAL_NUM(2), VAL_STR("")), "\"2.0\"");
    assert_string_equal(SHOW(cx, "concat", VAL_STR("a"), VAL_NULL, VAL_STR("b")), "\"anullb\"");
    struct scalar null_num = {.type = DTYPE(KIND_NUM), .is_null = true};
    assert_string_equal(SHOW(cx, "format", null_num, VAL_STR("8.2f")), "\"    null\"");
    assert_err(cx, E209, CALL(cx, &s, "format", VAL_INT(1), VAL_STR(".2d")));
    assert_err(cx, E209, CALL(cx, &s, "format", VAL_STR("x"), VAL_STR("f")));
    assert_err(cx, E209, CALL(cx, &s, "format", VAL_NUM(1), VAL_STR("zz")));
    assert_err(cx, E209, CALL(cx, &s, "format", VAL_NUM(1), VAL_STR("99999999999999f")));
    unit_end(&u);
}

TEST(slices_as_python)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct oracle o;
    struct scalar s;
    oracle_open(&o, "fn_slice.tsv");
    while (oracle_next(&o)) {
        struct scalar lo = VAL_INT(field_int(o.field[1])), hi = VAL_INT(field_int(o.field[2]));
        assert_ok(cx, CALL(cx, &s, "slice", val_str(o.field[0]), lo, hi));
        if (!str_eq(s.u.s, o.field[3]))
            fail_msg("%.*s[%.*s..%.*s] is \"%.*s\", expected \"%.*s\"", STR_FMT(o.field[0]),
                     STR_FMT(o.field[1]), STR_FMT(o.field[2]), STR_FMT(s.u.s), STR_FMT(o.field[3]));
    }
    assert_string_equal(SHOW(cx, "slice", VAL_STR("abcd"), VAL_NULL, VAL_INT(2)), "\"ab\"");
    assert_string_equal(SHOW(cx, "slice", VAL_STR("abcd"), VAL_INT(3), VAL_NULL), "\"cd\"");
    assert_string_equal(SHOW(cx, "at", VAL_STR("na\u00efve"), VAL_INT(3)), "\"\u00ef\"");
    assert_string_equal(SHOW(cx, "at", VAL_STR("abc"), VAL_INT(-1)), "\"c\"");
    assert_string_equal(SHOW(cx, "at", VAL_STR("abc"), VAL_INT(4)), "null");
    assert_string_equal(SHOW(cx, "at", VAL_STR("abc"), VAL_INT(-4)), "null");
    assert_string_equal(SHOW(cx, "at", VAL_STR("abc"), VAL_INT(INT64_MIN)), "null");
    assert_err(cx, E313, CALL(cx, &s, "at", VAL_STR("abc"), VAL_INT(0)));
    assert_err(cx, E313, CALL(cx, &s, "slice", VAL_STR("abc"), VAL_INT(0), VAL_INT(2)));
    assert_string_equal(SHOW(cx, "left", VAL_STR("na\u00efve"), VAL_INT(3)), "\"na\u00ef\"");
    assert_string_equal(SHOW(cx, "left", VAL_STR("abcd"), VAL_INT(-1)), "\"abc\"");
    assert_string_equal(SHOW(cx, "right", VAL_STR("na\u00efve"), VAL_INT(3)), "\"\u00efve\"");
    assert_string_equal(SHOW(cx, "right", VAL_STR("abcd"), VAL_INT(-1)), "\"bcd\"");
    assert_string_equal(SHOW(cx, "right", VAL_STR("abcd"), VAL_INT(9)), "\"abcd\"");
    unit_end(&u);
}

TEST(case_and_trim)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    assert_string_equal(SHOW(cx, "upper", VAL_STR("abc Stra\u00dfe \u00e9")),
                        "\"ABC STRASSE \u00c9\"");
    assert_string_equal(SHOW(cx, "lower", VAL_STR("ABC [Z] \u00c9A long enough text")),
                        "\"abc [z] \u00e9a long enough text\"");
    assert_string_equal(SHOW(cx, "title", VAL_STR("new york, they're o\u00f9")),
                        "\"New York, They're O\u00f9\"");
    assert_string_equal(SHOW(cx, "trim", VAL_STR(" \t\u00a0a b\u3000 ")), "\"a b\"");
    assert_string_equal(SHOW(cx, "trim", VAL_STR("--a-b--"), VAL_STR("-")), "\"a-b\"");
    assert_string_equal(SHOW(cx, "trim", VAL_STR("   ")), "\"\"");
    assert_string_equal(SHOW(cx, "len", VAL_STR("na\u00efve")), "5");
    assert_string_equal(SHOW(cx, "len", VAL_STR("")), "0");
    unit_end(&u);
}

TEST(searching_and_making)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar s;
    assert_string_equal(SHOW(cx, "contains", VAL_STR("banana"), VAL_STR("nan")), "true");
    assert_string_equal(SHOW(cx, "contains", VAL_STR("banana"), VAL_STR("nn")), "false");
    assert_string_equal(SHOW(cx, "contains", VAL_STR(""), VAL_STR("")), "true");
    assert_string_equal(SHOW(cx, "contains", VAL_NULL, VAL_STR("a")), "null");
    assert_string_equal(SHOW(cx, "starts", VAL_STR("banana"), VAL_STR("ba")), "true");
    assert_string_equal(SHOW(cx, "ends", VAL_STR("banana"), VAL_STR("na")), "true");
    assert_string_equal(SHOW(cx, "find", VAL_STR("na\u00efve"), VAL_STR("v")), "4");
    assert_string_equal(SHOW(cx, "find", VAL_STR("naive"), VAL_STR("x")), "null");
    assert_string_equal(SHOW(cx, "replace", VAL_STR("aXbXc"), VAL_STR("X"), VAL_STR("--")),
                        "\"a--b--c\"");
    assert_string_equal(SHOW(cx, "replace", VAL_STR("aaa"), VAL_STR("aa"), VAL_STR("b")), "\"ba\"");
    assert_string_equal(SHOW(cx, "replace", VAL_STR("abc"), VAL_STR(""), VAL_STR("x")), "\"abc\"");
    assert_string_equal(SHOW(cx, "pad", VAL_STR("7"), VAL_INT(3), VAL_STR("0")), "\"007\"");
    assert_string_equal(SHOW(cx, "pad", VAL_STR("ab"), VAL_INT(7), VAL_STR("\u00e9-")),
                        "\"\u00e9-\u00e9-\u00e9ab\"");
    assert_string_equal(SHOW(cx, "pad", VAL_STR("7"), VAL_INT(3), VAL_STR(" "), VAL_STR("right")),
                        "\"7  \"");
    assert_string_equal(SHOW(cx, "repeat", VAL_STR("ab"), VAL_INT(3)), "\"ababab\"");
    assert_string_equal(SHOW(cx, "repeat", VAL_STR("ab"), VAL_INT(-3)), "\"\"");
    assert_err(cx, E902, CALL(cx, &s, "repeat", VAL_STR("ab"), VAL_INT(INT64_MAX)));
    assert_err(cx, E902, CALL(cx, &s, "pad", VAL_STR("ab"), VAL_INT(INT64_MAX)));
    assert_err(cx, E209,
               CALL(cx, &s, "pad", VAL_STR("ab"), VAL_INT(4), VAL_STR(" "), VAL_STR("up")));
    unit_end(&u);
}

TEST(like_patterns)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    static const struct {
        const char *s, *p;
        bool want;
    } cases[] = {
        {"banana", "b%", true},   {"banana", "%na", true},       {"banana", "b%n_", true},
        {"banana", "b_n", false}, {"banana", "%", true},         {"", "%", true},
        {"", "_", false},         {"na\u00efve", "na_ve", true}, {"50%", "50\\%", true},
        {"50x", "50\\%", false},  {"abcabc", "%abc", true},      {"abcab", "%abc", false},
        {"a_b", "a\\_b", true},   {"axb", "a\\_b", false},       {"aaab", "%a%b", true},
        {"a\\b", "a\\\\b", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scalar s;
        assert_ok(cx, CALL(cx, &s, "like", VAL_STR(cases[i].s), VAL_STR(cases[i].p)));
        if (s.u.b != cases[i].want) fail_msg("like(%s, %s)", cases[i].s, cases[i].p);
    }
    unit_end(&u);
}

TEST(regular_expressions)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar s;
    assert_string_equal(SHOW(cx, "matches", VAL_STR("wk12"), VAL_STR("^wk\\d+$")), "true");
    assert_string_equal(SHOW(cx, "matches", VAL_STR("xwk12"), VAL_STR("^wk")), "false");
    assert_string_equal(SHOW(cx, "matches", VAL_STR("na\u00efve"), VAL_STR("^\\w{5}$")), "true");
    assert_string_equal(SHOW(cx, "extract", VAL_STR("room 12b"), VAL_STR("(\\d+)(b)")), "\"12\"");
    assert_string_equal(SHOW(cx, "extract", VAL_STR("room 12b"), VAL_STR("(\\d+)(b)"), VAL_INT(2)),
                        "\"b\"");
    assert_string_equal(SHOW(cx, "extract", VAL_STR("room 12b"), VAL_STR("\\d+.")), "\"12b\"");
    assert_string_equal(SHOW(cx, "extract", VAL_STR("room"), VAL_STR("\\d")), "null");
    assert_string_equal(SHOW(cx, "extract", VAL_STR("ab"), VAL_STR("(x)?b")), "null");
    assert_string_equal(
        SHOW(cx, "sub", VAL_STR("2019-01"), VAL_STR("(\\d+)-(\\d+)"), VAL_STR("\\2/$1")),
        "\"01/2019\"");
    assert_string_equal(SHOW(cx, "sub", VAL_STR("aXbX"), VAL_STR("X"), VAL_STR("$$1")),
                        "\"a$1b$1\"");
    assert_string_equal(SHOW(cx, "sub", VAL_STR("ab"), VAL_STR("(?<c>b)"), VAL_STR("<${c}${1}>")),
                        "\"a<bb>\"");
    assert_string_equal(SHOW(cx, "sub", VAL_STR("abc"), VAL_STR("x*"), VAL_STR("-")),
                        "\"-a-b-c-\"");
    assert_string_equal(SHOW(cx, "sub", VAL_STR("na\u00efve"), VAL_STR("\u00ef?"), VAL_STR(".")),
                        "\".n.a..v.e.\"");
    assert_err(cx, E314, CALL(cx, &s, "matches", VAL_STR("a"), VAL_STR("(a")));
    assert_err(cx, E209, CALL(cx, &s, "extract", VAL_STR("a"), VAL_STR("(a)"), VAL_INT(2)));
    assert_err(cx, E209, CALL(cx, &s, "sub", VAL_STR("a"), VAL_STR("(a)"), VAL_STR("\\2")));
    /* exponential backtracking is stopped, not waited for */
    char many[64];
    memset(many, 'a', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_err(cx, E314,
               CALL(cx, &s, "matches", VAL_STR(many), VAL_STR("^(a+)+(b)\\1$|^(a|aa)+$(?<=x)")));
    unit_end(&u);
}

TEST(text_functions_on_columns)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct column *c = random_column(cx, KIND_STR, 500, true, false, 3), *out;
    const char *fns[] = {"lower", "upper", "title", "trim", "len", "str", "cat", "hash"};
    for (int f = 0; f < 8; f++) {
        assert_ok(cx, run_fn(cx, fns[f], (struct arg[]){{.col = c}}, 1, 500, NULL, &out));
        for (int64_t i = 0; i < 500; i++) {
            struct scalar x = column_scalar(c, i), got = column_scalar(out, i), want;
            assert_int_equal(x.is_null, got.is_null);
            if (x.is_null) continue;
            assert_ok(cx, CALL(cx, &want, fns[f], x));
            if (f == 4 || f == 7)
                assert_int_equal(want.u.i, got.u.i);
            else
                assert_true(str_eq(want.u.s, got.u.s));
        }
        column_unref(out);
    }
    column_unref(c);
    unit_end(&u);
}

/* ---- time ---- */
TEST(time_fields_as_python)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    const char *fns[] = {"year",    "quarter", "month", "day",    "weekday",
                         "yearday", "week",    "hour",  "minute", "second"};
    struct oracle o;
    struct builder b;
    struct column *c, *days, *out;
    builder_init(&b, DTYPE(KIND_DATETIME), PHYS_TS64);
    oracle_open(&o, "fn_time.tsv");
    while (oracle_next(&o))
        assert_ok(cx, builder_i64(cx, &b, field_int(o.field[0])));
    assert_ok(cx, builder_finish(cx, &b, &c));
    assert_ok(cx, run_fn(cx, "date", (struct arg[]){{.col = c}}, 1, c->n, NULL, &days));
    for (int f = 0; f < 10; f++) {
        for (int as_date = 0; as_date < (f < 7 ? 2 : 1); as_date++) {
            struct arg a = {.col = as_date ? days : c};
            assert_ok(cx, run_fn(cx, fns[f], &a, 1, c->n, NULL, &out));
            oracle_open(&o, "fn_time.tsv");
            for (int64_t i = 0; oracle_next(&o); i++)
                if (column_scalar(out, i).u.i != field_int(o.field[f + 1]))
                    fail_msg("%s of %.*s", fns[f], STR_FMT(o.field[0]));
            column_unref(out);
        }
    }
    struct arg week[2] = {{.col = days}, {.value = VAL_DUR(7 * US_PER_DAY)}};
    assert_ok(cx, run_fn(cx, "bin", week, 2, c->n, NULL, &out));
    oracle_open(&o, "fn_time.tsv");
    for (int64_t i = 0; oracle_next(&o); i++)
        assert_int_equal(column_scalar(out, i).u.i, field_int(o.field[11]));
    column_unref(out);
    column_unref(days);
    column_unref(c);
    unit_end(&u);
}

static struct scalar months(int32_t n)
{
    struct scalar s = VAL_DUR(0);
    s.months = n;
    return s;
}

TEST(time_arithmetic)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar s, d = val_date("2019-01-31"), t = val_time("2019-01-31T08:41:00");
    assert_string_equal(SHOW(cx, "-", val_date("2019-02-01"), d), "1d");
    assert_string_equal(SHOW(cx, "+", d, VAL_DUR(US_PER_DAY)), "2019-02-01");
    assert_string_equal(SHOW(cx, "+", VAL_DUR(US_PER_DAY), d), "2019-02-01");
    assert_string_equal(SHOW(cx, "-", d, VAL_DUR(31 * US_PER_DAY)), "2018-12-31");
    assert_err(cx, E207, CALL(cx, &s, "+", d, VAL_DUR(US_PER_HOUR)));
    assert_string_equal(SHOW(cx, "-", t, d), "8h 41min");
    assert_string_equal(SHOW(cx, "+", t, VAL_DUR(US_PER_HOUR)), "2019-01-31 09:41:00");
    assert_string_equal(SHOW(cx, "*", VAL_DUR(US_PER_HOUR), VAL_NUM(1.5)), "1h 30min");
    assert_string_equal(SHOW(cx, "*", VAL_INT(3), VAL_DUR(US_PER_HOUR)), "3h");
    assert_string_equal(SHOW(cx, "/", VAL_DUR(US_PER_HOUR), VAL_INT(4)), "15min");
    assert_string_equal(SHOW(cx, "/", VAL_DUR(US_PER_HOUR), VAL_DUR(US_PER_MINUTE)), "60.0");
    assert_string_equal(SHOW(cx, "/", VAL_DUR(US_PER_HOUR), VAL_INT(0)), "null");
    assert_string_equal(SHOW(cx, "//", VAL_DUR(US_PER_HOUR), VAL_DUR(7 * US_PER_MINUTE)), "8");
    assert_string_equal(SHOW(cx, "%", VAL_DUR(US_PER_HOUR), VAL_DUR(7 * US_PER_MINUTE)), "4min");
    assert_string_equal(SHOW(cx, "add_months", d, VAL_INT(1)), "2019-02-28");
    assert_string_equal(SHOW(cx, "add_months", d, VAL_INT(-11)), "2018-02-28");
    assert_string_equal(SHOW(cx, "add_months", val_date("2020-02-29"), VAL_INT(-12)), "2019-02-28");
    assert_string_equal(SHOW(cx, "add_months", t, VAL_INT(13)), "2020-02-29 08:41:00");
    assert_err(cx, E312, CALL(cx, &s, "add_months", t, VAL_INT(INT64_MAX)));
    assert_string_equal(SHOW(cx, "bin", t, VAL_DUR(15 * US_PER_MINUTE)), "2019-01-31 08:30:00");
    assert_string_equal(SHOW(cx, "bin", val_time("1969-12-31T23:59:59"), VAL_DUR(US_PER_DAY)),
                        "1969-12-31 00:00:00");
    assert_string_equal(SHOW(cx, "bin", t, months(1)), "2019-01-01 00:00:00");
    assert_string_equal(SHOW(cx, "bin", val_date("2019-05-31"), months(3)), "2019-04-01");
    assert_string_equal(SHOW(cx, "bin", val_date("2019-05-31"), months(12)), "2019-01-01");
    assert_err(cx, E209, CALL(cx, &s, "bin", d, VAL_DUR(US_PER_HOUR)));
    assert_err(cx, E209, CALL(cx, &s, "bin", t, VAL_DUR(0)));
    assert_string_equal(SHOW(cx, "bin", VAL_INT(-7), VAL_INT(5)), "-10");
    assert_string_equal(SHOW(cx, "bin", VAL_NUM(7.3), VAL_NUM(2.5)), "5.0");
    assert_string_equal(SHOW(cx, "seconds", VAL_DUR(90 * US_PER_SECOND)), "90.0");
    assert_string_equal(SHOW(cx, "days", VAL_DUR(36 * US_PER_HOUR)), "1.5");
    assert_string_equal(SHOW(cx, "months_between", d, val_date("2019-02-28")), "1");
    assert_string_equal(SHOW(cx, "months_between", d, val_date("2019-03-30")), "1");
    assert_string_equal(SHOW(cx, "months_between", val_date("2019-03-30"), d), "-1");
    assert_string_equal(SHOW(cx, "age", val_date("1990-06-15"), val_date("2019-06-14")), "28");
    assert_string_equal(SHOW(cx, "age", val_date("1990-06-15"), val_date("2019-06-15")), "29");
    assert_string_equal(SHOW(cx, "is_weekend", val_date("2019-02-02")), "true");
    assert_string_equal(SHOW(cx, "is_weekend", val_date("2019-02-01")), "false");
    assert_string_equal(SHOW(cx, "format_time", d, VAL_STR("%d.%m.%Y")), "\"31.01.2019\"");
    assert_string_equal(
        SHOW(cx, "parse_time", VAL_STR("31.01.2019 08:30"), VAL_STR("%d.%m.%Y %H:%M")),
        "2019-01-31 08:30:00");
    assert_string_equal(SHOW(cx, "parse_time", VAL_STR("soon"), VAL_STR("%Y")), "null");
    unit_end(&u);
}

TEST(intervals)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar s, breaks = {.type = dtype_list(DTYPE(KIND_INT))}, labels = breaks;
    struct builder b;
    struct column *c, *names;
    builder_init(&b, DTYPE(KIND_INT), PHYS_I64);
    assert_ok(cx, builder_i64(cx, &b, 0));
    assert_ok(cx, builder_i64(cx, &b, 18));
    assert_ok(cx, builder_i64(cx, &b, 65));
    assert_ok(cx, builder_finish(cx, &b, &c));
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    assert_ok(cx, builder_str(cx, &b, STR("young")));
    assert_ok(cx, builder_str(cx, &b, STR("old")));
    assert_ok(cx, builder_finish(cx, &b, &names));
    breaks.u.list = c;
    labels.type = dtype_list(DTYPE(KIND_STR));
    labels.u.list = names;
    assert_string_equal(SHOW(cx, "cut", VAL_INT(18), breaks), "\"(0, 18]\"");
    assert_string_equal(SHOW(cx, "cut", VAL_NUM(18.5), breaks), "\"(18, 65]\"");
    assert_string_equal(SHOW(cx, "cut", VAL_INT(0), breaks), "null");
    assert_string_equal(SHOW(cx, "cut", VAL_INT(66), breaks), "null");
    assert_string_equal(SHOW(cx, "cut", VAL_INT(18), breaks, labels), "\"young\"");
    assert_string_equal(SHOW(cx, "cut", VAL_INT(18), breaks, VAL_NULL, VAL_BOOL(false)),
                        "\"[18, 65)\"");
    assert_err(cx, E209, CALL(cx, &s, "cut", VAL_INT(18), breaks, breaks));
    column_unref(c);
    column_unref(names);
    unit_end(&u);
}

TEST(rounding_as_numpy)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct oracle o;
    struct scalar s;
    oracle_open(&o, "fn_round.tsv");
    while (oracle_next(&o)) {
        struct scalar k = VAL_INT(field_int(o.field[1]));
        assert_ok(cx, CALL(cx, &s, "round", VAL_NUM(field_num(o.field[0])), k));
        if (s.u.f != field_num(o.field[2]) && isfinite(field_num(o.field[2])))
            fail_msg("round(%.*s, %.*s) is %.17g, numpy %.*s", STR_FMT(o.field[0]),
                     STR_FMT(o.field[1]), s.u.f, STR_FMT(o.field[2]));
    }
    assert_string_equal(SHOW(cx, "round", VAL_NUM(2.5)), "2.0");
    assert_string_equal(SHOW(cx, "round", VAL_NUM(-3.5)), "-4.0");
    assert_string_equal(SHOW(cx, "round", VAL_INT(1250), VAL_INT(-2)), "1200");
    assert_string_equal(SHOW(cx, "round", VAL_INT(-1350), VAL_INT(-2)), "-1400");
    assert_string_equal(SHOW(cx, "round", VAL_INT(7), VAL_INT(2)), "7");
    assert_string_equal(SHOW(cx, "sqrt", VAL_INT(-1)), "null");
    assert_string_equal(SHOW(cx, "log", VAL_INT(0)), "-inf");
    assert_string_equal(SHOW(cx, "near", VAL_NUM(0.1 + 0.2), VAL_NUM(0.3)), "true");
    assert_string_equal(SHOW(cx, "near", VAL_NULL, VAL_NUM(0.3)), "false");
    assert_string_equal(SHOW(cx, "is_finite", VAL_NUM(INFINITY)), "false");
    unit_end(&u);
}

TEST(lists)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar l, s;
    assert_string_equal(SHOW(cx, "split", VAL_STR("a-b--c"), VAL_STR("-")),
                        "[\"a\", \"b\", \"\", \"c\"]");
    assert_string_equal(SHOW(cx, "split", VAL_STR(""), VAL_STR("-")), "[\"\"]");
    assert_string_equal(SHOW(cx, "split", VAL_STR("ab"), VAL_STR("")), "[\"ab\"]");
    assert_ok(cx, CALL(cx, &l, "split", VAL_STR("a-b-a text of more than twelve"), VAL_STR("-")));
    assert_string_equal(SHOW(cx, "len", l), "3");
    assert_string_equal(SHOW(cx, "at", l, VAL_INT(-1)), "\"a text of more than twelve\"");
    assert_string_equal(SHOW(cx, "at", l, VAL_INT(4)), "null");
    assert_string_equal(SHOW(cx, "slice", l, VAL_INT(1), VAL_INT(2)), "[\"a\", \"b\"]");
    assert_string_equal(SHOW(cx, "slice", l, VAL_INT(-9), VAL_INT(-3)), "[\"a\"]");
    assert_string_equal(SHOW(cx, "slice", l, VAL_INT(4), VAL_NULL), "[]");
    assert_string_equal(SHOW(cx, "contains", l, VAL_STR("b")), "true");
    assert_string_equal(SHOW(cx, "contains", l, VAL_STR("x")), "false");
    assert_err(cx, E207, CALL(cx, &s, "contains", l, VAL_INT(1)));
    assert_err(cx, E313, CALL(cx, &s, "at", l, VAL_INT(0)));
    /* over rows */
    struct column *c = random_column(cx, KIND_STR, 300, true, false, 5), *parts, *out;
    struct arg args[3] = {{.col = c}, {.value = VAL_STR(" ")}};
    assert_ok(cx, run_fn(cx, "split", args, 2, 300, NULL, &parts));
    args[0].col = parts;
    args[1].value = VAL_INT(2);
    assert_ok(cx, run_fn(cx, "at", args, 2, 300, NULL, &out));
    for (int64_t i = 0; i < 300; i++) {
        struct scalar x = column_scalar(c, i), got = column_scalar(out, i);
        const char *space = x.is_null ? NULL : memchr(x.u.s.p, ' ', x.u.s.n);
        assert_int_equal(got.is_null, !space);
        if (!space) continue;
        struct str rest = {space + 1, x.u.s.n - (size_t)(space + 1 - x.u.s.p)};
        const char *end = memchr(rest.p, ' ', rest.n);
        if (end) rest.n = (size_t)(end - rest.p);
        assert_true(str_eq(got.u.s, rest));
    }
    column_unref(out);
    assert_ok(cx, run_fn(cx, "len", args, 1, 300, NULL, &out));
    for (int64_t i = 0; i < 300; i++)
        assert_int_equal(column_scalar(out, i).is_null, column_scalar(c, i).is_null);
    column_unref(out);
    column_unref(parts);
    column_unref(c);
    unit_end(&u);
}
