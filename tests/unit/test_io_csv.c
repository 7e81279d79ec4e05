/* test_io_csv.c: rules of language.md 3.4 and 3.6 for delimited text, each on a small file. */
#include "tests/unit/io_files.h"

static void check(const char *text, const char *schema, const char *want)
{
    struct io_case t;
    case_read(&t, text);
    case_schema(&t, schema);
    case_text(&t, want);
    case_end(&t);
}

/* As check, with one option. */
static void check_with(const char *text, const char *name, struct scalar v, const char *schema,
                       const char *want)
{
    struct io_case t;
    case_begin(&t, 1);
    case_file(&t, text, strlen(text));
    case_option(&t, name, v);
    case_open(&t);
    case_schema(&t, schema);
    case_text(&t, want);
    case_end(&t);
}

static void error_of(const char *text, size_t n, enum err_code code, const char *message)
{
    struct io_case t;
    case_begin(&t, 1);
    case_file(&t, text, n);
    assert_int_equal(io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan), RC_ERR);
    assert_int_equal(t.cx->err->code, code);
    if (!strstr(t.cx->err->message, message)) fail_msg("%s", t.cx->err->message);
    case_end(&t);
}

#define check_error(text, code, message) error_of(text, sizeof(text) - 1, code, message)

static struct scalar flag(bool b)
{
    return (struct scalar){.type = DTYPE(KIND_BOOL), .u.b = b};
}

/* ---- types ---- */
TEST(ladder_of_types)
{
    check("i,n,b,d,t,s\n1,1.5,true,2019-01-31,2019-01-31 08:30:00,x\n"
          "-2,3,FALSE,2020-02-29,2020-02-29,1\n",
          "i:int n:num b:bool d:date t:datetime s:str",
          "i,n,b,d,t,s\n1,1.5,true,2019-01-31,2019-01-31 08:30:00,x\n"
          "-2,3.0,false,2020-02-29,2020-02-29 00:00:00,1\n");
}

TEST(mixtures_are_text)
{
    check("a,b,c,d\n1,2019-01-31,true,2019-01-31T10:00:00\nx,7,1,2019-01-31T10:00:00Z\n",
          "a:str b:str c:str d:str",
          "a,b,c,d\n1,2019-01-31,true,2019-01-31T10:00:00\nx,7,1,2019-01-31T10:00:00Z\n");
}

TEST(nulls)
{
    check("a,b,c,d\nNA,NA,,NA\n1,x,\"\",null\n,,y,NULL\nnull,NaN,z,\n", "a:int b:str c:str d:str",
          "a,b,c,d\n,NA,,\n1,x,\"\",\n,,y,\n,NaN,z,\n");
    check("n,m,o\nNaN,nan,NaN\n1.5,NA,3\n", "n:num m:num o:int", "n,m,o\n,,\n1.5,,3\n");
}

TEST(numbers)
{
    check("a,b,c,d\n.5,1e5,inf,+7\n1.,-1E-3,-Infinity,-0\n", "a:num b:num c:num d:int",
          "a,b,c,d\n0.5,100000.0,inf,7\n1.0,-0.001,-inf,0\n");
    check("a,b,c\n-0,-0, -0\n1,0.5,0.5\n", "a:int b:num c:num", "a,b,c\n0,-0.0,-0.0\n1,0.5,0.5\n");
    check("a,b\n9223372036854775807,9223372036854775808\n-9223372036854775808,1\n", "a:int b:num",
          "a,b\n9223372036854775807,9.223372036854776e+18\n-9223372036854775808,1.0\n");
    check("x\n0.1234567890123456789\n179769313486231570000\n1e400\n4.9e-324\n123456789012345678\n",
          "x:num",
          "x\n0.12345678901234568\n1.7976931348623157e+20\ninf\n5e-324\n1.2345678901234568e+17\n");
}

TEST(zero_before_a_digit_is_text)
{
    check("zip,n,z\n00501,0.5,0\n10001,10,-0\n", "zip:str n:num z:int",
          "zip,n,z\n00501,0.5,0\n10001,10.0,0\n");
    check("a,b,c\n-01,1,1e05\n5,00.5,2\n", "a:str b:str c:num",
          "a,b,c\n-01,1,100000.0\n5,00.5,2.0\n");
}

