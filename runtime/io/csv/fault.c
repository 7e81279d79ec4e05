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

/* ---- where and why ---- */
#define LOOK ((size_t)16 << 10) /* bytes that are looked at for a better guess */

/* Fields of the line at p; *end is where the next line begins. */
static int64_t count_fields(const char *p, size_t n, char delim, char quote, size_t *end)
{
    int64_t fields = 1;
    bool in_quote = false, at_start = true;
    size_t i = 0;
    for (; i < n && p[i] != '\n' && p[i] != '\r'; i++) {
        bool is_delim = !in_quote && p[i] == delim;
        if (p[i] == quote) in_quote = !in_quote && at_start;
        fields += is_delim;
        at_start = is_delim;
    }
    *end = i + 1 < n && p[i] == '\r' && p[i + 1] == '\n' ? i + 2 : i + 1;
    return fields;
}

/* Bytes of the file while an error is being made: 0 when they cannot be had. */
static size_t peek(struct ctx *cx, const struct csv_file *f, int64_t at, char *buf, size_t n)
{
    size_t got = 0;
    struct error kept = *cx->err;
    if (io_source_read(cx, f->src, at, buf, n, &got) != RC_OK) got = 0;
    *cx->err = kept;
    return got;
}

/* The field of its line that a byte stands in, counted from 1. */
static long long field_at(struct ctx *cx, const struct csv_scan *s, const struct csv_file *f,
                          int64_t at)
{
    char *buf = mem_alloc(LOOK);
    int64_t from = at > (int64_t)LOOK ? at - (int64_t)LOOK : 0, field = 1;
    size_t n = peek(cx, f, from, buf, (size_t)(at - from)), end;
    for (size_t line = 0; line < n; line += end)
        field = count_fields(buf + line, n - line, s->dialect.delim,
                             s->dialect.has_quote ? s->dialect.quote : 0, &end);
    if (n && (buf[n - 1] == '\n' || buf[n - 1] == '\r')) field = 1;
    mem_free(buf);
    return (long long)field;
}

/* How many lines stand before the table: the first line after which others with as many fields, and
 * more than the first one's, follow; 0 when nothing is seen. */
static int lines_to_skip(struct ctx *cx, const struct csv_scan *s, const struct csv_file *f)
{
    enum { LINES = 20 };
    int64_t counts[LINES];
    int n = 0;
    char *buf = mem_alloc(LOOK), quote = s->dialect.has_quote ? s->dialect.quote : (char)0;
    size_t got = peek(cx, f, 0, buf, LOOK), end;
    for (size_t at = 0; at < got && n < LINES; at += end)
        counts[n++] = count_fields(buf + at, got - at, s->dialect.delim, quote, &end);
    mem_free(buf);
    for (int i = 1; i + 1 < n; i++) {
        int k = i + 1;
        while (k < n && counts[k] == counts[i])
            k++;
        if (counts[i] > s->n_cols && k == n) return i;
    }
    return 0;
}

/* Whether the line has as many fields as the first one when ' is the quote. */
static bool is_single_quoted(struct ctx *cx, const struct csv_scan *s, const struct csv_file *f,
                             int64_t at)
{
    char *buf = mem_alloc(LOOK);
    size_t got = peek(cx, f, at, buf, LOOK), end;
    bool yes = count_fields(buf, got, s->dialect.delim, '\'', &end) == s->n_cols;
    mem_free(buf);
    return yes;
}

/* Whether the text from there on is Shift JIS: all of it is pairs or half-wide kana, and hardly a
 * byte that other encodings would show. */
static bool looks_japanese(struct ctx *cx, const struct csv_file *f, int64_t at)
{
    char *buf = mem_alloc(LOOK);
    const unsigned char *p = (const unsigned char *)buf;
    size_t got = peek(cx, f, at, buf, LOOK), pairs = 0, i = 0;
    for (; i < got; i++) {
        if (p[i] < 0x80 || (p[i] >= 0xA1 && p[i] <= 0xDF)) continue;
        bool is_lead = (p[i] >= 0x81 && p[i] <= 0x9F) || (p[i] >= 0xE0 && p[i] <= 0xFC);
        if (!is_lead || i + 1 >= got) break;
        if (p[i + 1] < 0x40 || p[i + 1] == 0x7F || p[i + 1] > 0xFC) break;
        pairs++;
        i++;
    }
    mem_free(buf);
    return pairs >= 3 && i + 1 >= got;
}

static rc ragged_error(struct ctx *cx, const struct csv_scan *s, const struct csv_file *f,
                       const struct csv_fault *x, long long line)
{
    const char *path = s->head.label;
    fail(cx, E304, s->span, "line %lld of `%s` has %lld fields, the first line has %d: %s", line,
         path, (long long)x->n, s->n_cols, line_start(cx, f, x->at));
    if (x->n < s->n_cols) return err_hint(cx, "read(\"%s\", ragged: \"fill\")", path);
    if (s->dialect.delims.n < 2 && is_single_quoted(cx, s, f, x->at)) {
        err_hint(cx, "read(\"%s\", quote: \"'\")", path);
        return err_note(cx, "quote: \"'\" takes ' for what stands around fields");
    }
    int skip = lines_to_skip(cx, s, f);
    if (skip > 0 && skip + 1 >= line) {
        err_hint(cx, "read(\"%s\", skip: %d)", path, skip);
        return err_note(cx,
                        "skip: %d leaves the first line%s out; ragged: \"cut\" the rest of lines "
                        "that are too long",
                        skip, skip > 1 ? "s" : "");
    }
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
        return fail(cx, E303, s->span,
                    "`%s` is not delimited text: line %lld, column %lld holds a NUL byte", path,
                    line, field_at(cx, s, f, x->at));
    default:
        ((struct csv_file *)(uintptr_t)f)->bad_at = x->at; /* csv.c may know better */
        fail(cx, E303, s->span, "line %lld, column %lld of `%s` is not UTF-8 text (byte 0x%02X)",
             line, field_at(cx, s, f, x->at), path, (unsigned)(unsigned char)x->byte);
        if (looks_japanese(cx, f, x->at)) {
            err_hint(cx, "!iconv -f SHIFT_JIS -t UTF-8 '%s' > utf8.csv", path);
            return err_note(cx, "the bytes look like Shift JIS");
        }
        err_hint(cx, "read(\"%s\", encoding: \"windows-1252\")", path);
        return err_note(cx,
                        "encoding: knows latin-1 and utf-16 too; iconv turns others into UTF-8");
    }
}
