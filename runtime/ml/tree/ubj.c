/* ubj.c: see xgb_int.h. */
#include "runtime/ml/tree/xgb_int.h"

#define MAX_NESTING 64

struct ubj {
    const unsigned char *p, *end;
};

static json_t *value_of(struct ubj *u, int type, int depth);

static bool take(struct ubj *u, size_t n, const unsigned char **out)
{
    if ((size_t)(u->end - u->p) < n) return false;
    *out = u->p;
    u->p += n;
    return true;
}

static int next_type(struct ubj *u)
{
    while (u->p < u->end && *u->p == 'N') /* no-op */
        u->p++;
    return u->p < u->end ? *u->p++ : -1;
}

static size_t width_of(int type)
{
    switch (type) {
    case 'i':
    case 'U':
    case 'C': return 1;
    case 'I': return 2;
    case 'l':
    case 'd': return 4;
    case 'L':
    case 'D': return 8;
    default: return 0;
    }
}

/* Big-endian number of a type that width_of knows. */
static json_t *number_of(int type, const unsigned char *b)
{
    uint64_t v = 0;
    for (size_t i = 0; i < width_of(type); i++)
        v = v << 8 | b[i];
    if (type == 'i') return json_integer((int8_t)v);
    if (type == 'U' || type == 'C') return json_integer((json_int_t)v);
    if (type == 'I') return json_integer((int16_t)v);
    if (type == 'l') return json_integer((int32_t)v);
    if (type == 'L') return json_integer((int64_t)v);
    double x;
    float f;
    uint32_t low = (uint32_t)v;
    memcpy(&f, &low, sizeof f);
    memcpy(&x, &v, sizeof x);
    if (type == 'd') x = (double)f;
    if (x - x == 0) return json_real(x);
    return x != x ? json_null() : json_real(x > 0 ? 1e308 : -1e308); /* JSON has no infinities */
}

static bool length_of(struct ubj *u, size_t *out)
{
    int type = next_type(u);
    const unsigned char *b;
    if (type == 'd' || type == 'D' || width_of(type) == 0 || !take(u, width_of(type), &b))
        return false;
    json_t *n = number_of(type, b);
    json_int_t v = json_integer_value(n);
    json_decref(n);
    if (v < 0) return false;
    *out = (size_t)v;
    return true;
}

static json_t *text_of(struct ubj *u)
{
    size_t n;
    const unsigned char *b;
    if (!length_of(u, &n) || !take(u, n, &b)) return NULL;
    return json_stringn((const char *)b, n); /* NULL unless UTF-8 */
}

/* "$type" and "#count" at the head of a list or object. */
static bool head_of(struct ubj *u, int *type, bool *is_counted, size_t *count)
{
    *type = 0;
    *is_counted = false;
    if (u->p < u->end && *u->p == '$') {
        u->p++;
        *type = next_type(u);
        if (*type < 0 || u->p >= u->end || *u->p != '#') return false;
    }
    if (u->p < u->end && *u->p == '#') {
        u->p++;
        *is_counted = true;
        return length_of(u, count);
    }
    return true;
}

static bool more(struct ubj *u, bool is_counted, size_t count, size_t i, int end)
{
    if (is_counted) return i < count;
    while (u->p < u->end && *u->p == 'N')
        u->p++;
    if (u->p >= u->end || *u->p != end) return true; /* what comes next fails by itself */
    u->p++;
    return false;
}

static json_t *list_of(struct ubj *u, int depth)
{
    int type;
    bool is_counted;
    size_t count = 0;
    if (!head_of(u, &type, &is_counted, &count)) return NULL;
    if (is_counted && count > (size_t)(u->end - u->p)) return NULL; /* a byte each at least */
    json_t *list = json_array();
    for (size_t i = 0; more(u, is_counted, count, i, ']'); i++) {
        json_t *v = value_of(u, type ? type : next_type(u), depth + 1);
        if (!v || json_array_append_new(list, v) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *object_of(struct ubj *u, int depth)
{
    int type;
    bool is_counted;
    size_t count = 0;
    if (!head_of(u, &type, &is_counted, &count)) return NULL;
    json_t *object = json_object();
    for (size_t i = 0; more(u, is_counted, count, i, '}'); i++) {
        json_t *key = text_of(u);
        json_t *v = key ? value_of(u, type ? type : next_type(u), depth + 1) : NULL;
        bool ok = v && json_object_setn_new(object, json_string_value(key), json_string_length(key),
                                            v) == 0;
        json_decref(key);
        if (ok) continue;
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *value_of(struct ubj *u, int type, int depth)
{
    const unsigned char *b;
    if (depth > MAX_NESTING) return NULL;
    switch (type) {
    case 'Z': return json_null();
    case 'T': return json_true();
    case 'F': return json_false();
    case 'S': return text_of(u);
    case '[': return list_of(u, depth);
    case '{': return object_of(u, depth);
    default: break;
    }
    if (width_of(type) == 0 || !take(u, width_of(type), &b)) return NULL;
    return number_of(type, b);
}

json_t *ubj_read(const char *p, size_t n)
{
    struct ubj u = {.p = (const unsigned char *)p, .end = (const unsigned char *)p + n};
    int type = n ? next_type(&u) : -1;
    return type == '{' ? value_of(&u, type, 0) : NULL;
}
