/* forms.c: what an encoding's bytes are, and taking values out of them. Fixed-width values, codes
 * and differences are taken as they come; texts of the DELTA encodings are set apart first. */
#include "runtime/io/parquet/pq_int.h"

#include "runtime/base/kernel.h"

/* ---- opening ---- */
static rc room(struct ctx *cx, void **p, size_t *cap, size_t width, int64_t n)
{
    if (*cap >= (size_t)n) return RC_OK;
    TRY(mem_big_grow(cx, p, 0, width * (size_t)(n + 8)));
    *cap = (size_t)n;
    return RC_OK;
}

/* Lengths of n texts from a DELTA_BINARY_PACKED stretch at *p; *out_sum of them. */
static rc read_lengths(struct ctx *cx, struct pq_reader *r, const uint8_t **p, const uint8_t *end,
                       int64_t *out, int64_t *out_n, int64_t max_each)
{
    struct pq_delta d;
    if (!pq_delta_open(&d, *p, end) || d.left > (uint64_t)r->page.n)
        return pq_broken(cx, r->s, r->leaf, "lengths of texts cannot be read");
    *out_n = (int64_t)d.left;
    bool ok = pq_delta_take(&d, out, *out_n);
    for (int64_t i = 0; i < *out_n && ok; i++)
        ok = out[i] >= 0 && out[i] <= max_each;
    *p = ok ? pq_delta_end(&d) : NULL;
    if (!*p) return pq_broken(cx, r->s, r->leaf, "lengths of texts cannot be read");
    return RC_OK;
}

static rc open_delta_length(struct ctx *cx, struct pq_reader *r, const uint8_t *p,
                            const uint8_t *end, int64_t *lengths)
{
    int64_t n;
    TRY(read_lengths(cx, r, &p, end, lengths, &n, end - p));
    for (int64_t i = 0; i < n; i++) {
        if (lengths[i] > end - p) return pq_broken(cx, r->s, r->leaf, "texts end too early");
        r->scratch.strings[i] = (struct str){(const char *)p, (size_t)lengths[i]};
        p += lengths[i];
    }
    r->page.n_strings = n;
    return RC_OK;
}

/* Each text begins with some bytes of the one before. */
static rc open_delta_bytes(struct ctx *cx, struct pq_reader *r, const uint8_t *p,
                           const uint8_t *end, int64_t *prefix)
{
    int64_t n, n_suffix, *suffix = prefix + r->page.n, total = 0, longest = 0;
    TRY(read_lengths(cx, r, &p, end, prefix, &n, INT32_MAX));
    TRY(read_lengths(cx, r, &p, end, suffix, &n_suffix, end - p));
    if (n != n_suffix) return pq_broken(cx, r->s, r->leaf, "texts and their beginnings differ");
    for (int64_t i = 0; i < n; i++) {
        if (prefix[i] > longest) return pq_broken(cx, r->s, r->leaf, "a text begins too late");
        longest = prefix[i] + suffix[i];
        total += longest;
        if (total > INT64_C(1) << 31)
            return pq_broken(cx, r->s, r->leaf, "a page holds more than 2 GB of text");
    }
    /* r->split is new for each page: texts point into it */
    buf_unref(r->split);
    r->split = NULL;
    TRY(buf_new(cx, (size_t)total + PQ_PAD, &r->split));
    char *to = r->split->p, *last = to;
    for (int64_t i = 0; i < n; i++) {
        if (suffix[i] > end - p) return pq_broken(cx, r->s, r->leaf, "texts end too early");
        if (prefix[i]) memcpy(to, last, (size_t)prefix[i]);
        if (suffix[i]) memcpy(to + prefix[i], p, (size_t)suffix[i]);
        p += suffix[i];
        r->scratch.strings[i] = (struct str){to, (size_t)(prefix[i] + suffix[i])};
        last = to;
        to += prefix[i] + suffix[i];
    }
    r->page.n_strings = n;
    return RC_OK;
}

static rc open_strings(struct ctx *cx, struct pq_reader *r, int encoding, const uint8_t *p,
                       const uint8_t *end)
{
    struct pq_page *page = &r->page;
    if (page->n > 4096 + 512 * (end - p))
        return pq_broken(cx, r->s, r->leaf, "a page claims more texts than its bytes can hold");
    TRY(room(cx, (void **)&r->scratch.wide, &r->scratch.cap_wide, 8, page->n * 2));
    TRY(room(cx, (void **)&r->scratch.strings, &r->scratch.cap_strings, sizeof(struct str),
             page->n));
    page->form = FORM_STRINGS;
    if (p == end) return RC_OK; /* all null */
    if (encoding == PQ_DELTA_LENGTH)
        TRY(open_delta_length(cx, r, p, end, r->scratch.wide));
    else
        TRY(open_delta_bytes(cx, r, p, end, r->scratch.wide));
    page->strings = r->scratch.strings;
    return RC_OK;
}

