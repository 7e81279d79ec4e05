/* page.c: the pages of a chunk: read through a window of the file, checked, unpacked. */
#include "runtime/io/parquet/pq_int.h"

#include <zlib.h>

#define AHEAD     ((int64_t)512 << 10)
#define HEAD_STEP 1024
#define SLACK     100
#define HEAD_MAX  ((int64_t)16 << 20)

rc pq_reader_open(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *leaf,
                  const struct pq_chunk *c, struct pq_reader *r)
{
    *r = (struct pq_reader){.s = s, .leaf = leaf, .chunk = c, .left = c->n_values};
    if (c->is_encrypted)
        return fail(cx, E302, s->span, "column `%s` of `%s` is encrypted, which cannot be read",
                    leaf->path, s->head.label);
    if (c->is_elsewhere)
        return fail(cx, E302, s->span, "column `%s` of `%s` lies in another file", leaf->path,
                    s->head.label);
    if (c->codec < 0 || c->codec >= PQ_CODECS || c->codec == PQ_LZO)
        return fail(cx, E302, s->span,
                    "column `%s` of `%s` is packed with %s, which cannot be read", leaf->path,
                    s->head.label, pq_codec_name(c->codec));
    if (c->type != leaf->e->type) return pq_broken(cx, s, leaf, "its pages are of another type");
    if (c->n_values < 0 || c->n_bytes < 0 || c->offset < 4 || c->offset > s->size ||
        c->n_bytes > s->size - c->offset)
        return pq_broken(cx, s, leaf, "it lies outside the file");
    if (c->n_values / 65536 > c->n_bytes + 256)
        return pq_broken(cx, s, leaf, "it claims more values than its bytes can hold");
    r->at = c->offset;
    /* Old parquet-mr left the dictionary's header out of the size: a little more may follow. */
    r->end = c->offset + c->n_bytes + SLACK;
    if (r->end > s->size - 8) r->end = s->size - 8;
    r->codes = mem_alloc(sizeof *r->codes * PQ_STEP);
    r->levels = mem_alloc(2 * PQ_STEP);
    r->step = mem_alloc(sizeof *r->step * PQ_STEP);
    return RC_OK;
}

void pq_reader_close(struct pq_reader *r)
{
    mem_big_free(r->window);
    buf_unref(r->plain);
    buf_unref(r->split);
    mem_big_free(r->scratch.strings);
    mem_big_free(r->scratch.wide);
    mem_big_free(r->dict);
    pq_out_release(&r->dict_out);
    column_unref(r->dict_col);
    column_unref(r->dict_texts);
    mem_free(r->dict_map);
    mem_free(r->codes);
    mem_free(r->levels);
    mem_free(r->step);
    *r = (struct pq_reader){0};
}

/* ---- the window ---- */
/* Bytes [at, at + n) of the file, which lie in the chunk; up to `ahead` are read at once. */
static rc window_need(struct ctx *cx, struct pq_reader *r, int64_t at, int64_t n, int64_t ahead,
                      const char **out)
{
    int64_t have_to = r->window_at + (int64_t)r->window_n, keep = 0;
    if (n > r->end - at) return pq_broken(cx, r->s, r->leaf, "its pages end too early");
    if (r->window && at >= r->window_at && at + n <= have_to) {
        *out = r->window + (at - r->window_at);
        return RC_OK;
    }
    int64_t want = ahead > n ? ahead : n;
    if (want > r->end - at) want = r->end - at;
    if (r->window && at >= r->window_at && at < have_to) {
        keep = have_to - at;
        memmove(r->window, r->window + (at - r->window_at), (size_t)keep);
    }
    r->window_at = at;
    r->window_n = (size_t)keep;
    if (r->window_cap < (size_t)want + PQ_PAD) {
        TRY(mem_big_grow(cx, (void **)&r->window, r->window_n, (size_t)want + PQ_PAD));
        r->window_cap = (size_t)want + PQ_PAD;
    }
    size_t got = 0;
    TRY(io_source_read(cx, r->s->src, at + keep, r->window + keep, (size_t)(want - keep), &got));
    r->window_n = (size_t)keep + got;
    memset(r->window + r->window_n, 0, PQ_PAD);
    if ((int64_t)r->window_n < n) return pq_broken(cx, r->s, r->leaf, "its pages end too early");
    *out = r->window;
    return RC_OK;
}

