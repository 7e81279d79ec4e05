/* logistic.c: binary logistic regression. Minimises over b, b_0
 *     sum_i w_i log(1 + exp(-s_i eta_i)) / sum w + l2/2 |b|^2,  eta_i = o_i + b_0 + z_i . b,
 * s_i = +1 for the positive class, -1 else, z = columns centred and scaled to unit sample sd
 * (language.md 4). Newton's method on sums over blocks of rows. */
#include "runtime/ml/models/linear_int.h"

#include "runtime/fn/metric/metric.h"
#include "runtime/ml/linalg_int.h"
#include "runtime/ml/models/newton_int.h"

#include <cblas.h>
#include <math.h>

#define SEPARATED_LOSS 1e-6

struct log_loss {
    const struct rows *rows;
    const struct linear_plan *plan;
    int n;           /* variables: k, and the intercept last when there is one */
    const double *x; /* where */
    double w_sum;
    double value, n_wrong; /* of the last evaluation */
};

/* acc: loss, rows on the wrong side, gradient [n], Hessian [n, n] upper column-major. */
static enum rc_t log_loss_part(struct ctx *cx, void *self, const struct rows *r,
                               const struct block *b, double *acc)
{
    (void)cx;
    const struct log_loss *f = self;
    int k = f->plan->design.k, n = f->n;
    double *grad = acc + 2, *hess = grad + n, eta[1024], res[1024];
    bool has_intercept = f->plan->design.intercept;
    double *z = b->x;
    design_block(&f->plan->design, b, r->enc->n_cols);
    for (int i = 0; i < b->n; i++)
        eta[i] = (has_intercept ? f->x[k] : 0.0) + (r->offset ? r->offset[b->at + i] : 0.0);
    if (k > 0) cblas_dgemv(CblasRowMajor, CblasNoTrans, b->n, k, 1.0, z, k, f->x, 1, 1.0, eta, 1);
    for (int i = 0; i < b->n; i++) {
        double w = r->w ? r->w[b->at + i] : 1.0, y = r->y[b->at + i], p = logistic_of(eta[i]);
        acc[0] += w * logistic_loss(y > 0.5 ? eta[i] : -eta[i]);
        acc[1] += (y > 0.5 ? eta[i] : -eta[i]) > 0 ? 0.0 : 1.0;
        res[i] = w * (p - y);
        eta[i] = w * p * logistic_of(-eta[i]); /* p (1 - p) without cancellation: the curvature */
    }
    if (has_intercept)
        for (int i = 0; i < b->n; i++) {
            grad[k] += res[i];
            hess[k * n + k] += eta[i];
        }
    if (k == 0) return RC_OK;
    cblas_dgemv(CblasRowMajor, CblasTrans, b->n, k, 1.0, z, k, res, 1, 1.0, grad, 1);
    if (has_intercept)
        cblas_dgemv(CblasRowMajor, CblasTrans, b->n, k, 1.0, z, k, eta, 1, 1.0,
                    hess + (size_t)k * (size_t)n, 1);
    for (int i = 0; i < b->n; i++)
        cblas_dscal(k, sqrt(eta[i]), z + (size_t)i * (size_t)k, 1);
    cblas_dsyrk(CblasColMajor, CblasUpper, CblasNoTrans, k, b->n, 1.0, z, k, 1.0, hess, n);
    return RC_OK;
}

static enum rc_t log_loss_eval(struct ctx *cx, void *self, const double *x, double *value,
                               double *grad, double *hess)
{
    struct log_loss *f = self;
    size_t n = (size_t)f->n;
    void *acc_p = NULL;
    TRY(mem_big(cx, sizeof(double) * (2 + n + n * n), &acc_p));
    double *acc = acc_p;
    struct row_sum sum = {.self = f, .n_acc = 2 + n + n * n, .dense = true, .part = log_loss_part};
    f->x = x;
    enum rc_t res = rows_sum(cx, f->rows, &sum, acc);
    if (res == RC_OK) {
        for (size_t i = 0; i < 2 + n + n * n; i++)
            if (i != 1) acc[i] /= f->w_sum;
        *value = acc[0];
        f->n_wrong = acc[1];
        memcpy(grad, acc + 2, sizeof(double) * n);
        memcpy(hess, acc + 2 + n, sizeof(double) * n * n);
        for (size_t j = 0; j < (size_t)f->plan->design.k; j++) {
            double d = f->plan->penalty[j];
            *value += 0.5 * d * x[j] * x[j];
            grad[j] += d * x[j];
            hess[j * n + j] += d;
        }
        f->value = *value;
    }
    mem_big_free(acc_p);
    return res;
}

