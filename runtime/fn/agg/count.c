/* count.c: count() of rows and count(x) of values; any and all. */
#include "runtime/fn/agg/agg.h"

static enum rc_t count_rows(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                            int64_t n, const struct vec *args)
{
    (void)e;
    (void)args;
    if (!groups) {
        *(int64_t *)(void *)base += n;
        return RC_OK;
    }
    for (int64_t i = 0; i < n; i++)
        ++*(int64_t *)(void *)(base + groups[i] * stride);
    return RC_OK;
}

static enum rc_t count_values(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                              int64_t n, const struct vec *args)
{
    if (agg_const(e, 0))
        return e->consts[0].is_null ? RC_OK : count_rows(e, base, stride, groups, n, args);
    const uint64_t *valid = args[0].valid;
    if (!valid) return count_rows(e, base, stride, groups, n, args);
    if (!groups) {
        *(int64_t *)(void *)base += bitmap_count(valid, n);
        return RC_OK;
    }
    for (int64_t i = 0; i < n; i++)
        *(int64_t *)(void *)(base + groups[i] * stride) += bit_get(valid, i);
    return RC_OK;
}

/* A column of no type holds no values. */
static enum rc_t count_none(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                            int64_t n, const struct vec *args)
{
    (void)e;
    (void)base;
    (void)stride;
    (void)groups;
    (void)n;
    (void)args;
    return RC_OK;
}

static enum rc_t count_combine(struct agg_eval *e, char *dst, const char *src)
{
    (void)e;
    *(int64_t *)(void *)dst += *(const int64_t *)(const void *)src;
    return RC_OK;
}

static enum rc_t count_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                             struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)out->data)[i] = *(const int64_t *)(const void *)(base + (size_t)i * stride);
    return RC_OK;
}

#define COUNT_OF(k) AG(k, KIND_INT, int64_t, count_values, count_combine, count_final)
static const struct agg_overload count_overloads[] = {
    {.n_args = 0,
     .ret = KIND_INT,
     .state_size = 8,
     .update = count_rows,
     .combine = count_combine,
     .final = count_final},
    COUNT_OF(KIND_INT),
    COUNT_OF(KIND_NUM),
    COUNT_OF(KIND_STR),
    COUNT_OF(KIND_CAT),
    COUNT_OF(KIND_BOOL),
    COUNT_OF(KIND_DATE),
    COUNT_OF(KIND_DATETIME),
    COUNT_OF(KIND_DURATION),
    COUNT_OF(KIND_LIST),
    COUNT_OF(KIND_STRUCT),
    AG(KIND_NULL, KIND_INT, int64_t, count_none, count_combine, count_final),
};
const struct agg_desc agg_count = {
    .name = "count",
    .sig = "count(x = null) -> int",
    .doc = "count() is the number of rows, count(x) of the values of x that are not null.",
    .example = "count([1, null, 3])  #> 2",
    .overloads = count_overloads,
    .n_overloads = COUNT(count_overloads),
    .foreign = {"count(%1)", "count(%1)"},
};

/* ---- any, all: how many are true, how many there are ---- */
struct truth {
    int64_t n_true, n;
};

static enum rc_t truth_update(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                              int64_t n, const struct vec *args)
{
    for (int64_t i = 0; i < n; i++) {
        bool is_const = agg_const(e, 0);
        if (is_const ? e->consts[0].is_null : !vec_valid(&args[0], i)) continue;
        struct truth *s = (void *)(base + (groups ? groups[i] * stride : 0));
        s->n_true += is_const ? e->consts[0].u.b : vec_bool(&args[0], i);
        s->n++;
    }
    return RC_OK;
}

static enum rc_t truth_combine(struct agg_eval *e, char *dst, const char *src)
{
    struct truth *d = (void *)dst;
    const struct truth *s = (const void *)src;
    (void)e;
    d->n_true += s->n_true;
    d->n += s->n;
    return RC_OK;
}

static enum rc_t any_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                           struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        const struct truth *s = (const void *)(base + (size_t)i * stride);
        bit_put((uint64_t *)out->data, i, s->n_true > 0);
    }
    return RC_OK;
}

static enum rc_t all_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                           struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        const struct truth *s = (const void *)(base + (size_t)i * stride);
        bit_put((uint64_t *)out->data, i, s->n_true == s->n);
    }
    return RC_OK;
}

static const struct agg_overload any_overloads[] = {
    AG(KIND_BOOL, KIND_BOOL, struct truth, truth_update, truth_combine, any_final),
};
const struct agg_desc agg_any = {
    .name = "any",
    .sig = "any(x: bool) -> bool",
    .doc = "Whether one of the values is true; false without values.",
    .example = "any([false, true])  #> true",
    .overloads = any_overloads,
    .n_overloads = COUNT(any_overloads),
    .foreign = {"coalesce(bool_or(%1), false)", "coalesce(bool_or(%1), false)"},
};
static const struct agg_overload all_overloads[] = {
    AG(KIND_BOOL, KIND_BOOL, struct truth, truth_update, truth_combine, all_final),
};
const struct agg_desc agg_all_ = {
    .name = "all",
    .sig = "all(x: bool) -> bool",
    .doc = "Whether every value is true; true without values.",
    .example = "all([true, false])  #> false",
    .overloads = all_overloads,
    .n_overloads = COUNT(all_overloads),
    .foreign = {"coalesce(bool_and(%1), true)", "coalesce(bool_and(%1), true)"},
};

/* ---- SQL's: null without values ---- */
static void null_of_none(const char *base, size_t stride, int64_t n, struct vec *out)
{
    for (int64_t i = 0; i < n; i++)
        if (((const struct truth *)(const void *)(base + (size_t)i * stride))->n == 0)
            out_null(out, i);
}
static enum rc_t any_final_sql(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                               struct vec *out)
{
    TRY(any_final(e, base, stride, n, out));
    null_of_none(base, stride, n, out);
    return RC_OK;
}
static enum rc_t all_final_sql(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                               struct vec *out)
{
    TRY(all_final(e, base, stride, n, out));
    null_of_none(base, stride, n, out);
    return RC_OK;
}
static const struct agg_overload sql_bool_or_overloads[] = {
    AG(KIND_BOOL, KIND_BOOL, struct truth, truth_update, truth_combine, any_final_sql),
};
const struct agg_desc agg_sql_bool_or = {
    .name = "sql_bool_or",
    .sig = "sql_bool_or(x: bool) -> bool",
    .doc = "SQL's bool_or: null without values.",
    .example = "sql_bool_or([false, true])  #> true",
    .is_hidden = true,
    .overloads = sql_bool_or_overloads,
    .n_overloads = COUNT(sql_bool_or_overloads),
    .foreign = {"bool_or(%1)", "bool_or(%1)"},
};
static const struct agg_overload sql_bool_and_overloads[] = {
    AG(KIND_BOOL, KIND_BOOL, struct truth, truth_update, truth_combine, all_final_sql),
};
const struct agg_desc agg_sql_bool_and = {
    .name = "sql_bool_and",
    .sig = "sql_bool_and(x: bool) -> bool",
    .doc = "SQL's bool_and: null without values.",
    .example = "sql_bool_and([true, false])  #> false",
    .is_hidden = true,
    .overloads = sql_bool_and_overloads,
    .n_overloads = COUNT(sql_bool_and_overloads),
    .foreign = {"bool_and(%1)", "bool_and(%1)"},
};
