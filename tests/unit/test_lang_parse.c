/* Trees of the grammar, sentence by sentence of language.md 3.1 and 3.2, and what bad programs
 * say. */
#include "tests/unit/unit.h"

#include "lang/lang.h"
#include "tests/unit/ast_dump.h"

#include <ctype.h>

static struct parse_result parse_text(struct arena *a, const char *text, bool console)
{
    struct parse_opts opts = {.console = console};
    struct parse_result r;
    parse(a, text, strlen(text), &opts, &r);
    return r;
}

/* The dump of the program's statements, without the block around them. */
static void check(const char *text, const char *want)
{
    struct arena *a = arena_new();
    struct parse_result r = parse_text(a, text, false);
    if (r.n_errors) fail_msg("%s\n %s %s", text, err_name(r.errors[0].code), r.errors[0].message);
    struct strbuf got = {0};
    for (int i = 0; i < r.program->n_kids; i++) {
        if (i > 0) strbuf_addc(&got, ' ');
        dump(&got, r.program->kids[i]);
    }
    if (strcmp(got.p ? got.p : "", want) != 0)
        fail_msg("%s\n got %s\nwant %s", text, got.p ? got.p : "", want);
    strbuf_release(&got);
    arena_free(a);
}
/* The same of one expression. */
static void check_expr(const char *text, const char *want)
{
    char *whole = mem_alloc(strlen(text) + 8), *tree = mem_alloc(strlen(want) + 32);
    snprintf(whole, strlen(text) + 8, "x = %s", text);
    snprintf(tree, strlen(want) + 32, "(let x: %s)", want);
    check(whole, tree);
    mem_free(whole);
    mem_free(tree);
}
static void check_ok(const char *text)
{
    struct arena *a = arena_new();
    struct parse_result r = parse_text(a, text, false);
    if (r.n_errors) fail_msg("%s\n %s %s", text, err_name(r.errors[0].code), r.errors[0].message);
    arena_free(a);
}
static void check_code(const char *text, enum err_code code)
{
    struct arena *a = arena_new();
    struct parse_result r = parse_text(a, text, false);
    if (r.n_errors == 0) fail_msg("%s: no error", text);
    if (r.errors[0].code != code)
        fail_msg("%s: %s %s", text, err_name(r.errors[0].code), r.errors[0].message);
    arena_free(a);
}

TEST(reads_literals)
{
    check_expr("12", "(int 12)");
    check_expr("1_000", "(int 1000)");
    check_expr("2.5", "(num 2.5)");
    check_expr(".9", "(num 0.90000000000000002)");
    check_expr("1e-3", "(num 0.001)");
    check_expr("9223372036854775807", "(int 9223372036854775807)");
    check_expr("-9223372036854775808", "(int -9223372036854775808)");
    check_expr("true", "(bool 1)");
    check_expr("null", "(null)");
    check_expr("\"a\\n\\t\\\"\\\\\\u{1F600}\"", "(str a\n\t\"\\\xF0\x9F\x98\x80)");
    check_expr("'it\\'s'", "(str it's)");
    check_expr("r\"\\d+\"", "(str \\d+)");
    check_expr("\"\"\"a\nb \"c\" \"\"\"", "(str a\nb \"c\" )");
    check_expr("\"\\xe9\\u00e9\\U0001f600\"", "(str \xC3\xA9\xC3\xA9\xF0\x9F\x98\x80)");
    check_expr("\"\"", "(str)");
}

TEST(reads_times)
{
    check_expr("@2019-01-31", "(date 17927)");
    check_expr("@1970-01-01T00:00:01", "(datetime 1000000)");
    check_expr("@1970-01-01T08:30Z", "(datetime 30600000000 zoned)");
    check_expr("@1970-01-01T08:30+02:00", "(datetime 23400000000 zoned)");
    check_expr("@08:30", "(time 30600000000)");
    check_expr("@00:00:01.5", "(time 1500000)");
    check_expr("250ms", "(dur 250000)");
    check_expr("0.5s", "(dur 500000)");
    check_expr("15min", "(dur 900000000)");
    check_expr("2h", "(dur 7200000000)");
    check_expr("1w", "(dur 604800000000)");
    check_expr("2mo", "(dur 0 months=2)");
    check_expr("1q", "(dur 0 months=3)");
    check_expr("1y6mo", "(dur 0 months=18)");
    check_expr("0.5y", "(dur 0 months=6)");
    check_expr("1h30min", "(dur 5400000000)");
    check_expr("1d1mo", "(dur 86400000000 months=1)");
    check_code("x = 2m", E103);
    check_code("x = 0.3mo", E103);
    check_code("x = @2019-02-29", E103);
    check_ok("x = @2020-02-29");
}

