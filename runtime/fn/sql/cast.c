/* cast.c: CAST of SQL. What does not fit is an error (E317), not a null: numbers round, texts must
 * be numbers, dates or times throughout, bools have PostgreSQL's forms. A num is double precision,
 * so 2.5 rounds to 2 (literals are numeric there: lang/sql rounds them to 3 before). */
#include "runtime/fn/scalar/cast.h"
#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/fn/sql/interval.h"
#include "runtime/fn/sql/sql.h"

#include <inttypes.h>
#include <math.h>

/* E317 for the text of row i. */
static enum rc_t refuse(struct fn_eval *e, int64_t i, struct str text, const char *noun)
{
    return fail(e->cx, E317, e->span, "\"%.*s\" in row %" PRId64 " is not %s",
                (int)(text.n < 60 ? text.n : 60), text.p, e->first_row + i + 1, noun);
}
static enum rc_t refuse_value(struct fn_eval *e, int64_t i, const struct vec *v, const char *noun)
{
    char buf[80];
    arg_text(e, v, 0, i, buf, sizeof buf);
    return refuse(e, i, str_of(buf), noun);
}

/* ---- to int, of 16, 32 or 64 bits ---- */
static int64_t bits_limit(const struct fn_eval *e)
{
    int64_t bits = const_given(e, 1) ? e->consts[1].u.i : 64;
    return bits == 16 ? INT16_MAX : bits == 32 ? INT32_MAX : INT64_MAX;
}
static const char *int_noun(int64_t limit)
{
    return limit == INT16_MAX   ? "a smallint (-32768 to 32767)"
           : limit == INT32_MAX ? "an integer (32 bits); bigint has 64"
                                : "an int";
}
static bool fits(int64_t x, int64_t limit)
{
    return x <= limit && x >= -limit - 1;
}

static enum rc_t int_int(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data, limit = bits_limit(e);
    for (int64_t i = 0; i < n; i++) {
        r[i] = vec_i64(&args[0], i);
        if (!fits(r[i], limit) && row_valid(e, args, i))
            return refuse_value(e, i, &args[0], int_noun(limit));
    }
    return RC_OK;
}
static enum rc_t int_num(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data, limit = bits_limit(e);
    for (int64_t i = 0; i < n; i++) {
        double x = vec_f64(&args[0], i), y = rint(x);
        bool is_small = y >= -0x1p63 && y < 0x1p63;
        r[i] = is_small ? (int64_t)y : 0;
        if ((!is_small || !fits(r[i], limit)) && row_valid(e, args, i))
            return refuse_value(e, i, &args[0], int_noun(limit));
    }
    return RC_OK;
}
static enum rc_t int_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data, limit = bits_limit(e);
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i), t = str_trim(s);
        if (!int_parse(t.p, t.n, &r[i]) || !fits(r[i], limit))
            return refuse(e, i, s, int_noun(limit));
    }
    return RC_OK;
}
static enum rc_t int_bool(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)out->data)[i] = vec_bool(&args[0], i);
    return RC_OK;
}
#define WITH_INT(from, to, k) OV1(from, to, k), OV2(from, KIND_INT, to, k)
static const struct fn_overload sql_int_overloads[] = {
    WITH_INT(KIND_INT, KIND_INT, int_int),    WITH_INT(KIND_NUM, KIND_INT, int_num),
    WITH_INT(KIND_STR, KIND_INT, int_str),    WITH_INT(KIND_BOOL, KIND_INT, int_bool),
    WITH_INT(KIND_NULL, KIND_INT, cast_null),
};
SQL_FN(sql_int, "sql_int(x, bits: int = 64) -> int",
       "SQL's cast to an integer: rounds, refuses what does not fit.", "sql_int(\" 12 \")  #> 12",
       FN_ADDS_NULLS, .nulls = FN_ANY_NULL);

