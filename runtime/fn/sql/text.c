/* text.c: text functions whose rules PostgreSQL sets apart from the DSL's. Positions count
 * characters from 1. */
#include "runtime/fn/scalar/text.h"
#include "runtime/base/utf8.h"
#include "runtime/fn/sql/sql.h"

#include <utf8proc.h>

#define ROW(name)                                                                                  \
    static enum rc_t name(struct fn_eval *e, const struct vec *args, int64_t i, struct strbuf *b,  \
                          bool *is_null)
#define INT_ROW(name)                                                                              \
    static enum rc_t name(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,        \
                          bool *is_null)
#define UNUSED (void)e, (void)is_null

/* ---- joining ---- */
ROW(join_row)
{
    UNUSED;
    strbuf_adds(b, vec_str(&args[0], i));
    strbuf_adds(b, vec_str(&args[1], i));
    return RC_OK;
}
SQL_TEXT_KERNEL(join, join_row, false)
static const struct fn_overload sql_join_overloads[] = {OV2(KIND_STR, KIND_STR, KIND_STR, join)};
SQL_FN(sql_join, "sql_join(a: str, b: str) -> str", "SQL's ||: null when a side is null.",
       "sql_join(\"a\", \"b\")  #> \"ab\"", 0, .nulls = FN_ANY_NULL,
       .foreign = {"(%1 || %2)", "(%1 || %2)"});

ROW(concat_row)
{
    (void)is_null;
    for (int k = 0; k < e->n_args; k++)
        if (vec_valid(&args[k], i)) strbuf_adds(b, vec_str(&args[k], i));
    return RC_OK;
}
SQL_TEXT_KERNEL(concat, concat_row, true)
static const struct fn_overload sql_concat_overloads[] = {OVN(KIND_STR, KIND_STR, concat)};
SQL_FN(sql_concat, "sql_concat(x: str, ..) -> str", "SQL's concat: nulls are left out.",
       "sql_concat(\"a\", null, \"b\")  #> \"ab\"", 0, .nulls = FN_OWN_NULLS);

ROW(concat_ws_row)
{
    bool any = false;
    if (!vec_valid(&args[0], i)) {
        *is_null = true;
        return RC_OK;
    }
    for (int k = 1; k < e->n_args; k++) {
        if (!vec_valid(&args[k], i)) continue;
        if (any) strbuf_adds(b, vec_str(&args[0], i));
        strbuf_adds(b, vec_str(&args[k], i));
        any = true;
    }
    return RC_OK;
}
SQL_TEXT_KERNEL(concat_ws, concat_ws_row, true)
static const struct fn_overload sql_concat_ws_overloads[] = {OVN(KIND_STR, KIND_STR, concat_ws)};
SQL_FN(sql_concat_ws, "sql_concat_ws(sep: str, ..) -> str",
       "SQL's concat_ws: what is not null, with separators.",
       "sql_concat_ws(\"-\", \"a\", null, \"b\")  #> \"a-b\"", FN_ADDS_NULLS,
       .nulls = FN_OWN_NULLS);

/* ---- case ---- */
ROW(initcap_row)
{
    UNUSED;
    struct str s = vec_str(&args[0], i);
    bool in_word = false;
    for (size_t at = 0; at < s.n;) {
        uint32_t cp;
        char buf[4];
        at += (size_t)utf8_next(s.p + at, s.n - at, &cp);
        int32_t c = in_word ? utf8proc_tolower((int32_t)cp) : utf8proc_toupper((int32_t)cp);
        int n = utf8_put((uint32_t)c, buf);
        strbuf_add(b, buf, (size_t)n);
        in_word = cp != '_' && utf8_is_name(cp);
    }
    return RC_OK;
}
SQL_TEXT_KERNEL(initcap, initcap_row, false)
static const struct fn_overload sql_initcap_overloads[] = {OV1(KIND_STR, KIND_STR, initcap)};
SQL_FN(sql_initcap, "sql_initcap(x: str) -> str",
       "SQL's initcap: words of letters and digits begin with a capital.",
       "sql_initcap(\"hi THOMAS\")  #> \"Hi Thomas\"", 0, .nulls = FN_ANY_NULL);

/* ---- places ---- */
INT_ROW(strpos_row)
{
    UNUSED;
    struct str s = vec_str(&args[0], i);
    int64_t at = text_search(s, vec_str(&args[1], i), 0);
    *r = at < 0 ? 0 : text_points((struct str){s.p, (size_t)at}) + 1;
    return RC_OK;
}
SQL_INT_KERNEL(strpos, strpos_row)
static const struct fn_overload sql_strpos_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_INT, strpos),
};
SQL_FN(sql_strpos, "sql_strpos(x: str, part: str) -> int",
       "SQL's strpos and position: 0 when there is none.", "sql_strpos(\"high\", \"ig\")  #> 2", 0,
       .nulls = FN_ANY_NULL, .foreign = {"strpos(%1, %2)", NULL});

