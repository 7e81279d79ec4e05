/* value.c: what one field is, without hurry: every rule of language.md 3.4 and 3.6 about values
 * stands here. The loops of fast.h take the common spellings and leave the rest to this file. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"

#include <math.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct str csv_trim(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* End of the quoted part that begins at s.p[0]: index of the closing quote, s.n when there is none.
 */
static size_t closing_quote(struct str s, char q, bool *has_double)
{
    *has_double = false;
    for (size_t i = 1; i < s.n; i += 2) {
        const char *p = memchr(s.p + i, q, s.n - i);
        if (!p) break;
        i = (size_t)(p - s.p);
        if (i + 1 == s.n || s.p[i + 1] != q) return i;
        *has_double = true;
    }
    return s.n;
}

/* A text with escapes: quotes and escapes cut out in one go. */
static struct str unescape(const struct csv_dialect *d, struct str s, struct arena *side)
{
    char *out = arena_alloc(side, s.n + 16);
    size_t n = 0, i = 0;
    bool in = d->has_quote && s.n && s.p[0] == d->quote;
    for (i = in; i < s.n; i++) {
        bool more = i + 1 < s.n;
        char next = more ? s.p[i + 1] : 0;
        bool takes =
            more && (next == d->delim || next == d->escape || (d->has_quote && next == d->quote));
        if (s.p[i] == d->escape && takes) {
            out[n++] = s.p[++i];
        } else if (in && s.p[i] == d->quote) {
            if (next != d->quote || !more)
                in = false;
            else
                out[n++] = s.p[++i];
        } else {
            out[n++] = s.p[i];
        }
    }
    return (struct str){out, n};
}

struct str csv_field_inner(const struct csv_dialect *d, struct str raw, bool *was_quoted,
                           bool *has_double)
{
    struct str s = d->trim ? csv_trim(raw) : raw;
    *was_quoted = *has_double = false;
    if (d->has_escape && s.n && memchr(s.p, d->escape, s.n)) {
        *was_quoted = d->has_quote && s.p[0] == d->quote;
        *has_double = true; /* csv_field_text takes the escapes out */
        return s;
    }
    if (!d->has_quote || s.n == 0 || s.p[0] != d->quote) return s;
    size_t close = closing_quote(s, d->quote, has_double);
    *was_quoted = true;
    if (close == s.n - 1) return (struct str){s.p + 1, s.n - 2}; /* the usual case */
    *has_double =
        true; /* text after the closing quote, or no closing quote: csv_field_text joins */
    return s;
}

/* Quoted text taken out of its quotes, doubled quotes made single; text after the closing quote is
 * kept as it stands. */
static struct str unquote(const struct csv_dialect *d, struct str s, struct arena *side)
{
    char *out = arena_alloc(side, s.n + 16); /* readers may look past the end (text.c) */
    size_t n = 0, i = 1;
    for (; i < s.n; i++) {
        if (s.p[i] == d->quote) {
            if (i + 1 == s.n || s.p[i + 1] != d->quote) break;
            i++;
        }
        out[n++] = s.p[i];
    }
    for (i++; i < s.n; i++)
        out[n++] = s.p[i];
    return (struct str){out, n};
}

struct str csv_field_text(const struct csv_dialect *d, struct str raw, struct arena *side,
                          bool *was_quoted)
{
    bool has_double;
    struct str s = csv_field_inner(d, raw, was_quoted, &has_double);
    if (!has_double) return s;
    struct str whole = d->trim ? csv_trim(raw) : raw;
    if (d->has_escape && memchr(whole.p, d->escape, whole.n)) return unescape(d, whole, side);
    return unquote(d, whole, side);
}

bool csv_is_na(const struct csv_dialect *d, struct str text)
{
    if (!(d->na_lengths >> (text.n < 63 ? text.n : 63) & 1)) return false;
    for (int i = 0; i < d->n_na; i++)
        if (str_eq(d->na[i], text)) return true;
    return false;
}

bool csv_is_null_word(struct str t)
{
    return (t.n == 2 && memcmp(t.p, "NA", 2) == 0) ||
           (t.n == 4 && (memcmp(t.p, "null", 4) == 0 || memcmp(t.p, "NULL", 4) == 0));
}

/* Whole number, decimal, inf or NaN; 0 when it is none. */
static uint32_t classify_number(struct str t, struct csv_value *v)
{
    size_t i = t.p[0] == '-' || t.p[0] == '+';
    bool zero = t.n > i + 1 && t.p[i] == '0' && is_digit(t.p[i + 1]);
    bool plain = i < t.n;
    for (size_t k = i; k < t.n && plain; k++)
        plain = is_digit(t.p[k]);
    if (plain && int_parse(t.p, t.n, &v->i)) return CSV_INT | (zero ? CSV_ZERO : 0);
    if (i == t.n || !num_parse(t.p, t.n, &v->f)) return 0;
    if (isnan(v->f)) return CSV_NAN;
    return CSV_NUM | (zero ? CSV_ZERO : 0);
}

/* 1,5 as 1.5; a number with a point is none there. */
static uint32_t classify_comma(struct str t, struct csv_value *v)
{
    char plain[64];
    char *comma;
    if (t.n >= sizeof plain || memchr(t.p, '.', t.n)) return 0;
    memcpy(plain, t.p, t.n);
    plain[t.n] = 0;
    if ((comma = memchr(plain, ',', t.n))) *comma = '.';
    return classify_number((struct str){plain, t.n}, v);
}

