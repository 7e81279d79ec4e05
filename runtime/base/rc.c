/* rc.c: writes error objects; texts that do not fit are cut at a character's edge. */
#include "runtime/base/rc.h"

#include "runtime/base/cancel.h"
#include "runtime/base/str.h"

#include <strings.h>

struct err_info {
    const char *name, *slug, *doc;
    enum err_class class;
};
static const struct err_info err_table[ERR_COUNT] = {
    [ERR_NONE] = {"", "", "", ERR_CLASS_BUG},
#define ERR(code, slug, class, doc) [code] = {#code, #slug, doc, ERR_CLASS_##class},
#include "runtime/base/errors.def"
#undef ERR
};

/* Writes into a fixed field; when the text is too long, ends it with "..." on a character's edge.
 */
__attribute__((format(printf, 3, 0))) static void put_text(char *field, size_t cap, const char *fmt,
                                                           va_list ap)
{
    int n = vsnprintf(field, cap, fmt, ap);
    if (n < 0) field[0] = 0;
    if (n < 0 || (size_t)n < cap) return;
    size_t at = cap - 4;
    while (at > 0 && ((unsigned char)field[at] & 0xC0) == 0x80)
        at--;
    memcpy(field + at, "...", 4);
}

enum rc_t rc_fail(struct ctx *cx, enum err_code code, struct span span, const char *file, int line,
                  const char *fmt, ...)
{
    struct error *e = cx->err;
    err_clear(e);
    e->code = code;
    e->span = span;
    e->file = file;
    e->line = line;
    va_list ap;
    va_start(ap, fmt);
    put_text(e->message, sizeof e->message, fmt, ap);
    va_end(ap);
    return RC_ERR;
}

enum rc_t err_hint(struct ctx *cx, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_text(cx->err->hint, sizeof cx->err->hint, fmt, ap);
    va_end(ap);
    return RC_ERR;
}

enum rc_t err_note(struct ctx *cx, const char *fmt, ...)
{
    struct error *e = cx->err;
    if (e->n_notes >= 3) return RC_ERR;
    va_list ap;
    va_start(ap, fmt);
    put_text(e->notes[e->n_notes], sizeof e->notes[0], fmt, ap);
    va_end(ap);
    e->n_notes++;
    return RC_ERR;
}

void err_clear(struct error *err)
{
    memset(err, 0, sizeof *err);
}

void warn(struct ctx *cx, enum err_code code, struct span span, const char *fmt, ...)
{
    if (!cx->notify || !cx->notify->warn) return;
    struct error e;
    err_clear(&e);
    e.code = code;
    e.span = span;
    va_list ap;
    va_start(ap, fmt);
    put_text(e.message, sizeof e.message, fmt, ap);
    va_end(ap);
    cx->notify->warn(cx->notify->self, &e);
}

rc check_cancel(struct ctx *cx)
{
    if (!cancel_asked(cx->cancel)) return RC_OK;
    return fail(cx, E901, NO_SPAN, "interrupted");
}

const char *err_name(enum err_code code)
{
    return err_table[code].name;
}
const char *err_slug(enum err_code code)
{
    return err_table[code].slug;
}
const char *err_doc(enum err_code code)
{
    return err_table[code].doc;
}
enum err_class err_class_of(enum err_code code)
{
    return err_table[code].class;
}

enum err_code err_by_name(const char *name, size_t n)
{
    for (int i = 1; i < ERR_COUNT; i++)
        if (strlen(err_table[i].name) == n && strncasecmp(err_table[i].name, name, n) == 0)
            return (enum err_code)i;
    return ERR_NONE;
}
