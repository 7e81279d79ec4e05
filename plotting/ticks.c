/* ticks.c: where labels stand on number axes. Source: Talbot, Lin, Hanrahan, "An extension of
 * Wilkinson's algorithm for positioning tick labels on axes", IEEE TVCG 2010: sections 3 (scores)
 * and 4 (search with bounds); R's `labeling::extended` gives the same answers. Legibility is
 * constant here: labels are measured afterwards, and fewer are asked for when they collide. */
#include "plotting/chart_int.h"

#include <math.h>

static const double nice_q[] = {1, 5, 2, 2.5, 4, 3};
enum { NICE = 6 };
static const double w_simple = 0.25, w_cover = 0.2, w_dense = 0.5, w_legible = 0.05;

struct search {
    double dmin, dmax;
    int m; /* labels wanted */
    bool whole;
    double best, lmin, lstep;
    int k; /* labels of the best */
};

static double simplicity(int i, int j, double lmin, double lmax, double step)
{
    double eps = 1e-10, rest = fmod(lmin, step);
    if (rest < 0) rest += step;
    bool has_zero = (rest < eps || step - rest < eps) && lmin <= 0 && lmax >= 0;
    return 1 - (double)i / (NICE - 1) - j + (has_zero ? 1 : 0);
}
static double simplicity_most(int i, int j)
{
    return 1 - (double)i / (NICE - 1) - j + 1;
}
static double coverage(const struct search *s, double lmin, double lmax)
{
    double tenth = 0.1 * (s->dmax - s->dmin);
    double a = s->dmax - lmax, b = s->dmin - lmin;
    return 1 - 0.5 * (a * a + b * b) / (tenth * tenth);
}
static double coverage_most(const struct search *s, double span)
{
    double range = s->dmax - s->dmin;
    if (span <= range) return 1;
    double half = (span - range) / 2, tenth = 0.1 * range;
    return 1 - 0.5 * (2 * half * half) / (tenth * tenth);
}
static double density(const struct search *s, int k, double lmin, double lmax)
{
    double r = (k - 1) / (lmax - lmin);
    double rt = (s->m - 1) / (fmax(lmax, s->dmax) - fmin(s->dmin, lmin));
    return 2 - fmax(r / rt, rt / r);
}
static double density_most(const struct search *s, int k)
{
    return k >= s->m ? 2 - (double)(k - 1) / (s->m - 1) : 1;
}

/* All starts for one step: k labels, q at index i, skip j. */
static void try_starts(struct search *s, int i, int j, int k, double step)
{
    double first = floor(s->dmax / step) * j - (double)(k - 1) * j;
    double last = ceil(s->dmin / step) * j;
    if (first > last || (s->whole && fabs(step - round(step)) > 1e-9 * step)) return;
    for (double start = first; start <= last; start++) {
        double lmin = start * (step / j), lmax = lmin + step * (k - 1);
        if (s->whole && fabs(lmin - round(lmin)) > 1e-9) continue;
        double score = w_simple * simplicity(i, j, lmin, lmax, step) +
                       w_cover * coverage(s, lmin, lmax) + w_dense * density(s, k, lmin, lmax) +
                       w_legible;
        if (score > s->best) {
            s->best = score;
            s->lmin = lmin;
            s->lstep = step;
            s->k = k;
        }
    }
}

static void try_powers(struct search *s, int i, int j, int k, double sm, double dm)
{
    double delta = (s->dmax - s->dmin) / (k + 1) / j / nice_q[i];
    for (double z = ceil(log10(delta)); z < 308; z++) {
        double step = j * nice_q[i] * pow(10, z);
        double cm = coverage_most(s, step * (k - 1));
        if (w_simple * sm + w_cover * cm + w_dense * dm + w_legible < s->best) break;
        try_starts(s, i, j, k, step);
    }
}

/* All label counts for q at index i; false when no larger j can win. */
static bool try_q(struct search *s, int i, int j)
{
    double sm = simplicity_most(i, j);
    if (w_simple * sm + w_cover + w_dense + w_legible < s->best) return false;
    for (int k = 2; k < TICKS_MOST; k++) {
        double dm = density_most(s, k);
        if (w_simple * sm + w_cover + w_dense * dm + w_legible < s->best) break;
        try_powers(s, i, j, k, sm, dm);
    }
    return true;
}

