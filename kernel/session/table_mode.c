/* table_mode.c: names of the modes, and which writer serves each. */
#include "kernel/session/table_mode.h"

#include "runtime/io/io.h"

static const char *const names[] = {
    [TABLE_BOX] = "box",   [TABLE_PLAIN] = "plain", [TABLE_MARKDOWN] = "markdown",
    [TABLE_HTML] = "html", [TABLE_CSV] = "csv",     [TABLE_VERTICAL] = "vertical",
    [TABLE_TSV] = "tsv",   [TABLE_JSON] = "json",   [TABLE_JSONL] = "jsonl",
};

bool table_mode_named(struct str name, enum table_mode *out)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!str_eqz(name, names[i])) continue;
        *out = (enum table_mode)i;
        return true;
    }
    return false;
}

const char *table_mode_name(enum table_mode m)
{
    return names[m];
}

const char *table_mode_list(void)
{
    return "box, plain, markdown, vertical, html, csv, tsv, json, jsonl";
}

bool table_mode_is_data(enum table_mode m)
{
    return m >= TABLE_CSV;
}

void table_mode_text(struct strbuf *out, enum table_mode m, const struct table *t,
                     const struct table_view *view)
{
    struct table_view plain = *view;
    plain.no_box = true;
    switch (m) {
    case TABLE_BOX: table_text(out, t, view); break;
    case TABLE_PLAIN: table_text(out, t, &plain); break;
    case TABLE_MARKDOWN: table_markdown(out, t, view); break;
    case TABLE_VERTICAL: table_vertical(out, t, view); break;
    case TABLE_HTML: table_html(out, t, view); break;
    case TABLE_CSV: io_csv_text(out, t, ','); break;
    case TABLE_TSV: io_csv_text(out, t, '\t'); break;
    case TABLE_JSON: io_json_text(out, t, true); break;
    case TABLE_JSONL: io_json_text(out, t, false); break;
    }
    while (out->n && out->p[out->n - 1] == '\n')
        out->p[--out->n] = 0;
}
