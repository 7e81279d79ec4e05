/* history.c: entries of several lines, kept in the file of kernel/session/past.c. */
#include "kernel/repl/editor_int.h"

#include "kernel/session/past.h"
#include "runtime/io/io.h"

#include <wchar.h>

static void enter(struct editor *ed, const char *text, size_t n)
{
    HistEventW ev;
    wchar_t *w = editor_wide(text, n);
    history_w(ed->history, &ev, H_ENTER, w);
    mem_free(w);
}

void history_load(struct editor *ed)
{
    HistEventW ev;
    ed->history = history_winit();
    history_w(ed->history, &ev, H_SETSIZE, PAST_MAX);
    history_w(ed->history, &ev, H_SETUNIQUE, 1);
    struct past past = {0};
    if (ed->opts.history_path) past_read(ed->opts.history_path, &past);
    for (int i = 0; i < past.n; i++)
        enter(ed, past.entries[i], strlen(past.entries[i]));
    past_free(&past);
}

void editor_remember(struct editor *ed, const char *text)
{
    if (!*text || *text == ' ' || !ed->history) return;
    enter(ed, text, strlen(text));
    if (ed->opts.history_path && !io_has_password(text)) past_append(ed->opts.history_path, text);
}

/* ---- Up and Down: within the lines of the buffer first, then through history ---- */
const wchar_t *line_start(const LineInfoW *li, const wchar_t *at)
{
    while (at > li->buffer && at[-1] != L'\n')
        at--;
    return at;
}

const wchar_t *line_end(const LineInfoW *li, const wchar_t *at)
{
    while (at < li->lastchar && *at != L'\n')
        at++;
    return at;
}

/* Moves the cursor one line up or down inside the buffer; false at its edge. */
static bool move_line(EditLine *el, int dir)
{
    const LineInfoW *li = el_wline(el);
    const wchar_t *start = line_start(li, li->cursor), *target;
    ptrdiff_t col = li->cursor - start;
    if (dir < 0) {
        if (start == li->buffer) return false;
        target = line_start(li, start - 1);
    } else {
        const wchar_t *end = line_end(li, li->cursor);
        if (end == li->lastchar) return false;
        target = end + 1;
    }
    ptrdiff_t len = line_end(li, target) - target;
    el_cursor(el, (int)(target + (col < len ? col : len) - li->cursor));
    return true;
}

static void set_buffer(EditLine *el, const wchar_t *text)
{
    const LineInfoW *li = el_wline(el);
    el_cursor(el, (int)(li->lastchar - li->cursor));
    li = el_wline(el);
    el_wdeletestr(el, (int)(li->lastchar - li->buffer));
    el_winsertstr(el, text);
}

const wchar_t *history_entry(struct editor *ed, int at)
{
    HistEventW ev;
    if (history_w(ed->history, &ev, H_FIRST) < 0) return NULL;
    for (int i = 0; i < at; i++)
        if (history_w(ed->history, &ev, H_NEXT) < 0) return NULL;
    return ev.str;
}

static unsigned char go(struct editor *ed, int to)
{
    if (to < -1) return CC_ERROR;
    if (to == -1) {
        wchar_t *w = editor_wide(ed->draft.p ? ed->draft.p : "", ed->draft.n);
        set_buffer(ed->el, w);
        mem_free(w);
    } else {
        const wchar_t *text = history_entry(ed, to);
        if (!text) return CC_ERROR;
        if (ed->history_at == -1) {
            const LineInfoW *li = el_wline(ed->el);
            strbuf_clear(&ed->draft);
            editor_utf8(&ed->draft, li->buffer, li->lastchar);
        }
        set_buffer(ed->el, text);
    }
    ed->history_at = to;
    return CC_REFRESH;
}

unsigned char history_up(EditLine *el, int key)
{
    (void)key;
    struct editor *ed = editor_of(el);
    return move_line(el, -1) ? CC_CURSOR : go(ed, ed->history_at + 1);
}

unsigned char history_down(EditLine *el, int key)
{
    (void)key;
    struct editor *ed = editor_of(el);
    return move_line(el, 1) ? CC_CURSOR : go(ed, ed->history_at - 1);
}

void editor_last(struct editor *ed, struct strbuf *out)
{
    const wchar_t *text = NULL;
    for (int i = 0; ed->history && (text = history_entry(ed, i)) && *text == L'.'; i++)
        ;
    if (text) editor_utf8(out, text, text + wcslen(text));
}

void editor_print_history(struct editor *ed, FILE *f, int n)
{
    HistEventW ev;
    int have = ed->history && history_w(ed->history, &ev, H_GETSIZE) == 0 ? ev.num : 0;
    if (n > have) n = have;
    if (n <= 0 || history_w(ed->history, &ev, H_FIRST) < 0) return;
    for (int i = 1; i < n; i++)
        (void)history_w(ed->history, &ev, H_NEXT);
    for (int i = 0; i < n; i++) {
        struct strbuf b = {0};
        editor_utf8(&b, ev.str, ev.str + wcslen(ev.str));
        fprintf(f, "%s\n", b.p ? b.p : "");
        strbuf_release(&b);
        (void)history_w(ed->history, &ev, H_PREV);
    }
}
