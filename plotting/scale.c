/* scale.c: from data to the unit interval. Domains come from the drawn rows. */
#include "plotting/chart_int.h"

#include <math.h>

static void see(double v, bool positive, double *lo, double *hi)
{
    if (!isfinite(v) || (positive && v <= 0)) return;
    if (v < *lo) *lo = v;
    if (v > *hi) *hi = v;
}

static bool is_of_panel(const struct chart_layer *l, int64_t row, int panel)
{
    const double *p = panel < 0 ? NULL : layer_channel(l, CH_PANEL);
    return !p || (int)p[row] == panel;
}

static void see_layers(const struct chart *c, bool is_x, int panel, double *lo, double *hi)
{
    for (int i = 0; i < c->n_layers; i++) {
        const struct chart_layer *l = &c->layers[i];
        if (l->is_beside) continue;
        for (int side = 0; side < 2; side++) {
            const double *v = layer_channel(l, (is_x ? CH_X : CH_Y) + (enum mark_channel)side);
            for (int64_t r = 0; v && r < l->n; r++)
                if (is_of_panel(l, r, panel)) see(v[r], false, lo, hi);
        }
    }
}

/* A range for data that is one value, or none. */
static void widen(struct chart_axis *a)
{
    if (!(a->min <= a->max)) {
        a->min = a->scale == SCALE_LOG ? 1 : 0;
        a->max = a->scale == SCALE_LOG ? 10 : a->scale == SCALE_TIME ? 86400000 : 1;
    }
    if (a->max > a->min) return;
    double v = a->min;
    if (a->scale == SCALE_LOG) {
        a->min = v / 2;
        a->max = v * 2;
    } else {
        double half = a->scale == SCALE_TIME ? 43200000
                      : a->is_integer        ? 1
                      : v == 0               ? 0.5
                                             : fabs(v) * 0.1;
        a->min = v - half;
        a->max = v + half;
    }
}

static double symlog(double v, double linear)
{
    return copysign(log1p(fabs(v) / linear), v);
}
static double symlog_back(double u, double linear)
{
    return copysign(expm1(fabs(u)) * linear, u);
}

static void pad_symlog(struct chart_axis *a)
{
    double k = a->linear_below, lo = symlog(a->min, k), hi = symlog(a->max, k), range = hi - lo;
    if (isnan(a->want_min) && !(a->has_zero && a->min == 0))
        a->min = symlog_back(lo - range * a->pad_low, k);
    if (isnan(a->want_max) && !(a->has_zero && a->max == 0))
        a->max = symlog_back(hi + range * a->pad_high, k);
}

static void pad(struct chart_axis *a)
{
    if (a->scale == SCALE_SYMLOG) {
        pad_symlog(a);
        return;
    }
    if (a->scale == SCALE_LOG) {
        double range = log(a->max / a->min);
        if (isnan(a->want_min)) a->min *= exp(-range * a->pad_low);
        if (isnan(a->want_max)) a->max *= exp(range * a->pad_high);
        return;
    }
    double range = a->max - a->min;
    bool at_zero_low = a->has_zero && a->min == 0, at_zero_high = a->has_zero && a->max == 0;
    if (isnan(a->want_min) && !at_zero_low) a->min -= range * a->pad_low;
    if (isnan(a->want_max) && !at_zero_high) a->max += range * a->pad_high;
}

/* The smallest power of ten that holds a part of the data worth a linear stretch. */
static double linear_part(const struct chart *c, bool is_x)
{
    double lo = INFINITY, hi = 0;
    for (int i = 0; i < c->n_layers; i++) {
        const double *v = layer_channel(&c->layers[i], is_x ? CH_X : CH_Y);
        for (int64_t r = 0; v && r < c->layers[i].n; r++)
            see(fabs(v[r]), true, &lo, &hi);
    }
    if (!isfinite(lo)) return 1;
    double p = pow(10, floor(log10(lo)));
    double least = hi / 1e6; /* six decades a side are enough */
    return p > least ? p : pow(10, ceil(log10(least)));
}

static void places_domain(struct chart_axis *a)
{
    int n = a->levels ? a->levels->n : 0;
    a->min = isnan(a->want_min) ? -0.5 : a->want_min;
    a->max = isnan(a->want_max) ? fmax(n, 1) - 0.5 : a->want_max;
    a->data_min = a->min;
    a->data_max = a->max;
}

void scale_domain(struct chart_axis *a, const struct chart *c, bool is_x, int panel)
{
    a->data_min = a->data_max = NAN;
    if (a->scale == SCALE_BAND) {
        a->min = 0;
        a->max = a->levels->n;
        return;
    }
    if (a->scale == SCALE_PLACES) {
        places_domain(a);
        return;
    }
    double lo = INFINITY, hi = -INFINITY;
    see_layers(c, is_x, panel, &lo, &hi);
    for (int i = 0; i < c->n_rules; i++) /* reference lines stay in sight */
        see(is_x != c->is_flipped ? c->rules[i].x : c->rules[i].y, false, &lo, &hi);
    if (a->scale == SCALE_LOG && lo <= 0) a->scale = SCALE_SYMLOG;
    if (a->scale == SCALE_SYMLOG) a->linear_below = linear_part(c, is_x);
    if (a->has_zero && lo <= hi && a->scale != SCALE_LOG) {
        lo = fmin(lo, 0);
        hi = fmax(hi, 0);
    }
    a->min = isnan(a->want_min) ? lo : a->want_min;
    a->max = isnan(a->want_max) ? hi : a->want_max;
    widen(a);
    a->data_min = a->min;
    a->data_max = a->max;
    pad(a);
}

double scale_unit(const struct chart_axis *a, double v)
{
    switch (a->scale) {
    case SCALE_BAND: return (v + 0.5) / fmax(a->levels->n, 1);
    case SCALE_LOG: return v > 0 ? log(v / a->min) / log(a->max / a->min) : NAN;
    case SCALE_SYMLOG: {
        double lo = symlog(a->min, a->linear_below), hi = symlog(a->max, a->linear_below);
        return (symlog(v, a->linear_below) - lo) / (hi - lo);
    }
    case SCALE_LINEAR:
    case SCALE_PLACES:
    case SCALE_TIME: break;
    }
    return (v - a->min) / (a->max - a->min);
}

double scale_down(const struct chart_axis *a, double v)
{
    double u = scale_unit(a, v);
    bool is_down = a->scale == SCALE_BAND || (a->scale == SCALE_PLACES && !a->is_upwards);
    return is_down ? u : 1 - u;
}

double scale_radius(const struct chart_size *s, double v)
{
    const double least = 2; /* the area grows with the value */
    if (!(s->max > 0) || !(v > 0)) return least;
    return sqrt(least * least + v / s->max * (s->most * s->most - least * least));
}

double chart_arc_radius(const struct chart *c)
{
    return fmin(c->width, c->height) / 2.0 - 24;
}
