/* pair.c: aggregates of two numbers: corr, cov, wmean. A row counts when both are there. corr and
 * cov keep means and central sums (Chan's pairwise formula for the cross term), batch by batch. */
#include "runtime/fn/agg/agg.h"

#include <math.h>

#define BLOCK 512

/* Argument k of row i; false when null. */
static inline bool pair_value(const struct agg_eval *e, const struct vec *args, int k, int64_t i,
                              double *out)
{
    if (agg_const(e, k)) {
        *out = e->consts[k].u.f;
        return !e->consts[k].is_null;
    }
    *out = vec_f64(&args[k], i);
    return vec_valid(&args[k], i);
}

struct cross {
    double n, mx, my, xx, yy, xy;
};

static void cross_merge(struct cross *a, const struct cross *b)
{
    if (b->n == 0) return;
    if (a->n == 0) {
        *a = *b;
        return;
    }
    double n = a->n + b->n, dx = b->mx - a->mx, dy = b->my - a->my, w = a->n * b->n / n;
    a->xx += b->xx + dx * dx * w;
    a->yy += b->yy + dy * dy * w;
    a->xy += b->xy + dx * dy * w;
    a->mx += dx * b->n / n;
    a->my += dy * b->n / n;
    a->n = n;
}

static void cross_block(struct cross *s, const double *x, const double *y, int64_t n)
{
    double sx = 0, sy = 0;
    struct cross b = {.n = (double)n};
    if (n == 0) return;
    for (int64_t i = 0; i < n; i++) {
        sx += x[i] - x[0];
        sy += y[i] - y[0];
    }
    b.mx = x[0] + sx / b.n;
    b.my = y[0] + sy / b.n;
    for (int64_t i = 0; i < n; i++) {
        double dx = x[i] - b.mx, dy = y[i] - b.my;
        b.xx += dx * dx;
        b.yy += dy * dy;
        b.xy += dx * dy;
    }
    cross_merge(s, &b);
}

static enum rc_t cross_update(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                              int64_t n, const struct vec *args)
{
    double x[BLOCK], y[BLOCK];
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++) {
        bool has_x = pair_value(e, args, 0, i, &x[k]), has_y = pair_value(e, args, 1, i, &y[k]);
        if (!has_x || !has_y) continue;
        if (groups) {
            struct cross one = {.n = 1, .mx = x[k], .my = y[k]};
            cross_merge((void *)(base + groups[i] * stride), &one);
        } else if (++k == BLOCK) {
            cross_block((void *)base, x, y, k);
            k = 0;
        }
    }
    if (!groups) cross_block((void *)base, x, y, k);
    return RC_OK;
}

static enum rc_t cross_combine(struct agg_eval *e, char *dst, const char *src)
{
    (void)e;
    cross_merge((void *)dst, (const void *)src);
    return RC_OK;
}

/* An infinite value has no distance from its mean. */
static bool has_spread(const struct cross *s)
{
    return s->n > 1 && isfinite(s->mx) && isfinite(s->my);
}

static enum rc_t corr_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                            struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        const struct cross *s = (const void *)(base + (size_t)i * stride);
        double xxyy = s->xx * s->yy; /* the root of the product is exact more often */
        bool fits = xxyy > 1e-290 && xxyy < 1e290;
        double r = has_spread(s) ? s->xy / (fits ? sqrt(xxyy) : sqrt(s->xx) * sqrt(s->yy)) : NAN;
        put_f64(out, i, r > 1 ? 1 : r < -1 ? -1 : r);
    }
    return RC_OK;
}

static enum rc_t cov_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                           struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        const struct cross *s = (const void *)(base + (size_t)i * stride);
        put_f64(out, i, has_spread(s) ? s->xy / (s->n - 1) : NAN);
    }
    return RC_OK;
}

static const struct agg_overload corr_overloads[] = {
    AG2(KIND_NUM, KIND_NUM, KIND_NUM, struct cross, cross_update, cross_combine, corr_final),
};
const struct agg_desc agg_corr = {
    .name = "corr",
    .sig = "corr(x: num, y: num) -> num",
    .doc = "Pearson's correlation over rows that have both; null when one of them does not vary.",
    .example = "corr([1, 2, 3], [2, 4, 6])  #> 1.0",
    .overloads = corr_overloads,
    .n_overloads = COUNT(corr_overloads),
    .foreign = {"corr(%1, %2)", NULL},
};
static const struct agg_overload cov_overloads[] = {
    AG2(KIND_NUM, KIND_NUM, KIND_NUM, struct cross, cross_update, cross_combine, cov_final),
};
const struct agg_desc agg_cov = {
    .name = "cov",
    .sig = "cov(x: num, y: num) -> num",
    .doc = "Covariance over rows that have both, divided by n - 1.",
    .example = "cov([1, 2, 3], [2, 4, 6])  #> 2.0",
    .overloads = cov_overloads,
    .n_overloads = COUNT(cov_overloads),
    .foreign = {"covar_samp(%1, %2)", "covar_samp(%1, %2)"},
};

/* ---- wmean ---- */
struct weighted {
    struct num_sum xw, w;
};

static enum rc_t weighted_update(struct agg_eval *e, char *base, size_t stride,
                                 const uint32_t *groups, int64_t n, const struct vec *args)
{
    for (int64_t i = 0; i < n; i++) {
        double x, w;
        bool has_x = pair_value(e, args, 0, i, &x), has_w = pair_value(e, args, 1, i, &w);
        if (!has_x || !has_w) continue;
        struct weighted *s = (void *)(base + (groups ? groups[i] * stride : 0));
        s->xw.s = two_sum(s->xw.s, x * w, &s->xw.error);
        s->w.s = two_sum(s->w.s, w, &s->w.error);
    }
    return RC_OK;
}

