/* civil.h: calendar arithmetic on the proleptic Gregorian calendar, UTC, no time zones, no locale.
 * Days count from 1970-01-01; instants are microseconds from 1970-01-01T00:00:00. Algorithms:
 * Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days_from_civil, civil_from_days).
 */
#ifndef MLNB_BASE_CIVIL_H
#define MLNB_BASE_CIVIL_H

#include "runtime/base/str.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_MINUTE (60 * US_PER_SECOND)
#define US_PER_HOUR   (60 * US_PER_MINUTE)
#define US_PER_DAY    (24 * US_PER_HOUR)

struct civil {
    int32_t year, month, day;     /* month 1..12, day 1..31 */
    int32_t hour, minute, second; /* 0..23, 0..59, 0..59 */
    int32_t micro;                /* 0..999999 */
};
int64_t civil_days(int32_t year, int32_t month, int32_t day);
void civil_from_days(int64_t days, int32_t *year, int32_t *month, int32_t *day);
void civil_from_us(int64_t us, struct civil *out);
int64_t civil_us(const struct civil *c);
int civil_month_length(int32_t year, int32_t month);
int civil_weekday(int64_t days);                        /* 1 = Monday .. 7 = Sunday (ISO) */
int civil_yearday(int64_t days);                        /* 1..366 */
int civil_isoweek(int64_t days);                        /* 1..53 */
int64_t civil_add_months(int64_t days, int64_t months); /* day clamped to the month's end */
/* floor division of an instant into its day */
int64_t civil_day_of_us(int64_t us);

/* Reads `2019-01-31` exactly. */
bool date_parse(const char *p, size_t n, int32_t *out_days);
/* Reads `2019-01-31[T ]08:30[:05[.123456]][Z|+02:00|-0200]`; a zone converts to UTC and sets
 * *has_zone. */
bool datetime_parse(const char *p, size_t n, int64_t *out_us, bool *has_zone);
#define DATE_TEXT_MAX 48
int date_format(int32_t days, char buf[DATE_TEXT_MAX]);   /* 2019-01-31 */
int datetime_format(int64_t us, char buf[DATE_TEXT_MAX]); /* 2019-01-31 08:30:00[.5] */
int duration_format(int64_t us, char buf[DATE_TEXT_MAX]); /* 1d 2h 5min 3.5s; 0s */
/* strftime patterns, English names, C locale: %a %A %b %B %d %e %f %F %H %I %j %m %M %p %S %T %u %w
 * %y %Y %Z %%. */
void time_format(struct strbuf *b, int64_t us, struct str pattern);
/* The reverse, for the numeric patterns and %b %B %p. False when s does not fit. */
bool time_parse(struct str s, struct str pattern, int64_t *out_us);

#endif
