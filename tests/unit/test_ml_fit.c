/* Fits on tables: what the formula learns, what is refused in which words, what is counted. */
#include "tests/unit/ml_fixture.h"

#include "runtime/ml/ml_int.h"
#include "runtime/ml/models/linear_int.h"

static void fails(struct bench *b, const char *family, enum err_code code, const char *words)
{
    struct ml_fit_spec spec = spec_of(b, family);
    struct model *m;
    if (ml_fit(b->cx, b->x, &spec, b->data, &m) == RC_OK) fail_msg("expected %s", words);
    if (b->cx->err->code != code || !strstr(b->cx->err->message, words))
        fail_msg("got %s %s", err_name(b->cx->err->code), b->cx->err->message);
    err_clear(b->cx->err);
}

static struct model *fits(struct bench *b, const char *family, double l2)
{
    struct ml_fit_spec spec = spec_of(b, family);
    struct model *m;
    spec.args = l2_arg(b, l2);
    spec.n_args = 1;
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

static double coef(struct bench *b, const struct model *m, const char *term)
{
    struct table *t = part_of(b, m, "coef");
    int64_t row = row_of(t, term);
    if (row < 0) fail_msg("no term %s", term);
    double v = cell(t, "estimate", row);
    table_unref(t);
    return v;
}

static const char small[] = "y,x,k,part\n1,1.0,3,day\n2,2.5,3,night\n4,3.0,3,day\n"
                            "3,4.5,3,eve\n6,6.0,3,night\n7,7.5,3,eve\n";

TEST(least_squares_on_a_frame_is_that_of_the_arrays)
{
    struct bench b;
    char line[256];
    bench_begin(&b, 2);
    bench_read(&b, DATA "ml_models.csv");
    b.f.target = plain(&b, "y");
    add(&b, cat(&b, "g"));
    add(&b, plain(&b, "a"));
    add(&b, plain(&b, "b"));
    add(&b, plain(&b, "c"));
    struct model *m = fits(&b, "linear", 0);
    FILE *f = fopen(DATA "ml_models_expected.csv", "r");
    int n = 0;
    while (fgets(line, sizeof line, f)) {
        char term[64];
        double v;
        if (sscanf(line, "ols,%63[^,],%lf", term, &v) != 2 || strcmp(term, "r2") == 0) continue;
        if (strchr("afsl", term[0]) && term[1]) continue; /* adj_r2, f_statistic, sigma, loss */
        const char *name = term[0] == 'g' ? arena_printf(b.cx->arena, "g%s", term + 1) : term;
        assert_close(coef(&b, m, name), v, 1e-9, 1e-10);
        n++;
    }
    fclose(f);
    assert_int_equal(n, 6);
    ml_unref(m);
    bench_end(&b);
}

TEST(null_is_refused_in_the_words_of_the_language)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "y,x,part\n1,1.0,day\n2,,night\n4,3.0,day\n3,,night\n5,2.0,day\n");
    b.f.target = plain(&b, "y");
    add(&b, plain(&b, "x"));
    fails(
        &b, "linear", E402,
        "fit: 2 rows have null x and linear cannot use null. Add nulls: drop, or impute(x, median) "
        "in the formula");
    struct ml_fit_spec spec = spec_of(&b, "linear");
    struct model *m;
    spec.drop_nulls = true;
    assert_ok(b.cx, ml_fit(b.cx, b.x, &spec, b.data, &m));
    assert_int_equal(b.n_warned, 1);
    assert_string_equal(b.warned[0], "W304 fit: 2 of 5 rows left out: 2 rows have null x");
    struct table *report = part_of(&b, m, "report");
    assert_int_equal(cell(report, "n", 0), 3);
    assert_int_equal(cell(report, "n_dropped", 0), 2);
    table_unref(report);
    ml_unref(m);
    bench_end(&b);
}

