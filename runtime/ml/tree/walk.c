/* walk.c: from values to leaves. Scoring turns a few rows at a time to row-major and walks eight
 * rows down a tree side by side: the loads of one wait while the others go on. Leaves point at
 * themselves, so all take as many steps as the tree is deep. */
#include "runtime/ml/tree/boost_int.h"

#include <math.h>

#define SIDE_BY_SIDE 8
#define BLOCK_VALUES 4096 /* of a block of rows: 32 KB */
#define BLOCK_ROWS   128

struct flat_node {
    double cut;       /* number: value > cut goes right; category: first word of its set */
    uint32_t feature; /* low bits: of the encoder */
    int32_t left;     /* among all nodes of the model; a leaf's own */
};
#define FLAT_CAT     ((uint32_t)1 << 31)
#define FLAT_LEFT    ((uint32_t)1 << 30) /* null goes left */
#define FLAT_FEATURE (FLAT_LEFT - 1)

struct tree_flat {
    struct flat_node *nodes;
    double *value; /* [nodes, width] */
    int width;     /* values a leaf: 1, or the classes */
    uint64_t *sets;
    int *root, *depth; /* [n_trees] */
    bool *has_cat;     /* [n_trees] */
    int n_features;
};

/* ---- one row, from columns ---- */
static bool goes_left(const struct tree *t, const struct tree_node *n, const struct enc_input *in,
                      int64_t row)
{
    if (n->set >= 0) {
        int32_t code = in->code[n->feature][row];
        if (code < 0) return n->missing_left;
        return t->sets[n->set + code / 64] >> (code % 64) & 1;
    }
    double x = in->num[n->feature][row];
    return isnan(x) ? n->missing_left : x <= n->cut;
}

int tree_leaf_of(const struct tree *t, const struct enc_input *in, int64_t row)
{
    int at = 0;
    while (t->nodes[at].left >= 0)
        at = t->nodes[at].left + !goes_left(t, &t->nodes[at], in, row);
    return at;
}

/* ---- shapes ---- */
int tree_depth(const struct tree *t)
{
    int deepest = 0, *depth = mem_zero(sizeof(int) * (size_t)t->n_nodes);
    for (int i = 0; i < t->n_nodes; i++) {
        int left = t->nodes[i].left;
        if (depth[i] > deepest) deepest = depth[i];
        if (left >= 0) depth[left] = depth[left + 1] = depth[i] + 1;
    }
    mem_free(depth);
    return deepest;
}

int tree_leaves(const struct tree *t)
{
    return (t->n_nodes + 1) / 2;
}

void tree_keep(struct arena *a, struct tree *t, int n_classes)
{
    struct tree kept = *t;
    kept.nodes = arena_copy(a, t->nodes, sizeof *t->nodes * (size_t)t->n_nodes);
    kept.sets = t->n_sets ? arena_copy(a, t->sets, sizeof *t->sets * (size_t)t->n_sets) : NULL;
    size_t n_shares = mem_mul((size_t)t->n_nodes, (size_t)n_classes);
    if (t->shares) kept.shares = arena_copy(a, t->shares, sizeof(double) * n_shares);
    kept.cap = kept.cap_sets = 0;
    tree_release(t);
    *t = kept;
}

/* ---- the layout for scoring ---- */
static void flatten_tree(struct tree_flat *f, const struct tree *t, int id, int first, int set)
{
    f->root[id] = first;
    f->depth[id] = tree_depth(t);
    for (int i = 0; i < t->n_nodes; i++) {
        const struct tree_node *n = &t->nodes[i];
        struct flat_node *o = &f->nodes[first + i];
        *o = (struct flat_node){.cut = INFINITY, .left = first + i};
        if (n->left < 0) continue;
        o->left = first + n->left;
        o->feature = (uint32_t)n->feature | (n->missing_left ? FLAT_LEFT : 0);
        o->cut = n->cut;
        if (n->set < 0) continue;
        o->feature |= FLAT_CAT;
        o->cut = (double)(set + n->set);
        f->has_cat[id] = true;
    }
}

