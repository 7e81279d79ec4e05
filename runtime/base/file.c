/* file.c: whole small files. */
#include "runtime/base/file.h"

#include "runtime/base/arena.h"
#include "runtime/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum rc_t file_cannot_write(struct ctx *cx, const char *path, struct span span, int why)
{
    const char *slash = strrchr(path, '/');
    if (why == ENOENT && slash) {
        fail(cx, E306, span, "`%s` cannot be written: the folder `%.*s` does not exist", path,
             (int)(slash - path), path);
        return err_hint(cx, "!mkdir -p '%.*s'", (int)(slash - path), path);
    }
    return fail(cx, E306, span, "`%s` cannot be written: %s", path, strerror(why));
}

void file_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strndup(".", 1);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mem_free(folder);
    if (fd < 0) return;
    if (fsync(fd) != 0) errno = 0;
    close(fd);
}

static bool write_all(int fd, struct str text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text = (struct str){text.p + n, text.n - (size_t)n};
    }
    return true;
}

/* Writes the bytes to a new file, synced; 0 or errno. */
static int write_new(const char *path, struct str bytes, mode_t mode, bool has_mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) return errno;
    bool ok = write_all(fd, bytes) && (!has_mode || fchmod(fd, mode) == 0) && fsync(fd) == 0;
    int why = ok ? 0 : errno;
    if (close(fd) != 0 && !why) why = errno;
    return why;
}

rc file_replace(struct ctx *cx, const char *path, struct str bytes, struct span span)
{
    struct stat old;
    char *real = realpath(path, NULL);
    const char *to = real ? real : path;
    bool is_there = stat(to, &old) == 0;
    if (is_there && S_ISDIR(old.st_mode)) {
        free(real);
        return fail(cx, E306, span, "`%s` cannot be written: it is a folder", path);
    }
    const char *beside = arena_printf(cx->arena, "%s.tmp-%ld", to, (long)getpid());
    int why = write_new(beside, bytes, is_there ? old.st_mode & 07777 : 0666, is_there);
    if (!why && rename(beside, to) != 0) why = errno;
    if (why)
        unlink(beside);
    else
        file_sync_folder(to);
    free(real);
    return why ? file_cannot_write(cx, path, span, why) : RC_OK;
}

rc file_read(struct ctx *cx, const char *path, size_t most, struct span span, char **out,
             size_t *out_n)
{
    FILE *f = fopen(path, "rbe");
    if (!f && errno == ENOENT) return fail(cx, E301, span, "there is no file `%s`", path);
    if (!f) return fail(cx, E302, span, "`%s` cannot be read: %s", path, strerror(errno));
    struct strbuf text = {0};
    char part[16384];
    size_t n;
    while (text.n <= most && (n = fread(part, 1, sizeof part, f)) > 0)
        strbuf_add(&text, part, n);
    bool is_bad = ferror(f) != 0 || text.n > most;
    (void)fclose(f);
    if (is_bad) {
        strbuf_release(&text);
        return fail(cx, E302, span, "`%s` cannot be read, or is too long", path);
    }
    *out_n = text.n;
    *out = strbuf_take(&text);
    return RC_OK;
}

rc file_make_folders(struct ctx *cx, const char *path, bool is_folder, unsigned mode,
                     struct span span)
{
    char *copy = mem_strndup(path, strlen(path));
    int why = 0;
    for (char *p = copy + 1; copy[0] && !why; p++) {
        bool is_end = !*p;
        if (is_end && !is_folder) break;
        if (!is_end && *p != '/') continue;
        *p = 0;
        if (mkdir(copy, (mode_t)mode) != 0 && errno != EEXIST) why = errno;
        if (is_end) break;
        *p = '/';
    }
    struct stat st;
    if (!why && is_folder && (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))) why = ENOTDIR;
    mem_free(copy);
    if (why) return fail(cx, E306, span, "the folder `%s` cannot be made: %s", path, strerror(why));
    return RC_OK;
}
