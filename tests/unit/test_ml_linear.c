/* The linear families against scikit-learn, statsmodels and scipy (tests/oracle/ml_linear.py), and
 * what they do with what cannot be fitted. */
#include "tests/unit/ml_fixture.h"

#include "runtime/ml/linalg_int.h"
#include "runtime/ml/ml_int.h"

/* "l1=0.2 standardize=false loss=huber" as arguments. */
static void set_args(struct bench *b, struct ml_fit_spec *s, const char *text)
{
    char *copy = arena_printf(b->cx->arena, "%s", text), *save = NULL;
    struct ml_arg *args = ARENA_ARRAY(b->cx->arena, struct ml_arg, 12);
    for (char *p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
        char *eq = strchr(p, '='), *end;
        *eq = '\0';
        struct scalar v = {.type = DTYPE(KIND_NUM), .u.f = strtod(eq + 1, &end)};
        if (*end && (strcmp(eq + 1, "true") == 0 || strcmp(eq + 1, "false") == 0))
            v = (struct scalar){.type = DTYPE(KIND_BOOL), .u.b = eq[1] == 't'};
        else if (*end)
            v = (struct scalar){.type = DTYPE(KIND_STR), .u.s = str_of(eq + 1)};
        else if (strcmp(p, "max_iter") == 0)
            v = (struct scalar){.type = DTYPE(KIND_INT), .u.i = (int64_t)v.u.f};
        args[s->n_args++] = (struct ml_arg){.name = p, .value = v};
    }
    s->args = args;
}

static void add_offset(struct bench *b, const char *name)
{
    add(b, plain(b, name));
    b->f.terms[b->f.n_terms - 1].is_offset = true;
}

struct model_case {
    const char *name, *family, *args, *target;
    bool is_weighted, has_offset;
    double tol, error_tol;
};

static struct model *fit_case(struct bench *b, const struct model_case *c)
{
    struct model *m;
    b->f.n_terms = 0;
    add(b, plain(b, "a"));
    add(b, plain(b, "b"));
    add(b, plain(b, "c"));
    if (b->f.intercept) add(b, plain(b, "g"));
    if (c->has_offset) add_offset(b, "o");
    b->f.target = plain(b, c->target);
    struct ml_fit_spec s = spec_of(b, c->family);
    set_args(b, &s, c->args);
    if (c->is_weighted) s.weights = col(b, "w");
    assert_ok(b->cx, ml_fit(b->cx, b->x, &s, b->data, &m));
    return m;
}

static double report_value(const struct table *report, const char *name)
{
    return cell(report, name, 0);
}

/* Row of a coefficient: of that class where there are classes. */
static int64_t coef_row(const struct table *t, const char *class, const char *term)
{
    int at = schema_find(t->schema, str_of("term"));
    for (int64_t i = 0; i < t->n_rows; i++)
        if (str_eqz(column_scalar(t->cols[at], i).u.s, term) &&
            (!class || str_eqz(column_scalar(t->cols[0], i).u.s, class)))
            return i;
    return -1;
}

static void check_line(const struct model_case *c, const struct table *coef,
                       const struct table *report, const char *class, char *line)
{
    char *save, *term = strtok_r(line, ",", &save), *value = strtok_r(NULL, ",\n", &save);
    char *error = strtok_r(NULL, ",\n", &save);
    int64_t row = coef_row(coef, class, term);
    double want = strtod(value, NULL);
    double got = row < 0 ? report_value(report, term) : cell(coef, "estimate", row);
    double tol = row < 0 ? fmax(c->tol * 100, 1e-9) : c->tol;
    if (!(fabs(got - want) <= tol * (1 + fabs(want))))
        fail_msg("%s %s: %.15g is not %.15g", c->name, term, got, want);
    if (!error) return;
    double e = cell(coef, "std_error", row), want_e = strtod(error, NULL);
    if (!(fabs(e - want_e) <= c->error_tol * want_e))
        fail_msg("%s %s: error %.15g is not %.15g", c->name, term, e, want_e);
}

