/* The C data interface: tables out and in again share memory and keep every value; arrays of
 * others, made by hand, come in; what is not complete is refused and released. */
#include "tests/unit/unit.h"

#include "runtime/col/arrow.h"

static struct column *ints(struct ctx *cx, int n)
{
    struct builder b;
    struct column *c;
    builder_init(&b, DTYPE(KIND_INT), PHYS_I64);
    for (int i = 0; i < n; i++)
        assert_ok(cx, builder_i64(cx, &b, i * 7));
    assert_ok(cx, builder_finish(cx, &b, &c));
    return c;
}

static struct column *texts(struct ctx *cx, int n, bool as_cat)
{
    struct builder b;
    struct column *c, *d;
    char text[64];
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int i = 0; i < n; i++) {
        int len =
            snprintf(text, sizeof text, i % 3 ? "t%d" : "a long text number %d of them", i % 10);
        if (i % 7 == 3)
            assert_ok(cx, builder_null(cx, &b));
        else
            assert_ok(cx, builder_str(cx, &b, (struct str){text, (size_t)len}));
    }
    assert_ok(cx, builder_finish(cx, &b, &c));
    if (!as_cat) return c;
    assert_ok(cx, column_encode(cx, c, false, &d));
    column_unref(c);
    d->type = (struct dtype){.kind = KIND_CAT, .ordered = true};
    return d;
}

static struct column *lists(struct ctx *cx, int n)
{
    struct builder b;
    struct column *c;
    builder_init(&b, dtype_list(DTYPE(KIND_INT)), PHYS_LIST);
    for (int i = 0; i < n; i++) {
        struct column *elems = ints(cx, i % 4);
        struct scalar s = {.type = b.type, .u.list = elems};
        if (i % 5 == 4)
            assert_ok(cx, builder_null(cx, &b));
        else
            assert_ok(cx, builder_scalar(cx, &b, &s));
        column_unref(elems);
    }
    assert_ok(cx, builder_finish(cx, &b, &c));
    return c;
}

static struct table *sample(struct ctx *cx, int n)
{
    struct column *cols[4] = {ints(cx, n), texts(cx, n, false), texts(cx, n, true), lists(cx, n)};
    const char *const names[4] = {"i", "s", "c", "odd name"};
    struct field fields[4];
    struct schema *schema;
    struct table *t;
    for (int i = 0; i < 4; i++)
        fields[i] = (struct field){names[i], cols[i]->type};
    assert_ok(cx, schema_new(cx, fields, 4, NO_SPAN, &schema));
    assert_ok(cx, table_new(cx, schema, cols, n, &t));
    schema_unref(schema);
    return t;
}

static void assert_same(const struct table *a, const struct table *b)
{
    const char *why = "";
    assert_int_equal(a->n_rows, b->n_rows);
    assert_int_equal(a->schema->n, b->schema->n);
    for (int i = 0; i < a->schema->n; i++) {
        assert_string_equal(a->schema->fields[i].name, b->schema->fields[i].name);
        assert_true(dtype_eq(a->schema->fields[i].type, b->schema->fields[i].type));
        assert_true(column_check(b->cols[i], 2, &why));
        for (int64_t r = 0; r < a->n_rows; r++) {
            struct strbuf x = {0}, y = {0};
            struct scalar s = column_scalar(a->cols[i], r), t = column_scalar(b->cols[i], r);
            scalar_text(&x, &s, true);
            scalar_text(&y, &t, true);
            assert_string_equal(x.p, y.p);
            scalar_release(&s);
            scalar_release(&t);
            strbuf_release(&x);
            strbuf_release(&y);
        }
    }
}