TEST(reads_fstrings)
{
    check_expr("f\"\"", "(fstr)");
    check_expr("f\"a\"", "(fstr (str a))");
    check_expr("f\"{zone}: {mean(fare):.2f}\"",
               "(fstr (fpart (name zone)) (str : ) (fpart .2f (call mean : (name fare))))");
    check_expr("f\"{{{x}}}\"", "(fstr (str {) (fpart (name x)) (str }))");
    check_expr("f\"{t:%H:%M}\"", "(fstr (fpart %H:%M (name t)))");
    check_expr("f\"{f(a, n: 1):>5}\"", "(fstr (fpart >5 (call f : n: (name a) (int 1))))");
    check_expr("f\"{x[\"a\"]}\"", "(fstr (fpart (index (name x) (str a))))");
    check_expr("f'{ {a: 1}.a }'", "(fstr (fpart (field a (struct a: (int 1)))))");
    check_expr("f\"{$out}/{f\"{y}\"}\"",
               "(fstr (fpart (var out)) (str /) (fpart (fstr (fpart (name y)))))");
    check_expr("rf\"\\d{n}\"", "(fstr (str \\d) (fpart (name n)))");
    check_expr("f\"\"\"a\n{x\n+ 1}\"\"\"", "(fstr (str a\n) (fpart (bin + (name x) (int 1))))");
}

TEST(reads_python_words)
{
    check("a = True", "(let a: (bool 1))");
    check("a = [False, None]", "(let a: (list (bool 0) (null)))");
    check("a = float('inf')", "(let a: (num inf))");
    check("a = -float('inf')", "(let a: (unary - (num inf)))");
    check("a = float('-inf')", "(let a: (num -inf))");
    check("# Parameters\nn = 5\nname = \"a\\u00e9\"\nd = {\"k\": 1.5, \"l\": [1, None]}\n",
          "(let n: (int 5)) (let name: (str aé)) (let d: (struct k: l: (num 1.5) (list (int 1) "
          "(null))))");
    /* a column may be called so */
    check("t |> where True", "(show (pipe (name t) {where [(name True)]}))");
}

TEST(reads_names)
{
    check_expr("`Cost Total $`", "(name Cost Total $ quoted)");
    check_expr("`a``b`", "(name a`b quoted)");
    check_expr("$x", "(var x)");
    check_expr("$`a b`", "(var a b)");
    check_expr("a.by", "(field by (name a))");
    check_expr("a.`b c`.d", "(field d (field b c quoted (name a)))");
    /* e + combining acute is the same name as é */
    check_expr("caf\x65\xCC\x81", "(name caf\xC3\xA9)");
    check_expr("fn", "(name fn)");
    check("for = 3", "(let for: (int 3))");
    check("run = 3\nrun", "(let run: (int 3)) (show (name run))");
    check("use(1)", "(show (call use : (int 1)))");
}

