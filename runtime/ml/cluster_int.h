/* cluster_int.h: how well clusters fit rows: what evaluate does for models of clusters. */
#ifndef MLNB_ML_CLUSTER_INT_H
#define MLNB_ML_CLUSTER_INT_H

#include "runtime/ml/ml_int.h"

struct silhouettes { /* of rows in clusters, by cluster, the largest first */
    int64_t n;
    int32_t *cluster;
    double *value;
};
/* Silhouettes of rows x [n, d] (row-major) in clusters of [0, k), by Euclidean distance (Rousseeuw,
 * J. Comput. Appl. Math. 20, 1987); a row alone in its cluster has 0. is_half_square: half the
 * squared distance instead, which is 1 - cosine of rows of unit length. Sorts rows and clusters by
 * cluster. out [n]. O(n^2 d) over the pool. */
rc silhouette_of(struct ctx *cx, double *x, int32_t *cluster, int64_t n, size_t d, int k,
                 bool is_half_square, double *out);

/* ml_evaluate of a model that makes clusters; noise is left out (W304). E404, E406, E209. */
rc cluster_evaluate(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
                    const char *const *metrics, int n_metrics, const char *kind, struct span span,
                    struct table **out);

#endif
