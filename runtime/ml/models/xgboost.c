/* xgboost.c: boosted trees with XGBoost's parameter names and defaults. */
#include "runtime/ml/models/tree_param_int.h"

#include <math.h>

static bool is_given(const struct ml_fit_spec *spec, const char *name)
{
    for (int i = 0; i < spec->n_args; i++)
        if (spec->args[i].name && strcmp(spec->args[i].name, name) == 0) return true;
    return false;
}

/* A parameter of two names: the second where it is given. */
static double either(const struct ml_fit_spec *spec, const struct model *m, const char *name,
                     const char *other)
{
    return model_param(m, is_given(spec, other) ? other : name);
}

static enum rc_t choose_objective(struct ctx *cx, const struct ml_fit_spec *spec,
                                  const struct rows *r, const struct model *m, enum tree_loss *out)
{
    static const struct {
        const char *word;
        enum tree_loss loss;
        int classes; /* 0, 2, 3 = more than two */
    } words[] = {{"reg:squarederror", LOSS_SQUARED, 0}, {"reg:absoluteerror", LOSS_ABSOLUTE, 0},
                 {"count:poisson", LOSS_POISSON, 0},    {"binary:logistic", LOSS_LOGISTIC, 2},
                 {"multi:softprob", LOSS_SOFTMAX, 3},   {"multi:softmax", LOSS_SOFTMAX, 3}};
    int classes = r->n_classes > 2 ? 3 : r->n_classes;
    *out = classes == 0 ? LOSS_SQUARED : classes == 2 ? LOSS_LOGISTIC : LOSS_SOFTMAX;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!model_param_is(m, "objective", words[i].word)) continue;
        if (words[i].classes != classes)
            return fail(cx, E209, spec->span, "xgboost(objective: %s) does not fit `%s`, which %s",
                        words[i].word, m->target.text,
                        classes == 0   ? "is a number"
                        : classes == 2 ? "has two classes"
                                       : "has more than two classes");
        *out = words[i].loss;
    }
    for (int64_t i = 0; *out == LOSS_POISSON && i < r->n; i++)
        if (r->y[i] < 0)
            return fail(cx, E409, spec->span, "count:poisson counts; `%s` is %g in one row",
                        m->target.text, r->y[i]);
    return RC_OK;
}

static enum rc_t set_base(struct ctx *cx, const struct ml_fit_spec *spec, const struct model *m,
                          struct boost_plan *p)
{
    double base = model_param(m, "base_score");
    p->base = NAN;
    if (!is_given(spec, "base_score") || p->loss == LOSS_SOFTMAX) return RC_OK;
    if (p->loss == LOSS_LOGISTIC && !(base > 0 && base < 1))
        return fail(cx, E209, spec->span, "xgboost(base_score:) is a probability: 0 to 1");
    if (p->loss == LOSS_POISSON && !(base > 0))
        return fail(cx, E209, spec->span, "xgboost(base_score:) of counts is above 0");
    p->base = p->loss == LOSS_LOGISTIC  ? log(base / (1 - base))
              : p->loss == LOSS_POISSON ? log(base)
                                        : base;
    return RC_OK;
}

static void set_rules(const struct ml_fit_spec *spec, const struct model *m, struct boost_plan *p)
{
    struct tree_rules *rules = &p->rules;
    double bins = model_param(m, "max_bin");
    p->rounds = (int)model_param(m, "n_estimators");
    p->max_bins = bins > TREE_MAX_BINS ? TREE_MAX_BINS : (int)bins;
    p->patience = (int)model_param(m, "early_stopping_rounds");
    p->rate = either(spec, m, "learning_rate", "eta");
    p->subsample = model_param(m, "subsample");
    p->positive_weight = model_param(m, "scale_pos_weight");
    p->huber = 0.9;
    rules->depth = (int)model_param(m, "max_depth");
    rules->leaves = (int)model_param(m, "max_leaves");
    rules->l1 = either(spec, m, "reg_alpha", "alpha");
    rules->l2 = either(spec, m, "reg_lambda", "lambda");
    rules->min_gain = either(spec, m, "gamma", "min_split_loss");
    rules->min_weight = model_param(m, "min_child_weight");
    rules->max_step = model_param(m, "max_delta_step");
    if (p->loss == LOSS_POISSON && rules->max_step <= 0) rules->max_step = 0.7;
    rules->col_tree = model_param(m, "colsample_bytree");
    rules->col_level = model_param(m, "colsample_bylevel");
    rules->col_node = model_param(m, "colsample_bynode");
    rules->onehot_levels = (int)model_param(m, "max_cat_to_onehot") - 1;
}

static enum rc_t fit_xgboost(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                             struct model *m)
{
    struct boost_plan p = {0};
    TRY(choose_objective(cx, spec, r, m, &p.loss));
    TRY(set_base(cx, spec, m, &p));
    TRY(tree_monotone(cx, spec, m, "monotone_constraints", &p.rules.monotone));
    set_rules(spec, m, &p);
    if (is_given(spec, "random_state")) m->seed = (uint64_t)model_param(m, "random_state");
    return boost_fit(cx, spec, r, &p, m);
}

