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

/* Which kernel a notebook of ours runs on goes without saying. */
static bool is_own_kernel(const json_t *metadata)
{
    const json_t *spec = json_object_get(metadata, "kernelspec");
    const json_t *info = json_object_get(metadata, "language_info");
    struct str language = json_view(json_object_get(spec, "language"));
    struct str name = json_view(json_object_get(info, "name"));
    if (language.n == 0 && name.n == 0) return true;
    return str_eqz(language, "mlnb") || str_eqz(name, "mlnb");
}

/* The metadata that the text form shows; NULL when there is none. A new reference. */
static json_t *shown_metadata(const struct notebook *nb)
{
    if (!nb->metadata) return NULL;
    json_t *shown = json_copy(nb->metadata);
    if (is_own_kernel(shown)) {
        json_object_del(shown, "kernelspec");
        json_object_del(shown, "language_info");
    }
    if (json_object_size(shown) > 0) return shown;
    json_decref(shown);
    return NULL;
}

/* True when there is a header. */
static bool put_header(struct strbuf *out, const struct notebook *nb)
{
    json_t *meta = shown_metadata(nb);
    if (nb->shebang) strbuf_printf(out, "%s\n", nb->shebang);
    if (nb->n_header == 0 && !meta) return false;
    strbuf_addz(out, "---\n");
    for (int i = 0; i < nb->n_header; i++)
        strbuf_printf(out, "%s:%s%s\n", nb->header[i].key, nb->header[i].value[0] ? " " : "",
                      nb->header[i].value);
    if (meta) {
        strbuf_addz(out, "meta: ");
        json_put(out, meta, -1);
        strbuf_addc(out, '\n');
    }
    strbuf_addz(out, "---\n");
    json_decref(meta);
    return true;
}

static bool is_bare_cell(const struct cell *c)
{
    return c->kind == CELL_CODE && !c->name && !c->has_own_id && c->n_tags == 0 &&
           c->n_options == 0 && json_object_size(c->metadata) == 0 && !c->attachments;
}

/* A script: one cell of code without a marker, unless its first line would be taken for a header.
 */
static bool is_script(const struct notebook *nb, bool has_header)
{
    if (nb->has_markers || nb->n_cells != 1 || !is_bare_cell(&nb->cells[0])) return false;
    struct str source = {nb->cells[0].source, nb->cells[0].n_source};
    if (str_trim(source).n == 0) return false;
    if (!has_header && str_starts(source, STR("---"))) return false;
    return has_header || nb->shebang || !str_starts(source, STR("#!"));
}

void notebook_write_mlnb(struct strbuf *out, const struct notebook *nb)
{
    bool has_header = put_header(out, nb);
    if (has_header && nb->n_cells > 0) strbuf_addc(out, '\n');
    if (is_script(nb, has_header)) {
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
