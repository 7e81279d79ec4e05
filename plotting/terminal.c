/* terminal.c: a chart drawn with characters, from the same scene and ticks as the picture: the
 * panel is a display list of 2 x 4 dots a cell; bars become eighth blocks, lines and points
 * braille, tiles half blocks, boxes lines. Plain letters where the terminal has no UTF-8. */
#include "plotting/scene.h"
#include "plotting/terminal_int.h"

#include "runtime/base/utf8.h"

#include <math.h>

enum { CELLS_W = 80, CELLS_H = 14, PANEL_H = 7, PANELS_MOST = 6, DEPTH = 16 };

struct cell {
    uint32_t cp;     /* 0 = empty; DOTS: braille */
    uint8_t dots;    /* braille bits */
    uint8_t eighths; /* lower blocks: how much of the cell is filled */
    const char *fg, *bg;
};
struct page {
    const struct chart_term *opts;
    struct arena *arena;
    int w, h;
    struct cell *cell;
    bool is_across; /* bars lie: they grow along x */
    bool is_tiled;  /* both axes are bands: tiles */
};

static int cells_of(const char *text)
{
    return (int)utf8_width(text, strlen(text));
}

static struct cell *cell_at(struct page *p, int x, int y)
{
    return x >= 0 && y >= 0 && x < p->w && y < p->h ? &p->cell[y * p->w + x] : NULL;
}

/* ---- marks ---- */
static void put_dot(struct page *p, double x, double y, const char *ink)
{
    static const uint8_t bit[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
    if (!isfinite(x) || !isfinite(y) || fabs(x) > 1e6 || fabs(y) > 1e6) return;
    int dx = (int)fmin(floor(x), p->w * 2 - 1), dy = (int)fmin(floor(y), p->h * 4 - 1);
    if (dx < 0 || dy < 0 || x > p->w * 2 || y > p->h * 4) return;
    struct cell *c = cell_at(p, dx / 2, dy / 4);
    if (!c) return;
    c->dots |= bit[dy % 4][dx % 2];
    if (ink) c->fg = ink;
}

static void put_line(struct page *p, double x1, double y1, double x2, double y2, const char *ink)
{
    double n = ceil(fmax(fabs(x2 - x1), fabs(y2 - y1)));
    if (!(n < 10000)) return;
    for (double i = 0; i <= n; i++)
        put_dot(p, x1 + (x2 - x1) * (n > 0 ? i / n : 0), y1 + (y2 - y1) * (n > 0 ? i / n : 0), ink);
}

/* Cells along one axis whose middle lies in [at, at + size); at least the one it begins in. */
static void span_cells(double at, double size, double unit, int most, int *from, int *to)
{
    *from = (int)ceil(at / unit - 0.5);
    *to = (int)ceil((at + size) / unit - 0.5);
    if (*to <= *from) {
        *from = (int)floor((at + size / 2) / unit);
        *to = *from + 1;
    }
    if (*from < 0) *from = 0;
    if (*to > most) *to = most;
}

/* The part of a cell from `low` to `high` eighths of its height, measured upwards. */
static void fill_part(struct cell *c, int low, int high, const char *ink)
{
    if (high <= low) return;
    if (low <= 0 && high >= 8) {
        *c = (struct cell){.cp = 0x2588, .eighths = 8, .fg = ink};
    } else if (low <= 0) {
        *c = (struct cell){.cp = 0x2580 + (uint32_t)high, .eighths = (uint8_t)high, .fg = ink};
    } else if (c->eighths && c->eighths < 8) {
        c->bg = ink; /* stands on another bar that ends in this cell */
    } else {
        *c = (struct cell){.cp = high - low > 4 ? 0x2588 : 0x2580, .eighths = 8, .fg = ink};
    }
}

static void put_column(struct page *p, const double v[4], const char *ink)
{
    int from, to;
    span_cells(v[0], v[2], 2, p->w, &from, &to);
    for (int y = 0; y < p->h; y++) {
        double bottom = (y + 1) * 4;
        int low = (int)lround((bottom - (v[1] + v[3])) * 2),
            high = (int)lround((bottom - v[1]) * 2);
        for (int x = from; x < to && high > 0 && low < 8; x++)
            fill_part(cell_at(p, x, y), low < 0 ? 0 : low, high > 8 ? 8 : high, ink);
    }
}

static void put_row(struct page *p, const double v[4], const char *ink)
{
    int from, to, y0, y1;
    span_cells(v[1], v[3], 4, p->h, &y0, &y1);
    from = (int)lround(v[0] * 4);
    to = (int)lround((v[0] + v[2]) * 4);
    for (int y = y0; y < y1; y++)
        for (int x = 0; x < p->w; x++) {
            int low = from - x * 8, high = to - x * 8;
            if (high <= 0 || low >= 8) continue;
            struct cell *c = cell_at(p, x, y);
            if (low > 0 && c->cp >= 0x2589 && c->cp <= 0x258f)
                c->bg = ink;
            else
                *c = (struct cell){
                    .cp = high >= 8 ? 0x2588 : 0x2590 - (uint32_t)high, .eighths = 8, .fg = ink};
        }
}

static void put_tile(struct page *p, const double v[4], const char *ink)
{
    int from, to;
    span_cells(v[0], v[2], 2, p->w, &from, &to);
    for (int half = 0; half < p->h * 2; half++) {
        double middle = half * 2 + 1;
        if (middle < v[1] || middle >= v[1] + v[3]) continue;
        for (int x = from; x < to; x++) {
            struct cell *c = cell_at(p, x, half / 2);
            c->cp = 0x2580; /* upper half in fg, lower in bg */
            if (half % 2)
                c->bg = ink;
            else
                c->fg = ink;
        }
    }
}

static void put_box(struct page *p, const double v[4], const char *ink)
{
    int x0, x1, y0, y1;
    span_cells(v[0], v[2], 2, p->w, &x0, &x1);
    span_cells(v[1], v[3], 4, p->h, &y0, &y1);
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            bool left = x == x0, right = x == x1 - 1, top = y == y0, bottom = y == y1 - 1;
            uint32_t cp = top && bottom     ? 0x2550
                          : top && left     ? 0x250c
                          : top && right    ? 0x2510
                          : bottom && left  ? 0x2514
                          : bottom && right ? 0x2518
                          : top || bottom   ? 0x2500
                          : left || right   ? 0x2502
                                            : 0;
            if (cp) *cell_at(p, x, y) = (struct cell){.cp = cp, .fg = ink};
        }
}

