/* bisecting.c: bisecting k-means (Steinbach, Karypis, Kumar, KDD workshop on text mining, 2000):
 * the cluster with the most inertia (or rows) is halved until there are k. A row goes down the tree
 * of halves. */
#include "runtime/ml/json_int.h"
#include "runtime/ml/models/kmeans_int.h"

#include "runtime/base/cancel.h"

#include <math.h>

struct bisect {
    struct centers leaf; /* first: what centers_parts and centers_bars read */
    int n_nodes;         /* 2 k - 1 */
    int32_t *left;       /* [n_nodes] the right one follows it; 0 = a leaf */
    int32_t *cluster;    /* [n_nodes] of a leaf, from 0 */
    double *center;      /* [n_nodes, d] */
};

static struct bisect *bisect_new(struct arena *a, int k, size_t d, bool is_cosine)
{
    struct bisect *b = ARENA_NEW(a, struct bisect);
    b->leaf = *centers_new(a, k, d, is_cosine);
    b->n_nodes = 2 * k - 1;
    b->left = ARENA_ARRAY(a, int32_t, 2 * (size_t)b->n_nodes);
    b->cluster = b->left + b->n_nodes;
    b->center = ARENA_ARRAY(a, double, mem_mul((size_t)b->n_nodes, d) + 1);
    return b;
}

/* ---- fit ---- */
struct half { /* a node while the tree grows */
    double n, size, within;
    int32_t left;
    bool is_whole; /* its rows are all the same, or too few */
};
struct halving {
    const struct rows *r;
    const struct model *m;
    size_t d;
    bool is_cosine, by_size;
    double min_size;
    int n_nodes;
    struct half *half; /* [2 k - 1] */
    double *center;    /* [2 k - 1, d] */
    int32_t *node;     /* [n] leaf of a row */
};

/* The rows of a node as plain columns of their own; row: which they are. */
static enum rc_t rows_of(struct ctx *cx, struct arena *a, const struct halving *h, int node,
                         int64_t *row, const struct rows **out)
{
    const struct rows *r = h->r;
    size_t d = h->d, n = (size_t)h->half[node].n, at = 0;
    void *cells = NULL;
    TRY(mem_big(cx, mem_mul(sizeof(double) * (n + 1), d + 1) + 1, &cells));
    arena_on_free(a, mem_big_free, cells);
    double *x = cells, *w = x + n * d, *one = ARENA_ARRAY(a, double, d + 1);
    const double **col = ARENA_ARRAY(a, const double *, d + 1);
    for (size_t j = 0; j < d; j++)
        col[j] = x + j * n;
    for (int64_t i = 0; i < r->n; i++) {
        if (i % 65536 == 0) TRY(check_cancel(cx));
        if (h->node[i] != node || at >= n) continue;
        enc_fill(r->enc, &r->in, i, 1, one);
        for (size_t j = 0; j < d; j++)
            x[j * n + at] = one[j];
        w[at] = r->w ? r->w[i] : 1.0;
        row[at++] = i;
    }
    *out = plain_rows(a, col, d, (int64_t)at, r->w ? w : NULL);
    return RC_OK;
}

static void keep_half(struct halving *h, const struct kmeans *km, int c, int node)
{
    h->half[node] = (struct half){.n = km->n[c], .size = km->size[c], .within = km->within[c]};
    h->half[node].is_whole =
        km->n[c] < 2 || km->n[c] < h->min_size || !(km->within[c] > 1e-24 * km->variance);
    for (size_t j = 0; j < h->d; j++)
        h->center[(size_t)node * h->d + j] =
            km->center[(size_t)c * h->d + j] + (km->origin ? km->origin[j] : 0.0);
}

static enum rc_t halve(struct ctx *cx, struct halving *h, int node)
{
    struct arena *a = arena_new();
    struct kmeans km = {0}, best = {0};
    const struct rows *rows;
    void *row = NULL;
    int n_init = (int)model_param(h->m, "n_init");
    enum rc_t res = RC_ERR;
    TRY_OUT(mem_big(cx, sizeof(int64_t) * (size_t)h->half[node].n + 8, &row));
    TRY_OUT(rows_of(cx, a, h, node, row, &rows));
    for (int i = 0; i < n_init; i++) {
        TRY_OUT(kmeans_open(cx, a, rows, 2, h->is_cosine, NO_SPAN, &km));
        TRY_OUT(kmeans_start(cx, &km, INIT_PLUSPLUS, 0, h->m->seed,
                             ((uint64_t)node << 32) + (uint64_t)i));
        TRY_OUT(
            kmeans_lloyd(cx, &km, (int)model_param(h->m, "max_iter"), model_param(h->m, "tol")));
        bool is_better = i == 0 || km.inertia < best.inertia;
        kmeans_close(is_better ? &best : &km);
        if (is_better) best = km;
        km.label = NULL;
    }
    res = RC_OK;
    if (!(best.n[0] > 0 && best.n[1] > 0)) {
        h->half[node].is_whole = true;
        goto out;
    }
    int32_t left = h->n_nodes;
    h->n_nodes += 2;
    h->half[node].left = left;
    keep_half(h, &best, 0, left);
    keep_half(h, &best, 1, left + 1);
    for (int64_t i = 0; i < rows->n; i++)
        h->node[((int64_t *)row)[i]] = left + best.label[i];
out:
    kmeans_close(&km);
    kmeans_close(&best);
    if (row) mem_big_free(row);
    arena_free(a);
    return res;
}

