/* fb.c: FlatBuffers, read and written. */
#include "runtime/io/arrow/fb.h"

/* ---- reading ---- */
static bool is_in(struct fb *b, size_t at, size_t n)
{
    if (at <= b->n && n <= b->n - at) return true;
    b->is_bad = true;
    return false;
}

static void take(struct fb *b, size_t at, void *out, size_t n)
{
    memset(out, 0, n);
    if (is_in(b, at, n)) memcpy(out, b->p + at, n);
}

int32_t fb_raw_i32(struct fb *b, fb_at at)
{
    int32_t v;
    take(b, at, &v, sizeof v);
    return v;
}
int64_t fb_raw_i64(struct fb *b, fb_at at)
{
    int64_t v;
    take(b, at, &v, sizeof v);
    return v;
}

/* The place that an unsigned offset stored at `at` points to. */
static fb_at follow(struct fb *b, size_t at)
{
    uint32_t by;
    take(b, at, &by, sizeof by);
    if (b->is_bad || !by || !is_in(b, at, (size_t)by + 1)) return 0;
    return at + by;
}

fb_at fb_root(struct fb *b)
{
    return follow(b, 0);
}

/* Place of a field's value, 0 when absent. */
static size_t field_at(struct fb *b, fb_at table, int id)
{
    uint16_t size, by = 0;
    if (!table || b->is_bad) return 0;
    int64_t vtable = (int64_t)table - fb_raw_i32(b, table);
    if (vtable < 0 || !is_in(b, (size_t)vtable, 4)) {
        b->is_bad = true;
        return 0;
    }
    take(b, (size_t)vtable, &size, sizeof size);
    size_t at = 4 + 2 * (size_t)id;
    if (at + 2 <= size) take(b, (size_t)vtable + at, &by, sizeof by);
    return by ? table + by : 0;
}

int64_t fb_i64(struct fb *b, fb_at table, int id, int64_t absent)
{
    size_t at = field_at(b, table, id);
    return at ? fb_raw_i64(b, at) : absent;
}
int32_t fb_i32(struct fb *b, fb_at table, int id, int32_t absent)
{
    size_t at = field_at(b, table, id);
    return at ? fb_raw_i32(b, at) : absent;
}
int16_t fb_i16(struct fb *b, fb_at table, int id, int16_t absent)
{
    size_t at = field_at(b, table, id);
    if (!at) return absent;
    int16_t v;
    take(b, at, &v, sizeof v);
    return v;
}
uint8_t fb_u8(struct fb *b, fb_at table, int id, uint8_t absent)
{
    size_t at = field_at(b, table, id);
    if (!at) return absent;
    uint8_t v;
    take(b, at, &v, sizeof v);
    return v;
}

fb_at fb_table(struct fb *b, fb_at table, int id)
{
    size_t at = field_at(b, table, id);
    return at ? follow(b, at) : 0;
}

fb_at fb_vector(struct fb *b, fb_at table, int id, size_t width, uint32_t *n)
{
    fb_at at = fb_table(b, table, id);
    *n = 0;
    if (!at) return 0;
    uint32_t count;
    take(b, at, &count, sizeof count);
    if (b->is_bad || !is_in(b, at + 4, mem_mul(count, width))) return 0;
    *n = count;
    return at + 4;
}

struct str fb_str(struct fb *b, fb_at table, int id)
{
    uint32_t n;
    fb_at at = fb_vector(b, table, id, 1, &n);
    return at ? (struct str){(const char *)b->p + at, n} : (struct str){0};
}

fb_at fb_vector_table(struct fb *b, fb_at elements, uint32_t i)
{
    return follow(b, elements + 4 * (size_t)i);
}

/* ---- writing ---- */
void fb_out_release(struct fb_out *o)
{
    mem_free(o->p);
    *o = (struct fb_out){0};
}

