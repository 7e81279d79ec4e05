/* sqlout_expr.c: expressions as SQL. Functions are spelled by the templates of sql_fns.def. */
#include "runtime/plan/sql_int.h"

#include <stdio.h>

struct fill { /* one template at work */
    struct sql *s;
    const struct sql_side *side;
    const struct sql_frame *frame;
    const struct expr *e;
    struct strbuf *args; /* [n_args] as SQL */
    const char *where;   /* of an aggregate, or NULL */
};

rc sqlout_refuse(struct sql *s, struct span span, const char *what)
{
    if (!span.source && s->node) span = s->node->span;
    fail(s->cx, E217, span, "%s has no words for %s (%s step)", s->d->label, what,
         s->node ? plan_op_name(s->node->op) : "first");
    return err_note(s->cx, "do this part here, before or after, and hand over the rest");
}

rc sqlout_type(struct sql *s, struct dtype t, struct span span, struct strbuf *out)
{
    char text[96];
    if (sql_type_name(out, s->d, t)) return RC_OK;
    return sqlout_refuse(s, span, dtype_text(t, text, sizeof text));
}

/* ---- templates ---- */
/* One placeholder at p (after the percent sign); returns how many bytes it took. */
static size_t put_place(struct fill *f, const char *p, int each, struct strbuf *out);

static void put_template(struct fill *f, const char *p, size_t n, int each, struct strbuf *out)
{
    size_t i = 0;
    while (i < n) {
        if (p[i] != '%') {
            strbuf_addc(out, p[i++]);
            continue;
        }
        i += 1 + put_place(f, p + i + 1, each, out);
    }
}

/* FILTER and OVER of an aggregate; cond narrows further. */
static void put_suffix(struct fill *f, const char *cond, struct strbuf *out)
{
    if (f->where || cond)
        strbuf_printf(out, " FILTER (WHERE %s%s%s)", cond ? cond : "",
                      f->where && cond ? " AND " : "", f->where ? f->where : "");
    if (f->frame) strbuf_addz(out, f->frame->over);
}

static size_t put_condition(struct fill *f, const char *p, struct strbuf *out)
{
    struct strbuf cond = {0};
    const char *end = strstr(p, "%}");
    size_t n = end ? (size_t)(end - p) : strlen(p);
    put_template(f, p + 1, n - 1, 0, &cond);
    put_suffix(f, cond.p, out);
    strbuf_release(&cond);
    return n + 2;
}

static size_t put_each(struct fill *f, const char *p, struct strbuf *out)
{
    const char *bar = strchr(p, '|'), *end = strstr(p, "%]");
    while (bar && bar[1] == '|') /* a bar doubled is text: `a || b` */
        bar = strchr(bar + 2, '|');
    if (!bar || !end) return strlen(p);
    for (int i = 0; i < f->e->n_args; i++) {
        if (i) strbuf_add(out, p + 1, (size_t)(bar - p - 1));
        put_template(f, bar + 1, (size_t)(end - bar - 1), i + 1, out);
    }
    return (size_t)(end - p) + 2;
}

static bool is_two_valued(const struct expr *e)
{
    if (e->op == EXPR_LITERAL) return !e->value.is_null;
    if (e->op != EXPR_CALL) return false;
    const struct sql_spelling *w = sqlout_spelling_find(0, e->fn->name, e->args, e->n_args);
    return w && (w->flags & SQL_TWO);
}

static void put_bool(struct fill *f, int i, struct strbuf *out)
{
    bool is_sure = is_two_valued(f->e->args[i]);
    strbuf_printf(out, is_sure ? "%s" : "coalesce(%s, false)", f->args[i].p);
}

