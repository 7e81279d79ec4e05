/* lex.c: JSON's own grammar (RFC 8259) over bytes in memory. Lenient in one thing: NaN, Infinity
 * and -Infinity, which Python's json writes. */
#include "runtime/io/json/json_int.h"

#include "runtime/base/num.h"
#include "runtime/base/utf8.h"

#include <math.h>

static bool wrong(struct json_cur *c, const char *what)
{
    if (!c->fault) c->fault = what;
    return false;
}

void json_space(struct json_cur *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t' || *c->p == '\r'))
        c->p++;
}

bool json_word(struct json_cur *c, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n) != 0)
        return wrong(c, "a value is expected here");
    c->p += n;
    return true;
}

/* ---- strings ---- */
static int hex4(const char *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        char h = p[i];
        int d = h >= '0' && h <= '9'   ? h - '0'
                : h >= 'a' && h <= 'f' ? h - 'a' + 10
                : h >= 'A' && h <= 'F' ? h - 'A' + 10
                                       : -1;
        if (d < 0) return -1;
        v = v * 16 + d;
    }
    return v;
}

/* \uXXXX, with its second half when it is one of a pair; a lone half becomes U+FFFD. */
static bool unicode_escape(struct json_cur *c, struct strbuf *b)
{
    char utf8[4];
    if (c->end - c->p < 4) return wrong(c, "\\u takes four hexadecimal digits");
    int hi = hex4(c->p);
    if (hi < 0) return wrong(c, "\\u takes four hexadecimal digits");
    c->p += 4;
    uint32_t cp = (uint32_t)hi;
    if (hi >= 0xd800 && hi < 0xdc00 && c->end - c->p >= 6 && c->p[0] == '\\' && c->p[1] == 'u') {
        int lo = hex4(c->p + 2);
        if (lo >= 0xdc00 && lo < 0xe000) {
            cp = 0x10000 + (((uint32_t)hi - 0xd800) << 10) + ((uint32_t)lo - 0xdc00);
            c->p += 6;
        }
    }
    if (cp >= 0xd800 && cp < 0xe000) cp = 0xfffd;
    strbuf_add(b, utf8, (size_t)utf8_put(cp, utf8));
    return true;
}

static bool one_escape(struct json_cur *c, struct strbuf *b)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (c->p >= c->end) return wrong(c, "a text is not closed");
    char x = *c->p++;
    if (x == 'u') return unicode_escape(c, b);
    const char *at = x ? strchr(from, x) : NULL;
    if (!at) {
        c->p--;
        return wrong(c, "there is no such escape in a text");
    }
    strbuf_addc(b, to[at - from]);
    return true;
}

/* The plain stretch at p: bytes up to a quote, backslash or control character. */
static size_t plain_run(const char *p, const char *end, bool *has_high)
{
    const char *s = p;
    unsigned char high = 0;
    while (s < end && *s != '"' && *s != '\\' && (unsigned char)*s >= 0x20)
        high |= (unsigned char)*s++;
    *has_high = *has_high || high >= 0x80;
    return (size_t)(s - p);
}

static bool check_utf8(struct json_cur *c, struct str s)
{
    return utf8_check(s.p, s.n) == s.n || wrong(c, "this text is not UTF-8");
}

bool json_text(struct json_cur *c, struct str *out)
{
    bool has_high = false;
    const char *start = ++c->p;
    c->p += plain_run(c->p, c->end, &has_high);
    if (c->p < c->end && *c->p == '"') { /* nothing to spell out */
        *out = (struct str){start, (size_t)(c->p++ - start)};
        return !has_high || check_utf8(c, *out);
    }
    strbuf_clear(c->scratch);
    strbuf_add(c->scratch, start, (size_t)(c->p - start));
    while (c->p < c->end && *c->p == '\\') {
        c->p++;
        if (!one_escape(c, c->scratch)) return false;
        size_t n = plain_run(c->p, c->end, &has_high);
        strbuf_add(c->scratch, c->p, n);
        c->p += n;
    }
    if (c->p >= c->end) return wrong(c, "a text is not closed");
    if (*c->p != '"')
        return wrong(c, "a control character stands in a text; it is written \\u00..");
    c->p++;
    *out = strbuf_view(c->scratch);
    return !has_high || check_utf8(c, *out);
}