TEST(imputed_and_scaled_features_learn_in_order)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "y,x\n1,1.0\n2,\n4,3.0\n3,8.0\n5,2.0\n");
    b.f.target = plain(&b, "y");
    add(&b, scale(&b, impute(&b, plain(&b, "x"), "median"))); /* 1 2.5 3 8 2: mean 3.3 */
    struct model *m = fits(&b, "linear", 0);
    struct table *terms = part_of(&b, m, "terms"), *t = scored(&b, m);
    assert_string_equal(m->enc.features[0].detail, "mean 3.3, sd 2.72947");
    assert_int_equal(terms->n_rows, 1);
    assert_int_equal(b.n_warned, 0);
    for (int64_t i = 0; i < 5; i++)
        assert_true(!isnan(cell(t, "prediction", i)));
    double mean = 0;
    for (int64_t i = 0; i < 5; i++)
        mean += cell(t, "prediction", i) / 5;
    assert_close(mean, 3, 1e-12, 0);
    assert_close(coef(&b, m, "scale(impute(x))"), 2.5 / 29.8 * 2.729468812791236, 1e-12, 0);
    table_unref(t);
    table_unref(terms);
    ml_unref(m);
    bench_end(&b);
}

TEST(infinite_values_are_refused)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "y,x\n1,1.0\n2,inf\n4,3.0\n");
    b.f.target = plain(&b, "y");
    add(&b, plain(&b, "x"));
    fails(&b, "linear", E410, "fit: 1 row has infinite x");
    bench_end(&b);
}

TEST(targets_that_do_not_suit)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, small);
    add(&b, plain(&b, "x"));
    b.f.target = plain(&b, "part");
    fails(&b, "linear", E409, "linear needs a number to fit; `part` is str");
    fails(&b, "svm", E409,
          "svm tells two classes apart; `part` has 3: `day`, `eve` and "
          "`night`");
    b.f.target = plain(&b, "k");
    fails(&b, "linear", E404, "`k` is the same in all 6 rows");
    fails(&b, "logistic", E403, "all 6 rows have `k` 3");
    b.f.target = plain(&b, "x");
    fails(&b, "logistic", E409, "`x` is num");
    fails(&b, "arima", E214, "`arima` is not in this version");
    bench_end(&b);
}

TEST(parameters_are_checked)
{
    struct bench b;
    struct model *m;
    bench_begin(&b, 1);
    bench_text(&b, small);
    b.f.target = plain(&b, "y");
    add(&b, plain(&b, "x"));
    struct ml_fit_spec spec = spec_of(&b, "linear");
    struct ml_arg arg = {.name = "L2", .value = {.type = DTYPE(KIND_INT), .u.i = 1}};
    spec.args = &arg;
    spec.n_args = 1;
    assert_err(b.cx, E206, ml_fit(b.cx, b.x, &spec, b.data, &m));
    arg.name = "l2";
    arg.value.u.i = -1;
    assert_err(b.cx, E209, ml_fit(b.cx, b.x, &spec, b.data, &m));
    arg.value = (struct scalar){.type = DTYPE(KIND_STR), .u.s = STR("much")};
    assert_err(b.cx, E209, ml_fit(b.cx, b.x, &spec, b.data, &m));
    arg.name = NULL;
    assert_err(b.cx, E208, ml_fit(b.cx, b.x, &spec, b.data, &m));
    bench_end(&b);
}

TEST(constant_and_collinear_columns_are_named)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, small);
    b.f.target = plain(&b, "y");
    add(&b, plain(&b, "x"));
    add(&b, plain(&b, "k"));
    add(&b, feature_of(&b, call2(&b, "+", col(&b, "x"), col(&b, "x")), "x + x"));
    struct model *m = fits(&b, "linear", 0);
    assert_int_equal(b.n_warned, 2);
    assert_string_equal(b.warned[0], "W404 fit: `k` was left out: it is the same in every row");
    assert_string_equal(b.warned[1], "W404 fit: `x + x` was left out: `x` explains it fully");
    assert_true(isnan(coef(&b, m, "k")) && isnan(coef(&b, m, "x + x")));
    assert_true(!isnan(coef(&b, m, "x")));
    ml_unref(m);
    b.f.n_terms = 0;
    add(&b, plain(&b, "k"));
    fails(&b, "linear", E405, "every column of `y ~ x` is constant");
    bench_end(&b);
}

