/* arrow_import.c: arrays of Arrow's layout to columns. Buffers are foreign: nothing is read past
 * their ends, and nothing is written. */
#include "runtime/col/arrow.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/base/utf8.h"
#include "runtime/base/zone.h"
#include "runtime/col/col_int.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Rows that an array may have without bytes that back them (nulls, runs): a damaged length must not
 * become memory and time. */
#define UNBACKED (INT64_C(1) << 26)

struct import { /* one field being imported */
    struct ctx *cx;
    const struct arrow_field *f;
    const struct arrow_data *d;
    struct span span;
    bool *has_bytes; /* a value of a binary column is no UTF-8 text */
};

static rc damaged(const struct import *m, const char *what)
{
    return fail(m->cx, E302, m->span, "column `%s` is damaged: %s", m->f->name, what);
}

/* ---- types ---- */
static void let_go(void *schema)
{
    schema_unref(schema);
}

static rc struct_dtype(struct ctx *cx, const struct arrow_field *f, struct span span,
                       struct dtype *out)
{
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, f->n_children + 1);
    struct schema *s;
    for (int i = 0; i < f->n_children; i++) {
        fields[i].name = f->children[i].name;
        TRY(arrow_dtype(cx, &f->children[i], span, &fields[i].type));
    }
    TRY(schema_new(cx, fields, f->n_children, span, &s));
    arena_on_free(cx->arena, let_go, s);
    *out = (struct dtype){.kind = KIND_STRUCT, .fields = s};
    return RC_OK;
}

static const char *zone_of(const char *format)
{
    const char *colon = strchr(format, ':');
    const char *zone = colon ? colon + 1 : "";
    if (!*zone) return NULL;
    bool is_utc = strcmp(zone, "UTC") == 0 || strcmp(zone, "Z") == 0 ||
                  strcmp(zone, "+00:00") == 0 || strcmp(zone, "Etc/UTC") == 0;
    return dtype_intern(is_utc ? "UTC" : zone);
}

static rc refuse(struct ctx *cx, const struct arrow_field *f, struct span span, const char *what)
{
    fail(cx, E305, span, "column `%s` holds %s, which no type of ours can take", f->name, what);
    return err_note(cx, "`select` of the other columns reads the rest");
}

static rc time_dtype(struct ctx *cx, const struct arrow_field *f, struct span span,
                     struct dtype *out)
{
    switch (f->format[1]) {
    case 'd': *out = DTYPE(KIND_DATE); return RC_OK;
    case 't':
    case 'D': *out = DTYPE(KIND_DURATION); return RC_OK;
    case 's':
        *out = DTYPE(KIND_DATETIME);
        out->zone = zone_of(f->format);
        return RC_OK;
    default: return refuse(cx, f, span, "calendar intervals");
    }
}

static rc nested_dtype(struct ctx *cx, const struct arrow_field *f, struct span span,
                       struct dtype *out)
{
    struct dtype elem;
    switch (f->format[1]) {
    case 's': return struct_dtype(cx, f, span, out);
    case 'u': return refuse(cx, f, span, "a union of types");
    case 'r':
        if (f->n_children != 2) break;
        return arrow_dtype(cx, &f->children[1], span, out);
    default:
        if (f->n_children != 1) break;
        TRY(arrow_dtype(cx, &f->children[0], span, &elem));
        *out = dtype_list(elem);
        return RC_OK;
    }
    return fail(cx, E302, span, "column `%s` has a type that is not complete", f->name);
}

rc arrow_dtype(struct ctx *cx, const struct arrow_field *f, struct span span, struct dtype *out)
{
    if (f->dictionary) {
        TRY(arrow_dtype(cx, f->dictionary, span, out));
        if (out->kind == KIND_STR)
            *out = (struct dtype){.kind = KIND_CAT, .ordered = f->is_ordered};
        return RC_OK;
    }
    switch (f->format[0]) {
    case 'n': *out = DTYPE(KIND_STR); return RC_OK;
    case 'b': *out = DTYPE(KIND_BOOL); return RC_OK;
    case 'e':
    case 'f':
    case 'g':
    case 'd': *out = DTYPE(KIND_NUM); return RC_OK;
    case 'u':
    case 'U':
    case 'z':
    case 'Z':
    case 'v':
    case 'w': *out = DTYPE(KIND_STR); return RC_OK;
    case 't': return time_dtype(cx, f, span, out);
    case '+': return nested_dtype(cx, f, span, out);
    default:
        if (f->format[0] && !f->format[1] && strchr("cCsSiIlL", f->format[0])) {
            *out = DTYPE(KIND_INT);
            return RC_OK;
        }
        return refuse(cx, f, span, "values of an unknown type");
    }
}

