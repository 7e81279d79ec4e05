/* pipe.c: puts plan nodes on top of each other and owns the top one. */
#include "lang/verbs/verb_int.h"

void verb_pipe_from(struct pipe *p, const struct verb_call *vc, struct plan *from)
{
    *p = (struct pipe){
        .cx = vc->cx, .arena = vc->arena, .span = vc->step->span, .plan = plan_ref(from)};
}

void verb_pipe_begin(struct pipe *p, const struct verb_call *vc)
{
    verb_pipe_from(p, vc, vc->input->plan);
}

void verb_pipe_release(struct pipe *p)
{
    plan_unref(p->plan);
    p->plan = NULL;
}

static void verb_pipe_top(struct pipe *p, struct plan *top)
{
    plan_unref(p->plan); /* top has its own reference */
    p->plan = top;
}

rc verb_pipe_filter(struct pipe *p, const struct expr *predicate)
{
    struct plan *top;
    TRY(plan_filter(p->cx, p->plan, predicate, p->span, &top));
    verb_pipe_top(p, top);
    return RC_OK;
}

rc verb_pipe_project(struct pipe *p, const struct named_expr *items, int n)
{
    struct plan *top;
    TRY(plan_project(p->cx, p->plan, items, n, p->span, &top));
    verb_pipe_top(p, top);
    return RC_OK;
}

static struct named_expr *field_items(struct arena *a, const struct schema *s, int more,
                                      struct span span)
{
    struct named_expr *items = ARENA_ARRAY(a, struct named_expr, s->n + more);
    for (int i = 0; i < s->n; i++)
        items[i] = (struct named_expr){s->fields[i].name, field_expr(a, s, i, span)};
    return items;
}

rc verb_pipe_keep(struct pipe *p, const struct schema *columns)
{
    return verb_pipe_project(p, field_items(p->arena, columns, 0, p->span), columns->n);
}

rc verb_pipe_add(struct pipe *p, const struct named_expr *items, int n)
{
    const struct schema *s = p->plan->schema;
    struct named_expr *all = field_items(p->arena, s, n, p->span);
    for (int i = 0; i < n; i++)
        all[s->n + i] = items[i];
    return verb_pipe_project(p, all, s->n + n);
}

rc verb_pipe_aggregate(struct pipe *p, const struct named_expr *keys, int n_keys,
                       const struct named_expr *items, int n)
{
    struct plan *top;
    TRY(plan_aggregate(p->cx, p->plan, keys, n_keys, items, n, false, p->span, &top));
    verb_pipe_top(p, top);
    return RC_OK;
}

rc verb_pipe_window(struct pipe *p, const struct expr *const *by, int n_by,
                    const struct sort_key *sort, int n_sort, const struct named_expr *items, int n)
{
    struct plan *top;
    TRY(plan_window(p->cx, p->plan, by, n_by, sort, n_sort, items, n, p->span, &top));
    verb_pipe_top(p, top);
    return RC_OK;
}

rc verb_pipe_found(struct pipe *p, struct bind *b, const struct expr *const *by, int n_by,
                   const struct sort_key *sort, int n_sort)
{
    struct plan *top;
    TRY(bind_windows(b, p->plan, by, n_by, sort, n_sort, p->span, &top));
    verb_pipe_top(p, top);
    return RC_OK;
}

rc verb_pipe_assert(struct pipe *p, const struct expr *predicate, const char *message,
                    bool warn_only, struct span span)
{
    struct plan *top;
    TRY(plan_assert(p->cx, p->plan, predicate, message, warn_only, span, &top));
    verb_pipe_top(p, top);
    return RC_OK;
}

rc verb_pipe_join(struct pipe *p, struct plan *right, const struct join_spec *spec)
{
    struct plan *top;
    TRY(plan_join(p->cx, p->plan, right, spec, p->span, &top));
    verb_pipe_top(p, top);
    return RC_OK;
}

rc verb_pipe_sort(struct pipe *p, const struct sort_key *keys, int n)
{
    struct plan *top;
    TRY(plan_sort(p->cx, p->plan, keys, n, p->span, &top));
    verb_pipe_top(p, top);
    return RC_OK;
}

rc verb_pipe_unnest(struct pipe *p, const char *const *lists, int n, bool keep_empty,
                    const char *index_name)
{
    struct plan *top;
    TRY(plan_unnest(p->cx, p->plan, lists, n, keep_empty, index_name, p->span, &top));
    verb_pipe_top(p, top);
    return RC_OK;
}

rc verb_pipe_value(struct pipe *p, const char *label, struct value **out)
{
    *out = value_frame(p->plan, label);
    verb_pipe_release(p);
    return RC_OK;
}

rc verb_pipe_list(struct pipe *parts, int n, struct value **out)
{
    struct value **items = ARENA_ARRAY(parts[0].arena, struct value *, n);
    for (int i = 0; i < n; i++)
        TRY(verb_pipe_value(&parts[i], NULL, &items[i]));
    *out = value_list(items, n);
    return RC_OK;
}
