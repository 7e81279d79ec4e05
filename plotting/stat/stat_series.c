/* stat_series.c: autocorrelation (Box and Jenkins 1970; Durbin 1960), classical decomposition,
 * average linkage (Lance and Williams 1967), densities on a plane (Scott 1992). */
#include "plotting/stat/stat_series.h"

#include "plotting/stat/stat_math.h"
#include "runtime/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void stat_acf(const double *v, int64_t n, int m, double *out)
{
    double mean = stat_mean(v, n), zero = 0;
    for (int64_t i = 0; i < n; i++)
        zero += (v[i] - mean) * (v[i] - mean);
    for (int k = 0; k <= m; k++) {
        double s = 0;
        for (int64_t i = k; i < n; i++)
            s += (v[i] - mean) * (v[i - k] - mean);
        out[k] = zero > 0 ? s / zero : k == 0;
    }
}

void stat_pacf(const double *acf, int m, double *out)
{
    double *phi = mem_zero(sizeof *phi * (size_t)(m + 1)),
           *old = mem_zero(sizeof *old * (size_t)(m + 1));
    double left = 1;
    out[0] = 1;
    for (int k = 1; k <= m; k++) {
        double s = acf[k];
        for (int j = 1; j < k; j++)
            s -= old[j] * acf[k - j];
        phi[k] = left > 1e-14 ? s / left : 0;
        for (int j = 1; j < k; j++)
            phi[j] = old[j] - phi[k] * old[k - j];
        left *= 1 - phi[k] * phi[k];
        out[k] = phi[k];
        memcpy(old, phi, sizeof *old * (size_t)(k + 1));
    }
    mem_free(phi);
    mem_free(old);
}

void stat_moving_mean(const double *v, int64_t n, int64_t window, double *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = i + 1 < window ? NAN : stat_mean(v + i + 1 - window, window);
}

/* Mean over a period around i; an even period counts both ends by half. */
static double centred_mean(const double *v, int64_t i, int64_t period)
{
    int64_t half = period / 2;
    double s = 0;
    for (int64_t k = -half; k <= half; k++)
        s += v[i + k] * (period % 2 == 0 && (k == -half || k == half) ? 0.5 : 1);
    return s / (double)period;
}

void stat_decompose(const double *v, int64_t n, int64_t period, double *trend, double *season,
                    double *rest)
{
    double *sum = mem_zero(sizeof *sum * (size_t)period), mean = 0;
    int64_t *count = mem_zero(sizeof *count * (size_t)period);
    for (int64_t i = 0; i < n; i++) {
        trend[i] = i < period / 2 || i + period / 2 >= n ? NAN : centred_mean(v, i, period);
        if (isnan(trend[i])) continue;
        sum[i % period] += v[i] - trend[i];
        count[i % period]++;
    }
    for (int64_t k = 0; k < period; k++) {
        sum[k] = count[k] ? sum[k] / (double)count[k] : 0;
        mean += sum[k] / (double)period;
    }
    for (int64_t i = 0; i < n; i++) {
        season[i] = sum[i % period] - mean;
        rest[i] = v[i] - trend[i] - season[i];
    }
    mem_free(sum);
    mem_free(count);
}

/* ---- trees ---- */
/* The two nearest living clusters; near[i] is the nearest one behind i. */
static int nearest_row(const double *d, const bool *is_gone, int n, int i)
{
    int best = -1;
    for (int k = i + 1; k < n; k++)
        if (!is_gone[k] && (best < 0 || d[(int64_t)i * n + k] < d[(int64_t)i * n + best])) best = k;
    return best;
}

struct linking {
    double *d;
    int n, *near, *id, *size;
    bool *is_gone;
};

/* Cluster k takes the place of i and k: distances are the means over their points. */
static void join(struct linking *w, int i, int k)
{
    double *d = w->d;
    int64_t n = w->n;
    double a = w->size[i], b = w->size[k];
    w->is_gone[i] = true;
    for (int j = 0; j < w->n; j++) {
        if (w->is_gone[j] || j == k) continue;
        double v = (a * d[i * n + j] + b * d[k * n + j]) / (a + b);
        d[k * n + j] = d[j * n + k] = v;
    }
    w->size[k] += w->size[i];
    for (int j = 0; j < w->n; j++) {
        if (w->is_gone[j]) continue;
        bool is_old = j == k || w->near[j] == i || w->near[j] == k;
        if (is_old || (j < k && d[j * n + k] < d[j * n + w->near[j]]))
            w->near[j] = nearest_row(d, w->is_gone, w->n, j);
    }
}

