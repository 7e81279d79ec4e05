/* paint.c: libedit has no colours and no prompt for further lines. Its character hook runs after
 * each refresh, so there we write the same glyphs once more, coloured and moved to the right of
 * that prompt: one write, hidden cursor, no flicker. While a key is awaited the cursor stands where
 * the reader sees the text; before libedit goes on it is put where libedit believes it to be. */
#include "kernel/repl/editor_int.h"

#include "kernel/session/terminal.h"
#include "runtime/base/utf8.h"

#include <unistd.h>
#include <wchar.h>

struct sheet { /* where the next character goes */
    struct strbuf *out;
    struct editor *ed;
    struct place p;
    int width, indent; /* cells of the window, cells before a further line */
};

/* Cells that libedit draws for a character at a column: a tab goes to the next eighth one, other
 * control characters stand as ^X. */
static int cells(uint32_t c, int col)
{
    if (c == '\t') return 8 - col % 8;
    return c < 32 || c == 127 ? 2 : utf8_width_of(c);
}

static void advance(struct place *p, uint32_t c, int indent, int width)
{
    if (c == '\n') {
        p->row++;
        p->col = indent;
        return;
    }
    int w = cells(c, p->col - indent);
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

/* "...> " under the prompt, as much of it as there is room. */
static void put_more_prompt(struct sheet *s)
{
    static const char text[] = "...> ";
    int room = s->indent, n = room < 5 ? room : 5;
    strbuf_printf(s->out, "\033[K\r\n%*s%s%s%s", room - n, "", s->ed->opts.color ? "\033[90m" : "",
                  text + 5 - n, s->ed->opts.color ? "\033[0m" : "");
}

static void put_char(struct sheet *s, uint32_t c)
{
    char u[4];
    if (c == '\n')
        put_more_prompt(s);
    else if (c == '\t')
        strbuf_printf(s->out, "%*s", cells(c, s->p.col - s->indent), "");
    else if (c < 32 || c == 127)
        strbuf_printf(s->out, "^%c", c == 127 ? '?' : (int)(c + 64));
    else
        strbuf_add(s->out, u, (size_t)utf8_put(c, u));
}

static void put_range(struct sheet *s, struct str text, size_t from, size_t to)
{
    while (from < to) {
        uint32_t c;
        from += (size_t)utf8_next(text.p + from, text.n - from, &c);
        int row = s->p.row;
        bool wraps = c != '\n' && s->p.col + cells(c, s->p.col - s->indent) > s->width;
        if (wraps) strbuf_addz(s->out, "\r\n");
        put_char(s, c);
        advance(&s->p, c, s->indent, s->width);
        if (c != '\n' && s->p.row > row + wraps) strbuf_addz(s->out, "\r\n");
    }
}

static void put_tokens(struct sheet *s, struct str text)
{
    struct arena *a = arena_new();
    int n;
    struct token *t = lex_all(a, text.p, text.n, &n);
    size_t at = 0;
    for (int i = 0; i < n && t[i].kind != TOK_END; i++) {
        const char *color = is_verb(t, i, text.p) ? "\033[1;34m" : color_of(&t[i], text.p, text.n);
        if (!s->ed->opts.color) color = "";
        put_range(s, text, at, t[i].from);
        strbuf_addz(s->out, color);
        put_range(s, text, t[i].from, t[i].to);
        if (*color) strbuf_addz(s->out, "\033[0m");
        at = t[i].to;
    }
    put_range(s, text, at, text.n);
    arena_free(a);
}

static struct place place_of(struct str text, size_t end, int first, int indent, int width)
{
    struct place p = {0, first};
    uint32_t c;
    for (size_t i = 0; i < end; advance(&p, c, indent, width))
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

/* Moves the cursor from one place to another. */
static void move(struct strbuf *out, struct place from, struct place to)
{
    if (to.row < from.row) strbuf_printf(out, "\033[%dA", from.row - to.row);
    if (to.row > from.row) strbuf_printf(out, "\033[%dB", to.row - from.row);
    strbuf_addc(out, '\r');
    if (to.col) strbuf_printf(out, "\033[%dC", to.col);
}

static void put_out(struct strbuf *out)
{
    fflush(stdout);
    ssize_t n = write(STDOUT_FILENO, out->p, out->n);
    (void)n;
    strbuf_release(out);
}

void editor_paint(struct editor *ed)
{
    const LineInfoW *li = el_wline(ed->el);
    struct strbuf text = {0}, before = {0}, out = {0};
    int width = terminal_columns(), first = ed->prompt_cells;
    editor_utf8(&text, li->buffer, li->lastchar);
    editor_utf8(&before, li->buffer, li->cursor);
    struct str all = strbuf_view(&text);
    if (ed->opts.color) suggest_update(ed, all, li->cursor == li->lastchar);
    struct sheet s = {.out = &out, .ed = ed, .p = {0, first}, .width = width, .indent = first};
    ed->lib = place_of(all, before.n, first, 0, width);
    ed->cursor = place_of(all, before.n, first, first, width);
    strbuf_addz(&out, "\033[?25l");
    move(&out, ed->lib, s.p);
    put_tokens(&s, all);
    ed->end = s.p;
    strbuf_addz(&out, "\033[J"); /* what was suggested before */
    put_ghost(&out, ed, s.p, width);
    move(&out, s.p, ed->cursor); /* the ghost stays in its row; its columns do not matter */
    strbuf_addz(&out, "\033[?25h");
    put_out(&out);
    strbuf_release(&text);
    strbuf_release(&before);
}

void editor_paint_whole(struct editor *ed, struct str text)
{
    struct strbuf out = {0};
    int width = terminal_columns(), first = ed->prompt_cells;
    struct sheet s = {.out = &out, .ed = ed, .p = {0, first}, .width = width, .indent = first};
    struct place now = {place_of(text, text.n, first, 0, width).row + 1, 0};
    move(&out, now, s.p);
    put_tokens(&s, text);
    strbuf_addz(&out, "\033[J\r\n");
    put_out(&out);
}

static void go_to(struct editor *ed, struct place to)
{
    struct strbuf out = {0};
    if (to.row == ed->cursor.row && to.col == ed->cursor.col) return;
    move(&out, ed->cursor, to);
    ed->cursor = to;
    put_out(&out);
}

void editor_unpaint(struct editor *ed)
{
    go_to(ed, ed->lib);
}

void editor_leave(struct editor *ed)
{
    go_to(ed, ed->end);
}