/* ---- numbers ---- */
static bool take_digits(const char **p, const char *end)
{
    const char *s = *p;
    while (*p < end && **p >= '0' && **p <= '9')
        ++*p;
    return *p > s;
}

static bool number_word(struct json_cur *c, double *f, bool *is_nan)
{
    bool is_minus = *c->p == '-';
    *is_nan = *c->p == 'N';
    *f = is_minus ? -INFINITY : INFINITY;
    return json_word(c, *is_nan ? "NaN" : is_minus ? "-Infinity" : "Infinity");
}

bool json_number(struct json_cur *c, enum json_number *kind, int64_t *i, double *f, bool *is_nan)
{
    const char *start = c->p, *p = start;
    *is_nan = false;
    *kind = JSON_NUM;
    if (p < c->end && *p == '-') p++;
    if (p < c->end && (*p == 'N' || *p == 'I')) return number_word(c, f, is_nan);
    const char *whole = p;
    if (!take_digits(&p, c->end)) return wrong(c, "a value is expected here");
    if (*whole == '0' && p - whole > 1) return wrong(c, "a number cannot begin with 0 and a digit");
    bool is_int = true;
    if (p < c->end && *p == '.') {
        is_int = false;
        p++;
        if (!take_digits(&p, c->end)) return wrong(c, "digits are expected after the point");
    }
    if (p < c->end && (*p == 'e' || *p == 'E')) {
        is_int = false;
        p++;
        if (p < c->end && (*p == '+' || *p == '-')) p++;
        if (!take_digits(&p, c->end)) return wrong(c, "an exponent is expected after e");
    }
    size_t n = (size_t)(p - start);
    if (is_int && int_parse(start, n, i))
        *kind = JSON_INT;
    else if (!num_parse(start, n, f))
        return wrong(c, "a number is expected here");
    c->p = p;
    return true;
}

/* ---- passing over ---- */
static bool skip_object(struct json_cur *c)
{
    struct str name;
    json_space(c);
    if (c->p < c->end && *c->p == '}') return c->p++, true;
    for (;;) {
        json_space(c);
        if (c->p >= c->end || *c->p != '"') return wrong(c, "a name in quotes is expected here");
        if (!json_text(c, &name)) return false;
        json_space(c);
        if (c->p >= c->end || *c->p != ':') return wrong(c, "`:` is expected here");
        c->p++;
        if (!json_skip(c)) return false;
        json_space(c);
        if (c->p < c->end && *c->p == '}') return c->p++, true;
        if (c->p >= c->end || *c->p != ',') return wrong(c, "`,` or `}` is expected here");
        c->p++;
    }
}

static bool skip_list(struct json_cur *c)
{
    json_space(c);
    if (c->p < c->end && *c->p == ']') return c->p++, true;
    for (;;) {
        if (!json_skip(c)) return false;
        json_space(c);
        if (c->p < c->end && *c->p == ']') return c->p++, true;
        if (c->p >= c->end || *c->p != ',') return wrong(c, "`,` or `]` is expected here");
        c->p++;
    }
}

bool json_skip(struct json_cur *c)
{
    struct str s;
    enum json_number kind;
    int64_t i;
    double f;
    bool nan, ok;
    json_space(c);
    if (c->p >= c->end) return wrong(c, "a value is expected here");
    if (c->depth >= JSON_DEPTH) return wrong(c, "values are nested deeper than 200 levels");
    switch (*c->p) {
    case '"': return json_text(c, &s);
    case 't': return json_word(c, "true");
    case 'f': return json_word(c, "false");
    case 'n': return json_word(c, "null");
    case '{':
    case '[':
        c->depth++;
        ok = *c->p++ == '{' ? skip_object(c) : skip_list(c);
        c->depth--;
        return ok;
    default: return json_number(c, &kind, &i, &f, &nan);
    }
}
