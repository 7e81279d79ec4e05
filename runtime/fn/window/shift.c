/* shift.c: lag, lead, diff, pct_change, fill_down: a row and the ones before or after it. */
#include "runtime/fn/window/window.h"

#include "runtime/base/civil.h"

#include <inttypes.h>

/* Table row `by` places before place i; -1 outside the group. */
static int64_t row_before(const int64_t *order, int64_t n, int64_t i, int64_t by)
{
    int64_t at;
    if (__builtin_sub_overflow(i, by, &at)) return -1;
    return at >= 0 && at < n ? order[at] : -1;
}

/* ---- lag, lead ---- */

/* A constant text that no column's heap holds: then all of out's texts must be copied. */
static bool is_long(const struct scalar *s)
{
    return s && !s->is_null && s->type.kind == KIND_STR && s->u.s.n > TEXT_INLINE;
}

static rc shift(struct agg_eval *e, int64_t n, const int64_t *order,
                const struct column *const *args, struct vec *out, const char *fn, int64_t sign)
{
    int64_t by;
    TRY(win_int(e, 1, fn, "the number of rows", 1, &by));
    if (e->n_args > 2 && !win_const(e, 2))
        return fail(e->cx, E217, e->span, "the default of `%s` must be a constant", fn);
    const struct scalar *def = e->n_args > 2 ? &e->consts[2] : NULL;
    for (int64_t i = 0; i < n; i++) {
        int64_t from = by == INT64_MIN ? -1 : row_before(order, n, i, sign * by);
        if (from < 0 && def && !def->is_null)
            win_put_scalar(def, out, order[i]);
        else if (win_const(e, 0) && from >= 0)
            win_put_scalar(&e->consts[0], out, order[i]);
        else if (win_const(e, 0))
            win_put_null(out, order[i]);
        else
            win_copy(args[0], from, out, order[i]);
    }
    if (is_long(def) || (win_const(e, 0) && is_long(&e->consts[0]))) out->heap = NULL;
    return RC_OK;
}
static enum rc_t lag(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                     const struct column *const *args, struct vec *out)
{
    (void)peers;
    return shift(e, n, order, args, out, "lag", 1);
}
static enum rc_t lead(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                      const struct column *const *args, struct vec *out)
{
    (void)peers;
    return shift(e, n, order, args, out, "lead", -1);
}

/* The default must be of the column's type (an int beside a num will do). */
static enum rc_t type_shift(struct ctx *cx, const struct dtype *args, int n, struct span span,
                            struct dtype *out)
{
    char a[64], b[64];
    *out = args[0];
    if (n < 3 || args[2].kind == args[0].kind || args[2].kind == KIND_NULL) return RC_OK;
    if (args[0].kind == KIND_NUM && args[2].kind == KIND_INT) return RC_OK;
    return fail(cx, E207, span, "the default is %s, the column %s",
                dtype_text(args[2], a, sizeof a), dtype_text(args[0], b, sizeof b));
}

const struct win_desc win_lag = {
    .name = "lag",
    .sig = "lag(x, n: int = 1, default = null)",
    .doc = "x of the row n places before in sort order; the default (null) where there is none.",
    .example = "(frame(t: [1, 2], x: [5, 7]) |> derive y = lag(x) sort t).y  #> [null, 5]",
    .min_args = 1,
    .max_args = 3,
    .needs_sort = true,
    .type = type_shift,
    .run = lag,
    .foreign = {"lag(%1, %2)", "lag(%1, %2)"},
};
const struct win_desc win_lead = {
    .name = "lead",
    .sig = "lead(x, n: int = 1, default = null)",
    .doc = "x of the row n places after in sort order; the default (null) where there is none.",
    .example = "(frame(t: [1, 2], x: [5, 7]) |> derive y = lead(x) sort t).y  #> [7, null]",
    .min_args = 1,
    .max_args = 3,
    .needs_sort = true,
    .type = type_shift,
    .run = lead,
    .foreign = {"lead(%1, %2)", "lead(%1, %2)"},
};

/* ---- diff ---- */
static int64_t whole_at(const struct column *c, int64_t row)
{
    return c->phys == PHYS_DATE32 ? ((const int32_t *)c->data)[row] * US_PER_DAY
                                  : ((const int64_t *)c->data)[row];
}

