/* vec.c: selecting, widening and slicing of batch vectors. */
#include "runtime/exec/threads/threads_int.h"

#include "runtime/base/kernel.h"

void scratch_need(struct scratch *s, struct arena *a, int64_t rows)
{
    if (s->data) return;
    s->data = arena_alloc(a, (size_t)rows * 16 + 64);
    s->valid = arena_alloc(a, BITMAP_WORDS(rows) * 8 + 64);
}

bool words_all_set(const uint64_t *b, int64_t n)
{
    int64_t whole = n / 64;
    for (int64_t w = 0; w < whole; w++)
        if (b[w] != ~UINT64_C(0)) return false;
    uint64_t tail = (UINT64_C(1) << (n % 64)) - 1;
    return n % 64 == 0 || (b[whole] & tail) == tail;
}

#define SELECT(T)                                                                                  \
    static KERNEL void select_##T(int64_t n, const T *restrict in, const int32_t *restrict sel,    \
                                  T *restrict out)                                                 \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            out[i] = in[sel[i]];                                                                   \
    }
SELECT(uint32_t)
SELECT(uint64_t)

static void select_text(int64_t n, const struct text *in, const int32_t *sel, struct text *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = in[sel[i]];
}

static void select_bits(int64_t n, const uint64_t *in, const int32_t *sel, uint64_t *out)
{
    for (int64_t at = 0; at < n; at += 64) {
        uint64_t word = 0;
        int64_t m = n - at < 64 ? n - at : 64;
        for (int64_t i = 0; i < m; i++)
            word |= (uint64_t)bit_get(in, sel[at + i]) << i;
        out[at / 64] = word;
    }
}

/* Nested values take the long way: a column of their own, alive until the batch is done. */
static rc select_nested(struct ctx *cx, const struct vec *v, struct dtype type, const int32_t *sel,
                        int64_t n, struct vec *out)
{
    struct builder b;
    struct column *c;
    builder_init(&b, type, v->phys);
    enum rc_t res = builder_append(cx, &b, v, sel, n);
    if (res == RC_OK) res = builder_finish(cx, &b, &c);
    builder_release(&b);
    if (res != RC_OK) return res;
    arena_column(cx->arena, c);
    *out = column_view(c, 0, n);
    return RC_OK;
}

rc vec_select(struct ctx *cx, struct scratch *s, const struct vec *v, struct dtype type,
              const int32_t *sel, int64_t n, struct vec *out)
{
    *out = *v;
    if (v->is_const) return RC_OK;
    if (v->phys == PHYS_LIST || v->phys == PHYS_STRUCT)
        return select_nested(cx, v, type, sel, n, out);
    if (v->phys == PHYS_BOOL)
        select_bits(n, v->data, sel, s->data);
    else if (v->phys == PHYS_STR)
        select_text(n, v->data, sel, s->data);
    else if (phys_width(v->phys) == 4)
        select_uint32_t(n, v->data, sel, s->data);
    else
        select_uint64_t(n, v->data, sel, s->data);
    out->data = s->data;
    if (v->valid) {
        select_bits(n, v->valid, sel, s->valid);
        out->valid = words_all_set(s->valid, n) ? NULL : s->valid;
    }
    return RC_OK;
}

static KERNEL void widen_i32(int64_t n, const int32_t *restrict in, int64_t *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = in[i];
}
static KERNEL void widen_f32(int64_t n, const float *restrict in, double *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (double)in[i];
}

static void decode(int64_t n, const struct vec *v, struct text *out)
{
    const struct text *levels = v->dict->data;
    const int32_t *codes = v->data;
    if (v->dict->n == 0) { /* all null */
        memset(out, 0, (size_t)n * sizeof *out);
        return;
    }
    for (int64_t i = 0; i < n; i++) /* a null's code is 0 in columns, but may be anything here */
        out[i] = levels[(uint32_t)codes[i] < (uint64_t)v->dict->n ? codes[i] : 0];
}

