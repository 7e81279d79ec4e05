/* pick.c: first, last, nth, arg_max, arg_min: one value kept a group. What is kept is 16 bytes of
 * any type; what arg_max compares is turned into a 64-bit integer of the same order. */
#include "runtime/fn/agg/agg.h"

struct picked {
    int64_t key; /* arg_max, arg_min: order of what was compared */
    int64_t has; /* 1: something was kept; 2: and it is not null */
    union {
        int64_t i;
        double f;
        int32_t d;
        struct kept_text t;
    } v;
};

/* Keeps argument 0 of row i. */
static void keep(struct agg_eval *e, struct picked *s, const struct vec *args, int64_t i)
{
    const struct vec *v = &args[0];
    const struct scalar *c = agg_const(e, 0) ? &e->consts[0] : NULL;
    s->has = c ? (c->is_null ? 1 : 2) : vec_valid(v, i) ? 2 : 1;
    if (s->has == 1) return;
    switch (e->arg_types[0].kind) {
    case KIND_BOOL: s->v.i = c ? c->u.b : vec_bool(v, i); break;
    case KIND_NUM: s->v.f = c ? c->u.f : vec_f64(v, i); break;
    case KIND_DATE: s->v.d = c ? (int32_t)c->u.i : vec_i32(v, i); break;
    case KIND_STR: {
        struct str x;
        if (agg_text(e, args, 0, i, &x)) keep_text(e, &s->v.t, x);
        break;
    }
    default: s->v.i = c ? c->u.i : vec_i64(v, i);
    }
}

static void share(struct agg_eval *e, struct picked *d, const struct picked *s)
{
    if (e->arg_types[0].kind != KIND_STR) {
        *d = *s;
        return;
    }
    d->key = s->key;
    d->has = s->has;
    share_text(&d->v.t, &s->v.t);
}

static enum rc_t picked_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                              struct vec *out)
{
    out->heap = NULL;
    for (int64_t i = 0; i < n; i++) {
        const struct picked *s = (const void *)(base + (size_t)i * stride);
        if (s->has != 2) out_null(out, i);
        switch (e->type.kind) {
        case KIND_BOOL: bit_put((uint64_t *)out->data, i, s->v.i != 0); break;
        case KIND_DATE: ((int32_t *)out->data)[i] = s->v.d; break;
        case KIND_STR: ((struct text *)out->data)[i] = s->v.t.text; break;
        default: ((int64_t *)out->data)[i] = s->v.i; /* a num's bits too */
        }
    }
    return RC_OK;
}

static bool is_there(const struct agg_eval *e, const struct vec *args, int k, int64_t i)
{
    return agg_const(e, k) ? !e->consts[k].is_null : vec_valid(&args[k], i);
}

/* ---- first, last: of the values that are not null ---- */
static enum rc_t first_update(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                              int64_t n, const struct vec *args)
{
    for (int64_t i = 0; i < n; i++) {
        struct picked *s = (void *)(base + (groups ? groups[i] * stride : 0));
        if (!s->has && is_there(e, args, 0, i)) keep(e, s, args, i);
        if (!groups && s->has) break;
    }
    return RC_OK;
}
static enum rc_t first_combine(struct agg_eval *e, char *dst, const char *src)
{
    struct picked *d = (void *)dst;
    if (!d->has) share(e, d, (const void *)src);
    return RC_OK;
}
static enum rc_t last_update(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                             int64_t n, const struct vec *args)
{
    for (int64_t i = groups ? 0 : n - 1; i >= 0 && i < n; i += groups ? 1 : -1) {
        if (!is_there(e, args, 0, i)) continue;
        keep(e, (void *)(base + (groups ? groups[i] * stride : 0)), args, i);
        if (!groups) break;
    }
    return RC_OK;
}
static enum rc_t last_combine(struct agg_eval *e, char *dst, const char *src)
{
    const struct picked *s = (const void *)src;
    if (s->has) share(e, (void *)dst, s);
    return RC_OK;
}

