/* kd.c: see kd_int.h. Split in the middle of the widest side of a node's box, at the median point;
 * nodes stand in the order of a walk, so the left child follows its parent. */
#include "runtime/ml/models/kd_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/mem.h"

#include <math.h>
#include <string.h>

#define LEAF_POINTS 16

static void box_of(struct kd *t, int node)
{
    const struct kd_node *at = &t->node[node];
    double *lo = t->box + (size_t)node * 2 * t->d, *hi = lo + t->d;
    for (size_t j = 0; j < t->d; j++) {
        lo[j] = INFINITY;
        hi[j] = -INFINITY;
    }
    for (int64_t i = at->from; i < at->to; i++)
        for (size_t j = 0; j < t->d; j++) {
            double v = t->x[(size_t)i * t->d + j];
            if (v < lo[j]) lo[j] = v;
            if (v > hi[j]) hi[j] = v;
        }
}

static void swap_points(struct kd *t, int64_t a, int64_t b)
{
    double *p = t->x + (size_t)a * t->d, *q = t->x + (size_t)b * t->d;
    int64_t id = t->id[a];
    t->id[a] = t->id[b];
    t->id[b] = id;
    for (size_t j = 0; j < t->d; j++) {
        double v = p[j];
        p[j] = q[j];
        q[j] = v;
    }
}

/* Points from..to so that those before `mid` are not above it in column j (Hoare's selection). */
static void select_median(struct kd *t, int64_t from, int64_t to, int64_t mid, size_t j)
{
    int64_t lo = from, hi = to - 1;
    while (lo < hi) {
        double pivot = t->x[(size_t)(lo + (hi - lo) / 2) * t->d + j];
        int64_t a = lo, b = hi;
        while (a <= b) {
            while (t->x[(size_t)a * t->d + j] < pivot)
                a++;
            while (t->x[(size_t)b * t->d + j] > pivot)
                b--;
            if (a <= b) swap_points(t, a++, b--);
        }
        if (mid <= b)
            hi = b;
        else if (mid >= a)
            lo = a;
        else
            return;
    }
}

/* Depth is log2 of the points: recursion is shallow. */
static enum rc_t split(struct ctx *cx, struct kd *t, int64_t from, int64_t to)
{
    int me = t->n_nodes++;
    t->node[me] = (struct kd_node){.from = from, .to = to, .tag = INT64_MAX};
    box_of(t, me);
    if (to - from <= LEAF_POINTS) return RC_OK;
    const double *lo = t->box + (size_t)me * 2 * t->d, *hi = lo + t->d;
    size_t widest = 0;
    for (size_t j = 1; j < t->d; j++)
        if (hi[j] - lo[j] > hi[widest] - lo[widest]) widest = j;
    if (!(hi[widest] > lo[widest])) return RC_OK; /* all the same point */
    int64_t mid = from + (to - from) / 2;
    TRY(check_cancel(cx));
    select_median(t, from, to, mid, widest);
    TRY(split(cx, t, from, mid));
    t->node[me].right = t->n_nodes;
    return split(cx, t, mid, to);
}

enum rc_t kd_build(struct ctx *cx, const double *x, int64_t n, size_t d, struct kd *out)
{
    size_t most = 4 * ((size_t)n / LEAF_POINTS + 1);
    void *p = NULL;
    *out = (struct kd){.n = n, .d = d};
    TRY(mem_big(cx, mem_mul(sizeof(double) * (size_t)n, d) + 1, &p));
    out->x = p;
    TRY(mem_big(cx, sizeof(int64_t) * (size_t)n + 1, &p));
    out->id = p;
    TRY(mem_big(cx, sizeof(struct kd_node) * most, &p));
    out->node = p;
    TRY(mem_big(cx, mem_mul(sizeof(double) * most * 2, d) + 1, &p));
    out->box = p;
    if (n > 0) memcpy(out->x, x, sizeof(double) * (size_t)n * d);
    for (int64_t i = 0; i < n; i++)
        out->id[i] = i;
    return n > 0 ? split(cx, out, 0, n) : RC_OK;
}

void kd_free(struct kd *t)
{
    void *all[] = {t->x, t->id, t->tag, t->node, t->box};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]) mem_big_free(all[i]);
    *t = (struct kd){0};
}

enum rc_t kd_tags(struct ctx *cx, struct kd *t, const int64_t *tag)
{
    void *p = NULL;
    TRY(mem_big(cx, sizeof(int64_t) * (size_t)t->n + 1, &p));
    t->tag = p;
    for (int64_t i = 0; i < t->n; i++)
        t->tag[i] = tag[t->id[i]];
    for (int k = 0; k < t->n_nodes; k++)
        for (int64_t i = t->node[k].from; i < t->node[k].to; i++)
            if (t->tag[i] < t->node[k].tag) t->node[k].tag = t->tag[i];
    return RC_OK;
}

/* Squared distance of p to a node's box. */
static double box_distance2(const struct kd *t, int node, const double *p)
{
    const double *lo = t->box + (size_t)node * 2 * t->d, *hi = lo + t->d;
    double sum = 0;
    for (size_t j = 0; j < t->d; j++) {
        double v = p[j] < lo[j] ? lo[j] - p[j] : p[j] > hi[j] ? p[j] - hi[j] : 0.0;
        sum += v * v;
    }
    return sum;
}

static bool visit_leaf(const struct kd *t, const struct kd_node *at, const double *p, double r2,
                       bool (*visit)(void *self, int64_t place), void *self)
{
    for (int64_t i = at->from; i < at->to; i++) {
        const double *x = t->x + (size_t)i * t->d;
        double sum = 0;
        for (size_t j = 0; j < t->d; j++)
            sum += (x[j] - p[j]) * (x[j] - p[j]);
        if (sum <= r2 && visit(self, i)) return true;
    }
    return false;
}

void kd_within(const struct kd *t, const double *p, double r2, const int64_t *below,
               bool (*visit)(void *self, int64_t place), void *self)
{
    int stack[128], n = 0;
    if (t->n == 0) return;
    stack[n++] = 0;
    while (n > 0) {
        int node = stack[--n];
        const struct kd_node *at = &t->node[node];
        if (t->tag && below && at->tag >= *below) continue;
        if (box_distance2(t, node, p) > r2) continue;
        if (at->right == 0) {
            if (visit_leaf(t, at, p, r2, visit, self)) return;
            continue;
        }
        stack[n++] = at->right;
        stack[n++] = node + 1;
    }
}
