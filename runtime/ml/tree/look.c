/* look.c: histograms of nodes and their best splits. Two ways: histograms of all columns that are
 * kept, so that of two siblings only the smaller is summed (boosting); or a column at a time,
 * straight to its best cut (forests, which look at a few columns of each node, and classes). */
#include "runtime/ml/tree/grow_int.h"

#include "runtime/base/pool.h"
#include "runtime/base/rng.h"

#include <math.h>

/* ---- memory ---- */
static enum rc_t zeroed(struct ctx *cx, size_t n, int64_t **out)
{
    void *p = NULL;
    TRY(mem_big_zero(cx, mem_mul(sizeof(int64_t), n ? n : 1), &p));
    *out = p;
    return RC_OK;
}

enum rc_t look_scratch(struct ctx *cx, const struct grower *g, struct scratch *s)
{
    TRY(zeroed(cx, (size_t)g->bins->n_cells, &s->packed));
    TRY(zeroed(cx, 4 * TREE_CELLS, &s->column));
    s->order = mem_zero(sizeof(int) * (size_t)(g->bins->n_cols + 1));
    return RC_OK;
}

void look_release(struct scratch *s)
{
    mem_big_free(s->packed);
    mem_big_free(s->wide);
    mem_big_free(s->column);
    mem_big_free(s->classes);
    mem_big_free(s->gh);
    mem_free(s->sums);
    mem_free(s->order);
    for (int i = 0; i < s->n_spare; i++)
        mem_big_free(s->spare[i]);
    mem_free(s->spare);
}

enum rc_t look_take_hist(struct ctx *cx, const struct grower *g, struct scratch *s, int64_t **out)
{
    void *p = NULL;
    if (s->n_spare > 0) {
        *out = s->spare[--s->n_spare];
        return RC_OK;
    }
    TRY(mem_big(cx, mem_mul(2 * sizeof(int64_t), (size_t)g->bins->n_cells), &p));
    *out = p;
    return RC_OK;
}

void look_give_hist(struct scratch *s, struct tree_hist *h)
{
    if (!h->cell) return;
    if (s->n_spare == s->cap_spare) {
        s->cap_spare = s->cap_spare ? 2 * s->cap_spare : 16;
        s->spare = mem_realloc(s->spare, sizeof *s->spare * (size_t)s->cap_spare);
    }
    s->spare[s->n_spare++] = h->cell;
    h->cell = NULL;
}

/* ---- histograms of all columns ---- */
/* Sums rows into wide cells by packed ones; packed is zero again after. */
static void add_wide(const struct grower *g, const uint32_t *rows, int64_t n, int64_t *packed,
                     int64_t *wide)
{
    int64_t step = g->y->narrow;
    for (int64_t at = 0; at < n; at += step) {
        hist_add_rows(g->bins, g->y, rows + at, n - at < step ? n - at : step, packed);
        hist_flush(packed, wide, g->bins->n_cells);
    }
}

struct hist_job {
    struct grower *g;
    const uint32_t *rows;
    int64_t n, step;
    int64_t *out; /* wide */
    int n_cells;
};

static enum rc_t hist_chunk(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct hist_job *j = arg;
    struct scratch *s = &j->g->scratch[worker];
    if (!s->wide) TRY(zeroed(cx, 2 * (size_t)j->n_cells, &s->wide));
    int64_t at = task * j->step;
    add_wide(j->g, j->rows + at, j->n - at < j->step ? j->n - at : j->step, s->packed, s->wide);
    return RC_OK;
}

static enum rc_t parallel_hist(struct ctx *cx, struct grower *g, const uint32_t *rows, int64_t n,
                               int64_t *out)
{
    struct hist_job j = {.g = g, .rows = rows, .n = n, .n_cells = g->bins->n_cells};
    int64_t parts = 4 * (int64_t)pool_threads(cx), cells = 2 * (int64_t)j.n_cells;
    j.step = (n + parts - 1) / parts;
    if (j.step < g->y->narrow) j.step = g->y->narrow;
    TRY(pool_run(cx, (n + j.step - 1) / j.step, hist_chunk, &j));
    memset(out, 0, sizeof *out * (size_t)cells);
    for (int w = 0; w < g->n_scratch; w++) {
        int64_t *wide = g->scratch[w].wide;
        for (int64_t i = 0; wide && i < cells; i++) {
            out[i] += wide[i];
            wide[i] = 0;
        }
    }
    return RC_OK;
}