TEST(dates_and_times)
{
    check("d,t,z\n1969-12-31,2019-01-31T08:30,2019-01-31T08:30:00+02:00\n"
          "2400-02-29,2019-01-31 08:30:05.25,2019-01-31T08:30:00Z\n",
          "d:date t:datetime z:datetime[UTC]",
          "d,t,z\n1969-12-31,2019-01-31 08:30:00,2019-01-31 06:30:00Z\n"
          "2400-02-29,2019-01-31 08:30:05.25,2019-01-31 08:30:00Z\n");
    check("t,u\n2019-01-31T08:30:00Z,2019-01-31 08:30:00\n2019-01-31 08:30:00,"
          "2019-01-31T08:30:00Z\n",
          "t:str u:str",
          "t,u\n2019-01-31T08:30:00Z,2019-01-31 08:30:00\n2019-01-31 08:30:00,"
          "2019-01-31T08:30:00Z\n");
    check("d,e\n2019-02-29,2019-1-31\n2019-02-28,2019-01-31\n", "d:str e:str",
          "d,e\n2019-02-29,2019-1-31\n2019-02-28,2019-01-31\n");
}

TEST(blanks_around_values)
{
    check("a, b,c\n 1 ,x,  \n2, y,3\n", "a:int b:str c:int", "a,b,c\n1,x,\n2, y,3\n");
    check_with("a, b,c\n 1 ,x,  \n2, y , \"q\" \n", "trim", flag(true), "a:int b:str c:str",
               "a,b,c\n1,x,\n2,y,q\n");
}

TEST(wider_later)
{
    struct io_case t;
    struct strbuf b = {0};
    strbuf_addz(&b, "a,b,c,d\n");
    for (int i = 0; i < 200000; i++)
        strbuf_printf(&b, "%d,%d,2019-01-%02d,%s\n", i, i, i % 28 + 1, i % 2 ? "true" : "false");
    strbuf_addz(&b, "0.5,x,2019-01-31 10:00:00,maybe\n");
    case_begin(&t, 2);
    case_file(&t, b.p, b.n);
    case_open(&t);
    case_schema(&t, "a:num b:str c:datetime d:str");
    assert_true(io_head(t.scan)->n_partitions > 3);
    assert_int_equal(t.table->n_rows, 200001);
    assert_true(column_scalar(t.table->cols[0], 200000).u.f == 0.5);
    assert_true(column_scalar(t.table->cols[0], 199999).u.f == 199999);
    strbuf_release(&b);
    case_end(&t);
}

/* ---- names ---- */
TEST(header_or_not)
{
    struct io_case t;
    case_read(&t, "1,2.5,2019-01-31\n2,3,2019-02-01\n");
    case_schema(&t, "column_1:int column_2:num column_3:date");
    assert_int_equal(t.table->n_rows, 2);
    assert_true(strncmp(t.warnings, "W303 ", 5) == 0);
    case_end(&t);
    check_with("1,2\n3,4\n", "header", flag(true), "1:int 2:int", "1,2\n3,4\n");
    check_with("a,b\n3,4\n", "header", flag(false), "column_1:str column_2:str",
               "column_1,column_2\na,b\n3,4\n");
    check("a,b\n", "a:str b:str", "a,b\n");
    check("2019,2020,x\n1,2,3\n", "2019:int 2020:int x:int", "2019,2020,x\n1,2,3\n");
}

TEST(odd_names)
{
    check("a,b,a,a_2,,  ,\"a\"\n1,2,3,4,5,6,7\n",
          "a:int b:int a_3:int a_2:int column_5:int column_6:int a_4:int",
          "a,b,a_3,a_2,column_5,column_6,a_4\n1,2,3,4,5,6,7\n");
    check("\"x \"\"y\"\"\",\"two\nlines\"\n1,2\n", "x \"y\":int two\nlines:int",
          "\"x \"\"y\"\"\",\"two\nlines\"\n1,2\n");
}

