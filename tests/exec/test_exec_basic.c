/* Plans on small tables with results written out by hand. */
#include "tests/exec/fixture.h"

#include <stdlib.h>

static struct table *people(struct fx *f)
{
    return TABLE(f, {"name", STRS(f, "ann", "bob", NULL, "dora", "eve")},
                 {"age", INTS(f, 31, 25, 40, NIL, 25)},
                 {"pay", NUMS(f, 10.5, -0.0, 3, NAN, INFINITY)},
                 {"town", coded(f, STRS(f, "ulm", "rom", "ulm", NULL, "rom"))});
}

TEST(table_passes_through_shared)
{
    struct fx f;
    fx_begin(&f);
    struct table *t = people(&f);
    struct plan *p = pl_table(&f, t);
    struct table *out = run_on(&f, 1, pl_project(&f, p, ITEMS({"a", ex_col(&f, p, "age")})));
    assert_ptr_equal(out->cols[0], t->cols[1]);
    fx_end(&f);
}

TEST(filter_and_project)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, people(&f));
    struct plan *w = pl_filter(&f, p, CALL(&f, ">", ex_col(&f, p, "age"), ex_int(&f, 25)));
    struct plan *d = pl_project(&f, w,
                                ITEMS({"name", ex_col(&f, w, "name")},
                                      {"next", CALL(&f, "+", ex_col(&f, w, "age"), ex_int(&f, 1))},
                                      {"u", CALL(&f, "upper", ex_col(&f, w, "town"))}));
    assert_rows(&f, run_all(&f, d), "ann|32|ULM\nnull|41|ULM\n");
    fx_end(&f);
}

TEST(text_of_plan)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, people(&f));
    struct plan *w = pl_filter(&f, p,
                               CALL(&f, "and", CALL(&f, ">", ex_col(&f, p, "pay"), ex_int(&f, 3)),
                                    CALL(&f, "not", CALL(&f, "is_null", ex_col(&f, p, "town")))));
    struct strbuf b = {0};
    plan_text(&b, w, NULL, NULL);
    assert_string_equal(b.p, "filter pay > 3 and not town is null\n  table t (5 rows)\n");
    strbuf_release(&b);
    fx_end(&f);
}

TEST(aggregate_by_key)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, people(&f));
    struct plan *g = pl_aggregate(&f, p, ITEMS({"town", ex_col(&f, p, "town")}),
                                  ITEMS({"n", ex_agg(&f, "count", 0, NULL, NULL)},
                                        {"s", AGG(&f, "sum", ex_col(&f, p, "age"))},
                                        {"m", AGG(&f, "mean", ex_col(&f, p, "pay"))},
                                        {"d", AGG(&f, "median", ex_col(&f, p, "age"))}));
    assert_rows(&f, run_all(&f, g), "rom|2|50|inf|25.0\nulm|2|71|6.75|35.5\nnull|1|0|null|null\n");
    fx_end(&f);
}

/* cat(x) of plain texts has new levels each batch; cut() has ordered ones. */
TEST(aggregate_by_made_categories)
{
    struct fx f;
    fx_begin(&f);
    int64_t n = 70000, *v = malloc(8 * (size_t)n);
    const char **s = malloc(sizeof *s * (size_t)n);
    for (int64_t i = 0; i < n; i++) {
        v[i] = i % 3 == 0 ? 50 : i % 3 == 1 ? 5 : 20;
        s[i] = i < 66000 ? (i % 2 ? "b" : "a text of some length") : "a";
    }
    struct plan *p = pl_table(&f, TABLE(&f, {"s", strs(&f, n, s)}, {"d", coded(&f, strs(&f, n, s))},
                                        {"v", ints(&f, n, v)}));
    free(v);
    free(s);
    struct named_expr count = {"n", ex_agg(&f, "count", 0, NULL, NULL)};
    struct named_expr by_cat = {"k", CALL(&f, "cat", ex_col(&f, p, "s"))};
    struct table *t = run_all(&f, pl_aggregate(&f, p, &by_cat, 1, &count, 1));
    assert_rows(&f, t, "a|4000\na text of some length|33000\nb|33000\n");
    assert_int_equal(t->schema->fields[0].type.kind, KIND_CAT);
    by_cat.expr = CALL(&f, "cat", CALL(&f, "lower", ex_col(&f, p, "d")));
    t = run_all(&f, pl_aggregate(&f, p, &by_cat, 1, &count, 1));
    assert_rows(&f, t, "a|4000\na text of some length|33000\nb|33000\n");
    struct scalar edges = {.type = dtype_list(DTYPE(KIND_INT)), .u.list = INTS(&f, 0, 10, 30, 90)};
    const struct expr *list = expr_literal(f.a, &edges, NO_SPAN);
    column_unref(edges.u.list);
    struct named_expr by_cut = {"k", CALL(&f, "cut", ex_col(&f, p, "v"), list)};
    t = run_all(&f, pl_aggregate(&f, p, &by_cut, 1, &count, 1));
    assert_true(t->schema->fields[0].type.ordered);
    assert_rows(&f, t, "(0, 10]|23333\n(10, 30]|23333\n(30, 90]|23334\n");
    fx_end(&f);
}

