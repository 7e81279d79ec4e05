/* markdown_inline.c: marks inside a paragraph: emphasis, code, links, pictures, breaks. Work is
 * linear: a search that found no end is not made again in the same text. */
#include "kernel/notebook/notebook_int.h"

#define MAX_DEPTH 12   /* marks inside each other */
#define MAX_LINK  4000 /* bytes of a link's text and of its address */

struct inl {
    struct strbuf *out;
    struct str s;
    size_t at;
    int depth;
    uint64_t no_ticks;                      /* bit n: no run of n backticks further on */
    bool no_star[4], no_under[4], no_tilde; /* [length] no closing run further on */
};

static char char_at(const struct inl *x, size_t i)
{
    return i < x->s.n ? x->s.p[i] : '\0';
}
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}
static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80);
}
static bool is_punct(char c)
{
    return c > ' ' && c < 0x7F && !is_alnum(c);
}
static size_t run_length(struct str s, size_t at)
{
    size_t n = 1;
    while (at + n < s.n && s.p[at + n] == s.p[at])
        n++;
    return n;
}
static struct str part(const struct inl *x, size_t from, size_t to)
{
    return (struct str){x->s.p + from, to - from};
}

/* ---- code ---- */

/* The closing run of n backticks from `at` on, or s.n. */
static size_t find_ticks(struct str s, size_t at, size_t n)
{
    while (at < s.n) {
        if (s.p[at] != '`') {
            at++;
            continue;
        }
        size_t run = run_length(s, at);
        if (run == n) return at;
        at += run;
    }
    return s.n;
}

static bool code(struct inl *x)
{
    size_t n = run_length(x->s, x->at);
    bool is_known = n < 64 && (x->no_ticks >> n & 1);
    size_t from = x->at + n, end = is_known ? x->s.n : find_ticks(x->s, from, n);
    if (end == x->s.n) {
        if (n < 64) x->no_ticks |= UINT64_C(1) << n;
        strbuf_add_html(x->out, part(x, x->at, from));
        x->at = from;
        return true;
    }
    x->at = end + n;
    bool is_padded = end - from > 2 && x->s.p[from] == ' ' && x->s.p[end - 1] == ' ';
    if (is_padded) {
        from++;
        end--;
    }
    strbuf_addz(x->out, "<code>");
    strbuf_add_html(x->out, part(x, from, end));
    strbuf_addz(x->out, "</code>");
    return true;
}

/* ---- emphasis ---- */

/* Where a run of `mark` closes one of `want`; s.n when none does. */
static size_t find_close(const struct inl *x, size_t at, char mark, size_t want)
{
    while (at < x->s.n) {
        char c = x->s.p[at];
        if (c == '\\') {
            at += 2;
        } else if (c == '`') {
            size_t n = run_length(x->s, at), end = at + n;
            bool is_known = n < 64 && (x->no_ticks >> n & 1);
            size_t close = is_known ? x->s.n : find_ticks(x->s, end, n);
            at = close < x->s.n ? close + n : end;
        } else if (c != mark) {
            at++;
        } else {
            size_t n = run_length(x->s, at);
            bool can_close = !is_space(x->s.p[at - 1]);
            if (mark == '_' && is_alnum(char_at(x, at + n))) can_close = false;
            if (can_close && n == want) return at;
            if (can_close && n == 3 && want < 3) return at + 3 - want;
            if (can_close && n == 4 && want == 2) return at + 2;
            at += n;
        }
    }
    return x->s.n;
}

static void put_inside(struct inl *x, const char *open, size_t from, size_t to, const char *close)
{
    strbuf_addz(x->out, open);
    markdown_inline(x->out, part(x, from, to), x->depth + 1);
    strbuf_addz(x->out, close);
}

static bool emphasis(struct inl *x)
{
    static const char *const open[] = {"", "<em>", "<strong>", "<em><strong>"};
    static const char *const close[] = {"", "</em>", "</strong>", "</strong></em>"};
    char mark = x->s.p[x->at], before = x->at > 0 ? x->s.p[x->at - 1] : ' ';
    size_t run = run_length(x->s, x->at), n = run > 3 ? 0 : run;
    bool *none = mark == '*' ? x->no_star : x->no_under;
    bool can_open =
        n > 0 && !is_space(char_at(x, x->at + run)) && !(mark == '_' && is_alnum(before));
    size_t end = can_open && !none[n] ? find_close(x, x->at + run, mark, n) : x->s.n;
    if (can_open && end >= x->s.n) none[n] = true;
    if (end >= x->s.n || end == x->at + run) {
        strbuf_add_html(x->out, part(x, x->at, x->at + run));
        x->at += run;
        return true;
    }
    put_inside(x, open[n], x->at + run, end, close[n]);
    x->at = end + n;
    return true;
}

