/* isolation.c: isolation forest (Liu, Ting, Zhou, "Isolation forest", ICDM 2008): rows that random
 * splits set apart early are unlike the others. Each tree sees a small sample of the rows. */
#include "runtime/ml/json_int.h"
#include "runtime/ml/models/kmeans_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"
#include "runtime/base/rng.h"

#include <math.h>

#define EULER      0.57721566490153286061
#define SCORE_ROWS 64
#define TREES_MAX  10000
#define SAMPLE_MAX 1000000

struct iso_node {
    int32_t column; /* -1: a leaf */
    int32_t left;   /* the right one follows it */
    double value;   /* below it to the left; of a leaf the length of the path */
};
struct isolation {
    int n_trees, sample, depth;
    int32_t *first; /* [n_trees + 1] nodes of a tree */
    struct iso_node *node;
    double unit; /* path length of a search in `sample` rows */
};

/* Mean length of an unsuccessful search in a tree of n rows. */
static double search_length(double n)
{
    if (n <= 1) return 0.0;
    if (n <= 2) return 1.0;
    return 2 * (log(n - 1) + EULER) - 2 * (n - 1) / n;
}

/* ---- growing ---- */
struct grow {
    const struct rows *r;
    const struct model *m;
    const double *upto; /* [n] running sums of the weights, or NULL */
    int sample, depth;
    size_t d;
    struct iso_node **tree; /* [n_trees] */
    int32_t *n_nodes;
};
struct growing { /* one tree */
    const struct grow *g;
    uint64_t stream, counter;
    double *x;       /* [sample, d] */
    int32_t *row;    /* [sample], in the order of the leaves in the end */
    int32_t *column; /* [d] scratch */
    struct iso_node *node;
    int32_t n;
};

static uint64_t draw_below(struct growing *t, uint64_t n)
{
    return rng_below(t->g->m->seed, t->stream, t->counter++, n);
}

