/* logistic_int.h: what logistic regression of two classes and of more share. */
#ifndef MLNB_ML_MODELS_LOGISTIC_INT_H
#define MLNB_ML_MODELS_LOGISTIC_INT_H

#include "runtime/ml/models/linear_int.h"
#include "runtime/ml/models/newton_int.h"

/* n: variables. */
bool logistic_by_newton(const struct model *m, const struct linear_plan *p, int n);
rc logistic_minimize(struct ctx *cx, const struct model *m, const struct objective *o,
                     bool by_newton, double *x, double *hess, struct newton_report *end);
/* Warns of how the solver ended, where not well. */
void logistic_tell_end(struct ctx *cx, const struct ml_fit_spec *spec, const struct model *m,
                       const struct linear_plan *p, const struct newton_report *r);
double logistic_penalty(const struct linear_plan *p, const double *x);

/* Members of model_class for more than two classes. */
enum rc_t multinomial_fit_rows(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                               struct model *m);
void multinomial_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                       double *out);
void multinomial_save(const struct model *m, struct json_out *out);
enum rc_t multinomial_load(struct ctx *cx, const json_t *j, struct model *m);
enum rc_t multinomial_coef(struct ctx *cx, const struct model *m, struct table **out);

#endif
