/* types.c: names of types and schemas. */
#include "runtime/col/column.h"

#include <pthread.h>

static const struct {
    const char *name;
    size_t width;
} phys_table[PHYS_COUNT] = {
#define PHYS(e, name, width) [e] = {name, width},
#include "runtime/col/types.def"
#undef PHYS
};
static const struct {
    const char *name;
    enum phys phys;
} kind_table[KIND_COUNT] = {
#define KIND(e, name, phys, doc) [e] = {name, phys},
#include "runtime/col/types.def"
#undef KIND
};

const char *phys_name(enum phys p)
{
    return phys_table[p].name;
}
size_t phys_width(enum phys p)
{
    return phys_table[p].width;
}
const char *kind_name(enum kind k)
{
    return kind_table[k].name;
}
enum phys kind_phys(enum kind k)
{
    return kind_table[k].phys;
}

/* Interned zones and list elements: few, process-long, guarded by one lock. */
static pthread_mutex_t intern_lock = PTHREAD_MUTEX_INITIALIZER;
static struct intern {
    struct intern *next;
    char *zone;
    struct dtype elem;
} * interned;

const char *dtype_intern(const char *zone)
{
    if (!zone) return NULL;
    pthread_mutex_lock(&intern_lock);
    struct intern *i = interned;
    while (i && (!i->zone || strcmp(i->zone, zone) != 0))
        i = i->next;
    if (!i) {
        i = mem_zero(sizeof *i);
        i->zone = mem_strndup(zone, strlen(zone));
        i->next = interned;
        interned = i;
    }
    pthread_mutex_unlock(&intern_lock);
    return i->zone;
}

struct dtype dtype_list(struct dtype elem)
{
    pthread_mutex_lock(&intern_lock);
    struct intern *i = interned;
    while (i && (i->zone || !dtype_eq(i->elem, elem)))
        i = i->next;
    if (!i) {
        i = mem_zero(sizeof *i);
        i->elem = elem;
        if (elem.kind == KIND_STRUCT) i->elem.fields = schema_ref(elem.fields);
        i->next = interned;
        interned = i;
    }
    pthread_mutex_unlock(&intern_lock);
    return (struct dtype){.kind = KIND_LIST, .elem = &i->elem};
}

bool dtype_struct(const struct field *fields, int n, struct dtype *out)
{
    struct error err = {0};
    struct ctx cx = {.err = &err};
    struct schema *s;
    if (schema_new(&cx, fields, n, NO_SPAN, &s) != RC_OK) return false;
    *out = *dtype_list((struct dtype){.kind = KIND_STRUCT, .fields = s}).elem;
    schema_unref(s);
    return true;
}

static bool fields_eq(const struct schema *a, const struct schema *b)
{
    if (a == b) return true;
    if (!a || !b || a->n != b->n) return false;
    for (int i = 0; i < a->n; i++)
        if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
            !dtype_eq(a->fields[i].type, b->fields[i].type))
            return false;
    return true;
}

bool dtype_eq(struct dtype a, struct dtype b)
{
    if (a.kind != b.kind) return false;
    switch (a.kind) {
    case KIND_CAT: return a.ordered == b.ordered;
    case KIND_DATETIME:
        return a.zone == b.zone || (a.zone && b.zone && strcmp(a.zone, b.zone) == 0);
    case KIND_LIST: return a.elem == b.elem || (a.elem && b.elem && dtype_eq(*a.elem, *b.elem));
    case KIND_STRUCT: return fields_eq(a.fields, b.fields);
    default: return true;
    }
}

static void dtype_put(struct strbuf *b, struct dtype t)
{
    strbuf_addz(b, kind_name(t.kind));
    if (t.kind == KIND_DATETIME && t.zone) strbuf_printf(b, "[%s]", t.zone);
    if (t.kind == KIND_LIST && t.elem) {
        strbuf_addc(b, '[');
        dtype_put(b, *t.elem);
        strbuf_addc(b, ']');
    }
    if (t.kind == KIND_STRUCT && t.fields) {
        strbuf_addc(b, '{');
        for (int i = 0; i < t.fields->n; i++) {
            strbuf_printf(b, "%s%s: ", i ? ", " : "", t.fields->fields[i].name);
            dtype_put(b, t.fields->fields[i].type);
        }
        strbuf_addc(b, '}');
    }
}

const char *dtype_text(struct dtype t, char *buf, size_t n)
{
    struct strbuf b = {0};
    dtype_put(&b, t);
    snprintf(buf, n, "%s", b.p);
    strbuf_release(&b);
    return buf;
}

/* ---- schema ---- */
static int duplicate_of(const struct field *fields, int n)
{
    if (n < 2) return -1;
    int cap = 16;
    while (cap < 2 * n)
        cap *= 2;
    int *slots = mem_zero(sizeof *slots * (size_t)cap), found = -1;
    for (int i = 0; i < n && found < 0; i++) {
        uint32_t h = 2166136261u; /* FNV-1a: names are short */
        for (const char *p = fields[i].name; *p; p++)
            h = (h ^ (unsigned char)*p) * 16777619u;
        uint32_t at = h & (uint32_t)(cap - 1);
        while (slots[at] && strcmp(fields[slots[at] - 1].name, fields[i].name) != 0)
            at = (at + 1) & (uint32_t)(cap - 1);
        if (slots[at]) found = i;
        slots[at] = i + 1;
    }
    mem_free(slots);
    return found;
}

rc schema_new(struct ctx *cx, const struct field *fields, int n, struct span span,
              struct schema **out)
{
    int twice = duplicate_of(fields, n);
    if (twice >= 0) {
        fail(cx, E212, span, "two columns would be called `%s`", fields[twice].name);
        return err_note(cx, "give one of them another name: `%s_2 = ..`", fields[twice].name);
    }
    struct schema *s = mem_zero(sizeof *s);
    atomic_init(&s->refs, 1);
    s->n = n;
    s->fields = mem_zero(sizeof *s->fields * (size_t)n);
    for (int i = 0; i < n; i++) {
        s->fields[i] = fields[i];
        s->fields[i].name = mem_strndup(fields[i].name, strlen(fields[i].name));
        if (fields[i].type.kind == KIND_STRUCT) schema_ref(fields[i].type.fields);
    }
    *out = s;
    return RC_OK;
}

struct schema *schema_ref(const struct schema *s)
{
    struct schema *m = (struct schema *)(uintptr_t)s;
    if (m) atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void schema_unref(const struct schema *s)
{
    struct schema *m = (struct schema *)(uintptr_t)s;
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1) return;
    for (int i = 0; i < m->n; i++) {
        mem_free((void *)(uintptr_t)m->fields[i].name);
        if (m->fields[i].type.kind == KIND_STRUCT) schema_unref(m->fields[i].type.fields);
    }
    mem_free(m->fields);
    mem_free(m);
}

int schema_find(const struct schema *s, struct str name)
{
    for (int i = 0; i < s->n; i++)
        if (str_eqz(name, s->fields[i].name)) return i;
    return -1;
}
