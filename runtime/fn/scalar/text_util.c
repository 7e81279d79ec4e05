/* text_util.c: counting, cutting and searching in UTF-8. */
#include "runtime/fn/scalar/text.h"

size_t text_offset(struct str s, int64_t k)
{
    size_t i = 0;
    uint64_t w;
    /* eight ASCII bytes a step */
    while (k >= 8 && i + 8 <= s.n &&
           (memcpy(&w, s.p + i, 8), !(w & UINT64_C(0x8080808080808080)))) {
        i += 8;
        k -= 8;
    }
    for (; k > 0 && i < s.n; k--) {
        i++;
        while (i < s.n && ((unsigned char)s.p[i] & 0xC0) == 0x80)
            i++;
    }
    return i;
}

struct str text_part(struct str s, int64_t from, int64_t to)
{
    if (from < 0) from = 0;
    if (to <= from) return (struct str){s.p, 0};
    size_t a = text_offset(s, from);
    struct str rest = {s.p + a, s.n - a};
    return (struct str){rest.p, text_offset(rest, to - from)};
}

int64_t text_search(struct str s, struct str needle, size_t at)
{
    if (needle.n == 0) return at <= s.n ? (int64_t)at : -1;
    if (needle.n > s.n) return -1;
    size_t last = s.n - needle.n;
    while (at <= last) {
        const char *hit = memchr(s.p + at, needle.p[0], last - at + 1);
        if (!hit) return -1;
        at = (size_t)(hit - s.p);
        if (hit[needle.n - 1] == needle.p[needle.n - 1] && memcmp(hit, needle.p, needle.n) == 0)
            return (int64_t)at;
        at++;
    }
    return -1;
}

bool is_blank(uint32_t cp)
{
    if (cp < 0x80) return cp == ' ' || (cp >= '\t' && cp <= '\r');
    return cp == 0x85 || cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
           cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

/* A % remembers where it stood; on a mismatch the last one takes one more character. */
bool text_like(struct str s, struct str p)
{
    size_t i = 0, j = 0, star = SIZE_MAX, from = 0;
    while (i < s.n) {
        bool escaped = j + 1 < p.n && p.p[j] == '\\';
        size_t k = j + escaped;
        if (j < p.n && !escaped && p.p[j] == '%') {
            star = ++j;
            from = i;
        } else if (j < p.n && !escaped && p.p[j] == '_') {
            i += text_offset((struct str){s.p + i, s.n - i}, 1);
            j++;
        } else if (k < p.n && p.p[k] == s.p[i]) {
            i++;
            j = k + 1;
        } else if (star != SIZE_MAX) {
            from += text_offset((struct str){s.p + from, s.n - from}, 1);
            i = from;
            j = star;
        } else {
            return false;
        }
    }
    while (j < p.n && p.p[j] == '%')
        j++;
    return j == p.n;
}