static rc read_head(struct ctx *cx, struct pq_reader *r, int64_t ahead, struct pq_page_head *h)
{
    const char *p = NULL;
    int64_t left = r->end - r->at;
    if (left <= 0) return pq_broken(cx, r->s, r->leaf, "its pages end too early");
    for (int64_t n = HEAD_STEP;; n *= 8) {
        if (n > left) n = left;
        TRY(window_need(cx, r, r->at, n, ahead, &p));
        int res = pq_page_parse((const uint8_t *)p, (size_t)n, h);
        if (res == 1) break;
        if (res < 0 || n == left || n >= HEAD_MAX)
            return pq_broken(cx, r->s, r->leaf, "the header of a page cannot be read");
    }
    if (h->n_packed > left - (int64_t)h->n_head)
        return pq_broken(cx, r->s, r->leaf, "a page is longer than the rest of the column");
    return RC_OK;
}

/* ---- bodies ---- */
/* Room for a page that texts may point into: a new one when the last is still held. */
static rc page_room(struct ctx *cx, struct buf **b, size_t n)
{
    bool is_free = *b && atomic_load(&(*b)->refs) == 1 && (*b)->n >= n + PQ_PAD;
    if (is_free) return RC_OK;
    buf_unref(*b);
    *b = NULL;
    return buf_new(cx, n + PQ_PAD, b);
}

static rc check_crc(struct ctx *cx, struct pq_reader *r, const struct pq_page_head *h,
                    const char *body)
{
    if (!h->has_crc) return RC_OK;
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)body, (uInt)h->n_packed);
    if (crc == h->crc) return RC_OK;
    return pq_broken(cx, r->s, r->leaf, "a page's checksum does not match its bytes");
}

/* The page's bytes, unpacked but for the levels of v2 (which never are packed). */
static rc unpack_page(struct ctx *cx, struct pq_reader *r, const struct pq_page_head *h,
                      const char *body, const char **out)
{
    size_t n_levels = h->type == PQ_DATA_PAGE_V2 ? (size_t)h->n_def + (size_t)h->n_rep : 0;
    size_t packed = (size_t)h->n_packed, plain = (size_t)h->n_plain;
    bool is_packed = r->chunk->codec != PQ_NONE && (h->type != PQ_DATA_PAGE_V2 || h->is_packed);
    if (n_levels > packed || n_levels > plain)
        return pq_broken(cx, r->s, r->leaf, "a page is shorter than its levels");
    if (!is_packed && packed != plain) return pq_broken(cx, r->s, r->leaf, "a page has two sizes");
    bool is_text = r->leaf->e->type == PQ_BYTES;
    if (!is_packed && !is_text) {
        *out = body;
        return RC_OK;
    }
    if (is_packed && plain > n_levels &&
        !pq_may_unpack(r->chunk->codec, body + n_levels, packed - n_levels, plain - n_levels))
        return pq_broken(cx, r->s, r->leaf, "a page claims more than its bytes can hold");
    TRY(page_room(cx, &r->plain, plain));
    char *to = r->plain->p;
    if (n_levels) memcpy(to, body, n_levels);
    if (!is_packed && plain > n_levels) memcpy(to + n_levels, body + n_levels, plain - n_levels);
    bool ok = !is_packed || plain == n_levels ||
              pq_unpack(r->chunk->codec, body + n_levels, packed - n_levels, to + n_levels,
                        plain - n_levels);
    if (!ok) {
        fail(cx, E302, r->s->span, "`%s` is damaged: a page of column `%s` cannot be unpacked (%s)",
             r->s->head.label, r->leaf->path, pq_codec_name(r->chunk->codec));
        return RC_ERR;
    }
    memset(to + plain, 0, PQ_PAD);
    *out = to;
    return RC_OK;
}

