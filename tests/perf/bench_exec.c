/* bench_exec.c: the group-by and join questions of db-benchmark on tables in memory (report only,
 * not run by the tests): bench_exec [rows] [threads] [question ..]. The data are the benchmark's:
 * id1, id2 text of 100 values, id3 text of rows / 100 values, id4, id5 ints of 100, id6 of rows /
 * 100. Best of three runs; texts are dictionary-coded, as the CSV reader leaves them. */
#include "tests/exec/fixture.h"

#include "runtime/base/rng.h"

#include <stdlib.h>
#include <sys/resource.h>

/* Processor time of the whole process: says more than the clock on a machine that others use. */
static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct column *codes(struct fx *f, int64_t n, int64_t levels, uint64_t stream)
{
    struct builder b;
    struct column *dict = NULL, *c = NULL;
    char text[32];
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int64_t i = 0; i < levels; i++) {
        int m =
            snprintf(text, sizeof text, levels > 100 ? "id%010lld" : "id%03lld", (long long)i + 1);
        assert_ok(&f->cx, builder_str(&f->cx, &b, (struct str){text, (size_t)m}));
    }
    assert_ok(&f->cx, builder_finish(&f->cx, &b, &dict));
    builder_init(&b, DTYPE(KIND_STR), PHYS_DICT);
    b.dict = dict;
    assert_ok(&f->cx, builder_reserve(&f->cx, &b, n));
    for (int64_t i = 0; i < n; i++)
        ((int32_t *)b.data)[i] = (int32_t)rng_below(1, stream, (uint64_t)i, (uint64_t)levels);
    b.n = n;
    assert_ok(&f->cx, builder_finish(&f->cx, &b, &c));
    return c;
}

