/* text.c: text columns of a block: codes into a dictionary while the distinct texts stay few, else
 * views into the block's buffer. A view of at most 12 bytes is the text itself, so most look-ups
 * compare two words. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/hash.h"
#include "runtime/io/csv/fast.h"

#define LEVELS_MAX 4096
#define FEW        64 /* fewer rows get no dictionary; up to so many texts always keep it */

struct csv_dict {
    int32_t n, cap;
    unsigned shift; /* 64 - bits of a slot number */
    uint32_t mask;
    uint32_t *slots; /* [mask + 1] code + 1, 0 = free; at most half are taken */
    struct text levels[];
};

/* Levels that a block of so many rows can come to before its dictionary is given up, and the bits
 * of the table for them. Few rows (a very wide file) need little. */
static int32_t level_room(int64_t rows, unsigned *bits)
{
    int64_t cap = rows / 2 + 2;
    cap = cap < LEVELS_MAX ? cap : LEVELS_MAX;
    for (*bits = 4; (INT64_C(1) << *bits) < 2 * cap;)
        ++*bits;
    return (int32_t)cap;
}

size_t csv_dict_bytes(int64_t rows)
{
    unsigned bits;
    size_t levels = (size_t)level_room(rows, &bits);
    size_t n = sizeof(struct csv_dict) + levels * sizeof(struct text) + (sizeof(uint32_t) << bits);
    return (n + 63) / 64 * 64;
}

static void dict_clear(struct csv_dict *d, int64_t rows)
{
    unsigned bits;
    d->n = 0;
    d->cap = level_room(rows, &bits);
    d->shift = 64 - bits;
    d->mask = (uint32_t)(UINT64_C(1) << bits) - 1;
    d->slots = (uint32_t *)(void *)(d->levels + d->cap);
    memset(d->slots, 0, sizeof(uint32_t) << bits);
}

/* A view as two words: kept in registers, where a struct text would go through memory. */
struct words {
    uint64_t head, tail;
};
static inline struct words words_of(const struct text *t)
{
    struct words w;
    memcpy(&w, t, sizeof w);
    return w;
}

/* View of p[0..n); 12 bytes may be read. */
static inline struct words view(const char *p, size_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (n <= TEXT_INLINE) {
        static const uint64_t keep_head[13] = {0,
                                               UINT64_C(0xFF) << 32,
                                               UINT64_C(0xFFFF) << 32,
                                               UINT64_C(0xFFFFFF) << 32,
                                               UINT64_C(0xFFFFFFFF) << 32,
                                               UINT64_C(0xFFFFFFFF) << 32,
                                               UINT64_C(0xFFFFFFFF) << 32,
                                               UINT64_C(0xFFFFFFFF) << 32,
                                               UINT64_C(0xFFFFFFFF) << 32,
                                               UINT64_C(0xFFFFFFFF) << 32,
                                               UINT64_C(0xFFFFFFFF) << 32,
                                               UINT64_C(0xFFFFFFFF) << 32,
                                               UINT64_C(0xFFFFFFFF) << 32};
        static const uint64_t keep_tail[13] = {0,
                                               0,
                                               0,
                                               0,
                                               0,
                                               0xFF,
                                               0xFFFF,
                                               0xFFFFFF,
                                               0xFFFFFFFF,
                                               UINT64_C(0xFFFFFFFFFF),
                                               UINT64_C(0xFFFFFFFFFFFF),
                                               UINT64_C(0xFFFFFFFFFFFFFF),
                                               UINT64_MAX};
        return (struct words){n | (fast_load8(p) << 32 & keep_head[n]),
                              fast_load8(p + 4) & keep_tail[n]};
    }
#endif
    struct text t = text_make(p, n);
    return words_of(&t);
}

static inline uint32_t slot_of(const struct csv_dict *d, uint64_t head, uint64_t tail)
{
    uint64_t h = head * UINT64_C(0x9E3779B97F4A7C15) ^ tail * UINT64_C(0xC2B2AE3D27D4EB4F);
    h ^= h >> 32;
    return (uint32_t)(h * UINT64_C(0x9FB21C651E98DF25) >> d->shift);
}

/* A new level; -1 when the dictionary is full. */
static int32_t add_level(struct csv_dict *d, uint32_t slot, struct words w)
{
    if (d->n == d->cap) return -1;
    memcpy(&d->levels[d->n], &w, sizeof w);
    d->slots[slot] = (uint32_t)++d->n;
    return d->n - 1;
}

/* Code of a text of more than 12 bytes. */
static int32_t code_of_long(struct csv_dict *d, struct words w)
{
    struct text t;
    memcpy(&t, &w, sizeof t);
    uint32_t i = slot_of(d, t.n, hash_bytes(t.ptr, t.n));
    for (uint32_t k; (k = d->slots[i]) != 0; i = (i + 1) & d->mask)
        if (text_eq(&d->levels[k - 1], &t)) return (int32_t)k - 1;
    return add_level(d, i, w);
}