/* Lines `case,` or, of classes, `case_CLASS,`. */
static void check_case(struct bench *b, const struct model_case *c, const struct model *m)
{
    char line[512];
    int n = 0;
    struct table *coef = part_of(b, m, "coef"), *report = part_of(b, m, "report");
    bool has_classes = schema_find(coef->schema, str_of("class")) >= 0;
    FILE *file = fopen(DATA "ml_linear_expected.csv", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        size_t len = strlen(c->name);
        if (strncmp(line, c->name, len) != 0) continue;
        bool of_class = has_classes && line[len] == '_' && line[len + 1] && line[len + 2] == ',';
        if (!of_class && line[len] != ',') continue;
        char class[2] = {line[len + 1], '\0'};
        check_line(c, coef, report, of_class ? class : NULL, line + len + (of_class ? 3 : 1));
        n++;
    }
    fclose(file);
    table_unref(coef);
    table_unref(report);
    if (n < 3) fail_msg("no expectation of %s", c->name);
    if (b->n_warned > 0) fail_msg("%s: %s", c->name, b->warned[0]);
}

static void run_cases(const struct model_case *c, size_t n, bool intercept)
{
    for (size_t i = 0; i < n; i++) {
        struct bench b;
        bench_begin(&b, i % 2 ? 2 : 1);
        bench_read(&b, DATA "ml_linear.csv");
        b.f.intercept = intercept;
        struct model *m = fit_case(&b, &c[i]);
        check_case(&b, &c[i], m);
        ml_unref(m);
        bench_end(&b);
    }
}
#define RUN(cases) run_cases(cases, sizeof cases / sizeof *cases, true)

TEST(penalised_least_squares)
{
    static const struct model_case cases[] = {
        {"lasso_raw", "lasso", "l1=0.2 standardize=false", "y", false, false, 1e-10, 0},
        {"lasso_weighted", "lasso", "l1=0.2", "y", true, true, 1e-10, 0},
        {"elastic", "elastic", "l1=0.12 l2=0.18", "y", false, false, 1e-10, 0},
        {"elastic", "linear", "l1=0.12 l2=0.18", "y", false, false, 1e-10, 0},
    };
    RUN(cases);
}

TEST(huber)
{
    static const struct model_case cases[] = {
        {"huber", "linear", "loss=huber", "y", false, false, 1e-6, 0},
        {"huber_l2", "linear", "loss=huber l2=0.1 standardize=false", "y", true, false, 1e-6, 0},
    };
    RUN(cases);
}

TEST(logistic_with_penalties)
{
    static const struct model_case cases[] = {
        {"logit_l2", "logistic", "l2=0.05", "z", false, false, 1e-9, 0},
        {"logit_l2", "logistic", "l2=0.05 solver=lbfgs", "z", false, false, 1e-6, 0},
        {"logit_l1", "logistic", "l1=0.05", "z", false, false, 1e-9, 0},
        {"logit_l1", "logistic", "l1=0.05 solver=lbfgs", "z", false, false, 1e-6, 0},
        {"logit_elastic", "logistic", "l1=0.03 l2=0.02 standardize=false", "z", false, false, 1e-9,
         0},
        {"logit_elastic", "logistic", "l1=0.03 l2=0.02 standardize=false solver=lbfgs", "z", false,
         false, 1e-6, 0},
    };
    RUN(cases);
}

TEST(multinomial)
{
    static const struct model_case cases[] = {
        {"multi", "logistic", "", "k", false, false, 1e-8, 0},
        {"multi", "logistic", "solver=lbfgs", "k", false, false, 2e-6, 0},
        {"multi_l2", "logistic", "l2=0.02", "k", false, false, 1e-9, 0},
        {"multi_l2", "logistic", "l2=0.02 solver=lbfgs", "k", false, false, 1e-6, 0},
        {"multi_l1", "logistic", "l1=0.03", "k", false, false, 1e-8, 0},
        {"multi_l1", "logistic", "l1=0.03 solver=lbfgs", "k", false, false, 1e-6, 0},
        {"multi_elastic", "logistic", "l1=0.02 l2=0.01 standardize=false", "k", false, false, 1e-8,
         0},
    };
    RUN(cases);
}

