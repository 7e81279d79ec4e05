/* Groupings and whole-column aggregates on tables large enough for their parallel ways, against
 * plain loops: sorted dictionaries of repeating texts, order statistics, counts of different
 * values, keys of every form. */
#include "tests/exec/fixture.h"
#include "tests/exec/twin.h"

#include "runtime/base/rng.h"

#include <stdlib.h>

static const char *word(struct fx *f, uint64_t i)
{
    return arena_printf(f->a, i % 3 ? "w%05llu" : "a longer word %05llu", (unsigned long long)i);
}

/* Texts as views, from `levels` words; every 13th row null. */
static struct column *words(struct fx *f, int64_t n, uint64_t levels, uint64_t stream)
{
    const char **known = calloc(levels, sizeof *known), **s = malloc(sizeof *s * (size_t)n);
    for (int64_t i = 0; i < n; i++) {
        uint64_t k = rng_below(3, stream, (uint64_t)i, levels);
        if (!known[k]) known[k] = word(f, k);
        s[i] = i % 13 == 5 ? NULL : known[k];
    }
    struct column *c = strs(f, n, s);
    free(known);
    free(s);
    return c;
}

/* ---- texts that repeat ---- */
static struct table *collected(struct fx *f, struct table *t, int executor)
{
    struct plan *p = pl_table(f, t);
    struct plan *w = pl_filter(f, p, CALL(f, ">=", ex_col(f, p, "i"), ex_int(f, 3)));
    return run_on(f, executor, w);
}

