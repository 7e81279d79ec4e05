/* write.c: tables to Arrow IPC files and streams. Columns of a batch are encoded (and packed) in
 * parallel, then written in order. Levels of categories come as dictionaries that only grow
 * (deltas), as the file format asks. */
#include "runtime/io/arrow/arrow_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/hash.h"
#include "runtime/base/pool.h"

#include <lz4frame.h>
#include <zstd.h>

#define BATCH_MOST 131072 /* rows a record batch */

const struct io_option_desc arrow_write_options[] = {
    {"compression", KIND_STR, "\"none\" (when not said), \"lz4\" or \"zstd\""},
    {NULL, KIND_NULL, NULL},
};

struct piece { /* one buffer of a batch */
    const void *p;
    size_t n;
    void *own; /* mem_big memory behind p, or NULL */
};
struct node {
    int64_t n, n_null;
};
struct encoded { /* a column of a batch */
    struct node *nodes;
    struct piece *pieces;
    int n_nodes, n_pieces;
    struct column *c; /* canonical; the pieces point into it */
    bool is_too_long; /* more than 2 GB of text: the batch must be halved */
};
struct level_set { /* levels of a category written so far */
    struct builder fresh;
    struct column **seen; /* dictionary columns that codes were mapped for */
    int n_seen;
    int32_t **map;      /* [n_seen] their codes in the file */
    struct text *texts; /* [n] */
    uint32_t *slots;    /* level + 1 */
    int32_t n, cap;
    struct column **kept; /* what the texts point into */
    int n_kept;
};
struct block {
    int64_t at;
    int32_t meta_n, pad;
    int64_t body_n;
};
struct arrow_writer {
    struct io_writer head;
    struct io_output *file;
    struct span span;
    struct schema *schema;
    bool is_file;
    int codec;
    int64_t at;              /* bytes written */
    struct block *blocks[2]; /* dictionaries, record batches */
    int n_blocks[2];
    struct level_set *levels; /* [columns] */
    struct encoded *cols;     /* [columns] of the batch at work */
    const struct table *rows;
};

/* ---- bytes ---- */
static rc put(struct ctx *cx, struct arrow_writer *w, const void *p, size_t n)
{
    static const char zeros[8] = {0};
    TRY(io_output_write(cx, w->file, p, n));
    size_t rest = (8 - n % 8) % 8;
    TRY(io_output_write(cx, w->file, zeros, rest));
    w->at += (int64_t)(n + rest);
    return RC_OK;
}

/* ---- the schema ---- */
enum {
    FB_INT = 2,
    FB_FLOAT,
    FB_UTF8 = 5,
    FB_BOOL,
    FB_DATE = 8,
    FB_TIMESTAMP = 10,
    FB_LIST = 12,
    FB_STRUCT
};
#define FB_DURATION 18

static fb_ref int_type(struct fb_out *o, int bits)
{
    fb_begin(o);
    fb_field_i32(o, 0, bits);
    fb_field_u8(o, 1, 1);
    return fb_end(o);
}

static fb_ref unit_type(struct fb_out *o, int16_t unit, const char *zone)
{
    fb_ref z = zone ? fb_put_str(o, zone) : 0;
    fb_begin(o);
    fb_field_i16(o, 0, unit);
    fb_field_ref(o, 1, z);
    return fb_end(o);
}

static fb_ref empty_type(struct fb_out *o)
{
    fb_begin(o);
    return fb_end(o);
}

static fb_ref type_table(struct fb_out *o, struct dtype t, uint8_t *type)
{
    switch (t.kind) {
    case KIND_BOOL: *type = FB_BOOL; return empty_type(o);
    case KIND_INT: *type = FB_INT; return int_type(o, 64);
    case KIND_NUM: *type = FB_FLOAT; return unit_type(o, 2, NULL);
    case KIND_DATE: *type = FB_DATE; return unit_type(o, 0, NULL);
    case KIND_DATETIME: *type = FB_TIMESTAMP; return unit_type(o, 2, t.zone);
    case KIND_DURATION: *type = FB_DURATION; return unit_type(o, 2, NULL);
    case KIND_LIST: *type = FB_LIST; return empty_type(o);
    case KIND_STRUCT: *type = FB_STRUCT; return empty_type(o);
    default: *type = FB_UTF8; return empty_type(o);
    }
}

