/* scalar.c: single values: out of columns, into columns, as text. */
#include "runtime/col/col_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/base/utf8.h"
#include "runtime/base/zone.h"

/* Row i of a list column as a column of its own, shared with the child; kept alive by the list
 * column's child. */
static void list_scalar(const struct column *c, int64_t i, struct scalar *s)
{
    const int64_t *at = c->data;
    struct column *part;
    struct error err;
    struct ctx cx = {.err = &err};
    s->u.list = NULL;
    if (column_slice(&cx, c->child[0], at[i], at[i + 1] - at[i], &part) == RC_OK) s->u.list = part;
}

struct scalar column_scalar(const struct column *c, int64_t i)
{
    struct scalar s = {.type = c->type, .is_null = !bit_valid(c->valid, i)};
    if (s.is_null) return s;
    switch (c->phys) {
    case PHYS_BOOL: s.u.b = bit_get(c->data, i); break;
    case PHYS_I32:
    case PHYS_DATE32: s.u.i = ((const int32_t *)c->data)[i]; break;
    case PHYS_F32: s.u.f = (double)((const float *)c->data)[i]; break;
    case PHYS_F64: s.u.f = ((const double *)c->data)[i]; break;
    case PHYS_STR: s.u.s = text_str((const struct text *)c->data + i); break;
    case PHYS_DICT:
        s.u.s = text_str((const struct text *)c->dict->data + ((const int32_t *)c->data)[i]);
        break;
    case PHYS_LIST: list_scalar(c, i, &s); break;
    case PHYS_STRUCT: s.u.row = struct_row(c, i); break;
    default: s.u.i = ((const int64_t *)c->data)[i];
    }
    return s;
}

void scalar_release(struct scalar *s)
{
    if (s->is_null) return;
    if (s->type.kind == KIND_LIST) column_unref(s->u.list);
    if (s->type.kind == KIND_STRUCT) table_unref(s->u.row);
}

static rc put_list(struct ctx *cx, struct builder *b, const struct scalar *s)
{
    TRY(builder_reserve(cx, b, 1));
    for (int64_t i = 0; s->u.list && i < s->u.list->n; i++) {
        struct scalar item = column_scalar(s->u.list, i);
        enum rc_t res = builder_scalar(cx, b->child, &item);
        scalar_release(&item);
        TRY(res);
    }
    ((int64_t *)b->data)[b->n + 1] = b->child->n;
    if (b->valid) bit_set(b->valid, b->n);
    b->n++;
    return RC_OK;
}

/* A text into a DICT builder: through a dictionary of one level, so that builder_append merges. */
static rc put_cat(struct ctx *cx, struct builder *b, struct str text)
{
    struct text t = text_make(text.p, text.n);
    struct vec v = {.phys = PHYS_STR, .is_const = true, .data = &t};
    return builder_append(cx, b, &v, NULL, 1);
}

rc builder_scalar(struct ctx *cx, struct builder *b, const struct scalar *s)
{
    if (s->is_null || s->type.kind == KIND_NULL) return builder_null(cx, b);
    switch (b->type.kind) {
    case KIND_BOOL: return builder_bool(cx, b, s->u.b);
    case KIND_NUM: return builder_f64(cx, b, s->type.kind == KIND_INT ? (double)s->u.i : s->u.f);
    case KIND_STR:
    case KIND_CAT:
        return b->phys == PHYS_DICT ? put_cat(cx, b, s->u.s) : builder_str(cx, b, s->u.s);
    case KIND_LIST: return put_list(cx, b, s);
    case KIND_STRUCT: return s->u.row ? struct_append(cx, b, s->u.row) : builder_null(cx, b);
    case KIND_NULL: return builder_null(cx, b);
    default: return builder_i64(cx, b, s->u.i);
    }
}

rc column_fill(struct ctx *cx, const struct scalar *s, int64_t n, struct column **out)
{
    struct builder one;
    struct column *c;
    builder_init(&one, s->type, kind_phys(s->type.kind));
    if (builder_scalar(cx, &one, s) != RC_OK) {
        builder_release(&one);
        return RC_ERR;
    }
    TRY(builder_finish(cx, &one, &c));
    struct vec v = column_view(c, 0, 1);
    v.is_const = true;
    struct builder b;
    builder_init(&b, c->type, c->phys);
    enum rc_t res = builder_append(cx, &b, &v, NULL, n);
    if (res == RC_OK)
        res = builder_finish(cx, &b, out);
    else
        builder_release(&b);
    column_unref(c);
    return res;
}