int arrow_buffer_count(const struct arrow_field *f)
{
    switch (f->format[0]) {
    case 'n': return 0;
    case 'u':
    case 'U':
    case 'z':
    case 'Z': return 3;
    case '+':
        switch (f->format[1]) {
        case 's':
        case 'w': return 1;
        case 'r': return 0;
        case 'v': return 3;
        case 'u': return f->format[2] == 'd' ? 2 : 1;
        default: return 2;
        }
    default: return 2;
    }
}

/* ---- buffers ---- */
/* Buffer i holds at least n items of `width` bytes from the array's offset on. */
static rc need(const struct import *m, int i, int64_t n, size_t width, const char **out)
{
    const struct arrow_data *d = m->d;
    if (i >= d->n_buffers) return damaged(m, "a buffer is missing");
    size_t want = mem_mul((size_t)(d->offset + n), width);
    if (d->buffers[i].n < want || (want && !d->buffers[i].p))
        return damaged(m, "a buffer is too short");
    *out = want ? (const char *)d->buffers[i].p + (size_t)d->offset * width : "";
    return RC_OK;
}

/* Column of n rows with the array's validity copied (all else still to be filled in). */
static rc new_column(const struct import *m, struct dtype type, enum phys phys, bool has_nulls,
                     struct column **out)
{
    const struct arrow_data *d = m->d;
    const struct arrow_buffer *v = d->n_buffers ? &d->buffers[0] : NULL;
    bool has_valid = v && v->p && v->n && m->f->format[0] != 'n';
    if (has_valid && v->n < (size_t)((d->offset + d->n + 7) / 8))
        return damaged(m, "its validity is too short");
    TRY(column_alloc(m->cx, type, phys, d->n, has_valid || has_nulls, out));
    uint64_t *bits = column_valid_mut(*out);
    if (!bits) return RC_OK;
    bitmap_fill(bits, d->n, true);
    const unsigned char *from = v ? v->p : NULL;
    for (int64_t i = 0; has_valid && i < d->n; i++) {
        int64_t at = d->offset + i;
        if (!(from[at / 8] >> (at % 8) & 1)) bit_clear(bits, i);
    }
    return RC_OK;
}

/* Shares the values of a buffer when there is no null and the bytes are in place. */
static rc share_fixed(const struct import *m, struct dtype type, enum phys phys,
                      struct column **out)
{
    size_t width = phys_width(phys);
    const char *p = NULL;
    struct column *c;
    TRY(need(m, 1, m->d->n, width, &p));
    TRY(new_column(m, type, phys, false, &c));
    column_settle(c, false);
    struct buf *owner = m->d->buffers[1].owner;
    bool is_aligned = ((uintptr_t)p & 7) == 0;
    if (!c->valid && owner && is_aligned && m->d->n) {
        for (int i = 0; i < c->n_bufs; i++)
            buf_unref(c->bufs[i]);
        c->n_bufs = 0;
        column_add_buf(c, owner);
        c->data = p;
    } else {
        if (m->d->n) memcpy(column_data_mut(c), p, width * (size_t)m->d->n);
        column_settle(c, true);
    }
    *out = c;
    return RC_OK;
}

/* ---- numbers ---- */
static bool has_nan(const struct column *c)
{
    bool found = false;
    for (int64_t i = 0; i < c->n; i++)
        found |= c->phys == PHYS_F32 ? isnan(((const float *)c->data)[i]) != 0
                                     : isnan(((const double *)c->data)[i]) != 0;
    return found;
}

/* NaN becomes null, in a copy. */
static rc without_nan(const struct import *m, struct column *take_c, struct column **out)
{
    struct builder b;
    builder_init(&b, take_c->type, take_c->phys);
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < take_c->n && res == RC_OK; i++) {
        double x = take_c->phys == PHYS_F32 ? (double)((const float *)take_c->data)[i]
                                            : ((const double *)take_c->data)[i];
        res = bit_valid(take_c->valid, i) ? builder_f64(m->cx, &b, x) : builder_null(m->cx, &b);
    }
    if (res == RC_OK) res = builder_finish(m->cx, &b, out);
    builder_release(&b);
    column_unref(take_c);
    return res;
}

static rc import_float(const struct import *m, enum phys phys, struct column **out)
{
    struct column *c;
    TRY(share_fixed(m, DTYPE(KIND_NUM), phys, &c));
    if (has_nan(c)) return without_nan(m, c, out);
    *out = c;
    return RC_OK;
}

