/* sql.c: see sql.h. A step yields the column mlnb_row (the row's place) and then the node's
 * columns, in order; a node that stands twice in the plan is one step. */
#include "runtime/plan/sql_int.h"

#include "runtime/io/io.h"

#include <math.h>
#include <stdio.h>

/* ---- pieces ---- */
void sqlout_as(struct sql *s, const struct schema *schema, int i, struct strbuf *out)
{
    strbuf_addz(out, " AS ");
    sql_column_name(out, s->d, schema, i);
}

/* ", t.a, t.b": every column. */
rc sqlout_columns(struct sql *s, const char *alias, const struct schema *schema, struct strbuf *out)
{
    for (int i = 0; i < schema->n; i++) {
        strbuf_printf(out, ", %s.", alias);
        sql_column_name(out, s->d, schema, i);
    }
    return RC_OK;
}

static rc put_by(struct sql *s, const struct sql_side *side, const struct expr *const *by, int n,
                 struct strbuf *out)
{
    for (int i = 0; i < n; i++) {
        if (i) strbuf_addz(out, ", ");
        TRY(sqlout_expr(s, side, by[i], out));
    }
    return RC_OK;
}

/* "key1, key2, t.mlnb_row": a total order. */
static rc put_order(struct sql *s, const struct sql_side *side, const struct sort_key *keys, int n,
                    struct strbuf *out)
{
    for (int i = 0; i < n; i++) {
        TRY(sqlout_sort_key(s, side, &keys[i], out));
        strbuf_addz(out, ", ");
    }
    strbuf_printf(out, "%s." SQL_ROW, side->alias);
    return RC_OK;
}

/* ---- leaves ---- */
static const char *leaf_label(const struct plan *p)
{
    return p->op == PLAN_SCAN ? io_head(p->u.scan.scan)->label : p->u.table.label;
}

/* "trips" for "data/trips.csv.gz". */
static void put_stem(struct sql *s, const char *label, struct strbuf *out)
{
    const char *slash = strrchr(label, '/');
    const char *from = slash ? slash + 1 : label, *dot = strchr(from, '.');
    size_t n = dot && dot > from ? (size_t)(dot - from) : strlen(from);
    sql_quote_name(out, s->d, arena_strndup(s->cx->arena, from, n));
}

static bool put_file(struct sql *s, const struct plan *p, struct strbuf *out)
{
    const struct io_scan_head *head = io_head(p->u.scan.scan);
    struct scalar path = {.type = DTYPE(KIND_STR), .u.s = str_of(head->label)};
    for (const struct sql_scan *k = s->d->scans; k && k->format; k++) {
        if (strcmp(k->format, head->format->name) != 0) continue;
        for (const char *c = k->text; *c; c++) {
            if (c[0] == '%' && c[1] == '1') {
                if (!sql_literal(out, s->d, &path)) return false;
                c++;
            } else {
                strbuf_addc(out, *c);
            }
        }
        return true;
    }
    return false;
}

static rc put_source(struct sql *s, const struct plan *p, struct strbuf *out)
{
    const char *label = leaf_label(p);
    const char *name = s->options->leaf ? s->options->leaf(s->options->arg, p) : NULL;
    if (name) {
        strbuf_addz(out, name);
        return RC_OK;
    }
    if (p->op == PLAN_SCAN && put_file(s, p, out)) return RC_OK;
    if (!label || !*label) return sqlout_refuse(s, p->span, "a large table without a name");
    put_stem(s, label, out);
    return RC_OK;
}

