/* knn.c: k nearest neighbours: the mean target, or the share of each class, of the k fitted rows
 * that are nearest in the columns of the design (every level of a category has one). Exact: a
 * k-d tree (Friedman, Bentley, Finkel 1977) where there are few columns, all rows otherwise. Of
 * rows at the same distance the earlier one is nearer. */
#include "runtime/ml/ml_int.h"
#include "runtime/ml/models/linear_int.h"

#include "runtime/base/mem.h"
#include "runtime/ml/json_int.h"

#include <math.h>

#define LEAF_ROWS   32
#define TREE_COLS   15 /* with more columns a tree sees most rows anyway */
#define MOST_CELLS  (1LL << 28)
#define MOST_LOADED (1 << 28)

enum knn_metric { KNN_EUCLIDEAN, KNN_MANHATTAN, KNN_COSINE };
struct knn_node { /* leaves: axis -1 */
    int axis;
    double split;
    int64_t from, to; /* rows of `order` */
    int left, right;
};
struct knn { /* body */
    int k, p;
    int64_t n;
    enum knn_metric metric;
    bool by_distance;
    double *x;      /* [n, p]; cosine: rows of length 1 */
    double *y, *w;  /* [n]; w NULL = 1 */
    int64_t *order; /* [n] rows by leaf */
    struct knn_node *nodes;
    int n_nodes;
};

/* ---- the tree ---- */
static int widest_axis(const struct knn *f, int64_t from, int64_t to, double *middle)
{
    int axis = -1;
    double most = 0;
    for (int j = 0; j < f->p; j++) {
        double lo = INFINITY, hi = -INFINITY;
        for (int64_t i = from; i < to; i++) {
            double v = f->x[f->order[i] * f->p + j];
            lo = fmin(lo, v);
            hi = fmax(hi, v);
        }
        if (hi - lo <= most) continue;
        most = hi - lo;
        axis = j;
        *middle = lo + 0.5 * (hi - lo);
    }
    return axis;
}

/* Rows up to `split` first; both sides get some, since split lies inside the stretch. */
static int64_t divide(struct knn *f, int64_t from, int64_t to, int axis, double split)
{
    int64_t at = from;
    for (int64_t i = from; i < to; i++) {
        int64_t row = f->order[i];
        if (f->x[row * f->p + axis] > split) continue;
        f->order[i] = f->order[at];
        f->order[at++] = row;
    }
    return at;
}

static int build(struct knn *f, int64_t from, int64_t to, int depth)
{
    int self = f->n_nodes++;
    double split = 0;
    int axis = to - from > LEAF_ROWS && depth < 60 ? widest_axis(f, from, to, &split) : -1;
    f->nodes[self] = (struct knn_node){.axis = axis, .split = split, .from = from, .to = to};
    if (axis < 0) return self;
    int64_t at = divide(f, from, to, axis, split);
    if (at == from || at == to) { /* the middle is one of the ends: nothing between */
        f->nodes[self].axis = -1;
        return self;
    }
    int left = build(f, from, at, depth + 1), right = build(f, at, to, depth + 1);
    f->nodes[self].left = left;
    f->nodes[self].right = right;
    return self;
}

static void grow(struct arena *a, struct knn *f)
{
    if (f->metric == KNN_COSINE || f->p > TREE_COLS || f->n < 4 * LEAF_ROWS) return;
    f->order = ARENA_ARRAY(a, int64_t, f->n + 1);
    f->nodes = ARENA_ARRAY(a, struct knn_node, 2 * f->n + 1);
    for (int64_t i = 0; i < f->n; i++)
        f->order[i] = i;
    build(f, 0, f->n, 0);
}

/* ---- the nearest ---- */
struct near { /* the k nearest so far, a heap with the farthest first */
    int k, n;
    double *d;
    int64_t *row;
};

static bool is_farther(double d, int64_t row, double e, int64_t other)
{
    return d > e || (d == e && row > other);
}

static void sift(struct near *s, int at)
{
    for (;;) {
        int far = at, l = 2 * at + 1, r = l + 1;
        if (l < s->n && is_farther(s->d[l], s->row[l], s->d[far], s->row[far])) far = l;
        if (r < s->n && is_farther(s->d[r], s->row[r], s->d[far], s->row[far])) far = r;
        if (far == at) return;
        double d = s->d[at];
        int64_t row = s->row[at];
        s->d[at] = s->d[far];
        s->row[at] = s->row[far];
        s->d[far] = d;
        s->row[far] = row;
        at = far;
    }
}