static double half_value(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double x = exponent == 31  ? (fraction ? NAN : INFINITY)
               : exponent == 0 ? ldexp(fraction, -24)
                               : ldexp(fraction + 1024, exponent - 25);
    return h >> 15 ? -x : x;
}

static rc import_half(const struct import *m, struct column **out)
{
    const char *p;
    struct column *c;
    TRY(need(m, 1, m->d->n, 2, &p));
    TRY(new_column(m, DTYPE(KIND_NUM), PHYS_F64, false, &c));
    for (int64_t i = 0; i < c->n; i++) {
        uint16_t h;
        memcpy(&h, p + 2 * i, 2);
        ((double *)column_data_mut(c))[i] = half_value(h);
    }
    column_settle(c, true);
    if (has_nan(c)) return without_nan(m, c, out);
    *out = c;
    return RC_OK;
}

/* Value i of an array of whole numbers. */
static int64_t whole_at(char format, const char *p, int64_t i)
{
    union {
        int8_t c;
        uint8_t C;
        int16_t s;
        uint16_t S;
        int32_t i;
        uint32_t I;
        int64_t l;
    } v = {.l = 0};
    switch (format) {
    case 'c': memcpy(&v, p + i, 1); return v.c;
    case 'C': memcpy(&v, p + i, 1); return v.C;
    case 's': memcpy(&v, p + 2 * i, 2); return v.s;
    case 'S': memcpy(&v, p + 2 * i, 2); return v.S;
    case 'i': memcpy(&v, p + 4 * i, 4); return v.i;
    case 'I': memcpy(&v, p + 4 * i, 4); return v.I;
    default: memcpy(&v, p + 8 * i, 8); return v.l;
    }
}
static size_t whole_width(char format)
{
    return strchr("cC", format) ? 1 : strchr("sS", format) ? 2 : strchr("iI", format) ? 4 : 8;
}

static rc import_int(const struct import *m, struct column **out)
{
    char format = m->f->format[0];
    const char *p;
    struct column *c;
    if (format == 'l') return share_fixed(m, DTYPE(KIND_INT), PHYS_I64, out);
    if (format == 'i') return share_fixed(m, DTYPE(KIND_INT), PHYS_I32, out);
    TRY(need(m, 1, m->d->n, whole_width(format), &p));
    TRY(new_column(m, DTYPE(KIND_INT), PHYS_I64, false, &c));
    int64_t *r = column_data_mut(c);
    for (int64_t i = 0; i < c->n; i++) {
        r[i] = whole_at(format, p, i);
        if (format != 'L' || r[i] >= 0 || !bit_valid(c->valid, i)) continue;
        column_unref(c);
        return fail(m->cx, E312, m->span, "column `%s` holds %" PRIu64 ", which is beyond int",
                    m->f->name, (uint64_t)whole_at('L', p, i));
    }
    column_settle(c, true);
    *out = c;
    return RC_OK;
}

