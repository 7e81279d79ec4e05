/* The linear families against scikit-learn, statsmodels and scipy (tests/oracle/ml_linear.py), and
 * what they do with what cannot be fitted. */
#include "tests/unit/ml_fixture.h"

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
