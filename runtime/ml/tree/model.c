/* model.c: checks before a fit, statistics after it, the file. */
#include "runtime/ml/tree/tree.h"

#include "runtime/base/pool.h"
#include "runtime/fn/metric/metric.h"
#include "runtime/ml/json_int.h"

#include <math.h>

enum rc_t tree_check(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                     const struct model *m, bool offset)
{
    const struct encoder *e = r->enc;
    int n = 0;
    for (int i = 0; i < e->n_terms; i++) {
        const struct enc_term *t = &e->terms[i];
        if (t->is_offset && !offset)
            return fail(cx, E401, t->span, "%s takes no offset; boosted does", m->family->name);
        n += !t->is_offset;
    }
    for (int i = 0; i < e->n_features; i++)
        if (e->features[i].kind == ENC_LIST)
            return fail(cx, E207, spec->formula->span,
                        "%s takes numbers and categories, not lists as `%s`", m->family->name,
                        e->features[i].name);
    if (n == 0)
        return fail(cx, E401, spec->formula->span, "%s needs at least one column right of ~",
                    m->family->name);
    if (r->n_classes > 60000)
        return fail(cx, E902, spec->span, "%s: `%s` has %d classes", m->family->name,
                    m->target.text, r->n_classes);
    return RC_OK;
}

/* ---- statistics of the training rows ---- */
struct score_job {
    const struct model *m;
    const struct rows *rows;
    double *out;
    bool are_sums;
};
#define SCORE_ROWS 4096

static enum rc_t score_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    const struct score_job *j = arg;
    const struct tree_model *t = j->m->body;
    int64_t at = task * SCORE_ROWS;
    int n = (int)(j->rows->n - at < SCORE_ROWS ? j->rows->n - at : SCORE_ROWS);
    double *out = j->out + at * t->n_out;
    if (!j->are_sums) {
        tree_score_rows(j->m, &j->rows->in, at, n, out);
        return RC_OK;
    }
    for (int i = 0; i < n; i++)
        tree_link_row(t, out + i * t->n_out);
    return RC_OK;
}

static enum rc_t plain_stats(struct ctx *cx, const struct rows *r, struct model *m,
                             const double *score)
{
    static const char *const of_number[] = {"rmse", "r2", NULL}, *const of_class[] = {"log_loss",
                                                                                      "accuracy",
                                                                                      "auc", NULL};
    const char *const *names = r->n_classes ? of_class : of_number;
    struct scored s = {.n = r->n,
                       .actual = r->y,
                       .score = score,
                       .threshold = m->threshold,
                       .classes = r->n_classes > 0};
    enum rc_t res = RC_OK;
    for (int i = 0; res == RC_OK && names[i]; i++) {
        double v = 0;
        bool is_null = true;
        res = metric_find(str_of(names[i]))->value(cx, &s, &v, &is_null);
        model_add_stat(m, names[i], v, is_null);
    }
    scored_release(&s);
    return res;
}

static void many_stats(const struct rows *r, struct model *m, const double *p)
{
    double loss = 0, right = 0, total = 0;
    int k = r->n_classes;
    for (int64_t i = 0; i < r->n; i++) {
        const double *row = p + i * k;
        double w = r->w ? r->w[i] : 1, mine = row[(int)r->y[i]];
        int top = 0;
        for (int c = 1; c < k; c++)
            if (row[c] > row[top]) top = c;
        loss -= w * log(mine > 1e-15 ? mine : 1e-15);
        right += w * (top == (int)r->y[i]);
        total += w;
    }
    model_add_stat(m, "log_loss", loss / total, false);
    model_add_stat(m, "accuracy", right / total, false);
}

