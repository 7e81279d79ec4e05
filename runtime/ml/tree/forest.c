/* forest.c: one tree, forests and extra trees: trees on weights and targets, each a task of its own
 * (one alone uses all threads). The prediction is the mean of the trees' leaves: of classes their
 * shares (Breiman 2001; Geurts, Ernst, Wehenkel 2006). Leaves are exact: they are summed again from
 * the rows after the tree has grown. */
#include "runtime/ml/tree/boost_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"
#include "runtime/base/rng.h"

#include <math.h>

struct forest {
    const struct rows *rows;
    const struct forest_plan *plan;
    struct model *m;
    struct tree_model *body;
    struct tree_bins bins;
    struct tree_target target; /* of weight as given */
    uint16_t *cls;
    struct grower **growers; /* [threads] */
    int64_t **drawn;         /* [threads][n] target of a tree's own draw */
    double centre;           /* numbers: targets are taken from their mean */
};

/* ---- the target ---- */
static void target_block(const void *self, int64_t at, int n, float *g, float *h)
{
    const struct forest *f = self;
    const struct rows *r = f->rows;
    for (int i = 0; i < n; i++) {
        double w = r->w ? r->w[at + i] : 1.0;
        g[i] = (float)(w * (f->cls ? 0 : r->y[at + i] - f->centre));
        h[i] = (float)w;
    }
}

/* Most often a row is drawn of n with putting back is far below this (Poisson of mean 1). */
#define DRAWS_MAX 15

static enum rc_t forest_target(struct ctx *cx, struct forest *f)
{
    const struct rows *r = f->rows;
    struct pack_source src = {.self = f, .block = target_block};
    void *p = NULL;
    TRY(mem_big(cx, sizeof(int64_t) * (size_t)r->n + 64, &p));
    f->target.gh = p;
    if (r->n_classes == 0)
        for (int64_t i = 0; i < r->n; i++)
            f->centre += (r->w ? r->w[i] : 1) * r->y[i] / r->w_sum;
    if (r->n_classes > 2) {
        TRY(mem_big(cx, sizeof(uint16_t) * (size_t)r->n + 1, &p));
        f->cls = p;
        for (int64_t i = 0; i < r->n; i++)
            f->cls[i] = (uint16_t)r->y[i];
    }
    TRY(pack_rows(cx, &src, r->n, &f->target));
    f->target.cls = f->cls;
    f->target.n_classes = r->n_classes;
    if (f->plan->bootstrap) f->target.narrow /= DRAWS_MAX + 1;
    for (int64_t i = 0; f->cls && i < r->n; i++)
        f->target.gh[i] &= 0xffffffff; /* the weight alone */
    return RC_OK;
}

/* ---- a tree's rows ---- */
/* Bootstrap: n draws with putting back, as times a row is drawn; else a share without. Rows drawn
 * go to `rows`, their targets times the draws to gh. */
static int64_t draw_rows(const struct forest *f, uint64_t tree, uint32_t *rows, int64_t *gh)
{
    const struct forest_plan *p = f->plan;
    int64_t n = 0, all = f->rows->n, draws = (int64_t)(p->sample * (double)all + 0.5);
    uint64_t stream = ((uint64_t)9 << 56) + tree;
    if (!p->bootstrap) {
        for (int64_t i = 0; i < all; i++)
            if (p->sample >= 1 || rng_unit(f->m->seed, stream, (uint64_t)i) < p->sample)
                rows[n++] = (uint32_t)i;
        return n;
    }
    memset(gh, 0, sizeof *gh * (size_t)all);
    for (int64_t i = 0; i < draws; i += 2) { /* two draws of 64 bits each */
        uint64_t two[2];
        rng_pair(f->m->seed, stream, (uint64_t)i, two);
        for (int k = 0; k < 2 && i + k < draws; k++) {
            uint64_t at = (two[k] >> 32) * (uint64_t)all >> 32;
            gh[at] += gh[at] < DRAWS_MAX;
        }
    }
    for (int64_t i = 0; i < all; i++)
        if (gh[i] > 0) {
            gh[i] *= f->target.gh[i];
            rows[n++] = (uint32_t)i;
        }
    return n;
}

/* ---- exact leaves ---- */
/* Times a row was drawn, from its packed target: the weight is the row's own times that. */
static double draws_of(const struct forest *f, const int64_t *gh, uint32_t row)
{
    if (!gh) return 1;
    return (double)(gh[row] & 0xffffffff) / (double)(f->target.gh[row] & 0xffffffff);
}

static void number_leaf(const struct forest *f, const int64_t *gh, const uint32_t *rows,
                        struct tree_node *n)
{
    const struct rows *r = f->rows;
    double sum = 0, weight = 0;
    for (int64_t i = 0; i < n->n; i++) {
        double w = (r->w ? r->w[rows[i]] : 1) * draws_of(f, gh, rows[i]);
        sum += w * (r->y[rows[i]] - f->centre);
        weight += w;
    }
    if (weight > 0) n->value = sum / weight;
}

static void class_leaf(const struct forest *f, const int64_t *gh, const uint32_t *rows,
                       const struct tree_node *n, double *share)
{
    const struct rows *r = f->rows;
    double weight = 0;
    for (int64_t i = 0; i < n->n; i++) {
        double w = (r->w ? r->w[rows[i]] : 1) * draws_of(f, gh, rows[i]);
        share[f->cls[rows[i]]] += w;
        weight += w;
    }
    for (int c = 0; c < f->target.n_classes && weight > 0; c++)
        share[c] /= weight;
}

