/* guess.c: how many rows a plan has, about. Ranges of numbers and dates come from the statistics of
 * files and from a sample of tables; of text and of what is computed nothing is known, and plain
 * fractions stand for it (P. Selinger et al., "Access Path Selection in a Relational Database
 * Management System", SIGMOD 1979). */
#include "lang/sql/query.h"

#include "runtime/io/io.h"

enum { SAMPLE_ROWS = 512 };

/* ---- the values of a column ---- */
static double number_of(const struct scalar *v)
{
    return v->type.kind == KIND_NUM ? v->u.f : (double)v->u.i;
}
static bool is_ranged(enum kind k)
{
    return k == KIND_INT || k == KIND_NUM || k == KIND_DATE || k == KIND_DATETIME ||
           k == KIND_DURATION;
}
static void widen(struct sql_range *r, double v)
{
    if (!r->is_known || v < r->lo) r->lo = v;
    if (!r->is_known || v > r->hi) r->hi = v;
    r->is_known = true;
}
static struct sql_range table_range(const struct column *c)
{
    struct sql_range r = {0};
    int64_t step = c->n / SAMPLE_ROWS + 1;
    for (int64_t i = 0; i < c->n; i += step) {
        struct scalar v = column_scalar(c, i);
        if (!v.is_null) widen(&r, number_of(&v));
        scalar_release(&v);
    }
    return r;
}
static struct sql_range scan_range(const struct plan *p, const char *name)
{
    struct sql_range r = {0};
    struct scalar lo, hi;
    const struct io_scan_head *h = io_head(p->u.scan.scan);
    int at = schema_find(h->schema, str_of(name));
    if (at < 0 || !h->format->bounds || !h->format->bounds(p->u.scan.scan, at, &lo, &hi)) return r;
    return (struct sql_range){.lo = number_of(&lo), .hi = number_of(&hi), .is_known = true};
}
static const struct expr *item_of(const struct named_expr *items, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(items[i].name, name) == 0) return items[i].expr;
    return NULL;
}
/* The input and the name under which a column comes from there; NULL: it is made here. */
static const struct plan *origin(const struct plan *p, const char **name)
{
    const struct expr *e = NULL;
    int at = schema_find(p->schema, str_of(*name)), n_left;
    switch (p->op) {
    case PLAN_PROJECT:
    case PLAN_AGGREGATE:
        e = p->op == PLAN_PROJECT ? item_of(p->u.project.items, p->u.project.n, *name)
                                  : item_of(p->u.aggregate.keys, p->u.aggregate.n_keys, *name);
        if (!e || e->op != EXPR_COLUMN) return NULL;
        *name = e->name;
        return p->inputs[0];
    case PLAN_JOIN:
        n_left = p->schema->n - p->u.join.n_right;
        if (at < 0 || at < n_left) return at < 0 ? NULL : p->inputs[0];
        *name = p->u.join.right_columns[at - n_left];
        return p->inputs[1];
    case PLAN_FILTER:
    case PLAN_SORT:
    case PLAN_LIMIT:
    case PLAN_DISTINCT:
    case PLAN_WINDOW:
        return schema_find(p->inputs[0]->schema, str_of(*name)) >= 0 ? p->inputs[0] : NULL;
    default: return NULL;
    }
}
struct sql_range sql_guess_range(const struct plan *p, const char *name)
{
    struct sql_range none = {0};
    while (p && p->op != PLAN_TABLE && p->op != PLAN_SCAN)
        p = origin(p, &name);
    int at = p ? schema_find(p->schema, str_of(name)) : -1;
    if (at < 0) return none;
    struct sql_range r = none;
    enum kind k = p->schema->fields[at].type.kind;
    bool is_table = p->op == PLAN_TABLE;
    if (is_ranged(k)) r = is_table ? table_range(p->u.table.table->cols[at]) : scan_range(p, name);
    r.rows = is_table ? (double)p->u.table.table->n_rows : sql_guess_rows(p);
    r.values = r.rows;
    bool is_whole = k == KIND_INT || k == KIND_DATE;
    if (is_table && p->u.table.table->cols[at]->dict)
        r.values = (double)p->u.table.table->cols[at]->dict->n;
    else if (r.is_known && is_whole && r.hi - r.lo + 1 < r.values)
        r.values = r.hi - r.lo + 1;
    return r;
}

