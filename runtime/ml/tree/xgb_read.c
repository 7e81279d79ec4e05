/* xgb_read.c: XGBoost's JSON and UBJ models of 1.x to 3.x. Values are floats there and go left
 * below the cut, so that a cut becomes the float below it; categories listed go right. A class is
 * its number, the target is named `label`: the file names neither. */
#include "runtime/ml/tree/xgb_int.h"

#include "runtime/ml/json_int.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const struct xgb_objective objectives[] = {
    {"binary:logistic", TREE_LOGISTIC, true, BASE_IS_SHARE},
    {"multi:softprob", TREE_SOFTMAX, true, BASE_IS_SUM},
    {"multi:softmax", TREE_SOFTMAX, true, BASE_IS_SUM},
    {"reg:squarederror", TREE_IDENTITY, false, BASE_IS_SUM},
    {"reg:linear", TREE_IDENTITY, false, BASE_IS_SUM},
    {"reg:squaredlogerror", TREE_IDENTITY, false, BASE_IS_SUM},
    {"reg:absoluteerror", TREE_IDENTITY, false, BASE_IS_SUM},
    {"reg:pseudohubererror", TREE_IDENTITY, false, BASE_IS_SUM},
    {"reg:quantileerror", TREE_IDENTITY, false, BASE_IS_SUM},
    {"reg:logistic", TREE_LOGISTIC, false, BASE_IS_SHARE},
    {"binary:logitraw", TREE_IDENTITY, false, BASE_IS_SHARE},
    {"binary:hinge", TREE_IDENTITY, false, BASE_IS_SUM},
    {"count:poisson", TREE_EXP, false, BASE_IS_MEAN},
    {"reg:gamma", TREE_EXP, false, BASE_IS_MEAN},
    {"reg:tweedie", TREE_EXP, false, BASE_IS_MEAN},
    {"survival:cox", TREE_EXP, false, BASE_IS_MEAN},
    {"survival:aft", TREE_EXP, false, BASE_IS_MEAN},
    {"rank:pairwise", TREE_IDENTITY, false, BASE_IS_SUM},
    {"rank:ndcg", TREE_IDENTITY, false, BASE_IS_SUM},
    {"rank:map", TREE_IDENTITY, false, BASE_IS_SUM}};

const struct xgb_objective *xgb_objective_find(const char *name)
{
    for (size_t i = 0; i < sizeof objectives / sizeof *objectives; i++)
        if (strcmp(objectives[i].name, name) == 0) return &objectives[i];
    return NULL;
}

#define MAX_CATEGORY 65535
#define MAX_WORDS    (1 << 24) /* of sets of categories, in all trees */

struct xgb {
    struct ctx *cx;
    struct model *m;
    struct tree_model *body;
    const json_t *learner, *trees;
    const struct xgb_objective *objective;
    int n_features, n_classes;
    int64_t words;        /* of sets so far */
    bool *is_cat;         /* [n_features] */
    int *top_level;       /* [n_features] largest category named by a tree or the file */
    const double *weight; /* [n_trees] of dart, or NULL */
};

/* ---- numbers that the file writes as text ---- */
static enum rc_t text_int(struct xgb *x, const json_t *j, const char *key, int64_t max,
                          int64_t *out)
{
    const char *s;
    char *end;
    *out = 0;
    if (!json_object_get(j, key)) return RC_OK;
    TRY(json_get_str(x->cx, j, key, &s));
    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (*end || end == s || errno || v < 0 || v > max)
        return json_bad(x->cx, "`%s` is out of range", key);
    *out = v;
    return RC_OK;
}

/* "5E-1", or since 3.1 "[5E-1,2E-1]": n values, one standing for all. */
static enum rc_t base_scores(struct xgb *x, const json_t *param, int n, double *out)
{
    const char *s;
    char *end;
    int got = 0;
    TRY(json_get_str(x->cx, param, "base_score", &s));
    s += *s == '[';
    while (*s && *s != ']') {
        double v = strtod(s, &end);
        if (end == s || !isfinite(v) || got >= n)
            return json_bad(x->cx, "`base_score` cannot be read");
        out[got++] = v;
        s = end + (*end == ',');
        if (*end && *end != ',' && *end != ']')
            return json_bad(x->cx, "`base_score` cannot be read");
    }
    if (got != n && got != 1) return json_bad(x->cx, "`base_score` has %d values", got);
    for (int i = got; i < n; i++)
        out[i] = out[0];
    return RC_OK;
}

