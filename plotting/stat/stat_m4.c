/* stat_m4.c: long lines without holding them. Each pixel column of each line keeps its first, last,
 * lowest and highest point (M4: Jugel, Jerzak, Hackenbroich, Markl, VLDB 2014), which draws the
 * same picture as all points. Ties are broken by row number, so the result does not depend on
 * threads. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"

#include <math.h>
#include <stdlib.h>

struct spot {
    double x, y;
    int64_t partition, row;
};
struct cell {
    struct spot first, last, low, high;
    bool is_used;
};
struct m4_part {
    struct cell *cells; /* [panel][series][column] */
    double *y;
    int64_t room, n_used;
    struct stat_finder color, panel;
    struct stat_scratch scratch;
};
struct m4_run {
    struct stat_slots slots;
    const struct stat_m4 *job;
    int x_at, y_at, color_at, panel_at, n_series, n_panel;
    double per; /* columns a unit of x */
};

static bool row_before(const struct spot *a, const struct spot *b)
{
    if (a->partition != b->partition) return a->partition < b->partition;
    return a->row < b->row;
}
static bool left_of(const struct spot *a, const struct spot *b)
{
    return a->x != b->x ? a->x < b->x : row_before(a, b);
}
static bool below(const struct spot *a, const struct spot *b)
{
    return a->y != b->y ? a->y < b->y : row_before(a, b);
}

static void cell_add(struct cell *c, const struct cell *p)
{
    if (!c->is_used) {
        *c = *p;
        return;
    }
    if (left_of(&p->first, &c->first)) c->first = p->first;
    if (left_of(&c->last, &p->last)) c->last = p->last;
    if (below(&p->low, &c->low)) c->low = p->low;
    if (below(&c->high, &p->high)) c->high = p->high;
}

static int level_of(const struct stat_levels *l, const int32_t *found, int64_t i, int n)
{
    if (!l) return 0;
    int k = found[i] < 0 ? -1 : l->rank[found[i]];
    return k < n ? k : -1;
}

static void add_rows(const struct m4_run *run, struct m4_part *p, const double *x,
                     const int32_t *color, const int32_t *panel, int64_t partition,
                     const struct batch *batch)
{
    const struct stat_m4 *job = run->job;
    for (int64_t i = 0; i < batch->n_rows; i++) {
        if (!isfinite(x[i]) || !isfinite(p->y[i])) continue;
        int k = level_of(job->color, color, i, run->n_series);
        int q = level_of(job->panel, panel, i, run->n_panel);
        if (k < 0 || q < 0) continue;
        double at = floor((x[i] - job->lo) * run->per);
        int column = at >= job->width ? job->width - 1 : at > 0 ? (int)at : 0;
        struct spot s = {x[i], p->y[i], partition, batch->first_row + i};
        struct cell one = {s, s, s, s, true};
        cell_add(&p->cells[((int64_t)q * run->n_series + k) * job->width + column], &one);
        p->n_used++;
    }
}

static size_t cells_of(const struct m4_run *run)
{
    return (size_t)run->n_series * (size_t)run->n_panel * (size_t)run->job->width;
}

