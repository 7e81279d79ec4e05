/* array.c: PostgreSQL's functions of arrays, over lists. Two values are the same where PostgreSQL's
 * IS NOT DISTINCT FROM holds (array_remove, array_position find null, too); array_length and its
 * like give null for an empty array. */
#include "runtime/fn/scalar/list.h"
#include "runtime/fn/sql/sql.h"

/* Argument k in row i; lists and structs are not looked at. */
static struct scalar value_at(const struct fn_eval *e, const struct vec *args, int k, int64_t i)
{
    if (e->is_const[k]) return e->consts[k];
    struct column c = {.phys = args[k].phys,
                       .type = e->arg_types[k],
                       .n = i + 1,
                       .valid = args[k].valid,
                       .data = args[k].data,
                       .dict = args[k].dict};
    return column_scalar(&c, vec_at(&args[k], i));
}
static bool is_same(struct scalar a, struct scalar b)
{
    if (a.is_null || b.is_null) return a.is_null && b.is_null;
    if (a.type.kind == KIND_INT && b.type.kind == KIND_NUM) return (double)a.u.i == b.u.f;
    if (a.type.kind == KIND_NUM && b.type.kind == KIND_INT) return a.u.f == (double)b.u.i;
    if (a.type.kind == KIND_CAT) a.type = DTYPE(KIND_STR);
    if (b.type.kind == KIND_CAT) b.type = DTYPE(KIND_STR);
    return a.type.kind == b.type.kind && scalar_cmp(&a, &b) == 0;
}
static bool item_is(const struct column *items, int64_t at, struct scalar x)
{
    struct scalar s = column_scalar(items, at);
    bool same = is_same(s, x);
    scalar_release(&s);
    return same;
}
/* Lists of plain values only, and a value that may stand in them. */
static enum rc_t check_flat(struct ctx *cx, const struct dtype *args, int n, struct span span)
{
    char text[96];
    for (int i = 0; i < n; i++) {
        enum kind k = args[i].kind == KIND_LIST ? args[i].elem->kind : args[i].kind;
        if (k == KIND_LIST || k == KIND_STRUCT)
            return fail(cx, E207, span, "this takes arrays of plain values, not %s",
                        dtype_text(args[i], text, sizeof text));
    }
    return RC_OK;
}

/* ---- lengths ---- */
static enum rc_t length_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                            bool *is_null)
{
    struct list_row l = list_at(e, args, 0, i);
    int64_t dim = vec_i64(&args[1], i);
    *r = l.to - l.from;
    *is_null = dim != 1 || *r == 0;
    return RC_OK;
}
static enum rc_t lower_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                           bool *is_null)
{
    TRY(length_row(e, args, i, r, is_null));
    *r = 1;
    return RC_OK;
}
static enum rc_t dims_row(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                          bool *is_null)
{
    struct list_row l = list_at(e, args, 0, i);
    *r = 1;
    *is_null = l.to == l.from;
    return RC_OK;
}
SQL_INT_KERNEL(length, length_row)
SQL_INT_KERNEL(lower, lower_row)
SQL_INT_KERNEL(dims, dims_row)
static const struct fn_overload sql_array_length_overloads[] = {
    OV2(KIND_LIST, KIND_INT, KIND_INT, length)};
SQL_FN(sql_array_length, "sql_array_length(xs: list, dim: int) -> int",
       "SQL's array_length and array_upper.", "sql_array_length([4, 5], 1)  #> 2", FN_ADDS_NULLS,
       .nulls = FN_ANY_NULL);
static const struct fn_overload sql_array_lower_overloads[] = {
    OV2(KIND_LIST, KIND_INT, KIND_INT, lower)};
SQL_FN(sql_array_lower, "sql_array_lower(xs: list, dim: int) -> int", "SQL's array_lower.",
       "sql_array_lower([4, 5], 1)  #> 1", FN_ADDS_NULLS, .nulls = FN_ANY_NULL);
static const struct fn_overload sql_array_ndims_overloads[] = {OV1(KIND_LIST, KIND_INT, dims)};
SQL_FN(sql_array_ndims, "sql_array_ndims(xs: list) -> int", "SQL's array_ndims.",
       "sql_array_ndims([4, 5])  #> 1", FN_ADDS_NULLS, .nulls = FN_ANY_NULL);

/* One overload a kind of x (and of y, which is of the same). */
#define EACH_KIND(OV)                                                                              \
    {                                                                                              \
        OV(KIND_INT), OV(KIND_NUM), OV(KIND_STR), OV(KIND_BOOL), OV(KIND_DATE), OV(KIND_DATETIME), \
            OV(KIND_DURATION)                                                                      \
    }

