/* Verbs on small frames, compared as CSV; laws of language.md 3.6, 3.7 and 10; errors with their
 * span. */
#include "lang/lang_int.h"
#include "runtime/base/num.h"
#include "runtime/io/io.h"
#include "tests/unit/lang_host.h"

#include <unistd.h>

static const char setup[] =
    "t = frame(zone: [\"a\", \"b\", \"a\", null, \"b\", \"a\"], fare: [5.0, 7.5, 9.0, 6.5, null, "
    "8.0],\n"
    "  tip: [1, null, 2, 1, 3, 0])\n"
    "zones = frame(zone: [\"a\", \"b\", \"c\"], borough: [\"X\", \"Y\", \"Z\"])\n"
    "n = 2\n"
    "big = frame(id: seq(1, 1000)) |> derive g = id % 7, y = id % 4 == 0\n";

static void begin_threads(struct rec *r, int threads)
{
    rec_begin_opts(r, (struct lang_opts){.threads = threads});
    rec_ok(r, setup);
}
static void begin(struct rec *r)
{
    begin_threads(r, 2);
}
/* The rows of a pipeline as CSV; mem_free. */
static char *rows_at(struct rec *r, const char *pipeline, int line)
{
    struct strbuf text = {0}, csv = {0};
    struct table *t;
    strbuf_printf(&text, "out_ = %s", pipeline);
    if (rec_run(r, text.p) != RC_OK) rec_fail(r, text.p, "failed", __FILE__, line);
    const struct value *v = scope_get(r->lg->globals, STR("out_"));
    assert_int_equal(v->kind, VALUE_FRAME);
    if (lang_frame_table(r->lg, v->plan, &t, &r->err) != RC_OK)
        rec_fail(r, text.p, "does not run", __FILE__, line);
    io_csv_text(&csv, t, ',');
    table_unref(t);
    strbuf_release(&text);
    return strbuf_take(&csv);
}
static void gives_at(struct rec *r, const char *pipeline, const char *want, int line)
{
    char *got = rows_at(r, pipeline, line);
    if (strcmp(got, want) != 0)
        fail_msg("line %d: %s\n--- got\n%s--- want\n%s", line, pipeline, got, want);
    mem_free(got);
}
#define gives(r, pipeline, want) gives_at((r), (pipeline), (want), __LINE__)
static void same_at(struct rec *r, const char *a, const char *b, int line)
{
    char *x = rows_at(r, a, line), *y = rows_at(r, b, line);
    if (strcmp(x, y) != 0) fail_msg("line %d: %s\n%s\nis not\n%s\n%s", line, a, x, b, y);
    mem_free(x);
    mem_free(y);
}
#define same(r, a, b) same_at((r), (a), (b), __LINE__)
static void counts_at(struct rec *r, const char *pipeline, int64_t want, int line)
{
    struct strbuf text = {0};
    char number[32];
    strbuf_printf(&text, "n_rows(%s)", pipeline);
    snprintf(number, sizeof number, "%lld", (long long)want);
    rec_expect_at(r, text.p, number, __FILE__, line);
    strbuf_release(&text);
}
#define counts(r, pipeline, want) counts_at((r), (pipeline), (want), __LINE__)