static bool strike(struct inl *x)
{
    size_t run = run_length(x->s, x->at);
    if (run != 2 || x->no_tilde || is_space(char_at(x, x->at + 2))) return false;
    size_t end = find_close(x, x->at + 2, '~', 2);
    x->no_tilde = end >= x->s.n;
    if (x->no_tilde) return false;
    put_inside(x, "<del>", x->at + 2, end, "</del>");
    x->at = end + 2;
    return true;
}

/* ---- links and pictures ---- */

/* http, https, a place in the page or a path; nothing that runs or leaves silently. */
static bool is_safe_address(struct str s, bool is_picture)
{
    if (is_picture && (str_starts(s, STR("data:image/png;base64,")) ||
                       str_starts(s, STR("data:image/jpeg;base64,"))))
        return true;
    if (!is_picture && (str_starts(s, STR("http://")) || str_starts(s, STR("https://"))))
        return true;
    if (str_starts(s, STR("//")) || str_starts(s, STR("\\"))) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '/' || s.p[i] == '?' || s.p[i] == '#') return true;
        if (s.p[i] == ':' || s.p[i] == '\\' || (unsigned char)s.p[i] < 0x20 || s.p[i] == '&')
            return false;
    }
    return true;
}

/* The `]` that belongs to the `[` before `at`. */
static size_t closing_bracket(const struct inl *x, size_t at)
{
    int depth = 1;
    size_t limit = x->s.n - at > MAX_LINK ? at + MAX_LINK : x->s.n;
    for (; at < limit; at++) {
        char c = x->s.p[at];
        if (c == '\\')
            at++;
        else if (c == '[')
            depth++;
        else if (c == ']' && --depth == 0)
            return at;
    }
    return x->s.n;
}

struct target {
    struct str address, title;
    size_t end; /* behind the `)` */
};

static size_t skip_spaces(const struct inl *x, size_t at, size_t limit)
{
    while (at < limit && is_space(x->s.p[at]))
        at++;
    return at;
}

/* The end of an address: a blank or the `)` that closes the link, or the `>` of <address>. */
static size_t address_end(const struct inl *x, size_t at, size_t limit, bool is_angled)
{
    int depth = 0;
    for (; at < limit; at++) {
        char c = x->s.p[at];
        if (is_angled ? c == '>' : is_space(c)) break;
        if (!is_angled && c == '(') depth++;
        if (!is_angled && c == ')' && depth-- == 0) break;
    }
    return at;
}

/* (address "title") at `at`, the byte behind `(`. */
static bool read_target(const struct inl *x, size_t at, struct target *t)
{
    size_t limit = x->s.n - at > MAX_LINK ? at + MAX_LINK : x->s.n;
    *t = (struct target){.title = STR("")};
    at = skip_spaces(x, at, limit);
    bool is_angled = at < limit && x->s.p[at] == '<';
    size_t from = at + is_angled;
    at = address_end(x, from, limit, is_angled);
    t->address = part(x, from, at);
    at = skip_spaces(x, at + is_angled, limit);
    char quote = at < limit ? x->s.p[at] : '\0';
    if (quote == '"' || quote == '\'') {
        from = ++at;
        while (at < limit && x->s.p[at] != quote)
            at++;
        t->title = part(x, from, at);
        at = skip_spaces(x, at + 1, limit);
    }
    t->end = at + 1;
    return at < limit && x->s.p[at] == ')';
}

static void put_title(struct inl *x, struct str title)
{
    if (title.n == 0) return;
    strbuf_addz(x->out, " title=\"");
    strbuf_add_html(x->out, title);
    strbuf_addc(x->out, '"');
}

static bool link(struct inl *x, bool is_picture)
{
    size_t from = x->at + (is_picture ? 2 : 1), end = closing_bracket(x, from);
    struct target t;
    if (end >= x->s.n || char_at(x, end + 1) != '(' || !read_target(x, end + 2, &t)) return false;
    if (is_picture) {
        bool ok = is_safe_address(t.address, true);
        strbuf_addz(x->out, ok ? "<img src=\"" : "<em>");
        if (ok) {
            strbuf_add_html(x->out, t.address);
            strbuf_addz(x->out, "\" alt=\"");
        }
        strbuf_add_html(x->out, part(x, from, end));
        if (ok) strbuf_addc(x->out, '"');
        if (ok) put_title(x, t.title);
        strbuf_addz(x->out, ok ? ">" : "</em>");
    } else if (is_safe_address(t.address, false)) {
        strbuf_addz(x->out, "<a href=\"");
        strbuf_add_html(x->out, t.address);
        strbuf_addc(x->out, '"');
        put_title(x, t.title);
        put_inside(x, ">", from, end, "</a>");
    } else {
        put_inside(x, "", from, end, "");
    }
    x->at = t.end;
    return true;
}

