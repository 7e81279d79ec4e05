/* markdown.c: blocks of Markdown as HTML: headings, paragraphs, lists, quotes, code, tables, rules.
 * The rules are those of CommonMark 0.31 and GitHub's tables where people notice; HTML in the text
 * is shown, not obeyed. */
#include "kernel/notebook/notebook_int.h"

#define MAX_DEPTH 12 /* quotes and lists inside each other */

struct md {
    struct strbuf *out;
    struct arena *a;
    const char *id_prefix; /* NULL: headings get no ids */
    struct heading *headings;
    int n_headings, cap_headings;
};
struct lines {
    struct str *line; /* [n] without line ends */
    int n, cap;
};

static void blocks(struct md *md, struct lines in, int depth, bool is_tight);

/* ---- lines ---- */

static void add_line(struct arena *a, struct lines *l, struct str s)
{
    if (l->n == l->cap) {
        int cap = l->cap ? 2 * l->cap : 8;
        struct str *more = ARENA_ARRAY(a, struct str, cap);
        if (l->n > 0) memcpy(more, l->line, (size_t)l->n * sizeof *more);
        l->line = more;
        l->cap = cap;
    }
    l->line[l->n++] = s;
}

static struct lines split(struct arena *a, struct str text)
{
    struct lines out = {0};
    for (size_t at = 0; at < text.n;) {
        const char *nl = memchr(text.p + at, '\n', text.n - at);
        size_t end = nl ? (size_t)(nl - text.p) : text.n;
        size_t stop = end > at && text.p[end - 1] == '\r' ? end - 1 : end;
        add_line(a, &out, (struct str){text.p + at, stop - at});
        at = end + 1;
    }
    return out;
}

static size_t indent_of(struct str s)
{
    size_t cells = 0;
    for (size_t i = 0; i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'); i++)
        cells = s.p[i] == '\t' ? (cells / 4 + 1) * 4 : cells + 1;
    return cells;
}
/* Without up to `cells` cells of indentation. */
static struct str outdent(struct str s, size_t cells)
{
    size_t i = 0, at = 0;
    while (i < s.n && at < cells && (s.p[i] == ' ' || s.p[i] == '\t')) {
        at = s.p[i] == '\t' ? (at / 4 + 1) * 4 : at + 1;
        i++;
    }
    return (struct str){s.p + i, s.n - i};
}
static struct str left_trim(struct str s)
{
    return outdent(s, SIZE_MAX);
}
static bool is_empty(struct str s)
{
    return str_trim(s).n == 0;
}

/* ---- what begins a block ---- */

static int heading_level(struct str s)
{
    s = left_trim(s);
    int n = 0;
    while ((size_t)n < s.n && s.p[n] == '#')
        n++;
    bool is_heading = n >= 1 && n <= 6 && ((size_t)n == s.n || s.p[n] == ' ' || s.p[n] == '\t');
    return is_heading ? n : 0;
}

static bool is_rule(struct str s)
{
    s = str_trim(s);
    int n = 0;
    if (s.n == 0 || !strchr("-*_", s.p[0])) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == s.p[0])
            n++;
        else if (s.p[i] != ' ' && s.p[i] != '\t')
            return false;
    }
    return n >= 3;
}

/* Length of the ``` or ~~~ that the line begins with, or 0. */
static size_t fence_of(struct str s, char *mark)
{
    if (indent_of(s) > 3) return 0;
    s = left_trim(s);
    size_t n = 0;
    if (s.n == 0 || (s.p[0] != '`' && s.p[0] != '~')) return 0;
    while (n < s.n && s.p[n] == s.p[0])
        n++;
    *mark = s.p[0];
    bool has_tick = *mark == '`' && memchr(s.p + n, '`', s.n - n) != NULL;
    return n >= 3 && !has_tick ? n : 0;
}

struct marker {
    bool is_ordered;
    char mark; /* - * + or . ) */
    long number;
    size_t indent; /* cells before the marker */
    size_t width;  /* cells from the line's start to the item's text */
    struct str text;
};