TEST(reads_precedence)
{
    check_expr("1 + 2 * 3", "(bin + (int 1) (bin * (int 2) (int 3)))");
    check_expr("-2^2", "(unary - (bin ^ (int 2) (int 2)))");
    check_expr("2^-3^2", "(bin ^ (int 2) (unary - (bin ^ (int 3) (int 2))))");
    check_expr("a - b - c", "(bin - (bin - (name a) (name b)) (name c))");
    check_expr("a // b % c", "(bin % (bin // (name a) (name b)) (name c))");
    check_expr("x ?? 0..9", "(range (bin ?? (name x) (int 0)) (int 9))");
    check_expr("-1..1", "(range (unary - (int 1)) (int 1))");
    check_expr("a in 1..5", "(in (name a) (range (int 1) (int 5)))");
    check_expr("a not in [1]", "(in not (name a) (list (int 1)))");
    check_expr("a is not null", "(is not (name a))");
    check_expr("a is null or b", "(bin or (is (name a)) (name b))");
    check_expr("not a and b", "(bin and (unary not (name a)) (name b))");
    check_expr("not a == b", "(unary not (bin == (name a) (name b)))");
    check_expr("a or b and c", "(bin or (name a) (bin and (name b) (name c)))");
    check_expr("a is b", "(bin == (name a) (name b))");
    check_expr("(a + b) * c", "(bin * ((bin + (name a) (name b))) (name c))");
    check_expr("a ?? b == c", "(bin == (bin ?? (name a) (name b)) (name c))");
    check_expr("a.b^2", "(bin ^ (field b (name a)) (int 2))");
}

TEST(reads_ranges)
{
    check_expr("1..5", "(range (int 1) (int 5))");
    check_expr("1..<5", "(range half (int 1) (int 5))");
    check_expr("5..", "(range (int 5) -)");
    check_expr("..5", "(range - (int 5))");
    check_expr("..<5", "(range half - (int 5))");
    check_expr("-3..-1", "(range (unary - (int 3)) (unary - (int 1)))");
    check_expr("@2019-01-01..<@2019-02-01", "(range half (date 17897) (date 17928))");
    check_expr("f(5.., 1)", "(call f : : (range (int 5) -) (int 1))");
    check_expr("[5..]", "(list (range (int 5) -))");
    check("x = 5..\ny = 2", "(let x: (range (int 5) -)) (let y: (int 2))");
    check("t |> take 5.. by k", "(show (pipe (name t) {take [(range (int 5) -)] by[(name k)]}))");
    check_code("x = 1..2..3", E101);
}

TEST(reads_values)
{
    check_expr("[1, 2,]", "(list (int 1) (int 2))");
    check_expr("[]", "(list)");
    check_expr("{k: 1, \"odd name\": 2, by: 3}",
               "(struct k: odd name: by: (int 1) (int 2) (int 3))");
    check_expr("{}", "(struct)");
    check_expr("case { a > 0 => 1, else => 2 }", "(case (bin > (name a) (int 0)) (int 1) (int 2))");
    check_expr("case {\n a => 1,\n b => 2,\n}", "(case (name a) (int 1) (name b) (int 2))");
    check_expr("x -> x + 1", "(lambda x: (bin + (name x) (int 1)))");
    check_expr("(a, b) -> a", "(lambda a: b: (name a))");
    check_expr("(a) -> a", "(lambda a: (name a))");
    check_expr("f(x, n: 3)", "(call f : n: (name x) (int 3))");
    check_expr("f(sort: 3, in: 4, null: 5)", "(call f sort: in: null: (int 3) (int 4) (int 5))");
    check_expr("f(t |> where x > 1)",
               "(call f : (pipe (name t) {where [(bin > (name x) (int 1))]}))");
    check_expr("f(1, t |> take 1, 2)",
               "(call f : : (int 1) (pipe (name t) {take [(int 1) (int 2)]}))");
    check_expr("$f(1)", "(callv : : (var f) (int 1))");
    check_expr("(x -> x)(3)", "(callv : : ((lambda x: (name x))) (int 3))");
    check_expr("f(1)(2)", "(callv : : (call f : (int 1)) (int 2))");
    check_expr("x[1]", "(index (name x) (int 1))");
    check_expr("x[-1]", "(index (name x) (unary - (int 1)))");
    check_expr("x[1..3]", "(index (name x) (range (int 1) (int 3)))");
    check_expr("if(a, b, c)", "(call if : : : (name a) (name b) (name c))");
    check_expr("(t |> distinct k)", "((pipe (name t) {distinct [(name k)]}))");
    check_expr("((a))", "((name a))");
}