/* ---- decimals: a whole number in two's complement over 10^scale ---- */
static double decimal_value(const unsigned char *p, int width, int scale)
{
    uint32_t limb[8];
    char digits[96];
    int at = (int)sizeof digits, n = width / 4;
    bool is_minus = p[width - 1] >> 7, is_zero = false;
    memcpy(limb, p, (size_t)width);
    uint64_t carry = 1;
    for (int i = 0; i < n && is_minus; i++) {
        carry += (uint32_t)~limb[i];
        limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    while (!is_zero && at > 9) {
        uint64_t rest = 0;
        is_zero = true;
        for (int i = n; i-- > 0;) {
            rest = rest << 32 | limb[i];
            limb[i] = (uint32_t)(rest / 10);
            rest %= 10;
            is_zero = is_zero && limb[i] == 0;
        }
        digits[--at] = (char)('0' + rest);
    }
    char text[128];
    double x = 0;
    int len = snprintf(text, sizeof text, "%s%.*se%d", is_minus ? "-" : "", (int)sizeof digits - at,
                       digits + at, -scale);
    return num_parse(text, (size_t)len, &x) ? x : 0;
}

static rc import_decimal(const struct import *m, struct column **out)
{
    int precision = 0, scale = 0, bits = 128;
    const char *p;
    struct column *c;
    if (sscanf(m->f->format, "d:%d,%d,%d", &precision, &scale, &bits) < 2 || bits > 256 ||
        bits < 32 || bits % 32 || scale > 400 || scale < -400)
        return damaged(m, "its decimal type cannot be read");
    int width = bits / 8;
    TRY(need(m, 1, m->d->n, (size_t)width, &p));
    TRY(new_column(m, DTYPE(KIND_NUM), PHYS_F64, false, &c));
    double *r = column_data_mut(c);
    for (int64_t i = 0; i < c->n; i++)
        r[i] = bit_valid(c->valid, i)
                   ? decimal_value((const unsigned char *)p + i * width, width, scale)
                   : 0;
    column_settle(c, true);
    *out = c;
    return RC_OK;
}

/* ---- bool and time ---- */
static rc import_bool(const struct import *m, struct column **out)
{
    struct column *c;
    const struct arrow_data *d = m->d;
    if (d->n_buffers < 2 || d->buffers[1].n < (size_t)((d->offset + d->n + 7) / 8))
        return damaged(m, "a buffer is too short");
    TRY(new_column(m, DTYPE(KIND_BOOL), PHYS_BOOL, false, &c));
    const unsigned char *p = d->buffers[1].p; /* not looked at when there are no rows */
    uint64_t *r = column_data_mut(c);
    for (int64_t i = 0; i < c->n; i++)
        bit_put(r, i, p[(d->offset + i) / 8] >> ((d->offset + i) % 8) & 1);
    column_settle(c, true);
    *out = c;
    return RC_OK;
}

/* Units of a second, millisecond, microsecond or nanosecond in microseconds: times and over. */
static int64_t in_us(int64_t v, char unit, bool *is_bad)
{
    int64_t r = v;
    if (unit == 'n') return v / 1000 - (v % 1000 < 0);
    if (unit == 's') *is_bad |= __builtin_mul_overflow(v, INT64_C(1000000), &r);
    if (unit == 'm') *is_bad |= __builtin_mul_overflow(v, INT64_C(1000), &r);
    return r;
}

static rc import_time(const struct import *m, struct dtype type, struct column **out)
{
    const char *format = m->f->format, *p;
    char unit = format[2];
    bool is_narrow = format[1] == 't' && (unit == 's' || unit == 'm'), is_bad = false;
    struct column *c;
    if (!unit || !strchr("Dsmun", unit)) return damaged(m, "its unit of time is not known");
    if (unit == 'D') return share_fixed(m, type, PHYS_DATE32, out);
    if (unit == 'u') return share_fixed(m, type, kind_phys(type.kind), out);
    TRY(need(m, 1, m->d->n, is_narrow ? 4 : 8, &p));
    TRY(new_column(m, type, kind_phys(type.kind), false, &c));
    for (int64_t i = 0; i < c->n; i++) {
        if (!bit_valid(c->valid, i)) continue;
        int64_t v = whole_at(is_narrow ? 'i' : 'l', p, i);
        if (type.kind == KIND_DATE)
            ((int32_t *)column_data_mut(c))[i] =
                (int32_t)(v / 86400000 - (v % 86400000 < 0)); /* of milliseconds */
        else
            ((int64_t *)column_data_mut(c))[i] = in_us(v, unit, &is_bad);
    }
    column_settle(c, true);
    if (is_bad) {
        column_unref(c);
        return fail(m->cx, E312, m->span, "column `%s` holds times beyond what a datetime can",
                    m->f->name);
    }
    *out = c;
    return RC_OK;
}

/* ---- text ---- */
/* UTF-8, or bytes that will be spelled out; false where the type promises text. */
static bool take_bytes(const struct import *m, const char *p, size_t n)
{
    if (utf8_check(p, n) == n) return true;
    *m->has_bytes = true;
    char kind = m->f->format[0] == 'v' ? m->f->format[1] : m->f->format[0];
    return kind == 'z' || kind == 'Z' || kind == 'w';
}

static rc not_text(const struct import *m)
{
    return damaged(m, "a text is not UTF-8");
}

/* Bytes that are no text as 0x.. (hexadecimal); texts as they are. */
static rc spell_out(const struct import *m, struct column *take_c, struct column **out)
{
    static const char hex[] = "0123456789abcdef";
    struct strbuf s = {0};
    struct builder b;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < take_c->n && res == RC_OK; i++) {
        struct str t = text_str((const struct text *)take_c->data + i);
        bool is_null = !bit_valid(take_c->valid, i);
        strbuf_clear(&s);
        if (!is_null && utf8_check(t.p, t.n) != t.n) {
            strbuf_addz(&s, "0x");
            for (size_t k = 0; k < t.n; k++) {
                strbuf_addc(&s, hex[(unsigned char)t.p[k] >> 4]);
                strbuf_addc(&s, hex[(unsigned char)t.p[k] & 15]);
            }
            t = strbuf_view(&s);
        }
        res = is_null ? builder_null(m->cx, &b) : builder_str(m->cx, &b, t);
    }
    if (res == RC_OK) res = builder_finish(m->cx, &b, out);
    builder_release(&b);
    strbuf_release(&s);
    column_unref(take_c);
    return res;
}