/* Characters [from, from + count) of s counted from 1; what lies before 1 counts but is not there.
 */
static struct str points_at(struct str s, int64_t from, int64_t count)
{
    int64_t end;
    if (__builtin_add_overflow(from, count, &end)) end = INT64_MAX;
    return text_part(s, from < 1 ? 0 : from - 1, end < 1 ? 0 : end - 1);
}
static enum rc_t substring(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        int64_t count = e->n_args > 2 ? vec_i64(&args[2], i) : INT64_MAX;
        if (count < 0) return sql_refuse(e, i, "the length of substring is below 0");
        struct str s = points_at(vec_str(&args[0], i), vec_i64(&args[1], i), count);
        r[i] = text_make(s.p, s.n);
    }
    out_shares(out, &args[0]);
    return RC_OK;
}
static const struct fn_overload sql_substring_overloads[] = {
    OV2(KIND_STR, KIND_INT, KIND_STR, substring),
    OV3(KIND_STR, KIND_INT, KIND_INT, KIND_STR, substring),
};
SQL_FN(sql_substring, "sql_substring(x: str, from: int, count: int = null) -> str",
       "SQL's substring by position.", "sql_substring(\"Thomas\", 2, 3)  #> \"hom\"", 0,
       .nulls = FN_ANY_NULL);

ROW(overlay_row)
{
    (void)is_null;
    struct str s = vec_str(&args[0], i), put = vec_str(&args[1], i);
    int64_t from = vec_i64(&args[2], i);
    int64_t count = e->n_args > 3 ? vec_i64(&args[3], i) : text_points(put), end;
    if (from < 1) return sql_refuse(e, i, "overlay counts from 1");
    if (__builtin_add_overflow(from, count, &end)) end = INT64_MAX;
    strbuf_adds(b, points_at(s, 1, from - 1));
    strbuf_adds(b, put);
    strbuf_adds(b, points_at(s, end, INT64_MAX));
    return RC_OK;
}
SQL_TEXT_KERNEL(overlay, overlay_row, false)
static const struct fn_overload sql_overlay_overloads[] = {
    OV3(KIND_STR, KIND_STR, KIND_INT, KIND_STR, overlay),
    OV4(KIND_STR, KIND_STR, KIND_INT, KIND_INT, KIND_STR, overlay),
};
SQL_FN(sql_overlay, "sql_overlay(x: str, put: str, from: int, count: int = null) -> str",
       "SQL's overlay.", "sql_overlay(\"Txxxxas\", \"hom\", 2, 4)  #> \"Thomas\"", 0,
       .nulls = FN_ANY_NULL);

/* Part k (from 1; below 0 from the end) of s cut at sep. */
static struct str part_of(struct str s, struct str sep, int64_t k)
{
    struct str none = {s.p, 0};
    if (sep.n == 0) return k == 1 || k == -1 ? s : none;
    if (k < 0) {
        int64_t parts = 1;
        for (int64_t at = 0; (at = text_search(s, sep, (size_t)at)) >= 0; at += (int64_t)sep.n)
            parts++;
        if (k < -parts) return none;
        k += parts + 1;
    }
    size_t from = 0;
    for (;; k--) {
        int64_t hit = text_search(s, sep, from);
        size_t to = hit < 0 ? s.n : (size_t)hit;
        if (k == 1) return (struct str){s.p + from, to - from};
        if (hit < 0) return none;
        from = to + sep.n;
    }
}
static enum rc_t split_part(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        int64_t k = vec_i64(&args[2], i);
        if (k == 0) return sql_refuse(e, i, "split_part counts from 1, or from the end with -1");
        struct str s = part_of(vec_str(&args[0], i), vec_str(&args[1], i), k);
        r[i] = text_make(s.p, s.n);
    }
    out_shares(out, &args[0]);
    return RC_OK;
}
static const struct fn_overload sql_split_part_overloads[] = {
    OV3(KIND_STR, KIND_STR, KIND_INT, KIND_STR, split_part),
};
SQL_FN(sql_split_part, "sql_split_part(x: str, sep: str, n: int) -> str", "SQL's split_part.",
       "sql_split_part(\"a-b-c\", \"-\", 2)  #> \"b\"", 0, .nulls = FN_ANY_NULL);

