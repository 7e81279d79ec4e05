/* evaluate.c: metrics and curves of a model on labelled rows: actual value and score of each row in
 * two columns, then plain functions of those. */
#include "runtime/ml/curves_int.h"
#include "runtime/ml/score_int.h"

#include "runtime/base/bitmap.h"

#include <math.h>

/* ---- actual and score ---- */
/* Keeps `.y` and the score of each row. */
static enum rc_t run_scores(struct ctx *cx, struct executor *x, const struct model *m,
                            struct plan *data, struct span span, struct table **out)
{
    struct score_spec spec = {.m = m, .threshold = -1, .span = span, .what = "evaluate"};
    struct named_expr y = {.name = ".y"}, items[2];
    struct plan *mapped = NULL, *plan = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(score_adapt(cx, m->target.expr, data->schema, span, &y.expr));
    if (!model_is_class(m)) TRY_OUT(expr_cast(cx, cx->arena, y.expr, KIND_NUM, &y.expr));
    TRY_OUT(score_columns(cx, &spec, data->schema));
    TRY_OUT(score_map_plan(cx, &spec, data, &y, 1, &mapped));
    const char *score = spec.made[model_is_class(m) ? 1 : 0].name;
    items[0] = (struct named_expr){".y", expr_column(cx->arena, ".y", y.expr->type, span)};
    items[1] = (struct named_expr){score, expr_column(cx->arena, score, DTYPE(KIND_NUM), span)};
    TRY_OUT(plan_project(cx, mapped, items, 2, span, &plan));
    TRY_OUT(exec_table(cx, x, plan, out));
    res = RC_OK;
out:
    plan_unref(plan);
    plan_unref(mapped);
    return res;
}

struct pairs {
    double *actual, *score; /* mem_big */
    int64_t n;
};

static void pairs_release(struct pairs *p)
{
    mem_big_free(p->actual);
    mem_big_free(p->score);
}

/* Class codes, or doubles, of the target column into actual; false in ok where there is none. */
static enum rc_t fill_actual(struct ctx *cx, const struct model *m, const struct column *y,
                             double *actual, bool *ok)
{
    if (!model_is_class(m)) {
        struct column *c;
        TRY(column_canonical(cx, y, &c));
        for (int64_t i = 0; i < c->n; i++) {
            ok[i] = bit_valid(c->valid, i);
            actual[i] = ok[i] ? ((const double *)c->data)[i] : 0.0;
        }
        column_unref(c);
        return RC_OK;
    }
    void *codes = NULL;
    TRY(mem_big(cx, sizeof(int32_t) * (size_t)y->n + 1, &codes));
    struct vec v = column_view(y, 0, y->n);
    enum rc_t res = enc_codes(cx, &m->target.classes, &v, y->n, codes);
    for (int64_t i = 0; res == RC_OK && i < y->n; i++) {
        int32_t c = ((int32_t *)codes)[i];
        ok[i] = c >= 0;
        actual[i] = c == m->target.positive ? 1.0 : 0.0;
    }
    mem_big_free(codes);
    return res;
}

static void tell_left_out(struct ctx *cx, const struct model *m, struct span span, int64_t n,
                          int64_t n_all)
{
    if (n == 0) return;
    warn(cx, W304, span, "evaluate: %lld of %lld rows left out: %s", (long long)n, (long long)n_all,
         model_is_class(m)
             ? arena_printf(cx->arena, "`%s` is null or no class of the model", m->target.text)
             : arena_printf(cx->arena, "`%s` is null", m->target.text));
}

static enum rc_t take_pairs(struct ctx *cx, const struct model *m, const struct table *t,
                            struct span span, struct pairs *out)
{
    size_t n = (size_t)t->n_rows + 1;
    void *ok_p = NULL;
    struct column *score = NULL;
    enum rc_t res = RC_ERR;
    int64_t n_left_out = 0;
    TRY_OUT(mem_big_zero(cx, n, &ok_p));
    TRY_OUT(mem_big(cx, sizeof(double) * n, (void **)&out->actual));
    TRY_OUT(mem_big(cx, sizeof(double) * n, (void **)&out->score));
    TRY_OUT(column_canonical(cx, t->cols[1], &score));
    bool *ok = ok_p;
    TRY_OUT(fill_actual(cx, m, t->cols[0], out->actual, ok));
    for (int64_t i = 0; i < t->n_rows; i++) {
        n_left_out += !ok[i];
        if (!ok[i] || !bit_valid(score->valid, i)) continue;
        out->actual[out->n] = out->actual[i];
        out->score[out->n++] = ((const double *)score->data)[i];
    }
    tell_left_out(cx, m, span, n_left_out, t->n_rows);
    if (out->n == 0)
        fail(cx, E404, span, "there are no rows to evaluate");
    else
        res = RC_OK;
out:
    column_unref(score);
    if (ok_p) mem_big_free(ok_p);
    return res;
}

