/* metric.c: the metrics of evaluate as aggregates, so that a step can measure by group:
 * `summarize auc(probability, tipped), rmse(fare, prediction) by zone`. The numbers are those of
 * fn/metric; here rows with a null are left out and arguments become doubles. */
#include "runtime/fn/metric/metric.h"
#include "runtime/fn/agg/agg.h"

/* Number, bool or 0/1 in row i of argument k; false when it is null. */
static bool take(const struct agg_eval *e, const struct vec *args, int k, int64_t i, double *out)
{
    const struct vec *v = &args[k];
    if (agg_const(e, k)) {
        const struct scalar *s = &e->consts[k];
        *out = s->is_null                  ? 0
               : s->type.kind == KIND_NUM  ? s->u.f
               : s->type.kind == KIND_BOOL ? (double)s->u.b
                                           : (double)s->u.i;
        return !s->is_null;
    }
    if (!bit_valid(v->valid, i)) return false;
    *out = v->phys == PHYS_F64    ? ((const double *)v->data)[i]
           : v->phys == PHYS_BOOL ? (double)bit_get(v->data, i)
                                  : (double)((const int64_t *)v->data)[i];
    return true;
}

/* Runs a metric; `actual` is the argument that holds what was there, the other what was said. */
static rc measure(struct agg_eval *e, int64_t n, const struct vec *args, const char *name,
                  int actual, struct vec *out, int64_t at)
{
    const struct metric_desc *metric = metric_find(str_of(name));
    void *p = NULL;
    struct scored s = {.threshold = 0.5, .classes = metric->classifies};
    TRY(mem_big(e->cx, mem_mul(2 * sizeof(double), (size_t)n + 1), &p));
    double *was = p, *said = was + n, value = 0;
    for (int64_t i = 0; i < n; i++)
        if (take(e, args, actual, i, &was[s.n]) && take(e, args, 1 - actual, i, &said[s.n])) s.n++;
    s.actual = was;
    s.score = said;
    bool is_null = true;
    enum rc_t res = metric->value(e->cx, &s, &value, &is_null);
    scored_release(&s);
    mem_big_free(p);
    if (res != RC_OK) return res;
    ((double *)out->data)[at] = is_null ? 0 : value;
    if (is_null) out_null(out, at);
    return RC_OK;
}

/* Share of rows where two texts are the same. */
static enum rc_t same_text(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                           int64_t at)
{
    int64_t n_same = 0, n_rows = 0;
    for (int64_t i = 0; i < n; i++) {
        struct str a, b;
        if (!agg_text(e, args, 0, i, &a) || !agg_text(e, args, 1, i, &b)) continue;
        n_same += str_eq(a, b);
        n_rows++;
    }
    ((double *)out->data)[at] = n_rows ? (double)n_same / (double)n_rows : 0;
    if (n_rows == 0) out_null(out, at);
    return RC_OK;
}

/* Share of rows where two numbers (bools, ints) are the same. */
static enum rc_t same_number(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                             int64_t at)
{
    int64_t n_same = 0, n_rows = 0;
    for (int64_t i = 0; i < n; i++) {
        double a, b;
        if (!take(e, args, 0, i, &a) || !take(e, args, 1, i, &b)) continue;
        n_same += a == b;
        n_rows++;
    }
    ((double *)out->data)[at] = n_rows ? (double)n_same / (double)n_rows : 0;
    if (n_rows == 0) out_null(out, at);
    return RC_OK;
}

