/* distinct.c: n_distinct and mode, by counting different values in a hash table. */
#include "runtime/fn/agg/agg.h"

#include "runtime/base/hash.h"

struct tally {
    struct ctx *cx;
    bool is_text;
    void *keys;   /* int64_t, or struct text borrowed from the group's rows */
    void *counts; /* int64_t beside each key */
    void *slots;  /* uint32_t: key + 1, 0 = free */
    int64_t n, cap;
    uint64_t mask;
};

static void tally_free(struct tally *t)
{
    mem_big_free(t->keys);
    mem_big_free(t->counts);
    mem_big_free(t->slots);
}

static size_t key_width(const struct tally *t)
{
    return t->is_text ? sizeof(struct text) : sizeof(int64_t);
}

static uint64_t hash_key(const struct tally *t, int64_t k)
{
    if (!t->is_text) return hash_u64((uint64_t)((const int64_t *)t->keys)[k]);
    struct str s = text_str((const struct text *)t->keys + k);
    return hash_bytes(s.p, s.n);
}

static rc tally_grow(struct tally *t)
{
    int64_t cap = t->cap ? t->cap * 2 : 64;
    size_t n = (size_t)t->n, slots = (size_t)cap * 2;
    if (cap > (int64_t)UINT32_MAX / 2)
        return fail(t->cx, E902, NO_SPAN, "more than two billion different values");
    TRY(mem_big_grow(t->cx, &t->keys, n * key_width(t), (size_t)cap * key_width(t)));
    TRY(mem_big_grow(t->cx, &t->counts, n * 8, (size_t)cap * 8));
    void *fresh;
    TRY(mem_big_zero(t->cx, slots * 4, &fresh));
    mem_big_free(t->slots);
    t->slots = fresh;
    t->mask = slots - 1;
    t->cap = cap;
    uint32_t *s = fresh;
    for (int64_t k = 0; k < t->n; k++) {
        uint64_t at = hash_key(t, k) & t->mask;
        while (s[at])
            at = (at + 1) & t->mask;
        s[at] = (uint32_t)k + 1;
    }
    return RC_OK;
}

/* Counts the key that was put behind the last one. */
static rc tally_last(struct tally *t)
{
    uint32_t *slots = t->slots;
    uint64_t at = hash_key(t, t->n) & t->mask;
    for (; slots[at]; at = (at + 1) & t->mask) {
        int64_t k = slots[at] - 1;
        bool same = t->is_text ? text_eq((struct text *)t->keys + k, (struct text *)t->keys + t->n)
                               : ((int64_t *)t->keys)[k] == ((int64_t *)t->keys)[t->n];
        if (!same) continue;
        ((int64_t *)t->counts)[k]++;
        return RC_OK;
    }
    ((int64_t *)t->counts)[t->n++] = 1;
    slots[at] = (uint32_t)t->n;
    return t->n == t->cap ? tally_grow(t) : RC_OK;
}

static int64_t num_key(double x)
{
    int64_t k;
    x = x == 0 ? 0 : x; /* -0.0 equals 0.0 */
    memcpy(&k, &x, 8);
    return k;
}

/* Row i as an integer; equal numbers give equal keys. */
static int64_t row_key(const struct vec *v, int64_t i)
{
    switch (v->phys) {
    case PHYS_BOOL: return vec_bool(v, i);
    case PHYS_DATE32: return vec_i32(v, i);
    case PHYS_F64: return num_key(vec_f64(v, i));
    default: return vec_i64(v, i);
    }
}

/* A constant argument counts once. */
static rc tally_const(struct tally *t, int64_t n, const struct scalar *c)
{
    if (n == 0 || c->is_null) return RC_OK;
    if (t->is_text)
        ((struct text *)t->keys)[0] = text_make(c->u.s.p, c->u.s.n);
    else if (c->type.kind == KIND_NUM)
        ((int64_t *)t->keys)[0] = num_key(c->u.f);
    else
        ((int64_t *)t->keys)[0] = c->type.kind == KIND_BOOL ? c->u.b : c->u.i;
    return tally_last(t);
}

static rc tally_rows(struct agg_eval *e, struct tally *t, int64_t n, const struct vec *v)
{
    *t = (struct tally){.cx = e->cx, .is_text = e->arg_types[0].kind == KIND_STR};
    TRY(tally_grow(t));
    if (agg_const(e, 0)) return tally_const(t, n, &e->consts[0]);
    for (int64_t i = 0; i < n; i++) {
        if (!vec_valid(v, i)) continue;
        if (t->is_text)
            ((struct text *)t->keys)[t->n] = *vec_text(v, i);
        else
            ((int64_t *)t->keys)[t->n] = row_key(v, i);
        TRY(tally_last(t));
    }
    return RC_OK;
}

