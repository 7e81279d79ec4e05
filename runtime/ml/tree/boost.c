/* boost.c: gradient boosting. Minimises sum w loss(y, base + sum of trees) + per tree gamma leaves
 * + l2/2 |v|^2 + l1 |v| of its leaf values (Friedman 2001; Chen, Guestrin 2016): each round a tree
 * (of softmax one a class) on the derivatives at the sums so far, its step times `rate`. */
#include "runtime/ml/tree/boost_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"
#include "runtime/base/rng.h"

#include <math.h>

struct boost {
    const struct rows *rows;
    const struct boost_plan *plan;
    struct model *m;
    struct tree_model *body;
    struct tree_bins bins;
    struct grower *grower;
    struct tree_target target;
    int k;             /* outputs */
    double *sum;       /* [n, k] */
    double *log_sum;   /* [n] softmax */
    double *valid_sum; /* [n_valid, k] */
    double *valid_log; /* [n_valid] */
    uint32_t *rest;    /* [n] rows not in the sample */
    int64_t n_rest;
    double *residual, *residual_w; /* [n] absolute, huber */
    double best;
    int best_round, round;
};

/* ---- memory ---- */
static enum rc_t numbers(struct ctx *cx, int64_t n, int k, double **out)
{
    void *p = NULL;
    TRY(mem_big(cx, mem_mul(sizeof(double), mem_mul((size_t)n, (size_t)k)) + 1, &p));
    *out = p;
    return RC_OK;
}

static void start_sums(const struct rows *r, const double *base, int k, double *sum)
{
    for (int64_t i = 0; i < r->n; i++)
        for (int c = 0; c < k; c++)
            sum[i * k + c] = base[c] + (r->offset ? r->offset[i] : 0);
}

static enum rc_t boost_memory(struct ctx *cx, struct boost *b)
{
    const struct rows *r = b->rows;
    void *p = NULL;
    enum tree_loss l = b->plan->loss;
    TRY(numbers(cx, r->n, b->k, &b->sum));
    TRY(mem_big(cx, sizeof(int64_t) * (size_t)r->n + 64, &p));
    b->target.gh = p;
    if (l == LOSS_SOFTMAX) TRY(numbers(cx, r->n, 1, &b->log_sum));
    if (l == LOSS_ABSOLUTE || l == LOSS_HUBER) TRY(numbers(cx, r->n, 1, &b->residual));
    if (l == LOSS_ABSOLUTE && r->w) TRY(numbers(cx, r->n, 1, &b->residual_w));
    if (b->plan->subsample < 1) {
        TRY(mem_big(cx, sizeof(uint32_t) * (size_t)r->n + 1, &p));
        b->rest = p;
    }
    if (!r->valid) return RC_OK;
    TRY(numbers(cx, r->valid->n, b->k, &b->valid_sum));
    return l == LOSS_SOFTMAX ? numbers(cx, r->valid->n, 1, &b->valid_log) : RC_OK;
}

static void boost_release(struct boost *b)
{
    mem_big_free(b->sum);
    mem_big_free(b->target.gh);
    mem_big_free(b->log_sum);
    mem_big_free(b->residual);
    mem_big_free(b->residual_w);
    mem_big_free(b->rest);
    mem_big_free(b->valid_sum);
    mem_big_free(b->valid_log);
    tree_bins_release(&b->bins);
    grower_free(b->grower);
}

/* ---- loss of a set of rows ---- */
struct loss_run {
    struct loss_job job;
    int64_t n;
    double *part; /* [tasks] */
};
#define LOSS_ROWS (16 * LOSS_BLOCK)

static enum rc_t loss_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    struct loss_run *l = arg;
    float g[LOSS_BLOCK], h[LOSS_BLOCK];
    int64_t from = task * LOSS_ROWS, to = from + LOSS_ROWS < l->n ? from + LOSS_ROWS : l->n;
    for (int64_t at = from; at < to; at += LOSS_BLOCK)
        l->part[task] +=
            loss_block(&l->job, at, (int)(to - at < LOSS_BLOCK ? to - at : LOSS_BLOCK), g, h);
    return RC_OK;
}