/* ---- structure ---- */
TEST(line_ends)
{
    const char *want = "a,b\n1,x\n2,y\n";
    check("a,b\n1,x\n2,y", "a:int b:str", want);
    check("a,b\r\n1,x\r\n2,y\r\n", "a:int b:str", want);
    check("a,b\r1,x\r2,y\r", "a:int b:str", want);
    check("a,b\n1,x\r\n2,y\r", "a:int b:str", want);
    check("\xEF\xBB\xBF"
          "a,b\n\n\n1,x\n  \n2,y\n\n",
          "a:int b:str", want);
    check("a,b\r\n\r\n1,x\r\r2,y\n\r\n", "a:int b:str", want);
}

TEST(quotes)
{
    check("a,b\n\"x,\ny\",\"1\"\n\"p\"\"q\",\"2\"\n", "a:str b:int",
          "a,b\n\"x,\ny\",1\n\"p\"\"q\",2\n");
    check("a,b\n5\" pipe,\"x\"y\n6\",z\n", "a:str b:str", "a,b\n\"5\"\" pipe\",xy\n\"6\"\"\",z\n");
    check("a,b\r\n\"x\r\ny\",\"\"\r\n", "a:str b:str", "a,b\n\"x\r\ny\",\"\"\n");
    check_with("a\n\"x\n\"y\"\n", "quote", (struct scalar){.is_null = true}, "a:str",
               "a\n\"\"\"x\"\n\"\"\"y\"\"\"\n");
    check_with("a,b\n'x,y',2\n", "quote", text_value("'"), "a:str b:int", "a,b\n\"x,y\",2\n");
}

TEST(one_column)
{
    check("a\n1\n\n2\n", "a:int", "a\n1\n\n2\n");
    check("a\n\"\"\nx\n", "a:str", "a\n\"\"\nx\n");
}

TEST(delimiters)
{
    check("a;b\n1,5;x\n2,5;y, z\n", "a:str b:str", "a,b\n\"1,5\",x\n\"2,5\",\"y, z\"\n");
    check("a\tb\n1\tx, y\n2\tz\n", "a:int b:str", "a,b\n1,\"x, y\"\n2,z\n");
    check("a|b\n1|x\n", "a:int b:str", "a,b\n1,x\n");
    check("1,5;2,5\n3,5;4,5\n", "1,5:str 2,5:str", "\"1,5\",\"2,5\"\n\"3,5\",\"4,5\"\n");
    check_with("a:b,c\n1:2\n", "delim", text_value(":"), "a:int b,c:int", "a,\"b,c\"\n1,2\n");
}

TEST(skip_and_comments)
{
    check_with("some \"notes\nmore,\na,b\n1,2\n", "skip",
               (struct scalar){.type = DTYPE(KIND_INT), .u.i = 2}, "a:int b:int", "a,b\n1,2\n");
    check_with("# x, \"y\na,b\n#1\n1,2#\n# end", "comment", text_value("#"), "a:int b:str",
               "a,b\n1,2#\n");
}

TEST(short_rows_are_filled)
{
    struct io_case t;
    case_read(&t, "a,b,c\n1,2,3\n4\n5,6\n7,8,9,\n");
    case_text(&t, "a,b,c\n1,2,3\n4,,\n5,6,\n7,8,9\n");
    if (!strstr(t.warnings, "W306 2 rows") || !strstr(t.warnings, "(lines 3, 4)"))
        fail_msg("%s", t.warnings);
    t.warnings[0] = 0;
    struct table *again;
    assert_ok(t.cx, read_all(t.cx, t.scan, -1, &again));
    table_unref(again);
    assert_string_equal(t.warnings, ""); /* once is enough */
    case_end(&t);
}

TEST(long_rows)
{
    check_error("a,b\n1,2\n\"x\ny\",2,3\n", E304, "line 3 of ");
    check_with("a,b\n1,2,3\n4,5\n", "ragged", text_value("cut"), "a:int b:int", "a,b\n1,2\n4,5\n");
}

TEST(not_text)
{
    check_error("a,b\n1,\0\n", E303, "line 2, column 2 holds a NUL");
    check_error("a,b\n1,2\n1,caf\x81\n", E303, "line 3, column 2 of ");
    check_error("caf\x81,b\n1,2\n", E303, "line 1, column 1 of ");
    check_error("caf\xC3\xA9,b\n1,\xE9\n", E303,
                "line 2, column 2 of "); /* UTF-8 with a broken byte */
}