/* The leaf to halve next, -1 when there is none. */
static int next_leaf(const struct halving *h)
{
    int best = -1;
    for (int i = 0; i < h->n_nodes; i++) {
        const struct half *a = &h->half[i], *b = best < 0 ? NULL : &h->half[best];
        if (a->left || a->is_whole) continue;
        if (!b || (h->by_size ? a->n > b->n : a->within > b->within)) best = i;
    }
    return best;
}

static enum rc_t grow(struct ctx *cx, struct halving *h, int k)
{
    struct kmeans all = {0};
    enum rc_t res = RC_ERR;
    TRY_OUT(kmeans_open(cx, cx->arena, h->r, 1, h->is_cosine, NO_SPAN, &all));
    TRY_OUT(kmeans_start(cx, &all, INIT_RANDOM, 0, h->m->seed, 0));
    TRY_OUT(kmeans_lloyd(cx, &all, 2, 0));
    keep_half(h, &all, 0, 0);
    h->n_nodes = 1;
    for (int node; h->n_nodes < 2 * k - 1 && (node = next_leaf(h)) >= 0;)
        TRY_OUT(halve(cx, h, node));
    res = RC_OK;
out:
    kmeans_close(&all);
    return res;
}

/* Leaves are numbered by their rows, the most first. */
static void keep_tree(struct model *m, const struct halving *h)
{
    int k = (h->n_nodes + 1) / 2, n = 0;
    struct bisect *b = bisect_new(m->arena, k, h->d, h->is_cosine);
    int *order = mem_alloc(sizeof(int) * (size_t)k);
    for (int i = 0; i < h->n_nodes; i++) {
        b->left[i] = h->half[i].left;
        if (b->left[i]) continue;
        int at = n++;
        for (; at > 0 && h->half[i].size > h->half[order[at - 1]].size; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    memcpy(b->center, h->center, sizeof(double) * (size_t)h->n_nodes * h->d);
    for (int c = 0; c < k; c++) {
        const struct half *from = &h->half[order[c]];
        b->cluster[order[c]] = c;
        b->leaf.n[c] = (int64_t)from->n;
        b->leaf.size[c] = from->size;
        b->leaf.within[c] = from->within;
        memcpy(b->leaf.center + (size_t)c * h->d, h->center + (size_t)order[c] * h->d,
               sizeof(double) * h->d);
    }
    mem_free(order);
    b->leaf.feature = tile_features(m->arena, &m->enc);
    m->body = b;
}

static void report(struct ctx *cx, const struct ml_fit_spec *spec, struct model *m, int k)
{
    const struct bisect *b = m->body;
    double inertia = 0;
    for (int c = 0; c < b->leaf.k; c++)
        inertia += b->leaf.within[c];
    m->report.iterations = b->leaf.k;
    m->report.converged = true;
    m->report.loss = inertia / (double)m->report.n;
    model_add_stat(m, "inertia", inertia, false);
    model_add_stat(m, "k", b->leaf.k, false);
    if (b->leaf.k < k)
        warn(cx, W404, spec->span, "fit: %d clusters, not %d: none of them can be halved",
             b->leaf.k, k);
}

static enum rc_t bisecting_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                               struct model *m)
{
    int k = (int)model_param(m, "k");
    struct halving h = {.r = r, .m = m, .d = (size_t)r->enc->n_cols};
    void *node = NULL;
    TRY(cluster_check(cx, spec, r, k));
    h.is_cosine = model_param_is(m, "distance", "cosine");
    h.by_size = model_param_is(m, "by", "size");
    h.min_size = model_param(m, "min_size");
    h.half = ARENA_ARRAY(cx->arena, struct half, 2 * (size_t)k);
    h.center = ARENA_ARRAY(cx->arena, double, mem_mul(2 * (size_t)k, h.d));
    TRY(mem_big_zero(cx, sizeof(int32_t) * (size_t)r->n + 1, &node));
    h.node = node;
    enum rc_t res = grow(cx, &h, k);
    mem_big_free(node);
    TRY(res);
    keep_tree(m, &h);
    report(cx, spec, m, k);
    return RC_OK;
}

/* ---- score ---- */
static int32_t go_down(const struct bisect *b, const double *x)
{
    int32_t node = 0;
    size_t d = b->leaf.d;
    while (b->left[node]) {
        const double *l = b->center + (size_t)b->left[node] * d, *r = l + d;
        double to_left = 0, to_right = 0;
        for (size_t j = 0; j < d; j++) {
            double v = x[j * TILE];
            to_left += (v - l[j]) * (v - l[j]);
            to_right += (v - r[j]) * (v - r[j]);
        }
        node = b->left[node] + (to_right < to_left);
    }
    return b->cluster[node];
}

static void bisecting_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                            double *out)
{
    const struct bisect *b = m->body;
    struct tiles t;
    double length[TILE];
    tiles_open(&t, &m->enc, in, b->leaf.feature, NULL, TILE);
    for (int i = 0; i < n; i += TILE) {
        int rows = n - i < TILE ? n - i : TILE;
        tiles_load(&t, at + i, rows);
        if (b->leaf.is_cosine) tiles_unit(&t, length);
        for (int r = 0; r < rows; r++) {
            bool is_lost = b->leaf.is_cosine && !(length[r] > 0);
            out[i + r] = is_lost ? NAN : (double)(go_down(b, t.x + r) + 1);
        }
    }
    tiles_close(&t);
}

