/* gzip.c: gzip read at any offset, and written in members.
 *
 * Reading: one pass over the file notes restart points: places between two deflate blocks, with the
 * 32 KB of text before them that the next block may refer to. From there a second inflater can go
 * on, so blocks are read in parallel and again without unpacking all before them (the way of Mark
 * Adler's zran example of zlib, on inflatePrime and inflateSetDictionary). A file of several
 * members (cat a.gz b.gz) is one text. Small files are kept unpacked. */
#include "runtime/io/io_int.h"

#include "runtime/base/cancel.h"

#include <errno.h>
#include <unistd.h>
#include <zlib.h>

#define WINDOW 32768
#define CHUNK  ((size_t)1 << 16)
#ifndef KEEP_MAX                    /* tests keep nothing */
#define KEEP_MAX ((size_t)64 << 20) /* unpacked size up to which the text is kept */
#endif
#define PACK_AT_ONCE ((size_t)1 << 18) /* text packed between two looks at cancel */
#define RAW          (-15)
#define GZIP         31

struct point {
    int64_t out, in; /* offsets: unpacked, in the file */
    int bits;        /* of the byte before `in` that belong to what comes */
    unsigned n_window;
    unsigned char *window;
};
struct gz_index {
    struct point *points;
    int n, cap;
    int64_t size;
    char *kept; /* all of the text, or NULL */
    size_t n_kept;
};
struct inflater {
    z_stream z;
    int fd;
    const char *path;
    struct span span;
    int64_t in, out; /* bytes consumed and made so far */
    bool is_raw;     /* began at a restart point: the member's trailer is ours to skip */
    bool is_open, at_end;
    unsigned char from[CHUNK], to[CHUNK];
};

static rc damaged(struct ctx *cx, const struct inflater *f, const char *how)
{
    fail(cx, E302, f->span, "`%s` is a damaged gzip file: %s", f->path, how);
    return err_hint(cx, "!gzip -t '%s'", f->path);
}

static rc inflater_start(struct ctx *cx, struct inflater *f, int fd, const char *path,
                         struct span span, int bits)
{
    memset(&f->z, 0, sizeof f->z);
    f->fd = fd;
    f->path = path;
    f->span = span;
    if (inflateInit2(&f->z, bits) != Z_OK) return fail(cx, E902, span, "out of memory");
    f->is_open = true;
    return RC_OK;
}

static void inflater_free(struct inflater *f)
{
    if (f->is_open) inflateEnd(&f->z);
    mem_free(f);
}

static rc refill(struct ctx *cx, struct inflater *f)
{
    if (f->z.avail_in) return RC_OK;
    TRY(check_cancel(cx));
    ssize_t got;
    do
        got = pread(f->fd, f->from, sizeof f->from, (off_t)f->in);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail(cx, E302, f->span, "`%s` cannot be read: %s", f->path, strerror(errno));
    if (got == 0) return damaged(cx, f, "it ends too early");
    f->z.next_in = f->from;
    f->z.avail_in = (unsigned)got;
    return RC_OK;
}

/* Behind a member: another one follows, or the text ends. */
static rc next_member(struct ctx *cx, struct inflater *f)
{
    unsigned char magic[2];
    if (f->is_raw) f->in += 8; /* CRC and length */
    f->is_raw = false;
    f->z.avail_in = 0;
    f->at_end = pread(f->fd, magic, 2, (off_t)f->in) != 2 || magic[0] != 0x1f || magic[1] != 0x8b;
    if (!f->at_end && inflateReset2(&f->z, GZIP) != Z_OK)
        return damaged(cx, f, "a member cannot be read");
    return RC_OK;
}

/* Unpacks some bytes to p[0..n): *made of them. `flush` as inflate() takes it. */
static rc inflater_step(struct ctx *cx, struct inflater *f, unsigned char *p, size_t n, int flush,
                        size_t *made)
{
    TRY(refill(cx, f));
    unsigned before = f->z.avail_in;
    f->z.next_out = p;
    f->z.avail_out = (unsigned)(n < CHUNK ? n : CHUNK);
    unsigned room = f->z.avail_out;
    int r = inflate(&f->z, flush);
    f->in += before - f->z.avail_in;
    *made = room - f->z.avail_out;
    f->out += (int64_t)*made;
    if (r == Z_STREAM_END) return next_member(cx, f);
    if (r == Z_MEM_ERROR) return fail(cx, E902, f->span, "out of memory");
    if (r != Z_OK && r != Z_BUF_ERROR)
        return damaged(cx, f, f->z.msg ? f->z.msg : "its data cannot be unpacked");
    return RC_OK;
}

/* ---- the index ---- */
static void add_point(struct gz_index *g, struct inflater *f)
{
    if (g->n == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 16;
        g->points = mem_realloc(g->points, sizeof *g->points * (size_t)g->cap);
    }
    struct point *p = &g->points[g->n++];
    *p = (struct point){.out = f->out, .in = f->in, .bits = f->z.data_type & 7};
    p->window = mem_alloc(WINDOW);
    inflateGetDictionary(&f->z, p->window, &p->n_window);
}

static rc keep(struct ctx *cx, struct gz_index *g, const struct inflater *f, size_t made,
               size_t *cap)
{
    if (f->out > (int64_t)KEEP_MAX) {
        mem_big_free(g->kept);
        g->kept = NULL;
        return RC_OK;
    }
    if (g->n_kept + made > *cap) {
        void *p = g->kept;
        size_t bigger = (g->n_kept + made) * 2;
        TRY(mem_big_grow(cx, &p, g->n_kept, bigger));
        g->kept = p;
        *cap = bigger;
    }
    memcpy(g->kept + g->n_kept, f->to, made);
    g->n_kept += made;
    return RC_OK;
}

