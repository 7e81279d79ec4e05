/* fit.c: models in the pipe: fit, predict, evaluate. */
#include "lang/verbs/fit_int.h"

#include "lang/formula_fns.h"

/* ---- the family ---- */

static rc unknown_family(struct verb_call *vc, const struct ast *e)
{
    int n;
    const struct ml_family *const *all = ml_family_all(&n);
    struct str *names = ARENA_ARRAY(vc->arena, struct str, n + 1);
    struct strbuf list = {0};
    for (int i = 0; i < n; i++) {
        names[i] = str_of(all[i]->name);
        strbuf_printf(&list, "%s%s", i ? ", " : "", all[i]->name);
    }
    struct str near = nearest(e->text, names, n);
    fail(vc->cx, E204, e->span, "no model family is called `%.*s`", STR_FMT(e->text));
    enum rc_t r = err_note(vc->cx, "Families: %s", strbuf_view(&list).p);
    if (near.n) r = hint_replace(vc->lg, e->span, "%.*s()", STR_FMT(near));
    strbuf_release(&list);
    return r;
}

static rc list_arg(struct verb_call *vc, const struct ast *e, struct scalar *out)
{
    struct value *v = NULL;
    TRY(interp_expr(vc->lg, vc->scope, e, &v));
    enum rc_t res = value_to_arg(vc->lg, v, e->span, vc->arena, out);
    value_unref(v);
    return res;
}

static rc family_arg(struct verb_call *vc, const struct ast *e, struct ml_arg *out)
{
    out->span = e->span;
    if (e->op == AST_LIST) return list_arg(vc, e, &out->value);
    if (e->op == AST_NAME) { /* a word of the family's: solver: lbfgs */
        out->value = (struct scalar){.type = DTYPE(KIND_STR), .u.s = arena_str(vc->arena, e->text)};
        return RC_OK;
    }
    return verb_value(vc, e, "a parameter", &out->value);
}

/* ---- parameters that are searched ---- */

static const struct ml_param_desc *find_param(const struct ml_family *family, const char *name)
{
    for (const struct ml_param_desc *d = family->params; name && d && d->name; d++)
        if (strcmp(d->name, name) == 0) return d;
    return NULL;
}

static rc range_end(struct fit *f, const struct ast *e, const struct ast *whole, double *out,
                    bool *is_int)
{
    struct scalar s;
    if (!e) return fail(f->vc->cx, E209, whole->span, "a range to search has two ends: 0.01..0.3");
    TRY(verb_value(f->vc, e, "a range", &s));
    *is_int = s.type.kind == KIND_INT;
    if (s.is_null || (s.type.kind != KIND_INT && s.type.kind != KIND_NUM))
        return fail(f->vc->cx, E209, e->span, "a range to search is of numbers");
    *out = *is_int ? (double)s.u.i : s.u.f;
    return RC_OK;
}

/* 0.001..0.1: numbers over a decade or more are drawn evenly on the log scale. */
static rc range_axis(struct fit *f, const struct ml_param_desc *d, const struct ast *e,
                     struct ml_axis *out)
{
    bool lo_int = false, hi_int = false;
    TRY(range_end(f, e->kids[0], e, &out->lo, &lo_int));
    TRY(range_end(f, e->kids[1], e, &out->hi, &hi_int));
    if (!(out->hi > out->lo)) return fail(f->vc->cx, E209, e->span, "the range to search is empty");
    out->is_int = d->kind == KIND_INT;
    if (d->kind != KIND_INT && d->kind != KIND_NUM)
        return fail(f->vc->cx, E209, e->span, "%s is no number: give a list of its values",
                    d->name);
    if (out->is_int && !(lo_int && hi_int))
        return fail(f->vc->cx, E209, e->span, "%s takes whole numbers", d->name);
    out->is_log = out->lo > 0 && out->hi / out->lo >= 10;
    return RC_OK;
}

