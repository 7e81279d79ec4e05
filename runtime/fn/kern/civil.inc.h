/* civil.inc.h: calendar fields of a day number as straight-line 32-bit arithmetic, which compilers
 * vectorise (base/civil.h divides 64-bit numbers). Hinnant's civil_from_days; right from the year
 * -30,000 on. */
#ifndef MLNB_FN_KERN_CIVIL_INC_H
#define MLNB_FN_KERN_CIVIL_INC_H

#include "runtime/base/civil.h"

struct ymd {
    int32_t year, month, day;
};
#define YMD_ERAS                                                                                   \
    82 /* 400-year eras added so that days from the year -30,000 on count up from 0                \
        */

static inline struct ymd ymd_of(int32_t days)
{
    uint32_t z = (uint32_t)days + 719468u + YMD_ERAS * 146097u;
    uint32_t era = z / 146097, doe = z - era * 146097;
    uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int32_t month = (int32_t)(mp < 10 ? mp + 3 : mp - 9);
    return (struct ymd){(int32_t)(yoe + era * 400) - YMD_ERAS * 400 + (month <= 2), month,
                        (int32_t)(doy - (153 * mp + 2) / 5 + 1)};
}
static inline int32_t days_of(int32_t year, int32_t month, int32_t day)
{
    uint32_t y = (uint32_t)(year + YMD_ERAS * 400 - (month <= 2));
    uint32_t era = y / 400, yoe = y - era * 400;
    uint32_t doy = (153 * (uint32_t)(month + (month > 2 ? -3 : 9)) + 2) / 5 + (uint32_t)day - 1;
    uint32_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return (int32_t)(era * 146097 + doe) - 719468 - YMD_ERAS * 146097;
}
static inline int64_t floor_div_us(int64_t us, int64_t unit)
{
    int64_t q = us / unit;
    return q - (us % unit < 0);
}
static inline int32_t day_of_instant(int64_t us)
{
    return (int32_t)floor_div_us(us, US_PER_DAY);
}
/* Microseconds since midnight. */
static inline int64_t us_of_day(int64_t us)
{
    return us - floor_div_us(us, US_PER_DAY) * US_PER_DAY;
}
/* 1 = Monday .. 7 = Sunday; 1970-01-01 was a Thursday. */
static inline int32_t weekday_of(int32_t days)
{
    return (int32_t)(((uint32_t)days + 3u + YMD_ERAS * 146097u) % 7u) + 1;
}

#endif