TEST(categories_and_their_references)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, small);
    b.f.target = plain(&b, "y");
    struct feature *last = cat(&b, "part"), *named = cat(&b, "part");
    add(&b, plain(&b, "part"));
    struct model *m = fits(&b, "linear", 0);
    assert_close(coef(&b, m, "(intercept)"), 2.5, 1e-12, 0); /* mean of day */
    assert_close(coef(&b, m, "part[eve]"), 2.5, 1e-12, 0);
    assert_close(coef(&b, m, "part[night]"), 1.5, 1e-12, 0);
    ml_unref(m);
    last->ref_kind = REF_LAST;
    b.f.n_terms = 0;
    add(&b, last);
    m = fits(&b, "linear", 0);
    assert_close(coef(&b, m, "(intercept)"), 4, 1e-12, 0);
    assert_close(coef(&b, m, "part[day]"), -1.5, 1e-12, 0);
    ml_unref(m);
    named->ref_kind = REF_LEVEL;
    named->ref = "noon";
    b.f.n_terms = 0;
    add(&b, named);
    fails(&b, "linear", E209,
          "ref: \"noon\" is no level of `part`; it has `day`, `eve` and `night`");
    b.f.intercept = false;
    b.f.n_terms = 0;
    add(&b, plain(&b, "part"));
    m = fits(&b, "linear", 0);
    assert_close(coef(&b, m, "part[day]"), 2.5, 1e-12, 0);
    ml_unref(m);
    bench_end(&b);
}

TEST(top_levels_and_the_rest)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "y,c\n1,a\n2,b\n3,b\n4,c\n5,c\n6,d\n2,b\n");
    b.f.target = plain(&b, "y");
    struct feature *f = onehot(&b, "c");
    f->top = 2;
    add(&b, f);
    struct model *m = fits(&b, "ridge", 0.1);
    assert_int_equal(m->enc.n_cols, 3);
    assert_string_equal(m->enc.columns[0], "c[b]");
    assert_string_equal(m->enc.columns[2], "c[other]");
    bench_text(&b, "y,c\n1,zz\n1,a\n");
    struct table *t = scored(&b, m);
    assert_true(cell(t, "prediction", 0) == cell(t, "prediction", 1));
    assert_int_equal(b.n_warned, 0);
    table_unref(t);
    ml_unref(m);
    bench_end(&b);
}

TEST(unseen_levels_and_nulls_are_counted_at_scoring)
{
    struct bench b;
    bench_begin(&b, 2);
    bench_text(&b, small);
    b.f.target = plain(&b, "y");
    add(&b, plain(&b, "x"));
    add(&b, plain(&b, "part"));
    struct model *m = fits(&b, "linear", 0);
    bench_text(&b, "x,part,prediction\n1,dusk,old\n2,day,old\n,day,old\n3,dawn,old\n,dusk,old\n");
    struct table *t = scored(&b, m);
    assert_int_equal(t->schema->n, 3);
    assert_string_equal(t->schema->fields[2].name, "prediction");
    assert_true(isnan(cell(t, "prediction", 2)) && isnan(cell(t, "prediction", 4)));
    assert_close(cell(t, "prediction", 0), coef(&b, m, "(intercept)") + coef(&b, m, "x"), 1e-12, 0);
    assert_int_equal(b.n_warned, 2);
    assert_string_equal(b.warned[0], "W405 predict: 2 rows score null: null in `x`");
    assert_string_equal(b.warned[1],
                        "W401 predict: 3 rows have a level of `part` that the model has "
                        "not seen; they count as none of its levels");
    table_unref(t);
    b.n_warned = 0;
    t = scored(&b, m); /* counts start again */
    assert_int_equal(b.n_warned, 2);
    table_unref(t);
    ml_unref(m);
    bench_end(&b);
}

