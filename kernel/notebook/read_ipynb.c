/* read_ipynb.c: Jupyter's notebooks, nbformat 4 (nbformat.readthedocs.io, "The Notebook file
 * format"). What a program wrote for its own use is dropped: fold and scroll state, timings, widget
 * state; other metadata is kept. */
#include "kernel/notebook/notebook_int.h"

#include "runtime/base/mem.h"

struct reader {
    struct ctx *cx;
    struct notebook *nb;
    int cell; /* number of the cell in hand, from 1 */
};

static rc broken(struct reader *r, const char *what)
{
    if (r->cell > 0) return fail(r->cx, E601, NO_SPAN, "cell %d: %s", r->cell, what);
    return fail(r->cx, E601, NO_SPAN, "%s", what);
}

/* Text with LF ends and without NUL, which no text file may hold. */
static void clean_source(struct strbuf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->p[i] == '\n')
            while (n > 0 && b->p[n - 1] == '\r')
                n--;
        if (b->p[i] != '\0') b->p[n++] = b->p[i];
    }
    while (n > 0 && b->p[n - 1] == '\r')
        n--;
    buf_cut(b, n);
}

/* ---- metadata ---- */

static void drop(json_t *o, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        json_object_del(o, keys[i]);
}

static bool read_tag_list(struct cell *c, const json_t *tags)
{
    if (!json_is_array(tags)) return tags == NULL;
    for (size_t i = 0; i < json_array_size(tags); i++) {
        struct str tag = json_view(json_array_get(tags, i));
        if (tag.n == 0 || memchr(tag.p, '\0', tag.n)) return false;
        cell_add_tag(c, json_string_value(json_array_get(tags, i)));
    }
    return true;
}

/* metadata.mlnb of a cell: options of its marker line, and whether the id is a person's. */
static void read_own(struct cell *c, const json_t *own)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(own, "options"), name, value)
    {
        struct str text = json_view(value);
        bool is_line = text.n > 0 && !memchr(text.p, '\n', text.n) && !memchr(text.p, '\0', text.n);
        if (is_line && !cell_option(c, name)) cell_set_option(c, str_of(name), text);
    }
    const json_t *id = json_object_get(own, "id");
    if (json_is_true(id)) c->has_own_id = c->id != NULL;
    if (cell_is_id(json_view(id))) { /* the same id twice in a text: .ipynb has another one */
        text_set(&c->id, json_view(id));
        c->has_own_id = true;
    }
}

static rc read_cell_metadata(struct reader *r, struct cell *c, const json_t *metadata)
{
    static const char *const state[] = {"collapsed", "scrolled", "ExecuteTime", "execution",
                                        "papermill", "trusted",  "jupyter",     "vscode"};
    if (!json_is_object(metadata)) return metadata ? broken(r, "metadata is not an object") : RC_OK;
    json_t *rest = json_copy((json_t *)(uintptr_t)metadata);
    struct str name = json_view(json_object_get(rest, "name"));
    bool ok = read_tag_list(c, json_object_get(rest, "tags"));
    if (ok) json_object_del(rest, "tags");
    if (name.n > 0 && !memchr(name.p, '\n', name.n) && !memchr(name.p, '\0', name.n)) {
        text_set(&c->name, name);
        json_object_del(rest, "name");
    }
    read_own(c, json_object_get(rest, "mlnb"));
    json_object_del(rest, "mlnb");
    drop(rest, state, sizeof state / sizeof state[0]);
    if (json_object_size(rest) > 0) c->metadata = json_incref(rest);
    json_decref(rest);
    return ok ? RC_OK : broken(r, "tags are not a list of texts");
}

/* ---- outputs: texts that stand as lists of lines become one ---- */

static void join_text(json_t *o, const char *key)
{
    struct strbuf text = {0};
    json_t *v = json_object_get(o, key);
    if (json_is_array(v) && text_of_lines(v, &text))
        json_object_set_new(o, key, json_stringn_nocheck(text.p ? text.p : "", text.n));
    strbuf_release(&text);
}

static void join_bundle(json_t *data)
{
    void *it = json_object_iter(data);
    while (it) {
        const char *mime = json_object_iter_key(it);
        void *next = json_object_iter_next(data, it);
        struct strbuf text = {0};
        json_t *v = json_object_iter_value(it);
        if (!is_json_mime(mime) && json_is_array(v) && text_of_lines(v, &text))
            json_object_iter_set_new(data, it, json_stringn_nocheck(text.p ? text.p : "", text.n));
        strbuf_release(&text);
        it = next;
    }
}

