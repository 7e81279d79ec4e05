/* als_body.h: what an als model holds, shared by its fit and its recommendations. */
#ifndef MLNB_ML_MODELS_ALS_BODY_H
#define MLNB_ML_MODELS_ALS_BODY_H

#include "runtime/ml/models/als_int.h"

struct als {
    int rank;
    double *factor[2]; /* [levels of feature side, rank] */
};
enum rc_t als_recommend(struct ctx *cx, const struct model *m, const struct recommend_spec *spec,
                        struct table **out);
/* `base` (with its number from 1 on), or with an underscore behind where `other` is called so. */
const char *als_name(struct ctx *cx, const char *base, int number, const char *other);

#endif