TEST(where)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> where fare > 7", "zone,fare,tip\nb,7.5,\na,9.0,2\na,8.0,0\n");
    gives(&r, "t |> where fare > 7, tip is not null", "zone,fare,tip\na,9.0,2\na,8.0,0\n");
    gives(&r, "t |> where fare != 5", /* null is not 5 */
          "zone,fare,tip\nb,7.5,\na,9.0,2\n,6.5,1\nb,,3\na,8.0,0\n");
    gives(&r, "t |> where fare == max(fare) by zone", "zone,fare,tip\nb,7.5,\na,9.0,2\n,6.5,1\n");
    gives(&r, "t |> where rank(-fare) <= 2, tip > 0", "zone,fare,tip\na,9.0,2\n");
    gives(&r, "t |> where fare > mean(fare), zone == \"a\"", "zone,fare,tip\na,9.0,2\na,8.0,0\n");
    gives(&r, "t |> where zone in $zones.zone |> select zone", "zone\na\nb\na\nb\na\n");
    gives(&r, "t |> where zone not in $zones.zone |> select tip", "tip\n1\n");
    gives(&r, "t |> where tip == $n", "zone,fare,tip\na,9.0,2\n");
    counts(&r, "t |> where not (fare > 7)", 3);
    counts(&r, "t |> where fare > 100 |> where fare == max(fare)", 0);
    rec_end(&r);
}
TEST(derive)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> take 2 |> derive a = fare * 2, b = a + 1, fare = 0",
          "zone,fare,tip,a,b\na,0,1,10.0,11.0\nb,0,,15.0,16.0\n");
    gives(&r, "t |> derive m = max(fare), k = count() by zone |> select zone, m, k",
          "zone,m,k\na,9.0,3\nb,7.5,2\na,9.0,3\n,6.5,1\nb,7.5,2\na,9.0,3\n");
    gives(&r, "t |> take 2 |> derive fare + tip, abs(fare)",
          "zone,fare,tip,fare + tip,abs(fare)\na,5.0,1,6.0,5.0\nb,7.5,,,7.5\n");
    gives(&r, "t |> derive prev = lag(fare) by zone sort tip |> select zone, tip, prev",
          "zone,tip,prev\na,1,8.0\nb,,\na,2,5.0\n,1,\nb,3,\na,0,\n");
    gives(&r, "t |> take 2 |> derive across(type(num), x -> x * 2, name: \"{col}_2\") |> drop zone",
          "fare,tip,fare_2,tip_2\n5.0,1,10.0,2\n7.5,,15.0,\n");
    gives(&r, "t |> take 2 |> derive across([fare, tip], x -> x + fare) |> drop zone",
          "fare,tip\n10.0,6.0\n15.0,\n"); /* one item: all of it sees what was before it */
    rec_end(&r);
}
TEST(derive_is_one_step_after_the_other)
{
    struct rec r;
    begin(&r);
    same(&r, "t |> derive a = fare + 1, b = a * 2, c = mean(b), d = c - a, a = 0",
         "t |> derive a = fare + 1 |> derive b = a * 2 |> derive c = mean(b) |> derive d = c - a "
         "|> derive a = 0");
    same(&r, "t |> derive zone = zone ?? \"a\", m = mean(fare) by zone",
         "t |> derive zone = zone ?? \"a\" by zone |> derive m = mean(fare) by zone");
    same(
        &r, "t |> derive m = mean(fare), d = fare - m, q = mean(fare) - d by zone",
        "t |> derive m = mean(fare) by zone |> derive d = fare - m |> derive q = mean(fare) - d by "
        "zone");
    same(&r, "t |> derive tip = -(tip ?? 9), r = row_number() sort tip",
         "t |> derive tip = -(tip ?? 9) |> derive r = row_number() sort tip");
    same(&r,
         "t |> summarize m = mean(fare) by zone |> where zone is not null |> join (t |> distinct "
         "zone) on zone |> select zone, m |> sort zone",
         "t |> derive m = mean(fare) by zone |> where zone is not null |> distinct zone |> select "
         "zone, m |> sort zone");
    rec_end(&r);
}
TEST(select_drop_rename)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> take 1 |> select tip, all()", "tip,zone,fare\n1,a,5.0\n");
    gives(&r, "t |> take 1 |> select tip, zone, tip", "tip,zone\n1,a\n");
    gives(&r, "t |> take 1 |> select type(num) - tip", "fare\n5.0\n");
    gives(&r, "t |> take 1 |> select total = fare + tip, twice = total * 2, zone",
          "total,twice,zone\n6.0,12.0,a\n");
    gives(&r, "t |> take 1 |> select fare = fare * 2, old = fare", "fare,old\n10.0,10.0\n");
    gives(&r, "t |> take 2 |> select m = max(fare), zone", "m,zone\n7.5,a\n7.5,b\n");
    gives(&r, "t |> take 1 |> select zone..fare", "zone,fare\na,5.0\n");
    gives(&r, "t |> take 1 |> drop type(num)", "zone\na\n");
    gives(&r, "t |> take 1 |> rename area = zone", "area,fare,tip\na,5.0,1\n");
    gives(&r, "t |> take 1 |> rename all(), x -> upper(x)", "ZONE,FARE,TIP\na,5.0,1\n");
    gives(&r, "t |> take 1 |> rename fare = tip, tip = fare", "zone,tip,fare\na,5.0,1\n");
    gives(&r, "t |> take 1 |> rename starts(\"t\"), x -> f\"{x}_1\"", "zone,fare,tip_1\na,5.0,1\n");
    gives(&r,
          "frame(a: [1]) |> derive `Body Mass (g)` = 1, fareAmount = 2, `%` = 3, `a.b` = 4, "
          "`Größe` = 5, HTTPCode = 6, `2nd` = 7, `A` = 8 |> clean_names",
          "a,body_mass_g,fare_amount,percent,a_b,grosse,http_code,x2nd,a_2\n1,1,2,3,4,5,6,7,8\n");
    rec_error(&r, "t |> drop all()", E217, "drop all()", "every column");
    rec_error(&r, "t |> rename fare = tip", E212, NULL, "two columns");
    rec_error(&r, "t |> select nope", E201, "nope", "nope");
    rec_end(&r);
}
TEST(summarize)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> summarize n = count(), m = mean(fare), top = max(fare), gap = top - m by zone",
          "zone,n,m,top,gap\na,3,7.333333333333333,9.0,1.666666666666667\nb,2,7.5,7.5,0.0\n"
          ",1,6.5,6.5,0.0\n");
    gives(&r, "t |> summarize count()", "count()\n6\n");
    gives(&r, "t |> summarize fare = mean(fare), more = fare + 1 by zone |> take 1 |> select more",
          "more\n8.333333333333332\n");
    gives(&r, "t |> summarize n = count(where: fare > 7), s = sum(tip) by dear = fare > 7",
          "dear,n,s\nfalse,0,5\ntrue,3,2\n");
    gives(&r, "t |> summarize across(type(num), x -> max(x)), n = count() by zone",
          "zone,fare,tip,n\na,9.0,2,3\nb,7.5,3,2\n,6.5,1,1\n");
    gives(&r, "t |> summarize across([fare, tip], mean, name: \"{col}_m\")",
          "fare_m,tip_m\n7.2,1.4\n");
    gives(&r, "t |> where fare > 100 |> summarize n = count(), s = sum(tip), m = mean(tip)",
          "n,s,m\n0,0,\n");
    gives(&r, "t |> where fare > 100 |> summarize n = count() by zone", "zone,n\n");
    rec_error(&r, "t |> summarize fare", E210, "fare", "many values");
    rec_error(&r, "t |> summarize zone = count() by zone", E212, NULL, "zone");
    rec_error(&r, "t |> summarize a = count(), a = sum(tip)", E212, NULL, "a");
    rec_error(&r, "t |> summarize m = mean(max(fare))", E210, "max(fare)", "nest");
    rec_end(&r);
}
TEST(count)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> count zone", "zone,n\na,3\nb,2\n,1\n");
    gives(&r, "t |> count tip", "tip,n\n1,2\n0,1\n2,1\n3,1\n,1\n");
    gives(&r, "t |> count", "n\n6\n");
    gives(&r, "t |> count dear = fare > 7, name: \"rows\"", "dear,rows\nfalse,3\ntrue,3\n");
    gives(&r, "t |> rename n = tip |> count n, name: \"k\" |> take 1", "n,k\n1,2\n");
    rec_error(&r, "t |> rename n = tip |> count n", E212, "n", "both be called");
    rec_end(&r);
}
TEST(sort_descending)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> sort -fare |> select fare", "fare\n9.0\n8.0\n7.5\n6.5\n5.0\n\n");
    rec_end(&r);
}
TEST(sort_take_skip)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> sort tip |> select tip, zone", "tip,zone\n0,a\n1,a\n1,\n2,a\n3,b\n,b\n");
    gives(&r, "t |> sort -tip |> select tip, zone", "tip,zone\n3,b\n2,a\n1,a\n1,\n0,a\n,b\n");
    gives(&r, "t |> sort tip, nulls: first |> take 2 |> select tip, zone", "tip,zone\n,b\n0,a\n");
    gives(&r, "t |> sort -zone, fare |> select zone, fare",
          "zone,fare\nb,7.5\nb,\na,5.0\na,8.0\na,9.0\n,6.5\n");
    gives(&r, "t |> take 1 by zone sort -fare", "zone,fare,tip\na,9.0,2\nb,7.5,\n,6.5,1\n");
    gives(&r, "t |> take 2 sort fare |> select fare, tip", "fare,tip\n5.0,1\n6.5,1\n");
    gives(&r, "t |> take -2 |> select tip, zone", "tip,zone\n3,b\n0,a\n");
    gives(&r, "t |> take $n |> select tip, zone", "tip,zone\n1,a\n,b\n");
    gives(&r, "t |> skip 4 |> select tip, zone", "tip,zone\n3,b\n0,a\n");
    gives(&r, "t |> skip 1 by zone |> select zone, tip", "zone,tip\na,2\na,0\nb,3\n");
    counts(&r, "t |> take 0", 0);
    counts(&r, "t |> skip 100", 0);
    rec_error(&r, "t |> take n", E203, "n", "t |> take $n");
    rec_error(&r, "t |> take fare", E207, "fare", "not a column");
    rec_error(&r, "t |> take 2.5", E207, "2.5", "whole number");
    gives(&r, "t |> skip -4 |> select zone, fare", "zone,fare\na,5.0\nb,7.5\n");
    rec_error(&r, "t |> take 3, zone", E208, "zone", "take 3 by zone");
    rec_end(&r);
}
TEST(distinct)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> distinct zone", "zone,fare,tip\na,5.0,1\nb,7.5,\n,6.5,1\n");
    gives(&r, "t |> distinct zone sort -fare", "zone,fare,tip\nb,7.5,\na,9.0,2\n,6.5,1\n");
    gives(&r, "t |> select zone |> distinct", "zone\na\nb\n\n");
    rec_end(&r);
}
TEST(fill_drop_null)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> fill tip = 0, zone = \"?\"",
          "zone,fare,tip\na,5.0,1\nb,7.5,0\na,9.0,2\n?,6.5,1\nb,,3\na,8.0,0\n");
    gives(&r, "t |> fill fare = max(fare) by zone |> select fare",
          "fare\n5.0\n7.5\n9.0\n6.5\n7.5\n8.0\n");
    gives(&r, "t |> fill across(type(num), x -> -1) |> select fare, tip |> skip 1 |> take 4",
          "fare,tip\n7.5,-1\n9.0,2\n6.5,1\n-1.0,3\n");
    gives(&r, "t |> drop_null tip |> select tip", "tip\n1\n2\n1\n3\n0\n");
    counts(&r, "t |> drop_null", 3);
    rec_error(&r, "t |> fill tip", E217, "tip", "t |> fill tip = 0");
    rec_error(&r, "t |> fill nope = 1", E201, NULL, "nope");
    rec_end(&r);
}
TEST(join)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> join zones on zone |> select zone, tip, borough",
          "zone,tip,borough\na,1,X\nb,,Y\na,2,X\nb,3,Y\na,0,X\n");
    gives(&r, "t |> join zones on zone, kind: left |> select zone, borough |> skip 2 |> take 2",
          "zone,borough\na,X\n,\n");
    gives(&r, "t |> join zones on zone, kind: right |> select zone, borough |> take -1",
          "zone,borough\nc,Z\n");
    counts(&r, "t |> join zones on zone, kind: full", 7);
    counts(&r, "t |> join zones on zone, kind: semi", 5);
    gives(&r, "t |> join $zones on zone, kind: anti", "zone,fare,tip\n,6.5,1\n");
    counts(&r, "t |> join zones, kind: cross", 18);
    gives(&r, "t |> join (zones |> rename z = zone) on upper(zone) == upper(z) |> take 1",
          "zone,fare,tip,z,borough\na,5.0,1,a,X\n");
    gives(&r, "zones |> join (zones |> derive k = 1) on borough |> take 1",
          "zone,borough,zone_right,k\na,X,a,1\n");
    gives(&r, "zones |> join (zones |> derive k = 1) on borough, suffix: \"_2\" |> take 1",
          "zone,borough,zone_2,k\na,X,a,1\n");
    rec_error(&r, "t |> join zones", E208, "join", "t |> join zones on zone");
    rec_error(&r, "t |> join zones on borough == zone", E201, "borough", "zone == borough");
    rec_error(&r, "t |> join zone on zone", E202, "zone", "t |> join zones on zone");
    rec_error(&r, "t |> join n on zone", E211, "n", "of type int");
    rec_error(&r, "t |> join zones on zone = zone", E110, NULL, "==");
    rec_error(&r, "t |> join zones on zone, kind: lft", E209, "lft", "kind: left");
    rec_error(&r, "t |> join zones on zone, knd: left", E206, "knd", "kind: left");
    rec_error(&r, "zones |> join t on zone, expect: \"one-to-one\"", E311, NULL, "one-to-one");
    rec_end(&r);
}
TEST(union_stacks)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> take 1 |> union (zones |> take 1)", "zone,fare,tip,borough\na,5.0,1,\na,,,X\n");
    gives(&r, "frame(a: [1]) |> union frame(a: [2.5])", "a\n1.0\n2.5\n");
    gives(&r, "frame(a: [1], b: [2]) |> union (frame(x: [3], y: [4])), by_position: true",
          "a,b\n1,2\n3,4\n");
    gives(&r, "union([(zones |> take 1), (zones |> skip 2)])", "zone,borough\na,X\nc,Z\n");
    rec_ok(&r, "parts = [(zones |> take 1), (zones |> take 1)]");
    gives(&r, "union(parts)", "zone,borough\na,X\na,X\n");
    gives(&r, "zones |> union zones, source: \"from\" |> take -1",
          "zone,borough,from\nc,Z,zones\n");
    rec_error(&r, "frame(a: [1]) |> union (frame(a: [\"x\"]))", E207, NULL, "derive a = str(a)");
    rec_error(&r, "zones |> union 3", E211, "3", "of type int");
    rec_end(&r);
}

