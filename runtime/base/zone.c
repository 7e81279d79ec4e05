/* zone.c: TZif files (RFC 8536) and the POSIX rule at their end. A file is untrusted: every count
 * is checked against its length. */
#include "runtime/base/zone.h"

#include "runtime/base/civil.h"
#include "runtime/base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX 65536 /* the largest of today's files has 3.5 kB */

/* A day of the year on which a rule begins. */
struct rule_day {
    char form;            /* 'M' month.week.day, 'J' 1..365 without 29 February, 'N' 0..365 */
    int month, week, day; /* day: 0 = Sunday, or the day's number */
    int32_t second;       /* of the local clock, may lie outside the day */
};
struct rule { /* after the last transition; is_fixed: always `standard` */
    bool is_there, is_fixed;
    int32_t standard, summer; /* seconds east */
    struct rule_day start, end;
};
struct zone {
    char name[64];
    int n;           /* transitions */
    int64_t *at;     /* [n] seconds */
    int32_t *offset; /* [n + 1]: before the first, then from each on */
    struct rule rule;
    struct zone *next;
};
/* The instants [from, to) share an offset. */
struct stretch {
    int64_t from, to; /* seconds */
    int32_t offset;
};

/* ---- the POSIX rule: EST5EDT,M3.2.0,M11.1.0 ---- */
static bool read_number(const char **p, int max, int *out)
{
    int v = 0, digits = 0;
    for (; **p >= '0' && **p <= '9' && digits < 4; (*p)++, digits++)
        v = v * 10 + (**p - '0');
    *out = v;
    return digits > 0 && v <= max;
}

static bool read_name(const char **p)
{
    const char *start = *p;
    if (**p == '<') {
        while (**p && **p != '>')
            (*p)++;
        if (!**p) return false;
        (*p)++;
        return true;
    }
    while ((**p >= 'A' && **p <= 'Z') || (**p >= 'a' && **p <= 'z'))
        (*p)++;
    return *p - start >= 3;
}

/* [+-]h[:m[:s]] in seconds. */
static bool read_clock(const char **p, int32_t *out)
{
    int part[3] = {0}, sign = **p == '-' ? -1 : 1;
    if (**p == '-' || **p == '+') (*p)++;
    for (int i = 0; i < 3; i++) {
        if (!read_number(p, i ? 59 : 167, &part[i])) return false;
        if (**p != ':') break;
        (*p)++;
    }
    *out = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return true;
}

static bool read_day(const char **p, struct rule_day *d)
{
    d->second = 2 * 3600;
    d->form = **p == 'M' || **p == 'J' ? **p : 'N';
    if (d->form != 'N') (*p)++;
    if (d->form == 'M') {
        if (!read_number(p, 12, &d->month) || d->month < 1 || *(*p)++ != '.') return false;
        if (!read_number(p, 5, &d->week) || d->week < 1 || *(*p)++ != '.') return false;
        if (!read_number(p, 6, &d->day)) return false;
    } else if (!read_number(p, 365, &d->day)) {
        return false;
    }
    if (**p != '/') return true;
    (*p)++;
    return read_clock(p, &d->second);
}

static bool read_rule(const char *p, struct rule *r)
{
    int32_t west;
    if (!read_name(&p) || !read_clock(&p, &west)) return false;
    r->standard = -west;
    r->is_fixed = !*p;
    r->is_there = true;
    if (r->is_fixed) return true;
    if (!read_name(&p)) return false;
    r->summer = r->standard + 3600;
    if (*p != ',') {
        if (!read_clock(&p, &west)) return false;
        r->summer = -west;
    }
    if (*p++ != ',' || !read_day(&p, &r->start)) return false;
    return *p++ == ',' && read_day(&p, &r->end) && !*p;
}