static void put_frame_part(struct fill *f, char c, struct strbuf *out)
{
    const struct sql_frame *w = f->frame;
    if (c == 'R') strbuf_addz(out, w->order);
    if (c == 'O') strbuf_addz(out, w->sorted);
    if (c == 'U') strbuf_addz(out, w->running);
    if (c == 'r') strbuf_addz(out, w->place);
    if (c == 'P' && *w->partition) strbuf_printf(out, "PARTITION BY %s", w->partition);
    if (c == 'p' && *w->partition) strbuf_printf(out, "%s, ", w->partition);
    if (c == 'K')
        strbuf_printf(out, "%s%s", f->args[0].p,
                      kind_phys(f->e->args[0]->type.kind) == PHYS_STR ? f->s->d->collate : "");
}

static size_t put_place(struct fill *f, const char *p, int each, struct strbuf *out)
{
    char c = *p;
    if (c >= '1' && c <= '8') {
        strbuf_addz(out, f->args[c - '1'].p);
    } else if (c == '0') {
        strbuf_addz(out, f->args[each - 1].p);
    } else if (c == 'b') {
        put_bool(f, p[1] - '1', out);
        return 2;
    } else if (c == 'D') {
        strbuf_addz(out, f->s->d->types[KIND_NUM]);
    } else if (c == 'W') {
        put_suffix(f, NULL, out);
    } else if (c == '{') {
        return put_condition(f, p, out);
    } else if (c == '[') {
        return put_each(f, p, out);
    } else if (c == '%') {
        strbuf_addc(out, '%');
    } else {
        put_frame_part(f, c, out);
    }
    return 1;
}

/* How long arguments that stand more than once may be before they get a name of their own. */
#define LONG_ARG 160

static int count_places(const char *text, int i)
{
    int n = 0;
    for (const char *p = text; (p = strchr(p, '%')); p += p[1] == '%' ? 2 : 1) {
        char c = p[1] == 'b' ? p[2] : p[1];
        n += c == '1' + i || c == '0';
    }
    return n;
}

/* (SELECT template FROM (SELECT arg AS mlnb_1, ..) AS q): long arguments that the template repeats
 * are written once, so that nested calls do not grow without bounds. */
static rc put_named(struct fill *f, const char *text, struct strbuf *out)
{
    struct strbuf inner = {0};
    int n = 0;
    for (int i = 0; i < f->e->n_args; i++) {
        if (f->args[i].n <= LONG_ARG || count_places(text, i) < 2) continue;
        strbuf_printf(&inner, "%s%s AS " SQL_PREFIX "%d", n++ ? ", " : "", f->args[i].p, i + 1);
        strbuf_clear(&f->args[i]);
        strbuf_printf(&f->args[i], SQL_PREFIX "q." SQL_PREFIX "%d", i + 1);
    }
    if (n) strbuf_addz(out, "(SELECT ");
    put_template(f, text, strlen(text), 0, out);
    if (n) strbuf_printf(out, " FROM (SELECT %s) AS " SQL_PREFIX "q)", inner.p);
    strbuf_release(&inner);
    return RC_OK;
}

static rc put_spelled(struct sql *s, const struct sql_side *side, const struct sql_frame *frame,
                      const struct expr *e, const char *name, unsigned family, struct strbuf *out)
{
    char what[160];
    const struct sql_spelling *w = sqlout_spelling_find(family, name, e->args, e->n_args);
    if (w && w->special) return w->special(s, side, e, out);
    const char *text = w ? w->text[s->d->id] : NULL;
    if (!text) {
        snprintf(what, sizeof what, "`%.100s`", name);
        return sqlout_refuse(s, e->span, what);
    }
    struct strbuf where = {0};
    struct strbuf *args = mem_zero(sizeof *args * (size_t)(e->n_args + 1));
    struct fill f = {.s = s, .side = side, .frame = frame, .e = e, .args = args};
    enum rc_t res = RC_OK;
    for (int i = 0; i < e->n_args && res == RC_OK; i++)
        res = sqlout_expr(s, side, e->args[i], &args[i]);
    if (res == RC_OK && e->where) res = sqlout_predicate(s, side, e->where, &where);
    f.where = where.p;
    if (res == RC_OK && family == 0)
        res = put_named(&f, text, out);
    else if (res == RC_OK)
        put_template(&f, text, strlen(text), 0, out);
    for (int i = 0; i < e->n_args; i++)
        strbuf_release(&args[i]);
    mem_free(args);
    strbuf_release(&where);
    return res;
}