/* ---- random rows ---- */
TEST(sample_sizes)
{
    struct rec r;
    begin(&r);
    counts(&r, "big |> sample 100", 100);
    counts(&r, "big |> sample 0.1", 100);
    counts(&r, "big |> sample 0.0005", 0);
    counts(&r, "big |> sample 5000", 1000);
    gives(
        &r,
        "big |> sample 10 by g |> count g |> summarize n = count(), least = min(n), most = max(n)",
        "n,least,most\n7,10,10\n");
    gives(&r, "big |> sample 0.5 by g |> count g |> sort g |> select n", /* 142.86 rows a group */
          "n\n71\n72\n72\n72\n72\n72\n72\n");
    same(&r, "big |> sample 50, seed: 3", "big |> sample 50, seed: 3 |> sort id");
    same(&r, "big |> sample 50, seed: 3", "big |> sample 50, seed: 3");
    counts(&r,
           "big |> sample 50, seed: 3 |> join (big |> sample 50, seed: 4) on id, kind: semi |> "
           "where id < 0",
           0);
    counts(&r, "big |> sample 200, seed: 1, replace: true", 200);
    counts(&r, "big |> sample 3000, seed: 1, replace: true", 3000);
    counts(&r, "big |> sample 0.5, seed: 1, replace: true", 500);
    counts(&r, "big |> where id < 0 |> sample 5, replace: true", 0);
    rec_error(&r, "big |> sample 1.5", E209, "1.5", "share");
    rec_error(&r, "big |> sample -1", E209, "-1", "share");
    rec_end(&r);
}
/* 3000 draws with replacement from 1000 rows: about 950 different ones (1000 (1 - e^-3)). */
TEST(sample_replace_spreads)
{
    struct rec r;
    begin(&r);
    char *n =
        rows_at(&r, "big |> sample 3000, seed: 1, replace: true |> distinct id |> count", __LINE__);
    int64_t distinct = 0;
    assert_true(int_parse(n + 2, strlen(n) - 3, &distinct));
    assert_in_range(distinct, 920, 980);
    mem_free(n);
    rec_end(&r);
}
TEST(sample_is_fair)
{
    struct rec r;
    begin(&r);
    char *mean = rows_at(&r, "big |> sample 500, seed: 11 |> summarize m = mean(id)", __LINE__);
    double m = 0;
    assert_true(num_parse(mean + 2, strlen(mean) - 3, &m));
    assert_close(m, 500.5, 0, 40); /* standard error 9.1 */
    mem_free(mean);
    rec_end(&r);
}
TEST(split_parts)
{
    struct rec r;
    begin(&r);
    rec_ok(&r, "a, b, c = big |> split 0.6, 0.3, 0.1, seed: 5");
    counts(&r, "a", 600);
    counts(&r, "b", 300);
    counts(&r, "c", 100);
    same(&r, "a |> union b, c |> sort id", "big");
    same(&r, "a |> sort id", "a");
    rec_ok(&r, "p, q = big |> split 0.7, 0.3, seed: 1, strata: y");
    gives(&r, "p |> count y |> select n", "n\n525\n175\n");
    gives(&r, "q |> count y |> select n", "n\n225\n75\n");
    rec_ok(&r, "p, q = big |> split 0.5, 0.5, seed: 1, strata: [y, g]");
    same(&r, "p |> union q |> sort id", "big");
    rec_ok(&r, "p, q = big |> split 0.8");
    counts(&r, "q", 200);
    rec_ok(&r, "p, q = big |> split 0.5, 0.2");
    counts(&r, "p |> union q", 700);
    rec_ok(&r, "p, q = big |> split 0.7, 0.3, group: g, seed: 2");
    gives(&r, "p |> count g |> count", "n\n5\n"); /* 4.9 of 7 groups */
    counts(&r, "p |> join q on g, kind: semi", 0);
    same(&r, "p |> union q |> sort id", "big");
    rec_ok(&r, "p, q = big |> sort -id |> split 0.25, 0.75, time: id");
    same(&r, "p", "big |> where id <= 250 |> sort -id");
    rec_ok(&r, "p, q = big |> split time: id, at: 100");
    counts(&r, "p", 99);
    counts(&r, "q", 901);
    rec_error(&r, "p, q = big |> split 0.7, 0.5", E209, "0.5", "more than 1");
    rec_error(&r, "p, q = big |> split 70, 30", E209, "70", "between 0.0 and 1.0");
    rec_error(&r, "p, q = big |> split 0.5, 0.5, time: id, strata: y", E217, NULL, "one of");
    rec_end(&r);
}
/* The same text gives the same rows on any number of threads. */
TEST(random_rows_do_not_depend_on_threads)
{
    static const char *const texts[] = {
        "big |> sample 40, seed: 9",
        "big |> sample 0.03 by g, seed: 9",
        "big |> sample 70, seed: 9, replace: true",
        "big |> derive r = rand() |> take 5 sort r",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *first = NULL;
        for (int threads = 1; threads <= 3; threads++) {
            struct rec r;
            begin_threads(&r, threads);
            char *got = rows_at(&r, texts[i], __LINE__);
            if (first) assert_string_equal(got, first);
            if (!first) first = mem_strndup(got, strlen(got));
            mem_free(got);
            rec_end(&r);
        }
        mem_free(first);
    }
}

