/* func.c: function calls: scalar ones, aggregates, window functions with their frames. */
#include "lang/sql/query.h"

#include "runtime/base/civil.h"

static struct span call_span(struct query *q, const json_t *call)
{
    return sql_span(q->s, (int)sql_int_of(call, "location"));
}
static rc bind_all(struct query *q, const json_t *args, const struct expr ***out, int *n)
{
    *n = (int)sql_len(args);
    *out = ARENA_ARRAY(q->s->arena, const struct expr *, *n + 2);
    for (int i = 0; i < *n; i++) {
        const json_t *node = json_array_get(args, (size_t)i), *named;
        if (sql_is(node, "NamedArgExpr", &named)) node = sql_get(named, "arg");
        TRY(sql_expr(q, node, &(*out)[i]));
    }
    return RC_OK;
}

/* ---- functions that are no plain call ---- */
/* Whether PostgreSQL has a timestamptz there, although the plan knows no zone: now() and its like.
 */
static bool is_instant(const json_t *node)
{
    static const char *const names[] = {"now", "transaction_timestamp", "statement_timestamp",
                                        "clock_timestamp", "to_timestamp"};
    const json_t *b;
    if (sql_is(node, "SQLValueFunction", &b))
        return strncmp(sql_text_of(b, "op"), "SVFOP_CURRENT_TIMESTAMP", 23) == 0;
    if (sql_is(node, "A_Expr", &b))
        return is_instant(sql_get(b, "lexpr")) || is_instant(sql_get(b, "rexpr"));
    if (!sql_is(node, "FuncCall", &b)) return false;
    const json_t *fn = sql_get(b, "funcname"), *args = sql_get(b, "args");
    const char *name = sql_len(fn) ? sql_string(json_array_get(fn, sql_len(fn) - 1)) : "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return strcmp(name, "date_trunc") == 0 && is_instant(json_array_get(args, 1));
}
static rc time_zone(struct query *q, const json_t *call, const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr **args;
    int n;
    TRY(bind_all(q, sql_get(call, "args"), &args, &n));
    if (is_instant(json_array_get(sql_get(call, "args"), 1)))
        TRY(sql_as_instant(s->cx, s->arena, args[1], &args[1]));
    return sql_call(s->cx, s->arena, STR("timezone"), args, 2, call_span(q, call), out);
}
/* age(x): since x, today at midnight. */
static rc age_today(struct query *q, const json_t *call, const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr **args;
    int n;
    struct scalar day = {.type = DTYPE(KIND_DATETIME)};
    day.u.i = civil_day_of_us(statement_now(s->lg)) * US_PER_DAY;
    TRY(bind_all(q, sql_get(call, "args"), &args, &n));
    const struct expr *two[2] = {expr_literal(s->arena, &day, call_span(q, call)), args[0]};
    return sql_call(s->cx, s->arena, STR("age"), two, 2, call_span(q, call), out);
}
/* Its parts by place or by name: make_interval(days => 3). */
static rc make_interval(struct query *q, const json_t *call, const struct expr **out)
{
    static const char *const names[] = {"years", "months", "weeks", "days",
                                        "hours", "mins",   "secs"};
    struct sql *s = q->s;
    const json_t *list = sql_get(call, "args"), *named;
    const struct expr *args[7];
    struct span span = call_span(q, call);
    for (int i = 0; i < 7; i++)
        args[i] = sql_int_value(s, 0, span);
    for (size_t i = 0; i < sql_len(list); i++) {
        const json_t *node = json_array_get(list, i);
        size_t at = i;
        if (sql_is(node, "NamedArgExpr", &named)) {
            for (at = 0; at < 7 && strcmp(names[at], sql_text_of(named, "name")) != 0;)
                at++;
            node = sql_get(named, "arg");
        }
        if (at >= 7) {
            (void)fail(s->cx, E208, sql_node_span(s, node), "make_interval() has no such part");
            return err_hint(s->cx, "make_interval(days => 3, hours => 12)");
        }
        TRY(sql_expr(q, node, &args[at]));
    }
    return sql_call(s->cx, s->arena, STR("make_interval"), args, 7, span, out);
}
rc sql_special(struct query *q, const char *name, const json_t *call, const struct expr **out,
               bool *done)
{
    struct sql *s = q->s;
    static const char *const now[] = {"now",
                                      "current_timestamp",
                                      "transaction_timestamp",
                                      "statement_timestamp",
                                      "clock_timestamp",
                                      "localtimestamp"};
    *done = true;
    struct scalar v = {.type = DTYPE(KIND_DATETIME)};
    for (size_t i = 0; i < sizeof now / sizeof now[0]; i++)
        if (strcmp(name, now[i]) == 0 && sql_len(sql_get(call, "args")) == 0) {
            v.u.i = statement_now(s->lg);
            *out = expr_literal(s->arena, &v, call_span(q, call));
            return RC_OK;
        }
    if (sql_gives_rows(call)) return sql_rows_call(q, call, out);
    if (strcmp(name, "timezone") == 0 && sql_len(sql_get(call, "args")) == 2)
        return time_zone(q, call, out);
    if (strcmp(name, "age") == 0 && sql_len(sql_get(call, "args")) == 1)
        return age_today(q, call, out);
    if (strcmp(name, "make_interval") == 0) return make_interval(q, call, out);
    *done = false;
    return RC_OK;
}
static rc no_extras(struct query *q, const json_t *call, const char *name)
{
    struct sql *s = q->s;
    if (sql_get(call, "agg_filter") || sql_get(call, "agg_order") ||
        sql_bool_of(call, "agg_distinct") || sql_bool_of(call, "agg_star"))
        return fail(s->cx, E210, call_span(q, call),
                    "`%s` is no aggregate: it takes no DISTINCT, ORDER BY, FILTER or *", name);
    return RC_OK;
}
static const char *call_name(const json_t *call)
{
    const json_t *names = sql_get(call, "funcname");
    return sql_len(names) ? sql_string(json_array_get(names, sql_len(names) - 1)) : "";
}
static int call_args(const json_t *call)
{
    return (int)sql_len(sql_get(call, "args")) +
           (int)(sql_bool_of(call, "agg_within_group") ? sql_len(sql_get(call, "agg_order")) : 0);
}
static bool is_aggregate(const json_t *call)
{
    const struct sql_fn *fn = sql_fn_find(str_of(call_name(call)), call_args(call));
    return fn && (fn->kind == SQL_AGG || fn->kind == SQL_WITHIN);
}
/* A number for each row of the tables as they are joined: by the session's seed, the place of the
 * call and the row. */