static const struct model_class xgboost_class = {.takes_null = true,
                                                 .all_levels = true,
                                                 .no_design = true,
                                                 .takes_many = true,
                                                 .scores = SCORE_TARGET,
                                                 .fit = fit_xgboost,
                                                 .score = tree_score_rows,
                                                 .save = tree_save,
                                                 .load = tree_load,
                                                 .parts = boosted_parts,
                                                 .bars = tree_bars};
static const struct ml_param_desc xgboost_params[] = {
    {"n_estimators", KIND_INT, 1, 100000, "100", NULL, "rounds",
     "of more than two classes a tree each"},
    {"max_depth", KIND_INT, 0, 1000, "6", NULL, NULL, "0 = no limit"},
    {"max_leaves", KIND_INT, 0, 1e9, "0", NULL, NULL,
     "those that gain most first (lossguide); 0 = no limit"},
    {"learning_rate", KIND_NUM, 1e-9, 1, "0.3", NULL, NULL, "share of each tree's step"},
    {"eta", KIND_NUM, 1e-9, 1, "0.3", NULL, NULL, "another name of learning_rate"},
    {"reg_lambda", KIND_NUM, 0, 1e300, "1", NULL, NULL, "L2 penalty of leaf values"},
    {"lambda", KIND_NUM, 0, 1e300, "1", NULL, NULL, "another name of reg_lambda"},
    {"reg_alpha", KIND_NUM, 0, 1e300, "0", NULL, NULL, "L1 penalty of leaf values"},
    {"alpha", KIND_NUM, 0, 1e300, "0", NULL, NULL, "another name of reg_alpha"},
    {"gamma", KIND_NUM, 0, 1e300, "0", NULL, NULL, "gain a split must bring"},
    {"min_split_loss", KIND_NUM, 0, 1e300, "0", NULL, NULL, "another name of gamma"},
    {"min_child_weight", KIND_NUM, 0, 1e300, "1", NULL, NULL,
     "sum of second derivatives in a leaf"},
    {"max_delta_step", KIND_NUM, 0, 1e300, "0", NULL, NULL, "largest leaf value; 0 = no limit"},
    {"subsample", KIND_NUM, 1e-9, 1, "1", NULL, NULL, "share of the rows drawn for a tree"},
    {"colsample_bytree", KIND_NUM, 1e-9, 1, "1", NULL, NULL, "share of the columns, a tree"},
    {"colsample_bylevel", KIND_NUM, 1e-9, 1, "1", NULL, NULL, "of them, a level"},
    {"colsample_bynode", KIND_NUM, 1e-9, 1, "1", NULL, NULL, "of them, a node"},
    {"objective", KIND_STR, 0, 0, "auto",
     "auto reg:squarederror reg:absoluteerror count:poisson binary:logistic multi:softprob "
     "multi:softmax",
     NULL, "auto: by the target"},
    {"base_score", KIND_NUM, -1e300, 1e300, "0.5", NULL, NULL,
     "where the prediction starts; learnt when not given"},
    {"scale_pos_weight", KIND_NUM, 1e-9, 1e9, "1", NULL, NULL, "weight of the positive class"},
    {"max_bin", KIND_INT, 2, 256, "256", NULL, "bins", "of a number's values (255 and null)"},
    {"max_cat_to_onehot", KIND_INT, 1, 256, "4", NULL, "levels",
     "from so many on, levels are cut in groups"},
    {"monotone_constraints", KIND_LIST, -1, 1, "[]", NULL, NULL, "a sign a column of the formula"},
    {"early_stopping_rounds", KIND_INT, 0, 100000, "0", NULL, "rounds",
     "with valid: stop after so many without a better loss; 0 = never"},
    {"random_state", KIND_INT, 0, 9e18, "0", NULL, NULL, "instead of seed:"},
    {.name = NULL}};
const struct ml_family ml_xgboost = {
    .name = "xgboost",
    .sig = "xgboost(n_estimators: 100, max_depth: 6, max_leaves: 0, learning_rate: 0.3, "
           "reg_lambda: 1, reg_alpha: 0, gamma: 0, min_child_weight: 1, max_delta_step: 0, "
           "subsample: 1, colsample_bytree: 1, colsample_bylevel: 1, colsample_bynode: 1, "
           "objective: auto, base_score: learnt, scale_pos_weight: 1, max_bin: 256, "
           "max_cat_to_onehot: 4, monotone_constraints: [], early_stopping_rounds: 0, "
           "random_state: 0)",
    .doc =
        "boosted with the parameter names and defaults of XGBoost. Models of XGBoost's own (JSON, "
        "UBJ) are read by model(\"x.json\") and written by save \"x.xgb.json\".",
    .example = "fit tipped ~ fare + part, xgboost(n_estimators: 50, max_depth: 4)",
    .params = xgboost_params,
    .task = ML_EITHER,
    .cls = &xgboost_class};