/* Unpacked bytes between restart points: 3 % of the text in windows, less for very large files. */
static int64_t span_at(int64_t out)
{
    return out < (int64_t)1 << 30 ? (int64_t)1 << 20 : (int64_t)4 << 20;
}

static rc scan(struct ctx *cx, struct gz_index *g, struct inflater *f)
{
    size_t cap = 0, made;
    while (!f->at_end) {
        TRY(inflater_step(cx, f, f->to, CHUNK, Z_BLOCK, &made));
        if (made) TRY(keep(cx, g, f, made, &cap));
        bool is_between = (f->z.data_type & 128) && !(f->z.data_type & 64); /* blocks */
        bool is_due = g->n == 0 || f->out - g->points[g->n - 1].out >= span_at(f->out);
        if (!f->at_end && is_between && is_due) add_point(g, f);
    }
    g->size = f->out;
    return RC_OK;
}

rc gz_index_build(struct ctx *cx, int fd, const char *path, struct span span, struct gz_index **out)
{
    struct gz_index *g = mem_zero(sizeof *g);
    struct inflater *f = mem_zero(sizeof *f);
    enum rc_t res = inflater_start(cx, f, fd, path, span, GZIP);
    if (res == RC_OK) res = scan(cx, g, f);
    inflater_free(f);
    if (res == RC_OK)
        *out = g;
    else
        gz_index_free(g);
    return res;
}

void gz_index_free(struct gz_index *g)
{
    if (!g) return;
    for (int i = 0; i < g->n; i++)
        mem_free(g->points[i].window);
    mem_free(g->points);
    mem_big_free(g->kept);
    mem_free(g);
}

int64_t gz_index_size(const struct gz_index *g)
{
    return g->size;
}

/* ---- reading from a restart point ---- */
static const struct point *point_before(const struct gz_index *g, int64_t at)
{
    int lo = 0, hi = g->n;
    while (hi - lo > 1) {
        int mid = lo + (hi - lo) / 2;
        if (g->points[mid].out <= at)
            lo = mid;
        else
            hi = mid;
    }
    return &g->points[lo];
}

static rc resume(struct ctx *cx, struct inflater *f, const struct point *p)
{
    f->in = p->in;
    f->out = p->out;
    f->is_raw = true;
    if (p->bits) {
        unsigned char byte;
        if (pread(f->fd, &byte, 1, (off_t)(p->in - 1)) != 1)
            return damaged(cx, f, "it has changed");
        inflatePrime(&f->z, p->bits, byte >> (8 - p->bits));
    }
    if (p->n_window) inflateSetDictionary(&f->z, p->window, p->n_window);
    return RC_OK;
}

static rc read_from(struct ctx *cx, struct inflater *f, int64_t at, char *buf, size_t n,
                    size_t *out_n)
{
    size_t made;
    while (f->out < at && !f->at_end) {
        int64_t skip = at - f->out;
        TRY(inflater_step(cx, f, f->to, skip < (int64_t)CHUNK ? (size_t)skip : CHUNK, Z_NO_FLUSH,
                          &made));
    }
    size_t got = 0;
    while (got < n && !f->at_end) {
        TRY(inflater_step(cx, f, (unsigned char *)buf + got, n - got, Z_NO_FLUSH, &made));
        got += made;
    }
    if (got < n) return damaged(cx, f, "it has changed");
    *out_n = got;
    return RC_OK;
}

rc gz_index_read(struct ctx *cx, const struct gz_index *g, int fd, const char *path,
                 struct span span, int64_t at, char *buf, size_t n, size_t *out_n)
{
    int64_t left = at < g->size ? g->size - at : 0;
    if ((int64_t)n > left) n = (size_t)left;
    *out_n = n;
    if (n == 0) return RC_OK;
    if (g->kept) {
        memcpy(buf, g->kept + at, n);
        return RC_OK;
    }
    struct inflater *f = mem_zero(sizeof *f);
    enum rc_t res = inflater_start(cx, f, fd, path, span, RAW);
    if (res == RC_OK) res = resume(cx, f, point_before(g, at));
    if (res == RC_OK) res = read_from(cx, f, at, buf, n, out_n);
    inflater_free(f);
    return res;
}

/* ---- writing ---- */
rc io_gzip_member(struct ctx *cx, const char *p, size_t n, struct strbuf *out)
{
    z_stream z = {0};
    if (deflateInit2(&z, 6, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return fail(cx, E902, NO_SPAN, "out of memory");
    size_t bound = deflateBound(&z, (uLong)n);
    z.next_in = (unsigned char *)(uintptr_t)p;
    z.next_out = (unsigned char *)strbuf_grow(out, bound);
    z.avail_out = (unsigned)bound;
    enum rc_t res = RC_OK;
    int r = Z_OK;
    for (size_t left = n; r == Z_OK && res == RC_OK;) {
        size_t some = left < PACK_AT_ONCE ? left : PACK_AT_ONCE;
        z.avail_in = (unsigned)some;
        left -= some;
        r = deflate(&z, left ? Z_NO_FLUSH : Z_FINISH);
        res = check_cancel(cx);
    }
    out->n += bound - z.avail_out;
    deflateEnd(&z);
    if (res != RC_OK) return res;
    return r == Z_STREAM_END ? RC_OK : fail(cx, E903, NO_SPAN, "gzip packing failed");
}
