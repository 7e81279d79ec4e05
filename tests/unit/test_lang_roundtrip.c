/* print -> parse gives the same tree: for the examples of language.md 3.8 and 7 and for programs
 * made by walking the grammar at random. */
#include "tests/unit/unit.h"

#include "tests/unit/ast_dump.h"

static char *dump_program(const struct ast *program)
{
    struct strbuf b = {0};
    dump(&b, program);
    return strbuf_take(&b);
}

/* Parses, prints, parses again: same tree, and the second print is the first. */
static void check_text(const char *text, size_t n)
{
    struct arena *a = arena_new();
    struct parse_result first, again;
    parse(a, text, n, NULL, &first);
    if (first.n_errors)
        fail_msg("%s %s at `%.60s` in\n%.*s", err_name(first.errors[0].code),
                 first.errors[0].message, text + first.errors[0].span.from, (int)n, text);
    struct strbuf printed = {0}, twice = {0};
    for (int i = 0; i < first.program->n_kids; i++) {
        ast_text(&printed, first.program->kids[i]);
        strbuf_addc(&printed, '\n');
    }
    parse(a, printed.p ? printed.p : "", printed.n, NULL, &again);
    if (again.n_errors)
        fail_msg("printed: %s %s at `%.60s` in\n%.*s", err_name(again.errors[0].code),
                 again.errors[0].message, printed.p + again.errors[0].span.from, (int)n, text);
    for (int i = 0; i < again.program->n_kids; i++) {
        ast_text(&twice, again.program->kids[i]);
        strbuf_addc(&twice, '\n');
    }
    char *x = dump_program(first.program), *y = dump_program(again.program);
    if (strcmp(x, y) != 0) fail_msg("%.*s\nprinted as\n%s\n%s\n%s", (int)n, text, printed.p, x, y);
    assert_true(str_eq(strbuf_view(&printed), strbuf_view(&twice)));
    mem_free(x);
    mem_free(y);
    strbuf_release(&printed);
    strbuf_release(&twice);
    arena_free(a);
}

/* ---- the examples ---- */

TEST(roundtrip_examples)
{
    int files = 0;
    for (int i = 1; i < 100; i++) {
        char path[512], text[8192];
        snprintf(path, sizeof path, "%s/tests/data/lang/example_%02d.mlnb", TEST_SOURCE_DIR, i);
        FILE *f = fopen(path, "rb");
        if (!f) break;
        size_t n = fread(text, 1, sizeof text - 1, f);
        fclose(f);
        text[n] = '\0';
        char *sql = strstr(text, "%%sql"); /* the parts before and after the SQL cell */
        if (sql) {
            char *after = strstr(sql, "\n%%\n");
            assert_non_null(after);
            check_text(text, (size_t)(sql - text));
            check_text(after + 4, strlen(after + 4));
        } else {
            check_text(text, n);
        }
        files++;
    }
    assert_int_equal(files, 13);
}