/* ---- looking, checking, saving ---- */
TEST(describe_and_corr)
{
    struct rec r;
    begin(&r);
    gives(&r, "t |> describe |> derive sd = round(sd, 9)",
          "column,type,missing_pct,distinct,min,p25,median,p75,max,mean,sd,values\n"
          "zone,str,16.67,2,,,,,,,,\"a (3), b (2)\"\n"
          "fare,num,16.67,5,5.0,6.5,7.5,8.0,9.0,7.2,1.524795068,\n"
          "tip,int,16.67,4,0.0,1.0,1.0,2.0,3.0,1.4,1.140175425,\n");
    gives(&r, "t |> describe tip |> select column, mean", "column,mean\ntip,1.4\n");
    gives(&r, "frame(d: [@2019-01-05, null, @2019-01-01]) |> describe",
          "column,type,missing_pct,distinct,values\nd,date,33.33,2,2019-01-01 .. 2019-01-05\n");
    gives(&r, "t |> where fare > 100 |> describe fare |> select missing_pct, distinct, min",
          "missing_pct,distinct,min\n0.0,0,\n");
    gives(&r,
          "frame(a: [1, 2, 3, 4], b: [2, 4, 6, 9], c: [\"x\", \"y\", \"x\", \"y\"]) |> corr |> "
          "derive across(type(num), x -> round(x, 9))",
          "column,a,b\na,1.0,0.994376713\nb,0.994376713,1.0\n");
    rec_error(&r, "t |> corr zone", E207, NULL, "takes numbers");
    gives(&r, "frame(a: [1, 2, 3, 4], b: [2, 4, 4, 3]) |> corr method: spearman",
          "column,a,b\na,1.0,0.31622776601683794\nb,0.31622776601683794,1.0\n");
    rec_end(&r);
}
TEST(show_and_glimpse)
{
    struct rec r;
    begin(&r);
    rec_expect(
        &r, "zones |> glimpse",
        "3 rows, 2 columns\nzone     str  \"a\", \"b\", \"c\"\nborough  str  \"X\", \"Y\", \"Z\"");
    rec_expect(&r, "t |> where fare > 6 |> explain", "filter fare > 6\n  table (6 rows)");
    rec_ok(&r, "big |> show 3");
    assert_non_null(strstr(r.shown.p, "1,000 rows"));
    rec_ok(&r, "big |> show all");
    assert_non_null(strstr(r.shown.p, "│ 1000 │"));
    rec_error(&r, "big |> show 0", E209, "0", "show all");
    rec_expect(&r, "t |> where fare > 6 |> cache", "cache: 4 rows, 3 columns");
    rec_end(&r);
}
TEST(assert_rows)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "t |> assert tip >= 0 or tip is null", "assert: holds");
    rec_error(&r, "t |> assert fare > 6, \"too cheap\"", E310, "fare > 6", "too cheap");
    rec_error(&r, "u = t |> assert fare > 6", E310, "fare > 6", "2 of 6");
    rec_error(&r, "t |> assert count() > 100, \"too few\"", E310, "count() > 100", "count() is 6");
    rec_error(&r, "t |> where fare > 99 |> assert count() > 0", E310, "count() > 0",
              "count() is 0");
    rec_error(&r, "t |> assert count() > 1 by zone", E310, "count() > 1", "1 of 6");
    rec_error(&r, "t |> assert fare = 6", E110, NULL, "==");
    rec_ok(&r, "t |> assert fare > 6, warn: true");
    assert_non_null(strstr(r.notes.p, "W310"));
    rec_ok(&r, "t |> assert count() > 99, warn: true");
    assert_non_null(strstr(r.notes.p, "W310"));
    same(&r, "t |> assert fare == max(fare) or fare <= max(fare) or fare is null by zone", "t");
    rec_end(&r);
}
TEST(save_files)
{
    struct rec r;
    begin(&r);
    char text[256];
    snprintf(text, sizeof text, "t |> save \"/tmp/mlnb_save_%d.csv\"", (int)getpid());
    rec_ok(&r, text);
    assert_non_null(strstr(r.shown.p, "6 rows, 3 columns"));
    snprintf(text, sizeof text, "read(\"/tmp/mlnb_save_%d.csv\")", (int)getpid());
    same(&r, text, "t");
    snprintf(text, sizeof text, "/tmp/mlnb_save_%d.csv", (int)getpid());
    unlink(text);
    rec_error(&r, "t |> save \"x.nope\"", E305, "\"x.nope\"", "");
    rec_error(&r, "t |> save", E208, "save", "t |> save \"name.csv\"");
    rec_error(&r, "t |> save t", E203, "t", "");
    rec_error(&r, "t |> save \"/nowhere/at/all/x.csv\"", E306, NULL, "");
    rec_end(&r);
}
TEST(verbs_in_fns)
{
    struct rec r;
    begin(&r);
    rec_ok(&r, "fn top(t, col, n: 1) = t |> sort -$col |> take $n\n"
               "fn per(t, g, x) = t |> summarize m = max($x) by $g\n"
               "fn with(t, other) = t |> join $other on zone");
    gives(&r, "t |> top fare |> select fare", "fare\n9.0\n");
    gives(&r, "t |> top tip, n: 2 |> select tip, zone", "tip,zone\n3,b\n2,a\n");
    gives(&r, "t |> per zone, fare", "zone,m\na,9.0\nb,7.5\n,6.5\n");
    counts(&r, "t |> with zones", 5);
    rec_end(&r);
}
TEST(unknown_words)
{
    struct rec r;
    begin(&r);
    rec_error(&r, "t |> whre fare > 3", E205, "whre", "t |> where fare > 3");
    rec_error(&r, "t |> filter fare > 3", E105, "filter", "t |> where fare > 3");
    rec_error(&r, "t |> groupby zone", E105, "groupby", "by");
    rec_error(&r, "t |> automl zone", E214, "automl", "does not run yet");
    rec_error(&r, "t |> pivot zone", E208, "zone", "pivot zone, count()");
    rec_error(&r, "t |> xyzzy", E205, "xyzzy", "?? lists");
    rec_error(&r, "n |> where fare > 3", E211, "where", "of type int");
    rec_error(&r, "t |> drop zone by fare", E217, "fare", "takes no by clause");
    rec_error(&r, "t |> where fare = 3", E110, NULL, "t |> where fare == 3");
    rec_error(&r, "t |> sort fare, nulls: first, nulls: last", E206, "nulls", "twice");
    rec_error(&r, "t |> take 3, seed: 1", E206, "seed", "nulls:");
    rec_error(&r, "t |> show 2 |> where fare > 1", E211, "where", "nothing to go on");
    rec_end(&r);
}

