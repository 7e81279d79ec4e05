/* batch.c: a record batch's buffers to columns: only those of the asked columns are read (and
 * unpacked), each into memory of its own that the columns then share. */
#include "runtime/io/arrow/arrow_int.h"

#include <lz4frame.h>
#include <zstd.h>

struct place { /* reading position in the batch's lists of nodes, buffers and view counts */
    struct ctx *cx;
    const struct arrow_scan *s;
    const struct arrow_message *m;
    struct fb *b;
    int64_t number; /* of the record batch */
    fb_at nodes, buffers, views;
    uint32_t n_nodes, n_buffers, n_views;
    uint32_t node, buffer, view;
    int codec;
    struct arena *arena;
};

static rc bad(struct place *p)
{
    return arrow_damaged(p->cx, p->s, "a record batch does not fit the schema");
}

rc arrow_decompress(struct ctx *cx, const struct arrow_scan *s, int codec, const char *in, size_t n,
                    char *out, size_t out_n)
{
    if (codec == CODEC_ZSTD) {
        size_t got = ZSTD_decompress(out, out_n, in, n);
        if (!ZSTD_isError(got) && got == out_n) return RC_OK;
        return arrow_damaged(cx, s, "a buffer cannot be unpacked (zstd)");
    }
    LZ4F_dctx *d;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)))
        return arrow_damaged(cx, s, "a buffer cannot be unpacked (lz4)");
    size_t done = 0, used = 0, want = 1;
    while (want && used < n) {
        size_t to = out_n - done, from = n - used;
        want = LZ4F_decompress(d, out + done, &to, in + used, &from, NULL);
        if (LZ4F_isError(want) || (!to && !from)) break;
        done += to;
        used += from;
    }
    bool ok = want == 0 && done == out_n;
    (void)LZ4F_freeDecompressionContext(d);
    return ok ? RC_OK : arrow_damaged(cx, s, "a buffer cannot be unpacked (lz4)");
}

static void buf_let_go(void *b)
{
    buf_unref(b);
}

/* n bytes at `at` of the body, in memory that the place's arena holds a reference to. */
static rc read_bytes(struct place *p, int64_t at, int64_t n, struct buf **out)
{
    size_t got = 0;
    TRY(buf_new(p->cx, (size_t)n + 8, out));
    arena_on_free(p->arena, buf_let_go, *out);
    TRY(io_source_read(p->cx, p->s->src, p->m->body_at + at, (*out)->p, (size_t)n, &got));
    if (got != (size_t)n) return arrow_damaged(p->cx, p->s, "it ends too early");
    memset((char *)(*out)->p + n, 0, 8);
    return RC_OK;
}

static rc unpack(struct place *p, struct buf *packed, int64_t n, struct arrow_buffer *out)
{
    int64_t size;
    memcpy(&size, packed->p, 8);
    if (size == -1) { /* this one was not worth packing */
        *out = (struct arrow_buffer){(char *)packed->p + 8, (size_t)n - 8, packed};
        return RC_OK;
    }
    /* lz4 packs 255 to 1 at best, zstd further; nothing real comes near this. */
    if (size < 0 || size / 100000 > n)
        return arrow_damaged(p->cx, p->s, "a packed buffer claims an impossible size");
    struct buf *plain;
    TRY(buf_new(p->cx, (size_t)size + 8, &plain));
    arena_on_free(p->arena, buf_let_go, plain);
    TRY(arrow_decompress(p->cx, p->s, p->codec, (char *)packed->p + 8, (size_t)n - 8, plain->p,
                         (size_t)size));
    memset((char *)plain->p + size, 0, 8);
    *out = (struct arrow_buffer){plain->p, (size_t)size, plain};
    return RC_OK;
}

