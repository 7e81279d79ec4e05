/* gmm_int.h: mixtures of normal distributions: the fitted mixture and its densities. */
#ifndef MLNB_ML_MODELS_GMM_INT_H
#define MLNB_ML_MODELS_GMM_INT_H

#include "runtime/ml/models/kmeans_int.h"

enum gmm_shape { GMM_FULL, GMM_TIED, GMM_DIAG, GMM_SPHERICAL };

struct gmm {
    int k;
    size_t d;
    enum gmm_shape shape;
    double *weight; /* [k], sum 1 */
    double *mean;   /* [k, d] */
    double *cov;    /* gmm_cov_size: full [k, d, d], tied [d, d], diag [k, d], spherical [k] */
    /* made by gmm_ready: rows are taken less the origin and made white by W = L^-1, L L' = cov */
    const int *feature;
    double *origin; /* [d] */
    double *white;  /* full: [k] packed W; tied: one; diag, spherical: [k, d] 1 / sd */
    double *shift;  /* [k, d] W (mean - origin); diag, spherical: mean - origin */
    double *level;  /* [k] log weight - d/2 log 2 pi + log |W| */
};
size_t gmm_cov_size(enum gmm_shape shape, int k, size_t d);
struct gmm *gmm_new(struct arena *a, int k, size_t d, enum gmm_shape shape);
/* What densities need, from weights, means and covariances alone; may be called again when they
 * have changed. -1, or the number of a cluster whose covariance is singular. */
int gmm_ready(struct gmm *g);
/* Room of gmm_densities, doubles. */
size_t gmm_room(const struct gmm *g);
/* out [k, TILE]: log (weight times density) of the rows of a tile (less g->origin). */
void gmm_densities(const struct gmm *g, const double *x, double *room, double *out);
/* Log of the sum over the clusters a row, and out turned into shares. */
void gmm_shares(const struct gmm *g, double *out, double *log_sum);
/* Free parameters: of BIC and AIC. */
double gmm_parameters(const struct gmm *g);

/* Members of model_class. */
void gmm_score(const struct model *m, const struct enc_input *in, int64_t at, int n, double *out);
int gmm_width(const struct model *m);
void gmm_save(const struct model *m, struct json_out *out);
enum rc_t gmm_load(struct ctx *cx, const json_t *j, struct model *m);
int gmm_bars(const struct model *m, struct arena *a, struct card_bar **out, const char **title);
extern const struct model_part gmm_parts[];

#endif
