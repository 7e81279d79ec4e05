/* ink.h: text measured and cut, colours by name. Included by chart_int.h; only for plotting. */
#ifndef MLNB_PLOTTING_INK_H
#define MLNB_PLOTTING_INK_H

#include "plotting/chart.h"

struct chart_color;

/* ---- font.c ---- */
double font_width(const char *text, double size, bool is_bold);
/* Lines of at most `width` pixels, broken at blanks. */
struct text_lines font_wrap(struct arena *a, const char *text, double size, bool is_bold,
                            double width, int most);
/* Cut with an ellipsis to `cells` characters; the same pointer when it fits. */
const char *font_cut(struct arena *a, const char *text, int cells);

/* ---- palette.c ---- */
const char *palette_ink(int i);
#define INK_REST "#b0b0b0"
struct palette; /* a named scheme of colours: `scheme: viridis` */
const struct palette *palette_find(const char *name, const char **nearest);
const char *palette_name(const struct palette *p);
bool palette_is_ramp(const struct palette *p); /* else inks of categories */
bool palette_is_diverging(const struct palette *p);
void palette_list(struct strbuf *out); /* all names, blanks between */
/* n inks from the first to the last of a ramp. */
const char **palette_steps(struct arena *a, const struct palette *p, int n);
void palette_ramp(double t, char hex[8]);                             /* viridis */
void palette_ramp_of(const struct palette *p, double t, char hex[8]); /* NULL = viridis */
/* "steelblue", "#468" -> itself when it is a colour; else NULL and the nearest name. */
const char *palette_named(const char *name, const char **nearest);
/* The ink of value v on the chart's ramp. */
void palette_ramp_ink(const struct chart_color *k, double v, char hex[8]);
/* The ink of a series as a dark page shows it; NULL = it is bright enough as it is. */
const char *palette_dark_ink(struct arena *a, const char *ink);
/* An ink for viewers that draw one picture on light and dark pages. */
const char *palette_middle_ink(const char *ink);
/* Whether dark text is read better on that ink (WCAG relative luminance). */
bool palette_wants_dark_text(const char hex[8]);
const char *chart_level_ink(const struct chart *c, int level);

#endif
