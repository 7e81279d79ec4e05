/* vars.c: `.vars`: the variables as a table. */
#include "kernel/session/session_int.h"

#include "runtime/base/num.h"
#include "runtime/base/utf8.h"

#define COLUMNS 5
static const char *const heads[COLUMNS] = {"name", "type", "size", "rows", "value"};
static const bool to_the_right[COLUMNS] = {false, false, true, true, false};

static char *size_text(struct arena *a, int64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double x = (double)bytes;
    int u = 0;
    if (bytes < 0) return arena_printf(a, "%s", "");
    for (; x >= 999.5 && u < 4; u++)
        x /= 1000;
    return arena_printf(a, u && x < 9.95 ? "%.1f %s" : "%.0f %s", x, units[u]);
}

static char *rows_text(struct arena *a, const struct lang_variable *v)
{
    char text[NUM_TEXT_MAX];
    if (v->rows < 0) return arena_printf(a, "%s", v->columns >= 0 ? "?" : "");
    int_format_thousands(v->rows, text);
    return arena_printf(a, "%s", text);
}

static void texts_of(struct arena *a, const struct lang_variable *v, const char *out[COLUMNS])
{
    struct str value = v->preview;
    if (v->columns >= 0)
        value = str_of(arena_printf(a, "%d column%s", v->columns, v->columns == 1 ? "" : "s"));
    size_t n = utf8_fit(value.p, value.n, 30);
    out[0] = v->name;
    out[1] = v->type;
    out[2] = size_text(a, v->bytes);
    out[3] = rows_text(a, v);
    out[4] = arena_printf(a, "%.*s%s", (int)n, value.p, n < value.n ? ".." : "");
}

static void put_cell(struct strbuf *b, const char *text, int64_t width, bool right, bool is_last)
{
    int64_t gap = width - utf8_width(text, strlen(text));
    for (; right && gap > 0; gap--)
        strbuf_addc(b, ' ');
    strbuf_addz(b, text);
    for (; !is_last && gap > 0; gap--)
        strbuf_addc(b, ' ');
    if (!is_last) strbuf_addz(b, "  ");
}

static void put_plain(struct strbuf *b, const char *const (*rows)[COLUMNS], int n)
{
    int64_t width[COLUMNS] = {0};
    for (int i = 0; i < n; i++)
        for (int c = 0; c < COLUMNS; c++) {
            int64_t w = utf8_width(rows[i][c], strlen(rows[i][c]));
            if (w > width[c]) width[c] = w;
        }
    for (int i = 0; i < n; i++) {
        if (i) strbuf_addc(b, '\n');
        for (int c = 0; c < COLUMNS; c++)
            put_cell(b, rows[i][c], width[c], to_the_right[c], c == COLUMNS - 1);
        while (b->n && b->p[b->n - 1] == ' ')
            b->p[--b->n] = 0;
    }
}

static void put_html(struct strbuf *b, const char *const (*rows)[COLUMNS], int n)
{
    strbuf_addz(b, "<table class=\"dataframe\">\n");
    for (int i = 0; i < n; i++) {
        const char *tag = i ? "td" : "th";
        strbuf_addz(b, "<tr>");
        for (int c = 0; c < COLUMNS; c++) {
            strbuf_printf(b, "<%s style=\"text-align:%s\">", tag,
                          to_the_right[c] ? "right" : "left");
            strbuf_add_html(b, str_of(rows[i][c]));
            strbuf_printf(b, "</%s>", tag);
        }
        strbuf_addz(b, "</tr>\n");
    }
    strbuf_addz(b, "</table>\n");
}

void session_vars(struct session *s, struct strbuf *plain, struct strbuf *html)
{
    struct arena *a = arena_new();
    struct lang_variable *all;
    struct lang_snapshot *snap = lang_snapshot(s->lang);
    int n = lang_snapshot_variables(snap, a, &all);
    if (!n) {
        strbuf_addz(plain, "no variables");
    } else {
        const char *(*rows)[COLUMNS] = (void *)ARENA_ARRAY(a, const char *, (n + 1) * COLUMNS);
        memcpy(rows[0], heads, sizeof heads);
        for (int i = 0; i < n; i++)
            texts_of(a, &all[i], rows[i + 1]);
        put_plain(plain, (const char *const(*)[COLUMNS])rows, n + 1);
        put_html(html, (const char *const(*)[COLUMNS])rows, n + 1);
    }
    lang_snapshot_unref(snap);
    arena_free(a);
}
