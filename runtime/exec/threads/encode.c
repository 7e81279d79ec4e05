/* encode.c: see encode.h. One loop a digit over a batch of rows; the type is chosen outside it. */
#include "runtime/exec/threads/encode.h"

#include "runtime/base/kernel.h"

#define NULL_LAST UINT64_MAX

/* ---- choosing words ---- */
static bool is_int_like(enum phys p)
{
    return p == PHYS_I32 || p == PHYS_I64 || p == PHYS_DATE32 || p == PHYS_TS64 || p == PHYS_DUR64;
}

/* Kind and span of a key's digit; span 0: a word of its own. */
static struct digit digit_of(const struct key_facts *f, int key)
{
    struct digit d = {.key = key,
                      .descending = f->descending,
                      .nulls_first = f->nulls_first,
                      .has_null = f->has_null,
                      .skip = f->skip,
                      .rank = f->rank,
                      .mult = 1};
    if (f->phys == PHYS_BOOL) {
        d.kind = DIGIT_BOOL;
        d.span = 2;
    } else if (f->phys == PHYS_DICT) {
        d.kind = DIGIT_CODE;
        d.span = f->dict->n > 0 ? (uint64_t)f->dict->n : 1;
    } else if (f->phys == PHYS_F64 || f->phys == PHYS_F32) {
        d.kind = DIGIT_F64;
    } else if (f->phys == PHYS_STR) {
        d.kind = DIGIT_TEXT;
    } else {
        uint64_t span = (uint64_t)f->hi - (uint64_t)f->lo + 1;
        bool fits = f->has_range && span != 0 && span < UINT64_MAX - 1;
        d.kind = fits ? DIGIT_INT : DIGIT_WIDE_INT;
        d.lo = f->lo;
        d.span = fits ? span : 0;
    }
    return d;
}

static bool digit_is_exact(const struct digit *d)
{
    if (d->kind == DIGIT_TEXT) return false;
    return d->kind != DIGIT_WIDE_INT || !d->has_null;
}

static void word_weights(struct key_word *w)
{
    uint64_t mult = 1;
    w->exact = true;
    for (int i = w->n; i-- > 0;) {
        w->exact = w->exact && digit_is_exact(&w->digits[i]);
        w->digits[i].mult = mult;
        if (w->digits[i].span) mult *= w->digits[i].span + w->digits[i].has_null;
    }
    w->domain = w->digits[0].span ? mult : 0;
}

int key_words(struct arena *a, const struct key_facts *keys, int n, struct key_word **out)
{
    struct key_word *words = ARENA_ARRAY(a, struct key_word, n > 0 ? n : 1);
    struct digit *digits = ARENA_ARRAY(a, struct digit, n > 0 ? n : 1);
    int n_words = 0;
    uint64_t room = 0; /* product so far of the word being filled; 0 = closed */
    for (int k = 0; k < n; k++) {
        digits[k] = digit_of(&keys[k], k);
        uint64_t span = digits[k].span ? digits[k].span + digits[k].has_null : 0;
        uint64_t product;
        bool fits = room && span && !__builtin_mul_overflow(room, span, &product) &&
                    product < UINT64_C(1) << 63;
        if (fits) {
            room = product;
            words[n_words - 1].n++;
            continue;
        }
        words[n_words++] = (struct key_word){.digits = &digits[k], .n = 1};
        room = span;
    }
    for (int i = 0; i < n_words; i++)
        word_weights(&words[i]);
    *out = words;
    return n_words;
}

/* ---- encoding ---- */
#define ADD_INT(name, T)                                                                           \
    static KERNEL void add_##name(int64_t n, const T *restrict in, uint64_t lo, uint64_t mult,     \
                                  uint64_t base, uint64_t *restrict out)                           \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            out[i] += base + ((uint64_t)(int64_t)in[i] - lo) * mult;                               \
    }
ADD_INT(i32, int32_t)
ADD_INT(i64, int64_t)

static void add_ranks(int64_t n, const int32_t *codes, const int32_t *rank, int64_t n_levels,
                      uint64_t mult, uint64_t base, uint64_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t c = (uint32_t)codes[i] < (uint64_t)n_levels ? (uint64_t)codes[i] : 0;
        out[i] += base + (uint64_t)(int64_t)rank[c] * mult;
    }
}

static void add_bits(int64_t n, const uint64_t *bits, uint64_t mult, uint64_t base, uint64_t *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] += base + bit_get(bits, i) * mult;
}

