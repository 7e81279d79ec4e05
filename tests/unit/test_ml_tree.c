/* Tree families against scikit-learn's trees and XGBoost (tests/oracle/ml_tree.py), and what no
 * library tells: the same bits on any number of threads and after a reload, hostile files. */
#include "tests/unit/ml_fixture.h"

#include "runtime/ml/ml_int.h"

static struct ml_arg num_arg(const char *name, double v)
{
    return (struct ml_arg){.name = name, .value = {.type = DTYPE(KIND_NUM), .u.f = v}};
}
static struct ml_arg int_arg(const char *name, int64_t v)
{
    return (struct ml_arg){.name = name, .value = {.type = DTYPE(KIND_INT), .u.i = v}};
}
static struct ml_arg word_arg(const char *name, const char *v)
{
    return (struct ml_arg){.name = name, .value = {.type = DTYPE(KIND_STR), .u.s = str_of(v)}};
}

static void begin(struct bench *b, const char *target, bool target_is_class, bool with_null)
{
    bench_begin(b, 2);
    bench_read(b, DATA "ml_tree.csv");
    b->f.target = target_is_class ? cat(b, target) : plain(b, target);
    add(b, plain(b, "a"));
    add(b, plain(b, "b"));
    add(b, plain(b, "c"));
    if (with_null) add(b, plain(b, "miss"));
}

static struct model *fit_with(struct bench *b, const char *family, struct ml_arg *args, int n,
                              const char *weights)
{
    struct ml_fit_spec spec = spec_of(b, family);
    struct model *m;
    spec.args = args;
    spec.n_args = n;
    spec.seed = 3;
    if (weights) spec.weights = col(b, weights);
    assert_ok(b->cx, ml_fit(b->cx, b->x, &spec, b->data, &m));
    return m;
}

/* Largest difference of what the model scores from a column of the data. */
static double furthest(struct bench *b, const struct model *m, const char *what, const char *column)
{
    struct plan *scored;
    assert_ok(b->cx, ml_score_plan(b->cx, m, b->data, -1, NO_SPAN, &scored));
    struct table *t = run(b, scored);
    double far = 0;
    for (int64_t i = 0; i < t->n_rows; i++) {
        double d = fabs(cell(t, what, i) - cell(t, column, i));
        far = d > far ? d : far;
    }
    table_unref(t);
    plan_unref(scored);
    return far;
}

static void check(const char *family, struct ml_arg *args, int n, const char *target, bool classes,
                  bool with_null, const char *weights, const char *column, double tolerance)
{
    struct bench b;
    begin(&b, target, classes, with_null);
    struct model *m = fit_with(&b, family, args, n, weights);
    double far = furthest(&b, m, classes ? "probability" : "prediction", column);
    if (!(far <= tolerance)) fail_msg("%s: furthest %g", column, far);
    ml_unref(m);
    bench_end(&b);
}

TEST(tree_of_a_number_is_that_of_scikit_learn)
{
    struct ml_arg a[] = {int_arg("depth", 4)}, l[] = {int_arg("depth", 0), int_arg("leaves", 7)};
    check("tree", a, 1, "y", false, false, NULL, "tree_y", 1e-9);
    check("tree", a, 1, "y", false, false, "w", "tree_yw", 1e-9);
    check("tree", l, 2, "y", false, false, NULL, "tree_leaves", 1e-9);
}

TEST(tree_of_two_classes_is_that_of_scikit_learn)
{
    struct ml_arg a[] = {int_arg("depth", 4), word_arg("impurity", "entropy")};
    check("tree", a, 1, "z", true, false, NULL, "tree_z", 1e-9);
    check("tree", a, 2, "z", true, false, NULL, "tree_ze", 1e-9);
}

static double class_prob(const struct table *t, int64_t row, int c)
{
    struct scalar s = column_scalar(t->cols[schema_find(t->schema, STR("class_probs"))], row);
    double p = column_scalar(s.u.row->cols[c], 0).u.f;
    scalar_release(&s);
    return p;
}

