/* Work that is done once: equal sub-trees of a step, aggregates that are fed alike, orders of a
 * window step. What is seen must be what it would be if all were done by itself. */
#include "tests/exec/fixture.h"

#include <stdlib.h>

static void warned(struct fx *f, struct plan *p, int n, const char *const *want)
{
    for (int x = 0; x < 3; x++) {
        f->n_warnings = 0;
        run_on(f, x, p);
        assert_int_equal(f->n_warnings, n);
        for (int i = 0; i < n; i++)
            assert_string_equal(f->warnings[i].message, want[i]);
    }
}
#define assert_warned(f, p, ...)                                                                   \
    warned(f, p, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),                    \
           (const char *[]){__VA_ARGS__})

/* ---- sub-trees ---- */
TEST(equal_calls_warn_once_each)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, TABLE(&f, {"s", STRS(&f, "1", "x", "3", "y")}));
    const struct expr *s = ex_col(&f, p, "s");
    /* two spelled alike, one of them within a larger one; and one that is another */
    struct plan *d = pl_project(&f, p,
                                ITEMS({"a", CALL(&f, "int", s)}, {"b", CALL(&f, "int", s)},
                                      {"c", CALL(&f, "+", CALL(&f, "int", s), ex_int(&f, 1))},
                                      {"d", CALL(&f, "num", s)}));
    assert_rows(&f, run_all(&f, d),
                "1|1|2|1.0\nnull|null|null|null\n3|3|4|3.0\nnull|null|null|null\n");
    static const char ints[] = "cast: 2 of 4 values of `s` are not ints and became null "
                               "(rows 2, 4: \"x\", \"y\")";
    assert_warned(&f, d, ints, ints, ints,
                  "cast: 2 of 4 values of `s` are not numbers and became null "
                  "(rows 2, 4: \"x\", \"y\")");
    fx_end(&f);
}

TEST(branches_see_their_own_rows)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p =
        pl_table(&f, TABLE(&f, {"a", INTS(&f, 8, 9, 7, 6, 5)}, {"b", INTS(&f, 2, 0, 7, 0, 1)}));
    const struct expr *a = ex_col(&f, p, "a"), *b = ex_col(&f, p, "b");
    const struct expr *q = CALL(&f, "//", a, b), *safe = CALL(&f, "!=", b, ex_int(&f, 0));
    const struct expr *guarded = ex_case(&f, 3, (const struct expr *[]){safe, q, ex_int(&f, -1)});
    const struct expr *twice =
        ex_case(&f, 3, (const struct expr *[]){safe, CALL(&f, "+", q, q), CALL(&f, "-", b, a)});
    /* q stands before, in and after the branches; the condition and `b - a` in and out of one */
    struct plan *d = pl_project(&f, p,
                                ITEMS({"x", guarded}, {"y", q}, {"z", twice}, {"again", guarded},
                                      {"w", CALL(&f, "-", b, a)}, {"safe", safe}));
    assert_rows(&f, run_all(&f, d),
                "4|4|8|4|-6|true\n-1|null|-9|-1|-9|false\n1|1|2|1|0|true\n-1|null|-6|-1|-6|false\n"
                "5|5|10|5|-4|true\n");
    assert_warned(&f, d,
                  "arithmetic: 2 of 5 values of `a // b` became null or infinite (rows 2, 4: "
                  "9 // 0, 6 // 0)");
    /* only guarded ones: nothing to report, whatever is shared */
    d = pl_project(&f, p, ITEMS({"x", guarded}, {"again", guarded}, {"z", twice}));
    for (int x = 0; x < 3; x++) {
        f.n_warnings = 0;
        run_on(&f, x, d);
        assert_int_equal(f.n_warnings, 0);
    }
    fx_end(&f);
}

TEST(branches_that_fail_warn_once_each)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, TABLE(&f, {"a", INTS(&f, 8, 9, 7)}, {"b", INTS(&f, 0, 0, 7)}));
    const struct expr *a = ex_col(&f, p, "a"), *b = ex_col(&f, p, "b");
    const struct expr *args[3] = {CALL(&f, ">", a, ex_int(&f, 8)), CALL(&f, "//", a, b),
                                  ex_int(&f, 0)};
    const struct expr *e = ex_case(&f, 3, args);
    /* the second case is the first one's node: its calls are counted for it all the same */
    struct plan *d = pl_project(&f, p, ITEMS({"x", e}, {"y", CALL(&f, "+", e, ex_int(&f, 1))}));
    assert_rows(&f, run_all(&f, d), "0|1\nnull|null\n0|1\n");
    static const char want[] =
        "arithmetic: 1 of 3 values of `a // b` became null or infinite (row 2: 9 // 0)";
    assert_warned(&f, d, want, want);
    fx_end(&f);
}