/* ---- the other expressions ---- */
static rc put_literal(struct sql *s, const struct expr *e, struct strbuf *out)
{
    if (sql_literal(out, s->d, &e->value)) return RC_OK;
    return sqlout_refuse(s, e->span, "this value");
}

static rc put_column(struct sql *s, const struct sql_side *side, const struct expr *e,
                     struct strbuf *out)
{
    int at = schema_find(side->schema, str_of(e->name));
    if (at < 0) return sqlout_refuse(s, e->span, "a column that is not there");
    strbuf_printf(out, "%s.", side->alias);
    sql_column_name(out, s->d, side->schema, at);
    return RC_OK;
}

static rc put_case(struct sql *s, const struct sql_side *side, const struct expr *e,
                   struct strbuf *out)
{
    strbuf_addz(out, "CASE");
    for (int i = 0; i < e->n_args; i += 2) {
        bool is_else = i + 1 == e->n_args;
        strbuf_addz(out, is_else ? " ELSE " : " WHEN ");
        TRY(sqlout_expr(s, side, e->args[i], out));
        if (is_else) break;
        strbuf_addz(out, " THEN ");
        TRY(sqlout_expr(s, side, e->args[i + 1], out));
    }
    strbuf_addz(out, " END");
    return RC_OK;
}

rc sqlout_expr(struct sql *s, const struct sql_side *side, const struct expr *e, struct strbuf *out)
{
    switch (e->op) {
    case EXPR_COLUMN: return put_column(s, side, e, out);
    case EXPR_LITERAL: return put_literal(s, e, out);
    case EXPR_CALL: return put_spelled(s, side, NULL, e, e->fn->name, 0, out);
    case EXPR_CASE: return put_case(s, side, e, out);
    case EXPR_AGG:
    case EXPR_WINDOW: break;
    default: return sqlout_refuse(s, e->span, "lists and structs");
    }
    return sqlout_refuse(s, e->span, "an aggregate at this place");
}

rc sqlout_predicate(struct sql *s, const struct sql_side *side, const struct expr *e,
                    struct strbuf *out)
{
    return sqlout_expr(s, side, e, out);
}

rc sqlout_sort_key(struct sql *s, const struct sql_side *side, const struct sort_key *key,
                   struct strbuf *out)
{
    enum kind k = key->expr->type.kind;
    if (k == KIND_CAT && key->expr->op != EXPR_LITERAL)
        return sqlout_refuse(s, key->expr->span, "the order of a category's levels (use str())");
    TRY(sqlout_expr(s, side, key->expr, out));
    strbuf_printf(out, "%s%s%s", k == KIND_STR ? s->d->collate : "", key->descending ? " DESC" : "",
                  key->nulls_first ? " NULLS FIRST" : " NULLS LAST");
    return RC_OK;
}

rc sqlout_aggregate(struct sql *s, const struct sql_side *side, const struct sql_frame *f,
                    const struct expr *e, struct strbuf *out)
{
    if (e->op == EXPR_WINDOW) return put_spelled(s, side, f, e, e->win->name, SQL_WIN, out);
    return put_spelled(s, side, f, e, e->agg->name, SQL_AGG, out);
}

bool sqlout_is_alone(const struct sql_dialect *d, const struct expr *e)
{
    unsigned flag = d->id == SQL_duckdb ? SQL_DUCK_ALONE : SQL_PG_ALONE;
    if (e->op != EXPR_AGG) return false;
    const struct sql_spelling *w = sqlout_spelling_find(SQL_AGG, e->agg->name, e->args, e->n_args);
    return w && (w->flags & flag);
}