/* Mean loss of rows; of softmax the outputs' losses add up. */
static enum rc_t mean_loss(struct ctx *cx, const struct boost *b, const struct rows *r,
                           const double *sum, double *log_sum, double delta, double *out)
{
    int64_t tasks = (r->n + LOSS_ROWS - 1) / LOSS_ROWS;
    struct loss_run run = {.n = r->n};
    double total = 0;
    run.job = (struct loss_job){.loss = b->plan->loss,
                                .y = r->y,
                                .w = r->w,
                                .sum = sum,
                                .log_sum = log_sum,
                                .k = b->k,
                                .delta = delta};
    if (log_sum) loss_log_sum(sum, b->k, r->n, log_sum);
    double *part = NULL;
    TRY(numbers(cx, tasks, 1, &part));
    run.part = part;
    enum rc_t res = RC_OK;
    for (int c = 0; res == RC_OK && c < (b->plan->loss == LOSS_SOFTMAX ? b->k : 1); c++) {
        memset(part, 0, sizeof *part * (size_t)tasks);
        run.job.out = c;
        res = pool_run(cx, tasks, loss_task, &run);
        for (int64_t i = 0; i < tasks; i++)
            total += part[i];
    }
    mem_big_free(part);
    *out = total / r->w_sum;
    return res;
}

/* ---- which rows ---- */
static int64_t draw_rows(struct boost *b, uint32_t *rows)
{
    int64_t n = 0;
    double share = b->plan->subsample;
    b->n_rest = 0;
    for (int64_t i = 0; i < b->rows->n; i++)
        if (share >= 1 ||
            rng_unit(b->m->seed, ((uint64_t)7 << 56) + (uint64_t)b->round, (uint64_t)i) < share)
            rows[n++] = (uint32_t)i;
        else
            b->rest[b->n_rest++] = (uint32_t)i;
    return n;
}

/* ---- a tree's steps into the sums ---- */
struct step_job {
    struct boost *b;
    struct tree *t;
    int out;
    const int *leaves;
};

static enum rc_t step_leaf(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    const struct step_job *j = arg;
    const struct tree_node *n = &j->t->nodes[j->leaves[task]];
    const uint32_t *rows = grower_node_rows(j->b->grower, n);
    double *sum = j->b->sum + j->out, v = n->value;
    size_t k = (size_t)j->b->k;
    for (int64_t i = 0; i < n->n; i++)
        sum[rows[i] * k] += v;
    return RC_OK;
}

struct walk_job {
    const struct tree *t;
    const struct rows *rows;
    const uint32_t *list; /* or NULL: all */
    int64_t n;
    double *sum;
    int k, out;
};
#define WALK_ROWS 8192

static enum rc_t walk_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    const struct walk_job *j = arg;
    int64_t from = task * WALK_ROWS, to = from + WALK_ROWS < j->n ? from + WALK_ROWS : j->n;
    for (int64_t i = from; i < to; i++) {
        int64_t row = j->list ? j->list[i] : i;
        int leaf = tree_leaf_of(j->t, &j->rows->in, row);
        j->sum[row * j->k + j->out] += j->t->nodes[leaf].value;
    }
    return RC_OK;
}

static enum rc_t add_tree(struct ctx *cx, struct boost *b, struct tree *t, int out)
{
    int n = 0, *leaves = mem_alloc(sizeof(int) * (size_t)t->n_nodes);
    for (int i = 0; i < t->n_nodes; i++)
        if (t->nodes[i].left < 0) leaves[n++] = i;
    struct step_job j = {.b = b, .t = t, .out = out, .leaves = leaves};
    enum rc_t res = pool_run(cx, n, step_leaf, &j);
    mem_free(leaves);
    TRY(res);
    struct walk_job w = {.t = t,
                         .rows = b->rows,
                         .list = b->rest,
                         .n = b->n_rest,
                         .sum = b->sum,
                         .k = b->k,
                         .out = out};
    if (b->n_rest > 0) TRY(pool_run(cx, (w.n + WALK_ROWS - 1) / WALK_ROWS, walk_task, &w));
    if (!b->rows->valid) return RC_OK;
    w.rows = b->rows->valid;
    w.list = NULL;
    w.n = w.rows->n;
    w.sum = b->valid_sum;
    return pool_run(cx, (w.n + WALK_ROWS - 1) / WALK_ROWS, walk_task, &w);
}

