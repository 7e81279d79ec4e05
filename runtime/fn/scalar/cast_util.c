/* cast_util.c: the shared parts of the casts. */
#include "runtime/fn/scalar/cast.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/base/zone.h"

#include <inttypes.h>

static bool is_strict(const struct fn_eval *e)
{
    return e->n_args > 1 && e->is_const[1] && !e->consts[1].is_null && e->consts[1].u.b;
}

enum rc_t prepare_cast(struct fn_eval *e, struct arena *arena, void **out)
{
    (void)arena;
    (void)out;
    if (e->n_args != 2 || e->is_const[1]) return RC_OK;
    return fail(e->cx, E217, e->span, "strict: is true or false, not a column");
}

rc cast_refuse(struct fn_eval *e, struct vec *out, int64_t i, struct str text, const char *noun)
{
    if (is_strict(e))
        return fail(e->cx, E307, e->span, "\"%.*s\" in row %" PRId64 " is not %s",
                    (int)(text.n < 60 ? text.n : 60), text.p, e->first_row + i + 1, noun);
    out_null(out, i);
    fn_note_add(e->note, e->first_row + i, text);
    return RC_OK;
}

enum rc_t cast_null(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    size_t width = phys_width(out->phys);
    (void)e;
    (void)args;
    if (n == 0) return RC_OK;
    memset((void *)(uintptr_t)out->data, 0, width ? width * (size_t)n : BITMAP_WORDS(n) * 8);
    bitmap_fill(out_valid(out), n, false);
    if (out->phys == PHYS_DICT) {
        struct column *none;
        TRY(column_nulls(e->cx, DTYPE(KIND_STR), 0, &none));
        arena_column(e->cx->arena, none);
        out->dict = none;
    }
    return RC_OK;
}

enum rc_t cast_same(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    (void)e;
    size_t width = phys_width(out->phys);
    char *to = (char *)(uintptr_t)out->data;
    if (n == 0) return RC_OK;
    out_shares(out, &args[0]);
    out->dict = args[0].dict;
    if (args[0].is_const && width) {
        for (int64_t i = 0; i < n; i++)
            memcpy(to + (size_t)i * width, args[0].data, width);
    } else if (args[0].is_const) {
        memset(to, bit_get((const uint64_t *)args[0].data, 0) ? 0xFF : 0, BITMAP_WORDS(n) * 8);
    } else {
        memcpy(to, args[0].data, width ? width * (size_t)n : BITMAP_WORDS(n) * 8);
    }
    return RC_OK;
}

void put_value(struct strbuf *b, struct dtype type, const struct vec *v, int64_t i)
{
    char buf[ZONED_TEXT_MAX + NUM_TEXT_MAX];
    int n = 0;
    switch (type.kind) {
    case KIND_BOOL: strbuf_addz(b, vec_bool(v, i) ? "true" : "false"); return;
    case KIND_INT: n = int_format(vec_i64(v, i), buf); break;
    case KIND_NUM: n = num_format(vec_f64(v, i), buf); break;
    case KIND_STR: strbuf_adds(b, vec_str(v, i)); return;
    case KIND_CAT:
        strbuf_adds(b, text_str((const struct text *)v->dict->data + vec_i32(v, i)));
        return;
    case KIND_DATE: n = date_format(vec_i32(v, i), buf); break;
    case KIND_DATETIME: n = zoned_format(vec_i64(v, i), type.zone, buf); break;
    case KIND_DURATION: n = duration_format(vec_i64(v, i), buf); break;
    default: return;
    }
    strbuf_add(b, buf, (size_t)n);
}

enum rc_t cast_texts(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                     void (*put)(struct strbuf *b, struct dtype type, const struct vec *v,
                                 int64_t i))
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    for (int64_t i = 0; i < n; i++) {
        strbuf_clear(&b);
        if (bit_valid(live, i)) put(&b, e->arg_types[0], &args[0], i);
        r[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    out->heap = NULL;
    return RC_OK;
}

/* One to `max` digits. */
static bool read_digits(const char **p, const char *end, int min, int max, int *out)
{
    int n = 0, x = 0;
    for (; *p < end && n < max && **p >= '0' && **p <= '9'; (*p)++, n++)
        x = x * 10 + (**p - '0');
    *out = x;
    return n >= min;
}

/* Reads the date at the start; *out_rest is what follows. */
static bool read_day(struct str s, int32_t *out, struct str *out_rest)
{
    const char *p = s.p, *end = s.p + s.n;
    int y, m, d;
    if (!read_digits(&p, end, 4, 4, &y) || p == end) return false;
    char sep = *p++;
    if (sep != '-' && sep != '/' && sep != '.') return false;
    if (!read_digits(&p, end, 1, 2, &m) || p == end || *p++ != sep) return false;
    if (!read_digits(&p, end, 1, 2, &d)) return false;
    if (m < 1 || m > 12 || d < 1 || d > civil_month_length(y, m)) return false;
    *out = (int32_t)civil_days(y, m, d);
    *out_rest = (struct str){p, (size_t)(end - p)};
    return true;
}

bool read_date(struct str text, int32_t *out)
{
    struct str s = str_trim(text), rest;
    int32_t day;
    int64_t us;
    if (!read_day(s, &day, &rest)) return false;
    if (rest.n > 0 && !read_datetime(s, &us)) return false;
    *out = day;
    return true;
}

bool read_datetime(struct str text, int64_t *out)
{
    struct str s = str_trim(text), rest;
    bool has_zone;
    int32_t day;
    if (!read_day(s, &day, &rest)) return false;
    if (rest.n == 0) {
        *out = (int64_t)day * US_PER_DAY;
        return true;
    }
    if (datetime_parse(s.p, s.n, out, &has_zone)) return true;
    char buf[DATE_TEXT_MAX * 2]; /* a loose date: written anew before the time */
    int n = date_format(day, buf);
    if (rest.n > DATE_TEXT_MAX) return false;
    memcpy(buf + n, rest.p, rest.n);
    return datetime_parse(buf, (size_t)n + rest.n, out, &has_zone);
}
