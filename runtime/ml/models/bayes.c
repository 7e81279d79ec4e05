/* bayes.c: naive Bayes. Each class has a prior and, column by column, its own distribution:
 *   gaussian     normal with the class's mean and variance, the variance widened by var_smoothing
 *                times the largest variance of a column (scikit-learn's GaussianNB);
 *   multinomial  counts: log (N_cj + a) / sum_j (N_cj + a), a = smoothing;
 *   complement   the same of all other classes, with the sign turned, without the prior (Rennie,
 *                Shih, Teevan, Karger 2003);
 *   bernoulli    yes or no: log (N_cj + a) / (N_c + 2a).
 * All but the gaussian are linear in the columns and never make the dense design. */
#include "runtime/ml/models/linear_int.h"

#include "runtime/base/mem.h"
#include "runtime/ml/json_int.h"

#include <math.h>

#define DENSE_COLS      512 /* up to here sums go over dense rows, once for all classes */
#define TILE            256
#define LEAST_SMOOTHING 1e-10 /* log of a count of 0 stays a number; scikit-learn's */

enum bayes_kind { BAYES_GAUSSIAN, BAYES_MULTINOMIAL, BAYES_COMPLEMENT, BAYES_BERNOULLI };
struct bayes { /* body; classes: of two 0 is the other, 1 the positive one */
    enum bayes_kind kind;
    int k, n;
    double *prior;    /* [k] shares of the weight */
    double *bias;     /* [k] of the score */
    double *weight;   /* [k, n] linear kinds: of a unit of the column; gaussian: the mean */
    double *variance; /* [k, n] gaussian only */
};

/* ---- sums by class ---- */
struct class_sums {
    const struct bayes *b;
    bool has_centers; /* second pass: squares about the class's mean */
};

static int class_of(const struct rows *r, int64_t i)
{
    return (int)r->y[i];
}

/* acc: weight [k], then sums [k, n]. */
static enum rc_t dense_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                            double *acc)
{
    (void)cx;
    const struct class_sums *s = self;
    size_t n = (size_t)s->b->n, k = (size_t)s->b->k;
    for (int i = 0; i < b->n; i++) {
        size_t c = (size_t)class_of(r, b->at + i);
        double w = r->w ? r->w[b->at + i] : 1.0, *sum = acc + k + c * n;
        const double *x = b->x + (size_t)i * n, *mean = s->b->weight + c * n;
        acc[c] += w;
        if (s->has_centers)
            for (size_t j = 0; j < n; j++)
                sum[j] += w * (x[j] - mean[j]) * (x[j] - mean[j]);
        else
            for (size_t j = 0; j < n; j++)
                sum[j] += w * x[j];
    }
    return RC_OK;
}

static enum rc_t sparse_part(struct ctx *cx, void *self, const struct rows *r,
                             const struct block *b, double *acc)
{
    (void)cx;
    const struct class_sums *s = self;
    size_t n = (size_t)s->b->n, k = (size_t)s->b->k;
    double coef[1024];
    for (size_t c = 0; c < k; c++) {
        for (int i = 0; i < b->n; i++) {
            bool is_in = class_of(r, b->at + i) == (int)c;
            coef[i] = is_in ? r->w ? r->w[b->at + i] : 1.0 : 0.0;
            acc[c] += coef[i];
        }
        enc_add(r->enc, &r->in, b->at, b->n, coef, acc + k + c * n);
    }
    return RC_OK;
}

static enum rc_t sum_classes(struct ctx *cx, const struct rows *r, struct class_sums *s,
                             double *acc)
{
    bool is_dense = s->b->n <= DENSE_COLS || s->has_centers;
    struct row_sum sum = {.self = s,
                          .n_acc = (size_t)s->b->k * ((size_t)s->b->n + 1),
                          .dense = is_dense,
                          .part = is_dense ? dense_part : sparse_part};
    return rows_sum(cx, r, &sum, acc);
}

/* ---- the kinds ---- */
static double log_prior(const struct bayes *b, int c)
{
    return log(b->prior[c]);
}

