/* plan_walk.c: checks of expressions against a schema, rebuilding of nodes, sums over a plan. */
#include "runtime/plan/plan_int.h"

#include "runtime/io/io.h"

/* ---- checks ---- */
static const char *nearest(const struct schema *s, const char *name)
{
    const char *best = NULL;
    int least = 3;
    for (int i = 0; i < s->n; i++) {
        int d = str_distance(str_of(name), str_of(s->fields[i].name), least);
        if (d < least) {
            least = d;
            best = s->fields[i].name;
        }
    }
    return best;
}

static rc check_column(struct ctx *cx, const struct schema *s, const struct expr *e)
{
    char is[96], was[96];
    int at = schema_find(s, str_of(e->name));
    if (at < 0) {
        const char *near = nearest(s, e->name);
        fail(cx, E201, e->span, "unknown column `%s`", e->name);
        return near ? err_hint(cx, "closest: %s", near) : RC_ERR;
    }
    if (dtype_eq(s->fields[at].type, e->type)) return RC_OK;
    return fail(cx, E207, e->span, "column `%s` is %s here, not %s", e->name,
                dtype_text(s->fields[at].type, is, sizeof is),
                dtype_text(e->type, was, sizeof was));
}

rc plan_check_expr(struct ctx *cx, const struct schema *s, const struct expr *e)
{
    if (e->op == EXPR_COLUMN) return expr_is_param(e) ? RC_OK : check_column(cx, s, e);
    if (e->where) TRY(plan_check_expr(cx, s, e->where));
    for (int i = 0; i < e->n_args; i++)
        TRY(plan_check_expr(cx, s, e->args[i]));
    return RC_OK;
}

/* ---- rebuilding ---- */
struct join_spec plan_join_spec(const struct plan *p)
{
    return (struct join_spec){.kind = p->u.join.kind,
                              .on = p->u.join.on,
                              .n_on = p->u.join.n_on,
                              .expect = p->u.join.expect,
                              .left_label = p->u.join.left_label,
                              .right_label = p->u.join.right_label,
                              .is_silent = p->u.join.is_silent,
                              .direction = p->u.join.direction,
                              .tolerance = p->u.join.tolerance};
}

static rc rebuild_join(struct ctx *cx, const struct plan *p, struct plan *in0, struct plan *in1,
                       struct plan **out)
{
    struct join_spec spec = plan_join_spec(p);
    const struct field *right = p->schema->fields + p->schema->n - p->u.join.n_right;
    return plan_join_raw(cx, in0, in1, &spec, right, p->u.join.right_columns, p->u.join.n_right,
                         p->span, out);
}

static rc rebuild_sort(struct ctx *cx, const struct plan *p, struct plan *in, struct plan **out)
{
    TRY(plan_sort(cx, in, p->u.sort.keys, p->u.sort.n, p->span, out));
    (*out)->u.sort.limit = p->u.sort.limit;
    return RC_OK;
}

rc plan_with_inputs(struct ctx *cx, const struct plan *p, struct plan *in0, struct plan *in1,
                    struct plan **out)
{
    switch (p->op) {
    case PLAN_FILTER: return plan_filter(cx, in0, p->u.filter.predicate, p->span, out);
    case PLAN_PROJECT:
        return plan_project(cx, in0, p->u.project.items, p->u.project.n, p->span, out);
    case PLAN_AGGREGATE:
        return plan_aggregate(cx, in0, p->u.aggregate.keys, p->u.aggregate.n_keys,
                              p->u.aggregate.items, p->u.aggregate.n, p->u.aggregate.unsorted,
                              p->span, out);
    case PLAN_WINDOW:
        return plan_window(cx, in0, p->u.window.by, p->u.window.n_by, p->u.window.sort,
                           p->u.window.n_sort, p->u.window.items, p->u.window.n, p->span, out);
    case PLAN_SORT: return rebuild_sort(cx, p, in0, out);
    case PLAN_LIMIT:
        return plan_limit(cx, in0, p->u.limit.offset, p->u.limit.n, p->u.limit.from_end,
                          p->u.limit.by, p->u.limit.n_by, p->u.limit.sort, p->u.limit.n_sort,
                          p->span, out);
    case PLAN_DISTINCT:
        return plan_distinct(cx, in0, p->u.distinct.by, p->u.distinct.n_by, p->u.distinct.sort,
                             p->u.distinct.n_sort, p->span, out);
    case PLAN_JOIN: return rebuild_join(cx, p, in0, in1, out);
    case PLAN_UNION: return plan_union(cx, in0, in1, p->span, out);
    case PLAN_UNNEST:
        return plan_unnest(cx, in0, p->u.unnest.columns, p->u.unnest.n, p->u.unnest.keep_empty,
                           p->u.unnest.index_name, p->span, out);
    case PLAN_MAP: return plan_map(cx, in0, p->u.map.map, p->span, out);
    case PLAN_ASSERT:
        return plan_assert(cx, in0, p->u.check.predicate, p->u.check.message, p->u.check.warn_only,
                           p->span, out);
    case PLAN_TABLE:
    case PLAN_SCAN:
    case PLAN_OP_COUNT: break;
    }
    *out = plan_ref(p); /* sources have no inputs to exchange */
    return RC_OK;
}

