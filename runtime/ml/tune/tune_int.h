/* tune_int.h: what the files of tune share: folds, trials, proposals, the table of results. */
#ifndef MLNB_ML_TUNE_TUNE_INT_H
#define MLNB_ML_TUNE_TUNE_INT_H

#include "runtime/ml/judged_int.h"
#include "runtime/ml/ml_int.h"
#include "runtime/ml/tune/tune.h"

/* ---- folds.c ---- */
/* Which fold a row is judged in. Plain: the other folds are fitted. Rolling: the folds before. */
struct folds {
    int n;             /* folds that are judged */
    bool is_rolling;   /* rows of fold 0 are never judged; folds count 1..n */
    bool is_one_split; /* fold 1 is judged, fold 0 fitted */
    int32_t *of;       /* [rows], mem_big; -1: in none */
};
/* Columns of t: the target (stratifies when it is classes), then the group or the time when asked.
 */
rc folds_make(struct ctx *cx, const struct ml_tune_spec *spec, const struct table *t,
              struct folds *out);
void folds_release(struct folds *f);
/* Row numbers that are fitted or judged for judged fold k (0-based); rows: room for all. */
int64_t folds_rows(const struct folds *f, int64_t n_rows, int k, bool is_judged, int64_t *rows);

/* ---- trials ---- */
struct trial {
    const struct scalar *point; /* [n_axes] */
    double *score;              /* [folds], NaN = not done */
    double *seconds;            /* [folds] */
    double mean, sd;            /* of the metric; NaN when it failed */
    int64_t rows;               /* fitted at most, of a fold */
    int rung;                   /* halving: how far it came */
    struct error *error;        /* the first failure, or NULL */
    bool is_done;
};
struct trials {
    struct trial *list;
    int n, cap;
    bool less_is_better;
};
/* The trials that are done, the best first, in cx->arena, and their number: failed ones last, then
 * by the further rung, then by the metric; ties as they were tried. O(n^2) at worst. */
int trials_ranked(struct ctx *cx, const struct trials *t, struct trial ***out);

/* ---- search.c ---- */
/* Up to `want` further settings into points [want, n_axes] in cx->arena; 0 when the search is over.
 * `begun` settings were given before. */
int search_propose(struct ctx *cx, const struct ml_tune_spec *spec, enum ml_search search,
                   const struct trials *t, int begun, int want, struct scalar **points);
int64_t search_grid_size(const struct ml_tune_spec *spec); /* 0: it has a stretch */

/* ---- leaderboard.c ---- */
rc leaderboard_make(struct ctx *cx, const struct ml_tune_spec *spec, const char *metric,
                    const struct trials *t, struct table **out);

#endif
