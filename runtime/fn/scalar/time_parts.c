/* time_parts.c: year .. second, weekday, yearday, week, is_weekend; seconds .. days of a duration;
 * months_between and age. One macro makes the loops over dates and over datetimes. */
#include "runtime/base/kernel.h"
#include "runtime/fn/fn_int.h"
#include "runtime/fn/kern/civil.inc.h"

static inline int32_t yearday_of(int32_t d)
{
    return d - days_of(ymd_of(d).year, 1, 1) + 1;
}
/* ISO 8601: the week of the year that holds its Thursday. */
static inline int32_t isoweek_of(int32_t d)
{
    return (yearday_of(d + 4 - weekday_of(d)) - 1) / 7 + 1;
}

/* A field of the day `d`, for dates and datetimes. */
#define DAY_PART(id, expr, doc_text, example_text, sql_text, spark_text)                           \
    KERNEL static void id##_days(int64_t n, const int32_t *restrict a, int64_t *restrict out)      \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++) {                                                          \
            int32_t d = a[i];                                                                      \
            out[i] = (expr);                                                                       \
        }                                                                                          \
    }                                                                                              \
    static enum rc_t id##_date(struct fn_eval *e, int64_t n, const struct vec *args,               \
                               struct vec *out)                                                    \
    {                                                                                              \
        id##_days(run_length(&args[0], n), args[0].data, (int64_t *)out->data);                    \
        return spread(e, n, args, out);                                                            \
    }                                                                                              \
    static enum rc_t id##_datetime(struct fn_eval *e, int64_t n, const struct vec *args,           \
                                   struct vec *out)                                                \
    {                                                                                              \
        by_day(run_length(&args[0], n), args[0].data, (int64_t *)out->data, id##_days);            \
        return spread(e, n, args, out);                                                            \
    }                                                                                              \
    static const struct fn_overload id##_overloads[] = {                                           \
        OV1(KIND_DATE, KIND_INT, id##_date),                                                       \
        OV1(KIND_DATETIME, KIND_INT, id##_datetime),                                               \
    };                                                                                             \
    const struct fn_desc fn_##id = {.name = #id,                                                   \
                                    .sig = #id "(t: date) -> int",                                 \
                                    .doc = doc_text,                                               \
                                    .example = example_text,                                       \
                                    .flags = FN_PURE | FN_CALENDAR,                                \
                                    .overloads = id##_overloads,                                   \
                                    .n_overloads = 2,                                              \
                                    .foreign = {sql_text, spark_text}};

/* A field of the time of day, in whole `unit`s modulo `mod`. */
#define CLOCK_PART(id, unit, mod, doc_text, example_text, sql_text, spark_text)                    \
    KERNEL static void id##_instants(int64_t n, const int64_t *restrict a, int64_t *restrict out)  \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            out[i] = us_of_day(a[i]) / (unit) % (mod);                                             \
    }                                                                                              \
    static enum rc_t id##_datetime(struct fn_eval *e, int64_t n, const struct vec *args,           \
                                   struct vec *out)                                                \
    {                                                                                              \
        id##_instants(run_length(&args[0], n), args[0].data, (int64_t *)out->data);                \
        return spread(e, n, args, out);                                                            \
    }                                                                                              \
    static const struct fn_overload id##_overloads[] = {                                           \
        OV1(KIND_DATETIME, KIND_INT, id##_datetime),                                               \
    };                                                                                             \
    const struct fn_desc fn_##id = {.name = #id,                                                   \
                                    .sig = #id "(t: datetime) -> int",                             \
                                    .doc = doc_text,                                               \
                                    .example = example_text,                                       \
                                    .flags = FN_PURE | FN_CALENDAR,                                \
                                    .overloads = id##_overloads,                                   \
                                    .n_overloads = 1,                                              \
                                    .foreign = {sql_text, spark_text}};

static int64_t run_length(const struct vec *v, int64_t n)
{
    return v->is_const && n > 1 ? 1 : n;
}

/* Instants by way of their days, a block at a time: dividing 64-bit numbers does not vectorise,
 * what follows on days does. */
