/* sql_window.c: window steps as SQL. The keys are computed once in a step before (stepN_rows: group
 * number mlnb_g, keys mlnb_b.. and mlnb_s.., number of the peers mlnb_p, place in the group
 * mlnb_n). An aggregate that the dialect does not take OVER is joined from one SELECT a group
 * (whole groups) or asked row by row.
 */
#include "runtime/plan/sql_int.h"

#include "runtime/base/civil.h"

#define ROWS_ALIAS "t"

struct window_text {
    struct sql *s;
    const struct plan *p;
    const char *rows;        /* name of the step of keys */
    struct strbuf partition; /* "t.mlnb_b1, t.mlnb_b2" */
    struct strbuf sorted, running, over;
    struct strbuf groups; /* items of whole groups that stand alone */
    int n_groups;
};

/* ---- the step of keys ---- */
static rc put_keys(struct window_text *w, const char *in, struct strbuf *out)
{
    const struct plan *p = w->p;
    struct sql_side side = {"t", p->inputs[0]->schema};
    struct strbuf by = {0}, order = {0};
    enum rc_t res = RC_OK;
    strbuf_addz(out, "SELECT t.*");
    for (int i = 0; i < p->u.window.n_by && res == RC_OK; i++) {
        if (i) strbuf_addz(&by, ", ");
        size_t from = by.n;
        res = sqlout_expr(w->s, &side, p->u.window.by[i], &by);
        if (res == RC_OK) strbuf_printf(out, ", %s AS " SQL_PREFIX "b%d", by.p + from, i + 1);
    }
    for (int i = 0; i < p->u.window.n_sort && res == RC_OK; i++) {
        strbuf_addz(out, ", ");
        res = sqlout_expr(w->s, &side, p->u.window.sort[i].expr, out);
        strbuf_printf(out, " AS " SQL_PREFIX "s%d", i + 1);
    }
    if (by.p)
        strbuf_printf(out, ", dense_rank() OVER (ORDER BY %s) AS " SQL_PREFIX "g", by.p);
    else
        strbuf_addz(out, ", 1 AS " SQL_PREFIX "g");
    for (int i = 0; i < p->u.window.n_sort && res == RC_OK; i++) {
        if (i) strbuf_addz(&order, ", ");
        res = sqlout_sort_key(w->s, &side, &p->u.window.sort[i], &order);
    }
    const char *partition = by.p ? "PARTITION BY " : "", *names = by.p ? by.p : "";
    const char *sorted = order.p ? order.p : "", *comma = order.p ? ", " : "";
    if (order.p)
        strbuf_printf(out, ", dense_rank() OVER (%s%s ORDER BY %s) AS " SQL_PREFIX "p", partition,
                      names, sorted);
    else
        strbuf_addz(out, ", 1 AS " SQL_PREFIX "p");
    strbuf_printf(out,
                  ", row_number() OVER (%s%s ORDER BY %s%st." SQL_ROW ") AS " SQL_PREFIX
                  "n FROM %s AS t",
                  partition, names, sorted, comma, in);
    strbuf_release(&by);
    strbuf_release(&order);
    return res;
}

/* ---- frames ---- */
static bool needs_peers(const struct win_frame *f)
{
    return f->unit == FRAME_GROUPS || f->exclude == EXCLUDE_GROUP || f->exclude == EXCLUDE_TIES;
}
/* before, after: what stands around a distance ("INTERVAL '" and " days'"). */
static void put_bound(int64_t at, bool is_open, const char *const unit[2], struct strbuf *out)
{
    const char *way = at < 0 ? "PRECEDING" : "FOLLOWING";
    if (is_open)
        strbuf_printf(out, "UNBOUNDED %s", way);
    else if (at == 0)
        strbuf_addz(out, "CURRENT ROW");
    else
        strbuf_printf(out, "%s%lld%s %s", unit[0], (long long)(at < 0 ? -at : at), unit[1], way);
}

static const char *const left_out_words[] = {[EXCLUDE_NONE] = "",
                                             [EXCLUDE_CURRENT_ROW] = " EXCLUDE CURRENT ROW",
                                             [EXCLUDE_GROUP] = " EXCLUDE GROUP",
                                             [EXCLUDE_TIES] = " EXCLUDE TIES"};

