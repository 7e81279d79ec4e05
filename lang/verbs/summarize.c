/* summarize.c: one row a group. All aggregates go into one AGGREGATE node; what is computed from
 * them, from keys and from earlier results goes into PROJECT nodes above it. */
#include "lang/verbs/verb_int.h"

struct summary {
    struct verb_call *vc;
    struct bind b;
    struct named_expr *keys;
    int n_keys;
    struct named_list results;
    struct schema *outer; /* keys and earlier results; owned */
};

static rc show_results(struct summary *s)
{
    int n = s->n_keys;
    struct field *fields = ARENA_ARRAY(s->vc->arena, struct field, n + s->results.n + 1);
    for (int i = 0; i < n; i++)
        fields[i] = (struct field){s->keys[i].name, s->keys[i].expr->type};
    for (int i = 0; i < s->results.n; i++)
        fields[n++] = (struct field){s->results.items[i].name, s->results.items[i].expr->type};
    struct schema *outer;
    struct span last = s->results.n ? s->results.spans[s->results.n - 1] : s->vc->step->span;
    TRY(schema_new(s->vc->cx, fields, n, last, &outer));
    schema_unref(s->outer);
    s->outer = outer;
    s->b.outer = outer;
    return RC_OK;
}

static rc bind_results(struct summary *s)
{
    int at = 0;
    TRY(show_results(s));
    for (const struct ast_item *it; (it = next_item(s->vc->step, &at));) {
        TRY(bind_item(&s->b, it, &s->results));
        TRY(show_results(s));
    }
    return RC_OK;
}

static bool uses_results(const struct summary *s, const struct expr *e, int from, int to)
{
    for (int i = from; i < to; i++)
        if (expr_uses(e, s->results.items[i].name)) return true;
    return false;
}

/* Each item is its own aggregate and nothing more: then the AGGREGATE gives the result as it is. */
static bool is_plain(struct summary *s)
{
    if (s->results.n != s->b.n_found) return false;
    for (int i = 0; i < s->results.n; i++) {
        const struct expr *e = s->results.items[i].expr;
        if (e->op != EXPR_COLUMN || strcmp(e->name, s->b.found[i].name) != 0) return false;
    }
    for (int i = 0; i < s->results.n; i++)
        s->b.found[i].name = s->results.items[i].name;
    return true;
}

static rc final_columns(struct summary *s, struct pipe *p, int done)
{
    struct named_list all = {0};
    const struct schema *now = p->plan->schema;
    for (int i = 0; i < s->n_keys; i++)
        named_add(p->arena, &all, s->keys[i].name,
                  name_expr(p->arena, now, s->keys[i].name, p->span), NO_SPAN);
    for (int i = 0; i < s->results.n; i++) {
        const struct named_expr *r = &s->results.items[i];
        named_add(p->arena, &all, r->name,
                  i < done ? name_expr(p->arena, now, r->name, p->span) : r->expr, NO_SPAN);
    }
    return verb_pipe_project(p, all.items, all.n);
}

static rc compute(struct summary *s, struct pipe *p)
{
    if (is_plain(s)) return verb_pipe_aggregate(p, s->keys, s->n_keys, s->b.found, s->b.n_found);
    TRY(verb_pipe_aggregate(p, s->keys, s->n_keys, s->b.found, s->b.n_found));
    int done = 0; /* results that are columns of the plan already */
    for (int i = 0; i < s->results.n; i++) {
        if (!uses_results(s, s->results.items[i].expr, done, i)) continue;
        TRY(verb_pipe_add(p, s->results.items + done, i - done));
        done = i;
    }
    return final_columns(s, p, done);
}

rc verb_summary(struct verb_call *vc, struct named_expr *keys, int n_keys, struct pipe *p,
                struct named_list *results)
{
    struct summary s = {.vc = vc, .keys = keys, .n_keys = n_keys};
    verb_bind_init(&s.b, vc, BIND_AGGREGATE);
    enum rc_t res = bind_results(&s);
    if (res == RC_OK) res = compute(&s, p);
    if (results) *results = s.results;
    schema_unref(s.outer);
    return res;
}

