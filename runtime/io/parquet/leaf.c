/* leaf.c: rows of a flat column, one level of null at most: values are taken dense and spread to
 * their rows in place. */
#include "runtime/io/parquet/pq_int.h"

rc pq_out_room(struct ctx *cx, const struct pq_leaf *l, int64_t n, struct pq_out *o)
{
    *o = (struct pq_out){.phys = l->phys, .cap = n};
    return mem_big(cx, pq_out_width(l->phys) * (size_t)(n + 64), &o->data);
}

void pq_out_reset(struct pq_out *o)
{
    for (int i = 0; i < o->n_bufs; i++)
        buf_unref(o->bufs[i]);
    o->n_bufs = 0;
    o->heap = NULL;
    o->heap_n = o->heap_cap = 0;
    o->n = o->n_null = 0;
    o->has_bits = false;
    column_unref(o->dict);
    o->dict = NULL;
}

rc pq_out_to_text(struct ctx *cx, struct pq_out *o)
{
    struct text *texts;
    const int32_t *codes = o->data;
    const struct text *levels = o->dict->data;
    TRY(mem_big(cx, sizeof *texts * (size_t)(o->cap + 64), (void **)&texts));
    for (int64_t i = 0; i < o->n; i++)
        texts[i] = codes[i] < o->dict->n ? levels[codes[i]] : text_make(NULL, 0);
    for (int64_t i = 0; i < o->n && o->has_bits; i++)
        if (!bit_get(o->valid, i)) texts[i] = text_make(NULL, 0);
    for (int i = 0; i < o->dict->n_bufs; i++)
        pq_out_keep(o, o->dict->bufs[i]);
    column_unref(o->dict);
    o->dict = NULL;
    mem_big_free(o->data);
    o->data = texts;
    o->phys = PHYS_STR;
    return RC_OK;
}

/* ---- spreading ---- */
#define SPREAD(T)                                                                                  \
    static void spread_##T(T *v, const uint64_t *valid, int64_t at, int64_t n, int64_t n_values)   \
    {                                                                                              \
        int64_t from = at + n_values;                                                              \
        for (int64_t i = at + n; i-- > at;) {                                                      \
            if (from - at == i + 1 - at) return; /* all before are in place */                     \
            if (bit_get(valid, i))                                                                 \
                v[i] = v[--from];                                                                  \
            else                                                                                   \
                memset(&v[i], 0, sizeof v[i]);                                                     \
        }                                                                                          \
    }
typedef struct text text_value;
SPREAD(uint8_t)
SPREAD(uint32_t)
SPREAD(uint64_t)
SPREAD(text_value)

/* n_values dense values at rows [at, ..) move to the rows of [at, at + n) that are valid. */
static void spread(struct pq_out *o, int64_t at, int64_t n, int64_t n_values)
{
    switch (pq_out_width(o->phys)) {
    case 1: spread_uint8_t(o->data, o->valid, at, n, n_values); break;
    case 4: spread_uint32_t(o->data, o->valid, at, n, n_values); break;
    case 8: spread_uint64_t(o->data, o->valid, at, n, n_values); break;
    default: spread_text_value(o->data, o->valid, at, n, n_values);
    }
}

/* ---- rows ---- */
static rc take_dense(struct ctx *cx, struct pq_reader *r, int64_t k, struct pq_out *o)
{
    TRY(pq_take_values(cx, r, k, o, o->n));
    if (o->has_bits) { /* before settling, which clears some */
        for (int64_t i = 0; i < k;) {
            int64_t at = o->n + i;
            if (at % 64 == 0 && k - i >= 64) {
                o->valid[at / 64] = UINT64_MAX;
                i += 64;
            } else {
                bit_set(o->valid, at);
                i++;
            }
        }
    }
    o->n += k;
    return o->phys == PHYS_DICT ? RC_OK : pq_settle_nulls(cx, r->leaf, o, o->n - k, k);
}

static rc take_nulls(struct ctx *cx, int64_t k, struct pq_out *o)
{
    size_t width = pq_out_width(o->phys);
    TRY(pq_need_bits(cx, o));
    memset((char *)o->data + (size_t)o->n * width, 0, (size_t)k * width);
    for (int64_t i = 0; i < k; i++)
        bit_clear(o->valid, o->n + i);
    o->n += k;
    o->n_null += k;
    return RC_OK;
}

static int64_t present(struct pq_reader *r, int64_t k, uint64_t *bits)
{
    int64_t n = 0;
    if (!pq_rle_take(&r->page.def, r->codes, k)) return -1;
    memset(bits, 0, BITMAP_WORDS(k) * 8);
    for (int64_t i = 0; i < k; i++) {
        if (r->codes[i] > 1) return -1;
        bits[i >> 6] |= (uint64_t)r->codes[i] << (i & 63);
        n += r->codes[i];
    }
    return n;
}

/* At most PQ_STEP entries whose nulls are mixed. */
static rc take_mixed(struct ctx *cx, struct pq_reader *r, int64_t k, struct pq_out *o)
{
    uint64_t bits[PQ_STEP / 64];
    int64_t n_values = present(r, k, bits);
    if (n_values < 0) return pq_broken(cx, r->s, r->leaf, "a page's levels cannot be read");
    if (n_values == k) return take_dense(cx, r, k, o);
    TRY(pq_need_bits(cx, o));
    bitmap_copy(o->valid, o->n, bits, 0, k);
    TRY(pq_take_values(cx, r, n_values, o, o->n));
    spread(o, o->n, k, n_values);
    o->n += k;
    o->n_null += k - n_values;
    return o->phys == PHYS_DICT ? RC_OK : pq_settle_nulls(cx, r->leaf, o, o->n - k, k);
}