/* A heavy line across the cells of a box. */
static void put_median(struct page *p, const double v[4], const char *ink)
{
    int from, to, row = (int)floor(v[1] / 4);
    span_cells(v[0], v[2] - v[0], 2, p->w, &from, &to);
    for (int x = from; x < to; x++) {
        struct cell *c = cell_at(p, x, row);
        if (c) *c = (struct cell){.cp = 0x2501, .fg = ink};
    }
}

/* ---- paths ---- */
struct outline {
    double *x, *y;
    bool *is_start;
    int n;
};

static void add_point(struct outline *o, double x, double y, bool is_start)
{
    o->x[o->n] = x;
    o->y[o->n] = y;
    o->is_start[o->n++] = is_start;
}

/* Curves as eight chords. */
static struct outline flatten(struct page *p, const struct draw *d, const struct draw_item *it)
{
    int most = it->n * 8 + 8, start = 0;
    struct outline o = {.x = ARENA_ARRAY(p->arena, double, most),
                        .y = ARENA_ARRAY(p->arena, double, most),
                        .is_start = ARENA_ARRAY(p->arena, bool, most)};
    for (int i = 0; i < it->n; i++) {
        const struct draw_step *s = &d->steps[it->from + i];
        if (s->op == 'M') start = o.n;
        if (s->op == 'M' || s->op == 'L') add_point(&o, s->x, s->y, s->op == 'M');
        if (s->op == 'Z' && o.n > start) add_point(&o, o.x[start], o.y[start], false);
        if (s->op != 'C' || o.n == 0) continue;
        double x0 = o.x[o.n - 1], y0 = o.y[o.n - 1];
        for (int k = 1; k <= 8; k++) {
            double t = k / 8.0, u = 1 - t;
            double a = u * u * u, b = 3 * u * u * t, c = 3 * u * t * t, e = t * t * t;
            add_point(&o, a * x0 + b * s->x + c * s[1].x + e * s[2].x,
                      a * y0 + b * s->y + c * s[1].y + e * s[2].y, false);
        }
        i += 2;
    }
    return o;
}

static bool is_inside(const struct outline *o, double x, double y)
{
    bool inside = false;
    for (int i = 1; i < o->n; i++) {
        if (o->is_start[i] || (o->y[i] > y) == (o->y[i - 1] > y)) continue;
        double at = o->x[i] + (y - o->y[i]) / (o->y[i - 1] - o->y[i]) * (o->x[i - 1] - o->x[i]);
        if (x < at) inside = !inside;
    }
    return inside;
}

