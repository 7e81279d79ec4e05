/* How errors look: carets under wide characters and tabs, cut lines, places, colours; and what is
 * near a wrong name. */
#include "tests/unit/unit.h"

#include "lang/diag.h"

static void set_error(struct error *e, enum err_code code, uint32_t source, uint32_t from,
                      uint32_t to, const char *message)
{
    memset(e, 0, sizeof *e);
    struct ctx cx = {.err = e};
    if (fail(&cx, code, ((struct span){source, from, to}), "%s", message) == RC_OK) abort();
}

static void check(const struct sources *s, const struct error *e, struct diag_opts opts,
                  const char *want)
{
    struct strbuf b = {0};
    diag_text(&b, s, e, &opts);
    if (strcmp(b.p, want) != 0) fail_msg("got\n%s\nwant\n%s", b.p, want);
    strbuf_release(&b);
}

/* One line of text, an error from..to in it. */
static void check_line(const char *text, uint32_t from, uint32_t to, int width, const char *want)
{
    struct sources *s = sources_new();
    struct error e;
    set_error(&e, E101, sources_add(s, "cell 1", text, strlen(text), 1), from, to, "m");
    check(s, &e, (struct diag_opts){.width = width}, want);
    sources_free(s);
}

TEST(diag_sample_of_the_spec)
{
    const char *text = "x = 1\ntrips |> where fare > 0\ny = 2";
    struct sources *s = sources_new();
    struct error e;
    set_error(&e, E201, sources_add(s, "cell 3", text, strlen(text), 1), 21, 25,
              "unknown column `fare`");
    struct ctx cx = {.err = &e};
    assert_int_equal(err_note(&cx, "`trips` has 18 columns. Closest: fare_amount. A variable of "
                                   "that name does not exist."),
                     RC_ERR);
    assert_int_equal(err_hint(&cx, "trips |> where fare_amount > 0"), RC_ERR);
    check(
        s, &e, (struct diag_opts){0},
        "E201 unknown column `fare`\n"
        "  trips |> where fare > 0\n"
        "                 ^^^^\n"
        "  `trips` has 18 columns. Closest: fare_amount. A variable of that name does not exist.\n"
        "  try: trips |> where fare_amount > 0");
    check(
        s, &e, (struct diag_opts){.color = true},
        "\x1b[1;31mE201 unknown column `fare`\x1b[0m\n"
        "  trips |> where fare > 0\n"
        "                 \x1b[31m^^^^\x1b[0m\n"
        "  `trips` has 18 columns. Closest: fare_amount. A variable of that name does not exist.\n"
        "  try: trips |> where fare_amount > 0");
    sources_free(s);
}

TEST(diag_place)
{
    const char *text = "größe = 1\nx = größe + y";
    struct sources *s = sources_new();
    uint32_t source = sources_add(s, "tips.mlnb", text, strlen(text), 12);
    struct error e;
    const char *y = strrchr(text, 'y');
    set_error(&e, E202, source, (uint32_t)(y - text), (uint32_t)(y - text) + 1,
              "unknown variable `y`");
    check(s, &e, (struct diag_opts){.place = true},
          "E202 unknown variable `y` (tips.mlnb:13:13)\n  x = größe + y\n              ^");
    int line, column;
    sources_place(s, (struct span){source, 0, 0}, &line, &column);
    assert_int_equal(line, 12);
    assert_int_equal(column, 1);
    sources_place(s, (struct span){source, 10000, 10000}, &line, &column); /* beyond the end */
    assert_int_equal(line, 13);
    assert_string_equal(sources_label(s, source), "tips.mlnb");
    assert_string_equal(sources_label(s, 99), "");
    assert_int_equal(sources_text(s, 99).n, 0);
    sources_free(s);
}

TEST(diag_without_source)
{
    struct error e;
    set_error(&e, E903, 0, 0, 0, "a fault");
    check(NULL, &e, (struct diag_opts){.place = true}, "E903 a fault");
    struct sources *s = sources_new();
    check(s, &e, (struct diag_opts){0}, "E903 a fault");
    sources_free(s);
}

TEST(diag_carets_line_up)
{
    check_line("a b c", 2, 3, 0, "E101 m\n  a b c\n    ^");
    /* two cells a character */
    check_line("価格 = x", 9, 10, 0, "E101 m\n  価格 = x\n         ^");
    check_line("価格 = x", 0, 6, 0, "E101 m\n  価格 = x\n  ^^^^");
    /* e and a combining accent are one cell */
    check_line("e\xCC\x81 = x", 6, 7, 0, "E101 m\n  e\xCC\x81 = x\n      ^");
    check_line("a\tb", 2, 3, 0, "E101 m\n  a    b\n       ^");
    check_line("    indented x", 13, 14, 0, "E101 m\n  indented x\n           ^");
    check_line("a\x01\xff"
               "b",
               3, 4, 0,
               "E101 m\n  a\xEF\xBF\xBD\xEF\xBF\xBD"
               "b\n     ^");
    check_line("abc", 3, 3, 0, "E101 m\n  abc\n     ^"); /* behind the end */
    check_line("", 0, 0, 0, "E101 m");
    check_line("abc\r\ndef", 3, 3, 0, "E101 m\n  abc\n     ^");
}

