/* civil.c: days <-> civil dates after Howard Hinnant's algorithms; text forms. */
#include "runtime/base/civil.h"

#include "runtime/base/num.h"

#include <stdio.h>

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

int64_t civil_days(int32_t year, int32_t month, int32_t day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, 400), yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void civil_from_days(int64_t days, int32_t *year, int32_t *month, int32_t *day)
{
    int64_t z = days + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *day = (int32_t)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int32_t)(mp + (mp < 10 ? 3 : -9));
    *year = (int32_t)(yoe + era * 400 + (*month <= 2));
}

int64_t civil_day_of_us(int64_t us)
{
    return floor_div(us, US_PER_DAY);
}

void civil_from_us(int64_t us, struct civil *out)
{
    int64_t days = civil_day_of_us(us), rest = us - days * US_PER_DAY;
    civil_from_days(days, &out->year, &out->month, &out->day);
    out->hour = (int32_t)(rest / US_PER_HOUR);
    out->minute = (int32_t)(rest / US_PER_MINUTE % 60);
    out->second = (int32_t)(rest / US_PER_SECOND % 60);
    out->micro = (int32_t)(rest % US_PER_SECOND);
}

int64_t civil_us(const struct civil *c)
{
    return civil_days(c->year, c->month, c->day) * US_PER_DAY + c->hour * US_PER_HOUR +
           c->minute * US_PER_MINUTE + c->second * US_PER_SECOND + c->micro;
}

int civil_month_length(int32_t year, int32_t month)
{
    static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return length[month - 1] + (month == 2 && leap);
}

int civil_weekday(int64_t days)
{
    int64_t w = (days + 3) % 7; /* 1970-01-01 was a Thursday */
    return (int)(w < 0 ? w + 7 : w) + 1;
}

int civil_yearday(int64_t days)
{
    int32_t y, m, d;
    civil_from_days(days, &y, &m, &d);
    return (int)(days - civil_days(y, 1, 1)) + 1;
}

int civil_isoweek(int64_t days)
{
    int64_t thursday = days + 4 - civil_weekday(days);
    return (civil_yearday(thursday) - 1) / 7 + 1;
}

int64_t civil_add_months(int64_t days, int64_t months)
{
    int32_t y, m, d;
    civil_from_days(days, &y, &m, &d);
    int64_t total = (int64_t)y * 12 + (m - 1) + months;
    int32_t ny = (int32_t)floor_div(total, 12), nm = (int32_t)(total - (int64_t)ny * 12) + 1;
    int last = civil_month_length(ny, nm);
    return civil_days(ny, nm, d < last ? d : last);
}

/* ---- reading ---- */
struct cursor {
    const char *p, *end;
};

static bool digits(struct cursor *c, int n, int32_t *out)
{
    int32_t v = 0;
    if (c->end - c->p < n) return false;
    for (int i = 0; i < n; i++) {
        unsigned d = (unsigned)(c->p[i] - '0');
        if (d > 9) return false;
        v = v * 10 + (int32_t)d;
    }
    c->p += n;
    *out = v;
    return true;
}

static bool one_of(struct cursor *c, const char *set)
{
    if (c->p == c->end || !*c->p || !strchr(set, *c->p)) return false;
    c->p++;
    return true;
}

static bool read_date(struct cursor *c, struct civil *t)
{
    return digits(c, 4, &t->year) && one_of(c, "-") && digits(c, 2, &t->month) && one_of(c, "-") &&
           digits(c, 2, &t->day) && t->month >= 1 && t->month <= 12 && t->day >= 1 &&
           t->day <= civil_month_length(t->year, t->month);
}

static void read_fraction(struct cursor *c, struct civil *t)
{
    int32_t unit = 100000;
    while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
        t->micro += unit * (*c->p++ - '0');
        unit /= 10;
    }
}

