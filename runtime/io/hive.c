/* hive.c: what the names of key=value folders say. A key's type is what all folders need: int,
 * date, or text. Numbers padded to two digits (month=01) are ints, longer padded ones (zip=00501)
 * text, as in delimited text. `__HIVE_DEFAULT_PARTITION__` and an empty value are null. */
#include "runtime/io/set_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"

#define NULL_FOLDER "__HIVE_DEFAULT_PARTITION__"

enum { FIT_INT = 1, FIT_DATE = 2, FIT_TEXT = 4 };

struct key {
    const char *name;
    struct str *values; /* [n_files]; p NULL: the path has no such folder, or its value is null */
    int fits;
    bool is_forced;
    enum kind forced;
};
struct finder {
    struct arena *a;
    const struct io_files *files;
    struct key *keys;
    int n, cap;
};

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
    return -1;
}

static struct str unescape(struct arena *a, const char *p, size_t n)
{
    char *out = arena_alloc(a, n + 1);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_code = p[i] == '%' && i + 2 < n && hex(p[i + 1]) >= 0 && hex(p[i + 2]) >= 0;
        out[k++] = is_code ? (char)(hex(p[i + 1]) * 16 + hex(p[i + 2])) : p[i];
        if (is_code) i += 2;
    }
    out[k] = 0;
    return (struct str){out, k};
}

void io_key_escape(struct strbuf *out, struct str text)
{
    if (text.n == 0) strbuf_addz(out, NULL_FOLDER);
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = c > ' ' && c != 0x7F && !strchr("%/\\:*?\"'<>|=#{}[]^", (char)c);
        if (plain)
            strbuf_addc(out, (char)c);
        else
            strbuf_printf(out, "%%%02X", c);
    }
}

static struct key *key_of(struct finder *f, struct str name)
{
    for (int i = 0; i < f->n; i++)
        if (str_eqz(name, f->keys[i].name)) return &f->keys[i];
    if (f->n == f->cap) {
        struct key *more = ARENA_ARRAY(f->a, struct key, f->cap ? f->cap * 2 : 4);
        for (int i = 0; i < f->n; i++)
            more[i] = f->keys[i];
        f->keys = more;
        f->cap = f->cap ? f->cap * 2 : 4;
    }
    struct key *k = &f->keys[f->n++];
    *k = (struct key){.name = name.p, .values = ARENA_ARRAY(f->a, struct str, f->files->n + 1)};
    return k;
}

static int fits_of(struct str v)
{
    int64_t i;
    int32_t day;
    bool is_padded = v.n > 2 && v.p[v.p[0] == '-'] == '0';
    if (!is_padded && v.p[0] != '+' && int_parse(v.p, v.n, &i)) return FIT_INT;
    if (date_parse(v.p, v.n, &day)) return FIT_DATE;
    return FIT_TEXT;
}

/* The key=value folders of one path. */
static void look_at(struct finder *f, int file)
{
    const char *p = f->files->paths[file] + f->files->roots[file];
    for (const char *slash; (slash = strchr(p, '/')); p = slash + 1) {
        const char *eq = memchr(p, '=', (size_t)(slash - p));
        if (!eq || eq == p) continue;
        struct key *k = key_of(f, unescape(f->a, p, (size_t)(eq - p)));
        struct str v = unescape(f->a, eq + 1, (size_t)(slash - eq - 1));
        if (v.n == 0 || str_eqz(v, NULL_FOLDER)) continue;
        k->values[file] = v;
        k->fits |= fits_of(v);
    }
}

/* ---- types ---- */
static rc force_type(struct ctx *cx, struct key *k, const struct io_option *types)
{
    if (!types) return RC_OK;
    const struct table *t = types->value.u.row;
    int at = schema_find(t->schema, str_of(k->name));
    if (at < 0) return RC_OK;
    struct scalar v = column_scalar(t->cols[at], 0);
    static const enum kind known[] = {KIND_INT, KIND_DATE, KIND_STR};
    for (size_t i = 0; i < 3 && !v.is_null && v.type.kind == KIND_STR; i++)
        if (str_eqz(v.u.s, kind_name(known[i]))) {
            k->is_forced = true;
            k->forced = known[i];
            return RC_OK;
        }
    return fail(cx, E209, types->span, "types: `%s` is a folder's key: it can be int, date or str",
                k->name);
}