/* Without a penalty, coefficients that put every row on its side can grow for ever. */
static bool is_separated(void *self, const double *x)
{
    (void)x;
    const struct log_loss *f = self;
    return f->plan->l2 <= 0 && !f->rows->offset && f->n_wrong == 0 && f->value < SEPARATED_LOSS;
}

/* Says how the solver ended; *converged for the report. */
static void tell_end(struct ctx *cx, const struct ml_fit_spec *spec, const struct model *m,
                     const struct linear_plan *p, const struct newton_report *r)
{
    struct span span = spec->formula->span;
    if (r->end == NEWTON_STOPPED)
        warn(cx, W402, span,
             "fit: the columns separate the two classes of `%s` perfectly; coefficients would grow "
             "without bound. Add l2: to logistic, e.g. logistic(l2: 0.01)",
             m->target.text);
    if (r->end == NEWTON_DIVERGES) {
        const char *name =
            r->worst < p->design.k ? m->enc.columns[p->design.col[r->worst]] : "(intercept)";
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
static double *covariance(struct ctx *cx, const struct log_loss *f, double *hess)
{
    int n = f->n, k = f->plan->design.k, ld = k + 1;
    double *scale = ARENA_ARRAY(cx->arena, double, n + 1), jitter;
    double *cov = ARENA_ARRAY(cx->arena, double, mem_mul((size_t)ld, (size_t)ld));
    spd_factor(n, hess, scale, &jitter);
    spd_inverse(n, hess, scale);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            cov[(size_t)i * (size_t)ld + (size_t)j] =
                hess[(size_t)i * (size_t)n + (size_t)j] / f->w_sum;
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

static enum rc_t logistic_fit_rows(struct ctx *cx, const struct ml_fit_spec *spec,
                                   const struct rows *r, struct model *m)
{
    struct linear_plan p;
    TRY(linear_prepare(cx, spec, r, m, NULL, 0.0, &p));
    struct log_loss f = {.rows = r, .plan = &p, .w_sum = r->w_sum};
    f.n = p.design.k + (p.design.intercept ? 1 : 0);
    size_t n = (size_t)f.n;
    double *x = ARENA_ARRAY(cx->arena, double, n + 1);
    double *hess = ARENA_ARRAY(cx->arena, double, n *n + 1);
    if (p.design.intercept) x[n - 1] = start_intercept(r);
    struct objective o = {.n = f.n, .self = &f, .eval = log_loss_eval, .stop = is_separated};
    struct newton_report end;
    TRY(newton_minimize(cx, &o, model_param(m, "tol"), (int)model_param(m, "max_iter"), x, hess,
                        &end));
    tell_end(cx, spec, m, &p, &end);
    m->report.iterations = end.iterations;
    m->report.converged = end.end == NEWTON_CONVERGED;
    m->report.loss = end.value;
    bool has_errors = p.l2 <= 0 && m->report.converged;
    const double *cov = has_errors ? covariance(cx, &f, hess) : NULL;
    linear_body(m, &p, x, p.design.intercept ? x[n - 1] : 0.0, cov, 0.0);
    double penalty = 0;
    for (int j = 0; j < p.design.k; j++)
        penalty += 0.5 * p.penalty[j] * x[j] * x[j];
    return training_stats(cx, r, m, end.value - penalty);
}

static const struct model_class logistic_class = {.scores = SCORE_CLASS,
                                                  .fit = logistic_fit_rows,
                                                  .score = logistic_score,
                                                  .save = linear_save,
                                                  .load = linear_load,
                                                  .coef = linear_coef};
static const struct ml_param_desc logistic_params[] = {
    {.name = "l2",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1e300,
     .def = "0",
     .doc = "penalty: l2/2 times the squared coefficients of columns scaled to unit sd"},
    {.name = "standardize",
     .kind = KIND_BOOL,
     .def = "true",
     .doc = "false: the penalty takes the coefficients of the columns as they are"},
    {.name = "max_iter",
     .kind = KIND_INT,
     .min = 1,
     .max = 1e6,
     .def = "100",
     .unit = "iterations",
     .doc = "Newton steps at most"},
    {.name = "tol",
     .kind = KIND_NUM,
     .min = 1e-14,
     .max = 1,
     .def = "1e-9",
     .doc = "largest component of the mean loss's gradient, columns scaled, at the end"},
    {.name = NULL}};
const struct ml_family ml_logistic = {
    .name = "logistic",
    .sig = "logistic(l2: 0, standardize: true, max_iter: 100, tol: 1e-9)",
    .doc = "Logistic regression of two classes. Without a penalty m.coef has standard errors, z "
           "statistics and p values.",
    .example = "fit tipped ~ scale(fare) + part, logistic(l2: 0.01)",
    .params = logistic_params,
    .task = ML_CLASS,
    .cls = &logistic_class};
