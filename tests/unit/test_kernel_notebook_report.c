/* Reports: Markdown, highlighting, cleaning of foreign HTML, and the pages. */
#include "tests/unit/unit.h"

#include "kernel/notebook/notebook_int.h"

static void check_md(const char *text, const char *want)
{
    struct strbuf b = {0};
    markdown_html(&b, str_of(text));
    if (strcmp(b.p ? b.p : "", want) != 0)
        fail_msg("%s\n got %s\nwant %s", text, b.p ? b.p : "", want);
    strbuf_release(&b);
}

TEST(markdown_blocks)
{
    check_md("", "");
    check_md("a\nb", "<p>a\nb</p>\n");
    check_md("a\n\nb", "<p>a</p>\n<p>b</p>\n");
    check_md("a  *  \nb", "<p>a  *<br>\nb</p>\n"); /* a mark between blanks, at a line end */
    check_md("# A\n###### B\n####### c", "<h1>A</h1>\n<h6>B</h6>\n<p>####### c</p>\n");
    check_md("# A #\n#b", "<h1>A</h1>\n<p>#b</p>\n");
    check_md("A\n===\nB\n---", "<h1>A</h1>\n<h2>B</h2>\n");
    check_md("---\n***\n- - -", "<hr>\n<hr>\n<hr>\n");
    check_md("```\n<a>\n  b\n```\nx", "<pre><code>&lt;a&gt;\n  b\n</code></pre>\n<p>x</p>\n");
    check_md("~~~~ py x\n```\n~~~~", "<pre><code class=\"language-py\">```\n</code></pre>\n");
    check_md("```\nopen", "<pre><code>open\n</code></pre>\n");
    check_md("    code\n\n    more\n\nx", "<pre><code>code\n\nmore\n</code></pre>\n<p>x</p>\n");
    check_md("> a\n> # b\nlazy\n\nx",
             "<blockquote>\n<p>a</p>\n<h1>b</h1>\n<p>lazy</p>\n</blockquote>\n<p>x</p>\n");
    check_md("<!-- hidden\nstill -->\nseen", "<p>seen</p>\n");
    check_md("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n");
}

TEST(markdown_lists)
{
    check_md("- a\n- b", "<ul>\n<li>a\n</li>\n<li>b\n</li>\n</ul>\n");
    check_md("- a\n\n- b", "<ul>\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>\n");
    check_md("3. a\n4. b", "<ol start=\"3\">\n<li>a\n</li>\n<li>b\n</li>\n</ol>\n");
    check_md("- a\n  - b\n    - c\n- d",
             "<ul>\n<li>a\n<ul>\n<li>b\n<ul>\n<li>c\n</li>\n</ul>\n</li>\n</ul>\n</li>\n"
             "<li>d\n</li>\n</ul>\n");
    check_md("1. a\n   more\n\n   para\n2. b",
             "<ol>\n<li><p>a\nmore</p>\n<p>para</p>\n</li>\n<li><p>b</p>\n</li>\n</ol>\n");
    check_md("- [ ] a\n- [x] b",
             "<ul>\n<li><input type=\"checkbox\" disabled> a\n</li>\n"
             "<li><input type=\"checkbox\" disabled checked> b\n</li>\n</ul>\n");
    check_md("* a\n- b", "<ul>\n<li>a\n</li>\n</ul>\n<ul>\n<li>b\n</li>\n</ul>\n");
    check_md("text\n- a", "<p>text</p>\n<ul>\n<li>a\n</li>\n</ul>\n");
    check_md("in 1984.\n1985. x", "<p>in 1984.\n1985. x</p>\n");
    check_md("- a\n\n      code",
             "<ul>\n<li><p>a</p>\n<pre><code>code\n</code></pre>\n</li>\n</ul>\n");
    check_md("-a", "<p>-a</p>\n");
}

TEST(markdown_tables)
{
    check_md(
        "| a | b |\n|:--|:-:|\n| 1 | `x|y` |\n| 2 |\nend",
        "<div class=\"scroll\"><table>\n<thead>\n<tr><th style=\"text-align:left\">a</th>"
        "<th style=\"text-align:center\">b</th></tr>\n</thead>\n<tbody>\n"
        "<tr><td style=\"text-align:left\">1</td><td "
        "style=\"text-align:center\"><code>x|y</code></td></tr>\n"
        "<tr><td style=\"text-align:left\">2</td><td style=\"text-align:center\"></td></tr>\n"
        "<tr><td style=\"text-align:left\">end</td><td style=\"text-align:center\"></td></tr>\n"
        "</tbody>\n</table></div>\n");
    check_md("a | b\n- | -",
             "<div class=\"scroll\"><table>\n<thead>\n<tr><th>a</th><th>b</th></tr>\n</thead>\n"
             "<tbody>\n</tbody>\n</table></div>\n");
    check_md("a | b\n- | - | -", "<p>a | b</p>\n<ul>\n<li>| - | -\n</li>\n</ul>\n");
    check_md("| a \\| b |\n|--:|",
             "<div class=\"scroll\"><table>\n<thead>\n<tr><th style=\"text-align:right\">"
             "a | b</th></tr>\n</thead>\n<tbody>\n</tbody>\n</table></div>\n");
}