static enum rc_t fit_gaussian(struct ctx *cx, const struct rows *r, const struct model *m,
                              const double *weights, double *acc, struct bayes *b)
{
    size_t n = (size_t)b->n, k = (size_t)b->k;
    struct class_sums s = {.b = b, .has_centers = true};
    double widest = 0, smoothing = model_param(m, "var_smoothing");
    for (size_t c = 0; c < k; c++)
        for (size_t j = 0; j < n; j++)
            b->weight[c * n + j] = acc[k + c * n + j] / weights[c];
    TRY(sum_classes(cx, r, &s, acc));
    b->variance = ARENA_ARRAY(m->arena, double, k *n + 1);
    for (size_t j = 0; j < n; j++) { /* of all rows: within the classes and between their means */
        double mean = 0, whole = 0;
        for (size_t c = 0; c < k; c++)
            mean += b->prior[c] * b->weight[c * n + j];
        for (size_t c = 0; c < k; c++) {
            double gap = b->weight[c * n + j] - mean;
            whole += acc[k + c * n + j] / r->w_sum + b->prior[c] * gap * gap;
        }
        if (whole > widest) widest = whole;
    }
    for (size_t c = 0; c < k; c++) {
        b->bias[c] = log_prior(b, (int)c);
        for (size_t j = 0; j < n; j++) {
            double v = fmax(acc[k + c * n + j] / weights[c] + smoothing * widest, 1e-100);
            b->variance[c * n + j] = v;
            b->bias[c] -= 0.5 * log(2 * acos(-1.0) * v);
        }
    }
    return RC_OK;
}

static void fit_multinomial(struct bayes *b, const double *count, double a)
{
    size_t n = (size_t)b->n;
    for (size_t c = 0; c < (size_t)b->k; c++) {
        double whole = a * (double)n;
        for (size_t j = 0; j < n; j++)
            whole += count[c * n + j];
        for (size_t j = 0; j < n; j++)
            b->weight[c * n + j] = log((count[c * n + j] + a) / whole);
        b->bias[c] = log_prior(b, (int)c);
    }
}

static void fit_complement(struct bayes *b, const double *count, double a)
{
    size_t n = (size_t)b->n;
    for (size_t c = 0; c < (size_t)b->k; c++) {
        double whole = 0;
        for (size_t j = 0; j < n; j++) {
            double others = a;
            for (size_t d = 0; d < (size_t)b->k; d++)
                if (d != c) others += count[d * n + j];
            b->weight[c * n + j] = others;
            whole += others;
        }
        for (size_t j = 0; j < n; j++)
            b->weight[c * n + j] = -log(b->weight[c * n + j] / whole);
    }
}

static void fit_bernoulli(struct bayes *b, const double *count, const double *weights, double a)
{
    size_t n = (size_t)b->n;
    for (size_t c = 0; c < (size_t)b->k; c++) {
        b->bias[c] = log_prior(b, (int)c);
        for (size_t j = 0; j < n; j++) {
            double p = (count[c * n + j] + a) / (weights[c] + 2 * a);
            b->bias[c] += log1p(-p);
            b->weight[c * n + j] = log(p) - log1p(-p);
        }
    }
}

/* ---- what the kinds can take ---- */
static bool number_fits(enum bayes_kind kind, double v)
{
    return kind == BAYES_BERNOULLI ? v == 0 || v == 1 : v >= 0;
}

static enum rc_t check_values(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                              const struct bayes *b)
{
    bool is_binary = b->kind == BAYES_BERNOULLI;
    for (int f = 0; b->kind != BAYES_GAUSSIAN && f < r->enc->n_features; f++) {
        const struct enc_feature *e = &r->enc->features[f];
        const double *v = e->kind == ENC_NUMBER ? r->in.num[f]
                          : e->kind == ENC_LIST ? r->in.cells[f]->value
                                                : NULL;
        int64_t n = e->kind == ENC_LIST ? r->in.cells[f]->first[r->n] : r->n;
        for (int64_t i = 0; v && i < n; i++) {
            if (number_fits(b->kind, v[i])) continue;
            fail(cx, E412, spec->formula->span, "bayes(kind: %s) takes %s; `%s` has %g",
                 is_binary                     ? "bernoulli"
                 : b->kind == BAYES_COMPLEMENT ? "complement"
                                               : "multinomial",
                 is_binary ? "0 and 1" : "counts, which are not negative", e->name, v[i]);
            return is_binary && e->kind == ENC_NUMBER
                       ? err_note(cx, "make it yes or no: I(%s > 0)", e->name)
                       : err_note(cx, "bayes(kind: gaussian) takes any number");
        }
    }
    return RC_OK;
}

