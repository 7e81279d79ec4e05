/* learn_int.h: what the files share that learn from all values of a feature. */
#ifndef MLNB_ML_LEARN_INT_H
#define MLNB_ML_LEARN_INT_H

#include "runtime/ml/prepare_int.h"

/* The text of a feature's levels, over the table of leaves. */
rc learn_key(struct prepare *p, const struct feature *f, const struct expr **out);
/* s->keys and s->values from levels and a number for each. */
rc learn_lookup(struct prepare *p, struct state *s, const struct enc_feature *levels,
                const double *values);
/* Means of the target over levels, smoothed; the fitted rows get theirs from the other folds. */
rc learn_target(struct prepare *p, struct state *s);

#endif
