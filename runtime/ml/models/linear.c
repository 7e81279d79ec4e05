/* linear.c: least squares, plain and ridge. Minimises over b, b_0
 *     1/2 sum_i w_i (y_i - o_i - b_0 - z_i . b)^2 / sum w + l2/2 |b|^2,
 * z = columns centred and scaled to unit sample sd (language.md 4; `standardize: false` penalises
 * the coefficients of the columns as given). Solved by QR of the rows, block by block, never by
 * squaring the condition as the normal equations do. */
#include "runtime/ml/models/linear_int.h"

#include "runtime/ml/linalg_int.h"
#include "runtime/ml/special_int.h"

#include <math.h>

#define PERFECT_FIT 1e-26 /* residual against total sum of squares */
#define NO_EFFECT   1e-14

struct least_squares {
    double *b;        /* [k] */
    double rss, tss;  /* weighted sums of squares: residual, about the mean */
    double penalty;   /* of the objective */
    double *triangle; /* as solved: with the penalty's rows */
};

/* Triangle of [columns, response; sqrt(W penalty), 0]. */
static enum rc_t add_penalty(struct ctx *cx, const struct linear_plan *p, double w_sum,
                             struct least_squares *s)
{
    int k = p->design.k, ld = k + 1;
    double *rows = ARENA_ARRAY(cx->arena, double, mem_mul((size_t)ld, (size_t)k) + 1);
    for (int j = 0; j < k; j++)
        rows[(size_t)j * (size_t)k + (size_t)j] = sqrt(w_sum * p->penalty[j]);
    return qr_absorb(cx, s->triangle, ld, rows, k, k);
}

/* What is only rounding is nothing: residuals of a perfect fit, coefficients of no effect. */
static void clear_noise(struct least_squares *s, size_t k, double w_sum)
{
    double spread = sqrt(s->tss / w_sum); /* of the response: a scaled coefficient's own unit */
    if (s->rss <= PERFECT_FIT * s->tss) s->rss = 0;
    for (size_t j = 0; j < k; j++)
        if (fabs(s->b[j]) <= NO_EFFECT * spread) s->b[j] = 0;
}

static enum rc_t solve(struct ctx *cx, const struct linear_plan *p, double w_sum,
                       struct least_squares *s)
{
    size_t k = (size_t)p->design.k, ld = k + 1;
    const double *last = p->triangle + k * ld;
    s->triangle = arena_copy(cx->arena, p->triangle, sizeof(double) * ld * ld);
    if (p->l2 > 0) TRY(add_penalty(cx, p, w_sum, s));
    s->b = arena_copy(cx->arena, s->triangle + k * ld, sizeof(double) * ld);
    tri_solve(s->triangle, (int)ld, (int)k, s->b);
    s->tss = s->rss = last[k] * last[k];
    s->penalty = 0;
    for (size_t i = 0; i < k; i++) { /* |q - R b|^2: what the penalty costs */
        double r = last[i];
        for (size_t j = i; j < k; j++)
            r -= p->triangle[j * ld + i] * s->b[j];
        if (p->l2 > 0) s->rss += r * r;
        s->tss += last[i] * last[i];
        s->penalty += 0.5 * p->penalty[i] * s->b[i] * s->b[i];
    }
    clear_noise(s, k, w_sum);
    return RC_OK;
}

/* sigma^2 (R'R)^-1, and sigma^2 / W for the centred intercept. */
static double *covariance(struct ctx *cx, const struct linear_plan *p,
                          const struct least_squares *s, double sigma2, double w_sum)
{
    int k = p->design.k, ld = k + 1;
    double *inv = ARENA_ARRAY(cx->arena, double, mem_mul((size_t)k, (size_t)k) + 1);
    double *cov = ARENA_ARRAY(cx->arena, double, mem_mul((size_t)ld, (size_t)ld));
    tri_inverse(s->triangle, ld, k, inv);
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) {
            double sum = 0;
            for (int c = i > j ? i : j; c < k; c++)
                sum +=
                    inv[(size_t)c * (size_t)k + (size_t)i] * inv[(size_t)c * (size_t)k + (size_t)j];
            cov[(size_t)i * (size_t)ld + (size_t)j] = sigma2 * sum;
        }
    if (p->design.intercept) cov[(size_t)k * (size_t)ld + (size_t)k] = sigma2 / w_sum;
    return cov;
}

