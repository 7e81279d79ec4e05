/* clean_html.c: HTML and SVG of outputs made safe for a page. A notebook may come from anywhere; a
 * report of it must not run scripts or load things. Only known elements and attributes pass, text
 * is kept, ids and links to them get a prefix so that pictures do not mix up theirs. */
#include "kernel/notebook/notebook_int.h"

#include "runtime/base/mem.h"

/* Elements whose content goes with them. */
static const char dropped[] = " script iframe object embed noscript template foreignobject applet "
                              "frame frameset base link meta form ";
static const char allowed[] =
    " a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption "
    "figure h1 "
    "h2 h3 h4 h5 h6 hr i img kbd li mark meter ol p pre progress q s samp small span strong sub "
    "summary sup table tbody td tfoot th thead tr u ul var "
    "svg g path rect circle ellipse line polyline polygon text tspan title desc defs clippath "
    "lineargradient radialgradient stop use symbol marker pattern mask style ";
static const char attributes[] =
    " class style title colspan rowspan scope open value max min low high optimum align width "
    "height "
    "alt src href id lang dir start type reversed span "
    "xmlns xmlns:xlink xlink:href version viewbox preserveaspectratio d x y x1 y1 x2 y2 cx cy r rx "
    "ry "
    "points transform fill fill-opacity fill-rule stroke stroke-width stroke-opacity "
    "stroke-dasharray "
    "stroke-linecap stroke-linejoin stroke-miterlimit opacity font-family font-size font-weight "
    "font-style text-anchor dominant-baseline alignment-baseline dx dy rotate textlength "
    "lengthadjust "
    "clip-path clip-rule mask marker-start marker-mid marker-end markerwidth markerheight refx "
    "refy "
    "orient offset stop-color stop-opacity gradientunits gradienttransform patternunits "
    "patterntransform clippathunits role aria-label aria-labelledby aria-hidden aria-describedby "
    "visibility display shape-rendering text-rendering vector-effect letter-spacing xml:space "
    "paint-order spreadmethod fx fy maskunits ";

/* Whether a list of " a b c " holds the word, in any case. */
static bool is_in(const char *list, struct str word)
{
    char key[40];
    if (word.n == 0 || word.n > 30) return false;
    key[0] = ' ';
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];
        if (c == ' ' || c == '\0') return false;
        key[i + 1] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    key[word.n + 1] = ' ';
    key[word.n + 2] = '\0';
    return strstr(list, key) != NULL;
}

#define MAX_OPEN 200 /* elements inside each other; deeper ones are left out */

struct cleaner {
    struct strbuf *out;
    struct str s;
    size_t at;
    const char *prefix;
    struct str open[MAX_OPEN]; /* [n_open] elements to close */
    int n_open;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == ':' || c == '_' || c == '.';
}
static char here(const struct cleaner *c)
{
    return c->at < c->s.n ? c->s.p[c->at] : '\0';
}
static void skip_space(struct cleaner *c)
{
    while (c->at < c->s.n && is_space(c->s.p[c->at]))
        c->at++;
}
static struct str take_name(struct cleaner *c)
{
    size_t from = c->at;
    while (c->at < c->s.n && is_name_char(c->s.p[c->at]))
        c->at++;
    return (struct str){c->s.p + from, c->at - from};
}

/* Text from inside markup: & and quotes stay as they were written, since they may be references. */
static void put_value(struct strbuf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (ch == '"')
            strbuf_addz(out, "&quot;");
        else if (ch == '<')
            strbuf_addz(out, "&lt;");
        else if (ch == '>')
            strbuf_addz(out, "&gt;");
        else
            strbuf_addc(out, ch);
    }
}

/* ---- values of attributes and style sheets ---- */

/* Small letters without blanks and comments: what a browser would see through any disguise we know.
 */
static bool has_bad_css(struct str s)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (ch == '/' && i + 1 < s.n && s.p[i + 1] == '*') {
            i += 2;
            while (i + 1 < s.n && !(s.p[i] == '*' && s.p[i + 1] == '/'))
                i++;
            i++;
        } else if (!is_space(ch)) {
            strbuf_addc(&b, (char)(ch >= 'A' && ch <= 'Z' ? ch + 32 : ch));
        }
    }
    const char *css = b.n ? b.p : "";
    bool bad = strchr(css, '\\') || strchr(css, '&') || strstr(css, "@import") ||
               strstr(css, "expression(") || strstr(css, "javascript:") ||
               strstr(css, "position:fixed") || strstr(css, "position:absolute") ||
               strstr(css, "behavior:") || strstr(css, "-moz-binding") || strchr(css, '<');
    for (const char *u = strstr(css, "url("); u && !bad; u = strstr(u + 1, "url("))
        bad = strncmp(u + 4, "#", 1) != 0 && strncmp(u + 4, "\"#", 2) != 0 &&
              strncmp(u + 4, "'#", 2) != 0;
    strbuf_release(&b);
    return bad;
}

