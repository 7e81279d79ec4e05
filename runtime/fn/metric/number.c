/* number.c: metrics of numbers: rmse mae r2 mape. */
#include "runtime/fn/metric/metric.h"

#include <float.h>
#include <math.h>

static enum rc_t rmse_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double e = s->actual[i] - s->score[i];
        sum += e * e;
    }
    *is_null = s->n == 0;
    *out = sqrt(sum / (double)s->n);
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
                                        .doc = "root of the mean squared error",
                                        .source = "sklearn.metrics.root_mean_squared_error",
                                        .value = rmse_value};
const struct metric_desc metric_mae = {.name = "mae",
                                       .doc = "mean absolute error",
                                       .source = "sklearn.metrics.mean_absolute_error",
                                       .value = mae_value};
const struct metric_desc metric_r2 = {.name = "r2",
                                      .doc = "share of the variance that is explained",
                                      .source = "sklearn.metrics.r2_score",
                                      .value = r2_value};
const struct metric_desc metric_mape = {
    .name = "mape",
    .doc = "mean of the absolute error over the absolute value that was there",
    .source = "sklearn.metrics.mean_absolute_percentage_error",
    .value = mape_value};
