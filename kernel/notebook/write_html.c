/* write_html.c: a notebook as one page that needs nothing else: prose, code, outputs, a table of
 * contents. */
#include "kernel/notebook/notebook_int.h"

#include <stdio.h>

#define MIN_CONTENTS 3 /* headings from which on a table of contents helps */

struct toc {
    struct strbuf html;
    int n;
    bool has_title; /* a heading says what the title says */
    bool has_first; /* a heading of level 1 is listed */
};

static bool hides(const struct cell *c, const char *what)
{
    char tag[40];
    static const char *const forms[] = {"hide_%s", "hide-%s", "remove_%s", "remove-%s"};
    for (size_t i = 0; i < 4; i++) {
        size_t n = strlen(forms[i]) - 2;
        memcpy(tag, forms[i], n);
        snprintf(tag + n, sizeof tag - n, "%s", what);
        if (cell_has_tag(c, tag)) return true;
    }
    return false;
}

bool cell_is_hidden(const struct cell *c)
{
    return hides(c, "cell") || c->kind == CELL_EXPECT;
}
bool cell_hides_input(const struct cell *c)
{
    return hides(c, "input");
}
bool cell_hides_output(const struct cell *c)
{
    return hides(c, "output");
}

/* ---- cells ---- */

static void add_contents(struct toc *toc, const struct heading *h, const char *title)
{
    bool is_title = h->level == 1 && title && str_eqz(h->text, title);
    if (is_title) toc->has_title = true;
    if (h->level > 3 || is_title) return;
    if (h->level == 1) toc->has_first = true;
    strbuf_printf(&toc->html, "<li class=\"l%d\"><a href=\"#%s\">", h->level, h->id);
    struct strbuf inside = {0};
    markdown_inline(&inside, h->text, 0);
    for (size_t i = 0, depth = 0; i < inside.n; i++) { /* no links inside the link */
        if (inside.p[i] == '<') depth = 1;
        if (!depth) strbuf_addc(&toc->html, inside.p[i]);
        if (inside.p[i] == '>') depth = 0;
    }
    strbuf_release(&inside);
    strbuf_addz(&toc->html, "</a></li>\n");
    toc->n++;
}

static void put_md(struct strbuf *out, const struct cell *c, int i, struct toc *toc,
                   const char *title, struct arena *a)
{
    struct heading *headings;
    int n;
    strbuf_addz(out, "<section class=\"md\">\n");
    markdown_report(out, (struct str){c->source, c->n_source}, arena_printf(a, "c%d-", i + 1), a,
                    &headings, &n);
    strbuf_addz(out, "</section>\n");
    for (int k = 0; k < n; k++)
        add_contents(toc, &headings[k], title);
}

static void put_code(struct strbuf *out, const struct cell *c)
{
    struct str source = {c->source, c->n_source};
    if (str_trim(source).n == 0 || cell_hides_input(c)) return;
    strbuf_addz(out, "<div class=\"code\">");
    if (c->kind == CELL_PARAMS) strbuf_addz(out, "<div class=\"tag\">parameters</div>");
    if (c->kind == CELL_SQL) {
        struct strbuf marker = {0};
        marker_sql(&marker, c);
        strbuf_addz(out, "<div class=\"tag\">");
        strbuf_add_html(out, strbuf_view(&marker));
        strbuf_addz(out, "</div>");
        strbuf_release(&marker);
    }
    strbuf_addz(out, "<pre><code>");
    highlight_html(out, source, c->kind == CELL_SQL);
    strbuf_addz(out, "</code></pre></div>\n");
}

static void put_outputs(struct strbuf *out, const struct cell *c, int i)
{
    size_t n = json_array_size(c->outputs);
    if (n == 0 || cell_hides_output(c)) return;
    strbuf_addz(out, "<div class=\"out\">\n");
    for (size_t k = 0; k < n; k++) {
        char prefix[48];
        snprintf(prefix, sizeof prefix, "c%do%d-", i + 1, (int)k + 1);
        output_html(out, json_array_get(c->outputs, k), prefix);
    }
    strbuf_addz(out, "</div>\n");
}

static void put_cell(struct strbuf *out, const struct cell *c, int i, struct toc *toc,
                     const char *title, struct arena *a)
{
    if (cell_is_hidden(c)) return;
    if (c->kind == CELL_MD) {
        put_md(out, c, i, toc, title, a);
    } else if (c->kind == CELL_RAW) {
        strbuf_addz(out, "<pre class=\"raw\">");
        strbuf_add_html(out, (struct str){c->source, c->n_source});
        strbuf_addz(out, "</pre>\n");
    } else {
        strbuf_addz(out, "<section class=\"cell\">\n");
        put_code(out, c);
        put_outputs(out, c, i);
        strbuf_addz(out, "</section>\n");
    }
}

/* ---- the page ---- */

static void put_head(struct strbuf *out, const char *title)
{
    strbuf_addz(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"generator\" content=\"mlnb " MLNB_VERSION "\">\n<title>");
    strbuf_add_html(out, str_of(title ? title : "Notebook"));
    strbuf_printf(out, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<main>\n", report_style,
                  report_style_more);
}

void notebook_page(struct strbuf *out, const char *title, struct str body)
{
    put_head(out, title);
    strbuf_addz(out, "<h1>");
    strbuf_add_html(out, str_of(title));
    strbuf_addz(out, "</h1>\n");
    strbuf_adds(out, body);
    strbuf_addz(out, "</main>\n</body>\n</html>\n");
}

/* The list twice: beside the text on a wide screen, folded above it on a small one. */
static void put_contents(struct strbuf *out, const struct toc *toc)
{
    const char *flat = toc->has_first ? "" : " flat"; /* nothing of level 1: no indent for 2 */
    if (toc->n < MIN_CONTENTS) return;
    strbuf_printf(
        out,
        "<nav class=\"side%s\" aria-label=\"Contents\"><b>Contents</b>\n<ul>\n%s</ul></nav>\n"
        "<nav class=\"top%s\" aria-label=\"Contents\"><details><summary>Contents</summary>\n"
        "<ul>\n%s</ul>\n</details></nav>\n",
        flat, toc->html.p, flat, toc->html.p);
}

void notebook_write_html(struct strbuf *out, const struct notebook *nb)
{
    struct arena *a = arena_new();
    struct strbuf body = {0};
    struct toc toc = {0};
    const char *title = notebook_header(nb, "title");
    size_t head = 0; /* the contents stand behind the cell that says the title */
    if (title && !title[0]) title = NULL;
    for (int i = 0; i < nb->n_cells; i++) {
        bool had_title = toc.has_title;
        put_cell(&body, &nb->cells[i], i, &toc, title, a);
        if (toc.has_title && !had_title && i == 0) head = body.n;
    }
    put_head(out, title);
    if (title && !toc.has_title) {
        strbuf_addz(out, "<h1>");
        strbuf_add_html(out, str_of(title));
        strbuf_addz(out, "</h1>\n");
    }
    strbuf_add(out, body.p ? body.p : "", head);
    put_contents(out, &toc);
    strbuf_add(out, body.p ? body.p + head : "", body.n - head);
    strbuf_addz(out, "</main>\n</body>\n</html>\n");
    strbuf_release(&body);
    strbuf_release(&toc.html);
    arena_free(a);
}
