/* grow.c: one tree. While few leaves are open all threads work on a node at a time; then each open
 * leaf is a task of its own, grown depth first. Histograms are sums of whole numbers and nodes are
 * numbered level by level at the end, so the tree does not show how it was shared out. With a limit
 * of leaves the leaf that gains most is split next. */
#include "runtime/ml/tree/grow_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

#include <math.h>

/* ---- life ---- */
enum rc_t grower_new(struct ctx *cx, const struct tree_bins *b, int64_t max_rows, bool parallel,
                     struct grower **out)
{
    struct grower *g = mem_zero(sizeof *g);
    enum rc_t res = RC_ERR;
    void *p = NULL;
    g->bins = b;
    g->is_parallel = parallel;
    g->n_scratch = parallel ? pool_threads(cx) : 1;
    g->scratch = mem_zero(sizeof *g->scratch * (size_t)g->n_scratch);
    g->cols = mem_zero(sizeof(int) * (size_t)(b->n_cols + 1));
    for (int i = 0; i < 2; i++) {
        TRY_OUT(mem_big(cx, sizeof(uint32_t) * (size_t)max_rows + 64, &p));
        g->rows[i] = p;
    }
    for (int i = 0; i < g->n_scratch; i++)
        TRY_OUT(look_scratch(cx, g, &g->scratch[i]));
    *out = g;
    res = RC_OK;
out:
    if (res != RC_OK) grower_free(g);
    return res;
}

void grower_free(struct grower *g)
{
    if (!g) return;
    for (int i = 0; i < 2; i++)
        mem_big_free(g->rows[i]);
    for (int i = 0; i < g->n_scratch; i++)
        look_release(&g->scratch[i]);
    mem_free(g->scratch);
    mem_free(g->cols);
    mem_free(g);
}

uint32_t *grower_rows(struct grower *g)
{
    return g->rows[0];
}

const uint32_t *grower_node_rows(const struct grower *g, const struct tree_node *node)
{
    return g->rows[node->col_side] + node->at;
}

void tree_release(struct tree *t)
{
    mem_free(t->nodes);
    mem_free(t->sets);
    mem_free(t->shares);
    *t = (struct tree){0};
}

/* ---- nodes ---- */
static int add_node(struct tree *t, struct tree_node node)
{
    if (t->n_nodes == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->nodes = mem_realloc(t->nodes, sizeof *t->nodes * (size_t)t->cap);
    }
    t->nodes[t->n_nodes] = node;
    return t->n_nodes++;
}

static int add_words(struct tree *t, const uint64_t *w, int n)
{
    while (t->n_sets + n > t->cap_sets) {
        t->cap_sets = t->cap_sets ? 2 * t->cap_sets : 64;
        t->sets = mem_realloc(t->sets, sizeof *t->sets * (size_t)t->cap_sets);
    }
    memcpy(t->sets + t->n_sets, w, sizeof *w * (size_t)n);
    t->n_sets += n;
    return t->n_sets - n;
}

/* Whether a leaf may be split at all, by what needs no look at the columns. */
static bool may_split(const struct grower *g, const struct tree_node *n)
{
    const struct tree_rules *r = g->rules;
    return (r->depth <= 0 || n->depth < r->depth) && n->n >= 2 && n->n >= 2 * r->min_rows &&
           n->cover >= 2 * r->min_weight && n->depth < 32000;
}

static bool is_worth(const struct grower *g, const struct open_node *o)
{
    const struct tree_rules *r = g->rules;
    if (o->split.col < 0) return false;
    double gain = r->has_min_gain_share ? r->gain_unit * o->split.gain / o->sums.h : o->split.gain;
    return gain >= r->min_gain;
}

static uint64_t mixed(uint64_t x) /* splitmix64's finaliser: paths apart from each other */
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void side_table(const struct tree_column *c, const struct tree_split *s, uint8_t goes[256])
{
    for (int b = 0; b < 256; b++)
        goes[b] = (uint8_t)(s->is_cat ? s->set[b >> 6] >> (b & 63) & 1 : (uint64_t)(b <= s->bin));
    goes[c->n_bins] = s->missing_left;
}

/* The split's facts into the node; null goes with the heavier side when none was seen. */
static void write_split(const struct grower *g, struct tree *t, int id, struct open_node *o)
{
    const struct tree_column *c = &g->bins->cols[o->split.col];
    struct tree_split *s = &o->split;
    int set = s->is_cat ? add_words(t, s->set, 4) : -1;
    struct tree_node *n = &t->nodes[id];
    n->feature = o->split.col; /* the encoder's feature at the end */
    n->cut = s->is_cat ? 0 : s->cut;
    n->gain = s->gain;
    n->set = set;
    if (!c->has_missing && !s->is_cat) s->missing_left = s->left.h > s->right.h;
    n->missing_left = s->missing_left;
}

