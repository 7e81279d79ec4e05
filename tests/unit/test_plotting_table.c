/* Frames as text, HTML and Markdown: the rules of plotting/README.md. */
#include "plotting/table/table_view.h"

#include "runtime/base/civil.h"
#include "runtime/base/utf8.h"
#include "tests/unit/test_plotting.h"

static void text_of(struct strbuf *out, const struct table *t, int width)
{
    struct table_view v = table_view_default(t);
    v.width = width;
    strbuf_clear(out);
    table_text(out, t, &v);
}

static struct table *small(struct ctx *cx)
{
    static const char *names[] = {"Ann", NULL, "", "tab\there"};
    static const double fare[] = {1.5, 22.25, NAN, -3};
    static const int64_t n[] = {1, INT64_MIN, 300, -7};
    static const int ok[] = {1, 0, -1, 1};
    struct making m = {.cx = cx};
    add_str(&m, "name", names, 4);
    add_num(&m, "fare", fare, 4);
    add_ints(&m, "n", KIND_INT, n, 4);
    add_bool(&m, "ok", ok, 4);
    return table_done(&m);
}

TEST(text_of_a_small_frame)
{
    struct unit u;
    struct table *t = small(unit_begin(&u, 1));
    struct strbuf out = {0};
    text_of(&out, t, 80);
    assert_same(&out, "┌───────────┬───────┬──────┬───────┐\n"
                      "│ name      │  fare │    n │ ok    │\n"
                      "│ str       │   num │  int │ bool  │\n"
                      "├───────────┼───────┼──────┼───────┤\n"
                      "│ Ann       │  1.50 │    1 │ true  │\n"
                      "│ null      │ 22.25 │ null │ false │\n"
                      "│ \"\"        │  null │  300 │ null  │\n"
                      "│ tab\\there │ -3.00 │   -7 │ true  │\n"
                      "└───────────┴───────┴──────┴───────┘\n"
                      "4 rows x 4 columns");
    strbuf_release(&out);
    table_unref(t);
    unit_end(&u);
}

TEST(colour_dims_types_and_nulls)
{
    struct unit u;
    struct table *t = small(unit_begin(&u, 1));
    struct strbuf out = {0};
    struct table_view v = table_view_default(t);
    v.color = true;
    table_text(&out, t, &v);
    assert_non_null(strstr(out.p, "│ \033[2mstr\033[22m       │"));
    assert_non_null(strstr(out.p, "│ \033[2mnull\033[22m      │"));
    assert_null(strstr(out.p, "\033[2mAnn"));
    strbuf_release(&out);
    table_unref(t);
    unit_end(&u);
}

static struct table *many_rows(struct ctx *cx, int64_t n)
{
    int64_t v[1000];
    for (int64_t i = 0; i < n; i++)
        v[i] = i;
    struct making m = {.cx = cx};
    add_ints(&m, "i", KIND_INT, v, n);
    return table_done(&m);
}

TEST(twenty_rows_are_whole_more_are_head_and_tail)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct strbuf out = {0};
    struct table *t = many_rows(cx, 20);
    text_of(&out, t, 80);
    assert_non_null(strstr(out.p, "│  12 │"));
    assert_non_null(strstr(out.p, "20 rows x 1 column"));
    assert_null(strstr(out.p, "shown"));
    table_unref(t);
    t = many_rows(cx, 1000);
    text_of(&out, t, 80);
    assert_non_null(strstr(out.p, "│   9 │\n│   … │\n│ 995 │\n"));
    assert_null(strstr(out.p, "│  10 │"));
    assert_non_null(strstr(out.p, "\n1,000 rows x 1 column, 15 shown"));
    table_unref(t);
    strbuf_release(&out);
    unit_end(&u);
}

TEST(a_head_of_an_unknown_number_of_rows)
{
    struct unit u;
    struct table *t = many_rows(unit_begin(&u, 1), 15);
    struct strbuf out = {0};
    struct table_view v = table_view_default(t);
    v.n_total = -1;
    table_text(&out, t, &v);
    assert_non_null(strstr(out.p, "\n? rows x 1 column, first 15 shown"));
    strbuf_clear(&out);
    v.n_total = 2463931;
    table_text(&out, t, &v);
    assert_non_null(strstr(out.p, "\n2,463,931 rows x 1 column, first 15 shown"));
    assert_null(strstr(out.p, "…"));
    strbuf_release(&out);
    table_unref(t);
    unit_end(&u);
}