/* Absolute loss: a leaf's step is the median of what is left over (Friedman 2001, algorithm 3). */
static enum rc_t median_leaves(struct ctx *cx, struct boost *b, struct tree *t)
{
    for (int i = 0; i < t->n_nodes; i++) {
        struct tree_node *n = &t->nodes[i];
        if (n->left >= 0) continue;
        const uint32_t *rows = grower_node_rows(b->grower, n);
        for (int64_t k = 0; k < n->n; k++) {
            b->residual[k] = b->rows->y[rows[k]] - b->sum[rows[k]];
            if (b->residual_w) b->residual_w[k] = b->rows->w[rows[k]];
        }
        TRY(loss_quantile(cx, b->residual, b->residual_w, n->n, 0.5, &n->value));
    }
    return RC_OK;
}

static enum rc_t huber_delta(struct ctx *cx, struct boost *b, double *out)
{
    for (int64_t i = 0; i < b->rows->n; i++)
        b->residual[i] = fabs(b->rows->y[i] - b->sum[i]);
    TRY(loss_quantile(cx, b->residual, NULL, b->rows->n, b->plan->huber, out));
    if (!(*out > 0)) *out = 1e-9;
    return RC_OK;
}

/* ---- rounds ---- */
static enum rc_t one_tree(struct ctx *cx, struct boost *b, int out, double delta, double *loss)
{
    const struct rows *r = b->rows;
    struct tree *t = &b->body->trees[b->round * b->k + out];
    struct tree_rules rules = b->plan->rules;
    struct loss_job j = {.loss = b->plan->loss,
                         .y = r->y,
                         .w = r->w,
                         .sum = b->sum,
                         .log_sum = b->log_sum,
                         .k = b->k,
                         .out = out,
                         .delta = delta};
    double part;
    TRY(pack_gradients(cx, &j, r->n, &b->target, &part));
    *loss += part / r->w_sum;
    rules.seed = b->m->seed;
    rules.stream = (uint64_t)(b->round * b->k + out);
    int64_t n = draw_rows(b, grower_rows(b->grower));
    TRY(grower_grow(cx, b->grower, &b->target, &rules, n, t));
    if (b->plan->loss == LOSS_ABSOLUTE) TRY(median_leaves(cx, b, t));
    for (int i = 0; i < t->n_nodes; i++)
        t->nodes[i].value *= b->plan->rate;
    return add_tree(cx, b, t, out);
}

/* All trees of a round see the sums of its start: softmax keeps their log of sums. */
static enum rc_t one_round(struct ctx *cx, struct boost *b)
{
    double delta = 0, loss = 0;
    struct tree_round *line = &b->body->rounds[b->round];
    if (b->log_sum) loss_log_sum(b->sum, b->k, b->rows->n, b->log_sum);
    if (b->plan->loss == LOSS_HUBER) TRY(huber_delta(cx, b, &delta));
    for (int c = 0; c < b->k; c++)
        TRY(one_tree(cx, b, c, delta, &loss));
    if (b->round > 0) b->body->rounds[b->round - 1].train = loss; /* before this round's trees */
    line->train = line->valid = NAN;
    if (!b->rows->valid) return RC_OK;
    TRY(mean_loss(cx, b, b->rows->valid, b->valid_sum, b->valid_log, delta, &line->valid));
    if (line->valid < b->best || b->round == 0) {
        b->best = line->valid;
        b->best_round = b->round + 1;
    }
    return RC_OK;
}

static enum rc_t rounds(struct ctx *cx, struct boost *b)
{
    struct doing doing = pool_doing("boosting, rounds"), *above = cx->doing;
    const struct boost_plan *p = b->plan;
    double delta = 0;
    cx->doing = NULL; /* the pool's own tasks are not what is told */
    enum rc_t res = RC_OK;
    while (res == RC_OK && b->round < p->rounds) {
        res = check_cancel(cx);
        if (res == RC_OK) res = one_round(cx, b);
        b->round++;
        cx->doing = &doing;
        pool_tell(cx, b->round, p->rounds);
        cx->doing = NULL;
        if (b->rows->valid && p->patience > 0 && b->round - b->best_round >= p->patience) break;
    }
    cx->doing = above;
    TRY(res);
    b->body->n_rounds = b->round;
    b->body->best_round = b->rows->valid ? b->best_round : b->round;
    if (b->round == 0) return RC_OK;
    if (p->loss == LOSS_HUBER) TRY(huber_delta(cx, b, &delta));
    return mean_loss(cx, b, b->rows, b->sum, b->log_sum, delta,
                     &b->body->rounds[b->round - 1].train);
}

