/* cast_time.c: date(), datetime() and the hidden duration(). */
#include "runtime/base/civil.h"
#include "runtime/base/kernel.h"
#include "runtime/fn/scalar/cast.h"

/* ---- date ---- */
static inline int32_t day_of_us(int64_t us)
{
    int64_t d = us / US_PER_DAY;
    return (int32_t)(d - (us % US_PER_DAY < 0));
}

#define K_NAME  date_datetime
#define K_A     int64_t
#define K_R     int32_t
#define K_OP(x) day_of_us(x)
#include "runtime/fn/kern/unary.inc.h"

static enum rc_t date_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int32_t *r = (int32_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        if (!read_date(s, &r[i])) TRY(cast_refuse(e, out, i, s, "a date"));
    }
    return RC_OK;
}

/* date(year, month, day) */
static enum rc_t date_parts(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int32_t *r = (int32_t *)out->data;
    for (int64_t i = 0; i < n; i++) {
        int64_t y = vec_i64(&args[0], i), m = vec_i64(&args[1], i), d = vec_i64(&args[2], i);
        r[i] = 0;
        if (y >= -9999 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 &&
            d <= civil_month_length((int32_t)y, (int32_t)m)) {
            r[i] = (int32_t)civil_days((int32_t)y, (int32_t)m, (int32_t)d);
            continue;
        }
        if (!row_valid(e, args, i)) continue;
        out_null(out, i);
        note_row(e, i, "%lld-%lld-%lld", (long long)y, (long long)m, (long long)d);
    }
    return RC_OK;
}

static const struct fn_overload date_overloads[] = {
    CAST(KIND_DATE, KIND_DATE, cast_same),
    CAST(KIND_DATETIME, KIND_DATE, date_datetime),
    CAST(KIND_STR, KIND_DATE, date_str),
    CAST(KIND_NULL, KIND_DATE, cast_null),
    OV3(KIND_INT, KIND_INT, KIND_INT, KIND_DATE, date_parts),
};
const struct fn_desc fn_date = {
    .name = "date",
    .sig = "date(x, strict: bool = false) -> date",
    .doc =
        "The day of a datetime, of text such as 2019-01-31, or of year, month and day. What is no "
        "date becomes null and is counted.",
    .example = "date(\"2019-1-31\")  #> 2019-01-31",
    .flags = FN_PURE | FN_ADDS_NULLS | FN_CAST | FN_CALENDAR,
    .overloads = date_overloads,
    .n_overloads = COUNT(date_overloads),
    .prepare = prepare_cast,
};

/* ---- datetime ---- */
#define K_NAME  datetime_date
#define K_A     int32_t
#define K_R     int64_t
#define K_OP(x) ((int64_t)(x)*US_PER_DAY)
#include "runtime/fn/kern/unary.inc.h"

static enum rc_t datetime_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        if (!read_datetime(s, &r[i])) TRY(cast_refuse(e, out, i, s, "a time"));
    }
    return RC_OK;
}

static const struct fn_overload datetime_overloads[] = {
    CAST(KIND_DATETIME, KIND_DATETIME, cast_same),
    CAST(KIND_DATE, KIND_DATETIME, datetime_date),
    CAST(KIND_STR, KIND_DATETIME, datetime_str),
    CAST(KIND_NULL, KIND_DATETIME, cast_null),
};
const struct fn_desc fn_datetime = {
    .name = "datetime",
    .sig = "datetime(x, strict: bool = false) -> datetime",
    .doc =
        "Text such as 2019-01-31 08:30 as an instant (a zone in it is converted to UTC); a date is "
        "its midnight. What is no time becomes null and is counted.",
    .example = "datetime(\"2019-01-31 08:30\")  #> 2019-01-31 08:30:00",
    .flags = FN_PURE | FN_ADDS_NULLS | FN_CAST,
    .overloads = datetime_overloads,
    .n_overloads = COUNT(datetime_overloads),
    .prepare = prepare_cast,
    .type = type_zone,
};

/* ---- duration: only so that a null can become one ---- */
static const struct fn_overload duration_overloads[] = {
    CAST(KIND_DURATION, KIND_DURATION, cast_same),
    CAST(KIND_NULL, KIND_DURATION, cast_null),
};
const struct fn_desc fn_duration = {
    .name = "duration",
    .sig = "duration(x) -> duration",
    .doc = "A duration as it is.",
    .example = "90min  #> 1h 30min",
    .flags = FN_PURE | FN_HIDDEN | FN_ADDS_NULLS,
    .overloads = duration_overloads,
    .n_overloads = COUNT(duration_overloads),
};
