/* loss.c: losses of boosting: value, first and second derivative at a row's sum of trees. The
 * exponentials are our own, so that loops become vector code and give the same bits everywhere. */
#include "runtime/ml/tree/boost_int.h"

#include "runtime/base/kernel.h"
#include "runtime/base/pool.h"

#include <math.h>

/* e^x to 1e-15: 2^k times the series of the rest (|r| <= ln 2 / 2). */
static inline double own_exp(double x)
{
    const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds */
    double t = (x < -700 ? -700 : x > 700 ? 700 : x);
    double m = t * 1.4426950408889634 + magic, k = m - magic;
    double r = t - k * 0.6931471803691238 - k * 1.9082149292705877e-10;
    double p = 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    uint64_t bits, two;
    memcpy(&bits, &m, sizeof bits);
    two = (bits << 52) + ((uint64_t)1023 << 52);
    double scale;
    memcpy(&scale, &two, sizeof scale);
    return p * scale;
}

/* log(1 + e) for e in 0..1: the series of atanh. */
static inline double own_log1p(double e)
{
    double s = e / (2 + e), q = s * s, p = 1.0 / 21;
    p = p * q + 1.0 / 19;
    p = p * q + 1.0 / 17;
    p = p * q + 1.0 / 15;
    p = p * q + 1.0 / 13;
    p = p * q + 1.0 / 11;
    p = p * q + 1.0 / 9;
    p = p * q + 1.0 / 7;
    p = p * q + 1.0 / 5;
    p = p * q + 1.0 / 3;
    p = p * q + 1.0;
    return 2 * s * p;
}

double loss_exp(double x)
{
    return own_exp(x);
}

KERNEL static void logistic_loop(int n, const double *restrict y, const double *restrict sum,
                                 float *restrict g, float *restrict h, double *restrict loss)
{
    for (int i = 0; i < n; i++) {
        double x = sum[i], a = fabs(x), e = own_exp(-a), q = 1 / (1 + e), s = e * q;
        double p = x >= 0 ? q : s, wrong = (x >= 0) == (y[i] > 0.5) ? 0 : a;
        loss[i] = own_log1p(e) + wrong;
        g[i] = (float)(p - y[i]);
        h[i] = (float)(q * s);
    }
}

KERNEL static void squared_loop(int n, const double *restrict y, const double *restrict sum,
                                float *restrict g, float *restrict h, double *restrict loss)
{
    for (int i = 0; i < n; i++) {
        double d = sum[i] - y[i];
        loss[i] = d * d;
        g[i] = (float)d;
        h[i] = 1;
    }
}

static void absolute_loop(int n, const double *y, const double *sum, float *g, float *h,
                          double *loss)
{
    for (int i = 0; i < n; i++) {
        double d = sum[i] - y[i];
        loss[i] = fabs(d);
        g[i] = d > 0 ? 1 : d < 0 ? -1 : 0;
        h[i] = 1;
    }
}

static void huber_loop(int n, const double *y, const double *sum, double delta, float *g, float *h,
                       double *loss)
{
    for (int i = 0; i < n; i++) {
        double d = sum[i] - y[i], a = fabs(d);
        loss[i] = a <= delta ? 0.5 * d * d : delta * (a - 0.5 * delta);
        g[i] = (float)(a <= delta ? d : d > 0 ? delta : -delta);
        h[i] = 1;
    }
}

/* The second derivative is taken at a step ahead, as XGBoost's max_delta_step 0.7 has it: steps
 * stay small where the mean is near 0. */
KERNEL static void poisson_loop(int n, const double *restrict y, const double *restrict sum,
                                float *restrict g, float *restrict h, double *restrict loss)
{
    for (int i = 0; i < n; i++) {
        double x = sum[i] > 80 ? 80 : sum[i], mu = own_exp(x);
        loss[i] = mu - y[i] * x;
        g[i] = (float)(mu - y[i]);
        h[i] = (float)(mu * 2.0137527074704766); /* e^0.7 */
    }
}

/* Rows of k sums: out [n] log of the sum of exponentials. */
void loss_log_sum(const double *sum, int k, int64_t n, double *out)
{
    for (int64_t i = 0; i < n; i++) {
        const double *s = sum + i * k;
        double top = s[0], total = 0;
        for (int c = 1; c < k; c++)
            if (s[c] > top) top = s[c];
        for (int c = 0; c < k; c++)
            total += own_exp(s[c] - top);
        out[i] = top + log(total);
    }
}

static void softmax_loop(const struct loss_job *j, int64_t at, int n, float *g, float *h,
                         double *loss)
{
    for (int i = 0; i < n; i++) {
        double s = j->sum[(at + i) * j->k + j->out], p = own_exp(s - j->log_sum[at + i]);
        bool is_it = j->y[at + i] == (double)j->out;
        loss[i] = is_it ? j->log_sum[at + i] - s : 0;
        g[i] = (float)(p - is_it);
        h[i] = (float)(2 * p * (1 - p));
    }
}

