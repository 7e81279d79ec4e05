/* draw_cairo.c: a display list as PNG or PDF through cairo. The library is loaded when the first
 * picture is asked for, so that the program starts without it and its 22 companions; without it (or
 * without its headers at build time) pictures fail with the way to get it, and all else works. */
#include "plotting/scene.h"

#ifdef MLNB_HAVE_CAIRO

#include <cairo-pdf.h>
#include <cairo.h>
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>

/* Every function used, by its own name. */
#define CAIRO_FUNCTIONS(F)                                                                         \
    F(cairo_image_surface_create)                                                                  \
    F(cairo_image_surface_get_data)                                                                \
    F(cairo_image_surface_get_stride)                                                              \
    F(cairo_surface_flush)                                                                         \
    F(cairo_pdf_surface_create_for_stream)                                                         \
    F(cairo_pdf_surface_set_metadata)                                                              \
    F(cairo_surface_write_to_png_stream)                                                           \
    F(cairo_surface_finish)                                                                        \
    F(cairo_surface_status)                                                                        \
    F(cairo_surface_destroy)                                                                       \
    F(cairo_create)                                                                                \
    F(cairo_destroy)                                                                               \
    F(cairo_status)                                                                                \
    F(cairo_status_to_string)                                                                      \
    F(cairo_save)                                                                                  \
    F(cairo_restore)                                                                               \
    F(cairo_scale)                                                                                 \
    F(cairo_translate)                                                                             \
    F(cairo_rotate)                                                                                \
    F(cairo_set_source_rgba)                                                                       \
    F(cairo_set_source)                                                                            \
    F(cairo_set_line_width)                                                                        \
    F(cairo_set_dash)                                                                              \
    F(cairo_set_line_join)                                                                         \
    F(cairo_set_line_cap)                                                                          \
    F(cairo_new_path)                                                                              \
    F(cairo_rectangle)                                                                             \
    F(cairo_arc)                                                                                   \
    F(cairo_move_to)                                                                               \
    F(cairo_line_to)                                                                               \
    F(cairo_curve_to)                                                                              \
    F(cairo_close_path)                                                                            \
    F(cairo_fill)                                                                                  \
    F(cairo_fill_preserve)                                                                         \
    F(cairo_stroke)                                                                                \
    F(cairo_clip)                                                                                  \
    F(cairo_paint)                                                                                 \
    F(cairo_select_font_face)                                                                      \
    F(cairo_set_font_size)                                                                         \
    F(cairo_text_extents)                                                                          \
    F(cairo_show_text)                                                                             \
    F(cairo_pattern_create_linear)                                                                 \
    F(cairo_pattern_add_color_stop_rgb)                                                            \
    F(cairo_pattern_destroy)

static struct {
    bool is_there;
#define FIELD(name) __typeof__(&name) name;
    CAIRO_FUNCTIONS(FIELD)
#undef FIELD
} lib;
static pthread_once_t lib_once = PTHREAD_ONCE_INIT;

