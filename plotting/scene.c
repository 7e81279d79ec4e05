/* scene.c: the frame of a chart: titles, panels with grid and axes, legends. Light colours stand in
 * the styles; the theme of a group says what a dark page turns. */
#include "plotting/scene.h"

#include <math.h>

static struct draw_style ink_text(double font, bool is_bold, enum draw_anchor anchor)
{
    return (struct draw_style){
        .theme = THEME_INK, .fill = SCENE_INK, .font = font, .is_bold = is_bold, .anchor = anchor};
}
static struct draw_style soft_text(double font, enum draw_anchor anchor)
{
    return (struct draw_style){
        .theme = THEME_SOFT, .fill = SCENE_SOFT, .font = font, .anchor = anchor};
}

static void put_titles(struct scene *s)
{
    const struct chart_layout *l = &s->c->layout;
    double y = 10;
    if (l->title.n) {
        draw_open(s->d, ink_text(FONT_TITLE, true, ANCHOR_START));
        for (int i = 0; i < l->title.n; i++)
            draw_text(s->d, 10, (y += 18) - 5, l->title.line[i]);
        draw_close(s->d);
    }
    if (!l->subtitle.n) return;
    draw_open(s->d, soft_text(FONT_SUBTITLE, ANCHOR_START));
    for (int i = 0; i < l->subtitle.n; i++)
        draw_text(s->d, 10, (y += 16) - 4, l->subtitle.line[i]);
    draw_close(s->d);
}

/* ---- grid and axes of one panel ---- */
static double place(const struct scene *s, bool is_x, double v)
{
    return is_x ? scene_x(s, v) : scene_y(s, v);
}

/* Pixels between neighbouring ticks, the least. */
static double tick_gap(const struct scene *s, bool is_x)
{
    const struct chart_axis *a = s->axis[is_x ? 0 : 1];
    double gap = INFINITY;
    for (int i = 1; i < a->n_ticks; i++)
        gap = fmin(gap,
                   fabs(place(s, is_x, a->ticks[i].value) - place(s, is_x, a->ticks[i - 1].value)));
    return gap;
}

/* One path for all lines of a panel. Under names that stand closer than GRID_GAP only those that
 * are written have a line: hundreds of categories would make it a grey plane. */
static void put_grid(struct scene *s)
{
    enum { GRID_GAP = 6 };
    bool is_begun = false;
    draw_open(s->d, (struct draw_style){
                        .theme = THEME_GRID, .fill = "none", .stroke = SCENE_GRID, .width = 1});
    for (int k = 0; k < 2; k++) {
        const struct chart_axis *a = s->axis[k];
        bool is_dense = a->has_grid && tick_gap(s, k == 0) < GRID_GAP;
        for (int i = 0; a->has_grid && i < a->n_ticks; i++) {
            double at = round(place(s, k == 0, a->ticks[i].value) * 2) / 2;
            if (a->ticks[i].is_minor || (is_dense && !a->ticks[i].label)) continue;
            if (!is_begun) draw_path(s->d);
            is_begun = true;
            draw_move(s->d, k == 0 ? at : s->px, k == 0 ? s->py : at);
            draw_to(s->d, k == 0 ? at : s->px + s->pw, k == 0 ? s->py + s->ph : at);
        }
    }
    draw_close(s->d);
}

/* Outward ticks: where an axis asks for them, and the unlabelled ones of a log axis. */
static void put_ticks(struct scene *s, bool is_x)
{
    const struct chart_axis *a = s->axis[is_x ? 0 : 1];
    for (int i = 0; i < a->n_ticks; i++) {
        const struct tick *t = &a->ticks[i];
        double at = place(s, is_x, t->value), size = t->is_minor ? 3 : 4;
        if (!t->is_minor && (!is_x || !a->has_ticks || !t->label)) continue;
        if (is_x)
            draw_line(s->d, at, s->py + s->ph, at, s->py + s->ph + size);
        else
            draw_line(s->d, s->px - size, at, s->px, at);
    }
}

/* The darker line at zero, where bars stand, and ticks. */
static void put_axis_lines(struct scene *s)
{
    const struct chart_axis *x = s->axis[0], *y = s->axis[1];
    double bottom = s->py + s->ph, right = s->px + s->pw;
    draw_open(s->d, (struct draw_style){.theme = THEME_ZERO, .stroke = SCENE_ZERO, .width = 1});
    if (y->has_zero && y->min <= 0 && y->max >= 0)
        draw_line(s->d, s->px, scene_y(s, 0), right, scene_y(s, 0));
    if (x->has_zero && x->min <= 0 && x->max >= 0)
        draw_line(s->d, scene_x(s, 0), s->py, scene_x(s, 0), bottom);
    put_ticks(s, true);
    put_ticks(s, false);
    draw_close(s->d);
}