static fb_ref field_table(struct fb_out *o, const char *name, struct dtype t, int64_t dict_id)
{
    uint8_t type;
    int n = t.kind == KIND_LIST ? 1 : t.kind == KIND_STRUCT ? t.fields->n : 0;
    fb_ref *kids = mem_zero(sizeof *kids * (size_t)(n + 1)), encoding = 0;
    for (int i = 0; i < n; i++) /* a category inside a list or struct is written as text */
        kids[i] = t.kind == KIND_LIST
                      ? field_table(o, "item", *t.elem, -1)
                      : field_table(o, t.fields->fields[i].name, t.fields->fields[i].type, -1);
    fb_ref children = fb_put_refs(o, kids, (uint32_t)n), type_ref = type_table(o, t, &type);
    fb_ref name_ref = fb_put_str(o, name);
    mem_free(kids);
    if (dict_id >= 0) {
        fb_ref index = int_type(o, 32);
        fb_begin(o);
        fb_field_i64(o, 0, dict_id);
        fb_field_ref(o, 1, index);
        fb_field_u8(o, 2, t.ordered);
        encoding = fb_end(o);
    }
    fb_begin(o);
    fb_field_ref(o, 0, name_ref);
    fb_field_u8(o, 1, 1);
    fb_field_u8(o, 2, type);
    fb_field_ref(o, 3, type_ref);
    fb_field_ref(o, 4, encoding);
    fb_field_ref(o, 5, children);
    return fb_end(o);
}

static fb_ref schema_table(struct fb_out *o, const struct schema *s)
{
    fb_ref *fields = mem_zero(sizeof *fields * (size_t)(s->n + 1));
    for (int i = 0; i < s->n; i++)
        fields[i] = field_table(o, s->fields[i].name, s->fields[i].type,
                                s->fields[i].type.kind == KIND_CAT ? i : -1);
    fb_ref v = fb_put_refs(o, fields, (uint32_t)s->n);
    mem_free(fields);
    fb_begin(o);
    fb_field_i16(o, 0, 0);
    fb_field_ref(o, 1, v);
    return fb_end(o);
}

/* ---- messages ---- */
static rc put_message(struct ctx *cx, struct arrow_writer *w, struct fb_out *o, uint8_t type,
                      fb_ref header, int64_t body_n, struct block *block)
{
    fb_begin(o);
    fb_field_i64(o, 3, body_n);
    fb_field_ref(o, 2, header);
    fb_field_i16(o, 0, 4); /* version 5 */
    fb_field_u8(o, 1, type);
    const unsigned char *bytes = fb_finish(o, fb_end(o));
    int32_t head[2] = {-1, (int32_t)o->n};
    if (block) *block = (struct block){w->at, (int32_t)o->n + 8, 0, body_n};
    TRY(put(cx, w, head, sizeof head));
    return put(cx, w, bytes, o->n);
}

static void add_block(struct arrow_writer *w, int which, struct block b)
{
    size_t n = (size_t)w->n_blocks[which]++;
    w->blocks[which] = mem_realloc(w->blocks[which], sizeof b * (n + 1));
    w->blocks[which][n] = b;
}

static size_t padded(size_t n)
{
    return (n + 7) / 8 * 8;
}

