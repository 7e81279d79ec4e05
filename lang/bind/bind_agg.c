/* bind_agg.c: aggregates and window functions in steps. A call is taken out of its expression into
 * b->found under a made-up name, and the expression reads that column; the verb puts what was found
 * into an AGGREGATE or WINDOW node below. */
#include "lang/bind_int.h"

rc bind_found(struct bind *b, const struct expr *call, const struct expr **out)
{
    TRY(refuse_elements(b, call));
    for (int i = 0; i < b->n_found; i++)
        if (expr_equal(b->found[i].expr, call)) {
            *out = expr_column(b->arena, b->found[i].name, call->type, call->span);
            return RC_OK;
        }
    if (b->n_found == b->cap_found) {
        int cap = b->cap_found ? b->cap_found * 2 : 8;
        struct named_expr *more = ARENA_ARRAY(b->arena, struct named_expr, cap);
        if (b->n_found) memcpy(more, b->found, sizeof *more * (size_t)b->n_found);
        b->found = more;
        b->cap_found = cap;
    }
    const char *name = arena_printf(b->arena, ".agg%d", b->found_base + b->n_found);
    b->found[b->n_found++] = (struct named_expr){name, call};
    *out = expr_column(b->arena, name, call->type, call->span);
    return RC_OK;
}

/* ---- where an aggregate may stand ---- */
static rc refuse_aggregate(struct bind *b, const char *name, struct span span)
{
    if (b->in_agg > 0) {
        (void)fail(b->cx, E210, span, "aggregates do not nest: %s() stands inside another one",
                   name);
        return err_note(b->cx, "derive the inner one in a step before this one");
    }
    (void)fail(b->cx, E210, span, "%s() needs many rows and cannot stand here", name);
    return err_note(b->cx, "aggregates stand in derive, where, select and summarize");
}
static rc refuse_window(struct bind *b, const char *name, struct span span)
{
    if (b->mode == BIND_AGGREGATE) {
        (void)fail(b->cx, E210, span, "%s() looks at other rows: derive it before summarize", name);
        return RC_ERR;
    }
    (void)fail(b->cx, E210, span, "%s() looks at other rows and cannot stand here", name);
    return err_note(b->cx, "window functions stand in derive, where and select");
}
/* A likely key: the first time column, else the first column. */
static rc needs_sort(struct bind *b, const char *name, struct span span)
{
    const char *key = b->schema->n ? b->schema->fields[0].name : "day";
    for (int i = b->schema->n - 1; i >= 0; i--) {
        enum kind k = b->schema->fields[i].type.kind;
        if (k == KIND_DATE || k == KIND_DATETIME) key = b->schema->fields[i].name;
    }
    (void)fail(b->cx, E213, span, "%s depends on the order of rows: add a sort clause to the step",
               name);
    struct strbuf clause = {0};
    strbuf_addz(&clause, "sort ");
    name_text(&clause, str_of(key));
    (void)hint_append(b->lg, span, clause.p);
    strbuf_release(&clause);
    return RC_ERR;
}

