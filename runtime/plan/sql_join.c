/* sql_join.c: joins as SQL. Left rows keep their order, each with its matches in right order;
 * unmatched right rows come last. */
#include "runtime/plan/sql_int.h"

static const char *const cmp_texts[] = {[CMP_EQ] = " = ",
                                        [CMP_LT] = " < ",
                                        [CMP_LE] = " <= ",
                                        [CMP_GT] = " > ",
                                        [CMP_GE] = " >= ",
                                        [CMP_NE] = " <> ",
                                        [CMP_SAME] = " IS NOT DISTINCT FROM "};

struct sides {
    struct sql_side left, right;
};

static rc put_pair(struct sql *s, const struct sides *x, const struct join_on *on, enum cmp_op op,
                   struct strbuf *out)
{
    bool is_ordered =
        op != CMP_EQ && op != CMP_NE && op != CMP_SAME && on->left->type.kind == KIND_STR;
    TRY(sqlout_expr(s, &x->left, on->left, out));
    if (is_ordered) strbuf_addz(out, s->d->collate);
    strbuf_addz(out, cmp_texts[op]);
    TRY(sqlout_expr(s, &x->right, on->right, out));
    if (is_ordered) strbuf_addz(out, s->d->collate);
    return RC_OK;
}

static rc put_condition(struct sql *s, const struct plan *p, const struct sides *x, int n,
                        struct strbuf *out)
{
    if (n == 0) strbuf_addz(out, "true");
    for (int i = 0; i < n; i++) {
        if (i) strbuf_addz(out, " AND ");
        TRY(put_pair(s, x, &p->u.join.on[i], p->u.join.on[i].op, out));
    }
    return RC_OK;
}

/* The pair whose right key fills left column i, or NULL. */
static const struct join_on *filling_pair(const struct plan *p, int i)
{
    const char *left;
    if (p->u.join.kind != JOIN_RIGHT && p->u.join.kind != JOIN_FULL) return NULL;
    for (int k = 0; k < p->u.join.n_on; k++)
        if (plan_join_is_merged(&p->u.join.on[k], &left, NULL) &&
            strcmp(left, p->inputs[0]->schema->fields[i].name) == 0)
            return &p->u.join.on[k];
    return NULL;
}

/* The result's columns: the left ones (filled), then the kept right ones. */
static rc put_columns(struct sql *s, const struct plan *p, const struct sides *x,
                      struct strbuf *out)
{
    int n_left = p->inputs[0]->schema->n;
    const struct schema *right = p->inputs[1]->schema;
    for (int i = 0; i < p->schema->n; i++) {
        const struct join_on *on = i < n_left ? filling_pair(p, i) : NULL;
        strbuf_addz(out, on ? ", coalesce(" : i < n_left ? ", l." : ", r.");
        if (on) {
            TRY(sqlout_expr(s, &x->left, on->left, out));
            strbuf_addz(out, ", ");
            TRY(sqlout_expr(s, &x->right, on->right, out));
            strbuf_addc(out, ')');
        } else if (i < n_left) {
            sql_column_name(out, s->d, p->inputs[0]->schema, i);
        } else {
            int at = schema_find(right, str_of(p->u.join.right_columns[i - n_left]));
            sql_column_name(out, s->d, right, at);
        }
        sqlout_as(s, p->schema, i, out);
    }
    return RC_OK;
}

static rc plain_join(struct sql *s, const struct plan *p, const struct sides *x, const char *a,
                     const char *b, struct strbuf *out)
{
    static const char *const words[] = {[JOIN_INNER] = "JOIN",
                                        [JOIN_LEFT] = "LEFT JOIN",
                                        [JOIN_RIGHT] = "RIGHT JOIN",
                                        [JOIN_CROSS] = "CROSS JOIN"};
    strbuf_addz(out, "SELECT row_number() OVER (ORDER BY l." SQL_ROW " NULLS LAST, r." SQL_ROW
                     ") AS " SQL_ROW);
    TRY(put_columns(s, p, x, out));
    strbuf_printf(out, " FROM %s AS l %s %s AS r", a, words[p->u.join.kind], b);
    if (p->u.join.kind == JOIN_CROSS) return RC_OK;
    strbuf_addz(out, " ON ");
    return put_condition(s, p, x, p->u.join.n_on, out);
}

