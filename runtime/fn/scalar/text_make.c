/* text_make.c: pad, repeat, replace and the hidden concat: texts made of others. */
#include "runtime/fn/scalar/text.h"

#define TEXT_LIMIT (UINT64_C(1) << 30) /* bytes of one text */

static rc fail_long(struct fn_eval *e, const char *fn)
{
    return fail(e->cx, E902, e->span, "`%s` would make a text of more than 1 GB", fn);
}

/* ---- pad ---- */
static enum rc_t pad(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        r[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i), fill = e->n_args > 2 ? vec_str(&args[2], i) : STR(" ");
        bool on_right = e->n_args > 3 && str_eqz(vec_str(&args[3], i), "right");
        int64_t more = vec_i64(&args[1], i) - text_points(s);
        if (fill.n == 0 || more < 0) more = 0;
        if ((uint64_t)more > TEXT_LIMIT / 4) res = fail_long(e, "pad");
        strbuf_clear(&b);
        if (on_right) strbuf_adds(&b, s);
        for (int64_t k = text_points(fill); more > 0 && res == RC_OK; more -= k)
            strbuf_adds(&b, text_part(fill, 0, more));
        if (!on_right) strbuf_adds(&b, s);
        r[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    out->heap = NULL;
    return res;
}

static enum rc_t prepare_pad(struct fn_eval *e, struct arena *arena, void **out)
{
    (void)arena;
    (void)out;
    TRY(need_const(e, 3, "pad", "the side"));
    if (!const_given(e, 3)) return RC_OK;
    struct str side = e->consts[3].u.s;
    if (str_eqz(side, "left") || str_eqz(side, "right")) return RC_OK;
    return fail(e->cx, E209, e->span, "the side of `pad` is \"left\" or \"right\", not \"%.*s\"",
                STR_FMT(side));
}

static const struct fn_overload pad_overloads[] = {
    OV2(KIND_STR, KIND_INT, KIND_STR, pad),
    OV3(KIND_STR, KIND_INT, KIND_STR, KIND_STR, pad),
    OV4(KIND_STR, KIND_INT, KIND_STR, KIND_STR, KIND_STR, pad),
};
const struct fn_desc fn_pad = {
    .name = "pad",
    .sig = "pad(x: str, width: int, fill: str = \" \", side: str = \"left\") -> str",
    .doc = "x made at least so many characters wide, filled on the left (or side: \"right\").",
    .example = "pad(\"7\", 3, \"0\")  #> \"007\"",
    .flags = FN_PURE,
    .overloads = pad_overloads,
    .n_overloads = COUNT(pad_overloads),
    .prepare = prepare_pad,
};

/* ---- repeat ---- */
static enum rc_t repeat(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct text_out t = text_out_to(e);
    out->heap = NULL;
    for (int64_t i = 0; i < n; i++) {
        r[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        int64_t k = vec_i64(&args[1], i);
        if (k <= 0 || s.n == 0) continue;
        if ((uint64_t)k > TEXT_LIMIT / s.n) return fail_long(e, "repeat");
        size_t len = s.n * (size_t)k;
        char *p = text_room(&t, len);
        for (size_t at = 0; at < len; at += s.n)
            memcpy(p + at, s.p, s.n);
        r[i] = text_make(p, len);
        text_made(&t, len);
    }
    return RC_OK;
}
static const struct fn_overload repeat_overloads[] = {OV2(KIND_STR, KIND_INT, KIND_STR, repeat)};
const struct fn_desc fn_repeat = {
    .name = "repeat",
    .sig = "repeat(x: str, n: int) -> str",
    .doc = "x so many times.",
    .example = "repeat(\"ab\", 2)  #> \"abab\"",
    .flags = FN_PURE,
    .overloads = repeat_overloads,
    .n_overloads = COUNT(repeat_overloads),
    .foreign = {"repeat(%1, %2)", NULL},
};

/* ---- replace ---- */
static void replaced(struct strbuf *b, struct str s, struct str from, struct str to)
{
    size_t at = 0;
    int64_t hit = from.n > 0 ? text_search(s, from, 0) : -1;
    for (; hit >= 0; hit = text_search(s, from, at)) {
        strbuf_add(b, s.p + at, (size_t)hit - at);
        strbuf_adds(b, to);
        at = (size_t)hit + from.n;
    }
    strbuf_add(b, s.p + at, s.n - at);
}

static enum rc_t replace(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    for (int64_t i = 0; i < n; i++) {
        r[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        strbuf_clear(&b);
        replaced(&b, vec_str(&args[0], i), vec_str(&args[1], i), vec_str(&args[2], i));
        r[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    out->heap = NULL;
    return RC_OK;
}
static const struct fn_overload replace_overloads[] = {
    OV3(KIND_STR, KIND_STR, KIND_STR, KIND_STR, replace),
};
const struct fn_desc fn_replace = {
    .name = "replace",
    .sig = "replace(x: str, from: str, to: str) -> str",
    .doc = "x with every `from` replaced by `to`, taken literally (sub takes a pattern).",
    .example = "replace(\"wk12\", \"wk\", \"\")  #> \"12\"",
    .flags = FN_PURE,
    .overloads = replace_overloads,
    .n_overloads = COUNT(replace_overloads),
    .foreign = {"replace(%1, %2, %3)", "replace(%1, %2, %3)"},
};

/* ---- concat: what f-strings become ---- */
static enum rc_t concat(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    for (int64_t i = 0; i < n; i++) {
        strbuf_clear(&b);
        for (int k = 0; k < e->n_args; k++)
            strbuf_adds(&b, vec_valid(&args[k], i) ? vec_str(&args[k], i) : STR("null"));
        r[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    out->heap = NULL;
    return RC_OK;
}
static const struct fn_overload concat_overloads[] = {OVN(KIND_STR, KIND_STR, concat)};
const struct fn_desc fn_concat = {
    .name = "concat",
    .sig = "concat(x: str, ..) -> str",
    .doc = "The texts one after the other, null as `null`: what an f-string becomes.",
    .example = "f\"{1 + 1} of {null}\"  #> \"2 of null\"",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = concat_overloads,
    .n_overloads = COUNT(concat_overloads),
};
