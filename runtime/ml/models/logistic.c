/* logistic.c: logistic regression of two classes. Minimises over b, b_0
 *     sum_i w_i log(1 + exp(-s_i eta_i)) / sum w + l1 |b| + l2/2 |b|^2,  eta_i = o_i + b_0 + z_i .
 * b, s_i = +1 for the positive class, -1 else, z = columns centred and scaled to unit sample sd
 * (language.md 4). Newton's method (with l1 its proximal form) on sums over blocks of rows; L-BFGS
 * (OWL-QN) for many columns, which are never made dense. More classes: multinomial.c. */
#include "runtime/ml/models/logistic_int.h"

#include "runtime/fn/metric/metric.h"
#include "runtime/ml/linalg_int.h"
#include "runtime/ml/models/quasi_int.h"
#include "runtime/ml/models/risk_int.h"

#include <math.h>

#define SEPARATED_LOSS 1e-6
#define NEWTON_DENSE   300  /* columns up to which Newton's method is the faster way */
#define NEWTON_CELLS   64   /* the same of columns that are mostly 0 */
#define NEWTON_TESTED  1000 /* the same where standard errors want the Hessian anyway */

/* Without a penalty, coefficients that put every row on its side can grow for ever. */
static bool is_separated(void *self, const double *x)
{
    (void)x;
    const struct risk *f = self;
    return !linear_has_penalty(f->plan) && !f->rows->offset && f->count == 0 &&
           f->value < SEPARATED_LOSS;
}

/* Says how the solver ended; *converged for the report. */
void logistic_tell_end(struct ctx *cx, const struct ml_fit_spec *spec, const struct model *m,
                       const struct linear_plan *p, const struct newton_report *r)
{
    struct span span = spec->formula->span;
    if (r->end == NEWTON_STOPPED)
        warn(cx, W402, span,
             "fit: the columns separate the classes of `%s` perfectly; coefficients would grow "
             "without bound. Add l2: to logistic, e.g. logistic(l2: 0.01)",
             m->target.text);
    if (r->end == NEWTON_DIVERGES) {
        int k = p->design.k, classes = model_n_classes(m) > 2 ? model_n_classes(m) : 1;
        const char *name =
            r->worst < k * classes ? m->enc.columns[p->design.col[r->worst % k]] : "(intercept)";
        warn(cx, W402, span,
             "fit: rows of one class of `%s` are separated perfectly (by `%s` and perhaps others); "
             "its coefficient would grow without bound. Add l2: to logistic, e.g. logistic(l2: "
             "0.01)",
             m->target.text, name);
    }
    if (r->end == NEWTON_MAX_ITER)
        warn(cx, W403, span,
             "fit: logistic stopped after %d iterations with a gradient of %.2g (tol is %.2g)",
             r->iterations, r->gradient, model_param(m, "tol"));
}

/* Covariance of (b, centred intercept): inverse Hessian of the summed loss. */
static double *covariance(struct ctx *cx, const struct risk *f, double *hess)
{
    int n = f->n, k = f->plan->design.k, ld = k + 1;
    double *scale = ARENA_ARRAY(cx->arena, double, n + 1), jitter;
    double *cov = ARENA_ARRAY(cx->arena, double, mem_mul((size_t)ld, (size_t)ld));
    spd_factor(n, hess, scale, &jitter);
    spd_inverse(n, hess, scale);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            cov[(size_t)i * (size_t)ld + (size_t)j] =
                hess[(size_t)i * (size_t)n + (size_t)j] / f->rows->w_sum;
    return cov;
}

