/* wdict.c: dictionaries of what is written, and statistics. A dictionary pays when values repeat:
 * a look at the first ones decides, and it is given up when it grows too large. */
#include "runtime/io/parquet/pq_write.h"

#include "runtime/base/hash.h"
#include "runtime/base/utf8.h"

#include <math.h>

#define SAMPLE     8192
#define MAX_LEVELS 65536
#define MAX_BYTES  (1 << 20)
#define STAT_BYTES 64

struct table_of {
    uint32_t *slots; /* code + 1 */
    uint32_t mask;
    const struct pq_values *v;
    struct pq_wdict *d;
    size_t bytes;
};

static uint64_t hash_value(const struct pq_values *v, int64_t i)
{
    if (v->phys == PHYS_STR) {
        struct str s = text_str((const struct text *)v->data + i);
        return hash_bytes(s.p, s.n);
    }
    if (v->phys == PHYS_DATE32) return hash_u64((uint64_t)((const int32_t *)v->data)[i]);
    return hash_u64(((const uint64_t *)v->data)[i] + 1);
}

static bool same_value(const struct pq_values *v, int64_t a, int64_t b)
{
    if (v->phys == PHYS_STR)
        return text_eq((const struct text *)v->data + a, (const struct text *)v->data + b);
    if (v->phys == PHYS_DATE32)
        return ((const int32_t *)v->data)[a] == ((const int32_t *)v->data)[b];
    return ((const uint64_t *)v->data)[a] == ((const uint64_t *)v->data)[b];
}

static void add(struct table_of *t, int64_t i)
{
    uint32_t at = (uint32_t)hash_value(t->v, i) & t->mask;
    while (t->slots[at] && !same_value(t->v, t->d->first[t->slots[at] - 1], i))
        at = (at + 1) & t->mask;
    if (!t->slots[at]) {
        t->d->first[t->d->n++] = i;
        t->slots[at] = (uint32_t)t->d->n;
        t->bytes += t->v->phys == PHYS_STR ? ((const struct text *)t->v->data)[i].n + 4 : 8;
    }
    t->d->codes[i] = t->slots[at] - 1;
}

static bool is_worth(const struct table_of *t, int64_t seen, int64_t all, bool always)
{
    if (always) return t->d->n < INT32_MAX;
    if (t->d->n > MAX_LEVELS || t->bytes > MAX_BYTES) return false;
    if (seen == all || seen == SAMPLE) return t->d->n <= seen / 2 + 1;
    return true;
}

static rc hash_all(struct ctx *cx, const struct pq_values *v, bool always, struct pq_wdict *d)
{
    uint32_t cap = 1 << 18;
    while (cap < 2 * (uint64_t)v->n && (always || cap < 1 << 18))
        cap *= 2;
    while (cap > 64 && cap / 4 > (uint64_t)v->n)
        cap /= 2;
    struct table_of t = {.mask = cap - 1, .v = v, .d = d};
    TRY(mem_big_zero(cx, sizeof *t.slots * cap, (void **)&t.slots));
    bool ok = true;
    for (int64_t i = 0; i < v->n && ok;) {
        int64_t to = i + SAMPLE < v->n ? i + SAMPLE : v->n;
        for (; i < to; i++)
            add(&t, i);
        ok = is_worth(&t, i, v->n, always);
    }
    mem_big_free(t.slots);
    d->is_used = ok;
    return RC_OK;
}

/* Codes are there already: only those in use get numbers. */
static rc renumber(struct ctx *cx, const struct pq_values *v, struct pq_wdict *d)
{
    const int32_t *codes = v->data;
    uint32_t *number;
    TRY(mem_big_zero(cx, sizeof *number * (size_t)(v->dict->n + 1), (void **)&number));
    for (int64_t i = 0; i < v->n; i++) {
        uint32_t *k = &number[codes[i]];
        if (!*k) {
            d->first[d->n++] = codes[i];
            *k = (uint32_t)d->n;
        }
        d->codes[i] = *k - 1;
    }
    mem_big_free(number);
    d->is_used = true;
    return RC_OK;
}

rc pq_wdict_make(struct ctx *cx, const struct pq_values *v, bool always, struct pq_wdict *d)
{
    *d = (struct pq_wdict){0};
    if (v->phys == PHYS_BOOL || (v->n == 0 && v->phys != PHYS_DICT)) return RC_OK;
    int64_t most = v->phys == PHYS_DICT && v->dict->n < v->n ? v->dict->n : v->n;
    TRY(mem_big(cx, sizeof *d->codes * (size_t)(v->n + 8), (void **)&d->codes));
    TRY(mem_big(cx, sizeof *d->first * (size_t)(most + 1), (void **)&d->first));
    return v->phys == PHYS_DICT ? renumber(cx, v, d) : hash_all(cx, v, always, d);
}

