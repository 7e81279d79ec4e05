/* bind_text.c: f-strings, `x[i]` and `x.name` in steps. */
#include "lang/bind_int.h"

/* ---- f-strings: str or format of each part, joined ---- */
static rc bind_part(struct bind *b, const struct ast *part, const struct expr **out)
{
    const struct expr *x;
    if (part->op == AST_STR) {
        struct scalar s = {.type = DTYPE(KIND_STR), .u.s = part->text};
        return bind_literal(b, &s, part->span, out);
    }
    TRY(bind_expr(b, part->kids[0], &x));
    if (part->text.n == 0) {
        if (x->type.kind == KIND_STR) {
            *out = x;
            return RC_OK;
        }
        return bind_scalar_call(b, "str", &x, 1, part->span, out);
    }
    struct scalar mark = {.type = DTYPE(KIND_STR), .u.s = part->text};
    const struct expr *args[2] = {x, expr_literal(b->arena, &mark, part->span)};
    return bind_scalar_call(b, FN_FORMAT, args, 2, part->span, out);
}
rc bind_fstr(struct bind *b, const struct ast *e, const struct expr **out)
{
    struct value *v;
    if (bind_is_value(b, e)) {
        TRY(bind_eval(b, e, &v));
        enum rc_t res = bind_value(b, v, e->span, out);
        value_unref(v);
        return res;
    }
    const struct expr **parts = ARENA_ARRAY(b->arena, const struct expr *, e->n_kids + 1);
    for (int i = 0; i < e->n_kids; i++)
        TRY(bind_part(b, e->kids[i], &parts[i]));
    return bind_scalar_call(b, FN_CONCAT, parts, e->n_kids, e->span, out);
}

/* ---- x[i], x[a..b] ---- */
static rc index_end(struct bind *b, const struct ast *end, int64_t open, struct span span,
                    const struct expr **out)
{
    if (end) return bind_expr(b, end, out);
    struct scalar s = {.type = DTYPE(KIND_INT), .u.i = open};
    return bind_literal(b, &s, span, out);
}
static rc bind_slice(struct bind *b, const struct expr *x, const struct ast *r,
                     const struct expr **out)
{
    const struct expr *args[3] = {x, NULL, NULL};
    TRY(index_end(b, r->kids[0], 1, r->span, &args[1]));
    TRY(index_end(b, r->kids[1], -1, r->span, &args[2]));
    if (r->kids[1] && r->is_half_open) {
        struct scalar one = {.type = DTYPE(KIND_INT), .u.i = 1};
        const struct expr *lit = expr_literal(b->arena, &one, r->span);
        TRY(bind_operator(b, STR("-"), args[2], lit, r->span, &args[2]));
    }
    return bind_scalar_call(b, FN_SLICE, args, 3, r->span, out);
}
/* [a, b, c][2]: the element itself. */
static rc index_row(struct bind *b, const struct ast *list, const struct ast *by,
                    const struct expr **out)
{
    const struct expr **items, *i;
    int n;
    TRY(bind_row_items(b, list, &items, &n));
    TRY(bind_expr(b, by, &i));
    if (i->op != EXPR_LITERAL || i->type.kind != KIND_INT || i->value.is_null) {
        const struct expr *args[2] = {NULL, i};
        TRY(expr_list(b->cx, b->arena, items, n, list->span, &args[0]));
        return bind_scalar_call(b, FN_AT, args, 2, list->span, out);
    }
    int64_t at = i->value.u.i < 0 ? n + i->value.u.i : i->value.u.i - 1;
    if (i->value.u.i == 0) return fail(b->cx, E313, by->span, "lists and text count from 1");
    if (at < 0 || at >= n)
        return fail(b->cx, E313, by->span, "[%lld] is outside the list of %d",
                    (long long)i->value.u.i, n);
    *out = items[at];
    return RC_OK;
}
/* s["odd name"] */
static rc index_struct(struct bind *b, const struct expr *x, const struct ast *by, struct span span,
                       const struct expr **out)
{
    const struct expr *name;
    TRY(bind_expr(b, by, &name));
    if (name->op != EXPR_LITERAL || name->type.kind != KIND_STR || name->value.is_null)
        return fail(b->cx, E207, by->span, "a field of a struct is named by a fixed text");
    return expr_field(b->cx, b->arena, x, name->value.u.s, span, out);
}
rc bind_index(struct bind *b, const struct ast *e, const struct expr **out)
{
    const struct expr *args[2];
    const struct ast *by = e->kids[1];
    struct bind_place at;
    char buf[96];
    struct value *v;
    if (bind_is_value(b, e)) {
        TRY(bind_eval(b, e, &v));
        enum rc_t res = bind_value(b, v, e->span, out);
        value_unref(v);
        return res;
    }
    if (bind_is_row_list(b, e->kids[0]) && by->op != AST_RANGE)
        return index_row(b, e->kids[0], by, out);
    TRY(bind_expr(b, e->kids[0], &args[0]));
    enum kind kind = args[0]->type.kind;
    if (kind == KIND_STRUCT) return index_struct(b, args[0], by, e->span, out);
    if (kind != KIND_STR && kind != KIND_CAT && kind != KIND_LIST)
        return fail(b->cx, E207, e->span, "[..] takes a part of text or a list, this is %s",
                    dtype_text(args[0]->type, buf, sizeof buf));
    by = bind_resolve(b, by, &at);
    if (by->op == AST_RANGE) return bind_slice(b, args[0], by, out);
    if (by->op == AST_INT && by->i == 0) {
        (void)fail(b->cx, E313, by->span, "lists and text count from 1");
        return err_note(b->cx, "x[1] is the first, x[-1] the last");
    }
    TRY(bind_expr(b, e->kids[1], &args[1]));
    return bind_scalar_call(b, FN_AT, args, 2, e->span, out);
}

