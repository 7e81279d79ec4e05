/* XGBoost's model files of 1.7, 2.1 and 3.2 against what those versions predict
 * (tests/oracle/ml_xgb.py), files of ours read back, and damaged ones. */
#include "tests/unit/ml_fixture.h"

#include "runtime/ml/ml_int.h"
#include "runtime/ml/tree/xgb.h"

#define XGB TEST_SOURCE_DIR "/tests/data/xgb/"

static double furthest(struct bench *b, const struct model *m, const char *what, int n_out)
{
    struct plan *scored;
    double far = 0;
    assert_ok(b->cx, ml_score_plan(b->cx, m, b->data, -1, NO_SPAN, &scored));
    struct table *t = run(b, scored);
    int probs = schema_find(t->schema, STR("class_probs"));
    bool is_class = schema_find(t->schema, STR("probability")) >= 0;
    for (int64_t i = 0; i < t->n_rows; i++)
        for (int c = 0; c < n_out; c++) {
            char name[32];
            double p = cell(t, is_class ? "probability" : "prediction", i);
            if (n_out > 1) {
                struct scalar s = column_scalar(t->cols[probs], i);
                p = column_scalar(s.u.row->cols[c], 0).u.f;
                scalar_release(&s);
            }
            snprintf(name, sizeof name, "%s%d", what, c);
            double want = cell(t, name, i);
            far = fmax(far, fabs(p - want) / fmax(1, fabs(want)));
        }
    table_unref(t);
    plan_unref(scored);
    return far;
}

static void check_file(const char *version, const char *what, const char *ending, int n_out)
{
    struct bench b;
    struct model *m, *again, *written;
    struct strbuf bytes = {0}, ours = {0};
    struct ctx *cx = bench_begin(&b, 1);
    bench_read(&b, arena_printf(cx->arena, XGB "%s.csv", version));
    const char *path = arena_printf(cx->arena, XGB "%s_%s.%s", version, what, ending);
    assert_ok(cx, ml_load(cx, path, NO_SPAN, &m));
    if (!(furthest(&b, m, what, n_out) <= 1e-6)) fail_msg("%s", path);
    ml_save_bytes(m, &bytes); /* as a model of ours */
    assert_ok(cx, ml_load_bytes(cx, bytes.p, bytes.n, "x", NO_SPAN, &again));
    assert_true(furthest(&b, again, what, n_out) <= 1e-6);
    assert_ok(cx, xgb_save_bytes(cx, m, NO_SPAN, &ours)); /* as XGBoost's */
    assert_ok(cx, ml_load_bytes(cx, ours.p, ours.n, "x", NO_SPAN, &written));
    if (!(furthest(&b, written, what, n_out) <= 1e-6)) fail_msg("%s written again", path);
    ml_unref(m);
    ml_unref(again);
    ml_unref(written);
    strbuf_release(&bytes);
    strbuf_release(&ours);
    bench_end(&b);
}

static void check_version(const char *version)
{
    check_file(version, "number", "json", 1);
    check_file(version, "binary", "ubj", 1);
    check_file(version, "multi", "json", 3);
    check_file(version, "poisson", "ubj", 1);
    if (strcmp(version, "1.7") != 0) check_file(version, "category", "json", 1);
}

TEST(files_of_1_7_predict_the_same)
{
    check_version("1.7");
}

TEST(files_of_2_1_predict_the_same)
{
    check_version("2.1");
}

TEST(files_of_3_2_predict_the_same)
{
    check_version("3.2");
}

