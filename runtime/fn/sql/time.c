/* time.c: extract, date_trunc, age and makers of times, as PostgreSQL has them (its manual, chapter
 * 9.9). An interval here has days and times but no months, so age counts days; years and months of
 * an age come from sql_age_part. */
#include "runtime/base/civil.h"
#include "runtime/fn/sql/interval.h"
#include "runtime/fn/sql/sql.h"

#include <inttypes.h>
#include <math.h>

enum part {
    PART_CENTURY,
    PART_DAY,
    PART_DECADE,
    PART_DOW,
    PART_DOY,
    PART_EPOCH,
    PART_HOUR,
    PART_ISODOW,
    PART_ISOYEAR,
    PART_JULIAN,
    PART_MICROSECONDS,
    PART_MILLENNIUM,
    PART_MILLISECONDS,
    PART_MINUTE,
    PART_MONTH,
    PART_QUARTER,
    PART_SECOND,
    PART_WEEK,
    PART_YEAR,
    PART_COUNT
};
static const char *const part_names[PART_COUNT] = {
    "century", "day",     "decade", "dow",          "doy",        "epoch",        "hour",
    "isodow",  "isoyear", "julian", "microseconds", "millennium", "milliseconds", "minute",
    "month",   "quarter", "second", "week",         "year"};

/* PART_COUNT when there is none of that name. */
static enum part part_of(struct str s)
{
    static const struct {
        const char *name;
        enum part part;
    } more[] = {{"y", PART_YEAR},      {"yr", PART_YEAR},         {"mon", PART_MONTH},
                {"mons", PART_MONTH},  {"d", PART_DAY},           {"h", PART_HOUR},
                {"hr", PART_HOUR},     {"m", PART_MINUTE},        {"min", PART_MINUTE},
                {"s", PART_SECOND},    {"sec", PART_SECOND},      {"w", PART_WEEK},
                {"qtr", PART_QUARTER}, {"us", PART_MICROSECONDS}, {"ms", PART_MILLISECONDS}};
    for (int i = 0; i < PART_COUNT; i++) {
        struct str name = str_of(part_names[i]);
        if (str_eq_nocase(s, name)) return (enum part)i;
        bool is_plural = s.n == name.n + 1 && (s.p[name.n] | 0x20) == 's';
        if (is_plural && str_eq_nocase((struct str){s.p, name.n}, name)) return (enum part)i;
    }
    for (int i = 0; i < COUNT(more); i++)
        if (str_eq_nocase(s, str_of(more[i].name))) return more[i].part;
    return PART_COUNT;
}

static enum rc_t fail_part(struct fn_eval *e, struct str s)
{
    (void)fail(e->cx, E209, e->span, "\"%.*s\" is no part of a time", STR_FMT(s));
    return err_note(e->cx,
                    "parts are year quarter month week day hour minute second dow isodow doy "
                    "isoyear decade century millennium epoch julian milliseconds "
                    "microseconds");
}

static enum rc_t prepare_part(struct fn_eval *e, struct arena *arena, void **out)
{
    if (!const_given(e, 0)) return RC_OK;
    enum part *p = ARENA_NEW(arena, enum part);
    *p = part_of(e->consts[0].u.s);
    if (*p == PART_COUNT) return fail_part(e, e->consts[0].u.s);
    *out = p;
    return RC_OK;
}
static rc row_part(struct fn_eval *e, const struct vec *args, int64_t i, enum part *out)
{
    *out = e->prepared ? *(const enum part *)e->prepared : part_of(vec_str(&args[0], i));
    return *out == PART_COUNT ? fail_part(e, vec_str(&args[0], i)) : RC_OK;
}

/* floor(a / b) for b > 0 */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}
/* Years 1..100 are the first century; there is no year 0 in the count. */
static int64_t count_of_years(int64_t year, int64_t per)
{
    return year > 0 ? (year + per - 1) / per : -((per - 1 - (year - 1)) / per);
}
static int64_t iso_year(int64_t day)
{
    int32_t y, m, d;
    civil_from_days(day + 4 - civil_weekday(day), &y, &m, &d); /* that week's Thursday */
    return y;
}

