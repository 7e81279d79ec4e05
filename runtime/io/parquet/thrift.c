/* thrift.c: the compact protocol, read without trust and written. */
#include "runtime/io/parquet/thrift.h"

#define DEPTH_MAX 24

/* ---- reading ---- */
static uint8_t byte(struct thrift *t)
{
    if (t->bad || t->p == t->end) {
        t->is_short = t->is_short || !t->bad;
        t->bad = true;
        return 0;
    }
    return *t->p++;
}

static uint64_t varint(struct thrift *t)
{
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        uint8_t b = byte(t);
        v |= (uint64_t)(b & 0x7F) << shift;
        if (!(b & 0x80)) return t->bad ? 0 : v;
    }
    t->bad = true;
    return 0;
}

static int64_t zigzag(struct thrift *t)
{
    uint64_t v = varint(t);
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

bool thrift_next(struct thrift *t, struct thrift_field *f)
{
    uint8_t b = byte(t);
    if (t->bad || b == 0) return false;
    int64_t id = b >> 4 ? f->id + (b >> 4) : zigzag(t);
    f->type = b & 15;
    if (id < 0 || id > 32767 || f->type > THRIFT_STRUCT) t->bad = true;
    f->id = (int)id;
    return !t->bad;
}

static struct str bytes(struct thrift *t)
{
    uint64_t n = varint(t);
    if (t->bad || n > (uint64_t)(t->end - t->p)) {
        t->is_short = t->is_short || !t->bad;
        t->bad = true;
        return (struct str){"", 0};
    }
    struct str s = {(const char *)t->p, n};
    t->p += n;
    return s;
}

static int64_t list_head(struct thrift *t, int *type)
{
    uint8_t b = byte(t);
    uint64_t n = b >> 4 == 15 ? varint(t) : b >> 4;
    *type = b & 15;
    if (n > (uint64_t)(t->end - t->p)) {
        t->is_short = t->is_short || !t->bad;
        t->bad = true;
    }
    return t->bad ? 0 : (int64_t)n;
}

static void skip_list(struct thrift *t)
{
    int type;
    int64_t n = list_head(t, &type);
    for (int64_t i = 0; i < n && !t->bad; i++) {
        if (type == THRIFT_TRUE || type == THRIFT_FALSE)
            byte(t);
        else
            thrift_skip(t, type);
    }
}

static void skip_map(struct thrift *t)
{
    uint64_t n = varint(t);
    if (n == 0 || t->bad) return;
    uint8_t types = byte(t);
    if (n > (uint64_t)(t->end - t->p)) t->bad = true;
    for (uint64_t i = 0; i < n && !t->bad; i++) {
        thrift_skip(t, types >> 4);
        thrift_skip(t, types & 15);
    }
}

static void skip_struct(struct thrift *t)
{
    struct thrift_field f = {0, 0};
    while (thrift_next(t, &f))
        thrift_skip(t, f.type);
}

void thrift_skip(struct thrift *t, int type)
{
    if (t->bad || t->depth >= DEPTH_MAX) {
        t->bad = true;
        return;
    }
    t->depth++;
    switch (type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE: break;
    case THRIFT_I8: byte(t); break;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64: varint(t); break;
    case THRIFT_DOUBLE:
        if (t->end - t->p < 8)
            t->bad = t->is_short = true;
        else
            t->p += 8;
        break;
    case THRIFT_BINARY: bytes(t); break;
    case THRIFT_LIST:
    case THRIFT_SET: skip_list(t); break;
    case THRIFT_MAP: skip_map(t); break;
    case THRIFT_STRUCT: skip_struct(t); break;
    default: t->bad = true;
    }
    t->depth--;
}

int64_t thrift_int(struct thrift *t, const struct thrift_field *f)
{
    if (f->type == THRIFT_I8) return (int8_t)byte(t);
    if (f->type == THRIFT_I16 || f->type == THRIFT_I32 || f->type == THRIFT_I64) return zigzag(t);
    t->bad = true;
    return 0;
}

bool thrift_bool(struct thrift *t, const struct thrift_field *f)
{
    if (f->type != THRIFT_TRUE && f->type != THRIFT_FALSE) t->bad = true;
    return f->type == THRIFT_TRUE;
}

struct str thrift_binary(struct thrift *t, const struct thrift_field *f)
{
    if (f->type != THRIFT_BINARY) t->bad = true;
    return bytes(t);
}

int64_t thrift_list(struct thrift *t, const struct thrift_field *f, int type)
{
    int have = THRIFT_STOP;
    if (f->type != THRIFT_LIST) t->bad = true;
    int64_t n = list_head(t, &have);
    if (n && have != type) t->bad = true;
    return t->bad ? 0 : n;
}

int64_t thrift_element_int(struct thrift *t)
{
    return zigzag(t);
}

struct str thrift_element_binary(struct thrift *t)
{
    return bytes(t);
}

bool thrift_enter(struct thrift *t, const struct thrift_field *f)
{
    if (f && f->type != THRIFT_STRUCT) t->bad = true;
    if (t->depth >= DEPTH_MAX) t->bad = true;
    t->depth++;
    return !t->bad;
}

void thrift_leave(struct thrift *t)
{
    t->depth--;
}

/* ---- writing ---- */
static void put_varint(struct strbuf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        strbuf_addc(b, (char)(v | 0x80));
    strbuf_addc(b, (char)v);
}

static void put_zigzag(struct strbuf *b, int64_t v)
{
    put_varint(b, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

static void put_head(struct thrift_out *o, int id, int type)
{
    int *last = &o->last[o->depth], step = id - *last;
    if (step > 0 && step < 16) {
        strbuf_addc(&o->b, (char)(step << 4 | type));
    } else {
        strbuf_addc(&o->b, (char)type);
        put_zigzag(&o->b, id);
    }
    *last = id;
}

void thrift_put_int(struct thrift_out *o, int id, enum thrift_type type, int64_t v)
{
    put_head(o, id, (int)type);
    if (type == THRIFT_I8)
        strbuf_addc(&o->b, (char)v);
    else
        put_zigzag(&o->b, v);
}

void thrift_put_bool(struct thrift_out *o, int id, bool v)
{
    put_head(o, id, v ? THRIFT_TRUE : THRIFT_FALSE);
}

void thrift_put_element_binary(struct thrift_out *o, struct str s)
{
    put_varint(&o->b, s.n);
    strbuf_adds(&o->b, s);
}

void thrift_put_binary(struct thrift_out *o, int id, struct str s)
{
    put_head(o, id, THRIFT_BINARY);
    thrift_put_element_binary(o, s);
}

void thrift_put_list(struct thrift_out *o, int id, enum thrift_type type, int64_t n)
{
    put_head(o, id, THRIFT_LIST);
    if (n < 15) {
        strbuf_addc(&o->b, (char)(n << 4 | type));
    } else {
        strbuf_addc(&o->b, (char)(0xF0 | type));
        put_varint(&o->b, (uint64_t)n);
    }
}

void thrift_put_element_int(struct thrift_out *o, int64_t v)
{
    put_zigzag(&o->b, v);
}

void thrift_open(struct thrift_out *o, int id)
{
    if (id) put_head(o, id, THRIFT_STRUCT);
    o->last[++o->depth] = 0;
}

void thrift_close(struct thrift_out *o)
{
    strbuf_addc(&o->b, 0);
    o->depth--;
}
