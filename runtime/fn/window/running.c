/* running.c: cumsum, cumprod, cummin, cummax, ewm. Nulls are passed over: their rows are null and
 * the running value goes on after them (ewm, as pandas: a null row repeats the average, its weight
 * decays). */
#include "runtime/fn/agg/agg.h"
#include "runtime/fn/window/window.h"

#include <math.h>

/* ---- cumsum, cumprod ---- */
static bool int_at(const struct column *c, int64_t row, int64_t *out)
{
    if (!bit_valid(c->valid, row)) return false;
    *out = c->phys == PHYS_BOOL ? bit_get((const uint64_t *)c->data, row)
                                : ((const int64_t *)c->data)[row];
    return true;
}

static rc run_int(struct agg_eval *e, int64_t n, const int64_t *order, const struct column *c,
                  struct vec *out, bool is_sum)
{
    int64_t acc = is_sum ? 0 : 1, x;
    int64_t *r = (int64_t *)out->data;
    for (int64_t i = 0; i < n; i++) {
        r[order[i]] = 0;
        if (!int_at(c, order[i], &x)) {
            win_put_null(out, order[i]);
            continue;
        }
        bool over =
            is_sum ? __builtin_add_overflow(acc, x, &acc) : __builtin_mul_overflow(acc, x, &acc);
        if (over) {
            (void)fail(e->cx, E312, e->span, "the running %s does not fit int",
                       is_sum ? "sum" : "product");
            return err_hint(e->cx, is_sum ? "cumsum(num(x))" : "cumprod(num(x))");
        }
        r[order[i]] = acc;
    }
    return RC_OK;
}

static rc run_num(int64_t n, const int64_t *order, const struct column *c, struct vec *out,
                  bool is_sum)
{
    double acc = is_sum ? 0 : 1, error = 0, x;
    double *r = (double *)out->data;
    for (int64_t i = 0; i < n; i++) {
        bool has = win_f64(c, order[i], &x);
        if (has && is_sum)
            acc = two_sum(acc, x, &error);
        else if (has)
            acc *= x;
        double y = isfinite(acc) && is_sum ? acc + error : acc;
        has = has && y == y;
        r[order[i]] = has ? y : 0;
        if (!has) win_put_null(out, order[i]);
    }
    return RC_OK;
}

static enum rc_t cumsum(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                        const struct column *const *args, struct vec *out)
{
    (void)peers;
    if (args[0]->phys == PHYS_F64) return run_num(n, order, args[0], out, true);
    return run_int(e, n, order, args[0], out, true);
}
static enum rc_t cumprod(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                         const struct column *const *args, struct vec *out)
{
    (void)peers;
    if (args[0]->phys == PHYS_F64) return run_num(n, order, args[0], out, false);
    return run_int(e, n, order, args[0], out, false);
}

static enum rc_t type_cumsum(struct ctx *cx, const struct dtype *args, int n, struct span span,
                             struct dtype *out)
{
    (void)n;
    *out = args[0];
    if (args[0].kind == KIND_BOOL) *out = DTYPE(KIND_INT);
    if (args[0].kind == KIND_BOOL || args[0].kind == KIND_DURATION) return RC_OK;
    return win_need_number(cx, "cumsum", args, 0, span);
}
static enum rc_t type_cumprod(struct ctx *cx, const struct dtype *args, int n, struct span span,
                              struct dtype *out)
{
    (void)n;
    *out = args[0];
    return win_need_number(cx, "cumprod", args, 0, span);
}

#define EXAMPLE(call, value)                                                                       \
    "(frame(t: [1, 2, 3], x: [3, 2, 4]) |> derive y = " call " sort t).y  #> " value
const struct win_desc win_cumsum = {
    .name = "cumsum",
    .sig = "cumsum(x: num) -> num",
    .doc = "Sum of x up to the row in sort order, nulls passed over; a bool counts as 0 or 1.",
    .example = EXAMPLE("cumsum(x)", "[3, 5, 9]"),
    .min_args = 1,
    .max_args = 1,
    .needs_sort = true,
    .type = type_cumsum,
    .run = cumsum,
};
const struct win_desc win_cumprod = {
    .name = "cumprod",
    .sig = "cumprod(x: num) -> num",
    .doc = "Product of x up to the row in sort order, nulls passed over.",
    .example = EXAMPLE("cumprod(x)", "[3, 6, 24]"),
    .min_args = 1,
    .max_args = 1,
    .needs_sort = true,
    .type = type_cumprod,
    .run = cumprod,
};

/* ---- cummin, cummax: the row of the extreme so far ---- */
static int compare_rows(const struct column *c, int64_t a, int64_t b)
{
    switch (c->phys) {
    case PHYS_F64: {
        double x = ((const double *)c->data)[a], y = ((const double *)c->data)[b];
        return (x > y) - (x < y);
    }
    case PHYS_DATE32: {
        int32_t x = ((const int32_t *)c->data)[a], y = ((const int32_t *)c->data)[b];
        return (x > y) - (x < y);
    }
    case PHYS_STR: {
        const struct text *t = c->data;
        return str_cmp(text_str(&t[a]), text_str(&t[b]));
    }
    default: {
        int64_t x = ((const int64_t *)c->data)[a], y = ((const int64_t *)c->data)[b];
        return (x > y) - (x < y);
    }
    }
}

