/* share.c: what is read several times is computed once. A stand-in is a table without rows: the
 * optimizer sees a source, so that above it everything is pruned as ever, and tells by what it
 * leaves which columns are read. Nothing but columns is pushed into such a node (its readers may
 * want other rows), which is PostgreSQL's rule for WITH, too. */
#include "runtime/exec/share.h"

#include "runtime/base/mem.h"

static struct share *share_of(const struct shares *sh, const struct plan *p)
{
    for (int i = 0; i < sh->n && p->once; i++)
        if (sh->all[i].node == p) return &sh->all[i];
    return NULL;
}
static struct share *stands_in(const struct shares *sh, const struct plan *p)
{
    for (int i = 0; i < sh->n && p->op == PLAN_TABLE; i++)
        if (sh->all[i].stand_in && sh->all[i].stand_in == p->u.table.table) return &sh->all[i];
    return NULL;
}
/* Columns of a table under other names: nothing to be saved. */
static bool is_cheap(const struct plan *p)
{
    for (; p->op == PLAN_PROJECT && !p->kept; p = p->inputs[0])
        for (int i = 0; i < p->u.project.n; i++)
            if (p->u.project.items[i].expr->op != EXPR_COLUMN) return false;
    return p->op == PLAN_TABLE || p->kept;
}
static void find(struct shares *sh, struct plan *p)
{
    struct share *s = share_of(sh, p);
    if (s) {
        s->uses++;
        return;
    }
    for (int i = 0; i < 2 && !p->kept; i++)
        if (p->inputs[i]) find(sh, p->inputs[i]);
    if (!p->once || is_cheap(p)) return;
    if (sh->n == sh->cap) {
        sh->cap = sh->cap ? sh->cap * 2 : 8;
        sh->all = mem_realloc(sh->all, sizeof *sh->all * (size_t)sh->cap);
    }
    sh->all[sh->n++] = (struct share){.node = plan_ref(p), .uses = 1};
}
static void drop_single(struct shares *sh)
{
    int n = 0;
    for (int i = 0; i < sh->n; i++) {
        if (sh->all[i].uses > 1)
            sh->all[n++] = sh->all[i];
        else
            plan_unref(sh->all[i].node);
    }
    sh->n = n;
}
static rc make_stand_in(struct ctx *cx, struct share *s)
{
    const struct schema *schema = s->node->schema;
    struct column **cols = ARENA_ARRAY(cx->arena, struct column *, schema->n + 1);
    s->wanted = mem_zero(sizeof *s->wanted * (size_t)(schema->n + 1));
    for (int i = 0; i < schema->n; i++)
        if (column_nulls(cx, schema->fields[i].type, 0, &cols[i]) != RC_OK) {
            while (i-- > 0)
                column_unref(cols[i]);
            return RC_ERR;
        }
    return table_new(cx, s->node->schema, cols, 0, &s->stand_in);
}

/* ---- stand-ins for nodes, rows for stand-ins ---- */
typedef struct table *(*table_for)(const struct shares *sh, const struct plan *p);

static struct table *stand_in_for(const struct shares *sh, const struct plan *p)
{
    const struct share *s = share_of(sh, p);
    return s ? s->stand_in : NULL;
}
static struct table *rows_for(const struct shares *sh, const struct plan *p)
{
    const struct share *s = stands_in(sh, p);
    return s ? s->rows : NULL;
}
static rc exchange(struct ctx *cx, const struct shares *sh, struct plan *p, table_for with,
                   struct plan **out);
/* p itself stays, what is below it is exchanged. */
static rc exchange_below(struct ctx *cx, const struct shares *sh, struct plan *p, table_for with,
                         struct plan **out)
{
    struct plan *in[2] = {NULL, NULL};
    enum rc_t res = RC_ERR;
    for (int i = 0; i < 2 && !p->kept; i++)
        if (p->inputs[i]) TRY_OUT(exchange(cx, sh, p->inputs[i], with, &in[i]));
    if (p->kept || (in[0] == p->inputs[0] && in[1] == p->inputs[1]))
        *out = plan_ref(p);
    else
        TRY_OUT(plan_with_inputs(cx, p, in[0], in[1], out));
    res = RC_OK;
out:
    plan_unref(in[0]);
    plan_unref(in[1]);
    return res;
}
static rc exchange(struct ctx *cx, const struct shares *sh, struct plan *p, table_for with,
                   struct plan **out)
{
    const struct share *s = share_of(sh, p);
    struct table *t = with(sh, p);
    if (!s) s = stands_in(sh, p);
    if (t && s) {
        TRY(plan_table(cx, t, s->node->once, out));
        if (t == s->stand_in) plan_share(*out, s->node->once); /* explain says so */
        return RC_OK;
    }
    return exchange_below(cx, sh, p, with, out);
}

