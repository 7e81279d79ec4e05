/* array_more.c: array_agg with nulls, arrays put in another order (ORDER BY and DISTINCT within an
 * aggregate), parts of arrays, arrays that share a value. */
#include "runtime/fn/agg/agg.h"
#include "runtime/fn/scalar/list.h"
#include "runtime/fn/sql/sql.h"

static bool is_nested(struct dtype t)
{
    return t.kind == KIND_LIST || t.kind == KIND_STRUCT;
}

/* ---- array_agg ---- */
static rc add_rows(struct agg_eval *e, int64_t n, const struct vec *v, struct builder *b)
{
    int32_t sel[1024];
    for (int64_t i = 0; i < n && agg_const(e, 0); i++)
        TRY(e->consts[0].is_null ? builder_null(e->cx, b)
                                 : builder_scalar(e->cx, b, &e->consts[0]));
    for (int64_t i = 0; i < n && !agg_const(e, 0);) {
        int64_t m = 0;
        for (; i < n && m < 1024; i++)
            sel[m++] = (int32_t)i;
        TRY(builder_append(e->cx, b, v, sel, m));
    }
    return RC_OK;
}
static enum rc_t array_agg(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                           int64_t at)
{
    int64_t *offsets = (int64_t *)out->data;
    struct builder b;
    struct column *items = NULL;
    builder_init(&b, *e->type.elem, kind_phys(e->type.elem->kind));
    enum rc_t res = add_rows(e, n, &args[0], &b);
    if (res == RC_OK) res = builder_finish(e->cx, &b, &items);
    builder_release(&b);
    TRY(res);
    arena_column(e->cx->arena, items);
    offsets[at] = 0;
    offsets[at + 1] = items->n;
    if (n == 0) out_null(out, at);
    const struct column **child = ARENA_ARRAY(e->cx->arena, const struct column *, 1);
    child[0] = items;
    out->child = child;
    out->n_child = 1;
    return RC_OK;
}
static enum rc_t type_array(struct ctx *cx, const struct dtype *args, int n, struct span span,
                            struct dtype *out)
{
    (void)cx, (void)n, (void)span;
    *out = dtype_list(args[0].kind == KIND_CAT ? DTYPE(KIND_STR) : args[0]);
    return RC_OK;
}
static const struct agg_overload sql_array_agg_overloads[] = {
    AGW(KIND_INT, KIND_LIST, array_agg),      AGW(KIND_NUM, KIND_LIST, array_agg),
    AGW(KIND_STR, KIND_LIST, array_agg),      AGW(KIND_BOOL, KIND_LIST, array_agg),
    AGW(KIND_DATE, KIND_LIST, array_agg),     AGW(KIND_DATETIME, KIND_LIST, array_agg),
    AGW(KIND_DURATION, KIND_LIST, array_agg),
};
const struct agg_desc agg_sql_array_agg = {
    .name = "sql_array_agg",
    .sig = "sql_array_agg(x) -> list",
    .doc = "SQL's array_agg: the values with nulls, null without rows.",
    .example = "sql_array_agg([3, null])  #> [3, null]",
    .is_hidden = true,
    .overloads = sql_array_agg_overloads,
    .n_overloads = COUNT(sql_array_agg_overloads),
    .type = type_array,
    .needs_order = true,
};

