/* markdown_inline.c: marks inside a paragraph: emphasis, code, links, pictures, breaks. Work is
 * linear: a search that found no end is not made again in the same text. */
#include "kernel/notebook/notebook_int.h"

#define MAX_DEPTH 12   /* marks inside each other */
#define MAX_LINK  4000 /* bytes of a link's text and of its address */

struct run {      /* of * _ or ~ */
    size_t place; /* byte of the text made so far before which it stands */
    char mark;
    size_t left, length; /* marks that are not tags yet; all */
    bool can_open, can_close;
    int prev, next;              /* runs still in play */
    struct strbuf opens, closes; /* tags: e em, s strong, d del; inner ones first */
};
struct inl {
    struct strbuf *out; /* what stands between the runs */
    struct str s;
    size_t at;
    int depth;
    struct run *runs;
    int n_runs, cap_runs;
    uint64_t no_ticks; /* bit n: no run of n backticks further on */
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

/* ---- emphasis: CommonMark's "process emphasis", over the runs of marks in the order of the text
 * ----
 */

/* A run of marks: whether it can open and close follows from its neighbours. */
static bool take_run(struct inl *x)
{
    char mark = x->s.p[x->at];
    size_t n = run_length(x->s, x->at);
    char before = x->at > 0 ? x->s.p[x->at - 1] : ' ', after = char_at(x, x->at + n);
    bool left = !is_space(after) && (!is_punct(after) || is_space(before) || is_punct(before));
    bool right = !is_space(before) && (!is_punct(before) || is_space(after) || is_punct(after));
    if (x->n_runs == x->cap_runs) {
        x->cap_runs = x->cap_runs ? 2 * x->cap_runs : 16;
        x->runs = mem_realloc(x->runs, mem_mul((size_t)x->cap_runs, sizeof *x->runs));
    }
    struct run *r = &x->runs[x->n_runs];
    *r = (struct run){.place = x->out->n,
                      .mark = mark,
                      .left = n,
                      .length = n,
                      .prev = x->n_runs - 1,
                      .next = x->n_runs + 1};
    r->can_open = mark == '_' ? left && (!right || is_punct(before)) : left;
    r->can_close = mark == '_' ? right && (!left || is_punct(after)) : right;
    if (mark == '~' && n != 2) r->can_open = r->can_close = false;
    x->n_runs++;
    x->at += n;
    return true;
}

static void unlink_run(struct inl *x, int i)
{
    int prev = x->runs[i].prev, next = x->runs[i].next;
    if (prev >= 0) x->runs[prev].next = next;
    if (next < x->n_runs) x->runs[next].prev = prev;
}

/* "If one of the delimiters can both open and close emphasis, the sum of the lengths must not be a
 * multiple of 3 unless both are." */
static bool fits(const struct run *open, const struct run *close)
{
    if (open->mark != close->mark || !open->can_open || open->left == 0) return false;
    if (!open->can_close && !close->can_open) return true;
    if ((open->length + close->length) % 3 != 0) return true;
    return open->length % 3 == 0 && close->length % 3 == 0;
}

/* Marks of both runs become tags; those of the inner ones are written first. */
static void join_runs(struct inl *x, int open, int close)
{
    struct run *a = &x->runs[open], *b = &x->runs[close];
    size_t n = a->left >= 2 && b->left >= 2 ? 2 : 1;
    char tag = a->mark == '~' ? 'd' : n == 2 ? 's' : 'e';
    for (int i = b->prev; i != open; i = x->runs[i].prev)
        unlink_run(x, i);
    strbuf_addc(&a->opens, tag);
    strbuf_addc(&b->closes, tag);
    a->left -= n;
    b->left -= n;
    if (a->left == 0) unlink_run(x, open);
}

static int *bottom_of(int bottoms[3][2][3], const struct run *r)
{
    int mark = r->mark == '*' ? 0 : r->mark == '_' ? 1 : 2;
    return &bottoms[mark][r->can_open][r->length % 3];
}

static void match_runs(struct inl *x)
{
    int bottoms[3][2][3];
    memset(bottoms, 0xFF, sizeof bottoms); /* -1: down to the first */
    for (int i = 0; i < x->n_runs;) {
        struct run *r = &x->runs[i];
        int open = r->prev, *bottom = bottom_of(bottoms, r);
        while (r->can_close && open > *bottom && !fits(&x->runs[open], r))
            open = x->runs[open].prev;
        if (r->can_close && open > *bottom && open >= 0) {
            join_runs(x, open, i);
            if (r->left > 0) continue;
            unlink_run(x, i);
        } else if (r->can_close) {
            *bottom = r->prev;
            if (!r->can_open) unlink_run(x, i);
        }
        i = r->next;
    }
}

static void put_tag(struct strbuf *out, char tag, bool is_closing)
{
    const char *name = tag == 'e' ? "em" : tag == 's' ? "strong" : "del";
    strbuf_printf(out, "<%s%s>", is_closing ? "/" : "", name);
}

/* The text with the marks that are left and the tags of the others. */
static void put_runs(struct strbuf *out, struct inl *x)
{
    size_t at = 0;
    for (int i = 0; i < x->n_runs; i++) {
        struct run *r = &x->runs[i];
        strbuf_add(out, x->out->p ? x->out->p + at : "", r->place - at);
        for (size_t k = 0; k < r->closes.n; k++)
            put_tag(out, r->closes.p[k], true);
        strbuf_fill(out, r->mark, r->left);
        for (size_t k = r->opens.n; k > 0; k--)
            put_tag(out, r->opens.p[k - 1], false);
        at = r->place;
        strbuf_release(&r->opens);
        strbuf_release(&r->closes);
    }
    strbuf_add(out, x->out->p ? x->out->p + at : "", x->out->n - at);
}

static void put_inside(struct inl *x, const char *open, size_t from, size_t to, const char *close)
{
    strbuf_addz(x->out, open);
    markdown_inline(x->out, part(x, from, to), x->depth + 1);
    strbuf_addz(x->out, close);
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
    uint64_t none = 0; /* lengths of runs of backticks that nothing closes */
    struct str s = {x->s.p, x->s.n - at > MAX_LINK ? at + MAX_LINK : x->s.n};
    for (; at < s.n; at++) {
        char c = s.p[at];
        if (c == '\\') {
            at++;
        } else if (c == '`') {
            size_t n = run_length(s, at), bit = n < 63 ? n : 63;
            size_t end = none >> bit & 1 ? s.n : find_ticks(s, at + n, n);
            if (end == s.n) none |= UINT64_C(1) << bit;
            at = end < s.n ? end + n - 1 : at + n - 1;
        } else if (c == '[')
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
    size_t floor = x->n_runs ? x->runs[x->n_runs - 1].place : 0; /* marks stand in the text too */
    while (x->out->n > floor && x->out->p[x->out->n - 1] == ' ')
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
    case '_':
    case '~': return take_run(x);
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
    struct strbuf between = {0};
    struct inl x = {.out = &between, .s = text, .depth = depth};
    if (depth > MAX_DEPTH) {
        strbuf_add_html(out, text);
        return;
    }
    while (x.at < text.n) {
        if (special(&x)) continue;
        size_t from = x.at++;
        while (x.at < text.n && !memchr("\\`*_~![<h&\n", text.p[x.at], 11))
            x.at++;
        strbuf_add_html(x.out, part(&x, from, x.at));
    }
    match_runs(&x);
    put_runs(out, &x);
    mem_free(x.runs);
    strbuf_release(&between);
}