static enum kind kind_of(const struct key *k)
{
    if (k->is_forced) return k->forced;
    return k->fits == FIT_INT ? KIND_INT : k->fits == FIT_DATE ? KIND_DATE : KIND_STR;
}

static rc key_value(struct ctx *cx, const struct key *k, enum kind kind, struct str text,
                    struct span span, struct scalar *out)
{
    int32_t day = 0;
    bool ok = true;
    *out = (struct scalar){.type = DTYPE(kind), .is_null = !text.p};
    if (!text.p) return RC_OK;
    if (kind == KIND_STR) out->u.s = text;
    if (kind == KIND_INT) ok = int_parse(text.p, text.n, &out->u.i);
    if (kind == KIND_DATE) {
        ok = date_parse(text.p, text.n, &day);
        out->u.i = day;
    }
    if (ok) return RC_OK;
    return fail(cx, E209, span, "types: the folder `%s=%.*s` is no %s", k->name, STR_FMT(text),
                kind_name(kind));
}

/* Text keys are given out as codes into their values, in order of first appearance. */
static rc make_levels(struct ctx *cx, const struct io_files *f, int key, struct io_keys *out)
{
    struct builder b;
    struct column *all = NULL, *coded = NULL;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    enum rc_t res = RC_OK;
    for (int i = 0; i < f->n && res == RC_OK; i++)
        res = builder_scalar(cx, &b, &out->values[i * out->n + key]);
    if (res == RC_OK) res = builder_finish(cx, &b, &all);
    builder_release(&b);
    if (res == RC_OK) res = column_encode(cx, all, false, &coded);
    column_unref(all);
    if (res != RC_OK) return res;
    for (int i = 0; i < f->n; i++)
        out->codes[i * out->n + key] =
            bit_valid(coded->valid, i) ? ((const int32_t *)coded->data)[i] : -1;
    out->levels[key] = column_ref(coded->dict);
    column_unref(coded);
    return RC_OK;
}

static rc settle(struct ctx *cx, const struct finder *f, int key, struct span span,
                 struct io_keys *out)
{
    const struct key *k = &f->keys[key];
    enum kind kind = kind_of(k);
    out->names[key] = k->name;
    out->types[key] = DTYPE(kind);
    for (int i = 0; i < f->files->n; i++)
        TRY(key_value(cx, k, kind, k->values[i], span, &out->values[i * out->n + key]));
    if (kind != KIND_STR) return RC_OK;
    return make_levels(cx, f->files, key, out);
}

rc io_keys_find(struct ctx *cx, struct arena *a, const struct io_files *files,
                const struct io_option *types, struct span span, struct io_keys *out)
{
    struct finder f = {.a = a, .files = files};
    for (int i = 0; i < files->n; i++)
        look_at(&f, i);
    *out = (struct io_keys){.n = f.n};
    if (f.n == 0) return RC_OK;
    size_t cells = mem_mul((size_t)files->n, (size_t)f.n);
    out->names = ARENA_ARRAY(a, const char *, f.n);
    out->types = ARENA_ARRAY(a, struct dtype, f.n);
    out->levels = ARENA_ARRAY(a, const struct column *, f.n);
    out->values = ARENA_ARRAY(a, struct scalar, cells);
    out->codes = ARENA_ARRAY(a, int32_t, cells);
    for (int k = 0; k < f.n; k++) {
        TRY(force_type(cx, &f.keys[k], types));
        TRY(settle(cx, &f, k, span, out));
    }
    return RC_OK;
}

void io_keys_release(struct io_keys *k)
{
    for (int i = 0; i < k->n; i++)
        column_unref(k->levels[i]);
    k->n = 0;
}