/* ---- frames: last:, rows:, min: ---- */
struct agg_options {
    const struct ast *where, *last, *rows, *min;
};
static rc frame_int(struct bind *b, const struct ast *e, const char *what, int64_t *out)
{
    struct scalar s;
    if (bind_is_value(b, e)) {
        TRY(interp_scalar(b->lg, b->scope, e, b->arena, &s));
    } else {
        const struct expr *x;
        TRY(bind_expr(b, e, &x));
        if (x->op != EXPR_LITERAL)
            return fail(b->cx, E207, e->span, "%s takes a fixed number, not a column", what);
        s = x->value;
    }
    if (s.is_null || s.type.kind != KIND_INT)
        return fail(b->cx, E207, e->span, "%s takes a whole number of rows", what);
    *out = s.u.i;
    return RC_OK;
}
static rc frame_last(struct bind *b, const struct ast *e, struct win_frame *out)
{
    struct bind_place at;
    const struct ast *what = bind_resolve(b, e, &at);
    if (what->op == AST_NAME && str_eqz(what->text, "all")) {
        out->unit = FRAME_RUNNING;
        return RC_OK;
    }
    const struct expr *x;
    TRY(bind_expr(b, e, &x));
    bool is_fixed = x->op == EXPR_LITERAL && !x->value.is_null;
    if (is_fixed && x->type.kind == KIND_DURATION && x->value.months == 0 && x->value.u.i > 0) {
        *out = (struct win_frame){.unit = FRAME_TIME, .from = x->value.u.i};
        return RC_OK;
    }
    if (is_fixed && x->type.kind == KIND_INT && x->value.u.i > 0) {
        *out = (struct win_frame){.unit = FRAME_ROWS, .from = 1 - x->value.u.i};
        return RC_OK;
    }
    (void)fail(b->cx, E209, e->span, "last: takes a number of rows, a length of time, or all");
    return hint_replace(b->lg, e->span, "7");
}
static rc frame_rows(struct bind *b, const struct ast *e, struct win_frame *out)
{
    struct bind_place at;
    const struct ast *r = bind_resolve(b, e, &at);
    if (r->op != AST_RANGE) {
        (void)fail(b->cx, E209, e->span, "rows: takes a range of rows around the row itself");
        return hint_replace(b->lg, e->span, "-3..3");
    }
    out->unit = FRAME_ROWS;
    out->from = FRAME_OPEN_FROM;
    out->to = FRAME_OPEN_TO;
    if (r->kids[0]) TRY(frame_int(b, r->kids[0], "rows:", &out->from));
    if (r->kids[1]) TRY(frame_int(b, r->kids[1], "rows:", &out->to));
    if (r->kids[1] && r->is_half_open) out->to--;
    if (out->from > out->to)
        return fail(b->cx, E209, e->span, "rows: %lld..%lld holds no row", (long long)out->from,
                    (long long)out->to);
    return RC_OK;
}
static rc bind_frame(struct bind *b, const struct agg_desc *agg, const struct agg_options *o,
                     struct span span, struct win_frame *out)
{
    *out = (struct win_frame){.unit = FRAME_ALL};
    if (!o->last && !o->rows && !o->min) return RC_OK;
    if (b->mode != BIND_WINDOW) {
        (void)fail(b->cx, E206, span, "last:, rows: and min: are for derive and where, not for %s",
                   b->mode == BIND_AGGREGATE ? "summarize" : "this step");
        return err_hint(b->cx, "t |> derive m = %s(x, last: 7) sort day", agg->name);
    }
    if (o->last && o->rows) return fail(b->cx, E206, span, "last: and rows: cannot stand together");
    if (o->last) TRY(frame_last(b, o->last, out));
    if (o->rows) TRY(frame_rows(b, o->rows, out));
    if (o->min) TRY(frame_int(b, o->min, "min:", &out->min_rows));
    if (!b->has_sort && out->unit != FRAME_ALL)
        return needs_sort(b, o->last ? "last:" : "rows:", span);
    return RC_OK;
}

