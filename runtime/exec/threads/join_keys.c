/* join_keys.c: keys of two tables as numbers that are equal when the keys are. The right side's
 * values span the space: what lies outside cannot match. Null matches null only where asked
 * (CMP_SAME). */
#include "runtime/exec/threads/join_int.h"

#include "runtime/base/hash.h"

/* ---- texts ---- */
struct text_index {
    const struct text *levels;
    uint32_t *slots; /* code + 1 */
    uint32_t mask;
};

static uint32_t text_hash(const struct text *t)
{
    struct str s = text_str(t);
    return (uint32_t)hash_bytes(s.p, s.n);
}

static rc index_new(struct run *r, const struct column *dict, struct text_index **out)
{
    struct text_index *x = ARENA_NEW(r->arena, struct text_index);
    uint32_t cap = 16;
    while (cap < 2 * (uint64_t)dict->n)
        cap *= 2;
    x->levels = dict->data;
    x->mask = cap - 1;
    TRY(mem_big_zero(r->cx, 4 * (size_t)cap, (void **)&x->slots));
    for (int64_t i = 0; i < dict->n; i++) {
        uint32_t at = text_hash(&x->levels[i]) & x->mask;
        while (x->slots[at])
            at = (at + 1) & x->mask;
        x->slots[at] = (uint32_t)i + 1;
        if (i % MORSEL_ROWS == 0 && check_cancel(r->cx) != RC_OK) {
            mem_big_free(x->slots);
            return RC_ERR;
        }
    }
    *out = x;
    return RC_OK;
}

static int32_t index_find(const struct text_index *x, const struct text *t)
{
    for (uint32_t at = text_hash(t) & x->mask; x->slots[at]; at = (at + 1) & x->mask)
        if (text_eq(&x->levels[x->slots[at] - 1], t)) return (int32_t)x->slots[at] - 1;
    return -1;
}

static rc text_key(struct run *r, struct join_key *k)
{
    if (k->right->phys != PHYS_DICT) {
        struct column *coded;
        TRY(column_encode(r->cx, k->right, false, &coded));
        column_unref(k->right);
        k->right = coded;
    }
    const struct column *dict = k->right->dict;
    k->kind = DIGIT_CODE;
    k->values = dict->n > 0 ? (uint64_t)dict->n : 1;
    if (k->left->phys == PHYS_DICT && k->left->dict == dict) return RC_OK;
    TRY(index_new(r, dict, &k->index));
    if (k->left->phys != PHYS_DICT) return RC_OK;
    const struct column *levels = k->left->dict;
    int32_t *code = ARENA_ARRAY(r->arena, int32_t, levels->n > 0 ? levels->n : 1);
    for (int64_t i = 0; i < levels->n; i++) {
        code[i] = index_find(k->index, (const struct text *)levels->data + i);
        if (i % MORSEL_ROWS == 0) TRY(check_cancel(r->cx));
    }
    k->level_code = code;
    return RC_OK;
}

/* ---- one key ---- */
static rc key_make(struct run *r, struct join_key *k)
{
    bool any;
    int64_t hi;
    switch (kind_phys(k->right->type.kind)) {
    case PHYS_STR:
    case PHYS_DICT: return text_key(r, k);
    case PHYS_F64: k->kind = DIGIT_F64; return RC_OK;
    case PHYS_BOOL:
        k->kind = DIGIT_BOOL;
        k->values = 2;
        return RC_OK;
    default: break;
    }
    TRY(column_range(r, k->right, &any, &k->lo, &hi));
    k->kind = DIGIT_INT;
    if (!any) k->lo = hi = 0;
    k->values = (uint64_t)hi - (uint64_t)k->lo + 1; /* 0: all of 64 bits */
    return RC_OK;
}

static int64_t int_at(const struct column *c, int64_t i)
{
    return phys_width(c->phys) == 4 ? ((const int32_t *)c->data)[i] : ((const int64_t *)c->data)[i];
}

static double num_at(const struct column *c, int64_t i)
{
    return c->phys == PHYS_F32 ? (double)((const float *)c->data)[i] : ((const double *)c->data)[i];
}

