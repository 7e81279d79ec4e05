/* index.c: finds delimiters, row ends and quotes, 64 bytes at a time.
 *
 * A bit mask a kind of byte is made with vector compares; delimiters and line breaks outside quotes
 * are then written out as positions. Quotes: a prefix sum modulo 2 over the quote bits tells which
 * bytes lie inside (simdjson's way: Langdale and Lemire, "Parsing Gigabytes of JSON per Second",
 * VLDB Journal 2019), valid as long as every quote that opens stands at the start of a field. A
 * chunk where one does not (a quote inside unquoted text is text) is done quote by quote. The two
 * quotes of a doubled one close and open again, which comes to the same. */
#include "runtime/io/csv/csv_int.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define HIGH (UINT64_C(1) << 63)

struct masks {
    uint64_t delim, lf, cr, quote;
};

#if defined(__SSE2__)
static inline __attribute__((always_inline)) uint64_t eq16x4(const __m128i v[4], char c)
{
    const __m128i k = _mm_set1_epi8(c);
    uint64_t m = 0;
    for (int i = 0; i < 4; i++)
        m |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], k)) << (16 * i);
    return m;
}
static inline __attribute__((always_inline)) void masks_sse2(const char *p, char delim, char quote,
                                                             struct masks *m)
{
    __m128i v[4];
    for (int i = 0; i < 4; i++)
        v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    m->delim = eq16x4(v, delim);
    m->lf = eq16x4(v, '\n');
    m->cr = eq16x4(v, '\r');
    m->quote = eq16x4(v, quote);
}
#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_WIDE 1
#define AVX2      __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
#define AVX512                                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt,lzcnt")))
AVX2 static inline uint64_t eq32x2(__m256i a, __m256i b, char c)
{
    const __m256i k = _mm256_set1_epi8(c);
    uint32_t lo = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, k));
    uint32_t hi = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, k));
    return (uint64_t)hi << 32 | lo;
}
AVX2 static inline void masks_avx2(const char *p, char delim, char quote, struct masks *m)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    m->delim = eq32x2(a, b, delim);
    m->lf = eq32x2(a, b, '\n');
    m->cr = eq32x2(a, b, '\r');
    m->quote = eq32x2(a, b, quote);
}
AVX512 static inline void masks_avx512(const char *p, char delim, char quote, struct masks *m)
{
    __m512i v = _mm512_loadu_si512((const void *)p);
    m->delim = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(delim));
    m->lf = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
    m->cr = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r'));
    m->quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(quote));
}
#endif
#else
static inline void masks_plain(const char *p, char delim, char quote, struct masks *m)
{
    *m = (struct masks){0, 0, 0, 0};
    for (int i = 0; i < 64; i++) {
        m->delim |= (uint64_t)(p[i] == delim) << i;
        m->lf |= (uint64_t)(p[i] == '\n') << i;
        m->cr |= (uint64_t)(p[i] == '\r') << i;
        m->quote |= (uint64_t)(p[i] == quote) << i;
    }
}
#define masks_sse2 masks_plain
#endif

static inline uint64_t prefix_xor(uint64_t x)
{
    for (int s = 1; s < 64; s *= 2)
        x ^= x << s;
    return x;
}

/* Writes base + place of each set bit. Eight at a time without a branch on the count: what is
 * written past the last one is overwritten next. */
static inline __attribute__((always_inline)) uint32_t emit(uint32_t *out, uint64_t m, uint32_t base)
{
    uint32_t n = (uint32_t)__builtin_popcountll(m);
    for (uint32_t at = 0;; at += 8) {
        for (int k = 0; k < 8; k++) {
            out[at + (uint32_t)k] = base + (uint32_t)__builtin_ctzll(m | HIGH);
            m &= m - 1;
        }
        if (at + 8 >= n) return n;
    }
}