static void put_filled(struct page *p, const struct outline *o, const char *ink)
{
    double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY};
    for (int i = 0; i < o->n; i++) {
        lo[0] = fmin(lo[0], o->x[i]);
        hi[0] = fmax(hi[0], o->x[i]);
        lo[1] = fmin(lo[1], o->y[i]);
        hi[1] = fmax(hi[1], o->y[i]);
    }
    if (!(hi[0] - lo[0] > 16) && !(hi[1] - lo[1] > 16)) { /* a symbol */
        put_dot(p, (lo[0] + hi[0]) / 2, (lo[1] + hi[1]) / 2, ink);
        return;
    }
    for (double y = fmax(floor(lo[1]), 0); y < fmin(hi[1], p->h * 4); y++)
        for (double x = fmax(floor(lo[0]), 0); x < fmin(hi[0], p->w * 2); x++)
            if (is_inside(o, x + 0.5, y + 0.5)) put_dot(p, x, y, ink);
}

static void put_word(struct page *p, double x, double y, enum draw_anchor anchor, const char *text)
{
    int cells = cells_of(text);
    int at = (int)(x / 2) - (anchor == ANCHOR_MIDDLE ? cells / 2
                             : anchor == ANCHOR_END  ? cells
                                                     : 0);
    int row = (int)floor((y - 4) / 4);
    for (size_t i = 0, n = strlen(text); i < n; at++) {
        uint32_t cp;
        i += (size_t)utf8_next(text + i, n - i, &cp);
        struct cell *c = cell_at(p, at, row);
        if (c) *c = (struct cell){.cp = cp};
    }
}

/* ---- the list ---- */
struct ink_state {
    const char *fill, *stroke;
    bool is_outlined;
    bool is_bold; /* strokes: the median of a box */
    enum draw_anchor anchor;
};

static void put_item(struct page *p, const struct draw *d, const struct draw_item *it,
                     const struct ink_state *s)
{
    const char *fill = it->fill ? it->fill : s->fill, *stroke = it->stroke ? it->stroke : s->stroke;
    bool is_hollow = fill && !strcmp(fill, "none");
    struct outline o;
    switch (it->op) {
    case DRAW_RECT:
        if (s->is_outlined)
            put_box(p, it->v, stroke ? stroke : fill);
        else if (p->is_tiled)
            put_tile(p, it->v, fill);
        else if (p->is_across)
            put_row(p, it->v, fill);
        else
            put_column(p, it->v, fill);
        return;
    case DRAW_CIRCLE: put_dot(p, it->v[0], it->v[1], fill); return;
    case DRAW_LINE:
        if (s->is_bold && it->v[1] == it->v[3])
            put_median(p, it->v, stroke);
        else
            put_line(p, it->v[0], it->v[1], it->v[2], it->v[3], stroke);
        return;
    case DRAW_TEXT: put_word(p, it->v[0], it->v[1], s->anchor, it->text); return;
    case DRAW_PATH:
        o = flatten(p, d, it);
        if (!is_hollow) {
            put_filled(p, &o, fill);
            return;
        }
        for (int i = 1; i < o.n; i++)
            if (!o.is_start[i]) put_line(p, o.x[i - 1], o.y[i - 1], o.x[i], o.y[i], stroke);
        return;
    case DRAW_OPEN:
    case DRAW_CLOSE:
    case DRAW_RAMP: return;
    }
}

static void put_list(struct page *p, const struct draw *d)
{
    struct ink_state stack[DEPTH] = {{0}};
    int depth = 0;
    for (int i = 0; i < d->n; i++) {
        const struct draw_item *it = &d->items[i];
        if (it->op == DRAW_OPEN && depth < DEPTH - 1) {
            const struct draw_style *t = it->style;
            stack[depth + 1] = stack[depth];
            depth++;
            if (t->fill) stack[depth].fill = t->fill;
            if (t->stroke) stack[depth].stroke = t->stroke;
            if (t->anchor) stack[depth].anchor = t->anchor;
            stack[depth].is_bold = t->width > 2.2;
            stack[depth].is_outlined |= t->stroke && t->fill_clear > 0 && t->width > 1;
        } else if (it->op == DRAW_CLOSE && depth > 0) {
            depth--;
        } else {
            put_item(p, d, it, &stack[depth]);
        }
    }
}

/* ---- characters ---- */
static void add_cp(struct strbuf *out, uint32_t cp)
{
    char buf[8];
    strbuf_add(out, buf, (size_t)utf8_put(cp, buf));
}