static rc semi_join(struct sql *s, const struct plan *p, const struct sides *x, const char *a,
                    const char *b, struct strbuf *out)
{
    strbuf_printf(out, "SELECT l.* FROM %s AS l WHERE %sEXISTS (SELECT 1 FROM %s AS r WHERE ", a,
                  p->u.join.kind == JOIN_ANTI ? "NOT " : "", b);
    TRY(put_condition(s, p, x, p->u.join.n_on, out));
    strbuf_addc(out, ')');
    return RC_OK;
}

/* A left join, then the right rows without a partner: FULL JOIN takes only some conditions in
 * PostgreSQL. */
static rc full_join(struct sql *s, const struct plan *p, const struct sides *x, const char *a,
                    const char *b, struct strbuf *out)
{
    strbuf_addz(out, "SELECT row_number() OVER (ORDER BY t." SQL_PREFIX
                     "l NULLS LAST, t." SQL_PREFIX "r) AS " SQL_ROW);
    TRY(sqlout_columns(s, "t", p->schema, out));
    for (int part = 0; part < 2; part++) {
        strbuf_addz(out, part ? " UNION ALL SELECT" : " FROM (SELECT");
        strbuf_addz(out, " l." SQL_ROW " AS " SQL_PREFIX "l, r." SQL_ROW " AS " SQL_PREFIX "r");
        TRY(put_columns(s, p, x, out));
        if (part)
            strbuf_printf(
                out,
                " FROM %s AS r LEFT JOIN %s AS l ON false WHERE NOT EXISTS (SELECT 1 FROM "
                "%s AS l WHERE ",
                b, a, a);
        else
            strbuf_printf(out, " FROM %s AS l LEFT JOIN %s AS r ON ", a, b);
        TRY(put_condition(s, p, x, p->u.join.n_on, out));
    }
    strbuf_addz(out, ")) AS t");
    return RC_OK;
}

/* ---- asof: of the candidates of each left row the best one ---- */
static rc put_distance(struct sql *s, const struct sides *x, const struct join_on *on,
                       struct strbuf *out)
{
    const struct expr *args[2] = {on->left, on->right};
    const struct sql_spelling *w = sqlout_spelling_find(0, "-", args, 2);
    struct strbuf side[2] = {{0}, {0}};
    const char *text = w ? w->text[s->d->id] : NULL;
    if (!text) return sqlout_refuse(s, on->left->span, "the distance of such keys");
    enum rc_t res = sqlout_expr(s, &x->left, on->left, &side[0]);
    if (res == RC_OK) res = sqlout_expr(s, &x->right, on->right, &side[1]);
    strbuf_addz(out, "coalesce(abs("); /* between equal infinities there is none: 0 */
    for (const char *p = text; *p && res == RC_OK; p++) {
        if (p[0] == '%' && (p[1] == '1' || p[1] == '2'))
            strbuf_addz(out, side[*++p - '1'].p);
        else
            strbuf_addc(out, *p);
    }
    strbuf_addz(out, "), 0)");
    strbuf_release(&side[0]);
    strbuf_release(&side[1]);
    return res;
}