static int level_width(int max)
{
    int w = 0;
    while (max >> w)
        w++;
    return w;
}

/* Levels of a v1 page at *p. */
static rc levels_v1(struct ctx *cx, struct pq_reader *r, int encoding, int max, int64_t n,
                    const uint8_t **p, const uint8_t *end, struct pq_rle *out)
{
    int width = level_width(max);
    uint32_t bytes = 0;
    if (max == 0) return RC_OK;
    if (encoding == PQ_BIT_PACKED) {
        int64_t need = (n * width + 7) / 8;
        if (need > end - *p) return pq_broken(cx, r->s, r->leaf, "a page's levels end too early");
        pq_packed_open(out, *p, *p + need, width);
        *p += need;
        return RC_OK;
    }
    if (encoding != PQ_RLE) return pq_broken(cx, r->s, r->leaf, "levels of an unknown encoding");
    if (end - *p >= 4) memcpy(&bytes, *p, 4);
    if (end - *p < 4 || bytes > (uint64_t)(end - *p - 4))
        return pq_broken(cx, r->s, r->leaf, "a page's levels end too early");
    pq_rle_open(out, *p + 4, *p + 4 + bytes, width);
    *p += 4 + bytes;
    return RC_OK;
}

static rc load_data(struct ctx *cx, struct pq_reader *r, const struct pq_page_head *h,
                    const char *plain)
{
    const uint8_t *p = (const uint8_t *)plain, *end = p + h->n_plain;
    struct pq_page *page = &r->page;
    const struct pq_leaf *l = r->leaf;
    *page = (struct pq_page){.n = h->n_values, .left = h->n_values};
    if (h->n_values > r->left)
        return pq_broken(cx, r->s, l, "its pages hold more values than it says");
    if (h->type == PQ_DATA_PAGE_V2) {
        pq_rle_open(&page->rep, p, p + h->n_rep, level_width(l->max_rep));
        p += h->n_rep;
        pq_rle_open(&page->def, p, p + h->n_def, level_width(l->max_def));
        p += h->n_def;
    } else {
        TRY(levels_v1(cx, r, h->rep_encoding, l->max_rep, h->n_values, &p, end, &page->rep));
        TRY(levels_v1(cx, r, h->def_encoding, l->max_def, h->n_values, &p, end, &page->def));
    }
    TRY(pq_form_open(cx, r, h->encoding, p, end, h->n_values));
    r->left -= h->n_values;
    return RC_OK;
}

/* ---- dictionaries ---- */
/* Texts of the dictionary as a column of distinct values. */
static rc dict_column(struct ctx *cx, struct pq_reader *r)
{
    struct column *texts = mem_zero(sizeof *texts), *coded = NULL;
    atomic_init(&texts->refs, 1);
    texts->type = DTYPE(KIND_STR);
    texts->phys = PHYS_STR;
    texts->n = r->n_dict;
    texts->data = r->dict;
    texts->bufs = mem_zero(sizeof *texts->bufs * (size_t)(r->dict_out.n_bufs + 1));
    for (int i = 0; i < r->dict_out.n_bufs; i++)
        texts->bufs[texts->n_bufs++] = buf_ref(r->dict_out.bufs[i]);
    texts->bufs[texts->n_bufs++] = buf_adopt(r->dict, (size_t)r->n_dict * 16);
    r->dict = NULL;
    r->dict_texts = column_ref(texts);
    if (r->wants_all) {
        column_unref(texts);
        return RC_OK;
    }
    enum rc_t res = column_encode(cx, texts, false, &coded);
    if (res == RC_OK && coded->dict->n == texts->n) {
        r->dict_col = column_ref(texts);
    } else if (res == RC_OK) {
        size_t bytes = sizeof *r->dict_map * (size_t)(r->n_dict + 1);
        r->dict_col = column_ref(coded->dict);
        r->dict_map = mem_alloc(bytes);
        memcpy(r->dict_map, coded->data, sizeof *r->dict_map * (size_t)r->n_dict);
    }
    column_unref(coded);
    column_unref(texts);
    return res;
}

