/* The interpreter end to end: small programs through lang_run with a host that records. */
#include "lang/lang_int.h"
#include "tests/unit/lang_host.h"

#include <pthread.h>
#include <unistd.h>

static void begin(struct rec *r)
{
    rec_begin(r);
    r->check_hints = true;
}

TEST(scalars_alone)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "1 + 2", "3");
    rec_expect(&r, "2.0", "2.0");
    rec_expect(&r, "\"a\\n\"", "\"a\\n\"");
    rec_expect(&r, "[1, 2.5, null]", "[1.0, 2.5, null]");
    rec_expect(&r, "7 // 2", "3");
    rec_expect(&r, "-7 // 2", "-4");
    rec_expect(&r, "7 / 2", "3.5");
    rec_expect(&r, "-7 % 3", "2");
    rec_expect(&r, "-2^2", "-4.0");
    rec_expect(&r, "null", "null");
    rec_expect(&r, "1 / 0", "inf");
    rec_expect(&r, "0 / 0", "null");
    rec_expect(&r, "@2019-01-31T08:30:00", "2019-01-31 08:30:00");
    rec_expect(&r, "1d + 2h + 5min", "1d 2h 5min");
    rec_expect(&r, "{k: 1, \"odd name\": \"x\"}", "{k: 1, \"odd name\": \"x\"}");
    rec_expect(&r, "1..5", "1..5");
    rec_expect(&r, "..<5", "..<5");
    rec_end(&r);
}

TEST(null_rules)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "null == null", "true");
    rec_expect(&r, "null <= null", "true");
    rec_expect(&r, "null < 1", "false");
    rec_expect(&r, "null != 0", "true");
    rec_expect(&r, "null + 1", "null");
    rec_expect(&r, "not null", "true");
    rec_expect(&r, "null and true", "false");
    rec_expect(&r, "null ?? 3", "3");
    rec_expect(&r, "null in [1, null]", "true");
    rec_expect(&r, "null in 1..5", "false");
    rec_expect(&r, "null is null", "true");
    rec_expect(&r, "1 is not null", "true");
    rec_expect(&r, "case { null => 1, else => 2 }", "2");
    rec_expect(&r, "sum([null])", "0");
    rec_expect(&r, "mean([null])", "null");
    rec_expect(&r, "count([1, null, 3])", "2");
    rec_end(&r);
}

TEST(dates_and_months)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "@2019-01-31 + 1mo", "2019-02-28");
    rec_expect(&r, "@2020-02-29 + 1y", "2021-02-28");
    rec_expect(&r, "@2019-01-31 - 1q", "2018-10-31");
    rec_expect(&r, "2 * 1mo", "2mo");
    rec_expect(&r, "1y + 2mo", "1y 2mo");
    rec_expect(&r, "1mo + @2019-01-31", "2019-02-28");
    rec_expect(&r, "@2019-03-01 - @2019-02-01", "28d");
    rec_expect(&r, "@2019-01-31T10:00 + 1mo", "2019-02-28 10:00:00");
    rec_expect(&r, "@2019-01-02 in @2019-01-01..<@2019-02-01", "true");
    rec_expect(&r, "f\"{@2019-01-31:%d %B %Y}\"", "\"31 January 2019\"");
    rec_error(&r, "1mo < 2mo", E207, "1mo < 2mo", "months");
    rec_end(&r);
}

