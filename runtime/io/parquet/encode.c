/* encode.c: levels and values as pages. Data pages are of version 1, which every reader knows. */
#include "runtime/io/parquet/pq_int.h"
#include "runtime/io/parquet/pq_write.h"

#include "runtime/base/cancel.h"

#define PAGE_BYTES (1 << 20)
#define PAGE_ROWS  65536
#define LONG_RUN   16

/* ---- bits ---- */
static void put_varint(struct strbuf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        strbuf_addc(b, (char)(v | 0x80));
    strbuf_addc(b, (char)v);
}

/* Values in bits one after the other, to a whole number of groups of eight. */
static void put_packed(struct strbuf *out, const uint32_t *v, int64_t n, int width)
{
    int64_t groups = (n + 7) / 8;
    put_varint(out, (uint64_t)groups << 1 | 1);
    size_t bytes = (size_t)groups * (size_t)width;
    char *to = strbuf_grow(out, bytes + 16);
    uint64_t held = 0;
    unsigned n_held = 0;
    size_t at = 0;
    for (int64_t i = 0; i < groups * 8; i++) {
        held |= (uint64_t)(i < n ? v[i] : 0) << n_held;
        n_held += (unsigned)width;
        if (n_held < 32) continue;
        uint32_t word = (uint32_t)held;
        memcpy(to + at, &word, 4);
        at += 4;
        held >>= 32;
        n_held -= 32;
    }
    memcpy(to + at, &held, 8);
    out->n += bytes;
}

static int64_t run_at(const uint32_t *v, int64_t i, int64_t n, int64_t most)
{
    int64_t k = 1;
    while (k < most && i + k < n && v[i + k] == v[i])
        k++;
    return k;
}

void pq_put_rle(struct strbuf *out, const uint32_t *v, int64_t n, int width)
{
    for (int64_t i = 0; i < n;) {
        if (run_at(v, i, n, LONG_RUN) >= LONG_RUN) {
            int64_t k = run_at(v, i, n, n);
            put_varint(out, (uint64_t)k << 1);
            strbuf_add(out, (const char *)&v[i], (size_t)(width + 7) / 8);
            i += k;
            continue;
        }
        int64_t from = i;
        while (i < n && run_at(v, i, n, LONG_RUN) < LONG_RUN)
            i += 8;
        if (i > n) i = n;
        put_packed(out, v + from, i - from, width);
    }
}

static int bits_of(uint64_t most)
{
    int w = 0;
    while (w < 64 && most >> w)
        w++;
    return w;
}

/* Levels with their length before them. */
static void put_levels(struct strbuf *out, const uint8_t *levels, int64_t n, int max)
{
    size_t at = out->n;
    uint32_t bytes;
    strbuf_add(out, "\0\0\0\0", 4);
    if (!levels) { /* all there */
        uint8_t top = (uint8_t)max;
        put_varint(out, (uint64_t)n << 1);
        strbuf_add(out, (const char *)&top, 1);
    } else {
        uint32_t *wide = mem_alloc(sizeof *wide * (size_t)(n + 1));
        for (int64_t i = 0; i < n; i++)
            wide[i] = levels[i];
        pq_put_rle(out, wide, n, bits_of((uint64_t)max));
        mem_free(wide);
    }
    bytes = (uint32_t)(out->n - at - 4);
    memcpy(out->p + at, &bytes, 4);
}

/* ---- values ---- */
static void put_texts(struct strbuf *out, const struct text *t, int64_t n)
{
    size_t bytes = 0;
    for (int64_t i = 0; i < n; i++)
        bytes += 4 + (size_t)t[i].n;
    char *to = strbuf_grow(out, bytes + 16);
    for (int64_t i = 0; i < n; i++) {
        uint32_t len = t[i].n;
        memcpy(to, &len, 4);
        memcpy(to + 4, text_str(&t[i]).p, len);
        to += 4 + len;
    }
    out->n += bytes;
}

void pq_put_plain(struct strbuf *out, const struct pq_values *v, int64_t from, int64_t n)
{
    if (v->phys == PHYS_STR) {
        put_texts(out, (const struct text *)v->data + from, n);
    } else if (v->phys == PHYS_BOOL) {
        const uint8_t *b = (const uint8_t *)v->data + from;
        for (int64_t i = 0; i < n; i += 8) {
            unsigned byte = 0;
            for (int64_t k = i; k < n && k < i + 8; k++)
                byte |= (unsigned)b[k] << (k - i);
            strbuf_addc(out, (char)byte);
        }
    } else if (n) {
        size_t width = phys_width(v->phys);
        strbuf_add(out, (const char *)v->data + (size_t)from * width, (size_t)n * width);
    }
}

/* ---- pages ---- */
struct chunk {
    struct ctx *cx;
    const struct pq_wleaf *l;
    int codec;
    const struct pq_values *v;
    const struct pq_wdict *d;
    struct strbuf page, packed;
    struct pq_wchunk *out;
};

