/* agg.c: aggregates of SQL over all the rows of a group: DISTINCT ones and ordered sets. */
#include "runtime/fn/agg/agg.h"

#include <math.h>

/* Row i of argument 0 (a constant stands for every row); false when null. */
static bool value_at(const struct agg_eval *e, const struct vec *v, int64_t i, struct scalar *out)
{
    if (agg_const(e, 0)) {
        *out = e->consts[0];
        return !out->is_null;
    }
    *out = (struct scalar){.type = e->arg_types[0]};
    if (!vec_valid(v, i)) return false;
    switch (v->phys) {
    case PHYS_BOOL: out->u.b = vec_bool(v, i); break;
    case PHYS_F64: out->u.f = vec_f64(v, i); break;
    case PHYS_STR: out->u.s = vec_str(v, i); break;
    case PHYS_DATE32: out->u.i = vec_i32(v, i); break;
    default: out->u.i = vec_i64(v, i);
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    return scalar_cmp(a, b);
}

/* The group's values that are not null, sorted, in large memory. */
static rc sorted_values(struct agg_eval *e, int64_t n, const struct vec *v, struct scalar **out,
                        int64_t *m)
{
    void *p;
    TRY(mem_big(e->cx, mem_mul(sizeof(struct scalar), (size_t)n + 1), &p));
    *out = p;
    *m = 0;
    for (int64_t i = 0; i < n; i++)
        *m += value_at(e, v, i, &(*out)[*m]);
    qsort(p, (size_t)*m, sizeof(struct scalar), by_value);
    return RC_OK;
}
static void drop_repeats(struct scalar *a, int64_t *m)
{
    int64_t k = 0;
    for (int64_t i = 0; i < *m; i++)
        if (k == 0 || scalar_cmp(&a[k - 1], &a[i]) != 0) a[k++] = a[i];
    *m = k;
}

static void put_value(struct agg_eval *e, const struct scalar *s, struct vec *out, int64_t at)
{
    switch (out->phys) {
    case PHYS_BOOL: bit_put((uint64_t *)out->data, at, s->u.b); break;
    case PHYS_F64: ((double *)out->data)[at] = s->u.f; break;
    case PHYS_DATE32: ((int32_t *)out->data)[at] = (int32_t)s->u.i; break;
    case PHYS_STR: {
        struct str t = s->u.s.n > TEXT_INLINE ? arena_str(e->arena, s->u.s) : s->u.s;
        ((struct text *)out->data)[at] = text_make(t.p, t.n);
        out->heap = NULL;
        break;
    }
    default: ((int64_t *)out->data)[at] = s->u.i;
    }
}

#define HIDDEN(id, signature, doc_text, example_text, ...)                                         \
    const struct agg_desc agg_##id = {.name = #id,                                                 \
                                      .sig = signature,                                            \
                                      .doc = doc_text,                                             \
                                      .example = example_text,                                     \
                                      .is_hidden = true,                                           \
                                      .overloads = id##_overloads,                                 \
                                      .n_overloads = COUNT(id##_overloads),                        \
                                      __VA_ARGS__}

/* ---- DISTINCT ---- */
static enum rc_t sum_distinct(struct agg_eval *e, int64_t n, const struct vec *args,
                              struct vec *out, int64_t at)
{
    struct scalar *a;
    int64_t m;
    int128 whole = 0;
    double sum = 0, error = 0;
    TRY(sorted_values(e, n, &args[0], &a, &m));
    drop_repeats(a, &m);
    bool is_num = e->arg_types[0].kind == KIND_NUM;
    for (int64_t i = 0; i < m; i++) {
        if (is_num)
            sum = two_sum(sum, a[i].u.f, &error);
        else
            whole += a[i].u.i;
    }
    mem_big_free(a);
    if (m == 0) out_null(out, at);
    if (is_num) {
        put_f64(out, at, isfinite(sum) ? sum + error : sum);
        if (m == 0) out_null(out, at);
        return RC_OK;
    }
    if (whole > INT64_MAX || whole < INT64_MIN)
        return fail(e->cx, E312, e->span, "the sum does not fit %s", kind_name(e->type.kind));
    ((int64_t *)out->data)[at] = (int64_t)whole;
    return RC_OK;
}
static enum rc_t avg_distinct(struct agg_eval *e, int64_t n, const struct vec *args,
                              struct vec *out, int64_t at)
{
    struct scalar *a;
    int64_t m;
    double sum = 0, error = 0;
    TRY(sorted_values(e, n, &args[0], &a, &m));
    drop_repeats(a, &m);
    for (int64_t i = 0; i < m; i++)
        sum = two_sum(sum, a[i].u.f, &error);
    mem_big_free(a);
    put_f64(out, at, m ? (isfinite(sum) ? sum + error : sum) / (double)m : NAN);
    return RC_OK;
}
static enum rc_t join_distinct(struct agg_eval *e, int64_t n, const struct vec *args,
                               struct vec *out, int64_t at)
{
    struct scalar *a;
    int64_t m;
    struct strbuf b = {0};
    if (!agg_const(e, 1))
        return fail(e->cx, E217, e->span, "the separator of `string_agg` must be a constant");
    struct str sep = e->consts[1].is_null ? STR("") : e->consts[1].u.s;
    TRY(sorted_values(e, n, &args[0], &a, &m));
    drop_repeats(a, &m);
    for (int64_t i = 0; i < m; i++) {
        if (i) strbuf_adds(&b, sep);
        strbuf_adds(&b, a[i].u.s);
    }
    mem_big_free(a);
    bool fits = b.n < UINT32_MAX;
    struct scalar s = {.u.s = fits ? strbuf_view(&b) : STR("")};
    put_value(e, &s, out, at);
    if (m == 0) out_null(out, at);
    strbuf_release(&b);
    return fits ? RC_OK
                : fail(e->cx, E902, e->span, "`string_agg` would make a text of more than 4 GB");
}
static const struct agg_overload sql_sum_distinct_overloads[] = {
    AGW(KIND_INT, KIND_INT, sum_distinct),
    AGW(KIND_NUM, KIND_NUM, sum_distinct),
    AGW(KIND_DURATION, KIND_DURATION, sum_distinct),
};
HIDDEN(sql_sum_distinct, "sql_sum_distinct(x: num) -> num", "SQL's sum(DISTINCT x).",
       "sql_sum_distinct([1, 1, 2])  #> 3", .foreign = {"sum(distinct %1)", "sum(distinct %1)"});
static const struct agg_overload sql_avg_distinct_overloads[] = {
    AGW(KIND_NUM, KIND_NUM, avg_distinct),
};
HIDDEN(sql_avg_distinct, "sql_avg_distinct(x: num) -> num", "SQL's avg(DISTINCT x).",
       "sql_avg_distinct([1, 1, 2])  #> 1.5", .foreign = {"avg(distinct %1)", "avg(distinct %1)"});
static const struct agg_overload sql_join_distinct_overloads[] = {
    AGW2(KIND_STR, KIND_STR, KIND_STR, join_distinct),
};
HIDDEN(sql_join_distinct, "sql_join_distinct(x: str, sep: str) -> str",
       "SQL's string_agg(DISTINCT x, sep), sorted.",
       "sql_join_distinct([\"b\", \"a\", \"b\"], \"-\")  #> \"a-b\"",
       .foreign = {"string_agg(distinct %1, %2)", NULL});

/* ---- ordered sets ---- */
static rc share_of(struct agg_eval *e, double *out)
{
    if (!agg_const(e, 1))
        return fail(e->cx, E217, e->span, "the share of a percentile must be a constant");
    *out = e->consts[1].is_null ? NAN : e->consts[1].u.f;
    if (*out >= 0 && *out <= 1) return RC_OK;
    return isnan(*out) ? RC_OK : fail(e->cx, E209, e->span, "a percentile's share lies in 0..1");
}
static double as_double(const struct scalar *s)
{
    return s->type.kind == KIND_NUM ? s->u.f : (double)s->u.i;
}
static enum rc_t percentile_cont(struct agg_eval *e, int64_t n, const struct vec *args,
                                 struct vec *out, int64_t at, bool down)
{
    struct scalar *a;
    int64_t m;
    double p = 0;
    TRY(share_of(e, &p));
    TRY(sorted_values(e, n, &args[0], &a, &m));
    double x = NAN, place = (down ? 1 - p : p) * (double)(m - 1);
    if (m > 0 && !isnan(p)) {
        int64_t lo = (int64_t)floor(place), hi = (int64_t)ceil(place);
        double u = as_double(&a[lo]), v = as_double(&a[hi]);
        x = lo == hi ? u : u + (v - u) * (place - (double)lo);
    }
    mem_big_free(a);
    if (out->phys == PHYS_F64) {
        put_f64(out, at, x);
        return RC_OK;
    }
    bool has = x >= -0x1p63 && x < 0x1p63;
    ((int64_t *)out->data)[at] = has ? (int64_t)rint(x) : 0;
    if (!has) out_null(out, at);
    return RC_OK;
}
/* The first value whose place in the order is at or past the share. */
static enum rc_t percentile_disc(struct agg_eval *e, int64_t n, const struct vec *args,
                                 struct vec *out, int64_t at, bool down)
{
    struct scalar *a;
    int64_t m;
    double p = 0;
    TRY(share_of(e, &p));
    TRY(sorted_values(e, n, &args[0], &a, &m));
    int64_t k = isnan(p) ? 0 : (int64_t)ceil(p * (double)m);
    if (k > 0) k--;
    if (m > 0 && !isnan(p))
        put_value(e, &a[down ? m - 1 - k : k], out, at);
    else
        out_null(out, at);
    mem_big_free(a);
    return RC_OK;
}
/* The most frequent value, of equally frequent ones the greatest (mode itself takes the least). */
static enum rc_t mode_desc(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                           int64_t at)
{
    struct scalar *a;
    int64_t m, best = -1, most = 0, run = 0;
    TRY(sorted_values(e, n, &args[0], &a, &m));
    for (int64_t i = 0; i < m; i++) {
        run = i > 0 && scalar_cmp(&a[i - 1], &a[i]) == 0 ? run + 1 : 1;
        if (run < most) continue;
        most = run;
        best = i;
    }
    if (best >= 0)
        put_value(e, &a[best], out, at);
    else
        out_null(out, at);
    mem_big_free(a);
    return RC_OK;
}
#define UP_AND_DOWN(f)                                                                             \
    static enum rc_t f##_up(struct agg_eval *e, int64_t n, const struct vec *args,                 \
                            struct vec *out, int64_t at)                                           \
    {                                                                                              \
        return f(e, n, args, out, at, false);                                                      \
    }                                                                                              \
    static enum rc_t f##_down(struct agg_eval *e, int64_t n, const struct vec *args,               \
                              struct vec *out, int64_t at)                                         \
    {                                                                                              \
        return f(e, n, args, out, at, true);                                                       \
    }
