/* to_char.c: to_char of times and numbers, to_number. */
#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/fn/sql/pattern.h"
#include "runtime/fn/sql/sql.h"

#include <inttypes.h>
#include <math.h>

/* ---- times ---- */
static void put_cased(struct strbuf *b, const char *name, size_t n, enum letter_case letters,
                      size_t width)
{
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        bool up = letters == CASE_UPPER || (letters == CASE_TITLE && i == 0);
        strbuf_addc(b, !is_letter ? c : (char)(up ? c & ~0x20 : c | 0x20));
    }
    if (width > n) strbuf_fill(b, ' ', width - n);
}
static const char *ordinal_of(int64_t x)
{
    int64_t t = x < 0 ? -x : x;
    if (t % 100 >= 11 && t % 100 <= 13) return "th";
    return t % 10 == 1 ? "st" : t % 10 == 2 ? "nd" : t % 10 == 3 ? "rd" : "th";
}
static void put_number(struct strbuf *b, const struct time_token *t, int64_t x, int width)
{
    strbuf_printf(b, "%0*" PRId64, t->fill_off ? 0 : width, x);
    if (!t->ordinal) return;
    const char *th = ordinal_of(x);
    put_cased(b, th, 2, t->letters == CASE_LOWER ? CASE_LOWER : CASE_UPPER, 0);
}
static int iso_year(int64_t day)
{
    int32_t y, m, d;
    civil_from_days(day + 4 - civil_weekday(day), &y, &m, &d);
    return y;
}

static void put_name(struct strbuf *b, const struct time_token *t, const char *name, bool is_short)
{
    size_t n = is_short ? 3 : strlen(name);
    put_cased(b, name, n, t->letters, is_short || t->fill_off ? 0 : 9);
}

/* The date's part of a pattern; false when the token is of the clock. */
static bool put_date(struct strbuf *b, const struct time_token *t, const struct civil *c,
                     int64_t day)
{
    int yearday = civil_yearday(day), weekday = civil_weekday(day);
    switch (t->kind) {
    case TP_YYYY: put_number(b, t, c->year, 4); return true;
    case TP_YCYYY: strbuf_printf(b, "%d,%03d", c->year / 1000, c->year % 1000); return true;
    case TP_YYY: put_number(b, t, c->year % 1000, 3); return true;
    case TP_YY: put_number(b, t, c->year % 100, 2); return true;
    case TP_Y: put_number(b, t, c->year % 10, 1); return true;
    case TP_IYYY: put_number(b, t, iso_year(day), 4); return true;
    case TP_MONTH: put_name(b, t, month_names[c->month - 1], false); return true;
    case TP_MON: put_name(b, t, month_names[c->month - 1], true); return true;
    case TP_MM: put_number(b, t, c->month, 2); return true;
    case TP_DAY: put_name(b, t, day_names[weekday - 1], false); return true;
    case TP_DY: put_name(b, t, day_names[weekday - 1], true); return true;
    case TP_DDD: put_number(b, t, yearday, 3); return true;
    case TP_DD: put_number(b, t, c->day, 2); return true;
    case TP_ID: put_number(b, t, weekday, 1); return true;
    case TP_D: put_number(b, t, weekday % 7 + 1, 1); return true;
    case TP_WW: put_number(b, t, (yearday - 1) / 7 + 1, 2); return true;
    case TP_IW: put_number(b, t, civil_isoweek(day), 2); return true;
    case TP_W: put_number(b, t, (c->day - 1) / 7 + 1, 1); return true;
    case TP_CC: put_number(b, t, (c->year + 99) / 100, 2); return true;
    case TP_J: put_number(b, t, day + 2440588, 0); return true;
    case TP_Q: put_number(b, t, (c->month - 1) / 3 + 1, 1); return true;
    default: return false;
    }
}
static void put_clock(struct strbuf *b, const struct time_token *t, const struct civil *c)
{
    int seconds = c->hour * 3600 + c->minute * 60 + c->second;
    switch (t->kind) {
    case TP_HH24: put_number(b, t, c->hour, 2); break;
    case TP_HH12: put_number(b, t, c->hour % 12 == 0 ? 12 : c->hour % 12, 2); break;
    case TP_MI: put_number(b, t, c->minute, 2); break;
    case TP_SSSS: put_number(b, t, seconds, 0); break;
    case TP_SS: put_number(b, t, c->second, 2); break;
    case TP_MS: put_number(b, t, c->micro / 1000, 3); break;
    case TP_US: put_number(b, t, c->micro, 6); break;
    case TP_AM: put_cased(b, c->hour < 12 ? "am" : "pm", 2, t->letters, 0); break;
    case TP_A_M: put_cased(b, c->hour < 12 ? "a.m." : "p.m.", 4, t->letters, 0); break;
    default: break; /* TZ: there is none */
    }
}
static enum rc_t time_row(struct fn_eval *e, const struct vec *args, int64_t i, struct strbuf *b,
                          bool *is_null)
{
    bool is_date = e->arg_types[0].kind == KIND_DATE;
    int64_t us = is_date ? vec_i32(&args[0], i) * US_PER_DAY : vec_i64(&args[0], i);
    int64_t day = civil_day_of_us(us);
    struct str pattern = vec_str(&args[1], i);
    struct time_token t;
    struct civil c;
    (void)is_null;
    civil_from_us(us, &c);
    while (time_token_next(&pattern, &t)) {
        if (t.kind == TP_TEXT)
            strbuf_adds(b, t.text);
        else if (!put_date(b, &t, &c, day))
            put_clock(b, &t, &c);
    }
    return RC_OK;
}