TEST(diag_spans_of_several_lines)
{
    check_line("f(1,\n  2)\ng", 1, 9, 0, "E101 m\n  f(1,\n   ^^^");
    check_line("a\n\nb", 2, 2, 0, "E101 m\n  \n  ^");
}

TEST(diag_long_lines)
{
    char text[401];
    for (int i = 0; i < 400; i++)
        text[i] = (char)('a' + i % 26);
    text[400] = '\0';
    check_line(text, 3, 5, 30, "E101 m\n  abcdefghijklmnopqrstuvwxyza…\n     ^^");
    check_line(text, 200, 203, 30, "E101 m\n  …hijklmnopqrstuvwxyzabcdefg…\n              ^^^");
    check_line(text, 398, 400, 30,
               "E101 m\n  …klmnopqrstuvwxyzabcdefghij\n                           ^^");
    /* a span longer than the line is cut with it */
    check_line(text, 10, 390, 30,
               "E101 m\n  …klmnopqrstuvwxyzabcdefghij…\n   ^^^^^^^^^^^^^^^^^^^^^^^^^^^");
}

/* ---- did you mean ---- */

static const char *near(const char *name, const char *const *names, int n)
{
    static struct str all[64];
    static char buf[128];
    for (int i = 0; i < n; i++)
        all[i] = str_of(names[i]);
    struct str s = nearest(str_of(name), all, n);
    snprintf(buf, sizeof buf, "%.*s", STR_FMT(s));
    return buf;
}

TEST(diag_nearest_names)
{
    static const char *const columns[] = {
        "vendor_id",     "pickup_datetime",    "dropoff_datetime",    "passenger_count",
        "trip_distance", "pickup_location_id", "dropoff_location_id", "payment_type",
        "fare_amount",   "tip_amount",         "total_amount",        "rate_code_id"};
#define NEAR(name) near((name), columns, (int)(sizeof columns / sizeof columns[0]))
    assert_string_equal(NEAR("fare"), "fare_amount");
    assert_string_equal(NEAR("tip"), "tip_amount");
    assert_string_equal(NEAR("Fare_Amount"), "fare_amount");
    assert_string_equal(NEAR("fareAmount"), "fare_amount");
    assert_string_equal(NEAR("fare_amuont"), "fare_amount");
    assert_string_equal(NEAR("payment"), "payment_type");
    assert_string_equal(NEAR("distance"), "trip_distance");
    assert_string_equal(NEAR("pickup_time"), "pickup_datetime");
    assert_string_equal(NEAR("passengers"), "passenger_count");
    assert_string_equal(NEAR("tripDistance"), "trip_distance");
    assert_string_equal(NEAR("total"), "total_amount");
    assert_string_equal(NEAR("zzz"), "");
    assert_string_equal(NEAR(""), "");
    static const char *const verbs[] = {"where",  "select", "derive", "summarize", "sort",  "take",
                                        "sample", "join",   "union",  "distinct",  "count", "plot"};
    assert_string_equal(near("sumarize", verbs, 12), "summarize");
    assert_string_equal(near("wher", verbs, 12), "where");
    assert_string_equal(near("Sort", verbs, 12), "sort");
    assert_string_equal(near("plto", verbs, 12), "plot");
    assert_string_equal(near("jion", verbs, 12), "join");
    assert_string_equal(near("xyz", verbs, 12), "");
    assert_string_equal(near("x", verbs, 12), "");
    assert_int_equal(nearest(STR("a"), NULL, 0).n, 0);
}

TEST(diag_foreign_words)
{
    assert_string_equal(foreign_verb(STR("filter")), "where");
    assert_string_equal(foreign_verb(STR("mutate")), "derive");
    assert_string_equal(foreign_verb(STR("withColumn")), "derive");
    assert_string_equal(foreign_verb(STR("arrange")), "sort");
    assert_string_equal(foreign_verb(STR("head")), "take");
    assert_string_equal(foreign_verb(STR("summarise")), "summarize");
    assert_string_equal(foreign_verb(STR("value_counts")), "count");
    assert_string_equal(foreign_verb(STR("merge")), "join");
    assert_string_equal(foreign_verb(STR("bind_rows")), "union");
    assert_string_equal(foreign_verb(STR("melt")), "unpivot");
    assert_string_equal(foreign_verb(STR("pivot_wider")), "pivot");
    assert_string_equal(foreign_verb(STR("fillna")), "fill");
    assert_string_equal(foreign_verb(STR("dropna")), "drop_null");
    assert_string_equal(foreign_verb(STR("render")), "plot");
    assert_string_equal(foreign_verb(STR("randomSplit")), "split");
    assert_string_equal(foreign_verb(STR("FILTER")), "where");
    assert_null(foreign_verb(STR("where")));
    assert_null(foreign_verb(STR("")));
    assert_string_equal(foreign_function(STR("nunique")), "n_distinct");
    assert_string_equal(foreign_function(STR("std")), "sd");
    assert_string_equal(foreign_function(STR("avg")), "mean");
    assert_string_equal(foreign_function(STR("ifelse")), "if");
    assert_null(foreign_function(STR("mean")));
}
