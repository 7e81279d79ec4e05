/* unnest.c: lists to rows, structs to columns. */
#include "lang/verbs/verb_int.h"

struct unnest {
    struct verb_call *vc;
    const char **lists, **structs;
    int n_lists, n_structs;
};

static rc sort_out(struct unnest *u, const char *const *names, int n)
{
    struct verb_call *vc = u->vc;
    const struct schema *s = vc->input->plan->schema;
    char text[96];
    u->lists = ARENA_ARRAY(vc->arena, const char *, n + 1);
    u->structs = ARENA_ARRAY(vc->arena, const char *, n + 1);
    for (int i = 0; i < n; i++) {
        struct dtype t = s->fields[schema_find(s, str_of(names[i]))].type;
        if (t.kind == KIND_LIST) {
            u->lists[u->n_lists++] = names[i];
        } else if (t.kind == KIND_STRUCT) {
            u->structs[u->n_structs++] = names[i];
        } else {
            fail(vc->cx, E207, vc->step->items[0].span,
                 "unnest takes lists and structs; `%s` is %s", names[i],
                 dtype_text(t, text, sizeof text));
            if (t.kind != KIND_STR) return RC_ERR;
            return hint_step(vc, "derive %s = split(%s, \",\") |> unnest %s", names[i], names[i],
                             names[i]);
        }
    }
    return RC_OK;
}

static bool is_one_of(const char *name, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* A field takes its own name, or struct_field where another column has that already. */
static const char *field_name(struct unnest *u, const struct schema *in, const char *column,
                              const char *field)
{
    int taken = 0;
    for (int i = 0; i < in->n; i++) {
        const struct field *f = &in->fields[i];
        if (!is_one_of(f->name, u->structs, u->n_structs)) {
            taken += strcmp(f->name, field) == 0;
            continue;
        }
        taken += schema_find(f->type.fields, str_of(field)) >= 0 && strcmp(f->name, column) != 0;
    }
    if (!taken) return field;
    return arena_printf(u->vc->arena, "%s_%s", column, field);
}

static rc add_fields(struct unnest *u, const struct schema *in, int at, struct named_list *items)
{
    struct verb_call *vc = u->vc;
    const struct field *f = &in->fields[at];
    const struct expr *x = field_expr(vc->arena, in, at, vc->step->span), *e;
    for (int k = 0; k < f->type.fields->n; k++) {
        const char *name = f->type.fields->fields[k].name;
        TRY(expr_field(vc->cx, vc->arena, x, str_of(name), vc->step->span, &e));
        named_add(vc->arena, items, field_name(u, in, f->name, name), e, vc->step->span);
    }
    return RC_OK;
}

static rc widen_structs(struct unnest *u, struct pipe *p)
{
    const struct schema *in = p->plan->schema;
    struct named_list items = {0};
    if (u->n_structs == 0) return RC_OK;
    for (int i = 0; i < in->n; i++) {
        if (is_one_of(in->fields[i].name, u->structs, u->n_structs))
            TRY(add_fields(u, in, i, &items));
        else
            named_add(p->arena, &items, in->fields[i].name, field_expr(p->arena, in, i, p->span),
                      p->span);
    }
    return verb_pipe_project(p, items.items, items.n);
}

static rc unnest_all(struct unnest *u, struct pipe *p)
{
    const char **names, *index;
    int n;
    bool keep_empty;
    TRY(need_items(u->vc, "list or struct columns", "unnest words"));
    TRY(columns_of_items(u->vc, false, &names, &n));
    TRY(sort_out(u, names, n));
    TRY(verb_option_bool(u->vc, "keep_empty", false, &keep_empty));
    TRY(verb_option_str(u->vc, "index", NULL, &index));
    if (u->n_lists) TRY(verb_pipe_unnest(p, u->lists, u->n_lists, keep_empty, index));
    return widen_structs(u, p);
}

static enum rc_t unnest_bind(struct verb_call *vc, struct value **out)
{
    struct unnest u = {.vc = vc};
    struct pipe p;
    verb_pipe_begin(&p, vc);
    enum rc_t res = unnest_all(&u, &p);
    if (res == RC_OK) res = verb_pipe_value(&p, NULL, out);
    verb_pipe_release(&p);
    return res;
}

static const struct verb_option unnest_options[] = {
    {"keep_empty", OPT_BOOL, NULL, "true: a row whose lists are null or empty stays, with null"},
    {"index", OPT_STR, NULL, "a column of this name counts the values of each list from 1"},
    {0},
};
const struct verb_desc verb_unnest = {
    .name = "unnest",
    .sig = "unnest columns, .. [keep_empty: true, index: \"i\"]",
    .doc = "Lists become rows: one for each value, the other columns repeated. Several lists go "
           "side by side, shorter ones filled with null. Structs become columns, called as their "
           "fields (struct_field where that name is taken).",
    .examples = {"trips |> summarize fares = list(fare) by zone |> unnest fares",
                 "trips |> derive s = {a: fare, b: tip} |> unnest s"},
    .options = unnest_options,
    .input = TAKES_FRAME,
    .bind = unnest_bind,
};