/* What differs in one constant, type or name only is no twin. */
TEST(nearly_equal_calls_stay_apart)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(
        &f, TABLE(&f, {"a", INTS(&f, 1, 2)}, {"b", NUMS(&f, 1, 2)}, {"s", STRS(&f, "ab", "ba")}));
    const struct expr *a = ex_col(&f, p, "a"), *b = ex_col(&f, p, "b"), *s = ex_col(&f, p, "s");
    struct plan *d = pl_project(
        &f, p,
        ITEMS({"c", CALL(&f, "+", a, ex_int(&f, 1))}, {"d", CALL(&f, "+", a, ex_int(&f, 2))},
              {"e", CALL(&f, "+", a, ex_num(&f, 1))}, {"f", CALL(&f, "+", b, ex_int(&f, 1))},
              {"g", CALL(&f, "starts", s, ex_str(&f, "a"))},
              {"h", CALL(&f, "starts", s, ex_str(&f, "b"))},
              {"i", CALL(&f, "ends", s, ex_str(&f, "a"))}, {"k", CALL(&f, "-", a, ex_int(&f, 1))},
              {"l", CALL(&f, "-", ex_int(&f, 1), a)}));
    assert_rows(&f, run_all(&f, d),
                "2|3|2.0|2.0|true|false|false|0|0\n3|4|3.0|3.0|false|true|true|1|-1\n");
    fx_end(&f);
}

/* Sharing must not cost more than it saves: a long chain of equal heads is looked up once a link.
 */
TEST(long_chains_are_quick)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, TABLE(&f, {"a", INTS(&f, 1, 2)}));
    const struct expr *a = ex_col(&f, p, "a"), *x = a, *y = a;
    for (int i = 0; i < 400; i++) {
        x = CALL(&f, "+", x, a);
        y = CALL(&f, "+", y, a);
    }
    struct plan *d = pl_project(&f, p, ITEMS({"x", x}, {"y", y}, {"z", CALL(&f, "-", x, y)}));
    assert_rows(&f, run_all(&f, d), "401|401|0\n802|802|0\n");
    fx_end(&f);
}

/* Many batches: what is kept is the batch's own. */
TEST(every_batch_is_its_own)
{
    struct fx f;
    fx_begin(&f);
    enum { N = 70000 };
    int64_t *v = malloc(8 * N), *want = malloc(8 * N);
    for (int64_t i = 0; i < N; i++) {
        v[i] = i % 11 == 3 ? NIL : i;
        want[i] = i % 11 == 3 ? NIL : 4 * (i * 3 + 1);
    }
    struct plan *p = pl_table(&f, TABLE(&f, {"v", ints(&f, N, v)}));
    const struct expr *e =
        CALL(&f, "+", CALL(&f, "*", ex_col(&f, p, "v"), ex_int(&f, 3)), ex_int(&f, 1));
    const struct expr *two = CALL(&f, "+", e, e);
    struct plan *d = pl_project(&f, p, ITEMS({"w", CALL(&f, "+", two, two)}));
    assert_null(table_diff(&f, TABLE(&f, {"w", ints(&f, N, want)}), run_all(&f, d), 0));
    free(v), free(want);
    fx_end(&f);
}

/* ---- aggregates ---- */
TEST(aggregates_fed_alike)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, TABLE(&f, {"g", INTS(&f, 1, 2, 1, 1, 2, 3)},
                                        {"v", INTS(&f, 1, 10, 2, NIL, 20, NIL)},
                                        {"w", INTS(&f, 5, 5, 5, 7, 7, 7)}));
    const struct expr *v = ex_col(&f, p, "v"), *w = ex_col(&f, p, "w");
    const struct expr *low = CALL(&f, "<", v, ex_int(&f, 15));
    const struct expr *high = CALL(&f, ">", v, ex_int(&f, 1));
    struct named_expr items[] = {{"sum", AGG(&f, "sum", v)},
                                 {"mean", AGG(&f, "mean", v)},
                                 {"low", ex_agg(&f, "sum", 1, &v, low)},
                                 {"low_mean", ex_agg(&f, "mean", 1, &v, low)},
                                 {"high_mean", ex_agg(&f, "mean", 1, &v, high)},
                                 {"other", AGG(&f, "sum", w)},
                                 {"sum2", AGG(&f, "sum", v)},
                                 {"sd", AGG(&f, "sd", v)},
                                 {"var", AGG(&f, "var", v)},
                                 {"min", AGG(&f, "min", v)},
                                 {"max", AGG(&f, "max", v)},
                                 {"med", AGG(&f, "median", v)},
                                 {"first", AGG(&f, "first", v)},
                                 {"last", AGG(&f, "last", v)}};
    int n = (int)(sizeof items / sizeof *items);
    static const char one[] = "3|1.5|3|1.5|2.0|17|3|0.7071067811865476|0.5|1|2|1.5|1|2\n";
    struct plan *d = pl_aggregate(&f, p, ITEMS({"g", ex_col(&f, p, "g")}), items, n);
    assert_rows(&f, run_all(&f, d),
                arena_printf(f.a,
                             "1|%s2|30|15.0|10|10.0|15.0|12|30|7.0710678118654755|50.0|10|20|15.0|"
                             "10|20\n3|0|null|0|null|null|7|0|null|null|null|null|null|null|null\n",
                             one));
    /* of all rows of group 1, without keys */
    struct plan *g1 = pl_filter(&f, p, CALL(&f, "==", ex_col(&f, p, "g"), ex_int(&f, 1)));
    assert_rows(&f, run_all(&f, pl_aggregate(&f, g1, NULL, 0, items, n)), one);
    fx_end(&f);
}

