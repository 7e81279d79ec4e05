/* names.c: which column a name means, and what unnamed items are called. */
#include "lang/sql/query.h"

void sql_grow(struct arena *a, void **arr, int n, int *cap, size_t size)
{
    if (n < *cap) return;
    int more = *cap ? *cap * 2 : 8;
    void *p = arena_zero(a, mem_mul(size, (size_t)more));
    if (n) memcpy(p, *arr, size * (size_t)n);
    *arr = p;
    *cap = more;
}
const char *sql_fresh(struct sql *s, const char *stem)
{
    return arena_printf(s->arena, ".%s%d", stem, s->n_prefixes++);
}
const char *sql_prefix(struct sql *s, const json_t *node, const char *alias)
{
    bool is_taken = false;
    for (int i = 0; i < s->n_prefix; i++) {
        if (node && s->prefixes[i].node == node) return s->prefixes[i].name;
        is_taken = is_taken || strcmp(s->prefixes[i].name, alias) == 0;
    }
    if (is_taken) alias = arena_printf(s->arena, "%s#%d", alias, ++s->n_prefixes);
    sql_grow(s->arena, (void **)&s->prefixes, s->n_prefix, &s->cap_prefix, sizeof *s->prefixes);
    s->prefixes[s->n_prefix++] = (struct sql_prefix){node, alias};
    return alias;
}
struct sql_col *sql_add_col(struct query *q, struct sql_cols *cols, const char *table,
                            const char *name, const char *id, struct dtype type)
{
    SQL_GROW(q, cols->all, cols->n, cols->cap);
    struct sql_col *c = &cols->all[cols->n++];
    *c = (struct sql_col){.table = table, .name = name, .id = id, .type = type};
    return c;
}
const struct expr *sql_col_expr(struct query *q, const struct sql_col *c, struct span span)
{
    return expr_column(q->s->arena, c->id, c->type, span);
}