/* Columns of a named table, each cast to our type (readers of files choose their own). */
static rc named_leaf(struct sql *s, const struct plan *p, struct strbuf *out)
{
    const char *position = s->options->position;
    struct sql_side side = {"t", p->schema};
    strbuf_addz(out, "SELECT ");
    if (position)
        strbuf_printf(out, "t.%s AS " SQL_ROW, position);
    else
        strbuf_addz(out, "row_number() OVER () AS " SQL_ROW);
    for (int i = 0; i < p->schema->n; i++) {
        strbuf_addz(out, position ? ", t." : ", CAST(t.");
        if (position)
            sql_column_name(out, s->d, p->schema, i);
        else
            sql_quote_name(out, s->d, p->schema->fields[i].name);
        if (!position) {
            strbuf_addz(out, " AS ");
            TRY(sqlout_type(s, p->schema->fields[i].type, p->span, out));
            strbuf_addc(out, ')');
        }
        sqlout_as(s, p->schema, i, out);
    }
    strbuf_addz(out, " FROM ");
    TRY(put_source(s, p, out));
    strbuf_addz(out, " AS t");
    if (p->op == PLAN_TABLE || !p->u.scan.filter) return RC_OK;
    strbuf_addz(out, " WHERE ");
    return sqlout_predicate(s, &side, p->u.scan.filter, out);
}

/* A value inside VALUES: the step casts the column, so texts will do for most kinds. */
static bool put_cell(struct sql *s, const struct column *c, int64_t row, struct strbuf *out)
{
    struct scalar v = column_scalar(c, row);
    struct strbuf text = {0};
    bool fits = true;
    if (v.is_null) {
        strbuf_addz(out, "NULL");
    } else if (v.type.kind == KIND_INT || v.type.kind == KIND_DURATION) {
        strbuf_printf(out, "%lld", (long long)v.u.i);
    } else if (v.type.kind == KIND_BOOL) {
        strbuf_addz(out, v.u.b ? "true" : "false");
    } else if (v.type.kind == KIND_LIST || v.type.kind == KIND_STR || v.type.kind == KIND_CAT) {
        fits = sql_literal(out, s->d, &v);
    } else if (v.type.kind == KIND_STRUCT) {
        fits = false;
    } else { /* numbers and times: as quoted text, read back by the cast */
        bool is_inf = v.type.kind == KIND_NUM && isinf(v.u.f);
        scalar_text(&text, &v, false);
        strbuf_printf(out, "'%s'", is_inf ? (v.u.f > 0 ? "Infinity" : "-Infinity") : text.p);
    }
    strbuf_release(&text);
    scalar_release(&v);
    return fits;
}

static rc put_rows(struct sql *s, const struct plan *p, struct strbuf *out)
{
    const struct table *t = p->u.table.table;
    for (int64_t i = 0; i < (t->n_rows ? t->n_rows : 1); i++) {
        strbuf_printf(out, "%s(%lld", i ? ",\n    " : "", (long long)(t->n_rows ? i + 1 : 0));
        for (int c = 0; c < t->schema->n; c++) {
            strbuf_addz(out, ", ");
            if (t->n_rows == 0)
                strbuf_addz(out, "NULL");
            else if (!put_cell(s, t->cols[c], i, out))
                return sqlout_refuse(s, p->span, "a value of the table");
        }
        strbuf_addc(out, ')');
    }
    return RC_OK;
}

static rc inline_leaf(struct sql *s, const struct plan *p, struct strbuf *out)
{
    strbuf_addz(out, "SELECT t." SQL_ROW);
    for (int i = 0; i < p->schema->n; i++) {
        strbuf_printf(out, ", CAST(t." SQL_PREFIX "%d AS ", i + 1);
        TRY(sqlout_type(s, p->schema->fields[i].type, p->span, out));
        strbuf_addc(out, ')');
        sqlout_as(s, p->schema, i, out);
    }
    strbuf_addz(out, " FROM (VALUES\n    ");
    TRY(put_rows(s, p, out));
    strbuf_addz(out, ") AS t(" SQL_ROW);
    for (int i = 0; i < p->schema->n; i++)
        strbuf_printf(out, ", " SQL_PREFIX "%d", i + 1);
    strbuf_addc(out, ')');
    if (p->u.table.table->n_rows == 0) strbuf_addz(out, " WHERE false");
    return RC_OK;
}

rc sqlout_leaf_step(struct sql *s, const struct plan *p, struct strbuf *out)
{
    bool is_small = p->op == PLAN_TABLE && p->u.table.table->n_rows <= s->options->inline_rows;
    return is_small ? inline_leaf(s, p, out) : named_leaf(s, p, out);
}