static void by_day(int64_t n, const int64_t *a, int64_t *out,
                   void (*loop)(int64_t, const int32_t *, int64_t *))
{
    int32_t days[512];
    for (int64_t at = 0; at < n; at += 512) {
        int64_t m = n - at < 512 ? n - at : 512;
        for (int64_t i = 0; i < m; i++)
            days[i] = day_of_instant(a[at + i]);
        loop(m, days, out + at);
    }
}

/* A constant was computed once: the same for every row. */
static enum rc_t spread(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    (void)e;
    for (int64_t i = run_length(&args[0], n); i < n; i++)
        r[i] = r[0];
    return RC_OK;
}

DAY_PART(year, ymd_of(d).year, "Year of a date or datetime.", "year(@2019-01-31)  #> 2019",
         "extract(year from %1)::bigint", "year(%1)")
DAY_PART(quarter, (ymd_of(d).month + 2) / 3, "Quarter of the year, 1 to 4.",
         "quarter(@2019-05-31)  #> 2", "extract(quarter from %1)::bigint", "quarter(%1)")
DAY_PART(month, ymd_of(d).month, "Month, 1 to 12.", "month(@2019-01-31)  #> 1",
         "extract(month from %1)::bigint", "month(%1)")
DAY_PART(day, ymd_of(d).day, "Day of the month, 1 to 31.", "day(@2019-01-31)  #> 31",
         "extract(day from %1)::bigint", "day(%1)")
DAY_PART(weekday, weekday_of(d), "Day of the week: 1 = Monday .. 7 = Sunday.",
         "weekday(@2019-01-31)  #> 4", "extract(isodow from %1)::bigint", "(weekday(%1) + 1)")
DAY_PART(yearday, yearday_of(d), "Day of the year, 1 to 366.", "yearday(@2019-02-01)  #> 32",
         "extract(doy from %1)::bigint", "dayofyear(%1)")
DAY_PART(week, isoweek_of(d), "Week of the year by ISO 8601, 1 to 53.", "week(@2019-01-31)  #> 5",
         "extract(week from %1)::bigint", "weekofyear(%1)")
CLOCK_PART(hour, US_PER_HOUR, 24, "Hour, 0 to 23.", "hour(@2019-01-31T08:30:00)  #> 8",
           "extract(hour from %1)::bigint", "hour(%1)")
CLOCK_PART(minute, US_PER_MINUTE, 60, "Minute, 0 to 59.", "minute(@2019-01-31T08:30:00)  #> 30",
           "extract(minute from %1)::bigint", "minute(%1)")
CLOCK_PART(second, US_PER_SECOND, 60, "Whole second, 0 to 59.",
           "second(@2019-01-31T08:30:05)  #> 5", "floor(extract(second from %1))::bigint",
           "second(%1)")

/* ---- is_weekend ---- */
static enum rc_t is_weekend(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *r = (uint64_t *)out->data;
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        bool is_date = args[0].phys == PHYS_DATE32;
        int32_t d = is_date ? vec_i32(&args[0], i) : day_of_instant(vec_i64(&args[0], i));
        bit_put(r, i, weekday_of(d) >= 6);
    }
    return RC_OK;
}
static const struct fn_overload is_weekend_overloads[] = {
    OV1(KIND_DATE, KIND_BOOL, is_weekend),
    OV1(KIND_DATETIME, KIND_BOOL, is_weekend),
};
const struct fn_desc fn_is_weekend = {
    .name = "is_weekend",
    .sig = "is_weekend(t: date) -> bool",
    .doc = "Whether the day is a Saturday or Sunday.",
    .example = "is_weekend(@2019-02-02)  #> true",
    .flags = FN_PURE | FN_CALENDAR,
    .overloads = is_weekend_overloads,
    .n_overloads = COUNT(is_weekend_overloads),
    .foreign = {"(extract(isodow from %1) >= 6)", "(weekday(%1) >= 5)"},
};

