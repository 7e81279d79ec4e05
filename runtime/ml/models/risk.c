/* risk.c: see risk_int.h. */
#include "runtime/ml/models/risk_int.h"

#include "runtime/ml/vec_int.h"

#include <cblas.h>
#include <math.h>

#define CELL_SUMS    4
#define SPARSE_SHARE 4 /* columns a part from which on cells are cheaper than a dense design */
#define SAMPLE_EVERY 16
#define SAMPLE_ROWS  4096 /* at least */

void risk_init(struct risk *f, const struct rows *r, const struct linear_plan *p, const double *y,
               loss_fn loss, const void *self)
{
    *f = (struct risk){.rows = r, .plan = p, .y = y, .loss = loss, .self = self};
    f->n = p->design.k + (p->design.intercept ? 1 : 0);
}

static void run_loss(const struct risk *f, const struct block *b, struct loss_rows *s,
                     double *slope, double *curve, double *acc)
{
    const struct rows *r = f->rows;
    s->n = b->n;
    s->y = f->y + b->at;
    s->w = r->w ? r->w + b->at : NULL;
    s->slope = slope;
    s->curve = f->wants_hess ? curve : NULL;
    if (!f->wants_hess) s->cross = NULL;
    if (f->has_scale) s->scale = f->x[f->n - 1];
    f->loss(f->self, s);
    acc[0] += s->value;
    acc[1] += s->count;
}

/* The last column of the Hessian: the scale's. */
static void scale_column(const struct risk *f, const struct block *b, const struct loss_rows *s,
                         double *out)
{
    const struct design *d = &f->plan->design;
    for (int j = 0; j < d->k; j++)
        out[j] += vec_dot(b->n, b->x + (size_t)j * (size_t)b->n, s->cross);
    if (d->intercept) out[d->k] += vec_sum(b->n, s->cross);
    out[f->n - 1] += s->by_scale2;
}

/* acc: value, count, gradient [n], Hessian [n, n] upper column-major. */
static enum rc_t dense_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                            double *acc)
{
    (void)cx;
    const struct risk *f = self;
    const struct design *d = &f->plan->design;
    size_t n = (size_t)f->n, rows = (size_t)b->n;
    double *grad = acc + 2, *hess = grad + n;
    double eta[RISK_ROWS], slope[RISK_ROWS], curve[RISK_ROWS], cross[RISK_ROWS];
    for (int i = 0; i < b->n; i++)
        eta[i] = (d->intercept ? f->x[d->k] : 0.0) + (r->offset ? r->offset[b->at + i] : 0.0);
    for (int j = 0; j < d->k; j++) { /* kept columns move to the front: never past what is read */
        double *z = b->x + (size_t)j * rows;
        vec_shift_scale(b->n, d->mean[j], 1.0 / d->scale[j], b->x + (size_t)d->col[j] * rows, z);
        if (f->x[j] != 0) vec_axpy(b->n, f->x[j], z, eta);
    }
    struct loss_rows s = {.eta = eta, .cross = cross};
    run_loss(f, b, &s, slope, curve, acc);
    if (!isfinite(s.value)) return RC_OK;
    for (int j = 0; j < d->k; j++)
        grad[j] += vec_dot(b->n, b->x + (size_t)j * rows, slope);
    if (d->intercept) grad[d->k] += vec_sum(b->n, slope);
    if (f->has_scale) grad[n - 1] += s.by_scale;
    if (!f->wants_hess) return RC_OK;
    if (f->has_scale) scale_column(f, b, &s, hess + (n - 1) * n);
    if (d->intercept) {
        double *last = hess + (size_t)d->k * n;
        for (int j = 0; j < d->k; j++)
            last[j] += vec_dot(b->n, b->x + (size_t)j * rows, curve);
        last[d->k] += vec_sum(b->n, curve);
    }
    vec_sqrt(b->n, curve, slope);
    for (int j = 0; j < d->k; j++)
        vec_mul(b->n, slope, b->x + (size_t)j * rows);
    if (d->k > 0)
        cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, d->k, b->n, 1.0, b->x, b->n, 1.0, hess,
                    (int)n);
    return RC_OK;
}