/* A part of an instant in microseconds. */
static double instant_part(enum part p, int64_t us)
{
    struct civil c;
    int64_t day = civil_day_of_us(us), of_day = us - day * US_PER_DAY;
    civil_from_us(us, &c);
    switch (p) {
    case PART_CENTURY: return (double)count_of_years(c.year, 100);
    case PART_DAY: return c.day;
    case PART_DECADE: return (double)floor_div(c.year, 10);
    case PART_DOW: return civil_weekday(day) % 7;
    case PART_DOY: return civil_yearday(day);
    case PART_EPOCH: return (double)us / 1e6;
    case PART_HOUR: return c.hour;
    case PART_ISODOW: return civil_weekday(day);
    case PART_ISOYEAR: return (double)iso_year(day);
    case PART_JULIAN: return (double)(day + 2440588) + (double)of_day / (double)US_PER_DAY;
    case PART_MICROSECONDS: return c.second * 1e6 + c.micro;
    case PART_MILLENNIUM: return (double)count_of_years(c.year, 1000);
    case PART_MILLISECONDS: return c.second * 1e3 + c.micro / 1e3;
    case PART_MINUTE: return c.minute;
    case PART_MONTH: return c.month;
    case PART_QUARTER: return (c.month - 1) / 3 + 1;
    case PART_SECOND: return c.second + c.micro / 1e6;
    case PART_WEEK: return civil_isoweek(day);
    default: return c.year;
    }
}
/* A part of an interval, which has no months. */
static double span_part(enum part p, int64_t us)
{
    int64_t of_day = us % US_PER_DAY, of_minute = us % US_PER_MINUTE;
    switch (p) {
    case PART_DAY: return (double)(us / US_PER_DAY);
    case PART_HOUR: return (double)(of_day / US_PER_HOUR);
    case PART_MINUTE: return (double)(of_day / US_PER_MINUTE % 60);
    case PART_SECOND: return (double)of_minute / 1e6;
    case PART_MILLISECONDS: return (double)of_minute / 1e3;
    case PART_MICROSECONDS: return (double)of_minute;
    case PART_EPOCH: return (double)us / 1e6;
    case PART_QUARTER: return 1;
    default: return 0;
    }
}
static double part_value(enum part p, const struct fn_eval *e, const struct vec *v, int64_t i)
{
    switch (e->arg_types[1].kind) {
    case KIND_DATE: return instant_part(p, vec_i32(v, i) * US_PER_DAY);
    case KIND_DURATION: return span_part(p, vec_i64(v, i));
    default: return instant_part(p, vec_i64(v, i));
    }
}
static enum rc_t date_part(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    double *r = (double *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        enum part p;
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        TRY(row_part(e, args, i, &p));
        r[i] = part_value(p, e, &args[1], i);
    }
    return RC_OK;
}
static const struct fn_overload sql_date_part_overloads[] = {
    OV2(KIND_STR, KIND_DATE, KIND_NUM, date_part),
    OV2(KIND_STR, KIND_DATETIME, KIND_NUM, date_part),
    OV2(KIND_STR, KIND_DURATION, KIND_NUM, date_part),
};
SQL_FN(sql_date_part, "sql_date_part(part: str, t: datetime) -> num", "SQL's extract.",
       "sql_date_part(\"doy\", @2019-02-01)  #> 32.0", 0, .nulls = FN_ANY_NULL,
       .prepare = prepare_part);