TEST(reads_formulas)
{
    check_expr("y ~ a + b", "(form (name y) (bin + (name a) (name b)))");
    check_expr("~ a", "(form - (name a))");
    check_expr("y ~ .", "(form (name y) (dot))");
    check_expr("y ~ . - x", "(form (name y) (bin - (dot) (name x)))");
    check_expr("y ~ a:b + c*d - 1", "(form (name y) (bin - (bin + (bin : (name a) (name b)) "
                                    "(bin * (name c) (name d))) (int 1)))");
    check_expr("y ~ (a + b + c)^2",
               "(form (name y) (bin ^ ((bin + (bin + (name a) (name b)) (name c))) (int 2)))");
    check_expr("y ~ (a:b)", "(form (name y) ((bin : (name a) (name b))))");
    check_expr("y ~ a:b:c", "(form (name y) (bin : (bin : (name a) (name b)) (name c)))");
    check_expr(
        "log(y) ~ tfidf(text, ngrams: 1..2)",
        "(form (call log : (name y)) (call tfidf : ngrams: (name text) (range (int 1) (int 2))))");
    check("t |> fit y ~ ., logistic(l2: 1), nulls: drop",
          "(show (pipe (name t) {fit [(form (name y) (dot)) (call logistic l2: (int 1)) "
          "nulls:(name drop)]}))");
    check("t |> fit y ~ . by g",
          "(show (pipe (name t) {fit [(form (name y) (dot))] by[(name g)]}))");
    check("m = t |> fit y ~ .\nx",
          "(let m: (pipe (name t) {fit [(form (name y) (dot))]})) (show (name x))");
    check_code("x = a:b", E101);
    check_code("x = y ~ a ~ b", E401);
    check_code("x = .", E101);
}

TEST(reads_steps)
{
    check("t |> where a > 0, b",
          "(show (pipe (name t) {where [(bin > (name a) (int 0)) (name b)]}))");
    check("t |> derive x = 1, y = x by g sort -d",
          "(show (pipe (name t) {derive [x=(int 1) y=(name x)] by[(name g)] sort[(unary - (name "
          "d))]}))");
    check("t |> derive(a = 1) by g", "(show (pipe (name t) {derive [a=(int 1)] by[(name g)]}))");
    check("t |> derive(a = 1 by g)", "(show (pipe (name t) {derive [a=(int 1)] by[(name g)]}))");
    check("t |> where (a or b) and c",
          "(show (pipe (name t) {where [(bin and ((bin or (name a) (name b))) (name c))]}))");
    check("t |> join (u |> distinct k) on k",
          "(show (pipe (name t) {join [((pipe (name u) {distinct [(name k)]}))] on[(name k)]}))");
    check("t |> pivot m, sum(n) by z, prefix: \"m\"",
          "(show (pipe (name t) {pivot [(name m) (call sum : (name n)) prefix:(str m)] by[(name "
          "z)]}))");
    check(
        "t |> join u on a == b, kind: left",
        "(show (pipe (name t) {join [(name u) kind:(name left)] on[(bin == (name a) (name b))]}))");
    check("t |> sort -fare, zone",
          "(show (pipe (name t) {sort [(unary - (name fare)) (name zone)]}))");
    check("t |> take 3 by z sort -f",
          "(show (pipe (name t) {take [(int 3)] by[(name z)] sort[(unary - (name f))]}))");
    check("t |> glimpse", "(show (pipe (name t) {glimpse}))");
    check("t |> glimpse()", "(show (pipe (name t) {glimpse}))");
    check("t\n  # note\n\n  |> take 3\n  |> show",
          "(show (pipe (name t) {take [(int 3)]} {show}))");
    check("t |> plot x, by: y, sort: z",
          "(show (pipe (name t) {plot [(name x) by:(name y) sort:(name z)]}))");
    check("t |> select `odd name`, wk1..wk9, type(num) - id",
          "(show (pipe (name t) {select [(name odd name quoted) (range (name wk1) (name wk9)) "
          "(bin - (call type : (name num)) (name id))]}))");
    check("t |> select a,\n b,\n |> show",
          "(show (pipe (name t) {select [(name a) (name b)]} {show}))");
    check("t |> log {a: 1}", "(show (pipe (name t) {log [(struct a: (int 1))]}))");
}

