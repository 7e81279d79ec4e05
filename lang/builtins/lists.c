/* lists.c: map, seq, len, sorted, unique on lists outside steps. */
#include "lang/builtins/builtin_int.h"

#include <math.h>

#define DRY_MAX 10000 /* values of a list while the person types */

/* ---- map ---- */
static enum rc_t map_call(struct lang *lg, struct scope *sc, const struct ast *e,
                          struct value **args, struct str *names, int n_args, struct value **out)
{
    struct value *owned = NULL;
    const struct value *xs = args[0];
    (void)sc, (void)names, (void)n_args;
    if (xs->kind == VALUE_RANGE && range_list(xs, &owned)) xs = owned;
    enum rc_t res = check_value_kind(lg, xs, VALUE_LIST, e->kids[0]->span, "a list");
    if (res == RC_OK)
        res = check_value_kind(lg, args[1], VALUE_FN, e->kids[1]->span, "a lambda, x -> ..,");
    int64_t n = res == RC_OK ? value_length(xs) : 0, done = 0;
    if (lg->is_dry && n > DRY_MAX) res = fail(&lg->cx, E217, e->span, "too long to look at");
    struct value **items = mem_alloc(sizeof *items * (size_t)(n + 1));
    for (; done < n && res == RC_OK; done++) {
        struct value *x = value_item(xs, done);
        struct str name = {0};
        struct call_args one = {.values = &x, .names = &name, .spans = &(struct span){0}, .n = 1};
        res = check_cancel(&lg->cx);
        if (res == RC_OK) res = call_fn(lg, args[1], &one, e->span, &items[done]);
        value_unref(x);
        if (res != RC_OK) break;
    }
    if (res == RC_OK) {
        *out = value_list(items, (int)n);
    } else {
        while (done > 0)
            value_unref(items[--done]);
    }
    mem_free(items);
    value_unref(owned);
    return res;
}
const struct builtin_desc builtin_map = {
    .name = "map",
    .sig = "map(xs: list, x -> expression) -> list",
    .doc = "The list of what the lambda gives for each value.",
    .example = "map([1, 2, 3], x -> x * 2)  #> [2, 4, 6]",
    .min_args = 2,
    .max_args = 2,
    .call = map_call,
};

/* ---- seq ---- */
#define SEQ_MAX     INT64_C(100000000)
#define CHECK_ITEMS 65536 /* between looks at the cancel token */

