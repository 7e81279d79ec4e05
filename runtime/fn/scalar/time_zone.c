/* time_zone.c: tz() and local_time(): instants and the clocks of a place. Instants lie in memory as
 * UTC with a zone in the type; functions that read the calendar (FN_CALENDAR) are given clock times
 * (expr_call and fn_eval_scalar put local_time before them and tz after them). */
#include "runtime/base/zone.h"
#include "runtime/fn/fn_int.h"

static rc find_zone(struct ctx *cx, const char *name, struct span span, const struct zone **out)
{
    *out = zone_find(name);
    if (*out) return RC_OK;
    (void)fail(cx, E209, span, "no time zone `%s` is known here", name);
    (void)err_note(cx, "names are those of the IANA database, e.g. \"Europe/Berlin\", \"UTC\" or "
                       "\"+02:00\"; on Debian they come with the package tzdata");
    return err_hint(cx, "tz(t, \"America/New_York\")");
}

/* Rows a constant stands for are computed once. */
static void convert(const struct zone *z, bool is_to_utc, int64_t n, const struct vec *a,
                    struct vec *out)
{
    int64_t *r = (int64_t *)out->data, m = a->is_const && n > 1 ? 1 : n;
    if (is_to_utc)
        zone_to_utc_all(z, a->data, m, r);
    else
        zone_to_local_all(z, a->data, m, r);
    for (int64_t i = m; i < n; i++)
        r[i] = r[0];
}

/* ---- tz ---- */
static enum rc_t retype_tz(struct ctx *cx, const struct scalar *consts, const bool *is_const, int n,
                           struct span span, struct dtype *type)
{
    const struct zone *z;
    char name[64];
    (void)n;
    if (!is_const[1] || consts[1].is_null)
        return fail(cx, E217, span, "tz() takes the name of a time zone as a text in quotes");
    struct str s = consts[1].u.s;
    snprintf(name, sizeof name, "%.*s", s.n < 64 ? (int)s.n : 63, s.p);
    TRY(find_zone(cx, name, span, &z));
    type->zone = dtype_intern(name);
    return RC_OK;
}

static enum rc_t tz(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct zone *z;
    int64_t *r = (int64_t *)out->data;
    if (!e->arg_types[0].zone) {
        TRY(find_zone(e->cx, e->type.zone, e->span, &z));
        convert(z, true, n, &args[0], out);
        return RC_OK;
    }
    for (int64_t i = 0; i < n; i++) /* the same instant, seen elsewhere */
        r[i] = vec_i64(&args[0], i);
    return RC_OK;
}
static const struct fn_overload tz_overloads[] = {
    OV2(KIND_DATETIME, KIND_STR, KIND_DATETIME, tz),
};
const struct fn_desc fn_tz = {
    .name = "tz",
    .sig = "tz(t: datetime, zone: str) -> datetime",
    .doc = "The same instant on the clocks of a zone (IANA name or \"+02:00\"); a time without a "
           "zone is taken as that zone's clock. Of an hour that comes twice the earlier is taken, "
           "one that a clock jumps over is moved on by the jump.",
    .example = "tz(@2019-07-01T12:00Z, \"Europe/Berlin\")  #> 2019-07-01 14:00:00+02:00",
    .flags = FN_PURE,
    .overloads = tz_overloads,
    .n_overloads = COUNT(tz_overloads),
    .retype = retype_tz,
};

/* ---- local_time ---- */
static enum rc_t local_time(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct zone *z;
    const char *name = e->arg_types[0].zone;
    TRY(find_zone(e->cx, name ? name : "UTC", e->span, &z));
    convert(z, false, n, &args[0], out);
    return RC_OK;
}
static const struct fn_overload local_time_overloads[] = {
    OV1(KIND_DATETIME, KIND_DATETIME, local_time),
};
const struct fn_desc fn_local_time = {
    .name = "local_time",
    .sig = "local_time(t: datetime) -> datetime",
    .doc = "What the clocks of t's zone show, as a time without a zone.",
    .example = "local_time(tz(@2019-07-01T12:00Z, \"Europe/Berlin\"))  #> 2019-07-01 14:00:00",
    .flags = FN_PURE,
    .overloads = local_time_overloads,
    .n_overloads = COUNT(local_time_overloads),
};
