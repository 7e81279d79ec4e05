/* prune.c: nodes carry only the columns that somebody above reads. Works from the top down with the
 * set of wanted columns; a node's result may hold more than is wanted (a filter's own column), so
 * nodes whose meaning depends on exactly which columns stand there get a projection. */
#include "runtime/plan/plan_int.h"

/* Set of columns of one schema. */
struct wanted {
    const struct schema *schema;
    bool *has; /* [schema->n] */
};

static struct wanted wanted_none(struct ctx *cx, const struct schema *s)
{
    return (struct wanted){s, ARENA_ARRAY(cx->arena, bool, s->n > 0 ? s->n : 1)};
}

static void want(void *arg, const char *name)
{
    struct wanted *w = arg;
    int at = schema_find(w->schema, str_of(name));
    if (at >= 0) w->has[at] = true;
}

static void want_exprs(struct wanted *w, const struct expr *const *e, int n)
{
    for (int i = 0; i < n; i++)
        expr_columns(e[i], want, w);
}

static void want_keys(struct wanted *w, const struct sort_key *keys, int n)
{
    for (int i = 0; i < n; i++)
        expr_columns(keys[i].expr, want, w);
}

static void want_items(struct wanted *w, const struct named_expr *items, int n)
{
    for (int i = 0; i < n; i++)
        expr_columns(items[i].expr, want, w);
}

static bool wants(const struct wanted *w, const char *name)
{
    int at = schema_find(w->schema, str_of(name));
    return at >= 0 && w->has[at];
}

/* What of `above` stands in the input already. */
static struct wanted wanted_below(struct ctx *cx, const struct schema *in,
                                  const struct wanted *above)
{
    struct wanted w = wanted_none(cx, in);
    for (int i = 0; i < in->n; i++)
        w.has[i] = wants(above, in->fields[i].name);
    return w;
}

static int count(const struct wanted *w)
{
    int n = 0;
    for (int i = 0; i < w->schema->n; i++)
        n += w->has[i];
    return n;
}

static rc prune(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out);

/* p cut to exactly the wanted columns, in the order of w's schema. */
static rc exactly(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    int n = 0, total = w->schema->n;
    bool same = p->schema->n == count(w);
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, total > 0 ? total : 1);
    for (int i = 0; i < total; i++) {
        if (!w->has[i]) continue;
        const char *name = w->schema->fields[i].name;
        int at = schema_find(p->schema, str_of(name));
        same = same && at == n;
        items[n++] = (struct named_expr){
            name, expr_column(cx->arena, name, p->schema->fields[at].type, p->span)};
    }
    if (same) {
        *out = plan_ref(p);
        return RC_OK;
    }
    return plan_project(cx, p, items, n, p->span, out);
}

static rc prune_exactly(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    struct plan *q;
    TRY(prune(cx, p, w, &q));
    enum rc_t res = exactly(cx, q, w, out);
    plan_unref(q);
    return res;
}

/* p over its pruned first input. */
static rc over_pruned(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    struct plan *in;
    TRY(prune(cx, p->inputs[0], w, &in));
    enum rc_t res = plan_with_inputs(cx, p, in, NULL, out);
    plan_unref(in);
    return res;
}

static int pick_items(const struct named_expr *items, int n, const struct wanted *w,
                      struct named_expr *out)
{
    int m = 0;
    for (int i = 0; i < n; i++)
        if (wants(w, items[i].name) || !expr_is_pure(items[i].expr)) out[m++] = items[i];
    return m;
}

static rc prune_project(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    int n = p->u.project.n;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, n > 0 ? n : 1);
    n = pick_items(p->u.project.items, n, w, items);
    struct wanted below = wanted_none(cx, p->inputs[0]->schema);
    want_items(&below, items, n);
    struct plan *in;
    TRY(prune(cx, p->inputs[0], &below, &in));
    enum rc_t res = plan_project(cx, in, items, n, p->span, out);
    plan_unref(in);
    return res;
}

