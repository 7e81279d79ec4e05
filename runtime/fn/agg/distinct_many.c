/* distinct_many.c: how many values differ in a long column. Codes and ints of a small range mark
 * bits; all else is put into shares by hash, each small enough for a set that stays in cache, and
 * the shares' counts add up. Blocks and shares run in parallel; the count depends on the rows
 * alone. */
#include "runtime/fn/agg/agg.h"

#include "runtime/base/cancel.h"
#include "runtime/base/hash.h"
#include "runtime/base/pool.h"

#include <stdatomic.h>

#define MOST_BLOCKS 16
#define SHARE_ROWS  32768
#define MOST_SHARES 1024

struct many {
    const struct vec *v;
    int64_t n, block;
    int n_blocks;
    int64_t lo[MOST_BLOCKS], hi[MOST_BLOCKS];
    int64_t least;
    atomic_ullong *bits; /* marks */
    bool is_text;
    int share_bits;
    int64_t *counts; /* [n_blocks][shares], then places */
    int64_t *start;  /* [shares + 1] */
    void *rows;      /* keys by share: uint64_t, or struct text */
    int64_t *found;  /* [shares] */
};

static void block_rows(const struct many *m, int64_t task, int64_t *from, int64_t *to)
{
    *from = task * m->block;
    *to = *from + m->block < m->n ? *from + m->block : m->n;
}

/* Row i as a word that is equal for equal values. */
static inline uint64_t row_word(const struct vec *v, int64_t i)
{
    double x;
    uint64_t w;
    switch (v->phys) {
    case PHYS_BOOL: return vec_bool(v, i);
    case PHYS_DICT:
    case PHYS_DATE32: return (uint64_t)(int64_t)vec_i32(v, i);
    case PHYS_F64:
        x = vec_f64(v, i);
        x = x == 0 ? 0 : x;
        memcpy(&w, &x, 8);
        return w;
    default: return (uint64_t)vec_i64(v, i);
    }
}

static inline uint64_t text_hash(const struct text *t)
{
    uint64_t w[2];
    if (t->n > TEXT_INLINE) return hash_bytes(t->ptr, t->n);
    memcpy(w, t, 16);
    return hash_mix(w[0], w[1]);
}

/* ---- marks ---- */
static enum rc_t range_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct many *m = arg;
    int64_t from, to, lo = INT64_MAX, hi = INT64_MIN;
    (void)cx, (void)worker;
    block_rows(m, task, &from, &to);
    for (int64_t i = from; i < to; i++) {
        if (!vec_valid(m->v, i)) continue;
        int64_t x = (int64_t)row_word(m->v, i);
        lo = x < lo ? x : lo;
        hi = x > hi ? x : hi;
    }
    m->lo[task] = lo;
    m->hi[task] = hi;
    return RC_OK;
}

static enum rc_t mark_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct many *m = arg;
    int64_t from, to;
    (void)cx, (void)worker;
    block_rows(m, task, &from, &to);
    for (int64_t i = from; i < to; i++) {
        if (!vec_valid(m->v, i)) continue;
        uint64_t at = row_word(m->v, i) - (uint64_t)m->least, bit = UINT64_C(1) << (at % 64);
        if (!(atomic_load_explicit(&m->bits[at / 64], memory_order_relaxed) & bit))
            atomic_fetch_or_explicit(&m->bits[at / 64], bit, memory_order_relaxed);
    }
    return RC_OK;
}

static rc count_marks(struct agg_eval *e, struct many *m, uint64_t span, int64_t *out)
{
    uint64_t words = span / 64 + 1;
    TRY(mem_big_zero(e->cx, mem_mul(8, words), (void **)&m->bits));
    TRY(pool_run(e->cx, m->n_blocks, mark_task, m));
    *out = 0;
    for (uint64_t w = 0; w < words; w++)
        *out += __builtin_popcountll(atomic_load_explicit(&m->bits[w], memory_order_relaxed));
    return RC_OK;
}

/* ---- shares ---- */
static inline uint64_t row_hash(const struct many *m, int64_t i)
{
    return m->is_text ? text_hash(vec_text(m->v, i)) : hash_u64(row_word(m->v, i));
}

static enum rc_t count_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct many *m = arg;
    int64_t from, to, *counts = m->counts + (task << m->share_bits);
    (void)worker;
    TRY(check_cancel(cx));
    block_rows(m, task, &from, &to);
    for (int64_t i = from; i < to; i++)
        if (vec_valid(m->v, i)) counts[row_hash(m, i) >> (64 - m->share_bits)]++;
    return RC_OK;
}

static enum rc_t place_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct many *m = arg;
    int64_t from, to, *places = m->counts + (task << m->share_bits);
    (void)worker;
    TRY(check_cancel(cx));
    block_rows(m, task, &from, &to);
    for (int64_t i = from; i < to; i++) {
        if (!vec_valid(m->v, i)) continue;
        int64_t at = places[row_hash(m, i) >> (64 - m->share_bits)]++;
        if (m->is_text)
            ((struct text *)m->rows)[at] = *vec_text(m->v, i);
        else
            ((uint64_t *)m->rows)[at] = row_word(m->v, i);
    }
    return RC_OK;
}