void tree_flatten(struct model *m)
{
    struct tree_model *t = m->body;
    struct tree_flat *f = ARENA_NEW(m->arena, struct tree_flat);
    int64_t n = 0, sets = 0;
    for (int i = 0; i < t->n_trees; i++) {
        n += t->trees[i].n_nodes;
        sets += t->trees[i].n_sets;
    }
    f->width = t->link == TREE_SHARES ? t->n_out : 1;
    f->nodes = ARENA_ARRAY(m->arena, struct flat_node, n + 1);
    f->value = ARENA_ARRAY(m->arena, double, mem_mul((size_t)n, (size_t)f->width) + 1);
    f->sets = ARENA_ARRAY(m->arena, uint64_t, sets + 1);
    f->root = ARENA_ARRAY(m->arena, int, t->n_trees + 1);
    f->depth = ARENA_ARRAY(m->arena, int, t->n_trees + 1);
    f->has_cat = ARENA_ARRAY(m->arena, bool, t->n_trees + 1);
    f->n_features = m->enc.n_features;
    n = sets = 0;
    for (int i = 0; i < t->n_trees; i++) {
        const struct tree *one = &t->trees[i];
        flatten_tree(f, one, i, (int)n, (int)sets);
        for (int k = 0; k < one->n_nodes; k++)
            for (int c = 0; c < f->width; c++)
                f->value[((size_t)n + (size_t)k) * (size_t)f->width + (size_t)c] =
                    one->shares ? one->shares[k * f->width + c] : one->nodes[k].value;
        if (one->n_sets) memcpy(f->sets + sets, one->sets, sizeof *f->sets * (size_t)one->n_sets);
        n += one->n_nodes;
        sets += one->n_sets;
    }
    t->flat = f;
}

/* ---- blocks of rows ---- */
struct walk_block {
    int n;
    const double *x; /* [n, n_features] row-major; NaN = null or unseen */
    bool has_null;
    int32_t leaf[BLOCK_ROWS];
};

/* Values to rows; gives whether any is null. */
static bool turn(const struct model *m, const struct enc_input *in, int64_t at, int n, double *x)
{
    const struct tree_model *t = m->body;
    const struct encoder *e = &m->enc;
    int stride = e->n_features;
    bool has_null = false;
    for (int f = 0; f < stride; f++) {
        const double *num = in->num[f];
        const int32_t *code = in->code ? in->code[f] : NULL;
        int top = e->features[f].n_levels + e->features[f].has_other;
        double *out = x + f;
        if (e->features[f].kind == ENC_NUMBER && t->is_float) {
            for (int i = 0; i < n; i++)
                out[(size_t)i * (size_t)stride] = (double)(float)num[at + i];
        } else if (e->features[f].kind == ENC_NUMBER) {
            for (int i = 0; i < n; i++)
                out[(size_t)i * (size_t)stride] = num[at + i];
        } else {
            for (int i = 0; i < n; i++) {
                int32_t c = code[at + i];
                out[(size_t)i * (size_t)stride] = c >= 0 && c < top ? (double)c : (double)NAN;
            }
        }
    }
    for (int i = 0; i < n * stride; i++)
        has_null |= isnan(x[i]);
    return has_null;
}

/* Eight rows down a tree of numbers without null: no branch depends on a value. */
static inline void walk_eight(const struct flat_node *nodes, int root, int depth, const double *x,
                              size_t stride, int32_t *leaf)
{
    int32_t at[SIDE_BY_SIDE];
    for (int i = 0; i < SIDE_BY_SIDE; i++)
        at[i] = root;
    for (int d = 0; d < depth; d++)
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            const struct flat_node *n = &nodes[at[i]];
            at[i] = n->left + (x[(size_t)i * stride + (n->feature & FLAT_FEATURE)] > n->cut);
        }
    for (int i = 0; i < SIDE_BY_SIDE; i++)
        leaf[i] = at[i];
}

static int32_t walk_one(const struct tree_flat *f, int root, const double *x)
{
    int32_t at = root;
    for (;;) {
        const struct flat_node *n = &f->nodes[at];
        if (n->left == at) return at;
        double v = x[n->feature & FLAT_FEATURE];
        bool left;
        if (isnan(v))
            left = n->feature & FLAT_LEFT;
        else if (n->feature & FLAT_CAT)
            left = f->sets[(int)n->cut + (int)v / 64] >> ((int)v % 64) & 1;
        else
            left = v <= n->cut;
        at = n->left + !left;
    }
}