static uint32_t classify_format(const struct csv_dialect *d, struct str t, struct csv_value *v)
{
    int64_t us;
    if (!time_parse(t, d->date_format, &us)) return 0;
    bool has_time = false;
    for (size_t i = 0; i + 1 < d->date_format.n; i++)
        if (d->date_format.p[i] == '%' && strchr("HIMSfTRp", d->date_format.p[i + 1]))
            has_time = true;
    v->i = has_time ? us : civil_day_of_us(us);
    return has_time ? CSV_TIME : CSV_DATE;
}

static uint32_t classify_time(struct str t, struct csv_value *v)
{
    int32_t days;
    bool has_zone;
    if (t.n < 10 || t.p[4] != '-' || t.p[7] != '-') return 0;
    if (date_parse(t.p, t.n, &days)) {
        v->i = days;
        return CSV_DATE;
    }
    if (t.n > 40 || !datetime_parse(t.p, t.n, &v->i, &has_zone)) return 0;
    return has_zone ? CSV_ZONED : CSV_TIME;
}

static uint32_t classify_word(struct str t, struct csv_value *v)
{
    if (csv_is_null_word(t)) return 0;
    v->i = t.n == 4;
    if (str_eq_nocase(t, STR("true")) || str_eq_nocase(t, STR("false"))) return CSV_BOOL;
    if (t.n > 9) return CSV_TEXT;
    uint32_t k = classify_number(t, v); /* inf, infinity, nan */
    return k ? k : CSV_TEXT;
}

uint32_t csv_classify(const struct csv_dialect *d, struct str raw, struct csv_value *v)
{
    bool was_quoted, has_double;
    struct str s = csv_field_inner(d, raw, &was_quoted, &has_double);
    if (d->na_any && csv_is_na(d, s)) return 0;
    if (has_double) return CSV_TEXT;
    struct str t = csv_trim(s);
    if (t.n == 0) return 0;
    if (d->date_format.n) {
        uint32_t day = classify_format(d, t, v);
        if (day) return day;
    }
    if ((t.p[0] | 32) >= 'a' && (t.p[0] | 32) <= 'z') return classify_word(t, v);
    uint32_t k = d->decimal ? classify_comma(t, v) : classify_number(t, v);
    if (!k) k = classify_time(t, v);
    return k ? k : CSV_TEXT;
}

enum kind csv_kind_of(uint32_t kinds)
{
    uint32_t k = kinds & ~(uint32_t)CSV_NAN;
    if (k == CSV_BOOL) return KIND_BOOL;
    if (k == CSV_INT) return KIND_INT;
    if (k == CSV_NUM || k == (CSV_INT | CSV_NUM) || kinds == CSV_NAN) return KIND_NUM;
    if (k == CSV_DATE) return KIND_DATE;
    if (k == CSV_TIME || k == (CSV_DATE | CSV_TIME) || k == CSV_ZONED) return KIND_DATETIME;
    return KIND_STR;
}

static enum csv_fit fit_int(uint32_t k, struct csv_value *v)
{
    if (k & CSV_INT) return CSV_FITS;
    if (!(k & CSV_NUM) || v->f != rint(v->f) || fabs(v->f) >= 0x1p63) return CSV_MISFIT;
    v->i = (int64_t)v->f;
    return CSV_FITS;
}

static enum csv_fit fit_num(uint32_t k, struct str raw, struct csv_value *v)
{
    bool minus_zero = (k & CSV_INT) && v->i == 0 && memchr(raw.p, '-', raw.n);
    if (k & CSV_INT) v->f = minus_zero ? -0.0 : (double)v->i;
    return k & (CSV_INT | CSV_NUM) ? CSV_FITS : CSV_MISFIT;
}

static enum csv_fit fit_bool(uint32_t k, struct csv_value *v)
{
    bool is_digit = k == CSV_INT && (v->i == 0 || v->i == 1);
    return k == CSV_BOOL || is_digit ? CSV_FITS : CSV_MISFIT;
}

static enum csv_fit fit_date(uint32_t k, struct csv_value *v)
{
    if (k == CSV_DATE) return CSV_FITS;
    if (k != CSV_TIME || v->i % US_PER_DAY != 0) return CSV_MISFIT;
    v->i /= US_PER_DAY;
    return CSV_FITS;
}

static enum csv_fit fit_datetime(uint32_t k, struct csv_value *v)
{
    if (k == CSV_DATE) v->i *= US_PER_DAY;
    return k & (CSV_DATE | CSV_TIME | CSV_ZONED) ? CSV_FITS : CSV_MISFIT;
}

enum csv_fit csv_convert(const struct csv_dialect *d, enum kind kind, struct str raw,
                         struct csv_value *v)
{
    uint32_t k = csv_classify(d, raw, v);
    if (k == 0 || k == CSV_NAN) return CSV_IS_NULL;
    switch (kind) {
    case KIND_INT: return fit_int(k, v);
    case KIND_NUM: return fit_num(k, raw, v);
    case KIND_BOOL: return fit_bool(k, v);
    case KIND_DATE: return fit_date(k, v);
    case KIND_DATETIME: return fit_datetime(k, v);
    default: return CSV_MISFIT;
    }
}