TEST(lists_and_text)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "xs = [3, 1, 2]; xs[1]", "3");
    rec_expect(&r, "xs[-1]", "2");
    rec_expect(&r, "xs[2..3]", "[1, 2]");
    rec_expect(&r, "xs[..2]", "[3, 1]");
    rec_expect(&r, "xs[-2..]", "[1, 2]");
    rec_expect(&r, "xs + [9]", "[3, 1, 2, 9]");
    rec_expect(&r, "len(xs)", "3");
    rec_expect(&r, "sorted(xs)", "[1, 2, 3]");
    rec_expect(&r, "unique([2, 1, 2, null, null])", "[2, 1, null]");
    rec_expect(&r, "map(xs, x -> x * 10)", "[30, 10, 20]");
    rec_expect(&r, "sum(xs)", "6");
    rec_expect(&r, "max(xs)", "3");
    rec_expect(&r, "seq(1, 10, 3)", "[1, 4, 7, 10]");
    rec_expect(&r, "seq(0, 0.3, 0.1)[4] > 0.29", "true");
    rec_expect(&r, "seq(@2019-01-30, @2019-02-01)", "[2019-01-30, 2019-01-31, 2019-02-01]");
    rec_expect(&r, "seq(@2019-01-31, @2019-03-31, 1mo)", "[2019-01-31, 2019-02-28, 2019-03-31]");
    rec_expect(&r, "seq(3..5)", "[3, 4, 5]");
    rec_expect(&r, "\"h\xc3\xa9llo\"[2]", "\"\xc3\xa9\"");
    rec_expect(&r, "\"hello\"[2..3]", "\"el\"");
    rec_expect(&r, "2 in xs", "true");
    rec_expect(&r, "5 not in xs", "true");
    rec_expect(&r, "[1, 2.0] == [1, 2]", "true");
    rec_expect(&r, "[1, null] != [1, null]", "false");
    rec_expect(&r, "{a: [1]} == {a: [1]}", "true");
    rec_error(&r, "xs[0]", E313, "0", "count from 1");
    rec_error(&r, "xs[4]", E313, "4", "outside");
    rec_error(&r, "[1, \"a\"]", E207, "\"a\"", "one type");
    rec_error(&r, "xs * 2", E207, "xs * 2", "map(");
    rec_end(&r);
}

TEST(variables_and_names)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "a = 1\nb = a + 1\nb", "2");
    rec_expect(&r, "a, b = [10, 20]; a + b", "30");
    rec_expect(&r, "`odd name` = 3; `odd name` + $a", "13");
    rec_error(&r, "bb + 1", E202, "bb", "unknown variable");
    rec_error(&r, "a, b = [1, 2, 3]", E208, NULL, "2 names");
    rec_error(&r, "lenn([1])", E204, "lenn", "len(");
    rec_error(&r, "nunique([1])", E204, "nunique", "n_distinct");
    rec_expect(&r, "count = 5; count + count([1, 2])", "7");
    rec_expect(&r, "3\n_ + 1", "3\n4");
    rec_expect(&r, "7;\n1", "1");
    rec_end(&r);
}

TEST(errors_keep_what_ran)
{
    struct rec r;
    begin(&r);
    rec_error(&r, "x = 1\ny = x + nope\nz = 3", E202, "nope", "nope");
    rec_expect(&r, "x", "1");
    rec_error(&r, "z", E202, "z", "z");
    rec_error(&r, "x = (1 +\n", E102, NULL, "");
    rec_error(&r, "1 + \"a\"", E207, "1 + \"a\"", "+");
    rec_error(&r, "9223372036854775807 + 1", E312, NULL, "");
    rec_end(&r);
}

TEST(fns)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "fn f(a, b: 2) = a * b\nf(3)", "6");
    rec_expect(&r, "f(3, b: 5)", "15");
    rec_expect(&r, "f(b: 5, a: 2)", "10");
    rec_error(&r, "f()", E208, "f()", "a");
    rec_error(&r, "f(1, 2, 3)", E208, "f(1, 2, 3)", "takes 2");
    rec_error(&r, "f(1, c: 2)", E206, "2", "no parameter");
    rec_expect(&r, "fn g(x) = {\n  y = x + 1\n  y * 2\n}\ng(3)", "8");
    rec_error(&r, "y", E202, "y", "y");
    rec_expect(&r, "k = 10\nfn h(x) = x + k\nk = 20\nh(1)", "21");
    rec_expect(&r, "fn two(x) = { [x, x + 1] }\na, b = two(5)\na * b", "30");
    rec_expect(&r, "fn fact(n) = if(n <= 1, 1, n * fact(n - 1))\nfact(10)", "3628800");
    rec_error(&r, "fn loop(n) = loop(n + 1)\nloop(0)", E904, NULL, "200");
    rec_expect(&r, "add = (x, y) -> x + y\nadd(2, 3)", "5");
    rec_expect(&r, "fn adder(n) = x -> x + n\ng2 = adder(5)\ng2(1)", "6");
    rec_expect(&r, "fn sign2(x) = { if x > 0 { \"pos\" } else { \"neg\" } }\nsign2(-1)", "\"neg\"");
    rec_end(&r);
}

