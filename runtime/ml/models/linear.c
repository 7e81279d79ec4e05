/* linear.c: least squares: plain, ridge, lasso, elastic net. Minimises over b, b_0
 *     1/2 sum_i w_i (y_i - o_i - b_0 - z_i . b)^2 / sum w + l1 |b| + l2/2 |b|^2,
 * z = columns centred and scaled to unit sample sd (language.md 4; `standardize: false` penalises
 * the coefficients of the columns as given). Of well-conditioned columns the normal equations are
 * solved and the solution is refined by its own residuals, a pass over the rows; of others, where
 * squaring the condition would cost digits, the QR factorisation of the rows. With l1 coordinate
 * descent on the same products; L-BFGS where the columns are too many for products of pairs. */
#include "runtime/ml/models/linear_int.h"

#include "runtime/ml/linalg_int.h"
#include "runtime/ml/models/gram_int.h"
#include "runtime/ml/models/quasi_int.h"
#include "runtime/ml/models/risk_int.h"
#include "runtime/ml/special_int.h"

#include <math.h>

#define PERFECT_FIT 1e-26 /* residual against total sum of squares */
#define NO_EFFECT   1e-14
#define NEAR_FIT    1e-15 /* one more refinement below this */
#define SHARP_VIF   1e3   /* products of pairs lose three digits at most: no refinement */
#define SHARP_REST  1e-4
#define MAX_SWEEPS  100000