/* ---- to num; numeric(p, s) rounds to s digits ---- */
static enum rc_t num_int(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        ((double *)out->data)[i] = (double)vec_i64(&args[0], i);
    return RC_OK;
}
static enum rc_t num_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    double *r = (double *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i), t = str_trim(s);
        if (!num_parse(t.p, t.n, &r[i])) return refuse(e, i, s, "a number");
        if (!isnan(r[i])) continue;
        r[i] = 0; /* there is no NaN here */
        out_null(out, i);
    }
    return RC_OK;
}
static const struct fn_overload sql_num_overloads[] = {
    OV1(KIND_NUM, KIND_NUM, cast_same),
    OV1(KIND_INT, KIND_NUM, num_int),
    OV1(KIND_STR, KIND_NUM, num_str),
    OV1(KIND_NULL, KIND_NUM, cast_null),
};
SQL_FN(sql_num, "sql_num(x) -> num", "SQL's cast to double precision or numeric.",
       "sql_num(\"1.5\")  #> 1.5", FN_ADDS_NULLS, .nulls = FN_ANY_NULL);

/* ---- to bool ---- */
/* Unique prefixes of true, false, yes, no, on, off; 1 and 0. -1: none of them. */
static int bool_of(struct str s)
{
    static const struct {
        const char *word;
        size_t least;
        int value;
    } words[] = {{"true", 1, 1}, {"false", 1, 0}, {"yes", 1, 1}, {"no", 1, 0},
                 {"on", 2, 1},   {"off", 2, 0},   {"1", 1, 1},   {"0", 1, 0}};
    for (int i = 0; i < COUNT(words); i++)
        if (s.n >= words[i].least && s.n <= strlen(words[i].word) &&
            str_eq_nocase(s, (struct str){words[i].word, s.n}))
            return words[i].value;
    return -1;
}
static enum rc_t bool_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *r = (uint64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        bit_put(r, i, false);
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        int k = bool_of(str_trim(s));
        if (k < 0) return refuse(e, i, s, "true or false");
        bit_put(r, i, k);
    }
    return RC_OK;
}
static enum rc_t bool_int(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        bit_put((uint64_t *)out->data, i, vec_i64(&args[0], i) != 0);
    return RC_OK;
}
static const struct fn_overload sql_bool_overloads[] = {
    OV1(KIND_BOOL, KIND_BOOL, cast_same),
    OV1(KIND_INT, KIND_BOOL, bool_int),
    OV1(KIND_STR, KIND_BOOL, bool_str),
    OV1(KIND_NULL, KIND_BOOL, cast_null),
};
SQL_FN(sql_bool, "sql_bool(x) -> bool", "SQL's cast to boolean: t, true, yes, on, 1 and so on.",
       "sql_bool(\"yes\")  #> true", FN_ADDS_NULLS, .nulls = FN_ANY_NULL);

/* ---- to text ---- */
static void put_sql(struct strbuf *b, struct dtype type, const struct vec *v, int64_t i)
{
    char buf[96];
    if (type.kind == KIND_NUM)
        (void)sql_num_write(vec_f64(v, i), buf, sizeof buf);
    else if (type.kind == KIND_DURATION)
        (void)sql_interval_write(vec_i64(v, i), buf, sizeof buf);
    else if (type.kind == KIND_DATETIME && type.zone) { /* the session's zone is UTC */
        put_value(b, DTYPE(KIND_DATETIME), v, i);
        strbuf_addz(b, "+00");
        return;
    } else {
        put_value(b, type, v, i);
        return;
    }
    strbuf_addz(b, buf);
}
static enum rc_t text_any(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return cast_texts(e, n, args, out, put_sql);
}
static const struct fn_overload sql_text_overloads[] = {
    OV1(KIND_STR, KIND_STR, cast_same),     OV1(KIND_INT, KIND_STR, text_any),
    OV1(KIND_NUM, KIND_STR, text_any),      OV1(KIND_BOOL, KIND_STR, text_any),
    OV1(KIND_DATE, KIND_STR, text_any),     OV1(KIND_DATETIME, KIND_STR, text_any),
    OV1(KIND_DURATION, KIND_STR, text_any), OV1(KIND_CAT, KIND_STR, text_any),
    OV1(KIND_NULL, KIND_STR, cast_null),
};
SQL_FN(sql_text, "sql_text(x) -> str", "SQL's cast to text.", "sql_text(2.0)  #> \"2\"",
       FN_ADDS_NULLS, .nulls = FN_ANY_NULL);

