/* file.c: notebooks from and to files. */
#include "kernel/notebook/notebook_int.h"

#include "runtime/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE (256 << 20)

/* ---- reading ---- */

static rc read_all(struct ctx *cx, const char *path, struct strbuf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return fail(cx, E301, NO_SPAN, "there is no file %s", path);
    if (fd < 0) return fail(cx, E302, NO_SPAN, "%s cannot be opened: %s", path, strerror(errno));
    ssize_t n = 0;
    do {
        n = read(fd, strbuf_grow(out, 65536), 65536);
        if (n > 0) out->n += (size_t)n;
    } while ((n > 0 && out->n <= MAX_FILE) || (n < 0 && errno == EINTR));
    int why = errno;
    close(fd);
    if (n < 0) return fail(cx, E302, NO_SPAN, "%s cannot be read: %s", path, strerror(why));
    if (out->n > MAX_FILE) return fail(cx, E601, NO_SPAN, "%s is larger than 256 MB", path);
    return RC_OK;
}

static bool looks_like_json(struct str text)
{
    struct str s = str_trim(text);
    if (s.n == 0 || s.p[0] != '{') return false;
    for (size_t i = 0; i + 7 <= s.n; i++)
        if (memcmp(s.p + i, "\"cells\"", 7) == 0) return true;
    return false;
}

rc notebook_read_file(struct ctx *cx, const char *path, struct notebook **out)
{
    struct strbuf text = {0};
    enum rc_t res = read_all(cx, path, &text);
    if (res != RC_OK) {
        strbuf_release(&text);
        return res;
    }
    const char *p = text.p ? text.p : "";
    if (str_ends(str_of(path), STR(".ipynb")) || looks_like_json(strbuf_view(&text)))
        res = notebook_read_ipynb(cx, p, text.n, out);
    else
        res = notebook_read_mlnb(cx, p, text.n, 0, out);
    strbuf_release(&text);
    if (res == RC_OK) return RC_OK;
    struct error inner = *cx->err;
    return fail(cx, inner.code, inner.span, "%s, %s", path, inner.message);
}

/* ---- writing ---- */

static rc write_failed(struct ctx *cx, const char *path, int why)
{
    return fail(cx, E306, NO_SPAN, "%s cannot be written: %s", path, strerror(why));
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

/* Writes beside the file and renames; a symbolic link keeps pointing to what it points to. */
static rc replace_file(struct ctx *cx, const char *path, struct str text)
{
    char *real = realpath(path, NULL);
    const char *to = real ? real : path;
    struct stat old;
    mode_t mode = stat(to, &old) == 0 ? old.st_mode & 07777 : 0666;
    char *beside = arena_printf(cx->arena, "%s.%ld.part", to, (long)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool ok = fd >= 0 && write_all(fd, text);
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && rename(beside, to) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok && fd >= 0) unlink(beside);
    free(real);
    return ok ? RC_OK : write_failed(cx, path, why);
}

rc notebook_write_file(struct ctx *cx, const struct notebook *nb, const char *path)
{
    struct str name = str_of(path);
    struct strbuf text = {0};
    if (str_ends(name, STR(".ipynb")))
        notebook_write_ipynb(&text, nb);
    else if (str_ends(name, STR(".html")) || str_ends(name, STR(".htm")))
        notebook_write_html(&text, nb);
    else if (str_ends(name, STR(".md")))
        notebook_write_md(&text, nb);
    else if (str_ends(name, STR(".mlnb")))
        notebook_write_mlnb(&text, nb);
    else
        return fail(cx, E305, NO_SPAN,
                    "a notebook is written as .mlnb, .ipynb, .html or .md, not as %s", path);
    enum rc_t res = replace_file(cx, path, strbuf_view(&text));
    strbuf_release(&text);
    return res;
}