static void check_classes(const char *family, struct ml_arg *args, int n, bool with_null,
                          const char *column, double tolerance)
{
    struct bench b;
    begin(&b, "k", true, with_null);
    struct model *m = fit_with(&b, family, args, n, NULL);
    struct plan *scored;
    assert_ok(b.cx, ml_score_plan(b.cx, m, b.data, -1, NO_SPAN, &scored));
    struct table *t = run(&b, scored);
    double far = 0;
    for (int64_t i = 0; i < t->n_rows; i++)
        for (int c = 0; c < 3; c++) {
            char name[32];
            snprintf(name, sizeof name, "%s%d", column, c);
            far = fmax(far, fabs(class_prob(t, i, c) - cell(t, name, i)));
        }
    if (!(far <= tolerance)) fail_msg("%s: furthest %g", column, far);
    table_unref(t);
    plan_unref(scored);
    ml_unref(m);
    bench_end(&b);
}

TEST(tree_of_three_classes_is_that_of_scikit_learn)
{
    struct ml_arg a[] = {int_arg("depth", 4)};
    check_classes("tree", a, 1, false, "tree_k", 1e-9);
}

#define BOOSTED int_arg("trees", 20), int_arg("depth", 4), num_arg("rate", 0.3)

TEST(boosted_agrees_with_xgboost)
{
    struct ml_arg a[] = {BOOSTED, num_arg("l1", 0.5), num_arg("l2", 2), num_arg("gamma", 0.4),
                         num_arg("min_weight", 5)};
    check("boosted", a, 3, "y", false, true, NULL, "xgb_y", 2e-4);
    check("boosted", a, 7, "y", false, true, "w", "xgb_yw", 2e-4);
    check("boosted", a, 3, "z", true, true, NULL, "xgb_z", 2e-4);
}

TEST(boosted_of_three_classes_agrees_with_xgboost)
{
    struct ml_arg a[] = {int_arg("trees", 10), int_arg("depth", 4), num_arg("rate", 0.3)};
    check_classes("boosted", a, 3, true, "xgb_k", 2e-4);
}

/* 1 never falls, -1 never rises: along a and miss, of every row. */
TEST(monotone_columns_stay_so)
{
    static const double signs[] = {1, 0, 0, -1};
    struct bench b;
    struct builder list;
    struct column *c;
    begin(&b, "y", false, true);
    builder_init(&list, DTYPE(KIND_NUM), PHYS_F64);
    for (int i = 0; i < 4; i++)
        assert_ok(b.cx, builder_f64(b.cx, &list, signs[i]));
    assert_ok(b.cx, builder_finish(b.cx, &list, &c));
    builder_release(&list);
    struct ml_arg a[] = {
        BOOSTED, {.name = "monotone", .value = {.type = dtype_list(DTYPE(KIND_NUM)), .u.list = c}}};
    struct model *m = fit_with(&b, "boosted", a, 4, NULL);
    double x[4][81], y[81];
    const double *num[4] = {x[0], x[1], x[2], x[3]};
    struct enc_input in = {.num = num};
    for (int col = 0; col < 4; col += 3)
        for (int row = 0; row < 40; row++) {
            for (int i = 0; i < 81; i++) {
                x[0][i] = 0.1 * (row % 7) - 0.4;
                x[1][i] = 0.2 * row;
                x[2][i] = 0.1 * (row % 11);
                x[3][i] = 0.1 * (row % 5);
                x[col][i] = -4 + 0.1 * i;
            }
            m->family->cls->score(m, &in, 0, 81, y);
            for (int i = 1; i < 81; i++)
                assert_true(col == 0 ? y[i] >= y[i - 1] - 1e-12 : y[i] <= y[i - 1] + 1e-12);
        }
    assert_true(furthest(&b, m, "prediction", "xgb_mono") < 1.5); /* XGBoost bounds otherwise */
    ml_unref(m);
    column_unref(c);
    bench_end(&b);
}

