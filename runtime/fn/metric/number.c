/* number.c: metrics of numbers: rmse mae r2 mape. */
#include "runtime/fn/metric/metric.h"

#include "runtime/base/mem.h"

#include <float.h>
#include <math.h>

static enum rc_t mse_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double e = s->actual[i] - s->score[i];
        sum += e * e;
    }
    *is_null = s->n == 0;
    *out = sum / (double)s->n;
    return RC_OK;
}

static enum rc_t rmse_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    TRY(mse_value(cx, s, out, is_null));
    *out = sqrt(*out);
    return RC_OK;
}

static enum rc_t mae_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++)
        sum += fabs(s->actual[i] - s->score[i]);
    *is_null = s->n == 0;
    *out = sum / (double)s->n;
    return RC_OK;
}

/* Every error counts against the size of what was there; zeros count as the smallest size, as
 * scikit-learn has it. */
static enum rc_t mape_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++)
        sum += fabs(s->actual[i] - s->score[i]) / fmax(fabs(s->actual[i]), DBL_EPSILON);
    *is_null = s->n == 0;
    *out = sum / (double)s->n;
    return RC_OK;
}

static enum rc_t r2_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    double mean = 0, whole = 0, rest = 0;
    for (int64_t i = 0; i < s->n; i++)
        mean += s->actual[i];
    mean /= (double)s->n;
    for (int64_t i = 0; i < s->n; i++) {
        whole += (s->actual[i] - mean) * (s->actual[i] - mean);
        rest += (s->actual[i] - s->score[i]) * (s->actual[i] - s->score[i]);
    }
    *is_null = s->n < 2 || !(whole > 0);
    *out = 1.0 - rest / whole;
    return RC_OK;
}

const struct metric_desc metric_rmse = {.name = "rmse",
                                        .less_is_better = true,
                                        .doc = "root of the mean squared error",
                                        .source = "sklearn.metrics.root_mean_squared_error",
                                        .value = rmse_value};
const struct metric_desc metric_mae = {.name = "mae",
                                       .less_is_better = true,
                                       .doc = "mean absolute error",
                                       .source = "sklearn.metrics.mean_absolute_error",
                                       .value = mae_value};
const struct metric_desc metric_r2 = {.name = "r2",
                                      .doc = "share of the variance that is explained",
                                      .source = "sklearn.metrics.r2_score",
                                      .value = r2_value};
const struct metric_desc metric_mape = {
    .name = "mape",
    .less_is_better = true,
    .doc = "mean of the absolute error over the absolute value that was there",
    .source = "sklearn.metrics.mean_absolute_percentage_error",
    .value = mape_value};

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static enum rc_t median_ae_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    void *p = NULL;
    TRY(mem_big(cx, sizeof(double) * ((size_t)s->n + 1), &p));
    double *e = p;
    for (int64_t i = 0; i < s->n; i++)
        e[i] = fabs(s->actual[i] - s->score[i]);
    qsort(e, (size_t)s->n, sizeof *e, rising);
    *is_null = s->n == 0;
    if (s->n > 0) *out = 0.5 * (e[(s->n - 1) / 2] + e[s->n / 2]);
    mem_big_free(p);
    return RC_OK;
}

/* As r2, but a constant error costs nothing. */
static enum rc_t explained_variance_value(struct ctx *cx, struct scored *s, double *out,
                                          bool *is_null)
{
    (void)cx;
    double mean = 0, bias = 0, whole = 0, rest = 0, n = (double)s->n;
    for (int64_t i = 0; i < s->n; i++) {
        mean += s->actual[i] / n;
        bias += (s->actual[i] - s->score[i]) / n;
    }
    for (int64_t i = 0; i < s->n; i++) {
        double e = s->actual[i] - s->score[i] - bias;
        whole += (s->actual[i] - mean) * (s->actual[i] - mean);
        rest += e * e;
    }
    *is_null = s->n < 2 || !(whole > 0);
    *out = 1.0 - rest / whole;
    return RC_OK;
}

const struct metric_desc metric_mse = {.name = "mse",
                                       .is_extra = true,
                                       .less_is_better = true,
                                       .doc = "mean squared error",
                                       .source = "sklearn.metrics.mean_squared_error",
                                       .value = mse_value};
const struct metric_desc metric_median_ae = {.name = "median_ae",
                                             .is_extra = true,
                                             .less_is_better = true,
                                             .doc = "median of the absolute errors",
                                             .source = "sklearn.metrics.median_absolute_error",
                                             .value = median_ae_value};
const struct metric_desc metric_explained_variance = {
    .name = "explained_variance",
    .is_extra = true,
    .doc = "share of the variance that is explained, a constant error apart",
    .source = "sklearn.metrics.explained_variance_score",
    .value = explained_variance_value};
