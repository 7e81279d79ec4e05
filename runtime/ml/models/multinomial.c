/* multinomial.c: logistic regression of K > 2 classes. Minimises over b_c, a_c for each class c
 *     sum_i w_i (log sum_c exp(eta_ic) - eta_i,y_i) / sum w + sum_c (l1 |b_c| + l2/2 |b_c|^2),
 * eta_ic = o_i + a_c + z_i . b_c: every class has coefficients, none is the reference. What that
 * leaves open (a number added to all classes) is settled by intercepts that sum to 0, and without a
 * penalty coefficients too, as Spark and scikit-learn do. */
#include "runtime/ml/models/logistic_int.h"

#include "runtime/base/mem.h"
#include "runtime/ml/json_int.h"
#include "runtime/ml/vec_int.h"

#include <cblas.h>
#include <math.h>

#define BLOCK          1024
#define SEPARATED_LOSS 1e-6

struct multi {                /* body */
    int k, n;                 /* classes, columns */
    double *intercept, *beta; /* [k], [k, n] */
    bool *left_out;           /* [n] */
    double *spread;           /* [n] */
};

struct softmax { /* the objective; variables: coefficients by class, then intercepts */
    const struct rows *rows;
    const struct linear_plan *plan;
    int classes, n;
    const double *x;
    bool wants_hess;
    double *beta, *offset; /* [classes, n_cols], [classes]: raw scale, for passes by cells */
    double value, n_wrong;
};

/* eta [classes, n] of the block -> slopes in place (weight times p - y); value and wrong rows. */
static void softmax_rows(const struct rows *r, const struct block *b, int classes, double *eta,
                         double *prob, double *acc)
{
    double most[BLOCK], sum[BLOCK] = {0};
    size_t n = (size_t)b->n;
    memcpy(most, eta, sizeof(double) * n);
    for (int c = 1; c < classes; c++)
        for (size_t i = 0; i < n; i++)
            most[i] = fmax(most[i], eta[(size_t)c * n + i]);
    for (size_t i = 0; i < n; i++) {
        double own = eta[(size_t)r->y[b->at + (int64_t)i] * n + i];
        double w = r->w ? r->w[b->at + (int64_t)i] : 1.0;
        acc[0] += w * (most[i] - own);
        acc[1] += own < most[i];
    }
    for (int c = 0; c < classes; c++) {
        double *p = prob + (size_t)c * n;
        for (size_t i = 0; i < n; i++)
            p[i] = eta[(size_t)c * n + i] - most[i];
        vec_exp(b->n, p, p);
        vec_axpy(b->n, 1.0, p, sum);
    }
    for (size_t i = 0; i < n; i++) {
        acc[0] += (r->w ? r->w[b->at + (int64_t)i] : 1.0) * log(sum[i]);
        sum[i] = 1.0 / sum[i];
    }
    for (int c = 0; c < classes; c++) {
        double *p = prob + (size_t)c * n, *slope = eta + (size_t)c * n;
        for (size_t i = 0; i < n; i++) {
            p[i] *= sum[i];
            slope[i] = p[i] - (r->y[b->at + (int64_t)i] == c ? 1.0 : 0.0);
            if (r->w) slope[i] *= r->w[b->at + (int64_t)i];
        }
    }
}

/* Blocks of the Hessian, one for each pair of classes a <= c: sum h z z', z with a last 1. */
static void hess_blocks(const struct softmax *f, const struct block *b, const double *prob,
                        double *z, double *scratch, double *acc)
{
    int k = f->plan->design.k, q = k + 1;
    size_t n = (size_t)b->n;
    double h[BLOCK];
    const double *w = f->rows->w ? f->rows->w + b->at : NULL;
    for (int a = 0; a < f->classes; a++)
        for (int c = a; c < f->classes; c++, acc += (size_t)q * (size_t)q) {
            const double *pa = prob + (size_t)a * n, *pc = prob + (size_t)c * n;
            for (size_t i = 0; i < n; i++)
                h[i] = (w ? w[i] : 1.0) * pa[i] * (a == c ? 1.0 - pa[i] : pc[i]);
            vec_sqrt(b->n, h, h);
            memcpy(scratch, z, sizeof(double) * n * (size_t)q);
            for (int j = 0; j < q; j++)
                vec_mul(b->n, h, scratch + (size_t)j * n);
            cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, q, b->n, a == c ? 1.0 : -1.0,
                        scratch, b->n, 1.0, acc, q);
        }
}