/* The RecordBatch table of some encoded columns; *body_n: bytes of their buffers. */
static fb_ref batch_table(struct fb_out *o, const struct arrow_writer *w, int64_t n_rows,
                          const struct encoded *cols, int n_cols, int64_t *body_n)
{
    struct strbuf nodes = {0}, places = {0};
    fb_ref packing = 0;
    *body_n = 0;
    for (int i = 0; i < n_cols; i++) {
        strbuf_add(&nodes, (const char *)cols[i].nodes,
                   sizeof(struct node) * (size_t)cols[i].n_nodes);
        for (int k = 0; k < cols[i].n_pieces; k++) {
            int64_t place[2] = {*body_n, (int64_t)cols[i].pieces[k].n};
            strbuf_add(&places, (const char *)place, sizeof place);
            *body_n += (int64_t)padded(cols[i].pieces[k].n);
        }
    }
    if (w->codec != CODEC_NONE) {
        fb_begin(o);
        fb_field_u8(o, 0, (uint8_t)w->codec);
        fb_field_u8(o, 1, 0);
        packing = fb_end(o);
    }
    fb_ref node_ref = fb_put_structs(o, nodes.p ? nodes.p : "", 16, (uint32_t)(nodes.n / 16));
    fb_ref place_ref = fb_put_structs(o, places.p ? places.p : "", 16, (uint32_t)(places.n / 16));
    strbuf_release(&nodes);
    strbuf_release(&places);
    fb_begin(o);
    fb_field_i64(o, 0, n_rows);
    fb_field_ref(o, 1, node_ref);
    fb_field_ref(o, 2, place_ref);
    fb_field_ref(o, 3, packing);
    return fb_end(o);
}

static rc put_body(struct ctx *cx, struct arrow_writer *w, const struct encoded *cols, int n_cols)
{
    for (int i = 0; i < n_cols; i++)
        for (int k = 0; k < cols[i].n_pieces; k++)
            TRY(put(cx, w, cols[i].pieces[k].p, cols[i].pieces[k].n));
    return RC_OK;
}

/* ---- columns to buffers ---- */
static void encoded_release(struct encoded *e)
{
    for (int i = 0; i < e->n_pieces; i++)
        mem_big_free(e->pieces[i].own);
    mem_free(e->pieces);
    mem_free(e->nodes);
    column_unref(e->c);
    *e = (struct encoded){0};
}

static void add_node(struct encoded *e, int64_t n, int64_t n_null)
{
    e->nodes = mem_realloc(e->nodes, sizeof *e->nodes * (size_t)(e->n_nodes + 1));
    e->nodes[e->n_nodes++] = (struct node){n, n_null};
}

static rc pack(struct ctx *cx, int codec, const void *p, size_t n, struct piece *out)
{
    size_t room = codec == CODEC_ZSTD ? ZSTD_compressBound(n) : LZ4F_compressFrameBound(n, NULL);
    char *packed;
    TRY(mem_big(cx, room + 8, (void **)&packed));
    size_t got = codec == CODEC_ZSTD ? ZSTD_compress(packed + 8, room, p, n, 1)
                                     : LZ4F_compressFrame(packed + 8, room, p, n, NULL);
    bool is_bad = codec == CODEC_ZSTD ? ZSTD_isError(got) != 0 : LZ4F_isError(got) != 0;
    int64_t size = (int64_t)n;
    if (is_bad || got >= n) { /* as it is */
        mem_big_free(packed);
        TRY(mem_big(cx, n + 8, (void **)&packed));
        memcpy(packed + 8, p, n);
        got = n;
        size = -1;
    }
    memcpy(packed, &size, 8);
    *out = (struct piece){packed, got + 8, packed};
    return RC_OK;
}

static rc add_piece(struct ctx *cx, struct encoded *e, int codec, const void *p, size_t n,
                    void *take_own)
{
    struct piece piece = {p, n, take_own};
    if (codec != CODEC_NONE && n) {
        enum rc_t res = pack(cx, codec, p, n, &piece);
        mem_big_free(take_own);
        TRY(res);
    }
    e->pieces = mem_realloc(e->pieces, sizeof *e->pieces * (size_t)(e->n_pieces + 1));
    e->pieces[e->n_pieces++] = piece;
    return RC_OK;
}

static rc add_valid(struct ctx *cx, struct encoded *e, int codec, const struct column *c)
{
    add_node(e, c->n, c->n_null);
    return add_piece(cx, e, codec, c->valid, c->valid ? (size_t)(c->n + 7) / 8 : 0, NULL);
}

static struct str text_of(const struct column *c, int64_t i)
{
    if (!bit_valid(c->valid, i)) return (struct str){0};
    if (c->phys != PHYS_DICT) return text_str((const struct text *)c->data + i);
    return text_str((const struct text *)c->dict->data + ((const int32_t *)c->data)[i]);
}