/* ---- the share of rows for which a condition holds ---- */
static const struct expr *bare(const struct expr *e)
{
    while (e->op == EXPR_CALL && e->is_implicit && e->n_args == 1)
        e = e->args[0];
    return e;
}
static double within(double x)
{
    return x < 0.0001 ? 0.0001 : x > 1 ? 1 : x;
}
/* column < literal and the like, by where the literal stands in the range. */
static double below_share(const struct plan *p, const struct expr *e, bool is_less)
{
    const struct expr *a = bare(e->args[0]), *b = bare(e->args[1]);
    if (a->op == EXPR_LITERAL) {
        const struct expr *c = a;
        a = b;
        b = c;
        is_less = !is_less;
    }
    if (a->op != EXPR_COLUMN || b->op != EXPR_LITERAL || b->value.is_null) return 0.3;
    struct sql_range r = sql_guess_range(p, a->name);
    if (!r.is_known || !is_ranged(b->type.kind) || r.hi <= r.lo) return 0.3;
    double v = number_of(&b->value);
    if (a->type.kind == KIND_DATE && b->type.kind == KIND_DATETIME) v /= 86400e6;
    double share = within((v - r.lo) / (r.hi - r.lo));
    return is_less ? share : within(1 - share);
}
/* Of text nothing is known: one of ten, or of as many as there are. */
static double equal_share(const struct plan *p, const struct expr *e)
{
    double share = 0.1;
    for (int i = 0; i < 2; i++) {
        const struct expr *a = bare(e->args[i]), *b = bare(e->args[1 - i]);
        if (a->op != EXPR_COLUMN || b->op != EXPR_LITERAL) continue;
        struct sql_range r = sql_guess_range(p, a->name);
        if (r.values > 0 && (r.is_known || r.values < r.rows)) return within(1 / r.values);
        if (r.rows > 0 && r.rows < 100) share = 1 / r.rows;
    }
    return share;
}
static double one_share(const struct plan *p, const struct expr *e)
{
    if (sql_calls(e, "or"))
        return within(sql_guess_share(p, e->args[0]) + sql_guess_share(p, e->args[1]));
    if (sql_calls(e, "not")) return within(1 - sql_guess_share(p, e->args[0]));
    if (sql_calls(e, "==") || sql_calls(e, "sql_eq")) return equal_share(p, e);
    if (sql_calls(e, "<") || sql_calls(e, "<=")) return below_share(p, e, true);
    if (sql_calls(e, ">") || sql_calls(e, ">=")) return below_share(p, e, false);
    if (sql_calls(e, "in") || sql_calls(e, "sql_like") || sql_calls(e, "starts")) return 0.1;
    if (sql_calls(e, "!=") || sql_calls(e, "sql_ne")) return 0.9;
    return 0.3;
}
/* Conditions that all hold; those on one column's range take away from its two ends. */
struct both {
    double share;
    struct {
        const char *column;
        double lost;
    } ends[8];
    int n;
};
static const char *range_column(const struct expr *e)
{
    static const char *const ops[] = {"<", "<=", ">", ">="};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        for (int k = 0; k < 2 && sql_calls(e, ops[i]); k++)
            if (bare(e->args[k])->op == EXPR_COLUMN && bare(e->args[1 - k])->op == EXPR_LITERAL)
                return bare(e->args[k])->name;
    return NULL;
}
static void add_condition(struct both *b, const struct plan *p, const struct expr *e)
{
    if (sql_calls(e, "and")) {
        add_condition(b, p, e->args[0]);
        add_condition(b, p, e->args[1]);
        return;
    }
    double share = one_share(p, e);
    const char *column = range_column(e);
    int at = 0;
    while (column && at < b->n && strcmp(b->ends[at].column, column) != 0)
        at++;
    if (!column || at == 8) {
        b->share *= share;
        return;
    }
    if (at == b->n) b->n++;
    b->ends[at].column = column;
    b->ends[at].lost += 1 - share;
}
static double share_of_all(const struct both *b)
{
    double share = b->share;
    for (int i = 0; i < b->n; i++)
        share *= within(1 - b->ends[i].lost);
    return share;
}
double sql_guess_share(const struct plan *p, const struct expr *e)
{
    struct both b = {.share = 1};
    add_condition(&b, p, e);
    return share_of_all(&b);
}
static double filtered_rows(const struct plan *p)
{
    struct both b = {.share = 1};
    for (; p->op == PLAN_FILTER && !p->kept; p = p->inputs[0])
        add_condition(&b, p->inputs[0], p->u.filter.predicate);
    return sql_guess_rows(p) * share_of_all(&b);
}