TEST(support_vectors)
{
    static const struct model_case cases[] = {
        {"svm_hinge", "svm", "l2=0.05", "z", false, false, 2e-5, 0},
    };
    static const struct model_case plane[] = {
        {"svm_squared", "svm", "loss=squared_hinge l2=0.02 standardize=false", "z", false, false,
         1e-7, 0},
    };
    RUN(cases);
    run_cases(plane, 1, false);
}

TEST(generalised_linear_models)
{
    static const struct model_case cases[] = {
        {"gaussian", "glm", "", "y", false, false, 1e-9, 1e-8},
        {"gaussian_log", "glm", "link=log", "positive", false, false, 1e-7, 1e-6},
        {"binomial", "glm", "family=binomial", "z", false, false, 1e-9, 1e-8},
        {"binomial_probit", "glm", "family=binomial link=probit", "share", true, false, 1e-8, 1e-7},
        {"binomial_cloglog", "glm", "family=binomial link=cloglog", "share", true, false, 1e-8,
         1e-7},
        {"binomial_share", "glm", "family=binomial", "share", true, false, 1e-9, 1e-8},
        {"poisson", "glm", "family=poisson", "count", false, true, 1e-9, 1e-8},
        {"poisson_weighted", "glm", "family=poisson", "count", true, false, 1e-9, 1e-8},
        {"poisson_sqrt", "glm", "family=poisson link=sqrt", "count", false, false, 1e-7, 1e-6},
        {"gamma", "glm", "family=gamma", "positive", false, false, 1e-8, 1e-7},
        {"gamma_log", "glm", "family=gamma link=log", "positive", true, false, 1e-8, 1e-7},
        {"gamma_identity", "glm", "family=gamma link=identity", "positive", false, false, 1e-7,
         1e-6},
        {"tweedie", "glm", "family=tweedie", "claims", false, false, 1e-8, 1e-7},
        {"inverse_gaussian", "glm", "family=tweedie power=3 link=log", "positive", false, false,
         1e-7, 1e-6},
        {"power", "glm", "family=gamma link=power link_power=-0.5", "positive", false, false, 1e-7,
         1e-6},
        {"poisson_l2", "glm", "family=poisson l2=0.1", "count", false, false, 1e-8, 0},
        {"gamma_l2", "glm", "family=gamma link=log l2=0.1", "positive", false, false, 1e-8, 0},
        {"tweedie_l2", "glm", "family=tweedie l2=0.1", "claims", false, false, 1e-8, 0},
    };
    RUN(cases);
}

/* ---- cells ---- */
static void many_levels(struct bench *b, int n, int levels)
{
    struct strbuf s = {0};
    strbuf_addz(&s, "u,v,y,z,c\n");
    for (int i = 0; i < n; i++) {
        unsigned h = (unsigned)i * 2654435761u;
        int u = (int)(h >> 8) % levels, v = (int)(h >> 3) % 7;
        double x = (double)(h % 1000) / 1000, y = x + u % 5 - v % 3 + (double)(h % 77) / 50;
        strbuf_printf(&s, "u%05d,v%d,%.6f,%d,k%d\n", u, v, y, y + (double)(h % 13) / 4 > 3,
                      ((int)y + (int)(h % 3)) % 3 == 0 ? 0 : (int)(h % 2) + 1);
    }
    bench_text(b, s.p);
    strbuf_release(&s);
}

