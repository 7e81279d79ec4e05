/* str.h: text slices and a growing text buffer. NUL bytes only matter at the system's edge. */
#ifndef MLNB_BASE_STR_H
#define MLNB_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed slice; p need not be NUL-terminated; p may be NULL when n is 0. */
struct str {
    const char *p;
    size_t n;
};
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_FMT(s)   (int)(s).n, (s).p /* for "%.*s" */
static inline struct str str_of(const char *z)
{
    return (struct str){z, strlen(z)};
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool str_eqz(struct str a, const char *z)
{
    if (a.n && z && *a.p != *z) return false; /* look-ups of names mostly end here */
    return str_eq(a, str_of(z));
}
/* Byte order = code point order for UTF-8. */
int str_cmp(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII case only */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s); /* ASCII white space */
/* Edit distance (Damerau, optimal string alignment), capped: > max gives max + 1. For did-you-mean.
 */
int str_distance(struct str a, struct str b, int max);

/* A growing buffer, always NUL-terminated at p[n] once anything was added. Zero-initialise; never
 * fails (mem.h). */
struct strbuf {
    char *p;
    size_t n, cap;
};
void strbuf_release(struct strbuf *b);
void strbuf_clear(struct strbuf *b);
char *strbuf_grow(struct strbuf *b, size_t more); /* room for `more` bytes; returns the end */
void strbuf_add(struct strbuf *b, const char *p, size_t n);
void strbuf_adds(struct strbuf *b, struct str s);
void strbuf_addz(struct strbuf *b, const char *z);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_fill(struct strbuf *b, char c, size_t n);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static inline struct str strbuf_view(const struct strbuf *b)
{
    return (struct str){b->p ? b->p : "", b->n};
}
/* Takes the text out (mem_free it); the buffer is empty after. Never NULL. */
char *strbuf_take(struct strbuf *b);
/* Escapes for HTML/XML text and attributes: & < > " '; control characters other than \t \n become
 * U+FFFD. */
void strbuf_add_html(struct strbuf *b, struct str s);

#endif