/* url(#a) and #a point to ids of the same picture. */
static void put_prefixed_urls(struct cleaner *c, struct str v)
{
    struct strbuf made = {0};
    for (size_t i = 0; i < v.n; i++) {
        strbuf_addc(&made, v.p[i]);
        bool is_url = v.p[i] == '#' && i >= 4 &&
                      (memcmp(v.p + i - 4, "url(", 4) == 0 ||
                       (i >= 5 && memcmp(v.p + i - 5, "url(", 4) == 0));
        if (is_url) strbuf_addz(&made, c->prefix);
    }
    put_value(c->out, strbuf_view(&made));
    strbuf_release(&made);
}

/* Ids in a list: aria-labelledby="a b". */
static void put_prefixed_ids(struct cleaner *c, struct str v)
{
    bool in_word = false;
    for (size_t i = 0; i < v.n; i++) {
        if (!is_space(v.p[i]) && !in_word) strbuf_addz(c->out, c->prefix);
        in_word = !is_space(v.p[i]);
        put_value(c->out, (struct str){v.p + i, 1});
    }
}

static bool is_safe_link(struct str v, bool is_picture)
{
    if (str_starts(v, STR("#"))) return true;
    if (is_picture)
        return str_starts(v, STR("data:image/png;base64,")) ||
               str_starts(v, STR("data:image/jpeg;base64,")) ||
               str_starts(v, STR("data:image/gif;base64,")) ||
               str_starts(v, STR("data:image/webp;base64,"));
    return str_starts(v, STR("http://")) || str_starts(v, STR("https://"));
}

static void put_attribute(struct cleaner *c, struct str element, struct str name, struct str v)
{
    bool is_href = str_eq_nocase(name, STR("href")) || str_eq_nocase(name, STR("xlink:href"));
    bool is_src = str_eq_nocase(name, STR("src"));
    bool is_link = str_eq_nocase(element, STR("a"));
    bool is_id = str_eq_nocase(name, STR("id"));
    bool is_idrefs =
        str_eq_nocase(name, STR("aria-labelledby")) || str_eq_nocase(name, STR("aria-describedby"));
    if (!is_in(attributes, name)) return;
    v = str_trim(v);
    if (v.n >= 11 && str_eq_nocase((struct str){v.p, 11}, STR("javascript:"))) return;
    if ((is_href || is_src) && !is_safe_link(v, is_src || !is_link)) return;
    bool is_style = str_eq_nocase(name, STR("style"));
    bool has_url =
        !is_href && !is_src && memchr(v.p, '(', v.n) && !str_eq_nocase(name, STR("title"));
    if ((is_style || has_url) && (has_bad_css(v) || memchr(v.p, '>', v.n) || memchr(v.p, '"', v.n)))
        return;
    strbuf_addc(c->out, ' ');
    strbuf_adds(c->out, name);
    strbuf_addz(c->out, "=\"");
    if (is_id || is_idrefs) {
        put_prefixed_ids(c, v);
    } else if (is_href && str_starts(v, STR("#"))) {
        strbuf_printf(c->out, "#%s", c->prefix);
        put_value(c->out, (struct str){v.p + 1, v.n - 1});
    } else if (has_url) {
        put_prefixed_urls(c, v);
    } else {
        put_value(c->out, v);
    }
    strbuf_addc(c->out, '"');
}

/* ---- tags ---- */

static struct str take_value(struct cleaner *c)
{
    char quote = here(c);
    size_t from = c->at;
    if (quote == '"' || quote == '\'') {
        from = ++c->at;
        while (c->at < c->s.n && c->s.p[c->at] != quote)
            c->at++;
        size_t n = c->at - from;
        if (c->at < c->s.n) c->at++;
        return (struct str){c->s.p + from, n};
    }
    while (c->at < c->s.n && !is_space(c->s.p[c->at]) && c->s.p[c->at] != '>')
        c->at++;
    return (struct str){c->s.p + from, c->at - from};
}

/* The rest of an opening tag; its attributes are written when it is kept. True for <x/>. */
static bool take_attributes(struct cleaner *c, struct str element, bool keep)
{
    bool is_closed = false;
    while (c->at < c->s.n && here(c) != '>') {
        size_t before = c->at;
        skip_space(c);
        struct str name = take_name(c), v = STR("");
        skip_space(c);
        if (name.n > 0 && here(c) == '=') {
            c->at++;
            skip_space(c);
            v = take_value(c);
        }
        if (name.n > 0 && keep) put_attribute(c, element, name, v);
        if (name.n == 0 && here(c) == '/' && c->at + 1 < c->s.n && c->s.p[c->at + 1] == '>')
            is_closed = true;
        if (c->at == before || (name.n == 0 && here(c) != '>')) c->at++;
    }
    if (c->at < c->s.n) c->at++;
    return is_closed;
}

