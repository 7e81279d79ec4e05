/* hex.c: how many rows lie where on a plane, over all rows in two passes: hexagons, 30 across (Carr
 * 1987), or rectangles. Counts are coloured by their logarithm when they span a decade or more. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"

#include <math.h>

enum { HEX_ACROSS = 30, PANEL_ACROSS = 16, CELLS_MOST = 60 };

struct plane {
    int64_t n, n_left;
    double lo[2], hi[2];
};
struct plane_part {
    struct plane p;
    int64_t *count;
    struct stat_scratch scratch[2];
    struct stat_finder finder;
};
struct plane_run {
    struct stat_slots slots;
    int at[2];
    struct dtype type[2];
    double want_lo[2], want_hi[2];
    bool is_log[2];
    bool is_counting, is_hex;
    struct plane all;
    int nx, ny;                      /* hexagons: of one of the two lattices */
    const struct chart_input *panel; /* NULL: one */
    struct stat_levels panels;
    int panel_at, n_panels;
};

static bool place_row(const struct plane_run *run, double v[2])
{
    for (int k = 0; k < 2; k++) {
        if (!isfinite(v[k]) || v[k] < run->want_lo[k] || v[k] > run->want_hi[k]) return false;
        if (run->is_log[k] && v[k] <= 0) return false;
        if (run->is_log[k]) v[k] = log10(v[k]);
    }
    return true;
}

/* Two lattices of rectangles, the second moved by half a cell: the nearer centre wins. */
static int64_t hex_cell(const struct plane_run *run, const double v[2])
{
    const struct plane *p = &run->all;
    double u = p->hi[0] > p->lo[0] ? (v[0] - p->lo[0]) / (p->hi[0] - p->lo[0]) * run->nx : 0;
    double w = p->hi[1] > p->lo[1] ? (v[1] - p->lo[1]) / (p->hi[1] - p->lo[1]) * run->ny : 0;
    double i1 = floor(u + 0.5), j1 = floor(w + 0.5), i2 = floor(u), j2 = floor(w);
    double d1 = (u - i1) * (u - i1) + 3 * (w - j1) * (w - j1);
    double d2 = (u - i2 - 0.5) * (u - i2 - 0.5) + 3 * (w - j2 - 0.5) * (w - j2 - 0.5);
    int64_t wide = run->nx + 1, first = wide * (run->ny + 1);
    return d1 < d2 ? (int64_t)j1 * wide + (int64_t)i1 : first + (int64_t)j2 * wide + (int64_t)i2;
}

static int64_t rect_cell(const struct plane_run *run, const double v[2])
{
    int at[2];
    for (int k = 0; k < 2; k++) {
        int n = k == 0 ? run->nx : run->ny;
        double range = run->all.hi[k] - run->all.lo[k];
        double u = range > 0 ? (v[k] - run->all.lo[k]) / range * n : 0;
        at[k] = u >= n ? n - 1 : (int)u;
    }
    return (int64_t)at[1] * run->nx + at[0];
}

static int64_t cells_of(const struct plane_run *run)
{
    return run->is_hex ? 2 * (int64_t)(run->nx + 1) * (run->ny + 1) : (int64_t)run->nx * run->ny;
}

static void see_row(const struct plane_run *run, struct plane_part *p, double v[2], int panel)
{
    if (panel < 0 || !place_row(run, v)) {
        p->p.n_left++;
        return;
    }
    if (run->is_counting) {
        p->count[panel * cells_of(run) + (run->is_hex ? hex_cell(run, v) : rect_cell(run, v))]++;
        return;
    }
    for (int k = 0; k < 2; k++) {
        if (p->p.n == 0 || v[k] < p->p.lo[k]) p->p.lo[k] = v[k];
        if (p->p.n == 0 || v[k] > p->p.hi[k]) p->p.hi[k] = v[k];
    }
    p->p.n++;
}

static enum rc_t plane_push(struct ctx *cx, void *self, int64_t partition,
                            const struct batch *batch)
{
    struct plane_run *run = self;
    TRY(check_cancel(cx));
    int slot = stat_slot_take(&run->slots, partition);
    struct plane_part *p = run->slots.state[slot];
    if (run->is_counting && !p->count)
        p->count = mem_zero(sizeof(int64_t) * (size_t)(cells_of(run) * run->n_panels));
    double *v[2];
    int32_t *panel = NULL;
    for (int k = 0; k < 2; k++) {
        v[k] = stat_scratch_numbers(&p->scratch[k], batch->n_rows);
        stat_vec_numbers(&batch->cols[run->at[k]], run->type[k], batch->n_rows, v[k]);
    }
    if (run->panel) {
        panel = stat_scratch_levels(&p->scratch[0], 0, batch->n_rows);
        stat_find_rows(&run->panels.set, &p->finder, &batch->cols[run->panel_at], run->panel->type,
                       batch->n_rows, panel);
    }
    for (int64_t i = 0; i < batch->n_rows; i++)
        see_row(run, p, (double[2]){v[0][i], v[1][i]},
                !panel         ? 0
                : panel[i] < 0 ? -1
                               : run->panels.rank[panel[i]]);
    stat_slot_give(&run->slots, slot);
    return RC_OK;
}