TEST(aggregate_without_keys)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, people(&f));
    struct plan *none = pl_filter(&f, p, ex_bool(&f, false));
    struct named_expr items[2] = {{"n", ex_agg(&f, "count", 0, NULL, NULL)},
                                  {"s", AGG(&f, "sum", ex_col(&f, p, "age"))}};
    assert_rows(&f, run_all(&f, pl_aggregate(&f, p, NULL, 0, items, 2)), "5|121\n");
    assert_rows(&f, run_all(&f, pl_aggregate(&f, none, NULL, 0, items, 2)), "0|0\n");
    struct named_expr key = {"town", ex_col(&f, p, "town")};
    assert_rows(&f, run_all(&f, pl_aggregate(&f, none, &key, 1, items, 2)), "");
    fx_end(&f);
}

TEST(sort_and_limit)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, people(&f));
    struct plan *s =
        pl_sort(&f, p, KEYS({ex_col(&f, p, "age"), true, false}, {ex_col(&f, p, "name"), 0, 0}));
    struct plan *d = pl_project(&f, s, ITEMS({"name", ex_col(&f, s, "name")}));
    assert_rows(&f, run_all(&f, d), "null\nann\nbob\neve\ndora\n");
    assert_rows(&f, run_all(&f, pl_limit(&f, d, 1, 2)), "ann\nbob\n");
    fx_end(&f);
}

TEST(joins)
{
    struct fx f;
    fx_begin(&f);
    struct plan *l = pl_table(&f, people(&f));
    struct plan *r =
        pl_table(&f, TABLE(&f, {"t", STRS(&f, "rom", "bonn", "rom")}, {"k", INTS(&f, 1, 2, 3)}));
    struct named_expr items[2];
    static const char *const want[] = {
        [JOIN_INNER] = "bob|1\nbob|3\neve|1\neve|3\n",
        [JOIN_LEFT] = "ann|null\nbob|1\nbob|3\nnull|null\ndora|null\neve|1\neve|3\n",
        [JOIN_RIGHT] = "bob|1\nbob|3\neve|1\neve|3\nnull|2\n",
        [JOIN_FULL] = "ann|null\nbob|1\nbob|3\nnull|null\ndora|null\neve|1\neve|3\nnull|2\n"};
    for (int k = JOIN_INNER; k <= JOIN_FULL; k++) {
        struct plan *j = pl_join(&f, l, r, (enum join_kind)k, "town", "t");
        items[0] = (struct named_expr){"name", ex_col(&f, j, "name")};
        items[1] = (struct named_expr){"k", ex_col(&f, j, "k")};
        assert_rows(&f, run_all(&f, pl_project(&f, j, items, 2)), want[k]);
    }
    assert_rows(&f, run_all(&f, pl_join(&f, r, l, JOIN_SEMI, "t", "town")), "rom|1\nrom|3\n");
    assert_rows(&f, run_all(&f, pl_join(&f, r, l, JOIN_ANTI, "t", "town")), "bonn|2\n");
    fx_end(&f);
}