int ticks_extended(double lo, double hi, int wanted, bool whole, double out[TICKS_MOST])
{
    struct search s = {.dmin = fmin(lo, hi), .dmax = fmax(lo, hi), .whole = whole, .best = -2};
    s.m = wanted < 2 ? 2 : wanted > 40 ? 40 : wanted;
    out[0] = lo;
    double scale = fmax(fabs(s.dmin), fabs(s.dmax));
    if (!(s.dmax - s.dmin > 1e-13 * scale)) return 1;
    for (int j = 1; j < 100; j++)
        for (int i = 0; i < NICE; i++)
            if (!try_q(&s, i, j)) {
                j = 100;
                break;
            }
    if (s.k == 0) return 1;
    for (int i = 0; i < s.k; i++) {
        double v = s.lmin + i * s.lstep;
        out[i] = fabs(v) < 1e-9 * s.lstep ? 0 : v;
    }
    return s.k;
}

/* ---- number axes ---- */
/* Multiples of the labels' step over the whole domain, so that ticks reach into the padding. */
static int ticks_linear(const struct chart_axis *a, int wanted, double out[TICKS_MOST])
{
    double found[TICKS_MOST];
    double lo = isfinite(a->data_min) && a->data_min < a->data_max ? a->data_min : a->min;
    double hi = isfinite(a->data_max) && a->data_min < a->data_max ? a->data_max : a->max;
    int k = ticks_extended(lo, hi, wanted, a->is_integer, found);
    if (k < 2) { /* too short a range for whole steps */
        double only = a->is_integer ? round((a->min + a->max) / 2) : (a->min + a->max) / 2;
        out[0] = only;
        return only >= a->min && only <= a->max ? 1 : 0;
    }
    double step = (found[k - 1] - found[0]) / (k - 1), room = 1e-9 * (a->max - a->min);
    int n = 0;
    for (double i = ceil((a->min - found[0] - room) / step);; i++) {
        double v = found[0] + i * step;
        if (v > a->max + room || n == TICKS_MOST) break;
        out[n++] = fabs(v) < 1e-9 * step ? 0 : v;
    }
    return n;
}

/* Powers of ten; with 2 and 5 when fewer than two decades are in sight. */
static int ticks_log(double lo, double hi, int wanted, double out[TICKS_MOST])
{
    double decades = log10(hi / lo);
    int every = (int)ceil(decades / wanted), n = 0;
    if (every < 1) every = 1;
    bool has_between = decades < 2;
    for (double e = floor(log10(lo)); e <= ceil(log10(hi)); e++) {
        static const double between[] = {1, 2, 5};
        if (fmod(fabs(e), every) != 0) continue;
        for (int i = 0; i < (has_between ? 3 : 1); i++) {
            double v = between[i] * pow(10, e);
            if (v >= lo * (1 - 1e-9) && v <= hi * (1 + 1e-9) && n < TICKS_MOST) out[n++] = v;
        }
    }
    if (n >= 2) return n;
    n = ticks_extended(lo, hi, wanted, false, out);
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (out[i] >= lo && out[i] <= hi && out[i] > 0) out[kept++] = out[i];
    return kept;
}

/* 0 and the powers of ten on both sides, from the linear part on. */
static int ticks_symlog(const struct chart_axis *a, int wanted, double out[TICKS_MOST])
{
    double most = fmax(fabs(a->min), fabs(a->max));
    double low = floor(log10(a->linear_below)), high = floor(log10(most));
    int sides = (a->min < 0) + (a->max > 0), n = 0;
    int every = (int)ceil((high - low + 1) * sides / fmax(wanted + 1, 1));
    if (every < 1) every = 1;
    for (double e = high; a->min < 0 && e >= low; e -= every)
        if (-pow(10, e) >= a->min && n < TICKS_MOST / 3) out[n++] = -pow(10, e);
    if (a->min <= 0 && a->max >= 0) out[n++] = 0;
    double first = high - floor((high - low) / every) * every;
    for (double e = first; a->max > 0 && e <= high; e += every)
        if (pow(10, e) <= a->max && n < TICKS_MOST) out[n++] = pow(10, e);
    return n;
}