/* acc: value, count, sum of slopes, derivative by the scale, then by column of the encoder: sum of
 * slope times value. */
static enum rc_t sparse_part(struct ctx *cx, void *self, const struct rows *r,
                             const struct block *b, double *acc)
{
    (void)cx;
    const struct risk *f = self;
    double eta[RISK_ROWS], slope[RISK_ROWS];
    const double *offset = r->offset ? r->offset + b->at : NULL;
    for (int i = 0; i < b->n; i++)
        eta[i] = *f->offset + (offset ? offset[i] : 0.0);
    enc_dot_columns(r->enc, &r->in, b->at, b->n, f->beta, eta);
    struct loss_rows s = {.eta = eta};
    run_loss(f, b, &s, slope, NULL, acc);
    if (!isfinite(s.value)) return RC_OK;
    acc[2] += vec_sum(b->n, slope);
    enc_add(r->enc, &r->in, b->at, b->n, slope, acc + CELL_SUMS);
    acc[3] += s.by_scale;
    return RC_OK;
}

/* x -> coefficients of the columns as they are, and the constant that goes with them. */
static void raw_scale(struct risk *f)
{
    const struct design *d = &f->plan->design;
    memset(f->beta, 0, sizeof(double) * (size_t)f->rows->enc->n_cols);
    *f->offset = d->intercept ? f->x[d->k] : 0.0;
    for (int j = 0; j < d->k; j++) {
        double b = f->x[j] / d->scale[j];
        f->beta[d->col[j]] = b;
        *f->offset -= d->mean[j] * b;
    }
}

static void sparse_gradient(const struct risk *f, const double *acc, double *grad)
{
    const struct design *d = &f->plan->design;
    for (int j = 0; j < d->k; j++)
        grad[j] = (acc[CELL_SUMS + d->col[j]] - d->mean[j] * acc[2]) / d->scale[j];
    if (d->intercept) grad[d->k] = acc[2];
    if (f->has_scale) grad[f->n - 1] = acc[3];
}

static bool goes_by_cells(const struct risk *f, bool wants_hess)
{
    const struct encoder *e = f->rows->enc;
    if (f->plan->is_wide) return true;
    return !wants_hess && e->n_cols > SPARSE_SHARE * e->n_parts;
}

/* Sums -> means, and the penalty. */
static void finish(struct risk *f, const double *x, double *value, double *grad, double *hess)
{
    double w = f->rows->w_sum;
    size_t n = (size_t)f->n;
    *value /= w;
    for (size_t j = 0; j < n; j++)
        grad[j] /= w;
    for (size_t j = 0; hess && j < n * n; j++)
        hess[j] /= w;
    for (size_t j = 0; j < (size_t)f->plan->design.k; j++) {
        double p = f->plan->penalty[j];
        *value += 0.5 * p * x[j] * x[j];
        grad[j] += p * x[j];
        if (hess) hess[j * n + j] += p;
    }
    f->value = *value;
}

enum rc_t risk_eval(struct ctx *cx, void *risk, const double *x, double *value, double *grad,
                    double *hess)
{
    struct risk *f = risk;
    size_t n = (size_t)f->n, p = (size_t)f->rows->enc->n_cols;
    bool by_cells = goes_by_cells(f, hess != NULL);
    struct row_sum sum = {.self = f, .dense = !by_cells, .by_column = true};
    sum.part = by_cells ? sparse_part : dense_part;
    sum.n_acc = by_cells ? CELL_SUMS + p : 2 + n + (hess ? n * n : 0);
    void *acc_p = NULL;
    TRY(mem_big(cx, sizeof(double) * (sum.n_acc + p + 1), &acc_p));
    double *acc = acc_p;
    f->x = x;
    f->wants_hess = hess != NULL;
    f->beta = acc + sum.n_acc;
    f->offset = f->beta + p;
    if (by_cells) raw_scale(f);
    enum rc_t res = rows_sum(cx, f->rows, &sum, acc);
    if (res == RC_OK) {
        *value = isfinite(acc[0]) ? acc[0] : HUGE_VAL;
        f->count = acc[1];
        if (by_cells)
            sparse_gradient(f, acc, grad);
        else
            memcpy(grad, acc + 2, sizeof(double) * n);
        if (hess) memcpy(hess, acc + 2 + n, sizeof(double) * n * n);
        finish(f, x, value, grad, hess);
    }
    mem_big_free(acc_p);
    return res;
}

