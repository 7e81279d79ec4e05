/* plan_text.c: a plan as an indented tree, one node a line, inputs below it. */
#include "runtime/plan/plan_int.h"

#include "runtime/io/io.h"

static const char *const op_names[PLAN_OP_COUNT] = {
#define NODE(op, name, doc) [op] = name,
#include "runtime/plan/nodes.def"
#undef NODE
};
static const char *const join_names[] = {
    [JOIN_INNER] = "inner", [JOIN_LEFT] = "left", [JOIN_RIGHT] = "right", [JOIN_FULL] = "full",
    [JOIN_SEMI] = "semi",   [JOIN_ANTI] = "anti", [JOIN_CROSS] = "cross", [JOIN_ASOF] = "asof"};
static const char *const cmp_names[] = {
    [CMP_EQ] = "==", [CMP_LT] = "<",  [CMP_LE] = "<=",  [CMP_GT] = ">",
    [CMP_GE] = ">=", [CMP_NE] = "!=", [CMP_SAME] = "is"};

const char *plan_op_name(enum plan_op op)
{
    return op_names[op];
}

static void put_items(struct strbuf *out, const struct named_expr *items, int n)
{
    for (int i = 0; i < n; i++) {
        const struct expr *e = items[i].expr;
        strbuf_addz(out, i ? ", " : " ");
        if (e->op != EXPR_COLUMN || strcmp(e->name, items[i].name) != 0)
            strbuf_printf(out, "%s = ", items[i].name);
        expr_text(out, e);
    }
}

static void put_exprs(struct strbuf *out, const char *word, const struct expr *const *e, int n)
{
    for (int i = 0; i < n; i++) {
        if (i)
            strbuf_addz(out, ", ");
        else
            strbuf_printf(out, " %s ", word);
        expr_text(out, e[i]);
    }
}

static void put_keys(struct strbuf *out, const char *word, const struct sort_key *keys, int n)
{
    for (int i = 0; i < n; i++) {
        strbuf_addz(out, i ? ", " : " ");
        if (i == 0 && *word) strbuf_printf(out, "%s ", word);
        if (keys[i].descending) strbuf_addc(out, '-');
        expr_text(out, keys[i].expr);
        if (keys[i].nulls_first) strbuf_addz(out, " (nulls first)");
    }
}

static void put_aggregate(struct strbuf *out, const struct plan *p)
{
    put_items(out, p->u.aggregate.items, p->u.aggregate.n);
    if (p->u.aggregate.n_keys) strbuf_addz(out, " by");
    put_items(out, p->u.aggregate.keys, p->u.aggregate.n_keys);
    if (p->u.aggregate.unsorted) strbuf_addz(out, " (unsorted)");
}

static void put_limit(struct strbuf *out, const struct plan *p)
{
    if (p->u.limit.n >= 0)
        strbuf_printf(out, " %lld", (long long)p->u.limit.n);
    else
        strbuf_addz(out, " all");
    if (p->u.limit.offset) strbuf_printf(out, " after %lld", (long long)p->u.limit.offset);
    if (p->u.limit.from_end) strbuf_addz(out, " from the end");
    put_exprs(out, "by", p->u.limit.by, p->u.limit.n_by);
    put_keys(out, "sort", p->u.limit.sort, p->u.limit.n_sort);
}

static void put_join(struct strbuf *out, const struct plan *p)
{
    strbuf_printf(out, " %s", join_names[p->u.join.kind]);
    for (int i = 0; i < p->u.join.n_on; i++) {
        const struct join_on *on = &p->u.join.on[i];
        strbuf_addz(out, i ? ", " : " on ");
        expr_text(out, on->left);
        strbuf_printf(out, " %s ", cmp_names[on->op]);
        expr_text(out, on->right);
    }
    if (p->u.join.direction != ASOF_BACKWARD)
        strbuf_printf(out, " direction: %s",
                      p->u.join.direction == ASOF_FORWARD ? "forward" : "nearest");
    if (p->u.join.tolerance) {
        strbuf_addz(out, " tolerance: ");
        scalar_text(out, p->u.join.tolerance, true);
    }
    if (p->u.join.expect) strbuf_printf(out, " expect: %s", p->u.join.expect);
}

