/* fn_int.h: what the files of fn/ share: reading arguments, writing results, overload rows. */
#ifndef MLNB_FN_FN_INT_H
#define MLNB_FN_FN_INT_H

#include "runtime/fn/fn.h"

#include "runtime/base/mem.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* Rows of an overload table. */
#define OV0(r, k)                                                                                  \
    {                                                                                              \
        .n_args = 0, .ret = (r), .kernel = (k)                                                     \
    }
#define OV1(a, r, k)                                                                               \
    {                                                                                              \
        .n_args = 1, .args = {(a)}, .ret = (r), .kernel = (k)                                      \
    }
#define OV2(a, b, r, k)                                                                            \
    {                                                                                              \
        .n_args = 2, .args = {(a), (b)}, .ret = (r), .kernel = (k)                                 \
    }
#define OV3(a, b, c, r, k)                                                                         \
    {                                                                                              \
        .n_args = 3, .args = {(a), (b), (c)}, .ret = (r), .kernel = (k)                            \
    }
#define OV4(a, b, c, d, r, k)                                                                      \
    {                                                                                              \
        .n_args = 4, .args = {(a), (b), (c), (d)}, .ret = (r), .kernel = (k)                       \
    }
#define OVN(a, r, k)                                                                               \
    {                                                                                              \
        .n_args = -1, .args = {(a)}, .ret = (r), .kernel = (k)                                     \
    }

/* ---- reading arguments row by row (slow paths and text; kern/ templates read whole arrays) ----
 */
static inline int64_t vec_at(const struct vec *v, int64_t i)
{
    return v->is_const ? 0 : i;
}
static inline bool vec_valid(const struct vec *v, int64_t i)
{
    return bit_valid(v->valid, vec_at(v, i));
}
static inline bool vec_bool(const struct vec *v, int64_t i)
{
    return bit_get((const uint64_t *)v->data, vec_at(v, i));
}
static inline int32_t vec_i32(const struct vec *v, int64_t i)
{
    return ((const int32_t *)v->data)[vec_at(v, i)];
}
static inline int64_t vec_i64(const struct vec *v, int64_t i)
{
    return ((const int64_t *)v->data)[vec_at(v, i)];
}
static inline double vec_f64(const struct vec *v, int64_t i)
{
    return ((const double *)v->data)[vec_at(v, i)];
}
static inline const struct text *vec_text(const struct vec *v, int64_t i)
{
    return &((const struct text *)v->data)[vec_at(v, i)];
}
static inline struct str vec_str(const struct vec *v, int64_t i) /* borrowed from the vector */
{
    return text_str(vec_text(v, i));
}
/* 64 validity bits from row 64 * w; a constant's bit stands for all. */
static inline uint64_t vec_valid_word(const struct vec *v, int64_t w)
{
    if (!v->valid) return ~UINT64_C(0);
    return v->is_const ? (uint64_t)0 - (v->valid[0] & 1) : v->valid[w];
}
/* 64 bool values, null counting as false. */
static inline uint64_t vec_bool_word(const struct vec *v, int64_t w)
{
    const uint64_t *bits = v->data;
    uint64_t b = v->is_const ? (uint64_t)0 - (bits[0] & 1) : bits[w];
    return b & vec_valid_word(v, w);
}
/* Rows without a null argument as bits, NULL when that is every row. Text kernels look at no other
 * rows: what lies under a null may be no text. */
const uint64_t *live_rows(struct fn_eval *e, int64_t n, const struct vec *args);
/* Whether no argument is null in row i. */
bool row_valid(const struct fn_eval *e, const struct vec *args, int64_t i);

/* ---- writing results ---- */
static inline uint64_t *out_valid(struct vec *out)
{
    return (uint64_t *)out->valid;
}
static inline void out_null(struct vec *out, int64_t i)
{
    bit_clear(out_valid(out), i);
}
/* out->valid = rows where every argument is there (for kernels with nulls of their own). */
void out_valid_of(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out);

/* Packs long result texts into arena blocks. */
struct text_out {
    struct arena *arena;
    char *p;
    size_t left;
};
static inline struct text_out text_out_to(struct fn_eval *e)
{
    return (struct text_out){.arena = e->cx->arena};
}
char *text_room(struct text_out *o, size_t n); /* n bytes that stay; text_made tells how many */
void text_made(struct text_out *o, size_t n);  /* the first n of the last room are used */
struct text text_keep(struct text_out *o, struct str s); /* a view of a copy of s */
/* Marks a text result as sharing the heap of argument v (whose slices it holds). */
static inline void out_shares(struct vec *out, const struct vec *v)
{
    out->heap = v->is_const ? NULL : v->heap;
}

/* ---- notes ---- */
/* Counts row i of the batch; text as printf. */
void note_row(struct fn_eval *e, int64_t i, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* After a num kernel: NaN becomes a counted null. what: function or operator name; two arguments
 * print as `a op b` when it is an operator. */
enum rc_t fix_nan(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                  const char *what);
/* As fix_nan, and infinities are counted where the arguments are finite (x / 0, log(0)). */
enum rc_t fix_nan_pole(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                       const char *what);
/* E312 for row i: "int overflow in row 7: 9 * 8". */
rc fail_overflow(struct fn_eval *e, int64_t i, const struct vec *args, const char *what);
/* Text of argument v in row i, as in messages (short). */
void arg_text(const struct fn_eval *e, const struct vec *v, int arg, int64_t i, char *buf,
              size_t n);

/* ---- result types beyond a kind; out comes preset to the overload's kind ---- */
/* Datetimes must all have a zone or none (E207); a datetime result takes the first one's. */
enum rc_t type_zone(struct ctx *cx, const struct dtype *args, int n, struct span span,
                    struct dtype *out);

/* ---- comparison, shared by ==, in, in_range, between ---- */
enum cmp { CMP_IS_EQ, CMP_IS_LT, CMP_IS_LE };
/* out words: bit i = a[i] op b[i], without regard to validity. */
void compare_bits(enum cmp op, int64_t n, const struct vec *a, const struct vec *b, uint64_t *out);

/* Eight bytes of 0 / 1 to eight bits, in order. */
static inline uint64_t pack_bytes(const uint8_t *t)
{
    uint64_t x;
    memcpy(&x, t, 8);
    return (x * UINT64_C(0x0102040810204080)) >> 56;
}
static inline uint64_t pack_word(const uint8_t t[64])
{
    uint64_t w = 0;
    for (int k = 0; k < 8; k++)
        w |= pack_bytes(t + 8 * k) << (8 * k);
    return w;
}

/* Constant argument i: present and not null. */
static inline bool const_given(const struct fn_eval *e, int i)
{
    return i < e->n_args && e->is_const[i] && !e->consts[i].is_null;
}
/* E217 unless argument i is a constant. what: how the message calls it ("the pattern"). */
rc need_const(struct fn_eval *e, int i, const char *fn, const char *what);

#endif
