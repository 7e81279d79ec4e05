/* values.c: stored values as ours. Numbers go in straight loops; texts are views into the page (or
 * the dictionary), which the column then keeps alive. */
#include "runtime/io/parquet/pq_int.h"

#include "runtime/base/hash.h"
#include "runtime/base/kernel.h"
#include "runtime/base/num.h"
#include "runtime/base/utf8.h"

#include <math.h>
#include <stdio.h>

/* ---- memory of texts ---- */
void pq_out_keep(struct pq_out *o, struct buf *b)
{
    for (int i = o->n_bufs; i-- > 0;)
        if (o->bufs[i] == b) return;
    o->bufs = mem_realloc(o->bufs, sizeof *o->bufs * (size_t)(o->n_bufs + 1));
    o->bufs[o->n_bufs++] = buf_ref(b);
}

void pq_out_release(struct pq_out *o)
{
    for (int i = 0; i < o->n_bufs; i++)
        buf_unref(o->bufs[i]);
    mem_free(o->bufs);
    mem_big_free(o->data);
    mem_big_free(o->valid);
    column_unref(o->dict);
    *o = (struct pq_out){0};
}

/* A text made here: kept in a heap of the output. */
static rc made_text(struct ctx *cx, struct pq_out *o, const char *p, size_t n, struct text *out)
{
    if (n > TEXT_INLINE && o->heap_cap - o->heap_n < n) {
        size_t cap = n > 1 << 16 ? n : 1 << 16;
        struct buf *b;
        TRY(buf_new(cx, cap, &b));
        pq_out_keep(o, b);
        o->heap = b->p;
        o->heap_n = 0;
        o->heap_cap = cap;
        buf_unref(b);
    }
    if (n > TEXT_INLINE) {
        memcpy(o->heap + o->heap_n, p, n);
        p = o->heap + o->heap_n;
        o->heap_n += n;
    }
    *out = text_make(p, n);
    return RC_OK;
}

/* ---- bytes as text ---- */
bool pq_is_ascii(const char *p, size_t n)
{
    uint64_t all = 0, v;
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        uint64_t w[8];
        memcpy(w, p + i, 64);
        all |= w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7];
    }
    for (; i + 8 <= n; i += 8) {
        memcpy(&v, p + i, 8);
        all |= v;
    }
    for (; i < n; i++)
        all |= (uint64_t)(unsigned char)p[i] << 56;
    return (all & UINT64_C(0x8080808080808080)) == 0;
}

static rc hex_text(struct ctx *cx, struct pq_out *o, struct str s, struct text *out)
{
    static const char digits[] = "0123456789abcdef";
    struct strbuf b = {0};
    strbuf_grow(&b, s.n * 2 + 2);
    strbuf_addz(&b, "0x");
    for (size_t i = 0; i < s.n; i++) {
        strbuf_addc(&b, digits[(unsigned char)s.p[i] >> 4]);
        strbuf_addc(&b, digits[(unsigned char)s.p[i] & 15]);
    }
    enum rc_t res = made_text(cx, o, b.p, b.n, out);
    strbuf_release(&b);
    return res;
}