static struct tick *label_all(struct arena *a, const double *v, int n, struct tick_format f)
{
    struct tick *t = ARENA_ARRAY(a, struct tick, n);
    for (int i = 0; i < n; i++) {
        struct strbuf b = {0};
        chart_number_label(&b, f, v[i]);
        t[i] = (struct tick){.value = v[i], .label = arena_strndup(a, b.p ? b.p : "", b.n)};
        strbuf_release(&b);
    }
    return t;
}

/* The unit in which a stretch of seconds is labelled. */
static double duration_unit(double seconds, const char **name)
{
    static const struct {
        double from, unit;
        const char *name;
    } units[] = {{2 * 86400.0, 86400, "d"}, {2 * 3600.0, 3600, "h"}, {120, 60, "min"}};
    for (int i = 0; i < 3; i++)
        if (seconds > units[i].from) {
            *name = units[i].name;
            return units[i].unit;
        }
    *name = "s";
    return 1;
}

/* The other multiples of the decades in sight, without labels. */
static void add_minor(struct arena *arena, struct chart_axis *a)
{
    enum { DECADES_MOST = 6 };
    int n = a->n_ticks;
    if (log10(a->max / a->min) > DECADES_MOST) return;
    struct tick *all = ARENA_ARRAY(arena, struct tick, n + 9 * (DECADES_MOST + 2));
    memcpy(all, a->ticks, sizeof *all * (size_t)n);
    for (double e = floor(log10(a->min)); e <= log10(a->max); e++)
        for (int m = 1; m < 10; m++) {
            double v = m * pow(10, e);
            bool is_there = v < a->min || v > a->max;
            for (int i = 0; i < a->n_ticks && !is_there; i++)
                is_there = fabs(a->ticks[i].value - v) < 1e-9 * v;
            if (!is_there) all[n++] = (struct tick){.value = v, .is_minor = true};
        }
    a->ticks = all;
    a->n_ticks = n;
}

static void ticks_numbers(struct arena *arena, struct chart_axis *a, int wanted)
{
    double v[TICKS_MOST], unit = a->is_duration ? duration_unit(a->max - a->min, &a->unit) : 1;
    struct chart_axis s = *a;
    s.min /= unit;
    s.max /= unit;
    s.data_min /= unit;
    s.data_max /= unit;
    int n = a->scale == SCALE_LOG      ? ticks_log(s.min, s.max, wanted, v)
            : a->scale == SCALE_SYMLOG ? ticks_symlog(a, wanted, v)
                                       : ticks_linear(&s, wanted, v);
    a->format = chart_format_for(v, n, a->is_share);
    a->format.scale = unit;
    if (a->scale != SCALE_LINEAR && !a->is_share) a->format.style = TICK_PLAIN;
    for (int i = 0; i < n && a->scale != SCALE_SYMLOG; i++)
        v[i] *= unit;
    a->ticks = label_all(arena, v, n, a->format);
    a->n_ticks = n;
}

int ticks_of_range(struct arena *a, double lo, double hi, int wanted, bool whole, struct tick **out,
                   struct tick_format *format)
{
    double v[TICKS_MOST];
    int n = ticks_extended(lo, hi, wanted, whole, v), kept = 0;
    double room = 1e-6 * (hi - lo);
    for (int i = 0; i < n; i++)
        if (v[i] >= lo - room && v[i] <= hi + room) v[kept++] = v[i];
    if (kept == 0) v[kept++] = lo;
    *format = chart_format_for(v, kept, false);
    *out = label_all(a, v, kept, *format);
    return kept;
}

/* ---- bands ---- */
static void ticks_levels(struct arena *arena, struct chart_axis *a)
{
    a->format = (struct tick_format){.style = TICK_LEVEL};
    a->n_ticks = a->levels ? a->levels->n : 0;
    a->ticks = ARENA_ARRAY(arena, struct tick, a->n_ticks);
    for (int i = 0; i < a->n_ticks; i++)
        a->ticks[i] = (struct tick){.value = a->places ? a->places[i] : i,
                                    .label = font_cut(arena, a->levels->text[i], LABEL_CELLS)};
}

