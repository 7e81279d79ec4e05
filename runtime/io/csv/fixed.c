/* fixed.c: text whose columns stand at fixed places of the line, counted in characters: `widths:`
 * says where, or the blank columns of the first lines do. */
#include "runtime/io/csv/csv_int.h"

#define SNIFF_LINES 100
#define LINE_CHARS  65536

/* Bytes of the first n characters of a line. */
static size_t chars_to_bytes(struct str line, int n)
{
    size_t at = 0;
    while (at < line.n && n-- > 0) {
        at++;
        while (at < line.n && ((unsigned char)line.p[at] & 0xC0) == 0x80)
            at++;
    }
    return at;
}

struct str csv_fixed_field(const struct csv_dialect *d, struct str line, int c)
{
    size_t from = chars_to_bytes(line, d->starts[c]);
    int end = d->starts[c + 1];
    size_t to = end == INT32_MAX ? line.n : chars_to_bytes(line, end);
    return csv_trim((struct str){line.p + from, to - from});
}

rc csv_fixed_widths(struct ctx *cx, struct arena *a, const struct io_option *o,
                    struct csv_dialect *d)
{
    const struct column *c = o->value.u.list;
    int64_t at = 0;
    bool fits = c->type.kind == KIND_INT && c->n > 0 && c->n_null == 0 && c->n < CSV_COLUMNS_MAX;
    int *starts = ARENA_ARRAY(a, int, c->n + 1);
    for (int64_t i = 0; i < c->n && fits; i++) {
        int64_t w = column_scalar(c, i).u.i;
        fits = w > 0 && at + w < LINE_CHARS * 16;
        at += w;
        starts[i + 1] = (int)at;
    }
    if (!fits)
        return fail(cx, E209, o->span,
                    "widths: takes the number of characters of each column, e.g. widths: [8, 3, "
                    "12]");
    d->starts = starts;
    d->n_starts = (int)c->n;
    return RC_OK;
}

/* Marks where a line has something; gives how many characters it has. */
static int mark_line(struct str line, bool *used)
{
    int n = 0;
    for (size_t i = 0; i < line.n && n < LINE_CHARS;) {
        used[n] = used[n] || (line.p[i] != ' ' && line.p[i] != '\t');
        i += chars_to_bytes((struct str){line.p + i, line.n - i}, 1);
        n++;
    }
    return n;
}

rc csv_fixed_sniff(struct ctx *cx, struct csv_scan *s, const char *text, size_t n, bool is_whole)
{
    bool *used = mem_zero(LINE_CHARS + 1);
    int width = 0, lines = 0, n_cols = 0;
    for (size_t at = 0; at < n && lines < SNIFF_LINES;) {
        size_t end = at;
        while (end < n && text[end] != '\n' && text[end] != '\r')
            end++;
        if (end == n && !is_whole && lines > 0) break; /* cut off */
        bool is_comment = s->dialect.has_comment && end > at && text[at] == s->dialect.comment;
        int w = is_comment ? 0 : mark_line((struct str){text + at, end - at}, used);
        if (w > width) width = w;
        lines += end > at;
        at = end + 1;
    }
    int *starts = ARENA_ARRAY(s->arena, int, width + 2);
    for (int i = 0; i < width; i++)
        if (used[i] && (i == 0 || !used[i - 1])) starts[n_cols++] = i;
    mem_free(used);
    if (n_cols == 0)
        return fail(cx, E308, s->span, "`%s` is empty: it holds neither names nor rows",
                    s->head.label);
    starts[0] = 0;
    starts[n_cols] = INT32_MAX; /* the last column goes to the line's end */
    s->dialect.starts = starts;
    s->dialect.n_starts = n_cols;
    return RC_OK;
}