static bool read_time(struct cursor *c, struct civil *t)
{
    if (!digits(c, 2, &t->hour) || !one_of(c, ":") || !digits(c, 2, &t->minute)) return false;
    if (one_of(c, ":")) {
        if (!digits(c, 2, &t->second)) return false;
        if (c->end - c->p >= 2 && (*c->p == '.' || *c->p == ',') && c->p[1] >= '0' &&
            c->p[1] <= '9') {
            c->p++;
            read_fraction(c, t);
        }
    }
    return t->hour < 24 && t->minute < 60 && t->second < 60;
}

/* Z, +02:00, +0200, +02: microseconds east of UTC. */
static bool read_zone(struct cursor *c, int64_t *east)
{
    *east = 0;
    if (one_of(c, "Zz")) return true;
    bool west = c->p < c->end && *c->p == '-';
    int32_t h, m = 0;
    if (!one_of(c, "+-") || !digits(c, 2, &h)) return false;
    if (one_of(c, ":") || c->p < c->end) {
        if (!digits(c, 2, &m)) return false;
    }
    if (h > 23 || m > 59) return false;
    *east = (h * US_PER_HOUR + m * US_PER_MINUTE) * (west ? -1 : 1);
    return true;
}

bool date_parse(const char *p, size_t n, int32_t *out_days)
{
    struct cursor c = {p, p + n};
    struct civil t = {0};
    if (n != 10 || !read_date(&c, &t)) return false;
    *out_days = (int32_t)civil_days(t.year, t.month, t.day);
    return true;
}

bool datetime_parse(const char *p, size_t n, int64_t *out_us, bool *has_zone)
{
    struct cursor c = {p, p + n};
    struct civil t = {0};
    int64_t east = 0;
    *has_zone = false;
    if (!read_date(&c, &t) || !one_of(&c, "T t") || !read_time(&c, &t)) return false;
    if (c.p < c.end) {
        if (!read_zone(&c, &east) || c.p != c.end) return false;
        *has_zone = true;
    }
    *out_us = civil_us(&t) - east;
    return true;
}

/* ---- writing ---- */
int date_format(int32_t days, char buf[DATE_TEXT_MAX])
{
    int32_t y, m, d;
    civil_from_days(days, &y, &m, &d);
    return snprintf(buf, DATE_TEXT_MAX, "%04d-%02d-%02d", y, m, d);
}

/* Fraction of a second without trailing zeros; nothing when zero. */
static int put_fraction(char *buf, size_t cap, int64_t micro)
{
    if (micro == 0) return 0;
    int width = 6;
    while (micro % 10 == 0) {
        micro /= 10;
        width--;
    }
    return snprintf(buf, cap, ".%0*d", width, (int)micro);
}

int datetime_format(int64_t us, char buf[DATE_TEXT_MAX])
{
    struct civil t;
    civil_from_us(us, &t);
    int n = snprintf(buf, DATE_TEXT_MAX, "%04d-%02d-%02d %02d:%02d:%02d", t.year, t.month, t.day,
                     t.hour, t.minute, t.second);
    return n + put_fraction(buf + n, (size_t)(DATE_TEXT_MAX - n), t.micro);
}

int duration_format(int64_t us, char buf[DATE_TEXT_MAX])
{
    static const struct {
        int64_t us;
        const char *unit;
    } parts[] = {{US_PER_DAY, "d"}, {US_PER_HOUR, "h"}, {US_PER_MINUTE, "min"}};
    int n = 0;
    uint64_t left = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    if (us < 0) buf[n++] = '-';
    int start = n;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        uint64_t k = left / (uint64_t)parts[i].us;
        left %= (uint64_t)parts[i].us;
        if (k)
            n += snprintf(buf + n, (size_t)(DATE_TEXT_MAX - n), "%s%llu%s", n > start ? " " : "",
                          (unsigned long long)k, parts[i].unit);
    }
    if (left || n == start) {
        n += snprintf(buf + n, (size_t)(DATE_TEXT_MAX - n), "%s%d", n > start ? " " : "",
                      (int)(left / US_PER_SECOND));
        n += put_fraction(buf + n, (size_t)(DATE_TEXT_MAX - n), (int64_t)(left % US_PER_SECOND));
        n += snprintf(buf + n, (size_t)(DATE_TEXT_MAX - n), "s");
    }
    return n;
}

