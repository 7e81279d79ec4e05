/* tree_param.c: from parameters to the learner's plans. */
#include "runtime/ml/models/tree_param_int.h"

#include <math.h>

/* Columns that trees see: the features of terms that are no offsets, in the encoder's order. */
static int seen_columns(const struct encoder *e)
{
    int n = 0;
    for (int i = 0; i < e->n_features; i++)
        for (int k = 0; k < e->n_terms; k++)
            if (!e->terms[k].is_offset && e->terms[k].features[0] == i) {
                n++;
                break;
            }
    return n;
}

enum rc_t tree_monotone(struct ctx *cx, const struct ml_fit_spec *spec, const struct model *m,
                        const char *name, const int8_t **out)
{
    int n, cols = seen_columns(&m->enc);
    const double *v = model_param_list(m, name, &n);
    *out = NULL;
    if (n == 0) return RC_OK;
    if (n != cols)
        return fail(cx, E209, spec->span, "%s(%s:) has %d signs; the formula has %d columns",
                    m->family->name, name, n, cols);
    int8_t *sign = ARENA_ARRAY(cx->arena, int8_t, n + 1);
    for (int i = 0; i < n; i++) {
        if (v[i] != 0 && v[i] != 1 && v[i] != -1)
            return fail(cx, E209, spec->span,
                        "%s(%s:) takes 1 (never falls), -1 (never rises) or 0 for each column",
                        m->family->name, name);
        sign[i] = (int8_t)v[i];
    }
    *out = sign;
    return RC_OK;
}

static double column_share(const struct rows *r, const struct model *m)
{
    double share = model_param(m, "column_share");
    int n = seen_columns(&m->enc);
    bool is_class = r->n_classes > 0, is_auto = model_param_is(m, "columns", "auto");
    if (share > 0) return share;
    if (model_param_is(m, "columns", "sqrt") || (is_auto && is_class)) return sqrt(n) / n;
    if (model_param_is(m, "columns", "onethird") || is_auto) return 1.0 / 3;
    if (model_param_is(m, "columns", "log2")) return fmax(1, log2(n)) / n;
    return 1;
}

static enum rc_t set_measure(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                             const struct model *m, struct tree_rules *out)
{
    bool is_class = r->n_classes > 0, is_variance = model_param_is(m, "impurity", "variance");
    bool is_auto = model_param_is(m, "impurity", "auto");
    if (!is_auto && is_class == is_variance)
        return fail(cx, E209, spec->span,
                    is_class ? "%s(impurity:) of classes is gini or entropy"
                             : "%s(impurity:) of a number is variance",
                    m->family->name);
    out->measure = model_param_is(m, "impurity", "entropy") ? TREE_ENTROPY : TREE_GAIN;
    out->gain_unit = out->measure == TREE_ENTROPY ? 1 / log(2.0) : r->n_classes == 2 ? 2 : 1;
    return RC_OK;
}

enum rc_t tree_forest_plan(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                           const struct model *m, struct forest_plan *out)
{
    struct tree_rules *rules = &out->rules;
    double mean_weight = r->w ? r->w_sum / (double)r->n : 1;
    *out = (struct forest_plan){.trees = 1, .sample = 1, .max_bins = TREE_MAX_BINS};
    TRY(set_measure(cx, spec, r, m, rules));
    rules->depth = (int)model_param(m, "depth");
    rules->leaves = (int)model_param(m, "leaves");
    rules->min_rows = (int64_t)model_param(m, "min_rows");
    if (rules->min_rows > 1) rules->min_weight = (double)rules->min_rows * mean_weight * (1 - 1e-9);
    rules->min_gain = model_param(m, "min_gain");
    rules->has_min_gain_share = true;
    rules->is_forest = true;
    rules->col_tree = rules->col_level = 1;
    rules->col_node = column_share(r, m);
    rules->onehot_levels = 4;
    out->max_bins = (int)model_param(m, "max_bins");
    return RC_OK;
}
