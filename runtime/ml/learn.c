/* learn.c: what features learn from all their values at once: ends, quantiles, polynomials, knots,
 * principal components, orders of levels. Values come from a plan over the table of leaves; sums go
 * over them in the order of the rows. */
#include "runtime/ml/learn_int.h"

#include "runtime/base/bitmap.h"
#include "runtime/base/cancel.h"

#include <float.h>
#include <math.h>

bool feature_learns_whole(const struct feature *f)
{
    return f->op >= FEATURE_MIN_MAX && f->op != FEATURE_BINARIZE && f->op != FEATURE_NORMALIZE &&
           f->op != FEATURE_COLUMN && !(f->op == FEATURE_BUCKET && f->points);
}

int feature_width(const struct feature *f)
{
    if (f->op == FEATURE_NORMALIZE) return f->n_args;
    return f->op == FEATURE_POLY || f->op == FEATURE_BS || f->op == FEATURE_PCA ? f->size : 1;
}

/* ---- values ---- */
struct values { /* of one argument, null left out */
    double *x;
    int64_t n;
};

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static enum rc_t number_of(struct prepare *p, const struct feature *f, const struct expr **e)
{
    char text[64];
    enum kind k = (*e)->type.kind;
    if (k == KIND_INT || k == KIND_NUM || k == KIND_BOOL)
        return expr_cast(p->cx, p->cx->arena, *e, KIND_NUM, e);
    return fail(p->cx, E207, f->span, "`%s` takes numbers; `%s` is %s", f->text, f->args[0]->text,
                dtype_text((*e)->type, text, sizeof text));
}

/* The numbers of argument 0, in mem_big memory. */
static enum rc_t values_of(struct prepare *p, const struct feature *f, struct values *out)
{
    const struct expr *e;
    struct table *t = NULL;
    void *x;
    TRY(prepare_expr(p, f->args[0], false, &e));
    TRY(number_of(p, f, &e));
    TRY(prepare_values(p, &e, 1, &t));
    enum rc_t res = mem_big(p->cx, sizeof(double) * (size_t)t->n_rows + 1, &x);
    const struct column *c = t->cols[0];
    *out = (struct values){.x = x};
    for (int64_t i = 0; res == RC_OK && i < c->n; i++)
        if (bit_valid(c->valid, i)) out->x[out->n++] = ((const double *)c->data)[i];
    table_unref(t);
    TRY(res);
    if (out->n > 0) return RC_OK;
    mem_big_free(x);
    return fail(p->cx, E402, f->span, "`%s` has no value: every row of `%s` is null", f->text,
                f->args[0]->text);
}

/* Type 7 of sorted values, as numpy's default. */
static double quantile(const struct values *v, double q)
{
    double at = q * (double)(v->n - 1);
    int64_t i = (int64_t)at;
    if (i + 1 >= v->n) return v->x[v->n - 1];
    return v->x[i] + (at - (double)i) * (v->x[i + 1] - v->x[i]);
}

static void keep_numbers(struct prepare *p, struct state *s, const double *v, int n)
{
    s->v = ARENA_ARRAY(p->m->arena, double, n + 1);
    for (int i = 0; i < n; i++)
        s->v[i] = v[i];
    s->n_v = n;
}

/* ---- one column in, one out ---- */
static void learn_ends(struct prepare *p, struct state *s, const struct values *v)
{
    const struct feature *f = s->feature;
    double lo = v->x[0], hi = v->x[v->n - 1], scale = hi - lo;
    double shift = f->op == FEATURE_MIN_MAX ? lo : 0.0;
    if (f->op == FEATURE_MAX_ABS) scale = fmax(fabs(lo), fabs(hi));
    if (f->op == FEATURE_ROBUST) {
        shift = quantile(v, 0.5);
        scale = quantile(v, 0.75) - quantile(v, 0.25);
    }
    keep_numbers(p, s, (double[]){shift, scale > 0 ? scale : 1.0}, 2);
}

/* Inner cut points of equal shares; equal ones once. */
static void learn_bucket(struct prepare *p, struct state *s, const struct values *v)
{
    int n = 0, size = s->feature->size;
    double *cuts = ARENA_ARRAY(p->cx->arena, double, size + 1);
    for (int k = 1; k < size; k++) {
        double q = quantile(v, (double)k / size);
        if (q > v->x[0] && (n == 0 || q > cuts[n - 1])) cuts[n++] = q;
    }
    keep_numbers(p, s, cuts, n);
}