/* ---- numbers ---- */
struct shape {
    int whole, broken; /* digits before and after the point */
    int first_zero;    /* index of the first 0 before the point, or whole */
    int last_zero;     /* digits after the point that are always there */
    bool fill_off, has_point, ends_minus, starts_sign, ends_sign, angle, ordinal, has_plus;
};

/* Letters of the pattern: two at p as one of the words, 0 when none. */
enum word { WORD_NONE, WORD_FM, WORD_MI, WORD_PR, WORD_PL, WORD_TH };
static enum word word_at(struct str p, size_t i)
{
    static const char *const words[] = {"FM", "MI", "PR", "PL", "TH"};
    if (i + 1 >= p.n) return WORD_NONE;
    for (int k = 0; k < COUNT(words); k++)
        if (str_eq_nocase((struct str){p.p + i, 2}, (struct str){words[k], 2}))
            return (enum word)(k + 1);
    return WORD_NONE;
}
static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}
static size_t skip_quoted(struct str p, size_t i)
{
    for (i++; i < p.n && p.p[i] != '"'; i++) {}
    return i;
}

static void see_digit(struct shape *s, char c)
{
    if (s->has_point) {
        s->broken++;
        if (c == '0') s->last_zero = s->broken;
        return;
    }
    if (c == '0' && s->first_zero < 0) s->first_zero = s->whole;
    s->whole++;
}
static void see_word(struct shape *s, enum word w)
{
    s->fill_off = s->fill_off || w == WORD_FM;
    s->ends_minus = s->ends_minus || w == WORD_MI;
    s->angle = s->angle || w == WORD_PR;
    s->has_plus = s->has_plus || w == WORD_PL;
    s->ordinal = s->ordinal || w == WORD_TH;
}
static rc read_shape(struct fn_eval *e, struct str p, struct shape *s)
{
    *s = (struct shape){.first_zero = -1};
    for (size_t i = 0; i < p.n; i++) {
        char c = p.p[i], up = upper(c);
        enum word w = word_at(p, i);
        if (c == '9' || c == '0')
            see_digit(s, c);
        else if (c == '.' || up == 'D')
            s->has_point = true;
        else if (c == '"')
            i = skip_quoted(p, i);
        else if (w != WORD_NONE) {
            see_word(s, w);
            i++;
        } else if (up == 'S') {
            s->ends_sign = s->whole + s->broken > 0;
            s->starts_sign = !s->ends_sign;
        } else if (up == 'V' || up == 'R' || up == 'E') {
            return fail(e->cx, E209, e->span,
                        "`%c` in a pattern of numbers is not known here: 9 0 . , D G S MI PR PL FM "
                        "TH L",
                        c);
        }
    }
    if (s->first_zero < 0) s->first_zero = s->whole;
    return RC_OK;
}