static bool list_marker(struct str s, struct marker *m)
{
    size_t indent = indent_of(s), digits = 0;
    struct str t = left_trim(s);
    *m = (struct marker){.indent = indent, .number = 0};
    while (digits < t.n && digits < 10 && t.p[digits] >= '0' && t.p[digits] <= '9')
        m->number = m->number * 10 + (t.p[digits++] - '0');
    m->is_ordered = digits > 0;
    if (digits > 9 || digits >= t.n) return false;
    m->mark = t.p[digits];
    if (!(m->is_ordered ? m->mark == '.' || m->mark == ')'
                        : m->mark == '-' || m->mark == '*' || m->mark == '+'))
        return false;
    struct str rest = {t.p + digits + 1, t.n - digits - 1};
    if (rest.n > 0 && rest.p[0] != ' ' && rest.p[0] != '\t') return false;
    size_t gap = indent_of(rest);
    if (rest.n == 0 || is_empty(rest) || gap > 4) gap = 1;
    m->width = indent + digits + 1 + gap;
    m->text = outdent(rest, gap);
    return true;
}

static bool begins_block(struct str s)
{
    struct marker m;
    char mark;
    if (indent_of(s) > 3) return false;
    if (heading_level(s) || is_rule(s) || fence_of(s, &mark)) return true;
    if (left_trim(s).n > 0 && left_trim(s).p[0] == '>') return true;
    /* a number in the middle of a text begins no list, unless it is 1 */
    return list_marker(s, &m) && !is_empty(m.text) && (!m.is_ordered || m.number == 1);
}

/* ---- headings ---- */

static char *heading_id(struct md *md, struct str text)
{
    struct strbuf b = {0};
    strbuf_addz(&b, md->id_prefix);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80);
        if (is_word)
            strbuf_addc(&b, c);
        else if (b.n > 0 && b.p[b.n - 1] != '-')
            strbuf_addc(&b, '-');
    }
    strbuf_printf(&b, "-%d", md->n_headings + 1);
    char *id = arena_strndup(md->a, b.p, b.n);
    strbuf_release(&b);
    return id;
}

static void put_heading(struct md *md, int level, struct str text)
{
    if (!md->id_prefix) {
        strbuf_printf(md->out, "<h%d>", level);
    } else {
        if (md->n_headings == md->cap_headings) {
            int cap = md->cap_headings ? 2 * md->cap_headings : 8;
            struct heading *more = ARENA_ARRAY(md->a, struct heading, cap);
            if (md->n_headings) memcpy(more, md->headings, (size_t)md->n_headings * sizeof *more);
            md->headings = more;
            md->cap_headings = cap;
        }
        char *id = heading_id(md, text);
        md->headings[md->n_headings++] = (struct heading){level, text, id};
        strbuf_printf(md->out, "<h%d id=\"%s\">", level, id);
    }
    markdown_inline(md->out, text, 0);
    strbuf_printf(md->out, "</h%d>\n", level);
}

static struct str heading_text(struct str s, int level)
{
    s = str_trim(s);
    s = str_trim((struct str){s.p + level, s.n - (size_t)level});
    size_t n = s.n; /* closing #s */
    while (n > 0 && s.p[n - 1] == '#')
        n--;
    if (n < s.n && (n == 0 || s.p[n - 1] == ' ')) s.n = n;
    return str_trim(s);
}

/* ---- code ---- */

static void put_code(struct md *md, struct str language, struct lines code, size_t indent)
{
    struct strbuf text = {0};
    for (int i = 0; i < code.n; i++) {
        strbuf_adds(&text, outdent(code.line[i], indent));
        strbuf_addc(&text, '\n');
    }
    strbuf_addz(md->out, "<pre><code");
    if (language.n > 0) {
        strbuf_addz(md->out, " class=\"language-");
        strbuf_add_html(md->out, language);
        strbuf_addc(md->out, '"');
    }
    strbuf_addc(md->out, '>');
    bool is_sql = str_eq_nocase(language, STR("sql"));
    if (is_sql || str_eqz(language, "mlnb"))
        highlight_html(md->out, strbuf_view(&text), is_sql);
    else
        strbuf_add_html(md->out, strbuf_view(&text));
    strbuf_addz(md->out, "</code></pre>\n");
    strbuf_release(&text);
}