TEST(deep_calls_end_in_an_error)
{
    struct rec r;
    begin(&r);
    /* ten expressions a call: the limit on expressions comes first, far from the stack's end */
    rec_ok(&r, "fn deep(n) = abs(abs(abs(abs(abs(abs(abs(abs(abs(deep(n + 1))))))))))");
    rec_error(&r, "deep(0)", E904, NULL, "");
    rec_ok(&r, "t = frame(a: [1])");
    rec_error(&r, "t |> derive b = deep(a)", E904, NULL, "");
    rec_expect(&r, "fn sum_to(n) = if(n == 0, 0, n + sum_to(n - 1))\nsum_to(190)", "18145");
    rec_end(&r);
}

TEST(blocks)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "for i in 1..3 { print(i, \"x\") }", "1 x\n2 x\n3 x\n");
    rec_expect(&r, "for d in @2019-01-30..@2019-01-31 { d }", "2019-01-30\n2019-01-31");
    rec_expect(&r, "rows = []\nfor k in [1, 2] { rows = rows + [{k: k, sq: k * k}] }\nrows",
               "[{k: 1, sq: 1}, {k: 2, sq: 4}]");
    rec_expect(&r, "if 1 > 0 { \"yes\" } else { \"no\" }", "\"yes\"");
    rec_expect(&r, "n = 5\nif n < 3 { 1 } else if n < 6 { 2 } else { 3 }", "2");
    rec_expect(&r, "run \"a/b\" { z = 4 }\nz", "4");
    rec_expect(&r, "run f\"a{z}\", tags: [\"t\"] { z }", "4");
    rec_error(&r, "if 1 { 2 }", E207, "1", "true or false");
    rec_error(&r, "for x in 5 { x }", E207, "5", "list or range");
    rec_error(&r, "run [1] { 1 }", E218, "[1]", "list");
    rec_end(&r);
}

TEST(f_strings_and_print)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "zone = \"JFK\"; f\"{zone}: {1234.5:.2f} {{ok}}\"", "\"JFK: 1234.50 {ok}\"");
    rec_expect(&r, "print(\"a\", 1, 2.0, null, [\"b\"])", "a 1 2.0 null [\"b\"]\n");
    rec_expect(&r, "print(f\"{[1, 2]}\")", "[1, 2]\n");
    rec_end(&r);
}

TEST(frames_made)
{
    struct rec r;
    begin(&r);
    rec_ok(&r, "x = frame(a: [1, 2, 3], b: [\"x\", \"y\", null])");
    rec_expect(&r, "names(x)", "[\"a\", \"b\"]");
    rec_expect(&r, "n_rows(x)", "3");
    rec_expect(&r, "x.a[2] + 1", "3");
    rec_expect(&r, "x.b", "[\"x\", \"y\", null]");
    rec_expect(&r, "frame(v: [7]) + 1", "8");
    rec_expect(&r, "t = frame([{k: 1, auc: 0.5}, {k: 2}])\nt.auc", "[0.5, null]");
    rec_expect(&r, "frame(x: 1..3, y: 0).y", "[0, 0, 0]");
    rec_expect(&r, "frame([{k: 1, s: frame(v: [7])}]).s", "[7]");
    rec_error(&r, "frame(a: [1, 2], b: [1])", E207, "[1]", "has 1 value,");
    rec_error(&r, "x + 1", E218, NULL, "2 columns");
    rec_error(&r, "x.c", E201, "c", "They are: a, b.");
    rec_ok(&r, "t = frame(fare_amount: [1])");
    rec_error(&r, "t.fare", E201, "fare", "`t` has 1 column. Closest: fare_amount.");
    rec_expect(&r, "x",
               "\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
               "\xe2\x94\xac\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
               "\xe2\x94\x80\xe2\x94\x90\n"
               "\xe2\x94\x82   a \xe2\x94\x82 b    \xe2\x94\x82\n"
               "\xe2\x94\x82 int \xe2\x94\x82 str  \xe2\x94\x82\n"
               "\xe2\x94\x9c\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
               "\xe2\x94\xbc\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
               "\xe2\x94\x80\xe2\x94\xa4\n"
               "\xe2\x94\x82   1 \xe2\x94\x82 x    \xe2\x94\x82\n"
               "\xe2\x94\x82   2 \xe2\x94\x82 y    \xe2\x94\x82\n"
               "\xe2\x94\x82   3 \xe2\x94\x82 null \xe2\x94\x82\n"
               "\xe2\x94\x94\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
               "\xe2\x94\xb4\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
               "\xe2\x94\x80\xe2\x94\x98\n"
               "3 rows x 2 columns");
    assert_int_equal(r.n_last, 1);
    rec_end(&r);
}

