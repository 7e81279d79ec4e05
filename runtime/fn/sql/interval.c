/* interval.c: reading and writing times as PostgreSQL does (its manual, chapter 8.5). */
#include "runtime/fn/sql/interval.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/fn/scalar/cast.h"

#include <inttypes.h>
#include <math.h>

/* ---- units ---- */
struct unit {
    const char *names; /* blank-separated, singular; an s may follow */
    int64_t months, us;
};
static const struct unit units[] = {
    {"microsecond us usec", 0, 1},
    {"millisecond ms msec", 0, 1000},
    {"second sec s", 0, US_PER_SECOND},
    {"minute min m", 0, US_PER_MINUTE},
    {"hour hr h", 0, US_PER_HOUR},
    {"day d", 0, US_PER_DAY},
    {"week w", 0, 7 * US_PER_DAY},
    {"month mon", 1, 0},
    {"year yr y", 12, 0},
    {"decade dec", 120, 0},
    {"century cent c", 1200, 0},
    {"millennium mil", 12000, 0},
};

static bool is_named(const char *names, struct str name)
{
    for (const char *p = names; *p;) {
        size_t len = strcspn(p, " ");
        if (str_eq_nocase((struct str){p, len}, name)) return true;
        p += len + (p[len] == ' ');
    }
    return false;
}

static const struct unit *unit_of(struct str name)
{
    struct str bare = name;
    if (str_eq_nocase(name, STR("centuries"))) bare = STR("century");
    if (str_eq_nocase(name, STR("millennia"))) bare = STR("millennium");
    for (int i = 0; i < COUNT(units); i++)
        if (is_named(units[i].names, bare)) return &units[i];
    if (bare.n < 3 || (bare.p[bare.n - 1] | 0x20) != 's') return NULL;
    bare.n--;
    for (int i = 0; i < COUNT(units); i++)
        if (is_named(units[i].names, bare)) return &units[i];
    return NULL;
}

static bool add_us(struct sql_interval *t, double us)
{
    us = rint(us);
    return us > -0x1p62 && us < 0x1p62 && !__builtin_add_overflow(t->us, (int64_t)us, &t->us);
}

/* n of a unit: part of a month counts as days of a month of 30, as PostgreSQL has it. */
static bool add_unit(struct sql_interval *t, const struct unit *u, double n)
{
    if (u->months == 0) return add_us(t, n * (double)u->us);
    double months = n * (double)u->months, whole = trunc(months);
    if (!(fabs(whole) < 1e9)) return false;
    t->months += (int64_t)whole;
    if (u->months >= 12) { /* part of a year is whole months */
        t->months += (int64_t)rint(months - whole);
        return true;
    }
    return add_us(t, (months - whole) * 30 * (double)US_PER_DAY);
}

bool sql_interval_unit(struct str unit, double n, struct sql_interval *out)
{
    const struct unit *u = unit_of(unit);
    *out = (struct sql_interval){0};
    return u && add_unit(out, u, n);
}