static void put_x_label(struct scene *s, const struct tick *t)
{
    double x = scene_x(s, t->value), y = s->py + s->ph + 8 + FONT_LABEL - 2;
    if (s->axis[0]->fit == LABELS_TURNED) {
        struct draw_item *it = draw_text(s->d, x + 4, y - 2, t->label);
        it->v[2] = -45;
        return;
    }
    draw_text(s->d, x, y, t->label);
    if (t->under) draw_text(s->d, x, y + FONT_LABEL + 2, t->under);
}

static bool is_turned(const struct scene *s)
{
    return s->axis[0]->fit == LABELS_TURNED;
}

static void put_labels(struct scene *s, bool has_x, bool has_y)
{
    const struct chart_axis *x = s->axis[0], *y = s->axis[1];
    if (has_x) {
        draw_open(s->d, soft_text(0, is_turned(s) ? ANCHOR_END : ANCHOR_MIDDLE));
        for (int i = 0; i < x->n_ticks; i++)
            if (x->ticks[i].label) put_x_label(s, &x->ticks[i]);
        draw_close(s->d);
    }
    if (!has_y) return;
    draw_open(s->d, soft_text(0, ANCHOR_END));
    for (int i = 0; i < y->n_ticks; i++)
        if (y->ticks[i].label)
            draw_text(s->d, s->px - 8, scene_y(s, y->ticks[i].value) + 4, y->ticks[i].label);
    draw_close(s->d);
}

/* ---- panels ---- */
/* A name above or beside a panel; cut to the room, the whole as a tooltip. */
static void put_strip(struct scene *s, double x, double y, double angle, double room,
                      const char *text)
{
    draw_open(s->d, ink_text(0, false, ANCHOR_MIDDLE));
    struct text_lines l = font_wrap(s->d->arena, text, FONT_LABEL, false, room, 1);
    struct draw_item *it = draw_text(s->d, x, y, l.n ? l.line[0] : "");
    it->v[2] = angle;
    if (l.n && strcmp(l.line[0], text) != 0) it->tip = text;
    draw_close(s->d);
}

static void put_strips(struct scene *s, int row, int col)
{
    const struct chart_panels *p = &s->c->panels;
    if (!p->levels) return;
    if (!p->rows) {
        put_strip(s, s->px + s->pw / 2, s->py - 6, 0, s->pw, p->levels->text[s->panel]);
        return;
    }
    if (row == 0) put_strip(s, s->px + s->pw / 2, s->py - 6, 0, s->pw, p->cols->text[col]);
    if (col == p->cols->n - 1)
        put_strip(s, s->px + s->pw + 7, s->py + s->ph / 2, 90, s->ph, p->rows->text[row]);
}

static void put_panel(struct scene *s, int row, int col)
{
    const struct chart_layout *l = &s->c->layout;
    s->px = l->plot_x + l->gap_x * col;
    s->py = l->plot_y + l->gap_y * row;
    s->pw = l->plot_w;
    s->ph = l->plot_h;
    put_strips(s, row, col);
    if (s->panel < 0 && (s->c->panels.is_free[0] || s->c->panels.is_free[1])) return;
    for (int k = 0; k < 2; k++)
        s->axis[k] = chart_axis_of(s->c, k, s->panel);
    if (!s->c->is_bare) put_grid(s);
    bool is_free = s->c->panels.is_free[0] || s->c->panels.is_free[1];
    bool is_cut = s->axis[0]->is_cut || s->axis[1]->is_cut || (is_free && s->c->n_rules);
    if (is_cut)
        draw_open(s->d,
                  (struct draw_style){.is_clipped = true, .clip = {s->px, s->py, s->pw, s->ph}});
    scene_marks(s);
    if (is_cut) draw_close(s->d);
    if (s->c->is_bare) return;
    put_axis_lines(s);
    put_labels(s, chart_panel_has_labels(s->c, 0, s->panel, row, col),
               chart_panel_has_labels(s->c, 1, s->panel, row, col));
}

