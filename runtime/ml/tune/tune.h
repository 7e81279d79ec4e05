/* tune.h: searching a family's parameters by cross-validation. The formula is fitted once a fold;
 * all settings are fitted on those rows, several at once, and compared on the rows left out. */
#ifndef MLNB_ML_TUNE_TUNE_H
#define MLNB_ML_TUNE_TUNE_H

#include "runtime/ml/ml.h"

/* One parameter that is searched: a list of choices, or a stretch of numbers. */
struct ml_axis {
    const char *name;
    struct span span;
    const struct scalar *choices; /* [n_choices] as written */
    int n_choices;                /* 0: the stretch lo..hi, both ends in */
    double lo, hi;
    bool is_int, is_log; /* is_log: even on the log scale */
};
enum ml_search {
    SEARCH_AUTO,    /* grid when every axis is a list and `trials` holds them all, else TPE */
    SEARCH_GRID,    /* every combination, the last axis fastest */
    SEARCH_RANDOM,  /* independent draws */
    SEARCH_TPE,     /* tree-structured Parzen estimators (Bergstra et al. 2011) */
    SEARCH_HALVING, /* successive halving: all on few rows, the best third on three times as many ..
                       (Jamieson, Talwalkar 2016; eta 3) */
};
struct ml_tune_spec {
    struct ml_fit_spec fit; /* its args are the fixed ones */
    const struct ml_axis *axes;
    int n_axes;
    int64_t trials; /* 0: the whole grid, or 20 */
    enum ml_search search;
    int folds;                /* 2 .. 100 */
    double share;             /* above 0: one split instead, that share of the rows is left out */
    const struct expr *group; /* rows of a group stay in one fold, or NULL */
    const struct expr *time;  /* rolling origin: a fold is judged by what came before it, or NULL */
    const char *metric;       /* NULL: rmse, auc of two classes, accuracy of more */
    struct span metric_span;
};
/* The best setting, fitted again on all rows; ml_part "leaderboard" of it is the table of trials:
 * rank, the axes, the metric (mean over the folds), sd, fit_seconds (of its fits), and rows where
 * they differ. Ties: the earlier trial. Folds of a class target are stratified. The same for any
 * number of threads. An interrupt keeps the best of the trials that were done on all folds (W406);
 * E901 when there is none. Errors of ml_fit; a setting that cannot be fitted is ranked last, and
 * its error is given when none can. O(trials * folds) fits. */
rc ml_tune(struct ctx *cx, struct executor *x, const struct ml_tune_spec *spec, struct plan *data,
           struct model **out);

#endif
