/* pack.c: gradients as whole numbers of a common unit, a power of two chosen so that as many rows
 * as a packed histogram takes (tree_target.narrow) cannot overflow 32 bits. 17 bits of gradient are
 * far more than splits need (Shi et al.: "Quantized training of gradient boosting decision trees",
 * NeurIPS 2022, use 2 to 5); where single rows dwarf the mean, histograms take fewer rows and 23
 * bits are kept. */
#include "runtime/ml/tree/boost_int.h"

#include "runtime/base/kernel.h"
#include "runtime/base/pool.h"

#include <math.h>

#define PACK_ROWS (16 * LOSS_BLOCK)

struct pack_job {
    const struct loss_job *loss; /* or */
    const struct pack_source *source;
    int64_t n;
    float *pairs; /* [n] blocks of g [LOSS_BLOCK], h [LOSS_BLOCK]: the place of gh */
    struct tree_target *t;
    double *sum_loss, *max_g, *max_h, *sum_g; /* [tasks] */
    double scale_g, scale_h;
};

KERNEL static void extremes(int n, const float *restrict g, const float *restrict h, double *out)
{
    float mg = 0, mh = 0, sum = 0;
    for (int i = 0; i < n; i++) {
        float a = fabsf(g[i]);
        mg = a > mg ? a : mg;
        mh = h[i] > mh ? h[i] : mh;
    }
    for (int i = 0; i < n; i++) /* one order: no vector code here */
        sum += fabsf(g[i]);
    out[0] = mg > out[0] ? mg : out[0];
    out[1] = mh > out[1] ? mh : out[1];
    out[2] += sum;
}

static enum rc_t derive_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    struct pack_job *j = arg;
    int64_t from = task * PACK_ROWS, to = from + PACK_ROWS < j->n ? from + PACK_ROWS : j->n;
    double ends[3] = {0}, loss = 0;
    for (int64_t at = from; at < to; at += LOSS_BLOCK) {
        int n = (int)(to - at < LOSS_BLOCK ? to - at : LOSS_BLOCK);
        float *g = j->pairs + 2 * at, *h = g + n;
        if (j->loss)
            loss += loss_block(j->loss, at, n, g, h);
        else
            j->source->block(j->source->self, at, n, g, h);
        extremes(n, g, h, ends);
    }
    j->sum_loss[task] = loss;
    j->max_g[task] = ends[0];
    j->max_h[task] = ends[1];
    j->sum_g[task] = ends[2];
    return RC_OK;
}

KERNEL static void pack_loop(int n, const float *restrict g, const float *restrict h, float sg,
                             float sh, int64_t *restrict out)
{
    for (int i = 0; i < n; i++) {
        float a = g[i] * sg, b = h[i] * sh;
        int32_t gi = (int32_t)(a + (a < 0 ? -0.5f : 0.5f)), hi = (int32_t)(b + 0.5f);
        out[i] = (int64_t)gi * ((int64_t)1 << 32) + hi;
    }
}

static enum rc_t pack_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    struct pack_job *j = arg;
    int64_t from = task * PACK_ROWS, to = from + PACK_ROWS < j->n ? from + PACK_ROWS : j->n;
    float pair[2 * LOSS_BLOCK];
    for (int64_t at = from; at < to; at += LOSS_BLOCK) {
        int n = (int)(to - at < LOSS_BLOCK ? to - at : LOSS_BLOCK);
        memcpy(pair, j->pairs + 2 * at, sizeof *pair * 2 * (size_t)n);
        pack_loop(n, pair, pair + n, (float)j->scale_g, (float)j->scale_h, j->t->gh + at);
    }
    return RC_OK;
}

/* Largest power of two s with max * s <= limit. */
static double scale_for(double max, double limit)
{
    if (!(max > 0)) return 1;
    int e;
    (void)frexp(limit / max, &e);
    e = e - 1 > 100 ? 100 : e - 1 < -100 ? -100 : e - 1;
    return ldexp(1.0, e);
}

static enum rc_t pack(struct ctx *cx, struct pack_job *j, double *sum_loss)
{
    int64_t tasks = (j->n + PACK_ROWS - 1) / PACK_ROWS;
    void *p = NULL;
    double max_g = 0, max_h = 0, sum_g = 0, loss = 0;
    TRY(mem_big(cx, sizeof(double) * 4 * (size_t)(tasks + 1), &p));
    j->sum_loss = p;
    j->max_g = j->sum_loss + tasks;
    j->max_h = j->max_g + tasks;
    j->sum_g = j->max_h + tasks;
    j->pairs = (float *)(void *)j->t->gh;
    enum rc_t res = pool_run(cx, tasks, derive_task, j);
    for (int64_t i = 0; res == RC_OK && i < tasks; i++) {
        max_g = fmax(max_g, j->max_g[i]);
        max_h = fmax(max_h, j->max_h[i]);
        sum_g += j->sum_g[i];
        loss += j->sum_loss[i];
    }
    mem_big_free(p);
    TRY(res);
    bool is_steep = max_g * (double)j->n > 512 * sum_g;
    j->t->narrow = is_steep ? 256 : 16384;
    double room = (double)((int64_t)1 << 31) / (double)j->t->narrow - 2;
    j->scale_g = scale_for(max_g, room);
    j->scale_h = scale_for(max_h, 2 * room);
    j->t->g_unit = 1 / j->scale_g;
    j->t->h_unit = 1 / j->scale_h;
    if (sum_loss) *sum_loss = loss;
    return pool_run(cx, tasks, pack_task, j);
}

enum rc_t pack_gradients(struct ctx *cx, const struct loss_job *loss, int64_t n,
                         struct tree_target *t, double *sum_loss)
{
    struct pack_job j = {.loss = loss, .n = n, .t = t};
    return pack(cx, &j, sum_loss);
}

enum rc_t pack_rows(struct ctx *cx, const struct pack_source *src, int64_t n, struct tree_target *t)
{
    struct pack_job j = {.source = src, .n = n, .t = t};
    return pack(cx, &j, NULL);
}