rc plan_rewrite_up(struct ctx *cx, struct plan *p, plan_rewrite node, void *arg, struct plan **out)
{
    struct plan *in[2] = {NULL, NULL}, *here = NULL, *next = NULL;
    enum rc_t res = RC_ERR;
    for (int i = 0; i < 2; i++)
        if (p->inputs[i]) TRY_OUT(plan_rewrite_up(cx, p->inputs[i], node, arg, &in[i]));
    if (in[0] == p->inputs[0] && in[1] == p->inputs[1])
        here = plan_ref(p);
    else
        TRY_OUT(plan_with_inputs(cx, p, in[0], in[1], &here));
    TRY_OUT(node(cx, arg, here, &next));
    *out = next ? next : plan_ref(here);
    res = RC_OK;
out:
    plan_unref(in[0]);
    plan_unref(in[1]);
    plan_unref(here);
    return res;
}

/* ---- expressions of a node ---- */
typedef void (*slot_visit)(void *arg, const struct expr **slot);

static void each_item(struct named_expr *items, int n, slot_visit visit, void *arg)
{
    for (int i = 0; i < n; i++)
        visit(arg, &items[i].expr);
}
static void each_key(struct sort_key *keys, int n, slot_visit visit, void *arg)
{
    for (int i = 0; i < n; i++)
        visit(arg, &keys[i].expr);
}
static void each_expr(const struct expr **e, int n, slot_visit visit, void *arg)
{
    for (int i = 0; i < n; i++)
        visit(arg, &e[i]);
}

void plan_each_expr(struct plan *p, slot_visit visit, void *arg)
{
    switch (p->op) {
    case PLAN_SCAN:
        if (p->u.scan.filter) visit(arg, &p->u.scan.filter);
        break;
    case PLAN_FILTER: visit(arg, &p->u.filter.predicate); break;
    case PLAN_PROJECT: each_item(p->u.project.items, p->u.project.n, visit, arg); break;
    case PLAN_AGGREGATE:
        each_item(p->u.aggregate.keys, p->u.aggregate.n_keys, visit, arg);
        each_item(p->u.aggregate.items, p->u.aggregate.n, visit, arg);
        break;
    case PLAN_WINDOW:
        each_expr(p->u.window.by, p->u.window.n_by, visit, arg);
        each_key(p->u.window.sort, p->u.window.n_sort, visit, arg);
        each_item(p->u.window.items, p->u.window.n, visit, arg);
        break;
    case PLAN_SORT: each_key(p->u.sort.keys, p->u.sort.n, visit, arg); break;
    case PLAN_LIMIT:
        each_expr(p->u.limit.by, p->u.limit.n_by, visit, arg);
        each_key(p->u.limit.sort, p->u.limit.n_sort, visit, arg);
        break;
    case PLAN_DISTINCT:
        each_expr(p->u.distinct.by, p->u.distinct.n_by, visit, arg);
        each_key(p->u.distinct.sort, p->u.distinct.n_sort, visit, arg);
        break;
    case PLAN_JOIN:
        for (int i = 0; i < p->u.join.n_on; i++) {
            visit(arg, &p->u.join.on[i].left);
            visit(arg, &p->u.join.on[i].right);
        }
        break;
    case PLAN_ASSERT: visit(arg, &p->u.check.predicate); break;
    case PLAN_TABLE:
    case PLAN_UNION:
    case PLAN_UNNEST:
    case PLAN_MAP:
    case PLAN_OP_COUNT: break;
    }
}

/* ---- sums ---- */
static int64_t own_bytes(const struct plan *p)
{
    if (p->op == PLAN_TABLE) return table_bytes(p->u.table.table);
    if (p->op == PLAN_SCAN) return io_head(p->u.scan.scan)->n_bytes;
    return 0;
}

int64_t plan_source_bytes(const struct plan *p, bool *is_local)
{
    if (is_local) *is_local = true; /* every format reads files of this machine */
    if (p->kept) return 0;
    int64_t sum = own_bytes(p);
    for (int i = 0; i < 2 && sum >= 0; i++) {
        if (!p->inputs[i]) continue;
        int64_t more = plan_source_bytes(p->inputs[i], NULL);
        if (more < 0 || __builtin_add_overflow(sum, more, &sum)) return -1;
    }
    return sum;
}
