/* Clusters, mixtures, components and outliers on a table against scikit-learn
 * (tests/oracle/ml_clusters.py). */
#include "tests/unit/ml_fixture.h"

#include <jansson.h>

static json_t *expected(void)
{
    json_t *j = json_load_file(DATA "ml_clusters.json", 0, NULL);
    assert_non_null(j);
    return j;
}

static struct ctx *begin(struct bench *b, int threads)
{
    struct ctx *cx = bench_begin(b, threads);
    bench_read(b, DATA "ml_clusters.csv");
    b->f.text = "~ a + b + c";
    add(b, plain(b, "a"));
    add(b, plain(b, "b"));
    add(b, plain(b, "c"));
    return cx;
}

/* ---- arguments ---- */
#define MAX_ARGS 6
struct call {
    struct ml_arg args[MAX_ARGS];
    int n;
};

static void arg_int(struct call *c, const char *name, int64_t v)
{
    c->args[c->n++] = (struct ml_arg){.name = name, .value = {.type = DTYPE(KIND_INT), .u.i = v}};
}

static void arg_num(struct call *c, const char *name, double v)
{
    c->args[c->n++] = (struct ml_arg){.name = name, .value = {.type = DTYPE(KIND_NUM), .u.f = v}};
}

static void arg_word(struct call *c, const char *name, const char *v)
{
    c->args[c->n++] =
        (struct ml_arg){.name = name, .value = {.type = DTYPE(KIND_STR), .u.s = str_of(v)}};
}

static void drop_column(void *c)
{
    column_unref(c);
}

static void arg_list(struct bench *b, struct call *c, const char *name, const json_t *list)
{
    struct builder made;
    struct column *col;
    size_t i;
    json_t *v;
    builder_init(&made, DTYPE(KIND_NUM), PHYS_F64);
    json_array_foreach((json_t *)(uintptr_t)list, i, v)
        assert_ok(b->cx, builder_f64(b->cx, &made, json_number_value(v)));
    assert_ok(b->cx, builder_finish(b->cx, &made, &col));
    builder_release(&made);
    arena_on_free(b->cx->arena, drop_column, col);
    c->args[c->n++] = (struct ml_arg){
        .name = name, .value = {.type = dtype_list(DTYPE(KIND_NUM)), .u.list = col}};
}

static struct model *fit(struct bench *b, const char *family, const struct call *c,
                         const char *weights)
{
    struct ml_fit_spec spec = spec_of(b, family);
    struct model *m;
    spec.args = c->args;
    spec.n_args = c->n;
    spec.seed = 7;
    if (weights) spec.weights = col(b, weights);
    assert_ok(b->cx, ml_fit(b->cx, b->x, &spec, b->data, &m));
    return m;
}

static struct table *scored(struct bench *b, const struct model *m)
{
    struct plan *p;
    assert_ok(b->cx, ml_score_plan(b->cx, m, b->data, -1, NO_SPAN, &p));
    struct table *t = run(b, p);
    plan_unref(p);
    return t;
}

static void near(double got, double want, double tol)
{
    if (fabs(got - want) > tol * (1 + fabs(want))) fail_msg("%.15g, not %.15g", got, want);
}

static void same_column(const struct table *t, const char *got, const char *want, double tol)
{
    assert_int_equal(t->n_rows, 300);
    for (int64_t i = 0; i < t->n_rows; i++)
        near(cell(t, got, i), cell(t, want, i), tol);
}

/* Columns a, b, c of a part against a list, row after row. */
static void same_rows(struct bench *b, const struct model *m, const char *part, const json_t *want)
{
    static const char *const names[] = {"a", "b", "c"};
    struct table *t = part_of(b, m, part);
    assert_int_equal(3 * (size_t)t->n_rows, json_array_size(want));
    for (size_t i = 0; i < json_array_size(want); i++)
        near(cell(t, names[i % 3], (int64_t)i / 3), json_number_value(json_array_get(want, i)),
             1e-9);
    table_unref(t);
}

static double stat(struct bench *b, const struct model *m, const char *name)
{
    struct table *t = part_of(b, m, "report");
    double v = cell(t, name, 0);
    table_unref(t);
    return v;
}

static double want(const json_t *j, const char *name)
{
    const json_t *v = json_object_get(j, name);
    if (!json_is_number(v)) fail_msg("no number %s", name);
    return json_number_value(v);
}

/* The model once more from its file: the same scores to the bit. */
static void reload(struct bench *b, const struct model *m, const char *column)
{
    struct strbuf file = {0};
    struct model *again;
    ml_save_bytes(m, &file);
    assert_ok(b->cx, ml_load_bytes(b->cx, file.p, file.n, "test", NO_SPAN, &again));
    strbuf_release(&file);
    struct table *t = scored(b, m), *u = scored(b, again);
    for (int64_t i = 0; i < t->n_rows; i++)
        assert_true(cell(t, column, i) == cell(u, column, i));
    table_unref(t);
    table_unref(u);
    ml_unref(again);
}

