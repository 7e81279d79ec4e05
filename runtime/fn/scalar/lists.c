/* lists.c: lists out of lists (sorted, unique, one after the other) and out of bounds (seq). The
 * first three only choose rows of the elements' column, which is gathered once a batch. */
#include "runtime/fn/scalar/list.h"

#include "runtime/base/civil.h"

#include <math.h>

/* ---- order of elements ---- */
#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))
static int cmp_elements(const struct column *c, int64_t i, int64_t k)
{
    bool a = bit_valid(c->valid, i), b = bit_valid(c->valid, k);
    if (!a || !b) return (int)b - (int)a; /* null last */
    switch (c->phys) {
    case PHYS_I64:
    case PHYS_TS64:
    case PHYS_DUR64: return ORDER(((const int64_t *)c->data)[i], ((const int64_t *)c->data)[k]);
    case PHYS_F64: return ORDER(((const double *)c->data)[i], ((const double *)c->data)[k]);
    case PHYS_STR:
        return str_cmp(text_str((const struct text *)c->data + i),
                       text_str((const struct text *)c->data + k));
    default: break;
    }
    struct scalar x = column_scalar(c, i), y = column_scalar(c, k);
    int d = scalar_cmp(&x, &y);
    scalar_release(&x);
    scalar_release(&y);
    return d;
}

/* Sorts order[0..n) by value, stable. tmp: room for n. */
static void sort_elements(const struct column *c, int64_t *order, int64_t *tmp, int64_t n)
{
    if (n < 8) {
        for (int64_t i = 1; i < n; i++) {
            int64_t row = order[i], k = i;
            for (; k > 0 && cmp_elements(c, order[k - 1], row) > 0; k--)
                order[k] = order[k - 1];
            order[k] = row;
        }
        return;
    }
    int64_t half = n / 2, i = 0, k = half;
    sort_elements(c, order, tmp, half);
    sort_elements(c, order + half, tmp, n - half);
    memcpy(tmp, order, sizeof *tmp * (size_t)n);
    for (int64_t at = 0; at < n; at++) {
        bool left = k >= n || (i < half && cmp_elements(c, tmp[i], tmp[k]) <= 0);
        order[at] = tmp[left ? i++ : k++];
    }
}

/* Elements of each list in the order of value, into p; offsets into out. */
typedef void (*each_list)(struct fn_eval *e, struct row_picks *p, const struct column *items,
                          int64_t *order, int64_t *tmp, int64_t n);
static rc over_lists(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                     each_list each)
{
    const uint64_t *live = live_rows(e, n, args);
    int64_t *at = (int64_t *)out->data, *order = NULL, *tmp = NULL, cap = 0;
    struct row_picks picks = {0};
    const struct column *items = NULL;
    for (int64_t i = 0; i < n; i++) {
        at[i] = picks.n;
        if (!bit_valid(live, i)) continue;
        struct list_row r = list_at(e, args, 0, i);
        int64_t m = r.to - r.from;
        items = r.items ? r.items : items;
        if (m == 0) continue;
        if (m > cap) {
            cap = m * 2;
            order = arena_alloc(e->cx->arena, 8 * (size_t)cap);
            tmp = arena_alloc(e->cx->arena, 8 * (size_t)cap);
        }
        for (int64_t k = 0; k < m; k++)
            order[k] = r.from + k;
        sort_elements(r.items, order, tmp, m);
        each(e, &picks, r.items, order, tmp, m);
    }
    at[n] = picks.n;
    return list_of_rows(e, items, &picks, out);
}

/* ---- sorted ---- */
static void pick_sorted(struct fn_eval *e, struct row_picks *p, const struct column *items,
                        int64_t *order, int64_t *tmp, int64_t n)
{
    (void)items, (void)tmp;
    for (int64_t i = 0; i < n; i++)
        pick_row(e, p, order[i]);
}
static enum rc_t sorted(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return over_lists(e, n, args, out, pick_sorted);
}
static const struct fn_overload sorted_overloads[] = {OV1(KIND_LIST, KIND_LIST, sorted)};
const struct fn_desc fn_sorted = {
    .name = "sorted",
    .sig = "sorted(xs: list) -> list",
    .doc = "The values in rising order, null last.",
    .example = "sorted([3, 1, 2])  #> [1, 2, 3]",
    .flags = FN_PURE,
    .overloads = sorted_overloads,
    .n_overloads = COUNT(sorted_overloads),
    .type = type_list_or_text,
    .foreign = {"list_sort(%1)", "array_sort(%1)"},
};