TEST(markdown_inlines)
{
    check_md("*a* _b_ **c** __d__ ***e*** ~~f~~", "<p><em>a</em> <em>b</em> <strong>c</strong> "
                                                  "<strong>d</strong> <em><strong>e</strong></em> "
                                                  "<del>f</del></p>\n");
    check_md("snake_case_name 2*3*4 a * b", "<p>snake_case_name 2<em>3</em>4 a * b</p>\n");
    check_md("**a *b* c** *d **e** f*",
             "<p><strong>a <em>b</em> c</strong> <em>d <strong>e</strong> f</em></p>\n");
    check_md("**a *b***", "<p><strong>a <em>b</em></strong></p>\n");
    check_md("*open **also `code` \\*", "<p>*open **also <code>code</code> *</p>\n");
    check_md("`a *b*` ``c`d`` `` ` ``",
             "<p><code>a *b*</code> <code>c`d</code> <code>`</code></p>\n");
    check_md("\\*a\\* \\x \\\\", "<p>*a* \\x \\</p>\n");
    check_md("a  \nb\\\nc\nd", "<p>a<br>\nb<br>\nc\nd</p>\n");
    check_md("a & b &amp; &#65; &nope; <b>", "<p>a &amp; b &amp; &#65; &nope; &lt;b&gt;</p>\n");
    check_md("a<br>b", "<p>a<br>b</p>\n");
}

TEST(markdown_links)
{
    check_md("[a](https://x.org/b?c=1&d=2 \"t\")",
             "<p><a href=\"https://x.org/b?c=1&amp;d=2\" title=\"t\">a</a></p>\n");
    check_md("[*a* [b]](c.html#d)", "<p><a href=\"c.html#d\"><em>a</em> [b]</a></p>\n");
    check_md("[a](<b c.html>) [x](y(z)w)",
             "<p><a href=\"b c.html\">a</a> <a href=\"y(z)w\">x</a></p>\n");
    check_md("[a](javascript:alert(1)) [b](data:text/html,x) [c](//evil) [d](vbscript:x)",
             "<p>a b c d</p>\n");
    check_md("[a](JavaScript:alert(1)) [b](\\\\evil) [c](java&#115;cript:x)", "<p>a b c</p>\n");
    check_md("![alt](img/p.png \"t\") ![b](file:///etc/passwd)",
             "<p><img src=\"img/p.png\" alt=\"alt\" title=\"t\"> <em>b</em></p>\n");
    check_md("<https://x.org> see https://y.org/a_b. End",
             "<p><a href=\"https://x.org\">https://x.org</a> see <a "
             "href=\"https://y.org/a_b\">https://y.org/a_b</a>. "
             "End</p>\n");
    check_md("[a] [b](c", "<p>[a] [b](c</p>\n");
    check_md("[a](x\"onmouseover=\"b)", "<p><a href=\"x&quot;onmouseover=&quot;b\">a</a></p>\n");
}

TEST(markdown_is_bounded)
{
    /* deep and long texts end, and do so soon */
    static const char *const units[] = {"> ", "- ",  "*a ", "[", "`",  "**", "_a _",
                                        "![", "~~a", "&",   "<", "| ", "\\"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct strbuf text = {0}, html = {0};
        for (int k = 0; k < 20000; k++)
            strbuf_addz(&text, units[i]);
        markdown_html(&html, strbuf_view(&text));
        assert_true(html.n < 100 * text.n);
        strbuf_release(&text);
        strbuf_release(&html);
    }
}

/* ---- foreign HTML ---- */

static void check_clean(const char *html, const char *want)
{
    struct strbuf b = {0};
    clean_html(&b, str_of(html), "p-");
    if (strcmp(b.p ? b.p : "", want) != 0)
        fail_msg("%s\n got %s\nwant %s", html, b.p ? b.p : "", want);
    strbuf_release(&b);
}

/* A NUL hides nothing from the search for what loads, and no attribute begins with a script. */
TEST(clean_looks_behind_nul)
{
    static const char html[] = "<style>.a{x\0:1;fill:url(http://x/y)}</style>"
                               "<g id='javascript:x' class='\0javascript:y' x='1\0'/>";
    struct strbuf b = {0};
    clean_html(&b, (struct str){html, sizeof html - 1}, "p-");
    assert_string_equal(b.p, "<g x=\"1\"/>");
    strbuf_release(&b);
}

