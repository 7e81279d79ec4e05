/* series.c: generate_series as a list, which FROM makes rows of. Of ints, nums, and of times by an
 * interval; months of an interval come as a number of their own. */
#include "runtime/fn/sql/sql.h"

#include "runtime/base/cancel.h"
#include "runtime/base/civil.h"

#define MOST_VALUES (INT64_C(1) << 27) /* of one batch of rows: a gigabyte */
#define MOST_MONTHS INT64_C(400000)    /* beyond, no date of ours stands */

struct series {
    struct fn_eval *e;
    struct builder b;
};
static rc too_long(struct fn_eval *e)
{
    return fail(e->cx, E902, e->span, "generate_series() gives more values than fit in memory");
}
/* Told before the first value is made, as far as doubles can tell. */
static rc check_length(struct fn_eval *e, double from, double to, double step)
{
    return (to - from) / step >= (double)MOST_VALUES ? too_long(e) : RC_OK;
}
static rc int_row(struct series *s, const struct vec *args, int64_t i)
{
    struct fn_eval *e = s->e;
    int64_t from = vec_i64(&args[0], i), to = vec_i64(&args[1], i);
    int64_t step = e->n_args > 2 ? vec_i64(&args[2], i) : 1;
    if (step == 0) return fail(e->cx, E209, e->span, "the step of generate_series() is not 0");
    TRY(check_length(e, (double)from, (double)to, (double)step));
    for (int64_t x = from; step > 0 ? x <= to : x >= to;) {
        TRY(builder_i64(e->cx, &s->b, x));
        if (s->b.n % 65536 == 0) TRY(check_cancel(e->cx));
        if (s->b.n > MOST_VALUES) return too_long(e);
        if (__builtin_add_overflow(x, step, &x)) break;
    }
    return RC_OK;
}
static rc num_row(struct series *s, const struct vec *args, int64_t i)
{
    struct fn_eval *e = s->e;
    double from = vec_f64(&args[0], i), to = vec_f64(&args[1], i);
    double step = e->n_args > 2 ? vec_f64(&args[2], i) : 1;
    if (step == 0) return fail(e->cx, E209, e->span, "the step of generate_series() is not 0");
    TRY(check_length(e, from, to, step));
    for (int64_t k = 0;; k++) {
        double x = from + (double)k * step;
        if (step > 0 ? x > to : x < to) return RC_OK;
        TRY(builder_f64(e->cx, &s->b, x));
        if (s->b.n % 65536 == 0) TRY(check_cancel(e->cx));
        if (s->b.n > MOST_VALUES) return too_long(e);
    }
}
static int64_t add_months(int64_t us, int64_t months)
{
    int64_t day = civil_day_of_us(us), rest = us - day * US_PER_DAY;
    return civil_add_months(day, months) * US_PER_DAY + rest;
}
/* start, stop, interval, months */
static rc time_row(struct series *s, const struct vec *args, int64_t i)
{
    struct fn_eval *e = s->e;
    int64_t from = vec_i64(&args[0], i), to = vec_i64(&args[1], i), step = vec_i64(&args[2], i);
    int64_t months = e->n_args > 3 ? vec_i64(&args[3], i) : 0;
    bool is_up = months > 0 || (months == 0 && step > 0);
    if (step == 0 && months == 0)
        return fail(e->cx, E209, e->span, "the step of generate_series() is not 0");
    if (months == 0) TRY(check_length(e, (double)from, (double)to, (double)step));
    for (int64_t k = 0; k < MOST_VALUES; k++) {
        int64_t far, by, x;
        if (__builtin_mul_overflow(k, months, &by) || by > MOST_MONTHS || by < -MOST_MONTHS)
            return RC_OK;
        x = add_months(from, by);
        if (__builtin_mul_overflow(k, step, &far) || __builtin_add_overflow(x, far, &x))
            return RC_OK;
        if (is_up ? x > to : x < to) return RC_OK;
        TRY(builder_i64(e->cx, &s->b, x));
        if (s->b.n % 65536 == 0) TRY(check_cancel(e->cx));
    }
    return too_long(e);
}
static enum rc_t rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                      enum kind kind,
                      enum rc_t (*row)(struct series *, const struct vec *, int64_t))
{
    struct series s = {.e = e};
    int64_t *offsets = (int64_t *)(uintptr_t)out->data;
    enum rc_t res = RC_OK;
    builder_init(&s.b, DTYPE(kind), kind_phys(kind));
    offsets[0] = 0;
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        if (row_valid(e, args, i)) res = row(&s, args, i);
        offsets[i + 1] = s.b.n;
    }
    if (res == RC_OK) res = sql_list_finish(e, &s.b, out);
    builder_release(&s.b);
    return res;
}
static enum rc_t ints(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return rows(e, n, args, out, KIND_INT, int_row);
}
static enum rc_t nums(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return rows(e, n, args, out, KIND_NUM, num_row);
}
static enum rc_t times(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return rows(e, n, args, out, KIND_DATETIME, time_row);
}
static enum rc_t type_series(struct ctx *cx, const struct dtype *args, int n, struct span span,
                             struct dtype *out)
{
    bool is_time = false, is_num = false;
    (void)cx, (void)span;
    for (int i = 0; i < n && i < 2; i++)
        is_time = is_time || args[i].kind == KIND_DATE || args[i].kind == KIND_DATETIME;
    for (int i = 0; i < n; i++)
        is_num = is_num || args[i].kind == KIND_NUM;
    *out = dtype_list(DTYPE(is_time ? KIND_DATETIME : is_num ? KIND_NUM : KIND_INT));
    return RC_OK;
}

static const struct fn_overload sql_series_overloads[] = {
    OV2(KIND_INT, KIND_INT, KIND_LIST, ints),
    OV3(KIND_INT, KIND_INT, KIND_INT, KIND_LIST, ints),
    OV2(KIND_NUM, KIND_NUM, KIND_LIST, nums),
    OV3(KIND_NUM, KIND_NUM, KIND_NUM, KIND_LIST, nums),
    OV3(KIND_DATETIME, KIND_DATETIME, KIND_DURATION, KIND_LIST, times),
    {4, {KIND_DATETIME, KIND_DATETIME, KIND_DURATION, KIND_INT}, KIND_LIST, times},
};
SQL_FN(sql_series, "sql_series(start, stop, step = 1, months: int = 0) -> list",
       "SQL's generate_series as a list.", "sql_series(1, 3)  #> [1, 2, 3]", 0,
       .nulls = FN_ANY_NULL, .type = type_series);