void stat_linkage(double *d, int n, struct stat_merge *merges)
{
    struct linking w = {.d = d, .n = n};
    w.near = mem_zero(sizeof(int) * (size_t)n);
    w.id = mem_zero(sizeof(int) * (size_t)n);
    w.size = mem_zero(sizeof(int) * (size_t)n);
    w.is_gone = mem_zero(sizeof(bool) * (size_t)n);
    for (int i = 0; i < n; i++) {
        w.id[i] = i;
        w.size[i] = 1;
        w.near[i] = nearest_row(d, w.is_gone, n, i);
    }
    for (int step = 0; step + 1 < n; step++) {
        int best = -1;
        for (int i = 0; i < n; i++) {
            if (w.is_gone[i] || w.near[i] < 0) continue;
            if (best < 0 || d[(int64_t)i * n + w.near[i]] < d[(int64_t)best * n + w.near[best]])
                best = i;
        }
        int i = best, k = w.near[best], a = w.id[i], b = w.id[k];
        double height = d[(int64_t)i * n + k];
        join(&w, i, k);
        merges[step] = (struct stat_merge){a < b ? a : b, a < b ? b : a, height, w.size[k]};
        w.id[k] = n + step;
    }
    mem_free(w.near);
    mem_free(w.id);
    mem_free(w.size);
    mem_free(w.is_gone);
}

void stat_leaves(const struct stat_merge *merges, int n, int *order)
{
    int *stack = mem_zero(sizeof(int) * (size_t)(2 * n + 2)), top = 0, at = 0;
    stack[top++] = 2 * n - 2;
    while (top > 0) {
        int id = stack[--top];
        if (id < n) {
            order[at++] = id;
            continue;
        }
        stack[top++] = merges[id - n].b;
        stack[top++] = merges[id - n].a;
    }
    mem_free(stack);
}

/* ---- planes ---- */
enum { EXACT = 2000 };

struct kernel {
    double xx, xy, yy; /* of the inverse covariance */
    double peak;
};

static double kernel_at(const struct kernel *k, double dx, double dy)
{
    return exp(-0.5 * (k->xx * dx * dx + 2 * k->xy * dx * dy + k->yy * dy * dy));
}

static void exact_sum(const double *x, const double *y, int64_t n, const struct kernel *k,
                      struct stat_plane_kde *out)
{
    for (int j = 0; j < STAT_PLANE; j++)
        for (int i = 0; i < STAT_PLANE; i++) {
            double gx = out->lo[0] + out->step[0] * i, gy = out->lo[1] + out->step[1] * j, s = 0;
            for (int64_t r = 0; r < n; r++)
                s += kernel_at(k, gx - x[r], gy - y[r]);
            out->z[j * STAT_PLANE + i] = s * k->peak / (double)n;
        }
}

/* A grid that is `fine` times as close as the nodes, with one more cell around; each point is
 * shared by 4 x 4 of its cells (stat_cell_share). */
struct fine_grid {
    int fine;
    struct stat_cells axis[2];
    double *w;
};

static void share_points(const double *x, const double *y, int64_t n, struct fine_grid *g)
{
    double a[4], b[4];
    for (int64_t r = 0; r < n; r++) {
        int i = stat_cell_share(&g->axis[0], x[r], a), j = stat_cell_share(&g->axis[1], y[r], b);
        for (int q = 0; q < 4; q++)
            for (int p = 0; p < 4; p++)
                g->w[(int64_t)(j + q) * g->axis[0].n + i + p] += a[p] * b[q];
    }
}

/* The kernel around one weight, added to the nodes within its reach (in fine cells). */
static void spread(const struct fine_grid *g, const double *table, const int reach[2], int p, int q,
                   double weight, double *z)
{
    int f = g->fine, wide = 2 * reach[0] + 1;
    int j0 = (int)fmax(0, ceil((q - reach[1]) / (double)f)), j1 = (q + reach[1]) / f;
    int i0 = (int)fmax(0, ceil((p - reach[0]) / (double)f)), i1 = (p + reach[0]) / f;
    for (int j = j0; j <= j1 && j < STAT_PLANE; j++) {
        const double *row = table + (int64_t)(j * f - q + reach[1]) * wide + (reach[0] - p);
        for (int i = i0; i <= i1 && i < STAT_PLANE; i++)
            z[j * STAT_PLANE + i] += weight * row[i * f];
    }
}