static KERNEL void join_bytes(int64_t n, size_t width, const uint8_t *restrict in,
                              char *restrict out)
{
    for (size_t k = 0; k < width; k++)
        for (int64_t i = 0; i < n; i++)
            out[(size_t)i * width + k] = (char)in[k * (size_t)n + (size_t)i];
}

static rc open_split(struct ctx *cx, struct pq_reader *r, const uint8_t *p, const uint8_t *end)
{
    size_t width = pq_width(r->leaf), bytes = (size_t)(end - p);
    if (bytes % width) return pq_broken(cx, r->s, r->leaf, "a page has a part of a value");
    buf_unref(r->split);
    r->split = NULL;
    TRY(buf_new(cx, bytes + PQ_PAD, &r->split));
    join_bytes((int64_t)(bytes / width), width, p, r->split->p);
    r->page.form = FORM_FIXED;
    r->page.data = r->split->p;
    r->page.end = r->page.data + bytes;
    return RC_OK;
}

static rc open_plain(struct pq_reader *r, const uint8_t *p, const uint8_t *end)
{
    int type = r->leaf->e->type;
    r->page.form = type == PQ_BOOL ? FORM_BITS : type == PQ_BYTES ? FORM_PLAIN_BYTES : FORM_FIXED;
    r->page.data = (const char *)p;
    r->page.end = (const char *)end;
    r->page.is_ascii = type == PQ_BYTES && r->leaf->conv == CONV_TEXT &&
                       pq_is_ascii((const char *)p, (size_t)(end - p));
    return RC_OK;
}

static rc open_codes(struct ctx *cx, struct pq_reader *r, const uint8_t *p, const uint8_t *end)
{
    if (!r->has_dict) return pq_broken(cx, r->s, r->leaf, "it has codes but no dictionary");
    int width = p < end ? *p++ : 0;
    if (width > 32) return pq_broken(cx, r->s, r->leaf, "codes are wider than 32 bits");
    r->page.form = FORM_CODES;
    pq_rle_open(&r->page.codes, p, end, width);
    return RC_OK;
}

static rc open_rle(struct ctx *cx, struct pq_reader *r, const uint8_t *p, const uint8_t *end)
{
    uint32_t n = 0;
    r->page.form = FORM_RLE;
    if (end - p >= 4) memcpy(&n, p, 4);
    if (p != end && (end - p < 4 || n > (uint64_t)(end - p - 4)))
        return pq_broken(cx, r->s, r->leaf, "a page of booleans ends too early");
    p = p == end ? p : p + 4;
    pq_rle_open(&r->page.codes, p, p + n, 1);
    return RC_OK;
}

static rc open_delta(struct ctx *cx, struct pq_reader *r, const uint8_t *p, const uint8_t *end)
{
    r->page.form = FORM_DELTA;
    if (p == end) return RC_OK; /* all null */
    if (!pq_delta_open(&r->page.delta, p, end))
        return pq_broken(cx, r->s, r->leaf, "differences cannot be read");
    return RC_OK;
}

rc pq_form_open(struct ctx *cx, struct pq_reader *r, int encoding, const uint8_t *p,
                const uint8_t *end, int64_t n_values)
{
    int type = r->leaf->e->type;
    (void)n_values;
    switch (encoding) {
    case PQ_PLAIN: return open_plain(r, p, end);
    case PQ_PLAIN_DICTIONARY:
    case PQ_RLE_DICTIONARY: return open_codes(cx, r, p, end);
    case PQ_RLE:
        if (type == PQ_BOOL) return open_rle(cx, r, p, end);
        break;
    case PQ_DELTA_BINARY:
        if (type == PQ_INT32 || type == PQ_INT64) return open_delta(cx, r, p, end);
        break;
    case PQ_DELTA_LENGTH:
        if (type == PQ_BYTES) return open_strings(cx, r, encoding, p, end);
        break;
    case PQ_DELTA_BYTES:
        if (type == PQ_BYTES || type == PQ_FIXED) return open_strings(cx, r, encoding, p, end);
        break;
    case PQ_BYTE_STREAM_SPLIT:
        if (type != PQ_BYTES && type != PQ_BOOL) return open_split(cx, r, p, end);
        break;
    default: break;
    }
    return pq_broken(cx, r->s, r->leaf, "a page's encoding does not fit its type");
}

