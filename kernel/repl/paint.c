/* paint.c: libedit has no colours. Its character hook runs after each refresh, so there we write
 * the same glyphs once more, coloured, and put the cursor back where it was: one write, hidden
 * cursor, no flicker. */
#include "kernel/repl/editor_int.h"

#include "kernel/session/terminal.h"
#include "runtime/base/utf8.h"

#include <unistd.h>
#include <wchar.h>

struct place {
    int row, col;
};

/* Cells that libedit draws for a character at a column: a tab goes to the next eighth one, other
 * control characters stand as ^X. */
static int cells(uint32_t c, int col)
{
    if (c == '\t') return 8 - col % 8;
    return c < 32 || c == 127 ? 2 : utf8_width_of(c);
}

static void advance(struct place *p, uint32_t c, int width)
{
    if (c == '\n') {
        p->row++;
        p->col = 0;
        return;
    }
    int w = cells(c, p->col);
    if (p->col + w > width) {
        p->row++;
        p->col = 0;
    }
    p->col += w;
    if (p->col >= width) {
        p->row++;
        p->col = 0;
    }
}

static const char *color_of(const struct token *t, const char *text, size_t n)
{
    switch (t->kind) {
    case TOK_KEYWORD: return "\033[1;35m";
    case TOK_STR:
    case TOK_FSTR: return "\033[32m";
    case TOK_INT:
    case TOK_NUM:
    case TOK_TIME:
    case TOK_DURATION: return "\033[36m";
    case TOK_VAR: return "\033[33m";
    case TOK_COMMENT: return "\033[90m";
    case TOK_COMMAND: return "\033[35m";
    case TOK_ERROR: return "\033[31m";
    case TOK_OP:
        return n - t->from >= 2 && text[t->from] == '|' && text[t->from + 1] == '>' ? "\033[1;34m"
                                                                                    : "";
    default: return "";
    }
}

/* A name straight after |> is a verb. */
static bool is_verb(const struct token *tokens, int i, const char *text)
{
    if (tokens[i].kind != TOK_NAME) return false;
    for (int j = i - 1; j >= 0; j--) {
        if (tokens[j].kind == TOK_COMMENT || tokens[j].kind == TOK_NEWLINE) continue;
        return tokens[j].kind == TOK_OP && tokens[j].to - tokens[j].from == 2 &&
               memcmp(text + tokens[j].from, "|>", 2) == 0;
    }
    return false;
}

static void put_char(struct strbuf *out, uint32_t c, int col)
{
    char u[4];
    if (c == '\n')
        strbuf_addz(out, "\r\n");
    else if (c == '\t')
        strbuf_printf(out, "%*s", cells(c, col), "");
    else if (c < 32 || c == 127)
        strbuf_printf(out, "^%c", c == 127 ? '?' : (int)(c + 64));
    else
        strbuf_add(out, u, (size_t)utf8_put(c, u));
}

static void put_range(struct strbuf *out, struct place *p, struct str text, size_t from, size_t to,
                      int width)
{
    while (from < to) {
        uint32_t c;
        from += (size_t)utf8_next(text.p + from, text.n - from, &c);
        int row = p->row;
        bool wraps = c != '\n' && p->col + cells(c, p->col) > width;
        if (wraps) strbuf_addz(out, "\r\n");
        put_char(out, c, p->col);
        advance(p, c, width);
        if (c != '\n' && p->row > row + wraps) strbuf_addz(out, "\r\n");
    }
}

static void put_tokens(struct strbuf *out, struct place *p, struct str text, int width)
{
    struct arena *a = arena_new();
    int n;
    struct token *t = lex_all(a, text.p, text.n, &n);
    size_t at = 0;
    for (int i = 0; i < n && t[i].kind != TOK_END; i++) {
        const char *color = is_verb(t, i, text.p) ? "\033[1;34m" : color_of(&t[i], text.p, text.n);
        put_range(out, p, text, at, t[i].from, width);
        strbuf_addz(out, color);
        put_range(out, p, text, t[i].from, t[i].to, width);
        if (*color) strbuf_addz(out, "\033[0m");
        at = t[i].to;
    }
    put_range(out, p, text, at, text.n, width);
    arena_free(a);
}

static struct place place_of(struct str text, size_t end, int first, int width)
{
    struct place p = {0, first};
    uint32_t c;
    for (size_t i = 0; i < end; advance(&p, c, width))
        i += (size_t)utf8_next(text.p + i, text.n - i, &c);
    return p;
}

/* The first line of what is suggested, as far as it fits into the row. */
static void put_ghost(struct strbuf *out, struct editor *ed, struct place p, int width)
{
    struct str ghost = strbuf_view(&ed->ghost);
    size_t n = 0;
    while (n < ghost.n && ghost.p[n] != '\n') {
        uint32_t c;
        size_t len = (size_t)utf8_next(ghost.p + n, ghost.n - n, &c);
        if (p.col + cells(c, p.col) >= width - 1) break;
        p.col += cells(c, p.col);
        n += len;
    }
    if (ghost.n)
        strbuf_printf(out, "\033[90m%.*s%s\033[0m", (int)n, ghost.p, n < ghost.n ? "…" : "");
}

void editor_paint(struct editor *ed)
{
    if (!ed->opts.color) return;
    const LineInfoW *li = el_wline(ed->el);
    struct strbuf text = {0}, before = {0}, out = {0};
    int width = terminal_columns(), first = ed->prompt_cells;
    editor_utf8(&text, li->buffer, li->lastchar);
    editor_utf8(&before, li->buffer, li->cursor);
    suggest_update(ed, strbuf_view(&text), li->cursor == li->lastchar);
    struct place cursor = place_of(strbuf_view(&text), before.n, first, width), p = {0, first};
    strbuf_addz(&out, "\033[?25l");
    if (cursor.row) strbuf_printf(&out, "\033[%dA", cursor.row);
    strbuf_printf(&out, "\r\033[%dC", first);
    put_tokens(&out, &p, strbuf_view(&text), width);
    strbuf_addz(&out, "\033[J"); /* what was suggested before */
    put_ghost(&out, ed, p, width);
    if (p.row > cursor.row) strbuf_printf(&out, "\033[%dA", p.row - cursor.row);
    strbuf_addc(&out, '\r');
    if (cursor.col) strbuf_printf(&out, "\033[%dC", cursor.col);
    strbuf_addz(&out, "\033[?25h");
    fflush(stdout);
    ssize_t n = write(STDOUT_FILENO, out.p, out.n);
    (void)n;
    strbuf_release(&text);
    strbuf_release(&before);
    strbuf_release(&out);
}