/* From the scale of the target to that of the sums. */
static enum rc_t base_sums(struct xgb *x)
{
    const json_t *param = json_object_get(x->learner, "learner_model_param");
    int n = x->body->n_out;
    x->body->base = ARENA_ARRAY(x->m->arena, double, n);
    TRY(base_scores(x, param, n, x->body->base));
    for (int i = 0; i < n; i++) {
        double *b = &x->body->base[i];
        if (x->objective->base == BASE_IS_SHARE) {
            if (!(*b > 0 && *b < 1)) return json_bad(x->cx, "`base_score` is no probability");
            *b = log(*b / (1 - *b));
        }
        if (x->objective->base == BASE_IS_MEAN) {
            if (!(*b > 0)) return json_bad(x->cx, "`base_score` is not above 0");
            *b = log(*b);
        }
    }
    return RC_OK;
}

/* ---- a tree ---- */
static enum rc_t list_of(struct xgb *x, const json_t *t, const char *key, size_t n,
                         const json_t **out)
{
    TRY(json_get_list(x->cx, t, key, n, out));
    if (json_array_size(*out) != n) return json_bad(x->cx, "`%s` is too short", key);
    return RC_OK;
}

static enum rc_t int_at(struct xgb *x, const json_t *list, size_t i, int64_t min, int64_t max,
                        int64_t *out)
{
    const json_t *v = json_array_get(list, i);
    if (json_is_boolean(v)) return *out = json_is_true(v), RC_OK;
    if (!json_is_integer(v)) return json_bad(x->cx, "a tree holds what is no whole number");
    *out = json_integer_value(v);
    if (*out < min || *out > max) return json_bad(x->cx, "a number of a tree is out of range");
    return RC_OK;
}

struct raw_tree { /* lists of one tree */
    size_t n;
    const json_t *left, *right, *feature, *cut, *missing, *loss, *cover, *type;
    const json_t *cats, *cat_nodes, *cat_first, *cat_size; /* categories */
};

static enum rc_t raw_lists(struct xgb *x, const json_t *t, struct raw_tree *r)
{
    const json_t *left = json_object_get(t, "left_children");
    *r = (struct raw_tree){.n = json_array_size(left)};
    if (!json_is_array(left) || r->n < 1 || r->n > (1 << 28))
        return json_bad(x->cx, "a tree has no nodes");
    TRY(list_of(x, t, "left_children", r->n, &r->left));
    TRY(list_of(x, t, "right_children", r->n, &r->right));
    TRY(list_of(x, t, "split_indices", r->n, &r->feature));
    TRY(list_of(x, t, "split_conditions", r->n, &r->cut));
    TRY(list_of(x, t, "default_left", r->n, &r->missing));
    TRY(list_of(x, t, "loss_changes", r->n, &r->loss));
    TRY(list_of(x, t, "sum_hessian", r->n, &r->cover));
    if (!json_object_get(t, "categories_nodes")) return RC_OK;
    size_t n_cat = json_array_size(json_object_get(t, "categories_nodes"));
    if (n_cat == 0) return RC_OK;
    TRY(list_of(x, t, "split_type", r->n, &r->type));
    TRY(list_of(x, t, "categories_nodes", n_cat, &r->cat_nodes));
    TRY(list_of(x, t, "categories_segments", n_cat, &r->cat_first));
    TRY(list_of(x, t, "categories_sizes", n_cat, &r->cat_size));
    return json_get_list(x->cx, t, "categories", 1 << 28, &r->cats);
}