/* ---- charts and models: what reaches them ---- */
TEST(charts)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "t |> plot fare, tip", "scatter chart: 4 points, tip against fare");
    rec_expect(&r, "t |> plot zone, mean(tip) sort -mean(tip)",
               "bar chart: 3 bars, mean(tip) by zone");
    rec_ok(&r, "t |> plot fare, tip |> layer kind: rule, y: 2 |> layer kind: line");
    rec_ok(&r, "t |> plot fare, tip, color: \"steelblue\", alpha: 0.5, title: \"T\", yrange: 0..5");
    rec_ok(&r, "t |> derive i = row_number() |> plot i, [fare, tip]");
    rec_error(&r, "t |> plot nope", E201, "nope", "");
    rec_error(&r, "t |> plot", E501, NULL, "t |> plot zone");
    rec_error(&r, "t |> plot fare, kind: pint", E502, "pint", "kind: point");
    rec_error(&r, "t |> plot fare, kind: leaderboard", E214, "leaderboard", "not in this version");
    rec_error(&r, "t |> plot fare, kind: roc", E501, NULL, "drawn of a model");
    rec_error(&r, "t |> plot fare, xrange: 3", E209, "3", "0..30");
    rec_error(&r, "t |> plot fare, x: tip", E206, NULL, "twice");
    rec_error(&r, "t |> plot fare, tip, zone", E208, "zone", "color: zone");
    rec_error(&r, "t |> layer fare", E211, "layer", "needs a chart");
    rec_error(&r, "t |> plot zone, mean(tip) |> layer zone, kind: line", E501, NULL, "must say");
    rec_end(&r);
}
TEST(models)
{
    struct rec r;
    begin(&r);
    rec_ok(&r, "m = t |> fit tip ~ fare, linear(), nulls: drop");
    gives(&r, "t |> predict m |> take 1 |> select tip, p = round(prediction, 6)",
          "tip,p\n1,0.768707\n");
    gives(&r, "t |> evaluate m, metrics: [r2, rmse] |> select metric", "metric\nr2\nrmse\n");
    rec_ok(&r, "c = big |> fit y ~ id + cat(g), logistic(l2: 0.1)");
    rec_ok(&r, "c |> plot kind: roc, data: big");
    gives(&r, "big |> evaluate c, kind: confusion |> summarize n = sum(n)", "n\n1000\n");
    rec_error(&r, "t |> fit tip ~ fare, liner()", E204, "liner()", "linear()");
    rec_error(&r, "t |> fit tip ~ fare, linear(l2: [1, 2])", E209, "[1, 2]", "tune");
    rec_error(&r, "t |> fit linear()", E401, NULL, "fit y ~ a + b");
    rec_error(&r, "t |> fit tip ~ fare, linear()", E402, NULL, "nulls: drop");
    rec_error(&r, "t |> predict m2", E202, "m2", "no variable");
    rec_error(&r, "t |> predict zones", E207, "zones", "of type frame");
    rec_error(&r, "c |> plot", E501, NULL, "kind");
    rec_error(&r, "c |> plot kind: roc", E501, NULL, "c |> plot kind: roc, data: test");
    rec_end(&r);
}