static void bound_kids(const struct grower *g, const struct open_node *o, struct open_node *kids)
{
    const struct tree_rules *r = g->rules;
    kids[0].bounds = kids[1].bounds = o->bounds;
    if (!r->monotone || r->monotone[o->split.col] == 0 || o->split.is_cat) return;
    double l = tree_leaf_value(r, o->split.left, o->bounds);
    double h = tree_leaf_value(r, o->split.right, o->bounds), mid = (l + h) / 2;
    if (r->monotone[o->split.col] > 0) {
        kids[0].bounds.hi = mid;
        kids[1].bounds.lo = mid;
    } else {
        kids[0].bounds.lo = mid;
        kids[1].bounds.hi = mid;
    }
}

/* Histograms of the kids that may be split: the smaller is summed, the other is the rest. */
static enum rc_t kid_hists(struct ctx *cx, struct grower *g, struct scratch *s,
                           const struct tree *t, struct open_node *o, struct open_node *kids,
                           bool parallel)
{
    const struct tree_node *n[2] = {&t->nodes[kids[0].node], &t->nodes[kids[1].node]};
    int small = n[0]->n <= n[1]->n ? 0 : 1, big = 1 - small;
    if (!may_split(g, n[0]) && !may_split(g, n[1])) {
        look_give_hist(s, &o->hist);
        return RC_OK;
    }
    TRY(look_hist(cx, g, s, n[small], &kids[small], parallel && n[small]->n > BIG_ROWS));
    hist_subtract(&o->hist, &kids[small].hist, g->bins->n_cells, n[big]->n <= g->y->narrow);
    kids[big].hist = o->hist;
    o->hist.cell = NULL;
    return RC_OK;
}

static enum rc_t look_kid(struct ctx *cx, struct grower *g, struct scratch *s, const struct tree *t,
                          struct open_node *kid)
{
    const struct tree_node *n = &t->nodes[kid->node];
    kid->split.col = -1;
    if (may_split(g, n))
        TRY(look_split(cx, g, s, n, kid, g->is_parallel && s == g->scratch && n->n > BIG_ROWS));
    if (!is_worth(g, kid)) {
        kid->split.col = -1;
        look_give_hist(s, &kid->hist);
    }
    return RC_OK;
}

/* Splits an open leaf: kids [2], looked at. */
static enum rc_t expand(struct ctx *cx, struct grower *g, struct scratch *s, struct tree *t,
                        struct open_node *o, struct open_node *kids, bool parallel)
{
    uint8_t goes[256], side;
    int64_t n_left;
    int id = o->node, col = o->split.col;
    bool is_big = parallel && t->nodes[id].n > BIG_ROWS;
    write_split(g, t, id, o);
    side_table(&g->bins->cols[col], &o->split, goes);
    TRY(part_rows(cx, g, &t->nodes[id], col, goes, is_big, &n_left, &side));
    struct tree_node up = t->nodes[id];
    memset(kids, 0, 2 * sizeof *kids);
    for (int k = 0; k < 2; k++) {
        struct tree_node n = {.left = -1, .set = -1, .depth = (int16_t)(up.depth + 1)};
        n.at = k == 0 ? up.at : up.at + n_left;
        n.n = k == 0 ? n_left : up.n - n_left;
        n.col_side = side;
        kids[k].sums = k == 0 ? o->split.left : o->split.right;
        kids[k].path = mixed(2 * o->path + 1 + (uint64_t)k);
        kids[k].depth = up.depth + 1;
        n.cover = kids[k].sums.h;
        kids[k].node = add_node(t, n);
    }
    t->nodes[id].left = kids[0].node;
    bound_kids(g, o, kids);
    for (int k = 0; k < 2; k++)
        t->nodes[kids[k].node].value = tree_leaf_value(g->rules, kids[k].sums, kids[k].bounds);
    if (g->is_stored) TRY(kid_hists(cx, g, s, t, o, kids, parallel));
    for (int k = 0; k < 2; k++)
        TRY(look_kid(cx, g, s, t, &kids[k]));
    return RC_OK;
}

/* ---- open leaves ---- */
struct front {
    struct open_node *open;
    int n, cap;
};

static void push(struct front *f, const struct open_node *o)
{
    if (o->split.col < 0) return;
    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 64;
        f->open = mem_realloc(f->open, sizeof *f->open * (size_t)f->cap);
    }
    f->open[f->n++] = *o;
}

