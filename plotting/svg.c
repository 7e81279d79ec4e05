/* svg.c: a display list as SVG text. Light colours stand as attributes; one media rule inside the
 * picture turns ink and grid for dark pages (it follows the viewer's theme even inside an <img>).
 * No script, no outside reference, no CSS variable; the same list gives the same bytes. */
#include "plotting/chart_int.h"
#include "plotting/draw.h"

#include <math.h>

#define FONTS "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

struct svg {
    struct strbuf *out;
    const struct draw *d;
    const char *id; /* prefix of ids and classes */
    int n_clips, n_ramps;
};

/* Two decimals at most, no trailing zeros. */
static void add_num(struct strbuf *out, double v)
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

static void add_attr(struct svg *s, const char *name, double v)
{
    strbuf_printf(s->out, " %s=\"", name);
    add_num(s->out, v);
    strbuf_addc(s->out, '"');
}

static void add_word(struct svg *s, const char *name, const char *word)
{
    if (word) strbuf_printf(s->out, " %s=\"%s\"", name, word);
}

/* ---- groups ---- */
static const char theme_letters[THEMES] = {0, 'i', 's', 'g', 'z', 'e'};

static void add_text_style(struct svg *s, const struct draw_style *t)
{
    static const char *const anchors[] = {NULL, "middle", "end"};
    if (t->font > 0) add_attr(s, "font-size", t->font);
    if (t->is_bold) add_word(s, "font-weight", "bold");
    add_word(s, "text-anchor", anchors[t->anchor]);
}

static void add_clip(struct svg *s, const double clip[4])
{
    strbuf_printf(s->out, "<clipPath id=\"%sc%d\"><rect", s->id, s->n_clips);
    add_attr(s, "x", clip[0]);
    add_attr(s, "y", clip[1]);
    add_attr(s, "width", clip[2]);
    add_attr(s, "height", clip[3]);
    strbuf_addz(s->out, "/></clipPath>\n");
}

static void open_group(struct svg *s, const struct draw_style *t)
{
    if (t->is_clipped) add_clip(s, t->clip);
    strbuf_addz(s->out, "<g");
    if (t->theme) strbuf_printf(s->out, " class=\"%s%c\"", s->id, theme_letters[t->theme]);
    add_word(s, "fill", t->fill);
    add_word(s, "stroke", t->stroke);
    if (t->fill_clear > 0) add_attr(s, "fill-opacity", 1 - t->fill_clear);
    if (t->stroke_clear > 0) add_attr(s, "stroke-opacity", 1 - t->stroke_clear);
    if (t->width > 0 && t->width != 1) add_attr(s, "stroke-width", t->width);
    if (t->dash > 0) {
        add_attr(s, "stroke-dasharray", t->dash);
        s->out->n--;
        strbuf_addc(s->out, ' ');
        add_num(s->out, t->dash * 2 / 3);
        strbuf_addc(s->out, '"');
    }
    if (t->is_round) strbuf_addz(s->out, " stroke-linejoin=\"round\" stroke-linecap=\"round\"");
    add_text_style(s, t);
    if (t->dx != 0 || t->dy != 0) {
        strbuf_addz(s->out, " transform=\"translate(");
        add_num(s->out, t->dx);
        strbuf_addc(s->out, ' ');
        add_num(s->out, t->dy);
        strbuf_addz(s->out, ")\"");
    }
    if (t->is_clipped) strbuf_printf(s->out, " clip-path=\"url(#%sc%d)\"", s->id, s->n_clips++);
    strbuf_addz(s->out, ">\n");
    if (!t->part_title) return;
    strbuf_addz(s->out, "<title>");
    strbuf_add_html(s->out, str_of(t->part_title));
    strbuf_addz(s->out, "</title>\n");
}

/* ---- items ---- */
/* Ends an element: what it says on hovering, and its text. */
static void end_item(struct svg *s, const struct draw_item *it, const char *name)
{
    if (!it->tip && !it->text) {
        strbuf_addz(s->out, "/>\n");
        return;
    }
    strbuf_addc(s->out, '>');
    if (it->tip) {
        strbuf_addz(s->out, "<title>");
        strbuf_add_html(s->out, str_of(it->tip));
        strbuf_addz(s->out, "</title>");
    }
    if (it->text) strbuf_add_html(s->out, str_of(it->text));
    strbuf_printf(s->out, "</%s>\n", name);
}

static void add_path(struct svg *s, const struct draw_item *it)
{
    strbuf_addz(s->out, "<path d=\"");
    for (int i = 0, inside = 0; i < it->n; i++) {
        const struct draw_step *p = &s->d->steps[it->from + i];
        if (inside)
            strbuf_addc(s->out, ' ');
        else
            strbuf_addc(s->out, p->op);
        inside = p->op == 'C' ? (inside + 1) % 3 : 0;
        if (p->op == 'Z') continue;
        add_num(s->out, p->x);
        strbuf_addc(s->out, ' ');
        add_num(s->out, p->y);
    }
    strbuf_addc(s->out, '"');
}