static rc uuid_text(struct ctx *cx, struct pq_out *o, struct str s, struct text *out)
{
    char b[40];
    int n = 0;
    for (int i = 0; i < 16; i++)
        n += snprintf(b + n, sizeof b - (size_t)n, "%s%02x",
                      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", (unsigned char)s.p[i]);
    return made_text(cx, o, b, (size_t)n, out);
}

/* Months, days and milliseconds as ISO 8601 has them: P1M2DT3.5S. */
static rc interval_text(struct ctx *cx, struct pq_out *o, struct str s, struct text *out)
{
    uint32_t v[3];
    char b[64];
    memcpy(v, s.p, 12);
    int n = snprintf(b, sizeof b, "P");
    if (v[0]) n += snprintf(b + n, sizeof b - (size_t)n, "%uM", v[0]);
    if (v[1]) n += snprintf(b + n, sizeof b - (size_t)n, "%uD", v[1]);
    if (v[2] || n == 1)
        n += snprintf(b + n, sizeof b - (size_t)n, "T%u.%03uS", v[2] / 1000, v[2] % 1000);
    return made_text(cx, o, b, (size_t)n, out);
}

static bool is_text(const struct pq_leaf *l, struct str s)
{
    if (l->conv == CONV_BYTES && s.n && memchr(s.p, 0, s.n)) return false;
    return utf8_check(s.p, s.n) == s.n;
}

static rc one_text(struct ctx *cx, struct pq_scan *scan, const struct pq_leaf *l, struct str s,
                   struct text *out, struct pq_out *o)
{
    switch (l->conv) {
    case CONV_UUID: return uuid_text(cx, o, s, out);
    case CONV_INTERVAL: return interval_text(cx, o, s, out);
    case CONV_HEX: return hex_text(cx, o, s, out);
    default: break;
    }
    if (s.n > INT32_MAX) return pq_broken(cx, scan, l, "a text is longer than 2 GB");
    if (is_text(l, s)) {
        *out = text_make(s.p, s.n);
        return RC_OK;
    }
    if (l->conv == CONV_TEXT) atomic_fetch_add(&scan->n_hex, 1);
    return hex_text(cx, o, s, out);
}

/* ---- decimals ---- */
static double small_decimal(const struct pq_leaf *l, int64_t v)
{
    char b[64];
    double x;
    if (l->ten != 0 && v > -(INT64_C(1) << 53) && v < INT64_C(1) << 53)
        return (double)v / l->ten; /* both exact, so the quotient is rounded once */
    int n = snprintf(b, sizeof b, "%llde%d", (long long)v, -l->e->scale);
    return num_parse(b, (size_t)n, &x) ? x : NAN;
}

/* Digits of a big-endian two's complement number of up to 256 bytes. */
static double big_decimal(const struct pq_leaf *l, const unsigned char *p, size_t n)
{
    uint8_t v[256];
    char digits[700];
    bool is_negative = p[0] & 0x80;
    unsigned carry = is_negative;
    size_t at = sizeof digits;
    for (size_t i = n; i-- > 0;) {
        unsigned x = (is_negative ? (unsigned)(uint8_t)~p[i] : p[i]) + carry;
        v[i] = (uint8_t)x;
        carry = x >> 8;
    }
    for (size_t from = 0; from < n;) {
        unsigned rest = 0;
        for (size_t i = from; i < n; i++) {
            unsigned x = rest << 8 | v[i];
            v[i] = (uint8_t)(x / 10);
            rest = x % 10;
        }
        digits[--at] = (char)('0' + rest);
        while (from < n && v[from] == 0)
            from++;
    }
    char b[740];
    double x;
    int k = snprintf(b, sizeof b, "%s%.*se%d", is_negative ? "-" : "", (int)(sizeof digits - at),
                     digits + at, -l->e->scale);
    return num_parse(b, (size_t)k, &x) ? x : NAN;
}

static double bytes_decimal(const struct pq_leaf *l, struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = s.n;
    if (n == 0) return 0;
    while (n > 1 && (p[0] == 0 || p[0] == 0xFF) && (p[0] & 0x80) == (p[1] & 0x80)) {
        p++;
        n--;
    }
    if (n > 256) return NAN;
    if (n > 8) return big_decimal(l, p, n);
    uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return small_decimal(l, (int64_t)v);
}

rc pq_convert_bytes(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *l,
                    const struct str *in, int64_t n, void *out, struct pq_out *o)
{
    if (l->conv == CONV_DECIMAL) {
        for (int64_t i = 0; i < n; i++)
            ((double *)out)[i] = bytes_decimal(l, in[i]);
        return RC_OK;
    }
    for (int64_t i = 0; i < n; i++)
        TRY(one_text(cx, s, l, in[i], (struct text *)out + i, o));
    return RC_OK;
}

/* ---- numbers ---- */
static inline int64_t get64(const char *p)
{
    int64_t v;
    memcpy(&v, p, 8);
    return v;
}
static inline int32_t get32(const char *p)
{
    int32_t v;
    memcpy(&v, p, 4);
    return v;
}

static KERNEL void widen_i32(int64_t n, const char *restrict in, int64_t *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = get32(in + i * 4);
}
static KERNEL void widen_u32(int64_t n, const char *restrict in, int64_t *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (uint32_t)get32(in + i * 4);
}
static KERNEL void widen_f32(int64_t n, const char *restrict in, double *restrict out)
{
    for (int64_t i = 0; i < n; i++) {
        float f;
        memcpy(&f, in + i * 4, 4);
        out[i] = (double)f;
    }
}

/* IEEE binary16. */
static double half(const char *p)
{
    uint16_t v;
    memcpy(&v, p, 2);
    int exp = v >> 10 & 31, frac = v & 1023;
    double x = exp == 31  ? (frac ? NAN : INFINITY)
               : exp == 0 ? ldexp(frac, -24)
                          : ldexp(1024 + frac, exp - 25);
    return v & 0x8000 ? -x : x;
}

/* Nanoseconds of a day and a Julian day number. Far dates wrap around, as Spark writes them
 * (parquet-testing, int96_from_spark.md). */
static int64_t int96(const char *p)
{
    int64_t nanos = get64(p), us = nanos / 1000 - (nanos % 1000 < 0);
    uint64_t day = (uint64_t)((int64_t)get32(p + 8) - 2440588);
    return (int64_t)(day * UINT64_C(86400000000) + (uint64_t)us);
}

static void scale64(const struct pq_leaf *l, int64_t n, const char *in, int64_t *out)
{
    if (l->mul == 1 && l->div == 1) {
        memcpy(out, in, (size_t)n * 8);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t v = get64(in + i * 8);
        if (l->div > 1)
            out[i] = v / l->div - (v % l->div < 0);
        else if (__builtin_mul_overflow(v, l->mul, &out[i]))
            out[i] = INT64_MIN;
    }
}

static rc unsigned64(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *l, int64_t n,
                     const char *in, int64_t *out)
{
    uint64_t all = 0;
    for (int64_t i = 0; i < n; i++) {
        out[i] = get64(in + i * 8);
        all |= (uint64_t)out[i];
    }
    if (!(all >> 63)) return RC_OK;
    fail(cx, E312, s->span, "column `%s` of `%s` holds a whole number beyond 64 bits with sign",
         l->path, s->head.label);
    return err_note(cx, "int ends at 9223372036854775807; the file has no statistics that would "
                        "have told so in time to read it as num");
}

static rc convert_fixed(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *l, const char *in,
                        int64_t n, void *out, struct pq_out *o)
{
    size_t width = (size_t)l->e->length;
    for (int64_t i = 0; i < n; i++) {
        struct str v = {in + (size_t)i * width, width};
        if (l->conv == CONV_DECIMAL)
            ((double *)out)[i] = bytes_decimal(l, v);
        else
            TRY(one_text(cx, s, l, v, (struct text *)out + i, o));
    }
    if (l->phys == PHYS_STR) {
        const struct text *t = out;
        for (int64_t i = 0; i < n; i++)
            if (t[i].n > TEXT_INLINE && t[i].ptr >= in && t[i].ptr < in + (size_t)n * width)
                TRY(made_text(cx, o, t[i].ptr, t[i].n, (struct text *)out + i));
    }
    return RC_OK;
}

static void decimals(const struct pq_leaf *l, int64_t n, const char *in, double *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = small_decimal(l, l->e->type == PQ_INT32 ? get32(in + i * 4) : get64(in + i * 8));
}

rc pq_convert(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *l, const char *in, int64_t n,
              void *out, struct pq_out *o)
{
    if (n == 0) return RC_OK;
    switch (l->conv) {
    case CONV_I32:
        if (l->phys == PHYS_I64)
            widen_i32(n, in, out);
        else
            memcpy(out, in, (size_t)n * 4);
        return RC_OK;
    case CONV_U32: widen_u32(n, in, out); return RC_OK;
    case CONV_I64:
    case CONV_F64: memcpy(out, in, (size_t)n * 8); return RC_OK;
    case CONV_U64: return unsigned64(cx, s, l, n, in, out);
    case CONV_U64_NUM:
        for (int64_t i = 0; i < n; i++)
            ((double *)out)[i] = (double)(uint64_t)get64(in + i * 8);
        return RC_OK;
    case CONV_SCALE32:
        for (int64_t i = 0; i < n; i++)
            ((int64_t *)out)[i] = get32(in + i * 4) * l->mul;
        return RC_OK;
    case CONV_SCALE64: scale64(l, n, in, out); return RC_OK;
    case CONV_INT96:
        for (int64_t i = 0; i < n; i++)
            ((int64_t *)out)[i] = int96(in + i * 12);
        return RC_OK;
    case CONV_F16:
        for (int64_t i = 0; i < n; i++) {
            if (l->phys == PHYS_F32)
                ((float *)out)[i] = (float)half(in + i * 2);
            else
                ((double *)out)[i] = half(in + i * 2);
        }
        return RC_OK;
    case CONV_F32:
        if (l->phys == PHYS_F64)
            widen_f32(n, in, out);
        else
            memcpy(out, in, (size_t)n * 4);
        return RC_OK;
    case CONV_DECIMAL:
        if (l->e->type == PQ_FIXED) return convert_fixed(cx, s, l, in, n, out, o);
        decimals(l, n, in, out);
        return RC_OK;
    default: return convert_fixed(cx, s, l, in, n, out, o);
    }
}

size_t pq_width(const struct pq_leaf *l)
{
    static const size_t width[] = {1, 4, 8, 12, 4, 8, 0};
    return l->e->type == PQ_FIXED ? (size_t)l->e->length : width[l->e->type];
}

/* ---- what is null after all ---- */
static KERNEL int64_t count_nan_f64(int64_t n, const double *restrict x)
{
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++)
        k += x[i] != x[i];
    return k;
}
static KERNEL int64_t count_nan_f32(int64_t n, const float *restrict x)
{
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++)
        k += x[i] != x[i];
    return k;
}
static KERNEL int64_t count_least(int64_t n, const int64_t *restrict x)
{
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++)
        k += x[i] == INT64_MIN;
    return k;
}