/* ---- date_trunc ---- */
static int64_t year_start(int64_t year)
{
    return civil_days((int32_t)year, 1, 1) * US_PER_DAY;
}
static bool trunc_instant(enum part p, int64_t us, int64_t *out)
{
    struct civil c;
    int64_t day = civil_day_of_us(us);
    civil_from_us(us, &c);
    int month = p == PART_QUARTER ? (c.month - 1) / 3 * 3 + 1 : c.month;
    switch (p) {
    case PART_MICROSECONDS: *out = us; return true;
    case PART_MILLISECONDS: *out = floor_div(us, 1000) * 1000; return true;
    case PART_SECOND: *out = floor_div(us, US_PER_SECOND) * US_PER_SECOND; return true;
    case PART_MINUTE: *out = floor_div(us, US_PER_MINUTE) * US_PER_MINUTE; return true;
    case PART_HOUR: *out = floor_div(us, US_PER_HOUR) * US_PER_HOUR; return true;
    case PART_DAY: *out = day * US_PER_DAY; return true;
    case PART_WEEK: *out = (day + 1 - civil_weekday(day)) * US_PER_DAY; return true;
    case PART_MONTH:
    case PART_QUARTER: *out = civil_days(c.year, month, 1) * US_PER_DAY; return true;
    case PART_YEAR: *out = year_start(c.year); return true;
    case PART_DECADE: *out = year_start(floor_div(c.year, 10) * 10); return true;
    case PART_CENTURY: *out = year_start((count_of_years(c.year, 100) - 1) * 100 + 1); return true;
    case PART_MILLENNIUM:
        *out = year_start((count_of_years(c.year, 1000) - 1) * 1000 + 1);
        return true;
    default: return false;
    }
}
static bool trunc_span(enum part p, int64_t us, int64_t *out)
{
    static const struct {
        enum part part;
        int64_t unit;
    } units[] = {{PART_MICROSECONDS, 1},       {PART_MILLISECONDS, 1000},
                 {PART_SECOND, US_PER_SECOND}, {PART_MINUTE, US_PER_MINUTE},
                 {PART_HOUR, US_PER_HOUR},     {PART_DAY, US_PER_DAY}};
    for (int i = 0; i < COUNT(units); i++) {
        if (units[i].part != p) continue;
        *out = us / units[i].unit * units[i].unit;
        return true;
    }
    *out = 0; /* no months or years in it */
    return p == PART_MONTH || p == PART_YEAR || p == PART_QUARTER || p == PART_DECADE ||
           p == PART_CENTURY || p == PART_MILLENNIUM;
}
static enum rc_t date_trunc(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    bool is_span = e->arg_types[1].kind == KIND_DURATION;
    for (int64_t i = 0; i < n; i++) {
        enum part p;
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        TRY(row_part(e, args, i, &p));
        int64_t us = vec_i64(&args[1], i);
        if (!(is_span ? trunc_span(p, us, &r[i]) : trunc_instant(p, us, &r[i])))
            return sql_refuse(e, i, "date_trunc cannot cut to %s", part_names[p]);
    }
    return RC_OK;
}
static enum rc_t type_second(struct ctx *cx, const struct dtype *args, int n, struct span span,
                             struct dtype *out)
{
    return n > 1 ? type_zone(cx, args + 1, n - 1, span, out) : RC_OK;
}
static const struct fn_overload sql_date_trunc_overloads[] = {
    OV2(KIND_STR, KIND_DATETIME, KIND_DATETIME, date_trunc),
    OV2(KIND_STR, KIND_DURATION, KIND_DURATION, date_trunc),
};
SQL_FN(sql_date_trunc, "sql_date_trunc(part: str, t: datetime) -> datetime", "SQL's date_trunc.",
       "sql_date_trunc(\"month\", @2019-02-11)  #> 2019-02-01 00:00:00", 0, .nulls = FN_ANY_NULL,
       .prepare = prepare_part, .type = type_second);

