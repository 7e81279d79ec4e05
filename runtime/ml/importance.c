/* importance.c: what each feature is worth: by the fit itself (gain of trees, size of scaled
 * coefficients), or by how much worse the model does when the feature's values are shuffled
 * (Breiman 2001; Fisher, Rudin, Dominici 2019). */
#include "runtime/ml/judged_int.h"
#include "runtime/ml/models/linear_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/rng.h"

#include <math.h>

#define SHUFFLE_STREAM 0x73687566u

struct worth {
    const char *name;
    double value, sd;
    int order;
};

static int by_value(const void *a, const void *b)
{
    const struct worth *x = a, *y = b;
    double vx = isnan(x->value) ? -INFINITY : x->value, vy = isnan(y->value) ? -INFINITY : y->value;
    if (vx != vy) return vx > vy ? -1 : 1;
    return x->order - y->order;
}

static enum rc_t put(struct ctx *cx, struct builder *b, double v)
{
    return isfinite(v) ? builder_f64(cx, b, v) : builder_null(cx, b);
}

static enum rc_t worth_table(struct ctx *cx, struct worth *w, int n, bool has_sd,
                             struct table **out)
{
    static const struct field fields[] = {
        {"term", {.kind = KIND_STR}}, {"value", {.kind = KIND_NUM}}, {"sd", {.kind = KIND_NUM}}};
    struct builder cols[3];
    int n_cols = has_sd ? 3 : 2;
    enum rc_t res = RC_OK;
    qsort(w, (size_t)n, sizeof *w, by_value);
    for (int i = 0; i < n_cols; i++)
        builder_init(&cols[i], fields[i].type, kind_phys(fields[i].type.kind));
    for (int i = 0; res == RC_OK && i < n; i++) {
        res = builder_str(cx, &cols[0], str_of(w[i].name));
        if (res == RC_OK) res = put(cx, &cols[1], w[i].value);
        if (res == RC_OK && has_sd) res = put(cx, &cols[2], w[i].sd);
    }
    if (res == RC_OK) res = ml_table(cx, fields, cols, n_cols, out);
    for (int i = 0; i < n_cols; i++)
        builder_release(&cols[i]);
    return res;
}

/* ---- by the fit ---- */
static int fitted_worth(struct ctx *cx, const struct model *m, struct worth **out)
{
    struct card_bar *bars = NULL;
    const char *title = "";
    int n = m->family->cls->bars ? m->family->cls->bars(m, cx->arena, &bars, &title) : 0;
    if (n > 0 && strcmp(title, "importance") == 0) {
        *out = ARENA_ARRAY(cx->arena, struct worth, n);
        for (int i = 0; i < n; i++)
            (*out)[i] = (struct worth){bars[i].name, bars[i].value, NAN, i};
        return n;
    }
    if (!linear_has_body(m)) return -1;
    const struct linear_fit *f = m->body;
    *out = ARENA_ARRAY(cx->arena, struct worth, f->n + 1);
    for (int j = 0; j < f->n; j++)
        (*out)[j] = (struct worth){m->enc.columns[j], fabs(f->beta[j]) * f->spread[j], NAN, j};
    return f->n;
}

enum rc_t ml_importance(struct ctx *cx, const struct model *m, struct span span, struct table **out)
{
    struct worth *w = NULL;
    if (m->family->cls->scores == SCORE_GROUPS) {
        fail(cx, E217, span, "importance is of one model; this one is a model for each group");
        return err_note(cx, "m.importance and m.coef have those of every group");
    }
    int n = fitted_worth(cx, m, &w);
    if (n >= 0) return worth_table(cx, w, n, false, out);
    fail(cx, E217, span, "a fit of %s does not tell what its columns are worth", m->family->name);
    return err_note(cx, "measure it on rows: test |> importance m");
}

/* ---- by shuffling ---- */
/* A random order that depends on (seed, feature, round) alone. */
static void shuffle(int64_t *order, int64_t n, uint64_t seed, int feature, int round)
{
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        uint64_t key = (((uint64_t)feature << 12) + (uint64_t)round) << 36;
        int64_t k = (int64_t)rng_below(seed, SHUFFLE_STREAM, key + (uint64_t)i, (uint64_t)i + 1);
        int64_t other = order[k];
        order[k] = order[i];
        order[i] = other;
    }
}