/* ---- looking for values; x may be null, the array not ---- */
static enum rc_t position(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t at = 0;
        struct list_row l = {0};
        bool has = vec_valid(&args[0], i);
        if (has) l = list_at(e, args, 0, i);
        struct scalar x = value_at(e, args, 1, i);
        for (int64_t k = l.from; k < l.to && !at; k++)
            if (item_is(l.items, k, x)) at = k - l.from + 1;
        ((int64_t *)(uintptr_t)out->data)[i] = at;
        if (!at) out_null(out, i);
    }
    return RC_OK;
}
static enum rc_t type_position(struct ctx *cx, const struct dtype *args, int n, struct span span,
                               struct dtype *out)
{
    *out = DTYPE(KIND_INT);
    return check_flat(cx, args, n, span);
}
#define OV_POSITION(kind) OV2(KIND_LIST, kind, KIND_INT, position)
static const struct fn_overload sql_array_position_overloads[] = EACH_KIND(OV_POSITION);
SQL_FN(sql_array_position, "sql_array_position(xs: list, x) -> int", "SQL's array_position.",
       "sql_array_position([4, 5], 5)  #> 2", 0, .nulls = FN_OWN_NULLS, .type = type_position);

static enum rc_t positions(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct builder b;
    int64_t *at = (int64_t *)(uintptr_t)out->data;
    enum rc_t res = RC_OK;
    builder_init(&b, DTYPE(KIND_INT), PHYS_I64);
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        at[i] = b.n;
        if (!vec_valid(&args[0], i)) {
            out_null(out, i);
            continue;
        }
        struct list_row l = list_at(e, args, 0, i);
        struct scalar x = value_at(e, args, 1, i);
        for (int64_t k = l.from; k < l.to && res == RC_OK; k++)
            if (item_is(l.items, k, x)) res = builder_i64(e->cx, &b, k - l.from + 1);
    }
    at[n] = b.n;
    if (res == RC_OK) res = sql_list_finish(e, &b, out);
    builder_release(&b);
    return res;
}
static enum rc_t type_positions(struct ctx *cx, const struct dtype *args, int n, struct span span,
                                struct dtype *out)
{
    *out = dtype_list(DTYPE(KIND_INT));
    return check_flat(cx, args, n, span);
}
#define OV_POSITIONS(kind) OV2(KIND_LIST, kind, KIND_LIST, positions)
static const struct fn_overload sql_array_positions_overloads[] = EACH_KIND(OV_POSITIONS);
SQL_FN(sql_array_positions, "sql_array_positions(xs: list, x) -> list[int]",
       "SQL's array_positions.", "sql_array_positions([4, 5, 4], 4)  #> [1, 3]", 0,
       .nulls = FN_OWN_NULLS, .type = type_positions);

/* ---- taking values out, putting others in ---- */
/* array_remove(xs, x), array_replace(xs, x, y) */
static enum rc_t edit(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct builder b;
    int64_t *at = (int64_t *)(uintptr_t)out->data;
    enum rc_t res = RC_OK;
    builder_init(&b, *e->type.elem, kind_phys(e->type.elem->kind));
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        at[i] = b.n;
        if (!vec_valid(&args[0], i)) {
            out_null(out, i);
            continue;
        }
        struct list_row l = list_at(e, args, 0, i);
        struct scalar x = value_at(e, args, 1, i), y = {.is_null = true};
        if (e->n_args > 2) y = value_at(e, args, 2, i);
        for (int64_t k = l.from; k < l.to && res == RC_OK; k++) {
            struct scalar s = column_scalar(l.items, k);
            bool found = is_same(s, x);
            if (found) s = y;
            if (found && e->n_args == 2) continue;
            res = s.is_null ? builder_null(e->cx, &b) : builder_scalar(e->cx, &b, &s);
        }
    }
    at[n] = b.n;
    if (res == RC_OK) res = sql_list_finish(e, &b, out);
    builder_release(&b);
    return res;
}
static enum rc_t type_edit(struct ctx *cx, const struct dtype *args, int n, struct span span,
                           struct dtype *out)
{
    char have[96], want[96];
    *out = args[0];
    TRY(check_flat(cx, args, n, span));
    enum kind k = args[n - 1].kind;
    if (n < 3 || k == KIND_NULL || k == args[0].elem->kind) return RC_OK;
    return fail(cx, E207, span, "%s cannot stand in %s", dtype_text(args[n - 1], have, sizeof have),
                dtype_text(args[0], want, sizeof want));
}
#define OV_REMOVE(kind) OV2(KIND_LIST, kind, KIND_LIST, edit)
static const struct fn_overload sql_array_remove_overloads[] = EACH_KIND(OV_REMOVE);
SQL_FN(sql_array_remove, "sql_array_remove(xs: list, x) -> list", "SQL's array_remove.",
       "sql_array_remove([4, 5, 4], 4)  #> [5]", 0, .nulls = FN_OWN_NULLS, .type = type_edit);
