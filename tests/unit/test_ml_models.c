/* Linear and logistic regression on plain arrays against numpy and scipy
 * (tests/oracle/ml_models.py). */
#include "tests/unit/unit.h"

#include "runtime/ml/linalg_int.h"
#include "runtime/ml/ml_int.h"
#include "runtime/ml/models/linear_int.h"

#define DATA TEST_SOURCE_DIR "/tests/data/oracle/"
enum { N = 160 };

struct fixture {
    struct unit u;
    double a[N], b[N], c[N], w[N], o[N], y[N], z[N];
    int32_t g[N];
    struct model *m;
    struct rows rows;
    struct ml_fit_spec spec;
    struct formula formula;
    struct feature target;
    int n_warned;
    struct notify notify;
    char warned[1200];
};

static void on_warn(void *self, const struct error *w)
{
    struct fixture *f = self;
    f->n_warned++;
    snprintf(f->warned, sizeof f->warned, "%s %s", err_name(w->code), w->message);
}

static void read_data(struct fixture *f)
{
    FILE *file = fopen(DATA "ml_models.csv", "r");
    assert_non_null(file);
    char head[64];
    assert_non_null(fgets(head, sizeof head, file));
    for (int i = 0; i < N; i++) {
        double g;
        assert_int_equal(fscanf(file, "%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", &f->a[i], &f->b[i],
                                &f->c[i], &g, &f->w[i], &f->o[i], &f->y[i], &f->z[i]),
                         8);
        f->g[i] = (int32_t)g;
    }
    fclose(file);
}

static void add_number(struct model *m, struct rows *r, const char *name, const double *v)
{
    struct encoder *e = &m->enc;
    e->features[e->n_features] = (struct enc_feature){.name = name, .ref = -1};
    int *features = ARENA_ARRAY(m->arena, int, 1);
    features[0] = e->n_features;
    e->terms[e->n_terms++] = (struct enc_term){.name = name, .features = features, .n_features = 1};
    r->in.num[e->n_features++] = v;
}

static void add_category(struct model *m, struct rows *r, const char *name, const int32_t *v)
{
    struct encoder *e = &m->enc;
    static const char *texts[] = {"0", "1", "2"};
    struct enc_feature f = {.name = name, .kind = ENC_CATEGORY, .n_levels = 3};
    f.levels = ARENA_ARRAY(m->arena, struct enc_level, 3);
    for (int i = 0; i < 3; i++)
        f.levels[i] =
            (struct enc_level){.text = texts[i], .value = {.type = DTYPE(KIND_INT), .u.i = i}};
    enc_index_levels(m->arena, &f);
    e->features[e->n_features] = f;
    int *features = ARENA_ARRAY(m->arena, int, 1);
    features[0] = e->n_features;
    e->terms[e->n_terms++] = (struct enc_term){.name = name, .features = features, .n_features = 1};
    r->in.code[e->n_features++] = v;
}

static struct ctx *begin(struct fixture *f, const char *family, int threads)
{
    memset(f, 0, sizeof *f);
    struct ctx *cx = unit_begin(&f->u, threads);
    f->notify = (struct notify){.self = f, .warn = on_warn};
    cx->notify = &f->notify;
    linalg_setup();
    read_data(f);
    f->m = model_new(ml_family_find(str_of(family)));
    f->m->formula = "~";
    f->m->target.text = "y";
    f->m->enc.features = ARENA_ARRAY(f->m->arena, struct enc_feature, 8);
    f->m->enc.terms = ARENA_ARRAY(f->m->arena, struct enc_term, 8);
    f->m->enc.intercept = true;
    f->rows = (struct rows){.enc = &f->m->enc, .n = N, .w_sum = N, .arena = f->m->arena};
    f->rows.in.num = ARENA_ARRAY(f->m->arena, const double *, 8);
    f->rows.in.code = ARENA_ARRAY(f->m->arena, const int32_t *, 8);
    f->rows.y = f->m->family->task == ML_CLASS ? f->z : f->y;
    f->formula.target = &f->target;
    f->spec = (struct ml_fit_spec){.family = f->m->family, .formula = &f->formula};
    return cx;
}

static void weigh(struct fixture *f)
{
    f->rows.w = f->w;
    f->rows.offset = f->o;
    f->rows.w_sum = 0;
    for (int i = 0; i < N; i++)
        f->rows.w_sum += f->w[i];
}