#define PICKS(up, comb)                                                                            \
    {                                                                                              \
        AG(KIND_INT, KIND_INT, struct picked, up, comb, picked_final),                             \
            AG(KIND_NUM, KIND_NUM, struct picked, up, comb, picked_final),                         \
            AG(KIND_STR, KIND_STR, struct picked, up, comb, picked_final),                         \
            AG(KIND_BOOL, KIND_BOOL, struct picked, up, comb, picked_final),                       \
            AG(KIND_DATE, KIND_DATE, struct picked, up, comb, picked_final),                       \
            AG(KIND_DATETIME, KIND_DATETIME, struct picked, up, comb, picked_final),               \
            AG(KIND_DURATION, KIND_DURATION, struct picked, up, comb, picked_final),               \
    }
static const struct agg_overload first_overloads[] = PICKS(first_update, first_combine);
const struct agg_desc agg_first = {
    .name = "first",
    .sig = "first(x)",
    .doc = "First value that is not null, in sort order (input order without a sort clause).",
    .example = "first([null, 3, 4])  #> 3",
    .overloads = first_overloads,
    .n_overloads = COUNT(first_overloads),
    .type = type_first,
    .needs_order = true,
};
static const struct agg_overload last_overloads[] = PICKS(last_update, last_combine);
const struct agg_desc agg_last = {
    .name = "last",
    .sig = "last(x)",
    .doc = "Last value that is not null, in sort order (input order without a sort clause).",
    .example = "last([3, 4, null])  #> 4",
    .overloads = last_overloads,
    .n_overloads = COUNT(last_overloads),
    .type = type_first,
    .needs_order = true,
};

/* ---- nth: nulls are rows too ---- */
/* Row of the nth of m rows (from 1, from the end when negative), or -1. */
static int64_t nth_row(int64_t m, int64_t n)
{
    if (n > 0) return n <= m ? n - 1 : -1;
    return n < 0 && n >= -m ? m + n : -1;
}

static enum rc_t nth_whole(struct agg_eval *e, int64_t m, const struct vec *args, struct vec *out,
                           int64_t at)
{
    struct picked s = {0};
    struct vec one = *out;
    if (!agg_const(e, 1) || e->consts[1].is_null || e->consts[1].u.i == 0) {
        (void)fail(e->cx, E217, e->span, "nth() wants which row: 1, 2, .. or -1 for the last");
        return err_hint(e->cx, "nth(x, 1)");
    }
    int64_t row = nth_row(m, e->consts[1].u.i);
    if (row >= 0) keep(e, &s, args, row);
    if (e->type.kind == KIND_BOOL) {
        bit_put((uint64_t *)out->data, at, s.has == 2 && s.v.i != 0);
        if (s.has != 2) out_null(out, at);
        return RC_OK;
    }
    size_t width =
        e->type.kind == KIND_STR ? sizeof(struct text) : phys_width(kind_phys(e->type.kind));
    one.data = (char *)(uintptr_t)out->data + (size_t)at * width;
    one.valid = NULL;
    if (s.has != 2) {
        memset((char *)(uintptr_t)one.data, 0, width);
        out_null(out, at);
        return RC_OK;
    }
    return picked_final(e, (const char *)&s, sizeof s, 1, &one);
}

#define NTH(k)                                                                                     \
    {                                                                                              \
        .n_args = 2, .args = {(k), KIND_INT}, .ret = (k), .whole = nth_whole                       \
    }
static const struct agg_overload nth_overloads[] = {
    NTH(KIND_INT),  NTH(KIND_NUM),      NTH(KIND_STR),      NTH(KIND_BOOL),
    NTH(KIND_DATE), NTH(KIND_DATETIME), NTH(KIND_DURATION),
};
const struct agg_desc agg_nth = {
    .name = "nth",
    .sig = "nth(x, n: int)",
    .doc = "x of the nth row in sort order (input order without a sort clause): 1 is the first, -1 "
           "the last; nulls are rows too.",
    .example = "nth([3, null, 5], -1)  #> 5",
    .overloads = nth_overloads,
    .n_overloads = COUNT(nth_overloads),
    .type = type_first,
    .needs_order = true,
};

/* ---- arg_max, arg_min ---- */

