/* gram.c: see gram_int.h. Blocks are made column by column, so each step is a loop over one
 * column that stays in the nearest cache; the products are a rank-k update a block. */
#include "runtime/ml/models/gram_int.h"

#include "runtime/ml/vec_int.h"

#include <cblas.h>
#include <math.h>

#define FIRST_ROWS 1024 /* whose means columns are taken off */

struct gram_pass {
    int p;
    const double *shift; /* [p + 1] */
    const double *response;
};

/* x := root x; the sum of root^2 x. */
static double weighted(int n, const double *root, double *x)
{
    vec_mul(n, root, x);
    return vec_dot(n, root, x);
}

static void widen(int n, const double *x, bool is_first, double *lo, double *hi)
{
    double l, h;
    vec_ends(n, x, &l, &h);
    if (is_first || l < *lo) *lo = l;
    if (is_first || h > *hi) *hi = h;
}

/* acc: rows, sums [p + 1], smallest [p], largest [p], products [(p + 1)^2]. */
static enum rc_t gram_part(struct ctx *cx, void *self, const struct rows *r, const struct block *b,
                           double *acc)
{
    const struct gram_pass *g = self;
    size_t p = (size_t)g->p, q = p + 1, n = (size_t)b->n;
    double *sum = acc + 1, *lo = sum + q, *hi = lo + p, *cross = hi + p, *root = NULL;
    void *cols_p = NULL;
    TRY(mem_big(cx, sizeof(double) * n * (q + 1) + 64, &cols_p));
    double *cols = cols_p;
    if (r->w) {
        root = cols + n * q;
        for (size_t i = 0; i < n; i++)
            root[i] = sqrt(r->w[b->at + (int64_t)i]);
    }
    for (size_t j = 0; j < q; j++) {
        const double *from = j < p ? b->x + j * n : g->response ? g->response + b->at : NULL;
        if (!from) {
            memset(cols + j * n, 0, sizeof(double) * n);
            continue;
        }
        if (j < p) widen(b->n, from, acc[0] == 0, &lo[j], &hi[j]);
        vec_shift_scale(b->n, g->shift[j], 1.0, from, cols + j * n);
        sum[j] += root ? weighted(b->n, root, cols + j * n) : vec_sum(b->n, cols + j * n);
    }
    acc[0] += b->n;
    cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, (int)q, b->n, 1.0, cols, b->n, 1.0, cross,
                (int)q);
    mem_big_free(cols_p);
    return RC_OK;
}

static enum rc_t gram_merge(struct ctx *cx, void *self, double *acc, double *other)
{
    (void)cx;
    const struct gram_pass *g = self;
    size_t p = (size_t)g->p, q = p + 1;
    double *lo = acc + 1 + q, *hi = lo + p, *cross = hi + p;
    for (size_t j = 0; j < q; j++)
        acc[1 + j] += other[1 + j];
    for (size_t j = 0; j < p; j++) {
        double l = other[1 + q + j], h = other[1 + q + p + j];
        if (acc[0] == 0 || l < lo[j]) lo[j] = l;
        if (acc[0] == 0 || h > hi[j]) hi[j] = h;
    }
    for (size_t j = 0; j < q; j++)
        for (size_t i = 0; i <= j; i++)
            cross[j * q + i] += other[1 + q + 2 * p + j * q + i];
    acc[0] += other[0];
    return RC_OK;
}

/* Means of the first rows. */
static enum rc_t near_values(struct ctx *cx, const struct rows *r, const double *response,
                             double *shift)
{
    size_t p = (size_t)r->enc->n_cols;
    int n = (int)(r->n < FIRST_ROWS ? r->n : FIRST_ROWS);
    int step = (1 << 20) / (int)(p + 1) + 1;
    void *x_p = NULL;
    TRY(mem_big(cx, sizeof(double) * p * (size_t)(step < n ? step : n) + 64, &x_p));
    for (int at = 0; at < n; at += step) {
        int m = n - at < step ? n - at : step;
        enc_columns(r->enc, &r->in, at, m, x_p);
        for (size_t j = 0; j < p; j++)
            for (int i = 0; i < m; i++)
                shift[j] += ((double *)x_p)[j * (size_t)m + (size_t)i] / n;
    }
    for (int i = 0; response && i < n; i++)
        shift[p] += response[i] / n;
    mem_big_free(x_p);
    return RC_OK;
}

/* Sums about the shift -> means, spreads, products about the means (or about 0). */
static void finish(struct gram *g, const struct rows *r, const double *shift, const double *acc,
                   bool is_centred)
{
    size_t p = (size_t)g->p, q = p + 1;
    const double *sum = acc + 1, *cross = sum + q + 2 * p;
    double w = r->w_sum, n = (double)r->n;
    memcpy(g->stats.min, sum + q, sizeof(double) * p);
    memcpy(g->stats.max, sum + q + p, sizeof(double) * p);
    g->response_mean = shift[p] + sum[p] / w;
    for (size_t j = 0; j < p; j++) {
        double var = fmax(cross[j * q + j] - sum[j] / w * sum[j], 0.0) / w;
        bool is_same = !(g->stats.max[j] > g->stats.min[j]);
        g->stats.mean[j] = is_same ? g->stats.min[j] : shift[j] + sum[j] / w;
        g->stats.sd[j] = r->n > 1 && !is_same ? sqrt(var * (n / (n - 1.0))) : 0.0;
    }
    for (size_t j = 0; j < q; j++)
        for (size_t i = 0; i <= j; i++) {
            double v = cross[j * q + i] - sum[i] / w * sum[j];
            if (!is_centred) v += w * (shift[i] + sum[i] / w) * (shift[j] + sum[j] / w);
            g->cross[j * q + i] = v;
        }
}

enum rc_t gram_of(struct ctx *cx, struct arena *a, const struct rows *r, const double *response,
                  bool is_centred, struct gram *out)
{
    size_t p = (size_t)r->enc->n_cols, q = p + 1;
    struct gram_pass pass = {.p = (int)p, .response = response};
    struct row_sum sum = {.self = &pass,
                          .n_acc = 1 + q + 2 * p + q * q,
                          .dense = true,
                          .by_column = true,
                          .part = gram_part,
                          .merge = gram_merge};
    double *shift = ARENA_ARRAY(a, double, q);
    void *acc = NULL;
    TRY(near_values(cx, r, response, shift));
    TRY(mem_big(cx, sizeof(double) * sum.n_acc, &acc));
    pass.shift = shift;
    enum rc_t res = rows_sum(cx, r, &sum, acc);
    if (res == RC_OK) {
        double *s = ARENA_ARRAY(a, double, 4 * p + 1);
        *out = (struct gram){.p = (int)p,
                             .stats = {.mean = s, .sd = s + p, .min = s + 2 * p, .max = s + 3 * p},
                             .cross = ARENA_ARRAY(a, double, q *q)};
        finish(out, r, shift, acc, is_centred);
    }
    mem_big_free(acc);
    return res;
}