static enum bayes_kind kind_of(const struct model *m)
{
    bool has_list = false;
    for (int i = 0; i < m->enc.n_features; i++)
        has_list |= m->enc.features[i].kind == ENC_LIST;
    if (model_param_is(m, "kind", "multinomial")) return BAYES_MULTINOMIAL;
    if (model_param_is(m, "kind", "complement")) return BAYES_COMPLEMENT;
    if (model_param_is(m, "kind", "bernoulli")) return BAYES_BERNOULLI;
    if (model_param_is(m, "kind", "gaussian")) return BAYES_GAUSSIAN;
    return has_list ? BAYES_MULTINOMIAL : BAYES_GAUSSIAN;
}

static struct bayes *new_body(struct model *m, enum bayes_kind kind)
{
    struct bayes *b = ARENA_NEW(m->arena, struct bayes);
    size_t k = (size_t)model_n_classes(m), n = (size_t)m->enc.n_cols;
    *b = (struct bayes){.kind = kind, .k = (int)k, .n = (int)n};
    b->prior = ARENA_ARRAY(m->arena, double, k);
    b->bias = ARENA_ARRAY(m->arena, double, k);
    b->weight = ARENA_ARRAY(m->arena, double, mem_mul(k, n) + 1);
    return b;
}

/* Mean log loss and accuracy on the rows that were fitted. */
static enum rc_t training_stats(struct ctx *cx, const struct rows *r, struct model *m);

static enum rc_t fit_kind(struct ctx *cx, const struct rows *r, const struct model *m, double *acc,
                          struct bayes *b)
{
    size_t k = (size_t)b->k;
    double a = fmax(model_param(m, "smoothing"), LEAST_SMOOTHING);
    double *weights = arena_copy(cx->arena, acc, sizeof(double) * k);
    for (size_t c = 0; c < k; c++)
        b->prior[c] = weights[c] / r->w_sum;
    if (a < 1e-10) a = 1e-10; /* log 0 would rule a class out for good */
    switch (b->kind) {
    case BAYES_GAUSSIAN: return fit_gaussian(cx, r, m, weights, acc, b);
    case BAYES_MULTINOMIAL: fit_multinomial(b, acc + k, a); break;
    case BAYES_COMPLEMENT: fit_complement(b, acc + k, a); break;
    case BAYES_BERNOULLI: fit_bernoulli(b, acc + k, weights, a); break;
    }
    return RC_OK;
}

static enum rc_t bayes_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                           struct model *m)
{
    struct bayes *b = new_body(m, kind_of(m));
    struct class_sums s = {.b = b};
    void *acc = NULL;
    size_t n_acc = mem_mul((size_t)b->k, (size_t)b->n + 1);
    enum rc_t res = RC_ERR;
    if (b->n == 0) return fail(cx, E401, spec->formula->span, "bayes needs at least one column");
    if (b->kind == BAYES_GAUSSIAN && b->n > ENC_MAX_COLS)
        return fail(cx, E902, spec->formula->span,
                    "bayes(kind: gaussian) takes %d columns at most; there are %d. For texts take "
                    "kind: multinomial",
                    ENC_MAX_COLS, b->n);
    TRY(check_values(cx, spec, r, b));
    TRY(mem_big(cx, mem_mul(sizeof(double), n_acc) + 1, &acc));
    TRY_OUT(sum_classes(cx, r, &s, acc));
    TRY_OUT(fit_kind(cx, r, m, acc, b));
    m->body = b;
    m->report.iterations = 1;
    m->report.converged = true;
    TRY_OUT(training_stats(cx, r, m));
    res = RC_OK;
out:
    mem_big_free(acc);
    return res;
}

/* ---- scores ---- */
/* Log of prior times likelihood of one class, n <= TILE rows; x: their columns (gaussian). */
static void class_score(const struct model *m, const struct enc_input *in, int64_t at, int n, int c,
                        const double *x, double *out)
{
    const struct bayes *b = m->body;
    size_t first = (size_t)c * (size_t)b->n;
    for (int i = 0; i < n; i++)
        out[i] = b->bias[c];
    if (b->kind != BAYES_GAUSSIAN) {
        enc_dot_columns(&m->enc, in, at, n, b->weight + first, out);
        return;
    }
    for (int j = 0; j < b->n; j++) {
        const double *v = x + (size_t)j * (size_t)n;
        double mean = b->weight[first + (size_t)j], by = 0.5 / b->variance[first + (size_t)j];
        for (int i = 0; i < n; i++)
            out[i] -= (v[i] - mean) * (v[i] - mean) * by;
    }
}

