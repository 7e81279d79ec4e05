/* parse.c: values of one column of a strip, a loop a type. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/io/csv/fast.h"

size_t csv_out_bytes(enum kind kind, int64_t rows)
{
    size_t n = (size_t)rows, width = kind == KIND_STR    ? sizeof(struct text)
                                     : kind == KIND_DATE ? sizeof(int32_t)
                                                         : sizeof(int64_t);
    size_t bytes = kind == KIND_BOOL ? BITMAP_WORDS(rows) * 8 : n * width;
    return (bytes + 63) / 64 * 64;
}

void csv_out_null(struct csv_out *out, int64_t row)
{
    if (out->n_null++ == 0) bitmap_fill(out->valid, out->cap, true);
    bit_clear(out->valid, row);
}

/* The careful way, for what the fast one leaves. False: null (v is zero then). */
static bool slow(const struct csv_dialect *d, struct csv_out *out, struct str raw, int64_t row,
                 struct csv_value *v)
{
    enum csv_fit fit = csv_convert(d, out->kind, raw, v);
    if (fit == CSV_FITS) return true;
    out->n_misfit += fit == CSV_MISFIT;
    csv_out_null(out, row);
    v->i = 0;
    return false;
}

/* Rows of the strip that there is room for. */
static int64_t rows_of(const struct csv_strip *s, const struct csv_out *out)
{
    int64_t room = out->cap - out->n;
    return s->n_rows < room ? s->n_rows : room;
}

#define LOOP(name, T, declare, fast, fast_value, slow_value)                                       \
    static void name(const struct csv_dialect *d, const struct csv_strip *s, struct csv_out *o)    \
    {                                                                                              \
        T *data = (T *)o->data + o->n;                                                             \
        int64_t n = rows_of(s, o);                                                                 \
        struct csv_cursor k = csv_column_from(s, o->col, 0);                                       \
        const bool na_any = d->na_any;                                                             \
        const char quote = csv_quote_of(d);                                                        \
        for (int64_t r = 0; r < n; r++) {                                                          \
            struct str raw = csv_next(&k), f = csv_bare(raw, quote);                               \
            struct csv_value v;                                                                    \
            declare;                                                                               \
            if (fast && !(na_any && csv_is_na(d, f))) {                                            \
                data[r] = (T)(fast_value);                                                         \
            } else {                                                                               \
                slow(d, o, raw, o->n + r, &v);                                                     \
                data[r] = (T)(slow_value);                                                         \
            }                                                                                      \
        }                                                                                          \
        o->n += n;                                                                                 \
    }

LOOP(ints, int64_t, int64_t x, fast_int(f.p, f.n, &x), x, v.i)
LOOP(nums, double, double x, (fast_num(f.p, f.n, &x) || csv_decimal(f.p, f.n, &x)), x, v.f)
LOOP(nums_comma, double, double x = 0, false, x, v.f)
LOOP(dates, int32_t, int64_t x, f.n == 10 && fast_date(f.p, &x), x, v.i)
LOOP(datetimes, int64_t, int64_t x, fast_datetime(f.p, f.n == 20 && f.p[19] == 'Z' ? 19 : f.n, &x),
     x, v.i)

static void bools(const struct csv_dialect *d, const struct csv_strip *s, struct csv_out *o)
{
    int64_t n = rows_of(s, o);
    struct csv_cursor k = csv_column_from(s, o->col, 0);
    for (int64_t r = 0; r < n; r++) {
        struct str raw = csv_next(&k), f = csv_bare(raw, csv_quote_of(d));
        struct csv_value v;
        bool x;
        if (!fast_bool(f.p, f.n, &x) || (d->na_any && csv_is_na(d, f))) {
            slow(d, o, raw, o->n + r, &v);
            x = v.i != 0;
        }
        bit_put(o->data, o->n + r, x);
    }
    o->n += n;
}

void csv_parse_strip(const struct csv_scan *s, const struct csv_strip *strip, struct csv_out *out,
                     struct arena *side)
{
    switch (out->kind) {
    case KIND_INT: ints(&s->dialect, strip, out); break;
    case KIND_NUM: (s->dialect.decimal ? nums_comma : nums)(&s->dialect, strip, out); break;
    case KIND_BOOL: bools(&s->dialect, strip, out); break;
    case KIND_DATE: dates(&s->dialect, strip, out); break;
    case KIND_DATETIME: datetimes(&s->dialect, strip, out); break;
    default: csv_parse_texts(s, strip, out, side); break;
    }
}