/* Views of texts [at[i], at[i + 1]) of one buffer. */
static rc texts_at(const struct import *m, const struct arrow_buffer *heap, struct column *c,
                   int64_t (*place)(const char *offsets, int64_t i), const char *offsets)
{
    struct text *r = column_data_mut(c);
    int64_t from = c->n ? place(offsets, 0) : 0;
    if (from < 0 || (uint64_t)from > heap->n) return damaged(m, "a text lies outside its buffer");
    for (int64_t i = 0; i < c->n; i++) {
        int64_t to = place(offsets, i + 1);
        if (to < from || (uint64_t)to > heap->n || to - from > INT32_MAX)
            return damaged(m, "a text lies outside its buffer");
        const char *p = heap->p ? (const char *)heap->p + from : "";
        size_t n = (size_t)(to - from);
        from = to;
        if (!bit_valid(c->valid, i)) {
            memset(&r[i], 0, sizeof r[i]);
            continue;
        }
        if (!take_bytes(m, p, n)) return not_text(m);
        r[i] = text_make(p, n);
    }
    if (heap->owner) column_add_buf(c, heap->owner);
    return RC_OK;
}

static int64_t place32(const char *p, int64_t i)
{
    return whole_at('i', p, i);
}
static int64_t place64(const char *p, int64_t i)
{
    return whole_at('l', p, i);
}

/* Texts share a buffer that has an owner; else they are copied. */
static rc own_texts(const struct import *m, struct column *take_c, struct column **out)
{
    struct builder b;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    struct vec v = column_view(take_c, 0, take_c->n);
    v.heap = NULL;
    enum rc_t res = builder_append(m->cx, &b, &v, NULL, take_c->n);
    if (res == RC_OK) res = builder_finish(m->cx, &b, out);
    builder_release(&b);
    column_unref(take_c);
    return res;
}

static rc import_text(const struct import *m, bool is_large, struct column **out)
{
    const char *offsets;
    struct column *c;
    if (m->d->n_buffers < 3) return damaged(m, "a buffer is missing");
    if (m->d->n == 0) return column_nulls(m->cx, DTYPE(KIND_STR), 0, out);
    TRY(need(m, 1, m->d->n + 1, is_large ? 8 : 4, &offsets));
    TRY(new_column(m, DTYPE(KIND_STR), PHYS_STR, false, &c));
    const struct arrow_buffer *heap = &m->d->buffers[2];
    if (texts_at(m, heap, c, is_large ? place64 : place32, offsets) != RC_OK) {
        column_unref(c);
        return RC_ERR;
    }
    column_settle(c, false);
    if (!heap->owner && heap->n) return own_texts(m, c, out);
    *out = c;
    return RC_OK;
}

static rc import_fixed_text(const struct import *m, struct column **out)
{
    long width = strtol(m->f->format + 2, NULL, 10);
    const char *p;
    struct column *c;
    if (width < 0 || width > INT32_MAX) return damaged(m, "its width cannot be read");
    TRY(need(m, 1, m->d->n, (size_t)width, &p));
    TRY(new_column(m, DTYPE(KIND_STR), PHYS_STR, false, &c));
    struct text *r = column_data_mut(c);
    memset(r, 0, sizeof *r * (size_t)c->n);
    for (int64_t i = 0; i < c->n; i++) {
        if (!bit_valid(c->valid, i)) continue;
        (void)take_bytes(m, p + i * width, (size_t)width);
        r[i] = text_make(p + i * width, (size_t)width);
    }
    column_settle(c, false);
    struct buf *owner = m->d->buffers[1].owner;
    if (!owner) return own_texts(m, c, out);
    column_add_buf(c, owner);
    *out = c;
    return RC_OK;
}

