/* plan_text.c: a plan as an indented tree, one node a line, inputs below it. Columns that a binder
 * made up between two steps (`.agg1`, `select#2.1`) stand as the expressions they are. */
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

/* ---- columns that nobody named ---- */
struct printing {
    struct strbuf *out;
    struct arena *arena;
};
struct scope { /* where a column is looked for */
    struct arena *arena;
    int *left; /* so many more are spelled out: they may stand for each other many times over */
    const struct plan *in[2];
};
#define SPELLED_MOST 40

static bool is_made_up(const char *name)
{
    size_t n = strlen(name);
    return (*name == '.' && name[n - 1] >= '0' && name[n - 1] <= '9') || strchr(name, '#');
}

static const struct expr *item_named(const struct named_expr *items, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(items[i].name, name) == 0) return items[i].expr;
    return NULL;
}

/* What p computes under that name, or NULL; *passes: it may come from below. */
static const struct expr *made_by(const struct plan *p, const char *name, bool *passes)
{
    const struct expr *e;
    *passes = true;
    switch (p->op) {
    case PLAN_PROJECT: *passes = false; return item_named(p->u.project.items, p->u.project.n, name);
    case PLAN_WINDOW: return item_named(p->u.window.items, p->u.window.n, name);
    case PLAN_AGGREGATE:
        *passes = false;
        e = item_named(p->u.aggregate.items, p->u.aggregate.n, name);
        return e ? e : item_named(p->u.aggregate.keys, p->u.aggregate.n_keys, name);
    case PLAN_UNION: *passes = false; return NULL;
    default: return NULL;
    }
}

static const struct expr *spelled(struct scope s, const struct expr *e);

static const struct expr *find_made(const struct scope *s, const struct plan *p, const char *name)
{
    bool passes = true;
    for (; p; p = p->op == PLAN_JOIN ? NULL : p->inputs[0]) {
        const struct expr *e = made_by(p, name, &passes);
        if (e) --*s->left;
        if (e) return spelled((struct scope){s->arena, s->left, {p->inputs[0], NULL}}, e);
        for (int i = 0; p->op == PLAN_JOIN && i < 2; i++)
            if ((e = find_made(s, p->inputs[i], name))) return e;
        if (!passes) return NULL;
    }
    return NULL;
}

static const struct expr *swap_made(void *arg, const struct expr *e)
{
    const struct scope *s = arg;
    const struct expr *made = NULL;
    if (e->op != EXPR_COLUMN || !is_made_up(e->name) || *s->left <= 0) return NULL;
    for (int i = 0; i < 2 && !made; i++)
        if (s->in[i]) made = find_made(s, s->in[i], e->name);
    /* a constant that an outer join may have made null is no constant */
    return made && made->op != EXPR_LITERAL ? made : NULL;
}

static const struct expr *spelled(struct scope s, const struct expr *e)
{
    return expr_map(s.arena, e, swap_made, &s);
}

static void put_over(struct printing *t, const struct plan *in, const struct plan *other,
                     const struct expr *e)
{
    int left = SPELLED_MOST;
    expr_text(t->out, spelled((struct scope){t->arena, &left, {in, other}}, e));
}

/* An expression over p's inputs. */
static void put_expr(struct printing *t, const struct plan *p, const struct expr *e)
{
    put_over(t, p->inputs[0], p->inputs[1], e);
}

/* ---- nodes ---- */
static void put_items(struct printing *t, const struct plan *p, const struct named_expr *items,
                      int n)
{
    for (int i = 0; i < n; i++) {
        const struct expr *e = items[i].expr;
        strbuf_addz(t->out, i ? ", " : " ");
        bool is_same = e->op == EXPR_COLUMN && strcmp(e->name, items[i].name) == 0;
        bool is_spelled = is_made_up(items[i].name) && e->op != EXPR_LITERAL;
        if (!is_same && !is_spelled) strbuf_printf(t->out, "%s = ", items[i].name);
        put_expr(t, p, e);
    }
}

static void put_exprs(struct printing *t, const struct plan *p, const char *word,
                      const struct expr *const *e, int n)
{
    for (int i = 0; i < n; i++) {
        if (i)
            strbuf_addz(t->out, ", ");
        else
            strbuf_printf(t->out, " %s ", word);
        put_expr(t, p, e[i]);
    }
}

static void put_keys(struct printing *t, const struct plan *p, const char *word,
                     const struct sort_key *keys, int n)
{
    for (int i = 0; i < n; i++) {
        strbuf_addz(t->out, i ? ", " : " ");
        if (i == 0 && *word) strbuf_printf(t->out, "%s ", word);
        if (keys[i].descending) strbuf_addc(t->out, '-');
        put_expr(t, p, keys[i].expr);
        if (keys[i].nulls_first) strbuf_addz(t->out, " (nulls first)");
    }
}

