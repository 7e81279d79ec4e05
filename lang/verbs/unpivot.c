/* unpivot.c: columns become rows. Each row gets a list of the names and one of the values beside
 * it; unnesting both gives the long frame, row by row. */
#include "lang/verbs/verb_int.h"

struct unpivot {
    struct verb_call *vc;
    const char **columns;
    int n;
    const char *names, *values;
};

static bool is_column(const struct unpivot *u, const char *name)
{
    for (int i = 0; i < u->n; i++)
        if (strcmp(u->columns[i], name) == 0) return true;
    return false;
}

static const struct expr *names_list(struct unpivot *u)
{
    const struct expr **texts = ARENA_ARRAY(u->vc->arena, const struct expr *, u->n + 1), *list;
    for (int i = 0; i < u->n; i++)
        texts[i] = make_str(u->vc->arena, u->columns[i]);
    bool made = expr_list(u->vc->cx, u->vc->arena, texts, u->n, u->vc->step->span, &list) == RC_OK;
    return made ? list : NULL;
}

/* E207 with the two columns that do not go together. */
static rc check_types(struct unpivot *u)
{
    struct verb_call *vc = u->vc;
    const struct schema *s = vc->input->plan->schema;
    struct dtype type = DTYPE(KIND_NULL);
    const char *first = NULL;
    char a[96], b[96];
    for (int i = 0; i < u->n; i++) {
        struct dtype t = s->fields[schema_find(s, str_of(u->columns[i]))].type, before = type;
        if (!first && t.kind != KIND_NULL) first = u->columns[i];
        if (type_unify(before, t, &type)) continue;
        fail(vc->cx, E207, vc->step->span, "the columns become one, but `%s` is %s and `%s` is %s",
             first, dtype_text(before, a, sizeof a), u->columns[i], dtype_text(t, b, sizeof b));
        (void)hint_step(vc, "unpivot type(%s), names: %s, values: %s",
                        dtype_is_number(before) ? "num" : kind_name(before.kind), u->names,
                        u->values);
        return RC_ERR;
    }
    return RC_OK;
}

static rc long_columns(struct unpivot *u, struct pipe *p)
{
    const struct schema *in = p->plan->schema;
    struct named_list items = {0};
    const struct expr **cells = ARENA_ARRAY(p->arena, const struct expr *, u->n + 1), *list;
    const struct expr *names = names_list(u);
    if (!names) return RC_ERR;
    for (int i = 0; i < in->n; i++)
        if (!is_column(u, in->fields[i].name))
            named_add(p->arena, &items, in->fields[i].name, field_expr(p->arena, in, i, p->span),
                      p->span);
    for (int i = 0; i < u->n; i++)
        cells[i] = name_expr(p->arena, in, u->columns[i], p->span);
    TRY(expr_list(p->cx, p->arena, cells, u->n, p->span, &list));
    named_add(p->arena, &items, u->names, names, p->span);
    named_add(p->arena, &items, u->values, list, p->span);
    TRY(verb_pipe_project(p, items.items, items.n));
    const char *both[2] = {u->names, u->values};
    return verb_pipe_unnest(p, both, 2, false, NULL);
}

static rc check_names(struct unpivot *u)
{
    struct verb_call *vc = u->vc;
    const struct schema *s = vc->input->plan->schema;
    const char *made[2] = {u->names, u->values};
    for (int i = 0; i < 2; i++) {
        if (schema_find(s, str_of(made[i])) < 0 || is_column(u, made[i])) continue;
        const char *option = i ? "values" : "names";
        const struct ast_item *it = verb_option(vc, option);
        fail(vc->cx, E212, it ? it->span : vc->step->verb_span,
             "the frame has a column `%s` that stays", made[i]);
        if (it) return hint_replace(vc->lg, it->span, "%s: %s_2", option, made[i]);
        return hint_after(vc, vc->step->span, ", %s: %s_2", option, made[i]);
    }
    return RC_OK;
}

static enum rc_t unpivot_bind(struct verb_call *vc, struct value **out)
{
    struct unpivot u = {.vc = vc};
    struct pipe p;
    TRY(need_items(vc, "the columns that become rows", "unpivot type(num)"));
    TRY(columns_of_items(vc, false, &u.columns, &u.n));
    TRY(verb_option_word(vc, "names", "name", &u.names));
    TRY(verb_option_word(vc, "values", "value", &u.values));
    TRY(check_types(&u));
    TRY(check_names(&u));
    verb_pipe_begin(&p, vc);
    enum rc_t res = long_columns(&u, &p);
    if (res == RC_OK) res = verb_pipe_value(&p, NULL, out);
    verb_pipe_release(&p);
    return res;
}

static const struct verb_option unpivot_options[] = {
    {"names", OPT_WORD, NULL, "what the column of names is called, `name` if not said"},
    {"values", OPT_WORD, NULL, "what the column of values is called, `value` if not said"},
    {0},
};
const struct verb_desc verb_unpivot = {
    .name = "unpivot",
    .sig = "unpivot columns, .. [names: name, values: value]",
    .doc = "A row for each of the columns: its name and its value, beside the columns that stay. "
           "Rows follow each other row by row. int and num mix to num.",
    .examples = {"trips |> unpivot fare, tip",
                 "trips |> unpivot type(num), names: what, values: amount"},
    .options = unpivot_options,
    .input = TAKES_FRAME,
    .bind = unpivot_bind,
};
