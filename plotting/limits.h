/* limits.h: what a chart may weigh, and how it is thinned. Included by chart_int.h; only for
 * plotting. */
#ifndef MLNB_PLOTTING_LIMITS_H
#define MLNB_PLOTTING_LIMITS_H

#include "plotting/chart.h"

enum { CHART_MARKS = 5000, CHART_MARKS_ALL = 250000 };
/* Rows of marks of the data layers and parts. */
int64_t chart_marks(const struct chart *c);
/* By how much the finished chart is over its limits; 1 = just within. */
double chart_excess(const struct chart *c);
/* The share of the marks that the next attempt keeps: less and less, as panels and axes weigh too.
 */
double chart_share_left(double excess, int attempt);
/* Thins the data layers of a chart that is not finished to about `most` rows together. */
void chart_thin(struct chart *c, int64_t most);
/* Says in the caption, before what stands there, how many of `whole` marks are shown. */
void chart_say_sample(struct chart *c, const char *before, int64_t whole);

#endif