/* What stands for a sign on terminals without UTF-8. */
static char plain_of(const struct cell *c)
{
    if (c->dots) return '*';
    if (c->cp < 0x80) return c->cp ? (char)c->cp : ' ';
    if (c->cp == 0x2500 || c->cp == 0x2501 || c->cp == 0x2550) return '-';
    if (c->cp == 0x2502) return '|';
    if (c->cp >= 0x250c && c->cp <= 0x2518) return '+';
    if (c->cp >= 0x2581 && c->cp <= 0x2584) return '_';
    return c->cp >= 0x2580 && c->cp < 0x2590 ? '#' : '?';
}

static void add_ink(struct strbuf *out, const struct chart_term *opts, const char *ink,
                    bool is_back)
{
    struct draw_ink c;
    if (!ink) return;
    const char *shown = opts->depth == 16 ? ink : palette_middle_ink(ink);
    if (draw_ink_of(shown, &c)) terminal_ink(out, &c, opts->depth, is_back);
}

/* Without colours the tiles of a heat map differ by shade. */
static uint32_t shade(const struct cell *c)
{
    static const uint32_t shades[] = {0x20, 0x2591, 0x2592, 0x2593, 0x2588};
    struct draw_ink k;
    if (!c->fg || !draw_ink_of(c->fg, &k)) return c->cp;
    double light = 0.2126 * k.r + 0.7152 * k.g + 0.0722 * k.b;
    return shades[(int)fmin(floor(light * 5), 4)];
}

static void add_row(struct page *p, int y, struct strbuf *out)
{
    int last = p->w - 1;
    while (last >= 0 && !p->cell[y * p->w + last].cp && !p->cell[y * p->w + last].dots)
        last--;
    for (int x = 0; x <= last; x++) {
        const struct cell *c = cell_at(p, x, y);
        uint32_t cp = c->dots && (!c->cp || c->cp == 0x2502) ? 0x2800u + c->dots
                      : c->cp                                ? c->cp
                                                             : ' ';
        bool has_ink = p->opts->color && (c->fg || c->bg);
        if (has_ink) {
            add_ink(out, p->opts, c->fg, false);
            add_ink(out, p->opts, c->bg, true);
        }
        if (p->opts->ascii)
            strbuf_addc(out, plain_of(c));
        else
            add_cp(out, p->is_tiled && !p->opts->color ? shade(c) : cp);
        if (has_ink) strbuf_addz(out, "\033[0m");
    }
}

/* ---- axes ---- */
static int label_cells(const struct chart_axis *a)
{
    int most = 0;
    for (int i = 0; i < a->n_ticks; i++)
        if (a->ticks[i].label) {
            int n = cells_of(a->ticks[i].label);
            if (n > most) most = n;
        }
    return most > 20 ? 20 : most;
}

/* The label of the tick that stands in this row, or NULL. */
static const char *label_of_row(const struct page *p, const struct chart_axis *y, int row)
{
    for (int i = 0; i < y->n_ticks; i++) {
        if (!y->ticks[i].label) continue;
        double at = scale_down(y, y->ticks[i].value) * p->h;
        int of = (int)fmin(floor(at), p->h - 1);
        if (of == row) return y->ticks[i].label;
    }
    return NULL;
}

static void add_blanks(struct strbuf *out, int n)
{
    while (n-- > 0)
        strbuf_addc(out, ' ');
}

static void add_x_axis(struct page *p, const struct chart_axis *x, int left, struct strbuf *out)
{
    struct strbuf names = {0};
    int at = 0; /* cells written of the names */
    add_blanks(out, left);
    strbuf_addz(out, p->opts->ascii ? "+" : "└");
    char *marks = ARENA_ARRAY(p->arena, char, p->w + 1);
    for (int i = 0; i < x->n_ticks; i++) {
        const char *label = x->ticks[i].label;
        if (!label) continue;
        int cell = (int)fmin(floor(scale_unit(x, x->ticks[i].value) * p->w), p->w - 1);
        int room = x->scale == SCALE_BAND ? (int)fmax(p->w / fmax(x->n_ticks, 1) - 1, 1) : 24;
        const char *cut = font_cut(p->arena, label, room);
        int n = cells_of(cut), from = cell - n / 2;
        if (cell < 0) continue;
        if (from < 0) from = 0;
        if (from + n > p->w) from = p->w - n;
        if (at > 0 && from < at + 1) continue;
        marks[cell] = 1;
        add_blanks(&names, from - at);
        strbuf_addz(&names, cut);
        at = from + n;
    }
    for (int i = 0; i < p->w; i++)
        strbuf_addz(out, p->opts->ascii ? marks[i] ? "+" : "-" : marks[i] ? "┬" : "─");
    strbuf_addc(out, '\n');
    add_blanks(out, left + 1);
    strbuf_add(out, names.p ? names.p : "", names.n);
    strbuf_addc(out, '\n');
    strbuf_release(&names);
}