TEST(roundtrip_by_hand)
{
    static const char *const texts[] = {
        "x = f\"{a:%H:'%M'} {b}\"",
        "x = f'{a:%H \"x\"}'",
        "x = f\"\"\"{a:\"'}\"\"\"",
        "x = f\"{{}} {x} \\n \\\" \\u{1}\"",
        "x = f'{ {a: 1}.a }'",
        "x = @1969-12-31T23:59:59.5",
        "x = @2019-01-31T08:30+05:30",
        "x = @23:59:59.999999",
        "x = 1mo1d1h1s0.001s",
        "x = -9223372036854775808",
        "x = (-9223372036854775808)^2",
        "x = 0s",
        "x = 1e300 + 1e-300 + 5e-324",
        "x = \"\\u{0}\\x1b\\x7f\"",
        "`by` = 3\nx = `by` + $`by` + $by",
        "x = {by: 1, \"b c\": 2, \"\": 3}",
        "x = a.b.`c d`[1](2)(3).e",
        "x = (a -> a)(1)",
        "x = (a |> take 1).b",
        "x = f(a |> take 1)[1]",
        "x = (y ~ a:b + (c + d)^2 - 1)",
        "m = t |> fit(y ~ ., logistic())",
        "x = 2^-1^2",
        "x = -(-a)",
        "x = (a..b)..c",
        "x = (a == b) == c",
        "x = not (not a)",
        "x = (a ?? b) ?? (c ?? d)",
        "x = a - (b - c)",
        "x = (a in b) in c",
        "t |> foo by kind: x",
        "t |> foo a sort kind: 1, b",
        "t |> foo x, by: 3 by y",
        "x = case { a => case { b => 1 }, else => x -> x }",
        "x = true",
        "x = float('inf')",
        "x = -float('-inf')",
        "x = [float('nan'), None]",
        "if a { } else if b { x; } else { }",
        "fn f(a: {b: 1}, c) = {\n x = 1\n}",
        "!ls\n?x\n.vars",
        "x = [(a, b) -> a, c -> c + 1, ..3, 4..]",
        "x = f(..<3)",
        "t |> where (a or b) and c, not d",
        "use $x",
        "x = $x",
        "x = 1 + y -> y + 2",
        "x = not y -> y",
        "x = a in y -> y",
        "x = 2^x -> x",
        "x -> x |> f",
        "y ~ a |> f",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_text(texts[i], strlen(texts[i]));
    }
}

/* ---- random programs ---- */

struct gen {
    uint64_t state;
    int depth;
    struct strbuf out;
};

static int roll(struct gen *g, int n)
{
    g->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = g->state;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (int)((x ^ (x >> 31)) % (uint64_t)n);
}
static void put(struct gen *g, const char *s)
{
    strbuf_addz(&g->out, s);
}
static void pick(struct gen *g, const char *const *from, int n)
{
    put(g, from[roll(g, n)]);
}
#define PICK(g, ...)                                                                               \
    do {                                                                                           \
        static const char *const from_[] = {__VA_ARGS__};                                          \
        pick((g), from_, (int)(sizeof from_ / sizeof from_[0]));                                   \
    } while (0)

static void gen_expr(struct gen *g);
static void gen_steps(struct gen *g, int n);

static void gen_name(struct gen *g)
{
    PICK(g, "a", "fare", "x1", "_y", "`odd name`", "`by`", "größe", "for", "run");
}

static void gen_leaf(struct gen *g)
{
    switch (roll(g, 5)) {
    case 0: PICK(g, "1", "42", "2.5", ".5", "1e-3", "null", "true", "false", "1_000", "0"); break;
    case 1:
        PICK(g, "\"a\"", "'it\\'s'", "r\"\\d\"", "f\"{a}: {b:.2f}\"", "\"\"",
             "f\"{{x}} {f(a, n: 1)}\"", "\"\"\"x\ny\"\"\"", "\"\\u{1F600}\"");
        break;
    case 2:
        PICK(g, "@2019-01-31", "@2019-01-31T08:30Z", "@08:30", "15min", "2mo", "1h30min", "0.5s",
             "1w");
        break;
    case 3: PICK(g, "$v", "$`odd v`", "$x"); break;
    default: gen_name(g); break;
    }
}

static void gen_list_of(struct gen *g, void (*one)(struct gen *g), int n)
{
    for (int i = 0; i < n; i++) {
        if (i > 0) put(g, ", ");
        one(g);
    }
}

static void gen_arg(struct gen *g)
{
    if (roll(g, 3) == 0) PICK(g, "n: ", "by: ", "kind: ", "`o p`: ");
    gen_expr(g);
}

static void gen_call(struct gen *g)
{
    PICK(g, "mean", "f", "if", "`odd f`", "count");
    put(g, "(");
    gen_list_of(g, gen_arg, 2 + roll(g, 2));
    if (roll(g, 4) == 0) {
        put(g, ", t |> ");
        gen_steps(g, 1);
    }
    put(g, ")");
}

