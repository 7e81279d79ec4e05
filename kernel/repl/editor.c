/* editor.c: libedit made to edit statements of several lines; plain lines where there is no
 * terminal. Facts found by trying: Enter arrives as ^J or ^M (both bound); returning CC_NEWLINE
 * leaves the cursor on the line, so Enter pushes a private key bound to ed-newline; bracketed paste
 * is switched on only while reading. */
#include "kernel/repl/editor_int.h"

#include "runtime/base/utf8.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>
#include <wchar.h>

#define KEY_RUN L"\036" /* private: bound to ed-newline */

static volatile sig_atomic_t got_int, got_winch, got_stop, is_reading;

void editor_on_signal(int sig)
{
    if (sig == SIGINT) got_int = 1;
    if (sig == SIGWINCH) got_winch = 1;
    if (sig != SIGTSTP) return;
    got_stop = 1; /* at the prompt the terminal is put back first (suspend) */
    if (!is_reading) kill(getpid(), SIGSTOP);
}

const char *editor_prompt(void)
{
    const char *own = getenv("MLNB_PROMPT");
    return own && *own ? own : "mlnb> ";
}

void editor_utf8(struct strbuf *out, const wchar_t *from, const wchar_t *to)
{
    char u[4];
    for (; from < to; from++)
        strbuf_add(out, u, (size_t)utf8_put((uint32_t)*from, u));
}

wchar_t *editor_wide(const char *p, size_t n)
{
    wchar_t *w = mem_alloc(sizeof *w * (n + 1));
    size_t k = 0;
    uint32_t c;
    for (size_t i = 0; i < n;) {
        i += (size_t)utf8_next(p + i, n - i, &c);
        w[k++] = (wchar_t)c;
    }
    w[k] = 0;
    return w;
}

struct editor *editor_of(EditLine *el)
{
    void *p = NULL;
    el_wget(el, EL_CLIENTDATA, &p);
    return p;
}

static void paste_mode(bool on)
{
    ssize_t n = write(STDOUT_FILENO, on ? "\033[?2004h" : "\033[?2004l", 8);
    (void)n;
}

/* Ctrl-Z while a statement is written: the terminal is as the shell wants it while we stand, and
 * the statement is there again after `fg`. */
static void suspend(EditLine *el)
{
    got_stop = 0;
    editor_leave(editor_of(el));
    paste_mode(false);
    el_set(el, EL_PREP_TERM, 0);
    printf("\n");
    fflush(stdout);
    kill(getpid(), SIGSTOP);
    el_set(el, EL_PREP_TERM, 1);
    paste_mode(true);
    el_resize(el);
    el_wset(el, EL_REFRESH);
}

/* What signals asked for while a key was awaited. */
static void after_signal(struct editor *ed)
{
    if (got_stop) {
        suspend(ed->el);
        fflush(stdout);
        editor_paint(ed);
    }
    if (got_winch) {
        got_winch = 0;
        editor_unpaint(ed);
        el_resize(ed->el);
        fflush(stdout);
        editor_paint(ed);
    }
}

void editor_typed(struct editor *ed, struct str keys)
{
    strbuf_adds(&ed->typed, keys);
}

static ssize_t read_byte(struct editor *ed, char *b)
{
    if (ed->n_typed == ed->typed.n) return read(STDIN_FILENO, b, 1);
    *b = ed->typed.p[ed->n_typed++];
    if (ed->n_typed < ed->typed.n) return 1;
    strbuf_clear(&ed->typed);
    ed->n_typed = 0;
    return 1;
}

/* Runs after each refresh: the place to paint. -1 ends el_wgets (Ctrl-C, end of input). */
static int read_char(EditLine *el, wchar_t *out)
{
    struct editor *ed = editor_of(el);
    char b[4];
    size_t n = 0;
    fflush(stdout);
    editor_paint(ed);
    for (;;) {
        ssize_t got = read_byte(ed, b + n);
        after_signal(ed);
        if (got < 0 && errno == EINTR && !got_int) continue;
        if (got <= 0) return got_int ? -1 : (int)got;
        n++;
        unsigned char first = (unsigned char)b[0];
        size_t need = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
        if (n < need) continue;
        uint32_t c;
        utf8_next(b, n, &c);
        *out = (wchar_t)c;
        if (c != '\t') ed->tab_again = false;
        editor_unpaint(ed);
        return 1;
    }
}