enum rc_t tree_training_stats(struct ctx *cx, const struct rows *r, struct model *m, double *sums)
{
    const struct tree_model *t = m->body;
    void *p = NULL;
    struct score_job j = {.m = m, .rows = r, .out = sums, .are_sums = sums != NULL};
    if (!sums) TRY(mem_big(cx, mem_mul(sizeof(double) * (size_t)t->n_out, (size_t)r->n) + 1, &p));
    if (!sums) j.out = p;
    enum rc_t res = pool_run(cx, (r->n + SCORE_ROWS - 1) / SCORE_ROWS, score_task, &j);
    if (res == RC_OK && t->n_out > 1)
        many_stats(r, m, j.out);
    else if (res == RC_OK)
        res = plain_stats(cx, r, m, j.out);
    mem_big_free(p);
    return res;
}

/* ---- writing ---- */
#define PUT_LIST(o, key, n, put)                                                                   \
    do {                                                                                           \
        json_out_key(o, key);                                                                      \
        json_out_open(o, '[');                                                                     \
        for (int i = 0; i < (n); i++)                                                              \
            put;                                                                                   \
        json_out_close(o, ']');                                                                    \
    } while (0)

static void put_tree(struct json_out *o, const struct tree *t, int k)
{
    json_out_open(o, '{');
    PUT_LIST(o, "left", t->n_nodes, json_out_int(o, t->nodes[i].left));
    PUT_LIST(o, "feature", t->n_nodes, json_out_int(o, t->nodes[i].feature));
    PUT_LIST(o, "cut", t->n_nodes, json_out_num(o, t->nodes[i].cut));
    PUT_LIST(o, "set", t->n_nodes, json_out_int(o, t->nodes[i].set));
    PUT_LIST(o, "null_left", t->n_nodes, json_out_int(o, t->nodes[i].missing_left));
    PUT_LIST(o, "value", t->n_nodes, json_out_num(o, t->nodes[i].value));
    PUT_LIST(o, "gain", t->n_nodes, json_out_num(o, t->nodes[i].gain));
    PUT_LIST(o, "cover", t->n_nodes, json_out_num(o, t->nodes[i].cover));
    PUT_LIST(o, "rows", t->n_nodes, json_out_int(o, t->nodes[i].n));
    PUT_LIST(o, "levels", t->n_sets, json_out_int(o, (int64_t)t->sets[i]));
    if (t->shares) PUT_LIST(o, "shares", t->n_nodes * k, json_out_num(o, t->shares[i]));
    json_out_close(o, '}');
}

void tree_save(const struct model *m, struct json_out *o)
{
    const struct tree_model *t = m->body;
    json_out_key(o, "outputs");
    json_out_int(o, t->n_out);
    json_out_key(o, "link");
    json_out_int(o, t->link);
    json_out_key(o, "mean");
    json_out_bool(o, t->averages);
    json_out_key(o, "float");
    json_out_bool(o, t->is_float);
    json_out_key(o, "loss");
    json_out_str(o, str_of(t->loss ? t->loss : ""));
    json_out_key(o, "best_round");
    json_out_int(o, t->best_round);
    PUT_LIST(o, "base", t->n_out, json_out_num(o, t->base[i]));
    PUT_LIST(o, "train", t->n_rounds, json_out_num(o, t->rounds[i].train));
    PUT_LIST(o, "valid", t->n_rounds, json_out_num(o, t->rounds[i].valid));
    PUT_LIST(o, "trees", t->n_trees, put_tree(o, &t->trees[i], t->n_out));
}

/* ---- reading ---- */
#define MAX_NODES ((size_t)1 << 28)

static enum rc_t get_numbers(struct ctx *cx, const json_t *j, const char *key, size_t n,
                             bool null_is_nan, double *out)
{
    const json_t *list;
    TRY(json_get_list(cx, j, key, n, &list));
    if (json_array_size(list) != n) return json_bad(cx, "`%s` is too short", key);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        if (null_is_nan && json_is_null(v)) {
            out[i] = NAN;
            continue;
        }
        if (!json_is_number(v)) return json_bad(cx, "`%s` holds no number", key);
        out[i] = json_number_value(v);
    }
    return RC_OK;
}

