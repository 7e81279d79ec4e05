/* json.c: JSON text as nbformat writes it, so that a notebook that went through Jupyter differs in
 * what was changed only: keys sorted, one blank of indentation, non-ASCII as it stands. */
#include "kernel/notebook/notebook_int.h"

#include "runtime/base/num.h"
#include "runtime/base/utf8.h"

#include <math.h>
#include <stdlib.h>

struct str json_view(const json_t *string)
{
    if (!json_is_string(string)) return STR("");
    return (struct str){json_string_value(string), json_string_length(string)};
}

static void put_string(struct strbuf *out, struct str s)
{
    strbuf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        static const char named[] = "\"\\\n\r\t\b\f", letters[] = "\"\\nrtbf";
        const char *known = c ? strchr(named, c) : NULL;
        if (known) {
            strbuf_addc(out, '\\');
            strbuf_addc(out, letters[known - named]);
        } else if ((unsigned char)c < 0x20) {
            strbuf_printf(out, "\\u%04x", (unsigned)c);
        } else {
            strbuf_addc(out, c);
        }
    }
    strbuf_addc(out, '"');
}

static void put_scalar(struct strbuf *out, const json_t *v)
{
    char buf[NUM_TEXT_MAX];
    switch (json_typeof(v)) {
    case JSON_STRING: put_string(out, json_view(v)); break;
    case JSON_INTEGER:
        int_format((int64_t)json_integer_value(v), buf);
        strbuf_addz(out, buf);
        break;
    case JSON_REAL:
        num_format(json_real_value(v), buf);
        strbuf_addz(out, isfinite(json_real_value(v)) ? buf : "null");
        break;
    case JSON_TRUE: strbuf_addz(out, "true"); break;
    case JSON_FALSE: strbuf_addz(out, "false"); break;
    default: strbuf_addz(out, "null"); break;
    }
}

/* A new line indented by `indent`, or a blank after commas on one line. */
static void break_line(struct strbuf *out, int indent, bool is_first)
{
    if (indent < 0) {
        if (!is_first) strbuf_addc(out, ' ');
        return;
    }
    strbuf_addc(out, '\n');
    strbuf_fill(out, ' ', (size_t)indent);
}

static int deeper(int indent)
{
    return indent < 0 ? indent : indent + 1;
}

struct key {
    const char *name;
    const json_t *value;
};
static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->name, ((const struct key *)b)->name);
}

static void put_value(struct strbuf *out, const json_t *v, int indent);

static void put_object(struct strbuf *out, const json_t *v, int indent)
{
    size_t n = json_object_size(v), i = 0;
    struct key *keys = mem_alloc(mem_mul(n + 1, sizeof *keys));
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)v, name, value)
    {
        keys[i++] = (struct key){name, value};
    }
    qsort(keys, n, sizeof *keys, by_name);
    strbuf_addc(out, '{');
    for (i = 0; i < n; i++) {
        if (i > 0) strbuf_addc(out, ',');
        break_line(out, deeper(indent), i == 0);
        put_string(out, str_of(keys[i].name));
        strbuf_addz(out, ": ");
        put_value(out, keys[i].value, deeper(indent));
    }
    if (n > 0 && indent >= 0) break_line(out, indent, true);
    strbuf_addc(out, '}');
    mem_free(keys);
}

static void put_array(struct strbuf *out, const json_t *v, int indent)
{
    size_t n = json_array_size(v);
    strbuf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0) strbuf_addc(out, ',');
        break_line(out, deeper(indent), i == 0);
        put_value(out, json_array_get(v, i), deeper(indent));
    }
    if (n > 0 && indent >= 0) break_line(out, indent, true);
    strbuf_addc(out, ']');
}

/* Depth is that of the parser of JSON, 2,048 at most. */
static void put_value(struct strbuf *out, const json_t *v, int indent)
{
    if (json_is_object(v))
        put_object(out, v, indent);
    else if (json_is_array(v))
        put_array(out, v, indent);
    else
        put_scalar(out, v);
}

void json_put(struct strbuf *out, const json_t *v, int indent)
{
    put_value(out, v, indent);
}

/* ---- texts as lists of lines ---- */

/* Bytes of the line end at p, 0 when there is none: those of Python's str.splitlines. */
static size_t line_end(const char *p, size_t n)
{
    unsigned char c = (unsigned char)p[0];
    if (c == '\r') return n > 1 && p[1] == '\n' ? 2 : 1;
    if ((c >= '\n' && c <= '\f') || (c >= 0x1C && c <= 0x1E)) return 1;
    if (c == 0xC2 && n > 1 && (unsigned char)p[1] == 0x85) return 2;
    bool is_sep = c == 0xE2 && n > 2 && (unsigned char)p[1] == 0x80 &&
                  ((unsigned char)p[2] == 0xA8 || (unsigned char)p[2] == 0xA9);
    return is_sep ? 3 : 0;
}

json_t *lines_of_text(struct str text)
{
    json_t *lines = json_array();
    size_t from = 0;
    for (size_t at = 0; at < text.n;) {
        size_t end = line_end(text.p + at, text.n - at);
        at += end ? end : 1;
        if (end == 0 && at < text.n) continue;
        json_array_append_new(lines, json_stringn_nocheck(text.p + from, at - from));
        from = at;
    }
    return lines;
}

bool text_of_lines(const json_t *v, struct strbuf *out)
{
    if (json_is_string(v)) {
        strbuf_adds(out, json_view(v));
        return true;
    }
    if (!json_is_array(v)) return false;
    size_t n = json_array_size(v);
    for (size_t i = 0; i < n; i++) {
        const json_t *line = json_array_get(v, i);
        if (!json_is_string(line)) return false;
        strbuf_adds(out, json_view(line));
    }
    return true;
}

/* As nbformat.v4.rwbase.split_lines: base64 stays in one piece. */
bool is_split_mime(const char *mime)
{
    struct str s = str_of(mime);
    return str_starts(s, STR("text/")) || str_eqz(s, "application/javascript") ||
           str_eqz(s, "image/svg+xml");
}

bool is_json_mime(const char *mime)
{
    struct str s = str_of(mime);
    return str_eqz(s, "application/json") ||
           (str_starts(s, STR("application/")) && str_ends(s, STR("+json")));
}
