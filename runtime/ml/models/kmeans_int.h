/* kmeans_int.h: k-means as a tool: for the family kmeans itself, the halves of bisecting, the
 * start of gmm. Rows are taken less an origin (their mean), so that |x|^2 - 2 x.c loses nothing;
 * under cosine distance rows and centres have unit length and the origin is 0. */
#ifndef MLNB_ML_MODELS_KMEANS_INT_H
#define MLNB_ML_MODELS_KMEANS_INT_H

#include "runtime/ml/models/tile_int.h"

#define CLUSTERS_MAX 10000

/* ---- fitted centres: the body of kmeans and bisecting ---- */
struct centers {
    int k;
    size_t d;
    bool is_cosine;
    double *center;        /* [k, d] in the columns' own units */
    double *size, *within; /* [k] weight of the rows; their summed squared distance */
    int64_t *n;            /* [k] rows */
    /* made by centers_ready */
    const int *feature;
    double *origin, *packed, *half; /* half [k]: |centre - origin|^2 / 2 */
};
struct centers *centers_new(struct arena *a, int k, size_t d, bool is_cosine);
/* What scoring needs, from the centres alone: a loaded model scores the same bits. */
void centers_ready(struct arena *a, const struct encoder *e, struct centers *c);

/* Members of model_class over a body of struct centers. */
void centers_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                   double *out);
void centers_save(const struct model *m, struct json_out *out);
enum rc_t centers_load(struct ctx *cx, const json_t *j, struct model *m);
int centers_bars(const struct model *m, struct arena *a, struct card_bar **out, const char **title);
extern const struct model_part centers_parts[];

/* ---- a run ---- */
struct kmeans {
    const struct rows *r;
    int k;
    size_t d;
    bool is_cosine;
    const int *feature;
    double *origin;  /* [d]; NULL under cosine */
    double variance; /* mean of the columns' variances */
    double *center;  /* [k, d] less the origin */
    int32_t *label;  /* [n] mem_big; -1 before the first pass */
    double *within;  /* [k] of the last summary */
    double *size;    /* [k] */
    double *n;       /* [k] rows, whole numbers */
    double inertia;  /* sum of within */
    int iterations;
    bool converged;
};
/* Origin, spread, room for labels. Fails E209 for a row of zeros under cosine. */
rc kmeans_open(struct ctx *cx, struct arena *a, const struct rows *r, int k, bool is_cosine,
               struct span span, struct kmeans *out);
void kmeans_close(struct kmeans *km);
enum kmeans_init { INIT_PARALLEL, INIT_PLUSPLUS, INIT_RANDOM };
/* Starting centres, drawn with (seed, stream). */
rc kmeans_start(struct ctx *cx, struct kmeans *km, enum kmeans_init how, int rounds, uint64_t seed,
                uint64_t stream);
/* Given ones [k, d], in the columns' own units. */
void kmeans_given(struct kmeans *km, const double *center);
/* Lloyd's iterations until no row moves, the centres' squared shifts sum to at most tol times
 * the variance, or max_iter; then labels, within, size, n, inertia of the last centres. A cluster
 * that loses all rows gets the row farthest from its centre, as scikit-learn does. */
rc kmeans_lloyd(struct ctx *cx, struct kmeans *km, int max_iter, double tol);

/* Clusters with rows as the model's body: largest first, or in the order given. */
struct centers *kmeans_body(struct model *m, const struct kmeans *km, bool is_given);
/* Of the argument of that name, else of the whole call. */
struct span cluster_span(const struct ml_fit_spec *spec, const char *name);
/* Parameter `centers` [k, d] or NULL; sets k. E209. */
rc cluster_given(struct ctx *cx, const struct ml_fit_spec *spec, const struct model *m, int *k,
                 const double **out);
/* Columns, no offset, k rows at least. E405, E401, E209. */
rc cluster_check(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r, int k);

/* Rows at..at + n of the run: less the origin, or of unit length. t was opened with km->feature,
 * km->origin. */
void kmeans_load(const struct kmeans *km, struct tiles *t, int64_t at, int n);
/* k vectors to unit length; those of length 0 stay. */
void kmeans_unit(double *center, int k, size_t d);

/* Rows of plain numbers: column j of the design is col[j] [n]; w [n] or NULL. In `a`. */
struct rows *plain_rows(struct arena *a, const double *const *col, size_t d, int64_t n,
                        const double *w);

#endif
