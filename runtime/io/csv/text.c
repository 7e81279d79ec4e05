/* text.c: text columns of a block: codes into a dictionary while the distinct texts stay few, else
 * views into the block's buffer. A view of at most 12 bytes is the text itself, so most look-ups
 * compare two words. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/hash.h"
#include "runtime/io/csv/fast.h"

#define LEVELS_MAX 4096
#define SLOT_BITS  13
#define FEW        64 /* up to here any column keeps its dictionary */

struct csv_dict {
    int32_t n;
    uint32_t slots[1 << SLOT_BITS]; /* code + 1, 0 = free */
    struct text levels[LEVELS_MAX];
};

size_t csv_dict_bytes(void)
{
    return (sizeof(struct csv_dict) + 63) / 64 * 64;
}

/* View of p[0..n); 12 bytes may be read. */
static inline struct text view(const char *p, size_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (n <= TEXT_INLINE) {
        static const uint64_t keep[13] = {0,
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
        uint64_t head = fast_load8(p) << 32, words[2];
        if (n < 4) head &= ((UINT64_C(1) << (8 * n)) - 1) << 32;
        words[0] = n | head;
        words[1] = fast_load8(p + 4) & keep[n];
        struct text t;
        memcpy(&t, words, sizeof t);
        return t;
    }
#endif
    return text_make(p, n);
}

static inline uint32_t slot_of(const struct text *t)
{
    uint64_t w[2];
    memcpy(w, t, sizeof w);
    if (t->n > TEXT_INLINE) w[1] = hash_bytes(t->ptr, t->n);
    uint64_t h = w[0] * UINT64_C(0x9E3779B97F4A7C15) ^ w[1] * UINT64_C(0xC2B2AE3D27D4EB4F);
    h ^= h >> 32;
    return (uint32_t)(h * UINT64_C(0x9FB21C651E98DF25) >> (64 - SLOT_BITS));
}

static inline bool same(const struct text *a, const struct text *b)
{
    if (a->n <= TEXT_INLINE) return memcmp(a, b, sizeof *a) == 0;
    return text_eq(a, b);
}

/* Code of a text, -1 when the dictionary is full. */
static inline int32_t code_of(struct csv_dict *d, const struct text *t)
{
    for (uint32_t i = slot_of(t);; i = (i + 1) & ((1u << SLOT_BITS) - 1)) {
        uint32_t k = d->slots[i];
        if (k && same(&d->levels[k - 1], t)) return (int32_t)k - 1;
        if (k) continue;
        if (d->n == LEVELS_MAX) return -1;
        d->levels[d->n] = *t;
        d->slots[i] = (uint32_t)++d->n;
        return d->n - 1;
    }
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
static inline bool text_of(const struct csv_scan *s, const struct csv_out *o, struct str raw,
                           struct arena *side, struct text *out)
{
    const struct csv_dialect *d = &s->dialect;
    bool was_quoted = false;
    if (raw.n == 0) return false;
    if ((d->has_quote && raw.p[0] == d->quote) || d->trim)
        raw = csv_field_text(d, raw, side, &was_quoted);
    if (raw.n == 0 && !was_quoted) return false;
    if (d->na_any && csv_is_na(d, raw)) return false;
    if (s->cols[o->col].null_words && raw.n > 0) return false;
    *out = view(raw.p, raw.n);
    return true;
}

static void put_view(struct csv_out *o, int64_t row, bool is_null, const struct text *t)
{
    if (is_null) csv_out_null(o, row);
    ((struct text *)o->data)[row] = is_null ? text_make(NULL, 0) : *t;
}

void csv_parse_texts(const struct csv_scan *s, const struct csv_strip *strip, struct csv_out *o,
                     struct arena *side)
{
    int64_t room = o->cap - o->n, n = strip->n_rows < room ? strip->n_rows : room;
    int32_t *codes = o->data;
    if (o->n == 0 && o->dict) {
        o->is_dict = true;
        o->dict->n = 0;
        memset(o->dict->slots, 0, sizeof o->dict->slots);
    }
    for (int64_t r = 0; r < n; r++) {
        int64_t row = o->n + r;
        struct text t;
        bool is_null = !text_of(s, o, csv_field(strip, r, o->col), side, &t);
        if (o->is_dict) {
            int32_t code = is_null ? 0 : code_of(o->dict, &t);
            if (code >= 0) {
                if (is_null) csv_out_null(o, row);
                codes[row] = code;
                continue;
            }
            to_views(o, row);
        }
        put_view(o, row, is_null, &t);
    }
    o->n += n;
    if (o->is_dict && o->dict->n > FEW && (int64_t)o->dict->n * 4 > o->n - o->n_null)
        to_views(o, o->n);
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