/* ---- result tables ---- */
struct result { /* a table being made, at most four columns */
    struct field fields[4];
    struct builder cols[4];
    int n;
};

static void result_column(struct result *r, const char *name, struct dtype type, enum phys phys)
{
    r->fields[r->n] = (struct field){name, type};
    builder_init(&r->cols[r->n++], type, phys);
}

static void result_number(struct result *r, const char *name)
{
    result_column(r, name, DTYPE(KIND_NUM), PHYS_F64);
}

static enum rc_t result_end(struct ctx *cx, struct result *r, enum rc_t res, struct table **out)
{
    if (res == RC_OK) res = ml_table(cx, r->fields, r->cols, r->n, out);
    for (int i = 0; i < r->n; i++)
        builder_release(&r->cols[i]);
    return res;
}

static enum rc_t put(struct ctx *cx, struct builder *b, double v)
{
    return isnan(v) ? builder_null(cx, b) : builder_f64(cx, b, v);
}

static enum rc_t metrics_table(struct ctx *cx, struct scored *s,
                               const struct metric_desc *const *metrics, int n, struct table **out)
{
    struct result r = {.n = 0};
    enum rc_t res = RC_OK;
    result_column(&r, "metric", DTYPE(KIND_STR), PHYS_STR);
    result_number(&r, "value");
    for (int i = 0; res == RC_OK && i < n; i++) {
        double v;
        bool is_null;
        res = metrics[i]->value(cx, s, &v, &is_null);
        if (res == RC_OK) res = builder_str(cx, &r.cols[0], str_of(metrics[i]->name));
        if (res == RC_OK) res = put(cx, &r.cols[1], is_null ? NAN : v);
    }
    return result_end(cx, &r, res, out);
}

static enum rc_t put_class(struct ctx *cx, struct builder *b, const struct model *m, int c)
{
    const struct scalar *v = &m->target.classes.levels[c].value;
    if (v->type.kind == KIND_STR) return builder_str(cx, b, v->u.s);
    return v->type.kind == KIND_BOOL ? builder_bool(cx, b, v->u.b) : builder_i64(cx, b, v->u.i);
}

/* actual, predicted, n: all pairs of classes, in their order. */
static enum rc_t confusion_table(struct ctx *cx, const struct model *m, const struct scored *s,
                                 struct table **out)
{
    struct result r = {.n = 0};
    enum kind kind = m->target.type.kind == KIND_CAT ? KIND_STR : m->target.type.kind;
    enum rc_t res = RC_OK;
    int64_t counts[2][2] = {{0}};
    for (int64_t i = 0; i < s->n; i++) {
        int is = s->actual[i] > 0.5 ? m->target.positive : 1 - m->target.positive;
        int said = s->score[i] > s->threshold ? m->target.positive : 1 - m->target.positive;
        counts[is][said]++;
    }
    result_column(&r, "actual", DTYPE(kind), kind_phys(kind));
    result_column(&r, "predicted", DTYPE(kind), kind_phys(kind));
    result_column(&r, "n", DTYPE(KIND_INT), PHYS_I64);
    for (int k = 0; res == RC_OK && k < 4; k++) {
        res = put_class(cx, &r.cols[0], m, k / 2);
        if (res == RC_OK) res = put_class(cx, &r.cols[1], m, k % 2);
        if (res == RC_OK) res = builder_i64(cx, &r.cols[2], counts[k / 2][k % 2]);
    }
    return result_end(cx, &r, res, out);
}

static enum rc_t curve_table(struct ctx *cx, struct scored *s, bool is_roc, struct table **out)
{
    struct result r = {.n = 0};
    struct curve c;
    enum rc_t res = is_roc ? curve_roc(cx, s, &c) : curve_pr(cx, s, &c);
    result_number(&r, is_roc ? "fpr" : "recall");
    result_number(&r, is_roc ? "tpr" : "precision");
    result_number(&r, "threshold");
    for (int64_t i = 0; res == RC_OK && i < c.n; i++) {
        res = put(cx, &r.cols[0], c.x[i]);
        if (res == RC_OK) res = put(cx, &r.cols[1], c.y[i]);
        if (res == RC_OK) res = put(cx, &r.cols[2], c.threshold[i]);
    }
    return result_end(cx, &r, res, out);
}