/* ---- fit ---- */
static double label_width(const struct tick *t)
{
    double w = t->label ? font_width(t->label, FONT_LABEL, false) : 0;
    double u = t->under ? font_width(t->under, FONT_LABEL, false) : 0;
    return fmax(w, u);
}

static bool labels_collide(const struct chart_axis *a, double length, bool is_x)
{
    double end = -INFINITY, gap = is_x ? 8 : 2;
    for (int i = 0; i < a->n_ticks; i++) {
        if (!a->ticks[i].label) continue;
        double at = scale_unit(a, a->ticks[i].value) * length;
        double w = is_x ? label_width(&a->ticks[i]) : FONT_LABEL;
        if (at - w / 2 < end + gap) return true;
        end = at + w / 2;
    }
    return false;
}

static double widest_label(const struct chart_axis *a)
{
    double most = 0;
    for (int i = 0; i < a->n_ticks; i++)
        most = fmax(most, label_width(&a->ticks[i]));
    return most;
}

/* Breaks the labels of a band axis at blanks into two lines; false when that is not enough. */
static bool wrap_labels(struct arena *arena, struct chart_axis *a, double room)
{
    struct text_lines *parts = ARENA_ARRAY(arena, struct text_lines, a->n_ticks);
    for (int i = 0; i < a->n_ticks; i++) {
        const char *text = a->levels->text[i];
        parts[i] = font_wrap(arena, text, FONT_LABEL, false, room, 2);
        size_t n = 0;
        for (int k = 0; k < parts[i].n; k++) {
            n += strlen(parts[i].line[k]) + (k > 0);
            if (font_width(parts[i].line[k], FONT_LABEL, false) > room) return false;
        }
        if (n != strlen(text)) return false; /* a word was broken or cut */
    }
    for (int i = 0; i < a->n_ticks; i++) {
        a->ticks[i].label = parts[i].n ? parts[i].line[0] : "";
        a->ticks[i].under = parts[i].n > 1 ? parts[i].line[1] : NULL;
    }
    return true;
}

/* Every kth label only, so that ordered categories (hours, years) do not run together. */
static void thin_labels(struct chart_axis *a, double length)
{
    for (int every = 2; every < a->n_ticks; every++) {
        struct chart_axis trial = *a;
        double need = 0;
        for (int i = 0; i < a->n_ticks; i += every)
            need = fmax(need, label_width(&trial.ticks[i]));
        if (need + 8 > length / a->n_ticks * every) continue;
        for (int i = 0; i < a->n_ticks; i++)
            if (i % every) a->ticks[i].label = NULL;
        return;
    }
}

/* Labels one under the other, `step` pixels apart. */
static void thin_lines(struct chart_axis *a, double step)
{
    int every = (int)ceil((FONT_LABEL + 1) / fmax(step, 0.01));
    for (int i = 0; every > 1 && i < a->n_ticks; i++)
        if (i % every) a->ticks[i].label = NULL;
}

static bool labels_are_numbers(const struct chart_axis *a)
{
    for (int i = 0; i < a->levels->n; i++)
        if (strspn(a->levels->text[i], "-0123456789.:, ") != strlen(a->levels->text[i]))
            return false;
    return a->levels->n > 12;
}

bool ticks_levels_fit(const struct chart_levels *levels, double length)
{
    struct arena *a = arena_new();
    struct chart_axis axis = {.scale = SCALE_BAND, .levels = levels};
    ticks_levels(a, &axis);
    double step = length / fmax(axis.n_ticks, 1);
    bool fits = widest_label(&axis) + 6 <= step || labels_are_numbers(&axis) ||
                wrap_labels(a, &axis, step - 6);
    arena_free(a);
    return fits;
}

static void fit_band(struct arena *arena, struct chart_axis *a, double length)
{
    double step = length / fmax(a->n_ticks, 1);
    a->fit = LABELS_FLAT;
    if (widest_label(a) + 6 <= step) return;
    if (labels_are_numbers(a)) {
        thin_labels(a, length);
        return;
    }
    if (wrap_labels(arena, a, step - 6)) {
        a->fit = LABELS_WRAPPED;
        return;
    }
    a->fit = LABELS_TURNED;
    thin_lines(a, step * 0.7072);
}

