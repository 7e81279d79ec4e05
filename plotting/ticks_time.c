/* ticks_time.c: calendar steps from milliseconds to years, aligned to the calendar (UTC), with two
 * lines of labels: the unit, and under it the larger unit where it begins. */
#include "plotting/chart_int.h"

#include "runtime/base/civil.h"

#include <math.h>

struct rung {
    enum time_unit unit;
    int64_t step;
    double ms; /* about */
};
#define DAY_MS 86400000.0
static const struct rung ladder[] = {
    {UNIT_MS, 1, 1},
    {UNIT_MS, 2, 2},
    {UNIT_MS, 5, 5},
    {UNIT_MS, 10, 10},
    {UNIT_MS, 20, 20},
    {UNIT_MS, 50, 50},
    {UNIT_MS, 100, 100},
    {UNIT_MS, 200, 200},
    {UNIT_MS, 500, 500},
    {UNIT_SECOND, 1, 1e3},
    {UNIT_SECOND, 2, 2e3},
    {UNIT_SECOND, 5, 5e3},
    {UNIT_SECOND, 15, 15e3},
    {UNIT_SECOND, 30, 30e3},
    {UNIT_MINUTE, 1, 60e3},
    {UNIT_MINUTE, 2, 120e3},
    {UNIT_MINUTE, 5, 300e3},
    {UNIT_MINUTE, 15, 900e3},
    {UNIT_MINUTE, 30, 1800e3},
    {UNIT_HOUR, 1, 3600e3},
    {UNIT_HOUR, 3, 10800e3},
    {UNIT_HOUR, 6, 21600e3},
    {UNIT_HOUR, 12, 43200e3},
    {UNIT_DAY, 1, DAY_MS},
    {UNIT_DAY, 2, 2 * DAY_MS},
    {UNIT_DAY, 7, 7 * DAY_MS},
    {UNIT_MONTH, 1, 30.44 * DAY_MS},
    {UNIT_MONTH, 3, 91.31 * DAY_MS},
    {UNIT_MONTH, 6, 182.6 * DAY_MS},
    {UNIT_YEAR, 1, 365.25 * DAY_MS},
    {UNIT_YEAR, 2, 730.5 * DAY_MS},
    {UNIT_YEAR, 5, 1826.25 * DAY_MS},
    {UNIT_YEAR, 10, 3652.5 * DAY_MS},
    {UNIT_YEAR, 20, 7305 * DAY_MS},
    {UNIT_YEAR, 50, 18262.5 * DAY_MS},
    {UNIT_YEAR, 100, 36525 * DAY_MS},
    {UNIT_YEAR, 500, 182625 * DAY_MS},
    {UNIT_YEAR, 1000, 365250 * DAY_MS},
};
enum { RUNGS = sizeof ladder / sizeof ladder[0] };

void chart_time_step(double span_ms, int wanted, enum time_unit *unit, int64_t *step)
{
    int at = 0;
    double best = INFINITY;
    for (int i = 0; i < RUNGS; i++) {
        double miss = fabs(log(span_ms / ladder[i].ms / wanted));
        if (miss < best) {
            best = miss;
            at = i;
        }
    }
    *unit = ladder[at].unit;
    *step = ladder[at].step;
}

static double unit_ms(enum time_unit unit)
{
    static const double ms[] = {1, 1e3, 60e3, 3600e3, DAY_MS};
    return ms[unit];
}

static double floor_month(double ms, int64_t months)
{
    int32_t y, m, d;
    civil_from_days((int64_t)floor(ms / DAY_MS), &y, &m, &d);
    int64_t n = (int64_t)y * 12 + m - 1;
    n = n - ((n % months) + months) % months;
    int64_t year = n >= 0 ? n / 12 : -((11 - n) / 12);
    return (double)civil_days((int32_t)year, (int32_t)(n - year * 12) + 1, 1) * DAY_MS;
}

