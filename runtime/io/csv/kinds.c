/* kinds.c: which kinds of value a column of a strip holds. A column is expected to go on as it
 * began: a loop that only knows the last kind seen runs until a field does not fit; that field is
 * classified with care, and the loop of its kind goes on. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/io/csv/fast.h"

/* -?digits[.digits] of any length, no zero before a digit. */
static bool plain_decimal(const char *p, size_t n)
{
    size_t sign = p[0] == '-', points = 0;
    p += sign;
    n -= sign;
    if (n == 0 || p[0] == '.' || (p[0] == '0' && n > 1 && p[1] != '.')) return false;
    for (size_t i = 0; i < n; i += 8) {
        size_t over = n - i < 8 ? 8 - (n - i) : 0; /* junk bytes, shifted out */
        uint64_t x = (fast_load8(p + i) ^ FAST_ZEROS) << (8 * over);
        uint64_t bad = ((x + UINT64_C(0x7676767676767676)) | x) & UINT64_C(0x8080808080808080);
        for (; bad; bad &= bad - 1) {
            size_t at = i + (size_t)__builtin_ctzll(bad) / 8 - over;
            if (p[at] != '.' || ++points > 1) return false;
        }
    }
    return true;
}

/* The same with an exponent of one to three digits. */
static bool is_number(struct str f)
{
    if (plain_decimal(f.p, f.n)) return true;
    size_t n = f.n, digits = 0;
    while (n && digits < 4 && f.p[n - 1] >= '0' && f.p[n - 1] <= '9') {
        n--;
        digits++;
    }
    if (digits == 0 || digits > 3) return false;
    n -= n && (f.p[n - 1] == '-' || f.p[n - 1] == '+');
    return n > 1 && (f.p[n - 1] | 32) == 'e' && plain_decimal(f.p, n - 1);
}

/* Each gives the first row from r on whose field is neither empty nor of its kind. */
#define RUN(name, test)                                                                            \
    static int64_t name(const struct csv_strip *s, int c, int64_t r, char quote)                   \
    {                                                                                              \
        struct csv_cursor k = csv_column_from(s, c, r);                                            \
        for (; r < s->n_rows; r++) {                                                               \
            struct str f = csv_bare(csv_next(&k), quote);                                          \
            if (f.n != 0 && !(test)) break;                                                        \
        }                                                                                          \
        return r;                                                                                  \
    }

static inline bool is_int(struct str f)
{
    int64_t v;
    return fast_int(f.p, f.n, &v);
}
static inline bool is_bool(struct str f)
{
    bool v;
    return fast_bool(f.p, f.n, &v);
}
static inline bool is_date(struct str f)
{
    int64_t v;
    return f.n == 10 && fast_date(f.p, &v);
}
static inline bool is_datetime(struct str f)
{
    int64_t v;
    return fast_datetime(f.p, f.n, &v);
}
static inline bool is_zoned(struct str f)
{
    int64_t v;
    return f.n == 20 && f.p[19] == 'Z' && fast_datetime(f.p, 19, &v);
}
RUN(run_ints, is_int(f))
RUN(run_nums, is_number(f))
RUN(run_bools, is_bool(f))
RUN(run_dates, is_date(f))
RUN(run_datetimes, is_datetime(f))
RUN(run_zoned, is_zoned(f))
RUN(run_empty, false)

uint32_t csv_strip_kinds(const struct csv_dialect *d, const struct csv_strip *s, int c,
                         uint32_t kinds)
{
    const char quote = csv_quote_of(d);
    for (int64_t r = 0;; r++) {
        enum kind kind = csv_kind_of(kinds);
        switch (kinds & ~(uint32_t)CSV_NAN ? kind : KIND_NULL) {
        case KIND_STR: return kinds; /* no value brings it back */
        case KIND_INT: r = run_ints(s, c, r, quote); break;
        case KIND_NUM: r = d->decimal ? r : run_nums(s, c, r, quote); break;
        case KIND_BOOL: r = run_bools(s, c, r, quote); break;
        case KIND_DATE: r = run_dates(s, c, r, quote); break;
        case KIND_DATETIME:
            r = kinds & CSV_ZONED ? run_zoned(s, c, r, quote) : run_datetimes(s, c, r, quote);
            break;
        default: r = run_empty(s, c, r, quote); break;
        }
        if (r >= s->n_rows) return kinds;
        struct csv_value v;
        kinds |= csv_classify(d, csv_field(s, r, c), &v);
    }
}