/* What still collides with the label before it goes. */
static void drop_colliding(struct chart_axis *a, double length, bool is_x)
{
    double end = -INFINITY, gap = is_x ? 4 : 0;
    for (int i = 0; i < a->n_ticks; i++) {
        struct tick *t = &a->ticks[i];
        if (!t->label) continue;
        double at = scale_unit(a, t->value) * length, w = is_x ? label_width(t) : FONT_LABEL;
        if (at - w / 2 < end + gap)
            t->label = t->under = NULL;
        else
            end = at + w / 2;
    }
}

/* Beside another panel there is no room for labels that stand out. */
static void drop_overhang(struct chart_axis *a, double length)
{
    if (!(a->overhang > 0) || a->fit == LABELS_TURNED) return;
    int left = 0;
    for (int i = 0; i < a->n_ticks; i++)
        left += a->ticks[i].label != NULL;
    for (int i = 0; i < a->n_ticks && left > 1; i++) {
        struct tick *t = &a->ticks[i];
        double at = scale_unit(a, t->value) * length, w = label_width(t) / 2;
        if (!t->label || (at - w >= -a->overhang && at + w <= length + a->overhang)) continue;
        t->label = t->under = NULL;
        left--;
    }
}

static void measure_labels(struct chart_axis *a, double length, bool is_x)
{
    double widest = widest_label(a);
    bool has_under = false;
    a->label_lead = a->label_tail = 0;
    for (int i = 0; i < a->n_ticks; i++) {
        if (!a->ticks[i].label) continue;
        double at = scale_unit(a, a->ticks[i].value) * length, w = label_width(&a->ticks[i]) / 2;
        if (!is_x && (a->scale == SCALE_BAND || a->scale == SCALE_PLACES)) at = length - at;
        if (a->ticks[i].under) has_under = true;
        if (!is_x) w = FONT_LABEL / 2.0;
        if (is_x && a->fit == LABELS_TURNED) {
            a->label_lead = fmax(a->label_lead, w * 2 * 0.7072 - at);
            a->label_tail = fmax(a->label_tail, at + 4 - length);
        } else {
            a->label_lead = fmax(a->label_lead, w - at);
            a->label_tail = fmax(a->label_tail, at + w - length);
        }
    }
    if (!is_x)
        a->label_room = widest;
    else if (a->fit == LABELS_TURNED)
        a->label_room = widest * 0.7072 + FONT_LABEL * 0.8;
    else
        a->label_room = FONT_LABEL + (has_under ? FONT_LABEL + 2 : 0);
}

/* A y axis has room for one line a tick: "Jan 2019". */
static void join_lines(struct arena *arena, struct chart_axis *a)
{
    for (int i = 0; i < a->n_ticks; i++) {
        struct tick *t = &a->ticks[i];
        if (t->under) t->label = arena_printf(arena, "%s %s", t->label, t->under);
        t->under = NULL;
    }
}

void ticks_of_axis(struct arena *arena, struct chart_axis *a, double length, bool is_x)
{
    int wanted = (int)round(length / (is_x ? 80 : 50));
    if (wanted < 3) wanted = 3;
    if (a->wanted_ticks) wanted = a->wanted_ticks;
    if (a->scale == SCALE_BAND || a->scale == SCALE_PLACES) {
        ticks_levels(arena, a);
        if (a->places)
            drop_colliding(a, length, is_x);
        else if (is_x)
            fit_band(arena, a, length);
        else
            thin_lines(a, length / fmax(a->n_ticks, 1));
    } else {
        for (; wanted >= 2; wanted--) {
            if (a->scale == SCALE_TIME)
                a->n_ticks = ticks_time(arena, a->min, a->max, wanted, &a->ticks, &a->format);
            else
                ticks_numbers(arena, a, wanted);
            if (!labels_collide(a, length, is_x)) break;
        }
        if (!is_x) join_lines(arena, a);
        drop_colliding(a, length, is_x);
    }
    if (is_x) drop_overhang(a, length);
    if (a->scale == SCALE_LOG && !a->is_share) add_minor(arena, a);
    measure_labels(a, length, is_x);
}
