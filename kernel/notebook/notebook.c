/* notebook.c: cells and their parts. */
#include "kernel/notebook/notebook_int.h"

#include "lang/syntax/lex.h"
#include "runtime/base/mem.h"

/* ---- texts ---- */

void text_set(char **to, struct str s)
{
    char *copy = mem_strndup(s.n ? s.p : "", s.n);
    mem_free(*to);
    *to = copy;
}

json_t *object_of(json_t **to)
{
    if (!*to) *to = json_object();
    return *to;
}

/* ---- notebooks ---- */

struct notebook *notebook_new(void)
{
    struct notebook *nb = mem_zero(sizeof *nb);
    nb->has_markers = true;
    return nb;
}

static void cell_release(struct cell *c)
{
    mem_free(c->source);
    mem_free(c->name);
    mem_free(c->id);
    for (int i = 0; i < c->n_tags; i++)
        mem_free(c->tags[i]);
    mem_free(c->tags);
    for (int i = 0; i < c->n_options; i++) {
        mem_free(c->options[i].name);
        mem_free(c->options[i].text);
    }
    mem_free(c->options);
    json_decref(c->metadata);
    json_decref(c->attachments);
    json_decref(c->outputs);
}

void notebook_free(struct notebook *nb)
{
    if (!nb) return;
    for (int i = 0; i < nb->n_cells; i++)
        cell_release(&nb->cells[i]);
    for (int i = 0; i < nb->n_header; i++) {
        mem_free(nb->header[i].key);
        mem_free(nb->header[i].value);
    }
    mem_free(nb->cells);
    mem_free(nb->header);
    mem_free(nb->shebang);
    json_decref(nb->metadata);
    mem_free(nb);
}

struct cell *notebook_add(struct notebook *nb, enum cell_kind kind, struct str source)
{
    nb->cells = mem_realloc(nb->cells, mem_mul((size_t)nb->n_cells + 1, sizeof *nb->cells));
    struct cell *c = &nb->cells[nb->n_cells++];
    *c = (struct cell){.kind = kind, .first_line = kind == CELL_SQL ? 2 : 1};
    cell_set_source(c, source);
    return c;
}

void cell_set_source(struct cell *c, struct str source)
{
    text_set(&c->source, source);
    c->n_source = source.n;
}

/* ---- header ---- */

const char *notebook_header(const struct notebook *nb, const char *key)
{
    for (int i = 0; i < nb->n_header; i++)
        if (strcmp(nb->header[i].key, key) == 0) return nb->header[i].value;
    return NULL;
}

/* The known fields come first, others by name: then a text does not change on its way through
 * .ipynb, which has no order. */
static int rank_of_key(const char *key)
{
    static const char *const known[] = {"mlnb", "title", "kernel", "pool", "requires"};
    for (int i = 0; i < 5; i++)
        if (strcmp(key, known[i]) == 0) return i;
    return strcmp(key, "meta") == 0 ? 7 : 6;
}

static bool goes_before(const char *a, const char *b)
{
    int x = rank_of_key(a), y = rank_of_key(b);
    return x != y ? x < y : strcmp(a, b) < 0;
}

void notebook_set_header(struct notebook *nb, const char *key, struct str value)
{
    for (int i = 0; i < nb->n_header; i++)
        if (strcmp(nb->header[i].key, key) == 0) {
            text_set(&nb->header[i].value, value);
            return;
        }
    nb->header = mem_realloc(nb->header, mem_mul((size_t)nb->n_header + 1, sizeof *nb->header));
    int at = nb->n_header++;
    for (; at > 0 && goes_before(key, nb->header[at - 1].key); at--)
        nb->header[at] = nb->header[at - 1];
    nb->header[at] = (struct notebook_field){mem_strndup(key, strlen(key)),
                                             mem_strndup(value.n ? value.p : "", value.n)};
}

/* ---- tags and options ---- */

bool cell_has_tag(const struct cell *c, const char *tag)
{
    for (int i = 0; i < c->n_tags; i++)
        if (strcmp(c->tags[i], tag) == 0) return true;
    return false;
}

void cell_add_tag(struct cell *c, const char *tag)
{
    if (cell_has_tag(c, tag)) return;
    c->tags = mem_realloc(c->tags, mem_mul((size_t)c->n_tags + 1, sizeof *c->tags));
    c->tags[c->n_tags++] = mem_strndup(tag, strlen(tag));
}