TEST(show_all_and_a_number_of_rows)
{
    struct unit u;
    struct table *t = many_rows(unit_begin(&u, 1), 100);
    struct strbuf out = {0};
    struct table_view v = table_view_default(t);
    v.max_rows = INT64_MAX;
    table_text(&out, t, &v);
    assert_non_null(strstr(out.p, "│  55 │"));
    assert_non_null(strstr(out.p, "\n100 rows x 1 column"));
    assert_null(strstr(out.p, "shown"));
    strbuf_clear(&out);
    v.max_rows = 50;
    table_text(&out, t, &v);
    assert_non_null(strstr(out.p, "100 rows x 1 column, 50 shown"));
    strbuf_release(&out);
    table_unref(t);
    unit_end(&u);
}

TEST(no_rows_and_no_columns)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct strbuf out = {0};
    struct table *t = many_rows(cx, 0);
    text_of(&out, t, 80);
    assert_same(&out, "┌─────┐\n│   i │\n│ int │\n└─────┘\n0 rows x 1 column");
    table_unref(t);
    struct making m = {.cx = cx, .rows = 5};
    t = table_done(&m);
    text_of(&out, t, 80);
    assert_same(&out, "5 rows x 0 columns");
    strbuf_clear(&out);
    struct table_view v = table_view_default(t);
    table_html(&out, t, &v);
    assert_same(&out, "<small>5 rows x 0 columns</small>");
    table_unref(t);
    strbuf_release(&out);
    unit_end(&u);
}

static int64_t widest_line(const char *text)
{
    int64_t most = 0;
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");
        int64_t w = utf8_width(at, n);
        if (w > most) most = w;
        at += n + (at[n] == '\n');
    }
    return most;
}

TEST(five_hundred_columns_leave_from_the_middle)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    static char names[500][24];
    struct making m = {.cx = cx};
    for (int i = 0; i < 500; i++) {
        snprintf(names[i], sizeof names[i], "column_%d", i);
        int64_t v[3] = {i, i + 1, i + 2};
        add_ints(&m, names[i], KIND_INT, v, 3);
    }
    struct table *t = table_done(&m);
    struct strbuf out = {0};
    static const int widths[] = {40, 60, 80, 200};
    for (int i = 0; i < 4; i++) {
        text_of(&out, t, widths[i]);
        assert_true(widest_line(out.p) <= widths[i]);
        assert_non_null(strstr(out.p, "column_0"));
    }
    text_of(&out, t, 80);
    assert_non_null(strstr(out.p, "column_499 │"));
    assert_non_null(strstr(out.p, "3 rows x 500 columns\n494 columns not shown: column_3 int, "));
    assert_non_null(strstr(out.p, " more"));
    strbuf_clear(&out);
    struct table_view v = table_view_default(t);
    table_html(&out, t, &v);
    assert_null(strstr(out.p, ">column_15<br>"));
    assert_non_null(strstr(out.p, ">column_14<br>"));
    assert_non_null(strstr(out.p, ">column_485<br>"));
    assert_non_null(strstr(out.p, "470 columns not shown"));
    strbuf_release(&out);
    table_unref(t);
    unit_end(&u);
}

TEST(wide_characters_line_up_and_long_text_is_cut)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    static const char *names[] = {
        "東京タワー", "e\xcc\x81t\xc3\xa9",
        "a text that goes on and on, much longer than the terminal is wide, and then some more"};
    static const int64_t n[] = {1, 2, 3};
    struct making m = {.cx = cx};
    add_str(&m, "場所", names, 3);
    add_ints(&m, "n", KIND_INT, n, 3);
    struct table *t = table_done(&m);
    struct strbuf out = {0};
    text_of(&out, t, 40);
    assert_same(&out, "┌────────────────────────────────┬─────┐\n"
                      "│ 場所                           │   n │\n"
                      "│ str                            │ int │\n"
                      "├────────────────────────────────┼─────┤\n"
                      "│ 東京タワー                     │   1 │\n"
                      "│ e\xcc\x81t\xc3\xa9                            │   2 │\n"
                      "│ a text that goes on and on, m… │   3 │\n"
                      "└────────────────────────────────┴─────┘\n"
                      "3 rows x 2 columns");
    strbuf_release(&out);
    table_unref(t);
    unit_end(&u);
}

static void num_column(struct strbuf *out, const double *v, int64_t n, int digits)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct making m = {.cx = cx};
    add_num(&m, "x", v, n);
    struct table *t = table_done(&m);
    struct table_view view = table_view_default(t);
    view.digits = digits;
    strbuf_clear(out);
    table_text(out, t, &view);
    table_unref(t);
    unit_end(&u);
}

