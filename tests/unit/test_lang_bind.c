/* The binder: step expressions against a schema, printed back as plan expressions. */
#include "lang/lang_int.h"
#include "tests/unit/lang_host.h"

struct fixture {
    struct rec r;
    struct arena *a;
    struct schema *schema;
    struct bind b;
};
static void begin(struct fixture *f, enum bind_mode mode)
{
    const struct field fields[] = {
        {"fare", DTYPE(KIND_NUM)},    {"tip", DTYPE(KIND_NUM)},      {"zone", DTYPE(KIND_STR)},
        {"n", DTYPE(KIND_INT)},       {"ok", DTYPE(KIND_BOOL)},      {"day", DTYPE(KIND_DATE)},
        {"at", DTYPE(KIND_DATETIME)}, {"q1", DTYPE(KIND_INT)},       {"q2", DTYPE(KIND_INT)},
        {"q3", DTYPE(KIND_INT)},      {"odd name", DTYPE(KIND_NUM)}, {"a.b", DTYPE(KIND_NUM)},
    };
    rec_begin(&f->r);
    rec_ok(&f->r, "limit = 5; zs = [\"a\", \"b\"]; r = 1..5; t = frame(id: [1, 2])\n"
                  "pct = (a, b) -> 100 * a / b\n"
                  "fn rate(tip, fare, scale: 100) = if(fare > 0, scale * tip / fare, null)\n"
                  "fn steps(t) = t |> where fare > 0\n"
                  "fn self(x) = self(x + 1)\n"
                  "fn lim(x) = x > limit");
    f->a = f->r.lg->cx.arena;
    assert_int_equal(
        schema_new(&f->r.lg->cx, fields, sizeof fields / sizeof *fields, NO_SPAN, &f->schema),
        RC_OK);
    bind_init(&f->b, f->r.lg, f->r.lg->globals, f->schema, "trips", mode);
}
static void end(struct fixture *f)
{
    schema_unref(f->schema);
    rec_end(&f->r); /* frees the arena */
}
static const struct ast *tree(struct fixture *f, const char *text)
{
    struct parse_result out = {0};
    uint32_t source = sources_add(f->r.lg->sources, "t", text, strlen(text), 1);
    struct str kept = sources_text(f->r.lg->sources, source);
    parse(f->a, kept.p, kept.n, &(struct parse_opts){.source = source}, &out);
    if (out.n_errors) {
        f->r.err = out.errors[0];
        rec_fail(&f->r, text, "does not parse", __FILE__, __LINE__);
    }
    return out.program->kids[0]->kids[0];
}
static void is_at(struct fixture *f, const char *text, const char *want, const char *file, int line)
{
    const struct expr *e;
    struct strbuf got = {0};
    if (bind_expr(&f->b, tree(f, text), &e) != RC_OK) {
        f->r.err = f->r.lg->err;
        rec_fail(&f->r, text, "does not bind", file, line);
    }
    expr_text(&got, e);
    if (strcmp(got.p, want) != 0) {
        print_error("%s:%d: %s\n got  %s\n want %s\n", file, line, text, got.p, want);
        _fail(file, line);
    }
    strbuf_release(&got);
}
static void fails_at(struct fixture *f, const char *text, enum err_code code, const char *words,
                     const char *file, int line)
{
    const struct expr *e;
    struct error *err = &f->r.lg->err;
    err_clear(err);
    enum rc_t res = bind_expr(&f->b, tree(f, text), &e);
    f->r.err = *err;
    if (res == RC_OK) rec_fail(&f->r, text, "binds", file, line);
    bool has = strstr(err->message, words) || strstr(err->hint, words);
    for (int i = 0; i < err->n_notes; i++)
        has = has || strstr(err->notes[i], words);
    if (err->code != code || !has) rec_fail(&f->r, text, "another error", file, line);
    if (err->hint[0] && !rec_parses(err->hint))
        rec_fail(&f->r, text, "hint: no program", file, line);
    err_clear(err);
}
static void found_at(struct fixture *f, int i, const char *want, const char *file, int line)
{
    struct strbuf got = {0};
    if (i < f->b.n_found) expr_text(&got, f->b.found[i].expr);
    if (!str_eqz(strbuf_view(&got), want)) {
        print_error("%s:%d: found %d\n got  %s\n want %s\n", file, line, i,
                    got.p ? got.p : "nothing", want);
        _fail(file, line);
    }
    strbuf_release(&got);
}
/* Binds, whatever it prints as; gives the type. */
static const char *type_at(struct fixture *f, const char *text, const char *file, int line)
{
    static char buf[64];
    const struct expr *e;
    if (bind_expr(&f->b, tree(f, text), &e) == RC_OK) return dtype_text(e->type, buf, sizeof buf);
    f->r.err = f->r.lg->err;
    rec_fail(&f->r, text, "does not bind", file, line);
    return "";
}
#define type(text)              type_at(&f, (text), __FILE__, __LINE__)
#define is(text, want)          is_at(&f, (text), (want), __FILE__, __LINE__)
#define fails(text, code, word) fails_at(&f, (text), (code), (word), __FILE__, __LINE__)
#define found(i, want)          found_at(&f, (i), (want), __FILE__, __LINE__)