/* Knots as patsy's bs(df =): the ends four times, inner ones at equal shares of the values. */
static enum rc_t learn_spline(struct prepare *p, struct state *s, const struct values *v)
{
    int size = s->feature->size, inner = size - 3, n = 0;
    double *knots = ARENA_ARRAY(p->cx->arena, double, size + 5);
    if (!(v->x[v->n - 1] > v->x[0]))
        return fail(p->cx, E405, s->feature->span, "`%s`: `%s` has one value only",
                    s->feature->text, s->feature->args[0]->text);
    for (int k = 0; k < 4; k++)
        knots[n++] = v->x[0];
    for (int k = 1; k <= inner; k++)
        knots[n++] = quantile(v, (double)k / (inner + 1));
    for (int k = 0; k < 4; k++)
        knots[n++] = v->x[v->n - 1];
    keep_numbers(p, s, knots, n);
    return RC_OK;
}

/* Orthogonal polynomials by their three-term recursion (W. J. Kennedy, J. E. Gentle, "Statistical
 * Computing", 1980, as R's poly): per degree the centre, then the squared norms. v: a_1..a_k, then
 * norms 0..k. */
static enum rc_t learn_poly(struct prepare *p, struct state *s, const struct values *v)
{
    int k = s->feature->size;
    double *out = ARENA_ARRAY(p->cx->arena, double, 2 * k + 1), *norm = out + k;
    void *space;
    TRY(mem_big(p->cx, 2 * sizeof(double) * (size_t)v->n + 1, &space));
    double *now = space, *before = now + v->n;
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < v->n; i++)
        now[i] = 1.0, before[i] = 0.0;
    norm[0] = (double)v->n;
    for (int d = 0; d < k && res == RC_OK; d++) {
        double sum = 0.0, size = 0.0, back = d > 0 ? norm[d] / norm[d - 1] : 0.0;
        res = check_cancel(p->cx);
        for (int64_t i = 0; i < v->n; i++)
            sum += v->x[i] * now[i] * now[i];
        out[d] = sum / norm[d];
        for (int64_t i = 0; i < v->n; i++) {
            double next = (v->x[i] - out[d]) * now[i] - back * before[i];
            before[i] = now[i];
            now[i] = next;
            size += next * next;
        }
        norm[d + 1] = size;
        if (res == RC_OK && !(size > 1e-24 * norm[d] * fmax(1.0, out[d] * out[d])))
            res = fail(p->cx, E405, s->feature->span,
                       "`%s`: `%s` has too few different values for degree %d", s->feature->text,
                       s->feature->args[0]->text, d + 1);
    }
    mem_big_free(space);
    if (res == RC_OK) keep_numbers(p, s, out, 2 * k + 1);
    return res;
}

static enum rc_t learn_one(struct prepare *p, struct state *s)
{
    struct values v;
    enum rc_t res = RC_OK;
    if (s->feature->op == FEATURE_POLY && s->feature->raw) return RC_OK;
    TRY(values_of(p, s->feature, &v));
    if (s->feature->op == FEATURE_POLY) {
        res = learn_poly(p, s, &v);
    } else {
        qsort(v.x, (size_t)v.n, sizeof *v.x, rising);
        if (s->feature->op == FEATURE_BUCKET)
            learn_bucket(p, s, &v);
        else if (s->feature->op == FEATURE_BS)
            res = learn_spline(p, s, &v);
        else
            learn_ends(p, s, &v);
    }
    mem_big_free(v.x);
    return res;
}

/* ---- principal components ---- */
/* Eigenvectors of the symmetric a [n, n] by cyclic Jacobi rotations: columns of u, a gets the
 * eigenvalues on its diagonal. */
