/* list.c: split, and what at, slice, contains and len do on lists. A list result is built in a
 * child column that the batch's arena gives back. */
#include "runtime/fn/scalar/list.h"

#include "runtime/fn/scalar/text.h"

struct list_row list_at(const struct fn_eval *e, const struct vec *args, int k, int64_t i)
{
    if (e->is_const[k] && e->consts[k].type.kind == KIND_LIST) {
        const struct column *c = e->consts[k].is_null ? NULL : e->consts[k].u.list;
        return (struct list_row){c, 0, c ? c->n : 0};
    }
    const int64_t *at = args[k].data;
    int64_t row = vec_at(&args[k], i);
    return (struct list_row){args[k].child[0], at[row], at[row + 1]};
}

rc fail_zero(struct fn_eval *e, const char *what)
{
    (void)fail(e->cx, E313, e->span, "%s count from 1, there is nothing at 0", what);
    (void)err_note(e->cx, "x[1] is the first, x[-1] the last");
    return err_hint(e->cx, "x[1]");
}

enum rc_t len_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        struct list_row r = {0};
        if (bit_valid(live, i)) r = list_at(e, args, 0, i);
        ((int64_t *)out->data)[i] = r.to - r.from;
    }
    return RC_OK;
}

/* ---- elements by row number ---- */
/* rows[0..n) of items (negative: null) as the result: its own column, alive until the batch is
 * done. */
static rc put_elements(struct fn_eval *e, const struct column *items, const int64_t *rows,
                       int64_t n, struct vec *out)
{
    struct column *c, *flat;
    TRY(column_gather(e->cx, items, rows, n, &c));
    arena_column(e->cx->arena, c);
    struct column plain = *c;
    if (c->phys == PHYS_DICT) { /* a cat's element is its text */
        plain.type = DTYPE(KIND_STR);
        TRY(column_canonical(e->cx, &plain, &flat));
    } else {
        TRY(column_canonical(e->cx, c, &flat));
    }
    arena_column(e->cx->arena, flat);
    uint64_t *valid = out_valid(out);
    *out = column_view(flat, 0, n);
    for (int64_t i = 0; i < n; i++)
        bit_put(valid, i, bit_valid(flat->valid, i));
    out->valid = valid;
    return RC_OK;
}

/* The items of argument k: of a constant list, or of the batch's list column. */
static const struct column *items_of(const struct fn_eval *e, const struct vec *args, int k)
{
    if (!e->is_const[k]) return args[k].child[0];
    return e->consts[k].is_null ? NULL : e->consts[k].u.list;
}

enum rc_t at_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    int64_t *rows = arena_alloc(e->cx->arena, 8 * (size_t)(n + 1));
    for (int64_t i = 0; i < n; i++) {
        rows[i] = -1;
        if (!bit_valid(live, i)) continue;
        struct list_row r = list_at(e, args, 0, i);
        int64_t k = vec_i64(&args[1], i), at = index_of(k, r.to - r.from);
        if (k == 0) return fail_zero(e, "lists");
        if (at >= 0 && at < r.to - r.from) rows[i] = r.from + at;
    }
    return put_elements(e, items_of(e, args, 0), rows, n, out);
}

enum rc_t type_element(struct ctx *cx, const struct dtype *args, int n, struct span span,
                       struct dtype *out)
{
    (void)cx, (void)n, (void)span;
    if (args[0].kind != KIND_LIST || !args[0].elem) return RC_OK;
    *out = *args[0].elem;
    if (out->kind == KIND_CAT) *out = DTYPE(KIND_STR);
    return RC_OK;
}

/* ---- lists out ---- */

static void set_items(struct fn_eval *e, const struct column *items, struct vec *out)
{
    const struct column **child = ARENA_ARRAY(e->cx->arena, const struct column *, 1);
    child[0] = items;
    out->child = child;
    out->n_child = 1;
}

/* Makes out the list whose items b holds; offsets stand in out->data. */
rc list_finish(struct fn_eval *e, struct builder *b, struct vec *out)
{
    struct column *items;
    TRY(builder_finish(e->cx, b, &items));
    arena_column(e->cx->arena, items);
    set_items(e, items, out);
    return RC_OK;
}

rc list_of_rows(struct fn_eval *e, const struct column *items, const struct row_picks *p,
                struct vec *out)
{
    struct column *c;
    if (!items) { /* nothing but null lists: no rows were picked */
        TRY(column_nulls(e->cx, e->type.elem ? *e->type.elem : DTYPE(KIND_STR), 0, &c));
    } else {
        TRY(column_gather(e->cx, items, p->rows, p->n, &c));
    }
    arena_column(e->cx->arena, c);
    set_items(e, c, out);
    return RC_OK;
}

void pick_row(struct fn_eval *e, struct row_picks *p, int64_t row)
{
    if (p->n == p->cap) {
        int64_t cap = p->cap ? p->cap * 2 : 4096;
        int64_t *more = arena_alloc(e->cx->arena, 8 * (size_t)cap);
        if (p->n) memcpy(more, p->rows, 8 * (size_t)p->n);
        p->rows = more;
        p->cap = cap;
    }
    p->rows[p->n++] = row;
}

