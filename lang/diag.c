/* diag.c: errors as people see them (language.md 3.10): message, the line with carets, notes, a
 * line to paste. The only place that draws carets and chooses colours. */
#include "lang/diag.h"

#include "runtime/base/mem.h"
#include "runtime/base/utf8.h"

/* ---- texts that spans point into ---- */

struct source {
    char *label, *text;
    size_t n;
    int first_line;
};
struct sources {
    struct source *items; /* [n], number i + 1 */
    uint32_t n, cap;
};

struct sources *sources_new(void)
{
    return mem_zero(sizeof(struct sources));
}

void sources_free(struct sources *s)
{
    if (!s) return;
    for (uint32_t i = 0; i < s->n; i++) {
        mem_free(s->items[i].label);
        mem_free(s->items[i].text);
    }
    mem_free(s->items);
    mem_free(s);
}

uint32_t sources_add(struct sources *s, const char *label, const char *text, size_t n,
                     int first_line)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        s->items = mem_realloc(s->items, mem_mul(s->cap, sizeof *s->items));
    }
    s->items[s->n++] =
        (struct source){.label = mem_strndup(label ? label : "", label ? strlen(label) : 0),
                        .text = mem_strndup(n ? text : "", n),
                        .n = n,
                        .first_line = first_line > 0 ? first_line : 1};
    return s->n;
}

static const struct source *find_source(const struct sources *s, uint32_t number)
{
    return s && number > 0 && number <= s->n ? &s->items[number - 1] : NULL;
}

struct str sources_text(const struct sources *s, uint32_t source)
{
    const struct source *x = find_source(s, source);
    return x ? (struct str){x->text, x->n} : STR("");
}

const char *sources_label(const struct sources *s, uint32_t source)
{
    const struct source *x = find_source(s, source);
    return x ? x->label : "";
}

/* The line a byte stands on. */
static struct span line_of(const struct source *x, uint32_t at)
{
    size_t from = at < x->n ? at : x->n, to = from;
    while (from > 0 && x->text[from - 1] != '\n')
        from--;
    while (to < x->n && x->text[to] != '\n')
        to++;
    if (to > from && x->text[to - 1] == '\r') to--;
    return (struct span){0, (uint32_t)from, (uint32_t)to};
}

void sources_place(const struct sources *s, struct span span, int *line, int *column)
{
    const struct source *x = find_source(s, span.source);
    *line = *column = 1;
    if (!x) return;
    size_t at = span.from < x->n ? span.from : x->n;
    size_t start = line_of(x, (uint32_t)at).from;
    *line = x->first_line;
    for (size_t i = 0; i < start; i++)
        *line += x->text[i] == '\n';
    *column = 1 + (int)utf8_length(x->text + start, at - start);
}

/* ---- the line with its carets ---- */

#define TAB_CELLS  4
#define MAX_WINDOW 4000 /* bytes looked at on each side of the span */

struct picture {        /* a line as it is drawn */
    struct strbuf text; /* tabs as blanks, control characters and broken bytes replaced */
    int64_t *cells;     /* [n + 1] cell in which each piece begins */
    size_t *offsets;    /* [n + 1] where each piece begins in text */
    size_t n;
    int64_t from, to; /* cells of the span */
};

static void add_piece(struct picture *p, const char *s, size_t n, int64_t width)
{
    strbuf_add(&p->text, s, n);
    p->n++;
    p->offsets[p->n] = p->text.n;
    p->cells[p->n] = p->cells[p->n - 1] + width;
}

static void draw_line(struct picture *p, const char *s, size_t n, size_t from, size_t to)
{
    p->cells = mem_zero(mem_mul(n + 2, sizeof *p->cells));
    p->offsets = mem_zero(mem_mul(n + 2, sizeof *p->offsets));
    p->from = p->to = -1;
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        int bytes = utf8_next(s + at, n - at, &cp);
        if (p->from < 0 && at >= from) p->from = p->cells[p->n];
        if (p->to < 0 && at >= to) p->to = p->cells[p->n];
        if (cp == '\t')
            add_piece(p, "    ", TAB_CELLS, TAB_CELLS);
        else if (cp < 0x20 || cp == 0x7F || cp == 0xFFFD)
            add_piece(p, "\xEF\xBF\xBD", 3, 1);
        else
            add_piece(p, s + at, (size_t)bytes, utf8_width_of(cp));
        at += (size_t)bytes;
    }
    if (p->from < 0) p->from = p->cells[p->n];
    if (p->to < 0) p->to = p->cells[p->n];
    if (p->to <= p->from) p->to = p->from + 1; /* at least one caret */
}

