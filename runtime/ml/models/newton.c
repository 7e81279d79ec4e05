/* newton.c: see newton_int.h. The full step is nearly always taken, so value, gradient and Hessian
 * come from one pass over the rows at each trial point. */
#include "runtime/ml/models/newton_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/mem.h"
#include "runtime/ml/linalg_int.h"

#include <math.h>

#define ENOUGH_DECREASE 1e-4
#define SMALL_STEP      1e-3 /* in units of a scaled coefficient; quadratic from there on */
#define MAX_HALVINGS    40

struct newton {
    const struct objective *f;
    int n;
    double *grad, *step, *trial, *trial_grad, *factor, *scale, *hess, *trial_hess;
    double *mem;
};

static void newton_alloc(struct newton *s, const struct objective *f, double *hess)
{
    size_t n = (size_t)f->n;
    s->f = f;
    s->n = f->n;
    s->hess = hess;
    s->mem = mem_zero(sizeof(double) * (5 * n + 2 * n * n) + 8);
    s->grad = s->mem;
    s->step = s->grad + n;
    s->trial = s->step + n;
    s->trial_grad = s->trial + n;
    s->scale = s->trial_grad + n;
    s->factor = s->scale + n;
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

/* step := -H^-1 grad; returns grad . step (negative). */
static double newton_step(struct newton *s)
{
    size_t n = (size_t)s->n;
    double jitter, slope = 0;
    memcpy(s->factor, s->hess, sizeof(double) * n * n);
    for (size_t i = 0; i < n; i++)
        s->step[i] = -s->grad[i];
    spd_factor(s->n, s->factor, s->scale, &jitter);
    spd_solve(s->n, s->factor, s->scale, s->step);
    for (size_t i = 0; i < n; i++)
        slope += s->grad[i] * s->step[i];
    return slope;
}

/* Moves x along the step until the value has fallen enough; false when it cannot fall any more. */
static enum rc_t line_search(struct ctx *cx, struct newton *s, double *x, double *value,
                             double slope, bool *moved)
{
    size_t n = (size_t)s->n;
    double t = 1.0;
    *moved = false;
    for (int k = 0; k < MAX_HALVINGS; k++, t *= 0.5) {
        double v;
        for (size_t i = 0; i < n; i++)
            s->trial[i] = x[i] + t * s->step[i];
        TRY(s->f->eval(cx, s->f->self, s->trial, &v, s->trial_grad, s->trial_hess));
        if (!(v <= *value + ENOUGH_DECREASE * t * slope)) continue;
        *moved = v < *value || t == 1.0;
        memcpy(x, s->trial, sizeof(double) * n);
        memcpy(s->grad, s->trial_grad, sizeof(double) * n);
        memcpy(s->hess, s->trial_hess, sizeof(double) * n * n);
        *value = v;
        return RC_OK;
    }
    return RC_OK;
}

static enum rc_t iterate(struct ctx *cx, struct newton *s, double tol, int max_iter, double *x,
                         struct newton_report *out)
{
    TRY(s->f->eval(cx, s->f->self, x, &out->value, s->grad, s->hess));
    for (;;) {
        int at;
        double slope = newton_step(s);
        out->gradient = largest(s->grad, s->n, &at);
        out->last_step = largest(s->step, s->n, &out->worst);
        bool is_flat = out->gradient <= tol;
        if (is_flat && out->last_step <= SMALL_STEP) {
            for (int i = 0; i < s->n; i++)
                x[i] += s->step[i]; /* it is known: a last polish */
            return out->end = NEWTON_CONVERGED, RC_OK;
        }
        if (is_flat) return out->end = NEWTON_DIVERGES, RC_OK;
        if (out->iterations >= max_iter) return out->end = NEWTON_MAX_ITER, RC_OK;
        TRY(check_cancel(cx));
        bool moved;
        TRY(line_search(cx, s, x, &out->value, slope, &moved));
        out->iterations++;
        if (!moved) { /* down to rounding: as good as it gets */
            bool is_done = out->gradient <= fmax(1e-6, tol) && out->last_step <= SMALL_STEP;
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