TEST(names_and_variables)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    is("fare", "fare");
    is("`odd name` + 1", "`odd name` + 1");
    is("fare > $limit", "fare > 5");
    is("-fare", "-fare");
    is("-3", "-3");
    is("not ok", "not ok");
    is("fare is null", "fare is null");
    is("fare is not null", "not fare is null");
    is("$t.id[1]", "1");
    fails("fare > limit", E203, "$limit");
    fails("faer > 1", E201, "Closest: fare");
    fails("nothing_like_it", E201, "12 columns");
    fails("zone + 1", E207, "+");
    fails("a.b", E201, "`a.b`");
    fails("t.id", E203, "$t.id");
    fails("$nope", E202, "nope");
    fails("1..5", E217, "right of `in`");
    end(&f);
}

TEST(unknown_column_tells_all)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    fails("far > 3", E201, "`trips` has 12 columns. Closest: fare. A variable");
    fails("far > 3", E201, "fare > 3");
    end(&f);
}

TEST(membership)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    is("n in [1, 2]", "n in [1, 2]");
    is("n not in [1, 2]", "not n in [1, 2]");
    is("zone in $zs", "zone in [\"a\", \"b\"]");
    is("n in $t.id", "n in [1, 2]");
    is("n in 1..5", "n in 1..5");
    is("n in 1..<5", "n in 1..<5");
    is("n in 5..", "n in 5..");
    is("n in $r", "n in 1..5");
    is("n in [q1, q2]", "n == q1 or n == q2");
    is("day in @2019-01-01..<@2019-02-01", "day in @2019-01-01..<@2019-02-01");
    fails("n in zone", E207, "contains");
    fails("zone in [1]", E207, "");
    end(&f);
}

TEST(midnight_warning)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    strbuf_clear(&f.r.notes);
    is("at in @2019-01-01..@2019-01-31", "at in @2019-01-01..@2019-01-31");
    assert_non_null(f.r.notes.p);
    assert_non_null(strstr(f.r.notes.p, "W313"));
    assert_non_null(strstr(f.r.notes.p, "..<@2019-02-01"));
    strbuf_clear(&f.r.notes);
    is("at in @2019-01-01..<@2019-02-01", "at in @2019-01-01..<@2019-02-01");
    assert_int_equal(f.r.notes.n, 0);
    end(&f);
}

TEST(calls_and_options)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    is("round(fare)", "round(fare)");
    is("round(fare, digits: 2)", "round(fare, 2)");
    is("if(fare > 0, tip, null)", "case { fare > 0 => tip, else => null }");
    is("col(\"odd name\") + 1", "`odd name` + 1");
    fails("round(fare, digit: 2)", E206, "digits");
    fails("lenn(zone)", E204, "len");
    fails("nunique(zone)", E204, "n_distinct");
    fails("read(zone)", E217, "values, not columns");
    fails("starts(\"q\")", E217, "selector");
    fails("across(q1, x -> x)", E217, "item of its own");
    end(&f);
}

TEST(months)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    assert_string_equal(type("day + 1mo"), "date");
    assert_string_equal(type("at - 1y3d"), "datetime");
    is("day + 7d", "day + 1w");
    fails("fare + 1mo", E207, "months");
    end(&f);
}