/* ---- strftime ---- */
static const char *const day_names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};

/* Week of the year whose first day is the first one with this weekday (0 = Sunday); days before it
 * are in week 0. */
static int week_from(int64_t days, int first)
{
    int from_first = (civil_weekday(days) % 7 - first + 7) % 7;
    return (civil_yearday(days) + 6 - from_first) / 7;
}

static void put_week_field(struct strbuf *b, char c, int64_t days)
{
    struct civil thursday = {0};
    int64_t at = days + 4 - civil_weekday(days); /* its year is the ISO week's */
    civil_from_days(at, &thursday.year, &thursday.month, &thursday.day);
    switch (c) {
    case 'G': strbuf_printf(b, "%04d", thursday.year); break;
    case 'U': strbuf_printf(b, "%02d", week_from(days, 0)); break;
    case 'V': strbuf_printf(b, "%02d", civil_isoweek(days)); break;
    default: strbuf_printf(b, "%02d", week_from(days, 1)); break; /* W */
    }
}

static void put_date_field(struct strbuf *b, char c, const struct civil *t, int64_t days)
{
    switch (c) {
    case 'a': strbuf_add(b, day_names[civil_weekday(days) - 1], 3); break;
    case 'A': strbuf_addz(b, day_names[civil_weekday(days) - 1]); break;
    case 'b':
    case 'h': strbuf_add(b, month_names[t->month - 1], 3); break;
    case 'B': strbuf_addz(b, month_names[t->month - 1]); break;
    case 'd': strbuf_printf(b, "%02d", t->day); break;
    case 'e': strbuf_printf(b, "%2d", t->day); break;
    case 'F': strbuf_printf(b, "%04d-%02d-%02d", t->year, t->month, t->day); break;
    case 'j': strbuf_printf(b, "%03d", civil_yearday(days)); break;
    case 'm': strbuf_printf(b, "%02d", t->month); break;
    case 'u': strbuf_printf(b, "%d", civil_weekday(days)); break;
    case 'w': strbuf_printf(b, "%d", civil_weekday(days) % 7); break;
    case 'G':
    case 'U':
    case 'V':
    case 'W': put_week_field(b, c, days); break;
    case 'y': strbuf_printf(b, "%02d", (int)(((t->year % 100) + 100) % 100)); break;
    case 'Y': strbuf_printf(b, "%04d", t->year); break;
    default: strbuf_addc(b, '%'); strbuf_addc(b, c);
    }
}

static void put_field(struct strbuf *b, char c, const struct civil *t, int64_t days)
{
    int h12 = t->hour % 12 == 0 ? 12 : t->hour % 12;
    switch (c) {
    case 'f': strbuf_printf(b, "%06d", t->micro); break;
    case 'H': strbuf_printf(b, "%02d", t->hour); break;
    case 'I': strbuf_printf(b, "%02d", h12); break;
    case 'M': strbuf_printf(b, "%02d", t->minute); break;
    case 'p': strbuf_addz(b, t->hour < 12 ? "AM" : "PM"); break;
    case 'R': strbuf_printf(b, "%02d:%02d", t->hour, t->minute); break;
    case 'S': strbuf_printf(b, "%02d", t->second); break;
    case 'T': strbuf_printf(b, "%02d:%02d:%02d", t->hour, t->minute, t->second); break;
    case 'Z': break; /* instants without a zone */
    case '%': strbuf_addc(b, '%'); break;
    default: put_date_field(b, c, t, days);
    }
}

void time_format(struct strbuf *b, int64_t us, struct str pattern)
{
    struct civil t;
    civil_from_us(us, &t);
    int64_t days = civil_day_of_us(us);
    for (size_t i = 0; i < pattern.n; i++) {
        if (pattern.p[i] != '%' || i + 1 == pattern.n)
            strbuf_addc(b, pattern.p[i]);
        else
            put_field(b, pattern.p[++i], &t, days);
    }
}

