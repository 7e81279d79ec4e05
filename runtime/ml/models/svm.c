/* svm.c: linear support vector machine of two classes. Minimises over b, b_0
 *     sum_i w_i h(s_i eta_i) / sum w + l2/2 |b|^2,  eta_i = o_i + b_0 + z_i . b,  s_i = +1 or -1,
 * h(m) = max(0, 1 - m) (hinge) or its square; the intercept is free, z = columns centred and scaled
 * (Spark's LinearSVC; scikit-learn's LinearSVC penalises the intercept too, C = 1 / (n l2)).
 * The squared hinge is smooth enough for Newton's method. The hinge's corner is rounded over a
 * stretch d (its quadratic is (1 - m)^2 / 2d), and d is taken down to nothing, each step from the
 * solution before it: at most d/2 from the minimum. The class is the sign of eta; the probability
 * is the logistic function of a slope times eta, the slope fitted to the training rows (Platt 1999,
 * without his offset, so that 1/2 stays at the sign). */
#include "runtime/ml/models/linear_int.h"
#include "runtime/ml/models/quasi_int.h"
#include "runtime/ml/models/risk_int.h"

#include "runtime/base/mem.h"
#include "runtime/ml/json_int.h"
#include "runtime/ml/vec_int.h"

#include <math.h>

#define NEWTON_DENSE 300
#define NEWTON_CELLS 64
#define FLAT_CURVE                                                                                 \
    1e-4 /* told of rows on the slope: keeps steps finite where no row is at the corner */
#define FIRST_CORNER 4.0  /* every row of a plane of zeros is within */
#define LAST_CORNER  1e-7 /* of few rows; of many, which stand closer, up to WIDE_CORNER */
#define WIDE_CORNER  1e-3
#define TOL          1e-9

struct svm_fit { /* body */
    struct linear_fit linear;
    double slope;
};
struct hinge {
    bool is_squared;
    double corner;
};

/* Value, and derivatives by the margin. */
static inline double hinge_at(const struct hinge *h, double gap, double *d1, double *d2)
{
    *d1 = *d2 = 0;
    if (!(gap > 0)) return 0;
    if (h->is_squared) {
        *d1 = -2 * gap;
        *d2 = 2;
        return gap * gap;
    }
    if (gap >= h->corner) {
        *d1 = -1;
        *d2 = FLAT_CURVE;
        return gap - 0.5 * h->corner;
    }
    *d1 = -gap / h->corner;
    *d2 = 1 / h->corner;
    return 0.5 * gap * gap / h->corner;
}

static void loss_hinge(const void *self, struct loss_rows *b)
{
    for (int i = 0; i < b->n; i++) {
        double w = b->w ? b->w[i] : 1.0, sign = b->y[i] > 0.5 ? 1.0 : -1.0, d1, d2;
        b->value += w * hinge_at(self, 1.0 - sign * b->eta[i], &d1, &d2);
        b->count += !(sign * b->eta[i] > 0);
        b->slope[i] = w * sign * d1;
        if (b->curve) b->curve[i] = w * d2;
    }
}

static enum rc_t solve(struct ctx *cx, const struct model *m, struct risk *f, struct hinge *h,
                       double *x, struct newton_report *end)
{
    size_t n = (size_t)f->n;
    int max_iter = (int)model_param(m, "max_iter"), done = 0;
    int most = m->enc.n_cols > 4 * m->enc.n_parts ? NEWTON_CELLS : NEWTON_DENSE;
    bool by_newton = !f->plan->is_wide && f->plan->design.k <= most;
    double *hess = by_newton ? ARENA_ARRAY(cx->arena, double, n *n + 1) : NULL;
    double *grad = ARENA_ARRAY(cx->arena, double, n + 1);
    double last = fmin(fmax(1e-9 * (double)f->rows->n, LAST_CORNER), WIDE_CORNER);
    if (!by_newton) last = WIDE_CORNER;
    struct objective o = {.n = f->n, .self = f, .eval = risk_eval};
    for (h->corner = FIRST_CORNER;; h->corner = fmax(h->corner * 0.1, last)) {
        if (by_newton && h->corner >= FIRST_CORNER) TRY(risk_warm_start(cx, f, NULL, x));
        if (by_newton)
            TRY(newton_minimize(cx, &o, TOL, max_iter, x, hess, end));
        else
            TRY(quasi_minimize(cx, &o, 1e3 * TOL, 10 * max_iter, x, end));
        done += end->iterations;
        if (h->is_squared || h->corner <= last) break;
    }
    h->corner = 0; /* the loss itself, for the report */
    end->iterations = done;
    return risk_eval(cx, f, x, &end->value, grad, NULL);
}

