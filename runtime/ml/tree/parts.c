/* parts.c: m.importance, m.trees, m.learning as frames, and the card's bars. */
#include "runtime/ml/tree/tree.h"

#include <math.h>

/* ---- importance ---- */
struct worth {
    int feature;
    double gain, cover;
    int64_t splits;
};

static int worth_cmp(const void *l, const void *r)
{
    const struct worth *a = l, *b = r;
    if (a->gain != b->gain) return a->gain > b->gain ? -1 : 1;
    return a->feature - b->feature;
}

/* Sums over all splits, shares of their totals, the largest gain first. Offsets are left out. */
static int worths(const struct model *m, struct arena *a, struct worth **out)
{
    const struct tree_model *t = m->body;
    const struct encoder *e = &m->enc;
    struct worth *w = ARENA_ARRAY(a, struct worth, e->n_features + 1);
    double gain = 0, cover = 0;
    int n = 0;
    for (int i = 0; i < e->n_features; i++)
        w[i].feature = i;
    for (int i = 0; i < t->n_trees; i++)
        for (int k = 0; k < t->trees[i].n_nodes; k++) {
            const struct tree_node *node = &t->trees[i].nodes[k];
            if (node->left < 0) continue;
            w[node->feature].gain += node->gain;
            w[node->feature].cover += node->cover;
            w[node->feature].splits++;
            gain += node->gain;
            cover += node->cover;
        }
    for (int i = 0; i < e->n_features; i++) {
        bool is_offset = false;
        for (int k = 0; k < e->n_terms; k++)
            is_offset |= e->terms[k].is_offset && e->terms[k].features[0] == i;
        if (is_offset) continue;
        w[n] = w[i];
        w[n].gain = gain > 0 ? w[n].gain / gain : 0;
        w[n].cover = cover > 0 ? w[n].cover / cover : 0;
        n++;
    }
    qsort(w, (size_t)n, sizeof *w, worth_cmp);
    *out = w;
    return n;
}

static void start(struct field *f, struct builder *b, const char *name, enum kind kind)
{
    *f = (struct field){name, DTYPE(kind)};
    builder_init(b, DTYPE(kind), kind_phys(kind));
}

static enum rc_t finish(struct ctx *cx, enum rc_t res, const struct field *f, struct builder *b,
                        int n, struct table **out)
{
    if (res == RC_OK) res = ml_table(cx, f, b, n, out);
    for (int i = 0; i < n; i++)
        builder_release(&b[i]);
    return res;
}

static enum rc_t importance_rows(struct ctx *cx, const struct model *m, struct builder *b)
{
    struct worth *w;
    int n = worths(m, cx->arena, &w);
    for (int i = 0; i < n; i++) {
        TRY(builder_str(cx, &b[0], str_of(m->enc.features[w[i].feature].name)));
        TRY(builder_f64(cx, &b[1], w[i].gain));
        TRY(builder_f64(cx, &b[2], w[i].cover));
        TRY(builder_i64(cx, &b[3], w[i].splits));
    }
    return RC_OK;
}

static enum rc_t importance_table(struct ctx *cx, const struct model *m, struct table **out)
{
    struct field f[4];
    struct builder b[4];
    start(&f[0], &b[0], "feature", KIND_STR);
    start(&f[1], &b[1], "gain", KIND_NUM);
    start(&f[2], &b[2], "cover", KIND_NUM);
    start(&f[3], &b[3], "splits", KIND_INT);
    return finish(cx, importance_rows(cx, m, b), f, b, 4, out);
}

int tree_bars(const struct model *m, struct arena *a, struct card_bar **out, const char **title)
{
    struct worth *w;
    int n = worths(m, a, &w);
    *title = "importance";
    *out = ARENA_ARRAY(a, struct card_bar, n + 1);
    for (int i = 0; i < n; i++)
        (*out)[i] = (struct card_bar){m->enc.features[w[i].feature].name, w[i].gain};
    return n;
}

