/* class.c: metrics of two classes at the threshold (accuracy precision recall f1), of probabilities
 * (log_loss) and of their order (auc, average_precision). */
#include "runtime/fn/metric/metric.h"

#include "runtime/base/arena.h"

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

/* ---- more than two classes at once ---- */
static enum rc_t accuracy_many(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    double right = 0;
    for (int64_t i = 0; i < s->n; i++)
        right += s->said[i] == (int32_t)s->actual[i];
    return ratio(right, (double)s->n, out, is_null);
}

static enum rc_t log_loss_many(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double p = s->probs[i * s->n_classes + (int64_t)s->actual[i]];
        sum -= log(fmin(fmax(p, DBL_EPSILON), 1.0 - DBL_EPSILON));
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
                                            .value = accuracy_value,
                                            .many = accuracy_many};
const struct metric_desc metric_auc = {
    .name = "auc",
    .classifies = true,
    .of_scores = true,
    .doc = "area under the ROC curve: chance that a positive row scores above a negative one",
    .source = "sklearn.metrics.roc_auc_score",
    .value = auc_value};
const struct metric_desc metric_average_precision = {
    .name = "average_precision",
    .classifies = true,
    .of_scores = true,
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
                                            .of_scores = true,
                                            .less_is_better = true,
                                            .doc = "mean of -log(probability of the right class)",
                                            .source = "sklearn.metrics.log_loss",
                                            .value = log_loss_value,
                                            .many = log_loss_many};

/* ---- those that are shown when asked for ---- */
static enum rc_t specificity_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    struct counts c = count(s);
    return ratio(c.tn, c.tn + c.fp, out, is_null);
}

static enum rc_t brier_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++)
        sum += (s->score[i] - s->actual[i]) * (s->score[i] - s->actual[i]);
    return ratio(sum, (double)s->n, out, is_null);
}

/* Sum over the classes, as Brier (1950) had it: twice the other on two classes. */
static enum rc_t brier_many(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    (void)cx;
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++)
        for (int k = 0; k < s->n_classes; k++) {
            double e = s->probs[i * s->n_classes + k] - (k == (int)s->actual[i] ? 1.0 : 0.0);
            sum += e * e;
        }
    return ratio(sum, (double)s->n, out, is_null);
}

/* A confusion table's sums: rows of each class, times each was said, right ones. */
struct margins {
    int n_classes;
    double n, right, *is, *said, *hit;
};

static void add_margins(struct margins *g, int is, int said)
{
    g->n++;
    g->is[is]++;
    g->said[said]++;
    if (is != said) return;
    g->right++;
    g->hit[is]++;
}

static struct margins margins_of(struct ctx *cx, const struct scored *s)
{
    int k = s->n_classes > 2 ? s->n_classes : 2;
    struct margins g = {.n_classes = k,
                        .is = ARENA_ARRAY(cx->arena, double, k),
                        .said = ARENA_ARRAY(cx->arena, double, k),
                        .hit = ARENA_ARRAY(cx->arena, double, k)};
    for (int64_t i = 0; i < s->n; i++) {
        if (s->n_classes > 2)
            add_margins(&g, (int)s->actual[i], s->said[i]);
        else
            add_margins(&g, s->actual[i] > 0.5, s->score[i] > s->threshold);
    }
    return g;
}

static enum rc_t balanced_accuracy_value(struct ctx *cx, struct scored *s, double *out,
                                         bool *is_null)
{
    struct margins g = margins_of(cx, s);
    double sum = 0, n = 0;
    for (int k = 0; k < g.n_classes; k++) {
        if (g.is[k] == 0) continue;
        sum += g.hit[k] / g.is[k];
        n++;
    }
    return ratio(sum, n, out, is_null);
}

/* Correlation of the two class labels (Gorodkin 2004 for more than two). */
static enum rc_t mcc_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    struct margins g = margins_of(cx, s);
    double both = 0, is2 = 0, said2 = 0;
    for (int k = 0; k < g.n_classes; k++) {
        both += g.is[k] * g.said[k];
        is2 += g.is[k] * g.is[k];
        said2 += g.said[k] * g.said[k];
    }
    double spread = sqrt((g.n * g.n - is2) * (g.n * g.n - said2));
    return ratio(g.right * g.n - both, spread, out, is_null);
}

static enum rc_t kappa_value(struct ctx *cx, struct scored *s, double *out, bool *is_null)
{
    struct margins g = margins_of(cx, s);
    double chance = 0;
    for (int k = 0; k < g.n_classes; k++)
        chance += g.is[k] * g.said[k];
    return ratio(g.right * g.n - chance, g.n * g.n - chance, out, is_null);
}

const struct metric_desc metric_balanced_accuracy = {
    .name = "balanced_accuracy",
    .classifies = true,
    .is_extra = true,
    .doc = "mean over the classes of the share of their rows that is right",
    .source = "sklearn.metrics.balanced_accuracy_score",
    .value = balanced_accuracy_value,
    .many = balanced_accuracy_value};
const struct metric_desc metric_mcc = {
    .name = "mcc",
    .classifies = true,
    .is_extra = true,
    .doc = "Matthews' correlation of the predicted with the actual class",
    .source = "sklearn.metrics.matthews_corrcoef",
    .value = mcc_value,
    .many = mcc_value};
const struct metric_desc metric_kappa = {.name = "kappa",
                                         .classifies = true,
                                         .is_extra = true,
                                         .doc = "Cohen's kappa: agreement beyond chance",
                                         .source = "sklearn.metrics.cohen_kappa_score",
                                         .value = kappa_value,
                                         .many = kappa_value};
const struct metric_desc metric_specificity = {
    .name = "specificity",
    .classifies = true,
    .is_extra = true,
    .doc = "share of the negative rows that are called so",
    .source = "sklearn.metrics.recall_score(pos_label=0)",
    .value = specificity_value};
const struct metric_desc metric_brier = {.name = "brier",
                                         .classifies = true,
                                         .is_extra = true,
                                         .of_scores = true,
                                         .less_is_better = true,
                                         .doc = "mean squared error of the probabilities",
                                         .source = "sklearn.metrics.brier_score_loss",
                                         .value = brier_value,
                                         .many = brier_many};