/* How well the model tells its own training rows apart. */
static enum rc_t training_stats(struct ctx *cx, const struct rows *r, struct model *m,
                                double mean_loss)
{
    void *score = NULL;
    TRY(mem_big(cx, sizeof(double) * (size_t)r->n + 1, &score));
    for (int64_t at = 0; at < r->n; at += 1024)
        m->family->cls->score(m, &r->in, at, (int)(r->n - at < 1024 ? r->n - at : 1024),
                              (double *)score + at);
    struct scored s = {
        .n = r->n, .actual = r->y, .score = score, .threshold = m->threshold, .classes = true};
    enum rc_t res = RC_ERR;
    const char *names[] = {"accuracy", "auc"};
    model_add_stat(m, "log_loss", mean_loss, false);
    for (int i = 0; i < 2; i++) {
        double v;
        bool is_null;
        TRY_OUT(metric_find(str_of(names[i]))->value(cx, &s, &v, &is_null));
        model_add_stat(m, names[i], v, is_null);
    }
    res = RC_OK;
out:
    scored_release(&s);
    mem_big_free(score);
    return res;
}

static double start_intercept(const struct rows *r)
{
    double sum = 0;
    for (int64_t i = 0; i < r->n; i++)
        sum += (r->w ? r->w[i] : 1.0) * r->y[i];
    double p = sum / r->w_sum;
    return log(p / (1.0 - p));
}

/* Which way is faster says the shape; where nothing is penalised the Hessian is wanted for the
 * errors too. */
bool logistic_by_newton(const struct model *m, const struct linear_plan *p, int n)
{
    if (p->is_wide || model_param_is(m, "solver", "lbfgs")) return false;
    if (model_param_is(m, "solver", "newton")) return true;
    if (!linear_has_penalty(p)) return n <= NEWTON_TESTED;
    return n <= (m->enc.n_cols > 4 * m->enc.n_parts ? NEWTON_CELLS : NEWTON_DENSE);
}

enum rc_t logistic_minimize(struct ctx *cx, const struct model *m, const struct objective *o,
                            bool by_newton, double *x, double *hess, struct newton_report *end)
{
    bool by_cells = m->enc.n_cols > ENC_MAX_COLS;
    double tol = model_param(m, "tol");
    int max_iter = (int)model_param(m, "max_iter");
    if (by_newton) return newton_minimize(cx, o, tol, max_iter, x, hess, end);
    double less = by_cells ? 1000 : 100; /* every level of every category leaves directions that
                                            only the penalty bends: their last digits are dear */
    return quasi_minimize(cx, o, less * tol, 10 * max_iter, x, end);
}

/* The penalty at x, both parts. */
double logistic_penalty(const struct linear_plan *p, const double *x)
{
    double sum = 0;
    for (int j = 0; j < p->design.k; j++) {
        sum += 0.5 * p->penalty[j] * x[j] * x[j];
        if (p->lasso) sum += p->lasso[j] * fabs(x[j]);
    }
    return sum;
}

/* x [n] from the start given to the minimiser; *cov as linear_body wants it. */
static enum rc_t solve(struct ctx *cx, const struct ml_fit_spec *spec, struct model *m,
                       struct risk *f, double *x, double **cov)
{
    size_t n = (size_t)f->n;
    bool by_newton = logistic_by_newton(m, f->plan, f->n);
    bool has_errors = !linear_has_penalty(f->plan) && !f->plan->is_wide;
    double *hess = NULL, *grad = ARENA_ARRAY(cx->arena, double, n + 1);
    if (by_newton || has_errors) hess = ARENA_ARRAY(cx->arena, double, mem_mul(n, n) + 1);
    struct objective o = {
        .n = f->n, .self = f, .eval = risk_eval, .stop = is_separated, .l1 = f->plan->lasso};
    struct newton_report end;
    if (by_newton) TRY(risk_warm_start(cx, f, o.l1, x));
    TRY(logistic_minimize(cx, m, &o, by_newton, x, hess, &end));
    logistic_tell_end(cx, spec, m, f->plan, &end);
    double penalty = logistic_penalty(f->plan, x), squares = 0;
    for (int j = 0; j < f->plan->design.k; j++)
        squares += 0.5 * f->plan->penalty[j] * x[j] * x[j];
    m->report.iterations = end.iterations;
    m->report.converged = end.end == NEWTON_CONVERGED;
    m->report.loss = f->value - squares + penalty;
    if (!has_errors || !m->report.converged) return RC_OK;
    if (!by_newton) TRY(risk_eval(cx, f, x, &end.value, grad, hess));
    *cov = covariance(cx, f, hess);
    return RC_OK;
}