static void offer(struct near *s, double d, int64_t row)
{
    if (s->n < s->k) {
        int at = s->n++;
        for (; at > 0 && is_farther(d, row, s->d[(at - 1) / 2], s->row[(at - 1) / 2]);
             at = (at - 1) / 2) {
            s->d[at] = s->d[(at - 1) / 2];
            s->row[at] = s->row[(at - 1) / 2];
        }
        s->d[at] = d;
        s->row[at] = row;
    } else if (is_farther(s->d[0], s->row[0], d, row)) {
        s->d[0] = d;
        s->row[0] = row;
        sift(s, 0);
    }
}

/* Euclidean distances are squared until the end. */
static double distance(const struct knn *f, const double *a, const double *b)
{
    double sum = 0;
    if (f->metric == KNN_MANHATTAN)
        for (int j = 0; j < f->p; j++)
            sum += fabs(a[j] - b[j]);
    else if (f->metric == KNN_EUCLIDEAN)
        for (int j = 0; j < f->p; j++)
            sum += (a[j] - b[j]) * (a[j] - b[j]);
    else {
        for (int j = 0; j < f->p; j++)
            sum += a[j] * b[j];
        sum = fmax(1 - sum, 0);
    }
    return sum;
}

static void search(const struct knn *f, const double *q, int node, struct near *s)
{
    const struct knn_node *t = &f->nodes[node];
    if (t->axis < 0) {
        for (int64_t i = t->from; i < t->to; i++)
            offer(s, distance(f, q, f->x + f->order[i] * f->p), f->order[i]);
        return;
    }
    double gap = q[t->axis] - t->split;
    double reach = f->metric == KNN_EUCLIDEAN ? gap * gap : fabs(gap);
    search(f, q, gap <= 0 ? t->left : t->right, s);
    if (s->n < s->k || reach <= s->d[0]) search(f, q, gap <= 0 ? t->right : t->left, s);
}

/* ---- scores ---- */
static bool has_exact(const struct near *s)
{
    for (int i = 0; i < s->n; i++)
        if (s->d[i] == 0) return true;
    return false;
}

/* Votes of the neighbours: by number, or by 1 / distance (rows at distance 0 alone, if any). */
static void vote(const struct knn *f, const struct near *s, int n_classes, double *out)
{
    bool only_exact = f->by_distance && has_exact(s);
    int width = n_classes > 2 ? n_classes : 1;
    double sum = 0;
    for (int c = 0; c < width; c++)
        out[c] = 0;
    for (int i = 0; i < s->n; i++) {
        double d = f->metric == KNN_EUCLIDEAN ? sqrt(s->d[i]) : s->d[i];
        double by = only_exact ? d == 0 : f->by_distance ? 1 / d : 1;
        if (f->w) by *= f->w[s->row[i]];
        double y = f->y[s->row[i]];
        sum += by;
        if (width > 1)
            out[(int)y] += by;
        else
            out[0] += by * y;
    }
    for (int c = 0; c < width; c++)
        out[c] /= sum;
}

static void to_unit(double *x, int p)
{
    double sum = 0;
    for (int j = 0; j < p; j++)
        sum += x[j] * x[j];
    for (int j = 0; j < p && sum > 0; j++)
        x[j] /= sqrt(sum);
}

static void knn_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                      double *out)
{
    const struct knn *f = m->body;
    int classes = model_n_classes(m), width = classes > 2 ? classes : 1;
    size_t cells = (size_t)f->p + (size_t)f->k;
    double *q = mem_alloc(sizeof(double) * cells + sizeof(int64_t) * (size_t)f->k);
    struct near s = {.k = f->k, .d = q + f->p, .row = (int64_t *)(void *)(q + cells)};
    for (int i = 0; i < n; i++) {
        s.n = 0;
        enc_fill(&m->enc, in, at + i, 1, q);
        if (f->metric == KNN_COSINE) to_unit(q, f->p);
        if (f->nodes)
            search(f, q, 0, &s);
        else
            for (int64_t row = 0; row < f->n; row++)
                offer(&s, distance(f, q, f->x + row * f->p), row);
        vote(f, &s, classes, out + (size_t)i * (size_t)width);
    }
    mem_free(q);
}