double loss_block(const struct loss_job *j, int64_t at, int n, float *g, float *h)
{
    double loss[LOSS_BLOCK], total = 0;
    const double *y = j->y + at, *sum = j->sum + (j->loss == LOSS_SOFTMAX ? 0 : at);
    switch (j->loss) {
    case LOSS_SQUARED: squared_loop(n, y, sum, g, h, loss); break;
    case LOSS_ABSOLUTE: absolute_loop(n, y, sum, g, h, loss); break;
    case LOSS_HUBER: huber_loop(n, y, sum, j->delta, g, h, loss); break;
    case LOSS_LOGISTIC: logistic_loop(n, y, sum, g, h, loss); break;
    case LOSS_POISSON: poisson_loop(n, y, sum, g, h, loss); break;
    case LOSS_SOFTMAX: softmax_loop(j, at, n, g, h, loss); break;
    }
    if (!j->w) {
        for (int i = 0; i < n; i++)
            total += loss[i];
        return total;
    }
    for (int i = 0; i < n; i++) {
        double w = j->w[at + i];
        total += w * loss[i];
        g[i] = (float)(g[i] * w);
        h[i] = (float)(h[i] * w);
    }
    return total;
}

const char *loss_name(enum tree_loss l)
{
    static const char *const names[] = {"squared",  "absolute", "huber",
                                        "log_loss", "log_loss", "poisson"};
    return names[l];
}

/* ---- quantiles ---- */
struct weighted {
    double v, w;
};
static int weighted_cmp(const void *l, const void *r)
{
    double a = ((const struct weighted *)l)->v, b = ((const struct weighted *)r)->v;
    return a < b ? -1 : a > b;
}

/* The k-th smallest of v [n] (Hoare's find); v is put in another order. */
static double kth(double *v, int64_t n, int64_t k)
{
    int64_t lo = 0, hi = n - 1;
    while (lo < hi) {
        double pivot = v[lo + (hi - lo) / 2];
        int64_t i = lo, j = hi;
        while (i <= j) {
            while (v[i] < pivot)
                i++;
            while (pivot < v[j])
                j--;
            if (i > j) break;
            double t = v[i];
            v[i++] = v[j];
            v[j--] = t;
        }
        if (k <= j)
            hi = j;
        else if (k >= i)
            lo = i;
        else
            break;
    }
    return v[k];
}

enum rc_t loss_quantile(struct ctx *cx, double *v, const double *w, int64_t n, double q,
                        double *out)
{
    if (n <= 0) return *out = 0, RC_OK;
    if (!w) {
        double at = q * (double)(n - 1);
        int64_t k = (int64_t)at;
        double lo = kth(v, n, k), hi = k + 1 < n ? kth(v, n, k + 1) : lo;
        *out = lo + (at - (double)k) * (hi - lo);
        return RC_OK;
    }
    void *p = NULL;
    double total = 0, sum = 0;
    TRY(mem_big(cx, sizeof(struct weighted) * (size_t)n, &p));
    struct weighted *all = p;
    for (int64_t i = 0; i < n; i++) {
        all[i] = (struct weighted){v[i], w[i]};
        total += w[i];
    }
    qsort(all, (size_t)n, sizeof *all, weighted_cmp);
    int64_t i = 0;
    for (; i + 1 < n; i++) {
        sum += all[i].w;
        if (sum >= q * total) break;
    }
    *out = all[i].v;
    if (sum == q * total && i + 1 < n) *out = (all[i].v + all[i + 1].v) / 2;
    mem_big_free(p);
    return RC_OK;
}

/* ---- where boosting starts ---- */
static enum rc_t median_of(struct ctx *cx, const struct rows *r, double *out)
{
    void *p = NULL;
    TRY(mem_big(cx, sizeof(double) * (size_t)r->n, &p));
    double *v = p;
    for (int64_t i = 0; i < r->n; i++)
        v[i] = r->y[i] - (r->offset ? r->offset[i] : 0);
    enum rc_t res = loss_quantile(cx, v, r->w, r->n, 0.5, out);
    mem_big_free(p);
    return res;
}

static void class_bases(const struct rows *r, int k, double *base)
{
    double mean = 0;
    for (int c = 0; c < k; c++)
        base[c] = 0;
    for (int64_t i = 0; i < r->n; i++)
        base[(int)r->y[i]] += (r->w ? r->w[i] : 1) / r->w_sum;
    for (int c = 0; c < k; c++) {
        base[c] = log(base[c] > 1e-12 ? base[c] : 1e-12);
        mean += base[c] / k;
    }
    for (int c = 0; c < k; c++)
        base[c] -= mean;
}

enum rc_t loss_base(struct ctx *cx, enum tree_loss l, const struct rows *r, int k, double *base)
{
    double sum = 0, share = 0;
    if (l == LOSS_SOFTMAX) return class_bases(r, k, base), RC_OK;
    if (l == LOSS_ABSOLUTE || l == LOSS_HUBER) return median_of(cx, r, base);
    for (int64_t i = 0; i < r->n; i++) {
        double w = r->w ? r->w[i] : 1, o = r->offset ? r->offset[i] : 0;
        sum += w * (l == LOSS_SQUARED ? r->y[i] - o : r->y[i]);
        share += w * (l == LOSS_POISSON ? exp(o) : 1);
    }
    double mean = sum / share;
    if (l == LOSS_POISSON) mean = log(mean > 1e-10 ? mean : 1e-10);
    if (l == LOSS_LOGISTIC) {
        mean = mean < 1e-10 ? 1e-10 : mean > 1 - 1e-10 ? 1 - 1e-10 : mean;
        mean = log(mean / (1 - mean));
    }
    *base = mean;
    return RC_OK;
}
