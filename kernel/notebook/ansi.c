/* ansi.c: text with terminal colours (ECMA-48 SGR sequences), as tracebacks of kernels hold, to
 * HTML or plain text. Other control sequences are dropped. */
#include "kernel/notebook/notebook_int.h"

/* The sequence at s[at] (an ESC): its end; parameters and final byte when it is a CSI. */
static size_t sequence(struct str s, size_t at, struct str *params, char *final)
{
    *final = '\0';
    *params = STR("");
    size_t end = at + 1;
    if (end >= s.n || s.p[end] != '[') return end < s.n ? end + 1 : end;
    size_t from = ++end;
    while (end < s.n && (unsigned char)s.p[end] >= 0x20 && (unsigned char)s.p[end] < 0x40)
        end++;
    *params = (struct str){s.p + from, end - from};
    if (end < s.n) *final = s.p[end++];
    return end;
}

struct style {
    bool is_bold, is_dim, is_italic, is_underlined;
    int color; /* 0..15, -1 = none */
};

static void apply(struct style *st, int code)
{
    if (code == 0)
        *st = (struct style){.color = -1};
    else if (code == 1)
        st->is_bold = true;
    else if (code == 2)
        st->is_dim = true;
    else if (code == 3)
        st->is_italic = true;
    else if (code == 4)
        st->is_underlined = true;
    else if (code == 22)
        st->is_bold = st->is_dim = false;
    else if (code == 23)
        st->is_italic = false;
    else if (code == 24)
        st->is_underlined = false;
    else if (code >= 30 && code <= 37)
        st->color = code - 30;
    else if (code == 39)
        st->color = -1;
    else if (code >= 90 && code <= 97)
        st->color = code - 82;
}

static void apply_all(struct style *st, struct str params)
{
    int code = 0;
    for (size_t i = 0; i <= params.n; i++) {
        char c = i < params.n ? params.p[i] : ';';
        if (c >= '0' && c <= '9' && code < 1000) {
            code = code * 10 + (c - '0');
            continue;
        }
        if (c != ';') return;
        if (code == 38 || code == 48) return; /* 256 colours: left out */
        apply(st, code);
        code = 0;
    }
}

static bool is_plain(const struct style *st)
{
    return !st->is_bold && !st->is_dim && !st->is_italic && !st->is_underlined && st->color < 0;
}

static void open_span(struct strbuf *out, const struct style *st)
{
    strbuf_addz(out, "<span class=\"ansi");
    if (st->is_bold) strbuf_addz(out, " a-b");
    if (st->is_dim) strbuf_addz(out, " a-d");
    if (st->is_italic) strbuf_addz(out, " a-i");
    if (st->is_underlined) strbuf_addz(out, " a-u");
    if (st->color >= 0) strbuf_printf(out, " a-%d", st->color % 8);
    strbuf_addz(out, "\">");
}

void ansi_html(struct strbuf *out, struct str text)
{
    struct style st = {.color = -1};
    for (size_t at = 0; at < text.n;) {
        const char *esc = memchr(text.p + at, '\x1b', text.n - at);
        size_t end = esc ? (size_t)(esc - text.p) : text.n;
        if (end > at) {
            if (!is_plain(&st)) open_span(out, &st);
            strbuf_add_html(out, (struct str){text.p + at, end - at});
            if (!is_plain(&st)) strbuf_addz(out, "</span>");
        }
        at = end;
        if (!esc) break;
        struct str params;
        char final;
        at = sequence(text, at, &params, &final);
        if (final == 'm') apply_all(&st, params);
    }
}

void ansi_strip(struct strbuf *out, struct str text)
{
    for (size_t at = 0; at < text.n;) {
        struct str params;
        char final;
        if (text.p[at] == '\x1b')
            at = sequence(text, at, &params, &final);
        else
            strbuf_addc(out, text.p[at++]);
    }
}