static rc random_call(struct query *q, const struct sql_fn *fn, const json_t *call,
                      const struct expr **out)
{
    struct sql *s = q->s;
    struct span span = call_span(q, call);
    struct plan *p;
    if (!q->plan || (q->is_grouped && !q->in_agg)) {
        (void)fail(s->cx, E217, span, "%s() cannot stand here: it gives a number for each row",
                   fn->name);
        return err_note(s->cx, "select it in a sub-query: from (select *, %s() as r from t) t",
                        fn->name);
    }
    struct scalar seed = {.type = DTYPE(KIND_INT), .u.i = (int64_t)s->lg->seed};
    struct scalar place = {.type = DTYPE(KIND_INT), .u.i = s->lg->call_place++};
    const struct expr *args[2] = {expr_literal(s->arena, &seed, span),
                                  expr_literal(s->arena, &place, span)};
    struct named_expr item = {sql_fresh(s, "random"), NULL};
    TRY(expr_window(s->cx, s->arena, win_find(str_of(fn->ours)), args, 2, span, &item.expr));
    TRY(plan_window(s->cx, q->plan, NULL, 0, NULL, 0, &item, 1, span, &p));
    q->plan = sql_own(s, p);
    *out = sql_plan_col(s, q->plan, item.name);
    return RC_OK;
}
bool sql_has_random(const json_t *node)
{
    const json_t *b;
    const char *key;
    json_t *kid, *n = (json_t *)(uintptr_t)node;
    size_t i;
    if (sql_is(node, "SubLink", NULL)) return false;
    if (sql_is(node, "FuncCall", &b)) {
        const struct sql_fn *fn = sql_fn_find(str_of(call_name(b)), call_args(b));
        if (fn && fn->kind == SQL_RANDOM) return true;
    }
    if (json_is_array(node)) json_array_foreach(n, i, kid) if (sql_has_random(kid)) return true;
    if (json_is_object(node)) json_object_foreach(n, key, kid) if (sql_has_random(kid)) return true;
    return false;
}
rc sql_func(struct query *q, const json_t *call, const struct expr **out)
{
    struct sql *s = q->s;
    const char *name = call_name(call);
    const struct expr **args;
    bool done;
    int n;
    if (sql_get(call, "over")) return sql_window_call(q, name, call, out);
    if (is_aggregate(call)) return sql_aggregate(q, name, call, out);
    TRY(sql_special(q, name, call, out, &done));
    if (done) return RC_OK;
    const struct sql_fn *fn = sql_fn_find(str_of(name), call_args(call));
    if (fn && fn->kind == SQL_WINDOW) {
        (void)fail(s->cx, E217, call_span(q, call), "%s() needs OVER (..)", name);
        return err_note(s->cx, "%s() over (order by ..)", name);
    }
    if (fn && fn->kind == SQL_RANDOM) return random_call(q, fn, call, out);
    if (!sql_fn_known(str_of(name)) || fn) TRY(no_extras(q, call, name));
    TRY(bind_all(q, sql_get(call, "args"), &args, &n));
    return sql_call(s->cx, s->arena, str_of(name), args, n, call_span(q, call), out);
}