static void part_free(void *state)
{
    struct plane_part *p = state;
    mem_free(p->count);
    stat_scratch_release(&p->scratch[0]);
    stat_scratch_release(&p->scratch[1]);
    stat_finder_release(&p->finder);
}

static void merge_extents(struct plane_run *run)
{
    struct plane *all = &run->all;
    for (int i = 0; i < STAT_SLOTS; i++) {
        const struct plane_part *p = run->slots.state[i];
        if (!p) continue;
        for (int k = 0; k < 2 && p->p.n; k++) {
            if (all->n == 0 || p->p.lo[k] < all->lo[k]) all->lo[k] = p->p.lo[k];
            if (all->n == 0 || p->p.hi[k] > all->hi[k]) all->hi[k] = p->p.hi[k];
        }
        all->n += p->p.n;
        all->n_left += p->p.n_left;
    }
}

static void merge_counts(const struct plane_run *run, int64_t *count)
{
    for (int i = 0; i < STAT_SLOTS; i++) {
        const struct plane_part *p = run->slots.state[i];
        for (int64_t k = 0; p && p->count && k < cells_of(run) * run->n_panels; k++)
            count[k] += p->count[k];
    }
}

static rc run_pass(struct chart_build *b, struct plane_run *run, bool is_counting, int64_t *count)
{
    stat_slots_init(&run->slots, sizeof(struct plane_part));
    run->is_counting = is_counting;
    enum rc_t res = stat_stream(b, run, plane_push);
    if (res == RC_OK && !is_counting) merge_extents(run);
    if (res == RC_OK && is_counting) merge_counts(run, count);
    stat_slots_release(&run->slots, part_free);
    return res;
}

static void plane_wishes(struct chart_build *b, struct plane_run *run)
{
    const struct chart_spec *s = b->spec;
    const double lo[] = {s->xmin, s->ymin}, hi[] = {s->xmax, s->ymax};
    for (int k = 0; k < 2; k++) {
        run->at[k] = stat_column_at(b, b->in[k].column);
        run->type[k] = b->in[k].type;
        run->want_lo[k] = isnan(lo[k]) ? -INFINITY : lo[k];
        run->want_hi[k] = isnan(hi[k]) ? INFINITY : hi[k];
        run->is_log[k] = (k == 0 ? s->xlog : s->ylog) && b->in[k].cls == CLASS_NUMBER;
    }
}

static double unplace(const struct plane_run *run, int k, double v)
{
    return run->is_log[k] ? pow(10, v) : v;
}

static void hex_rows(struct chart_build *b, const struct plane_run *run, const int64_t *count,
                     struct build_rows *rows)
{
    const struct plane *p = &run->all;
    double dx = (p->hi[0] - p->lo[0]) / run->nx, dy = (p->hi[1] - p->lo[1]) / run->ny;
    int64_t wide = run->nx + 1, first = wide * (run->ny + 1);
    for (int64_t at = 0; at < cells_of(run) * run->n_panels; at++) {
        if (count[at] == 0) continue;
        int64_t c = at % cells_of(run);
        double half = c >= first ? 0.5 : 0;
        double i = (double)((c % first) % wide) + half, j = (double)((c % first) / wide) + half;
        PUSH(b, rows, unplace(run, 0, p->lo[0] + i * dx), unplace(run, 1, p->lo[1] + j * dy),
             (double)count[at], (double)(at / cells_of(run)));
    }
}

static void rect_rows(struct chart_build *b, const struct plane_run *run, const int64_t *count,
                      struct build_rows *rows)
{
    const struct plane *p = &run->all;
    double dx = (p->hi[0] - p->lo[0]) / run->nx, dy = (p->hi[1] - p->lo[1]) / run->ny;
    if (dx == 0) dx = 1;
    if (dy == 0) dy = 1;
    for (int64_t at = 0; at < cells_of(run) * run->n_panels; at++) {
        if (count[at] == 0) continue;
        int64_t c = at % cells_of(run);
        double x = p->lo[0] + (double)(c % run->nx) * dx, y = p->lo[1] + (double)(c / run->nx) * dy;
        PUSH(b, rows, unplace(run, 0, x), unplace(run, 1, y), (double)count[at],
             (double)(at / cells_of(run)), unplace(run, 0, x + dx), unplace(run, 1, y + dy));
    }
}

