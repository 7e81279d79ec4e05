/* metric.h: a metric is a descriptor: a function of the scored rows. `evaluate` shows them, the
 * aggregates of the same names (agg/metric.c) compute them in a step. Definitions are those of
 * scikit-learn's module metrics, except that what is 0/0 is null (language.md 3.4), not 0. */
#ifndef MLNB_FN_METRIC_METRIC_H
#define MLNB_FN_METRIC_METRIC_H

#include "runtime/base/rc.h"
#include "runtime/base/str.h"

/* Rows by falling score, ties together: entry i holds a distinct score and how many rows of each
 * class have at least it. */
struct ranking {
    int64_t n; /* distinct scores */
    double *score;
    int64_t *tp, *fp;
    int64_t positives, negatives;
};
struct scored {
    int64_t n;
    const double *actual; /* [n] the number; classes: 1 = positive, 0 = not */
    const double *score;  /* [n] prediction; classes: probability of the positive class */
    double threshold;     /* classes: positive above it */
    bool classes;
    /* More than two classes: actual holds the index of the class, said that of the predicted one;
     * `value` is then asked one class against the rest, `many` with all of them. */
    int n_classes;           /* above 2, else 0 */
    const double *probs;     /* [n, n_classes] */
    const int32_t *said;     /* [n] */
    struct ranking *ranking; /* made when first needed; scored_release */
};
void scored_release(struct scored *s);
/* E901 when cancelled, E902. O(n log n). */
rc scored_rank(struct ctx *cx, struct scored *s, const struct ranking **out);

struct metric_desc {
    const char *name;
    bool classifies;
    bool is_extra;  /* shown by evaluate only when it is asked for */
    bool of_scores; /* one class against the rest is measured by its probability, not by the class
                       that was chosen */
    bool less_is_better;
    const char *doc, *source;
    enum rc_t (*value)(struct ctx *cx, struct scored *s, double *out, bool *is_null);
    /* Of more than two classes at once; NULL: the mean over the classes (macro). */
    enum rc_t (*many)(struct ctx *cx, struct scored *s, double *out, bool *is_null);
};
const struct metric_desc *metric_find(struct str name); /* NULL: none of that name */
const struct metric_desc *const *metric_all(int *n);

#endif