TEST(reads_statements)
{
    check("a, b = f(x)", "(let a: b: (call f : (name x)))");
    check("x = 1; y = 2", "(let x: (int 1)) (let y: (int 2))");
    check("t;", "(show ; (name t))");
    check("log auc: 0.9", "(step {log [auc:(num 0.90000000000000002)]})");
    check("log depth: 5, auc: 0.91", "(step {log [depth:(int 5) auc:(num 0.91000000000000003)]})");
    check("side a, b", "(step {side [(name a) (name b)]})");
    check("explain t;", "(step ; {explain [(name t)]})");
    check("explain t |> show", "(step {explain [(name t)]} {show})");
    check("sort t, x", "(step {sort [(name t) (name x)]})");
    check("print(1)", "(show (call print : (int 1)))");
    check("a - b", "(show (bin - (name a) (name b)))");
    check("x = 1\n(a)\n[b]\n-c",
          "(let x: (int 1)) (show ((name a))) (show (list (name b))) (show (unary - (name c)))");
    check("fn f(a, b: 2) = a + b", "(fn f a:- b:(int 2) (bin + (name a) (name b)))");
    check("fn f() = { x = 1\n x }", "(fn f (block (let x: (int 1)) (show (name x))))");
}

TEST(reads_blocks)
{
    check("param n = 3", "(param n (int 3) -)");
    check("param y = 2019 in [2018, 2019], help: \"year\"",
          "(param y (int 2019) (list (int 2018) (int 2019)) opts[help:(str year)])");
    check("for k in [1, 2] { print(k) }",
          "(for k (list (int 1) (int 2)) (block (show (call print : (name k)))))");
    check("for i in 1..3 {\n a\n\n b;\n}",
          "(for i (range (int 1) (int 3)) (block (show (name a)) (show ; (name b))))");
    check("if a { b }", "(if (name a) (block (show (name b))) -)");
    check("if (n > 0) { b }\nelse if c { d } else { e }",
          "(if ((bin > (name n) (int 0))) (block (show (name b))) (if (name c) (block (show (name "
          "d))) "
          "(block (show (name e)))))");
    check("if(a, b, c)", "(show (call if : : : (name a) (name b) (name c)))");
    check("if (a) { b }", "(if ((name a)) (block (show (name b))) -)");
    check("if f(a, b) { c }", "(if (call f : : (name a) (name b)) (block (show (name c))) -)");
    check("if (f(a, b)) { c }", "(if ((call f : : (name a) (name b))) (block (show (name c))) -)");
    check("run \"x\", tags: {team: \"a\"} { m = 1 }",
          "(run (str x) (block (let m: (int 1))) opts[tags:(struct team: (str a))])");
    check(
        "for k in ks { run f\"r{k}\" { t |> fit ~ a, kmeans(k: $k) } }",
        "(for k (name ks) (block (run (fstr (str r) (fpart (name k))) (block (show (pipe (name t) "
        "{fit [(form - (name a)) (call kmeans k: (var k))]}))))))");
    check("use pool(threads: 2)", "(use (call pool threads: (int 2)))");
    check("include \"lib/a.mlnb\"", "(incl lib/a.mlnb)");
    check("!ls -l # x", "(shell ls -l # x)");
    check("?join", "(help join)");
    check("??rolling mean", "(help ?rolling mean)");
    check("join?", "(help join)");
    check(".vars all", "(cmd .vars all)");
    check("x = 1\n.vars", "(let x: (int 1)) (cmd .vars)");
    check("", "");
    check("# nothing\n\n", "");
    check(";;\n;", "");
}

TEST(reads_console)
{
    struct arena *a = arena_new();
    struct parse_result r = parse_text(a, "|> where x > 1 |> show", true);
    assert_int_equal(r.n_errors, 0);
    assert_int_equal(r.program->kids[0]->op, AST_CONTINUE);
    assert_int_equal(r.program->kids[0]->n_steps, 2);
    arena_free(a);
    check_code("|> where x > 1", E108);
}