static void exact_leaves(const struct forest *f, const struct grower *g, const int64_t *gh,
                         struct tree *t)
{
    int k = f->target.n_classes;
    if (f->cls) t->shares = mem_zero(sizeof(double) * (size_t)t->n_nodes * (size_t)k);
    for (int i = 0; i < t->n_nodes; i++) {
        struct tree_node *n = &t->nodes[i];
        if (n->left >= 0) continue;
        if (f->cls)
            class_leaf(f, gh, grower_node_rows(g, n), n, t->shares + i * k);
        else
            number_leaf(f, gh, grower_node_rows(g, n), n);
    }
    for (int i = t->n_nodes - 1; i >= 0; i--) { /* inner nodes: the mean of theirs */
        struct tree_node *n = &t->nodes[i];
        if (n->left < 0) continue;
        const struct tree_node *l = &t->nodes[n->left], *r = l + 1;
        double both = l->cover + r->cover;
        n->value = (l->value * l->cover + r->value * r->cover) / both;
        for (int c = 0; f->cls && c < k; c++)
            t->shares[i * k + c] = (t->shares[n->left * k + c] * l->cover +
                                    t->shares[(n->left + 1) * k + c] * r->cover) /
                                   both;
    }
}

/* ---- trees ---- */
static enum rc_t one_tree(struct ctx *cx, struct forest *f, int id, int worker)
{
    struct grower *g = f->growers[worker];
    struct tree *t = &f->body->trees[id];
    struct tree_target target = f->target;
    struct tree_rules rules = f->plan->rules;
    int64_t *gh = f->drawn ? f->drawn[worker] : NULL;
    int64_t n = draw_rows(f, (uint64_t)id, grower_rows(g), gh);
    rules.seed = f->m->seed;
    rules.stream = ((uint64_t)11 << 56) + (uint64_t)id;
    if (gh) target.gh = gh;
    if (n == 0) return fail(cx, E404, NO_SPAN, "a tree's share of the rows is empty");
    TRY(grower_grow(cx, g, &target, &rules, n, t));
    exact_leaves(f, g, gh, t);
    return RC_OK;
}

static enum rc_t tree_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct forest *f = arg;
    if (!f->growers[worker]) TRY(grower_new(cx, &f->bins, f->rows->n, false, &f->growers[worker]));
    if (f->drawn && !f->drawn[worker]) {
        void *p = NULL;
        TRY(mem_big(cx, sizeof(int64_t) * (size_t)f->rows->n + 1, &p));
        f->drawn[worker] = p;
    }
    return one_tree(cx, f, (int)task, worker);
}

static enum rc_t grow_all(struct ctx *cx, struct forest *f)
{
    struct doing doing = pool_doing("forest, trees"), *above = cx->doing;
    int threads = pool_threads(cx);
    f->growers = ARENA_ARRAY(cx->arena, struct grower *, threads);
    if (f->plan->bootstrap) f->drawn = ARENA_ARRAY(cx->arena, int64_t *, threads);
    if (f->plan->trees == 1 && !f->plan->bootstrap) {
        TRY(grower_new(cx, &f->bins, f->rows->n, true, &f->growers[0]));
        return one_tree(cx, f, 0, 0);
    }
    cx->doing = &doing;
    enum rc_t res = pool_run(cx, f->plan->trees, tree_task, f);
    cx->doing = above;
    return res;
}

static void forest_release(struct ctx *cx, struct forest *f)
{
    for (int i = 0; f->growers && i < pool_threads(cx); i++)
        grower_free(f->growers[i]);
    for (int i = 0; f->drawn && i < pool_threads(cx); i++)
        mem_big_free(f->drawn[i]);
    mem_big_free(f->target.gh);
    mem_big_free(f->cls);
    tree_bins_release(&f->bins);
}

static enum rc_t forest_grow(struct ctx *cx, struct forest *f)
{
    bool want_rows = f->plan->trees == 1 && f->rows->n_classes <= 2;
    TRY(forest_target(cx, f));
    TRY(tree_bins_make(cx, cx->arena, f->rows, f->plan->max_bins, want_rows, &f->bins));
    return grow_all(cx, f);
}

static void describe(struct model *m)
{
    const struct tree_model *t = m->body;
    double leaves = 0;
    int depth = 0;
    for (int i = 0; i < t->n_trees; i++) {
        int d = tree_depth(&t->trees[i]);
        leaves += tree_leaves(&t->trees[i]);
        depth = d > depth ? d : depth;
    }
    model_add_stat(m, "depth", depth, false);
    model_add_stat(m, "leaves", t->n_trees ? leaves / t->n_trees : 0, false);
}

enum rc_t forest_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                     const struct forest_plan *plan, struct model *m)
{
    struct forest f = {.rows = r, .plan = plan, .m = m};
    struct tree_model *body = ARENA_NEW(m->arena, struct tree_model);
    TRY(tree_check(cx, spec, r, m, false));
    f.body = m->body = body;
    body->n_out = r->n_classes > 2 ? r->n_classes : 1;
    body->link = r->n_classes > 2 ? TREE_SHARES : TREE_IDENTITY;
    body->averages = true;
    body->trees = ARENA_ARRAY(m->arena, struct tree, plan->trees);
    body->base = ARENA_ARRAY(m->arena, double, body->n_out);
    enum rc_t res = forest_grow(cx, &f);
    if (res != RC_OK && cx->err->span.to == 0) cx->err->span = spec->span;
    body->base[0] = r->n_classes > 2 ? 0 : f.centre;
    for (int i = 0; i < plan->trees; i++)
        if (res == RC_OK)
            tree_keep(m->arena, &body->trees[i], r->n_classes);
        else
            tree_release(&body->trees[i]);
    body->n_trees = body->best_round = plan->trees;
    forest_release(cx, &f);
    TRY(res);
    m->report.iterations = plan->trees;
    m->report.converged = true;
    tree_flatten(m);
    describe(m);
    return tree_training_stats(cx, r, m, NULL);
}