static void load(void)
{
    void *h = dlopen("libcairo.so.2", RTLD_NOW | RTLD_LOCAL);
    bool all = h != NULL;
    if (!h) return;
#define LOAD(name)                                                                                 \
    {                                                                                              \
        void *at = dlsym(h, #name);                                                                \
        memcpy(&lib.name, &at, sizeof at); /* ISO C has no cast from data to function */           \
        all &= at != NULL;                                                                         \
    }
    CAIRO_FUNCTIONS(LOAD)
#undef LOAD
    lib.is_there = all;
}

bool draw_has_pictures(void)
{
    pthread_once(&lib_once, load);
    return lib.is_there;
}

/* ---- styles ---- */
enum { DEPTH = 16 };
struct brush { /* what a group says, with what it inherits */
    const char *fill, *stroke;
    double fill_clear, stroke_clear, width, dash, font;
    bool is_round, is_bold;
    enum draw_anchor anchor;
};
struct painter {
    cairo_t *cr;
    const struct draw *d;
    bool is_dark;
    struct brush brush[DEPTH];
    int depth;
};

static const char *turned(const struct painter *p, const char *ink)
{
    for (int i = 0; ink && p->is_dark && i < p->d->n_turns; i++)
        if (!strcmp(p->d->turn[i].light, ink)) return p->d->turn[i].dark;
    return ink;
}

/* The same inks as the dark rules of the SVG. */
static const char *themed(const struct painter *p, enum draw_theme theme, bool is_fill,
                          const char *ink)
{
    static const char *const fills[THEMES] = {NULL, "#ececec", "#b8b8b8", NULL, NULL, NULL};
    static const char *const strokes[THEMES] = {NULL, NULL, NULL, "#3c3c3c", "#8c8c8c", "#111"};
    const char *dark = is_fill ? fills[theme] : strokes[theme];
    return p->is_dark && dark ? dark : turned(p, ink);
}

static void open_group(struct painter *p, const struct draw_style *t)
{
    struct brush b = p->brush[p->depth];
    if (t->fill) b.fill = themed(p, t->theme, true, t->fill);
    if (t->stroke) b.stroke = themed(p, t->theme, false, t->stroke);
    if (t->fill_clear > 0) b.fill_clear = t->fill_clear;
    if (t->stroke_clear > 0) b.stroke_clear = t->stroke_clear;
    if (t->width > 0) b.width = t->width;
    if (t->dash > 0) b.dash = t->dash;
    if (t->font > 0) b.font = t->font;
    if (t->is_bold) b.is_bold = true;
    if (t->is_round) b.is_round = true;
    if (t->anchor) b.anchor = t->anchor;
    lib.cairo_save(p->cr);
    lib.cairo_translate(p->cr, t->dx, t->dy);
    if (t->is_clipped) {
        lib.cairo_rectangle(p->cr, t->clip[0], t->clip[1], t->clip[2], t->clip[3]);
        lib.cairo_clip(p->cr);
    }
    if (p->depth < DEPTH - 1) p->depth++;
    p->brush[p->depth] = b;
}

static void close_group(struct painter *p)
{
    lib.cairo_restore(p->cr);
    if (p->depth > 0) p->depth--;
}

static bool set_ink(struct painter *p, const char *name, double clear)
{
    struct draw_ink ink;
    if (!name || !draw_ink_of(name, &ink)) return false;
    lib.cairo_set_source_rgba(p->cr, ink.r, ink.g, ink.b, 1 - clear);
    return true;
}

/* ---- items ---- */
static void paint_path(struct painter *p, const struct draw_item *it)
{
    const struct brush *b = &p->brush[p->depth];
    const char *fill = it->fill ? turned(p, it->fill) : b->fill,
               *stroke = it->stroke ? turned(p, it->stroke) : b->stroke;
    if (it->op != DRAW_LINE && set_ink(p, fill ? fill : "#000", b->fill_clear))
        lib.cairo_fill_preserve(p->cr);
    if (set_ink(p, stroke, b->stroke_clear)) {
        double dash[] = {b->dash, b->dash * 2 / 3};
        lib.cairo_set_line_width(p->cr, b->width > 0 ? b->width : 1);
        lib.cairo_set_dash(p->cr, dash, b->dash > 0 ? 2 : 0, 0);
        lib.cairo_set_line_join(p->cr, b->is_round ? CAIRO_LINE_JOIN_ROUND : CAIRO_LINE_JOIN_MITER);
        lib.cairo_set_line_cap(p->cr, b->is_round ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
        lib.cairo_stroke(p->cr);
    }
    lib.cairo_new_path(p->cr);
}

static void add_steps(struct painter *p, const struct draw_item *it)
{
    for (int i = 0; i < it->n; i++) {
        const struct draw_step *s = &p->d->steps[it->from + i];
        switch (s->op) {
        case 'M': lib.cairo_move_to(p->cr, s->x, s->y); break;
        case 'L': lib.cairo_line_to(p->cr, s->x, s->y); break;
        case 'C':
            lib.cairo_curve_to(p->cr, s->x, s->y, s[1].x, s[1].y, s[2].x, s[2].y);
            i += 2;
            break;
        default: lib.cairo_close_path(p->cr);
        }
    }
}

static void paint_text(struct painter *p, const struct draw_item *it)
{
    const struct brush *b = &p->brush[p->depth];
    cairo_text_extents_t size;
    const char *fill = it->fill ? turned(p, it->fill) : b->fill;
    if (!set_ink(p, fill ? fill : "#000", b->fill_clear)) return;
    lib.cairo_select_font_face(p->cr, "Helvetica", CAIRO_FONT_SLANT_NORMAL,
                               b->is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    lib.cairo_set_font_size(p->cr, b->font > 0 ? b->font : FONT_LABEL);
    lib.cairo_text_extents(p->cr, it->text, &size);
    double shift = b->anchor == ANCHOR_MIDDLE ? 0.5 : b->anchor == ANCHOR_END ? 1 : 0;
    lib.cairo_save(p->cr);
    lib.cairo_translate(p->cr, it->v[0], it->v[1]);
    lib.cairo_rotate(p->cr, it->v[2] * 0.017453292519943295);
    lib.cairo_move_to(p->cr, -shift * size.x_advance, 0);
    lib.cairo_show_text(p->cr, it->text);
    lib.cairo_restore(p->cr);
    lib.cairo_new_path(p->cr);
}

static void paint_ramp(struct painter *p, const struct draw_item *it)
{
    cairo_pattern_t *ramp = lib.cairo_pattern_create_linear(0, it->v[1] + it->v[3], 0, it->v[1]);
    for (int i = 0; i < RAMP_STOPS; i++) {
        struct draw_ink ink;
        (void)draw_ink_of(it->stops[i], &ink);
        lib.cairo_pattern_add_color_stop_rgb(ramp, i / (RAMP_STOPS - 1.0), ink.r, ink.g, ink.b);
    }
    lib.cairo_rectangle(p->cr, it->v[0], it->v[1], it->v[2], it->v[3]);
    lib.cairo_set_source(p->cr, ramp);
    lib.cairo_fill(p->cr);
    lib.cairo_pattern_destroy(ramp);
}

static void paint_item(struct painter *p, const struct draw_item *it)
{
    const double *v = it->v;
    switch (it->op) {
    case DRAW_OPEN: open_group(p, it->style); return;
    case DRAW_CLOSE: close_group(p); return;
    case DRAW_TEXT: paint_text(p, it); return;
    case DRAW_RAMP: paint_ramp(p, it); return;
    case DRAW_RECT: lib.cairo_rectangle(p->cr, v[0], v[1], v[2], v[3]); break;
    case DRAW_CIRCLE: lib.cairo_arc(p->cr, v[0], v[1], v[2], 0, 6.283185307179586); break;
    case DRAW_LINE:
        lib.cairo_move_to(p->cr, v[0], v[1]);
        lib.cairo_line_to(p->cr, v[2], v[3]);
        break;
    case DRAW_PATH: add_steps(p, it); break;
    }
    paint_path(p, it);
}

static cairo_status_t take_bytes(void *out, const unsigned char *bytes, unsigned n)
{
    strbuf_add(out, (const char *)bytes, n);
    return CAIRO_STATUS_SUCCESS;
}

static void paint_all(cairo_t *cr, const struct draw *d, bool is_dark)
{
    struct painter p = {.cr = cr, .d = d, .is_dark = is_dark};
    (void)set_ink(&p, is_dark ? "#111" : "#fff", 0);
    lib.cairo_paint(cr);
    for (int i = 0; i < d->n; i++)
        paint_item(&p, &d->items[i]);
}

static rc finish(struct ctx *cx, cairo_surface_t *surface, cairo_t *cr, bool is_png,
                 struct span span, struct strbuf *out)
{
    cairo_status_t st = lib.cairo_status(cr);
    if (st == CAIRO_STATUS_SUCCESS && is_png)
        st = lib.cairo_surface_write_to_png_stream(surface, take_bytes, out);
    lib.cairo_destroy(cr);
    lib.cairo_surface_finish(surface);
    if (st == CAIRO_STATUS_SUCCESS) st = lib.cairo_surface_status(surface);
    lib.cairo_surface_destroy(surface);
    if (st == CAIRO_STATUS_SUCCESS) return RC_OK;
    return fail(cx, E306, span, "cairo cannot draw this picture: %s",
                lib.cairo_status_to_string(st));
}

enum { SIDE_MOST = 16000 };

rc draw_png(struct ctx *cx, const struct draw *d, double scale, bool is_dark, struct span span,
            struct strbuf *out)
{
    scale = fmin(scale, fmin(SIDE_MOST / d->width, SIDE_MOST / d->height));
    cairo_surface_t *surface = lib.cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)ceil(d->width * scale), (int)ceil(d->height * scale));
    cairo_t *cr = lib.cairo_create(surface);
    lib.cairo_scale(cr, scale, scale);
    paint_all(cr, d, is_dark);
    return finish(cx, surface, cr, true, span, out);
}

rc draw_pixels(struct ctx *cx, const struct draw *d, double scale, bool is_dark, struct span span,
               struct draw_image *out)
{
    scale = fmin(scale, fmin(SIDE_MOST / d->width, SIDE_MOST / d->height));
    out->width = (int)ceil(d->width * scale);
    out->height = (int)ceil(d->height * scale);
    out->pixels = NULL;
    cairo_surface_t *surface =
        lib.cairo_image_surface_create(CAIRO_FORMAT_RGB24, out->width, out->height);
    cairo_t *cr = lib.cairo_create(surface);
    lib.cairo_scale(cr, scale, scale);
    paint_all(cr, d, is_dark);
    lib.cairo_surface_flush(surface);
    const unsigned char *data = lib.cairo_image_surface_get_data(surface);
    size_t row = (size_t)out->width * sizeof *out->pixels;
    if (data && lib.cairo_status(cr) == CAIRO_STATUS_SUCCESS) {
        out->pixels = mem_alloc(row * (size_t)out->height);
        for (int y = 0; y < out->height; y++)
            memcpy(out->pixels + (size_t)y * (size_t)out->width,
                   data + (ptrdiff_t)y * lib.cairo_image_surface_get_stride(surface), row);
    }
    return finish(cx, surface, cr, false, span, NULL);
}

rc draw_pdf(struct ctx *cx, const struct draw *d, const char *title, struct span span,
            struct strbuf *out)
{
    const double points = 0.75; /* of a pixel */
    cairo_surface_t *surface = lib.cairo_pdf_surface_create_for_stream(
        take_bytes, out, d->width * points, d->height * points);
    lib.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
    /* the same chart is the same file: no time of the day in it */
    lib.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                       "2000-01-01T00:00:00Z");
    cairo_t *cr = lib.cairo_create(surface);
    lib.cairo_scale(cr, points, points);
    paint_all(cr, d, false);
    return finish(cx, surface, cr, false, span, out);
}