static rc prune_aggregate(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    int n = p->u.aggregate.n, n_keys = p->u.aggregate.n_keys;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, n > 0 ? n : 1);
    n = pick_items(p->u.aggregate.items, n, w, items);
    struct wanted below = wanted_none(cx, p->inputs[0]->schema);
    want_items(&below, items, n);
    want_items(&below, p->u.aggregate.keys, n_keys);
    struct plan *in;
    TRY(prune(cx, p->inputs[0], &below, &in));
    enum rc_t res = plan_aggregate(cx, in, p->u.aggregate.keys, n_keys, items, n,
                                   p->u.aggregate.unsorted, p->span, out);
    plan_unref(in);
    return res;
}

static rc prune_window(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    int n = p->u.window.n;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, n > 0 ? n : 1);
    n = pick_items(p->u.window.items, n, w, items);
    struct wanted below = wanted_below(cx, p->inputs[0]->schema, w);
    if (n == 0) return prune(cx, p->inputs[0], &below, out);
    want_items(&below, items, n);
    want_exprs(&below, p->u.window.by, p->u.window.n_by);
    want_keys(&below, p->u.window.sort, p->u.window.n_sort);
    struct plan *in;
    TRY(prune(cx, p->inputs[0], &below, &in));
    enum rc_t res = plan_window(cx, in, p->u.window.by, p->u.window.n_by, p->u.window.sort,
                                p->u.window.n_sort, items, n, p->span, out);
    plan_unref(in);
    return res;
}

static rc prune_map(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    const struct row_map *m = p->u.map.map;
    struct wanted below = wanted_below(cx, p->inputs[0]->schema, w);
    bool is_read = false;
    for (int i = 0; i < m->n_adds; i++)
        is_read = is_read || wants(w, m->adds[i].name);
    if (!is_read) return prune(cx, p->inputs[0], &below, out);
    for (int i = 0; i < m->n_needs; i++)
        want(&below, m->needs[i]);
    return over_pruned(cx, p, &below, out);
}

static rc prune_distinct(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    struct wanted below = wanted_below(cx, p->inputs[0]->schema, w);
    want_exprs(&below, p->u.distinct.by, p->u.distinct.n_by);
    want_keys(&below, p->u.distinct.sort, p->u.distinct.n_sort);
    if (p->u.distinct.n_by > 0) return over_pruned(cx, p, &below, out);
    for (int i = 0; i < below.schema->n; i++) /* by all columns: all must stand, and no other */
        below.has[i] = true;
    struct plan *in;
    TRY(prune_exactly(cx, p->inputs[0], &below, &in));
    enum rc_t res = plan_with_inputs(cx, p, in, NULL, out);
    plan_unref(in);
    return res;
}

static rc prune_union(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    struct plan *a = NULL, *b = NULL;
    enum rc_t res = RC_ERR;
    struct wanted left = wanted_below(cx, p->inputs[0]->schema, w);
    struct wanted right = wanted_below(cx, p->inputs[1]->schema, w);
    TRY_OUT(prune_exactly(cx, p->inputs[0], &left, &a));
    TRY_OUT(prune_exactly(cx, p->inputs[1], &right, &b));
    res = plan_with_inputs(cx, p, a, b, out);
out:
    plan_unref(a);
    plan_unref(b);
    return res;
}

/* Same join with fewer kept right columns. */
static rc rejoin(struct ctx *cx, const struct plan *p, struct plan *in[2], const struct wanted *w,
                 struct plan **out)
{
    int n = p->u.join.n_right, n_left = p->schema->n - n, m = 0;
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n > 0 ? n : 1);
    const char **columns = ARENA_ARRAY(cx->arena, const char *, n > 0 ? n : 1);
    for (int i = 0; i < n; i++) {
        if (!wants(w, p->schema->fields[n_left + i].name)) continue;
        fields[m] = p->schema->fields[n_left + i];
        columns[m++] = p->u.join.right_columns[i];
    }
    struct join_spec spec = plan_join_spec(p);
    return plan_join_raw(cx, in[0], in[1], &spec, fields, columns, m, p->span, out);
}