/* Values as counted up; a descending digit is span - 1 - code: weight turned round. */
static void add_values(const struct digit *d, const struct vec *v, int64_t n, uint64_t *out)
{
    uint64_t mult = d->descending ? (uint64_t)0 - d->mult : d->mult; /* modulo 2^64 */
    uint64_t shift = d->has_null && d->nulls_first ? 1 : 0;
    uint64_t base = (shift + (d->descending ? d->span - 1 : 0)) * d->mult;
    if (d->kind == DIGIT_BOOL)
        add_bits(n, v->data, mult, base, out);
    else if (d->kind == DIGIT_CODE && d->rank)
        add_ranks(n, v->data, d->rank, (int64_t)d->span, mult, base, out);
    else if (v->phys == PHYS_I64 || v->phys == PHYS_TS64 || v->phys == PHYS_DUR64)
        add_i64(n, v->data, (uint64_t)d->lo, mult, base, out);
    else
        add_i32(n, v->data, (uint64_t)d->lo, mult, base, out);
}

/* Rows that are null: what add_values made of the data under them is taken back. */
static void fix_nulls(const struct digit *d, const struct vec *v, int64_t n, uint64_t *out)
{
    uint64_t code = (d->nulls_first ? 0 : d->span) * d->mult;
    for (int64_t at = 0; at < n; at += 64) {
        int64_t m = n - at < 64 ? n - at : 64;
        uint64_t nulls = ~v->valid[at / 64];
        if (m < 64) nulls &= (UINT64_C(1) << m) - 1;
        for (; nulls; nulls &= nulls - 1) {
            int64_t i = at + __builtin_ctzll(nulls);
            uint64_t one[1] = {0};
            struct vec cell = *v; /* one row: its value's share, to subtract */
            size_t width = v->phys == PHYS_BOOL ? 0 : phys_width(v->phys);
            uint64_t bit = v->phys == PHYS_BOOL ? bit_get(v->data, i) : 0;
            cell.data = v->phys == PHYS_BOOL ? (const void *)&bit
                                             : (const char *)v->data + (size_t)i * width;
            add_values(d, &cell, 1, one);
            out[i] += code - one[0];
        }
    }
}

static uint64_t text_word(const struct text *t, size_t skip)
{
    unsigned char b[8] = {0};
    struct str s = text_str(t);
    size_t n = s.n > skip ? s.n - skip : 0;
    if (n) memcpy(b, s.p + skip, n < 8 ? n : 8);
    uint64_t w;
    memcpy(&w, b, 8);
    return __builtin_bswap64(w);
}

static uint64_t wide_value(const struct digit *d, const struct vec *v, int64_t i)
{
    if (d->kind == DIGIT_TEXT) return text_word((const struct text *)v->data + i, d->skip);
    if (v->phys == PHYS_F64) return f64_word(((const double *)v->data)[i]);
    if (v->phys == PHYS_F32) return f64_word((double)((const float *)v->data)[i]);
    int64_t x =
        phys_width(v->phys) == 4 ? ((const int32_t *)v->data)[i] : ((const int64_t *)v->data)[i];
    uint64_t w = (uint64_t)x ^ UINT64_C(1) << 63;
    return d->has_null ? w >> 1 : w;
}

static void put_wide(const struct digit *d, const struct vec *v, int64_t n, uint64_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        if (!bit_valid(v->valid, i)) {
            out[i] = d->nulls_first ? 0 : NULL_LAST;
            continue;
        }
        uint64_t w = wide_value(d, v, i);
        if (d->descending) w = d->kind == DIGIT_WIDE_INT && d->has_null ? (NULL_LAST >> 1) - w : ~w;
        out[i] = w;
    }
}

void key_encode(const struct key_word *w, const struct vec *keys, int64_t n, uint64_t *out)
{
    const struct digit *first = &w->digits[0];
    if (first->span == 0) {
        put_wide(first, &keys[first->key], n, out);
        return;
    }
    memset(out, 0, 8 * (size_t)n);
    for (int i = 0; i < w->n; i++) {
        const struct digit *d = &w->digits[i];
        const struct vec *v = &keys[d->key];
        add_values(d, v, n, out);
        if (v->valid && d->has_null) fix_nulls(d, v, n, out);
    }
}

/* ---- facts ---- */
struct range {
    const struct column *c;
    int64_t *lo, *hi; /* a task */
};

