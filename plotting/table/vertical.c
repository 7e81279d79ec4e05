/* vertical.c: a record a block, a field a line. */
#include "plotting/table/table_int.h"

#include "runtime/base/num.h"
#include "runtime/base/utf8.h"

static void put_head(struct strbuf *out, int64_t row, int64_t cells)
{
    char number[NUM_TEXT_MAX];
    int n = int_format_thousands(row + 1, number);
    strbuf_printf(out, "── row %.*s ", n, number);
    for (int64_t i = 8 + n; i < cells; i++)
        strbuf_addz(out, "─");
    strbuf_addc(out, '\n');
}

static void put_name(struct strbuf *out, const char *name, int64_t cells)
{
    size_t from = out->n;
    table_cell_escape(out, str_of(name));
    for (int64_t i = utf8_width(out->p + from, out->n - from); i < cells; i++)
        strbuf_addc(out, ' ');
    strbuf_addz(out, "  ");
}

static int64_t name_cells(const struct schema *schema)
{
    int64_t widest = 0;
    for (int i = 0; i < schema->n; i++) {
        struct strbuf name = {0};
        table_cell_escape(&name, str_of(schema->fields[i].name));
        int64_t w = utf8_width(name.p, name.n);
        if (w > widest) widest = w;
        strbuf_release(&name);
    }
    return widest;
}

void table_vertical(struct strbuf *out, const struct table *t, const struct table_view *view)
{
    struct shown_rows rows = table_shown_rows(t, view, INT64_MAX);
    struct arena *arena = arena_new();
    struct cell_format *f = ARENA_ARRAY(arena, struct cell_format, t->schema->n + 1);
    struct strbuf cell = {0};
    int64_t cells = name_cells(t->schema);
    for (int i = 0; i < t->schema->n; i++)
        f[i] = table_cell_format(t->cols[i], &rows, t, view->digits);
    for (int64_t r = 0; r < rows.n; r++) {
        int64_t row = shown_row(&rows, t, r);
        put_head(out, row, cells + 2);
        for (int i = 0; i < t->schema->n; i++) {
            put_name(out, t->schema->fields[i].name, cells);
            strbuf_clear(&cell);
            bool is_value = table_cell_text(&cell, &f[i], row);
            if (!is_value && view->color) strbuf_addz(out, "\033[2m");
            strbuf_adds(out, str_trim(strbuf_view(&cell)));
            if (!is_value && view->color) strbuf_addz(out, "\033[22m");
            strbuf_addc(out, '\n');
        }
    }
    table_dims(out, t, view, &rows);
    strbuf_release(&cell);
    arena_free(arena);
}