static unsigned char on_enter(EditLine *el, int key)
{
    (void)key;
    const LineInfoW *li = el_wline(el);
    struct strbuf text = {0};
    int indent = 0;
    editor_utf8(&text, li->buffer, li->lastchar);
    enum complete_status st = lang_is_complete(text.p ? text.p : "", text.n, &indent);
    strbuf_release(&text);
    if (st != LANG_INCOMPLETE) {
        el_cursor(el, (int)(li->lastchar - li->cursor));
        el_wpush(el, KEY_RUN);
        return CC_REFRESH;
    }
    wchar_t pad[64] = L"\n";
    int n = indent < 60 ? indent : 60;
    for (int i = 0; i < n; i++)
        pad[1 + i] = L' ';
    pad[1 + n] = 0;
    el_winsertstr(el, pad);
    return CC_REFRESH;
}

static unsigned char on_newline(EditLine *el, int key)
{
    (void)key;
    el_winsertstr(el, L"\n");
    return CC_REFRESH;
}

static bool starts_with(const wchar_t *p, const wchar_t *end, const wchar_t *prefix, size_t n)
{
    return (size_t)(end - p) >= n && wmemcmp(p, prefix, n) == 0;
}

/* Behind a prompt of ours that a pasted line begins with. */
static wchar_t *behind_prompt(wchar_t *p, const wchar_t *end)
{
    wchar_t *q = p;
    if (starts_with(p, end, L"mlnb> ", 6)) return p + 6;
    while (q < end && *q == L' ')
        q++;
    return starts_with(q, end, L"...> ", 5) ? q + 5 : p;
}

/* Pasted prompts are taken out, so that a session can be pasted back. */
static void insert_pasted(EditLine *el, wchar_t *p, wchar_t *end)
{
    wchar_t *out = p, *at = p;
    bool line_start = true;
    while (at < end) {
        if (line_start) at = behind_prompt(at, end);
        if (at == end) break;
        line_start = *at == L'\n';
        *out++ = *at++;
    }
    *out = 0;
    el_winsertstr(el, p);
}

/* ESC[200~ was read: everything up to ESC[201~ goes in at once; tabs do not complete, Enter does
 * not run. */
static unsigned char on_paste(EditLine *el, int key)
{
    (void)key;
    static const wchar_t finish[] = L"\033[201~";
    size_t n = 0, cap = 4096;
    wchar_t *buf = mem_alloc(sizeof *buf * cap), c;
    while (n < ((size_t)1 << 20) && el_wgetc(el, &c) == 1) {
        if (n + 2 >= cap) buf = mem_realloc(buf, sizeof *buf * (cap *= 2));
        buf[n++] = c == L'\r' ? L'\n' : c;
        if (n >= 6 && wmemcmp(buf + n - 6, finish, 6) == 0) {
            n -= 6;
            break;
        }
    }
    while (n && buf[n - 1] == L'\n')
        n--;
    insert_pasted(el, buf, buf + n);
    mem_free(buf);
    return CC_REFRESH;
}

static wchar_t *prompt_text(EditLine *el)
{
    return editor_of(el)->prompt;
}

/* libedit wants what takes no room between two \1, and a sign behind it that does. */
static void make_prompt(struct editor *ed)
{
    struct strbuf b = {0};
    const char *text = editor_prompt();
    size_t n = strlen(text), word = n;
    while (word > 1 && text[word - 1] == ' ')
        word--;
    if (ed->opts.color)
        strbuf_printf(&b, "\1\033[1;34m\1%.*s\1\033[0m\1%s", (int)word, text,
                      word < n ? text + word : " ");
    else
        strbuf_addz(&b, text);
    ed->prompt = editor_wide(b.p, b.n);
    ed->prompt_cells = (int)utf8_width(text, n) + (ed->opts.color && word == n);
    strbuf_release(&b);
}

