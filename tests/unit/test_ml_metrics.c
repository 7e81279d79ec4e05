/* Metrics against scikit-learn (tests/oracle/ml_metrics.py); curves by their laws. */
#include "tests/unit/unit.h"

#include "runtime/base/rng.h"
#include "runtime/ml/curves_int.h"

#define DATA TEST_SOURCE_DIR "/tests/data/oracle/"
enum { N = 400 };

struct data {
    double y[N], s[N], v[N], p[N];
};

static void read_data(struct data *d)
{
    char head[64];
    FILE *f = fopen(DATA "ml_metrics.csv", "r");
    assert_non_null(f);
    assert_non_null(fgets(head, sizeof head, f));
    for (int i = 0; i < N; i++)
        assert_int_equal(fscanf(f, "%lf,%lf,%lf,%lf", &d->y[i], &d->s[i], &d->v[i], &d->p[i]), 4);
    fclose(f);
}

static struct scored classes_of(const struct data *d, int n)
{
    return (struct scored){
        .n = n, .actual = d->y, .score = d->s, .threshold = 0.5, .classes = true};
}

/* Trapezoids under a curve. */
static double area(const struct curve *c)
{
    double sum = 0;
    for (int64_t i = 1; i < c->n; i++)
        sum += (c->x[i] - c->x[i - 1]) * (c->y[i] + c->y[i - 1]) / 2;
    return sum;
}

TEST(metrics_agree_with_sklearn)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    static struct data d;
    read_data(&d);
    FILE *f = fopen(DATA "ml_metrics_expected.csv", "r");
    assert_non_null(f);
    char name[64], head[64];
    double want;
    int n = 0;
    assert_non_null(fgets(head, sizeof head, f));
    while (fscanf(f, " %63[^,],%lf", name, &want) == 2) {
        struct scored s = classes_of(&d, N);
        if (strcmp(name, "roc_n") == 0) {
            struct curve c;
            assert_ok(cx, curve_roc(cx, &s, &c));
            assert_true(c.n <= (int64_t)want); /* scikit-learn keeps lines of uneven steps */
            assert_close(area(&c), 0.7546885591624614, 1e-13, 0);
        } else {
            const struct metric_desc *m = metric_find(str_of(name));
            assert_non_null(m);
            if (!m->classifies) s = (struct scored){.n = N, .actual = d.v, .score = d.p};
            double got;
            bool is_null;
            assert_ok(cx, m->value(cx, &s, &got, &is_null));
            assert_false(is_null);
            assert_close(got, want, 1e-13, 0);
        }
        scored_release(&s);
        n++;
    }
    fclose(f);
    assert_int_equal(n, 20);
    unit_end(&u);
}

TEST(metrics_of_nothing_are_null)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    static struct data d; /* all zero: one class, one score, one number */
    int n;
    const struct metric_desc *const *all = metric_all(&n);
    for (int i = 0; i < n; i++) {
        struct scored s = classes_of(&d, 5);
        double v;
        bool is_null, is_fine;
        assert_ok(cx, all[i]->value(cx, &s, &v, &is_null));
        is_fine = strstr(" accuracy log_loss rmse mae mape mse median_ae balanced_accuracy "
                         "specificity brier ",
                         arena_printf(cx->arena, " %s ", all[i]->name)) != NULL;
        assert_int_equal(is_null, !is_fine);
        if (is_fine) assert_true(isfinite(v));
        scored_release(&s);
        s = classes_of(&d, 0);
        assert_ok(cx, all[i]->value(cx, &s, &v, &is_null));
        assert_true(is_null);
        scored_release(&s);
    }
    unit_end(&u);
}

