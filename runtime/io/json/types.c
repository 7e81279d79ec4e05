/* types.c: what stands in the records: the union of all values of a place, and the column type that
 * holds them. */
#include "runtime/io/json/json_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/hash.h"

#define FEW 8 /* fields found by looking at each */

static uint32_t hash_name(struct str s)
{
    return (uint32_t)hash_bytes(s.p, s.n);
}

static void index_fields(struct json_type *t, struct arena *a)
{
    uint32_t cap = 32;
    while (cap < (uint32_t)t->cap_fields * 2)
        cap *= 2;
    t->slots = arena_zero(a, cap * sizeof *t->slots);
    t->mask = cap - 1;
    for (int i = 0; i < t->n_fields; i++) {
        uint32_t at = hash_name(t->fields[i].name) & t->mask;
        while (t->slots[at])
            at = (at + 1) & t->mask;
        t->slots[at] = (uint32_t)i + 1;
    }
}

static int find_field(const struct json_type *t, struct str name, int hint)
{
    if (hint < t->n_fields && str_eq(t->fields[hint].name, name)) return hint;
    if (!t->slots) {
        for (int i = 0; i < t->n_fields; i++)
            if (str_eq(t->fields[i].name, name)) return i;
        return -1;
    }
    for (uint32_t at = hash_name(name) & t->mask; t->slots[at]; at = (at + 1) & t->mask)
        if (str_eq(t->fields[t->slots[at] - 1].name, name)) return (int)t->slots[at] - 1;
    return -1;
}

int json_field_at(struct json_type *t, struct arena *a, struct str name, int hint)
{
    int i = find_field(t, name, hint);
    if (i >= 0 || !a || t->n_fields == JSON_FIELDS_MAX) return i;
    if (t->n_fields == t->cap_fields) {
        t->cap_fields = t->cap_fields ? t->cap_fields * 2 : FEW;
        struct json_field *f = ARENA_ARRAY(a, struct json_field, t->cap_fields);
        if (t->n_fields) memcpy(f, t->fields, sizeof *f * (size_t)t->n_fields);
        t->fields = f;
        if (t->cap_fields > FEW) index_fields(t, a);
    }
    i = t->n_fields++;
    t->fields[i] = (struct json_field){arena_str(a, name), ARENA_NEW(a, struct json_type)};
    if (t->slots) {
        uint32_t at = hash_name(name) & t->mask;
        while (t->slots[at])
            at = (at + 1) & t->mask;
        t->slots[at] = (uint32_t)i + 1;
    }
    return i;
}

uint32_t json_text_kind(struct str s)
{
    int32_t day;
    int64_t us;
    bool zoned = false;
    bool may_be = s.n >= 10 && s.n <= 40 && s.p[0] >= '0' && s.p[0] <= '9' && s.p[4] == '-';
    if (may_be && s.n == 10 && date_parse(s.p, s.n, &day)) return JSON_HAS_DATE;
    if (may_be && s.n > 10 && datetime_parse(s.p, s.n, &us, &zoned))
        return zoned ? JSON_HAS_ZONED : JSON_HAS_TIME;
    if (str_eqz(s, "inf") || str_eqz(s, "-inf")) return JSON_HAS_INF;
    return JSON_HAS_TEXT;
}

static bool wrong(struct json_cur *c, const char *what)
{
    if (!c->fault) c->fault = what;
    return false;
}

static bool see_object(struct json_cur *c, struct json_type *t, struct arena *a)
{
    struct str name;
    int at = 0;
    json_space(c);
    if (c->p < c->end && *c->p == '}') return c->p++, true;
    for (;;) {
        json_space(c);
        if (c->p >= c->end || *c->p != '"') return wrong(c, "a name in quotes is expected here");
        if (!json_text(c, &name)) return false;
        at = json_field_at(t, a, name, at);
        if (at < 0) return wrong(c, "the objects have more than 20000 different names");
        json_space(c);
        if (c->p >= c->end || *c->p != ':') return wrong(c, "`:` is expected here");
        c->p++;
        if (!json_see(c, t->fields[at++].type, a)) return false;
        json_space(c);
        if (c->p < c->end && *c->p == '}') return c->p++, true;
        if (c->p >= c->end || *c->p != ',') return wrong(c, "`,` or `}` is expected here");
        c->p++;
    }
}

static bool see_list(struct json_cur *c, struct json_type *t, struct arena *a)
{
    if (!t->elem) t->elem = ARENA_NEW(a, struct json_type);
    json_space(c);
    if (c->p < c->end && *c->p == ']') return c->p++, true;
    for (;;) {
        if (!json_see(c, t->elem, a)) return false;
        json_space(c);
        if (c->p < c->end && *c->p == ']') return c->p++, true;
        if (c->p >= c->end || *c->p != ',') return wrong(c, "`,` or `]` is expected here");
        c->p++;
    }
}

