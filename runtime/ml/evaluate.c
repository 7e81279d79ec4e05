/* evaluate.c: which metrics a model is measured by, and their values: of all rows, and with more
 * than two classes of each class against the rest. */
#include "runtime/ml/cluster_int.h"
#include "runtime/ml/groups_int.h"
#include "runtime/ml/judged_int.h"

#include <math.h>

#define WEIGHTED "_weighted"

/* ---- which metrics ---- */
static enum rc_t unknown_metric(struct ctx *cx, const struct model *m, const char *name,
                                struct span span)
{
    int n;
    struct strbuf b = {0};
    const struct metric_desc *const *all = metric_all(&n);
    const struct metric_desc *other = metric_find(str_of(name));
    for (int i = 0; i < n; i++)
        if (all[i]->classifies == model_is_class(m))
            strbuf_printf(&b, "%s%s", b.n ? " " : "", all[i]->name);
    if (other)
        fail(cx, E209, span, "%s measures %s; this model gives %s: %s", name,
             other->classifies ? "classes" : "numbers", other->classifies ? "numbers" : "classes",
             b.p);
    else
        fail(cx, E209, span, "there is no metric `%s` here: %s", name, b.p);
    strbuf_release(&b);
    return RC_ERR;
}

static bool find_asked(const struct model *m, const char *name, struct asked *out)
{
    struct str s = str_of(name);
    *out = (struct asked){.name = name, .metric = metric_find(s)};
    if (!out->metric && s.n > strlen(WEIGHTED) && str_ends(s, STR(WEIGHTED))) {
        s.n -= strlen(WEIGHTED);
        out->metric = metric_find(s);
        out->is_weighted = true;
        if (out->metric && out->metric->many) return false;
    }
    return out->metric && out->metric->classifies == model_is_class(m);
}

enum rc_t metrics_choose(struct ctx *cx, const struct model *m, const char *const *names,
                         int n_names, struct span span, struct asked **out, int *out_n)
{
    int n, k = 0;
    const struct metric_desc *const *all = metric_all(&n);
    struct asked *chosen = ARENA_ARRAY(cx->arena, struct asked, n + n_names + 1);
    for (int i = 0; !names && i < n; i++)
        if (all[i]->classifies == model_is_class(m) && !all[i]->is_extra)
            chosen[k++] = (struct asked){.metric = all[i], .name = all[i]->name};
    for (int i = 0; names && i < n_names; i++)
        if (!find_asked(m, names[i], &chosen[k++])) return unknown_metric(cx, m, names[i], span);
    *out = chosen;
    *out_n = k;
    return RC_OK;
}

/* ---- values ---- */
static enum rc_t class_value(struct ctx *cx, const struct judged *j, const struct metric_desc *d,
                             int k, double *out)
{
    struct scored s;
    bool is_null = false;
    TRY(judged_class(cx, j, k, d->of_scores, &s));
    enum rc_t res = d->value(cx, &s, out, &is_null);
    judged_class_release(&s);
    if (is_null) *out = NAN;
    return res;
}

static double class_rows(const struct judged *j, int k)
{
    double n = 0;
    for (int64_t i = 0; i < j->n; i++) {
        int is = (int)j->actual[i];
        if (j->width == 1)
            is = j->actual[i] > 0.5 ? j->m->target.positive : 1 - j->m->target.positive;
        n += is == k;
    }
    return n;
}

/* Mean over the classes, each alike or by its rows. What is 0/0 counts as 0 (scikit-learn's
 * zero_division), but an area that a class alone cannot have leaves no mean. */
static enum rc_t mean_value(struct ctx *cx, const struct judged *j, const struct asked *a,
                            double *out)
{
    double sum = 0, weights = 0;
    for (int k = 0; k < model_n_classes(j->m); k++) {
        double v, w = a->is_weighted ? class_rows(j, k) : 1.0;
        TRY(class_value(cx, j, a->metric, k, &v));
        if (isnan(v) && !a->metric->of_scores) v = 0;
        if (w > 0) sum += w * v;
        weights += w;
    }
    *out = sum / weights;
    return RC_OK;
}

enum rc_t judged_value(struct ctx *cx, const struct judged *j, const struct asked *a, double *out)
{
    struct scored s = judged_scored(j);
    bool is_null = false;
    if (a->is_weighted || (s.n_classes > 2 && !a->metric->many)) return mean_value(cx, j, a, out);
    enum rc_t res = (s.n_classes > 2 ? a->metric->many : a->metric->value)(cx, &s, out, &is_null);
    scored_release(&s);
    if (is_null) *out = NAN;
    return res;
}