/* acc: value, wrong, gradient [n] as the variables stand, Hessian's blocks. */
static enum rc_t dense_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                            double *acc)
{
    const struct softmax *f = self;
    const struct design *d = &f->plan->design;
    size_t n = (size_t)b->n, k = (size_t)d->k, classes = (size_t)f->classes;
    void *mem = NULL;
    TRY(mem_big(cx, sizeof(double) * n * (2 * classes + 2 * (k + 1)) + 64, &mem));
    double *eta = mem, *prob = eta + n * classes, *z = prob + n * classes, *grad = acc + 2;
    for (size_t j = 0; j < k; j++)
        vec_shift_scale(b->n, d->mean[j], 1.0 / d->scale[j], b->x + (size_t)d->col[j] * n,
                        z + j * n);
    for (size_t i = 0; i < n; i++)
        z[k * n + i] = 1.0;
    for (size_t c = 0; c < classes; c++) {
        for (size_t i = 0; i < n; i++)
            eta[c * n + i] = (d->intercept ? f->x[k * classes + c] : 0.0) +
                             (r->offset ? r->offset[b->at + (int64_t)i] : 0.0);
        for (size_t j = 0; j < k; j++)
            vec_axpy(b->n, f->x[c * k + j], z + j * n, eta + c * n);
    }
    softmax_rows(r, b, f->classes, eta, prob, acc);
    for (size_t c = 0; c < classes; c++) {
        for (size_t j = 0; j < k; j++)
            grad[c * k + j] += vec_dot(b->n, z + j * n, eta + c * n);
        if (d->intercept) grad[classes * k + c] += vec_sum(b->n, eta + c * n);
    }
    if (f->wants_hess) hess_blocks(f, b, prob, z, z + (k + 1) * n, grad + f->n);
    mem_big_free(mem);
    return RC_OK;
}

/* acc: value, wrong, sums of slopes [classes], then [classes, n_cols]. */
static enum rc_t cell_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                           double *acc)
{
    const struct softmax *f = self;
    size_t n = (size_t)b->n, classes = (size_t)f->classes, cols = (size_t)r->enc->n_cols;
    void *mem = NULL;
    TRY(mem_big(cx, sizeof(double) * n * 2 * classes + 64, &mem));
    double *eta = mem;
    for (size_t c = 0; c < classes; c++) {
        for (size_t i = 0; i < n; i++)
            eta[c * n + i] = f->offset[c] + (r->offset ? r->offset[b->at + (int64_t)i] : 0.0);
        enc_dot_columns(r->enc, &r->in, b->at, b->n, f->beta + c * cols, eta + c * n);
    }
    softmax_rows(r, b, f->classes, eta, eta + n * classes, acc);
    for (size_t c = 0; c < classes; c++) {
        acc[2 + c] += vec_sum(b->n, eta + c * n);
        enc_add(r->enc, &r->in, b->at, b->n, eta + c * n, acc + 2 + classes + c * cols);
    }
    mem_big_free(mem);
    return RC_OK;
}

static void raw_scale(struct softmax *f)
{
    const struct design *d = &f->plan->design;
    size_t k = (size_t)d->k, cols = (size_t)f->rows->enc->n_cols, classes = (size_t)f->classes;
    memset(f->beta, 0, sizeof(double) * cols * classes);
    for (size_t c = 0; c < classes; c++) {
        f->offset[c] = d->intercept ? f->x[classes * k + c] : 0.0;
        for (size_t j = 0; j < k; j++) {
            double b = f->x[c * k + j] / d->scale[j];
            f->beta[c * cols + (size_t)d->col[j]] = b;
            f->offset[c] -= d->mean[j] * b;
        }
    }
}

static void cell_gradient(const struct softmax *f, const double *acc, double *grad)
{
    const struct design *d = &f->plan->design;
    size_t k = (size_t)d->k, cols = (size_t)f->rows->enc->n_cols, classes = (size_t)f->classes;
    for (size_t c = 0; c < classes; c++) {
        double sum = acc[2 + c];
        const double *of = acc + 2 + classes + c * cols;
        for (size_t j = 0; j < k; j++)
            grad[c * k + j] = (of[d->col[j]] - d->mean[j] * sum) / d->scale[j];
        if (d->intercept) grad[classes * k + c] = sum;
    }
}

static size_t variable(const struct softmax *f, size_t class, size_t j)
{
    size_t k = (size_t)f->plan->design.k;
    return j < k ? class * k + j : (size_t)f->classes * k + class;
}