static rc run_extreme(int64_t n, const int64_t *order, const struct column *c, struct vec *out,
                      int sign)
{
    int64_t best = -1;
    for (int64_t i = 0; i < n; i++) {
        bool has = bit_valid(c->valid, order[i]);
        if (has && (best < 0 || sign * compare_rows(c, order[i], best) < 0)) best = order[i];
        win_copy(c, has ? best : -1, out, order[i]);
    }
    return RC_OK;
}
static enum rc_t cummin(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                        const struct column *const *args, struct vec *out)
{
    (void)e;
    (void)peers;
    return run_extreme(n, order, args[0], out, 1);
}
static enum rc_t cummax(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                        const struct column *const *args, struct vec *out)
{
    (void)e;
    (void)peers;
    return run_extreme(n, order, args[0], out, -1);
}

static rc type_ordered(struct ctx *cx, const char *fn, const struct dtype *args, struct span span,
                       struct dtype *out)
{
    char text[64];
    *out = args[0];
    switch (args[0].kind) {
    case KIND_INT:
    case KIND_NUM:
    case KIND_STR:
    case KIND_DATE:
    case KIND_DATETIME:
    case KIND_DURATION: return RC_OK;
    default:
        return fail(cx, E207, span, "`%s` takes numbers, times or text, not %s", fn,
                    dtype_text(args[0], text, sizeof text));
    }
}
static enum rc_t type_cummin(struct ctx *cx, const struct dtype *args, int n, struct span span,
                             struct dtype *out)
{
    (void)n;
    return type_ordered(cx, "cummin", args, span, out);
}
static enum rc_t type_cummax(struct ctx *cx, const struct dtype *args, int n, struct span span,
                             struct dtype *out)
{
    (void)n;
    return type_ordered(cx, "cummax", args, span, out);
}
const struct win_desc win_cummin = {
    .name = "cummin",
    .sig = "cummin(x)",
    .doc = "Least x up to the row in sort order, nulls passed over.",
    .example = EXAMPLE("cummin(x)", "[3, 2, 2]"),
    .min_args = 1,
    .max_args = 1,
    .needs_sort = true,
    .type = type_cummin,
    .run = cummin,
};
const struct win_desc win_cummax = {
    .name = "cummax",
    .sig = "cummax(x)",
    .doc = "Greatest x up to the row in sort order, nulls passed over.",
    .example = EXAMPLE("cummax(x)", "[3, 3, 4]"),
    .min_args = 1,
    .max_args = 1,
    .needs_sort = true,
    .type = type_cummax,
    .run = cummax,
};

/* ---- ewm ---- */

/* Share of the newest value, from the one of span, alpha, halflife that is given. */
static rc ewm_alpha(struct agg_eval *e, double *out)
{
    int given = 0;
    *out = 0;
    for (int k = 1; k < e->n_args; k++) {
        if (!win_const(e, k))
            return fail(e->cx, E217, e->span, "the decay of `ewm` must be a constant");
        const struct scalar *s = &e->consts[k];
        if (s->is_null) continue;
        if (s->type.kind != KIND_INT && s->type.kind != KIND_NUM)
            return fail(e->cx, E207, e->span, "the decay of `ewm` must be a number");
        double x = s->type.kind == KIND_INT ? (double)s->u.i : s->u.f;
        *out = k == 1 ? 2 / (x + 1) : k == 2 ? x : -expm1(-log(2) / x);
        bool ok = k == 1 ? x >= 1 : k == 2 ? x > 0 && x <= 1 : x > 0;
        if (!ok)
            return fail(e->cx, E209, e->span,
                        "span: is at least 1, alpha: in 0..1, halflife: above 0");
        given++;
    }
    if (given == 1) return RC_OK;
    (void)fail(e->cx, E209, e->span, "`ewm` needs one of span:, alpha: and halflife:");
    return err_hint(e->cx, "ewm(x, span: 7)");
}

static enum rc_t ewm(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                     const struct column *const *args, struct vec *out)
{
    double alpha, x, average = 0, weight = 1;
    bool started = false;
    (void)peers;
    TRY(ewm_alpha(e, &alpha));
    for (int64_t i = 0; i < n; i++) {
        bool has = win_f64(args[0], order[i], &x);
        if (started) weight *= 1 - alpha;
        if (started && has) {
            if (average != x) average = (weight * average + x) / (weight + 1);
            weight += 1;
        } else if (has) {
            average = x;
            started = true;
        }
        bool ok = started && average == average;
        ((double *)out->data)[order[i]] = ok ? average : 0;
        if (!ok) win_put_null(out, order[i]);
    }
    return RC_OK;
}
static enum rc_t type_ewm(struct ctx *cx, const struct dtype *args, int n, struct span span,
                          struct dtype *out)
{
    TRY(win_need_number(cx, "ewm", args, 0, span));
    return type_win_num(cx, args, n, span, out);
}
const struct win_desc win_ewm = {
    .name = "ewm",
    .sig = "ewm(x: num, span: num = null, alpha: num = null, halflife: num = null) -> num",
    .doc = "Mean of x up to the row with weights that fall off exponentially, as pandas' "
           "ewm().mean().",
    .example =
        "(frame(t: [1, 2], x: [1, 4]) |> derive y = ewm(x, alpha: 0.5) sort t).y  #> [1.0, 3.0]",
    .min_args = 2,
    .max_args = 4,
    .needs_sort = true,
    .type = type_ewm,
    .run = ewm,
};