TEST(nothing_in_it)
{
    check_error("", E308, "is empty");
    check_error("\n\n \n", E308, "is empty");
    check_error("\xEF\xBB\xBF", E308, "is empty");
}

TEST(quote_that_never_closes)
{
    check_error("a,b\n1,2\n3,\"x\n4,5\n", E315, "line 3 ");
}

TEST(row_that_is_too_long)
{
    struct io_case t;
    size_t n = (size_t)72 << 20;
    char *p = malloc(n);
    memset(p, 'x', n);
    memcpy(p, "a,b\n1,2\n3,", 10);
    case_begin(&t, 1);
    case_file(&t, p, n);
    assert_err(t.cx, E309, io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan));
    memcpy(p, "a,b\n1,2\n3,\"", 11); /* quoted, with line breaks in it */
    memcpy(p + n - 2, "\"\n", 2);
    for (size_t i = 100; i < n; i += 100)
        p[i] = '\n';
    case_file(&t, p, n);
    assert_err(t.cx, E309, io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan));
    free(p);
    case_end(&t);
}

/* ---- options ---- */
static struct column *texts(struct ctx *cx, const char *const *z, int n)
{
    struct builder b;
    struct column *out = NULL;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int i = 0; i < n; i++)
        assert_ok(cx, builder_str(cx, &b, str_of(z[i])));
    assert_ok(cx, builder_finish(cx, &b, &out));
    return out;
}

static void list_option(struct io_case *t, const char *name, const struct column *list)
{
    struct scalar v = {.type = dtype_list(DTYPE(KIND_STR)), .u.list = list};
    case_option(t, name, v);
}

TEST(names_option)
{
    struct io_case t;
    const char *text = "1,2\n3,4\n";
    case_begin(&t, 1);
    case_file(&t, text, strlen(text));
    struct column *two = texts(t.cx, (const char *const[]){"x", "y"}, 2);
    struct column *one = texts(t.cx, (const char *const[]){"x"}, 1);
    list_option(&t, "names", one);
    assert_err(t.cx, E209, io_open(t.cx, t.path, t.opts, t.n_opts, NO_SPAN, &t.scan));
    t.n_opts = 0;
    list_option(&t, "names", two);
    case_open(&t);
    case_schema(&t, "x:int y:int");
    assert_string_equal(t.warnings, "");
    column_unref(one);
    column_unref(two);
    case_end(&t);
}

TEST(na_option)
{
    struct io_case t;
    const char *text = "a,b,c\n?,x,-999\n1,unknown,5\n2,?,-999.0\n";
    case_begin(&t, 1);
    case_file(&t, text, strlen(text));
    struct column *na = texts(t.cx, (const char *const[]){"?", "unknown", "-999"}, 3);
    list_option(&t, "na", na);
    case_open(&t);
    case_schema(&t, "a:int b:str c:num");
    case_text(&t, "a,b,c\n,x,\n1,,5.0\n2,,-999.0\n");
    column_unref(na);
    case_end(&t);
}

static struct table *type_row(struct ctx *cx, const char *name, const char *type)
{
    struct field f = {name, DTYPE(KIND_STR)};
    struct schema *s;
    struct table *out;
    struct column *c[1] = {texts(cx, &type, 1)};
    assert_ok(cx, schema_new(cx, &f, 1, NO_SPAN, &s));
    assert_ok(cx, table_new(cx, s, c, 1, &out));
    schema_unref(s);
    return out;
}

static void typed(struct io_case *t, const char *text, const char *name, const char *type)
{
    case_begin(t, 1);
    case_file(t, text, strlen(text));
    struct scalar v = {.type = {.kind = KIND_STRUCT}, .u.row = type_row(t->cx, name, type)};
    case_option(t, "types", v);
}

static void typed_end(struct io_case *t)
{
    table_unref(t->opts[0].value.u.row);
    case_end(t);
}

