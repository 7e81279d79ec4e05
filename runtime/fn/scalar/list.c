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

/* ---- at ---- */
static void put_scalar(struct vec *out, int64_t i, const struct scalar *s)
{
    if (s->is_null) {
        out_null(out, i);
        return;
    }
    switch (out->phys) {
    case PHYS_BOOL: bit_put((uint64_t *)out->data, i, s->u.b); break;
    case PHYS_F64: ((double *)out->data)[i] = s->u.f; break;
    case PHYS_DATE32: ((int32_t *)out->data)[i] = (int32_t)s->u.i; break;
    case PHYS_STR: ((struct text *)out->data)[i] = text_make(s->u.s.p, s->u.s.n); break;
    default: ((int64_t *)out->data)[i] = s->u.i;
    }
}

enum rc_t at_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    out->heap = NULL;
    for (int64_t i = 0; i < n; i++) {
        struct scalar s = {.is_null = true};
        if (bit_valid(live, i)) {
            struct list_row r = list_at(e, args, 0, i);
            int64_t k = vec_i64(&args[1], i), at = index_of(k, r.to - r.from);
            if (k == 0) return fail_zero(e, "lists");
            if (at >= 0 && at < r.to - r.from) s = column_scalar(r.items, r.from + at);
        }
        put_scalar(out, i, &s);
    }
    return RC_OK;
}

enum rc_t type_element(struct ctx *cx, const struct dtype *args, int n, struct span span,
                       struct dtype *out)
{
    (void)n;
    if (args[0].kind != KIND_LIST || !args[0].elem) return RC_OK;
    *out = *args[0].elem;
    if (out->kind == KIND_CAT) *out = DTYPE(KIND_STR);
    if (out->kind == KIND_LIST || out->kind == KIND_STRUCT)
        return fail(cx, E214, span, "elements of nested lists cannot be read in a step yet");
    return RC_OK;
}

/* ---- lists out ---- */

/* Makes out the list whose items b holds; offsets stand in out->data. */
static rc finish_list(struct fn_eval *e, struct builder *b, struct vec *out)
{
    struct column *items;
    const struct column **child = ARENA_ARRAY(e->cx->arena, const struct column *, 1);
    TRY(builder_finish(e->cx, b, &items));
    arena_column(e->cx->arena, items);
    child[0] = items;
    out->child = child;
    out->n_child = 1;
    return RC_OK;
}

static rc slice_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                     struct builder *b)
{
    int64_t *at = (int64_t *)out->data;
    bool has_lo = !(e->is_const[1] && e->consts[1].is_null);
    bool has_hi = !(e->is_const[2] && e->consts[2].is_null);
    for (int64_t i = 0; i < n; i++) {
        bool live = vec_valid(&args[0], i) && (!has_lo || vec_valid(&args[1], i)) &&
                    (!has_hi || vec_valid(&args[2], i));
        at[i] = b->n;
        bit_put(out_valid(out), i, live);
        if (!live) continue;
        struct list_row r = list_at(e, args, 0, i);
        int64_t lo = has_lo ? vec_i64(&args[1], i) : 1, hi = has_hi ? vec_i64(&args[2], i) : -1;
        int64_t len = r.to - r.from, first = index_of(lo, len), last = index_of(hi, len);
        if (lo == 0 || hi == 0) return fail_zero(e, "lists");
        for (int64_t k = first < 0 ? 0 : first; k <= last && k < len; k++) {
            struct scalar s = column_scalar(r.items, r.from + k);
            TRY(builder_scalar(e->cx, b, &s));
        }
    }
    at[n] = b->n;
    return RC_OK;
}

enum rc_t slice_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct builder b;
    struct dtype item = e->type.elem ? *e->type.elem : DTYPE(KIND_STR);
    builder_init(&b, item, kind_phys(item.kind));
    enum rc_t res = slice_rows(e, n, args, out, &b);
    if (res == RC_OK) res = finish_list(e, &b, out);
    builder_release(&b);
    return res;
}

enum rc_t type_list_or_text(struct ctx *cx, const struct dtype *args, int n, struct span span,
                            struct dtype *out)
{
    (void)n;
    if (args[0].kind != KIND_LIST) return RC_OK;
    struct dtype item;
    TRY(type_element(cx, args, n, span, &item)); /* no nested ones */
    *out = args[0];
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

enum rc_t contains_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        bool found = false;
        if (bit_valid(live, i)) {
            struct list_row r = list_at(e, args, 0, i);
            struct scalar x = row_value(e, &args[1], 1, i);
            for (int64_t k = r.from; k < r.to && !found; k++)
                found = is_same(column_scalar(r.items, k), x);
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
    if (res == RC_OK) res = finish_list(e, &b, out);
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
