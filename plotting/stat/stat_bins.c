/* stat_bins.c: bins of histograms and their counts. Rules: Sturges 1926 (log2 n + 1 bins); Freedman
 * and Diaconis 1981 (width 2 IQR n^(-1/3)); the finer of the two, as numpy's "auto". */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"

#include <math.h>

enum { BINS_MOST = 100 };
#define DAY 86400000.0

struct stat_bins stat_equal_bins(struct arena *a, double lo, double hi, int n)
{
    if (lo == hi) { /* as numpy: half a unit to each side, more for huge values */
        double half = fmax(0.5, fabs(lo) * 1e-9);
        lo -= half;
        hi += half;
    }
    struct stat_bins b = {.n = n, .edges = ARENA_ARRAY(a, double, n + 1)};
    double step = (hi - lo) / n;
    for (int i = 0; i < n; i++)
        b.edges[i] = lo + i * step;
    b.edges[n] = hi;
    return b;
}

static double rule_width(const struct stat_summary *s)
{
    double n = (double)s->n, range = s->max - s->min;
    double sturges = range / (log2(n) + 1);
    double fd = 2 * (s->q3 - s->q1) / cbrt(n);
    return fd > 0 ? fmin(fd, sturges) : sturges;
}

/* The nice width nearest to w (by ratio) that keeps the bins under the limit. */
static double nice_width(double w, double range, bool is_whole)
{
    static const double steps[] = {1, 2, 2.5, 5};
    double best = 0, miss = INFINITY;
    double low = floor(log10(w)) - 1;
    for (int e = 0; e < 5; e++)
        for (int i = 0; i < 4; i++) {
            double p = low + e;
            double c = p < 0 ? steps[i] / pow(10, -p) : steps[i] * pow(10, p);
            if (range / c > BINS_MOST || (is_whole && (c < 1 || c != floor(c)))) continue;
            double m = fabs(log(c / w));
            if (m < miss) {
                miss = m;
                best = c;
            }
        }
    return best > 0 ? best : is_whole ? ceil(range / BINS_MOST) : range / BINS_MOST;
}

struct stat_bins stat_default_bins(struct arena *a, const struct stat_summary *s)
{
    double range = s->max - s->min;
    struct stat_bins b = {.is_nice = true};
    if (!(range > 0)) {
        b = stat_equal_bins(a, s->min, s->max, 1);
        b.is_nice = true;
        return b;
    }
    double w = nice_width(rule_width(s), range, s->is_whole);
    double shift = s->is_whole ? 0.5 : 0; /* whole numbers stand in the middle of their bins */
    double first = floor((s->min + shift) / w + 1e-9);
    double last = s->is_whole ? floor((s->max + shift) / w + 1e-9) + 1 : ceil(s->max / w - 1e-9);
    if (s->is_whole && w == 1) {
        first = s->min;
        last = s->max + 1;
    }
    b.n = (int)fmax(last - first, 1);
    b.edges = ARENA_ARRAY(a, double, b.n + 1);
    double inverse = w < 1 ? round(1 / w) : 0; /* 3 / 10 is nearer to 0.3 than 3 * 0.1 */
    for (int i = 0; i <= b.n; i++) {
        double k = first + i;
        b.edges[i] = (inverse > 0 && fabs(inverse * w - 1) < 1e-12 ? k / inverse : k * w) - shift;
    }
    return b;
}

struct stat_bins stat_log_bins(struct arena *a, const struct stat_summary *s, int n)
{
    struct stat_summary t = *s;
    t.min = log10(s->min);
    t.max = log10(s->max);
    t.q1 = log10(s->q1);
    t.q3 = log10(s->q3);
    t.is_whole = false;
    struct stat_bins b = n > 0 ? stat_equal_bins(a, t.min, t.max, n) : stat_default_bins(a, &t);
    for (int i = 0; i <= b.n; i++)
        b.edges[i] = pow(10, b.edges[i]);
    if (b.edges[0] > s->min) b.edges[0] = s->min; /* rounding must not lose the ends */
    if (b.edges[b.n] < s->max) b.edges[b.n] = s->max;
    b.is_log = true;
    return b;
}

struct stat_bins stat_time_bins(struct arena *a, const struct stat_summary *s)
{
    double range = fmax(s->max - s->min, 1);
    double wanted = fmin(fmax(range / fmax(rule_width(s), 1), 20), 60);
    if (range >= 20 * DAY && range <= 62 * DAY) wanted = range / DAY; /* a month or two: days */
    enum time_unit unit;
    int64_t step;
    chart_time_step(range, (int)wanted, &unit, &step);
    struct stat_bins b = {.is_nice = true, .edges = ARENA_ARRAY(a, double, 1002)};
    double at = chart_time_floor(s->min, unit, step);
    b.edges[0] = at;
    while (b.n < 1000 && at <= s->max) {
        at = chart_time_next(at, unit, step);
        b.edges[++b.n] = at;
    }
    return b;
}