TEST(reads_spans)
{
    struct arena *a = arena_new();
    const char *text = "x = 1\ny = trips |> where fare > 0 by zone\n";
    struct parse_opts opts = {.source = 7, .offset = 100};
    struct parse_result r;
    parse(a, text, strlen(text), &opts, &r);
    const struct ast *let = r.program->kids[1];
    assert_int_equal(let->span.source, 7);
    assert_int_equal(let->span.from, 106);
    assert_int_equal(let->span.to, 100 + strlen(text) - 1);
    const struct ast_step *step = &let->kids[0]->steps[0];
    assert_int_equal(step->verb_span.from, 119);
    assert_int_equal(step->verb_span.to, 124);
    assert_int_equal(step->span.to, let->span.to);
    assert_int_equal(step->items[0].span.from, 125);
    assert_int_equal(step->items[0].expr->kids[0]->span.to, 129);
    assert_int_equal(step->by[0].span.from, 100 + strlen(text) - 5);
    parse(a, "x = = 1", 7, &opts, &r);
    assert_int_equal(r.errors[0].span.from, 104);
    assert_int_equal(r.errors[0].span.source, 7);
    /* brackets belong to what they hold */
    parse(a, "(a + b)", 7, NULL, &r);
    assert_int_equal(r.program->kids[0]->kids[0]->span.from, 0);
    assert_int_equal(r.program->kids[0]->kids[0]->span.to, 7);
    /* a hole of an f-string is in its place */
    parse(a, "f\"ab{cd:x}\"", 11, NULL, &r);
    const struct ast *hole = r.program->kids[0]->kids[0]->kids[1];
    assert_int_equal(hole->kids[0]->span.from, 5);
    assert_int_equal(hole->kids[0]->span.to, 7);
    arena_free(a);
}

/* n times `open`, then x, then n times `close` */
static char *nested(const char *open, const char *close, int n)
{
    struct strbuf b = {0};
    for (int i = 0; i < n; i++)
        strbuf_addz(&b, open);
    strbuf_addc(&b, 'x');
    for (int i = 0; i < n; i++)
        strbuf_addz(&b, close);
    return strbuf_take(&b);
}