/* ---- taking ---- */
static rc too_short(struct ctx *cx, struct pq_reader *r)
{
    return pq_broken(cx, r->s, r->leaf, "a page holds fewer values than it says");
}

static KERNEL uint32_t greatest(int64_t n, const uint32_t *restrict v)
{
    uint32_t m = 0;
    for (int64_t i = 0; i < n; i++)
        m = v[i] > m ? v[i] : m;
    return m;
}

#define GATHER(T)                                                                                  \
    static KERNEL void gather_##T(int64_t n, const uint32_t *restrict code,                        \
                                  const T *restrict from, T *restrict out)                         \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            out[i] = from[code[i]];                                                                \
    }
GATHER(uint8_t)
GATHER(uint32_t)
GATHER(uint64_t)

static void gather_text(int64_t n, const uint32_t *code, const struct text *from, struct text *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = from[code[i]];
}

static void gather(enum phys phys, int64_t n, const uint32_t *code, const void *from, void *out)
{
    switch (pq_out_width(phys)) {
    case 1: gather_uint8_t(n, code, from, out); break;
    case 4: gather_uint32_t(n, code, from, out); break;
    case 8: gather_uint64_t(n, code, from, out); break;
    default: gather_text(n, code, from, out);
    }
}

static void keep_dict(struct pq_reader *r, struct pq_out *o)
{
    for (int i = 0; i < r->dict_out.n_bufs; i++)
        pq_out_keep(o, r->dict_out.bufs[i]);
}

static rc take_codes(struct ctx *cx, struct pq_reader *r, int64_t n, struct pq_out *o, char *out)
{
    const void *values = r->dict_texts ? r->dict_texts->data : r->dict;
    const int32_t *map = o->lut ? o->lut : r->dict_map;
    size_t width = pq_out_width(o->phys);
    if (o->phys == PHYS_STR) keep_dict(r, o);
    for (int64_t k; n > 0; n -= k, out += (size_t)k * width) {
        k = n < PQ_STEP ? n : PQ_STEP;
        uint32_t *code = o->phys == PHYS_DICT && !map ? (uint32_t *)(void *)out : r->codes;
        if (!pq_rle_take(&r->page.codes, code, k)) return too_short(cx, r);
        if ((int64_t)greatest(k, code) >= r->n_dict)
            return pq_broken(cx, r->s, r->leaf, "a code lies outside the dictionary");
        if (o->phys != PHYS_DICT)
            gather(o->phys, k, code, values, out);
        else if (map)
            gather_uint32_t(k, code, (const uint32_t *)map, (uint32_t *)(void *)out);
    }
    return RC_OK;
}

static rc take_delta(struct ctx *cx, struct pq_reader *r, int64_t n, struct pq_out *o, char *out)
{
    int64_t wide[256];
    int32_t narrow[256];
    bool is_short = r->leaf->e->type == PQ_INT32;
    for (int64_t k; n > 0; n -= k, out += (size_t)k * pq_out_width(o->phys)) {
        k = n < 256 ? n : 256;
        if (!pq_delta_take(&r->page.delta, wide, k)) return too_short(cx, r);
        for (int64_t i = 0; i < k && is_short; i++)
            narrow[i] = (int32_t)(uint32_t)(uint64_t)wide[i];
        const void *in = is_short ? (const void *)narrow : wide;
        TRY(pq_convert(cx, r->s, r->leaf, in, k, out, o));
    }
    return RC_OK;
}

static rc take_fixed(struct ctx *cx, struct pq_reader *r, int64_t n, struct pq_out *o, char *out)
{
    struct pq_page *p = &r->page;
    size_t width = pq_width(r->leaf);
    int64_t have = (int64_t)((size_t)(p->end - p->data) / width) - p->at;
    if (n > have) return too_short(cx, r);
    TRY(pq_convert(cx, r->s, r->leaf, p->data + (size_t)p->at * width, n, out, o));
    p->at += n;
    return RC_OK;
}

static rc take_bools(struct ctx *cx, struct pq_reader *r, int64_t n, char *out)
{
    struct pq_page *p = &r->page;
    if (p->form == FORM_BITS) {
        if (n > (p->end - p->data) * 8 - p->at) return too_short(cx, r);
        for (int64_t i = 0; i < n; i++, p->at++)
            out[i] = p->data[p->at >> 3] >> (p->at & 7) & 1;
        return RC_OK;
    }
    for (int64_t k; n > 0; n -= k, out += k) {
        k = n < PQ_STEP ? n : PQ_STEP;
        if (!pq_rle_take(&p->codes, r->codes, k)) return too_short(cx, r);
        for (int64_t i = 0; i < k; i++)
            out[i] = (char)r->codes[i];
    }
    return RC_OK;
}