/* ---- to date, timestamp, interval ---- */
static enum rc_t date_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int32_t *r = (int32_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        int64_t us = 0;
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        if (!sql_read_datetime(s, &us)) return refuse(e, i, s, "a date");
        r[i] = (int32_t)civil_day_of_us(us);
    }
    return RC_OK;
}
static enum rc_t date_datetime(struct fn_eval *e, int64_t n, const struct vec *args,
                               struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        ((int32_t *)out->data)[i] = (int32_t)civil_day_of_us(vec_i64(&args[0], i));
    return RC_OK;
}
static const struct fn_overload sql_date_overloads[] = {
    OV1(KIND_DATE, KIND_DATE, cast_same),
    OV1(KIND_DATETIME, KIND_DATE, date_datetime),
    OV1(KIND_STR, KIND_DATE, date_str),
    OV1(KIND_NULL, KIND_DATE, cast_null),
};
SQL_FN(sql_date, "sql_date(x) -> date", "SQL's cast to date.",
       "sql_date(\"Jan 31, 2019\")  #> 2019-01-31", FN_ADDS_NULLS, .nulls = FN_ANY_NULL);

static enum rc_t timestamp_str(struct fn_eval *e, int64_t n, const struct vec *args,
                               struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        if (!sql_read_datetime(s, &r[i])) return refuse(e, i, s, "a timestamp");
    }
    return RC_OK;
}
static enum rc_t timestamp_date(struct fn_eval *e, int64_t n, const struct vec *args,
                                struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)out->data)[i] = (int64_t)vec_i32(&args[0], i) * US_PER_DAY;
    return RC_OK;
}
static const struct fn_overload sql_timestamp_overloads[] = {
    OV1(KIND_DATETIME, KIND_DATETIME, cast_same),
    OV1(KIND_DATE, KIND_DATETIME, timestamp_date),
    OV1(KIND_STR, KIND_DATETIME, timestamp_str),
    OV1(KIND_NULL, KIND_DATETIME, cast_null),
};
SQL_FN(sql_timestamp, "sql_timestamp(x) -> datetime", "SQL's cast to timestamp.",
       "sql_timestamp(\"20190131 08:30\")  #> 2019-01-31 08:30:00", FN_ADDS_NULLS,
       .nulls = FN_ANY_NULL, .type = type_zone);

static enum rc_t interval_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        struct sql_interval t = {0};
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        if (!sql_interval_read(s, STR(""), &t)) return refuse(e, i, s, "an interval");
        if (t.months) {
            (void)refuse(e, i, s, "an interval of days and times");
            return err_note(e->cx, "months and years have no fixed length: add them to a date "
                                   "(day + interval '1 month')");
        }
        r[i] = t.us;
    }
    return RC_OK;
}
static const struct fn_overload sql_interval_overloads[] = {
    OV1(KIND_DURATION, KIND_DURATION, cast_same),
    OV1(KIND_STR, KIND_DURATION, interval_str),
    OV1(KIND_NULL, KIND_DURATION, cast_null),
};
SQL_FN(sql_interval, "sql_interval(x) -> duration", "SQL's cast to interval, without months.",
       "sql_interval(\"1 day 02:00\")  #> 1d 2h", FN_ADDS_NULLS, .nulls = FN_ANY_NULL);