static rc read_outputs(struct reader *r, struct cell *c, json_t *outputs)
{
    if (!outputs) return RC_OK;
    if (!json_is_array(outputs)) return broken(r, "outputs are not a list");
    for (size_t i = 0; i < json_array_size(outputs); i++) {
        json_t *o = json_array_get(outputs, i);
        if (!json_is_object(o) || !json_is_string(json_object_get(o, "output_type")))
            return broken(r, "an output has no output_type");
        join_text(o, "text");
        json_t *data = json_object_get(o, "data");
        if (json_is_object(data)) join_bundle(data);
    }
    if (json_array_size(outputs) > 0) c->outputs = json_incref(outputs);
    return RC_OK;
}

/* ---- cells ---- */

/* A code cell whose first line is `%%sql ..` as a SQL cell; one that cannot be read stays code. */
static void read_sql_line(struct cell *c)
{
    struct str source = {c->source, c->n_source};
    if (!str_starts(source, STR("%%sql"))) return;
    const char *nl = memchr(source.p, '\n', source.n);
    struct str line = {source.p, nl ? (size_t)(nl - source.p) : source.n};
    struct notebook *trial = notebook_new();
    const struct cell *read = notebook_add(trial, CELL_CODE, STR(""));
    char why[200];
    size_t at;
    bool ok = !memchr(line.p, '\0', line.n) && marker_read(line, &trial->cells[0], why, &at);
    /* what Jupyter keeps elsewhere must not stand there twice */
    ok = ok && read->kind == CELL_SQL && !read->name && !read->id && read->n_tags == 0 &&
         !read->metadata;
    if (ok) {
        for (int i = 0; i < read->n_options; i++)
            if (!cell_option(c, read->options[i].name))
                cell_set_option(c, str_of(read->options[i].name), str_of(read->options[i].text));
        size_t skip = line.n + (nl != NULL);
        char *rest = mem_strndup(source.p + skip, source.n - skip);
        c->kind = CELL_SQL;
        c->first_line = 2;
        cell_set_source(c, (struct str){rest, source.n - skip});
        mem_free(rest);
    }
    notebook_free(trial);
}

static bool kind_of(const json_t *type, enum cell_kind *out)
{
    struct str s = json_view(type);
    if (str_eqz(s, "code"))
        *out = CELL_CODE;
    else if (str_eqz(s, "markdown"))
        *out = CELL_MD;
    else if (str_eqz(s, "raw"))
        *out = CELL_RAW;
    else
        return false;
    return true;
}

void cell_settle_kind(struct cell *c)
{
    if (c->kind == CELL_RAW && cell_take_tag(c, "expect")) c->kind = CELL_EXPECT;
    if (c->kind == CELL_CODE) read_sql_line(c);
    if (c->kind == CELL_CODE && cell_take_tag(c, "parameters")) c->kind = CELL_PARAMS;
}

static void read_id(struct cell *c, const json_t *id)
{
    struct str s = json_view(id);
    if (!cell_is_id(s)) return; /* nbformat allows no other; a text could not hold it */
    text_set(&c->id, s);
    c->has_own_id = !is_made_id(c->id);
}

static rc read_cell(struct reader *r, json_t *v)
{
    enum cell_kind kind;
    struct strbuf source = {0};
    if (!json_is_object(v)) return broken(r, "this is not an object");
    if (!kind_of(json_object_get(v, "cell_type"), &kind))
        return broken(r, "cell_type is none of code, markdown, raw");
    const json_t *text = json_object_get(v, "source");
    if (text && !text_of_lines(text, &source)) {
        strbuf_release(&source);
        return broken(r, "source is neither a text nor a list of texts");
    }
    clean_source(&source);
    struct cell *c = notebook_add(r->nb, kind, strbuf_view(&source));
    strbuf_release(&source);
    read_id(c, json_object_get(v, "id"));
    TRY(read_cell_metadata(r, c, json_object_get(v, "metadata")));
    json_t *attachments = json_object_get(v, "attachments");
    if (json_object_size(attachments) > 0) c->attachments = json_incref(attachments);
    if (kind == CELL_CODE) TRY(read_outputs(r, c, json_object_get(v, "outputs")));
    json_t *count = json_object_get(v, "execution_count");
    if (json_is_integer(count)) c->execution_count = (int64_t)json_integer_value(count);
    cell_settle_kind(c);
    return RC_OK;
}

/* ---- the notebook ---- */

