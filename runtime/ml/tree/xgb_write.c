/* xgb_write.c: trees as XGBoost's JSON (format of 2.1, which 1.7 to 3.x read). A row goes left
 * below a cut there, so a cut becomes the float above it; categories listed go right. Where the
 * sums start is added to the first round's leaves when one number cannot say it. */
#include "runtime/ml/tree/xgb_int.h"

#include "runtime/ml/json_int.h"

#include <float.h>
#include <math.h>

struct writer {
    const struct model *m;
    const struct tree_model *body;
    struct json_out o;
};

#define LIST(w, key, n, put)                                                                       \
    do {                                                                                           \
        json_out_key(&(w)->o, key);                                                                \
        json_out_open(&(w)->o, '[');                                                               \
        for (int i = 0; i < (n); i++)                                                              \
            put;                                                                                   \
        json_out_close(&(w)->o, ']');                                                              \
    } while (0)

static void put_text(struct writer *w, const char *key, const char *text)
{
    json_out_key(&w->o, key);
    json_out_str(&w->o, str_of(text));
}

static void put_number_text(struct writer *w, const char *key, double x)
{
    char text[40];
    snprintf(text, sizeof text, "%.9g", x);
    put_text(w, key, text);
}

/* The cut c of "x < c" over floats that sends the same way as x <= cut. */
static double float_cut(double cut)
{
    if (cut >= (double)FLT_MAX) return (double)FLT_MAX;
    if (cut <= -(double)FLT_MAX) return -(double)FLT_MAX;
    float f = (float)cut;
    if ((double)f > cut) f = nextafterf(f, -INFINITY);
    return (double)nextafterf(f, INFINITY);
}

static double leaf_value(const struct writer *w, int tree, double value)
{
    const struct tree_model *b = w->body;
    if (b->averages) value /= b->n_trees;
    if (b->n_out > 1 && tree < b->n_out) value += b->base[tree];
    return value;
}

static int levels_of(const struct writer *w, const struct tree_node *n)
{
    const struct enc_feature *f = &w->m->enc.features[n->feature];
    return f->n_levels + f->has_other;
}

static bool goes_right(const struct tree *t, const struct tree_node *n, int level)
{
    return !(t->sets[n->set + level / 64] >> (level % 64) & 1);
}

/* The four lists of a tree's categories. */
static void put_categories(struct writer *w, const struct tree *t)
{
    struct json_out *o = &w->o;
    for (int what = 0; what < 4; what++) {
        static const char *const keys[] = {"categories", "categories_nodes", "categories_segments",
                                           "categories_sizes"};
        int64_t at = 0;
        json_out_key(o, keys[what]);
        json_out_open(o, '[');
        for (int i = 0; i < t->n_nodes; i++) {
            const struct tree_node *n = &t->nodes[i];
            int64_t size = 0;
            if (n->left < 0 || n->set < 0) continue;
            for (int l = 0; l < levels_of(w, n); l++)
                if (goes_right(t, n, l)) {
                    if (what == 0) json_out_int(o, l);
                    size++;
                }
            if (what == 1) json_out_int(o, i);
            if (what == 2) json_out_int(o, at);
            if (what == 3) json_out_int(o, size);
            at += size;
        }
        json_out_close(o, ']');
    }
}

static void put_tree(struct writer *w, int id)
{
    const struct tree *t = &w->body->trees[id];
    const struct tree_node *n = t->nodes;
    struct json_out *o = &w->o;
    char text[32];
    int *parent = mem_alloc(sizeof(int) * (size_t)t->n_nodes);
    parent[0] = INT32_MAX; /* XGBoost's mark of a root */
    for (int i = 0; i < t->n_nodes; i++)
        if (n[i].left >= 0) parent[n[i].left] = parent[n[i].left + 1] = i;
    json_out_open(o, '{');
    LIST(w, "base_weights", t->n_nodes, json_out_num(o, leaf_value(w, id, n[i].value)));
    put_categories(w, t);
    LIST(w, "default_left", t->n_nodes, json_out_int(o, n[i].left >= 0 && n[i].missing_left));
    json_out_key(o, "id");
    json_out_int(o, id);
    LIST(w, "left_children", t->n_nodes, json_out_int(o, n[i].left));
    LIST(w, "loss_changes", t->n_nodes, json_out_num(o, n[i].gain));
    LIST(w, "parents", t->n_nodes, json_out_int(o, parent[i]));
    LIST(w, "right_children", t->n_nodes, json_out_int(o, n[i].left < 0 ? -1 : n[i].left + 1));
    LIST(w, "split_conditions", t->n_nodes,
         json_out_num(o, n[i].left < 0  ? leaf_value(w, id, n[i].value)
                         : n[i].set < 0 ? float_cut(n[i].cut)
                                        : 0));
    LIST(w, "split_indices", t->n_nodes, json_out_int(o, n[i].left < 0 ? 0 : n[i].feature));
    LIST(w, "split_type", t->n_nodes, json_out_int(o, n[i].left >= 0 && n[i].set >= 0));
    LIST(w, "sum_hessian", t->n_nodes, json_out_num(o, n[i].cover));
    json_out_key(o, "tree_param");
    json_out_open(o, '{');
    put_text(w, "num_deleted", "0");
    snprintf(text, sizeof text, "%d", w->m->enc.n_features);
    put_text(w, "num_feature", text);
    snprintf(text, sizeof text, "%d", t->n_nodes);
    put_text(w, "num_nodes", text);
    put_text(w, "size_leaf_vector", "1");
    json_out_close(o, '}');
    json_out_close(o, '}');
    mem_free(parent);
}

