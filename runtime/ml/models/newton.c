/* newton.c: see newton_int.h. The full step is nearly always taken, so value, gradient and Hessian
 * come from one pass over the rows at each trial point. */
#include "runtime/ml/models/newton_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/mem.h"
#include "runtime/base/pool.h"
#include "runtime/ml/linalg_int.h"
#include "runtime/ml/models/gram_int.h"

#include <math.h>

#define ENOUGH_DECREASE 1e-4
#define SMALL_STEP      1e-3 /* in units of a scaled coefficient; quadratic from there on */
#define MAX_HALVINGS    40

struct newton {
    const struct objective *f;
    int n;
    double *grad, *step, *trial, *trial_grad, *factor, *scale, *to, *hess, *trial_hess;
    double *mem;
};

static void newton_alloc(struct newton *s, const struct objective *f, double *hess)
{
    size_t n = (size_t)f->n;
    s->f = f;
    s->n = f->n;
    s->hess = hess;
    s->mem = mem_zero(sizeof(double) * (6 * n + 2 * n * n) + 8);
    s->grad = s->mem;
    s->step = s->grad + n;
    s->trial = s->step + n;
    s->trial_grad = s->trial + n;
    s->scale = s->trial_grad + n;
    s->to = s->scale + n;
    s->factor = s->to + n;
    s->trial_hess = s->factor + n * n;
}

static double largest(const double *v, int n, int *at)
{
    double m = 0;
    *at = 0;
    for (int i = 0; i < n; i++)
        if (fabs(v[i]) > m) {
            m = fabs(v[i]);
            *at = i;
        }
    return m;
}

double newton_slope(double x, double grad, double l1)
{
    if (l1 <= 0 || x != 0) return grad + (x > 0 ? l1 : x < 0 ? -l1 : 0.0);
    return grad > l1 ? grad - l1 : grad < -l1 ? grad + l1 : 0.0;
}

static double l1_norm(const struct newton *s, const double *x)
{
    double sum = 0;
    for (int i = 0; s->f->l1 && i < s->n; i++)
        sum += s->f->l1[i] * fabs(x[i]);
    return sum;
}

static double largest_slope(const struct newton *s, const double *x)
{
    double m = 0;
    for (int i = 0; i < s->n; i++)
        m = fmax(m, fabs(newton_slope(x[i], s->grad[i], s->f->l1 ? s->f->l1[i] : 0.0)));
    return m;
}

/* step := -H^-1 grad; *slope := grad . step (negative). */
static void plain_step(struct newton *s, double *slope)
{
    size_t n = (size_t)s->n;
    double jitter;
    memcpy(s->factor, s->hess, sizeof(double) * n * n);
    for (size_t i = 0; i < n; i++)
        s->step[i] = -s->grad[i];
    spd_factor(s->n, s->factor, s->scale, &jitter);
    spd_solve(s->n, s->factor, s->scale, s->step);
    *slope = 0;
    for (size_t i = 0; i < n; i++)
        *slope += s->grad[i] * s->step[i];
}

/* step := to the minimum of the quadratic model and the penalty: 1/2 u'Hu - (Hx - grad)'u + l1. */
static enum rc_t proximal_step(struct ctx *cx, struct newton *s, const double *x, double *slope)
{
    size_t n = (size_t)s->n;
    double *c = s->scale, *u = s->to;
    for (size_t i = 0; i < n; i++) {
        c[i] = -s->grad[i];
        for (size_t j = 0; j < n; j++)
            c[i] += (i <= j ? s->hess[j * n + i] : s->hess[i * n + j]) * x[j];
    }
    memcpy(u, x, sizeof(double) * n);
    struct descent d = {.n = s->n, .a = s->hess, .c = c, .l1 = s->f->l1};
    int sweeps;
    bool converged;
    TRY(descent_run(cx, &d, 1000, u, &sweeps, &converged));
    *slope = l1_norm(s, u) - l1_norm(s, x);
    for (size_t i = 0; i < n; i++) {
        s->step[i] = u[i] - x[i];
        *slope += s->grad[i] * s->step[i];
    }
    return RC_OK;
}