struct least_squares {
    double *b;        /* [k] */
    double rss, tss;  /* weighted sums of squares: residual, about the mean */
    double penalty;   /* of the objective */
    double intercept; /* of the centred problem */
    double *triangle; /* as solved: with the penalty's rows; or NULL */
    double *inverse;  /* [k, k] inverse of the products, when they were solved; or NULL */
    int iterations;
    bool converged;
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

static enum rc_t solve_triangle(struct ctx *cx, const struct linear_plan *p, double w_sum,
                                struct least_squares *s)
{
    size_t k = (size_t)p->design.k, ld = k + 1;
    const double *last = p->triangle + k * ld;
    s->triangle = arena_copy(cx->arena, p->triangle, sizeof(double) * ld * ld);
    if (p->l2 > 0) TRY(add_penalty(cx, p, w_sum, s));
    memcpy(s->b, s->triangle + k * ld, sizeof(double) * k);
    tri_solve(s->triangle, (int)ld, (int)k, s->b);
    s->tss = s->rss = last[k] * last[k];
    for (size_t i = 0; i < k; i++) { /* |q - R b|^2: what the penalty costs */
        double r = last[i];
        for (size_t j = i; j < k; j++)
            r -= p->triangle[j * ld + i] * s->b[j];
        if (p->l2 > 0) s->rss += r * r;
        s->tss += last[i] * last[i];
    }
    return RC_OK;
}

/* Gradient and residual sum of squares at b, by the rows. */
static enum rc_t look_back(struct ctx *cx, struct risk *f, struct least_squares *s, double *grad)
{
    int k = f->plan->design.k;
    double *x = ARENA_ARRAY(cx->arena, double, k + 2), value, penalty = 0;
    if (k) memcpy(x, s->b, sizeof *x * (size_t)k);
    x[k] = s->intercept;
    TRY(risk_eval(cx, f, x, &value, grad, NULL));
    for (int j = 0; j < k; j++)
        penalty += 0.5 * f->plan->penalty[j] * x[j] * x[j];
    s->rss = fmax(2.0 * f->rows->w_sum * (value - penalty), 0.0);
    return RC_OK;
}

/* Residual sum of squares by the products; whether it and b have their digits without a look at the
 * rows. */
static bool is_sharp(const struct linear_plan *p, struct least_squares *s)
{
    size_t k = (size_t)p->design.k, ld = k + 1;
    s->rss = s->tss;
    for (size_t j = 0; j < k; j++) {
        s->rss += s->b[j] * (p->cross[j * ld + j] * s->b[j] - 2 * p->cross[k * ld + j]);
        for (size_t i = 0; i < j; i++)
            s->rss += 2 * s->b[i] * s->b[j] * p->cross[j * ld + i];
    }
    return p->inflation < SHARP_VIF && s->rss > SHARP_REST * s->tss;
}

static enum rc_t solve_products(struct ctx *cx, const struct linear_plan *p, struct risk *f,
                                struct least_squares *s)
{
    size_t k = (size_t)p->design.k, ld = k + 1;
    double w = f->rows->w_sum, jitter, *scale = ARENA_ARRAY(cx->arena, double, k + 1);
    double *a = ARENA_ARRAY(cx->arena, double, mem_mul(k, k) + 1);
    double *grad = ARENA_ARRAY(cx->arena, double, k + 2);
    for (size_t j = 0; j < k; j++) {
        memcpy(a + j * k, p->cross + j * ld, sizeof *a * (j + 1));
        a[j * k + j] += w * p->penalty[j];
        s->b[j] = p->cross[k * ld + j];
    }
    spd_factor((int)k, a, scale, &jitter);
    spd_solve((int)k, a, scale, s->b);
    s->tss = p->cross[k * ld + k];
    for (int round = is_sharp(p, s) ? 3 : 0; round < 3; round++) {
        TRY(look_back(cx, f, s, grad));
        for (size_t j = 0; j < k; j++)
            grad[j] *= w;
        spd_solve((int)k, a, scale, grad);
        for (size_t j = 0; j < k; j++)
            s->b[j] -= grad[j];
        if (p->design.intercept) s->intercept -= grad[k];
        if (s->rss > NEAR_FIT * s->tss) break;
    }
    spd_inverse((int)k, a, scale);
    s->inverse = a;
    return RC_OK;
}

/* Lasso and elastic net on the products, by mean row. */
static enum rc_t solve_descent(struct ctx *cx, const struct linear_plan *p, struct risk *f,
                               struct least_squares *s)
{
    size_t k = (size_t)p->design.k, ld = k + 1;
    double w = f->rows->w_sum, *a = ARENA_ARRAY(cx->arena, double, mem_mul(k, k) + 1);
    double *c = ARENA_ARRAY(cx->arena, double, k + 1);
    double *grad = ARENA_ARRAY(cx->arena, double, k + 2);
    for (size_t j = 0; j < k; j++) {
        for (size_t i = 0; i <= j; i++)
            a[j * k + i] = p->cross[j * ld + i] / w;
        a[j * k + j] += p->penalty[j];
        c[j] = p->cross[k * ld + j] / w;
    }
    struct descent d = {.n = (int)k, .a = a, .c = c, .l1 = p->lasso};
    TRY(descent_run(cx, &d, MAX_SWEEPS, s->b, &s->iterations, &s->converged));
    s->tss = p->cross[k * ld + k];
    return look_back(cx, f, s, grad);
}

/* Columns too many for products of pairs. */
static enum rc_t solve_wide(struct ctx *cx, const struct linear_plan *p, struct risk *f,
                            struct least_squares *s)
{
    int k = p->design.k;
    double *x = ARENA_ARRAY(cx->arena, double, k + 2), mean = 0;
    double *grad = ARENA_ARRAY(cx->arena, double, k + 2);
    const struct rows *r = f->rows;
    for (int64_t i = 0; i < r->n; i++)
        mean += (r->w ? r->w[i] : 1.0) * (f->y[i] - (r->offset ? r->offset[i] : 0.0)) / r->w_sum;
    if (!p->design.intercept) mean = 0;
    for (int64_t i = 0; i < r->n; i++) {
        double d = f->y[i] - (r->offset ? r->offset[i] : 0.0) - mean;
        s->tss += (r->w ? r->w[i] : 1.0) * d * d;
    }
    x[k] = mean;
    struct objective o = {.n = f->n, .self = f, .eval = risk_eval, .l1 = p->lasso};
    struct newton_report end;
    TRY(quasi_minimize(cx, &o, 1e-7 * sqrt(s->tss / r->w_sum), 1000, x, &end));
    if (k) memcpy(s->b, x, sizeof *x * (size_t)k);
    s->intercept = p->design.intercept ? x[k] : 0.0;
    s->iterations = end.iterations;
    s->converged = end.end == NEWTON_CONVERGED;
    return look_back(cx, f, s, grad);
}

static enum rc_t solve(struct ctx *cx, const struct linear_plan *p, struct risk *f,
                       struct least_squares *s)
{
    size_t k = (size_t)p->design.k;
    *s = (struct least_squares){.intercept = p->response_mean, .iterations = 1, .converged = true};
    s->b = ARENA_ARRAY(cx->arena, double, k + 1);
    if (p->is_wide)
        TRY(solve_wide(cx, p, f, s));
    else if (p->lasso)
        TRY(solve_descent(cx, p, f, s));
    else if (p->triangle)
        TRY(solve_triangle(cx, p, f->rows->w_sum, s));
    else
        TRY(solve_products(cx, p, f, s));
    clear_noise(s, k, f->rows->w_sum);
    for (size_t j = 0; j < k; j++) {
        s->penalty += 0.5 * p->penalty[j] * s->b[j] * s->b[j];
        if (p->lasso) s->penalty += p->lasso[j] * fabs(s->b[j]);
    }
    return RC_OK;
}

/* sigma^2 (R'R)^-1, and sigma^2 / W for the centred intercept. */
static double *covariance(struct ctx *cx, const struct linear_plan *p,
                          const struct least_squares *s, double sigma2, double w_sum)
{
    size_t k = (size_t)p->design.k, ld = k + 1;
    double *inv = ARENA_ARRAY(cx->arena, double, mem_mul(k, k) + 1);
    double *cov = ARENA_ARRAY(cx->arena, double, mem_mul(ld, ld));
    if (s->triangle) tri_inverse(s->triangle, (int)ld, (int)k, inv);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            double sum = s->inverse ? s->inverse[j * k + i] : 0;
            for (size_t c = i > j ? i : j; s->triangle && c < k; c++)
                sum += inv[c * k + i] * inv[c * k + j];
            cov[i * ld + j] = sigma2 * sum;
        }
    if (p->design.intercept) cov[k * ld + k] = sigma2 / w_sum;
    return cov;
}

