/* score_int.h: the plans that score: shared by predict and evaluate. */
#ifndef MLNB_ML_SCORE_INT_H
#define MLNB_ML_SCORE_INT_H

#include "runtime/ml/ml_int.h"

/* PROJECT(keep, features as hidden columns) + MAP: the kept items, then the hidden columns, then
 * what the model makes (`made`: score_columns). `what` begins the warnings: "predict". */
struct score_spec {
    const struct model *m;
    double threshold;
    struct span span;
    const char *what;
    const struct field *made;
    int n_made;
};
/* Fills made: prediction (the class, number or cluster); probability (of the positive class, or of
 * the predicted one); then with more than two classes or memberships one column each; or the
 * family's own. Names that no column of `in` has. E217 when the model does not score. */
rc score_columns(struct ctx *cx, struct score_spec *spec, const struct schema *in);
rc score_map_plan(struct ctx *cx, const struct score_spec *spec, struct plan *in,
                  const struct named_expr *keep, int n_keep, struct plan **out);
/* The map's own: what runs on a batch. */
struct score_map {
    struct row_map base;
    atomic_int refs;
    struct arena *arena;
    const struct model *m; /* counted */
    double threshold;
    struct span span;
    const char *what;
    const struct column *classes; /* text classes: dictionary of predictions */
    atomic_llong n_null;          /* rows */
    atomic_llong *nulls, *unseen; /* [n_features] values */
};
struct score_scratch {
    struct enc_input in;
    uint64_t *valid; /* rows that can be scored */
    double *score;   /* [n, width] */
    int width;
};
/* needs: names of the hidden columns, or NULL where the map is not run itself. */
rc score_map_new(struct ctx *cx, const struct score_spec *spec, const char *const *needs,
                 struct score_map **out);
void score_map_unref(struct score_map *s);
/* in and valid of x from the features' columns; counts nulls and unseen levels. */
rc score_encode(struct ctx *cx, struct score_map *s, const struct batch *in,
                struct score_scratch *x);
/* The columns that are made, from x's scores; those that are not numbers become null. */
void score_put(struct ctx *cx, const struct score_map *s, struct score_scratch *x, int64_t n,
               struct batch *out);
/* A name that no column of `in` has. */
const char *score_free_name(struct arena *a, const struct schema *in, const char *base);

/* An expression of the model over the columns of `in`: widened where the frame's types are wider or
 * narrower without loss (int for num, cat for str, null for anything). E406. In cx->arena. */
rc score_adapt(struct ctx *cx, const struct expr *e, const struct schema *in, struct span span,
               const struct expr **out);

#endif