static void jacobi(int n, double *a, double *u)
{
    for (int i = 0; i < n * n; i++)
        u[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
    for (int sweep = 0; sweep < 60; sweep++) {
        double off = 0.0, all = 0.0;
        for (int i = 0; i < n; i++)
            for (int k = 0; k < n; k++) {
                all += a[i * n + k] * a[i * n + k];
                if (i != k) off += a[i * n + k] * a[i * n + k];
            }
        if (off <= 1e-30 * all) return;
        for (int i = 0; i < n; i++)
            for (int k = i + 1; k < n; k++) {
                double x = a[i * n + k];
                if (x == 0.0) continue;
                double theta = (a[k * n + k] - a[i * n + i]) / (2.0 * x);
                double t = (theta >= 0 ? 1.0 : -1.0) / (fabs(theta) + sqrt(theta * theta + 1.0));
                double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
                for (int j = 0; j < n; j++) {
                    double y = a[j * n + i], z = a[j * n + k];
                    a[j * n + i] = c * y - s * z;
                    a[j * n + k] = s * y + c * z;
                }
                for (int j = 0; j < n; j++) {
                    double y = a[i * n + j], z = a[k * n + j], v = u[j * n + i], w = u[j * n + k];
                    a[i * n + j] = c * y - s * z;
                    a[k * n + j] = s * y + c * z;
                    u[j * n + i] = c * v - s * w;
                    u[j * n + k] = s * v + c * w;
                }
            }
    }
}

/* Means [n] and covariances [n, n] of rows without null. */
static int64_t covariance(const struct table *t, int n, double *mean, double *cov)
{
    int64_t rows = 0;
    for (int pass = 0; pass < 2; pass++) {
        rows = 0;
        for (int64_t i = 0; i < t->n_rows; i++) {
            bool is_whole = true;
            for (int k = 0; k < n; k++)
                is_whole &= bit_valid(t->cols[k]->valid, i);
            if (!is_whole) continue;
            rows++;
            for (int k = 0; k < n; k++) {
                double x = ((const double *)t->cols[k]->data)[i];
                if (pass == 0) mean[k] += x;
                for (int j = 0; pass == 1 && j <= k; j++)
                    cov[k * n + j] +=
                        (x - mean[k]) * (((const double *)t->cols[j]->data)[i] - mean[j]);
            }
        }
        for (int k = 0; pass == 0 && k < n; k++)
            mean[k] /= (double)(rows > 0 ? rows : 1);
    }
    for (int k = 0; k < n; k++)
        for (int j = 0; j < k; j++)
            cov[j * n + k] = cov[k * n + j];
    return rows;
}

/* v: means [n], then the loadings of each component [n]; the largest loading is positive, as
 * scikit-learn decides the sign. */
static void choose_components(struct prepare *p, struct state *s, int n, const double *mean,
                              const double *values, const double *vectors)
{
    int size = s->feature->size;
    bool *taken = ARENA_ARRAY(p->cx->arena, bool, n);
    double *out = ARENA_ARRAY(p->cx->arena, double, n *(size + 1));
    memcpy(out, mean, sizeof *out * (size_t)n);
    for (int c = 0; c < size; c++) {
        int best = -1, largest = 0;
        for (int k = 0; k < n; k++)
            if (!taken[k] && (best < 0 || values[k * n + k] > values[best * n + best])) best = k;
        taken[best] = true;
        for (int k = 1; k < n; k++)
            if (fabs(vectors[k * n + best]) > fabs(vectors[largest * n + best])) largest = k;
        double sign = vectors[largest * n + best] < 0 ? -1.0 : 1.0;
        for (int k = 0; k < n; k++)
            out[n * (c + 1) + k] = sign * vectors[k * n + best];
    }
    keep_numbers(p, s, out, n * (size + 1));
}

static enum rc_t learn_pca(struct prepare *p, struct state *s)
{
    const struct feature *f = s->feature;
    int n = f->n_args;
    const struct expr **e = ARENA_ARRAY(p->cx->arena, const struct expr *, n + 1);
    struct table *t = NULL;
    for (int i = 0; i < n; i++) {
        TRY(prepare_expr(p, f->args[i], false, &e[i]));
        TRY(number_of(p, f, &e[i]));
    }
    TRY(prepare_values(p, e, n, &t));
    double *mean = ARENA_ARRAY(p->cx->arena, double, n);
    double *cov = ARENA_ARRAY(p->cx->arena, double, n *n);
    double *u = ARENA_ARRAY(p->cx->arena, double, n *n);
    int64_t rows = covariance(t, n, mean, cov);
    table_unref(t);
    if (rows < 2)
        return fail(p->cx, E404, f->span, "`%s` needs two rows without null at least", f->text);
    jacobi(n, cov, u);
    choose_components(p, s, n, mean, cov, u);
    return RC_OK;
}

/* ---- levels by frequency ---- */
static enum rc_t learn_index(struct prepare *p, struct state *s)
{
    struct enc_feature levels = {0};
    const struct expr *key;
    TRY(learn_key(p, s->feature, &key));
    TRY(prepare_levels(p, key, &levels));
    int n = levels.n_levels;
    double *rank = ARENA_ARRAY(p->cx->arena, double, n + 1);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            int64_t a = levels.levels[i].n, b = levels.levels[k].n;
            rank[i] += b > a || (b == a && k < i);
        }
    s->other = n;
    return learn_lookup(p, s, &levels, rank);
}

enum rc_t prepare_learn(struct prepare *p, struct state *s)
{
    switch (s->feature->op) {
    case FEATURE_PCA: TRY(learn_pca(p, s)); break;
    case FEATURE_INDEX: TRY(learn_index(p, s)); break;
    case FEATURE_TARGET: TRY(learn_target(p, s)); break;
    default: TRY(learn_one(p, s)); break;
    }
    s->is_ready = true;
    return RC_OK;
}