/* ---- learning ---- */
static enum rc_t learning_rows(struct ctx *cx, const struct model *m, struct builder *b)
{
    const struct tree_model *t = m->body;
    for (int i = 0; i < t->n_rounds; i++) {
        TRY(builder_i64(cx, &b[0], i + 1));
        TRY(builder_f64(cx, &b[1], t->rounds[i].train));
        TRY(builder_f64(cx, &b[2], t->rounds[i].valid));
    }
    return RC_OK;
}

static enum rc_t learning_table(struct ctx *cx, const struct model *m, struct table **out)
{
    struct field f[3];
    struct builder b[3];
    start(&f[0], &b[0], "round", KIND_INT);
    start(&f[1], &b[1], "train", KIND_NUM);
    start(&f[2], &b[2], "valid", KIND_NUM);
    return finish(cx, learning_rows(cx, m, b), f, b, 3, out);
}

/* ---- the trees ---- */
static void level_list(struct strbuf *out, const struct model *m, const struct tree *t,
                       const struct tree_node *n)
{
    const struct enc_feature *f = &m->enc.features[n->feature];
    int shown = 0;
    for (int i = 0; i < f->n_levels; i++) {
        if (!(t->sets[n->set + i / 64] >> (i % 64) & 1)) continue;
        if (shown++ < 8) strbuf_printf(out, "%s%s", shown > 1 ? ", " : "", f->levels[i].text);
    }
    if (shown > 8) strbuf_printf(out, " and %d more", shown - 8);
}

static int top_class(const struct model *m, const struct tree *t, int i)
{
    int k = model_n_classes(m), top = 0;
    for (int c = 1; c < k; c++)
        if (t->shares[i * k + c] > t->shares[i * k + top]) top = c;
    return top;
}

/* Of more than two classes the largest share; of two in a forest that of the positive class. */
static double node_value(const struct model *m, const struct tree *t, int i)
{
    if (t->shares) return t->shares[i * model_n_classes(m) + top_class(m, t, i)];
    const struct tree_model *body = m->body;
    return t->nodes[i].value + (body->averages ? body->base[0] : 0);
}

/* "fare <= 12.5", "part in [a, b]", "= 0.25" of a leaf; indented by its depth. */
static void rule_text(struct strbuf *out, const struct model *m, const struct tree *t, int i,
                      int depth)
{
    const struct tree_node *n = &t->nodes[i];
    strbuf_fill(out, ' ', 2 * (size_t)(depth < 40 ? depth : 40));
    if (n->left < 0 && t->shares) {
        int top = top_class(m, t, i);
        strbuf_printf(out, "= %s (%.4g)", m->target.classes.levels[top].text, node_value(m, t, i));
        return;
    }
    if (n->left < 0) {
        strbuf_printf(out, "= %.6g", node_value(m, t, i));
        return;
    }
    const char *name = m->enc.features[n->feature].name;
    if (n->set < 0 && n->cut > 1.7e308) {
        strbuf_printf(out, "%s is not null", name);
    } else if (n->set < 0) {
        strbuf_printf(out, "%s <= %.6g", name, n->cut);
    } else {
        strbuf_printf(out, "%s in [", name);
        level_list(out, m, t, n);
        strbuf_addc(out, ']');
    }
    if (n->missing_left) strbuf_addz(out, " or null");
}

enum {
    T_TREE,
    T_NODE,
    T_DEPTH,
    T_RULE,
    T_FEATURE,
    T_CUT,
    T_LEFT,
    T_RIGHT,
    T_GAIN,
    T_COVER,
    T_N,
    T_VALUE,
    T_COUNT
};

