/* glm.c: generalised linear models. Minimises over b, b_0
 *     1/2 sum_i w_i d(y_i, mu_i) / sum w + l1 |b| + l2/2 |b|^2,  link(mu_i) = o_i + b_0 + z_i . b,
 * d the family's unit deviance, z = columns centred and scaled (half the mean deviance is what
 * scikit-learn minimises, and Spark up to a constant). Fisher scoring, which is iteratively
 * reweighted least squares, with a line search that never leaves the means a family can have;
 * statistics as R's glm. */
#include "runtime/ml/models/glm_int.h"

#include "runtime/base/mem.h"
#include "runtime/ml/json_int.h"
#include "runtime/ml/linalg_int.h"
#include "runtime/ml/models/quasi_int.h"
#include "runtime/ml/models/risk_int.h"

#include <math.h>

#define NEWTON_MAX 1000 /* columns; L-BFGS for more */
#define TWO_PI     6.283185307179586476925
#define CHUNK      1024

struct glm_fit { /* body */
    struct linear_fit linear;
    struct glm glm;
};

static enum glm_link usual_link(const struct glm *g)
{
    switch (g->family) {
    case GLM_GAUSSIAN: return LINK_IDENTITY;
    case GLM_BINOMIAL: return LINK_LOGIT;
    case GLM_GAMMA: return LINK_INVERSE;
    default: return LINK_LOG;
    }
}

static struct glm glm_of(const struct model *m)
{
    static const char *const families[] = {"gaussian", "binomial", "poisson", "gamma", "tweedie"};
    static const char *const links[] = {"identity", "log",     "inverse", "logit",
                                        "probit",   "cloglog", "sqrt",    "power"};
    struct glm g = {.link_power = model_param(m, "link_power")};
    for (int i = 0; i < 5; i++)
        if (model_param_is(m, "family", families[i])) g.family = (enum glm_family)i;
    g.power = g.family == GLM_POISSON   ? 1
              : g.family == GLM_GAMMA   ? 2
              : g.family == GLM_TWEEDIE ? model_param(m, "power")
                                        : 0;
    g.link = usual_link(&g);
    if (g.family == GLM_TWEEDIE && g.power == 0) g.link = LINK_IDENTITY;
    for (int i = 0; i < 8; i++)
        if (model_param_is(m, "link", links[i])) g.link = (enum glm_link)i;
    if (g.link == LINK_POWER && g.link_power == 0) g.link = LINK_LOG;
    return g;
}

static void loss_glm(const void *self, struct loss_rows *b)
{
    const struct glm *g = self;
    for (int i = 0; i < b->n; i++) {
        double w = b->w ? b->w[i] : 1.0, by_eta, mu = glm_mean(g, b->eta[i], &by_eta);
        if (isnan(mu)) {
            b->value = HUGE_VAL;
            return;
        }
        double per = w * by_eta / glm_variance(g, mu);
        b->value += w * glm_half_deviance(g, b->y[i], mu);
        b->slope[i] = per * (mu - b->y[i]);
        if (b->curve) b->curve[i] = per * by_eta;
    }
}

/* The first step of R: weighted least squares to the links of means near the observations. */
static void loss_near(const void *self, struct loss_rows *b)
{
    const struct glm *g = self;
    for (int i = 0; i < b->n; i++) {
        double mu = glm_near(g, b->y[i]), eta = glm_link_of(g, mu), by_eta;
        (void)glm_mean(g, eta, &by_eta);
        double w = (b->w ? b->w[i] : 1.0) * by_eta * by_eta / glm_variance(g, mu);
        double d = b->eta[i] - eta;
        b->value += 0.5 * w * d * d;
        b->slope[i] = w * d;
        if (b->curve) b->curve[i] = w;
    }
}

/* ---- what may be fitted ---- */
static enum rc_t check_target(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                              const struct model *m, const struct glm *g)
{
    int64_t bad = 0, first = -1, differ = 0;
    for (int64_t i = 0; i < r->n; i++) {
        differ += r->y[i] != r->y[0];
        if (glm_takes(g, r->y[i])) continue;
        if (first < 0) first = i;
        bad++;
    }
    struct span span = spec->formula->target->span;
    const char *wanted = g->family == GLM_BINOMIAL ? "numbers from 0 to 1"
                         : g->power < 2            ? "numbers of 0 and more"
                                                   : "positive numbers";
    if (bad > 0)
        return fail(cx, E409, span, "this glm takes %s as target; %s another `%s`, the first %g",
                    wanted, ml_rows_have(cx->arena, bad), m->target.text, r->y[first]);
    if (differ == 0)
        return fail(cx, E404, span, "`%s` is the same in all %lld rows", m->target.text,
                    (long long)r->n);
    return RC_OK;
}