/* ---- another order ---- */
struct order { /* of the elements of one row's lists, which are equally long */
    const struct column *keys[FN_MAX_ARGS];
    int64_t from[FN_MAX_ARGS];
    const char *how; /* a letter a key: a rising, A rising nulls first, d falling, D falling nulls
                        first */
    int n_keys;
};
static int cmp_places(const struct order *o, int64_t x, int64_t y)
{
    for (int k = 0; k < o->n_keys; k++) {
        struct scalar a = column_scalar(o->keys[k], o->from[k] + x);
        struct scalar b = column_scalar(o->keys[k], o->from[k] + y);
        bool is_down = o->how[k] == 'd' || o->how[k] == 'D';
        bool nulls_first = o->how[k] == 'A' || o->how[k] == 'D';
        int c = 0;
        if (a.is_null != b.is_null)
            c = a.is_null == nulls_first ? -1 : 1;
        else if (!a.is_null)
            c = is_down ? scalar_cmp(&b, &a) : scalar_cmp(&a, &b);
        scalar_release(&a);
        scalar_release(&b);
        if (c) return c;
    }
    return 0;
}
/* Stable merge sort of places; tmp is as long. */
static void sort_places(const struct order *o, int64_t *x, int64_t *tmp, int64_t n)
{
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t lo = 0; lo < n; lo += 2 * width) {
            int64_t mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n;
            int64_t i = lo, j = mid, k = lo;
            while (i < mid && j < hi)
                tmp[k++] = cmp_places(o, x[i], x[j]) <= 0 ? x[i++] : x[j++];
            while (i < mid)
                tmp[k++] = x[i++];
            while (j < hi)
                tmp[k++] = x[j++];
        }
        memcpy(x, tmp, 8 * (size_t)n);
    }
}
static enum rc_t order_row(struct fn_eval *e, const struct vec *args, int64_t i, bool is_distinct,
                           struct order *o, const struct column **items, struct row_picks *picks)
{
    struct list_row l = list_at(e, args, 1, i);
    int64_t m = l.to - l.from, last = -1;
    if (m == 0) return RC_OK;
    *items = l.items;
    for (int k = 0; k < o->n_keys; k++) {
        struct list_row key = list_at(e, args, 2 + k, i);
        if (key.to - key.from != m) return sql_refuse(e, i, "the lists differ in length");
        o->keys[k] = key.items;
        o->from[k] = key.from;
    }
    int64_t *x = arena_alloc(e->cx->arena, 16 * (size_t)m);
    for (int64_t k = 0; k < m; k++)
        x[k] = k;
    sort_places(o, x, x + m, m);
    for (int64_t k = 0; k < m; k++) {
        bool is_repeat = is_distinct && last >= 0 && cmp_places(o, last, x[k]) == 0;
        if (!is_repeat) pick_row(e, picks, l.from + x[k]);
        last = x[k];
    }
    return RC_OK;
}
static enum rc_t list_order(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    int64_t *at = (int64_t *)out->data;
    struct row_picks picks = {0};
    const struct column *items = NULL;
    TRY(need_const(e, 0, "sql_list_order", "the order"));
    struct str how = e->consts[0].u.s;
    bool is_distinct = how.n > 0 && how.p[how.n - 1] == 'u';
    struct order o = {.how = how.p, .n_keys = e->n_args - 2};
    if ((int)how.n != o.n_keys + is_distinct) return sql_refuse(e, 0, "the order has other keys");
    for (int64_t i = 0; i < n; i++) {
        at[i] = picks.n;
        if (bit_valid(live, i)) TRY(order_row(e, args, i, is_distinct, &o, &items, &picks));
    }
    at[n] = picks.n;
    return list_of_rows(e, items, &picks, out);
}
static enum rc_t type_order(struct ctx *cx, const struct dtype *args, int n, struct span span,
                            struct dtype *out)
{
    char text[96];
    *out = args[1];
    for (int i = 2; i < n; i++)
        if (is_nested(*args[i].elem))
            return fail(cx, E207, span, "ORDER BY within an aggregate takes plain values, not %s",
                        dtype_text(*args[i].elem, text, sizeof text));
    return RC_OK;
}
#define ORDERS(...)                                                                                \
    {                                                                                              \
        .n_args = sizeof((enum kind[]){__VA_ARGS__}) / sizeof(enum kind), .args = {__VA_ARGS__},   \
        .ret = KIND_LIST, .kernel = list_order                                                     \
    }
static const struct fn_overload sql_list_order_overloads[] = {
    ORDERS(KIND_STR, KIND_LIST, KIND_LIST),
    ORDERS(KIND_STR, KIND_LIST, KIND_LIST, KIND_LIST),
    ORDERS(KIND_STR, KIND_LIST, KIND_LIST, KIND_LIST, KIND_LIST),
    ORDERS(KIND_STR, KIND_LIST, KIND_LIST, KIND_LIST, KIND_LIST, KIND_LIST),
};
SQL_FN(sql_list_order, "sql_list_order(how: str, xs: list, keys: list, ..) -> list",
       "The values of xs in the order of the lists beside it.",
       "sql_list_order(\"d\", [4, 5], [1, 2])  #> [5, 4]", 0, .nulls = FN_ANY_NULL,
       .type = type_order);

