/* suggest.c: what was written before, offered in grey; and keys that know the lines of the buffer.
 */
#include "kernel/repl/editor_int.h"

#include "runtime/base/utf8.h"

#include <wchar.h>
#include <wctype.h>

void suggest_update(struct editor *ed, struct str text, bool at_end)
{
    strbuf_clear(&ed->ghost);
    if (!at_end || text.n == 0 || !ed->history || ed->history_at >= 0) return;
    wchar_t *typed = editor_wide(text.p, text.n);
    size_t n = wcslen(typed);
    const wchar_t *entry;
    for (int i = 0; (entry = history_entry(ed, i)); i++)
        if (wcsncmp(entry, typed, n) == 0 && entry[n]) break;
    if (entry) editor_utf8(&ed->ghost, entry + n, entry + wcslen(entry));
    mem_free(typed);
}

/* Inserts the first n bytes of the suggestion. */
static unsigned char take(struct editor *ed, size_t n)
{
    wchar_t *w = editor_wide(ed->ghost.p, n);
    el_winsertstr(ed->el, w);
    mem_free(w);
    return CC_REFRESH;
}

unsigned char suggest_right(EditLine *el, int key)
{
    (void)key;
    struct editor *ed = editor_of(el);
    const LineInfoW *li = el_wline(el);
    if (li->cursor == li->lastchar) return ed->ghost.n ? take(ed, ed->ghost.n) : CC_ERROR;
    el_cursor(el, 1);
    return CC_CURSOR;
}

static bool is_word(uint32_t c)
{
    return iswalnum((wint_t)c) || c == '_';
}

unsigned char suggest_word(EditLine *el, int key)
{
    (void)key;
    struct editor *ed = editor_of(el);
    const LineInfoW *li = el_wline(el);
    const wchar_t *at = li->cursor;
    if (at == li->lastchar) {
        size_t n = 0;
        bool seen = false;
        while (n < ed->ghost.n) { /* blanks and signs, then a word */
            uint32_t c;
            size_t len = (size_t)utf8_next(ed->ghost.p + n, ed->ghost.n - n, &c);
            if (seen && !is_word(c)) break;
            seen = seen || is_word(c);
            n += len;
        }
        return n ? take(ed, n) : CC_ERROR;
    }
    while (at < li->lastchar && !is_word((uint32_t)*at))
        at++;
    while (at < li->lastchar && is_word((uint32_t)*at))
        at++;
    el_cursor(el, (int)(at - li->cursor));
    return CC_CURSOR;
}

unsigned char suggest_end(EditLine *el, int key)
{
    (void)key;
    struct editor *ed = editor_of(el);
    const LineInfoW *li = el_wline(el);
    if (li->cursor == li->lastchar && ed->ghost.n) return take(ed, ed->ghost.n);
    el_cursor(el, (int)(line_end(li, li->cursor) - li->cursor));
    return CC_CURSOR;
}

unsigned char line_home(EditLine *el, int key)
{
    (void)key;
    const LineInfoW *li = el_wline(el);
    el_cursor(el, (int)(line_start(li, li->cursor) - li->cursor));
    return CC_CURSOR;
}