static void walk_tree(const struct tree_flat *f, int id, struct walk_block *b)
{
    size_t stride = (size_t)f->n_features;
    int i = 0;
    if (!b->has_null && !f->has_cat[id])
        for (; i + SIDE_BY_SIDE <= b->n; i += SIDE_BY_SIDE)
            walk_eight(f->nodes, f->root[id], f->depth[id], b->x + (size_t)i * stride, stride,
                       b->leaf + i);
    for (; i < b->n; i++)
        b->leaf[i] = walk_one(f, f->root[id], b->x + (size_t)i * stride);
}

/* ---- sums to scores ---- */
static double logistic(double x)
{
    double e = loss_exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

void tree_link_row(const struct tree_model *t, double *s)
{
    double top = s[0], total = 0;
    switch (t->link) {
    case TREE_IDENTITY: return;
    case TREE_SHARES: return;
    case TREE_LOGISTIC: s[0] = logistic(s[0]); return;
    case TREE_EXP: s[0] = loss_exp(s[0]); return;
    case TREE_SOFTMAX: break;
    }
    for (int c = 1; c < t->n_out; c++)
        if (s[c] > top) top = s[c];
    for (int c = 0; c < t->n_out; c++)
        total += s[c] = loss_exp(s[c] - top);
    for (int c = 0; c < t->n_out; c++)
        s[c] /= total;
}

static void start_rows(const struct model *m, const struct enc_input *in, int64_t at, int n,
                       double *out)
{
    const struct tree_model *t = m->body;
    const struct encoder *e = &m->enc;
    for (int i = 0; i < n; i++)
        for (int c = 0; c < t->n_out; c++)
            out[i * t->n_out + c] = t->averages ? 0 : t->base[c];
    for (int k = 0; k < e->n_terms; k++)
        for (int i = 0; e->terms[k].is_offset && i < n; i++)
            for (int c = 0; c < t->n_out; c++)
                out[i * t->n_out + c] += in->num[e->terms[k].features[0]][at + i];
}

static void add_block(const struct tree_model *t, struct walk_block *b, double *out)
{
    const struct tree_flat *f = t->flat;
    for (int id = 0; id < t->n_trees; id++) {
        walk_tree(f, id, b);
        if (f->width > 1) {
            for (int i = 0; i < b->n; i++)
                for (int c = 0; c < f->width; c++)
                    out[i * f->width + c] +=
                        f->value[(size_t)b->leaf[i] * (size_t)f->width + (size_t)c];
        } else {
            int c = t->n_out > 1 ? id % t->n_out : 0;
            for (int i = 0; i < b->n; i++)
                out[i * t->n_out + c] += f->value[b->leaf[i]];
        }
    }
}

static void finish_rows(const struct tree_model *t, int n, double *out)
{
    for (int i = 0; i < n; i++) {
        double *s = out + (size_t)i * (size_t)t->n_out;
        for (int c = 0; t->averages && c < t->n_out; c++)
            s[c] = t->n_trees ? s[c] / t->n_trees + t->base[c] : t->base[c];
        tree_link_row(t, s);
    }
}

void tree_score_rows(const struct model *m, const struct enc_input *in, int64_t at, int n,
                     double *out)
{
    const struct tree_model *t = m->body;
    double some[BLOCK_VALUES], *x = some;
    int p = m->enc.n_features > 0 ? m->enc.n_features : 1, step = BLOCK_VALUES / p;
    if (step < SIDE_BY_SIDE) {
        step = SIDE_BY_SIDE;
        x = mem_alloc(sizeof *x * (size_t)p * SIDE_BY_SIDE);
    }
    if (step > BLOCK_ROWS) step = BLOCK_ROWS;
    for (int k = 0; k < n; k += step) {
        struct walk_block b = {.n = n - k < step ? n - k : step, .x = x};
        double *o = out + (size_t)k * (size_t)t->n_out;
        b.has_null = turn(m, in, at + k, b.n, x);
        start_rows(m, in, at + k, b.n, o);
        add_block(t, &b, o);
        finish_rows(t, b.n, o);
    }
    if (x != some) mem_free(x);
}
