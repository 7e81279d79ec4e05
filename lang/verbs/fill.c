/* fill.c: nulls replaced, rows with nulls dropped, rows of equal keys dropped. */
#include "lang/verbs/verb_int.h"

/* The column, and where it is null what was given. */
static rc or_given(struct stage *s, const char *name, struct span span, const struct expr **e)
{
    const struct expr *column = name_expr(s->pipe.arena, s->visible, name, span);
    if (!column) return unknown_column(&s->b, str_of(name), span);
    struct dtype given = (*e)->type;
    if (expr_or(s->pipe.cx, s->pipe.arena, column, *e, span, e) == RC_OK) return RC_OK;
    if (s->pipe.cx->err->code != E207) return RC_ERR;
    char is[96], by[96];
    return fail(s->pipe.cx, E207, span, "`%s` is %s and cannot be filled with %s", name,
                dtype_text(column->type, is, sizeof is), dtype_text(given, by, sizeof by));
}

static rc check_fill(struct verb_call *vc, const struct ast_item *it)
{
    if (it->kind == ITEM_MAKE || is_across(it->expr)) return RC_OK;
    fail(vc->cx, E217, it->span, "fill takes `column = value`");
    if (it->expr->op != AST_NAME)
        return hint_step(vc, "fill across(type(num), x -> %s)", source_text(vc, it->span));
    const struct schema *s = vc->input->plan->schema;
    int at = schema_find(s, it->expr->text);
    bool is_number = at < 0 || dtype_is_number(s->fields[at].type);
    return hint_replace(vc->lg, it->span, "%s = %s", source_text(vc, it->span),
                        is_number ? "0" : "\"?\"");
}

static enum rc_t fill_bind(struct verb_call *vc, struct value **out)
{
    struct stage s;
    TRY(need_items(vc, "columns and what replaces null", "fill tip = 0"));
    TRY(stage_begin(&s, vc));
    enum rc_t res = RC_ERR;
    int at = 0;
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        TRY_OUT(check_fill(vc, it));
        TRY_OUT(stage_item(&s, it, or_given, NULL));
    }
    TRY_OUT(stage_flush(&s));
    res = verb_pipe_value(&s.pipe, input_label(vc), out);
out:
    stage_release(&s);
    return res;
}

const struct verb_desc verb_fill = {
    .name = "fill",
    .sig = "fill column = value, .. [by groups]",
    .doc = "Replaces null in columns: by a value, or by what is computed over the rows of the "
           "group. across(..) fills many columns.",
    .examples = {"trips |> fill tip = median(tip) by zone",
                 "trips |> fill across(type(num), x -> 0)"},
    .input = TAKES_FRAME,
    .takes_by = true,
    .bind = fill_bind,
};

/* ---- drop_null ---- */

static rc has_values(struct verb_call *vc, const char *const *names, int n, const struct expr **out)
{
    *out = NULL;
    for (int i = 0; i < n; i++) {
        const struct expr *e =
            name_expr(vc->arena, vc->input->plan->schema, names[i], vc->step->span);
        TRY(make_call1(vc->cx, vc->arena, "is_null", e, &e));
        TRY(make_call1(vc->cx, vc->arena, "not", e, &e));
        if (*out) TRY(make_call2(vc->cx, vc->arena, "and", *out, e, &e));
        *out = e;
    }
    return RC_OK;
}

static enum rc_t drop_null_bind(struct verb_call *vc, struct value **out)
{
    const char **names;
    const struct expr *predicate;
    struct pipe p;
    int n;
    TRY(columns_of_items(vc, true, &names, &n));
    TRY(has_values(vc, names, n, &predicate));
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    if (predicate) TRY_OUT(verb_pipe_filter(&p, predicate));
    res = verb_pipe_value(&p, input_label(vc), out);
out:
    verb_pipe_release(&p);
    return res;
}

const struct verb_desc verb_drop_null = {
    .name = "drop_null",
    .sig = "drop_null columns, ..",
    .doc = "Drops the rows that have null in any of the columns; in any column at all when none is "
           "named.",
    .examples = {"trips |> drop_null tip", "trips |> drop_null"},
    .input = TAKES_FRAME,
    .bind = drop_null_bind,
};

/* ---- distinct ---- */

static rc distinct_rows(struct verb_call *vc, struct plan **out)
{
    struct bind b;
    struct named_list keys = {0};
    struct sort_key *sort;
    int at = 0, n_sort;
    verb_bind_init(&b, vc, BIND_ROW);
    TRY(no_makes(vc, false));
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        const char **names;
        int n;
        bool is_selector;
        TRY(bind_columns(&b, it->expr, &names, &n, &is_selector));
        for (int i = 0; is_selector && i < n; i++)
            named_add(vc->arena, &keys, names[i],
                      name_expr(vc->arena, b.schema, names[i], it->span), it->span);
        if (!is_selector) TRY(bind_item(&b, it, &keys));
    }
    for (int i = 0; !count_items(vc->step) && i < b.schema->n; i++)
        named_add(vc->arena, &keys, b.schema->fields[i].name,
                  field_expr(vc->arena, b.schema, i, vc->step->span), vc->step->span);
    TRY(bind_clause_sort(&b, vc, vc->step->sort, vc->step->n_sort, &sort, &n_sort));
    const struct expr **by = ARENA_ARRAY(vc->arena, const struct expr *, keys.n + 1);
    for (int i = 0; i < keys.n; i++)
        by[i] = keys.items[i].expr;
    return plan_distinct(vc->cx, vc->input->plan, by, keys.n, sort, n_sort, vc->step->span, out);
}

static enum rc_t distinct_bind(struct verb_call *vc, struct value **out)
{
    struct plan *top;
    TRY(distinct_rows(vc, &top));
    *out = value_frame(top, input_label(vc));
    plan_unref(top);
    return RC_OK;
}

static const struct verb_option distinct_options[] = {
    {"nulls", OPT_WORD, "last first", "where null stands in the step's sort"},
    {0},
};
const struct verb_desc verb_distinct = {
    .name = "distinct",
    .sig = "distinct columns, .. [sort keys]",
    .doc = "One row of each combination of the columns (of all columns when none is named): the "
           "first in the order of the sort clause. All columns stay; rows keep their order.",
    .examples = {"trips |> distinct zone sort -fare", "trips |> select zone |> distinct"},
    .options = distinct_options,
    .input = TAKES_FRAME,
    .takes_sort = true,
    .bind = distinct_bind,
};
