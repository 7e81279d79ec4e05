/* cell.c: values as delimited text, after RFC 4180 with LF: null is empty, the empty text is "",
 * quotes only where needed, numbers in the shortest form that reads back the same. */
#include "runtime/io/csv/cell.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"

#include <math.h>

#define AHEAD 16 /* rows */

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

/* Room for n more bytes; a call only when there is none. */
static inline char *room(struct strbuf *b, size_t n)
{
    return b->cap > b->n + n ? b->p + b->n : strbuf_grow(b, n);
}

/* Copies at most 16 bytes as 16: both sides have that many. */
static inline void put_short(struct strbuf *out, const char *p, size_t n)
{
    memcpy(room(out, 16), p, 16);
    out->n += n;
}

/* Writes v backward from `end`; returns the first character. */
static inline char *digits_before(char *end, uint64_t v)
{
    for (; v >= 100; v /= 100)
        memcpy(end -= 2, pairs + 2 * (v % 100), 2);
    if (v >= 10) return memcpy(end - 2, pairs + 2 * v, 2);
    *--end = (char)('0' + v);
    return end;
}

static void put_int(struct strbuf *out, int64_t x)
{
    char buf[40], *end = buf + 24; /* 16 bytes may be copied from the last digit on */
    char *p = digits_before(end, x < 0 ? 0 - (uint64_t)x : (uint64_t)x);
    if (x < 0) *--p = '-';
    size_t n = (size_t)(end - p);
    if (n <= 16) {
        put_short(out, p, n);
        return;
    }
    memcpy(room(out, n), p, n);
    out->n += n;
}

/* Numbers of at most 15 digits with at most six decimals: the digits are x * 10^6 if that, divided
 * again, gives x back; no other decimal of 15 digits does. The rest goes to num_format. */
static void put_num(struct strbuf *out, double x)
{
    double a = fabs(x), scaled = a * 1e6;
    double whole = rint(scaled);
    if (!(a >= 1e-4 && scaled < 1e15 && whole / 1e6 == a)) {
        out->n += (size_t)num_format(x, room(out, NUM_TEXT_MAX));
        return;
    }
    char buf[48], *end = buf + 32;
    uint64_t v = (uint64_t)whole, part = v % 1000000;
    int decimals = 6;
    for (; decimals > 1 && part % 10 == 0; part /= 10)
        decimals--;
    char *p = digits_before(end, part);
    while (end - p < decimals)
        *--p = '0';
    *--p = '.';
    p = digits_before(p, v / 1000000);
    if (x < 0) *--p = '-';
    size_t n = (size_t)(end - p); /* at most 18 */
    memcpy(room(out, 24), p, 16);
    if (n > 16) memcpy(out->p + out->n + 16, p + 16, n - 16);
    out->n += n;
}

void csv_cell_text(struct strbuf *out, const bool *special, struct str s)
{
    size_t i = 0;
    while (i < s.n && !special[(unsigned char)s.p[i]])
        i++;
    if (i == s.n && s.n) {
        memcpy(room(out, s.n), s.p, s.n);
        out->n += s.n;
        return;
    }
    strbuf_addc(out, '"');
    for (i = 0; i < s.n; i++) {
        if (s.p[i] == '"') strbuf_addc(out, '"');
        strbuf_addc(out, s.p[i]);
    }
    strbuf_addc(out, '"');
}

/* ---- one value a physical type ---- */
static void cell_bool(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    strbuf_addz(out, bit_get(w->c->data, row) ? "true" : "false");
}
static void cell_i32(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    put_int(out, ((const int32_t *)w->c->data)[row]);
}
static void cell_i64(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    put_int(out, ((const int64_t *)w->c->data)[row]);
}
static void cell_f32(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    put_num(out, (double)((const float *)w->c->data)[row]);
}
static void cell_f64(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    put_num(out, ((const double *)w->c->data)[row]);
}
static void cell_str(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    csv_cell_text(out, w->special, text_str(&((const struct text *)w->c->data)[row]));
}
static void cell_dict(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    struct str s = w->levels[((const int32_t *)w->c->data)[row]];
    if (s.n <= 16) {
        put_short(out, s.p, s.n);
        return;
    }
    memcpy(room(out, s.n), s.p, s.n);
    out->n += s.n;
}

/* One cache line a value, asked for ahead: with many levels the cost is waiting for memory. */
static void cell_short_dict(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    const int32_t *codes = w->c->data;
    const char *p = w->packed + (size_t)codes[row] * 16;
    if (row + AHEAD < w->c->n) __builtin_prefetch(w->packed + (size_t)codes[row + AHEAD] * 16);
    put_short(out, p, (size_t)p[15]);
}

static char *two(char *p, int32_t v)
{
    return (char *)memcpy(p, pairs + 2 * v, 2) + 2;
}

/* yyyy-mm-dd; years outside 0..9999 the general way. */
static void put_date(struct strbuf *out, int64_t days)
{
    int32_t y, m, d;
    char *p = room(out, DATE_TEXT_MAX);
    civil_from_days(days, &y, &m, &d);
    if (y < 0 || y > 9999) {
        out->n += (size_t)date_format((int32_t)days, p);
        return;
    }
    p = two(two(p, y / 100), y % 100);
    *p++ = '-';
    p = two(p, m);
    *p++ = '-';
    two(p, d);
    out->n += 10;
}

static void cell_date(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    put_date(out, ((const int32_t *)w->c->data)[row]);
}