/* ---- nodes with one input ---- */
static rc filter_step(struct sql *s, const struct plan *p, const char *in, struct strbuf *out)
{
    struct sql_side side = {"t", p->inputs[0]->schema};
    strbuf_printf(out, "SELECT t.* FROM %s AS t WHERE ", in);
    return sqlout_predicate(s, &side, p->u.filter.predicate, out);
}

static rc project_step(struct sql *s, const struct plan *p, const char *in, struct strbuf *out)
{
    struct sql_side side = {"t", p->inputs[0]->schema};
    strbuf_addz(out, "SELECT t." SQL_ROW);
    for (int i = 0; i < p->u.project.n; i++) {
        strbuf_addz(out, ", ");
        TRY(sqlout_expr(s, &side, p->u.project.items[i].expr, out));
        sqlout_as(s, p->schema, i, out);
    }
    strbuf_printf(out, " FROM %s AS t", in);
    return RC_OK;
}

/* Groups in key order; the keys are computed inside, so that they are written once. */
static rc aggregate_step(struct sql *s, const struct plan *p, const char *in, struct strbuf *out)
{
    struct sql_side side = {"t", p->inputs[0]->schema}, groups = {"g", p->schema};
    struct sql_frame frame = {"", "", "", "", "t." SQL_ROW, "t." SQL_ROW};
    int n_keys = p->u.aggregate.n_keys;
    strbuf_addz(out, "SELECT row_number() OVER (");
    for (int i = 0; i < n_keys; i++) {
        struct arena *a = s->cx->arena;
        const struct field *f = &p->schema->fields[i];
        struct sort_key key = {.expr = expr_column(a, f->name, f->type, p->span)};
        strbuf_addz(out, i ? ", " : "ORDER BY ");
        TRY(sqlout_sort_key(s, &groups, &key, out));
    }
    strbuf_addz(out, ") AS " SQL_ROW);
    TRY(sqlout_columns(s, "g", p->schema, out));
    strbuf_addz(out, " FROM (SELECT ");
    for (int i = 0; i < n_keys + p->u.aggregate.n; i++) {
        if (i) strbuf_addz(out, ", ");
        if (i < n_keys)
            TRY(sqlout_expr(s, &side, p->u.aggregate.keys[i].expr, out));
        else
            TRY(sqlout_aggregate(s, &side, &frame, p->u.aggregate.items[i - n_keys].expr, out));
        sqlout_as(s, p->schema, i, out);
    }
    strbuf_printf(out, " FROM %s AS t", in);
    for (int i = 0; i < n_keys; i++)
        strbuf_printf(out, "%s%d", i ? ", " : " GROUP BY ", i + 1);
    strbuf_addz(out, ") AS g");
    return RC_OK;
}

static rc sort_step(struct sql *s, const struct plan *p, const char *in, struct strbuf *out)
{
    struct sql_side side = {"t", p->schema};
    bool is_cut = p->u.sort.limit >= 0;
    if (is_cut) strbuf_addz(out, "SELECT t.* FROM (");
    strbuf_addz(out, "SELECT row_number() OVER (ORDER BY ");
    TRY(put_order(s, &side, p->u.sort.keys, p->u.sort.n, out));
    strbuf_addz(out, ") AS " SQL_ROW);
    TRY(sqlout_columns(s, "t", p->schema, out));
    strbuf_printf(out, " FROM %s AS t", in);
    if (is_cut)
        strbuf_printf(out, ") AS t WHERE t." SQL_ROW " <= %lld", (long long)p->u.sort.limit);
    return RC_OK;
}

/* Rows [offset, offset + n) by their number in the group, from 1. */
static void put_range(const struct plan *p, struct strbuf *out)
{
    int64_t offset = p->u.limit.offset, n = p->u.limit.n;
    strbuf_printf(out, " WHERE t." SQL_PREFIX "n > %lld", (long long)offset);
    if (n >= 0 && offset <= INT64_MAX - n)
        strbuf_printf(out, " AND t." SQL_PREFIX "n <= %lld", (long long)(offset + n));
}

