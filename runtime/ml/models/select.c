/* select.c: which columns of the design a linear family fits. A constant column says no more than
 * the intercept; a column that earlier ones explain to eight digits has no coefficient of its own.
 * As R does, such columns stay in the model without an estimate, and a warning names them and what
 * they follow from. */
#include "runtime/ml/models/linear_int.h"

#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/ml/linalg_int.h"
#include "runtime/ml/models/gram_int.h"

#include <math.h>

#define COLLINEAR 1e-8 /* part of a column's length that earlier ones do not explain */
#define MOST_VIF  1e6  /* variance inflation up to which products of pairs keep ten digits */
#define MOST_WORK 2e11 /* products of pairs beyond which a penalised fit goes by cells */
#define FEW_ROWS  1024

struct tall { /* the matrix whose triangle is wanted */
    const struct design *d;
    const double *response; /* [n] or NULL */
    double response_mean;
};

static enum rc_t tall_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                           double *acc)
{
    const struct tall *t = self;
    int k = t->d->k, n = b->n;
    void *cols_p = NULL;
    TRY(mem_big(cx, mem_mul(sizeof(double) * (size_t)n, (size_t)k + 1), &cols_p));
    double *cols = cols_p;
    design_block(t->d, b, r->enc->n_cols);
    double *root = cols + (size_t)k * (size_t)n; /* the last column: first the roots of weights */
    for (int i = 0; i < n; i++)
        root[i] = r->w ? sqrt(r->w[b->at + i]) : 1.0;
    for (int j = 0; j < k; j++)
        for (int i = 0; i < n; i++)
            cols[(size_t)j * (size_t)n + (size_t)i] =
                root[i] * b->x[(size_t)i * (size_t)k + (size_t)j];
    for (int i = 0; i < n; i++)
        root[i] *= t->response ? t->response[b->at + i] - t->response_mean : 0.0;
    enum rc_t res = qr_absorb(cx, acc, k + 1, cols, n, n);
    mem_big_free(cols_p);
    return res;
}

static enum rc_t tall_merge(struct ctx *cx, void *self, double *acc, double *other)
{
    return qr_merge(cx, acc, other, ((const struct tall *)self)->d->k + 1);
}

/* "`a`, `b` and `c`" of the columns that explain column j: coefficients c [j] that matter. */
static const char *explained_by(struct arena *a, const struct model *m, const struct design *d,
                                const double *c, int j)
{
    const char **names = ARENA_ARRAY(a, const char *, j + 2);
    int n = 0;
    for (int i = 0; i < j; i++)
        if (fabs(c[i]) > 1e-6) names[n++] = m->enc.columns[d->col[i]];
    if (n == 0) names[n++] = "the intercept";
    return ml_name_list(a, names, n);
}

/* Where the term of a column stands in the formula. */
static struct span column_span(const struct model *m, int col, struct span whole)
{
    const struct encoder *e = &m->enc;
    for (int i = 0; i < e->n_parts; i++) {
        const struct enc_part *p = &e->parts[i];
        bool is_here = col >= p->first && col < p->first + p->n;
        if (is_here && e->terms[p->term].span.to > 0) return e->terms[p->term].span;
    }
    return whole;
}

/* Takes out, one after the other, columns that those before them explain. */
static void drop_collinear(struct ctx *cx, const struct model *m, struct linear_plan *p,
                           struct span span)
{
    struct design *d = &p->design;
    for (int j = 0; j < d->k;) {
        size_t ld = (size_t)d->k + 1;
        const double *col = p->triangle + (size_t)j * ld;
        double whole = 0;
        for (int i = 0; i <= j; i++)
            whole = hypot(whole, col[i]);
        if (fabs(col[j]) > COLLINEAR * whole) {
            j++;
            continue;
        }
        double *c = arena_copy(cx->arena, col, sizeof(double) * ((size_t)j + 1));
        tri_solve(p->triangle, d->k + 1, j, c);
        warn(cx, W404, column_span(m, d->col[j], span),
             "fit: `%s` was left out: %s explain%s it fully", m->enc.columns[d->col[j]],
             explained_by(cx->arena, m, d, c, j), j == 1 ? "s" : "");
        qr_drop_column(p->triangle, d->k + 1, j);
        size_t rest = (size_t)(d->k - j - 1);
        memmove(d->col + j, d->col + j + 1, sizeof *d->col * rest);
        memmove(d->mean + j, d->mean + j + 1, sizeof *d->mean * rest);
        memmove(d->scale + j, d->scale + j + 1, sizeof *d->scale * rest);
        d->k--;
    }
}

