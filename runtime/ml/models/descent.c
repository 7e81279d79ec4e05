/* descent.c: coordinate descent for squared loss with an L1 penalty, on the Gram matrix: free of
 * the number of rows. See gram_int.h. */
#include "runtime/ml/models/gram_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/mem.h"
#include "runtime/ml/linalg_int.h"

#include <float.h>
#include <math.h>

#define SMALL_MOVE                                                                                 \
    1e-5 /* largest move of a sweep, against the largest b, to try the exact solution */
#define LAST_MOVE    1e-15
#define KKT_ROUNDING 1e-11 /* of the largest c */

struct work {
    const struct descent *d;
    double *full; /* [n, n] both triangles */
    double *grad; /* [n] c - A b */
    double *b;
    double size; /* largest |c| */
    double *mem;
};

static double soft(double x, double l1)
{
    return x > l1 ? x - l1 : x < -l1 ? x + l1 : 0.0;
}

/* Moves coordinate j to its minimum; how far, in units of the gradient. */
static double move(struct work *s, int j)
{
    size_t n = (size_t)s->d->n;
    const double *col = s->full + (size_t)j * n;
    if (!(col[j] > 0)) return 0;
    double to = soft(s->grad[j] + col[j] * s->b[j], s->d->l1[j]) / col[j], step = to - s->b[j];
    if (step == 0) return 0;
    s->b[j] = to;
    for (size_t i = 0; i < n; i++)
        s->grad[i] -= step * col[i];
    return fabs(step) * col[j];
}

static double sweep(struct work *s, bool only_active)
{
    double most = 0;
    for (int j = 0; j < s->d->n; j++)
        if (!only_active || s->b[j] != 0 || s->d->l1[j] <= 0) most = fmax(most, move(s, j));
    return most;
}

static void fresh_gradient(struct work *s)
{
    size_t n = (size_t)s->d->n;
    memcpy(s->grad, s->d->c, sizeof(double) * n);
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; s->b[j] != 0 && i < n; i++)
            s->grad[i] -= s->b[j] * s->full[j * n + i];
}

/* Solves for the active coordinates with their signs; keeps it when signs stay and no other
 * coordinate wants to move. */
static bool solve_active(struct work *s)
{
    size_t n = (size_t)s->d->n, m = 0;
    double *old = s->grad + n, *x = old + n, *scale = x + n, *a = scale + n, jitter;
    int *at = (int *)(void *)(a + n * n);
    for (size_t j = 0; j < n; j++)
        if (s->b[j] != 0 || s->d->l1[j] <= 0) at[m++] = (int)j;
    for (size_t j = 0; j < m; j++) {
        size_t c = (size_t)at[j];
        double sign = s->b[c] > 0 ? 1.0 : s->b[c] < 0 ? -1.0 : 0.0;
        x[j] = s->d->c[c] - sign * s->d->l1[c];
        for (size_t i = 0; i < m; i++)
            a[j * m + i] = s->full[c * n + (size_t)at[i]];
    }
    spd_factor((int)m, a, scale, &jitter);
    if (jitter > 0) return false;
    spd_solve((int)m, a, scale, x);
    memcpy(old, s->b, sizeof(double) * n);
    bool is_kept = true;
    for (size_t j = 0; j < m; j++) {
        size_t c = (size_t)at[j];
        is_kept &= s->d->l1[c] <= 0 || x[j] * old[c] > 0;
        s->b[c] = x[j];
    }
    fresh_gradient(s);
    for (size_t j = 0; j < n; j++)
        is_kept &= s->b[j] != 0 || fabs(s->grad[j]) <= s->d->l1[j] + KKT_ROUNDING * s->size;
    if (is_kept) return true;
    memcpy(s->b, old, sizeof(double) * n);
    fresh_gradient(s);
    return false;
}

static void begin(struct work *s, const struct descent *d, double *b)
{
    size_t n = (size_t)d->n;
    s->d = d;
    s->b = b;
    s->mem = mem_alloc(sizeof(double) * (2 * n * n + 4 * n) + sizeof(int) * n + 64);
    s->full = s->mem;
    s->grad = s->full + n * n;
    s->size = 0;
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i <= j; i++)
            s->full[j * n + i] = s->full[i * n + j] = d->a[j * n + i];
    for (size_t j = 0; j < n; j++)
        s->size = fmax(s->size, fabs(d->c[j]));
    fresh_gradient(s);
}

enum rc_t descent_run(struct ctx *cx, const struct descent *d, int max_sweeps, double *b,
                      int *sweeps, bool *converged)
{
    struct work s;
    enum rc_t res = RC_ERR;
    begin(&s, d, b);
    *converged = false;
    *sweeps = 0;
    for (double least = SMALL_MOVE; !*converged && *sweeps < max_sweeps;) {
        TRY_OUT(check_cancel(cx));
        ++*sweeps;
        double most = sweep(&s, false);
        for (int k = 0; k < 100 && most > least * s.size; k++)
            most = sweep(&s, true);
        if (most <= least * s.size && sweep(&s, false) <= least * s.size) {
            *converged = solve_active(&s) || least <= LAST_MOVE;
            least = fmax(least * 0.1, LAST_MOVE);
        }
    }
    res = RC_OK;
out:
    mem_free(s.mem);
    return res;
}
