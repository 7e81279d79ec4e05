/* svg.c: a chart as SVG text. Light colours stand as attributes; one media rule inside the picture
 * turns ink and grid for dark pages (it follows the viewer's theme even inside an <img>). No
 * script, no outside reference, no CSS variable; the same chart gives the same bytes. */
#include "plotting/svg_int.h"

#include <math.h>

#define FONTS "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
#define INK   "#1f1f1f"
#define SOFT  "#555"
#define GRID  "#e4e4e4"
#define ZERO  "#8c8c8c"

void svg_num(struct strbuf *out, double v)
{
    double cents = round(v * 100);
    if (!(fabs(cents) < 1e15)) cents = 0;
    long long n = (long long)cents;
    if (n < 0) strbuf_addc(out, '-');
    n = n < 0 ? -n : n;
    long long whole = n / 100, rest = n % 100;
    if (whole || !rest) strbuf_printf(out, "%lld", whole);
    if (rest) strbuf_printf(out, rest % 10 ? ".%02lld" : ".%lld", rest % 10 ? rest : rest / 10);
}

void svg_attr(struct svg *s, const char *name, double v)
{
    strbuf_printf(s->out, " %s=\"", name);
    svg_num(s->out, v);
    strbuf_addc(s->out, '"');
}

static void put_text(struct svg *s, double x, double y, const char *text)
{
    strbuf_addz(s->out, "<text");
    svg_attr(s, "x", x);
    svg_attr(s, "y", y);
    strbuf_addc(s->out, '>');
    strbuf_add_html(s->out, str_of(text));
    strbuf_addz(s->out, "</text>\n");
}

static void put_line(struct svg *s, double x1, double y1, double x2, double y2)
{
    strbuf_addz(s->out, "<line");
    svg_attr(s, "x1", x1);
    svg_attr(s, "y1", y1);
    svg_attr(s, "x2", x2);
    svg_attr(s, "y2", y2);
    strbuf_addz(s->out, "/>\n");
}