/* ---- looking up ---- */
static bool fits(const char *have, const char *want, bool exact)
{
    return exact ? strcmp(have, want) == 0 : str_eq_nocase(str_of(have), str_of(want));
}
struct sql_col *sql_find_col(struct sql_cols *cols, const char *table, const char *name,
                             bool is_quoted, int *n)
{
    for (int exact = 1; exact >= (is_quoted ? 1 : 0); exact--) {
        struct sql_col *found = NULL;
        *n = 0;
        for (int i = 0; i < cols->n; i++) {
            struct sql_col *c = &cols->all[i];
            if (table ? !c->table || !fits(c->table, table, false) : c->is_hidden) continue;
            if (!fits(c->name, name, exact)) continue;
            if (found && c->level > found->level) continue;
            *n = found && c->level == found->level ? *n + 1 : 1;
            found = c;
        }
        if (*n) return found;
    }
    *n = 0;
    return NULL;
}
int sql_fields(struct query *q, const json_t *ref, const char **names, bool *quoted, int max,
               bool *is_star)
{
    const json_t *fields = sql_get(ref, "fields");
    const struct sql *s = q->s;
    int n = 0;
    uint32_t at = sql_old_at(s, (uint32_t)sql_int_of(ref, "location"));
    *is_star = false;
    for (size_t i = 0; i < sql_len(fields) && n < max; i++) {
        const json_t *f = json_array_get(fields, i);
        struct sql_tok t = sql_scan(s->text.old, at);
        if (sql_is(f, "A_Star", NULL)) {
            *is_star = true;
            continue;
        }
        const char *name = sql_string(f);
        struct str text = {s->text.old.p + t.from, t.to - t.from};
        quoted[n] = t.kind == SQL_QUOTED;
        if (t.kind == SQL_WORD && str_eq_nocase(text, str_of(name)))
            name = arena_strndup(s->arena, text.p, text.n);
        names[n++] = name;
        at = sql_scan(s->text.old, t.to).to; /* behind the dot */
    }
    return n;
}
static struct span ref_span(struct query *q, const json_t *ref)
{
    const struct sql *s = q->s;
    uint32_t from = sql_old_at(s, (uint32_t)sql_int_of(ref, "location")), at = from;
    struct sql_tok t = {SQL_END, from, from};
    for (size_t i = 0; i < sql_len(sql_get(ref, "fields")); i++) {
        t = sql_scan(s->text.old, at);
        at = sql_scan(s->text.old, t.to).to;
    }
    return sql_span_old(s, from, t.to);
}
static bool knows_table(const struct sql_cols *cols, const char *table)
{
    for (int i = 0; i < cols->n; i++)
        if (cols->all[i].table && fits(cols->all[i].table, table, false)) return true;
    return false;
}
static rc unknown_table(struct query *q, const char *table, struct span span)
{
    struct str *names = ARENA_ARRAY(q->s->arena, struct str, q->cols.n + 1);
    int n = 0;
    for (int i = 0; i < q->cols.n; i++)
        if (q->cols.all[i].table) names[n++] = str_of(q->cols.all[i].table);
    struct str near = nearest(str_of(table), names, n);
    (void)fail(q->s->cx, E202, span, "there is no table `%s` in this query", table);
    return near.n ? err_note(q->s->cx, "did you mean `%.*s`?", STR_FMT(near)) : RC_ERR;
}
static rc unknown(struct query *q, const char *table, const char *name, bool is_quoted,
                  struct span span)
{
    struct sql *s = q->s;
    if (table && !knows_table(&q->cols, table) && !knows_table(&q->outer, table))
        return unknown_table(q, table, span);
    int n = 0;
    struct str *names = ARENA_ARRAY(s->arena, struct str, q->cols.n + q->outer.n + 1);
    for (int i = 0; i < q->cols.n; i++)
        if (!table || (q->cols.all[i].table && fits(q->cols.all[i].table, table, false)))
            names[n++] = str_of(q->cols.all[i].name);
    for (int i = 0; i < q->outer.n && !table; i++)
        names[n++] = str_of(q->outer.all[i].name);
    struct str near = nearest(str_of(name), names, n);
    (void)fail(s->cx, E201, span, "unknown column `%s`", name);
    if (near.n) {
        bool is_bare = str_eq_nocase(near, near) && name_is_bare(near);
        return hint_replace(s->lg, span, "%s%s%s%.*s%s", table ? table : "", table ? "." : "",
                            is_bare ? "" : "\"", STR_FMT(near), is_bare ? "" : "\"");
    }
    if (is_quoted) return hint_replace(s->lg, span, "'%s'", name);
    if (scope_get(s->scope, str_of(name)))
        return err_note(s->cx, "a variable is written $%s", name);
    if (n == 0) return err_note(s->cx, "there is no table here: FROM is missing");
    return RC_ERR;
}
static rc ambiguous(struct query *q, struct sql_cols *cols, const struct sql_col *found,
                    const char *name, struct span span)
{
    struct strbuf b = {0};
    const char *first = NULL;
    for (int i = 0; i < cols->n; i++) {
        const struct sql_col *c = &cols->all[i];
        if (c->level != found->level || c->is_hidden || !fits(c->name, name, false)) continue;
        const char *table = c->table ? c->table : c->name;
        if (!first) first = table;
        strbuf_printf(&b, "%s`%s`", b.n ? ", " : "", table);
    }
    (void)fail(q->s->cx, E201, span, "`%s` is ambiguous: %s have it", name, b.p ? b.p : "tables");
    strbuf_release(&b);
    return first ? hint_replace(q->s->lg, span, "%s.%s", first, name) : RC_ERR;
}
/* HAVING n > 5 after SELECT count(*) AS n: the item is bound once more, where it stands now. */
static rc item_ref(struct query *q, const char *table, const char *name, bool is_quoted,
                   struct span span, const struct expr **out)
{
    const struct sql_chosen *items = q->items;
    for (int i = 0; i < q->n_items && items && !table; i++) {
        if (!items[i].node || !fits(items[i].name, name, is_quoted)) continue;
        q->items = NULL;
        enum rc_t res = sql_expr(q, items[i].node, out);
        q->items = items;
        return res;
    }
    return unknown(q, table, name, is_quoted, span);
}
rc sql_column_ref(struct query *q, const json_t *ref, const struct expr **out)
{
    const char *names[4] = {0};
    bool quoted[4] = {0}, is_star;
    int n = sql_fields(q, ref, names, quoted, 4, &is_star), count = 0;
    struct span span = ref_span(q, ref);
    if (is_star) return fail(q->s->cx, E217, span, "`*` cannot stand here");
    if (n > 2 || n < 1) return fail(q->s->cx, E217, span, "a column is written name or table.name");
    const char *table = n == 2 ? names[0] : NULL, *name = names[n - 1];
    struct sql_col *c = sql_find_col(&q->cols, table, name, quoted[n - 1], &count);
    struct sql_cols *where = &q->cols;
    if (!c && q->mode != SQL_NO_OUTER) {
        where = &q->outer;
        c = sql_find_col(where, table, name, quoted[n - 1], &count);
    }
    if (!c) return item_ref(q, table, name, quoted[n - 1], span, out);
    if (count > 1) return ambiguous(q, where, c, name, span);
    if (where == &q->outer) {
        c->is_used = true;
        q->used_elsewhere = q->used_elsewhere || !q->in_condition;
    }
    *out = sql_col_expr(q, c, span);
    return RC_OK;
}

/* ---- what an unnamed item is called (FigureColname of PostgreSQL, by its rules) ---- */
static int figure(struct query *q, const json_t *node, const char **name);

