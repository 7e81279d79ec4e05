/* cast_text.c: str() and cat(). */
#include "runtime/fn/scalar/cast.h"

#include "runtime/base/hash.h"

static enum rc_t str_value(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return cast_texts(e, n, args, out, put_value);
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

/* A list or struct as the language writes it. */
static enum rc_t str_nested(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    const struct vec *v = &args[0];
    struct column c = {.phys = v->phys,
                       .type = e->arg_types[0],
                       .n = n,
                       .data = v->data,
                       .child = v->child,
                       .n_child = v->n_child};
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    for (int64_t i = 0; i < n; i++) {
        strbuf_clear(&b);
        if (bit_valid(live, i) && e->is_const[0]) {
            scalar_text(&b, &e->consts[0], true);
        } else if (bit_valid(live, i)) {
            struct scalar s = column_scalar(&c, i);
            scalar_text(&b, &s, true);
            scalar_release(&s);
        }
        r[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    out->heap = NULL;
    return RC_OK;
}

static const struct fn_overload str_overloads[] = {
    OV1(KIND_STR, KIND_STR, cast_same),      OV1(KIND_CAT, KIND_STR, str_cat),
    OV1(KIND_INT, KIND_STR, str_value),      OV1(KIND_NUM, KIND_STR, str_value),
    OV1(KIND_BOOL, KIND_STR, str_value),     OV1(KIND_DATE, KIND_STR, str_value),
    OV1(KIND_DATETIME, KIND_STR, str_value), OV1(KIND_DURATION, KIND_STR, str_value),
    OV1(KIND_LIST, KIND_STR, str_nested),    OV1(KIND_STRUCT, KIND_STR, str_nested),
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

/* ---- cat(x, levels): the levels and their order as given ---- */
static enum rc_t prepare_levels(struct fn_eval *e, struct arena *arena, void **out)
{
    *out = NULL;
    if (e->n_args < 2) return RC_OK;
    TRY(need_const(e, 1, "cat", "the levels"));
    const struct scalar *s = &e->consts[1];
    if (s->is_null || s->u.list->type.kind != KIND_STR)
        return fail(e->cx, E209, e->span, "the levels of `cat` are a list of texts");
    struct column *c;
    TRY(column_canonical(e->cx, s->u.list, &c));
    arena_column(arena, c);
    *out = c;
    return RC_OK;
}

/* Fills l with the given levels; a repeated one is an error. */
static rc levels_given(struct fn_eval *e, struct levels *l, const struct column *given)
{
    TRY(levels_init(e, l, given->n));
    for (int64_t i = 0; i < given->n; i++) {
        const struct text *t = (const struct text *)given->data + i;
        int32_t code;
        struct str s = text_str(t);
        if (!bit_valid(given->valid, i))
            return fail(e->cx, E209, e->span, "a level of `cat` cannot be null");
        TRY(level_of(e, l, t, &code));
        if (code != i)
            return fail(e->cx, E209, e->span, "the level \"%.*s\" stands twice", STR_FMT(s));
    }
    return RC_OK;
}

static enum rc_t cat_given(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct column *given = e->prepared;
    int32_t *r = (int32_t *)out->data;
    struct vec text = {.phys = PHYS_STR, .valid = args[0].valid, .is_const = args[0].is_const};
    struct levels l;
    if (e->arg_types[0].kind == KIND_STR) {
        text.data = args[0].data;
    } else {
        text.is_const = false;
        if (args[0].is_const) text.valid = NULL;
        text.data = arena_alloc(e->cx->arena, (size_t)(n + 1) * sizeof(struct text));
        TRY(str_value(e, n, args, &text));
    }
    enum rc_t res = levels_given(e, &l, given);
    int32_t n_levels = l.n;
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        r[i] = 0;
        if (!vec_valid(&args[0], i)) continue;
        const struct text *t = vec_text(&text, i);
        uint32_t at = (uint32_t)hash_bytes(text_str(t).p, text_str(t).n) & l.mask;
        while (l.slots[at] && !text_eq(l.text[l.slots[at] - 1], t))
            at = (at + 1) & l.mask;
        if (l.slots[at]) {
            r[i] = (int32_t)l.slots[at] - 1;
            continue;
        }
        out_null(out, i);
        fn_note_add(e->note, e->first_row + i, text_str(t));
    }
    builder_release(&l.b);
    if (res == RC_OK && n_levels == 0)
        res = fail(e->cx, E209, e->span, "`cat` needs at least one level");
    out->dict = given;
    return res;
}

static enum rc_t type_cat(struct ctx *cx, const struct dtype *args, int n, struct span span,
                          struct dtype *out)
{
    (void)cx;
    (void)span;
    if (args[0].kind == KIND_CAT && n == 1) *out = args[0];
    out->ordered = out->ordered || n > 1;
    return RC_OK;
}

static const struct fn_overload cat_overloads[] = {
    OV1(KIND_CAT, KIND_CAT, cast_same),
    OV1(KIND_STR, KIND_CAT, cat_str),
    OV1(KIND_INT, KIND_CAT, cat_value),
    OV1(KIND_NUM, KIND_CAT, cat_value),
    OV1(KIND_BOOL, KIND_CAT, cat_value),
    OV1(KIND_DATE, KIND_CAT, cat_value),
    OV1(KIND_NULL, KIND_CAT, cast_null),
    OV2(KIND_STR, KIND_LIST, KIND_CAT, cat_given),
    OV2(KIND_INT, KIND_LIST, KIND_CAT, cat_given),
    OV2(KIND_BOOL, KIND_LIST, KIND_CAT, cat_given),
};
const struct fn_desc fn_cat = {
    .name = "cat",
    .sig = "cat(x, levels: list[str]) -> cat",
    .doc =
        "x as a category; the levels are its values as text, sorted by value, or those given, in "
        "the order given (an ordered category; other values become null and are counted).",
    .example = "cat(\"a\") == \"a\"  #> true",
    .flags = FN_PURE | FN_ADDS_NULLS | FN_CAST,
    .overloads = cat_overloads,
    .n_overloads = COUNT(cat_overloads),
    .type = type_cat,
    .prepare = prepare_levels,
};