TEST(clean_keeps_tables_and_pictures)
{
    check_clean("<table class=\"dataframe\"><tr><td style=\"text-align:left\" title='x\"y'>a &amp; "
                "b</td></tr></table>",
                "<table class=\"dataframe\"><tr><td style=\"text-align:left\" title=\"x&quot;y\">a "
                "&amp; b</td></tr></table>");
    check_clean(
        "<svg viewBox=\"0 0 1 1\"><defs><clipPath id=\"a\"><rect x=\"1\"/></clipPath></defs>"
        "<g clip-path=\"url(#a)\" aria-labelledby=\"t d\"><use href=\"#a\"/></g><title "
        "id=\"t\">T</title></svg>",
        "<svg viewBox=\"0 0 1 1\"><defs><clipPath id=\"p-a\"><rect x=\"1\"/></clipPath></defs>"
        "<g clip-path=\"url(#p-a)\" aria-labelledby=\"p-t p-d\"><use href=\"#p-a\"/></g><title "
        "id=\"p-t\">T</title></svg>");
    check_clean("<style>.a{fill:#000}@media (prefers-color-scheme:dark){.a{fill:#fff}}</style>",
                "<style>.a{fill:#000}@media (prefers-color-scheme:dark){.a{fill:#fff}}</style>");
    check_clean("<?xml version=\"1.0\"?><!DOCTYPE svg><svg/>", "<svg/>");
    check_clean("1 < 2 > 0", "1 &lt; 2 &gt; 0");
}

TEST(clean_drops_what_runs)
{
    check_clean("a<script>alert('</b>')</script>b", "ab");
    check_clean("<SCRIPT src=x>1</ScRiPt>b", "b");
    check_clean("<b onclick=\"x()\" ONMOUSEOVER=y>t</b>", "<b>t</b>");
    check_clean("<a href=\"javascript:x\">a</a><a href=' https://x.org '>b</a>",
                "<a>a</a><a href=\"https://x.org\">b</a>");
    check_clean("<img src=\"https://track.er/x.png\"><img src=\"data:image/png;base64,AA\">",
                "<img><img src=\"data:image/png;base64,AA\">");
    check_clean("<iframe src=x></iframe><object></object><form><input></form>x", "x");
    check_clean("<div style=\"background:url(https://x)\">a</div>", "<div>a</div>");
    check_clean("<div style=\"background:u/**/rl(https://x)\">a</div>", "<div>a</div>");
    check_clean("<div style=\"position : fixed\">a</div>", "<div>a</div>");
    check_clean("<style>@import 'x';</style>a", "a");
    check_clean(
        "<svg><foreignObject><b>x</b></foreignObject><a xlink:href=\"javascript:1\">y</a></svg>",
        "<svg><a>y</a></svg>");
    check_clean("<svg><use href=\"https://x/y.svg#a\"/><g fill=\"url(https://x)\"/></svg>",
                "<svg><use/><g/></svg>");
    check_clean("<!-- <b> --><b>x", "<b>x</b>");
    check_clean("</div></main></body>x", "x");
    check_clean("<div><span>a</div>b", "<div><span>a</span></div>b");
    check_clean("<b", "<b></b>");
    check_clean("<b x=\"1", "<b x=\"1\"></b>");
    check_clean("<script>never closed", "");
}

/* ---- code and terminal text ---- */

TEST(highlight_code)
{
    struct strbuf b = {0};
    highlight_html(&b, STR("x = t |> where f(a) > 1  # <c>"), false);
    assert_string_equal(
        b.p, "x <span class=\"o\">=</span> t <span class=\"o\">|&gt;</span> "
             "<span class=\"f\">where</span> <span class=\"f\">f</span><span class=\"o\">(</span>a"
             "<span class=\"o\">)</span> <span class=\"o\">&gt;</span> <span class=\"n\">1</span>  "
             "<span class=\"c\"># &lt;c&gt;</span>");
    strbuf_clear(&b);
    highlight_html(&b, STR("select \"A\", count(*) from t -- x\nwhere a = 'b' and n > $n"), true);
    assert_string_equal(b.p, "<span class=\"k\">select</span> <span "
                             "class=\"q\">&quot;A&quot;</span>, <span class=\"f\">count</span>(*) "
                             "<span class=\"k\">from</span> t <span class=\"c\">-- x</span>\n<span "
                             "class=\"k\">where</span> a = "
                             "<span class=\"s\">&#39;b&#39;</span> <span class=\"k\">and</span> n "
                             "&gt; <span class=\"v\">$n</span>");
    strbuf_release(&b);
}