/* Which entry of the category lists a node has, [n] -1 = none. */
static enum rc_t cat_entries(struct xgb *x, const struct raw_tree *r, int *out)
{
    size_t n = json_array_size(r->cat_nodes);
    for (size_t i = 0; i < r->n; i++)
        out[i] = -1;
    for (size_t i = 0; i < n; i++) {
        int64_t node = 0, first = 0, size = 0;
        TRY(int_at(x, r->cat_nodes, i, 0, (int64_t)r->n - 1, &node));
        TRY(int_at(x, r->cat_first, i, 0, (int64_t)json_array_size(r->cats), &first));
        TRY(int_at(x, r->cat_size, i, 0, (int64_t)json_array_size(r->cats) - first, &size));
        out[node] = (int)i;
    }
    return RC_OK;
}

/* First pass over a tree: which features are categories, and how many levels they have. */
static enum rc_t note_categories(struct xgb *x, const json_t *t)
{
    struct raw_tree r;
    TRY(raw_lists(x, t, &r));
    int *entry = ARENA_ARRAY(x->cx->arena, int, r.n);
    TRY(cat_entries(x, &r, entry));
    for (size_t i = 0; i < r.n; i++) {
        int64_t f = 0, first = 0, size = 0, c = 0;
        if (entry[i] < 0) continue;
        TRY(int_at(x, r.feature, i, 0, x->n_features - 1, &f));
        TRY(int_at(x, r.cat_first, (size_t)entry[i], 0, INT32_MAX, &first));
        TRY(int_at(x, r.cat_size, (size_t)entry[i], 0, INT32_MAX, &size));
        x->is_cat[f] = true;
        for (int64_t k = first; k < first + size; k++) {
            TRY(int_at(x, r.cats, (size_t)k, 0, MAX_CATEGORY, &c));
            if (c > x->top_level[f]) x->top_level[f] = (int)c;
        }
    }
    return RC_OK;
}