double chart_time_floor(double ms, enum time_unit unit, int64_t step)
{
    if (unit == UNIT_MONTH) return floor_month(ms, step);
    if (unit == UNIT_YEAR) return floor_month(ms, step * 12);
    double width = unit_ms(unit) * (double)step;
    double origin = unit == UNIT_DAY && step == 7 ? 4 * DAY_MS : 0; /* 1970-01-05 is a Monday */
    return floor((ms - origin) / width) * width + origin;
}

double chart_time_next(double ms, enum time_unit unit, int64_t step)
{
    if (unit == UNIT_MONTH || unit == UNIT_YEAR) {
        int64_t months = unit == UNIT_YEAR ? step * 12 : step;
        return (double)civil_add_months((int64_t)floor(ms / DAY_MS), months) * DAY_MS;
    }
    return ms + unit_ms(unit) * (double)step;
}

static const char *time_text(struct arena *a, double ms, const char *pattern)
{
    struct strbuf b = {0};
    time_format(&b, (int64_t)round(ms * 1000), str_of(pattern));
    const char *out = arena_strndup(a, b.p ? b.p : "", b.n);
    strbuf_release(&b);
    return out[0] == ' ' ? out + 1 : out; /* %e pads with a blank */
}

static const char *unit_text(struct arena *a, double ms, enum time_unit unit)
{
    switch (unit) {
    case UNIT_MS: {
        double rest = ms - floor(ms / 1000) * 1000;
        return arena_printf(a, "%s.%03d", time_text(a, ms, "%H:%M:%S"), (int)round(rest));
    }
    case UNIT_SECOND: return time_text(a, ms, "%H:%M:%S");
    case UNIT_MINUTE:
    case UNIT_HOUR: return time_text(a, ms, "%H:%M");
    case UNIT_DAY: return time_text(a, ms, "%e");
    case UNIT_MONTH: return time_text(a, ms, "%b");
    case UNIT_YEAR: break;
    }
    int32_t y, m, d;
    civil_from_days((int64_t)floor(ms / DAY_MS), &y, &m, &d);
    return arena_printf(a, "%d", (int)y);
}

/* The larger unit a tick belongs to: labels show it when it changes. */
static int64_t larger_unit(double ms, enum time_unit unit)
{
    int64_t day = (int64_t)floor(ms / DAY_MS);
    int32_t y, m, d;
    civil_from_days(day, &y, &m, &d);
    if (unit < UNIT_DAY) return day;
    return unit == UNIT_DAY ? (int64_t)y * 12 + m : y;
}

static const char *under_text(struct arena *a, double ms, enum time_unit unit)
{
    if (unit < UNIT_DAY)
        return arena_printf(
            a, "%s %s", time_text(a, ms, "%b"),
            arena_printf(a, "%s, %s", time_text(a, ms, "%e"), time_text(a, ms, "%Y")));
    return time_text(a, ms, unit == UNIT_DAY ? "%b %Y" : "%Y");
}

int ticks_time(struct arena *a, double lo_ms, double hi_ms, int wanted, struct tick **out,
               struct tick_format *format)
{
    enum time_unit unit;
    int64_t step;
    chart_time_step(hi_ms - lo_ms, wanted, &unit, &step);
    *format = (struct tick_format){.style = TICK_TIME, .unit = unit, .step = step};
    *out = ARENA_ARRAY(a, struct tick, TICKS_MOST);
    double at = chart_time_floor(lo_ms, unit, step);
    if (at < lo_ms - 0.5) at = chart_time_next(at, unit, step);
    int n = 0;
    int64_t was = INT64_MIN;
    for (; at <= hi_ms + 0.5 && n < TICKS_MOST; at = chart_time_next(at, unit, step)) {
        struct tick *t = &(*out)[n++];
        *t = (struct tick){.value = at, .label = unit_text(a, at, unit)};
        int64_t now = larger_unit(at, unit);
        if (unit != UNIT_YEAR && now != was) t->under = under_text(a, at, unit);
        was = now;
    }
    return n;
}
