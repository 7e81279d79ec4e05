/* where.c: keeps rows. Commas mean and; aggregates and window functions see all input rows of the
 * step's groups. `x in $t.id` over a frame's column becomes a semi join, so that no list is made.
 */
#include "lang/verbs/verb_int.h"

/* The frame of `$t.column`, or NULL. */
static const struct value *frame_column(struct verb_call *vc, const struct ast *e)
{
    if (e->op != AST_IN || e->kids[1]->op != AST_FIELD) return NULL;
    const struct ast *t = e->kids[1]->kids[0];
    if (t->op != AST_VAR) return NULL;
    const struct value *v = scope_get(vc->scope, t->text);
    return v && v->kind == VALUE_FRAME ? v : NULL;
}

static rc semi_join(struct verb_call *vc, struct pipe *p, const struct ast *e,
                    const struct value *right)
{
    struct bind left, side;
    verb_bind_init(&left, vc, BIND_ROW);
    bind_init(&side, vc->lg, vc->scope, right->plan->schema, right->label, BIND_ROW);
    struct join_on on = {.op = CMP_EQ};
    TRY(bind_expr(&left, e->kids[0], &on.left));
    struct str name = e->kids[1]->text;
    int at = schema_find(right->plan->schema, name);
    if (at < 0) return unknown_column(&side, name, e->kids[1]->span);
    on.right = field_expr(vc->arena, right->plan->schema, at, e->kids[1]->span);
    struct join_spec spec = {
        .kind = e->is_negated ? JOIN_ANTI : JOIN_SEMI, .on = &on, .n_on = 1, .is_silent = true};
    struct plan *top;
    TRY(plan_join(vc->cx, p->plan, right->plan, &spec, e->span, &top));
    plan_unref(p->plan);
    p->plan = top;
    return RC_OK;
}

static rc both(struct verb_call *vc, const struct expr *e, const struct expr **out)
{
    if (*out) TRY(make_call2(vc->cx, vc->arena, "and", *out, e, &e));
    *out = e;
    return RC_OK;
}

/* across(..): the condition must hold for each of the columns. */
static rc add_across(struct verb_call *vc, struct bind *b, const struct ast_item *it,
                     const struct expr **out)
{
    struct named_list all = {0};
    char text[96];
    TRY(bind_item(b, it, &all));
    for (int i = 0; i < all.n; i++) {
        enum kind k = all.items[i].expr->type.kind;
        if (k != KIND_BOOL && k != KIND_NULL) {
            fail(vc->cx, E207, it->span, "where takes true or false, across gives %s",
                 dtype_text(all.items[i].expr->type, text, sizeof text));
            return hint_step(vc, "where across(type(num), x -> x > 0)");
        }
        TRY(both(vc, all.items[i].expr, out));
    }
    return RC_OK;
}

static rc bind_predicate(struct verb_call *vc, struct bind *b, const struct expr **out)
{
    int at = 0;
    *out = NULL;
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        const struct expr *e;
        if (frame_column(vc, it->expr)) continue;
        if (is_across(it->expr)) {
            TRY(add_across(vc, b, it, out));
            continue;
        }
        TRY(bind_expr_kind(b, it->expr, KIND_BOOL, "where", &e));
        TRY(both(vc, e, out));
    }
    return RC_OK;
}

static rc where_rows(struct verb_call *vc, struct pipe *p)
{
    struct bind b;
    const struct expr *predicate;
    verb_bind_init(&b, vc, BIND_WINDOW);
    TRY(bind_predicate(vc, &b, &predicate));
    if (b.n_found) {
        const struct expr **by;
        struct sort_key *sort;
        int n_by, n_sort;
        struct bind row;
        verb_bind_init(&row, vc, BIND_ROW);
        TRY(bind_clause_by(&row, vc, &by, &n_by));
        TRY(bind_clause_sort(&row, vc, vc->step->sort, vc->step->n_sort, &sort, &n_sort));
        TRY(verb_pipe_found(p, &b, by, n_by, sort, n_sort));
    }
    if (predicate) TRY(verb_pipe_filter(p, predicate));
    if (b.n_found) TRY(verb_pipe_keep(p, vc->input->plan->schema));
    int at = 0;
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        const struct value *right = frame_column(vc, it->expr);
        if (right) TRY(semi_join(vc, p, it->expr, right));
    }
    return RC_OK;
}

static enum rc_t where_bind(struct verb_call *vc, struct value **out)
{
    struct pipe p;
    TRY(no_makes(vc, true));
    TRY(need_items(vc, "a condition", "where fare > 0"));
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(where_rows(vc, &p));
    res = verb_pipe_value(&p, input_label(vc), out);
out:
    verb_pipe_release(&p);
    return res;
}

static const struct verb_option where_options[] = {
    {"nulls", OPT_WORD, "last first", "where null stands in the step's sort"},
    {0},
};
const struct verb_desc verb_where = {
    .name = "where",
    .sig = "where condition, .. [by groups] [sort keys]",
    .doc = "Keeps the rows for which every condition is true; commas mean and. Comparisons with "
           "null are false (null == null is true). Aggregates and window functions are computed "
           "over the rows of the step's groups.",
    .examples = {"trips |> where fare > 6, tip is not null",
                 "trips |> where fare == max(fare) by zone"},
    .options = where_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .takes_sort = true,
    .bind = where_bind,
};