static void bind_keys(EditLine *el)
{
    static const wchar_t *const keys[][2] = {
        {L"^J", L"mlnb-enter"},
        {L"^M", L"mlnb-enter"},
        {L"\\e\\r", L"mlnb-newline"},
        {L"\\e\\n", L"mlnb-newline"},
        {L"^I", L"mlnb-complete"},
        {L"\\e[200~", L"mlnb-paste"},
        {L"\\e[A", L"mlnb-up"},
        {L"\\e[B", L"mlnb-down"},
        {L"\\eOA", L"mlnb-up"},
        {L"\\eOB", L"mlnb-down"},
        {L"^P", L"mlnb-up"},
        {L"^N", L"mlnb-down"},
        {L"^R", L"em-inc-search-prev"},
        {L"\\e[3~", L"ed-delete-next-char"},
        {L"\\e[H", L"mlnb-home"},
        {L"\\eOH", L"mlnb-home"},
        {L"\\e[1~", L"mlnb-home"},
        {L"^A", L"mlnb-home"},
        {L"\\e[F", L"mlnb-end"},
        {L"\\eOF", L"mlnb-end"},
        {L"\\e[4~", L"mlnb-end"},
        {L"^E", L"mlnb-end"},
        {L"\\e[C", L"mlnb-right"},
        {L"\\eOC", L"mlnb-right"},
        {L"^F", L"mlnb-right"},
        {L"\\e[1;5C", L"mlnb-word"},
        {L"\\ef", L"mlnb-word"},
        {L"\\e[1;5D", L"ed-prev-word"},
        {L"\\ep", L"ed-search-prev-history"},
        {L"\\en", L"ed-search-next-history"},
        {L"^_", L"vi-undo"},
        {L"^^", L"ed-newline"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        el_wset(el, EL_BIND, keys[i][0], keys[i][1], NULL);
}

static void add_keys(EditLine *el)
{
    static const struct {
        const wchar_t *name, *doc;
        unsigned char (*run)(EditLine *el, int key);
    } own[] = {
        {L"mlnb-enter", L"run, or a new line while something is open", on_enter},
        {L"mlnb-newline", L"a new line", on_newline},
        {L"mlnb-complete", L"complete", editor_complete},
        {L"mlnb-paste", L"pasted text", on_paste},
        {L"mlnb-up", L"line up or earlier entry", history_up},
        {L"mlnb-down", L"line down or later entry", history_down},
        {L"mlnb-right", L"right, or what is suggested", suggest_right},
        {L"mlnb-word", L"word right, or a word of what is suggested", suggest_word},
        {L"mlnb-end", L"end of line, or what is suggested", suggest_end},
        {L"mlnb-home", L"start of line", line_home},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        el_wset(el, EL_ADDFN, own[i].name, own[i].doc, own[i].run);
}

static void open_terminal(struct editor *ed)
{
    setlocale(LC_CTYPE, "");
    if (MB_CUR_MAX == 1) setlocale(LC_CTYPE, "C.UTF-8");
    EditLine *el = ed->el = el_init("mlnb", stdin, stdout, stderr);
    if (!el) {
        ed->opts.plain = true;
        return;
    }
    el_wset(el, EL_CLIENTDATA, ed);
    el_wset(el, EL_EDITOR, L"emacs");
    make_prompt(ed);
    el_wset(el, EL_PROMPT_ESC, prompt_text, L'\1');
    el_wset(el, EL_SIGNAL, 0);
    el_wset(el, EL_HIST, history_w, ed->history);
    add_keys(el);
    bind_keys(el);
    el_wset(el, EL_GETCFN, read_char);
}

struct editor *editor_new(const struct editor_opts *opts)
{
    struct editor *ed = mem_zero(sizeof *ed);
    ed->opts = *opts;
    ed->history_at = -1;
    if (ed->opts.plain) return ed;
    history_load(ed);
    open_terminal(ed);
    return ed;
}

void editor_free(struct editor *ed)
{
    if (ed->el) el_end(ed->el);
    if (ed->history) history_wend(ed->history);
    strbuf_release(&ed->draft);
    strbuf_release(&ed->typed);
    strbuf_release(&ed->ghost);
    mem_free(ed->prompt);
    mem_free(ed);
}

static enum editor_result read_terminal(struct editor *ed, struct strbuf *out)
{
    int n = 0;
    got_int = got_stop = 0;
    ed->history_at = -1;
    fflush(stdout);
    paste_mode(true); /* only while a line is edited */
    is_reading = 1;
    const wchar_t *line = el_wgets(ed->el, &n);
    is_reading = 0;
    paste_mode(false);
    if (got_int) {
        got_int = 0;
        editor_leave(ed);
        printf("%s^C\n", ed->ghost.n ? "\033[J" : ""); /* what was suggested goes */
        el_reset(ed->el);
        return EDITOR_INTERRUPTED;
    }
    if (!line || n <= 0) {
        printf("\n");
        return EDITOR_END;
    }
    fflush(stdout);
    editor_utf8(out, line, line + n);
    while (out->n && out->p[out->n - 1] == '\n')
        out->p[--out->n] = 0;
    editor_paint_whole(ed, strbuf_view(out));
    return EDITOR_TEXT;
}

static enum editor_result read_plain(struct strbuf *out)
{
    char *line = NULL;
    size_t cap = 0;
    int indent;
    enum editor_result res = EDITOR_END;
    ssize_t n;
    while ((n = getline(&line, &cap, stdin)) >= 0) {
        if (out->n) strbuf_addc(out, '\n');
        if (n && line[n - 1] == '\n') n--;
        strbuf_add(out, line, (size_t)n);
        res = EDITOR_TEXT;
        if (lang_is_complete(out->p, out->n, &indent) != LANG_INCOMPLETE) break;
    }
    free(line);
    return res;
}

enum editor_result editor_read(struct editor *ed, struct strbuf *out)
{
    strbuf_clear(out);
    return ed->opts.plain ? read_plain(out) : read_terminal(ed, out);
}
