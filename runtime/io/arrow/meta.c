/* meta.c: the schema message to fields, and the list of messages of a file or stream. */
#include "runtime/io/arrow/arrow_int.h"

#include "runtime/base/cancel.h"

#include <inttypes.h>

rc arrow_damaged(struct ctx *cx, const struct arrow_scan *s, const char *what)
{
    return fail(cx, E302, s->span, "`%s` is damaged: %s", s->head.label, what);
}

/* ---- types to format strings ---- */
enum {
    TYPE_NULL = 1,
    TYPE_INT,
    TYPE_FLOAT,
    TYPE_BINARY,
    TYPE_UTF8,
    TYPE_BOOL,
    TYPE_DECIMAL,
    TYPE_DATE,
    TYPE_TIME,
    TYPE_TIMESTAMP,
    TYPE_INTERVAL,
    TYPE_LIST,
    TYPE_STRUCT,
    TYPE_UNION,
    TYPE_FIXED_BINARY,
    TYPE_FIXED_LIST,
    TYPE_MAP,
    TYPE_DURATION,
    TYPE_LARGE_BINARY,
    TYPE_LARGE_UTF8,
    TYPE_LARGE_LIST,
    TYPE_RUNS,
    TYPE_BINARY_VIEW,
    TYPE_UTF8_VIEW,
    TYPE_LIST_VIEW,
    TYPE_LARGE_LIST_VIEW
};

static const char *int_format_of(struct fb *b, fb_at t)
{
    bool is_signed = fb_u8(b, t, 1, 0) != 0;
    switch (fb_i32(b, t, 0, 0)) {
    case 8: return is_signed ? "c" : "C";
    case 16: return is_signed ? "s" : "S";
    case 32: return is_signed ? "i" : "I";
    case 64: return is_signed ? "l" : "L";
    default: return "?";
    }
}

static const char *unit_format(struct arena *a, const char *kind, int unit, struct str zone)
{
    static const char units[] = "smun";
    if (unit < 0 || unit > 3) return "?";
    bool is_timestamp = strcmp(kind, "ts") == 0;
    return arena_printf(a, "%s%c%s%.*s", kind, units[unit], is_timestamp ? ":" : "", STR_FMT(zone));
}

static const char *fixed_format(struct fb *b, fb_at t, int type)
{
    static const char *const floats[] = {"e", "f", "g"};
    static const char *const intervals[] = {"tiM", "tiD", "tin"};
    int unit = fb_i16(b, t, 0, type == TYPE_DATE ? 1 : 0);
    switch (type) {
    case TYPE_FLOAT: return unit >= 0 && unit < 3 ? floats[unit] : "?";
    case TYPE_DATE: return unit == 0 ? "tdD" : "tdm";
    case TYPE_INTERVAL: return unit >= 0 && unit < 3 ? intervals[unit] : "?";
    case TYPE_UNION: return unit == 0 ? "+us:" : "+ud:";
    default: return "?";
    }
}

static const char *type_format(struct arena *a, struct fb *b, fb_at t, int type)
{
    static const char *const plain[] = {
        [TYPE_NULL] = "n",        [TYPE_BINARY] = "z",       [TYPE_UTF8] = "u",
        [TYPE_BOOL] = "b",        [TYPE_LIST] = "+l",        [TYPE_STRUCT] = "+s",
        [TYPE_MAP] = "+m",        [TYPE_LARGE_BINARY] = "Z", [TYPE_LARGE_UTF8] = "U",
        [TYPE_LARGE_LIST] = "+L", [TYPE_RUNS] = "+r",        [TYPE_BINARY_VIEW] = "vz",
        [TYPE_UTF8_VIEW] = "vu",  [TYPE_LIST_VIEW] = "+vl",  [TYPE_LARGE_LIST_VIEW] = "+vL"};
    if (type < 1 || type > TYPE_LARGE_LIST_VIEW) return "?";
    if (plain[type]) return plain[type];
    switch (type) {
    case TYPE_INT: return int_format_of(b, t);
    case TYPE_DECIMAL:
        return arena_printf(a, "d:%d,%d,%d", (int)fb_i32(b, t, 0, 0), (int)fb_i32(b, t, 1, 0),
                            (int)fb_i32(b, t, 2, 128));
    case TYPE_TIME: return unit_format(a, "tt", fb_i16(b, t, 0, 1), STR(""));
    case TYPE_TIMESTAMP: return unit_format(a, "ts", fb_i16(b, t, 0, 0), fb_str(b, t, 1));
    case TYPE_DURATION: return unit_format(a, "tD", fb_i16(b, t, 0, 1), STR(""));
    case TYPE_FIXED_BINARY: return arena_printf(a, "w:%d", (int)fb_i32(b, t, 0, 0));
    case TYPE_FIXED_LIST: return arena_printf(a, "+w:%d", (int)fb_i32(b, t, 0, 0));
    default: return fixed_format(b, t, type);
    }
}

/* ---- fields ---- */
static rc read_field(struct ctx *cx, struct arrow_scan *s, struct fb *b, fb_at t, int depth,
                     struct arrow_field *f);

