/* output_html.c: one output of a cell in a page or a Markdown text. Of a bundle the richest form
 * that needs no script is taken. */
#include "kernel/notebook/notebook_int.h"

static const json_t *data_of(const json_t *output, const char *mime)
{
    const json_t *v = json_object_get(json_object_get(output, "data"), mime);
    return json_is_string(v) ? v : NULL;
}

static bool is_type(const json_t *output, const char *type)
{
    return str_eqz(json_view(json_object_get(output, "output_type")), type);
}

static void put_pre(struct strbuf *out, const char *class, struct str text)
{
    while (text.n > 0 && text.p[text.n - 1] == '\n')
        text.n--;
    if (text.n == 0) return;
    strbuf_printf(out, "<pre class=\"%s\">", class);
    ansi_html(out, text);
    strbuf_addz(out, "</pre>\n");
}

/* Lines of a traceback, which may be absent. */
static void error_text(struct strbuf *text, const json_t *output)
{
    const json_t *lines = json_object_get(output, "traceback");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        if (i > 0) strbuf_addc(text, '\n');
        strbuf_adds(text, json_view(json_array_get(lines, i)));
    }
    if (text->n > 0) return;
    strbuf_adds(text, json_view(json_object_get(output, "ename")));
    strbuf_addc(text, ' ');
    strbuf_adds(text, json_view(json_object_get(output, "evalue")));
}

/* ---- HTML ---- */

static void put_base64(struct strbuf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/' || c == '=';
        if (ok) strbuf_addc(out, c);
    }
}

static bool picture_html(struct strbuf *out, const json_t *output)
{
    static const char *const mimes[] = {"image/png", "image/jpeg", "image/gif", "image/webp"};
    for (size_t i = 0; i < sizeof mimes / sizeof mimes[0]; i++) {
        const json_t *v = data_of(output, mimes[i]);
        if (!v) continue;
        struct str alt = json_view(data_of(output, "text/plain"));
        strbuf_printf(out, "<img src=\"data:%s;base64,", mimes[i]);
        put_base64(out, json_view(v));
        strbuf_addz(out, "\" alt=\"");
        strbuf_add_html(out, alt);
        strbuf_addz(out, "\">\n");
        return true;
    }
    return false;
}

static void bundle_html(struct strbuf *out, const json_t *output, const char *prefix)
{
    const json_t *svg = data_of(output, "image/svg+xml"), *html = data_of(output, "text/html");
    const json_t *md = data_of(output, "text/markdown");
    if (svg) {
        strbuf_addz(out, "<figure>");
        clean_html(out, json_view(svg), prefix);
        strbuf_addz(out, "</figure>\n");
    } else if (html) {
        strbuf_addz(out, "<div class=\"scroll\">");
        clean_html(out, json_view(html), prefix);
        strbuf_addz(out, "</div>\n");
    } else if (!picture_html(out, output)) {
        if (md)
            markdown_html(out, json_view(md));
        else
            put_pre(out, "plain", json_view(data_of(output, "text/plain")));
    }
}

void output_html(struct strbuf *out, const json_t *output, const char *prefix)
{
    if (is_type(output, "stream")) {
        bool is_err = str_eqz(json_view(json_object_get(output, "name")), "stderr");
        put_pre(out, is_err ? "stderr" : "stdout", json_view(json_object_get(output, "text")));
    } else if (is_type(output, "error")) {
        struct strbuf text = {0};
        error_text(&text, output);
        put_pre(out, "error", strbuf_view(&text));
        strbuf_release(&text);
    } else {
        bundle_html(out, output, prefix);
    }
}

/* ---- Markdown ---- */

static void put_fenced(struct strbuf *out, struct str text)
{
    struct strbuf plain = {0};
    ansi_strip(&plain, text);
    while (plain.n > 0 && plain.p[plain.n - 1] == '\n')
        buf_cut(&plain, plain.n - 1);
    if (plain.n > 0) fence_md(out, "text", strbuf_view(&plain));
    strbuf_release(&plain);
}

void fence_md(struct strbuf *out, const char *language, struct str text)
{
    size_t longest = 2, run = 0;
    for (size_t i = 0; i < text.n; i++) {
        run = text.p[i] == '`' ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    strbuf_fill(out, '`', longest + 1);
    strbuf_printf(out, "%s\n", language);
    strbuf_adds(out, text);
    strbuf_addc(out, '\n');
    strbuf_fill(out, '`', longest + 1);
    strbuf_addz(out, "\n\n");
}

static void add_base64(struct strbuf *out, struct str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t x = (uint32_t)(unsigned char)s.p[i] << 16;
        if (i + 1 < s.n) x |= (uint32_t)(unsigned char)s.p[i + 1] << 8;
        if (i + 2 < s.n) x |= (unsigned char)s.p[i + 2];
        strbuf_addc(out, digits[x >> 18]);
        strbuf_addc(out, digits[x >> 12 & 63]);
        strbuf_addc(out, i + 1 < s.n ? digits[x >> 6 & 63] : '=');
        strbuf_addc(out, i + 2 < s.n ? digits[x & 63] : '=');
    }
}

/* The first line of a text as a picture's description. */
static void put_alt(struct strbuf *out, struct str text)
{
    for (size_t i = 0; i < text.n && text.p[i] != '\n'; i++) {
        if (strchr("[]\\", text.p[i])) strbuf_addc(out, '\\');
        strbuf_addc(out, text.p[i]);
    }
}

static bool picture_md(struct strbuf *out, const json_t *output)
{
    static const char *const mimes[] = {"image/svg+xml", "image/png", "image/jpeg"};
    for (size_t i = 0; i < 3; i++) {
        const json_t *v = data_of(output, mimes[i]);
        if (!v) continue;
        strbuf_addz(out, "![");
        put_alt(out, json_view(data_of(output, "text/plain")));
        strbuf_printf(out, "](data:%s;base64,", mimes[i]);
        if (i == 0)
            add_base64(out, json_view(v));
        else
            put_base64(out, json_view(v));
        strbuf_addz(out, ")\n\n");
        return true;
    }
    return false;
}

void output_md(struct strbuf *out, const json_t *output)
{
    if (is_type(output, "stream")) {
        put_fenced(out, json_view(json_object_get(output, "text")));
    } else if (is_type(output, "error")) {
        struct strbuf text = {0};
        error_text(&text, output);
        put_fenced(out, strbuf_view(&text));
        strbuf_release(&text);
    } else if (!picture_md(out, output)) {
        const json_t *md = data_of(output, "text/markdown");
        if (!md) md = json_object_get(json_object_get(output, "transient"), "text/markdown");
        if (!md) {
            put_fenced(out, json_view(data_of(output, "text/plain")));
            return;
        }
        strbuf_adds(out, json_view(md));
        while (out->n > 0 && out->p[out->n - 1] == '\n')
            buf_cut(out, out->n - 1);
        strbuf_addz(out, "\n\n");
    }
}
