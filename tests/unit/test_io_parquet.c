/* test_io_parquet.c: what is written comes back, whole and by partitions, and statistics skip what
 * they may. */
#include "tests/unit/io_columns.h"

#include "runtime/base/hash.h"

#define N_COLS 12

static const char *const long_texts[] = {"a text of more than twelve bytes",
                                         "ümläute und mehr davon", "short", ""};

static enum rc_t put_text(struct ctx *cx, struct builder *b, int64_t i, int64_t n_texts)
{
    char buf[64];
    uint64_t k = hash_u64((uint64_t)i) % (uint64_t)n_texts;
    int n = snprintf(buf, sizeof buf, "%s%llu", long_texts[k % 4], (unsigned long long)k);
    return builder_str(cx, b, (struct str){buf, (size_t)n});
}

static enum rc_t put_list(struct ctx *cx, struct builder *b, int64_t i)
{
    TRY(builder_reserve(cx, b, 1));
    for (int64_t k = 0; k < i % 4; k++) {
        if (k == 2)
            TRY(builder_null(cx, b->child));
        else
            TRY(builder_i64(cx, b->child, i * 10 + k));
    }
    if (b->valid) bit_set(b->valid, b->n);
    ((int64_t *)b->data)[++b->n] = b->child->n;
    return RC_OK;
}

static enum rc_t put_struct(struct ctx *cx, struct builder *b, int64_t i)
{
    TRY(builder_reserve(cx, b, 1));
    TRY(i % 3 ? builder_i64(cx, &b->child[0], i) : builder_null(cx, &b->child[0]));
    TRY(put_list(cx, &b->child[1], i));
    if (b->valid) bit_set(b->valid, b->n);
    b->n++;
    return RC_OK;
}

static enum rc_t put_value(struct ctx *cx, struct builder *b, int col, int64_t i)
{
    int64_t h = (int64_t)(hash_u64((uint64_t)i + 7) >> 8);
    switch (col) {
    case 0: return builder_i64(cx, b, i);
    case 1: return builder_i64(cx, b, h % 50);
    case 2: return builder_f64(cx, b, i % 7 ? (double)h / 3 : -INFINITY);
    case 3: return put_text(cx, b, i, 20);
    case 4: return put_text(cx, b, i, 1 << 20);
    case 5: return builder_bool(cx, b, h & 1);
    case 6: return builder_i64(cx, b, h % 40000 - 20000);
    case 7: return builder_i64(cx, b, h);
    case 8: return builder_i64(cx, b, -h);
    case 9: return builder_i64(cx, b, h % 1000000);
    case 10: return put_list(cx, b, i);
    default: return put_struct(cx, b, i);
    }
}

/* nulls: 0 none, 1 some, 2 all but few */
static struct table *make_table(struct ctx *cx, int64_t n, int nulls)
{
    struct schema *inner, *schema;
    struct field inside[2] = {{"k", DTYPE(KIND_INT)}, {"l", dtype_list(DTYPE(KIND_INT))}};
    assert_ok(cx, schema_new(cx, inside, 2, NO_SPAN, &inner));
    struct dtype utc = {.kind = KIND_DATETIME, .zone = dtype_intern("Europe/Berlin")};
    struct field fields[N_COLS] = {{"i", DTYPE(KIND_INT)},
                                   {"few", DTYPE(KIND_INT)},
                                   {"num", DTYPE(KIND_NUM)},
                                   {"text", DTYPE(KIND_STR)},
                                   {"many", DTYPE(KIND_STR)},
                                   {"bool", DTYPE(KIND_BOOL)},
                                   {"date", DTYPE(KIND_DATE)},
                                   {"time", DTYPE(KIND_DATETIME)},
                                   {"utc", utc},
                                   {"dur", DTYPE(KIND_DURATION)},
                                   {"list", dtype_list(DTYPE(KIND_INT))},
                                   {"struct", {.kind = KIND_STRUCT, .fields = inner}}};
    assert_ok(cx, schema_new(cx, fields, N_COLS, NO_SPAN, &schema));
    struct column *cols[N_COLS];
    for (int c = 0; c < N_COLS; c++) {
        struct builder b;
        builder_init(&b, fields[c].type, kind_phys(fields[c].type.kind));
        for (int64_t i = 0; i < n; i++) {
            uint64_t dice = hash_u64((uint64_t)(i * N_COLS + c)) % 10;
            bool is_null = nulls == 1 ? dice < 2 : nulls == 2 && dice < 9;
            assert_ok(cx, is_null ? builder_null(cx, &b) : put_value(cx, &b, c, i));
        }
        assert_ok(cx, builder_finish(cx, &b, &cols[c]));
    }
    struct table *t;
    assert_ok(cx, table_new(cx, schema, cols, n, &t));
    schema_unref(schema);
    schema_unref(inner);
    return t;
}

