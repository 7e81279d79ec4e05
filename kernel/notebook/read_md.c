/* read_md.c: Markdown as a notebook: fences of our language and of SQL become cells, what stands
 * between them prose. Read are what notebook_write_md, jupytext (md, MyST `{code-cell}`, R Markdown
 * `{mlnb}`) and people write. Fences of outputs (`text`) stay prose: a reader sees what was there.
 */
#include "kernel/notebook/notebook_int.h"

#include "runtime/base/mem.h"
#include "runtime/base/utf8.h"

struct reader {
    struct notebook *nb;
    struct str rest;
    struct strbuf prose, code;
};

static bool next_line(struct str *rest, struct str *line)
{
    if (rest->n == 0) return false;
    const char *nl = memchr(rest->p, '\n', rest->n);
    size_t n = nl ? (size_t)(nl - rest->p) : rest->n, skip = n + (nl != NULL);
    *line = (struct str){rest->p, n};
    while (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    *rest = (struct str){rest->p + skip, rest->n - skip};
    return true;
}

/* The opening of a fence: its character and how many; 0 when it is none. */
static size_t fence_of(struct str line, struct str *info)
{
    size_t n = 0;
    char c = line.n ? line.p[0] : 0;
    if (c != '`' && c != '~') return 0;
    while (n < line.n && line.p[n] == c)
        n++;
    *info = str_trim((struct str){line.p + n, line.n - n});
    if (c == '`' && info->n && memchr(info->p, '`', info->n)) return 0;
    return n >= 3 ? n : 0;
}

static bool closes(struct str line, char c, size_t n)
{
    struct str info;
    return line.n > 0 && line.p[0] == c && fence_of(line, &info) >= n && info.n == 0;
}

/* The kind of cell that a fence's info string asks for, and what follows the language; false: it is
 * prose. */
static bool kind_of(struct str info, enum cell_kind *kind, struct str *rest)
{
    static const struct {
        const char *info;
        enum cell_kind kind;
    } known[] = {{"mlnb", CELL_CODE},        {"{mlnb", CELL_CODE},
                 {"{mlnb}", CELL_CODE},      {"{code-cell} mlnb", CELL_CODE},
                 {"{code-cell}", CELL_CODE}, {"sql", CELL_SQL}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct str head = str_of(known[i].info);
        if (!str_starts(info, head) || (info.n > head.n && info.p[head.n] != ' ')) continue;
        *kind = known[i].kind;
        *rest = (struct str){info.p + head.n, info.n - head.n};
        return true;
    }
    return false;
}

static struct str without_blank_lines(const struct strbuf *b)
{
    struct str s = strbuf_view(b);
    while (s.n > 0 && (s.p[0] == '\n'))
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n > 0 && strchr("\n\r\t ", s.p[s.n - 1]))
        s.n--;
    return s;
}

static void end_prose(struct reader *r)
{
    struct str s = without_blank_lines(&r->prose);
    if (s.n > 0) (void)notebook_add(r->nb, CELL_MD, s);
    strbuf_clear(&r->prose);
}

/* A fence's lines up to its end; true when it is closed. */
static bool read_fence(struct reader *r, char c, size_t n)
{
    struct str line;
    strbuf_clear(&r->code);
    while (next_line(&r->rest, &line)) {
        if (closes(line, c, n)) return true;
        strbuf_adds(&r->code, line);
        strbuf_addc(&r->code, '\n');
    }
    return false;
}

/* [a, "b"] from its bracket on: each is a tag. */
static void add_tags(struct cell *c, struct str list)
{
    for (size_t at = 1; at < list.n && list.p[at - 1] != ']';) {
        size_t end = at;
        while (end < list.n && list.p[end] != ',' && list.p[end] != ']')
            end++;
        struct str tag = str_trim((struct str){list.p + at, end - at});
        if (tag.n > 1 && strchr("\"'", tag.p[0]) && tag.p[tag.n - 1] == tag.p[0])
            tag = (struct str){tag.p + 1, tag.n - 2};
        char *text = mem_strndup(tag.n ? tag.p : "", tag.n);
        if (tag.n > 0) cell_add_tag(c, text);
        mem_free(text);
        at = end + 1;
    }
}

