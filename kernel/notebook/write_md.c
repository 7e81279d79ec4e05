/* write_md.c: a notebook as Markdown: prose as it stands, code in fences, outputs below it. */
#include "kernel/notebook/notebook_int.h"

static struct str without_end(struct str s)
{
    while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == ' '))
        s.n--;
    return s;
}

/* Whether a markdown cell says the title itself. */
static bool says_title(const struct notebook *nb, const char *title)
{
    for (int i = 0; i < nb->n_cells; i++) {
        const struct cell *c = &nb->cells[i];
        const char *at = c->kind == CELL_MD ? strstr(c->source, title) : NULL;
        size_t n = strlen(title);
        bool is_heading = at && at >= c->source + 2 && at[-1] == ' ' && at[-2] == '#' &&
                          (at == c->source + 2 || at[-3] == '\n') &&
                          (at[n] == '\n' || at[n] == '\0');
        if (is_heading) return true;
    }
    return false;
}

/* The language and what else the cell is, in jupytext's spelling, so that it reads back. */
static void put_info(struct strbuf *out, const struct cell *c)
{
    struct strbuf options = {0};
    strbuf_addz(out, c->kind == CELL_SQL ? "sql" : c->kind == CELL_RAW ? "" : "mlnb");
    if (c->kind == CELL_PARAMS) strbuf_addz(out, " tags=[\"parameters\"]");
    if (c->kind != CELL_SQL || c->n_options == 0) return;
    marker_sql(&options, c);
    strbuf_addz(out, " magic_args=\"");
    for (size_t i = 6; i < options.n; i++) { /* behind "%%sql " */
        if (options.p[i] == '"' || options.p[i] == '\\') strbuf_addc(out, '\\');
        if (options.p[i] != '`') strbuf_addc(out, options.p[i]);
    }
    strbuf_addc(out, '"');
    strbuf_release(&options);
}

static void put_cell(struct strbuf *out, const struct cell *c)
{
    struct str source = without_end((struct str){c->source, c->n_source});
    if (cell_is_hidden(c)) return;
    if (c->kind == CELL_MD) {
        if (source.n == 0) return;
        strbuf_adds(out, source);
        strbuf_addz(out, "\n\n");
        return;
    }
    struct strbuf info = {0};
    put_info(&info, c);
    if (source.n > 0 && !cell_hides_input(c)) fence_md(out, info.p, source);
    strbuf_release(&info);
    for (size_t i = 0; i < json_array_size(c->outputs) && !cell_hides_output(c); i++)
        output_md(out, json_array_get(c->outputs, i));
}

void notebook_write_md(struct strbuf *out, const struct notebook *nb)
{
    const char *title = notebook_header(nb, "title");
    size_t start = out->n;
    if (title && title[0] && !says_title(nb, title)) strbuf_printf(out, "# %s\n\n", title);
    for (int i = 0; i < nb->n_cells; i++)
        put_cell(out, &nb->cells[i]);
    while (out->n > start + 1 && out->p[out->n - 1] == '\n' && out->p[out->n - 2] == '\n')
        buf_cut(out, out->n - 1);
}