static enum rc_t diff(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                      const struct column *const *args, struct vec *out)
{
    const struct column *c = args[0];
    int64_t by;
    (void)peers;
    TRY(win_int(e, 1, "diff", "the number of rows", 1, &by));
    for (int64_t i = 0; i < n; i++) {
        int64_t to = order[i], from = row_before(order, n, i, by);
        double a, b, d = 0;
        int64_t k = 0;
        bool has = from >= 0 && bit_valid(c->valid, from) && bit_valid(c->valid, to);
        if (has && c->phys == PHYS_F64) {
            win_f64(c, to, &a);
            win_f64(c, from, &b);
            d = a - b;
            has = d == d; /* infinity less infinity */
        } else if (has && __builtin_sub_overflow(whole_at(c, to), whole_at(c, from), &k)) {
            return fail(e->cx, E312, e->span, "%" PRId64 " - %" PRId64 " does not fit int",
                        whole_at(c, to), whole_at(c, from));
        }
        if (c->phys == PHYS_F64)
            ((double *)out->data)[to] = has ? d : 0;
        else
            ((int64_t *)out->data)[to] = k;
        if (!has) win_put_null(out, to);
    }
    return RC_OK;
}

static enum rc_t type_diff(struct ctx *cx, const struct dtype *args, int n, struct span span,
                           struct dtype *out)
{
    char text[64];
    (void)n;
    switch (args[0].kind) {
    case KIND_INT:
    case KIND_NUM:
    case KIND_DURATION: *out = args[0]; return RC_OK;
    case KIND_DATE:
    case KIND_DATETIME: *out = DTYPE(KIND_DURATION); return RC_OK;
    default:
        return fail(cx, E207, span, "`diff` takes numbers or times, not %s",
                    dtype_text(args[0], text, sizeof text));
    }
}
const struct win_desc win_diff = {
    .name = "diff",
    .sig = "diff(x, n: int = 1)",
    .doc = "x less x of the row n places before; of dates and datetimes a duration.",
    .example = "(frame(t: [1, 2], x: [5, 7]) |> derive y = diff(x) sort t).y  #> [null, 2]",
    .min_args = 1,
    .max_args = 2,
    .needs_sort = true,
    .type = type_diff,
    .run = diff,
};

/* ---- pct_change ---- */
static enum rc_t pct_change(struct agg_eval *e, int64_t n, const int64_t *order,
                            const uint8_t *peers, const struct column *const *args, struct vec *out)
{
    int64_t by;
    (void)peers;
    TRY(win_int(e, 1, "pct_change", "the number of rows", 1, &by));
    for (int64_t i = 0; i < n; i++) {
        int64_t from = row_before(order, n, i, by);
        double a, b, r = 0;
        bool has = from >= 0 && win_f64(args[0], order[i], &a) && win_f64(args[0], from, &b);
        if (has) r = a / b - 1;
        has = has && r == r;
        ((double *)out->data)[order[i]] = has ? r : 0;
        if (!has) win_put_null(out, order[i]);
    }
    return RC_OK;
}
static enum rc_t type_pct_change(struct ctx *cx, const struct dtype *args, int n, struct span span,
                                 struct dtype *out)
{
    TRY(win_need_number(cx, "pct_change", args, 0, span));
    return type_win_num(cx, args, n, span, out);
}
const struct win_desc win_pct_change = {
    .name = "pct_change",
    .sig = "pct_change(x: num, n: int = 1) -> num",
    .doc = "Change against the row n places before, as a share of it: x / before - 1.",
    .example =
        "(frame(t: [1, 2], x: [4, 5]) |> derive y = pct_change(x) sort t).y  #> [null, 0.25]",
    .min_args = 1,
    .max_args = 2,
    .needs_sort = true,
    .type = type_pct_change,
    .run = pct_change,
};

/* ---- fill_down ---- */
static enum rc_t fill_down(struct agg_eval *e, int64_t n, const int64_t *order,
                           const uint8_t *peers, const struct column *const *args, struct vec *out)
{
    int64_t last = -1;
    (void)e;
    (void)peers;
    for (int64_t i = 0; i < n; i++) {
        if (bit_valid(args[0]->valid, order[i])) last = order[i];
        win_copy(args[0], last, out, order[i]);
    }
    return RC_OK;
}
const struct win_desc win_fill_down = {
    .name = "fill_down",
    .sig = "fill_down(x)",
    .doc = "x, or where it is null the last value before it in sort order.",
    .example = "(frame(t: [1, 2], x: [5, null]) |> derive y = fill_down(x) sort t).y  #> [5, 5]",
    .min_args = 1,
    .max_args = 1,
    .needs_sort = true,
    .type = type_win_same,
    .run = fill_down,
};