static enum rc_t weighted_combine(struct agg_eval *e, char *dst, const char *src)
{
    struct weighted *d = (void *)dst;
    const struct weighted *s = (const void *)src;
    (void)e;
    d->xw.s = two_sum(d->xw.s, s->xw.s, &d->xw.error);
    d->w.s = two_sum(d->w.s, s->w.s, &d->w.error);
    d->xw.error += s->xw.error;
    d->w.error += s->w.error;
    return RC_OK;
}

static enum rc_t weighted_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                                struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        const struct weighted *s = (const void *)(base + (size_t)i * stride);
        double xw = isfinite(s->xw.s) ? s->xw.s + s->xw.error : s->xw.s;
        double w = isfinite(s->w.s) ? s->w.s + s->w.error : s->w.s;
        put_f64(out, i, w != 0 ? xw / w : NAN);
    }
    return RC_OK;
}

static const struct agg_overload wmean_overloads[] = {
    AG2(KIND_NUM, KIND_NUM, KIND_NUM, struct weighted, weighted_update, weighted_combine,
        weighted_final),
};
const struct agg_desc agg_wmean = {
    .name = "wmean",
    .sig = "wmean(x: num, w: num) -> num",
    .doc = "Mean of x weighted by w, over rows that have both; null when the weights add up to 0.",
    .example = "wmean([1, 4], [3, 1])  #> 1.75",
    .overloads = wmean_overloads,
    .n_overloads = COUNT(wmean_overloads),
};

/* ---- SQL's of (y, x): the second argument is the independent one ---- */
static void cross_values(const char *base, size_t stride, int64_t n, struct vec *out,
                         double (*f)(const struct cross *))
{
    for (int64_t i = 0; i < n; i++)
        put_f64(out, i, f((const void *)(base + (size_t)i * stride)));
}
/* The states are kept of (y, x): mx is the mean of y. */
static double sql_covar_pop_of(const struct cross *s)
{
    return s->n > 0 ? s->xy / s->n : NAN;
}
static double sql_regr_count_of(const struct cross *s)
{
    return s->n;
}
static double sql_regr_avgx_of(const struct cross *s)
{
    return s->n > 0 ? s->my : NAN;
}
static double sql_regr_avgy_of(const struct cross *s)
{
    return s->n > 0 ? s->mx : NAN;
}
static double sql_regr_sxx_of(const struct cross *s)
{
    return s->n > 0 ? s->yy : NAN;
}
static double sql_regr_syy_of(const struct cross *s)
{
    return s->n > 0 ? s->xx : NAN;
}
static double sql_regr_sxy_of(const struct cross *s)
{
    return s->n > 0 ? s->xy : NAN;
}
static double sql_regr_slope_of(const struct cross *s)
{
    return s->yy > 0 ? s->xy / s->yy : NAN;
}
static double sql_regr_intercept_of(const struct cross *s)
{
    return s->yy > 0 ? s->mx - s->my * (s->xy / s->yy) : NAN;
}
static double sql_regr_r2_of(const struct cross *s)
{
    if (!(s->yy > 0)) return NAN;
    return s->xx == 0 ? 1 : s->xy / s->xx * (s->xy / s->yy);
}

#define PAIR(id, example_text)                                                                     \
    static enum rc_t id##_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,    \
                                struct vec *out)                                                   \
    {                                                                                              \
        (void)e;                                                                                   \
        cross_values(base, stride, n, out, id##_of);                                               \
        return RC_OK;                                                                              \
    }                                                                                              \
    static const struct agg_overload id##_overloads[] = {                                          \
        AG2(KIND_NUM, KIND_NUM, KIND_NUM, struct cross, cross_update, cross_combine, id##_final),  \
    };                                                                                             \
    const struct agg_desc agg_##id = {.name = #id,                                                 \
                                      .sig = #id "(y: num, x: num) -> num",                        \
                                      .doc = "SQL's aggregate of that name.",                      \
                                      .example = example_text,                                     \
                                      .is_hidden = true,                                           \
                                      .overloads = id##_overloads,                                 \
                                      .n_overloads = 1};

PAIR(sql_covar_pop, "sql_covar_pop([1, 2, 3], [2, 4, 6])  #> 1.3333333333333333")
PAIR(sql_regr_count, "sql_regr_count([1, 2], [2, 4])  #> 2.0")
PAIR(sql_regr_avgx, "sql_regr_avgx([1, 2], [2, 4])  #> 3.0")
PAIR(sql_regr_avgy, "sql_regr_avgy([1, 2], [2, 4])  #> 1.5")
PAIR(sql_regr_sxx, "sql_regr_sxx([1, 2], [2, 4])  #> 2.0")
PAIR(sql_regr_syy, "sql_regr_syy([1, 2], [2, 4])  #> 0.5")
PAIR(sql_regr_sxy, "sql_regr_sxy([1, 2], [2, 4])  #> 1.0")
PAIR(sql_regr_slope, "sql_regr_slope([1, 2], [2, 4])  #> 0.5")
PAIR(sql_regr_intercept, "sql_regr_intercept([1, 2], [2, 4])  #> 0.0")
PAIR(sql_regr_r2, "sql_regr_r2([1, 2], [2, 4])  #> 1.0")
