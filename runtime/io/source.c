/* source.c: bytes of a file, read at any offset from any thread.
 *
 * Blocks are read with pread into the reader's own buffer, not mapped: a file that is cut short
 * while it is read gives an error here, where a mapping would kill the process (SIGBUS), and
 * copying a block that stays in the cache costs less than its page faults. No descriptor is kept
 * open between reads (a session may hold thousands of files); each read opens the file again and
 * checks that it is still the same one (inode, size, time of change). */
#include "runtime/io/io_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct io_source {
    char *path;
    struct span span;
    struct stat st;      /* at open */
    int64_t size;        /* uncompressed */
    int64_t raw_size;    /* before recoding */
    struct gz_index *gz; /* packed so, or NULL */
    struct zs_text *zs;
    struct recode *recode; /* NULL: the bytes are UTF-8 */
};

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static rc changed(struct ctx *cx, const struct io_source *s)
{
    fail(cx, E302, s->span, "`%s` has changed while it was read", s->path);
    return err_note(cx, "run the statement that reads it again");
}

static rc cannot_read(struct ctx *cx, const char *path, struct span span, int err)
{
    if (err == ENOENT || err == ENOTDIR) return io_missing(cx, path, span);
    if (err == EACCES || err == EPERM)
        return fail(cx, E302, span, "`%s` cannot be read: no permission", path);
    return fail(cx, E302, span, "`%s` cannot be read: %s", path, strerror(err));
}

/* Reads until n bytes or the end; -1 on a disk error (errno). */
static ssize_t read_fully(int fd, int64_t at, char *buf, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t r = pread(fd, buf + got, n - got, (off_t)(at + (int64_t)got));
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return -1;
        if (r == 0) break;
        got += (size_t)r;
    }
    return (ssize_t)got;
}

static rc check_kind(struct ctx *cx, const char *path, const struct stat *st, struct span span)
{
    if (S_ISREG(st->st_mode)) return RC_OK;
    if (S_ISDIR(st->st_mode)) return io_is_folder(cx, path, span);
    return fail(cx, E302, span, "`%s` is not an ordinary file", path);
}

/* Packers that are known but not read. */
static rc check_packer(struct ctx *cx, const struct io_source *s, const unsigned char *magic)
{
    static const struct {
        const char *magic, *name, *command;
        size_t n;
    } known[] = {{"BZh", "bzip2", "bunzip2 -k", 3},
                 {"\xFD"
                  "7zXZ",
                  "xz", "unxz -k", 5},
                 {"PK\x03\x04", "zip", "unzip", 4}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (memcmp(magic, known[i].magic, known[i].n) != 0) continue;
        fail(cx, E305, s->span, "`%s` is packed with %s; gzip and zstd are read", s->path,
             known[i].name);
        return err_hint(cx, "!%s '%s'", known[i].command, s->path);
    }
    return RC_OK;
}

static rc size_up(struct ctx *cx, struct io_source *s, int fd)
{
    unsigned char magic[8] = {0};
    if (read_fully(fd, 0, (char *)magic, sizeof magic) < 0)
        return cannot_read(cx, s->path, s->span, errno);
    TRY(check_packer(cx, s, magic));
    s->raw_size = s->st.st_size;
    if (magic[0] == 0x1f && magic[1] == 0x8b) {
        TRY(gz_index_build(cx, fd, s->path, s->span, &s->gz));
        s->raw_size = gz_index_size(s->gz);
    } else if (memcmp(magic, "\x28\xB5\x2F\xFD", 4) == 0) {
        TRY(zs_text_open(cx, fd, s->path, s->span, &s->zs));
        s->raw_size = zs_text_size(s->zs);
    }
    s->size = s->raw_size;
    return RC_OK;
}

rc io_source_open(struct ctx *cx, const char *path, struct span span, struct io_source **out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hang us */
    if (fd < 0) return cannot_read(cx, path, span, errno);
    struct io_source *s = mem_zero(sizeof *s);
    s->path = realpath(path, NULL);
    if (!s->path) s->path = mem_strndup(path, strlen(path));
    s->span = span;
    enum rc_t res = RC_ERR;
    if (fstat(fd, &s->st) != 0) {
        res = cannot_read(cx, path, span, errno);
        goto out;
    }
    TRY_OUT(check_kind(cx, path, &s->st, span));
    TRY_OUT(size_up(cx, s, fd));
    res = RC_OK;
out:
    close(fd);
    if (res == RC_OK)
        *out = s;
    else
        io_source_close(s);
    return res;
}

void io_source_close(struct io_source *s)
{
    if (!s) return;
    gz_index_free(s->gz);
    zs_text_free(s->zs);
    recode_free(s->recode);
    mem_free(s->path);
    mem_free(s);
}

int64_t io_source_size(const struct io_source *s)
{
    return s->size;
}

bool io_source_is_gzip(const struct io_source *s)
{
    return s->gz != NULL;
}

bool io_source_is_stale(const struct io_source *s)
{
    struct stat now;
    return stat(s->path, &now) != 0 || !same_file(&now, &s->st);
}

static rc read_plain(struct ctx *cx, const struct io_source *s, int fd, int64_t at, char *buf,
                     size_t n, size_t *out_n)
{
    int64_t left = s->raw_size - at;
    if (left < 0) left = 0;
    size_t want = (uint64_t)left < n ? (size_t)left : n;
    ssize_t got = read_fully(fd, at, buf, want);
    if (got < 0) return cannot_read(cx, s->path, s->span, errno);
    if ((size_t)got != want) return changed(cx, s);
    *out_n = want;
    return RC_OK;
}

rc io_source_read_raw(struct ctx *cx, const struct io_source *s, int64_t at, char *buf, size_t n,
                      size_t *out_n)
{
    int fd = open(s->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? changed(cx, s) : cannot_read(cx, s->path, s->span, errno);
    enum rc_t res = s->gz   ? gz_index_read(cx, s->gz, fd, s->path, s->span, at, buf, n, out_n)
                    : s->zs ? zs_text_read(cx, s->zs, s->path, s->span, at, buf, n, out_n)
                            : read_plain(cx, s, fd, at, buf, n, out_n);
    struct stat now;
    if (fstat(fd, &now) != 0 || !same_file(&now, &s->st)) res = changed(cx, s);
    close(fd);
    return res;
}

rc io_source_read(struct ctx *cx, const struct io_source *s, int64_t at, char *buf, size_t n,
                  size_t *out_n)
{
    if (s->recode) return recode_read(cx, s, s->recode, at, buf, n, out_n);
    return io_source_read_raw(cx, s, at, buf, n, out_n);
}

rc io_source_recode(struct ctx *cx, struct io_source *s, enum io_encoding from)
{
    struct recode *k;
    if (from == IO_UTF8) return RC_OK;
    TRY(recode_build(cx, s, from, s->raw_size, &k));
    s->recode = k;
    s->size = recode_size(k);
    return RC_OK;
}
