/* win_util.c: the shared parts of the window functions. */
#include "runtime/fn/window/window.h"

rc win_int(struct agg_eval *e, int i, const char *fn, const char *what, int64_t def, int64_t *out)
{
    *out = def;
    if (i >= e->n_args) return RC_OK;
    if (!win_const(e, i))
        return fail(e->cx, E217, e->span, "%s of `%s` must be a constant, not a column", what, fn);
    if (e->consts[i].is_null) return RC_OK;
    if (e->consts[i].type.kind != KIND_INT)
        return fail(e->cx, E207, e->span, "%s of `%s` must be int", what, fn);
    *out = e->consts[i].u.i;
    return RC_OK;
}

bool win_f64(const struct column *c, int64_t row, double *out)
{
    if (!bit_valid(c->valid, row)) return false;
    *out = c->phys == PHYS_F64 ? ((const double *)c->data)[row]
                               : (double)((const int64_t *)c->data)[row];
    return true;
}

void win_copy(const struct column *c, int64_t from, struct vec *out, int64_t to)
{
    size_t width = phys_width(out->phys);
    bool has = from >= 0 && bit_valid(c->valid, from);
    char *r = (char *)(uintptr_t)out->data;
    if (!has) win_put_null(out, to);
    if (out->phys == PHYS_BOOL) {
        bit_put((uint64_t *)out->data, to, has && bit_get((const uint64_t *)c->data, from));
        return;
    }
    if (has)
        memcpy(r + (size_t)to * width, (const char *)c->data + (size_t)from * width, width);
    else
        memset(r + (size_t)to * width, 0, width);
    if (out->phys == PHYS_STR) out->heap = c;
    if (out->phys == PHYS_DICT) out->dict = c->dict;
}

void win_put_scalar(const struct scalar *s, struct vec *out, int64_t to)
{
    if (s->is_null) {
        win_put_null(out, to);
        return;
    }
    switch (out->phys) {
    case PHYS_BOOL: bit_put((uint64_t *)out->data, to, s->u.b); break;
    case PHYS_F64:
        ((double *)out->data)[to] = s->type.kind == KIND_INT ? (double)s->u.i : s->u.f;
        break;
    case PHYS_DATE32: ((int32_t *)out->data)[to] = (int32_t)s->u.i; break;
    case PHYS_STR: ((struct text *)out->data)[to] = text_make(s->u.s.p, s->u.s.n); break;
    default: ((int64_t *)out->data)[to] = s->u.i;
    }
}

enum rc_t type_win_int(struct ctx *cx, const struct dtype *args, int n, struct span span,
                       struct dtype *out)
{
    (void)cx;
    (void)args;
    (void)n;
    (void)span;
    *out = DTYPE(KIND_INT);
    return RC_OK;
}

enum rc_t type_win_num(struct ctx *cx, const struct dtype *args, int n, struct span span,
                       struct dtype *out)
{
    (void)cx;
    (void)args;
    (void)n;
    (void)span;
    *out = DTYPE(KIND_NUM);
    return RC_OK;
}

enum rc_t type_win_same(struct ctx *cx, const struct dtype *args, int n, struct span span,
                        struct dtype *out)
{
    (void)cx;
    (void)n;
    (void)span;
    *out = args[0];
    return RC_OK;
}

rc win_need_number(struct ctx *cx, const char *fn, const struct dtype *args, int i,
                   struct span span)
{
    char text[64];
    if (dtype_is_number(args[i])) return RC_OK;
    return fail(cx, E207, span, "value %d of `%s` must be int or num, not %s", i + 1, fn,
                dtype_text(args[i], text, sizeof text));
}