static void plane_layer(struct chart_build *b, const struct plane_run *run,
                        const struct build_rows *rows)
{
    double most = 0;
    for (int64_t i = 0; i < rows->n; i++)
        most = fmax(most, rows->v[2][i]);
    b->c->color = (struct chart_color){
        .kind = COLOR_RAMP, .title = "rows", .value_kind = VALUE_COUNT, .is_log = most >= 20};
    struct chart_layer *l = build_layer(b, run->is_hex ? MARK_POINT : MARK_BAR, rows);
    for (int k = 0; k < 2; k++) {
        enum value_kind kind = stat_value_kind(b->in[k].type);
        if (kind == VALUE_COUNT) kind = VALUE_NUMBER;
        build_col(l, k == 0 ? CH_X : CH_Y, b->in[k].title, kind, rows, k, NULL);
        if (!run->is_hex) build_col(l, k == 0 ? CH_X2 : CH_Y2, "to", kind, rows, 4 + k, NULL);
    }
    build_col(l, CH_COLOR, "rows", VALUE_COUNT, rows, 2, NULL);
    if (run->panel)
        build_col(l, CH_PANEL, run->panel->title, VALUE_LEVEL, rows, 3, b->c->panels.levels);
    l->color = NULL;
    l->is_tight = true;
    for (int k = 0; k < 2; k++) {
        struct chart_axis *a = build_axis(b, k == 0, &b->in[k], k == 0);
        a->has_ticks = k == 0;
        a->is_integer = false;
        a->pad_low = a->pad_high = 0.03;
        if (run->is_log[k] && a->scale == SCALE_LINEAR) a->scale = SCALE_LOG;
    }
    if (!run->is_hex) return;
    l->shape = "hexagon";
    double width = b->c->width ? b->c->width : run->panel ? 200 : 480;
    l->size = width / 1.06 / run->nx / sqrt(3) * 1.01;
}

static rc plane_panels(struct chart_build *b, struct plane_run *run)
{
    run->n_panels = 1;
    run->panel = build_panel_input(b);
    if (!run->panel) return RC_OK;
    run->panel_at = stat_column_at(b, run->panel->column);
    TRY(stat_key_levels(b, run->panel, b->in[CHART_X].column, &run->panels));
    TRY(build_panels(b, &run->panels));
    if (b->c->panels.levels)
        run->n_panels = run->panels.levels->n;
    else
        run->panel = NULL; /* no rows */
    return RC_OK;
}

/* As many cells across as asked, and as high as they are wide. */
static void plane_grid(const struct chart_build *b, struct plane_run *run)
{
    int across = b->spec->bins > 0 ? b->spec->bins : run->panel ? PANEL_ACROSS : HEX_ACROSS;
    double width = run->panel ? 200 : 480, height = run->panel ? 150 : 300;
    double ratio = (b->c->height ? b->c->height : height) / (b->c->width ? b->c->width : width);
    run->nx = across > CELLS_MOST ? CELLS_MOST : across;
    run->ny = (int)fmax(1, round(run->nx * ratio / (run->is_hex ? sqrt(3) : 1)));
}

static rc build_plane(struct chart_build *b, const char *kind, bool is_hex)
{
    for (int c = CHART_X; c <= CHART_Y; c++)
        if (b->in[c].cls != CLASS_TIME)
            TRY(build_needs(b, (enum chart_channel)c, CLASS_NUMBER, kind));
    if (b->in[CHART_COLOR].column)
        return fail(b->cx, E501, b->in[CHART_COLOR].span,
                    "the colour of a %s chart is the number of rows", kind);
    struct plane_run *run = mem_zero(sizeof *run);
    struct build_rows rows = {0};
    run->is_hex = is_hex;
    plane_wishes(b, run);
    enum rc_t res = plane_panels(b, run);
    plane_grid(b, run);
    if (res == RC_OK) res = run_pass(b, run, false, NULL);
    int64_t *count = ARENA_ARRAY(b->a, int64_t, cells_of(run) * run->n_panels + 1);
    if (res == RC_OK) res = run_pass(b, run, true, count);
    if (res == RC_OK) {
        if (is_hex)
            hex_rows(b, run, count, &rows);
        else
            rect_rows(b, run, count, &rows);
        plane_layer(b, run, &rows);
        if (run->all.n_left)
            stat_remark(b, "%s rows left out (null or outside)",
                        stat_count_text(b, run->all.n_left));
        const char *n = stat_count_text(b, run->all.n);
        b->c->title = build_title(b, "%s against %s", b->in[CHART_Y].title, b->in[CHART_X].title);
        build_words(b,
                    arena_printf(b->a, "%s chart: %s cells, %s against %s, %s rows", kind,
                                 stat_count_text(b, rows.n), b->in[CHART_Y].title,
                                 b->in[CHART_X].title, n),
                    NULL);
    }
    mem_free(run);
    return res;
}

static enum rc_t build_hex(struct chart_build *b)
{
    return build_plane(b, "hex", true);
}
static enum rc_t build_hist2d(struct chart_build *b)
{
    return build_plane(b, "hist2d", false);
}

const struct chart_kind_desc chart_kind_hex = {
    .name = "hex",
    .sig = "plot x, y, kind: hex, bins: 30, facet: c",
    .doc = "All rows counted in hexagons, 30 across, coloured by the logarithm of the count: for "
           "many points.",
    .example = "trips |> plot distance, fare, kind: hex",
    .build = build_hex,
};
const struct chart_kind_desc chart_kind_hist2d = {
    .name = "hist2d",
    .sig = "plot x, y, kind: hist2d, bins: 30",
    .doc = "All rows counted in rectangles, 30 across (16 in facets).",
    .example = "trips |> plot distance, fare, kind: hist2d",
    .build = build_hist2d,
};
