/* html.c: a frame as an HTML table that survives an untrusted notebook: the class that every host
 * styles, inline styles only, no script, everything escaped. */
#include "plotting/table/table_int.h"

#include "runtime/base/utf8.h"

enum { HTML_CELL = 60, HTML_TITLE = 1000 };

struct page {
    struct strbuf *out;
    const struct table *t;
    const struct table_view *view;
    struct shown_rows rows;
    struct cell_format *formats; /* [columns] */
    int left, right;
    struct strbuf cell;
};

static const char *align_of(const struct cell_format *f)
{
    return f->is_right ? "right" : "left";
}

static void add_cut(struct strbuf *out, struct str s, int64_t cells)
{
    struct strbuf cut = {0};
    table_cell_cut(&cut, s, cells);
    strbuf_add_html(out, strbuf_view(&cut));
    strbuf_release(&cut);
}

static void put_type(struct page *p, int i)
{
    char type[200];
    strbuf_add_html(p->out, str_of(dtype_text(p->t->schema->fields[i].type, type, sizeof type)));
}

static void put_name(struct page *p, int i)
{
    strbuf_clear(&p->cell);
    table_cell_escape(&p->cell, str_of(p->t->schema->fields[i].name));
    struct str name = strbuf_view(&p->cell);
    strbuf_printf(p->out, "<th style=\"text-align:%s\"", align_of(&p->formats[i]));
    if (utf8_width(name.p, name.n) > HTML_CELL) {
        strbuf_addz(p->out, " title=\"");
        add_cut(p->out, name, HTML_TITLE);
        strbuf_addc(p->out, '"');
    }
    strbuf_addc(p->out, '>');
    add_cut(p->out, name, HTML_CELL);
    strbuf_addz(p->out, "<br><small style=\"font-weight:normal;opacity:.6\">");
    put_type(p, i);
    strbuf_addz(p->out, "</small></th>");
}

static void put_cell(struct page *p, int i, int64_t row)
{
    strbuf_clear(&p->cell);
    bool is_value = table_cell_text(&p->cell, &p->formats[i], row);
    struct str text = strbuf_view(&p->cell);
    strbuf_printf(p->out, "<td style=\"text-align:%s\"", align_of(&p->formats[i]));
    if (utf8_width(text.p, text.n) > HTML_CELL) {
        strbuf_addz(p->out, " title=\"");
        add_cut(p->out, text, HTML_TITLE);
        strbuf_addc(p->out, '"');
    }
    strbuf_addc(p->out, '>');
    if (is_value)
        add_cut(p->out, text, HTML_CELL);
    else
        strbuf_addz(p->out, "<span style=\"opacity:.5\">null</span>");
    strbuf_addz(p->out, "</td>");
}

static bool is_shown(const struct page *p, int i)
{
    return i < p->left || i >= p->t->schema->n - p->right;
}

enum line_kind { LINE_HEAD, LINE_GAP, LINE_ROW };
static void put_line(struct page *p, enum line_kind kind, int64_t row)
{
    strbuf_addz(p->out, "<tr>");
    for (int i = 0; i < p->t->schema->n; i++) {
        if (!is_shown(p, i)) {
            if (i == p->left) strbuf_addz(p->out, kind == LINE_HEAD ? "<th>…</th>" : "<td>…</td>");
        } else if (kind == LINE_HEAD) {
            put_name(p, i);
        } else if (kind == LINE_GAP) {
            strbuf_printf(p->out, "<td style=\"text-align:%s\">…</td>", align_of(&p->formats[i]));
        } else {
            put_cell(p, i, row);
        }
    }
    strbuf_addz(p->out, "</tr>\n");
}

/* All columns with their types, folded: for frames whose table cannot hold them. */
static void put_schema(struct page *p)
{
    int n = p->t->schema->n;
    if (p->left + p->right == n) return;
    strbuf_printf(p->out,
                  "\n<details><summary><small>%d columns not shown; all %d:</small></summary>"
                  "<small>",
                  n - p->left - p->right, n);
    for (int i = 0; i < n; i++) {
        if (i) strbuf_addz(p->out, ", ");
        strbuf_clear(&p->cell);
        table_cell_escape(&p->cell, str_of(p->t->schema->fields[i].name));
        add_cut(p->out, strbuf_view(&p->cell), HTML_CELL);
        strbuf_addz(p->out, " <span style=\"opacity:.6\">");
        put_type(p, i);
        strbuf_addz(p->out, "</span>");
    }
    strbuf_addz(p->out, "</small></details>");
}

void table_html(struct strbuf *out, const struct table *t, const struct table_view *view)
{
    struct arena *arena = arena_new();
    struct page p = {.out = out, .t = t, .view = view};
    p.rows = table_shown_rows(t, view, TABLE_DOC_ROWS);
    table_doc_columns(t->schema->n, &p.left, &p.right);
    p.formats = ARENA_ARRAY(arena, struct cell_format, t->schema->n);
    for (int i = 0; i < t->schema->n; i++)
        if (is_shown(&p, i)) p.formats[i] = table_cell_format(t->cols[i], &p.rows, t, view->digits);
    if (t->schema->n) {
        strbuf_addz(out, "<table class=\"dataframe\">\n<thead>\n");
        put_line(&p, LINE_HEAD, 0);
        strbuf_addz(out, "</thead>\n<tbody>\n");
        for (int64_t r = 0; r < p.rows.n; r++) {
            if (p.rows.has_gap && r == p.rows.head) put_line(&p, LINE_GAP, 0);
            put_line(&p, LINE_ROW, shown_row(&p.rows, t, r));
        }
        strbuf_addz(out, "</tbody>\n</table>\n");
    }
    strbuf_addz(out, "<small>");
    table_dims(out, t, view, &p.rows);
    strbuf_addz(out, "</small>");
    put_schema(&p);
    strbuf_release(&p.cell);
    arena_free(arena);
}