struct foreign_view {
    int32_t n;
    char prefix[4];
    int32_t buffer, offset;
};
static rc one_view(const struct import *m, const char *p, struct text *out)
{
    struct foreign_view v;
    memcpy(&v, p, sizeof v);
    if (v.n < 0) return damaged(m, "a text has a negative length");
    if (v.n <= TEXT_INLINE) {
        *out = text_make(p + 4, (size_t)v.n);
        return take_bytes(m, p + 4, (size_t)v.n) ? RC_OK : not_text(m);
    }
    if (v.buffer < 0 || v.buffer >= m->d->n_buffers - 2)
        return damaged(m, "a text lies outside its buffer");
    const struct arrow_buffer *b = &m->d->buffers[2 + v.buffer];
    if (v.offset < 0 || (uint64_t)v.offset > b->n || (uint64_t)v.n > b->n - (uint64_t)v.offset)
        return damaged(m, "a text lies outside its buffer");
    *out = text_make((const char *)b->p + v.offset, (size_t)v.n);
    return take_bytes(m, out->ptr, out->n) ? RC_OK : not_text(m);
}

static rc import_views(const struct import *m, struct column **out)
{
    const char *p;
    struct column *c;
    enum rc_t res = RC_OK;
    bool is_owned = true;
    TRY(need(m, 1, m->d->n, 16, &p));
    TRY(new_column(m, DTYPE(KIND_STR), PHYS_STR, false, &c));
    struct text *r = column_data_mut(c);
    memset(r, 0, sizeof *r * (size_t)c->n);
    for (int64_t i = 0; i < c->n && res == RC_OK; i++)
        if (bit_valid(c->valid, i)) res = one_view(m, p + 16 * i, &r[i]);
    if (res != RC_OK) {
        column_unref(c);
        return res;
    }
    column_settle(c, false);
    for (int i = 2; i < m->d->n_buffers; i++) {
        struct buf *owner = m->d->buffers[i].owner;
        is_owned = is_owned && (owner || !m->d->buffers[i].n);
        if (owner) column_add_buf(c, owner);
    }
    if (!is_owned) return own_texts(m, c, out);
    *out = c;
    return RC_OK;
}

/* ---- nested ---- */
static rc need_children(const struct import *m, int n)
{
    if (m->f->n_children != n || m->d->n_children != n) return damaged(m, "a part is missing");
    return RC_OK;
}

/* Child k's rows [from, from + n). */
static rc import_child(const struct import *m, int k, int64_t from, int64_t n, struct column **out)
{
    struct arrow_data part = m->d->children[k];
    if (from < 0 || n < 0 || from > part.n || n > part.n - from)
        return damaged(m, "its elements are too few");
    part.offset += from;
    part.n = n;
    return arrow_import(m->cx, &m->f->children[k], &part, m->span, out);
}

static void give_child(struct column *c, struct column *take_child)
{
    c->child = mem_realloc(c->child, sizeof *c->child * (size_t)(c->n_child + 1));
    c->child[c->n_child++] = take_child;
}

/* Offsets from 0 and the elements between the first and the last one. */
static rc import_list(const struct import *m, struct dtype type, bool is_large, struct column **out)
{
    const char *p;
    struct column *c, *elems;
    TRY(need_children(m, 1));
    if (m->d->n == 0) return column_nulls(m->cx, type, 0, out);
    TRY(need(m, 1, m->d->n + 1, is_large ? 8 : 4, &p));
    TRY(new_column(m, type, PHYS_LIST, false, &c));
    int64_t *r = column_data_mut(c), first = is_large ? place64(p, 0) : place32(p, 0);
    for (int64_t i = 0; i <= c->n; i++) {
        int64_t at = is_large ? place64(p, i) : place32(p, i);
        if (at < first || (i && at - first < r[i - 1])) {
            column_unref(c);
            return damaged(m, "the places of its elements fall");
        }
        r[i] = at - first;
    }
    if (import_child(m, 0, first, r[c->n], &elems) != RC_OK) {
        column_unref(c);
        return RC_ERR;
    }
    give_child(c, elems);
    column_settle(c, false);
    *out = c;
    return RC_OK;
}

static rc import_fixed_list(const struct import *m, struct dtype type, struct column **out)
{
    long width = strtol(m->f->format + 3, NULL, 10);
    struct column *c, *elems;
    TRY(need_children(m, 1));
    if (width < 0 || width > INT32_MAX) return damaged(m, "its width cannot be read");
    TRY(new_column(m, type, PHYS_LIST, false, &c));
    int64_t *r = column_data_mut(c);
    for (int64_t i = 0; i <= c->n; i++)
        r[i] = i * width;
    if (import_child(m, 0, m->d->offset * width, c->n * width, &elems) != RC_OK) {
        column_unref(c);
        return RC_ERR;
    }
    give_child(c, elems);
    column_settle(c, false);
    *out = c;
    return RC_OK;
}