static int last_name(struct query *q, const json_t *list, const char **name)
{
    (void)q;
    for (size_t i = sql_len(list); i-- > 0;) {
        const char *t = sql_string(json_array_get(list, i));
        if (!*t) continue;
        *name = t;
        return 2;
    }
    return 0;
}
static int figure_sublink(struct query *q, const json_t *b, const char **name)
{
    const char *type = sql_text_of(b, "subLinkType");
    const json_t *select;
    if (strcmp(type, "EXISTS_SUBLINK") == 0) {
        *name = "exists";
        return 2;
    }
    if (strcmp(type, "ARRAY_SUBLINK") == 0) {
        *name = "array";
        return 2;
    }
    if (strcmp(type, "EXPR_SUBLINK") != 0 ||
        !sql_is(sql_get(b, "subselect"), "SelectStmt", &select))
        return 0;
    const json_t *first = json_array_get(sql_get(select, "targetList"), 0), *item;
    if (!sql_is(first, "ResTarget", &item)) return 0;
    if (*sql_text_of(item, "name")) {
        *name = sql_text_of(item, "name");
        return 2;
    }
    return figure(q, sql_get(item, "val"), name);
}
static int figure_value(const json_t *b, const char **name)
{
    static const char *const ops[][2] = {
        {"SVFOP_CURRENT_DATE", "current_date"},
        {"SVFOP_CURRENT_TIMESTAMP", "current_timestamp"},
        {"SVFOP_CURRENT_TIMESTAMP_N", "current_timestamp"},
        {"SVFOP_LOCALTIMESTAMP", "localtimestamp"},
        {"SVFOP_LOCALTIMESTAMP_N", "localtimestamp"},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (strcmp(sql_text_of(b, "op"), ops[i][0]) == 0) {
            *name = ops[i][1];
            return 2;
        }
    return 0;
}
static int weak(int strength, const char **name, const char *other)
{
    if (strength > 1) return strength;
    *name = other;
    return 1;
}
static int figure_column(struct query *q, const json_t *b, const char **name)
{
    const char *names[4];
    bool quoted[4], is_star;
    int n = sql_fields(q, b, names, quoted, 4, &is_star), count;
    if (n == 0) return 0;
    struct sql_col *c =
        sql_find_col(&q->cols, n > 1 ? names[n - 2] : NULL, names[n - 1], quoted[n - 1], &count);
    *name = c ? c->name : names[n - 1];
    return 2;
}
static int named(const char **name, const char *is)
{
    *name = is;
    return 2;
}
static int figure(struct query *q, const json_t *node, const char **name)
{
    const json_t *b;
    const char *kind = sql_kind(node, &b);
    if (strcmp(kind, "ColumnRef") == 0) return figure_column(q, b, name);
    if (strcmp(kind, "FuncCall") == 0) return last_name(q, sql_get(b, "funcname"), name);
    if (strcmp(kind, "SubLink") == 0) return figure_sublink(q, b, name);
    if (strcmp(kind, "SQLValueFunction") == 0) return figure_value(b, name);
    if (strcmp(kind, "CollateClause") == 0) return figure(q, sql_get(b, "arg"), name);
    if (strcmp(kind, "A_Indirection") == 0) {
        int strength = last_name(q, sql_get(b, "indirection"), name);
        return strength ? strength : figure(q, sql_get(b, "arg"), name);
    }
    if (strcmp(kind, "TypeCast") == 0) {
        const char *type = NULL;
        int strength = figure(q, sql_get(b, "arg"), name);
        if (strength > 1 || !last_name(q, sql_get(sql_get(b, "typeName"), "names"), &type))
            return strength;
        return weak(strength, name, type);
    }
    if (strcmp(kind, "CaseExpr") == 0)
        return weak(figure(q, sql_get(b, "defresult"), name), name, "case");
    if (strcmp(kind, "CoalesceExpr") == 0) return named(name, "coalesce");
    if (strcmp(kind, "MinMaxExpr") == 0)
        return named(name, strcmp(sql_text_of(b, "op"), "IS_LEAST") == 0 ? "least" : "greatest");
    if (strcmp(kind, "A_ArrayExpr") == 0) return named(name, "array");
    if (strcmp(kind, "RowExpr") == 0) return named(name, "row");
    if (strcmp(kind, "GroupingFunc") == 0) return named(name, "grouping");
    if (strcmp(kind, "A_Expr") == 0 && strcmp(sql_text_of(b, "kind"), "AEXPR_NULLIF") == 0)
        return named(name, "nullif");
    if (strcmp(kind, "ParamRef") == 0) {
        int64_t k = sql_int_of(b, "number");
        if (k < 1 || k > q->s->text.n_params) return 0;
        struct str p = q->s->text.params[k - 1].name;
        return named(name, arena_strndup(q->s->arena, p.p, p.n));
    }
    return 0;
}
const char *sql_item_name(struct query *q, const json_t *item)
{
    const char *name = "?column?";
    (void)figure(q, item, &name);
    return name;
}