static rc too_long(struct lang *lg, struct span span)
{
    return fail(&lg->cx, E902, span, "the list would have more than 100 million values");
}
static rc seq_i64(struct lang *lg, struct dtype type, int64_t from, int64_t to, int64_t step,
                  struct span span, struct value **out)
{
    struct builder b;
    struct column *c = NULL;
    enum rc_t res = RC_ERR;
    int64_t gap, n = 0;
    if (step == 0) return fail(&lg->cx, E209, span, "the step of seq() cannot be 0");
    if (__builtin_sub_overflow(to, from, &gap)) return too_long(lg, span);
    if ((gap >= 0) == (step > 0) || gap == 0) n = gap / step + 1;
    if (n > (lg->is_dry ? DRY_MAX : SEQ_MAX)) return too_long(lg, span);
    builder_init(&b, type, kind_phys(type.kind));
    TRY_OUT(builder_reserve(&lg->cx, &b, n));
    for (int64_t i = 0; i < n; i++) {
        if (i % CHECK_ITEMS == 0) TRY_OUT(check_cancel(&lg->cx));
        TRY_OUT(builder_i64(&lg->cx, &b, from + i * step));
    }
    res = builder_finish(&lg->cx, &b, &c);
    if (res == RC_OK) *out = value_list_of(c);
    column_unref(c);
out:
    builder_release(&b);
    return res;
}
static rc seq_f64(struct lang *lg, double from, double to, double step, struct span span,
                  struct value **out)
{
    struct builder b;
    struct column *c = NULL;
    enum rc_t res = RC_ERR;
    if (step == 0 || !isfinite(from) || !isfinite(to) || !isfinite(step))
        return fail(&lg->cx, E209, span, "seq() takes finite numbers and a step that is not 0");
    double count = floor((to - from) / step + 1e-9) + 1; /* 0.1 * 3 reaches 0.3 */
    if (count > (double)(lg->is_dry ? DRY_MAX : SEQ_MAX)) return too_long(lg, span);
    builder_init(&b, DTYPE(KIND_NUM), PHYS_F64);
    for (int64_t i = 0; i < (int64_t)count; i++) {
        if (i % CHECK_ITEMS == 0) TRY_OUT(check_cancel(&lg->cx));
        TRY_OUT(builder_f64(&lg->cx, &b, from + (double)i * step));
    }
    res = builder_finish(&lg->cx, &b, &c);
    if (res == RC_OK) *out = value_list_of(c);
    column_unref(c);
out:
    builder_release(&b);
    return res;
}
static double as_num(const struct scalar *s)
{
    return s->type.kind == KIND_INT ? (double)s->u.i : s->u.f;
}
/* seq(@2019-01-01, @2019-12-31, 1mo): months keep the first day of the month they start on. */
static rc seq_months(struct lang *lg, const struct scalar *from, const struct scalar *to,
                     int months, struct span span, struct value **out)
{
    struct builder b;
    struct column *c = NULL;
    enum rc_t res = RC_ERR;
    builder_init(&b, from->type, kind_phys(from->type.kind));
    for (int64_t i = 0; i < SEQ_MAX; i++) {
        int64_t day = civil_add_months(from->u.i, i * months);
        if (months > 0 ? day > to->u.i : day < to->u.i) break;
        TRY_OUT(builder_i64(&lg->cx, &b, day));
    }
    res = builder_finish(&lg->cx, &b, &c);
    if (res == RC_OK) *out = value_list_of(c);
    column_unref(c);
out:
    builder_release(&b);
    (void)span;
    return res;
}
static rc seq_numbers(struct lang *lg, const struct scalar *s, int n, struct span span,
                      struct value **out)
{
    bool is_int = true;
    for (int i = 0; i < n; i++)
        is_int = is_int && s[i].type.kind == KIND_INT;
    if (is_int) return seq_i64(lg, s[0].type, s[0].u.i, s[1].u.i, n > 2 ? s[2].u.i : 1, span, out);
    return seq_f64(lg, as_num(&s[0]), as_num(&s[1]), n > 2 ? as_num(&s[2]) : 1, span, out);
}
static rc seq_times(struct lang *lg, const struct scalar *s, int n, struct span span,
                    struct value **out)
{
    bool is_date = s[0].type.kind == KIND_DATE;
    int64_t by = n > 2 ? s[2].u.i : US_PER_DAY;
    int32_t months = n > 2 ? s[2].months : 0;
    if (months && is_date && by == 0) return seq_months(lg, &s[0], &s[1], months, span, out);
    if (months || (is_date && by % US_PER_DAY))
        return fail(&lg->cx, E209, span,
                    "a sequence of days takes a step of days, weeks or months");
    return seq_i64(lg, s[0].type, s[0].u.i, s[1].u.i, is_date ? by / US_PER_DAY : by, span, out);
}
static rc seq_scalars(struct lang *lg, const struct scalar *s, int n, struct span span,
                      struct value **out)
{
    bool is_num = true;
    for (int i = 0; i < n; i++) {
        if (s[i].is_null) return fail(&lg->cx, E207, span, "seq() cannot take null");
        is_num = is_num && dtype_is_number(s[i].type);
    }
    if (is_num) return seq_numbers(lg, s, n, span, out);
    enum kind k = s[0].type.kind;
    bool is_time = (k == KIND_DATE || k == KIND_DATETIME) && s[1].type.kind == k;
    if (is_time && (n < 3 || s[2].type.kind == KIND_DURATION))
        return seq_times(lg, s, n, span, out);
    (void)fail(&lg->cx, E207, span, "seq() takes numbers or times: from, to and a step");
    return err_hint(&lg->cx, "seq(@2019-01-01, @2019-02-01, 1d)");
}
bool range_list(const struct value *r, struct value **out)
{
    if (!r->items[0] || !r->items[1]) return false;
    struct scalar at = r->items[0]->scalar, end = r->items[1]->scalar;
    bool is_whole = at.type.kind == end.type.kind && !at.is_null && !end.is_null &&
                    (at.type.kind == KIND_INT || at.type.kind == KIND_DATE);
    int64_t last = end.u.i - r->is_half_open, n = last >= at.u.i ? last - at.u.i + 1 : 0;
    if (!is_whole || n > 10000000) return false;
    struct value **items = mem_alloc(sizeof *items * (size_t)(n + 1));
    for (int64_t i = 0; i < n; i++, at.u.i++)
        items[i] = value_scalar(&at);
    *out = value_list(items, (int)n);
    mem_free(items);
    return true;
}
static enum rc_t seq_call(struct lang *lg, struct scope *sc, const struct ast *e,
                          struct value **args, struct str *names, int n_args, struct value **out)
{
    struct scalar s[3];
    int at[3] = {0, 1, 2};
    (void)sc;
    if (n_args == 1 && args[0]->kind == VALUE_RANGE && range_list(args[0], out)) return RC_OK;
    for (int i = 0; i < n_args; i++)
        if (names[i].n) at[2] = i;
    if (n_args < 2) return fail(&lg->cx, E208, e->span, "seq() takes from, to and a step");
    for (int i = 0; i < n_args; i++)
        TRY(value_to_scalar(lg, args[at[i]], e->kids[at[i]]->span, lg->cx.arena, &s[i]));
    return seq_scalars(lg, s, n_args, e->span, out);
}
const struct builtin_desc builtin_seq = {
    .name = "seq",
    .sig = "seq(from, to, step = 1) -> list",
    .doc = "The values from, from + step, .. up to to: numbers, dates or times.",
    .example = "seq(1, 10, 3)  #> [1, 4, 7, 10]",
    .min_args = 1,
    .max_args = 3,
    .options = "step",
    .call = seq_call,
};

