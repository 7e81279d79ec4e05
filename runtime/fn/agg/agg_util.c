/* agg_util.c: the shared parts of the aggregates. */
#include "runtime/fn/agg/agg.h"

#include "runtime/base/kernel.h"

#define LANES 8

KERNEL static void add_lanes(int64_t n, const double *restrict a, double *restrict acc)
{
    for (int64_t i = 0; i < n; i += LANES)
        for (int k = 0; k < LANES; k++)
            acc[k] += a[i + k];
}

double dense_sum(const double *a, int64_t n)
{
    double acc[LANES] = {0}, tail = 0;
    int64_t even = n - n % LANES;
    add_lanes(even, a, acc);
    for (int64_t i = even; i < n; i++)
        tail += a[i];
    return (((acc[0] + acc[4]) + (acc[1] + acc[5])) + ((acc[2] + acc[6]) + (acc[3] + acc[7]))) +
           tail;
}

int64_t take_f64(const struct vec *v, int64_t n, double *dst)
{
    const double *a = v->data;
    int64_t m = 0;
    if (!v->valid) {
        if (n) memcpy(dst, a, (size_t)n * sizeof *a);
        return n;
    }
    for (int64_t i = 0; i < n; i++) {
        dst[m] = a[i];
        m += bit_get(v->valid, i);
    }
    return m;
}

int64_t take_i64(const struct vec *v, int64_t n, int64_t *dst)
{
    const int64_t *a = v->data;
    int64_t m = 0;
    if (!v->valid) {
        if (n) memcpy(dst, a, (size_t)n * sizeof *a);
        return n;
    }
    for (int64_t i = 0; i < n; i++) {
        dst[m] = a[i];
        m += bit_get(v->valid, i);
    }
    return m;
}

enum rc_t type_first(struct ctx *cx, const struct dtype *args, int n, struct span span,
                     struct dtype *out)
{
    (void)cx;
    (void)span;
    if (n > 0 && args[0].kind == out->kind) *out = args[0];
    return RC_OK;
}

void keep_text(struct agg_eval *e, struct kept_text *s, struct str x)
{
    s->has = 1;
    if (x.n <= TEXT_INLINE) {
        s->text = text_make(x.p, x.n);
        return;
    }
    if (x.n > s->cap) {
        size_t cap = x.n < UINT32_MAX / 2 ? x.n + x.n / 2 : x.n;
        s->room = arena_alloc(e->arena, cap);
        s->cap = (uint32_t)cap;
    }
    memmove(s->room, x.p, x.n);
    s->text = text_make(s->room, x.n);
}

enum rc_t kept_text_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                          struct vec *out)
{
    (void)e;
    for (int64_t i = 0; i < n; i++) {
        const struct kept_text *s = (const void *)(base + (size_t)i * stride);
        ((struct text *)out->data)[i] = s->text;
        if (!s->has) out_null(out, i);
    }
    out->heap = NULL;
    return RC_OK;
}

bool agg_text(const struct agg_eval *e, const struct vec *args, int k, int64_t i, struct str *out)
{
    if (agg_const(e, k)) {
        *out = e->consts[k].u.s;
        return !e->consts[k].is_null;
    }
    if (!vec_valid(&args[k], i)) return false;
    *out = vec_str(&args[k], i);
    return true;
}
