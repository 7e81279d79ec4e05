/* kmeans.c: the family kmeans: parameters, several starts, the order of the clusters. */
#include "runtime/ml/models/kmeans_int.h"

#include <math.h>

/* ---- checks ---- */
struct span cluster_span(const struct ml_fit_spec *spec, const char *name)
{
    for (int i = 0; i < spec->n_args; i++)
        if (spec->args[i].name && strcmp(spec->args[i].name, name) == 0) return spec->args[i].span;
    return spec->span;
}

enum rc_t cluster_check(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r, int k)
{
    if (r->enc->n_cols < 1)
        return fail(cx, E405, spec->formula->span, "the formula has no columns: ~ a + b");
    if (enc_has_offset(r->enc))
        return fail(cx, E401, spec->formula->span, "%s has no use for an offset",
                    spec->family->name);
    if (k <= r->n) return RC_OK;
    return fail(cx, E209, cluster_span(spec, "k"),
                "k: %d clusters need as many rows; there %s %lld", k, r->n == 1 ? "is" : "are",
                (long long)r->n);
}

/* centers: as rows of the design's columns, k of them. */
enum rc_t cluster_given(struct ctx *cx, const struct ml_fit_spec *spec, const struct model *m,
                        int *k, const double **out)
{
    int n, d = m->enc.n_cols;
    *out = model_param_list(m, "centers", &n);
    if (n == 0) {
        *out = NULL;
        return RC_OK;
    }
    if (d < 1 || n % d != 0) {
        fail(cx, E209, cluster_span(spec, "centers"),
             "centers: has %d numbers, which is no whole number of centres in %d columns", n, d);
        return err_note(cx,
                        "one centre after the other: centers: [1, 2, 3, 4] are (1, 2) and (3, 4)");
    }
    for (int i = 0; i < spec->n_args; i++)
        if (spec->args[i].name && strcmp(spec->args[i].name, "k") == 0 && *k != n / d)
            return fail(cx, E209, spec->args[i].span, "k: is %d and centers: has %d centres", *k,
                        n / d);
    *k = n / d;
    return RC_OK;
}

/* ---- the best of several starts ---- */
static enum kmeans_init init_of(const struct model *m)
{
    return model_param_is(m, "init", "random")      ? INIT_RANDOM
           : model_param_is(m, "init", "k-means++") ? INIT_PLUSPLUS
                                                    : INIT_PARALLEL;
}

static enum rc_t one_start(struct ctx *cx, const struct model *m, struct kmeans *km,
                           const double *given, int start)
{
    if (given)
        kmeans_given(km, given);
    else
        TRY(kmeans_start(cx, km, init_of(m), (int)model_param(m, "rounds"), m->seed,
                         (uint64_t)start << 32));
    return kmeans_lloyd(cx, km, (int)model_param(m, "max_iter"), model_param(m, "tol"));
}

/* Clusters with rows, largest first; given centres keep their order. */
static int order_clusters(const struct kmeans *km, bool is_given, int *order)
{
    int n = 0;
    for (int c = 0; c < km->k; c++) {
        if (!(km->n[c] > 0)) continue;
        int at = n++;
        for (; !is_given && at > 0 && km->size[c] > km->size[order[at - 1]]; at--)
            order[at] = order[at - 1];
        order[at] = c;
    }
    return n;
}

struct centers *kmeans_body(struct model *m, const struct kmeans *km, bool is_given)
{
    int *order = ARENA_ARRAY(m->arena, int, km->k);
    int k = order_clusters(km, is_given, order);
    struct centers *c = centers_new(m->arena, k, km->d, km->is_cosine);
    for (int i = 0; i < k; i++) {
        const double *from = km->center + (size_t)order[i] * km->d;
        for (size_t j = 0; j < km->d; j++)
            c->center[(size_t)i * km->d + j] = from[j] + (km->origin ? km->origin[j] : 0.0);
        c->size[i] = km->size[order[i]];
        c->within[i] = km->within[order[i]];
        c->n[i] = (int64_t)km->n[order[i]];
    }
    centers_ready(m->arena, &m->enc, c);
    m->body = c;
    return c;
}