rc pq_need_bits(struct ctx *cx, struct pq_out *o)
{
    if (!o->valid) TRY(mem_big(cx, BITMAP_WORDS(o->cap + 64) * 8, (void **)&o->valid));
    if (!o->has_bits) bitmap_fill(o->valid, o->n, true);
    o->has_bits = true;
    return RC_OK;
}

rc pq_settle_nulls(struct ctx *cx, const struct pq_leaf *l, struct pq_out *o, int64_t at, int64_t n)
{
    int64_t k = 0;
    if (n == 0) return RC_OK;
    if (l->phys == PHYS_F64) k = count_nan_f64(n, (const double *)o->data + at);
    if (l->phys == PHYS_F32) k = count_nan_f32(n, (const float *)o->data + at);
    bool may_exceed = l->conv == CONV_SCALE64 && l->mul > 1;
    if (may_exceed) k = count_least(n, (const int64_t *)o->data + at);
    if (k == 0) return RC_OK;
    TRY(pq_need_bits(cx, o));
    for (int64_t i = at; i < at + n; i++) {
        bool is_null = l->phys == PHYS_F64   ? isnan(((double *)o->data)[i])
                       : l->phys == PHYS_F32 ? isnan(((float *)o->data)[i])
                                             : ((int64_t *)o->data)[i] == INT64_MIN;
        if (!is_null) continue;
        bit_clear(o->valid, i);
        memset((char *)o->data + (size_t)i * phys_width(l->phys), 0, phys_width(l->phys));
        o->n_null++;
    }
    return RC_OK;
}
