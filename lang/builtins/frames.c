/* frames.c: what frames are asked outside steps: n_rows, names; model(..) from a file; sql(..). */
#include "lang/builtins/builtin_int.h"
#include "lang/sql/sql.h"

/* Counts without keeping or even making the rows. */
static rc count_rows(struct lang *lg, struct plan *p, struct span span, int64_t *out)
{
    const struct expr *count;
    struct plan *one;
    struct table *t;
    const struct agg_desc *agg = agg_find(STR("count"));
    TRY(expr_agg(&lg->cx, lg->cx.arena, agg, NULL, 0, NULL, (struct win_frame){.unit = FRAME_ALL},
                 span, &count));
    struct named_expr item = {"n", count};
    TRY(plan_aggregate(&lg->cx, p, NULL, 0, &item, 1, true, span, &one));
    enum rc_t res = exec_table(&lg->cx, lg->executor, one, &t);
    plan_unref(one);
    TRY(res);
    *out = column_scalar(t->cols[0], 0).u.i;
    table_unref(t);
    return RC_OK;
}
static enum rc_t n_rows_call(struct lang *lg, struct scope *sc, const struct ast *e,
                             struct value **args, struct str *names, int n_args, struct value **out)
{
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    const struct value *v;
    int64_t n;
    (void)sc;
    TRY(plain_frame(&c, 0, &v));
    if (v->plan->kept && !lg->is_dry) {
        n = v->plan->kept->n_rows;
    } else if (v->plan->op == PLAN_TABLE) {
        n = v->plan->u.table.table->n_rows;
    } else if (lg->is_dry) {
        return fail(&lg->cx, E217, e->span, "frames are not computed here");
    } else {
        TRY(count_rows(lg, v->plan, e->span, &n));
    }
    *out = value_int(n);
    return RC_OK;
}
const struct builtin_desc builtin_n_rows = {
    .name = "n_rows",
    .sig = "n_rows(t: frame) -> int",
    .doc = "The number of rows of a frame.",
    .example = "n_rows(frame(x: [1, 2]))  #> 2",
    .min_args = 1,
    .max_args = 1,
    .call = n_rows_call,
};

static enum rc_t names_call(struct lang *lg, struct scope *sc, const struct ast *e,
                            struct value **args, struct str *names, int n_args, struct value **out)
{
    const struct value *v = args[0];
    (void)sc, (void)names, (void)n_args;
    if (v->kind != VALUE_STRUCT)
        TRY(check_value_kind(lg, v, VALUE_FRAME, e->kids[0]->span, "a frame"));
    int n = v->kind == VALUE_STRUCT ? v->n_items : v->plan->schema->n;
    struct value **items = mem_alloc(sizeof *items * (size_t)(n + 1));
    for (int i = 0; i < n; i++)
        items[i] = value_str(
            str_of(v->kind == VALUE_STRUCT ? v->names[i] : v->plan->schema->fields[i].name));
    *out = value_list(items, n);
    mem_free(items);
    return RC_OK;
}
const struct builtin_desc builtin_names = {
    .name = "names",
    .sig = "names(t: frame) -> list[str]",
    .doc = "The names of a frame's columns, in order.",
    .example = "names(frame(x: [1], y: [2]))  #> [\"x\", \"y\"]",
    .min_args = 1,
    .max_args = 1,
    .call = names_call,
};

static enum rc_t model_call(struct lang *lg, struct scope *sc, const struct ast *e,
                            struct value **args, struct str *names, int n_args, struct value **out)
{
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    struct str name;
    struct model *m;
    (void)sc;
    TRY(plain_text(&c, 0, "the model's file or name", &name));
    if (!str_ends(name, STR(".model")) && !str_ends(name, STR(".json")) &&
        !str_ends(name, STR(".ubj"))) {
        (void)fail(&lg->cx, E214, plain_span(&c, 0),
                   "`%.*s` is a name of the model registry, which this version does not have",
                   STR_FMT(name));
        return err_hint(&lg->cx, "model(\"%.*s.model\")", STR_FMT(name));
    }
    TRY(ml_load(&lg->cx, resolve_path(lg, lg->cx.arena, name), plain_span(&c, 0), &m));
    *out = value_model(m);
    ml_unref(m);
    return RC_OK;
}
const struct builtin_desc builtin_model = {
    .name = "model",
    .sig = "model(path: str) -> model",
    .doc = "A model saved before: `m |> save \"tip.model\"`; or trees of XGBoost (.json, .ubj).",
    .example = "model(\"tip.model\")",
    .min_args = 1,
    .max_args = 1,
    .call = model_call,
};

static enum rc_t sql_call(struct lang *lg, struct scope *sc, const struct ast *e,
                          struct value **args, struct str *names, int n_args, struct value **out)
{
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    struct str text;
    TRY(plain_text(&c, 0, "the query", &text));
    return sql_run(lg, sc, text, plain_span(&c, 0), out);
}
const struct builtin_desc builtin_sql = {
    .name = "sql",
    .sig = "sql(text: str) -> frame",
    .doc = "The result of an SQL query (PostgreSQL's grammar) over the session's frames; a file in "
           "quotes is a table too, and $x is a variable's value.",
    .example = "sql(\"select 1\")",
    .min_args = 1,
    .max_args = 1,
    .call = sql_call,
};