static rc add_texts(struct ctx *cx, struct encoded *e, int codec, const struct column *c)
{
    int64_t bytes = 0;
    int32_t *at;
    char *heap;
    for (int64_t i = 0; i < c->n; i++)
        bytes += (int64_t)text_of(c, i).n;
    if (bytes > INT32_MAX) {
        e->is_too_long = true;
        return RC_OK;
    }
    TRY(mem_big(cx, (size_t)(c->n + 1) * 4, (void **)&at));
    if (mem_big(cx, (size_t)bytes + 1, (void **)&heap) != RC_OK) {
        mem_big_free(at);
        return RC_ERR;
    }
    at[0] = 0;
    for (int64_t i = 0; i < c->n; i++) {
        struct str s = text_of(c, i);
        if (s.n) memcpy(heap + at[i], s.p, s.n);
        at[i + 1] = at[i] + (int32_t)s.n;
    }
    if (add_piece(cx, e, codec, at, (size_t)(c->n + 1) * 4, at) != RC_OK) {
        mem_big_free(heap);
        return RC_ERR;
    }
    return add_piece(cx, e, codec, heap, (size_t)bytes, heap);
}

static rc encode(struct ctx *cx, struct encoded *e, int codec, const struct column *c);

/* Offsets from 0 in 32 bits. */
static rc encode_list(struct ctx *cx, struct encoded *e, int codec, const struct column *c)
{
    const int64_t *from = c->data;
    int32_t *at;
    struct column *elems;
    if (from[c->n] - from[0] > INT32_MAX) {
        e->is_too_long = true;
        return RC_OK;
    }
    TRY(mem_big(cx, (size_t)(c->n + 1) * 4, (void **)&at));
    for (int64_t i = 0; i <= c->n; i++)
        at[i] = (int32_t)(from[i] - from[0]);
    TRY(add_piece(cx, e, codec, at, (size_t)(c->n + 1) * 4, at));
    TRY(column_slice(cx, c->child[0], from[0], from[c->n] - from[0], &elems));
    enum rc_t res = encode(cx, e, codec, elems);
    /* the pieces may point into it: kept by a struct that stands behind the column */
    struct column *keep = e->c;
    keep->child = mem_realloc(keep->child, sizeof *keep->child * (size_t)(keep->n_child + 1));
    keep->child[keep->n_child++] = elems;
    return res;
}

static rc encode(struct ctx *cx, struct encoded *e, int codec, const struct column *c)
{
    struct column *own = NULL;
    TRY(add_valid(cx, e, codec, c));
    if (c->phys == PHYS_I32 || c->phys == PHYS_F32) {
        TRY(column_canonical(cx, c, &own));
        e->c->child = mem_realloc(e->c->child, sizeof *e->c->child * (size_t)(e->c->n_child + 1));
        e->c->child[e->c->n_child++] = own;
        c = own;
    }
    switch (c->phys) {
    case PHYS_BOOL: return add_piece(cx, e, codec, c->data, (size_t)(c->n + 7) / 8, NULL);
    case PHYS_STR:
    case PHYS_DICT: return add_texts(cx, e, codec, c);
    case PHYS_LIST: return encode_list(cx, e, codec, c);
    case PHYS_STRUCT:
        for (int i = 0; i < c->n_child; i++)
            TRY(encode(cx, e, codec, c->child[i]));
        return RC_OK;
    default: return add_piece(cx, e, codec, c->data, phys_width(c->phys) * (size_t)c->n, NULL);
    }
}

/* ---- categories ---- */
static void levels_grow(struct level_set *l)
{
    l->cap = l->cap ? l->cap * 2 : 64;
    l->texts = mem_realloc(l->texts, sizeof *l->texts * (size_t)l->cap);
    mem_free(l->slots);
    l->slots = mem_zero(sizeof *l->slots * (size_t)l->cap * 2);
    for (int32_t i = 0; i < l->n; i++) {
        struct str s = text_str(&l->texts[i]);
        uint32_t mask = (uint32_t)l->cap * 2 - 1, at = (uint32_t)hash_bytes(s.p, s.n) & mask;
        while (l->slots[at])
            at = (at + 1) & mask;
        l->slots[at] = (uint32_t)i + 1;
    }
}