static void put_panels(struct scene *s)
{
    const struct chart_panels *p = &s->c->panels;
    int across = s->c->layout.across, n = p->levels ? p->levels->n : 1;
    if (p->rows) {
        for (int row = 0; row < p->rows->n; row++)
            for (int col = 0; col < p->cols->n; col++) {
                s->panel = chart_panel_at(s->c, row, col);
                put_panel(s, row, col);
            }
        return;
    }
    for (s->panel = 0; s->panel < n; s->panel++)
        put_panel(s, s->panel / across, s->panel % across);
}

static void put_axis_titles(struct scene *s)
{
    const struct chart_layout *l = &s->c->layout;
    double w = l->gap_x * (l->across - 1) + l->plot_w, h = l->gap_y * (l->down - 1) + l->plot_h;
    const char *x = s->c->axis[0].shown, *y = s->c->axis[1].shown;
    if ((!x && !y) || s->c->is_bare) return;
    draw_open(s->d, ink_text(FONT_AXIS, false, ANCHOR_MIDDLE));
    if (x) draw_text(s->d, l->plot_x + w / 2, l->xtitle_y, x);
    if (y) {
        struct draw_item *it = draw_text(s->d, l->ytitle_x + 4, l->plot_y + h / 2, y);
        it->v[2] = -90;
    }
    draw_close(s->d);
}

/* ---- legends ---- */
static void legend_title(struct scene *s, const char *title, double *y)
{
    if (!title) return;
    const char *cut = font_cut(s->d->arena, title, LABEL_CELLS);
    draw_open(s->d, ink_text(0, true, ANCHOR_START));
    struct draw_item *it = draw_text(s->d, s->c->layout.legend_x, *y + 11, cut);
    if (cut != title) it->tip = title;
    draw_close(s->d);
    *y += LEGEND_ROW;
}

static void legend_label(struct scene *s, double x, double y, const char *text)
{
    const char *cut = font_cut(s->d->arena, text, LABEL_CELLS);
    draw_open(s->d, soft_text(0, ANCHOR_START));
    struct draw_item *it = draw_text(s->d, x, y, cut);
    if (cut != text) it->tip = text;
    draw_close(s->d);
}

static enum chart_mark legend_mark(const struct chart *c)
{
    for (int i = 0; i < c->n_layers; i++)
        if (c->layers[i].ch[CH_COLOR] >= 0 && !c->layers[i].is_quiet) return c->layers[i].mark;
    return MARK_BAR;
}

static void swatch(struct scene *s, enum chart_mark mark, const char *shape, double x, double y,
                   const char *ink)
{
    if (mark == MARK_LINE || mark == MARK_RULE) {
        draw_open(s->d, (struct draw_style){.width = 2});
        draw_line(s->d, x, y + 7, x + 16, y + 7)->stroke = ink;
        draw_close(s->d);
    } else if (mark == MARK_POINT) {
        scene_symbol(s->d, shape, x + 6, y + 7, 4.5)->fill = ink;
    } else {
        draw_rect(s->d, x, y + 1.5, 11, 11)->fill = ink;
    }
}

static void legend_levels(struct scene *s, double *y)
{
    const struct chart *c = s->c;
    legend_title(s, c->color.title, y);
    enum chart_mark mark = legend_mark(c);
    bool has_shapes = chart_shapes_are_colors(c);
    for (int i = 0; i < c->color.levels->n; i++) {
        swatch(s, mark, has_shapes ? scene_shape_name(i) : "circle", c->layout.legend_x, *y,
               chart_level_ink(c, i));
        legend_label(s, c->layout.legend_x + 22, *y + 11, c->color.levels->text[i]);
        *y += LEGEND_ROW;
    }
    *y += 14;
}

static void legend_ramp(struct scene *s, double *y)
{
    const struct chart_color *k = &s->c->color;
    double x = s->c->layout.legend_x;
    const char **stops = ARENA_ARRAY(s->d->arena, const char *, RAMP_STOPS);
    legend_title(s, k->title, y);
    for (int i = 0; i < RAMP_STOPS; i++) {
        char hex[8];
        palette_ramp_of(k->scheme, i / (RAMP_STOPS - 1.0), hex);
        stops[i] = arena_strndup(s->d->arena, hex, 7);
    }
    draw_ramp(s->d, x, *y, 12, LEGEND_RAMP, stops);
    for (int i = 0; i < k->n_ticks; i++) {
        double v = k->ticks[i].value;
        double u = k->is_log && k->min > 0 ? log(v / k->min) / log(k->max / k->min)
                                           : (v - k->min) / (k->max - k->min);
        legend_label(s, x + 18, *y + (1 - u) * LEGEND_RAMP + 4, k->ticks[i].label);
    }
    *y += LEGEND_RAMP + 14;
}

