/* var.c: var, sd, skew, kurtosis. A batch is measured in two passes (mean first, then central
 * powers), batches and partitions are put together with the pairwise formulas of Chan, Golub and
 * LeVeque (1979) and, for the third and fourth power, Pebay (SAND2008-6212, eq. 2.1, 3.1). Grouped
 * rows are batches of one. */
#include "runtime/fn/agg/agg.h"

#include "runtime/base/kernel.h"

#include <math.h>

/* n values with mean and sums of central powers; m3 and m4 only where they are asked for. */
struct moments {
    double n, mean, m2, m3, m4;
};

static void moments_merge(struct moments *a, const struct moments *b)
{
    if (b->n == 0) return;
    if (a->n == 0) {
        *a = *b;
        return;
    }
    double n = a->n + b->n, d = b->mean - a->mean, d_n = d / n, ab = a->n * b->n;
    double m4 = a->m4 + b->m4 + d * d_n * d_n * d_n * ab * (a->n * a->n - ab + b->n * b->n) +
                6 * d_n * d_n * (a->n * a->n * b->m2 + b->n * b->n * a->m2) +
                4 * d_n * (a->n * b->m3 - b->n * a->m3);
    double m3 = a->m3 + b->m3 + d * d_n * d_n * ab * (a->n - b->n) +
                3 * d_n * (a->n * b->m2 - b->n * a->m2);
    a->m2 += b->m2 + d * d_n * ab;
    a->m3 = m3;
    a->m4 = m4;
    a->mean += d_n * b->n;
    a->n = n;
}

/* One value more; Welford's update for two powers, the general formula for four. */
static inline void var_add(struct moments *s, double x)
{
    double d = x - s->mean;
    s->n += 1;
    s->mean += d / s->n;
    s->m2 += d * (x - s->mean);
}
static inline void power_add(struct moments *s, double x)
{
    struct moments one = {.n = 1, .mean = x};
    moments_merge(s, &one);
}

#define LANES 8
KERNEL static void shifted_lanes(int64_t n, const double *restrict a, double by,
                                 double *restrict acc)
{
    for (int64_t i = 0; i < n; i += LANES)
        for (int k = 0; k < LANES; k++)
            acc[k] += a[i + k] - by;
}
KERNEL static void square_lanes(int64_t n, const double *restrict a, double by,
                                double *restrict acc)
{
    for (int64_t i = 0; i < n; i += LANES)
        for (int k = 0; k < LANES; k++)
            acc[k] += (a[i + k] - by) * (a[i + k] - by);
}
KERNEL static void power_lanes(int64_t n, const double *restrict a, double by,
                               double *restrict acc3, double *restrict acc4)
{
    for (int64_t i = 0; i < n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            double d = a[i + k] - by, d2 = d * d;
            acc3[k] += d2 * d;
            acc4[k] += d2 * d2;
        }
}
static double lanes_total(const double *acc)
{
    return ((acc[0] + acc[4]) + (acc[1] + acc[5])) + ((acc[2] + acc[6]) + (acc[3] + acc[7]));
}

/* Taking the first value off before summing keeps a constant batch's mean exact, so its variance is
 * 0 and not a rounding error. */
static struct moments batch_moments(const double *a, int64_t n, bool powers)
{
    double sum[LANES] = {0}, two[LANES] = {0}, three[LANES] = {0}, four[LANES] = {0};
    int64_t even = n - n % LANES;
    struct moments s = {.n = (double)n};
    shifted_lanes(even, a, a[0], sum);
    for (int64_t i = even; i < n; i++)
        sum[i - even] += a[i] - a[0];
    s.mean = a[0] + lanes_total(sum) / (double)n;
    square_lanes(even, a, s.mean, two);
    for (int64_t i = even; i < n; i++)
        two[i - even] += (a[i] - s.mean) * (a[i] - s.mean);
    s.m2 = lanes_total(two);
    if (!powers) return s;
    power_lanes(even, a, s.mean, three, four);
    for (int64_t i = even; i < n; i++) {
        double d = a[i] - s.mean;
        three[i - even] += d * d * d;
        four[i - even] += d * d * d * d;
    }
    s.m3 = lanes_total(three);
    s.m4 = lanes_total(four);
    return s;
}

static void dense(struct moments *s, const double *a, int64_t n, bool powers)
{
    for (int64_t at = 0; at < n; at += BATCH_ROWS) {
        int64_t m = n - at < BATCH_ROWS ? n - at : BATCH_ROWS;
        struct moments b = batch_moments(a + at, m, powers);
        moments_merge(s, &b);
    }
}