static int32_t left_code(const struct join_key *k, int64_t i)
{
    if (k->left->phys != PHYS_DICT)
        return index_find(k->index, (const struct text *)k->left->data + i);
    int32_t c = ((const int32_t *)k->left->data)[i];
    return k->level_code ? k->level_code[c] : c;
}

/* Number of row i's value in this key's own space; false: none. */
static bool key_number(const struct join_key *k, const struct column *c, int64_t i, uint64_t *out)
{
    int32_t code;
    bool is_null = !bit_valid(c->valid, i);
    if (k->only_null || is_null) {
        *out = k->only_null ? is_null : k->values; /* a double's word is never 0 */
        return k->same_nulls;
    }
    switch (k->kind) {
    case DIGIT_BOOL: *out = bit_get(c->data, i); return true;
    case DIGIT_F64: *out = f64_word(num_at(c, i)); return true;
    case DIGIT_CODE:
        code = c == k->left ? left_code(k, i) : ((const int32_t *)c->data)[i];
        *out = (uint64_t)(int64_t)code;
        return code >= 0;
    default: break;
    }
    *out = (uint64_t)int_at(c, i) - (uint64_t)k->lo;
    return k->values == 0 || *out < k->values;
}

/* ---- all keys ---- */
/* Ints of one key: the loop worth its own. */
static void int_codes(const struct join_key *k, const struct column *c, int64_t at, int64_t n,
                      uint64_t *out)
{
    uint64_t lo = (uint64_t)k->lo, span = k->values;
    if (phys_width(c->phys) == 4) {
        const int32_t *x = (const int32_t *)c->data + at;
        for (int64_t i = 0; i < n; i++) {
            uint64_t v = (uint64_t)(int64_t)x[i] - lo;
            out[i] = v < span ? v : NO_CODE;
        }
    } else {
        const int64_t *x = (const int64_t *)c->data + at;
        for (int64_t i = 0; i < n; i++) {
            uint64_t v = (uint64_t)x[i] - lo;
            out[i] = v < span ? v : NO_CODE;
        }
    }
    for (int64_t i = 0; c->valid && i < n; i++)
        if (!bit_get(c->valid, at + i)) out[i] = k->same_nulls ? k->values : NO_CODE;
}

static void side_codes(const struct join_codes *c, bool is_left, int64_t at, int64_t n,
                       uint64_t *out)
{
    const struct join_key *only = &c->keys[0];
    if (c->n == 1 && only->kind == DIGIT_INT && only->values) {
        int_codes(only, is_left ? only->left : only->right, at, n, out);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        uint64_t sum = 0;
        for (int k = 0; k < c->n && sum != NO_CODE; k++) {
            const struct join_key *key = &c->keys[k];
            uint64_t v;
            if (key_number(key, is_left ? key->left : key->right, at + i, &v))
                sum += v * key->mult;
            else
                sum = NO_CODE;
        }
        out[i] = sum;
    }
}

void join_left_codes(const struct join_codes *c, int64_t at, int64_t n, uint64_t *out)
{
    if (c->left)
        memcpy(out, c->left + at, 8 * (size_t)n);
    else
        side_codes(c, true, at, n, out);
}

void join_right_codes(const struct join_codes *c, int64_t at, int64_t n, uint64_t *out)
{
    if (c->right)
        memcpy(out, c->right + at, 8 * (size_t)n);
    else
        side_codes(c, false, at, n, out);
}

/* ---- keys that do not fit one word: numbers by first appearance on the right ---- */
struct wide {
    const struct join_codes *c;
    uint64_t *words; /* [n groups][n keys] */
    uint32_t *slots;
    uint32_t mask, n;
};

static bool wide_words(const struct join_codes *c, bool is_left, int64_t i, uint64_t *out)
{
    for (int k = 0; k < c->n; k++) {
        const struct join_key *key = &c->keys[k];
        if (!key_number(key, is_left ? key->left : key->right, i, &out[k])) return false;
    }
    return true;
}

