/* fuzz_notebook.c: any bytes as a notebook (text, .ipynb, Markdown), two of them compared, Markdown
 * or an output's HTML; the first byte chooses. What can be read is written to a text that reads to
 * the same text, and to .ipynb and back; no script comes through into a page. */
#include "kernel/notebook/notebook_int.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
    if (ok) return;
    fprintf(stderr, "fuzz_notebook: %s\n", what);
    __builtin_trap();
}

/* Small letters, to look for what must not be there. */
static void must_not_hold(const struct strbuf *page, const char *part)
{
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= page->n; i++)
        if (str_eq_nocase((struct str){page->p + i, n}, (struct str){part, n}))
            must(false, page->p);
}

/* No handler and no script address in any tag of the page. */
static void must_not_run(const struct strbuf *page)
{
    char quote = 0;
    bool in_tag = false;
    for (size_t i = 0; i + 12 < page->n; i++) {
        char c = page->p[i];
        if (!in_tag) {
            in_tag = c == '<';
        } else if (quote) {
            struct str s = {page->p + i, 11};
            must(!(page->p[i - 1] == quote && str_eq_nocase(s, STR("javascript:"))), page->p);
            if (c == quote) quote = 0;
        } else {
            must(!(c == ' ' && page->p[i + 1] == 'o' && page->p[i + 2] == 'n'), page->p);
            if (c == '"') quote = c;
            if (c == '>') in_tag = false;
        }
    }
}

static struct notebook *read_again(struct ctx *cx, const struct strbuf *b, bool is_json)
{
    struct notebook *nb = NULL;
    enum rc_t res = is_json ? notebook_read_ipynb(cx, b->p, b->n, &nb)
                            : notebook_read_mlnb(cx, b->p ? b->p : "", b->n, 0, &nb);
    must(res == RC_OK, cx->err->message);
    return nb;
}

/* text -> cells -> text, text -> ipynb -> text */
static void check_laws(struct ctx *cx, const struct notebook *nb)
{
    struct strbuf text = {0}, again = {0}, json = {0}, back = {0};
    notebook_write_mlnb(&text, nb);
    struct notebook *from_text = read_again(cx, &text, false);
    notebook_write_mlnb(&again, from_text);
    must(str_eq(strbuf_view(&text), strbuf_view(&again)), "text -> text");
    must(from_text->n_cells == nb->n_cells, "number of cells");
    for (int i = 0; i < nb->n_cells; i++)
        must(strcmp(nb->cells[i].source, from_text->cells[i].source) == 0, "a source changed");
    notebook_write_ipynb(&json, from_text);
    struct notebook *from_json = read_again(cx, &json, true);
    notebook_write_mlnb(&back, from_json);
    must(str_eq(strbuf_view(&text), strbuf_view(&back)), "text -> ipynb -> text");
    notebook_canonical(from_json);
    notebook_free(from_text);
    notebook_free(from_json);
    strbuf_release(&text);
    strbuf_release(&again);
    strbuf_release(&json);
    strbuf_release(&back);
}

static void check_pages(const struct notebook *nb)
{
    struct strbuf html = {0}, md = {0};
    notebook_write_html(&html, nb);
    notebook_write_md(&md, nb);
    must_not_hold(&html, "<script");
    must_not_hold(&html, "<iframe");
    must_not_run(&html);
    strbuf_release(&html);
    strbuf_release(&md);
}

static void check_notebook(const char *text, size_t n, bool is_json)
{
    struct error err;
    struct ctx cx = {.err = &err, .arena = arena_new()};
    struct notebook *nb = NULL;
    memset(&err, 0, sizeof err);
    enum rc_t res =
        is_json ? notebook_read_ipynb(&cx, text, n, &nb) : notebook_read_mlnb(&cx, text, n, 1, &nb);
    if (res == RC_OK) {
        check_laws(&cx, nb);
        check_pages(nb);
        notebook_free(nb);
    } else {
        must(err.code == E601 && err.message[0] && err.span.to <= n, "the error");
    }
    arena_free(cx.arena);
}

/* Markdown: what is read writes a text with the same cells; twice read is the same. */
static void check_md(struct str text)
{
    struct error err;
    struct ctx cx = {.err = &err, .arena = arena_new()};
    struct notebook *nb = NULL, *again = NULL;
    struct strbuf once = {0}, twice = {0};
    memset(&err, 0, sizeof err);
    if (notebook_read_md(&cx, text.p, text.n, &nb) == RC_OK) {
        check_laws(&cx, nb);
        notebook_write_md(&once, nb);
        must(notebook_read_md(&cx, once.p ? once.p : "", once.n, &again) == RC_OK, "md -> md");
        notebook_write_md(&twice, again);
        notebook_free(again);
    } else {
        must(err.code == E601, "the error");
    }
    notebook_free(nb);
    strbuf_release(&once);
    strbuf_release(&twice);
    arena_free(cx.arena);
}

static struct notebook *read_half(struct ctx *cx, struct str text)
{
    struct notebook *nb = NULL;
    return notebook_read_mlnb(cx, text.p, text.n, 0, &nb) == RC_OK ? nb : notebook_new();
}

/* Two notebooks, cut apart at the first 0xff: nothing differs from itself, and both ways tell as
 * many changes. */
static void check_diff(struct str text)
{
    struct error err;
    struct ctx cx = {.err = &err, .arena = arena_new()};
    const char *cut = text.n ? memchr(text.p, 0xff, text.n) : NULL;
    size_t n = cut ? (size_t)(cut - text.p) : text.n;
    struct strbuf out = {0}, back = {0};
    memset(&err, 0, sizeof err);
    struct notebook *a = read_half(&cx, (struct str){text.p, n});
    struct notebook *b = read_half(&cx, cut ? (struct str){cut + 1, text.n - n - 1} : STR(""));
    must(notebook_diff(&out, a, a, false) == 0 && out.n == 0, "a diff with itself");
    int there = notebook_diff(&out, a, b, false);
    must((there > 0) == (out.n > 0), "changes without a text");
    must((there > 0) == (notebook_diff(&back, b, a, true) > 0), "one way only");
    notebook_free(a);
    notebook_free(b);
    strbuf_release(&out);
    strbuf_release(&back);
    arena_free(cx.arena);
}

static void check_clean(struct str text)
{
    struct strbuf once = {0}, twice = {0};
    clean_html(&once, text, "");
    clean_html(&twice, strbuf_view(&once), "");
    must(str_eq(strbuf_view(&once), strbuf_view(&twice)), "cleaning twice");
    must_not_hold(&once, "<script");
    must_not_hold(&once, "<iframe");
    must_not_run(&once);
    strbuf_release(&once);
    strbuf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct str text = {(const char *)data + 1, size - 1};
    struct strbuf out = {0};
    switch ((data[0] + 252 - '0') % 7) {
    case 0: check_notebook(text.p, text.n, false); break;
    case 1: check_notebook(text.p, text.n, true); break;
    case 2:
        markdown_html(&out, text);
        must_not_hold(&out, "<script");
        must_not_run(&out);
        break;
    case 3: check_clean(text); break;
    case 4: check_md(text); break;
    case 5: check_diff(text); break;
    default:
        ansi_html(&out, text);
        highlight_html(&out, text, false);
        highlight_html(&out, text, true);
        must_not_hold(&out, "<script");
        break;
    }
    strbuf_release(&out);
    return 0;
}

#ifndef MLNB_FUZZ
#include "tests/fuzz/replay.h"
#endif