/* Argument 1 of row i as an integer of the same order; doubles by the usual turn of their bits. */
static int64_t order_key(const struct agg_eval *e, const struct vec *args, int64_t i)
{
    const struct scalar *c = agg_const(e, 1) ? &e->consts[1] : NULL;
    switch (e->arg_types[1].kind) {
    case KIND_NUM: {
        double x = c ? c->u.f : vec_f64(&args[1], i);
        int64_t bits;
        x = x == 0 ? 0 : x; /* -0.0 equals 0.0 */
        memcpy(&bits, &x, 8);
        return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
    }
    case KIND_DATE: return c ? c->u.i : vec_i32(&args[1], i);
    default: return c ? c->u.i : vec_i64(&args[1], i);
    }
}

static enum rc_t arg_update(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                            int64_t n, const struct vec *args, bool is_max)
{
    for (int64_t i = 0; i < n; i++) {
        if (!is_there(e, args, 1, i)) continue;
        struct picked *s = (void *)(base + (groups ? groups[i] * stride : 0));
        int64_t key = order_key(e, args, i);
        if (s->has && (is_max ? key <= s->key : key >= s->key)) continue;
        keep(e, s, args, i);
        s->key = key;
    }
    return RC_OK;
}
static enum rc_t arg_max_update(struct agg_eval *e, char *base, size_t stride,
                                const uint32_t *groups, int64_t n, const struct vec *args)
{
    return arg_update(e, base, stride, groups, n, args, true);
}
static enum rc_t arg_min_update(struct agg_eval *e, char *base, size_t stride,
                                const uint32_t *groups, int64_t n, const struct vec *args)
{
    return arg_update(e, base, stride, groups, n, args, false);
}
static enum rc_t arg_max_combine(struct agg_eval *e, char *dst, const char *src)
{
    struct picked *d = (void *)dst;
    const struct picked *s = (const void *)src;
    if (s->has && (!d->has || s->key > d->key)) share(e, d, s);
    return RC_OK;
}
static enum rc_t arg_min_combine(struct agg_eval *e, char *dst, const char *src)
{
    struct picked *d = (void *)dst;
    const struct picked *s = (const void *)src;
    if (s->has && (!d->has || s->key < d->key)) share(e, d, s);
    return RC_OK;
}

#define ARG_ROWS(k, m)                                                                             \
    AG2(k, KIND_INT, k, struct picked, m##_update, m##_combine, picked_final),                     \
        AG2(k, KIND_NUM, k, struct picked, m##_update, m##_combine, picked_final),                 \
        AG2(k, KIND_DATE, k, struct picked, m##_update, m##_combine, picked_final),                \
        AG2(k, KIND_DATETIME, k, struct picked, m##_update, m##_combine, picked_final),            \
        AG2(k, KIND_DURATION, k, struct picked, m##_update, m##_combine, picked_final)
#define ARG_OVERLOADS(m)                                                                           \
    {                                                                                              \
        ARG_ROWS(KIND_INT, m), ARG_ROWS(KIND_NUM, m), ARG_ROWS(KIND_STR, m),                       \
            ARG_ROWS(KIND_BOOL, m), ARG_ROWS(KIND_DATE, m), ARG_ROWS(KIND_DATETIME, m),            \
            ARG_ROWS(KIND_DURATION, m),                                                            \
    }
static const struct agg_overload arg_max_overloads[] = ARG_OVERLOADS(arg_max);
const struct agg_desc agg_arg_max = {
    .name = "arg_max",
    .sig = "arg_max(value, x)",
    .doc = "The value in the row where x is greatest (the first such row).",
    .example = "arg_max([\"a\", \"b\"], [3, 5])  #> \"b\"",
    .overloads = arg_max_overloads,
    .n_overloads = COUNT(arg_max_overloads),
    .type = type_first,
};
static const struct agg_overload arg_min_overloads[] = ARG_OVERLOADS(arg_min);
const struct agg_desc agg_arg_min = {
    .name = "arg_min",
    .sig = "arg_min(value, x)",
    .doc = "The value in the row where x is least (the first such row).",
    .example = "arg_min([\"a\", \"b\"], [3, 5])  #> \"a\"",
    .overloads = arg_min_overloads,
    .n_overloads = COUNT(arg_min_overloads),
    .type = type_first,
};
