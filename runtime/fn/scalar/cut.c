/* cut.c: cut(x, breaks): a number as one of a few intervals, an ordered category. Intervals are
 * closed on the right, as in pandas and R; what lies outside is null. The levels are made once. */
#include "runtime/base/num.h"
#include "runtime/fn/fn_int.h"

#include <inttypes.h>

struct cutter {
    double *breaks; /* [n + 1], rising */
    int64_t n;      /* intervals */
    bool is_right;
    const struct column *levels;
};

static void number_text(struct strbuf *b, const struct scalar *s)
{
    char buf[NUM_TEXT_MAX];
    int n = s->type.kind == KIND_INT ? int_format(s->u.i, buf) : num_format(s->u.f, buf);
    strbuf_add(b, buf, (size_t)n);
}

static rc read_breaks(struct fn_eval *e, struct arena *arena, const struct column *list,
                      struct cutter *c)
{
    if (!list || list->n < 2) return fail(e->cx, E209, e->span, "`cut` needs at least two breaks");
    if (list->type.kind != KIND_INT && list->type.kind != KIND_NUM)
        return fail(e->cx, E207, e->span, "the breaks of `cut` must be numbers");
    c->n = list->n - 1;
    c->breaks = ARENA_ARRAY(arena, double, list->n);
    for (int64_t i = 0; i < list->n; i++) {
        struct scalar s = column_scalar(list, i);
        if (s.is_null) return fail(e->cx, E209, e->span, "a break of `cut` is null");
        c->breaks[i] = s.type.kind == KIND_INT ? (double)s.u.i : s.u.f;
        if (i > 0 && !(c->breaks[i] > c->breaks[i - 1]))
            return fail(e->cx, E209, e->span, "the breaks of `cut` must rise");
    }
    return RC_OK;
}

static void interval_text(struct strbuf *b, const struct column *list, int64_t i, bool is_right)
{
    struct scalar lo = column_scalar(list, i), hi = column_scalar(list, i + 1);
    strbuf_addc(b, is_right ? '(' : '[');
    number_text(b, &lo);
    strbuf_addz(b, ", ");
    number_text(b, &hi);
    strbuf_addc(b, is_right ? ']' : ')');
}

static rc build_levels(struct fn_eval *e, const struct column *breaks, const struct column *labels,
                       const struct cutter *c, struct builder *b)
{
    struct strbuf text = {0};
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < c->n && res == RC_OK; i++) {
        struct scalar s = {0};
        if (labels) s = column_scalar(labels, i);
        strbuf_clear(&text);
        if (!labels) interval_text(&text, breaks, i, c->is_right);
        if (labels && (s.is_null || (s.type.kind != KIND_STR && s.type.kind != KIND_CAT)))
            res = fail(e->cx, E207, e->span, "the labels of `cut` must be text");
        else
            res = builder_str(e->cx, b, labels ? s.u.s : strbuf_view(&text));
    }
    strbuf_release(&text);
    return res;
}

static const struct column *const_list(const struct fn_eval *e, int i)
{
    return const_given(e, i) ? e->consts[i].u.list : NULL;
}

static enum rc_t prepare_cut(struct fn_eval *e, struct arena *arena, void **out)
{
    struct cutter *c = ARENA_NEW(arena, struct cutter);
    TRY(need_const(e, 1, "cut", "the list of breaks"));
    TRY(need_const(e, 2, "cut", "the list of labels"));
    TRY(need_const(e, 3, "cut", "right:"));
    const struct column *breaks = const_list(e, 1), *labels = const_list(e, 2);
    c->is_right = !const_given(e, 3) || e->consts[3].u.b;
    TRY(read_breaks(e, arena, breaks, c));
    if (labels && labels->n != c->n)
        return fail(e->cx, E209, e->span,
                    "%" PRId64 " breaks make %" PRId64 " intervals, but there "
                    "are %" PRId64 " labels",
                    c->n + 1, c->n, labels->n);
    struct builder b;
    struct column *levels;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    enum rc_t res = build_levels(e, breaks, labels, c, &b);
    if (res == RC_OK) res = builder_finish(e->cx, &b, &levels);
    builder_release(&b);
    TRY(res);
    arena_column(arena, levels);
    c->levels = levels;
    *out = c;
    return RC_OK;
}

/* Interval of x, -1 outside: the number of breaks below x, by bisection. */
static int64_t interval_of(const struct cutter *c, double x)
{
    int64_t lo = 0, hi = c->n + 1;
    while (lo < hi) {
        int64_t mid = (lo + hi) / 2;
        bool below = c->is_right ? c->breaks[mid] < x : c->breaks[mid] <= x;
        if (below)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo >= 1 && lo <= c->n ? lo - 1 : -1;
}

static enum rc_t cut(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct cutter *c = e->prepared;
    int32_t *r = (int32_t *)out->data;
    out->dict = c->levels;
    for (int64_t i = 0; i < n; i++) {
        int64_t k = vec_valid(&args[0], i) ? interval_of(c, vec_f64(&args[0], i)) : -1;
        r[i] = k < 0 ? 0 : (int32_t)k;
        if (k < 0) out_null(out, i);
    }
    return RC_OK;
}

static enum rc_t type_cut(struct ctx *cx, const struct dtype *args, int n, struct span span,
                          struct dtype *out)
{
    (void)cx;
    (void)args;
    (void)n;
    (void)span;
    *out = (struct dtype){.kind = KIND_CAT, .ordered = true};
    return RC_OK;
}

static const struct fn_overload cut_overloads[] = {
    OV2(KIND_NUM, KIND_LIST, KIND_CAT, cut),
    OV3(KIND_NUM, KIND_LIST, KIND_LIST, KIND_CAT, cut),
    OV4(KIND_NUM, KIND_LIST, KIND_LIST, KIND_BOOL, KIND_CAT, cut),
};
const struct fn_desc fn_cut = {
    .name = "cut",
    .sig = "cut(x: num, breaks: list[num], labels: list[str] = null, right: bool = true) -> cat",
    .doc =
        "The interval that x falls into, an ordered category: above a break up to the next one, or "
        "with right: false from a break to below the next; outside all null.",
    .example = "cut(30, [0, 18, 65])  #> \"(18, 65]\"",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE,
    .overloads = cut_overloads,
    .n_overloads = COUNT(cut_overloads),
    .type = type_cut,
    .prepare = prepare_cut,
};