static double number_at(const json_t *list, size_t i)
{
    const json_t *v = json_array_get(list, i);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* Levels that go left: all that the file does not list. */
static enum rc_t cat_set(struct xgb *x, const struct raw_tree *r, int entry, int feature,
                         uint64_t *set)
{
    int64_t first = 0, size = 0, c = 0;
    int n = x->top_level[feature] + 2; /* the last: all larger ones, which go left */
    for (int l = 0; l < n; l++)
        set[l / 64] |= (uint64_t)1 << (l % 64);
    TRY(int_at(x, r->cat_first, (size_t)entry, 0, INT32_MAX, &first));
    TRY(int_at(x, r->cat_size, (size_t)entry, 0, INT32_MAX, &size));
    for (int64_t k = first; k < first + size; k++) {
        TRY(int_at(x, r->cats, (size_t)k, 0, n - 1, &c));
        set[c / 64] &= ~((uint64_t)1 << (c % 64));
    }
    return RC_OK;
}

static enum rc_t split_node(struct xgb *x, const struct raw_tree *r, size_t at, int entry,
                            struct tree *t, struct tree_node *n)
{
    int64_t f = 0, missing = 0;
    TRY(int_at(x, r->feature, at, 0, x->n_features - 1, &f));
    TRY(int_at(x, r->missing, at, 0, 1, &missing));
    n->feature = (int32_t)f;
    n->missing_left = missing != 0;
    n->gain = number_at(r->loss, at);
    if (!isfinite(n->gain)) n->gain = 0;
    if (x->is_cat[f] != (entry >= 0))
        return json_bad(x->cx, "a column is cut both as a number and as a category");
    if (entry >= 0) {
        n->set = t->n_sets;
        t->n_sets += tree_set_words(x->top_level[f] + 2);
        return cat_set(x, r, entry, (int)f, t->sets + n->set);
    }
    double cut = number_at(r->cut, at);
    if (isnan(cut)) return json_bad(x->cx, "a cut is no number");
    float c = cut > 3.4e38 ? INFINITY : cut < -3.4e38 ? -INFINITY : (float)cut;
    n->cut = (double)nextafterf(c, -INFINITY);
    return RC_OK;
}

static int64_t set_words(const struct xgb *x, const struct raw_tree *r)
{
    int64_t words = 0;
    for (size_t i = 0; r->cat_nodes && i < json_array_size(r->cat_nodes); i++) {
        json_int_t node = json_integer_value(json_array_get(r->cat_nodes, i));
        json_int_t f = json_integer_value(json_array_get(r->feature, (size_t)node));
        if (f >= 0 && f < x->n_features) words += tree_set_words(x->top_level[f] + 2);
    }
    return words;
}

/* Nodes in the order of levels; each may be reached once only. */
static enum rc_t read_tree(struct xgb *x, const json_t *j, double weight, struct tree *t)
{
    struct raw_tree r;
    TRY(raw_lists(x, j, &r));
    struct arena *a = x->cx->arena;
    int *entry = ARENA_ARRAY(a, int, r.n), *from = ARENA_ARRAY(a, int, r.n + 2);
    bool *seen = ARENA_ARRAY(a, bool, r.n);
    TRY(cat_entries(x, &r, entry));
    t->nodes = ARENA_ARRAY(x->m->arena, struct tree_node, r.n);
    int64_t words = set_words(x, &r);
    if ((x->words += words) > MAX_WORDS) return json_bad(x->cx, "its categories are too many");
    t->sets = ARENA_ARRAY(x->m->arena, uint64_t, words + 1);
    int n = 1;
    seen[0] = true;
    for (int i = 0; i < n; i++) {
        size_t at = (size_t)from[i];
        int64_t kid[2] = {0};
        struct tree_node *node = &t->nodes[i];
        *node = (struct tree_node){.left = -1, .feature = -1, .set = -1};
        node->cover = number_at(r.cover, at);
        if (!isfinite(node->cover)) node->cover = 0;
        TRY(int_at(x, r.left, at, -1, (int64_t)r.n - 1, &kid[0]));
        TRY(int_at(x, r.right, at, -1, (int64_t)r.n - 1, &kid[1]));
        if (kid[0] < 0) {
            node->value = number_at(r.cut, at) * weight;
            if (!isfinite(node->value)) return json_bad(x->cx, "a leaf is no number");
            continue;
        }
        if (kid[1] < 0 || seen[kid[0]] || seen[kid[1]] || kid[0] == kid[1])
            return json_bad(x->cx, "the nodes of a tree form a loop");
        seen[kid[0]] = seen[kid[1]] = true;
        node->left = n;
        from[n++] = (int)kid[0];
        from[n++] = (int)kid[1];
        TRY(split_node(x, &r, at, entry[at], t, node));
    }
    t->n_nodes = n;
    return RC_OK;
}

/* ---- columns ---- */
static const char *feature_name(const struct xgb *x, int i)
{
    const json_t *name = json_array_get(json_object_get(x->learner, "feature_names"), (size_t)i);
    if (!json_is_string(name) || strlen(json_string_value(name)) != json_string_length(name))
        return arena_printf(x->m->arena, "f%d", i);
    return arena_strndup(x->m->arena, json_string_value(name), json_string_length(name));
}

static struct enc_level int_level(struct arena *a, int i)
{
    return (struct enc_level){.value = {.type = DTYPE(KIND_INT), .u.i = i},
                              .text = arena_printf(a, "%d", i)};
}

static void int_levels(struct arena *a, int n, struct enc_feature *f)
{
    f->kind = ENC_CATEGORY;
    f->n_levels = n;
    f->levels = ARENA_ARRAY(a, struct enc_level, n + 1);
    for (int i = 0; i < n; i++)
        f->levels[i] = int_level(a, i);
    enc_index_levels(a, f);
}

static void add_columns(struct xgb *x)
{
    struct arena *a = x->m->arena;
    struct encoder *e = &x->m->enc;
    struct strbuf formula = {0};
    e->features = ARENA_ARRAY(a, struct enc_feature, x->n_features + 1);
    e->terms = ARENA_ARRAY(a, struct enc_term, x->n_features + 1);
    e->n_features = e->n_terms = x->n_features;
    e->intercept = true;
    strbuf_addz(&formula, "label ~ ");
    for (int i = 0; i < x->n_features; i++) {
        struct enc_feature *f = &e->features[i];
        *f = (struct enc_feature){.name = feature_name(x, i), .ref = -1};
        if (x->is_cat[i]) int_levels(a, x->top_level[i] + 1, f);
        f->has_other = x->is_cat[i];
        f->expr = expr_column(a, f->name, DTYPE(x->is_cat[i] ? KIND_INT : KIND_NUM), NO_SPAN);
        int *one = ARENA_ARRAY(a, int, 1);
        one[0] = i;
        e->terms[i] = (struct enc_term){.name = f->name, .features = one, .n_features = 1};
        strbuf_printf(&formula, "%s%s", i ? " + " : "", f->name);
    }
    x->m->formula = arena_strndup(a, formula.p, formula.n);
    strbuf_release(&formula);
}

static void add_target(struct xgb *x)
{
    struct target *t = &x->m->target;
    bool is_class = x->objective->is_class;
    t->text = "label";
    t->type = DTYPE(is_class ? KIND_INT : KIND_NUM);
    t->expr = expr_column(x->m->arena, t->text, t->type, NO_SPAN);
    if (!is_class) return;
    t->classes = (struct enc_feature){.name = t->text, .ref = -1};
    int_levels(x->m->arena, x->n_classes > 2 ? x->n_classes : 2, &t->classes);
    t->positive = x->n_classes > 2 ? x->n_classes - 1 : 1;
}

/* ---- the whole ---- */
static enum rc_t read_params(struct xgb *x)
{
    const json_t *param = json_object_get(x->learner, "learner_model_param");
    const char *name;
    int64_t n, k, targets;
    TRY(json_get_str(x->cx, json_object_get(x->learner, "objective"), "name", &name));
    x->objective = xgb_objective_find(name);
    if (!x->objective)
        return fail(x->cx, E407, NO_SPAN, "XGBoost's objective `%s` is not known here", name);
    TRY(text_int(x, param, "num_feature", 1 << 20, &n));
    TRY(text_int(x, param, "num_class", 60000, &k));
    TRY(text_int(x, param, "num_target", INT32_MAX, &targets));
    if (n < 1) return json_bad(x->cx, "it has no columns");
    if (targets > 1)
        return fail(x->cx, E407, NO_SPAN, "XGBoost models of several targets are not read");
    x->n_features = (int)n;
    x->n_classes = (int)k;
    if ((x->objective->link == TREE_SOFTMAX) != (k > 1))
        return json_bad(x->cx, "`num_class` does not fit `%s`", name);
    x->is_cat = ARENA_ARRAY(x->cx->arena, bool, n);
    x->top_level = ARENA_ARRAY(x->cx->arena, int, n);
    return RC_OK;
}

/* The trees, of dart with their weights. */
static enum rc_t find_trees(struct xgb *x)
{
    const json_t *booster = json_object_get(x->learner, "gradient_booster");
    const json_t *name = json_object_get(booster, "name");
    const json_t *weights = json_object_get(booster, "weight_drop");
    bool is_dart = json_is_string(name) && strcmp(json_string_value(name), "dart") == 0;
    if (json_is_string(name) && strcmp(json_string_value(name), "gblinear") == 0)
        return fail(x->cx, E407, NO_SPAN, "XGBoost's linear boosters are not read, only trees");
    if (is_dart) booster = json_object_get(booster, "gbtree");
    const json_t *model = json_object_get(booster, "model");
    TRY(json_get_list(x->cx, model, "trees", 1 << 24, &x->trees));
    if (!is_dart) return RC_OK;
    size_t n = json_array_size(x->trees);
    double *w = ARENA_ARRAY(x->cx->arena, double, n + 1);
    TRY(list_of(x, json_object_get(x->learner, "gradient_booster"), "weight_drop", n, &weights));
    for (size_t i = 0; i < n; i++)
        w[i] = number_at(weights, i);
    x->weight = w;
    return RC_OK;
}

/* Which output a tree adds to; the sums want them round by round, an output after another. */
static enum rc_t place_trees(struct xgb *x)
{
    const json_t *info;
    struct tree_model *b = x->body;
    size_t n = json_array_size(x->trees);
    int k = b->n_out;
    const json_t *booster = json_object_get(x->learner, "gradient_booster");
    const json_t *inner = json_object_get(booster, "gbtree");
    const json_t *model = json_object_get(inner ? inner : booster, "model");
    TRY(list_of(x, model, "tree_info", n, &info));
    int *count = ARENA_ARRAY(x->cx->arena, int, k + 1);
    if (n % (size_t)k) return json_bad(x->cx, "a round of trees is cut short");
    b->trees = ARENA_ARRAY(x->m->arena, struct tree, n + 1);
    b->n_trees = (int)n;
    int64_t nodes = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t out = 0;
        TRY(int_at(x, info, i, 0, k - 1, &out));
        int64_t at = (int64_t)count[out]++ * k + out;
        if (at >= (int64_t)n) return json_bad(x->cx, "a class has more trees than another");
        double w = x->weight ? x->weight[i] : 1;
        TRY(read_tree(x, json_array_get(x->trees, i), w, &b->trees[at]));
        nodes += b->trees[at].n_nodes;
    }
    if (nodes > INT32_MAX) return json_bad(x->cx, "there are too many nodes");
    b->best_round = b->n_rounds = 0;
    x->m->report.iterations = (int)(n / (size_t)k);
    return RC_OK;
}