#if HAVE_WIDE
/* The same by compressing the numbers 0..63 under the mask. */
AVX512 static inline uint32_t emit_avx512(uint32_t *out, uint64_t m, uint32_t base)
{
    static const uint8_t numbers[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i start = _mm512_set1_epi32((int)base);
    __m512i at = _mm512_maskz_compress_epi8(m, _mm512_loadu_si512(numbers));
    uint32_t n = (uint32_t)__builtin_popcountll(m);
    for (uint32_t k = 0;; k += 16) {
        __m512i wide = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(at));
        _mm512_storeu_si512(out + k, _mm512_add_epi32(wide, start));
        if (k + 16 >= n) return n;
        at = _mm512_alignr_epi32(_mm512_setzero_si512(), at, 4); /* the next 16 bytes */
    }
}
#endif

/* Whether only blanks stand between the field's start and a quote (trim). */
static bool only_blanks(const char *p, const char *to)
{
    while (p < to && (*p == ' ' || *p == '\t'))
        p++;
    return p == to;
}

/* Quote by quote. `sep` and `quote` are the chunk's bits, `last` the chunk's last byte; gives the
 * bits inside quotes and keeps the state. */
static uint64_t inside_slow(struct csv_index *ix, uint64_t sep, uint64_t quote, int last)
{
    uint64_t inside = 0;
    size_t field = (size_t)(uint32_t)(ix->pos[ix->n] + 1);
    int opened = ix->in_quote ? 0 : -1, closed = ix->after_close ? -1 : -2;
    for (uint64_t m = sep | quote; m; m &= m - 1) {
        int i = __builtin_ctzll(m);
        const char *p = ix->buf + ix->at + i;
        if (!(quote >> i & 1)) {
            if (opened < 0) field = ix->at + (size_t)i + 1;
        } else if (opened >= 0) {
            inside |= (UINT64_C(1) << i) - (UINT64_C(1) << opened);
            opened = -1;
            closed = i;
        } else if (closed == i - 1 || p == ix->buf + field ||
                   (ix->d->trim && only_blanks(ix->buf + field, p))) {
            opened = i;
        }
    }
    if (opened >= 0) inside |= ~UINT64_C(0) << opened;
    ix->in_quote = opened >= 0;
    ix->after_close = closed == last;
    return inside;
}

/* Bits inside quotes (from the opening quote up to, not with, the closing one). */
static inline __attribute__((always_inline)) uint64_t
inside_quotes(struct csv_index *ix, uint64_t sep, uint64_t quote, int last)
{
    uint64_t inside = prefix_xor(quote) ^ (ix->in_quote ? ~UINT64_C(0) : 0);
    uint64_t opens = quote & inside;
    bool starts = ix->after_close || (size_t)(uint32_t)(ix->pos[ix->n] + 1) == ix->at;
    uint64_t may_open = (sep | quote) << 1 | (uint64_t)starts;
    if (opens & ~may_open) return inside_slow(ix, sep, quote, last);
    ix->in_quote = inside >> 63;
    ix->after_close = (quote & ~inside) >> last & 1;
    return inside;
}

/* Delimiters and line breaks outside quotes among the `left` (or 64) bytes at ix->at; *breaks all
 * line breaks. */
static inline __attribute__((always_inline)) uint64_t
separators(struct csv_index *ix, struct masks m, size_t left, uint64_t *breaks)
{
    uint64_t next_lf = m.lf >> 1 | (ix->buf[ix->at + 64] == '\n' ? HIGH : 0);
    uint64_t keep = left < 64 ? (UINT64_C(1) << left) - 1 : ~UINT64_C(0);
    uint64_t quote = ix->d->has_quote ? m.quote & keep : 0;
    *breaks = m.lf | (m.cr & ~next_lf);
    uint64_t sep = (m.delim | *breaks) & keep;
    if (quote || ix->in_quote)
        sep &= ~inside_quotes(ix, sep, quote, left < 64 ? (int)left - 1 : 63);
    else
        ix->after_close = false;
    return sep;
}

/* Whether the last character of a delimiter of several stands at p, and the others before it. */
static bool ends_delim(const struct csv_index *ix, const char *p)
{
    const struct csv_dialect *d = ix->d;
    size_t n = d->delims.n;
    if (n < 2) return d->n_starts == 0;
    const char *field = ix->buf + (uint32_t)(ix->pos[ix->n] + 1);
    return (size_t)(p - field) + 1 >= n && memcmp(p + 1 - n, d->delims.p, n) == 0;
}

