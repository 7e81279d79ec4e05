/* font.c: how wide a text is. Measured with DejaVu Sans, the widest of the sans fonts that viewers
 * fall to, so that text laid out here clips nowhere. */
#include "plotting/chart_int.h"

#include "runtime/base/utf8.h"

#include "plotting/font_dejavu.inc.h"

enum { EM = 2048, EM_REST = 1270 }; /* 0.62 em for letters that are not in the table */

static int advance(uint32_t cp, bool is_bold)
{
    if (cp >= 0x20 && cp <= 0x7e)
        return (is_bold ? font_bold_ascii : font_regular_ascii)[cp - 0x20];
    if (cp >= 0xa0 && cp <= 0xff)
        return (is_bold ? font_bold_latin : font_regular_latin)[cp - 0xa0];
    for (size_t i = 0; i < sizeof font_signs / sizeof font_signs[0]; i++)
        if (font_signs[i] == cp) return (is_bold ? font_bold_sign : font_regular_sign)[i];
    int cells = utf8_width_of(cp);
    return cells == 0 ? 0 : cells == 2 ? EM : EM_REST;
}

static double width_of(const char *p, size_t n, double size, bool is_bold)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        i += (size_t)utf8_next(p + i, n - i, &cp);
        sum += advance(cp, is_bold);
    }
    return (double)sum * size / EM;
}

double font_width(const char *text, double size, bool is_bold)
{
    return width_of(text, strlen(text), size, is_bold);
}

const char *font_cut(struct arena *a, const char *text, int cells)
{
    size_t n = strlen(text);
    if (utf8_length(text, n) <= cells) return text;
    size_t keep = utf8_offset(text, n, cells - 1);
    while (keep > 0 && text[keep - 1] == ' ')
        keep--;
    return arena_printf(a, "%.*s…", (int)keep, text);
}

/* Bytes of the longest prefix that fits, ending at a blank where there is one. */
static size_t line_end(const char *p, size_t n, double size, bool is_bold, double width)
{
    size_t fit = 0, blank = 0;
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t step = (size_t)utf8_next(p + i, n - i, &cp);
        if (i > 0 && width_of(p, i + step, size, is_bold) > width) break;
        if (cp == ' ') blank = i;
        i += step;
        fit = i;
    }
    if (fit == n) return n;
    return blank > 0 && blank <= fit ? blank : fit;
}

struct text_lines font_wrap(struct arena *a, const char *text, double size, bool is_bold,
                            double width, int most)
{
    struct text_lines out = {.line = ARENA_ARRAY(a, const char *, most)};
    size_t n = strlen(text);
    while (n > 0 && out.n < most) {
        size_t take = line_end(text, n, size, is_bold, width);
        bool is_last = out.n == most - 1;
        if (is_last && take < n) {
            size_t room = line_end(text, n, size, is_bold, width - size);
            out.line[out.n++] = arena_printf(a, "%.*s…", (int)room, text);
            break;
        }
        out.line[out.n++] = arena_strndup(a, text, take);
        text += take;
        n -= take;
        while (n > 0 && *text == ' ') {
            text++;
            n--;
        }
    }
    return out;
}
