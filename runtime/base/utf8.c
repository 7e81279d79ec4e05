/* utf8.c: decoding by hand (hot), properties from utf8proc (Unicode tables are not ours to keep).
 */
#include "runtime/base/utf8.h"

#include <utf8proc.h>

#define BAD 0xFFFD

/* Bytes of the valid sequence at p, 0 when it is not valid. */
static size_t sequence(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    if (c < 0x80) return 1;
    if (c < 0xC2 || c > 0xF4) return 0;
    size_t len = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (n < len) return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if (c == 0xE0 && p[1] < 0xA0) return 0; /* overlong */
    if (c == 0xED && p[1] > 0x9F) return 0; /* surrogate */
    if (c == 0xF0 && p[1] < 0x90) return 0;
    if (c == 0xF4 && p[1] > 0x8F) return 0;
    return len;
}

size_t utf8_check(const char *p, size_t n)
{
    const unsigned char *c = (const unsigned char *)p;
    size_t i = 0;
    while (i < n) {
        uint64_t w;
        while (i + 8 <= n && (memcpy(&w, c + i, 8), !(w & UINT64_C(0x8080808080808080))))
            i += 8;
        if (i >= n) break;
        size_t len = sequence(c + i, n - i);
        if (!len) return i;
        i += len;
    }
    return n;
}

int utf8_next(const char *p, size_t n, uint32_t *out)
{
    const unsigned char *c = (const unsigned char *)p;
    size_t len = sequence(c, n);
    static const unsigned char mask[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    if (!len) {
        *out = BAD;
        return 1;
    }
    uint32_t cp = c[0] & mask[len];
    for (size_t i = 1; i < len; i++)
        cp = cp << 6 | (c[i] & 0x3Fu);
    *out = cp;
    return (int)len;
}

int utf8_put(uint32_t cp, char out[4])
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) cp = BAD;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    int len = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (int i = len - 1; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3F));
    out[0] = (char)((0xF00 >> len & 0xFF) | cp);
    return len;
}

int64_t utf8_length(const char *p, size_t n)
{
    int64_t count = 0;
    uint32_t cp;
    for (size_t i = 0; i < n; count++)
        i += (size_t)utf8_next(p + i, n - i, &cp);
    return count;
}

size_t utf8_offset(const char *p, size_t n, int64_t n_points)
{
    size_t i = 0;
    uint32_t cp;
    while (i < n && n_points-- > 0)
        i += (size_t)utf8_next(p + i, n - i, &cp);
    return i;
}

int utf8_width_of(uint32_t cp)
{
    if (cp < 0x20 || cp == 0x7F) return 0;
    if (cp < 0x7F) return 1;
    return utf8proc_charwidth((utf8proc_int32_t)cp);
}

int64_t utf8_width(const char *p, size_t n)
{
    int64_t cells = 0;
    uint32_t cp;
    for (size_t i = 0; i < n; cells += utf8_width_of(cp))
        i += (size_t)utf8_next(p + i, n - i, &cp);
    return cells;
}

size_t utf8_fit(const char *p, size_t n, int64_t cells)
{
    size_t i = 0;
    uint32_t cp;
    while (i < n) {
        int len = utf8_next(p + i, n - i, &cp);
        cells -= utf8_width_of(cp);
        if (cells < 0) break;
        i += (size_t)len;
    }
    return i;
}

bool utf8_is_letter(uint32_t cp)
{
    if (cp < 0x80) return (cp | 32) - 'a' < 26 || cp == '_';
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) || c == UTF8PROC_CATEGORY_NL;
}

bool utf8_is_name(uint32_t cp)
{
    if (cp < 0x80) return utf8_is_letter(cp) || cp - '0' < 10;
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    return utf8_is_letter(cp) || c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC ||
           c == UTF8PROC_CATEGORY_ND;
}

void utf8_repair(struct strbuf *b, const char *p, size_t n)
{
    while (n > 0) {
        size_t good = utf8_check(p, n);
        strbuf_add(b, p, good);
        if (good == n) return;
        strbuf_addz(b, "\xEF\xBF\xBD");
        p += good + 1;
        n -= good + 1;
    }
}
