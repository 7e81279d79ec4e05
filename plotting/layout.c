/* layout.c: where everything stands, in pixels. The panels have the asked size; margins grow with
 * the measured text around them, so nothing is clipped whatever the names are. */
#include "plotting/chart_int.h"

#include <math.h>

enum { EDGE = 10, TITLE_LINE = 18, SUBTITLE_LINE = 16, STRIP = 20, GAP = 18 };

static double widest_tick(const struct tick *t, int n)
{
    double w = 0;
    for (int i = 0; i < n; i++)
        if (t[i].label) w = fmax(w, font_width(t[i].label, FONT_LABEL, false));
    return w;
}

static double levels_width(struct arena *a, const struct chart_levels *l)
{
    double w = 0;
    for (int i = 0; i < l->n; i++)
        w = fmax(w, font_width(font_cut(a, l->text[i], LABEL_CELLS), FONT_LABEL, false));
    return w + 22; /* swatch */
}

static double title_width(struct arena *a, const char *title)
{
    return title ? font_width(font_cut(a, title, LABEL_CELLS), FONT_LABEL, true) : 0;
}

/* Width and height of all legends, stacked. */
static void legend_size(const struct chart *c, double *w, double *h)
{
    *w = *h = 0;
    if (c->color.kind == COLOR_LEVELS && !c->n_ends) {
        *w = fmax(levels_width(c->arena, c->color.levels), title_width(c->arena, c->color.title));
        *h += LEGEND_ROW * (c->color.levels->n + (c->color.title ? 1 : 0)) + GAP;
    } else if (c->color.kind == COLOR_RAMP) {
        *w = fmax(widest_tick(c->color.ticks, c->color.n_ticks) + 22,
                  title_width(c->arena, c->color.title));
        *h += LEGEND_ROW + LEGEND_RAMP + GAP;
    }
    if (c->size.is_used) {
        *w = fmax(*w, fmax(widest_tick(c->size.ticks, c->size.n_ticks) + 36,
                           title_width(c->arena, c->size.title)));
        *h += LEGEND_ROW + 24 * c->size.n_ticks + GAP;
    }
    if (c->shapes.levels && !chart_shapes_are_colors(c)) {
        *w = fmax(*w, fmax(levels_width(c->arena, c->shapes.levels),
                           title_width(c->arena, c->shapes.title)));
        *h += LEGEND_ROW * (c->shapes.levels->n + 1) + GAP;
    }
}

static const char *fit_title(struct arena *a, const struct chart_axis *x, double room)
{
    if (!x->title || !x->title[0]) return NULL;
    const char *text = x->title;
    if (x->is_duration && x->unit) text = arena_printf(a, "%s (%s)", text, x->unit);
    struct text_lines l = font_wrap(a, text, FONT_AXIS, false, room, 1);
    return l.n ? l.line[0] : NULL;
}

static struct text_lines subtitle_lines(struct chart *c, double room)
{
    struct text_lines own = {0}, caption = {0};
    if (c->subtitle && c->subtitle[0])
        own = font_wrap(c->arena, c->subtitle, FONT_SUBTITLE, false, room, 3);
    if (c->caption && c->caption[0])
        caption = font_wrap(c->arena, c->caption, FONT_SUBTITLE, false, room, 4);
    struct text_lines all = {.line = ARENA_ARRAY(c->arena, const char *, own.n + caption.n)};
    for (int i = 0; i < own.n; i++)
        all.line[all.n++] = own.line[i];
    for (int i = 0; i < caption.n; i++)
        all.line[all.n++] = caption.line[i];
    return all;
}

static void put_head(struct chart *c)
{
    struct chart_layout *l = &c->layout;
    double room = l->width - 2 * EDGE;
    l->title = c->title && c->title[0] ? font_wrap(c->arena, c->title, FONT_TITLE, true, room, 3)
                                       : (struct text_lines){0};
    l->subtitle = subtitle_lines(c, room);
}

static double head_height(const struct chart_layout *l)
{
    double top = EDGE + l->title.n * TITLE_LINE + l->subtitle.n * SUBTITLE_LINE;
    return l->title.n + l->subtitle.n > 0 ? top + 8 : top;
}

