/* bits.c: runs and packed bits (RLE, BIT_PACKED) and packed differences (DELTA_BINARY_PACKED).
 * Source: parquet-format, Encodings.md. */
#include "runtime/io/parquet/pq_int.h"

#include "runtime/base/kernel.h"

/* ---- packed bits ---- */
static inline uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline uint64_t load_end(const uint8_t *p, const uint8_t *end)
{
    uint64_t v = 0;
    size_t n = p < end ? (size_t)(end - p) : 0;
    if (n) memcpy(&v, p, n < 8 ? n : 8);
    return v;
}

/* Eight values of up to 8 bits stand in one word. */
static KERNEL void unpack_narrow(const uint8_t *restrict p, unsigned width, uint32_t *restrict out,
                                 int64_t n8)
{
    uint64_t mask = (UINT64_C(1) << width) - 1;
    for (int64_t i = 0; i < n8; i++) {
        uint64_t v = load64(p + (size_t)i * width);
        for (unsigned k = 0; k < 8; k++)
            out[i * 8 + k] = (uint32_t)(v >> (k * width) & mask);
    }
}

static void unpack_wide(const uint8_t *p, uint64_t at, unsigned width, uint32_t *out, int64_t n)
{
    uint64_t mask = (UINT64_C(1) << width) - 1;
    for (int64_t i = 0; i < n; i++, at += width)
        out[i] = (uint32_t)(load64(p + (at >> 3)) >> (at & 7) & mask);
}

void pq_unpack_bits(const uint8_t *p, const uint8_t *end, uint64_t at, int width, uint32_t *out,
                    int64_t n)
{
    unsigned w = (unsigned)width;
    uint64_t mask = (UINT64_C(1) << w) - 1;
    if (w == 0) {
        memset(out, 0, sizeof *out * (size_t)n);
        return;
    }
    /* values whose eight bytes lie inside */
    int64_t whole = end - p >= 8 ? ((end - p - 8) * 8 - (int64_t)at) / (int64_t)w + 1 : 0;
    if (whole > n) whole = n;
    if (whole < 0) whole = 0;
    int64_t i = 0;
    if (w <= 8 && at % 8 == 0) {
        unpack_narrow(p + at / 8, w, out, whole / 8);
        i = whole / 8 * 8;
    }
    if (i < whole) unpack_wide(p, at + (uint64_t)i * w, w, out + i, whole - i);
    for (i = whole; i < n; i++) {
        uint64_t bit = at + (uint64_t)i * w;
        out[i] = (uint32_t)(load_end(p + (bit >> 3), end) >> (bit & 7) & mask);
    }
}

/* ---- runs ---- */
void pq_rle_open(struct pq_rle *r, const uint8_t *p, const uint8_t *end, int width)
{
    *r = (struct pq_rle){.p = p, .end = end, .width = width};
}

/* Bits from the most significant one on, all in one stretch. */
void pq_packed_open(struct pq_rle *r, const uint8_t *p, const uint8_t *end, int width)
{
    *r = (struct pq_rle){.p = end, .end = end, .width = width, .bits = p, .is_msb = true};
    r->packed = width ? (uint64_t)(end - p) * 8 / (uint64_t)width : UINT64_MAX;
}

static bool read_varint(const uint8_t **p, const uint8_t *end, uint64_t *out)
{
    uint64_t v = 0;
    for (int shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t b = *(*p)++;
        v |= (uint64_t)(b & 0x7F) << shift;
        if (b & 0x80) continue;
        *out = v;
        return true;
    }
    return false;
}

static bool rle_head(struct pq_rle *r)
{
    uint64_t head, width = (uint64_t)r->width;
    while (r->run == 0 && r->packed == 0) {
        if (!read_varint(&r->p, r->end, &head)) return false;
        uint64_t left = (uint64_t)(r->end - r->p);
        if (head & 1) {
            uint64_t groups = head >> 1, bytes = groups * width;
            if (groups > UINT64_C(1) << 40) return false;
            r->bits = r->p;
            r->bit = 0;
            r->packed = groups * 8;
            if (bytes > left) { /* the last stretch may be cut to what is needed */
                bytes = left;
                r->packed = width ? left * 8 / width : 0;
                if (r->packed == 0) return false;
            }
            r->p += bytes;
        } else {
            uint64_t n = (width + 7) / 8;
            if (n > left) return false;
            r->value = 0;
            memcpy(&r->value, r->p, n);
            if (width < 32) r->value &= (UINT32_C(1) << width) - 1;
            r->p += n;
            r->run = head >> 1;
        }
    }
    return true;
}

static void take_msb(struct pq_rle *r, uint32_t *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t v = 0;
        for (int b = 0; b < r->width; b++, r->bit++)
            v = v << 1 | ((unsigned)r->bits[r->bit >> 3] >> (7 - (r->bit & 7)) & 1u);
        out[i] = v;
    }
}

