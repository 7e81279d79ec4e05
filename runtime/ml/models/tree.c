/* tree.c: one decision tree (CART, Breiman et al. 1984) on binned columns. */
#include "runtime/ml/models/tree_param_int.h"

static enum rc_t fit_tree(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                          struct model *m)
{
    struct forest_plan plan;
    TRY(tree_forest_plan(cx, spec, r, m, &plan));
    return forest_fit(cx, spec, r, &plan, m);
}

static const struct model_class tree_class = {.takes_null = true,
                                              .all_levels = true,
                                              .no_design = true,
                                              .takes_many = true,
                                              .scores = SCORE_TARGET,
                                              .fit = fit_tree,
                                              .score = tree_score_rows,
                                              .save = tree_save,
                                              .load = tree_load,
                                              .parts = tree_parts,
                                              .bars = tree_bars};
static const struct ml_param_desc tree_params[] = {
    {"depth", KIND_INT, 0, 1000, "5", NULL, NULL, "splits from root to leaf at most; 0 = no limit"},
    {"leaves", KIND_INT, 0, 1e9, "0", NULL, NULL,
     "leaves at most, those that gain most first; 0 = no limit"},
    {"min_rows", KIND_INT, 1, 1e9, "1", NULL, "rows", "in a leaf at least (of mean weight)"},
    {"min_gain", KIND_NUM, 0, 1e300, "0", NULL, NULL, "decrease of impurity a split must bring"},
    {"impurity", KIND_STR, 0, 0, "auto", "auto gini entropy variance", NULL,
     "auto: gini of classes, variance of a number"},
    {"max_bins", KIND_INT, 2, 255, "255", NULL, "bins", "of a number's values"},
    {.name = NULL}};
const struct ml_family ml_tree = {
    .name = "tree",
    .sig = "tree(depth: 5, leaves: 0, min_rows: 1, min_gain: 0, impurity: auto, max_bins: 255)",
    .doc = "Decision tree of a number or of classes. Takes null and categories as they are; "
           "m.trees has its nodes, m.importance what each column is worth.",
    .example = "fit tipped ~ fare + part, tree(depth: 4)",
    .params = tree_params,
    .task = ML_EITHER,
    .cls = &tree_class};