TEST(params)
{
    struct rec r;
    begin(&r);
    lang_set_param(r.lg, "year", "2018");
    lang_set_param(r.lg, "out", "2019");
    lang_set_param(r.lg, "day", "2010-12-05");
    lang_set_param(r.lg, "rate", "3");
    lang_set_param(r.lg, "big", "100");
    lang_set_param(r.lg, "yera", "1");
    rec_expect(&r, "param year = 2019 in [2018, 2019], help: \"which\"\nyear", "2018");
    rec_expect(&r, "param out = \"scored\"\nout", "\"2019\"");
    rec_expect(&r, "param day = @2010-12-01\nday + 1d", "2010-12-06");
    rec_expect(&r, "param rate = 0.5\nrate", "3.0");
    rec_error(&r, "param big = 5 in 1..10", E215, NULL, "1..10");
    rec_error(&r, "param bad = \"x\" in 5", E207, "5", "a list or a range");
    struct error err = {0};
    assert_int_equal(lang_check_params(r.lg, &err), RC_ERR);
    assert_int_equal(err.code, E215);
    assert_non_null(strstr(err.message, "yera"));
    assert_non_null(strstr(err.notes[0], "year=1"));
    rec_error(&r, "year = 1999", E215, NULL, "year"); /* papermill's injected assignment */
    rec_ok(&r, "year = 2019");
    rec_end(&r);
}

TEST(lines_and_host)
{
    struct rec r;
    begin(&r);
    rec_expect(&r, "!echo hi; echo there", "hi\nthere\n");
    rec_error(&r, "!exit 3", E605, NULL, "status 3");
    rec_ok(&r, ".ok now");
    assert_string_equal(r.command, ".ok now");
    rec_error(&r, ".nope", E606, NULL, ".nope");
    rec_error(&r, "input(\"name? \")", E604, NULL, "nobody");
    r.answer = "Ann";
    rec_expect(&r, "input(\"name? \")", "\"Ann\"");
    rec_error(&r, "error(\"stop here\")", E216, NULL, "stop here");
    rec_expect(&r, "env(\"MLNB_SURELY_NOT_SET\", \"d\")", "\"d\"");
    rec_ok(&r, "%%sql as: x\nselect 1 as a");
    rec_expect(&r, "x.a", "[1]");
    rec_expect(&r, "sleep(1ms)\n1", "1");
    rec_end(&r);
    rec_begin_opts(&r, (struct lang_opts){.safe = true});
    rec_error(&r, "!echo hi", E603, NULL, "safe");
    rec_end(&r);
}

TEST(cancel_stops)
{
    struct rec r;
    begin(&r);
    cancel_set(&r.cancel);
    rec_error(&r, "x = 1", E901, NULL, "interrupted");
    cancel_reset(&r.cancel);
    rec_expect(&r, "1", "1");
    rec_end(&r);
}

static void *cancel_soon(void *arg)
{
    struct timespec t = {.tv_nsec = 100000000};
    (void)nanosleep(&t, NULL);
    cancel_set(arg);
    return NULL;
}
static void stops_soon(struct rec *r, const char *text, const char *file, int line)
{
    pthread_t thread;
    struct timespec from, to;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &r->cancel), 0);
    rec_error_at(r, text, E901, NULL, "", file, line);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    assert_true(to.tv_sec - from.tv_sec < 10); /* a minute had it not stopped */
    cancel_reset(&r->cancel);
}
#define stops(r, text) stops_soon((r), (text), __FILE__, __LINE__)
TEST(interrupts_end_what_waits)
{
    struct rec r;
    begin(&r);
    stops(&r, "before = 1\n!sleep 60 & sleep 60");
    stops(&r, "sleep(60s)");
    stops(&r, "for i in 1..1000000000 { i; }");
    stops(&r, "fn f(x) = x + 1\nlen(map(seq(1, 50000000), x -> f(x)))");
    rec_expect(&r, "before", "1");
    rec_end(&r);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}