TEST(types_option)
{
    struct io_case t;
    typed(&t, "n,m\n00501,1\n7.0,2\nx,3\n,4\n1.5,5\nNA,6\n", "n", "int");
    case_open(&t);
    case_schema(&t, "n:int m:int");
    case_text(&t, "n,m\n501,1\n7,2\n,3\n,4\n,5\n,6\n");
    if (!strstr(t.warnings, "W312 2 of 6 values of `n` are no int and became null (rows 3, 5: "
                            "\"x\", \"1.5\")"))
        fail_msg("%s", t.warnings);
    typed_end(&t);
    typed(&t, "n\n1\nNA\n", "n", "str");
    case_open(&t);
    case_text(&t, "n\n1\nNA\n");
    typed_end(&t);
    typed(&t, "t\n2019-01-31T10:00:00+01:00\n2019-01-31T10:00:00Z\n", "t", "datetime");
    case_open(&t);
    case_schema(&t, "t:datetime[UTC]");
    typed_end(&t);
    typed(&t, "n\n1\n", "m", "str");
    assert_err(t.cx, E201, io_open(t.cx, t.path, t.opts, t.n_opts, NO_SPAN, &t.scan));
    typed_end(&t);
    typed(&t, "n\n1\n", "n", "integer");
    assert_err(t.cx, E209, io_open(t.cx, t.path, t.opts, t.n_opts, NO_SPAN, &t.scan));
    typed_end(&t);
}

TEST(unknown_option)
{
    struct io_case t;
    case_begin(&t, 1);
    case_file(&t, "a\n1\n", 4);
    case_option(&t, "delimiter", text_value(";"));
    assert_int_equal(io_open(t.cx, t.path, t.opts, t.n_opts, NO_SPAN, &t.scan), RC_ERR);
    assert_int_equal(t.cx->err->code, E206);
    assert_string_equal(t.cx->err->message, "`delimiter` is called `delim` here");
    t.opts[0] = (struct io_option){"encoding", text_value("shift_jis"), NO_SPAN};
    assert_err(t.cx, E209, io_open(t.cx, t.path, t.opts, t.n_opts, NO_SPAN, &t.scan));
    t.opts[0] = (struct io_option){"header", text_value("no"), NO_SPAN};
    assert_err(t.cx, E209, io_open(t.cx, t.path, t.opts, t.n_opts, NO_SPAN, &t.scan));
    case_end(&t);
}

/* ---- files and scans ---- */
TEST(missing_file_names_the_near_ones)
{
    struct io_case t;
    char wrong[300];
    case_begin(&t, 1);
    case_file(&t, "a\n1\n", 4);
    snprintf(wrong, sizeof wrong, "%.*s.tsv", (int)strlen(t.path) - 4, t.path);
    assert_int_equal(io_open(t.cx, wrong, NULL, 0, NO_SPAN, &t.scan), RC_ERR);
    assert_int_equal(t.cx->err->code, E301);
    if (!strstr(t.cx->err->hint, t.path)) fail_msg("%s", t.cx->err->hint);
    assert_err(t.cx, E301, io_open(t.cx, "/no/such/folder/x.csv", NULL, 0, NO_SPAN, &t.scan));
    assert_err(t.cx, E302, io_open(t.cx, TEST_SOURCE_DIR "/runtime", NULL, 0, NO_SPAN, &t.scan));
    case_end(&t);
}

TEST(limit_and_some_columns)
{
    struct io_case t;
    struct strbuf b = {0};
    struct table *head, *count;
    const int cols[] = {2, 0};
    strbuf_addz(&b, "a,b,c\n");
    for (int i = 0; i < 100000; i++)
        strbuf_printf(&b, "%d,some text that is long enough,%d.5\n", i, i);
    case_begin(&t, 2);
    case_file(&t, b.p, b.n);
    case_open(&t);
    assert_int_equal(io_head(t.scan)->n_rows, 100000);
    assert_ok(t.cx, io_read_table(t.cx, t.scan, cols, 2, 60000, &head));
    assert_int_equal(head->n_rows, 60000);
    assert_string_equal(head->schema->fields[0].name, "c");
    assert_true(column_scalar(head->cols[0], 59999).u.f == 59999.5);
    assert_true(column_scalar(head->cols[1], 59999).u.i == 59999);
    assert_ok(t.cx, io_read_table(t.cx, t.scan, NULL, 0, -1, &count));
    assert_int_equal(count->n_rows, 100000);
    table_unref(head);
    table_unref(count);
    strbuf_release(&b);
    case_end(&t);
}