static rc list_axis(struct fit *f, const struct ast *e, struct ml_axis *out)
{
    struct scalar *choices = ARENA_ARRAY(f->vc->arena, struct scalar, e->n_kids + 1);
    for (int i = 0; i < e->n_kids; i++) {
        struct ml_arg one = {0};
        TRY(family_arg(f->vc, e->kids[i], &one));
        choices[i] = one.value;
    }
    if (e->n_kids == 0) return fail(f->vc->cx, E209, e->span, "the list of values to try is empty");
    out->choices = choices;
    out->n_choices = e->n_kids;
    return RC_OK;
}

static bool is_list_of_lists(const struct ast *e)
{
    for (int i = 0; i < e->n_kids; i++)
        if (e->kids[i]->op != AST_LIST) return false;
    return e->n_kids > 0;
}

/* Lists and ranges where the family takes one value (lists of lists where it takes a list). */
static rc read_axis(struct fit *f, const struct ast *e, const char *name, bool *is_axis)
{
    const struct ml_param_desc *d = find_param(f->spec.family, name);
    bool is_list = e->op == AST_LIST && (!d || d->kind != KIND_LIST || is_list_of_lists(e));
    *is_axis = e->op == AST_RANGE || is_list;
    if (!*is_axis) return RC_OK;
    if (!f->is_search) {
        return fail(f->vc->cx, E209, e->span,
                    "several values of a parameter are a search: tune does it, fit takes one");
    }
    if (!d) { /* ml_params says which there are */
        *is_axis = false;
        return RC_OK;
    }
    struct ml_axis *axis = &f->axes[f->n_axes++];
    *axis = (struct ml_axis){.name = d->name, .span = e->span};
    return e->op == AST_RANGE ? range_axis(f, d, e, axis) : list_axis(f, e, axis);
}

static rc family_of_call(struct fit *f, const struct ast *e)
{
    struct verb_call *vc = f->vc;
    f->spec.family = ml_family_find(e->text);
    if (!f->spec.family) return unknown_family(vc, e);
    struct ml_arg *args = ARENA_ARRAY(vc->arena, struct ml_arg, e->n_kids + 1);
    f->axes = ARENA_ARRAY(vc->arena, struct ml_axis, e->n_kids + 1);
    for (int i = 0; e->op == AST_CALL && i < e->n_kids; i++) {
        struct ml_arg *arg = &args[f->spec.n_args];
        bool is_axis;
        *arg = (struct ml_arg){0};
        if (i < e->n_names && e->names[i].n)
            arg->name = arena_strndup(vc->arena, e->names[i].p, e->names[i].n);
        TRY(read_axis(f, e->kids[i], arg->name, &is_axis));
        if (is_axis) continue;
        TRY(family_arg(vc, e->kids[i], arg));
        f->spec.n_args++;
    }
    f->spec.args = args;
    return RC_OK;
}

/* A family in a variable holds values: its lists are axes. */
static rc axes_of_values(struct fit *f)
{
    struct arena *a = f->vc->arena;
    struct ml_arg *fixed = ARENA_ARRAY(a, struct ml_arg, f->spec.n_args + 1);
    f->axes = ARENA_ARRAY(a, struct ml_axis, f->spec.n_args + 1);
    int n = 0;
    for (int i = 0; i < f->spec.n_args; i++) {
        const struct ml_arg *arg = &f->spec.args[i];
        const struct ml_param_desc *d = find_param(f->spec.family, arg->name);
        const struct scalar *v = &arg->value;
        if (!d || d->kind == KIND_LIST || v->type.kind != KIND_LIST || v->is_null) {
            fixed[n++] = *arg;
            continue;
        }
        int n_choices = (int)v->u.list->n;
        struct scalar *choices = ARENA_ARRAY(a, struct scalar, n_choices + 1);
        for (int k = 0; k < n_choices; k++)
            choices[k] = column_scalar(v->u.list, k);
        f->axes[f->n_axes++] = (struct ml_axis){
            .name = d->name, .span = arg->span, .choices = choices, .n_choices = n_choices};
    }
    f->spec.args = fixed;
    f->spec.n_args = n;
    return RC_OK;
}