enum rc_t slice_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct row_picks picks = {0};
    int64_t *at = (int64_t *)out->data;
    bool has_lo = !(e->is_const[1] && e->consts[1].is_null);
    bool has_hi = !(e->is_const[2] && e->consts[2].is_null);
    for (int64_t i = 0; i < n; i++) {
        bool live = vec_valid(&args[0], i) && (!has_lo || vec_valid(&args[1], i)) &&
                    (!has_hi || vec_valid(&args[2], i));
        at[i] = picks.n;
        bit_put(out_valid(out), i, live);
        if (!live) continue;
        struct list_row r = list_at(e, args, 0, i);
        int64_t lo = has_lo ? vec_i64(&args[1], i) : 1, hi = has_hi ? vec_i64(&args[2], i) : -1;
        int64_t len = r.to - r.from, first = index_of(lo, len), last = index_of(hi, len);
        if (lo == 0 || hi == 0) return fail_zero(e, "lists");
        for (int64_t k = first < 0 ? 0 : first; k <= last && k < len; k++)
            pick_row(e, &picks, r.from + k);
    }
    at[n] = picks.n;
    return list_of_rows(e, items_of(e, args, 0), &picks, out);
}

enum rc_t type_list_or_text(struct ctx *cx, const struct dtype *args, int n, struct span span,
                            struct dtype *out)
{
    (void)cx, (void)n, (void)span;
    if (args[0].kind == KIND_LIST) *out = args[0];
    return RC_OK;
}

/* ---- contains ---- */
static bool is_same(struct scalar a, struct scalar b)
{
    if (a.is_null || b.is_null) return a.is_null && b.is_null;
    if (a.type.kind == KIND_INT && b.type.kind == KIND_NUM) return (double)a.u.i == b.u.f;
    if (a.type.kind == KIND_NUM && b.type.kind == KIND_INT) return a.u.f == (double)b.u.i;
    if (a.type.kind == KIND_CAT) a.type = DTYPE(KIND_STR);
    return scalar_cmp(&a, &b) == 0;
}

static struct scalar row_value(const struct fn_eval *e, const struct vec *v, int k, int64_t i)
{
    struct scalar s = {.type = e->arg_types[k]};
    switch (v->phys) {
    case PHYS_BOOL: s.u.b = vec_bool(v, i); break;
    case PHYS_F64: s.u.f = vec_f64(v, i); break;
    case PHYS_DATE32: s.u.i = vec_i32(v, i); break;
    case PHYS_STR: s.u.s = vec_str(v, i); break;
    default: s.u.i = vec_i64(v, i);
    }
    return s;
}

static bool element_is(const struct column *items, int64_t k, struct scalar x)
{
    struct scalar s = column_scalar(items, k);
    bool same = is_same(s, x);
    scalar_release(&s);
    return same;
}

enum rc_t contains_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        bool found = false;
        if (bit_valid(live, i)) {
            struct list_row r = list_at(e, args, 0, i);
            struct scalar x = row_value(e, &args[1], 1, i);
            for (int64_t k = r.from; k < r.to && !found; k++)
                found = element_is(r.items, k, x);
        }
        bit_put((uint64_t *)out->data, i, found);
    }
    return RC_OK;
}

enum rc_t type_contains(struct ctx *cx, const struct dtype *args, int n, struct span span,
                        struct dtype *out)
{
    char a[64], b[64];
    (void)n;
    (void)out;
    if (args[0].kind != KIND_LIST || !args[0].elem) return RC_OK;
    struct dtype item = *args[0].elem;
    if (item.kind == KIND_CAT) item.kind = KIND_STR;
    enum kind x = args[1].kind == KIND_CAT ? KIND_STR : args[1].kind;
    if (x == item.kind || x == KIND_NULL || item.kind == KIND_NULL) return RC_OK;
    if (dtype_is_number(item) && dtype_is_number(args[1])) return RC_OK;
    return fail(cx, E207, span, "a list of %s cannot hold %s", dtype_text(item, a, sizeof a),
                dtype_text(args[1], b, sizeof b));
}

/* ---- split ---- */
static rc split_row(struct fn_eval *e, struct builder *b, struct str s, struct str sep)
{
    size_t at = 0;
    int64_t hit = sep.n ? text_search(s, sep, 0) : -1;
    for (; hit >= 0; hit = text_search(s, sep, at)) {
        TRY(builder_str(e->cx, b, (struct str){s.p + at, (size_t)hit - at}));
        at = (size_t)hit + sep.n;
    }
    return builder_str(e->cx, b, (struct str){s.p + at, s.n - at});
}

static enum rc_t split(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *at = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct builder b;
    enum rc_t res = RC_OK;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        at[i] = b.n;
        if (bit_valid(live, i)) res = split_row(e, &b, vec_str(&args[0], i), vec_str(&args[1], i));
    }
    at[n] = b.n;
    if (res == RC_OK) res = list_finish(e, &b, out);
    builder_release(&b);
    return res;
}

static enum rc_t type_split(struct ctx *cx, const struct dtype *args, int n, struct span span,
                            struct dtype *out)
{
    (void)cx;
    (void)args;
    (void)n;
    (void)span;
    *out = dtype_list(DTYPE(KIND_STR));
    return RC_OK;
}

static const struct fn_overload split_overloads[] = {OV2(KIND_STR, KIND_STR, KIND_LIST, split)};
const struct fn_desc fn_split = {
    .name = "split",
    .sig = "split(x: str, sep: str) -> list[str]",
    .doc = "The parts of x between the separators, as a list.",
    .example = "split(\"a-b-c\", \"-\")  #> [\"a\", \"b\", \"c\"]",
    .flags = FN_PURE,
    .overloads = split_overloads,
    .n_overloads = COUNT(split_overloads),
    .type = type_split,
    .foreign = {"string_to_array(%1, %2)", NULL},
};
