/* special.c: calls that are more than one function of ours: AT TIME ZONE, make_interval, num_nulls,
 * parts of an age; and times with and without a zone brought together. */
#include "lang/sql/functions_int.h"

#include "runtime/base/civil.h"

#include <math.h>

/* ---- times with a zone beside times without ---- */
static bool has_zone(const struct expr *e)
{
    return e->type.kind == KIND_DATETIME && e->type.zone;
}
/* Where one has a zone, the others become instants: the session's zone is UTC. */
rc sql_zones_meet(struct ctx *cx, struct arena *a, const struct expr **args, int n)
{
    bool any = false;
    for (int i = 0; i < n; i++)
        any = any || has_zone(args[i]);
    for (int i = 0; i < n && any; i++) {
        bool is_time = args[i]->type.kind == KIND_DATETIME || args[i]->type.kind == KIND_DATE;
        if (is_time && !has_zone(args[i])) TRY(sql_as_instant(cx, a, args[i], &args[i]));
    }
    return RC_OK;
}
rc sql_as_instant(struct ctx *cx, struct arena *a, const struct expr *e, const struct expr **out)
{
    TRY(sql_cast_kind(cx, a, e, KIND_DATETIME, &e));
    *out = e;
    if (has_zone(e)) return RC_OK;
    TRY(sql_ours(cx, a, "sql_instant", &e, 1, e->span, out));
    return sql_fold(cx, a, out);
}
rc sql_at_zone(struct ctx *cx, struct arena *a, const struct expr *zone, const struct expr *t,
               struct span span, const struct expr **out)
{
    const struct expr *two[2] = {zone, t};
    if (sql_is_months(zone)) return fail(cx, E209, zone->span, "months are no time zone");
    if (t->type.kind == KIND_DATE || sql_is_quoted(t)) TRY(sql_as_instant(cx, a, t, &two[1]));
    TRY(sql_ours(cx, a, "sql_at_zone", two, 2, span, out));
    return sql_fold(cx, a, out);
}
/* date_trunc(part, t, zone): cut on the zone's clocks. */
static rc trunc_in_zone(struct ctx *cx, struct arena *a, const struct expr *const *args,
                        struct span span, const struct expr **out)
{
    const struct expr *two[2] = {args[0], args[1]};
    TRY(sql_as_instant(cx, a, args[1], &two[1]));
    TRY(sql_at_zone(cx, a, args[2], two[1], span, &two[1]));
    TRY(sql_ours(cx, a, "sql_date_trunc", two, 2, span, out));
    return sql_at_zone(cx, a, args[2], *out, span, out);
}

/* ---- make_interval(years, months, weeks, days, hours, mins, secs) ---- */
static const int64_t units[] = {
    0, 0, 7 * US_PER_DAY, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND};

static bool number_of(const struct expr *e, double *out)
{
    if (e->op != EXPR_LITERAL || e->value.is_null || !dtype_is_number(e->type)) return false;
    *out = e->type.kind == KIND_INT ? (double)e->value.u.i : e->value.u.f;
    return true;
}
/* The columns among the parts, each times its unit. */
static rc add_parts(struct ctx *cx, struct arena *a, const struct expr *const *args, int n,
                    struct span span, const struct expr **sum)
{
    double x;
    for (int i = 2; i < n; i++) {
        struct scalar unit = {.type = DTYPE(KIND_DURATION), .u.i = units[i]};
        const struct expr *two[2] = {args[i], expr_literal(a, &unit, span)};
        if (number_of(args[i], &x)) continue;
        TRY(sql_operator(cx, a, STR("*"), two, 2, span, &two[1]));
        two[0] = *sum;
        TRY(sql_operator(cx, a, STR("+"), two, 2, span, sum));
    }
    return RC_OK;
}
static rc make_interval(struct ctx *cx, struct arena *a, const struct expr *const *args, int n,
                        struct span span, const struct expr **out)
{
    double x, months = 0, us = 0;
    bool all = true;
    for (int i = 0; i < n; i++) {
        bool is_known = number_of(args[i], &x);
        all = all && is_known;
        if (args[i]->type.kind == KIND_NULL) {
            struct scalar none = {.type = DTYPE(KIND_DURATION), .is_null = true};
            *out = expr_literal(a, &none, span);
            return RC_OK;
        }
        if (!is_known && i < 2) {
            (void)fail(cx, E217, args[i]->span,
                       "years and months of make_interval() are numbers written here: they have "
                       "no fixed length");
            return err_note(cx, "days => n, hours => n and the like take columns");
        }
        if (is_known && i < 6 && x != rint(x))
            return fail(cx, E207, args[i]->span, "only secs of make_interval() has decimals");
        if (!is_known) continue;
        if (i < 2)
            months += x * (i == 0 ? 12 : 1);
        else
            us += x * (double)units[i];
    }
    if (!(fabs(months) < 2e9 && fabs(us) < 9e18))
        return fail(cx, E312, span, "the interval is too long");
    if (!all && months != 0)
        return fail(cx, E217, span, "months and columns cannot stand in one make_interval()");
    struct scalar v = {
        .type = DTYPE(KIND_DURATION), .months = (int32_t)months, .u.i = (int64_t)rint(us)};
    *out = expr_literal(a, &v, span);
    return all ? RC_OK : add_parts(cx, a, args, n, span, out);
}