/* ---- aggregates ---- */
bool sql_has_aggregate(const json_t *node)
{
    const json_t *b;
    const char *key;
    json_t *kid, *n = (json_t *)(uintptr_t)node;
    size_t i;
    if (sql_is(node, "SubLink", &b)) return sql_has_aggregate(sql_get(b, "testexpr"));
    if (sql_is(node, "GroupingFunc", NULL)) return true;
    if (sql_is(node, "FuncCall", &b) && !sql_get(b, "over") && is_aggregate(b)) return true;
    if (json_is_array(node)) json_array_foreach(n, i, kid) if (sql_has_aggregate(kid)) return true;
    if (json_is_object(node))
        json_object_foreach(n, key, kid) if (sql_has_aggregate(kid)) return true;
    return false;
}
static rc within_args(struct query *q, const json_t *call, const struct expr **args, int *n,
                      bool *descending)
{
    const json_t *sb, *order = sql_get(call, "agg_order");
    const struct expr **direct;
    int n_direct;
    if (sql_len(order) != 1 || !sql_is(json_array_get(order, 0), "SortBy", &sb))
        return fail(q->s->cx, E217, call_span(q, call), "WITHIN GROUP takes one ORDER BY");
    TRY(sql_expr(q, sql_get(sb, "node"), &args[0]));
    *descending = strcmp(sql_text_of(sb, "sortby_dir"), "SORTBY_DESC") == 0;
    TRY(bind_all(q, sql_get(call, "args"), &direct, &n_direct));
    for (int i = 0; i < n_direct && i < 6; i++)
        args[1 + i] = direct[i];
    *n = 1 + (n_direct < 6 ? n_direct : 6);
    return RC_OK;
}
static rc make_agg(struct query *q, const char *name, const json_t *call, struct win_frame frame,
                   const struct expr **out)
{
    struct sql *s = q->s;
    const struct sql_fn *fn = sql_fn_find(str_of(name), call_args(call));
    const struct expr *some[8], **args = some, *where = NULL;
    bool descending = false, is_within = sql_bool_of(call, "agg_within_group");
    int n = 0;
    if (!fn || (fn->kind == SQL_WITHIN) != is_within)
        return fail(s->cx, E217, call_span(q, call),
                    is_within ? "`%s` takes no WITHIN GROUP"
                              : "`%s` needs WITHIN GROUP (ORDER BY ..)",
                    name);
    if (is_within) {
        TRY(within_args(q, call, some, &n, &descending));
    } else {
        TRY(bind_all(q, sql_get(call, "args"), &args, &n));
    }
    if (sql_get(call, "agg_filter")) {
        TRY(sql_condition(q, sql_get(call, "agg_filter"), &where));
        TRY(sql_filter(s, where, &where));
    }
    for (int i = 0; i < n; i++)
        if (args[i]->type.kind == KIND_NULL)
            TRY(expr_cast(s->cx, s->arena, args[i], KIND_STR, &args[i]));
    if (!is_within && frame.unit == FRAME_ALL && !sql_get(call, "over")) {
        bool done;
        TRY(sql_ordered_aggregate(q, fn, call, args, where, call_span(q, call), out, &done));
        if (done) return RC_OK;
    }
    return sql_agg(s->cx, s->arena, fn, args, n, sql_bool_of(call, "agg_distinct"), descending,
                   where, frame, call_span(q, call), out);
}
rc sql_keep_aggregate(struct query *q, const struct expr *e, struct span span,
                      const struct expr **out)
{
    struct sql *s = q->s;
    for (int i = 0; i < q->aggs.n; i++)
        if (expr_equal(q->aggs.all[i].expr, e)) {
            *out = expr_column(s->arena, q->aggs.all[i].name, e->type, span);
            return RC_OK;
        }
    const char *id = sql_fresh(s, "agg");
    sql_add_item(s, &q->aggs, id, e);
    *out = expr_column(s->arena, id, e->type, span);
    return RC_OK;
}
rc sql_aggregate(struct query *q, const char *name, const json_t *call, const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr *e;
    struct span span = call_span(q, call);
    if (q->in_agg)
        return fail(s->cx, E210, span,
                    "aggregates do not nest: put the inner one into a sub-query");
    if (q->where_text) {
        (void)fail(s->cx, E210, span, "the aggregate %s() cannot stand in %s", name, q->where_text);
        if (strcmp(q->where_text, "WHERE") == 0)
            return err_note(s->cx, "conditions on groups stand in HAVING");
        return RC_ERR;
    }
    bool could_window = q->can_window;
    q->in_agg = true;
    q->can_window = false;
    enum rc_t res = make_agg(q, name, call, (struct win_frame){.unit = FRAME_ALL}, &e);
    q->in_agg = false;
    q->can_window = could_window;
    TRY(res);
    if (e->op == EXPR_AGG) return sql_keep_aggregate(q, e, span, out);
    *out = e; /* made of several */
    return RC_OK;
}