static void fit(struct fixture *f, double l2, bool standardize)
{
    struct ctx *cx = &f->u.cx;
    struct ml_arg args[] = {
        {.name = "l2", .value = {.type = DTYPE(KIND_NUM), .u.f = l2}},
        {.name = "standardize", .value = {.type = DTYPE(KIND_BOOL), .u.b = standardize}}};
    assert_ok(cx, ml_params(cx, f->m->arena, f->m->family, args, 2, NO_SPAN, &f->m->params));
    assert_ok(cx, enc_code_terms(cx, f->m->arena, &f->m->enc, false, NO_SPAN));
    assert_ok(cx, f->m->family->cls->fit(cx, &f->spec, &f->rows, f->m));
}

static void all_columns(struct fixture *f)
{
    add_number(f->m, &f->rows, "a", f->a);
    add_number(f->m, &f->rows, "b", f->b);
    add_number(f->m, &f->rows, "c", f->c);
    add_category(f->m, &f->rows, "g", f->g);
}

static void finish(struct fixture *f)
{
    ml_unref(f->m);
    unit_end(&f->u);
}

static double stat_of(const struct model *m, const char *name)
{
    if (strcmp(name, "loss") == 0) return m->report.loss;
    for (int i = 0; i < m->report.n_stats; i++)
        if (strcmp(m->report.stats[i].name, name) == 0) return m->report.stats[i].value;
    fail_msg("no statistic %s", name);
    return 0;
}

static int coef_at(const struct table *t, const char *term)
{
    for (int64_t i = 0; i < t->n_rows; i++)
        if (str_eqz(column_scalar(t->cols[0], i).u.s, term)) return (int)i;
    return -1;
}

/* One line of the expectation against the model. */
static void check_line(struct fixture *f, const struct table *t, char *line, double tol)
{
    char *save, *term = strtok_r(line, ",", &save), *value = strtok_r(NULL, ",\n", &save);
    char *error = strtok_r(NULL, ",\n", &save), *p = error ? strtok_r(NULL, ",\n", &save) : NULL;
    int at = coef_at(t, term);
    if (at < 0) {
        assert_close(stat_of(f->m, term), strtod(value, NULL), tol * 10, 1e-300);
        return;
    }
    assert_close(column_scalar(t->cols[1], at).u.f, strtod(value, NULL), tol, tol);
    assert_int_equal(column_scalar(t->cols[2], at).is_null, error == NULL);
    if (error) assert_close(column_scalar(t->cols[2], at).u.f, strtod(error, NULL), tol * 100, 0);
    if (p) assert_close(column_scalar(t->cols[4], at).u.f, strtod(p, NULL), tol * 1000, 1e-300);
}

static void check(struct fixture *f, const char *name, double tol)
{
    struct ctx *cx = &f->u.cx;
    struct table *t;
    char line[512];
    int n = 0;
    assert_ok(cx, f->m->family->cls->coef(cx, f->m, &t));
    FILE *file = fopen(DATA "ml_models_expected.csv", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        size_t len = strlen(name);
        if (strncmp(line, name, len) != 0 || line[len] != ',') continue;
        check_line(f, t, line + len + 1, tol);
        n++;
    }
    fclose(file);
    table_unref(t);
    assert_true(n >= 6);
    assert_int_equal(f->n_warned, 0);
}

static void run_case(const char *name, const char *family, bool weighted, double l2,
                     bool standardize, int threads)
{
    struct fixture f;
    begin(&f, family, threads);
    if (strcmp(name, "no_intercept") == 0) {
        f.m->enc.intercept = false;
        add_number(f.m, &f.rows, "a", f.a);
        add_number(f.m, &f.rows, "b", f.b);
        add_number(f.m, &f.rows, "c", f.c);
        static double one[N], two[N];
        for (int i = 0; i < N; i++) {
            one[i] = f.g[i] == 1;
            two[i] = f.g[i] == 2;
        }
        add_number(f.m, &f.rows, "g[1]", one);
        add_number(f.m, &f.rows, "g[2]", two);
    } else {
        all_columns(&f);
    }
    if (weighted) weigh(&f);
    fit(&f, l2, standardize);
    check(&f, name, l2 > 0 && f.m->family->task == ML_CLASS ? 1e-9 : 1e-10);
    finish(&f);
}

TEST(least_squares_agrees_with_lstsq)
{
    run_case("ols", "linear", false, 0, true, 1);
    run_case("wls", "linear", true, 0, true, 2);
    run_case("no_intercept", "linear", false, 0, true, 1);
}

TEST(ridge_agrees_with_an_optimizer)
{
    run_case("ridge", "ridge", false, 0.7, true, 1);
    run_case("ridge_weighted", "linear", true, 0.7, true, 1);
    run_case("ridge_raw", "ridge", false, 0.7, false, 1);
}

TEST(logistic_agrees_with_an_optimizer)
{
    run_case("logit", "logistic", false, 0, true, 1);
    run_case("logit_weighted", "logistic", true, 0, true, 2);
    run_case("logit_l2", "logistic", false, 0.3, true, 1);
    run_case("logit_l2_weighted", "logistic", true, 0.05, true, 1);
    run_case("logit_raw", "logistic", false, 0.3, false, 1);
}

