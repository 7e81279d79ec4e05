/* Values alone: making, printing, types, lists as columns, scopes. */
#include "lang/interp_int.h"
#include "tests/unit/unit.h"

static void text_is(struct value *take_v, bool quote, const char *want)
{
    struct strbuf text = {0};
    value_text(&text, take_v, quote);
    assert_string_equal(strbuf_view(&text).p, want);
    strbuf_release(&text);
    value_unref(take_v);
}
static struct value *list2(struct value *a, struct value *b)
{
    struct value *items[2] = {a, b};
    return value_list(items, 2);
}

TEST(texts_alone_and_bare)
{
    text_is(value_num(2), true, "2.0");
    text_is(value_num(0.1), true, "0.1");
    text_is(value_num(NAN), true, "null");
    text_is(value_str(STR("a\"b")), true, "\"a\\\"b\"");
    text_is(value_str(STR("a\"b")), false, "a\"b");
    text_is(value_bool(true), false, "true");
    text_is(value_null(), false, "null");
    text_is(list2(value_str(STR("x")), value_null()), false, "[\"x\", null]");
    text_is(value_list(NULL, 0), true, "[]");
    const char *names[] = {"k", "odd name"};
    struct value *items[] = {value_int(1), value_str(STR("v"))};
    text_is(value_struct(items, names, 2), true, "{k: 1, \"odd name\": \"v\"}");
    text_is(value_range(value_int(1), NULL, false), true, "1..");
    text_is(value_range(value_int(1), value_int(3), true), true, "1..<3");
    struct scalar months = {.type = DTYPE(KIND_DURATION), .months = 14, .u.i = US_PER_HOUR};
    text_is(value_scalar(&months), true, "1y 2mo 1h");
    text_is(value_nothing("saved"), true, "");
}

static void type_is(struct value *take_v, const char *want)
{
    char buf[64];
    assert_string_equal(value_type_text(take_v, buf, sizeof buf), want);
    value_unref(take_v);
}
TEST(type_words)
{
    type_is(value_int(1), "int");
    type_is(value_list(NULL, 0), "list");
    type_is(list2(value_int(1), value_null()), "list[int]");
    type_is(list2(value_null(), value_str(STR("a"))), "list[str]");
    type_is(list2(list2(value_int(1), value_int(2)), value_null()), "list[list[int]]");
    type_is(value_range(NULL, value_int(3), false), "range");
}

TEST(lists_as_columns)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct column *c;
    struct value *v = list2(value_int(1), value_num(2.5));
    assert_ok(cx, value_column(cx, v, NO_SPAN, &c));
    assert_int_equal(c->type.kind, KIND_NUM);
    assert_close(column_scalar(c, 0).u.f, 1.0, 0, 0);
    struct value *back = value_list_of(c);
    assert_int_equal(value_length(back), 2);
    text_is(value_item(back, 1), true, "2.5");
    text_is(back, true, "[1.0, 2.5]");
    column_unref(c);
    value_unref(v);

    v = list2(value_int(1), value_str(STR("a")));
    assert_err(cx, E207, value_column(cx, v, NO_SPAN, &c));
    value_unref(v);

    v = list2(list2(value_int(1), value_int(2)), list2(value_num(0.5), value_null()));
    assert_ok(cx, value_column(cx, v, NO_SPAN, &c));
    char buf[64];
    assert_string_equal(dtype_text(c->type, buf, sizeof buf), "list[num]");
    assert_int_equal(c->n, 2);
    column_unref(c);
    value_unref(v);

    struct scalar day = {.type = DTYPE(KIND_DATE), .u.i = 1};
    struct scalar at = {.type = DTYPE(KIND_DATETIME), .u.i = 5};
    v = list2(value_scalar(&day), value_scalar(&at));
    assert_ok(cx, value_column(cx, v, NO_SPAN, &c));
    assert_int_equal(c->type.kind, KIND_DATETIME);
    assert_true(column_scalar(c, 0).u.i == US_PER_DAY);
    column_unref(c);
    value_unref(v);

    struct scalar months = {.type = DTYPE(KIND_DURATION), .months = 1};
    v = list2(value_scalar(&months), value_null());
    assert_err(cx, E207, value_column(cx, v, NO_SPAN, &c));
    value_unref(v);
    unit_end(&u);
}

TEST(scopes_and_captures)
{
    struct arena *a = arena_new();
    struct scope *globals = scope_new(NULL), *call = scope_new(globals);
    struct str *names;
    scope_set(globals, STR("x"), value_int(1));
    scope_set(globals, STR("y"), value_int(2));
    scope_set(call, STR("x"), value_int(3));
    scope_set_fn(call, STR("x"), value_int(9));
    assert_int_equal(scope_get(call, STR("x"))->scalar.u.i, 3);
    assert_int_equal(scope_get(call, STR("y"))->scalar.u.i, 2);
    assert_int_equal(scope_fn(call, STR("x"))->scalar.u.i, 9);
    assert_null(scope_fn(globals, STR("x")));
    assert_int_equal(scope_names(call, a, &names), 2); /* the shadowed x stands once */
    assert_int_equal(scope_fn_names(call, a, &names), 1);

    struct scope *copy = scope_capture(call, globals);
    scope_set(call, STR("x"), value_int(4)); /* later changes are not seen */
    assert_int_equal(scope_get(copy, STR("x"))->scalar.u.i, 3);
    scope_set(globals, STR("y"), value_int(5)); /* those of the session are */
    assert_int_equal(scope_get(copy, STR("y"))->scalar.u.i, 5);
    assert_null(scope_capture(globals, globals));
    scope_unref(copy);
    scope_unref(call);
    scope_unref(globals);
    arena_free(a);
}

TEST(names_quoted)
{
    static const char *const bare[] = {"a", "_x1", "h\xc3\xa9", "count"};
    static const char *const odd[] = {"", "1a", "a b", "a.b", "and", "sort"};
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
        assert_true(name_is_bare(str_of(bare[i])));
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        assert_false(name_is_bare(str_of(odd[i])));
    struct strbuf text = {0};
    name_text(&text, STR("a`b"));
    assert_string_equal(text.p, "`a``b`");
    strbuf_release(&text);
}

TEST(sizes_of_memory)
{
    int64_t n;
    assert_true(bytes_parse(STR("4GB"), &n) && n == INT64_C(4) << 30);
    assert_true(bytes_parse(STR("0.5 mb"), &n) && n == 1 << 19);
    assert_false(bytes_parse(STR("4"), &n));
    assert_false(bytes_parse(STR("-1GB"), &n));
    assert_false(bytes_parse(STR("GB"), &n));
}
