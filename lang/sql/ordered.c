/* ordered.c: ORDER BY and DISTINCT inside array_agg and string_agg. One order for the whole query
 * is a sort of the rows before they are grouped; any other one puts the values of a group into
 * order after they are collected, beside the lists of what they are ordered by. */
#include "lang/sql/query.h"

#define MAX_KEYS 4 /* sql_list_order takes so many */

static bool same_order(struct query *q, const struct sort_key *keys, int n)
{
    if (!q->agg_sort) return true;
    for (int i = 0; i < n; i++)
        if (n != q->n_agg_sort || !expr_equal(keys[i].expr, q->agg_sort[i].expr) ||
            keys[i].descending != q->agg_sort[i].descending ||
            keys[i].nulls_first != q->agg_sort[i].nulls_first)
            return false;
    return true;
}
static rc bind_keys(struct query *q, const json_t *order, struct sort_key **out, int *n)
{
    const json_t *sb;
    *out = ARENA_ARRAY(q->s->arena, struct sort_key, sql_len(order) + 1);
    *n = 0;
    for (size_t i = 0; i < sql_len(order); i++) {
        const struct expr *e;
        if (!sql_is(json_array_get(order, i), "SortBy", &sb)) continue;
        TRY(sql_expr(q, sql_get(sb, "node"), &e));
        TRY(sql_sort_key(q, sb, e, &(*out)[(*n)++]));
    }
    return RC_OK;
}
static char letter_of(const struct sort_key *k)
{
    if (k->descending) return k->nulls_first ? 'D' : 'd';
    return k->nulls_first ? 'A' : 'a';
}
/* The values of e in a group, as a list. */
static rc collect(struct query *q, const struct expr *e, const struct expr *where,
                  const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr *agg;
    TRY(expr_agg(s->cx, s->arena, agg_find(STR("sql_array_agg")), &e, 1, where,
                 (struct win_frame){.unit = FRAME_ALL}, e->span, &agg));
    return sql_keep_aggregate(q, agg, e->span, out);
}
/* string_agg leaves nulls out. */
static rc not_null(struct sql *s, const struct expr *x, const struct expr **where)
{
    const struct expr *e;
    TRY(sql_fn1(s, "is_null", x, &e));
    TRY(sql_fn1(s, "not", e, &e));
    if (*where) TRY(sql_fn2(s, "and", *where, e, &e));
    *where = e;
    return RC_OK;
}
/* DISTINCT: the only key is the value itself. */
static rc distinct_key(struct query *q, const struct expr *x, const struct sort_key **keys, int *n)
{
    struct sort_key *key = ARENA_NEW(q->s->arena, struct sort_key);
    if (*n > 1 || (*n == 1 && !expr_equal((*keys)[0].expr, x)))
        return fail(q->s->cx, E217, (*keys)[*n > 1].expr->span,
                    "with DISTINCT, ORDER BY inside an aggregate takes its value only");
    key->expr = x;
    if (*n == 1) *key = (*keys)[0];
    *keys = key;
    *n = 1;
    return RC_OK;
}
static rc ordered_list(struct query *q, const struct expr *x, const struct expr *where,
                       const struct sort_key *keys, int n, bool distinct, struct span span,
                       const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr *args[2 + MAX_KEYS];
    char how[MAX_KEYS + 2] = "";
    if (distinct) TRY(distinct_key(q, x, &keys, &n));
    if (n > MAX_KEYS)
        return fail(s->cx, E904, span, "ORDER BY inside an aggregate takes at most %d keys here",
                    MAX_KEYS);
    TRY(collect(q, x, where, &args[1]));
    for (int i = 0; i < n; i++) {
        how[i] = letter_of(&keys[i]);
        TRY(collect(q, keys[i].expr, where, &args[2 + i]));
    }
    if (distinct) how[n] = 'u';
    struct scalar v = {.type = DTYPE(KIND_STR)};
    v.u.s = arena_str(s->arena, str_of(how));
    args[0] = expr_literal(s->arena, &v, span);
    return sql_fn(s, "sql_list_order", args, n + 2, span, out);
}

rc sql_ordered_aggregate(struct query *q, const struct sql_fn *fn, const json_t *call,
                         const struct expr *const *args, const struct expr *where, struct span span,
                         const struct expr **out, bool *done)
{
    struct sql *s = q->s;
    bool distinct = sql_bool_of(call, "agg_distinct"),
         is_text = strcmp(fn->name, "string_agg") == 0;
    struct sort_key *keys;
    int n;
    *done = false;
    TRY(bind_keys(q, sql_get(call, "agg_order"), &keys, &n));
    bool depends = is_text || strcmp(fn->name, "array_agg") == 0;
    if (!depends || (n == 0 && (!distinct || is_text))) return RC_OK;
    if (!distinct && same_order(q, keys, n)) {
        q->agg_sort = keys;
        q->n_agg_sort = n;
        return RC_OK;
    }
    *done = true;
    if (is_text && !sql_is_literal(args[1]))
        return fail(s->cx, E217, args[1]->span,
                    "the separator must be a text written here when the values are ordered");
    if (is_text) TRY(not_null(s, args[0], &where));
    TRY(ordered_list(q, args[0], where, keys, n, distinct, span, out));
    return is_text ? sql_fn2(s, "sql_array_to_string", *out, args[1], out) : RC_OK;
}