TEST(unseen_level_is_an_error_when_asked)
{
    struct bench b;
    struct plan *p;
    struct table *t;
    bench_begin(&b, 1);
    bench_text(&b, small);
    b.f.target = plain(&b, "y");
    struct feature *part = cat(&b, "part");
    part->unseen_error = true;
    add(&b, part);
    struct model *m = fits(&b, "linear", 0);
    bench_text(&b, "part\nday\ndusk\n");
    assert_ok(b.cx, ml_score_plan(b.cx, m, b.data, -1, NO_SPAN, &p));
    assert_err(b.cx, E411, exec_table(b.cx, b.x, p, &t));
    plan_unref(p);
    ml_unref(m);
    bench_end(&b);
}

TEST(rows_to_score_need_the_models_columns)
{
    struct bench b;
    struct plan *p;
    bench_begin(&b, 1);
    bench_text(&b, small);
    b.f.target = plain(&b, "y");
    add(&b, plain(&b, "x"));
    struct model *m = fits(&b, "linear", 0);
    bench_text(&b, "X,part\n1.5,day\n");
    assert_int_equal(ml_score_plan(b.cx, m, b.data, -1, NO_SPAN, &p), RC_ERR);
    assert_int_equal(b.cx->err->code, E406);
    err_clear(b.cx->err);
    bench_text(&b, "x,part\nfive,day\n");
    assert_int_equal(ml_score_plan(b.cx, m, b.data, -1, NO_SPAN, &p), RC_ERR);
    assert_non_null(strstr(b.cx->err->message, "fitted on `x` as num; here it is str"));
    err_clear(b.cx->err);
    bench_text(&b, "x\n1\n2\n"); /* int for num is fine */
    struct table *t = scored(&b, m);
    assert_close(cell(t, "prediction", 1) - cell(t, "prediction", 0), coef(&b, m, "x"), 1e-12, 0);
    table_unref(t);
    ml_unref(m);
    bench_end(&b);
}

TEST(classes_keep_their_type)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "y,x\nno,1\nno,2\nyes,2.5\nno,3\nyes,4\nyes,6\n");
    b.f.target = plain(&b, "y");
    add(&b, plain(&b, "x"));
    struct model *m = fits(&b, "logistic", 0.1);
    struct table *t = scored(&b, m);
    int at = schema_find(t->schema, STR("prediction"));
    assert_int_equal(t->schema->fields[at].type.kind, KIND_STR);
    assert_true(str_eqz(column_scalar(t->cols[at], 0).u.s, "no"));
    assert_true(str_eqz(column_scalar(t->cols[at], 5).u.s, "yes"));
    double p = cell(t, "probability", 5);
    assert_true(p > 0.5 && p < 1);
    table_unref(t);
    ml_unref(m);
    struct ml_fit_spec spec = spec_of(&b, "logistic");
    spec.args = l2_arg(&b, 0.1);
    spec.n_args = 1;
    spec.positive = "no";
    assert_ok(b.cx, ml_fit(b.cx, b.x, &spec, b.data, &m));
    t = scored(&b, m);
    assert_close(cell(t, "probability", 5), 1 - p, 1e-9, 0);
    table_unref(t);
    ml_unref(m);
    spec.positive = "maybe";
    assert_err(b.cx, E209, ml_fit(b.cx, b.x, &spec, b.data, &m));
    bench_end(&b);
}

TEST(weights_are_as_repeated_rows)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "y,x,w\n1,1.0,1\n2,2.5,2\n4,3.0,1\n9,99,0\n3,4.5,1\n");
    b.f.target = plain(&b, "y");
    add(&b, plain(&b, "x"));
    struct ml_fit_spec spec = spec_of(&b, "linear");
    struct model *m, *repeated;
    spec.weights = col(&b, "w");
    assert_ok(b.cx, ml_fit(b.cx, b.x, &spec, b.data, &m));
    bench_text(&b, "y,x\n1,1.0\n2,2.5\n2,2.5\n4,3.0\n3,4.5\n");
    repeated = fits(&b, "linear", 0);
    assert_close(coef(&b, m, "x"), coef(&b, repeated, "x"), 1e-12, 0);
    ml_unref(m);
    ml_unref(repeated);
    bench_end(&b);
}