TEST(sums_by_cells_are_the_transpose_of_products)
{
    struct bench b;
    struct ctx *cx = bench_begin(&b, 1);
    bench_read(&b, DATA "ml_linear.csv");
    add(&b, plain(&b, "a"));
    add(&b, onehot(&b, "g"));
    add(&b, plain(&b, "k"));
    add_product(&b, plain(&b, "b"), plain(&b, "g"));
    add_product(&b, plain(&b, "g"), plain(&b, "k"));
    add_product(&b, plain(&b, "a"), plain(&b, "c"));
    b.f.target = plain(&b, "y");
    struct ml_fit_spec s = spec_of(&b, "linear");
    struct model *m = model_new(s.family);
    struct rows r = {.arena = arena_new()};
    assert_ok(cx, linalg_load(cx, NO_SPAN));
    assert_ok(cx, ml_params(cx, m->arena, m->family, NULL, 0, NO_SPAN, &m->params));
    assert_ok(cx, ml_prepare(cx, b.x, &s, b.data, m, &r));
    int n = (int)r.n, p = m->enc.n_cols;
    assert_true(p > 10);
    double *x = ARENA_ARRAY(cx->arena, double, n *p),
           *by_col = ARENA_ARRAY(cx->arena, double, n *p);
    double *beta = ARENA_ARRAY(cx->arena, double, p), *coef = ARENA_ARRAY(cx->arena, double, n);
    double *dot = ARENA_ARRAY(cx->arena, double, n), *grad = ARENA_ARRAY(cx->arena, double, p);
    double *sum = ARENA_ARRAY(cx->arena, double, p), *squares = ARENA_ARRAY(cx->arena, double, p);
    double *zero = ARENA_ARRAY(cx->arena, double, p);
    for (int j = 0; j < p; j++)
        beta[j] = 0.3 * j - 1;
    for (int i = 0; i < n; i++)
        coef[i] = (i * 37 % 19) - 9.5;
    enc_fill(&m->enc, &r.in, 0, n, x);
    enc_columns(&m->enc, &r.in, 0, n, by_col);
    enc_dot(&m->enc, &r.in, 0, n, beta, dot);
    enc_add(&m->enc, &r.in, 0, n, coef, grad);
    enc_add_squares(&m->enc, &r.in, 0, n, coef, zero, sum, squares);
    for (int i = 0; i < n; i++) {
        double want = 0;
        for (int j = 0; j < p; j++) {
            want += x[i * p + j] * beta[j];
            assert_true(x[i * p + j] == by_col[j * n + i]);
        }
        assert_close(dot[i], want, 1e-12, 1e-12);
    }
    for (int j = 0; j < p; j++) {
        double want = 0, square = 0;
        for (int i = 0; i < n; i++) {
            want += coef[i] * x[i * p + j];
            square += coef[i] * x[i * p + j] * x[i * p + j];
        }
        assert_close(grad[j], want, 1e-12, 1e-10);
        assert_close(sum[j], want, 1e-12, 1e-10);
        assert_close(squares[j], square, 1e-12, 1e-9);
    }
    arena_free(r.arena);
    ml_unref(m);
    bench_end(&b);
}

/* Fits of the same objective by cells (L-BFGS) and by a dense design (Newton). */
static void same_by_cells(const char *target, const char *family, const char *dense,
                          const char *cells)
{
    struct bench b;
    bench_begin(&b, 2);
    many_levels(&b, 3000, 60);
    add(&b, onehot(&b, "u"));
    add(&b, plain(&b, "v"));
    b.f.target = plain(&b, target);
    struct table *t[2];
    for (int k = 0; k < 2; k++) {
        struct model *m;
        struct ml_fit_spec s = spec_of(&b, family);
        set_args(&b, &s, k == 0 ? dense : cells);
        assert_ok(b.cx, ml_fit(b.cx, b.x, &s, b.data, &m));
        t[k] = part_of(&b, m, "coef");
        ml_unref(m);
    }
    assert_true(t[0]->n_rows >= 60);
    for (int64_t i = 0; i < t[0]->n_rows; i++)
        assert_close(cell(t[0], "estimate", i), cell(t[1], "estimate", i), 1e-5, 1e-5);
    assert_int_equal(b.n_warned, 0);
    table_unref(t[0]);
    table_unref(t[1]);
    bench_end(&b);
}