TEST(fns_are_inlined)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    is("rate(tip, fare)", "case { fare > 0 => 100 * tip / fare, else => null }");
    is("rate(tip, fare, scale: 1)", "case { fare > 0 => 1 * tip / fare, else => null }");
    is("rate(fare: tip, tip: fare)", "case { tip > 0 => 100 * fare / tip, else => null }");
    is("$pct(tip, fare)", "100 * tip / fare");
    is("pct(tip, fare)", "100 * tip / fare");
    is("lim(fare)", "fare > 5"); /* a session variable is plain in a fn */
    fails("rate(tip)", E208, "takes 3");
    fails("steps(fare)", E217, "|> steps");
    fails("self(fare)", E904, "200");
    end(&f);
}

TEST(rows_of_columns)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    is("sum([q1, q2])", "(q1 ?? 0) + (q2 ?? 0)");
    is("sum([starts(\"q\")]) > 1", "(q1 ?? 0) + (q2 ?? 0) + (q3 ?? 0) > 1");
    is("sum([q1..q2])", "(q1 ?? 0) + (q2 ?? 0)");
    is("max([q1, q2])", "greatest(q1 ?? q2, q2 ?? q1)");
    is("[q1, q2][2]", "q2");
    is("len([q1, starts(\"q\")])", "4");
    is("contains([q1, q2], 3)", "3 == q1 or 3 == q2");
    is("[q1, q2]", "[q1, q2]");
    fails("[q1, zone]", E207, "one type");
    fails("upper([q1, q2])", E207, "upper");
    is("sum(map([q1, q2], x -> x * 2))", "(q1 * 2 ?? 0) + (q2 * 2 ?? 0)");
    is("sum([1, 2])", "3");
    is("median([q1, q2])", "median([q1, q2])");
    is("quantile([q1, q2], .9)", "quantile([q1, q2], 0.9)");
    end(&f);
}

TEST(lists_and_structs)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    is("{k: q1, \"odd name\": zone}", "{k: q1, \"odd name\": zone}");
    is("{k: q1}.k + 1", "q1 + 1");
    is("{k: q1, \"odd name\": zone}[\"odd name\"]", "zone");
    fails("{k: q1}.j", E201, "its fields: k");
    fails("{k: q1, k: q2}", E212, "`k`");
    is("seq(1, q1)[-1]", "seq(1, q1)[-1]");
    is("seq(1, q1)[2..3]", "slice(seq(1, q1), 2, 3)");
    is("map(seq(1, q1), x -> x * q2)", "map(seq(1, q1), x -> x * q2)");
    is("map(seq(1, q1), x -> sum(map(seq(1, x), y -> y + x)))",
       "map(seq(1, q1), x -> sum(map(seq(1, x), y_2 -> y_2 + x)))");
    is("seq(1, q1) + [9]", "seq(1, q1) + [9]");
    is("[1] + [2.5]", "[1.0] + [2.5]");
    fails("[q1] + [zone]", E207, "do not join");
    is("join_str(split(zone, \"-\"))", "join_str(split(zone, \"-\"))");
    is("q1 in seq(1, 3)", "q1 in [1, 2, 3]");
    assert_string_equal(type("{k: q1, l: [zone]}"), "struct{k: int, l: list[str]}");
    assert_string_equal(type("mean(seq(1, q1))"), "num");
    fails("map(q1, x -> x)", E207, "list");
    fails("map(seq(1, q1), 3)", E217, "lambda");
    fails("max(seq(1, q1), where: q1 > 1)", E206, "within the row");
    fails("max(q1)", E210, "many rows");
    end(&f);
    begin(&f, BIND_WINDOW);
    is("max(seq(1, q1)) + 1", "max(seq(1, q1)) + 1");
    is("map(seq(1, q1), x -> x / max(q1))", "map(seq(1, q1), x -> x / `.agg0`)");
    fails("map(seq(1, q1), x -> max(x))", E210, "lambda");
    end(&f);
}

TEST(texts)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    assert_string_equal(type("zone[1]"), "str");
    assert_string_equal(type("zone[1..3]"), "str");
    assert_string_equal(type("f\"{zone}: {fare:.2f}\""), "str");
    is("f\"{$limit}!\"", "\"5!\"");
    fails("zone[0]", E313, "count from 1");
    fails("fare[1]", E207, "text or a list");
    end(&f);
}

