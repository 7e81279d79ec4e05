/* ticks.h: where ticks stand and how numbers are written. Included by chart_int.h; only for
 * plotting. */
#ifndef MLNB_PLOTTING_TICKS_H
#define MLNB_PLOTTING_TICKS_H

#include "plotting/chart.h"

struct chart_axis;
struct chart_column;
struct chart_levels;
struct tick;
struct tick_format;

/* ---- ticks.c, ticks_time.c ---- */
/* Extended-Wilkinson labels of [lo, hi] (Talbot, Lin, Hanrahan 2010); returns how many stand in
 * out[0..), at most 64. */
enum { TICKS_MOST = 64 };
int ticks_extended(double lo, double hi, int wanted, bool whole, double out[TICKS_MOST]);
/* Whether all names can stand under bands of an axis of this length, broken into two lines or not.
 */
bool ticks_levels_fit(const struct chart_levels *levels, double length);
void ticks_of_axis(struct arena *a, struct chart_axis *axis, double length, bool is_x);
/* Ticks of a ramp or a size legend. */
int ticks_of_range(struct arena *a, double lo, double hi, int wanted, bool whole, struct tick **out,
                   struct tick_format *format);
int ticks_time(struct arena *a, double lo_ms, double hi_ms, int wanted, struct tick **out,
               struct tick_format *format);
/* The calendar step whose count over the span is nearest to `wanted`. */
void chart_time_step(double span_ms, int wanted, enum time_unit *unit, int64_t *step);
double chart_time_floor(double ms, enum time_unit unit, int64_t step);
double chart_time_next(double ms, enum time_unit unit, int64_t step);

/* ---- labels.c: numbers as read by people ---- */
struct tick_format chart_format_for(const double *v, int n, bool is_share);
void chart_number_label(struct strbuf *out, struct tick_format f, double v);
const char *chart_format_d3(struct arena *a, struct tick_format f);
/* A Vega expression of the label of datum.value. */
const char *chart_format_expr(struct arena *a, struct tick_format f);
/* A value in a tooltip. */
void chart_value_label(struct strbuf *out, const struct chart_column *c, double v);
double chart_round_digits(double v, int digits); /* to significant digits */

#endif
