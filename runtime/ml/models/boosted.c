/* boosted.c: gradient boosted trees with our parameters. */
#include "runtime/ml/models/tree_param_int.h"

#include <math.h>

struct loss_word {
    const char *word;
    enum tree_loss loss;
    int classes; /* 0: a number, 2: two classes, 3: more */
};
static const struct loss_word loss_words[] = {
    {"squared", LOSS_SQUARED, 0}, {"absolute", LOSS_ABSOLUTE, 0}, {"huber", LOSS_HUBER, 0},
    {"poisson", LOSS_POISSON, 0}, {"logistic", LOSS_LOGISTIC, 2}, {"softmax", LOSS_SOFTMAX, 3}};

static enum rc_t choose_loss(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                             const struct model *m, enum tree_loss *out)
{
    int classes = r->n_classes > 2 ? 3 : r->n_classes;
    *out = classes == 0 ? LOSS_SQUARED : classes == 2 ? LOSS_LOGISTIC : LOSS_SOFTMAX;
    for (size_t i = 0; i < sizeof loss_words / sizeof *loss_words; i++) {
        const struct loss_word *l = &loss_words[i];
        if (!model_param_is(m, "loss", l->word)) continue;
        bool fits = (l->classes > 0) == (classes > 0) && (l->classes != 2 || classes == 2);
        if (!fits) {
            fail(cx, E209, spec->span, "boosted(loss: %s) does not fit `%s`, which %s", l->word,
                 m->target.text,
                 classes == 0   ? "is a number"
                 : classes == 2 ? "has two classes"
                                : "has more than two classes");
            return err_note(cx, "leave loss: out, or say %s",
                            classes == 0   ? "squared, absolute, huber or poisson"
                            : classes == 2 ? "logistic"
                                           : "softmax");
        }
        if (l->loss != LOSS_SOFTMAX || classes == 3) *out = l->loss;
    }
    for (int64_t i = 0; *out == LOSS_POISSON && i < r->n; i++)
        if (r->y[i] < 0)
            return fail(cx, E409, spec->span, "poisson counts; `%s` is %g in one row",
                        m->target.text, r->y[i]);
    return RC_OK;
}

static enum rc_t fit_boosted(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                             struct model *m)
{
    struct boost_plan p = {.base = NAN};
    struct tree_rules *rules = &p.rules;
    TRY(choose_loss(cx, spec, r, m, &p.loss));
    TRY(tree_monotone(cx, spec, m, "monotone", &rules->monotone));
    p.rounds = (int)model_param(m, "trees");
    p.max_bins = (int)model_param(m, "max_bins");
    p.patience = (int)model_param(m, "patience");
    p.rate = model_param(m, "rate");
    p.subsample = model_param(m, "sample");
    p.huber = model_param(m, "huber");
    rules->depth = (int)model_param(m, "depth");
    rules->leaves = (int)model_param(m, "leaves");
    rules->l1 = model_param(m, "l1");
    rules->l2 = model_param(m, "l2");
    rules->min_gain = model_param(m, "gamma");
    rules->min_weight = model_param(m, "min_weight");
    rules->col_tree = model_param(m, "tree_columns");
    rules->col_level = model_param(m, "level_columns");
    rules->col_node = model_param(m, "node_columns");
    rules->max_step = p.loss == LOSS_POISSON ? 0.7 : 0;
    rules->onehot_levels = 4;
    return boost_fit(cx, spec, r, &p, m);
}

static const struct model_class boosted_class = {.takes_null = true,
                                                 .all_levels = true,
                                                 .no_design = true,
                                                 .takes_many = true,
                                                 .scores = SCORE_TARGET,
                                                 .fit = fit_boosted,
                                                 .score = tree_score_rows,
                                                 .save = tree_save,
                                                 .load = tree_load,
                                                 .parts = boosted_parts,
                                                 .bars = tree_bars};
static const struct ml_param_desc boosted_params[] = {
    {"trees", KIND_INT, 1, 100000, "100", NULL, "rounds", "of more than two classes a tree each"},
    {"depth", KIND_INT, 0, 1000, "6", NULL, NULL, "splits from root to leaf at most; 0 = no limit"},
    {"leaves", KIND_INT, 0, 1e9, "0", NULL, NULL,
     "leaves of a tree at most, those that gain most first; 0 = no limit"},
    {"rate", KIND_NUM, 1e-9, 1, "0.1", NULL, NULL, "share of each tree's step that is taken"},
    {"l2", KIND_NUM, 0, 1e300, "1", NULL, NULL, "penalty: l2/2 times the squared leaf values"},
    {"l1", KIND_NUM, 0, 1e300, "0", NULL, NULL, "penalty: l1 times the size of the leaf values"},
    {"gamma", KIND_NUM, 0, 1e300, "0", NULL, NULL, "gain of the loss a split must bring"},
    {"min_weight", KIND_NUM, 0, 1e300, "1", NULL, NULL,
     "sum of second derivatives in a leaf at least; of squared loss: rows"},
    {"sample", KIND_NUM, 1e-9, 1, "1", NULL, NULL, "share of the rows drawn for a tree"},
    {"tree_columns", KIND_NUM, 1e-9, 1, "1", NULL, NULL, "share of the columns drawn for a tree"},
    {"level_columns", KIND_NUM, 1e-9, 1, "1", NULL, NULL, "of them, for a level of a tree"},
    {"node_columns", KIND_NUM, 1e-9, 1, "1", NULL, NULL, "of them, for a node"},
    {"monotone", KIND_LIST, -1, 1, "[]", NULL, NULL,
     "a sign a column of the formula: 1 never falls, -1 never rises, 0 free"},
    {"loss", KIND_STR, 0, 0, "auto", "auto squared absolute huber poisson logistic softmax", NULL,
     "auto: squared of a number, logistic of two classes, softmax of more"},
    {"huber", KIND_NUM, 0.01, 1, "0.9", NULL, NULL,
     "share of the errors that huber takes as squares"},
    {"patience", KIND_INT, 0, 100000, "20", NULL, "rounds",
     "with valid: stop after so many without a better loss; 0 = never"},
    {"max_bins", KIND_INT, 2, 255, "255", NULL, "bins", "of a number's values"},
    {.name = NULL}};
const struct ml_family ml_boosted = {
    .name = "boosted",
    .sig = "boosted(trees: 100, depth: 6, leaves: 0, rate: 0.1, l2: 1, l1: 0, gamma: 0, "
           "min_weight: 1, sample: 1, tree_columns: 1, level_columns: 1, node_columns: 1, "
           "monotone: [], loss: auto, huber: 0.9, patience: 20, max_bins: 255)",
    .doc = "Gradient boosted trees of a number or of classes. Takes null and categories as they "
           "are; with valid: it stops when the loss there has not fallen for `patience` rounds. "
           "m.learning has the loss of each round, m.importance what each column is worth.",
    .example = "fit tipped ~ fare + part, boosted(trees: 50, depth: 4)",
    .params = boosted_params,
    .task = ML_EITHER,
    .cls = &boosted_class};