/* ``` to ```; one that is never closed goes to the end. */
static int fenced(struct md *md, struct lines in, int i)
{
    char mark, other = 0;
    size_t n = fence_of(in.line[i], &mark), indent = indent_of(in.line[i]);
    struct str info = left_trim(in.line[i]);
    info = str_trim((struct str){info.p + n, info.n - n});
    size_t word = 0;
    while (word < info.n && info.p[word] != ' ' && info.p[word] != '{' && info.p[word] != ',')
        word++;
    int end = i + 1;
    while (end < in.n) {
        size_t closing = fence_of(in.line[end], &other);
        if (closing >= n && other == mark && str_trim(in.line[end]).n == closing) break;
        end++;
    }
    put_code(md, (struct str){info.p, word}, (struct lines){in.line + i + 1, end - i - 1, 0},
             indent);
    return end < in.n ? end + 1 : end;
}

static int indented(struct md *md, struct lines in, int i)
{
    int end = i, last = i;
    for (; end < in.n && (indent_of(in.line[end]) >= 4 || is_empty(in.line[end])); end++)
        if (!is_empty(in.line[end])) last = end;
    put_code(md, STR(""), (struct lines){in.line + i, last + 1 - i, 0}, 4);
    return last + 1;
}

/* ---- quotes and lists ---- */

static int quote(struct md *md, struct lines in, int i, int depth)
{
    struct lines inside = {0};
    for (; i < in.n; i++) {
        struct str s = left_trim(in.line[i]);
        bool is_quoted = s.n > 0 && s.p[0] == '>' && indent_of(in.line[i]) <= 3;
        if (!is_quoted && (s.n == 0 || begins_block(in.line[i]))) break;
        if (is_quoted) s = outdent((struct str){s.p + 1, s.n - 1}, 1);
        add_line(md->a, &inside, s);
    }
    strbuf_addz(md->out, "<blockquote>\n");
    blocks(md, inside, depth + 1, false);
    strbuf_addz(md->out, "</blockquote>\n");
    return i;
}

/* The lines of one item from line i on, their indentation taken away. *has_gap: a blank line stands
 * between what the item itself holds (what a list inside it holds does not count). */
static int item_lines(struct md *md, struct lines in, int i, const struct marker *m,
                      struct lines *out, bool *has_gap)
{
    bool after_blank = false, has_list = false;
    struct marker next;
    out->n = 0;
    add_line(md->a, out, m->text);
    if (is_empty(m->text) && i + 1 < in.n && is_empty(in.line[i + 1])) return i + 1;
    for (i++; i < in.n; i++) {
        struct str s = in.line[i];
        if (is_empty(s)) {
            after_blank = true;
            add_line(md->a, out, STR(""));
            continue;
        }
        bool belongs = indent_of(s) >= m->width;
        bool is_lazy = !after_blank && !begins_block(s) && !list_marker(s, &next);
        if (!belongs && !is_lazy) break;
        struct str inner = belongs ? outdent(s, m->width) : left_trim(s);
        if (after_blank && !(has_list && indent_of(inner) >= 2)) *has_gap = true;
        if (list_marker(inner, &next)) has_list = true;
        after_blank = false;
        add_line(md->a, out, inner);
    }
    while (out->n > 0 && is_empty(out->line[out->n - 1]))
        out->n--;
    return i;
}

static void put_item(struct md *md, struct lines item, int depth, bool is_tight)
{
    static const struct {
        const char *mark, *html;
    } boxes[] = {{"[ ] ", "<input type=\"checkbox\" disabled> "},
                 {"[x] ", "<input type=\"checkbox\" disabled checked> "},
                 {"[X] ", "<input type=\"checkbox\" disabled checked> "}};
    strbuf_addz(md->out, "<li>");
    for (size_t i = 0; i < 3 && item.n > 0; i++)
        if (str_starts(item.line[0], str_of(boxes[i].mark))) {
            strbuf_addz(md->out, boxes[i].html);
            item.line[0] = (struct str){item.line[0].p + 4, item.line[0].n - 4};
        }
    blocks(md, item, depth + 1, is_tight);
    strbuf_addz(md->out, "</li>\n");
}

static bool same_list(const struct marker *a, const struct marker *b)
{
    return a->is_ordered == b->is_ordered && a->mark == b->mark && b->indent < a->width;
}

/* Where the list ends, and whether a blank line stands between items or inside one. */
static bool is_loose(struct md *md, struct lines in, int i, const struct marker *first)
{
    struct marker m = *first, next;
    bool has_gap = false;
    struct lines item = {0};
    while (i < in.n) {
        int after = item_lines(md, in, i, &m, &item, &has_gap);
        if (after >= in.n || !list_marker(in.line[after], &next) || !same_list(&m, &next)) break;
        if (after > 0 && is_empty(in.line[after - 1])) has_gap = true;
        m = next;
        i = after;
    }
    return has_gap;
}

