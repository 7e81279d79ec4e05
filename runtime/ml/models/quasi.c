/* quasi.c: see quasi_int.h. liblbfgs knows one L1 coefficient for a stretch of variables, so
 * variables of other penalties are counted in units that make them equal. */
#include "runtime/ml/models/quasi_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/mem.h"
#include "runtime/base/pool.h"

#include <lbfgs.h>
#include <math.h>

#define MEMORY  10
#define STALLED 1e-15 /* fall of the value over PAST iterations, as a share of it */
#define PAST    10

struct quasi {
    struct ctx *cx;
    const struct objective *f;
    double tol, c; /* c: L1 coefficient of liblbfgs, 0: none */
    int n_l1, max_iter;
    double *unit, *x; /* [n] x = u / unit */
    struct newton_report *out;
    struct doing doing;
    enum rc_t res;
    bool is_done;
};

static lbfgsfloatval_t evaluate(void *self, const lbfgsfloatval_t *u, lbfgsfloatval_t *g,
                                const int n, const lbfgsfloatval_t step)
{
    (void)step;
    struct quasi *q = self;
    double value;
    for (int i = 0; i < n; i++)
        q->x[i] = u[i] / q->unit[i];
    if (q->res == RC_OK) q->res = q->f->eval(q->cx, q->f->self, q->x, &value, g, NULL);
    if (q->res != RC_OK) { /* accepted as it is, so that the next word is `progress`'s */
        for (int i = 0; i < n; i++)
            g[i] = 0;
        return -1e300;
    }
    for (int i = 0; i < n; i++)
        g[i] /= q->unit[i];
    return isfinite(value) ? value : 1e300;
}

static int progress(void *self, const lbfgsfloatval_t *u, const lbfgsfloatval_t *g,
                    const lbfgsfloatval_t value, const lbfgsfloatval_t x_norm,
                    const lbfgsfloatval_t g_norm, const lbfgsfloatval_t step, int n, int k, int ls)
{
    (void)value, (void)x_norm, (void)g_norm, (void)step, (void)ls;
    struct quasi *q = self;
    double most = 0;
    if (q->res == RC_OK) q->res = check_cancel(q->cx);
    if (q->res != RC_OK) return 1;
    q->out->iterations = k;
    for (int i = 0; i < n; i++) {
        double slope = newton_slope(u[i], g[i], i < q->n_l1 ? q->c : 0.0);
        most = fmax(most, fabs(slope) * q->unit[i]);
    }
    q->out->gradient = most;
    newton_tell(q->cx, &q->doing, k, q->max_iter);
    q->is_done = most <= q->tol;
    if (q->is_done) return 1;
    for (int i = 0; i < n; i++)
        q->x[i] = u[i] / q->unit[i];
    if (q->f->stop && q->f->stop(q->f->self, q->x)) return q->out->end = NEWTON_STOPPED, 1;
    return 0;
}

static void set_units(struct quasi *q, const double *l1)
{
    for (int i = 0; i < q->f->n; i++)
        q->unit[i] = 1.0;
    for (int i = 0; l1 && i < q->f->n && l1[i] > 0; i++) {
        if (i == 0) q->c = l1[0];
        q->unit[i] = l1[i] / q->c;
        q->n_l1 = i + 1;
    }
}

static enum newton_end end_of(const struct quasi *q, int code)
{
    if (q->is_done || code == LBFGS_CONVERGENCE || code == LBFGS_STOP ||
        code == LBFGS_ALREADY_MINIMIZED)
        return NEWTON_CONVERGED;
    if (q->out->end == NEWTON_STOPPED) return NEWTON_STOPPED;
    /* a line search that ends in rounding is as good as it gets near the minimum */
    bool is_near = q->out->gradient <= fmax(1e3 * q->tol, 1e-7);
    return code != LBFGSERR_MAXIMUMITERATION && is_near ? NEWTON_CONVERGED : NEWTON_MAX_ITER;
}

enum rc_t quasi_minimize(struct ctx *cx, const struct objective *f, double tol, int max_iter,
                         double *x, struct newton_report *out)
{
    size_t n = (size_t)f->n;
    struct quasi q = {.cx = cx, .f = f, .tol = tol, .max_iter = max_iter, .out = out};
    q.doing = pool_doing("fit");
    *out = (struct newton_report){.end = NEWTON_CONVERGED};
    void *mem = NULL;
    if (n == 0) return RC_OK;
    TRY(mem_big(cx, sizeof(double) * 2 * n, &mem));
    q.unit = mem;
    q.x = q.unit + n;
    lbfgsfloatval_t *u = lbfgs_malloc(f->n);
    set_units(&q, f->l1);
    for (size_t i = 0; i < n; i++)
        u[i] = x[i] * q.unit[i];
    lbfgs_parameter_t p;
    lbfgs_parameter_init(&p);
    p.m = MEMORY;
    p.epsilon = 1e-300; /* `progress` decides */
    p.past = PAST;
    p.delta = STALLED;
    p.max_iterations = max_iter;
    if (q.c > 0) {
        p.linesearch = LBFGS_LINESEARCH_BACKTRACKING;
        p.orthantwise_c = q.c;
        p.orthantwise_end = q.n_l1;
    }
    int code = lbfgs(f->n, u, &out->value, evaluate, progress, &q, &p);
    for (size_t i = 0; i < n; i++)
        x[i] = u[i] / q.unit[i];
    lbfgs_free(u);
    mem_big_free(mem);
    if (q.res == RC_OK) out->end = end_of(&q, code);
    return q.res;
}