/* ---- x.name ---- */
static rc dotted_column(struct bind *b, const struct ast *e)
{
    if (e->kids[0]->op != AST_NAME) return RC_OK;
    struct strbuf name = {0};
    strbuf_printf(&name, "%.*s.%.*s", STR_FMT(e->kids[0]->text), STR_FMT(e->text));
    bool is_column = schema_find(b->schema, strbuf_view(&name)) >= 0;
    if (is_column) {
        (void)fail(b->cx, E201, e->span, "a column with a dot in its name takes backticks");
        (void)hint_replace(b->lg, e->span, "`%s`", name.p);
    }
    strbuf_release(&name);
    return is_column ? RC_ERR : RC_OK;
}
/* A frame or struct variable without its $. */
static rc missing_dollar(struct bind *b, const struct ast *e)
{
    const struct ast *root = e->kids[0];
    if (root->op != AST_NAME || schema_find(b->schema, root->text) >= 0) return RC_OK;
    bool is_walled;
    const struct value *v = scope_get(b->scope, root->text);
    if (!v || bind_lookup(b, root->text, &is_walled) || is_walled) return RC_OK;
    (void)fail(b->cx, E203, root->span, "`%.*s` is a variable, not a column: write $%.*s",
               STR_FMT(root->text), STR_FMT(root->text));
    return hint_replace(b->lg, root->span, "$%.*s", STR_FMT(root->text));
}
rc bind_field(struct bind *b, const struct ast *e, const struct expr **out)
{
    struct value *v;
    const struct expr *x;
    char buf[96];
    if (bind_is_value(b, e)) {
        TRY(bind_eval(b, e, &v));
        enum rc_t res = bind_value(b, v, e->span, out);
        value_unref(v);
        return res;
    }
    TRY(dotted_column(b, e));
    TRY(missing_dollar(b, e));
    TRY(bind_expr(b, e->kids[0], &x));
    if (x->type.kind != KIND_STRUCT)
        return fail(b->cx, E207, e->span, "only struct columns have fields, this is %s",
                    dtype_text(x->type, buf, sizeof buf));
    return expr_field(b->cx, b->arena, x, e->text, e->span, out);
}