void vec_canonical(struct scratch *s, const struct vec *v, struct dtype type, int64_t n,
                   struct vec *out)
{
    enum phys want = kind_phys(type.kind);
    *out = *v;
    if (v->phys == want) return;
    if (v->is_const) n = 1;
    if (v->phys == PHYS_I32 && want == PHYS_I64)
        widen_i32(n, v->data, s->data);
    else if (v->phys == PHYS_F32 && want == PHYS_F64)
        widen_f32(n, v->data, s->data);
    else if (v->phys == PHYS_DICT && want == PHYS_STR)
        decode(n, v, s->data);
    else
        return;
    out->heap = v->phys == PHYS_DICT ? v->dict : NULL;
    out->dict = NULL;
    out->phys = want;
    out->data = s->data;
}

static void put_value(uint64_t room[2], const struct scalar *s)
{
    switch (s->type.kind) {
    case KIND_BOOL: room[0] = s->u.b ? ~UINT64_C(0) : 0; break;
    case KIND_NUM: memcpy(room, &s->u.f, 8); break;
    case KIND_STR: {
        struct text t = text_make(s->u.s.p, s->u.s.n);
        memcpy(room, &t, sizeof t);
        break;
    }
    case KIND_DATE: {
        int32_t day = (int32_t)s->u.i;
        memcpy(room, &day, 4);
        break;
    }
    default: memcpy(room, &s->u.i, 8);
    }
}

rc vec_literal(struct ctx *cx, const struct scalar *s, uint64_t room[2], struct vec *out)
{
    static const uint64_t none[1] = {0};
    struct column *c;
    room[0] = room[1] = 0;
    *out = (struct vec){.phys = kind_phys(s->type.kind), .is_const = true, .data = room};
    if (s->type.kind == KIND_LIST || s->type.kind == KIND_STRUCT) {
        out->data = NULL;                  /* kernels read the scalar */
    } else if (s->type.kind == KIND_CAT) { /* a dictionary of one level, or none */
        TRY(column_fill(cx, s, 1, &c));
        arena_column(cx->arena, c);
        *out = column_view(c, 0, 1);
        out->is_const = true;
    } else if (!s->is_null) {
        put_value(room, s);
    }
    if (s->is_null) out->valid = none;
    return RC_OK;
}

void vec_spread(struct scratch *s, const struct vec *v, int64_t n, struct vec *out)
{
    const struct vec in = *v; /* out may be v itself */
    *out = in;
    if (!in.is_const) return;
    out->is_const = false;
    out->data = s->data;
    size_t width = in.phys == PHYS_STR ? 16 : phys_width(in.phys);
    if (in.phys == PHYS_BOOL)
        bitmap_fill(s->data, n, bit_get(in.data, 0));
    else
        for (int64_t i = 0; i < n; i++)
            memcpy((char *)s->data + (size_t)i * width, in.data, width);
    if (in.valid) {
        bool is_valid = bit_get(in.valid, 0);
        bitmap_fill(s->valid, n, is_valid);
        out->valid = is_valid ? NULL : s->valid;
    }
}

struct vec vec_slice(const struct vec *v, int64_t at)
{
    struct vec s = *v;
    if (v->is_const || at == 0) return s;
    if (v->valid) s.valid = v->valid + at / 64;
    if (v->phys == PHYS_BOOL)
        s.data = (const uint64_t *)v->data + at / 64;
    else if (v->phys != PHYS_STRUCT)
        s.data =
            (const char *)v->data + (size_t)at * (v->phys == PHYS_STR ? 16 : phys_width(v->phys));
    return s;
}

int64_t vec_true_rows(const struct vec *v, int64_t n, int32_t *sel)
{
    const uint64_t *bits = v->data;
    int64_t m = 0;
    if (v->is_const) {
        if (!bit_get(bits, 0) || !bit_valid(v->valid, 0)) return 0;
        for (; m < n; m++)
            sel[m] = (int32_t)m;
        return n;
    }
    for (int64_t at = 0; at < n; at += 64) {
        uint64_t word = bits[at / 64];
        if (v->valid) word &= v->valid[at / 64];
        if (n - at < 64) word &= (UINT64_C(1) << (n - at)) - 1;
        for (; word; word &= word - 1)
            sel[m++] = (int32_t)(at + __builtin_ctzll(word));
    }
    return m;
}