/* Lists that lie anywhere in their elements: offsets and lengths. */
static rc import_list_view(const struct import *m, struct dtype type, bool is_large,
                           struct column **out)
{
    const char *at, *len;
    struct column *c, *all = NULL, *elems = NULL;
    char format = is_large ? 'l' : 'i';
    int64_t *rows = NULL, n = 0;
    TRY(need_children(m, 1));
    TRY(need(m, 1, m->d->n, is_large ? 8 : 4, &at));
    TRY(need(m, 2, m->d->n, is_large ? 8 : 4, &len));
    TRY(new_column(m, type, PHYS_LIST, false, &c));
    int64_t *r = column_data_mut(c), most = m->d->children[0].n;
    int64_t limit = most > UNBACKED / 64 ? most : UNBACKED; /* lists may overlap, in reason */
    enum rc_t res = RC_ERR;
    r[0] = 0;
    for (int64_t i = 0; i < c->n; i++) {
        int64_t from = whole_at(format, at, i), k = whole_at(format, len, i);
        if (!bit_valid(c->valid, i)) k = 0;
        if (k < 0 || (k && (from < 0 || from > most || k > most - from)) ||
            __builtin_add_overflow(r[i], k, &r[i + 1]) || r[i + 1] > limit) {
            res = damaged(m, "its elements are too few");
            goto out;
        }
    }
    TRY_OUT(mem_big(m->cx, mem_mul(8, (size_t)r[c->n] + 1), (void **)&rows));
    for (int64_t i = 0; i < c->n; i++)
        for (int64_t k = r[i]; k < r[i + 1]; k++)
            rows[n++] = whole_at(format, at, i) + k - r[i];
    TRY_OUT(import_child(m, 0, 0, most, &all));
    TRY_OUT(column_gather(m->cx, all, rows, n, &elems));
    give_child(c, elems);
    column_settle(c, false);
    res = RC_OK;
out:
    mem_big_free(rows);
    column_unref(all);
    if (res == RC_OK)
        *out = c;
    else
        column_unref(c);
    return res;
}

static rc import_struct(const struct import *m, struct dtype type, struct column **out)
{
    struct column *c;
    TRY(need_children(m, type.fields->n));
    TRY(new_column(m, type, PHYS_STRUCT, false, &c));
    for (int i = 0; i < type.fields->n; i++) {
        struct column *part;
        if (import_child(m, i, m->d->offset, m->d->n, &part) != RC_OK) {
            column_unref(c);
            return RC_ERR;
        }
        give_child(c, part);
    }
    column_settle(c, false);
    *out = c;
    return RC_OK;
}

/* Run-end encoding: value k stands for the rows up to ends[k]. */
static rc import_runs(const struct import *m, struct column **out)
{
    TRY(need_children(m, 2));
    const struct arrow_field *ef = &m->f->children[0];
    const struct import ends = {m->cx, ef, &m->d->children[0], m->span, NULL};
    const char *p;
    int64_t *rows, n = m->d->n, k = 0;
    struct column *values;
    if (n > UNBACKED) return damaged(m, "its length is not possible");
    if (!ef->format[0] || !strchr("sil", ef->format[0]))
        return damaged(m, "its runs cannot be read");
    TRY(need(&ends, 1, ends.d->n, whole_width(ef->format[0]), &p));
    TRY(mem_big(m->cx, mem_mul(8, (size_t)n + 1), (void **)&rows));
    for (int64_t i = 0; i < n; i++) {
        while (k < ends.d->n && whole_at(ef->format[0], p, k) <= m->d->offset + i)
            k++;
        rows[i] = k;
    }
    enum rc_t res = RC_OK;
    if (n && rows[n - 1] >= m->d->children[1].n) res = damaged(m, "its runs end too early");
    if (res == RC_OK) res = import_child(m, 1, 0, m->d->children[1].n, &values);
    if (res == RC_OK) {
        res = column_gather(m->cx, values, rows, n, out);
        column_unref(values);
    }
    mem_big_free(rows);
    return res;
}

/* ---- dictionaries ---- */
static bool is_distinct(const struct column *dict)
{
    struct text_map map;
    if (dict->n_null) return false;
    text_map_init(&map);
    for (int64_t i = 0; i < dict->n; i++)
        (void)text_map_add(&map, (const struct text *)dict->data + i);
    bool all = map.n == dict->n;
    text_map_release(&map);
    return all;
}

