/* bind_in.c: `x in list` and `x in lo..hi` in steps. A list of constants becomes one literal and a
 * hash look-up; a list that holds columns becomes comparisons. */
#include "lang/bind_int.h"

static rc negate(struct bind *b, const struct ast *e, const struct expr *x, const struct expr **out)
{
    *out = x;
    if (!e->is_negated) return RC_OK;
    return bind_scalar_call(b, "not", &x, 1, e->span, out);
}
static const struct expr *null_end(struct bind *b, struct span span)
{
    return expr_literal(b->arena, &(struct scalar){.type = DTYPE(KIND_NULL), .is_null = true},
                        span);
}
/* A date is its midnight: `..` up to a date leaves that day's hours out. */
static void warn_midnight(struct bind *b, const struct expr *x, const struct expr *hi,
                          struct span span)
{
    bool is_date = hi->op == EXPR_LITERAL && hi->type.kind == KIND_DATE && !hi->value.is_null;
    if (x->type.kind != KIND_DATETIME || !is_date || b->lg->is_dry) return;
    char day[DATE_TEXT_MAX], next[DATE_TEXT_MAX];
    (void)date_format((int32_t)hi->value.u.i, day);
    (void)date_format((int32_t)hi->value.u.i + 1, next);
    warn(b->cx, W313, span,
         "a date is its midnight: `..@%s` leaves out the hours of that day. For the whole day: "
         "..<@%s",
         day, next);
}
static rc bind_range(struct bind *b, const struct ast *e, const struct expr *x,
                     const struct expr *lo, const struct expr *hi, bool is_half_open,
                     const struct expr **out)
{
    struct scalar half = {.type = DTYPE(KIND_BOOL), .u.b = is_half_open};
    const struct expr *args[4] = {x, lo ? lo : null_end(b, e->span), hi ? hi : null_end(b, e->span),
                                  expr_literal(b->arena, &half, e->span)};
    if (hi && !is_half_open) warn_midnight(b, x, hi, e->kids[1]->span);
    const struct expr *call;
    TRY(bind_scalar_call(b, "in_range", args, 4, e->span, &call));
    return negate(b, e, call, out);
}
static rc in_range_tree(struct bind *b, const struct ast *e, const struct expr *x,
                        const struct ast *r, const struct expr **out)
{
    const struct expr *lo = NULL, *hi = NULL;
    if (r->kids[0]) TRY(bind_expr(b, r->kids[0], &lo));
    if (r->kids[1]) TRY(bind_expr(b, r->kids[1], &hi));
    return bind_range(b, e, x, lo, hi, r->is_half_open, out);
}
static rc in_range_value(struct bind *b, const struct ast *e, const struct expr *x,
                         const struct value *r, const struct expr **out)
{
    const struct expr *lo = NULL, *hi = NULL;
    struct span span = e->kids[1]->span;
    if (r->items[0]) TRY(bind_value(b, r->items[0], span, &lo));
    if (r->items[1]) TRY(bind_value(b, r->items[1], span, &hi));
    return bind_range(b, e, x, lo, hi, r->is_half_open, out);
}
/* x == a or x == b or .. */
static rc in_columns(struct bind *b, const struct ast *e, const struct expr *x,
                     const struct ast *list, const struct expr **out)
{
    const struct expr **items, *any = NULL, *is;
    int n;
    TRY(bind_row_items(b, list, &items, &n));
    for (int i = 0; i < n; i++) {
        TRY(bind_operator(b, STR("=="), x, items[i], e->span, &is));
        if (!any) {
            any = is;
            continue;
        }
        TRY(bind_scalar_call(b, "or", (const struct expr *[]){any, is}, 2, e->span, &any));
    }
    if (!any) any = expr_literal(b->arena, &(struct scalar){.type = DTYPE(KIND_BOOL)}, e->span);
    return negate(b, e, any, out);
}
static rc in_value(struct bind *b, const struct ast *e, const struct expr *x, const struct value *v,
                   const struct expr **out)
{
    char buf[96];
    const struct expr *list, *call;
    struct span span = e->kids[1]->span;
    if (v->kind == VALUE_RANGE) return in_range_value(b, e, x, v, out);
    if (v->kind == VALUE_LIST) {
        TRY(bind_value(b, v, span, &list));
        TRY(bind_scalar_call(b, "in", (const struct expr *[]){x, list}, 2, e->span, &call));
        return negate(b, e, call, out);
    }
    (void)fail(b->cx, E207, span, "right of `in` stands a list or a range, not %s",
               value_phrase(v, buf, sizeof buf));
    if (v->kind == VALUE_FRAME) return err_note(b->cx, "name one of its columns: x in $t.id");
    if (v->kind == VALUE_SCALAR && v->scalar.type.kind == KIND_STR)
        return err_note(b->cx, "contains(text, part) looks into text");
    return RC_ERR;
}
/* The tree right of `in`, bound at the place it was written at. */
static rc in_tree(struct bind *b, const struct ast *e, const struct expr *x,
                  const struct ast *right, const struct expr **out)
{
    struct value *v;
    const struct expr *list;
    char buf[96];
    if (right->op == AST_RANGE) return in_range_tree(b, e, x, right, out);
    if (bind_is_value(b, right)) {
        TRY(bind_eval(b, right, &v));
        enum rc_t res = in_value(b, e, x, v, out);
        value_unref(v);
        return res;
    }
    if (bind_is_row_list(b, right)) return in_columns(b, e, x, right, out);
    TRY(bind_expr(b, right, &list));
    if (list->type.kind == KIND_LIST) { /* a column of lists */
        const struct expr *call;
        TRY(bind_scalar_call(b, "contains", (const struct expr *[]){list, x}, 2, e->span, &call));
        return negate(b, e, call, out);
    }
    (void)fail(b->cx, E207, right->span, "right of `in` stands a list or a range, this is %s",
               dtype_text(list->type, buf, sizeof buf));
    if (list->type.kind == KIND_STR) return err_note(b->cx, "contains(text, part) looks into text");
    return RC_ERR;
}
rc bind_in(struct bind *b, const struct ast *e, const struct expr **out)
{
    const struct expr *x;
    struct bind_place at, here = bind_place(b);
    TRY(bind_expr(b, e->kids[0], &x));
    const struct ast *right = bind_resolve(b, e->kids[1], &at);
    bind_go(b, at);
    enum rc_t res = in_tree(b, e, x, right, out);
    bind_go(b, here);
    return res;
}