/* `:tags: [a, b]` lines of MyST at the head of a cell: the tags are kept, other fields dropped. */
static struct str take_fields(struct str code, struct cell *c)
{
    struct str rest = code, line, before = code;
    while (next_line(&rest, &line) && line.n > 1 && line.p[0] == ':') {
        before = rest;
        if (str_starts(line, STR(":tags: ["))) add_tags(c, (struct str){line.p + 7, line.n - 7});
    }
    while (before.n > 0 && before.p != code.p && before.p[0] == '\n')
        before = (struct str){before.p + 1, before.n - 1};
    return before;
}

/* What stands behind the language: tags=["slow"], magic_args="as: by_hour" (jupytext's spelling).
 */
static void take_attributes(struct str info, struct cell *c)
{
    static const struct str tags = {"tags=[", 6}, args = {"magic_args=\"", 12};
    for (size_t i = 0; i < info.n; i++) {
        struct str rest = {info.p + i, info.n - i};
        if (str_starts(rest, tags)) add_tags(c, (struct str){rest.p + 5, rest.n - 5});
        if (!str_starts(rest, args)) continue;
        struct strbuf line = {0};
        char why[200];
        size_t at;
        strbuf_addz(&line, "%%sql ");
        for (size_t k = args.n; k < rest.n && rest.p[k] != '"'; k++) {
            if (rest.p[k] == '\\' && k + 1 < rest.n) k++;
            strbuf_addc(&line, rest.p[k]);
        }
        struct notebook *trial = notebook_new();
        const struct cell *read = notebook_add(trial, CELL_CODE, STR(""));
        if (marker_read(strbuf_view(&line), &trial->cells[0], why, &at))
            for (int k = 0; k < read->n_options; k++)
                cell_set_option(c, str_of(read->options[k].name), str_of(read->options[k].text));
        notebook_free(trial);
        strbuf_release(&line);
        return;
    }
}

static void add_code(struct reader *r, enum cell_kind kind, struct str info)
{
    struct str code = without_blank_lines(&r->code);
    struct cell *c = notebook_add(r->nb, kind, STR(""));
    take_attributes(info, c);
    code = take_fields(code, c);
    cell_set_source(c, code);
    cell_settle_kind(c);
}

static void read_body(struct reader *r)
{
    struct str line, info, rest = {0};
    enum cell_kind kind;
    while (next_line(&r->rest, &line)) {
        size_t n = fence_of(line, &info);
        struct str before = r->rest;
        bool is_cell = n && kind_of(info, &kind, &rest);
        if (n && read_fence(r, line.p[0], n) && is_cell) {
            end_prose(r);
            add_code(r, kind, rest);
            continue;
        }
        strbuf_adds(&r->prose, line);
        strbuf_addc(&r->prose, '\n');
        if (!n || is_cell) { /* a fence that is never closed is prose up to the end */
            r->rest = before;
            continue;
        }
        struct str inside = {before.p, before.n - r->rest.n};
        while (next_line(&inside, &line)) {
            strbuf_adds(&r->prose, line);
            strbuf_addc(&r->prose, '\n');
        }
    }
    end_prose(r);
}

/* The YAML head (jupytext's) is no text; its title, if it has one, is the notebook's. */
static void read_head(struct reader *r)
{
    struct str rest = r->rest, line;
    if (!next_line(&rest, &line) || !str_eqz(line, "---")) return;
    while (next_line(&rest, &line)) {
        if (str_eqz(line, "---")) {
            r->rest = rest;
            return;
        }
        if (str_starts(line, STR("title: ")))
            notebook_set_header(r->nb, "title", str_trim((struct str){line.p + 7, line.n - 7}));
    }
}

rc notebook_read_md(struct ctx *cx, const char *text, size_t n, struct notebook **out)
{
    if (utf8_check(text, n) != n || (n && memchr(text, '\0', n)))
        return fail(cx, E601, NO_SPAN, "this is not a text in UTF-8");
    struct reader r = {.nb = notebook_new(), .rest = {text, n}};
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) r.rest = (struct str){text + 3, n - 3};
    read_head(&r);
    read_body(&r);
    strbuf_release(&r.prose);
    strbuf_release(&r.code);
    *out = r.nb;
    return RC_OK;
}