TEST(includes)
{
    struct rec r;
    char dir[] = "/tmp/mlnb_inc_XXXXXX", path[128];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/lib.mlnb", dir);
    write_file(path,
               "---\nmlnb: 1\n---\n\n%%md\n# not code = at all\n\n%%params\nparam p = 1\n\n"
               "%% name: \"x\"\nfn twice(x) = 2 * x\n\"hidden\"\nprint(\"hidden too\")\nv = 7\n");
    snprintf(path, sizeof path, "%s/loop.mlnb", dir);
    write_file(path, "include \"loop.mlnb\"\n");
    snprintf(path, sizeof path, "%s/bad.mlnb", dir);
    write_file(path, "%%\nq = 1\n%%\nq = nope\n");
    rec_begin_opts(&r, (struct lang_opts){.folder = dir});
    rec_expect(&r, "include \"lib.mlnb\"\ntwice(v) + p", "15");
    assert_int_equal(r.n_shown, 1);
    rec_expect(&r, "v = 8\ninclude \"lib.mlnb\"\nv", "8"); /* once */
    rec_error(&r, "include \"loop.mlnb\"", E602, NULL, "itself");
    rec_error(&r, "include \"none.mlnb\"", E301, NULL, "none.mlnb");
    rec_error(&r, "include \"x.ipynb\"", E601, NULL, ".mlnb");
    rec_error(&r, "include \"bad.mlnb\"", E202, "nope", "nope");
    assert_string_equal(sources_label(lang_sources(r.lg), r.err.span.source), "bad.mlnb");
    rec_end(&r);
    snprintf(path, sizeof path, "rm -r %s", dir);
    assert_int_equal(system(path), 0);
}

static void in_folder(struct rec *r, const char *dir)
{
    rec_begin_opts(r, (struct lang_opts){.folder = dir});
    r->check_hints = true;
}
TEST(files_that_change)
{
    struct rec r;
    char dir[] = "/tmp/mlnb_chg_XXXXXX", path[128];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/a.csv", dir);
    write_file(path, "x,y\n1,a\n2,b\n");
    in_folder(&r, dir);
    rec_ok(&r, "t = read(\"a.csv\")\nu = t |> where x > 1\nkept = read(\"a.csv\")");
    rec_expect(&r, "n_rows(kept)", "2");
    rec_ok(&r, "kept");
    write_file(path, "x,y\n1,a\n2,b\n3,c\n");
    rec_expect(&r, "u.x", "[2, 3]"); /* not computed before: the file as it is now */
    assert_non_null(strstr(r.notes.p, "W305"));
    rec_expect(&r, "kept.x", "[1, 2]"); /* a computed frame is a value */
    rec_expect(&r, "read(\"a.csv\").x", "[1, 2, 3]");
    assert_int_equal(r.notes.n, 0);
    write_file(path, "x,z\n1,a\n");
    rec_error(&r, "t |> where x > 0", E305, NULL, "other columns");
    write_file(path, "001,5\n002,6\n");
    rec_expect(
        &r,
        "u2 = read(\"a.csv\", header: false, names: [code, n], types: {n: num}, format: csv)\n"
        "[u2.code[1], str(u2.n[2])]",
        "[\"001\", \"6.0\"]");
    rec_expect(&r, "files(\"*.csv\")", "[\"a.csv\"]");
    char deep[128];
    snprintf(deep, sizeof deep, "mkdir -p %s/sub/deep", dir);
    assert_int_equal(system(deep), 0);
    rec_ok(&r, "frame(x: [1]) |> save \"sub/deep/b.csv\"");
    rec_expect(&r, "files(\"**/*.csv\")", "[\"a.csv\", \"sub/deep/b.csv\"]");
    rec_end(&r);
    snprintf(path, sizeof path, "rm -r %s", dir);
    assert_int_equal(system(path), 0);
}