/* Blocks -> Hessian. A number added to all classes changes nothing: that direction, where no
 * penalty holds it, is given the curvature of the others, and steps stay free of it. */
static void unpack_hess(const struct softmax *f, const double *blocks, double *hess)
{
    size_t q = (size_t)f->plan->design.k + 1, n = (size_t)f->n, k = q - 1;
    size_t used = f->plan->design.intercept ? q : k, classes = (size_t)f->classes;
    memset(hess, 0, sizeof(double) * n * n);
    for (size_t a = 0; a < classes; a++)
        for (size_t c = a; c < classes; c++, blocks += q * q)
            for (size_t j = 0; j < used; j++)
                for (size_t i = 0; i < used; i++) {
                    double v = i <= j ? blocks[j * q + i] : blocks[i * q + j];
                    size_t from = variable(f, a, i), to = variable(f, c, j);
                    size_t lo = from < to ? from : to, hi = from < to ? to : from;
                    hess[hi * n + lo] = v / f->rows->w_sum;
                }
    for (size_t j = 0; j < used; j++) {
        if (j < k && linear_has_penalty(f->plan)) continue;
        double size = 0;
        for (size_t c = 0; c < classes; c++)
            size += hess[variable(f, c, j) * (n + 1)] / (double)classes;
        for (size_t a = 0; a < classes; a++)
            for (size_t c = a; c < classes; c++)
                hess[variable(f, c, j) * n + variable(f, a, j)] += size / (double)classes;
    }
}

static void add_penalty(const struct softmax *f, double *value, double *grad, double *hess)
{
    size_t k = (size_t)f->plan->design.k, n = (size_t)f->n;
    for (size_t v = 0; v < k * (size_t)f->classes; v++) {
        double p = f->plan->penalty[v % k];
        *value += 0.5 * p * f->x[v] * f->x[v];
        grad[v] += p * f->x[v];
        if (hess) hess[v * n + v] += p;
    }
}

static enum rc_t softmax_eval(struct ctx *cx, void *self, const double *x, double *value,
                              double *grad, double *hess)
{
    struct softmax *f = self;
    const struct encoder *e = f->rows->enc;
    size_t n = (size_t)f->n, q = (size_t)f->plan->design.k + 1, classes = (size_t)f->classes;
    size_t cols = (size_t)e->n_cols, raw = classes * (cols + 1);
    bool by_cells = f->plan->is_wide || (!hess && e->n_cols > 4 * e->n_parts);
    struct row_sum sum = {.self = f, .dense = !by_cells, .by_column = true};
    sum.part = by_cells ? cell_part : dense_part;
    sum.n_acc = by_cells ? 2 + raw : 2 + n + (hess ? classes * (classes + 1) / 2 * q * q : 0);
    void *acc_p = NULL;
    TRY(mem_big(cx, sizeof(double) * (sum.n_acc + raw), &acc_p));
    double *acc = acc_p;
    f->x = x;
    f->wants_hess = hess != NULL;
    f->beta = acc + sum.n_acc;
    f->offset = f->beta + classes * cols;
    if (by_cells) raw_scale(f);
    enum rc_t res = rows_sum(cx, f->rows, &sum, acc);
    if (res == RC_OK) {
        *value = acc[0] / f->rows->w_sum;
        f->n_wrong = acc[1];
        if (by_cells)
            cell_gradient(f, acc, grad);
        else
            memcpy(grad, acc + 2, sizeof(double) * n);
        for (size_t j = 0; j < n; j++)
            grad[j] /= f->rows->w_sum;
        if (hess) unpack_hess(f, acc + 2 + n, hess);
        add_penalty(f, value, grad, hess);
        f->value = *value;
    }
    mem_big_free(acc_p);
    return res;
}

static bool is_separated(void *self, const double *x)
{
    (void)x;
    const struct softmax *f = self;
    return !linear_has_penalty(f->plan) && f->n_wrong == 0 && f->value < SEPARATED_LOSS;
}

/* Numbers added to all classes: taken out where no penalty says which is best. */
static void centre(const struct softmax *f, double *x)
{
    size_t k = (size_t)f->plan->design.k, classes = (size_t)f->classes;
    bool all = !linear_has_penalty(f->plan);
    for (size_t j = all ? 0 : k; j < k + (f->plan->design.intercept ? 1 : 0); j++) {
        double mean = 0;
        for (size_t c = 0; c < classes; c++)
            mean += x[variable(f, c, j)] / (double)classes;
        for (size_t c = 0; c < classes; c++)
            x[variable(f, c, j)] -= mean;
    }
}

