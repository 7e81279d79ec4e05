/* Tokens: kinds and extents, and that every byte of any text lies in at most one. */
#include "tests/unit/unit.h"

#include "lang/ast.h"
#include "lang/syntax/lex.h"

/* Kinds as letters, one per token: N name, Q `name`, K keyword, V $v, i int, f num, s string,
 * F f-string, t time, d duration, o operator, # comment, / line end, ! command, ? error. */
static const char letters[] = "./NQKVifsFtdo#!?";

static void check_kinds(const char *text, const char *want)
{
    static const char of[] = {
        [TOK_END] = '.',     [TOK_NEWLINE] = '/', [TOK_NAME] = 'N',    [TOK_QUOTED_NAME] = 'Q',
        [TOK_KEYWORD] = 'K', [TOK_VAR] = 'V',     [TOK_INT] = 'i',     [TOK_NUM] = 'f',
        [TOK_STR] = 's',     [TOK_FSTR] = 'F',    [TOK_TIME] = 't',    [TOK_DURATION] = 'd',
        [TOK_OP] = 'o',      [TOK_COMMENT] = '#', [TOK_COMMAND] = '!', [TOK_ERROR] = '?'};
    struct arena *a = arena_new();
    int n;
    struct token *toks = lex_all(a, text, strlen(text), &n);
    struct strbuf got = {0};
    for (int i = 0; i < n; i++)
        strbuf_addc(&got, of[toks[i].kind]);
    if (strcmp(got.p, want) != 0) fail_msg("%s\n got %s\nwant %s", text, got.p, want);
    strbuf_release(&got);
    arena_free(a);
    (void)letters;
}

/* The extent of the first token. */
static void check_first(const char *text, enum tok_kind kind, const char *want)
{
    struct arena *a = arena_new();
    int n;
    struct token *toks = lex_all(a, text, strlen(text), &n);
    assert_int_equal(toks[0].kind, kind);
    if (toks[0].to - toks[0].from != strlen(want) ||
        memcmp(text + toks[0].from, want, strlen(want)) != 0)
        fail_msg("%s: first token is %.*s, not %s", text, (int)(toks[0].to - toks[0].from),
                 text + toks[0].from, want);
    arena_free(a);
}

TEST(lex_empty)
{
    check_kinds("", ".");
    check_kinds("  \t ", ".");
    check_kinds("\n\n", "//.");
    check_kinds("# only a comment", "#.");
}

TEST(lex_words)
{
    check_kinds("trips fare_2 _x", "NNN.");
    check_kinds("and or not in is null true false case if else by sort on", "KKKKKKKKKKKKKK.");
    check_kinds("by sort", "KK.");
    check_kinds("x.by x.sort", "NoNNoN.");
    check_kinds("`Cost Total $` `a``b`", "QQ.");
    check_kinds("$x $`odd name`", "VV.");
    check_kinds("größe Straße 価格 имя", "NNNN.");
    check_first("`a``b` c", TOK_QUOTED_NAME, "`a``b`");
}

TEST(lex_numbers)
{
    check_kinds("12 1_000 2.5 .9 1e-3 1E5", "iifff"
                                            "f.");
    check_kinds("1..5", "ioi.");
    check_kinds("1..<5", "ioi.");
    check_kinds("5..", "io.");
    check_kinds("..5", "oi.");
    check_kinds("0.1..20", "foi.");
    check_kinds("-3..-1", "oiooi.");
    check_kinds("250ms 0.5s 15min 2h 3d 1w 2mo 1q 1y 1h30min", "dddddddddd.");
    check_kinds("1d..3d", "dod.");
    check_first("1.5h2min+3", TOK_DURATION, "1.5h2min");
    check_first("1e3d", TOK_DURATION, "1e3d");
    check_kinds("5. ", "?.");
}

TEST(lex_times)
{
    check_kinds("@2019-01-31 @2019-01-31T08:30:00 @2019-01-31T08:30Z @08:30", "tttt.");
    check_first("@2019-01-31T08:30+02:00 x", TOK_TIME, "@2019-01-31T08:30+02:00");
    check_first("@2019-01-31T08:30-0200", TOK_TIME, "@2019-01-31T08:30-0200");
    check_first("@2019-01-01..<@2019-02-01", TOK_TIME, "@2019-01-01");
    check_first("@2011-01-01 - max(d)", TOK_TIME, "@2011-01-01");
    check_first("@2011-01-01-3d", TOK_TIME, "@2011-01-01");
    check_first("@08:30:15.25)", TOK_TIME, "@08:30:15.25");
    check_kinds("@today", "?.");
    check_kinds("@", "?.");
}

TEST(lex_strings)
{
    check_kinds("\"a\" 'b' r\"\\d\" f\"{x}\" rf'{x}\\d'", "sssFF.");
    check_first("\"a\\\"b\" c", TOK_STR, "\"a\\\"b\"");
    check_first("r\"\\\" c", TOK_STR, "r\"\\\"");
    check_first("\"\"\"a\n\"b\"\n\"\"\" c", TOK_STR, "\"\"\"a\n\"b\"\n\"\"\"");
    check_first("f\"{x[\"a\"]} {y:%H:%M}\" c", TOK_FSTR, "f\"{x[\"a\"]} {y:%H:%M}\"");
    check_first("f\"{{a\" c", TOK_FSTR, "f\"{{a\"");
    check_first("f\"{ {a: 1} }\" c", TOK_FSTR, "f\"{ {a: 1} }\"");
    check_kinds("\"open", "?.");
    check_kinds("\"open\nx", "?/N.");
    check_kinds("f\"{x\"", "?.");
}