enum rc_t look_hist(struct ctx *cx, struct grower *g, struct scratch *s,
                    const struct tree_node *node, struct open_node *o, bool parallel)
{
    const uint32_t *rows = g->rows[node->col_side] + node->at;
    size_t n_cells = (size_t)g->bins->n_cells;
    TRY(look_take_hist(cx, g, s, &o->hist.cell));
    o->hist.is_wide = node->n > g->y->narrow;
    if (parallel && o->hist.is_wide) return parallel_hist(cx, g, rows, node->n, o->hist.cell);
    memset(o->hist.cell, 0, sizeof(int64_t) * n_cells * (o->hist.is_wide ? 2 : 1));
    if (o->hist.is_wide)
        add_wide(g, rows, node->n, s->packed, o->hist.cell);
    else
        hist_add_rows(g->bins, g->y, rows, node->n, o->hist.cell);
    return RC_OK;
}

/* ---- which columns ---- */
/* The first k of order [n] become a draw without putting back; gives k. */
int look_pick(const struct tree_rules *r, uint64_t key, int *order, int n, int k)
{
    for (int i = 0; i < k && i + 1 < n; i++) {
        int at = i + (int)rng_below(r->seed, r->stream, key + (uint64_t)i, (uint64_t)(n - i));
        int t = order[i];
        order[i] = order[at];
        order[at] = t;
    }
    return k;
}

static int by_value(const void *l, const void *r)
{
    return *(const int *)l - *(const int *)r;
}

/* Columns of a node: those drawn for its level, of them those of the node; the rest follows. */
static int node_columns(const struct grower *g, const struct open_node *o, int *order)
{
    int n = g->n_cols;
    memcpy(order, g->cols, sizeof *order * (size_t)n);
    if (g->level_cols < n)
        n = look_pick(g->rules, ((uint64_t)3 << 60) + ((uint64_t)o->depth << 20), order, n,
                      g->level_cols);
    int k = g->node_cols < n ? g->node_cols : n;
    if (k < n) look_pick(g->rules, o->path, order, n, k);
    qsort(order, (size_t)k, sizeof *order, by_value);
    return k;
}

static double draw_of(const struct grower *g, const struct open_node *o, int col)
{
    if (!g->rules->random_cut) return 0;
    return rng_unit(g->rules->seed, g->rules->stream ^ ((uint64_t)1 << 62),
                    o->path + (uint64_t)col);
}

/* ---- a column at a time ---- */
struct look_job {
    struct grower *g;
    const struct tree_node *node;
    const struct open_node *o;
    const int *order;
    const int64_t *gh;         /* gathered */
    const double *total;       /* classes */
    struct tree_split *splits; /* [columns] */
};

static enum rc_t class_scratch(struct ctx *cx, const struct grower *g, struct scratch *s)
{
    int k = g->y->n_classes;
    if (s->n_classes >= k) return RC_OK;
    mem_big_free(s->classes);
    s->classes = NULL;
    TRY(zeroed(cx, mem_mul(TREE_CELLS + 1, (size_t)k), &s->classes));
    s->sums = mem_realloc(s->sums, sizeof(double) * 3 * (size_t)k);
    s->n_classes = k;
    return RC_OK;
}

static enum rc_t look_column(struct ctx *cx, const struct look_job *j, struct scratch *s, int col,
                             struct tree_split *best)
{
    const struct grower *g = j->g;
    const struct tree_column *c = &g->bins->cols[col];
    const uint32_t *rows = g->rows[j->node->col_side] + j->node->at;
    const uint8_t *bins = g->bins->by_col + (size_t)col * (size_t)g->bins->n;
    double draw = draw_of(g, j->o, col);
    if (!g->y->cls) {
        hist_column(c, bins, g->y, rows, j->gh, j->node->n, s->column, &s->cells);
        tree_best_cut(g->rules, c, col, &s->cells, j->o->sums, j->o->bounds, draw, best);
        return RC_OK;
    }
    TRY(class_scratch(cx, g, s));
    int k = g->y->n_classes;
    hist_classes(c, bins, g->y, rows, j->node->n, s->classes);
    struct tree_class_cells cells = {.cell = s->classes,
                                     .k = k,
                                     .unit = g->y->h_unit,
                                     .total = j->total,
                                     .left = s->sums,
                                     .rest = s->sums + k};
    tree_best_class_cut(g->rules, c, col, &cells, draw, best);
    return RC_OK;
}