/* Logarithms of the classes' shares. */
static void start(const struct softmax *f, double *x)
{
    size_t classes = (size_t)f->classes;
    double *share = x + (size_t)f->plan->design.k * classes;
    if (!f->plan->design.intercept) return;
    for (int64_t i = 0; i < f->rows->n; i++)
        share[(size_t)f->rows->y[i]] += (f->rows->w ? f->rows->w[i] : 1.0) / f->rows->w_sum;
    for (size_t c = 0; c < classes; c++)
        share[c] = log(fmax(share[c], 1e-9));
    centre(f, x);
}

static void fill_body(struct model *m, const struct softmax *f, const double *x)
{
    const struct design *d = &f->plan->design;
    int n = m->enc.n_cols, k = f->classes;
    struct multi *b = ARENA_NEW(m->arena, struct multi);
    *b = (struct multi){.k = k,
                        .n = n,
                        .intercept = ARENA_ARRAY(m->arena, double, k),
                        .beta = ARENA_ARRAY(m->arena, double, (size_t)k *(size_t)n + 1),
                        .left_out = ARENA_ARRAY(m->arena, bool, n + 1),
                        .spread = ARENA_ARRAY(m->arena, double, n + 1)};
    for (int j = 0; j < n; j++) {
        b->left_out[j] = !linear_has_penalty(f->plan);
        b->spread[j] = f->plan->stats.sd[j];
    }
    for (int c = 0; c < k; c++) {
        b->intercept[c] = d->intercept ? x[variable(f, (size_t)c, (size_t)d->k)] : 0.0;
        for (int j = 0; j < d->k; j++) {
            double v = x[variable(f, (size_t)c, (size_t)j)] / d->scale[j];
            b->left_out[d->col[j]] = false;
            b->beta[(size_t)c * (size_t)n + (size_t)d->col[j]] = v;
            b->intercept[c] -= d->mean[j] * v;
        }
    }
    double mean = 0;
    for (int c = 0; c < k; c++)
        mean += b->intercept[c] / k;
    for (int c = 0; c < k && d->intercept; c++)
        b->intercept[c] -= mean;
    m->body = b;
}

enum rc_t multinomial_fit_rows(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                               struct model *m)
{
    struct linear_plan p;
    struct newton_report end;
    TRY(linear_prepare(cx, spec, r, m, NULL, &p));
    struct softmax f = {.rows = r, .plan = &p, .classes = r->n_classes};
    size_t k = (size_t)p.design.k, classes = (size_t)r->n_classes;
    f.n = (int)(classes * (k + (p.design.intercept ? 1 : 0)));
    size_t n = (size_t)f.n;
    bool by_newton = logistic_by_newton(m, &p, f.n);
    double *x = ARENA_ARRAY(cx->arena, double, n + 1), *l1 = NULL;
    double *hess = by_newton ? ARENA_ARRAY(cx->arena, double, mem_mul(n, n) + 1) : NULL;
    if (p.lasso) l1 = ARENA_ARRAY(cx->arena, double, n + 1);
    for (size_t v = 0; l1 && v < classes * k; v++)
        l1[v] = p.lasso[v % k];
    start(&f, x);
    struct objective o = {
        .n = f.n, .self = &f, .eval = softmax_eval, .stop = is_separated, .l1 = l1};
    TRY(logistic_minimize(cx, m, &o, by_newton, x, hess, &end));
    logistic_tell_end(cx, spec, m, &p, &end);
    centre(&f, x);
    fill_body(m, &f, x);
    double penalty = 0;
    for (size_t v = 0; v < classes * k; v++)
        penalty += 0.5 * p.penalty[v % k] * x[v] * x[v];
    double mean_loss = f.value - penalty;
    for (size_t v = 0; l1 && v < classes * k; v++)
        penalty += l1[v] * fabs(x[v]);
    m->report.iterations = end.iterations;
    m->report.converged = end.end == NEWTON_CONVERGED;
    m->report.loss = mean_loss + penalty;
    model_add_stat(m, "log_loss", mean_loss, false);
    model_add_stat(m, "accuracy", 1.0 - f.n_wrong / (double)r->n, false);
    return RC_OK;
}