static enum rc_t read_model(struct xgb *x)
{
    struct model *m = x->m;
    struct tree_model *b = ARENA_NEW(m->arena, struct tree_model);
    x->body = m->body = b;
    TRY(ml_params(x->cx, m->arena, m->family, NULL, 0, NO_SPAN, &m->params));
    TRY(read_params(x));
    TRY(find_trees(x));
    b->n_out = x->objective->link == TREE_SOFTMAX && x->n_classes > 2 ? x->n_classes : 1;
    if (x->n_classes == 2 && x->objective->link == TREE_SOFTMAX)
        return fail(x->cx, E407, NO_SPAN,
                    "softmax of two classes is not read; use binary:logistic");
    b->link = x->objective->link;
    b->is_float = true;
    b->loss = "";
    for (size_t i = 0; i < json_array_size(x->trees); i++)
        TRY(note_categories(x, json_array_get(x->trees, i)));
    add_columns(x);
    add_target(x);
    TRY(base_sums(x));
    TRY(place_trees(x));
    m->report.converged = true;
    tree_flatten(m);
    return RC_OK;
}

bool xgb_is_file(const char *p, size_t n)
{
    if (n < 2 || p[0] != '{') return false;
    size_t head = n < 4096 ? n : 4096;
    struct str text = {p, head};
    for (size_t i = 0; i + 7 <= text.n; i++)
        if (memcmp(text.p + i, "learner", 7) == 0) return true;
    return false;
}