static rc family_of_variable(struct fit *f, const struct ast *e)
{
    char type[128];
    TRY(interp_expr(f->vc->lg, f->vc->scope, e, &f->family));
    if (f->family->kind != VALUE_FAMILY)
        return fail(f->vc->cx, E207, e->span, "fit takes a model family here; this is of type %s",
                    value_type_text(f->family, type, sizeof type));
    f->spec.family = f->family->family;
    f->spec.args = f->family->args;
    f->spec.n_args = f->family->n_args;
    return f->is_search ? axes_of_values(f) : RC_OK;
}

/* No family said: classes for a target of classes, else a number. */
static void default_family(struct fit *f)
{
    const struct feature *y = f->formula->target;
    enum kind k = y && y->op == FEATURE_EXPR ? y->expr->type.kind : KIND_NUM;
    bool is_class = k == KIND_BOOL || k == KIND_STR || k == KIND_CAT ||
                    (y && (y->op == FEATURE_CAT || y->op == FEATURE_ONEHOT));
    int n;
    const struct ml_family *const *all = ml_family_all(&n);
    for (int i = 0; i < n && !f->spec.family; i++)
        if (all[i]->task == (is_class ? ML_CLASS : ML_NUMBER)) f->spec.family = all[i];
}

/* ---- fit ---- */

static rc fit_items(struct fit *f)
{
    struct verb_call *vc = f->vc;
    int at = 0;
    const char *verb = f->is_search ? "tune" : "fit";
    TRY(no_makes(vc, false));
    TRY(need_items(vc, "a formula", arena_printf(vc->arena, "%s y ~ a + b, linear()", verb)));
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        const struct ast *e = it->expr;
        if (e->op == AST_FORMULA && !f->formula) {
            TRY(bind_formula(&f->b, e, vc->step, f->prep, &f->formula));
        } else if ((e->op == AST_CALL || e->op == AST_NAME) && !f->spec.family) {
            TRY(family_of_call(f, e));
        } else if (e->op == AST_VAR && !f->spec.family) {
            TRY(family_of_variable(f, e));
        } else {
            return fail(vc->cx, E217, it->span, "%s takes one formula and one model family", verb);
        }
    }
    if (f->formula) return RC_OK;
    fail(vc->cx, E401, vc->step->span, "%s needs a formula: target ~ terms", verb);
    return hint_step(vc, "%s y ~ a + b, linear()", verb);
}

static rc positive_class(struct fit *f)
{
    const struct ast_item *it = verb_option(f->vc, "positive");
    struct scalar s;
    struct strbuf text = {0};
    if (!it) return RC_OK;
    TRY(verb_value(f->vc, it->expr, "positive:", &s));
    scalar_text(&text, &s, false);
    f->spec.positive = arena_strndup(f->vc->arena, strbuf_view(&text).p, text.n);
    strbuf_release(&text);
    return RC_OK;
}

static rc threshold_option(struct verb_call *vc, double def, double *out)
{
    TRY(verb_option_num(vc, "threshold", def, out));
    const struct ast_item *it = verb_option(vc, "threshold");
    if (it && !(*out >= 0 && *out <= 1))
        return fail(vc->cx, E209, it->expr->span, "threshold: lies between 0 and 1");
    return RC_OK;
}

/* One model for each group (tune takes no by clause). */
static rc fit_by(struct fit *f)
{
    struct verb_call *vc = f->vc;
    struct named_expr *by;
    TRY(bind_by(&f->b, vc->step->by, vc->step->n_by, &by, &f->spec.n_by));
    f->spec.by = by;
    return RC_OK;
}

