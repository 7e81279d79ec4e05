#include "tests/unit/unit.h"

#include "runtime/col/column.h"

/* A text column of n rows: every seventh null, long and short texts. */
static struct column *texts(struct ctx *cx, int64_t n, int salt)
{
    struct builder b;
    struct column *c = NULL;
    char buf[64];
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int64_t i = 0; i < n; i++) {
        int len = snprintf(buf, sizeof buf, i % 3 ? "t%d" : "a rather long text number %d",
                           (int)((i + salt) % 50));
        if (i % 7 == 6)
            assert_ok(cx, builder_null(cx, &b));
        else
            assert_ok(cx, builder_str(cx, &b, (struct str){buf, (size_t)len}));
    }
    assert_ok(cx, builder_finish(cx, &b, &c));
    return c;
}

static struct column *ints(struct ctx *cx, int64_t n)
{
    struct builder b;
    struct column *c = NULL;
    builder_init(&b, DTYPE(KIND_INT), PHYS_I64);
    for (int64_t i = 0; i < n; i++) {
        if (i % 5 == 4)
            assert_ok(cx, builder_null(cx, &b));
        else
            assert_ok(cx, builder_i64(cx, &b, i * i));
    }
    assert_ok(cx, builder_finish(cx, &b, &c));
    return c;
}

static void same(const struct column *a, int64_t i, const struct column *b, int64_t j)
{
    struct scalar x = column_scalar(a, i), y = column_scalar(b, j);
    assert_int_equal(scalar_cmp(&x, &y), 0);
    scalar_release(&x);
    scalar_release(&y);
}

static void check(const struct column *c)
{
    const char *why;
    if (!column_check(c, 2, &why)) fail_msg("column is broken: %s", why);
}

TEST(encode_decode_gather_concat_agree)
{
    struct unit u;
    for (int threads = 1; threads <= 3; threads += 2) {
        struct ctx *cx = unit_begin(&u, threads);
        struct column *a = texts(cx, 150000, 0), *b = texts(cx, 777, 3), *ea, *eb, *back, *cat,
                      *picked;
        assert_ok(cx, column_encode(cx, a, false, &ea));
        assert_ok(cx, column_encode(cx, b, true, &eb));
        assert_int_equal(ea->phys, PHYS_DICT);
        assert_int_equal(ea->n_null, a->n_null);
        for (int64_t i = 1; i < eb->dict->n; i++) {
            struct scalar x = column_scalar(eb->dict, i - 1), y = column_scalar(eb->dict, i);
            assert_true(scalar_cmp(&x, &y) < 0);
        }
        assert_ok(cx, column_canonical(cx, ea, &back));
        const struct column *parts[] = {ea, eb, ea};
        assert_ok(cx, column_concat(cx, parts, 3, &cat));
        assert_int_equal(cat->phys, PHYS_DICT);
        int64_t rows[500];
        for (int i = 0; i < 500; i++)
            rows[i] = i % 11 == 3 ? -1 : (i * 7919) % cat->n;
        assert_ok(cx, column_gather(cx, cat, rows, 500, &picked));
        check(a), check(ea), check(eb), check(back), check(cat), check(picked);
        for (int64_t i = 0; i < a->n; i += 17) {
            same(a, i, ea, i);
            same(a, i, back, i);
            same(a, i, cat, i);
            same(a, i, cat, i + a->n + b->n);
        }
        for (int64_t i = 0; i < b->n; i++)
            same(b, i, cat, a->n + i);
        for (int i = 0; i < 500; i++) {
            if (rows[i] < 0)
                assert_false(bit_valid(picked->valid, i));
            else
                same(picked, i, cat, rows[i]);
        }
        struct column *all[] = {a, b, ea, eb, back, cat, picked};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            column_unref(all[i]);
        unit_end(&u);
    }
}