static enum rc_t check_parameters(struct ctx *cx, const struct ml_fit_spec *spec,
                                  const struct glm *g)
{
    if (g->family == GLM_TWEEDIE && g->power > 0 && g->power < 1) {
        fail(cx, E209, spec->span, "no tweedie family has power %g: 0, or 1 and more", g->power);
        return err_hint(cx, "glm(family: tweedie, power: 1.5)");
    }
    bool of_share = g->link == LINK_LOGIT || g->link == LINK_PROBIT || g->link == LINK_CLOGLOG;
    if (of_share && g->family != GLM_BINOMIAL) {
        fail(cx, E209, spec->span, "logit, probit and cloglog are links of family: binomial");
        return err_hint(cx, "glm(family: binomial)");
    }
    return RC_OK;
}

/* ---- fit ---- */
struct glm_run {
    struct ctx *cx;
    const struct ml_fit_spec *spec;
    struct model *m;
    const struct rows *r;
    const struct glm *g;
    struct linear_plan plan;
    double null_half;  /* half the null deviance by weight; NaN: there is none */
    double null_curve; /* mean weight there */
};

static double mean_target(const struct rows *r)
{
    double sum = 0;
    for (int64_t i = 0; i < r->n; i++)
        sum += (r->w ? r->w[i] : 1.0) * r->y[i];
    return sum / r->w_sum;
}

/* The model of an intercept (if the formula has one) and offsets alone. */
static enum rc_t fit_null(struct glm_run *g, double *intercept)
{
    struct linear_plan none = g->plan;
    struct risk f;
    struct newton_report end = {0};
    double grad[1], hess[1] = {0};
    none.design.k = 0;
    none.lasso = NULL;
    risk_init(&f, g->r, &none, g->r->y, loss_glm, g->g);
    *intercept = glm_link_of(g->g, mean_target(g->r));
    g->null_half = g->null_curve = NAN;
    if (f.n == 0) {
        double nothing = 0;
        TRY(risk_eval(g->cx, &f, &nothing, &end.value, grad, NULL));
        if (isfinite(end.value)) g->null_half = end.value;
        *intercept = 0;
        return RC_OK;
    }
    struct objective o = {.n = 1, .self = &f, .eval = risk_eval};
    TRY(risk_eval(g->cx, &f, intercept, &end.value, grad, hess));
    if (!isfinite(end.value)) return RC_OK;
    g->null_curve = hess[0];
    if (g->r->offset) TRY(newton_minimize(g->cx, &o, 1e-12, 100, intercept, hess, &end));
    g->null_half = end.value;
    return RC_OK;
}

/* Coefficients that give every row a mean: none but the intercept, else R's first step. */
static enum rc_t find_start(struct glm_run *g, struct risk *f, double intercept, double *x)
{
    size_t n = (size_t)f->n;
    double value, *grad = ARENA_ARRAY(g->cx->arena, double, n + 1);
    if (g->plan.design.intercept) x[n - 1] = intercept;
    TRY(risk_eval(g->cx, f, x, &value, grad, NULL));
    if (isfinite(value)) return RC_OK;
    struct risk near = *f;
    struct newton_report end;
    near.loss = loss_near;
    struct objective o = {.n = f->n, .self = &near, .eval = risk_eval};
    if (g->plan.is_wide || f->n > NEWTON_MAX)
        TRY(quasi_minimize(g->cx, &o, 1e-6, 100, x, &end));
    else
        TRY(newton_minimize(g->cx, &o, 1e-9, 20, x, ARENA_ARRAY(g->cx->arena, double, n *n + 1),
                            &end));
    TRY(risk_eval(g->cx, f, x, &value, grad, NULL));
    if (isfinite(value)) return RC_OK;
    fail(g->cx, E209, g->spec->span,
         "no start was found at which every row has a mean that glm(family, link) allows");
    return err_hint(g->cx, "link: log allows every coefficient");
}

static void tell_end(const struct glm_run *g, const struct newton_report *end)
{
    const struct design *d = &g->plan.design;
    struct span span = g->spec->formula->span;
    if (end->end == NEWTON_DIVERGES)
        warn(g->cx, W402, span,
             "fit: some rows of `%s` are told apart perfectly (by `%s` and perhaps others); its "
             "coefficient would grow without bound. Add l2: to glm, e.g. l2: 0.01",
             g->m->target.text,
             end->worst < d->k ? g->m->enc.columns[d->col[end->worst]] : "(intercept)");
    if (end->end == NEWTON_MAX_ITER)
        warn(g->cx, W403, span, "fit: glm stopped after %d iterations with a gradient of %.2g",
             end->iterations, end->gradient);
}