/* Slope a that makes 1 / (1 + exp(-a eta)) the likeliest, with Platt's targets off 0 and 1. */
static double fit_slope(const struct rows *r, const double *eta)
{
    double yes = 0, no = 0, size = 0, a;
    for (int64_t i = 0; i < r->n; i++) {
        double w = r->w ? r->w[i] : 1.0;
        if (r->y[i] > 0.5)
            yes += w;
        else
            no += w;
        size += w * fabs(eta[i]) / r->w_sum;
    }
    if (!(size > 0)) return 1;
    double hi = (yes + 1) / (yes + 2), lo = 1 / (no + 2);
    a = 1 / size;
    for (int k = 0; k < 50; k++) {
        double grad = 0, curve = 0;
        for (int64_t i = 0; i < r->n; i++) {
            double w = r->w ? r->w[i] : 1.0, p = logistic_of(a * eta[i]);
            grad += w * eta[i] * (p - (r->y[i] > 0.5 ? hi : lo));
            curve += w * eta[i] * eta[i] * p * (1 - p);
        }
        double step = curve > 0 ? grad / curve : 0, to = a - step;
        to = to < 0.1 * a ? 0.1 * a : to > 10 * a ? 10 * a : to;
        bool is_done = fabs(to - a) <= 1e-12 * a;
        a = to;
        if (is_done || a < 1e-6 / size) break;
    }
    return a;
}

static void svm_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                      double *out)
{
    const struct svm_fit *f = m->body;
    linear_score(m, in, at, n, out);
    for (int i = 0; i < n; i++)
        out[i] = logistic_of(f->slope * out[i]);
}

static enum rc_t add_slope(struct ctx *cx, const struct rows *r, struct model *m)
{
    void *eta_p = NULL;
    TRY(mem_big(cx, sizeof(double) * (size_t)r->n + 1, &eta_p));
    double *eta = eta_p, right = 0;
    for (int64_t at = 0; at < r->n; at += 1024)
        linear_score(m, &r->in, at, (int)(r->n - at < 1024 ? r->n - at : 1024), eta + at);
    for (int64_t i = 0; i < r->n; i++)
        right += (eta[i] > 0) == (r->y[i] > 0.5) ? r->w ? r->w[i] : 1.0 : 0.0;
    struct svm_fit *f = ARENA_NEW(m->arena, struct svm_fit);
    f->linear = *(struct linear_fit *)m->body;
    f->slope = fit_slope(r, eta);
    m->body = f;
    model_add_stat(m, "accuracy", right / r->w_sum, false);
    mem_big_free(eta_p);
    return RC_OK;
}

static enum rc_t svm_fit_rows(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                              struct model *m)
{
    struct linear_plan p;
    struct risk f;
    struct hinge h = {.is_squared = model_param_is(m, "loss", "squared_hinge")};
    struct newton_report end;
    TRY(linear_prepare(cx, spec, r, m, NULL, &p));
    risk_init(&f, r, &p, r->y, loss_hinge, &h);
    double *x = ARENA_ARRAY(cx->arena, double, f.n + 1);
    TRY(solve(cx, m, &f, &h, x, &end));
    if (end.end == NEWTON_MAX_ITER)
        warn(cx, W403, spec->formula->span,
             "fit: svm stopped after %d iterations with a gradient of %.2g", end.iterations,
             end.gradient);
    linear_body(m, &p, x, p.design.intercept ? x[f.n - 1] : 0.0, NULL, 0.0);
    m->report.iterations = end.iterations;
    m->report.converged = end.end == NEWTON_CONVERGED;
    m->report.loss = end.value;
    return add_slope(cx, r, m);
}

static void svm_save(const struct model *m, struct json_out *out)
{
    linear_save(m, out);
    json_out_key(out, "slope");
    json_out_num(out, ((const struct svm_fit *)m->body)->slope);
}

static enum rc_t svm_load(struct ctx *cx, const json_t *j, struct model *m)
{
    struct svm_fit *f = ARENA_NEW(m->arena, struct svm_fit);
    TRY(linear_load(cx, j, m));
    f->linear = *(struct linear_fit *)m->body;
    TRY(json_get_num(cx, j, "slope", &f->slope));
    m->body = f;
    return RC_OK;
}

static const struct model_class svm_class = {.scores = SCORE_CLASS,
                                             .is_sparse = true,
                                             .fit = svm_fit_rows,
                                             .score = svm_score,
                                             .save = svm_save,
                                             .load = svm_load,
                                             .coef = linear_coef};
static const struct ml_param_desc svm_params[] = {
    {.name = "l2",
     .kind = KIND_NUM,
     .min = 1e-12,
     .max = 1e300,
     .def = "0.01",
     .doc = "penalty: l2/2 times the squared coefficients of columns scaled to unit sd; 1 / (n C)"},
    {.name = "loss",
     .kind = KIND_STR,
     .def = "hinge",
     .words = "hinge squared_hinge",
     .doc = "what a row inside the margin costs: its distance, or the square of it"},
    LINEAR_STANDARDIZE,
    {.name = "max_iter",
     .kind = KIND_INT,
     .min = 1,
     .max = 1e6,
     .def = "100",
     .unit = "iterations",
     .doc = "Newton steps at most, a stage; L-BFGS takes up to ten times as many"},
    {.name = NULL}};
const struct ml_family ml_svm = {
    .name = "svm",
    .sig = "svm(l2: 0.01, loss: hinge, standardize: true, max_iter: 100)",
    .doc = "Linear support vector machine of two classes. The class is the side of the plane; "
           "probability is the logistic function of the distance times a slope that is fitted to "
           "the training rows.",
    .example = "fit tipped ~ scale(fare) + part, svm(l2: 0.01)",
    .params = svm_params,
    .task = ML_CLASS,
    .cls = &svm_class};