static void put_booster(struct writer *w)
{
    const struct tree_model *b = w->body;
    struct json_out *o = &w->o;
    char text[32];
    json_out_key(o, "gradient_booster");
    json_out_open(o, '{');
    json_out_key(o, "model");
    json_out_open(o, '{');
    json_out_key(o, "gbtree_model_param");
    json_out_open(o, '{');
    put_text(w, "num_parallel_tree", "1");
    snprintf(text, sizeof text, "%d", b->n_trees);
    put_text(w, "num_trees", text);
    json_out_close(o, '}');
    LIST(w, "iteration_indptr", b->n_trees / b->n_out + 1, json_out_int(o, i * b->n_out));
    LIST(w, "tree_info", b->n_trees, json_out_int(o, i % b->n_out));
    LIST(w, "trees", b->n_trees, put_tree(w, i));
    json_out_close(o, '}');
    put_text(w, "name", "gbtree");
    json_out_close(o, '}');
}

static const char *objective_of(const struct tree_model *b)
{
    return b->link == TREE_LOGISTIC  ? "binary:logistic"
           : b->link == TREE_SOFTMAX ? "multi:softprob"
           : b->link == TREE_EXP     ? "count:poisson"
                                     : "reg:squarederror";
}

static void put_params(struct writer *w)
{
    const struct tree_model *b = w->body;
    char text[32];
    double base = b->n_out > 1               ? 0
                  : b->link == TREE_LOGISTIC ? 1 / (1 + exp(-b->base[0]))
                  : b->link == TREE_EXP      ? exp(b->base[0])
                                             : b->base[0];
    json_out_key(&w->o, "learner_model_param");
    json_out_open(&w->o, '{');
    put_number_text(w, "base_score", base);
    put_text(w, "boost_from_average", "1");
    snprintf(text, sizeof text, "%d", b->n_out > 1 ? b->n_out : 0);
    put_text(w, "num_class", text);
    snprintf(text, sizeof text, "%d", w->m->enc.n_features);
    put_text(w, "num_feature", text);
    put_text(w, "num_target", "1");
    json_out_close(&w->o, '}');
}

static void put_objective(struct writer *w)
{
    const struct tree_model *b = w->body;
    struct json_out *o = &w->o;
    char text[32];
    json_out_key(o, "objective");
    json_out_open(o, '{');
    put_text(w, "name", objective_of(b));
    if (b->link == TREE_SOFTMAX) {
        json_out_key(o, "softmax_multiclass_param");
        json_out_open(o, '{');
        snprintf(text, sizeof text, "%d", b->n_out);
        put_text(w, "num_class", text);
    } else if (b->link == TREE_EXP) {
        json_out_key(o, "poisson_regression_param");
        json_out_open(o, '{');
        put_text(w, "max_delta_step", "0.7");
    } else {
        json_out_key(o, "reg_loss_param");
        json_out_open(o, '{');
        put_text(w, "scale_pos_weight", "1");
    }
    json_out_close(o, '}');
    json_out_close(o, '}');
}

static void put_learner(struct writer *w)
{
    const struct encoder *e = &w->m->enc;
    struct json_out *o = &w->o;
    json_out_key(o, "learner");
    json_out_open(o, '{');
    json_out_key(o, "attributes");
    json_out_open(o, '{');
    json_out_close(o, '}');
    LIST(w, "feature_names", e->n_features, json_out_str(o, str_of(e->features[i].name)));
    LIST(w, "feature_types", e->n_features,
         json_out_str(o, e->features[i].kind == ENC_CATEGORY ? STR("c") : STR("float")));
    put_booster(w);
    put_params(w);
    put_objective(w);
    json_out_close(o, '}');
}

enum rc_t xgb_save_bytes(struct ctx *cx, const struct model *m, struct span span,
                         struct strbuf *out)
{
    struct writer w = {.m = m, .body = m->body};
    if (m->family->cls->load != tree_load)
        return fail(cx, E217, span, "a %s model has no trees that XGBoost could read",
                    m->family->name);
    if (w.body->link == TREE_SHARES)
        return fail(cx, E217, span,
                    "XGBoost's files hold no %s of more than two classes; boosted can be written",
                    m->family->name);
    for (int i = 0; i < m->enc.n_terms; i++)
        if (m->enc.terms[i].is_offset)
            return fail(cx, E217, span, "XGBoost's files hold no offset");
    json_out_open(&w.o, '{');
    put_learner(&w);
    json_out_key(&w.o, "version");
    json_out_open(&w.o, '[');
    json_out_int(&w.o, 2);
    json_out_int(&w.o, 1);
    json_out_int(&w.o, 0);
    json_out_close(&w.o, ']');
    json_out_close(&w.o, '}');
    strbuf_adds(out, strbuf_view(&w.o.text));
    strbuf_release(&w.o.text);
    return RC_OK;
}