static void put_plain_link(struct inl *x, struct str address)
{
    strbuf_addz(x->out, "<a href=\"");
    strbuf_add_html(x->out, address);
    strbuf_addz(x->out, "\">");
    strbuf_add_html(x->out, address);
    strbuf_addz(x->out, "</a>");
}

static bool is_address_at(const struct inl *x, size_t at)
{
    struct str rest = part(x, at, x->s.n);
    return str_starts(rest, STR("http://")) || str_starts(rest, STR("https://"));
}

/* <https://..>, <br> */
static bool angled(struct inl *x)
{
    struct str rest = part(x, x->at, x->s.n);
    if (str_starts(rest, STR("<br>")) || str_starts(rest, STR("<br/>")) ||
        str_starts(rest, STR("<br />"))) {
        strbuf_addz(x->out, "<br>");
        x->at += (size_t)((const char *)memchr(rest.p, '>', rest.n) - rest.p) + 1;
        return true;
    }
    if (!is_address_at(x, x->at + 1)) return false;
    size_t end = x->at + 1;
    while (end < x->s.n && x->s.p[end] != '>' && !is_space(x->s.p[end]))
        end++;
    if (char_at(x, end) != '>') return false;
    put_plain_link(x, part(x, x->at + 1, end));
    x->at = end + 1;
    return true;
}

/* An address in running text, without the stop behind it. */
static bool bare_address(struct inl *x)
{
    if (x->at > 0 && is_alnum(x->s.p[x->at - 1])) return false;
    if (!is_address_at(x, x->at)) return false;
    size_t end = x->at;
    while (end < x->s.n && !is_space(x->s.p[end]) && !strchr("<>\"`", x->s.p[end]))
        end++;
    while (end > x->at && strchr(".,;:!?)*_'", x->s.p[end - 1]))
        end--;
    put_plain_link(x, part(x, x->at, end));
    x->at = end;
    return true;
}

/* ---- the rest ---- */

/* &amp; and the like stand as they are. */
static bool entity(struct inl *x)
{
    size_t end = x->at + 1, from;
    bool is_number = char_at(x, end) == '#';
    if (is_number) end++;
    from = end;
    while (end < x->s.n && end - from < 32 && is_alnum(x->s.p[end]) && !(x->s.p[end] & 0x80))
        end++;
    if (char_at(x, end) != ';' || end == from) return false;
    strbuf_adds(x->out, part(x, x->at, end + 1));
    x->at = end + 1;
    return true;
}

static bool backslash(struct inl *x)
{
    char next = char_at(x, x->at + 1);
    if (next != '\n' && !is_punct(next)) return false;
    if (next == '\n')
        strbuf_addz(x->out, "<br>\n");
    else
        strbuf_add_html(x->out, part(x, x->at + 1, x->at + 2));
    x->at += 2;
    return true;
}

/* Two blanks before a line end break the line. */
static bool line_end(struct inl *x)
{
    bool is_break = x->at >= 2 && x->s.p[x->at - 1] == ' ' && x->s.p[x->at - 2] == ' ';
    while (x->out->n > 0 && x->out->p[x->out->n - 1] == ' ')
        buf_cut(x->out, x->out->n - 1);
    strbuf_addz(x->out, is_break ? "<br>\n" : "\n");
    x->at++;
    return true;
}

static bool special(struct inl *x)
{
    switch (x->s.p[x->at]) {
    case '\\': return backslash(x);
    case '`': return code(x);
    case '*':
    case '_': return emphasis(x);
    case '~': return strike(x);
    case '!': return char_at(x, x->at + 1) == '[' && link(x, true);
    case '[': return link(x, false);
    case '<': return angled(x);
    case 'h': return bare_address(x);
    case '&': return entity(x);
    case '\n': return line_end(x);
    default: return false;
    }
}

void markdown_inline(struct strbuf *out, struct str text, int depth)
{
    struct inl x = {.out = out, .s = text, .depth = depth};
    if (depth > MAX_DEPTH) {
        strbuf_add_html(out, text);
        return;
    }
    while (x.at < text.n) {
        if (special(&x)) continue;
        size_t from = x.at++;
        while (x.at < text.n && !memchr("\\`*_~![<h&\n", text.p[x.at], 11))
            x.at++;
        strbuf_add_html(out, part(&x, from, x.at));
    }
}