static void put_bounds(const struct win_frame *f, const char *before, const char *after,
                       struct strbuf *out)
{
    const char *const unit[2] = {before, after};
    strbuf_addz(out, " BETWEEN ");
    put_bound(f->from, f->from == FRAME_OPEN_FROM, unit, out);
    strbuf_addz(out, " AND ");
    put_bound(f->to, f->to == FRAME_OPEN_TO, unit, out);
    strbuf_addz(out, left_out_words[f->exclude]);
}

static void put_num_bound(double at, bool is_open, bool is_from, struct strbuf *out)
{
    struct scalar v = {.type = DTYPE(KIND_NUM), .u.f = at < 0 ? -at : at};
    const char *way = is_open                          ? (is_from ? "PRECEDING" : "FOLLOWING")
                      : at < 0 || (at == 0 && is_from) ? "PRECEDING"
                                                       : "FOLLOWING";
    if (is_open)
        strbuf_addz(out, "UNBOUNDED");
    else
        scalar_text(out, &v, false);
    strbuf_printf(out, " %s", way);
}

static const char *sort_words(const struct sort_key *k)
{
    if (k->descending) return k->nulls_first ? " DESC NULLS FIRST" : " DESC NULLS LAST";
    return k->nulls_first ? " NULLS FIRST" : " NULLS LAST";
}

/* "t.mlnb_s1 DESC NULLS LAST, .." */
static void put_sort_columns(struct window_text *w, struct strbuf *out)
{
    const struct plan *p = w->p;
    for (int i = 0; i < p->u.window.n_sort; i++) {
        const struct sort_key *k = &p->u.window.sort[i];
        strbuf_printf(out, "%st." SQL_PREFIX "s%d%s%s", i ? ", " : "", i + 1,
                      k->expr->type.kind == KIND_STR ? w->s->d->collate : "", sort_words(k));
    }
}

static rc put_range_frame(struct window_text *w, const struct win_frame *f, struct strbuf *out)
{
    enum kind k = w->p->u.window.n_sort ? w->p->u.window.sort[0].expr->type.kind : KIND_NULL;
    strbuf_addz(out, " RANGE");
    if (k == KIND_NUM) {
        strbuf_addz(out, " BETWEEN ");
        put_num_bound(f->num_from, f->from == FRAME_OPEN_FROM, true, out);
        strbuf_addz(out, " AND ");
        put_num_bound(f->num_to, f->to == FRAME_OPEN_TO, false, out);
        strbuf_addz(out, left_out_words[f->exclude]);
    } else if (k == KIND_DATE) {
        put_bounds(f, "INTERVAL '", " days'", out);
    } else if (k == KIND_DATETIME) {
        put_bounds(f, "INTERVAL '", " microseconds'", out);
    } else {
        put_bounds(f, "", "", out);
    }
    return RC_OK;
}

/* Rows without a time stand alone: each is a group of its own. */
static void put_time_over(struct window_text *w, const struct win_frame *f, struct strbuf *out)
{
    bool is_date = w->p->u.window.sort[0].expr->type.kind == KIND_DATE;
    const char *key = is_date ? "CAST(t." SQL_PREFIX "s1 AS TIMESTAMP)" : "t." SQL_PREFIX "s1";
    strbuf_addz(out, " OVER (PARTITION BY ");
    if (w->partition.n) strbuf_printf(out, "%s, ", w->partition.p);
    strbuf_printf(out,
                  "CASE WHEN t." SQL_PREFIX "s1 IS NULL THEN t." SQL_PREFIX "n ELSE 0 END ORDER BY "
                  "%s RANGE BETWEEN INTERVAL '%lld microseconds' PRECEDING AND CURRENT ROW)",
                  key, (long long)(f->from - 1));
}