/* ---- len ---- */
static enum rc_t len_call(struct lang *lg, struct scope *sc, const struct ast *e,
                          struct value **args, struct str *names, int n_args, struct value **out)
{
    const struct value *v = args[0];
    struct value *owned;
    (void)sc, (void)names;
    if (v->kind == VALUE_LIST || v->kind == VALUE_STRUCT) {
        *out = value_int(value_length(v));
        return RC_OK;
    }
    if (v->kind == VALUE_RANGE && range_list(v, &owned)) {
        *out = value_int(value_length(owned));
        value_unref(owned);
        return RC_OK;
    }
    if (v->kind == VALUE_FRAME && v->plan->schema->n != 1) {
        (void)fail(&lg->cx, E207, e->span, "len() is for text and lists");
        return err_hint(&lg->cx, "n_rows(t)");
    }
    const struct fn_desc *fn = fn_find(STR("len"));
    if (!fn) return fail(&lg->cx, E207, e->span, "len() takes a list here");
    return apply_fn(lg, fn, args, n_args, e->span, out);
}
const struct builtin_desc builtin_len = {
    .name = "len",
    .sig = "len(x) -> int",
    .doc = "The number of values of a list, of characters of a text.",
    .example = "len([3, 4])  #> 2",
    .min_args = 1,
    .max_args = 1,
    .call = len_call,
};

