/* bits.c: & | # ~ << >> of whole numbers, and the aggregates bit_and, bit_or, bit_xor. Numbers have
 * 64 bits; shifts count modulo 64 and keep the sign, as bigint's do in PostgreSQL. */
#include "runtime/fn/agg/agg.h"
#include "runtime/fn/sql/sql.h"

#define BITS(id, expr, text, sample)                                                               \
    static enum rc_t id##_rows(struct fn_eval *e, int64_t n, const struct vec *args,               \
                               struct vec *out)                                                    \
    {                                                                                              \
        int64_t *r = (int64_t *)out->data;                                                         \
        (void)e;                                                                                   \
        for (int64_t i = 0; i < n; i++) {                                                          \
            uint64_t x = (uint64_t)vec_i64(&args[0], i), y = (uint64_t)vec_i64(&args[1], i);       \
            r[i] = (int64_t)(expr);                                                                \
        }                                                                                          \
        return RC_OK;                                                                              \
    }                                                                                              \
    static const struct fn_overload sql_##id##_overloads[] = {                                     \
        OV2(KIND_INT, KIND_INT, KIND_INT, id##_rows),                                              \
    };                                                                                             \
    SQL_FN(sql_##id, "sql_" #id "(x: int, y: int) -> int", text, sample, 0, .nulls = FN_ANY_NULL)

static uint64_t shift_right(uint64_t x, unsigned k)
{
    uint64_t r = x >> k;
    return x >> 63 && k ? r | ~(UINT64_MAX >> k) : r;
}
BITS(bit_and, x &y, "SQL's x & y.", "sql_bit_and(12, 10)  #> 8");
BITS(bit_or, x | y, "SQL's x | y.", "sql_bit_or(12, 10)  #> 14");
BITS(bit_xor, x ^ y, "SQL's x # y.", "sql_bit_xor(12, 10)  #> 6");
BITS(bit_left, x << (y & 63), "SQL's x << y.", "sql_bit_left(1, 4)  #> 16");
BITS(bit_right, shift_right(x, (unsigned)(y & 63)), "SQL's x >> y.",
     "sql_bit_right(-16, 2)  #> -4");

static enum rc_t bit_not_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    (void)e;
    for (int64_t i = 0; i < n; i++)
        r[i] = ~vec_i64(&args[0], i);
    return RC_OK;
}
static const struct fn_overload sql_bit_not_overloads[] = {OV1(KIND_INT, KIND_INT, bit_not_rows)};
SQL_FN(sql_bit_not, "sql_bit_not(x: int) -> int", "SQL's ~x.", "sql_bit_not(5)  #> -6", 0,
       .nulls = FN_ANY_NULL);

/* ---- aggregates ---- */
#define BIT_AGG(id, op, text, sample)                                                              \
    static enum rc_t id##_group(struct agg_eval *e, int64_t n, const struct vec *args,             \
                                struct vec *out, int64_t at)                                       \
    {                                                                                              \
        bool any = false, is_const = agg_const(e, 0);                                              \
        uint64_t r = 0;                                                                            \
        for (int64_t i = 0; i < n; i++) {                                                          \
            if (is_const ? e->consts[0].is_null : !vec_valid(&args[0], i)) continue;               \
            uint64_t x = (uint64_t)(is_const ? e->consts[0].u.i : vec_i64(&args[0], i));           \
            r = any ? (r op x) : x;                                                                \
            any = true;                                                                            \
        }                                                                                          \
        ((int64_t *)out->data)[at] = (int64_t)r;                                                   \
        if (!any) out_null(out, at);                                                               \
        return RC_OK;                                                                              \
    }                                                                                              \
    static const struct agg_overload sql_all_##id##_overloads[] = {                                \
        AGW(KIND_INT, KIND_INT, id##_group)};                                                      \
    const struct agg_desc agg_sql_all_##id = {.name = "sql_all_" #id,                              \
                                              .sig = "sql_all_" #id "(x: int) -> int",             \
                                              .doc = text,                                         \
                                              .example = sample,                                   \
                                              .is_hidden = true,                                   \
                                              .overloads = sql_all_##id##_overloads,               \
                                              .n_overloads = COUNT(sql_all_##id##_overloads)}

BIT_AGG(bit_and, &, "SQL's bit_and(x).", "sql_all_bit_and([12, 10])  #> 8");
BIT_AGG(bit_or, |, "SQL's bit_or(x).", "sql_all_bit_or([12, 10])  #> 14");
BIT_AGG(bit_xor, ^, "SQL's bit_xor(x).", "sql_all_bit_xor([12, 10])  #> 6");
