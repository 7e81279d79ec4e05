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

/* Columns that lose rows to filters are copied late: every physical type, nulls, blocks whose rows
 * all go, none go, or some go, several filters, computed columns beside. */
static struct plan *wide_filter(struct fx *f, struct table *t, int64_t least)
{
    struct plan *p = pl_table(f, t);
    struct plan *w = pl_filter(f, p, CALL(f, ">=", ex_col(f, p, "k"), ex_int(f, least)));
    struct plan *o = pl_filter(f, w, CALL(f, "!=", ex_col(f, w, "k"), ex_int(f, 100)));
    return pl_project(f, o,
                      ITEMS({"k", ex_col(f, o, "k")}, {"b", ex_col(f, o, "b")},
                            {"s", ex_col(f, o, "s")}, {"d", ex_col(f, o, "d")},
                            {"x", ex_col(f, o, "x")},
                            {"y", CALL(f, "+", ex_col(f, o, "row"), ex_int(f, 1))},
                            {"row", ex_col(f, o, "row")}));
}

TEST(filtered_columns_are_copied_late)
{
    struct fx f;
    fx_begin(&f);
    enum { N = 200000 };
    int64_t *k = malloc(8 * N), *row = malloc(8 * N);
    int *b = malloc(sizeof *b * N);
    double *x = malloc(8 * N);
    const char **s = malloc(sizeof *s * N);
    static const char *const words[] = {"a", NULL, "a text that is not stored inline", "zz"};
    for (int64_t i = 0; i < N; i++) {
        row[i] = i;
        k[i] = i < 70000 ? 7 : i < 140000 ? 1 : i % 5 == 0 ? NIL : i * 7 % 101;
        b[i] = (int)(i % 3) - 1;
        s[i] = words[i % 4];
        x[i] = i % 11 == 0 ? NAN : (double)i / 3;
    }
    struct table *t =
        TABLE(&f, {"row", ints(&f, N, row)}, {"k", ints(&f, N, k)}, {"b", bools(&f, N, b)},
              {"s", strs(&f, N, s)}, {"d", coded(&f, strs(&f, N, s))}, {"x", nums(&f, N, x)});
    struct table *out = run_all(&f, wide_filter(&f, t, 3));
    int64_t n = 0;
    for (int64_t i = 0; i < N; i++) {
        if (k[i] == NIL || k[i] < 3 || k[i] == 100) continue;
        assert_true(n < out->n_rows);
        struct scalar v[7];
        for (int c = 0; c < 7; c++)
            v[c] = column_scalar(out->cols[c], n);
        assert_int_equal(v[6].u.i, i);
        assert_int_equal(v[5].u.i, i + 1);
        assert_int_equal(v[0].u.i, k[i]);
        assert_int_equal(v[1].is_null, b[i] < 0);
        if (b[i] >= 0) assert_int_equal(v[1].u.b, b[i]);
        for (int c = 2; c < 4; c++) {
            assert_int_equal(v[c].is_null, s[i] == NULL);
            if (s[i]) assert_true(str_eq(v[c].u.s, str_of(s[i])));
        }
        assert_int_equal(v[4].is_null, isnan(x[i]));
        if (!isnan(x[i])) assert_true(v[4].u.f == x[i]);
        n++;
    }
    assert_int_equal(out->n_rows, n);
    for (int c = 0; c < 7; c++) {
        const char *why = NULL;
        assert_true(column_check(out->cols[c], 2, &why));
        assert_int_equal(out->cols[c]->n, n);
    }
    assert_int_equal(run_all(&f, wide_filter(&f, t, 1000))->n_rows, 0);
    free(k), free(row), free(b), free(x), free(s);
    fx_end(&f);
}

TEST(filter_that_drops_nothing_shares)
{
    struct fx f;
    fx_begin(&f);
    struct table *t = TABLE(&f, {"v", INTS(&f, 3, 4, 5)}, {"s", STRS(&f, "a", NULL, "c")});
    struct plan *p = pl_table(&f, t);
    struct plan *w = pl_filter(&f, p, CALL(&f, ">", ex_col(&f, p, "v"), ex_int(&f, 0)));
    struct table *out = run_on(&f, 1, w);
    assert_ptr_equal(out->cols[0], t->cols[0]);
    assert_ptr_equal(out->cols[1], t->cols[1]);
    fx_end(&f);
}

/* A filter's own columns that nobody reads after it are left out below a grouping. */
TEST(filter_below_grouping_reads_less)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, people(&f));
    struct plan *w = pl_filter(&f, p, CALL(&f, "is_null", ex_col(&f, p, "name")));
    struct plan *o = pl_filter(&f, p, CALL(&f, ">", ex_col(&f, p, "age"), ex_int(&f, 25)));
    struct plan *u;
    assert_ok(&f.cx, plan_union(&f.cx, o, w, NO_SPAN, &u));
    pl_keep(&f, u);
    struct plan *g = pl_aggregate(&f, u, ITEMS({"town", ex_col(&f, u, "town")}),
                                  ITEMS({"n", ex_agg(&f, "count", 0, NULL, NULL)},
                                        {"m", AGG(&f, "max", ex_col(&f, u, "pay"))}));
    assert_rows(&f, run_all(&f, g), "ulm|3|10.5\n");
    fx_end(&f);
}

/* More levels than are worked on at once: threads have kernels, memory and counts of their own. */
TEST(functions_of_many_levels)
{
    enum { N = 40000, LEVELS = 20000 };
    struct fx f;
    fx_begin(&f);
    const char **v = arena_alloc(f.a, sizeof *v * N);
    for (int i = 0; i < N; i++)
        v[i] = i % 97 == 0 ? NULL
                           : arena_printf(f.a, "%d%s", i % LEVELS, i % LEVELS == 9000 ? "x" : "");
    struct plan *p = pl_table(&f, TABLE(&f, {"s", coded(&f, strs(&f, N, v))}));
    const struct expr *s = ex_col(&f, p, "s"), *re = ex_str(&f, "^1.*7$");
    p = pl_project(&f, p,
                   ITEMS({"u", CALL(&f, "concat", s, ex_str(&f, " is a long text"))},
                         {"m", CALL(&f, "matches", s, re)}, {"i", CALL(&f, "int", s)},
                         {"r", CALL(&f, "replace", s, ex_str(&f, "7"), ex_str(&f, "seven"))}));
    struct table *t = run_all(&f, p);
    for (int64_t i = 0; i < N; i++) {
        struct scalar u = column_scalar(t->cols[0], i), m = column_scalar(t->cols[1], i);
        struct scalar k = column_scalar(t->cols[2], i);
        if (!v[i]) {
            assert_true(k.is_null);
            continue;
        }
        size_t n = strlen(v[i]);
        assert_int_equal(u.u.s.n, n + 15);
        assert_memory_equal(u.u.s.p, v[i], n);
        assert_int_equal(m.u.b, v[i][0] == '1' && v[i][n - 1] == '7');
        assert_int_equal(k.is_null, v[i][n - 1] == 'x');
        if (!k.is_null) assert_int_equal(k.u.i, i % LEVELS);
    }
    assert_int_equal(f.n_warnings, 3); /* the two rows of level 9000, once a run */
    assert_non_null(strstr(f.warnings[0].message, "2 of 40000"));
    fx_end(&f);
}
