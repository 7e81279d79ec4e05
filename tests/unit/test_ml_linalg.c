/* QR by blocks and the positive definite solver against direct products. */
#include "tests/unit/unit.h"

#include "runtime/base/rng.h"
#include "runtime/ml/linalg_int.h"

enum { N = 300, K = 7 };

static void random_matrix(double *x) /* [N, K] column-major */
{
    for (int i = 0; i < N * K; i++)
        x[i] = rng_normal(5, 1, (uint64_t)i) + (double)(i / N);
}

static double gram(const double *x, int a, int b)
{
    double s = 0;
    for (int i = 0; i < N; i++)
        s += x[a * N + i] * x[b * N + i];
    return s;
}

static double triangle_gram(const double *r, int k, int a, int b)
{
    double s = 0;
    for (int i = 0; i < k; i++)
        s += r[a * k + i] * r[b * k + i];
    return s;
}

static void absorb(struct ctx *cx, double *r, const double *x, int from, int to)
{
    double rows[N * K];
    int n = to - from;
    for (int c = 0; c < K; c++)
        memcpy(rows + c * n, x + c * N + from, sizeof(double) * (size_t)n);
    assert_ok(cx, qr_absorb(cx, r, K, rows, n, n));
}

TEST(triangle_of_blocks_has_the_gram_matrix)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    static double x[N * K];
    random_matrix(x);
    double r[K * K] = {0}, other[K * K] = {0};
    absorb(cx, r, x, 0, 3); /* fewer rows than columns */
    absorb(cx, r, x, 3, 120);
    absorb(cx, other, x, 120, 300);
    assert_ok(cx, qr_merge(cx, r, other, K));
    for (int a = 0; a < K; a++) {
        for (int b = 0; b < K; b++)
            assert_close(triangle_gram(r, K, a, b), gram(x, a, b), 1e-12, 0);
        for (int i = a + 1; i < K; i++)
            assert_close(r[a * K + i], 0, 0, 0);
    }
    unit_end(&u);
}

TEST(dropping_a_column_keeps_the_others)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    static double x[N * K];
    random_matrix(x);
    for (int drop = 0; drop < K; drop++) {
        double r[K * K] = {0};
        absorb(cx, r, x, 0, N);
        qr_drop_column(r, K, drop);
        for (int a = 0; a < K - 1; a++)
            for (int b = 0; b < K - 1; b++)
                assert_close(triangle_gram(r, K - 1, a, b),
                             gram(x, a + (a >= drop), b + (b >= drop)), 1e-12, 0);
    }
    unit_end(&u);
}

TEST(inverse_and_solution_of_a_positive_definite_system)
{
    static double x[N * K];
    random_matrix(x);
    double a[K * K], scale[K], b[K], jitter;
    for (int i = 0; i < K * K; i++)
        a[i] = gram(x, i / K, i % K);
    for (int i = 0; i < K; i++)
        b[i] = i + 1;
    spd_factor(K, a, scale, &jitter);
    assert_close(jitter, 0, 0, 0);
    spd_solve(K, a, scale, b);
    for (int i = 0; i < K; i++) {
        double s = 0;
        for (int j = 0; j < K; j++)
            s += gram(x, i, j) * b[j];
        assert_close(s, i + 1, 1e-10, 0);
    }
    spd_inverse(K, a, scale);
    for (int i = 0; i < K; i++) {
        double s = 0;
        for (int j = 0; j < K; j++)
            s += gram(x, i, j) * a[j * K + 2];
        assert_close(s, i == 2, 0, 1e-10);
    }
}

TEST(singular_system_gets_a_jitter)
{
    double a[4] = {1, 1, 1, 1}, scale[2], jitter, b[2] = {1, 1};
    spd_factor(2, a, scale, &jitter);
    assert_true(jitter > 0 && jitter < 1e-6);
    spd_solve(2, a, scale, b);
    assert_close(b[0] + b[1], 1, 1e-5, 0);
}
