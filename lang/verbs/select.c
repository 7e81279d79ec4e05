/* select.c: which columns, in which order. Computed items are made first, left to right as derive
 * makes them; then the named columns are taken. */
#include "lang/verbs/verb_int.h"

struct selection { /* result columns in order, without repeats */
    const char **names;
    int n, cap;
};

static void selection_add(struct arena *a, struct selection *s, const char *name)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->names[i], name) == 0) return;
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        const char **names = ARENA_ARRAY(a, const char *, s->cap);
        if (s->n) memcpy(names, s->names, (size_t)s->n * sizeof *names);
        s->names = names;
    }
    s->names[s->n++] = name;
}

static rc refuse_minus(struct verb_call *vc, const struct ast_item *it)
{
    const struct ast *e = it->expr;
    if (it->kind != ITEM_PLAIN || e->op != AST_UNARY || !str_eqz(e->text, "-")) return RC_OK;
    if (e->kids[0]->op != AST_NAME) return RC_OK;
    fail(vc->cx, E106, it->span, "select takes what to keep; drop leaves columns out");
    return hint_step(vc, "drop %s", source_text(vc, e->kids[0]->span));
}

static rc select_item(struct verb_call *vc, struct stage *s, const struct ast_item *it,
                      struct selection *sel)
{
    TRY(refuse_minus(vc, it));
    if (it->kind == ITEM_PLAIN && !is_across(it->expr)) {
        const char **names;
        int n;
        bool is_selector;
        TRY(bind_columns(&s->b, it->expr, &names, &n, &is_selector));
        for (int i = 0; is_selector && i < n; i++)
            selection_add(vc->arena, sel, names[i]);
        if (is_selector) return RC_OK;
    }
    struct named_list made = {0};
    TRY(stage_item(s, it, NULL, &made));
    for (int i = 0; i < made.n; i++)
        selection_add(vc->arena, sel, made.items[i].name);
    return RC_OK;
}

static rc select_columns(struct verb_call *vc, struct stage *s)
{
    struct selection sel = {0};
    int at = 0;
    for (const struct ast_item *it; (it = next_item(vc->step, &at));)
        TRY(select_item(vc, s, it, &sel));
    TRY(stage_flush(s));
    if (!sel.n)
        return fail(vc->cx, E217, vc->step->span, "no column fits, and a frame needs one at least");
    const struct schema *now = s->pipe.plan->schema;
    struct named_expr *items = ARENA_ARRAY(vc->arena, struct named_expr, sel.n);
    for (int i = 0; i < sel.n; i++)
        items[i] = (struct named_expr){sel.names[i],
                                       name_expr(vc->arena, now, sel.names[i], vc->step->span)};
    return verb_pipe_project(&s->pipe, items, sel.n);
}

static enum rc_t select_bind(struct verb_call *vc, struct value **out)
{
    struct stage s;
    TRY(need_items(vc, "the columns to keep", "select zone, fare"));
    TRY(stage_begin(&s, vc));
    enum rc_t res = RC_ERR;
    TRY_OUT(select_columns(vc, &s));
    res = verb_pipe_value(&s.pipe, input_label(vc), out);
out:
    stage_release(&s);
    return res;
}

const struct verb_desc verb_select = {
    .name = "select",
    .sig = "select columns, .. [by groups] [sort keys]",
    .doc =
        "Keeps the named columns in the order given, and computes new ones. Columns are names, "
        "ranges a..b, and all() type(num) starts(\"pu\") ends(..) contains(..) matches(r\"..\"), "
        "less some by type(num) - id. `select id, all()` moves id to the front.",
    .examples = {"trips |> select zone, total = fare + tip",
                 "trips |> select tip, type(num) - fare"},
    .input = TAKES_FRAME,
    .takes_by = true,
    .takes_sort = true,
    .bind = select_bind,
};

/* ---- drop ---- */

static bool is_in(const char *const *names, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static enum rc_t drop_bind(struct verb_call *vc, struct value **out)
{
    const char **names;
    int n;
    TRY(need_items(vc, "the columns to leave out", "drop tip"));
    TRY(columns_of_items(vc, false, &names, &n));
    const struct schema *s = vc->input->plan->schema;
    struct named_list left = {0};
    for (int i = 0; i < s->n; i++)
        if (!is_in(names, n, s->fields[i].name))
            named_add(vc->arena, &left, s->fields[i].name,
                      field_expr(vc->arena, s, i, vc->step->span), NO_SPAN);
    if (!left.n) return fail(vc->cx, E217, vc->step->span, "this would drop every column");
    struct pipe p;
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(verb_pipe_project(&p, left.items, left.n));
    res = verb_pipe_value(&p, input_label(vc), out);
out:
    verb_pipe_release(&p);
    return res;
}

const struct verb_desc verb_drop = {
    .name = "drop",
    .sig = "drop columns, ..",
    .doc = "Leaves columns out: names or selectors, as in select.",
    .examples = {"trips |> drop tip", "trips |> drop type(str)"},
    .input = TAKES_FRAME,
    .bind = drop_bind,
};
