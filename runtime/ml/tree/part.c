/* part.c: the rows of a node to its two sides, keeping their order, so that memory is read forward
 * and sums over a leaf's rows have one order. */
#include "runtime/ml/tree/grow_int.h"

#include "runtime/base/pool.h"

/* src [n] -> dst: lefts first, then rights; src is overwritten. */
static int64_t split_rows(const uint8_t *restrict bins, const uint8_t *restrict goes,
                          uint32_t *restrict src, uint32_t *restrict dst, int64_t n)
{
    int64_t l = 0, r = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t row = src[i];
        unsigned is_left = goes[bins[row]];
        dst[l] = row;
        src[r] = row; /* r <= i: already read */
        l += is_left;
        r += 1 - is_left;
    }
    if (r) memcpy(dst + l, src, sizeof *src * (size_t)r);
    return l;
}

struct part_job {
    const uint8_t *bins, *goes;
    uint32_t *src, *dst;
    int64_t n, step;
    int64_t *left; /* [chunks] */
    int64_t *to_l, *to_r;
};

static enum rc_t split_chunk(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    const struct part_job *j = arg;
    int64_t at = task * j->step, n = j->n - at < j->step ? j->n - at : j->step;
    j->left[task] = split_rows(j->bins, j->goes, j->src + at, j->dst + at, n);
    return RC_OK;
}

/* Back to src, where the chunk's two stretches belong. */
static enum rc_t place_chunk(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    const struct part_job *j = arg;
    int64_t at = task * j->step, n = j->n - at < j->step ? j->n - at : j->step;
    size_t l = (size_t)j->left[task], r = (size_t)n - l;
    if (l) memcpy(j->src + j->to_l[task], j->dst + at, sizeof *j->src * l);
    if (r) memcpy(j->src + j->to_r[task], j->dst + (size_t)at + l, sizeof *j->src * r);
    return RC_OK;
}

enum rc_t part_rows(struct ctx *cx, struct grower *g, const struct tree_node *node, int col,
                    const uint8_t goes[256], bool parallel, int64_t *n_left, uint8_t *side)
{
    const uint8_t *bins = g->bins->by_col + (size_t)col * (size_t)g->bins->n;
    uint32_t *src = g->rows[node->col_side] + node->at, *dst = g->rows[!node->col_side] + node->at;
    if (!parallel) {
        *n_left = split_rows(bins, goes, src, dst, node->n);
        *side = !node->col_side;
        return RC_OK;
    }
    int64_t chunks = (node->n + BIG_ROWS / 2 - 1) / (BIG_ROWS / 2), l = 0;
    struct part_job j = {.bins = bins, .goes = goes, .src = src, .dst = dst, .n = node->n};
    j.step = BIG_ROWS / 2;
    j.left = ARENA_ARRAY(cx->arena, int64_t, 3 * chunks);
    j.to_l = j.left + chunks;
    j.to_r = j.to_l + chunks;
    TRY(pool_run(cx, chunks, split_chunk, &j));
    for (int64_t i = 0; i < chunks; i++) {
        j.to_l[i] = l;
        l += j.left[i];
    }
    for (int64_t i = 0, r = l; i < chunks; i++) {
        int64_t at = i * j.step, n = j.n - at < j.step ? j.n - at : j.step;
        j.to_r[i] = r;
        r += n - j.left[i];
    }
    TRY(pool_run(cx, chunks, place_chunk, &j));
    *n_left = l;
    *side = node->col_side;
    return RC_OK;
}