static bool up_to(struct cursor *c, int n, int32_t *out)
{
    int k = 0;
    while (k < n && c->p + k < c->end && c->p[k] >= '0' && c->p[k] <= '9')
        k++;
    return k > 0 && digits(c, k, out);
}

static bool name_of(struct cursor *c, const char *const *names, int n, size_t len, int32_t *out)
{
    for (int i = 0; i < n; i++) {
        struct str want = {names[i], len ? len : strlen(names[i])};
        if ((size_t)(c->end - c->p) < want.n || !str_eq_nocase((struct str){c->p, want.n}, want))
            continue;
        c->p += want.n;
        *out = i + 1;
        return true;
    }
    return false;
}

struct time_read {
    struct civil t;
    int pm;          /* -1 not said */
    int32_t yearday; /* 0 not said */
    int64_t east;    /* of %z */
    int32_t skip;
};

static bool read_clock_field(struct cursor *c, char f, struct time_read *r)
{
    struct civil *t = &r->t;
    switch (f) {
    case 'H':
    case 'I': return up_to(c, 2, &t->hour);
    case 'M': return up_to(c, 2, &t->minute);
    case 'S': return up_to(c, 2, &t->second);
    case 'T': return read_time(c, t);
    case 'f': return read_fraction(c, t), true;
    case 'R': return up_to(c, 2, &t->hour) && one_of(c, ":") && up_to(c, 2, &t->minute);
    case 'p': {
        static const char *const half[] = {"AM", "PM"};
        int32_t k;
        if (!name_of(c, half, 2, 0, &k)) return false;
        r->pm = k - 1;
        return true;
    }
    case '%': return one_of(c, "%");
    default: return false;
    }
}

static bool read_field(struct cursor *c, char f, struct time_read *r)
{
    struct civil *t = &r->t;
    switch (f) {
    case 'Y': return digits(c, 4, &t->year);
    case 'y':
        if (!digits(c, 2, &t->year)) return false;
        t->year += t->year < 69 ? 2000 : 1900; /* POSIX */
        return true;
    case 'm': return up_to(c, 2, &t->month);
    case 'd':
    case 'e': (void)one_of(c, " "); return up_to(c, 2, &t->day);
    case 'F': return read_date(c, t);
    case 'b': return name_of(c, month_names, 12, 3, &t->month);
    case 'B': return name_of(c, month_names, 12, 0, &t->month);
    case 'a': return name_of(c, day_names, 7, 3, &r->skip);
    case 'A': return name_of(c, day_names, 7, 0, &r->skip);
    case 'j': return up_to(c, 3, &r->yearday) && r->yearday > 0;
    case 'z': return read_zone(c, &r->east);
    default: return read_clock_field(c, f, r);
    }
}

bool time_parse(struct str s, struct str pattern, int64_t *out_us)
{
    struct cursor c = {s.p, s.p + s.n};
    struct time_read r = {.t = {.year = 1970, .month = 1, .day = 1}, .pm = -1};
    for (size_t i = 0; i < pattern.n; i++) {
        bool is_field = pattern.p[i] == '%' && i + 1 < pattern.n;
        if (is_field) {
            if (!read_field(&c, pattern.p[++i], &r)) return false;
        } else if (c.p == c.end || *c.p++ != pattern.p[i]) {
            return false;
        }
    }
    struct civil *t = &r.t;
    if (r.pm >= 0) t->hour = t->hour % 12 + 12 * r.pm;
    if (c.p != c.end || t->month < 1 || t->month > 12 || t->day < 1 || t->hour > 23 ||
        t->minute > 59 || t->second > 59 || t->day > civil_month_length(t->year, t->month))
        return false;
    if (r.yearday) {
        int64_t days = civil_days(t->year, 1, 1) + r.yearday - 1;
        civil_from_days(days, &t->year, &t->month, &t->day);
        if (civil_yearday(days) != r.yearday) return false;
    }
    *out_us = civil_us(t) - r.east;
    return true;
}
