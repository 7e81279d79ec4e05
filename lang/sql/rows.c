/* rows.c: functions that give rows: in FROM, and in the select list, where several go side by side
 * as far as the longest goes. In the plan each is a list whose elements become rows. */
#include "lang/sql/query.h"

static const char *const row_functions[] = {"unnest", "generate_series", "generate_subscripts",
                                            "regexp_split_to_table", "string_to_table"};

static const char *call_name(const json_t *call)
{
    const json_t *names = sql_get(call, "funcname");
    return sql_len(names) ? sql_string(json_array_get(names, sql_len(names) - 1)) : "";
}
bool sql_gives_rows(const json_t *call)
{
    for (size_t i = 0; i < sizeof row_functions / sizeof row_functions[0]; i++)
        if (strcmp(row_functions[i], call_name(call)) == 0) return true;
    return false;
}
bool sql_has_rows(const json_t *node)
{
    const json_t *b;
    const char *key;
    json_t *kid, *n = (json_t *)(uintptr_t)node;
    size_t i;
    if (sql_is(node, "SubLink", NULL)) return false;
    if (sql_is(node, "FuncCall", &b) && sql_gives_rows(b)) return true;
    if (json_is_array(node)) json_array_foreach(n, i, kid) if (sql_has_rows(kid)) return true;
    if (json_is_object(node)) json_object_foreach(n, key, kid) if (sql_has_rows(kid)) return true;
    return false;
}

static rc series_list(struct query *q, const struct expr *const *args, int n, struct span span,
                      const struct expr **out)
{
    struct sql *s = q->s;
    if (n < 2 || n > 3) return fail(s->cx, E208, span, "generate_series(start, stop [, step])");
    const struct expr *all[4] = {args[0], args[1], n > 2 ? args[2] : NULL, NULL};
    if (n > 2 && all[2]->type.kind == KIND_STR)
        TRY(sql_cast(s->cx, s->arena, all[2], STR("interval"), NULL, 0, span, &all[2]));
    bool is_months = n > 2 && all[2]->op == EXPR_LITERAL && all[2]->value.months;
    for (int i = 0; i < 2 && n > 2 && all[2]->type.kind == KIND_DURATION; i++)
        TRY(sql_cast(s->cx, s->arena, all[i], STR("timestamp"), NULL, 0, span, &all[i]));
    if (is_months) {
        struct scalar rest = {.type = DTYPE(KIND_DURATION), .u.i = all[2]->value.u.i};
        all[3] = sql_int_value(s, all[2]->value.months, span);
        all[2] = expr_literal(s->arena, &rest, span);
        n = 4;
    }
    return sql_fn(s, "sql_series", all, n, span, out);
}
rc sql_rows_list(struct query *q, const json_t *call, const char **name, const struct expr **out)
{
    struct sql *s = q->s;
    const json_t *args = sql_get(call, "args");
    struct span span = sql_span(s, (int)sql_int_of(call, "location"));
    int n = (int)sql_len(args);
    const struct expr **e = ARENA_ARRAY(s->arena, const struct expr *, n + 1);
    *name = call_name(call);
    for (int i = 0; i < n; i++)
        TRY(sql_expr(q, json_array_get(args, (size_t)i), &e[i]));
    if (strcmp(*name, "generate_series") == 0) return series_list(q, e, n, span, out);
    if (strcmp(*name, "unnest") == 0 && n == 1) {
        if (e[0]->type.kind != KIND_LIST)
            return fail(s->cx, E207, e[0]->span, "unnest() needs a list");
        *out = e[0];
        return RC_OK;
    }
    if (strcmp(*name, "generate_subscripts") == 0 && n == 2) {
        const struct expr *ends[2] = {sql_int_value(s, 1, span), NULL};
        TRY(sql_call(s->cx, s->arena, STR("array_length"), e, 2, span, &ends[1]));
        return series_list(q, ends, 2, span, out);
    }
    if (strcmp(*name, "regexp_split_to_table") == 0)
        return sql_call(s->cx, s->arena, STR("regexp_split_to_array"), e, n, span, out);
    if (strcmp(*name, "string_to_table") == 0)
        return sql_call(s->cx, s->arena, STR("string_to_array"), e, n, span, out);
    return sql_call(s->cx, s->arena, str_of(*name), e, n, span, out);
}

/* ---- in the select list ---- */
rc sql_rows_call(struct query *q, const json_t *call, const struct expr **out)
{
    struct sql *s = q->s;
    const char *name = call_name(call);
    const struct expr *list;
    struct span span = sql_span(s, (int)sql_int_of(call, "location"));
    if (!q->can_rows || q->in_agg) {
        (void)fail(s->cx, E217, span, "%s() gives rows: it stands in the select list or in FROM",
                   name);
        return err_hint(s->cx, "select v from %s(..) v", name);
    }
    q->can_rows = false; /* one does not stand in another */
    enum rc_t res = sql_rows_list(q, call, &name, &list);
    q->can_rows = true;
    TRY(res);
    if (list->type.kind != KIND_LIST)
        return fail(s->cx, E207, span, "%s() gives no rows of this", name);
    for (int i = 0; i < q->rows.n; i++)
        if (expr_equal(q->rows.all[i].expr, list)) {
            *out = expr_column(s->arena, q->rows.all[i].name, *list->type.elem, span);
            return RC_OK;
        }
    const char *id = sql_fresh(s, "rows");
    sql_add_item(s, &q->rows, id, list);
    *out = expr_column(s->arena, id, *list->type.elem, span);
    return RC_OK;
}
rc sql_rows_nodes(struct query *q)
{
    struct sql *s = q->s;
    struct sql_items items = {0};
    struct plan *p;
    int n = q->rows.n;
    const char **names = ARENA_ARRAY(s->arena, const char *, n + 1);
    if (n == 0) return RC_OK;
    sql_add_all(s, &items, q->plan);
    for (int i = 0; i < n; i++) {
        names[i] = q->rows.all[i].name;
        sql_add_item(s, &items, names[i], q->rows.all[i].expr);
    }
    TRY(sql_project(s, q->plan, &items, &q->plan));
    TRY(plan_unnest(s->cx, q->plan, names, n, false, NULL, q->plan->span, &p));
    q->plan = sql_own(s, p);
    q->rows.n = 0;
    return RC_OK;
}