/* ---- aggregates ---- */
/* Splits the options every aggregate has from its own arguments. */
static int split_options(const struct ast *e, struct agg_options *o, const struct ast **args,
                         struct str *names)
{
    int n = 0;
    *o = (struct agg_options){0};
    for (int i = 0; i < e->n_kids; i++) {
        struct str name = i < e->n_names ? e->names[i] : (struct str){0};
        if (str_eqz(name, "where")) {
            o->where = e->kids[i];
        } else if (str_eqz(name, "last")) {
            o->last = e->kids[i];
        } else if (str_eqz(name, "rows")) {
            o->rows = e->kids[i];
        } else if (str_eqz(name, "min")) {
            o->min = e->kids[i];
        } else {
            names[n] = name;
            args[n++] = e->kids[i];
        }
    }
    return n;
}
rc bind_args(struct bind *b, const char *fn_name, const char *sig, const struct ast *const *kids,
             const struct str *names, int n_kids, struct span span, const struct expr ***out,
             int *n)
{
    struct arg_slot *slots;
    TRY(place_args(b->cx, fn_name, sig, names, n_kids, span, &slots, n));
    const struct expr **args = ARENA_ARRAY(b->arena, const struct expr *, *n + 1);
    for (int i = 0; i < *n; i++) {
        if (slots[i].from < 0) {
            TRY(bind_literal(b, &slots[i].def, span, &args[i]));
        } else {
            TRY(bind_expr(b, kids[slots[i].from], &args[i]));
        }
    }
    *out = args;
    return RC_OK;
}
/* sum(a > 3) counts: a bool is 0 or 1 where the aggregate takes numbers only. */
static rc bools_as_ints(struct bind *b, const struct agg_desc *agg, const struct expr **args, int n,
                        struct span span)
{
    const struct agg_overload *over;
    struct dtype type, *types = ARENA_ARRAY(b->arena, struct dtype, n + 1);
    bool has_bool = false;
    for (int i = 0; i < n; i++) {
        types[i] = args[i]->type;
        has_bool = has_bool || types[i].kind == KIND_BOOL;
    }
    if (!has_bool || agg_resolve(b->cx, agg, types, n, span, &over, &type) == RC_OK) return RC_OK;
    err_clear(b->cx->err);
    for (int i = 0; i < n; i++)
        if (types[i].kind == KIND_BOOL)
            TRY(expr_cast(b->cx, b->arena, args[i], KIND_INT, &args[i]));
    return RC_OK;
}
static bool takes_lists(const struct agg_desc *agg)
{
    if (expr_agg_takes_nested(agg)) return true;
    for (int i = 0; i < agg->n_overloads; i++)
        if (agg->overloads[i].args[0] == KIND_LIST || agg->overloads[i].args[0] == KIND_NULL)
            return true;
    return false;
}
static rc no_list_over_rows(struct bind *b, const char *name, const struct ast *e)
{
    (void)fail(b->cx, E207, e->span,
               "%s() of a list works within each row; here it would have to work over many rows",
               name);
    return err_note(b->cx, "derive it in a step before this one, or unnest the list");
}
static rc agg_parts(struct bind *b, const struct agg_desc *agg, const struct ast *e,
                    const struct expr **out)
{
    const struct ast **kids = ARENA_ARRAY(b->arena, const struct ast *, e->n_kids + 1);
    struct str *names = ARENA_ARRAY(b->arena, struct str, e->n_kids + 1);
    const struct expr **args, *where = NULL;
    struct agg_options o;
    struct win_frame frame;
    int n_kids = split_options(e, &o, kids, names), n;
    TRY(bind_frame(b, agg, &o, e->span, &frame));
    TRY(bind_args(b, agg->name, agg->sig, kids, names, n_kids, e->span, &args, &n));
    if (o.where) TRY(bind_expr_kind(b, o.where, KIND_BOOL, "where:", &where));
    if (n > 0 && args[0]->type.kind == KIND_LIST && !takes_lists(agg))
        return no_list_over_rows(b, agg->name, e);
    TRY(bools_as_ints(b, agg, args, n, e->span));
    return expr_agg(b->cx, b->arena, agg, args, n, where, frame, e->span, out);
}
rc bind_aggregate(struct bind *b, const struct agg_desc *agg, const struct ast *e,
                  const struct expr **out)
{
    const struct expr *call;
    bool done;
    TRY(bind_list_aggregate(b, agg, e, out, &done));
    if (done) return RC_OK;
    if (b->mode == BIND_ROW || b->in_agg > 0) return refuse_aggregate(b, agg->name, e->span);
    b->in_agg++;
    enum rc_t res = agg_parts(b, agg, e, &call);
    b->in_agg--;
    TRY(res);
    return bind_found(b, call, out);
}