TEST(lex_commands)
{
    check_kinds("?join", "!.");
    check_kinds("!ls \"*.csv", "!.");
    check_kinds(".help", "!.");
    check_kinds("x = 1\n!ls", "Noi/!.");
    check_kinds("x =\n!ls", "No/oN.");
    check_kinds("(\n?x", "o/oN.");
    check_kinds("if a {\n  !ls -l\n}", "KNo/!/o.");
    check_kinds(".5", "f.");
    check_kinds("x\n.vars # all", "N/!.");
    check_kinds("!= 3", "oi.");
}

TEST(lex_operators)
{
    check_kinds("a |> b == c != d <= e >= f => g -> h ?? i // j", "NoNoNoNoNoNoNoNoNoN.");
    check_kinds("a %>% b %in% c && d || e ** f <> g += h", "NoNoNoNoNoNoNoN.");
    check_kinds("a § b", "N?N.");
    check_kinds("a\xff"
                "b",
                "N?N.");
}

/* Whether the statement of the second line is a new one. */
static bool second_line_begins(const char *text)
{
    struct arena *a = arena_new();
    struct lexed lexed;
    lex(a, text, 0, (uint32_t)strlen(text), LEX_PROGRAM, &lexed);
    bool begins = false;
    const char *line = strrchr(text, '\n') + 1;
    for (int i = 0; i < lexed.n - 1; i++)
        if (text + lexed.toks[i].from >= line) {
            begins = lexed.toks[i].ends;
            break;
        }
    arena_free(a);
    return begins;
}

TEST(lex_line_ends)
{
    static const char *const go_on[] = {
        "x = (1\n + 2)",
        "x = [1\n,2]",
        "x = {a: 1\n}",
        "f(1,\n2)",
        "select a,\n b",
        "x = 1 +\n2",
        "x = a and\nb",
        "x = not\nb",
        "x = a in\nb",
        "x = a is\nnull",
        "t |> take 3 by\nk",
        "t |> take 3 sort\nk",
        "t |> join u on\nk",
        "t\n|> take 3",
        "t\n# c\n\n  |> take",
        "t |> take 3\nby k",
        "t |> take 3\nsort k",
        "join u\non k",
        "where a\nand b",
        "where a\nor b",
        "if a {\n}\nelse {",
        "x = case {\n a => 1",
        "x =\n3",
        "y ~\nx",
        "f = x ->\nx",
        "x = ..<\n3",
        "t |>\ntake",
        "x = a ??\nb",
    };
    static const char *const end[] = {
        "x = 1\n(a)", "x = 1\n[a]", "x = 1\n-a",    "x = 5..\ny", "x = 1\ny = 2",
        "y ~ .\nx",   "a\nnot b",   "a\nin b",      "if a {\nx",  "t |> select *\nx",
        "a;\nb",      "x\nelse",    "f(1)\n{a: 1}",
    };
    for (size_t i = 0; i < sizeof go_on / sizeof go_on[0]; i++)
        if (second_line_begins(go_on[i])) fail_msg("should go on: %s", go_on[i]);
    for (size_t i = 0; i < sizeof end / sizeof end[0]; i++)
        if (!second_line_begins(end[i])) fail_msg("should begin: %s", end[i]);
}

/* Whether the last `{` opens a block. */
static bool opens_block(const char *text)
{
    struct arena *a = arena_new();
    struct lexed lexed;
    lex(a, text, 0, (uint32_t)strlen(text), LEX_PROGRAM, &lexed);
    bool is_block = false;
    for (int i = 0; i < lexed.n; i++)
        if (lexed.toks[i].kind == TOK_OP && lexed.toks[i].sym == SYM_LBRACE)
            is_block = lexed.toks[i].opens_block;
    arena_free(a);
    return is_block;
}

TEST(lex_braces)
{
    static const char *const blocks[] = {"if a {",         "for k in [1, 2] {",
                                         "run \"x\" {",    "} else {",
                                         "fn f() = {",     "fn f(a: {b: 1}) = {",
                                         "if f(a, b) {",   "if true {",
                                         "for i in 1.. {", "run f\"{x}\", tags: {team: \"x\"} {"};
    static const char *const values[] = {
        "x = {",          "f({",        "[{",
        "x = case {",     "t |> log {", "for k in {",
        "run x, tags: {", "{a: 1",      "fn f(t) = t |> derive s = {",
        "x -> {",         "a => {"};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (!opens_block(blocks[i])) fail_msg("a block: %s", blocks[i]);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (opens_block(values[i])) fail_msg("a value: %s", values[i]);
}

TEST(lex_never_reads_outside)
{
    static const char text[] =
        "x = f\"{a:%H}\" + `b` @2019-01-31T08:30 \"\\u{1F600}\" $v 1h2min r'";
    for (size_t n = 0; n <= sizeof text - 1; n++) {
        struct arena *a = arena_new();
        char *copy = mem_alloc(n ? n : 1); /* exactly n bytes: the sanitizer sees one more */
        memcpy(copy, text, n);
        int count;
        struct token *toks = lex_all(a, copy, n, &count);
        uint32_t before = 0;
        for (int i = 0; i < count; i++) {
            assert_true(toks[i].from >= before && toks[i].to >= toks[i].from && toks[i].to <= n);
            before = toks[i].to;
        }
        mem_free(copy);
        arena_free(a);
    }
}

TEST(lex_bare_names)
{
    assert_true(is_bare_name(STR("fare")));
    assert_true(is_bare_name(STR("größe")));
    assert_false(is_bare_name(STR("by")));
    assert_false(is_bare_name(STR("a b")));
    assert_false(is_bare_name(STR("1a")));
    assert_false(is_bare_name(STR("")));
    assert_false(is_bare_name(STR("a.b")));
}