static rc level_of(struct ctx *cx, struct level_set *l, const struct text *t, int32_t *out)
{
    struct str s = text_str(t);
    if (!l->cap) levels_grow(l);
    uint32_t mask = (uint32_t)l->cap * 2 - 1, at = (uint32_t)hash_bytes(s.p, s.n) & mask;
    for (; l->slots[at]; at = (at + 1) & mask) {
        *out = (int32_t)l->slots[at] - 1;
        if (text_eq(&l->texts[*out], t)) return RC_OK;
    }
    *out = l->n;
    l->texts[l->n++] = *t;
    l->slots[at] = (uint32_t)l->n;
    if (l->n == l->cap) levels_grow(l);
    return builder_str(cx, &l->fresh, s);
}

/* Codes of the column's dictionary in the file's. */
static rc map_levels(struct ctx *cx, struct level_set *l, const struct column *dict,
                     const int32_t **out)
{
    for (int i = 0; i < l->n_seen; i++)
        if (l->seen[i] == dict) {
            *out = l->map[i];
            return RC_OK;
        }
    int32_t *map = mem_zero(sizeof *map * (size_t)(dict->n + 1));
    l->seen = mem_realloc(l->seen, sizeof *l->seen * (size_t)(l->n_seen + 1));
    l->map = mem_realloc(l->map, sizeof *l->map * (size_t)(l->n_seen + 1));
    l->seen[l->n_seen] = column_ref(dict);
    l->map[l->n_seen++] = map;
    for (int64_t i = 0; i < dict->n; i++)
        TRY(level_of(cx, l, (const struct text *)dict->data + i, &map[i]));
    *out = map;
    return RC_OK;
}

static rc encode_cat(struct ctx *cx, struct arrow_writer *w, int i, const struct column *c)
{
    struct encoded *e = &w->cols[i];
    const int32_t *map;
    int32_t *codes;
    TRY(map_levels(cx, &w->levels[i], c->dict, &map));
    TRY(mem_big(cx, (size_t)(c->n + 1) * 4, (void **)&codes));
    for (int64_t k = 0; k < c->n; k++)
        codes[k] = bit_valid(c->valid, k) ? map[((const int32_t *)c->data)[k]] : 0;
    if (add_valid(cx, e, w->codec, c) != RC_OK) {
        mem_big_free(codes);
        return RC_ERR;
    }
    return add_piece(cx, e, w->codec, codes, (size_t)c->n * 4, codes);
}

/* New levels of column i go before the batch. */
static rc put_levels(struct ctx *cx, struct arrow_writer *w, int i)
{
    struct level_set *l = &w->levels[i];
    bool is_first = l->n_kept == 0;
    struct encoded e = {0};
    struct fb_out o = {0};
    struct column *fresh;
    struct block block;
    int64_t body_n, n;
    if (l->fresh.n == 0 && !is_first) return RC_OK;
    TRY(builder_finish(cx, &l->fresh, &fresh));
    builder_init(&l->fresh, DTYPE(KIND_STR), PHYS_STR);
    l->kept = mem_realloc(l->kept, sizeof *l->kept * (size_t)(l->n_kept + 1));
    l->kept[l->n_kept++] = fresh;
    n = fresh->n;
    e.c = column_ref(fresh);
    enum rc_t res = encode(cx, &e, w->codec, fresh);
    if (res == RC_OK) {
        fb_ref data = batch_table(&o, w, n, &e, 1, &body_n);
        fb_begin(&o);
        fb_field_i64(&o, 0, i);
        fb_field_ref(&o, 1, data);
        fb_field_u8(&o, 2, !is_first);
        res = put_message(cx, w, &o, MESSAGE_DICTIONARY, fb_end(&o), body_n, &block);
    }
    if (res == RC_OK) res = put_body(cx, w, &e, 1);
    if (res == RC_OK) add_block(w, 0, block);
    fb_out_release(&o);
    encoded_release(&e);
    return res;
}

/* ---- batches ---- */
static enum rc_t column_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct arrow_writer *w = arg;
    struct encoded *e = &w->cols[task];
    const struct column *c = w->rows->cols[task];
    (void)worker;
    TRY(check_cancel(cx));
    struct column *keep = mem_zero(sizeof *keep); /* holds what the pieces point into */
    atomic_init(&keep->refs, 1);
    keep->child = mem_zero(sizeof *keep->child);
    keep->child[keep->n_child++] = column_ref(c);
    e->c = keep;
    if (w->schema->fields[task].type.kind == KIND_CAT && c->phys == PHYS_DICT)
        return encode_cat(cx, w, (int)task, c);
    return encode(cx, e, w->codec, c);
}