/* Number of the words, added when `add`; NO_CODE when not there. */
static uint64_t wide_find(struct wide *w, const uint64_t *words, bool add)
{
    size_t n = (size_t)w->c->n, bytes = 8 * n;
    uint64_t h = 0;
    for (size_t k = 0; k < n; k++)
        h = hash_mix(h, words[k]);
    uint32_t at = (uint32_t)h & w->mask;
    for (; w->slots[at]; at = (at + 1) & w->mask)
        if (memcmp(w->words + (w->slots[at] - 1) * n, words, bytes) == 0) return w->slots[at] - 1;
    if (!add) return NO_CODE;
    memcpy(w->words + w->n * n, words, bytes);
    w->slots[at] = ++w->n;
    return w->n - 1;
}

static rc wide_codes(struct run *r, struct join_codes *c, int64_t n_left, int64_t n_right)
{
    struct wide w = {.c = c};
    uint64_t *one = ARENA_ARRAY(r->arena, uint64_t, c->n), cap = 16;
    enum rc_t res = RC_ERR;
    while (cap < 2 * (uint64_t)n_right)
        cap *= 2;
    w.mask = (uint32_t)cap - 1;
    TRY_OUT(mem_big_zero(r->cx, 4 * (size_t)cap, (void **)&w.slots));
    TRY_OUT(mem_big(r->cx, mem_mul(8 * (size_t)c->n, (size_t)n_right + 1), (void **)&w.words));
    TRY_OUT(mem_big(r->cx, mem_mul(8, (size_t)n_right + 1), (void **)&c->right));
    TRY_OUT(mem_big(r->cx, mem_mul(8, (size_t)n_left + 1), (void **)&c->left));
    for (int64_t i = 0; i < n_right; i++) {
        c->right[i] = wide_words(c, false, i, one) ? wide_find(&w, one, true) : NO_CODE;
        if (i % MORSEL_ROWS == 0) TRY_OUT(check_cancel(r->cx));
    }
    for (int64_t i = 0; i < n_left; i++) {
        c->left[i] = wide_words(c, true, i, one) ? wide_find(&w, one, false) : NO_CODE;
        if (i % MORSEL_ROWS == 0) TRY_OUT(check_cancel(r->cx));
    }
    c->domain = w.n ? w.n : 1;
    res = RC_OK;
out:
    mem_big_free(w.slots);
    mem_big_free(w.words);
    return res;
}

/* All pairs' spaces in one word, if they fit. */
static bool codes_fit(struct join_codes *c)
{
    uint64_t domain = 1;
    bool fits = true;
    for (int k = c->n; k-- > 0;) {
        struct join_key *key = &c->keys[k];
        key->mult = domain;
        if (key->span == 0 || __builtin_mul_overflow(domain, key->span, &domain) ||
            domain >= UINT64_C(1) << 63)
            fits = false;
        if (!fits) domain = 1;
    }
    if (fits) c->domain = domain;
    return fits;
}

static void key_take(struct join_codes *c, struct column *left, struct column *right, bool same)
{
    struct join_key *key = &c->keys[c->n++];
    key->left = column_ref(left);
    key->right = column_ref(right);
    key->same_nulls = same;
}

rc join_codes_make(struct run *r, struct column *const *left, struct column *const *right,
                   const bool *same, int n, struct join_codes *out)
{
    *out = (struct join_codes){.keys = arena_zero(r->arena, 2 * sizeof *out->keys * (size_t)n)};
    for (int k = 0; k < n; k++)
        key_take(out, left[k], right[k], same[k]);
    for (int k = 0; k < n; k++) {
        struct join_key *key = &out->keys[k];
        TRY(key_make(r, key));
        key->span = key->values;
        if (!key->same_nulls || key->kind == DIGIT_F64) continue;
        if (key->values && key->values < UINT64_MAX) {
            key->span++;
            continue;
        }
        key_take(out, left[k], right[k], true);
        out->keys[out->n - 1].only_null = true;
        out->keys[out->n - 1].span = 2;
    }
    if (codes_fit(out)) return RC_OK;
    if (out->n == 1 && out->keys[0].kind == DIGIT_F64) return RC_OK; /* its word is the code */
    return wide_codes(r, out, left[0]->n, right[0]->n);
}

void join_codes_free(struct join_codes *c)
{
    for (int k = 0; k < c->n; k++) {
        column_unref(c->keys[k].left);
        column_unref(c->keys[k].right);
        if (c->keys[k].index) mem_big_free(c->keys[k].index->slots);
    }
    mem_big_free(c->left);
    mem_big_free(c->right);
}
