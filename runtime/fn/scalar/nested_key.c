/* nested_key.c: a list or struct as one text whose byte order is the order of the values, and the
 * value back from it. Plans put it around nested keys, so that sort, groups, joins and spilling see
 * nothing but text. PostgreSQL's order of arrays and rows: element by element, a null after every
 * value and equal to a null, a list before what it is the beginning of.
 *
 * The text has no byte below 0x01. A value is MARK_VALUE and its body, a null MARK_NULL alone, the
 * end of a list MARK_END, which sorts before both. */
#include "runtime/fn/fn_int.h"

#include <math.h>

enum { MARK_END = '!', MARK_VALUE = '"', MARK_NULL = '~', DIGIT = '0', WORD_DIGITS = 11 };
enum { TEXT_END = 1, TEXT_ESCAPE = 2 };

/* ---- to the key ---- */
/* 64 bits as 11 digits of six, high ones first. */
static void put_word(struct strbuf *b, uint64_t w)
{
    char *p = strbuf_grow(b, WORD_DIGITS);
    for (int i = 0; i < WORD_DIGITS; i++)
        p[i] = (char)(DIGIT + ((w >> (6 * (WORD_DIGITS - 1 - i))) & 63));
    b->n += WORD_DIGITS;
}

static void put_int(struct strbuf *b, int64_t v)
{
    put_word(b, (uint64_t)v ^ (UINT64_C(1) << 63));
}

/* Bits of a double in the order of its values; both zeros are one. */
static void put_num(struct strbuf *b, double v)
{
    uint64_t u;
    v = v == 0 ? 0 : v;
    memcpy(&u, &v, 8);
    put_word(b, u >> 63 ? ~u : u | (UINT64_C(1) << 63));
}

static void put_text(struct strbuf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= TEXT_ESCAPE) {
            strbuf_addc(b, TEXT_ESCAPE);
            c++;
        }
        strbuf_addc(b, (char)c);
    }
    strbuf_addc(b, TEXT_END);
}

static void put_cell(struct strbuf *b, const struct column *c, int64_t i);

static void put_items(struct strbuf *b, const struct column *c, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++)
        put_cell(b, c, i);
    strbuf_addc(b, MARK_END);
}

static void put_body(struct strbuf *b, const struct column *c, int64_t i)
{
    switch (c->phys) {
    case PHYS_BOOL: strbuf_addc(b, (char)(DIGIT + bit_get(c->data, i))); break;
    case PHYS_I32:
    case PHYS_DATE32: put_int(b, ((const int32_t *)c->data)[i]); break;
    case PHYS_I64:
    case PHYS_TS64:
    case PHYS_DUR64: put_int(b, ((const int64_t *)c->data)[i]); break;
    case PHYS_F32: put_num(b, (double)((const float *)c->data)[i]); break;
    case PHYS_F64: put_num(b, ((const double *)c->data)[i]); break;
    case PHYS_STR: put_text(b, text_str(&((const struct text *)c->data)[i])); break;
    case PHYS_DICT:
        put_text(b, text_str(&((const struct text *)c->dict->data)[((const int32_t *)c->data)[i]]));
        break;
    case PHYS_LIST:
        put_items(b, c->child[0], ((const int64_t *)c->data)[i], ((const int64_t *)c->data)[i + 1]);
        break;
    default:
        for (int k = 0; k < c->n_child; k++)
            put_cell(b, c->child[k], i);
    }
}

static void put_cell(struct strbuf *b, const struct column *c, int64_t i)
{
    bool is_there = bit_valid(c->valid, i);
    strbuf_addc(b, is_there ? MARK_VALUE : MARK_NULL);
    if (is_there) put_body(b, c, i);
}

/* A constant has no vector: its list or row is looked at. */
static void put_const(struct strbuf *b, const struct scalar *s)
{
    if (s->type.kind == KIND_LIST) {
        put_items(b, s->u.list, 0, s->u.list->n);
        return;
    }
    for (int k = 0; k < s->u.row->schema->n; k++)
        put_cell(b, s->u.row->cols[k], 0);
}

static void put_row(struct strbuf *b, const struct vec *v, int64_t i)
{
    const int64_t *at = v->data;
    if (v->phys == PHYS_LIST) {
        put_items(b, v->child[0], at[i], at[i + 1]);
        return;
    }
    for (int k = 0; k < v->n_child; k++)
        put_cell(b, v->child[k], i);
}

