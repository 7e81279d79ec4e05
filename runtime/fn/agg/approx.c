/* approx.c: approx_distinct, by HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with the
 * improved estimator of Ertl 2017 ("New cardinality estimation algorithms for HyperLogLog
 * sketches", algorithm 6), which needs no table of bias. Exact up to SMALL_MAX values: until then
 * the hashes themselves are kept. 2^14 registers give a standard error of 0.81 %. */
#include "runtime/fn/agg/agg.h"

#include "runtime/base/hash.h"

#include <math.h>

#define P         14
#define REGISTERS (1 << P)
#define SMALL_MAX 512

struct sketch {
    uint64_t *small; /* [SMALL_MAX * 2] open table of hashes, 0 = free */
    uint8_t *reg;    /* [REGISTERS] once there are more */
    int32_t n;       /* in small */
    int32_t has_zero;
};

static void put_register(uint8_t *reg, uint64_t h)
{
    uint64_t rest = h << P | UINT64_C(1) << (P - 1);
    uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1), *r = &reg[h >> (64 - P)];
    if (rank > *r) *r = rank;
}

static void to_registers(struct agg_eval *e, struct sketch *s)
{
    s->reg = arena_zero(e->arena, REGISTERS);
    for (int i = 0; s->small && i < SMALL_MAX * 2; i++)
        if (s->small[i]) put_register(s->reg, s->small[i]);
    if (s->has_zero) put_register(s->reg, 0);
    s->small = NULL;
}

static void sketch_add(struct agg_eval *e, struct sketch *s, uint64_t h)
{
    if (s->reg) {
        put_register(s->reg, h);
        return;
    }
    if (!h) {
        s->has_zero = 1;
        return;
    }
    if (!s->small) s->small = arena_zero(e->arena, sizeof *s->small * SMALL_MAX * 2);
    uint32_t at = (uint32_t)h & (SMALL_MAX * 2 - 1);
    for (; s->small[at]; at = (at + 1) & (SMALL_MAX * 2 - 1))
        if (s->small[at] == h) return;
    if (s->n == SMALL_MAX) {
        to_registers(e, s);
        put_register(s->reg, h);
        return;
    }
    s->small[at] = h;
    s->n++;
}

static uint64_t row_hash(const struct vec *v, int64_t i)
{
    double x;
    uint64_t k;
    switch (v->phys) {
    case PHYS_BOOL: return hash_u64((uint64_t)vec_bool(v, i) + 1);
    case PHYS_DATE32: return hash_mix(0, (uint64_t)vec_i32(v, i));
    case PHYS_F64:
        x = vec_f64(v, i) + 0.0; /* -0 is 0 */
        memcpy(&k, &x, 8);
        return hash_mix(0, k);
    case PHYS_STR: {
        struct str s = vec_str(v, i);
        return hash_u64(hash_bytes(s.p, s.n) + s.n);
    }
    default: return hash_mix(0, (uint64_t)vec_i64(v, i));
    }
}

static enum rc_t approx_update(struct agg_eval *e, char *base, size_t stride,
                               const uint32_t *groups, int64_t n, const struct vec *args)
{
    if (agg_const(e, 0)) { /* one value, whatever it is */
        for (int64_t i = 0; i < n && !e->consts[0].is_null; i++)
            sketch_add(e, (void *)(base + (groups ? groups[i] * stride : 0)), 1);
        return RC_OK;
    }
    for (int64_t i = 0; i < n; i++)
        if (vec_valid(&args[0], i))
            sketch_add(e, (void *)(base + (groups ? groups[i] * stride : 0)),
                       row_hash(&args[0], i));
    return RC_OK;
}

static enum rc_t approx_combine(struct agg_eval *e, char *dst, const char *src)
{
    struct sketch *d = (void *)dst;
    const struct sketch *s = (const void *)src;
    if (s->reg && !d->reg) to_registers(e, d);
    for (int i = 0; s->reg && i < REGISTERS; i++)
        if (s->reg[i] > d->reg[i]) d->reg[i] = s->reg[i];
    for (int i = 0; !s->reg && s->small && i < SMALL_MAX * 2; i++)
        if (s->small[i]) sketch_add(e, d, s->small[i]);
    if (!s->reg && s->has_zero) sketch_add(e, d, 0);
    return RC_OK;
}

/* Ertl's sigma and tau. */
static double sigma(double x)
{
    double y = 1, z = x, before;
    if (x == 1) return INFINITY;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}
static double tau(double x)
{
    double y = 1, z = 1 - x, before;
    if (x == 0 || x == 1) return 0;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

static int64_t estimate(const struct sketch *s)
{
    const int q = 64 - P;
    double m = REGISTERS, count[66] = {0};
    if (!s->reg) return s->n + s->has_zero;
    for (int i = 0; i < REGISTERS; i++)
        count[s->reg[i]]++;
    double z = m * tau(1 - count[q + 1] / m);
    for (int k = q; k >= 1; k--)
        z = 0.5 * (z + count[k]);
    z += m * sigma(count[0] / m);
    return (int64_t)llrint(m * m / (2 * M_LN2 * z));
}

static enum rc_t approx_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                              struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)out->data)[i] = estimate((const void *)(base + (size_t)i * stride));
    return RC_OK;
}

#define OF(k) AG(k, KIND_INT, struct sketch, approx_update, approx_combine, approx_final)
static const struct agg_overload approx_overloads[] = {
    OF(KIND_INT),  OF(KIND_NUM),      OF(KIND_STR),      OF(KIND_BOOL),
    OF(KIND_DATE), OF(KIND_DATETIME), OF(KIND_DURATION),
};
const struct agg_desc agg_approx_distinct = {
    .name = "approx_distinct",
    .sig = "approx_distinct(x) -> int",
    .doc = "About how many different values there are, in little memory: exact up to 512, then "
           "within 1 % (standard error 0.8 %).",
    .example = "approx_distinct([1, 1, 2, null])  #> 2",
    .overloads = approx_overloads,
    .n_overloads = COUNT(approx_overloads),
    .foreign = {NULL, "approx_count_distinct(%1)"},
};
