/* bind_row.c: lists across a row: `[a, b, starts("q")]` and what works on them. An aggregate on
 * such a list works within the row and skips null, as over many rows: it is spelled out in scalar
 * functions, so every executor can run it. */
#include "lang/bind_int.h"

struct row_list {
    const struct expr **items;
    int n, cap;
};
static void add_item(struct bind *b, struct row_list *l, const struct expr *x)
{
    if (l->n == l->cap) {
        int cap = l->cap ? l->cap * 2 : 8;
        const struct expr **more = ARENA_ARRAY(b->arena, const struct expr *, cap);
        if (l->n) memcpy(more, l->items, sizeof *more * (size_t)l->n);
        l->items = more;
        l->cap = cap;
    }
    l->items[l->n++] = x;
}
static bool is_map(const struct ast *e)
{
    return e->op == AST_CALL && str_eqz(e->text, "map") && e->n_kids == 2;
}
bool bind_is_row_list(struct bind *b, const struct ast *e)
{
    struct bind_place at, here = bind_place(b);
    e = bind_resolve(b, e, &at);
    bind_go(b, at);
    bool is_list = e->op == AST_LIST && !bind_is_value(b, e);
    if (is_map(e)) is_list = bind_is_row_list(b, e->kids[0]);
    bind_go(b, here);
    return is_list;
}
static rc add_columns(struct bind *b, const struct ast *e, struct row_list *l, bool *done)
{
    const char **names;
    int n;
    if (!is_selector_call(e) && e->op != AST_RANGE && !str_eqz(e->text, "-")) {
        *done = false;
        return RC_OK;
    }
    TRY(bind_columns(b, e, &names, &n, done));
    for (int i = 0; *done && i < n; i++) {
        int at = schema_find(b->schema, str_of(names[i]));
        add_item(b, l, expr_column(b->arena, names[i], b->schema->fields[at].type, e->span));
    }
    return RC_OK;
}
static rc map_items(struct bind *b, const struct ast *e, struct row_list *out)
{
    const struct expr **items;
    int n;
    struct bind_place at;
    TRY(bind_row_items(b, e->kids[0], &items, &n));
    const struct ast *f = bind_resolve(b, e->kids[1], &at);
    if (f->op != AST_LAMBDA || f->n_names != 1)
        return fail(b->cx, E217, e->kids[1]->span, "map() takes a lambda: map([a, b], x -> x * 2)");
    for (int i = 0; i < n; i++) {
        struct bind_env env = {.up = at.env, .name = f->names[0], .expr = items[i]};
        struct bind_place here = bind_place(b);
        const struct expr *x;
        b->env = &env;
        b->scope = at.scope;
        enum rc_t res = bind_expr(b, f->kids[0], &x);
        bind_go(b, here);
        TRY(res);
        add_item(b, out, x);
    }
    return RC_OK;
}
static rc list_items(struct bind *b, const struct ast *e, struct row_list *out)
{
    if (is_map(e)) return map_items(b, e, out);
    for (int i = 0; i < e->n_kids; i++) {
        bool done;
        const struct expr *x;
        TRY(add_columns(b, e->kids[i], out, &done));
        if (done) continue;
        TRY(bind_expr(b, e->kids[i], &x));
        add_item(b, out, x);
    }
    return RC_OK;
}
rc bind_row_items(struct bind *b, const struct ast *list, const struct expr ***out, int *n)
{
    struct row_list l = {0};
    struct bind_place at, here = bind_place(b);
    const struct ast *e = bind_resolve(b, list, &at);
    bind_go(b, at);
    enum rc_t res = list_items(b, e, &l);
    bind_go(b, here);
    *out = l.items;
    *n = l.n;
    return res;
}

/* contains([a, b], x): is x one of them. */
static rc row_contains(struct bind *b, const struct ast *e, const struct expr **out)
{
    if (e->n_kids != 2) return fail(b->cx, E208, e->span, "contains() takes a list and a value");
    struct ast in = {.op = AST_IN, .span = e->span, .n_kids = 2};
    const struct ast *kids[2] = {e->kids[1], e->kids[0]};
    in.kids = kids;
    return bind_in(b, &in, out);
}
rc bind_row_function(struct bind *b, const struct ast *e, const struct expr **out)
{
    const struct expr **items;
    int n;
    if (str_eqz(e->text, "contains")) return row_contains(b, e, out);
    if (e->n_kids != 1) return fail(b->cx, E208, e->span, "len() takes one list");
    TRY(bind_row_items(b, e->kids[0], &items, &n));
    struct scalar s = {.type = DTYPE(KIND_INT), .u.i = n};
    return bind_literal(b, &s, e->span, out);
}