/* ---- the whole ---- */
static enum rc_t boost_start(struct ctx *cx, struct boost *b)
{
    struct tree_model *body = b->body;
    const struct boost_plan *p = b->plan;
    TRY(boost_memory(cx, b));
    body->base = ARENA_ARRAY(b->m->arena, double, b->k);
    if (isnan(p->base)) TRY(loss_base(cx, p->loss, b->rows, b->k, body->base));
    for (int c = 0; c < b->k && !isnan(p->base); c++)
        body->base[c] = p->base;
    start_sums(b->rows, body->base, b->k, b->sum);
    if (b->rows->valid) start_sums(b->rows->valid, body->base, b->k, b->valid_sum);
    TRY(tree_bins_make(cx, cx->arena, b->rows, p->max_bins, true, &b->bins));
    return grower_new(cx, &b->bins, b->rows->n, true, &b->grower);
}

static void keep_trees(struct boost *b, bool is_done)
{
    struct tree_model *body = b->body;
    int n = b->round * b->k, keep = body->best_round * b->k;
    for (int i = 0; i < n + b->k && i < b->plan->rounds * b->k; i++)
        if (is_done && i < keep)
            tree_keep(b->m->arena, &body->trees[i], 0);
        else
            tree_release(&body->trees[i]);
    body->n_trees = is_done ? keep : 0;
}

/* Rows whose positive ones weigh more. */
static enum rc_t weigh_positive(struct ctx *cx, const struct boost *b, struct rows *r)
{
    double *w = NULL;
    TRY(numbers(cx, r->n, 1, &w));
    arena_on_free(cx->arena, mem_big_free, w);
    r->w_sum = 0;
    for (int64_t i = 0; i < r->n; i++) {
        w[i] = (r->w ? r->w[i] : 1) * (r->y[i] > 0.5 ? b->plan->positive_weight : 1);
        r->w_sum += w[i];
    }
    r->w = w;
    return RC_OK;
}

enum rc_t boost_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                    const struct boost_plan *plan, struct model *m)
{
    struct rows own = *r;
    struct boost b = {.rows = &own, .plan = plan, .m = m};
    struct tree_model *body = ARENA_NEW(m->arena, struct tree_model);
    double more = plan->positive_weight;
    TRY(tree_check(cx, spec, r, m, true));
    if (more > 0 && more != 1 && r->n_classes == 2) TRY(weigh_positive(cx, &b, &own));
    if (r->n > UINT32_MAX - 1)
        return fail(cx, E902, spec->span, "%s takes at most 4 billion rows", m->family->name);
    b.k = plan->loss == LOSS_SOFTMAX ? r->n_classes : 1;
    b.body = m->body = body;
    body->n_out = b.k;
    body->loss = loss_name(plan->loss);
    body->link = plan->loss == LOSS_LOGISTIC  ? TREE_LOGISTIC
                 : plan->loss == LOSS_SOFTMAX ? TREE_SOFTMAX
                 : plan->loss == LOSS_POISSON ? TREE_EXP
                                              : TREE_IDENTITY;
    body->trees = ARENA_ARRAY(m->arena, struct tree, mem_mul((size_t)plan->rounds, (size_t)b.k));
    body->rounds = ARENA_ARRAY(m->arena, struct tree_round, plan->rounds);
    enum rc_t res = RC_ERR;
    TRY_OUT(boost_start(cx, &b));
    TRY_OUT(rounds(cx, &b));
    m->report.iterations = body->best_round;
    m->report.converged = !r->valid || b.round < plan->rounds;
    m->report.loss = body->best_round ? body->rounds[body->best_round - 1].train : 0;
    res = RC_OK;
out:
    keep_trees(&b, res == RC_OK);
    if (res == RC_OK) {
        tree_flatten(m);
        if (r->valid) model_add_stat(m, "valid_loss", b.best, false);
        res = tree_training_stats(cx, r, m, body->best_round == b.round ? b.sum : NULL);
    }
    boost_release(&b);
    return res;
}