TEST(offset_has_coefficient_one)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "y,x,o\n1,1.0,1\n2,2.5,2\n4,3.0,1\n9,9,0\n3,4.5,1\n");
    b.f.target = plain(&b, "y");
    add(&b, plain(&b, "o"));
    b.f.terms[0].is_offset = true;
    add(&b, plain(&b, "x"));
    struct model *m = fits(&b, "linear", 0), *plain_m;
    struct table *t = scored(&b, m);
    b.f.n_terms = 0;
    b.f.target = feature_of(&b, call2(&b, "-", col(&b, "y"), col(&b, "o")), "y - o");
    add(&b, plain(&b, "x"));
    plain_m = fits(&b, "linear", 0);
    struct table *other = scored(&b, plain_m);
    assert_close(coef(&b, m, "x"), coef(&b, plain_m, "x"), 1e-12, 0);
    assert_close(cell(t, "prediction", 1), cell(other, "prediction", 1) + 2, 1e-12, 0);
    table_unref(t);
    table_unref(other);
    ml_unref(m);
    ml_unref(plain_m);
    bench_end(&b);
}

TEST(interactions_are_products_of_columns)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, small);
    b.f.target = plain(&b, "y");
    add_product(&b, plain(&b, "part"), plain(&b, "x"));
    struct model *m = fits(&b, "linear", 0);
    assert_int_equal(m->enc.n_cols, 3);
    assert_string_equal(m->enc.columns[2], "part[night]:x");
    struct table *t = scored(&b, m);
    assert_close(cell(t, "prediction", 0),
                 coef(&b, m, "(intercept)") + 1.0 * coef(&b, m, "part[day]:x"), 1e-12, 0);
    table_unref(t);
    ml_unref(m);
    bench_end(&b);
}

TEST(evaluate_measures_and_refuses)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, small);
    b.f.target = plain(&b, "y");
    add(&b, plain(&b, "x"));
    struct model *m = fits(&b, "linear", 0);
    struct table *t;
    const char *auc = "auc";
    assert_ok(b.cx, ml_evaluate(b.cx, b.x, m, b.data, NULL, 0, NULL, NO_SPAN, &t));
    assert_int_equal(t->n_rows, 4);
    int64_t r2 = row_of(t, "r2");
    struct table *report = part_of(&b, m, "report");
    assert_close(cell(t, "value", r2), cell(report, "r2", 0), 1e-12, 0);
    assert_close(cell(t, "value", 0), cell(report, "rmse", 0), 1e-12, 0);
    table_unref(report);
    table_unref(t);
    assert_err(b.cx, E209, ml_evaluate(b.cx, b.x, m, b.data, &auc, 1, NULL, NO_SPAN, &t));
    assert_err(b.cx, E209, ml_evaluate(b.cx, b.x, m, b.data, NULL, 0, "roc", NO_SPAN, &t));
    bench_text(&b, "x\n1\n");
    assert_err(b.cx, E406, ml_evaluate(b.cx, b.x, m, b.data, NULL, 0, NULL, NO_SPAN, &t));
    bench_text(&b, "y,x\n1,1\n,2\n2,\n");
    b.n_warned = 0;
    assert_ok(b.cx, ml_evaluate(b.cx, b.x, m, b.data, NULL, 0, NULL, NO_SPAN, &t));
    assert_int_equal(b.n_warned, 2);
    assert_string_equal(b.warned[0], "W405 evaluate: 1 row scores null: null in `x`");
    assert_string_equal(b.warned[1], "W304 evaluate: 1 of 3 rows left out: `y` is null");
    table_unref(t);
    ml_unref(m);
    bench_end(&b);
}