TEST(cells_and_dense_designs_agree)
{
    same_by_cells("z", "logistic", "l2=0.01 solver=newton", "l2=0.01 solver=lbfgs tol=1e-11");
    same_by_cells("z", "logistic", "l1=0.002 l2=0.01 solver=newton",
                  "l1=0.002 l2=0.01 solver=lbfgs tol=1e-11");
    same_by_cells("c", "logistic", "l2=0.02 solver=newton", "l2=0.02 solver=lbfgs tol=1e-11");
}

TEST(more_columns_than_a_dense_design_has)
{
    static const char *const fits[][3] = {{"logistic", "l2=0.001", "z"},
                                          {"logistic", "l1=0.0005", "z"},
                                          {"logistic", "l2=0.01", "c"},
                                          {"svm", "loss=squared_hinge l2=0.01", "z"},
                                          {"svm", "l2=0.01", "z"},
                                          {"ridge", "l2=0.1", "y"},
                                          {"lasso", "l1=0.01", "y"},
                                          {"linear", "loss=huber l2=0.1", "y"},
                                          {"glm", "family=gaussian l2=0.1", "y"}};
    struct bench b;
    struct ctx *cx = bench_begin(&b, 2);
    many_levels(&b, 20000, 6000);
    add(&b, onehot(&b, "u"));
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
        struct model *m;
        struct plan *scored;
        b.f.target = plain(&b, fits[i][2]);
        struct ml_fit_spec s = spec_of(&b, fits[i][0]);
        set_args(&b, &s, fits[i][1]);
        assert_ok(cx, ml_fit(cx, b.x, &s, b.data, &m));
        assert_true(m->enc.n_cols > ENC_MAX_COLS);
        assert_true(isfinite(m->report.loss));
        if (b.n_warned) fail_msg("%s(%s): %s", fits[i][0], fits[i][1], b.warned[0]);
        assert_ok(cx, ml_score_plan(cx, m, b.data, -1, NO_SPAN, &scored));
        struct table *t = run(&b, scored);
        assert_int_equal(t->n_rows, 20000);
        assert_int_equal(t->cols[schema_find(t->schema, str_of("prediction"))]->n_null, 0);
        table_unref(t);
        plan_unref(scored);
        ml_unref(m);
    }
    bench_end(&b);
}