static void same_columns(const struct table *a, const struct table *b)
{
    struct strbuf x = {0}, y = {0};
    char s[128], u[128];
    assert_int_equal(a->n_rows, b->n_rows);
    assert_int_equal(a->schema->n, b->schema->n);
    for (int c = 0; c < a->schema->n; c++) {
        const char *why = "", *name = a->schema->fields[c].name;
        assert_string_equal(name, b->schema->fields[c].name);
        assert_string_equal(dtype_text(a->schema->fields[c].type, s, sizeof s),
                            dtype_text(b->schema->fields[c].type, u, sizeof u));
        if (!column_check(b->cols[c], 2, &why)) fail_msg("`%s`: %s", name, why);
        for (int64_t i = 0; i < a->n_rows; i++) {
            strbuf_clear(&x);
            strbuf_clear(&y);
            element(&x, a->cols[c], i);
            element(&y, b->cols[c], i);
            if (!str_eq(strbuf_view(&x), strbuf_view(&y)))
                fail_msg("`%s` row %lld: %.*s is not %.*s", name, (long long)i,
                         STR_FMT(strbuf_view(&y)), STR_FMT(strbuf_view(&x)));
        }
    }
    strbuf_release(&x);
    strbuf_release(&y);
}

static void name_file(struct io_case *t)
{
    size_t n = strlen(t->path);
    memcpy(t->path + n, ".parquet", 9);
}

/* Written and read again, whole and partition by partition. */
static void round_trip(const struct table *from, const char *codec, int64_t group, int threads)
{
    struct io_case t;
    case_begin(&t, threads);
    name_file(&t);
    case_option(&t, "compression", text_value(codec));
    if (group) case_option(&t, "row_group", (struct scalar){.type = DTYPE(KIND_INT), .u.i = group});
    assert_ok(t.cx, io_save(t.cx, from, t.path, t.opts, t.n_opts, NO_SPAN));
    t.n_opts = 0;
    case_open(&t);
    same_columns(from, t.table);
    table_unref(t.table);
    struct io_format parts = *io_head(t.scan)->format;
    const struct io_format *own = io_head(t.scan)->format;
    parts.read_whole = NULL;
    io_head(t.scan)->format = &parts;
    assert_ok(t.cx, read_all(t.cx, t.scan, -1, &t.table));
    io_head(t.scan)->format = own;
    same_columns(from, t.table);
    case_end(&t);
}

static void trip(int64_t n, int nulls, const char *codec, int64_t group, int threads)
{
    struct unit u;
    struct table *t = make_table(unit_begin(&u, 1), n, nulls);
    round_trip(t, codec, group, threads);
    table_unref(t);
    unit_end(&u);
}

TEST(every_kind_comes_back)
{
    static const char *const codecs[] = {"snappy", "zstd", "gzip", "lz4", "none"};
    for (int c = 0; c < 5; c++)
        trip(3000, 1, codecs[c], 0, 1);
}

TEST(sizes_and_row_groups)
{
    static const int64_t sizes[] = {0, 1, 2, 63, 64, 65, 2047, 2049};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int nulls = 0; nulls < 3; nulls++)
            trip(sizes[i], nulls, "snappy", i % 2 ? 0 : 50, 1);
    trip(20000, 1, "snappy", 777, 3);
    trip(70000, 2, "zstd", 0, 3);
}

TEST(ranges_of_a_large_row_group)
{
    trip(300000, 1, "none", 300000, 3);
}

TEST(a_limit_cuts)
{
    struct io_case t;
    case_begin(&t, 1);
    name_file(&t);
    struct table *from = make_table(t.cx, 5000, 1), *head, *want;
    case_option(&t, "row_group", (struct scalar){.type = DTYPE(KIND_INT), .u.i = 1000});
    assert_ok(t.cx, io_save(t.cx, from, t.path, t.opts, t.n_opts, NO_SPAN));
    t.n_opts = 0;
    assert_ok(t.cx, io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan));
    assert_ok(t.cx, read_all(t.cx, t.scan, 2500, &head));
    assert_int_equal(head->n_rows, 2500);
    assert_ok(t.cx, table_slice(t.cx, from, 0, 2500, &want));
    same_columns(want, head);
    table_unref(want);
    table_unref(head);
    table_unref(from);
    case_end(&t);
}

