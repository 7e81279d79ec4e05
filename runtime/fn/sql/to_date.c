/* to_date.c: to_date and to_timestamp by a pattern. As PostgreSQL: blanks are passed over, a number
 * takes as many digits as its pattern has places (more when a literal follows YYYY). */
#include "runtime/base/civil.h"
#include "runtime/fn/sql/pattern.h"
#include "runtime/fn/sql/sql.h"

#include <inttypes.h>

struct parts {
    int year, month, day, yearday, hour, minute, second, micro;
    bool is_pm, has_half, has_yearday;
};

static void skip_blanks(struct str *s)
{
    while (s->n && (s->p[0] == ' ' || s->p[0] == '\t'))
        *s = (struct str){s->p + 1, s->n - 1};
}
static bool take_number(struct str *s, int most, int *out, int *taken)
{
    int n = 0, x = 0;
    skip_blanks(s);
    while (n < most && s->n && s->p[0] >= '0' && s->p[0] <= '9') {
        x = x * 10 + (s->p[0] - '0');
        *s = (struct str){s->p + 1, s->n - 1};
        n++;
    }
    *out = x;
    if (taken) *taken = n;
    return n > 0;
}
/* Index of the name that begins s, -1 when none; short names have 3 letters. */
static int take_name(struct str *s, const char *const *names, int n, bool is_short)
{
    skip_blanks(s);
    for (int i = 0; i < n; i++) {
        size_t len = is_short ? 3 : strlen(names[i]);
        if (s->n < len || !str_eq_nocase((struct str){s->p, len}, (struct str){names[i], len}))
            continue;
        *s = (struct str){s->p + len, s->n - len};
        return i;
    }
    return -1;
}
static bool take_half(struct str *s, struct parts *p, bool dots)
{
    size_t len = dots ? 4 : 2;
    skip_blanks(s);
    if (s->n < len || ((s->p[0] | 0x20) != 'a' && (s->p[0] | 0x20) != 'p')) return false;
    p->is_pm = (s->p[0] | 0x20) == 'p';
    p->has_half = true;
    *s = (struct str){s->p + len, s->n - len};
    return true;
}
/* Thousandths or millionths: `.5` of MS is 500. */
static bool take_fraction(struct str *s, int places, int *micro)
{
    int n, taken;
    if (!take_number(s, places, &n, &taken)) return false;
    for (int i = taken; i < 6; i++)
        n *= 10;
    *micro = n;
    return true;
}

static bool take_token(struct str *s, const struct time_token *t, bool digits_follow,
                       struct parts *p)
{
    int k, unused;
    switch (t->kind) {
    case TP_YYYY:
    case TP_IYYY: return take_number(s, digits_follow ? 4 : 9, &p->year, NULL);
    case TP_YCYYY:
        if (!take_number(s, 3, &k, NULL) || s->n == 0 || s->p[0] != ',') return false;
        *s = (struct str){s->p + 1, s->n - 1};
        if (!take_number(s, 3, &p->year, NULL)) return false;
        p->year += k * 1000;
        return true;
    case TP_YYY:
    case TP_YY:
    case TP_Y:
        if (!take_number(s, t->kind == TP_YYY ? 3 : t->kind == TP_YY ? 2 : 1, &p->year, NULL))
            return false;
        p->year += p->year < 70 ? 2000 : p->year < 100 ? 1900 : 1000; /* nearest to 2020 */
        return true;
    case TP_MONTH:
    case TP_MON:
        p->month = take_name(s, month_names, 12, t->kind == TP_MON) + 1;
        return p->month > 0;
    case TP_DAY:
    case TP_DY: return take_name(s, day_names, 7, t->kind == TP_DY) >= 0;
    case TP_MM: return take_number(s, 2, &p->month, NULL);
    case TP_DD: return take_number(s, 2, &p->day, NULL);
    case TP_DDD: p->has_yearday = true; return take_number(s, 3, &p->yearday, NULL);
    case TP_HH24:
    case TP_HH12: return take_number(s, 2, &p->hour, NULL);
    case TP_MI: return take_number(s, 2, &p->minute, NULL);
    case TP_SS: return take_number(s, 2, &p->second, NULL);
    case TP_MS: return take_fraction(s, 3, &p->micro);
    case TP_US: return take_fraction(s, 6, &p->micro);
    case TP_AM: return take_half(s, p, false);
    case TP_A_M: return take_half(s, p, true);
    default: return take_number(s, 9, &unused, NULL); /* weeks, quarters ..: not looked at */
    }
}