static rc import_codes(const struct import *m, struct dtype type, struct column **out)
{
    const struct column *dict = m->d->dictionary;
    char format = m->f->format[0];
    const char *p;
    struct column *c;
    if (!dict) return damaged(m, "its dictionary is missing");
    if (m->f->format[1] || !strchr("cCsSiIlL", format))
        return damaged(m, "its codes are no integers");
    TRY(need(m, 1, m->d->n, whole_width(format), &p));
    TRY(new_column(m, type, PHYS_DICT, false, &c));
    int32_t *r = column_data_mut(c);
    for (int64_t i = 0; i < c->n; i++) {
        int64_t code = bit_valid(c->valid, i) ? whole_at(format, p, i) : 0;
        if (bit_valid(c->valid, i) && (code < 0 || code >= dict->n)) {
            column_unref(c);
            return damaged(m, "a code lies outside the dictionary");
        }
        r[i] = (int32_t)code;
    }
    column_settle(c, true);
    c->dict = column_ref(dict);
    *out = c;
    return RC_OK;
}

/* A dictionary that is not of different texts: the values themselves. */
static rc import_decoded(const struct import *m, struct dtype type, struct column **out)
{
    struct column *codes, *values;
    int64_t *rows;
    TRY(import_codes(m, (struct dtype){.kind = KIND_CAT}, &codes));
    enum rc_t res = mem_big(m->cx, mem_mul(8, (size_t)codes->n + 1), (void **)&rows);
    for (int64_t i = 0; res == RC_OK && i < codes->n; i++)
        rows[i] = bit_valid(codes->valid, i) ? ((const int32_t *)codes->data)[i] : -1;
    if (res == RC_OK) {
        res = column_gather(m->cx, m->d->dictionary, rows, codes->n, &values);
        mem_big_free(rows);
    }
    column_unref(codes);
    TRY(res);
    if (type.kind != KIND_CAT) {
        *out = values;
        return RC_OK;
    }
    res = column_encode(m->cx, values, false, out);
    column_unref(values);
    if (res == RC_OK) (*out)->type = type;
    return res;
}

static rc import_dictionary(const struct import *m, struct dtype type, struct column **out)
{
    const struct column *dict = m->d->dictionary;
    if (!dict) return damaged(m, "its dictionary is missing");
    if (type.kind == KIND_CAT && dict->phys == PHYS_STR && is_distinct(dict))
        return import_codes(m, type, out);
    return import_decoded(m, type, out);
}

/* ---- all ---- */
static rc import_texts(const struct import *m, struct column **out)
{
    struct column *c;
    switch (m->f->format[0]) {
    case 'v': TRY(import_views(m, &c)); break;
    case 'w': TRY(import_fixed_text(m, &c)); break;
    default: TRY(import_text(m, m->f->format[0] == 'U' || m->f->format[0] == 'Z', &c));
    }
    if (*m->has_bytes) return spell_out(m, c, out);
    *out = c;
    return RC_OK;
}

static rc import_nested(const struct import *m, struct dtype type, struct column **out)
{
    switch (m->f->format[1]) {
    case 's': return import_struct(m, type, out);
    case 'r': return import_runs(m, out);
    case 'w': return import_fixed_list(m, type, out);
    case 'v': return import_list_view(m, type, m->f->format[2] == 'L', out);
    default: return import_list(m, type, m->f->format[1] == 'L', out);
    }
}

rc arrow_import(struct ctx *cx, const struct arrow_field *f, const struct arrow_data *d,
                struct span span, struct column **out)
{
    bool has_bytes = false;
    const struct import m = {cx, f, d, span, &has_bytes};
    struct dtype type;
    if (d->n < 0 || d->offset < 0 || d->n > INT64_C(1) << 40 || d->offset > INT64_C(1) << 40)
        return damaged(&m, "its length is not possible");
    TRY(arrow_dtype(cx, f, span, &type));
    if (f->dictionary) return import_dictionary(&m, type, out);
    switch (f->format[0]) {
    case 'n':
        if (d->n > UNBACKED) return damaged(&m, "its length is not possible");
        return column_nulls(cx, type, d->n, out);
    case 'b': return import_bool(&m, out);
    case 'e': return import_half(&m, out);
    case 'f': return import_float(&m, PHYS_F32, out);
    case 'g': return import_float(&m, PHYS_F64, out);
    case 'd': return import_decimal(&m, out);
    case 'u':
    case 'U':
    case 'z':
    case 'Z':
    case 'v':
    case 'w': return import_texts(&m, out);
    case 't': return import_time(&m, type, out);
    case '+': return import_nested(&m, type, out);
    default: return import_int(&m, out);
    }
}