static void legend_sizes(struct scene *s, double *y)
{
    const struct chart *c = s->c;
    legend_title(s, c->size.title, y);
    for (int i = 0; i < c->size.n_ticks; i++) {
        double r = scale_radius(&c->size, c->size.ticks[i].value);
        draw_open(s->d, (struct draw_style){.fill = "none", .stroke = SCENE_ZERO, .width = 1});
        draw_circle(s->d, c->layout.legend_x + 14, *y + 12, r);
        draw_close(s->d);
        legend_label(s, c->layout.legend_x + 36, *y + 16, c->size.ticks[i].label);
        *y += 24;
    }
    *y += 14;
}

static void legend_shapes(struct scene *s, double *y)
{
    const struct chart *c = s->c;
    legend_title(s, c->shapes.title, y);
    for (int i = 0; i < c->shapes.levels->n; i++) {
        scene_symbol(s->d, scene_shape_name(i), c->layout.legend_x + 6, *y + 7, 4.5)->fill =
            SCENE_ZERO;
        legend_label(s, c->layout.legend_x + 22, *y + 11, c->shapes.levels->text[i]);
        *y += LEGEND_ROW;
    }
}

static void put_legends(struct scene *s)
{
    double y = s->c->layout.legend_y;
    if (s->c->color.kind == COLOR_LEVELS && !s->c->n_ends) legend_levels(s, &y);
    if (s->c->color.kind == COLOR_RAMP) legend_ramp(s, &y);
    if (s->c->size.is_used) legend_sizes(s, &y);
    if (s->c->shapes.levels && !chart_shapes_are_colors(s->c)) legend_shapes(s, &y);
}

/* The name of each line beside its end, with a dot in its colour. */
static void put_ends(struct scene *s)
{
    const struct chart *c = s->c;
    double x = c->layout.plot_x, y = c->layout.plot_y;
    if (!c->n_ends) return;
    for (int i = 0; i < c->n_ends; i++)
        draw_circle(s->d, x + c->ends[i].x, y + c->ends[i].y, 3)->fill =
            chart_level_ink(c, c->ends[i].level);
    draw_open(s->d, ink_text(0, false, ANCHOR_START));
    for (int i = 0; i < c->n_ends; i++)
        draw_text(s->d, x + c->ends[i].x + END_GAP, y + c->ends[i].label_y + 4,
                  c->color.levels->text[c->ends[i].level]);
    draw_close(s->d);
}

static void turn_ink(struct scene *s, const char *ink)
{
    const char *dark = palette_dark_ink(s->d->arena, ink);
    if (dark) draw_turn_ink(s->d, ink, dark);
}

/* Inks of series that are dim on a dark page; where words stand on them they stay. */
static void turn_inks(struct scene *s)
{
    const struct chart *c = s->c;
    for (int i = 0; i < c->n_layers; i++)
        if (c->layers[i].mark == MARK_TEXT && c->layers[i].color) return;
    for (int i = 0; i < c->n_layers; i++)
        if (c->layers[i].ch[CH_COLOR] < 0 && c->layers[i].mark != MARK_TEXT)
            turn_ink(s, scene_layer_ink(&c->layers[i]));
    for (int i = 0; c->color.kind == COLOR_LEVELS && i < c->color.levels->n; i++)
        turn_ink(s, chart_level_ink(c, i));
}

static void put_chart(struct scene *s)
{
    turn_inks(s);
    put_titles(s);
    put_panels(s);
    put_ends(s);
    put_axis_titles(s);
    put_legends(s);
}

void scene_chart(struct draw *d, const struct chart *c)
{
    struct scene s = {.d = d, .c = c};
    d->width = c->layout.width;
    d->height = c->layout.height;
    if (!c->n_parts) {
        put_chart(&s);
        return;
    }
    put_titles(&s);
    for (int i = 0; i < c->n_parts; i++) {
        const struct chart_part *part = &c->parts[i];
        s.c = part->chart;
        draw_open(d, (struct draw_style){
                         .dx = part->x, .dy = part->y, .part_title = chart_title(part->chart)});
        put_chart(&s);
        draw_close(d);
    }
}

void chart_svg(const struct chart *c, struct strbuf *out)
{
    struct draw d;
    draw_begin(&d);
    scene_chart(&d, c);
    draw_svg(&d, c->id, chart_title(c), c->finding ? c->finding : c->text ? c->text : "", out);
    draw_release(&d);
}
