/* xgb.h: model files of XGBoost, read and written. */
#ifndef MLNB_ML_TREE_XGB_H
#define MLNB_ML_TREE_XGB_H

#include "runtime/ml/ml_int.h"

/* Whether bytes look like XGBoost's JSON or UBJ (not whether they can be read). */
bool xgb_is_file(const char *p, size_t n);
/* A model of the family xgboost over the file's columns (f0, f1 .. when it names none). E407. */
rc xgb_load_bytes(struct ctx *cx, const char *p, size_t n, struct model **out);
/* JSON that XGBoost 1.7 and later reads: trees of boosted, xgboost, tree, forest and extra_trees of
 * a number or two classes, boosting of more; E217 for others. */
rc xgb_save_bytes(struct ctx *cx, const struct model *m, struct span span, struct strbuf *out);

#endif
