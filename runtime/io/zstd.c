/* zstd.c: zstd read at any offset, and written in frames.
 *
 * A frame cannot be entered in its middle, and most files are one frame. So the text is unpacked
 * once, at opening: small ones are kept, larger ones go to a file in the folder for temporary files
 * (TMPDIR) that has no name and vanishes with the process. */
#include "runtime/io/io_int.h"

#include "runtime/base/cancel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#define CHUNK ((size_t)1 << 17)
#ifndef ZSTD_KEEP_MAX
#define ZSTD_KEEP_MAX ((size_t)64 << 20)
#endif
#define LEVEL 3

struct zs_text {
    char *kept; /* or NULL: */
    int fd;     /* of the nameless file, -1 */
    size_t n_kept, cap;
    int64_t size;
};
struct unpacking {
    ZSTD_DStream *z;
    struct zs_text *t;
    const char *path;
    struct span span;
    int fd;
    char from[CHUNK], to[CHUNK];
};

static rc damaged(struct ctx *cx, const struct unpacking *u, const char *how)
{
    fail(cx, E302, u->span, "`%s` is a damaged zstd file: %s", u->path, how);
    return err_hint(cx, "!zstd -t '%s'", u->path);
}

static int open_nameless(void)
{
    const char *dir = getenv("TMPDIR");
    struct strbuf name = {0};
    strbuf_printf(&name, "%s/mlnb-XXXXXX", dir && *dir ? dir : "/tmp");
    int fd = mkstemp(name.p);
    if (fd >= 0) unlink(name.p);
    strbuf_release(&name);
    return fd;
}

static bool write_fully(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR) continue;
        if (w <= 0) return false;
        p += w;
        n -= (size_t)w;
    }
    return true;
}

static rc no_room(struct ctx *cx, const struct unpacking *u)
{
    fail(cx, E302, u->span, "`%s` cannot be unpacked: %s", u->path, strerror(errno));
    return err_note(cx, "large zstd files are unpacked into TMPDIR (else /tmp)");
}

static rc keep(struct ctx *cx, struct unpacking *u, size_t n)
{
    struct zs_text *t = u->t;
    t->size += (int64_t)n;
    if (t->fd < 0 && t->n_kept + n > ZSTD_KEEP_MAX) {
        t->fd = open_nameless();
        if (t->fd < 0 || !write_fully(t->fd, t->kept, t->n_kept)) return no_room(cx, u);
        mem_big_free(t->kept);
        t->kept = NULL;
    }
    if (t->fd >= 0) return write_fully(t->fd, u->to, n) ? RC_OK : no_room(cx, u);
    if (n == 0) return RC_OK;
    if (t->n_kept + n > t->cap) {
        void *p = t->kept;
        size_t bigger = (t->n_kept + n) * 2;
        TRY(mem_big_grow(cx, &p, t->n_kept, bigger));
        t->kept = p;
        t->cap = bigger;
    }
    memcpy(t->kept + t->n_kept, u->to, n);
    t->n_kept += n;
    return RC_OK;
}

static rc unpack(struct ctx *cx, struct unpacking *u)
{
    int64_t at = 0;
    size_t left = 0; /* 0: between frames */
    for (;;) {
        ssize_t got = pread(u->fd, u->from, CHUNK, (off_t)at);
        TRY(check_cancel(cx));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return fail(cx, E302, u->span, "`%s` cannot be read: %s", u->path, strerror(errno));
        if (got == 0) return left ? damaged(cx, u, "it ends too early") : RC_OK;
        at += got;
        ZSTD_inBuffer in = {u->from, (size_t)got, 0};
        bool is_full = false;
        while (in.pos < in.size || is_full) {
            ZSTD_outBuffer out = {u->to, CHUNK, 0};
            left = ZSTD_decompressStream(u->z, &out, &in);
            if (ZSTD_isError(left)) return damaged(cx, u, ZSTD_getErrorName(left));
            TRY(keep(cx, u, out.pos));
            is_full = out.pos == out.size;
        }
    }
}

rc zs_text_open(struct ctx *cx, int fd, const char *path, struct span span, struct zs_text **out)
{
    struct zs_text *t = mem_zero(sizeof *t);
    struct unpacking *u = mem_zero(sizeof *u);
    t->fd = -1;
    *u =
        (struct unpacking){.z = ZSTD_createDStream(), .t = t, .path = path, .span = span, .fd = fd};
    enum rc_t res = u->z ? unpack(cx, u) : fail(cx, E902, span, "out of memory");
    ZSTD_freeDStream(u->z);
    mem_free(u);
    if (res == RC_OK)
        *out = t;
    else
        zs_text_free(t);
    return res;
}

void zs_text_free(struct zs_text *t)
{
    if (!t) return;
    if (t->fd >= 0) close(t->fd);
    mem_big_free(t->kept);
    mem_free(t);
}

int64_t zs_text_size(const struct zs_text *t)
{
    return t->size;
}

rc zs_text_read(struct ctx *cx, const struct zs_text *t, const char *path, struct span span,
                int64_t at, char *buf, size_t n, size_t *out_n)
{
    int64_t left = at < t->size ? t->size - at : 0;
    if ((int64_t)n > left) n = (size_t)left;
    *out_n = n;
    if (n == 0) return RC_OK;
    if (t->fd < 0) {
        memcpy(buf, t->kept + at, n);
        return RC_OK;
    }
    for (size_t got = 0; got < n;) {
        ssize_t r = pread(t->fd, buf + got, n - got, (off_t)(at + (int64_t)got));
        if (r < 0 && errno == EINTR) continue;
        if (r <= 0) return fail(cx, E302, span, "`%s` cannot be read: %s", path, strerror(errno));
        got += (size_t)r;
    }
    return RC_OK;
}

rc io_zstd_frame(struct ctx *cx, const char *p, size_t n, struct strbuf *out)
{
    size_t bound = ZSTD_compressBound(n);
    char *to = strbuf_grow(out, bound);
    size_t made = ZSTD_compress(to, bound, p, n, LEVEL);
    if (ZSTD_isError(made)) return fail(cx, E903, NO_SPAN, "zstd packing failed");
    out->n += made;
    return RC_OK;
}