/* Ten equal stretches of probability: mean prediction, share of positives, rows. */
static enum rc_t calibration_table(struct ctx *cx, const struct scored *s, struct table **out)
{
    enum { BINS = 10 };
    struct result r = {.n = 0};
    double sum[BINS] = {0}, positive[BINS] = {0};
    int64_t n[BINS] = {0};
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < s->n; i++) {
        int b = (int)(s->score[i] * BINS);
        b = b < 0 ? 0 : b >= BINS ? BINS - 1 : b;
        sum[b] += s->score[i];
        positive[b] += s->actual[i];
        n[b]++;
    }
    result_number(&r, "predicted");
    result_number(&r, "actual");
    result_column(&r, "n", DTYPE(KIND_INT), PHYS_I64);
    for (int b = 0; res == RC_OK && b < BINS; b++) {
        if (n[b] == 0) continue;
        res = put(cx, &r.cols[0], sum[b] / (double)n[b]);
        if (res == RC_OK) res = put(cx, &r.cols[1], positive[b] / (double)n[b]);
        if (res == RC_OK) res = builder_i64(cx, &r.cols[2], n[b]);
    }
    return result_end(cx, &r, res, out);
}

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

static enum rc_t choose_metrics(struct ctx *cx, const struct model *m, const char *const *names,
                                int n_names, struct span span,
                                const struct metric_desc *const **out, int *out_n)
{
    int n, k = 0;
    const struct metric_desc *const *all = metric_all(&n);
    const struct metric_desc **chosen =
        ARENA_ARRAY(cx->arena, const struct metric_desc *, n + n_names + 1);
    for (int i = 0; !names && i < n; i++)
        if (all[i]->classifies == model_is_class(m)) chosen[k++] = all[i];
    for (int i = 0; names && i < n_names; i++) {
        const struct metric_desc *d = metric_find(str_of(names[i]));
        if (!d || d->classifies != model_is_class(m)) return unknown_metric(cx, m, names[i], span);
        chosen[k++] = d;
    }
    *out = chosen;
    *out_n = k;
    return RC_OK;
}

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

static enum rc_t kind_table(struct ctx *cx, const struct model *m, struct scored *s,
                            const char *kind, struct table **out)
{
    switch (kind[0] == 'c' ? kind[1] : kind[0]) {
    case 'o': return confusion_table(cx, m, s, out);
    case 'a': return calibration_table(cx, s, out);
    case 'r': return curve_table(cx, s, true, out);
    default: return curve_table(cx, s, false, out);
    }
}

enum rc_t ml_evaluate(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
                      const char *const *metrics, int n_metrics, const char *kind, struct span span,
                      struct table **out)
{
    const struct metric_desc *const *chosen = NULL;
    int n_chosen = 0;
    struct table *t = NULL;
    struct pairs p = {0};
    struct scored s = {.threshold = m->threshold, .classes = model_is_class(m)};
    enum rc_t res = RC_ERR;
    if (model_n_classes(m) > 2 || !m->target.text)
        return fail(cx, E214, span, "evaluate knows models of a number or two classes so far");
    if (kind)
        TRY_OUT(check_kind(cx, m, kind, span));
    else
        TRY_OUT(choose_metrics(cx, m, metrics, n_metrics, span, &chosen, &n_chosen));
    TRY_OUT(run_scores(cx, x, m, data, span, &t));
    TRY_OUT(take_pairs(cx, m, t, span, &p));
    s.n = p.n;
    s.actual = p.actual;
    s.score = p.score;
    res = kind ? kind_table(cx, m, &s, kind, out) : metrics_table(cx, &s, chosen, n_chosen, out);
out:
    scored_release(&s);
    pairs_release(&p);
    table_unref(t);
    return res;
}

enum rc_t ml_scores(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
                    struct span span, struct table **out)
{
    struct table *t = NULL;
    struct pairs p = {0};
    struct result r = {.n = 0};
    enum rc_t res = RC_ERR;
    if (model_n_classes(m) > 2 || !m->target.text)
        return fail(cx, E214, span, "scores of more than two classes or of none have no chart yet");
    TRY_OUT(run_scores(cx, x, m, data, span, &t));
    TRY_OUT(take_pairs(cx, m, t, span, &p));
    result_number(&r, "score");
    result_number(&r, "actual");
    res = RC_OK;
    for (int64_t i = 0; res == RC_OK && i < p.n; i++) {
        res = put(cx, &r.cols[0], p.score[i]);
        if (res == RC_OK) res = put(cx, &r.cols[1], p.actual[i]);
    }
    res = result_end(cx, &r, res, out);
out:
    pairs_release(&p);
    table_unref(t);
    return res;
}