/* ---- reading ---- */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_alpha(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
static void skip_blanks(struct str *s)
{
    while (s->n > 0 && strchr(" \t\r\n,@", s->p[0])) {
        s->p++;
        s->n--;
    }
}
static struct str take_while(struct str *s, bool (*test)(char))
{
    struct str t = {s->p, 0};
    while (t.n < s->n && test(s->p[t.n]))
        t.n++;
    s->p += t.n;
    s->n -= t.n;
    return t;
}
static bool is_number_char(char c)
{
    return is_digit(c) || c == '.';
}
/* [+-]digits[.digits] */
static bool take_number(struct str *s, double *out, bool *negative)
{
    *negative = s->n > 0 && s->p[0] == '-';
    if (s->n > 0 && (s->p[0] == '-' || s->p[0] == '+')) {
        s->p++;
        s->n--;
    }
    struct str t = take_while(s, is_number_char);
    char buf[48];
    if (t.n == 0 || t.n >= sizeof buf - 2) return false;
    int n = snprintf(buf, sizeof buf, "0%.*s%s", STR_FMT(t), t.p[t.n - 1] == '.' ? "0" : "");
    if (!num_parse(buf, (size_t)n, out)) return false;
    if (*negative) *out = -*out;
    return true;
}

/* `:30[:05.5]` after the hours. */
static bool take_clock(struct str *s, double hours, bool negative, struct sql_interval *t)
{
    double part[2] = {0, 0};
    bool sign;
    for (int i = 0; i < 2 && s->n > 0 && s->p[0] == ':'; i++) {
        s->p++;
        s->n--;
        if (s->n == 0 || !is_digit(s->p[0]) || !take_number(s, &part[i], &sign)) return false;
    }
    double us = fabs(hours) * 3600e6 + part[0] * 60e6 + part[1] * 1e6;
    return part[0] < 60 && part[1] < 61 && add_us(t, negative ? -us : us);
}

/* One item of the text; *is_ago is set by the word. */
static bool take_item(struct str *s, struct str unit, struct sql_interval *t, bool *is_ago)
{
    double n, months;
    bool negative, sign;
    if (is_alpha(s->p[0])) {
        *is_ago = str_eq_nocase(take_while(s, is_alpha), STR("ago"));
        return *is_ago;
    }
    if (!take_number(s, &n, &negative)) return false;
    if (s->n > 0 && s->p[0] == ':') return take_clock(s, n, negative, t);
    if (s->n > 1 && s->p[0] == '-' && is_digit(s->p[1])) { /* years-months */
        s->p++;
        s->n--;
        if (!take_number(s, &months, &sign) || months > 11) return false;
        return add_unit(t, unit_of(STR("year")), n) &&
               add_unit(t, unit_of(STR("month")), negative ? -months : months);
    }
    skip_blanks(s);
    struct str before = *s, name = take_while(s, is_alpha);
    const struct unit *u = name.n ? unit_of(name) : NULL;
    if (name.n && !u && !str_eq_nocase(name, STR("ago"))) return false;
    if (!u) *s = before;
    if (!u) u = unit_of(unit.n ? unit : STR("second"));
    return u && add_unit(t, u, n);
}

/* P1Y2M3W4DT5H6M7S */
static bool read_iso(struct str s, struct sql_interval *t)
{
    bool in_time = false, any = false, negative;
    s.p++;
    s.n--;
    while (s.n > 0) {
        double n;
        if ((s.p[0] | 0x20) == 't' && !in_time) {
            in_time = true;
            s.p++;
            s.n--;
            continue;
        }
        if (!take_number(&s, &n, &negative) || s.n == 0) return false;
        static const char *const day_units[] = {"y", "mon", "w", "d"};
        static const char *const time_units[] = {"h", "m", "s"};
        const char *letters = in_time ? "hms" : "ymwd", *at = strchr(letters, s.p[0] | 0x20);
        if (!at) return false;
        const char *name = (in_time ? time_units : day_units)[at - letters];
        if (!add_unit(t, unit_of(str_of(name)), n)) return false;
        s.p++;
        s.n--;
        any = true;
    }
    return any;
}

bool sql_interval_read(struct str s, struct str unit, struct sql_interval *out)
{
    struct sql_interval t = {0};
    bool is_ago = false, any = false;
    s = str_trim(s);
    if (s.n > 1 && (s.p[0] | 0x20) == 'p' && !is_alpha(s.p[1])) {
        if (!read_iso(s, &t)) return false;
        *out = t;
        return true;
    }
    for (skip_blanks(&s); s.n > 0 && !is_ago; skip_blanks(&s), any = true)
        if (!take_item(&s, unit, &t, &is_ago)) return false;
    if (!any || s.n > 0) return false;
    if (is_ago) t = (struct sql_interval){-t.months, -t.us};
    *out = t;
    return true;
}

/* ---- dates ---- */
static int month_named(struct str s)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
    for (int i = 0; i < 12 && s.n >= 3; i++)
        if (s.n <= strlen(names[i]) && (s.n == 3 || s.n == strlen(names[i]) || s.n == 4) &&
            str_eq_nocase(s, (struct str){names[i], s.n}))
            return i + 1;
    return 0;
}

static bool take_int(struct str *s, int *out)
{
    int64_t x;
    struct str t = take_while(s, is_digit);
    if (t.n == 0 || t.n > 4 || !int_parse(t.p, t.n, &x)) return false;
    *out = (int)x;
    return true;
}

