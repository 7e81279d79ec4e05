/* curves.c: ROC and precision-recall curves as tables. Exact points at every distinct score, less
 * those on a straight line; when more than CURVE_POINTS are left, those that bend the curve least
 * go (the area metrics are computed elsewhere from all rows). */
#include "runtime/ml/curves_int.h"

#include "runtime/base/arena.h"

#include <math.h>

#define CURVE_POINTS 300

static void curve_alloc(struct ctx *cx, struct curve *c, int64_t n)
{
    c->x = ARENA_ARRAY(cx->arena, double, n);
    c->y = ARENA_ARRAY(cx->arena, double, n);
    c->threshold = ARENA_ARRAY(cx->arena, double, n);
    c->n = 0;
}

static void curve_add(struct curve *c, double x, double y, double threshold)
{
    c->x[c->n] = x;
    c->y[c->n] = y;
    c->threshold[c->n++] = threshold;
}

/* Keeps the points i with keep[i]. */
static void curve_keep(struct curve *c, const bool *keep)
{
    int64_t n = 0;
    for (int64_t i = 0; i < c->n; i++) {
        if (!keep[i]) continue;
        c->x[n] = c->x[i];
        c->y[n] = c->y[i];
        c->threshold[n++] = c->threshold[i];
    }
    c->n = n;
}

/* Twice the area of the triangle that point b cuts off between a and c: how much it matters. */
static double bend(const struct curve *c, int64_t a, int64_t b, int64_t d)
{
    return fabs((c->x[b] - c->x[a]) * (c->y[d] - c->y[a]) -
                (c->x[d] - c->x[a]) * (c->y[b] - c->y[a]));
}

/* Drops points that bend the curve by at most `least`, each against its kept neighbours. */
static void drop_flat(struct ctx *cx, struct curve *c, double least)
{
    if (c->n < 3) return;
    bool *keep = ARENA_ARRAY(cx->arena, bool, c->n);
    int64_t last = 0;
    keep[0] = keep[c->n - 1] = true;
    for (int64_t i = 1; i + 1 < c->n; i++) {
        keep[i] = bend(c, last, i, i + 1) > least;
        if (keep[i]) last = i;
    }
    curve_keep(c, keep);
}

static void thin(struct ctx *cx, struct curve *c)
{
    for (double least = 1e-8; c->n > CURVE_POINTS && least < 1; least *= 2)
        drop_flat(cx, c, least);
}

enum rc_t curve_roc(struct ctx *cx, struct scored *s, struct curve *out)
{
    const struct ranking *r;
    TRY(scored_rank(cx, s, &r));
    curve_alloc(cx, out, r->n + 1);
    double p = r->positives ? (double)r->positives : 1, n = r->negatives ? (double)r->negatives : 1;
    curve_add(out, 0, 0, INFINITY);
    for (int64_t i = 0; i < r->n; i++) {
        bool is_line = false; /* exact, on counts: the step before points where the next one does */
        if (i + 1 < r->n) {
            int64_t fp = i > 0 ? r->fp[i - 1] : 0, tp = i > 0 ? r->tp[i - 1] : 0;
            double dx = (double)(r->fp[i] - fp), dy = (double)(r->tp[i] - tp);
            double ex = (double)(r->fp[i + 1] - r->fp[i]), ey = (double)(r->tp[i + 1] - r->tp[i]);
            is_line = dx * ey == dy * ex;
        }
        if (!is_line) curve_add(out, (double)r->fp[i] / n, (double)r->tp[i] / p, r->score[i]);
    }
    thin(cx, out);
    return RC_OK;
}

enum rc_t curve_pr(struct ctx *cx, struct scored *s, struct curve *out)
{
    const struct ranking *r;
    TRY(scored_rank(cx, s, &r));
    curve_alloc(cx, out, r->n + 1);
    double p = r->positives ? (double)r->positives : 1;
    curve_add(out, 0, 1, NAN);
    for (int64_t i = 0; i < r->n; i++) {
        double tp = (double)r->tp[i], fp = (double)r->fp[i];
        curve_add(out, tp / p, tp / (tp + fp), r->score[i]);
        if (r->tp[i] == r->positives) break; /* all found: only precision falls from here */
    }
    thin(cx, out);
    return RC_OK;
}