static void close_front(struct front *f, struct scratch *s)
{
    for (int i = 0; i < f->n; i++)
        look_give_hist(s, &f->open[i].hist);
    mem_free(f->open);
}

/* Depth first, from the open leaves of f down. */
static enum rc_t grow_down(struct ctx *cx, struct grower *g, struct scratch *s, struct tree *t,
                           struct front *f)
{
    struct open_node kids[2];
    int64_t steps = 0;
    while (f->n > 0) {
        struct open_node o = f->open[--f->n];
        if ((++steps & 63) == 0) TRY(check_cancel(cx));
        enum rc_t res = expand(cx, g, s, t, &o, kids, false);
        look_give_hist(s, &o.hist);
        TRY(res);
        push(f, &kids[1]);
        push(f, &kids[0]);
    }
    return RC_OK;
}

/* The leaf that gains most first, the oldest of equals, until there are enough. */
static enum rc_t grow_best(struct ctx *cx, struct grower *g, struct tree *t, struct front *f)
{
    struct open_node kids[2];
    for (int leaves = 1; f->n > 0 && leaves < g->rules->leaves; leaves++) {
        int best = 0;
        for (int i = 1; i < f->n; i++)
            if (f->open[i].split.gain > f->open[best].split.gain) best = i;
        struct open_node o = f->open[best];
        memmove(f->open + best, f->open + best + 1, sizeof o * (size_t)(f->n - best - 1));
        f->n--;
        TRY(check_cancel(cx));
        enum rc_t res = expand(cx, g, g->scratch, t, &o, kids, g->is_parallel);
        look_give_hist(g->scratch, &o.hist);
        TRY(res);
        push(f, &kids[0]);
        push(f, &kids[1]);
    }
    return RC_OK;
}

/* ---- leaves as tasks ---- */
struct branch {
    struct open_node open;
    struct tree_node node;
    struct tree tree;
};
struct branch_job {
    struct grower *g;
    struct branch *branches; /* largest first */
};

static enum rc_t grow_branch(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct branch_job *j = arg;
    struct branch *b = &j->branches[task];
    struct scratch *s = &j->g->scratch[worker];
    struct grower own = *j->g; /* nothing below uses more threads than this one */
    own.is_parallel = false;
    struct front f = {0};
    struct open_node o = b->open;
    b->open.hist.cell = NULL;
    o.node = add_node(&b->tree, b->node);
    push(&f, &o);
    enum rc_t res = grow_down(cx, &own, s, &b->tree, &f);
    close_front(&f, s);
    return res;
}

static void graft(struct tree *t, const struct branch *b)
{
    int first = t->n_nodes - 1; /* node i > 0 of the branch becomes first + i */
    for (int i = 0; i < b->tree.n_nodes; i++) {
        struct tree_node n = b->tree.nodes[i];
        if (n.left >= 0) n.left += first;
        if (n.set >= 0) n.set = add_words(t, b->tree.sets + n.set, 4);
        if (i == 0)
            t->nodes[b->open.node] = n;
        else
            (void)add_node(t, n);
    }
}

static int larger_first(const void *l, const void *r)
{
    const struct branch *a = l, *b = r;
    if (a->node.n != b->node.n) return a->node.n > b->node.n ? -1 : 1;
    return a->open.node - b->open.node;
}

static enum rc_t grow_branches(struct ctx *cx, struct grower *g, struct tree *t, struct front *f)
{
    struct branch *branches = ARENA_ARRAY(cx->arena, struct branch, f->n + 1);
    struct branch_job j = {.g = g, .branches = branches};
    int n = f->n;
    for (int i = 0; i < n; i++)
        branches[i] = (struct branch){.open = f->open[i], .node = t->nodes[f->open[i].node]};
    qsort(branches, (size_t)n, sizeof *branches, larger_first);
    f->n = 0;
    enum rc_t res = pool_run(cx, n, grow_branch, &j);
    for (int i = 0; i < n; i++) {
        if (res == RC_OK) graft(t, &branches[i]);
        look_give_hist(g->scratch, &branches[i].open.hist);
        tree_release(&branches[i].tree);
    }
    return res;
}

/* All threads on a node at a time until no open leaf is large. */
static enum rc_t grow_top(struct ctx *cx, struct grower *g, struct tree *t, struct front *f,
                          int64_t small)
{
    struct open_node kids[2];
    for (int i = 0; i < f->n;) {
        struct open_node o = f->open[i];
        if (t->nodes[o.node].n <= small) {
            i++;
            continue;
        }
        memmove(f->open + i, f->open + i + 1, sizeof o * (size_t)(f->n - i - 1));
        f->n--;
        TRY(check_cancel(cx));
        enum rc_t res = expand(cx, g, g->scratch, t, &o, kids, true);
        look_give_hist(g->scratch, &o.hist);
        TRY(res);
        push(f, &kids[0]);
        push(f, &kids[1]);
    }
    return RC_OK;
}