static rc dict_values(struct ctx *cx, struct pq_reader *r, const struct pq_page_head *h,
                      const char *p)
{
    const struct pq_leaf *l = r->leaf;
    int64_t n = h->n_values;
    size_t width = pq_width(l), least = width ? width : 4;
    if (h->encoding != PQ_PLAIN && h->encoding != PQ_PLAIN_DICTIONARY)
        return pq_broken(cx, r->s, l, "its dictionary has an unknown encoding");
    if (l->e->type == PQ_BOOL || (uint64_t)n > (uint64_t)h->n_plain / least)
        return pq_broken(cx, r->s, l, "its dictionary is shorter than it says");
    struct pq_page *page = &r->page;
    *page = (struct pq_page){.n = n, .left = n};
    TRY(pq_form_open(cx, r, PQ_PLAIN, (const uint8_t *)p, (const uint8_t *)p + h->n_plain, n));
    TRY(mem_big(cx, pq_out_width(l->phys) * (size_t)(n + 8), &r->dict_out.data));
    r->dict_out.phys = l->phys;
    r->dict_out.cap = n;
    TRY(pq_take_values(cx, r, n, &r->dict_out, 0));
    r->n_dict = n;
    r->dict = r->dict_out.data;
    r->dict_out.data = NULL;
    r->has_dict = true;
    *page = (struct pq_page){0};
    /* codes are worth it when the texts repeat */
    if (l->phys != PHYS_STR || !r->wants_dict) return RC_OK;
    return r->wants_all || n <= r->chunk->n_values / 2 ? dict_column(cx, r) : RC_OK;
}

/* Reads the page whose header is at r->at. */
static rc load_page(struct ctx *cx, struct pq_reader *r, const struct pq_page_head *h)
{
    const char *body = NULL, *plain = NULL;
    int64_t at = r->at + (int64_t)h->n_head;
    if (h->type == PQ_INDEX_PAGE || h->type < 0 || h->type > PQ_DATA_PAGE_V2) {
        r->at = at + h->n_packed;
        return RC_OK;
    }
    TRY(window_need(cx, r, at, h->n_packed, AHEAD, &body));
    TRY(check_crc(cx, r, h, body));
    TRY(unpack_page(cx, r, h, body, &plain));
    r->at = at + h->n_packed;
    if (h->type != PQ_DICTIONARY_PAGE) return load_data(cx, r, h, plain);
    if (r->has_dict) return pq_broken(cx, r->s, r->leaf, "it has two dictionaries");
    return dict_values(cx, r, h, plain);
}

rc pq_dict_load(struct ctx *cx, struct pq_reader *r)
{
    struct pq_page_head h;
    if (r->at != r->chunk->offset || r->end == r->at) return RC_OK;
    TRY(read_head(cx, r, AHEAD, &h));
    return h.type == PQ_DICTIONARY_PAGE ? load_page(cx, r, &h) : RC_OK;
}

rc pq_page_next(struct ctx *cx, struct pq_reader *r)
{
    struct pq_page_head h;
    while (r->page.left == 0) {
        TRY(read_head(cx, r, AHEAD, &h));
        TRY(load_page(cx, r, &h));
    }
    return RC_OK;
}

rc pq_page_peek(struct ctx *cx, struct pq_reader *r, struct pq_page_head *h)
{
    for (;;) {
        TRY(read_head(cx, r, HEAD_STEP, h));
        if (h->type == PQ_DATA_PAGE || h->type == PQ_DATA_PAGE_V2) return RC_OK;
        TRY(load_page(cx, r, h));
    }
}

void pq_page_pass(struct pq_reader *r, const struct pq_page_head *h)
{
    r->at += (int64_t)h->n_head + h->n_packed;
    r->left -= h->n_values;
}