TEST(collinear_column_is_named_with_what_explains_it)
{
    struct fixture f;
    begin(&f, "linear", 1);
    static double sum[N];
    for (int i = 0; i < N; i++)
        sum[i] = 2 * f.a[i] - f.c[i] + 7;
    all_columns(&f);
    add_number(f.m, &f.rows, "total", sum);
    fit(&f, 0, true);
    assert_int_equal(f.n_warned, 1);
    assert_string_equal(f.warned, "W404 fit: `total` was left out: `a` and `c` explain it fully");
    f.n_warned = 0;
    struct linear_fit *body = f.m->body;
    assert_true(body->left_out[3] == false && body->left_out[5] == true);
    check(&f, "ols", 1e-10);
    finish(&f);
}

TEST(constant_column_is_left_out)
{
    struct fixture f;
    begin(&f, "logistic", 1);
    static double k[N];
    for (int i = 0; i < N; i++)
        k[i] = 0.1;
    add_number(f.m, &f.rows, "k", k);
    all_columns(&f);
    fit(&f, 0, true);
    assert_string_equal(f.warned, "W404 fit: `k` was left out: it is the same in every row");
    f.n_warned = 0;
    check(&f, "logit", 1e-9);
    finish(&f);
}

TEST(badly_scaled_columns_lose_no_digits)
{
    struct fixture f;
    begin(&f, "linear", 1);
    static double a[N];
    for (int i = 0; i < N; i++)
        a[i] = 1e9 + f.a[i] * 1e-3; /* mean 1e9, sd 3e-3 */
    add_number(f.m, &f.rows, "a", a);
    fit(&f, 0, true);
    struct linear_fit *body = f.m->body;
    double slope = body->beta[0];
    struct fixture plain;
    begin(&plain, "linear", 1);
    add_number(plain.m, &plain.rows, "a", plain.a);
    fit(&plain, 0, true);
    assert_close(slope * 1e-3, ((struct linear_fit *)plain.m->body)->beta[0], 1e-4, 0);
    finish(&plain);
    finish(&f);
}

TEST(separable_classes_warn_and_stop)
{
    struct fixture f;
    begin(&f, "logistic", 1);
    static double step[N];
    for (int i = 0; i < N; i++)
        f.z[i] = f.a[i] > 10;
    add_number(f.m, &f.rows, "a", f.a);
    fit(&f, 0, true);
    assert_int_equal(f.n_warned, 1);
    assert_memory_equal(f.warned, "W402", 4);
    assert_false(f.m->report.converged);
    assert_true(f.m->report.iterations < 40);
    assert_true(isfinite(((struct linear_fit *)f.m->body)->beta[0]));
    finish(&f);

    begin(&f, "logistic", 1); /* one level holds one class only, the rest overlaps */
    for (int i = 0; i < N; i++) {
        step[i] = f.g[i] == 2;
        if (f.g[i] == 2) f.z[i] = 1;
    }
    add_number(f.m, &f.rows, "b", f.b);
    add_number(f.m, &f.rows, "step", step);
    fit(&f, 0, true);
    assert_int_equal(f.n_warned, 1);
    assert_non_null(strstr(f.warned, "by `step`"));
    finish(&f);
}

TEST(threads_do_not_change_a_bit)
{
    double beta[3][6];
    for (int k = 0; k < 3; k++) {
        struct fixture f;
        struct ctx *cx = begin(&f, "logistic", k == 0 ? 1 : k == 1 ? 2 : 5);
        enum { BIG = 40000 };
        double *big = ARENA_ARRAY(cx->arena, double, 3 * BIG);
        int32_t *g = ARENA_ARRAY(cx->arena, int32_t, BIG);
        for (int i = 0; i < BIG; i++) {
            big[i] = f.a[i % N] + 1e-3 * (i % 7);
            big[BIG + i] = f.b[i % N];
            big[2 * BIG + i] = f.z[(i * 7) % N];
            g[i] = f.g[i % N];
        }
        f.rows.n = BIG;
        f.rows.w_sum = BIG;
        f.rows.y = big + 2 * BIG;
        add_number(f.m, &f.rows, "a", big);
        add_number(f.m, &f.rows, "b", big + BIG);
        add_category(f.m, &f.rows, "g", g);
        fit(&f, 0.01, true);
        memcpy(beta[k], ((struct linear_fit *)f.m->body)->beta, sizeof(double) * 4);
        finish(&f);
    }
    assert_memory_equal(beta[0], beta[1], sizeof(double) * 4);
    assert_memory_equal(beta[0], beta[2], sizeof(double) * 4);
}