/* The same over many partitions, and with partial groups merged: each against its own run. */
TEST(aggregates_fed_alike_merge)
{
    struct fx f;
    fx_begin(&f);
    enum { N = 200000 };
    int64_t *g = malloc(8 * N), *v = malloc(8 * N);
    for (int64_t i = 0; i < N; i++) {
        g[i] = (i * 7919) % 3001;
        v[i] = i % 7 == 2 ? NIL : (i * 31) % 1000 - 500;
    }
    struct plan *p = pl_table(&f, TABLE(&f, {"g", ints(&f, N, g)}, {"v", ints(&f, N, v)}));
    const struct expr *e = ex_col(&f, p, "v"), *pos = CALL(&f, ">", e, ex_int(&f, 0));
    struct named_expr items[] = {{"a", AGG(&f, "sum", e)},
                                 {"b", AGG(&f, "mean", e)},
                                 {"c", ex_agg(&f, "mean", 1, &e, pos)},
                                 {"d", ex_agg(&f, "sum", 1, &e, pos)},
                                 {"e", AGG(&f, "sum", e)}};
    struct named_expr key[] = {{"g", ex_col(&f, p, "g")}};
    for (int n_keys = 0; n_keys < 2; n_keys++) {
        struct table *all = run_all(&f, pl_aggregate(&f, p, key, n_keys, items, 5));
        for (int i = 0; i < 5; i++) {
            struct table *one = run_all(&f, pl_aggregate(&f, p, key, n_keys, &items[i], 1));
            assert_int_equal(one->n_rows, all->n_rows);
            for (int64_t k = 0; k < all->n_rows; k++) {
                struct scalar x = column_scalar(one->cols[n_keys], k),
                              y = column_scalar(all->cols[n_keys + i], k);
                assert_true(x.is_null == y.is_null && (x.is_null || x.u.i == y.u.i));
            }
        }
    }
    free(g), free(v);
    fx_end(&f);
}

/* ---- windows ---- */
static struct plan *windows(struct fx *f, struct plan *in, const char *by, struct sort_key *sort,
                            const struct named_expr *items, int n)
{
    struct plan *p = NULL;
    const struct expr *group = by ? ex_col(f, in, by) : NULL;
    assert_ok(&f->cx, plan_window(&f->cx, in, &group, by != NULL, sort, sort != NULL, items, n,
                                  NO_SPAN, &p));
    return pl_keep(f, p);
}

/* Groups over several stretches, sorted or not: numbers count up within each. */
TEST(row_numbers_across_stretches)
{
    struct fx f;
    fx_begin(&f);
    enum { N = 300000, GROUPS = 7001 };
    int64_t *g = malloc(8 * N), *d = malloc(8 * N), *up = malloc(8 * N), *down = malloc(8 * N);
    int64_t seen[GROUPS] = {0};
    for (int64_t i = 0; i < N; i++) {
        g[i] = (i * 6151) % GROUPS;
        d[i] = -i;
        up[i] = ++seen[g[i]];
    }
    for (int64_t i = 0; i < N; i++) /* by d, the last row of a group comes first */
        down[i] = seen[g[i]] + 1 - up[i];
    struct plan *p = pl_table(&f, TABLE(&f, {"g", ints(&f, N, g)}, {"d", ints(&f, N, d)}));
    const struct named_expr item[] = {{"w", ex_win(&f, "row_number", 0, NULL)}};
    struct sort_key key = {ex_col(&f, p, "d"), false, false};
    for (int sorted = 0; sorted < 2; sorted++) {
        struct plan *w = windows(&f, p, "g", sorted ? &key : NULL, item, 1);
        struct plan *q = pl_project(&f, w, ITEMS({"w", ex_col(&f, w, "w")}));
        struct table *want = TABLE(&f, {"w", ints(&f, N, sorted ? down : up)});
        assert_null(table_diff(&f, want, run_all(&f, q), 0));
    }
    free(g), free(d), free(up), free(down);
    fx_end(&f);
}