TEST(categories_keep_their_levels)
{
    struct io_case t;
    struct builder b;
    struct column *texts, *coded, *cat;
    struct schema *schema;
    struct field f = {"c", {.kind = KIND_CAT, .ordered = true}};
    case_begin(&t, 1);
    name_file(&t);
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int i = 0; i < 100; i++) /* "never" is a level that no row has */
        assert_ok(t.cx, builder_str(t.cx, &b,
                                    i == 0  ? STR("never")
                                    : i % 2 ? STR("high")
                                            : STR("low: 3:x\n")));
    assert_ok(t.cx, builder_finish(t.cx, &b, &texts));
    assert_ok(t.cx, column_encode(t.cx, texts, false, &coded));
    assert_ok(t.cx, column_slice(t.cx, coded, 64, 30, &cat));
    cat->type = f.type;
    assert_ok(t.cx, schema_new(t.cx, &f, 1, NO_SPAN, &schema));
    struct table *from;
    assert_ok(t.cx, table_new(t.cx, schema, &cat, 30, &from));
    assert_ok(t.cx, io_save(t.cx, from, t.path, NULL, 0, NO_SPAN));
    case_open(&t);
    same_columns(from, t.table);
    const struct column *back = t.table->cols[0];
    assert_true(back->type.ordered);
    assert_int_equal(back->dict->n, 3);
    assert_memory_equal(back->data, cat->data, 30 * 4);
    table_unref(from);
    schema_unref(schema);
    column_unref(texts);
    column_unref(coded);
    case_end(&t);
}

/* ---- skipping ---- */
static int n_skipped(struct io_case *t, struct io_range r)
{
    int n = 0;
    for (int p = 0; p < io_head(t->scan)->n_partitions; p++)
        n += (io_head(t->scan)->format->skip)(t->scan, p, &r, 1);
    return n;
}

static struct scalar an_int(int64_t v)
{
    return (struct scalar){.type = DTYPE(KIND_INT), .u.i = v};
}

TEST(statistics_skip_row_groups)
{
    struct io_case t;
    case_begin(&t, 1);
    name_file(&t);
    struct table *from = make_table(t.cx, 10000, 0);
    case_option(&t, "row_group", an_int(1000));
    assert_ok(t.cx, io_save(t.cx, from, t.path, t.opts, t.n_opts, NO_SPAN));
    assert_ok(t.cx, io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan));
    struct io_range r = {.column = 0, .lo = an_int(2500), .has_lo = true};
    assert_int_equal(n_skipped(&t, r), 2);
    r = (struct io_range){.column = 0, .hi = an_int(2000), .has_hi = true};
    assert_int_equal(n_skipped(&t, r), 7);
    r.hi_open = true; /* below 2000: the group that begins with it goes too */
    assert_int_equal(n_skipped(&t, r), 8);
    r.nulls = true; /* there are none */
    assert_int_equal(n_skipped(&t, r), 8);
    r = (struct io_range){.column = 1, .lo = an_int(50), .has_lo = true};
    assert_int_equal(n_skipped(&t, r), 10);
    r = (struct io_range){.column = 3, .lo = text_value("zz"), .has_lo = true};
    assert_int_equal(n_skipped(&t, r), 0); /* umlauts come after z */
    r.lo = text_value("\xC3\xBD");
    assert_int_equal(n_skipped(&t, r), 10);
    r = (struct io_range){.column = 10}; /* lists have no statistics of their own */
    assert_int_equal(n_skipped(&t, r), 0);
    table_unref(from);
    case_end(&t);
}

/* ---- faults ---- */
TEST(damaged_files_are_refused)
{
    struct io_case t;
    case_begin(&t, 1);
    name_file(&t);
    case_file(&t, "PAR1 nothing here", 17);
    assert_err(t.cx, E302, io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan));
    case_file(&t, "PAR1\xff\xff\xff\x7fPAR1", 12);
    assert_err(t.cx, E302, io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan));
    case_file(&t, "PAR1....\x04\0\0\0PARE", 16);
    assert_err(t.cx, E302, io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan));
    case_end(&t);
}

/* Every byte of a small file changed in turn: a fault or some rows, never worse. */
TEST(changed_bytes_do_no_harm)
{
    struct io_case t;
    case_begin(&t, 1);
    name_file(&t);
    struct table *from = make_table(t.cx, 40, 1);
    case_option(&t, "compression", text_value("none"));
    assert_ok(t.cx, io_save(t.cx, from, t.path, t.opts, t.n_opts, NO_SPAN));
    FILE *f = fopen(t.path, "rb");
    static char bytes[65536];
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_true(n > 1000 && n < sizeof bytes);
    for (size_t i = 4; i < n; i += 3) {
        struct io_scan *s;
        struct table *got = NULL;
        bytes[i] ^= (char)(1 << i % 8);
        case_file(&t, bytes, n);
        bytes[i] ^= (char)(1 << i % 8);
        err_clear(t.cx->err);
        if (io_open(t.cx, t.path, NULL, 0, NO_SPAN, &s) != RC_OK) continue;
        if (io_head(s)->n_rows < 100000 && read_all(t.cx, s, -1, &got) == RC_OK) table_unref(got);
        io_unref(s);
    }
    table_unref(from);
    case_end(&t);
}