/* "PARTITION BY .. " or nothing. */
static rc put_partition(struct sql *s, const struct sql_side *side, const struct expr *const *by,
                        int n, struct strbuf *out)
{
    if (n == 0) return RC_OK;
    strbuf_addz(out, "PARTITION BY ");
    TRY(put_by(s, side, by, n, out));
    strbuf_addc(out, ' ');
    return RC_OK;
}

/* Counted from the end, the last row of a group is number 1. */
static rc put_number(struct sql *s, const struct sql_side *side, const struct plan *p,
                     struct strbuf *out)
{
    if (p->u.limit.from_end) {
        strbuf_addz(out, "count(*) OVER (");
        TRY(put_partition(s, side, p->u.limit.by, p->u.limit.n_by, out));
        strbuf_addz(out, ") + 1 - ");
    }
    strbuf_addz(out, "row_number() OVER (");
    TRY(put_partition(s, side, p->u.limit.by, p->u.limit.n_by, out));
    strbuf_addz(out, "ORDER BY ");
    TRY(put_order(s, side, p->u.limit.sort, p->u.limit.n_sort, out));
    strbuf_addz(out, ") AS " SQL_PREFIX "n");
    return RC_OK;
}

/* Rows come out by `by`, then the sort keys, then as they were. */
static rc limit_step(struct sql *s, const struct plan *p, const char *in, struct strbuf *out)
{
    struct sql_side side = {"t", p->schema};
    strbuf_addz(out, "SELECT t." SQL_ROW);
    TRY(sqlout_columns(s, "t", p->schema, out));
    strbuf_addz(out, " FROM (SELECT row_number() OVER (ORDER BY ");
    for (int i = 0; i < p->u.limit.n_by; i++) {
        TRY(sqlout_sort_key(s, &side, &(struct sort_key){.expr = p->u.limit.by[i]}, out));
        strbuf_addz(out, ", ");
    }
    TRY(put_order(s, &side, p->u.limit.sort, p->u.limit.n_sort, out));
    strbuf_addz(out, ") AS " SQL_ROW);
    TRY(sqlout_columns(s, "t", p->schema, out));
    strbuf_addz(out, ", ");
    TRY(put_number(s, &side, p, out));
    strbuf_printf(out, " FROM %s AS t) AS t", in);
    put_range(p, out);
    return RC_OK;
}

static rc distinct_step(struct sql *s, const struct plan *p, const char *in, struct strbuf *out)
{
    struct sql_side side = {"t", p->schema};
    int n_by = p->u.distinct.n_by;
    strbuf_addz(out, "SELECT t." SQL_ROW);
    TRY(sqlout_columns(s, "t", p->schema, out));
    strbuf_addz(out, " FROM (SELECT t.*, row_number() OVER (");
    if (n_by > 0) {
        TRY(put_partition(s, &side, p->u.distinct.by, n_by, out));
    } else if (p->schema->n > 0) {
        strbuf_addz(out, "PARTITION BY ");
        for (int i = 0; i < p->schema->n; i++) {
            strbuf_addz(out, i ? ", t." : "t.");
            sql_column_name(out, s->d, p->schema, i);
        }
        strbuf_addc(out, ' ');
    }
    strbuf_addz(out, "ORDER BY ");
    TRY(put_order(s, &side, p->u.distinct.sort, p->u.distinct.n_sort, out));
    strbuf_printf(out, ") AS " SQL_PREFIX "n FROM %s AS t) AS t WHERE t." SQL_PREFIX "n = 1", in);
    return RC_OK;
}

static rc union_step(struct sql *s, const struct plan *p, const char *a, const char *b,
                     struct strbuf *out)
{
    strbuf_addz(out, "SELECT row_number() OVER (ORDER BY t." SQL_PREFIX "part, t." SQL_ROW
                     ") AS " SQL_ROW);
    TRY(sqlout_columns(s, "t", p->schema, out));
    strbuf_printf(out,
                  " FROM (SELECT 0 AS " SQL_PREFIX "part, l.* FROM %s AS l UNION ALL SELECT 1, r.* "
                  "FROM %s AS r) AS t",
                  a, b);
    return RC_OK;
}