static rc fit_options(struct fit *f)
{
    struct verb_call *vc = f->vc;
    const char *nulls;
    int64_t seed;
    if (vc->step->has_by) TRY(fit_by(f));
    TRY(verb_option_word(vc, "nulls", "error", &nulls));
    TRY(verb_option_int(vc, "seed", (int64_t)vc->lg->seed, &seed));
    TRY(threshold_option(vc, 0.5, &f->spec.threshold));
    TRY(positive_class(f));
    const struct ast_item *valid = verb_option(vc, "valid");
    if (valid) {
        TRY(verb_frame_item(vc, valid->expr, &f->valid));
        f->spec.valid = f->valid->plan;
    }
    const struct ast_item *weights = verb_option(vc, "weights");
    if (weights) TRY(bind_expr_kind(&f->b, weights->expr, KIND_NUM, "weights:", &f->spec.weights));
    f->spec.drop_nulls = strcmp(nulls, "drop") == 0;
    f->spec.seed = (uint64_t)seed;
    f->spec.span = vc->step->span;
    f->spec.formula = f->formula;
    return RC_OK;
}

static rc fit_model(struct fit *f, struct value **out)
{
    struct model *m;
    if (f->vc->lg->is_dry) {
        *out = value_nothing(NULL);
        return RC_OK;
    }
    TRY(ml_fit(f->vc->cx, f->vc->lg->executor, &f->spec, f->vc->input->plan, &m));
    *out = value_model(m);
    ml_unref(m);
    return RC_OK;
}

/* `fit prep`: a recipe alone, without a formula. */
static bool is_recipe(const struct fit *f, const struct ast *e)
{
    if (e->op == AST_CALL) return formula_is_recipe(e->text);
    if (e->op != AST_NAME && e->op != AST_VAR) return false;
    const struct value *v = scope_peek(f->vc->scope, e->text);
    return v && v->kind == VALUE_RECIPE;
}

static rc fit_recipe(struct fit *f, const struct ast *e)
{
    TRY(verb_recipe_item(f->vc, e, &f->prep));
    TRY(bind_recipe(&f->b, f->prep, e->span, &f->formula));
    f->spec.family = ml_family_find(STR("recipe"));
    return RC_OK;
}

/* kmeans(k: 4, seed: 1) is as good as seed: 1 on the step, which wins. */
static rc take_seed(struct fit *f)
{
    struct ml_arg *kept = ARENA_ARRAY(f->vc->arena, struct ml_arg, f->spec.n_args + 1);
    int n = 0;
    for (int i = 0; i < f->spec.n_args; i++) {
        const struct ml_arg *a = &f->spec.args[i];
        if (!a->name || strcmp(a->name, "seed") != 0 || find_param(f->spec.family, "seed")) {
            kept[n++] = *a;
            continue;
        }
        if (a->value.is_null || a->value.type.kind != KIND_INT || a->value.u.i < 0)
            return fail(f->vc->cx, E209, a->span, "seed: is a whole number from 0");
        if (!verb_option(f->vc, "seed")) f->spec.seed = (uint64_t)a->value.u.i;
    }
    f->spec.args = kept;
    f->spec.n_args = n;
    return RC_OK;
}

enum rc_t fit_read(struct fit *f)
{
    int at = 0;
    verb_bind_init(&f->b, f->vc, BIND_ROW);
    const struct ast_item *first = next_item(f->vc->step, &at), *prep = verb_option(f->vc, "prep");
    if (prep) TRY(verb_recipe_item(f->vc, prep->expr, &f->prep));
    bool is_alone = first && !prep && !f->is_search && is_recipe(f, first->expr);
    if (is_alone && !next_item(f->vc->step, &at))
        TRY(fit_recipe(f, first->expr));
    else
        TRY(fit_items(f));
    TRY(fit_options(f));
    if (!f->spec.family) default_family(f);
    return take_seed(f);
}

void fit_done(struct fit *f)
{
    value_unref(f->prep);
    value_unref(f->valid);
    value_unref(f->family);
}

static enum rc_t fit_bind(struct verb_call *vc, struct value **out)
{
    struct fit f = {.vc = vc};
    enum rc_t res = fit_read(&f);
    if (res == RC_OK) res = fit_model(&f, out);
    fit_done(&f);
    return res;
}