/* `January 31, 2019`, `31 Jan 2019`, `31-Jan-2019`; *rest is what follows. */
static bool read_named(struct str s, int *y, int *m, int *d, struct str *rest)
{
    if (is_alpha(s.p[0])) {
        *m = month_named(take_while(&s, is_alpha));
        skip_blanks(&s);
        if (!*m || !take_int(&s, d)) return false;
    } else {
        if (!take_int(&s, d)) return false;
        if (s.n > 0 && s.p[0] == '-') s = (struct str){s.p + 1, s.n - 1};
        skip_blanks(&s);
        *m = month_named(take_while(&s, is_alpha));
        if (!*m) return false;
        if (s.n > 0 && s.p[0] == '-') s = (struct str){s.p + 1, s.n - 1};
    }
    skip_blanks(&s);
    if (!take_int(&s, y)) return false;
    *rest = s;
    return true;
}

/* `1/31/2019` */
static bool read_slashes(struct str s, int *y, int *m, int *d, struct str *rest)
{
    int *const parts[] = {m, d, y};
    for (int i = 0; i < 3; i++) {
        if (!take_int(&s, parts[i])) return false;
        if (i == 2) break;
        if (s.n == 0 || (s.p[0] != '/' && s.p[0] != '-')) return false;
        s = (struct str){s.p + 1, s.n - 1};
    }
    *rest = s;
    return *y > 31;
}

/* `20190131` */
static bool read_compact(struct str s, int *y, int *m, int *d, struct str *rest)
{
    int64_t x;
    struct str t = take_while(&s, is_digit);
    if (t.n != 8 || !int_parse(t.p, t.n, &x)) return false;
    *y = (int)(x / 10000);
    *m = (int)(x / 100 % 100);
    *d = (int)(x % 100);
    *rest = s;
    return true;
}

bool sql_read_datetime(struct str text, int64_t *out_us)
{
    struct str s = str_trim(text), rest;
    int y, m, d;
    if (read_datetime(s, out_us)) return true;
    if (s.n == 0) return false;
    if (str_eq_nocase(s, STR("epoch"))) {
        *out_us = 0;
        return true;
    }
    if (!read_compact(s, &y, &m, &d, &rest) && !read_named(s, &y, &m, &d, &rest) &&
        !read_slashes(s, &y, &m, &d, &rest))
        return false;
    if (m < 1 || m > 12 || d < 1 || d > civil_month_length(y, m) || rest.n > DATE_TEXT_MAX)
        return false;
    char buf[DATE_TEXT_MAX * 2];
    int n = date_format((int32_t)civil_days(y, m, d), buf);
    if (rest.n) memcpy(buf + n, rest.p, rest.n);
    return read_datetime((struct str){buf, (size_t)n + rest.n}, out_us);
}

/* ---- writing ---- */
int sql_interval_write(int64_t us, char *buf, size_t n)
{
    int64_t days = us / US_PER_DAY, rest = us % US_PER_DAY;
    int64_t t = rest < 0 ? -rest : rest, part = t % US_PER_SECOND;
    int at = 0;
    if (days) at = snprintf(buf, n, "%" PRId64 " day%s", days, days == 1 ? "" : "s");
    if (rest || !days) {
        at += snprintf(buf + at, n - (size_t)at, "%s%s%02d:%02d:%02d", days ? " " : "",
                       rest < 0 ? "-" : "", (int)(t / US_PER_HOUR), (int)(t / US_PER_MINUTE % 60),
                       (int)(t / US_PER_SECOND % 60));
    }
    if (part) {
        at += snprintf(buf + at, n - (size_t)at, ".%06d", (int)part);
        while (buf[at - 1] == '0')
            buf[--at] = '\0';
    }
    return at;
}

int sql_num_write(double x, char *buf, size_t n)
{
    if (isinf(x)) return snprintf(buf, n, x < 0 ? "-Infinity" : "Infinity");
    char t[NUM_TEXT_MAX];
    int len = num_format(x, t);
    if (len > 2 && t[len - 1] == '0' && t[len - 2] == '.') t[len - 2] = '\0';
    return snprintf(buf, n, "%s", t);
}