/* The next buffer of the batch. */
static rc next_buffer(struct place *p, bool is_asked, struct arrow_buffer *out)
{
    *out = (struct arrow_buffer){0};
    if (p->buffer >= p->n_buffers) return bad(p);
    fb_at at = p->buffers + 16 * (size_t)p->buffer++;
    int64_t offset = fb_raw_i64(p->b, at), n = fb_raw_i64(p->b, at + 8);
    if (offset < 0 || n < 0 || offset > p->m->body_n || n > p->m->body_n - offset) return bad(p);
    if (!is_asked || n == 0) return RC_OK;
    struct buf *raw;
    TRY(read_bytes(p, offset, n, &raw));
    if (p->codec != CODEC_NONE && n >= 8) return unpack(p, raw, n, out);
    *out = (struct arrow_buffer){raw->p, (size_t)n, raw};
    return RC_OK;
}

static int64_t next_views(struct place *p)
{
    if (p->view >= p->n_views) return 0;
    return fb_raw_i64(p->b, p->views + 8 * (size_t)p->view++);
}

static rc next_array(struct place *p, const struct arrow_field *f, bool is_asked, int depth,
                     struct arrow_data *d)
{
    *d = (struct arrow_data){0};
    if (p->node >= p->n_nodes || depth > ARROW_DEPTH) return bad(p);
    d->n = fb_raw_i64(p->b, p->nodes + 16 * (size_t)p->node++);
    int64_t n = arrow_buffer_count(f);
    if (f->format[0] == 'v') n += next_views(p);
    if (n < 0 || n > (int64_t)p->n_buffers) return bad(p);
    d->n_buffers = (int)n;
    d->buffers = ARENA_ARRAY(p->arena, struct arrow_buffer, n + 1);
    for (int i = 0; i < d->n_buffers; i++)
        TRY(next_buffer(p, is_asked, &d->buffers[i]));
    if (f->dictionary) {
        d->dictionary = arrow_dictionary(p->s, f, p->number);
        return RC_OK;
    }
    d->n_children = f->n_children;
    d->children = ARENA_ARRAY(p->arena, struct arrow_data, f->n_children + 1);
    for (int i = 0; i < f->n_children; i++)
        TRY(next_array(p, &f->children[i], is_asked, depth + 1, &d->children[i]));
    return RC_OK;
}

/* Where column i is asked for, or -1. */
static int asked(const int *columns, int n_columns, int i)
{
    for (int k = 0; k < n_columns; k++)
        if (columns[k] == i) return k;
    return -1;
}

static rc read_columns(struct place *p, int64_t n_rows, const struct arrow_field *fields,
                       int n_fields, const int *columns, int n_columns, struct column **out)
{
    for (int i = 0; i < n_fields; i++) {
        struct arrow_data d;
        int k = asked(columns, n_columns, i);
        TRY(next_array(p, &fields[i], k >= 0, 0, &d));
        if (k < 0) continue;
        if (d.n != n_rows) return bad(p);
        TRY(arrow_import(p->cx, &fields[i], &d, p->s->span, &out[k]));
    }
    return p->b->is_bad ? bad(p) : RC_OK;
}

rc arrow_batch(struct ctx *cx, const struct arrow_scan *s, const struct arrow_message *m,
               struct fb *b, fb_at batch, int64_t number, const struct arrow_field *fields,
               int n_fields, const int *columns, int n_columns, struct column **out)
{
    struct place p = {.cx = cx, .s = s, .m = m, .b = b, .number = number};
    fb_at packing = fb_table(b, batch, 3);
    p.nodes = fb_vector(b, batch, 1, 16, &p.n_nodes);
    p.buffers = fb_vector(b, batch, 2, 16, &p.n_buffers);
    p.views = fb_vector(b, batch, 4, 8, &p.n_views);
    p.codec = packing ? (int)fb_u8(b, packing, 0, 0) : CODEC_NONE;
    if (p.codec > CODEC_ZSTD)
        return fail(cx, E305, s->span, "`%s` is packed in a way that is not known", s->head.label);
    memset(out, 0, sizeof *out * (size_t)n_columns);
    p.arena = arena_new();
    enum rc_t res =
        read_columns(&p, fb_i64(b, batch, 0, 0), fields, n_fields, columns, n_columns, out);
    arena_free(p.arena);
    for (int i = 0; i < n_columns && res != RC_OK; i++) {
        column_unref(out[i]);
        out[i] = NULL;
    }
    return res;
}
