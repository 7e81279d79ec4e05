/* glm_int.h: exponential families and links of generalised linear models, value by value. */
#ifndef MLNB_ML_MODELS_GLM_INT_H
#define MLNB_ML_MODELS_GLM_INT_H

#include "runtime/base/rc.h"

enum glm_family { GLM_GAUSSIAN, GLM_BINOMIAL, GLM_POISSON, GLM_GAMMA, GLM_TWEEDIE };
enum glm_link {
    LINK_IDENTITY,
    LINK_LOG,
    LINK_INVERSE,
    LINK_LOGIT,
    LINK_PROBIT,
    LINK_CLOGLOG,
    LINK_SQRT,
    LINK_POWER, /* eta = mu^link_power */
};
struct glm {
    enum glm_family family;
    enum glm_link link;
    double power;      /* variance mu^power: 0 gaussian, 1 poisson, 2 gamma; not of binomial */
    double link_power; /* LINK_POWER, not 0 */
};
/* eta of a mean. */
double glm_link_of(const struct glm *g, double mu);
/* Mean of eta and its derivative; NaN when eta gives none that the family can have. */
double glm_mean(const struct glm *g, double eta, double *by_eta);
double glm_variance(const struct glm *g, double mu);
/* Half the deviance of one observation (0 when mu = y). */
double glm_half_deviance(const struct glm *g, double y, double mu);
/* Whether the family can have this observation. */
bool glm_takes(const struct glm *g, double y);
/* A mean near y that the family can have: R's start. */
double glm_near(const struct glm *g, double y);
/* Minus twice the log-likelihood of an observation of weight w, as R's family()$aic counts it;
 * dispersion: deviance by weight. NaN where R has none. */
double glm_aic_part(const struct glm *g, double y, double mu, double w, double dispersion);

#endif
