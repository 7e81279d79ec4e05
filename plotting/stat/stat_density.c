/* stat_density.c: kernel densities of data too long to keep: one run of the engine's aggregates for
 * the bandwidths, one pass that shares the values out to cells, then sums over the cells. Weights
 * are whole numbers of 2^-32, so that their sum does not depend on the order of batches. */
#include "plotting/stat/stat.h"
#include "plotting/stat/stat_math.h"

#include "runtime/base/cancel.h"

#include <math.h>

enum { GROUPS_MOST = 64, COLORS_MOST = 8, KEYS = 2 };
#define WHOLE 4294967296.0

struct group {
    double n, h, lo, hi;
    struct stat_cells cells;
    int64_t first; /* of its cells among all */
};
struct density_part {
    int64_t *weight;
    struct stat_finder finder[KEYS];
    struct stat_scratch scratch;
};
struct density_run {
    struct stat_slots slots;
    const struct chart_input *value, *in[KEYS]; /* colour, panel; NULL = none */
    const struct stat_levels *levels[KEYS];
    int at, key_at[KEYS], n_color;
    struct group group[GROUPS_MOST];
    int n;
    int64_t n_cells;
};

/* ---- the pass over the rows ---- */
static const int32_t *found_levels(const struct density_run *run, struct density_part *p, int k,
                                   const struct batch *batch)
{
    if (!run->in[k]) return NULL;
    int32_t *out = stat_scratch_levels(&p->scratch, k, batch->n_rows);
    stat_find_rows(&run->levels[k]->set, &p->finder[k], &batch->cols[run->key_at[k]],
                   run->in[k]->type, batch->n_rows, out);
    return out;
}

static enum rc_t density_push(struct ctx *cx, void *self, int64_t partition,
                              const struct batch *batch)
{
    struct density_run *run = self;
    TRY(check_cancel(cx));
    int slot = stat_slot_take(&run->slots, partition);
    struct density_part *p = run->slots.state[slot];
    if (!p->weight) p->weight = mem_zero(sizeof(int64_t) * (size_t)run->n_cells);
    double *v = stat_scratch_numbers(&p->scratch, batch->n_rows), w[4];
    stat_vec_numbers(&batch->cols[run->at], run->value->type, batch->n_rows, v);
    const int32_t *color = found_levels(run, p, 0, batch), *panel = found_levels(run, p, 1, batch);
    for (int64_t i = 0; i < batch->n_rows; i++) {
        if (isnan(v[i]) || (color && color[i] < 0) || (panel && panel[i] < 0)) continue;
        int at = (color ? run->levels[0]->rank[color[i]] : 0) +
                 (panel ? run->levels[1]->rank[panel[i]] * run->n_color : 0);
        const struct group *g = &run->group[at];
        int64_t *weight = p->weight + g->first + stat_cell_share(&g->cells, v[i], w);
        for (int k = 0; k < 4; k++)
            weight[k] += (int64_t)floor(w[k] * WHOLE + 0.5);
    }
    stat_slot_give(&run->slots, slot);
    return RC_OK;
}

static void part_free(void *state)
{
    struct density_part *p = state;
    mem_free(p->weight);
    for (int k = 0; k < KEYS; k++)
        stat_finder_release(&p->finder[k]);
    stat_scratch_release(&p->scratch);
}

static rc share_out(struct chart_build *b, struct density_run *run, double *weight)
{
    stat_slots_init(&run->slots, sizeof(struct density_part));
    enum rc_t res = stat_stream(b, run, density_push);
    for (int64_t k = 0; k < run->n_cells; k++) {
        int64_t sum = 0;
        for (int i = 0; i < STAT_SLOTS; i++) {
            const struct density_part *p = run->slots.state[i];
            if (p && p->weight) sum += p->weight[k];
        }
        weight[k] = (double)sum / WHOLE;
    }
    stat_slots_release(&run->slots, part_free);
    return res;
}

/* ---- groups ---- */
/* One row a group: keys, then rows, rows with a value, sd, least, greatest, quartiles. */
static rc read_groups(struct chart_build *b, const struct chart_input *value, struct table **t)
{
    const struct chart_input *keys[KEYS];
    int n = 0;
    const struct stat_item items[] = {{"count", NULL, NAN},
                                      {"count", value->column, NAN},
                                      {"sd", value->column, NAN},
                                      {"min", value->column, NAN},
                                      {"max", value->column, NAN},
                                      {"quantile", value->column, 0.25},
                                      {"quantile", value->column, 0.75}};
    if (b->in[CHART_COLOR].column) keys[n++] = &b->in[CHART_COLOR];
    if (build_panel_input(b)) keys[n++] = build_panel_input(b);
    return stat_groups(b, keys, n, items, 7, t);
}

