/* complete.c: Tab inserts what all candidates share; a second Tab lists them in columns with their
 * kinds. */
#include "kernel/repl/editor_int.h"

#include "kernel/session/terminal.h"
#include "runtime/base/utf8.h"

static size_t common_prefix(const struct completions *c)
{
    size_t n = c->items[0].text.n;
    for (int i = 1; i < c->n; i++) {
        size_t k = 0;
        while (k < n && k < c->items[i].text.n && c->items[i].text.p[k] == c->items[0].text.p[k])
            k++;
        n = k;
    }
    while (n > 0 && n < c->items[0].text.n && ((unsigned char)c->items[0].text.p[n] & 0xC0) == 0x80)
        n--;
    return n;
}

static void replace(struct editor *ed, size_t n_typed_points, struct str with)
{
    wchar_t *w = editor_wide(with.p, with.n);
    el_wdeletestr(ed->el, (int)n_typed_points);
    el_winsertstr(ed->el, w);
    mem_free(w);
}

#define LIST_MAX 60
/* What stands beside a candidate: the type of a column, else what it is. */
static struct str beside(const struct completion *c)
{
    return strcmp(c->type, "column") == 0 && c->detail.n ? c->detail : str_of(c->type);
}

static void list(const struct completions *c)
{
    int width = terminal_columns(), widest = 0;
    int n = c->n < LIST_MAX ? c->n : LIST_MAX;
    for (int i = 0; i < n; i++) {
        int w = (int)utf8_width(c->items[i].text.p, c->items[i].text.n) +
                (int)beside(&c->items[i]).n + 4;
        if (w > widest) widest = w;
    }
    int per_row = width / (widest ? widest : 1);
    if (per_row < 1) per_row = 1;
    printf("\n");
    for (int i = 0; i < n; i++) {
        const struct completion *it = &c->items[i];
        int w = (int)utf8_width(it->text.p, it->text.n) + (int)beside(it).n + 1;
        printf("%.*s \033[2m%.*s\033[0m", STR_FMT(it->text), STR_FMT(beside(it)));
        if ((i + 1) % per_row == 0 || i == n - 1)
            printf("\n");
        else
            printf("%*s", widest - w, "");
    }
    if (c->n > n) printf("(+%d more)\n", c->n - n);
    fflush(stdout);
}

unsigned char editor_complete(EditLine *el, int key)
{
    (void)key;
    struct editor *ed = editor_of(el);
    const LineInfoW *li = el_wline(el);
    struct strbuf text = {0}, before = {0};
    editor_utf8(&text, li->buffer, li->lastchar);
    editor_utf8(&before, li->buffer, li->cursor);
    struct arena *a = arena_new();
    struct completions c = {0};
    struct lang_snapshot *snap = session_snapshot(ed->opts.session);
    lang_complete(snap, a, text.p ? text.p : "", text.n, before.n, &c);
    unsigned char res = CC_REFRESH_BEEP;
    if (c.n > 0 && c.from <= before.n) {
        struct str typed = {before.p ? before.p + c.from : "", before.n - c.from};
        struct str common = {c.items[0].text.p, common_prefix(&c)};
        bool grows = common.n > typed.n || (c.n == 1 && !str_eq(common, typed));
        res = CC_REFRESH;
        if (grows) {
            replace(ed, (size_t)utf8_length(typed.p, typed.n), common);
        } else if (c.n > 1 && ed->tab_again) {
            list(&c);
            res = CC_REDISPLAY;
        }
        ed->tab_again = true;
    }
    lang_snapshot_unref(snap);
    arena_free(a);
    strbuf_release(&text);
    strbuf_release(&before);
    return res;
}
