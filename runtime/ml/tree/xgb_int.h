/* xgb_int.h: XGBoost's own model files (its documentation: "Introduction to Model IO",
 * doc/model.schema). */
#ifndef MLNB_ML_TREE_XGB_INT_H
#define MLNB_ML_TREE_XGB_INT_H

#include "runtime/ml/tree/tree.h"
#include "runtime/ml/tree/xgb.h"

/* Universal Binary JSON (draft 12) as far as XGBoost writes it: NULL when the bytes are none. Lists
 * of numbers become JSON lists. Lengths are checked against what is left, nesting against 64. */
json_t *ubj_read(const char *p, size_t n);

/* XGBoost's objectives. */
struct xgb_objective {
    const char *name;
    enum tree_link link;
    bool is_class;
    enum { BASE_IS_SUM, BASE_IS_SHARE, BASE_IS_MEAN } base; /* what base_score stands for */
};
const struct xgb_objective *xgb_objective_find(const char *name);

#endif