/* False where the groups are too many, or not finite: then all rows are read. */
static bool set_groups(struct chart_build *b, const struct stat_frame *f, const struct table *t,
                       int n_keys, struct density_run *run, double *n_null)
{
    double *v[7];
    *n_null = 0;
    for (int k = 0; k < 7; k++)
        v[k] = stat_numbers(b->a, t->cols[n_keys + k]);
    for (int64_t r = 0; r < t->n_rows; r++) {
        int at = (int)f->group[r];
        *n_null += v[0][r] - v[1][r];
        if (!(v[1][r] > 0)) continue;
        if (!isfinite(v[3][r]) || !isfinite(v[4][r])) return false;
        double sd = isfinite(v[2][r]) ? v[2][r] : 0;
        struct group *g = &run->group[at];
        *g = (struct group){.n = v[1][r], .lo = v[3][r], .hi = v[4][r]};
        g->h = stat_silverman(sd, v[6][r] - v[5][r], g->lo, g->n);
    }
    for (int i = 0; i < run->n; i++) {
        struct group *g = &run->group[i];
        g->first = run->n_cells;
        g->cells = stat_cells_of(g->lo, g->hi, g->n > 0 ? g->h : 1);
        run->n_cells += g->cells.n;
    }
    return true;
}

static void push_curves(struct chart_build *b, const struct density_run *run, const double *weight,
                        int m, double cut, struct build_rows *rows)
{
    double *grid = build_fill(b, m, 0), *y = build_fill(b, m, 0);
    for (int k = 0; k < run->n; k++) {
        const struct group *g = &run->group[k];
        if (!(g->n > 0)) continue;
        double lo = g->lo - cut * g->h, hi = g->hi + cut * g->h;
        for (int i = 0; i < m; i++)
            grid[i] = lo + (hi - lo) * i / (m - 1);
        stat_cells_kde(&g->cells, weight + g->first, g->n, g->h, grid, m, y);
        for (int i = 0; i < m; i++)
            PUSH(b, rows, grid[i], y[i], 0, k, g->n, g->h);
    }
}

static rc keys_of(struct chart_build *b, const struct table *t, struct stat_frame *f,
                  struct density_run *run)
{
    int at = 0;
    double *weight = stat_numbers(b->a, t->cols[t->schema->n - 6]);
    run->in[0] = b->in[CHART_COLOR].column ? &b->in[CHART_COLOR] : NULL;
    run->in[1] = build_panel_input(b);
    f->n = t->n_rows;
    for (int k = 0; k < KEYS; k++) {
        if (!run->in[k]) continue;
        struct stat_levels *l = &f->levels[run->in[k] - b->in];
        TRY(stat_levels_of(b, t->cols[at++], weight, ORDER_NATURAL, true, l));
        run->levels[k] = l;
        run->key_at[k] = stat_column_at(b, run->in[k]->column);
    }
    return RC_OK;
}

static rc density_of(struct chart_build *b, const struct table *t, const struct stat_curves *job,
                     struct stat_frame *f, struct density_run *run, bool *is_done)
{
    double n_null;
    TRY(keys_of(b, t, f, run));
    if (run->in[0] && run->levels[0]->levels->n > COLORS_MOST) return RC_OK;
    if (run->in[1] && run->levels[1]->levels->n * COLORS_MOST > GROUPS_MOST) return RC_OK;
    TRY(stat_frame_keys(b, f));
    run->n_color = f->n_color;
    run->n = f->n_color * f->n_panel;
    if (!set_groups(b, f, t, t->schema->n - 7, run, &n_null)) {
        b->c->color = (struct chart_color){0};
        b->c->panels = (struct chart_panels){0};
        return RC_OK;
    }
    double *weight = build_fill(b, run->n_cells, 0);
    TRY(share_out(b, run, weight));
    push_curves(b, run, weight, job->points, job->cut, job->rows);
    f->n = 0;
    for (int k = 0; k < run->n; k++)
        f->n += (int64_t)run->group[k].n;
    stat_say_left_out(b, USE(run->value - b->in), (int64_t)n_null);
    *is_done = true;
    return RC_OK;
}

rc stat_density_of(struct chart_build *b, enum chart_channel ch, const struct stat_curves *job,
                   struct stat_frame *f, bool *is_done)
{
    const struct chart_input *value = &b->in[ch];
    struct table *t;
    *is_done = false;
    *f = (struct stat_frame){0};
    if (!b->head || (value->type.kind != KIND_INT && value->type.kind != KIND_NUM)) return RC_OK;
    struct density_run *run = mem_zero(sizeof *run);
    run->value = value;
    run->at = stat_column_at(b, value->column);
    enum rc_t res = read_groups(b, value, &t);
    if (res == RC_OK) {
        res = density_of(b, t, job, f, run, is_done);
        table_unref(t);
    }
    mem_free(run);
    return res;
}
