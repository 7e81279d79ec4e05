/* unpivot.c: columns become rows. Each row gets a list of the names and one of the values beside
 * it; unnesting both gives the long frame, row by row. */
#include "lang/verbs/verb_int.h"

struct unpivot {
    struct verb_call *vc;
    const char **columns;
    int n;
    bool *is_void; /* [n] a text column without a single value: its type says nothing */
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

static struct dtype type_of(const struct unpivot *u, int i)
{
    const struct schema *s = u->vc->input->plan->schema;
    if (u->is_void[i]) return DTYPE(KIND_NULL);
    return s->fields[schema_find(s, str_of(u->columns[i]))].type;
}

/* Columns of files that are empty all the way are text: beside other types they must not count, so
 * the text columns' values are counted when types differ. */
static rc find_void(struct unpivot *u)
{
    struct verb_call *vc = u->vc;
    const struct schema *s = vc->input->plan->schema;
    struct named_list items = {0};
    struct table *counts = NULL;
    struct pipe p;
    for (int i = 0; i < u->n; i++) {
        const struct expr *e;
        if (type_of(u, i).kind != KIND_STR) continue;
        TRY(make_agg(vc->cx, vc->arena, "count", name_expr(vc->arena, s, u->columns[i], NO_SPAN),
                     vc->step->span, &e));
        named_add(vc->arena, &items, u->columns[i], e, NO_SPAN);
    }
    if (items.n == 0 || items.n == u->n) return RC_OK;
    verb_pipe_begin(&p, vc);
    enum rc_t res = verb_pipe_aggregate(&p, NULL, 0, items.items, items.n);
    if (res == RC_OK && !vc->lg->is_dry)
        res = exec_table(vc->cx, vc->lg->executor, p.plan, &counts);
    verb_pipe_release(&p);
    TRY(res);
    for (int i = 0; i < u->n; i++) {
        int at = counts ? schema_find(counts->schema, str_of(u->columns[i])) : -1;
        if (at >= 0) u->is_void[i] = column_scalar(counts->cols[at], 0).u.i == 0;
        if (!counts && type_of(u, i).kind == KIND_STR) u->is_void[i] = true;
    }
    table_unref(counts);
    return RC_OK;
}

/* The first column whose type does not go with those before it, or -1; *with: one of these. */
static int misfit(const struct unpivot *u, int *with)
{
    struct dtype type = DTYPE(KIND_NULL);
    for (int i = 0; i < u->n; i++) {
        struct dtype before = type;
        if (!type_unify(before, type_of(u, i), &type)) return i;
        if (before.kind == KIND_NULL) *with = i;
    }
    return -1;
}

/* E207 with the two columns that do not go together. */
static rc check_types(struct unpivot *u)
{
    struct verb_call *vc = u->vc;
    char a[96], b[96];
    int first = 0, i;
    u->is_void = ARENA_ARRAY(vc->arena, bool, u->n + 1);
    if (misfit(u, &first) < 0) return RC_OK;
    TRY(find_void(u));
    i = misfit(u, &first);
    if (i < 0) return RC_OK;
    struct dtype have = type_of(u, first);
    fail(vc->cx, E207, vc->step->span, "the columns become one, but `%s` is %s and `%s` is %s",
         u->columns[first], dtype_text(have, a, sizeof a), u->columns[i],
         dtype_text(type_of(u, i), b, sizeof b));
    return hint_step(vc, "unpivot type(%s), names: %s, values: %s",
                     dtype_is_number(have) ? "num" : kind_name(have.kind), u->names, u->values);
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
    for (int i = 0; i < u->n; i++) {
        struct scalar none = {.type = DTYPE(KIND_NULL), .is_null = true};
        cells[i] = u->is_void[i] ? expr_literal(p->arena, &none, p->span)
                                 : name_expr(p->arena, in, u->columns[i], p->span);
    }
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