/* ---- aggregates spelled out ---- */
struct row_agg {
    struct bind *b;
    struct span span;
    const struct expr **items;
    int n;
};
static rc op(struct row_agg *r, const char *fn, const struct expr *x, const struct expr *y,
             const struct expr **out)
{
    return bind_operator(r->b, str_of(fn), x, y, r->span, out);
}
static const struct expr *whole(struct row_agg *r, int64_t i)
{
    return expr_literal(r->b->arena, &(struct scalar){.type = DTYPE(KIND_INT), .u.i = i}, r->span);
}
static const struct expr *truth(struct row_agg *r, bool t)
{
    return expr_literal(r->b->arena, &(struct scalar){.type = DTYPE(KIND_BOOL), .u.b = t}, r->span);
}
static rc as_number(struct row_agg *r, const struct expr *x, const struct expr **out)
{
    *out = x;
    if (x->type.kind != KIND_BOOL) return RC_OK;
    return expr_cast(r->b->cx, r->b->arena, x, KIND_INT, out);
}
static rc row_sum(struct row_agg *r, const struct expr **out)
{
    const struct expr *sum = NULL, *x;
    for (int i = 0; i < r->n; i++) {
        TRY(as_number(r, r->items[i], &x));
        bool is_time = x->type.kind == KIND_DURATION;
        struct scalar none = {.type = DTYPE(is_time ? KIND_DURATION : KIND_INT)};
        bool is_there = x->op == EXPR_LITERAL && !x->value.is_null;
        if (!is_there) TRY(op(r, "??", x, expr_literal(r->b->arena, &none, r->span), &x));
        if (sum) TRY(op(r, "+", sum, x, &x));
        sum = x;
    }
    *out = sum ? sum : whole(r, 0);
    return RC_OK;
}
static rc row_count(struct row_agg *r, const struct expr **out)
{
    const struct expr *sum = NULL, *x;
    for (int i = 0; i < r->n; i++) {
        TRY(bind_scalar_call(r->b, "is_null", &r->items[i], 1, r->span, &x));
        const struct expr *arms[3] = {x, whole(r, 0), whole(r, 1)};
        TRY(expr_case(r->b->cx, r->b->arena, arms, 3, r->span, &x));
        if (sum) TRY(op(r, "+", sum, x, &x));
        sum = x;
    }
    *out = sum ? sum : whole(r, 0);
    return RC_OK;
}
static rc row_mean(struct row_agg *r, const struct expr **out)
{
    const struct expr *sum, *n;
    TRY(row_sum(r, &sum));
    TRY(row_count(r, &n));
    TRY(bind_scalar_call(r->b, "null_if", (const struct expr *[]){n, whole(r, 0)}, 2, r->span, &n));
    return op(r, "/", sum, n, out);
}
/* least or greatest that skips null: of a and b it is fn(a ?? b, b ?? a). */
static rc row_extreme(struct row_agg *r, const char *fn, const struct expr **out)
{
    const struct expr *best = NULL, *x;
    for (int i = 0; i < r->n; i++) {
        TRY(as_number(r, r->items[i], &x));
        if (best) {
            const struct expr *pair[2];
            TRY(op(r, "??", best, x, &pair[0]));
            TRY(op(r, "??", x, best, &pair[1]));
            TRY(bind_scalar_call(r->b, fn, pair, 2, r->span, &x));
        }
        best = x;
    }
    *out = best;
    return RC_OK;
}
static rc row_truth(struct row_agg *r, const char *fn, const struct expr **out)
{
    bool is_all = strcmp(fn, "and") == 0;
    const struct expr *all = truth(r, is_all), *x;
    for (int i = 0; i < r->n; i++) {
        x = r->items[i];
        if (is_all) TRY(op(r, "??", x, truth(r, true), &x)); /* null is skipped */
        TRY(op(r, fn, all, x, &x));
        all = x;
    }
    *out = all;
    return RC_OK;
}
static rc row_first(struct row_agg *r, bool last, const struct expr **out)
{
    *out = NULL;
    for (int i = 0; i < r->n; i++) {
        const struct expr *x = r->items[last ? r->n - 1 - i : i];
        if (*out) TRY(op(r, "??", *out, x, &x));
        *out = x;
    }
    return RC_OK;
}
static rc row_apply(struct row_agg *r, const char *name, const struct expr **out, bool *done)
{
    *done = true;
    if (strcmp(name, "sum") == 0) return row_sum(r, out);
    if (strcmp(name, "count") == 0) return row_count(r, out);
    if (strcmp(name, "mean") == 0) return row_mean(r, out);
    if (strcmp(name, "min") == 0) return row_extreme(r, "least", out);
    if (strcmp(name, "max") == 0) return row_extreme(r, "greatest", out);
    if (strcmp(name, "any") == 0) return row_truth(r, "or", out);
    if (strcmp(name, "all") == 0) return row_truth(r, "and", out);
    if (strcmp(name, "first") == 0) return row_first(r, false, out);
    if (strcmp(name, "last") == 0) return row_first(r, true, out);
    *done = false;
    return RC_OK;
}
rc bind_row_aggregate(struct bind *b, const struct agg_desc *agg, const struct ast *e,
                      const struct expr **out)
{
    struct row_agg r = {.b = b, .span = e->span};
    bool done;
    TRY(bind_row_items(b, e->kids[0], &r.items, &r.n));
    if (r.n == 0) return fail(b->cx, E208, e->kids[0]->span, "the list holds no columns");
    if (e->n_kids == 1) {
        TRY(row_apply(&r, agg->name, out, &done));
        if (done) return RC_OK;
    }
    return bind_items_aggregate(b, agg, e, r.items, r.n, out);
}