/* Half away from zero as numeric rounds, then the digits. */
static int digits_of(double x, int broken, char *buf, size_t n)
{
    double scale = pow(10, broken), y = round(nextafter(x * scale, INFINITY)) / scale;
    return snprintf(buf, n, "%.*f", broken, y);
}

struct layout {
    const struct shape *s;
    const char *digits; /* of the whole part */
    int n_digits;
    int at;             /* places of the whole part written */
    bool any;           /* a digit was */
    bool is_zero_whole; /* 0.5 shows no 0 */
};

/* The place of one 9 or 0 before the point. */
static void put_place(struct strbuf *b, struct layout *l)
{
    int from = l->s->whole - l->n_digits, k = l->at - from;
    bool has = k >= 0 && !(l->is_zero_whole && l->at < l->s->first_zero);
    if (has) {
        strbuf_addc(b, l->digits[k]);
        l->any = true;
    } else if (l->at >= l->s->first_zero) {
        strbuf_addc(b, '0');
        l->any = true;
    } else if (!l->s->fill_off) {
        strbuf_addc(b, ' ');
    }
    l->at++;
}

/* A group's comma, once digits have begun. */
static void put_group(struct strbuf *b, const struct layout *l)
{
    if (l->any)
        strbuf_addc(b, ',');
    else if (!l->s->fill_off)
        strbuf_addc(b, ' ');
}

/* Digits, groups and the point in the pattern's order, without sign. */
static void put_body(struct strbuf *b, struct str p, struct layout *l, const char *broken)
{
    int shown = l->s->broken, k = 0;
    bool in_broken = false;
    while (l->s->fill_off && shown > l->s->last_zero && broken[shown - 1] == '0')
        shown--;
    for (size_t i = 0; i < p.n; i++) {
        char c = p.p[i], up = upper(c);
        bool is_digit = c == '9' || c == '0';
        if (is_digit && !in_broken) {
            put_place(b, l);
        } else if (is_digit) {
            if (k++ < shown) strbuf_addc(b, broken[k - 1]);
        } else if (c == '.' || up == 'D') {
            in_broken = true;
            strbuf_addc(b, '.');
        } else if (c == ',' || up == 'G') {
            put_group(b, l);
        } else if (c == '"') {
            size_t end = skip_quoted(p, i);
            strbuf_add(b, p.p + i + 1, end - i - 1);
            i = end;
        } else if (word_at(p, i) != WORD_NONE) {
            i++;
        } else if (up != 'L' && up != 'S') {
            strbuf_addc(b, c);
        } else if (up == 'L' && !l->s->fill_off) {
            strbuf_addc(b, ' ');
        }
    }
}

static void put_signed(struct strbuf *out, const struct shape *s, struct str body, bool negative)
{
    size_t lead = 0;
    while (lead < body.n && body.p[lead] == ' ')
        lead++;
    struct str blanks = {body.p, lead}, rest = {body.p + lead, body.n - lead};
    const char *before = "", *after = "";
    if (s->angle) {
        before = negative ? "<" : s->fill_off ? "" : " ";
        after = negative ? ">" : s->fill_off ? "" : " ";
    } else if (s->ends_minus) {
        after = negative ? "-" : s->fill_off ? "" : " ";
    } else if (s->ends_sign) {
        after = negative ? "-" : "+";
    } else if (s->starts_sign || s->has_plus) {
        before = negative ? "-" : "+";
    } else {
        before = negative ? "-" : s->fill_off ? "" : " ";
    }
    bool is_blank = before[0] == ' ';
    if (is_blank) strbuf_addc(out, ' ');
    strbuf_adds(out, blanks);
    if (!is_blank) strbuf_addz(out, before);
    strbuf_adds(out, rest);
    strbuf_addz(out, after);
}