/* ---- rows ---- */
static double scan_rows(const struct plan *p)
{
    const struct io_scan_head *h = io_head(p->u.scan.scan);
    if (h->n_rows >= 0) return (double)h->n_rows;
    return h->n_bytes > 0 ? (double)h->n_bytes / 64 : 100000;
}
static double least(double a, double b)
{
    return a < b ? a : b;
}
/* Rows of a grouping: as many as its keys have values. */
static double group_rows(const struct plan *p, double rows)
{
    double groups = 1;
    for (int i = 0; i < p->u.aggregate.n_keys; i++) {
        const struct expr *key = p->u.aggregate.keys[i].expr;
        struct sql_range r = {0};
        if (key->op == EXPR_COLUMN) r = sql_guess_range(p->inputs[0], key->name);
        bool is_known = r.values > 0 && (r.is_known || r.values < r.rows);
        groups *= is_known ? r.values : rows * 0.1 + 1;
    }
    return least(groups, rows);
}
/* The share of all pairs that equal keys leave. */
double sql_guess_match(const struct plan *a, const struct expr *x, const struct plan *b,
                       const struct expr *y)
{
    struct sql_range l = {0}, r = {0};
    x = bare(x);
    y = bare(y);
    if (x->op == EXPR_COLUMN) l = sql_guess_range(a, x->name);
    if (y->op == EXPR_COLUMN) r = sql_guess_range(b, y->name);
    double n = l.is_known && r.is_known       ? (l.values > r.values ? l.values : r.values)
               : l.is_known                   ? l.values
               : r.is_known                   ? r.values
               : l.values > 0 && r.values > 0 ? least(l.values, r.values)
                                              : least(sql_guess_rows(a), sql_guess_rows(b));
    return n > 1 ? 1 / n : 1;
}
static double join_rows(const struct plan *p, double left, double right)
{
    double rows = left * right;
    if (p->u.join.kind == JOIN_SEMI || p->u.join.kind == JOIN_ANTI) return left * 0.5;
    if (p->u.join.kind == JOIN_ASOF) return left;
    for (int i = 0; i < p->u.join.n_on; i++) {
        const struct join_on *on = &p->u.join.on[i];
        bool is_equal = on->op == CMP_EQ || on->op == CMP_SAME;
        rows *= !is_equal ? 0.3
                : i == 0  ? sql_guess_match(p->inputs[0], on->left, p->inputs[1], on->right)
                          : 0.2;
    }
    return p->u.join.kind != JOIN_INNER && p->u.join.kind != JOIN_CROSS && rows < left ? left
                                                                                       : rows;
}
double sql_guess_rows(const struct plan *p)
{
    if (p->kept) return (double)p->kept->n_rows;
    if (p->op == PLAN_FILTER) return filtered_rows(p);
    double rows = p->inputs[0] ? sql_guess_rows(p->inputs[0]) : 1;
    double other = p->inputs[1] ? sql_guess_rows(p->inputs[1]) : 1;
    switch (p->op) {
    case PLAN_TABLE: return (double)p->u.table.table->n_rows;
    case PLAN_SCAN: return scan_rows(p);
    case PLAN_AGGREGATE: return p->u.aggregate.n_keys ? group_rows(p, rows) : 1;
    case PLAN_DISTINCT: return rows * 0.3;
    case PLAN_LIMIT:
        return p->u.limit.n >= 0 && p->u.limit.n_by == 0 ? least(rows, (double)p->u.limit.n) : rows;
    case PLAN_UNION: return rows + other;
    case PLAN_JOIN: return join_rows(p, rows, other);
    default: return rows;
    }
}