TEST(kept_results_are_dropped)
{
    struct rec r;
    begin(&r);
    rec_ok(&r, "use memory(\"1MB\")");
    rec_ok(&r, "a = frame(x: seq(1, 20000)) |> where x > 0\nb = a |> where x > 1");
    assert_non_null(rec_run(&r, "a.x[1]") == RC_OK ? r.shown.p : NULL);
    const struct value *a = scope_get(r.lg->globals, STR("a"));
    const struct value *b = scope_get(r.lg->globals, STR("b"));
    rec_expect(&r, "a.x[1]", "1");
    assert_non_null(a->plan->kept); /* 160 kB of 512 */
    rec_expect(&r, "b.x[1]", "2");
    assert_non_null(b->plan->kept);
    rec_expect(&r, "len((a |> derive y = x, z = x, w = x).y)", "20000"); /* 640 kB: not kept */
    assert_non_null(a->plan->kept);
    rec_expect(&r, "a.x[2]", "2"); /* a is used after b */
    rec_ok(&r, "c = a |> derive y = x");
    rec_expect(&r, "c.y[1]", "1"); /* 320 kB: the least recently used goes */
    assert_non_null(a->plan->kept);
    assert_null(b->plan->kept);
    rec_expect(&r, "b.x[1]", "2"); /* and is computed again */
    rec_end(&r);
}

TEST(builtin_examples)
{
    struct rec r;
    int n, n_run = 0;
    begin(&r);
    const struct builtin_desc *const *all = builtin_all(&n);
    for (int i = 0; i < n; i++) {
        const char *example = all[i]->example, *mark = strstr(example, "#>");
        assert_non_null(all[i]->doc);
        assert_non_null(all[i]->sig);
        if (!mark) { /* needs a file, a person or the clock: it must parse */
            if (!rec_parses(example)) rec_fail(&r, example, "does not parse", __FILE__, __LINE__);
            continue;
        }
        struct str code = str_trim((struct str){example, (size_t)(mark - example)});
        char text[256];
        snprintf(text, sizeof text, "%.*s", STR_FMT(code));
        if (rec_run(&r, text) != RC_OK) rec_fail(&r, text, "failed", __FILE__, __LINE__);
        struct str got = str_trim(strbuf_view(r.shown.n ? &r.shown : &r.out));
        if (!str_eq(got, str_trim(str_of(mark + 2))))
            rec_fail(&r, example, "gives something else", __FILE__, __LINE__);
        n_run++;
    }
    assert_true(n_run >= 9);
    rec_end(&r);
}

TEST(use_statements)
{
    struct rec r;
    begin(&r);
    rec_ok(&r, "use seed(42)");
    rec_ok(&r, "use memory(\"4GB\")");
    rec_ok(&r, "use pool(threads: 2)");
    rec_error(&r, "use pool(spark: \"sc://h:1\")", E214, NULL, "Spark");
    rec_error(&r, "use memory(\"lots\")", E209, NULL, "4GB");
    rec_error(&r, "use nothing", E217, NULL, "seed");
    rec_end(&r);
}

TEST(console_continues)
{
    struct rec r;
    rec_begin_opts(&r, (struct lang_opts){.console = true});
    rec_error(&r, "|> take 1", E108, NULL, "");
    rec_expect(&r, "t = frame(a: [1])", "t: 1 row, 1 column");
    rec_end(&r);
}

static void see_var(void *arg, const char *name, const char *type, int64_t rows)
{
    strbuf_printf(arg, "%s %s %lld;", name, type, (long long)rows);
}
TEST(vars_and_reset)
{
    struct rec r;
    struct strbuf text = {0};
    begin(&r);
    rec_ok(&r, "n = 1; xs = [1.5]; t = frame(a: [1, 2]); f = x -> x");
    lang_vars(r.lg, see_var, &text);
    assert_string_equal(text.p, "n int -1;xs list[num] 1;t frame 2;f fn -1;");
    strbuf_clear(&text);
    lang_reset(r.lg);
    lang_vars(r.lg, see_var, &text);
    assert_int_equal(text.n, 0);
    strbuf_release(&text);
    rec_end(&r);
}