static void gen_field_of_struct(struct gen *g)
{
    PICK(g, "a: ", "\"odd key\": ", "by: ", "`q`: ");
    gen_expr(g);
}

static void gen_case(struct gen *g)
{
    int n = 1 + roll(g, 3);
    put(g, "case { ");
    for (int i = 0; i < n; i++) {
        if (i > 0) put(g, ", ");
        gen_expr(g);
        put(g, " => ");
        gen_expr(g);
    }
    if (roll(g, 2)) {
        put(g, ", else => ");
        gen_expr(g);
    }
    put(g, " }");
}

static void gen_brackets(struct gen *g)
{
    put(g, "(");
    gen_expr(g);
    if (roll(g, 4) == 0) {
        put(g, " |> ");
        gen_steps(g, 1);
    }
    put(g, ")");
}

static void gen_post(struct gen *g)
{
    PICK(g, "a", "t", "(a + b)", "f(1)", "$v", "[1, 2]", "`odd name`", "if(a, b, c)");
    for (int n = 1 + roll(g, 2); n > 0; n--) {
        if (roll(g, 2)) {
            PICK(g, ".zone", ".by", ".`odd name`");
        } else {
            put(g, "[");
            gen_expr(g);
            put(g, "]");
        }
    }
}

static void gen_prim(struct gen *g)
{
    switch (roll(g, 9)) {
    case 0: gen_call(g); break;
    case 1:
        put(g, "[");
        gen_list_of(g, gen_expr, roll(g, 4));
        put(g, "]");
        break;
    case 2:
        put(g, "{");
        gen_list_of(g, gen_field_of_struct, roll(g, 3));
        put(g, "}");
        break;
    case 3: gen_case(g); break;
    case 4: gen_brackets(g); break;
    case 5: gen_post(g); break;
    default: gen_leaf(g); break;
    }
}

/* An operand of operators of any level: a sign or a bracket now and then. */
static void gen_unary(struct gen *g)
{
    if (roll(g, 6) == 0) put(g, "-");
    if (g->depth > 3 || roll(g, g->depth) > 0)
        gen_leaf(g);
    else
        gen_prim(g);
    if (roll(g, 8) == 0) {
        put(g, "^");
        gen_leaf(g);
    }
}

static void gen_sum(struct gen *g)
{
    gen_unary(g);
    for (int n = roll(g, 3); n > 0; n--) {
        PICK(g, " + ", " - ", " * ", " / ", " // ", " % ", " ?? ");
        gen_unary(g);
    }
}

static void gen_range(struct gen *g)
{
    int kind = roll(g, 12);
    if (kind == 0) put(g, "..");
    gen_sum(g);
    if (kind == 1) put(g, "..");
    if (kind == 1 || kind == 2) {
        if (kind == 2) put(g, "..<");
        gen_sum(g);
    }
}

static void gen_cmp(struct gen *g)
{
    if (roll(g, 6) == 0) put(g, "not ");
    gen_range(g);
    switch (roll(g, 5)) {
    case 0:
        PICK(g, " == ", " != ", " < ", " <= ", " > ", " >= ", " in ", " not in ", " is ",
             " is not ");
        gen_range(g);
        break;
    case 1: PICK(g, " is null", " is not null"); break;
    default: break;
    }
}

static void gen_formula(struct gen *g)
{
    if (roll(g, 3)) gen_leaf(g);
    put(g, " ~ ");
    PICK(g, ".", "a", "a:b", "scale(a)", "(a + b)^2", "a:(b + c)");
    for (int n = roll(g, 3); n > 0; n--) {
        PICK(g, " + ", " - ", "*", ":");
        PICK(g, "1", "b", "cat(c, ref: \"x\")", "log(d)", "`odd name`", "(e + f:g)");
    }
}

static void gen_expr(struct gen *g)
{
    g->depth++;
    if (roll(g, 12) == 0) {
        PICK(g, "x -> ", "(a, b) -> ");
        gen_cmp(g);
    } else {
        gen_cmp(g);
        for (int n = roll(g, 6) == 0 ? 2 : 0; n > 0; n--) {
            PICK(g, " and ", " or ");
            gen_cmp(g);
        }
    }
    g->depth--;
}