#define MEASURE(name, actual)                                                                      \
    static enum rc_t name##_whole(struct agg_eval *e, int64_t n, const struct vec *args,           \
                                  struct vec *out, int64_t at)                                     \
    {                                                                                              \
        return measure(e, n, args, #name, actual, out, at);                                        \
    }
#define NUMBERS(f)                                                                                 \
    static const struct agg_overload f##_overloads[] = {                                           \
        AGW2(KIND_NUM, KIND_NUM, KIND_NUM, f##_whole)}
#define SCORES(f)                                                                                  \
    static const struct agg_overload f##_overloads[] = {                                           \
        AGW2(KIND_NUM, KIND_BOOL, KIND_NUM, f##_whole),                                            \
        AGW2(KIND_NUM, KIND_INT, KIND_NUM, f##_whole)}
#define BOOLS(f)                                                                                   \
    static const struct agg_overload f##_overloads[] = {                                           \
        AGW2(KIND_BOOL, KIND_BOOL, KIND_NUM, f##_whole),                                           \
        AGW2(KIND_INT, KIND_INT, KIND_NUM, f##_whole)}
#define METRIC_AGG(f, signature, text, shown)                                                      \
    const struct agg_desc agg_##f = {.name = #f,                                                   \
                                     .sig = signature,                                             \
                                     .doc = text,                                                  \
                                     .example = shown,                                             \
                                     .overloads = f##_overloads,                                   \
                                     .n_overloads = COUNT(f##_overloads)}

MEASURE(rmse, 0)
NUMBERS(rmse);
METRIC_AGG(rmse, "rmse(actual: num, predicted: num) -> num", "Root of the mean squared error.",
           "rmse([1, 2, 3], [1, 2, 6])  #> 1.7320508075688772");
MEASURE(mae, 0)
NUMBERS(mae);
METRIC_AGG(mae, "mae(actual: num, predicted: num) -> num", "Mean absolute error.",
           "mae([1, 2, 3], [1, 2, 6])  #> 1.0");
MEASURE(r2, 0)
NUMBERS(r2);
METRIC_AGG(r2, "r2(actual: num, predicted: num) -> num",
           "Share of the variance that the prediction explains; null when nothing varies.",
           "r2([1, 2, 3], [1, 2, 4])  #> 0.5");
MEASURE(mape, 0)
NUMBERS(mape);
METRIC_AGG(mape, "mape(actual: num, predicted: num) -> num",
           "Mean of the absolute error over the size of the actual value.",
           "mape([1, 2, 4], [1, 2, 5])  #> 0.08333333333333333");
MEASURE(auc, 1)
SCORES(auc);
METRIC_AGG(auc, "auc(score: num, actual: bool) -> num",
           "Area under the ROC curve: the chance that a true row scores above a false one, ties "
           "half; null with one class.",
           "auc([0.9, 0.4, 0.6, 0.1], [true, true, false, false])  #> 0.75");
MEASURE(average_precision, 1)
SCORES(average_precision);
METRIC_AGG(average_precision, "average_precision(score: num, actual: bool) -> num",
           "Area under the precision-recall curve, stepwise.",
           "average_precision([0.9, 0.4, 0.6, 0.1], [true, true, false, false])  #> "
           "0.8333333333333333");
MEASURE(log_loss, 1)
SCORES(log_loss);
METRIC_AGG(log_loss, "log_loss(probability: num, actual: bool) -> num",
           "Mean of -log of the probability given to what was.",
           "log_loss([0.5, 0.5], [true, false])  #> 0.6931471805599453");
MEASURE(precision, 0)
BOOLS(precision);
METRIC_AGG(precision, "precision(actual: bool, predicted: bool) -> num",
           "Share of the rows called true that are; null when none is called so.",
           "precision([true, false, true], [true, true, false])  #> 0.5");
MEASURE(recall, 0)
BOOLS(recall);
METRIC_AGG(recall, "recall(actual: bool, predicted: bool) -> num",
           "Share of the true rows that are called so; null when there is none.",
           "recall([true, true, false], [true, false, false])  #> 0.5");
MEASURE(f1, 0)
BOOLS(f1);
METRIC_AGG(f1, "f1(actual: bool, predicted: bool) -> num", "Harmonic mean of precision and recall.",
           "f1([true, true, false], [true, false, false])  #> 0.6666666666666666");

static const struct agg_overload accuracy_overloads[] = {
    AGW2(KIND_BOOL, KIND_BOOL, KIND_NUM, same_number),
    AGW2(KIND_INT, KIND_INT, KIND_NUM, same_number), AGW2(KIND_STR, KIND_STR, KIND_NUM, same_text)};
METRIC_AGG(accuracy, "accuracy(actual, predicted) -> num",
           "Share of rows where the predicted class is the actual one.",
           "accuracy([1, 2, 2, 3], [1, 2, 3, 3])  #> 0.75");

MEASURE(mse, 0)
NUMBERS(mse);
METRIC_AGG(mse, "mse(actual: num, predicted: num) -> num", "Mean squared error.",
           "mse([1, 2, 3], [1, 2, 6])  #> 3.0");
MEASURE(median_ae, 0)
NUMBERS(median_ae);
METRIC_AGG(median_ae, "median_ae(actual: num, predicted: num) -> num",
           "Median of the absolute errors.", "median_ae([1, 2, 3], [1, 3, 6])  #> 1.0");
MEASURE(explained_variance, 0)
NUMBERS(explained_variance);
METRIC_AGG(explained_variance, "explained_variance(actual: num, predicted: num) -> num",
           "Share of the variance that is explained, a constant error apart.",
           "explained_variance([1, 2, 3], [2, 3, 4])  #> 1.0");
MEASURE(brier, 1)
SCORES(brier);
METRIC_AGG(brier, "brier(probability: num, actual: bool) -> num",
           "Mean squared error of a probability.", "brier([0.5, 1.0], [true, false])  #> 0.625");
MEASURE(specificity, 0)
BOOLS(specificity);
METRIC_AGG(specificity, "specificity(actual: bool, predicted: bool) -> num",
           "Share of the false rows that are called so; null when there is none.",
           "specificity([false, false, true], [false, true, true])  #> 0.5");
MEASURE(balanced_accuracy, 0)
BOOLS(balanced_accuracy);
METRIC_AGG(balanced_accuracy, "balanced_accuracy(actual: bool, predicted: bool) -> num",
           "Mean of the shares of true and of false rows that are right.",
           "balanced_accuracy([true, false, false], [true, true, false])  #> 0.75");
MEASURE(mcc, 0)
BOOLS(mcc);
METRIC_AGG(mcc, "mcc(actual: bool, predicted: bool) -> num",
           "Matthews' correlation of what was said with what was; null when one of them is "
           "constant.",
           "mcc([true, true, false, false], [true, false, false, false])  #> 0.5773502691896258");
MEASURE(kappa, 0)
BOOLS(kappa);
METRIC_AGG(kappa, "kappa(actual: bool, predicted: bool) -> num",
           "Cohen's kappa: agreement beyond chance.",
           "kappa([true, true, false, false], [true, false, false, false])  #> 0.5");
