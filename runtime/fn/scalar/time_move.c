/* time_move.c: bin (to the start of an interval) of times and numbers, add_months, and format_time
 * and parse_time with strftime patterns. */
#include "runtime/base/kernel.h"
#include "runtime/fn/fn_int.h"
#include "runtime/fn/kern/civil.inc.h"

#include <inttypes.h>
#include <math.h>

/* ---- bin ---- */
struct width {
    int64_t months; /* calendar width, or 0 */
    int64_t us;
    int64_t origin; /* weeks start on Mondays, everything else at 1970-01-01 */
};

static enum rc_t prepare_bin(struct fn_eval *e, struct arena *arena, void **out)
{
    if (e->arg_types[1].kind != KIND_DURATION) return RC_OK;
    TRY(need_const(e, 1, "bin", "the width"));
    struct width *w = ARENA_NEW(arena, struct width);
    const struct scalar *s = &e->consts[1];
    *out = w;
    if (s->is_null) return RC_OK;
    w->months = s->months;
    w->us = s->u.i;
    if (w->months > 0 && w->us == 0) return RC_OK;
    if (w->months != 0 || w->us <= 0)
        return fail(e->cx, E209, e->span,
                    "the width of `bin` must be above 0, months and days not mixed");
    bool is_date = e->arg_types[0].kind == KIND_DATE;
    if (is_date && w->us % US_PER_DAY != 0) {
        (void)fail(e->cx, E209, e->span, "a date is binned by whole days");
        return err_hint(e->cx, "bin(datetime(day), 6h)");
    }
    if (w->us % (7 * US_PER_DAY) == 0) w->origin = 4 * US_PER_DAY; /* 1970-01-05 */
    return RC_OK;
}

static int32_t month_start(int32_t day, int64_t months)
{
    struct ymd t = ymd_of(day);
    int64_t k = (int64_t)t.year * 12 + t.month - 1;
    int64_t r = k % months;
    k -= r < 0 ? r + months : r;
    int64_t y = k / 12 - (k % 12 < 0);
    return days_of((int32_t)y, (int32_t)(k - y * 12) + 1, 1);
}

KERNEL static void bin_us(int64_t n, const int64_t *restrict a, int64_t unit, int64_t origin,
                          int64_t *restrict out)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t x = (int64_t)((uint64_t)a[i] - (uint64_t)origin), r = x % unit;
        out[i] = (int64_t)((uint64_t)a[i] - (uint64_t)(r < 0 ? r + unit : r));
    }
}

static enum rc_t bin_datetime(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct width *w = e->prepared;
    int64_t *r = (int64_t *)out->data, m = args[0].is_const && n > 1 ? 1 : n;
    const int64_t *a = args[0].data;
    if (w->months == 0)
        bin_us(m, a, w->us, w->origin, r);
    else
        for (int64_t i = 0; i < m; i++)
            r[i] = month_start(day_of_instant(a[i]), w->months) * US_PER_DAY;
    for (int64_t i = m; i < n; i++)
        r[i] = r[0];
    return RC_OK;
}

static enum rc_t bin_date(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct width *w = e->prepared;
    int32_t *r = (int32_t *)out->data;
    int64_t unit = w->us / US_PER_DAY, origin = w->origin / US_PER_DAY;
    for (int64_t i = 0; i < n; i++) {
        int32_t d = vec_i32(&args[0], i);
        int64_t rest = w->months ? 0 : (d - origin) % unit;
        if (rest < 0) rest += unit;
        r[i] = w->months ? month_start(d, w->months) : (int32_t)(d - rest);
    }
    return RC_OK;
}

static rc fail_width(struct fn_eval *e)
{
    return fail(e->cx, E209, e->span, "the width of `bin` must be above 0");
}

static enum rc_t bin_int(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    for (int64_t i = 0; i < n; i++) {
        int64_t x = vec_i64(&args[0], i), w = vec_i64(&args[1], i);
        r[i] = x;
        if (w <= 0 && row_valid(e, args, i)) return fail_width(e);
        if (w <= 0) continue;
        int64_t rest = x % w;
        if (__builtin_sub_overflow(x, rest < 0 ? rest + w : rest, &r[i]) && row_valid(e, args, i))
            return fail_overflow(e, i, args, "bin");
    }
    return RC_OK;
}

static enum rc_t bin_num(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    double *r = (double *)out->data;
    for (int64_t i = 0; i < n; i++) {
        double x = vec_f64(&args[0], i), w = vec_f64(&args[1], i);
        r[i] = isfinite(x) ? floor(x / w) * w : x;
        if (!(w > 0) && row_valid(e, args, i)) return fail_width(e);
    }
    return RC_OK;
}

