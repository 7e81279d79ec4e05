/* terminal_ink.c: colours of charts in terminals of few colours. */
#include "plotting/terminal_int.h"

#include <math.h>

/* One of the 16 colours that the terminal's theme defines: greys by lightness, others by hue, the
 * bright half for light ones. Nearness to the colours of one theme would be wrong in all others. */
static int of_16(const struct draw_ink *c)
{
    static const struct {
        double below; /* degrees */
        int ansi;
    } hues[] = {{30, 1}, {75, 3}, {165, 2}, {195, 6}, {265, 4}, {345, 5}, {361, 1}};
    double most = fmax(c->r, fmax(c->g, c->b)), least = fmin(c->r, fmin(c->g, c->b));
    double spread = most - least, hue;
    if (spread < 0.12 || spread < 0.2 * most)
        return most < 0.2 ? 0 : most < 0.55 ? 8 : most < 0.85 ? 7 : 15;
    if (most == c->r)
        hue = 60 * (c->g - c->b) / spread;
    else if (most == c->g)
        hue = 120 + 60 * (c->b - c->r) / spread;
    else
        hue = 240 + 60 * (c->r - c->g) / spread;
    if (hue < 0) hue += 360;
    int i = 0;
    while (hues[i].below <= hue)
        i++;
    return hues[i].ansi + (most > 0.78 ? 8 : 0);
}

static int level_of(double x)
{
    static const int levels[6] = {0, 95, 135, 175, 215, 255};
    int best = 0;
    for (int i = 1; i < 6; i++)
        if (fabs(levels[i] - x * 255) < fabs(levels[best] - x * 255)) best = i;
    return best;
}

/* xterm's cube of 6 x 6 x 6 and its 24 greys. */
static int of_256(const struct draw_ink *c)
{
    bool is_grey = fabs(c->r - c->g) < 0.02 && fabs(c->g - c->b) < 0.02;
    if (!is_grey) return 16 + 36 * level_of(c->r) + 6 * level_of(c->g) + level_of(c->b);
    int i = (int)lround((c->r * 255 - 8) / 10);
    return i < 0 ? 16 : i > 23 ? 231 : 232 + i;
}

void terminal_ink(struct strbuf *out, const struct draw_ink *c, int depth, bool is_back)
{
    if (depth == 16) {
        int i = of_16(c);
        strbuf_printf(out, "\033[%dm", (i < 8 ? 30 : 90 - 8) + i + (is_back ? 10 : 0));
    } else if (depth == 256) {
        strbuf_printf(out, "\033[%d;5;%dm", is_back ? 48 : 38, of_256(c));
    } else {
        strbuf_printf(out, "\033[%d;2;%d;%d;%dm", is_back ? 48 : 38, (int)lround(c->r * 255),
                      (int)lround(c->g * 255), (int)lround(c->b * 255));
    }
}
