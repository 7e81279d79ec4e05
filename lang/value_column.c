/* value_column.c: from lists of values to columns: what frame(..), aggregates on lists, list
 * literals in steps and fn calls on lists use. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"

static rc mixed(struct ctx *cx, struct span span, struct dtype have, struct dtype got, int64_t at)
{
    char a[64], b[64];
    return fail(cx, E207, span,
                "a list holds values of one type: item %lld is %s, the ones before are %s",
                (long long)at + 1, dtype_text(got, b, sizeof b), dtype_text(have, a, sizeof a));
}

bool dtype_common(struct dtype a, struct dtype b, struct dtype *out)
{
    if (a.kind == KIND_LIST && b.kind == KIND_LIST) {
        struct dtype elem;
        if (!dtype_common(*a.elem, *b.elem, &elem)) return false;
        *out = dtype_list(elem);
        return true;
    }
    if (b.kind == KIND_NULL || dtype_eq(a, b)) {
        *out = a;
    } else if (a.kind == KIND_NULL) {
        *out = b;
    } else if (dtype_is_number(a) && dtype_is_number(b)) {
        *out = DTYPE(KIND_NUM);
    } else if (a.kind == KIND_DATE && b.kind == KIND_DATETIME) {
        *out = b;
    } else if (a.kind == KIND_DATETIME && b.kind == KIND_DATE) {
        *out = a;
    } else if ((a.kind == KIND_STR || a.kind == KIND_CAT) &&
               (b.kind == KIND_STR || b.kind == KIND_CAT)) {
        *out = DTYPE(KIND_STR);
    } else {
        return false;
    }
    return true;
}
/* s as a value of `to`, where dtype_common gave `to`. */
struct scalar scalar_widen(struct scalar s, struct dtype to)
{
    if (s.is_null) {
        s.type = to;
        return s;
    }
    if (to.kind == KIND_NUM && s.type.kind == KIND_INT) s.u.f = (double)s.u.i;
    if (to.kind == KIND_DATETIME && s.type.kind == KIND_DATE) s.u.i *= US_PER_DAY;
    if (to.kind != KIND_LIST) s.type = to;
    return s;
}

/* Column with elements of `to` from one of a narrower type. */
rc column_widen(struct ctx *cx, const struct column *c, struct dtype to, struct column **out)
{
    if (dtype_eq(c->type, to)) {
        *out = column_ref(c);
        return RC_OK;
    }
    if (c->type.kind == KIND_NULL) return column_nulls(cx, to, c->n, out);
    struct builder b;
    enum rc_t res = RC_ERR;
    builder_init(&b, to, kind_phys(to.kind));
    for (int64_t i = 0; i < c->n; i++) {
        struct scalar own = column_scalar(c, i), s = scalar_widen(own, to);
        enum rc_t added = builder_scalar(cx, &b, &s);
        scalar_release(&own);
        TRY_OUT(added);
    }
    res = builder_finish(cx, &b, out);
out:
    builder_release(&b);
    return res;
}

/* One item as a scalar; lists become list scalars whose column the caller must unref. */
static rc item_scalar(struct ctx *cx, const struct value *v, struct span span, struct scalar *out)
{
    char buf[64];
    if (v->kind == VALUE_SCALAR) {
        if (v->scalar.months && !v->scalar.is_null)
            return fail(cx, E207, span,
                        "a length of months has no fixed duration and cannot be stored in a list");
        *out = v->scalar;
        return RC_OK;
    }
    if (v->kind != VALUE_LIST)
        return fail(cx, E207, span, "a list of this kind cannot hold %s",
                    value_phrase(v, buf, sizeof buf));
    struct column *inner;
    TRY(value_column(cx, v, span, &inner));
    *out = (struct scalar){.type = dtype_list(inner->type), .u.list = inner};
    return RC_OK;
}

static rc common_type(struct ctx *cx, const struct scalar *all, int n, struct span span,
                      struct dtype *out)
{
    struct dtype type = DTYPE(KIND_NULL);
    for (int i = 0; i < n; i++)
        if (!dtype_common(type, all[i].type, &type)) return mixed(cx, span, type, all[i].type, i);
    *out = type;
    return RC_OK;
}
static rc append_widened(struct ctx *cx, struct builder *b, const struct scalar *s, struct dtype to)
{
    struct scalar w = scalar_widen(*s, to);
    if (w.is_null || to.kind != KIND_LIST || dtype_eq(s->type, to))
        return builder_scalar(cx, b, &w);
    struct column *inner;
    TRY(column_widen(cx, s->u.list, *to.elem, &inner));
    w.type = to;
    w.u.list = inner;
    enum rc_t res = builder_scalar(cx, b, &w);
    column_unref(inner);
    return res;
}
static rc build(struct ctx *cx, const struct scalar *all, int n, struct span span,
                struct column **out)
{
    struct dtype type;
    TRY(common_type(cx, all, n, span, &type));
    if (type.kind == KIND_NULL) return column_nulls(cx, type, n, out);
    if (type.kind == KIND_CAT) type = DTYPE(KIND_STR);
    struct builder b;
    enum rc_t res = RC_ERR;
    builder_init(&b, type, kind_phys(type.kind));
    for (int i = 0; i < n; i++)
        TRY_OUT(append_widened(cx, &b, &all[i], type));
    res = builder_finish(cx, &b, out);
out:
    builder_release(&b);
    return res;
}

rc value_column(struct ctx *cx, const struct value *v, struct span span, struct column **out)
{
    if (v->kind != VALUE_LIST) {
        char buf[64];
        return fail(cx, E207, span, "a list is needed here, not %s",
                    value_phrase(v, buf, sizeof buf));
    }
    if (v->column) {
        *out = column_ref(v->column);
        return RC_OK;
    }
    enum rc_t res = RC_ERR;
    int n = 0;
    struct scalar *all = mem_zero(sizeof *all * (size_t)(v->n_items + 1));
    for (; n < v->n_items; n++)
        TRY_OUT(item_scalar(cx, v->items[n], span, &all[n]));
    res = build(cx, all, n, span, out);
out:
    for (int i = 0; i < n; i++)
        if (v->items[i]->kind == VALUE_LIST) column_unref(all[i].u.list);
    mem_free(all);
    return res;
}
