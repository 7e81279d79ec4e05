/* hash_fn.c: hash(x), a fixed 64-bit hash: equal values, equal hash, on every run and machine. */
#include "runtime/base/hash.h"
#include "runtime/fn/fn_int.h"

static int64_t hash_row(const struct vec *v, int64_t i)
{
    switch (v->phys) {
    case PHYS_STR: {
        struct str s = vec_str(v, i);
        return (int64_t)hash_bytes(s.p, s.n);
    }
    case PHYS_BOOL: return (int64_t)hash_u64(vec_bool(v, i) + UINT64_C(1));
    case PHYS_DATE32: return (int64_t)hash_u64((uint64_t)(int64_t)vec_i32(v, i));
    case PHYS_F64: {
        double x = vec_f64(v, i);
        uint64_t bits;
        x = x == 0 ? 0 : x; /* -0.0 equals 0.0 */
        memcpy(&bits, &x, 8);
        return (int64_t)hash_u64(bits);
    }
    default: return (int64_t)hash_u64((uint64_t)vec_i64(v, i));
    }
}

static enum rc_t hash(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)out->data)[i] = bit_valid(live, i) ? hash_row(&args[0], i) : 0;
    return RC_OK;
}
static const struct fn_overload hash_overloads[] = {
    OV1(KIND_INT, KIND_INT, hash),      OV1(KIND_NUM, KIND_INT, hash),
    OV1(KIND_STR, KIND_INT, hash),      OV1(KIND_BOOL, KIND_INT, hash),
    OV1(KIND_DATE, KIND_INT, hash),     OV1(KIND_DATETIME, KIND_INT, hash),
    OV1(KIND_DURATION, KIND_INT, hash),
};
const struct fn_desc fn_hash = {
    .name = "hash",
    .sig = "hash(x) -> int",
    .doc = "A whole number that depends on the value alone, the same on every run.",
    .example = "hash(\"a\") == hash(\"a\")  #> true",
    .flags = FN_PURE,
    .overloads = hash_overloads,
    .n_overloads = COUNT(hash_overloads),
};
