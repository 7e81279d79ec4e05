/* select.c: which columns of the design a linear family fits. A constant column says no more than
 * the intercept; a column that earlier ones explain to eight digits has no coefficient of its own.
 * As R does, such columns stay in the model without an estimate, and a warning names them and what
 * they follow from. */
#include "runtime/ml/models/linear_int.h"

#include "runtime/base/str.h"
#include "runtime/ml/linalg_int.h"

#include <math.h>

#define COLLINEAR 1e-8 /* part of a column's length that earlier ones do not explain */

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
    p->l2 = model_param(m, "l2");
    bool is_scaled = model_param(m, "standardize") != 0;
    p->penalty = ARENA_ARRAY(cx->arena, double, p->design.k + 1);
    for (int j = 0; j < p->design.k; j++) {
        double s = p->design.scale[j];
        p->penalty[j] = is_scaled ? p->l2 : p->l2 / (s * s);
    }
}

enum rc_t linear_prepare(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                         const struct model *m, const double *response, double response_mean,
                         struct linear_plan *out)
{
    *out = (struct linear_plan){0};
    bool has_penalty = model_param(m, "l2") > 0;
    struct span span = spec->formula->span;
    TRY(rows_stats(cx, cx->arena, r, &out->stats));
    if (says_nothing(m, &out->stats))
        return fail(cx, E405, span, "nothing is left to fit: every column of `%s` is constant",
                    m->formula);
    choose_varying(cx, m, &out->stats, &out->design, span, !has_penalty);
    size_t k = (size_t)out->design.k + 1;
    out->triangle = ARENA_ARRAY(cx->arena, double, mem_mul(k, k));
    struct tall tall = {.d = &out->design, .response = response, .response_mean = response_mean};
    struct row_sum sum = {
        .self = &tall, .n_acc = k * k, .dense = true, .part = tall_part, .merge = tall_merge};
    if (!has_penalty || response) TRY(rows_sum(cx, r, &sum, out->triangle));
    if (!has_penalty) drop_collinear(cx, m, out, span);
    fill_penalty(cx, m, out);
    return RC_OK;
}
