/* order.c: the sort clause of plot: the order in which the categories of x stand. */
#include "lang/verbs/plot/plot.h"

#define MAX_ORDER 5000

static bool has_aggregate(const struct ast_step *step)
{
    for (int i = 0; i < step->n_sort; i++)
        if (step->sort[i].expr && ast_has_agg(step->sort[i].expr)) return true;
    return false;
}

/* One row for each category of x, in order. */
static rc order_by_aggregates(struct plotting *p, struct pipe *q, const struct expr *x)
{
    struct bind b;
    struct sort_key *keys;
    struct schema *none;
    struct named_expr key = {".x", x};
    int n;
    TRY(schema_new(p->vc->cx, NULL, 0, NO_SPAN, &none));
    bind_init(&b, p->vc->lg, p->vc->scope, p->schema, input_label(p->vc), BIND_AGGREGATE);
    b.outer = none;
    enum rc_t res = bind_clause_sort(&b, p->vc, p->vc->step->sort, p->vc->step->n_sort, &keys, &n);
    schema_unref(none);
    TRY(res);
    TRY(verb_pipe_aggregate(q, &key, 1, b.found, b.n_found));
    return verb_pipe_sort(q, keys, n);
}

static rc order_by_rows(struct plotting *p, struct pipe *q, const struct expr *x)
{
    struct bind b;
    struct sort_key *keys;
    struct plan *top;
    struct named_expr item = {".x", x};
    int n;
    bind_init(&b, p->vc->lg, p->vc->scope, p->schema, input_label(p->vc), BIND_ROW);
    TRY(bind_clause_sort(&b, p->vc, p->vc->step->sort, p->vc->step->n_sort, &keys, &n));
    TRY(verb_pipe_sort(q, keys, n));
    TRY(plan_distinct(q->cx, q->plan, &x, 1, NULL, 0, q->span, &top));
    plan_unref(q->plan);
    q->plan = top;
    return verb_pipe_project(q, &item, 1);
}

static rc read_names(struct plotting *p, const struct table *t)
{
    const char **order = ARENA_ARRAY(p->vc->arena, const char *, t->n_rows + 1);
    for (int64_t r = 0; r < t->n_rows; r++) {
        struct scalar s = column_scalar(t->cols[0], r);
        struct strbuf text = {0};
        scalar_text(&text, &s, false);
        order[r] = arena_strndup(p->vc->arena, strbuf_view(&text).p, text.n);
        strbuf_release(&text);
    }
    p->spec.order = order;
    p->spec.n_order = (int)t->n_rows;
    return RC_OK;
}

rc plot_read_order(struct plotting *p)
{
    if (!p->vc->step->has_sort) return RC_OK;
    const struct expr *x = name_expr(p->vc->arena, p->frame.plan->schema, ".x", p->vc->step->span);
    if (!x)
        return fail(p->vc->cx, E501, p->vc->step->sort[0].span,
                    "sort orders the categories of x, and there is no x");
    struct pipe q;
    struct table *t = NULL;
    bool complete;
    verb_pipe_from(&q, p->vc, p->frame.plan);
    enum rc_t res = RC_ERR;
    TRY_OUT(has_aggregate(p->vc->step) ? order_by_aggregates(p, &q, x) : order_by_rows(p, &q, x));
    TRY_OUT(exec_head(p->vc->cx, p->vc->lg->executor, q.plan, MAX_ORDER, &t, &complete));
    res = read_names(p, t);
out:
    table_unref(t);
    verb_pipe_release(&q);
    return res;
}
