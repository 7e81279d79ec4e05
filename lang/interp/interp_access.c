/* interp_access.c: `x[i]` and `x.name` outside steps. */
#include "lang/lang_int.h"

#include "lang/bind_int.h"

/* ---- x[i] ---- */
void slice_bounds(int64_t n, int64_t from, int64_t to, int64_t *at, int64_t *len)
{
    int64_t lo = from < 0 ? n + from : from - 1, hi = to < 0 ? n + to + 1 : to;
    if (lo < 0) lo = 0;
    if (hi > n) hi = n;
    *at = lo < n ? lo : n;
    *len = hi > *at ? hi - *at : 0;
}
static rc from_one(struct ctx *cx, struct span span)
{
    (void)fail(cx, E313, span, "lists and text count from 1");
    return err_note(cx, "x[1] is the first, x[-1] the last");
}
static rc place_of(struct lang *lg, int64_t n, int64_t i, struct span span, const char *what,
                   int64_t *out)
{
    if (i == 0) return from_one(&lg->cx, span);
    int64_t at = i < 0 ? n + i : i - 1;
    if (at < 0 || at >= n)
        return fail(&lg->cx, E313, span, "[%lld] is outside the %s of %lld", (long long)i, what,
                    (long long)n);
    *out = at;
    return RC_OK;
}
/* Ends of `a..b` as an index; an open end is the end of the list. */
static rc range_ends(struct lang *lg, const struct value *r, struct span span, int64_t *from,
                     int64_t *to)
{
    *from = 1, *to = -1;
    if (r->items[0]) TRY(value_whole(lg, r->items[0], span, "an index", from));
    if (r->items[1]) TRY(value_whole(lg, r->items[1], span, "an index", to));
    if (*from == 0 || (r->items[1] && *to == 0 && !r->is_half_open)) return from_one(&lg->cx, span);
    if (r->items[1] && r->is_half_open) *to = *to == 1 ? 0 : *to - 1;
    return RC_OK;
}
static rc slice_list(struct lang *lg, const struct value *v, int64_t at, int64_t len,
                     struct value **out)
{
    if (v->column) {
        struct column *c;
        TRY(column_slice(&lg->cx, v->column, at, len, &c));
        *out = value_list_of(c);
        column_unref(c);
        return RC_OK;
    }
    struct value **items = mem_alloc(sizeof *items * (size_t)(len + 1));
    for (int64_t i = 0; i < len; i++)
        items[i] = value_ref(v->items[at + i]);
    *out = value_list(items, (int)len);
    mem_free(items);
    return RC_OK;
}
static rc index_list(struct lang *lg, const struct value *v, const struct value *by,
                     struct span span, struct value **out)
{
    int64_t n = value_length(v), i = 0, to = 0, at = 0, len = 0;
    if (by->kind == VALUE_RANGE) {
        TRY(range_ends(lg, by, span, &i, &to));
        slice_bounds(n, i, to, &at, &len);
        return slice_list(lg, v, at, len, out);
    }
    TRY(value_whole(lg, by, span, "an index", &i));
    TRY(place_of(lg, n, i, span, "list", &at));
    *out = value_item(v, at);
    return RC_OK;
}
/* Text goes through the kernels that columns use. */
static rc index_text(struct lang *lg, const struct value *v, const struct value *by,
                     struct span span, struct value **out)
{
    struct value *args[3] = {value_ref(v), NULL, NULL};
    int64_t i, to;
    enum rc_t res;
    if (by->kind == VALUE_RANGE) {
        res = range_ends(lg, by, span, &i, &to);
        bool is_empty = res == RC_OK && to == 0;
        if (is_empty) *out = value_str(STR(""));
        if (res == RC_OK && !is_empty) {
            args[1] = value_int(i);
            args[2] = value_int(to);
            res = apply_fn(lg, fn_find(STR(FN_SLICE)), args, 3, span, out);
        }
    } else {
        res = value_whole(lg, by, span, "an index", &i);
        if (res == RC_OK && i == 0) res = from_one(&lg->cx, span);
        if (res == RC_OK) {
            args[1] = value_int(i);
            res = apply_fn(lg, fn_find(STR(FN_AT)), args, 2, span, out);
        }
    }
    for (int k = 0; k < 3; k++)
        value_unref(args[k]);
    return res;
}
static rc no_field(struct lang *lg, const struct value *v, struct str name, struct span span);