static rc put_batch(struct ctx *cx, struct arrow_writer *w, bool *is_too_long)
{
    struct fb_out o = {0};
    struct block block;
    int64_t body_n;
    int n = w->schema->n;
    *is_too_long = false;
    enum rc_t res = pool_run(cx, n, column_task, w);
    for (int i = 0; i < n; i++)
        *is_too_long = *is_too_long || w->cols[i].is_too_long;
    for (int i = 0; i < n && res == RC_OK; i++)
        if (w->schema->fields[i].type.kind == KIND_CAT) res = put_levels(cx, w, i);
    if (res == RC_OK && !*is_too_long) {
        fb_ref header = batch_table(&o, w, w->rows->n_rows, w->cols, n, &body_n);
        res = put_message(cx, w, &o, MESSAGE_RECORDS, header, body_n, &block);
        if (res == RC_OK) res = put_body(cx, w, w->cols, n);
        if (res == RC_OK) add_block(w, 1, block);
    }
    fb_out_release(&o);
    for (int i = 0; i < n; i++)
        encoded_release(&w->cols[i]);
    return res;
}

static rc put_rows(struct ctx *cx, struct arrow_writer *w, const struct table *t, int64_t at,
                   int64_t n)
{
    struct table *part;
    bool is_too_long;
    TRY(table_slice(cx, t, at, n, &part));
    w->rows = part;
    enum rc_t res = put_batch(cx, w, &is_too_long);
    table_unref(part);
    if (res != RC_OK || !is_too_long) return res;
    if (n < 2) return fail(cx, E306, w->span, "a value of more than 2 GB cannot be written");
    int64_t half = n / 2 < 64 ? n / 2 : n / 2 / 64 * 64;
    TRY(put_rows(cx, w, t, at, half));
    return put_rows(cx, w, t, at + half, n - half);
}

enum rc_t arrow_append(struct ctx *cx, struct io_writer *writer, const struct table *rows)
{
    struct arrow_writer *w = (struct arrow_writer *)(void *)writer;
    for (int64_t at = 0; at < rows->n_rows; at += BATCH_MOST) {
        int64_t left = rows->n_rows - at;
        TRY(put_rows(cx, w, rows, at, left < BATCH_MOST ? left : BATCH_MOST));
    }
    w->head.n_rows += rows->n_rows;
    return RC_OK;
}

/* ---- beginning and end ---- */
static void levels_free(struct level_set *l)
{
    builder_release(&l->fresh);
    for (int i = 0; i < l->n_seen; i++) {
        column_unref(l->seen[i]);
        mem_free(l->map[i]);
    }
    for (int i = 0; i < l->n_kept; i++)
        column_unref(l->kept[i]);
    mem_free(l->seen);
    mem_free(l->map);
    mem_free(l->kept);
    mem_free(l->texts);
    mem_free(l->slots);
}

void arrow_abort(struct io_writer *writer)
{
    struct arrow_writer *w = (struct arrow_writer *)(void *)writer;
    if (!w) return;
    io_output_abort(w->file);
    for (int i = 0; w->levels && i < w->schema->n; i++)
        levels_free(&w->levels[i]);
    mem_free(w->levels);
    mem_free(w->cols);
    mem_free(w->blocks[0]);
    mem_free(w->blocks[1]);
    schema_unref(w->schema);
    mem_free(w);
}