void multinomial_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                       double *out)
{
    const struct multi *b = m->body;
    double eta[BLOCK];
    size_t k = (size_t)b->k;
    for (int from = 0; from < n; from += BLOCK) {
        int rows = n - from < BLOCK ? n - from : BLOCK;
        double *to = out + (size_t)from * k;
        for (size_t c = 0; c < k; c++) {
            for (int i = 0; i < rows; i++)
                eta[i] = b->intercept[c];
            enc_dot(&m->enc, in, at + from, rows, b->beta + c * (size_t)b->n, eta);
            for (int i = 0; i < rows; i++)
                to[(size_t)i * k + c] = eta[i];
        }
        for (int i = 0; i < rows; i++) {
            double *row = to + (size_t)i * k, most = row[0], sum = 0;
            for (size_t c = 1; c < k; c++)
                most = fmax(most, row[c]);
            for (size_t c = 0; c < k; c++)
                sum += row[c] = exp(row[c] - most);
            for (size_t c = 0; c < k; c++)
                row[c] /= sum;
        }
    }
}

void multinomial_save(const struct model *m, struct json_out *out)
{
    const struct multi *b = m->body;
    json_out_nums(out, "intercepts", b->intercept, (size_t)b->k);
    json_out_key(out, "coefficients");
    json_out_open(out, '[');
    for (int c = 0; c < b->k; c++)
        linear_save_nums(out, NULL, b->beta + (size_t)c * (size_t)b->n, b->left_out, b->n);
    json_out_close(out, ']');
    json_out_nums(out, "sd", b->spread, (size_t)b->n);
}

enum rc_t multinomial_load(struct ctx *cx, const json_t *j, struct model *m)
{
    struct multi *b = ARENA_NEW(m->arena, struct multi);
    int k = model_n_classes(m), n = m->enc.n_cols;
    const json_t *list = json_object_get(j, "coefficients");
    *b = (struct multi){.k = k, .n = n};
    if (!json_is_array(list) || json_array_size(list) != (size_t)k)
        return json_bad(cx, "`coefficients` does not fit the classes");
    b->intercept = ARENA_ARRAY(m->arena, double, k);
    b->beta = ARENA_ARRAY(m->arena, double, mem_mul((size_t)k, (size_t)n) + 1);
    b->left_out = ARENA_ARRAY(m->arena, bool, n + 1);
    b->spread = ARENA_ARRAY(m->arena, double, n + 1);
    TRY(json_get_nums(cx, j, "intercepts", b->intercept, (size_t)k));
    for (int c = 0; c < k; c++)
        TRY(linear_load_nums(cx, json_array_get(list, (size_t)c), "coefficients",
                             b->beta + (size_t)c * (size_t)n, b->left_out, n));
    TRY(json_get_nums(cx, j, "sd", b->spread, (size_t)n));
    m->body = b;
    return RC_OK;
}

static enum rc_t coef_row(struct ctx *cx, struct builder *cols, const char *class, const char *term,
                          double estimate, bool is_there)
{
    TRY(builder_str(cx, &cols[0], str_of(class)));
    TRY(builder_str(cx, &cols[1], str_of(term)));
    TRY(is_there ? builder_f64(cx, &cols[2], estimate) : builder_null(cx, &cols[2]));
    for (int i = 3; i < 6; i++)
        TRY(builder_null(cx, &cols[i]));
    return RC_OK;
}

enum rc_t multinomial_coef(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct multi *b = m->body;
    static const char *names[] = {"class", "term", "estimate", "std_error", "statistic", "p_value"};
    struct field fields[6];
    struct builder cols[6];
    enum rc_t res = RC_ERR;
    for (int i = 0; i < 6; i++) {
        fields[i] = (struct field){.name = names[i], .type = DTYPE(i < 2 ? KIND_STR : KIND_NUM)};
        builder_init(&cols[i], fields[i].type, kind_phys(fields[i].type.kind));
    }
    for (int c = 0; c < b->k; c++) {
        const char *class = m->target.classes.levels[c].text;
        if (m->enc.intercept)
            TRY_OUT(coef_row(cx, cols, class, "(intercept)", b->intercept[c], true));
        for (int j = 0; j < b->n; j++)
            TRY_OUT(coef_row(cx, cols, class, m->enc.columns[j],
                             b->beta[(size_t)c * (size_t)b->n + (size_t)j], !b->left_out[j]));
    }
    res = ml_table(cx, fields, cols, 6, out);
out:
    for (int i = 0; i < 6; i++)
        builder_release(&cols[i]);
    return res;
}
