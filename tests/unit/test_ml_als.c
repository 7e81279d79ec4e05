/* Alternating least squares from given factors against numpy (tests/oracle/ml_als.py). */
#include "tests/unit/unit.h"

#include "runtime/base/pool.h"
#include "runtime/ml/models/als_int.h"

#include <jansson.h>

#define MAX_ROWS 200
struct given {
    json_t *j;
    struct als_problem p;
    int32_t user[MAX_ROWS], item[MAX_ROWS];
    double rating[MAX_ROWS], weight[MAX_ROWS];
};

static double number(const json_t *j, const char *key)
{
    return json_number_value(json_object_get(j, key));
}

static void read_given(struct given *g)
{
    memset(g, 0, sizeof *g);
    g->j = json_load_file(TEST_SOURCE_DIR "/tests/data/oracle/ml_als.json", 0, NULL);
    assert_non_null(g->j);
    int64_t n = (int64_t)json_array_size(json_object_get(g->j, "rating"));
    assert_true(n > 0 && n <= MAX_ROWS);
    for (int64_t i = 0; i < n; i++) {
        size_t k = (size_t)i;
        g->user[i] = (int32_t)json_integer_value(json_array_get(json_object_get(g->j, "user"), k));
        g->item[i] = (int32_t)json_integer_value(json_array_get(json_object_get(g->j, "item"), k));
        g->rating[i] = json_number_value(json_array_get(json_object_get(g->j, "rating"), k));
        g->weight[i] = json_number_value(json_array_get(json_object_get(g->j, "weight"), k));
    }
    g->p = (struct als_problem){.rank = (int)number(g->j, "rank"),
                                .n = {(int)number(g->j, "n_users"), (int)number(g->j, "n_items")},
                                .code = {g->user, g->item},
                                .rating = g->rating,
                                .n_rows = n,
                                .l2 = number(g->j, "l2"),
                                .alpha = number(g->j, "alpha"),
                                .max_iter = (int)number(g->j, "turns")};
}

static void near(const json_t *want, const double *have, double tol)
{
    for (size_t i = 0; i < json_array_size(want); i++) {
        double x = json_number_value(json_array_get(want, i));
        if (!(fabs(have[i] - x) <= tol)) fail_msg("%zu: %.12g, not %.12g", i, have[i], x);
    }
}

static void compare(const char *kind, bool implicit, bool nonnegative, bool weighted, double tol)
{
    struct unit u;
    struct given g;
    double users[100], items[100];
    struct als_end end;
    struct ctx *cx = unit_begin(&u, 3);
    read_given(&g);
    g.p.implicit = implicit;
    g.p.nonnegative = nonnegative;
    if (weighted) g.p.w = g.weight;
    const json_t *want = json_object_get(g.j, kind), *start = json_object_get(g.j, "start");
    for (size_t i = 0; i < json_array_size(start); i++)
        users[i] = json_number_value(json_array_get(start, i));
    double *factor[2] = {users, items};
    assert_ok(cx, als_solve(cx, &g.p, factor, &end));
    near(json_object_get(want, "users"), users, tol);
    near(json_object_get(want, "items"), items, tol);
    assert_true(fabs(end.loss - number(want, "loss")) <= tol);
    assert_true(fabs(end.rmse - number(want, "rmse")) <= tol);
    json_decref(g.j);
    unit_end(&u);
}

TEST(explicit_ratings_as_numpy)
{
    compare("explicit", false, false, false, 1e-9);
}

TEST(weighted_ratings_as_numpy)
{
    compare("weighted", false, false, true, 1e-9);
}

TEST(implicit_counts_as_numpy)
{
    compare("implicit", true, false, false, 1e-9);
}

TEST(nonnegative_factors_as_scipy)
{
    compare("nonnegative", false, true, false, 1e-7);
    compare("implicit_nonnegative", true, true, false, 1e-7);
}

/* Any number of threads, the same bits; the start depends on the seed alone. */
TEST(threads_change_no_bit)
{
    double first[2][4000];
    enum { U = 300, I = 100, K = 5, N = 3000 };
    static int32_t user[N], item[N];
    static double rating[N];
    for (int i = 0; i < N; i++) {
        user[i] = (i * 7 + i / 13) % U;
        item[i] = (i * 11 + i / 7) % I;
        rating[i] = (double)(i % 5) + 1;
    }
    for (int threads = 1; threads <= 4; threads += 3) {
        struct unit u;
        struct als_end end;
        struct ctx *cx = unit_begin(&u, threads);
        static double users[U * K], items[I * K];
        double *factor[2] = {users, items};
        struct als_problem p = {.rank = K,
                                .n = {U, I},
                                .code = {user, item},
                                .rating = rating,
                                .n_rows = N,
                                .l2 = 0.1,
                                .alpha = 1,
                                .implicit = true,
                                .max_iter = 3};
        als_start(&p, 42, users);
        assert_ok(cx, als_solve(cx, &p, factor, &end));
        if (threads == 1) {
            memcpy(first[0], users, sizeof users);
            memcpy(first[1], items, sizeof items);
        }
        assert_memory_equal(first[0], users, sizeof users);
        assert_memory_equal(first[1], items, sizeof items);
        unit_end(&u);
    }
}

/* Fewer ratings than factors and no penalty: one answer of many, and a number. */
TEST(no_penalty_is_no_nan)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    int32_t user[2] = {0, 1}, item[2] = {0, 0};
    double rating[2] = {4, 2}, users[8], items[4];
    double *factor[2] = {users, items};
    struct als_end end;
    struct als_problem p = {
        .rank = 4, .n = {2, 1}, .code = {user, item}, .rating = rating, .n_rows = 2, .max_iter = 5};
    als_start(&p, 1, users);
    assert_ok(cx, als_solve(cx, &p, factor, &end));
    assert_true(end.rmse < 1e-6);
    for (int i = 0; i < 8; i++)
        assert_true(isfinite(users[i]));
    unit_end(&u);
}