static enum rc_t node_row(struct ctx *cx, const struct model *m, int id, int i, int depth,
                          struct builder *b)
{
    const struct tree *t = &((const struct tree_model *)m->body)->trees[id];
    const struct tree_node *n = &t->nodes[i];
    struct strbuf rule = {0};
    rule_text(&rule, m, t, i, depth);
    enum rc_t res = builder_str(cx, &b[T_RULE], strbuf_view(&rule));
    strbuf_release(&rule);
    TRY(res);
    TRY(builder_i64(cx, &b[T_TREE], id + 1));
    TRY(builder_i64(cx, &b[T_NODE], i + 1));
    TRY(builder_i64(cx, &b[T_DEPTH], depth));
    TRY(builder_f64(cx, &b[T_COVER], n->cover));
    TRY(builder_i64(cx, &b[T_N], n->n));
    TRY(builder_f64(cx, &b[T_VALUE], node_value(m, t, i)));
    if (n->left < 0) {
        static const int empty[] = {T_FEATURE, T_CUT, T_LEFT, T_RIGHT, T_GAIN};
        for (size_t k = 0; k < sizeof empty / sizeof *empty; k++)
            TRY(builder_null(cx, &b[empty[k]]));
        return RC_OK;
    }
    TRY(builder_str(cx, &b[T_FEATURE], str_of(m->enc.features[n->feature].name)));
    if (n->set >= 0 || n->cut > 1.7e308)
        TRY(builder_null(cx, &b[T_CUT]));
    else
        TRY(builder_f64(cx, &b[T_CUT], n->cut));
    TRY(builder_i64(cx, &b[T_LEFT], n->left + 1));
    TRY(builder_i64(cx, &b[T_RIGHT], n->left + 2));
    return builder_f64(cx, &b[T_GAIN], n->gain);
}

/* Depth first, as a tree is read. */
static enum rc_t tree_rows(struct ctx *cx, const struct model *m, int id, struct builder *b)
{
    const struct tree *t = &((const struct tree_model *)m->body)->trees[id];
    int *stack = mem_alloc(sizeof(int) * 2 * (size_t)(t->n_nodes + 1)), n = 0;
    enum rc_t res = RC_OK;
    stack[n++] = 0;
    stack[n++] = 0;
    while (n > 0 && res == RC_OK) {
        int depth = stack[--n], i = stack[--n], left = t->nodes[i].left;
        res = node_row(cx, m, id, i, depth, b);
        for (int k = 1; k >= 0 && left >= 0; k--) {
            stack[n++] = left + k;
            stack[n++] = depth + 1;
        }
    }
    mem_free(stack);
    return res;
}

static enum rc_t trees_table(struct ctx *cx, const struct model *m, struct table **out)
{
    static const char *const names[T_COUNT] = {"tree",    "node",  "depth", "rule",
                                               "feature", "cut",   "left",  "right",
                                               "gain",    "cover", "n",     "value"};
    static const enum kind kinds[T_COUNT] = {KIND_INT, KIND_INT, KIND_INT, KIND_STR,
                                             KIND_STR, KIND_NUM, KIND_INT, KIND_INT,
                                             KIND_NUM, KIND_NUM, KIND_INT, KIND_NUM};
    const struct tree_model *t = m->body;
    struct field f[T_COUNT];
    struct builder b[T_COUNT];
    enum rc_t res = RC_OK;
    for (int i = 0; i < T_COUNT; i++)
        start(&f[i], &b[i], names[i], kinds[i]);
    for (int i = 0; res == RC_OK && i < t->n_trees; i++)
        res = tree_rows(cx, m, i, b);
    return finish(cx, res, f, b, T_COUNT, out);
}

#define IMPORTANCE                                                                                 \
    {                                                                                              \
        "importance",                                                                              \
            "gain and cover of each feature's splits as shares of all, and how many splits: the "  \
            "largest "                                                                             \
            "gain first",                                                                          \
            importance_table                                                                       \
    }
#define TREES                                                                                      \
    {                                                                                              \
        "trees", "a row a node, depth first; `rule` is what goes left, of a leaf its value",       \
            trees_table                                                                            \
    }
const struct model_part tree_parts[] = {IMPORTANCE, TREES, {NULL, NULL, NULL}};
const struct model_part boosted_parts[] = {
    IMPORTANCE,
    TREES,
    {"learning", "mean loss of the rows, and of valid: rows, after each round", learning_table},
    {NULL, NULL, NULL}};
