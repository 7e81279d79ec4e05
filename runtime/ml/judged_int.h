/* judged_int.h: labelled rows beside what a model says of them: shared by metrics and curves. */
#ifndef MLNB_ML_JUDGED_INT_H
#define MLNB_ML_JUDGED_INT_H

#include "runtime/fn/metric/metric.h"
#include "runtime/ml/ml_int.h"

struct judged { /* arrays are mem_big's */
    const struct model *m;
    int64_t n;
    int width;      /* 1, or the number of classes above two */
    double *actual; /* [n] as struct rows' y */
    double *score;  /* [n, width] */
    int32_t *said;  /* [n] the likeliest of more than two classes, else NULL */
};
/* Scores the rows of `data` that have a target (W304 counts the others, W405 those without a
 * score). E404 without rows, E406, E217 for a model without a target. */
rc judge(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
         struct span span, struct judged *out);
/* The same of rows that are coded already, with their target. */
rc judge_rows(struct ctx *cx, const struct model *m, const struct rows *r, struct judged *out);
void judged_release(struct judged *j);
/* As metrics take it; borrows. */
struct scored judged_scored(const struct judged *j);
/* Class k against the rest: its probability (of_scores), or 1 where it was chosen. */
rc judged_class(struct ctx *cx, const struct judged *j, int k, bool of_scores, struct scored *out);
void judged_class_release(struct scored *s);

/* A metric as it was asked for: f1_weighted is the mean over the classes by their rows. */
struct asked {
    const struct metric_desc *metric;
    const char *name;
    bool is_weighted;
};
/* Metrics by name, NULL = the usual ones of a model's target; E209. In cx->arena. */
rc metrics_choose(struct ctx *cx, const struct model *m, const char *const *names, int n_names,
                  struct span span, struct asked **out, int *out_n);
/* NaN where it has no value. */
rc judged_value(struct ctx *cx, const struct judged *j, const struct asked *a, double *out);

/* Tables of ml_evaluate's kinds. */
rc judged_confusion(struct ctx *cx, const struct judged *j, struct table **out);
/* kind: roc, pr, calibration; of more than two classes each against the rest, a column `class`. */
rc judged_curve(struct ctx *cx, const struct judged *j, const char *kind, struct table **out);
/* score, actual. */
rc judged_scores(struct ctx *cx, const struct judged *j, struct table **out);

#endif