/* No column says anything: every one constant (or, without an intercept, zero). */
static bool says_nothing(const struct model *m, const struct col_stats *s)
{
    for (int j = 0; j < m->enc.n_cols; j++) {
        bool is_constant = !(s->max[j] > s->min[j]) || !(s->sd[j] > 0);
        if (!is_constant || (!m->enc.intercept && s->mean[j] != 0)) return false;
    }
    return m->enc.n_cols > 0;
}

/* Columns that vary (or, without an intercept, are not all zero), with their scaling. */
static void choose_varying(struct ctx *cx, const struct model *m, const struct col_stats *s,
                           struct design *d, struct span span, bool is_told)
{
    int p = m->enc.n_cols;
    d->col = ARENA_ARRAY(cx->arena, int, p + 1);
    d->mean = ARENA_ARRAY(cx->arena, double, p + 1);
    d->scale = ARENA_ARRAY(cx->arena, double, p + 1);
    d->intercept = m->enc.intercept;
    for (int j = 0; j < p; j++) {
        bool is_constant = !(s->max[j] > s->min[j]) || !(s->sd[j] > 0);
        double scale = is_constant ? fabs(s->mean[j]) : s->sd[j];
        if ((is_constant && d->intercept) || !(scale > 0)) {
            if (is_told)
                warn(cx, W404, column_span(m, j, span),
                     "fit: `%s` was left out: it is the same in every row", m->enc.columns[j]);
            continue;
        }
        d->col[d->k] = j;
        d->mean[d->k] = d->intercept ? s->mean[j] : 0.0;
        d->scale[d->k++] = scale;
    }
}

static void fill_penalty(struct ctx *cx, const struct model *m, struct linear_plan *p)
{
    bool is_scaled = model_param(m, "standardize") != 0;
    size_t k = (size_t)p->design.k;
    p->penalty = ARENA_ARRAY(cx->arena, double, k + 1);
    if (p->l1 > 0) p->lasso = ARENA_ARRAY(cx->arena, double, k + 3);
    for (size_t j = 0; j < k; j++) {
        double s = is_scaled ? 1.0 : p->design.scale[j];
        p->penalty[j] = p->l2 / (s * s);
        if (p->lasso) p->lasso[j] = p->l1 / s;
    }
}

bool linear_has_penalty(const struct linear_plan *p)
{
    return p->l1 > 0 || p->l2 > 0;
}

/* ---- statistics of designs that are never made dense ---- */
struct cell_pass {
    const double *shift;
};

/* acc: sums, then squares of the columns. */
static enum rc_t cell_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                           double *acc)
{
    (void)cx;
    const struct cell_pass *c = self;
    enc_add_squares(r->enc, &r->in, b->at, b->n, r->w ? r->w + b->at : NULL, c->shift, acc,
                    acc + r->enc->n_cols);
    return RC_OK;
}

static bool is_number(const struct enc_part *p, const struct rows *r)
{
    for (int i = 0; i < p->n_factors; i++)
        if (p->factors[i].local || !r->in.num[p->factors[i].feature]) return false;
    return p->n == 1;
}

/* Numbers are summed about the mean of their first rows; of categories most cells are zero, and so
 * is what is taken off. */
static enum rc_t cell_stats(struct ctx *cx, const struct rows *r, struct col_stats *out)
{
    size_t p = (size_t)r->enc->n_cols;
    double *s = ARENA_ARRAY(cx->arena, double, 4 * p + 1), *zero = s + p;
    double *shift = ARENA_ARRAY(cx->arena, double, p + 1), *acc = s + 2 * p;
    int few = (int)(r->n < FEW_ROWS ? r->n : FEW_ROWS);
    enc_add_squares(r->enc, &r->in, 0, few, NULL, zero, acc, acc + p);
    for (int k = 0; k < r->enc->n_parts; k++)
        if (is_number(&r->enc->parts[k], r))
            shift[r->enc->parts[k].first] = acc[r->enc->parts[k].first] / few;
    struct cell_pass pass = {.shift = shift};
    struct row_sum sum = {.self = &pass, .n_acc = 2 * p, .part = cell_part};
    TRY(rows_sum(cx, r, &sum, acc));
    *out = (struct col_stats){.mean = s, .sd = s + p, .min = s + 2 * p, .max = s + 3 * p};
    double n = (double)r->n, w = r->w_sum;
    for (size_t j = 0; j < p; j++) {
        double mean = acc[j] / w, square = acc[p + j] / w, var = square - mean * mean;
        bool varies = r->n > 1 && var > 1e-13 * square;
        out->mean[j] = shift[j] + mean;
        out->sd[j] = varies ? sqrt(var * (n / (n - 1.0))) : 0.0;
        out->min[j] = out->mean[j];
        out->max[j] = out->mean[j] + out->sd[j]; /* only whether they differ is asked */
    }
    return RC_OK;
}