/* ---- k-means ---- */
TEST(kmeans_from_given_centres)
{
    struct bench b;
    struct ctx *cx = begin(&b, 2);
    json_t *all = expected();
    for (int weighted = 0; weighted < 2; weighted++) {
        const json_t *j = json_object_get(all, weighted ? "kmeans_weighted" : "kmeans");
        struct call c = {.n = 0};
        arg_list(&b, &c, "centers", json_object_get(all, "centers"));
        arg_num(&c, "tol", 0);
        struct model *m = fit(&b, "kmeans", &c, weighted ? "w" : NULL);
        same_rows(&b, m, "centers", json_object_get(j, "centers"));
        near(stat(&b, m, "inertia"), want(j, "inertia"), 1e-10);
        near(stat(&b, m, "iterations"), want(j, "iterations"), 0);
        struct table *t = scored(&b, m);
        same_column(t, "prediction", weighted ? "kmw" : "km", 0);
        table_unref(t);
        reload(&b, m, "prediction");
        ml_unref(m);
    }
    json_decref(all);
    (void)cx;
    bench_end(&b);
}

TEST(every_start_of_kmeans_finds_the_blobs)
{
    static const char *const inits[] = {"k-means||", "k-means++", "random"};
    struct bench b;
    begin(&b, 2);
    json_t *all = expected();
    double best = want(json_object_get(all, "kmeans"), "inertia");
    for (int i = 0; i < 3; i++) {
        struct call c = {.n = 0};
        arg_int(&c, "k", 4);
        arg_word(&c, "init", inits[i]);
        arg_int(&c, "n_init", 5);
        struct model *m = fit(&b, "kmeans", &c, NULL);
        assert_true(stat(&b, m, "inertia") <= best * 1.001);
        struct table *t = part_of(&b, m, "sizes");
        for (int64_t k = 1; k < t->n_rows; k++) /* the largest first */
            assert_true(cell(t, "n", k) <= cell(t, "n", k - 1));
        table_unref(t);
        ml_unref(m);
    }
    json_decref(all);
    bench_end(&b);
}

TEST(threads_change_no_bit_of_kmeans)
{
    double inertia[2];
    for (int i = 0; i < 2; i++) {
        struct bench b;
        begin(&b, i ? 3 : 1);
        struct call c = {.n = 0};
        arg_int(&c, "k", 7);
        struct model *m = fit(&b, "kmeans", &c, "w");
        inertia[i] = stat(&b, m, "inertia");
        ml_unref(m);
        bench_end(&b);
    }
    assert_true(inertia[0] == inertia[1]);
}

TEST(kmeans_of_fewer_different_rows_than_clusters)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "a\n1\n1\n1\n5\n5\n9\n");
    b.f.text = "~ a";
    add(&b, plain(&b, "a"));
    struct call c = {.n = 0};
    arg_int(&c, "k", 5);
    struct model *m = fit(&b, "kmeans", &c, NULL);
    near(stat(&b, m, "k"), 3, 0);
    near(stat(&b, m, "inertia"), 0, 1e-12);
    assert_true(b.n_warned > 0);
    ml_unref(m);
    bench_end(&b);
}

TEST(cosine_groups_directions)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "a,b\n1,0.1\n10,0.9\n100,11\n0.1,1\n1,12\n8,100\n");
    b.f.text = "~ a + b";
    add(&b, plain(&b, "a"));
    add(&b, plain(&b, "b"));
    struct call c = {.n = 0};
    arg_int(&c, "k", 2);
    arg_word(&c, "distance", "cosine");
    struct model *m = fit(&b, "kmeans", &c, NULL);
    struct table *t = scored(&b, m);
    for (int64_t i = 0; i < 6; i++)
        assert_true(cell(t, "prediction", i) == cell(t, "prediction", i < 3 ? 0 : 3));
    assert_true(cell(t, "prediction", 0) != cell(t, "prediction", 3));
    table_unref(t);
    reload(&b, m, "prediction");
    ml_unref(m);
    bench_end(&b);
}