static enum rc_t get_ints(struct ctx *cx, const json_t *j, const char *key, size_t n, int64_t min,
                          int64_t max, int64_t *out)
{
    const json_t *list;
    TRY(json_get_list(cx, j, key, n, &list));
    if (json_array_size(list) != n) return json_bad(cx, "`%s` is too short", key);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_integer(v)) return json_bad(cx, "`%s` holds no whole number", key);
        out[i] = json_integer_value(v);
        if (out[i] < min || out[i] > max) return json_bad(cx, "`%s` is out of range", key);
    }
    return RC_OK;
}

/* Children follow each other level by level, so there is no loop and each node is reached once;
 * features are of the right kind, sets of levels stand inside `levels`. */
static enum rc_t check_nodes(struct ctx *cx, const struct model *m, const struct tree *t)
{
    int next = 1;
    for (int i = 0; i < t->n_nodes; i++) {
        const struct tree_node *n = &t->nodes[i];
        if (n->left < 0) continue;
        if (n->left != next || next + 2 > t->n_nodes)
            return json_bad(cx, "the nodes of a tree are not in order");
        next += 2;
        if (n->feature < 0) return json_bad(cx, "a split has no column");
        const struct enc_feature *f = &m->enc.features[n->feature];
        int words = tree_set_words(f->n_levels + f->has_other);
        if (f->kind == ENC_LIST || (f->kind == ENC_CATEGORY) != (n->set >= 0))
            return json_bad(cx, "a split does not fit its column");
        if (n->set >= 0 && (n->set > t->n_sets || words > t->n_sets - n->set))
            return json_bad(cx, "a split's levels are missing");
    }
    return next == t->n_nodes ? RC_OK : json_bad(cx, "the nodes of a tree are not in order");
}

static enum rc_t get_nodes(struct ctx *cx, const json_t *j, struct model *m, struct tree *t)
{
    size_t n = (size_t)t->n_nodes;
    double *x = ARENA_ARRAY(cx->arena, double, n + 1);
    int64_t *k = ARENA_ARRAY(cx->arena, int64_t, n + 1);
    TRY(get_ints(cx, j, "left", n, -1, t->n_nodes - 1, k));
    for (size_t i = 0; i < n; i++)
        t->nodes[i].left = (int32_t)k[i];
    TRY(get_ints(cx, j, "feature", n, -1, m->enc.n_features - 1, k));
    for (size_t i = 0; i < n; i++)
        t->nodes[i].feature = (int32_t)k[i];
    TRY(get_ints(cx, j, "set", n, -1, INT32_MAX - 1, k));
    for (size_t i = 0; i < n; i++)
        t->nodes[i].set = (int32_t)k[i];
    TRY(get_ints(cx, j, "null_left", n, 0, 1, k));
    for (size_t i = 0; i < n; i++)
        t->nodes[i].missing_left = k[i];
    TRY(get_ints(cx, j, "rows", n, 0, INT64_MAX, k));
    for (size_t i = 0; i < n; i++)
        t->nodes[i].n = k[i];
    TRY(get_numbers(cx, j, "cut", n, false, x));
    for (size_t i = 0; i < n; i++)
        t->nodes[i].cut = x[i];
    TRY(get_numbers(cx, j, "value", n, false, x));
    for (size_t i = 0; i < n; i++)
        t->nodes[i].value = x[i];
    TRY(get_numbers(cx, j, "gain", n, false, x));
    for (size_t i = 0; i < n; i++)
        t->nodes[i].gain = x[i];
    TRY(get_numbers(cx, j, "cover", n, false, x));
    for (size_t i = 0; i < n; i++)
        t->nodes[i].cover = x[i];
    return RC_OK;
}