bool cell_take_tag(struct cell *c, const char *tag)
{
    for (int i = 0; i < c->n_tags; i++) {
        if (strcmp(c->tags[i], tag) != 0) continue;
        mem_free(c->tags[i]);
        memmove(c->tags + i, c->tags + i + 1, (size_t)(c->n_tags - i - 1) * sizeof *c->tags);
        c->n_tags--;
        return true;
    }
    return false;
}

const char *cell_option(const struct cell *c, const char *name)
{
    for (int i = 0; i < c->n_options; i++)
        if (strcmp(c->options[i].name, name) == 0) return c->options[i].text;
    return NULL;
}

/* `as` first, others by name. */
void cell_set_option(struct cell *c, struct str name, struct str text)
{
    c->options = mem_realloc(c->options, mem_mul((size_t)c->n_options + 1, sizeof *c->options));
    struct cell_option made = {mem_strndup(name.p, name.n),
                               mem_strndup(text.n ? text.p : "", text.n)};
    int at = c->n_options++;
    for (; at > 0; at--) {
        const char *before = c->options[at - 1].name;
        bool is_first = strcmp(made.name, "as") == 0;
        if (strcmp(before, "as") == 0 || (!is_first && strcmp(before, made.name) <= 0)) break;
        c->options[at] = c->options[at - 1];
    }
    c->options[at] = made;
}

/* ---- what is run ---- */

void cell_code(struct strbuf *out, const struct cell *c)
{
    if (c->kind == CELL_SQL) {
        marker_sql(out, c);
        strbuf_addc(out, '\n');
    }
    strbuf_add(out, c->source, c->n_source);
}

/* ---- outputs ---- */

static bool is_stream(const json_t *output)
{
    return str_eqz(json_view(json_object_get(output, "output_type")), "stream");
}

void cell_add_output(struct cell *c, json_t *output)
{
    if (!c->outputs) c->outputs = json_array();
    size_t n = json_array_size(c->outputs);
    json_t *last = n > 0 ? json_array_get(c->outputs, n - 1) : NULL;
    bool is_same = last && is_stream(last) && is_stream(output) &&
                   json_equal(json_object_get(last, "name"), json_object_get(output, "name"));
    if (!is_same) {
        json_array_append(c->outputs, output);
        return;
    }
    struct strbuf text = {0};
    strbuf_adds(&text, json_view(json_object_get(last, "text")));
    strbuf_adds(&text, json_view(json_object_get(output, "text")));
    json_object_set_new(last, "text", json_stringn_nocheck(text.p ? text.p : "", text.n));
    strbuf_release(&text);
}

void cell_clear_outputs(struct cell *c)
{
    json_decref(c->outputs);
    c->outputs = NULL;
}

/* ---- canonical form ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Whether byte `at` lies inside a string: its blanks are part of the program. */
static bool is_in_string(const struct token *toks, int n, int *from, size_t at)
{
    while (*from < n && toks[*from].to <= at)
        (*from)++;
    const struct token *t = &toks[*from < n ? *from : n - 1];
    return t->from < at && (t->kind == TOK_STR || t->kind == TOK_FSTR);
}

/* Source without blanks at line ends and blank lines around. Two blanks at the end of a line are a
 * line break in Markdown: there a backslash says the same. */
static void tidy(struct cell *c, struct arena *a)
{
    bool is_md = c->kind == CELL_MD;
    bool is_code = c->kind == CELL_CODE || c->kind == CELL_PARAMS;
    int n_toks = 0, tok = 0;
    struct token *toks = is_code ? lex_all(a, c->source, c->n_source, &n_toks) : NULL;
    struct strbuf out = {0};
    for (size_t at = 0; at < c->n_source;) {
        const char *nl = memchr(c->source + at, '\n', c->n_source - at);
        size_t end = nl ? (size_t)(nl - c->source) : c->n_source, stop = end;
        while (stop > at && is_blank(c->source[stop - 1]))
            stop--;
        if (is_code && stop < end && is_in_string(toks, n_toks, &tok, stop)) stop = end;
        if (stop > at || out.n > 0) {
            strbuf_add(&out, c->source + at, stop - at);
            bool is_break = is_md && end - stop >= 2 && stop > at && nl && nl[1] != '\n' && nl[1];
            if (is_break) strbuf_addc(&out, '\\');
            strbuf_addc(&out, '\n');
        }
        at = end + 1;
    }
    while (out.n > 0 && out.p[out.n - 1] == '\n')
        buf_cut(&out, out.n - 1);
    cell_set_source(c, strbuf_view(&out));
    strbuf_release(&out);
}

void notebook_canonical(struct notebook *nb)
{
    struct arena *a = arena_new();
    for (int i = 0; i < nb->n_cells; i++)
        tidy(&nb->cells[i], a);
    arena_free(a);
}