TEST(bad_calls_are_told)
{
    struct bench b;
    struct ctx *cx = bench_begin(&b, 1);
    bench_text(&b, "a,b\n1,1\n0,0\n3,4\n");
    add(&b, plain(&b, "a"));
    add(&b, plain(&b, "b"));
    struct ml_fit_spec spec = spec_of(&b, "kmeans");
    struct model *m;
    struct call c = {.n = 0};
    arg_int(&c, "k", 4); /* three rows */
    spec.args = c.args;
    spec.n_args = c.n;
    assert_err(cx, E209, ml_fit(cx, b.x, &spec, b.data, &m));
    c.n = 0;
    arg_word(&c, "distance", "cosine"); /* a row of zeros */
    assert_err(cx, E209, ml_fit(cx, b.x, &spec, b.data, &m));
    c.n = 0;
    spec.family = ml_family_find(str_of("pca"));
    arg_num(&c, "k", 3); /* two columns */
    assert_err(cx, E209, ml_fit(cx, b.x, &spec, b.data, &m));
    bench_end(&b);
}

/* ---- bisecting ---- */
TEST(bisecting_reaches_the_inertia_of_sklearn)
{
    struct bench b;
    begin(&b, 2);
    json_t *all = expected();
    struct call c = {.n = 0};
    arg_int(&c, "k", 4);
    arg_int(&c, "n_init", 10);
    arg_num(&c, "tol", 0);
    struct model *m = fit(&b, "bisecting", &c, NULL);
    near(stat(&b, m, "inertia"), want(json_object_get(all, "bisecting"), "inertia"), 1e-9);
    struct table *t = scored(&b, m), *sizes = part_of(&b, m, "sizes");
    double n[4] = {0};
    for (int64_t i = 0; i < t->n_rows; i++)
        n[(int)cell(t, "prediction", i) - 1]++;
    for (int64_t k = 0; k < 4; k++)
        assert_true(n[k] == cell(sizes, "n", k));
    table_unref(t);
    table_unref(sizes);
    reload(&b, m, "prediction");
    ml_unref(m);
    json_decref(all);
    bench_end(&b);
}

/* ---- mixtures ---- */
TEST(mixtures_of_every_shape)
{
    static const char *const shapes[] = {"full", "tied", "diag", "spherical"};
    struct bench b;
    begin(&b, 2);
    json_t *all = expected();
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "gmm_%s", shapes[i]);
        const json_t *j = json_object_get(all, name);
        struct call c = {.n = 0};
        arg_list(&b, &c, "centers", json_object_get(all, "centers"));
        arg_word(&c, "shape", shapes[i]);
        struct model *m = fit(&b, "gmm", &c, NULL);
        near(stat(&b, m, "iterations"), want(j, "iterations"), 0);
        near(stat(&b, m, "log_likelihood"), want(j, "log_likelihood"), 1e-9);
        near(stat(&b, m, "bic"), want(j, "bic"), 1e-9);
        near(stat(&b, m, "aic"), want(j, "aic"), 1e-9);
        struct table *t = scored(&b, m);
        same_column(t, "probability", name, 1e-7);
        table_unref(t);
        reload(&b, m, "probability");
        ml_unref(m);
    }
    json_decref(all);
    bench_end(&b);
}

/* ---- components ---- */
TEST(components_and_their_variance)
{
    static const char *const pcs[] = {"pc1", "pc2", "pc3"};
    struct bench b;
    begin(&b, 2);
    json_t *all = expected();
    const json_t *j = json_object_get(all, "pca"); /* its sums are less exact: means of 1000 */
    struct call c = {.n = 0};
    arg_num(&c, "k", 3);
    struct model *m = fit(&b, "pca", &c, NULL);
    struct table *v = part_of(&b, m, "variance"), *l = part_of(&b, m, "components");
    for (size_t i = 0; i < 9; i++)
        near(cell(l, pcs[i / 3], (int64_t)i % 3),
             json_number_value(json_array_get(json_object_get(j, "components"), i)), 1e-9);
    for (size_t i = 0; i < 3; i++) {
        near(cell(v, "variance", (int64_t)i),
             json_number_value(json_array_get(json_object_get(j, "variance"), i)), 1e-9);
        near(cell(v, "share", (int64_t)i),
             json_number_value(json_array_get(json_object_get(j, "share"), i)), 1e-9);
    }
    reload(&b, m, "pc3");
    table_unref(v);
    table_unref(l);
    ml_unref(m);
    json_decref(all);
    bench_end(&b);
}

/* The scores have other names than the expected columns of the file: those are replaced. */
TEST(scores_of_components)
{
    struct bench b;
    begin(&b, 1);
    struct call c = {.n = 0};
    arg_num(&c, "k", 0.9);
    struct model *m = fit(&b, "pca", &c, NULL);
    struct table *was = run(&b, b.data), *t = scored(&b, m);
    double kept = stat(&b, m, "components");
    assert_true(kept >= 1 && kept <= 3 && stat(&b, m, "share") >= 0.9);
    for (int64_t i = 0; i < t->n_rows; i++)
        near(cell(t, "pc1", i), cell(was, "pc1", i), 1e-9);
    table_unref(t);
    ml_unref(m);
    c.n = 0;
    arg_num(&c, "k", 2);
    c.args[c.n++] =
        (struct ml_arg){.name = "whiten", .value = {.type = DTYPE(KIND_BOOL), .u.b = true}};
    m = fit(&b, "pca", &c, NULL);
    t = scored(&b, m);
    for (int64_t i = 0; i < t->n_rows; i++)
        near(cell(t, "pc1", i), cell(was, "white1", i), 1e-9);
    table_unref(t);
    table_unref(was);
    ml_unref(m);
    bench_end(&b);
}