static enum rc_t minimize(struct glm_run *g, struct risk *f, double *x, double *hess,
                          struct newton_report *end)
{
    double tol = model_param(g->m, "tol");
    int max_iter = (int)model_param(g->m, "max_iter");
    struct objective o = {.n = f->n, .self = f, .eval = risk_eval, .l1 = g->plan.lasso};
    if (g->null_half > 0 && g->null_curve > 0) {
        o.size = g->null_half;
        o.unit = sqrt(g->null_half / g->null_curve);
    }
    if (hess) {
        TRY(risk_warm_start(g->cx, f, o.l1, x));
        return newton_minimize(g->cx, &o, tol, max_iter, x, hess, end);
    }
    double size = o.size > 0 ? o.size / o.unit : 1.0;
    return quasi_minimize(g->cx, &o, 100 * tol * size, 10 * max_iter, x, end);
}

/* ---- statistics ---- */
struct fit_sums {
    double pearson, aic;
};

static void add_rows(const struct glm_run *g, double dispersion, struct fit_sums *s)
{
    const struct glm_fit *f = g->m->body;
    const struct rows *r = g->r;
    double eta[CHUNK];
    for (int64_t at = 0; at < r->n; at += CHUNK) {
        int n = (int)(r->n - at < CHUNK ? r->n - at : CHUNK);
        for (int i = 0; i < n; i++)
            eta[i] = f->linear.intercept + (r->offset ? r->offset[at + i] : 0.0);
        enc_dot_columns(r->enc, &r->in, at, n, f->linear.beta, eta);
        for (int i = 0; i < n; i++) {
            double w = r->w ? r->w[at + i] : 1.0, y = r->y[at + i], by_eta;
            double mu = glm_mean(g->g, eta[i], &by_eta);
            s->pearson += w * (y - mu) * (y - mu) / glm_variance(g->g, mu);
            s->aic += glm_aic_part(g->g, y, mu, w, dispersion);
        }
    }
}

static void add_stats(const struct glm_run *g, double half_deviance, double rank, double df,
                      double dispersion, const struct fit_sums *s)
{
    const struct glm *f = g->g;
    double w = g->r->w_sum, n = (double)g->r->n, deviance = 2 * w * half_deviance;
    double aic = s->aic + 2 * rank;
    if (f->family != GLM_BINOMIAL && f->power == 0) aic += n * (log(TWO_PI * deviance / n) + 1) + 2;
    if (f->power == 2) aic += 2;
    if (f->power == 3) aic += 2;
    model_add_stat(g->m, "deviance", deviance, false);
    model_add_stat(g->m, "null_deviance", 2 * w * g->null_half, isnan(g->null_half));
    model_add_stat(g->m, "dispersion", dispersion, isnan(dispersion));
    model_add_stat(g->m, "pearson_chi2", s->pearson, false);
    model_add_stat(g->m, "aic", aic, !isfinite(aic) || linear_has_penalty(&g->plan));
    model_add_stat(g->m, "df", df, false);
    model_add_stat(g->m, "null_df", n - (g->plan.design.intercept ? 1 : 0), false);
}

/* Inverse of the summed information times the dispersion. */
static double *covariance(const struct glm_run *g, int n, double *hess, double dispersion)
{
    size_t k = (size_t)g->plan.design.k, ld = k + 1, size = (size_t)n;
    double *scale = ARENA_ARRAY(g->cx->arena, double, n + 1), jitter;
    double *cov = ARENA_ARRAY(g->cx->arena, double, mem_mul(ld, ld));
    spd_factor(n, hess, scale, &jitter);
    spd_inverse(n, hess, scale);
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++)
            cov[i * ld + j] = dispersion * hess[i * size + j] / g->r->w_sum;
    return cov;
}

/* The body twice: its means are wanted for the dispersion, which its errors want. */
static enum rc_t fill_body(struct glm_run *g, struct risk *f, double *x, double *hess,
                           double half_deviance, bool has_errors)
{
    int n = f->n;
    const struct design *d = &g->plan.design;
    double intercept = d->intercept ? x[n - 1] : 0.0, rank = n;
    double df = (double)g->r->n - rank;
    struct glm_fit *body = ARENA_NEW(g->m->arena, struct glm_fit);
    struct fit_sums s = {0};
    body->glm = *g->g;
    body->linear = *linear_body(g->m, &g->plan, x, intercept, NULL, 0);
    g->m->body = body;
    add_rows(g, 2 * half_deviance, &s);
    bool is_known = g->g->family == GLM_BINOMIAL || g->g->family == GLM_POISSON;
    double dispersion = is_known ? 1.0 : df > 0 ? s.pearson / df : NAN;
    add_stats(g, half_deviance, rank, df, dispersion, &s);
    if (!has_errors || isnan(dispersion)) return RC_OK;
    const double *cov = covariance(g, n, hess, dispersion);
    body->linear = *linear_body(g->m, &g->plan, x, intercept, cov, is_known ? 0 : df);
    g->m->body = body;
    return RC_OK;
}

