/* file.c: notebooks from and to files. */
#include "kernel/notebook/notebook_int.h"

#include "runtime/base/file.h"
#include "runtime/base/mem.h"

#include <errno.h>
#include <fcntl.h>
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
    else if (str_ends(str_of(path), STR(".md")))
        res = notebook_read_md(cx, p, text.n, out);
    else
        res = notebook_read_mlnb(cx, p, text.n, 0, out);
    strbuf_release(&text);
    if (res == RC_OK) return RC_OK;
    struct error inner = *cx->err;
    return fail(cx, inner.code, inner.span, "%s, %s", path, inner.message);
}

/* ---- writing ---- */

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
    enum rc_t res = file_replace(cx, path, strbuf_view(&text), NO_SPAN);
    strbuf_release(&text);
    return res;
}