static rc read_fields(struct ctx *cx, struct arrow_scan *s, struct fb *b, fb_at table, int id,
                      int depth, struct arrow_field **out, int *n_out)
{
    uint32_t n;
    fb_at v = fb_vector(b, table, id, 4, &n);
    if (n > 100000) return arrow_damaged(cx, s, "too many columns");
    *out = ARENA_ARRAY(s->arena, struct arrow_field, n + 1);
    *n_out = (int)n;
    struct str *names = ARENA_ARRAY(s->arena, struct str, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        TRY(read_field(cx, s, b, fb_vector_table(b, v, i), depth, &(*out)[i]));
        names[i] = str_of((*out)[i].name);
    }
    const char **unique = io_unique_names(s->arena, names, (int)n, true);
    for (uint32_t i = 0; i < n; i++)
        (*out)[i].name = unique[i];
    return b->is_bad ? arrow_damaged(cx, s, "its schema cannot be read") : RC_OK;
}

static void add_ref(struct arrow_scan *s, struct arrow_field *f, int64_t id)
{
    struct arrow_ref *r = ARENA_ARRAY(s->arena, struct arrow_ref, s->n_refs + 1);
    if (s->n_refs) memcpy(r, s->refs, sizeof *r * (size_t)s->n_refs);
    r[s->n_refs++] = (struct arrow_ref){f, id};
    s->refs = r;
}

static rc read_field(struct ctx *cx, struct arrow_scan *s, struct fb *b, fb_at t, int depth,
                     struct arrow_field *f)
{
    if (!t || b->is_bad || depth > ARROW_DEPTH)
        return arrow_damaged(cx, s, "its schema cannot be read");
    struct str name = fb_str(b, t, 0);
    fb_at encoding = fb_table(b, t, 4);
    f->name = arena_strndup(s->arena, name.p ? name.p : "", name.n);
    f->format = type_format(s->arena, b, fb_table(b, t, 3), fb_u8(b, t, 2, 0));
    TRY(read_fields(cx, s, b, t, 5, depth + 1, &f->children, &f->n_children));
    if (strcmp(f->format, "+m") == 0 && f->n_children == 1 && f->children->n_children == 2) {
        f->children->children[0].name = "key"; /* whatever the writer called them */
        f->children->children[1].name = "value";
    }
    if (!encoding) return RC_OK;
    fb_at index = fb_table(b, encoding, 1);
    struct arrow_field *values = ARENA_NEW(s->arena, struct arrow_field);
    *values = *f; /* the field's type is that of the dictionary's values */
    f->dictionary = values;
    f->format = index ? int_format_of(b, index) : "i";
    f->children = NULL;
    f->n_children = 0;
    f->is_ordered = fb_u8(b, encoding, 2, 0) != 0;
    add_ref(s, f, fb_i64(b, encoding, 0, 0));
    return RC_OK;
}

rc arrow_schema(struct ctx *cx, struct arrow_scan *s, struct fb *b, fb_at table)
{
    if (fb_i16(b, table, 0, 0) != 0)
        return fail(cx, E305, s->span, "`%s` was written for big-endian machines", s->head.label);
    return read_fields(cx, s, b, table, 1, 0, &s->fields, &s->n_fields);
}

/* ---- messages ---- */
rc arrow_load(struct ctx *cx, const struct arrow_scan *s, const struct arrow_message *m, char **out,
              struct fb *b)
{
    size_t got = 0;
    char *p = mem_alloc((size_t)m->meta_n + 1);
    if (io_source_read(cx, s->src, m->meta_at, p, (size_t)m->meta_n, &got) != RC_OK ||
        got != (size_t)m->meta_n) {
        mem_free(p);
        return got == (size_t)m->meta_n ? RC_ERR : arrow_damaged(cx, s, "it ends too early");
    }
    *b = (struct fb){.p = (unsigned char *)p, .n = (size_t)m->meta_n};
    *out = p;
    return RC_OK;
}

/* The head of the message at `at`: length of its metadata (0: the end), and where that begins. */
static rc message_head(struct ctx *cx, struct arrow_scan *s, int64_t at, struct arrow_message *m)
{
    int32_t head[2] = {0, 0};
    size_t got = 0;
    *m = (struct arrow_message){0};
    if (at >= io_source_size(s->src)) return RC_OK;
    TRY(io_source_read(cx, s->src, at, (char *)head, sizeof head, &got));
    if (got < 4) return arrow_damaged(cx, s, "it ends too early");
    bool is_marked = head[0] == -1;
    if (is_marked && got < 8) return arrow_damaged(cx, s, "it ends too early");
    m->meta_n = is_marked ? head[1] : head[0];
    m->meta_at = at + (is_marked ? 8 : 4);
    if (m->meta_n < 0 || m->meta_n > ARROW_META_MAX ||
        m->meta_n > io_source_size(s->src) - m->meta_at)
        return arrow_damaged(cx, s, "a message is longer than the file");
    return RC_OK;
}