static const struct verb_option fit_options_table[] = {
    {"nulls", OPT_WORD, "error drop", "drop: rows with a null are left out (counted)"},
    {"weights", OPT_COLUMN, NULL, "how much each row counts"},
    {"positive", OPT_ANY, NULL, "the class whose probability is given; the last one if not said"},
    {"threshold", OPT_NUM, NULL, "probability from which the positive class is predicted, 0.5"},
    {"seed", OPT_INT, NULL, "seed of families that draw at random"},
    {"valid", OPT_FRAME, NULL, "labelled rows that tell boosted when to stop"},
    {"prep", OPT_ANY, NULL, "a recipe that the formula's columns go through first"},
    {0},
};
const struct verb_desc verb_fit = {
    .name = "fit",
    .sig = "fit target ~ terms, family(parameters) [nulls: drop, weights: w, positive: ..] "
           "[by groups]",
    .doc =
        "Fits a model on the rows of a frame. Terms: columns, a:b products, a*b, (a + b)^2, . for "
        "all other columns, -1 for no intercept, any function of columns, and functions that are "
        "fitted and replayed on new rows: scale center impute cat onehot min_max max_abs robust "
        "binarize bucket index target poly bs pca normalize tfidf counts hash; select(terms, k: "
        "10) "
        "keeps the best of its terms. prep: takes a "
        "recipe(step, ..) that the columns go through. Text, bool and cat(x) are categories. The "
        "left side chooses class or number. by: one model for each group, in one value that "
        "predicts "
        "each row with the model of its group; its parts are those of all with the groups first.",
    .examples = {"m = trips |> fit tip ~ fare + zone, linear(), nulls: drop",
                 "m = trips |> fit zone ~ scale(fare), logistic(l2: 0.1)"},
    .options = fit_options_table,
    .input = TAKES_FRAME,
    .takes_by = true,
    .bind = fit_bind,
};

/* ---- predict ---- */

/* The one item of predict and evaluate: a model; new reference. */
static rc model_item(struct verb_call *vc, struct value **out)
{
    int at = 0;
    TRY(no_makes(vc, false));
    TRY(need_items(vc, "a model", arena_printf(vc->arena, "%.*s m", STR_FMT(vc->step->verb))));
    const struct ast_item *it = next_item(vc->step, &at);
    TRY(verb_model_item(vc, it->expr, out));
    it = next_item(vc->step, &at);
    if (!it) return RC_OK;
    value_unref(*out);
    return fail(vc->cx, E208, it->span, "`%.*s` takes one model", STR_FMT(vc->step->verb));
}

static enum rc_t predict_bind(struct verb_call *vc, struct value **out)
{
    struct value *m;
    struct plan *scored;
    double threshold;
    TRY(threshold_option(vc, -1, &threshold));
    if (verb_option(vc, "horizon"))
        return fail(vc->cx, E214, verb_option(vc, "horizon")->span,
                    "horizon: (forecasts) is not in this version yet");
    TRY(model_item(vc, &m));
    enum rc_t res =
        ml_score_plan(vc->cx, m->model, vc->input->plan, threshold, vc->step->span, &scored);
    value_unref(m);
    TRY(res);
    *out = value_frame(scored, input_label(vc));
    plan_unref(scored);
    return RC_OK;
}

static const struct verb_option predict_options[] = {
    {"threshold", OPT_NUM, NULL, "probability from which the positive class is predicted"},
    {"horizon", OPT_INT, NULL, "steps to forecast (later)"},
    {0},
};
const struct verb_desc verb_predict = {
    .name = "predict",
    .sig = "predict model [threshold: 0.5]",
    .doc =
        "Adds `prediction`, and for classes `probability`: of the positive class, or of the "
        "predicted one where there are more than two, with all of them in `class_probs`. "
        "Clusters count from 1; 0 is none. Rows with a null that the model cannot take get null.",
    .examples = {"trips |> predict tip_model", "trips |> predict model(\"tip.model\")"},
    .options = predict_options,
    .input = TAKES_FRAME,
    .bind = predict_bind,
};

/* ---- transform ---- */

