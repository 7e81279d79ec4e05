/* in.c: `x in [..]` and `x in lo..hi`. The list is a constant: it becomes a hash set once, or, when
 * it is short, a row of comparisons that vectorise. Two-valued: null is in a list that holds null.
 */
#include "runtime/base/hash.h"
#include "runtime/base/kernel.h"
#include "runtime/fn/fn_int.h"

#include <math.h>

#define FEW 6 /* values up to which comparing beats hashing */

struct in_set {
    bool has_null;
    bool is_text;
    int64_t n;               /* values of x's kind, distinct as far as hashing finds */
    int64_t *values;         /* bits of the value: int, num, times */
    const struct text *text; /* [n] */
    uint32_t *slots;         /* index + 1 by hash; 0 = free. NULL when there are few */
    uint32_t mask;
};

/* One key for equal numbers: -0.0 is 0.0. */
static int64_t num_key(double x)
{
    int64_t k;
    x = x == 0 ? 0 : x;
    memcpy(&k, &x, 8);
    return k;
}

/* Value of a list item as x's kind; false when no x can equal it. */
static bool item_key(enum kind x, const struct scalar *s, int64_t *out)
{
    if (x == KIND_NUM) {
        *out = num_key(s->type.kind == KIND_INT ? (double)s->u.i : s->u.f);
        return true;
    }
    if (x == KIND_INT && s->type.kind == KIND_NUM) {
        *out = 0;
        if (!(s->u.f >= -0x1p63 && s->u.f < 0x1p63) || s->u.f != trunc(s->u.f)) return false;
        *out = (int64_t)s->u.f;
        return true;
    }
    if (x == KIND_DATETIME && s->type.kind == KIND_DATE) {
        *out = s->u.i * INT64_C(86400000000);
        return true;
    }
    *out = x == KIND_BOOL ? s->u.b : s->u.i;
    return true;
}

static uint32_t key_hash(const struct in_set *set, int64_t i)
{
    if (!set->is_text) return (uint32_t)hash_u64((uint64_t)set->values[i]);
    struct str s = text_str(&set->text[i]);
    return (uint32_t)hash_bytes(s.p, s.n);
}

static void build_slots(struct in_set *set, struct arena *arena)
{
    uint32_t cap = 16;
    while (cap < 2 * (uint64_t)set->n)
        cap *= 2;
    set->mask = cap - 1;
    set->slots = arena_zero(arena, cap * sizeof *set->slots);
    for (int64_t i = 0; i < set->n; i++) {
        uint32_t at = key_hash(set, i) & set->mask;
        while (set->slots[at])
            at = (at + 1) & set->mask;
        set->slots[at] = (uint32_t)i + 1;
    }
}

static enum rc_t prepare_in(struct fn_eval *e, struct arena *arena, void **out)
{
    if (!e->is_const[1])
        return fail(e->cx, E217, e->span, "`in` needs a list of constants on its right");
    const struct column *list = e->consts[1].is_null ? NULL : e->consts[1].u.list;
    struct in_set *set = ARENA_NEW(arena, struct in_set);
    enum kind kind = e->arg_types[0].kind;
    int64_t n = list ? list->n : 0;
    set->is_text = kind == KIND_STR;
    set->values = ARENA_ARRAY(arena, int64_t, n + 1);
    struct text *texts = ARENA_ARRAY(arena, struct text, n + 1);
    for (int64_t i = 0; i < n; i++) {
        struct scalar s = column_scalar(list, i);
        if (s.is_null)
            set->has_null = true;
        else if (set->is_text) {
            struct str copy = arena_str(arena, s.u.s);
            texts[set->n++] = text_make(copy.p, copy.n);
        } else if (item_key(kind, &s, &set->values[set->n]))
            set->n++;
    }
    set->text = texts;
    if (set->n > FEW || set->is_text) build_slots(set, arena);
    *out = set;
    return RC_OK;
}

static bool has_text(const struct in_set *set, const struct text *t)
{
    struct str s = text_str(t);
    for (uint32_t at = (uint32_t)hash_bytes(s.p, s.n) & set->mask; set->slots[at];
         at = (at + 1) & set->mask)
        if (text_eq(&set->text[set->slots[at] - 1], t)) return true;
    return false;
}