/* The frame of an OVER clause. Peers are rows of one mlnb_p: order by it says what the keys say. */
static rc put_frame(struct window_text *w, const struct win_frame *f, struct strbuf *out)
{
    struct win_frame rows = *f;
    switch (f->unit) {
    case FRAME_ALL:
    case FRAME_RUNNING:
        if (f->unit == FRAME_ALL && f->exclude == EXCLUDE_NONE) return RC_OK;
        rows.from = FRAME_OPEN_FROM;
        rows.to = f->unit == FRAME_ALL ? FRAME_OPEN_TO : 0;
        strbuf_printf(out, " ORDER BY t." SQL_PREFIX "%s ROWS", needs_peers(f) ? "p" : "n");
        put_bounds(&rows, "", "", out);
        return RC_OK;
    case FRAME_ROWS:
        strbuf_addz(out, " ORDER BY t." SQL_PREFIX "n ROWS");
        put_bounds(f, "", "", out);
        return RC_OK;
    case FRAME_GROUPS:
        strbuf_addz(out, " ORDER BY t." SQL_PREFIX "p GROUPS");
        put_bounds(f, "", "", out);
        return RC_OK;
    case FRAME_RANGE:
        strbuf_addz(out, " ORDER BY ");
        put_sort_columns(w, out);
        return put_range_frame(w, f, out);
    case FRAME_TIME: break;
    }
    return RC_OK;
}

/* The OVER clause of an aggregate's frame, into w->over. */
static rc put_over(struct window_text *w, const struct win_frame *f)
{
    struct strbuf *out = &w->over;
    strbuf_clear(out);
    if (f->unit == FRAME_TIME) {
        put_time_over(w, f, out);
        return RC_OK;
    }
    strbuf_addz(out, " OVER (");
    if (w->partition.n) strbuf_printf(out, "PARTITION BY %s", w->partition.p);
    TRY(put_frame(w, f, out));
    strbuf_addc(out, ')');
    return RC_OK;
}

/* ---- items ---- */
/* Fewer values than asked for give null. */
static void put_least(struct sql *s, const struct sql_side *side, const struct expr *e,
                      const struct sql_frame *f, const char *value, struct strbuf *out)
{
    struct strbuf arg = {0};
    bool counts_rows = e->n_args == 0 || e->args[0]->op == EXPR_LITERAL;
    if (!counts_rows && sqlout_expr(s, side, e->args[0], &arg) != RC_OK) counts_rows = true;
    strbuf_printf(out, "CASE WHEN count(%s)", counts_rows ? "*" : arg.p);
    strbuf_clear(&arg);
    if (e->where && sqlout_predicate(s, side, e->where, &arg) == RC_OK)
        strbuf_printf(out, " FILTER (WHERE %s)", arg.p);
    strbuf_printf(out, "%s >= %lld THEN %s END", f->over, (long long)e->frame.min_rows, value);
    strbuf_release(&arg);
}

static rc put_value(struct sql *s, const struct sql_side *side, const struct sql_frame *f,
                    const struct expr *e, struct strbuf *out)
{
    struct strbuf value = {0};
    if (e->op != EXPR_AGG || e->frame.min_rows <= 0) return sqlout_aggregate(s, side, f, e, out);
    enum rc_t res = sqlout_aggregate(s, side, f, e, &value);
    if (res == RC_OK) put_least(s, side, e, f, value.p, out);
    strbuf_release(&value);
    return res;
}

/* One end of a frame by places (mlnb_n) or peers (mlnb_p). */
static void put_place(const char *column, int64_t at, bool is_from, struct strbuf *out)
{
    if (at == FRAME_OPEN_FROM || at == FRAME_OPEN_TO) return;
    strbuf_printf(out, " AND o.%s %s t.%s + (%lld)", column, is_from ? ">=" : "<=", column,
                  (long long)at);
}

/* Row t's key moved by a distance, in window order. */
static void put_moved(struct window_text *w, const struct win_frame *f, bool is_from,
                      struct strbuf *out)
{
    const struct sort_key *k = &w->p->u.window.sort[0];
    enum kind kind = k->expr->type.kind;
    long long at = is_from ? f->from : f->to;
    double x = is_from ? f->num_from : f->num_to;
    const char *op = k->descending ? "-" : "+";
    struct scalar v = {.type = DTYPE(KIND_NUM), .u.f = x};
    strbuf_printf(out, "t." SQL_PREFIX "s1 %s ", op);
    if (kind == KIND_NUM) {
        strbuf_addc(out, '(');
        (void)sql_literal(out, w->s->d, &v);
        strbuf_addc(out, ')');
    } else if (kind == KIND_DATE || kind == KIND_DATETIME) {
        strbuf_printf(out, "INTERVAL '%lld %s'", at, kind == KIND_DATE ? "days" : "microseconds");
    } else {
        strbuf_printf(out, "(%lld)", at);
    }
}