TEST(fewer_rows_than_columns)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "a,b,c,d\n1,2,4,1\n2,1,0,1\n0,5,1,1\n");
    static const char *const names[] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++)
        add(&b, plain(&b, names[i]));
    struct call c = {.n = 0};
    arg_num(&c, "k", 2);
    struct model *m = fit(&b, "pca", &c, NULL);
    struct table *v = part_of(&b, m, "variance");
    near(cell(v, "variance", 0), 5.27429189, 1e-6); /* numpy.linalg.eigvalsh of the covariance */
    near(cell(v, "variance", 1), 4.39237478, 1e-6);
    near(stat(&b, m, "share"), 1, 1e-12);
    table_unref(v);
    ml_unref(m);
    bench_end(&b);
}

/* ---- density ---- */
TEST(dbscan_has_the_labels_of_sklearn)
{
    struct bench b;
    begin(&b, 2);
    json_t *all = expected();
    for (int weighted = 0; weighted < 2; weighted++) {
        struct call c = {.n = 0};
        arg_num(&c, "eps", 1.1);
        arg_int(&c, "min", 6);
        struct model *m = fit(&b, "dbscan", &c, weighted ? "w" : NULL);
        if (!weighted) near(stat(&b, m, "core"), want(json_object_get(all, "dbscan"), "core"), 0);
        struct table *t = scored(&b, m);
        same_column(t, "prediction", weighted ? "dbw" : "db", 0);
        table_unref(t);
        reload(&b, m, "prediction");
        ml_unref(m);
    }
    json_decref(all);
    bench_end(&b);
}

TEST(dbscan_without_a_cluster)
{
    struct bench b;
    begin(&b, 2);
    struct call c = {.n = 0};
    arg_num(&c, "eps", 1e-9);
    struct model *m = fit(&b, "dbscan", &c, NULL);
    near(stat(&b, m, "noise"), 300, 0);
    reload(&b, m, "prediction");
    ml_unref(m);
    bench_end(&b);
}

/* ---- isolation ---- */
TEST(isolation_scores_are_those_of_sklearn_within_the_draws)
{
    struct bench b;
    begin(&b, 2);
    struct call c = {.n = 0};
    arg_int(&c, "trees", 2000);
    arg_int(&c, "sample", 128);
    struct model *m = fit(&b, "isolation", &c, NULL);
    struct table *t = scored(&b, m);
    same_column(t, "prediction", "iso", 0.012);
    table_unref(t);
    reload(&b, m, "prediction");
    ml_unref(m);
    bench_end(&b);
}

/* ---- metrics ---- */
TEST(metrics_of_clusters)
{
    struct bench b;
    struct ctx *cx = begin(&b, 2);
    json_t *all = expected();
    struct call c = {.n = 0};
    arg_list(&b, &c, "centers", json_object_get(all, "centers"));
    arg_num(&c, "tol", 0);
    struct model *m = fit(&b, "kmeans", &c, NULL);
    struct table *t;
    assert_ok(cx, ml_evaluate(cx, b.x, m, b.data, NULL, 0, NULL, NO_SPAN, &t));
    const char *name;
    json_t *v;
    json_object_foreach(json_object_get(all, "metrics"), name, v)
        near(cell(t, "value", row_of(t, name)), json_number_value(v), 1e-10);
    near(cell(t, "value", row_of(t, "inertia")), want(json_object_get(all, "kmeans"), "inertia"),
         1e-10);
    table_unref(t);
    assert_ok(cx, ml_evaluate(cx, b.x, m, b.data, NULL, 0, "silhouette", NO_SPAN, &t));
    double sum = 0;
    for (int64_t i = 0; i < t->n_rows; i++)
        sum += cell(t, "silhouette", i);
    near(sum / 300, want(json_object_get(all, "metrics"), "silhouette"), 1e-10);
    table_unref(t);
    const char *wrong[] = {"rmse"};
    assert_err(cx, E209, ml_evaluate(cx, b.x, m, b.data, wrong, 1, NULL, NO_SPAN, &t));
    assert_err(cx, E209, ml_evaluate(cx, b.x, m, b.data, NULL, 0, "roc", NO_SPAN, &t));
    ml_unref(m);
    json_decref(all);
    bench_end(&b);
}
