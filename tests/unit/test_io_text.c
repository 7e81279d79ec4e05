/* test_io_text.c: text as the world writes it: encodings, packers, long delimiters, escapes,
 * decimal commas, dates, fixed widths. */
#include "tests/unit/io_files.h"

#include "runtime/io/io_int.h"

static void begin_with(struct io_case *t, const char *text, size_t n)
{
    case_begin(t, 2);
    case_file(t, text, n);
}

static void expect(struct io_case *t, const char *schema, const char *text)
{
    case_open(t);
    case_schema(t, schema);
    case_text(t, text);
    case_end(t);
}

#define BEGIN(t, text) begin_with((t), text, sizeof(text) - 1)

TEST(utf16_with_and_without_a_mark)
{
    struct io_case t;
    BEGIN(&t, "\xFF\xFE"
              "a\0,\0b\0\n\0"
              "1\0,\0\xE9\0\n\0");
    expect(&t, "a:int b:str", "a,b\n1,\xC3\xA9\n");
    BEGIN(&t, "\xFE\xFF"
              "\0a\0,\0b\0\n"
              "\0001\0,\xD8\x3D\xDE\x00\0\n");
    expect(&t, "a:int b:str", "a,b\n1,\xF0\x9F\x98\x80\n");
    BEGIN(&t, "a\0,\0b\0\n\0"
              "1\0,\0x\0\r\0\n\0");
    expect(&t, "a:int b:str", "a,b\n1,x\n");
    BEGIN(&t, "\0a\0,\0b\0\n"
              "\0001\0,\0x\0\n");
    expect(&t, "a:int b:str", "a,b\n1,x\n");
}

/* Pairs of units at every place of a block's edge. */
TEST(utf16_over_many_blocks)
{
    struct io_case t;
    struct strbuf wide = {0}, want = {0};
    strbuf_add(&wide,
               "\xFF\xFE"
               "a\0\n\0",
               6);
    strbuf_addz(&want, "a\n");
    for (int i = 0; i < 90000; i++) {
        for (int k = 0; k < i % 5; k++)
            strbuf_add(&wide, "x\0", 2);
        strbuf_add(&wide, "\x3D\xD8\x00\xDE\n\0", 6);
        strbuf_printf(&want, "%.*s\xF0\x9F\x98\x80\n", i % 5, "xxxxx");
    }
    begin_with(&t, wide.p, wide.n);
    expect(&t, "a:str", want.p);
    strbuf_release(&wide);
    strbuf_release(&want);
}

TEST(latin1_and_1252)
{
    struct io_case t;
    BEGIN(&t, "n,s\n1,caf\xE9\n2,\x93x\x94 \x80\n");
    case_open(&t);
    if (!strstr(t.warnings, "W308")) fail_msg("%s", t.warnings);
    case_text(&t, "n,s\n1,caf\xC3\xA9\n2,\xE2\x80\x9Cx\xE2\x80\x9D \xE2\x82\xAC\n");
    case_end(&t);
    BEGIN(&t, "n,s\n1,caf\xE9\n2,\x80\n");
    case_option(&t, "encoding", text_value("latin-1"));
    case_open(&t);
    assert_string_equal(t.warnings, "");
    case_text(&t, "n,s\n1,caf\xC3\xA9\n2,\xC2\x80\n");
    case_end(&t);
    BEGIN(&t, "n,s\n1,caf\xE9\n");
    case_option(&t, "encoding", text_value("UTF-8"));
    assert_err(t.cx, E303, io_open(t.cx, t.path, t.opts, t.n_opts, NO_SPAN, &t.scan));
    case_end(&t);
}

TEST(zstd_frames)
{
    struct io_case t;
    struct strbuf packed = {0}, text = {0};
    case_begin(&t, 2);
    for (int i = 0; i < 5000; i++) {
        size_t from = text.n;
        if (i == 0) strbuf_addz(&text, "i,s\n");
        strbuf_printf(&text, "%d,s%d\n", i, i % 13);
        assert_ok(t.cx, io_zstd_frame(t.cx, text.p + from, text.n - from, &packed));
    }
    case_file(&t, packed.p, packed.n);
    case_open(&t);
    case_schema(&t, "i:int s:str");
    case_text(&t, text.p);
    case_end(&t);
    case_begin(&t, 1);
    case_file(&t, packed.p, packed.n - 3);
    assert_err(t.cx, E302, io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan));
    case_end(&t);
    strbuf_release(&packed);
    strbuf_release(&text);
}

