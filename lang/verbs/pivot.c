/* pivot.c: the values of a column become columns. The aggregates are computed once for each pair of
 * group and value; the values that there are decide which columns the result has, so this much runs
 * when the step is bound. A second grouping over that small table lays the rows out. */
#include "lang/verbs/verb_int.h"

#define MAX_COLUMNS 2000

/* ---- long to wide ---- */
rc verb_pipe_table(struct verb_call *vc, struct pipe *p, struct table **out)
{
    return frame_table(vc->lg, p->plan, out);
}

/* Distinct values of the key, in order, null last. */
static rc key_values(struct verb_call *vc, struct pipe *p, const struct widen *w,
                     struct table **out)
{
    struct pipe keys;
    struct table *all;
    TRY(verb_pipe_table(vc, p, &all));
    table_unref(all);
    verb_pipe_from(&keys, vc, p->plan);
    struct named_expr key = {w->key, name_expr(p->arena, p->plan->schema, w->key, w->span)};
    enum rc_t res = verb_pipe_aggregate(&keys, &key, 1, NULL, 0);
    if (res == RC_OK) res = exec_table(vc->cx, vc->lg->executor, keys.plan, out);
    verb_pipe_release(&keys);
    return res;
}

static rc check_count(struct verb_call *vc, const struct widen *w, int64_t n)
{
    if (n * w->n_values <= MAX_COLUMNS) return RC_OK;
    fail(vc->cx, E902, w->span,
         "`%s` has %lld different values; the result would have %lld columns",
         source_text(vc, w->span), (long long)n, (long long)n * w->n_values);
    return err_note(vc->cx, "pivot makes at most %d columns: group the values first, e.g. by bin()",
                    MAX_COLUMNS);
}

static const char *wide_name(struct verb_call *vc, const struct widen *w, int value,
                             const struct scalar *s)
{
    struct strbuf name = {0};
    if (w->n_values > 1) strbuf_printf(&name, "%s_", w->values[value]);
    if (w->prefix) strbuf_addz(&name, w->prefix);
    scalar_text(&name, s, false);
    const char *text = arena_strndup(vc->arena, name.p ? name.p : "", name.n);
    strbuf_release(&name);
    return text;
}

/* first(value, where: key == s) */
static rc wide_column(struct verb_call *vc, struct pipe *p, const struct widen *w, int value,
                      const struct scalar *s, const struct expr **out)
{
    const struct schema *in = p->plan->schema;
    const struct agg_desc *first = agg_find(STR("first"));
    const struct expr *key = name_expr(p->arena, in, w->key, w->span), *is_it;
    const struct expr *x = name_expr(p->arena, in, w->values[value], w->span);
    struct scalar plain = *s;
    struct win_frame whole = {.unit = FRAME_ALL};
    if (plain.type.kind == KIND_CAT) plain.type = DTYPE(KIND_STR);
    if (s->is_null)
        TRY(make_call1(vc->cx, p->arena, "is_null", key, &is_it));
    else
        TRY(make_call2(vc->cx, p->arena, "==", key, expr_literal(p->arena, &plain, w->span),
                       &is_it));
    if (!first) return fail(vc->cx, E903, w->span, "no aggregate first");
    return expr_agg(vc->cx, p->arena, first, &x, 1, is_it, whole, w->span, out);
}

static rc add_wide(struct verb_call *vc, struct pipe *p, const struct widen *w,
                   const struct table *keys, struct named_list *items)
{
    for (int v = 0; v < w->n_values; v++)
        for (int64_t i = 0; i < keys->n_rows; i++) {
            struct scalar s = column_scalar(keys->cols[0], i);
            const struct expr *e;
            TRY(wide_column(vc, p, w, v, &s, &e));
            const char *name = wide_name(vc, w, v, &s);
            for (int k = 0; k < w->n_by; k++)
                if (strcmp(w->by[k], name) == 0) {
                    fail(vc->cx, E212, w->span,
                         "a value of `%s` and a group would both be called `%s`",
                         source_text(vc, w->span), name);
                    return hint_after(vc, vc->step->span, ", prefix: \"v_\"");
                }
            named_add(p->arena, items, name, e, w->span);
        }
    return RC_OK;
}

