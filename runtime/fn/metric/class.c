/* class.c: metrics of two classes at the threshold (accuracy precision recall f1), of probabilities
 * (log_loss) and of their order (auc, average_precision). */
#include "runtime/fn/metric/metric.h"

#include <float.h>
#include <math.h>

struct counts {
    double tp, fp, fn, tn;
};

static struct counts count(const struct scored *s)
{
    struct counts c = {0};
    for (int64_t i = 0; i < s->n; i++) {
        bool is = s->actual[i] > 0.5, said = s->score[i] > s->threshold;
        c.tp += is && said;
        c.fp += !is && said;
        c.fn += is && !said;
        c.tn += !is && !said;
    }
    return c;
}

static enum rc_t ratio(double part, double whole, double *out, bool *is_null)
{
    *is_null = !(whole > 0);
    *out = part / whole;
    return RC_OK;
}

static enum rc_t accuracy_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    struct counts c = count(s);
    return ratio(c.tp + c.tn, (double)s->n, out, is_null);
}

static enum rc_t precision_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    struct counts c = count(s);
    return ratio(c.tp, c.tp + c.fp, out, is_null);
}

static enum rc_t recall_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    struct counts c = count(s);
    return ratio(c.tp, c.tp + c.fn, out, is_null);
}

static enum rc_t f1_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    struct counts c = count(s);
    return ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn, out, is_null);
}

/* Probabilities are kept off 0 and 1 by the spacing of doubles, as scikit-learn does. */
static enum rc_t log_loss_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double p = fmin(fmax(s->score[i], DBL_EPSILON), 1.0 - DBL_EPSILON);
        sum -= s->actual[i] > 0.5 ? log(p) : log1p(-p);
    }
    return ratio(sum, (double)s->n, out, is_null);
}

/* Chance that a positive row scores above a negative one, ties half: exact, from ranks (Mann,
 * Whitney). */
static enum rc_t auc_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    const struct ranking *r;
    TRY(scored_rank(cx, s, &r));
    double area = 0, tp = 0, fp = 0; /* each step a trapezoid */
    for (int64_t i = 0; i < r->n; i++) {
        double tp_now = (double)r->tp[i], fp_now = (double)r->fp[i];
        area += (fp_now - fp) * (tp + tp_now) / 2;
        tp = tp_now;
        fp = fp_now;
    }
    *is_null = r->positives == 0 || r->negatives == 0;
    *out = area / (double)r->positives / (double)r->negatives;
    return RC_OK;
}

/* Mean precision over the steps of recall: no interpolation (sklearn's average_precision_score). */
static enum rc_t average_precision_value(struct ctx *cx, struct scored *s, double *out,
                                         bool *is_null)
{
    const struct ranking *r;
    TRY(scored_rank(cx, s, &r));
    double sum = 0, tp = 0;
    for (int64_t i = 0; i < r->n; i++) {
        double now = (double)r->tp[i];
        sum += (now - tp) * now / (now + (double)r->fp[i]);
        tp = now;
    }
    return ratio(sum, (double)r->positives, out, is_null);
}

const struct metric_desc metric_accuracy = {.name = "accuracy",
                                            .classifies = true,
                                            .doc = "share of rows whose class is right",
                                            .source = "sklearn.metrics.accuracy_score",
                                            .value = accuracy_value};
const struct metric_desc metric_auc = {
    .name = "auc",
    .classifies = true,
    .doc = "area under the ROC curve: chance that a positive row scores above a negative one",
    .source = "sklearn.metrics.roc_auc_score",
    .value = auc_value};
const struct metric_desc metric_average_precision = {
    .name = "average_precision",
    .classifies = true,
    .doc = "area under the precision-recall curve, stepwise",
    .source = "sklearn.metrics.average_precision_score",
    .value = average_precision_value};
const struct metric_desc metric_precision = {.name = "precision",
                                             .classifies = true,
                                             .doc = "share of the rows called positive that are",
                                             .source = "sklearn.metrics.precision_score",
                                             .value = precision_value};
const struct metric_desc metric_recall = {.name = "recall",
                                          .classifies = true,
                                          .doc = "share of the positive rows that are called so",
                                          .source = "sklearn.metrics.recall_score",
                                          .value = recall_value};
const struct metric_desc metric_f1 = {.name = "f1",
                                      .classifies = true,
                                      .doc = "harmonic mean of precision and recall",
                                      .source = "sklearn.metrics.f1_score",
                                      .value = f1_value};
const struct metric_desc metric_log_loss = {.name = "log_loss",
                                            .classifies = true,
                                            .doc = "mean of -log(probability of the right class)",
                                            .source = "sklearn.metrics.log_loss",
                                            .value = log_loss_value};