/* Moves x along the step until the value has fallen enough; false when it cannot fall any more. */
static enum rc_t line_search(struct ctx *cx, struct newton *s, double *x, double *value,
                             double slope, bool *moved)
{
    size_t n = (size_t)s->n;
    double t = 1.0, from = *value + l1_norm(s, x);
    *moved = false;
    for (int k = 0; k < MAX_HALVINGS; k++, t *= 0.5) {
        double v;
        for (size_t i = 0; i < n; i++)
            s->trial[i] = t == 1.0 && s->f->l1 ? s->to[i] : x[i] + t * s->step[i];
        TRY(s->f->eval(cx, s->f->self, s->trial, &v, s->trial_grad, s->trial_hess));
        double to = v + l1_norm(s, s->trial);
        if (!(to <= from + ENOUGH_DECREASE * t * slope)) continue;
        *moved = to < from || t == 1.0;
        memcpy(x, s->trial, sizeof(double) * n);
        memcpy(s->grad, s->trial_grad, sizeof(double) * n);
        memcpy(s->hess, s->trial_hess, sizeof(double) * n * n);
        *value = v;
        return RC_OK;
    }
    return RC_OK;
}

void newton_tell(struct ctx *cx, struct doing *doing, int done, int total)
{
    struct doing *other = cx->doing;
    cx->doing = doing;
    pool_tell(cx, done, total);
    cx->doing = other;
}

static enum rc_t iterate(struct ctx *cx, struct newton *s, double tol, int max_iter, double *x,
                         struct newton_report *out)
{
    struct doing doing = pool_doing("fit");
    double unit = s->f->unit > 0 ? s->f->unit : 1.0, size = s->f->size > 0 ? s->f->size : 1.0;
    tol *= size / unit;
    TRY(s->f->eval(cx, s->f->self, x, &out->value, s->grad, s->hess));
    for (;;) {
        double slope;
        if (s->f->l1)
            TRY(proximal_step(cx, s, x, &slope));
        else
            plain_step(s, &slope);
        out->gradient = largest_slope(s, x);
        out->last_step = largest(s->step, s->n, &out->worst);
        bool is_flat = out->gradient <= tol, is_small = out->last_step <= SMALL_STEP * unit;
        if (is_flat && is_small) {
            for (int i = 0; i < s->n; i++)
                x[i] = s->f->l1 ? s->to[i] : x[i] + s->step[i]; /* it is known: a last polish */
            return out->end = NEWTON_CONVERGED, RC_OK;
        }
        if (is_flat) return out->end = NEWTON_DIVERGES, RC_OK;
        if (out->iterations >= max_iter) return out->end = NEWTON_MAX_ITER, RC_OK;
        TRY(check_cancel(cx));
        newton_tell(cx, &doing, out->iterations, max_iter);
        bool moved;
        TRY(line_search(cx, s, x, &out->value, slope, &moved));
        out->iterations++;
        if (!moved) { /* down to rounding: as good as it gets */
            bool is_done = out->gradient <= fmax(1e-6 / unit * size, tol) && is_small;
            out->end = is_done ? NEWTON_CONVERGED : NEWTON_MAX_ITER;
            return RC_OK;
        }
        if (s->f->stop && s->f->stop(s->f->self, x)) return out->end = NEWTON_STOPPED, RC_OK;
    }
}

enum rc_t newton_minimize(struct ctx *cx, const struct objective *f, double tol, int max_iter,
                          double *x, double *hess, struct newton_report *out)
{
    struct newton s;
    newton_alloc(&s, f, hess);
    *out = (struct newton_report){0};
    enum rc_t res = iterate(cx, &s, tol, max_iter, x, out);
    mem_free(s.mem);
    return res;
}
