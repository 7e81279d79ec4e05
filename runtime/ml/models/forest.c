/* forest.c: random forest (Breiman 2001): trees on bootstrap samples, few columns looked at a node;
 * and extremely randomised trees (Geurts, Ernst, Wehenkel 2006): a forest on all rows whose cuts
 * stand at random. */
#include "runtime/ml/models/tree_param_int.h"

extern const struct ml_family ml_extra_trees;

static enum rc_t fit_forest(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                            struct model *m)
{
    struct forest_plan plan;
    TRY(tree_forest_plan(cx, spec, r, m, &plan));
    plan.trees = (int)model_param(m, "trees");
    plan.bootstrap = model_param(m, "bootstrap") != 0;
    plan.sample = model_param(m, "sample");
    plan.rules.random_cut = m->family == &ml_extra_trees;
    return forest_fit(cx, spec, r, &plan, m);
}

static const struct model_class forest_class = {.takes_null = true,
                                                .all_levels = true,
                                                .no_design = true,
                                                .takes_many = true,
                                                .scores = SCORE_TARGET,
                                                .fit = fit_forest,
                                                .score = tree_score_rows,
                                                .save = tree_save,
                                                .load = tree_load,
                                                .parts = tree_parts,
                                                .bars = tree_bars};
/* What both take: whether rows are drawn with putting back differs when it is not said. */
#define DEPTH_DOC   "splits from root to leaf at most; 0 = no limit"
#define MEASURE_DOC "auto: gini of classes, variance of a number"
#define COLUMNS_DOC "looked at in a node; auto: sqrt of classes, onethird of a number"
// clang-format off
#define FOREST_PARAMS(bootstrap)                                                                   \
    {"trees", KIND_INT, 1, 100000, "100", NULL, "trees", "how many"},                              \
    {"depth", KIND_INT, 0, 1000, "16", NULL, NULL, DEPTH_DOC},                                     \
    {"leaves", KIND_INT, 0, 1e9, "0", NULL, NULL, "leaves of a tree at most; 0 = no limit"},       \
    {"min_rows", KIND_INT, 1, 1e9, "1", NULL, "rows", "in a leaf at least (of mean weight)"},      \
    {"min_gain", KIND_NUM, 0, 1e300, "0", NULL, NULL, "decrease of impurity a split must bring"},  \
    {"impurity", KIND_STR, 0, 0, "auto", "auto gini entropy variance", NULL, MEASURE_DOC},         \
    {"columns", KIND_STR, 0, 0, "auto", "auto all sqrt log2 onethird", NULL, COLUMNS_DOC},         \
    {"column_share", KIND_NUM, 0, 1, "0", NULL, NULL, "instead of columns: a share; 0 = columns"}, \
    {"bootstrap", KIND_BOOL, 0, 0, bootstrap, NULL, NULL, "draw a tree's rows with putting back"}, \
    {"sample", KIND_NUM, 1e-9, 1, "1", NULL, NULL, "share of the rows drawn for a tree"},          \
    {"max_bins", KIND_INT, 2, 255, "255", NULL, "bins", "of a number's values"}
// clang-format on
static const struct ml_param_desc forest_params[] = {FOREST_PARAMS("true"), {.name = NULL}};
static const struct ml_param_desc extra_params[] = {FOREST_PARAMS("false"), {.name = NULL}};
const struct ml_family ml_forest = {
    .name = "forest",
    .sig = "forest(trees: 100, depth: 16, leaves: 0, min_rows: 1, min_gain: 0, impurity: auto, "
           "columns: auto, column_share: 0, bootstrap: true, sample: 1, max_bins: 255)",
    .doc = "Random forest of a number or of classes: the mean of trees on bootstrap samples. Takes "
           "null and categories as they are.",
    .example = "fit tipped ~ fare + part, forest(trees: 20)",
    .params = forest_params,
    .task = ML_EITHER,
    .cls = &forest_class};
const struct ml_family ml_extra_trees = {
    .name = "extra_trees",
    .sig = "extra_trees(trees: 100, depth: 16, leaves: 0, min_rows: 1, min_gain: 0, impurity: "
           "auto, columns: auto, column_share: 0, bootstrap: false, sample: 1, max_bins: 255)",
    .doc = "Extremely randomised trees of a number or of classes: as forest, on all rows, and each "
           "column looked at is cut at a random value.",
    .example = "fit tipped ~ fare + part, extra_trees(trees: 20)",
    .params = extra_params,
    .task = ML_EITHER,
    .cls = &forest_class};