/* ---- order ---- */
rc sql_sort_key(struct query *q, const json_t *sort_by, const struct expr *e, struct sort_key *out)
{
    const char *dir = sql_text_of(sort_by, "sortby_dir"),
               *nulls = sql_text_of(sort_by, "sortby_nulls");
    if (strcmp(dir, "SORTBY_USING") == 0)
        return fail(q->s->cx, E214, e->span, "ORDER BY .. USING does not run here");
    if (e->type.kind == KIND_NULL) TRY(expr_cast(q->s->cx, q->s->arena, e, KIND_INT, &e));
    out->expr = e;
    out->descending = strcmp(dir, "SORTBY_DESC") == 0;
    out->nulls_first = strcmp(nulls, "SORTBY_NULLS_FIRST") == 0 ||
                       (out->descending && strcmp(nulls, "SORTBY_NULLS_LAST") != 0);
    return RC_OK;
}

/* ---- frames ---- */
enum { /* PostgreSQL's FRAMEOPTION_ bits (nodes/parsenodes.h of version 15) */
       OPT_RANGE = 0x2,
       OPT_ROWS = 0x4,
       OPT_GROUPS = 0x8,
       OPT_START_OPEN = 0x20,
       OPT_END_OPEN = 0x100,
       OPT_START_HERE = 0x200,
       OPT_END_HERE = 0x400,
       OPT_START_BEFORE = 0x800,
       OPT_END_BEFORE = 0x1000,
       OPT_NOT_ROW = 0x8000,
       OPT_NOT_GROUP = 0x10000,
       OPT_NOT_TIES = 0x20000
};
static rc whole_offset(struct query *q, const json_t *node, int64_t *out)
{
    struct sql *s = q->s;
    const struct expr *e;
    TRY(sql_expr(q, node, &e));
    if (!sql_is_literal(e) || e->type.kind != KIND_INT || e->value.u.i < 0)
        return fail(s->cx, E207, e->span, "the frame's distance is a whole number, 0 or more");
    *out = e->value.u.i;
    return RC_OK;
}
/* A distance of RANGE in the unit of the sort key. */
static rc range_offset(struct query *q, const json_t *node, const struct sort_key *key,
                       int64_t *whole, double *num)
{
    struct sql *s = q->s;
    const struct expr *e;
    enum kind k = key->expr->type.kind;
    TRY(sql_expr(q, node, &e));
    if (!sql_is_literal(e)) return fail(s->cx, E207, e->span, "the frame's distance is a constant");
    if (e->type.kind == KIND_STR && (k == KIND_DATE || k == KIND_DATETIME))
        TRY(sql_interval_literal(s->cx, s->arena, e->value.u.s, STR(""), e->span, &e));
    bool is_number = dtype_is_number(e->type) && dtype_is_number(key->expr->type);
    bool is_time = e->type.kind == KIND_DURATION && !e->value.months &&
                   (k == KIND_DATE || k == KIND_DATETIME || k == KIND_DURATION);
    if (!is_number && !is_time)
        return fail(s->cx, E207, e->span,
                    "the frame's distance does not fit the column that orders the window");
    *num = e->type.kind == KIND_NUM ? e->value.u.f : (double)e->value.u.i;
    *whole = e->type.kind == KIND_NUM ? (int64_t)0 : e->value.u.i;
    if (k == KIND_DATE) *whole /= US_PER_DAY;
    if (k == KIND_INT && e->type.kind == KIND_NUM)
        return fail(s->cx, E207, e->span, "the distance of whole numbers is a whole number");
    if (*num < 0 || *whole < 0)
        return fail(s->cx, E209, e->span, "the frame's distance cannot be negative");
    return RC_OK;
}
static rc frame_end(struct query *q, const json_t *def, int64_t opts, bool is_start,
                    const struct sql_window *w, struct win_frame *f)
{
    const json_t *node = sql_get(def, is_start ? "startOffset" : "endOffset");
    bool is_open = opts & (is_start ? OPT_START_OPEN : OPT_END_OPEN);
    bool is_before = opts & (is_start ? OPT_START_BEFORE : OPT_END_BEFORE);
    int64_t whole = 0;
    double num = 0;
    if (is_open) {
        whole = is_start ? FRAME_OPEN_FROM : FRAME_OPEN_TO;
    } else if (node && f->unit == FRAME_RANGE) {
        if (w->n_sort != 1)
            return fail(q->s->cx, E217, sql_node_span(q->s, node),
                        "RANGE with a distance needs exactly one column in ORDER BY");
        TRY(range_offset(q, node, &w->sort[0], &whole, &num));
    } else if (node) {
        TRY(whole_offset(q, node, &whole));
    }
    if (is_before && !is_open) {
        whole = -whole;
        num = -num;
    }
    *(is_start ? &f->from : &f->to) = whole;
    *(is_start ? &f->num_from : &f->num_to) = num;
    return RC_OK;
}
static rc frame_of(struct query *q, const json_t *def, const struct sql_window *w,
                   struct win_frame *f)
{
    int64_t opts = sql_int_of(def, "frameOptions");
    bool has_offset = sql_get(def, "startOffset") || sql_get(def, "endOffset");
    f->exclude = opts & OPT_NOT_ROW     ? EXCLUDE_CURRENT_ROW
                 : opts & OPT_NOT_GROUP ? EXCLUDE_GROUP
                 : opts & OPT_NOT_TIES  ? EXCLUDE_TIES
                                        : EXCLUDE_NONE;
    f->unit = opts & OPT_ROWS                    ? FRAME_ROWS
              : opts & OPT_GROUPS || !has_offset ? FRAME_GROUPS
                                                 : FRAME_RANGE;
    if (w->n_sort == 0 && (opts & OPT_GROUPS))
        return fail(q->s->cx, E213, sql_node_span(q->s, def),
                    "GROUPS needs ORDER BY in the window");
    TRY(frame_end(q, def, opts, true, w, f));
    TRY(frame_end(q, def, opts, false, w, f));
    bool is_whole = f->from == FRAME_OPEN_FROM &&
                    (f->to == FRAME_OPEN_TO || (w->n_sort == 0 && f->unit == FRAME_GROUPS));
    if (is_whole && f->exclude == EXCLUDE_NONE) f->unit = FRAME_ALL;
    bool is_running =
        f->unit == FRAME_ROWS && f->from == FRAME_OPEN_FROM && f->to == 0 && !has_offset;
    if (is_running && f->exclude == EXCLUDE_NONE) f->unit = FRAME_RUNNING;
    return RC_OK;
}