static void need(struct fb_out *o, size_t more)
{
    if (o->cap - o->n >= more) return;
    size_t cap = o->cap ? o->cap : 1024;
    while (cap - o->n < more)
        cap *= 2;
    unsigned char *p = mem_zero(cap);
    if (o->n) memcpy(p + cap - o->n, o->p + o->cap - o->n, o->n);
    mem_free(o->p);
    o->p = p;
    o->cap = cap;
}

/* Puts bytes before everything else. */
static void push(struct fb_out *o, const void *bytes, size_t n)
{
    need(o, n);
    o->n += n;
    if (n) memcpy(o->p + o->cap - o->n, bytes, n);
}

/* Zeros such that after `more` further bytes the place is a multiple of `align`. */
static void pad(struct fb_out *o, size_t align, size_t more)
{
    static const unsigned char zeros[8] = {0};
    if (align > o->align) o->align = align;
    push(o, zeros, (align - (o->n + more) % align) % align);
}

static void push_u32(struct fb_out *o, uint32_t v)
{
    pad(o, 4, 4);
    push(o, &v, 4);
}

/* The offset from here (once written) to what lies at `ref`. */
static void push_offset(struct fb_out *o, fb_ref ref)
{
    pad(o, 4, 4);
    push_u32(o, (uint32_t)(o->n + 4 - ref));
}

fb_ref fb_put_str(struct fb_out *o, const char *text)
{
    size_t n = strlen(text);
    pad(o, 4, n + 1 + 4);
    push(o, text, n + 1);
    push_u32(o, (uint32_t)n);
    return (fb_ref)o->n;
}

fb_ref fb_put_structs(struct fb_out *o, const void *items, size_t width, uint32_t n)
{
    pad(o, 4, width * n + 4);
    pad(o, 8, width * n);
    push(o, items, width * n);
    push_u32(o, n);
    return (fb_ref)o->n;
}

fb_ref fb_put_refs(struct fb_out *o, const fb_ref *refs, uint32_t n)
{
    pad(o, 4, 4 * (size_t)n + 4);
    for (uint32_t i = n; i-- > 0;)
        push_offset(o, refs[i]);
    push_u32(o, n);
    return (fb_ref)o->n;
}

void fb_begin(struct fb_out *o)
{
    memset(o->field, 0, sizeof o->field);
    o->n_fields = 0;
    o->table_start = o->n;
}

static void mark(struct fb_out *o, int id)
{
    o->field[id] = (uint32_t)o->n;
    if (id >= o->n_fields) o->n_fields = id + 1;
}

#define FIELD(name, T)                                                                             \
    void fb_field_##name(struct fb_out *o, int id, T v)                                            \
    {                                                                                              \
        pad(o, sizeof v, sizeof v);                                                                \
        push(o, &v, sizeof v);                                                                     \
        mark(o, id);                                                                               \
    }
FIELD(i64, int64_t)
FIELD(i32, int32_t)
FIELD(i16, int16_t)
FIELD(u8, uint8_t)

void fb_field_ref(struct fb_out *o, int id, fb_ref ref)
{
    if (!ref) return;
    push_offset(o, ref);
    mark(o, id);
}

fb_ref fb_end(struct fb_out *o)
{
    uint16_t vtable[18];
    push_u32(o, 0); /* the way to the vtable, filled in below */
    uint32_t table = (uint32_t)o->n;
    int n = o->n_fields;
    vtable[0] = (uint16_t)(4 + 2 * n);
    vtable[1] = (uint16_t)(table - o->table_start);
    for (int i = 0; i < n; i++)
        vtable[2 + i] = o->field[i] ? (uint16_t)(table - o->field[i]) : 0;
    pad(o, 2, 4 + 2 * (size_t)n);
    push(o, vtable, 4 + 2 * (size_t)n);
    int32_t back = (int32_t)(o->n - table);
    memcpy(o->p + o->cap - table, &back, 4);
    return table;
}

const unsigned char *fb_finish(struct fb_out *o, fb_ref root)
{
    pad(o, 8, 4); /* after the root offset the whole is a multiple of 8 */
    push_offset(o, root);
    return o->p + o->cap - o->n;
}