/* ---- the table ---- */
struct lines { /* metric, value, and with more than two classes class (null: of all) */
    struct field fields[3];
    struct builder cols[3];
    int n;
};

static enum rc_t add_line(struct ctx *cx, struct lines *l, const char *name, double v,
                          const char *class)
{
    TRY(builder_str(cx, &l->cols[0], str_of(name)));
    TRY(isnan(v) ? builder_null(cx, &l->cols[1]) : builder_f64(cx, &l->cols[1], v));
    if (l->n < 3) return RC_OK;
    return class ? builder_str(cx, &l->cols[2], str_of(class)) : builder_null(cx, &l->cols[2]);
}

static enum rc_t add_lines(struct ctx *cx, const struct judged *j, const struct asked *asked, int n,
                           struct lines *l)
{
    const struct enc_feature *classes = &j->m->target.classes;
    double v;
    for (int i = 0; i < n; i++) {
        TRY(judged_value(cx, j, &asked[i], &v));
        TRY(add_line(cx, l, asked[i].name, v, NULL));
    }
    for (int i = 0; i < n && l->n == 3; i++) {
        if (asked[i].metric->many || asked[i].is_weighted) continue;
        for (int k = 0; k < classes->n_levels; k++) {
            TRY(class_value(cx, j, asked[i].metric, k, &v));
            TRY(add_line(cx, l, asked[i].name, v, classes->levels[k].text));
        }
    }
    return RC_OK;
}

static enum rc_t metrics_table(struct ctx *cx, const struct judged *j, const struct asked *asked,
                               int n, struct table **out)
{
    static const struct field fields[] = {{"metric", {.kind = KIND_STR}},
                                          {"value", {.kind = KIND_NUM}},
                                          {"class", {.kind = KIND_STR}}};
    struct lines l = {.n = model_n_classes(j->m) > 2 ? 3 : 2};
    for (int i = 0; i < l.n; i++) {
        l.fields[i] = fields[i];
        builder_init(&l.cols[i], fields[i].type, kind_phys(fields[i].type.kind));
    }
    enum rc_t res = add_lines(cx, j, asked, n, &l);
    if (res == RC_OK) res = ml_table(cx, l.fields, l.cols, l.n, out);
    for (int i = 0; i < l.n; i++)
        builder_release(&l.cols[i]);
    return res;
}

/* ---- kinds ---- */
static enum rc_t check_kind(struct ctx *cx, const struct model *m, const char *kind,
                            struct span span)
{
    static const char *const kinds[] = {"confusion", "roc", "pr", "calibration"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kind, kinds[i]) != 0) continue;
        if (model_is_class(m)) return RC_OK;
        return fail(cx, E209, span, "kind: %s is about classes; this model gives numbers", kind);
    }
    return fail(cx, E209, span, "kind: takes confusion, roc, pr or calibration");
}

enum rc_t ml_evaluate(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
                      const char *const *metrics, int n_metrics, const char *kind, struct span span,
                      struct table **out)
{
    struct asked *asked = NULL;
    struct judged j;
    int n = 0;
    if (model_groups(m) && !m->target.text)
        return fail(cx, E217, span,
                    "clusters of groups have no score in common: evaluate a fit of "
                    "one group's rows");
    if (model_scores(m) == SCORE_CLUSTER)
        return cluster_evaluate(cx, x, m, data, metrics, n_metrics, kind, span, out);
    if (kind && m->target.text) TRY(check_kind(cx, m, kind, span));
    if (!kind && m->target.text) TRY(metrics_choose(cx, m, metrics, n_metrics, span, &asked, &n));
    TRY(judge(cx, x, m, data, span, &j));
    enum rc_t res = !kind                            ? metrics_table(cx, &j, asked, n, out)
                    : strcmp(kind, "confusion") == 0 ? judged_confusion(cx, &j, out)
                                                     : judged_curve(cx, &j, kind, out);
    judged_release(&j);
    return res;
}

enum rc_t ml_scores(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
                    struct span span, struct table **out)
{
    struct judged j;
    if (model_n_classes(m) > 2)
        return fail(cx, E217, span, "this chart is of two classes; `%s` has %d", m->target.text,
                    model_n_classes(m));
    TRY(judge(cx, x, m, data, span, &j));
    enum rc_t res = judged_scores(cx, &j, out);
    judged_release(&j);
    return res;
}