static rc fill_wide(struct verb_call *vc, struct pipe *p, const struct widen *w)
{
    const struct schema *in = p->plan->schema;
    struct named_list items = {0};
    if (!w->fill || w->fill->is_null) return RC_OK;
    for (int i = 0; i < in->n; i++) {
        const struct expr *e = field_expr(p->arena, in, i, w->span);
        if (i >= w->n_by)
            TRY(make_call2(vc->cx, p->arena, "\?\?", e, expr_literal(p->arena, w->fill, w->span),
                           &e));
        named_add(p->arena, &items, in->fields[i].name, e, w->span);
    }
    return verb_pipe_project(p, items.items, items.n);
}

rc verb_widen(struct verb_call *vc, struct pipe *p, const struct widen *w)
{
    struct table *keys = NULL;
    struct named_list items = {0};
    struct named_expr *by = ARENA_ARRAY(p->arena, struct named_expr, w->n_by + 1);
    enum rc_t res = RC_ERR;
    TRY_OUT(key_values(vc, p, w, &keys));
    TRY_OUT(check_count(vc, w, keys->n_rows));
    for (int i = 0; i < w->n_by; i++)
        by[i] =
            (struct named_expr){w->by[i], name_expr(p->arena, p->plan->schema, w->by[i], w->span)};
    TRY_OUT(add_wide(vc, p, w, keys, &items));
    TRY_OUT(verb_pipe_aggregate(p, by, w->n_by, items.items, items.n));
    res = fill_wide(vc, p, w);
out:
    table_unref(keys);
    return res;
}

/* ---- pivot ---- */
#define KEY ".key"

struct pivot {
    struct verb_call *vc;
    const struct ast_item *key;
    struct ast_item *aggs;
    int n_aggs;
    struct named_expr *by; /* the groups, then the key */
    int n_by;
};

static rc no_aggregate(struct verb_call *vc, const struct ast_item *it)
{
    if (!it) {
        fail(vc->cx, E208, vc->step->verb_span,
             "pivot needs the column that becomes columns, and an aggregate");
        return hint_step(vc, "pivot month, count() by zone");
    }
    fail(vc->cx, E208, it->span,
         "pivot needs an aggregate: what stands in a cell when several rows meet there");
    return hint_after(vc, it->span, ", count()");
}

static rc read_items(struct pivot *v)
{
    struct verb_call *vc = v->vc;
    int at = 0;
    const struct ast_item *it = next_item(vc->step, &at);
    v->aggs = ARENA_ARRAY(vc->arena, struct ast_item, vc->step->n_items + 1);
    v->key = it;
    if (!it || it->kind == ITEM_MAKE || ast_has_agg(it->expr)) return no_aggregate(vc, NULL);
    while ((it = next_item(vc->step, &at))) {
        if (!ast_has_agg(it->expr)) {
            fail(vc->cx, E210, it->span,
                 "after the column that becomes columns, pivot takes aggregates");
            return hint_replace(vc->lg, it->span, "first(%s)", source_text(vc, it->span));
        }
        v->aggs[v->n_aggs++] = *it;
    }
    return v->n_aggs ? RC_OK : no_aggregate(vc, v->key);
}

static rc bind_keys(struct pivot *v)
{
    struct verb_call *vc = v->vc;
    struct bind b;
    struct named_expr *by = NULL;
    int n = 0;
    verb_bind_init(&b, vc, BIND_ROW);
    if (vc->step->has_by) TRY(bind_by(&b, vc->step->by, vc->step->n_by, &by, &n));
    v->by = ARENA_ARRAY(vc->arena, struct named_expr, n + 1);
    for (int i = 0; i < n; i++)
        v->by[i] = by[i];
    v->by[n].name = KEY;
    TRY(bind_expr(&b, v->key->expr, &v->by[n].expr));
    v->n_by = n;
    enum kind k = v->by[n].expr->type.kind;
    if (k != KIND_LIST && k != KIND_STRUCT) return RC_OK;
    return fail(vc->cx, E207, v->key->span, "lists and structs cannot name columns");
}