TEST(ansi_text)
{
    struct strbuf b = {0};
    ansi_html(&b, STR("\x1b[1;31mE201 <x>\x1b[0m plain \x1b[38;5;3mq\x1b[2K\x1b"));
    assert_string_equal(b.p, "<span class=\"ansi a-b a-1\">E201 &lt;x&gt;</span> plain q");
    strbuf_clear(&b);
    ansi_strip(&b, STR("\x1b[1;31mE201\x1b[0m x\x1b[K"));
    assert_string_equal(b.p, "E201 x");
    strbuf_release(&b);
}

/* ---- pages ---- */

static struct notebook *with_outputs(void)
{
    struct unit u;
    struct notebook *nb = NULL;
    struct ctx *cx = unit_begin(&u, 1);
    const char *text =
        "---\ntitle: T <1>\n---\n\n%%md\n## A\ntext\n\n## B\n\n### C\n\n%%\nx\n\n%% tags: "
        "[hide_input]\nhidden\n\n"
        "%%sql as: q\nselect 1\n\n%%expect\nnot shown\n\n%% tags: [\"remove-cell\"]\ngone\n";
    assert_ok(cx, notebook_read_mlnb(cx, text, strlen(text), 0, &nb));
    json_t *outputs[] = {
        json_pack("{s:s, s:s, s:s}", "output_type", "stream", "name", "stdout", "text",
                  "```\n<out>\n"),
        json_pack("{s:s, s:{s:s, s:s, s:s}, s:{}}", "output_type", "display_data", "data",
                  "text/html", "<table id=\"i\"><tr><td>h</td></tr></table>", "text/plain", "plain",
                  "text/markdown", "| a |\n|---|\n| 1 |", "metadata"),
        json_pack("{s:s, s:{s:s, s:s, s:{}}, s:{}}", "output_type", "execute_result", "data",
                  "image/svg+xml", "<svg><g id=\"a\"/></svg>", "text/plain", "bar chart",
                  "application/vnd.vegalite.v5+json", "metadata"),
        json_pack("{s:s, s:s, s:s, s:[s]}", "output_type", "error", "ename", "E1", "evalue", "v",
                  "traceback", "\x1b[31mE1 v\x1b[0m"),
    };
    for (int i = 0; i < 4; i++) {
        assert_non_null(outputs[i]);
        cell_add_output(&nb->cells[1], outputs[i]);
        json_decref(outputs[i]);
    }
    unit_end(&u);
    return nb;
}

static void has(const char *page, const char *part)
{
    if (!strstr(page, part)) fail_msg("missing: %s\nin %s", part, page);
}
static void has_not(const char *page, const char *part)
{
    if (strstr(page, part)) fail_msg("should not be there: %s", part);
}

TEST(report_html)
{
    struct notebook *nb = with_outputs();
    struct strbuf b = {0};
    notebook_write_html(&b, nb);
    has(b.p, "<title>T &lt;1&gt;</title>");
    has(b.p, "<h1>T &lt;1&gt;</h1>");
    has(b.p, "<li class=\"l2\"><a href=\"#c1-a-1\">A</a></li>");
    has(b.p, "<h2 id=\"c1-a-1\">A</h2>");
    has(b.p, "<pre class=\"stdout\">```\n&lt;out&gt;</pre>");
    has(b.p, "<table id=\"c2o2-i\">");
    has(b.p, "<figure><svg><g id=\"c2o3-a\"/></svg></figure>");
    has(b.p, "<pre class=\"error\"><span class=\"ansi a-1\">E1 v</span></pre>");
    has(b.p, "%%sql as: q");
    has(b.p, "prefers-color-scheme:dark");
    has(b.p, "@media print");
    has(b.p, "name=\"viewport\"");
    has_not(b.p, "hidden</code>");
    has_not(b.p, "not shown");
    has_not(b.p, "gone");
    has_not(b.p, "<script");
    has_not(b.p, "http://");
    strbuf_release(&b);
    notebook_free(nb);
}

TEST(report_md)
{
    struct notebook *nb = with_outputs();
    struct strbuf b = {0};
    notebook_write_md(&b, nb);
    assert_string_equal(b.p, "# T <1>\n\n## A\ntext\n\n## B\n\n### "
                             "C\n\n```mlnb\nx\n```\n\n````text\n```\n<out>\n````\n\n"
                             "| a |\n|---|\n| 1 |\n\n![bar chart](data:image/svg+xml;base64,"
                             "PHN2Zz48ZyBpZD0iYSIvPjwvc3ZnPg==)\n\n```text\nE1 v\n```\n\n```sql "
                             "magic_args=\"as: q\"\nselect 1\n```\n");
    strbuf_release(&b);
    notebook_free(nb);
}
