/* terminal_sixel.c: a picture as sixels: bands of six rows, one line of each colour in it over the
 * others. Colours are what the picture uses most, told apart by 5 bits a part; a chart has few, the
 * rest are the shades of its letters' edges. */
#include "plotting/terminal_int.h"

#include "runtime/base/mem.h"

#include <stdlib.h>

enum { KEYS = 1 << 15, REGISTERS = 256, BAND = 6 };

struct used {
    int key, n;
};
struct palette16 {
    int n, key[REGISTERS];
    int16_t of[KEYS]; /* register of a key; -1 = not in the picture */
};

static int key_of(uint32_t pixel)
{
    return (int)((pixel >> 19 & 31) << 10 | (pixel >> 11 & 31) << 5 | (pixel >> 3 & 31));
}

static int compare_used(const void *a, const void *b)
{
    const struct used *x = a, *y = b;
    return x->n != y->n ? (x->n > y->n ? -1 : 1) : x->key - y->key;
}

static int distance(int a, int b)
{
    int sum = 0;
    for (int shift = 0; shift <= 10; shift += 5) {
        int d = (a >> shift & 31) - (b >> shift & 31);
        sum += d * d;
    }
    return sum;
}

static int nearest(const struct palette16 *p, int key)
{
    int best = 0;
    for (int i = 1; i < p->n; i++)
        if (distance(p->key[i], key) < distance(p->key[best], key)) best = i;
    return best;
}

static void choose(struct palette16 *p, const struct draw_image *image)
{
    struct used *used = mem_zero(sizeof *used * KEYS);
    size_t n = (size_t)image->width * (size_t)image->height;
    int n_used = 0;
    for (int i = 0; i < KEYS; i++)
        used[i].key = i;
    for (size_t i = 0; i < n; i++)
        used[key_of(image->pixels[i])].n++;
    qsort(used, KEYS, sizeof *used, compare_used);
    while (n_used < KEYS && used[n_used].n)
        n_used++;
    p->n = n_used < REGISTERS ? n_used : REGISTERS;
    for (int i = 0; i < p->n; i++)
        p->key[i] = used[i].key;
    for (int i = 0; i < n_used; i++)
        p->of[used[i].key] = (int16_t)(i < p->n ? i : nearest(p, used[i].key));
    mem_free(used);
}

static void put_run(struct strbuf *out, int bits, int n)
{
    if (n > 3)
        strbuf_printf(out, "!%d%c", n, 63 + bits);
    else
        for (; n > 0; n--)
            strbuf_addc(out, (char)(63 + bits));
}

/* One colour of a band; nothing behind its last dot. */
static void put_line(struct strbuf *out, const int16_t *band, int width, int rows, int color)
{
    int run = 0, last = 0;
    strbuf_printf(out, "#%d", color);
    for (int x = 0; x < width; x++) {
        int bits = 0;
        for (int y = 0; y < rows; y++)
            if (band[y * width + x] == color) bits |= 1 << y;
        if (bits != last) {
            put_run(out, last, run);
            run = 0;
        }
        last = bits;
        run++;
    }
    if (last) put_run(out, last, run);
}

static void put_band(struct strbuf *out, const struct palette16 *p, const struct draw_image *image,
                     int top, int16_t *band)
{
    bool is_there[REGISTERS] = {false}, is_first = true;
    int rows = image->height - top < BAND ? image->height - top : BAND;
    for (int i = 0; i < rows * image->width; i++) {
        band[i] = p->of[key_of(image->pixels[(size_t)top * (size_t)image->width + (size_t)i])];
        is_there[band[i]] = true;
    }
    for (int color = 0; color < p->n; color++) {
        if (!is_there[color]) continue;
        if (!is_first) strbuf_addc(out, '$');
        is_first = false;
        put_line(out, band, image->width, rows, color);
    }
    strbuf_addc(out, '-');
}

void terminal_sixel(struct strbuf *out, const struct draw_image *image)
{
    struct palette16 *p = mem_zero(sizeof *p);
    int16_t *band = mem_alloc(sizeof *band * BAND * (size_t)image->width);
    choose(p, image);
    strbuf_printf(out, "\033P0;1q\"1;1;%d;%d", image->width, image->height);
    for (int i = 0; i < p->n; i++)
        strbuf_printf(out, "#%d;2;%d;%d;%d", i, ((p->key[i] >> 10 & 31) * 100 + 15) / 31,
                      ((p->key[i] >> 5 & 31) * 100 + 15) / 31, ((p->key[i] & 31) * 100 + 15) / 31);
    for (int top = 0; top < image->height; top += BAND)
        put_band(out, p, image, top, band);
    strbuf_addz(out, "\033\\");
    mem_free(band);
    mem_free(p);
}
