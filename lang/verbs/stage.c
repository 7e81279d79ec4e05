/* stage.c: items computed left to right, each visible to the next. Items that do not read one
 * another share a WINDOW (for aggregates and window functions) and a PROJECT; an item that reads
 * what was made before it begins a new pair. So `derive a, b` means `derive a |> derive b`. */
#include "lang/verbs/verb_int.h"

rc stage_begin(struct stage *s, struct verb_call *vc)
{
    *s = (struct stage){.vc = vc};
    verb_pipe_begin(&s->pipe, vc);
    verb_bind_init(&s->b, vc, BIND_WINDOW);
    s->visible = schema_ref(vc->input->plan->schema);
    s->b.schema = s->visible;
    return RC_OK;
}

void stage_release(struct stage *s)
{
    verb_pipe_release(&s->pipe);
    schema_unref(s->visible);
    s->visible = NULL;
}

static bool uses_made(const struct stage *s, const struct expr *e)
{
    for (int i = 0; i < s->made.n; i++)
        if (expr_uses(e, s->made.items[i].name)) return true;
    return false;
}

static bool is_made(const struct stage *s, const char *name)
{
    for (int i = 0; i < s->made.n; i++)
        if (strcmp(s->made.items[i].name, name) == 0) return true;
    return false;
}

/* by and sort are bound where they are used, against the columns of that place. */
static rc put_window(struct stage *s)
{
    if (!s->b.n_found) return RC_OK;
    struct bind at = s->b;
    at.schema = s->pipe.plan->schema;
    at.mode = BIND_ROW;
    at.found = NULL;
    at.n_found = at.cap_found = 0;
    const struct expr **by;
    struct sort_key *sort;
    int n_by, n_sort;
    TRY(bind_clause_by(&at, s->vc, &by, &n_by));
    TRY(bind_clause_sort(&at, s->vc, s->vc->step->sort, s->vc->step->n_sort, &sort, &n_sort));
    TRY(verb_pipe_found(&s->pipe, &s->b, by, n_by, sort, n_sort));
    s->b.found_base += s->b.n_found; /* made-up names are never used twice */
    s->b.n_found = 0;
    return RC_OK;
}

/* Replaced columns keep their place, new ones stand last; the window's own columns go. */
static rc put_project(struct stage *s, const struct schema *before)
{
    struct named_list all = {0};
    for (int i = 0; i < before->n; i++) {
        const char *name = before->fields[i].name;
        const struct expr *e = field_expr(s->pipe.arena, before, i, s->pipe.span);
        for (int k = 0; k < s->made.n; k++)
            if (strcmp(s->made.items[k].name, name) == 0) e = s->made.items[k].expr;
        named_add(s->pipe.arena, &all, name, e, NO_SPAN);
    }
    for (int k = 0; k < s->made.n; k++)
        if (schema_find(before, str_of(s->made.items[k].name)) < 0)
            named_add(s->pipe.arena, &all, s->made.items[k].name, s->made.items[k].expr, NO_SPAN);
    return verb_pipe_project(&s->pipe, all.items, all.n);
}

rc stage_flush(struct stage *s)
{
    if (!s->made.n) return RC_OK;
    struct schema *before = schema_ref(s->pipe.plan->schema);
    enum rc_t res = put_window(s);
    if (res == RC_OK) res = put_project(s, before);
    schema_unref(before);
    s->made.n = 0;
    return res;
}

/* The columns that the next item sees: those of the plan with what was made since. */
static rc show_made(struct stage *s)
{
    const struct schema *base = s->pipe.plan->schema;
    struct field *fields = ARENA_ARRAY(s->pipe.arena, struct field, base->n + s->made.n);
    int n = base->n;
    memcpy(fields, base->fields, (size_t)n * sizeof *fields);
    for (int k = 0; k < s->made.n; k++) {
        const struct named_expr *m = &s->made.items[k];
        int at = schema_find(base, str_of(m->name));
        if (at < 0) at = n++;
        fields[at] = (struct field){m->name, m->expr->type};
    }
    struct schema *now;
    TRY(schema_new(s->pipe.cx, fields, n, s->pipe.span, &now));
    schema_unref(s->visible);
    s->visible = now;
    s->b.schema = now;
    return RC_OK;
}

/* A clause that reads a column which is about to be replaced must see the new one. */
static bool clause_uses_made(struct stage *s, const struct ast_item *items, int n)
{
    struct bind at = s->b;
    at.mode = BIND_ROW;
    for (int i = 0; i < n; i++) {
        const struct expr *e;
        const struct ast *key = items[i].expr;
        if (items[i].kind == ITEM_OPTION) continue;
        if (key->op == AST_UNARY) key = key->kids[0];
        if (bind_expr(&at, key, &e) != RC_OK) {
            err_clear(s->pipe.cx->err); /* reported where the clause is bound for use */
            return true;
        }
        if (uses_made(s, e)) return true;
    }
    return false;
}

static bool must_flush(struct stage *s, const struct named_list *new_ones, int n_found)
{
    if (!s->made.n) return false;
    for (int i = 0; i < new_ones->n; i++)
        if (uses_made(s, new_ones->items[i].expr) || is_made(s, new_ones->items[i].name))
            return true;
    for (int i = n_found; i < s->b.n_found; i++)
        if (uses_made(s, s->b.found[i].expr)) return true;
    const struct ast_step *step = s->vc->step;
    return s->b.n_found > n_found && (clause_uses_made(s, step->by, step->n_by) ||
                                      clause_uses_made(s, step->sort, step->n_sort));
}

/* What was bound goes to what is made; when it reads that, it is bound again after a flush. */
static rc stage_bind(struct stage *s, const struct ast_item *it, stage_wrap wrap,
                     struct named_list *new_ones)
{
    new_ones->n = 0;
    TRY(bind_item(&s->b, it, new_ones));
    for (int i = 0; wrap && i < new_ones->n; i++)
        TRY(wrap(s, new_ones->items[i].name, new_ones->spans[i], &new_ones->items[i].expr));
    return RC_OK;
}

rc stage_item(struct stage *s, const struct ast_item *it, stage_wrap wrap, struct named_list *names)
{
    struct named_list new_ones = {0};
    int n_found = s->b.n_found;
    TRY(stage_bind(s, it, wrap, &new_ones));
    if (must_flush(s, &new_ones, n_found)) {
        s->b.n_found = n_found;
        TRY(stage_flush(s));
        TRY(stage_bind(s, it, wrap, &new_ones));
    }
    for (int i = 0; i < new_ones.n; i++) {
        const struct named_expr *m = &new_ones.items[i];
        named_add(s->pipe.arena, &s->made, m->name, m->expr, new_ones.spans[i]);
        if (names) named_add(s->pipe.arena, names, m->name, m->expr, new_ones.spans[i]);
    }
    return show_made(s);
}