/* ---- the file ---- */
TEST(models_are_the_same_after_a_reload)
{
    static const struct model_case cases[] = {
        {"", "lasso", "l1=0.2", "y", false, false, 0, 0},
        {"", "linear", "loss=huber", "y", true, false, 0, 0},
        {"", "logistic", "l2=0.02", "k", false, false, 0, 0},
        {"", "svm", "l2=0.05", "z", false, false, 0, 0},
        {"", "glm", "family=gamma", "positive", false, false, 0, 0},
        {"", "glm", "family=tweedie power=1.2 link=power link_power=0.5", "claims", false, false, 0,
         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b;
        struct ctx *cx = bench_begin(&b, 1);
        bench_read(&b, DATA "ml_linear.csv");
        struct model *m = fit_case(&b, &cases[i]), *again;
        struct strbuf one = {0}, two = {0};
        ml_save_bytes(m, &one);
        assert_ok(cx, ml_load_bytes(cx, one.p, one.n, "m.model", NO_SPAN, &again));
        ml_save_bytes(again, &two);
        assert_int_equal(one.n, two.n);
        assert_memory_equal(one.p, two.p, one.n);
        struct plan *p[2];
        struct table *t[2];
        assert_ok(cx, ml_score_plan(cx, m, b.data, -1, NO_SPAN, &p[0]));
        assert_ok(cx, ml_score_plan(cx, again, b.data, -1, NO_SPAN, &p[1]));
        for (int k = 0; k < 2; k++)
            t[k] = run(&b, p[k]);
        const char *name = model_n_classes(m) ? "probability" : "prediction";
        for (int64_t row = 0; row < t[0]->n_rows; row++) {
            double v = cell(t[0], name, row), w = cell(t[1], name, row);
            assert_memory_equal(&v, &w, sizeof v);
            assert_true(isfinite(v));
        }
        for (int k = 0; k < 2; k++) {
            table_unref(t[k]);
            plan_unref(p[k]);
        }
        strbuf_release(&one);
        strbuf_release(&two);
        ml_unref(again);
        ml_unref(m);
        bench_end(&b);
    }
}

/* ---- what cannot be fitted, or hardly ---- */
static void refuses(struct bench *b, const char *family, const char *args, enum err_code code,
                    const char *message)
{
    struct model *m = NULL;
    struct ml_fit_spec s = spec_of(b, family);
    set_args(b, &s, args);
    if (ml_fit(b->cx, b->x, &s, b->data, &m) == RC_OK) fail_msg("expected %s", message);
    assert_int_equal(b->cx->err->code, code);
    assert_string_equal(b->cx->err->message, message);
    err_clear(b->cx->err);
}

TEST(targets_that_a_glm_cannot_have)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "x,y,k\n1,0.5,3\n2,-1,3\n3,2,3\n4,0,3\n5,1,3\n");
    add(&b, plain(&b, "x"));
    b.f.target = plain(&b, "y");
    refuses(&b, "glm", "family=poisson", E409,
            "this glm takes numbers of 0 and more as target; 1 row has another `y`, the first -1");
    refuses(&b, "glm", "family=gamma", E409,
            "this glm takes positive numbers as target; 2 rows have another `y`, the first -1");
    refuses(&b, "glm", "family=binomial", E409,
            "this glm takes numbers from 0 to 1 as target; 2 rows have another `y`, the first -1");
    refuses(&b, "glm", "family=tweedie power=0.5", E209,
            "no tweedie family has power 0.5: 0, or 1 and more");
    refuses(&b, "glm", "link=probit", E209,
            "logit, probit and cloglog are links of family: binomial");
    b.f.target = plain(&b, "k");
    refuses(&b, "glm", "family=poisson", E404, "`k` is the same in all 5 rows");
    refuses(&b, "linear", "loss=huber", E404, "`k` is the same in all 5 rows");
    bench_end(&b);
}

static struct model *fits(struct bench *b, const char *target, const char *family, const char *args)
{
    struct model *m;
    b->f.target = plain(b, target);
    struct ml_fit_spec s = spec_of(b, family);
    set_args(b, &s, args);
    assert_ok(b->cx, ml_fit(b->cx, b->x, &s, b->data, &m));
    assert_true(isfinite(m->report.loss));
    struct table *t = part_of(b, m, "coef");
    for (int64_t i = 0; i < t->n_rows; i++)
        assert_true(!isinf(cell(t, "estimate", i)));
    table_unref(t);
    return m;
}