static void add_stats(struct model *m, const struct linear_plan *p, const struct least_squares *s,
                      const struct rows *r)
{
    double n = (double)r->n, rank = p->design.k, free = p->design.intercept ? 1 : 0;
    double df = n - rank - free, r2 = 1.0 - s->rss / s->tss;
    bool has_penalty = linear_has_penalty(p);
    bool is_tested = !has_penalty && !p->is_wide && df > 0, has_terms = is_tested && rank > 0;
    double f = has_terms ? (s->tss - s->rss) / rank / (s->rss / df) : 0.0;
    model_add_stat(m, "r2", r2, !(s->tss > 0));
    model_add_stat(m, "rmse", sqrt(s->rss / r->w_sum), false);
    if (has_penalty) return;
    model_add_stat(m, "adj_r2", 1.0 - (1.0 - r2) * (n - free) / df, !is_tested || !(s->tss > 0));
    model_add_stat(m, "sigma", sqrt(s->rss / df), !is_tested);
    model_add_stat(m, "df", df, false);
    model_add_stat(m, "f_statistic", f, !has_terms || isinf(f));
    model_add_stat(m, "f_p_value", special_f_upper(f, rank, df), !has_terms || isinf(f));
}

/* y - offset, into the arena where there is one. */
static const double *response_of(struct ctx *cx, const struct rows *r)
{
    if (!r->offset) return r->y;
    double *y = ARENA_ARRAY(cx->arena, double, r->n + 1);
    for (int64_t i = 0; i < r->n; i++)
        y[i] = r->y[i] - r->offset[i];
    return y;
}

static bool varies(const double *y, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (y[i] != y[0]) return true;
    return false;
}