TEST(builder_takes_batches_of_any_kind)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct column *a = texts(cx, 300, 0), *d1, *d2, *out;
    assert_ok(cx, column_encode(cx, a, false, &d1));
    assert_ok(cx, column_encode(cx, a, true, &d2));
    struct builder b;
    builder_init(&b, DTYPE(KIND_STR), PHYS_DICT);
    struct vec v1 = column_view(d1, 0, 300), v2 = column_view(d2, 64, 100),
               v3 = column_view(a, 0, 300);
    int32_t sel[] = {5, 6, 299, 0};
    assert_ok(cx, builder_append(cx, &b, &v1, NULL, 300));
    assert_ok(cx, builder_append(cx, &b, &v2, NULL, 100));
    v3.heap = NULL; /* as if it lived in scratch */
    assert_ok(cx, builder_append(cx, &b, &v3, sel, 4));
    assert_ok(cx, builder_finish(cx, &b, &out));
    check(out);
    assert_int_equal(out->phys, PHYS_STR);
    for (int i = 0; i < 300; i++)
        same(out, i, a, i);
    for (int i = 0; i < 100; i++)
        same(out, 300 + i, a, 64 + i);
    for (int i = 0; i < 4; i++)
        same(out, 400 + i, a, sel[i]);
    column_unref(a), column_unref(d1), column_unref(d2);
    check(out); /* heaps outlive their first columns */
    column_unref(out);
    unit_end(&u);
}

TEST(slices_and_lists)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 2);
    struct column *a = ints(cx, 1000), *s, *l;
    assert_ok(cx, column_slice(cx, a, 128, 100, &s));
    for (int i = 0; i < 100; i++)
        same(s, i, a, 128 + i);
    column_unref(s);
    assert_ok(cx, column_slice(cx, a, 131, 100, &s));
    for (int i = 0; i < 100; i++)
        same(s, i, a, 131 + i);
    struct builder b;
    builder_init(&b, dtype_list(DTYPE(KIND_INT)), PHYS_LIST);
    struct scalar list = {.type = dtype_list(DTYPE(KIND_INT)), .u.list = s},
                  null = {.is_null = true};
    assert_ok(cx, builder_scalar(cx, &b, &list));
    assert_ok(cx, builder_scalar(cx, &b, &null));
    assert_ok(cx, builder_scalar(cx, &b, &list));
    assert_ok(cx, builder_finish(cx, &b, &l));
    check(l);
    int64_t rows[] = {2, -1, 1};
    struct column *g;
    assert_ok(cx, column_gather(cx, l, rows, 3, &g));
    check(g);
    assert_int_equal(g->n_null, 2);
    struct scalar got = column_scalar(g, 0);
    assert_int_equal(got.u.list->n, 100);
    same(got.u.list, 99, a, 230);
    scalar_release(&got);
    column_unref(g), column_unref(l), column_unref(s), column_unref(a);
    unit_end(&u);
}

TEST(table_checks_names_and_lengths)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct field f[] = {{"a", DTYPE(KIND_INT)}, {"a", DTYPE(KIND_INT)}};
    struct schema *s;
    assert_err(cx, E212, schema_new(cx, f, 2, NO_SPAN, &s));
    f[1].name = "b";
    assert_ok(cx, schema_new(cx, f, 2, NO_SPAN, &s));
    struct column *cols[] = {ints(cx, 10), ints(cx, 11)};
    struct table *t, *t2, *both;
    assert_err(cx, E903, table_new(cx, s, cols, 10, &t));
    cols[0] = ints(cx, 200), cols[1] = ints(cx, 200);
    assert_ok(cx, table_new(cx, s, cols, 200, &t));
    assert_ok(cx, table_slice(cx, t, 64, 500, &t2));
    assert_int_equal(t2->n_rows, 136);
    const struct table *parts[] = {t, t2};
    assert_ok(cx, table_concat(cx, parts, 2, &both));
    assert_int_equal(both->n_rows, 336);
    same(both->cols[1], 200, t->cols[1], 64);
    table_unref(both), table_unref(t2), table_unref(t), schema_unref(s);
    unit_end(&u);
}

TEST(values_as_text)
{
    struct strbuf b = {0};
    struct scalar s = {.type = DTYPE(KIND_STR), .u.s = STR("a \"b\"\n")};
    scalar_text(&b, &s, true);
    assert_string_equal(b.p, "\"a \\\"b\\\"\\n\"");
    strbuf_clear(&b);
    s = (struct scalar){.type = DTYPE(KIND_DURATION), .months = 14};
    scalar_text(&b, &s, true);
    assert_string_equal(b.p, "1y 2mo");
    strbuf_release(&b);
}