static void add_batch(struct arrow_scan *s, const struct arrow_message *m, int64_t *cap)
{
    if (s->n_batches == *cap) {
        *cap = *cap ? *cap * 2 : 64;
        struct arrow_message *b = ARENA_ARRAY(s->arena, struct arrow_message, *cap);
        if (s->n_batches) memcpy(b, s->batches, sizeof *b * (size_t)s->n_batches);
        s->batches = b;
    }
    s->batches[s->n_batches++] = *m;
}

/* ---- dictionaries ---- */
static const struct arrow_field *field_of(const struct arrow_scan *s, int64_t id)
{
    for (int i = 0; i < s->n_refs; i++)
        if (s->refs[i].dict_id == id) return s->refs[i].field;
    return NULL;
}

static struct arrow_dict *latest(const struct arrow_scan *s, int64_t id, int64_t batch)
{
    for (int i = s->n_dicts - 1; i >= 0; i--)
        if (s->dicts[i].id == id && s->dicts[i].from_batch <= batch) return &s->dicts[i];
    return NULL;
}

const struct column *arrow_dictionary(const struct arrow_scan *s, const struct arrow_field *f,
                                      int64_t batch)
{
    for (int i = 0; i < s->n_refs; i++) {
        const struct arrow_dict *d =
            s->refs[i].field == f ? latest(s, s->refs[i].dict_id, batch) : NULL;
        if (d) return d->values;
    }
    return NULL;
}

static rc extend(struct ctx *cx, const struct arrow_dict *old, struct column **values)
{
    const struct column *parts[2] = {old->values, *values};
    struct column *both;
    TRY(column_concat(cx, parts, 2, &both));
    column_unref(*values);
    *values = both;
    return RC_OK;
}

static rc add_dictionary(struct ctx *cx, struct arrow_scan *s, const struct arrow_message *m,
                         struct fb *b, fb_at header)
{
    static const int first = 0;
    int64_t id = fb_i64(b, header, 0, 0);
    bool is_delta = fb_u8(b, header, 2, 0) != 0;
    const struct arrow_field *f = field_of(s, id);
    struct column *values;
    if (!f) return RC_OK; /* nobody uses it */
    TRY(arrow_batch(cx, s, m, b, fb_table(b, header, 1), s->n_batches, f->dictionary, 1, &first, 1,
                    &values));
    const struct arrow_dict *old = is_delta ? latest(s, id, s->n_batches) : NULL;
    if (old && extend(cx, old, &values) != RC_OK) {
        column_unref(values);
        return RC_ERR;
    }
    s->dicts = mem_realloc(s->dicts, sizeof *s->dicts * (size_t)(s->n_dicts + 1));
    s->dicts[s->n_dicts++] = (struct arrow_dict){id, s->n_batches, values};
    return RC_OK;
}

/* ---- all messages in order ---- */
struct walk {
    bool has_schema;
    int64_t cap;
};

static rc take_message(struct ctx *cx, struct arrow_scan *s, struct arrow_message *m,
                       struct walk *w)
{
    struct fb b;
    char *bytes;
    TRY(arrow_load(cx, s, m, &bytes, &b));
    fb_at root = fb_root(&b), header = fb_table(&b, root, 2);
    int type = fb_u8(&b, root, 1, 0);
    m->body_n = fb_i64(&b, root, 3, 0);
    m->body_at = m->meta_at + m->meta_n;
    enum rc_t res = RC_OK;
    if (b.is_bad || !header || m->body_n < 0 || m->body_n > io_source_size(s->src) - m->body_at) {
        res = arrow_damaged(cx, s, "a message cannot be read");
    } else if (type == MESSAGE_SCHEMA && !w->has_schema) {
        w->has_schema = true;
        res = arrow_schema(cx, s, &b, header);
    } else if (!w->has_schema) {
        res = arrow_damaged(cx, s, "it does not begin with a schema");
    } else if (type == MESSAGE_DICTIONARY) {
        res = add_dictionary(cx, s, m, &b, header);
    } else if (type == MESSAGE_RECORDS) {
        /* Arrow asks writers to stay below 2^31 rows a batch; a claim beyond it is no data */
        m->n_rows = fb_i64(&b, header, 0, 0);
        if (m->n_rows < 0 || m->n_rows > INT32_MAX)
            res = arrow_damaged(cx, s, "a batch has no possible length");
        m->rows_before = s->head.n_rows;
        s->head.n_rows += m->n_rows;
        add_batch(s, m, &w->cap);
    }
    mem_free(bytes);
    return res;
}

rc arrow_open_file(struct ctx *cx, struct arrow_scan *s)
{
    char magic[8] = {0};
    size_t got = 0;
    struct walk w = {0};
    struct arrow_message m;
    TRY(io_source_read(cx, s->src, 0, magic, sizeof magic, &got));
    bool is_file = got >= 6 && memcmp(magic, "ARROW1", 6) == 0;
    for (int64_t at = is_file ? 8 : 0;; at = m.body_at + m.body_n) {
        TRY(check_cancel(cx));
        TRY(message_head(cx, s, at, &m));
        if (m.meta_n == 0) break; /* the end mark, or the end */
        TRY(take_message(cx, s, &m, &w));
    }
    if (!w.has_schema) return arrow_damaged(cx, s, "it holds no schema");
    return RC_OK;
}
