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
/* An expression of the model over the columns of `in`: widened where the frame's types are wider or
 * narrower without loss (int for num, cat for str, null for anything). E406. In cx->arena. */
rc score_adapt(struct ctx *cx, const struct expr *e, const struct schema *in, struct span span,
               const struct expr **out);

#endif