static enum rc_t logistic_fit_rows(struct ctx *cx, const struct ml_fit_spec *spec,
                                   const struct rows *r, struct model *m)
{
    if (r->n_classes > 2) return multinomial_fit_rows(cx, spec, r, m);
    struct linear_plan p;
    struct risk f;
    TRY(linear_prepare(cx, spec, r, m, NULL, &p));
    risk_init(&f, r, &p, r->y, loss_logistic, NULL);
    double *x = ARENA_ARRAY(cx->arena, double, f.n + 1), *cov = NULL;
    if (p.design.intercept) x[f.n - 1] = start_intercept(r);
    TRY(solve(cx, spec, m, &f, x, &cov));
    linear_body(m, &p, x, p.design.intercept ? x[f.n - 1] : 0.0, cov, 0.0);
    return training_stats(cx, r, m, m->report.loss - logistic_penalty(&p, x));
}

/* ---- of two classes or more ---- */
static void score(const struct model *m, const struct enc_input *in, int64_t at, int n, double *out)
{
    if (model_n_classes(m) > 2)
        multinomial_score(m, in, at, n, out);
    else
        logistic_score(m, in, at, n, out);
}

static void save(const struct model *m, struct json_out *out)
{
    if (model_n_classes(m) > 2)
        multinomial_save(m, out);
    else
        linear_save(m, out);
}

static enum rc_t load(struct ctx *cx, const json_t *j, struct model *m)
{
    return model_n_classes(m) > 2 ? multinomial_load(cx, j, m) : linear_load(cx, j, m);
}

enum rc_t logistic_coef(struct ctx *cx, const struct model *m, struct table **out)
{
    return model_n_classes(m) > 2 ? multinomial_coef(cx, m, out) : linear_coef(cx, m, out);
}

static const struct model_class logistic_class = {.scores = SCORE_CLASS,
                                                  .is_sparse = true,
                                                  .takes_many = true,
                                                  .fit = logistic_fit_rows,
                                                  .score = score,
                                                  .save = save,
                                                  .load = load,
                                                  .coef = logistic_coef};
static const struct ml_param_desc logistic_params[] = {
    LINEAR_L1("0"),
    LINEAR_L2("0"),
    LINEAR_STANDARDIZE,
    {.name = "max_iter",
     .kind = KIND_INT,
     .min = 1,
     .max = 1e6,
     .def = "100",
     .unit = "iterations",
     .doc = "Newton steps at most; L-BFGS takes up to ten times as many of its cheaper ones"},
    {.name = "tol",
     .kind = KIND_NUM,
     .min = 1e-14,
     .max = 1,
     .def = "1e-9",
     .doc = "largest component of the mean loss's gradient, columns scaled, at the end (L-BFGS: a "
            "hundred times that, a thousand times beyond 5,000 columns)"},
    {.name = "solver",
     .kind = KIND_STR,
     .def = "auto",
     .words = "auto newton lbfgs",
     .doc = "auto: newton for few columns, lbfgs for many"},
    {.name = NULL}};
const struct ml_family ml_logistic = {
    .name = "logistic",
    .sig = "logistic(l1: 0, l2: 0, standardize: true, max_iter: 100, tol: 1e-9, solver: auto)",
    .doc = "Logistic regression; of more than two classes multinomial, with coefficients for each "
           "class. Of two and without a penalty m.coef has standard errors, z statistics and p "
           "values.",
    .example = "fit tipped ~ scale(fare) + part, logistic(l2: 0.01)",
    .params = logistic_params,
    .task = ML_CLASS,
    .cls = &logistic_class};
