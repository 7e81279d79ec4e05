/* terminal_picture.c: a chart as a picture in the protocols of terminals: kitty's graphics
 * (sw.kovidgoyal.net/kitty/graphics-protocol), iTerm2's inline images (iterm2.com/documentation-
 * images.html), sixels. */
#include "plotting/scene.h"
#include "plotting/terminal_int.h"

#include <math.h>

static void add_base64(struct strbuf *out, const unsigned char *p, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                     (left > 2 ? (uint32_t)p[i + 2] : 0);
        strbuf_addc(out, letters[v >> 18 & 63]);
        strbuf_addc(out, letters[v >> 12 & 63]);
        strbuf_addc(out, left > 1 ? letters[v >> 6 & 63] : '=');
        strbuf_addc(out, left > 2 ? letters[v & 63] : '=');
    }
}

/* Pieces of at most 4,096 letters; no answer wanted (q=2). */
static void put_kitty(struct strbuf *out, struct str png)
{
    enum { PIECE = 3072 };
    for (size_t i = 0; i < png.n; i += PIECE) {
        size_t n = png.n - i < PIECE ? png.n - i : PIECE;
        strbuf_printf(out, "\033_G%sm=%d;", i ? "" : "a=T,f=100,q=2,", i + n < png.n);
        add_base64(out, (const unsigned char *)png.p + i, n);
        strbuf_addz(out, "\033\\");
    }
}

static void put_iterm(struct strbuf *out, struct str png)
{
    strbuf_printf(out, "\033]1337;File=inline=1;size=%lld:", (long long)png.n);
    add_base64(out, (const unsigned char *)png.p, png.n);
    strbuf_addc(out, '\a');
}

/* As large as its letters are to the terminal's lines, and no wider than the window. */
static double scale_of(const struct draw *d, const struct chart_picture_opts *opts)
{
    double scale = opts->line_height > 0 ? opts->line_height / 17.0 : 1;
    scale = fmax(0.75, fmin(scale, 4));
    return opts->width > 0 ? fmin(scale, opts->width / d->width) : scale;
}

static enum rc_t put_picture(struct ctx *cx, const struct draw *d,
                             const struct chart_picture_opts *opts, struct strbuf *out)
{
    struct draw_image image;
    struct strbuf png = {0};
    double scale = scale_of(d, opts);
    if (opts->how == CHART_SIXEL) {
        TRY(draw_pixels(cx, d, scale, opts->is_dark, NO_SPAN, &image));
        terminal_sixel(out, &image);
        mem_free(image.pixels);
        return RC_OK;
    }
    enum rc_t res = draw_png(cx, d, scale, opts->is_dark, NO_SPAN, &png);
    if (res == RC_OK && opts->how == CHART_KITTY) put_kitty(out, strbuf_view(&png));
    if (res == RC_OK && opts->how == CHART_ITERM) put_iterm(out, strbuf_view(&png));
    strbuf_release(&png);
    return res;
}

rc chart_terminal_picture(struct ctx *cx, const struct chart *c,
                          const struct chart_picture_opts *opts, struct strbuf *out)
{
    struct draw d;
    TRY(draw_need_pictures(cx, NO_SPAN));
    draw_begin(&d);
    scene_chart(&d, c);
    enum rc_t res = put_picture(cx, &d, opts, out);
    draw_release(&d);
    return res;
}