/* ---- counting ---- */
struct count_part {
    int64_t *counts;
    struct stat_finder color, panel;
    struct stat_scratch scratch;
};
struct count_run {
    struct stat_slots slots;
    const struct stat_bins *bins;
    const struct stat_levels *color, *panel;
    int at, color_at, panel_at, n_color, n_panel;
    struct dtype type, color_type, panel_type;
};

/* numpy's rule: a first guess by division, set right by the edges; the last bin is closed. */
static int bin_of(const struct stat_bins *b, double x)
{
    double lo = b->edges[0], hi = b->edges[b->n];
    if (!(x >= lo && x <= hi)) return -1;
    double guess = b->is_log ? log(x / lo) / log(hi / lo) * b->n : (x - lo) / (hi - lo) * b->n;
    int i = guess >= b->n ? b->n - 1 : guess > 0 ? (int)guess : 0;
    while (i > 0 && x < b->edges[i])
        i--;
    while (i < b->n - 1 && x >= b->edges[i + 1])
        i++;
    return i;
}

static int level_at(const struct stat_levels *l, const int32_t *found, int64_t i)
{
    if (!l) return 0;
    return found[i] < 0 ? -1 : l->rank[found[i]];
}

static void count_rows(const struct count_run *run, struct count_part *p, const struct batch *batch)
{
    double *v = stat_scratch_numbers(&p->scratch, batch->n_rows);
    int32_t *color = NULL, *panel = NULL;
    stat_vec_numbers(&batch->cols[run->at], run->type, batch->n_rows, v);
    if (run->color) {
        color = stat_scratch_levels(&p->scratch, 0, batch->n_rows);
        stat_find_rows(&run->color->set, &p->color, &batch->cols[run->color_at], run->color_type,
                       batch->n_rows, color);
    }
    if (run->panel) {
        panel = stat_scratch_levels(&p->scratch, 1, batch->n_rows);
        stat_find_rows(&run->panel->set, &p->panel, &batch->cols[run->panel_at], run->panel_type,
                       batch->n_rows, panel);
    }
    for (int64_t i = 0; i < batch->n_rows; i++) {
        int bin = bin_of(run->bins, v[i]);
        int k = level_at(run->color, color, i), q = level_at(run->panel, panel, i);
        if (bin < 0 || k < 0 || q < 0) continue;
        p->counts[((int64_t)q * run->n_color + k) * run->bins->n + bin]++;
    }
}

static size_t count_cells(const struct count_run *run)
{
    return (size_t)run->n_panel * (size_t)run->n_color * (size_t)run->bins->n;
}

static enum rc_t count_push(struct ctx *cx, void *self, int64_t partition,
                            const struct batch *batch)
{
    struct count_run *run = self;
    TRY(check_cancel(cx));
    int slot = stat_slot_take(&run->slots, partition);
    struct count_part *p = run->slots.state[slot];
    if (!p->counts) p->counts = mem_zero(sizeof(int64_t) * count_cells(run));
    count_rows(run, p, batch);
    stat_slot_give(&run->slots, slot);
    return RC_OK;
}

static void count_free(void *state)
{
    struct count_part *p = state;
    mem_free(p->counts);
    stat_finder_release(&p->color);
    stat_finder_release(&p->panel);
    stat_scratch_release(&p->scratch);
}

rc stat_bin_counts(struct chart_build *b, const struct chart_input *in,
                   const struct stat_bins *bins, const struct stat_levels *color,
                   const struct stat_levels *panel, int64_t **counts)
{
    struct count_run *run = mem_zero(sizeof *run);
    const struct chart_input *by = &b->in[CHART_COLOR], *facet = build_panel_input(b);
    stat_slots_init(&run->slots, sizeof(struct count_part));
    run->bins = bins;
    run->color = color;
    run->panel = panel;
    run->n_color = color ? color->levels->n : 1;
    run->n_panel = panel ? panel->levels->n : 1;
    run->at = stat_column_at(b, in->column);
    run->color_at = stat_column_at(b, by->column);
    run->panel_at = facet ? stat_column_at(b, facet->column) : -1;
    run->type = in->type;
    run->color_type = by->type;
    if (facet) run->panel_type = facet->type;
    size_t cells = count_cells(run);
    *counts = ARENA_ARRAY(b->a, int64_t, cells + 1);
    enum rc_t res = stat_stream(b, run, count_push);
    for (int i = 0; i < STAT_SLOTS; i++) {
        const struct count_part *p = run->slots.state[i];
        for (size_t k = 0; p && p->counts && k < cells; k++)
            (*counts)[k] += p->counts[k];
    }
    stat_slots_release(&run->slots, count_free);
    mem_free(run);
    return res;
}
