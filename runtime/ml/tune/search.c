/* search.c: which settings are tried: every combination, independent draws, or draws where settings
 * have done well (TPE). A draw depends on (seed, number of the trial, axis) alone. */
#include "runtime/ml/tune/tune_int.h"

#include "runtime/base/rng.h"

#include <math.h>

#define SEARCH_STREAM 0x74756e65u
#define TPE_STARTUP   10 /* trials before the estimators are used */
#define TPE_DRAWS     24 /* candidates, of which the likeliest to be good is taken */

int64_t search_grid_size(const struct ml_tune_spec *spec)
{
    int64_t n = 1;
    for (int i = 0; i < spec->n_axes; i++) {
        if (spec->axes[i].n_choices == 0) return 0;
        if (__builtin_mul_overflow(n, (int64_t)spec->axes[i].n_choices, &n)) return INT64_MAX;
    }
    return n;
}

/* ---- numbers of an axis on the scale where it is even ---- */
static double to_scale(const struct ml_axis *a, double x)
{
    return a->is_log ? log(x) : x;
}

static struct scalar from_scale(const struct ml_axis *a, double s)
{
    double x = a->is_log ? exp(s) : s;
    x = x < a->lo ? a->lo : x > a->hi ? a->hi : x;
    if (a->is_int) return (struct scalar){.type = DTYPE(KIND_INT), .u.i = (int64_t)floor(x + 0.5)};
    return (struct scalar){.type = DTYPE(KIND_NUM), .u.f = x};
}

static double scalar_number(const struct scalar *s)
{
    return s->type.kind == KIND_INT ? (double)s->u.i : s->u.f;
}

static struct scalar draw(const struct ml_axis *a, double u)
{
    if (a->n_choices > 0) return a->choices[(int)(u * a->n_choices)];
    double lo = to_scale(a, a->lo), hi = to_scale(a, a->hi);
    if (a->is_int && !a->is_log) { /* every whole number alike */
        int64_t v = (int64_t)a->lo + (int64_t)floor(u * (a->hi - a->lo + 1));
        return (struct scalar){.type = DTYPE(KIND_INT), .u.i = v};
    }
    return from_scale(a, lo + u * (hi - lo));
}

static void grid_point(const struct ml_tune_spec *spec, int64_t at, struct scalar *out)
{
    for (int i = spec->n_axes; i-- > 0;) {
        out[i] = spec->axes[i].choices[at % spec->axes[i].n_choices];
        at /= spec->axes[i].n_choices;
    }
}

static void random_point(const struct ml_tune_spec *spec, int trial, struct scalar *out)
{
    for (int i = 0; i < spec->n_axes; i++)
        out[i] = draw(&spec->axes[i], rng_unit(spec->fit.seed, SEARCH_STREAM,
                                               (uint64_t)trial * 1000 + (uint64_t)i));
}

/* ---- TPE ---- */
struct parzen { /* of one axis over some trials */
    const struct ml_axis *axis;
    int n;
    double *at, *width; /* numbers: normal kernels cut to the stretch, and one flat prior */
    double *weight;     /* choices: one count each, and a prior */
};