/* ---- model file ---- */
static void bisecting_save(const struct model *m, struct json_out *out)
{
    const struct bisect *b = m->body;
    centers_save(m, out);
    json_out_key(out, "left");
    json_out_open(out, '[');
    for (int i = 0; i < b->n_nodes; i++)
        json_out_int(out, b->left[i]);
    json_out_close(out, ']');
    json_out_key(out, "leaf");
    json_out_open(out, '[');
    for (int i = 0; i < b->n_nodes; i++)
        json_out_int(out, b->cluster[i]);
    json_out_close(out, ']');
    json_out_nums(out, "nodes", b->center, (size_t)b->n_nodes * b->leaf.d);
}

/* Children stand behind their parent, so a walk ends; clusters are leaves' numbers. */
static enum rc_t load_tree(struct ctx *cx, const json_t *j, struct bisect *b)
{
    const json_t *left, *leaf;
    TRY(json_get_list(cx, j, "left", (size_t)b->n_nodes, &left));
    TRY(json_get_list(cx, j, "leaf", (size_t)b->n_nodes, &leaf));
    for (int i = 0; i < b->n_nodes; i++) {
        const json_t *l = json_array_get(left, (size_t)i), *c = json_array_get(leaf, (size_t)i);
        if (!json_is_integer(l) || !json_is_integer(c)) return json_bad(cx, "a node is no node");
        json_int_t at = json_integer_value(l), cluster = json_integer_value(c);
        bool is_leaf = at == 0;
        if ((!is_leaf && (at <= i || at + 1 >= b->n_nodes)) || cluster < 0 || cluster >= b->leaf.k)
            return json_bad(cx, "a node points outside");
        b->left[i] = (int32_t)at;
        b->cluster[i] = (int32_t)cluster;
    }
    return json_get_nums(cx, j, "nodes", b->center, (size_t)b->n_nodes * b->leaf.d);
}

static enum rc_t bisecting_load(struct ctx *cx, const json_t *j, struct model *m)
{
    TRY(centers_load(cx, j, m));
    const struct centers *c = m->body;
    struct bisect *b = bisect_new(m->arena, c->k, c->d, c->is_cosine);
    b->leaf = *c;
    m->body = b;
    return load_tree(cx, j, b);
}

static const struct model_class bisecting_class = {.all_levels = true,
                                                   .scores = SCORE_CLUSTER,
                                                   .fit = bisecting_fit,
                                                   .score = bisecting_score,
                                                   .save = bisecting_save,
                                                   .load = bisecting_load,
                                                   .parts = centers_parts,
                                                   .bars = centers_bars};
static const struct ml_param_desc bisecting_params[] = {
    {.name = "k", .kind = KIND_INT, .min = 1, .max = CLUSTERS_MAX, .def = "4", .doc = "clusters"},
    {.name = "by",
     .kind = KIND_STR,
     .def = "inertia",
     .words = "inertia size",
     .doc = "which cluster is halved next: the one with the most inertia, or rows"},
    {.name = "min_size",
     .kind = KIND_INT,
     .min = 1,
     .max = 1000000000,
     .def = "1",
     .unit = "rows",
     .doc = "clusters with fewer rows are not halved"},
    {.name = "max_iter",
     .kind = KIND_INT,
     .min = 1,
     .max = 1000000,
     .def = "100",
     .unit = "iterations",
     .doc = "of each halving"},
    {.name = "tol", .kind = KIND_NUM, .min = 0, .max = 1, .def = "0.0001", .doc = "as in kmeans"},
    {.name = "distance",
     .kind = KIND_STR,
     .def = "euclidean",
     .words = "euclidean cosine",
     .doc = "as in kmeans"},
    {.name = "n_init",
     .kind = KIND_INT,
     .min = 1,
     .max = 1000,
     .def = "1",
     .doc = "starts of each halving; the one with the smallest inertia is kept"},
    {.name = NULL}};
const struct ml_family ml_bisecting = {
    .name = "bisecting",
    .sig = "bisecting(k: 4, by: inertia, min_size: 1, max_iter: 100, tol: 0.0001, "
           "distance: euclidean, n_init: 1)",
    .doc = "Clusters by halving the largest of them until there are k. Numbered by their rows, the "
           "most first. m.centers, m.sizes.",
    .example = "fit ~ scale(fare) + scale(distance), bisecting(k: 4)",
    .params = bisecting_params,
    .task = ML_NONE,
    .cls = &bisecting_class};
