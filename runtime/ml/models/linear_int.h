/* linear_int.h: what linear and logistic regression share: choosing the columns (constant and
 * collinear ones out), the penalty's scaling, coefficients with their errors, scoring, the file. */
#ifndef MLNB_ML_MODELS_LINEAR_INT_H
#define MLNB_ML_MODELS_LINEAR_INT_H

#include "runtime/ml/ml_int.h"

/* Body of a linear model, coefficients on the scale of the columns as given. */
struct linear_fit {
    int n; /* enc.n_cols */
    double intercept;
    double *beta;   /* [n], 0 where left out */
    double *spread; /* [n] sample sd of the columns: what a coefficient is worth */
    bool *left_out; /* [n]: no estimate (collinear or constant) */
    bool has_errors;
    double intercept_error, *error; /* standard errors, when has_errors */
    double df;                      /* of the t distribution; 0 = normal */
};

/* Columns a fit works on; messages of what was left out (W404) sent, E405 when nothing is left. */
struct linear_plan {
    struct col_stats stats;
    struct design design;
    double l2;
    double *penalty; /* [k] l2 of each scaled coefficient: l2, or l2 / scale^2 unless standardize */
    double *triangle; /* without a penalty: R of the centred, scaled, weighted columns and the
                         response, [k + 1, k + 1] upper column-major */
};
/* response: what the triangle's last column holds, [n] (linear: y - offset); its mean is taken off
 * when there is an intercept. NULL: zeros. */
rc linear_prepare(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                  const struct model *m, const double *response, double response_mean,
                  struct linear_plan *out);
/* Body from scaled coefficients b [k] and the intercept of the centred problem. covariance of
 * (b, centred intercept) [(k + 1), (k + 1)] or NULL; df 0 = normal. */
struct linear_fit *linear_body(struct model *m, const struct linear_plan *p, const double *b,
                               double intercept, const double *covariance, double df);

/* Members of model_class. */
void linear_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                  double *out);
void logistic_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                    double *out);
void linear_save(const struct model *m, struct json_out *out);
enum rc_t linear_load(struct ctx *cx, const json_t *j, struct model *m);
enum rc_t linear_coef(struct ctx *cx, const struct model *m, struct table **out);
/* Number of columns that have an estimate. */
int linear_rank(const struct linear_fit *f);
/* 1 / (1 + exp(-eta)) and log(1 + exp(-eta)) without overflow. */
double logistic_of(double eta);
double logistic_loss(double eta);

#endif