static bool escapes(const struct csv_dialect *d, const char *p)
{
    return d->has_escape && *p == d->escape &&
           (p[1] == d->delim || p[1] == d->escape || (d->has_quote && p[1] == d->quote));
}

static bool breaks_line(const char *p)
{
    return *p == '\n' || (*p == '\r' && p[1] != '\n');
}

/* At a field's start: whether a line comment begins. */
static bool starts_comment(const struct csv_index *ix, const char *p)
{
    const struct csv_dialect *d = ix->d;
    bool may = d->has_comment && *p == d->comment && !ix->in_quote && !ix->in_comment;
    return may && (ix->n == 0 || ix->buf[ix->pos[ix->n]] != d->delim);
}

/* The same with line comments, escapes, long delimiters and fixed widths; byte by byte, for the few
 * files that ask for it. */
static void run_odd(struct csv_index *ix)
{
    const struct csv_dialect *d = ix->d;
    for (; ix->at < ix->end && ix->n + 65 < ix->cap; ix->at++) {
        const char *p = ix->buf + ix->at;
        if (!ix->in_comment && escapes(d, p)) {
            ix->at++;
            ix->after_close = false;
            continue;
        }
        bool is_break = breaks_line(p);
        bool starts = (size_t)(uint32_t)(ix->pos[ix->n] + 1) == ix->at;
        if (starts && starts_comment(ix, p)) ix->in_comment = true;
        bool is_quote = d->has_quote && *p == d->quote && !ix->in_comment;
        bool closes = is_quote && ix->in_quote;
        if (closes) {
            ix->in_quote = false;
        } else if (is_quote) {
            ix->in_quote = starts || ix->after_close ||
                           (d->trim && only_blanks(ix->buf + (uint32_t)(ix->pos[ix->n] + 1), p));
        } else if (!ix->in_quote &&
                   (is_break || (*p == d->delim && !ix->in_comment && ends_delim(ix, p)))) {
            ix->pos[++ix->n] = (uint32_t)ix->at;
            ix->n_breaks += is_break;
            ix->in_comment = false;
        }
        ix->after_close = closes;
    }
}

#define RUN(name, attr, masks_of, emit_to)                                                         \
    attr static void name(struct csv_index *ix)                                                    \
    {                                                                                              \
        const char delim = ix->d->delim, quote = ix->d->quote;                                     \
        while (ix->at < ix->end && ix->n + 66 < ix->cap) {                                         \
            struct masks m;                                                                        \
            uint64_t breaks;                                                                       \
            size_t left = ix->end - ix->at;                                                        \
            masks_of(ix->buf + ix->at, delim, quote, &m);                                          \
            uint64_t sep = separators(ix, m, left, &breaks);                                       \
            ix->n_breaks += (uint32_t)__builtin_popcountll(sep & breaks);                          \
            ix->n += emit_to(ix->pos + ix->n + 1, sep, (uint32_t)ix->at);                          \
            ix->at += left < 64 ? left : 64;                                                       \
        }                                                                                          \
    }

RUN(run_plain, , masks_sse2, emit)
#if HAVE_WIDE
RUN(run_avx2, AVX2, masks_avx2, emit)
RUN(run_avx512, AVX512, masks_avx512, emit_avx512)
#endif

int csv_index_variants(struct csv_index_variant out[CSV_INDEX_VARIANTS])
{
    int n = 0;
#if HAVE_WIDE
    if (__builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bw"))
        out[n++] = (struct csv_index_variant){"avx512", run_avx512};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
        out[n++] = (struct csv_index_variant){"avx2", run_avx2};
#endif
    out[n++] = (struct csv_index_variant){"plain", run_plain};
    return n;
}

void csv_index_run(struct csv_index *ix)
{
    struct csv_index_variant all[CSV_INDEX_VARIANTS];
    csv_index_variants(all);
    if (csv_is_odd(ix->d))
        run_odd(ix);
    else
        all[0].run(ix);
}