/* The plots of the margins stand flush with the middle one's. */
static void layout_margins(struct chart *c)
{
    struct chart_layout *l = &c->layout;
    struct chart_part *up = &c->parts[0], *mid = &c->parts[1], *side = &c->parts[2];
    const struct chart_layout *u = &up->chart->layout, *m = &mid->chart->layout,
                              *s = &side->chart->layout;
    double left = fmax(u->plot_x, m->plot_x);
    up->x = left - u->plot_x;
    mid->x = left - m->plot_x;
    side->x = left + m->plot_w + MARGIN_GAP - s->plot_x;
    l->width = fmax(up->x + u->width, fmax(mid->x + m->width, side->x + s->width));
    put_head(c);
    up->y = l->title.n + l->subtitle.n ? head_height(l) : 0;
    double top = up->y + u->plot_y + u->plot_h + MARGIN_GAP;
    mid->y = top - m->plot_y;
    side->y = top - s->plot_y;
    l->height = fmax(mid->y + m->height, side->y + s->height);
}

/* Charts beside each other, wrapped to rows of about the width of three; under a common title. */
static void layout_parts(struct chart *c)
{
    if (c->has_margins) {
        layout_margins(c);
        return;
    }
    enum { WIDE = 1500, BETWEEN = 16 };
    struct chart_layout *l = &c->layout;
    double x = 0, y = 0, row = 0;
    for (int i = 0; i < c->n_parts; i++)
        l->width = fmax(l->width, c->parts[i].chart->layout.width);
    for (int i = 0; i < c->n_parts; i++) {
        struct chart_part *p = &c->parts[i];
        const struct chart_layout *own = &p->chart->layout;
        if (x > 0 && x + own->width > WIDE) {
            y += row + BETWEEN;
            x = row = 0;
        }
        p->x = x;
        p->y = y;
        x += own->width + BETWEEN;
        l->width = fmax(l->width, x - BETWEEN);
        row = fmax(row, own->height);
    }
    put_head(c);
    double top = l->title.n + l->subtitle.n ? head_height(l) : 0;
    for (int i = 0; i < c->n_parts; i++)
        c->parts[i].y += top;
    l->height = top + y + row;
}

/* Labels stand at every panel, which takes room between them. */
static bool is_apart(const struct chart *c, int k)
{
    return c->panels.is_free[k] && !c->panels.is_matrix;
}

static void layout_panels(struct chart *c)
{
    struct chart_layout *l = &c->layout;
    struct chart_axis *x = &c->axis[0], *y = &c->axis[1];
    int panels = c->panels.levels ? c->panels.levels->n : 1;
    double strip = c->panels.levels ? STRIP : 0, legend_h, right = EDGE;
    bool is_grid = c->panels.rows != NULL;
    l->across = is_grid ? c->panels.cols->n : c->panels.levels ? c->panels.columns : 1;
    l->down = is_grid ? c->panels.rows->n : (panels + l->across - 1) / l->across;
    l->plot_w = c->width;
    l->plot_h = c->height;
    l->gap_x = l->plot_w + GAP + (is_apart(c, 1) ? ceil(y->label_room) + 2 : 0);
    l->gap_y =
        l->plot_h + GAP + (is_grid ? 0 : strip) + (is_apart(c, 0) ? ceil(x->label_room) + 4 : 0);
    double all_w = l->gap_x * (l->across - 1) + l->plot_w;
    double all_h = l->gap_y * (l->down - 1) + l->plot_h;
    x->shown = fit_title(c->arena, x, all_w);
    y->shown = fit_title(c->arena, y, all_h);

    l->ytitle_x = EDGE + FONT_AXIS / 2.0 + 1;
    double left = EDGE + (y->shown ? FONT_AXIS + 8 : 0) + ceil(y->label_room) + 8;
    l->plot_x = ceil(fmax(left, EDGE + x->label_lead));
    l->ytitle_x += l->plot_x - left;
    legend_size(c, &l->legend_w, &legend_h);
    double beside = is_grid ? STRIP : 0; /* names of the rows */
    if (l->legend_w > 0) right = 18 + l->legend_w + EDGE;
    if (c->n_ends) right = chart_ends_width(c) + EDGE;
    right = fmax(right + beside, x->label_tail + EDGE);
    l->width = ceil(l->plot_x + all_w + right);

    put_head(c);
    double top = head_height(l);
    l->plot_y = ceil(fmax(top, EDGE + y->label_tail) + strip);
    l->legend_x = l->plot_x + all_w + 18 + beside;
    l->legend_y = l->plot_y - strip;
    double bottom = l->plot_y + all_h + 8 + ceil(x->label_room);
    l->xtitle_y = bottom + 6 + FONT_AXIS;
    if (x->shown) bottom = l->xtitle_y + 3;
    l->height = ceil(fmax(bottom, l->legend_y + legend_h) + EDGE);
}

void chart_layout_of(struct chart *c)
{
    if (c->n_parts)
        layout_parts(c);
    else
        layout_panels(c);
}