static enum rc_t get_tree(struct ctx *cx, const json_t *j, struct model *m, struct tree *t)
{
    const struct tree_model *body = m->body;
    const json_t *list;
    if (!json_is_object(j)) return json_bad(cx, "a tree is not an object");
    TRY(json_get_list(cx, j, "left", MAX_NODES, &list));
    t->n_nodes = (int)json_array_size(list);
    if (t->n_nodes < 1) return json_bad(cx, "a tree is empty");
    t->nodes = ARENA_ARRAY(m->arena, struct tree_node, t->n_nodes);
    TRY(get_nodes(cx, j, m, t));
    TRY(json_get_list(cx, j, "levels", MAX_NODES, &list));
    t->n_sets = (int)json_array_size(list);
    int64_t *words = ARENA_ARRAY(m->arena, int64_t, t->n_sets + 1);
    TRY(get_ints(cx, j, "levels", (size_t)t->n_sets, INT64_MIN, INT64_MAX, words));
    t->sets = (uint64_t *)words;
    if (body->link == TREE_SHARES) {
        size_t n = mem_mul((size_t)t->n_nodes, (size_t)body->n_out);
        TRY(json_get_list(cx, j, "shares", MAX_NODES, &list));
        if (json_array_size(list) != n) return json_bad(cx, "`shares` is too short");
        t->shares = ARENA_ARRAY(m->arena, double, n);
        TRY(get_numbers(cx, j, "shares", n, false, t->shares));
    }
    return check_nodes(cx, m, t);
}

static enum rc_t get_rounds(struct ctx *cx, const json_t *j, struct model *m)
{
    struct tree_model *t = m->body;
    const json_t *list;
    TRY(json_get_list(cx, j, "train", MAX_NODES, &list));
    t->n_rounds = (int)json_array_size(list);
    t->rounds = ARENA_ARRAY(m->arena, struct tree_round, t->n_rounds + 1);
    double *x = ARENA_ARRAY(cx->arena, double, t->n_rounds + 1);
    TRY(get_numbers(cx, j, "train", (size_t)t->n_rounds, true, x));
    for (int i = 0; i < t->n_rounds; i++)
        t->rounds[i].train = x[i];
    TRY(get_numbers(cx, j, "valid", (size_t)t->n_rounds, true, x));
    for (int i = 0; i < t->n_rounds; i++)
        t->rounds[i].valid = x[i];
    return RC_OK;
}

static enum rc_t get_head(struct ctx *cx, const json_t *j, struct model *m)
{
    struct tree_model *t = m->body;
    int64_t n_out, link, best;
    const char *loss;
    int want = model_n_classes(m) > 2 ? model_n_classes(m) : 1;
    TRY(json_get_int(cx, j, "outputs", want, want, &n_out));
    TRY(json_get_int(cx, j, "link", 0, TREE_SHARES, &link));
    TRY(json_get_bool(cx, j, "mean", &t->averages));
    TRY(json_get_bool(cx, j, "float", &t->is_float));
    TRY(json_get_str(cx, j, "loss", &loss));
    TRY(json_get_int(cx, j, "best_round", 0, INT32_MAX, &best));
    if ((want > 1) != (link == TREE_SHARES || link == TREE_SOFTMAX))
        return json_bad(cx, "`link` does not fit the classes");
    t->n_out = (int)n_out;
    t->link = (enum tree_link)link;
    t->best_round = (int)best;
    t->loss = arena_strndup(m->arena, loss, strlen(loss));
    t->base = ARENA_ARRAY(m->arena, double, t->n_out);
    return get_numbers(cx, j, "base", (size_t)t->n_out, false, t->base);
}

enum rc_t tree_load(struct ctx *cx, const json_t *j, struct model *m)
{
    struct tree_model *t = ARENA_NEW(m->arena, struct tree_model);
    const json_t *list;
    m->body = t;
    TRY(get_head(cx, j, m));
    TRY(get_rounds(cx, j, m));
    TRY(json_get_list(cx, j, "trees", MAX_NODES, &list));
    t->n_trees = (int)json_array_size(list);
    t->trees = ARENA_ARRAY(m->arena, struct tree, t->n_trees + 1);
    int64_t nodes = 0;
    for (int i = 0; i < t->n_trees; i++) {
        TRY(get_tree(cx, json_array_get(list, (size_t)i), m, &t->trees[i]));
        nodes += t->trees[i].n_nodes;
    }
    if (nodes > INT32_MAX) return json_bad(cx, "there are too many nodes");
    if (t->link == TREE_SOFTMAX && t->n_trees % t->n_out)
        return json_bad(cx, "a round of trees is cut short");
    tree_flatten(m);
    return RC_OK;
}