/* ---- bits ---- */
static const char *wide_text(struct bench *b, int n)
{
    struct strbuf s = {0};
    strbuf_addz(&s, "y,z,k,u,v,g,h\n");
    for (int i = 0; i < n; i++) {
        double u = (double)((i * 7919LL) % 10007) / 100, v = (double)((i * 104729LL) % 9973) / 31;
        int g = (int)((i * 31LL) % 40), h = (i * 17) % 3;
        double y = u * (h == 1) + v / 10 + (g % 7);
        strbuf_printf(&s, "%g,%d,c%d,", y, y > 40, (int)(y / 30));
        if (i % 11)
            strbuf_printf(&s, "%g,", u);
        else
            strbuf_addz(&s, ",");
        strbuf_printf(&s, "%g,g%d,h%d\n", v, g, h);
    }
    const char *text = arena_strndup(b->cx->arena, s.p, s.n);
    strbuf_release(&s);
    return text;
}

static void saved(const char *family, struct ml_arg *args, int n, const char *target, bool classes,
                  int threads, struct strbuf *out)
{
    struct bench b;
    bench_begin(&b, threads);
    bench_text(&b, wide_text(&b, 90000));
    b.f.target = classes ? cat(&b, target) : plain(&b, target);
    const char *const names[] = {"u", "v", "g", "h"};
    for (int i = 0; i < 4; i++)
        add(&b, plain(&b, names[i]));
    struct model *m = fit_with(&b, family, args, n, NULL), *again;
    m->report.seconds = 0;
    ml_save_bytes(m, out);
    struct strbuf twice = {0};
    assert_ok(b.cx, ml_load_bytes(b.cx, out->p, out->n, "x", NO_SPAN, &again));
    ml_save_bytes(again, &twice);
    assert_int_equal(twice.n, out->n);
    assert_memory_equal(twice.p, out->p, out->n);
    strbuf_release(&twice);
    ml_unref(again);
    ml_unref(m);
    bench_end(&b);
}

static void same_bits(const char *family, struct ml_arg *args, int n, const char *target,
                      bool classes)
{
    struct strbuf one = {0}, four = {0};
    saved(family, args, n, target, classes, 1, &one);
    saved(family, args, n, target, classes, 4, &four);
    if (one.n != four.n) fail_msg("%s of %s differs", family, target);
    assert_memory_equal(one.p, four.p, one.n);
    strbuf_release(&one);
    strbuf_release(&four);
}

TEST(threads_change_no_bit_and_a_reload_neither)
{
    struct ml_arg few[] = {int_arg("trees", 3)}, deep[] = {int_arg("depth", 9)};
    struct ml_arg some[] = {int_arg("trees", 3), num_arg("sample", 0.5),
                            num_arg("node_columns", 0.5), int_arg("leaves", 20)};
    same_bits("boosted", few, 1, "y", false);
    same_bits("boosted", few, 1, "k", true);
    same_bits("boosted", some, 4, "z", true);
    same_bits("tree", deep, 1, "y", false);
    same_bits("tree", deep, 1, "k", true);
    same_bits("forest", few, 1, "z", true);
    same_bits("extra_trees", few, 1, "k", true);
}

