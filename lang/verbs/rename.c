/* rename.c: new names for columns, one by one (`new = old`) or by a function of the name. */
#include "lang/verbs/verb_int.h"

static rc rename_one(struct verb_call *vc, struct bind *b, const struct ast_item *it,
                     const char **names)
{
    if (it->expr->op != AST_NAME) {
        fail(vc->cx, E217, it->expr->span, "rename takes `new = old` with the name of a column");
        return hint_step(vc, "derive %s", source_text(vc, it->span));
    }
    int at = schema_find(b->schema, it->expr->text);
    if (at < 0) return unknown_column(b, it->expr->text, it->expr->span);
    names[at] = arena_strndup(vc->arena, it->name.p, it->name.n);
    return RC_OK;
}

/* The function applied to one name. */
static rc new_name(struct verb_call *vc, const struct ast *fn, const char *old, const char **out)
{
    struct scope *sc = scope_new(vc->scope);
    struct scalar s = {0};
    scope_set(sc, fn->names[0], value_str(str_of(old)));
    enum rc_t res = interp_scalar(vc->lg, sc, fn->kids[0], vc->arena, &s);
    scope_unref(sc);
    TRY(res);
    if (s.is_null || s.type.kind != KIND_STR || !s.u.s.n)
        return fail(vc->cx, E207, fn->span, "the new name of `%s` must be a text that is not empty",
                    old);
    *out = arena_strndup(vc->arena, s.u.s.p, s.u.s.n);
    return RC_OK;
}

static rc rename_by(struct verb_call *vc, struct bind *b, const struct ast *fn, const bool *chosen,
                    const char **names)
{
    if (fn->n_names != 1)
        return fail(vc->cx, E208, fn->span, "the function of rename takes one name: x -> lower(x)");
    for (int i = 0; i < b->schema->n; i++)
        if (chosen[i]) TRY(new_name(vc, fn, names[i], &names[i]));
    return RC_OK;
}

static rc choose(struct verb_call *vc, struct bind *b, const struct ast_item *it, bool *chosen)
{
    const char **names;
    int n;
    bool is_selector;
    TRY(bind_columns(b, it->expr, &names, &n, &is_selector));
    if (!is_selector) {
        fail(vc->cx, E217, it->span, "rename takes `new = old`, or columns and a function");
        return hint_step(vc, "rename all(), x -> lower(x)");
    }
    for (int i = 0; i < n; i++)
        chosen[schema_find(b->schema, str_of(names[i]))] = true;
    return RC_OK;
}

static rc new_names(struct verb_call *vc, const char **names)
{
    struct bind b;
    verb_bind_init(&b, vc, BIND_ROW);
    bool *chosen = ARENA_ARRAY(vc->arena, bool, b.schema->n + 1);
    const struct ast_item *waiting = NULL;
    int at = 0;
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        if (it->kind == ITEM_MAKE) {
            TRY(rename_one(vc, &b, it, names));
        } else if (it->expr->op == AST_LAMBDA) {
            TRY(rename_by(vc, &b, it->expr, chosen, names));
            memset(chosen, 0, (size_t)b.schema->n * sizeof *chosen);
            waiting = NULL;
        } else {
            TRY(choose(vc, &b, it, chosen));
            waiting = it;
        }
    }
    if (!waiting) return RC_OK;
    fail(vc->cx, E208, waiting->span, "after the columns, rename needs a function of the name");
    return hint_step(vc, "rename %s, x -> lower(x)", source_text(vc, waiting->span));
}

static rc check_unique(struct verb_call *vc, const char *const *names, int n)
{
    for (int i = 1; i < n; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                return fail(vc->cx, E212, vc->step->span, "two columns would be called `%s`",
                            names[i]);
    return RC_OK;
}

static enum rc_t rename_bind(struct verb_call *vc, struct value **out)
{
    const struct schema *s = vc->input->plan->schema;
    TRY(need_items(vc, "names", "rename miles = trip_distance"));
    const char **names = ARENA_ARRAY(vc->arena, const char *, s->n + 1);
    for (int i = 0; i < s->n; i++)
        names[i] = s->fields[i].name;
    TRY(new_names(vc, names));
    TRY(check_unique(vc, names, s->n));
    struct named_expr *items = ARENA_ARRAY(vc->arena, struct named_expr, s->n + 1);
    for (int i = 0; i < s->n; i++)
        items[i] = (struct named_expr){names[i], field_expr(vc->arena, s, i, vc->step->span)};
    struct pipe p;
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(verb_pipe_project(&p, items, s->n));
    res = verb_pipe_value(&p, input_label(vc), out);
out:
    verb_pipe_release(&p);
    return res;
}

const struct verb_desc verb_rename = {
    .name = "rename",
    .sig = "rename new = old, .. | rename columns, x -> name",
    .doc =
        "Gives columns new names: one by one, or all those chosen by a function of the old name.",
    .examples = {"trips |> rename area = zone", "trips |> rename all(), x -> upper(x)"},
    .input = TAKES_FRAME,
    .bind = rename_bind,
};