/* Code of a text of n bytes, -1 when the dictionary is full. */
static inline int32_t code_of(struct csv_dict *d, size_t n, struct words w)
{
    if (n > TEXT_INLINE) return code_of_long(d, w);
    uint32_t i = slot_of(d, w.head, w.tail);
    for (uint32_t k; (k = d->slots[i]) != 0; i = (i + 1) & d->mask) {
        struct words level = words_of(&d->levels[k - 1]);
        if (level.head == w.head && level.tail == w.tail) return (int32_t)k - 1;
    }
    return add_level(d, i, w);
}

/* Codes [0, n) become views, in place: a view is four times as long, so from the last to the first.
 */
static void to_views(struct csv_out *o, int64_t n)
{
    int32_t *codes = o->data;
    struct text *texts = o->data;
    for (int64_t i = n; i-- > 0;) {
        struct text t = text_make(NULL, 0);
        if (o->n_null == 0 || bit_get(o->valid, i)) t = o->dict->levels[codes[i]];
        texts[i] = t;
    }
    o->is_dict = false;
}

/* The text of a field; false for null. */
static bool text_of(const struct csv_scan *s, const struct csv_out *o, struct str raw,
                    struct arena *side, struct str *out)
{
    const struct csv_dialect *d = &s->dialect;
    bool was_quoted = false;
    *out = (struct str){NULL, 0};
    if (raw.n == 0) return false;
    if ((d->has_quote && raw.p[0] == d->quote) || d->trim || d->has_escape)
        raw = csv_field_text(d, raw, side, &was_quoted);
    if (raw.n == 0 && !was_quoted) return false;
    if (d->na_any && csv_is_na(d, raw)) return false;
    if (s->cols[o->col].null_words && raw.n > 0) return false;
    *out = raw;
    return true;
}

/* What most fields need: neither empty nor quoted, and no option that looks at texts. */
struct plain {
    bool any;
    char quote;
};
static struct plain plain_fields(const struct csv_scan *s, int col)
{
    const struct csv_dialect *d = &s->dialect;
    bool any = !d->trim && !d->has_escape && !d->na_any && !s->cols[col].null_words;
    return (struct plain){any, csv_quote_of(d)};
}
static inline bool is_plain(struct plain p, struct str raw)
{
    return p.any && raw.n && raw.p[0] != p.quote;
}

/* Rows from *row on as codes, until the end or until the dictionary is full. */
static void put_codes(const struct csv_scan *s, struct csv_cursor *k, struct csv_out *o,
                      int64_t *row, int64_t end, struct arena *side)
{
    int32_t *codes = o->data;
    struct csv_dict *dict = o->dict;
    const struct plain plain = plain_fields(s, o->col);
    for (; *row < end; ++*row) {
        struct csv_cursor here = *k;
        struct str t = csv_next(k), careful;
        int32_t code = 0;
        bool is_null = false;
        if (!is_plain(plain, t)) {
            is_null = !text_of(s, o, t, side, &careful);
            t = careful;
        }
        if (is_null)
            csv_out_null(o, *row);
        else
            code = code_of(dict, t.n, view(t.p, t.n));
        if (code < 0) {
            *k = here;
            return;
        }
        codes[*row] = code;
    }
}

static void put_views(const struct csv_scan *s, struct csv_cursor *k, struct csv_out *o,
                      int64_t row, int64_t end, struct arena *side)
{
    struct text *texts = o->data;
    const struct plain plain = plain_fields(s, o->col);
    for (; row < end; row++) {
        struct str t = csv_next(k), careful;
        struct words w = {0, 0};
        bool is_null = false;
        if (!is_plain(plain, t)) {
            is_null = !text_of(s, o, t, side, &careful);
            t = careful;
        }
        if (is_null)
            csv_out_null(o, row);
        else
            w = view(t.p, t.n);
        memcpy(&texts[row], &w, sizeof w);
    }
}

void csv_parse_texts(const struct csv_scan *s, const struct csv_strip *strip, struct csv_out *o,
                     struct arena *side)
{
    int64_t room = o->cap - o->n, row = o->n;
    int64_t end = row + (strip->n_rows < room ? strip->n_rows : room);
    struct csv_cursor k = csv_column_from(strip, o->col, 0);
    if (o->n == 0 && o->dict && o->cap >= FEW) {
        o->is_dict = true;
        dict_clear(o->dict, o->cap);
    }
    if (o->is_dict) {
        put_codes(s, &k, o, &row, end, side);
        bool many = o->dict->n > FEW && (int64_t)o->dict->n * 4 > row - o->n_null;
        if (row < end || many) to_views(o, row);
    }
    put_views(s, &k, o, row, end, side);
    o->n = end;
}

bool csv_keeps_dict(const struct csv_out *o)
{
    return o->is_dict && (int64_t)o->dict->n * 2 <= o->n;
}

rc csv_finish_texts(struct ctx *cx, struct csv_out *o, struct column **levels)
{
    *levels = NULL;
    if (!o->is_dict) return RC_OK;
    if (!csv_keeps_dict(o)) {
        to_views(o, o->n);
        return RC_OK;
    }
    struct builder b;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    enum rc_t res = RC_OK;
    for (int32_t i = 0; i < o->dict->n && res == RC_OK; i++)
        res = builder_str(cx, &b, text_str(&o->dict->levels[i]));
    if (res == RC_OK) res = builder_finish(cx, &b, levels);
    if (res != RC_OK) builder_release(&b);
    return res;
}