static int64_t draw_row(struct growing *t)
{
    const struct grow *g = t->g;
    int64_t n = g->r->n, lo = 0, hi = n - 1;
    if (!g->upto) return (int64_t)draw_below(t, (uint64_t)n);
    double u = rng_unit(g->m->seed, t->stream, t->counter++) * g->upto[n - 1];
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (g->upto[mid] > u)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

/* The rows of the tree, each once: drawn again while it stands already (open addressing). */
static void draw_sample(struct growing *t)
{
    const struct grow *g = t->g;
    size_t size = 1;
    while (size < 2 * (size_t)g->sample)
        size *= 2;
    int64_t *seen = mem_alloc(sizeof(int64_t) * size);
    for (size_t i = 0; i < size; i++)
        seen[i] = -1;
    bool is_all = g->sample == g->r->n;
    for (int k = 0; k < g->sample;) {
        int64_t row = is_all ? k : draw_row(t);
        size_t at = (size_t)row * 0x9E3779B97F4A7C15u & (size - 1);
        while (seen[at] >= 0 && seen[at] != row)
            at = (at + 1) & (size - 1);
        if (seen[at] == row) continue;
        seen[at] = row;
        enc_fill(g->r->enc, &g->r->in, row, 1, t->x + (size_t)k * g->d);
        t->row[k] = k;
        k++;
    }
    mem_free(seen);
}

/* A column that varies among rows from..to, drawn evenly from those; -1 when none does. */
static int32_t draw_column(struct growing *t, int from, int to, double *lo, double *hi)
{
    size_t d = t->g->d, left = d;
    for (size_t j = 0; j < d; j++)
        t->column[j] = (int32_t)j;
    while (left > 0) {
        size_t k = (size_t)draw_below(t, left);
        int32_t c = t->column[k];
        *lo = INFINITY;
        *hi = -INFINITY;
        for (int i = from; i < to; i++) {
            double v = t->x[(size_t)t->row[i] * d + (size_t)c];
            *lo = fmin(*lo, v);
            *hi = fmax(*hi, v);
        }
        if (*lo < *hi) return c;
        t->column[k] = t->column[--left];
    }
    return -1;
}

/* Rows below the value first; how many. */
static int divide(struct growing *t, int from, int to, int32_t column, double value)
{
    int at = from;
    for (int i = from; i < to; i++) {
        if (!(t->x[(size_t)t->row[i] * t->g->d + (size_t)column] < value)) continue;
        int32_t row = t->row[i];
        t->row[i] = t->row[at];
        t->row[at++] = row;
    }
    return at - from;
}

/* Depth is at most log2 of the sample: recursion is shallow. */
static void grow_node(struct growing *t, int32_t node, int from, int to, int depth)
{
    double lo, hi;
    int32_t column = -1;
    if (to - from > 1 && depth < t->g->depth) column = draw_column(t, from, to, &lo, &hi);
    if (column < 0) {
        t->node[node] = (struct iso_node){-1, 0, depth + search_length(to - from)};
        return;
    }
    double value = lo + (hi - lo) * rng_unit(t->g->m->seed, t->stream, t->counter++);
    if (!(value > lo)) value = nextafter(lo, hi); /* both sides get a row */
    int below = divide(t, from, to, column, value);
    int32_t left = t->n;
    t->n += 2;
    t->node[node] = (struct iso_node){column, left, value};
    grow_node(t, left, from, from + below, depth + 1);
    grow_node(t, left + 1, from + below, to, depth + 1);
}

static enum rc_t grow_tree(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    struct grow *g = arg;
    void *x = NULL;
    TRY(check_cancel(cx));
    TRY(mem_big(cx, mem_mul(sizeof(double) * (size_t)g->sample, g->d) + 1, &x));
    struct growing t = {.g = g, .stream = (uint64_t)task, .x = x, .n = 1};
    t.row = mem_alloc(sizeof(int32_t) * ((size_t)g->sample + g->d));
    t.column = t.row + g->sample;
    t.node = mem_alloc(sizeof(struct iso_node) * 2 * (size_t)g->sample);
    draw_sample(&t);
    grow_node(&t, 0, 0, g->sample, 0);
    g->tree[task] = t.node;
    g->n_nodes[task] = t.n;
    mem_free(t.row);
    mem_big_free(x);
    return RC_OK;
}

static struct isolation *isolation_new(struct arena *a, int n_trees, int sample, size_t n_nodes)
{
    struct isolation *f = ARENA_NEW(a, struct isolation);
    f->n_trees = n_trees;
    f->sample = sample;
    f->first = ARENA_ARRAY(a, int32_t, n_trees + 1);
    f->node = ARENA_ARRAY(a, struct iso_node, n_nodes + 1);
    f->unit = search_length(sample);
    while ((1 << f->depth) < sample)
        f->depth++;
    return f;
}

static void keep_trees(struct model *m, const struct grow *g, int n_trees)
{
    size_t n = 0;
    for (int i = 0; i < n_trees; i++)
        n += (size_t)g->n_nodes[i];
    struct isolation *f = isolation_new(m->arena, n_trees, g->sample, n);
    for (int i = 0; i < n_trees; i++) {
        memcpy(f->node + f->first[i], g->tree[i], sizeof(struct iso_node) * (size_t)g->n_nodes[i]);
        f->first[i + 1] = f->first[i] + g->n_nodes[i];
    }
    m->body = f;
    m->report.iterations = 1;
    m->report.converged = true;
    model_add_stat(m, "trees", n_trees, false);
    model_add_stat(m, "sample", g->sample, false);
    model_add_stat(m, "depth", f->depth, false);
}

static enum rc_t running_weights(struct ctx *cx, const struct rows *r, double **out)
{
    void *p = NULL;
    if (!r->w) return RC_OK;
    TRY(mem_big(cx, sizeof(double) * (size_t)r->n + 1, &p));
    double sum = 0;
    for (int64_t i = 0; i < r->n; i++)
        ((double *)p)[i] = sum += r->w[i];
    *out = p;
    return RC_OK;
}

static enum rc_t isolation_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                               struct model *m)
{
    int n_trees = (int)model_param(m, "trees"), sample = (int)model_param(m, "sample");
    double *upto = NULL;
    TRY(cluster_check(cx, spec, r, 1));
    if (r->n < 2) return fail(cx, E404, spec->span, "isolation needs two rows at least");
    if (sample > r->n) sample = (int)r->n;
    if ((int64_t)n_trees * 2 * sample > INT32_MAX)
        return fail(cx, E209, cluster_span(spec, "sample"),
                    "trees of that many rows are too large");
    TRY(running_weights(cx, r, &upto));
    struct grow g = {.r = r, .m = m, .upto = upto, .sample = sample};
    g.d = (size_t)r->enc->n_cols;
    while ((1 << g.depth) < sample)
        g.depth++;
    g.tree = ARENA_ARRAY(cx->arena, struct iso_node *, n_trees);
    g.n_nodes = ARENA_ARRAY(cx->arena, int32_t, n_trees);
    enum rc_t res = pool_run(cx, n_trees, grow_tree, &g);
    if (res == RC_OK) keep_trees(m, &g, n_trees);
    for (int i = 0; i < n_trees; i++)
        mem_free(g.tree[i]);
    if (upto) mem_big_free(upto);
    return res;
}

/* ---- score ---- */
static double path_length(const struct isolation *f, int tree, const double *x)
{
    const struct iso_node *node = f->node + f->first[tree], *at = node;
    while (at->column >= 0)
        at = node + at->left + !(x[at->column] < at->value);
    return at->value;
}