static int64_t count_words(const uint64_t *a, int64_t n, uint64_t *slots, uint64_t mask)
{
    int64_t found = 0;
    bool zero = false; /* 0 marks a free slot */
    for (int64_t i = 0; i < n; i++) {
        uint64_t at = hash_u64(a[i]) & mask;
        if (a[i] == 0) {
            zero = true;
            continue;
        }
        while (slots[at] && slots[at] != a[i])
            at = (at + 1) & mask;
        found += slots[at] == 0;
        slots[at] = a[i];
    }
    return found + zero;
}

static int64_t count_texts(const struct text *a, int64_t n, uint64_t *slots, uint64_t mask)
{
    int64_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        uint64_t at = text_hash(&a[i]) & mask;
        while (slots[at] && !text_eq(&a[slots[at] - 1], &a[i]))
            at = (at + 1) & mask;
        found += slots[at] == 0;
        if (!slots[at]) slots[at] = (uint64_t)i + 1;
    }
    return found;
}

static enum rc_t share_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct many *m = arg;
    int64_t from = m->start[task], n = m->start[task + 1] - from;
    uint64_t cap = 64, *slots;
    (void)worker;
    TRY(check_cancel(cx));
    while (cap < (uint64_t)n * 2)
        cap *= 2;
    TRY(mem_big_zero(cx, 8 * (size_t)cap, (void **)&slots));
    m->found[task] = m->is_text
                         ? count_texts((const struct text *)m->rows + from, n, slots, cap - 1)
                         : count_words((const uint64_t *)m->rows + from, n, slots, cap - 1);
    mem_big_free(slots);
    return RC_OK;
}

static void share_places(struct many *m)
{
    int64_t sum = 0;
    for (int64_t s = 0; s < (int64_t)1 << m->share_bits; s++) {
        m->start[s] = sum;
        for (int b = 0; b < m->n_blocks; b++) {
            int64_t *c = &m->counts[((int64_t)b << m->share_bits) + s], n = *c;
            *c = sum;
            sum += n;
        }
    }
    m->start[(int64_t)1 << m->share_bits] = sum;
}

static rc count_shares(struct agg_eval *e, struct many *m, int64_t *out)
{
    m->share_bits = 4;
    while (1 << m->share_bits < MOST_SHARES && m->n >> m->share_bits > SHARE_ROWS)
        m->share_bits++;
    int64_t shares = (int64_t)1 << m->share_bits;
    TRY(mem_big_zero(e->cx, 8 * (size_t)(m->n_blocks * shares), (void **)&m->counts));
    TRY(mem_big(e->cx, 8 * (size_t)(shares + 1), (void **)&m->start));
    TRY(mem_big_zero(e->cx, 8 * (size_t)shares, (void **)&m->found));
    TRY(mem_big(e->cx, mem_mul(m->is_text ? 16 : 8, (size_t)m->n), &m->rows));
    TRY(pool_run(e->cx, m->n_blocks, count_task, m));
    share_places(m);
    TRY(pool_run(e->cx, m->n_blocks, place_task, m));
    TRY(pool_run(e->cx, shares, share_task, m));
    *out = 0;
    for (int64_t s = 0; s < shares; s++)
        *out += m->found[s];
    return RC_OK;
}

/* Values of a small range are marked; *marked tells. */
static rc try_marks(struct agg_eval *e, struct many *m, int64_t *out, bool *marked)
{
    int64_t lo = INT64_MAX, hi = INT64_MIN;
    *marked = true;
    *out = 0;
    TRY(pool_run(e->cx, m->n_blocks, range_task, m));
    for (int b = 0; b < m->n_blocks; b++) {
        lo = m->lo[b] < lo ? m->lo[b] : lo;
        hi = m->hi[b] > hi ? m->hi[b] : hi;
    }
    if (lo > hi) return RC_OK;
    m->least = lo;
    uint64_t span = (uint64_t)hi - (uint64_t)lo;
    *marked = span / 16 <= (uint64_t)m->n;
    return *marked ? count_marks(e, m, span, out) : RC_OK;
}

rc distinct_many(struct agg_eval *e, int64_t n, const struct vec *v, int64_t *out)
{
    struct many m = {.v = v, .n = n, .is_text = v->phys == PHYS_STR};
    bool done = false;
    m.block = (n + MOST_BLOCKS - 1) / MOST_BLOCKS;
    m.n_blocks = (int)((n + m.block - 1) / m.block);
    enum rc_t res = RC_OK;
    if (!m.is_text && v->phys != PHYS_F64) res = try_marks(e, &m, out, &done);
    if (res == RC_OK && !done) res = count_shares(e, &m, out);
    mem_big_free((void *)m.bits);
    mem_big_free(m.counts);
    mem_big_free(m.start);
    mem_big_free(m.found);
    mem_big_free(m.rows);
    return res;
}