static void put_aggregate(struct printing *t, const struct plan *p)
{
    struct strbuf *out = t->out;
    put_items(t, p, p->u.aggregate.items, p->u.aggregate.n);
    if (p->u.aggregate.n_keys) strbuf_addz(out, " by");
    put_items(t, p, p->u.aggregate.keys, p->u.aggregate.n_keys);
    if (p->u.aggregate.unsorted) strbuf_addz(out, " (unsorted)");
}

static void put_limit(struct printing *t, const struct plan *p)
{
    struct strbuf *out = t->out;
    if (p->u.limit.n >= 0)
        strbuf_printf(out, " %lld", (long long)p->u.limit.n);
    else
        strbuf_addz(out, " all");
    if (p->u.limit.offset) strbuf_printf(out, " after %lld", (long long)p->u.limit.offset);
    if (p->u.limit.from_end) strbuf_addz(out, " from the end");
    put_exprs(t, p, "by", p->u.limit.by, p->u.limit.n_by);
    put_keys(t, p, "sort", p->u.limit.sort, p->u.limit.n_sort);
}

static void put_join(struct printing *t, const struct plan *p)
{
    struct strbuf *out = t->out;
    strbuf_printf(out, " %s", join_names[p->u.join.kind]);
    for (int i = 0; i < p->u.join.n_on; i++) {
        const struct join_on *on = &p->u.join.on[i];
        strbuf_addz(out, i ? ", " : " on ");
        put_over(t, p->inputs[0], NULL, on->left);
        strbuf_printf(out, " %s ", cmp_names[on->op]);
        put_over(t, p->inputs[1], NULL, on->right);
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

static void put_details(struct printing *t, const struct plan *p)
{
    struct strbuf *out = t->out;
    switch (p->op) {
    case PLAN_TABLE: put_table(out, p); break;
    case PLAN_SCAN: put_scan(out, p); break;
    case PLAN_FILTER:
        strbuf_addc(out, ' ');
        put_expr(t, p, p->u.filter.predicate);
        break;
    case PLAN_PROJECT: put_items(t, p, p->u.project.items, p->u.project.n); break;
    case PLAN_AGGREGATE: put_aggregate(t, p); break;
    case PLAN_WINDOW:
        put_items(t, p, p->u.window.items, p->u.window.n);
        put_exprs(t, p, "by", p->u.window.by, p->u.window.n_by);
        put_keys(t, p, "sort", p->u.window.sort, p->u.window.n_sort);
        break;
    case PLAN_SORT:
        put_keys(t, p, "", p->u.sort.keys, p->u.sort.n);
        if (p->u.sort.limit >= 0) strbuf_printf(out, " first %lld", (long long)p->u.sort.limit);
        break;
    case PLAN_LIMIT: put_limit(t, p); break;
    case PLAN_DISTINCT:
        put_exprs(t, p, "by", p->u.distinct.by, p->u.distinct.n_by);
        put_keys(t, p, "sort", p->u.distinct.sort, p->u.distinct.n_sort);
        break;
    case PLAN_JOIN: put_join(t, p); break;
    case PLAN_UNNEST: put_unnest(out, p); break;
    case PLAN_MAP: put_map(out, p); break;
    case PLAN_ASSERT:
        strbuf_addc(out, ' ');
        put_expr(t, p, p->u.check.predicate);
        break;
    case PLAN_UNION:
    case PLAN_OP_COUNT: break;
    }
}

static void put_node(struct printing *t, const struct plan *p, int depth,
                     void (*note)(void *arg, struct strbuf *out, const struct plan *p), void *arg)
{
    struct strbuf *out = t->out;
    strbuf_fill(out, ' ', (size_t)depth * 2);
    strbuf_addz(out, op_names[p->op]);
    put_details(t, p);
    if (p->kept) strbuf_addz(out, " [kept]");
    if (note) note(arg, out, p);
    strbuf_addc(out, '\n');
    for (int i = 0; i < 2; i++)
        if (p->inputs[i]) put_node(t, p->inputs[i], depth + 1, note, arg);
}

void plan_text(struct strbuf *out, const struct plan *p,
               void (*note)(void *arg, struct strbuf *out, const struct plan *p), void *arg)
{
    struct printing t = {out, arena_new()};
    put_node(&t, p, 0, note, arg);
    arena_free(t.arena);
}