/* The step with its aggregates as the only items. */
static rc aggregate_long(struct pivot *v, struct pipe *p, struct named_list *results)
{
    struct ast_step step = *v->vc->step;
    struct verb_call vc = *v->vc;
    step.items = v->aggs;
    step.n_items = v->n_aggs;
    vc.step = &step;
    return verb_summary(&vc, v->by, v->n_by + 1, p, results);
}

static rc pivot_wide(struct pivot *v, struct pipe *p, const struct named_list *results)
{
    struct verb_call *vc = v->vc;
    const struct ast_item *fill = verb_option(vc, "fill");
    struct scalar value;
    struct widen w = {.key = KEY, .n_by = v->n_by, .n_values = results->n, .span = v->key->span};
    w.by = ARENA_ARRAY(vc->arena, const char *, v->n_by + 1);
    w.values = ARENA_ARRAY(vc->arena, const char *, results->n + 1);
    for (int i = 0; i < v->n_by; i++)
        w.by[i] = v->by[i].name;
    for (int i = 0; i < results->n; i++)
        w.values[i] = results->items[i].name;
    TRY(verb_option_str(vc, "prefix", NULL, &w.prefix));
    if (fill) {
        TRY(verb_value(vc, fill->expr, "fill:", &value));
        w.fill = &value;
    }
    return verb_widen(vc, p, &w);
}

static enum rc_t pivot_bind(struct verb_call *vc, struct value **out)
{
    struct pivot v = {.vc = vc};
    struct named_list results = {0};
    struct pipe p;
    TRY(read_items(&v));
    TRY(bind_keys(&v));
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(aggregate_long(&v, &p, &results));
    if (vc->lg->is_dry) { /* the columns are not known before it runs */
        *out = value_nothing(NULL);
        res = RC_OK;
        goto out;
    }
    TRY_OUT(pivot_wide(&v, &p, &results));
    res = verb_pipe_value(&p, NULL, out);
out:
    verb_pipe_release(&p);
    return res;
}

static const struct verb_option pivot_options[] = {
    {"prefix", OPT_STR, NULL, "stands before the value in the names of the columns"},
    {"fill", OPT_ANY, NULL, "what cells without rows hold instead of null"},
    {0},
};
const struct verb_desc verb_pivot = {
    .name = "pivot",
    .sig = "pivot column, aggregate, .. [by groups] [prefix: \"m\", fill: 0]",
    .doc = "One row for each group, one column for each value of the column, called by the value's "
           "text (name_value with several aggregates), both in order. Each cell holds the "
           "aggregate of its rows. Which columns there are is found at once.",
    .examples = {"trips |> pivot zone, mean(fare)",
                 "trips |> pivot zone, n = count() by day, fill: 0, prefix: \"z_\""},
    .options = pivot_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .bind = pivot_bind,
};

/* ---- crosstab ---- */
struct cross {
    struct verb_call *vc;
    struct named_list keys; /* rows, columns */
    const char *share;      /* row column all, or NULL */
};

static rc bind_cross(struct cross *c)
{
    struct verb_call *vc = c->vc;
    struct bind b;
    int at = 0;
    verb_bind_init(&b, vc, BIND_ROW);
    for (const struct ast_item *it; (it = next_item(vc->step, &at));)
        TRY(bind_item(&b, it, &c->keys));
    TRY(verb_option_word(vc, "share", NULL, &c->share));
    if (c->keys.n == 2) return RC_OK;
    fail(vc->cx, E208, vc->step->verb_span, "crosstab takes two columns, not %d", c->keys.n);
    return hint_step(vc, "crosstab zone, payment");
}

