/* Plans as SQL text: names, values, what is refused; and faults of ours that asking other engines
 * brought to light (whether the text computes the same, tests/sql asks the engines themselves). */
#include "runtime/base/civil.h"
#include "runtime/plan/sql.h"
#include "tests/exec/fixture.h"

#include <math.h>

static const struct sql_dialect *duck(void)
{
    return sql_dialect_find(STR("duckdb"));
}
static const struct sql_dialect *pg(void)
{
    return sql_dialect_find(STR("postgres"));
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("no %s in\n%s", part, text);
}

static char *sql_of(struct fx *f, const struct plan *p, const struct sql_dialect *d)
{
    struct strbuf b = {0};
    assert_ok(&f->cx, plan_sql(&f->cx, p, d, &b));
    char *text = arena_strndup(f->a, b.p, b.n);
    strbuf_release(&b);
    return text;
}

static struct plan *two_rows(struct fx *f)
{
    struct col cols[] = {
        {"i", ints(f, 2, (int64_t[]){1, NIL})},
        {"x", nums(f, 2, (double[]){INFINITY, -0.0})},
        {"it's \"so\"", strs(f, 2, (const char *[]){"don't", NULL})},
    };
    return pl_table(f, table_of(f, 3, cols));
}

TEST(names_and_values_are_quoted)
{
    struct fx f;
    fx_begin(&f);
    char *text = sql_of(&f, two_rows(&f), duck());
    assert_has(text, "(1, 1, 'Infinity', 'don''t')");
    assert_has(text, "(2, NULL, '-0.0', NULL)");
    assert_has(text, "AS \"it's \"\"so\"\"\"");
    assert_has(text, "ORDER BY t.mlnb_row");
    assert_has(sql_of(&f, two_rows(&f), pg()), "CAST('don''t' AS text)");
    fx_end(&f);
}

TEST(names_that_clash_are_made_up)
{
    struct fx f;
    fx_begin(&f);
    struct col cols[] = {{"a", ints(&f, 1, (int64_t[]){1})},
                         {"A", ints(&f, 1, (int64_t[]){2})},
                         {"mlnb_row", ints(&f, 1, (int64_t[]){3})}};
    struct plan *p = pl_table(&f, table_of(&f, 3, cols));
    struct strbuf b = {0};
    sql_column_name(&b, duck(), p->schema, 1);
    assert_string_equal(b.p, "mlnb_c2");
    strbuf_clear(&b);
    sql_column_name(&b, pg(), p->schema, 1); /* quoted names keep their case there */
    assert_string_equal(b.p, "\"A\"");
    strbuf_release(&b);
    assert_has(sql_of(&f, p, duck()), "t.mlnb_c2 AS \"A\"");
    assert_has(sql_of(&f, p, pg()), "t.mlnb_c3 AS \"mlnb_row\"");
    fx_end(&f);
}

TEST(an_input_used_twice_is_one_step)
{
    struct fx f;
    struct plan *both = NULL;
    fx_begin(&f);
    struct plan *t = two_rows(&f);
    assert_ok(&f.cx, plan_union(&f.cx, t, t, NO_SPAN, &both));
    char *text = sql_of(&f, pl_keep(&f, both), pg());
    assert_has(text, "FROM step1 AS l UNION ALL SELECT 1, r.* FROM step1 AS r");
    assert_null(strstr(text, "step3"));
    fx_end(&f);
}

/* Long arguments that a spelling repeats get a name: nested divisions grow by their own length. */
TEST(nested_calls_stay_short)
{
    struct fx f;
    fx_begin(&f);
    struct plan *t = two_rows(&f);
    const struct expr *e = ex_col(&f, t, "x");
    for (int i = 0; i < 40; i++)
        e = CALL(&f, "/", e, ex_num(&f, 1.5));
    struct plan *p = pl_project(&f, t, ITEMS({"y", e}));
    assert_true(strlen(sql_of(&f, p, pg())) < 60000);
    fx_end(&f);
}

TEST(what_cannot_be_said_is_refused)
{
    struct fx f;
    struct strbuf b = {0};
    const char *why = NULL;
    fx_begin(&f);
    struct plan *t = two_rows(&f), *window = NULL;
    const struct expr *x = ex_col(&f, t, "x");
    struct sort_key sort = {.expr = x};
    struct named_expr item = {"y", ex_win(&f, "cummax", 1, &x)};
    assert_ok(&f.cx, plan_window(&f.cx, t, NULL, 0, &sort, 1, &item, 1, NO_SPAN, &window));
    assert_true(plan_sql_supports(pl_keep(&f, window), pg(), &why));
    struct plan *p = pl_project(&f, t, ITEMS({"h", CALL(&f, "hash", x)}));
    assert_false(plan_sql_supports(p, duck(), &why));
    assert_non_null(why);
    assert_int_equal(plan_sql(&f.cx, p, duck(), &b), RC_ERR);
    assert_int_equal(f.err.code, E217);
    assert_string_equal(f.err.message, "DuckDB has no words for `hash` (project step)");
    err_clear(&f.err);
    strbuf_release(&b);
    fx_end(&f);
}

