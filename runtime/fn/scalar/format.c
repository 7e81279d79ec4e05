/* format.c: the hidden format(x, spec) of f-strings: Python's format mini-language
 *   [[fill]align][sign][#][0][width][, or _][.precision][type]
 * for numbers, text and bools, strftime patterns for dates and datetimes. Null is written `null`,
 * padded to the width. Source of the rules: Python's documentation, "Format Specification
 * Mini-Language". */
#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/base/utf8.h"
#include "runtime/fn/scalar/cast.h"
#include "runtime/fn/scalar/text.h"

#include <inttypes.h>
#include <math.h>

struct spec {
    char fill[4];
    int n_fill;
    char align; /* < > ^ = or 0 for the kind's own */
    char sign;  /* + - blank */
    bool alt;
    int width;
    char group;         /* , _ or 0 */
    int precision;      /* -1: none */
    char type;          /* 0: none */
    struct str pattern; /* times: strftime, when it holds a % */
};

#define WIDTH_MAX     10000
#define PRECISION_MAX 1000

/* ---- reading a spec ---- */
static bool is_align(char c)
{
    return c == '<' || c == '>' || c == '^' || c == '=';
}

/* Whether a fill character is given. */
static bool read_align(struct str *s, struct spec *f)
{
    uint32_t cp;
    if (s->n == 0) return false;
    int k = utf8_next(s->p, s->n, &cp);
    if ((size_t)k < s->n && is_align(s->p[k])) {
        f->n_fill = utf8_put(cp, f->fill);
        f->align = s->p[k];
        s->p += k + 1;
        s->n -= (size_t)k + 1;
        return true;
    }
    if (is_align(s->p[0])) {
        f->align = s->p[0];
        s->p++;
        s->n--;
    }
    return false;
}

static bool take(struct str *s, const char *any, char *out)
{
    if (s->n == 0 || s->p[0] == '\0' || !strchr(any, s->p[0])) return false;
    if (out) *out = s->p[0];
    s->p++;
    s->n--;
    return true;
}

static bool take_number(struct str *s, int max, int *out)
{
    char c;
    int n = 0;
    *out = 0;
    while (take(s, "0123456789", &c)) {
        n++;
        if (*out <= max) *out = *out * 10 + (c - '0');
    }
    return n > 0 && *out <= max;
}