/* ---- which columns are read ---- */
struct reader {
    struct share *s;
};
static void want(void *arg, const char *name)
{
    struct share *s = ((struct reader *)arg)->s;
    int at = schema_find(s->node->schema, str_of(name));
    if (at >= 0) s->wanted[at] = true;
}
static void note_wanted(struct shares *sh, struct plan *p)
{
    struct share *own = stands_in(sh, p);
    if (own) /* read as a whole */
        for (int i = 0; i < own->node->schema->n; i++)
            own->wanted[i] = true;
    struct reader r = {p->op == PLAN_PROJECT ? stands_in(sh, p->inputs[0]) : NULL};
    for (int i = 0; r.s && i < p->u.project.n; i++)
        expr_columns(p->u.project.items[i].expr, want, &r);
    if (r.s && r.s->node->schema->n > 0) { /* its rows count even if no column does */
        bool any = false;
        for (int i = 0; i < r.s->node->schema->n; i++)
            any = any || r.s->wanted[i];
        if (!any) r.s->wanted[0] = true;
    }
    for (int i = 0; i < 2 && !r.s; i++)
        if (p->inputs[i]) note_wanted(sh, p->inputs[i]);
}
static rc optimize_body(struct ctx *cx, struct shares *sh, struct share *s)
{
    const struct schema *schema = s->node->schema;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, schema->n + 1);
    struct plan *over = NULL, *cut = NULL;
    enum rc_t res = RC_ERR;
    int n = 0;
    for (int i = 0; i < schema->n; i++) {
        const struct field *f = &schema->fields[i];
        if (!s->wanted[i]) continue;
        items[n++] =
            (struct named_expr){f->name, expr_column(cx->arena, f->name, f->type, s->node->span)};
    }
    if (n == 0 && schema->n > 0) return RC_OK;
    TRY_OUT(exchange_below(cx, sh, s->node, stand_in_for, &over));
    TRY_OUT(plan_project(cx, over, items, n, s->node->span, &cut));
    TRY_OUT(plan_optimize(cx, cut, &s->body));
    note_wanted(sh, s->body);
    res = RC_OK;
out:
    plan_unref(over);
    plan_unref(cut);
    return res;
}

rc share_optimize(struct ctx *cx, struct plan *p, struct shares *sh, struct plan **out)
{
    struct plan *over = NULL, *best = NULL;
    enum rc_t res = RC_ERR;
    find(sh, p);
    drop_single(sh);
    if (sh->n == 0) return plan_optimize(cx, p, out);
    for (int i = 0; i < sh->n; i++)
        TRY_OUT(make_stand_in(cx, &sh->all[i]));
    TRY_OUT(exchange(cx, sh, p, stand_in_for, &over));
    TRY_OUT(plan_optimize(cx, over, &best));
    note_wanted(sh, best);
    for (int i = sh->n - 1; i >= 0; i--) /* readers before what they read */
        TRY_OUT(optimize_body(cx, sh, &sh->all[i]));
    *out = plan_ref(best);
    res = RC_OK;
out:
    plan_unref(over);
    plan_unref(best);
    return res;
}
rc share_fill(struct ctx *cx, const struct shares *sh, struct plan *p, struct plan **out)
{
    return exchange(cx, sh, p, rows_for, out);
}
void shares_release(struct shares *sh)
{
    for (int i = 0; i < sh->n; i++) {
        plan_unref(sh->all[i].node);
        plan_unref(sh->all[i].body);
        table_unref(sh->all[i].stand_in);
        table_unref(sh->all[i].rows);
        mem_free(sh->all[i].wanted);
    }
    mem_free(sh->all);
    *sh = (struct shares){0};
}