static int choice_of(const struct ml_axis *a, const struct scalar *s)
{
    for (int i = 0; i < a->n_choices; i++)
        if (a->choices[i].type.kind == s->type.kind && a->choices[i].is_null == s->is_null &&
            (s->is_null || s->type.kind == KIND_LIST ? a->choices[i].u.list == s->u.list
                                                     : scalar_cmp(&a->choices[i], s) == 0))
            return i;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Widths: the larger gap to a neighbour, at least the stretch by min(100, n + 1). */
static void fit_numbers(struct parzen *p, double lo, double hi)
{
    qsort(p->at, (size_t)p->n, sizeof *p->at, by_number);
    double least = (hi - lo) / (p->n + 1 < 100 ? p->n + 1 : 100);
    for (int i = 0; i < p->n; i++) {
        double left = p->at[i] - (i > 0 ? p->at[i - 1] : lo);
        double right = (i + 1 < p->n ? p->at[i + 1] : hi) - p->at[i];
        double w = left > right ? left : right;
        p->width[i] = w < least ? least : w;
    }
}

static struct parzen parzen_fit(struct ctx *cx, const struct ml_axis *a, int axis,
                                struct trial *const *good, int n)
{
    struct parzen p = {.axis = a, .n = n};
    if (a->n_choices > 0) {
        p.weight = ARENA_ARRAY(cx->arena, double, a->n_choices);
        for (int i = 0; i < a->n_choices; i++)
            p.weight[i] = 1.0 / a->n_choices;
        for (int i = 0; i < n; i++)
            p.weight[choice_of(a, &good[i]->point[axis])] += 1.0;
        for (int i = 0; i < a->n_choices; i++)
            p.weight[i] /= n + 1.0;
        return p;
    }
    p.at = ARENA_ARRAY(cx->arena, double, n + 1);
    p.width = ARENA_ARRAY(cx->arena, double, n + 1);
    for (int i = 0; i < n; i++)
        p.at[i] = to_scale(a, scalar_number(&good[i]->point[axis]));
    fit_numbers(&p, to_scale(a, a->lo), to_scale(a, a->hi));
    return p;
}

static double normal_cdf(double z)
{
    return 0.5 * erfc(-z / sqrt(2.0));
}

static double parzen_density(const struct parzen *p, const struct scalar *v)
{
    const struct ml_axis *a = p->axis;
    if (a->n_choices > 0) return p->weight[choice_of(a, v)];
    double lo = to_scale(a, a->lo), hi = to_scale(a, a->hi), x = to_scale(a, scalar_number(v));
    double sum = hi > lo ? 1.0 / (hi - lo) : 1.0;
    for (int i = 0; i < p->n; i++) {
        double w = p->width[i], z = (x - p->at[i]) / w;
        double inside = normal_cdf((hi - p->at[i]) / w) - normal_cdf((lo - p->at[i]) / w);
        if (w > 0 && inside > 0) sum += exp(-0.5 * z * z) / (w * sqrt(2 * acos(-1.0)) * inside);
    }
    return sum / (p->n + 1.0);
}

/* One draw of the estimator: a kernel, then a number of it (those outside are taken to the end). */
static struct scalar parzen_draw(const struct parzen *p, uint64_t seed, uint64_t counter)
{
    const struct ml_axis *a = p->axis;
    double u = rng_unit(seed, SEARCH_STREAM + 1, counter);
    if (a->n_choices > 0) {
        int k = 0;
        while (k + 1 < a->n_choices && u >= p->weight[k])
            u -= p->weight[k++];
        return a->choices[k];
    }
    int k = (int)(u * (p->n + 1));
    if (k >= p->n) return draw(a, rng_unit(seed, SEARCH_STREAM + 2, counter));
    return from_scale(a, p->at[k] + p->width[k] * rng_normal(seed, SEARCH_STREAM + 2, counter));
}

static void tpe_point(struct ctx *cx, const struct ml_tune_spec *spec, const struct trials *t,
                      int trial, struct scalar *out)
{
    struct trial **list;
    int n = trials_ranked(cx, t, &list), n_good = (int)ceil(0.1 * n);
    if (n < TPE_STARTUP) {
        random_point(spec, trial, out);
        return;
    }
    if (n_good > 25) n_good = 25;
    for (int i = 0; i < spec->n_axes; i++) {
        struct parzen good = parzen_fit(cx, &spec->axes[i], i, list, n_good);
        struct parzen rest = parzen_fit(cx, &spec->axes[i], i, list + n_good, n - n_good);
        double best = -1;
        for (int k = 0; k < TPE_DRAWS; k++) {
            uint64_t counter = ((uint64_t)trial * 1000 + (uint64_t)i) * TPE_DRAWS + (uint64_t)k;
            struct scalar v = parzen_draw(&good, spec->fit.seed, counter);
            double ratio = parzen_density(&good, &v) / parzen_density(&rest, &v);
            if (ratio > best) {
                best = ratio;
                out[i] = v;
            }
        }
    }
}

int search_propose(struct ctx *cx, const struct ml_tune_spec *spec, enum ml_search search,
                   const struct trials *t, int begun, int want, struct scalar **points)
{
    int64_t grid = search_grid_size(spec), all = spec->trials > 0 ? spec->trials : 20;
    if (search == SEARCH_GRID) all = grid;
    if (grid > 0 && grid < all) all = grid;
    bool is_grid = search == SEARCH_GRID || (grid > 0 && grid <= all);
    int n = all - begun < want ? (int)(all - begun) : want;
    if (n <= 0) return 0;
    *points = ARENA_ARRAY(cx->arena, struct scalar, mem_mul((size_t)n, (size_t)spec->n_axes) + 1);
    for (int i = 0; i < n; i++) {
        struct scalar *p = *points + (size_t)i * (size_t)spec->n_axes;
        if (is_grid)
            grid_point(spec, begun + i, p);
        else if (search == SEARCH_TPE)
            tpe_point(cx, spec, t, begun + i, p);
        else
            random_point(spec, begun + i, p);
    }
    return n;
}
