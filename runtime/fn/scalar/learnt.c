/* learnt.c: hidden functions that fitted features are written with: a number by the text of a value
 * (index, target encoding) and the functions of a B-spline basis. */
#include "runtime/base/hash.h"
#include "runtime/fn/fn_int.h"

/* ---- lookup ---- */
struct lookup {
    struct str *keys; /* [mask + 1], p NULL = free */
    double *values;
    uint32_t mask;
};

static bool is_list_of(const struct column *c, enum kind kind)
{
    return c && c->n_null == 0 && c->type.kind == kind && c->phys == kind_phys(kind);
}

static const struct column *const_column(const struct fn_eval *e, int i)
{
    bool is_list = const_given(e, i) && e->consts[i].type.kind == KIND_LIST;
    return is_list && !e->consts[i].is_null ? e->consts[i].u.list : NULL;
}

static enum rc_t prepare_lookup(struct fn_eval *e, struct arena *arena, void **out)
{
    const struct column *keys = const_column(e, 1), *values = const_column(e, 2);
    struct lookup *l = ARENA_NEW(arena, struct lookup);
    if (!is_list_of(keys, KIND_STR) || !is_list_of(values, KIND_NUM) || keys->n != values->n)
        return fail(e->cx, E209, e->span, "a look-up takes a list of texts and one of numbers");
    l->mask = 15;
    while (l->mask < 2 * (uint64_t)keys->n)
        l->mask = 2 * l->mask + 1;
    l->keys = ARENA_ARRAY(arena, struct str, (size_t)l->mask + 1);
    l->values = ARENA_ARRAY(arena, double, (size_t)l->mask + 1);
    for (int64_t i = 0; i < keys->n; i++) {
        struct str s = arena_str(arena, text_str((const struct text *)keys->data + i));
        uint32_t at = (uint32_t)hash_bytes(s.p, s.n) & l->mask;
        while (l->keys[at].p)
            at = (at + 1) & l->mask;
        l->keys[at] = s;
        l->values[at] = ((const double *)values->data)[i];
    }
    *out = l;
    return RC_OK;
}

static enum rc_t lookup(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct lookup *l = e->prepared;
    const uint64_t *live = live_rows(e, n, args);
    double *r = (double *)out->data;
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        uint32_t at = (uint32_t)hash_bytes(s.p, s.n) & l->mask;
        while (l->keys[at].p && !str_eq(l->keys[at], s))
            at = (at + 1) & l->mask;
        r[i] = l->keys[at].p ? l->values[at] : vec_f64(&args[3], i);
    }
    return RC_OK;
}

static const struct fn_overload lookup_overloads[] = {
    OV4(KIND_STR, KIND_LIST, KIND_LIST, KIND_NUM, KIND_NUM, lookup),
};
const struct fn_desc fn_lookup = {
    .name = "lookup",
    .sig = "lookup(x: str, keys: list[str], values: list[num], other: num) -> num",
    .doc = "The value that stands for x, `other` where x is not among the keys.",
    .example = "lookup(\"b\", [\"a\", \"b\"], [1.5, 2.5], 0)  #> 2.5",
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = lookup_overloads,
    .n_overloads = COUNT(lookup_overloads),
    .prepare = prepare_lookup,
};

/* ---- bspline ---- */
#define ORDER 4 /* cubic */

static enum rc_t prepare_bspline(struct fn_eval *e, struct arena *arena, void **out)
{
    (void)arena;
    const struct column *knots = const_column(e, 2);
    bool is_good = is_list_of(knots, KIND_NUM) && knots->n >= 2 * ORDER && const_given(e, 1) &&
                   e->consts[1].u.i >= 0 && e->consts[1].u.i < knots->n - ORDER;
    for (int64_t i = 1; is_good && i < knots->n; i++)
        is_good = ((const double *)knots->data)[i] >= ((const double *)knots->data)[i - 1];
    if (!is_good) return fail(e->cx, E209, e->span, "a spline needs knots that rise");
    *out = (void *)(uintptr_t)knots;
    return RC_OK;
}

/* Function i of the basis at x by the recursion of Cox and de Boor; constant beyond the ends. */
static double spline_at(const double *t, int64_t n, int64_t i, double x)
{
    double b[ORDER];
    double lo = t[0], hi = t[n - 1];
    x = x < lo ? lo : x > hi ? hi : x;
    for (int k = 0; k < ORDER; k++) { /* at the upper end the last stretch that is none counts */
        double from = t[i + k], to = t[i + k + 1];
        b[k] = (x >= from && x < to) || (x == hi && to == hi && from < to) ? 1.0 : 0.0;
    }
    for (int d = 1; d < ORDER; d++)
        for (int k = 0; k + d < ORDER; k++) {
            double left = t[i + k + d] - t[i + k], right = t[i + k + d + 1] - t[i + k + 1];
            double v = left > 0 ? (x - t[i + k]) / left * b[k] : 0.0;
            if (right > 0) v += (t[i + k + d + 1] - x) / right * b[k + 1];
            b[k] = v;
        }
    return b[0];
}

static enum rc_t bspline(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct column *knots = e->prepared;
    int64_t i = e->consts[1].u.i;
    for (int64_t k = 0; k < n; k++)
        ((double *)out->data)[k] = spline_at(knots->data, knots->n, i, vec_f64(&args[0], k));
    return RC_OK;
}

static const struct fn_overload bspline_overloads[] = {
    OV3(KIND_NUM, KIND_INT, KIND_LIST, KIND_NUM, bspline),
};
const struct fn_desc fn_bspline = {
    .name = "bspline",
    .sig = "bspline(x: num, i: int, knots: list[num]) -> num",
    .doc = "Function i (from 0) of the cubic B-spline basis over the knots, at x.",
    .example = "bspline(0.5, 1, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0])  #> 0.375",
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = bspline_overloads,
    .n_overloads = COUNT(bspline_overloads),
    .prepare = prepare_bspline,
};