static enum rc_t n_distinct(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                            int64_t at)
{
    struct tally t;
    if (!agg_const(e, 0) && (n >= MANY_ROWS || args[0].phys == PHYS_DICT))
        return n ? distinct_many(e, n, &args[0], (int64_t *)out->data + at) : RC_OK;
    enum rc_t res = tally_rows(e, &t, n, &args[0]);
    if (res == RC_OK) ((int64_t *)out->data)[at] = t.n;
    tally_free(&t);
    return res;
}

/* Whether key a is less than key b, as values of the kind. */
static bool key_less(const struct tally *t, enum kind kind, int64_t a, int64_t b)
{
    if (t->is_text) {
        const struct text *k = t->keys;
        return str_cmp(text_str(&k[a]), text_str(&k[b])) < 0;
    }
    const int64_t *k = t->keys;
    if (kind != KIND_NUM) return k[a] < k[b];
    double x, y;
    memcpy(&x, &k[a], 8);
    memcpy(&y, &k[b], 8);
    return x < y;
}

static void put_key(struct agg_eval *e, const struct tally *t, int64_t k, struct vec *out,
                    int64_t at)
{
    if (t->is_text) {
        struct str s = text_str((const struct text *)t->keys + k);
        if (s.n > TEXT_INLINE) s = arena_str(e->arena, s);
        ((struct text *)out->data)[at] = text_make(s.p, s.n);
        out->heap = NULL;
        return;
    }
    int64_t x = ((const int64_t *)t->keys)[k];
    switch (out->phys) {
    case PHYS_BOOL: bit_put((uint64_t *)out->data, at, x != 0); break;
    case PHYS_DATE32: ((int32_t *)out->data)[at] = (int32_t)x; break;
    default: ((int64_t *)out->data)[at] = x; /* a num's bits too */
    }
}

static enum rc_t mode(struct agg_eval *e, int64_t n, const struct vec *args, struct vec *out,
                      int64_t at)
{
    struct tally t;
    int64_t best = -1;
    enum rc_t res = tally_rows(e, &t, n, &args[0]);
    const int64_t *counts = t.counts;
    for (int64_t k = 0; res == RC_OK && k < t.n; k++) {
        bool more = best < 0 || counts[k] > counts[best];
        if (more || (counts[k] == counts[best] && key_less(&t, e->arg_types[0].kind, k, best)))
            best = k;
    }
    if (best >= 0)
        put_key(e, &t, best, out, at);
    else
        out_null(out, at);
    tally_free(&t);
    return res;
}

#define OF_KINDS(ret_of, f)                                                                        \
    AGW(KIND_INT, ret_of(KIND_INT), f), AGW(KIND_NUM, ret_of(KIND_NUM), f),                        \
        AGW(KIND_STR, ret_of(KIND_STR), f), AGW(KIND_BOOL, ret_of(KIND_BOOL), f),                  \
        AGW(KIND_DATE, ret_of(KIND_DATE), f), AGW(KIND_DATETIME, ret_of(KIND_DATETIME), f),        \
        AGW(KIND_DURATION, ret_of(KIND_DURATION), f)
#define AN_INT(k) KIND_INT
#define ITSELF(k) k
static const struct agg_overload n_distinct_overloads[] = {
    {.n_args = 1, .args = {KIND_STR}, .ret = KIND_INT, .whole = n_distinct, .takes_codes = true},
    OF_KINDS(AN_INT, n_distinct),
};
const struct agg_desc agg_n_distinct = {
    .name = "n_distinct",
    .sig = "n_distinct(x) -> int",
    .doc = "Number of different values; null is none.",
    .example = "n_distinct([1, 1, 2, null])  #> 2",
    .overloads = n_distinct_overloads,
    .n_overloads = COUNT(n_distinct_overloads),
    .foreign = {"count(distinct %1)", "count(distinct %1)"},
};
static const struct agg_overload mode_overloads[] = {OF_KINDS(ITSELF, mode)};
const struct agg_desc agg_mode = {
    .name = "mode",
    .sig = "mode(x)",
    .doc =
        "Most frequent value, the least of those that are equally frequent; null without values.",
    .example = "mode([3, 1, 3, 1, 2])  #> 1",
    .overloads = mode_overloads,
    .n_overloads = COUNT(mode_overloads),
    .type = type_first,
};