/* ---- unique ---- */
static void sort_rows(int64_t *x, int64_t n)
{
    for (int64_t gap = n / 2; gap > 0; gap /= 2)
        for (int64_t i = gap; i < n; i++) {
            int64_t v = x[i], k = i;
            for (; k >= gap && x[k - gap] > v; k -= gap)
                x[k] = x[k - gap];
            x[k] = v;
        }
}
/* Of equal ones, which stand together, the first; then back to the order they came in. */
static void pick_unique(struct fn_eval *e, struct row_picks *p, const struct column *items,
                        int64_t *order, int64_t *tmp, int64_t n)
{
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        if (m == 0 || cmp_elements(items, tmp[m - 1], order[i]) != 0) tmp[m++] = order[i];
    sort_rows(tmp, m);
    for (int64_t i = 0; i < m; i++)
        pick_row(e, p, tmp[i]);
}
static enum rc_t unique(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return over_lists(e, n, args, out, pick_unique);
}
static const struct fn_overload unique_overloads[] = {OV1(KIND_LIST, KIND_LIST, unique)};
const struct fn_desc fn_unique = {
    .name = "unique",
    .sig = "unique(xs: list) -> list",
    .doc = "The distinct values in order of first appearance.",
    .example = "unique([2, 1, 2])  #> [2, 1]",
    .flags = FN_PURE,
    .overloads = unique_overloads,
    .n_overloads = COUNT(unique_overloads),
    .type = type_list_or_text,
};

/* ---- xs + ys ---- */
/* Elements of argument k in all rows as one column; rows' bounds into from[n + 1]. */
static rc gather_side(struct fn_eval *e, int64_t n, const struct vec *args, int k,
                      const uint64_t *live, int64_t *from, struct column **out)
{
    struct row_picks picks = {0};
    const struct column *items = NULL;
    for (int64_t i = 0; i < n; i++) {
        from[i] = picks.n;
        if (!bit_valid(live, i)) continue;
        struct list_row r = list_at(e, args, k, i);
        items = r.items ? r.items : items;
        for (int64_t j = r.from; j < r.to; j++)
            pick_row(e, &picks, j);
    }
    from[n] = picks.n;
    if (!items) return column_nulls(e->cx, *e->type.elem, 0, out);
    return column_gather(e->cx, items, picks.rows, picks.n, out);
}

static enum rc_t list_concat(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    int64_t *at = (int64_t *)out->data, *bounds[2];
    struct column *sides[2], *both;
    struct row_picks picks = {0};
    for (int k = 0; k < 2; k++) {
        bounds[k] = arena_alloc(e->cx->arena, 8 * (size_t)(n + 1));
        TRY(gather_side(e, n, args, k, live, bounds[k], &sides[k]));
        arena_column(e->cx->arena, sides[k]);
    }
    TRY(column_concat(e->cx, (const struct column *const *)sides, 2, &both));
    arena_column(e->cx->arena, both);
    for (int64_t i = 0; i < n; i++) {
        at[i] = picks.n;
        for (int64_t j = bounds[0][i]; j < bounds[0][i + 1]; j++)
            pick_row(e, &picks, j);
        for (int64_t j = bounds[1][i]; j < bounds[1][i + 1]; j++)
            pick_row(e, &picks, sides[0]->n + j);
    }
    at[n] = picks.n;
    return list_of_rows(e, both, &picks, out);
}
static const struct fn_overload list_concat_overloads[] = {
    OV2(KIND_LIST, KIND_LIST, KIND_LIST, list_concat)};
const struct fn_desc fn_list_concat = {
    .name = "list_concat",
    .sig = "xs + ys",
    .doc = "The values of xs, then those of ys.",
    .example = "[1, 2] + [3]  #> [1, 2, 3]",
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = list_concat_overloads,
    .n_overloads = COUNT(list_concat_overloads),
    .type = type_list_or_text,
    .foreign = {"list_concat(%1, %2)", "concat(%1, %2)"},
};

/* ---- seq ---- */
#define SEQ_MAX INT64_C(100000000)

static rc too_long(struct fn_eval *e)
{
    return fail(e->cx, E902, e->span, "seq() would make more than 100 million values");
}
static rc no_step(struct fn_eval *e)
{
    (void)fail(e->cx, E209, e->span, "the step of seq() cannot be 0");
    return err_note(e->cx, "seq(1, 10, 3) counts up, seq(10, 1, -3) down");
}

