/* quantile.c: median and quantile by selection (expected linear time, no full sort). Type 7 of
 * Hyndman and Fan (1996), as R, numpy and pandas: position (n - 1) p, linear between neighbours. */
#include "runtime/fn/agg/agg.h"

#include "runtime/base/hash.h"

#include <math.h>

static inline void swap(double *a, double *b)
{
    double t = *a;
    *a = *b;
    *b = t;
}

static void insertion_sort(double *a, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        double x = a[i];
        int64_t k = i;
        for (; k > 0 && x < a[k - 1]; k--)
            a[k] = a[k - 1];
        a[k] = x;
    }
}

static double median3(double a, double b, double c)
{
    if (a > b) swap(&a, &b);
    if (b > c) b = c;
    return a > b ? a : b;
}

/* Pivot: of three values at places that depend on the range alone, so that runs repeat. */
static double pivot_of(const double *a, int64_t lo, int64_t hi)
{
    uint64_t n = (uint64_t)(hi - lo + 1), h = hash_mix((uint64_t)lo, (uint64_t)hi);
    return median3(a[lo + (int64_t)(h % n)], a[lo + (int64_t)(hash_u64(h) % n)],
                   a[lo + (hi - lo) / 2]);
}

void select_kth(double *a, int64_t n, int64_t k)
{
    int64_t lo = 0, hi = n - 1;
    while (hi - lo > 24) {
        double p = pivot_of(a, lo, hi);
        int64_t i = lo - 1, j = hi + 1;
        for (;;) { /* Hoare: stops on equals, so that runs of one value split in the middle */
            while (a[++i] < p) {}
            while (a[--j] > p) {}
            if (i >= j) break;
            swap(&a[i], &a[j]);
        }
        if (j == hi) j--; /* the pivot is the one greatest, and in its place */
        if (k <= j)
            hi = j;
        else
            lo = j + 1;
    }
    insertion_sort(a + lo, hi - lo + 1);
}

double least_of(const double *a, int64_t n)
{
    double m = a[0];
    for (int64_t i = 1; i < n; i++)
        m = a[i] < m ? a[i] : m;
    return m;
}

/* Between two neighbours, from the nearer end (so that t = 0 and 1 are exact). */
static double between(double a, double b, double t)
{
    if (a == b || t == 0) return a;
    if (isinf(a) || isinf(b)) return a + b; /* the infinite one; NaN between both */
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/* Quantile of a[0..n), which is reordered; NaN when n is 0. */
static double quantile_of(double *a, int64_t n, double p)
{
    if (n == 0) return NAN;
    double at = (double)(n - 1) * p;
    int64_t k = (int64_t)floor(at);
    if (k >= n - 1) k = n - 1;
    select_kth(a, n, k);
    if (k == n - 1) return a[k];
    return between(a[k], least_of(a + k + 1, n - k - 1), at - (double)k);
}

/* The group's values as doubles in large memory; *m of them. */
static rc gather(struct agg_eval *e, int64_t n, const struct vec *v, double **out, int64_t *m)
{
    void *p;
    TRY(mem_big(e->cx, mem_mul(sizeof(double), (size_t)n + 1), &p));
    *out = p;
    if (agg_const(e, 0)) { /* one value, however often it stands */
        const struct scalar *c = &e->consts[0];
        *m = n > 0 && !c->is_null;
        **out = c->type.kind == KIND_NUM ? c->u.f : (double)c->u.i;
        return RC_OK;
    }
    if (v->phys == PHYS_F64) {
        *m = take_f64(v, n, p);
        return RC_OK;
    }
    *m = take_i64(v, n, p);
    for (int64_t i = 0; i < *m; i++) { /* in place: same width */
        int64_t x;
        memcpy(&x, (char *)p + 8 * i, 8);
        (*out)[i] = (double)x;
    }
    return RC_OK;
}

static rc quantile_at(struct agg_eval *e, int64_t n, const struct vec *args, double p,
                      struct vec *out, int64_t at)
{
    double *a;
    int64_t m;
    if (!(p >= 0 && p <= 1)) return fail(e->cx, E209, e->span, "a quantile lies in 0..1");
    double x;
    if (n >= MANY_ROWS && !agg_const(e, 0)) {
        double two[2], t;
        TRY(order_stats(e, n, &args[0], p, two, &t));
        x = between(two[0], two[1], t);
    } else {
        TRY(gather(e, n, &args[0], &a, &m));
        x = quantile_of(a, m, p);
        mem_big_free(a);
    }
    if (out->phys == PHYS_F64) {
        put_f64(out, at, x);
        return RC_OK;
    }
    bool has = x >= -0x1p63 && x < 0x1p63;
    ((int64_t *)out->data)[at] = has ? (int64_t)rint(x) : 0;
    if (!has) out_null(out, at);
    return RC_OK;
}

static enum rc_t quantile(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                          int64_t at)
{
    if (!agg_const(e, 1) || e->consts[1].is_null)
        return fail(e->cx, E217, e->span, "the share of `quantile` must be a constant");
    return quantile_at(e, n, args, e->consts[1].u.f, out, at);
}
static enum rc_t median(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                        int64_t at)
{
    return quantile_at(e, n, args, 0.5, out, at);
}

static const struct agg_overload median_overloads[] = {
    AGW(KIND_INT, KIND_NUM, median),
    AGW(KIND_NUM, KIND_NUM, median),
    AGW(KIND_DURATION, KIND_DURATION, median),
    AGW(KIND_DATETIME, KIND_DATETIME, median),
};
const struct agg_desc agg_median = {
    .name = "median",
    .sig = "median(x: num) -> num",
    .doc =
        "Middle value, the mean of the two middle ones when they are even in number; null without "
        "values.",
    .example = "median([1, 5, 2, 9])  #> 3.5",
    .overloads = median_overloads,
    .n_overloads = COUNT(median_overloads),
    .type = type_first,
    .foreign = {"percentile_cont(0.5) within group (order by %1)", NULL},
};
static const struct agg_overload quantile_overloads[] = {
    AGW2(KIND_INT, KIND_NUM, KIND_NUM, quantile),
    AGW2(KIND_NUM, KIND_NUM, KIND_NUM, quantile),
    AGW2(KIND_DURATION, KIND_NUM, KIND_DURATION, quantile),
};
const struct agg_desc agg_quantile = {
    .name = "quantile",
    .sig = "quantile(x: num, p: num) -> num",
    .doc =
        "The value below which the share p of the values lies, linear between neighbours (type 7).",
    .example = "quantile([1, 2, 3, 4], 0.9)  #> 3.7",
    .overloads = quantile_overloads,
    .n_overloads = COUNT(quantile_overloads),
    .type = type_first,
    .foreign = {"percentile_cont(%2) within group (order by %1)", NULL},
};