/* ---- frame of the picture ---- */
static void put_head(struct svg *s)
{
    const struct chart *c = s->c;
    strbuf_addz(s->out, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
    svg_attr(s, "width", c->layout.width);
    svg_attr(s, "height", c->layout.height);
    strbuf_printf(s->out, " viewBox=\"0 0 %.0f %.0f\"", c->layout.width, c->layout.height);
    strbuf_printf(s->out,
                  " role=\"img\" aria-labelledby=\"%st %sd\" font-family=\"" FONTS
                  "\" font-size=\"%d\">\n",
                  c->id, c->id, FONT_LABEL);
    strbuf_printf(s->out, "<title id=\"%st\">", c->id);
    strbuf_add_html(s->out, str_of(chart_title(c)));
    strbuf_printf(s->out, "</title>\n<desc id=\"%sd\">", c->id);
    strbuf_add_html(s->out, str_of(c->finding ? c->finding : c->text ? c->text : ""));
    strbuf_addz(s->out, "</desc>\n<style>@media (prefers-color-scheme: dark){");
    strbuf_printf(s->out,
                  ".%si{fill:#ececec}.%ss{fill:#b8b8b8}.%sg{stroke:#3c3c3c}.%sz{stroke:#8c8c8c}"
                  ".%se{stroke:#111}}</style>\n",
                  c->id, c->id, c->id, c->id, c->id);
}

static void put_titles(struct svg *s)
{
    const struct chart_layout *l = &s->c->layout;
    double y = 10;
    if (l->title.n) {
        strbuf_printf(s->out,
                      "<g class=\"%si\" fill=\"" INK "\" font-size=\"%d\" font-weight=\"bold\">\n",
                      s->c->id, FONT_TITLE);
        for (int i = 0; i < l->title.n; i++)
            put_text(s, 10, (y += 18) - 5, l->title.line[i]);
        strbuf_addz(s->out, "</g>\n");
    }
    if (!l->subtitle.n) return;
    strbuf_printf(s->out, "<g class=\"%ss\" fill=\"" SOFT "\" font-size=\"%d\">\n", s->c->id,
                  FONT_SUBTITLE);
    for (int i = 0; i < l->subtitle.n; i++)
        put_text(s, 10, (y += 16) - 4, l->subtitle.line[i]);
    strbuf_addz(s->out, "</g>\n");
}

/* ---- grid and axes of one panel ---- */
static double place(const struct svg *s, bool is_x, double v)
{
    const struct chart_layout *l = &s->c->layout;
    return is_x ? s->px + scale_unit(&s->c->axis[0], v) * l->plot_w
                : s->py + scale_down(&s->c->axis[1], v) * l->plot_h;
}

static void put_grid(struct svg *s)
{
    const struct chart_layout *l = &s->c->layout;
    strbuf_printf(s->out, "<g class=\"%sg\" stroke=\"" GRID "\">\n", s->c->id);
    for (int k = 0; k < 2; k++) {
        const struct chart_axis *a = &s->c->axis[k];
        for (int i = 0; a->has_grid && i < a->n_ticks; i++) {
            double at = round(place(s, k == 0, a->ticks[i].value) * 2) / 2;
            if (k == 0)
                put_line(s, at, s->py, at, s->py + l->plot_h);
            else
                put_line(s, s->px, at, s->px + l->plot_w, at);
        }
    }
    strbuf_addz(s->out, "</g>\n");
}

/* The darker line at zero, where bars stand; outward ticks where an axis has no grid. */
static void put_axis_lines(struct svg *s)
{
    const struct chart_layout *l = &s->c->layout;
    const struct chart_axis *x = &s->c->axis[0], *y = &s->c->axis[1];
    double bottom = s->py + l->plot_h, right = s->px + l->plot_w;
    strbuf_printf(s->out, "<g class=\"%sz\" stroke=\"" ZERO "\">\n", s->c->id);
    if (y->has_zero && y->min <= 0 && y->max >= 0)
        put_line(s, s->px, place(s, false, 0), right, place(s, false, 0));
    if (x->has_zero && x->min <= 0 && x->max >= 0)
        put_line(s, place(s, true, 0), s->py, place(s, true, 0), bottom);
    for (int i = 0; x->has_ticks && i < x->n_ticks; i++) {
        double at = place(s, true, x->ticks[i].value);
        if (x->ticks[i].label) put_line(s, at, bottom, at, bottom + 4);
    }
    strbuf_addz(s->out, "</g>\n");
}

static void put_x_label(struct svg *s, const struct tick *t)
{
    const struct chart_layout *l = &s->c->layout;
    double x = place(s, true, t->value), y = s->py + l->plot_h + 8 + FONT_LABEL - 2;
    if (s->c->axis[0].fit == LABELS_TURNED) {
        strbuf_addz(s->out, "<text text-anchor=\"end\" transform=\"translate(");
        svg_num(s->out, x + 4);
        strbuf_addc(s->out, ' ');
        svg_num(s->out, y - 2);
        strbuf_addz(s->out, ") rotate(-45)\">");
        strbuf_add_html(s->out, str_of(t->label));
        strbuf_addz(s->out, "</text>\n");
        return;
    }
    put_text(s, x, y, t->label);
    if (t->under) put_text(s, x, y + FONT_LABEL + 2, t->under);
}

/* Whether the panel has a neighbour below (x labels stand only at the outside). */
static bool is_outside(const struct svg *s, bool is_x)
{
    const struct chart *c = s->c;
    if (!c->panels.levels) return true;
    return is_x ? s->panel + c->layout.across >= c->panels.levels->n
                : s->panel % c->layout.across == 0;
}

static void put_labels(struct svg *s)
{
    const struct chart_axis *x = &s->c->axis[0], *y = &s->c->axis[1];
    strbuf_printf(s->out, "<g class=\"%ss\" fill=\"" SOFT "\" text-anchor=\"middle\">\n", s->c->id);
    for (int i = 0; is_outside(s, true) && i < x->n_ticks; i++)
        if (x->ticks[i].label) put_x_label(s, &x->ticks[i]);
    strbuf_addz(s->out, "</g>\n");
    strbuf_printf(s->out, "<g class=\"%ss\" fill=\"" SOFT "\" text-anchor=\"end\">\n", s->c->id);
    for (int i = 0; is_outside(s, false) && i < y->n_ticks; i++)
        if (y->ticks[i].label)
            put_text(s, s->px - 8, place(s, false, y->ticks[i].value) + 4, y->ticks[i].label);
    strbuf_addz(s->out, "</g>\n");
}

static void put_panel(struct svg *s)
{
    const struct chart *c = s->c;
    bool is_cut = c->axis[0].is_cut || c->axis[1].is_cut;
    if (c->panels.levels) {
        strbuf_printf(s->out, "<g class=\"%si\" fill=\"" INK "\" text-anchor=\"middle\">\n", c->id);
        put_text(s, s->px + c->layout.plot_w / 2, s->py - 6,
                 font_cut(s->arena, c->panels.levels->text[s->panel], (int)(c->layout.plot_w / 7)));
        strbuf_addz(s->out, "</g>\n");
    }
    put_grid(s);
    if (is_cut) {
        strbuf_printf(s->out, "<clipPath id=\"%sc%d\"><rect", c->id, s->panel);
        svg_attr(s, "x", s->px);
        svg_attr(s, "y", s->py);
        svg_attr(s, "width", c->layout.plot_w);
        svg_attr(s, "height", c->layout.plot_h);
        strbuf_printf(s->out, "/></clipPath>\n<g clip-path=\"url(#%sc%d)\">\n", c->id, s->panel);
    }
    svg_marks(s);
    if (is_cut) strbuf_addz(s->out, "</g>\n");
    put_axis_lines(s);
    put_labels(s);
}

static void put_axis_titles(struct svg *s)
{
    const struct chart_layout *l = &s->c->layout;
    double w = l->gap_x * l->across - (l->gap_x - l->plot_w);
    double h = l->gap_y * l->down - (l->gap_y - l->plot_h);
    strbuf_printf(s->out,
                  "<g class=\"%si\" fill=\"" INK "\" font-size=\"%d\" text-anchor=\"middle\">\n",
                  s->c->id, FONT_AXIS);
    if (s->c->axis[0].shown) put_text(s, l->plot_x + w / 2, l->xtitle_y, s->c->axis[0].shown);
    if (s->c->axis[1].shown) {
        strbuf_addz(s->out, "<text transform=\"translate(");
        svg_num(s->out, l->ytitle_x + 4);
        strbuf_addc(s->out, ' ');
        svg_num(s->out, l->plot_y + h / 2);
        strbuf_addz(s->out, ") rotate(-90)\">");
        strbuf_add_html(s->out, str_of(s->c->axis[1].shown));
        strbuf_addz(s->out, "</text>\n");
    }
    strbuf_addz(s->out, "</g>\n");
}

/* ---- legends ---- */
static void legend_title(struct svg *s, const char *title, double *y)
{
    if (!title) return;
    strbuf_printf(s->out, "<g class=\"%si\" fill=\"" INK "\" font-weight=\"bold\">", s->c->id);
    put_text(s, s->c->layout.legend_x, *y + 11, font_cut(s->arena, title, LABEL_CELLS));
    strbuf_addz(s->out, "</g>\n");
    *y += LEGEND_ROW;
}

static void legend_label(struct svg *s, double x, double y, const char *text)
{
    const char *cut = font_cut(s->arena, text, LABEL_CELLS);
    strbuf_printf(s->out, "<text class=\"%ss\" fill=\"" SOFT "\"", s->c->id);
    svg_attr(s, "x", x);
    svg_attr(s, "y", y);
    strbuf_addc(s->out, '>');
    if (cut != text) {
        strbuf_addz(s->out, "<title>");
        strbuf_add_html(s->out, str_of(text));
        strbuf_addz(s->out, "</title>");
    }
    strbuf_add_html(s->out, str_of(cut));
    strbuf_addz(s->out, "</text>\n");
}

static enum chart_mark legend_mark(const struct chart *c)
{
    for (int i = 0; i < c->n_layers; i++)
        if (c->layers[i].ch[CH_COLOR] >= 0 && !c->layers[i].is_quiet) return c->layers[i].mark;
    return MARK_BAR;
}

static void swatch(struct svg *s, enum chart_mark mark, const char *shape, double x, double y,
                   const char *ink)
{
    if (mark == MARK_LINE || mark == MARK_RULE) {
        strbuf_printf(s->out, "<line stroke=\"%s\" stroke-width=\"2\"", ink);
        svg_attr(s, "x1", x);
        svg_attr(s, "x2", x + 16);
        svg_attr(s, "y1", y + 7);
        svg_attr(s, "y2", y + 7);
    } else if (mark == MARK_POINT) {
        (void)svg_symbol(s, shape, x + 6, y + 7, 4.5);
        strbuf_printf(s->out, " fill=\"%s\"", ink);
    } else {
        strbuf_printf(s->out, "<rect fill=\"%s\" width=\"11\" height=\"11\"", ink);
        svg_attr(s, "x", x);
        svg_attr(s, "y", y + 1.5);
    }
    strbuf_addz(s->out, "/>\n");
}

static void legend_levels(struct svg *s, double *y)
{
    const struct chart *c = s->c;
    legend_title(s, c->color.title, y);
    enum chart_mark mark = legend_mark(c);
    bool has_shapes = chart_shapes_are_colors(c);
    for (int i = 0; i < c->color.levels->n; i++) {
        swatch(s, mark, has_shapes ? svg_shape_name(i) : "circle", c->layout.legend_x, *y,
               chart_level_ink(c, i));
        legend_label(s, c->layout.legend_x + 22, *y + 11, c->color.levels->text[i]);
        *y += LEGEND_ROW;
    }
    *y += 14;
}

static void legend_ramp(struct svg *s, double *y)
{
    const struct chart *c = s->c;
    const struct chart_color *k = &c->color;
    double x = c->layout.legend_x;
    legend_title(s, k->title, y);
    strbuf_printf(s->out, "<linearGradient id=\"%sr\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">", c->id);
    for (int i = 0; i <= 8; i++) {
        char hex[8];
        palette_ramp(i / 8.0, hex);
        strbuf_printf(s->out, "<stop offset=\"%g%%\" stop-color=\"%s\"/>", i * 12.5, hex);
    }
    strbuf_printf(s->out, "</linearGradient>\n<rect fill=\"url(#%sr)\" width=\"12\" height=\"%d\"",
                  c->id, LEGEND_RAMP);
    svg_attr(s, "x", x);
    svg_attr(s, "y", *y);
    strbuf_addz(s->out, "/>\n");
    for (int i = 0; i < k->n_ticks; i++) {
        double u = (k->ticks[i].value - k->min) / (k->max - k->min);
        legend_label(s, x + 18, *y + (1 - u) * LEGEND_RAMP + 4, k->ticks[i].label);
    }
    *y += LEGEND_RAMP + 14;
}

static void legend_sizes(struct svg *s, double *y)
{
    const struct chart *c = s->c;
    legend_title(s, c->size.title, y);
    for (int i = 0; i < c->size.n_ticks; i++) {
        double r = scale_radius(&c->size, c->size.ticks[i].value);
        strbuf_printf(s->out, "<g fill=\"none\" stroke=\"" ZERO "\">");
        svg_symbol(s, "circle", c->layout.legend_x + 14, *y + 12, r);
        strbuf_addz(s->out, "/></g>\n");
        legend_label(s, c->layout.legend_x + 36, *y + 16, c->size.ticks[i].label);
        *y += 24;
    }
    *y += 14;
}

static void legend_shapes(struct svg *s, double *y)
{
    const struct chart *c = s->c;
    legend_title(s, c->shapes.title, y);
    for (int i = 0; i < c->shapes.levels->n; i++) {
        strbuf_printf(s->out, "<g fill=\"" ZERO "\">");
        svg_symbol(s, svg_shape_name(i), c->layout.legend_x + 6, *y + 7, 4.5);
        strbuf_addz(s->out, "/></g>\n");
        legend_label(s, c->layout.legend_x + 22, *y + 11, c->shapes.levels->text[i]);
        *y += LEGEND_ROW;
    }
}

static void put_legends(struct svg *s)
{
    double y = s->c->layout.legend_y;
    if (s->c->color.kind == COLOR_LEVELS) legend_levels(s, &y);
    if (s->c->color.kind == COLOR_RAMP) legend_ramp(s, &y);
    if (s->c->size.is_used) legend_sizes(s, &y);
    if (s->c->shapes.levels && !chart_shapes_are_colors(s->c)) legend_shapes(s, &y);
}

void chart_svg(const struct chart *c, struct strbuf *out)
{
    struct svg s = {.out = out, .c = c, .arena = arena_new()};
    int panels = c->panels.levels ? c->panels.levels->n : 1;
    put_head(&s);
    put_titles(&s);
    for (s.panel = 0; s.panel < panels; s.panel++) {
        s.px = c->layout.plot_x + c->layout.gap_x * (s.panel % c->layout.across);
        s.py = c->layout.plot_y + c->layout.gap_y * (s.panel / c->layout.across);
        put_panel(&s);
    }
    put_axis_titles(&s);
    put_legends(&s);
    strbuf_addz(out, "</svg>\n");
    arena_free(s.arena);
}
