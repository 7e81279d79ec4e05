/* silhouette.c: exact silhouettes: every distance once, tiles of rows over the pool. */
#include "runtime/ml/cluster_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"
#include "runtime/ml/models/tile_int.h"

#include <math.h>

struct silhouette_job {
    const double *x; /* [n, d] by cluster */
    const int32_t *cluster;
    const int64_t *count; /* [k] */
    int64_t n;
    size_t d;
    int k;
    bool is_half_square;
    double *out;
};

static double silhouette(const struct silhouette_job *j, const double *sum, size_t row, int own)
{
    double a = 0, b = INFINITY;
    if (j->count[own] < 2) return 0.0;
    for (int c = 0; c < j->k; c++) {
        double s = sum[(size_t)c * TILE + row];
        if (c == own)
            a = s / (double)(j->count[c] - 1);
        else if (j->count[c] > 0)
            b = fmin(b, s / (double)j->count[c]);
    }
    double top = fmax(a, b);
    return top > 0 && isfinite(top) ? (b - a) / top : 0.0;
}

static enum rc_t silhouette_tile(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    const struct silhouette_job *j = arg;
    int64_t at = task * TILE, n = j->n - at < TILE ? j->n - at : TILE;
    double near[TILE], *tile = mem_zero(sizeof(double) * (j->d + (size_t)j->k) * TILE);
    double *sum = tile + j->d * TILE;
    enum rc_t res = check_cancel(cx);
    for (int64_t r = 0; r < n; r++)
        for (size_t c = 0; c < j->d; c++)
            tile[c * TILE + (size_t)r] = j->x[(size_t)(at + r) * j->d + c];
    for (int64_t i = 0; res == RC_OK && i < j->n; i++) {
        double *to = sum + (size_t)j->cluster[i] * TILE;
        tile_distance2(tile, j->x + (size_t)i * j->d, j->d, near);
        for (size_t r = 0; r < TILE; r++)
            to[r] += j->is_half_square ? near[r] / 2 : sqrt(near[r]);
    }
    for (int64_t r = 0; r < n; r++)
        j->out[at + r] = silhouette(j, sum, (size_t)r, j->cluster[at + r]);
    mem_free(tile);
    return res;
}

/* Rows by cluster, else in their order. */
static enum rc_t by_cluster(struct ctx *cx, double *x, int32_t *cluster, int64_t n, size_t d,
                            const int64_t *count, int k)
{
    void *room = NULL;
    int64_t *next = ARENA_ARRAY(cx->arena, int64_t, k + 1);
    TRY(mem_big(cx, mem_mul(sizeof(double) * (size_t)n, d + 1) + 1, &room));
    double *to = room;
    int32_t *to_cluster = (int32_t *)(to + (size_t)n * d);
    for (int c = 0; c + 1 < k; c++)
        next[c + 1] = next[c] + count[c];
    for (int64_t i = 0; i < n; i++) {
        size_t at = (size_t)next[cluster[i]]++;
        memcpy(to + at * d, x + (size_t)i * d, sizeof(double) * d);
        to_cluster[at] = cluster[i];
    }
    memcpy(x, to, sizeof(double) * (size_t)n * d);
    memcpy(cluster, to_cluster, sizeof(int32_t) * (size_t)n);
    mem_big_free(room);
    return RC_OK;
}

enum rc_t silhouette_of(struct ctx *cx, double *x, int32_t *cluster, int64_t n, size_t d, int k,
                        bool is_half_square, double *out)
{
    int64_t *count = ARENA_ARRAY(cx->arena, int64_t, k + 1);
    for (int64_t i = 0; i < n; i++)
        count[cluster[i]]++;
    if (n == 0) return RC_OK;
    TRY(by_cluster(cx, x, cluster, n, d, count, k));
    struct silhouette_job j = {x, cluster, count, n, d, k, is_half_square, out};
    return pool_run(cx, (n + TILE - 1) / TILE, silhouette_tile, &j);
}