static enum rc_t m4_push(struct ctx *cx, void *self, int64_t partition, const struct batch *batch)
{
    struct m4_run *run = self;
    const struct stat_m4 *job = run->job;
    TRY(check_cancel(cx));
    int slot = stat_slot_take(&run->slots, partition);
    struct m4_part *p = run->slots.state[slot];
    int32_t *color = NULL, *panel = NULL;
    if (!p->cells) p->cells = mem_zero(sizeof *p->cells * cells_of(run));
    if (batch->n_rows > p->room) {
        p->room = batch->n_rows;
        p->y = mem_realloc(p->y, sizeof *p->y * (size_t)p->room);
    }
    double *x = stat_scratch_numbers(&p->scratch, batch->n_rows);
    stat_vec_numbers(&batch->cols[run->x_at], job->x->type, batch->n_rows, x);
    stat_vec_numbers(&batch->cols[run->y_at], job->y->type, batch->n_rows, p->y);
    if (job->color) {
        color = stat_scratch_levels(&p->scratch, 0, batch->n_rows);
        stat_find_rows(&job->color->set, &p->color, &batch->cols[run->color_at],
                       job->color_in->type, batch->n_rows, color);
    }
    if (job->panel) {
        panel = stat_scratch_levels(&p->scratch, 1, batch->n_rows);
        stat_find_rows(&job->panel->set, &p->panel, &batch->cols[run->panel_at],
                       job->panel_in->type, batch->n_rows, panel);
    }
    add_rows(run, p, x, color, panel, partition, batch);
    stat_slot_give(&run->slots, slot);
    return RC_OK;
}

static void m4_free(void *state)
{
    struct m4_part *p = state;
    mem_free(p->cells);
    mem_free(p->y);
    stat_finder_release(&p->color);
    stat_finder_release(&p->panel);
    stat_scratch_release(&p->scratch);
}

static int spot_cmp(const void *a, const void *b)
{
    const struct spot *x = a, *y = b;
    return left_of(x, y) ? -1 : left_of(y, x);
}

static void take_cell(const struct cell *c, double panel, double series, struct stat_m4_rows *out)
{
    struct spot s[4] = {c->first, c->last, c->low, c->high};
    qsort(s, 4, sizeof *s, spot_cmp);
    for (int i = 0; i < 4; i++) {
        if (i > 0 && spot_cmp(&s[i], &s[i - 1]) == 0) continue;
        out->x[out->n] = s[i].x;
        out->y[out->n] = s[i].y;
        out->series[out->n] = series;
        out->panel[out->n++] = panel;
    }
}

static void m4_merge(struct chart_build *b, const struct m4_run *run, struct stat_m4_rows *out)
{
    size_t n = cells_of(run);
    struct cell *sum = mem_zero(sizeof *sum * n);
    for (int i = 0; i < STAT_SLOTS; i++) {
        const struct m4_part *p = run->slots.state[i];
        if (!p || !p->cells) continue;
        out->n_points += p->n_used;
        for (size_t k = 0; k < n; k++)
            if (p->cells[k].is_used) cell_add(&sum[k], &p->cells[k]);
    }
    double **const all[] = {&out->x, &out->y, &out->series, &out->panel};
    for (int i = 0; i < 4; i++)
        *all[i] = ARENA_ARRAY(b->a, double, n * 4 + 1);
    for (size_t k = 0; k < n; k++) {
        size_t line = k / (size_t)run->job->width;
        if (sum[k].is_used)
            take_cell(&sum[k], (double)(line / (size_t)run->n_series),
                      (double)(line % (size_t)run->n_series), out);
    }
    mem_free(sum);
}

rc stat_m4_of(struct chart_build *b, const struct stat_m4 *job, struct stat_m4_rows *out)
{
    struct m4_run *run = mem_zero(sizeof *run);
    *out = (struct stat_m4_rows){0};
    stat_slots_init(&run->slots, sizeof(struct m4_part));
    run->job = job;
    run->n_series = job->color ? job->color->levels->n : 1;
    run->n_panel = job->panel ? job->panel->levels->n : 1;
    run->x_at = stat_column_at(b, job->x->column);
    run->y_at = stat_column_at(b, job->y->column);
    run->color_at = job->color ? stat_column_at(b, job->color_in->column) : -1;
    run->panel_at = job->panel ? stat_column_at(b, job->panel_in->column) : -1;
    run->per = job->hi > job->lo ? job->width / (job->hi - job->lo) : 0;
    enum rc_t res = stat_stream(b, run, m4_push);
    if (res == RC_OK) m4_merge(b, run, out);
    stat_slots_release(&run->slots, m4_free);
    mem_free(run);
    return res;
}
