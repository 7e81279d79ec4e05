/* marker.c: `%%sql as: by_hour, tags: [eda]`. Options are written as in steps; `meta:` holds JSON,
 * so values are read by their brackets and quotes, not by the language's grammar. */
#include "kernel/notebook/notebook_int.h"

#include "lang/syntax/lex.h"
#include "runtime/base/mem.h"
#include "runtime/base/utf8.h"

#include <stdio.h>

static const struct {
    const char *word;
    enum cell_kind kind;
} kinds[] = {{"", CELL_CODE},         {"md", CELL_MD},   {"sql", CELL_SQL},
             {"params", CELL_PARAMS}, {"raw", CELL_RAW}, {"expect", CELL_EXPECT}};

bool is_marker_line(struct str line)
{
    return str_starts(line, STR("%%"));
}

/* \%%, \\%% ..: one backslash is taken away by reading, one is put there by writing. */
bool is_escaped_marker(struct str line)
{
    size_t i = 0;
    while (i < line.n && line.p[i] == '\\')
        i++;
    return i > 0 && is_marker_line((struct str){line.p + i, line.n - i});
}

/* ---- writing ---- */

static bool is_plain_word(struct str s)
{
    return is_bare_name(s);
}

static void put_quoted(struct strbuf *out, struct str s)
{
    json_t *v = json_stringn_nocheck(s.p, s.n);
    json_put(out, v, -1);
    json_decref(v);
}

static void put_word(struct strbuf *out, const char *s)
{
    if (is_plain_word(str_of(s)))
        strbuf_addz(out, s);
    else
        put_quoted(out, str_of(s));
}

static void begin_option(struct strbuf *out, int *n, const char *name)
{
    strbuf_printf(out, "%s%s: ", (*n)++ > 0 ? ", " : " ", name);
}

static void put_tags(struct strbuf *out, const struct cell *c)
{
    strbuf_addc(out, '[');
    for (int i = 0; i < c->n_tags; i++) {
        if (i > 0) strbuf_addz(out, ", ");
        put_word(out, c->tags[i]);
    }
    strbuf_addc(out, ']');
}

static void put_meta(struct strbuf *out, const struct cell *c)
{
    json_t *all = c->metadata ? json_copy(c->metadata) : json_object();
    if (c->attachments) json_object_set(all, "attachments", c->attachments);
    json_put(out, all, -1);
    json_decref(all);
}

static void put_options(struct strbuf *out, const struct cell *c, int *n)
{
    for (int i = 0; i < c->n_options; i++) {
        begin_option(out, n, c->options[i].name);
        strbuf_addz(out, c->options[i].text);
    }
}

static const char *word_of_kind(enum cell_kind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind) return kinds[i].word;
    return "";
}

void marker_sql(struct strbuf *out, const struct cell *c)
{
    int n = 0;
    strbuf_addz(out, "%%sql");
    put_options(out, c, &n);
}

void marker_text(struct strbuf *out, const struct cell *c)
{
    int n = 0;
    strbuf_printf(out, "%%%%%s", word_of_kind(c->kind));
    put_options(out, c, &n);
    if (c->name) {
        begin_option(out, &n, "name");
        put_quoted(out, str_of(c->name));
    }
    if (c->n_tags > 0) {
        begin_option(out, &n, "tags");
        put_tags(out, c);
    }
    if (c->has_own_id && c->id) {
        begin_option(out, &n, "id");
        put_word(out, c->id);
    }
    if (json_object_size(c->metadata) > 0 || c->attachments) {
        begin_option(out, &n, "meta");
        put_meta(out, c);
    }
}

/* ---- reading ---- */

struct scan {
    struct str line;
    size_t at;
    char *why; /* [200] */
};

static bool say(struct scan *s, size_t at, const char *what)
{
    s->at = at;
    snprintf(s->why, 200, "%s", what);
    return false;
}
static void skip_blank(struct scan *s)
{
    while (s->at < s->line.n && (s->line.p[s->at] == ' ' || s->line.p[s->at] == '\t'))
        s->at++;
}
static bool at_char(const struct scan *s, char c)
{
    return s->at < s->line.n && s->line.p[s->at] == c;
}

/* Past a quoted text. */
static bool skip_quoted(struct scan *s)
{
    size_t from = s->at;
    char quote = s->line.p[s->at++];
    while (s->at < s->line.n && s->line.p[s->at] != quote)
        s->at += s->line.p[s->at] == '\\' ? 2 : 1;
    if (s->at >= s->line.n) return say(s, from, "this text is not closed");
    s->at++;
    return true;
}

/* Past a value: up to the comma that ends it. */
static bool skip_value(struct scan *s)
{
    size_t from = s->at;
    int depth = 0;
    while (s->at < s->line.n) {
        char c = s->line.p[s->at];
        if (c == ',' && depth == 0) break;
        if (c == '"' || c == '\'') {
            if (!skip_quoted(s)) return false;
            continue;
        }
        if (c == '(' || c == '[' || c == '{') depth++;
        if ((c == ')' || c == ']' || c == '}') && --depth < 0)
            return say(s, s->at, "this bracket closes nothing");
        s->at++;
    }
    if (depth > 0) return say(s, from, "a bracket of this option is not closed");
    return true;
}