static void gen_item(struct gen *g)
{
    switch (roll(g, 5)) {
    case 0:
        gen_name(g);
        put(g, " = ");
        break;
    case 1: PICK(g, "kind: ", "sort: ", "n: "); break;
    case 2: gen_formula(g); return;
    default: break;
    }
    gen_expr(g);
}

static void gen_step(struct gen *g)
{
    PICK(g, "derive", "pivot", "take", "summarize", "sort", "myverb");
    bool bracketed = roll(g, 5) == 0;
    put(g, bracketed ? "(" : " ");
    gen_list_of(g, gen_item, (bracketed ? 0 : 1) + roll(g, 3));
    if (bracketed) put(g, ")");
    static const char *const words[] = {" by ", " sort ", " on "};
    for (int i = 0; i < 3; i++)
        if (roll(g, 4) == 0) {
            put(g, words[i]);
            gen_list_of(g, gen_expr, 1 + roll(g, 2));
        }
}

static void gen_steps(struct gen *g, int n)
{
    g->depth++;
    for (int i = 0; i < n; i++) {
        if (i > 0) PICK(g, " |> ", "\n  |> ", " |>\n ");
        gen_step(g);
    }
    g->depth--;
}

static void gen_pipeline(struct gen *g)
{
    gen_expr(g);
    if (roll(g, 2)) return;
    put(g, " |> ");
    gen_steps(g, 1 + roll(g, 3));
}

static void gen_statement(struct gen *g);

static void gen_block(struct gen *g)
{
    put(g, "{\n");
    for (int n = roll(g, 3); n > 0; n--)
        gen_statement(g);
    put(g, "}");
}

static void gen_word_statement(struct gen *g)
{
    switch (roll(g, 7)) {
    case 0:
        put(g, "fn f(a, n: 5) = ");
        if (roll(g, 2)) {
            gen_block(g);
            break;
        }
        put(g, "a + "); /* a `{` here would open a block */
        gen_unary(g);
        break;
    case 1:
        put(g, "param p = ");
        gen_unary(g);
        put(g, " + ");
        gen_unary(g);
        put(g, " in [1, 2], help: \"x\"");
        break;
    case 2:
        put(g, "for k in [");
        gen_list_of(g, gen_expr, roll(g, 3));
        put(g, "] ");
        gen_block(g);
        break;
    case 3:
        put(g, "if (");
        gen_cmp(g);
        put(g, ") ");
        gen_block(g);
        if (roll(g, 2)) {
            put(g, " else ");
            if (roll(g, 2)) put(g, "if a == 1 ");
            gen_block(g);
        }
        break;
    case 4:
        put(g, "run f\"r{k}\", tags: {a: 1} ");
        gen_block(g);
        break;
    case 5:
        PICK(g, "use pool(threads: 2)", "include \"a.mlnb\"", "!ls -l", "?join", ".vars all");
        break;
    default:
        put(g, "log ");
        PICK(g, "a: 1", "chart", "\"x\"", "$v", "auc: 0.9, n: 3");
        break;
    }
}

static void gen_statement(struct gen *g)
{
    g->depth++;
    switch (g->depth > 3 ? 0 : roll(g, 3)) {
    case 0:
        PICK(g, "x = ", "a, b = ", "`odd name` = ");
        gen_pipeline(g);
        break;
    case 1:
        put(g, "t |> ");
        gen_steps(g, 1 + roll(g, 3));
        if (roll(g, 3) == 0) put(g, ";");
        break;
    default: gen_word_statement(g); break;
    }
    put(g, "\n");
    g->depth--;
}

TEST(roundtrip_generated)
{
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        struct gen g = {.state = seed * 1000003};
        for (int n = 1 + roll(&g, 4); n > 0; n--)
            gen_statement(&g);
        check_text(g.out.p, g.out.n);
        strbuf_release(&g.out);
    }
}