TEST(out_and_in_again)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    static const int sizes[] = {0, 1, 63, 64, 500};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct table *t = sample(cx, sizes[k]), *back;
        struct ArrowSchema schema;
        struct ArrowArray array;
        const void *values = t->cols[0]->data;
        assert_ok(cx, table_export(cx, t, &schema, &array));
        assert_string_equal(schema.children[1]->format, "vu");
        assert_ok(cx, table_import(cx, &schema, &array, &back));
        assert_null(schema.release);
        assert_null(array.release);
        assert_same(t, back);
        if (sizes[k]) assert_ptr_equal(back->cols[0]->data, values); /* not copied */
        table_unref(t);
        assert_int_equal(back->n_rows, sizes[k]); /* lives on without t */
        if (sizes[k]) assert_int_equal(((const int64_t *)back->cols[0]->data)[0], 0);
        table_unref(back);
    }
    unit_end(&u);
}

/* ---- arrays of others ---- */
static int n_released;
static void release_schema(struct ArrowSchema *s)
{
    n_released++;
    s->release = NULL;
}
static void release_array(struct ArrowArray *a)
{
    n_released++;
    a->release = NULL;
}

static rc import_one(struct ctx *cx, const char *format, const void **buffers, int n_buffers, int n,
                     int offset, struct table **out)
{
    struct ArrowSchema kid = {.format = format, .name = "x", .flags = 2}, *kids[1] = {&kid};
    struct ArrowSchema schema = {
        .format = "+s", .n_children = 1, .children = kids, .release = release_schema};
    struct ArrowArray part = {
        .length = n, .offset = offset, .n_buffers = n_buffers, .buffers = buffers};
    struct ArrowArray *parts[1] = {&part};
    const void *none[1] = {NULL};
    struct ArrowArray array = {.length = n,
                               .n_buffers = 1,
                               .buffers = none,
                               .n_children = 1,
                               .children = parts,
                               .release = release_array};
    n_released = 0;
    return table_import(cx, &schema, &array, out);
}

TEST(arrays_of_others)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct table *t;
    static const uint8_t valid[1] = {0x36}; /* rows 1 2 4 5 */
    static const int16_t shorts[6] = {1, -2, 3, -4, 5, 6};
    const void *buffers[3] = {valid, shorts, NULL};
    assert_ok(cx, import_one(cx, "s", buffers, 2, 4, 1, &t)); /* with an offset */
    const int64_t *v = t->cols[0]->data;
    assert_int_equal(v[0], -2);
    assert_int_equal(v[1], 3);
    assert_int_equal(v[3], 5);
    assert_int_equal(t->cols[0]->n_null, 1);
    assert_int_equal(n_released, 2); /* widened into memory of our own: both are let go */
    table_unref(t);
    static const int32_t at[4] = {0, 2, 2, 5};
    const void *text[3] = {NULL, at, "abcde"};
    assert_ok(cx, import_one(cx, "u", text, 3, 3, 0, &t));
    assert_int_equal(n_released, 1); /* the texts lie in the array's own memory */
    struct scalar s = column_scalar(t->cols[0], 2);
    assert_true(str_eqz(s.u.s, "cde"));
    table_unref(t);
    assert_int_equal(n_released, 2);
    unit_end(&u);
}

TEST(what_is_refused)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct table *t;
    static const int32_t falls[3] = {0, 4, 2};
    static const uint64_t big[1] = {UINT64_MAX};
    const void *text[3] = {NULL, falls, "abcd"}, *whole[2] = {NULL, big}, *one[1] = {NULL};
    assert_err(cx, E302, import_one(cx, "u", text, 3, 2, 0, &t));
    assert_int_equal(n_released, 2);
    assert_err(cx, E312, import_one(cx, "L", whole, 2, 1, 0, &t));
    assert_int_equal(n_released, 2);
    assert_err(cx, E302, import_one(cx, "l", one, 1, 1, 0, &t));
    assert_err(cx, E305, import_one(cx, "tiM", whole, 2, 1, 0, &t));
    assert_err(cx, E305, import_one(cx, "?", whole, 2, 1, 0, &t));
    unit_end(&u);
}