/* ---- windows ---- */
static const json_t *named_window(struct query *q, const char *name)
{
    const json_t *w;
    for (size_t i = 0; i < sql_len(q->windows); i++)
        if (sql_is(json_array_get(q->windows, i), "WindowDef", &w) &&
            strcmp(sql_text_of(w, "name"), name) == 0)
            return w;
    return NULL;
}
/* PARTITION BY and ORDER BY of a definition and of the one it builds on. */
static rc window_parts(struct query *q, const json_t *def, struct sql_window *w, int depth)
{
    struct sql *s = q->s;
    const json_t *order = sql_get(def, "orderClause"), *by = sql_get(def, "partitionClause"), *sb;
    const char *base = sql_text_of(def, "refname");
    if (*base) {
        const json_t *up = named_window(q, base);
        if (!up || depth > 20)
            return fail(s->cx, E202, sql_span(s, (int)sql_int_of(def, "location")),
                        "there is no window `%s`", base);
        TRY(window_parts(q, up, w, depth + 1));
    }
    if (sql_len(by)) TRY(bind_all(q, by, &w->by, &w->n_by));
    if (!sql_len(order)) return RC_OK;
    w->sort = ARENA_ARRAY(s->arena, struct sort_key, sql_len(order));
    w->n_sort = 0;
    for (size_t i = 0; i < sql_len(order); i++) {
        const struct expr *e;
        if (!sql_is(json_array_get(order, i), "SortBy", &sb)) continue;
        TRY(sql_expr(q, sql_get(sb, "node"), &e));
        TRY(sql_sort_key(q, sb, e, &w->sort[w->n_sort++]));
    }
    return RC_OK;
}
static rc window_function(struct query *q, const struct sql_fn *fn, const json_t *call,
                          struct win_frame frame, const struct expr **out)
{
    struct sql *s = q->s;
    const struct expr **args;
    struct span span = call_span(q, call);
    int n;
    TRY(bind_all(q, sql_get(call, "args"), &args, &n));
    const struct agg_desc *agg = agg_find(str_of(fn->ours));
    const struct win_desc *win = win_find(str_of(fn->ours));
    if (n > 0 && args[0]->type.kind == KIND_NULL)
        TRY(expr_cast(s->cx, s->arena, args[0], KIND_STR, &args[0]));
    if (n == 3) {
        const struct expr *two[2] = {args[0], args[2]};
        TRY(sql_unify(s->cx, s->arena, two, 2, span));
        args[0] = two[0];
        args[2] = two[1];
    }
    if (n == 1 && strcmp(fn->ours, "nth") == 0) { /* first_value, last_value */
        const struct expr *two[2] = {args[0], NULL};
        two[1] = sql_int_value(s, strcmp(fn->name, "first_value") == 0 ? 1 : -1, span);
        return expr_agg(s->cx, s->arena, agg, two, 2, NULL, frame, span, out);
    }
    if (win) return expr_window(s->cx, s->arena, win, args, n, span, out);
    if (agg) return expr_agg(s->cx, s->arena, agg, args, n, NULL, frame, span, out);
    return fail(s->cx, E214, span, "%s() does not run here yet", fn->name);
}
static rc bind_window(struct query *q, const char *name, const json_t *call, const json_t *def,
                      struct sql_window *w)
{
    struct sql *s = q->s;
    struct win_frame frame = {0};
    struct span span = call_span(q, call);
    const char *only = sql_text_of(def, "name");
    if (*only) { /* OVER w */
        const json_t *up = named_window(q, only);
        if (!up) return fail(s->cx, E202, span, "there is no window `%s`", only);
        def = up;
    }
    TRY(window_parts(q, def, w, 0));
    TRY(frame_of(q, def, w, &frame));
    const struct sql_fn *fn = sql_fn_find(str_of(name), call_args(call));
    if (!fn && sql_fn_known(str_of(name)))
        return fail(s->cx, E208, span, "`%s` takes another number of values", name);
    if (!fn) return fail(s->cx, E204, span, "there is no window function `%s`", name);
    if (fn->kind == SQL_WINDOW) return window_function(q, fn, call, frame, &w->call);
    if (fn->kind != SQL_AGG)
        return fail(s->cx, E210, span, "`%s` takes no OVER: it is no aggregate or window function",
                    name);
    if (sql_get(call, "agg_order"))
        return fail(s->cx, E217, span, "ORDER BY stands in OVER (..) here");
    return make_agg(q, name, call, frame, &w->call);
}
rc sql_window_call(struct query *q, const char *name, const json_t *call, const struct expr **out)
{
    struct sql *s = q->s;
    struct sql_window w = {0};
    struct span span = call_span(q, call);
    if (!q->can_window) {
        (void)fail(s->cx, E217, span, "window functions stand in the select list and in ORDER BY");
        return err_note(s->cx, "compute it in a sub-query, and use it outside");
    }
    q->can_window = false;
    enum rc_t res = bind_window(q, name, call, sql_get(call, "over"), &w);
    q->can_window = true;
    TRY(res);
    w.name = sql_fresh(s, "win");
    SQL_GROW(q, q->wins, q->n_wins, q->cap_wins);
    q->wins[q->n_wins++] = w;
    *out = expr_column(s->arena, w.name, w.call->type, span);
    return RC_OK;
}