static enum rc_t look_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct look_job *j = arg;
    return look_column(cx, j, &j->g->scratch[worker], j->order[task], &j->splits[task]);
}

/* All columns at once; the best of them in order, as one after another gives it. */
static enum rc_t look_parallel(struct ctx *cx, struct look_job *j, int k, struct tree_split *best)
{
    j->splits = ARENA_ARRAY(cx->arena, struct tree_split, k + 1);
    for (int i = 0; i < k; i++)
        j->splits[i].col = -1;
    TRY(pool_run(cx, k, look_task, j));
    for (int i = 0; i < k; i++)
        if (j->splits[i].col >= 0 && j->splits[i].gain > best->gain + 1e-9 * fabs(best->gain))
            *best = j->splits[i];
    return RC_OK;
}

static enum rc_t gather(struct ctx *cx, const struct grower *g, struct scratch *s,
                        const struct tree_node *node)
{
    const uint32_t *rows = g->rows[node->col_side] + node->at;
    if (s->cap_gh < node->n) {
        mem_big_free(s->gh);
        s->gh = NULL;
        s->cap_gh = 0;
        void *p = NULL;
        TRY(mem_big(cx, sizeof(int64_t) * (size_t)node->n, &p));
        s->gh = p;
        s->cap_gh = node->n;
    }
    for (int64_t i = 0; i < node->n; i++)
        s->gh[i] = g->y->gh[rows[i]];
    return RC_OK;
}

static enum rc_t class_totals(struct ctx *cx, const struct grower *g, struct scratch *s,
                              const struct tree_node *node)
{
    const uint32_t *rows = g->rows[node->col_side] + node->at;
    TRY(class_scratch(cx, g, s));
    int k = g->y->n_classes;
    int64_t *sum = s->classes;
    memset(sum, 0, sizeof *sum * (size_t)k);
    for (int64_t i = 0; i < node->n; i++)
        sum[g->y->cls[rows[i]]] += g->y->gh[rows[i]];
    for (int i = 0; i < k; i++)
        s->sums[2 * k + i] = (double)sum[i] * g->y->h_unit;
    return RC_OK;
}

static enum rc_t look_direct(struct ctx *cx, struct grower *g, struct scratch *s,
                             const struct tree_node *node, struct open_node *o, bool parallel)
{
    struct look_job j = {.g = g, .node = node, .o = o, .order = s->order};
    int k = node_columns(g, o, s->order);
    if (g->y->cls)
        TRY(class_totals(cx, g, s, node));
    else
        TRY(gather(cx, g, s, node));
    j.gh = s->gh;
    if (g->y->cls) { /* the columns' own scratch lies beside it */
        int n = g->y->n_classes;
        double *total = ARENA_ARRAY(cx->arena, double, parallel ? n : 1);
        if (parallel) memcpy(total, s->sums + 2 * n, sizeof *total * (size_t)n);
        j.total = parallel ? total : s->sums + 2 * n;
    }
    if (parallel) {
        TRY(look_parallel(cx, &j, k, &o->split));
    } else {
        for (int i = 0; i < k; i++)
            TRY(look_column(cx, &j, s, s->order[i], &o->split));
    }
    for (int i = k; i < g->n_cols && o->split.col < 0 && g->rules->is_forest; i++)
        TRY(look_column(cx, &j, s, s->order[i], &o->split)); /* none of those drawn cuts */
    return RC_OK;
}

enum rc_t look_split(struct ctx *cx, struct grower *g, struct scratch *s,
                     const struct tree_node *node, struct open_node *o, bool parallel)
{
    o->split = (struct tree_split){.col = -1};
    if (!g->is_stored) return look_direct(cx, g, s, node, o, parallel);
    int k = node_columns(g, o, s->order);
    for (int i = 0; i < k; i++) {
        const struct tree_column *c = &g->bins->cols[s->order[i]];
        hist_cells(&o->hist, c, g->y, &s->cells);
        tree_best_cut(g->rules, c, s->order[i], &s->cells, o->sums, o->bounds,
                      draw_of(g, o, s->order[i]), &o->split);
    }
    return RC_OK;
}
