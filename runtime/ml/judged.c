/* judged.c: labelled rows and what the model says of them, as plain arrays: the actual number or
 * class, the prediction or the probabilities. */
#include "runtime/ml/judged_int.h"

#include "runtime/base/bitmap.h"
#include "runtime/base/pool.h"
#include "runtime/ml/score_int.h"

#include <math.h>

/* `.y`, then the scores: the prediction, P(positive), or a probability a class. */
static enum rc_t run_scores(struct ctx *cx, struct executor *x, const struct model *m,
                            struct plan *data, struct span span, struct table **out)
{
    struct score_spec spec = {.m = m, .threshold = -1, .span = span, .what = "evaluate"};
    struct named_expr y = {.name = ".y"};
    struct plan *mapped = NULL, *plan = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(score_adapt(cx, m->target.expr, data->schema, span, &y.expr));
    if (!model_is_class(m)) TRY_OUT(expr_cast(cx, cx->arena, y.expr, KIND_NUM, &y.expr));
    TRY_OUT(score_columns(cx, &spec, data->schema));
    TRY_OUT(score_map_plan(cx, &spec, data, &y, 1, &mapped));
    int width = model_width(m), first = !model_is_class(m) ? 0 : width == 1 ? 1 : 2;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, width + 1);
    items[0] = (struct named_expr){".y", expr_column(cx->arena, ".y", y.expr->type, span)};
    for (int k = 0; k < width; k++) {
        const char *name = spec.made[first + k].name;
        items[k + 1] =
            (struct named_expr){name, expr_column(cx->arena, name, DTYPE(KIND_NUM), span)};
    }
    TRY_OUT(plan_project(cx, mapped, items, width + 1, span, &plan));
    TRY_OUT(exec_table(cx, x, plan, out));
    res = RC_OK;
out:
    plan_unref(plan);
    plan_unref(mapped);
    return res;
}

void judged_release(struct judged *j)
{
    mem_big_free(j->actual);
    mem_big_free(j->score);
    mem_big_free(j->said);
}