static void close_element(struct cleaner *c)
{
    strbuf_addz(c->out, "</");
    strbuf_adds(c->out, c->open[--c->n_open]);
    strbuf_addc(c->out, '>');
}

/* Closes the element and what stands open in it; nothing when it is not open. */
static void close_named(struct cleaner *c, struct str name)
{
    int i = c->n_open - 1;
    while (i >= 0 && !str_eq_nocase(c->open[i], name))
        i--;
    while (i >= 0 && c->n_open > i)
        close_element(c);
}

/* Past </name>, wherever it is. */
static size_t behind_closing(const struct cleaner *c, struct str name)
{
    for (size_t i = c->at; i + 2 + name.n <= c->s.n; i++)
        if (c->s.p[i] == '<' && c->s.p[i + 1] == '/' &&
            str_eq_nocase((struct str){c->s.p + i + 2, name.n}, name)) {
            const char *end = memchr(c->s.p + i, '>', c->s.n - i);
            return end ? (size_t)(end - c->s.p) + 1 : c->s.n;
        }
    return c->s.n;
}

/* A style sheet of a picture passes when it loads nothing. */
static void take_style(struct cleaner *c)
{
    size_t end = behind_closing(c, STR("style")), close = end;
    while (close > c->at && c->s.p[close - 1] != '<')
        close--;
    struct str css = {c->s.p + c->at, close > c->at ? close - 1 - c->at : 0};
    if (!has_bad_css(css)) {
        strbuf_addz(c->out, "<style>");
        for (size_t i = 0; i < css.n; i++)
            if (css.p[i] != '<') strbuf_addc(c->out, css.p[i]);
        strbuf_addz(c->out, "</style>");
    }
    c->at = end;
}

static void take_comment(struct cleaner *c)
{
    while (c->at < c->s.n && !str_starts((struct str){c->s.p + c->at, c->s.n - c->at}, STR("-->")))
        c->at++;
    c->at = c->at + 3 < c->s.n ? c->at + 3 : c->s.n;
}

static void open_element(struct cleaner *c, struct str name)
{
    static const char empty[] = " br hr img col ";
    strbuf_addc(c->out, '<');
    strbuf_adds(c->out, name);
    bool is_closed = take_attributes(c, name, true);
    strbuf_addz(c->out, is_closed ? "/>" : ">");
    if (!is_closed && !is_in(empty, name)) c->open[c->n_open++] = name;
}

static void take_tag(struct cleaner *c)
{
    size_t from = c->at++;
    bool is_closing = here(c) == '/';
    if (is_closing) c->at++;
    struct str name = take_name(c);
    if (name.n == 0) {
        if (str_starts((struct str){c->s.p + c->at, c->s.n - c->at}, STR("!--")))
            take_comment(c);
        else if (here(c) == '!' || here(c) == '?')
            take_attributes(c, name, false);
        else {
            strbuf_addz(c->out, "&lt;");
            c->at = from + 1;
        }
        return;
    }
    if (is_closing) {
        close_named(c, name);
        take_attributes(c, name, false);
    } else if (str_eq_nocase(name, STR("style"))) {
        take_attributes(c, name, false);
        take_style(c);
    } else if (!is_in(allowed, name) || c->n_open == MAX_OPEN) {
        take_attributes(c, name, false);
        if (is_in(dropped, name)) c->at = behind_closing(c, name);
    } else {
        open_element(c, name);
    }
}

static void clean(struct strbuf *out, struct str html, const char *prefix)
{
    struct cleaner c = {.out = out, .s = html, .prefix = prefix};
    while (c.at < html.n) {
        char ch = html.p[c.at];
        if (ch == '<') {
            take_tag(&c);
        } else {
            if (ch == '>')
                strbuf_addz(out, "&gt;");
            else
                strbuf_addc(out, ch);
            c.at++;
        }
    }
    while (c.n_open > 0)
        close_element(&c);
}

/* Without NUL bytes first: nothing behind one may escape the eye of a search. */
void clean_html(struct strbuf *out, struct str html, const char *prefix)
{
    struct strbuf whole = {0};
    for (size_t i = 0; i < html.n; i++)
        if (html.p[i]) strbuf_addc(&whole, html.p[i]);
    clean(out, strbuf_view(&whole), prefix);
    strbuf_release(&whole);
}