static void quoted_text(struct strbuf *out, struct str s)
{
    strbuf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '"' || c == '\\')
            strbuf_printf(out, "\\%c", c);
        else if (c == '\n')
            strbuf_addz(out, "\\n");
        else if (c == '\t')
            strbuf_addz(out, "\\t");
        else if ((unsigned char)c < 32)
            strbuf_printf(out, "\\u{%X}", (unsigned)c);
        else
            strbuf_addc(out, c);
    }
    strbuf_addc(out, '"');
}

static void list_text(struct strbuf *out, const struct column *list)
{
    strbuf_addc(out, '[');
    for (int64_t i = 0; list && i < list->n; i++) {
        struct scalar item = column_scalar(list, i);
        if (i) strbuf_addz(out, ", ");
        scalar_text(out, &item, true);
        scalar_release(&item);
    }
    strbuf_addc(out, ']');
}

/* A field's name as the language writes it: bare when it is a name, else in quotes. */
static void field_text(struct strbuf *out, const char *name)
{
    size_t n = strlen(name), at = 0;
    uint32_t cp;
    bool is_bare = n > 0;
    while (at < n && is_bare) {
        int used = utf8_next(name + at, n - at, &cp);
        is_bare = at == 0 ? utf8_is_letter(cp) : utf8_is_name(cp);
        at += (size_t)used;
    }
    if (is_bare)
        strbuf_addz(out, name);
    else
        quoted_text(out, str_of(name));
}

static void struct_text(struct strbuf *out, const struct table *row)
{
    strbuf_addc(out, '{');
    for (int i = 0; row && i < row->schema->n; i++) {
        struct scalar item = column_scalar(row->cols[i], 0);
        if (i) strbuf_addz(out, ", ");
        field_text(out, row->schema->fields[i].name);
        strbuf_addz(out, ": ");
        scalar_text(out, &item, true);
        scalar_release(&item);
    }
    strbuf_addc(out, '}');
}

static void months_text(struct strbuf *out, const struct scalar *s)
{
    char buf[DATE_TEXT_MAX];
    int y = s->months / 12, m = s->months % 12;
    if (y) strbuf_printf(out, "%dy", y);
    if (m) strbuf_printf(out, "%s%dmo", y ? " " : "", m);
    if (!s->months || s->u.i) {
        duration_format(s->u.i, buf);
        strbuf_printf(out, "%s%s", s->months ? " " : "", buf);
    }
}

void scalar_text(struct strbuf *out, const struct scalar *s, bool quote)
{
    char buf[ZONED_TEXT_MAX > NUM_TEXT_MAX ? ZONED_TEXT_MAX : NUM_TEXT_MAX];
    buf[0] = 0;
    if (s->is_null) {
        strbuf_addz(out, "null");
        return;
    }
    switch (s->type.kind) {
    case KIND_NULL: strbuf_addz(out, "null"); return;
    case KIND_BOOL: strbuf_addz(out, s->u.b ? "true" : "false"); return;
    case KIND_INT: int_format(s->u.i, buf); break;
    case KIND_NUM: num_format(s->u.f, buf); break;
    case KIND_STR:
    case KIND_CAT:
        if (quote)
            quoted_text(out, s->u.s);
        else
            strbuf_adds(out, s->u.s);
        return;
    case KIND_DATE: date_format((int32_t)s->u.i, buf); break;
    case KIND_DATETIME: zoned_format(s->u.i, s->type.zone, buf); break;
    case KIND_DURATION: months_text(out, s); return;
    case KIND_LIST: list_text(out, s->u.list); return;
    default: struct_text(out, s->u.row); return;
    }
    strbuf_addz(out, buf);
}

#define ORDER(a, b) ((a) < (b) ? -1 : (a) > (b))
int scalar_cmp(const struct scalar *a, const struct scalar *b)
{
    if (a->is_null || b->is_null) return a->is_null - b->is_null;
    switch (a->type.kind) {
    case KIND_BOOL: return a->u.b - b->u.b;
    case KIND_NUM: return ORDER(a->u.f, b->u.f);
    case KIND_STR:
    case KIND_CAT: return str_cmp(a->u.s, b->u.s);
    case KIND_LIST:
    case KIND_STRUCT: return nested_cmp(a, b);
    default: return ORDER(a->u.i, b->u.i);
    }
}