TEST(aggregates_in_windows)
{
    struct fixture f;
    begin(&f, BIND_WINDOW);
    is("fare - mean(fare)", "fare - `.agg0`");
    found(0, "mean(fare)");
    is("mean(fare) + max(tip, where: ok)", "`.agg0` + `.agg1`");
    assert_int_equal(f.b.n_found, 2); /* the same mean is found once */
    found(1, "max(tip, where: ok)");
    is("row_number()", "`.agg2`");
    fails("mean(sum(fare))", E210, "nest");
    fails("mean(fare, last: 7)", E213, "sort");
    f.b.has_sort = true;
    is("mean(fare, last: 7)", "`.agg3`");
    found(3, "mean(fare, last: 7)");
    is("sum(fare, last: all, min: 2)", "`.agg4`");
    is("sum(fare, rows: -3..3)", "`.agg5`");
    found(5, "sum(fare, rows: -3..3)");
    is("mean(fare, last: 7d)", "`.agg6`");
    fails("mean(fare, last: 0)", E209, "last: 7");
    fails("mean(fare, rows: 3..1)", E209, "no row");
    is("sum(fare > 3)", "`.agg7`");
    end(&f);
}

TEST(aggregates_refused_in_rows)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    fails("mean(fare)", E210, "many rows");
    fails("row_number()", E210, "other rows");
    end(&f);
}

TEST(summarize_scope)
{
    struct fixture f;
    const struct field keys[] = {{"zone", DTYPE(KIND_STR)}, {"top", DTYPE(KIND_NUM)}};
    struct schema *outer;
    begin(&f, BIND_AGGREGATE);
    assert_int_equal(schema_new(&f.r.lg->cx, keys, 2, NO_SPAN, &outer), RC_OK);
    f.b.outer = outer;
    is("count()", "`.agg0`");
    is("mean(fare) / count(where: fare > 9)", "`.agg1` / `.agg2`");
    is("top - mean(fare)", "top - `.agg1`");
    is("upper(zone)", "upper(zone)");
    fails("fare + 1", E210, "mean(fare)");
    fails("mean(top)", E201, "top");
    fails("mean(fare, last: 7)", E206, "derive");
    schema_unref(outer);
    end(&f);
}

static void columns_at(struct fixture *f, const char *text, const char *want, const char *file,
                       int line)
{
    const char **names;
    int n;
    bool is_selector;
    struct strbuf got = {0};
    if (bind_columns(&f->b, tree(f, text), &names, &n, &is_selector) != RC_OK) {
        f->r.err = f->r.lg->err;
        rec_fail(&f->r, text, "fails", file, line);
    }
    if (!is_selector) strbuf_addz(&got, "computed");
    for (int i = 0; is_selector && i < n; i++)
        strbuf_printf(&got, "%s%s", i ? " " : "", names[i]);
    if (!str_eqz(strbuf_view(&got), want)) {
        print_error("%s:%d: %s\n got  %s\n want %s\n", file, line, text, got.p, want);
        _fail(file, line);
    }
    strbuf_release(&got);
}
#define columns(text, want) columns_at(&f, (text), (want), __FILE__, __LINE__)

TEST(selectors)
{
    struct fixture f;
    begin(&f, BIND_ROW);
    columns("zone", "zone");
    columns("`odd name`", "odd name");
    columns("q1..q3", "q1 q2 q3");
    columns("starts(\"q\")", "q1 q2 q3");
    columns("ends(\"e\")", "fare zone odd name");
    columns("contains(\"i\")", "tip");
    columns("matches(r\"^q[12]$\")", "q1 q2");
    columns("type(num)", "fare tip n q1 q2 q3 odd name a.b");
    columns("type(int)", "n q1 q2 q3");
    columns("type(num) - starts(\"q\")", "fare tip n odd name a.b");
    columns("all() - type(num)", "zone ok day at");
    columns("[zone, q1, zone]", "zone q1");
    columns("col([\"tip\", \"zone\"])", "tip zone");
    columns("fare - tip", "computed");
    columns("fare + 1", "computed");
    end(&f);
}

TEST(bools_count)
{
    struct fixture f;
    begin(&f, BIND_WINDOW);
    is("sum(ok)", "`.agg0`");
    is("mean(ok)", "`.agg1`");
    end(&f);
}
