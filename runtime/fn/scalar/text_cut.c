/* text_cut.c: trim, left, right, slice, at: parts of a text, as views into it (nothing is
 * copied). */
#include "runtime/base/utf8.h"
#include "runtime/fn/scalar/list.h"
#include "runtime/fn/scalar/text.h"

/* ---- trim ---- */
static size_t last_point(struct str s, uint32_t *cp) /* start of the last code point */
{
    size_t at = s.n - 1;
    while (at > 0 && ((unsigned char)s.p[at] & 0xC0) == 0x80)
        at--;
    utf8_next(s.p + at, s.n - at, cp);
    return at;
}

static bool is_one_of(uint32_t cp, struct str set)
{
    uint32_t c;
    for (size_t i = 0; i < set.n;) {
        i += (size_t)utf8_next(set.p + i, set.n - i, &c);
        if (c == cp) return true;
    }
    return false;
}

static struct str trimmed(struct str s, const struct str *set)
{
    uint32_t cp;
    while (s.n > 0) {
        int k = utf8_next(s.p, s.n, &cp);
        if (!(set ? is_one_of(cp, *set) : is_blank(cp))) break;
        s.p += k;
        s.n -= (size_t)k;
    }
    while (s.n > 0) {
        size_t at = last_point(s, &cp);
        if (!(set ? is_one_of(cp, *set) : is_blank(cp))) break;
        s.n = at;
    }
    return s;
}

static enum rc_t trim(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        struct str set = e->n_args > 1 ? vec_str(&args[1], i) : STR("");
        struct str s = trimmed(vec_str(&args[0], i), e->n_args > 1 ? &set : NULL);
        r[i] = text_make(s.p, s.n);
    }
    out_shares(out, &args[0]);
    return RC_OK;
}
static const struct fn_overload trim_overloads[] = {
    OV1(KIND_STR, KIND_STR, trim),
    OV2(KIND_STR, KIND_STR, KIND_STR, trim),
};
const struct fn_desc fn_trim = {
    .name = "trim",
    .sig = "trim(x: str, chars: str = null) -> str",
    .doc = "x without white space at both ends, or without the characters given.",
    .example = "trim(\"  a b \")  #> \"a b\"",
    .flags = FN_PURE,
    .overloads = trim_overloads,
    .n_overloads = COUNT(trim_overloads),
};

/* ---- left, right ---- */
static enum rc_t cut_side(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                          bool is_left)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        int64_t k = vec_i64(&args[1], i);
        if (is_left) {
            s = text_part(s, 0, k >= 0 ? k : text_points(s) + k);
        } else {
            int64_t len = text_points(s);
            s = text_part(s, k >= 0 ? (k < len ? len - k : 0) : (k > -len ? -k : len), len);
        }
        r[i] = text_make(s.p, s.n);
    }
    out_shares(out, &args[0]);
    return RC_OK;
}
static enum rc_t left(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return cut_side(e, n, args, out, true);
}
static enum rc_t right(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return cut_side(e, n, args, out, false);
}
static const struct fn_overload left_overloads[] = {OV2(KIND_STR, KIND_INT, KIND_STR, left)};
const struct fn_desc fn_left = {
    .name = "left",
    .sig = "left(x: str, n: int) -> str",
    .doc = "The first n characters; with n below 0, all but the last -n.",
    .example = "left(\"abcd\", 2)  #> \"ab\"",
    .flags = FN_PURE,
    .overloads = left_overloads,
    .n_overloads = COUNT(left_overloads),
    .foreign = {"left(%1, %2)", NULL},
};
static const struct fn_overload right_overloads[] = {OV2(KIND_STR, KIND_INT, KIND_STR, right)};
const struct fn_desc fn_right = {
    .name = "right",
    .sig = "right(x: str, n: int) -> str",
    .doc = "The last n characters; with n below 0, all but the first -n.",
    .example = "right(\"abcd\", 2)  #> \"cd\"",
    .flags = FN_PURE,
    .overloads = right_overloads,
    .n_overloads = COUNT(right_overloads),
    .foreign = {"right(%1, %2)", NULL},
};

/* ---- x[2], x[1..3] ---- */
static enum rc_t at(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        int64_t k = vec_i64(&args[1], i);
        if (k == 0) return fail_zero(e, "text");
        int64_t at = index_of(k, k > 0 ? 0 : text_points(s));
        s = at < 0 ? STR("") : text_part(s, at, at + 1);
        if (s.n == 0) out_null(out, i);
        r[i] = text_make(s.p, s.n);
    }
    out->heap = NULL; /* one character is always inline */
    return RC_OK;
}
/* Of a list the result's kind is its elements' (type_element), whatever stands here. */
static const struct fn_overload at_overloads[] = {
    OV2(KIND_STR, KIND_INT, KIND_STR, at),
    OV2(KIND_LIST, KIND_INT, KIND_STR, at_list),
};
const struct fn_desc fn_at = {
    .name = "at",
    .sig = "at(x: str, i: int) -> str",
    .doc =
        "The ith character of a text or value of a list, from 1; from the end with i below 0; null "
        "when there are not so many.",
    .example = "\"abc\"[-1]  #> \"c\"",
    .flags = FN_PURE | FN_ADDS_NULLS,
    .overloads = at_overloads,
    .n_overloads = COUNT(at_overloads),
    .type = type_element,
};

/* An end that is a null constant is open. */
static enum rc_t slice(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    bool has_lo = !(e->is_const[1] && e->consts[1].is_null);
    bool has_hi = !(e->is_const[2] && e->consts[2].is_null);
    out_shares(out, &args[0]);
    for (int64_t i = 0; i < n; i++) {
        bool live = vec_valid(&args[0], i) && (!has_lo || vec_valid(&args[1], i)) &&
                    (!has_hi || vec_valid(&args[2], i));
        r[i] = text_make("", 0);
        bit_put(out_valid(out), i, live);
        if (!live) continue;
        struct str s = vec_str(&args[0], i);
        int64_t lo = has_lo ? vec_i64(&args[1], i) : 1, hi = has_hi ? vec_i64(&args[2], i) : -1;
        if (lo == 0 || hi == 0) return fail_zero(e, "text");
        int64_t len = lo > 0 && hi > 0 ? 0 : text_points(s);
        if (hi < -len && hi < 0) hi = -len - 1; /* before the start: empty, without overflow */
        s = text_part(s, lo < -len && lo < 0 ? 0 : index_of(lo, len),
                      hi > 0 ? hi : index_of(hi, len) + 1);
        r[i] = text_make(s.p, s.n);
    }
    return RC_OK;
}
static const struct fn_overload slice_overloads[] = {
    OV3(KIND_STR, KIND_INT, KIND_INT, KIND_STR, slice),
    OV3(KIND_LIST, KIND_INT, KIND_INT, KIND_LIST, slice_list),
};
const struct fn_desc fn_slice = {
    .name = "slice",
    .sig = "slice(x: str, from: int, to: int) -> str",
    .doc =
        "What x[from..to] means: those characters of a text or values of a list, both in, from 1; "
        "from the end below 0.",
    .example = "\"abcd\"[2..3]  #> \"bc\"",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = slice_overloads,
    .n_overloads = COUNT(slice_overloads),
    .type = type_list_or_text,
};