static void cell_time(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    int64_t us = ((const int64_t *)w->c->data)[row], days = civil_day_of_us(us);
    int64_t rest = us - days * US_PER_DAY;
    if (rest % US_PER_SECOND != 0 || days < -719468 || days > 2932896) {
        out->n += (size_t)datetime_format(us, room(out, DATE_TEXT_MAX));
    } else {
        int32_t s = (int32_t)(rest / US_PER_SECOND);
        put_date(out, days);
        char *p = room(out, 9);
        *p++ = ' ';
        p = two(p, s / 3600);
        *p++ = ':';
        p = two(p, s / 60 % 60);
        *p++ = ':';
        two(p, s % 60);
        out->n += 9;
    }
    if (w->is_zoned) strbuf_addc(out, 'Z');
}

static void cell_duration(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    int64_t us = ((const int64_t *)w->c->data)[row];
    out->n += (size_t)duration_format(us, room(out, DATE_TEXT_MAX));
}

/* Lists and structs: as the language shows them. */
static void cell_any(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    struct scalar s = column_scalar(w->c, row);
    struct strbuf text = {0};
    scalar_text(&text, &s, true);
    csv_cell_text(out, w->special, strbuf_view(&text));
    strbuf_release(&text);
    scalar_release(&s);
}

/* ---- tables ---- */
static const struct str *render_levels(struct arena *a, const bool *special,
                                       const struct column *dict)
{
    struct str *out = ARENA_ARRAY(a, struct str, dict->n + 1);
    struct strbuf b = {0};
    for (int64_t i = 0; i < dict->n; i++) {
        strbuf_clear(&b);
        csv_cell_text(&b, special, text_str(&((const struct text *)dict->data)[i]));
        memset(room(&b, 16), 0, 16); /* put_short copies 16 bytes */
        out[i] = (struct str){arena_copy(a, b.p, b.n + 16), b.n};
    }
    out[dict->n] = STR("");
    strbuf_release(&b);
    return out;
}

/* The levels in 16 bytes each, or NULL when one is longer. */
static const char *pack_levels(struct arena *a, const struct str *levels, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (levels[i].n > 15) return NULL;
    char *out = arena_alloc(a, (size_t)(n + 1) * 16);
    for (int64_t i = 0; i < n; i++) {
        memcpy(out + i * 16, levels[i].p, 15); /* levels have 16 bytes */
        out[i * 16 + 15] = (char)levels[i].n;
    }
    return out;
}

static const cell_put puts_of[PHYS_COUNT] = {
    [PHYS_BOOL] = cell_bool,      [PHYS_I32] = cell_i32,     [PHYS_I64] = cell_i64,
    [PHYS_F32] = cell_f32,        [PHYS_F64] = cell_f64,     [PHYS_STR] = cell_str,
    [PHYS_DICT] = cell_dict,      [PHYS_DATE32] = cell_date, [PHYS_TS64] = cell_time,
    [PHYS_DUR64] = cell_duration, [PHYS_LIST] = cell_any,    [PHYS_STRUCT] = cell_any,
};

static void mark_special(bool *special, char delim)
{
    special['"'] = special['\n'] = special['\r'] = special[(unsigned char)delim] = true;
}

struct cell_writer *cell_writers(struct arena *a, const struct table *t, char delim)
{
    struct cell_writer *out = ARENA_ARRAY(a, struct cell_writer, t->schema->n + 1);
    bool *special = ARENA_ARRAY(a, bool, 256);
    mark_special(special, delim);
    for (int i = 0; i < t->schema->n; i++) {
        const struct column *c = t->cols[i];
        out[i] = (struct cell_writer){.put = puts_of[c->phys], .c = c, .special = special};
        out[i].is_zoned = c->type.kind == KIND_DATETIME && c->type.zone;
        if (c->phys != PHYS_DICT) continue;
        out[i].levels = render_levels(a, special, c->dict);
        out[i].packed = pack_levels(a, out[i].levels, c->dict->n);
        if (out[i].packed) out[i].put = cell_short_dict;
    }
    out[t->schema->n].special = special;
    return out;
}

void cell_names(struct strbuf *out, const struct schema *s, char delim)
{
    bool special[256] = {false};
    mark_special(special, delim);
    for (int i = 0; i < s->n; i++) {
        if (i) strbuf_addc(out, delim);
        csv_cell_text(out, special, str_of(s->fields[i].name));
    }
    strbuf_addc(out, '\n');
}

/* A text that reads as null stands in quotes. */
static void put_value(struct strbuf *out, const struct cell_writer *w, int64_t row)
{
    size_t at = out->n;
    w->put(out, w, row);
    if (!w->na.n || out->n - at != w->na.n || memcmp(out->p + at, w->na.p, w->na.n) != 0) return;
    out->n = at;
    strbuf_addc(out, '"');
    strbuf_add(out, w->na.p, w->na.n);
    strbuf_addc(out, '"');
}

void cell_rows(struct strbuf *out, const struct cell_writer *w, int n_cols, char delim,
               int64_t from, int64_t to)
{
    for (int64_t row = from; row < to; row++) {
        for (int i = 0; i < n_cols; i++) {
            if (bit_valid(w[i].c->valid, row))
                put_value(out, &w[i], row);
            else if (w[i].na.n)
                strbuf_add(out, w[i].na.p, w[i].na.n);
            *room(out, 1) = i + 1 < n_cols ? delim : '\n';
            out->n++;
        }
    }
}