/* The first piece and the one behind the last that fit, so that the span is seen. */
static void choose_window(const struct picture *p, int64_t width, size_t *first, size_t *last)
{
    *first = 0;
    *last = p->n;
    if (p->cells[p->n] <= width) return;
    int64_t start = 0, span = p->to - p->from < width - 2 ? p->to - p->from : width - 2;
    if (p->to > width - 1) start = p->from - (width - span) / 2;
    if (start > p->cells[p->n] + 1 - width) start = p->cells[p->n] + 1 - width;
    if (start < 0) start = 0;
    while (*first < p->n && p->cells[*first] < start + (start > 0))
        (*first)++;
    int64_t room = width - (start > 0);
    *last = *first;
    while (*last < p->n && p->cells[*last + 1] - p->cells[*first] <= room)
        (*last)++;
    while (*last<p->n && * last> * first && p->cells[*last] - p->cells[*first] > room - 1)
        (*last)--;
}

static void put_picture(struct strbuf *out, const struct picture *p, int64_t width, bool color)
{
    size_t first, last;
    choose_window(p, width, &first, &last);
    bool cut_left = first > 0, cut_right = last < p->n;
    strbuf_addz(out, "\n  ");
    if (cut_left) strbuf_addz(out, "\xE2\x80\xA6");
    strbuf_add(out, p->text.p ? p->text.p + p->offsets[first] : "",
               p->offsets[last] - p->offsets[first]);
    if (cut_right) strbuf_addz(out, "\xE2\x80\xA6");
    int64_t shift = p->cells[first] - cut_left;
    int64_t from = p->from - shift, to = p->to - shift;
    int64_t end = p->cells[last] - shift + (last == p->n || cut_right);
    if (from < 0) from = 0;
    if (to > end) to = end;
    if (to <= from) to = from + 1;
    strbuf_addz(out, "\n  ");
    strbuf_fill(out, ' ', (size_t)from);
    if (color) strbuf_addz(out, "\x1b[31m");
    strbuf_fill(out, '^', (size_t)(to - from));
    if (color) strbuf_addz(out, "\x1b[0m");
}

static void put_source(struct strbuf *out, const struct source *x, struct span span,
                       const struct diag_opts *opts)
{
    struct span line = line_of(x, span.from);
    uint32_t from = span.from < line.to ? span.from : line.to;
    uint32_t to = span.to < line.to ? span.to : line.to;
    if (to < from) to = from;
    uint32_t start = from - line.from > MAX_WINDOW ? from - MAX_WINDOW : line.from;
    uint32_t end = line.to - from > MAX_WINDOW ? from + MAX_WINDOW : line.to;
    while (start > line.from && ((unsigned char)x->text[start] & 0xC0) == 0x80)
        start--;
    while (end < line.to && ((unsigned char)x->text[end] & 0xC0) == 0x80)
        end++;
    /* indentation says nothing here */
    while (start < from && (x->text[start] == ' ' || x->text[start] == '\t'))
        start++;
    struct picture p = {0};
    int width = opts->width > 0 ? opts->width : 80;
    draw_line(&p, x->text + start, end - start, from - start, to - start);
    put_picture(out, &p, width > 22 ? width - 2 : 20, opts->color);
    strbuf_release(&p.text);
    mem_free(p.cells);
    mem_free(p.offsets);
}

/* ---- the whole ---- */

void diag_text(struct strbuf *out, const struct sources *s, const struct error *e,
               const struct diag_opts *opts)
{
    const struct source *x = find_source(s, e->span.source);
    if (opts->color)
        strbuf_addz(out, err_class_of(e->code) == ERR_CLASS_WARN ? "\x1b[1;33m" : "\x1b[1;31m");
    strbuf_printf(out, "%s %s", err_name(e->code), e->message);
    if (opts->color) strbuf_addz(out, "\x1b[0m");
    if (x && opts->place) {
        int line, column;
        sources_place(s, e->span, &line, &column);
        strbuf_printf(out, " (%s:%d:%d)", x->label, line, column);
    }
    if (x && x->n > 0) put_source(out, x, e->span, opts);
    for (int i = 0; i < e->n_notes; i++)
        strbuf_printf(out, "\n  %s", e->notes[i]);
    if (e->hint[0]) strbuf_printf(out, "\n  try: %s", e->hint);
}