/* Seconds from 1970 of the local clock at which the day's rule begins in a year. */
static int64_t rule_at(const struct rule_day *d, int32_t year)
{
    int64_t first = civil_days(year, 1, 1), day;
    bool is_leap = civil_month_length(year, 2) == 29;
    if (d->form == 'J') {
        day = first + d->day - 1 + (is_leap && d->day > 59);
    } else if (d->form == 'N') {
        day = first + d->day;
    } else {
        int64_t start = civil_days(year, d->month, 1);
        int weekday = civil_weekday(start) % 7; /* 0 = Sunday */
        int64_t in = (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
        while (in >= civil_month_length(year, d->month))
            in -= 7;
        day = start + in;
    }
    return day * 86400 + d->second;
}

/* Where the rule's offset changes around an instant. */
static struct stretch rule_stretch(const struct rule *r, int64_t t)
{
    if (r->is_fixed) return (struct stretch){INT64_MIN, INT64_MAX, r->standard};
    struct civil c;
    civil_from_us(t / 86400 * US_PER_DAY, &c);
    struct stretch s = {INT64_MIN, INT64_MAX, r->standard};
    for (int32_t year = c.year - 1; year <= c.year + 1; year++) {
        int64_t on = rule_at(&r->start, year) - r->standard;
        int64_t off = rule_at(&r->end, year) - r->summer;
        const struct stretch marks[2] = {{on, 0, r->summer}, {off, 0, r->standard}};
        for (int i = 0; i < 2; i++) {
            const struct stretch *m = &marks[i];
            if (m->from <= t && m->from >= s.from) {
                s.from = m->from;
                s.offset = m->offset;
            }
            if (m->from > t && m->from < s.to) s.to = m->from;
        }
    }
    return s;
}

/* ---- TZif ---- */
static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static int64_t be64(const unsigned char *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

struct tz_counts {
    uint32_t isut, isstd, leap, time, type, chars;
};
static bool read_counts(const unsigned char *p, size_t n, struct tz_counts *c)
{
    if (n < 44 || memcmp(p, "TZif", 4) != 0) return false;
    *c = (struct tz_counts){be32(p + 20), be32(p + 24), be32(p + 28),
                            be32(p + 32), be32(p + 36), be32(p + 40)};
    return c->time < 10000 && c->type >= 1 && c->type < 256 && c->chars < 4096 && c->leap < 1000 &&
           c->isut < 256 && c->isstd < 256;
}
static size_t block_size(const struct tz_counts *c, size_t time_width)
{
    return c->time * (time_width + 1) + c->type * 6 + c->chars + c->leap * (time_width + 4) +
           c->isstd + c->isut;
}

static bool read_transitions(struct zone *z, const unsigned char *p, const struct tz_counts *c)
{
    const unsigned char *index = p + (size_t)c->time * 8, *types = index + c->time;
    z->n = (int)c->time;
    z->at = mem_alloc(sizeof *z->at * (c->time + 1));
    z->offset = mem_alloc(sizeof *z->offset * (c->time + 1));
    z->offset[0] = (int32_t)be32(types);
    for (uint32_t i = 0; i < c->time; i++) {
        if (index[i] >= c->type) return false;
        z->at[i] = be64(p + (size_t)i * 8);
        if (i && z->at[i] <= z->at[i - 1]) return false;
        z->offset[i + 1] = (int32_t)be32(types + (size_t)index[i] * 6);
    }
    for (uint32_t i = 0; i <= c->time; i++)
        if (z->offset[i] < -90000 || z->offset[i] > 90000) return false;
    return true;
}

static bool read_file(struct zone *z, const unsigned char *p, size_t n)
{
    struct tz_counts c;
    if (!read_counts(p, n, &c) || p[4] < '2') return false;
    size_t first = 44 + block_size(&c, 4);
    if (n < first || !read_counts(p + first, n - first, &c)) return false;
    size_t data = first + 44, foot = data + block_size(&c, 8);
    if (n < foot || !read_transitions(z, p + data, &c)) return false;
    if (foot >= n || p[foot] != '\n') return true;
    const unsigned char *end = memchr(p + foot + 1, '\n', n - foot - 1);
    char text[128];
    size_t len = end ? (size_t)(end - (p + foot + 1)) : 0;
    if (!len || len >= sizeof text) return true;
    memcpy(text, p + foot + 1, len);
    text[len] = 0;
    return read_rule(text, &z->rule);
}

/* Letters, digits, and _ + - / between names: nothing that leaves the folder. */
static bool is_name(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n >= 64 || name[0] == '/' || name[n - 1] == '/') return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_word && !strchr("_+-/", c)) return false;
    }
    return true;
}

static bool read_fixed(const char *name, struct zone *z)
{
    const char *p = name;
    int32_t east = 0;
    if (strcmp(name, "UTC") != 0 && strcmp(name, "Z") != 0) {
        if ((*p != '+' && *p != '-') || !read_clock(&p, &east) || *p) return false;
        if (east > 86399 || east < -86399) return false;
    }
    z->offset = mem_zero(sizeof *z->offset);
    z->offset[0] = east;
    return true;
}

static bool zone_load(struct zone *z)
{
    const char *folder = getenv("TZDIR");
    if (read_fixed(z->name, z)) return true;
    if (!is_name(z->name)) return false;
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/%s", folder && *folder ? folder : "/usr/share/zoneinfo", z->name);
    FILE *f = fopen(strbuf_view(&path).p, "rbe");
    strbuf_release(&path);
    if (!f) return false;
    unsigned char *bytes = mem_alloc(FILE_MAX);
    size_t n = fread(bytes, 1, FILE_MAX, f);
    (void)fclose(f);
    bool ok = n < FILE_MAX && read_file(z, bytes, n);
    mem_free(bytes);
    return ok;
}