/* Log scores [k, n] of a tile to probabilities. */
static void put_probabilities(const double *score, int k, int n, double *out)
{
    for (int i = 0; i < n; i++) {
        double most = score[i], sum = 0;
        for (int c = 1; c < k; c++)
            most = fmax(most, score[c * n + i]);
        for (int c = 0; c < k; c++)
            sum += exp(score[c * n + i] - most);
        if (k == 2)
            out[i] = exp(score[n + i] - most) / sum;
        else
            for (int c = 0; c < k; c++)
                out[(size_t)i * (size_t)k + (size_t)c] = exp(score[c * n + i] - most) / sum;
    }
}

static void bayes_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                        double *out)
{
    const struct bayes *b = m->body;
    size_t cols = b->kind == BAYES_GAUSSIAN ? (size_t)b->n : 0, width = b->k > 2 ? (size_t)b->k : 1;
    double *scratch = mem_alloc(sizeof(double) * TILE * (cols + (size_t)b->k));
    for (int from = 0; from < n; from += TILE) {
        int tile = n - from < TILE ? n - from : TILE;
        double *score = scratch + cols * TILE;
        if (cols) enc_columns(&m->enc, in, at + from, tile, scratch);
        for (int c = 0; c < b->k; c++)
            class_score(m, in, at + from, tile, c, scratch, score + (size_t)c * (size_t)tile);
        put_probabilities(score, b->k, tile, out + (size_t)from * width);
    }
    mem_free(scratch);
}

/* acc: weighted loss, weight that is right. */
static enum rc_t stats_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                            double *acc)
{
    (void)cx;
    const struct model *m = self;
    int k = model_n_classes(m), width = k > 2 ? k : 1;
    double *p = mem_alloc(sizeof(double) * (size_t)b->n * (size_t)width);
    bayes_score(m, &r->in, b->at, b->n, p);
    for (int i = 0; i < b->n; i++) {
        int is = class_of(r, b->at + i), best = 0;
        const double *row = p + (size_t)i * (size_t)width;
        double w = r->w ? r->w[b->at + i] : 1.0;
        double own = k > 2 ? row[is] : is == 1 ? row[0] : 1 - row[0];
        for (int c = 1; c < width; c++)
            if (row[c] > row[best]) best = c;
        if (k == 2) best = row[0] > 0.5;
        acc[0] -= w * log(fmax(own, 2.3e-16));
        acc[1] += best == is ? w : 0;
    }
    mem_free(p);
    return RC_OK;
}

static enum rc_t training_stats(struct ctx *cx, const struct rows *r, struct model *m)
{
    double acc[2];
    struct row_sum sum = {.self = m, .n_acc = 2, .part = stats_part};
    TRY(rows_sum(cx, r, &sum, acc));
    m->report.loss = acc[0] / r->w_sum;
    model_add_stat(m, "log_loss", acc[0] / r->w_sum, false);
    model_add_stat(m, "accuracy", acc[1] / r->w_sum, false);
    return RC_OK;
}

/* ---- the file ---- */
static void bayes_save(const struct model *m, struct json_out *out)
{
    const struct bayes *b = m->body;
    size_t n = (size_t)b->n;
    json_out_key(out, "kind");
    json_out_int(out, b->kind);
    json_out_nums(out, "priors", b->prior, (size_t)b->k);
    json_out_nums(out, "intercepts", b->bias, (size_t)b->k);
    for (int part = 0; part < (b->variance ? 2 : 1); part++) {
        json_out_key(out, part == 0 ? "weights" : "variances");
        json_out_open(out, '[');
        for (int c = 0; c < b->k; c++)
            json_out_nums(out, NULL, (part == 0 ? b->weight : b->variance) + (size_t)c * n, n);
        json_out_close(out, ']');
    }
}

static enum rc_t load_classes(struct ctx *cx, const json_t *j, const char *key, int k, int n,
                              double *out)
{
    const json_t *list = json_object_get(j, key);
    if (!json_is_array(list) || json_array_size(list) != (size_t)k)
        return json_bad(cx, "`%s` does not fit the classes", key);
    for (int c = 0; c < k; c++)
        TRY(json_list_nums(cx, json_array_get(list, (size_t)c), key, out + (size_t)c * (size_t)n,
                           (size_t)n));
    return RC_OK;
}