/* The rows with one feature's values in another order; arrays in a. */
static void shuffled_rows(struct arena *a, const struct rows *r, int feature, const int64_t *order,
                          struct rows *out)
{
    int n_features = r->enc->n_features;
    size_t n = (size_t)r->n;
    *out = *r;
    out->in.num = arena_copy(a, r->in.num, sizeof *r->in.num * (size_t)n_features);
    out->in.code = arena_copy(a, r->in.code, sizeof *r->in.code * (size_t)n_features);
    out->in.cells = arena_copy(a, r->in.cells, sizeof *r->in.cells * (size_t)n_features);
    if (r->in.num[feature]) {
        double *v = ARENA_ARRAY(a, double, n + 1);
        for (size_t i = 0; i < n; i++)
            v[i] = r->in.num[feature][order[i]];
        out->in.num[feature] = v;
    } else if (r->in.code[feature]) {
        int32_t *v = ARENA_ARRAY(a, int32_t, n + 1);
        for (size_t i = 0; i < n; i++)
            v[i] = r->in.code[feature][order[i]];
        out->in.code[feature] = v;
    } else {
        const struct enc_cells *c = r->in.cells[feature];
        size_t n_cells = (size_t)c->first[n];
        struct enc_cells *made = ARENA_NEW(a, struct enc_cells);
        int64_t *first = ARENA_ARRAY(a, int64_t, n + 1);
        int32_t *col = ARENA_ARRAY(a, int32_t, n_cells + 1);
        double *value = ARENA_ARRAY(a, double, n_cells + 1);
        for (size_t i = 0; i < n; i++) {
            size_t from = (size_t)c->first[order[i]], size = (size_t)c->first[order[i] + 1] - from;
            if (size > 0) memcpy(col + first[i], c->col + from, sizeof *col * size);
            if (size > 0) memcpy(value + first[i], c->value + from, sizeof *value * size);
            first[i + 1] = first[i] + (int64_t)size;
        }
        *made = (struct enc_cells){.first = first, .col = col, .value = value};
        out->in.cells[feature] = made;
    }
}

static enum rc_t measure(struct ctx *cx, const struct model *m, const struct rows *r,
                         const struct asked *metric, double *out)
{
    struct judged j;
    TRY(judge_rows(cx, m, r, &j));
    enum rc_t res = judged_value(cx, &j, metric, out);
    judged_release(&j);
    return res;
}

static enum rc_t shuffled_worth(struct ctx *cx, const struct model *m, const struct rows *r,
                                const struct asked *metric, double whole, int feature, int rounds,
                                uint64_t seed, struct worth *out)
{
    double *loss = ARENA_ARRAY(cx->arena, double, rounds), sum = 0, spread = 0;
    enum rc_t res = RC_OK;
    for (int k = 0; res == RC_OK && k < rounds; k++) {
        struct arena *a = arena_new();
        struct rows mixed;
        double v = NAN;
        int64_t *order = ARENA_ARRAY(a, int64_t, r->n + 1);
        shuffle(order, r->n, seed, feature, k);
        shuffled_rows(a, r, feature, order, &mixed);
        res = check_cancel(cx);
        if (res == RC_OK) res = measure(cx, m, &mixed, metric, &v);
        loss[k] = metric->metric->less_is_better ? v - whole : whole - v;
        sum += loss[k];
        arena_free(a);
    }
    double mean = sum / rounds;
    for (int k = 0; k < rounds; k++)
        spread += (loss[k] - mean) * (loss[k] - mean);
    *out = (struct worth){m->enc.features[feature].name, mean,
                          rounds > 1 ? sqrt(spread / (rounds - 1)) : NAN, feature};
    return res;
}

static bool is_offset_feature(const struct encoder *e, int feature)
{
    for (int i = 0; i < e->n_terms; i++)
        if (e->terms[i].is_offset && e->terms[i].features[0] == feature) return true;
    return false;
}

enum rc_t ml_permutation(struct ctx *cx, struct executor *x, const struct model *m,
                         struct plan *data, const char *metric, int rounds, uint64_t seed,
                         struct span span, struct table **out)
{
    const char *usual = !model_is_class(m) ? "rmse" : model_n_classes(m) == 2 ? "auc" : "accuracy";
    const char *name = metric ? metric : usual;
    struct rows holder = {.arena = arena_new()};
    struct asked *asked;
    struct worth *w = ARENA_ARRAY(cx->arena, struct worth, m->enc.n_features + 1);
    double whole = NAN;
    int n = 0, n_asked;
    enum rc_t res = RC_ERR;
    if (m->family->cls->scores == SCORE_GROUPS) {
        fail(cx, E217, span, "importance is of one model; this one is a model for each group");
        goto out;
    }
    if (!m->target.text) {
        fail(cx, E217, span, "a %s model has no target to do worse on", m->family->name);
        goto out;
    }
    TRY_OUT(metrics_choose(cx, m, &name, 1, span, &asked, &n_asked));
    TRY_OUT(rows_coded(cx, x, m, data, span, &holder));
    TRY_OUT(measure(cx, m, holder.valid, asked, &whole));
    for (int f = 0; f < m->enc.n_features; f++) {
        if (is_offset_feature(&m->enc, f)) continue;
        TRY_OUT(shuffled_worth(cx, m, holder.valid, asked, whole, f, rounds, seed, &w[n++]));
    }
    res = worth_table(cx, w, n, true, out);
out:
    arena_free(holder.arena);
    return res;
}
