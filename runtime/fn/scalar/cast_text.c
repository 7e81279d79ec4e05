/* cast_text.c: str() and cat(). */
#include "runtime/fn/scalar/cast.h"

#include "runtime/base/hash.h"

static enum rc_t str_value(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    for (int64_t i = 0; i < n; i++) {
        strbuf_clear(&b);
        if (bit_valid(live, i)) put_value(&b, e->arg_types[0], &args[0], i);
        r[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    out->heap = NULL;
    return RC_OK;
}

/* The text of the level: shared with the dictionary. */
static enum rc_t str_cat(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const struct text *levels = args[0].dict->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++)
        r[i] = bit_valid(live, i) ? levels[vec_i32(&args[0], i)] : text_make("", 0);
    out->heap = args[0].is_const ? NULL : args[0].dict;
    return RC_OK;
}

static const struct fn_overload str_overloads[] = {
    OV1(KIND_STR, KIND_STR, cast_same),      OV1(KIND_CAT, KIND_STR, str_cat),
    OV1(KIND_INT, KIND_STR, str_value),      OV1(KIND_NUM, KIND_STR, str_value),
    OV1(KIND_BOOL, KIND_STR, str_value),     OV1(KIND_DATE, KIND_STR, str_value),
    OV1(KIND_DATETIME, KIND_STR, str_value), OV1(KIND_DURATION, KIND_STR, str_value),
    OV1(KIND_NULL, KIND_STR, cast_null),
};
const struct fn_desc fn_str = {
    .name = "str",
    .sig = "str(x) -> str",
    .doc = "The value as text: numbers in the shortest form that reads back the same, times as "
           "2019-01-31 08:30:00.",
    .example = "str(2.50)  #> \"2.5\"",
    .flags = FN_PURE | FN_ADDS_NULLS,
    .overloads = str_overloads,
    .n_overloads = COUNT(str_overloads),
};

/* ---- cat: a dictionary a batch, levels in order of first appearance ---- */
struct levels {
    uint32_t *slots; /* level + 1; 0 = free */
    uint32_t mask;
    struct builder b; /* of the levels' texts */
    const struct text **text;
    int32_t n;
};

static rc levels_init(struct fn_eval *e, struct levels *l, int64_t n)
{
    uint32_t cap = 16;
    while (cap < 2 * (uint64_t)n)
        cap *= 2;
    *l = (struct levels){.mask = cap - 1};
    l->slots = arena_zero(e->cx->arena, cap * sizeof *l->slots);
    l->text = arena_alloc(e->cx->arena, (size_t)(n + 1) * sizeof *l->text);
    builder_init(&l->b, DTYPE(KIND_STR), PHYS_STR);
    return builder_reserve(e->cx, &l->b, n);
}

static rc level_of(struct fn_eval *e, struct levels *l, const struct text *t, int32_t *out)
{
    struct str s = text_str(t);
    uint32_t at = (uint32_t)hash_bytes(s.p, s.n) & l->mask;
    for (; l->slots[at]; at = (at + 1) & l->mask) {
        *out = (int32_t)l->slots[at] - 1;
        if (text_eq(l->text[*out], t)) return RC_OK;
    }
    TRY(builder_str(e->cx, &l->b, s));
    l->text[l->n] = t;
    l->slots[at] = (uint32_t)l->n + 1;
    *out = l->n++;
    return RC_OK;
}

static enum rc_t cat_str(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int32_t *r = (int32_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct levels l;
    struct column *dict;
    enum rc_t res = levels_init(e, &l, n);
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        r[i] = 0;
        if (bit_valid(live, i)) res = level_of(e, &l, vec_text(&args[0], i), &r[i]);
    }
    if (res == RC_OK) res = builder_finish(e->cx, &l.b, &dict);
    builder_release(&l.b);
    TRY(res);
    arena_column(e->cx->arena, dict);
    out->dict = dict;
    return RC_OK;
}

/* Other kinds: by their text. */
static enum rc_t cat_value(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct vec text[2] = {{.phys = PHYS_STR, .valid = args[0].valid}, {0}};
    if (args[0].is_const) text[0].valid = NULL;
    text[0].data = arena_alloc(e->cx->arena, (size_t)(n + 1) * sizeof(struct text));
    if (e->n_args > 1) text[1] = args[1];
    TRY(str_value(e, n, args, &text[0]));
    return cat_str(e, n, text, out);
}

static enum rc_t type_cat(struct ctx *cx, const struct dtype *args, int n, struct span span,
                          struct dtype *out)
{
    (void)cx;
    (void)n;
    (void)span;
    if (args[0].kind == KIND_CAT) *out = args[0];
    return RC_OK;
}

static const struct fn_overload cat_overloads[] = {
    OV1(KIND_CAT, KIND_CAT, cast_same),  OV1(KIND_STR, KIND_CAT, cat_str),
    OV1(KIND_INT, KIND_CAT, cat_value),  OV1(KIND_NUM, KIND_CAT, cat_value),
    OV1(KIND_BOOL, KIND_CAT, cat_value), OV1(KIND_DATE, KIND_CAT, cat_value),
    OV1(KIND_NULL, KIND_CAT, cast_null),
};
const struct fn_desc fn_cat = {
    .name = "cat",
    .sig = "cat(x) -> cat",
    .doc = "x as a category; the levels are its values as text.",
    .example = "cat(\"a\") == \"a\"  #> true",
    .flags = FN_PURE | FN_ADDS_NULLS,
    .overloads = cat_overloads,
    .n_overloads = COUNT(cat_overloads),
    .type = type_cat,
};