static const struct fn_overload bin_overloads[] = {
    OV2(KIND_INT, KIND_INT, KIND_INT, bin_int),
    OV2(KIND_NUM, KIND_NUM, KIND_NUM, bin_num),
    OV2(KIND_DATE, KIND_DURATION, KIND_DATE, bin_date),
    OV2(KIND_DATETIME, KIND_DURATION, KIND_DATETIME, bin_datetime),
};
const struct fn_desc fn_bin = {
    .name = "bin",
    .sig = "bin(x, width)",
    .doc =
        "The start of x's interval: of a time by a duration (15min, 1d, 1w from Monday, 1mo, 1q, "
        "1y), of a number by a number.",
    .example = "bin(@2019-01-31T08:41:00, 15min)  #> 2019-01-31 08:30:00",
    .flags = FN_PURE | FN_CALENDAR,
    .overloads = bin_overloads,
    .n_overloads = COUNT(bin_overloads),
    .type = type_zone,
    .prepare = prepare_bin,
};

/* ---- add_months ---- */
#define MONTHS_MAX 400000 /* beyond, no date of ours stands */

static bool moved(int32_t day, int64_t months, int32_t *out)
{
    *out = day;
    if (months > MONTHS_MAX || months < -MONTHS_MAX) return false;
    struct ymd t = ymd_of(day);
    int64_t k = (int64_t)t.year * 12 + t.month - 1 + months;
    int64_t y = k / 12 - (k % 12 < 0);
    int32_t m = (int32_t)(k - y * 12) + 1, last = civil_month_length((int32_t)y, m);
    *out = days_of((int32_t)y, m, t.day < last ? t.day : last);
    return true;
}

static enum rc_t add_months(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    bool is_date = args[0].phys == PHYS_DATE32;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = is_date ? 0 : vec_i64(&args[0], i);
        int32_t day = is_date ? vec_i32(&args[0], i) : day_of_instant(at), to;
        if (!moved(day, vec_i64(&args[1], i), &to) && row_valid(e, args, i))
            return fail(e->cx, E312, e->span, "%" PRId64 " months lead out of the calendar",
                        vec_i64(&args[1], i));
        if (is_date)
            ((int32_t *)out->data)[i] = to;
        else
            ((int64_t *)out->data)[i] = to * US_PER_DAY + us_of_day(at);
    }
    return RC_OK;
}
static const struct fn_overload add_months_overloads[] = {
    OV2(KIND_DATE, KIND_INT, KIND_DATE, add_months),
    OV2(KIND_DATETIME, KIND_INT, KIND_DATETIME, add_months),
};
const struct fn_desc fn_add_months = {
    .name = "add_months",
    .sig = "t + months",
    .doc = "t so many months later; a day that the month does not have becomes its last.",
    .example = "@2019-01-31 + 1mo  #> 2019-02-28",
    .flags = FN_PURE | FN_HIDDEN | FN_CALENDAR,
    .overloads = add_months_overloads,
    .n_overloads = COUNT(add_months_overloads),
    .type = type_zone,
};

/* ---- times as text ---- */
static enum rc_t format_time(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    for (int64_t i = 0; i < n; i++) {
        strbuf_clear(&b);
        if (bit_valid(live, i)) time_format(&b, vec_i64(&args[0], i), vec_str(&args[1], i));
        r[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    out->heap = NULL;
    return RC_OK;
}
static const struct fn_overload format_time_overloads[] = {
    OV2(KIND_DATETIME, KIND_STR, KIND_STR, format_time),
};
const struct fn_desc fn_format_time = {
    .name = "format_time",
    .sig = "format_time(t: datetime, pattern: str) -> str",
    .doc = "t as text by a strftime pattern: %Y %m %d %H %M %S %f, %a %A %b %B, day of the "
           "year %j, of the week %u (1 = Monday), weeks %V (ISO, with its year %G) %U %W ...",
    .example = "format_time(@2019-01-31, \"%d.%m.%Y\")  #> \"31.01.2019\"",
    .flags = FN_PURE | FN_CALENDAR,
    .overloads = format_time_overloads,
    .n_overloads = COUNT(format_time_overloads),
};

static enum rc_t parse_time(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        if (time_parse(str_trim(s), vec_str(&args[1], i), &r[i])) continue;
        out_null(out, i);
        fn_note_add(e->note, e->first_row + i, s);
    }
    return RC_OK;
}
static const struct fn_overload parse_time_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_DATETIME, parse_time),
};
const struct fn_desc fn_parse_time = {
    .name = "parse_time",
    .sig = "parse_time(x: str, pattern: str) -> datetime",
    .doc = "Text as an instant by a strftime pattern (%j is the day of the year, %z converts to "
           "UTC); what does not fit becomes null and is counted.",
    .example = "parse_time(\"31.01.2019 08:30\", \"%d.%m.%Y %H:%M\")  #> 2019-01-31 08:30:00",
    .flags = FN_PURE | FN_ADDS_NULLS | FN_CAST,
    .overloads = parse_time_overloads,
    .n_overloads = COUNT(parse_time_overloads),
};