/* ---- unnest ---- */
static int unnested_at(const struct plan *p, int i)
{
    for (int k = 0; k < p->u.unnest.n; k++)
        if (strcmp(p->u.unnest.columns[k], p->inputs[0]->schema->fields[i].name) == 0) return k;
    return -1;
}

/* Elements of the longest list of row t; 0 when all are null. */
static void put_longest(struct sql *s, const struct plan *p, struct strbuf *out)
{
    const struct schema *in = p->inputs[0]->schema;
    const char *length = s->d->id == SQL_postgres ? "cardinality" : "len";
    strbuf_addz(out, "greatest(0");
    for (int i = 0; i < in->n; i++) {
        if (unnested_at(p, i) < 0) continue;
        strbuf_printf(out, ", coalesce(%s(t.", length);
        sql_column_name(out, s->d, in, i);
        strbuf_addz(out, "), 0)");
    }
    strbuf_addc(out, ')');
}

static rc unnest_step(struct sql *s, const struct plan *p, const char *in, struct strbuf *out)
{
    const struct schema *from = p->inputs[0]->schema;
    struct strbuf n = {0};
    put_longest(s, p, &n);
    strbuf_addz(out,
                "SELECT row_number() OVER (ORDER BY t." SQL_ROW ", i." SQL_PREFIX "i) AS " SQL_ROW);
    for (int i = 0; i < from->n; i++) {
        strbuf_addz(out, ", t.");
        sql_column_name(out, s->d, from, i);
        if (unnested_at(p, i) >= 0) strbuf_addz(out, "[i." SQL_PREFIX "i]");
        sqlout_as(s, p->schema, i, out);
    }
    if (p->u.unnest.index_name) {
        strbuf_printf(out, ", CASE WHEN %s > 0 THEN CAST(i." SQL_PREFIX "i AS BIGINT) END", n.p);
        sqlout_as(s, p->schema, from->n, out);
    }
    strbuf_printf(out, " FROM %s AS t CROSS JOIN LATERAL (SELECT ", in);
    strbuf_addz(out,
                s->d->id == SQL_postgres ? "generate_series(1, " : "unnest(generate_series(1, ");
    strbuf_printf(out, p->u.unnest.keep_empty ? "greatest(%s, 1))" : "%s)", n.p);
    strbuf_printf(out, "%s AS " SQL_PREFIX "i) AS i", s->d->id == SQL_postgres ? "" : ")");
    strbuf_release(&n);
    return RC_OK;
}

/* ---- the tree ---- */
static rc put_select(struct sql *s, const struct plan *p, const char *a, const char *b,
                     struct strbuf *out)
{
    switch (p->op) {
    case PLAN_TABLE:
    case PLAN_SCAN: return sqlout_leaf_step(s, p, out);
    case PLAN_FILTER: return filter_step(s, p, a, out);
    case PLAN_PROJECT: return project_step(s, p, a, out);
    case PLAN_AGGREGATE: return aggregate_step(s, p, a, out);
    case PLAN_WINDOW: return sqlout_window_step(s, p, a, out);
    case PLAN_SORT: return sort_step(s, p, a, out);
    case PLAN_LIMIT: return limit_step(s, p, a, out);
    case PLAN_DISTINCT: return distinct_step(s, p, a, out);
    case PLAN_JOIN: return sqlout_join_step(s, p, a, b, out);
    case PLAN_UNION: return union_step(s, p, a, b, out);
    case PLAN_UNNEST: return unnest_step(s, p, a, out);
    default: return sqlout_refuse(s, p->span, "this kind of step");
    }
}

static int seen_number(const struct sql *s, const struct plan *p)
{
    for (int i = 0; i < s->n_seen; i++)
        if (s->seen[i].node == p) return s->seen[i].number;
    return 0;
}

static int remember(struct sql *s, const struct plan *p)
{
    if (s->n_seen == s->cap_seen) {
        s->cap_seen = s->cap_seen ? s->cap_seen * 2 : 16;
        s->seen = mem_realloc(s->seen, sizeof *s->seen * (size_t)s->cap_seen);
    }
    s->seen[s->n_seen] = (struct sql_step){p, s->n_seen + 1};
    return s->seen[s->n_seen++].number;
}