/* ---- fit ---- */
static struct knn *new_body(struct model *m, int64_t n)
{
    struct knn *f = ARENA_NEW(m->arena, struct knn);
    f->n = n;
    f->p = m->enc.n_cols;
    f->k = (int)model_param(m, "k");
    if (f->k > n) f->k = (int)n;
    f->by_distance = model_param_is(m, "weights", "distance");
    f->metric = model_param_is(m, "metric", "manhattan") ? KNN_MANHATTAN
                : model_param_is(m, "metric", "cosine")  ? KNN_COSINE
                                                         : KNN_EUCLIDEAN;
    f->x = ARENA_ARRAY(m->arena, double, mem_mul((size_t)n, (size_t)f->p) + 1);
    f->y = ARENA_ARRAY(m->arena, double, n + 1);
    return f;
}

static enum rc_t knn_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                         struct model *m)
{
    if (m->enc.n_cols == 0)
        return fail(cx, E401, spec->formula->span, "knn needs at least one column");
    if (r->n * m->enc.n_cols > MOST_CELLS)
        return fail(cx, E902, spec->formula->span,
                    "knn keeps the rows it is fitted on: %lld rows of %d columns are too many",
                    (long long)r->n, m->enc.n_cols);
    struct knn *f = new_body(m, r->n);
    for (int64_t at = 0; at < r->n; at += 1024)
        enc_fill(&m->enc, &r->in, at, (int)(r->n - at < 1024 ? r->n - at : 1024), f->x + at * f->p);
    for (int64_t i = 0; i < r->n && f->metric == KNN_COSINE; i++)
        to_unit(f->x + i * f->p, f->p);
    memcpy(f->y, r->y, sizeof(double) * (size_t)r->n);
    if (r->w) f->w = arena_copy(m->arena, r->w, sizeof(double) * (size_t)r->n);
    grow(m->arena, f);
    m->body = f;
    m->report.iterations = 1;
    m->report.converged = true;
    model_add_stat(m, "neighbours", f->k, false);
    return RC_OK;
}

/* ---- the file ---- */
static void knn_save(const struct model *m, struct json_out *out)
{
    const struct knn *f = m->body;
    json_out_key(out, "rows");
    json_out_int(out, f->n);
    json_out_nums(out, "x", f->x, (size_t)(f->n * f->p));
    json_out_nums(out, "y", f->y, (size_t)f->n);
    if (f->w) json_out_nums(out, "w", f->w, (size_t)f->n);
}

static enum rc_t knn_load(struct ctx *cx, const json_t *j, struct model *m)
{
    int64_t n;
    int classes = model_n_classes(m);
    const json_t *x = json_object_get(j, "x"), *w = json_object_get(j, "w");
    TRY(json_get_int(cx, j, "rows", 1, MOST_LOADED, &n));
    if (m->enc.n_cols < 1 || !json_is_array(x) ||
        json_array_size(x) != (size_t)n * (size_t)m->enc.n_cols)
        return json_bad(cx, "`x` does not fit the columns");
    struct knn *f = new_body(m, n);
    TRY(json_list_nums(cx, x, "x", f->x, (size_t)(n * f->p)));
    TRY(json_get_nums(cx, j, "y", f->y, (size_t)n));
    for (int64_t i = 0; classes > 0 && i < n; i++)
        if (!(f->y[i] >= 0 && f->y[i] < classes)) return json_bad(cx, "`y` is no class");
    if (w) {
        f->w = ARENA_ARRAY(m->arena, double, n + 1);
        TRY(json_list_nums(cx, w, "w", f->w, (size_t)n));
    }
    grow(m->arena, f);
    m->body = f;
    return RC_OK;
}

static const struct model_class knn_class = {.all_levels = true,
                                             .takes_many = true,
                                             .scores = SCORE_TARGET,
                                             .fit = knn_fit,
                                             .score = knn_score,
                                             .save = knn_save,
                                             .load = knn_load};
static const struct ml_param_desc knn_params[] = {
    {.name = "k", .kind = KIND_INT, .min = 1, .max = 10000, .def = "5", .doc = "neighbours"},
    {.name = "weights",
     .kind = KIND_STR,
     .def = "uniform",
     .words = "uniform distance",
     .doc = "distance: a neighbour counts by 1 / its distance"},
    {.name = "metric",
     .kind = KIND_STR,
     .def = "euclidean",
     .words = "euclidean manhattan cosine",
     .doc = "how far two rows are; scale(x) in the formula makes columns comparable"},
    {.name = NULL}};
const struct ml_family ml_knn = {
    .name = "knn",
    .sig = "knn(k: 5, weights: uniform, metric: euclidean)",
    .doc = "The mean target, or the most frequent class, of the nearest fitted rows.",
    .example = "fit species ~ scale(bill_length_mm) + scale(body_mass_g), knn(k: 7)",
    .params = knn_params,
    .task = ML_EITHER,
    .cls = &knn_class};