TEST(numbers_of_a_column)
{
    struct strbuf out = {0};
    num_column(&out, (double[]){1.9976841234, 11.4868421, 0}, 3, 6);
    assert_non_null(strstr(out.p, "│  1.99768 │\n│ 11.48684 │\n│  0.00000 │"));
    num_column(&out, (double[]){1, 2, 300}, 3, 6);
    assert_non_null(strstr(out.p, "│   1.0 │\n│   2.0 │\n│ 300.0 │"));
    num_column(&out, (double[]){1e300, 2.5, -1e-300}, 3, 6);
    assert_non_null(strstr(out.p, "│  1.0e+300 │\n│   2.5e+00 │\n│ -1.0e-300 │"));
    num_column(&out, (double[]){123456.789, 0.5}, 2, 6);
    assert_non_null(strstr(out.p, "│ 123456.8 │\n│      0.5 │"));
    num_column(&out, (double[]){0.031234567, 0.00000045}, 2, 6);
    assert_non_null(strstr(out.p, "│ 0.03123457 │\n│ 0.00000045 │"));
    num_column(&out, (double[]){INFINITY, -INFINITY, 1.25, NAN}, 4, 6);
    assert_non_null(strstr(out.p, "│  inf │\n│ -inf │\n│ 1.25 │\n│ null │"));
    num_column(&out, (double[]){0.1, 1.0 / 3, -0.0}, 3, 6);
    assert_non_null(strstr(out.p, "│ 0.100000 │\n│ 0.333333 │\n│ 0.000000 │"));
    num_column(&out, (double[]){0.1, 1.0 / 3, 12}, 3, 17);
    assert_non_null(strstr(out.p, "│  0.1                │\n│  0.3333333333333333 │\n│ 12.0 "));
    strbuf_release(&out);
}

TEST(dates_and_times)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct making m = {.cx = cx};
    int64_t day = civil_days(2019, 1, 31);
    add_ints(&m, "d", KIND_DATE, (int64_t[]){day, INT64_MIN}, 2);
    add_ints(&m, "t", KIND_DATETIME, (int64_t[]){day * US_PER_DAY + 30600 * US_PER_SECOND, 500000},
             2);
    add_ints(&m, "secs", KIND_DURATION, (int64_t[]){26 * US_PER_HOUR, 0}, 2);
    static const char *const levels[] = {"hi", "lo"};
    add_cat(&m, "c", levels, 2, true);
    struct table *t = table_done(&m);
    struct strbuf out = {0};
    text_of(&out, t, 80);
    assert_non_null(strstr(out.p, "│ 2019-01-31 │ 2019-01-31 08:30:00   │    1d 2h │ hi"));
    assert_non_null(strstr(out.p, "│ null       │ 1970-01-01 00:00:00.5 │       0s │ lo"));
    strbuf_release(&out);
    table_unref(t);
    unit_end(&u);
}

TEST(html_escapes_and_aligns)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    static const char *names[] = {
        "<script>alert(1)</script>", NULL,
        "0123456789012345678901234567890123456789012345678901234567890123456789 & \"quoted\""};
    static const double x[] = {1, 2, 3};
    struct making m = {.cx = cx};
    add_str(&m, "a<b", names, 3);
    add_num(&m, "x", x, 3);
    struct table *t = table_done(&m);
    struct strbuf out = {0};
    struct table_view v = table_view_default(t);
    table_html(&out, t, &v);
    assert_null(strstr(out.p, "<script>"));
    assert_non_null(strstr(out.p, "<table class=\"dataframe\">"));
    assert_non_null(strstr(out.p, "<th style=\"text-align:left\">a&lt;b<br><small "));
    assert_non_null(strstr(out.p, "&lt;script&gt;alert(1)&lt;/script&gt;</td>"));
    assert_non_null(strstr(out.p, "<span style=\"opacity:.5\">null</span>"));
    assert_non_null(strstr(out.p, "title=\"0123456789"));
    assert_non_null(strstr(out.p, "…</td>"));
    assert_non_null(strstr(out.p, "<td style=\"text-align:right\">1.0</td>"));
    assert_non_null(strstr(out.p, "<small>3 rows x 2 columns</small>"));
    strbuf_release(&out);
    table_unref(t);
    unit_end(&u);
}

TEST(markdown_of_a_small_frame)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    static const char *names[] = {"a|b", NULL, "*x*"};
    static const int64_t n[] = {1, 20, 3};
    struct making m = {.cx = cx};
    add_str(&m, "name", names, 3);
    add_ints(&m, "n_of", KIND_INT, n, 3);
    struct table *t = table_done(&m);
    struct strbuf out = {0};
    struct table_view v = table_view_default(t);
    table_markdown(&out, t, &v);
    assert_same(&out, "| name | n\\_of |\n| :-- | --: |\n| *str* | *int* |\n| a\\|b | 1 |\n"
                      "| *null* | 20 |\n| \\*x\\* | 3 |\n\n3 rows x 2 columns");
    strbuf_release(&out);
    table_unref(t);
    unit_end(&u);
}