/* ---- valid ---- */
TEST(patience_keeps_the_best_round)
{
    struct bench b;
    begin(&b, "y", false, true);
    struct ml_arg a[] = {int_arg("trees", 300), num_arg("rate", 0.5), int_arg("patience", 5)};
    struct ml_fit_spec spec = spec_of(&b, "boosted");
    spec.args = a;
    spec.n_args = 3;
    struct plan *all = b.data, *train = filtered(&b, call2(&b, ">", col(&b, "w"), lit_int(&b, 1)));
    spec.valid = filtered(&b, call2(&b, "<=", col(&b, "w"), lit_int(&b, 1)));
    struct model *m;
    assert_ok(b.cx, ml_fit(b.cx, b.x, &spec, train, &m));
    assert_true(m->report.iterations < 200);
    struct table *t = part_of(&b, m, "learning");
    assert_int_equal(t->n_rows, m->report.iterations + 5);
    double best = cell(t, "valid", m->report.iterations - 1);
    for (int64_t i = 0; i < t->n_rows; i++)
        assert_true(cell(t, "valid", i) >= best);
    assert_true(cell(t, "train", 0) > cell(t, "train", 1));
    table_unref(t);
    ml_unref(m);
    plan_unref(train);
    plan_unref(spec.valid);
    assert_ptr_equal(all, b.data);
    bench_end(&b);
}

/* ---- parts ---- */
TEST(importance_adds_up_and_trees_have_their_nodes)
{
    struct bench b;
    begin(&b, "y", false, true);
    struct ml_arg a[] = {int_arg("trees", 4), int_arg("depth", 3)};
    struct model *m = fit_with(&b, "boosted", a, 2, NULL);
    struct table *t = part_of(&b, m, "importance");
    double gain = 0, cover = 0, splits = 0;
    assert_int_equal(t->n_rows, 4);
    for (int64_t i = 0; i < 4; i++) {
        gain += cell(t, "gain", i);
        cover += cell(t, "cover", i);
        splits += cell(t, "splits", i);
    }
    assert_true(fabs(gain - 1) < 1e-12 && fabs(cover - 1) < 1e-12);
    table_unref(t);
    t = part_of(&b, m, "trees");
    assert_true((double)t->n_rows == 2 * splits + 4); /* leaves are one more than splits */
    assert_true(cell(t, "n", 0) == 400);
    table_unref(t);
    ml_unref(m);
    bench_end(&b);
}

/* ---- hard rows ---- */
static struct model *fit_text(struct bench *b, const char *text, const char *family,
                              struct ml_arg *args, int n)
{
    bench_begin(b, 1);
    bench_text(b, text);
    b->f.target = plain(b, "y");
    add(b, plain(b, "x"));
    return fit_with(b, family, args, n, NULL);
}

TEST(constant_columns_give_the_mean)
{
    static const char *const families[] = {"tree", "forest", "extra_trees", "boosted"};
    for (int i = 0; i < 4; i++) {
        struct bench b;
        struct model *m = fit_text(&b, "x,y\n1,2\n1,3\n1,7\n", families[i], NULL, 0);
        double x = 5, y;
        const double *num[] = {&x};
        struct enc_input in = {.num = num};
        m->family->cls->score(m, &in, 0, 1, &y);
        assert_true(i == 1 ? y >= 2 && y <= 7 : fabs(y - 4) < 1e-6);
        ml_unref(m);
        bench_end(&b);
    }
}

/* One row dwarfs the others: their small steps are still found. */
TEST(an_outlier_does_not_blind_the_rest)
{
    struct bench b;
    struct strbuf s = {0};
    strbuf_addz(&s, "x,y\n0,1e6\n");
    for (int i = 0; i < 4000; i++)
        strbuf_printf(&s, "%d,%d\n", 1 + i % 2, 10 * (i % 2));
    struct ml_arg a[] = {int_arg("depth", 2)};
    struct model *m = fit_text(&b, s.p, "tree", a, 1);
    double x[3] = {0, 1, 2}, y[3];
    const double *num[] = {x};
    struct enc_input in = {.num = num};
    m->family->cls->score(m, &in, 0, 3, y);
    assert_true(fabs(y[0] - 1e6) < 1 && fabs(y[1]) < 1e-3 && fabs(y[2] - 10) < 1e-3);
    strbuf_release(&s);
    ml_unref(m);
    bench_end(&b);
}
