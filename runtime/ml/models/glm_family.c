/* glm_family.c: see glm_int.h. Formulas: McCullagh and Nelder, Generalized Linear Models (1989);
 * Tweedie deviance: Jorgensen, The Theory of Dispersion Models (1997). */
#include "runtime/ml/models/glm_int.h"
#include "runtime/ml/models/linear_int.h"
#include "runtime/ml/special_int.h"

#include <float.h>
#include <math.h>

#define TWO_PI     6.283185307179586476925
#define ROOT_HALF  0.70710678118654752440
#define ROOT_2PI_1 0.39894228040143267794 /* 1 / sqrt(2 pi) */

static double normal_quantile(double p)
{
    double x = log(p / (1 - p)) / 1.702;
    for (int k = 0; k < 60; k++) {
        double density = ROOT_2PI_1 * exp(-0.5 * x * x);
        double step = (0.5 * erfc(-x * ROOT_HALF) - p) / fmax(density, 1e-300);
        x -= fmin(fmax(step, -1.0), 1.0);
        if (fabs(step) < 1e-14) break;
    }
    return x;
}

double glm_link_of(const struct glm *g, double mu)
{
    switch (g->link) {
    case LINK_LOG: return log(mu);
    case LINK_INVERSE: return 1 / mu;
    case LINK_LOGIT: return log(mu / (1 - mu));
    case LINK_PROBIT: return normal_quantile(mu);
    case LINK_CLOGLOG: return log(-log1p(-mu));
    case LINK_SQRT: return sqrt(mu);
    case LINK_POWER: return pow(mu, g->link_power);
    default: return mu;
    }
}

/* Means of 0 and 1 that are only rounding. */
static double inside(double mu)
{
    return fmin(fmax(mu, DBL_EPSILON), 1 - DBL_EPSILON);
}

static double positive_power(double eta, double p, double *by_eta)
{
    if (!(eta > 0)) return NAN;
    double mu = pow(eta, p);
    *by_eta = p * mu / eta;
    return mu;
}

static double raw_mean(const struct glm *g, double eta, double *by_eta)
{
    double mu, e;
    *by_eta = 1;
    switch (g->link) {
    case LINK_LOG: return *by_eta = fmax(exp(eta), DBL_MIN);
    case LINK_INVERSE:
        if (eta == 0) return NAN;
        *by_eta = -1 / (eta * eta);
        return 1 / eta;
    case LINK_LOGIT:
        *by_eta = fmax(logistic_of(eta) * logistic_of(-eta), DBL_EPSILON);
        return inside(logistic_of(eta));
    case LINK_PROBIT:
        *by_eta = fmax(ROOT_2PI_1 * exp(-0.5 * eta * eta), DBL_EPSILON);
        return inside(0.5 * erfc(-eta * ROOT_HALF));
    case LINK_CLOGLOG:
        e = exp(fmin(eta, 700));
        mu = -expm1(-e);
        *by_eta = fmax(e * exp(-e), DBL_EPSILON);
        return inside(mu);
    case LINK_SQRT: return positive_power(eta, 2, by_eta);
    case LINK_POWER: return positive_power(eta, 1 / g->link_power, by_eta);
    default: return eta;
    }
}

double glm_mean(const struct glm *g, double eta, double *by_eta)
{
    double mu = raw_mean(g, eta, by_eta);
    if (g->family == GLM_BINOMIAL) return mu > 0 && mu < 1 ? mu : NAN;
    if (g->power > 0 && !(mu > 0)) return NAN;
    return isfinite(mu) ? mu : NAN;
}

double glm_variance(const struct glm *g, double mu)
{
    if (g->family == GLM_BINOMIAL) return mu * (1 - mu);
    if (g->power == 0) return 1;
    if (g->power == 1) return mu;
    return g->power == 2 ? mu * mu : pow(mu, g->power);
}

static double y_log(double y, double mu)
{
    return y > 0 ? y * log(y / mu) : 0;
}

double glm_half_deviance(const struct glm *g, double y, double mu)
{
    double p = g->power;
    if (g->family == GLM_BINOMIAL) return y_log(y, mu) + y_log(1 - y, 1 - mu);
    if (p == 0) return 0.5 * (y - mu) * (y - mu);
    if (p == 1) return y_log(y, mu) - (y - mu);
    if (p == 2) return (y - mu) / mu - log(y / mu);
    double own = y > 0 ? pow(y, 2 - p) / ((1 - p) * (2 - p)) : 0;
    return own - y * pow(mu, 1 - p) / (1 - p) + pow(mu, 2 - p) / (2 - p);
}

bool glm_takes(const struct glm *g, double y)
{
    if (g->family == GLM_BINOMIAL) return y >= 0 && y <= 1;
    if (g->power == 0) return true;
    return g->power < 2 ? y >= 0 : y > 0;
}

double glm_near(const struct glm *g, double y)
{
    if (g->family == GLM_BINOMIAL) return (y + 0.5) / 2;
    return g->power > 0 && g->power < 2 ? y + 0.1 : y;
}

static double binomial_aic(double y, double mu, double w)
{
    double n = round(w), k = round(w * y);
    double ways = special_lgamma(n + 1) - special_lgamma(k + 1) - special_lgamma(n - k + 1);
    double yes = k > 0 ? k * log(mu) : 0, no = n > k ? (n - k) * log1p(-mu) : 0;
    return -2 * (ways + yes + no);
}

double glm_aic_part(const struct glm *g, double y, double mu, double w, double dispersion)
{
    if (g->family == GLM_BINOMIAL) return binomial_aic(y, mu, w);
    if (g->power == 0) return -log(w);
    if (g->power == 1) return -2 * w * ((y > 0 ? y * log(mu) : 0) - mu - special_lgamma(y + 1));
    if (g->power == 2) {
        double shape = 1 / dispersion, scale = mu * dispersion;
        return -2 * w *
               ((shape - 1) * log(y) - y / scale - special_lgamma(shape) - shape * log(scale));
    }
    return g->power == 3 ? w * (log(dispersion * TWO_PI) + 1) + 3 * w * log(y) : NAN;
}