static void add_stats(struct model *m, const struct linear_plan *p, const struct least_squares *s,
                      const struct rows *r)
{
    double n = (double)r->n, rank = p->design.k, free = p->design.intercept ? 1 : 0;
    double df = n - rank - free, r2 = 1.0 - s->rss / s->tss;
    bool is_tested = p->l2 <= 0 && df > 0, has_terms = is_tested && rank > 0;
    double f = has_terms ? (s->tss - s->rss) / rank / (s->rss / df) : 0.0;
    model_add_stat(m, "r2", r2, !(s->tss > 0));
    model_add_stat(m, "rmse", sqrt(s->rss / r->w_sum), false);
    if (p->l2 > 0) return;
    model_add_stat(m, "adj_r2", 1.0 - (1.0 - r2) * (n - free) / df, !is_tested || !(s->tss > 0));
    model_add_stat(m, "sigma", sqrt(s->rss / df), !is_tested);
    model_add_stat(m, "df", df, false);
    model_add_stat(m, "f_statistic", f, !has_terms || isinf(f));
    model_add_stat(m, "f_p_value", special_f_upper(f, rank, df), !has_terms || isinf(f));
}

/* y - offset into the rows' arena, and its weighted mean. */
static const double *response_of(struct ctx *cx, const struct rows *r, bool intercept, double *mean)
{
    double *y = r->offset ? ARENA_ARRAY(cx->arena, double, r->n + 1) : NULL, sum = 0;
    for (int64_t i = 0; i < r->n; i++) {
        if (y) y[i] = r->y[i] - r->offset[i];
        sum += (r->w ? r->w[i] : 1.0) * (y ? y[i] : r->y[i]);
    }
    *mean = intercept ? sum / r->w_sum : 0.0;
    return y ? y : r->y;
}

static bool varies(const double *y, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (y[i] != y[0]) return true;
    return false;
}

static enum rc_t linear_fit_rows(struct ctx *cx, const struct ml_fit_spec *spec,
                                 const struct rows *r, struct model *m)
{
    double mean;
    const double *y = response_of(cx, r, m->enc.intercept, &mean);
    if (m->enc.intercept && !varies(y, r->n))
        return fail(cx, E404, spec->formula->target->span, "`%s` is the same in all %lld rows",
                    m->target.text, (long long)r->n);
    struct linear_plan p;
    struct least_squares s;
    TRY(linear_prepare(cx, spec, r, m, y, mean, &p));
    TRY(solve(cx, &p, r->w_sum, &s));
    double df = (double)r->n - p.design.k - (p.design.intercept ? 1 : 0);
    bool has_errors = p.l2 <= 0 && df > 0;
    const double *cov = has_errors ? covariance(cx, &p, &s, s.rss / df, r->w_sum) : NULL;
    linear_body(m, &p, s.b, mean, cov, df);
    m->report.iterations = 1;
    m->report.converged = true;
    m->report.loss = 0.5 * s.rss / r->w_sum + s.penalty;
    add_stats(m, &p, &s, r);
    return RC_OK;
}

static const struct model_class linear_class = {.fit = linear_fit_rows,
                                                .score = linear_score,
                                                .save = linear_save,
                                                .load = linear_load,
                                                .coef = linear_coef};
static const struct ml_param_desc linear_params[] = {
    {.name = "l2",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1e300,
     .def = "0",
     .doc = "penalty: l2/2 times the squared coefficients of columns scaled to unit sd"},
    {.name = "standardize",
     .kind = KIND_BOOL,
     .def = "true",
     .doc = "false: the penalty takes the coefficients of the columns as they are"},
    {.name = NULL}};
const struct ml_family ml_linear = {
    .name = "linear",
    .sig = "linear(l2: 0, standardize: true)",
    .doc =
        "Least squares. Without a penalty m.coef has standard errors, t statistics and p values.",
    .example = "fit fare ~ distance + part, linear()",
    .params = linear_params,
    .cls = &linear_class};

static const struct ml_param_desc ridge_params[] = {
    {.name = "l2",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1e300,
     .def = "1",
     .doc = "penalty: l2/2 times the squared coefficients of columns scaled to unit sd"},
    {.name = "standardize",
     .kind = KIND_BOOL,
     .def = "true",
     .doc = "false: the penalty takes the coefficients of the columns as they are"},
    {.name = NULL}};
const struct ml_family ml_ridge = {.name = "ridge",
                                   .sig = "ridge(l2: 1, standardize: true)",
                                   .doc =
                                       "Least squares with a squared penalty: linear with l2: 1.",
                                   .example = "fit births ~ month * day, ridge(l2: 0.1)",
                                   .params = ridge_params,
                                   .cls = &linear_class};