/* Codes where texts are wanted and the other way round. */
static rc fit_form(struct ctx *cx, struct pq_reader *r, struct pq_out *o)
{
    bool is_codes = r->page.form == FORM_CODES && r->dict_col;
    if (o->lut && r->page.form != FORM_CODES) {
        o->lost_dict = true;
        return RC_OK;
    }
    if (o->wants_dict && o->n == 0 && is_codes && o->phys == PHYS_STR) {
        o->phys = PHYS_DICT;
        o->dict = column_ref(r->dict_col);
    }
    if (o->phys != PHYS_DICT || o->lut) return RC_OK;
    return is_codes ? RC_OK : pq_out_to_text(cx, o);
}

rc pq_read_flat(struct ctx *cx, struct pq_reader *r, int64_t n, struct pq_out *o)
{
    while (n > 0) {
        uint32_t level = 1;
        TRY(pq_page_next(cx, r));
        TRY(fit_form(cx, r, o));
        if (o->lost_dict) return RC_OK;
        int64_t k = n < r->page.left ? n : r->page.left, run = k;
        if (r->leaf->max_def) run = pq_rle_run(&r->page.def, &level);
        if (run > 0) {
            k = run < k ? run : k;
            if (r->leaf->max_def && (level > 1 || !pq_rle_skip(&r->page.def, k)))
                return pq_broken(cx, r->s, r->leaf, "a page's levels cannot be read");
            if (level)
                TRY(take_dense(cx, r, k, o));
            else
                TRY(take_nulls(cx, k, o));
        } else {
            k = k < PQ_STEP ? k : PQ_STEP;
            TRY(take_mixed(cx, r, k, o));
        }
        r->page.left -= k;
        n -= k;
    }
    return RC_OK;
}

rc pq_skip_flat(struct ctx *cx, struct pq_reader *r, int64_t n)
{
    struct pq_page_head h;
    struct pq_out waste = {0};
    while (n > 0 && r->page.left == 0) {
        TRY(pq_page_peek(cx, r, &h));
        if (h.n_values > n) break;
        pq_page_pass(r, &h);
        n -= h.n_values;
    }
    if (n == 0) return RC_OK;
    enum rc_t res = pq_out_room(cx, r->leaf, PQ_WINDOW, &waste);
    while (n > 0 && res == RC_OK) {
        int64_t k = n < PQ_WINDOW ? n : PQ_WINDOW;
        res = pq_read_flat(cx, r, k, &waste);
        pq_out_reset(&waste);
        n -= k;
    }
    pq_out_release(&waste);
    return res;
}

/* ---- giving ---- */
struct column *pq_out_heap(const struct pq_out *o)
{
    if (o->phys != PHYS_STR || o->n_bufs == 0) return NULL;
    struct column *c = mem_zero(sizeof *c);
    atomic_init(&c->refs, 1);
    c->type = DTYPE(KIND_STR);
    c->phys = PHYS_STR;
    c->data = o->data; /* of no rows */
    c->bufs = mem_zero(sizeof *c->bufs * (size_t)o->n_bufs);
    for (int i = 0; i < o->n_bufs; i++)
        c->bufs[c->n_bufs++] = buf_ref(o->bufs[i]);
    return c;
}

struct vec pq_out_view(const struct pq_out *o, const struct column *heap, int64_t at)
{
    struct vec v = {.phys = o->phys, .dict = o->dict, .heap = heap};
    v.valid = o->n_null ? o->valid + at / 64 : NULL;
    v.data = (const char *)o->data +
             (o->phys == PHYS_BOOL ? (size_t)at / 8 : (size_t)at * phys_width(o->phys));
    return v;
}

void pq_pack_bools(const char *bytes, int64_t n, uint64_t *bits)
{
    for (int64_t i = 0; i < n; i += 64) {
        uint64_t w = 0;
        for (int64_t k = i; k < n && k < i + 64; k++)
            w |= (uint64_t)(bytes[k] & 1) << (k - i);
        bits[i / 64] = w; /* behind what is still to be read */
    }
}

static void adopt(struct column *c, void *p, size_t n)
{
    if (p) c->bufs[c->n_bufs++] = buf_adopt(p, n);
}

rc pq_out_column(struct ctx *cx, struct pq_out *o, struct dtype type, struct column **out)
{
    (void)cx;
    struct column *c = mem_zero(sizeof *c);
    atomic_init(&c->refs, 1);
    c->type = type;
    c->phys = o->phys;
    c->n = o->n;
    c->n_null = o->n_null;
    c->valid = o->n_null ? o->valid : NULL;
    c->data = o->data;
    c->dict = o->dict;
    c->bufs = mem_zero(sizeof *c->bufs * (size_t)(o->n_bufs + 2));
    for (int i = 0; i < o->n_bufs; i++)
        c->bufs[c->n_bufs++] = o->bufs[i];
    if (o->phys == PHYS_BOOL) pq_pack_bools(o->data, o->n, o->data);
    adopt(c, o->data, pq_out_width(o->phys) * (size_t)o->n);
    adopt(c, o->valid, BITMAP_WORDS(o->n) * 8);
    mem_free(o->bufs);
    *o = (struct pq_out){0};
    *out = c;
    return RC_OK;
}
