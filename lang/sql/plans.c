/* plans.c: makers of plan nodes as SELECT needs them; the statement's arena owns the results. */
#include "lang/sql/query.h"

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