/* date_bin(width, t, origin) */
static enum rc_t bin_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                         bool *is_null)
{
    int64_t width = vec_i64(&args[0], i), at;
    (void)is_null;
    if (width <= 0) return sql_refuse(e, i, "the width of date_bin must be above 0");
    if (__builtin_sub_overflow(vec_i64(&args[1], i), vec_i64(&args[2], i), &at) ||
        __builtin_add_overflow(floor_div(at, width) * width, vec_i64(&args[2], i), r))
        return sql_refuse(e, i, "the times of date_bin are too far apart");
    return RC_OK;
}
SQL_INT_KERNEL(date_bin, bin_row)
static const struct fn_overload sql_date_bin_overloads[] = {
    OV3(KIND_DURATION, KIND_DATETIME, KIND_DATETIME, KIND_DATETIME, date_bin),
};
SQL_FN(sql_date_bin, "sql_date_bin(width: duration, t: datetime, origin: datetime) -> datetime",
       "SQL's date_bin.",
       "sql_date_bin(15min, @2019-01-31T08:41:00, @2019-01-01T00:00:00)  #> 2019-01-31 08:30:00", 0,
       .nulls = FN_ANY_NULL, .type = type_second);

/* ---- age ---- */
static enum rc_t age_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                         bool *is_null)
{
    (void)is_null;
    if (__builtin_sub_overflow(vec_i64(&args[0], i), vec_i64(&args[1], i), r))
        return fail_overflow(e, i, args, "age");
    return RC_OK;
}
SQL_INT_KERNEL(age, age_row)
static const struct fn_overload sql_age_overloads[] = {
    OV2(KIND_DATETIME, KIND_DATETIME, KIND_DURATION, age),
};
SQL_FN(sql_age, "sql_age(a: datetime, b: datetime) -> duration", "SQL's age in days and times.",
       "sql_age(@2019-03-01, @2019-02-01)  #> 28d", 0, .nulls = FN_ANY_NULL);

/* The symbolic difference a - b, a not before b: whole months first, then what is left. */
static void age_of(int64_t a, int64_t b, int64_t *months, int64_t *us)
{
    struct civil x, y;
    civil_from_us(a, &x);
    civil_from_us(b, &y);
    *months = (int64_t)(x.year - y.year) * 12 + (x.month - y.month);
    int64_t days = x.day - y.day;
    int64_t rest = (a - civil_day_of_us(a) * US_PER_DAY) - (b - civil_day_of_us(b) * US_PER_DAY);
    if (rest < 0) {
        rest += US_PER_DAY;
        days--;
    }
    if (days < 0) { /* days are borrowed from the month that b stands in */
        days += civil_month_length(y.year, y.month);
        (*months)--;
    }
    *us = days * US_PER_DAY + rest;
}
static enum rc_t age_part(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    double *r = (double *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        enum part p;
        int64_t months, us;
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        TRY(row_part(e, args, i, &p));
        int64_t a = vec_i64(&args[1], i), b = vec_i64(&args[2], i);
        int sign = a < b ? -1 : 1;
        age_of(a < b ? b : a, a < b ? a : b, &months, &us);
        switch (p) {
        case PART_YEAR: r[i] = (double)(sign * (months / 12)); break;
        case PART_MONTH: r[i] = (double)(sign * (months % 12)); break;
        case PART_QUARTER: r[i] = (double)(sign * (months % 12) / 3 + 1); break;
        case PART_DECADE: r[i] = (double)(sign * (months / 120)); break;
        case PART_CENTURY: r[i] = (double)(sign * (months / 1200)); break;
        case PART_EPOCH: /* as PostgreSQL: years of 365.25 days, months of 30 */
            r[i] = sign * ((double)(months / 12) * 31557600 + (double)(months % 12) * 2592000 +
                           (double)us / 1e6);
            break;
        default: r[i] = span_part(p, sign * us);
        }
    }
    return RC_OK;
}
static const struct fn_overload sql_age_part_overloads[] = {
    OV3(KIND_STR, KIND_DATETIME, KIND_DATETIME, KIND_NUM, age_part),
};
SQL_FN(sql_age_part, "sql_age_part(part: str, a: datetime, b: datetime) -> num",
       "A part of SQL's age(a, b): whole years, months left over ..",
       "sql_age_part(\"year\", @2019-06-14, @1990-06-15)  #> 28.0", 0, .nulls = FN_ANY_NULL,
       .prepare = prepare_part);