/* ---- window functions ---- */
/* rank(-name): what has no negative is ranked backwards by its place. */
static rc backwards(struct bind *b, const struct ast *e, const struct expr **out)
{
    const struct expr *x, *place;
    TRY(bind_expr(b, e->kids[0], &x));
    if (dtype_is_number(x->type) || x->type.kind == KIND_DURATION)
        return bind_scalar_call(b, FN_NEGATE, &x, 1, e->span, out);
    const struct win_desc *rank = win_find(STR("dense_rank"));
    if (!rank) return fail(b->cx, E207, e->span, "`-` needs a number here");
    TRY(expr_window(b->cx, b->arena, rank, &x, 1, e->span, &place));
    TRY(bind_found(b, place, &x));
    return bind_scalar_call(b, FN_NEGATE, &x, 1, e->span, out);
}
static rc window_parts(struct bind *b, const struct win_desc *win, const struct ast *e,
                       const struct expr **out)
{
    struct arg_slot *slots;
    int n;
    const struct str *names = e->n_names == e->n_kids ? e->names : NULL;
    TRY(place_args(b->cx, win->name, win->sig, names, e->n_kids, e->span, &slots, &n));
    const struct expr **args = ARENA_ARRAY(b->arena, const struct expr *, n + 1);
    for (int i = 0; i < n; i++) {
        const struct ast *kid = slots[i].from < 0 ? NULL : e->kids[slots[i].from];
        bool is_back =
            kid && i == 0 && win->ranks_by_args && kid->op == AST_UNARY && str_eqz(kid->text, "-");
        if (!kid) {
            TRY(bind_literal(b, &slots[i].def, e->span, &args[i]));
        } else if (is_back) {
            TRY(backwards(b, kid, &args[i]));
        } else {
            TRY(bind_expr(b, kid, &args[i]));
        }
    }
    return expr_window(b->cx, b->arena, win, args, n, e->span, out);
}
rc bind_window_call(struct bind *b, const struct win_desc *win, const struct ast *e,
                    const struct expr **out)
{
    if (b->mode != BIND_WINDOW) return refuse_window(b, win->name, e->span);
    if (win->needs_sort && !b->has_sort) {
        char name[80];
        snprintf(name, sizeof name, "%s()", win->name);
        return needs_sort(b, name, e->span);
    }
    const struct expr *call;
    b->in_agg++; /* arguments may hold window functions, but no aggregates */
    enum rc_t res = window_parts(b, win, e, &call);
    b->in_agg--;
    TRY(res);
    return bind_found(b, call, out);
}

/* ---- nodes ---- */
struct reads {
    const struct named_expr *found;
    int from, n;
    bool any;
};
static void see_column(void *arg, const char *name)
{
    struct reads *r = arg;
    for (int i = r->from; i < r->n; i++)
        if (strcmp(r->found[i].name, name) == 0) r->any = true;
}
/* Whether found[i] reads one of found[from..i). */
static bool reads_earlier(const struct bind *b, int from, int i)
{
    struct reads r = {b->found, from, i, false};
    expr_columns(b->found[i].expr, see_column, &r);
    return r.any;
}
rc bind_windows(struct bind *b, struct plan *in, const struct expr *const *by, int n_by,
                const struct sort_key *sort, int n_sort, struct span span, struct plan **out)
{
    struct plan *p = plan_ref(in);
    for (int from = 0; from < b->n_found;) {
        int to = from + 1;
        while (to < b->n_found && !reads_earlier(b, from, to))
            to++;
        struct plan *next;
        enum rc_t res =
            plan_window(b->cx, p, by, n_by, sort, n_sort, b->found + from, to - from, span, &next);
        plan_unref(p);
        TRY(res);
        p = next;
        from = to;
    }
    *out = p;
    return RC_OK;
}
