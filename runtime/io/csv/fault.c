/* fault.c: what is wrong with a file, said so that the line can be found and mended. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/utf8.h"

int64_t csv_line_at(struct ctx *cx, const struct csv_file *f, int64_t at)
{
    struct error kept = *cx->err; /* this runs while an error is being made */
    size_t cap = (size_t)CSV_BLOCK, got = 0;
    char *buf = mem_alloc(cap);
    int64_t line = 1;
    char last = 0;
    for (int64_t from = 0; from < at; from += (int64_t)got) {
        size_t want = at - from < (int64_t)cap ? (size_t)(at - from) : cap;
        bool ok = check_cancel(cx) == RC_OK &&
                  io_source_read(cx, f->src, from, buf, want, &got) == RC_OK && got > 0;
        if (!ok) {
            line = 0;
            break;
        }
        for (size_t i = 0; i < got; i++) {
            line += buf[i] == '\r' || (buf[i] == '\n' && last != '\r');
            last = buf[i];
        }
    }
    mem_free(buf);
    *cx->err = kept;
    return line;
}

/* The beginning of a line as it can be shown: one line, no control characters, valid UTF-8. */
static const char *line_start(struct ctx *cx, const struct csv_file *f, int64_t at)
{
    enum { SHOWN = 60 };
    char buf[SHOWN];
    size_t got = 0, n = 0;
    struct error kept = *cx->err;
    if (io_source_read(cx, f->src, at, buf, sizeof buf, &got) != RC_OK) got = 0;
    *cx->err = kept;
    while (n < got && buf[n] != '\n' && buf[n] != '\r')
        n++;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)buf[i] < 0x20) buf[i] = ' ';
    bool is_cut = n == SHOWN;
    if (is_cut)
        while (n > 0 && ((unsigned char)buf[n - 1] & 0xC0) == 0x80)
            n--;
    if (is_cut && n > 0) n--; /* the lead byte of a character that may be cut */
    struct strbuf b = {0};
    utf8_repair(&b, buf, n);
    const char *out =
        arena_printf(cx->arena, "%.*s%s", (int)b.n, b.p ? b.p : "", is_cut ? ".." : "");
    strbuf_release(&b);
    return out;
}

static rc ragged_error(struct ctx *cx, const struct csv_scan *s, const struct csv_file *f,
                       const struct csv_fault *x, long long line)
{
    const char *path = s->head.label;
    fail(cx, E304, s->span, "line %lld of `%s` has %lld fields, the first line has %d: %s", line,
         path, (long long)x->n, s->n_cols, line_start(cx, f, x->at));
    if (x->n < s->n_cols) return err_hint(cx, "read(\"%s\", ragged: \"fill\")", path);
    err_hint(cx, "read(\"%s\", ragged: \"cut\")", path);
    return err_note(cx, "ragged: \"cut\" leaves the rest of such lines out");
}

rc csv_fault_error(struct ctx *cx, const struct csv_scan *s, const struct csv_file *f,
                   const struct csv_fault *x)
{
    const char *path = s->head.label;
    long long line = csv_line_at(cx, f, x->at);
    switch (x->kind) {
    case CSV_FAULT_RAGGED: return ragged_error(cx, s, f, x, line);
    case CSV_FAULT_UNCLOSED:
        fail(cx, E315, s->span,
             "the row that begins in line %lld of `%s` opens a quote that never closes: %s", line,
             path, line_start(cx, f, x->at));
        err_hint(cx, "read(\"%s\", quote: null)", path);
        return err_note(cx, "quote: null takes quotes as text");
    case CSV_FAULT_LONG:
        fail(cx, E309, s->span, "the row that begins in line %lld of `%s` is longer than %lld MB",
             line, path, (long long)(CSV_LINE_MAX >> 20));
        if (!s->dialect.has_quote) return RC_ERR;
        err_hint(cx, "read(\"%s\", quote: null)", path);
        return err_note(cx, "often a quote that never closes; quote: null takes quotes as text");
    case CSV_FAULT_NUL:
        return fail(cx, E303, s->span, "`%s` is not delimited text: line %lld holds a NUL byte",
                    path, line);
    default:
        ((struct csv_file *)(uintptr_t)f)->bad_at = x->at; /* csv.c may know better */
        fail(cx, E303, s->span, "line %lld of `%s` is not UTF-8 text (byte 0x%02X)", line, path,
             (unsigned)(unsigned char)x->byte);
        err_hint(cx, "read(\"%s\", encoding: \"windows-1252\")", path);
        return err_note(cx,
                        "encoding: knows latin-1 and utf-16 too; iconv turns others into UTF-8");
    }
}