TEST(reads_depth)
{
    static const char *const pairs[][2] = {
        {"(", ")"}, {"[", "]"},    {"f(", ")"},   {"-(", ")"},       {"not ", ""},
        {"2^", ""}, {"{a: ", "}"}, {"x -> ", ""}, {"if a { ", " }"}, {"x[", "]"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char *ok = nested(pairs[i][0], pairs[i][1], 60),
             *deep = nested(pairs[i][0], pairs[i][1], 5000);
        check_ok(ok);
        check_code(deep, E109);
        mem_free(ok);
        mem_free(deep);
    }
    char *sum = nested("a + ", "", 1500), *long_sum = nested("a + ", "", 30000);
    check_ok(sum);
    check_code(long_sum, E109);
    mem_free(sum);
    mem_free(long_sum);
}

TEST(reads_many_errors)
{
    struct arena *a = arena_new();
    struct strbuf b = {0};
    for (int i = 0; i < 50; i++)
        strbuf_addz(&b, "x = = 1\n");
    struct parse_result r;
    parse(a, b.p, b.n, NULL, &r);
    assert_int_equal(r.n_errors, PARSE_MAX_ERRORS);
    for (int i = 1; i < r.n_errors; i++)
        assert_true(r.errors[i].span.from > r.errors[i - 1].span.from);
    strbuf_release(&b);
    arena_free(a);
}

/* A hint is text that can be pasted: none is made of bytes that are not. */
TEST(reads_broken_bytes)
{
    static const char *const texts[] = {"select a from t\x94", "t |> where a & \"\xff\"",
                                        "x = \xc3\xa9\xff"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct arena *a = arena_new();
        struct parse_result r = parse_text(a, texts[i], false);
        assert_int_equal(r.n_errors, 1);
        assert_int_equal(strlen(r.errors[0].hint), 0);
        parse(a, "t |> where a & b\0c", 18, NULL, &r);
        assert_int_equal(strlen(r.errors[0].hint), 0);
        arena_free(a);
    }
    check_code("x = \"a\xff\"", E104);
    check_code("x = \xff", E104);
}

/* ---- tests/data/lang/bad.txt: programs, and what each says: => CODE from to [try: hint] ---- */

static char *read_data(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/data/lang/%s", TEST_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    struct strbuf b = {0};
    char buf[4096];
    for (size_t n; (n = fread(buf, 1, sizeof buf, f)) > 0;)
        strbuf_add(&b, buf, n);
    fclose(f);
    return strbuf_take(&b);
}

static void expected_line(struct strbuf *b, const struct error *e)
{
    strbuf_printf(b, "=> %s %u %u%s%s\n", err_name(e->code), e->span.from, e->span.to,
                  e->hint[0] ? " try: " : "", e->hint);
}

static void check_bad(const char *from, const char *to)
{
    const char *want = from;
    while (want < to && strncmp(want, "=> ", 3) != 0)
        want = strchr(want, '\n') + 1;
    struct arena *a = arena_new();
    struct parse_result r;
    parse(a, from, (size_t)(want - from), NULL, &r);
    struct strbuf got = {0};
    for (int i = 0; i < r.n_errors; i++)
        expected_line(&got, &r.errors[i]);
    if (r.n_errors == 0) strbuf_addz(&got, "=> ok\n");
    if (got.n != (size_t)(to - want) || memcmp(got.p, want, got.n) != 0)
        fail_msg("%.*s\n got %s\nwant %.*s", (int)(want - from), from, got.p, (int)(to - want),
                 want);
    /* every hint can be pasted */
    for (int i = 0; i < r.n_errors; i++)
        if (r.errors[i].hint[0]) check_ok(r.errors[i].hint);
    strbuf_release(&got);
    arena_free(a);
}

TEST(reads_bad_programs)
{
    char *all = read_data("bad.txt");
    int n = 0;
    for (const char *at = all; *at; n++) {
        const char *end = strstr(at, "\n----\n");
        const char *stop = end ? end + 1 : at + strlen(at);
        check_bad(at, stop);
        at = end ? end + 6 : stop;
    }
    assert_true(n > 150);
    mem_free(all);
}

/* ---- Enter in the console ---- */

static void check_status(const char *text, enum complete_status want, int want_indent)
{
    int indent = -1;
    enum complete_status got = lang_is_complete(text, strlen(text), &indent);
    if (got != want || indent != want_indent)
        fail_msg("%s: status %d indent %d, not %d %d", text, got, indent, want, want_indent);
}

TEST(reads_is_complete)
{
    check_status("x = 1", LANG_COMPLETE, 0);
    check_status("", LANG_COMPLETE, 0);
    check_status("t |> where x > 1", LANG_COMPLETE, 0);
    check_status("|> where x > 1", LANG_COMPLETE, 0);
    check_status("?join", LANG_COMPLETE, 0);
    check_status("x = (1 +", LANG_INCOMPLETE, 2);
    check_status("x = 1 +", LANG_INCOMPLETE, 2);
    check_status("t |>", LANG_INCOMPLETE, 2);
    check_status("t |> select a,", LANG_INCOMPLETE, 2);
    check_status("for x in xs {", LANG_INCOMPLETE, 2);
    check_status("for x in xs {\n  if x > 1 {", LANG_INCOMPLETE, 4);
    check_status("for x in xs {\n  print(x)\n", LANG_INCOMPLETE, 2);
    check_status("for x in xs {\n  print(x)\n}", LANG_COMPLETE, 0);
    check_status("x = \"\"\"abc", LANG_INCOMPLETE, 2);
    check_status("x = \"abc", LANG_INVALID, 0);
    check_status("x = = 3", LANG_INVALID, 0);
    check_status("x = )", LANG_INVALID, 0);
    check_status("f(1, 2", LANG_INCOMPLETE, 2);
    check_status("x = case {\n  a => 1,", LANG_INCOMPLETE, 2);
    check_status("a = = 1\nf(", LANG_INVALID, 0);
    check_status("%%sql as: x", LANG_INCOMPLETE, 0);
    check_status("%%sql as: x\nselect 1", LANG_INCOMPLETE, 0);
    check_status("%%sql as: x\nselect 1\n", LANG_COMPLETE, 0);
}