static void isolation_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                            double *out)
{
    const struct isolation *f = m->body;
    size_t d = (size_t)m->enc.n_cols;
    double own[1024], *x = own;
    if (d * SCORE_ROWS > 1024) x = mem_alloc(sizeof(double) * d * SCORE_ROWS);
    for (int i = 0; i < n; i += SCORE_ROWS) {
        int rows = n - i < SCORE_ROWS ? n - i : SCORE_ROWS;
        double sum[SCORE_ROWS] = {0};
        enc_fill(&m->enc, in, at + i, rows, x);
        for (int t = 0; t < f->n_trees; t++)
            for (int r = 0; r < rows; r++)
                sum[r] += path_length(f, t, x + (size_t)r * d);
        for (int r = 0; r < rows; r++)
            out[i + r] = exp2(-sum[r] / f->n_trees / f->unit);
    }
    if (x != own) mem_free(x);
}

/* ---- model file ---- */
static void isolation_save(const struct model *m, struct json_out *out)
{
    const struct isolation *f = m->body;
    json_out_key(out, "sample");
    json_out_int(out, f->sample);
    json_out_key(out, "trees");
    json_out_open(out, '[');
    for (int t = 0; t < f->n_trees; t++) {
        json_out_open(out, '['); /* column, left, value of each node */
        for (int32_t i = f->first[t]; i < f->first[t + 1]; i++) {
            json_out_int(out, f->node[i].column);
            json_out_int(out, f->node[i].left);
            json_out_num(out, f->node[i].value);
        }
        json_out_close(out, ']');
    }
    json_out_close(out, ']');
}

/* Children stand behind their parent, so a walk ends. */
static enum rc_t load_node(struct ctx *cx, const json_t *tree, size_t i, size_t n, int n_cols,
                           struct iso_node *out)
{
    const json_t *c = json_array_get(tree, 3 * i), *l = json_array_get(tree, 3 * i + 1);
    const json_t *v = json_array_get(tree, 3 * i + 2);
    if (!json_is_integer(c) || !json_is_integer(l) || !json_is_number(v))
        return json_bad(cx, "a node of a tree is no node");
    json_int_t column = json_integer_value(c), left = json_integer_value(l);
    bool is_leaf = column == -1;
    if (column < -1 || column >= n_cols ||
        (!is_leaf && (left <= (json_int_t)i || left + 1 >= (json_int_t)n)))
        return json_bad(cx, "a node of a tree points outside");
    *out = (struct iso_node){(int32_t)column, is_leaf ? 0 : (int32_t)left, json_number_value(v)};
    return RC_OK;
}

static enum rc_t isolation_load(struct ctx *cx, const json_t *j, struct model *m)
{
    const json_t *trees;
    int64_t sample;
    size_t n = 0;
    TRY(json_get_int(cx, j, "sample", 2, SAMPLE_MAX, &sample));
    TRY(json_get_list(cx, j, "trees", TREES_MAX, &trees));
    int n_trees = (int)json_array_size(trees);
    for (int t = 0; t < n_trees; t++) {
        size_t cells = json_array_size(json_array_get(trees, (size_t)t));
        if (cells == 0 || cells % 3 != 0) return json_bad(cx, "a tree is no list of nodes");
        n += cells / 3;
    }
    if (n_trees < 1 || n > INT32_MAX) return json_bad(cx, "it has no trees");
    struct isolation *f = isolation_new(m->arena, n_trees, (int)sample, n);
    for (int t = 0; t < n_trees; t++) {
        const json_t *tree = json_array_get(trees, (size_t)t);
        size_t nodes = json_array_size(tree) / 3;
        for (size_t i = 0; i < nodes; i++)
            TRY(load_node(cx, tree, i, nodes, m->enc.n_cols, &f->node[(size_t)f->first[t] + i]));
        f->first[t + 1] = f->first[t] + (int32_t)nodes;
    }
    m->body = f;
    return RC_OK;
}

static const struct model_class isolation_class = {.all_levels = true,
                                                   .scores = SCORE_NUMBER,
                                                   .fit = isolation_fit,
                                                   .score = isolation_score,
                                                   .save = isolation_save,
                                                   .load = isolation_load};
static const struct ml_param_desc isolation_params[] = {
    {.name = "trees", .kind = KIND_INT, .min = 1, .max = TREES_MAX, .def = "100", .doc = "trees"},
    {.name = "sample",
     .kind = KIND_INT,
     .min = 2,
     .max = SAMPLE_MAX,
     .def = "256",
     .unit = "rows",
     .doc = "rows that each tree sees"},
    {.name = NULL}};
const struct ml_family ml_isolation = {
    .name = "isolation",
    .sig = "isolation(trees: 100, sample: 256)",
    .doc = "Isolation forest: `prediction` is the anomaly score of a row, from 0 to 1; ordinary "
           "rows are below 0.5, those near 1 are unlike the others.",
    .example = "fit ~ fare + distance, isolation()",
    .params = isolation_params,
    .task = ML_NONE,
    .cls = &isolation_class};