static bool has_tiles(const struct chart *c)
{
    bool is_named[2];
    for (int k = 0; k < 2; k++)
        is_named[k] = c->axis[k].scale == SCALE_BAND || c->axis[k].scale == SCALE_PLACES;
    return is_named[0] && is_named[1];
}

static void add_panel(const struct chart *c, int panel, int height, const struct chart_term *opts,
                      struct strbuf *out)
{
    struct draw d;
    draw_begin(&d);
    struct page p = {.opts = opts, .arena = d.arena, .h = height};
    struct scene s = {.d = &d, .c = c, .panel = panel};
    for (int k = 0; k < 2; k++)
        s.axis[k] = chart_axis_of(c, k, panel);
    int left = c->is_bare ? 0 : label_cells(s.axis[1]) + 1;
    p.w = opts->width - left - 2;
    if (p.w < 20) p.w = 20;
    p.cell = ARENA_ARRAY(d.arena, struct cell, p.w * p.h);
    p.is_across = s.axis[0]->has_zero && !s.axis[1]->has_zero;
    p.is_tiled = has_tiles(c);
    s.pw = p.w * 2;
    s.ph = p.h * 4;
    scene_marks(&s);
    put_list(&p, &d);
    for (int y = 0; y < p.h; y++) {
        const char *label = c->is_bare ? NULL : label_of_row(&p, s.axis[1], y);
        const char *cut = label ? font_cut(d.arena, label, 20) : "";
        if (!c->is_bare) {
            add_blanks(out, left - 1 - cells_of(cut));
            strbuf_addz(out, cut);
            strbuf_addz(out, opts->ascii ? label ? " +" : " |" : label ? " ┤" : " │");
        }
        add_row(&p, y, out);
        strbuf_addc(out, '\n');
    }
    if (!c->is_bare) add_x_axis(&p, s.axis[0], left, out);
    draw_release(&d);
}

/* ---- words around ---- */
static void add_legend(const struct chart *c, const struct chart_term *opts, struct strbuf *out)
{
    int used = 0;
    if (c->color.kind != COLOR_LEVELS) return;
    for (int i = 0; i < c->color.levels->n; i++) {
        const char *name = c->color.levels->text[i];
        int n = cells_of(name) + 4;
        if (used && used + n > opts->width) {
            strbuf_addc(out, '\n');
            used = 0;
        }
        add_blanks(out, 2);
        if (opts->color) add_ink(out, opts, chart_level_ink(c, i), false);
        strbuf_addz(out, opts->ascii ? "#" : "■");
        if (opts->color) strbuf_addz(out, "\033[0m");
        strbuf_printf(out, " %s", name);
        used += n;
    }
    strbuf_addc(out, '\n');
}

static void add_title(const char *text, const struct chart_term *opts, bool is_bold,
                      struct strbuf *out)
{
    if (!text || !*text) return;
    bool dress = opts->color;
    strbuf_printf(out, "%s%s%s\n", dress ? is_bold ? "\033[1m" : "\033[2m" : "", text,
                  dress ? "\033[0m" : "");
}

static void add_chart(const struct chart *c, const struct chart_term *opts, struct strbuf *out)
{
    int n = c->panels.levels ? c->panels.levels->n : 1, shown = n > PANELS_MOST ? PANELS_MOST : n;
    add_title(chart_title(c), opts, true, out);
    add_title(c->caption, opts, false, out);
    for (int i = 0; i < shown; i++) {
        if (c->panels.levels) strbuf_printf(out, "%s\n", c->panels.levels->text[i]);
        add_panel(c, c->panels.levels ? i : 0, n > 1 ? PANEL_H : CELLS_H, opts, out);
    }
    if (shown < n) strbuf_printf(out, "and %d more\n", n - shown);
    const char *x = c->axis[0].title, *y = c->axis[1].title;
    bool has_x = x && *x && !c->is_bare, has_y = y && *y && !c->is_bare;
    if (has_x || has_y)
        strbuf_printf(out, "  %s%s%s%s%s\n", has_x ? "x: " : "", has_x ? x : "",
                      has_x && has_y ? "   " : "", has_y ? "y: " : "", has_y ? y : "");
    add_legend(c, opts, out);
}

void chart_terminal(const struct chart *c, const struct chart_term *opts, struct strbuf *out)
{
    struct chart_term own = *opts;
    own.width = own.width - 2 > CELLS_W ? CELLS_W : own.width - 2 < 40 ? 40 : own.width - 2;
    if (!c->n_parts) add_chart(c, &own, out);
    for (int i = 0; i < c->n_parts; i++)
        add_chart(c->parts[i].chart, &own, out);
}