static int list(struct md *md, struct lines in, int i, const struct marker *first, int depth)
{
    struct marker m = *first, next;
    bool is_tight = !is_loose(md, in, i, first), gap = false;
    struct lines item = {0};
    if (m.is_ordered && m.number != 1)
        strbuf_printf(md->out, "<ol start=\"%ld\">\n", m.number);
    else
        strbuf_addz(md->out, m.is_ordered ? "<ol>\n" : "<ul>\n");
    for (;;) {
        i = item_lines(md, in, i, &m, &item, &gap);
        put_item(md, item, depth, is_tight);
        if (i >= in.n || !list_marker(in.line[i], &next) || !same_list(&m, &next) ||
            is_rule(in.line[i]))
            break;
        m = next;
    }
    strbuf_addz(md->out, m.is_ordered ? "</ol>\n" : "</ul>\n");
    return i;
}

/* ---- tables ---- */

/* The next cell of a row; | in code or behind a backslash does not count. */
static bool next_cell(struct str row, size_t *at, struct str *cell)
{
    if (*at > row.n) return false;
    size_t i = *at;
    bool in_code = false;
    for (; i < row.n && (in_code || row.p[i] != '|'); i++) {
        if (row.p[i] == '\\' && i + 1 < row.n)
            i++;
        else if (row.p[i] == '`')
            in_code = !in_code;
    }
    if (i > row.n) i = row.n;
    *cell = str_trim((struct str){row.p + *at, i - *at});
    *at = i + 1;
    return true;
}

static struct str inner_row(struct str row)
{
    row = str_trim(row);
    if (row.n > 0 && row.p[0] == '|') row = (struct str){row.p + 1, row.n - 1};
    bool is_escaped = row.n > 1 && row.p[row.n - 2] == '\\';
    if (row.n > 0 && row.p[row.n - 1] == '|' && !is_escaped) row.n--;
    return row;
}

static int count_cells(struct str row)
{
    size_t at = 0;
    int n = 0;
    struct str cell;
    for (row = inner_row(row); next_cell(row, &at, &cell);)
        n++;
    return n;
}

/* :---: */
static bool is_align_cell(struct str s, char *align)
{
    bool left = s.n > 0 && s.p[0] == ':', right = s.n > 0 && s.p[s.n - 1] == ':';
    size_t dashes = 0;
    for (size_t i = left; i + right < s.n; i++) {
        if (s.p[i] != '-') return false;
        dashes++;
    }
    *align = left && right ? 'c' : right ? 'r' : left ? 'l' : 0;
    return dashes > 0;
}

static bool begins_table(struct lines in, int i)
{
    if (i + 1 >= in.n || !memchr(in.line[i].p, '|', in.line[i].n)) return false;
    if (in.line[i + 1].n == 0 || !memchr(in.line[i + 1].p, '-', in.line[i + 1].n)) return false;
    size_t at = 0;
    struct str cell, row = inner_row(in.line[i + 1]);
    char align;
    while (next_cell(row, &at, &cell))
        if (!is_align_cell(cell, &align)) return false;
    return count_cells(in.line[i]) == count_cells(in.line[i + 1]);
}

static void put_row(struct md *md, struct str row, const char *aligns, int n, const char *tag)
{
    size_t at = 0;
    struct str cell;
    row = inner_row(row);
    strbuf_addz(md->out, "<tr>");
    for (int i = 0; i < n; i++) {
        if (!next_cell(row, &at, &cell)) cell = STR("");
        static const char *const names[] = {"left", "center", "right"};
        const char *name = aligns[i] == 'l' ? names[0] : aligns[i] == 'c' ? names[1] : names[2];
        strbuf_printf(md->out, "<%s", tag);
        if (aligns[i]) strbuf_printf(md->out, " style=\"text-align:%s\"", name);
        strbuf_addc(md->out, '>');
        struct strbuf text = {0}; /* \| is | in a table */
        for (size_t k = 0; k < cell.n; k++)
            if (!(cell.p[k] == '\\' && k + 1 < cell.n && cell.p[k + 1] == '|'))
                strbuf_addc(&text, cell.p[k]);
        markdown_inline(md->out, strbuf_view(&text), 0);
        strbuf_release(&text);
        strbuf_printf(md->out, "</%s>", tag);
    }
    strbuf_addz(md->out, "</tr>\n");
}