#else

bool draw_has_pictures(void)
{
    return false;
}

rc draw_png(struct ctx *cx, const struct draw *d, double scale, bool is_dark, struct span span,
            struct strbuf *out)
{
    (void)d, (void)scale, (void)is_dark, (void)out;
    return fail(cx, E306, span, "this program was built without cairo");
}

rc draw_pixels(struct ctx *cx, const struct draw *d, double scale, bool is_dark, struct span span,
               struct draw_image *out)
{
    (void)d, (void)scale, (void)is_dark, (void)out;
    return fail(cx, E306, span, "this program was built without cairo");
}

rc draw_pdf(struct ctx *cx, const struct draw *d, const char *title, struct span span,
            struct strbuf *out)
{
    (void)d, (void)title, (void)out;
    return fail(cx, E306, span, "this program was built without cairo");
}

#endif

/* ---- charts ---- */
rc draw_need_pictures(struct ctx *cx, struct span span)
{
    if (draw_has_pictures()) return RC_OK;
    fail(cx, E305, span, "pictures (.png, .pdf) are drawn by the library cairo, which is not here");
    return err_note(cx, "Debian and Ubuntu: apt install libcairo2; .svg and .html need no library");
}

rc chart_png(struct ctx *cx, const struct chart *c, double scale, bool is_dark, struct span span,
             struct strbuf *out)
{
    struct draw d;
    TRY(draw_need_pictures(cx, span));
    draw_begin(&d);
    scene_chart(&d, c);
    enum rc_t res = draw_png(cx, &d, scale, is_dark, span, out);
    draw_release(&d);
    return res;
}

rc chart_pdf(struct ctx *cx, const struct chart *c, struct span span, struct strbuf *out)
{
    struct draw d;
    TRY(draw_need_pictures(cx, span));
    draw_begin(&d);
    scene_chart(&d, c);
    enum rc_t res = draw_pdf(cx, &d, chart_title(c), span, out);
    draw_release(&d);
    return res;
}