/* ---- num_nulls(..), num_nonnulls(..) ---- */
static rc count_nulls(struct ctx *cx, struct arena *a, const struct expr *const *args, int n,
                      bool are_null, struct span span, const struct expr **out)
{
    *out = NULL;
    for (int i = 0; i < n; i++) {
        const struct expr *two[2];
        TRY(sql_ours(cx, a, "is_null", &args[i], 1, span, &two[1]));
        if (!are_null) TRY(sql_ours(cx, a, "not", &two[1], 1, span, &two[1]));
        TRY(expr_cast(cx, a, two[1], KIND_INT, &two[1]));
        two[0] = *out;
        if (!*out)
            *out = two[1];
        else
            TRY(sql_ours(cx, a, "+", two, 2, span, out));
    }
    return RC_OK;
}

rc sql_special_call(struct ctx *cx, struct arena *a, const struct sql_fn *row,
                    const struct expr **args, int n, struct span span, const struct expr **out,
                    bool *done)
{
    const char *ours = row->ours;
    *done = true;
    if (strcmp(row->name, "make_interval") == 0) return make_interval(cx, a, args, n, span, out);
    if (n == 0) {
        *done = false;
        return RC_OK;
    }
    const struct expr *x = args[n - 1];
    if (strcmp(ours, "is_null") == 0)
        return count_nulls(cx, a, args, n, strcmp(row->name, "num_nulls") == 0, span, out);
    if (strcmp(ours, "sql_at_zone") == 0) return sql_at_zone(cx, a, args[0], x, span, out);
    if (strcmp(ours, "sql_date_trunc") == 0 && n == 3) return trunc_in_zone(cx, a, args, span, out);
    if (strncmp(ours, "sql_quote_", 10) == 0)
        TRY(sql_cast_kind(cx, a, args[0], KIND_STR, &args[0]));
    /* a part of age(a, b) is of its years and months */
    if (strcmp(ours, "sql_date_part") == 0 && x->op == EXPR_CALL &&
        strcmp(x->fn->name, "sql_age") == 0) {
        const struct expr *three[3] = {args[0], x->args[0], x->args[1]};
        return sql_ours(cx, a, "sql_age_part", three, 3, span, out);
    }
    if (strcmp(ours, "round") == 0 && n == 1 && x->op == EXPR_LITERAL &&
        x->type.kind == KIND_NUM) { /* numeric: half away from zero */
        const struct expr *two[2] = {x, sql_int_literal(a, 0, span)};
        return sql_ours(cx, a, "sql_round", two, 2, span, out);
    }
    /* substring(x from pattern) */
    if (strcmp(ours, "sql_substring") == 0 && n == 2 && x->type.kind == KIND_STR)
        return sql_ours(cx, a, "sql_regex_substr", args, n, span, out);
    *done = false;
    return RC_OK;
}
