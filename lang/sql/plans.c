/* plans.c: makers of plan nodes as SELECT needs them; the statement's arena owns the results. */
#include "lang/sql/query.h"

#include "runtime/io/io.h"

void sql_add_item(struct sql *s, struct sql_items *items, const char *name, const struct expr *e)
{
    sql_grow(s->arena, (void **)&items->all, items->n, &items->cap, sizeof *items->all);
    items->all[items->n++] = (struct named_expr){name, e};
}
const struct expr *sql_plan_col(struct sql *s, const struct plan *p, const char *id)
{
    int at = schema_find(p->schema, str_of(id));
    return at < 0 ? NULL : expr_column(s->arena, id, p->schema->fields[at].type, p->span);
}
void sql_add_all(struct sql *s, struct sql_items *items, const struct plan *p)
{
    for (int i = 0; i < p->schema->n; i++) {
        const struct field *f = &p->schema->fields[i];
        const char *name = arena_strndup(s->arena, f->name, strlen(f->name));
        sql_add_item(s, items, name, expr_column(s->arena, name, f->type, p->span));
    }
}
rc sql_project(struct sql *s, struct plan *in, const struct sql_items *items, struct plan **out)
{
    struct plan *p;
    TRY(plan_project(s->cx, in, items->all, items->n, in->span, &p));
    *out = sql_own(s, p);
    return RC_OK;
}
rc sql_where(struct sql *s, struct plan *in, const struct expr *e, struct plan **out)
{
    struct plan *p;
    TRY(plan_filter(s->cx, in, e, e->span, &p));
    *out = sql_own(s, p);
    return RC_OK;
}
rc sql_add_column(struct sql *s, struct plan **p, const struct expr *e, const char *stem,
                  const struct expr **out)
{
    struct sql_items items = {0};
    *out = e;
    if (e->op == EXPR_COLUMN) return RC_OK;
    const char *id = sql_fresh(s, stem);
    sql_add_all(s, &items, *p);
    sql_add_item(s, &items, id, e);
    TRY(sql_project(s, *p, &items, p));
    *out = expr_column(s->arena, id, e->type, e->span);
    return RC_OK;
}

/* ---- how many rows, about ---- */
static double scan_rows(const struct plan *p)
{
    const struct io_scan_head *h = io_head(p->u.scan.scan);
    if (h->n_rows >= 0) return (double)h->n_rows;
    return h->n_bytes > 0 ? (double)h->n_bytes / 64 : 100000;
}
double sql_guess_rows(const struct plan *p)
{
    double rows = p->inputs[0] ? sql_guess_rows(p->inputs[0]) : 1;
    double other = p->inputs[1] ? sql_guess_rows(p->inputs[1]) : 1;
    if (p->kept) return (double)p->kept->n_rows;
    switch (p->op) {
    case PLAN_TABLE: return (double)p->u.table.table->n_rows;
    case PLAN_SCAN: return scan_rows(p);
    case PLAN_FILTER: return rows * 0.25;
    case PLAN_AGGREGATE: return p->u.aggregate.n_keys ? rows * 0.1 + 1 : 1;
    case PLAN_DISTINCT: return rows * 0.3;
    case PLAN_LIMIT:
        return p->u.limit.n >= 0 && rows > (double)p->u.limit.n ? (double)p->u.limit.n : rows;
    case PLAN_UNION: return rows + other;
    case PLAN_JOIN:
        if (p->u.join.kind == JOIN_CROSS) return rows * other;
        return p->u.join.kind == JOIN_SEMI || p->u.join.kind == JOIN_ANTI ? rows * 0.5
               : rows > other                                             ? rows
                                                                          : other;
    default: return rows;
    }
}
