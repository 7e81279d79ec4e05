/* str.c: slices and buffers. */
#include "runtime/base/str.h"

#include "runtime/base/mem.h"

#include <stdio.h>

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    if (d) return d;
    return a.n < b.n ? -1 : a.n > b.n;
}

static char lower_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower_ascii(a.p[i]) != lower_ascii(b.p[i])) return false;
    return true;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.n && is_blank(s.p[0]))
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

static int min3(int a, int b, int c)
{
    int m = a < b ? a : b;
    return m < c ? m : c;
}

#define DISTANCE_MAX 63
int str_distance(struct str a, struct str b, int max)
{
    int n = (int)(a.n > DISTANCE_MAX ? DISTANCE_MAX : a.n),
        m = (int)(b.n > DISTANCE_MAX ? DISTANCE_MAX : b.n);
    if (n - m > max || m - n > max) return max + 1;
    int rows[3][DISTANCE_MAX + 1];
    for (int j = 0; j <= m; j++)
        rows[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int same = a.p[i - 1] == b.p[j - 1];
            row[j] = min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + !same);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] &&
                up2[j - 2] + 1 < row[j])
                row[j] = up2[j - 2] + 1;
        }
    }
    int d = rows[n % 3][m];
    return d > max ? max + 1 : d;
}

void strbuf_release(struct strbuf *b)
{
    mem_free(b->p);
    *b = (struct strbuf){0};
}

void strbuf_clear(struct strbuf *b)
{
    b->n = 0;
    if (b->p) b->p[0] = 0;
}

char *strbuf_grow(struct strbuf *b, size_t more)
{
    size_t need = b->n + more + 1;
    if (need > b->cap) {
        size_t cap = b->cap * 2 > need ? b->cap * 2 : need;
        if (cap < 64) cap = 64;
        b->p = mem_realloc(b->p, cap);
        b->cap = cap;
    }
    return b->p + b->n;
}

void strbuf_add(struct strbuf *b, const char *p, size_t n)
{
    char *at = strbuf_grow(b, n);
    if (n) memcpy(at, p, n);
    at[n] = 0;
    b->n += n;
}

void strbuf_adds(struct strbuf *b, struct str s)
{
    strbuf_add(b, s.p, s.n);
}

void strbuf_addz(struct strbuf *b, const char *z)
{
    strbuf_add(b, z, strlen(z));
}

void strbuf_addc(struct strbuf *b, char c)
{
    strbuf_add(b, &c, 1);
}

void strbuf_fill(struct strbuf *b, char c, size_t n)
{
    char *at = strbuf_grow(b, n);
    memset(at, c, n);
    at[n] = 0;
    b->n += n;
}

void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n > 0) {
        vsnprintf(strbuf_grow(b, (size_t)n), (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(b, fmt, ap);
    va_end(ap);
}

char *strbuf_take(struct strbuf *b)
{
    char *p = b->p ? b->p : mem_zero(1);
    *b = (struct strbuf){0};
    return p;
}

void strbuf_add_html(struct strbuf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        switch (c) {
        case '&': strbuf_addz(b, "&amp;"); break;
        case '<': strbuf_addz(b, "&lt;"); break;
        case '>': strbuf_addz(b, "&gt;"); break;
        case '"': strbuf_addz(b, "&quot;"); break;
        case '\'': strbuf_addz(b, "&#39;"); break;
        default:
            if ((unsigned char)c < 32 && c != '\t' && c != '\n')
                strbuf_addz(b, "\xEF\xBF\xBD");
            else
                strbuf_addc(b, c);
        }
    }
}