static rc put_page(struct chunk *c, bool is_dict, int64_t n_values)
{
    struct thrift_out h = {0};
    const struct strbuf *body = &c->page;
    if (c->codec != PQ_NONE) {
        int level = c->codec == PQ_GZIP ? PQ_GZIP_LEVEL : PQ_ZSTD_LEVEL;
        strbuf_clear(&c->packed);
        TRY(pq_pack(c->cx, c->codec, level, c->page.p ? c->page.p : "", c->page.n, &c->packed));
        body = &c->packed;
    }
    thrift_open(&h, 0);
    thrift_put_int(&h, 1, THRIFT_I32, is_dict ? PQ_DICTIONARY_PAGE : PQ_DATA_PAGE);
    thrift_put_int(&h, 2, THRIFT_I32, (int64_t)c->page.n);
    thrift_put_int(&h, 3, THRIFT_I32, (int64_t)body->n);
    thrift_open(&h, is_dict ? 7 : 5);
    thrift_put_int(&h, 1, THRIFT_I32, n_values);
    thrift_put_int(&h, 2, THRIFT_I32, is_dict || !c->d->is_used ? PQ_PLAIN : PQ_RLE_DICTIONARY);
    if (!is_dict) {
        thrift_put_int(&h, 3, THRIFT_I32, PQ_RLE);
        thrift_put_int(&h, 4, THRIFT_I32, PQ_RLE);
    }
    thrift_close(&h);
    thrift_close(&h);
    c->out->n_plain += (int64_t)(h.b.n + c->page.n);
    strbuf_add(&c->out->bytes, h.b.p, h.b.n);
    if (body->n) strbuf_add(&c->out->bytes, body->p, body->n);
    strbuf_release(&h.b);
    *(is_dict ? &c->out->n_dict_pages : &c->out->n_data_pages) += 1;
    return RC_OK;
}

static rc put_dict_page(struct chunk *c)
{
    const struct pq_values *v = c->v;
    strbuf_clear(&c->page);
    struct pq_values one = *v;
    if (v->phys == PHYS_DICT) {
        one.phys = PHYS_STR;
        one.data = v->dict->data;
    }
    for (int64_t i = 0; i < c->d->n; i++)
        pq_put_plain(&c->page, &one, c->d->first[i], 1);
    c->out->dict_at = 0;
    return put_page(c, true, c->d->n);
}

/* Entries [from, to) with values [value, value + n). */
static rc put_data_page(struct chunk *c, int64_t from, int64_t to, int64_t value, int64_t n)
{
    const struct pq_wleaf *l = c->l;
    strbuf_clear(&c->page);
    if (l->max_rep) put_levels(&c->page, c->v->rep + from, to - from, l->max_rep);
    if (l->max_def)
        put_levels(&c->page, c->v->def ? c->v->def + from : NULL, to - from, l->max_def);
    if (c->d->is_used) {
        int width = bits_of((uint64_t)(c->d->n > 1 ? c->d->n - 1 : 1));
        strbuf_addc(&c->page, (char)width);
        pq_put_rle(&c->page, c->d->codes + value, n, width);
    } else {
        pq_put_plain(&c->page, c->v, value, n);
    }
    return put_page(c, false, to - from);
}

/* Entries a page: a megabyte of plain values, and not too many rows. */
static int64_t page_entries(const struct pq_values *v)
{
    int64_t n = PAGE_ROWS;
    if (v->phys != PHYS_STR || v->n == 0) return n;
    uint64_t bytes = 0;
    for (int64_t i = 0; i < v->n; i++)
        bytes += ((const struct text *)v->data)[i].n + 4;
    uint64_t each = bytes / (uint64_t)v->n + 1;
    if (each * PAGE_ROWS > PAGE_BYTES) n = (int64_t)(PAGE_BYTES / each);
    return n < 64 ? 64 : n;
}

static rc put_data_pages(struct chunk *c)
{
    const struct pq_values *v = c->v;
    int64_t step = page_entries(v), value = 0;
    for (int64_t from = 0; from < v->n_entries;) {
        int64_t to = from + step < v->n_entries ? from + step : v->n_entries, n = to - from;
        while (v->rep && to < v->n_entries && v->rep[to])
            to++; /* pages end where rows end */
        if (v->def) {
            n = 0;
            for (int64_t i = from; i < to; i++)
                n += v->def[i] == c->l->max_def;
        }
        TRY(check_cancel(c->cx));
        TRY(put_data_page(c, from, to, value, n));
        value += n;
        from = to;
    }
    return RC_OK;
}

static rc encode(struct chunk *c)
{
    struct pq_wchunk *out = c->out;
    out->n_values = c->v->n_entries;
    out->dict_at = -1;
    if (c->d->is_used) TRY(put_dict_page(c));
    out->data_at = (int64_t)out->bytes.n;
    return put_data_pages(c);
}

rc pq_chunk_write(struct ctx *cx, const struct pq_wleaf *l, const struct column *column, int codec,
                  struct pq_wchunk *out)
{
    struct pq_values v = {0};
    struct pq_wdict d = {0};
    struct chunk c = {.cx = cx, .l = l, .codec = codec, .v = &v, .d = &d, .out = out};
    *out = (struct pq_wchunk){0};
    enum rc_t res = pq_values_make(cx, l, column, &v);
    if (res == RC_OK) res = pq_wdict_make(cx, &v, l->type.kind == KIND_CAT, &d);
    if (res == RC_OK) {
        pq_wstats_make(&v, &d, &out->stats);
        res = encode(&c);
    }
    strbuf_release(&c.page);
    strbuf_release(&c.packed);
    pq_wdict_free(&d);
    pq_values_free(&v);
    return res;
}
