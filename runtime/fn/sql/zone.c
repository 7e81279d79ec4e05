/* zone.c: AT TIME ZONE. A time without a zone becomes the instant at which the zone's clocks show
 * it, an instant what they show. Zones are IANA names (whatever the case), abbreviations, "+02" in
 * POSIX's sense (west is positive, as PostgreSQL reads them) or an interval east of Greenwich. */
#include "runtime/base/zone.h"

#include "runtime/base/civil.h"
#include "runtime/fn/sql/sql.h"

#include <ctype.h>

static const struct {
    const char *name;
    int minutes;
} short_names[] = {{"utc", 0},     {"gmt", 0},     {"z", 0},      {"zulu", 0},   {"wet", 0},
                   {"west", 60},   {"bst", 60},    {"cet", 60},   {"met", 60},   {"cest", 120},
                   {"mest", 120},  {"eet", 120},   {"eest", 180}, {"msk", 180},  {"jst", 540},
                   {"kst", 540},   {"est", -300},  {"edt", -240}, {"cst", -360}, {"cdt", -300},
                   {"mst", -420},  {"mdt", -360},  {"pst", -480}, {"pdt", -420}, {"hst", -600},
                   {"akst", -540}, {"akdt", -480}, {"nzst", 720}, {"nzdt", 780}, {"aest", 600},
                   {"aedt", 660},  {"awst", 480},  {"brt", -180}, {"art", -180}, {"ist", 120}};

static const struct zone *fixed_zone(int minutes)
{
    char name[16];
    int m = minutes < 0 ? -minutes : minutes;
    if (m >= 24 * 60) return NULL;
    snprintf(name, sizeof name, "%c%02d:%02d", minutes < 0 ? '-' : '+', m / 60, m % 60);
    return zone_find(name);
}
/* "+2", "-05:30": the other way round than ISO 8601 has it. */
static bool posix_minutes(struct str s, int *out)
{
    int parts[2] = {0, 0}, k = 0;
    if (s.n < 2 || (s.p[0] != '+' && s.p[0] != '-') || !isdigit((unsigned char)s.p[1]))
        return false;
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == ':' && k == 0)
            k = 1;
        else if (isdigit((unsigned char)s.p[i]) && parts[k] < 100)
            parts[k] = parts[k] * 10 + (s.p[i] - '0');
        else
            return false;
    }
    *out = (parts[0] * 60 + parts[1]) * (s.p[0] == '+' ? -1 : 1);
    return true;
}
/* `europe/rome` as the database spells it: each word with a capital. */
static const struct zone *spelt_zone(struct str s)
{
    char name[64];
    bool starts = true;
    if (s.n >= sizeof name) return NULL;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        name[i] = (char)(starts ? toupper(c) : tolower(c));
        starts = c == '/' || c == '_' || c == '-';
    }
    name[s.n] = '\0';
    return zone_find(name);
}
static const struct zone *find(struct str s)
{
    char name[64];
    int minutes;
    for (int i = 0; i < COUNT(short_names); i++)
        if (str_eq_nocase(s, str_of(short_names[i].name)))
            return fixed_zone(short_names[i].minutes);
    if (posix_minutes(s, &minutes)) return fixed_zone(minutes);
    if (s.n == 0 || s.n >= sizeof name) return NULL;
    snprintf(name, sizeof name, "%.*s", STR_FMT(s));
    const struct zone *z = zone_find(name);
    return z ? z : spelt_zone(s);
}

/* The zone of row i, remembered from one row to the next. */
struct looked_up {
    struct str name;
    const struct zone *zone;
};
static enum rc_t zone_of(struct fn_eval *e, const struct vec *args, int64_t i, struct looked_up *l)
{
    if (e->arg_types[0].kind == KIND_DURATION) {
        int64_t us = vec_i64(&args[0], i), minutes = us / US_PER_MINUTE;
        if (us % US_PER_MINUTE == 0 && minutes > -24 * 60 && minutes < 24 * 60)
            l->zone = fixed_zone((int)minutes);
        return l->zone ? RC_OK : sql_refuse(e, i, "this interval is no time zone");
    }
    struct str s = vec_str(&args[0], i);
    if (l->zone && str_eq(s, l->name)) return RC_OK;
    l->name = s;
    l->zone = find(s);
    if (l->zone) return RC_OK;
    (void)fail(e->cx, E209, e->span, "no time zone `%.*s` is known here", STR_FMT(s));
    return err_note(e->cx, "names are those of the IANA database: 'Europe/Berlin', 'UTC'");
}
/* Of an hour that comes twice PostgreSQL takes the later one (standard time). */
static int64_t to_utc(const struct zone *z, int64_t local)
{
    int64_t first = zone_to_utc(z, local), then, second;
    if (__builtin_add_overflow(first, 3 * US_PER_HOUR, &then)) return first;
    second = local - (int64_t)zone_offset(z, then) * US_PER_SECOND;
    return second > first && zone_to_local(z, second) == local ? second : first;
}
static enum rc_t at_zone_row(struct fn_eval *e, const struct vec *args, int64_t i,
                             struct looked_up *l, int64_t *r)
{
    int64_t us = vec_i64(&args[1], i);
    TRY(zone_of(e, args, i, l));
    if (us > INT64_MAX - 2 * US_PER_DAY || us < INT64_MIN + 2 * US_PER_DAY)
        return sql_refuse(e, i, "the time is out of the calendar");
    *r = e->arg_types[1].zone ? zone_to_local(l->zone, us) : to_utc(l->zone, us);
    return RC_OK;
}
static enum rc_t at_zone(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct looked_up l = {0};
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (bit_valid(live, i)) TRY(at_zone_row(e, args, i, &l, &r[i]));
    }
    return RC_OK;
}
static enum rc_t type_at_zone(struct ctx *cx, const struct dtype *args, int n, struct span span,
                              struct dtype *out)
{
    (void)cx, (void)n, (void)span;
    *out = DTYPE(KIND_DATETIME);
    if (!args[1].zone) out->zone = dtype_intern("UTC");
    return RC_OK;
}
static const struct fn_overload sql_at_zone_overloads[] = {
    OV2(KIND_STR, KIND_DATETIME, KIND_DATETIME, at_zone),
    OV2(KIND_DURATION, KIND_DATETIME, KIND_DATETIME, at_zone),
};
SQL_FN(sql_at_zone, "sql_at_zone(zone: str, t: datetime) -> datetime", "SQL's t AT TIME ZONE zone.",
       "sql_at_zone(\"Europe/Berlin\", @2019-07-01T12:00Z)  #> 2019-07-01 14:00:00", 0,
       .nulls = FN_ANY_NULL, .type = type_at_zone);

/* An instant out of a time without a zone, which is UTC's. */
static enum rc_t instant(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)out->data)[i] = vec_i64(&args[0], i);
    return RC_OK;
}
static enum rc_t type_instant(struct ctx *cx, const struct dtype *args, int n, struct span span,
                              struct dtype *out)
{
    (void)cx, (void)n, (void)span;
    *out = args[0];
    if (!out->zone) out->zone = dtype_intern("UTC");
    return RC_OK;
}
static const struct fn_overload sql_instant_overloads[] = {
    OV1(KIND_DATETIME, KIND_DATETIME, instant)};
SQL_FN(sql_instant, "sql_instant(t: datetime) -> datetime", "SQL's cast to timestamptz.",
       "sql_instant(@2019-07-01T12:00)  #> 2019-07-01 12:00:00Z", 0, .nulls = FN_ANY_NULL,
       .type = type_instant);
