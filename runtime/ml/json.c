/* json.c: see json_int.h. */
#include "runtime/ml/json_int.h"

#include "runtime/base/mem.h"
#include "runtime/base/num.h"

#include <math.h>

/* ---- writing ---- */
static void separate(struct json_out *o)
{
    if (o->needs_comma && !o->after_key) strbuf_addc(&o->text, ',');
    o->needs_comma = true;
    o->after_key = false;
}

void json_out_open(struct json_out *o, char bracket)
{
    separate(o);
    strbuf_addc(&o->text, bracket);
    o->needs_comma = false;
    o->depth++;
}

void json_out_close(struct json_out *o, char bracket)
{
    strbuf_addc(&o->text, bracket);
    o->needs_comma = true;
    o->depth--;
}

static void quoted(struct strbuf *b, struct str s)
{
    strbuf_addc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\')
            strbuf_printf(b, "\\%c", c);
        else if (c < 0x20)
            strbuf_printf(b, "\\u%04x", c);
        else
            strbuf_addc(b, (char)c);
    }
    strbuf_addc(b, '"');
}

void json_out_key(struct json_out *o, const char *key)
{
    if (o->needs_comma) strbuf_addc(&o->text, ',');
    if (o->depth <= 1) strbuf_addc(&o->text, '\n'); /* one line a member: files diff */
    quoted(&o->text, str_of(key));
    strbuf_addc(&o->text, ':');
    o->after_key = true;
}

void json_out_num(struct json_out *o, double x)
{
    char buf[NUM_TEXT_MAX];
    separate(o);
    if (isfinite(x)) num_format(x, buf);
    strbuf_addz(&o->text, isfinite(x) ? buf : "null");
}

void json_out_int(struct json_out *o, int64_t x)
{
    char buf[NUM_TEXT_MAX];
    separate(o);
    int_format(x, buf);
    strbuf_addz(&o->text, buf);
}

void json_out_bool(struct json_out *o, bool x)
{
    separate(o);
    strbuf_addz(&o->text, x ? "true" : "false");
}

void json_out_str(struct json_out *o, struct str s)
{
    separate(o);
    quoted(&o->text, s);
}

void json_out_null(struct json_out *o)
{
    separate(o);
    strbuf_addz(&o->text, "null");
}

static int add_dump(const char *p, size_t n, void *data)
{
    strbuf_add(data, p, n);
    return 0;
}

void json_out_json(struct json_out *o, const json_t *j)
{
    separate(o);
    json_dump_callback(j, add_dump, &o->text, JSON_COMPACT | JSON_ENCODE_ANY);
}

void json_out_nums(struct json_out *o, const char *key, const double *v, size_t n)
{
    if (key) json_out_key(o, key);
    json_out_open(o, '[');
    for (size_t i = 0; i < n; i++)
        json_out_num(o, v[i]);
    json_out_close(o, ']');
}

/* ---- reading ---- */
enum rc_t json_bad(struct ctx *cx, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    fail(cx, E407, NO_SPAN, "the model file is damaged: %s", b.p);
    strbuf_release(&b);
    return RC_ERR;
}

enum rc_t json_get_num(struct ctx *cx, const json_t *j, const char *key, double *out)
{
    const json_t *v = json_object_get(j, key);
    if (!json_is_number(v)) return json_bad(cx, "`%s` is not a number", key);
    *out = json_number_value(v);
    return RC_OK;
}

enum rc_t json_get_int(struct ctx *cx, const json_t *j, const char *key, int64_t min, int64_t max,
                       int64_t *out)
{
    const json_t *v = json_object_get(j, key);
    if (!json_is_integer(v)) return json_bad(cx, "`%s` is not a whole number", key);
    json_int_t i = json_integer_value(v);
    if (i < min || i > max) return json_bad(cx, "`%s` is out of range", key);
    *out = i;
    return RC_OK;
}

enum rc_t json_get_bool(struct ctx *cx, const json_t *j, const char *key, bool *out)
{
    const json_t *v = json_object_get(j, key);
    if (!json_is_boolean(v)) return json_bad(cx, "`%s` is not true or false", key);
    *out = json_is_true(v);
    return RC_OK;
}

enum rc_t json_get_str(struct ctx *cx, const json_t *j, const char *key, const char **out)
{
    const json_t *v = json_object_get(j, key);
    if (!json_is_string(v)) return json_bad(cx, "`%s` is not text", key);
    if (strlen(json_string_value(v)) != json_string_length(v))
        return json_bad(cx, "`%s` holds a NUL", key);
    *out = json_string_value(v);
    return RC_OK;
}

enum rc_t json_get_list(struct ctx *cx, const json_t *j, const char *key, size_t max,
                        const json_t **out)
{
    const json_t *v = json_object_get(j, key);
    if (!json_is_array(v)) return json_bad(cx, "`%s` is not a list", key);
    if (json_array_size(v) > max) return json_bad(cx, "`%s` is too long", key);
    *out = v;
    return RC_OK;
}

enum rc_t json_list_nums(struct ctx *cx, const json_t *v, const char *key, double *out, size_t n)
{
    if (!json_is_array(v) || json_array_size(v) != n)
        return json_bad(cx, "`%s` is not a list of %zu numbers", key, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *e = json_array_get(v, i);
        if (!json_is_number(e)) return json_bad(cx, "`%s` holds what is no number", key);
        out[i] = json_number_value(e);
    }
    return RC_OK;
}

enum rc_t json_get_nums(struct ctx *cx, const json_t *j, const char *key, double *out, size_t n)
{
    return json_list_nums(cx, json_object_get(j, key), key, out, n);
}