static void binned_sum(const double *x, const double *y, int64_t n, const struct kernel *k,
                       const double narrow[2], const double reach[2], struct stat_plane_kde *out)
{
    enum { LEAST = 4, MOST = 16, A_WIDTH = 8 };
    struct fine_grid g = {.fine = LEAST};
    int cells[2];
    for (int c = 0; c < 2; c++) {
        double wanted = ceil(out->step[c] * A_WIDTH / narrow[c]);
        if (wanted > g.fine) g.fine = wanted > MOST ? MOST : (int)wanted;
    }
    for (int c = 0; c < 2; c++) {
        double step = out->step[c] / g.fine;
        g.axis[c] = (struct stat_cells){
            .lo = out->lo[c] - step, .step = step, .n = (STAT_PLANE - 1) * g.fine + 3};
        cells[c] = (int)fmin(g.axis[c].n, ceil(reach[c] / step));
    }
    int64_t wide = 2 * cells[0] + 1;
    double *table = mem_zero(sizeof *table * (size_t)(wide * (2 * cells[1] + 1)));
    for (int j = -cells[1]; j <= cells[1]; j++)
        for (int i = -cells[0]; i <= cells[0]; i++)
            table[(j + cells[1]) * wide + i + cells[0]] =
                kernel_at(k, i * g.axis[0].step, j * g.axis[1].step);
    g.w = mem_zero(sizeof *g.w * (size_t)g.axis[0].n * (size_t)g.axis[1].n);
    share_points(x, y, n, &g);
    memset(out->z, 0, sizeof(double) * STAT_PLANE * STAT_PLANE);
    for (int q = 0; q < g.axis[1].n; q++)
        for (int p = 0; p < g.axis[0].n; p++) {
            double weight = g.w[(int64_t)q * g.axis[0].n + p];
            if (weight != 0) spread(&g, table, cells, p - 1, q - 1, weight, out->z);
        }
    for (int i = 0; i < STAT_PLANE * STAT_PLANE; i++)
        out->z[i] = fmax(out->z[i], 0) * k->peak / (double)n;
    mem_free(table);
    mem_free(g.w);
}

bool stat_kde2(const double *x, const double *y, int64_t n, struct stat_plane_kde *out)
{
    if (n < 3) return false;
    double sx = stat_sd(x, n), sy = stat_sd(y, n), r = stat_pearson(x, y, n);
    if (!(sx > 0) || !(sy > 0) || !(fabs(r) < 1 - 1e-9)) return false;
    double f = pow((double)n, -1.0 / 6), hx = sx * f, hy = sy * f, rest = 1 - r * r;
    struct kernel k = {.xx = 1 / (hx * hx * rest),
                       .xy = -r / (hx * hy * rest),
                       .yy = 1 / (hy * hy * rest),
                       .peak = 1 / (2 * M_PI * hx * hy * sqrt(rest))};
    const double *const v[] = {x, y}, h[] = {hx, hy}, reach[] = {7 * hx, 7 * hy},
                        narrow[] = {hx * sqrt(rest), hy * sqrt(rest)};
    for (int c = 0; c < 2; c++) {
        double lo = v[c][0], hi = v[c][0];
        for (int64_t i = 1; i < n; i++) {
            lo = fmin(lo, v[c][i]);
            hi = fmax(hi, v[c][i]);
        }
        out->lo[c] = lo - 3 * h[c];
        out->step[c] = (hi - lo + 6 * h[c]) / (STAT_PLANE - 1);
    }
    if (n <= EXACT)
        exact_sum(x, y, n, &k, out);
    else
        binned_sum(x, y, n, &k, narrow, reach, out);
    return true;
}

static int falling(const void *pa, const void *pb)
{
    double a = *(const double *)pa, b = *(const double *)pb;
    return (a < b) - (a > b);
}

double stat_mass_level(const double *z, int64_t n, double inside)
{
    double *v = mem_alloc(sizeof *v * (size_t)n), sum = 0, part = 0, level;
    memcpy(v, z, sizeof *v * (size_t)n);
    qsort(v, (size_t)n, sizeof *v, falling);
    for (int64_t i = 0; i < n; i++)
        sum += v[i];
    int64_t i = 0;
    for (; i < n - 1; i++) {
        part += v[i];
        if (part / sum >= inside) break;
    }
    level = v[i];
    mem_free(v);
    return level;
}