static struct column *counted(struct fx *f, int64_t n)
{
    int64_t *v = malloc(8 * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        v[i] = i;
    struct column *c = ints(f, n, v);
    free(v);
    return c;
}

TEST(repeating_texts_become_sorted_codes)
{
    struct fx f;
    fx_begin(&f);
    int64_t n = 200000;
    struct table *t = TABLE(&f, {"i", counted(&f, n)}, {"s", words(&f, n, 20000, 1)});
    for (int x = 0; x < 3; x++) {
        struct table *out = collected(&f, t, x);
        const struct column *c = out->cols[1];
        assert_int_equal(c->phys, PHYS_DICT);
        assert_int_equal(c->n, n - 3);
        for (int64_t k = 1; k < c->dict->n; k++) {
            const struct text *level = c->dict->data;
            assert_true(str_cmp(text_str(&level[k - 1]), text_str(&level[k])) < 0);
        }
        for (int64_t i = 0; i < c->n; i++) {
            struct scalar a = column_scalar(c, i), b = column_scalar(t->cols[1], i + 3);
            assert_int_equal(scalar_cmp(&a, &b), 0);
        }
    }
    fx_end(&f);
}

TEST(texts_that_differ_stay)
{
    struct fx f;
    fx_begin(&f);
    int64_t n = 100000;
    const char **s = malloc(sizeof *s * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        s[i] = word(&f, (uint64_t)i);
    struct table *t = TABLE(&f, {"i", counted(&f, n)}, {"s", strs(&f, n, s)});
    assert_int_equal(collected(&f, t, 1)->cols[1]->phys, PHYS_STR);
    free(s);
    fx_end(&f);
}

/* ---- order statistics ---- */
static int less(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Type 7 by sorting. */
static double quantile_of(double *v, int64_t n, double p)
{
    qsort(v, (size_t)n, sizeof *v, less);
    double at = (double)(n - 1) * p, low = floor(at), t = at - low;
    int64_t k = (int64_t)low;
    if (k >= n - 1 || t == 0 || v[k] == v[k + 1]) return v[k];
    return t < 0.5 ? v[k] + (v[k + 1] - v[k]) * t : v[k + 1] - (v[k + 1] - v[k]) * (1 - t);
}

/* shape 0: spread evenly, 1: a few values, 2: over many powers of ten, 3: one value, 4: with nulls
 */
static double value_of(int shape, int64_t i)
{
    double u = rng_unit(9, (uint64_t)shape, (uint64_t)i);
    if (shape == 1) return floor(u * 4) - 2;
    if (shape == 2) return (u - 0.5) * pow(10, 300 * u);
    if (shape == 3) return 7;
    return shape == 4 && i % 3 == 0 ? NAN : u * 100;
}

static void check_whole(struct fx *f, int shape, int64_t n)
{
    static const double shares[] = {0, 0.01, 0.25, 0.5, 0.999, 1};
    double *v = malloc(8 * (size_t)n), *kept = malloc(8 * (size_t)n);
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++) {
        v[i] = value_of(shape, i);
        if (v[i] == v[i]) kept[m++] = v[i];
    }
    struct plan *p = pl_table(f, TABLE(f, {"v", nums(f, n, v)}));
    struct named_expr items[7] = {{"d", AGG(f, "n_distinct", ex_col(f, p, "v"))}};
    for (int k = 0; k < 6; k++)
        items[k + 1] =
            (struct named_expr){arena_printf(f->a, "q%d", k),
                                AGG(f, "quantile", ex_col(f, p, "v"), ex_num(f, shares[k]))};
    struct table *out = run_all(f, pl_aggregate(f, p, NULL, 0, items, 7));
    for (int k = 0; k < 6; k++)
        assert_true(column_scalar(out->cols[k + 1], 0).u.f == quantile_of(kept, m, shares[k]));
    int64_t differ = m > 0;
    for (int64_t i = 1; i < m; i++)
        differ += kept[i] != kept[i - 1];
    assert_int_equal(column_scalar(out->cols[0], 0).u.i, differ);
    free(v);
    free(kept);
}

TEST(quantiles_and_distinct_of_long_columns)
{
    struct fx f;
    fx_begin(&f);
    for (int shape = 0; shape < 5; shape++)
        check_whole(&f, shape, 300000);
    check_whole(&f, 0, 1000);
    fx_end(&f);
}

TEST(distinct_of_every_type)
{
    struct fx f;
    fx_begin(&f);
    int64_t n = 300000;
    int64_t *days = malloc(8 * (size_t)n), *far = malloc(8 * (size_t)n);
    for (int64_t i = 0; i < n; i++) {
        days[i] = i % 1000;
        far[i] = (i % 4099) * INT64_C(1000000000000);
    }
    struct plan *t =
        pl_table(&f, TABLE(&f, {"day", typed(&f, KIND_DATE, n, days)}, {"far", ints(&f, n, far)},
                           {"s", words(&f, n, 5000, 4)}, {"c", coded(&f, words(&f, n, 700, 5))}));
    struct table *out =
        run_all(&f, pl_aggregate(&f, t, NULL, 0,
                                 ITEMS({"a", AGG(&f, "n_distinct", ex_col(&f, t, "day"))},
                                       {"b", AGG(&f, "n_distinct", ex_col(&f, t, "far"))},
                                       {"c", AGG(&f, "n_distinct", ex_col(&f, t, "s"))},
                                       {"d", AGG(&f, "n_distinct", ex_col(&f, t, "c"))})));
    assert_rows(&f, out, "1000|4099|5000|700\n");
    free(days);
    free(far);
    fx_end(&f);
}

/* Groups of many sizes: each median against a sorted copy (a pivot may be the one greatest). */
TEST(median_of_groups_of_every_size)
{
    struct fx f;
    fx_begin(&f);
    int64_t groups = 300, n = 0;
    int64_t *k = malloc(8 * 100000), *first = malloc(8 * 400);
    double *v = malloc(8 * 100000);
    for (int64_t g = 0; g < groups; g++) {
        first[g] = n;
        for (int64_t i = 0; i < 20 + g; i++, n++) {
            k[n] = g;
            v[n] = rng_unit(5, 6, (uint64_t)n);
        }
    }
    struct plan *p = pl_table(&f, TABLE(&f, {"k", ints(&f, n, k)}, {"v", nums(&f, n, v)}));
    struct table *out =
        run_all(&f, pl_aggregate(&f, p, ITEMS({"k", ex_col(&f, p, "k")}),
                                 ITEMS({"m", AGG(&f, "median", ex_col(&f, p, "v"))})));
    for (int64_t g = 0; g < groups; g++)
        assert_true(column_scalar(out->cols[1], g).u.f == quantile_of(v + first[g], 20 + g, 0.5));
    free(k);
    free(v);
    free(first);
    fx_end(&f);
}

/* ---- keys ---- */
static struct plan *sums_by(struct fx *f, struct plan *p, const char *const *names, int n)
{
    struct named_expr *keys = ARENA_ARRAY(f->a, struct named_expr, n);
    for (int i = 0; i < n; i++)
        keys[i] = (struct named_expr){names[i], ex_col(f, p, names[i])};
    struct named_expr items[] = {{"n", ex_agg(f, "count", 0, NULL, NULL)},
                                 {"sum", AGG(f, "sum", ex_col(f, p, "i"))},
                                 {"first", AGG(f, "first", ex_col(f, p, "i"))},
                                 {"mid", AGG(f, "median", ex_col(f, p, "i"))}};
    return pl_aggregate(f, p, keys, n, items, 4);
}

static void check_twin(struct fx *f, struct plan *p)
{
    struct table *want;
    assert_ok(&f->cx, twin_run(f, p, &want));
    const char *diff = table_diff(f, want, run_all(f, p), 0);
    if (diff) fail_msg("%s", diff);
    table_unref(want);
}

TEST(keys_of_every_form)
{
    struct fx f;
    fx_begin(&f);
    int64_t n = 3000;
    double *v = malloc(8 * (size_t)n);
    int64_t *one = calloc((size_t)n, 8);
    for (int64_t i = 0; i < n; i++)
        v[i] = i % 11 == 0 ? NAN : (double)rng_below(1, 7, (uint64_t)i, 9) / 3;
    struct table *a =
        TABLE(&f, {"i", counted(&f, n)}, {"one", ints(&f, n, one)}, {"x", nums(&f, n, v)},
              {"s", words(&f, n, 40, 8)}, {"c", coded(&f, words(&f, n, 30, 9))});
    struct table *b =
        TABLE(&f, {"i", counted(&f, n)}, {"one", ints(&f, n, one)}, {"x", nums(&f, n, v)},
              {"s", words(&f, n, 60, 10)}, {"c", coded(&f, words(&f, n, 50, 11))});
    struct plan *both = NULL;
    assert_ok(&f.cx, plan_union(&f.cx, pl_table(&f, a), pl_table(&f, b), NO_SPAN, &both));
    both = pl_keep(&f, both);
    check_twin(&f, sums_by(&f, both, (const char *const[]){"one"}, 1));
    check_twin(&f, sums_by(&f, both, (const char *const[]){"i"}, 1));
    check_twin(&f, sums_by(&f, both, (const char *const[]){"c"}, 1)); /* two dictionaries */
    check_twin(&f, sums_by(&f, both, (const char *const[]){"c", "x"}, 2));
    check_twin(&f, sums_by(&f, both, (const char *const[]){"s", "x", "c"}, 3)); /* wide */
    free(v);
    free(one);
    fx_end(&f);
}

/* ---- more rows and groups than the budget takes ---- */
static struct table *run_within(struct fx *f, int executor, struct plan *p, int64_t budget)
{
    int64_t before = f->cx.memory_budget;
    f->cx.memory_budget = budget;
    struct table *t = run_on(f, executor, p);
    f->cx.memory_budget = before;
    return t;
}

/* Some of the groups (all do not fit), the same within any budget. */
static void check_budgets(struct fx *f, struct plan *all, const char *name, double above)
{
    struct plan *p = pl_filter(f, all, CALL(f, ">", ex_col(f, all, name), ex_num(f, above)));
    struct table *want = run_within(f, 1, p, 0);
    for (int x = 0; x < 3; x++) {
        const char *diff = table_diff(f, want, run_within(f, x, p, 24 << 20), 0);
        if (diff) fail_msg("executor %d: %s", x, diff);
    }
    const char *diff = table_diff(f, want, run_within(f, 1, p, 60 << 20), 0);
    if (diff) fail_msg("%s", diff);
}

TEST(groups_over_the_budget)
{
    struct fx f;
    fx_begin(&f);
    int64_t n = 250000, *k = malloc(8 * (size_t)n);
    double *v = malloc(8 * (size_t)n);
    for (int64_t i = 0; i < n; i++) {
        k[i] = i % 17 == 3 ? NIL : (int64_t)rng_below(2, 12, (uint64_t)i, 120000) * 1000003;
        v[i] = i % 19 == 4 ? NAN : rng_unit(2, 13, (uint64_t)i) * 1000 - 300;
    }
    struct plan *p = pl_table(&f, TABLE(&f, {"k", ints(&f, n, k)}, {"v", nums(&f, n, v)},
                                        {"s", words(&f, n, 90000, 14)}, {"i", counted(&f, n)}));
    struct named_expr key = {"k", ex_col(&f, p, "k")};
    struct named_expr text[] = {{"s", ex_col(&f, p, "s")}, {"v", ex_col(&f, p, "v")}};
    const struct expr *big = CALL(&f, ">", ex_col(&f, p, "v"), ex_num(&f, 0));
    const struct expr *vs[] = {ex_col(&f, p, "v")};
    setenv("TMPDIR", "/no/such/folder", 1); /* it does go to disk */
    f.cx.memory_budget = 24 << 20;
    struct table *none = NULL;
    assert_err(
        &f.cx, E306,
        exec_table(&f.cx, f.x[1],
                   pl_aggregate(&f, p, &key, 1, ITEMS({"b", AGG(&f, "first", ex_col(&f, p, "s"))})),
                   &none));
    unsetenv("TMPDIR");
    check_budgets(&f,
                  pl_aggregate(&f, p, &key, 1,
                               ITEMS({"a", AGG(&f, "sum", ex_col(&f, p, "v"))},
                                     {"b", AGG(&f, "first", ex_col(&f, p, "s"))},
                                     {"c", AGG(&f, "last", ex_col(&f, p, "s"))},
                                     {"d", ex_agg(&f, "sd", 1, vs, big)},
                                     {"e", AGG(&f, "max", ex_col(&f, p, "s"))})),
                  "a", 1200);
    check_budgets(&f,
                  pl_aggregate(&f, p, text, 1,
                               ITEMS({"a", AGG(&f, "median", ex_col(&f, p, "v"))},
                                     {"b", AGG(&f, "n_distinct", ex_col(&f, p, "s"))},
                                     {"c", AGG(&f, "sum", ex_col(&f, p, "i"))})),
                  "a", 600);
    check_budgets(&f,
                  pl_aggregate(&f, p, text, 2,
                               ITEMS({"n", ex_agg(&f, "count", 0, NULL, NULL)},
                                     {"b", AGG(&f, "mode", ex_col(&f, p, "s"))})),
                  "v", 650);
    free(k);
    free(v);
    fx_end(&f);
}

/* Many keys that share one word: the word itself is sorted, and the keys are read back from it. */
static void check_packed(bool sorted_levels)
{
    struct fx f;
    fx_begin(&f);
    enum { N = 150000 };
    int64_t *a = malloc(8 * N), *v = malloc(8 * N);
    int *b = malloc(sizeof *b * N);
    const char **s = malloc(sizeof *s * N);
    for (int64_t i = 0; i < N; i++) {
        a[i] = rng_below(5, 1, (uint64_t)i, 17) == 0
                   ? NIL
                   : (int64_t)rng_below(5, 2, (uint64_t)i, 1 << 20) - 500000;
        b[i] = (int)rng_below(5, 3, (uint64_t)i, 3) - 1;
        s[i] = i % 19 == 3 ? NULL : word(&f, rng_below(5, 4, (uint64_t)i, 300));
        v[i] = i;
    }
    struct column *codes = NULL, *texts = strs(&f, N, s);
    assert_ok(&f.cx, column_encode(&f.cx, texts, sorted_levels, &codes));
    column_unref(texts);
    struct plan *p = pl_table(&f, TABLE(&f, {"s", codes}, {"a", ints(&f, N, a)},
                                        {"b", bools(&f, N, b)}, {"v", ints(&f, N, v)}));
    struct plan *g = pl_aggregate(
        &f, p,
        ITEMS({"s", ex_col(&f, p, "s")}, {"a", ex_col(&f, p, "a")}, {"b", ex_col(&f, p, "b")}),
        ITEMS({"n", ex_agg(&f, "count", 0, NULL, NULL)},
              {"lo", AGG(&f, "min", ex_col(&f, p, "v"))}));
    struct table *t = run_all(&f, g);
    assert_null(table_diff(&f, t, run_within(&f, 1, g, 3 << 20), 0)); /* read back from disk */
    int64_t rows = 0;
    struct order_value {
        struct scalar k[3];
    } last = {0};
    for (int64_t i = 0; i < t->n_rows; i++) {
        struct order_value now;
        int cmp = 0;
        for (int c = 0; c < 3; c++) {
            now.k[c] = column_scalar(t->cols[c], i);
            if (i && cmp == 0) cmp = scalar_cmp(&last.k[c], &now.k[c]);
        }
        assert_true(i == 0 || cmp < 0);                /* rising, null last, no key twice */
        int64_t at = column_scalar(t->cols[4], i).u.i; /* its first row has these keys */
        assert_int_equal(now.k[0].is_null, s[at] == NULL);
        if (s[at]) assert_true(str_eq(now.k[0].u.s, str_of(s[at])));
        assert_true(a[at] == NIL ? now.k[1].is_null : now.k[1].u.i == a[at]);
        assert_true(b[at] < 0 ? now.k[2].is_null : now.k[2].u.b == (b[at] != 0));
        rows += column_scalar(t->cols[3], i).u.i;
        last = now;
    }
    assert_int_equal(rows, N);
    free(a), free(b), free(v), free(s);
    fx_end(&f);
}

TEST(groups_of_packed_keys_come_sorted)
{
    check_packed(true);
}

/* Codes that do not follow their texts go by rank. */
TEST(groups_of_packed_ranks_come_sorted)
{
    check_packed(false);
}

/* ---- rows that go into their groups before all are filed ---- */
/* The same bits as when all rows lie there (those on disk do), and the right ones. */
TEST(groups_in_waves)
{
    struct fx f;
    fx_begin(&f);
    enum { N = 800000, GROUPS = 30000 };
    int64_t *k = malloc(8 * N), *sum = calloc(GROUPS, 8), *rows = calloc(GROUPS, 8);
    double *v = malloc(8 * N);
    for (int64_t i = 0; i < N; i++) {
        k[i] = (int64_t)rng_below(7, 20, (uint64_t)i, GROUPS);
        v[i] = i % 19 == 4 ? NAN : rng_unit(7, 21, (uint64_t)i) * 1000 - 300;
        sum[k[i]] += i;
        rows[k[i]]++;
    }
    struct plan *p = pl_table(&f, TABLE(&f, {"k", ints(&f, N, k)}, {"v", nums(&f, N, v)},
                                        {"s", words(&f, N, GROUPS, 22)}, {"i", counted(&f, N)}));
    const struct expr *x = ex_col(&f, p, "v"), *i = ex_col(&f, p, "i"), *s = ex_col(&f, p, "s");
    const struct expr *big = CALL(&f, ">", x, ex_num(&f, 0));
    struct named_expr by_k = {"k", ex_col(&f, p, "k")}, by_s = {"s", s}, by_i = {"i", i};
    struct named_expr items[] = {{"a", AGG(&f, "sum", x)},
                                 {"b", AGG(&f, "first", s)},
                                 {"c", AGG(&f, "last", s)},
                                 {"d", ex_agg(&f, "sd", 1, &x, big)},
                                 {"e", AGG(&f, "max", s)},
                                 {"m", AGG(&f, "mean", CALL(&f, "*", x, x))},
                                 {"t", AGG(&f, "sum", CALL(&f, "-", i, ex_int(&f, 5)))},
                                 {"n", ex_agg(&f, "count", 0, NULL, NULL)}};
    check_budgets(&f, pl_aggregate(&f, p, &by_k, 1, items, 8), "a", 9000);
    check_budgets(&f, pl_aggregate(&f, p, &by_s, 1, items, 8), "a", 9000);
    check_budgets(&f, pl_aggregate(&f, p, &by_i, 1, items, 8), "a", 699); /* all are groups */
    struct table *t = run_all(&f, pl_aggregate(&f, p, &by_k, 1, items, 8));
    assert_int_equal(t->n_rows, GROUPS);
    for (int64_t g = 0; g < GROUPS; g++) {
        assert_int_equal(column_scalar(t->cols[0], g).u.i, g);
        assert_int_equal(column_scalar(t->cols[7], g).u.i, sum[g] - 5 * rows[g]);
        assert_int_equal(column_scalar(t->cols[8], g).u.i, rows[g]);
    }
    free(k), free(v), free(sum), free(rows);
    fx_end(&f);
}