static rc put_footer(struct ctx *cx, struct arrow_writer *w)
{
    struct fb_out o = {0};
    fb_ref dicts = fb_put_structs(&o, w->blocks[0] ? (void *)w->blocks[0] : "",
                                  sizeof(struct block), (uint32_t)w->n_blocks[0]);
    fb_ref batches = fb_put_structs(&o, w->blocks[1] ? (void *)w->blocks[1] : "",
                                    sizeof(struct block), (uint32_t)w->n_blocks[1]);
    fb_ref schema = schema_table(&o, w->schema);
    fb_begin(&o);
    fb_field_ref(&o, 1, schema);
    fb_field_ref(&o, 2, dicts);
    fb_field_ref(&o, 3, batches);
    fb_field_i16(&o, 0, 4);
    const unsigned char *bytes = fb_finish(&o, fb_end(&o));
    char tail[10];
    int32_t n = (int32_t)o.n;
    memcpy(tail, &n, 4);
    memcpy(tail + 4, "ARROW1", 6);
    enum rc_t res = io_output_write(cx, w->file, (const char *)bytes, o.n);
    if (res == RC_OK) res = io_output_write(cx, w->file, tail, sizeof tail);
    fb_out_release(&o);
    return res;
}

enum rc_t arrow_finish(struct ctx *cx, struct io_writer *writer)
{
    struct arrow_writer *w = (struct arrow_writer *)(void *)writer;
    static const int32_t end[2] = {-1, 0};
    for (int i = 0; i < w->schema->n; i++) /* an empty category has its dictionary all the same */
        if (w->schema->fields[i].type.kind == KIND_CAT && !w->levels[i].n_kept)
            TRY(put_levels(cx, w, i));
    TRY(put(cx, w, end, sizeof end));
    if (w->is_file) TRY(put_footer(cx, w));
    struct io_output *file = w->file;
    w->file = NULL;
    TRY(io_output_commit(cx, file));
    arrow_abort(writer); /* frees the rest */
    return RC_OK;
}

static rc read_codec(struct ctx *cx, const struct io_option *o, int *codec)
{
    *codec = CODEC_NONE;
    if (!o || str_eqz(o->value.u.s, "none")) return RC_OK;
    if (str_eqz(o->value.u.s, "lz4"))
        *codec = CODEC_LZ4;
    else if (str_eqz(o->value.u.s, "zstd"))
        *codec = CODEC_ZSTD;
    else
        return fail(cx, E209, o->span, "compression: takes \"none\", \"lz4\" or \"zstd\"");
    return RC_OK;
}

static rc put_head(struct ctx *cx, struct arrow_writer *w)
{
    struct fb_out o = {0};
    if (w->is_file) TRY(put(cx, w, "ARROW1\0\0", 8));
    enum rc_t res = put_message(cx, w, &o, MESSAGE_SCHEMA, schema_table(&o, w->schema), 0, NULL);
    fb_out_release(&o);
    return res;
}

extern const struct io_format io_arrow, io_arrows;
static rc begin_as(struct ctx *cx, const struct io_format *f, bool is_file,
                   const struct schema *schema, const char *path, const struct io_option *opts,
                   int n_opts, struct span span, struct io_writer **out)
{
    int codec;
    TRY(read_codec(cx, io_option_get(opts, n_opts, "compression"), &codec));
    struct arrow_writer *w = mem_zero(sizeof *w);
    w->head.format = f;
    w->span = span;
    w->schema = schema_ref(schema);
    w->is_file = is_file;
    w->codec = codec;
    w->levels = mem_zero(sizeof *w->levels * (size_t)(schema->n + 1));
    w->cols = mem_zero(sizeof *w->cols * (size_t)(schema->n + 1));
    for (int i = 0; i < schema->n; i++)
        builder_init(&w->levels[i].fresh, DTYPE(KIND_STR), PHYS_STR);
    enum rc_t res = io_output_open(cx, path, false, span, &w->file);
    if (res == RC_OK) res = put_head(cx, w);
    if (res != RC_OK) {
        arrow_abort(&w->head);
        return res;
    }
    *out = &w->head;
    return RC_OK;
}
enum rc_t arrow_begin(struct ctx *cx, const struct schema *schema, const char *path,
                      const struct io_option *opts, int n_opts, struct span span,
                      struct io_writer **out)
{
    return begin_as(cx, &io_arrow, true, schema, path, opts, n_opts, span, out);
}
enum rc_t arrows_begin(struct ctx *cx, const struct schema *schema, const char *path,
                       const struct io_option *opts, int n_opts, struct span span,
                       struct io_writer **out)
{
    return begin_as(cx, &io_arrows, false, schema, path, opts, n_opts, span, out);
}