static enum rc_t number_row(struct fn_eval *e, const struct vec *args, int64_t i, struct strbuf *b,
                            bool *is_null)
{
    bool is_int = e->arg_types[0].kind == KIND_INT;
    double x = is_int ? (double)vec_i64(&args[0], i) : vec_f64(&args[0], i);
    struct str pattern = vec_str(&args[1], i);
    struct shape s;
    char text[400];
    (void)is_null;
    TRY(read_shape(e, pattern, &s));
    if (!isfinite(x) || s.broken > 30) return sql_refuse(e, i, "to_char cannot write this number");
    int n = is_int
                ? snprintf(text, sizeof text, "%" PRId64 ".%0*d", vec_i64(&args[0], i), s.broken, 0)
                : digits_of(fabs(x), s.broken, text, sizeof text);
    char *digits = text + (text[0] == '-'), *point = strchr(digits, '.');
    int whole = (int)(point ? point - digits : text + n - digits);
    bool is_zero = whole == 1 && digits[0] == '0' && s.broken > 0 &&
                   !(s.fill_off && s.last_zero == 0 && x == 0); /* `0.`, not `.` alone */
    struct layout l = {.s = &s, .digits = digits, .n_digits = whole, .is_zero_whole = is_zero};
    struct strbuf body = {0};
    char hashes[64];
    bool fits = whole <= s.whole || is_zero;
    if (!fits) { /* does not fit: every digit becomes # */
        memset(hashes, '#', sizeof hashes);
        l.digits = hashes;
        l.n_digits = s.whole < 60 ? s.whole : 60;
        put_body(&body, pattern, &l, hashes);
    } else {
        put_body(&body, pattern, &l, point ? point + 1 : "");
    }
    put_signed(b, &s, strbuf_view(&body), x < 0);
    if (s.ordinal && x >= 0 && fits && fabs(x) < 9e18)
        strbuf_addz(b, ordinal_of((int64_t)round(x)));
    strbuf_release(&body);
    return RC_OK;
}

SQL_TEXT_KERNEL(time_text, time_row, false)
SQL_TEXT_KERNEL(number_text, number_row, false)
static const struct fn_overload sql_to_char_overloads[] = {
    OV2(KIND_INT, KIND_STR, KIND_STR, number_text),
    OV2(KIND_NUM, KIND_STR, KIND_STR, number_text),
    OV2(KIND_DATE, KIND_STR, KIND_STR, time_text),
    OV2(KIND_DATETIME, KIND_STR, KIND_STR, time_text),
};
SQL_FN(sql_to_char, "sql_to_char(x, pattern: str) -> str", "SQL's to_char.",
       "sql_to_char(@2019-01-31, \"DD.MM.YYYY\")  #> \"31.01.2019\"", 0, .nulls = FN_ANY_NULL);

/* to_number: the number in the text, whatever stands around it. */
static enum rc_t to_number(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    double *r = (double *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        char buf[64] = "";
        size_t k = 0;
        bool negative = false;
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        for (size_t at = 0; at < s.n && k < sizeof buf - 1; at++) {
            char c = s.p[at];
            negative = negative || c == '-' || c == '<';
            if ((c >= '0' && c <= '9') || c == '.') buf[k++] = c;
        }
        if (!num_parse(buf, k, &r[i]))
            return fail(e->cx, E317, e->span, "\"%.*s\" in row %" PRId64 " is not a number",
                        STR_FMT(s), e->first_row + i + 1);
        if (negative) r[i] = -r[i];
    }
    return RC_OK;
}
static const struct fn_overload sql_to_number_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_NUM, to_number),
};
SQL_FN(sql_to_number, "sql_to_number(x: str, pattern: str) -> num", "SQL's to_number.",
       "sql_to_number(\"12,454.8-\", \"99G999D9S\")  #> -12454.8", 0, .nulls = FN_ANY_NULL);