/* What can stand as a `key: value` line of our header. */
static bool is_field(const char *key, const json_t *value)
{
    struct str text = json_view(value);
    if (!json_is_string(value) || !key[0] || strcmp(key, "meta") == 0) return false;
    if (strcmp(key, "mlnb") == 0 && !str_eqz(text, "1")) return false;
    for (const char *c = key; *c; c++)
        if (!(*c == '_' || *c == '-' || (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
              (*c >= 'A' && *c <= 'Z')))
            return false;
    return !memchr(text.p, '\n', text.n) && !str_ends(text, STR("\r")) &&
           !memchr(text.p, '\0', text.n);
}

static void read_header(struct reader *r, const json_t *header)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)header, key, value)
    {
        if (is_field(key, value)) notebook_set_header(r->nb, key, str_trim(json_view(value)));
    }
}

static void read_metadata(struct reader *r, const json_t *metadata)
{
    static const char *const state[] = {"widgets", "papermill", "mlnb", "mlnb_file", "trusted"};
    if (!json_is_object(metadata)) return;
    read_header(r, json_object_get(metadata, "mlnb"));
    const json_t *file = json_object_get(metadata, "mlnb_file");
    struct str shebang = json_view(json_object_get(file, "shebang"));
    if (str_starts(shebang, STR("#!")) && is_field("x", json_object_get(file, "shebang")))
        text_set(&r->nb->shebang, shebang);
    r->nb->has_markers = !json_is_true(json_object_get(file, "script"));
    json_t *rest = json_copy((json_t *)(uintptr_t)metadata);
    drop(rest, state, sizeof state / sizeof state[0]);
    if (json_object_size(rest) > 0) r->nb->metadata = json_incref(rest);
    json_decref(rest);
}

static rc check_version(struct reader *r, const json_t *root)
{
    const json_t *version = json_object_get(root, "nbformat");
    if (!json_is_object(root) || !json_is_integer(version))
        return broken(r, "this JSON is not a notebook: it has no nbformat number");
    if (json_integer_value(version) < 4)
        return broken(r,
                      "this notebook is of nbformat 3 or older; open and save it in Jupyter first");
    if (json_integer_value(version) > 4)
        return broken(r, "this notebook is of a newer nbformat than 4");
    if (!json_is_array(json_object_get(root, "cells")))
        return broken(r, "the notebook has no list of cells");
    return RC_OK;
}

/* Python writes NaN and Infinity, which JSON does not know (papermill keeps parameters so): they
 * are read as null. NULL with *e when the text is no JSON either way. */
static json_t *load_json(const char *text, size_t n, json_error_t *e)
{
    static const struct str words[] = {{"NaN", 3}, {"Infinity", 8}, {"-Infinity", 9}};
    json_t *root = json_loadb(text, n, JSON_ALLOW_NUL, e);
    if (root) return root;
    struct strbuf b = {0};
    bool in_string = false, changed = false;
    for (size_t i = 0; i < n; i++) {
        size_t skip = 0;
        for (int k = 0; k < 3 && !in_string; k++)
            if (str_starts((struct str){text + i, n - i}, words[k])) skip = words[k].n;
        if (text[i] == '"') in_string = !in_string;
        if (skip) {
            strbuf_addz(&b, "null");
            i += skip - 1;
            changed = true;
        } else {
            strbuf_addc(&b, text[i]);
            if (in_string && text[i] == '\\' && i + 1 < n) strbuf_addc(&b, text[++i]);
        }
    }
    json_error_t again;
    if (changed) root = json_loadb(b.p, b.n, JSON_ALLOW_NUL, &again);
    strbuf_release(&b);
    return root;
}

rc notebook_read_ipynb(struct ctx *cx, const char *text, size_t n, struct notebook **out)
{
    json_error_t e;
    struct reader r = {.cx = cx};
    enum rc_t res = RC_ERR;
    size_t skip = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    json_t *root = load_json(text + skip, n - skip, &e);
    if (!root)
        return fail(cx, E601, NO_SPAN, "line %d, column %d: this is not JSON: %s", e.line, e.column,
                    e.text);
    r.nb = notebook_new();
    TRY_OUT(check_version(&r, root));
    read_metadata(&r, json_object_get(root, "metadata"));
    json_t *cells = json_object_get(root, "cells");
    for (size_t i = 0; i < json_array_size(cells); i++) {
        r.cell = (int)i + 1;
        TRY_OUT(read_cell(&r, json_array_get(cells, i)));
    }
    if (r.nb->n_cells != 1) r.nb->has_markers = true;
    res = RC_OK;
    *out = r.nb;
out:
    json_decref(root);
    if (res != RC_OK) notebook_free(r.nb);
    return res;
}