TEST(long_curve_is_thinned_and_keeps_its_area)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    enum { MANY = 50000 };
    double *y = ARENA_ARRAY(cx->arena, double, MANY), *s = ARENA_ARRAY(cx->arena, double, MANY);
    for (int i = 0; i < MANY; i++) {
        y[i] = rng_unit(1, 1, (uint64_t)i) < 0.4;
        s[i] = 1 / (1 + exp(-(rng_normal(1, 2, (uint64_t)i) + y[i])));
    }
    struct scored sc = {.n = MANY, .actual = y, .score = s, .classes = true};
    struct curve c;
    double exact;
    bool is_null;
    assert_ok(cx, curve_roc(cx, &sc, &c));
    assert_ok(cx, metric_find(STR("auc"))->value(cx, &sc, &exact, &is_null));
    assert_true(c.n > 50 && c.n <= 300);
    assert_close(area(&c), exact, 0, 2e-3);
    assert_close(c.x[0] + c.y[0], 0, 0, 0);
    assert_close(c.x[c.n - 1] + c.y[c.n - 1], 2, 0, 0);
    for (int64_t i = 1; i < c.n; i++) {
        assert_true(c.x[i] >= c.x[i - 1] && c.y[i] >= c.y[i - 1]);
        assert_true(c.threshold[i] < c.threshold[i - 1]);
    }
    assert_ok(cx, curve_pr(cx, &sc, &c));
    assert_true(c.n <= 300 && isnan(c.threshold[0]));
    assert_close(c.x[c.n - 1], 1, 0, 0);
    scored_release(&sc);
    unit_end(&u);
}

TEST(perfect_and_useless_scores)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    double y[4] = {1, 1, 0, 0}, up[4] = {0.9, 0.8, 0.2, 0.1}, flat[4] = {0.5, 0.5, 0.5, 0.5}, v;
    bool is_null;
    struct scored s = {.n = 4, .actual = y, .score = up, .classes = true, .threshold = 0.5};
    assert_ok(cx, metric_find(STR("auc"))->value(cx, &s, &v, &is_null));
    assert_close(v, 1, 0, 0);
    scored_release(&s);
    s.score = flat;
    assert_ok(cx, metric_find(STR("auc"))->value(cx, &s, &v, &is_null));
    assert_close(v, 0.5, 0, 0);
    assert_ok(cx, metric_find(STR("average_precision"))->value(cx, &s, &v, &is_null));
    assert_close(v, 0.5, 0, 0);
    scored_release(&s);
    assert_null(metric_find(STR("acc")));
    unit_end(&u);
}

TEST(metrics_of_three_classes_agree_with_sklearn)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    double *y = ARENA_ARRAY(cx->arena, double, N), *q = ARENA_ARRAY(cx->arena, double, 3 * N);
    int32_t *said = ARENA_ARRAY(cx->arena, int32_t, N);
    char name[64], head[64];
    double want, got;
    int n = 0;
    FILE *f = fopen(DATA "ml_metrics_many.csv", "r");
    assert_non_null(f);
    assert_non_null(fgets(head, sizeof head, f));
    for (int i = 0; i < N; i++) {
        double *p = q + 3 * i;
        assert_int_equal(fscanf(f, "%lf,%lf,%lf,%lf", &y[i], &p[0], &p[1], &p[2]), 4);
        for (int k = 1; k < 3; k++)
            if (p[k] > p[said[i]]) said[i] = k;
    }
    fclose(f);
    struct scored s = {
        .n = N, .actual = y, .classes = true, .n_classes = 3, .probs = q, .said = said};
    f = fopen(DATA "ml_metrics_many_expected.csv", "r");
    assert_non_null(f);
    assert_non_null(fgets(head, sizeof head, f));
    for (; fscanf(f, " %63[^,],%lf", name, &want) == 2; n++) {
        bool is_null;
        assert_ok(cx, metric_find(str_of(name))->many(cx, &s, &got, &is_null));
        assert_false(is_null);
        assert_close(got, want, 1e-13, 0);
    }
    fclose(f);
    assert_int_equal(n, 6);
    unit_end(&u);
}