/* One end of a frame by distance. Nulls are each other's peers and lie at one end of the window:
 * beyond any distance of the rows that have a key. */
static void put_distance(struct window_text *w, const struct win_frame *f, bool is_from,
                         struct strbuf *out)
{
    const struct sort_key *k = &w->p->u.window.sort[0];
    if (is_from ? f->from == FRAME_OPEN_FROM : f->to == FRAME_OPEN_TO) return;
    bool are_within = k->nulls_first != is_from; /* nulls, seen from a row that has a key */
    strbuf_printf(out,
                  " AND CASE WHEN t." SQL_PREFIX "s1 IS NULL THEN %s WHEN o." SQL_PREFIX
                  "s1 IS NULL THEN %s ELSE o." SQL_PREFIX "s1 %s ",
                  are_within ? "o." SQL_PREFIX "s1 IS NULL" : "true", are_within ? "true" : "false",
                  is_from != k->descending ? ">=" : "<=");
    put_moved(w, f, is_from, out);
    strbuf_addz(out, " END");
}

/* Which rows of o (the step of keys) are in the frame of row t. */
static void put_membership(struct window_text *w, const struct win_frame *f, struct strbuf *out)
{
    static const char *const left_out[] = {
        [EXCLUDE_NONE] = "",
        [EXCLUDE_CURRENT_ROW] = " AND o." SQL_PREFIX "n <> t." SQL_PREFIX "n",
        [EXCLUDE_GROUP] = " AND o." SQL_PREFIX "p <> t." SQL_PREFIX "p",
        [EXCLUDE_TIES] = " AND (o." SQL_PREFIX "p <> t." SQL_PREFIX "p OR o." SQL_PREFIX
                         "n = t." SQL_PREFIX "n)"};
    strbuf_printf(out, "o." SQL_PREFIX "g = t." SQL_PREFIX "g%s", left_out[f->exclude]);
    switch (f->unit) {
    case FRAME_ALL: break;
    case FRAME_RUNNING: put_place(SQL_PREFIX "n", 0, false, out); break;
    case FRAME_ROWS:
        put_place(SQL_PREFIX "n", f->from, true, out);
        put_place(SQL_PREFIX "n", f->to, false, out);
        break;
    case FRAME_GROUPS:
        put_place(SQL_PREFIX "p", f->from, true, out);
        put_place(SQL_PREFIX "p", f->to, false, out);
        break;
    case FRAME_RANGE:
        put_distance(w, f, true, out);
        put_distance(w, f, false, out);
        break;
    case FRAME_TIME:
        strbuf_printf(out,
                      " AND (o." SQL_PREFIX "n = t." SQL_PREFIX "n OR (o." SQL_PREFIX
                      "s1 <= t." SQL_PREFIX "s1 AND o." SQL_PREFIX "s1 > t." SQL_PREFIX
                      "s1 - INTERVAL '%lld microseconds'))",
                      (long long)f->from);
        break;
    }
}

static rc put_row_by_row(struct window_text *w, const struct expr *e, struct strbuf *out)
{
    struct sql_side other = {"o", w->p->inputs[0]->schema};
    struct sql_frame f = {"", "", "", "", "o." SQL_PREFIX "n", "o." SQL_ROW};
    strbuf_addz(out, "(SELECT ");
    TRY(put_value(w->s, &other, &f, e, out));
    strbuf_printf(out, " FROM %s AS o WHERE ", w->rows);
    put_membership(w, &e->frame, out);
    strbuf_addc(out, ')');
    return RC_OK;
}

/* The item stands in the SELECT of groups, here is only its name. */
static rc put_by_group(struct window_text *w, const struct expr *e, struct strbuf *out)
{
    struct sql_side other = {"o", w->p->inputs[0]->schema};
    struct sql_frame f = {"", "", "", "", "o." SQL_PREFIX "n", "o." SQL_ROW};
    int k = ++w->n_groups;
    strbuf_addz(&w->groups, ", ");
    TRY(put_value(w->s, &other, &f, e, &w->groups));
    strbuf_printf(&w->groups, " AS " SQL_PREFIX "a%d", k);
    strbuf_printf(out, "g." SQL_PREFIX "a%d", k);
    return RC_OK;
}