bool pq_rle_take(struct pq_rle *r, uint32_t *out, int64_t n)
{
    while (n > 0) {
        if (!rle_head(r)) return false;
        uint64_t have = r->run ? r->run : r->packed;
        int64_t k = have < (uint64_t)n ? (int64_t)have : n;
        if (r->run) {
            for (int64_t i = 0; i < k; i++)
                out[i] = r->value;
            r->run -= (uint64_t)k;
        } else {
            if (r->is_msb) {
                take_msb(r, out, k);
            } else {
                pq_unpack_bits(r->bits, r->end, r->bit, r->width, out, k);
                r->bit += (uint64_t)k * (uint64_t)r->width;
            }
            r->packed -= (uint64_t)k;
        }
        out += k;
        n -= k;
    }
    return true;
}

bool pq_rle_skip(struct pq_rle *r, int64_t n)
{
    while (n > 0) {
        if (!rle_head(r)) return false;
        uint64_t have = r->run ? r->run : r->packed;
        int64_t k = have < (uint64_t)n ? (int64_t)have : n;
        if (r->run) {
            r->run -= (uint64_t)k;
        } else {
            r->bit += (uint64_t)k * (uint64_t)r->width;
            r->packed -= (uint64_t)k;
        }
        n -= k;
    }
    return true;
}

int64_t pq_rle_run(struct pq_rle *r, uint32_t *value)
{
    if (!rle_head(r) || r->run == 0) return 0;
    *value = r->value;
    return r->run > INT64_MAX ? INT64_MAX : (int64_t)r->run;
}

/* ---- differences ---- */
bool pq_delta_open(struct pq_delta *d, const uint8_t *p, const uint8_t *end)
{
    uint64_t first;
    *d = (struct pq_delta){.p = p, .end = end, .is_first = true};
    bool ok = read_varint(&d->p, end, &d->block) && read_varint(&d->p, end, &d->n_mini) &&
              read_varint(&d->p, end, &d->left) && read_varint(&d->p, end, &first);
    if (!ok || d->n_mini == 0 || d->block == 0 || d->block > UINT32_MAX) return false;
    if (d->block % d->n_mini || d->left > INT64_MAX) return false;
    d->mini = d->block / d->n_mini;
    d->last = (first >> 1) ^ (0 - (first & 1));
    d->mini_at = d->n_mini;
    return d->mini % 8 == 0;
}

static bool delta_block(struct pq_delta *d)
{
    uint64_t min;
    if (!read_varint(&d->p, d->end, &min)) return false;
    if ((uint64_t)(d->end - d->p) < d->n_mini) return false;
    d->min_delta = (min >> 1) ^ (0 - (min & 1));
    d->widths = d->p;
    d->p += d->n_mini;
    d->mini_at = 0;
    return true;
}

/* Opens the next miniblock; bytes of the last one may be left out when they hold no values. */
static bool delta_mini(struct pq_delta *d)
{
    if (d->mini_at == d->n_mini && !delta_block(d)) return false;
    d->width = d->widths[d->mini_at++];
    if (d->width > 64) return false;
    uint64_t bytes = d->mini / 8 * (uint64_t)d->width, have = (uint64_t)(d->end - d->p);
    uint64_t wanted = d->left < d->mini ? d->left : d->mini;
    if (bytes > have) {
        if ((wanted * (uint64_t)d->width + 7) / 8 > have) return false;
        bytes = have;
    }
    d->bits = d->p;
    d->p += bytes;
    d->in_mini = d->mini;
    return true;
}

static uint64_t bits_at(const struct pq_delta *d, uint64_t bit)
{
    unsigned shift = bit & 7;
    const uint8_t *p = d->bits + (bit >> 3);
    uint64_t v = load_end(p, d->end) >> shift;
    if (shift && d->width + (int)shift > 64 && p + 8 < d->end) v |= (uint64_t)p[8] << (64 - shift);
    return d->width == 64 ? v : v & ((UINT64_C(1) << d->width) - 1);
}

/* k differences of the miniblock at work, none beyond it. */
static void delta_run(struct pq_delta *d, int64_t *out, int64_t k)
{
    uint64_t at = (d->mini - d->in_mini) * (uint64_t)d->width, last = d->last;
    for (int64_t i = 0; i < k; i++, at += (uint64_t)d->width) {
        last += d->min_delta + (d->width ? bits_at(d, at) : 0);
        out[i] = (int64_t)last;
    }
    d->last = last;
    d->in_mini -= (uint64_t)k;
    d->left -= (uint64_t)k;
}

bool pq_delta_take(struct pq_delta *d, int64_t *out, int64_t n)
{
    if ((uint64_t)n > d->left || d->bad) return false;
    if (n && d->is_first) {
        *out++ = (int64_t)d->last;
        d->is_first = false;
        d->left--;
        n--;
    }
    while (n > 0) {
        if (d->in_mini == 0 && !delta_mini(d)) {
            d->bad = true;
            return false;
        }
        int64_t k = d->in_mini < (uint64_t)n ? (int64_t)d->in_mini : n;
        delta_run(d, out, k);
        out += k;
        n -= k;
    }
    return true;
}

const uint8_t *pq_delta_end(const struct pq_delta *d)
{
    return d->left == 0 && !d->bad ? d->p : NULL;
}