#define OV_REPLACE(kind) OV3(KIND_LIST, kind, kind, KIND_LIST, edit)
static const struct fn_overload sql_array_replace_overloads[] = EACH_KIND(OV_REPLACE);
SQL_FN(sql_array_replace, "sql_array_replace(xs: list, x, y) -> list", "SQL's array_replace.",
       "sql_array_replace([4, 5, 4], 4, 6)  #> [6, 5, 6]", 0, .nulls = FN_OWN_NULLS,
       .type = type_edit);

/* ---- array_to_string(xs, sep [, null]) ---- */
static enum rc_t to_string_row(struct fn_eval *e, const struct vec *args, int64_t i,
                               struct strbuf *b, bool *is_null)
{
    *is_null = !vec_valid(&args[0], i) || !vec_valid(&args[1], i);
    if (*is_null) return RC_OK;
    struct list_row l = list_at(e, args, 0, i);
    struct str sep = vec_str(&args[1], i);
    bool says_null = e->n_args > 2 && vec_valid(&args[2], i), is_first = true;
    for (int64_t k = l.from; k < l.to; k++) {
        struct scalar s = column_scalar(l.items, k);
        if (s.is_null && !says_null) continue;
        if (!is_first) strbuf_add(b, sep.p, sep.n);
        is_first = false;
        if (s.is_null)
            strbuf_add(b, vec_str(&args[2], i).p, vec_str(&args[2], i).n);
        else if (s.type.kind == KIND_BOOL)
            strbuf_addz(b, s.u.b ? "t" : "f");
        else if (s.type.kind == KIND_NUM && s.u.f == (double)(int64_t)s.u.f && s.u.f < 1e15 &&
                 s.u.f > -1e15)
            strbuf_printf(b, "%lld", (long long)s.u.f); /* 2, not 2.0 */
        else
            scalar_text(b, &s, false);
    }
    return RC_OK;
}
SQL_TEXT_KERNEL(to_string, to_string_row, true)
static enum rc_t type_to_string(struct ctx *cx, const struct dtype *args, int n, struct span span,
                                struct dtype *out)
{
    *out = DTYPE(KIND_STR);
    return check_flat(cx, args, n, span);
}
static const struct fn_overload sql_array_to_string_overloads[] = {
    OV2(KIND_LIST, KIND_STR, KIND_STR, to_string),
    OV3(KIND_LIST, KIND_STR, KIND_STR, KIND_STR, to_string)};
SQL_FN(sql_array_to_string, "sql_array_to_string(xs: list, sep: str, null: str = null) -> str",
       "SQL's array_to_string.", "sql_array_to_string([4, 5], \"-\")  #> \"4-5\"", 0,
       .nulls = FN_OWN_NULLS, .type = type_to_string);

/* ---- xs @> ys: every value of ys stands in xs; null is nothing's equal ---- */
static bool holds_item(const struct list_row *l, struct scalar x)
{
    bool found = false;
    for (int64_t k = l->from; k < l->to && !found && !x.is_null; k++)
        found = item_is(l->items, k, x);
    return found;
}
static enum rc_t contains(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *bits = (uint64_t *)(uintptr_t)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        bool all = true;
        if (bit_valid(live, i)) {
            struct list_row xs = list_at(e, args, 0, i), ys = list_at(e, args, 1, i);
            for (int64_t k = ys.from; k < ys.to && all; k++) {
                struct scalar y = column_scalar(ys.items, k);
                all = holds_item(&xs, y);
            }
        }
        if (all)
            bit_set(bits, i);
        else
            bit_clear(bits, i);
    }
    return RC_OK;
}
static enum rc_t type_contains_all(struct ctx *cx, const struct dtype *args, int n,
                                   struct span span, struct dtype *out)
{
    *out = DTYPE(KIND_BOOL);
    return check_flat(cx, args, n, span);
}
static const struct fn_overload sql_array_contains_overloads[] = {
    OV2(KIND_LIST, KIND_LIST, KIND_BOOL, contains)};
SQL_FN(sql_array_contains, "sql_array_contains(xs: list, ys: list) -> bool", "SQL's xs @> ys.",
       "sql_array_contains([4, 5], [5])  #> true", 0, .nulls = FN_ANY_NULL,
       .type = type_contains_all);
