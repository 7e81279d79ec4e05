/* tree_param_int.h: what the descriptors of the tree families share. */
#ifndef MLNB_ML_MODELS_TREE_PARAM_INT_H
#define MLNB_ML_MODELS_TREE_PARAM_INT_H

#include "runtime/ml/tree/tree.h"

/* Signs of a list parameter, one a column that the trees see: [columns], or NULL when none is set.
 * E209 when their number or values do not fit. */
rc tree_monotone(struct ctx *cx, const struct ml_fit_spec *spec, const struct model *m,
                 const char *name, const int8_t **out);
/* Rules and plan of tree, forest and extra_trees from the parameters they share. */
rc tree_forest_plan(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                    const struct model *m, struct forest_plan *out);

#endif