static rc put_step(struct sql *s, const struct plan *p, int *number)
{
    char names[2][40] = {"", ""};
    struct strbuf select = {0};
    *number = seen_number(s, p);
    if (*number) return RC_OK;
    for (int i = 0; i < 2 && p->inputs[i]; i++) {
        int k;
        TRY(put_step(s, p->inputs[i], &k));
        snprintf(names[i], sizeof names[i], "%s%d", s->step_name, k);
    }
    s->node = p;
    enum rc_t res = put_select(s, p, names[0], names[1], &select);
    *number = remember(s, p);
    strbuf_printf(&s->steps, "%s%s%d AS (\n  %s\n)", s->steps.n ? ",\n" : "", s->step_name, *number,
                  select.p ? select.p : "");
    strbuf_release(&select);
    return res;
}

/* Something that no table's name begins with. */
static bool begins_a_label(const struct plan *p, const char *name)
{
    const char *label = !p || (p->op != PLAN_TABLE && p->op != PLAN_SCAN) ? NULL : leaf_label(p);
    const char *slash = label ? strrchr(label, '/') : NULL;
    if (!p) return false;
    if (slash) label = slash + 1;
    if (label && str_eq_nocase((struct str){label, strlen(label) < strlen(name) ? 0 : strlen(name)},
                               str_of(name)))
        return true;
    return begins_a_label(p->inputs[0], name) || begins_a_label(p->inputs[1], name);
}

static void put_last(struct sql *s, const struct plan *p, int number, struct strbuf *out)
{
    strbuf_printf(out, "WITH %s\nSELECT ", s->steps.p);
    for (int i = 0; i < p->schema->n; i++) {
        strbuf_addz(out, i ? ", t." : "t.");
        sql_column_name(out, s->d, p->schema, i);
        strbuf_addz(out, " AS ");
        sql_quote_name(out, s->d, *p->schema->fields[i].name ? p->schema->fields[i].name : " ");
    }
    if (p->schema->n == 0) strbuf_addz(out, "t." SQL_ROW);
    strbuf_printf(out, "\nFROM %s%d AS t ORDER BY t." SQL_ROW, s->step_name, number);
}

static void sql_end(struct sql *s)
{
    strbuf_release(&s->steps);
    mem_free(s->seen);
}

rc plan_sql_with(struct ctx *cx, const struct plan *p, const struct sql_dialect *d,
                 const struct sql_options *options, struct strbuf *out)
{
    struct sql s = {.cx = cx, .d = d, .options = options, .step_name = "step"};
    int number;
    while (begins_a_label(p, s.step_name))
        s.step_name = arena_printf(cx->arena, "%s_", s.step_name);
    enum rc_t res = put_step(&s, p, &number);
    if (res == RC_OK) put_last(&s, p, number, out);
    sql_end(&s);
    return res;
}

static const struct sql_options default_options = {.inline_rows = 100};

rc plan_sql(struct ctx *cx, const struct plan *p, const struct sql_dialect *d, struct strbuf *out)
{
    return plan_sql_with(cx, p, d, &default_options, out);
}

static const char *any_leaf(void *arg, const struct plan *leaf)
{
    (void)arg;
    (void)leaf;
    return "leaf";
}

bool plan_sql_supports(const struct plan *p, const struct sql_dialect *d, const char **why)
{
    static const struct sql_options options = {.position = SQL_ROW, .leaf = any_leaf};
    struct error err = {0};
    struct ctx cx = {.err = &err, .arena = arena_new()};
    struct sql s = {.cx = &cx, .d = d, .options = &options, .node = p, .step_name = "step"};
    struct strbuf text = {0};
    bool fits = true;
    for (int i = 0; i < p->schema->n && fits; i++)
        fits = sql_type_name(&text, d, p->schema->fields[i].type);
    if (why) *why = fits ? "a function of the step" : "the type of a column";
    fits = fits && put_select(&s, p, "a", "b", &text) == RC_OK;
    err_clear(&err);
    strbuf_release(&text);
    sql_end(&s);
    arena_free(cx.arena);
    return fits;
}