/* ---- products of pairs ---- */
/* Products of the chosen columns, on their scale, and the response. */
static void choose_cross(struct ctx *cx, const struct gram *g, struct linear_plan *p)
{
    const struct design *d = &p->design;
    size_t k = (size_t)d->k, ld = k + 1, q = (size_t)g->p + 1;
    p->cross = ARENA_ARRAY(cx->arena, double, mem_mul(ld, ld));
    for (size_t j = 0; j < ld; j++)
        for (size_t i = 0; i <= j; i++) {
            size_t a = i < k ? (size_t)d->col[i] : q - 1, b = j < k ? (size_t)d->col[j] : q - 1;
            double scale = (i < k ? d->scale[i] : 1.0) * (j < k ? d->scale[j] : 1.0);
            p->cross[j * ld + i] = g->cross[b * q + a] / scale;
        }
}

/* The part of every column that the others do not explain is large enough for products of pairs. */
static enum rc_t is_well_conditioned(struct ctx *cx, struct linear_plan *p, double w_sum, bool *out)
{
    size_t k = (size_t)p->design.k, ld = k + 1;
    void *a_p = NULL;
    double jitter;
    TRY(mem_big(cx, mem_mul(sizeof(double) * k, k + 1) + 64, &a_p));
    double *a = a_p, *scale = a + k * k;
    for (size_t j = 0; j < k; j++) {
        memcpy(a + j * k, p->cross + j * ld, sizeof(double) * (j + 1));
        a[j * k + j] += w_sum * p->penalty[j];
    }
    spd_factor((int)k, a, scale, &jitter);
    *out = jitter == 0;
    for (size_t j = 0; j < k && *out; j++) /* cheap first: against earlier columns only */
        *out = a[j * k + j] * a[j * k + j] * MOST_VIF > 1;
    for (size_t j = 0; j < k; j++)
        scale[j] = 1.0;
    if (*out) spd_inverse((int)k, a, scale);
    for (size_t j = 0; j < k && *out; j++) {
        p->inflation = fmax(p->inflation, a[j * k + j]);
        *out = a[j * k + j] < MOST_VIF;
    }
    mem_big_free(a_p);
    return RC_OK;
}

enum rc_t linear_triangle(struct ctx *cx, const struct rows *r, const double *response,
                          struct linear_plan *p)
{
    size_t k = (size_t)p->design.k + 1;
    p->cross = NULL;
    p->triangle = ARENA_ARRAY(cx->arena, double, mem_mul(k, k));
    struct tall tall = {.d = &p->design, .response = response, .response_mean = p->response_mean};
    struct row_sum sum = {
        .self = &tall, .n_acc = k * k, .dense = true, .part = tall_part, .merge = tall_merge};
    return rows_sum(cx, r, &sum, p->triangle);
}

static enum rc_t find_stats(struct ctx *cx, const struct rows *r, const struct model *m,
                            const double *response, struct linear_plan *p, struct gram *g)
{
    double n = (double)r->n, cols = r->enc->n_cols;
    bool has_penalty = linear_has_penalty(p);
    p->is_wide = cols > ENC_MAX_COLS || (has_penalty && n * cols * cols > MOST_WORK);
    if (p->is_wide || (has_penalty && !response && cols > 4.0 * r->enc->n_parts))
        return cell_stats(cx, r, &p->stats);
    TRY(gram_of(cx, cx->arena, r, response, m->enc.intercept, g));
    p->stats = g->stats;
    if (m->enc.intercept) p->response_mean = g->response_mean;
    return RC_OK;
}

enum rc_t linear_prepare(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                         const struct model *m, const double *response, struct linear_plan *out)
{
    *out = (struct linear_plan){.l1 = model_param(m, "l1"), .l2 = model_param(m, "l2")};
    struct gram g = {0};
    struct span span = spec->formula->span;
    bool has_penalty = linear_has_penalty(out), is_good = true;
    TRY(find_stats(cx, r, m, response, out, &g));
    if (says_nothing(m, &out->stats))
        return fail(cx, E405, span, "nothing is left to fit: every column of `%s` is constant",
                    m->formula);
    choose_varying(cx, m, &out->stats, &out->design, span, !has_penalty);
    fill_penalty(cx, m, out);
    if (!g.cross) return RC_OK;
    choose_cross(cx, &g, out);
    if (has_penalty && (out->l1 > 0 || !response)) return RC_OK;
    TRY(is_well_conditioned(cx, out, r->w_sum, &is_good));
    if (is_good) return RC_OK;
    TRY(linear_triangle(cx, r, response, out));
    if (has_penalty) return RC_OK;
    drop_collinear(cx, m, out, span);
    fill_penalty(cx, m, out);
    return RC_OK;
}