/* ---- losses ---- */
void loss_logistic(const void *self, struct loss_rows *b)
{
    (void)self;
    double p[RISK_ROWS], loss[RISK_ROWS], curve[RISK_ROWS];
    vec_logistic(b->n, b->eta, p, loss, curve);
    for (int i = 0; i < b->n; i++) {
        double w = b->w ? b->w[i] : 1.0, y = b->y[i];
        b->value += w * (loss[i] + (1.0 - y) * b->eta[i]);
        b->count += (y > 0.5 ? b->eta[i] : -b->eta[i]) > 0 ? 0.0 : 1.0;
        b->slope[i] = w * (p[i] - y);
        if (b->curve) b->curve[i] = w * curve[i];
    }
}

void loss_squared(const void *self, struct loss_rows *b)
{
    (void)self;
    for (int i = 0; i < b->n; i++) {
        double w = b->w ? b->w[i] : 1.0, r = b->eta[i] - b->y[i];
        b->value += 0.5 * w * r * r;
        b->slope[i] = w * r;
        if (b->curve) b->curve[i] = w;
    }
}

/* ---- start ---- */
static void *every(struct arena *a, const void *from, size_t size, int64_t n)
{
    char *out = ARENA_ARRAY(a, char, size *(size_t)n + 1);
    for (int64_t i = 0; i < n; i++)
        memcpy(out + size * (size_t)i, (const char *)from + size * (size_t)SAMPLE_EVERY * (size_t)i,
               size);
    return out;
}

/* Every 16th row; false when a feature is of a kind that is not copied. */
static bool sample_rows(struct arena *a, const struct rows *r, struct rows *out)
{
    int n = r->enc->n_features;
    *out = (struct rows){.enc = r->enc, .n = r->n / SAMPLE_EVERY, .n_classes = r->n_classes};
    out->in.num = ARENA_ARRAY(a, const double *, n + 1);
    out->in.code = ARENA_ARRAY(a, const int32_t *, n + 1);
    for (int j = 0; j < n; j++) {
        const double *num = r->in.num[j];
        const int32_t *code = r->in.code[j];
        if (!num && !code) return false;
        if (num) out->in.num[j] = every(a, num, sizeof *num, out->n);
        if (code) out->in.code[j] = every(a, code, sizeof *code, out->n);
    }
    if (r->w) out->w = every(a, r->w, sizeof *r->w, out->n);
    if (r->offset) out->offset = every(a, r->offset, sizeof *r->offset, out->n);
    out->w_sum = (double)out->n;
    if (r->w) out->w_sum = vec_sum((int)out->n, out->w);
    return out->w_sum > 0;
}

enum rc_t risk_warm_start(struct ctx *cx, const struct risk *f, const double *l1, double *x)
{
    const struct rows *r = f->rows;
    int64_t n = r->n / SAMPLE_EVERY;
    if (f->plan->is_wide || n < SAMPLE_ROWS || n < 50 * (int64_t)f->n || n > INT32_MAX)
        return RC_OK;
    struct arena *a = arena_new();
    struct rows few;
    struct newton_report end;
    enum rc_t res = RC_OK;
    if (sample_rows(a, r, &few)) {
        struct risk g = *f;
        size_t m = (size_t)f->n;
        g.rows = &few;
        g.y = every(a, f->y, sizeof *f->y, few.n);
        double *at = ARENA_ARRAY(a, double, m + 1), *hess = ARENA_ARRAY(a, double, m *m + 1);
        if (m) memcpy(at, x, sizeof *x * m);
        struct objective o = {.n = f->n, .self = &g, .eval = risk_eval, .l1 = l1};
        res = newton_minimize(cx, &o, 1e-6, 10, at, hess, &end);
        if (res == RC_OK && end.end == NEWTON_CONVERGED && m) memcpy(x, at, sizeof *x * m);
    }
    arena_free(a);
    return res;
}