/* Seven rows, nine columns, two of them twins, one constant; perfectly separable. */
TEST(few_rows_twins_and_constants)
{
    static const char *const fine[][3] = {{"y", "ridge", "l2=0.1"},
                                          {"y", "lasso", "l1=0.05"},
                                          {"y", "elastic", ""},
                                          {"y", "linear", "loss=huber l2=2"},
                                          {"z", "logistic", "l2=0.1"},
                                          {"z", "logistic", "l1=0.05"},
                                          {"k", "logistic", "l2=0.1"},
                                          {"k", "logistic", "l1=0.05"},
                                          {"z", "svm", ""},
                                          {"z", "svm", "loss=squared_hinge"},
                                          {"y", "glm", "family=gamma link=log l2=0.1"}};
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "a,b,c,d,e,f,g,h,i,y,z,k\n"
                   "1,1,5,2,7,1,0,3,1,2.5,0,u\n2,2,5,1,3,4,1,1,2,3.5,0,v\n3,3,5,4,1,1,0,2,8,5,0,x\n"
                   "4,4,5,3,2,6,1,5,1,6.5,0,u\n5,5,5,7,2,1,1,4,3,8,1,v\n6,6,5,5,9,2,0,6,1,9.5,1,x\n"
                   "7,7,5,6,1,3,1,7,4,12,1,u\n");
    for (const char *p = "abcdefghi"; *p; p++)
        add(&b, plain(&b, arena_printf(b.cx->arena, "%c", *p)));
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct model *m = fits(&b, fine[i][0], fine[i][1], fine[i][2]);
        if (b.n_warned) fail_msg("%s(%s): %s", fine[i][1], fine[i][2], b.warned[0]);
        struct table *t = part_of(&b, m, "coef");
        if (strstr(fine[i][2], "l2=") &&
            !strstr(fine[i][2], "l1")) /* twins share, a constant has nothing */
            assert_close(cell(t, "estimate", coef_row(t, NULL, "a")),
                         cell(t, "estimate", coef_row(t, NULL, "b")), 1e-6, 1e-9);
        assert_close(cell(t, "estimate", coef_row(t, NULL, "c")), 0, 0, 0);
        table_unref(t);
        ml_unref(m);
    }
    ml_unref(fits(&b, "z", "logistic", ""));
    assert_memory_equal(b.warned[0], "W404", 4);
    bench_end(&b);
}

TEST(classes_that_columns_separate)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b,
               "x,y,n,k\n1,0,0,u\n2,0,0,u\n3,0,0,u\n4,1,3,v\n5,1,2,v\n6,1,4,v\n7,1,1,x\n8,1,3,x\n");
    add(&b, plain(&b, "x"));
    ml_unref(fits(&b, "y", "glm", "family=binomial"));
    assert_int_equal(b.n_warned, 1);
    assert_memory_equal(b.warned[0], "W402", 4);
    b.n_warned = 0;
    ml_unref(fits(&b, "k", "logistic", ""));
    assert_int_equal(b.n_warned, 1);
    assert_memory_equal(b.warned[0], "W402", 4);
    b.n_warned = 0;
    ml_unref(fits(&b, "y", "svm", ""));
    assert_int_equal(b.n_warned, 0);
    bench_end(&b);
}

TEST(an_exact_fit_has_no_scale)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "x,y\n1,3\n2,5\n3,7\n4,9\n5,11\n");
    add(&b, plain(&b, "x"));
    struct model *m = fits(&b, "y", "linear", "loss=huber");
    struct table *t = part_of(&b, m, "coef");
    assert_close(cell(t, "estimate", 1), 2, 1e-9, 0);
    assert_close(m->report.loss, 0, 0, 0);
    table_unref(t);
    ml_unref(m);
    bench_end(&b);
}

TEST(rows_of_no_weight_are_no_rows)
{
    struct bench b;
    bench_begin(&b, 1);
    bench_text(&b, "x,y,w\n1,0.4,1\n2,1.9,2\n3,3.7,1\n4,4,3\n5,1000,0\n-1,900,0\n");
    add(&b, plain(&b, "x"));
    b.f.target = plain(&b, "y");
    struct table *t[2];
    for (int k = 0; k < 2; k++) {
        struct model *m;
        struct ml_fit_spec s = spec_of(&b, "glm");
        set_args(&b, &s, "family=gamma link=log");
        s.weights = col(&b, "w");
        assert_ok(b.cx, ml_fit(b.cx, b.x, &s, b.data, &m));
        assert_int_equal(m->report.n, 4);
        t[k] = part_of(&b, m, "coef");
        ml_unref(m);
        struct plan *kept = filtered(&b, call2(&b, "<", col(&b, "y"), lit_int(&b, 500)));
        plan_unref(b.data);
        b.data = kept;
    }
    for (int i = 0; i < 2; i++)
        assert_close(cell(t[0], "estimate", i), cell(t[1], "estimate", i), 0, 0);
    table_unref(t[0]);
    table_unref(t[1]);
    bench_end(&b);
}
