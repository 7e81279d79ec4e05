/* write_ipynb.c: nbformat 4.5. */
#include "kernel/notebook/notebook_int.h"

static void set_text(json_t *o, const char *key, struct str s)
{
    json_object_set_new(o, key, json_stringn_nocheck(s.n ? s.p : "", s.n));
}

/* ---- cells ---- */

static json_t *tags_of(const struct cell *c)
{
    json_t *tags = json_array();
    if (c->kind == CELL_PARAMS) json_array_append_new(tags, json_string("parameters"));
    if (c->kind == CELL_EXPECT) json_array_append_new(tags, json_string("expect"));
    for (int i = 0; i < c->n_tags; i++)
        json_array_append_new(tags, json_string_nocheck(c->tags[i]));
    return tags;
}

/* metadata.mlnb: what only our text form has a place for. */
static json_t *own_of(const struct cell *c, const char *id)
{
    json_t *own = json_object();
    if (c->n_options > 0 && c->kind != CELL_SQL) {
        json_t *options = json_object();
        for (int i = 0; i < c->n_options; i++)
            set_text(options, c->options[i].name, str_of(c->options[i].text));
        json_object_set_new(own, "options", options);
    }
    bool is_taken = c->has_own_id && strcmp(c->id, id) != 0; /* by a cell before it */
    if (is_taken)
        set_text(own, "id", str_of(c->id));
    else if (c->has_own_id && is_made_id(c->id))
        json_object_set_new(own, "id", json_true());
    return own;
}

static json_t *metadata_of(const struct cell *c, const char *id)
{
    json_t *metadata = c->metadata ? json_copy(c->metadata) : json_object();
    json_t *tags = tags_of(c), *own = own_of(c, id);
    if (c->name) set_text(metadata, "name", str_of(c->name));
    if (json_array_size(tags) > 0) json_object_set(metadata, "tags", tags);
    if (json_object_size(own) > 0) json_object_set(metadata, "mlnb", own);
    json_decref(tags);
    json_decref(own);
    return metadata;
}

static json_t *source_of(const struct cell *c)
{
    struct strbuf text = {0};
    if (c->kind == CELL_SQL && c->n_source == 0)
        marker_sql(&text, c);
    else
        cell_code(&text, c);
    json_t *lines = lines_of_text(strbuf_view(&text));
    strbuf_release(&text);
    return lines;
}

/* ---- outputs ---- */

static json_t *split_bundle(const json_t *data)
{
    json_t *out = json_object();
    const char *mime;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)data, mime, value)
    {
        if (json_is_string(value) && is_split_mime(mime))
            json_object_set_new(out, mime, lines_of_text(json_view(value)));
        else
            json_object_set(out, mime, value);
    }
    return out;
}

static json_t *split_output(const json_t *output)
{
    json_t *o = json_copy((json_t *)(uintptr_t)output);
    json_object_del(o, "transient"); /* of messages, not of files */
    json_t *text = json_object_get(o, "text"), *data = json_object_get(o, "data");
    if (json_is_string(text)) json_object_set_new(o, "text", lines_of_text(json_view(text)));
    if (json_is_object(data)) json_object_set_new(o, "data", split_bundle(data));
    return o;
}

static json_t *outputs_of(const struct cell *c)
{
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(c->outputs); i++)
        json_array_append_new(out, split_output(json_array_get(c->outputs, i)));
    return out;
}

static json_t *cell_json(const struct cell *c, const char *id)
{
    bool is_code = c->kind == CELL_CODE || c->kind == CELL_SQL || c->kind == CELL_PARAMS;
    json_t *v = json_object();
    const char *type = is_code ? "code" : c->kind == CELL_MD ? "markdown" : "raw";
    json_object_set_new(v, "cell_type", json_string(type));
    json_object_set_new(v, "id", json_string_nocheck(id));
    json_object_set_new(v, "metadata", metadata_of(c, id));
    json_object_set_new(v, "source", source_of(c));
    if (c->attachments) json_object_set(v, "attachments", c->attachments);
    if (!is_code) return v;
    json_object_set_new(v, "outputs", outputs_of(c));
    json_object_set_new(v, "execution_count",
                        c->execution_count > 0 ? json_integer(c->execution_count) : json_null());
    return v;
}

/* ---- the notebook ---- */

static void set_kernel(json_t *metadata)
{
    if (json_object_get(metadata, "kernelspec") || json_object_get(metadata, "language_info"))
        return;
    json_object_set_new(
        metadata, "kernelspec",
        json_pack("{s:s, s:s, s:s}", "display_name", "mlnb", "language", "mlnb", "name", "mlnb"));
    json_object_set_new(metadata, "language_info",
                        json_pack("{s:s, s:s, s:s, s:s}", "file_extension", ".mlnb", "mimetype",
                                  "text/x-mlnb", "name", "mlnb", "pygments_lexer", "mlnb"));
}

static json_t *notebook_metadata(const struct notebook *nb)
{
    json_t *metadata = nb->metadata ? json_copy(nb->metadata) : json_object();
    json_t *header = json_object(), *file = json_object();
    for (int i = 0; i < nb->n_header; i++)
        set_text(header, nb->header[i].key, str_of(nb->header[i].value));
    if (nb->shebang) set_text(file, "shebang", str_of(nb->shebang));
    if (!nb->has_markers) json_object_set_new(file, "script", json_true());
    if (json_object_size(header) > 0) json_object_set(metadata, "mlnb", header);
    if (json_object_size(file) > 0) json_object_set(metadata, "mlnb_file", file);
    json_decref(header);
    json_decref(file);
    set_kernel(metadata);
    return metadata;
}

void notebook_write_ipynb(struct strbuf *out, const struct notebook *nb)
{
    struct arena *a = arena_new();
    const char **ids = notebook_ids(nb, a);
    json_t *root = json_object(), *cells = json_array();
    for (int i = 0; i < nb->n_cells; i++)
        json_array_append_new(cells, cell_json(&nb->cells[i], ids[i]));
    json_object_set_new(root, "cells", cells);
    json_object_set_new(root, "metadata", notebook_metadata(nb));
    json_object_set_new(root, "nbformat", json_integer(4));
    json_object_set_new(root, "nbformat_minor", json_integer(5));
    json_put(out, root, 0);
    strbuf_addc(out, '\n');
    json_decref(root);
    arena_free(a);
}