/* count(), or the sum of weights: */
static rc cross_amount(struct cross *c, const struct expr **out)
{
    struct verb_call *vc = c->vc;
    const struct ast_item *weights = verb_option(vc, "weights");
    const struct expr *w;
    struct bind b;
    if (!weights) return make_agg(vc->cx, vc->arena, "count", NULL, vc->step->span, out);
    verb_bind_init(&b, vc, BIND_ROW);
    TRY(bind_expr_kind(&b, weights->expr, KIND_NUM, "weights:", &w));
    return make_agg(vc->cx, vc->arena, "sum", w, weights->span, out);
}

/* n / sum(n) over the row, the column or all. */
static rc cross_share(struct cross *c, struct pipe *p)
{
    struct named_list items = {0};
    const struct expr *n = name_expr(p->arena, p->plan->schema, ".n", p->span), *share;
    struct named_expr all = {.name = ".all"};
    int side = strcmp(c->share, "column") == 0;
    const struct expr *by[1] = {field_expr(p->arena, p->plan->schema, side, p->span)};
    TRY(make_agg(p->cx, p->arena, "sum", n, p->span, &all.expr));
    TRY(verb_pipe_window(p, by, strcmp(c->share, "all") != 0, NULL, 0, &all, 1));
    const struct schema *in = p->plan->schema;
    TRY(make_call2(p->cx, p->arena, "/", n, name_expr(p->arena, in, ".all", p->span), &share));
    for (int i = 0; i < 2; i++)
        named_add(p->arena, &items, in->fields[i].name, field_expr(p->arena, in, i, p->span),
                  p->span);
    named_add(p->arena, &items, ".n", share, p->span);
    return verb_pipe_project(p, items.items, items.n);
}

static rc cross_wide(struct cross *c, struct pipe *p)
{
    struct verb_call *vc = c->vc;
    struct named_expr *keys = ARENA_ARRAY(vc->arena, struct named_expr, 2), n = {.name = ".n"};
    keys[0] = c->keys.items[0];
    keys[1] = (struct named_expr){KEY, c->keys.items[1].expr};
    TRY(cross_amount(c, &n.expr));
    TRY(verb_pipe_aggregate(p, keys, 2, &n, 1));
    if (c->share) TRY(cross_share(c, p));
    bool is_int = p->plan->schema->fields[2].type.kind == KIND_INT;
    struct scalar zero = {.type = DTYPE(is_int ? KIND_INT : KIND_NUM)};
    const char *value = ".n";
    struct widen w = {.by = &keys[0].name,
                      .n_by = 1,
                      .key = KEY,
                      .values = &value,
                      .n_values = 1,
                      .fill = &zero,
                      .span = c->keys.spans[1]};
    return verb_widen(vc, p, &w);
}

static enum rc_t crosstab_bind(struct verb_call *vc, struct value **out)
{
    struct cross c = {.vc = vc};
    struct pipe p;
    TRY(bind_cross(&c));
    if (vc->lg->is_dry) {
        *out = value_nothing(NULL);
        return RC_OK;
    }
    verb_pipe_begin(&p, vc);
    enum rc_t res = cross_wide(&c, &p);
    if (res == RC_OK) res = verb_pipe_value(&p, NULL, out);
    verb_pipe_release(&p);
    return res;
}

static const struct verb_option crosstab_options[] = {
    {"share", OPT_WORD, "row column all", "shares of the row, the column or of all, not counts"},
    {"weights", OPT_COLUMN, NULL, "what each row counts for, 1 if not said"},
    {0},
};
const struct verb_desc verb_crosstab = {
    .name = "crosstab",
    .sig = "crosstab rows, columns [share: row | column | all, weights: w]",
    .doc = "How often the values of two columns meet: a row for each value of the first, a column "
           "for each value of the second, 0 where they never do.",
    .examples = {"trips |> crosstab zone, fare > 9",
                 "trips |> crosstab zone, big = fare > 9, share: row"},
    .options = crosstab_options,
    .input = TAKES_FRAME,
    .bind = crosstab_bind,
};