/* rank() needs ties, lag() none, rank(x) an order of its own: side by side, with and without a
 * sort clause and groups. */
TEST(ranks_beside_others)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(&f, TABLE(&f, {"g", STRS(&f, "a", "b", "a", "a", "b", "a")},
                                        {"d", INTS(&f, 3, 1, 1, 2, 9, 2)},
                                        {"v", INTS(&f, 5, 10, 1, NIL, 10, 5)}));
    const struct expr *v = ex_col(&f, p, "v");
    struct sort_key day = {ex_col(&f, p, "d"), false, false};
    const struct named_expr items[] = {{"r", ex_win(&f, "rank", 0, NULL)},
                                       {"l", ex_win(&f, "lag", 1, &v)},
                                       {"rv", ex_win(&f, "rank", 1, &v)},
                                       {"n", ex_win(&f, "row_number", 0, NULL)},
                                       {"s", AGG(&f, "sum", v)}};
    struct plan *w = windows(&f, p, "g", &day, items, 5);
    assert_rows(&f, run_all(&f, w),
                "a|3|5|4|5|2|4|11\nb|1|10|1|null|1|1|20\na|1|1|1|null|1|1|11\n"
                "a|2|null|2|1|null|2|11\nb|9|10|2|10|1|2|20\na|2|5|2|null|2|3|11\n");
    /* the same without rank(v): the groups' own order is dropped early */
    const struct named_expr few[] = {items[0], items[1], items[3]};
    w = windows(&f, p, "g", &day, few, 3);
    assert_rows(&f, run_all(&f, w),
                "a|3|5|4|5|4\nb|1|10|1|null|1\na|1|1|1|null|1\n"
                "a|2|null|2|1|2\nb|9|10|2|10|2\na|2|5|2|null|3\n");
    /* groups alone: window order is the groups' */
    const struct named_expr unsorted[] = {items[4], items[2], items[3]};
    w = windows(&f, p, "g", NULL, unsorted, 3);
    assert_rows(&f, run_all(&f, w),
                "a|3|5|11|2|1\nb|1|10|20|1|1\na|1|1|11|1|2\n"
                "a|2|null|11|null|3\nb|9|10|20|1|2\na|2|5|11|2|4\n");
    w = windows(&f, p, "g", NULL, &unsorted[2], 1);
    assert_rows(&f, run_all(&f, pl_project(&f, w, ITEMS({"n", ex_col(&f, w, "n")}))),
                "1\n1\n2\n3\n2\n4\n");
    /* one group of all */
    w = windows(&f, p, NULL, &day, items, 5);
    assert_rows(&f, run_all(&f, w),
                "a|3|5|5|5|2|5|31\nb|1|10|1|null|4|1|31\na|1|1|1|10|1|2|31\n"
                "a|2|null|3|1|null|3|31\nb|9|10|6|5|4|6|31\na|2|5|3|null|2|4|31\n");
    fx_end(&f);
}

/* A failure between the orders leaves none of them behind (seen by the address sanitizer). */
TEST(orders_are_freed_when_it_fails)
{
    struct fx f;
    fx_begin(&f);
    int64_t big = INT64_MAX;
    struct plan *p = pl_table(&f, TABLE(&f, {"g", INTS(&f, 1, 2, 1)}, {"v", INTS(&f, big, 0, 1)}));
    const struct expr *v = ex_col(&f, p, "v"), *over = CALL(&f, "+", v, ex_int(&f, 1));
    struct sort_key key = {v, false, false}, bad = {over, false, false};
    const struct named_expr fails[] = {{"n", ex_win(&f, "row_number", 0, NULL)},
                                       {"w", AGG(&f, "sum", over)}};
    const struct named_expr ranks[] = {{"r", ex_win(&f, "rank", 1, &v)},
                                       {"w", ex_win(&f, "rank", 1, &over)}};
    struct plan *plans[] = {
        windows(&f, p, "g", &key, fails, 2), windows(&f, p, "g", NULL, fails, 2),
        windows(&f, p, NULL, &key, fails, 2), windows(&f, p, "g", &key, ranks, 2),
        windows(&f, p, "g", &bad, fails, 1)};
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        for (int x = 0; x < 3; x++) {
            struct table *t = NULL;
            assert_err(&f.cx, E312, exec_table(&f.cx, f.x[x], plans[i], &t));
        }
    fx_end(&f);
}