static bool has_key(const struct in_set *set, int64_t key)
{
    for (uint32_t at = (uint32_t)hash_u64((uint64_t)key) & set->mask; set->slots[at];
         at = (at + 1) & set->mask)
        if (set->values[set->slots[at] - 1] == key) return true;
    return false;
}

static int64_t row_key(const struct vec *x, int64_t i)
{
    switch (x->phys) {
    case PHYS_BOOL: return vec_bool(x, i);
    case PHYS_DATE32: return vec_i32(x, i);
    case PHYS_F64: return num_key(vec_f64(x, i));
    default: return vec_i64(x, i);
    }
}

static void probe(const struct in_set *set, int64_t n, const struct vec *x, uint64_t *bits)
{
    for (int64_t w = 0; w * 64 < n; w++) {
        int64_t from = w * 64, to = from + 64 < n ? from + 64 : n;
        uint64_t r = 0, live = vec_valid_word(x, w);
        for (int64_t i = from; i < to; i++) {
            if (!(live >> (i - from) & 1)) continue;
            bool has = set->is_text ? has_text(set, vec_text(x, i)) : has_key(set, row_key(x, i));
            r |= (uint64_t)has << (i - from);
        }
        bits[w] = r;
    }
}

/* A few values: one vectorised comparison each, or-ed. */
static void compare_few(struct fn_eval *e, const struct in_set *set, int64_t n, const struct vec *x,
                        uint64_t *bits)
{
    size_t words = BITMAP_WORDS(n);
    uint64_t *one = arena_alloc(e->cx->arena, words * 8 + 8);
    memset(bits, 0, words * 8);
    for (int64_t k = 0; k < set->n; k++) {
        int32_t day = (int32_t)set->values[k];
        const void *data = &set->values[k];
        if (x->phys == PHYS_DATE32) data = &day;
        struct vec c = {.phys = x->phys, .is_const = true, .data = data};
        compare_bits(CMP_IS_EQ, n, x, &c, one);
        for (size_t w = 0; w < words; w++)
            bits[w] |= one[w];
    }
}

static void find_rows(struct fn_eval *e, int64_t n, const struct vec *x, uint64_t *bits)
{
    const struct in_set *set = e->prepared;
    if (set->slots)
        probe(set, n, x, bits);
    else
        compare_few(e, set, n, x, bits);
}

static enum rc_t in_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct in_set *set = e->prepared;
    uint64_t *bits = (uint64_t *)out->data;
    if (n == 0) return RC_OK;
    find_rows(e, n, &args[0], bits);
    for (int64_t w = 0; w * 64 < n; w++) {
        uint64_t live = vec_valid_word(&args[0], w);
        bits[w] = (bits[w] & live) | (set->has_null ? ~live : 0);
    }
    return RC_OK;
}

/* SQL's: null is in no list and not in none, and a list that holds null leaves what is not found
 * unknown. */
static enum rc_t in_list_sql(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct in_set *set = e->prepared;
    uint64_t *bits = (uint64_t *)out->data;
    if (n == 0) return RC_OK;
    find_rows(e, n, &args[0], bits);
    for (int64_t w = 0; w * 64 < n; w++) {
        uint64_t live = vec_valid_word(&args[0], w);
        bits[w] &= live;
        out_valid(out)[w] = set->has_null ? bits[w] : live;
    }
    return RC_OK;
}

/* The list's element kind must be able to equal x. */
static enum rc_t type_in(struct ctx *cx, const struct dtype *args, int n, struct span span,
                         struct dtype *out)
{
    (void)n;
    (void)out;
    if (args[1].kind != KIND_LIST || !args[1].elem) return RC_OK;
    enum kind x = args[0].kind, item = args[1].elem->kind;
    if (x == KIND_CAT) x = KIND_STR;
    if (item == KIND_CAT) item = KIND_STR;
    if (x == item || x == KIND_NULL || item == KIND_NULL) return RC_OK;
    if (dtype_is_number(args[0]) && dtype_is_number(*args[1].elem)) return RC_OK;
    if (x == KIND_DATETIME && item == KIND_DATE) return RC_OK;
    char a[64], b[64];
    return fail(cx, E207, span, "%s cannot be in a list of %s", dtype_text(args[0], a, sizeof a),
                dtype_text(*args[1].elem, b, sizeof b));
}