static rc asof_condition(struct sql *s, const struct plan *p, const struct sides *x,
                         struct strbuf *out)
{
    const struct join_on *on = &p->u.join.on[p->u.join.n_on - 1];
    bool is_strict = on->op == CMP_LT || on->op == CMP_GT;
    if (p->u.join.n_on > 1) TRY(put_condition(s, p, x, p->u.join.n_on - 1, out));
    if (p->u.join.n_on > 1) strbuf_addz(out, " AND ");
    switch (p->u.join.direction) {
    case ASOF_BACKWARD: TRY(put_pair(s, x, on, is_strict ? CMP_GT : CMP_GE, out)); break;
    case ASOF_FORWARD: TRY(put_pair(s, x, on, is_strict ? CMP_LT : CMP_LE, out)); break;
    case ASOF_NEAREST:
        TRY(sqlout_expr(s, &x->left, on->left, out));
        strbuf_addz(out, " IS NOT NULL AND ");
        TRY(sqlout_expr(s, &x->right, on->right, out));
        strbuf_addz(out, " IS NOT NULL");
        break;
    }
    if (!p->u.join.tolerance) return RC_OK;
    strbuf_addz(out, " AND ");
    TRY(put_distance(s, x, on, out));
    strbuf_addz(out, " <= ");
    if (!sql_literal(out, s->d, p->u.join.tolerance))
        return sqlout_refuse(s, p->span, "the tolerance");
    return RC_OK;
}

/* Nearest first; of two that are as near the earlier key; of rows with one key the last before, the
 * first after. */
static rc asof_order(struct sql *s, const struct plan *p, const struct sides *x, struct strbuf *out)
{
    const struct join_on *on = &p->u.join.on[p->u.join.n_on - 1];
    bool back = p->u.join.direction == ASOF_BACKWARD;
    struct strbuf l = {0}, r = {0};
    enum rc_t res = sqlout_expr(s, &x->left, on->left, &l);
    if (res == RC_OK) res = sqlout_expr(s, &x->right, on->right, &r);
    if (res == RC_OK && p->u.join.direction == ASOF_NEAREST) {
        res = put_distance(s, x, on, out);
        strbuf_printf(
            out,
            ", CASE WHEN %s <= %s THEN 0 ELSE 1 END, CASE WHEN %s <= %s THEN %s END DESC, "
            "%s, CASE WHEN %s <= %s THEN - r." SQL_ROW " ELSE r." SQL_ROW " END",
            r.p, l.p, r.p, l.p, r.p, r.p, r.p, l.p);
    } else if (res == RC_OK) {
        const char *way = back ? " DESC" : "";
        strbuf_printf(out, "%s%s%s, r." SQL_ROW "%s", r.p,
                      on->right->type.kind == KIND_STR ? s->d->collate : "", way, way);
    }
    strbuf_release(&l);
    strbuf_release(&r);
    return res;
}

static rc asof_join(struct sql *s, const struct plan *p, const struct sides *x, const char *a,
                    const char *b, struct strbuf *out)
{
    strbuf_addz(out, "SELECT t." SQL_ROW);
    TRY(sqlout_columns(s, "t", p->schema, out));
    strbuf_addz(out, " FROM (SELECT l." SQL_ROW " AS " SQL_ROW);
    TRY(put_columns(s, p, x, out));
    strbuf_addz(out, ", row_number() OVER (PARTITION BY l." SQL_ROW " ORDER BY ");
    TRY(asof_order(s, p, x, out));
    strbuf_printf(out, ") AS " SQL_PREFIX "n FROM %s AS l LEFT JOIN %s AS r ON ", a, b);
    TRY(asof_condition(s, p, x, out));
    strbuf_addz(out, ") AS t WHERE t." SQL_PREFIX "n = 1");
    return RC_OK;
}

rc sqlout_join_step(struct sql *s, const struct plan *p, const char *left, const char *right,
                    struct strbuf *out)
{
    struct sides x = {{"l", p->inputs[0]->schema}, {"r", p->inputs[1]->schema}};
    switch (p->u.join.kind) {
    case JOIN_SEMI:
    case JOIN_ANTI: return semi_join(s, p, &x, left, right, out);
    case JOIN_FULL: return full_join(s, p, &x, left, right, out);
    case JOIN_ASOF: return asof_join(s, p, &x, left, right, out);
    case JOIN_INNER:
    case JOIN_LEFT:
    case JOIN_RIGHT:
    case JOIN_CROSS: break;
    }
    return plain_join(s, p, &x, left, right, out);
}