static rc index_value(struct lang *lg, const struct value *v, const struct value *by,
                      struct span span, struct value **out)
{
    char buf[96];
    bool is_text = v->kind == VALUE_SCALAR && v->scalar.type.kind == KIND_STR;
    if (value_is_null(v)) {
        *out = value_null();
        return RC_OK;
    }
    if (v->kind == VALUE_LIST) return index_list(lg, v, by, span, out);
    if (is_text) return index_text(lg, v, by, span, out);
    if (v->kind == VALUE_STRUCT && by->kind == VALUE_SCALAR && by->scalar.type.kind == KIND_STR) {
        const struct value *field = value_field(v, by->scalar.u.s);
        if (!field) return no_field(lg, v, by->scalar.u.s, span);
        *out = value_ref(field);
        return RC_OK;
    }
    (void)fail(&lg->cx, E207, span, "[..] takes a part of a list or text, this is %s",
               value_type_text(v, buf, sizeof buf));
    if (v->kind == VALUE_FRAME)
        return err_note(&lg->cx, "t.column[1] is a value, t |> take 3 some rows");
    return RC_ERR;
}
rc interp_index(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct value *v, *by = NULL;
    TRY(interp_expr(lg, sc, e->kids[0], &v));
    enum rc_t res = interp_expr(lg, sc, e->kids[1], &by);
    if (res == RC_OK) res = index_value(lg, v, by, e->kids[1]->span, out);
    value_unref(v);
    value_unref(by);
    return res;
}

/* ---- x.name ---- */
static rc no_field(struct lang *lg, const struct value *v, struct str name, struct span span)
{
    struct ctx *cx = &lg->cx;
    struct str *names = ARENA_ARRAY(cx->arena, struct str, v->n_items + 1);
    for (int i = 0; i < v->n_items; i++)
        names[i] = str_of(v->names[i]);
    struct str near = nearest(name, names, v->n_items);
    (void)fail(cx, E201, span, "the struct has no field `%.*s`", STR_FMT(name));
    if (near.n) return hint_replace(lg, span, "%.*s", STR_FMT(near));
    return RC_ERR;
}
static rc no_column(struct lang *lg, const struct value *v, struct str name, struct span span)
{
    struct bind b;
    bind_init(&b, lg, lg->globals, v->plan->schema, v->label, BIND_ROW);
    (void)fail(&lg->cx, E201, span, "unknown column `%.*s`", STR_FMT(name));
    note_columns(&b, name, span, false);
    return RC_ERR;
}
/* One column of a big frame: the others are not computed. */
static rc only_column(struct lang *lg, struct plan *p, int i, struct span span, struct value **out)
{
    const struct field *f = &p->schema->fields[i];
    struct named_expr item = {f->name, expr_column(lg->cx.arena, f->name, f->type, span)};
    struct plan *one;
    struct table *t;
    TRY(plan_project(&lg->cx, p, &item, 1, span, &one));
    enum rc_t res = exec_table(&lg->cx, lg->executor, one, &t);
    plan_unref(one);
    TRY(res);
    *out = value_list_of(t->cols[0]);
    table_unref(t);
    return RC_OK;
}
static rc frame_column(struct lang *lg, const struct value *v, struct str name, struct span span,
                       struct value **out)
{
    int i = schema_find(v->plan->schema, name);
    if (i < 0) return no_column(lg, v, name, span);
    struct table *t;
    if (!v->plan->kept && !frame_is_small(v->plan)) return only_column(lg, v->plan, i, span, out);
    TRY(frame_table(lg, v->plan, &t));
    *out = value_list_of(t->cols[i]);
    table_unref(t);
    return RC_OK;
}
static rc model_part(struct lang *lg, const struct value *v, struct str name, struct span span,
                     struct value **out)
{
    struct scalar text = {.type = DTYPE(KIND_NULL), .is_null = true};
    struct table *t = NULL;
    struct plan *p;
    TRY(ml_part(&lg->cx, v->model, name, span, &text, &t));
    if (!t) {
        *out = value_scalar(&text);
        return RC_OK;
    }
    enum rc_t res = plan_table(&lg->cx, t, NULL, &p);
    table_unref(t);
    TRY(res);
    *out = value_frame(p, NULL);
    plan_unref(p);
    return RC_OK;
}
static rc field_of(struct lang *lg, const struct value *v, const struct ast *e, struct value **out)
{
    char buf[96];
    if (v->kind == VALUE_FRAME) return frame_column(lg, v, e->text, field_name_span(lg, e), out);
    if (v->kind == VALUE_MODEL) return model_part(lg, v, e->text, e->span, out);
    if (v->kind == VALUE_STRUCT) {
        const struct value *field = value_field(v, e->text);
        if (!field) return no_field(lg, v, e->text, field_name_span(lg, e));
        *out = value_ref(field);
        return RC_OK;
    }
    (void)fail(&lg->cx, E207, e->span,
               "`.%.*s`: frames, structs and models have fields, %s has none", STR_FMT(e->text),
               value_type_text(v, buf, sizeof buf));
    if (fn_find(e->text) || agg_find(e->text))
        return err_hint(&lg->cx, "%.*s(x)", STR_FMT(e->text));
    return RC_ERR;
}
rc interp_field(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct value *v;
    TRY(interp_expr(lg, sc, e->kids[0], &v));
    enum rc_t res = field_of(lg, v, e, out);
    value_unref(v);
    return res;
}