UP_AND_DOWN(percentile_cont)
UP_AND_DOWN(percentile_disc)

#define CONT(f)                                                                                    \
    {                                                                                              \
        AGW2(KIND_NUM, KIND_NUM, KIND_NUM, f), AGW2(KIND_DURATION, KIND_NUM, KIND_DURATION, f),    \
            AGW2(KIND_DATETIME, KIND_NUM, KIND_DATETIME, f),                                       \
    }
#define DISC(f)                                                                                    \
    {                                                                                              \
        AGW2(KIND_INT, KIND_NUM, KIND_INT, f), AGW2(KIND_NUM, KIND_NUM, KIND_NUM, f),              \
            AGW2(KIND_STR, KIND_NUM, KIND_STR, f), AGW2(KIND_BOOL, KIND_NUM, KIND_BOOL, f),        \
            AGW2(KIND_DATE, KIND_NUM, KIND_DATE, f),                                               \
            AGW2(KIND_DATETIME, KIND_NUM, KIND_DATETIME, f),                                       \
            AGW2(KIND_DURATION, KIND_NUM, KIND_DURATION, f),                                       \
    }
static const struct agg_overload sql_percentile_cont_overloads[] = CONT(percentile_cont_up);
HIDDEN(sql_percentile_cont, "sql_percentile_cont(x: num, p: num) -> num",
       "SQL's percentile_cont(p) WITHIN GROUP (ORDER BY x).",
       "sql_percentile_cont([1, 2, 3, 4], 0.5)  #> 2.5", .type = type_first);