static enum rc_t summarize_bind(struct verb_call *vc, struct value **out)
{
    struct named_expr *keys = NULL;
    struct pipe p;
    int n_keys = 0;
    TRY(need_items(vc, "something to compute", "summarize n = count() by zone"));
    if (vc->step->has_by) {
        struct bind by;
        verb_bind_init(&by, vc, BIND_ROW);
        TRY(bind_by(&by, vc->step->by, vc->step->n_by, &keys, &n_keys));
    }
    verb_pipe_begin(&p, vc);
    enum rc_t res = verb_summary(vc, keys, n_keys, &p, NULL);
    if (res == RC_OK) res = verb_pipe_value(&p, NULL, out);
    verb_pipe_release(&p);
    return res;
}

const struct verb_desc verb_summarize = {
    .name = "summarize",
    .sig = "summarize name = aggregate, .. [by groups]",
    .doc = "One row for each group (one in all without by), sorted by the groups. Inside an "
           "aggregate names are input columns, outside it groups and earlier results. Every "
           "aggregate takes where: count(where: fare > 9).",
    .examples = {"trips |> summarize n = count(), avg = mean(fare) by zone",
                 "trips |> summarize across(type(num), x -> max(x)) by zone"},
    .input = TAKES_FRAME,
    .takes_by = true,
    .bind = summarize_bind,
};

/* ---- count ---- */

static rc count_keys(struct verb_call *vc, struct named_list *keys)
{
    struct bind b;
    verb_bind_init(&b, vc, BIND_ROW);
    int at = 0;
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        const char **names = NULL;
        int n = 0;
        bool is_selector = false;
        if (it->kind == ITEM_PLAIN && it->expr->op == AST_CALL)
            TRY(bind_columns(&b, it->expr, &names, &n, &is_selector));
        for (int i = 0; is_selector && i < n; i++)
            named_add(vc->arena, keys, names[i], name_expr(vc->arena, b.schema, names[i], it->span),
                      it->span);
        if (!is_selector) TRY(bind_item(&b, it, keys));
    }
    if (!vc->step->has_by) return RC_OK;
    struct named_expr *by;
    int n_by;
    TRY(bind_by(&b, vc->step->by, vc->step->n_by, &by, &n_by));
    for (int i = 0; i < n_by; i++)
        named_add(vc->arena, keys, by[i].name, by[i].expr, vc->step->span);
    return RC_OK;
}

static rc count_rows(struct verb_call *vc, struct pipe *p)
{
    struct named_list keys = {0};
    const char *name;
    TRY(count_keys(vc, &keys));
    TRY(verb_option_str(vc, "name", "n", &name));
    for (int i = 0; i < keys.n; i++)
        if (strcmp(keys.items[i].name, name) == 0) {
            fail(vc->cx, E212, keys.spans[i], "the count and a group would both be called `%s`",
                 name);
            return hint_after(vc, vc->step->span, ", name: \"n_rows\"");
        }
    struct named_expr n = {.name = name};
    TRY(make_agg(vc->cx, vc->arena, "count", NULL, vc->step->span, &n.expr));
    TRY(verb_pipe_aggregate(p, keys.items, keys.n, &n, 1));
    if (!keys.n) return RC_OK;
    struct sort_key *sort = ARENA_ARRAY(vc->arena, struct sort_key, 1);
    sort[0] = (struct sort_key){.expr = name_expr(vc->arena, p->plan->schema, name, vc->step->span),
                                .descending = true};
    return verb_pipe_sort(p, sort, 1); /* stable: ties stay in key order */
}

static enum rc_t count_bind(struct verb_call *vc, struct value **out)
{
    struct pipe p;
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(count_rows(vc, &p));
    res = verb_pipe_value(&p, NULL, out);
out:
    verb_pipe_release(&p);
    return res;
}

static const struct verb_option count_options[] = {
    {"name", OPT_STR, NULL, "what the counts are called, \"n\" if not said"},
    {0},
};
const struct verb_desc verb_count = {
    .name = "count",
    .sig = "count groups, .. [name: \"n\"]",
    .doc = "Rows of each group as `n`, the biggest group first, ties by group. Without groups, the "
           "number of rows.",
    .examples = {"trips |> count zone", "trips |> count zone, dear = fare > 6"},
    .options = count_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .bind = count_bind,
};