static int table(struct md *md, struct lines in, int i)
{
    int n = count_cells(in.line[i]);
    char *aligns = arena_zero(md->a, (size_t)n + 1);
    size_t at = 0;
    struct str cell, row = inner_row(in.line[i + 1]);
    for (int k = 0; k < n && next_cell(row, &at, &cell); k++)
        if (!is_align_cell(cell, &aligns[k])) aligns[k] = 0;
    strbuf_addz(md->out, "<div class=\"scroll\"><table>\n<thead>\n");
    put_row(md, in.line[i], aligns, n, "th");
    strbuf_addz(md->out, "</thead>\n<tbody>\n");
    for (i += 2; i < in.n && !is_empty(in.line[i]) && !begins_block(in.line[i]); i++)
        put_row(md, in.line[i], aligns, n, "td");
    strbuf_addz(md->out, "</tbody>\n</table></div>\n");
    return i;
}

/* ---- paragraphs ---- */

/* === or --- under a line of text. */
static int underline_level(struct str s)
{
    s = str_trim(s);
    if (s.n == 0 || (s.p[0] != '=' && s.p[0] != '-')) return 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != s.p[0]) return 0;
    return s.p[0] == '=' ? 1 : 2;
}

static int paragraph(struct md *md, struct lines in, int i, bool is_tight)
{
    struct strbuf text = {0};
    int level = 0;
    for (int from = i; i < in.n && !is_empty(in.line[i]); i++) {
        level = i > from ? underline_level(in.line[i]) : 0;
        if (level > 0) break;
        if (i > from && (begins_block(in.line[i]) || begins_table(in, i))) break;
        if (i > from) strbuf_addc(&text, '\n');
        strbuf_adds(&text, left_trim(in.line[i]));
    }
    struct str s = arena_str(md->a, strbuf_view(&text));
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    strbuf_release(&text);
    if (level > 0) {
        put_heading(md, level, s);
        return i + 1;
    }
    strbuf_addz(md->out, is_tight ? "" : "<p>");
    markdown_inline(md->out, s, 0);
    strbuf_addz(md->out, is_tight ? "\n" : "</p>\n");
    return i;
}

/* <!-- .. --> is for those who read the source. */
static int comment(struct lines in, int i)
{
    for (; i < in.n; i++)
        for (size_t k = 0; k + 3 <= in.line[i].n; k++)
            if (memcmp(in.line[i].p + k, "-->", 3) == 0) return i + 1;
    return i;
}

static int block(struct md *md, struct lines in, int i, int depth, bool is_tight)
{
    struct marker m;
    char mark;
    struct str s = in.line[i], t = left_trim(s);
    int level = heading_level(s);
    if (indent_of(s) >= 4) return indented(md, in, i);
    if (level > 0) {
        put_heading(md, level, heading_text(s, level));
        return i + 1;
    }
    if (fence_of(s, &mark)) return fenced(md, in, i);
    if (is_rule(s)) {
        strbuf_addz(md->out, "<hr>\n");
        return i + 1;
    }
    if (str_starts(t, STR("<!--"))) return comment(in, i);
    if (depth < MAX_DEPTH && t.p[0] == '>') return quote(md, in, i, depth);
    if (depth < MAX_DEPTH && list_marker(s, &m)) return list(md, in, i, &m, depth);
    if (begins_table(in, i)) return table(md, in, i);
    return paragraph(md, in, i, is_tight);
}

static void blocks(struct md *md, struct lines in, int depth, bool is_tight)
{
    for (int i = 0; i < in.n;) {
        if (is_empty(in.line[i]))
            i++;
        else
            i = block(md, in, i, depth, is_tight);
    }
}

void markdown_report(struct strbuf *out, struct str text, const char *id_prefix, struct arena *a,
                     struct heading **headings, int *n_headings)
{
    struct md md = {.out = out, .a = a, .id_prefix = id_prefix};
    blocks(&md, split(a, text), 0, false);
    *headings = md.headings;
    *n_headings = md.n_headings;
}

void markdown_html(struct strbuf *out, struct str text)
{
    struct arena *a = arena_new();
    struct heading *headings;
    int n;
    markdown_report(out, text, NULL, a, &headings, &n);
    arena_free(a);
}