/* ---- the end ---- */
/* Level by level; sets of bins become sets of levels, columns features. */
static void number_nodes(const struct grower *g, struct tree *t)
{
    struct tree out = {0};
    int *from = mem_alloc(sizeof(int) * (size_t)t->n_nodes);
    int n = 0;
    from[n++] = 0;
    for (int i = 0; i < n; i++) {
        struct tree_node node = t->nodes[from[i]];
        if (node.left >= 0) {
            const struct tree_column *c = &g->bins->cols[node.feature];
            from[n] = node.left;
            from[n + 1] = node.left + 1;
            node.left = n;
            n += 2;
            node.feature = c->feature;
            if (node.set >= 0) {
                int words = tree_set_words(c->n_levels);
                const uint64_t *bins = t->sets + node.set;
                uint64_t *levels = mem_zero(sizeof *levels * (size_t)(words + 1));
                for (int l = 0; l < c->n_levels; l++)
                    if (bins[c->bin_of[l] >> 6] >> (c->bin_of[l] & 63) & 1)
                        levels[l / 64] |= (uint64_t)1 << (l % 64);
                node.set = add_words(&out, levels, words);
                mem_free(levels);
            }
        } else {
            node.feature = -1;
        }
        (void)add_node(&out, node);
    }
    mem_free(from);
    tree_release(t);
    *t = out;
}

static enum rc_t open_root(struct ctx *cx, struct grower *g, int64_t n, struct tree *t,
                           struct front *f)
{
    struct open_node o = {.bounds = {-INFINITY, INFINITY}, .path = 1};
    struct scratch *s = g->scratch;
    const struct tree_rules *r = g->rules;
    o.sums = hist_total(g->y, g->rows[0], n);
    if (g->y->cls) o.sums = (struct tree_sums){0, 0};
    for (int64_t i = 0; g->y->cls && i < n; i++)
        o.sums.h += (double)g->y->gh[g->rows[0][i]] * g->y->h_unit;
    o.node = add_node(t, (struct tree_node){.left = -1, .set = -1, .n = n, .cover = o.sums.h});
    t->nodes[0].value = tree_leaf_value(r, o.sums, o.bounds);
    bool is_big = g->is_parallel && n > BIG_ROWS;
    if (g->is_stored && may_split(g, &t->nodes[0]))
        TRY(look_hist(cx, g, s, &t->nodes[0], &o, is_big));
    enum rc_t res = look_kid(cx, g, s, t, &o);
    if (res == RC_OK)
        push(f, &o);
    else
        look_give_hist(s, &o.hist);
    return res;
}

static void choose_columns(struct grower *g)
{
    const struct tree_rules *r = g->rules;
    int m = g->bins->n_cols;
    for (int i = 0; i < m; i++)
        g->cols[i] = i;
    g->n_cols = (int)fmax(1, fmin(m, floor(r->col_tree * m + 1e-9)));
    if (m == 0) g->n_cols = 0;
    if (g->n_cols < m) look_pick(r, (uint64_t)5 << 60, g->cols, m, g->n_cols);
    g->level_cols = (int)fmax(1, floor(r->col_level * g->n_cols + 1e-9));
    g->node_cols = (int)fmax(1, floor(r->col_node * g->level_cols + 1e-9));
    g->is_stored = g->bins->by_row && !g->y->cls && 2 * g->node_cols > m;
}

enum rc_t grower_grow(struct ctx *cx, struct grower *g, const struct tree_target *y,
                      const struct tree_rules *rules, int64_t n, struct tree *t)
{
    struct front f = {0};
    enum rc_t res = RC_ERR;
    *t = (struct tree){0};
    g->y = y;
    g->rules = rules;
    choose_columns(g);
    TRY_OUT(open_root(cx, g, n, t, &f));
    if (rules->leaves > 0) {
        TRY_OUT(grow_best(cx, g, t, &f));
    } else if (!g->is_parallel || g->n_scratch == 1) {
        TRY_OUT(grow_down(cx, g, g->scratch, t, &f));
    } else {
        int64_t small = n / (8 * g->n_scratch);
        TRY_OUT(grow_top(cx, g, t, &f, small > 2048 ? small : 2048));
        TRY_OUT(grow_branches(cx, g, t, &f));
    }
    number_nodes(g, t);
    res = RC_OK;
out:
    close_front(&f, g->scratch);
    if (res != RC_OK) tree_release(t);
    return res;
}