/* ---- makers ---- */
static enum rc_t civil_check(struct fn_eval *e, int64_t i, int64_t y, int64_t m, int64_t d)
{
    if (y >= -9999 && y <= 9999 && y != 0 && m >= 1 && m <= 12 && d >= 1 &&
        d <= civil_month_length((int32_t)y, (int32_t)m))
        return RC_OK;
    return fail(e->cx, E317, e->span,
                "%" PRId64 "-%" PRId64 "-%" PRId64 " in row %" PRId64 " is not a date", y, m, d,
                e->first_row + i + 1);
}
static enum rc_t make_date(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    for (int64_t i = 0; i < n; i++) {
        ((int32_t *)out->data)[i] = 0;
        if (!row_valid(e, args, i)) continue;
        int64_t y = vec_i64(&args[0], i), m = vec_i64(&args[1], i), d = vec_i64(&args[2], i);
        TRY(civil_check(e, i, y, m, d));
        ((int32_t *)out->data)[i] = (int32_t)civil_days((int32_t)y, (int32_t)m, (int32_t)d);
    }
    return RC_OK;
}
static const struct fn_overload sql_make_date_overloads[] = {
    OV3(KIND_INT, KIND_INT, KIND_INT, KIND_DATE, make_date),
};
SQL_FN(sql_make_date, "sql_make_date(y: int, m: int, d: int) -> date", "SQL's make_date.",
       "sql_make_date(2019, 1, 31)  #> 2019-01-31", 0, .nulls = FN_ANY_NULL);

static enum rc_t make_timestamp_row(struct fn_eval *e, const struct vec *args, int64_t i,
                                    int64_t *r, bool *is_null)
{
    int64_t y = vec_i64(&args[0], i), m = vec_i64(&args[1], i), d = vec_i64(&args[2], i);
    int64_t h = vec_i64(&args[3], i), min = vec_i64(&args[4], i);
    double s = vec_f64(&args[5], i);
    (void)is_null;
    TRY(civil_check(e, i, y, m, d));
    if (h < 0 || h > 24 || min < 0 || min > 59 || !(s >= 0 && s <= 60))
        return sql_refuse(e, i, "there is no such time of day");
    *r = civil_days((int32_t)y, (int32_t)m, (int32_t)d) * US_PER_DAY + h * US_PER_HOUR +
         min * US_PER_MINUTE + (int64_t)rint(s * 1e6);
    return RC_OK;
}
SQL_INT_KERNEL(make_timestamp, make_timestamp_row)
static const struct fn_overload sql_make_timestamp_overloads[] = {
    {.n_args = 6,
     .args = {KIND_INT, KIND_INT, KIND_INT, KIND_INT, KIND_INT, KIND_NUM},
     .ret = KIND_DATETIME,
     .kernel = make_timestamp},
};
SQL_FN(sql_make_timestamp,
       "sql_make_timestamp(y: int, m: int, d: int, h: int, min: int, s: num) -> datetime",
       "SQL's make_timestamp.",
       "sql_make_timestamp(2019, 1, 31, 8, 30, 1.5)  #> 2019-01-31 08:30:01.5", 0,
       .nulls = FN_ANY_NULL);

/* to_timestamp(seconds) */
static enum rc_t from_epoch_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                                bool *is_null)
{
    double us = rint(vec_f64(&args[0], i) * 1e6);
    (void)is_null;
    if (!(fabs(us) < 9e18)) return sql_refuse(e, i, "the time is out of the calendar");
    *r = (int64_t)us;
    return RC_OK;
}
SQL_INT_KERNEL(from_epoch, from_epoch_row)
static const struct fn_overload sql_from_epoch_overloads[] = {
    OV1(KIND_NUM, KIND_DATETIME, from_epoch),
};
SQL_FN(sql_from_epoch, "sql_from_epoch(seconds: num) -> datetime",
       "SQL's to_timestamp of seconds since 1970.", "sql_from_epoch(86400)  #> 1970-01-02 00:00:00",
       0, .nulls = FN_ANY_NULL);
