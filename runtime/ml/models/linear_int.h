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
    double l1, l2;
    double *penalty; /* [k] l2 of each scaled coefficient: l2, or l2 / scale^2 unless standardize */
    double *lasso;   /* [k] the same of l1 (l1 / scale), then zeros for an intercept and a scale;
                        NULL: no l1 */
    bool is_wide;    /* too many columns for products of pairs: by cells only, none left out */
    double response_mean; /* 0 without an intercept or a response */
    /* Of the two at most one, else NULL: products of the centred, scaled, weighted columns and the
     * response, [k + 1, k + 1] upper column-major, when they are well conditioned; else the
     * triangle R of their QR factorisation, of the same shape. */
    double *cross, *triangle;
    double inflation; /* of cross: by how much others inflate the variance of a coefficient */
};
/* response: [n], what the last column holds (linear: y - offset), its mean taken off when there is
 * an intercept. NULL: zeros, and with a penalty no products are made. Parameters read: l1, l2
 * (where the family has them), standardize. */
rc linear_prepare(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                  const struct model *m, const double *response, struct linear_plan *out);
/* Replaces the products by the triangle: one pass over the rows. */
rc linear_triangle(struct ctx *cx, const struct rows *r, const double *response,
                   struct linear_plan *p);
bool linear_has_penalty(const struct linear_plan *p);
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
/* Lists of numbers in the file, null where `gap`; key NULL inside a list. Read: a null sets gap. */
void linear_save_nums(struct json_out *out, const char *key, const double *v, const bool *gap,
                      int n);
enum rc_t linear_load_nums(struct ctx *cx, const json_t *list, const char *what, double *v,
                           bool *gap, int n);
/* Whether the body is a struct linear_fit (of more than two classes it is not). */
bool linear_has_body(const struct model *m);
/* m.coef of logistic regression, of two classes or more. */
enum rc_t logistic_coef(struct ctx *cx, const struct model *m, struct table **out);
/* Fit of linear(loss: huber). */
enum rc_t huber_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                    struct model *m);
/* Number of columns that have an estimate. */
int linear_rank(const struct linear_fit *f);
/* 1 / (1 + exp(-eta)) and log(1 + exp(-eta)) without overflow. */
double logistic_of(double eta);
double logistic_loss(double eta);

/* Rows of the descriptors' parameters; `value` is the default's text. */
#define LINEAR_PENALTY(word, value, text)                                                          \
    {                                                                                              \
        .name = word, .kind = KIND_NUM, .min = 0, .max = 1e300, .def = value, .doc = text          \
    }
#define LINEAR_L1(value)                                                                           \
    LINEAR_PENALTY("l1", value,                                                                    \
                   "penalty: l1 times the absolute coefficients of columns scaled to unit sd")
#define LINEAR_L2(value)                                                                           \
    LINEAR_PENALTY("l2", value,                                                                    \
                   "penalty: l2/2 times the squared coefficients of columns scaled to unit sd")
#define LINEAR_STANDARDIZE                                                                         \
    {                                                                                              \
        .name = "standardize", .kind = KIND_BOOL, .def = "true",                                   \
        .doc = "false: the penalty takes the coefficients of the columns as they are"              \
    }

#endif