static void add_four(struct svg *s, const char *element, const char *const names[4],
                     const double v[4])
{
    strbuf_printf(s->out, "<%s", element);
    for (int i = 0; i < 4; i++)
        add_attr(s, names[i], v[i]);
}

static void add_text(struct svg *s, const struct draw_item *it)
{
    strbuf_addz(s->out, "<text");
    if (it->v[2] != 0) {
        strbuf_addz(s->out, " transform=\"translate(");
        add_num(s->out, it->v[0]);
        strbuf_addc(s->out, ' ');
        add_num(s->out, it->v[1]);
        strbuf_addz(s->out, ") rotate(");
        add_num(s->out, it->v[2]);
        strbuf_addz(s->out, ")\"");
        return;
    }
    add_attr(s, "x", it->v[0]);
    add_attr(s, "y", it->v[1]);
}

static void add_ramp(struct svg *s, const struct draw_item *it)
{
    strbuf_printf(s->out, "<linearGradient id=\"%sr%d\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">",
                  s->id, s->n_ramps);
    for (int i = 0; i < RAMP_STOPS; i++) {
        strbuf_addz(s->out, "<stop offset=\"");
        add_num(s->out, i * 100.0 / (RAMP_STOPS - 1));
        strbuf_printf(s->out, "%%\" stop-color=\"%s\"/>", it->stops[i]);
    }
    strbuf_printf(s->out, "</linearGradient>\n<rect fill=\"url(#%sr%d)\"", s->id, s->n_ramps++);
}

static const char *const rect_names[] = {"x", "y", "width", "height"};
static const char *const line_names[] = {"x1", "y1", "x2", "y2"};

static const char *add_element(struct svg *s, const struct draw_item *it)
{
    switch (it->op) {
    case DRAW_RECT: add_four(s, "rect", rect_names, it->v); return "rect";
    case DRAW_LINE: add_four(s, "line", line_names, it->v); return "line";
    case DRAW_PATH: add_path(s, it); return "path";
    case DRAW_TEXT: add_text(s, it); return "text";
    case DRAW_RAMP:
        add_ramp(s, it);
        for (int i = 0; i < 4; i++)
            add_attr(s, rect_names[i], it->v[i]);
        return "rect";
    case DRAW_CIRCLE:
    case DRAW_OPEN:
    case DRAW_CLOSE: break;
    }
    strbuf_addz(s->out, "<circle");
    add_attr(s, "cx", it->v[0]);
    add_attr(s, "cy", it->v[1]);
    add_attr(s, "r", it->v[2]);
    return "circle";
}

/* ---- the whole ---- */
static void add_head(struct svg *s, const char *title, const char *desc)
{
    static const char *const dark[THEMES] = {
        NULL,           "{fill:#ececec}", "{fill:#b8b8b8}", "{stroke:#3c3c3c}", "{stroke:#8c8c8c}",
        "{stroke:#111}"};
    strbuf_addz(s->out, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
    if (s->d->n_turns) add_word(s, "class", s->id);
    add_attr(s, "width", s->d->width);
    add_attr(s, "height", s->d->height);
    strbuf_printf(s->out, " viewBox=\"0 0 %.0f %.0f\"", s->d->width, s->d->height);
    strbuf_printf(s->out,
                  " role=\"img\" aria-labelledby=\"%st %sd\" font-family=\"" FONTS
                  "\" font-size=\"%d\">\n",
                  s->id, s->id, FONT_LABEL);
    strbuf_printf(s->out, "<title id=\"%st\">", s->id);
    strbuf_add_html(s->out, str_of(title));
    strbuf_printf(s->out, "</title>\n<desc id=\"%sd\">", s->id);
    strbuf_add_html(s->out, str_of(desc));
    strbuf_addz(s->out, "</desc>\n<style>@media (prefers-color-scheme: dark){");
    for (int i = 1; i < THEMES; i++)
        strbuf_printf(s->out, ".%s%c%s", s->id, theme_letters[i], dark[i]);
    for (int i = 0; i < s->d->n_turns; i++)
        strbuf_printf(s->out, ".%s [fill=\"%s\"]{fill:%s}.%s [stroke=\"%s\"]{stroke:%s}", s->id,
                      s->d->turn[i].light, s->d->turn[i].dark, s->id, s->d->turn[i].light,
                      s->d->turn[i].dark);
    strbuf_addz(s->out, "}</style>\n");
}

void draw_svg(const struct draw *d, const char *id, const char *title, const char *desc,
              struct strbuf *out)
{
    struct svg s = {.out = out, .d = d, .id = id};
    add_head(&s, title, desc);
    for (int i = 0; i < d->n; i++) {
        const struct draw_item *it = &d->items[i];
        if (it->op == DRAW_OPEN) {
            open_group(&s, it->style);
        } else if (it->op == DRAW_CLOSE) {
            strbuf_addz(out, "</g>\n");
        } else {
            const char *name = add_element(&s, it);
            add_word(&s, "fill", it->fill);
            add_word(&s, "stroke", it->stroke);
            end_item(&s, it, name);
        }
    }
    strbuf_addz(out, "</svg>\n");
}