static KERNEL void range_i64(int64_t n, const int64_t *restrict in, int64_t *restrict out)
{
    int64_t lo = out[0], hi = out[1];
    for (int64_t i = 0; i < n; i++) {
        lo = in[i] < lo ? in[i] : lo;
        hi = in[i] > hi ? in[i] : hi;
    }
    out[0] = lo;
    out[1] = hi;
}
static KERNEL void range_i32(int64_t n, const int32_t *restrict in, int64_t *restrict out)
{
    int32_t lo = INT32_MAX, hi = INT32_MIN;
    for (int64_t i = 0; i < n; i++) {
        lo = in[i] < lo ? in[i] : lo;
        hi = in[i] > hi ? in[i] : hi;
    }
    if (n && lo < out[0]) out[0] = lo;
    if (n && hi > out[1]) out[1] = hi;
}

static void range_valid(const struct column *c, int64_t from, int64_t to, int64_t *out)
{
    bool narrow = phys_width(c->phys) == 4;
    for (int64_t i = from; i < to; i++) {
        if (!bit_get(c->valid, i)) continue;
        int64_t x = narrow ? ((const int32_t *)c->data)[i] : ((const int64_t *)c->data)[i];
        out[0] = x < out[0] ? x : out[0];
        out[1] = x > out[1] ? x : out[1];
    }
}

static enum rc_t range_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct range *g = arg;
    int64_t from = task * MORSEL_ROWS, to = from + MORSEL_ROWS, out[2] = {INT64_MAX, INT64_MIN};
    (void)cx, (void)worker;
    if (to > g->c->n) to = g->c->n;
    if (g->c->valid)
        range_valid(g->c, from, to, out);
    else if (phys_width(g->c->phys) == 4)
        range_i32(to - from, (const int32_t *)g->c->data + from, out);
    else
        range_i64(to - from, (const int64_t *)g->c->data + from, out);
    g->lo[task] = out[0];
    g->hi[task] = out[1];
    return RC_OK;
}

rc column_range(struct run *r, const struct column *c, bool *out_any, int64_t *lo, int64_t *hi)
{
    int64_t n = (c->n + MORSEL_ROWS - 1) / MORSEL_ROWS;
    struct range g = {c, mem_zero(8 * (size_t)(n + 1)), mem_zero(8 * (size_t)(n + 1))};
    enum rc_t res = pool_run(r->cx, n, range_task, &g);
    *lo = INT64_MAX;
    *hi = INT64_MIN;
    for (int64_t i = 0; i < n; i++) {
        *lo = g.lo[i] < *lo ? g.lo[i] : *lo;
        *hi = g.hi[i] > *hi ? g.hi[i] : *hi;
    }
    *out_any = *lo <= *hi;
    mem_free(g.lo);
    mem_free(g.hi);
    return res;
}

rc dict_rank(struct run *r, const struct column *dict, const int32_t **out)
{
    struct order_key key = {.column = dict};
    int64_t *order, n;
    TRY(order_rows(r, &key, 1, dict->n, -1, &order, &n));
    int32_t *rank = ARENA_ARRAY(r->arena, int32_t, n > 0 ? n : 1);
    for (int64_t i = 0; i < n; i++)
        rank[order[i]] = (int32_t)i;
    mem_big_free(order);
    *out = rank;
    return RC_OK;
}

/* Bytes that all texts of a column begin with. */
static size_t common_prefix(const struct column *c)
{
    const struct text *t = c->data;
    struct str first = {NULL, 0};
    size_t least = SIZE_MAX;
    for (int64_t i = 0; i < c->n && least > 0; i++) {
        if (!bit_valid(c->valid, i)) continue;
        struct str s = text_str(&t[i]);
        if (least == SIZE_MAX) {
            first = s;
            least = s.n;
        }
        size_t k = 0, m = s.n < least ? s.n : least;
        while (k < m && s.p[k] == first.p[k])
            k++;
        least = k;
    }
    return least == SIZE_MAX ? 0 : least;
}

rc column_facts(struct run *r, const struct column *c, bool ordered, struct key_facts *out)
{
    *out = (struct key_facts){
        .phys = c->phys, .kind = c->type.kind, .has_null = c->n_null > 0, .dict = c->dict};
    if (is_int_like(c->phys)) {
        TRY(column_range(r, c, &out->has_range, &out->lo, &out->hi));
        if (!out->has_range) { /* only nulls */
            out->has_range = true;
            out->lo = out->hi = 0;
        }
    }
    if (c->phys == PHYS_STR && ordered) out->skip = common_prefix(c);
    if (c->phys == PHYS_DICT && ordered && c->type.kind == KIND_STR)
        return dict_rank(r, c->dict, &out->rank);
    return RC_OK;
}