static const struct agg_overload sql_percentile_cont_desc_overloads[] = CONT(percentile_cont_down);
HIDDEN(sql_percentile_cont_desc, "sql_percentile_cont_desc(x: num, p: num) -> num",
       "SQL's percentile_cont(p) WITHIN GROUP (ORDER BY x DESC).",
       "sql_percentile_cont_desc([1, 2, 4], 0.0)  #> 4.0", .type = type_first);
static const struct agg_overload sql_percentile_disc_overloads[] = DISC(percentile_disc_up);
HIDDEN(sql_percentile_disc, "sql_percentile_disc(x, p: num)",
       "SQL's percentile_disc(p) WITHIN GROUP (ORDER BY x).",
       "sql_percentile_disc([1, 2, 3, 4], 0.5)  #> 2", .type = type_first);
static const struct agg_overload sql_percentile_disc_desc_overloads[] = DISC(percentile_disc_down);
HIDDEN(sql_percentile_disc_desc, "sql_percentile_disc_desc(x, p: num)",
       "SQL's percentile_disc(p) WITHIN GROUP (ORDER BY x DESC).",
       "sql_percentile_disc_desc([1, 2, 3, 4], 0.25)  #> 4", .type = type_first);
#define MODES(k) AGW(k, k, mode_desc)
static const struct agg_overload sql_mode_desc_overloads[] = {
    MODES(KIND_INT),  MODES(KIND_NUM),      MODES(KIND_STR),      MODES(KIND_BOOL),
    MODES(KIND_DATE), MODES(KIND_DATETIME), MODES(KIND_DURATION),
};
HIDDEN(sql_mode_desc, "sql_mode_desc(x)", "SQL's mode() WITHIN GROUP (ORDER BY x DESC).",
       "sql_mode_desc([1, 2])  #> 2", .type = type_first);