static rc prune_join(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    struct plan *in[2] = {NULL, NULL};
    enum rc_t res = RC_ERR;
    int n = p->u.join.n_right, n_left = p->schema->n - n;
    struct wanted left = wanted_below(cx, p->inputs[0]->schema, w);
    struct wanted right = wanted_none(cx, p->inputs[1]->schema);
    for (int i = 0; i < n; i++)
        if (wants(w, p->schema->fields[n_left + i].name)) want(&right, p->u.join.right_columns[i]);
    for (int i = 0; i < p->u.join.n_on; i++) {
        expr_columns(p->u.join.on[i].left, want, &left);
        expr_columns(p->u.join.on[i].right, want, &right);
    }
    TRY_OUT(prune(cx, p->inputs[0], &left, &in[0]));
    TRY_OUT(prune(cx, p->inputs[1], &right, &in[1]));
    res = rejoin(cx, p, in, w, out);
out:
    plan_unref(in[0]);
    plan_unref(in[1]);
    return res;
}

/* Sources: the scan reads fewer columns; at least one, which counts the rows. */
static rc prune_scan(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    struct wanted all = *w;
    int m = 0;
    all.has = arena_copy(cx->arena, w->has, sizeof *w->has * (size_t)w->schema->n);
    if (p->u.scan.filter) expr_columns(p->u.scan.filter, want, &all);
    if (count(&all) == 0 && all.schema->n > 0) all.has[0] = true;
    if (count(&all) == all.schema->n) {
        *out = plan_ref(p);
        return RC_OK;
    }
    const char **names = ARENA_ARRAY(cx->arena, const char *, all.schema->n);
    for (int i = 0; i < all.schema->n; i++)
        if (all.has[i]) names[m++] = all.schema->fields[i].name;
    return plan_rescan(cx, p, names, m, p->u.scan.filter, p->u.scan.limit, out);
}

/* Unnested lists decide how many rows there are, so they stay; the number of an element may go. */
static rc prune_unnest(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    const char *index = p->u.unnest.index_name;
    struct wanted below = wanted_below(cx, p->inputs[0]->schema, w);
    struct plan *in;
    for (int i = 0; i < p->u.unnest.n; i++)
        want(&below, p->u.unnest.columns[i]);
    TRY(prune(cx, p->inputs[0], &below, &in));
    enum rc_t res = plan_unnest(cx, in, p->u.unnest.columns, p->u.unnest.n, p->u.unnest.keep_empty,
                                index && wants(w, index) ? index : NULL, p->span, out);
    plan_unref(in);
    return res;
}

static rc prune(struct ctx *cx, struct plan *p, const struct wanted *w, struct plan **out)
{
    struct wanted below = {0};
    if (p->inputs[0]) below = wanted_below(cx, p->inputs[0]->schema, w);
    switch (p->op) {
    case PLAN_TABLE: return exactly(cx, p, w, out);
    case PLAN_SCAN: return prune_scan(cx, p, w, out);
    case PLAN_PROJECT: return prune_project(cx, p, w, out);
    case PLAN_AGGREGATE: return prune_aggregate(cx, p, w, out);
    case PLAN_WINDOW: return prune_window(cx, p, w, out);
    case PLAN_DISTINCT: return prune_distinct(cx, p, w, out);
    case PLAN_JOIN: return prune_join(cx, p, w, out);
    case PLAN_UNION: return prune_union(cx, p, w, out);
    case PLAN_UNNEST: return prune_unnest(cx, p, w, out);
    case PLAN_MAP: return prune_map(cx, p, w, out);
    case PLAN_FILTER: expr_columns(p->u.filter.predicate, want, &below); break;
    case PLAN_ASSERT: expr_columns(p->u.check.predicate, want, &below); break;
    case PLAN_SORT: want_keys(&below, p->u.sort.keys, p->u.sort.n); break;
    case PLAN_LIMIT:
        want_exprs(&below, p->u.limit.by, p->u.limit.n_by);
        want_keys(&below, p->u.limit.sort, p->u.limit.n_sort);
        break;
    case PLAN_OP_COUNT: break;
    }
    return over_pruned(cx, p, &below, out);
}

static enum rc_t run(struct ctx *cx, struct plan *p, struct plan **out)
{
    struct wanted all = wanted_none(cx, p->schema);
    for (int i = 0; i < p->schema->n; i++)
        all.has[i] = true;
    return prune_exactly(cx, p, &all, out);
}

const struct pass_desc pass_prune = {
    .name = "prune",
    .doc = "nodes carry only the columns that are read above them",
    .run = run,
};
