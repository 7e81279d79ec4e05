/* fit.c: models in the pipe: fit, predict, evaluate. */
#include "lang/verbs/verb_int.h"

struct fit {
    struct verb_call *vc;
    struct bind b;
    struct ml_fit_spec spec;
    struct value *family; /* owned: a family held by a variable */
    struct value *valid;  /* owned: the frame of valid: */
    struct formula *formula;
};

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

static bool takes_list(const struct ml_family *family, const char *name)
{
    for (const struct ml_param_desc *d = family->params; name && d && d->name; d++)
        if (strcmp(d->name, name) == 0) return d->kind == KIND_LIST;
    return false;
}

static rc family_arg(struct verb_call *vc, const struct ml_family *family, const struct ast *e,
                     struct ml_arg *out)
{
    out->span = e->span;
    if (e->op == AST_NAME) { /* a word of the family's: solver: lbfgs */
        out->value = (struct scalar){.type = DTYPE(KIND_STR), .u.s = arena_str(vc->arena, e->text)};
        return RC_OK;
    }
    if (e->op == AST_RANGE || (e->op == AST_LIST && !takes_list(family, out->name)))
        return fail(
            vc->cx, E214, e->span,
            "several values of a parameter are a search, which tune will do; fit takes one");
    return verb_value(vc, e, "a parameter", &out->value);
}

static rc family_of_call(struct fit *f, const struct ast *e)
{
    struct verb_call *vc = f->vc;
    f->spec.family = ml_family_find(e->text);
    if (!f->spec.family) return unknown_family(vc, e);
    struct ml_arg *args = ARENA_ARRAY(vc->arena, struct ml_arg, e->n_kids + 1);
    for (int i = 0; e->op == AST_CALL && i < e->n_kids; i++) {
        if (i < e->n_names && e->names[i].n)
            args[i].name = arena_strndup(vc->arena, e->names[i].p, e->names[i].n);
        TRY(family_arg(vc, f->spec.family, e->kids[i], &args[i]));
        f->spec.n_args++;
    }
    f->spec.args = args;
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
    return RC_OK;
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
    TRY(no_makes(vc, false));
    TRY(need_items(vc, "a formula", "fit y ~ a + b, linear()"));
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        const struct ast *e = it->expr;
        if (e->op == AST_FORMULA && !f->formula) {
            TRY(bind_formula(&f->b, e, vc->step, &f->formula));
        } else if ((e->op == AST_CALL || e->op == AST_NAME) && !f->spec.family) {
            TRY(family_of_call(f, e));
        } else if (e->op == AST_VAR && !f->spec.family) {
            TRY(family_of_variable(f, e));
        } else {
            return fail(vc->cx, E217, it->span, "fit takes one formula and one model family");
        }
    }
    if (f->formula) return RC_OK;
    fail(vc->cx, E401, vc->step->span, "fit needs a formula: target ~ terms");
    return hint_step(vc, "fit y ~ a + b, linear()");
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

static rc fit_options(struct fit *f)
{
    struct verb_call *vc = f->vc;
    const char *nulls;
    int64_t seed;
    static const char *const later[] = {"prep"};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        if (verb_option(vc, later[i]))
            return fail(vc->cx, E214, verb_option(vc, later[i])->span,
                        "%s: is not in this version yet", later[i]);
    if (vc->step->has_by)
        return fail(vc->cx, E214, vc->step->by[0].span,
                    "one model for each group is not in this version yet");
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

static enum rc_t fit_bind(struct verb_call *vc, struct value **out)
{
    struct fit f = {.vc = vc};
    enum rc_t res = RC_ERR;
    verb_bind_init(&f.b, vc, BIND_ROW);
    TRY_OUT(fit_items(&f));
    TRY_OUT(fit_options(&f));
    if (!f.spec.family) default_family(&f);
    res = fit_model(&f, out);
out:
    value_unref(f.valid);
    value_unref(f.family);
    return res;
}

static const struct verb_option fit_options_table[] = {
    {"nulls", OPT_WORD, "error drop", "drop: rows with a null are left out (counted)"},
    {"weights", OPT_COLUMN, NULL, "how much each row counts"},
    {"positive", OPT_ANY, NULL, "the class whose probability is given; the last one if not said"},
    {"threshold", OPT_NUM, NULL, "probability from which the positive class is predicted, 0.5"},
    {"seed", OPT_INT, NULL, "seed of families that draw at random"},
    {"valid", OPT_FRAME, NULL, "labelled rows that tell boosted when to stop"},
    {"prep", OPT_ANY, NULL, "a recipe (later)"},
    {0},
};
const struct verb_desc verb_fit = {
    .name = "fit",
    .sig = "fit target ~ terms, family(parameters) [nulls: drop, weights: w, positive: ..]",
    .doc =
        "Fits a model on the rows of a frame. Terms: columns, a:b products, a*b, (a + b)^2, . for "
        "all other columns, -1 for no intercept, any function of columns, and functions that are "
        "fitted and replayed on new rows: scale center impute cat onehot. Text, bool and cat(x) "
        "are categories. The left side chooses class or number.",
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

/* ---- evaluate ---- */

static rc metric_name(struct verb_call *vc, const struct ast *e, const char **out)
{
    struct scalar s;
    if (e->op == AST_NAME) {
        *out = arena_strndup(vc->arena, e->text.p, e->text.n);
        return RC_OK;
    }
    TRY(verb_value(vc, e, "metrics:", &s));
    if (s.is_null || s.type.kind != KIND_STR)
        return fail(vc->cx, E209, e->span, "metrics: takes names, as in metrics: [auc, f1]");
    *out = arena_strndup(vc->arena, s.u.s.p, s.u.s.n);
    return RC_OK;
}

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
        TRY(metric_name(vc, e->op == AST_LIST ? e->kids[i] : e, &(*out)[i]));
    *n = count;
    return RC_OK;
}

static enum rc_t evaluate_bind(struct verb_call *vc, struct value **out)
{
    struct value *m;
    struct table *t;
    struct plan *p;
    const char **metrics, *kind;
    int n;
    TRY(metric_names(vc, &metrics, &n));
    TRY(verb_option_word(vc, "kind", NULL, &kind));
    TRY(model_item(vc, &m));
    enum rc_t res = RC_ERR;
    if (vc->lg->is_dry) {
        *out = value_nothing(NULL);
        res = RC_OK;
        goto out;
    }
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
    {"kind", OPT_WORD, "confusion roc pr calibration", "that table instead of metrics"},
    {0},
};
const struct verb_desc verb_evaluate = {
    .name = "evaluate",
    .sig = "evaluate model [metrics: [auc, f1], kind: confusion]",
    .doc = "How well a model predicts the rows of a frame: one row a metric, or the table that "
           "kind: names. Runs at once.",
    .examples = {"trips |> evaluate tip_model", "trips |> evaluate tip_model, metrics: [rmse, r2]"},
    .options = evaluate_options,
    .input = TAKES_FRAME,
    .bind = evaluate_bind,
};