/* ---- lengths of time in a unit ---- */
#define UNIT(id, unit, example_text)                                                               \
    KERNEL static void id##_loop(int64_t n, const int64_t *restrict a, double *restrict out)       \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            out[i] = (double)a[i] / (double)(unit);                                                \
    }                                                                                              \
    static enum rc_t id##_num(struct fn_eval *e, int64_t n, const struct vec *args,                \
                              struct vec *out)                                                     \
    {                                                                                              \
        double *r = (double *)out->data;                                                           \
        (void)e;                                                                                   \
        id##_loop(run_length(&args[0], n), args[0].data, r);                                       \
        for (int64_t i = run_length(&args[0], n); i < n; i++)                                      \
            r[i] = r[0];                                                                           \
        return RC_OK;                                                                              \
    }                                                                                              \
    static const struct fn_overload id##_overloads[] = {OV1(KIND_DURATION, KIND_NUM, id##_num)};   \
    const struct fn_desc fn_##id = {.name = #id,                                                   \
                                    .sig = #id "(d: duration) -> num",                             \
                                    .doc = "A duration in " #id ".",                               \
                                    .example = example_text,                                       \
                                    .flags = FN_PURE,                                              \
                                    .overloads = id##_overloads,                                   \
                                    .n_overloads = 1};

UNIT(seconds, US_PER_SECOND, "seconds(2min)  #> 120.0")
UNIT(minutes, US_PER_MINUTE, "minutes(90s)  #> 1.5")
UNIT(hours, US_PER_HOUR, "hours(1d)  #> 24.0")
UNIT(days, US_PER_DAY, "days(@2019-02-01 - @2019-01-31)  #> 1.0")

/* ---- months_between, age ---- */

/* Whole months from a to b, both instants; negative when b is before a. */
static int64_t whole_months(int64_t a, int64_t b)
{
    if (b < a) return -whole_months(b, a);
    struct ymd x = ymd_of(day_of_instant(a)), y = ymd_of(day_of_instant(b));
    int64_t k = (int64_t)(y.year - x.year) * 12 + (y.month - x.month);
    int32_t last = civil_month_length(y.year, y.month);
    int32_t due = x.day < last ? x.day : last; /* the 31st comes on the month's last day */
    bool early = y.day < due || (y.day == due && us_of_day(b) < us_of_day(a));
    return k - early;
}

static enum rc_t count_months(int64_t n, const struct vec *args, struct vec *out, int64_t per)
{
    int64_t *r = (int64_t *)out->data;
    for (int64_t i = 0; i < n; i++)
        r[i] = whole_months(vec_i64(&args[0], i), vec_i64(&args[1], i)) / per;
    return RC_OK;
}
static enum rc_t months_between(struct fn_eval *e, int64_t n, const struct vec *args,
                                struct vec *out)
{
    (void)e;
    return count_months(n, args, out, 1);
}
static enum rc_t age(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    return count_months(n, args, out, 12);
}
static const struct fn_overload months_between_overloads[] = {
    OV2(KIND_DATETIME, KIND_DATETIME, KIND_INT, months_between),
};
const struct fn_desc fn_months_between = {
    .name = "months_between",
    .sig = "months_between(a: date, b: date) -> int",
    .doc = "Whole months from a to b, below 0 when b comes first.",
    .example = "months_between(@2019-01-31, @2019-02-28)  #> 1",
    .flags = FN_PURE | FN_CALENDAR,
    .overloads = months_between_overloads,
    .n_overloads = COUNT(months_between_overloads),
    .type = type_zone,
};
static const struct fn_overload age_overloads[] = {
    OV2(KIND_DATETIME, KIND_DATETIME, KIND_INT, age),
};
const struct fn_desc fn_age = {
    .name = "age",
    .sig = "age(born: date, at: date) -> int",
    .doc = "Whole years from born to at, as ages are counted.",
    .example = "age(@1990-06-15, @2019-06-14)  #> 28",
    .flags = FN_PURE | FN_CALENDAR,
    .overloads = age_overloads,
    .n_overloads = COUNT(age_overloads),
    .type = type_zone,
};