static void keep_report(struct model *m, const struct kmeans *km, const struct centers *c)
{
    m->report.iterations = km->iterations;
    m->report.converged = km->converged;
    m->report.loss = km->inertia / (double)m->report.n;
    model_add_stat(m, "inertia", km->inertia, false);
    model_add_stat(m, "k", c->k, false);
}

static void tell(struct ctx *cx, const struct ml_fit_spec *spec, const struct kmeans *km,
                 const struct centers *c)
{
    if (c->k < km->k)
        warn(cx, W404, spec->span, "fit: %d clusters, not %d: there are no more different rows",
             c->k, km->k);
    if (!km->converged)
        warn(cx, W403, spec->span,
             "fit: the centres still moved after %d iterations; max_iter: allows more",
             km->iterations);
}

static enum rc_t kmeans_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                            struct model *m)
{
    int k = (int)model_param(m, "k"), n_init = (int)model_param(m, "n_init");
    bool is_cosine = model_param_is(m, "distance", "cosine");
    const double *given;
    struct kmeans run = {0}, best = {0};
    enum rc_t res = RC_ERR;
    TRY(cluster_given(cx, spec, m, &k, &given));
    TRY(cluster_check(cx, spec, r, k));
    for (int i = 0; i < (given ? 1 : n_init); i++) {
        TRY_OUT(kmeans_open(cx, cx->arena, r, k, is_cosine, cluster_span(spec, "distance"), &run));
        TRY_OUT(one_start(cx, m, &run, given, i));
        kmeans_close(&run);
        if (i == 0 || run.inertia < best.inertia) best = run;
    }
    const struct centers *c = kmeans_body(m, &best, given != NULL);
    keep_report(m, &best, c);
    tell(cx, spec, &best, c);
    res = RC_OK;
out:
    kmeans_close(&run);
    return res;
}

static const struct model_class kmeans_class = {.all_levels = true,
                                                .scores = SCORE_CLUSTER,
                                                .fit = kmeans_fit,
                                                .score = centers_score,
                                                .save = centers_save,
                                                .load = centers_load,
                                                .parts = centers_parts,
                                                .bars = centers_bars};
static const struct ml_param_desc kmeans_params[] = {
    {.name = "k", .kind = KIND_INT, .min = 1, .max = CLUSTERS_MAX, .def = "2", .doc = "clusters"},
    {.name = "init",
     .kind = KIND_STR,
     .def = "k-means||",
     .words = "k-means|| k-means++ random",
     .doc = "how the first centres are drawn"},
    {.name = "centers",
     .kind = KIND_LIST,
     .min = -1e300,
     .max = 1e300,
     .def = "[]",
     .doc =
         "the first centres themselves, one after the other: [1, 2, 3, 4] are (1, 2) and (3, 4)"},
    {.name = "max_iter",
     .kind = KIND_INT,
     .min = 1,
     .max = 1000000,
     .def = "100",
     .unit = "iterations",
     .doc = "when to stop at the latest"},
    {.name = "tol",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1,
     .def = "0.0001",
     .doc =
         "stop when the centres' squared shifts sum to this share of the columns' mean variance"},
    {.name = "distance",
     .kind = KIND_STR,
     .def = "euclidean",
     .words = "euclidean cosine",
     .doc = "cosine: 1 - cosine of the angle, centres of unit length"},
    {.name = "n_init",
     .kind = KIND_INT,
     .min = 1,
     .max = 1000,
     .def = "1",
     .doc = "starts; the one with the smallest inertia is kept"},
    {.name = "rounds",
     .kind = KIND_INT,
     .min = 1,
     .max = 100,
     .def = "2",
     .doc = "rounds of draws of k-means||"},
    {.name = NULL}};
const struct ml_family ml_kmeans = {
    .name = "kmeans",
    .sig = "kmeans(k: 2, init: \"k-means||\", max_iter: 100, tol: 0.0001, distance: euclidean, "
           "n_init: 1)",
    .doc = "Groups rows around k centres, by squared distance. Clusters are numbered from 1, the "
           "largest first (given centres keep their order). Columns count as they are: scale(x) "
           "gives each the same say. m.centers, m.sizes.",
    .example = "fit ~ scale(fare) + scale(distance), kmeans(k: 3)",
    .params = kmeans_params,
    .task = ML_NONE,
    .cls = &kmeans_class};