static rc put_whole(struct fn_eval *e, struct builder *b, int64_t from, int64_t to, int64_t step)
{
    int64_t gap, n = 0;
    if (step == 0) return no_step(e);
    if (__builtin_sub_overflow(to, from, &gap)) return too_long(e);
    if ((gap >= 0) == (step > 0) || gap == 0) n = gap / step + 1;
    if (n > SEQ_MAX - b->n) return too_long(e);
    TRY(builder_reserve(e->cx, b, n));
    for (int64_t i = 0; i < n; i++)
        TRY(builder_i64(e->cx, b, from + i * step));
    return RC_OK;
}
static rc put_nums(struct fn_eval *e, struct builder *b, double from, double to, double step)
{
    if (step == 0) return no_step(e);
    double n = floor((to - from) / step + 1e-9) + 1; /* 0.1 * 3 reaches 0.3 */
    if (!isfinite(n) || n > (double)(SEQ_MAX - b->n)) return too_long(e);
    for (int64_t i = 0; i < (int64_t)n; i++)
        TRY(builder_f64(e->cx, b, from + (double)i * step));
    return RC_OK;
}
/* Months keep the day they start on, clamped to each month's end. */
static rc put_months(struct fn_eval *e, struct builder *b, int64_t from, int64_t to, int32_t months)
{
    for (int64_t i = 0;; i++) {
        int64_t day = civil_add_months(from, i * months);
        if (months > 0 ? day > to : day < to) return RC_OK;
        if (b->n >= SEQ_MAX) return too_long(e);
        TRY(builder_i64(e->cx, b, day));
    }
}
static rc put_days(struct fn_eval *e, const struct vec *args, int64_t i, struct builder *b)
{
    int64_t from = vec_i32(&args[0], i), to = vec_i32(&args[1], i);
    if (e->n_args < 3) return put_whole(e, b, from, to, 1);
    int64_t step = vec_i64(&args[2], i);
    int32_t months = e->is_const[2] ? e->consts[2].months : 0;
    if (months && step == 0) return put_months(e, b, from, to, months);
    if (months || step % US_PER_DAY)
        return fail(e->cx, E209, e->span,
                    "a sequence of days takes a step of days, weeks or months");
    return put_whole(e, b, from, to, step / US_PER_DAY);
}
static rc put_times(struct fn_eval *e, const struct vec *args, int64_t i, struct builder *b)
{
    int64_t step = e->n_args < 3 ? US_PER_DAY : vec_i64(&args[2], i);
    if (e->n_args > 2 && e->is_const[2] && e->consts[2].months)
        return fail(e->cx, E209, e->span, "a sequence of times takes a step of fixed length");
    return put_whole(e, b, vec_i64(&args[0], i), vec_i64(&args[1], i), step);
}
static rc put_seq(struct fn_eval *e, const struct vec *args, int64_t i, struct builder *b)
{
    switch (e->arg_types[0].kind) {
    case KIND_INT:
        return put_whole(e, b, vec_i64(&args[0], i), vec_i64(&args[1], i),
                         e->n_args > 2 ? vec_i64(&args[2], i) : 1);
    case KIND_NUM:
        return put_nums(e, b, vec_f64(&args[0], i), vec_f64(&args[1], i),
                        e->n_args > 2 ? vec_f64(&args[2], i) : 1);
    case KIND_DATE: return put_days(e, args, i, b);
    default: return put_times(e, args, i, b);
    }
}
static enum rc_t seq(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    int64_t *at = (int64_t *)out->data;
    struct dtype item = *e->type.elem;
    struct builder b;
    struct column *c = NULL;
    enum rc_t res = RC_OK;
    builder_init(&b, item, kind_phys(item.kind));
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        at[i] = b.n;
        if (bit_valid(live, i)) res = put_seq(e, args, i, &b);
    }
    at[n] = b.n;
    if (res == RC_OK) res = builder_finish(e->cx, &b, &c);
    builder_release(&b);
    TRY(res);
    arena_column(e->cx->arena, c);
    const struct column **child = ARENA_ARRAY(e->cx->arena, const struct column *, 1);
    child[0] = c;
    out->child = child;
    out->n_child = 1;
    return RC_OK;
}
static enum rc_t type_seq(struct ctx *cx, const struct dtype *args, int n, struct span span,
                          struct dtype *out)
{
    (void)cx, (void)span;
    struct dtype item = args[0].kind == KIND_NULL ? args[1] : args[0];
    for (int i = 0; i < n; i++)
        if (args[i].kind == KIND_NUM || (args[i].kind == KIND_DATETIME && item.kind == KIND_DATE))
            item = args[i];
    *out = dtype_list(item);
    return RC_OK;
}
static const struct fn_overload seq_overloads[] = {
    OV2(KIND_INT, KIND_INT, KIND_LIST, seq),
    OV3(KIND_INT, KIND_INT, KIND_INT, KIND_LIST, seq),
    OV2(KIND_NUM, KIND_NUM, KIND_LIST, seq),
    OV3(KIND_NUM, KIND_NUM, KIND_NUM, KIND_LIST, seq),
    OV2(KIND_DATE, KIND_DATE, KIND_LIST, seq),
    OV3(KIND_DATE, KIND_DATE, KIND_DURATION, KIND_LIST, seq),
    OV2(KIND_DATETIME, KIND_DATETIME, KIND_LIST, seq),
    OV3(KIND_DATETIME, KIND_DATETIME, KIND_DURATION, KIND_LIST, seq),
};
const struct fn_desc fn_seq = {
    .name = "seq",
    .sig = "seq(from, to, step) -> list",
    .doc = "The values from, from + step, .. up to to: numbers, dates or times. The step is 1, or "
           "a day, unless given.",
    .example = "seq(1, 10, 3)  #> [1, 4, 7, 10]",
    .flags = FN_PURE,
    .overloads = seq_overloads,
    .n_overloads = COUNT(seq_overloads),
    .type = type_seq,
    .foreign = {"generate_series(%1, %2, %3)", "sequence(%1, %2, %3)"},
};