static struct column *numbers(struct fx *f, int64_t n, int64_t below, uint64_t stream)
{
    int64_t *v = malloc(8 * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        v[i] = 1 + (int64_t)rng_below(1, stream, (uint64_t)i, (uint64_t)below);
    struct column *c = ints(f, n, v);
    free(v);
    return c;
}

static struct column *doubles(struct fx *f, int64_t n, uint64_t stream)
{
    double *v = malloc(8 * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        v[i] = round(rng_unit(1, stream, (uint64_t)i) * 1e8) / 1e6;
    struct column *c = nums(f, n, v);
    free(v);
    return c;
}

static void time_plan(struct fx *f, struct executor *x, const char *name, struct plan *p)
{
    double best = 1e9, cpu = 1e9;
    int64_t rows = 0;
    for (int i = 0; i < 3; i++) {
        struct table *t = NULL;
        double began = seconds(), cpu_began = cpu_seconds();
        assert_ok(&f->cx, exec_table(&f->cx, x, p, &t));
        double took = seconds() - began, spent = cpu_seconds() - cpu_began;
        best = took < best ? took : best;
        cpu = spent < cpu ? spent : cpu;
        rows = t->n_rows;
        table_unref(t);
    }
    printf("%-12s %8.0f ms (cpu %.2f s)  %lld rows\n", name, best * 1000, cpu, (long long)rows);
    fflush(stdout);
}

static struct plan *unsorted(struct fx *f, struct plan *in, const struct named_expr *keys,
                             int n_keys, const struct named_expr *items, int n)
{
    struct plan *p = NULL;
    assert_ok(&f->cx, plan_aggregate(&f->cx, in, keys, n_keys, items, n, true, NO_SPAN, &p));
    return pl_keep(f, p);
}

static bool wanted(int argc, char **argv, const char *name)
{
    bool any = false;
    for (int i = 3; i < argc; i++) {
        any = true;
        if (strncmp(argv[i], name, strlen(argv[i])) == 0) return true;
    }
    return !any;
}

static void groups(struct fx *f, struct executor *x, int64_t n, int argc, char **argv)
{
    int64_t k = n / 100 > 100 ? n / 100 : 100;
    struct plan *t =
        pl_table(f, TABLE(f, {"id1", codes(f, n, 100, 1)}, {"id2", codes(f, n, 100, 2)},
                          {"id3", codes(f, n, k, 3)}, {"id4", numbers(f, n, 100, 4)},
                          {"id5", numbers(f, n, 100, 5)}, {"id6", numbers(f, n, k, 6)},
                          {"v1", numbers(f, n, 5, 7)}, {"v2", numbers(f, n, 15, 8)},
                          {"v3", doubles(f, n, 9)}));
#define C(name) ex_col(f, t, name)
    struct named_expr id[6] = {{"id1", C("id1")}, {"id2", C("id2")}, {"id3", C("id3")},
                               {"id4", C("id4")}, {"id5", C("id5")}, {"id6", C("id6")}};
    struct named_expr s1 = {"v1", AGG(f, "sum", C("v1"))}, s2 = {"v2", AGG(f, "sum", C("v2"))},
                      s3 = {"v3", AGG(f, "sum", C("v3"))}, m1 = {"m1", AGG(f, "mean", C("v1"))},
                      m2 = {"m2", AGG(f, "mean", C("v2"))}, m3 = {"m3", AGG(f, "mean", C("v3"))};
    struct named_expr q3[] = {s1, m3}, q4[] = {m1, m2, m3}, q5[] = {s1, s2, s3};
    struct named_expr q6[] = {{"med", AGG(f, "median", C("v3"))}, {"sd", AGG(f, "sd", C("v3"))}};
    struct named_expr q7[] = {{"hi", AGG(f, "max", C("v1"))}, {"lo", AGG(f, "min", C("v2"))}};
    struct named_expr q10[] = {s3, {"n", ex_agg(f, "count", 0, NULL, NULL)}};
    struct named_expr q6k[] = {id[3], id[4]}, q2k[] = {id[0], id[1]};
    struct {
        const char *name;
        struct plan *p;
    } q[] = {{"groupby_q01", unsorted(f, t, id, 1, &s1, 1)},
             {"groupby_q02", unsorted(f, t, q2k, 2, &s1, 1)},
             {"groupby_q03", unsorted(f, t, &id[2], 1, q3, 2)},
             {"groupby_q04", unsorted(f, t, &id[3], 1, q4, 3)},
             {"groupby_q05", unsorted(f, t, &id[5], 1, q5, 3)},
             {"groupby_q06", unsorted(f, t, q6k, 2, q6, 2)},
             {"groupby_q07", unsorted(f, t, &id[2], 1, q7, 2)},
             {"groupby_q10", unsorted(f, t, id, 6, q10, 2)},
             {"groupby_s05", pl_aggregate(f, t, &id[5], 1, q5, 3)},
             {"groupby_s10", pl_aggregate(f, t, id, 6, q10, 2)},
             {"sort_num", pl_sort(f, t, KEYS({C("v3"), false, false}))},
             {"sort_str", pl_sort(f, t, KEYS({C("id3"), false, false}, {C("id6"), 0, 0}))}};
    for (size_t i = 0; i < sizeof q / sizeof q[0]; i++)
        if (wanted(argc, argv, q[i].name)) time_plan(f, x, q[i].name, q[i].p);
    if (wanted(argc, argv, "filter")) {
        struct plan *w = pl_filter(f, t, CALL(f, "<", C("v3"), ex_num(f, 15)));
        struct plan *d = pl_project(f, w,
                                    ITEMS({"a", CALL(f, "*", C("v3"), ex_num(f, 2))},
                                          {"b", CALL(f, "/", C("v1"), C("v2"))}));
        time_plan(f, x, "filter", d);
    }
    if (wanted(argc, argv, "topn")) {
        const struct expr *by = C("id6");
        struct sort_key key = {C("v3"), true, false};
        struct plan *p = NULL;
        assert_ok(&f->cx, plan_limit(&f->cx, t, 0, 2, false, &by, 1, &key, 1, NO_SPAN, &p));
        time_plan(f, x, "topn_group", pl_keep(f, p));
    }
    if (wanted(argc, argv, "quantile"))
        time_plan(f, x, "quantile",
                  pl_aggregate(f, t, NULL, 0, ITEMS({"m", AGG(f, "median", C("v3"))})));
    if (wanted(argc, argv, "window")) {
        const struct expr *by = C("id4"), *v = C("v3");
        struct sort_key key = {C("id6"), false, false};
        struct named_expr item = {"d", ex_win(f, "lag", 1, &v)};
        struct plan *p = NULL;
        assert_ok(&f->cx, plan_window(&f->cx, t, &by, 1, &key, 1, &item, 1, NO_SPAN, &p));
        time_plan(f, x, "window_lag", pl_keep(f, p));
    }
}

static void joins(struct fx *f, struct executor *x, int64_t n, int argc, char **argv)
{
    struct plan *l = pl_table(f, TABLE(f, {"id1", numbers(f, n, n / 1000000 + 10, 11)},
                                       {"id2", numbers(f, n, n / 1000, 12)},
                                       {"id3", numbers(f, n, n, 13)}, {"v1", doubles(f, n, 14)}));
    int64_t sizes[3] = {n / 1000000 + 9, n / 1000 * 9 / 10, n};
    const char *names[] = {"join_q1", "join_q2", "join_q5"};
    const char *ids[] = {"id1", "id2", "id3"};
    for (int q = 0; q < 3; q++) {
        if (!wanted(argc, argv, names[q])) continue;
        int64_t m = sizes[q] > 0 ? sizes[q] : 1, *v = malloc(8 * (size_t)m);
        for (int64_t i = 0; i < m; i++)
            v[i] = i + 1;
        for (int64_t i = m - 1; i > 0; i--) {
            int64_t j = (int64_t)rng_below(1, 15, (uint64_t)i, (uint64_t)i + 1), t = v[i];
            v[i] = v[j];
            v[j] = t;
        }
        if (q == 2)
            for (int64_t i = 0; i < m; i++) /* a tenth finds nothing */
                v[i] = v[i] <= m / 10 ? -v[i] : v[i];
        struct plan *r = pl_table(f, TABLE(f, {"k", ints(f, m, v)}, {"v2", doubles(f, m, 16)}));
        free(v);
        time_plan(f, x, names[q], pl_join(f, l, r, JOIN_INNER, ids[q], "k"));
        if (q == 1) time_plan(f, x, "join_q3", pl_join(f, l, r, JOIN_LEFT, ids[q], "k"));
    }
}

int main(int argc, char **argv)
{
    struct fx f;
    struct executor *x = NULL;
    char url[32];
    int64_t n = argc > 1 ? atol(argv[1]) : 10000000;
    fx_begin(&f);
    snprintf(url, sizeof url, "threads:%s", argc > 2 ? argv[2] : "2");
    assert_ok(&f.cx, executor_open(&f.cx, url, NO_SPAN, &x));
    groups(&f, x, n, argc, argv);
    joins(&f, x, n, argc, argv);
    executor_close(x);
    fx_end(&f);
    return 0;
}