#define K_NAME           var_update
#define K_T              double
#define K_STATE          struct moments
#define K_ADD(s, x)      var_add(s, x)
#define K_DENSE(s, a, n) dense(s, a, n, false)
#define K_CONST(v)       (v).u.f
#include "runtime/fn/kern/agg.inc.h"

#define K_NAME           power_update
#define K_T              double
#define K_STATE          struct moments
#define K_ADD(s, x)      power_add(s, x)
#define K_DENSE(s, a, n) dense(s, a, n, true)
#define K_CONST(v)       (v).u.f
#include "runtime/fn/kern/agg.inc.h"

static enum rc_t moments_combine(struct agg_eval *e, char *dst, const char *src)
{
    (void)e;
    moments_merge((void *)dst, (const void *)src);
    return RC_OK;
}

static double var_of(const struct moments *s)
{
    return s->n > 1 ? s->m2 / (s->n - 1) : NAN;
}
static double sd_of(const struct moments *s)
{
    return sqrt(var_of(s));
}
/* Bias-corrected, as pandas and Excel: G1. */
static double skew_of(const struct moments *s)
{
    double n = s->n;
    if (n < 3 || s->m2 != s->m2) return NAN;
    if (s->m2 == 0) return 0;
    return n * sqrt(n - 1) / (n - 2) * (s->m3 / (s->m2 * sqrt(s->m2)));
}
/* Bias-corrected excess: G2. */
static double kurtosis_of(const struct moments *s)
{
    double n = s->n;
    if (n < 4 || s->m2 != s->m2) return NAN;
    if (s->m2 == 0) return 0;
    double scale = (n - 2) * (n - 3);
    return n * (n + 1) * (n - 1) * s->m4 / (scale * s->m2 * s->m2) - 3 * (n - 1) * (n - 1) / scale;
}

/* Of the whole population, as SQL's var_pop. */
static double sql_var_pop_of(const struct moments *s)
{
    return s->n > 0 ? s->m2 / s->n : NAN;
}
static double sql_stddev_pop_of(const struct moments *s)
{
    return sqrt(sql_var_pop_of(s));
}

static void finals(const char *base, size_t stride, int64_t n, struct vec *out,
                   double (*f)(const struct moments *))
{
    for (int64_t i = 0; i < n; i++)
        put_f64(out, i, f((const void *)(base + (size_t)i * stride)));
}

#define MOMENT(id, up, hidden, doc_text, example_text, sql_text, spark_text)                       \
    static enum rc_t id##_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,    \
                                struct vec *out)                                                   \
    {                                                                                              \
        (void)e;                                                                                   \
        finals(base, stride, n, out, id##_of);                                                     \
        return RC_OK;                                                                              \
    }                                                                                              \
    static const struct agg_overload id##_overloads[] = {                                          \
        AG(KIND_NUM, KIND_NUM, struct moments, up, moments_combine, id##_final),                   \
    };                                                                                             \
    const struct agg_desc agg_##id = {.name = #id,                                                 \
                                      .sig = #id "(x: num) -> num",                                \
                                      .doc = doc_text,                                             \
                                      .example = example_text,                                     \
                                      .is_hidden = (hidden),                                       \
                                      .overloads = id##_overloads,                                 \
                                      .n_overloads = 1,                                            \
                                      .foreign = {sql_text, spark_text}};

MOMENT(var, var_update, false, "Variance, divided by n - 1; null for fewer than two values.",
       "var([1, 2, 3, 4])  #> 1.6666666666666667", "var_samp(%1)", "var_samp(%1)")
MOMENT(sd, var_update, false, "Standard deviation, from the variance divided by n - 1.",
       "sd([1, 3])  #> 1.4142135623730951", "stddev_samp(%1)", "stddev_samp(%1)")
MOMENT(skew, power_update, false, "Skewness, corrected for bias; null for fewer than three values.",
       "skew([1, 2, 3])  #> 0.0", NULL, NULL)
MOMENT(kurtosis, power_update, false,
       "Excess kurtosis, corrected for bias; null for fewer than four values.",
       "round(kurtosis([1, 2, 3, 4]), 6)  #> -1.2", NULL, NULL)
MOMENT(sql_var_pop, var_update, true, "SQL's var_pop: divided by n.", "sql_var_pop([1, 3])  #> 1.0",
       "var_pop(%1)", "var_pop(%1)")
MOMENT(sql_stddev_pop, var_update, true, "SQL's stddev_pop.", "sql_stddev_pop([1, 3])  #> 1.0",
       "stddev_pop(%1)", "stddev_pop(%1)")