static enum rc_t key_kernel(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const uint64_t *live = live_rows(e, n, args);
    struct text_out keep = text_out_to(e);
    struct text *texts = (struct text *)out->data;
    struct strbuf b = {0};
    for (int64_t i = 0; i < n; i++) {
        texts[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        strbuf_clear(&b);
        if (e->is_const[0]) {
            put_const(&b, &e->consts[0]);
        } else {
            put_row(&b, &args[0], vec_at(&args[0], i));
        }
        texts[i] = text_keep(&keep, strbuf_view(&b));
    }
    strbuf_release(&b);
    return RC_OK;
}

/* ---- and back ---- */
struct cursor {
    const char *p, *end;
    struct strbuf text; /* of the value at hand */
};

static bool take(struct cursor *at, char c)
{
    if (at->p == at->end || *at->p != c) return false;
    at->p++;
    return true;
}

static uint64_t take_word(struct cursor *at)
{
    uint64_t w = 0;
    for (int i = 0; i < WORD_DIGITS && at->p < at->end; i++)
        w = w << 6 | (uint64_t)(unsigned char)(*at->p++ - DIGIT);
    return w;
}

static double take_num(struct cursor *at)
{
    uint64_t u = take_word(at);
    double v;
    u = u >> 63 ? u & ~(UINT64_C(1) << 63) : ~u;
    memcpy(&v, &u, 8);
    return v;
}

static struct str take_text(struct cursor *at)
{
    strbuf_clear(&at->text);
    for (; at->p < at->end && *at->p != TEXT_END; at->p++) {
        bool is_escape = *at->p == TEXT_ESCAPE && at->p + 1 < at->end;
        if (is_escape) at->p++;
        strbuf_addc(&at->text, (char)(*at->p - is_escape));
    }
    (void)take(at, TEXT_END);
    return strbuf_view(&at->text);
}

static rc take_body(struct ctx *cx, struct cursor *at, struct builder *b);

static rc take_cell(struct ctx *cx, struct cursor *at, struct builder *b)
{
    if (take(at, MARK_VALUE)) return take_body(cx, at, b);
    if (at->p < at->end) at->p++; /* the mark of a null; whatever else stands in a text of others */
    return builder_null(cx, b);
}

/* The row that the children have got by now. */
static rc close_row(struct ctx *cx, struct builder *b)
{
    TRY(builder_reserve(cx, b, 1));
    if (b->phys == PHYS_LIST) ((int64_t *)b->data)[b->n + 1] = b->child->n;
    if (b->valid) bit_set(b->valid, b->n);
    b->n++;
    return RC_OK;
}

static rc take_nested(struct ctx *cx, struct cursor *at, struct builder *b)
{
    if (b->phys == PHYS_LIST) {
        while (at->p < at->end && !take(at, MARK_END))
            TRY(take_cell(cx, at, b->child));
    } else {
        for (int i = 0; i < b->n_child; i++)
            TRY(take_cell(cx, at, &b->child[i]));
    }
    return close_row(cx, b);
}

static rc take_body(struct ctx *cx, struct cursor *at, struct builder *b)
{
    switch (b->type.kind) {
    case KIND_LIST:
    case KIND_STRUCT: return take_nested(cx, at, b);
    case KIND_BOOL: return builder_bool(cx, b, at->p < at->end && *at->p++ != DIGIT);
    case KIND_NUM: return builder_f64(cx, b, take_num(at));
    case KIND_STR: return builder_str(cx, b, take_text(at));
    default: return builder_i64(cx, b, (int64_t)(take_word(at) ^ (UINT64_C(1) << 63)));
    }
}

static rc values_of(struct fn_eval *e, int64_t n, const struct vec *keys, struct builder *b)
{
    struct cursor at = {0};
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        struct str key = {0};
        bool is_there = e->is_const[0] ? !e->consts[0].is_null : vec_valid(keys, i);
        if (is_there) key = e->is_const[0] ? e->consts[0].u.s : vec_str(keys, i);
        at.p = key.p;
        at.end = key.p + key.n;
        res = is_there ? take_nested(e->cx, &at, b) : builder_null(e->cx, b);
    }
    strbuf_release(&at.text);
    return res;
}

static enum rc_t value_kernel(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct builder b;
    struct column *c = NULL;
    builder_init(&b, e->type, kind_phys(e->type.kind));
    enum rc_t res = values_of(e, n, &args[0], &b);
    if (res == RC_OK) res = builder_finish(e->cx, &b, &c);
    builder_release(&b);
    TRY(res);
    arena_column(e->cx->arena, c);
    uint64_t *valid = out_valid(out);
    for (int64_t i = 0; i < n; i++)
        bit_put(valid, i, bit_valid(c->valid, i));
    *out = column_view(c, 0, n);
    out->valid = valid;
    return RC_OK;
}

/* The second argument is a null of the type that the key was made of. */
static enum rc_t type_of_value(struct ctx *cx, const struct dtype *args, int n, struct span span,
                               struct dtype *out)
{
    (void)cx, (void)n, (void)span;
    *out = args[1];
    return RC_OK;
}

static const struct fn_overload key_overloads[] = {
    OV1(KIND_LIST, KIND_STR, key_kernel),
    OV1(KIND_STRUCT, KIND_STR, key_kernel),
};
const struct fn_desc fn_nested_key = {
    .name = "nested_key",
    .sig = "nested_key(x) -> str",
    .doc = "A list or struct as a text that compares as the value does.",
    .example = "nested_key([true])  #> \"\\\"1!\"",
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = key_overloads,
    .n_overloads = COUNT(key_overloads),
};

static const struct fn_overload value_overloads[] = {
    OV2(KIND_STR, KIND_LIST, KIND_LIST, value_kernel),
    OV2(KIND_STR, KIND_STRUCT, KIND_STRUCT, value_kernel),
};
const struct fn_desc fn_nested_value = {
    .name = "nested_value",
    .sig = "nested_value(key: str, like) -> list",
    .doc = "The list or struct that nested_key made the text of.",
    .example = "nested_value(nested_key([1, 2]), [3])  #> [1, 2]",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE | FN_HIDDEN,
    .overloads = value_overloads,
    .n_overloads = COUNT(value_overloads),
    .type = type_of_value,
};