static bool is_empty_frame(const struct win_frame *f)
{
    return (f->unit == FRAME_ROWS || f->unit == FRAME_GROUPS) && f->from > f->to;
}

/* Frames that OVER cannot say: empty ones; rows (not peers) less peers; a stretch of time less some
 * rows. */
static bool is_odd_frame(const struct win_frame *f)
{
    if (is_empty_frame(f)) return true;
    if (f->unit == FRAME_TIME) return f->exclude != EXCLUDE_NONE;
    return needs_peers(f) && (f->unit == FRAME_ROWS || f->unit == FRAME_RUNNING);
}

static rc put_item(struct window_text *w, const struct expr *e, struct strbuf *out)
{
    struct sql_side side = {"t", w->p->inputs[0]->schema};
    const struct win_frame *f = &e->frame;
    bool is_alone = sqlout_is_alone(w->s->d, e) || (e->op == EXPR_AGG && is_odd_frame(f));
    if (is_alone && f->unit == FRAME_ALL && f->exclude == EXCLUDE_NONE)
        return put_by_group(w, e, out);
    if (is_alone) return put_row_by_row(w, e, out);
    TRY(put_over(w, f));
    struct sql_frame frame = {w->partition.n ? w->partition.p : "",
                              w->over.p,
                              w->sorted.p,
                              w->running.p,
                              "t." SQL_PREFIX "n",
                              "t." SQL_ROW};
    return put_value(w->s, &side, &frame, e, out);
}

static rc put_window(struct window_text *w, struct strbuf *out)
{
    const struct plan *p = w->p;
    int n_in = p->inputs[0]->schema->n;
    for (int i = 0; i < p->u.window.n_by; i++)
        strbuf_printf(&w->partition, "%st." SQL_PREFIX "b%d", i ? ", " : "", i + 1);
    const char *by = w->partition.n ? w->partition.p : NULL;
    strbuf_printf(&w->sorted, " OVER (%s%s%sORDER BY t." SQL_PREFIX "n)", by ? "PARTITION BY " : "",
                  by ? by : "", by ? " " : "");
    strbuf_add(&w->running, w->sorted.p, w->sorted.n - 1);
    strbuf_addz(&w->running, " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)");
    strbuf_addz(out, "SELECT t." SQL_ROW);
    for (int i = 0; i < n_in; i++) {
        strbuf_addz(out, ", t.");
        sql_column_name(out, w->s->d, p->inputs[0]->schema, i);
        sqlout_as(w->s, p->schema, i, out);
    }
    for (int i = 0; i < p->u.window.n; i++) {
        strbuf_addz(out, ", ");
        TRY(put_item(w, p->u.window.items[i].expr, out));
        sqlout_as(w->s, p->schema, n_in + i, out);
    }
    strbuf_printf(out, " FROM %s AS t", w->rows);
    if (w->n_groups)
        strbuf_printf(out,
                      " JOIN (SELECT o." SQL_PREFIX "g%s FROM %s AS o GROUP BY o." SQL_PREFIX
                      "g) AS g ON g." SQL_PREFIX "g = t." SQL_PREFIX "g",
                      w->groups.p, w->rows);
    return RC_OK;
}

rc sqlout_window_step(struct sql *s, const struct plan *p, const char *in, struct strbuf *out)
{
    struct strbuf keys = {0};
    const char *rows = arena_printf(s->cx->arena, "%s%d_rows", s->step_name, s->n_seen + 1);
    struct window_text w = {.s = s, .p = p, .rows = rows};
    enum rc_t res = put_keys(&w, in, &keys);
    if (res == RC_OK)
        strbuf_printf(&s->steps, "%s%s AS (\n  %s\n)", s->steps.n ? ",\n" : "", rows, keys.p);
    if (res == RC_OK) res = put_window(&w, out);
    strbuf_release(&keys);
    strbuf_release(&w.partition);
    strbuf_release(&w.sorted);
    strbuf_release(&w.running);
    strbuf_release(&w.over);
    strbuf_release(&w.groups);
    return res;
}