const struct zone *zone_find(const char *name)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct zone *all; /* those found, for ever */
    struct zone *z = NULL;
    if (!name || strlen(name) >= sizeof z->name) return NULL;
    pthread_mutex_lock(&lock);
    for (z = all; z && strcmp(z->name, name) != 0;)
        z = z->next;
    if (!z) {
        z = mem_zero(sizeof *z);
        memcpy(z->name, name, strlen(name));
        if (zone_load(z)) {
            z->next = all;
            all = z;
        } else {
            mem_free(z->at);
            mem_free(z->offset);
            mem_free(z);
            z = NULL;
        }
    }
    pthread_mutex_unlock(&lock);
    return z;
}

/* ---- offsets ---- */
static struct stretch stretch_at(const struct zone *z, int64_t t)
{
    int lo = 0, hi = z->n; /* the first transition after t */
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        if (z->at[mid] <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == z->n && z->rule.is_there) {
        struct stretch s = rule_stretch(&z->rule, t);
        if (z->n && s.from < z->at[z->n - 1]) s.from = z->at[z->n - 1];
        return s;
    }
    return (struct stretch){lo ? z->at[lo - 1] : INT64_MIN, lo < z->n ? z->at[lo] : INT64_MAX,
                            z->offset[lo]};
}

static int64_t seconds_of(int64_t us)
{
    int64_t q = us / US_PER_SECOND;
    return q - (us % US_PER_SECOND < 0);
}

int32_t zone_offset(const struct zone *z, int64_t us)
{
    return stretch_at(z, seconds_of(us)).offset;
}

static int64_t moved(int64_t us, int64_t seconds)
{
    int64_t r;
    return __builtin_add_overflow(us, seconds * US_PER_SECOND, &r) ? us : r;
}

int64_t zone_to_local(const struct zone *z, int64_t us)
{
    return moved(us, zone_offset(z, us));
}

int64_t zone_to_utc(const struct zone *z, int64_t local)
{
    int32_t before = zone_offset(z, moved(local, -86400)),
            after = zone_offset(z, moved(local, 86400));
    int64_t early = moved(local, -(int64_t)before), late = moved(local, -(int64_t)after);
    if (zone_offset(z, early) == before) return early;
    if (zone_offset(z, late) == after) return late;
    return early;
}

void zone_to_local_all(const struct zone *z, const int64_t *in, int64_t n, int64_t *out)
{
    struct stretch s = {1, 0, 0}; /* empty */
    for (int64_t i = 0; i < n; i++) {
        int64_t t = seconds_of(in[i]);
        if (t < s.from || t >= s.to) s = stretch_at(z, t);
        out[i] = moved(in[i], s.offset);
    }
}

void zone_to_utc_all(const struct zone *z, const int64_t *in, int64_t n, int64_t *out)
{
    struct stretch s = {1, 0, 0};
    for (int64_t i = 0; i < n; i++) {
        int64_t t = seconds_of(in[i]) - s.offset;
        /* a day inside a stretch nothing is left out and nothing comes twice */
        bool is_inside = s.from < s.to && (s.from == INT64_MIN || t >= s.from + 86400) &&
                         (s.to == INT64_MAX || t < s.to - 86400);
        if (is_inside) {
            out[i] = moved(in[i], -(int64_t)s.offset);
            continue;
        }
        out[i] = zone_to_utc(z, in[i]);
        s = stretch_at(z, seconds_of(out[i]));
    }
}

int zoned_format(int64_t us, const char *zone, char buf[ZONED_TEXT_MAX])
{
    const struct zone *z = zone && strcmp(zone, "UTC") != 0 ? zone_find(zone) : NULL;
    int32_t east = z ? zone_offset(z, us) : 0;
    int n = datetime_format(moved(us, east), buf);
    if (!zone) return n;
    if (!z) {
        buf[n++] = 'Z';
        buf[n] = 0;
        return n;
    }
    int32_t a = east < 0 ? -east : east;
    n += snprintf(buf + n, (size_t)(ZONED_TEXT_MAX - n), "%c%02d:%02d", east < 0 ? '-' : '+',
                  (int)(a / 3600), (int)(a / 60 % 60));
    if (a % 60) n += snprintf(buf + n, (size_t)(ZONED_TEXT_MAX - n), ":%02d", (int)(a % 60));
    return n;
}