static const struct fn_overload in_overloads[] = {
    OV2(KIND_INT, KIND_LIST, KIND_BOOL, in_list),
    OV2(KIND_NUM, KIND_LIST, KIND_BOOL, in_list),
    OV2(KIND_STR, KIND_LIST, KIND_BOOL, in_list),
    OV2(KIND_BOOL, KIND_LIST, KIND_BOOL, in_list),
    OV2(KIND_DATE, KIND_LIST, KIND_BOOL, in_list),
    OV2(KIND_DATETIME, KIND_LIST, KIND_BOOL, in_list),
    OV2(KIND_DURATION, KIND_LIST, KIND_BOOL, in_list),
};
const struct fn_desc fn_in = {
    .name = "in",
    .sig = "x in [a, b]",
    .doc = "True when x is one of the list's values; null is in a list that holds null.",
    .example = "3 in [1, 2, 3]  #> true",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = in_overloads,
    .n_overloads = COUNT(in_overloads),
    .type = type_in,
    .prepare = prepare_in,
};

static const struct fn_overload sql_in_overloads[] = {
    OV2(KIND_INT, KIND_LIST, KIND_BOOL, in_list_sql),
    OV2(KIND_NUM, KIND_LIST, KIND_BOOL, in_list_sql),
    OV2(KIND_STR, KIND_LIST, KIND_BOOL, in_list_sql),
    OV2(KIND_BOOL, KIND_LIST, KIND_BOOL, in_list_sql),
    OV2(KIND_DATE, KIND_LIST, KIND_BOOL, in_list_sql),
    OV2(KIND_DATETIME, KIND_LIST, KIND_BOOL, in_list_sql),
    OV2(KIND_DURATION, KIND_LIST, KIND_BOOL, in_list_sql),
};
const struct fn_desc fn_sql_in = {
    .name = "sql_in",
    .sig = "sql_in(x, values: list) -> bool",
    .doc = "SQL's IN: null where x is null, and where a list with a null does not hold x.",
    .example = "sql_in(3, [1, null])  #> null",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN | FN_ADDS_NULLS,
    .overloads = sql_in_overloads,
    .n_overloads = COUNT(sql_in_overloads),
    .type = type_in,
    .prepare = prepare_in,
};

/* ---- ranges ---- */

/* A null constant end is open; a null in a column of ends, or in x, makes false. */
static enum rc_t in_range(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *bits = (uint64_t *)out->data;
    size_t words = BITMAP_WORDS(n);
    uint64_t *upper = arena_alloc(e->cx->arena, words * 8 + 8);
    TRY(need_const(e, 3, "in", "half-openness"));
    bool half_open = const_given(e, 3) && e->consts[3].u.b;
    bool has_lo = !(e->is_const[1] && e->consts[1].is_null);
    bool has_hi = !(e->is_const[2] && e->consts[2].is_null);
    if (n == 0) return RC_OK;
    memset(bits, 0xFF, words * 8);
    if (has_lo) compare_bits(CMP_IS_LE, n, &args[1], &args[0], bits);
    if (has_hi) compare_bits(half_open ? CMP_IS_LT : CMP_IS_LE, n, &args[0], &args[2], upper);
    for (int64_t w = 0; w < (int64_t)words; w++) {
        bits[w] &= vec_valid_word(&args[0], w);
        if (has_lo) bits[w] &= vec_valid_word(&args[1], w);
        if (has_hi) bits[w] &= upper[w] & vec_valid_word(&args[2], w);
    }
    return RC_OK;
}

#define RANGE(k) OV4(k, k, k, KIND_BOOL, KIND_BOOL, in_range)
static const struct fn_overload in_range_overloads[] = {
    RANGE(KIND_INT),  RANGE(KIND_NUM),      RANGE(KIND_STR),
    RANGE(KIND_DATE), RANGE(KIND_DATETIME), RANGE(KIND_DURATION),
};
const struct fn_desc fn_in_range = {
    .name = "in_range",
    .sig = "x in lo..hi",
    .doc =
        "True when lo <= x <= hi (x < hi with ..<); an end left out is open; null is in no range.",
    .example = "3 in 1..<3  #> false",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = in_range_overloads,
    .n_overloads = COUNT(in_range_overloads),
    .type = type_zone,
};