/* XGBoost writes NaN and Infinity, which JSON does not have: null, and 1e308. */
static json_t *parse_json(const char *p, size_t n)
{
    static const char *const words[] = {"NaN", "Infinity"}, *const stand[] = {"null", "1e308"};
    struct strbuf text = {0};
    json_error_t err;
    bool in_text = false;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        if (p[i] == '"' && !(in_text && i > 0 && p[i - 1] == '\\')) in_text = !in_text;
        while (k < 2 && (in_text || n - i < strlen(words[k]) ||
                         memcmp(p + i, words[k], strlen(words[k])) != 0))
            k++;
        if (k == 2) {
            strbuf_addc(&text, p[i]);
            continue;
        }
        strbuf_addz(&text, stand[k]);
        i += strlen(words[k]) - 1;
    }
    json_t *doc = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &err);
    strbuf_release(&text);
    return doc;
}

enum rc_t xgb_load_bytes(struct ctx *cx, const char *p, size_t n, struct model **out)
{
    json_error_t err;
    json_t *doc = json_loadb(p, n, JSON_REJECT_DUPLICATES, &err);
    if (!doc) doc = ubj_read(p, n);
    if (!doc) doc = parse_json(p, n);
    struct xgb x = {.cx = cx, .learner = json_object_get(doc, "learner")};
    enum rc_t res = RC_ERR;
    if (json_is_object(x.learner)) {
        x.m = model_new(ml_family_find(STR("xgboost")));
        res = read_model(&x);
    } else {
        res = json_bad(cx, "it is neither JSON nor UBJ of an XGBoost model");
    }
    json_decref(doc);
    if (res == RC_OK)
        *out = x.m;
    else
        ml_unref(x.m);
    return res;
}