/* ---- xs[lo:hi]; a bound that is null is open ---- */
static enum rc_t part(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *at = (int64_t *)out->data;
    struct row_picks picks = {0};
    const struct column *items = NULL;
    for (int64_t i = 0; i < n; i++) {
        at[i] = picks.n;
        if (!vec_valid(&args[0], i)) {
            out_null(out, i);
            continue;
        }
        struct list_row l = list_at(e, args, 0, i);
        int64_t m = l.to - l.from, lo = 1, hi = m;
        if (vec_valid(&args[1], i)) lo = vec_i64(&args[1], i);
        if (vec_valid(&args[2], i)) hi = vec_i64(&args[2], i);
        items = l.items ? l.items : items;
        for (int64_t k = lo < 1 ? 1 : lo; k <= hi && k <= m; k++)
            pick_row(e, &picks, l.from + k - 1);
    }
    at[n] = picks.n;
    return list_of_rows(e, items, &picks, out);
}
static const struct fn_overload sql_array_part_overloads[] = {
    OV3(KIND_LIST, KIND_INT, KIND_INT, KIND_LIST, part)};
SQL_FN(sql_array_part, "sql_array_part(xs: list, from: int, to: int) -> list",
       "SQL's xs[from:to]; a null bound is open.", "sql_array_part([4, 5, 6], 2, 3)  #> [5, 6]", 0,
       .nulls = FN_OWN_NULLS, .type = type_list_or_text);

static enum rc_t trim_array(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    int64_t *at = (int64_t *)out->data;
    struct row_picks picks = {0};
    const struct column *items = NULL;
    for (int64_t i = 0; i < n; i++) {
        at[i] = picks.n;
        if (!bit_valid(live, i)) continue;
        struct list_row l = list_at(e, args, 0, i);
        int64_t m = l.to - l.from, less = vec_i64(&args[1], i);
        if (less < 0 || less > m)
            return sql_refuse(e, i, "trim_array takes 0 to %lld values away here", (long long)m);
        items = l.items ? l.items : items;
        for (int64_t k = 0; k < m - less; k++)
            pick_row(e, &picks, l.from + k);
    }
    at[n] = picks.n;
    return list_of_rows(e, items, &picks, out);
}
static const struct fn_overload sql_trim_array_overloads[] = {
    OV2(KIND_LIST, KIND_INT, KIND_LIST, trim_array)};
SQL_FN(sql_trim_array, "sql_trim_array(xs: list, n: int) -> list", "SQL's trim_array.",
       "sql_trim_array([4, 5, 6], 1)  #> [4, 5]", 0, .nulls = FN_ANY_NULL,
       .type = type_list_or_text);

/* ---- xs && ys: some value stands in both ---- */
static bool share_value(const struct list_row *xs, const struct list_row *ys)
{
    for (int64_t i = xs->from; i < xs->to; i++) {
        struct scalar a = column_scalar(xs->items, i);
        bool same = false;
        for (int64_t k = ys->from; k < ys->to && !same && !a.is_null; k++) {
            struct scalar b = column_scalar(ys->items, k);
            same = !b.is_null && scalar_cmp(&a, &b) == 0;
            scalar_release(&b);
        }
        scalar_release(&a);
        if (same) return true;
    }
    return false;
}
static enum rc_t overlap(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        bool same = false;
        if (bit_valid(live, i)) {
            struct list_row xs = list_at(e, args, 0, i), ys = list_at(e, args, 1, i);
            same = share_value(&xs, &ys);
        }
        bit_put((uint64_t *)out->data, i, same);
    }
    return RC_OK;
}
static enum rc_t type_overlap(struct ctx *cx, const struct dtype *args, int n, struct span span,
                              struct dtype *out)
{
    char have[96], want[96];
    (void)n;
    *out = DTYPE(KIND_BOOL);
    if (args[0].elem->kind == args[1].elem->kind && !is_nested(*args[0].elem)) return RC_OK;
    return fail(cx, E207, span, "%s and %s cannot share a value",
                dtype_text(args[0], have, sizeof have), dtype_text(args[1], want, sizeof want));
}
static const struct fn_overload sql_array_overlap_overloads[] = {
    OV2(KIND_LIST, KIND_LIST, KIND_BOOL, overlap)};
SQL_FN(sql_array_overlap, "sql_array_overlap(xs: list, ys: list) -> bool", "SQL's xs && ys.",
       "sql_array_overlap([4, 5], [5])  #> true", 0, .nulls = FN_ANY_NULL, .type = type_overlap);