/* ---- padding ---- */
static enum rc_t pad_row(struct fn_eval *e, const struct vec *args, int64_t i, struct strbuf *b,
                         bool is_left)
{
    struct str s = vec_str(&args[0], i), fill = e->n_args > 2 ? vec_str(&args[2], i) : STR(" ");
    int64_t want = vec_i64(&args[1], i), have = text_points(s), room = text_points(fill);
    if (want <= have || room == 0) {
        strbuf_adds(b, text_part(s, 0, want < have ? want : have));
        return RC_OK;
    }
    if ((uint64_t)want > SQL_TEXT_LIMIT / (fill.n + 1))
        return sql_refuse(e, i, "the text would be too long");
    if (!is_left) strbuf_adds(b, s);
    for (int64_t left = want - have; left > 0; left -= room)
        strbuf_adds(b, left >= room ? fill : text_part(fill, 0, left));
    if (is_left) strbuf_adds(b, s);
    return RC_OK;
}
ROW(lpad_row)
{
    (void)is_null;
    return pad_row(e, args, i, b, true);
}
ROW(rpad_row)
{
    (void)is_null;
    return pad_row(e, args, i, b, false);
}
SQL_TEXT_KERNEL(lpad, lpad_row, false)
SQL_TEXT_KERNEL(rpad, rpad_row, false)
#define PADS(k)                                                                                    \
    {                                                                                              \
        OV2(KIND_STR, KIND_INT, KIND_STR, k), OV3(KIND_STR, KIND_INT, KIND_STR, KIND_STR, k),      \
    }
static const struct fn_overload sql_lpad_overloads[] = PADS(lpad);
SQL_FN(sql_lpad, "sql_lpad(x: str, n: int, fill: str = \" \") -> str",
       "SQL's lpad: cuts longer texts.", "sql_lpad(\"hi\", 5, \"xy\")  #> \"xyxhi\"", 0,
       .nulls = FN_ANY_NULL);
static const struct fn_overload sql_rpad_overloads[] = PADS(rpad);
SQL_FN(sql_rpad, "sql_rpad(x: str, n: int, fill: str = \" \") -> str",
       "SQL's rpad: cuts longer texts.", "sql_rpad(\"hi\", 5, \"xy\")  #> \"hixyx\"", 0,
       .nulls = FN_ANY_NULL);

/* ---- trimming: blanks only, unless told ---- */
static bool is_in(uint32_t cp, struct str set)
{
    uint32_t c;
    for (size_t i = 0; i < set.n;) {
        i += (size_t)utf8_next(set.p + i, set.n - i, &c);
        if (c == cp) return true;
    }
    return false;
}
static struct str trim_text(struct str s, struct str set, bool left, bool right)
{
    uint32_t cp;
    while (left && s.n > 0) {
        int k = utf8_next(s.p, s.n, &cp);
        if (!is_in(cp, set)) break;
        s = (struct str){s.p + k, s.n - (size_t)k};
    }
    while (right && s.n > 0) {
        size_t at = s.n - 1;
        while (at > 0 && ((unsigned char)s.p[at] & 0xC0) == 0x80)
            at--;
        utf8_next(s.p + at, s.n - at, &cp);
        if (!is_in(cp, set)) break;
        s.n = at;
    }
    return s;
}
static enum rc_t trim_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                           bool left, bool right)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        struct str set = e->n_args > 1 ? vec_str(&args[1], i) : STR(" ");
        struct str s = trim_text(vec_str(&args[0], i), set, left, right);
        r[i] = text_make(s.p, s.n);
    }
    out_shares(out, &args[0]);
    return RC_OK;
}
#define TRIM(id, left, right, example_text)                                                        \
    static enum rc_t id(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)     \
    {                                                                                              \
        return trim_rows(e, n, args, out, left, right);                                            \
    }                                                                                              \
    static const struct fn_overload sql_##id##_overloads[] = {                                     \
        OV1(KIND_STR, KIND_STR, id),                                                               \
        OV2(KIND_STR, KIND_STR, KIND_STR, id),                                                     \
    };                                                                                             \
    SQL_FN(sql_##id, "sql_" #id "(x: str, chars: str = \" \") -> str", "SQL's " #id ".",           \
           example_text, 0, .nulls = FN_ANY_NULL)
TRIM(btrim, true, true, "sql_btrim(\"xyabyx\", \"xy\")  #> \"ab\"");
TRIM(ltrim, true, false, "sql_ltrim(\" a \")  #> \"a \"");
TRIM(rtrim, false, true, "sql_rtrim(\" a \")  #> \" a\"");

