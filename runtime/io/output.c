/* output.c: a file that appears whole or not at all. It is written as path.tmp-PID, synced and
 * renamed; an append is cut back when it fails. What is no ordinary file (/dev/stdout) is written
 * as it is. */
#include "runtime/io/io_int.h"

#include "runtime/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct io_output {
    int fd;
    char *path; /* of the target, symbolic links followed */
    char *temp; /* NULL: the target itself is written */
    struct span span;
    bool is_append;
    int64_t old_size; /* append */
};

static void output_free(struct io_output *o)
{
    if (o->fd >= 0) close(o->fd);
    mem_free(o->path);
    mem_free(o->temp);
    mem_free(o);
}

static int open_append(struct io_output *o)
{
    int fd = open(o->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return fd;
    off_t end = lseek(fd, 0, SEEK_END);
    o->old_size = end;
    o->is_append = end >= 0;
    return fd;
}

static int open_temp(struct io_output *o, const struct stat *old)
{
    struct strbuf name = {0};
    strbuf_printf(&name, "%s.tmp-%ld", o->path, (long)getpid());
    o->temp = strbuf_take(&name);
    int fd = open(o->temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0 && old && fchmod(fd, old->st_mode & 07777) != 0) errno = 0; /* ours to lose */
    return fd;
}

rc io_output_open(struct ctx *cx, const char *path, bool append, struct span span,
                  struct io_output **out)
{
    struct stat st;
    bool is_there = stat(path, &st) == 0;
    if (is_there && S_ISDIR(st.st_mode))
        return fail(cx, E306, span, "`%s` cannot be written: it is a folder", path);
    struct io_output *o = mem_zero(sizeof *o);
    o->span = span;
    o->path = is_there ? realpath(path, NULL) : NULL;
    if (!o->path) o->path = mem_strndup(path, strlen(path));
    if (is_there && !S_ISREG(st.st_mode))
        o->fd = open(o->path, O_WRONLY | O_CLOEXEC);
    else if (append)
        o->fd = open_append(o);
    else
        o->fd = open_temp(o, is_there ? &st : NULL);
    if (o->fd < 0) {
        enum rc_t res = file_cannot_write(cx, path, span, errno);
        output_free(o);
        return res;
    }
    *out = o;
    return RC_OK;
}

rc io_output_write(struct ctx *cx, struct io_output *o, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(o->fd, p, n);
        if (w < 0 && errno == EINTR) continue;
        if (w < 0) return file_cannot_write(cx, o->path, o->span, errno);
        p += w;
        n -= (size_t)w;
    }
    return RC_OK;
}

void io_output_abort(struct io_output *o)
{
    if (!o) return;
    if (o->is_append && ftruncate(o->fd, (off_t)o->old_size) != 0) errno = 0; /* best effort */
    if (o->temp) unlink(o->temp);
    output_free(o);
}

rc io_output_commit(struct ctx *cx, struct io_output *o)
{
    bool ok = (!o->temp && !o->is_append) || fsync(o->fd) == 0;
    if (ok) {
        int fd = o->fd;
        o->fd = -1;
        ok = close(fd) == 0;
    }
    if (ok && o->temp) ok = rename(o->temp, o->path) == 0;
    if (!ok) {
        enum rc_t res = file_cannot_write(cx, o->path, o->span, errno);
        io_output_abort(o);
        return res;
    }
    if (o->temp) file_sync_folder(o->path);
    output_free(o);
    return RC_OK;
}