static enum rc_t glm_fit_rows(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                              struct model *m)
{
    struct glm family = glm_of(m);
    struct glm_run g = {.cx = cx, .spec = spec, .m = m, .r = r, .g = &family};
    struct risk f;
    struct newton_report end;
    double intercept;
    TRY(check_parameters(cx, spec, &family));
    TRY(check_target(cx, spec, r, m, &family));
    TRY(linear_prepare(cx, spec, r, m, NULL, &g.plan));
    TRY(fit_null(&g, &intercept));
    risk_init(&f, r, &g.plan, r->y, loss_glm, &family);
    size_t n = (size_t)f.n;
    bool by_newton = !g.plan.is_wide && f.n <= NEWTON_MAX;
    double *x = ARENA_ARRAY(cx->arena, double, n + 1);
    double *hess = by_newton ? ARENA_ARRAY(cx->arena, double, mem_mul(n, n) + 1) : NULL;
    TRY(find_start(&g, &f, intercept, x));
    TRY(minimize(&g, &f, x, hess, &end));
    tell_end(&g, &end);
    double squares = 0, absolutes = 0;
    for (int j = 0; j < g.plan.design.k; j++) {
        squares += 0.5 * g.plan.penalty[j] * x[j] * x[j];
        if (g.plan.lasso) absolutes += g.plan.lasso[j] * fabs(x[j]);
    }
    m->report.iterations = end.iterations;
    m->report.converged = end.end == NEWTON_CONVERGED;
    m->report.loss = f.value + absolutes;
    bool has_errors = by_newton && !linear_has_penalty(&g.plan) && m->report.converged;
    return fill_body(&g, &f, x, hess, f.value - squares, has_errors);
}

/* ---- scoring, the file ---- */
static void glm_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                      double *out)
{
    const struct glm_fit *f = m->body;
    double by_eta;
    linear_score(m, in, at, n, out);
    for (int i = 0; i < n; i++)
        out[i] = glm_mean(&f->glm, out[i], &by_eta);
}

static enum rc_t glm_load(struct ctx *cx, const json_t *j, struct model *m)
{
    struct glm_fit *f = ARENA_NEW(m->arena, struct glm_fit);
    TRY(linear_load(cx, j, m));
    f->linear = *(struct linear_fit *)m->body;
    f->glm = glm_of(m);
    m->body = f;
    return RC_OK;
}

static const struct model_class glm_class = {.is_sparse = true,
                                             .fit = glm_fit_rows,
                                             .score = glm_score,
                                             .save = linear_save,
                                             .load = glm_load,
                                             .coef = linear_coef};
static const struct ml_param_desc glm_params[] = {
    {.name = "family",
     .kind = KIND_STR,
     .def = "gaussian",
     .words = "gaussian binomial poisson gamma tweedie",
     .doc = "how the target spreads about its mean"},
    {.name = "link",
     .kind = KIND_STR,
     .def = "auto",
     .words = "auto identity log inverse logit probit cloglog sqrt power",
     .doc = "what of the mean is linear; auto: identity of gaussian, logit of binomial, log of "
            "poisson and tweedie, inverse of gamma"},
    {.name = "power",
     .kind = KIND_NUM,
     .min = 0,
     .max = 100,
     .def = "1.5",
     .doc = "tweedie: the variance is the mean to this power: 0, or 1 and more"},
    {.name = "link_power",
     .kind = KIND_NUM,
     .min = -100,
     .max = 100,
     .def = "1",
     .doc = "link: power takes the mean to this power, 0 its logarithm"},
    LINEAR_L1("0"),
    LINEAR_PENALTY(
        "l2", "0",
        "penalty: l2/2 times the squared coefficients of columns scaled to unit sd; half the "
        "mean deviance is what it is added to"),
    LINEAR_STANDARDIZE,
    {.name = "max_iter",
     .kind = KIND_INT,
     .min = 1,
     .max = 1e6,
     .def = "100",
     .unit = "iterations",
     .doc = "steps of Fisher scoring at most"},
    {.name = "tol",
     .kind = KIND_NUM,
     .min = 1e-14,
     .max = 1,
     .def = "1e-9",
     .doc = "largest component of the gradient at the end, in units of the null deviance"},
    {.name = NULL}};
const struct ml_family ml_glm = {
    .name = "glm",
    .sig = "glm(family: gaussian, link: auto, power: 1.5, link_power: 1, l1: 0, l2: 0, "
           "standardize: true, max_iter: 100, tol: 1e-9)",
    .doc = "Generalised linear model: gaussian, binomial, poisson, gamma or tweedie, with a link, "
           "offsets and weights; deviance, AIC, dispersion and standard errors as R's glm.",
    .example = "fit births ~ month + day, glm(family: poisson)",
    .params = glm_params,
    .cls = &glm_class};