static enum rc_t squared_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                             struct model *m)
{
    const double *y = response_of(cx, r);
    if (m->enc.intercept && !varies(y, r->n))
        return fail(cx, E404, spec->formula->target->span, "`%s` is the same in all %lld rows",
                    m->target.text, (long long)r->n);
    struct linear_plan p;
    struct least_squares s;
    struct risk f;
    TRY(linear_prepare(cx, spec, r, m, y, &p));
    risk_init(&f, r, &p, r->y, loss_squared, NULL);
    TRY(solve(cx, &p, &f, &s));
    double df = (double)r->n - p.design.k - (p.design.intercept ? 1 : 0);
    bool has_errors = !linear_has_penalty(&p) && !p.is_wide && df > 0;
    const double *cov = has_errors ? covariance(cx, &p, &s, s.rss / df, r->w_sum) : NULL;
    linear_body(m, &p, s.b, s.intercept, cov, df);
    m->report.iterations = s.iterations;
    m->report.converged = s.converged;
    m->report.loss = 0.5 * s.rss / r->w_sum + s.penalty;
    add_stats(m, &p, &s, r);
    return RC_OK;
}

static enum rc_t linear_fit_rows(struct ctx *cx, const struct ml_fit_spec *spec,
                                 const struct rows *r, struct model *m)
{
    if (model_param_is(m, "loss", "huber")) return huber_fit(cx, spec, r, m);
    return squared_fit(cx, spec, r, m);
}

static const struct model_class linear_class = {.is_sparse = true,
                                                .fit = linear_fit_rows,
                                                .score = linear_score,
                                                .save = linear_save,
                                                .load = linear_load,
                                                .coef = linear_coef};
static const struct ml_param_desc linear_params[] = {
    LINEAR_L1("0"),
    LINEAR_L2("0"),
    LINEAR_STANDARDIZE,
    {.name = "loss",
     .kind = KIND_STR,
     .def = "squared",
     .words = "squared huber",
     .doc = "huber: rows far off count by their distance, not its square"},
    {.name = "epsilon",
     .kind = KIND_NUM,
     .min = 1,
     .max = 1e300,
     .def = "1.35",
     .unit = "scales",
     .doc = "huber: from this many residual scales on a row is far off"},
    {.name = NULL}};
const struct ml_family ml_linear = {
    .name = "linear",
    .sig = "linear(l1: 0, l2: 0, standardize: true, loss: squared, epsilon: 1.35)",
    .doc = "Least squares, or Huber's loss with its scale. Without a penalty m.coef has standard "
           "errors, t statistics and p values.",
    .example = "fit fare ~ distance + part, linear()",
    .params = linear_params,
    .cls = &linear_class};

static const struct ml_param_desc ridge_params[] = {
    LINEAR_L2("1"), LINEAR_STANDARDIZE, {.name = NULL}};
const struct ml_family ml_ridge = {.name = "ridge",
                                   .sig = "ridge(l2: 1, standardize: true)",
                                   .doc =
                                       "Least squares with a squared penalty: linear with l2: 1.",
                                   .example = "fit births ~ month * day, ridge(l2: 0.1)",
                                   .params = ridge_params,
                                   .cls = &linear_class};

static const struct ml_param_desc lasso_params[] = {
    LINEAR_L1("1"), LINEAR_STANDARDIZE, {.name = NULL}};
const struct ml_family ml_lasso = {
    .name = "lasso",
    .sig = "lasso(l1: 1, standardize: true)",
    .doc = "Least squares with an absolute penalty, which leaves coefficients of little use at 0.",
    .example = "fit fare ~ distance + seconds + part, lasso(l1: 0.1)",
    .params = lasso_params,
    .cls = &linear_class};

static const struct ml_param_desc elastic_params[] = {
    LINEAR_L1("0.5"), LINEAR_L2("0.5"), LINEAR_STANDARDIZE, {.name = NULL}};
const struct ml_family ml_elastic = {
    .name = "elastic",
    .sig = "elastic(l1: 0.5, l2: 0.5, standardize: true)",
    .doc = "Least squares with an absolute and a squared penalty: of columns that go together it "
           "keeps all or none.",
    .example = "fit fare ~ distance + seconds + part, elastic(l1: 0.1, l2: 0.1)",
    .params = elastic_params,
    .cls = &linear_class};