static void put_unnest(struct strbuf *out, const struct plan *p)
{
    for (int i = 0; i < p->u.unnest.n; i++)
        strbuf_printf(out, "%s%s", i ? ", " : " ", p->u.unnest.columns[i]);
    if (p->u.unnest.keep_empty) strbuf_addz(out, " keep_empty: true");
    if (p->u.unnest.index_name) strbuf_printf(out, " index: %s", p->u.unnest.index_name);
}

static void put_scan(struct strbuf *out, const struct plan *p)
{
    strbuf_printf(out, " %s", io_head(p->u.scan.scan)->label);
    for (int i = 0; p->u.scan.columns && i < p->u.scan.n_columns; i++)
        strbuf_printf(out, "%s%s", i ? ", " : " columns: ", p->u.scan.columns[i]);
    if (p->u.scan.filter) {
        strbuf_addz(out, " where ");
        expr_text(out, p->u.scan.filter);
    }
    if (p->u.scan.limit >= 0) strbuf_printf(out, " limit: %lld", (long long)p->u.scan.limit);
}

static void put_map(struct strbuf *out, const struct plan *p)
{
    const struct row_map *m = p->u.map.map;
    strbuf_printf(out, " %s:", m->cls->name);
    for (int i = 0; i < m->n_adds; i++)
        strbuf_printf(out, "%s %s", i ? "," : "", m->adds[i].name);
}

static void put_table(struct strbuf *out, const struct plan *p)
{
    if (p->u.table.label) strbuf_printf(out, " %s", p->u.table.label);
    if (p->once) /* stands for what has not run */
        strbuf_addz(out, " (computed once)");
    else
        strbuf_printf(out, " (%lld rows)", (long long)p->u.table.table->n_rows);
}

static void put_details(struct strbuf *out, const struct plan *p)
{
    switch (p->op) {
    case PLAN_TABLE: put_table(out, p); break;
    case PLAN_SCAN: put_scan(out, p); break;
    case PLAN_FILTER:
        strbuf_addc(out, ' ');
        expr_text(out, p->u.filter.predicate);
        break;
    case PLAN_PROJECT: put_items(out, p->u.project.items, p->u.project.n); break;
    case PLAN_AGGREGATE: put_aggregate(out, p); break;
    case PLAN_WINDOW:
        put_items(out, p->u.window.items, p->u.window.n);
        put_exprs(out, "by", p->u.window.by, p->u.window.n_by);
        put_keys(out, "sort", p->u.window.sort, p->u.window.n_sort);
        break;
    case PLAN_SORT:
        put_keys(out, "", p->u.sort.keys, p->u.sort.n);
        if (p->u.sort.limit >= 0) strbuf_printf(out, " first %lld", (long long)p->u.sort.limit);
        break;
    case PLAN_LIMIT: put_limit(out, p); break;
    case PLAN_DISTINCT:
        put_exprs(out, "by", p->u.distinct.by, p->u.distinct.n_by);
        put_keys(out, "sort", p->u.distinct.sort, p->u.distinct.n_sort);
        break;
    case PLAN_JOIN: put_join(out, p); break;
    case PLAN_UNNEST: put_unnest(out, p); break;
    case PLAN_MAP: put_map(out, p); break;
    case PLAN_ASSERT:
        strbuf_addc(out, ' ');
        expr_text(out, p->u.check.predicate);
        break;
    case PLAN_UNION:
    case PLAN_OP_COUNT: break;
    }
}

static void put_node(struct strbuf *out, const struct plan *p, int depth,
                     void (*note)(void *arg, struct strbuf *out, const struct plan *p), void *arg)
{
    strbuf_fill(out, ' ', (size_t)depth * 2);
    strbuf_addz(out, op_names[p->op]);
    put_details(out, p);
    if (p->kept) strbuf_addz(out, " [kept]");
    if (note) note(arg, out, p);
    strbuf_addc(out, '\n');
    for (int i = 0; i < 2; i++)
        if (p->inputs[i]) put_node(out, p->inputs[i], depth + 1, note, arg);
}

void plan_text(struct strbuf *out, const struct plan *p,
               void (*note)(void *arg, struct strbuf *out, const struct plan *p), void *arg)
{
    put_node(out, p, 0, note, arg);
}