static enum rc_t bayes_load(struct ctx *cx, const json_t *j, struct model *m)
{
    int64_t kind;
    TRY(json_get_int(cx, j, "kind", 0, BAYES_BERNOULLI, &kind));
    struct bayes *b = new_body(m, (enum bayes_kind)kind);
    TRY(json_get_nums(cx, j, "priors", b->prior, (size_t)b->k));
    TRY(json_get_nums(cx, j, "intercepts", b->bias, (size_t)b->k));
    TRY(load_classes(cx, j, "weights", b->k, b->n, b->weight));
    if (kind == BAYES_GAUSSIAN) {
        size_t cells = mem_mul((size_t)b->k, (size_t)b->n);
        b->variance = ARENA_ARRAY(m->arena, double, cells + 1);
        TRY(load_classes(cx, j, "variances", b->k, b->n, b->variance));
        for (size_t i = 0; i < cells; i++)
            if (!(b->variance[i] >= 0)) return json_bad(cx, "a variance is negative");
    }
    m->body = b;
    return RC_OK;
}

/* ---- m.likelihood ---- */
static const char *class_text(const struct model *m, int c)
{
    const struct target *t = &m->target;
    if (model_n_classes(m) > 2) return t->classes.levels[c].text;
    return t->classes.levels[c == 1 ? t->positive : 1 - t->positive].text;
}

static enum rc_t likelihood_row(struct ctx *cx, const struct model *m, int c, int j,
                                struct builder *cols)
{
    const struct bayes *b = m->body;
    size_t at = (size_t)c * (size_t)b->n + (size_t)j;
    TRY(builder_str(cx, &cols[0], str_of(class_text(m, c))));
    TRY(builder_f64(cx, &cols[1], b->prior[c]));
    TRY(builder_str(cx, &cols[2], str_of(m->enc.columns[j])));
    TRY(builder_f64(cx, &cols[3], b->weight[at]));
    return b->variance ? builder_f64(cx, &cols[4], sqrt(b->variance[at])) : RC_OK;
}

static enum rc_t likelihood_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct bayes *b = m->body;
    const char *names[] = {"class", "prior", "term", b->variance ? "mean" : "log_odds", "sd"};
    int n = b->variance ? 5 : 4;
    struct field fields[5];
    struct builder cols[5];
    enum rc_t res = RC_OK;
    if (b->kind == BAYES_MULTINOMIAL || b->kind == BAYES_COMPLEMENT) names[3] = "log_weight";
    for (int i = 0; i < n; i++) {
        fields[i] = (struct field){names[i], DTYPE(i == 0 || i == 2 ? KIND_STR : KIND_NUM)};
        builder_init(&cols[i], fields[i].type, kind_phys(fields[i].type.kind));
    }
    for (int c = 0; res == RC_OK && c < b->k; c++)
        for (int j = 0; res == RC_OK && j < b->n; j++)
            res = likelihood_row(cx, m, c, j, cols);
    if (res == RC_OK) res = ml_table(cx, fields, cols, n, out);
    for (int i = 0; i < n; i++)
        builder_release(&cols[i]);
    return res;
}

static const struct model_part bayes_parts[] = {
    {"likelihood",
     "what each class expects of each column: class, prior, term, then mean and sd, "
     "or the weight of a unit of it",
     likelihood_table},
    {0}};
static const struct model_class bayes_class = {.all_levels = true,
                                               .is_sparse = true,
                                               .takes_many = true,
                                               .scores = SCORE_CLASS,
                                               .fit = bayes_fit,
                                               .score = bayes_score,
                                               .save = bayes_save,
                                               .load = bayes_load,
                                               .parts = bayes_parts};
static const struct ml_param_desc bayes_params[] = {
    {.name = "kind",
     .kind = KIND_STR,
     .def = "auto",
     .words = "auto gaussian multinomial complement bernoulli",
     .doc = "distribution of a column within a class; auto: multinomial for words, else gaussian"},
    {.name = "smoothing",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1e9,
     .def = "1",
     .doc = "added to every count of multinomial, complement and bernoulli"},
    {.name = "var_smoothing",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1e9,
     .def = "1e-9",
     .doc = "gaussian: share of the largest variance of a column that is added to all"},
    {.name = NULL}};
const struct ml_family ml_bayes = {
    .name = "bayes",
    .sig = "bayes(kind: auto, smoothing: 1, var_smoothing: 1e-9)",
    .doc = "Naive Bayes: every column by itself tells how likely each class is.",
    .example = "fit species ~ bill_length_mm + bill_depth_mm, bayes()",
    .params = bayes_params,
    .task = ML_CLASS,
    .cls = &bayes_class};
