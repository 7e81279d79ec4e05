/* tune.c: tune y ~ a + b, family(depth: [3, 5], rate: 0.01..0.3): a search by cross-validation. */
#include "lang/verbs/fit_int.h"

static rc search_word(struct verb_call *vc, enum ml_search *out)
{
    static const char *const words[] = {"auto", "grid", "random", "tpe", "halving"};
    const char *word;
    TRY(verb_option_word(vc, "search", "auto", &word));
    for (int i = 0; i < 5; i++)
        if (strcmp(word, words[i]) == 0) *out = (enum ml_search)i;
    return RC_OK;
}

static rc whole(struct verb_call *vc, const char *name, int64_t def, int64_t min, int64_t max,
                int64_t *out)
{
    TRY(verb_option_int(vc, name, def, out));
    const struct ast_item *it = verb_option(vc, name);
    if (it && (*out < min || *out > max))
        return fail(vc->cx, E209, it->expr->span, "%s: is a number from %lld to %lld", name,
                    (long long)min, (long long)max);
    return RC_OK;
}

static rc metric_option(struct verb_call *vc, struct ml_tune_spec *out)
{
    const struct ast_item *it = verb_option(vc, "metric");
    if (!it) return RC_OK;
    out->metric_span = it->expr->span;
    return verb_metric_name(vc, it->expr, "metric: takes a name: auc", &out->metric);
}

static rc fold_options(struct fit *f, struct ml_tune_spec *out)
{
    struct verb_call *vc = f->vc;
    int64_t folds;
    const struct ast_item *group = verb_option(vc, "group"), *time = verb_option(vc, "time");
    const struct ast_item *share = verb_option(vc, "share");
    TRY(whole(vc, "folds", 3, 2, 100, &folds));
    TRY(verb_option_num(vc, "share", 0, &out->share));
    out->folds = (int)folds;
    if (share && !(out->share > 0 && out->share < 1))
        return fail(vc->cx, E209, share->expr->span, "share: lies between 0 and 1");
    if ((group && time) || (share && (group || time)))
        return fail(vc->cx, E209, (share ? share : time)->span,
                    "group:, time: and share: are three ways to choose folds: take one");
    if (group) TRY(bind_expr(&f->b, group->expr, &out->group));
    if (time) TRY(bind_expr(&f->b, time->expr, &out->time));
    enum kind k = time ? out->time->type.kind : KIND_DATE;
    if (k == KIND_DATE || k == KIND_DATETIME || k == KIND_INT || k == KIND_NUM) return RC_OK;
    return fail(vc->cx, E207, time->expr->span, "time: takes a date, a datetime or a number");
}

static rc tune_model(struct fit *f, struct ml_tune_spec *spec, struct value **out)
{
    struct model *m;
    if (f->vc->lg->is_dry) {
        *out = value_nothing(NULL);
        return RC_OK;
    }
    spec->fit = f->spec;
    spec->axes = f->axes;
    spec->n_axes = f->n_axes;
    TRY(ml_tune(f->vc->cx, f->vc->lg->executor, spec, f->vc->input->plan, &m));
    *out = value_model(m);
    ml_unref(m);
    return RC_OK;
}

static enum rc_t tune_bind(struct verb_call *vc, struct value **out)
{
    struct fit f = {.vc = vc, .is_search = true};
    struct ml_tune_spec spec = {0};
    enum rc_t res = RC_ERR;
    TRY_OUT(fit_read(&f));
    TRY_OUT(whole(vc, "trials", 0, 1, 100000, &spec.trials));
    TRY_OUT(search_word(vc, &spec.search));
    TRY_OUT(metric_option(vc, &spec));
    TRY_OUT(fold_options(&f, &spec));
    res = tune_model(&f, &spec, out);
out:
    fit_done(&f);
    return res;
}

static const struct verb_option tune_options[] = {
    {"metric", OPT_ANY, NULL, "what is compared; rmse, auc of two classes or accuracy if not said"},
    {"folds", OPT_INT, NULL, "parts of cross-validation, 3; folds of a class are stratified"},
    {"trials", OPT_INT, NULL, "settings that are tried; all of a grid, or 20"},
    {"search", OPT_WORD, "auto grid random tpe halving",
     "lists alone are a grid; a range is searched where it did well (tpe)"},
    {"share", OPT_NUM, NULL, "one split instead of folds: that share is left out"},
    {"group", OPT_COLUMN, NULL, "rows of one group stay in one fold"},
    {"time", OPT_COLUMN, NULL, "folds by time: what came before is fitted"},
    {"seed", OPT_INT, NULL, "seed of the folds, the search and the family"},
    {"nulls", OPT_WORD, "error drop", "drop: rows with a null are left out (counted)"},
    {"weights", OPT_COLUMN, NULL, "how much each row counts when fitted"},
    {"positive", OPT_ANY, NULL, "the class whose probability is given; the last one if not said"},
    {"threshold", OPT_NUM, NULL, "probability from which the positive class is predicted, 0.5"},
    {"valid", OPT_FRAME, NULL, "labelled rows that tell boosted when to stop"},
    {0},
};
const struct verb_desc verb_tune = {
    .name = "tune",
    .sig = "tune target ~ terms, family(parameter: [values] or low..high) [folds: 3, metric: auc, "
           "trials: 20]",
    .doc = "Searches a family's parameters by cross-validation: lists are choices, ranges are "
           "drawn from (over a decade or more on the log scale). The result is the best setting, "
           "fitted again on all rows; its `.leaderboard` is the frame of all that were tried. "
           "Nothing to search is plain cross-validation.",
    .examples = {"m = trips |> tune tip ~ fare + zone, ridge(l2: [0.01, 0.1, 1]), folds: 2, nulls: "
                 "drop",
                 "m = trips |> tune zone ~ fare, logistic(l2: 0.001..10), trials: 5, folds: 2, "
                 "metric: log_loss"},
    .options = tune_options,
    .input = TAKES_FRAME,
    .bind = tune_bind,
};