static bool is_digit_pattern(const struct str *rest)
{
    struct str copy = *rest;
    struct time_token t;
    return time_token_next(&copy, &t) && t.kind != TP_TEXT && t.kind != TP_MONTH &&
           t.kind != TP_MON && t.kind != TP_DAY && t.kind != TP_DY && t.kind != TP_AM &&
           t.kind != TP_A_M;
}

static bool read_parts(struct str s, struct str pattern, struct parts *p)
{
    struct time_token t;
    *p = (struct parts){.year = 1, .month = 1, .day = 1};
    while (time_token_next(&pattern, &t)) {
        if (t.kind != TP_TEXT) {
            if (s.n == 0) return true; /* what is not there keeps its default */
            if (!take_token(&s, &t, is_digit_pattern(&pattern), p)) return false;
            continue;
        }
        bool is_blank = t.text.n == 1 && t.text.p[0] == ' ';
        if (is_blank) {
            skip_blanks(&s);
            continue;
        }
        size_t n = t.text.n < s.n ? t.text.n : s.n; /* any separator fits a separator */
        s = (struct str){s.p + n, s.n - n};
    }
    return true;
}

static bool instant_of(const struct parts *p, int64_t *out)
{
    int hour = p->hour;
    if (p->has_half) {
        if (hour < 1 || hour > 12) return false;
        hour = hour % 12 + (p->is_pm ? 12 : 0);
    }
    if (p->month < 1 || p->month > 12 || p->year < 1 || p->year > 9999 || hour > 23 ||
        p->minute > 59 || p->second > 59)
        return false;
    int64_t day;
    if (p->has_yearday) {
        if (p->yearday < 1 || p->yearday > 366) return false;
        day = civil_days(p->year, 1, 1) + p->yearday - 1;
    } else {
        if (p->day < 1 || p->day > civil_month_length(p->year, p->month)) return false;
        day = civil_days(p->year, p->month, p->day);
    }
    *out = day * US_PER_DAY + hour * US_PER_HOUR + p->minute * US_PER_MINUTE +
           p->second * US_PER_SECOND + p->micro;
    return true;
}

static rc read_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *out)
{
    struct parts p;
    struct str s = vec_str(&args[0], i), pattern = vec_str(&args[1], i);
    if (read_parts(s, pattern, &p) && instant_of(&p, out)) return RC_OK;
    return fail(e->cx, E317, e->span, "\"%.*s\" in row %" PRId64 " is no time of the form %.*s",
                (int)(s.n < 60 ? s.n : 60), s.p, e->first_row + i + 1, STR_FMT(pattern));
}
static enum rc_t to_timestamp(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (bit_valid(live, i)) TRY(read_row(e, args, i, &r[i]));
    }
    return RC_OK;
}
static enum rc_t to_date(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int32_t *r = (int32_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        int64_t us = 0;
        if (bit_valid(live, i)) TRY(read_row(e, args, i, &us));
        r[i] = (int32_t)civil_day_of_us(us);
    }
    return RC_OK;
}
static const struct fn_overload sql_to_timestamp_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_DATETIME, to_timestamp),
};
SQL_FN(sql_to_timestamp, "sql_to_timestamp(x: str, pattern: str) -> datetime",
       "SQL's to_timestamp by a pattern.",
       "sql_to_timestamp(\"31.01.2019 08:30\", \"DD.MM.YYYY HH24:MI\")  #> 2019-01-31 08:30:00", 0,
       .nulls = FN_ANY_NULL);
static const struct fn_overload sql_to_date_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_DATE, to_date),
};
SQL_FN(sql_to_date, "sql_to_date(x: str, pattern: str) -> date", "SQL's to_date by a pattern.",
       "sql_to_date(\"05 Dec 2000\", \"DD Mon YYYY\")  #> 2000-12-05", 0, .nulls = FN_ANY_NULL);