static enum rc_t transform_bind(struct verb_call *vc, struct value **out)
{
    struct value *m;
    struct plan *made;
    TRY(model_item(vc, &m));
    enum rc_t res = ml_transform_plan(vc->cx, m->model, vc->input->plan, vc->step->span, &made);
    value_unref(m);
    TRY(res);
    *out = value_frame(made, input_label(vc));
    plan_unref(made);
    return RC_OK;
}

const struct verb_desc verb_transform = {
    .name = "transform",
    .sig = "transform recipe",
    .doc = "Applies a fitted recipe: its columns stand last, named as m.terms says, those it was "
           "made of are gone, all others stay. A text becomes a column for each of its terms, at "
           "most 2,000.",
    .examples =
        {"trips |> transform (trips |> fit recipe(scale(type(num)), onehot(zone, top: 20)))",
         "trips |> transform (trips |> fit recipe(scale(fare)))"},
    .input = TAKES_FRAME,
    .bind = transform_bind,
};

/* ---- evaluate ---- */

static rc metric_names(struct verb_call *vc, const char ***out, int *n)
{
    const struct ast_item *it = verb_option(vc, "metrics");
    *out = NULL;
    *n = 0;
    if (!it) return RC_OK;
    const struct ast *e = it->expr;
    int count = e->op == AST_LIST ? e->n_kids : 1;
    *out = ARENA_ARRAY(vc->arena, const char *, count + 1);
    for (int i = 0; i < count; i++)
        TRY(verb_metric_name(vc, e->op == AST_LIST ? e->kids[i] : e,
                             "metrics: takes names, as in metrics: [auc, f1]", &(*out)[i]));
    *n = count;
    return RC_OK;
}

static enum rc_t evaluate_bind(struct verb_call *vc, struct value **out)
{
    struct value *m;
    struct table *t;
    struct plan *p;
    const char **metrics, *kind;
    int64_t k;
    int n;
    TRY(metric_names(vc, &metrics, &n));
    TRY(verb_option_word(vc, "kind", NULL, &kind));
    TRY(verb_option_int(vc, "k", 10, &k));
    if (k < 1 || k > 1000000)
        return fail(vc->cx, E209, verb_option(vc, "k")->span,
                    "k: is how many recommendations count, from 1 on");
    TRY(model_item(vc, &m));
    enum rc_t res = RC_ERR;
    if (vc->lg->is_dry) {
        *out = value_nothing(NULL);
        res = RC_OK;
        goto out;
    }
    if (verb_option(vc, "k") || ml_is_ranking(metrics, n))
        TRY_OUT(ml_evaluate_ranking(vc->cx, vc->lg->executor, m->model, vc->input->plan, metrics, n,
                                    k, vc->step->span, &t));
    else
        TRY_OUT(ml_evaluate(vc->cx, vc->lg->executor, m->model, vc->input->plan, metrics, n, kind,
                            vc->step->span, &t));
    res = plan_table(vc->cx, t, NULL, &p);
    table_unref(t);
    TRY_OUT(res);
    *out = value_frame(p, NULL);
    plan_unref(p);
out:
    value_unref(m);
    return res;
}

static const struct verb_option evaluate_options[] = {
    {"metrics", OPT_ANY, NULL, "which ones: rmse mae r2 mape, accuracy auc precision recall f1 .."},
    {"kind", OPT_WORD, "confusion roc pr calibration silhouette", "that table instead of metrics"},
    {"k", OPT_INT, NULL,
     "of als: how many recommendations count for precision_at_k recall_at_k ndcg_at_k map_at_k mrr "
     "hit_rate, 10; the rows say what is relevant to each user"},
    {0},
};
const struct verb_desc verb_evaluate = {
    .name = "evaluate",
    .sig = "evaluate model [metrics: [auc, f1], kind: confusion, k: 10]",
    .doc = "How well a model predicts the rows of a frame: one row a metric, or the table that "
           "kind: names. Runs at once.",
    .examples = {"trips |> evaluate tip_model", "trips |> evaluate tip_model, metrics: [rmse, r2]"},
    .options = evaluate_options,
    .input = TAKES_FRAME,
    .bind = evaluate_bind,
};
