/* markdown.c: a frame as a pipe table (GitHub's Markdown), types as the first row. */
#include "plotting/table/table_int.h"

enum { MARKDOWN_CELL = 80 };

struct sheet {
    struct strbuf *out;
    const struct table *t;
    struct cell_format *formats;
    int left, right;
    struct strbuf cell;
};

/* Characters that Markdown or HTML would read as marks. */
static void add_marked(struct strbuf *out, struct str s)
{
    struct strbuf cut = {0};
    table_cell_cut(&cut, s, MARKDOWN_CELL);
    for (size_t i = 0; i < cut.n; i++) {
        char c = cut.p[i];
        if (c == '<')
            strbuf_addz(out, "&lt;");
        else if (c == '&')
            strbuf_addz(out, "&amp;");
        else if (strchr("|\\`*_[]~$", c)) {
            strbuf_addc(out, '\\');
            strbuf_addc(out, c);
        } else
            strbuf_addc(out, c);
    }
    strbuf_release(&cut);
}

enum line_kind { LINE_NAMES, LINE_RULE, LINE_TYPES, LINE_GAP, LINE_ROW };
static void put_cell(struct sheet *p, enum line_kind kind, int64_t row, int i)
{
    const struct field *f = &p->t->schema->fields[i];
    strbuf_clear(&p->cell);
    if (kind == LINE_NAMES) {
        table_cell_escape(&p->cell, str_of(f->name));
        add_marked(p->out, strbuf_view(&p->cell));
    } else if (kind == LINE_RULE) {
        strbuf_addz(p->out, p->formats[i].is_right ? "--:" : ":--");
    } else if (kind == LINE_TYPES) {
        char type[200];
        strbuf_addc(p->out, '*');
        add_marked(p->out, str_of(dtype_text(f->type, type, sizeof type)));
        strbuf_addc(p->out, '*');
    } else if (kind == LINE_GAP) {
        strbuf_addz(p->out, "…");
    } else if (table_cell_text(&p->cell, &p->formats[i], row)) {
        add_marked(p->out, strbuf_view(&p->cell));
    } else {
        strbuf_addz(p->out, "*null*");
    }
}

static void put_line(struct sheet *p, enum line_kind kind, int64_t row)
{
    int n = p->t->schema->n;
    strbuf_addc(p->out, '|');
    for (int i = 0; i < n; i++) {
        bool is_shown = i < p->left || i >= n - p->right;
        if (!is_shown && i != p->left) continue;
        strbuf_addc(p->out, ' ');
        if (is_shown)
            put_cell(p, kind, row, i);
        else
            strbuf_addz(p->out, kind == LINE_RULE ? ":--" : "…");
        strbuf_addz(p->out, " |");
    }
    strbuf_addc(p->out, '\n');
}

void table_markdown(struct strbuf *out, const struct table *t, const struct table_view *view)
{
    struct arena *arena = arena_new();
    struct sheet p = {.out = out, .t = t};
    struct shown_rows rows = table_shown_rows(t, view, TABLE_DOC_ROWS);
    table_doc_columns(t->schema->n, &p.left, &p.right);
    p.formats = ARENA_ARRAY(arena, struct cell_format, t->schema->n);
    for (int i = 0; i < t->schema->n; i++)
        p.formats[i] = table_cell_format(t->cols[i], &rows, t, view->digits);
    if (t->schema->n) {
        put_line(&p, LINE_NAMES, 0);
        put_line(&p, LINE_RULE, 0);
        put_line(&p, LINE_TYPES, 0);
        for (int64_t r = 0; r < rows.n; r++) {
            if (rows.has_gap && r == rows.head) put_line(&p, LINE_GAP, 0);
            put_line(&p, LINE_ROW, shown_row(&rows, t, r));
        }
        strbuf_addc(out, '\n');
    }
    table_dims(out, t, view, &rows);
    strbuf_release(&p.cell);
    arena_free(arena);
}