/* "text" or a bare word as text. JSON's escapes are also the language's. */
static bool word_value(struct str v, char **out)
{
    if (v.n == 0) return false;
    if (v.p[0] != '"' && v.p[0] != '\'') {
        for (size_t i = 0; i < v.n; i++)
            if (strchr("\"'[]{}(),", v.p[i])) return false;
        text_set(out, v);
        return true;
    }
    struct strbuf b = {0};
    strbuf_addc(&b, '"');
    for (size_t i = 1; i + 1 < v.n; i++) {
        if (v.p[0] == '\'' && v.p[i] == '"') strbuf_addc(&b, '\\');
        strbuf_addc(&b, v.p[i]);
    }
    strbuf_addc(&b, '"');
    json_t *text = json_loadb(b.p, b.n, JSON_DECODE_ANY, NULL);
    strbuf_release(&b);
    if (json_is_string(text)) text_set(out, json_view(text));
    bool ok = json_is_string(text);
    json_decref(text);
    return ok;
}

static bool read_tags(struct cell *c, struct str v)
{
    if (v.n < 2 || v.p[0] != '[' || v.p[v.n - 1] != ']') return false;
    char why[200];
    struct scan s = {.line = {v.p + 1, v.n - 2}, .why = why};
    for (;;) {
        skip_blank(&s);
        if (s.at >= s.line.n) return true;
        size_t from = s.at;
        char *tag = NULL;
        if (!skip_value(&s)) return false;
        bool ok = word_value(str_trim((struct str){s.line.p + from, s.at - from}), &tag);
        if (ok) cell_add_tag(c, tag);
        mem_free(tag);
        if (!ok) return false;
        if (s.at < s.line.n) s.at++; /* the comma */
    }
}

static bool read_meta(struct cell *c, struct str v)
{
    json_t *all = json_loadb(v.p, v.n, JSON_ALLOW_NUL, NULL);
    if (!json_is_object(all)) {
        json_decref(all);
        return false;
    }
    json_decref(c->metadata);
    c->metadata = all;
    json_t *attachments = json_object_get(all, "attachments");
    if (json_is_object(attachments)) {
        c->attachments = json_incref(attachments);
        json_object_del(all, "attachments");
    }
    if (json_object_size(all) == 0) {
        json_decref(all);
        c->metadata = NULL;
    }
    return true;
}

bool cell_is_id(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!ok && c != '-' && c != '_') return false;
    }
    return s.n >= 1 && s.n <= 64;
}

static bool has_option(const struct cell *c, struct str name)
{
    if (str_eqz(name, "name")) return c->name != NULL;
    if (str_eqz(name, "id")) return c->id != NULL;
    if (str_eqz(name, "tags")) return c->n_tags > 0;
    if (str_eqz(name, "meta")) return c->metadata || c->attachments;
    for (int i = 0; i < c->n_options; i++)
        if (str_eqz(name, c->options[i].name)) return true;
    return false;
}

static bool set_option(struct scan *s, struct cell *c, struct str name, struct str v, size_t at)
{
    if (has_option(c, name)) return say(s, at, "this option stands twice");
    if (v.n == 0) return say(s, at, "an option is followed by its value: name: \"load\"");
    if (str_eqz(name, "name")) {
        if (!word_value(v, &c->name)) return say(s, at, "name: takes a text");
        if (c->name[0]) return true;
        mem_free(c->name); /* an empty name is none: .ipynb keeps it so */
        c->name = NULL;
        return true;
    }
    if (str_eqz(name, "id")) {
        c->has_own_id = word_value(v, &c->id) && cell_is_id(str_of(c->id));
        return c->has_own_id || say(s, at, "id: takes letters, digits, - and _, at most 64");
    }
    if (str_eqz(name, "tags"))
        return read_tags(c, v) || say(s, at, "tags: takes a list: [eda, slow]");
    if (str_eqz(name, "meta"))
        return read_meta(c, v) || say(s, at, "meta: takes a JSON object: {\"key\": 1}");
    cell_set_option(c, name, v);
    return true;
}

static bool read_option(struct scan *s, struct cell *c)
{
    size_t from = s->at;
    size_t end = scan_name(s->line.p, (uint32_t)from, (uint32_t)s->line.n);
    struct str name = {s->line.p + from, end - from};
    s->at = end;
    skip_blank(s);
    if (name.n == 0 || !at_char(s, ':'))
        return say(s, from, "options are written `name: value`, with commas between them");
    s->at++;
    skip_blank(s);
    size_t value = s->at;
    if (!skip_value(s)) return false;
    struct str v = str_trim((struct str){s->line.p + value, s->at - value});
    return set_option(s, c, name, v, from);
}

static bool read_kind(struct scan *s, struct cell *c)
{
    size_t from = s->at;
    while (s->at < s->line.n && s->line.p[s->at] != ' ' && s->line.p[s->at] != '\t')
        s->at++;
    struct str word = {s->line.p + from, s->at - from};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_eqz(word, kinds[i].word)) {
            c->kind = kinds[i].kind;
            return true;
        }
    return say(s, from,
               "cells are %%, %%md, %%sql, %%params, %%raw and %%expect; a line of text "
               "that begins so is written \\%%");
}

/* Tags that are kinds of their own. */
static void settle_kind(struct cell *c)
{
    if (c->kind == CELL_CODE && cell_take_tag(c, "parameters")) c->kind = CELL_PARAMS;
    if (c->kind == CELL_RAW && cell_take_tag(c, "expect")) c->kind = CELL_EXPECT;
    if (c->kind == CELL_PARAMS) cell_take_tag(c, "parameters");
    if (c->kind == CELL_EXPECT) cell_take_tag(c, "expect");
}

bool marker_read(struct str line, struct cell *c, char why[200], size_t *at)
{
    struct scan s = {.line = line, .at = 2, .why = why};
    bool ok = read_kind(&s, c);
    skip_blank(&s);
    while (ok && s.at < line.n) {
        ok = read_option(&s, c);
        if (ok && s.at < line.n) s.at++; /* the comma */
        if (ok) skip_blank(&s);
    }
    if (ok) settle_kind(c);
    *at = s.at;
    return ok;
}