/* Up to PQ_STEP texts of a plain page; false when it ends before. */
static bool walk_plain(struct pq_page *p, struct str *out, int64_t n)
{
    const char *at = p->data, *end = p->end;
    for (int64_t i = 0; i < n; i++) {
        uint32_t len;
        if (end - at < 4) return false;
        memcpy(&len, at, 4);
        at += 4;
        if (len > (uint64_t)(end - at)) return false;
        out[i] = (struct str){at, len};
        at += len;
    }
    p->data = at;
    return true;
}

/* Plain ASCII texts as views: the way most columns of text go. Bytes beyond the text may be read
 * (PQ_PAD), and are cut off. */
static int64_t ascii_views(struct pq_page *p, struct text *out, int64_t n, bool *has_long)
{
    const char *at = p->data, *end = p->end;
    bool any_long = false;
    int64_t i = 0;
    for (; i < n; i++) {
        uint32_t len;
        if (end - at < 4) break;
        memcpy(&len, at, 4);
        if (len > (uint64_t)(end - at - 4)) break;
        at += 4;
        if (len <= TEXT_INLINE) {
            uint64_t lo, hi;
            memcpy(&lo, at, 8);
            memcpy(&hi, at + 4, 8);
            lo = len >= 8 ? lo : lo & ~(UINT64_MAX << (len * 8));
            hi = len == 12 ? hi : len > 4 ? hi & ~(UINT64_MAX << ((len - 4) * 8)) : 0;
            out[i].n = len;
            memcpy(out[i].inl, &lo, 8);
            hi >>= 32;
            memcpy(out[i].inl + 8, &hi, 4);
        } else {
            out[i].n = len;
            memcpy(out[i].prefix, at, 4);
            out[i].ptr = at;
            any_long = true;
        }
        at += len;
    }
    p->data = at;
    *has_long = *has_long || any_long;
    return i;
}

static rc take_texts(struct ctx *cx, struct pq_reader *r, int64_t n, struct pq_out *o, char *out)
{
    struct pq_page *p = &r->page;
    size_t width = pq_out_width(o->phys);
    bool is_fixed = r->leaf->e->type == PQ_FIXED, has_long = false;
    if (p->form == FORM_PLAIN_BYTES && p->is_ascii) {
        if (ascii_views(p, (struct text *)(void *)out, n, &has_long) < n) return too_short(cx, r);
        if (has_long) pq_out_keep(o, r->plain);
        return RC_OK;
    }
    if (p->form == FORM_PLAIN_BYTES) pq_out_keep(o, r->plain);
    if (p->form == FORM_STRINGS && r->plain) pq_out_keep(o, r->plain);
    if (p->form == FORM_STRINGS && r->split) pq_out_keep(o, r->split);
    for (int64_t k; n > 0; n -= k, out += (size_t)k * width) {
        k = n < PQ_STEP ? n : PQ_STEP;
        const struct str *from = r->step;
        if (p->form == FORM_PLAIN_BYTES) {
            if (!walk_plain(p, r->step, k)) return too_short(cx, r);
        } else {
            if (k > p->n_strings - p->at) return too_short(cx, r);
            from = p->strings + p->at;
            p->at += k;
        }
        if (!is_fixed) {
            TRY(pq_convert_bytes(cx, r->s, r->leaf, from, k, out, o));
            continue;
        }
        for (int64_t i = 0; i < k; i++) {
            if (from[i].n != (size_t)r->leaf->e->length)
                return pq_broken(cx, r->s, r->leaf, "a value has another length than all");
            TRY(pq_convert(cx, r->s, r->leaf, from[i].p, 1, out + (size_t)i * width, o));
        }
    }
    return RC_OK;
}

rc pq_take_values(struct ctx *cx, struct pq_reader *r, int64_t k, struct pq_out *o, int64_t at)
{
    if (k == 0) return RC_OK;
    char *out = (char *)o->data + (size_t)at * pq_out_width(o->phys);
    switch (r->page.form) {
    case FORM_FIXED: return take_fixed(cx, r, k, o, out);
    case FORM_BITS:
    case FORM_RLE: return take_bools(cx, r, k, out);
    case FORM_CODES: return take_codes(cx, r, k, o, out);
    case FORM_DELTA: return take_delta(cx, r, k, o, out);
    case FORM_PLAIN_BYTES:
    case FORM_STRINGS: return take_texts(cx, r, k, o, out);
    default: return too_short(cx, r);
    }
}
