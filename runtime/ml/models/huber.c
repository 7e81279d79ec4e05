/* huber.c: linear(loss: huber): robust regression with its scale. Minimises over b, b_0 and s > 0
 *     1/2 sum_i w_i (s + s H((y_i - eta_i) / s)) / sum w + l1 |b| + l2/2 |b|^2,
 * H(u) = u^2 within epsilon, 2 epsilon |u| - epsilon^2 beyond (Huber's concomitant scale; Owen,
 * Contemp. Math. 443, 2007): convex in all together, so Newton's method takes s along. */
#include "runtime/ml/models/risk_int.h"

#include "runtime/ml/models/quasi_int.h"

#include <math.h>

#define TOL        1e-10
#define MAX_ITER   200
#define PERFECT    1e-24
#define NEWTON_MAX 300 /* columns; L-BFGS for more */

struct huber {
    double epsilon;
};

static void loss_huber(const void *self, struct loss_rows *b)
{
    double eps = ((const struct huber *)self)->epsilon, s = b->scale;
    if (!(s > 0)) {
        b->value = HUGE_VAL;
        return;
    }
    for (int i = 0; i < b->n; i++) {
        double w = b->w ? b->w[i] : 1.0, u = (b->eta[i] - b->y[i]) / s, far = fabs(u) - eps;
        bool is_far = far > 0;
        b->value += 0.5 * w * s * (1 + (is_far ? eps * (2 * fabs(u) - eps) : u * u));
        b->count += is_far;
        b->slope[i] = w * (is_far ? copysign(eps, u) : u);
        b->by_scale += 0.5 * w * (1 - (is_far ? eps * eps : u * u));
        if (!b->curve) continue;
        b->curve[i] = is_far ? 0.0 : w / s;
        b->cross[i] = is_far ? 0.0 : -w * u / s;
        b->by_scale2 += is_far ? 0.0 : w * u * u / s;
    }
}

/* Mean and standard deviation of what is explained: the units the fit is done in. */
static void response_units(const struct rows *r, bool has_intercept, double *mean, double *sd)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; has_intercept && i < r->n; i++)
        sum += (r->w ? r->w[i] : 1.0) * (r->y[i] - (r->offset ? r->offset[i] : 0.0));
    *mean = sum / r->w_sum;
    for (int64_t i = 0; i < r->n; i++) {
        double d = r->y[i] - (r->offset ? r->offset[i] : 0.0) - *mean;
        squares += (r->w ? r->w[i] : 1.0) * d * d;
    }
    *sd = sqrt(squares / r->w_sum);
}

static enum rc_t minimize(struct ctx *cx, struct risk *f, double *x, struct newton_report *end)
{
    size_t n = (size_t)f->n;
    struct objective o = {.n = f->n, .self = f, .eval = risk_eval, .l1 = f->plan->lasso};
    if (f->plan->is_wide || f->plan->design.k > NEWTON_MAX)
        return quasi_minimize(cx, &o, 1e3 * TOL, 10 * MAX_ITER, x, end);
    double *hess = ARENA_ARRAY(cx->arena, double, n *n + 1);
    return newton_minimize(cx, &o, TOL, MAX_ITER, x, hess, end);
}

/* Start: least squares (an exact fit is the answer) with the spread of its residuals. */
static enum rc_t start(struct ctx *cx, struct risk *f, double *x, double *scale)
{
    struct risk g = *f;
    struct newton_report end;
    g.loss = loss_squared;
    g.has_scale = false;
    g.n--;
    TRY(minimize(cx, &g, x, &end));
    double penalty = 0;
    for (int j = 0; j < f->plan->design.k; j++)
        penalty += 0.5 * f->plan->penalty[j] * x[j] * x[j];
    *scale = sqrt(fmax(2 * (g.value - penalty), 0.0));
    return RC_OK;
}

/* Rows in units of the response's standard deviation. */
static void in_units(struct ctx *cx, const struct rows *r, double mean, double sd, struct rows *out)
{
    double *y = ARENA_ARRAY(cx->arena, double, r->n + 1);
    for (int64_t i = 0; i < r->n; i++)
        y[i] = (r->y[i] - (r->offset ? r->offset[i] : 0.0) - mean) / sd;
    *out = *r;
    out->offset = NULL;
    out->y = y;
}

static void plan_in_units(struct ctx *cx, const struct linear_plan *p, double sd,
                          struct linear_plan *out)
{
    *out = *p;
    out->penalty = ARENA_ARRAY(cx->arena, double, p->design.k + 1);
    for (int j = 0; j < p->design.k; j++)
        out->penalty[j] = p->penalty[j] * sd;
}

enum rc_t huber_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                    struct model *m)
{
    struct linear_plan p, q;
    struct rows unit;
    struct risk f;
    struct newton_report end = {.end = NEWTON_CONVERGED};
    struct huber h = {.epsilon = model_param(m, "epsilon")};
    double mean, sd, scale;
    response_units(r, m->enc.intercept, &mean, &sd);
    if (!(sd > 0))
        return fail(cx, E404, spec->formula->target->span, "`%s` is the same in all %lld rows",
                    m->target.text, (long long)r->n);
    TRY(linear_prepare(cx, spec, r, m, NULL, &p));
    in_units(cx, r, mean, sd, &unit);
    plan_in_units(cx, &p, sd, &q);
    risk_init(&f, &unit, &q, unit.y, loss_huber, &h);
    f.has_scale = true;
    f.n++;
    double *x = ARENA_ARRAY(cx->arena, double, f.n + 1);
    TRY(start(cx, &f, x, &scale));
    x[f.n - 1] = scale;
    bool is_exact = scale * scale <= PERFECT;
    if (!is_exact) TRY(minimize(cx, &f, x, &end));
    if (end.end != NEWTON_CONVERGED)
        warn(cx, W403, spec->formula->span,
             "fit: linear(loss: huber) stopped after %d iterations with a gradient of %.2g",
             end.iterations, end.gradient);
    double loss = end.value;
    for (int j = 0; p.lasso && j < p.design.k; j++)
        loss += p.lasso[j] * fabs(x[j]);
    for (int j = 0; j < p.design.k; j++)
        x[j] *= sd;
    double intercept = p.design.intercept ? mean + sd * x[p.design.k] : 0.0;
    linear_body(m, &p, x, intercept, NULL, 0);
    m->report.iterations = end.iterations;
    m->report.converged = end.end == NEWTON_CONVERGED;
    m->report.loss = is_exact ? 0.0 : loss * sd;
    model_add_stat(m, "scale", is_exact ? 0.0 : x[f.n - 1] * sd, false);
    model_add_stat(m, "outliers", is_exact ? 0.0 : f.count, false);
    return RC_OK;
}