static bool see_number(struct json_cur *c, struct json_type *t)
{
    enum json_number kind;
    int64_t i;
    double f;
    bool nan;
    if (!json_number(c, &kind, &i, &f, &nan)) return false;
    t->has |= nan ? JSON_HAS_NULL | JSON_HAS_NUM : kind == JSON_INT ? JSON_HAS_INT : JSON_HAS_NUM;
    return true;
}

bool json_see(struct json_cur *c, struct json_type *t, struct arena *a)
{
    struct str s;
    bool ok;
    json_space(c);
    if (c->p >= c->end) return wrong(c, "a value is expected here");
    if (c->depth >= JSON_DEPTH) return wrong(c, "values are nested deeper than 200 levels");
    switch (*c->p) {
    case '"':
        if (!json_text(c, &s)) return false;
        if ((t->has & JSON_HAS_TEXT) == 0) t->has |= json_text_kind(s);
        return true;
    case 't': t->has |= JSON_HAS_BOOL; return json_word(c, "true");
    case 'f': t->has |= JSON_HAS_BOOL; return json_word(c, "false");
    case 'n': t->has |= JSON_HAS_NULL; return json_word(c, "null");
    case '{':
    case '[':
        t->has |= *c->p == '{' ? JSON_HAS_OBJECT : JSON_HAS_LIST;
        c->depth++;
        ok = *c->p++ == '{' ? see_object(c, t, a) : see_list(c, t, a);
        c->depth--;
        return ok;
    default: return see_number(c, t);
    }
}

void json_merge(struct json_type *dst, const struct json_type *src, struct arena *a)
{
    dst->has |= src->has;
    if (src->elem) {
        if (!dst->elem) dst->elem = ARENA_NEW(a, struct json_type);
        json_merge(dst->elem, src->elem, a);
    }
    for (int i = 0; i < src->n_fields; i++) {
        int at = json_field_at(dst, a, src->fields[i].name, i);
        if (at >= 0) json_merge(dst->fields[at].type, src->fields[i].type, a);
    }
}

/* ---- to the language's types ---- */
static void let_go(void *schema)
{
    schema_unref(schema);
}

static rc struct_type(struct ctx *cx, const struct json_type *t, struct span span,
                      struct dtype *out)
{
    struct field *f = ARENA_ARRAY(cx->arena, struct field, t->n_fields);
    for (int i = 0; i < t->n_fields; i++) {
        f[i].name = arena_strndup(cx->arena, t->fields[i].name.p, t->fields[i].name.n);
        TRY(json_dtype(cx, t->fields[i].type, span, &f[i].type));
    }
    struct schema *s;
    TRY(schema_new(cx, f, t->n_fields, span, &s));
    arena_on_free(cx->arena, let_go, s); /* whoever keeps the type takes a reference */
    *out = (struct dtype){.kind = KIND_STRUCT, .fields = s};
    return RC_OK;
}

/* Kinds that texts alone make. */
static enum kind text_kind(uint32_t has)
{
    if (has == JSON_HAS_DATE) return KIND_DATE;
    if (has == JSON_HAS_ZONED) return KIND_DATETIME;
    return (has & ~(uint32_t)(JSON_HAS_DATE | JSON_HAS_TIME)) == 0 ? KIND_DATETIME : KIND_STR;
}

rc json_dtype(struct ctx *cx, const struct json_type *t, struct span span, struct dtype *out)
{
    uint32_t has = t->has & ~(uint32_t)JSON_HAS_NULL;
    const uint32_t numbers = JSON_HAS_INT | JSON_HAS_NUM;
    *out = DTYPE(KIND_STR);
    if (has == 0) return RC_OK;
    if (has == JSON_HAS_OBJECT && t->n_fields > 0) return struct_type(cx, t, span, out);
    if (has == JSON_HAS_LIST) {
        struct dtype elem;
        TRY(json_dtype(cx, t->elem, span, &elem));
        *out = dtype_list(elem);
    } else if (has == JSON_HAS_BOOL) {
        *out = DTYPE(KIND_BOOL);
    } else if (has == JSON_HAS_INT) {
        *out = DTYPE(KIND_INT);
    } else if ((has & numbers) && (has & ~(numbers | JSON_HAS_INF)) == 0) {
        *out = DTYPE(KIND_NUM);
    } else if ((has & (JSON_HAS_DATE | JSON_HAS_TIME | JSON_HAS_ZONED)) == has) {
        out->kind = text_kind(has);
        if (has == JSON_HAS_ZONED) out->zone = dtype_intern("UTC");
    }
    return RC_OK;
}