void pq_wdict_free(struct pq_wdict *d)
{
    mem_big_free(d->codes);
    mem_big_free(d->first);
    *d = (struct pq_wdict){0};
}

/* ---- statistics ---- */
static void range_i64(const int64_t *v, int64_t n, struct pq_wstats *s)
{
    int64_t lo = v[0], hi = v[0];
    for (int64_t i = 1; i < n; i++) {
        lo = v[i] < lo ? v[i] : lo;
        hi = v[i] > hi ? v[i] : hi;
    }
    memcpy(s->min, &lo, 8);
    memcpy(s->max, &hi, 8);
    s->n_min = s->n_max = 8;
}

static void range_i32(const int32_t *v, int64_t n, struct pq_wstats *s)
{
    int32_t lo = v[0], hi = v[0];
    for (int64_t i = 1; i < n; i++) {
        lo = v[i] < lo ? v[i] : lo;
        hi = v[i] > hi ? v[i] : hi;
    }
    memcpy(s->min, &lo, 4);
    memcpy(s->max, &hi, 4);
    s->n_min = s->n_max = 4;
}

/* A zero may be of either sign: the least is written as -0, the greatest as +0. */
static void range_f64(const double *v, int64_t n, struct pq_wstats *s)
{
    double lo = INFINITY, hi = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        lo = v[i] < lo ? v[i] : lo;
        hi = v[i] > hi ? v[i] : hi;
    }
    lo = lo == 0 ? -0.0 : lo;
    hi = hi == 0 ? 0.0 : hi;
    memcpy(s->min, &lo, 8);
    memcpy(s->max, &hi, 8);
    s->n_min = s->n_max = 8;
}

static void range_bool(const uint8_t *v, int64_t n, struct pq_wstats *s)
{
    s->min[0] = 1;
    s->max[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        s->min[0] &= v[i];
        s->max[0] |= v[i];
    }
    s->n_min = s->n_max = 1;
}

/* At most STAT_BYTES, cut between characters. */
static size_t cut(struct str t)
{
    size_t n = t.n;
    if (n <= STAT_BYTES) return n;
    n = STAT_BYTES;
    while (n > 0 && ((unsigned char)t.p[n] & 0xC0) == 0x80)
        n--;
    return n;
}

/* A bound above a text that was cut: its last plain character that has a next one, raised. */
static int raise(uint8_t *p, size_t n)
{
    while (n > 0 && p[n - 1] >= 0x7E)
        n--;
    if (n == 0) return -1;
    p[n - 1]++;
    return (int)n;
}

static struct str text_at(const struct pq_values *v, const struct pq_wdict *d, int64_t i)
{
    if (v->phys == PHYS_DICT) return text_str((const struct text *)v->dict->data + d->first[i]);
    return text_str((const struct text *)v->data + (d->is_used ? d->first[i] : i));
}

static void range_text(const struct pq_values *v, const struct pq_wdict *d, struct pq_wstats *s)
{
    int64_t n = d->is_used ? d->n : v->n;
    struct str lo = text_at(v, d, 0), hi = lo;
    for (int64_t i = 1; i < n; i++) {
        struct str t = text_at(v, d, i);
        if (str_cmp(t, lo) < 0)
            lo = t;
        else if (str_cmp(t, hi) > 0)
            hi = t;
    }
    size_t n_lo = cut(lo), n_hi = cut(hi);
    if (n_lo) memcpy(s->min, lo.p, n_lo);
    if (n_hi) memcpy(s->max, hi.p, n_hi);
    s->n_min = (int)n_lo;
    s->min_exact = n_lo == lo.n;
    s->max_exact = n_hi == hi.n;
    s->n_max = s->max_exact ? (int)n_hi : raise(s->max, n_hi);
}

void pq_wstats_make(const struct pq_values *v, const struct pq_wdict *d, struct pq_wstats *s)
{
    *s = (struct pq_wstats){.n_min = -1, .n_max = -1, .min_exact = true, .max_exact = true};
    s->n_null = v->n_entries - v->n;
    if (v->n == 0) return;
    switch (v->phys) {
    case PHYS_BOOL: range_bool(v->data, v->n, s); break;
    case PHYS_DATE32: range_i32(v->data, v->n, s); break;
    case PHYS_F64: range_f64(v->data, v->n, s); break;
    case PHYS_STR:
    case PHYS_DICT: range_text(v, d, s); break;
    default: range_i64(v->data, v->n, s);
    }
}