static const char *named(void *arg, const struct plan *leaf)
{
    (void)leaf;
    return arg;
}

TEST(large_tables_go_by_name)
{
    struct fx f;
    struct strbuf b = {0};
    struct sql_options o = {.position = "pos", .leaf = named, .arg = "\"my\".\"rows\""};
    fx_begin(&f);
    struct plan *t = two_rows(&f);
    assert_ok(&f.cx, plan_sql_with(&f.cx, t, duck(), &o, &b));
    assert_has(b.p, "SELECT t.pos AS mlnb_row, t.\"i\" AS \"i\"");
    assert_has(b.p, "FROM \"my\".\"rows\" AS t");
    strbuf_clear(&b);
    o = (struct sql_options){0};
    assert_ok(&f.cx, plan_sql_with(&f.cx, t, duck(), &o, &b)); /* by its label; no position */
    assert_has(b.p, "row_number() OVER () AS mlnb_row, CAST(t.\"i\" AS BIGINT)");
    assert_has(b.p, "FROM \"t\" AS t");
    strbuf_release(&b);
    fx_end(&f);
}

/* ---- faults found ---- */
TEST(quantiles_beside_an_infinity)
{
    struct fx f;
    fx_begin(&f);
    struct col cols[] = {{"a", nums(&f, 2, (double[]){1, INFINITY})},
                         {"b", nums(&f, 2, (double[]){-INFINITY, INFINITY})},
                         {"c", nums(&f, 2, (double[]){-INFINITY, 4})}};
    struct plan *t = pl_table(&f, table_of(&f, 3, cols));
    struct plan *p =
        pl_aggregate(&f, t, NULL, 0,
                     ITEMS({"a", AGG(&f, "median", ex_col(&f, t, "a"))},
                           {"b", AGG(&f, "median", ex_col(&f, t, "b"))},
                           {"c", AGG(&f, "quantile", ex_col(&f, t, "c"), ex_num(&f, 0.75))}));
    assert_rows(&f, run_all(&f, p), "inf|null|-inf\n");
    fx_end(&f);
}

/* The distance from an infinite mean is no number, however the rows are put together. */
TEST(covariance_with_an_infinity)
{
    struct fx f;
    fx_begin(&f);
    struct col cols[] = {{"k", ints(&f, 4, (int64_t[]){1, 1, 2, 2})},
                         {"x", nums(&f, 4, (double[]){1, 2, 1, 2})},
                         {"y", nums(&f, 4, (double[]){1, -INFINITY, 3, 5})}};
    struct plan *t = pl_table(&f, table_of(&f, 3, cols));
    const struct expr *x = ex_col(&f, t, "x"), *y = ex_col(&f, t, "y");
    struct plan *p =
        pl_aggregate(&f, t, ITEMS({"k", ex_col(&f, t, "k")}),
                     ITEMS({"cov", AGG(&f, "cov", x, y)}, {"corr", AGG(&f, "corr", y, x)}));
    assert_rows(&f, run_all(&f, p), "1|null|null\n2|1.0|1.0\n");
    fx_end(&f);
}

/* min: counts values; a null constant has none. */
TEST(least_rows_of_a_null_constant)
{
    struct fx f;
    struct plan *p = NULL;
    fx_begin(&f);
    struct plan *t = two_rows(&f);
    struct scalar nothing = {.type = DTYPE(KIND_INT), .is_null = true};
    const struct expr *e = expr_literal(f.a, &nothing, NO_SPAN);
    struct win_frame frame = {.unit = FRAME_ROWS, .from = -1, .min_rows = 1};
    struct named_expr item = {"s", ex_frame(&f, "sum", 1, &e, frame)};
    struct sort_key sort = {.expr = ex_col(&f, t, "i")};
    assert_ok(&f.cx, plan_window(&f.cx, t, NULL, 0, &sort, 1, &item, 1, NO_SPAN, &p));
    struct table *got = run_all(&f, pl_keep(&f, p));
    assert_int_equal(got->cols[3]->n_null, 2);
    fx_end(&f);
}