/* The target of each row: a number, 1 or 0 of two classes, the index of more; ok where there is. */
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
    bool is_many = model_n_classes(m) > 2;
    for (int64_t i = 0; res == RC_OK && i < y->n; i++) {
        int32_t c = ((int32_t *)codes)[i];
        ok[i] = c >= 0;
        actual[i] = is_many ? (double)c : c == m->target.positive ? 1.0 : 0.0;
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

static enum rc_t reserve(struct ctx *cx, struct judged *j, int64_t n)
{
    size_t rows = (size_t)n + 1;
    TRY(mem_big(cx, sizeof(double) * rows, (void **)&j->actual));
    TRY(mem_big(cx, mem_mul(sizeof(double) * rows, (size_t)j->width), (void **)&j->score));
    if (j->width == 1) return RC_OK;
    return mem_big(cx, sizeof(int32_t) * rows, (void **)&j->said);
}

/* Rows whose target and scores are known, moved together. */
static void keep_known(struct judged *j, const bool *ok, struct column *const *score, int64_t n_all)
{
    for (int64_t i = 0; i < n_all; i++) {
        if (!ok[i] || !bit_valid(score[0]->valid, i)) continue;
        double *row = j->score + (size_t)j->n * (size_t)j->width;
        int best = 0;
        for (int k = 0; k < j->width; k++) {
            row[k] = ((const double *)score[k]->data)[i];
            if (row[k] > row[best]) best = k;
        }
        if (j->said) j->said[j->n] = best;
        j->actual[j->n++] = j->actual[i];
    }
}

static enum rc_t take(struct ctx *cx, const struct table *t, struct span span, struct judged *j)
{
    void *ok = NULL;
    int64_t n_left_out = 0;
    struct column **score = ARENA_ARRAY(cx->arena, struct column *, j->width + 1);
    enum rc_t res = RC_ERR;
    TRY_OUT(mem_big_zero(cx, (size_t)t->n_rows + 1, &ok));
    TRY_OUT(reserve(cx, j, t->n_rows));
    for (int k = 0; k < j->width; k++)
        TRY_OUT(column_canonical(cx, t->cols[k + 1], &score[k]));
    TRY_OUT(fill_actual(cx, j->m, t->cols[0], j->actual, ok));
    keep_known(j, ok, score, t->n_rows);
    for (int64_t i = 0; i < t->n_rows; i++)
        n_left_out += !((bool *)ok)[i];
    tell_left_out(cx, j->m, span, n_left_out, t->n_rows);
    if (j->n == 0)
        fail(cx, E404, span, "there are no rows to evaluate");
    else
        res = RC_OK;
out:
    for (int k = 0; k < j->width; k++)
        column_unref(score[k]);
    if (ok) mem_big_free(ok);
    return res;
}

enum rc_t judge(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
                struct span span, struct judged *out)
{
    struct table *t = NULL;
    *out = (struct judged){.m = m, .width = model_width(m)};
    if (!m->target.text)
        return fail(cx, E217, span, "a %s model has no target to compare with", m->family->name);
    TRY(run_scores(cx, x, m, data, span, &t));
    enum rc_t res = take(cx, t, span, out);
    table_unref(t);
    if (res != RC_OK) judged_release(out);
    return res;
}

#define SCORE_BLOCK 1024

struct score_job {
    const struct rows *rows;
    struct judged *out;
};

static enum rc_t score_block(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    struct score_job *job = arg;
    struct judged *j = job->out;
    size_t width = (size_t)j->width;
    int64_t at = task * SCORE_BLOCK;
    int n = (int)(j->n - at < SCORE_BLOCK ? j->n - at : SCORE_BLOCK);
    j->m->family->cls->score(j->m, &job->rows->in, at, n, j->score + (size_t)at * width);
    for (int64_t i = at; j->said && i < at + n; i++) {
        const double *row = j->score + (size_t)i * width;
        j->said[i] = 0;
        for (int k = 1; k < j->width; k++)
            if (row[k] > row[j->said[i]]) j->said[i] = k;
    }
    return RC_OK;
}

enum rc_t judge_rows(struct ctx *cx, const struct model *m, const struct rows *r,
                     struct judged *out)
{
    *out = (struct judged){.m = m, .n = r->n, .width = model_width(m)};
    struct score_job job = {r, out};
    enum rc_t res = reserve(cx, out, r->n);
    if (res == RC_OK) {
        memcpy(out->actual, r->y, sizeof(double) * (size_t)r->n);
        res = pool_run(cx, (r->n + SCORE_BLOCK - 1) / SCORE_BLOCK, score_block, &job);
    }
    if (res != RC_OK) judged_release(out);
    return res;
}

struct scored judged_scored(const struct judged *j)
{
    bool is_many = j->width > 1;
    return (struct scored){.n = j->n,
                           .actual = j->actual,
                           .score = is_many ? NULL : j->score,
                           .threshold = j->m->threshold,
                           .classes = model_is_class(j->m),
                           .n_classes = is_many ? j->width : 0,
                           .probs = is_many ? j->score : NULL,
                           .said = j->said};
}

enum rc_t judged_class(struct ctx *cx, const struct judged *j, int k, bool of_scores,
                       struct scored *out)
{
    void *p = NULL;
    TRY(mem_big(cx, 2 * sizeof(double) * ((size_t)j->n + 1), &p));
    double *is = p, *says = is + j->n;
    bool is_many = j->width > 1, is_positive = k == j->m->target.positive;
    for (int64_t i = 0; i < j->n; i++) {
        double score = j->score[(size_t)i * (size_t)j->width + (is_many ? (size_t)k : 0)];
        bool said = is_many ? j->said[i] == k : (score > j->m->threshold) == is_positive;
        double of_class = is_many || is_positive ? score : 1.0 - score;
        is[i] = is_many ? (int)j->actual[i] == k : (j->actual[i] > 0.5) == is_positive;
        says[i] = of_scores ? of_class : said;
    }
    *out =
        (struct scored){.n = j->n, .actual = is, .score = says, .threshold = 0.5, .classes = true};
    return RC_OK;
}

void judged_class_release(struct scored *s)
{
    scored_release(s);
    mem_big_free((void *)(uintptr_t)s->actual);
}