TEST(packers_that_are_not_read)
{
    struct io_case t;
    BEGIN(&t, "BZh91AY&SY");
    assert_int_equal(io_open(t.cx, t.path, NULL, 0, NO_SPAN, &t.scan), RC_ERR);
    assert_int_equal(t.cx->err->code, E305);
    assert_non_null(strstr(t.cx->err->hint, "bunzip2"));
    case_end(&t);
}

TEST(long_delimiters)
{
    struct io_case t;
    BEGIN(&t, "u::i::r\n1::2::3.5\n4:x::\"a::b\"::\n\n5::6");
    case_option(&t, "delim", text_value("::"));
    expect(&t, "u:str i:str r:num", "u,i,r\n1,2,3.5\n4:x,a::b,\n5,6,\n");
    BEGIN(&t, "1||2\r\n3|||4\r\n");
    case_option(&t, "delim", text_value("||"));
    expect(&t, "column_1:int column_2:str", "column_1,column_2\n1,2\n3,|4\n");
}

TEST(escapes)
{
    struct io_case t;
    BEGIN(&t, "a,b\n\"x \\\"y\\\" z\",1\np\\,q,2\n\"a\\\\\",3\nc\\d,4\n\"e \"\"f\"\"\",5\n");
    case_option(&t, "escape", text_value("\\"));
    expect(&t, "a:str b:int",
           "a,b\n\"x \"\"y\"\" z\",1\n\"p,q\",2\na\\,3\nc\\d,4\n\"e \"\"f\"\"\",5\n");
}

TEST(decimal_comma_and_dates)
{
    struct io_case t;
    BEGIN(&t, "a;b;c;d\n1,5;7;31/12/2020;1.5\n-0,25;;01/02/2021;2\n3;8;;3\n");
    case_option(&t, "decimal", text_value(","));
    case_option(&t, "date_format", text_value("%d/%m/%Y"));
    expect(&t, "a:num b:int c:date d:str",
           "a,b,c,d\n1.5,7,2020-12-31,1.5\n-0.25,,2021-02-01,2\n3.0,8,,3\n");
    BEGIN(&t, "t\n12/31/20 08:30\n");
    case_option(&t, "date_format", text_value("%m/%d/%y %H:%M"));
    expect(&t, "t:datetime", "t\n2020-12-31 08:30:00\n");
}

TEST(fixed_width)
{
    struct io_case t;
    BEGIN(&t, "name      age  city\nAnna       31  Bern\nCaf\xC3\xA9-X      4  Lausanne\nBo\n");
    case_option(&t, "format", text_value("fixed"));
    expect(&t, "name:str age:int city:str",
           "name,age,city\nAnna,31,Bern\nCaf\xC3\xA9-X,4,Lausanne\nBo,,\n");
}

TEST(fixed_width_by_widths)
{
    struct io_case t;
    struct column *c;
    struct builder b;
    BEGIN(&t, "ab12x\ncd 3yzz\n");
    builder_init(&b, DTYPE(KIND_INT), PHYS_I64);
    for (int i = 2; i > 0; i--)
        assert_ok(t.cx, builder_i64(t.cx, &b, 2));
    assert_ok(t.cx, builder_i64(t.cx, &b, 1));
    assert_ok(t.cx, builder_finish(t.cx, &b, &c));
    case_option(&t, "format", text_value("fixed"));
    case_option(&t, "header", (struct scalar){.type = DTYPE(KIND_BOOL), .u.b = false});
    case_option(&t, "widths", (struct scalar){.type = dtype_list(DTYPE(KIND_INT)), .u.list = c});
    expect(&t, "column_1:str column_2:int column_3:str",
           "column_1,column_2,column_3\nab,12,x\ncd,3,y\n");
    column_unref(c);
}

TEST(fixed_width_with_a_decimal_comma)
{
    struct io_case t;
    BEGIN(&t, "name  share\nAnna  1,5\nBo    0,25\n");
    case_option(&t, "format", text_value("fixed"));
    case_option(&t, "decimal", text_value(","));
    expect(&t, "name:str share:num", "name,share\nAnna,1.5\nBo,0.25\n");
}