/* ---- files of ours ---- */
static void check_ours(const char *family, const char *target, bool is_class)
{
    struct bench b;
    struct model *m, *again;
    struct strbuf ours = {0};
    struct ctx *cx = bench_begin(&b, 1);
    bench_read(&b, DATA "ml_tree.csv");
    b.f.target = is_class ? cat(&b, target) : plain(&b, target);
    add(&b, plain(&b, "a"));
    add(&b, plain(&b, "miss"));
    add(&b, plain(&b, "c"));
    struct ml_fit_spec spec = spec_of(&b, family);
    struct ml_arg few = {.name = "trees", .value = {.type = DTYPE(KIND_INT), .u.i = 5}};
    bool is_forest = strcmp(family, "forest") == 0;
    spec.args = &few;
    spec.n_args = is_forest;
    assert_ok(cx, ml_fit(cx, b.x, &spec, b.data, &m));
    assert_ok(cx, xgb_save_bytes(cx, m, NO_SPAN, &ours));
    assert_ok(cx, ml_load_bytes(cx, ours.p, ours.n, "x", NO_SPAN, &again));
    struct plan *p, *q;
    assert_ok(cx, ml_score_plan(cx, m, b.data, -1, NO_SPAN, &p));
    assert_ok(cx, ml_score_plan(cx, again, b.data, -1, NO_SPAN, &q));
    struct table *t = run(&b, p), *u = run(&b, q);
    const char *column = is_class && strcmp(family, "boosted") == 0 ? "probability" : "prediction";
    int64_t differ = 0; /* a value that a float rounds onto a cut midway between two others */
    for (int64_t i = 0; i < t->n_rows; i++)
        differ +=
            !(fabs(cell(t, is_class ? "probability" : column, i) - cell(u, column, i)) < 1e-6);
    if (differ > (is_forest ? t->n_rows / 10 : 0))
        fail_msg("%s of %s: %d rows differ", family, target, (int)differ);
    table_unref(t);
    table_unref(u);
    plan_unref(p);
    plan_unref(q);
    ml_unref(m);
    ml_unref(again);
    strbuf_release(&ours);
    bench_end(&b);
}

TEST(files_of_ours_predict_the_same)
{
    check_ours("boosted", "y", false);
    check_ours("xgboost", "y", false);
    check_ours("boosted", "z", true);
    check_ours("boosted", "k", true);
    check_ours("forest", "y", false);
    check_ours("forest", "z", true);
    check_ours("tree", "z", true);
}

/* ---- damage ---- */
static char *read_all(struct bench *b, const char *path, size_t *n)
{
    char *text = arena_alloc(b->cx->arena, 1 << 16);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    *n = fread(text, 1, 1 << 16, f);
    fclose(f);
    return text;
}

/* Every cut and every changed byte either loads as a model or says E407: no crash, no hang. */
static void damage(const char *path)
{
    struct bench b;
    size_t n;
    struct ctx *cx = bench_begin(&b, 1);
    char *text = read_all(&b, path, &n);
    for (size_t i = 0; i < n; i += i < 400 ? 1 : 37) {
        struct model *m = NULL;
        char keep = text[i];
        if (ml_load_bytes(cx, text, i, "x", NO_SPAN, &m) == RC_OK)
            ml_unref(m);
        else
            assert_int_equal(cx->err->code, E407);
        err_clear(cx->err);
        text[i] = (char)(keep ^ (i % 2 ? 0x21 : 0x80));
        m = NULL;
        if (ml_load_bytes(cx, text, n, "x", NO_SPAN, &m) == RC_OK) ml_unref(m);
        err_clear(cx->err);
        text[i] = keep;
    }
    bench_end(&b);
}

TEST(damaged_files_are_refused)
{
    damage(XGB "3.2_binary.ubj");
    damage(XGB "3.2_category.json");
    damage(XGB "2.1_number.json");
}

static void refused(const char *text, const char *words)
{
    struct bench b;
    struct model *m;
    struct ctx *cx = bench_begin(&b, 1);
    assert_int_equal(ml_load_bytes(cx, text, strlen(text), "x", NO_SPAN, &m), RC_ERR);
    assert_int_equal(cx->err->code, E407);
    if (!strstr(cx->err->message, words)) fail_msg("got %s", cx->err->message);
    bench_end(&b);
}

TEST(what_is_not_read_says_so)
{
    refused("{\"learner\":{\"objective\":{\"name\":\"rank:own\"}}}", "rank:own");
    refused(
        "{\"learner\":{\"objective\":{\"name\":\"reg:squarederror\"},\"learner_model_param\":{"
        "\"num_feature\":\"2\",\"num_class\":\"0\"},\"gradient_booster\":{\"name\":\"gblinear\"}}}",
        "linear");
    refused("{\"learner\":[]}", "XGBoost");
}
