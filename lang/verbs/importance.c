/* importance.c: test |> importance m (by shuffling), m |> importance (by the fit). */
#include "lang/verbs/verb_int.h"

static rc shuffled(struct verb_call *vc, struct table **out)
{
    int at = 0;
    int64_t rounds, seed;
    const char *metric = NULL;
    const struct ast_item *by = verb_option(vc, "metric");
    struct value *m;
    TRY(no_makes(vc, false));
    TRY(need_items(vc, "a model", "importance m"));
    TRY(verb_option_int(vc, "rounds", 5, &rounds));
    TRY(verb_option_int(vc, "seed", (int64_t)vc->lg->seed, &seed));
    if (by) TRY(verb_metric_name(vc, by->expr, "metric: takes a name: auc", &metric));
    if (rounds < 1 || rounds > 1000)
        return fail(vc->cx, E209, verb_option(vc, "rounds")->expr->span,
                    "rounds: is a number from 1 to 1000");
    TRY(verb_model_item(vc, next_item(vc->step, &at)->expr, &m));
    enum rc_t res = RC_OK;
    if (!vc->lg->is_dry)
        res = ml_permutation(vc->cx, vc->lg->executor, m->model, vc->input->plan, metric,
                             (int)rounds, (uint64_t)seed, vc->step->span, out);
    value_unref(m);
    return res;
}

static enum rc_t importance_bind(struct verb_call *vc, struct value **out)
{
    struct table *t = NULL;
    struct plan *p;
    if (vc->input->kind == VALUE_MODEL)
        TRY(ml_importance(vc->cx, vc->input->model, vc->step->span, &t));
    else
        TRY(shuffled(vc, &t));
    if (!t) {
        *out = value_nothing(NULL);
        return RC_OK;
    }
    enum rc_t res = plan_table(vc->cx, t, NULL, &p);
    table_unref(t);
    TRY(res);
    *out = value_frame(p, NULL);
    plan_unref(p);
    return RC_OK;
}

static const struct verb_option importance_options[] = {
    {"metric", OPT_ANY, NULL, "what gets worse; rmse, auc of two classes or accuracy if not said"},
    {"rounds", OPT_INT, NULL, "times each feature is shuffled, 5"},
    {"seed", OPT_INT, NULL, "seed of the shuffling"},
    {0},
};
const struct verb_desc verb_importance = {
    .name = "importance",
    .sig = "importance model [metric: auc, rounds: 5]",
    .doc = "What each feature of a model is worth. Of rows: how much worse the metric gets when "
           "the feature's values are shuffled. Of a model alone (m |> importance): the share of "
           "gain of trees, the size of linear coefficients times the spread of their column.",
    .examples = {"m = trips |> fit tip ~ fare + zone, linear(), nulls: drop\ntrips |> importance m",
                 "m = trips |> fit tip ~ fare + zone, linear(), nulls: drop\nm |> importance"},
    .options = importance_options,
    .input = TAKES_FRAME | TAKES_MODEL,
    .bind = importance_bind,
};