/* ---- sorted, unique ---- */
struct sorting {
    const struct scalar *all;
    int64_t *order;
};
static int cmp_items(const struct scalar *a, const struct scalar *b)
{
    return scalar_cmp(a, b);
}
static void merge_sort(const struct sorting *s, int64_t *tmp, int64_t from, int64_t to)
{
    if (to - from < 2) return;
    int64_t mid = from + (to - from) / 2, i = from, k = mid, at = from;
    merge_sort(s, tmp, from, mid);
    merge_sort(s, tmp, mid, to);
    while (i < mid || k < to) {
        bool left =
            k >= to || (i < mid && cmp_items(&s->all[s->order[i]], &s->all[s->order[k]]) <= 0);
        tmp[at++] = s->order[left ? i++ : k++];
    }
    memcpy(s->order + from, tmp + from, sizeof *tmp * (size_t)(to - from));
}
/* The list as a column and its rows in order of value. */
static rc sort_rows(struct lang *lg, const struct value *v, struct span span, struct column **col,
                    int64_t **out_order)
{
    TRY(value_column(&lg->cx, v, span, col));
    int64_t n = (*col)->n;
    struct scalar *all = mem_alloc(sizeof *all * (size_t)(n + 1));
    int64_t *order = mem_alloc(sizeof *order * (size_t)(n + 1)), *tmp;
    tmp = mem_alloc(sizeof *tmp * (size_t)(n + 1));
    for (int64_t i = 0; i < n; i++) {
        all[i] = column_scalar(*col, i);
        order[i] = i;
    }
    merge_sort(&(struct sorting){all, order}, tmp, 0, n);
    for (int64_t i = 0; i < n; i++)
        scalar_release(&all[i]);
    mem_free(tmp);
    mem_free(all);
    *out_order = order;
    return RC_OK;
}
static rc gather(struct lang *lg, const struct column *c, const int64_t *rows, int64_t n,
                 struct value **out)
{
    struct column *part;
    TRY(column_gather(&lg->cx, c, rows, n, &part));
    *out = value_list_of(part);
    column_unref(part);
    return RC_OK;
}
static enum rc_t sorted_call(struct lang *lg, struct scope *sc, const struct ast *e,
                             struct value **args, struct str *names, int n_args, struct value **out)
{
    struct column *c;
    int64_t *order;
    (void)sc, (void)names, (void)n_args;
    TRY(sort_rows(lg, args[0], e->kids[0]->span, &c, &order));
    enum rc_t res = gather(lg, c, order, c->n, out);
    mem_free(order);
    column_unref(c);
    return res;
}
const struct builtin_desc builtin_sorted = {
    .name = "sorted",
    .sig = "sorted(xs: list) -> list",
    .doc = "The values in rising order, null last.",
    .example = "sorted([3, 1, 2])  #> [1, 2, 3]",
    .min_args = 1,
    .max_args = 1,
    .call = sorted_call,
};

static void sort_numbers(int64_t *x, int64_t n)
{
    for (int64_t gap = n / 2; gap > 0; gap /= 2)
        for (int64_t i = gap; i < n; i++) {
            int64_t v = x[i], k = i;
            for (; k >= gap && x[k - gap] > v; k -= gap)
                x[k] = x[k - gap];
            x[k] = v;
        }
}
static enum rc_t unique_call(struct lang *lg, struct scope *sc, const struct ast *e,
                             struct value **args, struct str *names, int n_args, struct value **out)
{
    struct column *c;
    int64_t *order, n = 0;
    (void)sc, (void)names, (void)n_args;
    TRY(sort_rows(lg, args[0], e->kids[0]->span, &c, &order));
    for (int64_t i = 0; i < c->n; i++) { /* equal ones stand together, the first of them first */
        struct scalar a = column_scalar(c, order[i]);
        struct scalar last = n ? column_scalar(c, order[n - 1]) : a;
        bool is_new = n == 0 || cmp_items(&a, &last) != 0;
        if (n) scalar_release(&last);
        scalar_release(&a);
        if (is_new) order[n++] = order[i];
    }
    sort_numbers(order, n); /* back to the order of first appearance */
    enum rc_t res = gather(lg, c, order, n, out);
    mem_free(order);
    column_unref(c);
    return res;
}
const struct builtin_desc builtin_unique = {
    .name = "unique",
    .sig = "unique(xs: list) -> list",
    .doc = "The distinct values in order of first appearance.",
    .example = "unique([2, 1, 2])  #> [2, 1]",
    .min_args = 1,
    .max_args = 1,
    .call = unique_call,
};