/* ---- characters ---- */
ROW(translate_row)
{
    UNUSED;
    struct str s = vec_str(&args[0], i), from = vec_str(&args[1], i), to = vec_str(&args[2], i);
    for (size_t at = 0; at < s.n;) {
        uint32_t cp, c;
        int n = utf8_next(s.p + at, s.n - at, &cp);
        int64_t k = 0;
        bool hit = false;
        for (size_t f = 0; f < from.n && !hit; k += !hit) {
            f += (size_t)utf8_next(from.p + f, from.n - f, &c);
            hit = c == cp;
        }
        strbuf_adds(b, hit ? text_part(to, k, k + 1) : (struct str){s.p + at, (size_t)n});
        at += (size_t)n;
    }
    return RC_OK;
}
SQL_TEXT_KERNEL(translate, translate_row, false)
static const struct fn_overload sql_translate_overloads[] = {
    OV3(KIND_STR, KIND_STR, KIND_STR, KIND_STR, translate),
};
SQL_FN(sql_translate, "sql_translate(x: str, from: str, to: str) -> str",
       "SQL's translate: character by character; what has no partner goes.",
       "sql_translate(\"12345\", \"143\", \"ax\")  #> \"a2x5\"", 0, .nulls = FN_ANY_NULL);

ROW(reverse_row)
{
    UNUSED;
    struct str s = vec_str(&args[0], i);
    char *p = strbuf_grow(b, s.n + 1);
    for (size_t at = 0; at < s.n;) {
        uint32_t cp;
        size_t n = (size_t)utf8_next(s.p + at, s.n - at, &cp);
        memcpy(p + s.n - at - n, s.p + at, n);
        at += n;
    }
    p[s.n] = '\0';
    b->n += s.n;
    return RC_OK;
}
SQL_TEXT_KERNEL(reverse, reverse_row, false)
static const struct fn_overload sql_reverse_overloads[] = {OV1(KIND_STR, KIND_STR, reverse)};
SQL_FN(sql_reverse, "sql_reverse(x: str) -> str", "SQL's reverse.",
       "sql_reverse(\"abc\")  #> \"cba\"", 0, .nulls = FN_ANY_NULL);

INT_ROW(ascii_row)
{
    UNUSED;
    struct str s = vec_str(&args[0], i);
    uint32_t cp = 0;
    if (s.n > 0) utf8_next(s.p, s.n, &cp);
    *r = cp;
    return RC_OK;
}
SQL_INT_KERNEL(ascii, ascii_row)
static const struct fn_overload sql_ascii_overloads[] = {OV1(KIND_STR, KIND_INT, ascii)};
SQL_FN(sql_ascii, "sql_ascii(x: str) -> int", "SQL's ascii: the first character's code point.",
       "sql_ascii(\"x\")  #> 120", 0, .nulls = FN_ANY_NULL);

ROW(chr_row)
{
    (void)is_null;
    int64_t cp = vec_i64(&args[0], i);
    char buf[4];
    if (cp <= 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000))
        return sql_refuse(e, i, "%lld is no character", (long long)cp);
    strbuf_add(b, buf, (size_t)utf8_put((uint32_t)cp, buf));
    return RC_OK;
}
SQL_TEXT_KERNEL(chr, chr_row, false)
static const struct fn_overload sql_chr_overloads[] = {OV1(KIND_INT, KIND_STR, chr)};
SQL_FN(sql_chr, "sql_chr(x: int) -> str", "SQL's chr.", "sql_chr(65)  #> \"A\"", 0,
       .nulls = FN_ANY_NULL);

INT_ROW(octets_row)
{
    UNUSED;
    *r = (int64_t)vec_str(&args[0], i).n;
    return RC_OK;
}
SQL_INT_KERNEL(octets, octets_row)
static const struct fn_overload sql_octet_length_overloads[] = {OV1(KIND_STR, KIND_INT, octets)};
SQL_FN(sql_octet_length, "sql_octet_length(x: str) -> int", "SQL's octet_length: bytes of UTF-8.",
       "sql_octet_length(\"jos\u00e9\")  #> 5", 0, .nulls = FN_ANY_NULL);

ROW(hex_row)
{
    UNUSED;
    strbuf_printf(b, "%llx", (unsigned long long)vec_i64(&args[0], i));
    return RC_OK;
}
SQL_TEXT_KERNEL(to_hex, hex_row, false)
static const struct fn_overload sql_to_hex_overloads[] = {OV1(KIND_INT, KIND_STR, to_hex)};
SQL_FN(sql_to_hex, "sql_to_hex(x: int) -> str", "SQL's to_hex.", "sql_to_hex(255)  #> \"ff\"", 0,
       .nulls = FN_ANY_NULL);