TEST(changed_files_are_noticed)
{
    struct io_case t;
    struct table *again;
    case_read(&t, "a\n1\n2\n");
    assert_false(io_head(t.scan)->format->is_stale(t.scan));
    case_file(&t, "a\n1\n", 4);
    assert_true(io_head(t.scan)->format->is_stale(t.scan));
    assert_err(t.cx, E302, read_all(t.cx, t.scan, -1, &again));
    case_end(&t);
}

TEST(cancel)
{
    struct io_case t;
    struct cancel stop = {0};
    struct table *again;
    case_read(&t, "a\n1\n2\n");
    t.cx->cancel = &stop;
    cancel_set(&stop);
    assert_err(t.cx, E901, read_all(t.cx, t.scan, -1, &again));
    struct io_scan *other;
    assert_err(t.cx, E901, io_open(t.cx, t.path, NULL, 0, NO_SPAN, &other));
    case_end(&t);
}

TEST(every_allocation_may_fail)
{
    struct io_case t;
    const char *text = "a,b\n1,a text longer than twelve bytes\n2,\"y \"\"z\"\"\"\nNA,w\n";
    case_begin(&t, 1);
    case_file(&t, text, strlen(text));
    long n = 0;
    for (enum rc_t res = RC_ERR; res != RC_OK; n++) {
        struct table *out = NULL;
        assert_true(n < 1000);
        mem_fail_at(n + 1);
        res = io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan);
        if (res == RC_OK) res = read_all(t.cx, t.scan, -1, &out);
        mem_fail_at(0);
        if (res != RC_OK) assert_int_equal(t.cx->err->code, E902);
        if (out) table_unref(out);
        io_unref(t.scan);
        t.scan = NULL;
    }
    assert_true(n > 5);
    case_end(&t);
}

TEST(dictionaries_and_views)
{
    struct io_case t;
    struct strbuf b = {0};
    strbuf_addz(&b, "few,many,late\n");
    for (int i = 0; i < 120000; i++)
        strbuf_printf(&b, "%s,a rather long text %d,%s%d\n", i % 3 ? "yes" : "no", i,
                      i < 40000 ? "k" : "late text ", i < 40000 ? i % 5 : i);
    case_begin(&t, 2);
    case_file(&t, b.p, b.n);
    case_open(&t);
    assert_int_equal(t.table->cols[0]->phys, PHYS_DICT);
    assert_int_equal(t.table->cols[0]->dict->n, 2);
    assert_int_equal(t.table->cols[1]->phys, PHYS_STR);
    assert_int_equal(t.table->cols[2]->phys, PHYS_STR);
    char want[64];
    for (int i = 0; i < 120000; i += 7) {
        snprintf(want, sizeof want, "a rather long text %d", i);
        assert_true(str_eqz(column_scalar(t.table->cols[1], i).u.s, want));
        snprintf(want, sizeof want, "%s%d", i < 40000 ? "k" : "late text ", i < 40000 ? i % 5 : i);
        assert_true(str_eqz(column_scalar(t.table->cols[2], i).u.s, want));
    }
    strbuf_release(&b);
    case_end(&t);
}

TEST(formats)
{
    int n;
    const struct io_format *const *all = io_format_all(&n);
    assert_true(n >= 2);
    assert_ptr_equal(io_format_find(STR("CSV")), all[0]);
    assert_null(io_format_find(STR("nope")));
    struct io_case t;
    case_begin(&t, 1);
    case_file(&t, "a\tb\n1\t2,3\n", 10);
    case_option(&t, "format", text_value("tsv"));
    case_open(&t);
    case_schema(&t, "a:int b:str");
    t.opts[0].value = text_value("nope");
    struct io_scan *other;
    assert_err(t.cx, E305, io_open(t.cx, t.path, t.opts, 1, NO_SPAN, &other));
    case_end(&t);
}
