/* write_mlnb.c: notebooks as text, in their one form: a blank line between cells, options in fixed
 * order, LF. */
#include "kernel/notebook/notebook_int.h"

static void put_source(struct strbuf *out, const struct cell *c)
{
    if (c->n_source == 0) return;
    for (size_t at = 0; at <= c->n_source;) {
        const char *nl = memchr(c->source + at, '\n', c->n_source - at);
        size_t end = nl ? (size_t)(nl - c->source) : c->n_source;
        struct str line = {c->source + at, end - at};
        if (is_marker_line(line) || is_escaped_marker(line)) strbuf_addc(out, '\\');
        strbuf_adds(out, line);
        strbuf_addc(out, '\n');
        at = end + 1;
    }
}

static void put_header(struct strbuf *out, const struct notebook *nb)
{
    bool has_meta = json_object_size(nb->metadata) > 0;
    if (nb->shebang) strbuf_printf(out, "%s\n", nb->shebang);
    if (nb->n_header == 0 && !has_meta) return;
    strbuf_addz(out, "---\n");
    for (int i = 0; i < nb->n_header; i++)
        strbuf_printf(out, "%s:%s%s\n", nb->header[i].key, nb->header[i].value[0] ? " " : "",
                      nb->header[i].value);
    if (has_meta) {
        strbuf_addz(out, "meta: ");
        json_put(out, nb->metadata, -1);
        strbuf_addc(out, '\n');
    }
    strbuf_addz(out, "---\n");
}

static bool is_bare_cell(const struct cell *c)
{
    return c->kind == CELL_CODE && !c->name && !c->has_own_id && c->n_tags == 0 &&
           c->n_options == 0 && json_object_size(c->metadata) == 0 && !c->attachments;
}

/* A script: one cell of code without a marker, unless its first line would be taken for a header.
 */
static bool is_script(const struct notebook *nb)
{
    if (nb->has_markers || nb->n_cells != 1 || !is_bare_cell(&nb->cells[0])) return false;
    struct str source = {nb->cells[0].source, nb->cells[0].n_source};
    if (str_trim(source).n == 0) return false;
    bool has_header = nb->n_header > 0 || json_object_size(nb->metadata) > 0;
    if (!has_header && str_starts(source, STR("---"))) return false;
    return has_header || nb->shebang || !str_starts(source, STR("#!"));
}

void notebook_write_mlnb(struct strbuf *out, const struct notebook *nb)
{
    size_t start = out->n;
    put_header(out, nb);
    bool has_header = out->n > start && (nb->n_header > 0 || json_object_size(nb->metadata) > 0);
    if (has_header && nb->n_cells > 0) strbuf_addc(out, '\n');
    if (is_script(nb)) {
        put_source(out, &nb->cells[0]);
        return;
    }
    for (int i = 0; i < nb->n_cells; i++) {
        if (i > 0) strbuf_addc(out, '\n');
        marker_text(out, &nb->cells[i]);
        strbuf_addc(out, '\n');
        put_source(out, &nb->cells[i]);
    }
}