static bool read_spec(struct str s, struct spec *f)
{
    *f = (struct spec){.fill = " ", .n_fill = 1, .sign = '-', .precision = -1};
    bool has_fill = read_align(&s, f);
    take(&s, "+- ", &f->sign);
    f->alt = take(&s, "#", NULL);
    if (s.n > 0 && s.p[0] == '0') {
        take(&s, "0", NULL);
        if (!has_fill) f->fill[0] = '0';
        if (!f->align) f->align = '=';
    }
    if (s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9' && !take_number(&s, WIDTH_MAX, &f->width))
        return false;
    take(&s, ",_", &f->group);
    if (take(&s, ".", NULL) && !take_number(&s, PRECISION_MAX, &f->precision)) return false;
    if (s.n == 1) f->type = s.p[0];
    return s.n <= 1;
}

static const char *types_of(enum kind k)
{
    switch (k) {
    case KIND_INT: return "bcdoxXneEfFgG%";
    case KIND_NUM: return "neEfFgG%";
    case KIND_BOOL: return "sd";
    default: return "s";
    }
}

static rc fail_spec(struct fn_eval *e, struct str s, enum kind kind)
{
    (void)fail(e->cx, E209, e->span, "\"%.*s\" is no format for %s", STR_FMT(s), kind_name(kind));
    switch (kind) {
    case KIND_INT:
    case KIND_NUM:
        (void)err_note(e->cx, "as in Python: .2f two digits, , thousands, >8 eight wide, .1%% per "
                              "cent");
        return err_hint(e->cx, "f\"{x:,.2f}\"");
    case KIND_DATE:
    case KIND_DATETIME: return err_hint(e->cx, "f\"{t:%%Y-%%m-%%d %%H:%%M}\"");
    default:
        (void)err_note(e->cx, "as in Python: >8 eight wide, .3 the first three characters");
        return err_hint(e->cx, "f\"{x:>8}\"");
    }
}

static enum rc_t prepare_format(struct fn_eval *e, struct arena *arena, void **out)
{
    TRY(need_const(e, 1, "format", "the format"));
    struct spec *f = ARENA_NEW(arena, struct spec);
    struct str s = e->consts[1].is_null ? STR("") : e->consts[1].u.s;
    enum kind kind = e->arg_types[0].kind;
    *out = f;
    if ((kind == KIND_DATE || kind == KIND_DATETIME) && s.n && memchr(s.p, '%', s.n)) {
        *f = (struct spec){.fill = " ", .n_fill = 1, .precision = -1};
        f->pattern = arena_str(arena, s);
        return RC_OK;
    }
    if (!read_spec(s, f)) return fail_spec(e, s, kind);
    if (f->type && !strchr(types_of(kind), f->type)) return fail_spec(e, s, kind);
    bool is_number = kind == KIND_INT || kind == KIND_NUM;
    if (!is_number && (f->align == '=' || f->group)) {
        if (f->group || f->fill[0] != '0') return fail_spec(e, s, kind);
        f->align = 0; /* a leading 0 pads text with 0 on the right, as Python does */
    }
    if (kind == KIND_INT && f->precision >= 0 && (!f->type || strchr("bcdoxX", f->type)))
        return fail_spec(e, s, kind);
    return RC_OK;
}

/* ---- writing ---- */

/* Digits with separators every `step` from the right, at least `width` of them with the separators
 * (zero padding counts into it). */
static void put_grouped(struct strbuf *b, struct str digits, char sep, int step, int width)
{
    int64_t n = (int64_t)digits.n, total = n;
    while (sep && total + (total - 1) / step < width)
        total++;
    /* a separator may not come first */
    for (int64_t k = total; k > 0; k--) {
        strbuf_addc(b, k > n ? '0' : digits.p[n - k]);
        if (sep && k > 1 && (k - 1) % step == 0) strbuf_addc(b, sep);
    }
}

static void put_fill(struct strbuf *b, const struct spec *f, int64_t n)
{
    for (int64_t k = 0; k < n; k++)
        strbuf_add(b, f->fill, (size_t)f->n_fill);
}

/* Digits before the point (grouped, and with zeros up to the width where 0 pads), then the rest. */
static void put_body(struct strbuf *b, const struct spec *f, int outside, struct str whole,
                     struct str rest)
{
    bool zeros = f->align == '=' && f->fill[0] == '0' && f->n_fill == 1;
    bool is_hex = f->type == 'x' || f->type == 'X';
    bool is_digits = is_hex || (whole.n > 0 && whole.p[0] >= '0' && whole.p[0] <= '9');
    int step = f->type && strchr("boxX", f->type) ? 4 : 3;
    int width = f->width - outside - (int)rest.n;
    if (is_digits)
        put_grouped(b, whole, f->group, step, zeros ? width : 0);
    else
        strbuf_adds(b, whole);
    strbuf_adds(b, rest);
}

/* sign, prefix, digits before the point, rest: grouped, padded, aligned. */
static void put_number(struct strbuf *b, const struct spec *f, bool is_negative, const char *prefix,
                       struct str whole, struct str rest)
{
    char sign[2] = {is_negative ? '-' : f->sign == '-' ? '\0' : f->sign, '\0'};
    int outside = (int)(strlen(sign) + strlen(prefix));
    struct strbuf body = {0};
    put_body(&body, f, outside, whole, rest);
    int64_t used = text_points(strbuf_view(&body)) + outside;
    int64_t more = f->width > used ? f->width - used : 0;
    char align = f->align ? f->align : '>';
    int64_t before = align == '>' ? more : align == '^' ? more / 2 : 0;
    int64_t inside = align == '=' ? more : 0;
    put_fill(b, f, before);
    strbuf_addz(b, sign);
    strbuf_addz(b, prefix);
    put_fill(b, f, inside);
    strbuf_adds(b, strbuf_view(&body));
    put_fill(b, f, more - before - inside);
    strbuf_release(&body);
}

static void put_int(struct strbuf *b, const struct spec *f, int64_t x)
{
    char buf[72];
    int n = 0;
    uint64_t u = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    char type = f->type ? f->type : 'd';
    if (type == 'c') {
        char point[4];
        n = utf8_put(x < 0 || x > 0x10FFFF ? 0xFFFD : (uint32_t)x, point);
        put_number(b, f, false, "", (struct str){point, (size_t)n}, STR(""));
        return;
    }
    unsigned base = type == 'b' ? 2 : type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
    const char *digits = type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char *end = buf + sizeof buf, *p = end;
    do {
        *--p = digits[u % base];
        u /= base;
    } while (u);
    char prefix[3] = "";
    if (f->alt && base != 10) {
        prefix[0] = '0';
        prefix[1] = type;
    }
    put_number(b, f, x < 0, prefix, (struct str){p, (size_t)(end - p)}, STR(""));
}

/* Takes the zeros (and the point) before the exponent at `at` out. */
static void strip_zeros(char *buf, char *at)
{
    char *dot = memchr(buf, '.', (size_t)(at - buf)), *last = at;
    if (!dot) return;
    while (last > dot && (last[-1] == '0' || last[-1] == '.'))
        if (*--last == '.') break;
    memmove(last, at, strlen(at) + 1);
}

/* Python's rule for no type letter: as g, but with one digit after the point at least, and with an
 * exponent one digit sooner. */
static void plain_with_precision(char *buf, size_t cap, double x, int precision, bool alt)
{
    int p = precision > 0 ? precision : 1, exponent = 0;
    snprintf(buf, cap, alt ? "%#.*e" : "%.*e", p - 1, x);
    char *at = strchr(buf, 'e');
    if (at) exponent = (int)strtol(at + 1, NULL, 10);
    if (exponent < -4 || exponent + 1 > p - 1) {
        if (!alt) strip_zeros(buf, at);
        return;
    }
    snprintf(buf, cap, alt ? "%#.*g" : "%.*g", p, x);
    if (!strchr(buf, '.') && !strchr(buf, 'e')) {
        size_t n = strlen(buf);
        snprintf(buf + n, cap - n, ".0");
    }
}

static void number_text(char *buf, size_t cap, const struct spec *f, double x)
{
    int p = f->precision < 0 ? 6 : f->precision;
    switch (f->type) {
    case 'e': snprintf(buf, cap, f->alt ? "%#.*e" : "%.*e", p, x); break;
    case 'E': snprintf(buf, cap, f->alt ? "%#.*E" : "%.*E", p, x); break;
    case 'f':
    case 'F': snprintf(buf, cap, f->alt ? "%#.*f" : "%.*f", p, x); break;
    case '%': snprintf(buf, cap, f->alt ? "%#.*f%%" : "%.*f%%", p, x * 100); break;
    case 'n':
    case 'g': snprintf(buf, cap, f->alt ? "%#.*g" : "%.*g", p, x); break;
    case 'G': snprintf(buf, cap, f->alt ? "%#.*G" : "%.*G", p, x); break;
    default:
        if (f->precision >= 0)
            plain_with_precision(buf, cap, x, f->precision, f->alt);
        else if (cap >= NUM_TEXT_MAX)
            num_format(x, buf);
    }
}

static void put_num(struct strbuf *b, const struct spec *f, double x)
{
    struct strbuf text = {0};
    size_t cap = (size_t)(f->precision < 0 ? 6 : f->precision) + 340;
    char *buf = strbuf_grow(&text, cap);
    bool is_negative = signbit(x);
    if (isinf(x))
        snprintf(buf, cap, "%s%s", f->type && strchr("EFG", f->type) ? "INF" : "inf",
                 f->type == '%' ? "%" : "");
    else
        number_text(buf, cap, f, fabs(x));
    size_t n = strlen(buf), whole = 0;
    while (whole < n && buf[whole] >= '0' && buf[whole] <= '9')
        whole++;
    if (whole == 0) whole = n;
    put_number(b, f, is_negative, "", (struct str){buf, whole},
               (struct str){buf + whole, n - whole});
    strbuf_release(&text);
}

static void put_text(struct strbuf *b, const struct spec *f, struct str s, char own_align)
{
    if (f->precision >= 0) s = text_part(s, 0, f->precision);
    int64_t used = text_points(s), more = f->width > used ? f->width - used : 0;
    char align = f->align ? f->align : own_align;
    int64_t before = align == '>' || align == '=' ? more : align == '^' ? more / 2 : 0;
    put_fill(b, f, before);
    strbuf_adds(b, s);
    put_fill(b, f, more - before);
}

static void put_null(struct strbuf *b, const struct spec *f, enum kind kind)
{
    struct spec plain = *f;
    bool is_number = kind == KIND_INT || kind == KIND_NUM;
    plain.precision = -1;
    if (is_number && plain.fill[0] == '0') plain.fill[0] = ' ';
    put_text(b, &plain, STR("null"), is_number ? '>' : '<');
}

static void put_formatted(struct strbuf *b, const struct fn_eval *e, const struct vec *v, int64_t i)
{
    const struct spec *f = e->prepared;
    enum kind kind = e->arg_types[0].kind;
    struct strbuf text = {0};
    if (!vec_valid(v, i)) {
        put_null(b, f, kind);
    } else if (kind == KIND_NUM || (kind == KIND_INT && f->type && strchr("eEfFgG%", f->type))) {
        put_num(b, f, kind == KIND_NUM ? vec_f64(v, i) : (double)vec_i64(v, i));
    } else if (kind == KIND_INT) {
        put_int(b, f, vec_i64(v, i));
    } else if (kind == KIND_BOOL && f->type == 'd') {
        put_int(b, f, vec_bool(v, i));
    } else if (f->pattern.n) {
        time_format(b, kind == KIND_DATE ? vec_i32(v, i) * US_PER_DAY : vec_i64(v, i), f->pattern);
    } else {
        put_value(&text, e->arg_types[0], v, i);
        put_text(b, f, strbuf_view(&text), '<');
    }
    strbuf_release(&text);
}

static enum rc_t format(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    for (int64_t i = 0; i < n; i++) {
        strbuf_clear(&b);
        put_formatted(&b, e, &args[0], i);
        r[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    out->heap = NULL;
    return RC_OK;
}

static const struct fn_overload format_overloads[] = {
    OV2(KIND_INT, KIND_STR, KIND_STR, format),      OV2(KIND_NUM, KIND_STR, KIND_STR, format),
    OV2(KIND_STR, KIND_STR, KIND_STR, format),      OV2(KIND_BOOL, KIND_STR, KIND_STR, format),
    OV2(KIND_DATE, KIND_STR, KIND_STR, format),     OV2(KIND_DATETIME, KIND_STR, KIND_STR, format),
    OV2(KIND_DURATION, KIND_STR, KIND_STR, format),
};
const struct fn_desc fn_format = {
    .name = "format",
    .sig = "format(x, spec: str) -> str",
    .doc =
        "x as an f-string writes it: Python's format marks for numbers and text, strftime patterns "
        "for times.",
    .example = "f\"{1234.5:,.2f}\"  #> \"1,234.50\"",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = format_overloads,
    .n_overloads = COUNT(format_overloads),
    .prepare = prepare_format,
};
